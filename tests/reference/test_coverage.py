"""The coverage table of docs/validation.md: made by the simulation as it stands, and the words follow from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from coverage_study import LEVEL, METHODS, RUNS, cells, drawn, row_of, simulated, stored
from coverage_table import lines, lowest

CELLS = list(cells())
NAMES = [f"n {cell.sizes[0]} to {cell.sizes[1]}, k {cell.k}, tau {cell.tau:g}" for cell in CELLS]
LEAST = 100 * (LEVEL - 3 * math.sqrt(LEVEL * (1 - LEVEL) / RUNS))


def test_every_cell_that_was_asked_for_is_stored():
    rows = stored()
    assert [(row["k"], row["tau"], tuple(row["n"])) for row in rows] == [(c.k, c.tau, c.sizes) for c in CELLS]
    assert {(c.k, c.amount) for c in CELLS} == {(k, a) for k in (2, 3, 5, 10) for a in ("none", "moderate", "large")}
    assert all(row["runs"] >= 2000 and tuple(row["methods"]) == METHODS for row in rows)
    assert len(list(lines())) == 2 + len(CELLS)


@pytest.mark.parametrize("place", [1, 5, 14], ids=lambda place: NAMES[place])
def test_fewer_runs_agree_with_what_is_stored(place):
    runs = 400
    found, before = simulated(CELLS[place], runs), stored()[place]["methods"]
    for name in METHODS:
        share = before[name]["coverage"]
        error = math.sqrt(max(share * (1 - share), 1 / RUNS) * (1 / runs + 1 / RUNS))
        assert abs(found[name]["coverage"] - share) < 4 * error
        assert found[name]["width"] == pytest.approx(before[name]["width"], rel=0.2)


def test_the_invented_series_are_as_described():
    cell = CELLS[4]
    y, v = drawn(cell, 20_000)
    assert y.shape == v.shape == (20_000, cell.k)
    inverse = np.mean([1 / n for n in range(cell.sizes[0], cell.sizes[1] + 1)])
    assert v.mean() == pytest.approx(inverse, rel=0.02)
    assert y.var() == pytest.approx(cell.tau**2 + inverse, rel=0.03)


def test_the_recommended_default_follows_from_the_table():
    assert lowest("guarded") > LEAST > lowest("Knapp-Hartung") > lowest("z")
    assert lowest("Bayesian, half-normal(1)") > LEAST > lowest("Bayesian, half-normal(0.25)")


@pytest.mark.soak
@pytest.mark.parametrize("place", range(len(CELLS)), ids=NAMES)
def test_the_simulation_gives_what_is_stored(place):
    found, before = row_of(CELLS[place]), stored()[place]
    for name in METHODS:
        assert found["methods"][name]["coverage"] == pytest.approx(before["methods"][name]["coverage"], abs=0.001)
        assert found["methods"][name]["width"] == pytest.approx(before["methods"][name]["width"], rel=1e-4)
