"""How wide the columns of a table are on paper, and whether it needs a page on its side.

HTML leaves this to the browser. PDF and DOCX have fixed pages: there a column gets at least its longest word, and
the rest of the line is shared so that long texts do not make a table taller than it must be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil, floor, sqrt

from synth.report.model import Block, Bullets, Document, Facts, Figure, Paragraph, Runs, Section, Table

PORTRAIT_CHARACTERS = 118
"""Lower-case letters of table type (8 points) that fit side by side on an upright A4 page; measured on set pages."""

LANDSCAPE_CHARACTERS = 180
"""The same for a page on its side."""

SMALL_TYPE_COLUMNS = 7
"""From this many columns on, a table is set in small type; with fewer, a line holds `LARGER_TYPE` of the letters."""

LARGER_TYPE = 0.88

LONGEST_WORD = 16
"""A longer word is broken rather than given more room."""

WIDE_COLUMNS = 8
"""A table of so many columns lies on its side where it is tall, too."""

TALL_TABLE = 60
"""Lines of text from which a table is tall: about a page."""

LEAD_LINES = 14
"""A heading and up to so many lines of text below it go with a wide table that follows, whatever its page."""

SMALL_TABLE = 0.5
"""A table whose texts need less than this share of the line is not stretched over it."""

_SMALL_TABLE_AIR = 1.35
_PADDING = 2
_LOST_AT_LINE_ENDS = 3
_TEXT_LETTERS = 100
_LETTER_WIDTHS = {
    letter: width for letters, width in (("mMW@%", 1.6), ("w", 1.3), ("iljtfrI.,:;'()|!/- ", 0.6)) for letter in letters
}
_CAPITAL_WIDTH = 1.25
_BOLD = 1.08

# A long word may end a line after a mark of punctuation, or after twelve letters where it has none; an address or
# identifier may from sixteen letters on.
_LONG_WORD = re.compile(r"(\S{21,}|(?<!\S)(?=[^\s./_]*[./_]\S)\S{16,20}(?!\S))")
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
    widths = _widths(table, _line(table, sideways=is_wide(table)))
    return tuple(width / sum(widths) for width in widths)


def is_wide(table: Table) -> bool:
    """Whether a table lies on its side.

    It does where the longest words of its columns do not fit side by side on an upright page, and where it has many
    columns and would run over more than a page.
    """
    upright = _line(table, sideways=False)
    if sum(_word_widths(table)) > upright:
        return True
    if len(table.columns) < WIDE_COLUMNS:
        return False
    widths = _widths(table, upright)
    return sum(_row_heights(table, widths)) > TALL_TABLE


def pages(document: Document) -> tuple[tuple[bool, tuple[Placed, ...]], ...]:
    """The document cut into stretches of upright pages and of pages on their side.

    Returns
    -------
    tuple of (bool, tuple of (Block, int))
        Whether the pages lie on their side, and the blocks on them in reading order, each with its depth (1 for a
        first-level section). Sections come before their blocks, a figure before its table. Headings right before
        a wide table go with it, with a short text between; so does a table of many columns that comes right after.
    """
    stretches: list[tuple[bool, list[Placed]]] = []
    waiting: list[Placed] = []

    def place(sideways: bool, *placed: Placed) -> None:
        if not stretches or stretches[-1][0] != sideways:
            stretches.append((sideways, []))
        stretches[-1][1].extend((*waiting, *placed))
        waiting.clear()

    for block, depth in _flattened(document):
        headings_only = all(isinstance(before, Section) for before, _ in waiting)
        if isinstance(block, Section):
            if not headings_only:
                place(False)
            waiting.append((block, depth))
        elif isinstance(block, Table):
            after_wide = bool(stretches) and stretches[-1][0] and headings_only
            place(is_wide(block) or (after_wide and len(block.columns) >= WIDE_COLUMNS), (block, depth))
        elif waiting and sum(_text_lines(one) for one, _ in [*waiting, (block, depth)]) <= LEAD_LINES:
            waiting.append((block, depth))
        else:
            place(False, (block, depth))
    if waiting:
        place(False)
    return tuple((sideways, tuple(placed)) for sideways, placed in stretches)


def line_pieces(text: str) -> list[str]:
    """The text cut where a line may end inside a word of more than twenty characters or an address of over fifteen."""
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


def _text_lines(block: Block) -> int:
    """About how many lines of running text a block takes; a figure or a box counts as too many to wait."""
    match block:
        case Section():
            return 2
        case Paragraph(content):
            texts = [_written(content)]
        case Bullets(items):
            texts = [_written(item) for item in items]
        case Facts(pairs):
            texts = [label + _written(value) for label, value in pairs]
        case _:
            return LEAD_LINES + 1
    return sum(ceil(len(text) / _TEXT_LETTERS) for text in texts)


def _line(table: Table, *, sideways: bool) -> int:
    """Letters that fit on a line of the table."""
    letters = LANDSCAPE_CHARACTERS if sideways else PORTRAIT_CHARACTERS
    return letters if len(table.columns) >= SMALL_TYPE_COLUMNS else floor(LARGER_TYPE * letters)


def _word_widths(table: Table) -> list[int]:
    """Letters that each column needs; the first one holds row headings, which read best on one line."""
    widths = []
    for index, column in enumerate(table.columns):
        texts = _column_texts(table, index)
        parts = [word for text in texts for word in (_words(text) if index else [text])]
        words = [_letters(part, bold=index == 0) for part in parts]
        words += [_letters(word, bold=True) for word in column.title.split()]
        widths.append(min(max(words, default=1), LONGEST_WORD) + _PADDING)
    return widths


def _words(text: str) -> list[str]:
    """What cannot be broken over two lines."""
    return [piece for word in text.split() for piece in line_pieces(word)]


def _letters(text: str, *, bold: bool) -> int:
    """How many lower-case letters are as wide as the text."""
    widths = (_LETTER_WIDTHS.get(letter, _CAPITAL_WIDTH if letter.isupper() else 1.0) for letter in text)
    return ceil(sum(widths) * (_BOLD if bold else 1.0))


def _widths(table: Table, line: int) -> list[int]:
    """Letters of a line for each column, so that the table gets as low as may be.

    Each column begins with its longest word; then each further letter goes where it lowers the rows most. Texts of a
    column count as longer than they are where its `width` is above one, but not by as much: what they need comes first.
    """
    widths = _word_widths(table)
    needs = [[sqrt(column.width) * need for need in _needs(table, index)] for index, column in enumerate(table.columns)]
    rows = list(zip(*needs, strict=True))
    while sum(widths) < line:
        gains = [0.0] * len(widths)
        for row in rows:
            heights = [need / (width - _LOST_AT_LINE_ENDS) for need, width in zip(row, widths, strict=True)]
            tallest = max(range(len(heights)), key=heights.__getitem__)
            if heights[tallest] <= 1:
                continue
            others = max((height for index, height in enumerate(heights) if index != tallest), default=0.0)
            gains[tallest] += heights[tallest] - max(
                1.0, others, row[tallest] / (widths[tallest] + 1 - _LOST_AT_LINE_ENDS)
            )
        if max(gains) <= 0:
            break
        widths[max(range(len(gains)), key=gains.__getitem__)] += 1
    spare = max(line - sum(widths), 0)
    return [width + spare // len(widths) for width in widths]


def _row_heights(table: Table, widths: list[int]) -> list[int]:
    """Lines of each row that is no group, with the heading row first."""
    columns = [_needs(table, index) for index in range(len(table.columns))]
    return [
        max(ceil(need / (width - _LOST_AT_LINE_ENDS)) for need, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]


def _needs(table: Table, index: int) -> list[int]:
    """Characters of the texts of a column on one line, its heading first."""
    return [_letters(text, bold=index == 0) for text in _column_texts(table, index)]


def _written(content: Runs) -> str:
    return "".join(f" ({run.text})" if run.mark else run.text for run in content)


def _column_texts(table: Table, index: int) -> list[str]:
    cells = [_written(row.cells[index]) for row in table.rows if not row.group]
    return [table.columns[index].title, *cells]
