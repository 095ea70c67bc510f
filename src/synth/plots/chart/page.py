"""What stands around the axes of a chart: heading, axis labels, legend and notes, measured before they are placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.lines import Line2D

from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.style import (
    BACKGROUND,
    BLUE,
    GAP,
    LINE_SPACING,
    MARGIN,
    MUTED,
    SKY,
    SMALL_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
)

Tick = tuple[float, str]
"""Where a tick stands on its axis, and what is written at it."""

TICK_LENGTH: Final = 3.5
_SAMPLE: Final = 22.0  # room for the sample of a legend's entry
_SAMPLE_GAP: Final = 5.0
_ENTRY_GAP: Final = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """A sample of a mark and what it stands for.

    Attributes
    ----------
    words : str
    kind : {"point", "line", "band", "words"}
        "words" has no sample.
    colour : str
        Of the line or of the edge of the point.
    fill : str
        Of the point or of the band.
    marker : str
        Matplotlib's letter for the shape of the point.
    size : float
        Side of the point in points, or width of the line.
    dashes : tuple of float or None
        On and off, in multiples of the line's width; None is a solid line.
    hollow : bool
        A point that is not filled.
    breaks : bool
        Whether the entry begins a line of its own.
    """

    words: str
    kind: Literal["point", "line", "band", "words"] = "point"
    colour: str = BLUE
    fill: str = SKY
    marker: str = "o"
    size: float = 6.5
    dashes: tuple[float, ...] | None = None
    hollow: bool = False
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class _PlacedEntry:
    entry: LegendEntry
    lines: tuple[str, ...]
    left: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Texts around the axes, broken to fit the page."""

    title: tuple[str, ...]
    y_label: tuple[str, ...]
    x_label: tuple[str, ...]
    legend: tuple[tuple[_PlacedEntry, ...], ...]
    notes: tuple[tuple[str, ...], ...]

    @property
    def above(self) -> float:
        """Points between the top of the page and the axes."""
        title = text.text_height(len(self.title), TITLE_SIZE) + (5 if self.title else 0)
        return MARGIN + title + text.text_height(len(self.y_label), TEXT_SIZE) + 6

    @property
    def below(self) -> float:
        """Points between the axes and the foot of the page."""
        legend = sum(_row_height(row) for row in self.legend) + (5 if self.legend else 0)
        notes = text.text_height(sum(len(lines) for lines in self.notes), SMALL_SIZE) + (4 if self.notes else 0)
        return _ticks_height() + text.text_height(len(self.x_label), TEXT_SIZE) + legend + notes + MARGIN


def surroundings_of(
    width: float, *, title: str, x_label: str, y_label: str, legend: Sequence[LegendEntry], notes: Sequence[str]
) -> Surroundings:
    """The texts in lines that fit a page so wide."""
    inner = width - 2 * MARGIN
    return Surroundings(
        text.wrap(title, inner, TITLE_SIZE, bold=True),
        text.wrap(y_label, inner, TEXT_SIZE),
        text.wrap(x_label, inner, TEXT_SIZE),
        _flow(legend, inner),
        tuple(text.wrap(note, inner, SMALL_SIZE) for note in notes if note),
    )


def draw_above(canvas: Canvas, around: Surroundings) -> None:
    """Heading and label of the y axis, as lines of text above it."""
    top = MARGIN
    if around.title:
        top += canvas.text(around.title, MARGIN, top, size=TITLE_SIZE, bold=True) + 5
    canvas.text(around.y_label, MARGIN, top)


def draw_below(canvas: Canvas, around: Surroundings, *, left: float, right: float, bottom: float) -> None:
    """Label of the x axis, legend and notes, below axes that reach from `left` to `right` and down to `bottom`."""
    top = bottom + _ticks_height()
    for line in around.x_label:
        half = text.text_width(line, TEXT_SIZE) / 2
        x = min(max((left + right) / 2, MARGIN + half), canvas.width - MARGIN - half)
        top += canvas.text((line,), x, top, align="center")
    top += 5 if around.legend else 0
    for row in around.legend:
        for placed in row:
            _draw_entry(canvas, placed, top)
        top += _row_height(row)
    top += 4 if around.notes else 0
    for lines in around.notes:
        top += canvas.text(lines, MARGIN, top, size=SMALL_SIZE, color=MUTED)


def _ticks_height() -> float:
    return TICK_LENGTH + SMALL_SIZE * LINE_SPACING + 4


def _row_height(row: Sequence[_PlacedEntry]) -> float:
    return text.text_height(max(len(placed.lines) for placed in row), SMALL_SIZE)


def _flow(legend: Sequence[LegendEntry], inner: float) -> tuple[tuple[_PlacedEntry, ...], ...]:
    """Entries beside one another, as many in a row as fit."""
    rows: list[list[_PlacedEntry]] = []
    x = inner + 1.0
    for entry in legend:
        indent = 0.0 if entry.kind == "words" else _SAMPLE + _SAMPLE_GAP
        lines = text.wrap(entry.words, inner - indent, SMALL_SIZE)
        width = indent + text.widest(lines, SMALL_SIZE)
        if entry.breaks or x + width > inner:
            rows.append([])
            x = 0.0
        rows[-1].append(_PlacedEntry(entry, lines, MARGIN + x))
        x += width + _ENTRY_GAP
    return tuple(map(tuple, rows))


def _draw_entry(canvas: Canvas, placed: _PlacedEntry, top: float) -> None:
    entry, middle = placed.entry, top + SMALL_SIZE * LINE_SPACING / 2
    left, right = placed.left, placed.left + _SAMPLE
    if entry.kind == "line":
        sample = {"color": entry.colour, "width": min(entry.size, 2.0), "dashes": entry.dashes}
        canvas.line((left, right), (middle, middle), label="sample", **sample)  # type: ignore[arg-type]
    elif entry.kind == "band":
        canvas.box(left, middle - 4, right - left, 8, fill=entry.fill, edge=entry.colour, label="sample")
    elif entry.kind == "point":
        point = Line2D([(left + right) / 2], [middle], linestyle="none", marker=entry.marker, markersize=entry.size)
        point.set(markerfacecolor=BACKGROUND if entry.hollow else entry.fill, markeredgecolor=entry.colour)
        point.set(label="sample", clip_on=False)
        canvas.page.add_line(point)
    indent = 0.0 if entry.kind == "words" else _SAMPLE + _SAMPLE_GAP
    canvas.text(placed.lines, left + indent, top, size=SMALL_SIZE)


def tick_room(ticks: Sequence[Tick]) -> float:
    """Points that the labels of a y axis need at its left."""
    return max((text.text_width(words, SMALL_SIZE) for _, words in ticks), default=0.0) + TICK_LENGTH + 3 + GAP / 4
