"""The table part of a forest plot: the text of its lines broken to fit, and where each column stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from synth.plots import text
from synth.plots.forest.lines import Line
from synth.plots.forest.panel import JudgementPanel
from synth.plots.forest.rows import ForestRow
from synth.plots.style import GAP, MARGIN, PAGE_WIDTH, SMALL_SIZE, TEXT_SIZE

COMPACT_FROM: Final = 25
"""Rows from which on the lines are set closer and smaller, and the axis stands above the rows too."""
_LABEL_WIDTHS: Final = (64.0, 104.0, 168.0)  # least, enough to keep further columns beside it, most
_ESTIMATE_WIDTH: Final = 150.0  # most on one line
_CELL_WIDTH: Final = 88.0
_LABEL_LINES: Final = 3
_MARK_WIDTH: Final = 4.0
_DETAIL_PADDING: Final = 2.5
_DETAIL_WIDTH: Final = 112.0  # in which the usual small print needs no break inside a name or number
_SIGN: Final = re.compile(" ([=<≥≤>]) ")  # a sign stays with the numbers on both of its sides


@dataclass(frozen=True, slots=True)
class Density:
    """How close the lines stand: size of their text, room between them, and least width of the plot, points."""

    size: float
    padding: float
    plot_width: float
    compact: bool


_ROOMY: Final = Density(TEXT_SIZE, 6.0, 140.0, compact=False)
_COMPACT: Final = Density(SMALL_SIZE, 2.5, 120.0, compact=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its left edge and width in points, and the lines of its heading."""

    left: float
    width: float
    heading: tuple[str, ...] = ()
    numeric: bool = False

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of the plot with its text broken into lines; `top` counts from the top of the first line, points."""

    line: Line
    top: float
    height: float
    label: tuple[str, ...]
    detail: tuple[str, ...]
    estimate: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    strip: float = 0.0
    """Height of a strip of judgements between label and detail."""

    @property
    def middle(self) -> float:
        """Height of the marker."""
        return self.top + self.height / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns and lines of a forest plot."""

    width: float
    density: Density
    label: Column
    label_note: tuple[str, ...]
    """Titles of the columns whose text stands below the label, where the rows do not name them."""
    columns: tuple[Column, ...]
    plot: Column
    estimate: Column
    weight: Column | None
    panel: Column | None
    """Where the judgements stand; a column of their own, or below the label."""
    panel_below: bool
    lines: tuple[PlacedLine, ...]

    @property
    def height(self) -> float:
        """Height of all lines, points."""
        return self.lines[-1].top + self.lines[-1].height


@dataclass(frozen=True, slots=True)
class _Widths:
    """What each part needs beside the plot, points."""

    estimate: float
    one_line: bool
    mark: float
    weight: float
    cells: tuple[float, ...]
    panel: float

    @property
    def right(self) -> float:
        """From the plot to the last column of numbers."""
        return self.estimate + self.mark + GAP + (self.weight + GAP if self.weight else 0.0)

    @property
    def beside(self) -> float:
        """Further columns with their gaps."""
        return sum(self.cells) + GAP * len(self.cells)


def density_of(rows: int) -> Density:
    """How close so many rows stand."""
    return _COMPACT if rows >= COMPACT_FROM else _ROOMY


