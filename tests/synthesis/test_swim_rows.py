"""Status and direction of every line of a direction table, on invented evidence."""

from __future__ import annotations

from typing import Any

import pytest
from evidence_patterns import Event, Row, synthesis_of

from synth.synthesis.swim import Reported, Status, SwimAnswer, swim_of

NOTHING: dict[str, Any] = {"before": "", "after": ""}


def swim(*rows: Row, events: tuple[Event, ...] = (), **plan: Any) -> SwimAnswer:
    """The answer for the procedure knot of an invented pattern."""
    found = swim_of(synthesis_of(*rows, events=events, **plan), designs={"one": "invented design"})
    return next(item for item in found if item.procedure == "knot")


def line(*rows: Row, events: tuple[Event, ...] = ()) -> Reported:
    """The one line of a pattern."""
    found = swim(*rows, events=events).rows
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("row", "status", "detail", "direction", "verdict"),
    [
        (Row("one"), "figure", "change", "higher", "better"),
        (Row("one", after=20), "figure", "change", "lower", "worse"),
        (Row("one", after=40), "figure", "change", "no change", "no change"),
        (Row("one", **NOTHING, cells={"change_mean": "-3"}), "figure", "change", "lower", "worse"),
        (Row("one", instrument="rule", before=4, after=6), "figure", "change", "higher", "unclear"),
        (Row("one", instrument="rule", before=4, after=4), "figure", "change", "no change", "no change"),
        (Row("one", before=""), "figure", "after only", "", ""),
        (Row("one", **NOTHING, cells={"followup_min": 50, "followup_max": 70}), "figure", "after only", "", ""),
        (Row("one", **NOTHING, direction="lower"), "direction only", "in words", "lower", "worse"),
        (Row("one", after="", direction="higher"), "direction only", "in words", "higher", "better"),
        (Row("one", level="video abstract"), "direction only", "change", "higher", "better"),
        (
            Row("one", level="video abstract", **NOTHING, direction="no change"),
            *("direction only", "in words"),
            *("no change",) * 2,
        ),
        (Row("one", level="video abstract", before=""), "measured but not seen", "after only", "", ""),
        (Row("one", after=""), "measured but not seen", "before only", "", ""),
        (
            Row("one", **NOTHING, cells={"baseline_min": 10, "baseline_max": 30}),
            "measured but not seen",
            "before only",
            "",
            "",
        ),
        (Row("one", **NOTHING), "measured but not seen", "no figure", "", ""),
    ],
)
def test_rule_25_status_of_a_row(row: Row, status: str, detail: str, direction: str, verdict: str) -> None:
    found = line(row)
    assert (str(found.status), found.detail, found.direction, found.verdict) == (status, detail, direction, verdict)


def test_a_line_carries_where_it_was_read_and_what_the_study_is() -> None:
    found = line(Row("one", n=12, months=6, patients=12, cells={"note": "invented note"}))
    assert (found.study_id, found.arm_id, found.procedure, found.outcome) == ("one", "A1", "knot", "comfort")
    assert (found.what, found.n, found.unit, found.months) == ("scale", 12, "patients", 6)
    assert (found.design, found.role, found.mark, found.single_patient) == ("invented design", "synthesis", "", False)
    assert (found.seen_in, found.source, found.locator) == ("primary full text", "DOI:10.0000/invented", "table 1")
    assert (found.row, found.note) == ("outcomes.csv:2", "invented note")


def test_a_report_without_a_row_on_the_outcome_is_not_mentioned_once_for_all_its_arms() -> None:
    # The rows of "other" in outcomes.csv are of an outcome that the protocol does not have.
    elsewhere: dict[str, object] = {"outcome": "elsewhere"}
    small = Row("other", arm="A1", patients=4, n=4, cells=elsewhere)
    large = Row("other", arm="A2", patients=9, n=9, cells=elsewhere)
    found = swim(Row("one"), small, large)
    silent = [item for item in found.rows if item.study_id == "other"]
    assert [(item.arm_id, item.status, item.n, item.unit) for item in silent] == [
        ("A2", Status.NOT_MENTIONED, 9, "patients")
    ]
    assert (silent[0].row, silent[0].words, silent[0].verdict) == ("arms.csv:4", "not mentioned", "")
    assert found.statuses == {"one": Status.FIGURE, "other": Status.NOT_MENTIONED}
    assert found.with_status(Status.NOT_MENTIONED) == ("other",)


