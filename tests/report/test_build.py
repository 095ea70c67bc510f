"""The document of a review: citations, links, numbers, sameness, hostile texts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built_reports import ROOT, document_of, numbers, review_of, section, sentences, table

import synth
from synth.report.build import build_document
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.model import Document, Figure, Section, Table, plain
from synth.report.prepare import check_links

DEPTH = re.compile("abstract|article opening|full text|another paper's account|published data set|title page|case")


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_links_lead_somewhere_and_anchors_stand_once(name: str) -> None:
    document = document_of(name)
    check_links(document)
    assert len(set(document.anchors())) == len(document.anchors())


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_two_builds_are_the_same(name: str) -> None:
    again = build_document(synth.open_review(name, root=ROOT))
    assert to_html(again) == to_html(document_of(name))
    assert to_markdown(again) == to_markdown(document_of(name))


@pytest.mark.slow
def test_another_hash_seed_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, synth; from synth.report.build import build_document; from synth.report.html import to_html;"
        "review = synth.open_review('ifi'); document = build_document(review);"
        "print(hashlib.sha256(to_html(document) + review.quantities.to_json().encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(found) == 1


def shows(document: Document, prefix: str) -> list[Table]:
    return [item for item in document.walk() if isinstance(item, Table) and item.anchor.startswith(prefix)]


@pytest.mark.parametrize(("prefix", "place"), [("figures-", 1), ("directions-", 1), ("events-", 3)])
def test_every_figure_carries_a_linked_citation_and_its_place(prefix: str, place: int) -> None:
    tables = shows(document_of("ifi"), prefix)
    assert tables
    for row in (row for item in tables for row in item.rows):
        cell = row.cells[place]
        assert cell[0].link.startswith("#record-")
        assert DEPTH.search("".join(run.text for run in cell[1:]))


def test_single_patients_are_shown_with_their_place_and_change() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    eligible = [
        study for study in review.extraction.cases["study_id"] if review.synthesis.roles[study].role == "synthesis"
    ]
    rows = [[plain(cell) for cell in row.cells] for item in shows(document, "cases-") for row in item.rows]
    assert len(rows) == len(eligible)
    assert all(DEPTH.search(row[0]) for row in rows)
    (changed,) = (row for row in rows if row[6] != "not seen")
    beside = "No important difference of this instrument was read."
    wanted = ["patient 1 (F, 66 years)", "Low back disability, ODI", "17", "56", "14", "−42.0", beside]
    assert changed[1:] == wanted


def test_every_reported_harm_carries_a_linked_citation_and_its_place() -> None:
    told = [
        row.cells[1]
        for item in shows(document_of("ifi"), "harms-")
        for row in item.rows
        if plain(row.cells[1]) != "not reported"
    ]
    assert told
    for cell in told:
        assert [run.link for run in cell if run.link.startswith("#record-")]
        assert DEPTH.search(plain(cell))


def test_every_figure_of_the_annex_names_its_place() -> None:
    review = review_of("ifi")
    annex = next(block for block in section(document_of("ifi"), "annex").blocks if isinstance(block, Table))
    apart = [study for study, role in review.synthesis.roles.items() if role.role == "annex"]
    for study, row in zip(apart, annex.rows, strict=True):
        assert row.cells[0][0].link == f"#record-{study}"
        series = [item for answer in review.synthesis for item in answer.series if item.study_id == study]
        counts = [item for item in review.synthesis.counts if item.study_id == study]
        figures = plain(row.cells[2])
        assert len(DEPTH.findall(figures)) == len(series) + len(counts), figures
        assert (figures == "none seen") == (not series and not counts)


def test_counts_of_bcg_carry_their_source() -> None:
    (shown,) = (
        item for item in document_of("bcg").walk() if isinstance(item, Table) and item.columns[0].title == "Study"
    )
    assert len(shown.rows) == 13
    for row in shown.rows:
        assert row.cells[0][0].link.startswith("#record-")
        assert "published data set" in plain(row.cells[-1])


def test_bcg_prints_the_four_digits() -> None:
    rows = {plain(row.cells[0]): plain(row.cells[1]) for row in table(document_of("bcg"), "pool-tuberculosis").rows}
    assert rows["Pooled log risk ratio (standard error)"] == "−0.7145 (0.1798)"
    assert rows["Between-study variance, tau2"] == "0.3132"
    assert rows["Studies"] == "13"


@pytest.mark.parametrize("prefix", ["figures-", "directions-"])
def test_every_number_of_the_outcome_tables_is_a_quantity(prefix: str) -> None:
    """n, before, after and change: in each cell the numbers of that row's quantities, to the printed digit."""
    review, document = review_of("ifi"), document_of("ifi")
    headings = ("n", "Before", "After", "Change (95% CI)")
    order = [item.row for answer in review.synthesis for item in answer.series if item.role == _role(prefix)]
    rows = [(item, row) for item in shows(document, prefix) for row in item.rows]
    assert len(rows) == len(order)
    for name, (item, row) in zip(order, rows, strict=True):
        kept = [quantity for quantity in review.quantities if quantity.rows == (name,)]
        values = [value for quantity in kept for value in (quantity.value, *(quantity.interval or ()))]
        known = {f"{value:.{digits}f}" for value in values if value is not None for digits in (0, 1, 2)}
        known |= {f"{value:g}" for value in values if value is not None}
        for column, cell in zip(item.columns, row.cells, strict=True):
            if column.title in headings:
                assert numbers(plain(cell)) <= known, (name, plain(cell))


