"""Reviews with next to nothing, all invented: they build, and say in words that there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_reports import PROTOCOL, invented_review, row, sentences

import synth
from synth.report.build import build_document, build_files
from synth.report.html import to_html
from synth.report.markdown import to_markdown

STUDY = row("studies", record_id="case2001", source_level="journal article")
ARM = row("arms", arm_id="A1", procedure="knot", n_patients=1)
CASE_ROW = row(
    "outcomes",
    arm_id="A1",
    outcome="comfort",
    instrument="scale",
    n=1,
    unit_of_analysis="patients",
    baseline_mean=40,
    followup_mean=60,
)
COMPARISON = """  comparisons:
    - {id: tear, label: Tear, event: tear, measure: RR, treated: knot, control: none, fewer_is_better: true}
"""
CONTROL = "{id: knot, label: Knot, role: main}, {id: none, label: No knot, role: comparator}"
TWO_ARMS = (
    PROTOCOL.replace("{id: knot, label: Knot, role: main}", CONTROL)
    .replace("synthesis: {", "synthesis:\n  ")
    .replace("REML, ", "REML\n  ")
    .replace("guarded, ", "guarded\n  ")
    .replace("0.95, ", "0.95\n  ")
    .replace("exclude, ", "exclude\n  ")
    .replace("overlap_reason: Invented.}\n", "overlap_reason: Invented.\n" + COMPARISON)
)


def build(folder: Path, protocol: str = PROTOCOL, **rows: list[str]) -> str:
    """The texts of an invented review; both page formats are made on the way."""
    root = invented_review(folder, protocol=protocol, rows=rows)
    document = build_document(synth.open_review("invented", root=root))
    assert to_html(document)
    assert to_markdown(document)
    return "\n".join(sentences((*document.lead, *document.sections)))


def test_tables_with_headings_only(tmp_path: Path) -> None:
    said = build(tmp_path)
    for sentence in (
        "0 eligible reports, and no outcome figure was seen for a main outcome. No report, so nothing on harms.",
        "No eligible report was found.",
        "nothing extracted",
        "No count of a complication or of anything else was seen.",
        "There is no evidence to rate: no usable figure was seen.",
        "No report was extracted.",
        "No study was extracted.",
    ):
        assert sentence in said


def test_one_case_report(tmp_path: Path) -> None:
    said = build(tmp_path, studies=[STUDY], arms=[ARM], outcomes=[CASE_ROW])
    assert "Only single patients (1): no mean, no interval, no rate." in said
    assert "+20.0 (no interval)" in said
    assert "1 patient" in said
    assert "From single patients follow no mean, no interval and no rate." in said
    assert "Knot: pooled result" not in said


def test_records_without_outcomes_and_without_events(tmp_path: Path) -> None:
    said = build(tmp_path, studies=[STUDY], arms=[ARM])
    assert "1 eligible report, and no outcome figure was seen for a main outcome." in said
    assert "On harms nothing was seen in what was read (any complication or tear)." in said


def test_a_protocol_without_outcomes_still_shows_its_counts(tmp_path: Path) -> None:
    protocol = PROTOCOL.replace("outcomes: [{id: comfort, label: Comfort, role: main, instruments: [scale]}]\n", "")
    event = row("events", arm_id="A1", event="tear", events=1, total=1, unit_of_analysis="patients")
    said = build(tmp_path, protocol, studies=[STUDY], arms=[ARM], events=[event])
    assert "The protocol names no main outcome, and no figure was extracted." in said
    assert "1 of 1 patients" in said
    assert "no rate: a single patient" in said
    assert "so there is nothing to rate." in said


def test_a_protocol_without_harms_list(tmp_path: Path) -> None:
    protocol = PROTOCOL.replace("harms: [tear]\n", "").replace(", harm: tear", "")
    said = build(tmp_path, protocol, studies=[STUDY], arms=[ARM], outcomes=[CASE_ROW])
    assert "On harms nothing was seen in what was read (any complication)." in said


def test_a_planned_comparison_without_a_study(tmp_path: Path) -> None:
    said = build(tmp_path, TWO_ARMS)
    assert "Tear: No studies compare the two. Nothing is pooled." in said
    assert "There is no evidence to rate: no study compares the two." in said


def test_a_planned_comparison_with_one_study(tmp_path: Path) -> None:
    arms = [
        row("arms", arm_id=name, procedure=procedure, n_patients=50)
        for name, procedure in (("T", "knot"), ("C", "none"))
    ]
    events = [
        row("events", arm_id=name, event="tear", events=count, total=50, unit_of_analysis="patients")
        for name, count in (("T", 3), ("C", 9))
    ]
    said = build(tmp_path, TWO_ARMS, studies=[STUDY], arms=arms, events=events)
    assert "Tear: 1 study compares the two. Nothing is pooled." in said
    assert "3 of 50" in said
    assert "Pooled" not in said.split("How this page was made")[0]


def test_an_instrument_of_two_outcomes_and_two_times_give_figures_of_their_own(tmp_path: Path) -> None:
    protocol = PROTOCOL.replace(
        "instruments: [scale]}]", "instruments: [scale]}, {id: ease, label: Ease, role: main, instruments: [scale]}]", 1
    )
    rows = [
        row(
            "outcomes",
            arm_id="A1",
            outcome=outcome,
            instrument="scale",
            timepoint_months=months,
            n=9,
            unit_of_analysis="patients",
            baseline_mean=40,
            baseline_sd=9,
            followup_mean=60,
            followup_sd=9,
            p_value=".03",
        )
        for outcome in ("comfort", "ease")
        for months in (6, 12)
    ]
    arm = row("arms", arm_id="A1", procedure="knot", n_patients=9)
    said = build(tmp_path, protocol, studies=[STUDY], arms=[arm], outcomes=rows)
    # Of each outcome, in the table of rungs and below the plot.
    assert said.count("One study has 2 changes with a standard error; arms and times of one study are not") == 4


def test_a_study_whose_record_has_another_name(tmp_path: Path) -> None:
    study = row("studies", study_id="otherstudy", record_id="case2001", source_level="journal article")
    arm = row("arms", study_id="otherstudy", arm_id="A1", procedure="knot", n_patients=9)
    series = row(
        "outcomes",
        study_id="otherstudy",
        arm_id="A1",
        outcome="comfort",
        instrument="scale",
        n=9,
        unit_of_analysis="patients",
        baseline_mean=40,
        followup_mean=60,
        p_value=".03",
    )
    event = row(
        "events", study_id="otherstudy", arm_id="A1", event="tear", events=0, total=9, unit_of_analysis="patients"
    )
    said = build(tmp_path, studies=[study], arms=[arm], outcomes=[series], events=[event])
    assert "Nobody 2001" in said
    assert "otherstudy" not in said.split("Where each number comes from")[0]


def test_an_annex_study_with_next_to_no_figure(tmp_path: Path) -> None:
    protocol = PROTOCOL.replace("eligibility: {reason", "eligibility: {diseases: [looseness], reason")
    folder = tmp_path
    series = row("outcomes", arm_id="A1", outcome="comfort", instrument="scale", baseline_mean=40)
    root = invented_review(folder, protocol=protocol, rows={"studies": [STUDY], "arms": [ARM], "outcomes": [series]})
    decisions = root / "evidence/invented/screening/decisions/somebody.csv"
    decisions.write_text(
        "record_id,stage,decision,reason,date\ncase2001,eligibility,exclude,another disease,2026-01-02\n"
    )
    document = build_document(synth.open_review("invented", root=root))
    said = "\n".join(sentences(document.sections))
    assert "scale 40 before, not seen after (n not seen (unit not stated); page 1 (full text))" in said


@pytest.mark.slow
def test_every_file_of_an_empty_review_is_made(tmp_path: Path) -> None:
    root = invented_review(tmp_path)
    files = build_files(synth.open_review("invented", root=root))
    assert {"report.html", "report.md", "report.pdf", "report.docx", "quantities.json", "manifest.json"} <= set(files)
    assert all(files.values())
