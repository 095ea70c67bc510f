"""Models without moderators: defaults, options, edges and what the numbers are, against textbook formulas."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from textbook import GROUP, ONE, WEIGHTS, V, Y, coefficients, generalised_q, projection, tau2_of

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, models, random_effects

METHODS = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
TESTS = ("normal", "t", "hartung-knapp", "hartung-knapp-guarded")


def of(method, **options):
    weights = WEIGHTS if method == "GENQ" else None
    return random_effects(Y, V, method=method, weights=weights, **options)


def test_defaults():
    model = random_effects(Y, V)
    assert (model.method, model.test, model.level) == ("REML", "hartung-knapp-guarded", 0.95)
    assert (model.method, model.test, model.level) == (models.DEFAULT_TAU2, models.DEFAULT_TEST, models.DEFAULT_LEVEL)
    for function in (random_effects, meta_regression):
        defaults = {name: item.default for name, item in inspect.signature(function).parameters.items()}
        # None stands for what goes with the method.
        test = defaults["test"] or "hartung-knapp-guarded"
        assert (defaults["method"], test, defaults["level"]) == (model.method, model.test, model.level)
    common = common_effect(Y, V)
    assert (common.method, common.test, common.level, common.tau2) == ("common", "normal", 0.95, 0.0)


@pytest.mark.parametrize("method", METHODS)
def test_each_estimator_by_its_definition(method):
    expected = tau2_of(method, Y, V, ONE, WEIGHTS)
    assert expected > 0.02
    rel = 2e-7 if method in ("ML", "REML") else 1e-10  # a search for a maximum knows half the digits
    assert of(method).tau2 == pytest.approx(expected, rel=rel)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "GENQ"])
def test_the_coefficient_and_its_variance(method):
    model = of(method, test="normal")
    w = 1 / (V + model.tau2)
    assert model.estimate == pytest.approx(w @ Y / w.sum(), rel=1e-13)
    assert model.standard_error == pytest.approx(w.sum() ** -0.5, rel=1e-13)
    np.testing.assert_allclose(model.weights, w / w.sum(), rtol=1e-13)
    margin = stats.norm.ppf(0.975) * w.sum() ** -0.5
    assert model.interval == pytest.approx((model.estimate - margin, model.estimate + margin), rel=1e-12)
    assert model.p_value == pytest.approx(2 * stats.norm.sf(abs(model.estimate) / model.standard_error), rel=1e-11)
    assert model.degrees_of_freedom is None


@pytest.mark.parametrize("level", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("test", TESTS)
def test_each_test_and_its_interval(test, level):
    model = random_effects(Y, V, method="DL", test=test, level=level)
    tau2 = tau2_of("DL", Y, V, ONE)
    (beta,), ((variance,),) = coefficients(Y, V, ONE, tau2)
    factor = generalised_q(Y, V, ONE, tau2) / 8
    assert factor > 0.5
    error = np.sqrt(variance)
    if test == "hartung-knapp":
        error *= np.sqrt(factor)
    if test == "hartung-knapp-guarded":
        error *= np.sqrt(max(factor, 1.0))
    distribution = stats.norm if test == "normal" else stats.t(8)
    margin = distribution.ppf((1 + level) / 2) * error
    assert model.standard_error == pytest.approx(error, rel=1e-12)
    assert model.interval == pytest.approx((beta - margin, beta + margin), rel=1e-11)
    assert model.p_value == pytest.approx(2 * distribution.sf(abs(beta / error)), rel=1e-10)
    assert model.statistics[0] == pytest.approx(beta / error, rel=1e-12)
    assert model.degrees_of_freedom == (None if test == "normal" else 8)


def test_the_guard_shows_whether_it_was_needed():
    alike, apart = [0.1, 0.12, 0.11, 0.1], [0.1, 1.2, -0.8, 2.0]
    v = [0.02, 0.05, 0.01, 0.08]
    for y, method, applied in ((alike, "REML", True), (apart, "HS", False)):
        guarded = random_effects(y, v, method=method)
        free = random_effects(y, v, method=method, test="hartung-knapp")
        plain = random_effects(y, v, method=method, test="t")
        assert (free.s2w < 1) is applied
        assert guarded.guard_applied is applied
        assert (guarded.s2w == 1.0) is applied
        assert guarded.standard_error == max(free.standard_error, plain.standard_error)
        assert not free.guard_applied
    # Paule-Mandel has a factor of 1 by definition, whatever the last digit says.
    assert not random_effects(Y, V, method="PM").guard_applied
    assert random_effects(Y, V, method="PM", test="hartung-knapp").s2w == pytest.approx(1.0, rel=1e-9)


def test_heterogeneity():
    model = random_effects(Y, V, method="DL")
    q, w = generalised_q(Y, V, ONE, 0.0), 1 / V
    typical = 8 * w.sum() / (w.sum() ** 2 - np.sum(w**2))  # Higgins and Thompson
    assert model.q_e == pytest.approx(q, rel=1e-13)
    assert (model.q_e_df, model.k, model.p) == (8, 9, 1)
    assert model.q_e_p == pytest.approx(stats.chi2.sf(q, 8), rel=1e-12)
    assert model.typical_variance == pytest.approx(typical, rel=1e-12)
    # For DerSimonian-Laird this I2 is the one from Q.
    assert model.i2 == pytest.approx((q - 8) / q, rel=1e-12)
    assert model.h2 == pytest.approx(q / 8, rel=1e-12)
    assert model.tau == pytest.approx(np.sqrt(model.tau2), rel=1e-15)
    other = random_effects(Y, V, method="ML")
    assert other.i2 == pytest.approx(other.tau2 / (other.tau2 + typical), rel=1e-12)
    assert other.h2 == pytest.approx(1 + other.tau2 / typical, rel=1e-12)


def test_heterogeneity_of_a_common_effect():
    model = common_effect(Y, V)
    q = generalised_q(Y, V, ONE, 0.0)
    assert model.i2 == pytest.approx((q - 8) / q, rel=1e-12)
    assert model.h2 == pytest.approx(q / 8, rel=1e-12)
    alike = common_effect([0.1, 0.12, 0.11], [0.1, 0.2, 0.1])
    assert alike.i2 == 0.0
    assert alike.h2 == pytest.approx(alike.q_e / 2, rel=1e-12)
    assert alike.h2 < 1
    equal = common_effect([0.1, 0.1, 0.1], [0.1, 0.2, 0.1])
    assert (equal.i2, equal.h2) == (0.0, 0.0)


def test_against_statsmodels():
    theirs = combine_effects(Y, V, method_re="chi2")
    ours, common = random_effects(Y, V, method="DL", test="hartung-knapp"), common_effect(Y, V)
    assert ours.tau2 == pytest.approx(theirs.tau2, rel=1e-12)
    assert ours.estimate == pytest.approx(theirs.mean_effect_re, rel=1e-12)
    assert ours.standard_error == pytest.approx(theirs.sd_eff_w_re_hksj, rel=1e-12)
    assert common.estimate == pytest.approx(theirs.mean_effect_fe, rel=1e-12)
    assert common.standard_error == pytest.approx(theirs.sd_eff_w_fe, rel=1e-12)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("method", [*METHODS, "common"])
def test_one_study(method, test):
    weights = [2.0] if method == "GENQ" else None
    model = meta_regression([0.7], [0.16], {}, method=method, test=test, weights=weights)
    assert (model.estimate, model.tau2, model.s2w, model.degrees_of_freedom) == (0.7, 0.0, 1.0, None)
    assert model.standard_error == pytest.approx(0.4, rel=1e-15)
    assert model.high[0] == pytest.approx(0.7 + 0.4 * stats.norm.ppf(0.975), rel=1e-14)
    assert (model.q_e, model.q_e_df, model.q_e_p, model.i2, model.h2) == (0.0, 0, 1.0, 0.0, 1.0)
    assert model.tau2_se is None
    assert model.weights.tolist() == [1.0]


def test_two_studies_by_hand():
    # Difference 2, mean variance 0.5: half the squared difference less the mean variance is 1.5.
    model = random_effects([1.0, 3.0], [0.25, 0.75], method="PM", test="t")
    assert model.tau2 == pytest.approx(1.5, rel=1e-12)
    assert model.estimate == pytest.approx((1 / 1.75 * 1 + 1 / 2.25 * 3) / (1 / 1.75 + 1 / 2.25), rel=1e-12)
    assert model.high[0] - model.estimate == pytest.approx(stats.t.ppf(0.975, 1) * model.standard_error, rel=1e-11)
    assert model.i2 == pytest.approx(1.5 / (1.5 + 0.5), rel=1e-12)


def test_a_sampling_variance_of_zero():
    y, v = [0.1, 0.9, -0.4, 0.6], [0.0, 0.05, 0.1, 0.02]
    for method in ("HE", "SJ", "PM", "EB", "REML", "ML"):
        model = random_effects(y, v, method=method, test="normal")
        w = 1 / (np.array(v) + model.tau2)
        assert model.tau2 > 0.1
        assert model.estimate == pytest.approx(w @ y / w.sum(), rel=1e-12)
        assert (model.q_e, model.q_e_p, model.i2, model.h2, model.typical_variance) == (None,) * 5
        assert any("a sampling variance is 0" in mark for mark in model.marks)
    assert random_effects(y, v, method="HE").tau2 == pytest.approx(np.var(y, ddof=1) - np.mean(v), rel=1e-12)
    for method in ("DL", "HS", "HSk"):
        with pytest.raises(MethodError, match=r"a sampling variance is 0, so that weights 1 / v are infinite"):
            random_effects(y, v, method=method)
    with pytest.raises(MethodError, match="a sampling variance is 0 and so is tau2"):
        common_effect(y, v)
    with pytest.raises(MethodError, match="a sampling variance is 0 and so is tau2"):
        random_effects(y, v, tau2=0.0)
    with pytest.raises(MethodError, match="every sampling variance is 0"):
        random_effects(y, [0.0] * 4)


@pytest.mark.parametrize("tau2", [0.0, 0.04, 7.0])
@pytest.mark.parametrize("test", TESTS)
def test_a_given_between_study_variance(tau2, test):
    model = random_effects(Y, V, tau2=tau2, test=test)
    (beta,), ((variance,),) = coefficients(Y, V, ONE, tau2)
    factor = generalised_q(Y, V, ONE, tau2) / 8
    factor = {"hartung-knapp": factor, "hartung-knapp-guarded": max(factor, 1.0)}.get(test, 1.0)
    assert (model.tau2, model.fixed_tau2) == (tau2, tau2)
    assert model.estimate == pytest.approx(beta, rel=1e-12)
    assert model.standard_error == pytest.approx(np.sqrt(variance * factor), rel=1e-11)
    assert model.converged
    assert any("tau2 was given" in mark for mark in model.marks)


@pytest.mark.parametrize("method", ["DL", "REML", "common"])
@pytest.mark.parametrize("given", [WEIGHTS, "equal"], ids=["own", "equal"])
def test_weights_of_the_analyst(method, given):
    model = meta_regression(Y, V, {}, method=method, test="hartung-knapp", weights=given)
    a = np.ones(9) if isinstance(given, str) else WEIGHTS
    tau2 = 0.0 if method == "common" else tau2_of(method, Y, V, ONE)
    (beta,), ((variance,),) = coefficients(Y, V, ONE, tau2, a)
    factor = generalised_q(Y, V, ONE, tau2) / 8  # of the inverse-variance fit, as metafor has it
    assert model.tau2 == pytest.approx(tau2, rel=2e-7)  # the weights are for the mean and not for tau2
    assert model.estimate == pytest.approx(a @ Y / a.sum(), rel=1e-12)
    assert model.estimate == pytest.approx(beta, rel=1e-12)
    assert model.standard_error == pytest.approx(np.sqrt(variance * factor), rel=1e-6)
    np.testing.assert_allclose(model.weights, a / a.sum(), rtol=1e-14)
    # Whatever their sum.
    scaled = meta_regression(Y, V, {}, method=method, test="hartung-knapp", weights=a * 7)
    assert scaled.standard_error == pytest.approx(model.standard_error, rel=1e-12)


def test_a_weight_of_zero_leaves_a_study_out_of_the_mean():
    weights = np.where(np.arange(9) == 5, 0.0, 1.0)
    model = random_effects(Y, V, weights=weights)
    assert model.estimate == pytest.approx(np.delete(Y, 5).mean(), rel=1e-13)


def test_genq_weights_the_statistic_and_the_mean():
    model = random_effects(Y, V, method="GENQ", weights="equal")
    assert model.tau2 == pytest.approx(tau2_of("HE", Y, V, ONE), rel=1e-12)
    assert model.estimate == pytest.approx(Y.mean(), rel=1e-13)
    assert random_effects(Y, V, method="GENQ", weights=1 / V).tau2 == pytest.approx(tau2_of("DL", Y, V, ONE), rel=1e-12)
    p = projection(ONE, WEIGHTS)
    assert of("GENQ").tau2 == pytest.approx((Y @ p @ Y - np.trace(p @ np.diag(V))) / np.trace(p), rel=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "MAD"}, "method 'MAD': 'common' or one of REML, DL, PM, ML, EB, HE, HS, HSk, SJ, PMM, GENQ"),
        ({"method": "GENQ"}, "tau2 method 'GENQ': weights are expected"),
        ({"test": "z"}, "test 'z': one of normal, t, hartung-knapp, hartung-knapp-guarded is expected"),
        ({"level": 95}, "confidence level 95: a proportion between 0 and 1"),
        ({"tau2": -0.1}, r"tau2 = -0\.1: a finite number of at least 0"),
        ({"tau2": np.inf}, "tau2 = inf: a finite number of at least 0"),
        ({"tau2": "big"}, "tau2: a column of numbers is expected"),
        ({"weights": "some"}, "weights 'some': a column of numbers or 'equal' is expected"),
        ({"weights": [1.0, 2.0]}, "2 weights for 9 estimates: one weight for each is expected"),
        ({"weights": -WEIGHTS}, "weights: finite numbers of at least 0, not all of them 0"),
        ({"weights": 0 * WEIGHTS}, "weights: finite numbers of at least 0, not all of them 0"),
        ({"weights": WEIGHTS * np.nan}, "weights: finite numbers of at least 0, not all of them 0"),
        ({"labels": ["one"]}, "1 names for 9 estimates: one name for each is expected"),
    ],
)
def test_options_that_are_refused(options, said):
    with pytest.raises(MethodError, match=said):
        random_effects(Y, V, **options)


def test_a_common_effect_has_no_between_study_variance_to_give():
    with pytest.raises(MethodError, match=r"tau2 = 0\.1 in a common-effect model, which has none"):
        meta_regression(Y, V, {"group": GROUP}, method="common", tau2=0.1)


def test_a_bad_number_is_named_by_its_study():
    with pytest.raises(MethodError, match=r"beta: the variance is -1\.0; a finite number of at least 0 is expected"):
        random_effects([1.0, 2.0], [1.0, -1.0], labels=["alpha", "beta"])
    assert random_effects(Y, V).labels[:2] == ("study 1", "study 2")
    assert random_effects([1.0, 2.0], [1.0, 1.0], labels=["alpha", "beta"]).labels == ("alpha", "beta")


def test_nothing_of_a_result_can_be_assigned():
    model = random_effects(Y, V)
    for name in ("test", "level", "method", "estimates", "fits", "moderators"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(model, name, None)
    for name in ("beta", "tau2", "standard_error", "i2"):
        with pytest.raises(AttributeError):
            setattr(model, name, 1.0)
    for part in (model.fits, model.inference, model.predict(), model.tau2_interval(), model.moderators):
        field = dataclasses.fields(part)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, field, None)


@pytest.mark.parametrize("name", ["estimate", "standard_error", "interval", "p_value"])
def test_moderators_leave_no_one_effect(name):
    model = meta_regression(Y, V, {"group": GROUP})
    with pytest.raises(MethodError, match=r"a model with moderators has no one .*; use beta, or predict"):
        getattr(model, name)
