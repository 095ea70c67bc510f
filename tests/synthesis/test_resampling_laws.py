"""Laws of bootstrap, permutation and tests of small-study effects, on invented studies."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_models import METHODS, TESTS, Studies, fitted, studies

from synth.synthesis.resampling import bootstrap, permutation_test
from synth.synthesis.small_study import (
    egger_test,
    fail_safe_n,
    henmi_copas,
    rank_test,
    regression_test,
    trim_and_fill,
)

SCALES = (1e-8, 1e-6, 1e6, 1e8)
each_model = pytest.mark.parametrize("moderated", [False, True], ids=["mean", "moderators"])
each_method = pytest.mark.parametrize("method", METHODS)
each_test = pytest.mark.parametrize("test", TESTS)
each_kind = pytest.mark.parametrize("kind", ["parametric", "nonparametric"])


def scaled(data: Studies, scale: float) -> Studies:
    return data.changed(y=data.y * scale, v=data.v * scale**2)


def flipped(data: Studies) -> Studies:
    return data.changed(y=-data.y)


@each_kind
@each_model
@each_method
def test_resamples_in_another_unit_are_the_same_resamples(method, moderated, kind):
    data = studies(12)
    plain = bootstrap(fitted(data, method, moderated=moderated), seed=5, resamples=60, kind=kind)
    for scale in SCALES:
        found = bootstrap(fitted(scaled(data, scale), method, moderated=moderated), seed=5, resamples=60, kind=kind)
        np.testing.assert_allclose(found.fits.beta, plain.fits.beta * scale, rtol=1e-7, atol=1e-10 * scale)
        np.testing.assert_allclose(found.fits.tau2, plain.fits.tau2 * scale**2, rtol=1e-7, atol=1e-10 * scale**2)


@each_kind
@each_model
def test_a_seed_is_a_result(moderated, kind):
    model = fitted(studies(12), moderated=moderated)
    first, again, other = (bootstrap(model, seed=seed, resamples=50, kind=kind).fits.beta for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:, 0], other[: len(first), 0])


@each_method
def test_the_bootstrap_spreads_as_the_model_says(method):
    """At equal variances the standard error of a mean is known; 4,000 resamples leave 1 % of chance, 5 % is allowed."""
    data = studies(200).changed(v=np.full(200, 0.3), weights=np.ones(200))
    model = fitted(data, method)
    for kind, variance in (("parametric", 0.3 + model.tau2), ("nonparametric", data.y.var())):
        found = bootstrap(model, seed=3, resamples=4_000, kind=kind)
        assert found.standard_error("estimate") == pytest.approx(np.sqrt(variance / 200), rel=0.05)
        assert abs(found.bias("estimate")) < 5 * np.sqrt(variance / 200 / 4_000)


@each_model
@each_test
@each_method
def test_permutation_knows_no_unit_and_no_arm(method, test, moderated):
    data = studies(12)
    options = {"exact": False, "permutations": 99, "seed": 8}
    plain = permutation_test(fitted(data, method, test, moderated), **options)
    for other in (scaled(data, 1e6), scaled(data, 1e-6), flipped(data)):
        found = permutation_test(fitted(other, method, test, moderated), **options)
        np.testing.assert_allclose(np.abs(found.statistics), np.abs(plain.statistics), rtol=1e-8)
        np.testing.assert_allclose(found.p_values, plain.p_values, rtol=1e-12)
        assert found.q_m_p == pytest.approx(plain.q_m_p, rel=1e-12)
    # A multiple of 1 / (99 + 1), never 0: the observed arrangement is one of them.
    np.testing.assert_allclose(plain.p_values * 100, np.rint(plain.p_values * 100), rtol=1e-12)
    assert (plain.p_values > 0).all()


@each_method
def test_all_signs_of_few_studies(method):
    """Estimates that all lie on one side: of 2**6 sign patterns two are as extreme, this one and its mirror image."""
    data = studies(6)
    far = data.changed(y=np.array([1.0, 1.1, 0.9, 1.05, 0.95, 1.02]), v=np.full(6, 0.01), weights=np.ones(6))
    found = permutation_test(fitted(far, method), exact=True)
    assert found.exact
    assert found.p_value == pytest.approx(2 / 64, rel=1e-12)


SMALL_STUDY = {
    "egger": egger_test,
    "egger, mixed": lambda model: egger_test(model, kind="mixed"),
    "variance": lambda model: regression_test(model, predictor="variance"),
    "rank": rank_test,
}


@pytest.mark.parametrize("name", SMALL_STUDY)
@pytest.mark.parametrize("heterogeneity", [0.0, 1.0])
def test_asymmetry_knows_no_unit_and_no_arm(name, heterogeneity):
    data = studies(12, heterogeneity)
    plain = SMALL_STUDY[name](fitted(data)).p_value
    assert 0 < plain < 1
    for other in (*(scaled(data, scale) for scale in SCALES), flipped(data), data.rows(np.arange(12)[::-1])):
        assert SMALL_STUDY[name](fitted(other)).p_value == pytest.approx(plain, rel=1e-8)


@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
@each_method
def test_trim_and_fill_turns_its_side_with_the_arms(method, estimator):
    """Studies on one side of the funnel only, so that there is something to fill."""
    data = studies(15)
    lopsided = data.changed(y=0.1 + 0.5 * np.sqrt(data.v) + 0.2 * data.y, weights=1 / data.v)
    plain = trim_and_fill(fitted(lopsided, method), estimator)
    for other, scale, mirrored in ((scaled(lopsided, 1e6), 1e6, False), (flipped(lopsided), -1.0, True)):
        found = trim_and_fill(fitted(other, method), estimator)
        assert found.k0 == plain.k0
        assert (found.side == plain.side) is not mirrored
        assert found.k0 > 0
        assert found.model.estimate == pytest.approx(scale * plain.model.estimate, rel=1e-8)


@pytest.mark.parametrize("kind", ["Rosenthal", "Orwin", "Rosenberg"])
def test_studies_that_would_have_to_be_hidden(kind):
    data = studies(10).changed(y=np.linspace(0.4, 1.4, 10))
    plain = fail_safe_n(data.y, data.v, kind=kind).number
    assert plain > 0
    for other in (*(scaled(data, scale) for scale in SCALES), flipped(data)):
        assert fail_safe_n(other.y, other.v, kind=kind).number == plain


def test_henmi_and_copas_follow_the_unit():
    data = studies(10)
    plain = henmi_copas(fitted(data, "DL"))
    for scale in SCALES:
        found = henmi_copas(fitted(scaled(data, scale), "DL"))
        np.testing.assert_allclose(
            [found.estimate, *found.interval], np.array([plain.estimate, *plain.interval]) * scale
        )
