"""The Bayesian analysis beside a pool: only with a planned prior, halved and doubled, for two studies too. Invented."""

from __future__ import annotations

import pytest

import synth
from synth.protocol import BayesianPlan
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.bayesian_checks import NO_PRIOR, bayesian_check, share_text, target_of
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.priors import half_normal
from synth.synthesis.sensitivity import PoolChecks

Y, V = [0.1, 0.5, 0.3], [0.04, 0.05, 0.06]
PLAN = BayesianPlan.model_validate(
    {"of": "tear", "prior": {"distribution": "half-normal", "scale": 0.5}, "reason": "invented"}
)


def checks(k, plan=PLAN, target=None):
    pooled = pool_random_effects((Y[:k], V[:k]))
    return PoolChecks(label="Tear", pooled=pooled, study_ids=("ash", "elm", "oak")[:k], plan=plan, target=target)


def test_without_a_planned_prior_there_is_no_analysis():
    found = checks(3, plan=None)
    assert found.bayesian.fits == ()
    assert found.bayesian.planned is None
    assert repr(found.show_bayesian()) == f"Tear: {NO_PRIOR}"
    assert not [item for item in found.alternatives if item.key.startswith("bayesian")]


def test_the_planned_prior_stands_with_its_half_and_its_double():
    found = checks(3).bayesian
    assert [fit.key for fit in found.fits] == ["planned", "halved", "doubled"]
    assert [fit.result.prior.scale for fit in found.fits] == [0.5, 0.25, 1.0]
    assert found.reason == "invented"
    for fit in found.fits:
        alone = bayesian_random_effects(Y, V, prior=half_normal(fit.result.prior.scale, reason="invented"))
        assert fit.result.mu.interval() == pytest.approx(alone.mu.interval(), rel=1e-12)


def test_two_studies_have_the_analysis_but_no_new_study():
    two, three = checks(2).show_bayesian().frame, checks(3).show_bayesian().frame
    assert len(two) == len(three) == 3
    assert "in a new study" not in two.columns
    assert "in a new study" in three.columns


def test_the_fits_stand_beside_the_other_methods():
    found = checks(3)
    rows = {item.key: item for item in found.alternatives}
    for fit in found.bayesian.fits:
        row = rows[f"bayesian_{fit.key}"]
        assert (row.estimate, row.interval, row.k) == (fit.result.mu.median, fit.result.mu.interval(), 3)
        assert row.tau2 == fit.result.tau.median**2
    assert not checks(2).alternatives


def test_the_probability_is_of_the_effect_beyond_the_important_difference():
    target = target_of("MC", 0.2, "lower", "an invented group")
    assert (target.value, target.above) == (-0.2, False)
    found = checks(3, target=target)
    (name,) = [column for column in found.show_bayesian().frame if column.startswith("probability")]
    assert name == "probability of an effect beyond -0.2 (important difference in an invented group)"
    below = found.bayesian.planned.mu.cdf(-0.2)
    assert found.show_bayesian().frame[name][0] == share_text(float(below))


@pytest.mark.parametrize(
    ("measure", "better", "words"),
    [("RR", "lower", "an effect below 1"), ("RR", "higher", "an effect above 1"), ("MC", None, "an effect above 0")],
)
def test_without_an_important_difference_it_is_the_better_side_of_none(measure, better, words):
    target = target_of(measure, None, better)
    assert (target.value, target.words) == (0.0, words)


@pytest.mark.parametrize(
    ("probability", "text"), [(0.001, "below 1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (0.9999, "above 99%")]
)
def test_a_probability_is_never_rounded_to_certainty(probability, text):
    assert share_text(probability) == text


def test_a_prior_that_is_not_there_is_told_and_stops_nothing():
    plan = BayesianPlan.model_validate(
        {
            "of": "tear",
            "prior": {
                "distribution": "empirical",
                "measure": "OR",
                "outcome": "moods",
                "comparators": ["pharmacological", "placebo or control"],
            },
            "reason": "invented",
        }
    )
    found = bayesian_check(checks(3).model, plan, target_of("OR", None, "lower"))
    assert found.fits == ()
    assert found.reason.startswith("The planned Bayesian analysis cannot be made: empirical prior: outcome 'moods'")


def test_the_worked_example_has_one_and_the_default_review_has_none():
    (pool,) = synth.open_review("bcg").synthesis.pools
    assert len(pool.bayesian.fits) == 3
    assert not synth.open_review("ifi").protocol.synthesis.bayesian
