"""Counts with exact intervals, or the reason why they have none (rules 8 to 10)."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_patterns import Event, Row, synthesis_of

import synth
from synth.synthesis.counts import Count


def count(event: Event, **cells: object) -> Count:
    (found,) = synthesis_of(Row(event.study, **cells), events=[event]).counts  # type: ignore[arg-type]
    return found


@pytest.fixture(scope="module")
def ifi(repository: Path):
    return {(item.study_id, item.event): item for item in synth.open_review("ifi", root=repository).synthesis.counts}


def test_rule_9_counts_conditioned_on_inclusion_have_no_rate(ifi) -> None:
    for event in ("complete but transient pain relief", "progressed to surgery"):
        item = ifi[("wilson2016", event)]
        assert (item.events, item.total, item.proportion) == (7, 7, None)
        assert item.reason == "no rate: who was included depended on it"


def test_rule_10_zero_events_have_an_exact_interval(ifi) -> None:
    item = ifi[("hatem2015", "complication")]
    assert item.proportion is not None
    # 1 - 0.025 ** (1 / 5): the two-sided exact limit, not the 3 / n of the rule of three.
    assert item.proportion.interval == pytest.approx((0, 1 - 0.025**0.2), abs=1e-9)


def test_rule_8_hips_carry_patients_and_a_sensitivity_by_patient(ifi) -> None:
    event = "postoperative ischiofemoral space above 17 mm with pain-free IFI and long-stride walking tests"
    item = ifi[("aguilerabohorquez2020", event)]
    assert (item.events, item.total, item.unit_of_analysis, item.patients) == (15, 16, "hips", 13)
    assert item.by_patient is not None
    # The one hip without it belongs to one patient: every hip of the other 12 had it.
    assert (item.by_patient.events, item.by_patient.total) == (12, 13)


@pytest.mark.parametrize(
    ("event", "events", "by_patient"),
    [
        ("content", 12, 10),
        ("content", 10, 8),
        ("content", 2, 0),
        ("tear", 0, 0),
        ("tear", 2, 2),
        ("tear", 12, 10),
        ("any", 11, 10),
    ],
)
def test_sensitivity_by_patient_is_the_least_favourable(event: str, events: int, by_patient: int) -> None:
    item = count(Event("ash", event, events, 12, unit="hips"), patients=10, hips=12)
    assert item.by_patient is not None
    assert (item.by_patient.events, item.by_patient.total) == (by_patient, 10)


@pytest.mark.parametrize(
    "cells", [{"patients": "", "hips": 12}, {"patients": 10, "hips": 11}, {"patients": 12, "hips": 12}]
)
def test_no_sensitivity_by_patient_where_the_arm_does_not_fit(cells) -> None:
    assert count(Event("ash", "tear", 2, 12, unit="hips"), **cells).by_patient is None


@pytest.mark.parametrize(
    ("patients", "hips", "one_each"), [(12, 12, True), (12, "", False), (12, 15, False), (10, 12, False)]
)
def test_every_patient_has_one_hip_only_where_the_arm_says_so(patients: int, hips: object, one_each: bool) -> None:
    assert count(Event("ash", "tear", 2, 12, unit="hips"), patients=patients, hips=hips).one_each == one_each


@pytest.mark.parametrize(
    ("event", "cells", "reason"),
    [
        (Event("ash", "tear", 1, 8, unit=""), {}, "what was counted is not stated"),
        (Event("ash", "tear", 1, 8, unit="not stated"), {}, "what was counted is not stated"),
        (Event("ash", "tear", 0, 1), {}, "a single patient"),
        (Event("ash", "rested", 3, 8), {}, "a step of care"),
        (Event("ash", "loose before", 8, 8), {}, "a state before treatment"),
        (Event("ash", "tear", 1, 8, conditioned="yes"), {}, "who was included depended on it"),
        (Event("ash", "tear", 1, 8), {"level": "video abstract"}, "used for directions only"),
        (Event("ash", "tear", 1, 8), {}, ""),
        (Event("ash", "tear", 0, 2), {}, ""),
    ],
)
def test_reason_or_rate(event: Event, cells, reason: str) -> None:
    item = count(event, **cells)
    assert (item.proportion is None) == bool(reason)
    assert reason in item.reason
    assert bool(item.reason) == bool(reason)
