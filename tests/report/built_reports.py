"""The documents of the bundled reviews, built once, their texts, and small invented reviews as folders."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import synth
from synth.report.build import build_document
from synth.report.model import Block, Bullets, Callout, Document, Facts, Figure, Paragraph, Section, Table, plain
from synth.review import Review
from synth.schemas import EXTRACTION_TABLES

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def review_of(name: str) -> Review:
    return synth.open_review(name, root=ROOT)


@cache
def document_of(name: str) -> Document:
    return build_document(review_of(name))


def sentences(blocks: Iterable[Block]) -> Iterator[str]:
    """Every text of some blocks: titles, captions, headings, cells, notes, alternative texts."""
    for block in blocks:
        if isinstance(block, Section | Callout):
            yield block.title
            yield from sentences(block.blocks)
        elif isinstance(block, Paragraph):
            yield plain(block.content)
        elif isinstance(block, Bullets):
            yield from map(plain, block.items)
        elif isinstance(block, Facts):
            yield from (f"{name}: {plain(value)}" for name, value in block.items)
        elif isinstance(block, Figure):
            yield from (block.caption, block.alt)
        elif isinstance(block, Table):
            yield block.caption
            yield from (column.title for column in block.columns)
            yield from (plain(cell) for row in block.rows for cell in row.cells)
            yield from map(plain, block.notes)


def section(document: Document, anchor: str) -> Section:
    return next(block for block in document.walk() if isinstance(block, Section) and block.anchor == anchor)


def table(document: Document, anchor: str) -> Table:
    return next(block for block in document.walk() if isinstance(block, Table) and block.anchor == anchor)


def cells(found: Table, row: str) -> dict[str, str]:
    """The cells of the first row whose first cell begins like that, by heading."""
    line = next(item for item in found.rows if plain(item.cells[0]).startswith(row))
    return {column.title: plain(cell) for column, cell in zip(found.columns, line.cells, strict=True)}


def lead(document: Document) -> str:
    return "\n".join(sentences(document.lead))


def numbers(text: str) -> set[str]:
    """Every number of a text, with a minus sign where one stands before it."""
    return {
        found.replace("\N{MINUS SIGN}", "-") for found in re.findall(r"(?<![\w.])[\N{MINUS SIGN}-]?\d+(?:\.\d+)?", text)
    }


CASE = "case2001"
ORIGIN = "DOI:10.0000/invented,page 1,primary full text,somebody,"

PROTOCOL = """\
format: 1
review: invented
title: An invented question
question: {text: What is invented here, population: nobody, interventions: knot, comparators: none, outcomes: comfort}
standing: {kind: evidence map, written: 2026-01-01, post_hoc: true, note: Invented for a test.}
people: [{id: somebody, name: Somebody, kind: person, role: invented this}]
procedures: [{id: knot, label: Knot, role: main}]
outcomes: [{id: comfort, label: Comfort, role: main, instruments: [scale]}]
instruments: [{id: scale, label: Invented scale, unit: points, minimum: 0, maximum: 100, better: higher}]
events: [{id: tear, kind: harm, harm: tear}]
harms: [tear]
eligibility: {reason: Everything invented.}
synthesis: {tau2: REML, interval: hartung-knapp-guarded, level: 0.95, overlap: exclude, overlap_reason: Invented.}
"""


def invented_review(root: Path, *, protocol: str = PROTOCOL, rows: dict[str, list[str]] | None = None) -> Path:
    """A review of one record, its tables with those rows; the folder of the project."""
    folder = root / "evidence" / "invented"
    files: dict[str, str] = {"protocol.yml": protocol}
    for spec in EXTRACTION_TABLES:
        lines = [",".join(spec.headings), *(rows or {}).get(spec.name, [])]
        files[spec.file] = "\n".join(lines) + "\n"
    records = json.dumps(_record(CASE)) + "\n"
    files["records/records.jsonl"] = files["search/2026-01-02-invented/records.jsonl"] = records
    decisions = f"record_id,stage,decision,reason,date\n{CASE},eligibility,include,,2026-01-02\n"
    files["screening/decisions/somebody.csv"] = decisions
    manifest = {
        "format": 2,
        "date": "2026-01-02",
        "source": "invention",
        "found_by": "other methods",
        "held": 1,
        "record_ids": [CASE],
        "records_sha256": hashlib.sha256(records.encode()).hexdigest(),
        "note": "Invented.",
    }
    files["search/2026-01-02-invented/manifest.json"] = json.dumps(manifest)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def _record(name: str) -> dict[str, object]:
    return {
        **dict.fromkeys(("pmid", "pmcid", "doi", "title", "journal", "volume", "issue", "pages", "note")),
        "id": name,
        "year": 2001,
        "authors": ["Nobody N"],
        "publication_types": [],
        "assigned": {"publication_type": None, "design": None, "by": "somebody"},
        "status": "unknown",
        "found_by": "other methods",
        "source": "DOI:10.0000/invented",
        "seen_on": "2026-01-02",
    }


def row(table_name: str, **values: object) -> str:
    """A line of an extraction table, with an invented origin."""
    spec = next(item for item in EXTRACTION_TABLES if item.name == table_name)
    origin = dict(zip(("source", "locator", "seen_in", "extracted_by", "checked_by"), ORIGIN.split(","), strict=True))
    return ",".join(str({"study_id": CASE, **origin, **values}.get(heading, "")) for heading in spec.headings)
