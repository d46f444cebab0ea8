"""An asyncio loop under virtual time, counted in whole milliseconds."""

from pure_asyncio import base_events


class Deadlock(BaseException):
    """Nothing is ready and no timer is left."""


class _Selector:
    """Stands where a loop sleeps: sleeping moves the clock."""

    def __init__(self, loop):
        self._loop = loop

    def select(self, timeout):
        if timeout is None:
            raise Deadlock
        self._loop.now += timeout
        return ()


class VirtualLoop(base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self.now = 0
        self._selector = _Selector(self)
        # A timer is due when its time is *before* now plus the resolution: with whole numbers, when it is at most now.
        self._clock_resolution = 1
        self.set_exception_handler(lambda loop, context: None)

    def time(self):
        return self.now

    def turn(self):
        """One round."""
        self._run_once()

    def _process_events(self, event_list):
        pass

    def __enter__(self):
        self._run_forever_setup()
        return self

    def __exit__(self, *exc_info):
        self._run_forever_cleanup()
        self.close()
