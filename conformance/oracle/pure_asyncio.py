"""CPython's asyncio in pure Python.

Pyodide has imported asyncio by the time we run, with the C classes in it. Here it is imported once more with the C
module out of reach, so that every class is the Python one, which the differences can then override.
"""

import sys

for _name in [name for name in sys.modules if name.partition(".")[0] == "asyncio"]:
    del sys.modules[_name]
sys.modules["_asyncio"] = None  # makes `import _asyncio` raise ImportError

import asyncio  # noqa: E402
from asyncio import base_events, events, exceptions, futures, locks, queues, taskgroups, tasks, timeouts  # noqa: E402,F401

assert tasks.Task is tasks._PyTask
assert futures.Future is futures._PyFuture
assert events.get_running_loop is events._py_get_running_loop
