"""Bubble plots: the estimates of a meta-regression against one of its moderators, with line and bands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from synth.plots.axis import ValueAxis, value_axis
from synth.plots.bubble_line import BubbleLine, Held, held_words, line_of, moderator_of
from synth.plots.chart import Chart, LegendEntry, Tick, beyond
from synth.plots.chart.points import (
    STUDIES_IN_WORDS,
    Record,
    arrows_note,
    check_named,
    fitted_model,
    headline,
    joined,
    level_words,
    marks_table,
    not_drawn_note,
    sentences,
    sizes_by_weight,
)
from synth.plots.chart.scale import EffectScale, effect_axis, scale_of
from synth.plots.drawing import Drawing
from synth.plots.style import BLUE, PAGE_WIDTH, RULE, SKY, SMALL_SIZE, TEXT, VERMILLION, drawing_settings
from synth.plots.text import plain, printable, text_width
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

__all__ = ["bubble"]

_HEIGHT: Final = 290.0
_NUMBERS: Final = ("x", "y", "natural", "standard_error", "weight", "low", "high", "prediction_low", "prediction_high")
_BAND_FILL: Final = "#e3e9ee"
_PREDICTION_DASHES: Final = (4.0, 2.0)
_HEAVIEST: Final = 16.0
_MANY: Final = 25
_NEAR: Final = 0.5  # no effect is shown where it lies within so many heights of the rest
_BEYOND: Final = 0.6  # the bands may add so many heights of the rest on each side
_STEP, _WIDEST = 0.07, 0.32  # between points of a category, and furthest from its middle, in widths of one
_LEFT: Final = 60.0  # points that the labels of the upright axis may need
_LEVEL_GAP: Final = 6.0
_BAR: Final = 0.2  # half the width of a category's bar of the mean


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is drawn."""

    model: MetaAnalysis
    scale: EffectScale
    label: str
    line: BubbleLine
    xs: FloatArray
    x: ValueAxis
    y: ValueAxis

    def beyond(self, index: int) -> str:
        return beyond(float(self.xs[index]), float(self.model.estimates[index]), self.x, self.y)

    @property
    def band(self) -> str:
        """What an interval is called here."""
        return "interval" if self.line.levels else "band"

    @property
    def null(self) -> float | None:
        """No effect, where the axis shows it."""
        value = self.scale.null
        return value if value is not None and self.y.lower <= value <= self.y.upper else None

    def x_words(self, index: int) -> str:
        """The study's value of the moderator."""
        levels = self.line.levels
        return levels[round(float(self.line.values[index]))] if levels else plain(float(self.line.values[index]))


