"""Planned comparisons of two arms: what is pooled, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from evidence_patterns import Event, Row, synthesis_of

import synth
from synth.errors import MethodError
from synth.synthesis.comparisons import ComparisonAnswer

PLAN = {
    "id": "tear",
    "label": "Tear",
    "event": "tear",
    "measure": "RR",
    "treated": "knot",
    "control": "none",
    "fewer_is_better": True,
}


def two_arms(study: str, treated: int, control: int, **cells: object) -> tuple[list[Row], list[Event]]:
    """An invented study of 50 against 50."""
    rows = [
        Row(study, arm="T", patients=50, **cells),  # type: ignore[arg-type]
        Row(study, arm="C", procedure="none", patients=50, **cells),  # type: ignore[arg-type]
    ]
    return rows, [Event(study, "tear", treated, 50, arm="T"), Event(study, "tear", control, 50, arm="C")]


def compare(*studies: tuple[list[Row], list[Event]], **plan: object) -> ComparisonAnswer:
    rows = [row for part, _ in studies for row in part]
    events = [event for _, part in studies for event in part]
    return synthesis_of(*rows, events=events, comparisons=[PLAN], **plan).comparison("tear")


def studies(count: int) -> list[tuple[list[Row], list[Event]]]:
    return [two_arms(f"study{index}", 3 + index, 9) for index in range(count)]


@pytest.mark.parametrize(
    ("k", "reason", "pooled", "sensitivity"),
    [
        (0, "No studies compare the two. Nothing is pooled.", False, False),
        (1, "1 study compares the two. Nothing is pooled.", False, False),
        (2, "2 independent studies with both arms.", True, True),
        (3, "3 independent studies with both arms. With fewer than five", True, False),
        (4, "4 independent studies with both arms. With fewer than five", True, False),
        (5, "5 independent studies with both arms.", True, False),
    ],
)
def test_rule_13_by_number_of_studies(k: int, reason: str, pooled: bool, sensitivity: bool) -> None:
    found = compare(*studies(k), *[([Row("apart", patients=50)], [])])
    assert found.reason.startswith(reason)
    assert (len(found.effects), found.pooled is not None, found.sensitivity_only) == (k, pooled, sensitivity)
    assert ("fewer than five" in found.reason) == (k in (3, 4))


def test_rule_12_studies_that_may_share_patients_are_not_pooled() -> None:
    shared = [two_arms(name, 3, 9, authors=("Wood B",)) for name in ("ash", "elm")]
    found = compare(*shared)
    assert (len(found.effects), found.pooled, found.sensitivity_only) == (2, None, False)
    assert "a shared author name (Wood)" in found.reason
    assert compare(*shared, overlap="declared").pooled is not None


def test_level_of_the_protocol() -> None:
    found = compare(*studies(3), level=0.9)
    assert found.pooled is not None
    assert (found.pooled.level, found.effects[0].level) == (0.9, 0.9)


def test_studies_out_of_the_synthesis_are_not_compared() -> None:
    found = compare(
        *studies(2), two_arms("elm", 3, 9, disease="tightness"), two_arms("oak", 3, 9, level="video abstract")
    )
    assert [effect.study_id for effect in found.effects] == ["study0", "study1"]


def test_arms_that_count_different_things_are_refused() -> None:
    rows, events = two_arms("ash", 3, 9)
    with pytest.raises(MethodError, match=r"ash: one arm counts patients, the other hips"):
        compare((rows, [events[0], Event("ash", "tear", 9, 50, arm="C", unit="hips")]))


def test_counts_conditioned_on_inclusion_are_refused() -> None:
    rows, events = two_arms("ash", 3, 9)
    with pytest.raises(MethodError, match=r"ash: who was included depended on the event"):
        compare((rows, [events[0], Event("ash", "tear", 9, 50, arm="C", conditioned="yes")]))


def test_two_arms_of_one_side_are_refused() -> None:
    rows, events = two_arms("ash", 3, 9)
    with pytest.raises(MethodError, match=r"ash: 2 arms of 'knot' count 'tear'"):
        compare(([*rows, Row("ash", arm="T2", patients=50)], [*events, Event("ash", "tear", 4, 50, arm="T2")]))


def planned(**changes: object) -> dict[str, object]:
    return {"comparisons": [{**PLAN, **changes}]}


def compared(*parts: tuple[list[Row], list[Event]], plan: dict[str, object], **more: object) -> ComparisonAnswer:
    rows = [row for part, _ in parts for row in part]
    events = [event for _, part in parts for event in part]
    return synthesis_of(*rows, events=events, **plan, **more).comparison("tear")


RULE = {"add": 0.5, "to": "only0", "drop00": True, "reason": "Invented."}


def test_an_arm_without_events_has_an_answer_with_a_reason_and_no_pool() -> None:
    found = compare(two_arms("ash", 0, 9), two_arms("elm", 3, 9), two_arms("oak", 4, 9))
    assert (found.pooled, [effect.study_id for effect in found.effects]) == (None, ["elm", "oak"])
    assert [study for study, _ in found.without_effect] == ["ash"]
    assert found.reason.startswith("Not pooled (ash: no events in the treated arm")
    assert "give this comparison zero_cells" in found.reason
    assert [(pair.study_id, effect is None) for pair, effect, _ in found.by_study] == [
        ("ash", True),
        ("elm", False),
        ("oak", False),
    ]


def test_a_single_study_without_events_in_an_arm_is_told_too() -> None:
    found = compare(two_arms("ash", 0, 9))
    assert (found.pooled, found.effects) == (None, ())
    assert "ash: no events in the treated arm" in found.reason


def test_a_rule_corrects_with_a_mark_and_leaves_out_by_name() -> None:
    parts = [two_arms("ash", 0, 9), two_arms("elm", 3, 9), two_arms("oak", 4, 9), two_arms("yew", 0, 0)]
    found = compared(*parts, plan=planned(zero_cells=RULE))
    assert found.pooled is not None
    assert found.pooled.studies == ("ash", "elm", "oak")
    marks = {effect.study_id: effect.marks for effect in found.effects}
    assert marks == {"ash": ("no events in the treated arm: 0.5 was added to each cell",), "elm": (), "oak": ()}
    # (0.5 / 51) / (9.5 / 51), by hand.
    assert math.exp(found.effects[0].estimate) == pytest.approx(0.5 / 9.5, rel=1e-12)
    assert found.without_effect == (("yew", "no events in either arm"),)
    assert (
        "Empty cells, by the rule of the protocol: 0.5 added to the cells of studies with an empty cell" in found.reason
    )
    assert "Left out: yew" in found.reason


def test_a_rule_that_nothing_needs_changes_nothing_and_is_not_told() -> None:
    plain, ruled = compare(*studies(3)), compared(*studies(3), plan=planned(zero_cells=RULE))
    assert plain.pooled is not None
    assert ruled.pooled is not None
    assert (ruled.reason, ruled.pooled.estimate) == (plain.reason, plain.pooled.estimate)


def test_a_rule_that_does_not_cover_a_study_is_no_exception() -> None:
    rule = {**RULE, "add": 0, "to": "none"}
    found = compared(two_arms("ash", 0, 9), two_arms("elm", 3, 9), plan=planned(zero_cells=rule))
    assert found.pooled is None
    assert "does not cover that" in found.reason


@pytest.mark.parametrize("zero_cells", [None, RULE, {**RULE, "drop00": False}])
def test_rule_14_where_nobody_had_the_event_nothing_is_added_and_nothing_pooled(zero_cells: object) -> None:
    parts = [two_arms(name, 0, 0) for name in ("ash", "elm", "oak")]
    found = compared(*parts, plan=planned(zero_cells=zero_cells))
    assert (found.pooled, found.effects) == (None, ())
    assert found.reason == (
        "Not pooled: nobody had the event in any arm of any study; nothing is added to such counts."
    )


def test_every_measure_of_the_protocol() -> None:
    a, b, c, d = 3, 47, 9, 41
    expected = {"RR": math.log((a / 50) / (c / 50)), "OR": math.log(a * d / (b * c)), "RD": a / 50 - c / 50}
    for measure, value in expected.items():
        found = compared(*studies(3), plan=planned(measure=measure))
        assert found.pooled is not None
        assert (found.pooled.measure, found.effects[0].measure) == (measure, measure)
        assert found.effects[0].estimate == pytest.approx(value, rel=1e-12)


def test_a_risk_difference_needs_no_rule_for_an_empty_arm() -> None:
    parts = [two_arms("ash", 0, 9), two_arms("elm", 3, 9)]
    found = compared(*parts, plan=planned(measure="RD"))
    assert found.pooled is not None
    assert found.effects[0].estimate == pytest.approx(-9 / 50, rel=1e-12)


def test_estimator_and_interval_of_the_protocol() -> None:
    found = compare(*studies(4), tau2="PM", interval="normal")
    assert found.pooled is not None
    assert (found.pooled.tau2_method, found.pooled.interval_method) == ("PM", "normal")
    assert found.pooled.method == "random effects, Paule-Mandel, normal interval"


def test_bcg_gives_the_four_digits_that_metafor_prints(repository: Path) -> None:
    found = synth.open_review("bcg", root=repository).synthesis.comparison("tuberculosis")
    assert found.pooled is not None
    assert len(found.effects) == found.pooled.k == 13
    digits = (found.pooled.estimate, found.pooled.standard_error, found.pooled.tau2)
    assert [f"{value:.4f}" for value in digits] == ["-0.7145", "0.1798", "0.3132"]
