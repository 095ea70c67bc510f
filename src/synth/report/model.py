"""The report as data: sections of paragraphs, lists, tables and figures that every format renders.

Nothing here knows of HTML, Markdown, Typst or Word. Texts are plain: each renderer escapes them for its format.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with one look.

    Attributes
    ----------
    text : str
        Plain text.
    strong, emphasis : bool
        Weight and slant.
    link : str
        Empty, ``#anchor`` of a section, table, figure or row of this document, or an http(s) address.
    mark : bool
        A short warning mark beside a number (derived, flagged); renderers set it apart from the number.
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    link: str = ""
    mark: bool = False


Runs = tuple[Run, ...]


def runs(*parts: str | Run | Runs) -> Runs:
    """Strings, runs and tuples of runs as one tuple of runs; empty strings are left out."""
    out: list[Run] = []
    for part in parts:
        if isinstance(part, str):
            out.extend([Run(part)] if part else [])
        elif isinstance(part, Run):
            out.append(part)
        else:
            out.extend(part)
    return tuple(out)


def plain(content: Runs) -> str:
    """The text of some runs without their look."""
    return "".join(run.text for run in content)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of runs."""

    content: Runs


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each item is a tuple of runs. `numbered` gives 1, 2, 3."""

    items: tuple[Runs, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values, as a definition list."""

    items: tuple[tuple[str, Runs], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: its heading, alignment, and relative width (1 = as wide as any other)."""

    title: str
    align: Literal["left", "right"] = "left"
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: one tuple of runs a column; a link may lead to its `anchor`; `group` makes it a sub-heading."""

    cells: tuple[Runs, ...]
    anchor: str = ""
    group: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; the first column holds the row headings.

    Notes stand below the table. A table with no rows is not made: the builder says in words that there is nothing.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Runs, ...] = ()
    anchor: str = ""

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError(f"table {self.caption!r} has no rows; say so in a paragraph instead")
        for row in self.rows:
            expected = 1 if row.group else len(self.columns)
            if len(row.cells) != expected:
                raise ValueError(f"table {self.caption!r}: a row has {len(row.cells)} cells, {expected} expected")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: `name` is the stem of its file, `alt` says in words what is seen, `table` holds what is drawn."""

    name: str
    caption: str
    alt: str
    svg: bytes
    png: bytes
    table: Table | None = None
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Callout:
    """A boxed passage. `answer`: the bottom line; `caution`: a limit that must be seen; `note`: an aside."""

    kind: Literal["answer", "caution", "note"]
    title: str
    blocks: tuple[Paragraph | Bullets | Facts, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; sections nest. `folded` parts are long reference matter that HTML shows collapsed."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    folded: bool = False


Block = Paragraph | Bullets | Facts | Table | Figure | Callout | Section


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report.

    Attributes
    ----------
    title : str
        The question in a few words.
    kind : str
        What the page is and how certain, such as "Evidence map: certainty not rated".
    lead : tuple of Callout
        The first screen: question, answer, how certain, as of when.
    as_of : str
        Evidence date, ISO 8601.
    sections : tuple of Section
        In reading order.
    """

    title: str
    kind: str
    lead: tuple[Callout, ...]
    as_of: str
    sections: tuple[Section, ...]
    language: str = "en"

    def walk(self) -> Iterable[Block]:
        """Every block, parents before children, in reading order."""
        stack: list[Block] = [*reversed(self.sections), *reversed(self.lead)]
        while stack:
            block = stack.pop()
            yield block
            if isinstance(block, Section | Callout):
                stack.extend(reversed(block.blocks))
            if isinstance(block, Figure) and block.table is not None:
                stack.append(block.table)

    def figures(self) -> tuple[Figure, ...]:
        """Every figure in reading order."""
        return tuple(block for block in self.walk() if isinstance(block, Figure))

    def anchors(self) -> tuple[str, ...]:
        """Every anchor that a link of this document may lead to."""
        found: list[str] = []
        for block in self.walk():
            if isinstance(block, Section | Table | Figure) and block.anchor:
                found.append(block.anchor)
            if isinstance(block, Table):
                found.extend(row.anchor for row in block.rows if row.anchor)
        return tuple(found)
