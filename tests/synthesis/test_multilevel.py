"""Multilevel models: estimates at the maximum of a likelihood written apart, tests, predictions and shares."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dense_multilevel import coefficients, height, invented, restricted_height, same, structured
from scipy import optimize, stats

from synth.synthesis import random_effects
from synth.synthesis.multilevel import Intercept, MultilevelAnalysis, Nested, Structured, multilevel

DATA = invented()
ONE = np.ones((len(DATA.y), 1))
LINE = np.column_stack([np.ones(len(DATA.y)), DATA.columns["dose"]])
KINDS = ("CS", "HCS", "UN", "ID", "DIAG", "AR", "HAR", "CAR")


def fit(random=(), data=DATA, **options) -> MultilevelAnalysis:
    return multilevel(data.y, data.v, random=random, columns=data.columns, **options)


def implied(kind: str, tau2: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Variances and correlation matrix of four outcomes, by the meaning of the structure."""
    variances = tau2 if len(tau2) == 4 else np.full(4, tau2[0])
    correlation = np.eye(4)
    months = np.array([0.0, 3.0, 12.0, 27.0])
    position = 0
    for column in range(4):
        for row in range(column + 1, 4):
            value = 0.0
            if kind in ("CS", "HCS"):
                value = rho[0]
            elif kind in ("AR", "HAR"):
                value = rho[0] ** (row - column)
            elif kind == "CAR":
                value = rho[0] ** (months[row] - months[column])
            elif kind == "UN":
                value = rho[position]
            position += 1
            correlation[row, column] = correlation[column, row] = value
    return structured(DATA, variances, correlation)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("kind", KINDS)
