"""Planned comparisons of two arms: what is pooled, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_patterns import Event, Row, synthesis_of

import synth
from synth.errors import MethodError, ZeroCellError
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


def test_an_arm_without_events_is_refused_by_name() -> None:
    with pytest.raises(ZeroCellError, match="ash"):
        compare(two_arms("ash", 0, 9), two_arms("elm", 3, 9))


def test_bcg_gives_the_four_digits_that_metafor_prints(repository: Path) -> None:
    found = synth.open_review("bcg", root=repository).synthesis.comparison("tuberculosis")
    assert found.pooled is not None
    assert len(found.effects) == found.pooled.k == 13
    digits = (found.pooled.estimate, found.pooled.standard_error, found.pooled.tau2)
    assert [f"{value:.4f}" for value in digits] == ["-0.7145", "0.1798", "0.3132"]
