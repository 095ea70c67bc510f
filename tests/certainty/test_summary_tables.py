"""Layout of the summary of findings: rows, order, footnotes, and what is told of people and harms."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
from summary_cases import Event, Row, domain, protocol_of, rating_of, synthesised

import synth
from synth.certainty.grade.types import UNCONFIRMED, Level, Rating
from synth.certainty.summary.build import summary_of_findings
from synth.certainty.summary.notes import Letters, certainty_notes
from synth.certainty.summary.single_arm import NOT_ASSESSED_NOTE, SILENT_NOTE
from synth.certainty.summary.statements import OTHER_REASONS
from synth.certainty.summary.types import SYMBOLS, FindingsTable, SingleArmRow, SummaryOfFindings
from synth.certainty.wording import allowed
from synth.errors import MethodError
from synth.review import Review
from synth.synthesis.answers import Synthesis

EXTRA = (
    {"id": "rest", "label": "Rest", "role": "other", "instruments": ["rule"], "importance": "limited"},
    {"id": "sleep", "label": "Sleep", "role": "main", "instruments": ["rule"], "importance": "critical"},
    {
        "id": "length",
        "label": "Length",
        "role": "other",
        "instruments": ["rule"],
        "importance": "important",
        "surrogate_for": "sleep",
    },
)


class Ratings:
    """What has ratings."""

    def __init__(self, *ratings: Rating) -> None:
        self.ratings = ratings


def summary(synthesis: Synthesis, *ratings: Rating) -> SummaryOfFindings:
    return summary_of_findings(synthesis.protocol, synthesis, Ratings(*ratings))


def invented(**plan: object) -> tuple[Synthesis, FindingsTable]:
    """Two series, a share and a harm after a knot, with outcomes on which nothing was seen."""
    rows = [Row("ash", change_sd=9), Row("elm", change_sd=9, n=12, authors=())]
    events = [Event("ash", "tear", 0, 10), Event("elm", "content", 7, 12), Event("elm", "rested", 3, 12)]
    synthesis = synthesised(protocol_of(outcomes=EXTRA, **plan), rows, events)  # type: ignore[arg-type]
    down = (domain("risk of bias", -1), domain("imprecision", -1))
    ratings = [
        rating_of(synthesis, Level.VERY_LOW, *down),
        *(rating_of(synthesis, Level.NOT_RATED, outcome=str(item["id"])) for item in EXTRA),
    ]
    return synthesis, summary(synthesis, *ratings).of("knot")


def row_of(table: FindingsTable, outcome: str) -> SingleArmRow:
    (row,) = [item for item in table.rows if item.outcome_id == outcome]
    assert isinstance(row, SingleArmRow)
    return row


def test_rows_stand_by_importance_then_harms_whether_seen_or_not() -> None:
    _, table = invented()
    assert [(row.kind, row.outcome) for row in table.rows] == [
        ("outcome", "Sleep"),
        ("outcome", "Length"),
        ("outcome", "Rest"),
        ("outcome", "Comfort"),
        ("harm", "Any complication"),
        ("harm", "Tear"),
    ]
    assert [row.importance for row in table.rows] == ["critical", "important", "limited", "", "", ""]


def test_a_single_arm_has_no_column_of_effects() -> None:
    _, table = invented()
    headings = [column.heading for column in table.columns]
    assert headings == ["Outcome", "What was seen", "Patients (series)", "Certainty", "What this means"]
    assert dict(table.header)["Comparison"].startswith("none")
    assert dict(table.header)["Certainty"] == UNCONFIRMED


def test_what_was_seen_is_figures_and_text() -> None:
    _, table = invented()
    row = row_of(table, "comfort")
    assert [(item.study_id, item.estimate, item.n) for item in row.seen] == [
        ("ash", 20, 10),
        ("elm", 20, 12),
        ("elm", pytest.approx(7 / 12), 12),
    ]
    assert row.cells["seen"].splitlines() == [item.text for item in row.seen]
    assert row.seen[0].text == (
        "scale, ash, 10 patients, 12 months: before 40, after 60, change +20.0 points (+13.6 to +26.4)"
    )
    assert row.cells["certainty"] == "Very low ⊕○○○"


def test_rule_12_people_that_may_be_counted_twice_are_an_upper_bound() -> None:
    _, table = invented()
    row = row_of(table, "comfort")
    assert (row.people, row.people_at_most, row.series) == ((("patients", 22),), True, 2)
    assert row.cells["people"] == "at most 22 patients (2 series)"
    assert any("counted twice" in note.text for note in table.footnotes if note.letter in row.notes["people"])
    _, trusted = invented(overlap="declared")
    assert row_of(trusted, "comfort").cells["people"] == "22 patients (2 series)"
    assert row_of(trusted, "comfort").notes["people"] == ()


def test_rule_8_units_are_never_added_to_one_another() -> None:
    rows = [
        Row("ash", n=10, change_sd=9),
        Row("elm", n=16, unit="hips", change_sd=9),
        Row("fir", n=7, unit="", change_sd=9),
        Row("oak", n="", change_sd=9),
    ]
    synthesis = synthesised(protocol_of(), rows)
    row = row_of(summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).of("knot"), "comfort")
    assert row.cells["people"] == "10 patients; 16 hips; 7 (unit not stated); n not seen in 1 (4 series)"


def test_an_arm_counts_once_over_instruments_times_and_counts() -> None:
    rows = [
        Row("ash", n=10, change_sd=9, months=6),
        Row("ash", n=8, change_sd=9, months=24),
        Row("ash", n=9, instrument="rule", before=2, after=4),
    ]
    synthesis = synthesised(protocol_of(), rows, [Event("ash", "content", 4, 11)])
    row = row_of(summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).of("knot"), "comfort")
    assert row.cells["people"] == "11 patients (1 series)"


@pytest.mark.parametrize(
    ("overlaps", "expected"),
    [(("", ""), "18 patients (2 series)"), (("ash/A2", "ash/A1"), "10 patients (1 series)")],
)
def test_rule_12_arms_that_declare_the_same_people_count_once(overlaps: tuple[str, str], expected: str) -> None:
    rows = [
        Row("ash", arm=f"A{place + 1}", n=n, change_sd=9, overlaps=overlaps[place]) for place, n in enumerate((8, 10))
    ]
    synthesis = synthesised(protocol_of(), rows)
    row = row_of(summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).of("knot"), "comfort")
    assert row.cells["people"] == expected


def test_rule_7_what_figures_say_against_themselves_is_a_footnote() -> None:
    rows = [Row("ash", before=90, after=99, change_sd=9), Row("elm", change_sd=9)]
    synthesis = synthesised(protocol_of(), rows)
    table = summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).of("knot")
    letters = row_of(table, "comfort").notes["seen"]
    texts = [note.text for note in table.footnotes if note.letter in letters]
    assert len(texts) == 1
    assert texts[0].startswith("ash, scale: From a baseline of 90 on a scale of 0 to 100, the upper limit")
    check_footnotes(table)


def test_rule_22_outcomes_without_evidence_have_a_row_that_is_not_rated() -> None:
    _, table = invented()
    row = row_of(table, "sleep")
    assert (row.level, row.symbols, row.cells["certainty"]) == (Level.NOT_RATED, "", "Not rated")
    assert row.cells["seen"] == "no evidence was seen; not rated"
    assert row.statement.kind == "no evidence"
    assert row.notes["statement"] == ()
    synthesis = synthesised(protocol_of(), [Row("ash", after="")])
    unusable = row_of(summary(synthesis, rating_of(synthesis, Level.NOT_RATED)).of("knot"), "comfort")
    assert unusable.cells["seen"] == "no usable figure was seen; not rated"


def test_rule_10_every_harm_has_a_row_and_not_reported_is_not_none() -> None:
    _, table = invented()
    tear, any_ = row_of(table, "tear"), row_of(table, "any complication")
    assert tear.cells["seen"] == "“tear”: 0 of 10 patients, 0.0% (0.0% to 30.8%), ash"
    assert tear.seen[0].interval == pytest.approx((0, 0.3085), abs=1e-4)
    assert (any_.cells["seen"], any_.cells["people"]) == ("not reported", "none (0 of 2 reports)")
    assert "not the same as none" in any_.statement.text
    # Rule 22: a harm that was counted is evidence that nobody assessed; one that nobody names has none.
    assert (tear.cells["certainty"], any_.cells["certainty"]) == ("Not assessed", "Not rated")
    assert texts_of(table, tear, "certainty") == [NOT_ASSESSED_NOTE]
    assert texts_of(table, any_, "certainty") == [SILENT_NOTE]
    assert "not rated" not in tear.statement.text


def test_a_surrogate_is_marked() -> None:
    _, table = invented()
    (letter,) = row_of(table, "length").notes["outcome"]
    (text,) = [note.text for note in table.footnotes if note.letter == letter]
    assert text == "A surrogate: stands in for sleep, and is not that outcome itself."
    assert row_of(table, "sleep").notes["outcome"] == ()


def texts_of(table: FindingsTable, row: SingleArmRow, column: str) -> list[str]:
    """The footnotes of a cell."""
    return [note.text for note in table.footnotes if note.letter in row.notes[column]]


def test_rule_24_other_explanations_stand_once_below_a_table_that_shows_changes() -> None:
    _, table = invented()
    assert [note.text for note in table.footnotes].count(OTHER_REASONS) == 1
    row = row_of(table, "comfort")
    assert OTHER_REASONS in texts_of(table, row, "statement")
    assert OTHER_REASONS not in row.cells["statement"]
    # A page without footnotes tells it all.
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    told = summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).table()["what this means"]
    assert [OTHER_REASONS in text for text in told] == [True, False, False]


def letters_used(table: FindingsTable) -> list[str]:
    return [letter for row in table.rows for column in table.columns for letter in row.notes.get(column.key, ())]


def check_footnotes(table: FindingsTable) -> None:
    """Every letter stands for one text, every text is referred to, and letters first appear in their order."""
    letters = [note.letter for note in table.footnotes]
    texts = [note.text for note in table.footnotes]
    assert list(dict.fromkeys(letters_used(table))) == letters
    assert len(set(texts)) == len(texts)
    assert all(text.endswith((".", "!", "?")) for text in texts)


def test_footnotes_of_an_invented_table() -> None:
    _, table = invented()
    check_footnotes(table)
    # The three outcomes on which nothing was seen share one reason.
    shared = {row_of(table, name).notes["certainty"] for name in ("sleep", "length", "rest")}
    assert len(shared) == 1


def test_letters_go_on_after_z() -> None:
    letters = Letters()
    found = [letters.of([f"text {place}"])[0] for place in range(60)]
    assert (found[0], found[25], found[26], found[27], found[51], found[52]) == ("a", "z", "aa", "ab", "az", "ba")
    assert len(set(found)) == 60
    assert letters.of(["text 3", "text 3", ""]) == ("d",)


def test_footnotes_of_steps_and_of_people_s_judgements() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    rating = rating_of(
        synthesis,
        Level.VERY_LOW,
        domain("risk of bias", -2),
        domain("inconsistency", -1, override=(0, "The spread is explained", "Ann Invented")),
        domain("indirectness", 0, override=(-1, "Other people", "Ann Invented"), moved=True),
        domain("imprecision", least=-1, most=0),
        domain("publication bias"),
        domain("dose response", least=0, most=1),
    )
    notes = list(certainty_notes(rating))
    assert notes[0] == "Starts at low: invented start."
    assert notes[1] == "Down two levels for risk of bias: Invented reason for risk of bias."
    assert notes[2] == (
        "No step for inconsistency (Ann Invented, 2026-01-02): The spread is explained. Computed: down one level for "
        "inconsistency."
    )
    assert notes[3].startswith(
        "Down one level for indirectness (Ann Invented, 2026-01-02): Other people. Computed: no "
    )
    # An override whose fact has moved is flagged where it counts.
    assert "The judgement stands until it is looked at again." in notes[3]
    assert notes[4] == "Nobody has judged imprecision, which the facts leave open."
    assert notes[5] == "Nobody has judged dose response, for which a person can rate up."
    assert len(notes) == 6
    table = summary(synthesis, rating).of("knot")
    assert dict(table.header)["Certainty"] == rating.judged_by
    assert "Ann Invented" in rating.judged_by
    check_footnotes(table)


def test_a_level_that_can_still_fall_says_so_in_its_cell() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    rating = rating_of(synthesis, Level.LOW, domain("imprecision", least=-1, most=0), lowest=Level.VERY_LOW)
    row = row_of(summary(synthesis, rating).of("knot"), "comfort")
    assert row.cells["certainty"] == "At most low ⊕⊕○○; very low is still open"
    assert (row.level, row.lowest) == (Level.LOW, Level.VERY_LOW)


def test_an_outcome_that_is_rated_twice_is_refused() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    twice = rating_of(synthesis, Level.VERY_LOW)
    with pytest.raises(MethodError, match="Knot, Comfort: rated twice"):
        summary(synthesis, twice, twice)


def test_a_table_that_is_not_there_names_those_that_are() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    found = summary(synthesis, rating_of(synthesis, Level.VERY_LOW))
    assert [item.about_id for item in found] == ["knot"]
    with pytest.raises(MethodError, match="'bow'; there are: knot"):
        found.of("bow")


def test_frames_and_pages_show_every_cell() -> None:
    synthesis, table = invented()
    frame = table.table()
    assert list(frame.columns) == [column.heading for column in table.columns]
    assert len(frame) == len(table.rows)
    assert frame.iloc[3]["Certainty"] == f"Very low ⊕○○○ [{', '.join(table.rows[3].notes['certainty'])}]"
    assert not frame.apply(lambda column: column.str.contains("\n").any()).any()
    page = table._repr_html_()
    for row in table.rows:
        for line in row.cells["seen"].splitlines():
            assert line in page
    for note in table.footnotes:
        assert f"<sup>{note.letter}</sup> {html.escape(note.text)}" in page
    found = summary(synthesis, rating_of(synthesis, Level.VERY_LOW))
    assert repr(found) == "SummaryOfFindings(1 table, 3 rows)"
    assert list(found.table()["outcome"]) == ["Comfort", "Any complication", "Tear"]


def test_the_methods_name_what_was_read_and_keep_to_the_words() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", change_sd=9)])
    told = summary(synthesis, rating_of(synthesis, Level.VERY_LOW)).explain()
    for source in ("Handbook for Systematic Reviews of Interventions 5.1, sections 11.5.3", "Santesso et al. 2020"):
        assert source in told
    assert told.count("http") >= 5
    for controlled in (True, False):
        assert allowed(told, Level.VERY_LOW, controlled) == ()


def test_pages_escape_what_sources_write() -> None:
    rows = [Row("ash", change_sd=9)]
    synthesis = synthesised(protocol_of(outcomes=[{**EXTRA[0], "label": "<b>Rest</b> & more"}]), rows)
    page = summary(synthesis, rating_of(synthesis, Level.NOT_RATED, outcome="rest"))._repr_html_()
    assert "<b>Rest" not in page
    assert "&lt;b&gt;Rest&lt;/b&gt; &amp; more" in page


def test_symbols_grow_with_the_level() -> None:
    order = (Level.VERY_LOW, Level.LOW, Level.MODERATE, Level.HIGH)
    assert [SYMBOLS[level].count("⊕") for level in order] == [1, 2, 3, 4]
    assert {len(SYMBOLS[level]) for level in order} == {4}
    assert set(SYMBOLS) == set(Level)


def rated(review: Review) -> SummaryOfFindings:
    """The summary of a real review, every outcome with a change at very low and the others not rated."""
    synthesis = review.synthesis
    ratings = []
    for procedure in review.protocol.procedures:
        for outcome in review.protocol.outcomes:
            answers = [item for item in synthesis if (item.procedure, item.outcome) == (procedure.id, outcome.id)]
            if procedure.role == "main":
                level = Level.VERY_LOW if any(item.changes or item.cases for item in answers) else Level.NOT_RATED
                ratings.append(rating_of(synthesis, level, outcome=outcome.id, procedure=procedure.id))
    return summary(synthesis, *ratings)


def test_the_review_of_single_arms_keeps_to_the_words_and_the_layout(repository: Path) -> None:
    found = rated(synth.open_review("ifi", root=repository))
    assert [item.about_id for item in found] == ["endoscopic", "open", "osteotomy"]
    for statement in found.statements:
        assert allowed(statement.text, statement.level, statement.controlled, statement.quoted) == ()
    for table in found:
        check_footnotes(table)
        assert sum(row.kind == "harm" for row in table.rows) == 7
    row = row_of(found.of("endoscopic"), "hip function")
    assert "were higher after endoscopic lesser trochanter resection than before in 2 uncontrolled series" in (
        row.statement.main
    )
    assert (
        "Whether the mean change of hatem2015 and docwirelti reaches a published important difference (20 points) "
        "cannot be said: under one assumption or another the interval includes this value."
    ) in row.statement.beside
    assert row_of(found.of("open"), "pain").cells["seen"] == "no evidence was seen; not rated"
    reoperation = row_of(found.of("endoscopic"), "reoperation")
    assert "2 of 30 patients, 6.7% (0.8% to 22.1%)" in reoperation.cells["seen"]
