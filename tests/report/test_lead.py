"""The first screen: question, answer, how certain, as of when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from built_reports import PROTOCOL, document_of, invented_review, lead, review_of, row, sentences

import synth
from synth.report.build import build_document
from synth.report.lead import lead as first_screen
from synth.report.model import Bullets, Callout, plain


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_question_answer_certainty_and_date(name: str) -> None:
    document, review = document_of(name), review_of(name)
    assert [(box.kind, box.title) for box in document.lead] == [
        ("note", "Question"),
        ("answer", "Answer"),
        ("caution", "How certain, and what this page is"),
    ]
    assert review.protocol.question.text in lead(document)
    level, whose = {
        "ifi": ("Very low: Endoscopic lesser", "them: they are"),
        "bcg": ("Not settled, between very low and moderate: BCG vaccination against no BCG", "it: it is"),
    }[name]
    assert f"Certainty: {level}" in lead(document)
    assert f"No person has confirmed {whose} computed from facts by rules whose sources are named." in lead(document)
    assert f"As of: {review.evidence_date}" in lead(document)
    assert "It is not medical advice." in lead(document)


def test_the_date_shown_is_the_one_asked_for() -> None:
    later = synth.open_review("ifi", root=review_of("ifi").root, as_of="2027-01-31")
    document = build_document(later)
    assert document.as_of == "2027-01-31"
    assert "As of: 2027-01-31" in lead(document)


def answer() -> list[str]:
    box = next(item for item in document_of("ifi").lead if item.kind == "answer")
    return list(sentences(box.blocks))


def test_every_main_procedure_of_ifi_is_answered_for() -> None:
    review = review_of("ifi")
    openings = [item.label for item in review.protocol.procedures if item.role == "main"]
    assert [text.split(":")[0] for text in answer()[1:4]] == openings
    assert answer()[0].startswith("No comparative evidence: no study that was seen compares")


def test_answer_of_ifi_holds_every_main_change_and_no_other() -> None:
    review = review_of("ifi")
    text = answer()[1]
    figures = ("+42.9 points", "+25.5 points", "−5.6 points", "−27.0 %")
    for found in (*figures, "2 uncontrolled series", "1 uncontrolled series"):
        assert found in text
    assert "34.2" not in text  # the video's change
    assert text.count("uncontrolled series") == 3  # low back disability is rated, too
    assert str(review.synthesis.answer("endoscopic", "hip function", "mHHS").changes[0].summary.change) == "42.9"


def test_answer_of_ifi_says_what_was_told_of_harms() -> None:
    text = answer()
    assert (
        "any complication 0 of 5 patients, 0.0% (0.0% to 52.2%), Hatem et al. n.d., abstract; 1 of 14 reports"
        in text[1]
    )
    assert "reoperation 2 of 30 patients, 6.7% (0.8% to 22.1%), docwirelti, abstract; 1 of 14 reports" in text[1]

    assert "In what was read nothing was seen on sciatic nerve injury, hip-flexion weakness, fracture" in text[1]
    assert "On harms nothing was seen in what was read (any complication, " in text[2]
    assert "On harms nothing was seen in what was read (any complication, " in text[3]


def test_answer_of_bcg_is_the_pool_with_both_intervals() -> None:
    text = lead(document_of("bcg"))
    assert "pooled risk ratio 0.49 (95% confidence interval 0.33 to 0.73) in 13 studies." in text
    assert "In a new setting the risk ratio can lie anywhere from 0.14 to 1.76 (95% prediction interval)." in text


def invented(folder: Path, protocol: str = PROTOCOL, **rows: list[str]) -> str:
    root = invented_review(folder, protocol=protocol, rows=rows)
    return "\n".join(sentences(first_screen(synth.open_review("invented", root=root))))


STUDY = row("studies", record_id="case2001", source_level="journal article")
ARM = row("arms", arm_id="A1", procedure="knot", n_patients=9)


def series(**cells: object) -> str:
    given = {"arm_id": "A1", "outcome": "comfort", "instrument": "scale", "n": 9, "unit_of_analysis": "patients"}
    return row("outcomes", **{**given, **cells})


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            {"baseline_mean": 40, "followup_mean": 60},
            "comfort scores (scale, higher is better) were higher after treatment than before in 1",
        ),
        ({"baseline_mean": 60, "followup_mean": 40}, "were lower after treatment than before in 1 uncontrolled series"),
        (
            {"baseline_mean": 40, "followup_mean": 40},
            "were the same after treatment as before in 1 uncontrolled series",
        ),
        ({"baseline_mean": 40}, "1 eligible report, and no outcome figure was seen for a main outcome."),
        (
            {"baseline_mean": 40, "followup_mean": 60, "n": 1},
            "1 eligible report, and for the main outcomes only 1 single patient.",
        ),
    ],
)
def test_direction_in_words(tmp_path: Path, cells: dict[str, object], sentence: str) -> None:
    said = invented(tmp_path, studies=[STUDY], arms=[ARM], outcomes=[series(**cells)])
    assert sentence in said
    assert ("very uncertain" in said) == ("uncontrolled series" in sentence or "than before" in sentence)


def test_one_procedure_is_not_compared_with_itself(tmp_path: Path) -> None:
    said = invented(tmp_path)
    assert "No comparative evidence: no study that was seen compares knot with another treatment." in said
    assert "with each other" not in said


def test_no_main_procedure_is_said(tmp_path: Path) -> None:
    said = invented(tmp_path, PROTOCOL.replace("role: main}]\noutcomes", "role: context}]\noutcomes"))
    assert "The protocol names no main procedure, so there is no answer." in said


def test_depth_in_sum(tmp_path: Path) -> None:
    assert "1 of 1 study read in full." in invented(tmp_path, studies=[STUDY], arms=[ARM])
    assert "No study was extracted." in invented(tmp_path / "second")


def test_people_and_software(tmp_path: Path) -> None:
    assert "made by software" not in invented(tmp_path)


def test_lead_is_made_of_callouts_that_hold_something() -> None:
    for box in document_of("ifi").lead:
        assert isinstance(box, Callout)
        assert [text for text in sentences((box,)) if not text.strip()] == []


def test_the_lead_has_no_empty_run() -> None:
    document = replace(document_of("ifi"), sections=())
    assert all(plain(content).strip() for content in _contents(document.lead))


def _contents(boxes):
    from synth.report.prepare import texts

    return list(texts(replace(document_of("ifi"), lead=boxes, sections=())))


def test_every_figure_of_the_answer_leads_to_its_record() -> None:
    box = next(item for item in document_of("ifi").lead if item.kind == "answer")
    bullets = [item for block in box.blocks if isinstance(block, Bullets) for item in block.items]
    links = [run.link for run in bullets[1] if run.link]
    assert links == [
        "#record-hatem2015",
        "#record-docwirelti",
        "#record-hatem2015",
        "#record-docwirelti",
        "#record-hatem2015",
        "#record-docwirelti",
    ]
