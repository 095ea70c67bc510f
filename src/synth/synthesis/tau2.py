"""Estimators of the between-study variance, for many data sets at once and for one.

`w` are weights 1 / (v + tau2), k studies, p coefficients. Data sets are in units of their own (`linear.data_of`), so
no result and no stopping rule depends on the unit of the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

from synth.errors import MethodError
from synth.synthesis.likelihood import restricted_maximum, unrestricted_maximum
from synth.synthesis.linear import (
    BoolArray,
    Data,
    FloatArray,
    IntArray,
    Weighted,
    constant_basis,
    data_of,
    trace,
    weighted,
    weighted_by,
)
from synth.synthesis.roots import falling_roots
from synth.synthesis.scores import generalised_q, trace_of_p
from synth.synthesis.studies import study_arrays

Tau2Method = Literal["REML", "DL", "PM", "ML", "EB", "HE", "HS", "HSk", "SJ", "PMM", "GENQ"]

#: Where a search for tau2 starts beside a sampling variance of 0, in units of the median variance.
_NEARLY_ZERO = 1e-12

#: Names for readers.
TAU2_NAMES: dict[str, str] = {
    "REML": "restricted maximum likelihood",
    "DL": "DerSimonian-Laird",
    "PM": "Paule-Mandel",
    "ML": "maximum likelihood",
    "EB": "empirical Bayes (Morris)",
    "HE": "Hedges",
    "HS": "Hunter-Schmidt",
    "HSk": "Hunter-Schmidt with the correction for few studies",
    "SJ": "Sidik-Jonkman",
    "PMM": "median-unbiased Paule-Mandel",
    "GENQ": "generalised Q statistic",
}


@dataclass(frozen=True, slots=True, eq=False)
class Tau2:
    """Between-study variances of B data sets, in the data's own unit squared.

    Attributes
    ----------
    values : ndarray, shape (B,)
        From 0.
    converged : ndarray of bool, shape (B,)
        Always true for estimators in closed form.
    """

    values: FloatArray
    converged: BoolArray


def estimate_tau2(estimates: ArrayLike, variances: ArrayLike, method: Tau2Method = "REML") -> float:
    """Between-study variance of one set of studies.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        At least two, on one scale.
    method : Tau2Method
        Any but "GENQ", which needs weights.

    Returns
    -------
    float
        In squared units of the estimates; 0 where the estimates vary no more than their variances explain.

    Raises
    ------
    MethodError
        If there are fewer than two estimates, a number is out of range, the method is unknown, or its iteration does
        not converge.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261-293; for each estimator see `MetaAnalysis.explain`.
    """
    y, v = study_arrays(estimates, variances)
    if len(y) < 2:
        raise MethodError(f"k = {len(y)}: a between-study variance needs at least 2 estimates")
    data = data_of(y, v, constant_basis(len(y)))
    found = estimates_of_tau2(data, method)
    if not found.converged[0]:
        raise MethodError(f"tau2 method {method!r} did not converge")
    return float(found.values[0]) * data.unit**2


def estimates_of_tau2(
    data: Data, method: Tau2Method, weights: FloatArray | None = None, common: Weighted | None = None
) -> Tau2:
    """Between-study variance of each data set.

    Parameters
    ----------
    data : Data
    method : Tau2Method
    weights : ndarray, shape (k,), optional
        Of the generalised Q statistic ("GENQ") and no other estimator.
    common : Weighted, optional
        The common-effect fit of `data`, if it is at hand.

    Raises
    ------
    MethodError
        If a data set has a sampling variance of 0 and the estimator weights by 1 / v.
    """
    if method not in get_args(Tau2Method):
        raise MethodError(f"tau2 method {method!r}: one of {', '.join(get_args(Tau2Method))} is expected")
    if method == "GENQ":
        if weights is None:
            raise MethodError("tau2 method 'GENQ': weights are expected, one a study")
        return _closed(data, lambda some: _moment(some, np.broadcast_to(weights, (1, len(weights)))))
    if method in _BY_COMMON_FIT:
        given = common if common is not None and np.all(data.k > data.basis.p) else None
        return _closed(data, lambda some: _BY_COMMON_FIT[method](given or by_sampling_variance(some)))
    if method in _CLOSED:
        return _closed(data, _CLOSED[method])
    if method in ("REML", "ML"):
        return Tau2(*(restricted_maximum if method == "REML" else unrestricted_maximum)(data))
    degrees = data.k - data.basis.p
    # The median of a chi-squared variable in place of its mean makes the estimate too small as often as too large.
    target = np.asarray(chdtri(degrees, 0.5) if method == "PMM" else degrees, dtype=float)
    return Tau2(*generalised_q_at(data, target))


def _closed(data: Data, estimator: Callable[[Data], FloatArray]) -> Tau2:
    values, known = np.zeros(data.size), np.flatnonzero(data.k > data.basis.p)
    if known.size:
        values[known] = np.maximum(estimator(data if known.size == data.size else data.pick(known)), 0.0)
    return Tau2(values, np.ones(data.size, dtype=bool))


def unweighted(data: Data) -> Weighted:
    """Ordinary least squares."""
    return weighted_by(data, np.ones((data.size, data.y.shape[-1])))


def by_sampling_variance(data: Data) -> Weighted:
    """Weighted least squares with weights 1 / v: the common-effect fit.

    Raises
    ------
    MethodError
        If a sampling variance is 0.
    """
    if not np.all(data.v > 0):
        raise MethodError(
            "a sampling variance is 0, so that weights 1 / v are infinite; variances above 0 are expected"
        )
    return weighted(data, np.zeros(data.size))


def _moment(data: Data, base: FloatArray) -> FloatArray:
    """The method of moments for any weights: Q less its expectation without heterogeneity, over its slope."""
    fit = weighted_by(data, base * np.ones((data.size, 1)))
    squared = fit.weights * fit.base
    expected = (fit.weights * data.v).sum(axis=-1) - trace(fit.inverse, data.basis.products(squared * data.v))
    result: FloatArray = (fit.q - expected) / trace_of_p(fit)
    return result


def _dersimonian_laird(fit: Weighted) -> FloatArray:
    return (fit.q - (fit.data.k - fit.data.basis.p)) / trace_of_p(fit)


def _hedges(data: Data) -> FloatArray:
    return _moment(data, np.ones((1, data.y.shape[-1])))


def _hunter_schmidt(fit: Weighted) -> FloatArray:
    result: FloatArray = (fit.q - fit.data.k) / fit.weights.sum(axis=-1)
    return result


def _hunter_schmidt_corrected(fit: Weighted) -> FloatArray:
    k = fit.data.k
    result: FloatArray = (k / (k - fit.data.basis.p) * fit.q - k) / fit.weights.sum(axis=-1)
    return result


def crude_variance(data: Data) -> FloatArray:
    """Mean squared distance of the estimates from their mean, whatever the moderators: where Sidik-Jonkman starts."""
    y = data.y + data.basis.expand(data.removed[None, :])
    counts = np.ones_like(y) if data.counts is None else data.counts
    mean = (counts * y).sum(axis=-1) / data.k
    result: FloatArray = (counts * (y - mean[:, None]) ** 2).sum(axis=-1) / data.k * np.ones(data.size)
    return result


def _sidik_jonkman(data: Data) -> FloatArray:
    start = crude_variance(data)
    fit = weighted(data, np.where(start > 0, start, 1.0))
    return start * fit.q / (data.k - data.basis.p)


_BY_COMMON_FIT: dict[str, Callable[[Weighted], FloatArray]] = {
    "DL": _dersimonian_laird,
    "HS": _hunter_schmidt,
    "HSk": _hunter_schmidt_corrected,
}
_CLOSED: dict[str, Callable[[Data], FloatArray]] = {"HE": _hedges, "SJ": _sidik_jonkman}


def generalised_q_at(data: Data, target: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The between-study variance at which the generalised Q statistic of each data set has a value.

    Parameters
    ----------
    data : Data
    target : ndarray, shape (B,)
        Above 0 where there are more studies than coefficients.

    Returns
    -------
    tau2 : ndarray, shape (B,)
        0 where the statistic is no larger even without heterogeneity.
    converged : ndarray of bool, shape (B,)
    """
    values, converged = np.zeros(data.size), np.ones(data.size, dtype=bool)
    lowest = np.zeros(data.size)
    if not np.all(data.v > 0):
        lowest += _NEARLY_ZERO
    at_lowest = generalised_q(data, lowest)[0]
    above = np.flatnonzero((at_lowest > target) & (data.k > data.basis.p))
    if not above.size:
        return values, converged
    some, aims = data.pick(above), target[above]
    # Weights are at most 1 / tau2, so the statistic is no larger than the unweighted sum of squares over tau2.
    upper = unweighted(some).q / aims

    def functions(points: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        value, slope = generalised_q(some.pick(which), points)
        return value - aims[which], slope

    # Beside a sampling variance of 0 there is no length below which the statistic is straight.
    smallest = np.min(some.v, axis=-1) * np.ones(some.size)
    values[above], converged[above] = falling_roots(functions, lowest[above], lowest[above], upper, smallest)
    return values, converged
