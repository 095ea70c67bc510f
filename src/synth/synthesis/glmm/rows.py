"""Counts of events as rows of exponential families: binomial, Poisson, and Fisher's non-central hypergeometric.

The log-likelihood of a row is x * eta - K(eta) + constant, where eta is the linear predictor and K the cumulant
function. Everything takes complex predictors too: a step of no size along the imaginary axis gives derivatives that
are exact to the last digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import gammaln, xlogy

from synth.synthesis.linear import FloatArray, IntArray

#: Beyond this predictor a Poisson mean leaves the range of doubles; the likelihood there is 0 long before.
_LARGEST_LOG_MEAN = 600.0
#: A sum of L independent events lies within this many square roots of L of its mean but for a share of 1e-17
#: (Hoeffding's inequality: 2 exp(-2 * 4.5 ** 2) is below it).
_REACH = 4.5
#: Most steps, of at most 1 on the log scale, to a table's own odds ratio, and the step that ends them.
_SATURATED_STEPS, _SATURATED = 200, 1e-11


class Rows(Protocol):
    """Rows of k studies: counts `x` of shape (k, R), and `constant` of the same shape."""

    @property
    def x(self) -> FloatArray:
        """Events, shape (k, R)."""

    @property
    def constant(self) -> FloatArray:
        """What the log-likelihood has beside x * eta - K(eta), shape (k, R)."""

    def cumulants(self, eta: Any) -> tuple[Any, Any, Any]:
        """K and its first two derivatives at predictors of shape (B, k, R) or (B, k, R, Q)."""

    def saturated(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Each row fitted by itself: predictor, information and log-likelihood, all of shape (k, R).

        A row whose count is as small or as large as it can be has a predictor of 0 and no information.
        """


def _like(column: FloatArray, eta: Any) -> FloatArray:
    """A column of shape (k, R) with an axis for the points of a quadrature where the predictors have one."""
    return column[..., None] if eta.ndim == 4 else column


