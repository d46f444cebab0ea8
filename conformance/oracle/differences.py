"""The seven differences from CPython, one function each.

Each takes the world (the classes a scenario is run with) and replaces in it what the difference is about; all the rest
stays CPython's own code. A difference that is switched off leaves the world as CPython has it.
"""

from pure_asyncio import events, exceptions, futures, taskgroups, tasks


class NamedFuture(futures.Future):
    """A `future` object of a scenario, as against the inner futures that asyncio makes for itself."""


class _Body:
    """Stands between a task and its coroutine and tells the task how each of its steps ended."""

    def __init__(self, task, coro):
        self._task = task
        self._coro = coro

    def send(self, value):
        return self._resume(self._coro.send, value)

    def throw(self, exc):
        return self._resume(self._coro.throw, exc)

    def close(self):
        self._coro.close()

    def _resume(self, method, argument):
        try:
            awaited = method(argument)
        except StopIteration:
            self._task._body_returns()
            raise
        return self._task._body_awaits(awaited)


class ScenarioTask(tasks.Task):
    """CPython's task with the places where the differences take hold. By itself it differs in nothing."""

    _started = False
    _mark_was_left = False

    def __init__(self, coro, *, number, **kwargs):
        self._number = number
        super().__init__(coro, **kwargs)
        self._coro = _Body(self, coro)

    def __hash__(self):
        # An address, as a hash goes by otherwise, would order a set anew in every process. Downwards, so that a set that
        # ought to be in order is not so by luck.
        return (1 << 30) - self._number

    def __repr__(self):
        # CPython's looks into the coroutine, and what it says of a task that awaits itself has the task's repr in it.
        return f"<task {self._number}>"

    def _body_returns(self):
        pass

    def _body_awaits(self, awaited):
        return awaited

    def _step_leaves_mark(self):
        return False

    def _Task__step(self, exc=None):
        cancelled = isinstance(exc, exceptions.CancelledError)
        if self._must_cancel and not cancelled and self._step_leaves_mark():
            self._must_cancel = False
            self._mark_was_left = True
        super()._Task__step(exc)

    def _Task__step_run_and_handle_result(self, exc):
        if self._mark_was_left:
            self._mark_was_left = False
            self._must_cancel = True
        self._started = True
        super()._Task__step_run_and_handle_result(exc)


class World:
    """What scenarios are run with: CPython's asyncio and the differences that are not switched off."""

    def __init__(self, off=()):
        self.task = ScenarioTask
        self.task_group = taskgroups.TaskGroup
        self.as_completed = tasks.as_completed
        self.timer_handle = _CPYTHON_TIMER_HANDLE
        for number, difference in enumerate(ALL, 1):
            if number not in off:
                difference(self)

    def enter(self):
        events.TimerHandle = self.timer_handle


def equal_timers_fire_in_the_order_they_were_set(world):
    """1. CPython's heap leaves the order open."""

    class OrderedTimerHandle(_CPYTHON_TIMER_HANDLE):
        __slots__ = ("_order",)
        set_so_far = 0

        def __init__(self, when, callback, args, loop, context=None):
            super().__init__(when, callback, args, loop, context)
            self._order = OrderedTimerHandle.set_so_far
            OrderedTimerHandle.set_so_far += 1

        def __lt__(self, other):
            return (self._when, self._order) < (other._when, other._order)

    world.timer_handle = OrderedTimerHandle


def a_waiter_does_not_own_what_it_awaits(world):
    """2. Cancelling a waiter leaves the awaited task or named future alone."""

    def is_anothers(awaited):
        return isinstance(awaited, (tasks.Task, NamedFuture))

    class NotOwningTask(world.task):
        def cancel(self, msg=None):
            awaited = self._fut_waiter
            if self.done() or not is_anothers(awaited) or awaited.done():
                return super().cancel(msg)
            self._num_cancels_requested += 1
            awaited.remove_done_callback(self._Task__wakeup)
            futures.future_discard_from_awaited_by(awaited, self)
            self._fut_waiter = None
            self._loop.call_soon(self._Task__step, exceptions.CancelledError(), context=self._context)
            return True

        def _body_awaits(self, awaited):
            awaited = super()._body_awaits(awaited)
            if not self._must_cancel or not is_anothers(awaited) or awaited is self:
                return awaited
            # CPython's step is about to cancel what is awaited: hand it a future that is nobody else's.
            awaited._asyncio_future_blocking = False
            own = self._loop.create_future()
            own._asyncio_future_blocking = True
            return own

    world.task = NotOwningTask


