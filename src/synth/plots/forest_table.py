"""The table part of a forest plot: its lines in order, their text broken to fit, and where each column stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from synth.plots import text
from synth.plots.axis import Interval
from synth.plots.forest_rows import ForestRow, ForestSummary
from synth.plots.style import GAP, MARGIN, PAGE_WIDTH, SMALL_SIZE, TEXT_SIZE

MARKS: Final = "†‡§¶"
NO_INTERVAL: Final = "no interval"
_LABEL_WIDTHS: Final = (64.0, 104.0, 168.0)  # least, enough to keep further columns beside it, most
_PLOT_WIDTH: Final = 140.0  # least
_ESTIMATE_WIDTH: Final = 150.0  # most on one line
_CELL_WIDTH: Final = 88.0
_LABEL_LINES: Final = 3
_ROW_PADDING: Final = 6.0
_MARK_WIDTH: Final = 4.0

Kind = Literal["heading", "row", "summary", "prediction"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plot before it is laid out: what it shows and the words beside it."""

    kind: Kind
    label: str
    source: ForestRow | ForestSummary | None = None
    estimate: tuple[str, str] = ("", "")
    cells: tuple[str, ...] = ()
    weight: str = ""
    mark: str = ""

    @property
    def bold(self) -> bool:
        """Headings and pooled results stand out."""
        return self.kind in ("heading", "summary")

    @property
    def words(self) -> str:
        """Estimate and interval as one text."""
        return " ".join(part for part in self.estimate if part)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its left edge and width in points, and the lines of its heading."""

    left: float
    width: float
    heading: tuple[str, ...] = ()
    numeric: bool = False

    @property
    def right(self) -> float:
        """Right edge, points."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line with its text broken to fit and its place, points from the top of the rows."""

    line: Line
    top: float
    height: float
    label: tuple[str, ...]
    detail: tuple[str, ...]
    estimate: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def middle(self) -> float:
        """Height of the marker."""
        return self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and lines of a forest plot."""

    width: float
    label: Column
    columns: tuple[Column, ...]
    plot: Column
    estimate: Column
    weight: Column | None
    lines: tuple[PlacedLine, ...]

    @property
    def height(self) -> float:
        """Height of all lines, points."""
        return self.lines[-1].top + self.lines[-1].height


def lines_of(
    rows: Sequence[ForestRow],
    summaries: Sequence[ForestSummary],
    *,
    columns: Sequence[str],
    number: Callable[[float], str],
    level: str,
) -> tuple[Line, ...]:
    """Headings, rows, pooled results and prediction intervals from top to bottom."""
    marks = mark_symbols(rows)
    lines: list[Line] = []
    for group in dict.fromkeys(row.group for row in rows):
        lines += [Line("heading", group)] if group else []
        lines += [_row_line(row, columns, number, marks) for row in rows if row.group == group]
        if group:
            for summary in summaries:
                lines += _summary_lines(summary, number, level) if summary.group == group else []
    for summary in summaries:
        lines += _summary_lines(summary, number, level) if not summary.group else []
    return tuple(lines)


def mark_symbols(rows: Sequence[ForestRow]) -> dict[str, str]:
    """A symbol for each explanation, in the order in which they first come: †, ‡, §, ¶, ††, and so on."""
    explanations = list(dict.fromkeys(row.mark for row in rows if row.mark))
    return {
        explanation: MARKS[index % len(MARKS)] * (1 + index // len(MARKS))
        for index, explanation in enumerate(explanations)
    }


def _row_line(row: ForestRow, columns: Sequence[str], number: Callable[[float], str], marks: dict[str, str]) -> Line:
    if row.estimate is None:
        estimate = ("no estimate", "")
    elif row.interval is None:
        estimate = (f"{number(row.estimate)},", NO_INTERVAL)
    else:
        estimate = (number(row.estimate), bracketed(row.interval, number))
    weight = "" if row.weight is None else f"{100 * row.weight:.1f}%"
    cells = tuple(text.printable(row.columns.get(title, "")) for title in columns)
    return Line("row", row.label, row, estimate, cells, weight, marks.get(row.mark, ""))


def _summary_lines(summary: ForestSummary, number: Callable[[float], str], level: str) -> list[Line]:
    interval = bracketed(summary.interval, number) if summary.interval else NO_INTERVAL
    comma = "" if summary.interval else ","
    lines = [Line("summary", summary.label, summary, (number(summary.estimate) + comma, interval))]
    if summary.prediction:
        words = ("", bracketed(summary.prediction, number))
        lines.append(Line("prediction", f"{level} prediction interval", summary, words))
    return lines


def bracketed(interval: Interval, number: Callable[[float], str]) -> str:
    """The limits as printed: [0.34, 0.70]."""
    return f"[{number(interval[0])}, {number(interval[1])}]"


def table_of(lines: Sequence[Line], *, columns: Sequence[str], label_title: str, estimate_title: str) -> Table:
    """Widths that fit the words, then the words broken to fit the widths.

    Further columns stand beside the label where the page is wide enough; otherwise their texts go below it.
    """
    estimate_width, one_line = _estimate_width(lines, estimate_title)
    mark_width = max((text.text_width(line.mark, TEXT_SIZE) + _MARK_WIDTH for line in lines if line.mark), default=0.0)
    weight_width = (
        _column_width("Weight", [line.weight for line in lines]) if any(line.weight for line in lines) else 0.0
    )
    right = estimate_width + mark_width + GAP + (weight_width + GAP if weight_width else 0.0)
    cell_widths = [
        _column_width(title, [line.cells[i] for line in lines if line.cells]) for i, title in enumerate(columns)
    ]
    room = PAGE_WIDTH - 2 * MARGIN - right - _PLOT_WIDTH - GAP
    wanted = max(text.text_width(text.printable(line.label), TEXT_SIZE, bold=line.bold) for line in lines)
    least, enough, most = _LABEL_WIDTHS
    beside = sum(cell_widths) + GAP * len(cell_widths)
    below = bool(columns) and room - beside < min(wanted, enough)
    details = [_detail(line, columns) if below else () for line in lines]
    wanted = max([wanted, *(text.text_width("; ".join(detail), SMALL_SIZE) for detail in details)])
    label_width = max(min(wanted, most, room - (0 if below else beside)), least)

    label = Column(MARGIN, label_width, text.wrap(label_title, label_width, SMALL_SIZE, bold=True))
    placed: list[Column] = []
    left = label.right + GAP
    for index, (title, width) in enumerate(zip(columns, cell_widths, strict=True)):
        if not below:
            numeric = all(_numeric(line.cells[index]) for line in lines if line.cells)
            placed.append(Column(left, width, text.wrap(title, width, SMALL_SIZE, bold=True), numeric))
            left += width + GAP
    plot = Column(left, max(PAGE_WIDTH - MARGIN - right - left, _PLOT_WIDTH))
    heading = text.wrap(estimate_title, estimate_width, SMALL_SIZE, bold=True)
    estimate = Column(plot.right + GAP, estimate_width, heading)
    weight = Column(estimate.right + mark_width + GAP, weight_width, ("Weight",)) if weight_width else None
    width = (weight.right if weight else estimate.right + mark_width) + MARGIN
    return Table(
        width, label, tuple(placed), plot, estimate, weight, _placed(lines, details, label, placed, plot, one_line)
    )


def _estimate_width(lines: Sequence[Line], title: str) -> tuple[float, bool]:
    """Width of the column of numbers, and whether estimate and interval share a line in it."""
    longest = max(text.text_width(line.words, TEXT_SIZE, bold=line.bold) for line in lines)
    words = max(text.text_width(word, SMALL_SIZE, bold=True) for word in title.split(" "))
    if longest <= _ESTIMATE_WIDTH:
        return max(longest, words), True
    parts = max(text.widest(line.estimate, TEXT_SIZE, bold=line.bold) for line in lines)
    return max(parts, words), False


def _column_width(title: str, cells: Sequence[str]) -> float:
    words = max(
        (text.text_width(word, SMALL_SIZE, bold=True) for word in text.printable(title).split(" ")), default=0.0
    )
    return min(max([words, *(text.text_width(cell, TEXT_SIZE) for cell in cells)]), _CELL_WIDTH)


def _detail(line: Line, columns: Sequence[str]) -> tuple[str, ...]:
    pairs = zip(columns, line.cells, strict=True) if line.cells else ()
    return tuple(f"{text.printable(title)} {cell}" for title, cell in pairs if cell)


def _wrapped_detail(parts: Sequence[str], width: float) -> tuple[str, ...]:
    """Parts with semicolons between them; a line ends inside a part only where the part is wider than a line."""
    ended = [f"{part};" for part in parts[:-1]] + list(parts[-1:])
    joined = " ".join(text.together(part, width, SMALL_SIZE) for part in ended)
    return text.wrap(joined, width, SMALL_SIZE, max_lines=_LABEL_LINES)


def _numeric(cell: str) -> bool:
    return not cell or cell.lstrip("-+<>≤≥ " + text.MINUS)[:1].isdigit()


def _placed(
    lines: Sequence[Line],
    details: Sequence[Sequence[str]],
    label: Column,
    columns: Sequence[Column],
    plot: Column,
    one_line: bool,
) -> tuple[PlacedLine, ...]:
    placed: list[PlacedLine] = []
    top = 0.0
    for line, detail in zip(lines, details, strict=True):
        # A line without cells may use the room up to the plot.
        width = label.width if line.cells else plot.left - GAP - MARGIN
        most = _LABEL_LINES if line.kind == "row" else 2 * _LABEL_LINES
        name = text.wrap(line.label, width, TEXT_SIZE, bold=line.bold, max_lines=most)
        below = _wrapped_detail(detail, label.width)
        estimate = (line.words,) if one_line else tuple(part for part in line.estimate if part)
        cells = tuple(
            text.wrap(cell or text.NOTHING, column.width, TEXT_SIZE, max_lines=_LABEL_LINES)
            for cell, column in zip(line.cells, columns, strict=False)
        )
        heights = [text.text_height(len(name), TEXT_SIZE) + text.text_height(len(below), SMALL_SIZE)]
        heights += [text.text_height(len(part), TEXT_SIZE) for part in (estimate, *cells)]
        height = max(heights) + _ROW_PADDING
        placed.append(PlacedLine(line, top, height, name, below, estimate, cells))
        top += height
    return tuple(placed)
