"""The executors suite's cases on asyncio, or on uvloop.

    python3 executors.py LOOP CASE

Reads numbers of operations, a line each, and answers each with a line: the
nanoseconds they took. Ends with its input.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

PAYLOAD = 100
IN_FLIGHT = 64
LARGE = 64 << 20


def nothing(data):
    return data


def number():
    return os.getpid()


def burn(path):
    with open(path, "w") as note:
        note.write("burning")
    while True:
        pass


async def calls(pool, n, in_flight, size):
    loop = asyncio.get_running_loop()
    data = bytes(size)
    await loop.run_in_executor(pool, nothing, b"")

    async def caller(count):
        for _ in range(count):
            if len(await loop.run_in_executor(pool, nothing, data)) != size:
                raise ValueError("an answer of another size")

    in_flight = min(n, in_flight)
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for i in range(in_flight):
            group.create_task(caller(n // in_flight + (i < n % in_flight)))
    return time.perf_counter() - start


async def process_serial(n):
    with ProcessPoolExecutor(1) as pool:
        return await calls(pool, n, 1, PAYLOAD)


async def process_64(n):
    with ProcessPoolExecutor(2) as pool:
        await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(pool, time.sleep, 0.05) for _ in range(2)))
        return await calls(pool, n, IN_FLIGHT, PAYLOAD)


async def process_64mb(n):
    with ProcessPoolExecutor(1) as pool:
        return await calls(pool, n, 1, LARGE)


async def process_start(n):
    start = time.perf_counter()
    for _ in range(n):
        with ProcessPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, nothing, b"")
    return time.perf_counter() - start


async def process_kill(n):
    """The nearest idiom: kill the process, which breaks the pool, and make another pool."""
    loop = asyncio.get_running_loop()
    path = f"{sys.argv[0]}.burning"
    pool = ProcessPoolExecutor(1)
    elapsed = 0.0
    for _ in range(n):
        process = await loop.run_in_executor(pool, number)
        call = loop.run_in_executor(pool, burn, path)
        while not os.path.exists(path):
            await asyncio.sleep(0.001)
        os.unlink(path)
        start = time.perf_counter()
        os.kill(process, signal.SIGKILL)
        try:
            await call
        except BrokenProcessPool:
            pass
        pool.shutdown()
        pool = ProcessPoolExecutor(1)
        await loop.run_in_executor(pool, nothing, b"")
        elapsed += time.perf_counter() - start
    pool.shutdown()
    return elapsed


async def thread_64(n):
    with ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4)) as pool:
        return await calls(pool, n, IN_FLIGHT, PAYLOAD)


def run(main, loop_name):
    if loop_name == "uvloop":
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main)
    return asyncio.run(main)


def main():
    loop_name, case = sys.argv[1:]
    for line in sys.stdin:
        gc.collect()
        print(int(run(globals()[case](int(line)), loop_name) * 1e9), flush=True)


if __name__ == "__main__":
    main()
