"""Several axes on one page: each is drawn on as a chart is, and the page's texts stand around all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from matplotlib.ticker import MaxNLocator

from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.canvas import Canvas
from synth.plots.chart.base import Chart, dress_axes
from synth.plots.chart.labels import Box
from synth.plots.chart.page import Tick
from synth.plots.style import SMALL_SIZE

_UPRIGHT_GAP: Final = 15.0  # points between the middles of two labels that stand above one another


class Panel(Chart):
    """Axes in a rectangle of a page that is there already.

    Parameters
    ----------
    canvas : Canvas
        The page.
    area : Box
        Of the axes, in points of the page.
    x, y : ValueAxis
        Limits and scale; their widths are set to those of the axes.
    x_ticks, y_ticks : sequence of (value, text), optional
        In place of the round values of the axis; empty for an axis without ticks.
    """

    def __init__(
        self,
        canvas: Canvas,
        area: Box,
        *,
        x: ValueAxis,
        y: ValueAxis,
        x_ticks: Sequence[Tick] | None = None,
        y_ticks: Sequence[Tick] | None = None,
    ) -> None:
        # The page of a chart is not made here: the panel draws on one that it shares.
        self.canvas = canvas
        self.left, self.top, self.right, self.bottom = area.left, area.top, area.right, area.bottom
        self.x = replace(x, width=self.right - self.left)
        self.y = replace(y, width=self.bottom - self.top)
        self.y_reversed = False
        self.axes = canvas.axes(self.left, self.top, self.x.width, self.y.width)
        self._marks: list[Box] = []
        self._curves: list[tuple[float, float]] = []
        across = self._across() if x_ticks is None else x_ticks
        dress_axes(self.axes, self.x, self.y, across, ticks_of(self.y) if y_ticks is None else y_ticks)

    def _across(self) -> list[Tick]:
        """Round values of the x axis whose labels stay on the page."""
        ends = [(tick, text.text_width(tick[1], SMALL_SIZE) / 2) for tick in ticks_of(self.x)]
        places = [(tick, self.place(tick[0], self.y.lower)[0], half) for tick, half in ends]
        return [tick for tick, place, half in places if place - half >= 0 and place + half <= self.canvas.width]


def ticks_of(axis: ValueAxis) -> tuple[Tick, ...]:
    """Round values of an axis, as they are written at it."""
    return tuple((tick, text.plain(tick)) for tick in axis.ticks())


def upright_ticks(axis: ValueAxis) -> tuple[Tick, ...]:
    """Ticks of an upright axis: labels stand above one another, so that they need their height and no width."""
    for number in (6, 5, 4, 3, 2, 1):
        locator = MaxNLocator(nbins=number, steps=[1, 2, 2.5, 5, 10])
        values = [float(f"{tick:.10g}") for tick in locator.tick_values(axis.lower, axis.upper)]
        chosen = [value for value in values if axis.lower <= value <= axis.upper]
        places = [axis.fraction(value) * axis.width for value in chosen]
        if len(chosen) > 1 and all(after - before >= _UPRIGHT_GAP for before, after in pairwise(places)):
            return tuple((value, text.plain(value)) for value in chosen)
    return ticks_of(axis)[:1]
