"""Funnel plots: each study's estimate against its size, with the region that sampling error alone would fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.plots import funnel_lines as parts
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, LegendEntry, beyond
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
from synth.plots.chart.scale import EffectScale, effect_axis, scale_of, shown_far
from synth.plots.drawing import Drawing
from synth.plots.funnel_lines import Contour, FunnelLine, Size, SizeName
from synth.plots.style import BLUE, PAGE_WIDTH, RULE, SKY, drawing_settings
from synth.plots.text import plain
from synth.synthesis.diagnostics import standardised_residuals
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.small_study import RegressionTest, TrimAndFill
from synth.synthesis.small_study.sources import ENOUGH_STUDIES

__all__ = ["funnel"]

_HEIGHT: Final = 290.0
_NUMBERS: Final = ("x", "y", "natural", "standard_error")
_NEAR: Final = 1.0  # no effect is shown where it lies within so many widths of the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Studies:
    """The points: their places on the analysis scale, with the filled ones after the others."""

    labels: tuple[str, ...]
    xs: FloatArray
    errors: FloatArray
    sizes: FloatArray
    filled: int

    def is_filled(self, index: int) -> bool:
        return index >= len(self.labels) - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is drawn."""

    model: MetaAnalysis
    scale: EffectScale
    size: Size
    studies: _Studies
    x: ValueAxis
    y: ValueAxis
    contours: tuple[Contour, ...]
    lines: tuple[FunnelLine, ...]
    far: FloatArray
    region: str

    def beyond(self, index: int) -> str:
        x, y = float(self.studies.xs[index]), float(self.studies.sizes[index])
        return beyond(x, y, self.x, self.y, y_reversed=self.size.downwards)


