"""Albatross plots: the p values of comparative studies against their size, with contours of the effect behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from synth.errors import MethodError
from synth.plots import text
from synth.plots.albatross_contours import NAMES, RATIOS, AlbatrossMeasure, Setting, contour_sizes, deviate, is_number
from synth.plots.albatross_points import AlbatrossPoint, Placed, check_points, height_of, place
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, LegendEntry, Tick
from synth.plots.chart.points import (
    STUDIES_IN_WORDS,
    Record,
    arrows_note,
    check_named,
    counted,
    headline,
    joined,
    marks_table,
    not_drawn_note,
)
from synth.plots.chart.scale import shown_far
from synth.plots.drawing import Drawing
from synth.plots.style import BACKGROUND, BLUE, MUTED, REFERENCE_COLOURS, RULE, SKY, SMALL_SIZE, drawing_settings
from synth.plots.tints import tint
from synth.synthesis.linear import FloatArray

__all__ = ["AlbatrossPoint", "albatross"]

_HEIGHT: Final = 300.0
_WIDTH: Final = 380.0  # that the axis of p has at least, points
_FURTHEST: Final = 300.0  # powers of ten: smaller p values are no numbers of a machine
_LEAST_REACH: Final = 2.3  # powers of ten that the axis of p shows in any case
_ROOM: Final = 0.06
_STEPS: Final = 400
_MOST_CONTOURS: Final = 4
_DASHES: Final[tuple[tuple[float, float] | None, ...]] = ((1.5, 1.5), (5.0, 2.0), None, (9.0, 2.0))
_MARKERS: Final = ("o", "s", "^", "D", "v")
_FILLS: Final = (SKY, BACKGROUND, *(tint(colour, 0.55) for colour in REFERENCE_COLOURS[:3]))
_POINT: Final = 6.5
_TICK_GAP: Final = 9.0
_LINE_GAP: Final = 14.0  # points between two labels that stand above one another
_DIGITS, _ROUND = "1253746", "125"  # first digits of numbers of participants, the roundest first
_PARTICIPANTS: Final = tuple(int(digit) * 10**power for power in range(9) for digit in _DIGITS)
_FEW_TICKS: Final = 4
_NUMBERS: Final = ("x", "y", "n_treated", "n_control", "participants", "p", "baseline_risk", "implied", "contour")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is drawn."""

    setting: Setting
    placed: tuple[Placed, ...]
    contours: tuple[float, ...]
    effective: bool
    sides: tuple[str, str]
    x: ValueAxis
    y: ValueAxis

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of studies, in the order in which they first come."""
        return tuple(dict.fromkeys(item.point.group for item in self.placed))

    def effects(self) -> Iterator[tuple[int, float, str]]:
        """Place of its size, effect on the scale of its variance, and words of each contour, both sides."""
        for index, size in enumerate(self.contours):
            for sign in (-1, 1):
                effect = sign * self.setting.analysed(size)
                if self.setting.possible(effect):
                    yield index, effect, _effect_words(self.setting, effect)


def albatross(
    points: Sequence[AlbatrossPoint],
    *,
    measure: AlbatrossMeasure,
    baseline_risk: float | None = None,
    standard_deviation: float | None = None,
    ratio: float = 1.0,
    contours: Sequence[float] | None = None,
    effective: bool = False,
    sides: tuple[str, str] = ("lower in the treated group", "higher in the treated group"),
    named: int = 8,
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """The p value of each study that compares two groups against its participants, with contours of equal effects.

    Parameters
    ----------
    points : sequence of AlbatrossPoint
        Comparative studies only: each has two groups. A p value that is known as a bound is a line with an open end.
    measure : {"SMD", "MD", "OR", "RR"}
        Of the contours.
    baseline_risk : float, optional
        Of the contours of OR and RR: the risk in the control group.
    standard_deviation : float, optional
        Of the contours of MD, in both groups.
    ratio : float
        Of the contours: treated participants to control participants.
    contours : sequence of float, optional
        Up to four sizes on the natural scale, ratios above 1 and differences above 0; each is drawn on both sides.
        By default half, once and one and a half times the median effect that the p values imply.
    effective : bool
        Draw each study at the number of participants that it would need for its effect and p value, had it the ratio
        and the baseline risk of the contours; without it studies of other ratios and risks lie beside their contour.
    sides : (str, str)
        What the left and the right half mean.
    named : int
        At most so many studies are named, those with the smallest p values first.
    title, notes, not_drawn
        As for `funnel`.
    about : str
        What was compared, for the title and the words of the drawing; it is not drawn.

    Returns
    -------
    Drawing
        Its data have a line for each study, with the effect that its p value implies, and for each point of a contour.

    Raises
    ------
    MethodError
        If there is no study, a value is out of range, or an option does not fit the measure.

    Notes
    -----
    Formulas of the contours and where they were read: `synth.plots.albatross_contours`. An effect that a p value
    implies rests on Wald's test and on a normal deviate; other tests give it as far as they come near to that. The axis
    of p is -log10 p on both sides of p = 1, that of participants their squared logarithm, as in the Stata command.

    References
    ----------
    Harrison et al. 2017, Res Synth Methods 8:281-289, doi:10.1002/jrsm.1239 (abstract read).
    """
    check_named(named)
    setting = Setting(measure=measure, ratio=ratio, baseline_risk=baseline_risk, standard_deviation=standard_deviation)
    check_points(points, setting)
    _check_sides(sides)
    placed, left_out = place(points, setting, effective=effective)
    if not placed:
        raise MethodError("albatross plot: no study has an effective number of participants; effective=False draws all")
    sizes = _sizes(contours, setting, placed)
    plan = _Plan(
        setting=setting,
        placed=tuple(placed),
        contours=sizes,
        effective=effective,
        sides=sides,
        x=_p_axis(placed),
        y=_participants_axis(placed),
    )
    heading, opening = headline("Albatross plot", title, about)
    remarks = [*_remarks(plan), not_drawn_note({**left_out, **(not_drawn or {})}), *notes]
    with drawing_settings():
        chart = _draw(plan, title, remarks)
        _name(chart, plan, named)
    data = marks_table(_records(plan), _NUMBERS, ("group", "p_is", "direction"))
    return chart.finish(title=heading, alt_text=_alt_text(plan, opening, remarks), data=data)


def _check_sides(sides: object) -> None:
    both = sides if isinstance(sides, tuple) else ()
    if len(both) != 2 or not all(isinstance(words, str) and text.printable(words) for words in both):
        raise MethodError(f"sides {sides!r}: two texts are expected, for the left and the right half")


def _sizes(wanted: object, setting: Setting, placed: Sequence[Placed]) -> tuple[float, ...]:
    if wanted is None:
        return contour_sizes(setting, [item.implied for item in placed])
    null = 1.0 if setting.measure in RATIOS else 0.0
    sizes = list(wanted) if isinstance(wanted, list | tuple) else []
    fine = all(is_number(size) and null < size for size in sizes)
    if not fine or not 1 <= len(sizes) <= _MOST_CONTOURS or len(set(sizes)) < len(sizes):
        raise MethodError(f"contours {wanted!r}: one to {_MOST_CONTOURS} different sizes above {null:g} are expected")
    return tuple(sorted(float(size) for size in sizes))


def _p_axis(placed: Sequence[Placed]) -> ValueAxis:
    """The same reach to both sides: all p values but a few far ones, which are arrows."""
    reach = shown_far([abs(item.point.x) for item in placed], least=_LEAST_REACH)
    reach = max(reach, _LEAST_REACH) * (1 + _ROOM)
    reach = min(reach, _FURTHEST)
    return ValueAxis(-reach, reach, False, _WIDTH)


def _participants_axis(placed: Sequence[Placed]) -> ValueAxis:
    numbers = [item.participants for item in placed]
    return ValueAxis(height_of(max(1.0, min(numbers) / 2)), height_of(max(numbers) * 2), False, _HEIGHT)


def _p_ticks(axis: ValueAxis) -> list[Tick]:
    """Powers of ten, as many as have room: no p value is drawn as a border."""
    most = int(axis.upper)
    for step in range(1, most + 1):
        powers = range(0, most + 1, step)
        ticks = [(float(sign * power), _p_words(power)) for power in powers for sign in ((-1, 1) if power else (1,))]
        ticks.sort()
        ends = [(axis.fraction(at) * axis.width, text.text_width(words, SMALL_SIZE) / 2) for at, words in ticks]
        if all(b - half_b - a - half_a >= _TICK_GAP for (a, half_a), (b, half_b) in pairwise(ends)):
            return ticks
    return [(0.0, "1")]


def _p_words(power: int) -> str:
    return text.plain(10.0**-power) if power <= 3 else text.powered(10.0**-power)


def _participants_ticks(axis: ValueAxis) -> list[Tick]:
    """Round numbers, the powers of ten first, as far as their labels do not touch; on a short axis others too."""
    chosen: list[float] = []
    for number in sorted(_PARTICIPANTS, key=lambda value: (_DIGITS.index(str(value)[0]), value)):
        at = height_of(number)
        free = all(abs(axis.fraction(at) - axis.fraction(other)) * axis.width >= _LINE_GAP for other in chosen)
        wanted = str(number)[0] in _ROUND or len(chosen) < _FEW_TICKS
        if wanted and free and axis.lower <= at <= axis.upper:
            chosen.append(at)
    return [(at, f"{round(10 ** math.sqrt(at)):,}") for at in sorted(chosen)]


def _effect_words(setting: Setting, effect: float) -> str:
    natural = setting.natural(effect)
    return text.ratio(natural) if setting.measure in RATIOS else text.plain(float(f"{natural:.3g}"))


def _curve(plan: _Plan, effect: float) -> tuple[FloatArray, FloatArray]:
    """Points of a contour inside the axes, from the middle outwards."""
    n_low, n_high = (10 ** math.sqrt(end) for end in (plan.y.lower, plan.y.upper))
    unit = plan.setting.unit_variance(effect) / effect**2
    # z is even along the contour: near p = 1 even steps of log p would be far apart in participants.
    most = min(math.sqrt(n_high / unit), deviate(10**-plan.x.upper))
    least = math.sqrt(max(n_low, 1.0) / unit)
    if least >= most:
        return np.array([]), np.array([])
    deviates = np.linspace(least, most, _STEPS)
    p = np.array([math.erfc(z / math.sqrt(2)) for z in deviates.tolist()])
    return np.copysign(-np.log10(p), effect), np.log10(deviates**2 * unit) ** 2


def _remarks(plan: _Plan) -> Iterator[str]:
    setting = plan.setting
    assumed = [f"{text.plain(setting.ratio)} treated to 1 control participant"]
    if setting.baseline_risk is not None:
        assumed.append(f"a risk of {text.plain(float(f'{setting.baseline_risk:.3g}'))} in the control group")
    if setting.standard_deviation is not None:
        assumed.append(f"a standard deviation of {text.plain(setting.standard_deviation)} in both groups")
    logarithm = ", its logarithm" if setting.measure in RATIOS else ""
    yield (
        f"Contours ({NAMES[setting.measure]}{logarithm}): N = z²v / effect², z from "
        f"p, and v / N the variance of the effect (Harrison 2017); with {' and '.join(assumed)}."
    )
    if plan.effective:
        yield "Each study stands at the number that it would need with that ratio and risk; a bound at its own number."
    else:
        other = " or another risk" if setting.baseline_risk is not None else ""
        yield f"A study with another ratio of groups{other} lies beside the contour of its effect."
    right = {index for index, effect, _ in plan.effects() if effect > 0}
    missing = [size for index, size in enumerate(plan.contours) if index not in right]
    if missing:
        sizes = ", ".join(map(text.ratio, missing))
        yield f"No contour at the right for {sizes}: with this risk the other group's would be above 1."
    bounds = {item.point.bound for item in plan.placed}
    if "below" in bounds:
        yield "Line with an arrow: p is below its start, by how much was not seen."
    if "above" in bounds:
        yield "Line from the middle: p lies somewhere on it; it reaches to both sides where no direction was seen."
    yield arrows_note([item.point.label for item in plan.placed if abs(item.point.x) > plan.x.upper])
    yield "An approximate picture of effects where only p values are known; no p value is a border and none is counted."


def _draw(plan: _Plan, title: str, notes: Sequence[str]) -> Chart:
    chart = Chart(
        height=_HEIGHT,
        x=plan.x,
        y=plan.y,
        x_label=f"Two-sided p value. Left: {plan.sides[0]}. Right: {plan.sides[1]}.",
        y_label="Effective number of participants" if plan.effective else "Participants in both groups",
        title=title,
        legend=list(_legend(plan)),
        notes=notes,
        y_ticks=_participants_ticks(plan.y),
        x_ticks=_p_ticks(plan.x),
    )
    chart.rule(x=0.0, colour=RULE, label="no effect")
    for index, effect, words in plan.effects():
        xs, ys = _curve(plan, effect)
        if len(xs):
            chart.curve(xs, ys, colour=MUTED, width=1.0, dashes=_DASHES[index], label=f"contour {words}")
    for item in plan.placed:
        _draw_study(chart, plan, item)
    return chart


def _legend(plan: _Plan) -> Iterator[LegendEntry]:
    """Groups of studies, bounds, and each contour by its size on both sides."""
    several = len(plan.groups) > 1
    for index, group in enumerate(plan.groups):
        words = group or ("other studies" if several else "Study")
        yield LegendEntry(words=words, marker=_MARKERS[index], fill=_FILLS[index])
    if any(item.point.bound for item in plan.placed):
        yield LegendEntry(words="bound of p", kind="line", colour=BLUE, size=1.2)
    yield LegendEntry(words="No effect", kind="line", colour=RULE, size=0.9)
    for index in range(len(plan.contours)):
        words = " and ".join(words for place, _, words in plan.effects() if place == index)
        name = NAMES[plan.setting.measure]
        yield LegendEntry(
            words=f"{name[:1].upper()}{name[1:]} {words}", kind="line", colour=MUTED, size=1.0, dashes=_DASHES[index]
        )


def _draw_study(chart: Chart, plan: _Plan, item: Placed) -> None:
    point = item.point
    if not point.bound:
        index = plan.groups.index(point.group)
        chart.point(
            point.x, item.y, size=_POINT, marker=_MARKERS[index], fill=_FILLS[index], label=f"study {point.label}"
        )
        return
    if point.bound == "below":
        start, end = point.x, math.copysign(plan.x.upper, point.x)
    else:
        start, end = (-abs(point.x) if not point.sign else 0.0), point.x
    start, end = (min(max(value, plan.x.lower), plan.x.upper) for value in (start, end))
    chart.curve((start, end), (item.y, item.y), colour=BLUE, width=1.2, label=f"bound {point.label}", order=2.5)
    closed = [point.x] if point.bound == "below" else [end, *([start] if not point.sign else [])]
    for number, at in enumerate(closed):
        chart.point(at, item.y, size=7.0, marker="|", edge=BLUE, label=f"end {number} of {point.label}")
    if point.bound == "below":
        marker = ">" if end > 0 else "<"
        chart.point(end, item.y, size=6.0, marker=marker, fill=BLUE, label=f"open end of {point.label}")


def _name(chart: Chart, plan: _Plan, named: int) -> None:
    """Sizes at the outer ends of their contours, then the studies with the smallest p values."""
    ends = []
    for _, effect, words in plan.effects():
        xs, ys = _curve(plan, effect)
        if len(xs):
            ends.append((float(xs[-1]), float(ys[-1]), words))
    chart.name_points(ends)
    by_p = sorted(plan.placed, key=lambda item: (item.point.p, item.point.label))
    chart.name_points([(item.point.x, item.y, item.point.label) for item in by_p], most=named)


def _implied(plan: _Plan, item: Placed) -> float | None:
    """The effect that a p value implies, on the natural scale; None for a bound or where there is none."""
    return plan.setting.natural(item.implied) if math.isfinite(item.implied) else None


def _records(plan: _Plan) -> Iterator[Record]:
    for item in plan.placed:
        point = item.point
        yield {
            "kind": "bound" if point.bound else "study",
            "label": point.label,
            "group": point.group,
            "p_is": {"": "equal", "below": "below", "above": "above"}[point.bound],
            "direction": point.direction,
            "x": point.x,
            "y": item.y,
            "n_treated": point.n_treated,
            "n_control": point.n_control,
            "participants": item.participants,
            "p": point.p,
            "baseline_risk": point.baseline_risk,
            "implied": _implied(plan, item),
            "beyond_axis": "" if abs(point.x) <= plan.x.upper else "left" if point.x < 0 else "right",
        }
    for _, effect, words in plan.effects():
        for x, y in zip(*(values.tolist() for values in _curve(plan, effect)), strict=True):
            yield {"kind": "contour", "label": words, "x": x, "y": y, "contour": plan.setting.natural(effect)}


def _alt_text(plan: _Plan, opening: str, notes: Sequence[str]) -> str:
    points = [item.point for item in plan.placed]
    left, right = (sum(point.sign == sign for point in points) for sign in (-1, 1))
    name = NAMES[plan.setting.measure]
    said = [opening, f"{counted(len(points), 'study', 'studies')}: p value against number of participants."]
    said.append(f"Left ({plan.sides[0]}): {left}; right ({plan.sides[1]}): {right}; direction not seen: "
                f"{len(points) - left - right}.")  # fmt: skip
    said.append(f"Contours of the {name}: {', '.join(words for _, _, words in plan.effects())}.")
    if len(points) <= STUDIES_IN_WORDS:
        said.append(f"Studies: {'; '.join(_in_words(plan, item) for item in plan.placed)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])


def _in_words(plan: _Plan, item: Placed) -> str:
    point = item.point
    effect = _implied(plan, item)
    implied = "" if effect is None else f", implied {NAMES[plan.setting.measure]} {text.plain(float(f'{effect:.3g}'))}"
    direction = point.direction or "direction not seen"
    moved = f", drawn at {text.plain(round(item.participants))}" if plan.effective and not point.bound else ""
    return f"{point.label}: {point.n_treated} and {point.n_control}{moved}, {point.p_words}, {direction}{implied}"
