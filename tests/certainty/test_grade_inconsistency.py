"""Inconsistency: each threshold on both sides, over invented bodies."""

from __future__ import annotations

import pytest
from grade_bodies import body, comparison, ratio_pool, study

from synth.certainty.grade.body import Body, Explained, Study
from synth.certainty.grade.inconsistency import inconsistency
from synth.certainty.grade.rules import ONE_STUDY


def series(name: str, low: float, high: float) -> Study:
    middle = (low + high) / 2
    return study(name, n=10, estimate=middle, interval=(low, high), direction="higher" if middle > 0 else "lower")


TOGETHER = (series("ash", 1, 9), series("elm", 2, 10), series("oak", 3, 11))
APART = (series("ash", 1, 2), series("elm", 2, 10), series("oak", 3, 11))


def pooled(i2: float, *studies: Study, upper: float = 0.7, explained: tuple[Explained, ...] = ()) -> Body:
    pool = ratio_pool(0.6, 0.5, 0.7, k=len(studies), i2=i2, i2_interval=(0.0, upper), explained=explained)
    return comparison(pool, *studies)


def test_one_study_shows_no_spread_and_leaves_the_step_open() -> None:
    found = inconsistency(body())
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert (found.rule, found.reason) == (ONE_STUDY, "One study: no spread can be seen.")


def test_two_studies_in_one_direction_settle_nothing_and_three_do() -> None:
    assert inconsistency(body("uncontrolled", *TOGETHER[:2])).steps is None
    found = inconsistency(body("uncontrolled", *TOGETHER))
    assert (found.steps, found.settled) == (0, True)
    assert "3 higher" in found.fact_text


def test_intervals_that_do_not_overlap_leave_the_step_open() -> None:
    assert inconsistency(body("uncontrolled", *APART)).steps is None


def test_intervals_that_touch_overlap() -> None:
    touching = (series("ash", 1, 3), series("elm", 2, 10), series("oak", 3, 11))
    assert inconsistency(body("uncontrolled", *touching)).steps == 0


def test_opposite_directions_rate_down_only_where_the_intervals_are_apart() -> None:
    down = inconsistency(body("uncontrolled", series("ash", 1, 9), series("elm", -9, -1)))
    assert (down.steps, down.least, down.most) == (-1, -2, -1)
    assert "ash and elm" in down.reason
    assert inconsistency(body("uncontrolled", series("ash", -1, 9), series("elm", -9, 1))).steps is None


def test_a_study_without_an_interval_keeps_the_step_open() -> None:
    assert inconsistency(body("uncontrolled", *TOGETHER, study("fir", n=10, direction="higher"))).steps is None


@pytest.mark.parametrize(("i2", "steps"), [(0.749, None), (0.75, -1), (0.92, -1)])
def test_a_considerable_spread_with_intervals_apart_rates_down(i2: float, steps: int | None) -> None:
    found = inconsistency(pooled(i2, *APART, upper=0.98))
    assert found.steps == steps
    assert found.settled == (steps is not None)


def test_a_considerable_spread_whose_intervals_all_overlap_is_left_to_a_person() -> None:
    assert inconsistency(pooled(0.8, *TOGETHER, upper=0.98)).steps is None


@pytest.mark.parametrize(("i2", "upper", "steps"), [(0.4, 0.74, 0), (0.41, 0.74, None), (0.4, 0.75, None)])
def test_a_small_spread_takes_no_step_only_where_a_considerable_one_is_excluded(
    i2: float, upper: float, steps: int | None
) -> None:
    assert inconsistency(pooled(i2, *TOGETHER, upper=upper)).steps == steps


def test_a_small_spread_with_intervals_apart_is_left_to_a_person() -> None:
    assert inconsistency(pooled(0.1, *APART)).steps is None


@pytest.mark.parametrize(("left", "steps"), [(0.40, None), (0.41, -1)])
def test_what_may_explain_the_spread_leaves_the_step_open(left: float, steps: int | None) -> None:
    explained = (Explained(label="Height above the sea", i2=left, r2=0.8),)
    found = inconsistency(pooled(0.9, *APART, upper=0.98, explained=explained))
    assert found.steps == steps
    assert "Height above the sea" in found.reason
    assert "accounts for 80%" in found.fact_text


@pytest.mark.parametrize(
    ("post_hoc", "told", "other"),
    [(False, "what was planned to explain it", "after the data"), (True, "what was tried after the data", "planned")],
)
def test_nothing_was_planned_by_a_protocol_written_after_the_data(post_hoc: bool, told: str, other: str) -> None:
    explained = (Explained(label="Height above the sea", i2=0.41, r2=0.8),)
    pool = ratio_pool(0.6, 0.5, 0.7, k=3, i2=0.9, i2_interval=(0.0, 0.98), explained=explained)
    found = inconsistency(comparison(pool, *APART, post_hoc=post_hoc))
    assert found.steps == -1
    assert told in found.reason
    assert other not in found.reason


TWO_APART = (series("ash", 1, 2), series("oak", 3, 11))
PAIRS = [
    (TOGETHER[:2], "the two intervals overlap"),
    (TWO_APART, "the two intervals do not overlap"),
    (APART, "1 of 3 pairs of intervals do not overlap"),
    (TOGETHER, "0 of 3 pairs of intervals do not overlap"),
    ((TOGETHER[0], study("fir", n=10)), "one interval was seen"),
    ((study("ivy", n=10), study("fir", n=10)), "no interval was seen"),
]


@pytest.mark.parametrize(("studies", "told"), PAIRS)
def test_two_intervals_are_told_as_two_and_more_as_pairs(studies: tuple[Study, ...], told: str) -> None:
    assert inconsistency(body("uncontrolled", *studies)).fact_text.endswith(f"; {told}")


def test_the_prediction_interval_is_shown_and_decides_nothing() -> None:
    base = {"k": 3, "i2": 0.2, "i2_interval": (0.0, 0.7)}
    outside = comparison(ratio_pool(0.6, 0.5, 0.7, prediction=(-0.9, -0.1), **base), *TOGETHER)
    inside = comparison(ratio_pool(0.6, 0.5, 0.7, prediction=(-0.9, 0.1), **base), *TOGETHER)
    assert inconsistency(outside).steps == inconsistency(inside).steps == 0
    assert "no effect (1) outside" in inconsistency(outside).fact_text
    assert "no effect (1) inside" in inconsistency(inside).fact_text
