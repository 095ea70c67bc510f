"""Posterior densities as drawn: the model's own densities, medians, intervals and probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from panel_artists import lines_of, words

from synth.errors import MethodError
from synth.plots.posterior_plot import posterior_plot
from synth.synthesis import random_effects
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.priors import half_cauchy, half_normal, log_t, uniform

PRIOR = half_normal(0.5, reason="invented")


def model(k, prior=PRIOR, wide=False):
    """Invented: k studies that spread a little."""
    rng = np.random.default_rng(k)
    v = rng.uniform(0.02, 0.2, k)
    y = rng.normal(0.4, 0.2, k) + rng.normal(0, np.sqrt(v))
    if wide:
        v[-1] = 80.0
    return bayesian_random_effects(y, v, prior=prior)


def drawn(fitted, **options):
    return posterior_plot(fitted, **{"effect_label": "Mean difference", "null_value": 0.0, **options})


@pytest.mark.parametrize("k", [2, 12])
def test_every_curve_is_the_model_s_density(k):
    fitted = model(k)
    drawing = drawn(fitted, sensitivity=True)
    data, lines = drawing.data().query("part == 'density'"), lines_of(drawing)
    halved, doubled = (fitted.with_prior(PRIOR.scaled(factor)) for factor in (0.5, 2.0))
    expected = {
        "mu": fitted.mu.density,
        "mu, prior's scale halved": halved.mu.density,
        "mu, prior's scale doubled": doubled.mu.density,
        "new study": fitted.predictive.density,
        "tau": fitted.tau.density,
        "tau, prior's scale halved": halved.tau.density,
        "tau, prior's scale doubled": doubled.tau.density,
        "prior of tau": PRIOR.density,
    }
    assert set(data["label"]) == set(expected)
    for label, density in expected.items():
        rows = data[data["label"] == label]
        np.testing.assert_allclose(rows["density"], density(rows["x"].to_numpy()), rtol=1e-10)
        np.testing.assert_array_equal(lines[label].get_xydata(), rows[["x", "density"]].to_numpy())


def test_medians_intervals_and_shaded_regions_are_those_of_the_model():
    fitted = model(5)
    drawing = drawn(fitted)
    data = drawing.data().set_index(["part", "label"])["x"]
    for name, posterior in (("mu", fitted.mu), ("tau", fitted.tau)):
        low, high = posterior.interval()
        assert data["median", name] == posterior.median
        assert (data["low", name], data["high", name]) == (low, high)
        region = next(
            area for axes in drawing.axes for area in axes.collections if area.get_label() == f"interval {name}"
        )
        xs = region.get_paths()[0].vertices[:, 0]
        assert (xs.min(), xs.max()) == pytest.approx((low, high), abs=1e-12)
        assert lines_of(drawing)[f"median {name}"].get_xdata()[0] == posterior.median


def test_most_of_the_probability_is_on_the_axis():
    for fitted in (model(2), model(12), model(3, half_cauchy(0.3, reason="invented"))):
        drawing = drawn(fitted)
        mean, tau = (next(axes for axes in drawing.axes if any(line.get_label() == name for line in axes.lines))
                     for name in ("mu", "tau"))  # fmt: skip
        low, high = mean.get_xlim()
        assert fitted.mu.cdf(high) - fitted.mu.cdf(low) > 0.9
        assert fitted.tau.cdf(tau.get_xlim()[1]) > 0.9


def test_the_probability_beyond_the_important_difference_is_in_words():
    fitted = model(5)
    beyond = fitted.probability_beyond(0.3, "above")
    alt = drawn(fitted, important_difference=0.3).alt_text()
    assert f"Probability of a mean effect above 0.3: {beyond.mu:.3g}; of the effect of a new study" in alt
    below = fitted.probability_beyond(0.3, "below")
    alt = drawn(fitted, important_difference=0.3, direction="below", sensitivity=True).alt_text()
    assert f"mean effect below 0.3: {below.mu:.3g}" in alt
    halved = fitted.with_prior(PRIOR.scaled(0.5)).probability_beyond(0.3, "below")
    assert f"with the prior's scale halved {halved.mu:.3g}; with the prior's scale doubled" in alt
    assert "above 0.999" in drawn(fitted, important_difference=-9).alt_text()
    assert "below 0.001" in drawn(fitted, important_difference=9, direction="above").alt_text()


def test_ratios_stand_on_a_logarithmic_axis():
    fitted = model(5)
    drawing = drawn(fitted, log_scale=True, null_value=1, important_difference=1.25)
    data = drawing.data()
    mean = next(axes for axes in drawing.axes if any(line.get_label() == "mu" for line in axes.lines))
    assert mean.get_xscale() == "log"
    rows = data[(data["part"] == "density") & (data["label"] == "mu")]
    np.testing.assert_allclose(rows["density"], fitted.mu.density(np.log(rows["x"].to_numpy())), rtol=1e-10)
    assert data.set_index(["part", "label"]).loc[("median", "mu"), "x"] == pytest.approx(math.exp(fitted.mu.median))
    beyond = fitted.probability_beyond(math.log(1.25), "above")
    assert f"above 1.25: {beyond.mu:.3g}" in drawing.alt_text()
    assert "of the logarithm" in words(drawing)


def test_a_prior_far_higher_than_the_posterior_is_cut_and_told():
    spread = bayesian_random_effects(
        np.linspace(-3, 3, 20), np.full(20, 0.1), prior=half_cauchy(0.01, reason="invented")
    )
    drawing = drawn(spread)
    data = drawing.data().set_index("label")
    highest = next(axes for axes in drawing.axes if any(line.get_label() == "tau" for line in axes.lines)).get_ylim()[1]
    assert data.loc["prior of tau", "density"].max() > 10 * highest
    assert data.loc["tau", "density"].max() < highest
    assert "A density of τ is higher than shown near 0." in drawing.alt_text()
    assert "higher than shown" not in drawn(model(3)).alt_text()
    drawn(model(3, log_t(-1.0, 1.0, 3.0, reason="invented")))


def test_a_marked_value_far_away_is_told_and_does_not_squeeze_the_curves():
    fitted = bayesian_random_effects([500.0, 500.3, 499.8], [0.1, 0.1, 0.2], prior=PRIOR)
    drawing = drawn(fitted)
    mean = next(axes for axes in drawing.axes if any(line.get_label() == "mu" for line in axes.lines))
    assert mean.get_xlim()[0] > 490
    assert "Beyond the axis, to the left: no effect (0)." in drawing.alt_text()
    assert "no effect (0)" not in lines_of(drawing)


def test_marks_of_the_model_and_the_prior_are_told():
    shown = words(drawn(model(2)))
    assert "prior of τ, half-normal(0.5)" in shown
    assert "Two studies: for sensitivity only" in " ".join(shown.split())
    assert "uniform(0, 2)" in drawn(model(3, uniform(2.0, reason="invented"))).alt_text()


@pytest.mark.parametrize(("k", "wide"), [(2, True), (3, False), (12, True), (60, False)])
def test_pictures_are_readable_and_repeat(k, wide, assert_readable):
    options = {
        "important_difference": 0.5,
        "difference_label": "an important difference that was published for quite another disease and another joint",
        "sensitivity": k < 4,
        "title": "Invented studies",
    }
    drawing = drawn(model(k, wide=wide), **options)
    assert_readable(drawing)
    assert drawing.svg() == drawn(model(k, wide=wide), **options).svg()


def test_bad_options_are_refused():
    fitted = model(3)
    with pytest.raises(MethodError, match=r"a marked value of 0\.0: a ratio above 0"):
        drawn(fitted, log_scale=True)
    with pytest.raises(MethodError, match="a marked value of nan: a finite number"):
        drawn(fitted, important_difference=math.nan)
    with pytest.raises(MethodError, match="direction 'up'"):
        drawn(fitted, important_difference=0.5, direction="up")


def test_of_one_study_there_is_no_posterior_to_draw():
    with pytest.raises(MethodError, match="posterior plot: k = 1, so nothing is pooled"):
        drawn(model(1))


@pytest.mark.parametrize("other", [None, random_effects([0.1, 0.2], [0.1, 0.1])])
def test_what_is_no_bayesian_model_is_refused(other):
    with pytest.raises(MethodError, match=f"a BayesianMetaAnalysis is expected, not {type(other).__name__}"):
        drawn(other)


def test_the_dashes_of_a_halved_prior_have_wide_gaps():
    lines = lines_of(drawn(model(4), sensitivity=True))
    for name in ("mu", "tau"):
        offset, (on, off) = lines[f"{name}, prior's scale halved"]._unscaled_dash_pattern
        assert (offset, off > 2 * on) == (0, True)


def test_without_a_new_study_its_probability_is_not_told():
    alt = drawn(model(5), important_difference=0.3, new_study=False).alt_text()
    share = model(5).probability_beyond(0.3, "above").mu
    assert f"Probability of a mean effect above 0.3: {share:.3g}." in alt
    assert "new study" not in alt


def test_without_marked_values_and_new_study_only_the_posteriors_stand():
    drawing = drawn(model(3), null_value=None, new_study=False)
    assert set(drawing.data()["label"]) == {"mu", "tau", "prior of tau"}
    assert "line" not in set(drawing.data()["part"])
