"""The ground of plots on two value axes: a page with labelled axes on which points, curves and bands are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.canvas import Canvas
from synth.plots.chart.labels import Box, Name, place_names
from synth.plots.chart.page import (
    TICK_LENGTH,
    LegendEntry,
    Tick,
    draw_above,
    draw_below,
    surroundings_of,
    tick_room,
)
from synth.plots.drawing import Drawing
from synth.plots.style import BACKGROUND, BLUE, MARGIN, MUTED, PAGE_WIDTH, RULE, SKY, SMALL_SIZE, TEXT, font
from synth.synthesis.linear import FloatArray

__all__ = ["Chart", "LegendEntry", "Tick", "beyond"]

#: Where a mark lies that its axes do not show: which way its arrow points, in degrees from the right.
_TURNS: Final = {
    "right": 0.0,
    "above, right": 45.0,
    "above": 90.0,
    "above, left": 135.0,
    "left": 180.0,
    "below, left": 225.0,
    "below": 270.0,
    "below, right": 315.0,
}
_ARROW: Final = 7.0
_POINT: Final = 6.5
_CURVE_STEP: Final = 6.0  # points of the page between two places of a curve that names keep clear of
_FAR_BEYOND: Final = 1000.0  # lengths of the axis
_GROUND: Final = 0.8  # opacity of the ground of a name that no place without a curve is free for
_TAIL: Final = 12.0  # room at the right of the axes, for half a tick label


def beyond(x: float, y: float, x_axis: ValueAxis, y_axis: ValueAxis, *, y_reversed: bool = False) -> str:
    """On which sides of the axes a point lies that they do not show ("", "left", "above, right"), as it is seen."""
    below, above = y < y_axis.lower, y > y_axis.upper
    if y_reversed:
        below, above = above, below
    upright = "below" if below else "above" if above else ""
    sideways = "left" if x < x_axis.lower else "right" if x > x_axis.upper else ""
    return ", ".join(word for word in (upright, sideways) if word)


class Chart:
    """A page with two value axes. It is made, drawn on and finished inside `style.drawing_settings()`.

    Parameters
    ----------
    width : float
        Of the page, points.
    height : float
        Of the axes, points; the page is as high as its texts need.
    x, y : ValueAxis
        Limits and scale; their widths are set to those of the axes.
    x_label, y_label : str
        What the axes show, with units. The label of y stands above the axis.
    title : str
        Heading inside the picture.
    legend : sequence of LegendEntry
        Below the axes, beside one another where there is room.
    notes : sequence of str
        Lines below the legend.
    x_ticks, y_ticks : sequence of (value, text), optional
        In place of the round values of the axis.
    y_reversed : bool
        Whether y grows downwards.
    plot_width : float, optional
        Of the axes, points; by default what the page leaves.
    right : float
        Room at the right of the axes, points, for what is drawn there with `canvas`.
    """

    def __init__(
        self,
        width: float = PAGE_WIDTH,
        *,
        height: float = 300.0,
        x: ValueAxis,
        y: ValueAxis,
        x_label: str,
        y_label: str,
        title: str = "",
        legend: Sequence[LegendEntry] = (),
        notes: Sequence[str] = (),
        x_ticks: Sequence[Tick] | None = None,
        y_ticks: Sequence[Tick] | None = None,
        y_reversed: bool = False,
        plot_width: float | None = None,
        right: float = 0.0,
    ) -> None:
        self.y = replace(y, width=height)
        self.y_reversed = y_reversed
        y_marks = _ticks_of(self.y) if y_ticks is None else tuple(y_ticks)
        self.left = MARGIN + tick_room(y_marks)
        room = width - self.left - MARGIN - max(right, _TAIL)
        self.right = self.left + (room if plot_width is None else min(room, plot_width))
        self.x = replace(x, width=self.right - self.left)
        around = surroundings_of(width, title=title, x_label=x_label, y_label=y_label, legend=legend, notes=notes)
        self.top, self.bottom = around.above, around.above + height
        self.canvas = Canvas(width, self.bottom + around.below)
        draw_above(self.canvas, around)
        draw_below(self.canvas, around, left=self.left, right=self.right, bottom=self.bottom)
        self.axes = self.canvas.axes(self.left, self.top, self.right - self.left, height)
        self.axes.set_zorder(-1)  # names stand on the page, and the page lies on top
        dress_axes(self.axes, self.x, self.y, _ticks_of(self.x) if x_ticks is None else x_ticks, y_marks, y_reversed)
        self._marks: list[Box] = []
        self._curves: list[tuple[float, float]] = []

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point of the axes in points of the page, from its top left corner."""
        down = self.y.fraction(y) if self.y_reversed else 1 - self.y.fraction(y)
        return self.left + self.x.fraction(x) * (self.right - self.left), self.top + down * (self.bottom - self.top)

    def beyond(self, x: float, y: float) -> str:
        """On which sides of the axes a point lies that they do not show; empty for a point inside."""
        return beyond(x, y, self.x, self.y, y_reversed=self.y_reversed)

    def point(
        self,
        x: float,
        y: float,
        *,
        size: float = _POINT,
        marker: str = "o",
        fill: str = SKY,
        edge: str = BLUE,
        hollow: bool = False,
        label: str = "",
        order: float = 3.0,
    ) -> None:
        """A marker; one that lies beyond the axes is an arrow at their edge that points to it.

        Parameters
        ----------
        x, y : float
            On the scales of the axes.
        size : float
            Side or diameter, points.
        marker : str
            Matplotlib's letter for the shape.
        fill, edge : str
            Colours.
        hollow : bool
            Not filled.
        label : str
            Of the artist, to find it by.
        order : float
            What is higher lies on top.

        Raises
        ------
        MethodError
            If a coordinate is not finite.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            raise MethodError(f"{label or 'a point'} at ({x}, {y}): finite coordinates are expected")
        aside = self.beyond(x, y)
        shape: str | MarkerStyle = MarkerStyle(">").rotated(deg=_TURNS[aside]) if aside else marker
        size = _ARROW if aside else size
        x, y = min(max(x, self.x.lower), self.x.upper), min(max(y, self.y.lower), self.y.upper)
        artist = Line2D([x], [y], linestyle="none", marker=shape, markersize=size, zorder=order, clip_on=False)
        artist.set(markerfacecolor=BACKGROUND if hollow else fill, markeredgecolor=edge, markeredgewidth=0.9)
        artist.set_label(f"{label} arrow" if aside else label)
        self.axes.add_line(artist)
        across, down = self.place(x, y)
        half = size / 2 + 0.5
        self._marks.append(Box(across - half, down - half, across + half, down + half))

    def curve(
        self,
        xs: ArrayLike,
        ys: ArrayLike,
        *,
        colour: str = TEXT,
        width: float = 1.2,
        dashes: Sequence[float] | None = None,
        label: str = "",
        order: float = 2.0,
        clipped: bool = True,
    ) -> None:
        """A line through points, cut at the edges of the axes; a point that is not finite interrupts it.

        Parameters
        ----------
        xs, ys : array_like, shape (n,)
            On the scales of the axes.
        colour, width, dashes
            Of the line; width in points, dashes on and off in multiples of it.
        label, order
            As for `point`.
        clipped : bool
            Whether what lies beyond the axes is cut off.
        """
        across, up = np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)
        line = Line2D(across, up, color=colour, linewidth=width, solid_capstyle="butt", zorder=order, label=label)
        if dashes is not None:
            line.set_dashes(list(dashes))
        self.axes.add_line(line)
        line.set_clip_path(self.axes.patch if clipped else None)
        self._avoid(across, up)

    def band(
        self,
        along: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        *,
        upright: bool = False,
        fill: str = SKY,
        label: str = "",
        order: float = 1.0,
    ) -> None:
        """The region between two lines, cut at the edges of the axes.

        Parameters
        ----------
        along, low, high : array_like, shape (n,)
            Values of x and the limits in y at each; limits that are infinite are drawn to the edge.
        upright : bool
            Whether `along` are values of y, and the limits are in x.
        fill : str
            Colour.
        label, order
            As for `point`.
        """
        places = np.asarray(along, dtype=float)
        axis = self.x if upright else self.y
        lower, upper = (_within_sight(np.asarray(end, dtype=float), axis) for end in (low, high))
        draw = self.axes.fill_betweenx if upright else self.axes.fill_between
        area = draw(places, lower, upper, facecolor=fill, edgecolor="none", linewidth=0)
        area.set(zorder=order, label=label)

    def rule(
        self,
        *,
        x: float | None = None,
        y: float | None = None,
        colour: str = RULE,
        width: float = 0.9,
        dashes: Sequence[float] | None = None,
        label: str = "",
        order: float = 1.5,
    ) -> None:
        """A straight line across the axes at one value; nothing where the axes do not show that value.

        Parameters
        ----------
        x, y : float, optional
            One of the two: the value at which the line stands upright or lies.
        colour, width, dashes, label, order
            As for `curve`.
        """
        if (x is None) == (y is None):
            raise MethodError(f"a rule at x = {x} and y = {y}: one of the two is expected")
        xs = (self.x.lower, self.x.upper) if x is None else (x, x)
        ys = (self.y.lower, self.y.upper) if y is None else (y, y)
        if self.x.lower <= xs[0] <= self.x.upper and self.y.lower <= ys[0] <= self.y.upper:
            self.curve(xs, ys, colour=colour, width=width, dashes=dashes, label=label, order=order)

    def reserve(self, box: Box) -> None:
        """Keep names away from a rectangle of the page, such as words that were drawn there."""
        self._marks.append(box)

    def name_points(self, names: Sequence[tuple[float, float, str]], *, most: int = 12) -> tuple[str, ...]:
        """Names beside points that are drawn already, without overlap among names, points and the frame.

        Parameters
        ----------
        names : sequence of (x, y, words)
            The most important first; a point beyond the axes has its name at its arrow.
        most : int
            Names beyond this number are not tried.

        Returns
        -------
        tuple of str
            Names that are not drawn: beyond `most`, or without a free place.
        """
        tried = [self._name(*name) for name in names[:most]]
        frame = Box(self.left, self.top, self.canvas.width - MARGIN / 2, self.bottom)
        placed = place_names(tried, marks=self._marks, curves=self._curves, frame=frame)
        left_out = [words for _, _, words in names[most:]]
        for name, found in zip(tried, placed, strict=True):
            if found is None:
                left_out.append(name.words)
                continue
            if found.leader is not None:
                xs, ys = zip(*found.leader, strict=True)
                self.canvas.line(xs, ys, color=RULE, width=0.6, label=f"leader {name.words}")
            if any(found.box.contains(spot) for spot in self._curves):
                self._pale(found.box, name.words)
            align, x = found.anchor(name)
            self.canvas.text(found.lines, x, found.box.top, size=SMALL_SIZE, color=MUTED, align=align)
            self._marks.append(found.box)
        return tuple(left_out)

    def finish(self, *, title: str, alt_text: str, data: pd.DataFrame) -> Drawing:
        """The drawing (see `Drawing`)."""
        return Drawing(self.canvas.figure, title=text.printable(title), alt_text=text.printable(alt_text), data=data)

    def _name(self, x: float, y: float, words: str) -> Name:
        across, down = self.place(min(max(x, self.x.lower), self.x.upper), min(max(y, self.y.lower), self.y.upper))
        own = [mark for mark in self._marks if mark.contains((across, down))]
        here = [(mark.right - mark.left) / 2 for mark in own if abs((mark.left + mark.right) / 2 - across) < 1e-6]
        return Name(words, across, down, max(here, default=0.0))

    def _pale(self, box: Box, words: str) -> None:
        """What lies under a name shines through no more than so that the name is still read."""
        self.canvas.box(
            box.left - 1,
            box.top,
            box.right - box.left + 2,
            box.bottom - box.top,
            fill=BACKGROUND,
            label=f"ground {words}",
        )
        self.canvas.page.patches[-1].set_alpha(_GROUND)

    def _avoid(self, xs: np.ndarray, ys: np.ndarray) -> None:
        """Places along a curve on which names had better not stand."""
        spots = [
            self.place(x, y)
            for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
            if math.isfinite(x) and math.isfinite(y) and not self.beyond(x, y)
        ]
        for start, end in pairwise(spots):
            steps = max(1, round(math.dist(start, end) / _CURVE_STEP))
            self._curves += [
                (start[0] + (end[0] - start[0]) * step / steps, start[1] + (end[1] - start[1]) * step / steps)
                for step in range(steps + 1)
            ]


def _within_sight(ends: FloatArray, axis: ValueAxis) -> FloatArray:
    """Sides of a band: infinite ones at the edges of the axis, others where they are or, far away, a little nearer.

    A side that was cut at the edge itself would lean otherwise between its last place inside and the next one.
    """
    room = 0.0 if axis.log else _FAR_BEYOND * (axis.upper - axis.lower)
    far: FloatArray = np.clip(ends, axis.lower - room, axis.upper + room)
    return np.where(np.isinf(ends), np.clip(ends, axis.lower, axis.upper), far)


def _ticks_of(axis: ValueAxis) -> tuple[Tick, ...]:
    return tuple((tick, text.plain(tick)) for tick in axis.ticks())


def dress_axes(
    axes: Axes, x: ValueAxis, y: ValueAxis, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], y_reversed: bool = False
) -> None:
    """Scale, limits, ticks and lines of axes, in the one style of all charts."""
    axes.set_xscale("log" if x.log else "linear")
    axes.set_yscale("log" if y.log else "linear")
    axes.set_xlim(x.lower, x.upper)
    axes.set_ylim(*((y.upper, y.lower) if y_reversed else (y.lower, y.upper)))
    axes.set_autoscale_on(False)
    axes.spines[["right", "top"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=TEXT, linewidth=0.8)
    for line, ticks in ((axes.xaxis, x_ticks), (axes.yaxis, y_ticks)):
        line.set_major_locator(FixedLocator([tick for tick, _ in ticks]))
        line.set_major_formatter(FixedFormatter([words for _, words in ticks]))
        line.set_minor_locator(NullLocator())
    axes.tick_params(length=TICK_LENGTH, width=0.8, color=TEXT, pad=2, labelcolor=TEXT)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(SMALL_SIZE))