def bubble(
    model: MetaAnalysis,
    moderator: str | None = None,
    *,
    measure: str = "GEN",
    effect_label: str = "",
    moderator_label: str = "",
    at: Held | None = None,
    named: int = 8,
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """A bubble plot of a meta-regression.

    Parameters
    ----------
    model : MetaAnalysis
        With at least one moderator, a number or a category.
    moderator : str, optional
        Which one, where there are several.
    measure : str
        Code of the effect measure, for the name of the effect and natural values on its axis.
    effect_label, moderator_label : str
        Names in place of the measure's and the moderator's, with units.
    at : mapping of str to (float or str), optional
        Values at which other moderators are held; otherwise numbers are at their mean over the studies, categories at
        the level that most studies have.
    named : int
        At most so many studies are named, those furthest from the line first, in standard deviations.
    title, notes, not_drawn
        As for `funnel`.
    about : str
        What was pooled, for the title and the words of the drawing; it is not drawn. By default effect and moderator.

    Returns
    -------
    Drawing
        Its data have a line for each study and for each point of the line, with both intervals: moderator (x; for
        categories their place from 0, with a shift sideways for studies), estimate on the scale of analysis (y) and
        as natural value.

    Raises
    ------
    MethodError
        If the model has no moderator, or none of that name.

    References
    ----------
    Thompson and Higgins 2002, Stat Med 21:1559-1573.
    """
    fitted = fitted_model(model, "bubble plot")
    check_named(named)
    coding = moderator_of(fitted, moderator)
    line = line_of(fitted, coding, at or {})
    plan = _plan(fitted, scale_of(measure, effect_label), moderator_label or coding.name, line)
    heading, _ = headline("Bubble plot", title, about or f"{plan.scale.axis_label} against {plan.label}")
    _, opening = headline("Bubble plot", title, about)  # what stands against what is told after it anyway
    remarks = [*_remarks(plan), *sentences(fitted.marks), not_drawn_note(not_drawn or {}), *notes]
    with drawing_settings():
        chart = _draw(plan, title, remarks)
        _name(chart, plan, named)
    data = marks_table(_records(plan), _NUMBERS, ("moderator",))
    return chart.finish(title=heading, alt_text=_alt_text(plan, opening, remarks), data=data)


def _plan(model: MetaAnalysis, scale: EffectScale, label: str, line: BubbleLine) -> _Plan:
    places = _spread(line, model.estimates)
    if line.levels:
        x = ValueAxis(-0.5, len(line.levels) - 0.5, False, PAGE_WIDTH)
    else:
        x = value_axis(line.values.tolist(), [], log=False, width=PAGE_WIDTH)
    y = _y_axis(model, scale, line)
    return _Plan(model=model, scale=scale, label=label, line=line, xs=places, x=x, y=y)


def _spread(line: BubbleLine, estimates: FloatArray) -> FloatArray:
    """Places of the studies: a number as it is; in a category side by side, by the order of their estimates."""
    if not line.levels:
        return line.values
    places = line.values.copy()
    for level in range(len(line.levels)):
        members = np.flatnonzero(line.values == level)
        ranks = np.argsort(np.argsort(estimates[members], kind="stable"), kind="stable")
        step = min(_STEP, 2 * _WIDEST / max(len(members), 1))
        # Every second one to the other side, so that neighbours in height are apart.
        sides = np.where(ranks % 2 == 0, 1.0, -1.0) * ((ranks + 1) // 2)
        places[members] += step * sides
    return places


def _y_axis(model: MetaAnalysis, scale: EffectScale, line: BubbleLine) -> ValueAxis:
    """Estimates and line, no effect where it is near, and of the bands as much as does not squeeze these."""
    errors = np.sqrt(model.variances)
    inner = effect_axis(model.estimates, errors, line.mean.tolist(), _HEIGHT)
    span = inner.upper - inner.lower
    further = [*line.mean.tolist()]
    for ends in (line.low, line.high, line.prediction_low, line.prediction_high):
        if ends is not None:
            shown = np.clip(ends, inner.lower - _BEYOND * span, inner.upper + _BEYOND * span)
            further += [float(shown.min()), float(shown.max())]
    low, high, null = min(*further, inner.lower), max(*further, inner.upper), scale.null
    if null is not None and low - _NEAR * span <= null <= high + _NEAR * span:
        further.append(null)
    return effect_axis(model.estimates, errors, further, _HEIGHT)


def _remarks(plan: _Plan) -> Iterator[str]:
    yield "A relation across studies is an observation, and no comparison within them."
    yield "Areas of the points: weight in the model."
    if plan.line.levels:
        yield "Within a category points stand side by side, so that none hides another."
        if not _fit(plan.line.levels):
            yield f"{'; '.join(f'{place}: {level}' for place, level in enumerate(plan.line.levels, start=1))}."
    yield held_words(plan.line.held)
    line, model = plan.line, plan.model
    ends = [end for end in (line.low, line.high, line.prediction_low, line.prediction_high) if end is not None]
    if min(float(end.min()) for end in ends) < plan.y.lower or max(float(end.max()) for end in ends) > plan.y.upper:
        yield "A band goes on beyond the axis."
    yield arrows_note([name for index, name in enumerate(model.labels) if plan.beyond(index)])


def _legend(plan: _Plan) -> list[LegendEntry]:
    level = level_words(plan.model.level)
    mean = "Mean of the category" if plan.line.levels else "Meta-regression"
    entries = [
        LegendEntry(words="Study"),
        LegendEntry(words=mean, kind="line", colour=TEXT, size=1.4),
        LegendEntry(words=f"{level} confidence {plan.band}", kind="band", colour=RULE, fill=_BAND_FILL),
    ]
    if plan.line.has_prediction:
        words = f"{level} prediction {plan.band}"
        entries.append(LegendEntry(words=words, kind="line", colour=VERMILLION, dashes=_PREDICTION_DASHES, size=1.1))
    if plan.null is not None:
        words = f"No effect: {plain(plan.scale.shown(plan.null))}"
        entries.append(LegendEntry(words=words, kind="line", colour=RULE, size=0.9))
    return entries


def _draw(plan: _Plan, title: str, notes: Sequence[str]) -> Chart:
    chart = Chart(
        height=_HEIGHT,
        x=plan.x,
        y=plan.y,
        x_label=plan.label,
        y_label=plan.scale.axis_label,
        title=title,
        legend=_legend(plan),
        notes=notes,
        x_ticks=_level_ticks(plan.line.levels) if plan.line.levels else None,
        y_ticks=plan.scale.ticks(plan.y),
    )
    if plan.null is not None:
        chart.rule(y=plan.null, colour=RULE, label="no effect")
    for name, xs, (mean, low, high, *predicted) in _pieces(plan.line):
        chart.band(xs, low, high, fill=_BAND_FILL, label=f"confidence {name}")
        chart.curve(xs, mean, colour=TEXT, width=1.4, label=f"line {name}")
        for side, ends in zip(("lower", "upper"), predicted, strict=False):
            label = f"prediction {side} {name}"
            chart.curve(xs, ends, colour=VERMILLION, width=1.1, dashes=_PREDICTION_DASHES, label=label)
    _points(chart, plan)
    return chart


def _level_ticks(levels: Sequence[str]) -> tuple[Tick, ...]:
    """The categories at their places, or their numbers where their names do not fit beside one another."""
    words = levels if _fit(levels) else [str(place + 1) for place in range(len(levels))]
    return tuple((float(place), printable(name)) for place, name in enumerate(words))


def _fit(levels: Sequence[str]) -> bool:
    room = (PAGE_WIDTH - _LEFT) / len(levels) - _LEVEL_GAP
    return all(text_width(printable(level), SMALL_SIZE) <= room for level in levels)


def _pieces(line: BubbleLine) -> Iterator[tuple[str, FloatArray, list[FloatArray]]]:
    """Name, places, and mean, both limits and (where there are any) both limits of prediction of each piece of line."""
    columns = [line.mean, line.low, line.high]
    columns += [end for end in (line.prediction_low, line.prediction_high) if end is not None]
    if not line.levels:
        yield "", line.along, columns
        return
    for place, level in enumerate(line.levels):
        yield level, np.array([place - _BAR, place + _BAR]), [np.full(2, column[place]) for column in columns]


def _points(chart: Chart, plan: _Plan) -> None:
    """The studies, the large ones first so that small ones lie on top."""
    weights, model = plan.model.weights, plan.model
    sides = sizes_by_weight(weights, _HEAVIEST if model.k <= _MANY else 0.75 * _HEAVIEST)
    for rank, index in enumerate(np.argsort(-weights, kind="stable").tolist()):
        x, y = float(plan.xs[index]), float(model.estimates[index])
        label = f"study {model.labels[index]}"
        chart.point(x, y, size=sides[index], fill=SKY, edge=BLUE, label=label, order=3 + rank / 1000)


def _name(chart: Chart, plan: _Plan, named: int) -> None:
    model = plan.model
    off = np.abs(model.estimates - model.fitted) / np.sqrt(np.maximum(model.variances + model.tau2, 1e-300))
    order = sorted(range(model.k), key=lambda index: (not plan.beyond(index), -float(off[index])))
    chart.name_points([(float(plan.xs[i]), float(model.estimates[i]), model.labels[i]) for i in order], most=named)


def _records(plan: _Plan) -> Iterator[Record]:
    model, line = plan.model, plan.line
    for index, label in enumerate(model.labels):
        y = float(model.estimates[index])
        yield {
            "kind": "study",
            "label": label,
            "moderator": plan.x_words(index),
            "x": float(plan.xs[index]),
            "y": y,
            "natural": plan.scale.natural(y),
            "standard_error": float(np.sqrt(model.variances[index])),
            "weight": float(model.weights[index]),
            "beyond_axis": plan.beyond(index),
        }
    columns = [line.along, line.mean, line.low, line.high]
    columns += [end for end in (line.prediction_low, line.prediction_high) if end is not None]
    for place, (x, y, *ends) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        name = line.levels[place] if line.levels else plain(float(f"{x:.6g}"))
        record = {"kind": "line", "label": "mean", "moderator": name, "x": x, "y": y, "natural": plan.scale.natural(y)}
        yield {**record, **dict(zip(("low", "high", "prediction_low", "prediction_high"), ends, strict=False))}
    if plan.null is not None:
        record = {"kind": "line of no effect", "label": "no effect", "y": plan.null}
        yield {**record, "natural": plan.scale.natural(plan.null)}


def _alt_text(plan: _Plan, opening: str, notes: Sequence[str]) -> str:
    model, line = plan.model, plan.line
    number = plan.scale.words(model.estimates.tolist())
    said = [opening]
    said.append(f"{plan.scale.axis_label} against {plan.label}, k = {model.k}.")
    ends = range(len(line.levels)) if line.levels else (0, len(line.along) - 1)
    level = level_words(model.level)
    for place in ends:
        where = line.levels[place] if line.levels else f"At {plain(float(f'{float(line.along[place]):.4g}'))}"
        interval = f"{number(float(line.low[place]))} to {number(float(line.high[place]))}"
        said.append(f"{where}: {number(float(line.mean[place]))} [{level} CI {interval}].")
    if model.k <= STUDIES_IN_WORDS:
        each = [
            f"{name}: {number(float(y))} at {plan.x_words(index)}"
            for index, (name, y) in enumerate(zip(model.labels, model.estimates, strict=True))
        ]
        said.append(f"Studies: {'; '.join(each)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])
