"""The marks of a forest plot: squares, circles, interval lines, diamonds and arrows where an interval leaves the axis.

Each mark has a label of its own ("interval 3", "marker 3"): the line's place among the rows or summaries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from synth.plots.axis import Interval, ValueAxis
from synth.plots.forest.rows import ForestRow, ForestSummary
from synth.plots.forest.table import PlacedLine, Table
from synth.plots.style import BACKGROUND, BLUE, SKY, TEXT, VERMILLION

_SQUARE = 6.5  # side in points where there are no weights
_SQUARES = (4.0, 10.0)  # least and most with weights
_LARGEST_COMPACT = 8.5  # most where the lines stand close
_DIAMOND = 5.0  # half height, points
_CAP = 3.0
# Fill, and whether the edge is dashed, of the first, second, ... of several summaries under one another.
_LOOKS = ((BLUE, False), (BACKGROUND, False), (SKY, False), (BACKGROUND, True), (SKY, True))


def draw_marks(axes: Axes, table: Table, axis: ValueAxis) -> None:
    """Every estimate and interval of the table, on axes whose y counts points below the first row."""
    weights = [placed.line.source.weight for placed in table.lines if isinstance(placed.line.source, ForestRow)]
    heaviest = max((weight for weight in weights if weight is not None), default=0.0)
    largest = _SQUARES[1] if not table.density.compact else _LARGEST_COMPACT
    row_index = summary_index = 0
    for placed in table.lines:
        source = placed.line.source
        if isinstance(source, ForestRow):
            _draw_row(axes, axis, placed, source, _side(source.weight, heaviest, largest), row_index)
            row_index += 1
        elif isinstance(source, ForestSummary) and placed.line.kind == "summary":
            _draw_diamond(axes, axis, placed.middle, source, summary_index, placed.line.place)
            summary_index += 1
        elif isinstance(source, ForestSummary) and source.prediction and placed.line.kind == "prediction":
            _draw_prediction(axes, axis, placed.middle, source.prediction, summary_index - 1)


def _draw_row(axes: Axes, axis: ValueAxis, placed: PlacedLine, row: ForestRow, side: float, index: int) -> None:
    if row.estimate is None:
        return
    shown, y = axis.inside(row.interval or (row.estimate, row.estimate)), placed.middle
    if row.interval and shown[0] <= shown[1]:
        _line(axes, shown, y, TEXT, 1.3, f"interval {index}")
    _arrows(axes, axis, row.interval or (row.estimate, row.estimate), y, TEXT, f"interval {index}")
    if axis.clipped((row.estimate, row.estimate)):
        return
    marker = Line2D([row.estimate], [y], linestyle="none", markeredgecolor=BLUE, clip_on=False)
    if row.interval:
        marker.set(marker="s", markersize=side, markerfacecolor=SKY, zorder=2.5)
    else:
        marker.set(marker="o", markersize=_SQUARE, markerfacecolor=BACKGROUND, zorder=4.0)
    marker.set_label(f"marker {index}")
    axes.add_line(marker)


def _side(weight: float | None, heaviest: float, largest: float) -> float:
    """Side of a square in points; its area shows the weight, as far as it can still be seen."""
    return max(_SQUARES[0], largest * math.sqrt(weight / heaviest)) if weight is not None and heaviest else _SQUARE


def _draw_diamond(axes: Axes, axis: ValueAxis, y: float, summary: ForestSummary, index: int, place: int) -> None:
    if summary.interval is None:
        marker = Line2D([summary.estimate], [y], linestyle="none", marker="D", markersize=7.5, markeredgecolor=BLUE)
        marker.set(markerfacecolor=BACKGROUND, label=f"summary {index}", zorder=4.0)
        axes.add_line(marker)
        return
    corners = _diamond(axis, y, summary.estimate, summary.interval)
    fill, dashed = _LOOKS[place % len(_LOOKS)]
    patch = Polygon(corners, closed=True, facecolor=fill, edgecolor=BLUE, linewidth=0.8, zorder=3.0, joinstyle="miter")
    if fill != BLUE:
        patch.set(linewidth=1.2, linestyle=(0.0, (3.0, 1.5)) if dashed else "solid")
    patch.set_label(f"summary {index}")
    axes.add_patch(patch)
    _arrows(axes, axis, summary.interval, y, BLUE, f"summary {index}")


def _diamond(axis: ValueAxis, y: float, estimate: float, interval: Interval) -> Sequence[tuple[float, float]]:
    """Corners of the diamond; a side that leaves the axis is cut off there."""
    corners = [(estimate, y - _DIAMOND)]
    for end, limit in ((interval[1], axis.upper), (interval[0], axis.lower)):
        if axis.clipped((end, end)):
            # Height left where the side crosses the limit; a limit without end leaves a side of full height.
            whole, cut = (
                abs(_place(axis, end) - axis.fraction(estimate)),
                abs(axis.fraction(limit) - axis.fraction(estimate)),
            )
            half = _DIAMOND * (1 - cut / whole)
            side = [(limit, y - half), (limit, y + half)]
            corners += side if limit == axis.upper else side[::-1]
        else:
            corners.append((end, y))
        if limit == axis.upper:
            corners.append((estimate, y + _DIAMOND))
    return corners


def _place(axis: ValueAxis, end: float) -> float:
    return end if math.isinf(end) else axis.fraction(end)


def _draw_prediction(axes: Axes, axis: ValueAxis, y: float, interval: Interval, index: int) -> None:
    label = f"prediction {index}"
    _line(axes, axis.inside(interval), y, VERMILLION, 2.2, label)
    for end in interval:
        if not axis.clipped((end, end)):
            cap = Line2D([end, end], [y - _CAP, y + _CAP], color=VERMILLION, linewidth=1.6, label=f"{label} cap")
            axes.add_line(cap)
    _arrows(axes, axis, interval, y, VERMILLION, label)


def _line(axes: Axes, interval: Interval, y: float, color: str, width: float, label: str) -> None:
    axes.add_line(
        Line2D(interval, [y, y], color=color, linewidth=width, solid_capstyle="butt", zorder=3.0, label=label)
    )


def _arrows(axes: Axes, axis: ValueAxis, interval: Interval, y: float, color: str, label: str) -> None:
    clipped = axis.clipped(interval)
    ends = {"lower": ("<",), "upper": (">",), "both": ("<", ">"), "": ()}[clipped]
    for marker in ends:
        x = axis.lower if marker == "<" else axis.upper
        arrow = Line2D([x], [y], linestyle="none", marker=marker, markersize=6.0, color=color, markeredgewidth=0)
        arrow.set(clip_on=False, zorder=4.0, label=f"{label} arrow")
        axes.add_line(arrow)