def funnel(
    model: MetaAnalysis,
    *,
    measure: str = "GEN",
    effect_label: str = "",
    y: SizeName = "standard error",
    sample_sizes: ArrayLike | None = None,
    contours: Sequence[float] = (0.9, 0.95, 0.99),
    region_with_tau2: bool = False,
    trim_fill: TrimAndFill | None = None,
    regression: RegressionTest | None = None,
    named: int = 8,
    title: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """A funnel plot of the studies of a model.

    Parameters
    ----------
    model : MetaAnalysis
        With moderators the residuals from the model are drawn, against their standard errors.
    measure : str
        Code of the effect measure (see `synth.effects.measures`), for the name of the effect, natural values on its
        axis, and no effect.
    effect_label : str
        Name of the effect in place of the measure's.
    y : {"standard error", "variance", "precision", "inverse variance", "sample size"}
        What stands for the size of a study; large studies are at the top.
    sample_sizes : array_like, shape (k,), optional
        For y = "sample size", with which there are neither region nor contours.
    contours : sequence of float
        Levels of the shaded contours around no effect: between 0.9 and 0.95 a study's own two-sided p value is between
        0.1 and 0.05. Empty for none; there are none where the measure compares nothing, nor for residuals.
    region_with_tau2 : bool
        Whether the pseudo confidence region around the summary has the variance between studies in it.
    trim_fill : TrimAndFill, optional
        Its mirror images are added as hollow points, and its summary as a dotted line.
    regression : RegressionTest, optional
        Egger's or another test on the standard error or the variance, whose line is drawn.
    named : int
        At most so many studies outside the region are named, the furthest first.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below the plot.
    not_drawn : mapping of str to str, optional
        Studies that gave no estimate, with the reason, as `EffectSizes.not_usable` has them.

    Returns
    -------
    Drawing
        Its data have a line for each point, and for each end or corner of a line, on the scale of analysis (x) and as
        natural value.

    Raises
    ------
    MethodError
        If an option is unknown, a study has a variance of 0, or the tests handed over are of other studies.

    References
    ----------
    Light and Pillemer 1984, Summing Up: The Science of Reviewing Research. Sterne and Egger 2001, J Clin Epidemiol
    54:1046-1055 (choice of axes). Peters et al. 2008, J Clin Epidemiol 61:991-996 (contours). Sterne et al. 2011, BMJ
    343:d4002 (fewer than ten studies).
    """
    fitted = fitted_model(model, "funnel plot")
    check_named(named)
    _check(fitted, trim_fill, regression)
    scale, size = scale_of(measure, effect_label), parts.size_of(y, sample_sizes, fitted)
    if fitted.has_moderators:
        name = f"{effect_label or scale.measure.label}, {scale.measure.scale} scale"
        scale = scale_of("GEN", f"Residual from the model ({name})")
    levels = parts.check_contours(contours)
    plan = _plan(fitted, scale, size, levels, region_with_tau2, trim_fill, regression)
    remarks = [*_remarks(plan), *sentences(fitted.marks), not_drawn_note(not_drawn or {}), *notes]
    with drawing_settings():
        chart = _draw(plan, levels, title, remarks)
        _name(chart, plan, named)
    words = _alt_text(plan, title, remarks)
    return chart.finish(title=title or f"Funnel plot: {plan.scale.axis_label}", alt_text=words, data=_data(plan))


def _check(model: MetaAnalysis, trim_fill: object, regression: object) -> None:
    if not (model.variances > 0).all():
        study = model.labels[int(np.argmin(model.variances > 0))]
        raise MethodError(f"{study}: the variance is 0; a funnel plot expects variances above 0")
    if not isinstance(regression, RegressionTest | None):
        raise MethodError(f"regression = {regression!r}: the result of regression_test or egger_test is expected")
    if not isinstance(trim_fill, TrimAndFill | None):
        raise MethodError(f"trim_fill = {trim_fill!r}: the result of trim_and_fill is expected")
    if trim_fill is not None:
        same = np.array_equal(trim_fill.original.estimates, model.estimates)
        if not (same and np.array_equal(trim_fill.original.variances, model.variances)):
            raise MethodError("trim_fill is of other studies than the model; trim and fill of this model is expected")


def _studies(model: MetaAnalysis, size: Size, trim_fill: TrimAndFill | None) -> _Studies:
    labels, xs, variances = model.labels, model.estimates, model.variances
    if model.has_moderators:
        residuals = standardised_residuals(model)
        xs, variances = residuals.residual, residuals.standard_error**2
        if not bool(np.all(np.isfinite(xs) & (variances > 0))):
            study = labels[int(np.argmin(np.isfinite(xs) & (variances > 0)))]
            raise MethodError(f"{study}: the model fits it exactly, so that it has no residual to draw")
    filled = 0 if trim_fill is None else trim_fill.k0
    if trim_fill is not None and filled:
        if size.error is None:
            raise MethodError("trim_fill: filled studies have no sample size; another y is expected")
        labels = (*labels, *(f"filled {number}" for number in range(1, filled + 1)))
        xs = np.concatenate([xs, trim_fill.filled_estimates])
        variances = np.concatenate([variances, trim_fill.filled_variances])
    return _Studies(labels=labels, xs=xs, errors=np.sqrt(variances), sizes=size.of(variances), filled=filled)


def _plan(
    model: MetaAnalysis,
    scale: EffectScale,
    size: Size,
    levels: Sequence[float],
    with_tau2: bool,
    trim_fill: TrimAndFill | None,
    regression: RegressionTest | None,
) -> _Plan:
    studies = _studies(model, size, trim_fill)
    centre = 0.0 if model.has_moderators else model.estimate
    tau2 = model.tau2 if with_tau2 and not model.has_moderators else 0.0
    y = size.axis(studies.sizes, _HEIGHT)
    level = level_words(model.level)
    region = f"pseudo {level} region{' with tau²' if tau2 else ''}"
    sides = parts.region_lines(centre, model.level, tau2, size, y, f"{region[:1].upper()}{region[1:]}")
    null = None if model.has_moderators else scale.null
    adjusted = [] if trim_fill is None or not trim_fill.k0 else [trim_fill.model.estimate]
    x = _x_axis(studies, [centre, *adjusted, *_ends(sides, studies)], null)
    number = scale.words([centre])
    lines = parts.centre_lines(centre, _centre_words(model, number(centre)), _null_line(null, scale, x), y)
    lines += sides
    if adjusted and trim_fill is not None:
        lines.append(parts.adjusted_line(trim_fill, y, f"Summary with filled studies: {number(adjusted[0])}"))
    if regression is not None:
        lines.append(parts.regression_line(regression, model, size, y, _regression_words(regression)))
    return _Plan(
        model=model,
        scale=scale,
        size=size,
        studies=studies,
        x=x,
        y=y,
        contours=() if null is None or not levels else tuple(parts.contours_around(null, levels, size, y)),
        lines=tuple(lines),
        far=parts.inside(studies.xs, studies.errors, centre, model.level, tau2),
        region=region if sides else "",
    )


def _x_axis(studies: _Studies, further: list[float], null: float | None) -> ValueAxis:
    low, high = min(*studies.xs.tolist(), *further), max(*studies.xs.tolist(), *further)
    if null is not None and low - _NEAR * (high - low) <= null <= high + _NEAR * (high - low):
        further = [*further, null]
    return effect_axis(studies.xs, studies.errors, further, PAGE_WIDTH)


def _ends(sides: Sequence[FunnelLine], studies: _Studies) -> list[float]:
    """How wide the region is at the smallest study that is not far smaller than the others."""
    last = float(studies.sizes[np.argmax(np.where(studies.errors <= shown_far(studies.errors), studies.errors, 0.0))])
    return [float(np.interp(last, side.ys, side.xs)) for side in sides]


def _null_line(null: float | None, scale: EffectScale, x: ValueAxis) -> tuple[float, str] | None:
    if null is None or not x.lower <= null <= x.upper:
        return None
    return null, f"No effect: {plain(scale.shown(null))}"


def _centre_words(model: MetaAnalysis, number: str) -> str:
    if model.has_moderators:
        return "Fitted value"
    return f"{summary_name(model)}: {number}"


def _regression_words(test: RegressionTest) -> str:
    name = "Egger's regression" if test.kind == "classic" and test.predictor == "standard error" else "Regression"
    p = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
    return f"{name} on the {test.predictor}, {p}"


def _remarks(plan: _Plan) -> Iterator[str]:
    """What the picture may not be read as, and what does not fit in it."""
    model = plan.model
    if model.k < ENOUGH_STUDIES:
        yield (
            f"k = {model.k}: with fewer than {ENOUGH_STUDIES} studies asymmetry cannot be judged, neither by eye nor "
            "by a test."
        )
    if plan.size.error is None:
        yield "Against sample sizes there is neither a region of sampling error nor a contour."
    elif not plan.contours and not model.has_moderators and plan.scale.null is None:
        yield f"No contours of significance: a {plan.scale.measure.label} compares nothing."
    null = None if model.has_moderators else plan.scale.null
    if null is not None and not plan.x.lower <= null <= plan.x.upper:
        yield f"No effect ({plain(plan.scale.shown(null))}) lies beyond the axis."
    if plan.studies.filled:
        yield "Filled studies are mirror images by trim and fill, not data."
    yield arrows_note([name for index, name in enumerate(plan.studies.labels) if plan.beyond(index)])


def _legend(plan: _Plan, levels: Sequence[float]) -> list[LegendEntry]:
    entries = [LegendEntry(words="Study")]
    if plan.studies.filled:
        entries.append(LegendEntry(words="Filled study", hollow=True))
    entries += [line.look for line in plan.lines if line.look.words]
    return entries + (parts.contour_legend(levels) if plan.contours else [])


def _draw(plan: _Plan, levels: Sequence[float], title: str, notes: Sequence[str]) -> Chart:
    chart = Chart(
        height=_HEIGHT,
        x=plan.x,
        y=plan.y,
        x_label=plan.scale.axis_label,
        y_label=plan.size.label,
        title=title,
        legend=_legend(plan, levels),
        notes=notes,
        x_ticks=plan.scale.ticks(plan.x),
        y_reversed=plan.size.downwards,
    )
    fills = ("#ffffff", *parts.shades(len(plan.contours)))[::-1]
    if plan.contours:
        ends = np.array([plan.y.lower, plan.y.upper])
        chart.band(
            ends, np.full(2, -np.inf), np.full(2, np.inf), upright=True, fill=fills[0], label="contours", order=0.5
        )
    for index, (contour, fill) in enumerate(zip(plan.contours, fills[1:], strict=True)):
        label = f"contour {contour.level:g}"
        order = 0.6 + index / 10
        chart.band(contour.ys, contour.low, contour.high, upright=True, fill=fill, label=label, order=order)
        for side, ends in (("lower", contour.low), ("upper", contour.high)):
            chart.curve(ends, contour.ys, colour=RULE, width=0.5, label=f"edge {contour.level:g} {side}", order=1.0)
    for line in plan.lines:
        label = f"{line.kind} {line.label}"
        chart.curve(
            line.xs, line.ys, colour=line.look.colour, width=line.look.size, dashes=line.look.dashes, label=label
        )
    for index, label in enumerate(plan.studies.labels):
        x, y = float(plan.studies.xs[index]), float(plan.studies.sizes[index])
        chart.point(x, y, fill=SKY, edge=BLUE, hollow=plan.studies.is_filled(index), label=f"study {label}")
    return chart


def _name(chart: Chart, plan: _Plan, named: int) -> None:
    """Names of the studies that lie outside the region, or beyond the axes."""
    if not plan.region:
        return
    order = sorted(range(plan.model.k), key=lambda index: (not plan.beyond(index), -float(plan.far[index])))
    outside = [index for index in order if plan.far[index] > 1 or plan.beyond(index)]
    spots = [(float(plan.studies.xs[i]), float(plan.studies.sizes[i]), plan.studies.labels[i]) for i in outside]
    chart.name_points(spots, most=named)


def _data(plan: _Plan) -> pd.DataFrame:
    return marks_table(_records(plan), _NUMBERS)


def _records(plan: _Plan) -> Iterator[Record]:
    natural = plan.scale.natural
    for index, label in enumerate(plan.studies.labels):
        x = float(plan.studies.xs[index])
        yield {
            "kind": "filled study" if plan.studies.is_filled(index) else "study",
            "label": label,
            "x": x,
            "y": float(plan.studies.sizes[index]),
            "natural": natural(x),
            "standard_error": float(plan.studies.errors[index]),
            "beyond_axis": plan.beyond(index),
        }
    for line in plan.lines:
        for x, y in zip(line.xs.tolist(), line.ys.tolist(), strict=True):
            yield {"kind": line.kind, "label": line.label, "x": x, "y": y, "natural": natural(x)}
    for contour in plan.contours:
        for side, xs in (("lower side", contour.low), ("upper side", contour.high)):
            for x, y in zip(xs.tolist(), contour.ys.tolist(), strict=True):
                label = f"{contour.level:g}, {side}"
                yield {"kind": "contour", "label": label, "x": x, "y": y, "natural": natural(x)}


def _alt_text(plan: _Plan, title: str, notes: Sequence[str]) -> str:
    model, studies = plan.model, plan.studies
    number = plan.scale.words(studies.xs.tolist())
    said = [f"Funnel plot: {title}." if title else "Funnel plot."]
    said.append(f"{plan.scale.axis_label} against {plan.size.label.lower()}, k = {model.k}.")
    said += [f"{line.look.words}." for line in plan.lines if line.look.words and line.kind != "pseudo region"]
    if plan.region:
        centre = float(plan.lines[0].xs[0])
        out = [index for index in range(model.k) if plan.far[index] > 1]
        left = sum(float(studies.xs[index]) < centre for index in out)
        said.append(
            f"{model.k - len(out)} of {model.k} lie inside the {plan.region}, {left} to its left and {len(out) - left} "
            "to its right."
        )
    if plan.contours:
        levels = ", ".join(f"{round(1 - contour.level, 12):g}" for contour in reversed(plan.contours))
        said.append(f"Shaded contours around no effect at p = {levels}.")
    if studies.filled:
        filled = ", ".join(number(float(x)) for x in studies.xs[model.k :])
        said.append(f"Filled studies, hollow ({studies.filled}): {filled}.")
    if model.k <= STUDIES_IN_WORDS:
        pairs = zip(studies.labels, studies.xs.tolist(), studies.errors.tolist(), strict=True)
        shown = [f"{label}: {number(x)}, standard error {error:.3g}" for label, x, error in pairs][: model.k]
        said.append(f"Studies: {'; '.join(shown)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])
