"""Certainty: nothing is rated before anybody has judged, and no evidence is not "very low" (rule 22)."""

from __future__ import annotations

from pathlib import Path

import pytest

import synth
from synth.review import Review


@pytest.fixture(scope="module")
def ifi(repository: Path) -> Review:
    return synth.open_review("ifi", root=repository)


def test_main_procedures_and_outcomes_are_rated_and_no_others(ifi: Review) -> None:
    protocol = ifi.protocol
    expected = [
        (procedure.label, outcome.label)
        for procedure in protocol.procedures
        if procedure.role == "main"
        for outcome in protocol.outcomes
        if outcome.role == "main"
    ]
    assert [(item.about, item.outcome) for item in ifi.certainty.ratings] == expected


def test_no_level_is_given(ifi: Review) -> None:
    assert {item.level for item in ifi.certainty.ratings} == {"not rated"}
    assert "very low" not in ifi.certainty._repr_html_()


def test_uncontrolled_evidence_is_at_most_low_and_none_has_no_ceiling(ifi: Review) -> None:
    ceilings = {(item.about.split()[0], item.outcome): item.ceiling for item in ifi.certainty.ratings}
    assert ceilings == {
        ("Endoscopic", "Hip function"): "low",
        ("Endoscopic", "Pain"): "low",
        ("Open", "Hip function"): "",
        ("Open", "Pain"): "",
        ("Intertrochanteric", "Hip function"): "",
        ("Intertrochanteric", "Pain"): "",
    }
    assert all(("no evidence to rate" in item.reason) == (not item.ceiling) for item in ifi.certainty.ratings)


def test_a_comparison_has_no_ceiling_before_it_is_judged(repository: Path) -> None:
    (rating,) = synth.open_review("bcg", root=repository).certainty.ratings
    assert (rating.level, rating.ceiling) == ("not rated", "")
    assert rating.about == "BCG vaccination against No BCG vaccination"
