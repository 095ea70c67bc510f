"""Directions of planned comparisons: from the counts, with a sign test from five independent studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evidence_patterns import Event, Row, protocol, synthesis_of

import synth
from synth.synthesis.swim import SwimComparison, sign_test, swim_of_comparison

PLAN = {
    "id": "tear",
    "label": "Tear",
    "event": "tear",
    "measure": "RR",
    "treated": "knot",
    "control": "none",
    "fewer_is_better": True,
}


def compare(
    *counts: tuple[int, int], fewer_is_better: bool = True, authors: tuple[str, ...] | None = None, **plan: Any
) -> SwimComparison:
    """Invented studies of 50 against 50 with these events."""
    rows, events = [], []
    for index, (treated, control) in enumerate(counts):
        study = f"study{index}"
        rows += [
            Row(study, arm="T", patients=50, authors=authors),
            Row(study, arm="C", procedure="none", patients=50, authors=authors),
        ]
        events += [Event(study, "tear", treated, 50, arm="T"), Event(study, "tear", control, 50, arm="C")]
    planned = [{**PLAN, "fewer_is_better": fewer_is_better}]
    found = synthesis_of(*(rows or [Row("apart")]), events=events, comparisons=planned, **plan)
    return swim_of_comparison(found.comparison("tear"), found.protocol.synthesis)


@pytest.mark.parametrize(
    ("counts", "direction", "verdict"),
    [
        ((3, 9), "lower", "better"),
        ((9, 3), "higher", "worse"),
        ((4, 4), "no change", "no change"),
        ((0, 2), "lower", "better"),
    ],
)
def test_direction_of_the_risk(counts: tuple[int, int], direction: str, verdict: str) -> None:
    found = compare(counts).rows[0]
    assert (found.direction, found.verdict, found.n) == (direction, verdict, 100)
    assert found.note == f"{counts[0]} of 50 against {counts[1]} of 50"


def test_more_events_may_be_better() -> None:
    assert compare((9, 3), fewer_is_better=False).rows[0].verdict == "better"


@pytest.mark.parametrize("counts", [(0, 0), (50, 50)])
def test_nobody_or_everybody_gives_no_direction(counts: tuple[int, int]) -> None:
    found = compare((3, 9), counts)
    silent = next(item for item in found.rows if item.study_id == "study1")
    assert (silent.direction, silent.verdict) == ("", "")
    assert "No direction, since everybody or nobody had the event: study1." in found.limits


@pytest.mark.parametrize(("k", "tested"), [(0, False), (1, False), (4, False), (5, True), (7, True)])
def test_rule_16_sign_test_of_comparisons_from_five(k: int, tested: bool) -> None:
    found = compare(*[(3, 9)] * k)
    assert (found.vote.p_value is not None) is tested
    assert (found.vote.proportion is not None) is tested
    told = " ".join(found.sentences)
    assert ("Exact sign test, two-sided: p = " in told) is tested
    assert ("it says nothing of the size of an effect in any study" in told) is tested
    assert (k == 0) == ("No direction was seen in an eligible study." in told)
    if tested:
        assert found.vote.p_value == 2 * 0.5**k


def test_equal_risks_take_no_side_in_the_test() -> None:
    assert compare(*[(3, 9)] * 4, (4, 4)).vote.p_value is None
    assert compare(*[(3, 9)] * 5, (4, 4)).vote.p_value == sign_test(5, 5)


def test_studies_that_may_share_people_count_once() -> None:
    found = compare(*[(3, 9)] * 5, authors=("Same A",))
    assert (found.vote.studies, found.vote.k, found.vote.p_value) == (5, 1, None)
    assert found.reason.startswith("Not pooled: that the patients are the same people cannot be excluded")


def test_where_nobody_looked_for_shared_people_there_is_no_test() -> None:
    """Empty cells stop the way to a pool before overlaps are looked for."""
    found = compare(*[(3, 9)] * 5, (0, 4))
    assert found.comparison.pooled is None
    assert (found.vote.better, found.vote.proportion, found.vote.p_value) == (6, None, None)
    told = " ".join(found.sentences)
    assert "Which studies can share people was not examined: directions are counted, and nothing more." in told


def test_a_protocol_may_ask_for_more_studies() -> None:
    ladder = {"vote_from": 6, "reason": "Invented."}
    assert compare(*[(3, 9)] * 5, ladder=ladder).vote.p_value is None
    assert compare(*[(3, 9)] * 6, ladder=ladder).vote.p_value is not None


def test_bcg(repository: Path) -> None:
    """11 of 13 trials saw fewer cases among the vaccinated: read off events.csv, risk by risk."""
    review = synth.open_review("bcg", root=repository)
    found = swim_of_comparison(review.synthesis.comparisons[0], review.protocol.synthesis)
    assert {item.study_id for item in found.rows if item.verdict == "worse"} == {"tptmadras1980", "comstock1969"}
    assert (found.vote.better, found.vote.worse, found.vote.k) == (11, 2, 13)
    assert found.vote.p_value == pytest.approx(2 * (1 + 13 + 78) / 8192, rel=1e-12)
    assert "On the better side: 11 of 13 independent studies, 84.6% (exact 95% interval 54.6% to 98.1%)." in (
        found.sentences
    )
    rows = found.harvest_rows({"hart1977": "Hart"})
    assert len(rows) == 13
    assert {item.label for item in rows if item.n == 26465} == {"Hart"}
    assert rows[0].procedure_label == "bcg against none"
    assert rows[0].outcome_label == "Tuberculosis"


def test_shown() -> None:
    found = compare((3, 9))
    assert list(found.show({"study0": "First"}).frame["report"]) == ["First"]
    assert list(found.table()["verdict"]) == ["better"]
    assert "<li>Seen direction, 1 eligible study: 1 better, 0 worse.</li>" in found._repr_html_()
    assert repr(found) == f"SwimComparison(tear: {' '.join(found.sentences)})"
    empty = compare()
    assert repr(empty.show()) == "No study compares the two."
    assert empty.limits == ()
    assert protocol().synthesis.ladder.vote_from == 5
