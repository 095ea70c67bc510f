"""The value axis of a plot: how far it reaches, which intervals it cuts, and where its ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from matplotlib.ticker import MaxNLocator

from synth.plots.style import SMALL_SIZE
from synth.plots.text import plain, text_width

Interval = tuple[float, float]
Clipped = Literal["", "lower", "upper", "both"]

# Half-widths of the median interval that an interval may reach beyond the estimates before it is cut.
_REACH: Final = 3.0
# Spans of all that is left beyond which a value is far from it; one value in five may be.
_FAR: Final = 3.0
_MOST_FAR: Final = 5
_LAST_POWER: Final = 100.0
_PADDING: Final = 8.0  # points left of the least and right of the greatest value, so that no marker is cut
_TICK_GAP: Final = 9.0


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Limits, on the natural scale, of an axis that is linear or logarithmic, drawn `width` points wide."""

    lower: float
    upper: float
    log: bool
    width: float

    def fraction(self, value: float) -> float:
        """Where a value stands: 0 at the lower limit, 1 at the upper one."""
        low, high = _forward(self.lower, self.log), _forward(self.upper, self.log)
        return (_forward(value, self.log) - low) / (high - low)

    def clipped(self, interval: Interval) -> Clipped:
        """Which ends of an interval lie beyond the axis."""
        below, above = interval[0] < self.lower, interval[1] > self.upper
        return "both" if below and above else "lower" if below else "upper" if above else ""

    def inside(self, interval: Interval) -> Interval:
        """The part of an interval that the axis shows."""
        return max(interval[0], self.lower), min(interval[1], self.upper)

    def ticks(self) -> tuple[float, ...]:
        """Round values, as many as have room for their labels."""
        chosen: tuple[float, ...] = ()
        for candidate in _log_candidates(self) if self.log else _linear_candidates(self):
            chosen = tuple(value for value in candidate if self.lower <= value <= self.upper)
            if len(chosen) > 1 and self._have_room(chosen):
                return chosen
        ends = tuple(dict.fromkeys((*chosen[:1], *chosen[-1:])))
        return ends if self._have_room(ends) else ends[:1]

    def _have_room(self, ticks: Sequence[float]) -> bool:
        ends = [(self.fraction(tick) * self.width, text_width(plain(tick), SMALL_SIZE) / 2) for tick in ticks]
        return all(
            right - right_half - (left + left_half) >= _TICK_GAP
            for (left, left_half), (right, right_half) in pairwise(ends)
        )


def value_axis(values: Sequence[float], intervals: Sequence[Interval], *, log: bool, width: float) -> ValueAxis:
    """An axis that shows every value, and every interval that does not squeeze the others.

    Parameters
    ----------
    values : sequence of float
        Natural scale; estimates, line of no effect and reference lines. Never cut. Without any, the axis is laid around
        0 (log: 1).
    intervals : sequence of (lower, upper)
        Natural scale; an end may be infinite (on a log scale also 0) and is then cut. An end that lies further beyond
        the values than three times the median half-width of the intervals (on the scale of the axis) is cut there.
    log : bool
        Logarithmic axis; every value is above 0.
    width : float
        Points.
    """
    core = [_forward(value, log) for value in values] or [0.0]
    ends = [(_end(low, log), _end(high, log)) for low, high in intervals]
    low, high = min(core), max(core)
    finite = [(b - a) / 2 for a, b in ends if math.isfinite(a) and math.isfinite(b)]
    reach = _REACH * median(finite) if finite else max((high - low) / 2, _margin(low, high, log))
    low = max([low - reach, min([low, *(a for a, _ in ends)])])
    high = min([high + reach, max([high, *(b for _, b in ends)])])
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-12):
        low, high = low - _margin(low, high, log), high + _margin(low, high, log)
    padding = (high - low) * _PADDING / (width - 2 * _PADDING)
    return ValueAxis(_backward(low - padding, log), _backward(high + padding, log), log, width)


def near_values(
    values: Sequence[float], kept: Sequence[float], intervals: Sequence[Interval], *, log: bool
) -> list[float]:
    """The values without those that lie so far from all others that an axis reaching them would squeeze the rest.

    Parameters
    ----------
    values : sequence of float
        Natural scale. At most one in five is left out, from below or from above.
    kept : sequence of float
        What is shown in any case.
    intervals : sequence of (lower, upper)
        Of which the median length counts as the least span.
    log : bool
        Whether the axis is logarithmic.

    Returns
    -------
    list of float
        In the given order.
    """
    places = {value: _forward(value, log) for value in values}
    lengths = [_end(high, log) - _end(low, log) for low, high in intervals]
    least = median([length for length in lengths if math.isfinite(length)] or [0.0])
    middle = median(places.values()) if places else 0.0
    outwards = sorted(values, key=lambda value: abs(places[value] - middle))
    # Several are judged together: two at opposite ends would hide each other one by one.
    for left_out in range(len(values) // _MOST_FAR, 0, -1):
        rest, ends = outwards[:-left_out], outwards[-left_out:]
        others = [_forward(other, log) for other in (*rest, *kept)]
        span = max(max(others) - min(others), least)
        if span > 0 and all(min(abs(places[end] - other) for other in others) > _FAR * span for end in ends):
            return [value for value in values if value not in ends]
    return list(values)


def _margin(low: float, high: float, log: bool) -> float:
    """Room around values that are all the same: a factor of 2, or a tenth of their size."""
    return math.log10(2) if log else max(abs(low), abs(high)) / 10 or 1.0


def _forward(value: float, log: bool) -> float:
    if not log:
        return value
    return -math.inf if value <= 0 else math.log10(value)


def _end(value: float, log: bool) -> float:
    """The end of an interval on the axis' scale; beyond what a floating-point axis can be padded to it has no end."""
    end = _forward(value, log)
    return math.copysign(math.inf, end) if log and abs(end) > _LAST_POWER else end


def _backward(value: float, log: bool) -> float:
    return 10.0**value if log else value


def _linear_candidates(axis: ValueAxis) -> Iterable[Sequence[float]]:
    for intervals in (8, 7, 6, 5, 4, 3, 2, 1):
        locator = MaxNLocator(nbins=intervals, steps=[1, 2, 2.5, 5, 10])
        ticks = (float(tick) for tick in locator.tick_values(axis.lower, axis.upper))
        yield [float(f"{tick:.10g}") for tick in ticks]  # 0.3, where the locator gives 0.30000000000000004


def _log_candidates(axis: ValueAxis) -> Iterable[Sequence[float]]:
    first, last = math.floor(math.log10(axis.lower)), math.ceil(math.log10(axis.upper))
    if last - first <= 2 and axis.upper / axis.lower < 5:  # less than 0.5 to 2 and a bit: even steps read better
        yield from _linear_candidates(axis)
    decades = range(first, last + 1)
    # Steps that mirror at 1, as ratios do: 0.1, 0.25, 0.5, 1, 2, 4, 10.
    yield sorted({_mirrored(n, step) for n in decades for step in (1, 2, 4)})
    yield [float(f"{step}e{n}") for n in decades for step in (1, 3)]
    for stride in (1, 2, 3, 4, 6, 10, 20, 50):
        yield [float(f"1e{n}") for n in decades if n % stride == 0]
    yield from _linear_candidates(axis)


def _mirrored(exponent: int, step: int) -> float:
    """A step of one decade: multiplied above 1, divided below it."""
    return step * 10.0**exponent if exponent >= 0 else 10.0 ** (exponent + 1) / step