def a_result_that_is_in_wins(world):
    """3. A cancel that comes after a result waits for the next await that suspends."""

    class ResultWinsTask(world.task):
        _yielded_bare = False

        def _body_returns(self):
            self._must_cancel = False

        def _body_awaits(self, awaited):
            self._yielded_bare = awaited is None
            return super()._body_awaits(awaited)

        def _step_leaves_mark(self):
            return self._started and not self._yielded_bare or super()._step_leaves_mark()

    world.task = ResultWinsTask


def a_task_cancelled_before_its_first_step_still_starts(world):
    """4. It starts with the mark set, so that it can clean up what it was handed."""

    class StartingTask(world.task):
        def _step_leaves_mark(self):
            return not self._started or super()._step_leaves_mark()

    world.task = StartingTask


class _OrderedSet:
    def __init__(self, items=()):
        self._items = dict.fromkeys(items)
        self.add = self._items.setdefault
        self.remove = self._items.__delitem__

    def discard(self, item):
        self._items.pop(item, None)

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)


def sets_of_tasks_keep_their_order(world):
    """5. `as_completed` and a group's children stand in the order they were given or spawned."""

    class OrderedAsCompleted(tasks._AsCompletedIterator):
        def __init__(self, given, timeout):
            super().__init__((), timeout)
            self._todo = _OrderedSet(given)
            self._todo_left = len(self._todo)
            for task in self._todo:
                task.add_done_callback(self._handle_completion)

    class OrderedTaskGroup(world.task_group):
        def __init__(self):
            super().__init__()
            self._tasks = _OrderedSet()

    world.as_completed = lambda given: OrderedAsCompleted(given, None)
    world.task_group = OrderedTaskGroup


def a_group_does_not_revive_an_earlier_cancel(world):
    """6. Requests made before a group was entered are none of its business."""

    class SinceEntry:
        """A group's owner as the group sees it: without the requests that stood at entry."""

        def __init__(self, task):
            self._task = task
            self._at_entry = task.cancelling()
            self.cancel = task.cancel
            self.done = task.done

        def cancelling(self):
            return max(self._task.cancelling() - self._at_entry, 0)

        def uncancel(self):
            left = max(self._task.uncancel() - self._at_entry, 0)
            if left == 0:
                self._task._must_cancel = False
            return left

    class CountingTaskGroup(world.task_group):
        async def __aenter__(self):
            await super().__aenter__()
            self._parent_task = SinceEntry(self._parent_task)
            return self

    world.task_group = CountingTaskGroup


def a_group_whose_body_lost_its_cancel_ends_cancelled(world):
    """7. A cancel that an error took the place of, in the body, is still the group's."""

    class RememberingTaskGroup(world.task_group):
        async def __aexit__(self, et, exc, tb):
            owner = self._parent_task
            pending = getattr(owner, "_task", owner)._must_cancel
            if et is None and owner.cancelling() and not pending and not self._parent_cancel_requested:
                et, exc = exceptions.CancelledError, exceptions.CancelledError()
            return await super().__aexit__(et, exc, tb)

    world.task_group = RememberingTaskGroup


_CPYTHON_TIMER_HANDLE = events.TimerHandle

ALL = (
    equal_timers_fire_in_the_order_they_were_set,
    a_waiter_does_not_own_what_it_awaits,
    a_result_that_is_in_wins,
    a_task_cancelled_before_its_first_step_still_starts,
    sets_of_tasks_keep_their_order,
    a_group_does_not_revive_an_earlier_cancel,
    a_group_whose_body_lost_its_cancel_ends_cancelled,
)
