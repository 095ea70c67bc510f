"""Mixtures of normal distributions, many at once: what the posterior of an effect is after the integral over tau.

Every function takes rows: a mixture is a row of weights, means and standard deviations, ordered by tau.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from synth.synthesis.linear import BoolArray, FloatArray, IntArray, as_floats, einsum

#: Steps of a search for a root; each step that is not Newton's halves the bracket.
_STEPS = 200
#: Length of a step, in standard deviations, at which a search ends: one of Newton's leaves about its square.
_SHORT, _NEWTON = 1e-13, 1e-8
#: The same for a place that is only a start.
_ROUGH = 0.03
#: Points at which peaks are counted, and places of an interval that are tried where there are several.
_PLACES = 64
_STARTS = 257
#: Probability of a component above which it can make a peak.
_COUNTED = 1e-9
_ROOT = math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Mixtures:
    """Rows of mixtures of normal distributions.

    Attributes
    ----------
    weights, means, deviations : ndarray, shape (B, N)
        Weights sum to 1; a component that only fills the row up has the weight 0.
    """

    weights: FloatArray
    means: FloatArray
    deviations: FloatArray

    def pick(self, rows: IntArray | BoolArray | slice) -> Mixtures:
        """Some of the rows."""
        return Mixtures(self.weights[rows], self.means[rows], self.deviations[rows])

    def _standard(self, x: FloatArray) -> FloatArray:
        return as_floats((x[:, None] - self.means) / self.deviations)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of at most x, one x a row."""
        return as_floats((self.weights * ndtr(self._standard(x))).sum(axis=1))

    def survival(self, x: FloatArray) -> FloatArray:
        """Probability of more than x, one x a row, to full relative precision."""
        return as_floats((self.weights * ndtr(-self._standard(x))).sum(axis=1))

    def density(self, x: FloatArray) -> FloatArray:
        """Density at x, one x a row."""
        return self.density_and_slope(x)[0]

    def density_and_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Density and its derivative at x, one x a row."""
        z = self._standard(x)
        parts = self.weights * np.exp(-0.5 * np.square(z)) / self.deviations
        slope = einsum("bn,bn->b", parts, as_floats(z / self.deviations))
        return as_floats(parts.sum(axis=1) / _ROOT), as_floats(-slope / _ROOT)

    def tail_and_density(self, x: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability below x (side 1) or above it (side -1), and the density there, one x and one side a row."""
        z = self._standard(x)
        heights = np.exp(-0.5 * np.square(z)) / self.deviations
        tails = ndtr(side[:, None] * z)
        return einsum("bn,bn->b", self.weights, tails), einsum("bn,bn->b", self.weights, heights) / _ROOT

    def typical(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the component in the middle of each row, by weight."""
        middle = (np.cumsum(self.weights, axis=1) < 0.5).sum(axis=1).clip(max=self.weights.shape[1] - 1)
        rows = np.arange(len(middle))
        return self.means[rows, middle], self.deviations[rows, middle]

    def quantile(self, p: FloatArray, short: float = _NEWTON) -> FloatArray:
        """Quantiles, one probability (between 0 and 1) a row; roughly so where `short` is larger.

        A mixture's quantile lies between the lowest and the highest of its components' quantiles; Newton's steps on
        the log odds stay in that bracket, or halve it.
        """
        z = ndtri(p)
        ends = self.means + self.deviations * z[:, None]
        low = np.where(self.weights > 0, ends, np.inf).min(axis=1)
        high = np.where(self.weights > 0, ends, -np.inf).max(axis=1)
        centre, spread = self.typical()
        x = np.clip(centre + spread * z, low, high)
        active = np.flatnonzero(low < high)
        for _ in range(_STEPS):
            if not len(active):
                break
            rows = self.pick(active)
            step, above = _quantile_step(rows, x[active], p[active])
            high[active] = np.where(above, x[active], high[active])
            low[active] = np.where(above, low[active], x[active])
            new = x[active] + step
            outside = ~((new > low[active]) & (new < high[active]))
            new = np.where(outside, _between(low[active], high[active], centre[active], spread[active]), new)
            moved = np.abs(new - x[active])
            x[active] = new
            enough = np.where(outside, _SHORT, short)
            active = active[moved > enough * (spread[active] + np.abs(new - centre[active]))]
        return x

    def several_peaks(self) -> BoolArray:
        """Whether the density of a row rises again after it fell.

        Peaks lie between the lowest and the highest mean. Where that is less than the smallest standard deviation,
        every component is concave there, and their sum has one peak; the other rows are looked at.
        """
        counted = self.weights > _COUNTED
        low = np.where(counted, self.means, np.inf).min(axis=1)
        high = np.where(counted, self.means, -np.inf).max(axis=1)
        several = high - low > np.where(counted, self.deviations, np.inf).min(axis=1)
        open_rows = np.flatnonzero(several)
        if len(open_rows):
            part = self.pick(open_rows)
            start, length = low[open_rows], (high - low)[open_rows]
            places = np.linspace(0.0, 1.0, _PLACES)
            heights = np.stack([part.density(start + length * place) for place in places], axis=1)
            change = np.diff(heights, axis=1) / heights.max(axis=1, keepdims=True)
            fallen = np.logical_or.accumulate(change < -1e-9, axis=1)
            several[open_rows] = (fallen & (change > 1e-9)).any(axis=1)
        return np.asarray(several)

    def shortest(self, level: float) -> tuple[FloatArray, FloatArray]:
        """The shortest interval of each row with this probability.

        At its ends the density is the same, which Newton's method solves from the central interval. Rows with several
        peaks, or that it does not solve, are searched from many starts.
        """
        count = len(self.weights)
        low = self.quantile(np.full(count, (1 - level) / 2), _ROUGH)
        high = self.quantile(np.full(count, (1 + level) / 2), _ROUGH)
        solved = _equal_heights(self, low, high, level) & ~self.several_peaks()
        for row in np.flatnonzero(~solved):
            one = self.pick(slice(row, row + 1))
            low[row], high[row] = _searched(one, level)
        return low, high

    def mode(self) -> FloatArray:
        """Where the density of each row is highest."""
        count = len(self.weights)
        shares = np.linspace(0.005, 0.995, 67)
        places = np.stack([self.quantile(np.full(count, share)) for share in shares], axis=1)
        heights = np.stack([self.density(place) for place in places.T], axis=1)
        best = np.clip(heights.argmax(axis=1), 1, len(shares) - 2)
        rows = np.arange(count)
        low, high = places[rows, best - 1].copy(), places[rows, best + 1].copy()
        for _ in range(_STEPS):
            middle = (low + high) / 2
            rising = self.density_and_slope(middle)[1] > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
            if (high - low <= 1e-15 * (np.abs(low) + np.abs(high))).all():
                break
        return as_floats((low + high) / 2)


def _quantile_step(rows: Mixtures, x: FloatArray, p: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Newton's step for the log odds of the smaller tail, and whether x lies above the quantile."""
    side = np.where(p > 0.5, -1.0, 1.0)
    target = np.where(p > 0.5, 1 - p, p)
    tail, density = rows.tail_and_density(x, side)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        odds = np.log(tail / (1 - tail)) - np.log(target / (1 - target))
        step = -side * odds * tail * (1 - tail) / density
    return as_floats(step), np.asarray(side * (tail - target) > 0)


def _between(low: FloatArray, high: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    """The middle of a bracket on a scale that is logarithmic far from the centre."""
    first, second = np.arcsinh((low - centre) / spread), np.arcsinh((high - centre) / spread)
    return as_floats(centre + spread * np.sinh((first + second) / 2))


def _equal_heights(rows: Mixtures, low: FloatArray, high: FloatArray, level: float) -> BoolArray:
    """Move the ends, in place, to equal densities and the right probability; whether each row got there."""
    solved = np.zeros(len(low), dtype=bool)
    active = np.arange(len(low))
    for _ in range(40):
        part, a, b = rows.pick(active), low[active], high[active]
        f_a, d_a = part.density_and_slope(a)
        f_b, d_b = part.density_and_slope(b)
        with np.errstate(all="ignore"):
            lacking = level - (1 - part.cdf(a) - part.survival(b))
            unequal = np.log(f_a / f_b)
            slope_a, slope_b = d_a / f_a, d_b / f_b
            # Two equations: -f_a da + f_b db = lacking; slope_a da - slope_b db = -unequal.
            determinant = f_a * slope_b - f_b * slope_a
            step_a = (f_b * unequal - slope_b * lacking) / determinant
            step_b = (f_a * unequal - slope_a * lacking) / determinant
            good = np.isfinite(step_a) & np.isfinite(step_b) & (slope_a > 0) & (slope_b < 0)
            length = np.maximum(np.abs(step_a), np.abs(step_b))
            damped = np.minimum(1.0, 0.2 * (b - a) / length)
        step = np.where(good, damped, 0.0)
        low[active] = a + np.where(good, step * step_a, 0.0)
        high[active] = b + np.where(good, step * step_b, 0.0)
        ended = good & (length <= _NEWTON * (b - a))
        solved[active[ended]] = True
        active = active[good & ~ended]
        if not len(active):
            break
    return solved


def _searched(one: Mixtures, level: float) -> tuple[float, float]:
    """The shortest interval of one row, over the probability below it."""

    def ends(below: FloatArray) -> tuple[FloatArray, FloatArray]:
        many = one.pick(np.zeros(len(below), dtype=int))
        return many.quantile(below), many.quantile(below + level)

    places = (1 - level) * (np.arange(_STARTS) + 0.5) / _STARTS
    low, high = ends(places)
    best = int(np.argmin(high - low))
    step = (1 - level) / _STARTS

    def length(below: float) -> float:
        first, second = ends(np.array([below]))
        return float(second[0] - first[0])

    start = max(places[best] - 1.5 * step, 1e-14)
    stop = min(places[best] + 1.5 * step, 1 - level - 1e-14)
    found = minimize_scalar(length, bounds=(start, stop), method="bounded", options={"xatol": 1e-10})
    a, b = ends(np.array([float(found.x)]))
    first, second = a.copy(), b.copy()
    if _equal_heights(one, first, second, level)[0] and second[0] - first[0] <= b[0] - a[0] + 1e-9 * abs(b[0] - a[0]):
        return float(first[0]), float(second[0])
    return float(a[0]), float(b[0])
