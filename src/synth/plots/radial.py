"""Radial plots (Galbraith): standardised estimates against precision, with the estimates themselves on an arc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from synth.effects.intervals import critical_value
from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, LegendEntry, Tick, beyond
from synth.plots.chart.labels import Box
from synth.plots.chart.page import TICK_LENGTH
from synth.plots.chart.points import (
    STUDIES_IN_WORDS,
    Record,
    arrows_note,
    check_named,
    fitted_model,
    joined,
    level_words,
    marks_table,
    not_drawn_note,
    sentences,
    summary_name,
)
from synth.plots.chart.scale import EffectScale, scale_of
from synth.plots.drawing import Drawing
from synth.plots.radial_arc import BAND_END, RADIUS, Geometry, geometry_of, lies_aside
from synth.plots.style import RULE, SMALL_SIZE, TEXT, drawing_settings
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

__all__ = ["radial"]

_NUMBERS: Final = ("x", "y", "estimate", "natural")
_LABEL_GAP: Final = 7.0  # between the arc and its labels, points
_BAND_FILL: Final = "#e3e9ee"
#: Colour, width and order of each kind of line.
_LOOKS: Final = {
    "band": (RULE, 0.6, 1.5),
    "summary": (TEXT, 1.3, 2.0),
    "line of no effect": (RULE, 0.9, 1.6),
    "arc": (TEXT, 0.8, 2.0),
    "arc tick": (TEXT, 0.8, 2.0),
    "summary interval": (TEXT, 3.0, 2.1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is drawn."""

    model: MetaAnalysis
    scale: EffectScale
    centre: float
    xs: FloatArray
    zs: FloatArray
    geometry: Geometry
    ticks: tuple[Tick, ...]

    @property
    def critical(self) -> float:
        return critical_value(self.model.level)

    @property
    def slope(self) -> float:
        """Of the line of the summary."""
        return self.model.estimate - self.centre

    def interval_shown(self) -> tuple[float, float]:
        """The part of the summary's interval that the arc has, from the centre."""
        low, high = (end - self.centre for end in self.model.interval)
        return max(low, self.geometry.low), min(high, self.geometry.high)

    def beyond(self, index: int) -> str:
        return beyond(float(self.xs[index]), float(self.zs[index]), self.geometry.x, self.geometry.y)


