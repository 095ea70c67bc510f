"""A summary of findings as HTML for a notebook: every text escaped, letters raised, footnotes below."""

from __future__ import annotations

import html
from collections.abc import Iterator

from synth.certainty.grade.types import Level
from synth.certainty.summary.types import SYMBOLS, ComparisonRow, FindingsTable, SingleArmRow

# JupyterLab sets table cells flush right; sentences need the left side and lines that wrap.
_CELL = 'style="text-align: left; vertical-align: top; white-space: normal"'

#: What the signs stand for, in our own words.
LEGEND = ", ".join(f"{SYMBOLS[level]} {level}" for level in Level if SYMBOLS[level])


def table_html(item: FindingsTable) -> str:
    """One table with its header and its footnotes."""
    header = "".join(f"<li><b>{html.escape(name)}:</b> {html.escape(text)}</li>" for name, text in item.header)
    head = "".join(f'<th scope="col" {_CELL}>{html.escape(column.heading)}</th>' for column in item.columns)
    body = "".join(f"<tr>{''.join(_cells(item, row))}</tr>" for row in item.rows)
    notes = "".join(f"<li><sup>{note.letter}</sup> {html.escape(note.text)}</li>" for note in item.footnotes)
    return (
        f"<ul>{header}</ul>"
        f"<table><caption>{html.escape(item.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>Certainty: {LEGEND}.</p>"
        f'<ul style="list-style: none">{notes}</ul>'
    )


def _cells(item: FindingsTable, row: SingleArmRow | ComparisonRow) -> Iterator[str]:
    for place, column in enumerate(item.columns):
        text = html.escape(row.cells[column.key]).replace("\n", "<br>")
        letters = row.notes.get(column.key, ())
        raised = f' <sup style="white-space: nowrap">{", ".join(letters)}</sup>' if letters else ""
        tag, scope = ("td", "") if place else ("th", ' scope="row"')
        yield f"<{tag}{scope} {_CELL}>{text}{raised}</{tag}>"