def table_of(
    lines: Sequence[Line],
    *,
    columns: Sequence[str],
    label_title: str,
    estimate_title: str,
    panel: JudgementPanel | None = None,
) -> Table:
    """Widths that fit the words, then the words broken to fit the widths.

    Further columns and the panel of judgements stand beside the label where the page is wide enough; otherwise they go
    below it.
    """
    density = density_of(sum(line.kind == "row" for line in lines))
    widths = _widths(lines, columns, estimate_title, panel, density)
    wanted = _label_width(lines, density, rows_only=density.compact)
    room = PAGE_WIDTH - 2 * MARGIN - widths.right - density.plot_width - GAP
    # For the panel's sake the names of summaries may take more lines.
    least_label = _label_width(lines, density, rows_only=True) if panel else wanted
    columns_below, panel_below = _arrangement(widths, room, least_label, bool(columns))
    details = [_detail(line, columns, titled=not density.compact) if columns_below else () for line in lines]
    wanted = max([wanted, *(text.text_width("; ".join(detail), SMALL_SIZE) for detail in details)])

    least, _, most = _LABEL_WIDTHS
    if any(line.kind == "detail" for line in lines):
        least = max(least, _DETAIL_WIDTH - (0.0 if columns_below else widths.beside))
    panel_right = widths.panel + GAP if panel and not panel_below else 0.0
    free = room - panel_right - (0 if columns_below else widths.beside)
    label_width = max(min(wanted, most, free), least, widths.panel if panel_below else 0.0)
    label = Column(MARGIN, label_width, text.wrap(label_title, label_width, SMALL_SIZE, bold=True))
    note = "; ".join(map(text.printable, columns)) if columns_below and density.compact else ""
    placed = () if columns_below else _columns(lines, columns, widths.cells, label.right + GAP)
    left = (placed[-1] if placed else label).right + GAP
    plot = Column(left, max(PAGE_WIDTH - MARGIN - widths.right - panel_right - left, density.plot_width))
    heading = text.wrap(estimate_title, widths.estimate, SMALL_SIZE, bold=True)
    estimate = Column(plot.right + GAP, widths.estimate, heading)
    weight = Column(estimate.right + widths.mark + GAP, widths.weight, ("Weight",)) if widths.weight else None
    end = weight.right if weight else estimate.right + widths.mark
    where = _panel_column(panel, label.left if panel_below else end + GAP, panel_below)
    return Table(
        width=(where.right if where and not panel_below else end) + MARGIN,
        density=density,
        label=label,
        label_note=text.wrap(note, label_width, SMALL_SIZE),
        columns=placed,
        plot=plot,
        estimate=estimate,
        weight=weight,
        panel=where,
        panel_below=panel_below,
        lines=_placed(
            lines,
            details,
            label=label,
            columns=placed,
            until=plot.left - GAP,
            one_line=widths.one_line,
            density=density,
            strip=panel.height if panel and panel_below else 0.0,
        ),
    )


def _label_width(lines: Sequence[Line], density: Density, *, rows_only: bool) -> float:
    """Of the longest name on one line; with `rows_only` the names of headings and summaries may take more lines."""

    def width(words: str, line: Line) -> float:
        return text.text_width(text.printable(words), density.size, bold=line.bold)

    named = [line for line in lines if line.kind != "detail"]
    if not rows_only:
        return max(width(line.label, line) for line in named)
    enough = _LABEL_WIDTHS[1]
    words = [min(width(word, line), enough) for line in named for word in line.label.split(" ")]
    return max([*words, *(width(line.label, line) for line in named if line.kind == "row")])


def _widths(
    lines: Sequence[Line], columns: Sequence[str], estimate_title: str, panel: JudgementPanel | None, density: Density
) -> _Widths:
    estimate, one_line = _estimate_width(lines, estimate_title, density.size)
    mark = max((text.text_width(line.mark, density.size) + _MARK_WIDTH for line in lines if line.mark), default=0.0)
    weights = [line.weight for line in lines if line.weight]
    weight = _column_width("Weight", weights, density.size) if weights else 0.0
    cells = tuple(
        _column_width(title, [line.cells[index] for line in lines if line.cells], density.size)
        for index, title in enumerate(columns)
    )
    words = _longest_word(panel.title) if panel else 0.0
    return _Widths(estimate, one_line, mark, weight, cells, max(panel.width, words) if panel else 0.0)


def _arrangement(widths: _Widths, room: float, wanted: float, has_columns: bool) -> tuple[bool, bool]:
    """Whether the further columns, and the panel, go below the label; the first choice that the page has room for."""
    enough = min(wanted, _LABEL_WIDTHS[1])
    for columns_below, panel_below in ((False, False), (False, True), (True, False)):
        beside = 0.0 if columns_below else widths.beside
        beside += widths.panel + GAP if widths.panel and not panel_below else 0.0
        if room - beside >= max(enough, widths.panel if panel_below else 0.0):
            return columns_below and has_columns, panel_below and widths.panel > 0
    return has_columns, widths.panel > 0


def _panel_column(panel: JudgementPanel | None, left: float, below: bool) -> Column | None:
    if panel is None:
        return None
    width = panel.width if below else max(panel.width, _longest_word(panel.title))
    return Column(left, width, () if below else text.wrap(panel.title, width, SMALL_SIZE, bold=True))


