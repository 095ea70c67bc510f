"""What every renderer does first: check that a document holds together, make its texts safe to write, number its parts.

A renderer that starts from `prepared(document)` cannot forget a place where a control character, a link to
nowhere or a second use of a name would break its format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from synth.errors import ReportError
from synth.report.model import (
    Block,
    Bullets,
    Callout,
    Document,
    Facts,
    Figure,
    Paragraph,
    Run,
    Runs,
    Section,
    Table,
)

AnyBlock = TypeVar("AnyBlock", bound=Block)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Whatever ends a line or a cell in one of the formats becomes a space: a text of the model is one line.
_LINE_ENDS = re.compile("\r\n|[\t\n\r\x85\u2028\u2029]")

# Characters that XML 1.0 forbids (production 2, Char), the remaining C1 controls, lone surrogates, and the
# embeddings and overrides of text direction, which would print a number in another order than it was written.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e]")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WEB = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)

# RFC 3986: the reserved and unreserved characters, and the percent sign of what is already encoded.
_ADDRESS_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


def clean(text: str) -> str:
    """The text on one line, with U+FFFD in place of each character that no format may hold."""
    return _UNSAFE.sub(REPLACEMENT, _LINE_ENDS.sub(" ", text))


def check_links(document: Document) -> None:
    """Refuse a document whose links, anchors or figure names cannot all be kept.

    Raises
    ------
    ReportError
        One line for each anchor that is used twice or cannot be an anchor, for each figure name that is used
        twice or cannot be a file name, and for each link that is neither an anchor of the document nor an
        http(s) address.
    """
    anchors = document.anchors()
    names = [figure.name for figure in document.figures()]
    faults = [
        *_name_faults("anchor", anchors, _NAME),
        *_name_faults("figure name", names, _FILE_NAME),
        *_link_faults(document, frozenset(anchors)),
    ]
    if faults:
        raise ReportError("\n".join(faults))


def prepared(document: Document) -> Document:
    """A copy of the document that a renderer can write as it stands.

    Texts are cleaned (see `clean`), neighbouring runs of one look are joined, web addresses are percent-encoded,
    and no two blocks are the same object, so that `numbered` can tell them apart.

    Raises
    ------
    ReportError
        If `check_links` finds a fault, or `as_of` is not a date written as YYYY-MM-DD.
    """
    check_links(document)
    try:
        date.fromisoformat(document.as_of)
    except ValueError:
        raise ReportError(f"as_of is {document.as_of!r}; a date written as YYYY-MM-DD is expected") from None
    return replace(
        document,
        title=clean(document.title),
        kind=clean(document.kind),
        lead=tuple(_prepared_block(callout) for callout in document.lead),
        sections=tuple(_prepared_block(section) for section in document.sections),
    )


def numbered(document: Document) -> dict[int, str]:
    """A label such as "Table 3" or "Figure 1" for each table and figure of a prepared document.

    Returns
    -------
    dict of int to str
        By `id()` of the block. The table of a figure shares the number of its figure: "Data of figure 1".
    """
    labels: dict[int, str] = {}
    tables = figures = 0
    for block in document.walk():
        if isinstance(block, Figure):
            figures += 1
            labels[id(block)] = f"Figure {figures}"
            if block.table is not None:
                labels[id(block.table)] = f"Data of figure {figures}"
        elif isinstance(block, Table) and id(block) not in labels:
            tables += 1
            labels[id(block)] = f"Table {tables}"
    return labels


def texts(document: Document) -> Iterable[Runs]:
    """The content of every block of runs, in reading order: paragraphs, items, values, cells and notes."""
    for block in document.walk():
        yield from _contents(block)


def _contents(block: Block) -> Iterable[Runs]:
    if isinstance(block, Paragraph):
        yield block.content
    elif isinstance(block, Bullets):
        yield from block.items
    elif isinstance(block, Facts):
        yield from (value for _, value in block.items)
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row.cells
        yield from block.notes


def _name_faults(what: str, names: Iterable[str], pattern: re.Pattern[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in names:
        if not pattern.fullmatch(name):
            yield f"{what} {name!r} cannot be one; letters, digits and . _ - after a first letter or digit are expected"
        if name in seen:
            yield f"{what} {name!r} is used twice; it must name one place"
        seen.add(name)


def _link_faults(document: Document, anchors: frozenset[str]) -> Iterable[str]:
    for content in texts(document):
        for run in content:
            where = f"link of {run.text[:60]!r}"
            if run.link.startswith("#"):
                if run.link[1:] not in anchors:
                    yield f"{where}: no section, table, figure or row has the anchor {run.link[1:]!r}"
            elif run.link and not _WEB.fullmatch(run.link):
                yield f"{where}: {run.link!r} is neither #anchor nor an http(s) address"


def _prepared_block(block: AnyBlock) -> AnyBlock:
    return replace(block, **_prepared_fields(block))


def _prepared_fields(block: Block) -> dict[str, Any]:
    """The fields of a block that change: its texts, and what it holds."""
    match block:
        case Paragraph(content):
            return {"content": _prepared_runs(content)}
        case Bullets(items):
            return {"items": tuple(_prepared_runs(item) for item in items)}
        case Facts(pairs):
            return {"items": tuple((clean(label), _prepared_runs(value)) for label, value in pairs)}
        case Table():
            return _prepared_table_fields(block)
        case Figure():
            table = _prepared_block(block.table) if block.table is not None else None
            return {"caption": clean(block.caption), "alt": clean(block.alt), "table": table}
        case Callout() | Section():
            return {"title": clean(block.title), "blocks": tuple(_prepared_block(inner) for inner in block.blocks)}


def _prepared_table_fields(table: Table) -> dict[str, Any]:
    return {
        "caption": clean(table.caption),
        "columns": tuple(replace(column, title=clean(column.title)) for column in table.columns),
        "rows": tuple(replace(row, cells=tuple(_prepared_runs(cell) for cell in row.cells)) for row in table.rows),
        "notes": tuple(_prepared_runs(note) for note in table.notes),
    }


def _prepared_runs(content: Runs) -> Runs:
    joined: list[Run] = []
    for given in content:
        run = replace(given, text=clean(given.text), link=_address(given.link))
        if joined and replace(joined[-1], text="") == replace(run, text="") and not run.mark:
            joined[-1] = replace(run, text=joined[-1].text + run.text)
        elif run.text:
            joined.append(run)
    return tuple(joined)


def _address(link: str) -> str:
    return link if link.startswith("#") else quote(clean(link), safe=_ADDRESS_CHARACTERS)