def test_structures_imply_the_covariance_that_they_name(kind, method):
    model = fit(Structured("month" if kind == "CAR" else "outcome", "study", kind), method=method)
    total = DATA.v + implied(kind, model.tau2, model.rho)
    np.testing.assert_allclose(model.marginal_covariance, total, rtol=1e-9, atol=1e-12)
    beta, covariance = coefficients(DATA.y, total, ONE)
    np.testing.assert_allclose(model.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(model.covariance, covariance, rtol=1e-9)
    found = {name: item.log_likelihood for name, item in model.fit_statistics().items()}
    assert found["ML"] == pytest.approx(height(DATA.y, total, ONE), abs=1e-9)
    assert found["REML"] == pytest.approx(restricted_height(DATA.y, total, ONE), abs=1e-9)
    assert model.log_likelihood == found[method]
    assert model.converged


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("kind", ["CS", "HCS", "DIAG", "AR", "CAR"])
def test_no_point_near_or_far_is_higher(kind, method):
    model = fit(Structured("month" if kind == "CAR" else "outcome", "study", kind), method=method)
    measure = restricted_height if method == "REML" else height
    draw = np.random.default_rng(1)
    best = model.log_likelihood
    for size in (1e-3, 0.05, 0.5):
        for _ in range(20):
            tau2 = model.tau2 * np.exp(size * draw.normal(size=len(model.tau2)))
            rho = np.clip(model.rho + size * draw.normal(size=len(model.rho)), 0.0 if kind == "CAR" else -0.3, 0.999)
            assert measure(DATA.y, DATA.v + implied(kind, tau2, rho), ONE) <= best + 1e-10


@pytest.mark.parametrize("restricted", [True, False])
def test_three_levels_by_a_search_of_the_likelihood(restricted):
    model = fit(
        Nested("study", "row"), method="REML" if restricted else "ML", moderators={"dose": DATA.columns["dose"]}
    )
    measure = restricted_height if restricted else height

    def depth(roots):
        total = DATA.v + roots[0] ** 2 * same(DATA.columns["study"]) + roots[1] ** 2 * np.eye(len(DATA.y))
        return -measure(DATA.y, total, LINE)

    found = optimize.minimize(depth, [0.3, 0.3], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    np.testing.assert_allclose(model.sigma2, found.x**2, rtol=1e-5)
    assert model.log_likelihood >= -found.fun - 1e-11
    assert model.levels == {"study": 8, "study/row": len(DATA.y)}


def test_crossed_effects_add_up():
    model = fit([Intercept("study"), Intercept("country"), Intercept("row")])
    parts = [same(DATA.columns[name]) for name in ("study", "country", "row")]
    total = DATA.v + sum(variance * part for variance, part in zip(model.sigma2, parts, strict=True))
    np.testing.assert_allclose(model.marginal_covariance, total, rtol=1e-10, atol=1e-14)
    assert len(model.data_set.batches) == 1


def test_one_estimate_a_study_is_the_random_effects_model():
    variances = np.diag(DATA.v)
    for method in ("REML", "ML"):
        model = multilevel(
            DATA.y, variances, random=Intercept("row"), columns=DATA.columns, method=method, degrees="residual"
        )
        other = random_effects(DATA.y, variances, method=method, test="t")
        assert model.sigma2[0] == pytest.approx(other.tau2, rel=1e-9)
        for name in ("beta", "standard_errors", "p_values", "low", "high", "q_e", "q_e_p", "q_m", "q_m_p"):
            np.testing.assert_allclose(getattr(model, name), getattr(other, name), rtol=1e-8, err_msg=name)
        assert model.i2["total"] == pytest.approx(other.i2, rel=1e-9)
        assert model.typical_variance == pytest.approx(other.typical_variance, rel=1e-10)
        for kind in ("ML", "REML"):
            ours, theirs = model.fit_statistics()[kind], other.fit_statistics()[kind]
            for name in ("log_likelihood", "deviance", "aic", "bic", "aicc"):
                assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9)
        units = model.blup()["row"]
        both = other.blup()
        np.testing.assert_allclose(units.estimates, both.estimates - other.estimate, rtol=1e-6, atol=1e-9)


def test_compound_symmetry_is_three_levels():
    nested, correlated = fit(Nested("study", "outcome")), fit(Structured("outcome", "study", "CS"))
    assert correlated.tau2[0] == pytest.approx(nested.sigma2.sum(), rel=1e-7)
    assert correlated.rho[0] == pytest.approx(nested.sigma2[0] / nested.sigma2.sum(), rel=1e-7)
    assert correlated.log_likelihood == pytest.approx(nested.log_likelihood, abs=1e-10)


def test_without_random_effects_it_is_generalised_least_squares():
    model = fit(test="normal", moderators={"dose": DATA.columns["dose"]})
    beta, covariance = coefficients(DATA.y, DATA.v, LINE)
    np.testing.assert_allclose(model.beta, beta, rtol=1e-11)
    np.testing.assert_allclose(model.covariance, covariance, rtol=1e-11)
    left = DATA.y - LINE @ beta
    assert model.q_e == pytest.approx(left @ np.linalg.inv(DATA.v) @ left, rel=1e-11)
    assert (model.q_e_df, model.estimated) == (len(DATA.y) - 2, 0)
    assert model.q_e_p == pytest.approx(stats.chi2.sf(model.q_e, model.q_e_df), rel=1e-10)
    assert model.q_m == pytest.approx(beta[1] ** 2 / covariance[1, 1], rel=1e-11)
    np.testing.assert_allclose(model.fitted + model.residuals, DATA.y, rtol=1e-12)


def test_degrees_of_freedom_are_those_of_the_level():
    study = DATA.columns["study"]
    of_study = {"size": (study % 3).astype(float), "dose": DATA.columns["dose"]}
    model = fit(Nested("study", "row"), moderators=of_study)
    n = len(DATA.y)
    np.testing.assert_array_equal(model.degrees_of_freedom, [8 - 3, 8 - 3, n - 3])
    assert model.q_m_df2 == 5
    assert model.q_m_p == pytest.approx(stats.f.sf(model.q_m, 2, 5), rel=1e-10)
    critical = stats.t.ppf(0.975, model.degrees_of_freedom)
    np.testing.assert_allclose(model.high - model.beta, critical * model.standard_errors, rtol=1e-10)
    residual = fit(Nested("study", "row"), moderators=of_study, degrees="residual")
    np.testing.assert_array_equal(residual.degrees_of_freedom, [n - 3] * 3)
    few = fit(Intercept("country"), moderators=of_study)
    assert few.degrees_of_freedom[0] == 1


def test_predictions_add_the_variances_of_every_level():
    model = fit([Structured("outcome", "study", "DIAG"), Intercept("country")], degrees="residual")
    predicted = model.predict()
    assert predicted.labels == ("0", "1", "2", "3")
    critical = stats.t.ppf(0.975, len(DATA.y) - 1)
    width = critical * np.sqrt(model.standard_errors[0] ** 2 + model.tau2 + model.sigma2[0])
    np.testing.assert_allclose(predicted.prediction_high - model.estimate, width, rtol=1e-10)
    np.testing.assert_allclose(predicted.high, model.high[0], rtol=1e-12)
    one = model.predict(inner={"outcome": [2]}, level=0.8)
    assert one.prediction_low[0] < one.low[0]
    assert one.prediction_high[0] - one.estimates[0] < width[2]


def test_predictions_at_new_values():
    model = fit(Structured("outcome", "study", "DIAG"), moderators={"dose": DATA.columns["dose"]})
    there = model.predict()
    np.testing.assert_allclose(there.estimates, model.fitted, rtol=1e-12)
    assert len(there.prediction_low) == len(DATA.y)
    without = model.predict({"dose": [0.0, 1.0]})
    assert without.prediction_low is None
    with_level = model.predict({"dose": [0.0, 1.0]}, inner={"outcome": [0]})
    np.testing.assert_allclose(with_level.estimates, [model.beta[0], model.beta.sum()], rtol=1e-12)
    assert (with_level.prediction_low < with_level.low).all()


def test_levels_that_are_numbers_are_found_by_their_value():
    random = Structured("month", "study", "DIAG")
    model = fit(random)
    assert model.predict().labels == ("0", "3", "12", "27")
    asked = model.predict(inner={"month": [12.0, 3]})
    np.testing.assert_allclose(asked.prediction_high, model.predict().prediction_high[[2, 1]], rtol=1e-12)
    near = {**DATA.columns, "month": DATA.columns["month"] * 1e-9 + 1.2345678}
    assert len(set(multilevel(DATA.y, DATA.v, random=random, columns=near).predict().labels)) == 4


def test_effects_of_units_are_the_best_linear_predictions():
    model = fit([Nested("study", "row"), Structured("outcome", "country", "CS")], test="normal")
    total, x = model.marginal_covariance, ONE
    inverse = np.linalg.inv(total)
    middle = inverse - inverse @ x @ model.covariance @ x.T @ inverse
    study = DATA.columns["study"]
    crossed = model.sigma2[0] * (np.arange(8)[:, None] == study)
    found = model.blup()["study"]
    np.testing.assert_allclose(found.estimates, crossed @ middle @ DATA.y, rtol=1e-8, atol=1e-12)
    kept = model.sigma2[0] - np.diag(crossed @ middle @ crossed.T)
    np.testing.assert_allclose(found.standard_errors, np.sqrt(kept), rtol=1e-8)
    np.testing.assert_allclose(
        found.prediction_high - found.estimates, stats.norm.ppf(0.975) * np.sqrt(kept), rtol=1e-8
    )
    pairs = model.blup()["outcome | country"]
    assert "0 | 0" in pairs.labels
    outcome, country = DATA.columns["outcome"], DATA.columns["country"]
    row = model.effect_covariances[0][0, outcome] * (country == 0)
    place = pairs.labels.index("0 | 0")
    assert pairs.estimates[place] == pytest.approx(row @ middle @ DATA.y, rel=1e-7)


def test_i2_is_each_variance_in_the_total():
    model = fit(Nested("study", "row"))
    inverse = np.linalg.inv(DATA.v)
    middle = inverse - inverse @ ONE @ np.linalg.inv(ONE.T @ inverse @ ONE) @ ONE.T @ inverse
    typical = (len(DATA.y) - 1) / np.trace(middle)
    assert model.typical_variance == pytest.approx(typical, rel=1e-10)
    total = model.sigma2.sum() + typical
    assert model.i2["study"] == pytest.approx(model.sigma2[0] / total, rel=1e-10)
    assert model.i2["total"] == pytest.approx(model.sigma2.sum() / total, rel=1e-10)
    assert fit(Structured("outcome", "study", "HCS")).i2 is None


def test_criteria_count_every_component():
    model = fit([Structured("outcome", "study", "HCS"), Intercept("country")], method="ML")
    found = model.fit_statistics()["ML"]
    assert found.parameters == 1 + 4 + 1 + 1
    assert found.aic == pytest.approx(-2 * found.log_likelihood + 14, rel=1e-12)
    assert found.bic == pytest.approx(-2 * found.log_likelihood + 7 * np.log(len(DATA.y)), rel=1e-12)
    held = fit(Nested("study", "row"), fixed={"sigma2": [0.04, None]})
    assert held.sigma2[0] == 0.04
    assert held.fit_statistics()["REML"].parameters == 2


def test_what_is_shown():
    model = fit(Nested("study", "row"), labels=[f"S{index}" for index in range(len(DATA.y))])
    assert repr(model).startswith("MultilevelAnalysis(REML, k = ")
    assert model.table().loc["intercept", "estimate"] == model.estimate
    assert model.summary().loc[0, "sigma2 of study"] == model.sigma2[0]
    assert list(model.component_table()["component"]) == ["study", "study/row"]
    plain = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    assert plain["sigma2"] == model.sigma2.tolist()
    assert plain["levels"] == {"study": 8, "study/row": len(DATA.y)}
    page = model._repr_html_()
    assert "study/row" in page
    assert f"{model.estimate:.3f}" in page
    text = model.explain()
    assert "study (8)" in text
    assert "restricted maximum likelihood" in text
    assert model.labels[0] == "S0"
    assert fit().labels[0] == "estimate 1"
