"""Results of every kind of model as summaries of a forest plot, on one scale, with what they stand on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from forest_artists import assert_forest_shows_its_data, words_of

from synth.errors import MethodError
from synth.plots.forest.of_models import forest_of_model
from synth.plots.forest.pools import pooled
from synth.plots.forest.summaries import summary_of
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.beta_binomial import beta_binomial
from synth.synthesis.glmm import odds_ratio_glmm, proportion_glmm
from synth.synthesis.models import common_effect, random_effects
from synth.synthesis.multilevel import Intercept, multilevel
from synth.synthesis.priors import half_normal
from synth.synthesis.stratified import mantel_haenszel, peto

# Invented counts and log ratios.
COUNTS = ([12, 8, 20, 5], [100, 90, 150, 60], [20, 15, 31, 9], [100, 95, 140, 61])
EVENTS, TOTALS = [2, 1, 5, 3, 7], [20, 9, 31, 18, 40]
Y, V = np.array([-0.6, -0.2, -0.9, 0.1, -0.4]), np.array([0.05, 0.1, 0.04, 0.2, 0.08])


@dataclass
class Other:
    """A model that the plots have never heard of."""

    estimate: float | None = 0.3
    interval: tuple[float, float] | None = (0.1, 0.5)
    k: int = 4
    level: float = 0.95


def test_a_univariate_model_gives_its_estimate_intervals_and_small_print() -> None:
    model = random_effects(Y, V)
    summary = summary_of(model, measure="RR", group="a", label="Own")
    assert (summary.estimate, summary.group, summary.label) == (math.exp(model.estimate), "a", "Own")
    assert summary.interval == pytest.approx(np.exp(model.interval))
    assert summary_of(model).estimate == model.estimate
    assert summary_of(model, measure="RR", natural=False).estimate == model.estimate
    assert summary_of(common_effect(Y, V)).prediction is None
    assert summary_of(random_effects(Y, V, weights="equal")).details[0].startswith("REML, Hartung-Knapp (guarded), own")


def test_a_bayesian_model_gives_its_median_credible_interval_and_prior() -> None:
    model = bayesian_random_effects(Y, V, prior=half_normal(0.5, reason="invented"))
    summary = summary_of(model, measure="RR")
    assert summary.label == "Bayesian"
    assert summary.estimate == pytest.approx(math.exp(model.mu.median))
    assert summary.interval == pytest.approx(np.exp(model.mu.interval()))
    assert summary.prediction == pytest.approx(np.exp(model.predictive.interval()))
    words = summary.details[0]
    assert words.startswith(f"posterior median, credible interval; prior of τ: {model.prior.words()}; k = 5; τ = ")
    two = summary_of(bayesian_random_effects(Y[:2], V[:2], prior=half_normal(0.5, reason="invented")))
    assert two.label == "Sensitivity only: Bayesian"
    assert two.prediction is None
    assert two.details[0].endswith(f"prior of τ: {model.prior.words()}; k = 2")
    with pytest.raises(MethodError, match="one study is not pooled"):
        summary_of(bayesian_random_effects(Y[:1], V[:1], prior=half_normal(0.5, reason="invented")))


def test_generalised_linear_models_name_their_kind_and_keep_their_scale() -> None:
    model = odds_ratio_glmm(*COUNTS, model="UM.FS")
    summary = summary_of(model, measure="OR")
    assert summary.label == "Generalised linear mixed model"
    assert summary.details[0].startswith("UM.FS; k = 4; τ² = ")
    assert summary.estimate == pytest.approx(math.exp(model.estimate))
    with pytest.raises(MethodError, match=r"pools odds ratio \(OR\), the plot shows Risk ratio"):
        summary_of(model, measure="RR")
    share = proportion_glmm(EVENTS, TOTALS)
    for measure in ("PLO", "PLN", "PR"):
        assert summary_of(share, measure=measure).estimate == pytest.approx(1 / (1 + math.exp(-share.estimate)))
    assert "pooled on the logit scale" in summary_of(share, measure="PLN").details[0]
    with pytest.raises(MethodError, match="the same values are expected"):
        summary_of(share, measure="PLN", natural=False)


def test_a_beta_binomial_model_is_on_the_natural_scale() -> None:
    model = beta_binomial(EVENTS, TOTALS)
    summary = summary_of(model, measure="PLO")
    assert summary.estimate == model.estimate
    assert summary.interval == pytest.approx(model.interval)
    with pytest.raises(MethodError, match="the same values are expected"):
        summary_of(model, measure="PLO", natural=False)


def test_pools_of_strata_are_named() -> None:
    found = mantel_haenszel(*COUNTS, measure="RR")
    assert summary_of(found, measure="RR").estimate == pytest.approx(math.exp(found.estimate))
    assert summary_of(found, measure="RR").details[0].startswith("Mantel-Haenszel; k = 4; I² = ")
    for measure in ("PETO", "OR"):
        assert summary_of(peto(*COUNTS), measure=measure).details[0].startswith("Peto; k = 4")
    log = summary_of(peto(*COUNTS), measure="OR", natural=False)
    assert log.estimate == peto(*COUNTS).estimate
    with pytest.raises(MethodError, match="the same values are expected"):
        summary_of(peto(*COUNTS), measure="RR")


def test_a_multilevel_model_counts_estimates() -> None:
    groups = ["a", "a", "b", "c", "d"]
    model = multilevel(Y, V, random=Intercept("study"), columns={"study": groups})
    summary = summary_of(model)
    assert summary.estimate == model.estimate
    assert "estimates = 5" in summary.details[0]


def test_any_model_with_an_estimate_and_an_interval_can_stand_below() -> None:
    summary = summary_of(Other())
    assert (summary.label, summary.estimate, summary.interval, summary.prediction) == ("Other", 0.3, (0.1, 0.5), None)
    assert summary_of(Other(interval=None)).interval is None
    assert summary_of(Other(interval=(math.nan, 1.0))).interval is None
    assert summary_of(Other(k=2), label="Named").label == "Sensitivity only: Named"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Other(estimate=None), "Other has no estimate"),
        (Other(estimate=math.nan), "Other has no estimate"),
        (Other(k=1), "one study is not pooled"),
        (random_effects(Y[:1], V[:1]), "one study is not pooled"),
        ("a text", "a fitted model is expected as a summary, not str"),
        (None, "a fitted model is expected as a summary, not NoneType"),
    ],
)
def test_what_pools_nothing_is_refused(model: Any, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        pooled(model)


def test_a_prediction_interval_that_a_model_refuses_is_told() -> None:
    class Refusing(Other):
        marks = ("one",)

        def predict(self) -> SimpleNamespace:
            raise MethodError("levels are expected")

    found = pooled(Refusing())
    assert found.prediction is None
    assert found.marks == ("one", "no prediction interval: levels are expected")


def test_models_of_every_kind_stand_under_one_another(assert_readable: Any) -> None:
    labels = [f"Invented {i}" for i in range(5)]
    models = {
        "Common effect": common_effect(Y, V, labels=labels),
        "Bayesian, half-normal prior": bayesian_random_effects(Y, V, prior=half_normal(0.5, reason="invented")),
        "Other": Other(estimate=-0.4, interval=(-0.8, 0.1)),
    }
    drawing = forest_of_model(random_effects(Y, V, labels=labels), measure="OR", summaries=models)
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    pools = drawing.data().query("kind == 'summary'")
    assert pools["label"].tolist() == ["Random effects", *models]
    expected = [common_effect(Y, V).estimate, models["Bayesian, half-normal prior"].mu.median, -0.4]
    assert pools["estimate"].tolist()[1:] == pytest.approx(np.exp(expected))
    assert "prior of τ: " in words_of(drawing)
