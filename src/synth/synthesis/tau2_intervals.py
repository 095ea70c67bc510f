"""Confidence intervals of the between-study variance, and its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from synth.effects.intervals import Interval, check_level
from synth.errors import MethodError
from synth.synthesis.linear import Data, FloatArray, einsum, sums_of_others, trace, weighted_by
from synth.synthesis.quadratic_forms import distribution_function
from synth.synthesis.scores import log_likelihood, restricted_log_likelihood, trace_of_pp
from synth.synthesis.tau2 import crude_variance, generalised_q_at

if TYPE_CHECKING:
    from synth.synthesis.meta_analysis import MetaAnalysis

Tau2IntervalMethod = Literal["q-profile", "generalised-q", "profile-likelihood"]

_SOURCES = {
    "q-profile": "Viechtbauer 2007, Stat Med 26:37-52",
    "generalised-q": "Jackson 2013, Res Synth Methods 4:220-229",
    "profile-likelihood": "Hardy and Thompson 1996, Stat Med 15:619-629",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tau2Interval:
    """Confidence interval of the between-study variance and of what follows from it.

    Attributes
    ----------
    method, source : str
    level : float
        A proportion.
    tau2, tau, i2, h2 : tuple of float
        Lower and upper limit; I2 is a share from 0 to 1. I2 and H2 are NaN beside a sampling variance of 0.
    empty : bool
        True where the estimates vary less than any tau2 from 0 explains at this level: both limits are 0, and the
        interval says that the data are more alike than chance makes them.
    """

    method: Tau2IntervalMethod
    source: str
    level: float
    tau2: Interval
    tau: Interval
    i2: Interval
    h2: Interval
    empty: bool


def tau2_interval(model: MetaAnalysis, method: Tau2IntervalMethod, level: float) -> Tau2Interval:
    """Confidence interval of the between-study variance of a random-effects model.

    Raises
    ------
    MethodError
        If the model has no between-study variance to estimate, or the method does not go with its estimator.
    """
    check_level(level)
    if method not in _SOURCES:
        raise MethodError(f"interval of tau2 {method!r}: one of {', '.join(_SOURCES)} is expected")
    if model.method == "common" or model.fixed_tau2 is not None:
        raise MethodError("tau2 was not estimated, so it has no interval; a random-effects model is expected")
    if model.k <= model.p:
        raise MethodError(f"k = {model.k} with {model.p} coefficients: tau2 needs more studies than coefficients")
    limits = _LIMITS[method](model, level)
    empty = np.isnan(limits[1])
    low, high = (0.0, 0.0) if empty else limits
    typical = model.typical_variance
    i2, h2 = (np.nan, np.nan), (np.nan, np.nan)
    if typical is not None:
        i2 = low / (low + typical), high / (high + typical) if np.isfinite(high) else 1.0
        h2 = low / typical + 1, high / typical + 1
    return Tau2Interval(
        method=method,
        source=_SOURCES[method],
        level=level,
        tau2=(low, high),
        tau=(float(np.sqrt(low)), float(np.sqrt(high))),
        i2=i2,
        h2=h2,
        empty=bool(empty),
    )


def _q_profile(model: MetaAnalysis, level: float) -> Interval:
    data, residual_df = model.data_set, model.k - model.p
    tail = (1 - level) / 2
    # The statistic falls in tau2: its upper quantile belongs to the lower limit.
    targets = (chdtri(residual_df, tail), chdtri(residual_df, 1 - tail))
    limits = np.array([generalised_q_at(data, np.array([target]))[0][0] for target in targets])
    if limits[1] == 0 and model.q_e is not None and model.q_e < targets[1]:
        return np.nan, np.nan
    low, high = limits * data.unit**2
    return float(low), float(high)


def _generalised_q(model: MetaAnalysis, level: float) -> Interval:
    data, tail = model.data_set, (1 - level) / 2
    if model.method == "GENQ" and model.own_weights is not None:
        base = model.own_weights[None, :]
    elif model.method in ("DL", "HE"):
        base = 1 / data.v if model.method == "DL" else np.ones_like(data.v)
    else:
        raise MethodError(f"generalised Q interval: method GENQ, DL or HE is expected, not {model.method}")
    fit = weighted_by(data, base)
    q = float(fit.q[0])
    projection = _projection(data, base[0], fit.inverse[0])

    def below(tau2: float) -> float:
        root = np.sqrt(data.v[0] + tau2)
        eigenvalues = np.linalg.eigvalsh(root[:, None] * projection * root)
        positive = eigenvalues[eigenvalues > 1e-12 * eigenvalues[-1]]
        return distribution_function(positive, q)

    # The probability of a smaller statistic falls in tau2.
    if below(0.0) < tail:
        return np.nan, np.nan
    low = 0.0 if below(0.0) < 1 - tail else _falling(below, 1 - tail)
    high = _falling(below, tail)
    return low * data.unit**2, high * data.unit**2


def _projection(data: Data, base: FloatArray, inverse: FloatArray) -> FloatArray:
    rows = base[:, None] * data.basis.rows
    projection: FloatArray = np.diag(base) - rows @ inverse @ rows.T
    return projection


def _falling(function: object, target: float) -> float:
    """Where a function that falls in tau2 has a value."""
    assert callable(function)
    high = 1.0
    while function(high) > target:
        high *= 4
    return float(brentq(lambda tau2: function(tau2) - target, 0.0, high, xtol=1e-15, rtol=1e-14, maxiter=500))


def _profile_likelihood(model: MetaAnalysis, level: float) -> Interval:
    if model.method not in ("ML", "REML"):
        raise MethodError(f"profile-likelihood interval: method ML or REML is expected, not {model.method}")
    data = model.data_set
    height = log_likelihood if model.method == "ML" else restricted_log_likelihood
    best = model.tau2 / data.unit**2
    top = float(height(data, np.array([best]))[0])
    drop = float(chdtri(1, 1 - level)) / 2

    def above(tau2: float) -> float:
        return float(height(data, np.array([tau2]))[0]) - top + drop

    # Beside a sampling variance of 0 the likelihood may have no value at 0 itself.
    lowest = 0.0 if np.min(data.v) > 0 else 1e-9 * best
    low = 0.0
    if best > 0 and above(lowest) < 0:
        low = float(brentq(above, lowest, best, xtol=1e-15, rtol=1e-14, maxiter=500))
    high = max(best, 1.0)
    while above(high) > 0:
        high *= 4
    high = float(brentq(above, best, high, xtol=1e-15, rtol=1e-14, maxiter=500))
    return low * data.unit**2, high * data.unit**2


_LIMITS = {
    "q-profile": _q_profile,
    "generalised-q": _generalised_q,
    "profile-likelihood": _profile_likelihood,
}


def tau2_standard_error(model: MetaAnalysis) -> float | None:
    """Approximate standard error of the estimate of tau2; None where nothing was estimated.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261-293 (HE, HS, DL, ML, REML); for the empirical Bayes estimator and
    Paule-Mandel the standard error of the former, as metafor gives it.
    """
    if model.method == "common" or model.k <= model.p:
        return None
    data = model.data_set
    tau2 = np.array([model.tau2]) / data.unit**2
    k, residual_df = model.k, model.k - model.p
    totals = data.v + tau2[:, None]
    if model.method == "ML":
        error = math.sqrt(2 / float(np.sum(totals**-2.0)))
    elif model.method == "REML":
        trace_pp = float(trace_of_pp(weighted_by(data, 1 / totals))[0])
        error = math.sqrt(2 / trace_pp) if trace_pp > 0 else math.nan
    elif model.method in ("EB", "PM", "PMM"):
        error = math.sqrt(2 * k**2 / residual_df) / float(np.sum(1 / totals))
    else:
        error = _of_moments(model, data, totals)
    # Where one study outweighs the others so far that the traces cancel, there is no standard error to give.
    return float(error) * data.unit**2 if np.isfinite(error) else None


def _of_moments(model: MetaAnalysis, data: Data, totals: FloatArray) -> float:
    """Estimators that are a quadratic form in the estimates, over a constant."""
    start = crude_variance(data)[:, None]
    inverse = np.ones_like(data.v)
    if model.method == "SJ":
        inverse = 1 / (data.v + start)
    elif model.method == "GENQ" and model.own_weights is not None:
        inverse = model.own_weights[None, :]
    elif model.method != "HE":
        inverse = 1 / data.v
    spread, trace_p = _spread(data, inverse, totals)
    residual_df = model.k - model.p
    divisors = {
        "SJ": residual_df / float(start[0, 0]) if start[0, 0] > 0 else np.inf,
        "HS": float(np.sum(inverse)),
        "HSk": float(np.sum(inverse)) * residual_df / model.k,
    }
    divisor = divisors.get(model.method, trace_p)
    return math.sqrt(2 * spread) / divisor if spread >= 0 and divisor > 0 else math.nan


def _spread(data: Data, base: FloatArray, totals: FloatArray) -> tuple[float, float]:
    """The traces of P S P S and of P, for weights `base` and total variances S."""
    if data.basis.constant:
        whole = float(np.sum(base))
        diagonal = base * sums_of_others(base) / whole
        products_of_others = base**2 * totals
        crossed = float(np.sum(products_of_others * sums_of_others(products_of_others))) / whole**2
        return float(np.sum((diagonal * totals) ** 2)) + crossed, float(np.sum(diagonal))
    fit = weighted_by(data, base)
    products = data.basis.products
    half = fit.inverse @ products(base**2 * totals)
    spread = np.sum((base * totals) ** 2) - 2 * trace(fit.inverse, products(base**3 * totals**2))[0]
    trace_p = np.sum(base) - trace(fit.inverse, products(base**2))[0]
    return float(spread + einsum("bij,bji->b", half, half)[0]), float(trace_p)
