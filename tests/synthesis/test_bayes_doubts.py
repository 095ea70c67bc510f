"""Where a Bayesian result stands on little, it says so: no reason, a prior against the data, two studies. Invented."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis.bayes import BayesianMetaAnalysis, bayesian_random_effects
from synth.synthesis.priors import Prior, empirical_prior, half_cauchy, half_normal, uniform

Y = np.array([0.12, 0.83, -0.31, 0.44, 0.29])
V = np.array([0.04, 0.11, 0.07, 0.02, 0.3])
PRIOR = half_normal(0.5, reason="invented")


def fit(k: int = 5, prior: Prior = PRIOR, **options: Any) -> BayesianMetaAnalysis:
    return bayesian_random_effects(Y[:k], V[:k], prior=prior, **options)


@pytest.mark.parametrize("prior", [half_normal(0.5), half_normal(0.5, reason="  "), half_normal(0.25).scaled(2)])
def test_a_prior_without_reason_and_source_is_marked(prior: Prior) -> None:
    (mark,) = fit(prior=prior).marks
    assert mark.startswith("the prior half-normal(0.5) has neither a reason nor a source: ")


@pytest.mark.parametrize("prior", [PRIOR, PRIOR.scaled(2), empirical_prior("OR"), empirical_prior("OR").scaled(0.5)])
def test_a_reason_or_a_source_is_enough(prior: Prior) -> None:
    assert fit(prior=prior).marks == ()


def test_the_methods_paragraph_tells_what_the_repeated_fits_gave() -> None:
    model = fit()
    lows, highs = zip(*(fit(prior=PRIOR.scaled(factor)).mu.interval() for factor in (0.5, 1, 2)), strict=True)
    words = model.sensitivity().words()
    assert f"its lower limit goes from {min(lows):.4g} to {max(lows):.4g}" in words
    assert f"its upper limit goes from {min(highs):.4g} to {max(highs):.4g}" in words
    assert model.explain().endswith(f"halved and doubled: {words}.")
    assert f"<p>Sensitivity to the prior: {words}.</p>" in model._repr_html_()


def test_the_dictionary_holds_the_repeated_fits() -> None:
    held = json.loads(json.dumps(fit().to_dict(), allow_nan=False))["sensitivity"]
    assert [row["prior"] for row in held] == ["half-normal(0.25)", "half-normal(0.5)", "half-normal(1)"]
    for row, factor in zip(held, (0.5, 1, 2), strict=True):
        alone = fit(prior=PRIOR.scaled(factor))
        assert row["factor"] == factor
        assert (row["mu_low"], row["mu_high"]) == pytest.approx(alone.mu.interval(), rel=1e-12)
        assert row["tau_median"] == pytest.approx(alone.tau.median, rel=1e-12)


def test_the_words_of_the_sensitivity_hold_the_probability_where_one_is_asked_for() -> None:
    model = fit(3)
    found = model.sensitivity(0.1, "below")
    chances = [row.beyond.mu for row in found.rows if row.beyond is not None]
    assert len(chances) == 3
    expected = f"P(mean effect below 0.1) goes from {min(chances):.3f} to {max(chances):.3f}"
    assert found.words().endswith(f" and {expected}")
    assert "P(" not in model.sensitivity().words()


def test_a_scaled_published_prior_is_no_published_one() -> None:
    published = empirical_prior("OR")
    doubled = published.scaled(2)
    assert doubled.source == f"a sensitivity analysis and not published: scale times 2 of {published.source}"
    assert published.scaled(1) == published
    assert doubled.location == pytest.approx(published.location + np.log(2), rel=1e-15)
    rows = fit(prior=published).sensitivity().rows
    assert ["not published" in row.prior.source for row in rows] == [True, False, True]
    assert "not published: scale times 2 of Turner" in fit(prior=doubled).explain()
    assert half_normal(0.5).scaled(2).source == ""


@pytest.mark.parametrize("options", [{"reason": 5}, {"reason": None}, {"source": 5}])
def test_a_reason_that_is_no_text_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(MethodError, match=r"half-normal prior: (reason|source) = (5|None): a text is expected"):
        Prior(family="half-normal", scale=1.0, **options)


def contradictions(y: Any, v: Any, prior: Prior) -> list[str]:
    return [mark for mark in bayesian_random_effects(y, v, prior=prior).marks if "contradict each other: " in mark]


def test_estimates_further_apart_than_the_prior_allows_are_marked() -> None:
    # The prior is so strong that its posterior hardly moves: only the spread of the estimates tells.
    (mark,) = contradictions([1, 2, 5, 1, 1], [0.1] * 5, half_normal(0.001, reason="invented"))
    assert mark == (
        "the prior half-normal(0.001) and the estimates contradict each other: the DerSimonian-Laird tau of the "
        "estimates is 1.7, beyond the prior's 99.9% quantile of 0.00329"
    )
    marks = bayesian_random_effects([0, 1e6], [0.1, 0.1], prior=half_normal(1, reason="invented")).marks
    assert "the posterior median of tau is 841, beyond the prior's 99% quantile of 2.58" in marks[1]
    # Where the estimates outweigh the prior, tau is not "mostly the prior".
    assert marks[0] == "two studies: for sensitivity only, beside both results"


def test_the_posterior_alone_tells_where_the_spread_is_within_reach() -> None:
    # Forty estimates with a spread of about 2.9 prior scales: between the 99 % and the 99.9 % quantile.
    y = np.tile([-1.0, 1.0], 20) * np.sqrt((2.9**2 + 0.01) * 39 / 40)
    (mark,) = contradictions(y, np.full(40, 0.01), half_normal(1, reason="invented"))
    assert "the posterior median of tau" in mark
    assert "DerSimonian" not in mark


@pytest.mark.parametrize(
    ("y", "prior"),
    [
        ([1, 2, 5, 1, 1], half_normal(1)),
        ([1, 2, 5, 1, 1], half_cauchy(0.05)),
        ([1, 1, 1, 1, 1], half_normal(0.001)),
        ([1, 1.1, 0.9, 1, 1], uniform(3)),
        ([7], half_normal(0.001)),
    ],
)
def test_a_prior_within_reach_of_the_estimates_is_not_marked(y: list[float], prior: Prior) -> None:
    assert contradictions(y, [0.1] * len(y), prior) == []


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_new_study_is_shown_from_three_studies_on(k: int) -> None:
    model = fit(k)
    shown = k > 2
    held = model.to_dict()
    found = model.sensitivity(0.1)
    row = found.to_dict()["rows"][0]
    assert ("new study" in model.table().index) is shown
    assert ("new study" in model._repr_html_()) is shown
    assert (held["predictive"] is not None) is shown
    for name in ("predictive_median", "predictive_low", "predictive_high", "p_beyond_predictive"):
        assert (row[name] is not None) is shown
        assert (name in found.table()) is shown
        assert row[name.replace("predictive", "mu")] is not None
    beyond = model.probability_beyond(0.1)
    assert (beyond.to_dict()["predictive"] is not None) is shown
    assert ("new study" in beyond.words()) is shown
    # Whoever asks for it still has it.
    assert 0 < beyond.predictive < 1
    assert model.predictive.interval()[0] < model.mu.interval()[0]


def test_moments_of_a_hidden_new_study_are_not_spoken_of() -> None:
    marks = " ".join(fit(2, half_cauchy(0.5, reason="invented")).marks)
    assert "standard deviation of mu and tau is infinite" in marks
    assert "new study" not in marks


@pytest.mark.parametrize(
    "tau", ["a", None, float("nan"), float("inf"), -0.1, [0.1, float("nan")], [[0.1]], [[1], [1, 2]]]
)
def test_what_is_no_tau_is_refused(tau: Any) -> None:
    wanted = "finite numbers of at least 0"
    with pytest.raises(MethodError, match=f"mean given tau: tau = .*{wanted}"):
        fit().mean_given_tau(tau)
    with pytest.raises(MethodError, match=f"joint density: tau = .*{wanted}"):
        fit().joint_density(0.1, tau)


@pytest.mark.parametrize("mu", ["a", float("nan"), [[0.1]]])
def test_what_is_no_mean_is_refused(mu: Any) -> None:
    with pytest.raises(MethodError, match=r"joint density: mu = .*finite numbers"):
        fit().joint_density(mu, 1)


def test_a_negative_mean_is_none_of_that() -> None:
    assert fit().joint_density([-0.1, 0.2], 0.3).shape == (2, 1)
