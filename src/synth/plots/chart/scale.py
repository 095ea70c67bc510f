"""Effects on an axis: drawn on the scale of analysis, and written as natural values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.measures import Measure, Scale, measure_of
from synth.effects.transforms import arcsine, logit, r_to_z
from synth.errors import MethodError
from synth.plots import text
from synth.plots.axis import ValueAxis, value_axis
from synth.plots.chart.page import Tick
from synth.plots.style import SMALL_SIZE
from synth.synthesis.linear import FloatArray

#: From the natural value to the scale of analysis; a scale that is missing here needs the size of each study.
_FORWARD: Final[dict[Scale, Callable[[ArrayLike], FloatArray]]] = {
    "identity": lambda values: np.asarray(values, dtype=float),
    "log": lambda values: np.log(np.asarray(values, dtype=float)),
    "logit": logit,
    "arcsine": arcsine,
    "square root": lambda values: np.sqrt(np.asarray(values, dtype=float)),
    "Fisher z": r_to_z,
}
#: Natural values beyond which a scale has no place for a tick.
_DOMAIN: Final[dict[Scale, tuple[float, float]]] = {
    "log": (0.0, math.inf),
    "logit": (0.0, 1.0),
    "arcsine": (0.0, 1.0),
    "square root": (0.0, math.inf),
    "Fisher z": (-1.0, 1.0),
}
_TICK_GAP: Final = 9.0
_FEW_TICKS: Final = 3
_TINY: Final = 1e-4  # smaller values are written with a power of ten
_FAR: Final = 3.0  # times the next distance, from which on a value is far from the others
_VERY_FAR: Final = 6.0  # times the median distance
_MOST_CUT: Final = 5  # one study in so many may be cut off


@dataclass(frozen=True, slots=True)
class EffectScale:
    """How effects of one measure are drawn and written.

    Attributes
    ----------
    measure : Measure
    label : str
        What the effect is, as the analyst calls it; empty for the name of the measure.
    """

    measure: Measure
    label: str = ""

    @property
    def converts(self) -> bool:
        """Whether natural values stand on the axis; the double arcsine, say, has none without sample sizes."""
        return self.measure.scale in _FORWARD

    @property
    def axis_label(self) -> str:
        """Name of the effect and of the scale of its axis."""
        name = self.label or f"{self.measure.label[:1].upper()}{self.measure.label[1:]}"
        if self.measure.scale == "identity":
            return name
        return f"{name} ({self.measure.scale} scale)" if self.converts else f"{name}, as its {self.measure.scale}"

    @property
    def null(self) -> float | None:
        """No difference, on the scale of analysis; None where the measure compares nothing."""
        same = self.measure.no_difference
        return None if same is None else float(_FORWARD[self.measure.scale](same))

    def natural(self, value: float) -> float | None:
        """A value of the scale of analysis on the natural one; None where the way back needs the size of a study."""
        return self.measure.natural(value) if self.converts else None

    def shown(self, value: float) -> float:
        """A value of the scale of analysis as its axis has it: the natural value, where there is one."""
        return self.measure.natural(value) if self.converts else value

    def analysed(self, natural: float) -> float:
        """A natural value on the scale of analysis."""
        return float(_FORWARD[self.measure.scale](natural)) if self.converts else natural

    def words(self, values: Sequence[float]) -> Callable[[float], str]:
        """How values of the scale of analysis are written as natural ones: with as many decimals as these need."""
        if self.measure.scale == "log":
            return lambda value: text.ratio(self.shown(value))
        shown = [self.shown(value) for value in values]
        if max(map(abs, shown), default=1.0) < _TINY:
            return lambda value: text.plain(float(f"{self.shown(value):.3g}"))
        number = partial(text.fixed, decimals=text.decimals_for(shown))
        return lambda value: number(self.shown(value))

    def ticks(self, axis: ValueAxis) -> tuple[Tick, ...]:
        """Round natural values with their places on an axis of the scale of analysis.

        Raises
        ------
        MethodError
            If an end of the axis is too large or too small for a natural value.
        """
        if self.measure.scale == "identity" or not self.converts:
            return tuple((tick, text.plain(tick)) for tick in axis.ticks())
        natural = self._natural_axis(axis)
        found = self._ticks_at(natural.ticks(), axis)
        if natural.log and len(found) < _FEW_TICKS:  # even steps may have room where doublings have not
            found = max(found, self._ticks_at(replace(natural, log=False).ticks(), axis), key=len)
        return found

    def _ticks_at(self, naturals: Sequence[float], axis: ValueAxis) -> tuple[Tick, ...]:
        ticks = [(self.analysed(tick), text.plain(tick)) for tick in naturals if self._has_place(tick)]
        return _with_room([tick for tick in ticks if axis.lower <= tick[0] <= axis.upper], axis)

    def _has_place(self, natural: float) -> bool:
        low, high = _DOMAIN[self.measure.scale]
        return low < natural < high or (self.measure.scale in ("arcsine", "square root") and natural in (low, high))

    def _natural_axis(self, axis: ValueAxis) -> ValueAxis:
        low, high = self.shown(axis.lower), self.shown(axis.upper)
        if self.measure.scale == "log" and not 0 < low < high < math.inf:
            raise MethodError(
                f"{self.axis_label}: an axis from {axis.lower:g} to {axis.upper:g} has no natural values; estimates on "
                "the log scale are expected"
            )
        # Shares from 0.001 to 0.1 lie on a logit axis as on a logarithmic one.
        ratio = self.measure.scale == "log" or (self.measure.scale == "logit" and high < 0.5 and high > 10 * low)
        return ValueAxis(low, high, ratio, axis.width)


def scale_of(measure: str, label: str = "") -> EffectScale:
    """The scale of a measure by its code in `MEASURES`.

    Raises
    ------
    MethodError
        If there is no such measure, or the label is no text.
    """
    if not isinstance(label, str):
        raise MethodError(f"effect_label {label!r}: a text is expected")
    return EffectScale(measure_of(measure), label)


def shown_far(distances: ArrayLike, *, least: float = 0.0) -> float:
    """How far an axis has to reach so that all but far values are shown.

    Parameters
    ----------
    distances : array_like, shape (k,)
        From where the axis begins or from the middle of the values; at least one.
    least : float
        A distance that is always shown.

    Returns
    -------
    float
        The greatest distance, the far ones not counted: more than three times as far as the next nearer, or more than
        six times as far as the median. At most one value in five is far, and none of two.
    """
    ordered = np.sort(np.asarray(distances, dtype=float))
    reach, k, typical = float(ordered[-1]), len(ordered), float(np.median(ordered))
    for last in range(k - 1, k - 1 - (max(1, k // _MOST_CUT) if k > 2 else 0), -1):
        value, nearer = float(ordered[last]), float(ordered[last - 1])
        if value > least and nearer > 0 and (value > _FAR * nearer or value > _VERY_FAR * typical > 0):
            reach = max(nearer, least)
    return reach


def effect_axis(estimates: FloatArray, errors: FloatArray, further: Sequence[float], width: float) -> ValueAxis:
    """A linear axis for estimates on the scale of analysis, on which one far estimate does not squeeze the rest.

    Parameters
    ----------
    estimates, errors : ndarray, shape (k,)
        With their standard errors: an estimate is far only if it is so by more than four typical ones.
    further : sequence of float
        Values that are shown whatever the estimates are.
    width : float
        Points.
    """
    middle = float(np.median(estimates))
    reach = shown_far(np.abs(estimates - middle), least=4 * float(np.median(errors)))
    shown = estimates[np.abs(estimates - middle) <= reach].tolist()
    return value_axis([*shown, *further], [], log=False, width=width)


def _with_room(ticks: Sequence[Tick], axis: ValueAxis) -> tuple[Tick, ...]:
    """Ticks whose labels do not touch: every one, every second and so on, else the first."""
    for step in range(1, len(ticks) + 1):
        chosen = ticks[::step]
        ends = [(axis.fraction(at) * axis.width, text.text_width(words, SMALL_SIZE) / 2) for at, words in chosen]
        if all(b - half_b - a - half_a >= _TICK_GAP for (a, half_a), (b, half_b) in pairwise(ends)):
            return tuple(chosen)
    return ()
