"""The report as a tagged PDF (PDF/UA-1), set by typst.

The document reaches the template as JSON, so no text is ever read as markup. Fonts are typst's own and those that
matplotlib brings, never the machine's, so the same document gives the same bytes everywhere.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib
import typst

from synth.errors import ReportError
from synth.report.layout import column_shares, line_pieces, pages
from synth.report.model import (
    Block,
    Bullets,
    Callout,
    Document,
    Facts,
    Figure,
    Paragraph,
    Row,
    Run,
    Runs,
    Section,
    Table,
    plain,
)
from synth.report.prepare import numbered, prepared

AUTHOR = "Living evidence notebooks"
"""Author named in the properties of PDF and DOCX files."""

WHOLE_ROW = 600
"""A table row whose longest cell has at most this many characters is not split over two pages."""

_ZERO_WIDTH_SPACE = "\u200b"


def to_pdf(document: Document) -> bytes:
    """The report as PDF on A4 pages, tagged for screen readers.

    Returns
    -------
    bytes
        The same document gives the same bytes on every machine; the date inside is `as_of`.

    Raises
    ------
    ReportError
        If the document does not hold together (see `prepared`), or typst cannot set it.
    """
    document = prepared(document)
    data = json.dumps(_as_data(document), ensure_ascii=False, sort_keys=True)
    try:
        written = typst.compile(
            files("synth.report").joinpath("templates", "report.typ").read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"document": data},
            pdf_standards="ua-1",
            timestamp=int(datetime.fromisoformat(document.as_of).replace(tzinfo=UTC).timestamp()),
        )
    except typst.TypstError as error:
        raise ReportError(f"the PDF could not be set: {error.message} {' '.join(error.hints)}".strip()) from error
    return written


@cache
def _fonts() -> typst.Fonts:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def _as_data(document: Document) -> dict[str, Any]:
    labels = numbered(document)
    return {
        "title": document.title,
        "kind": document.kind,
        "as_of": document.as_of,
        "language": document.language,
        "author": AUTHOR,
        "lead": [_block(callout, 1, labels) for callout in document.lead],
        "stretches": [
            {"sideways": sideways, "blocks": [_block(block, depth, labels) for block, depth in placed]}
            for sideways, placed in pages(document)
        ],
    }


def _block(block: Block, depth: int, labels: dict[int, str]) -> dict[str, Any]:
    match block:
        case Paragraph(content):
            return {"is": "paragraph", "content": _runs(content)}
        case Bullets(items, ordered):
            return {"is": "bullets", "items": [_runs(item) for item in items], "numbered": ordered}
        case Facts(items):
            return {"is": "facts", "items": [{"label": label, "value": _runs(value)} for label, value in items]}
        case Callout(kind, title, blocks):
            inner = [_block(inner, depth, labels) for inner in blocks]
            return {"is": "callout", "kind": kind, "title": _breakable(title), "blocks": inner}
        case Section(title, anchor):
            return {"is": "section", "title": _breakable(title), "anchor": anchor, "depth": depth}
        case Figure():
            return {
                "is": "figure",
                "label": labels[id(block)],
                "caption": _breakable(block.caption),
                "alt": block.alt,
                "anchor": block.anchor,
                "svg": block.svg.decode(),
            }
        case Table():
            return _table(block, labels[id(block)])


def _table(table: Table, label: str) -> dict[str, Any]:
    return {
        "is": "table",
        "label": label,
        "caption": _breakable(table.caption),
        "anchor": table.anchor,
        "columns": [{"title": _breakable(column.title), "align": column.align} for column in table.columns],
        "shares": [round(share, 5) for share in column_shares(table)],
        "rows": [_row(row) for row in table.rows],
        "notes": [_runs(note) for note in table.notes],
    }


def _row(row: Row) -> dict[str, Any]:
    longest = max(len(plain(cell)) for cell in row.cells)
    return {
        "cells": [_runs(cell) for cell in row.cells],
        "anchor": row.anchor,
        "group": row.group,
        "whole": longest <= WHOLE_ROW,
    }


def _runs(content: Runs) -> list[dict[str, Any]]:
    return [_run(run) for run in content]


def _run(run: Run) -> dict[str, Any]:
    return {
        "text": _breakable(run.text),
        "strong": run.strong,
        "emphasis": run.emphasis,
        "link": run.link,
        "mark": run.mark,
    }


def _breakable(text: str) -> str:
    """The text with invisible places in its long words where a line may end: typst has no rule that breaks them."""
    return _ZERO_WIDTH_SPACE.join(line_pieces(text))
