"""The Bayesian random-effects model as it is called: what it refuses, marks, shows, and does for many data sets."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis.bayes import BayesianMetaAnalysis, bayesian_many, bayesian_random_effects
from synth.synthesis.bayes import quadrature as bayes_quadrature
from synth.synthesis.priors import (
    Prior,
    empirical_prior,
    half_cauchy,
    half_normal,
    half_t,
    log_normal,
    log_t,
    uniform,
)

# Invented estimates and variances.
Y = np.array([0.12, 0.83, -0.31, 0.44, 0.29])
V = np.array([0.04, 0.11, 0.07, 0.02, 0.3])
LABELS = ("Ash 2001", "Elm 2003", "Fir 2007", "Oak 2011", "Yew 2012")


def fit(k: int = 5, prior: Prior | None = None, **options: Any) -> BayesianMetaAnalysis:
    return bayesian_random_effects(Y[:k], V[:k], prior=prior or half_normal(0.5), labels=LABELS[:k], **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": None}, "there is no default, because with few studies the result rests on the prior"),
        ({"prior": 0.5}, r"prior = 0.5: a prior of tau is expected, such as half_normal\(0.5\)"),
        ({"level": 95}, "confidence level 95: a proportion"),
        ({"interval": "hpd"}, "interval 'hpd': one of shortest, central is expected"),
        ({"mean_prior": (0, 0)}, r"mean_prior = \(0, 0\): the mean and the standard deviation \(above 0\)"),
        ({"mean_prior": (math.nan, 1)}, "mean_prior"),
        ({"mean_prior": 3}, "mean_prior = 3"),
        ({"mean_prior": (0, 1, 2)}, "mean_prior"),
        ({"labels": ["one"]}, "1 names for 5 estimates"),
        ({"prior": half_normal(1e-90)}, "a prior within a factor of 1e60"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        bayesian_random_effects(Y, V, **{"prior": half_normal(0.5), **options})


def test_a_prior_has_to_be_given() -> None:
    with pytest.raises(MethodError, match="prior = None: a prior of tau is expected"):
        bayesian_random_effects(Y, V)


@pytest.mark.parametrize(
    ("estimates", "variances", "message"),
    [
        ([], [], "k = 0: there is no estimate"),
        ([1.0, math.nan], [1.0, 1.0], "Elm 2003: the estimate is nan"),
        ([1.0, math.inf], [1.0, 1.0], "Elm 2003: the estimate is inf"),
        ([1.0, 2.0], [1.0, -1.0], "Elm 2003: the variance is -1.0; a finite number above 0"),
        ([1.0, 2.0], [1.0, 0.0], "Elm 2003: the variance is 0.0; a finite number above 0"),
        ([1.0, 2.0], [1.0], "2 estimates and 1 variances"),
        ([[1.0, 2.0]], [1.0, 2.0], "one column is expected"),
        (["a", "b"], [1.0, 2.0], "a column of numbers is expected"),
    ],
)
def test_data_that_are_refused(estimates: Any, variances: Any, message: str) -> None:
    labels = LABELS[: len(estimates)] if len(estimates) == 2 else None
    with pytest.raises(MethodError, match=message):
        bayesian_random_effects(estimates, variances, prior=half_normal(1), labels=labels)


@pytest.mark.parametrize(
    ("k", "words"),
    [
        (1, "one study: nothing is pooled, and what is said of tau is the prior half-normal(0.5) alone"),
        (2, "two studies: for sensitivity only"),
        (3, "only 3 studies: the result leans on the prior half-normal(0.5)"),
        (4, "only 4 studies"),
    ],
)
def test_few_studies_are_marked(k: int, words: str) -> None:
    assert fit(k).marks[0].startswith(words)


def test_five_studies_are_not() -> None:
    assert fit(prior=half_normal(0.5, reason="invented")).marks == ()


@pytest.mark.parametrize(
    ("k", "prior", "mean_prior", "means", "spreads"),
    [
        # The posterior falls as tau to the -(k - 1) - d - 1, with a normal mean as tau to the -k - d - 1.
        (1, half_cauchy(1), None, False, False),
        (1, half_cauchy(1), (0.0, 1.0), True, False),
        (2, half_cauchy(1), None, True, False),
        (2, half_cauchy(1), (0.0, 1.0), True, True),
        (3, half_cauchy(1), None, True, True),
        (1, half_t(1, 1.5), None, True, False),
        (1, half_t(1, 2.5), None, True, True),
        (1, half_normal(1), None, True, True),
        (1, uniform(1), None, True, True),
        (1, log_normal(0, 1), None, True, True),
        (1, log_t(0, 1, 5), None, False, False),
        (1, log_t(0, 1, 5), (0.0, 1.0), True, False),
        (2, log_t(0, 1, 5), None, True, False),
        (3, log_t(0, 1, 5), None, True, True),
    ],
)
def test_moments_that_do_not_exist_are_said_not_to(
    k: int, prior: Prior, mean_prior: Any, means: bool, spreads: bool
) -> None:
    model = fit(k, prior, mean_prior=mean_prior)
    for posterior in (model.tau, model.predictive):
        assert math.isfinite(posterior.mean) == means
        assert math.isfinite(posterior.sd) == spreads
        assert math.isfinite(posterior.median)
    assert math.isfinite(model.mu.mean) == (means or mean_prior is not None)
    assert math.isfinite(model.mu.sd) == (spreads or mean_prior is not None)
    assert any("no posterior mean" in mark for mark in model.marks) == (not means)
    assert any("is infinite" in mark for mark in model.marks) == (means and not spreads)
    if not means:
        assert model.tau.mean == math.inf
        assert math.isnan(model.tau.sd)
        assert math.isnan(model.predictive.mean)


def test_a_mean_that_exists_does_not_depend_on_how_far_the_integral_goes() -> None:
    # The mean of tau under a half-t prior with 1.05 degrees of freedom lies mostly in the far tail.
    model = fit(1, half_t(0.5, 1.05))
    expected = 2 * 0.5 * math.sqrt(1.05) * math.gamma(1.025) / (math.sqrt(math.pi) * math.gamma(0.525) * 0.05)
    assert model.tau.mean == pytest.approx(expected, rel=1e-9)


def test_shrinkage_of_one_study_exists_even_where_the_mean_of_mu_does_not() -> None:
    effect = fit(1, half_cauchy(1)).shrinkage().effects[0]
    assert effect.mean == pytest.approx(Y[0], rel=1e-9)
    assert effect.sd == pytest.approx(math.sqrt(V[0]), rel=1e-9)


def test_a_uniform_prior_that_cuts_the_posterior_off_is_marked() -> None:
    cut = bayesian_random_effects([0.0, 5.0, 9.0], [0.1, 0.1, 0.1], prior=uniform(2))
    assert "the posterior of tau reaches the prior's upper end of 2: that end decides the result" in cut.marks
    assert not any("upper end" in mark for mark in fit(prior=uniform(20)).marks)


def test_a_prior_against_all_digits_of_the_data_is_marked() -> None:
    model = bayesian_random_effects([0.0, 1e6, 3e6], [1e-4, 1e-4, 1e-4], prior=uniform(1))
    assert any("contradict each other" in mark for mark in model.marks)
    assert not bayesian_many([[0.0, 1e6, 3e6]], [1e-4, 1e-4, 1e-4], prior=uniform(1)).converged[0]


def test_a_quadrature_that_does_not_reach_its_accuracy_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes_quadrature, "_DEPTH", 1)
    model = bayesian_random_effects(np.linspace(0, 9, 40), np.full(40, 0.01), prior=half_normal(1))
    assert any("did not reach its accuracy" in mark for mark in model.marks)
    assert model.to_dict()["converged"] is False
    assert not bayesian_many([np.linspace(0, 9, 40)], np.full(40, 0.01), prior=half_normal(1)).converged[0]


def test_a_quadrature_that_would_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes_quadrature, "_MOST", 0)
    model = bayesian_random_effects(np.linspace(0, 9, 40), np.full(40, 0.01), prior=half_normal(1))
    assert any("did not reach its accuracy" in mark for mark in model.marks)


def test_rounding_in_sums_over_many_studies_does_not_halve_panels_for_ever() -> None:
    rng = np.random.default_rng(0)
    v = rng.uniform(0.05, 0.5, 20_000)
    model = bayesian_random_effects(rng.normal(0, np.sqrt(v + 0.2)), v, prior=half_cauchy(0.5, reason="invented"))
    assert model.marks == ()
    assert len(model.fitted.quadrature.panels.which) < 60
    assert model.tau.median == pytest.approx(math.sqrt(0.2), abs=0.02)


def test_a_caution_of_the_prior_is_a_mark() -> None:
    prior = empirical_prior(
        "SMD", outcome="mental health", comparators=("non-pharmacological", "placebo or control"), area="other"
    )
    assert any("misprint" in mark for mark in fit(prior=prior).marks)


def test_intervals_on_request() -> None:
    model = fit()
    assert model.mu.interval() == model.mu.interval(0.95, "shortest")
    low, high = model.mu.interval(0.8, "central")
    assert model.mu.cdf([low, high]) == pytest.approx([0.1, 0.9], abs=1e-12)
    assert fit(interval="central", level=0.8).mu.interval() == pytest.approx((low, high), rel=1e-12)
    assert model.tau.interval()[0] == 0.0
    assert model.tau.interval(kind="central")[0] > 0
    with pytest.raises(MethodError, match="confidence level 80"):
        model.mu.interval(80)
    with pytest.raises(MethodError, match="interval 'wide'"):
        model.mu.interval(0.8, "wide")  # type: ignore[arg-type]


def test_functions_keep_the_shape_of_what_they_are_given() -> None:
    model = fit()
    for posterior in (model.mu, model.tau):
        assert np.shape(posterior.density(0.3)) == ()
        assert posterior.cdf(np.zeros((2, 3)) + 0.3).shape == (2, 3)
        assert posterior.quantile([]).shape == (0,)
        assert posterior.density(np.linspace(0, 1, 2500)).shape == (2500,)
    assert model.mu.quantile([0.0, 1.0]).tolist() == [-math.inf, math.inf]
    assert model.tau.quantile([0.0, 1.0]).tolist() == [0.0, math.inf]
    assert fit(prior=uniform(2)).tau.quantile(1.0) == 2.0
    assert model.tau.density([-0.1, math.inf]).tolist() == [0.0, 0.0]
    assert model.tau.cdf([-0.1, math.inf]).tolist() == [0.0, 1.0]
    assert model.mu.cdf([-math.inf, math.inf]) == pytest.approx([0.0, 1.0], abs=1e-15)


@pytest.mark.parametrize("value", [math.nan, "x", [0.1, math.nan]])
def test_functions_refuse_what_is_no_number(value: Any) -> None:
    model = fit()
    for function in (model.mu.density, model.tau.cdf, model.predictive.survival):
        with pytest.raises(MethodError, match="x "):
            function(value)
    with pytest.raises(MethodError, match="probability"):
        model.mu.quantile(value)


def test_probability_beyond_a_difference() -> None:
    model = fit()
    above, below = model.probability_beyond(0.2), model.probability_beyond(0.2, "below")
    assert above.mu + below.mu == pytest.approx(1, abs=1e-12)
    assert above.predictive + below.predictive == pytest.approx(1, abs=1e-12)
    assert above.mu > above.predictive > 0.5
    assert above.to_dict() == {
        "difference": 0.2,
        "direction": "above",
        "mu": above.mu,
        "predictive": above.predictive,
    }
    assert above.words() == (
        f"P(mean effect above 0.2) = {above.mu:.3f}; P(effect of a new study above 0.2) = {above.predictive:.3f}"
    )
    with pytest.raises(MethodError, match="difference = nan"):
        model.probability_beyond(math.nan)
    with pytest.raises(MethodError, match="direction 'beyond'"):
        model.probability_beyond(0.2, "beyond")  # type: ignore[arg-type]


def test_sensitivity_halves_and_doubles_the_prior() -> None:
    model = fit(3)
    found = model.sensitivity(0.1, "below")
    assert [row.factor for row in found.rows] == [0.5, 1.0, 2.0]
    assert [row.prior.scale for row in found.rows] == [0.25, 0.5, 1.0]
    for row in found.rows:
        alone = bayesian_random_effects(Y[:3], V[:3], prior=half_normal(row.prior.scale))
        assert row.mu.median == pytest.approx(alone.mu.median, rel=1e-12)
        assert row.beyond is not None
        assert row.beyond.mu == pytest.approx(alone.probability_beyond(0.1, "below").mu, rel=1e-12)
    table = found.table()
    assert table["prior"].tolist() == ["half-normal(0.25)", "half-normal(0.5)", "half-normal(1)"]
    assert table["tau_median"].is_monotonic_increasing
    assert "p_beyond_mu" not in model.sensitivity().table()
    assert "the median of mu goes from" in model.sensitivity().words()
    json.dumps(found.to_dict(), allow_nan=False)
    assert "half-normal(0.25)" in found._repr_html_()


def test_shrinkage_lies_between_estimate_and_mean() -> None:
    model = fit()
    table = model.shrinkage().table()
    assert tuple(table.index) == LABELS
    assert table["estimate"].tolist() == Y.tolist()
    between = (table["mean"] - model.mu.mean) * (table["estimate"] - table["mean"])
    assert (between > 0).all()
    assert (table["sd"] < np.sqrt(V)).all()
    assert "Oak 2011" in model.shrinkage()._repr_html_()


def test_tables_and_texts() -> None:
    model = fit(prior=half_normal(0.5, reason="Invented. "), mean_prior=(0, 2))
    assert tuple(model.table().index) == ("mu", "tau", "new study")
    row = model.summary().iloc[0]
    assert row["k"] == 5
    assert row["prior"] == "half-normal(0.5)"
    assert row["mean_prior"] == "normal(0, 2)"
    assert row["mu_median"] == model.mu.median
    assert row["predictive_low"] == model.predictive.interval()[0]
    assert "predictive_low" not in fit(2).summary()
    assert repr(model).startswith("BayesianMetaAnalysis(k = 5, prior of tau half-normal(0.5), ")
    assert repr(model.tau).startswith("Posterior(tau: median 0.")
    text = model.explain()
    for part in ("half-normal(0.5)", "It was chosen because: Invented.", "normal with mean 0 and SD 2", "shortest"):
        assert part in text
    assert "Its source: Turner" in fit(prior=empirical_prior("OR")).explain()
    assert "uniform" in fit(interval="central").explain()


def test_html_escapes_labels_and_shows_marks() -> None:
    html = fit(2, half_cauchy(1))._repr_html_()
    assert "does not exist" in html
    assert "two studies: for sensitivity only" in html
    assert "new study" not in html.split("</table>")[0]
    labels = ["<b>", "two", "three"]
    model = bayesian_random_effects(Y[:3], V[:3], prior=half_normal(1), labels=labels)
    assert "<b>" not in model.shrinkage()._repr_html_()
    assert "new study" in model._repr_html_()


def test_results_go_into_json_where_moments_do_not_exist_too() -> None:
    held = json.loads(json.dumps(fit(1, half_cauchy(1)).to_dict(), allow_nan=False))
    assert held["mu"]["mean"] is None
    assert held["tau"]["mean"] == "infinity"
    assert held["labels"] == ["Ash 2001"]
    assert held["prior"]["words"] == "half-Cauchy(1)"
    assert held["converged"] is True
    assert held["mean_prior"] is None
    full = fit(mean_prior=(0, 1)).to_dict()
    assert full["mean_prior"] == [0.0, 1.0]
    assert full["shrinkage"]["median"][1] == fit(mean_prior=(0, 1)).shrinkage().effects[1].median


@pytest.mark.parametrize("interval", ["shortest", "central"])
@pytest.mark.parametrize("prior", [half_normal(0.5), half_cauchy(0.5), uniform(2), log_t(-1.72, 1.3, 5)])
def test_many_data_sets_give_what_each_gives_alone(prior: Prior, interval: Any) -> None:
    rng = np.random.default_rng(7)
    v = rng.uniform(0.02, 0.4, (12, 3)) * np.array([1.0, 1.0, 30.0])
    y = rng.normal(0, np.sqrt(v + 0.3))
    mean_prior = (0.0, 2.0) if interval == "central" else None
    many = bayesian_many(y, v, prior=prior, mean_prior=mean_prior, interval=interval, predictive=True)
    assert many.converged.all()
    for row in range(12):
        one = bayesian_random_effects(y[row], v[row], prior=prior, mean_prior=mean_prior, interval=interval)
        assert many.mu_mean[row] == pytest.approx(one.mu.mean, abs=1e-8)
        assert many.mu_median[row] == pytest.approx(one.mu.median, abs=1e-8)
        assert many.tau_median[row] == pytest.approx(one.tau.median, rel=1e-7)
        assert (many.mu_low[row], many.mu_high[row]) == pytest.approx(one.mu.interval(), abs=1e-7)
        assert (many.tau_low[row], many.tau_high[row]) == pytest.approx(one.tau.interval(), abs=1e-6)
        predicted = (many.predictive_low[row], many.predictive_high[row])
        assert predicted == pytest.approx(one.predictive.interval(), abs=1e-6)


def test_many_data_sets_in_several_pieces_with_variances_in_common() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(0, 1, (1_100, 2))
    many = bayesian_many(y, [0.2, 0.5], prior=half_normal(0.5))
    assert many.mu_median.shape == (1_100,)
    assert np.isnan(many.predictive_low).all()
    one = bayesian_random_effects(y[1_099], [0.2, 0.5], prior=half_normal(0.5))
    assert many.mu_median[1_099] == pytest.approx(one.mu.median, abs=1e-9)
    assert np.isnan(bayesian_many(y[:2, :1], [0.2], prior=half_cauchy(1)).mu_mean).all()


@pytest.mark.parametrize(
    ("estimates", "variances", "message"),
    [
        ([1.0, 2.0], [1.0, 1.0], r"at least one data set a row"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "at least one data set a row"),
        (np.zeros((2, 0)), np.zeros((2, 0)), "one study"),
        ([[1.0, 2.0]], [1.0], r"variances of shape \(1,\) for estimates of shape \(1, 2\)"),
        ([[1.0, 2.0], [1.0, math.nan]], [1.0, 1.0], "data set 2, study 2: the estimate is nan"),
        ([[1.0, 2.0]], [[1.0, 0.0]], "data set 1, study 2: the variance is 0.0"),
        ([["a", "b"]], [1.0, 1.0], "arrays of numbers"),
    ],
)
def test_many_data_sets_that_are_refused(estimates: Any, variances: Any, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        bayesian_many(estimates, variances, prior=half_normal(1))


def test_many_data_sets_need_a_prior_too() -> None:
    with pytest.raises(MethodError, match="there is no default"):
        bayesian_many([[1.0, 2.0]], [1.0, 1.0], prior=None)  # type: ignore[arg-type]


def test_joint_density_refuses_what_is_no_tau() -> None:
    with pytest.raises(MethodError, match="joint density"):
        fit().joint_density([0.1], [-0.1])
    with pytest.raises(MethodError, match="joint density"):
        fit().joint_density([math.nan], [0.1])


def test_a_prior_far_from_the_data_in_either_direction() -> None:
    tiny = fit(prior=half_normal(1e-30))
    weights = 1 / V
    assert tiny.mu.mean == pytest.approx((weights * Y).sum() / weights.sum(), rel=1e-12)
    assert tiny.tau.median == pytest.approx(1e-30 * 0.6744897501960817, rel=1e-9, abs=0)
    assert tiny.tau.mean == pytest.approx(1e-30 * math.sqrt(2 / math.pi), rel=1e-8, abs=0)
    wide = fit(prior=half_cauchy(1e30))
    assert 0 < wide.tau.median < 5
    assert wide.mu.interval()[0] > -3
