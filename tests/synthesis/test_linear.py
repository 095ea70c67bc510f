"""Weighted least squares of many data sets at once, against one at a time with dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from textbook import DOSE, DUMMIES, LINE, ONE, V, Y, coefficients, generalised_q, projection

from synth.errors import MethodError
from synth.synthesis.linear import basis_of, constant_basis, data_of, inverse_of, weighted, weighted_by
from synth.synthesis.scores import generalised_q as q_and_slope
from synth.synthesis.scores import (
    likelihood_score,
    log_likelihood,
    restricted_log_likelihood,
    restricted_score,
    trace_of_p,
    trace_of_pp,
)

COUNTS = np.array([[1, 1, 1, 1, 1, 1, 1, 1, 1], [2, 0, 1, 3, 1, 0, 1, 1, 0], [0, 2, 2, 1, 1, 1, 0, 1, 1]], dtype=float)
MATRICES = [ONE, LINE, DUMMIES]


def basis(x):
    return basis_of(x, [f"c{index}" for index in range(x.shape[1])])


@pytest.mark.parametrize("x", MATRICES)
def test_the_basis_is_orthonormal_and_gives_back_the_columns(x):
    made = basis(x)
    np.testing.assert_allclose(made.rows @ made.triangle, x, atol=1e-14)
    if not made.constant:
        np.testing.assert_allclose(made.rows.T @ made.rows, np.eye(x.shape[1]), atol=1e-14)
    assert made.constant is (x is ONE)


@pytest.mark.parametrize("x", MATRICES)
@pytest.mark.parametrize("tau2", [0.0, 0.3])
def test_one_data_set(x, tau2):
    data = data_of(Y, V, basis(x))
    fit = weighted(data, np.array([tau2]) / data.unit**2)
    beta, covariance = coefficients(Y, V, x, tau2)
    found = data.basis.coefficients(fit.gamma + data.removed) * data.unit
    np.testing.assert_allclose(found[0], beta, rtol=1e-12)
    np.testing.assert_allclose(data.basis.covariance(fit.inverse)[0] * data.unit**2, covariance, rtol=1e-11, atol=1e-15)
    assert fit.q[0] == pytest.approx(generalised_q(Y, V, x, tau2), rel=1e-11)
    hat = x @ np.linalg.inv(x.T @ np.diag(1 / (V + tau2)) @ x) @ x.T @ np.diag(1 / (V + tau2))
    np.testing.assert_allclose(data.basis.leverages(fit.weights, fit.inverse)[0], np.diag(hat), rtol=1e-11)


@pytest.mark.parametrize("x", MATRICES)
def test_counts_are_repeated_studies(x):
    data = data_of(Y, V, basis(x), COUNTS)
    fits = weighted(data, np.full(3, 0.2) / data.unit**2)
    betas = data.basis.coefficients(fits.gamma + data.removed) * data.unit
    np.testing.assert_array_equal(data.k, COUNTS.sum(axis=1))
    for index, counts in enumerate(COUNTS.astype(int)):
        y, v, rows = (np.repeat(column, counts, axis=0) for column in (Y, V, x))
        np.testing.assert_allclose(betas[index], coefficients(y, v, rows, 0.2)[0], rtol=1e-10)
        assert fits.q[index] == pytest.approx(generalised_q(y, v, rows, 0.2), rel=1e-10)


@pytest.mark.parametrize("x", MATRICES)
def test_many_columns_of_estimates(x):
    many = np.stack([Y, Y[::-1], 5 - Y])
    data = data_of(many, V, basis(x))
    betas = data.basis.coefficients(weighted(data, np.zeros(3)).gamma + data.removed) * data.unit
    for y, beta in zip(many, betas, strict=True):
        np.testing.assert_allclose(beta, coefficients(y, V, x, 0.0)[0], rtol=1e-10)
    picked = data.pick(np.array([2, 0]))
    found = data.basis.coefficients(weighted(picked, np.zeros(2)).gamma + data.removed) * data.unit
    np.testing.assert_allclose(found, betas[[2, 0]], rtol=1e-13)


def test_the_unit_is_the_datas_own():
    data, scaled = data_of(Y, V, constant_basis(9)), data_of(1024 * Y, 1024**2 * V, constant_basis(9))
    np.testing.assert_array_equal(scaled.y, data.y)
    np.testing.assert_array_equal(scaled.v, data.v)
    assert scaled.unit == 1024 * data.unit


@pytest.mark.parametrize("x", MATRICES)
@pytest.mark.parametrize("tau2", [0.0, 0.05, 2.0])
def test_traces_and_scores(x, tau2):
    data = data_of(Y, V, basis(x))
    at = np.array([tau2]) / data.unit**2
    p = projection(x, 1 / (V + tau2))
    square = data.unit**2
    assert trace_of_p(weighted(data, at))[0] == pytest.approx(np.trace(p) * square, rel=1e-11)
    assert trace_of_pp(weighted(data, at))[0] == pytest.approx(np.trace(p @ p) * square**2, rel=1e-11)
    restricted, likely = restricted_score(data, at)[0][0], likelihood_score(data, at)[0][0]
    assert restricted == pytest.approx((Y @ p @ p @ Y - np.trace(p)) * square, rel=1e-9, abs=1e-10)
    assert likely == pytest.approx((Y @ p @ p @ Y - np.sum(1 / (V + tau2))) * square, rel=1e-9, abs=1e-10)
    assert q_and_slope(data, at)[0][0] == pytest.approx(generalised_q(Y, V, x, tau2), rel=1e-11)


@pytest.mark.parametrize("x", MATRICES)
def test_scores_are_slopes_and_have_slopes(x):
    data = data_of(Y, V, basis(x))
    at, step = np.array([0.7]), 1e-5

    def slope(function):
        return (function(data, at + step) - function(data, at - step))[0] / (2 * step)

    for height, score in ((restricted_log_likelihood, restricted_score), (log_likelihood, likelihood_score)):
        assert score(data, at)[0][0] == pytest.approx(2 * slope(height), rel=1e-7, abs=1e-9)
    for score in (restricted_score, likelihood_score, q_and_slope):
        assert score(data, at)[1][0] == pytest.approx(
            slope(lambda some, point, score=score: score(some, point)[0]), rel=1e-7
        )


@pytest.mark.parametrize("p", [1, 2, 3, 5])
def test_inverses(p):
    rows = np.random.default_rng(p).normal(size=(4, p + 3, p))
    matrices = np.einsum("bki,bkj->bij", rows, rows)
    np.testing.assert_allclose(inverse_of(matrices) @ matrices, np.broadcast_to(np.eye(p), (4, p, p)), atol=1e-10)


def test_any_weights():
    data = data_of(Y, V, basis(LINE))
    weights = np.arange(1.0, 10.0)
    fit = weighted_by(data, weights[None, :])
    beta = data.basis.coefficients(fit.gamma + data.removed)[0] * data.unit
    np.testing.assert_allclose(beta, coefficients(Y, V, LINE, 0.0, weights)[0], rtol=1e-12)
    np.testing.assert_allclose(fit.residuals[0] * data.unit, Y - LINE @ beta, rtol=1e-10)


def test_columns_that_are_refused():
    with pytest.raises(MethodError, match=r"'more' follows from the columns before it \(one, dose\)"):
        basis_of(np.column_stack([LINE, 2 * DOSE - 1]), ["one", "dose", "more"])
    with pytest.raises(MethodError, match=r"1 studies and 2 coefficients \(one, dose\): at least as many studies"):
        basis_of(LINE[:1], ["one", "dose"])