def test_an_outcome_that_a_report_names_without_a_figure_is_measured_but_not_seen() -> None:
    silent = Row("other", patients=4, n=4, cells={"outcome": "elsewhere"})
    named = {"other": ("comfort", "sleep"), "one": ("comfort",), "nobody": ("comfort",)}
    found = swim_of(synthesis_of(Row("one"), silent), named=named)[0]
    # A study with a row of the outcome keeps it; one that is not there gets none.
    assert [(item.study_id, item.words) for item in found.rows] == [
        ("one", "figure"),
        ("other", "measured but not seen (named, no figure)"),
    ]
    other = found.rows[1]
    assert (other.what, other.n, other.direction, other.verdict, other.row) == ("", 4, "", "", "arms.csv:3")
    assert "1 of 2 eligible reports gave no direction that was seen, 1 of which named it without a figure." in " ".join(
        found.limits
    )
    elsewhere = swim_of(synthesis_of(Row("one"), silent), named={"other": ("sleep",)})[0]
    assert elsewhere.statuses["other"] is Status.NOT_MENTIONED


def test_annex_and_other_procedures_have_no_line() -> None:
    found = swim(Row("one"), Row("annexed", disease="tightness"), Row("bowed", procedure="bow"))
    assert [item.study_id for item in found.rows] == ["one"]


def test_comparators_have_no_answer() -> None:
    synthesis = synthesis_of(Row("one"), Row("two", procedure="none"))
    assert [(item.procedure, item.outcome) for item in swim_of(synthesis)] == [("knot", "comfort"), ("bow", "comfort")]


def test_a_source_for_directions_only_is_marked() -> None:
    found = line(Row("one", level="video abstract"))
    assert (found.role, found.mark) == ("direction only", "video abstract")


@pytest.mark.parametrize(
    ("row", "single"),
    [
        (Row("one", n=1, patients=1), True),
        (Row("one", n="", patients=1), True),
        (Row("one", n=2, unit="hips", patients=1, hips=2), True),
        (Row("one", n=2, patients=2), False),
        (Row("one", n="", patients=""), False),
    ],
)
def test_one_patient_is_no_series_whatever_was_counted(row: Row, single: bool) -> None:
    assert line(row).single_patient is single


def test_words_against_the_figures_are_told_and_figures_count() -> None:
    found = line(Row("one", direction="lower"))
    assert (found.direction, found.note) == ("higher", "in words: lower, against its figures")
    assert line(Row("one", direction="higher")).note == ""


def test_a_share_is_a_figure_without_a_direction() -> None:
    """Rule 18: a share of responders is not the direction of a mean."""
    found = swim(Row("one", after=""), events=(Event("one", "content", 6, 10),))
    assert [(item.what, item.status, item.detail, item.verdict) for item in found.rows] == [
        ("content", Status.FIGURE, "share", ""),
        ("scale", Status.NOT_SEEN, "before only", ""),
    ]
    assert (found.rows[0].words, found.rows[0].note, found.rows[0].n) == ("figure (share)", "6 of 10", 10)
    assert found.statuses == {"one": Status.FIGURE}
    assert found.vote.groups == ()


def test_only_benefits_that_the_protocol_counts_towards_the_outcome_are_its_shares() -> None:
    events = (Event("one", "tear", 1, 10), Event("one", "rested", 9, 10), Event("one", "any", 1, 10))
    assert [item.what for item in swim(Row("one"), events=events).rows] == ["scale"]


def test_a_share_that_decided_on_inclusion_says_so() -> None:
    found = swim(Row("one", after=""), events=(Event("one", "content", 7, 7, conditioned="yes"),))
    assert found.rows[0].note == "7 of 7; no rate: who was included depended on it"
    assert found.rows[0].words == "figure (count without a rate)"


def test_lines_stand_by_kind_then_status_then_size() -> None:
    found = swim(
        Row("alone", n=1, patients=1),
        Row("film", level="video abstract"),
        Row("unseen", after="", n=90, patients=90),
        Row("worded", **NOTHING, direction="higher", n=80, patients=80),
        Row("small", n=3),
        Row("large", n=30, patients=30),
        Row("twin", n=30, patients=30),
    )
    assert [item.study_id for item in found.rows] == ["large", "twin", "small", "worded", "unseen", "film", "alone"]