def _columns(lines: Sequence[Line], titles: Sequence[str], widths: Sequence[float], left: float) -> tuple[Column, ...]:
    placed: list[Column] = []
    for index, (title, width) in enumerate(zip(titles, widths, strict=True)):
        numeric = all(_numeric(line.cells[index]) for line in lines if line.cells)
        placed.append(Column(left, width, text.wrap(title, width, SMALL_SIZE, bold=True), numeric))
        left += width + GAP
    return tuple(placed)


def _estimate_width(lines: Sequence[Line], title: str, size: float) -> tuple[float, bool]:
    """Width of the column of numbers, and whether estimate and interval share a line in it."""
    longest = max(text.text_width(line.words, size, bold=line.bold) for line in lines)
    words = _longest_word(title)
    if longest <= _ESTIMATE_WIDTH:
        return max(longest, words), True
    parts = max(text.widest(line.estimate, size, bold=line.bold) for line in lines)
    return max(parts, words), False


def _longest_word(title: str) -> float:
    return max(text.text_width(word, SMALL_SIZE, bold=True) for word in text.printable(title).split(" "))


def _column_width(title: str, cells: Sequence[str], size: float) -> float:
    return min(max([_longest_word(title), *(text.text_width(cell, size) for cell in cells)]), _CELL_WIDTH)


def _detail(line: Line, columns: Sequence[str], *, titled: bool) -> tuple[str, ...]:
    if not titled:
        return tuple(cell or text.NOTHING for cell in line.cells)
    pairs = zip(columns, line.cells, strict=True) if line.cells else ()
    return tuple(f"{text.printable(title)} {cell}" for title, cell in pairs if cell)


def _wrapped_detail(parts: Sequence[str], width: float, max_lines: int | None) -> tuple[str, ...]:
    """Parts with semicolons between them; a line ends inside a part only where the part is wider than a line."""
    ended = [f"{part};" for part in parts[:-1]] + list(parts[-1:])
    joined = " ".join(text.together(part, width, SMALL_SIZE) for part in ended)
    return text.wrap(joined, width, SMALL_SIZE, max_lines=max_lines)


def _numeric(cell: str) -> bool:
    return not cell or cell.lstrip("-+<>≤≥ " + text.MINUS)[:1].isdigit()


def _placed(
    lines: Sequence[Line],
    details: Sequence[Sequence[str]],
    *,
    label: Column,
    columns: Sequence[Column],
    until: float,
    one_line: bool,
    density: Density,
    strip: float,
) -> tuple[PlacedLine, ...]:
    placed: list[PlacedLine] = []
    top = 0.0
    for line, detail in zip(lines, details, strict=True):
        # A line without cells may use the room up to the plot.
        width = label.width if line.cells else until - MARGIN
        name, below = _names(line, detail, width, density.size)
        estimate = (line.words,) if one_line else tuple(part for part in line.estimate if part)
        cells = tuple(
            text.wrap(cell or text.NOTHING, column.width, density.size, max_lines=_LABEL_LINES)
            for cell, column in zip(line.cells, columns, strict=False)
        )
        own_strip = strip if isinstance(line.source, ForestRow) else 0.0
        heights = [text.text_height(len(name), density.size) + text.text_height(len(below), SMALL_SIZE) + own_strip]
        heights += [text.text_height(len(part), density.size) for part in (estimate, *cells)]
        padding = _DETAIL_PADDING if line.kind == "detail" and line.source else density.padding
        height = max(heights) + padding
        placed.append(PlacedLine(line, top, height, name, below, estimate, cells, own_strip))
        top += height
    return tuple(placed)


def _names(line: Line, detail: Sequence[str], width: float, size: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The label's lines, and those of the small print below it."""
    if line.kind == "detail":
        parts = text.printable(_SIGN.sub("\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", line.label)).split("; ")
        return (), _wrapped_detail(parts, width, None)
    most = _LABEL_LINES if line.kind == "row" else 2 * _LABEL_LINES
    name = text.shortened(line.label, width, size, bold=line.bold, max_lines=most)
    return name, _wrapped_detail(detail, width, _LABEL_LINES)
