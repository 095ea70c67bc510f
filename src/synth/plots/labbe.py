"""L'Abbé plots: the share of events in the treated arm against that in the control arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from synth.errors import MethodError
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, LegendEntry
from synth.plots.chart.points import (
    STUDIES_IN_WORDS,
    Record,
    check_named,
    headline,
    inside_sentence,
    joined,
    level_words,
    marks_table,
    not_drawn_note,
    sentences,
    sizes_by_weight,
)
from synth.plots.chart.scale import scale_of
from synth.plots.drawing import Drawing
from synth.plots.style import BLUE, RULE, TEXT, drawing_settings
from synth.plots.text import fixed, plain
from synth.synthesis.linear import BoolArray, FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.stratified_result import StratifiedEffect
from synth.synthesis.stratified_tables import CountTables, read_counts

__all__ = ["labbe"]

LabbeMeasure = Literal["OR", "RR", "RD", "PETO"]
PointSize = Literal["weight", "participants"]

_SIDE: Final = 320.0
_STEPS: Final = 100
_LEAST_SPAN: Final = 0.1
_ROOM: Final = 0.05
_LEAST_FACTOR: Final = 1.2  # room at each end of logarithmic axes
_HIGH: Final = 0.7  # where every share is above it, the axes begin with less room below them
_BAND_FILL: Final = "#e3e9ee"
_DASHES: Final = (5.0, 2.0)
_HEAVIEST: Final = 15.0  # diameter of the heaviest study, points; less where there are many
_MANY: Final = 25
_COUNTS: Final = ("events_treated", "total_treated", "events_control", "total_control")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is drawn."""

    tables: CountTables
    without_events: tuple[str, ...]
    measure: LabbeMeasure
    estimate: float
    interval: tuple[float, float] | None
    level: float
    weights: FloatArray
    size: PointSize
    axis: ValueAxis
    treated: str
    control: str
    marks: tuple[str, ...]

    @property
    def xs(self) -> FloatArray:
        return self.tables.c / self.tables.n2

    @property
    def ys(self) -> FloatArray:
        return self.tables.a / self.tables.n1

    @property
    def k(self) -> int:
        return len(self.tables.studies)

    def grid(self) -> FloatArray:
        spaced = np.geomspace if self.axis.log else np.linspace
        result: FloatArray = spaced(self.axis.lower, self.axis.upper, _STEPS + 1)
        return result


