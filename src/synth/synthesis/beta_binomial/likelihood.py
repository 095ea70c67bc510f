"""Likelihood of beta-binomial counts with its derivatives, down to an overdispersion of 0.

With mean mu and overdispersion rho the probability of x events in n is a binomial coefficient times

    product of mu (1 - rho) + j rho, j < x, and of (1 - mu)(1 - rho) + j rho, j < n - x,
    over the product of 1 - rho + j rho, j < n.

Unlike ratios of beta functions the products hold at rho = 0, where they are the binomial distribution. Their first
factors are multiplied out, the others are summed by the expansion of the gamma function, which loses no digits however
small rho is. Every function takes complex numbers too: a small imaginary step gives the next derivative exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, IntArray
from synth.synthesis.roots import falling_roots

Numbers = NDArray[Any]

#: Factors that are multiplied out; beyond them the expansion of the gamma function has an argument of at least this
#: many, where its next term is below 1e-16.
_FACTORS = 32
#: Coefficients of 1 / z, 1 / z**2 and so on in the expansion of the logarithm of the gamma function, and of its
#: derivative with the sign turned.
_LOG_TERMS = (1 / 12, 0, -1 / 360, 0, 1 / 1260, 0, -1 / 1680, 0)
_INVERSE_TERMS = (1 / 2, 1 / 12, 0, -1 / 120, 0, 1 / 252, 0, -1 / 240)
#: Below this log1p(t) / t is taken from its series, of as many terms as doubles can tell apart.
_SMALL, _TERMS = 0.05, 14
#: A step along the imaginary axis: its square is nothing beside 1.
STEP = 1e-30


class Sums(NamedTuple):
    """Sums over j < m of log(a + j r), 1 / (a + j r) and j / (a + j r)."""

    logs: Numbers
    inverses: Numbers
    slopes: Numbers


def rising_sums(a: Numbers, r: Numbers, m: FloatArray) -> Sums:
    """The sums behind a product of m factors that rise by r from a.

    Parameters
    ----------
    a, r : ndarray, shape (G,)
        First factor, above 0, and step, at least 0; real or complex.
    m : ndarray, shape (k,)
        Whole numbers of at least 0.

    Returns
    -------
    Sums
        Each of shape (G, k).
    """
    a, r = a[:, None], r[:, None]
    most = float(np.max(m))
    first = int(min(most, _FACTORS))
    j = np.arange(first)
    factors = a + j * r
    which = np.minimum(m, first).astype(np.intp)
    logs, inverses, slopes = (_up_to(terms, which) for terms in (np.log(factors), 1 / factors, j / factors))
    if most <= first:
        return Sums(logs, inverses, slopes)
    rest = _expanded(a + first * r, r, np.maximum(m - first, 0.0))
    return Sums(logs + rest.logs, inverses + rest.inverses, slopes + rest.slopes + first * rest.inverses)


def _up_to(terms: Numbers, which: IntArray) -> Numbers:
    """Sums of the first terms of each row, shape (G, k)."""
    start = np.zeros((len(terms), 1), dtype=terms.dtype)
    sums: Numbers = np.concatenate([start, np.cumsum(terms, axis=1)], axis=1)[:, which]
    return sums


def _expanded(a: Numbers, r: Numbers, m: FloatArray) -> Sums:
    """The same sums where a is many times r, without a division by r."""
    q, t = r / a, m * r / a
    u = 1 / (1 + t)
    ratio, bend = _log_ratio(t)
    logs, over = np.zeros_like(t), np.zeros_like(t)
    fall, power = np.zeros_like(t), np.ones_like(q)
    for of_logs, of_inverses in zip(_LOG_TERMS, _INVERSE_TERMS, strict=True):
        # Of the p-th term (1 - u**p) / t, without the difference, beside q**(p - 1).
        fall = u * (1 + fall)
        if of_logs:
            logs = logs - of_logs * power * q * fall
        if of_inverses:
            over = over + of_inverses * power * fall
        power = power * q
    logs = m * (np.log(a + m * r) + ratio - 1) - np.log1p(t) / 2 + t * logs
    return Sums(logs, m / a * (ratio + q * over), m / a * (m * bend - over))


def _log_ratio(t: Numbers) -> tuple[Numbers, Numbers]:
    """log1p(t) / t and (1 - log1p(t) / t) / t, also at 0."""
    near = np.abs(t) < _SMALL
    safe = np.where(near, 1.0, t)
    ratio = np.log1p(safe) / safe
    series, bends = np.zeros_like(t), np.zeros_like(t)
    for power in range(_TERMS, 0, -1):
        bends = 1 / (power + 1) - t * bends
        series = 1 / power - t * series
    return np.where(near, series, ratio), np.where(near, bends, (1 - ratio) / safe)


class Height(NamedTuple):
    """Log-likelihood and its derivatives by mu and by rho, each of shape (G,)."""

    value: Numbers
    by_mean: Numbers
    by_rho: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Likelihood of a set of counts.

    Attributes
    ----------
    events, totals : ndarray, shape (k,)
        Whole numbers, some events and some totals without an event.
    constant : float
        Sum of the logarithms of the binomial coefficients.
    """

    events: FloatArray
    totals: FloatArray
    constant: float

    @staticmethod
    def of(events: FloatArray, totals: FloatArray) -> Likelihood:
        """Of checked counts."""
        others = totals - events
        return Likelihood(
            events, totals, float(np.sum(gammaln(totals + 1) - gammaln(events + 1) - gammaln(others + 1)))
        )

    def at(self, mean: Numbers, rho: Numbers) -> Height:
        """Height and slopes at points.

        Parameters
        ----------
        mean, rho : ndarray, shape (G,)
            Mean above 0 and below 1, overdispersion from 0 to below 1; real or complex.
        """
        left = 1 - rho
        hit = rising_sums(mean * left, rho, self.events)
        miss = rising_sums((1 - mean) * left, rho, self.totals - self.events)
        both = rising_sums(left, rho, self.totals)
        hits, misses, whole = (tuple(np.sum(part, axis=1) for part in sums) for sums in (hit, miss, both))
        return Height(
            self.constant + hits[0] + misses[0] - whole[0],
            left * (hits[1] - misses[1]),
            hits[2] - mean * hits[1] + misses[2] - (1 - mean) * misses[1] - whole[2] + whole[1],
        )

    def best_means(self, rho: FloatArray) -> FloatArray:
        """The mean of the highest likelihood at each overdispersion, shape (G,).

        At a given overdispersion the log-likelihood is a sum of logarithms of straight lines in the mean, so that it
        has one maximum.

        Raises
        ------
        MethodError
            If the iteration does not end by its rule.
        """
        # So near 0 one event outweighs whatever the others say, and so near 1 one total without it.
        edge = 1 / (4 * float(np.sum(self.totals)))
        ends = np.full(len(rho), edge)
        start = np.full(len(rho), float(np.sum(self.events) / np.sum(self.totals)))

        def score(points: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
            slopes = self.at(points + 1j * STEP, rho[which].astype(complex)).by_mean
            return slopes.real, slopes.imag / STEP

        means, converged = falling_roots(score, start, ends, 1 - ends, ends)
        if not converged.all():
            raise MethodError("beta-binomial: the mean did not converge; counts of another size are expected")
        return means

    def curvature(self, mean: float, rho: float) -> FloatArray:
        """Second derivatives by mu and rho, shape (2, 2)."""
        points = np.array([mean, mean]) + 1j * STEP * np.array([1, 0])
        spreads = np.array([rho, rho]) + 1j * STEP * np.array([0, 1])
        height = self.at(points, spreads)
        result: FloatArray = np.stack([height.by_mean.imag, height.by_rho.imag], axis=1) / STEP
        return result
