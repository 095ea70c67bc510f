"""Posterior distributions of the mean effect and of tau, with the prior of tau."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.canvas import Canvas
from synth.plots.chart.labels import Box
from synth.plots.chart.page import TICK_LENGTH, LegendEntry, draw_above, draw_below, surroundings_of
from synth.plots.chart.panels import Panel
from synth.plots.drawing import Drawing
from synth.plots.marks import sentences, three_figures
from synth.plots.posterior_curves import Curves, Density, curves_of_mean, curves_of_tau
from synth.plots.reach import told_beyond
from synth.plots.style import (
    BLUE,
    GAP,
    LINE_SPACING,
    MARGIN,
    MUTED,
    PAGE_WIDTH,
    REFERENCE_COLOURS,
    SKY,
    SMALL_SIZE,
    TEXT,
    TEXT_SIZE,
    VERMILLION,
    drawing_settings,
)
from synth.plots.tints import tint
from synth.synthesis.bayes import BayesianMetaAnalysis, Beyond, Direction

_HEIGHTS: Final = (150.0, 120.0)  # of the panels of the mean and of tau, points
_WIDTH: Final = PAGE_WIDTH - 2 * MARGIN - 2 * GAP
_PRIOR: Final = (2.0, 1.5)
_NEW_STUDY: Final = (6.0, 1.5, 1.5, 1.5)
_INTERVAL: Final = tint(SKY, 0.35)
_DIFFERENCE: Final = (5.0, 2.0)
_FACTORS: Final = {0.5: ("prior's scale halved", (1.5, 4.0)), 2.0: ("prior's scale doubled", (7.0, 2.5))}


@dataclass(frozen=True, slots=True)
class _Line:
    """A marked value of the upper panel, as its axis shows it."""

    value: float
    words: str
    colour: str
    dashes: tuple[float, ...] | None


def posterior_plot(
    model: BayesianMetaAnalysis,
    *,
    effect_label: str,
    null_value: float | None,
    important_difference: float | None = None,
    direction: Direction = "above",
    difference_label: str = "important difference",
    new_study: bool = True,
    sensitivity: bool = False,
    log_scale: bool = False,
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """Densities of the mean effect and of a new study's, and of tau with its prior.

    Parameters
    ----------
    model : BayesianMetaAnalysis
    effect_label : str
        What the effects are, with their unit.
    null_value : float or None
        No effect, as the axis shows it (1 for ratios); None where there is no such value.
    important_difference : float, optional
        As the axis shows it; the probability of an effect beyond it is told in words.
    direction : {"above", "below"}
        Which side of the important difference counts as beyond.
    difference_label : str
        What the important difference is and where it comes from.
    new_study : bool
        Whether the predictive distribution is drawn too.
    sensitivity : bool
        Whether posteriors with the prior's scale halved and doubled are drawn too.
    log_scale : bool
        Whether effects are logarithms, shown as ratios on a logarithmic axis.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below it, before the marks of the model.

    Returns
    -------
    Drawing
        Its data have a line for each point of each curve, for medians, limits and marked values.

    Raises
    ------
    MethodError
        If the model is no Bayesian one or is of one study, of which nothing is pooled; a marked value cannot stand on
        this axis; or the direction is unknown.

    References
    ----------
    Roever 2020, J Stat Softw 93(6).
    """
    _check_model(model)
    lines = _lines(null_value, important_difference, difference_label, log_scale)
    beyond = None
    if important_difference is not None:
        beyond = model.probability_beyond(_back(important_difference, log_scale), direction)
    others = {factor: model.with_prior(model.prior.scaled(factor)) for factor in _FACTORS} if sensitivity else {}
    marked = tuple(_back(line.value, log_scale) for line in lines)
    mean = curves_of_mean(model, others, marked=marked, new_study=new_study, log_scale=log_scale, width=_WIDTH)
    tau = curves_of_tau(model, others, width=_WIDTH)
    told = [*_results(model, mean, tau, beyond, others, important_difference, log_scale), *notes]
    told += [*_cut(mean, tau), *told_beyond([(line.value, line.words) for line in lines], mean.axis)]
    told += sentences(model.marks)
    with drawing_settings():
        canvas, panels = _page(model, mean, tau, lines, effect_label=effect_label, title=title, notes=told)
        for line in lines:
            panels[0].rule(x=line.value, colour=line.colour, dashes=line.dashes, label=line.words, order=1.6)
        _draw(panels[0], mean)
        _draw(panels[1], tau)
    return Drawing(
        canvas.figure,
        title=text.printable(title or f"Posterior distributions: {effect_label}"),
        alt_text=text.printable(" ".join([_opening(model, lines, effect_label), *told])),
        data=_data(mean, tau, lines),
    )


def _check_model(model: object) -> None:
    if not isinstance(model, BayesianMetaAnalysis):
        raise MethodError(f"posterior plot: a BayesianMetaAnalysis is expected, not {type(model).__name__}")
    if model.k == 1:
        raise MethodError("posterior plot: k = 1, so nothing is pooled; at least two studies are expected")


def _lines(null_value: float | None, difference: float | None, label: str, log_scale: bool) -> list[_Line]:
    for value in (null_value, difference):
        if value is not None and not (math.isfinite(value) and (value > 0 or not log_scale)):
            what = "a ratio above 0" if log_scale else "a finite number"
            raise MethodError(f"a marked value of {value}: {what} is expected on this axis")
    lines = [] if null_value is None else [_Line(null_value, f"no effect ({text.plain(null_value)})", TEXT, None)]
    if difference is not None:
        lines.append(_Line(difference, f"{label} ({text.plain(difference)})", VERMILLION, _DIFFERENCE))
    return lines


def _back(value: float, log_scale: bool) -> float:
    """A value of the axis on the scale of the estimates."""
    return math.log(value) if log_scale else value


def _page(
    model: BayesianMetaAnalysis,
    mean: Curves,
    tau: Curves,
    lines: Sequence[_Line],
    *,
    effect_label: str,
    title: str,
    notes: Sequence[str],
) -> tuple[Canvas, list[Panel]]:
    legend = list(_legend(model, mean, lines))
    tau_label = "τ: standard deviation between studies" + (", of the logarithm" if mean.axis.log else "")
    around = surroundings_of(
        PAGE_WIDTH, title=title, x_label=tau_label, y_label="Density of the effect", legend=legend, notes=notes
    )
    effect = text.wrap(effect_label, _WIDTH, TEXT_SIZE)
    between = TICK_LENGTH + SMALL_SIZE * LINE_SPACING + 4 + text.text_height(len(effect) + 1, TEXT_SIZE) + GAP
    canvas = Canvas(PAGE_WIDTH, around.above + sum(_HEIGHTS) + between + around.below)
    draw_above(canvas, around)
    left, right, panels, top = MARGIN + GAP, PAGE_WIDTH - MARGIN - GAP, [], around.above
    for curves, height in zip((mean, tau), _HEIGHTS, strict=True):
        y = ValueAxis(0.0, curves.highest, False, height)
        panels.append(Panel(canvas, Box(left, top, right, top + height), x=curves.axis, y=y, y_ticks=()))
        top += height + between
    below = panels[0].bottom + TICK_LENGTH + SMALL_SIZE * LINE_SPACING + 4
    below += canvas.text(effect, (left + right) / 2, below, align="center")
    canvas.text(["Density of τ"], MARGIN, below + GAP / 2)
    draw_below(canvas, around, left=left, right=right, bottom=top - between)
    return canvas, panels


def _legend(model: BayesianMetaAnalysis, mean: Curves, lines: Sequence[_Line]) -> Iterator[LegendEntry]:
    yield LegendEntry(words="posterior", kind="line", colour=BLUE, size=2.0)
    yield LegendEntry(words=f"{100 * model.level:g}% credible interval", kind="band", colour=_INTERVAL, fill=_INTERVAL)
    for density in mean.densities:
        if density.name == "new study":
            yield LegendEntry(words="effect of a new study", kind="line", colour=MUTED, dashes=_NEW_STUDY, size=1.2)
        elif density.factor != 1:
            words, dashes = _FACTORS[density.factor]
            yield LegendEntry(words=words, kind="line", colour=BLUE, dashes=dashes, size=1.0)
    words = f"prior of τ, {model.prior.words()}"
    yield LegendEntry(words=words, kind="line", colour=REFERENCE_COLOURS[1], dashes=_PRIOR, size=1.4)
    for line in lines:
        yield LegendEntry(words=line.words, kind="line", colour=line.colour, dashes=line.dashes, size=0.9)


def _draw(panel: Panel, curves: Curves) -> None:
    first = curves.densities[0]
    low, high = (min(max(end, panel.x.lower), panel.x.upper) for end in curves.interval)
    inside = (first.x >= low) & (first.x <= high)
    xs = np.concatenate([[low], first.x[inside], [high]])
    heights = np.interp(xs, first.x, first.height)
    panel.band(xs, np.zeros(len(xs)), heights, fill=_INTERVAL, label=f"interval {first.name}")
    if panel.x.lower <= curves.median <= panel.x.upper:
        top = float(np.interp(curves.median, first.x, first.height))
        panel.curve((curves.median,) * 2, (0.0, top), colour=BLUE, width=1.0, label=f"median {first.name}")
    for density in reversed(curves.densities):
        colour, width, dashes = _style(density)
        # The prior on top: with one study the posterior of tau is the prior, and would hide it.
        order = 2.5 if density.name.startswith("prior") else 2.0
        panel.curve(
            density.x, density.height, colour=colour, width=width, dashes=dashes, label=_name(density), order=order
        )


def _style(density: Density) -> tuple[str, float, tuple[float, ...] | None]:
    """Colour, width and dashes of a curve."""
    if density.name == "new study":
        return MUTED, 1.2, _NEW_STUDY
    if density.name.startswith("prior"):
        return REFERENCE_COLOURS[1], 1.4, _PRIOR
    if density.factor != 1:
        return BLUE, 1.0, _FACTORS[density.factor][1]
    return BLUE, 2.0, None


def _name(density: Density) -> str:
    return density.name if density.factor == 1 else f"{density.name}, {_FACTORS[density.factor][0]}"


def _opening(model: BayesianMetaAnalysis, lines: Sequence[_Line], effect_label: str) -> str:
    marked = f" Marked: {'; '.join(line.words for line in lines)}." if lines else ""
    return (
        f"Posterior densities of a Bayesian random-effects model of {model.k} studies: {effect_label} above, and below "
        f"it tau with its prior, {model.prior.words()}.{marked}"
    )


def _results(
    model: BayesianMetaAnalysis,
    mean: Curves,
    tau: Curves,
    beyond: Beyond | None,
    others: dict[float, BayesianMetaAnalysis],
    difference: float | None,
    log_scale: bool,
) -> Iterator[str]:
    level = f"{100 * model.level:g}%"
    for what, curves in (("Mean effect", mean), ("τ", tau)):
        low, high = (three_figures(end) for end in curves.interval)
        yield f"{what}: median {three_figures(curves.median)}, {level} credible interval {low} to {high}."
    if beyond is None or difference is None:
        return
    where = f"{beyond.direction} {text.plain(difference)}"
    shown = any(density.name == "new study" for density in mean.densities)
    new = f"; of the effect of a new study: {_share(beyond.predictive)}" if shown else ""
    yield f"Probability of a mean effect {where}: {_share(beyond.mu)}{new}."
    if others:
        threshold = _back(difference, log_scale)
        told = [
            f"with the {_FACTORS[factor][0]} {_share(other.probability_beyond(threshold, beyond.direction).mu)}"
            for factor, other in others.items()
        ]
        yield f"Probability of a mean effect {where}, {'; '.join(told)}."


def _share(probability: float) -> str:
    if probability < 0.001:
        return "below 0.001"
    return "above 0.999" if probability > 0.999 else three_figures(probability)


def _cut(mean: Curves, tau: Curves) -> Iterator[str]:
    for what, curves in (("the mean effect", mean), ("τ", tau)):
        if curves.axis.clipped(curves.interval):
            yield f"The credible interval of {what} is wider than shown."
    highest = tau.highest
    if any(not np.isfinite(item.height).all() or item.height.max() > highest for item in tau.densities):
        yield "A density of τ is higher than shown near 0."


def _data(mean: Curves, tau: Curves, lines: Sequence[_Line]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"part": "density", "label": _name(item), "x": item.x, "density": item.height})
        for curves in (mean, tau)
        for item in curves.densities
    ]
    rows: list[tuple[str, str, float]] = []
    for curves in (mean, tau):
        name = curves.densities[0].name
        rows += [("median", name, curves.median), ("low", name, curves.interval[0]), ("high", name, curves.interval[1])]
    rows += [("line", line.words, line.value) for line in lines]
    return pd.concat([*parts, pd.DataFrame(rows, columns=["part", "label", "x"])], ignore_index=True)
