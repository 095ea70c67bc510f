"""P-value functions: how well each hypothesised effect goes with the studies, and with all of them together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis, near_values, value_axis
from synth.plots.chart import Chart, LegendEntry
from synth.plots.chart.page import Tick
from synth.plots.drawing import Drawing
from synth.plots.forest.rows import ReferenceLine
from synth.plots.marks import sentences, three_figures
from synth.plots.reach import told_beyond, within_reach
from synth.plots.style import (
    BLUE,
    MUTED,
    PAGE_WIDTH,
    REFERENCE_COLOURS,
    REFERENCE_DASHES,
    RULE,
    SMALL_SIZE,
    TEXT,
    drawing_settings,
)
from synth.synthesis.linear import FloatArray
from synth.synthesis.p_value_function import PValueFunction, PValueFunctions

_HEIGHT: Final = 270.0
_HEADROOM, _BARE = 0.18, 0.03  # of the p axis above 1: for the names at the tops of the curves, and without names
_LEAST: Final = 0.001  # where a logarithmic p axis ends
#: P values at which a curve has a point on either side: evenly, and in the tail by equal factors.
_P_VALUES: Final = np.concatenate([np.linspace(1.0, 0.05, 58), np.geomspace(0.05, 0.0005, 25)[1:]])
_NAMED: Final = 6  # studies up to which each has its name at its curve
_DASHES: Final[tuple[tuple[float, ...] | None, ...]] = ((4.0, 1.5), (1.5, 1.5), (6.0, 1.5, 1.5, 1.5), (9.0, 2.0))


@dataclass(frozen=True, slots=True)
class _Curve:
    """A p-value function on the axes: effects as the axis shows them."""

    function: PValueFunction
    pooled: bool
    effects: FloatArray
    p: FloatArray


def p_value_plot(
    curves: PValueFunctions,
    *,
    effect_label: str,
    null_value: float | None,
    log_scale: bool = False,
    p_scale: Literal["linear", "log"] = "linear",
    reference_lines: Sequence[ReferenceLine] = (),
    levels: Sequence[float] = (0.5, 0.8, 0.95),
    studies: bool = True,
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """Two-sided p values of every hypothesised effect.

    Where a curve is higher than 1 - level, the effect lies inside the confidence interval of that level.

    Parameters
    ----------
    curves : PValueFunctions
        Of a model (`p_value_functions`).
    effect_label : str
        What the effects are, with their unit.
    null_value : float or None
        No effect, as the axis shows it (1 for ratios); None where there is no such value.
    log_scale : bool
        Whether effects are logarithms, shown as ratios on a logarithmic axis.
    p_scale : {"linear", "log"}
        Of the upright axis; the logarithmic one ends at 0.001.
    reference_lines : sequence of ReferenceLine
        Such as an important difference, as the axis shows it.
    levels : sequence of float
        Confidence levels whose intervals of the pool are marked.
    studies : bool
        Whether the curves of the studies are drawn too.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below it, before the marks of the model.

    Returns
    -------
    Drawing
        Its data have a line for each point of each curve, each limit and each line.

    Raises
    ------
    MethodError
        If the curves are no PValueFunctions, an option is out of range, or a value cannot be drawn on this axis.

    References
    ----------
    Infanger and Schmidt-Trucksäss 2019, Stat Med 38:4189-4197.
    """
    if not isinstance(curves, PValueFunctions):
        raise MethodError(f"p-value plot: p_value_functions(model) is expected, not {type(curves).__name__}")
    lines = _lines(null_value, reference_lines, log_scale)
    levels = _checked(levels, p_scale)
    functions = [*(curves.studies if studies else ()), curves.pool]
    axis, upright = _axis(functions, [line.value for line in lines], log_scale), _p_axis(p_scale, len(functions))
    drawn = [_curve(function, function is curves.pool, axis) for function in functions]
    limits = [(level, *_interval(curves.pool, level, log_scale)) for level in levels]
    beyond = told_beyond([(line.value, line.label) for line in lines], axis)
    told = (*notes, *_notes(curves, drawn, limits, axis), *beyond, *sentences(curves.marks))
    with drawing_settings():
        chart = Chart(
            height=_HEIGHT,
            x=axis,
            y=upright,
            x_label=effect_label,
            y_label="Two-sided p value (in brackets the confidence level of the interval)",
            title=title,
            legend=list(_legend(curves, drawn, lines, log_scale)),
            notes=told,
            y_ticks=_p_ticks(levels, p_scale, upright),
            right=max((text.text_width(text.plain(tick), SMALL_SIZE) for tick in axis.ticks()), default=0.0) / 2,
        )
        _draw(chart, drawn, lines, limits)
    return chart.finish(
        title=title or f"P-value function: {effect_label}",
        alt_text=_alt_text(curves, drawn, lines, effect_label, log_scale, told),
        data=_data(drawn, lines, limits, chart),
    )


def _lines(null_value: float | None, references: Sequence[ReferenceLine], log_scale: bool) -> list[ReferenceLine]:
    lines = [] if null_value is None else [ReferenceLine(null_value, "no effect")]
    for line in (*lines, *references):
        if not math.isfinite(line.value) or (log_scale and line.value <= 0):
            bound = "above 0" if log_scale else "finite"
            raise MethodError(f"{line.label} at {line.value}: a value {bound} is expected on this axis")
    return [*lines, *references]


def _checked(levels: Sequence[float], p_scale: str) -> tuple[float, ...]:
    if p_scale not in ("linear", "log"):
        raise MethodError(f"p_scale {p_scale!r}: 'linear' or 'log' is expected")
    if not levels:
        raise MethodError("levels: at least one confidence level is expected")
    for level in levels:
        check_level(level)
        if 1 - level < _LEAST:
            raise MethodError(f"level {level}: at most {1 - _LEAST} is expected, where the axis ends")
    return tuple(sorted(set(levels)))


def _axis(functions: Sequence[PValueFunction], marked: Sequence[float], log_scale: bool) -> ValueAxis:
    """The pool and what lies near it: estimates, marked values, and 95% intervals that are not far too wide."""
    intervals = [_interval(function, 0.95, log_scale) for function in functions]
    estimates = [_top(function, log_scale) for function in functions]
    values = [*near_values(estimates[:-1], estimates[-1:], intervals, log=log_scale), estimates[-1]]
    bare = value_axis(values, intervals, log=log_scale, width=PAGE_WIDTH - 120.0)
    values += within_reach(marked, bare.lower, bare.upper, log=log_scale)
    return value_axis(values, intervals, log=log_scale, width=PAGE_WIDTH - 120.0)


def _curve(function: PValueFunction, pooled: bool, axis: ValueAxis) -> _Curve:
    """Points of a curve inside the axis, its top among them."""
    low, high = (math.log(axis.lower), math.log(axis.upper)) if axis.log else (axis.lower, axis.upper)
    sides = np.array([function.interval(1 - p) if p < 1 else (function.estimate,) * 2 for p in _P_VALUES.tolist()])
    effects = np.unique(np.concatenate([sides[:, 0], sides[:, 1], [low, high]]))
    effects = effects[(effects >= low) & (effects <= high)]
    p = function.p(effects)
    return _Curve(function, pooled, np.exp(effects) if axis.log else effects, p)


def _interval(function: PValueFunction, level: float, log_scale: bool) -> tuple[float, float]:
    low, high = function.interval(level)
    with np.errstate(over="ignore"):
        return (float(np.exp(low)), float(np.exp(high))) if log_scale else (low, high)


def _p_axis(p_scale: str, curves: int) -> ValueAxis:
    above = _HEADROOM if 1 < curves <= _NAMED + 1 else _BARE
    if p_scale == "log":
        return ValueAxis(_LEAST, _LEAST**-above, True, _HEIGHT)
    return ValueAxis(0.0, 1 + above, False, _HEIGHT)


def _p_ticks(levels: Sequence[float], p_scale: str, axis: ValueAxis) -> list[Tick]:
    """The p values at the levels, with the level in brackets, and round ones where there is room."""
    chosen = {float(f"{1 - level:.6g}"): f" ({100 * level:g}%)" for level in levels}
    for value in [_LEAST, 0.01, 0.1, 1.0] if p_scale == "log" else [0.0, 1.0]:
        if all(abs(axis.fraction(value) - axis.fraction(other)) * _HEIGHT >= SMALL_SIZE for other in chosen):
            chosen[value] = ""
    return [(value, f"{text.plain(value)}{words}") for value, words in sorted(chosen.items())]


def _legend(
    curves: PValueFunctions, drawn: Sequence[_Curve], lines: Sequence[ReferenceLine], log_scale: bool
) -> Iterator[LegendEntry]:
    several = len(drawn) > 1
    yield LegendEntry(words=curves.pool.label, kind="line", colour=BLUE, size=2.0)
    if several:
        words = "a study" if len(drawn) == 2 else "studies"
        yield LegendEntry(words=words, kind="line", colour=MUTED, dashes=_dashes(0, len(drawn) - 1), size=0.8)
    for index, line in enumerate(lines):
        colour, dashes = _line_style(index, line)
        p = float(curves.pool.p([math.log(line.value) if log_scale else line.value])[0])
        told = f"p = {three_figures(p)}" if p >= _LEAST else f"p < {_LEAST}"
        words = f"{line.label} ({text.plain(line.value)}): {told} for {_whom(curves)}"
        yield LegendEntry(words=words, kind="line", colour=colour, dashes=dashes, size=1.0)


def _whom(curves: PValueFunctions) -> str:
    """Whose curve the thick one is: a study by itself is no pool."""
    return curves.pool.label if curves.one_study else f"the {curves.pool.label}"


def _line_style(index: int, line: ReferenceLine) -> tuple[str, tuple[float, ...] | None]:
    if line.label == "no effect":
        return TEXT, None
    return REFERENCE_COLOURS[index % len(REFERENCE_COLOURS)], REFERENCE_DASHES[index % len(REFERENCE_DASHES)]


def _dashes(index: int, studies: int) -> tuple[float, ...] | None:
    return _DASHES[index % len(_DASHES)] if studies <= _NAMED else None


def _draw(
    chart: Chart,
    drawn: Sequence[_Curve],
    lines: Sequence[ReferenceLine],
    limits: Sequence[tuple[float, float, float]],
) -> None:
    chart.axes.spines["left"].set_bounds(chart.y.lower, 1.0)
    for index, line in enumerate(lines):
        colour, dashes = _line_style(index, line)
        if chart.beyond(line.value, 0.5):
            continue
        chart.curve(
            (line.value, line.value), (chart.y.lower, 1.0), colour=colour, dashes=dashes, label=line.label, order=2.4
        )
    for level, low, high in limits:
        p = 1 - level
        chart.rule(y=p, colour=RULE, width=0.6, label=f"level {level:g}")
        for end, value in (("low", low), ("high", high)):
            if 0 < value < math.inf or not chart.x.log:
                chart.point(value, p, size=5.0, marker="s", fill=BLUE, label=f"limit {level:g} {end}")
    many = len(drawn) - 1 > _NAMED
    for index, curve in enumerate(drawn):
        style = {"colour": BLUE, "width": 2.2} if curve.pooled else {"colour": RULE if many else MUTED, "width": 0.8}
        dashes = None if curve.pooled else _dashes(index, len(drawn) - 1)
        label, order = f"curve {curve.function.label}", 2.6 if curve.pooled else 2.2
        chart.curve(curve.effects, curve.p, dashes=dashes, label=label, order=order, **style)
    if len(drawn) > 1 and not many:
        named = [*drawn[-1:], *drawn[:-1]]
        chart.name_points(
            [(_top(curve.function, chart.x.log), 1.0, curve.function.label) for curve in named], most=_NAMED + 1
        )


def _top(function: PValueFunction, log_scale: bool) -> float:
    """The estimate, where the p value is 1, as the axis shows it."""
    with np.errstate(over="ignore"):
        return float(np.exp(function.estimate)) if log_scale else function.estimate


def _notes(
    curves: PValueFunctions, drawn: Sequence[_Curve], limits: Sequence[tuple[float, float, float]], axis: ValueAxis
) -> Iterator[str]:
    told = "; ".join(f"{100 * level:g}% {three_figures(low)} to {three_figures(high)}" for level, low, high in limits)
    yield f"Intervals of {_whom(curves)} (squares): {told}."
    if len(drawn) - 1 > _NAMED:
        yield f"The {len(drawn) - 1} studies are not named at their curves; the table of the picture has each."
    outside = [
        curve.function.label
        for curve in drawn
        if axis.clipped(_interval(curve.function, 0.95, axis.log)) and not curve.pooled
    ]
    if outside:
        named = f" ({', '.join(outside)})" if len(outside) <= 3 else ""
        studies = f"{len(outside)} {'study' if len(outside) == 1 else 'studies'}"
        yield f"Wider than shown: the 95% interval of {studies}{named}."
    far = [curve.function.label for curve in drawn if not axis.lower <= _top(curve.function, axis.log) <= axis.upper]
    if far:
        yield f"Estimates beyond the axis: {', '.join(far)}."
    degrees = curves.pool.degrees_of_freedom
    kind = "normal" if degrees is None else f"t with {degrees} degree{'' if degrees == 1 else 's'} of freedom"
    yield f"Distribution of {_whom(curves)}: {kind}{'; of the studies: normal' if len(drawn) > 1 else ''}."


def _alt_text(
    curves: PValueFunctions,
    drawn: Sequence[_Curve],
    lines: Sequence[ReferenceLine],
    effect_label: str,
    log_scale: bool,
    notes: Sequence[str],
) -> str:
    studies = len(drawn) - 1
    of_studies = f" and of {studies} {'study' if studies == 1 else 'studies'}" if studies else ""
    top = three_figures(_top(drawn[-1].function, log_scale))
    parts = [
        f"P-value function of {_whom(curves)}{of_studies}: {effect_label} across, two-sided p value upright.",
        f"The curve of {_whom(curves)} has its top at {top}.",
        *(f"{entry.words}." for entry in _legend(curves, drawn, lines, log_scale) if ": p " in entry.words),
    ]
    if 0 < studies <= _NAMED:
        tops = ", ".join(
            f"{curve.function.label} {three_figures(_top(curve.function, log_scale))}" for curve in drawn[:-1]
        )
        parts.append(f"Tops of the studies: {tops}.")
    return " ".join([*parts, *notes])


def _data(
    drawn: Sequence[_Curve],
    lines: Sequence[ReferenceLine],
    limits: Sequence[tuple[float, float, float]],
    chart: Chart,
) -> pd.DataFrame:
    points = [
        pd.DataFrame({"part": "curve", "label": curve.function.label, "effect": curve.effects, "p": curve.p})
        for curve in drawn
    ]
    rows = [
        ("limit", f"{end} {100 * level:g}%", value, 1 - level)
        for level, low, high in limits
        for end, value in (("low", low), ("high", high))
    ]
    rows += [("line", line.label, line.value, math.nan) for line in lines]
    data = pd.concat([*points, pd.DataFrame(rows, columns=["part", "label", "effect", "p"])], ignore_index=True)
    outside = [chart.beyond(effect, 0.5) for effect in data["effect"]]
    return data.assign(beyond_axis=outside)
