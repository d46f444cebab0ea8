"""Runs scenarios on asyncio and keeps their traces."""

from differences import NamedFuture
from pure_asyncio import asyncio, exceptions, futures, locks, queues, tasks, timeouts
from virtual_loop import Deadlock, VirtualLoop


class Unreadable(BaseException):
    """The scenario asks for something the language does not have."""


class Raised(Exception):
    """A message that a scenario raises; it is its own name."""


class Misuse(Exception):
    pass


class _Over(BaseException):
    """The trace is over: what is left of a task does nothing more."""


KINDS = {
    "future": lambda: NamedFuture(loop=asyncio.get_running_loop()),
    "event": locks.Event,
    "lock": locks.Lock,
    "semaphore": locks.Semaphore,
    "bounded": locks.BoundedSemaphore,
    "queue": queues.Queue,
    "lifo": queues.LifoQueue,
    "priority": queues.PriorityQueue,
    "condition": locks.Condition,
    "barrier": locks.Barrier,
}

NAMES = (
    (exceptions.CancelledError, "cancelled"),
    (TimeoutError, "timeout"),
    (exceptions.InvalidStateError, "invalid"),
    (queues.QueueFull, "full"),
    (queues.QueueEmpty, "empty"),
    (queues.QueueShutDown, "shutdown"),
    (exceptions.BrokenBarrierError, "broken"),
    ((Misuse, RuntimeError, ValueError), "misuse"),
)


def error_name(error):
    if isinstance(error, Raised):
        return error.args[0]
    if isinstance(error, BaseExceptionGroup):
        return "group(" + ", ".join(map(error_name, error.exceptions)) + ")"
    for kinds, name in NAMES:
        if isinstance(error, kinds):
            return name
    raise Unreadable(f"an error without a name: {error!r}")


def truth(value):
    return "true" if value else "false"


class Run:
    """One scenario, from its first round to the end of its trace."""

    def __init__(self, scenario, world):
        self.world = world
        self.scenario = scenario
        self.trace = []
        self.spawned = {}
        self.over = False

    def run(self):
        self.world.enter()
        with VirtualLoop() as self.loop:
            self.loop.set_task_factory(self._make_task)
            self.objects = {
                name: KINDS[kind](*arguments) for name, (kind, *arguments) in self.scenario["objects"].items()
            }
            try:
                self._turn_until_none_is_left()
            except Deadlock:
                self.log("loop", "deadlock")
            self.over = True
            self._abandon()
        return self.trace

    def _make_task(self, loop, coro, **kwargs):
        return self.world.task(coro, number=len(self.spawned), loop=loop, **kwargs)

    def _turn_until_none_is_left(self):
        main = self.spawn("main")
        while not main.done():
            self.loop.turn()
        told = set()
        while left := [name for name, task in self.spawned.items() if not task.done()]:
            for name in left:
                if name not in told:
                    told.add(name)
                    self.spawned[name].cancel()
            self.loop.turn()

    def _abandon(self):
        for task in self.spawned.values():
            if not task.done():
                task._log_destroy_pending = False
                try:
                    task.get_coro().close()
                except BaseException:
                    pass  # A group turns the end of its body into an error, a finally awaits: nobody hears of it.

    def log(self, who, text):
        if not self.over:
            self.trace.append([self.loop.now, who, text])

    def spawn(self, name, create_task=None):
        if name in self.spawned:
            raise Misuse
        body = Body(self, name)
        task = self.spawned[name] = (create_task or self.loop.create_task)(body.main())
        return task

    def task(self, name):
        if name not in self.spawned:
            raise Misuse
        return self.spawned[name]

    def named_tasks(self, names):
        return [self.task(name) for name in names]


class Body:
    """What one task does."""

    def __init__(self, run, name):
        self.run = run
        self.name = name

    def log(self, text):
        self.run.log(self.name, text)

    async def main(self):
        try:
            value = await self.ops(self.run.scenario["tasks"][self.name])
        except BaseException as error:
            if not self.run.over:
                self.log(f"ends {error_name(error)}")
            raise
        self.log(f"returns {value}")
        return value

    async def ops(self, ops):
        for name, *arguments in ops:
            if self.run.over:
                raise _Over
            if name == "return":
                return arguments[0]
            if do := NOW.get(name):
                do(self, *arguments)
            elif do := AWAITING.get(name):
                await do(self, *arguments)
            else:
                raise Unreadable(f"unknown op {name!r}")

    def object(self, name):
        return self.run.objects[name]


def do_log(body, text):
    body.log(text)


def do_spawn(body, name):
    body.run.spawn(name)


def do_cancel(body, name):
    body.log(f"cancel {name} {truth(body.run.task(name).cancel())}")


def do_done(body, name):
    body.log(f"done {name} {truth(body.run.task(name).done())}")


def tried(body, text, failures, function, *arguments):
    """Logs text, with the failure's name behind it if there was one."""
    try:
        function(*arguments)
    except failures as error:
        text = f"{text} {error_name(error)}"
    body.log(text)


