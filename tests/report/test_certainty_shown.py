"""What the report shows of certainty, risk of bias, directions and what is missing; persons are invented."""

from __future__ import annotations

import csv
import shutil
from functools import cache
from pathlib import Path

import pytest
from built_reports import ROOT, cells, document_of, lead, review_of, section, sentences, table

import synth
from synth.certainty.grade import Level, fact_of
from synth.certainty.wording import allowed
from synth.errors import EvidenceError, ParameterError
from synth.report.build import build_document
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.model import Callout, Document, Section, Table, plain
from synth.review import Review

PERSON = "  - {id: someone, name: Invented Person, kind: person, role: judged for a test}\n"
HEADING = ["about", "outcome", "domain", "rating", "reason", "fact", "name", "date"]


def with_person(folder: Path, name: str) -> Path:
    """A copy of a review whose protocol has one more, invented, person; its folder of evidence."""
    shutil.copytree(ROOT / "evidence" / name, folder / "evidence" / name)
    protocol = folder / "evidence" / name / "protocol.yml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("people:\n", f"people:\n{PERSON}", 1), encoding="utf-8")
    return folder / "evidence" / name


def judged(folder: Path, about: str, outcome: str, fact: str) -> Review:
    """The worked example with an invented person's judgement of inconsistency."""
    evidence = with_person(folder, "bcg")
    row = [about, outcome, "inconsistency", "-2", "Invented reason", fact, "someone", "2026-01-05"]
    with (evidence / "certainty" / "grade.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADING, row])
    return synth.open_review("bcg", root=folder)


@cache
def fact_today() -> str:
    (rating,) = review_of("bcg").certainty.ratings
    return fact_of(rating, "inconsistency")


def test_an_override_stands_with_name_date_and_reason(tmp_path: Path) -> None:
    review = judged(tmp_path, "tuberculosis", "tuberculosis", fact_today())
    (rating,) = review.certainty.ratings
    assert (rating.level, rating.moved) == (Level.LOW, ())
    document = build_document(review)
    told = "\n".join(sentences((section(document, "certainty"),)))
    assert "Invented Person, 2026-01-05: Invented reason" in told
    assert "judged in part by people" in document.kind
    assert "Judgements to look at again" not in told
    assert "Invented Person judged some of the reasons" in lead(document)


def test_an_override_whose_fact_moved_is_flagged_in_the_report(tmp_path: Path) -> None:
    review = judged(tmp_path, "tuberculosis", "tuberculosis", "12 studies; I2 80%")
    document = build_document(review)
    boxes = [block for block in section(document, "certainty").blocks if isinstance(block, Callout)]
    (box,) = [item for item in boxes if item.title == "Judgements to look at again"]
    told = "\n".join(sentences((box,)))
    assert "12 studies; I2 80%" in told
    assert "I2 92%" in told
    assert "stands until it is looked at again" in told
    for page in (to_html(document).decode(), to_markdown(document).decode()):
        assert "Judgements to look at again" in page
        assert "facts have moved" in page


def test_a_step_that_no_rule_allows_is_not_counted_and_said(tmp_path: Path) -> None:
    review = judged(tmp_path, "tuberculosis", "tuberculosis", fact_today())
    path = tmp_path / "evidence" / "bcg" / "certainty" / "grade.csv"
    row = "tuberculosis,tuberculosis,dose response,2,Invented reason,any,someone,2026-01-05\n"
    path.write_text(",".join(HEADING) + "\n" + row, encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"certainty/grade.csv:2: rating"):
        synth.open_review("bcg", root=tmp_path)
    assert review.certainty.moved == ()


def test_software_may_not_override(tmp_path: Path) -> None:
    judged(tmp_path, "tuberculosis", "tuberculosis", "any")
    path = tmp_path / "evidence" / "bcg" / "certainty" / "grade.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("someone", "software-a"), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"certainty/grade.csv:2: name"):
        synth.open_review("bcg", root=tmp_path)


def test_two_named_people_get_a_kappa_and_their_conflict_is_shown(tmp_path: Path) -> None:
    evidence = with_person(tmp_path, "ifi")
    protocol = evidence / "protocol.yml"
    other = PERSON.replace("someone", "other").replace("Invented Person", "Invented Other")
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("people:\n", f"people:\n{other}", 1), encoding="utf-8")
    path = evidence / "certainty" / "risk_of_bias.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    series = [row for row in rows if row["tool"] == "jbi-case-series"]
    double = [{**row, "reviewer": name} for row in series for name in ("someone", "other")]
    double[1]["answer"] = "not applicable"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(double)
    review = synth.open_review("ifi", root=tmp_path)
    (overall,) = [item for item in review.risk_of_bias.agreements if not item.item]
    told = "\n".join(sentences((section(build_document(review), "risk-of-bias"),)))
    assert overall.sentence in told
    assert "No person has judged the risk of bias" not in told
    assert sum(len(item.conflicts) for item in review.risk_of_bias.appraisals) == 1


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_every_statement_of_the_summary_keeps_to_the_words_of_its_level(name: str) -> None:
    found = review_of(name).findings.statements
    assert found
    for item in found:
        assert allowed(item.text, item.level, item.controlled, item.quoted) == (), item.text


