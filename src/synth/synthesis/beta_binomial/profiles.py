"""The highest point of a beta-binomial likelihood, and the points where its profiles fall below a height."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from synth.errors import MethodError
from synth.synthesis.beta_binomial.likelihood import Likelihood
from synth.synthesis.linear import FloatArray

#: Points of the grid of overdispersions for each power of ten: the likelihood bends over about one.
_POINTS_A_DECADE = 5
#: The overdispersion of a grid's last point lies this near 1.
_NEAREST_ONE = 1e-9
#: Relative step at which a root counts as found.
_EXACT = 4e-15
#: Steps outward before the limit of a mean counts as not found; each is twice the one before.
_MOST_STEPS = 60


class Top(NamedTuple):
    """The highest point.

    Attributes
    ----------
    mean, rho, height : float
        Mean, overdispersion and log-likelihood.
    peaks : tuple of (float, float)
        Mean and log-likelihood at every maximum, this one among them.
    """

    mean: float
    rho: float
    height: float
    peaks: tuple[tuple[float, float], ...]


def rho_grid(likelihood: Likelihood) -> FloatArray:
    """Overdispersions to look at, shape (G,): 0, then by powers of ten up to 1/2, and by those of 1 - rho up to 1.

    Below the first one above 0 the log-likelihood is as good as straight in rho: every factor a + j rho is a but for a
    thousandth.
    """
    share = float(np.sum(likelihood.events) / np.sum(likelihood.totals))
    lowest = 1e-3 * min(share, 1 - share) / float(np.max(likelihood.totals))
    below = np.geomspace(lowest, 0.5, int(_POINTS_A_DECADE * math.log10(0.5 / lowest)) + 2)
    above = 1 - np.geomspace(0.5, _NEAREST_ONE, int(_POINTS_A_DECADE * math.log10(0.5 / _NEAREST_ONE)) + 2)
    return np.concatenate([[0.0], below, above[1:]])


def highest(likelihood: Likelihood) -> Top:
    """The highest likelihood of all, over a grid of overdispersions and then to the last digit.

    Raises
    ------
    MethodError
        If no maximum is found.
    """
    grid = rho_grid(likelihood)
    means = likelihood.best_means(grid)

    def slope(rho: float) -> float:
        spread = np.array([rho])
        return float(likelihood.at(likelihood.best_means(spread), spread).by_rho[0])

    found = _tops(grid, likelihood.at(means, grid).by_rho, slope)
    spreads = np.array(found)
    best = likelihood.best_means(spreads)
    heights = likelihood.at(best, spreads).value
    place = int(np.argmax(heights))
    peaks = tuple(zip(best.tolist(), heights.tolist(), strict=True))
    return Top(float(best[place]), found[place], float(heights[place]), peaks)


def highest_at(likelihood: Likelihood, grid: FloatArray, mean: float) -> float:
    """The highest log-likelihood with a given mean."""
    means = np.full(len(grid), mean)

    def slope(rho: float) -> float:
        return float(likelihood.at(means[:1], np.array([rho])).by_rho[0])

    spreads = np.array(_tops(grid, likelihood.at(means, grid).by_rho, slope))
    return float(np.max(likelihood.at(means[: len(spreads)], spreads).value))


def _tops(grid: FloatArray, slopes: FloatArray, slope: Callable[[float], float]) -> list[float]:
    """Overdispersions where the slope falls through 0, and 0 itself where it falls from there."""
    found = [0.0] if slopes[0] <= 0 else []
    for place in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        low, high = float(grid[place]), float(grid[place + 1])
        found.append(_root(slope, low, high, _EXACT * high))
    if not found:
        raise MethodError("beta-binomial: the overdispersion has no maximum below 1; see the exact interval of each")
    return found


def mean_limits(likelihood: Likelihood, top: Top, target: float, step: float) -> tuple[float, float]:
    """The outermost means whose highest log-likelihood is `target`.

    Every region of higher points has a maximum in it, so that a search outward from each maximum misses none.

    Parameters
    ----------
    likelihood : Likelihood
    top : Top
        Its maximum.
    target : float
        Below the maximum.
    step : float
        Length of the first step outward on the logit scale.

    Raises
    ------
    MethodError
        If the profile does not fall so far.
    """
    grid = rho_grid(likelihood)
    centres = [math.log(mean) - math.log1p(-mean) for mean, height in top.peaks if height >= target]

    def above(logit: float) -> float:
        return highest_at(likelihood, grid, _proportion(logit)) - target

    return min(_limit(above, centre, -step) for centre in centres), max(
        _limit(above, centre, step) for centre in centres
    )


def _limit(above: Callable[[float], float], inside: float, step: float) -> float:
    for _ in range(_MOST_STEPS):
        outside = inside + step
        if not 0 < _proportion(outside) < 1:
            break
        if above(outside) < 0:
            return _proportion(_root(above, inside, outside, 1e-13))
        inside, step = outside, 2 * step
    raise MethodError("beta-binomial: the profile likelihood of the mean does not fall far enough for a limit")


def rho_limits(likelihood: Likelihood, top: Top, target: float) -> tuple[float, float]:
    """Overdispersions on both sides of the maximum whose highest log-likelihood is `target`; 0 where 0 is as good."""
    grid = rho_grid(likelihood)
    points = np.unique(np.append(grid, top.rho))

    def above(rho: float) -> float:
        spread = np.array([rho])
        return float(likelihood.at(likelihood.best_means(spread), spread).value[0]) - target

    heights = likelihood.at(likelihood.best_means(points), points).value
    inside = np.flatnonzero((heights >= target) | (points == top.rho))
    first, last = int(inside[0]), int(inside[-1])
    low = 0.0 if first == 0 else _crossing(above, float(points[first - 1]), float(points[first]))
    high = 1.0 if last == len(points) - 1 else _crossing(above, float(points[last]), float(points[last + 1]))
    return low, high


def _crossing(above: Callable[[float], float], low: float, high: float) -> float:
    return _root(above, low, high, 1e-13 * high)


def _root(function: Callable[[float], float], low: float, high: float, nearest: float) -> float:
    """The root between two points; where rounding gave both one sign, the point that is the root but for rounding."""
    ends = function(low), function(high)
    if (ends[0] > 0) == (ends[1] > 0):
        return low if abs(ends[0]) < abs(ends[1]) else high
    return float(brentq(function, low, high, xtol=nearest, rtol=_EXACT))


def _proportion(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))
