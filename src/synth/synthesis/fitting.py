"""Univariate models fitted to many data sets at once: the one place where coefficients come from.

A single analysis is a batch of one; leave-one-out, cumulative analysis, bootstrap and permutation are larger batches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from synth.errors import MethodError
from synth.synthesis.linear import (
    NOTHING,
    BoolArray,
    Data,
    FloatArray,
    Weighted,
    as_floats,
    einsum,
    weighted,
    weighted_by,
)
from synth.synthesis.scores import trace_of_p
from synth.synthesis.tau2 import Tau2Method, by_sampling_variance, estimates_of_tau2

Method = Literal["common"] | Tau2Method
Test = Literal["normal", "t", "hartung-knapp", "hartung-knapp-guarded"]

#: Numbers that one block of data sets may hold at once: small enough for a processor's cache.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fits:
    """B fitted models, in the data's own unit.

    Attributes
    ----------
    beta : ndarray, shape (B, p)
        Coefficients of the columns as given.
    covariance : ndarray, shape (B, p, p)
        Model-based covariance of `beta`, before any Hartung-Knapp factor.
    tau2 : ndarray, shape (B,)
        0 for a common-effect model.
    s2w : ndarray, shape (B,)
        Hartung-Knapp factor: the generalised Q statistic at tau2 over k - p; 1 where k is p.
    q_e : ndarray, shape (B,)
        Residual heterogeneity, Cochran's Q without moderators; NaN beside a sampling variance of 0.
    typical_variance : ndarray, shape (B,)
        Typical sampling variance (Higgins and Thompson 2002), 0 where k is p; NaN beside a sampling variance of 0, and
        where one study outweighs the others so far that no digit of it is left.
    k : ndarray, shape (B,)
        Studies.
    converged : ndarray of bool, shape (B,)
    """

    beta: FloatArray
    covariance: FloatArray
    tau2: FloatArray
    s2w: FloatArray
    q_e: FloatArray
    typical_variance: FloatArray
    k: FloatArray
    converged: BoolArray

    @property
    def p(self) -> int:
        """Coefficients."""
        return int(self.beta.shape[-1])


def fit_data(data: Data, method: Method, *, weights: FloatArray | None = None, tau2: FloatArray | None = None) -> Fits:
    """Fit a model to each data set.

    Parameters
    ----------
    data : Data
        Each data set with at least as many studies as coefficients.
    method : Method
        Estimator of tau2, or "common".
    weights : ndarray, shape (k,), optional
        The analyst's own weights of the studies for the coefficients, and for the Q statistic of "GENQ".
    tau2 : ndarray, shape (B,), optional
        Known between-study variances, in the data's own unit squared; the method then estimates nothing.

    Raises
    ------
    MethodError
        If a sampling variance of 0 makes a weight infinite.
    """
    common = by_sampling_variance(data) if np.min(data.v) > 0 else None
    values, converged = _between(data, method, weights, tau2, common)
    fit = common if common is not None and not values.any() else weighted(data, values)
    own = fit if weights is None else weighted_by(data, np.broadcast_to(weights, (data.size, len(weights))))
    covariance = fit.inverse if weights is None else _sandwich(own, fit)
    residual_df = data.k - data.basis.p
    q_e, typical = _without_heterogeneity(data, common)
    unit = data.unit
    return Fits(
        beta=data.basis.coefficients(own.gamma + data.removed) * unit,
        covariance=data.basis.covariance(covariance) * unit**2,
        tau2=values * unit**2,
        # Under the analyst's own weights too the factor is that of the inverse-variance fit, as metafor has it.
        s2w=np.where(residual_df > 0, fit.q / np.maximum(residual_df, 1), 1.0),
        q_e=q_e,
        typical_variance=typical * unit**2,
        k=data.k,
        converged=converged,
    )


def _between(
    data: Data, method: Method, weights: FloatArray | None, tau2: FloatArray | None, common: Weighted | None
) -> tuple[FloatArray, BoolArray]:
    """tau2 of each data set, and whether it is one; NaN where one study of many data sets outweighs the others."""
    values, converged = np.zeros(data.size), np.ones(data.size, dtype=bool)
    if tau2 is not None:
        values = tau2 / data.unit**2
    elif method != "common":
        found = estimates_of_tau2(data, method, weights, common)
        values, converged = found.values, found.converged & np.isfinite(found.values)
        if data.size == 1 and not np.isfinite(values[0]):
            raise MethodError(f"tau2 method {method}: one study outweighs all the others so far that no digit is left")
    if common is None and not np.all(values > NOTHING):
        raise MethodError(
            "a sampling variance is 0 and so is tau2, or nearly, so that a weight is infinite; "
            "variances above 0 are expected"
        )
    return values, converged


def _sandwich(own: Weighted, fit: Weighted) -> FloatArray:
    """Covariance of the coefficients under the analyst's own weights."""
    middle = own.data.basis.products(own.weights * own.base / fit.base)
    covariance: FloatArray = own.inverse @ middle @ own.inverse
    return covariance


