"""Lines of scenarios in, lines of traces out."""

import functools
import json
import sys
import warnings

from differences import World
from scenario import Run

# What a deadlock abandons is never awaited, and says so while it is collected.
warnings.simplefilter("ignore")
sys.unraisablehook = lambda unraisable: None


@functools.cache
def world(off):
    return World(off)


def answer(lines, off=()):
    """Runs each line's scenario without the differences it names as `off`, or else without those given."""
    out = []
    for line in lines.splitlines():
        if not line.strip():
            continue
        request = json.loads(line)
        scenario = request["scenario"]
        trace = Run(scenario, world(frozenset(request.get("off", off)))).run()
        out.append(json.dumps({"name": scenario["name"], "trace": trace}))
    return "".join(line + "\n" for line in out)
