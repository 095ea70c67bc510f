"""Meta-regression against textbook formulas, statsmodels, and exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from textbook import DOSE, DUMMIES, GROUP, LINE, ONE, WEIGHTS, V, Y, coefficients, generalised_q, projection, tau2_of

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression

METHODS = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
YEARS = np.array([1948, 1973, 1991, 1994, 2003, 2008, 2011, 2019, 2023], dtype=float)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("moderators", "x"), [({"dose": DOSE}, LINE), ({"group": GROUP}, DUMMIES)])
def test_each_estimator_beside_moderators(method, moderators, x):
    a = WEIGHTS if method == "GENQ" else None
    model = meta_regression(Y, V, moderators, method=method, test="t", weights=a)
    expected = tau2_of(method, Y, V, x, a)
    assert model.tau2 == pytest.approx(expected, rel=2e-7 if method in ("ML", "REML") else 1e-10, abs=1e-9)
    beta, covariance = coefficients(Y, V, x, model.tau2, a)
    np.testing.assert_allclose(model.beta, beta, rtol=1e-11)
    np.testing.assert_allclose(model.covariance, covariance, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(model.fitted, x @ beta, rtol=1e-11)
    assert model.degrees_of_freedom == model.q_e_df == 9 - x.shape[1]


def test_residual_heterogeneity():
    model = meta_regression(Y, V, {"dose": DOSE}, method="DL")
    q = generalised_q(Y, V, LINE, 0.0)
    typical = 7 / np.trace(projection(LINE, 1 / V))
    assert model.q_e == pytest.approx(q, rel=1e-12)
    assert model.q_e_p == pytest.approx(stats.chi2.sf(q, 7), rel=1e-11)
    assert model.typical_variance == pytest.approx(typical, rel=1e-11)
    assert model.i2 == pytest.approx(model.tau2 / (model.tau2 + typical), rel=1e-11)


def test_common_effect_regression_against_statsmodels():
    theirs = sm.WLS(Y, LINE, weights=1 / V).fit()
    ours = common_effect(Y, V, moderators={"dose": DOSE}, test="hartung-knapp")
    np.testing.assert_allclose(ours.beta, theirs.params, rtol=1e-12)
    # The dispersion of weighted least squares is the Hartung-Knapp factor.
    assert ours.s2w == pytest.approx(theirs.scale, rel=1e-12)
    np.testing.assert_allclose(ours.standard_errors, theirs.bse, rtol=1e-12)
    np.testing.assert_allclose(ours.p_values, theirs.pvalues, rtol=1e-10)
    np.testing.assert_allclose(np.column_stack([ours.low, ours.high]), theirs.conf_int(), rtol=1e-11)
    assert ours.q_m == pytest.approx(theirs.fvalue, rel=1e-10)
    assert ours.q_m_p == pytest.approx(theirs.f_pvalue, rel=1e-9)
    assert ours.r2 == pytest.approx(max(0.0, theirs.rsquared_adj), rel=1e-10)


def exact_line(y, v, x, tau2):
    """Coefficients of a weighted line, their variances and the weighted sum of squares, in rational numbers."""
    studies = [(1 / (Fraction(c) + Fraction(tau2)), Fraction(a), Fraction(b)) for a, b, c in zip(x, y, v, strict=True)]
    s, sx, sxx = (sum(w * a**power for w, a, _ in studies) for power in (0, 1, 2))
    sy, sxy = (sum(w * a**power * b for w, a, b in studies) for power in (0, 1))
    determinant = s * sxx - sx * sx
    slope, start = (s * sxy - sx * sy) / determinant, (sxx * sy - sx * sxy) / determinant
    squares = sum(w * (b - start - slope * a) ** 2 for w, a, b in studies)
    return start, slope, sxx / determinant, s / determinant, squares


@pytest.mark.parametrize("tau2", [0.0, 0.125])
@pytest.mark.parametrize("x", [YEARS, YEARS + 1e6], ids=["years", "far from 0"])
def test_calendar_years_against_rational_arithmetic(x, tau2):
    start, slope, of_start, of_slope, squares = exact_line(Y, V, x, tau2)
    model = meta_regression(Y, V, {"year": x}, tau2=tau2, test="normal")
    # Far from 0 the years themselves have four digits less to tell them apart by.
    rtol = 1e-12 if x is YEARS else 1e-9
    np.testing.assert_allclose(model.beta, [float(start), float(slope)], rtol=rtol)
    np.testing.assert_allclose(np.diag(model.covariance), [float(of_start), float(of_slope)], rtol=rtol)
    assert model.fit_statistics()["ML"].log_likelihood == pytest.approx(
        -0.5 * (float(squares) + float(np.sum(np.log(2 * np.pi * (V + tau2))))), rel=1e-12
    )
    if tau2 == 0:
        assert model.q_e == pytest.approx(float(squares), rel=1e-12)


@pytest.mark.parametrize("decades", [6, 8, 12])
def test_studies_of_very_unequal_precision_against_rational_arithmetic(decades):
    v = 10.0 ** -np.array([0, decades, 1, 0, decades - 1, 2, 0, 1, 3])
    start, slope, of_start, of_slope, _ = exact_line(Y, v, YEARS, 0.0)
    model = meta_regression(Y, v, {"year": YEARS}, tau2=0.0, test="normal")
    # To the last digit but one: the normal equations alone lose it.
    np.testing.assert_allclose(model.beta, [float(start), float(slope)], rtol=4e-15)
    np.testing.assert_allclose(np.diag(model.covariance), [float(of_start), float(of_slope)], rtol=4e-15)


def test_r2_is_how_far_tau2_fell():
    model = meta_regression(Y, V, {"group": GROUP}, method="HE")
    before, after = tau2_of("HE", Y, V, ONE), tau2_of("HE", Y, V, DUMMIES)
    assert 0 < after < before
    assert model.r2 == pytest.approx((before - after) / before, rel=1e-9)


def test_r2_without_a_fall_is_zero_and_marked():
    y, v, x = np.array([0.0, 1.0, 0.1, 0.9, 0.05, 1.1]), np.full(6, 0.02), np.array([1.0, 1.1, 2.0, 2.1, 3.0, 3.1])
    assert tau2_of("DL", y, v, np.column_stack([np.ones(6), x])) > tau2_of("DL", y, v, np.ones((6, 1)))
    model = meta_regression(y, v, {"x": x}, method="DL")
    assert model.r2 == 0.0
    assert any("R2 is 0" in mark for mark in model.marks)


def test_r2_is_none_where_there_is_nothing_to_compare_with():
    assert meta_regression(Y, V, {"dose": DOSE}, intercept=False).r2 is None
    assert meta_regression(Y, V, {}).r2 is None
    assert meta_regression(Y[:2], V[:2], {"dose": DOSE[:2]}).r2 is None


def test_r2_is_zero_where_there_was_no_heterogeneity():
    y = 0.1 * np.arange(6)
    model = meta_regression(y, np.full(6, 5.0), {"x": [1.0, 2.0, 4.0, 3.0, 6.0, 5.0]})
    assert (model.tau2, model.r2) == (0.0, 0.0)
    assert any("R2 is 0" in mark for mark in model.marks)


@pytest.mark.parametrize("test", ["normal", "t", "hartung-knapp", "hartung-knapp-guarded"])
def test_as_many_studies_as_coefficients(test):
    model = meta_regression(Y[:3], V[:3], {"dose": DOSE[:3], "square": DOSE[:3] ** 2}, test=test)
    np.testing.assert_allclose(model.fitted, Y[:3], rtol=1e-10)
    x = np.column_stack([np.ones(3), DOSE[:3], DOSE[:3] ** 2])
    inverse = np.linalg.inv(x)
    np.testing.assert_allclose(model.covariance, inverse @ np.diag(V[:3]) @ inverse.T, rtol=1e-9)
    assert (model.tau2, model.q_e, model.q_e_df, model.q_e_p, model.tau2_se) == (0.0, 0.0, 0, 1.0, None)
    assert (model.i2, model.h2, model.degrees_of_freedom) == (0.0, 1.0, None)
    np.testing.assert_allclose(model.p_values, 2 * stats.norm.sf(np.abs(model.statistics)), rtol=1e-10)
    assert any("as many coefficients as studies" in mark for mark in model.marks)


def test_more_coefficients_than_studies():
    with pytest.raises(MethodError, match=r"2 studies and 3 coefficients \(intercept, dose, other\): at least as many"):
        meta_regression(Y[:2], V[:2], {"dose": DOSE[:2], "other": DOSE[:2] ** 2})


def test_no_intercept_and_one_number_is_a_line_through_zero():
    model = meta_regression(Y, V, {"dose": DOSE}, intercept=False, tau2=0.0, test="normal")
    assert model.beta == pytest.approx([np.sum(DOSE * Y / V) / np.sum(DOSE**2 / V)], rel=1e-12)
    assert model.standard_errors == pytest.approx([np.sum(DOSE**2 / V) ** -0.5], rel=1e-12)
    assert model.names == ("dose",)
    assert model.q_m == pytest.approx(model.statistics[0] ** 2, rel=1e-12)


def test_an_empty_mapping_is_a_model_without_moderators():
    model, plain = meta_regression(Y, V, {}), common_effect(Y, V)
    assert not model.has_moderators
    assert model.names == plain.names == ("intercept",)
    with pytest.raises(MethodError, match="a model without intercept and moderators has no coefficient"):
        meta_regression(Y, V, {}, intercept=False)


def test_own_weights_beside_moderators():
    model = meta_regression(Y, V, {"dose": DOSE}, method="DL", test="hartung-knapp", weights=WEIGHTS)
    tau2 = tau2_of("DL", Y, V, LINE)
    beta, covariance = coefficients(Y, V, LINE, tau2, WEIGHTS)
    np.testing.assert_allclose(model.beta, beta, rtol=1e-11)
    np.testing.assert_allclose(model.covariance, covariance * generalised_q(Y, V, LINE, tau2) / 7, rtol=1e-10)
