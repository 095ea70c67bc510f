"""Henmi and Copas' interval: the common-effect mean, which small studies cannot pull, allowing for heterogeneity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammainc, ndtri

from synth.effects.intervals import Interval
from synth.errors import MethodError
from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.linear import FloatArray
from synth.synthesis.models import MetaAnalysis
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph

#: Normal standard deviations beyond the lower limit at which an integral ends: what is left is below 1e-40 of it.
_FAR = 14.0
#: Panels of the quadrature at first and at most, and the relative change at which it is good enough.
_FEWEST_PANELS, _MOST_PANELS, _ENOUGH = 8, 1 << 13, 1e-13
#: Largest tau2 in units of the typical sampling variance: its cube and the squares of that stay numbers.
_FARTHEST = 1e45
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, kw_only=True)
class HenmiCopas(Shown):
    """A summary effect that is robust to small-study effects.

    Attributes
    ----------
    estimate : float
        Weighted by inverse sampling variances, whatever the heterogeneity.
    standard_error : float
        Of that estimate under heterogeneity.
    interval : tuple of float
        Confidence interval; wider than the standard error alone would make it, because tau2 is an estimate.
    level : float
        A proportion.
    tau2 : float
        By DerSimonian and Laird's estimator, whatever the model's.
    critical_value : float
        Half the width of the interval in standard errors.
    """

    estimate: float
    standard_error: float
    interval: Interval
    level: float
    tau2: float
    critical_value: float

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"k": self.k, "estimate": self.estimate, "standard_error": self.standard_error}
        row |= {"low": self.interval[0], "high": self.interval[1], "level": self.level, "tau2": self.tau2}
        return row | {"critical_value": self.critical_value}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        sentences = [
            f"As a sensitivity analysis, the effects of {how_many(self.k)} were summarised by the method of Henmi and "
            "Copas (2010): the common-effect mean, in which small studies keep little weight, with an interval of "
            f"{100 * self.level:g}% level that allows for heterogeneity (DerSimonian-Laird tau2) and its estimation.",
        ]
        return paragraph(sentences, "henmi")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """Sums of weights with mean 1, and tau2 in their unit.

    Attributes
    ----------
    k : int
    tau2 : float
    second : float
        Sum of squares over the sum: W2.
    trace, square : float
        Trace of A = W - w w' / W1, and of A A.
    third, fourth : float
        Weighted second moments of w - W2, by w and by its square.
    """

    k: int
    tau2: float
    second: float
    trace: float
    square: float
    third: float
    fourth: float

    @property
    def variance(self) -> float:
        """Variance of R, the mean over its standard error without heterogeneity."""
        return 1 + self.tau2 * self.second


def henmi_copas(model: MetaAnalysis) -> HenmiCopas:
    """Summary effect and interval that are robust to small-study effects.

    Parameters
    ----------
    model : MetaAnalysis
        Without moderators; its estimates, variances and level are used, its estimator of tau2 is not.

    Returns
    -------
    HenmiCopas

    Raises
    ------
    MethodError
        If there are moderators or fewer than two studies, or a variance is 0.

    References
    ----------
    Henmi and Copas 2010, Stat Med 29:2969-2983.
    """
    if model.has_moderators:
        raise MethodError("Henmi and Copas' method is for a model without moderators; fit one")
    if model.k < 2:
        raise MethodError("1 study: Henmi and Copas' method needs at least 2 studies")
    if not (model.variances > 0).all():
        name = model.labels[int(np.argmin(model.variances > 0))]
        raise MethodError(f"{name}: the variance is 0; Henmi and Copas' method expects variances above 0")
    estimate, unit, moments = _moments(model.estimates, model.variances)
    if moments.tau2 * max(moments.second, moments.trace) > _FARTHEST:
        raise MethodError(
            "the estimates lie so far apart beside their variances that Henmi and Copas' interval has no digits"
        )
    limit = _limit(moments, model.level)
    error = math.sqrt(moments.variance / model.k) * math.sqrt(unit)
    marks = (f"only {model.k} studies: tau2 and the interval are uncertain",) if model.k < PLAIN_FROM else ()
    return HenmiCopas(
        k=model.k,
        method="Henmi-Copas: common-effect mean, interval with DerSimonian-Laird tau2",
        marks=marks,
        estimate=estimate,
        standard_error=error,
        interval=(estimate - limit * error, estimate + limit * error),
        level=model.level,
        tau2=moments.tau2 * unit,
        critical_value=limit,
    )


def _moments(y: FloatArray, v: FloatArray) -> tuple[float, float, _Moments]:
    """The mean, the unit of variances in which weights have mean 1, and the sums in that unit."""
    k = len(y)
    weights = v.min() / v
    unit = float(v.min() / weights.mean())
    weights = weights / weights.mean()
    centre = float(y[np.argmin(v)])
    mean = float((weights * (y - centre)).sum()) / k
    q = float((weights * (y - centre - mean) ** 2).sum()) / unit
    squares = weights**2
    rest, rest_squares = _others(weights) / k, _others(squares) / k
    distances = weights * rest - rest_squares  # w - W2
    trace = float((weights * rest).sum())
    if not trace > 0:
        raise MethodError("one study outweighs all the others, so that heterogeneity cannot be seen beside it")
    moments = _Moments(
        k=k,
        tau2=max(0.0, (q - (k - 1)) / trace),
        second=float(squares.sum()) / k,
        trace=trace,
        square=float((squares * (rest**2 + rest_squares / k)).sum()),
        third=float((weights * distances**2).sum()) / k,
        fourth=float((squares * distances**2).sum()) / k,
    )
    return centre + mean, unit, moments


def _others(values: FloatArray) -> FloatArray:
    """For each study the sum of the others, to full precision even where one is nearly all of the sum."""
    result: FloatArray = values.sum() - values
    largest = int(np.argmax(values))
    result[largest] = np.delete(values, largest).sum()
    return result


def _limit(m: _Moments, level: float) -> float:
    """The critical value of T = R / sqrt(1 + tau2 W2), in which tau2 is estimated."""
    tail = (1 - level) / 2
    # If the estimate of tau2 were always 0, T would be normal with this limit: there is no higher one.
    highest = -float(ndtri(tail)) * math.sqrt(m.variance)
    lowest = 1e-9 * highest
    at_lowest, at_highest = _tail(m, lowest) - tail, _tail(m, highest) - tail
    if at_highest >= 0:
        return highest
    if not (at_lowest > 0 > at_highest):
        raise MethodError("one study outweighs the others so far that the distribution of their spread is lost")
    return float(brentq(lambda t: _tail(m, t) - tail, lowest, highest, xtol=1e-13 * highest, rtol=1e-14))


def _tail(m: _Moments, t: float) -> float:
    """Probability that T exceeds t: R normal, and Q, given R, gamma with its first two moments."""
    end = t + _FAR * math.sqrt(m.variance)
    panels, last = _FEWEST_PANELS, math.inf
    while True:
        edges = np.linspace(t, end, panels + 1)
        half = np.diff(edges)[:, None] / 2
        points = (edges[:-1, None] + half) + half * _NODES
        value = float((half * _NODE_WEIGHTS * _integrand(m, t, points)).sum())
        if abs(value - last) <= _ENOUGH * value or panels >= _MOST_PANELS:
            return value
        panels, last = 2 * panels, value


def _integrand(m: _Moments, t: float, r: FloatArray) -> FloatArray:
    """Density of R at r times the probability that Q is small enough for T to exceed t.

    T exceeds t where 1 + tau2 W2, with tau2 from Q, is below (r / t)^2. Moments of Q given R = r follow from those of
    a quadratic form in normal variables: A = W - w w' / W1, D = V + tau2 I, c = cov(y, R) = (1 + tau2 w) / sqrt(W1).
    """
    variance = m.variance
    bound = (m.k - 1) + m.trace / m.second * ((r / t) ** 2 - 1)
    pulled = m.tau2**2 * m.third
    crossed = m.tau2**2 * (m.third + m.tau2 * m.fourth)
    mean = (m.k - 1) + m.tau2 * m.trace + pulled * (r**2 / variance - 1) / variance
    squares = (m.k - 1) + 2 * m.tau2 * m.trace + m.tau2**2 * m.square
    fixed = 2 * (squares - 2 * crossed / variance + (pulled / variance) ** 2)
    spread = fixed + 4 * (r / variance) ** 2 * (crossed - pulled**2 / variance)
    shape, scale = mean**2 / spread, spread / mean
    density = np.exp(-(r**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    result: FloatArray = gammainc(shape, np.maximum(bound, 0.0) / scale) * density
    return result
