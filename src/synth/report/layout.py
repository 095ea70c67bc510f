"""How wide the columns of a table are on paper, and whether it needs a page on its side.

HTML leaves this to the browser. PDF and DOCX have fixed pages: there a column gets at least its longest word, and
the rest of the line is shared so that long texts do not make a table taller than it must be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import sqrt

from synth.report.model import Block, Document, Figure, Section, Table, plain

PORTRAIT_CHARACTERS = 118
"""Characters of table type (8 points) that fit side by side on an upright A4 page, measured on the set pages."""

LANDSCAPE_CHARACTERS = 180
"""The same for a page on its side."""

LONGEST_WORD = 16
"""A longer word is broken rather than given more room."""

SMALL_TABLE = 0.5
"""A table whose texts need less than this share of the line is not stretched over it."""

_SMALL_TABLE_AIR = 1.35
_PADDING = 2

# A long word may end a line after a mark of punctuation, or after twelve letters where it has none.
_LONG_WORD = re.compile(r"(\S{21,})")
_WORD_PIECE = re.compile(r"[^/._:;,=&?#|-]{1,12}[/._:;,=&?#|-]*|[/._:;,=&?#|-]+")

Placed = tuple[Block, int]


def column_shares(table: Table) -> tuple[float, ...]:
    """Share of the line that each column gets.

    Returns
    -------
    tuple of float, one for each column
        Positive. The sum is 1, or less for a small table, which would fall apart over a whole line.
    """
    texts = [max(map(len, _column_texts(table, index))) + _PADDING for index in range(len(table.columns))]
    if sum(texts) < SMALL_TABLE * PORTRAIT_CHARACTERS:
        return tuple(_SMALL_TABLE_AIR * text / PORTRAIT_CHARACTERS for text in texts)
    words = _word_widths(table)
    line = max(LANDSCAPE_CHARACTERS if is_wide(table) else PORTRAIT_CHARACTERS, sum(words))
    wishes = [column.width * sqrt(text) for column, text in zip(table.columns, texts, strict=True)]
    spare = (line - sum(words)) / sum(wishes)
    return tuple((word + spare * wish) / line for word, wish in zip(words, wishes, strict=True))


def is_wide(table: Table) -> bool:
    """Whether the longest words of the columns do not fit side by side on an upright page."""
    return sum(_word_widths(table)) > PORTRAIT_CHARACTERS


def pages(document: Document) -> tuple[tuple[bool, tuple[Placed, ...]], ...]:
    """The document cut into stretches of upright pages and of pages on their side.

    Returns
    -------
    tuple of (bool, tuple of (Block, int))
        Whether the pages lie on their side, and the blocks on them in reading order, each with its depth (1 for a
        first-level section). Sections come before their blocks, a figure before its table. Headings right before
        a wide table go with it.
    """
    stretches: list[tuple[bool, list[Placed]]] = []
    headings: list[Placed] = []
    for block, depth in _flattened(document):
        if isinstance(block, Section):
            headings.append((block, depth))
            continue
        sideways = isinstance(block, Table) and is_wide(block)
        if not stretches or stretches[-1][0] != sideways:
            stretches.append((sideways, []))
        stretches[-1][1].extend([*headings, (block, depth)])
        headings = []
    if headings:
        stretches.append((False, headings))
    return tuple((sideways, tuple(placed)) for sideways, placed in stretches)


def line_pieces(text: str) -> list[str]:
    """The text cut where a line may end inside a word of more than twenty characters."""
    pieces = [""]
    for part in _LONG_WORD.split(text):
        if _LONG_WORD.fullmatch(part):
            first, *rest = _WORD_PIECE.findall(part)
            pieces[-1] += first
            pieces.extend(rest)
        else:
            pieces[-1] += part
    return pieces


def _flattened(document: Document) -> Iterable[Placed]:
    stack: list[Placed] = [(section, 1) for section in reversed(document.sections)]
    while stack:
        block, depth = stack.pop()
        yield block, depth
        if isinstance(block, Section):
            stack.extend((inner, depth + 1) for inner in reversed(block.blocks))
        if isinstance(block, Figure) and block.table is not None:
            stack.append((block.table, depth))


def _word_widths(table: Table) -> list[int]:
    """Characters that each column needs; the first one holds row headings, which read best on one line."""
    widths = []
    for index in range(len(table.columns)):
        texts = _column_texts(table, index)
        pieces = texts if index == 0 else [word for text in texts for word in text.split()]
        widths.append(min(max(map(len, pieces), default=1), LONGEST_WORD) + _PADDING)
    return widths


def _column_texts(table: Table, index: int) -> list[str]:
    cells = [plain(row.cells[index]) for row in table.rows if not row.group]
    return [table.columns[index].title, *cells]
