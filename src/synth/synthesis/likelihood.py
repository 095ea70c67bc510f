"""Between-study variances at the global maximum of the (restricted) likelihood.

The likelihood of tau2 can have several maxima, one of them at 0. Its derivative is looked at over a grid, each fall
through 0 is solved to the last digit, and the highest maximum is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synth.errors import MethodError
from synth.synthesis import intercept_only
from synth.synthesis.intercept_only import OneDataSet
from synth.synthesis.linear import NOTHING, BoolArray, Data, FloatArray, IntArray, weighted_by
from synth.synthesis.roots import falling_root, falling_roots
from synth.synthesis.scores import (
    Score,
    likelihood_score,
    log_likelihood,
    restricted_log_likelihood,
    restricted_score,
)

_NO_MAXIMUM = (
    "beside a sampling variance of 0 the likelihood has no maximum above tau2 = 0; variances above 0 are expected"
)
#: Points of the grid: as many as these numbers allow for few studies, and never fewer than some for each power of ten.
#: The derivative is a sum of smooth steps, each about a power of ten wide.
_MOST_POINTS, _POINTS_A_DECADE = 64, 3.0
_GRID_NUMBERS = 20_000

Height = Callable[[Data, FloatArray], FloatArray]


def restricted_maximum(data: Data) -> tuple[FloatArray, BoolArray]:
    """tau2 of each data set that maximises the restricted likelihood, and whether the iteration converged."""
    return _maximum(data, restricted=True)


def unrestricted_maximum(data: Data) -> tuple[FloatArray, BoolArray]:
    """tau2 of each data set that maximises the likelihood, and whether the iteration converged."""
    return _maximum(data, restricted=False)


def _maximum(data: Data, *, restricted: bool) -> tuple[FloatArray, BoolArray]:
    values, converged = np.zeros(data.size), np.ones(data.size, dtype=bool)
    known = np.flatnonzero(data.k > data.basis.p)
    if not known.size:
        return values, converged
    some = data if known.size == data.size else data.pick(known)
    grid = _grid(some, restricted=restricted)
    if some.size == 1 and intercept_only.shared(some) and some.counts is None:
        values[known], converged[known] = _highest_of_one(some, grid, restricted=restricted)
    else:
        values[known], converged[known] = _highest(some, grid, restricted=restricted)
    return values, converged


def _grid(data: Data, *, restricted: bool) -> FloatArray:
    """Points of tau2 for all data sets, shape (G,): 0, then evenly on the logarithmic scale up to where every score is
    negative for good.

    With the unweighted residual sum of squares s2 * m, m = k - p for the restricted likelihood and k for the other,
    the score is at most m times s2 / (min v + tau2)**2 - 1 / (max v + tau2): negative from where tau2**2 equals
    s2 * (tau2 + max v).
    """
    studies = data.k - data.basis.p if restricted else data.k
    s2 = float(np.max(_residual_squares(data) / studies))
    all_positive = bool(np.min(data.v) > 0)
    smallest = float(np.min(data.v)) if all_positive else float(np.min(data.v[data.v > 0]))
    upper = (s2 + math.hypot(s2, 2 * math.sqrt(s2 * float(np.max(data.v))))) / 2
    if not all_positive and upper < NOTHING:
        raise MethodError(_NO_MAXIMUM)
    # Under the smallest variance the score is nearly straight, so the grid need not reach far below it.
    lowest = 1e-3 * min(smallest, upper or smallest)
    decades = math.log10(max(upper, lowest) / lowest)
    points = max(min(_GRID_NUMBERS // data.y.shape[-1], _MOST_POINTS), int(decades * _POINTS_A_DECADE) + 2)
    grid = np.empty(points + 1)
    grid[0] = 0.0 if all_positive else 1e-6 * lowest
    grid[1:] = lowest * np.exp(np.arange(points) * (decades * math.log(10) / (points - 1)))
    return grid


def _residual_squares(data: Data) -> FloatArray:
    if data.basis.constant and data.counts is None:
        squares: FloatArray = np.var(data.y, axis=-1) * data.y.shape[-1]
        return squares
    return weighted_by(data, np.ones((data.size, data.y.shape[-1]))).q


def _highest_of_one(data: Data, grid: FloatArray, *, restricted: bool) -> tuple[float, bool]:
    """The highest maximum of one data set, in plain numbers: many times as fast for few studies."""
    one = OneDataSet(data, restricted=restricted)
    above = intercept_only.scan(data, grid, restricted=restricted)[0] > 0
    above[-1] = False
    above[0] = one.score(float(grid[0]))[0] > 0
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    # Beside a sampling variance of 0 there is no length below which a score is straight.
    smallest = 0.0 if grid[0] else float(np.min(data.v))
    found = [falling_root(one.score, float(grid[place]), float(grid[place + 1]), smallest) for place in falls.tolist()]
    if not above[0] and not grid[0]:
        found.append((0.0, True))
    if not found:
        raise MethodError(_NO_MAXIMUM)
    return found[0] if len(found) == 1 else max(found, key=lambda item: one.height(item[0]))


def _highest(data: Data, grid: FloatArray, *, restricted: bool) -> tuple[FloatArray, BoolArray]:
    size = data.size
    score: Score = restricted_score if restricted else likelihood_score
    scores = _scores(data, grid, score, restricted=restricted)
    # The last point lies where the score is negative by the bound; rounding must not leave the bracket open.
    scores[:, -1] = np.minimum(scores[:, -1], 0.0)
    owner, place = np.nonzero((scores[:, :-1] > 0) & (scores[:, 1:] <= 0))
    low, high = grid[place], grid[place + 1]
    some = _repeat(data, owner)
    smallest = np.min(data.v, axis=-1) * np.ones(size)

    def functions(points: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        return score(some if which.size == some.size else some.pick(which), points)

    roots, found = falling_roots(functions, (low + high) / 2, low, high, smallest[owner])
    at_zero = np.flatnonzero(scores[:, 0] <= 0) if grid[0] == 0 else np.empty(0, dtype=np.intp)
    if np.unique(np.concatenate([owner, at_zero])).size < size:
        raise MethodError(_NO_MAXIMUM)
    owner = np.concatenate([owner, at_zero])
    roots = np.concatenate([roots, np.zeros(at_zero.size)])
    found = np.concatenate([found, np.ones(at_zero.size, dtype=bool)])
    if owner.size > size:
        height: Height = restricted_log_likelihood if restricted else log_likelihood
        heights = height(_repeat(data, owner), roots)
        order = np.lexsort((heights, owner))
        best = order[np.flatnonzero(np.diff(owner[order], append=size))]
        return roots[best], found[best]
    values, converged = np.empty(size), np.empty(size, dtype=bool)
    values[owner], converged[owner] = roots, found
    return values, converged


def _scores(data: Data, grid: FloatArray, score: Score, *, restricted: bool) -> FloatArray:
    """Scores of each data set on the grid, shape (B, G)."""
    if intercept_only.shared(data):
        scores = intercept_only.scan(data, grid, restricted=restricted)
    else:
        scores = np.stack([score(data, np.full(data.size, point))[0] for point in grid.tolist()], axis=1)
    # At 0 the sign decides between two answers, so there the score has all its digits.
    scores[:, 0] = score(data, np.full(data.size, grid[0]))[0]
    return scores


def _repeat(data: Data, owner: IntArray) -> Data:
    """The data sets named; one data set needs no copies of itself."""
    if data.size == 1:
        counts = None if data.counts is None else np.broadcast_to(data.counts, (owner.size, data.counts.shape[-1]))
        return Data(data.y, data.v, counts, data.basis, np.repeat(data.k, owner.size), data.unit, data.removed)
    return data if owner.size == data.size and (np.diff(owner) == 1).all() else data.pick(owner)
