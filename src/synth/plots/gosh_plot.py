"""GOSH: the results of all subsets of the studies, as a cloud of points that is one or falls apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.chart.labels import Box
from synth.plots.chart.page import LegendEntry, draw_above, draw_below, surroundings_of, tick_room
from synth.plots.chart.panels import Panel, upright_ticks
from synth.plots.drawing import Drawing
from synth.plots.gosh_cells import Bar, Mark, Spread, bars_of, columns_of, marks_of, spread_of
from synth.plots.marks import sentences, three_figures
from synth.plots.style import BACKGROUND, BLUE, MARGIN, PAGE_WIDTH, SKY, TEXT, VERMILLION, drawing_settings
from synth.plots.tints import tint
from synth.synthesis.gosh import Gosh, Heterogeneity

_HEIGHT: Final = 224.0
_TOP, _SIDE, _BETWEEN = 40.0, 46.0, 5.0  # histograms above and beside the cloud, points
_NAMES: Final[dict[Heterogeneity, str]] = {"i2": "I² (%)", "h2": "H²", "tau2": "τ²", "q_e": "Q"}
#: Sides of the marks of 1 subset, of 2 to 9, of 10 to 99 and so on, points.
_SIDES: Final = (2.2, 3.2, 4.4, 5.4, 6.2, 6.8, 7.2, 7.6)
_SINGLE: Final = 4.0
#: Shape, fill and edge of the groups: all or without the study, and with it.
_GROUPS: Final = (("o", SKY, BLUE), ("D", VERMILLION, TEXT))


@dataclass(frozen=True, slots=True)
class _Sheet:
    canvas: Canvas
    cloud: Panel


def gosh_plot(
    result: Gosh,
    *,
    heterogeneity: Heterogeneity = "i2",
    study: str | None = None,
    coefficient: str | None = None,
    effect_label: str = "Estimate",
    log_scale: bool = False,
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """Estimates of the subsets against their heterogeneity, with both histograms.

    Up to 511 subsets have a point each; more are counted in cells, whose marks grow with each power of ten.

    Parameters
    ----------
    result : Gosh
    heterogeneity : {"i2", "h2", "tau2", "q_e"}
        What the upright axis shows.
    study : str, optional
        Subsets with this study have another shape and colour.
    coefficient : str, optional
        Which one, in a model with moderators.
    effect_label : str
        What the estimates are, with their unit.
    log_scale : bool
        Whether estimates are logarithms, shown as ratios on a logarithmic axis.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below it, before the marks of the result.

    Returns
    -------
    Drawing
        Its data have a line for all studies together, for each point or cell, and for each bar of the histograms.

    Raises
    ------
    MethodError
        If the result is no Gosh, or the heterogeneity, the coefficient or the study is unknown.

    References
    ----------
    Olkin, Dahabreh and Trikalinos 2012, Res Synth Methods 3:214-223.
    """
    if not isinstance(result, Gosh):
        raise MethodError(f"GOSH plot: the result of gosh(model) is expected, not {type(result).__name__}")
    spread = spread_of(result, heterogeneity, study, coefficient, log_scale)
    marks, bars = marks_of(spread), [*bars_of(spread, upright=False), *bars_of(spread, upright=True)]
    y_label = f"{_NAMES[heterogeneity]} within the subset"
    told = (*notes, *_notes(result, spread))
    with drawing_settings():
        sheet = _sheet(spread, marks, x_label=effect_label, y_label=y_label, title=title, notes=told)
        _draw_cloud(sheet.cloud, marks)
        if np.isfinite(spread.whole[1]):
            sheet.cloud.point(*spread.whole, size=9.0, marker="X", fill=BACKGROUND, edge=TEXT, label="all studies")
        _draw_bars(sheet, bars)
    first = {"part": "all studies", "x": spread.whole[0], "y": spread.whole[1], "subsets": 1, "beyond_axis": ""}
    shown: list[Mark | Bar] = [*marks, *bars]
    data = pd.DataFrame([first, *(columns_of(item, spread.groups) for item in shown)])
    return Drawing(
        sheet.canvas.figure,
        title=text.printable(title or f"GOSH plot: {effect_label}"),
        alt_text=text.printable(_alt_text(result, spread, effect_label, _NAMES[heterogeneity], told)),
        data=data[["part", "x", "y", "x_high", "y_high", "subsets", "group", "beyond_axis"]],
    )


def _sheet(
    spread: Spread, marks: Sequence[Mark], *, x_label: str, y_label: str, title: str, notes: Sequence[str]
) -> _Sheet:
    """The page with the axes of the cloud."""
    y_ticks = upright_ticks(replace(spread.y, width=_HEIGHT))
    left, right = MARGIN + tick_room(y_ticks), PAGE_WIDTH - MARGIN - _SIDE - _BETWEEN
    around = surroundings_of(
        PAGE_WIDTH, title=title, x_label=x_label, y_label=y_label, legend=list(_legend(spread, marks)), notes=notes
    )
    top = around.above + _TOP + _BETWEEN
    canvas = Canvas(PAGE_WIDTH, top + _HEIGHT + around.below)
    draw_above(canvas, around)
    draw_below(canvas, around, left=left, right=right, bottom=top + _HEIGHT)
    return _Sheet(canvas, Panel(canvas, Box(left, top, right, top + _HEIGHT), x=spread.x, y=spread.y, y_ticks=y_ticks))


def _legend(spread: Spread, marks: Sequence[Mark]) -> Iterator[LegendEntry]:
    yield LegendEntry(words="all studies", marker="X", fill=BACKGROUND, colour=TEXT, size=9.0)
    several = len(spread.groups) > 1
    classes = sorted({mark.size_class for mark in marks})
    if classes == [0]:
        for group, words in enumerate(spread.groups):
            marker, fill, edge = _GROUPS[group]
            yield LegendEntry(
                words=words if several else "a subset", marker=marker, fill=fill, colour=edge, size=_SINGLE
            )
    else:
        for group, words in enumerate(spread.groups if several else ()):
            marker, fill, edge = _GROUPS[group]
            yield LegendEntry(words=words, marker=marker, fill=fill, colour=edge, size=6.5)
        for number in classes:
            words = _class_words(number) + (" subsets" if number == classes[-1] else "")
            fill = _shade(SKY, number, classes[-1])
            yield LegendEntry(words=words, marker="o", fill=fill, colour=BLUE, size=_SIDES[number])
    if any(mark.beyond for mark in marks):
        yield LegendEntry(words="beyond the axis", marker=">", fill=SKY, colour=BLUE)


def _shade(colour: str, number: int, most: int) -> str:
    """The colour of a size class: paler where fewer subsets are."""
    return tint(colour, 0.15 + 0.85 * number / max(most, 1))


def _class_words(number: int) -> str:
    if number == 0:
        return "1"
    return f"{2 if number == 1 else 10 ** (number - 1):,} to {10**number - 1:,}"


def _draw_cloud(cloud: Panel, marks: Sequence[Mark]) -> None:
    """Marks of one kind as one artist each, so that the picture stays small."""
    most = max(mark.size_class for mark in marks)
    single = most == 0
    kinds = dict.fromkeys((mark.size_class, mark.group, mark.beyond) for mark in marks)
    for order, kind in enumerate(kinds):
        size_class, group, beyond = kind
        some = [mark for mark in marks if (mark.size_class, mark.group, mark.beyond) == kind]
        marker, fill, edge = _GROUPS[group]
        line = Line2D([mark.x for mark in some], [mark.y for mark in some], linestyle="none", clip_on=False)
        line.set_marker({-1: "<", 0: marker, 1: ">"}[beyond])
        side = _SINGLE if single else _SIDES[size_class]
        fill = fill if single or beyond else _shade(fill, size_class, most)
        line.set(markersize=max(side, 4.0) if beyond else side * (0.85 if marker == "D" else 1.0))
        line.set(markerfacecolor=fill, markeredgecolor=edge, markeredgewidth=0.4, zorder=2 + order / 100)
        line.set_label(f"subsets group {group} class {size_class} beyond {beyond}")
        cloud.axes.add_line(line)


def _draw_bars(sheet: _Sheet, bars: Sequence[Bar]) -> None:
    """Bars above and at the right of the cloud; each histogram is as high as its room."""
    cloud, canvas = sheet.cloud, sheet.canvas
    for upright, room in ((False, _TOP), (True, _SIDE)):
        some = [bar for bar in bars if bar.upright is upright]
        scale = room / max(bar.below + bar.subsets for bar in some)
        for bar in some:
            _, fill, edge = _GROUPS[bar.group]
            start, length = bar.below * scale, bar.subsets * scale
            label = f"histogram {'y' if upright else 'x'} group {bar.group}"
            if upright:
                top, bottom = cloud.place(cloud.x.lower, bar.high)[1], cloud.place(cloud.x.lower, bar.low)[1]
                place = (cloud.right + _BETWEEN + start, top, length, bottom - top)
            else:
                left, right = cloud.place(bar.low, cloud.y.lower)[0], cloud.place(bar.high, cloud.y.lower)[0]
                place = (left, cloud.top - _BETWEEN - start - length, right - left, length)
            canvas.box(*place, fill=fill, label=label)
            # The outline tells neighbours apart without a colour of its own.
            canvas.page.patches[-1].set(edgecolor=edge, linewidth=0.3)


def _notes(result: Gosh, spread: Spread) -> Iterator[str]:
    outside = int(np.count_nonzero(spread.beyond))
    if outside:
        yield f"{outside:,} subset{' lies' if outside == 1 else 's lie'} beyond the axis and in no bar."
    yield from sentences(result.marks)
    yield "Subsets overlap: clouds suggest outliers or subgroups, and are no test."


def _alt_text(result: Gosh, spread: Spread, effect_label: str, measure: str, notes: Sequence[str]) -> str:
    which = f"all {result.possible:,}" if result.exact else f"{result.subsets:,} random"
    across = [three_figures(value) for value in np.quantile(spread.across, (0, 0.25, 0.5, 0.75, 1))]
    parts = [
        f"GOSH plot of {which} subsets of {result.model.k} studies: {effect_label} across, {measure} upright.",
        f"Estimates reach from {across[0]} to {across[4]}; the middle half from {across[1]} to {across[3]}.",
        f"All studies together: {three_figures(spread.whole[0])}.",
    ]
    for group, words in enumerate(spread.groups if len(spread.groups) > 1 else ()):
        which_ones = spread.members(group)
        if which_ones.any():
            middle = three_figures(np.median(spread.across[which_ones]))
            upright = three_figures(np.median(spread.upright[which_ones]))
            parts.append(f"Median of {words}: {middle}, {measure} {upright}.")
    return " ".join([*parts, *notes])
