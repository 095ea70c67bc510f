"""A page measured in points from its top left corner, on which figures lay out their text, rules and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from synth.plots.style import BACKGROUND, LINE_SPACING, RULE, TEXT, TEXT_SIZE, font

Align = Literal["left", "center", "right"]
_ASCENT = 0.93  # share of the text size between the top of a line and its baseline, so that accents on capitals fit


class Canvas:
    """A figure whose first axes cover it and count points to the right and down.

    Parameters
    ----------
    width, height : float
        Points (72 to the inch).
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), facecolor=BACKGROUND)
        self.page = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.page.set_axis_off()
        self.page.set_xlim(0, width)
        self.page.set_ylim(height, 0)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Transparent axes in that rectangle."""
        area = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(area)
        axes.patch.set_visible(False)
        return axes

    def text(
        self,
        lines: Sequence[str],
        x: float,
        top: float,
        *,
        size: float = TEXT_SIZE,
        bold: bool = False,
        color: str = TEXT,
        align: Align = "left",
    ) -> float:
        """Lines of text below `top`; returns the height that they take.

        Each line is an element of its own, set by its baseline: the only placing that browsers and matplotlib share.
        """
        for index, line in enumerate(lines):
            baseline = top + index * size * LINE_SPACING + size * _ASCENT
            self.page.text(
                x, baseline, line, fontproperties=font(size, bold=bold), color=color, ha=align, va="baseline"
            )
        return len(lines) * size * LINE_SPACING

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        color: str = RULE,
        width: float = 0.7,
        dashes: Sequence[float] | None = None,
        label: str = "",
    ) -> None:
        """A line through points of the page."""
        line = Line2D(xs, ys, color=color, linewidth=width, solid_capstyle="butt", label=label, clip_on=False)
        if dashes is not None:
            line.set_dashes(list(dashes))
        self.page.add_line(line)

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        edge: str = "none",
        dashed: bool = False,
        label: str = "",
    ) -> None:
        """A rectangle."""
        style = (0.0, (3.0, 2.0)) if dashed else "solid"
        patch = Rectangle((left, top), width, height, facecolor=fill, edgecolor=edge, linewidth=0.9, linestyle=style)
        patch.set(label=label, clip_on=False)
        self.page.add_patch(patch)

    def arrow(self, xs: tuple[float, float], ys: tuple[float, float], *, color: str = TEXT, label: str = "") -> None:
        """A straight arrow to the right or down from the first point to the second."""
        length, half = 5.0, 2.6
        (x_from, x_to), (y_from, y_to) = xs, ys
        if y_from == y_to:
            self.line((x_from, x_to - length), ys, color=color, width=0.9, label=label)
            head = [(x_to, y_to), (x_to - length, y_to - half), (x_to - length, y_to + half)]
        else:
            self.line(xs, (y_from, y_to - length), color=color, width=0.9, label=label)
            head = [(x_to, y_to), (x_to - half, y_to - length), (x_to + half, y_to - length)]
        self.page.add_patch(Polygon(head, closed=True, facecolor=color, edgecolor="none", clip_on=False))
