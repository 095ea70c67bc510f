"""Risk of bias across invented studies: shares by judgement, open judgements, allocation, tools without a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import pytest
from grade_bodies import body, comparison, judged, ratio_pool, study
from hypothesis import given
from hypothesis import strategies as st

from synth.certainty.grade.body import Body, Judgement, Risk, Study
from synth.certainty.grade.gather import held_interval
from synth.certainty.grade.risk import risk_of_bias
from synth.certainty.grade.rules import RISK_ACROSS, RISK_OF_ALLOCATION, RISK_WITHOUT_ALGORITHM, RISK_WITHOUT_STEP
from synth.certainty.grade.types import Suggestion
from synth.effects.estimate import Effect
from synth.synthesis.pooling import IntervalMethod, pool_random_effects


def trials(*weights_and_risks: tuple[float, tuple[Risk, ...]], held: tuple[float, float] | None = (-0.7, -0.3)) -> Body:
    """Invented trials with weights; leaving studies out gives the interval `held`, by default the same."""

    def again(_: Iterable[str]) -> tuple[float, float] | None:
        return held

    studies = [
        study(f"elm{place}", n=100, weight=weight, judgement=judged(*risks))
        for place, (weight, risks) in enumerate(weights_and_risks)
    ]
    return comparison(ratio_pool(0.6, 0.5, 0.7, held=again), *studies)


@pytest.mark.parametrize(("share", "steps", "most"), [(0.51, 0, 0), (0.5, None, 0), (0.2, None, 0)])
def test_most_of_the_weight_at_low_risk_takes_no_step(share: float, steps: int | None, most: int) -> None:
    found = risk_of_bias(trials((share, ("low",)), (1 - share, ("unclear",))))
    assert (found.steps, found.most) == (steps, most)
    assert found.least == (0 if steps == 0 else -1)
    assert found.rule is RISK_ACROSS


@pytest.mark.parametrize(("share", "steps"), [(0.51, -1), (0.5, None)])
def test_most_of_the_weight_at_high_risk_rates_down(share: float, steps: int | None) -> None:
    found = risk_of_bias(trials((share, ("high",)), (1 - share, ("unclear",))))
    assert found.steps == steps
    assert (found.least, found.most) == ((-2, -1) if steps else (-1, 0))


@pytest.mark.parametrize(("without", "steps"), [((-0.7, 0.1), -1), ((-0.7, -0.1), 0), ((0.1, 0.7), -1)])
def test_a_small_share_at_high_risk_rates_down_where_the_result_reads_otherwise_without_it(
    without: tuple[float, float], steps: int
) -> None:
    found = risk_of_bias(trials((0.9, ("low",)), (0.1, ("high",)), held=without))
    assert found.steps == steps


def test_where_too_few_studies_are_left_or_nothing_is_pooled_the_step_is_open() -> None:
    few = trials((0.9, ("low",)), (0.1, ("high",)), held=None)
    for unknown in (few, replace(few, pool=None)):
        found = risk_of_bias(unknown)
        assert (found.steps, found.least, found.most) == (None, -2, 0)
        assert "too few are left to pool" in found.reason


def test_lost_degrees_of_freedom_are_no_risk_of_bias() -> None:
    """Invented: a study of 3 % of the weight at high risk beside others that agree; only the t quantile grows."""
    figures = {"ash": (-0.21, 0.1), "elm": (-0.23, 0.1), "fir": (-0.22, 0.1), "oak": (-0.20, 0.4)}

    def found_with(names: str, interval: IntervalMethod) -> Suggestion:
        effects = [_effect(name, *figures[name]) for name in names.split()]
        pooled = pool_random_effects(effects, interval=interval)
        pool = ratio_pool(0.5, 0.4, 0.6, held=held_interval(pooled, effects))
        studies = [
            study(name, weight=weight, judgement=judged("high" if name == "oak" else "low"))
            for name, weight in zip(names.split(), pooled.weights, strict=True)
        ]
        return risk_of_bias(comparison(replace(pool, interval=pooled.interval), *studies))

    for interval in get_args(IntervalMethod):
        three, four = found_with("ash elm oak", interval), found_with("ash elm fir oak", interval)
        assert (three.steps, three.least, three.most) == (None, -2, 0)
        assert (four.steps, four.least, four.most) == (0, 0, 0)


@pytest.mark.parametrize("interval", get_args(IntervalMethod))
def test_all_studies_held_give_the_interval_of_the_pool(interval: IntervalMethod) -> None:
    effects = [
        _effect("ash", -0.9, 0.1),
        _effect("elm", -0.2, 0.2),
        _effect("fir", -0.5, 0.3),
        _effect("oak", 0.1, 0.4),
    ]
    pooled = pool_random_effects(effects, interval=interval)
    held = held_interval(pooled, effects)
    assert held(pooled.studies) == pytest.approx(pooled.interval, rel=1e-9)
    left = held(("ash", "elm", "fir"))
    assert left is not None
    assert left[1] - left[0] > pooled.interval[1] - pooled.interval[0]
    assert held(("ash", "elm")) is None


def _effect(name: str, estimate: float, error: float) -> Effect:
    return Effect(
        study_id=name,
        arm_id="",
        measure="RR",
        estimate=estimate,
        standard_error=error,
        interval=(estimate - 2 * error, estimate + 2 * error),
        level=0.95,
        n=100,
        unit_of_analysis="patients",
    )


def test_an_open_judgement_counts_as_everything_that_it_may_be() -> None:
    found = risk_of_bias(trials((0.6, ("low", "unclear", "high")), (0.4, ("low",))))
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert "1 of 2 studies have no settled judgement" in found.reason
    assert "40% to 100% of the weight at low risk" in found.fact_text
    settled = risk_of_bias(trials((0.2, ("low", "unclear")), (0.8, ("low",))))
    assert (settled.steps, settled.least, settled.most) == (0, 0, 0)


def test_an_open_judgement_that_cannot_be_good_still_rates_down() -> None:
    found = risk_of_bias(trials((0.6, ("high",)), (0.4, ("low", "high"))))
    assert (found.steps, found.least, found.most) == (-1, -2, -1)


RISKS: tuple[Risk, ...] = ("low", "unclear", "high")
OPEN = st.sets(st.sampled_from(RISKS), min_size=1).map(lambda found: tuple(risk for risk in RISKS if risk in found))


@given(st.lists(OPEN, min_size=1, max_size=5), st.data())
def test_whatever_an_open_judgement_turns_out_to_be_lies_within_the_bounds(
    possible: list[tuple[Risk, ...]], data: st.DataObject
) -> None:
    share = 1 / len(possible)
    bounds = risk_of_bias(trials(*((share, risks) for risks in possible)))
    chosen = [data.draw(st.sampled_from(risks)) for risks in possible]
    found = risk_of_bias(trials(*((share, (risk,)) for risk in chosen)))
    assert bounds.least <= found.least <= found.most <= bounds.most


def test_a_tool_without_a_rule_shows_answers_and_gives_no_step() -> None:
    answers = Judgement(tool="Invented list", tally=(("no", 1), ("yes", 2)), items=10)
    found = risk_of_bias(body("uncontrolled", study(n=10, judgement=answers)))
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert found.rule is RISK_WITHOUT_ALGORITHM
    assert found.rule.citation == "no rule: a person decides"
    assert "Invented list: 1 no, 2 yes, 7 open (1 study)" in found.fact_text
    assert "1 of 1 studies appraised, none of them by a person" in found.fact_text
    by_hand = replace(answers, by_person=True)
    again = risk_of_bias(body("uncontrolled", study(n=10, judgement=by_hand), study("elm", n=10, judgement=answers)))
    assert "2 of 2 studies appraised, 1 of them by a person" in again.fact_text


def test_a_tool_whose_levels_no_rule_turns_into_steps_is_not_called_one_without_levels() -> None:
    robins = Judgement(tool="ROBINS-I", words="serious", items=7)
    found = risk_of_bias(body("uncontrolled", study(n=10, judgement=robins)))
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert found.reason == "ROBINS-I: levels are shown; no rule that could be cited turns them into a step."
    assert found.rule is RISK_WITHOUT_STEP
    assert "ROBINS-I: serious (1 study)" in found.fact_text


def test_nothing_appraised_is_said_and_leaves_the_step_open() -> None:
    found = risk_of_bias(body("uncontrolled", study(n=10), study("elm", n=10)))
    assert (found.steps, found.reason) == (None, "No study has been appraised.")
    assert "0 of 2 studies appraised" in found.fact_text


def allocated(name: str, weight: float, *, random: bool) -> Study:
    return study(name, n=100, weight=weight, random=random)


def test_allocation_is_shown_with_the_pool_of_random_allocation_alone() -> None:
    asked = []

    def again(studies: Iterable[str]) -> tuple[float, float]:
        asked.append(set(studies))
        return (-1.0, -0.1)

    pool = ratio_pool(0.6, 0.5, 0.7, refit=again)
    own = (allocated("ash", 0.3, random=True), allocated("elm", 0.3, random=True), allocated("oak", 0.4, random=False))
    found = risk_of_bias(comparison(pool, *own))
    assert asked == [{"ash", "elm"}]
    assert "2 of 3 studies allocated at random (60% of the weight)" in found.fact_text
    assert "random allocation alone: interval 0.368 to 0.905" in found.fact_text
    assert found.rule is RISK_OF_ALLOCATION


def test_all_random_needs_no_pool_of_its_own() -> None:
    own = (allocated("ash", 0.5, random=True), allocated("elm", 0.5, random=True))
    assert "alone" not in risk_of_bias(comparison(None, *own)).fact_text


def test_shares_are_of_people_without_a_pool_and_of_studies_where_people_were_not_seen() -> None:
    big, small = study("ash", n=90, judgement=judged("low")), study("elm", n=10, judgement=judged("high"))
    assert "90% of the people at low risk" in risk_of_bias(body("uncontrolled", big, small)).fact_text
    unseen = study("oak", judgement=judged("high"))
    assert "50% of the studies at low risk" in risk_of_bias(body("uncontrolled", big, unseen)).fact_text
