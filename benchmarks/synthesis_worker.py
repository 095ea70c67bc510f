"""A process that times ways on request: one line of JSON in, one out. Both sides of the benchmark are such processes.

A way is prepared once (data, imports); then each request calls it a number of times and gives the median of the calls.
Facts of the last result go back with the time, so that the two sides can be held against each other.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Way(NamedTuple):
    """What is timed, and what of its result is compared."""

    run: Callable[[], Any]
    facts: Callable[[Any], dict[str, float]]


Prepare = Callable[[], Way]


def serve(ways: Mapping[str, Prepare]) -> None:
    """Answer requests until the input ends."""
    warnings.simplefilter("ignore")  # a printed warning costs more than some of the calls that are timed
    prepared: dict[str, Way] = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["way"]
        if name not in prepared:
            prepared[name] = ways[name]()
            prepared[name].run()  # the first call fills caches
        answer = peak(prepared[name]) if request.get("memory") else timed(prepared[name], request["calls"])
        print(json.dumps(answer), flush=True)


def timed(way: Way, calls: int) -> dict[str, Any]:
    """Median seconds of a call, and the facts of the last result."""
    seconds = []
    result = None
    gc.collect()
    for _ in range(calls):
        started = time.perf_counter()
        result = way.run()
        seconds.append(time.perf_counter() - started)
    return {"seconds": statistics.median(seconds), "facts": way.facts(result)}


def peak(way: Way) -> dict[str, Any]:
    """Bytes that one call holds at most beyond what was there before it."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = way.run()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"bytes": most, "facts": way.facts(result)}
