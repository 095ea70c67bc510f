"""Who was enrolled, analysed and chosen, beside the figure (rule 20), and reports that give no number of patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from summary_cases import Event, Row, comparison_rating, protocol_of, rating_of, synthesised, two_arms

import synth
from synth.certainty.grade.types import Level, Rating
from synth.certainty.summary import enrolment_of, harm_statement, summary_of_findings, unnumbered_reports
from synth.certainty.summary.types import FindingsTable, SingleArmRow, SummaryOfFindings
from synth.certainty.wording import allowed
from synth.errors import MethodError
from synth.synthesis.answers import Synthesis

NAN = float("nan")
SOME = "24 of 30 enrolled were analysed"


@dataclass(frozen=True)
class Ratings:
    """What has ratings."""

    ratings: tuple[Rating, ...]


def studies(**people: tuple[float, float, str]) -> pd.DataFrame:
    """Invented rows of studies.csv: enrolled, analysed and selection by study."""
    rows = [(study, *found) for study, found in people.items()]
    return pd.DataFrame(rows, columns=["study_id", "enrolled", "analysed", "selection"])


def table_of(synthesis: Synthesis, frame: pd.DataFrame | None) -> FindingsTable:
    ratings = Ratings((rating_of(synthesis, Level.VERY_LOW),))
    return summary_of_findings(synthesis.protocol, synthesis, ratings, studies=frame).of("knot")


def row_of(table: FindingsTable, outcome: str) -> SingleArmRow:
    (row,) = [item for item in table.rows if item.outcome_id == outcome]
    assert isinstance(row, SingleArmRow)
    return row


def notes_of(table: FindingsTable, outcome: str, column: str = "seen") -> list[str]:
    (row,) = [item for item in table.rows if item.outcome_id == outcome]
    return [note.text for note in table.footnotes if note.letter in row.notes[column]]


def clean(found: SummaryOfFindings | FindingsTable) -> None:
    rows = found.rows if isinstance(found, FindingsTable) else [row for table in found for row in table.rows]
    for item in (row.statement for row in rows):
        assert allowed(item.alone, item.level, item.controlled, item.quoted) == (), item.alone


@pytest.mark.parametrize(
    ("people", "marked"),
    [((30, 24, ""), True), ((24, 24, ""), False), ((NAN, 24, ""), False), ((30, NAN, ""), False)],
)
def test_rule_20_a_mean_that_leaves_people_out_says_so(people: tuple[float, float, str], marked: bool) -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", n=24, patients=24, change_sd=9)])
    table = table_of(synthesis, studies(ash=people))
    told = row_of(table, "comfort").statement.main
    assert (f"{SOME} in ash." in told) == marked
    assert notes_of(table, "comfort") == ([f"ash: {SOME}."] if marked else [])
    clean(table)


def test_rule_20_selected_people_are_marked_beside_the_figure() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9), Row("elm", change_sd=9), Row("oak", after="")])
    frame = studies(ash=(NAN, NAN, "people with loose ropes"), elm=(NAN, NAN, ""), oak=(NAN, NAN, "others"))
    # The series without a usable figure is not shown in the row, so it has no mark there.
    assert notes_of(table_of(synthesis, frame), "comfort") == ["ash, selected: people with loose ropes."]


def test_rule_20_a_share_has_the_marks_of_its_arm() -> None:
    rows = [Row("ash", n=24, patients=24, after=""), Row("elm", after="")]
    synthesis = synthesised(protocol_of(), rows, [Event("ash", "content", 16, 24)])
    table = table_of(synthesis, studies(ash=(30, 24, "people with loose ropes"), elm=(20, 10, "others")))
    assert f"{SOME} in ash." in row_of(table, "comfort").statement.main
    assert notes_of(table, "comfort") == [f"ash: {SOME}.", "ash, selected: people with loose ropes."]


def test_without_studies_nothing_is_marked() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    assert notes_of(table_of(synthesis, None), "comfort") == []
    with pytest.raises(MethodError, match="studies: no column analysed; the columns of"):
        enrolment_of(studies(ash=(1, 1, "")).drop(columns="analysed"))


@pytest.mark.parametrize(
    ("total", "unit", "sentence", "note"),
    [
        (
            30,
            "patients",
            "Counted over the 30 enrolled in ash; 24 were analysed",
            "counted over the 30 enrolled; 24 were",
        ),
        (28, "patients", "Counted over 28 in ash; 24 were analysed", "counted over 28; 24 were analysed."),
        (24, "patients", f"{SOME} in ash.", f"ash: {SOME}."),
        # Hips are not held against patients (rule 8): only that some patients were left out can be said.
        (28, "hips", f"{SOME} in ash.", f"ash: {SOME}."),
    ],
)
def test_a_harm_counted_over_people_who_were_not_analysed_says_so(
    total: int, unit: str, sentence: str, note: str
) -> None:
    rows = [Row("ash", n=24, patients=24, hips=28, change_sd=9)]
    synthesis = synthesised(protocol_of(), rows, [Event("ash", "tear", 2, total, unit=unit)])
    table = table_of(synthesis, studies(ash=(30, 24, "")))
    told = row_of(table, "tear").statement.main
    assert sentence in told
    over = total > 24 and unit == "patients"
    assert ("so anyone lost counts as without the event." in told) == over
    (found,) = notes_of(table, "tear")
    assert note in found
    assert (f"{SOME} in ash." in told) == (not over)
    # The mean of the same study keeps its own mark.
    assert f"{SOME} in ash." in row_of(table, "comfort").statement.main
    clean(table)


def test_the_people_of_a_comparison_have_the_same_marks() -> None:
    protocol = protocol_of(measures=["RR"])
    (rows, events), (others, more) = two_arms("ash", 5, 10), two_arms("elm", 5, 10)
    synthesis = synthesised(protocol, [*rows, *others], [*events, *more])
    ratings = Ratings((comparison_rating(synthesis.comparisons[0], Level.LOW),))
    frame = studies(ash=(120, 100, "people with loose ropes"), elm=(100, 90, ""))
    table = summary_of_findings(protocol, synthesis, ratings, studies=frame).of("knot/none")
    assert notes_of(table, "tear", "people") == [
        "ash: 100 of 120 enrolled were analysed.",
        "ash, selected: people with loose ropes.",
        "elm: counted over the 100 enrolled; 90 were analysed. Anyone lost counts as without the event.",
    ]


def test_rule_10_reports_without_a_number_of_patients_are_told_apart() -> None:
    rows = [Row("ash"), Row("elm", patients=""), Row("oak", patients="", arm="A1"), Row("oak", arm="A2")]
    synthesis = synthesised(protocol_of(), rows, [Event("ash", "tear", 0, 10)])
    studied = synthesis.studied["knot"]
    # One arm with a number is enough for a study to have one.
    assert unnumbered_reports(studied) == ("elm",)
    table = table_of(synthesis, None)
    silent = row_of(table, "any complication").statement.main
    assert silent.endswith("in what was read (3 eligible reports, 1 of which gives no number of patients).")
    counting = row_of(table, "tear").statement.beside
    assert counting == (
        "2 other reports, 1 of which gives no number of patients, do not report on it, which is not the same as none.",
    )


@pytest.mark.parametrize(
    ("reports", "unnumbered", "told"),
    [
        (1, (), "(1 eligible report)"),
        (1, ("ash",), "(1 eligible report, which gives no number of patients)"),
        (5, ("ash", "elm"), "(5 eligible reports, 2 of which give no number of patients)"),
    ],
)
def test_how_many_of_the_silent_reports_give_no_number(reports: int, unnumbered: tuple[str, ...], told: str) -> None:
    statement = harm_statement("tear", (), reports, "Knot", unnumbered=unnumbered)
    assert told in statement.main
    assert allowed(statement.text, statement.level, False, statement.quoted) == ()


def test_a_change_of_percentages_is_in_percentage_points() -> None:
    protocol = protocol_of()
    scale = protocol.instrument("scale").model_copy(update={"unit": "%"})
    instruments = tuple(scale if item.id == "scale" else item for item in protocol.instruments)
    synthesis = synthesised(protocol.model_copy(update={"instruments": instruments}), [Row("ash", change_sd=9)])
    row = row_of(table_of(synthesis, None), "comfort")
    assert "mean change +20.0 percentage points, 95% interval" in row.statement.main
    assert "change +20.0 percentage points" in row.cells["seen"]


def test_the_review_of_single_arms_marks_who_was_left_out(repository: Path) -> None:
    found = synth.open_review("ifi", root=repository).findings
    clean(found)
    table = found.of("endoscopic")
    marks = {f"docwirelti: {SOME}.", "docwirelti, selected: patients with low back pain."}
    for outcome in ("hip function", "low back disability"):
        assert f"{SOME} in docwirelti." in row_of(table, outcome).statement.main
        assert marks <= set(notes_of(table, outcome))
    assert "16 of 24 patients" in row_of(table, "low back disability").statement.main
    # One series of five, of which nothing was left out that is known.
    assert "enrolled" not in row_of(table, "pain").statement.alone
    again = row_of(table, "reoperation")
    assert "Counted over the 30 enrolled in docwirelti; 24 were analysed" in again.statement.main
    assert again.cells["certainty"] == "Not assessed"
    assert "14 eligible reports, 5 of which give no number of patients" in row_of(table, "fracture").statement.main


def test_single_patients_after_a_series_are_told_in_one_short_sentence(repository: Path) -> None:
    row = row_of(synth.open_review("ifi", root=repository).findings.of("endoscopic"), "low back disability")
    assert row.statement.main.count("Low back disability scores (ODI, lower is better) were") == 1
    assert "The scores were lower in 1 single patient (56 before and 14 after, in %)." in row.statement.main
