"""Functions of the between-study variance whose root is an estimate of it, with their derivatives.

All are of many data sets at once (see `synth.synthesis.linear`). `P` is the matrix that the weights
1 / (v + tau2) leave of the estimates after the regression: P = W - W X (X' W X)^-1 X' W.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synth.synthesis.linear import (
    Data,
    FloatArray,
    Weighted,
    dominated,
    einsum,
    kept,
    sums_of_others,
    trace,
    weighted,
)

#: Value and derivative at a between-study variance for each data set, shapes (B,) and (B,).
Score = Callable[[Data, FloatArray], tuple[FloatArray, FloatArray]]


def _row_sums(*factors: FloatArray) -> FloatArray:
    return einsum(",".join(["bk"] * len(factors)) + "->b", *factors)


def _quadratics(fit: Weighted) -> tuple[FloatArray, FloatArray]:
    """The quadratic forms y' P P y and y' P P P y."""
    u = fit.base * fit.residuals
    weighted_u = fit.weights * u
    second = _row_sums(weighted_u, fit.residuals)
    crossed = fit.data.basis.project(weighted_u)
    third = _row_sums(weighted_u, u) - einsum("bi,bij,bj->b", crossed, fit.inverse, crossed)
    return second, third


def _traces(fit: Weighted) -> tuple[FloatArray, FloatArray]:
    """The traces of P and of P P."""
    if fit.data.basis.constant and fit.data.counts is None and dominated(fit.weights):
        return traces_beside_a_dominant_study(fit.weights)
    squared = fit.weights * fit.base
    half = fit.inverse @ fit.data.basis.products(squared)
    first = fit.weights.sum(axis=-1) - einsum("bii->b", half)
    cubes = fit.data.basis.products(squared * fit.base)
    second = squared.sum(axis=-1) - 2 * trace(fit.inverse, cubes) + einsum("bij,bji->b", half, half)
    return first, second


def traces_beside_a_dominant_study(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The traces of P and of P P of a model with an intercept alone, as sums without a difference of large numbers."""
    total = weights.sum(axis=-1)
    diagonal = weights * sums_of_others(weights) / total[:, None]
    squares = weights**2
    off_diagonal = (squares * sums_of_others(squares)).sum(axis=-1) / total**2
    return diagonal.sum(axis=-1), (diagonal**2).sum(axis=-1) + off_diagonal


def restricted_score(data: Data, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Twice the derivative of the restricted log-likelihood, and its own derivative."""
    fit = weighted(data, tau2)
    second, third = _quadratics(fit)
    trace_p, trace_pp = _traces(fit)
    return second - trace_p, trace_pp - 2 * third


def likelihood_score(data: Data, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Twice the derivative of the log-likelihood, and its own derivative."""
    fit = weighted(data, tau2)
    second, third = _quadratics(fit)
    return second - fit.weights.sum(axis=-1), _row_sums(fit.weights, fit.base) - 2 * third


def generalised_q(data: Data, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The generalised Q statistic y' P y and its derivative; it falls in tau2 and is convex."""
    fit = weighted(data, tau2)
    second = _row_sums(fit.weights, fit.base * fit.residuals, fit.residuals)
    return fit.q, -second


def log_determinant(matrices: FloatArray) -> FloatArray:
    """Logarithm of the determinants of positive definite matrices, shape (B,)."""
    if matrices.shape[-1] == 1:
        return np.log(matrices[:, 0, 0])
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        result: FloatArray = np.linalg.slogdet(matrices)[1]
    return result


def log_likelihood(data: Data, tau2: FloatArray) -> FloatArray:
    """Log-likelihood at its maximum over the coefficients, less its constant, shape (B,)."""
    fit = weighted(data, tau2)
    return 0.5 * (_log_weights(fit) - fit.q)


def restricted_log_likelihood(data: Data, tau2: FloatArray) -> FloatArray:
    """Restricted log-likelihood, less its constant, shape (B,)."""
    fit = weighted(data, tau2)
    return 0.5 * (_log_weights(fit) + log_determinant(fit.inverse) - fit.q)


def _log_weights(fit: Weighted) -> FloatArray:
    logs = np.log(fit.base)
    result: FloatArray = logs.sum(axis=-1) if fit.data.counts is None else (logs * fit.data.counts).sum(axis=-1)
    return result


def trace_of_p(fit: Weighted) -> FloatArray:
    """Trace of P, shape (B,); NaN where one study outweighs the others so far that no digit of it is left."""
    if fit.data.basis.constant and fit.data.counts is None and dominated(fit.weights):
        return traces_beside_a_dominant_study(fit.weights)[0]
    squared = fit.weights * fit.base
    whole = fit.weights.sum(axis=-1)
    return kept(whole - trace(fit.inverse, fit.data.basis.products(squared)), whole)


def trace_of_pp(fit: Weighted) -> FloatArray:
    """Trace of P P, shape (B,)."""
    return _traces(fit)[1]