@dataclass(frozen=True, slots=True, eq=False)
class BinomialRows:
    """Events `x` of `n`, shape (k, R), with the logit link; a row with n = 0 says nothing."""

    x: FloatArray
    n: FloatArray

    @property
    def constant(self) -> FloatArray:
        """Logarithms of the binomial coefficients."""
        return log_choose(self.n, self.x)

    def cumulants(self, eta: Any) -> tuple[Any, Any, Any]:
        """K = n log(1 + exp(eta)) and its first two derivatives."""
        n = _like(self.n, eta)
        positive = eta.real > 0
        # exp of the negative of the absolute value cannot overflow.
        small = np.exp(np.where(positive, -eta, eta))
        share = np.where(positive, 1.0, small) / (1 + small)
        return n * (np.where(positive, eta, 0.0) + np.log1p(small)), n * share, n * small / (1 + small) ** 2

    def saturated(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log odds, n p (1 - p), and the binomial probability of the count at its own share."""
        rest = self.n - self.x
        inside = (self.x > 0) & (rest > 0)
        x, y, n = (np.where(inside, column, 1.0) for column in (self.x, rest, self.n))
        fit = xlogy(self.x, self.x / np.maximum(self.n, 1)) + xlogy(rest, rest / np.maximum(self.n, 1))
        return np.log(x / y) * inside, x / n * y * inside, fit + self.constant


@dataclass(frozen=True, slots=True, eq=False)
class PoissonRows:
    """Events `x`, shape (k, R), with the log link; the logarithm of time is an offset of the predictor."""

    x: FloatArray

    @property
    def constant(self) -> FloatArray:
        """Logarithms of the factorials, negative."""
        result: FloatArray = -gammaln(self.x + 1)
        return result

    def cumulants(self, eta: Any) -> tuple[Any, Any, Any]:
        """K = exp(eta), three times."""
        mean = np.exp(np.where(eta.real < _LARGEST_LOG_MEAN, eta, _LARGEST_LOG_MEAN))
        return mean, mean, mean

    def saturated(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Logarithm of the count, the count, and the Poisson probability of the count at a mean of its own size."""
        inside = self.x > 0
        return np.log(np.where(inside, self.x, 1.0)), self.x, xlogy(self.x, self.x) - self.x + self.constant


@dataclass(frozen=True, slots=True, eq=False)
class HypergeometricRows:
    """Treated events of 2x2 tables given their margins, R = 1; the predictor is the log odds ratio.

    Attributes
    ----------
    x : ndarray, shape (k, 1)
        Treated events.
    n1, n2, t : ndarray, shape (k, 1)
        Treated and control participants, and events of both arms.
    """

    x: FloatArray
    n1: FloatArray
    n2: FloatArray
    t: FloatArray

    @property
    def lowest(self) -> FloatArray:
        """Fewest treated events that the margins allow."""
        return np.maximum(0.0, self.t - self.n2)

    @property
    def length(self) -> FloatArray:
        """How many more they allow: the count is a sum of that many independent events."""
        return np.minimum(self.n1, self.t) - self.lowest

    @property
    def constant(self) -> FloatArray:
        """Logarithms of the products of binomial coefficients."""
        return log_choose(self.n1, self.x) + log_choose(self.n2, self.t - self.x)

    def cumulants(self, eta: Any) -> tuple[Any, Any, Any]:
        """K = log of the sum over all tables, and its first two derivatives: mean and variance of the count."""
        shape = eta.shape
        flat = np.moveaxis(eta.reshape(shape[0], len(self.x), -1), 1, 0)
        counts, weights = self._window(flat.real)
        exponents = weights + counts * flat[..., None]
        largest = exponents.real.max(axis=-1, keepdims=True)
        terms = np.exp(exponents - largest)
        total = terms.sum(axis=-1)
        mean = (counts * terms).sum(axis=-1) / total
        variance = ((counts - mean[..., None]) ** 2 * terms).sum(axis=-1) / total
        found = (np.log(total) + largest[..., 0], mean, variance)
        first, second, third = (np.moveaxis(item, 0, 1).reshape(shape) for item in found)
        return first, second, third

    def saturated(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Conditional log odds ratio, its information, and the probability of the count there."""
        inside = (self.x > self.lowest) & (self.x < self.lowest + self.length)
        eta = np.zeros((1, *self.x.shape))
        for _ in range(_SATURATED_STEPS):
            _, mean, variance = self.cumulants(eta)
            step = np.where(inside, (self.x - mean) / np.where(inside, variance, 1.0), 0.0)
            eta = eta + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < _SATURATED:
                break
        cumulant, _, variance = self.cumulants(eta)
        fit = np.where(inside, self.x * eta[0] - cumulant[0] + self.constant, 0.0)
        return eta[0] * inside, variance[0] * inside, fit

    def _window(self, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Counts around the most likely one, and logarithms of their products of binomial coefficients.

        Shapes (k, B, n, J); counts outside the support have a weight of minus infinity.
        """
        full = float(self.length.max())
        reach = min(math.ceil(_REACH * math.sqrt(full)) + 2, int(full))
        lowest, highest = self.lowest[:, :, None], (self.lowest + self.length)[:, :, None]
        middle = np.clip(self._mode(eta), lowest, highest)
        first = np.clip(middle - reach, lowest, np.maximum(highest - 2 * reach, lowest))
        steps = np.arange(min(2 * reach, int(full)) + 1)
        counts = first[..., None] + steps
        inside = counts <= highest[..., None]
        table, start = self._table()
        index: IntArray = np.where(inside, counts - start[:, :, None, None], 0).astype(np.intp)
        weights = np.take_along_axis(table[:, None, None, :], index, axis=-1)
        return counts, np.where(inside, weights, -np.inf)

    def _table(self) -> tuple[FloatArray, FloatArray]:
        """Logarithms of the products of binomial coefficients of every count, and the first count."""
        counts = self.lowest + np.arange(int(self.length.max()) + 1)
        counts = np.minimum(counts, self.lowest + self.length)
        return log_choose(self.n1, counts) + log_choose(self.n2, self.t - counts), self.lowest

    def _mode(self, eta: FloatArray) -> FloatArray:
        """The most likely count: where the ratio of neighbouring probabilities passes 1, a quadratic equation."""
        n1, n2, t = (column[:, :, None] for column in (self.n1, self.n2, self.t))
        log_odds = np.clip(eta, -300, 300)
        odds = np.exp(-np.abs(log_odds))
        # Where the odds ratio is above 1 the equation is divided by it, so that nothing overflows.
        up = log_odds > 0
        one, ratio = np.where(up, odds, 1.0), np.where(up, 1.0, odds)
        a = ratio - one
        b = -((t + n1 + 2) * ratio + (n2 - t) * one)
        c = ratio * (n1 + 1) * (t + 1)
        root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
        # b is negative where the events are fewer than the controls; the stable form of either root is taken.
        q = -(b + np.where(b < 0, -root, root)) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            smaller, larger = c / q, q / a
        low, high = np.maximum(0.0, t - n2), np.minimum(n1, t) + 1
        good = (smaller >= low) & (smaller <= high)
        result: FloatArray = np.floor(np.where(good, smaller, np.where(np.isfinite(larger), larger, smaller)))
        return result


def log_choose(n: FloatArray, x: FloatArray) -> FloatArray:
    """Logarithms of binomial coefficients."""
    result: FloatArray = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    return result
