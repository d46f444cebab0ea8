"""The micro suite's cases on asyncio, or on uvloop.

    python3 micro.py LOOP CASE

Reads numbers of operations, a line each, and answers each with a line: the
nanoseconds they took. Sleeps otherwise, and ends with its input. Of sleepers,
which reads nothing, it prints the bytes of one as JSON.
"""

import asyncio
import gc
import json
import os
import sys
import time

YIELD_TASKS = 100
SPAWN_BATCH = 10_000
BLOCKING_TASKS = 64
SLEEPERS = 100_000

# A timed case does n operations and returns the seconds they took.


async def call_soon(n):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = n

    def callback():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(callback)
        else:
            done.set_result(None)

    start = time.perf_counter()
    loop.call_soon(callback)
    await done
    return time.perf_counter() - start


async def yield_(n):
    async def turns(count):
        for _ in range(count):
            await asyncio.sleep(0)

    return await timed_tasks(turns, n, YIELD_TASKS)


async def spawn(n):
    async def nothing():
        pass

    start = time.perf_counter()
    while n > 0:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(n, SPAWN_BATCH)):
                group.create_task(nothing())
        n -= SPAWN_BATCH
    return time.perf_counter() - start


async def queue_pingpong(n):
    pings, pongs = asyncio.Queue(), asyncio.Queue()

    async def echo():
        for _ in range(n):
            await pongs.put(await pings.get())

    async with asyncio.TaskGroup() as group:
        group.create_task(echo())
        start = time.perf_counter()
        for i in range(n):
            await pings.put(i)
            await pongs.get()
        return time.perf_counter() - start


async def mutex(n):
    lock = asyncio.Lock()
    start = time.perf_counter()
    for _ in range(n):
        await lock.acquire()
        lock.release()
    return time.perf_counter() - start


async def future(n):
    loop = asyncio.get_running_loop()
    awaited = None

    async def complete():
        for _ in range(n):
            awaited.set_result(None)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        start = time.perf_counter()
        for i in range(n):
            awaited = loop.create_future()
            if i == 0:
                group.create_task(complete())
            await awaited
        return time.perf_counter() - start


async def blocking(n, in_flight):
    loop = asyncio.get_running_loop()

    def nothing():
        pass

    async def calls(count):
        for _ in range(count):
            await loop.run_in_executor(None, nothing)

    return await timed_tasks(calls, n, in_flight)


async def blocking_serial(n):
    return await blocking(n, 1)


async def blocking_64(n):
    return await blocking(n, BLOCKING_TASKS)


async def timed_tasks(function, n, tasks):
    """Shares n operations out among tasks."""
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for i in range(tasks):
            group.create_task(function(n // tasks + (i < n % tasks)))
    return time.perf_counter() - start


TIMED = {
    "call_soon": call_soon,
    "yield": yield_,
    "spawn": spawn,
    "queue_pingpong": queue_pingpong,
    "mutex": mutex,
    "future": future,
    "blocking_serial": blocking_serial,
    "blocking_64": blocking_64,
}


async def sleepers():
    def resident():
        gc.collect()
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = resident()
    tasks = [asyncio.create_task(asyncio.sleep(86400)) for _ in range(SLEEPERS)]
    for _ in range(2):
        await asyncio.sleep(0)
    return (resident() - before) / SLEEPERS


def answer(runner, case):
    """Reads numbers of operations and writes the nanoseconds they took."""
    for line in sys.stdin:
        gc.collect()
        print(int(runner.run(case(int(line))) * 1e9), flush=True)


if __name__ == "__main__":
    kind, name = sys.argv[1:]
    factory = None
    if kind == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        if name == "sleepers":
            note = f"resident set of {SLEEPERS:,} tasks"
            print(json.dumps({"value": runner.run(sleepers()), "note": note}), flush=True)
            os._exit(0)  # waking the sleepers would take longer than measuring them
        answer(runner, TIMED[name])