def _role(prefix: str) -> str:
    return "synthesis" if prefix == "figures-" else "direction only"


def test_every_count_is_a_quantity() -> None:
    review, document = review_of("ifi"), document_of("ifi")
    shown = {plain(row.cells[1]).split(" (")[0] for item in shows(document, "events-") for row in item.rows}
    kept = {
        f"{count.events} of {count.total} {count.unit_of_analysis}"
        for count in review.synthesis.counts
        if count.role != "annex"
    }
    assert shown == kept
    for count in review.synthesis.counts:
        values = {item.value for item in review.quantities if item.rows == (count.row,)}
        assert {float(count.events), float(count.total)} <= values


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_figures_have_words_a_picture_and_a_name_of_their_own(name: str) -> None:
    figures = document_of(name).figures()
    assert len({figure.name for figure in figures}) == len(figures) > 0
    for figure in figures:
        assert isinstance(figure, Figure)
        assert figure.alt
        assert figure.svg.startswith(b"<?xml") or figure.svg.startswith(b"<svg")
        assert figure.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_no_text_shows_a_trace_of_the_machine_or_of_missing_values(name: str) -> None:
    for text in sentences((*document_of(name).lead, *document_of(name).sections)):
        assert not re.search(r"\bnan\b|\bNaN\b|\bNone\b(?! of| was)|<NA>|Timestamp|object at 0x", text), text
        assert ".." not in text.replace("...", ""), text


def hostile(folder: Path) -> Path:
    """A copy of `ifi` with texts that HTML, Markdown or a spreadsheet would act upon."""
    shutil.copytree(ROOT / "evidence" / "ifi", folder / "evidence" / "ifi")
    extraction = folder / "evidence" / "ifi" / "extraction"
    outcomes = extraction / "outcomes.csv"
    text = outcomes.read_text(encoding="utf-8")
    assert text.count("SD not given in abstract; VAS anchors not stated") == 1
    evil = "=cmd|' /C calc'!A0 @x *bold* $x^2$ `code` <img src=x onerror=alert(1)> [a](javascript:alert(1))"
    outcomes.write_text(text.replace("SD not given in abstract; VAS anchors not stated", evil), encoding="utf-8")
    review = folder / "evidence" / "ifi"
    records, snapshot = review / "records" / "records.jsonl", review / "search" / "2026-11-22-public-pages"
    lines = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["id"] == "wilson2016":
            line["title"] = "<script>alert(1)</script> | a \\ title & more"
            line["authors"] = ["<b>Wilson</b> MD", "@Else | E"]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    manifest = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
    manifest["records_sha256"] = hashlib.sha256(content.encode()).hexdigest()
    for path, text in {
        records: content,
        snapshot / "records.jsonl": content,
        snapshot / "manifest.json": json.dumps(manifest),
    }.items():
        path.write_text(text, encoding="utf-8")
    return folder


def test_hostile_texts_are_shown_and_do_nothing(tmp_path: Path) -> None:
    document = build_document(synth.open_review("ifi", root=hostile(tmp_path)))
    said = "\n".join(sentences((*document.lead, *document.sections)))
    assert "=cmd|' /C calc'!A0 @x *bold* $x^2$ `code` <img src=x onerror=alert(1)>" in said
    assert "<script>alert(1)</script> | a \\ title & more" in said
    page = to_html(document).decode().replace("<wbr>", "")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>Wilson" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | a \\ title &amp; more" in page
    markdown = to_markdown(document).decode()
    assert "<script>" not in markdown
    assert "<img src=x" not in markdown
    assert not re.search(r"(?<!\\)\]\(javascript:", markdown)
    record = next(line for line in markdown.splitlines() if "record-wilson2016" in line and "title" in line)
    # Six cells: a bar in a title must not part a cell in two.
    assert len(re.findall(r"(?<!\\)\|", record)) == 7


def test_a_section_is_not_empty() -> None:
    for name in ("ifi", "bcg"):
        for block in document_of(name).walk():
            assert not isinstance(block, Section) or block.blocks, block


def test_the_code_names_no_review_of_its_own() -> None:
    """Nothing in the package is made for one question: its words stand in the evidence files alone."""
    words = re.compile(r"mhhs|endoscop|ischio|hatem|tubercul|\bbcg\b|trochanter|femor", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "src" / "synth").rglob("*"))
        if path.suffix in (".py", ".j2", ".css", ".typ")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert found == []
