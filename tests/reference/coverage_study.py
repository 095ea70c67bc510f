"""Coverage of intervals of a mean change by simulation: invented series, as small and as few as case series are.

Usage: python tests/reference/coverage_study.py   (writes coverage.json beside this file; several minutes)

A data set has k series. Series i has n_i patients, n_i drawn evenly from a range. Its true mean change is drawn from a
normal distribution around 0 with standard deviation tau; its printed mean and SD are those of n_i patients whose
changes are normal around the true mean with SD 1. So the unit is the SD of one patient's change, and tau is given in
it. The variance of a series is the printed SD squared over n_i, as a review has it: it is itself an estimate.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from synth.synthesis.bayes import bayesian_many
from synth.synthesis.fitting import Test, fit_data, fit_in_blocks, infer
from synth.synthesis.linear import FloatArray, constant_basis, data_of
from synth.synthesis.priors import half_normal

STORED: Final = Path(__file__).with_name("coverage.json")
LEVEL: Final = 0.95
RUNS: Final = 2000
SEED: Final = 20261123
STUDIES: Final = (2, 3, 5, 10)
# With n = 17, near the middle of the range, the variance of a series is 1/17: I2 is then 0.52 at 0.25, 0.91 at 0.75.
TAUS: Final = (("none", 0.0), ("moderate", 0.25), ("large", 0.75))
SIZES: Final = ((5, 30), (5, 10))
#: The prior in the middle, halved and doubled, as a protocol must give it.
SCALES: Final = (0.25, 0.5, 1.0)
REASON: Final = "invented: within, and to either side of, the differences between series that are simulated"
TESTS: Final[dict[str, Test]] = {
    "z": "normal",
    "Knapp-Hartung": "hartung-knapp",
    "guarded": "hartung-knapp-guarded",
}
METHODS: Final = (*TESTS, *(f"Bayesian, half-normal({scale:g})" for scale in SCALES))


@dataclass(frozen=True, slots=True)
class Cell:
    """One setting of the simulation."""

    k: int
    amount: str
    tau: float
    sizes: tuple[int, int]

    @property
    def seed(self) -> tuple[int, ...]:
        """Of its random numbers: its own, whatever other cells there are."""
        return (SEED, self.k, round(100 * self.tau), *self.sizes)


def cells() -> Iterator[Cell]:
    """Every setting."""
    for sizes in SIZES:
        for k in STUDIES:
            for amount, tau in TAUS:
                yield Cell(k, amount, tau, sizes)


def drawn(cell: Cell, runs: int) -> tuple[FloatArray, FloatArray]:
    """Invented means and variances, each of shape (runs, k)."""
    draw = np.random.default_rng(cell.seed)
    n = draw.integers(cell.sizes[0], cell.sizes[1] + 1, (runs, cell.k))
    true = draw.normal(0.0, cell.tau, n.shape) if cell.tau else np.zeros(n.shape)
    means = draw.normal(true, 1 / np.sqrt(n))
    variances = draw.chisquare(n - 1) / (n - 1) / n
    return means, variances


def intervals(y: FloatArray, v: FloatArray) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Lower and upper limits of the mean by each method, shape (runs,)."""
    data = data_of(y, v, constant_basis(y.shape[1]))
    fits = fit_in_blocks(data, lambda block, _: fit_data(block, "REML"))
    for name, test in TESTS.items():
        found = infer(fits, test, LEVEL)
        yield name, found.low[:, 0], found.high[:, 0]
    for scale in SCALES:
        many = bayesian_many(y, v, prior=half_normal(scale, reason=REASON), level=LEVEL)
        yield f"Bayesian, half-normal({scale:g})", many.mu_low, many.mu_high


def simulated(cell: Cell, runs: int = RUNS) -> dict[str, dict[str, float]]:
    """Share of intervals that hold the true mean, and their median width, by method."""
    y, v = drawn(cell, runs)
    found = {}
    for name, low, high in intervals(y, v):
        holds = (low <= 0) & (high >= 0)
        found[name] = {"coverage": float(holds.mean()), "width": float(np.median(high - low))}
    return found


def row_of(cell: Cell, runs: int = RUNS) -> dict[str, object]:
    """A cell as it is stored."""
    return {
        "n": list(cell.sizes),
        "k": cell.k,
        "tau": cell.tau,
        "heterogeneity": cell.amount,
        "runs": runs,
        "methods": simulated(cell, runs),
    }


def stored() -> list[dict[str, Any]]:
    """What was simulated last."""
    found: list[dict[str, Any]] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    rows = []
    for setting in cells():
        rows.append(row_of(setting))
        sys.stdout.write(f"{json.dumps(rows[-1])}\n")
        sys.stdout.flush()
    STORED.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
