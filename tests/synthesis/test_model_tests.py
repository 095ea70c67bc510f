"""Tests of coefficients, inflation of variances, criteria and likelihood-ratio tests, by their own formulas."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.outliers_influence import variance_inflation_factor
from textbook import DOSE, DUMMIES, GROUP, LINE, ONE, V, Y, log_likelihood, restricted_log_likelihood

from synth.errors import MethodError
from synth.synthesis import common_effect, likelihood_ratio_test, meta_regression, random_effects

SIZE = np.array([20.0, 55.0, 31.0, 12.0, 80.0, 9.0, 44.0, 60.0, 150.0])


def wald(beta, covariance, rows):
    """The chi-squared statistic that all rows @ beta are 0."""
    rows = np.atleast_2d(rows)
    distance = rows @ beta
    return float(distance @ np.linalg.inv(rows @ covariance @ rows.T) @ distance)


@pytest.mark.parametrize("test", ["normal", "t", "hartung-knapp", "hartung-knapp-guarded"])
def test_the_omnibus_test(test):
    model = meta_regression(Y, V, {"group": GROUP}, test=test)
    statistic = wald(model.beta, model.covariance, np.eye(3)[1:])
    if test == "normal":
        expected = (statistic, stats.chi2.sf(statistic, 2))
    else:
        expected = (statistic / 2, stats.f.sf(statistic / 2, 2, 6))
    assert (model.q_m, model.q_m_p) == pytest.approx(expected, rel=1e-10)
    assert (model.q_m_df, model.q_m_df2) == (2, None if test == "normal" else 6)


def test_without_moderators_the_omnibus_test_is_of_the_mean():
    model = random_effects(Y, V)
    assert model.q_m == pytest.approx(model.statistics[0] ** 2, rel=1e-12)
    assert model.q_m_p == pytest.approx(model.p_value, rel=1e-10)


def test_linear_combinations():
    model = meta_regression(Y, V, {"group": GROUP}, test="hartung-knapp")
    rows = np.array([[0.0, 1.0, -1.0], [1.0, 0.5, 0.5]])
    found = model.wald_test(combinations=rows)
    statistic = wald(model.beta, model.covariance, rows)
    assert (found.statistic, found.df1, found.df2) == pytest.approx((statistic / 2, 2, 6), rel=1e-10)
    assert found.p_value == pytest.approx(stats.f.sf(statistic / 2, 2, 6), rel=1e-9)
    errors = np.sqrt(np.diag(rows @ model.covariance @ rows.T))
    np.testing.assert_allclose(found.estimates, rows @ model.beta, rtol=1e-12)
    np.testing.assert_allclose(found.standard_errors, errors, rtol=1e-12)
    np.testing.assert_allclose(found.statistics, found.estimates / errors, rtol=1e-12)
    np.testing.assert_allclose(found.p_values, 2 * stats.t.sf(np.abs(found.statistics), 6), rtol=1e-10)
    # One row without a list around it; and a row times a number says the same.
    assert model.wald_test(combinations=rows[0]).statistic == pytest.approx(found.statistics[0] ** 2, rel=1e-10)
    assert model.wald_test(combinations=3 * rows).statistic == pytest.approx(found.statistic, rel=1e-9)


def test_coefficients_by_name_or_index():
    model = meta_regression(Y, V, {"dose": DOSE, "group": GROUP}, test="normal")
    by_name = model.wald_test(["group: b", "group: c"])
    assert (
        by_name.to_dict() == model.wald_test([2, 3]).to_dict() == model.wald_test((np.int64(2), "group: c")).to_dict()
    )
    assert by_name.statistic == pytest.approx(wald(model.beta, model.covariance, np.eye(4)[2:]), rel=1e-10)
    assert by_name.df2 is None
    assert set(by_name.to_dict()) == {
        *("statistic", "df1", "df2", "p_value", "estimates", "standard_errors", "statistics", "p_values")
    }


def test_no_test_where_there_is_no_variance():
    model = random_effects([0.4] * 4, [0.1, 0.2, 0.3, 0.4], test="hartung-knapp")
    assert (model.q_m, model.q_m_p, model.p_value) == (None, None, 0.0)
    assert np.isinf(model.statistics[0])
    nothing = random_effects([0.0] * 4, [0.1, 0.2, 0.3, 0.4], test="hartung-knapp")
    assert (nothing.statistics[0], nothing.p_value) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("tested", "combinations", "said"),
    [
        (None, None, "either the coefficients to be tested or linear combinations"),
        ([1], [[1.0, 0.0]], "either the coefficients to be tested or linear combinations"),
        ([2], None, "coefficient 2: an index below 2 or one of intercept, dose is expected"),
        ([-1], None, "coefficient -1: an index below 2"),
        (["size"], None, "coefficient 'size': an index below 2 or one of intercept, dose"),
        ([], None, "coefficients to be tested: at least one, and each once"),
        ([1, "dose"], None, "coefficients to be tested: at least one, and each once"),
        (None, [[1.0]], r"linear combinations of shape \(1, 1\): rows of 2 finite numbers, not all 0"),
        (None, [[0.0, 0.0]], "rows of 2 finite numbers, not all 0"),
        (None, [[np.nan, 1.0]], "rows of 2 finite numbers, not all 0"),
        (None, [[1.0, 2.0], [2.0, 4.0]], "the linear combinations depend on each other"),
        (None, [[1.0, 2.0], [0.0, 1.0], [1.0, 0.0]], "the linear combinations depend on each other"),
    ],
)
def test_what_cannot_be_tested_is_refused(tested, combinations, said):
    with pytest.raises(MethodError, match=said):
        meta_regression(Y, V, {"dose": DOSE}).wald_test(tested, combinations=combinations)


def test_variance_inflation_against_statsmodels():
    x = np.column_stack([LINE, SIZE])
    model = common_effect(Y, np.full(9, 0.1), moderators={"dose": DOSE, "size": SIZE})
    expected = {"dose": variance_inflation_factor(x, 1), "size": variance_inflation_factor(x, 2)}
    assert model.vif() == pytest.approx(expected, rel=1e-9)
    assert min(expected.values()) > 1.01


def test_variance_inflation_with_unequal_weights():
    model = meta_regression(Y, V, {"dose": DOSE, "size": SIZE}, test="hartung-knapp")
    w = 1 / (V + model.tau2)
    for name, column, other in (("dose", DOSE, SIZE), ("size", SIZE, DOSE)):
        shared = sm.WLS(column, sm.add_constant(other), weights=w).fit().rsquared
        assert model.vif()[name] == pytest.approx(1 / (1 - shared), rel=1e-9)
    assert random_effects(Y, V).vif() == {}
    assert meta_regression(Y, V, {"dose": DOSE}).vif() == {"dose": pytest.approx(1.0, rel=1e-12)}


CASES = [({}, ONE), ({"dose": DOSE}, LINE), ({"group": GROUP}, DUMMIES)]


@pytest.mark.parametrize(("moderators", "x"), CASES)
@pytest.mark.parametrize("method", ["REML", "ML", "DL", "common"])
def test_log_likelihoods(method, moderators, x):
    model = meta_regression(Y, V, moderators, method=method)
    found = model.fit_statistics()
    assert found["ML"].log_likelihood == pytest.approx(log_likelihood(Y, V, x, model.tau2), rel=1e-11)
    assert found["REML"].log_likelihood == pytest.approx(restricted_log_likelihood(Y, V, x, model.tau2), rel=1e-10)
    saturated = stats.norm.logpdf(np.zeros(9), 0, np.sqrt(V)).sum()
    assert found["ML"].deviance == pytest.approx(2 * (saturated - found["ML"].log_likelihood), rel=1e-10)
    assert found["REML"].deviance == pytest.approx(-2 * found["REML"].log_likelihood, rel=1e-12)


@pytest.mark.parametrize(("moderators", "x"), CASES)
@pytest.mark.parametrize(("options", "more"), [({"method": "REML"}, 1), ({"method": "common"}, 0), ({"tau2": 0.1}, 0)])
def test_criteria(moderators, x, options, more):
    model = meta_regression(Y, V, moderators, **options)
    parameters = x.shape[1] + more
    for name, observations in (("ML", 9), ("REML", 9 - x.shape[1])):
        found = model.fit_statistics()[name]
        minus = -2 * found.log_likelihood
        assert found.parameters == parameters
        assert found.aic == pytest.approx(minus + 2 * parameters, rel=1e-12)
        assert found.bic == pytest.approx(minus + parameters * np.log(observations), rel=1e-12)
        corrected = 2 * parameters * (parameters + 1) / (observations - parameters - 1)
        assert observations > parameters + 1
        assert found.aicc == pytest.approx(found.aic + corrected, rel=1e-12)


def test_the_likelihood_ratio_test():
    full, reduced = (meta_regression(Y, V, one, method="ML") for one in ({"dose": DOSE, "group": GROUP}, {}))
    found = likelihood_ratio_test(full, reduced)
    x = np.column_stack([DUMMIES, DOSE])
    statistic = 2 * (log_likelihood(Y, V, x, full.tau2) - log_likelihood(Y, V, ONE, reduced.tau2))
    assert statistic > 0.5
    assert (found.statistic, found.df) == (pytest.approx(statistic, rel=1e-9), 3)
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 3), rel=1e-8)
    assert found.r2 == pytest.approx(max(0.0, 1 - full.tau2 / reduced.tau2), rel=1e-10)


def test_the_likelihood_ratio_test_of_common_effects_is_the_fall_of_q():
    full, reduced = common_effect(Y, V, moderators={"dose": DOSE}), common_effect(Y, V)
    found = likelihood_ratio_test(full, reduced)
    assert found.statistic == pytest.approx(reduced.q_e - full.q_e, rel=1e-10)
    assert found.r2 is None


def test_models_that_cannot_be_compared():
    full, reduced = (meta_regression(Y, V, one, method="ML") for one in ({"dose": DOSE}, {}))
    other = meta_regression(Y, V, {"group": GROUP}, method="ML")
    restricted = random_effects(Y, V)
    shifted, wider = random_effects(Y + 1, V, method="ML"), random_effects(Y, 2 * V, method="ML")
    for larger, smaller, said in (
        (full, restricted, "both models by method 'ML', or both by 'common'"),
        (restricted, restricted, "both models by method 'ML', or both by 'common'"),
        (full, common_effect(Y, V), "both models by method 'ML', or both by 'common'"),
        (full, shifted, "both models must be of the same studies"),
        (full, wider, "both models must be of the same studies"),
        (full, random_effects(Y[:8], V[:8], method="ML"), "both models must be of the same studies"),
        (reduced, full, "the smaller model must lack coefficients"),
        (full, full, "the smaller model must lack coefficients"),
        (other, full, "the smaller model must lack coefficients and be within the larger"),
    ):
        with pytest.raises(MethodError, match=said):
            likelihood_ratio_test(larger, smaller)


def test_a_likelihood_ratio_test_needs_two_fitted_models():
    with pytest.raises(
        MethodError, match=r"likelihood-ratio test: a fitted model \(MetaAnalysis\) is expected, not str"
    ):
        likelihood_ratio_test(random_effects([0.1, 0.5], [0.1, 0.1], method="ML"), "the other")
