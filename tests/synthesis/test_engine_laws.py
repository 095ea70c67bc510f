"""Laws that every estimator and every test keeps, on invented studies."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_models import METHODS, TESTS, assert_same, fitted, studies

SCALES = (1e-8, 1e-6, 0.37, 1e6, 1e8)
each_model = pytest.mark.parametrize("moderated", [False, True], ids=["mean", "moderators"])
each_method = pytest.mark.parametrize("method", METHODS)
each_test = pytest.mark.parametrize("test", TESTS)
each_data = pytest.mark.parametrize("heterogeneity", [1.0, 0.0], ids=["heterogeneous", "homogeneous"])


@each_data
@each_model
@each_test
@each_method
def test_another_unit_changes_nothing_but_the_unit(method, test, moderated, heterogeneity):
    data = studies(12, heterogeneity)
    model = fitted(data, method, test, moderated)
    for scale in SCALES:
        scaled = data.changed(y=data.y * scale, v=data.v * scale**2)
        assert_same(fitted(scaled, method, test, moderated), model, unit=scale)


@each_data
@each_model
@each_test
@each_method
def test_the_order_of_studies_changes_nothing(method, test, moderated, heterogeneity):
    data = studies(12, heterogeneity)
    order = np.random.default_rng(1).permutation(12)
    model, other = fitted(data, method, test, moderated), fitted(data.rows(order), method, test, moderated)
    for name in ("beta", "standard_errors", "low", "high", "p_values", "tau2", "q_e", "q_m", "i2", "s2w"):
        np.testing.assert_allclose(getattr(other, name), getattr(model, name), rtol=1e-10, atol=1e-13, err_msg=name)
    for name in ("weights", "fitted"):
        np.testing.assert_allclose(getattr(other, name), getattr(model, name)[order], rtol=1e-10, atol=1e-13)


@each_model
@each_test
@each_method
def test_swapping_the_arms_turns_the_sign_and_nothing_else(method, test, moderated):
    data = studies(12)
    model, other = (fitted(one, method, test, moderated) for one in (data, data.changed(y=-data.y)))
    np.testing.assert_allclose(other.beta, -model.beta, rtol=1e-12)
    np.testing.assert_allclose(other.low, -model.high, rtol=1e-12)
    np.testing.assert_allclose(other.high, -model.low, rtol=1e-12)
    for name in ("tau2", "standard_errors", "p_values", "q_e", "q_m", "i2", "h2", "s2w", "typical_variance"):
        np.testing.assert_allclose(getattr(other, name), getattr(model, name), rtol=1e-12, err_msg=name)
    assert other.r2 == (None if model.r2 is None else pytest.approx(model.r2, rel=1e-10))


@pytest.mark.parametrize("shift", [-3.0, 1e3, 1e6])
@each_model
@each_method
def test_a_shift_of_all_estimates_moves_the_intercept_alone(method, moderated, shift):
    data = studies(12)
    model, other = (fitted(one, method, "hartung-knapp", moderated) for one in (data, data.changed(y=data.y + shift)))
    rounding = 1e-13 * abs(shift) + 1e-12
    moved = np.zeros(model.p)
    moved[0] = shift
    np.testing.assert_allclose(other.beta, model.beta + moved, rtol=0, atol=rounding)
    for name in ("tau2", "standard_errors", "q_e", "i2", "h2", "s2w", "covariance"):
        np.testing.assert_allclose(getattr(other, name), getattr(model, name), rtol=100 * rounding, err_msg=name)


@pytest.mark.parametrize("moderated", [False, True])
def test_a_study_split_into_two_halves_counts_as_before(moderated):
    data = studies(9)
    twice = data.rows([0, *range(9)]).changed(v=np.concatenate([data.v[[0]] * 2, data.v[[0]] * 2, data.v[1:]]))
    model, other = fitted(data, "common", moderated=moderated), fitted(twice, "common", moderated=moderated)
    for name in ("beta", "covariance", "p_values", "q_e", "q_m"):
        np.testing.assert_allclose(getattr(other, name), getattr(model, name), rtol=1e-11, err_msg=name)
    assert other.weights[:2].sum() == pytest.approx(model.weights[0], rel=1e-12)


@each_method
def test_a_moderator_in_another_unit_is_the_same_model(method):
    data = studies(12)
    model, other = (fitted(one, method, moderated=True) for one in (data, data.changed(dose=1990 + 10 * data.dose)))
    np.testing.assert_allclose(other.fitted, model.fitted, rtol=1e-9, atol=1e-10)
    assert other.beta[1] == pytest.approx(model.beta[1] / 10, rel=1e-9)
    assert other.p_values[1] == pytest.approx(model.p_values[1], rel=1e-8)
    for name in ("tau2", "q_e", "q_m", "i2", "r2"):
        assert getattr(other, name) == pytest.approx(getattr(model, name), rel=1e-8, abs=1e-12), name


@each_method
def test_other_names_of_categories_are_the_same_model(method):
    data = studies(12)
    renamed = data.changed(group=np.array([{"a": "z", "b": "b", "c": "a"}[name] for name in data.group]))
    model, other = fitted(data, method, moderated=True), fitted(renamed, method, moderated=True)
    np.testing.assert_allclose(other.fitted, model.fitted, rtol=1e-10, atol=1e-12)
    for name in ("tau2", "q_e", "q_m", "i2", "r2"):
        assert getattr(other, name) == pytest.approx(getattr(model, name), rel=1e-9, abs=1e-13), name


@each_method
def test_equal_variances_give_the_plain_mean(method):
    data = studies(8).changed(v=np.full(8, 0.3), weights=np.ones(8))
    model = fitted(data, method)
    assert model.estimate == pytest.approx(data.y.mean(), rel=1e-12)
    np.testing.assert_allclose(model.weights, 1 / 8, rtol=1e-12)
    # Closed forms at equal variances, from the sample variance s2: all estimators of moments and REML have one root.
    s2 = data.y.var(ddof=1)
    shrunk = {"common": 0.0, "ML": 7 / 8 * s2 - 0.3, "HS": 7 / 8 * s2 - 0.3}
    if method not in ("PMM", "SJ", "HS", "HSk"):
        assert model.tau2 == pytest.approx(shrunk.get(method, s2 - 0.3), rel=1e-10)


@each_data
@each_model
@each_method
def test_a_higher_level_gives_a_wider_interval(method, moderated, heterogeneity):
    data = studies(12, heterogeneity)
    narrow, wide = (fitted(data, method, "hartung-knapp-guarded", moderated, level=level) for level in (0.9, 0.99))
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()
    assert (narrow.low < narrow.beta).all()
    np.testing.assert_array_equal(wide.p_values, narrow.p_values)


@each_model
@each_method
def test_the_guard_is_never_narrower_than_either(method, moderated):
    for seed in range(20):
        data = studies(7, float(seed % 2), seed)
        plain, free, guarded = (
            fitted(data, method, test, moderated).standard_errors
            for test in ("t", "hartung-knapp", "hartung-knapp-guarded")
        )
        np.testing.assert_allclose(guarded, np.maximum(plain, free), rtol=1e-9)