def texts_of(document: Document, anchor: str) -> str:
    return "\n".join(sentences((section(document, anchor),)))


def test_summary_of_findings_has_one_table_a_main_procedure() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    for procedure in review.protocol.procedures:
        anchors = [block.anchor for block in document.walk() if isinstance(block, Table)]
        assert (f"findings-{procedure.id}-table" in anchors) is (procedure.role == "main")
    shown = table(document, "findings-endoscopic-table")
    assert cells(shown, "Hip function")["Certainty"].startswith("Very low ⊕○○○")
    assert "Whether the procedure caused this is very uncertain." in cells(shown, "Hip function")["What this means"]
    assert cells(shown, "Reoperation")["What was seen"].startswith(
        "“total hip arthroplasty after the resection”: 2 of 30"
    )


def test_harms_that_no_report_names_share_a_row() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    for procedure in ("endoscopic", "open", "osteotomy"):
        shown = table(document, f"findings-{procedure}-table")
        named = " ".join(plain(row.cells[0]).lower() for row in shown.rows)
        assert all(harm in named for harm in review.protocol.harms)
        (silent,) = [row for row in shown.rows if plain(row.cells[0]).startswith("Harms: ")]
        assert "Not reported is not the same as none." in plain(silent.cells[-1])


def test_absolute_risks_of_the_comparison_are_those_of_the_control_arms() -> None:
    found = table(document_of("bcg"), "findings-bcg_none-table")
    shown = cells(found, "Tuberculosis")
    counts = review_of("bcg").synthesis.comparisons[0].counts
    risks = sorted(1000 * item.events_control / item.total_control for item in counts)
    first = shown["Risk with no BCG vaccination, per 1,000"]
    assert first.startswith(f"median {risks[6]:.0f}; lowest {risks[0]:.1f}; highest {risks[-1]:.0f}")
    assert "moderate" in shown["Certainty"].lower()
    assert "very low" in shown["Certainty"].lower()
    assert shown["What this means"].startswith(
        "In these studies together, tuberculosis was less frequent with BCG vaccination"
    )


def test_every_step_of_bcg_has_facts_and_a_cited_rule() -> None:
    (rating,) = review_of("bcg").certainty.ratings
    assert rating.start is Level.HIGH
    moved = [item for item in rating.domains if item.steps]
    assert [(item.domain, item.steps) for item in moved] == [("inconsistency", -1)]
    assert all(item.suggestion.facts and item.suggestion.rule.source for item in moved)
    told = texts_of(document_of("bcg"), "certainty")
    for fact in ("13 studies", "I2 92%", "prediction interval 0.136 to 1.76", "allocation was random in 7 of 13"):
        assert fact.lower() in told.lower()


def test_pool_by_risk_of_bias_stands_below_the_pool() -> None:
    shown = table(document_of("bcg"), "by-judgement-tuberculosis-1")
    (item,) = review_of("bcg").by_risk_of_bias()
    assert len(shown.rows) == len(item.pools) + 1
    assert plain(shown.rows[0].cells[0]) == "all studies"
    assert plain(shown.rows[0].cells[3]) == "0.49 (0.33 to 0.73)"