def _without_heterogeneity(data: Data, common: Weighted | None) -> tuple[FloatArray, FloatArray]:
    """Q and the typical sampling variance at weights 1 / v."""
    if common is None:
        nothing = np.full(data.size, np.nan)
        return nothing, nothing
    residual_df = data.k - data.basis.p
    known = residual_df > 0
    traces = np.where(known, trace_of_p(common), 1.0)
    return np.where(known, common.q, 0.0), np.where(known, residual_df / traces, 0.0)


def fit_in_blocks(data: Data, fit: Callable[[Data, slice], Fits], numbers: int = _BLOCK) -> Fits:
    """Fit the data sets block by block, so that memory grows with the studies and not with the data sets.

    Parameters
    ----------
    data : Data
    fit : callable
        Fits one block; the slice says which data sets it holds.
    numbers : int
        Estimates that a block may hold.
    """
    rows = max(1, numbers // data.y.shape[-1])
    if data.size <= rows:
        return fit(data, slice(0, data.size))
    blocks = [slice(start, start + rows) for start in range(0, data.size, rows)]
    parts = [fit(data.pick(block), block) for block in blocks]
    joined = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fits)}
    return Fits(**joined)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inference:
    """Tests and intervals of coefficients; arrays of the shape of the coefficients, or of one axis less.

    Attributes
    ----------
    standard_errors, statistics, p_values, low, high : ndarray
        Statistics are t or z against 0; infinite where the standard error is 0.
    degrees_of_freedom : ndarray, shape (B,)
        Of t; infinite for the normal distribution.
    """

    standard_errors: FloatArray
    statistics: FloatArray
    p_values: FloatArray
    low: FloatArray
    high: FloatArray
    degrees_of_freedom: FloatArray


def factor_of(fits: Fits, test: Test) -> FloatArray:
    """What the model-based covariance is multiplied by, shape (B,); 1 but for the Hartung-Knapp tests."""
    if test == "hartung-knapp":
        return fits.s2w
    return np.maximum(fits.s2w, 1.0) if test == "hartung-knapp-guarded" else np.ones_like(fits.s2w)


def degrees_of(fits: Fits, test: Test) -> FloatArray:
    """Degrees of freedom of each fit, shape (B,); infinite for the normal distribution."""
    residual = fits.k - fits.p
    return np.where((residual > 0) & (test != "normal"), residual, np.inf)


def infer(fits: Fits, test: Test, level: float) -> Inference:
    """Wald-type tests and intervals of every coefficient.

    Parameters
    ----------
    fits : Fits
    test : Test
    level : float
        Confidence level, a proportion.
    """
    variances = einsum("bii->bi", fits.covariance) * factor_of(fits, test)[:, None]
    errors = np.sqrt(np.maximum(variances, 0.0))
    return infer_from(fits.beta, errors, degrees_of(fits, test)[:, None], level)


def infer_from(estimates: FloatArray, errors: FloatArray, degrees: FloatArray, level: float) -> Inference:
    """Tests and intervals from estimates, their standard errors and degrees of freedom, which broadcast."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.where(estimates == 0, 0.0, estimates / errors)
    margin = critical_values(degrees, level) * errors
    return Inference(
        standard_errors=errors,
        statistics=statistics,
        p_values=two_sided(statistics, degrees),
        low=estimates - margin,
        high=estimates + margin,
        degrees_of_freedom=degrees[..., 0] if degrees.ndim else degrees,
    )


def critical_values(degrees: FloatArray, level: float) -> FloatArray:
    """Two-sided critical values of t, or of the normal distribution where the degrees of freedom are infinite."""
    tail = (1 - level) / 2
    finite = np.isfinite(degrees)
    if not finite.any():
        return np.full(np.shape(degrees), -float(ndtri(tail)))
    values = -stdtrit(np.where(finite, degrees, 1.0), tail)
    return np.where(finite, values, -float(ndtri(tail)))


def two_sided(statistics: FloatArray, degrees: FloatArray) -> FloatArray:
    """Two-sided p values of t or z statistics."""
    finite = np.isfinite(degrees)
    size = -np.abs(statistics)
    tails: FloatArray = ndtr(size)
    if finite.any():
        tails = np.where(finite, stdtr(np.where(finite, degrees, 1.0), size), tails)
    return as_floats(np.minimum(2 * tails, 1.0))


def wald_p(statistic: float, df1: int, df2: float) -> float:
    """Upper tail of F, or of chi-squared where the denominator's degrees of freedom are infinite."""
    return float(fdtrc(df1, df2, statistic) if np.isfinite(df2) else chdtrc(df1, statistic))