def do_set(body, name, value):
    tried(body, f"set {name}", exceptions.InvalidStateError, body.object(name).set_result, value)


def do_fail(body, name, message):
    tried(body, f"fail {name}", exceptions.InvalidStateError, body.object(name).set_exception, Raised(message))


def do_cancel_future(body, name):
    body.log(f"cancel {name} {truth(body.object(name).cancel())}")


def do_event_set(body, name):
    body.object(name).set()


def do_event_clear(body, name):
    body.object(name).clear()


def do_put_nowait(body, name, value):
    try:
        body.object(name).put_nowait(value)
    except (queues.QueueFull, queues.QueueShutDown) as error:
        value = error_name(error)
    body.log(f"put {name} {value}")


def do_get_nowait(body, name):
    try:
        value = body.object(name).get_nowait()
    except (queues.QueueEmpty, queues.QueueShutDown) as error:
        value = error_name(error)
    body.log(f"get {name} {value}")


def do_task_done(body, name):
    tried(body, f"task_done {name}", ValueError, body.object(name).task_done)


def do_shutdown(body, name, immediate):
    body.object(name).shutdown(immediate)


def do_release(body, name):
    tried(body, f"release {name}", (RuntimeError, ValueError), body.object(name).release)


def do_notify(body, name, count):
    tried(body, f"notify {name}", RuntimeError, body.object(name).notify, count)


def do_raise(body, message):
    raise Raised(message)


def do_call_soon(body, text):
    body.run.loop.call_soon(body.run.log, "loop", text)


def do_call_later(body, delay, text):
    body.run.loop.call_later(delay, body.run.log, "loop", text)


async def do_barrier_reset(body, name):
    await body.object(name).reset()


async def do_barrier_abort(body, name):
    await body.object(name).abort()


async def do_sleep(body, delay):
    await tasks.sleep(delay)


async def do_await(body, name):
    value = await body.run.task(name)
    body.log(f"await {name} {value}")


async def do_wait_future(body, name):
    value = await body.object(name)
    body.log(f"future {name} {value}")


async def do_event_wait(body, name):
    await body.object(name).wait()
    body.log(f"event {name}")


async def do_acquire(body, name):
    await body.object(name).acquire()
    body.log(f"acquire {name}")


async def do_with(body, name, ops):
    async with body.object(name):
        body.log(f"enter {name}")
        await body.ops(ops)
    body.log(f"exit {name}")


async def do_cond_wait(body, name):
    try:
        await body.object(name).wait()
    except RuntimeError as error:
        body.log(f"cond_wait {name} {error_name(error)}")
    else:
        body.log(f"woken {name}")


async def do_barrier_wait(body, name):
    index = await body.object(name).wait()
    body.log(f"barrier {name} {index}")


async def do_put(body, name, value):
    await body.object(name).put(value)
    body.log(f"put {name} {value}")


async def do_get(body, name):
    value = await body.object(name).get()
    body.log(f"get {name} {value}")


async def do_join(body, name):
    await body.object(name).join()
    body.log(f"join {name}")


async def do_gather(body, names):
    children = [body.run.spawn(name) for name in names]
    results = await tasks.gather(*children, return_exceptions=True)
    texts = [error_name(result) if isinstance(result, BaseException) else str(result) for result in results]
    body.log("gather " + ", ".join(texts))


async def do_wait(body, names, when, delay):
    done, _ = await tasks.wait(body.run.named_tasks(names), timeout=delay, return_when=when)
    ended = [name for name in names if body.run.spawned[name] in done]
    pending = [name for name in names if body.run.spawned[name] not in done]
    body.log(f"wait {','.join(ended)} | {','.join(pending)}")


async def do_as_completed(body, names):
    for ended in body.run.world.as_completed(body.run.named_tasks(names)):
        try:
            value = await ended
        except Raised as error:
            value = error_name(error)
        body.log(f"completed {value}")


async def do_timeout(body, delay, ops):
    async with timeouts.timeout(delay):
        await body.ops(ops)


async def do_group(body, names, ops):
    async with body.run.world.task_group() as group:
        for name in names:
            body.run.spawn(name, group.create_task)
        await body.ops(ops)
    body.log("group left")


async def do_try(body, ops, handlers):
    try:
        try:
            await body.ops(ops)
        except exceptions.CancelledError:
            if "cancel" not in handlers:
                raise
            tasks.current_task().uncancel()
            body.log("caught cancelled")
            await body.ops(handlers["cancel"])
        except Exception as error:
            if "error" not in handlers:
                raise
            body.log(f"caught {error_name(error)}")
            await body.ops(handlers["error"])
    finally:
        if "finally" in handlers:
            await body.ops(handlers["finally"])


NOW = {
    name.removeprefix("do_"): function
    for name, function in list(globals().items())
    if name.startswith("do_") and not function.__code__.co_flags & 0x80
}
AWAITING = {
    name.removeprefix("do_"): function
    for name, function in list(globals().items())
    if name.startswith("do_") and function.__code__.co_flags & 0x80
}
