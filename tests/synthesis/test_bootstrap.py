"""Bootstrap: against closed cases and against fits written out, and laws that need no reference.

All data are invented.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from scipy.stats import norm

from synth.errors import MethodError
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.resampling import RESAMPLES, blocks, bootstrap
from synth.synthesis.resampling.bootstrap import leave_one_out
from synth.synthesis.resampling.draws import drawn_counts, generator_of
from synth.synthesis.resampling.intervals import acceleration_of, percentile

Y = np.array([0.1, 0.9, -0.4, 0.6, 1.3, 0.2, 0.7, -0.1])
V = np.array([0.05, 0.11, 0.07, 0.2, 0.09, 0.04, 0.15, 0.08])
X = np.array([1.0, 4.0, 2.0, 2.0, 5.0, 3.0, 4.0, 1.0])
# Deviations of this many Monte Carlo standard errors are less likely than 1 in 15,000.
FAR = 4.0


def models():
    return {
        "DL": random_effects(Y, V, method="DL"),
        "REML": random_effects(Y, V, test="hartung-knapp"),
        "common": common_effect(Y, V),
        "regression": meta_regression(Y, V, {"x": X}, method="PM"),
    }


def test_parametric_standard_error_of_a_common_effect_is_the_analytic_one():
    model = common_effect(Y, V)
    result = bootstrap(model, seed=1)
    analytic = 1 / math.sqrt(float(np.sum(1 / V)))
    # The estimate is normal, so that the variance of its sample SD is about sd**2 / (2 (B - 1)).
    assert abs(result.standard_error() - analytic) < FAR * analytic / math.sqrt(2 * (RESAMPLES - 1))
    assert abs(result.bias()) < FAR * analytic / math.sqrt(RESAMPLES)


def test_parametric_q_has_the_mean_and_spread_of_chi_squared():
    values = bootstrap(common_effect(Y, V), seed=2).values("q_e")
    degrees = len(Y) - 1
    variance = 2 * degrees
    # Fourth central moment of chi-squared: 12 df (df + 4).
    error_of_variance = math.sqrt((12 * degrees * (degrees + 4) - variance**2) / RESAMPLES)
    assert abs(values.mean() - degrees) < FAR * math.sqrt(variance / RESAMPLES)
    assert abs(values.var() - variance) < FAR * error_of_variance


def test_nonparametric_mean_with_equal_variances_has_the_spread_of_the_sample():
    model = common_effect(Y, np.full(len(Y), 0.1))
    result = bootstrap(model, seed=3, kind="nonparametric")
    exact = float(Y.std()) / math.sqrt(len(Y))
    # The kurtosis of a mean of eight is near that of the normal distribution; 1.2 allows for what is left.
    assert abs(result.standard_error() - exact) < 1.2 * FAR * exact / math.sqrt(2 * RESAMPLES)


def test_each_study_is_drawn_as_often_as_any_other():
    counts = drawn_counts(generator_of(1, "test"), RESAMPLES, 8)
    assert np.all(counts.sum(axis=1) == 8)
    # Each count is binomial: 8 draws with a chance of 1/8.
    assert np.all(np.abs(counts.mean(axis=0) - 1) < FAR * math.sqrt((7 / 8) / RESAMPLES))


@pytest.mark.parametrize("name", models())
def test_a_nonparametric_resample_is_the_model_of_the_studies_drawn(name):
    model = models()[name]
    result = bootstrap(model, seed=4, resamples=20, kind="nonparametric")
    counts = drawn_counts(generator_of(4, "test"), 20, len(Y)).astype(int)
    for row, drawn in enumerate(counts):
        y, v, x = (np.repeat(column, drawn) for column in (Y, V, X))
        if name == "common":
            alone = common_effect(y, v)
        elif name == "regression":
            alone = meta_regression(y, v, {"x": x}, method="PM")
        else:
            alone = random_effects(y, v, method=name, test=model.test)
        found = blocks.chosen(result.fits, np.array([row]))
        assert found.beta[0] == pytest.approx(alone.beta, rel=1e-9, abs=1e-12)
        assert found.tau2[0] == pytest.approx(alone.tau2, rel=1e-7, abs=1e-12)
        assert found.q_e[0] == pytest.approx(alone.q_e, rel=1e-9, abs=1e-12)
        for quantity in ("i2", "h2"):
            assert result.values(quantity)[row] == pytest.approx(getattr(alone, quantity), rel=1e-7, abs=1e-12)
        errors = "standard_error: x" if name == "regression" else "standard_error"
        assert result.values(errors)[row] == pytest.approx(alone.standard_errors[-1], rel=1e-7)


def test_observed_quantities_are_those_of_the_model():
    for model in models().values():
        result = bootstrap(model, seed=5, resamples=50)
        assert result.observed("i2") == pytest.approx(model.i2, rel=1e-12)
        assert result.observed("h2") == pytest.approx(model.h2, rel=1e-12)
        first = "x" if model.has_moderators else "estimate"
        assert result.observed(first) == model.beta[-1]
        assert result.observed(lambda fits: fits.beta[:, -1] * 2) == 2 * model.beta[-1]
        assert len(result.table()) == 50
        assert list(result.summary().index) == list(result.quantities)


@pytest.mark.parametrize("kind", ["parametric", "nonparametric"])
def test_blocks_of_any_size_and_the_same_seed_give_the_same_numbers(kind, monkeypatch):
    model = meta_regression(Y, V, {"x": X}, method="DL")
    whole = bootstrap(model, seed=6, resamples=500, kind=kind)
    again = bootstrap(model, seed=6, resamples=500, kind=kind)
    assert np.array_equal(whole.fits.beta, again.fits.beta)
    for numbers in (8, 56, 1000):
        monkeypatch.setattr(blocks, "BLOCK_NUMBERS", numbers)
        parts = bootstrap(model, seed=6, resamples=500, kind=kind)
        # Products of matrices of other sizes may differ in the last digit.
        assert parts.fits.beta == pytest.approx(whole.fits.beta, rel=1e-11, abs=1e-13)
        assert parts.not_estimable == whole.not_estimable
    other = bootstrap(model, seed=7, resamples=500, kind=kind)
    assert not np.any(other.fits.beta[:100] == whole.fits.beta[:100])


@pytest.mark.parametrize("kind", ["parametric", "nonparametric"])
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_another_unit_scales_the_results(kind, scale):
    one = bootstrap(random_effects(Y, V), seed=8, resamples=400, kind=kind)
    other = bootstrap(random_effects(Y * scale, V * scale**2), seed=8, resamples=400, kind=kind)
    assert other.interval() == pytest.approx([scale * limit for limit in one.interval()], rel=1e-7)
    assert other.values("tau2") == pytest.approx(one.values("tau2") * scale**2, rel=1e-6, abs=1e-12 * scale**2)
    assert other.interval("i2") == pytest.approx(one.interval("i2"), rel=1e-7, abs=1e-12)


def test_intervals_by_hand():
    result = bootstrap(common_effect(Y, V), seed=9, resamples=199)
    values, observed = np.sort(result.values()), result.observed()
    # (B + 1) q is a whole number: order statistics 10 and 190 of 199 bound 90 %.
    low, high = result.interval(level=0.9)
    assert (low, high) == pytest.approx((values[9], values[189]), rel=1e-12)
    assert result.interval(kind="basic", level=0.9) == pytest.approx((2 * observed - high, 2 * observed - low))
    centre, margin = observed - result.bias(), norm.ppf(0.95) * result.standard_error()
    assert result.interval(kind="normal", level=0.9) == pytest.approx((centre - margin, centre + margin))


def test_bca_by_hand():
    model = random_effects(Y, V, method="DL")
    result = bootstrap(model, seed=10, kind="nonparametric")
    left_out = [random_effects(np.delete(Y, i), np.delete(V, i), method="DL").estimate for i in range(len(Y))]
    distances = np.mean(left_out) - left_out
    a = np.sum(distances**3) / (6 * np.sum(distances**2) ** 1.5)
    equal = np.abs(result.values() - model.estimate) < 1e-12  # each study once, which some resamples are
    z0 = norm.ppf(np.mean((result.values() < model.estimate) & ~equal) + np.mean(equal) / 2)
    levels = [norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in norm.ppf([0.025, 0.975])]
    expected = np.quantile(result.values(), levels, method="weibull")
    assert abs(a) > 0.001
    assert result.interval(kind="bca") == pytest.approx(expected, rel=1e-9)
    assert acceleration_of(leave_one_out(model).beta[:, 0]) == pytest.approx(a, rel=1e-9)
    assert acceleration_of(np.ones(5)) == 0.0


def test_bca_follows_a_monotone_change_of_scale():
    result = bootstrap(random_effects(Y, V, method="DL"), seed=11, kind="nonparametric")
    percentiles = [result.interval(quantity) for quantity in ("tau2", "tau")]
    assert [math.sqrt(limit) for limit in percentiles[0]] == pytest.approx(percentiles[1], rel=1e-3)


def test_resamples_that_cannot_be_fitted_are_counted_and_said():
    model = meta_regression(Y[:4], V[:4], {"group": ["a", "a", "a", "b"]}, method="DL")
    result = bootstrap(model, seed=12, kind="nonparametric")
    # The study of its own group is left out of a resample with (3/4)**4, and the others all with (1/4)**4.
    share = (3 / 4) ** 4 + (1 / 4) ** 4
    error = math.sqrt(share * (1 - share) / RESAMPLES)
    assert abs(result.not_estimable / RESAMPLES - share) < FAR * error
    assert result.fitted == RESAMPLES - result.not_estimable == len(result.values("i2"))
    assert any(f"{result.not_estimable:,} of 10,000" in mark for mark in result.marks)
    assert any("selection" in mark for mark in result.marks)
    with pytest.raises(MethodError, match="without study 4"):
        result.interval("group: b", "bca")


def test_few_studies_are_said_with_the_number_of_different_resamples():
    for k in (2, 3, 4):
        model = common_effect(Y[:k], V[:k])
        result = bootstrap(model, seed=13, kind="nonparametric", resamples=2000)
        every = {tuple(sorted(drawn)) for drawn in itertools.product(range(k), repeat=k)}
        assert result.distinct == len(every)
        assert len(np.unique(np.round(result.values(), 12))) == len(every)
        assert any(str(len(every)) in mark for mark in result.marks)
    assert bootstrap(common_effect(Y[:5], V[:5]), seed=13, kind="nonparametric").marks == ()


def test_tau2_of_zero_and_equal_studies_have_a_point():
    model = random_effects(np.full(6, 0.3), V[:6], test="normal")
    assert any("tau2 is 0" in mark for mark in bootstrap(model, seed=14).marks)
    result = bootstrap(model, seed=14, kind="nonparametric")
    assert result.interval("tau2", "bca") == (0.0, 0.0)
    assert result.interval("tau2") == (0.0, 0.0)


def test_fixed_tau2_and_own_weights_are_kept():
    model = random_effects(Y, V, tau2=0.2, weights="equal", test="normal")
    result = bootstrap(model, seed=15, kind="nonparametric", resamples=300)
    assert "tau2" not in result.quantities
    assert np.all(result.fits.tau2 == pytest.approx(0.2))
    counts = drawn_counts(generator_of(15, "test"), 300, len(Y))
    assert result.values() == pytest.approx(counts @ Y / len(Y), rel=1e-12)


def test_bad_input_is_refused():
    model = random_effects(Y, V)
    for seed in (None, -1, 1.5, True, "now"):
        with pytest.raises(MethodError, match="seed"):
            bootstrap(model, seed=seed)
    for resamples in (0, -3, 2.5, True):
        with pytest.raises(MethodError, match="resamples"):
            bootstrap(model, seed=1, resamples=resamples)
    with pytest.raises(MethodError, match="parametric"):
        bootstrap(model, seed=1, kind="wild")
    with pytest.raises(MethodError, match="confidence level"):
        bootstrap(model, seed=1, level=95)
    with pytest.raises(MethodError, match="at least 2"):
        bootstrap(random_effects(Y[:1], V[:1]), seed=1)
    with pytest.raises(MethodError, match="at least 3"):
        bootstrap(meta_regression(Y[:2], V[:2], {"x": X[:2]}), seed=1)
    with pytest.raises(MethodError, match="Second has a sampling variance of 0"):
        bootstrap(random_effects([0.1, 0.9, 0.4], [0.1, 0.0, 0.1], labels=["First", "Second", "Third"]), seed=1)


def test_bad_questions_are_refused():
    result = bootstrap(random_effects(Y, V), seed=1, resamples=100)
    with pytest.raises(MethodError, match="one of estimate"):
        result.interval("slope")
    with pytest.raises(MethodError, match="BCa with the parametric"):
        result.interval(kind="bca")
    with pytest.raises(MethodError, match="percentile"):
        result.interval(kind="student")
    with pytest.raises(MethodError, match="at least 199"):
        result.interval(level=0.99)
    with pytest.raises(MethodError, match="not finite in 100 of 100"):
        result.interval(lambda fits: fits.tau2 / 0.0)
    with pytest.raises(MethodError, match="one number for each"):
        result.values(lambda fits: fits.beta)
    with pytest.raises(MethodError, match="at least 39"):
        percentile(np.arange(38.0), 0.95)
    few = bootstrap(random_effects(Y, V), seed=1, resamples=20)
    assert any("20 resamples are too few" in mark for mark in few.marks)
    assert few.summary()["low"].isna().all()


def test_results_are_shown_and_written():
    model = meta_regression(Y, V, {"<x>": X}, method="DL", level=0.9)
    for kind in ("parametric", "nonparametric"):
        result = bootstrap(model, seed=16, resamples=300, kind=kind)
        written = json.loads(json.dumps(result.to_dict()))
        assert written["quantities"]["<x>"]["low"] == result.interval("<x>")[0]
        assert written["seed"] == 16
        page = result._repr_html_()
        assert "&lt;x&gt;" in page
        assert "<x>" not in page
        assert "90% percentile interval" in page
        words = result.explain()
        assert f"{kind} bootstrap" in words
        assert "300 resamples" in words
        assert "seed 16" in words
        assert ("Efron 1987" in words) == (kind == "nonparametric")
