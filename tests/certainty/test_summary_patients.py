"""Single patients in ratings and in the summary of findings: each once, and none that is contradicted; all invented."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "synthesis"))
from case_patterns import Invented, Listed, nothing_seen, review_of, single
from evidence_patterns import Row
from summary_cases import domain, rating_of

from synth.certainty.grade import rate
from synth.certainty.grade.types import Level, Rating
from synth.certainty.single_patients import SinglePatients
from synth.certainty.summary.build import summary_of_findings
from synth.certainty.summary.notes import certainty_notes
from synth.certainty.summary.types import FindingsTable, SingleArmRow
from synth.certainty.wording import allowed
from synth.synthesis.ladder import Rung

TWO_FIGURES = "oak: one patient (patient 1) is given with two different figures and is not counted."


def told(review: Invented) -> tuple[Rating, SingleArmRow, FindingsTable]:
    """Rating, row and table of the one outcome."""
    certainty = rate(review.protocol, review.synthesis, cases=review.cases)
    summary = summary_of_findings(review.protocol, review.synthesis, certainty, cases=review.cases)
    table = summary.of("knot")
    (row,) = [item for item in table.rows if item.outcome_id == "comfort"]
    assert isinstance(row, SingleArmRow)
    assert allowed(row.statement.alone, row.level, False, row.statement.quoted) == ()
    return certainty.of("knot", "comfort"), row, table


def notes_of(table: FindingsTable, row: SingleArmRow, column: str) -> list[str]:
    return [note.text for note in table.footnotes if note.letter in row.notes[column]]


def test_a_patient_with_two_different_figures_is_no_finding() -> None:
    rows = (single("ash"), single("elm"), single("oak", after=55))
    rating, row, table = told(review_of(*rows, cases=[Listed("oak", after=60)]))
    assert [item.study_id for item in row.seen] == ["ash", "elm"]
    assert "higher after knot than before in 2 single patients (40 before and 60 after; " in row.statement.main
    assert "55" not in " ".join(row.cells.values())
    assert row.cells["people"] == "2 patients (2 reports of single patients)"
    assert TWO_FIGURES in notes_of(table, row, "seen")
    assert rating.level is Level.VERY_LOW
    assert rating.domain("imprecision").suggestion.facts[0].value == 2


def test_where_every_patient_is_contradicted_nothing_is_rated() -> None:
    rating, row, table = told(review_of(single("oak", after=55), cases=[Listed("oak", after=60)]))
    assert rating.level is Level.NOT_RATED
    assert rating.reason == f"There is no evidence to rate: no usable figure was seen. {TWO_FIGURES}"
    assert row.statement.main == "No usable figure on comfort after knot was seen, so nothing is rated."
    assert row.statement.beside == (f"{TWO_FIGURES.rstrip('.')} (scale).",)
    assert row.cells["seen"] == "no usable figure was seen; not rated"
    assert notes_of(table, row, "seen") == [TWO_FIGURES]


def test_a_contradicted_patient_beside_a_series_leaves_the_series() -> None:
    rows = (Row("fir", change_sd=5), single("oak", after=55))
    rating, row, table = told(review_of(*rows, cases=[Listed("oak", after=60)]))
    assert [item.study_id for item in row.seen] == ["fir"]
    assert "single patient" not in row.statement.text
    assert row.cells["people"] == "10 patients (1 series)"
    assert notes_of(table, row, "seen")[-1] == TWO_FIGURES
    assert rating.answers[0].rung is Rung.ONE_SERIES


def test_patients_of_whom_only_the_list_tells_are_taken_each_once() -> None:
    cases = [Listed("oak"), Listed("oak", months=24, after=50), Listed("oak", case="patient 2", after=20)]
    rating, row, _ = told(review_of(nothing_seen("oak"), cases=cases))
    assert [(item.after, item.months) for item in row.seen] == [(50, 24), (20, 12)]
    assert "higher after knot than before in 1 single patient and lower in 1 single patient" in row.statement.main
    assert row.cells["people"] == "2 patients (1 report of single patients)"
    assert rating.level is Level.VERY_LOW
    assert rating.domain("imprecision").suggestion.facts[0].value == 2


def test_a_patient_who_may_be_listed_already_is_not_counted_again() -> None:
    cases = [Listed("oak"), Listed("oak", case="patient 2", after=20)]
    _, row, table = told(review_of(single("oak", after=55), cases=cases))
    assert [item.after for item in row.seen] == [60, 20]
    assert notes_of(table, row, "seen") == [
        "oak: one patient may be among the patients that are listed one by one, and is not counted again."
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((single("ash"),), "1 patient (1 report of a single patient)"),
        ((single("ash"), single("elm"), single("oak")), "3 patients (3 reports of single patients)"),
        ((single("ash", months=6), single("ash", months=24)), "1 patient (1 report of a single patient)"),
        ((Row("fir", change_sd=5), single("oak")), "11 patients (1 series, 1 report of a single patient)"),
    ],
)
def test_reports_of_single_patients_are_no_series(rows: tuple[Row, ...], expected: str) -> None:
    _, row, _ = told(review_of(*rows))
    assert row.cells["people"] == expected


def test_two_times_of_one_patient_are_one_patient() -> None:
    _, row, _ = told(review_of(single("ash", months=6), single("ash", months=24)))
    assert "in 1 single patient (" in row.statement.main


def test_answers_without_single_patients_stay_as_they_are_and_twice_changes_nothing() -> None:
    review = review_of(nothing_seen("oak"), single("elm", after=55), cases=[Listed("oak"), Listed("elm", after=60)])
    (item,) = [item for item in review.synthesis.outcomes if item.procedure == "knot"]
    assert SinglePatients(review.protocol).outcome(item) is item
    patients = SinglePatients(review.protocol, review.cases)
    once = patients.outcome(item)
    assert once.rung is Rung.CASES
    assert [case.study_id for answer in once.answers for case in answer.cases] == ["oak"]
    assert patients.outcome(once) is once


def test_what_starts_very_low_has_no_lower_level() -> None:
    rating, row, table = told(review_of(single("ash")))
    assert rating.start is Level.VERY_LOW
    notes = notes_of(table, row, "certainty")
    assert any(text.startswith("No lower level for imprecision: ") for text in notes)
    assert not any(text.startswith("Down") for text in notes)
    series = review_of(Row("ash", change_sd=5))
    low = rating_of(series.synthesis, Level.VERY_LOW, domain("imprecision", -1))
    assert "Down one level for imprecision: Invented reason for imprecision." in list(certainty_notes(low))