def test_every_direction_that_was_seen_is_listed_and_how_it_counts() -> None:
    rows = [[plain(cell) for cell in row.cells] for row in table(document_of("ifi"), "seen-directions-endoscopic").rows]
    seen = [line for item in review_of("ifi").swims if item.procedure == "endoscopic" for line in item.seen]
    assert len(rows) == len(seen) == 7
    assert {row[6] for row in rows} == {
        "counted as an eligible series",
        "not counted: video abstract",
        "kept apart: a single patient",
    }
    told = texts_of(document_of("ifi"), "swim-endoscopic")
    assert "2 eligible series, counted as 1 because some can be of the same people: 1 better, 0 worse." in told
    assert "p =" not in told


def test_all_nine_items_of_swim_are_answered_for() -> None:
    (shown,) = (block for block in section(document_of("ifi"), "swim-items").blocks if isinstance(block, Table))
    assert [plain(row.cells[0])[0] for row in shown.rows] == list("123456789")
    assert {plain(row.cells[1]) for row in shown.rows} <= {"met", "in part", "nothing to report", "not met"}
    assert plain(shown.rows[5].cells[1]) == "met"


def test_rule_16_significance_is_never_a_vote() -> None:
    for item in review_of("ifi").swims:
        assert item.vote.p_value is None
        assert item.vote.proportion is None  # fewer than five independent series everywhere


def test_reports_left_out_are_all_there_with_a_reason() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    shown = table(document, "excluded-table")
    left = [item for item in review.screening.decisions if item.decision != "include"]
    assert sum(not row.group for row in shown.rows) == len(left)
    groups = [plain(row.cells[0]) for row in shown.rows if row.group]
    assert len(groups) == len({(item.decision, item.reason) for item in left})
    assert all(": " in text for text in groups)


def test_inconsistencies_agreement_and_what_would_change_are_told() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    shown = table(document, "inconsistencies-table")
    assert len(shown.rows) == len(review.inconsistencies) == 4
    agreement = table(document, "agreement-table")
    assert {plain(row.cells[3]) for row in agreement.rows} == {
        "same direction",
        "not comparable",
        "nothing seen here",
        "not seen",
    }
    told = texts_of(document, "change")
    assert "Hip function (mHHS): now synthesis without meta-analysis; random-effects pool with 5 pieces" in told
    assert "Open ischiofemoral decompression: no missing piece" in told or "change-open" in document.anchors()


def test_series_by_column_leaves_out_what_was_seen_of_none() -> None:
    shown = table(document_of("ifi"), "series-endoscopic")
    headings = [column.title for column in shown.columns]
    assert "Funding and conflicts" not in headings
    assert plain(shown.notes[0]) == "Not seen in any of these reports: funding and conflicts."
    assert cells(shown, "Zhang")["Co-procedures"] == "quadratus femoris debridement; sciatic neurolysis"
    assert cells(shown, "Wilson")["Women and men"] == "5, 1"
    assert cells(table(document_of("ifi"), "series-injection"), "Wu")["Women and men"] == "0, 1"  # one patient


def test_sections_of_certainty_are_linked_from_the_level() -> None:
    document = document_of("ifi")
    links = {run.link for row in table(document, "certainty-table").rows for run in row.cells[4] if run.link}
    there = {f"#{block.anchor}" for block in document.walk() if isinstance(block, Section)}
    assert links
    assert links <= there


def test_moved_judgements_are_told_on_the_first_screen(tmp_path: Path) -> None:
    moved = judged(tmp_path / "moved", "tuberculosis", "tuberculosis", "12 studies; I2 80%")
    told = "To be looked at again: 1 judgement by people, because facts have moved or a rule does not allow it"
    assert told in lead(build_document(moved))
    assert "To be looked at again" not in lead(document_of("bcg"))


def test_a_judgement_moves_the_date_of_the_evidence(tmp_path: Path) -> None:
    review = judged(tmp_path, "tuberculosis", "tuberculosis", fact_today())
    path = tmp_path / "evidence" / "bcg" / "certainty" / "grade.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2026-01-05", "2027-03-04"), encoding="utf-8")
    later = synth.open_review("bcg", root=tmp_path)
    assert later.as_of == "2027-03-04" > review.as_of
    with pytest.raises(ParameterError, match="the files hold later facts"):
        synth.open_review("bcg", root=tmp_path, as_of=review.as_of)