def radial(
    model: MetaAnalysis,
    *,
    measure: str = "GEN",
    effect_label: str = "",
    centred: bool | None = None,
    named: int = 8,
    title: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """A radial plot of the studies of a model without moderators.

    The line from the origin through a point meets the arc at the study's estimate. In a random-effects model the
    variance between studies is part of each standard error.

    Parameters
    ----------
    model : MetaAnalysis
    measure : str
        Code of the effect measure, for the name of the effect and natural values on the arc.
    effect_label : str
        Name of the effect in place of the measure's.
    centred : bool, optional
        Whether z counts from the summary in place of 0; where not given, it does if 0 lies far from all estimates or is
        not the value of no effect.
    named : int
        At most so many studies outside the band are named, the furthest first.
    title, notes, not_drawn
        As for `funnel`.

    Returns
    -------
    Drawing
        Its data have a line for each point, each tick of the arc and each end or corner of a line: precision (x), z
        (y), and for points and ticks the estimate on the scale of analysis and as natural value.

    Raises
    ------
    MethodError
        If the model has moderators.

    References
    ----------
    Galbraith 1988, Technometrics 30:271-281, and Stat Med 7:889-894; 1994, J Am Stat Assoc 89:1232-1242.
    """
    fitted = fitted_model(model, "radial plot")
    check_named(named)
    plan = _plan(fitted, scale_of(measure, effect_label), centred)
    remarks = [*_remarks(plan), *sentences(fitted.marks), not_drawn_note(not_drawn or {}), *notes]
    with drawing_settings():
        chart = _draw(plan, title, remarks)
        _name(chart, plan, named)
    data = marks_table(_records(plan), _NUMBERS)
    heading = title or f"Radial plot: {plan.scale.axis_label}"
    return chart.finish(title=heading, alt_text=_alt_text(plan, title, remarks), data=data)


def _plan(model: MetaAnalysis, scale: EffectScale, centred: bool | None) -> _Plan:
    if model.has_moderators:
        raise MethodError("a radial plot has one line for all studies; a model without moderators is expected")
    errors = np.sqrt(model.variances + model.tau2)
    centre = model.estimate if (lies_aside(model, scale) if centred is None else centred) else 0.0
    geometry = geometry_of(model, errors, centre)
    return _Plan(
        model=model,
        scale=scale,
        centre=centre,
        xs=1 / errors,
        zs=(model.estimates - centre) / errors,
        geometry=geometry,
        ticks=_arc_ticks(scale, geometry, centre),
    )


def _arc_ticks(scale: EffectScale, geometry: Geometry, centre: float) -> tuple[Tick, ...]:
    """Ticks of the arc whose labels do not touch: all, every second, and so on."""
    ticks = scale.ticks(ValueAxis(centre + geometry.low, centre + geometry.high, False, geometry.height))
    for step in range(1, len(ticks) + 1):
        chosen = ticks[::step]
        boxes = [_label_box(tick, geometry, centre) for tick in chosen]
        if not any(first.overlaps(second, 2.0) for first, second in combinations(boxes, 2)):
            return tuple(chosen)
    return ()


def _label_box(tick: Tick, geometry: Geometry, centre: float) -> Box:
    """Where the label of a tick stands, in points to the right and down from the origin of the plot."""
    precision, z = geometry.on_arc(tick[0] - centre, RADIUS + _LABEL_GAP)
    left, top = precision * geometry.across, -z * geometry.up - text.text_height(1, SMALL_SIZE) / 2
    return Box(left, top, left + text.text_width(tick[1], SMALL_SIZE), top + text.text_height(1, SMALL_SIZE))


def _remarks(plan: _Plan) -> Iterator[str]:
    yield "A line from the left end of the middle through a point meets the arc at the study's estimate."
    if plan.model.tau2:
        yield "Standard errors have the variance between studies (tau²) in them."
    low, high = (end - plan.centre for end in plan.model.interval)
    if low < plan.geometry.low or high > plan.geometry.high:
        yield "The interval of the summary goes on beyond the arc."
    yield arrows_note([label for index, label in enumerate(plan.model.labels) if plan.beyond(index)])


def _legend(plan: _Plan) -> list[LegendEntry]:
    number = plan.scale.words([plan.model.estimate])
    low, high = plan.model.interval
    level = level_words(plan.model.level)
    interval = f"{summary_name(plan.model)}: {number(plan.model.estimate)} [{level} CI {number(low)} to {number(high)}]"
    entries = [
        LegendEntry(words="Study"),
        LegendEntry(words=interval, kind="line", colour=TEXT, size=1.3),
        LegendEntry(words=f"{level} band of z around it", kind="band", colour=RULE, fill=_BAND_FILL),
    ]
    if _null_slope(plan) is not None:
        natural = text.plain(plan.scale.shown(plan.scale.null or 0.0))
        entries.append(LegendEntry(words=f"No effect: {natural}", kind="line", colour=RULE, size=0.9))
    return entries


def _null_slope(plan: _Plan) -> float | None:
    """No effect, from the centre, where the arc has it."""
    null = plan.scale.null
    if null is None or not plan.geometry.low <= null - plan.centre <= plan.geometry.high:
        return None
    return null - plan.centre


def _lines(plan: _Plan) -> Iterator[tuple[str, str, FloatArray, FloatArray]]:
    """Kind, label and points of each line."""
    geometry, last = plan.geometry, float(plan.xs.max()) * BAND_END
    ends = np.array([0.0, last])
    for label, shift in (("lower side", -plan.critical), ("upper side", plan.critical)):
        yield "band", label, ends, plan.slope * ends + shift
    yield "summary", "summary", *_ray(geometry, plan.slope)
    null = _null_slope(plan)
    if null is not None:
        yield "line of no effect", "no effect", *_ray(geometry, null)
    yield "arc", "arc", *geometry.arc(geometry.low, geometry.high)
    for at, words in plan.ticks:
        inner, outer = (geometry.on_arc(at - plan.centre, RADIUS + out) for out in (0.0, TICK_LENGTH))
        yield "arc tick", words, np.array([inner[0], outer[0]]), np.array([inner[1], outer[1]])
    yield "summary interval", "summary interval", *geometry.arc(*plan.interval_shown())


def _ray(geometry: Geometry, slope: float) -> tuple[FloatArray, FloatArray]:
    x, y = geometry.on_arc(slope)
    return np.array([0.0, x]), np.array([0.0, y])


def _draw(plan: _Plan, title: str, notes: Sequence[str]) -> Chart:
    geometry, tau = plan.geometry, plan.model.tau2
    error = "√(standard error² + tau²)" if tau else "standard error"
    above = "(estimate − summary)" if plan.centre else "estimate"
    chart = Chart(
        height=geometry.height,
        x=geometry.x,
        y=geometry.y,
        x_label=f"Precision: 1 / {error}",
        y_label=f"z: {above} / {error}. On the arc: {plan.scale.axis_label}",
        title=title,
        legend=_legend(plan),
        notes=notes,
        x_ticks=[(at, text.plain(at)) for at in geometry.x.ticks() if at <= float(plan.xs.max()) * 1.05],
        plot_width=geometry.x.width,
        right=text.widest(tuple(words for _, words in plan.ticks), SMALL_SIZE) + _LABEL_GAP,
    )
    lines = list(_lines(plan))
    (_, _, along, low), (_, _, _, high) = lines[:2]
    chart.band(along, low, high, fill=_BAND_FILL, label="band")
    for kind, label, xs, ys in lines:
        colour, width, order = _LOOKS[kind]
        chart.curve(
            xs, ys, colour=colour, width=width, order=order, label=f"{kind} {label}", clipped=kind != "arc tick"
        )
    for tick in plan.ticks:
        box = _label_box(tick, geometry, plan.centre)
        left, down = chart.place(0.0, 0.0)
        chart.canvas.text([tick[1]], left + box.left, down + box.top, size=SMALL_SIZE)
        chart.reserve(Box(left + box.left, down + box.top, left + box.right, down + box.bottom))
    for index, label in enumerate(plan.model.labels):
        chart.point(float(plan.xs[index]), float(plan.zs[index]), label=f"study {label}")
    return chart


def _name(chart: Chart, plan: _Plan, named: int) -> None:
    """Names of the studies that lie outside the band, or beyond the axes."""
    off = np.abs(plan.zs - plan.slope * plan.xs).tolist()
    order = sorted(range(plan.model.k), key=lambda index: (not plan.beyond(index), -off[index]))
    outside = [index for index in order if off[index] > plan.critical or plan.beyond(index)]
    chart.name_points([(float(plan.xs[i]), float(plan.zs[i]), plan.model.labels[i]) for i in outside], most=named)


def _records(plan: _Plan) -> Iterator[Record]:
    for index, label in enumerate(plan.model.labels):
        estimate = float(plan.model.estimates[index])
        yield {
            "kind": "study",
            "label": label,
            "x": float(plan.xs[index]),
            "y": float(plan.zs[index]),
            "estimate": estimate,
            "natural": plan.scale.natural(estimate),
            "beyond_axis": plan.beyond(index),
        }
    values = {words: at for at, words in plan.ticks}
    for kind, label, xs, ys in _lines(plan):
        known = {"summary": plan.model.estimate, "line of no effect": plan.scale.null}
        estimate_shown = values[label] if kind == "arc tick" else known.get(kind)
        shown = {} if estimate_shown is None else {"natural": plan.scale.natural(estimate_shown)}
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            yield {"kind": kind, "label": label, "x": x, "y": y, "estimate": estimate_shown, **shown}


def _alt_text(plan: _Plan, title: str, notes: Sequence[str]) -> str:
    model = plan.model
    number = plan.scale.words(model.estimates.tolist())
    above = "(estimate − summary) / standard error" if plan.centre else "estimate / standard error"
    said = [f"Radial plot: {title}." if title else "Radial plot."]
    said.append(f"{plan.scale.axis_label}: {above} against precision, k = {model.k}.")
    said += [f"{entry.words}." for entry in _legend(plan) if entry.kind == "line"]
    off = np.abs(plan.zs - plan.slope * plan.xs)
    inside = int((off <= plan.critical).sum())
    said.append(f"{inside} of {model.k} lie inside the {level_words(model.level)} band around the summary's line.")
    if model.k <= STUDIES_IN_WORDS:
        values = zip(model.labels, model.estimates.tolist(), plan.zs.tolist(), strict=True)
        shown = [f"{label}: {number(value)}, z {text.fixed(z, 2)}" for label, value, z in values]
        said.append(f"Studies: {'; '.join(shown)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])
