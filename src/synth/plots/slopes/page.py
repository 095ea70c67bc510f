"""Where everything stands on a page of slopes: panels one below the other, names at both sides without overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import isotonic_regression

from synth.plots import text
from synth.plots.axis import ValueAxis, value_axis
from synth.plots.canvas import Canvas
from synth.plots.chart.labels import Box
from synth.plots.chart.page import TICK_LENGTH, LegendEntry, draw_above, draw_below, surroundings_of, tick_room
from synth.plots.chart.panels import Panel, upright_ticks
from synth.plots.slopes.rows import SlopeRow, size_words
from synth.plots.style import GAP, LINE_SPACING, MARGIN, MUTED, PAGE_WIDTH, RULE, SMALL_SIZE, TEXT, TEXT_SIZE

_SIDE_RIGHT, _SIDE_LEFT = 162.0, 120.0  # for names, points
_LEAST_HEIGHT: Final = 170.0
#: Lines in a panel up to which scores and sizes stand with the names.
DETAILS_UP_TO: Final = 12
_AIR, _CLOSE = 3.0, 0.5  # between two names, points: of some lines, and of many
_LEADER: Final = 12.0  # between the axes and a name
_PLACES: Final = {"before": 0.0, "after": 1.0}
BEYOND_SIDES: Final = 0.12  # of the distance between before and after, left and right of them


@dataclass(frozen=True, slots=True)
class Name:
    """Lines of a name at one side of a panel: the first is the name, the others say what is known."""

    row: SlopeRow
    lines: tuple[str, ...]
    details: tuple[str, ...]
    value: float
    right: bool

    @property
    def height(self) -> float:
        """Points."""
        return text.text_height(len(self.lines) + len(self.details), SMALL_SIZE)


@dataclass(frozen=True, slots=True)
class Group:
    """A panel to be drawn: its rows and the names beside it."""

    title: tuple[str, ...]
    rows: tuple[SlopeRow, ...]
    names: tuple[Name, ...]
    height: float


def groups_of(rows: Sequence[SlopeRow], symbols: dict[str, str]) -> list[Group]:
    """The panels, in the order in which their groups first come."""
    found = []
    for title in dict.fromkeys(row.group for row in rows):
        some = tuple(row for row in rows if row.group == title)
        brief = len(some) > DETAILS_UP_TO
        names = tuple(_name(row, symbols.get(row.mark, ""), brief=brief) for row in some)
        air = _CLOSE if brief else _AIR
        room = max(sum(name.height + air for name in names if name.right is right) for right in (True, False))
        lines = text.wrap(title, PAGE_WIDTH - 2 * MARGIN, TEXT_SIZE, bold=True)
        found.append(Group(lines, some, names, max(_LEAST_HEIGHT, room)))
    return found


def _name(row: SlopeRow, symbol: str, *, brief: bool) -> Name:
    """Names stand at the score after, or left of the one before where there is no other."""
    right = row.after is not None
    value = row.after if row.after is not None else row.before
    assert value is not None  # checked with the rows
    width = (_SIDE_RIGHT if right else _SIDE_LEFT) - _LEADER
    # The sign comes after the name is cut, so that it is never cut itself.
    room = width - text.text_width(symbol, SMALL_SIZE)
    lines = text.wrap(row.label, room, SMALL_SIZE, max_lines=1 if brief else 2)
    lines = (*lines[:-1], f"{lines[-1]}{symbol}")
    details = () if brief else text.wrap(_details(row, width), width, SMALL_SIZE)
    return Name(row, lines, details, value, right)


def _details(row: SlopeRow, width: float) -> str:
    """Scores, size and time; what belongs together stays on one line."""
    if row.before is not None and row.after is not None:
        scores = f"{text.plain(row.before)} to {text.plain(row.after)}"
    else:
        scores = (
            f"after {text.plain(row.after)}" if row.after is not None else f"before {text.plain(row.before or 0.0)}"
        )
    parts = [scores, size_words(row), *([] if row.months is None else [f"{text.plain(row.months)} months"])]
    return " ".join(
        text.together(part, width, SMALL_SIZE) for part in ("; ".join(parts)).replace("; ", ";|").split("|")
    )


def score_axis(
    rows: Sequence[SlopeRow], limits: tuple[float, float] | None, further: Sequence[float] = ()
) -> ValueAxis:
    """The instrument's whole range where it is known, else what the scores and further values need."""
    if limits is not None:
        return ValueAxis(*limits, False, _LEAST_HEIGHT)
    return value_axis([*(value for row in rows for value in row.values), *further], [], log=False, width=_LEAST_HEIGHT)


