"""Weighted sums over the studies of one data set at any between-study variance, in time that grows with k alone.

Everything that a fit needs is made of the sums of w, w**2 and w**3 (w = 1 / (v + tau2)) times 1 and times the products
of the columns and the estimates. As functions of tau2 the sums are smooth, so that a few exact ones, at Chebyshev
points, give those at a thousand other values of tau2 to the last digits (Trefethen 2013, Approximation Theory and
Approximation Practice, chapters 5 and 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synth.synthesis.linear import Basis, Data, FloatArray, IntArray, einsum, inverse_of, weighted

#: Numbers that one block of an intermediate array may hold.
BLOCK = 1 << 18

#: In s = log(tau2 + smallest v) every weight times (tau2 + smallest v) is exp(s) / (exp(s) + d) with d >= 0, whose
#: nearest pole lies pi off the real axis; a strip a little narrower bounds the sums.
_STRIP = 0.9 * np.pi
#: What interpolation may add, beside the largest of the sums.
_TOLERANCE = 1e-18


@dataclass(frozen=True, eq=False)
class Studies:
    """One data set whose estimates are distances from the fit of a model.

    Attributes
    ----------
    rows : ndarray, shape (k, p)
        Columns of the model in its basis.
    residuals : ndarray, shape (k,)
        From the fit, so that sums of squares keep their digits.
    v : ndarray, shape (k,)
        Above 0.
    gamma : ndarray, shape (p,)
        What was taken off, in the basis.
    """

    rows: FloatArray
    residuals: FloatArray
    v: FloatArray
    gamma: FloatArray

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.v)

    @property
    def p(self) -> int:
        """Coefficients."""
        return int(self.rows.shape[1])

    @cached_property
    def features(self) -> FloatArray:
        """What is summed, shape (k, 1 + (p + 1)**2): 1, then the products of the columns and the residual."""
        both = np.column_stack([self.rows, self.residuals])
        products = both[:, :, None] * both[:, None, :]
        return np.column_stack([np.ones(self.k), products.reshape(self.k, -1)])


def studies_of(data: Data, tau2: float) -> Studies:
    """The one data set of `data`, centred at its fit at a between-study variance."""
    fit = weighted(data, np.array([tau2]))
    return Studies(data.basis.rows, fit.residuals[0], data.v[0], fit.gamma[0])


def sums_with(studies: Studies, weights: FloatArray) -> FloatArray:
    """Sums of features times w, w**2 and w**3, shape (n, 3, m), of weights of shape (n, k)."""
    sums = np.empty((len(weights), 3, studies.features.shape[1]))
    power = weights
    for index in range(3):
        sums[:, index] = power @ studies.features
        if index < 2:
            power = power * weights
    return sums


@dataclass(frozen=True, eq=False)
class SumsOverTau2:
    """The sums of all studies as a function of tau2.

    Attributes
    ----------
    smallest : float
        Variance.
    places : ndarray, shape (n,)
        Chebyshev points in log(1 + tau2 / smallest).
    values : ndarray, shape (n, 3, m)
        Exact sums there, of weights times (tau2 + smallest).
    """

    smallest: float
    places: FloatArray
    values: FloatArray

    @cached_property
    def tau2(self) -> FloatArray:
        """The between-study variances of the exact sums, rising, shape (n,)."""
        return self.smallest * np.expm1(self.places)

    def at(self, tau2: FloatArray) -> FloatArray:
        """Sums of features times w, w**2 and w**3, shape (B, 3, m), at between-study variances of shape (B,)."""
        sums = np.empty((len(tau2), *self.values.shape[1:]))
        step = max(1, BLOCK // len(self.places))
        for start in range(0, len(tau2), step):
            block = slice(start, start + step)
            sums[block] = self._block(tau2[block])
        return sums

    def _block(self, tau2: FloatArray) -> FloatArray:
        shares = self._shares(np.log1p(tau2 / self.smallest))
        sums = (shares @ self.values.reshape(len(self.values), -1)).reshape(-1, *self.values.shape[1:])
        return sums / ((tau2 + self.smallest)[:, None] ** np.arange(1, 4))[:, :, None]

    def _shares(self, places: FloatArray) -> FloatArray:
        """Share of each exact sum in the value between them: barycentric interpolation.

        References
        ----------
        Berrut and Trefethen 2004, SIAM Rev 46:501-517.
        """
        if len(self.places) == 1:
            return np.ones((len(places), 1))
        signs = np.where(np.arange(len(self.places)) % 2, -1.0, 1.0)
        signs[[0, -1]] *= 0.5
        distance = places[:, None] - self.places
        exact = np.abs(distance) < 1e-14 * np.maximum(self.places[-1], 1e-3)
        shares = signs / np.where(exact, 1.0, distance)
        met = exact.any(axis=1)
        if met.any():
            first = np.argmax(exact[met], axis=1)
            shares[met] = 0.0
            shares[np.flatnonzero(met), first] = 1.0
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


def sums_over(studies: Studies, low: float, high: float) -> SumsOverTau2:
    """The sums at every tau2 from `low` to `high`, in time of the order of k times the logarithm of their ratio."""
    smallest = float(studies.v.min())
    first, last = np.log1p(low / smallest), np.log1p(high / smallest)
    count = _points_needed(last - first)
    if count == 1:
        places = np.array([first])
    else:
        places = first + (last - first) * (1 - np.cos(np.pi * np.linspace(0.0, 1.0, count))) / 2
    values = np.empty((count, 3, studies.features.shape[1]))
    step = max(1, BLOCK // studies.k)
    for start in range(0, count, step):
        tau2 = smallest * np.expm1(places[start : start + step, None])
        values[start : start + step] = sums_with(studies, (tau2 + smallest) / (tau2 + studies.v))
    return SumsOverTau2(smallest, places, values)


def _points_needed(length: float) -> int:
    """Chebyshev points that leave an error of `_TOLERANCE` on an interval of this length, in log(tau2 + smallest v)."""
    if length == 0:
        return 1
    semi_axis = 2 * _STRIP / length
    return int(np.ceil(-np.log(_TOLERANCE) / np.arcsinh(semi_axis))) + 2


def own_sums(studies: Studies, which: IntArray, weights: FloatArray) -> FloatArray:
    """What single studies add to the sums, shape (B, 3, m), by weights of shape (B,)."""
    powers = np.stack([weights, weights * weights, weights**3], axis=-1)
    return powers[:, :, None] * studies.features[which][:, None, :]


@dataclass(frozen=True, eq=False)
class Solved:
    """Weighted least squares of B data sets from their sums, in the basis and centred.

    Attributes
    ----------
    totals : ndarray, shape (B, 3)
        Sums of w, w**2 and w**3.
    products : ndarray, shape (B, 3, p + 1, p + 1)
        Of the columns and the estimates, by w, w**2 and w**3.
    inverse : ndarray, shape (B, p, p)
        Of the weighted products of columns.
    direction : ndarray, shape (B, p + 1)
        Coefficients with a minus and then 1: columns and estimate times it are the residual.
    """

    totals: FloatArray
    products: FloatArray
    inverse: FloatArray
    direction: FloatArray

    @property
    def gamma(self) -> FloatArray:
        """Coefficients in the basis, shape (B, p)."""
        return -self.direction[:, :-1]

    @cached_property
    def q(self) -> FloatArray:
        """The quadratic form y' P y."""
        return self.quadratic(0, self.direction)

    def quadratic(self, power: int, direction: FloatArray) -> FloatArray:
        """Sum of w**(power + 1) times squared residuals, shape (B,)."""
        values = einsum("bi,bij,bj->b", direction, self.products[:, power], direction)
        return np.maximum(values, 0.0)

    @cached_property
    def second(self) -> FloatArray:
        """The quadratic form y' P P y."""
        return self.quadratic(1, self.direction)

    @cached_property
    def third(self) -> FloatArray:
        """The quadratic form y' P P P y."""
        crossed = einsum("bij,bj->bi", self.products[:, 1, :-1], self.direction)
        return self.quadratic(2, self.direction) - einsum("bi,bij,bj->b", crossed, self.inverse, crossed)

    @cached_property
    def _half(self) -> FloatArray:
        return self.inverse @ self.products[:, 1, :-1, :-1]

    @cached_property
    def trace_p(self) -> FloatArray:
        """Trace of P."""
        return self.totals[:, 0] - einsum("bii->b", self._half)

    @cached_property
    def trace_pp(self) -> FloatArray:
        """Trace of P P."""
        cubes = einsum("bij,bji->b", self.inverse, self.products[:, 2, :-1, :-1])
        return self.totals[:, 1] - 2 * cubes + einsum("bij,bji->b", self._half, self._half)


def solved(sums: FloatArray, p: int) -> Solved:
    """Weighted least squares from sums of shape (B, 3, m)."""
    products = sums[:, :, 1:].reshape(len(sums), 3, p + 1, p + 1)
    inverse = inverse_of(products[:, 0, :p, :p])
    direction = np.ones((len(sums), p + 1))
    direction[:, :p] = -einsum("bij,bj->bi", inverse, products[:, 0, :p, p])
    return Solved(sums[:, :, 0], products, inverse, direction)


def hat_diagonal(studies: Studies, weights: FloatArray) -> FloatArray:
    """Diagonal of the hat matrix of all studies, shape (k,), by weights of shape (k,)."""
    basis = Basis(studies.rows, np.eye(studies.p))
    leverages: FloatArray = basis.leverages(weights[None, :], inverse_of(basis.products(weights[None, :])))[0]
    return leverages
