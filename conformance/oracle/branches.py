"""Which branches of asyncio the scenarios take."""

import bisect
import linecache
import sys
import types

from pure_asyncio import futures, locks, queues, taskgroups, tasks, timeouts

MODULES = (futures, locks, queues, taskgroups, tasks, timeouts)

_events = sys.monitoring.events
_taken = set()


def start():
    tool = sys.monitoring.COVERAGE_ID
    sys.monitoring.use_tool_id(tool, "branches")
    for event in (_events.BRANCH_LEFT, _events.BRANCH_RIGHT):
        sys.monitoring.register_callback(tool, event, _take)
    for code in _codes():
        sys.monitoring.set_local_events(tool, code, _events.BRANCH_LEFT | _events.BRANCH_RIGHT)


def _take(code, at, to):
    _taken.add((code, at, to))
    return sys.monitoring.DISABLE  # for this branch: once is enough


def _codes():
    for module in MODULES:
        waiting = [value for value in vars(module).values() if _module_of(value) == module.__name__]
        seen = set()
        while waiting:
            value = waiting.pop()
            if isinstance(value, type):
                waiting += vars(value).values()
            elif isinstance(value, (staticmethod, classmethod)):
                waiting.append(value.__func__)
            elif isinstance(value, property):
                waiting.append(value.fget)
            elif code := getattr(value, "__code__", value if isinstance(value, types.CodeType) else None):
                if code not in seen and code.co_filename == module.__file__:
                    seen.add(code)
                    yield code
                    waiting += (constant for constant in code.co_consts if isinstance(constant, types.CodeType))


def _module_of(value):
    return getattr(value, "__module__", None)


def report():
    """The branches that were never taken, of the functions that took some, and the names of those that took none."""
    total = covered = 0
    missed, idle = [], []
    for code in sorted(_codes(), key=lambda code: (code.co_filename, code.co_firstlineno)):
        name = f"{code.co_filename.rpartition('/')[2]} {code.co_qualname}"
        branches = [(at, to) for at, left, right in code.co_branches() for to in (left, right)]
        untaken = [(at, to) for at, to in branches if (code, at, to) not in _taken]
        if len(untaken) == len(branches):
            idle += [name] * (branches != [])
            continue
        total += len(branches)
        covered += len(branches) - len(untaken)
        line_of = _lines(code)
        for at, to in untaken:
            source = linecache.getline(code.co_filename, line_of(at)).strip()
            missed.append(f"{name}: line {line_of(at)} never goes to {line_of(to)}: {source}")
    head = f"{covered} of {total} branches taken in the functions that took any"
    return "\n".join([head, *missed, "took none:", *idle, ""])


def _lines(code):
    starts, numbers = [], []
    last = code.co_firstlineno
    for start, _, line in code.co_lines():
        last = line or last
        starts.append(start)
        numbers.append(last)
    return lambda offset: numbers[bisect.bisect_right(starts, offset) - 1]
