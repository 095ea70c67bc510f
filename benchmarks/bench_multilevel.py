"""Time multilevel models, and hold the growth of the time against that of the data.

    python benchmarks/bench_multilevel.py

Studies are independent blocks, so that the time of a fit grows with their number, and not with the cube of the
estimates. A time is the median of the turns. The exit status is 1 if eight times the studies take more than `GROWTH`
times eight times as long. The machine should have nothing else to do.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping

import numpy as np

from synth.synthesis.multilevel import Intercept, Nested, RandomTerm, Structured, multilevel

GROWTH = 1.5
TURNS = 5
A_STUDY = 4
SMALL, LARGE = 125, 1000
MODELS: Mapping[str, RandomTerm | list[RandomTerm]] = {
    "three levels": Nested("study", "row"),
    "compound symmetry": Structured("outcome", "study", "CS"),
    "unstructured": Structured("outcome", "study", "UN"),
}


def seconds(random: RandomTerm | list[RandomTerm], studies: int) -> float:
    """Median time of a fit to invented studies of four estimates each."""
    draw = np.random.default_rng(studies)
    study = np.repeat(np.arange(studies), A_STUDY)
    n = len(study)
    v = draw.uniform(0.02, 0.1, n)
    y = 0.3 * draw.normal(size=studies)[study] + 0.2 * draw.normal(size=n) + np.sqrt(v) * draw.normal(size=n)
    columns = {"study": study, "row": np.arange(n), "outcome": np.arange(n) % A_STUDY, "centre": draw.integers(0, 9, n)}
    turns = []
    for _ in range(TURNS):
        start = time.perf_counter()
        multilevel(y, v, random=random, columns=columns)
        turns.append(time.perf_counter() - start)
    return statistics.median(turns)


def main() -> int:
    """Print the times; the exit code."""
    outcome = 0
    for name, random in MODELS.items():
        small, large = seconds(random, SMALL), seconds(random, LARGE)
        growth = large / small / (LARGE / SMALL)
        outcome |= growth > GROWTH
        line = f"{name}: {A_STUDY * SMALL} estimates {small:.2f} s, {A_STUDY * LARGE} estimates {large:.2f} s"
        sys.stdout.write(f"{line}, growth over that of the data {growth:.2f} (limit {GROWTH})\n")
    crossed = seconds([Intercept("study"), Intercept("centre")], SMALL // A_STUDY)
    sys.stdout.write(f"crossed, in one block: {SMALL // A_STUDY * A_STUDY} estimates {crossed:.2f} s\n")
    return int(outcome)


if __name__ == "__main__":
    sys.exit(main())
