"""How much each study moves a fit: a small panel for each measure, one above the other, over the same studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from scipy.special import chdtri, ndtri

from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.canvas import Canvas
from synth.plots.chart.labels import Box
from synth.plots.chart.page import LegendEntry, Tick, draw_above, draw_below, surroundings_of, tick_room
from synth.plots.chart.panels import Panel, upright_ticks
from synth.plots.chart.points import fitted_model, headline
from synth.plots.drawing import Drawing
from synth.plots.marks import sentences, three_figures
from synth.plots.style import (
    BLUE,
    LINE_SPACING,
    MARGIN,
    PAGE_WIDTH,
    RULE,
    SKY,
    SMALL_SIZE,
    STRIPE,
    TEXT,
    TEXT_SIZE,
    VERMILLION,
    drawing_settings,
)
from synth.synthesis.influence import InfluenceSet, influence
from synth.synthesis.linear import FloatArray
from synth.synthesis.models import MetaAnalysis

_HEIGHT: Final = 40.0  # of a panel, points
_GAP: Final = 7.0
_DASHES: Final = (4.0, 2.0)
_NUMBER_GAP: Final = 8.0


@dataclass(frozen=True, slots=True)
class _Measure:
    """A panel: what it shows, cut-offs (dashed) and the value without influence (solid)."""

    name: str
    words: str
    numbers: FloatArray
    limits: tuple[float, ...]
    neutral: float | None


def influence_panel(
    model: MetaAnalysis,
    *,
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """Influence of each study by eight measures.

    Parameters
    ----------
    model : MetaAnalysis
        Of at least two studies.
    title : str
        Heading inside the picture.
    about : str
        What was pooled, for the title and the words of the drawing; it is not drawn.
    notes : sequence of str
        Lines below it, before the marks of the result.

    Returns
    -------
    Drawing
        Its data have a line for each study and measure (NaN where a value does not exist), and one for each line.

    Raises
    ------
    MethodError
        If there is one study only, or no study can be left out.

    References
    ----------
    Viechtbauer and Cheung 2010, Res Synth Methods 1:112-125.
    """
    heading, _ = headline("Influence of each study", title, about)
    result = influence(fitted_model(model, "influence panel"))
    measures = _measures(model, result)
    if not any(np.isfinite(measure.numbers).any() for measure in measures[:6]):
        raise MethodError(f"no study can be left out: {'; '.join(result.marks)}")
    criteria = f"Influential: {'; or '.join(result.criteria)}."
    told = (*notes, criteria, *sentences(result.marks))
    with drawing_settings():
        canvas, panels = _page(result, measures, title, told)
        for panel, measure in zip(panels, measures, strict=True):
            _draw(panel, measure, result)
    alt = _alt_text(result, measures, about, told)
    return Drawing(
        canvas.figure, title=text.printable(heading), alt_text=text.printable(alt), data=_data(result, measures)
    )


def _measures(model: MetaAnalysis, result: InfluenceSet) -> list[_Measure]:
    beyond, cooks, dffits = -float(ndtri(0.025)), float(chdtri(model.p, 0.5)), result.dffits_limit
    # A cut-off that no value can reach is told in the marks and not drawn.
    both = (-dffits, dffits) if np.isfinite(dffits) else ()
    hat = (result.hat_limit,) if result.hat_limit < 1 else ()
    q = "" if model.q_e is None else f" (with all: {model.q_e:.3g})"
    q_words = f"Q without the study{q}"
    tau2_words = f"τ² without the study (with all: {model.tau2:.3g})"
    return [
        _Measure("rstudent", f"Studentised residual{_told((beyond,))}", result.rstudent, (-beyond, beyond), 0.0),
        _Measure("dffits", f"DFFITS{_told(both[1:])}", result.dffits, both, 0.0),
        _Measure("cooks_distance", f"Cook's distance{_told((cooks,))}", result.cooks_distance, (cooks,), 0.0),
        _Measure("covariance_ratio", "Covariance ratio (no influence: 1)", result.covariance_ratio, (), 1.0),
        _Measure("tau2_deleted", tau2_words, result.tau2_deleted, (), model.tau2),
        _Measure("q_e_deleted", q_words, result.q_e_deleted, (), model.q_e),
        _Measure("hat", f"Hat value{_told(hat)}", result.hat, hat, model.p / model.k),
        _Measure("weight", f"Weight (equal weights: {1 / model.k:.3g})", result.weight, (), 1 / model.k),
    ]


def _told(limits: Sequence[float]) -> str:
    return f" (cut-off {limits[0]:.3g})" if limits else ""


def _page(
    result: InfluenceSet, measures: Sequence[_Measure], title: str, notes: Sequence[str]
) -> tuple[Canvas, list[Panel]]:
    """The page with an empty panel for each measure."""
    axes = [_axis(measure) for measure in measures]
    ticks = [upright_ticks(axis) for axis in axes]
    left, right = MARGIN + max(tick_room(marks) for marks in ticks), PAGE_WIDTH - MARGIN
    around = surroundings_of(
        PAGE_WIDTH, title=title, x_label="Study", y_label="", legend=list(_legend(result)), notes=notes
    )
    step = TEXT_SIZE * LINE_SPACING + _HEIGHT + _GAP
    top = around.above - _GAP
    canvas = Canvas(PAGE_WIDTH, top + step * len(measures) - _GAP + around.below)
    draw_above(canvas, around)
    draw_below(canvas, around, left=left, right=right, bottom=top + step * len(measures) - _GAP)
    k = len(result.labels)
    numbers = _numbers(result, right - left)
    x = ValueAxis(0.4, k + 0.6, False, right - left)
    panels = []
    for index, measure in enumerate(measures):
        start = top + index * step
        canvas.text([measure.words], MARGIN, start)
        area = Box(left, start + TEXT_SIZE * LINE_SPACING + 2, right, start + step - _GAP)
        last = index == len(measures) - 1
        panels.append(Panel(canvas, area, x=x, y=axes[index], x_ticks=numbers if last else (), y_ticks=ticks[index]))
    return canvas, panels


def _axis(measure: _Measure) -> ValueAxis:
    """All finite values, the cut-offs and the value without influence, with some air."""
    shown = [*measure.numbers[np.isfinite(measure.numbers)].tolist(), *measure.limits]
    shown += [] if measure.neutral is None else [measure.neutral]
    low, high = min(shown), max(shown)
    span = high - low or max(abs(high), 1.0)
    return _readable(ValueAxis(low - 0.1 * span, high + 0.1 * span, False, _HEIGHT))


def _readable(axis: ValueAxis) -> ValueAxis:
    """The axis, or a longer one between round values where its labels are fewer than two: one tick is no scale."""
    wider = axis
    for number in range(6, 0, -1):
        if len(upright_ticks(wider)) > 1:
            break
        values = MaxNLocator(nbins=number, steps=[1, 2, 2.5, 5, 10]).tick_values(axis.lower, axis.upper)
        wider = ValueAxis(min(axis.lower, float(values[0])), max(axis.upper, float(values[-1])), False, _HEIGHT)
    return wider


def _numbers(result: InfluenceSet, width: float) -> list[Tick]:
    """Numbers of the studies at the axis: as many as have room, those of influential studies first."""
    k = len(result.labels)
    least = (text.text_width(str(k), SMALL_SIZE) + _NUMBER_GAP) * (k + 0.2) / width
    first = (np.flatnonzero(result.influential) + 1).tolist()
    chosen: list[int] = []
    for number in (*first, 1, k, *range(1, k + 1)):
        if all(abs(number - other) >= least for other in chosen):
            chosen.append(number)
    return [(float(number), str(number)) for number in sorted(chosen)]


def _legend(result: InfluenceSet) -> Iterator[LegendEntry]:
    yield LegendEntry(words="not influential", marker="o", fill=SKY, colour=BLUE)
    if result.influential.any():
        yield LegendEntry(words="influential", marker="D", fill=VERMILLION, colour=TEXT)
    yield LegendEntry(words="cut-off", kind="line", colour=VERMILLION, dashes=_DASHES, size=1.0)
    yield LegendEntry(words="no influence, or all studies", kind="line", colour=RULE, size=1.0)
    for number, label in enumerate(result.labels, start=1):
        flag = " (influential)" if result.influential[number - 1] else ""
        yield LegendEntry(words=f"{number}\N{NO-BREAK SPACE}{label}{flag}", kind="words")


def _draw(panel: Panel, measure: _Measure, result: InfluenceSet) -> None:
    for number in np.flatnonzero(result.influential) + 1:
        panel.band([number - 0.4, number + 0.4], [-np.inf] * 2, [np.inf] * 2, fill=STRIPE, label=f"stripe {number}")
    if measure.neutral is not None:
        panel.rule(y=measure.neutral, colour=RULE, label=f"neutral {measure.name}")
    for side, limit in zip(("high", "low"), reversed(measure.limits), strict=False):
        panel.rule(y=limit, colour=VERMILLION, dashes=_DASHES, label=f"cut-off {measure.name} {side}")
    xs = np.arange(1.0, len(measure.numbers) + 1)
    finite = np.where(np.isfinite(measure.numbers), measure.numbers, np.nan)
    panel.curve(xs, finite, colour=BLUE, width=0.7, label=f"line {measure.name}", order=2.0)
    small = 5.0 if len(xs) <= 30 else 4.0
    for x, value, flagged in zip(xs.tolist(), measure.numbers.tolist(), result.influential.tolist(), strict=True):
        if np.isnan(value):
            continue
        place = value if np.isfinite(value) else np.copysign(1e300, value)
        marker, fill, edge = ("D", VERMILLION, TEXT) if flagged else ("o", SKY, BLUE)
        panel.point(x, place, size=small, marker=marker, fill=fill, edge=edge, label=f"{measure.name} {x:.0f}")


def _data(result: InfluenceSet, measures: Sequence[_Measure]) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for measure in measures:
        for number, label in enumerate(result.labels):
            value = float(measure.numbers[number])
            beyond = "" if not np.isinf(value) else "above" if value > 0 else "below"
            flagged = bool(result.influential[number])
            rows.append(_row("point", measure, value, label, number + 1, influential=flagged, beyond=beyond))
        rows += [_row("cut-off", measure, limit) for limit in measure.limits]
        rows += [] if measure.neutral is None else [_row("no influence", measure, measure.neutral)]
    return pd.DataFrame(rows)


def _row(
    part: str,
    measure: _Measure,
    value: float,
    label: str = "",
    number: int = 0,
    *,
    influential: bool = False,
    beyond: str = "",
) -> dict[str, object]:
    return {
        "part": part,
        "measure": measure.name,
        "study": label,
        "number": number,
        "value": value,
        "influential": influential,
        "beyond_axis": beyond,
    }


def _alt_text(result: InfluenceSet, measures: Sequence[_Measure], about: str, notes: Sequence[str]) -> str:
    flagged = [label for label, yes in zip(result.labels, result.influential, strict=True) if yes]
    names = ", ".join(flagged) if flagged else "none"
    parts = [
        f"Influence of {len(result.labels)} studies by {len(measures)} measures{f' ({about})' if about else ''}, one "
        "panel each, the studies across.",
        f"Influential ({'; or '.join(result.criteria)}): {names}.",
    ]
    for measure in measures:
        finite = np.where(np.isfinite(measure.numbers), measure.numbers, np.nan)
        if np.isfinite(finite).any():
            least, most = int(np.nanargmin(finite)), int(np.nanargmax(finite))
            ends = three_figures(finite[least]), three_figures(finite[most])
            where = f"{ends[0]} ({result.labels[least]}) to {ends[1]} ({result.labels[most]})"
            parts.append(f"{measure.words}: {where}.")
    return " ".join([*parts, *notes])
