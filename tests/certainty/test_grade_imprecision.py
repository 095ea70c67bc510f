"""Imprecision: each threshold on both sides, over invented bodies; every rule is cited."""

from __future__ import annotations

import math

import pytest
from grade_bodies import body, comparison, ratio_pool, score_pool, study

from synth.certainty.grade.body import Information, Study
from synth.certainty.grade.imprecision import FEW, imprecision, information_size
from synth.errors import MethodError


def large(n: int, low: float, high: float, *, widest: tuple[float, float] | None = None) -> Study:
    return study(n=n, estimate=(low + high) / 2, interval=(low, high), widest=widest or (low, high), direction="higher")


@pytest.mark.parametrize(("people", "steps"), [(FEW - 1, -1), (FEW, -1), (FEW + 1, 0)])
def test_four_hundred_people_or_fewer_rate_uncontrolled_evidence_down(people: int, steps: int) -> None:
    found = imprecision(body("uncontrolled", large(people, 5, 15)))
    assert found.steps == steps
    assert (found.least, found.most) == ((-2, -1) if steps else (0, 0))
    assert found.facts[0].value == people


def test_people_who_may_be_counted_twice_never_prove_that_there_are_enough() -> None:
    assert imprecision(body("uncontrolled", large(FEW + 1, 5, 15), at_most=True)).steps is None
    assert imprecision(body("uncontrolled", large(FEW, 5, 15), at_most=True)).steps == -1


def test_unseen_numbers_leave_the_step_to_a_person() -> None:
    found = imprecision(body("uncontrolled", study(direction="higher"), people=None))
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert "was not seen" in found.reason


def test_a_threshold_lies_outside_only_under_every_assumption() -> None:
    sure = imprecision(body("uncontrolled", large(500, 5, 15)))
    unsure = imprecision(body("uncontrolled", large(500, 5, 15, widest=(-1, 21))))
    assert (sure.steps, sure.settled) == (0, True)
    assert unsure.steps is None
    assert "over all assumptions" in unsure.fact_text
    assert "over all assumptions" not in sure.fact_text


@pytest.mark.parametrize(("important", "steps"), [(15.0, -1), (15.1, None)])
def test_no_change_and_an_important_one_in_one_interval_rate_down(important: float, steps: int | None) -> None:
    found = imprecision(body("uncontrolled", large(500, -1, 15), important=important, important_in="other people"))
    assert found.steps == steps
    assert "other people" in found.fact_text


def test_an_important_fall_counts_like_an_important_rise() -> None:
    assert imprecision(body("uncontrolled", large(500, -15, 1), important=12.0)).steps == -1


def test_the_largest_study_speaks_where_nothing_is_pooled() -> None:
    small, wide = large(100, 5, 15), study("elm", n=400, interval=(-1.0, 15.0), direction="higher")
    assert imprecision(body("uncontrolled", small, wide, important=10.0)).steps == -1
    assert imprecision(body("uncontrolled", study("oak", n=600, interval=(5.0, 15.0)), wide)).steps == 0


def test_without_any_interval_many_people_leave_the_step_open() -> None:
    assert imprecision(body("uncontrolled", study(n=500))).steps is None


def test_a_pool_of_changes_that_rest_on_assumptions_settles_nothing() -> None:
    derived = large(500, 5, 15, widest=(1, 20))
    assert imprecision(body("uncontrolled", derived, pool=score_pool(10, 6, 14))).steps is None
    assert imprecision(body("uncontrolled", large(500, 5, 15), pool=score_pool(10, 6, 14))).steps == 0


# Interval of the risk ratio, people, required people, step.
COMPARISONS = [
    ((0.5, 0.99), 5000, 5000, 0),
    ((0.5, 0.99), 4999, 5000, -1),
    ((0.74, 1.1), 5000, 5000, -1),
    ((0.76, 1.1), 5000, 5000, 0),
    ((0.9, 1.26), 5000, 5000, -1),
    ((0.9, 1.24), 5000, 5000, 0),
    ((0.9, 1.24), 4999, 5000, -1),
]


@pytest.mark.parametrize(("interval", "people", "required", "steps"), COMPARISONS)
def test_intervals_and_information_size_of_a_comparison(
    interval: tuple[float, float], people: int, required: int, steps: int
) -> None:
    pool = ratio_pool(math.sqrt(interval[0] * interval[1]), *interval)
    found = imprecision(comparison(pool, people=people, information=Information(required=required, text="invented")))
    assert found.steps == steps
    assert {fact.name for fact in found.facts} == {"interval", "people", "optimal information size"}


def test_without_a_planned_size_a_person_decides_unless_the_interval_is_wide() -> None:
    assert imprecision(comparison(ratio_pool(0.6, 0.5, 0.7), information=None)).steps is None
    assert imprecision(comparison(ratio_pool(0.8, 0.5, 1.2), information=None)).steps == -1


def test_what_is_appreciable_is_said_of_risk_ratios_only() -> None:
    assert imprecision(comparison(ratio_pool(0.9, 0.5, 1.6, measure="OR"))).steps is None
    assert imprecision(comparison(ratio_pool(0.9, 0.5, 1.6))).steps == -1


@pytest.mark.parametrize(("events", "steps"), [(400, -1), (401, 0)])
def test_a_comparison_that_is_not_pooled_goes_by_its_events(events: int, steps: int) -> None:
    one = study(n=1000, estimate=-0.5, interval=(-0.9, -0.1))
    assert imprecision(body("comparison", one, events=events)).steps == steps


def test_the_information_size_is_near_that_of_the_cited_example() -> None:
    size = information_size(0.2, relative_change=-0.25, alpha=0.05, power=0.8)
    assert size == pytest.approx(2000, rel=0.1)
    # By hand: 0.2 against 0.15, z 1.95996 and 0.84162, (1.05318 + 0.45127)^2 / 0.0025 = 905.3 an arm.
    assert size == 2 * 906


def test_a_rarer_event_and_a_smaller_change_need_more_people() -> None:
    def size(risk: float, change: float) -> int:
        return information_size(risk, relative_change=change, alpha=0.05, power=0.8)

    assert size(0.01, -0.25) > size(0.2, -0.25) > size(0.2, -0.5)
    assert size(0.2, 0.25) > size(0.2, -0.25)


@pytest.mark.parametrize(
    ("risk", "change", "words"), [(0.0, -0.2, "control risk"), (0.6, 0.9, "changed risk"), (0.2, 0.0, "endless")]
)
def test_a_size_that_cannot_be_is_refused(risk: float, change: float, words: str) -> None:
    with pytest.raises(MethodError, match=words):
        information_size(risk, relative_change=change, alpha=0.05, power=0.8)
