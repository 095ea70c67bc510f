"""A page of bars: a panel for each outcome, a column for each finding, and a key of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.lines import Line2D

from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.effect_direction_rows import DirectionCell, counted_words
from synth.plots.style import (
    BACKGROUND,
    BLUE,
    GAP,
    HEADING_FILL,
    LINE_SPACING,
    MARGIN,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL_SIZE,
    TEXT,
)
from synth.plots.tints import tint

_STEP: Final = 13.0  # height of one step of a bar, points
_BAR: Final = 8.5
_STEM: Final = 1.6
_DIAMOND: Final = 6.5
_PAD: Final = 3.0
_AIR: Final = 8.0  # above a row of bars, points
_BETWEEN: Final = 9.0  # between two columns, points
_NARROWEST, _MOST_OF_A_HEAD = 48.0, 76.0  # of a column, and of a word that widens it, points
_NUMBER_GAP: Final = 3.5
_KEY_COLUMNS: Final = 2
_LINE: Final = SMALL_SIZE * LINE_SPACING
#: Share of colour of each fill, the first the fullest: they differ in lightness, so in grey too.
_TONES: Final = (1.0, 0.45, 0.0, 0.72, 0.2)
MOST_FILLS: Final = len(_TONES)


@dataclass(frozen=True, slots=True)
class Bars:
    """What a page needs to know to draw a bar.

    Attributes
    ----------
    steps : mapping of str to int
        Height of each word, in steps from 1.
    tones : mapping of str to float
        Share of colour of each fill.
    numbers : mapping of str to int
        Number of each study.
    signs : mapping of str to str
        Signs of the remarks of each study and outcome, by both.
    """

    steps: Mapping[str, int]
    tones: Mapping[str, float]
    numbers: Mapping[str, int]
    signs: Mapping[tuple[str, str], str]

    @property
    def pitch(self) -> float:
        """From one bar to the next, points."""
        words = (*map(str, self.numbers.values()), *self.signs.values())
        return max(_BAR + 4, max(text.text_width(word, SMALL_SIZE) for word in words) + _NUMBER_GAP)

    @property
    def step(self) -> float:
        """Height of one step, points: more where there is only one."""
        return step_height(len(self.steps))

    def height(self, cell: DirectionCell) -> float:
        """Of the bar of a cell, points."""
        return self.step * self.steps[cell.words_of("height")]

    def sign(self, cell: DirectionCell) -> str:
        """Signs of the remarks of a cell."""
        return self.signs.get((cell.label, cell.outcome), "")


@dataclass(frozen=True, slots=True)
class PanelOfBars:
    """An outcome: its cells by column, in the order in which they are drawn."""

    outcome: tuple[str, ...]
    columns: tuple[tuple[DirectionCell, ...], ...]


def tones_of(fills: Sequence[str]) -> dict[str, float]:
    """The share of colour of each fill; all bars are full where there is none."""
    return dict(zip(fills, _TONES, strict=False)) if fills else {"": 1.0}


def widths_of(panels: Sequence[PanelOfBars], heads: Sequence[str], bars: Bars) -> tuple[float, ...]:
    """Widths of the columns, points: that of the longest word of the heads, and more as far as bars need it."""
    number = len(heads)
    words = (word for head in heads for word in text.printable(head).split(" "))
    longest = max(text.text_width(word, SMALL_SIZE, bold=True) for word in words)
    least = min(max(_NARROWEST, longest), _MOST_OF_A_HEAD)
    room = PAGE_WIDTH - 2 * MARGIN - _BETWEEN * (number - 1) - least * number
    most = [max(len(panel.columns[place]) for panel in panels) for place in range(number)]
    needs = [max(0.0, bars_in_column * bars.pitch - least) for bars_in_column in most]
    share = min(1.0, room / sum(needs)) if sum(needs) else 0.0
    left_over = (room - share * sum(needs)) / number
    return tuple(least + share * need + left_over for need in needs)


def panel_height(panel: PanelOfBars, heads: Sequence[str], widths: Sequence[float], bars: Bars) -> float:
    """Of a panel with its heading and heads, points."""
    strip = text.text_height(len(panel.outcome), SMALL_SIZE) + 2 * _PAD
    return strip + _heads_height(panel, heads, widths) + sum(_rows(panel, widths, bars)) + GAP


def _heads_height(panel: PanelOfBars, heads: Sequence[str], widths: Sequence[float]) -> float:
    lines = [
        len(text.wrap(head, width, SMALL_SIZE, bold=True)) + len(text.wrap(counted_words(cells), width, SMALL_SIZE))
        for head, width, cells in zip(heads, widths, panel.columns, strict=True)
    ]
    return max(lines) * _LINE + 2 * _PAD


def _per_row(width: float, bars: Bars) -> int:
    return max(1, int((width + 1e-6) // bars.pitch))


def _rows(panel: PanelOfBars, widths: Sequence[float], bars: Bars) -> list[float]:
    """Heights of the rows of bars, points, as their highest bar and its signs need; one where there is no bar."""
    found: list[float] = []
    for cells, width in zip(panel.columns, widths, strict=True):
        each = _per_row(width, bars)
        for place, start in enumerate(range(0, len(cells), each)):
            some = cells[start : start + each]
            needed = max(bars.height(cell) + (_LINE if bars.sign(cell) else 0.0) for cell in some)
            found += [0.0] * (place + 1 - len(found))
            found[place] = max(found[place], needed)
    return [needed + _LINE + _AIR for needed in found or [0.0]]


def draw_panel(
    canvas: Canvas, panel: PanelOfBars, heads: Sequence[str], widths: Sequence[float], bars: Bars, top: float
) -> float:
    """A panel below `top`; returns where the next one begins, points of the page."""
    strip = text.text_height(len(panel.outcome), SMALL_SIZE) + 2 * _PAD
    canvas.box(MARGIN, top, canvas.width - 2 * MARGIN, strip, fill=HEADING_FILL, label="strip")
    canvas.text(panel.outcome, MARGIN + 2, top + _PAD, size=SMALL_SIZE, bold=True)
    under = top + strip + _PAD
    first = top + strip + _heads_height(panel, heads, widths)
    end = top + panel_height(panel, heads, widths, bars) - GAP
    rows = _rows(panel, widths, bars)
    left = MARGIN
    for place, (head, width, cells) in enumerate(zip(heads, widths, panel.columns, strict=True)):
        if place:
            x = left - _BETWEEN / 2
            canvas.line((x, x), (top + strip + _PAD, end), color=RULE, width=0.5, label="between columns")
        lines = text.wrap(head, width, SMALL_SIZE, bold=True)
        height = canvas.text(lines, left, under, size=SMALL_SIZE, bold=True)
        words = text.wrap(counted_words(cells), width, SMALL_SIZE)
        canvas.text(words, left, under + height, size=SMALL_SIZE, color=MUTED)
        _draw_column(canvas, cells, left, width, bars, first, rows)
        left += width + _BETWEEN
    return end + GAP


def _draw_column(
    canvas: Canvas,
    cells: Sequence[DirectionCell],
    left: float,
    width: float,
    bars: Bars,
    top: float,
    rows: Sequence[float],
) -> None:
    each = _per_row(width, bars)
    for start in range(0, len(cells), each):
        some = cells[start : start + each]
        ground = top + sum(rows[: start // each + 1]) - _LINE
        canvas.line((left, left + len(some) * bars.pitch), (ground, ground), color=TEXT, width=0.7, label="ground")
        for place, cell in enumerate(some):
            x = left + (place + 0.5) * bars.pitch
            draw_bar(canvas, cell, bars, x, ground, label=f"bar {cell.label} | {cell.outcome}")
            number = str(bars.numbers[cell.label])
            canvas.text((number,), x, ground + 1.5, size=SMALL_SIZE, align="center")
            sign = bars.sign(cell)
            above = ground - bars.height(cell) - _LINE - 1
            canvas.text((sign,) if sign else (), x, above, size=SMALL_SIZE, align="center")


def draw_bar(canvas: Canvas, cell: DirectionCell, bars: Bars, x: float, ground: float, *, label: str) -> None:
    """The bar of a series, or the stem of a single patient; dashed where nothing of the outcome was seen."""
    draw_shape(
        canvas,
        x,
        ground,
        height=bars.height(cell),
        tone=bars.tones.get(cell.words_of("fill"), 0.0),
        single=cell.single_patient,
        unseen=cell.status in ("measured but not seen", "not mentioned"),
        label=label,
    )


def draw_shape(
    canvas: Canvas,
    x: float,
    ground: float,
    *,
    height: float,
    tone: float = 1.0,
    single: bool = False,
    unseen: bool = False,
    label: str = "sample",
) -> None:
    """A bar on its ground: filled to a tone; a single patient is a stem with a diamond at its end.

    Parameters
    ----------
    x, ground : float
        Middle and foot, points of the page.
    height : float
        Points.
    tone : float
        Share of colour.
    single, unseen : bool
        A single patient; nothing seen of the outcome, so no fill and a dashed edge.
    """
    fill, edge = (BACKGROUND, MUTED) if unseen else (tint(BLUE, tone), BLUE)
    if not single:
        canvas.box(x - _BAR / 2, ground - height, _BAR, height, fill=fill, edge=edge, dashed=unseen, label=label)
        return
    dashes = (2.0, 1.5) if unseen else None
    canvas.line((x, x), (ground, ground - height + _DIAMOND), color=edge, width=_STEM, dashes=dashes, label=label)
    end = Line2D([x], [ground - height + _DIAMOND / 2], linestyle="none", marker="D", markersize=_DIAMOND - 1.5)
    end.set(markerfacecolor=fill, markeredgecolor=edge, markeredgewidth=0.9, label=f"diamond {label}", clip_on=False)
    canvas.page.add_line(end)


def key_lines(entries: Sequence[tuple[int, str]]) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    """The key of the numbers in columns: number, and words in lines."""
    indent = max(text.text_width(f"{number} ", SMALL_SIZE) for number, _ in entries) + 2
    width = _key_width() - indent
    found = [(str(number), text.shortened(words, width, SMALL_SIZE, max_lines=2)) for number, words in entries]
    each = -(-len(found) // _KEY_COLUMNS)
    return tuple(tuple(found[start : start + each]) for start in range(0, len(found), each))


def _key_width() -> float:
    return (PAGE_WIDTH - 2 * MARGIN - GAP * (_KEY_COLUMNS - 1)) / _KEY_COLUMNS


def key_height(columns: Sequence[Sequence[tuple[str, tuple[str, ...]]]]) -> float:
    """Points that the key takes."""
    return max(sum(len(lines) for _, lines in column) for column in columns) * _LINE


def draw_key(canvas: Canvas, columns: Sequence[Sequence[tuple[str, tuple[str, ...]]]], top: float) -> float:
    """The key below `top`; returns where it ends, points of the page."""
    indent = max(text.text_width(f"{number} ", SMALL_SIZE) for column in columns for number, _ in column) + 2
    for place, column in enumerate(columns):
        left, y = MARGIN + place * (_key_width() + GAP), top
        for number, lines in column:
            canvas.text((number,), left + indent - 4, y, size=SMALL_SIZE, bold=True, align="right")
            y += canvas.text(lines, left + indent, y, size=SMALL_SIZE)
    return top + key_height(columns)


def step_height(steps: int) -> float:
    """Height of one of so many steps, points."""
    return max(_STEP, 2 * _STEP / steps)
