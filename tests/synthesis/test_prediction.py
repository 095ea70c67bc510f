"""Predicted means and true effects, by the formulas written out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from textbook import DOSE, GROUP, LINE, V, Y

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects

TESTS = ("normal", "t", "hartung-knapp", "hartung-knapp-guarded")


@pytest.mark.parametrize("test", TESTS)
def test_the_mean_and_a_new_study(test):
    model = random_effects(Y, V, test=test, level=0.9)
    found = model.predict()
    critical = (stats.norm if test == "normal" else stats.t(8)).ppf(0.95)
    spread = np.sqrt(model.standard_error**2 + model.tau2)
    assert found.estimates.tolist() == [model.estimate]
    assert (found.low[0], found.high[0]) == pytest.approx(model.interval, rel=1e-13)
    assert found.prediction_low[0] == pytest.approx(model.estimate - critical * spread, rel=1e-11)
    assert found.prediction_high[0] == pytest.approx(model.estimate + critical * spread, rel=1e-11)
    assert (found.labels, found.level) == ((), 0.9)


@pytest.mark.parametrize(
    ("k", "moderators", "tau2", "degrees"),
    [
        (9, {}, None, 7),
        (9, {"dose": DOSE}, None, 6),
        (9, {}, 0.1, 8),
        (9, {"dose": DOSE}, 0.1, 7),
        (3, {}, None, 1),
        (2, {}, None, 1),
        (2, {}, 0.1, 1),
        (1, {}, 0.1, 1),
    ],
)
@pytest.mark.parametrize("test", TESTS)
def test_degrees_of_freedom_of_riley(k, moderators, tau2, degrees, test):
    moderators = {name: column[:k] for name, column in moderators.items()}
    model = meta_regression(Y[:k], V[:k], moderators, tau2=tau2, test=test)
    found = model.predict(prediction_method="riley")
    width = stats.t.ppf(0.975, degrees) * np.sqrt(found.standard_errors**2 + model.tau2)
    np.testing.assert_allclose(found.prediction_high - found.estimates, width, rtol=1e-10)
    # The interval of the mean stays that of the model's test.
    np.testing.assert_array_equal(found.high, model.predict().high)
    assert f"t with {degrees} degree" in found.method


def test_means_at_new_values():
    model = meta_regression(Y, V, {"dose": DOSE, "group": GROUP}, test="hartung-knapp")
    found = model.predict({"dose": [0.0, 2.0], "group": ["a", "c"]}, level=0.8)
    rows = np.array([[1, 0, 0, 0], [1, 2, 0, 1]])
    errors = np.sqrt(np.diag(rows @ model.covariance @ rows.T))
    np.testing.assert_allclose(found.estimates, rows @ model.beta, rtol=1e-12)
    np.testing.assert_allclose(found.standard_errors, errors, rtol=1e-10)
    np.testing.assert_allclose(found.high - found.estimates, stats.t.ppf(0.9, 5) * errors, rtol=1e-10)
    # The reference level at 0 is the intercept.
    assert found.standard_errors[0] == pytest.approx(model.standard_errors[0], rel=1e-10)
    assert found.level == 0.8


def test_the_studies_own_fitted_values():
    model = meta_regression(Y, V, {"dose": DOSE}, labels=list("abcdefghi"))
    found = model.predict()
    np.testing.assert_allclose(found.estimates, LINE @ model.beta, rtol=1e-12)
    assert found.labels == tuple("abcdefghi")
    assert found.table().index.tolist() == list("abcdefghi")
    np.testing.assert_array_equal(model.predict({"dose": DOSE}).estimates, found.estimates)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ({"group": "d"}, {}, "moderator 'group': no study has 'd'; expected is one of a, b, c"),
        ({"dose": 1.0}, {}, "moderators dose; expected are those of the model: group"),
        (None, {"prediction_method": "z"}, "prediction interval 'z': 'model' or 'riley' is expected"),
        (None, {"level": 95}, "confidence level 95"),
    ],
)
def test_predictions_that_are_refused(values, options, said):
    with pytest.raises(MethodError, match=said):
        meta_regression(Y, V, {"group": GROUP}).predict(values, **options)
    if values is not None:
        with pytest.raises(MethodError, match="expected are those of the model: none"):
            random_effects(Y, V).predict(values)


def test_a_common_effect_predicts_no_new_study():
    for method in ("model", "riley"):
        found = common_effect(Y, V).predict(prediction_method=method)
        assert (found.prediction_low, found.prediction_high) == (None, None)
    assert found.to_dict()["prediction_low"] is None
    assert "prediction_low" not in found.table()
    with pytest.raises(MethodError, match="a common-effect model has one true effect and predicts none"):
        common_effect(Y, V).blup()


@pytest.mark.parametrize("test", ["normal", "hartung-knapp"])
@pytest.mark.parametrize("moderators", [{}, {"dose": DOSE}])
def test_true_effects_of_the_studies(test, moderators):
    model = meta_regression(Y, V, moderators, method="SJ", test=test)
    share = model.tau2 / (model.tau2 + V)
    x = model.moderators.columns
    of_fitted = np.diag(x @ model.covariance @ x.T)
    errors = np.sqrt(share * V + (1 - share) ** 2 * of_fitted)
    found = model.blup()
    np.testing.assert_allclose(found.estimates, share * Y + (1 - share) * model.fitted, rtol=1e-12)
    np.testing.assert_allclose(found.standard_errors, errors, rtol=1e-12)
    critical = stats.norm.ppf(0.975) if test == "normal" else stats.t.ppf(0.975, model.q_e_df)
    np.testing.assert_allclose(found.prediction_high - found.estimates, critical * errors, rtol=1e-10)
    assert (found.low, found.high) == (None, None)
    assert found.labels == model.labels


def test_shrinkage_between_all_and_none():
    none = random_effects(Y, V, tau2=0.0).blup()
    np.testing.assert_allclose(none.estimates, random_effects(Y, V, tau2=0.0).estimate, rtol=1e-13)
    full = random_effects(Y, V, tau2=1e9, test="normal").blup()
    np.testing.assert_allclose(full.estimates, Y, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(full.standard_errors, np.sqrt(V), rtol=1e-7)
    some = random_effects(Y, V, method="SJ")
    inside = some.blup().estimates
    assert (np.abs(inside - some.estimate) < np.abs(Y - some.estimate)).all()
    assert (np.sign(inside - some.estimate) == np.sign(Y - some.estimate)).all()


def test_a_study_without_error_is_its_own_true_effect():
    model = random_effects([0.1, 0.9, -0.4], [0.0, 0.05, 0.1], test="normal")
    assert model.blup().estimates[0] == pytest.approx(0.1, rel=1e-12)
    assert model.blup().standard_errors[0] == 0.0


def test_everything_can_be_written():
    found = meta_regression(Y, V, {"dose": DOSE}, labels=["<i>x</i>", *"bcdefghi"]).predict()
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert set(record) == {
        *("labels", "estimates", "standard_errors", "low", "high", "prediction_low", "prediction_high"),
        *("level", "method"),
    }
    assert record["prediction_high"] == found.prediction_high.tolist()
    assert "<i>" not in found._repr_html_()
    assert random_effects(Y, V).predict().table().shape == (1, 6)
