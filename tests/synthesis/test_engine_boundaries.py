"""The engine where data are few, equal, or far apart, against what must come out there."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_models import METHODS, TESTS, fitted, numbers, studies
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import meta_regression, random_effects

each_method = pytest.mark.parametrize("method", METHODS)
each_test = pytest.mark.parametrize("test", TESTS)


@each_test
@each_method
def test_one_study_is_its_own_result_and_marked(method, test):
    data = studies(1)
    model = fitted(data, method, test)
    assert model.estimate == data.y[0]
    assert model.standard_error == pytest.approx(np.sqrt(data.v[0]), rel=1e-14)
    assert model.p_value == pytest.approx(2 * stats.norm.sf(abs(data.y[0]) / np.sqrt(data.v[0])), rel=1e-12)
    assert (model.tau2, model.i2, model.h2, model.q_e, model.q_e_p) == (0.0, 0.0, 1.0, 0.0, 1.0)
    assert "one study" in model.marks[0]


@pytest.mark.parametrize("far", [False, True], ids=["alike", "apart"])
def test_two_studies_have_closed_forms(far):
    data = studies(2)
    y, v = np.array([0.1, 3.0 if far else 0.3]), data.v
    difference = (y[1] - y[0]) ** 2
    for method in ("DL", "HE", "REML", "PM"):
        # With two studies these have one root, half the squared difference less the mean variance.
        expected = max(0.0, difference / 2 - v.mean())
        model = fitted(data.changed(y=y), method, "hartung-knapp")
        assert model.tau2 == pytest.approx(expected, rel=1e-10), method
        w = 1 / (v + expected)
        mean = (w @ y) / w.sum()
        assert model.estimate == pytest.approx(mean, rel=1e-10)
        assert model.standard_error == pytest.approx(np.sqrt(w @ (y - mean) ** 2 / w.sum()), rel=1e-9)
        assert model.high[0] - mean == pytest.approx(stats.t.ppf(0.975, 1) * model.standard_error, rel=1e-9)


@each_test
@each_method
def test_estimates_that_agree_exactly(method, test):
    data = studies(5).changed(y=np.full(5, 0.4))
    model = fitted(data, method, test)
    assert model.estimate == pytest.approx(0.4, rel=1e-14)
    assert model.q_e == pytest.approx(0.0, abs=1e-20)
    assert model.tau2 <= 1e-12
    if test == "hartung-knapp":
        assert model.standard_error == 0.0
        assert any("standard error is 0" in mark for mark in model.marks)
    elif method != "GENQ":  # its weights are the analyst's
        assert model.standard_error == pytest.approx((1 / data.v).sum() ** -0.5, rel=1e-9)


@each_method
def test_no_heterogeneity_is_the_common_effect(method):
    data = studies(10, heterogeneity=0.0)
    model, common = fitted(data, method), fitted(data, "common")
    if method in ("SJ", "PMM"):
        assert 0 <= model.tau2 < 0.1
        return
    assert model.tau2 == 0.0
    assert model.i2 == 0.0
    if method != "GENQ":
        np.testing.assert_allclose(model.low, common.low, rtol=1e-12)
        np.testing.assert_allclose(model.weights, common.weights, rtol=1e-12)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("HE", "GENQ")])
def test_a_study_that_knows_nothing_changes_next_to_nothing(method):
    """HE and GENQ are left out: their tau2 does not weight by precision. Nor does the value that SJ starts from."""
    data = studies(40)
    blind = data.changed(v=np.where(np.arange(40) == 3, 1e12, data.v))
    others = data.rows(np.arange(40) != 3)
    model, without = fitted(blind, method), fitted(others, method)
    assert model.estimate == pytest.approx(without.estimate, rel=0.02)
    assert model.weights[3] < 1e-10
    if method == "SJ":
        return
    # Nor does its own estimate matter, however far off.
    far = fitted(blind.changed(y=np.where(np.arange(40) == 3, 1e4, data.y)), method)
    assert far.estimate == pytest.approx(model.estimate, rel=1e-6)


def test_a_study_that_knows_everything_is_the_common_effect():
    data = studies(6)
    sure = data.changed(v=np.where(np.arange(6) == 2, 1e-14, data.v))
    model = fitted(sure, "common")
    assert model.estimate == pytest.approx(data.y[2], rel=1e-10)
    assert model.standard_error == pytest.approx(1e-7, rel=1e-10)
    for method in METHODS:
        found = fitted(sure, method)
        assert data.y.min() < found.estimate < data.y.max(), method
        assert np.isfinite([found.tau2, found.standard_error, found.q_e]).all(), method


@each_method
def test_a_hundred_thousand_studies(method):
    data = studies(100_000)
    model = fitted(data, method)
    w = data.weights if method == "GENQ" else 1 / (data.v + model.tau2)
    assert model.estimate == pytest.approx(w @ data.y / w.sum(), rel=1e-9)
    # Five standard errors of the estimate and of tau2 around what the data were drawn with; SJ has a known bias.
    assert abs(model.estimate - 0.4) < 5 * model.standard_error or method == "common"
    if method not in ("common", "SJ"):
        assert model.tau2_se is not None
        assert abs(model.tau2 - 1.0) < 5 * model.tau2_se


@each_test
@each_method
def test_as_many_coefficients_as_studies_fit_exactly(method, test):
    data = studies(4)
    model = fitted(data, method, test, moderated=True)
    np.testing.assert_allclose(model.fitted, data.y, rtol=1e-9, atol=1e-10)
    assert model.tau2 == 0.0
    assert model.q_e_df == 0
    assert model.marks
    shown = numbers(model) if method == "common" else {"low": (1, model.low), "high": (1, model.high)}
    for name, (_, value) in shown.items():
        assert value is None or not np.isnan(np.asarray(value, dtype=float)).any(), name


@pytest.mark.parametrize(
    ("y", "v", "said"),
    [
        ([], [], "k = 0"),
        ([1.0], [0.0], "variance"),
        ([1.0, np.nan], [1.0, 1.0], "study 2: the estimate is nan"),
        ([1.0, 2.0], [1.0, -1.0], r"study 2: the variance is -1"),
        ([1.0, 2.0], [np.inf, 1.0], "study 1: the variance is inf"),
        ([1.0, 2.0], [1.0], "2 estimates and 1 variances"),
        ([[1.0, 2.0]], [[1.0, 2.0]], "one column"),
        (["a", "b"], [1.0, 2.0], "a column of numbers"),
        ([1e200, 1.0], [1.0, 1.0], "1e\\+200"),
    ],
)
def test_what_cannot_be_analysed_is_refused_in_words(y, v, said):
    with pytest.raises(MethodError, match=said):
        random_effects(y, v)


def test_moderators_that_follow_from_others_are_named():
    data = studies(8)
    with pytest.raises(MethodError, match="'twice'"):
        meta_regression(data.y, data.v, {"dose": data.dose, "twice": 2 * data.dose + 1})