def labbe(
    result: MetaAnalysis | StratifiedEffect,
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    measure: LabbeMeasure | None = None,
    labels: Sequence[str] | None = None,
    size: PointSize = "weight",
    treated: str = "treated",
    control: str = "control",
    log: bool = False,
    named: int = 8,
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """A L'Abbé plot with the line of equal shares and the curve of a pooled effect.

    Parameters
    ----------
    result : MetaAnalysis or StratifiedEffect
        The pooled effect; its curve is what it makes of each share of events in the control arm.
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Counts of the studies. A study with a missing count is left out and named.
    measure : {"OR", "RR", "RD", "PETO"}
        What a MetaAnalysis has pooled: log odds ratios, log risk ratios or risk differences. A StratifiedEffect knows
        its own.
    labels : sequence of str, optional
        Names of the studies, by which their weights are found in the result.
    size : {"weight", "participants"}
        What the area of a point shows. A study without weight in the result is hollow.
    treated, control : str
        What to call the arms.
    log : bool
        Logarithmic axes, for shares that differ by factors; a study without events in an arm is then left out and
        named.
    named : int
        At most so many studies are named, those furthest from the curve first.
    title, notes, not_drawn
        As for `funnel`.
    about : str
        What was pooled, for the title and the words of the drawing; it is not drawn.

    Returns
    -------
    Drawing
        Its data have a line for each study, with its counts, and for each point of a line: share in the control arm
        (x) and in the treated arm (y).

    Raises
    ------
    MethodError
        If counts are impossible, the measure is not one of these or not that of the result, the result has moderators
        or no estimate, or it has a study that the counts do not have.

    References
    ----------
    L'Abbé, Detsky and O'Rourke 1987, Ann Intern Med 107:224-233.
    """
    check_named(named)
    if size not in get_args(PointSize):
        raise MethodError(f"size {size!r}: one of {', '.join(get_args(PointSize))} is expected")
    tables = read_counts(events_treated, total_treated, events_control, total_control, labels)
    plan = _plan(result, tables, _measure(result, measure), size, (treated, control), log=log)
    missing = dict.fromkeys(tables.missing, "a count is missing")
    missing |= dict.fromkeys(plan.without_events, "a logarithmic axis has no share of 0")
    heading, opening = headline("L'Abbé plot", title, about)
    remarks = [*_remarks(plan), *sentences(plan.marks), not_drawn_note({**missing, **(not_drawn or {})}), *notes]
    with drawing_settings():
        chart = _draw(plan, title, remarks)
        _name(chart, plan, named)
    data = marks_table(_records(plan), ("x", "y", *_COUNTS, "weight"))
    return chart.finish(title=heading, alt_text=_alt_text(plan, opening, remarks), data=data)


def _measure(result: object, measure: str | None) -> LabbeMeasure:
    """What the result has pooled."""
    if not isinstance(result, MetaAnalysis | StratifiedEffect):
        kind = type(result).__name__
        raise MethodError(f"L'Abbé plot: a MetaAnalysis or a StratifiedEffect is expected, not {kind}")
    own = result.measure if isinstance(result, StratifiedEffect) else measure
    if measure is not None and own != measure:
        raise MethodError(f"measure {measure!r}: the result has pooled {own!r}")
    known: tuple[LabbeMeasure, ...] = get_args(LabbeMeasure)
    for code in known:
        if own == code:
            return code
    raise MethodError(f"measure {own!r}: one of {', '.join(known)} is expected")


def _plan(
    result: MetaAnalysis | StratifiedEffect,
    tables: CountTables,
    measure: LabbeMeasure,
    size: PointSize,
    arms: tuple[str, str],
    *,
    log: bool,
) -> _Plan:
    interval: tuple[float, float] | None
    if isinstance(result, MetaAnalysis):
        names, weights = result.labels, result.weights
        estimate, interval = result.estimate, result.interval
    else:
        if result.estimate is None:
            raise MethodError(f"the pooled {measure} is not defined; there is no curve to draw")
        estimate, names, interval = result.estimate, result.studies, result.interval
        weights = np.full(len(names), np.nan) if result.weights is None else np.array(result.weights)
    known = _weights(tables.studies, names, weights)
    kept = (tables.a > 0) & (tables.c > 0) if log else np.ones(len(known), dtype=bool)
    if not kept.any():
        raise MethodError("no study has events in both arms, which logarithmic axes need; log=False is expected")
    shown = _only(tables, kept)
    shares = np.concatenate([shown.a / shown.n1, shown.c / shown.n2])
    return _Plan(
        tables=shown,
        without_events=_only(tables, ~kept).studies,
        measure=measure,
        estimate=estimate,
        interval=interval,
        level=result.level,
        weights=known[kept],
        size=size,
        axis=_log_axis(shares) if log else _axis(shares),
        treated=inside_sentence(arms[0]),
        control=inside_sentence(arms[1]),
        marks=result.marks,
    )


def _only(tables: CountTables, kept: BoolArray) -> CountTables:
    """Some of the studies."""
    studies = tuple(study for study, seen in zip(tables.studies, kept.tolist(), strict=True) if seen)
    return replace(tables, a=tables.a[kept], b=tables.b[kept], c=tables.c[kept], d=tables.d[kept], studies=studies)


def _weights(studies: Sequence[str], names: Sequence[str], weights: FloatArray) -> FloatArray:
    """The weight of each study, NaN for those that the result does not have."""
    if tuple(studies) == tuple(names):
        return weights
    for where, listed in (("counts", studies), ("result", names)):
        twice = next((name for index, name in enumerate(listed) if name in listed[:index]), None)
        if twice is not None:
            raise MethodError(f"{twice}: two studies of the {where} have this name; a name for each is expected")
    unknown = [name for name in names if name not in studies]
    if unknown:
        raise MethodError(f"{unknown[0]}: the result has this study and the counts do not; the same names are expected")
    known = dict(zip(names, weights.tolist(), strict=True))
    return np.array([known.get(study, np.nan) for study in studies])


def _axis(shares: FloatArray) -> ValueAxis:
    """Limits that both axes have: from 0 or from the least share, a little further than the greatest."""
    least, most = float(shares.min()), float(shares.max())
    if most == 0:
        return ValueAxis(0.0, _LEAST_SPAN, False, _SIDE)
    lower = least - max(0.5 * (1 - least), _LEAST_SPAN) if least > _HIGH else 0.0
    return ValueAxis(lower, min(1.0, most + _ROOM * (most - lower)), False, _SIDE)


def _log_axis(shares: FloatArray) -> ValueAxis:
    least, most = float(shares.min()), float(shares.max())
    room = max((most / least) ** _ROOM, _LEAST_FACTOR)
    return ValueAxis(least / room, min(1.0, most * room), True, _SIDE)


def _treated_share(measure: LabbeMeasure, control: FloatArray, effect: float) -> FloatArray:
    """What an effect makes of a share in the control arm; a ratio or a difference may leave 0 to 1."""
    if measure in ("OR", "PETO"):
        result: FloatArray = expit(logit(control) + effect)
        return result
    return control * np.exp(effect) if measure == "RR" else control + effect


def _possible(shares: FloatArray) -> FloatArray:
    """NaN for shares that are none."""
    return np.where((shares >= 0) & (shares <= 1), shares, np.nan)


def _pooled_words(plan: _Plan) -> str:
    scale = scale_of(plan.measure)
    number = scale.words([plan.estimate])
    name = scale.measure.label
    words = f"{name[:1].upper()}{name[1:]} {number(plan.estimate)}"
    if plan.interval is None:
        return words
    low, high = plan.interval
    return f"{words} [{level_words(plan.level)} CI {number(low)} to {number(high)}]"


def _remarks(plan: _Plan) -> Iterator[str]:
    yield f"Above the line of equal shares the event is more frequent in the {plan.treated} arm, below it less."
    shows = "weight in the pooled effect" if plan.size == "weight" else "number of participants"
    yield f"Areas of the points: {shows}."
    if np.isnan(plan.weights).any() and plan.size == "weight":
        hollow = [study for study, weight in zip(plan.tables.studies, plan.weights, strict=True) if np.isnan(weight)]
        yield f"Hollow: without weight in the pooled effect ({', '.join(hollow)})."


def _curves(plan: _Plan) -> Iterator[tuple[str, str, FloatArray, FloatArray]]:
    grid = plan.grid()
    yield "equal shares", "equal shares", grid[[0, -1]], grid[[0, -1]]
    yield "pooled effect", "pooled effect", grid, _possible(_treated_share(plan.measure, grid, plan.estimate))
    if plan.interval is not None:
        for label, end in zip(("lower limit", "upper limit"), plan.interval, strict=True):
            yield "interval", label, grid, _possible(_treated_share(plan.measure, grid, end))


def _draw(plan: _Plan, title: str, notes: Sequence[str]) -> Chart:
    legend = [
        LegendEntry(words="Study"),
        LegendEntry(words="Equal shares", kind="line", colour=RULE, size=0.9),
        LegendEntry(words=_pooled_words(plan), kind="line", colour=TEXT, size=1.3, dashes=_DASHES),
    ]
    if plan.interval is not None:
        words = f"Its {level_words(plan.level)} interval"
        legend.append(LegendEntry(words=words, kind="band", colour=RULE, fill=_BAND_FILL))
    scale = " (log scale)" if plan.axis.log else ""
    chart = Chart(
        height=_SIDE,
        x=plan.axis,
        y=plan.axis,
        x_label=f"Share with the event, {plan.control}{scale}",
        y_label=f"Share with the event, {plan.treated}{scale}",
        title=title,
        legend=legend,
        notes=notes,
        plot_width=_SIDE,
    )
    if plan.interval is not None:
        grid = plan.grid()
        low, high = (_treated_share(plan.measure, grid, end) for end in plan.interval)
        chart.band(grid, low, high, fill=_BAND_FILL, label="interval")
    for kind, label, xs, ys in _curves(plan):
        colour, width = (TEXT, 1.3) if kind == "pooled effect" else (RULE, 0.9 if kind == "equal shares" else 0.6)
        dashes = _DASHES if kind == "pooled effect" else None
        chart.curve(xs, ys, colour=colour, width=width, dashes=dashes, label=f"{kind} {label}")
    _points(chart, plan)
    return chart


def _points(chart: Chart, plan: _Plan) -> None:
    """The studies, the large ones first so that small ones lie on top."""
    shown = plan.weights if plan.size == "weight" else plan.tables.total
    known = np.nan_to_num(shown, nan=0.0)
    largest = _HEAVIEST if plan.k <= _MANY else 0.8 * _HEAVIEST
    sides = sizes_by_weight(known if known.any() else np.ones(plan.k), largest)
    for rank, index in enumerate(np.argsort(-known, kind="stable").tolist()):
        hollow = plan.size == "weight" and bool(np.isnan(plan.weights[index]))
        x, y = float(plan.xs[index]), float(plan.ys[index])
        label = f"study {plan.tables.studies[index]}"
        chart.point(x, y, size=sides[index], edge=BLUE, hollow=hollow, label=label, order=3 + rank / 1000)


def _name(chart: Chart, plan: _Plan, named: int) -> None:
    off = np.abs(plan.ys - _treated_share(plan.measure, plan.xs, plan.estimate))
    order = np.argsort(-np.nan_to_num(off), kind="stable").tolist()
    chart.name_points([(float(plan.xs[i]), float(plan.ys[i]), plan.tables.studies[i]) for i in order], most=named)


def _records(plan: _Plan) -> Iterator[Record]:
    tables = plan.tables
    columns = (plan.xs, plan.ys, tables.a, tables.n1, tables.c, tables.n2, plan.weights)
    for label, *numbers in zip(tables.studies, *(column.tolist() for column in columns), strict=True):
        yield {"kind": "study", "label": label, **dict(zip(("x", "y", *_COUNTS, "weight"), numbers, strict=True))}
    for kind, label, xs, ys in _curves(plan):
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            if np.isfinite(y):
                yield {"kind": kind, "label": label, "x": x, "y": y}


def _alt_text(plan: _Plan, opening: str, notes: Sequence[str]) -> str:
    tables = plan.tables
    below = int((plan.ys < plan.xs).sum())
    above = int((plan.ys > plan.xs).sum())
    said = [opening]
    said.append(f"Share with the event in the {plan.treated} arm against that in the {plan.control} arm, k = {plan.k}.")
    said.append(f"{'Pooled effect' if plan.k > 1 else 'Effect of the one study'}: {_pooled_words(plan)}.")
    said.append(f"Lower in the {plan.treated} arm: {below}; higher: {above}; equal: {plan.k - below - above}.")
    if plan.k <= STUDIES_IN_WORDS:
        counts = zip(tables.studies, tables.a, tables.n1, tables.c, tables.n2, plan.ys, plan.xs, strict=True)
        each = [
            f"{label}: {plain(a)} of {plain(n1)} ({fixed(100 * y, 1)}%) against {plain(c)} of {plain(n2)} "
            f"({fixed(100 * x, 1)}%)"
            for label, a, n1, c, n2, y, x in counts
        ]
        said.append(f"Studies: {'; '.join(each)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])
