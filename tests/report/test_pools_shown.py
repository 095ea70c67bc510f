"""Pools in the report: the summary with its checks, empty cells by the rule of the protocol, every measure.

Copies of the worked example with other plans and counts; outcomes that are added to it are invented.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from built_reports import ROOT, document_of, lead, review_of, section, sentences, table
from docx.shared import Mm
from read_reports import PdfReport, WordReport

import synth
from synth.certainty.grade import Level
from synth.certainty.wording import allowed
from synth.report.build import build_document, build_files
from synth.report.model import Document, Table, plain
from synth.review import Review

LAST = "      fewer_is_better: true\n"
RULE = LAST + "      zero_cells: {add: 0.5, to: only0, drop00: true, reason: One half is usual.}\n"
OUTCOMES = """outcomes: [{id: comfort, label: Comfort, role: main, instruments: [scale]}]
instruments: [{id: scale, label: Invented scale, unit: points, minimum: 0, maximum: 100, better: higher}]
"""


def changed(folder: Path, plan: Callable[[str], str] = str, **events: int) -> Review:
    """The worked example with another protocol, and other counts in the treated arms of some trials."""
    shutil.copytree(ROOT / "evidence" / "bcg", folder / "evidence" / "bcg")
    protocol = folder / "evidence" / "bcg" / "protocol.yml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(plan(text), encoding="utf-8")
    path = folder / "evidence" / "bcg" / "extraction" / "events.csv"
    rows = table_of(path)
    for row in rows:
        if row["study_id"] in events and row["arm_id"] == "vaccinated":
            row["events"] = str(events[row["study_id"]])
    write(path, rows)
    return synth.open_review("bcg", root=folder)


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def rows_of(found: Table) -> dict[str, list[str]]:
    return {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in found.rows}


def said(document: Document) -> str:
    return "\n".join(sentences((section(document, "comparison-tuberculosis"),)))


def test_the_pool_has_its_tau2_interval_and_the_summary_under_other_methods() -> None:
    document = document_of("bcg")
    assert rows_of(table(document, "pool-tuberculosis"))["95% interval of tau2, by Q-profile"] == ["0.1197 to 1.1115"]
    shown = table(document, "sensitivity-tuberculosis")
    assert [column.title for column in shown.columns] == ["Analysis", "Risk ratio (95% interval)", "tau2"]
    rows = rows_of(shown)
    assert rows["As planned"] == ["0.49 (0.33 to 0.73)", "0.3132"]
    # The four digits of metafor's documentation of this data set: common effect -0.4303, Mantel-Haenszel -0.4537.
    assert rows["Common effect, normal interval"][0] == "0.65 (0.60 to 0.70)"
    assert rows["Mantel-Haenszel, common effect, nothing added to counts"][0].startswith("0.64")
    assert rows["One study left out, lowest: without TPT Madras 1980"][0] == "0.45 (0.30 to 0.67)"
    assert plain(shown.notes[0]).startswith("No study is influential (")


def test_two_sentences_and_the_methods_stand_below() -> None:
    text = said(document_of("bcg"))
    assert "Small-study effects: Egger t \N{MINUS SIGN}1.40, p = 0.189; rank correlation tau 0.03, p = 0.952" in text
    assert "absolute latitude (degrees), ratio per unit 0.971 (0.954 to 0.989), p = 0.005" in text
    assert "allocation, between 3 groups p = 0.443" in text
    assert "Trial number" not in text
    assert "Method. The effects of 13 studies were summarised by a random-effects model" in text
    assert allowed(text, Level.MODERATE, controlled=True) == ()


def test_every_number_of_the_sensitivity_table_is_a_quantity() -> None:
    review = review_of("bcg")
    kept = {item.name.split("/pooled/")[-1]: item for item in review.quantities if "/pooled/" in item.name}
    (checks,) = review.synthesis.pools
    for item in checks.alternatives[1:]:
        assert (kept[f"otherwise/{item.key}"].value, kept[f"otherwise/{item.key}"].interval) == (
            item.estimate,
            item.interval,
        )
    assert checks.extremes is not None
    assert kept["one_left_out/lowest"].value == checks.extremes[0].estimate
    assert kept["one_left_out/highest"].interval == checks.extremes[1].interval
    assert kept["tau2"].interval == checks.pooled.tau2_interval


def test_an_arm_without_events_does_not_stop_the_report(tmp_path: Path) -> None:
    review = changed(tmp_path, aronson1948=0)
    document = build_document(review)
    assert "Not pooled (Aronson 1948: no events in the treated arm, no estimate of the risk ratio)." in lead(document)
    assert "give this comparison zero_cells" in said(document)
    assert "none: no events in the treated arm" in said(document)
    assert "No effect, so not drawn: Aronson 1948 (no events in the treated arm" in said(document)
    assert not [item for item in document.walk() if isinstance(item, Table) and item.anchor.startswith("pool-")]
    assert not [item for item in review.quantities if "/pooled" in item.name]


def test_a_rule_for_empty_cells_is_told_and_marks_the_study(tmp_path: Path) -> None:
    review = changed(
        tmp_path, lambda text: text.replace(LAST, RULE).replace("measure: RR", "measure: OR"), aronson1948=0
    )
    document = build_document(review)
    text = said(document)
    assert "Empty cells, by the rule of the protocol: 0.5 added to the cells of studies with an empty cell" in text
    assert re.search(r"0\.05 \(0\.00 to 0\.\d\d\)corrected", text)
    rows = rows_of(table(document, "sensitivity-tuberculosis"))
    assert {"Mantel-Haenszel, common effect, nothing added to counts", "Peto, common effect"} <= rows.keys()
    assert "Peters t" in text
    assert "Harbord t" in text
    making = "\n".join(sentences((section(document, "methods"),)))
    assert "Empty cells in Tuberculosis: 0.5 added" in making
    files = build_files(review)
    # The plot is taller than a page can be; in Word and PDF it is made smaller, and nothing of it is cut off.
    pictures = WordReport(files["report.docx"]).word.inline_shapes
    assert max(picture.height for picture in pictures) <= Mm(297 - 40 - 20)
    pages = [page for page in PdfReport(files["report.pdf"]).reader.pages if "Estimate [95" in page.extract_text()]
    assert len(pages) == 2  # all trials, and by allocation
    for page in pages:
        heights = _heights(page)
        assert 30 < min(heights) < max(heights) < 842 - 56  # the footer below, the margin above


def _heights(page: pypdf.PageObject) -> list[float]:
    """Where each text of a page stands above its foot, in points."""
    found: list[float] = []
    page.extract_text(visitor_text=lambda text, cm, tm, *_: found.append(_height(cm, tm)) if text.strip() else None)
    return found


def _height(cm: list[float], tm: list[float]) -> float:
    """Where a text stands above the foot of its page, in points."""
    return tm[4] * cm[1] + tm[5] * cm[3] + cm[5]


def test_a_risk_difference_by_another_plan(tmp_path: Path) -> None:
    review = changed(
        tmp_path,
        lambda text: (
            text.replace("measure: RR", "measure: RD")
            .replace("tau2: REML", "tau2: PM")
            .replace("hartung-knapp-guarded", "normal")
        ),
    )
    document = build_document(review)
    rows = rows_of(table(document, "pool-tuberculosis"))
    assert "Pooled risk difference (95% confidence interval)" in rows
    assert not [name for name in rows if "log" in name]
    assert rows["Method"] == ["random effects, Paule-Mandel, normal interval"]
    making = "\n".join(sentences((section(document, "methods"),)))
    assert "Pool: random effects, Paule-Mandel, normal interval; from three independent estimates" in making
    assert any("/tuberculosis/rd/pooled" in item.name for item in review.quantities)


@pytest.mark.parametrize("k", [2, 3])
def test_a_pool_of_changes_is_shown_with_its_checks_from_three(tmp_path: Path, k: int) -> None:
    folder = tmp_path
    shutil.copytree(ROOT / "evidence" / "bcg", folder / "evidence" / "bcg")
    protocol = folder / "evidence" / "bcg" / "protocol.yml"
    text = protocol.read_text(encoding="utf-8").replace("outcomes: []\ninstruments: []\n", OUTCOMES)
    protocol.write_text(text, encoding="utf-8")
    path = folder / "evidence" / "bcg" / "extraction" / "outcomes.csv"
    headings = path.read_text(encoding="utf-8").strip().split(",")
    arms = [row for row in table_of(folder / "evidence/bcg/extraction/arms.csv") if row["arm_id"] == "vaccinated"][:k]
    values = {
        "outcome": "comfort",
        "instrument": "scale",
        "timepoint_months": "12",
        "n": "20",
        "unit_of_analysis": "patients",
        "baseline_mean": "40",
        "change_sd": "10",
        "locator": "invented",
    }
    rows = [
        {name: {**arm, **values, "followup_mean": str(60 + 4 * index)}.get(name, "") for name in headings}
        for index, arm in enumerate(arms)
    ]
    write(path, rows)
    document = build_document(synth.open_review("bcg", root=folder))
    shown = rows_of(table(document, "pool-bcg-comfort-scale"))
    assert shown["Studies"] == [str(k)]
    assert "Pooled mean change, points (95% confidence interval)" in shown
    text = "\n".join(sentences((section(document, "outcomes-bcg"),)))
    if k == 2:
        assert shown["95% interval of tau2, by Q-profile"] == ["not given for two studies"]
        assert "Two estimates: their pool is a check beside the two" in text
        assert "sensitivity-bcg" not in document.anchors()
    else:
        assert "with 3 estimates, fewer than 10, they cannot tell chance from asymmetry" in text
        assert "As planned" in rows_of(table(document, "sensitivity-bcg-comfort-scale"))