def panels_of(
    groups: Sequence[Group],
    axis: ValueAxis,
    *,
    y_label: str,
    title: str,
    legend: Sequence[LegendEntry],
    notes: Sequence[str],
) -> tuple[Canvas, list[Panel]]:
    """The page with an empty panel for each group."""
    around = surroundings_of(PAGE_WIDTH, title=title, x_label="", y_label=y_label, legend=legend, notes=notes)
    heads = [text.text_height(len(group.title), TEXT_SIZE) + (4 if group.title else 0) for group in groups]
    foot = TICK_LENGTH + SMALL_SIZE * LINE_SPACING + GAP
    total = sum(head + group.height + foot for head, group in zip(heads, groups, strict=True)) - foot
    canvas = Canvas(PAGE_WIDTH, around.above + total + around.below)
    draw_above(canvas, around)
    left_names = any(not name.right for group in groups for name in group.names)
    panels = []
    top = around.above
    for head, group in zip(heads, groups, strict=True):
        canvas.text(group.title, MARGIN, top, bold=True)
        top += head
        ticks = upright_ticks(ValueAxis(axis.lower, axis.upper, False, group.height))
        left = MARGIN + (_SIDE_LEFT if left_names else 0.0) + tick_room(ticks)
        area = Box(left, top, PAGE_WIDTH - MARGIN - _SIDE_RIGHT, top + group.height)
        across = ValueAxis(-BEYOND_SIDES, 1 + BEYOND_SIDES, False, 1.0)
        x_ticks = [(place, moment) for moment, place in _PLACES.items()]
        panels.append(Panel(canvas, area, x=across, y=axis, x_ticks=x_ticks, y_ticks=ticks))
        top += group.height + foot
    draw_below(canvas, around, left=MARGIN, right=PAGE_WIDTH - MARGIN, bottom=top - foot)
    return canvas, panels


def draw_names(panel: Panel, group: Group) -> None:
    """Names at both sides, moved apart where they would overlap, each joined to its point."""
    air = _CLOSE if len(group.rows) > DETAILS_UP_TO else _AIR
    for right in (True, False):
        some = sorted((name for name in group.names if name.right is right), key=lambda name: -name.value)
        wanted = [panel.place(1.0 if right else 0.0, name.value)[1] for name in some]
        tops = _apart([y - name.height / 2 for y, name in zip(wanted, some, strict=True)], some, panel, air)
        for name, y, top in zip(some, wanted, tops, strict=True):
            _draw_name(panel, name, y, top)


def _apart(tops: Sequence[float], names: Sequence[Name], panel: Panel, air: float) -> list[float]:
    """Tops of names, in the same order, without overlap and inside the height of the panel, as near as can be."""
    if not names:
        return []
    heights = np.array([name.height + air for name in names])
    above = np.concatenate([[0.0], np.cumsum(heights)[:-1]])
    # What is left of each wish once all names above stand close together must not fall from one to the next.
    free = isotonic_regression(np.array(tops) - above).x
    room = panel.bottom + air - panel.top - float(heights.sum())
    placed: list[float] = (np.clip(free, panel.top, panel.top + max(room, 0.0)) + above).tolist()
    return placed


def _draw_name(panel: Panel, name: Name, y: float, top: float) -> None:
    canvas = panel.canvas
    point = panel.place(1.0 if name.right else 0.0, name.value)[0]
    if name.right:
        ends, edge = (point + 5, panel.right + _LEADER - 3), panel.right + _LEADER
    else:
        start = panel.left - tick_room(upright_ticks(panel.y)) - 2
        ends, edge = (point - 5, start), start - 3
    middle = top + text.text_height(1, SMALL_SIZE) / 2
    canvas.line(ends, (y, middle), color=RULE, width=0.5, label=f"leader {name.row.label}")
    align = "left" if name.right else "right"
    height = canvas.text(name.lines, edge, top, size=SMALL_SIZE, color=TEXT, align=align)  # type: ignore[arg-type]
    canvas.text(name.details, edge, top + height, size=SMALL_SIZE, color=MUTED, align=align)  # type: ignore[arg-type]
