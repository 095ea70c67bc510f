"""n of N with its exact interval or its score interval, for one group or for many at once.

No interval here rests on the normal distribution of the raw proportion (Wald), whose limits leave 0 to 1 and shut at 0
of n, and none on the "rule of three", which stands in for an exact limit only where n is large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from synth.effects.intervals import Interval, check_level, critical_value, is_number
from synth.effects.labels import check_labels
from synth.errors import MethodError

FloatArray = NDArray[np.float64]
IntervalMethod = Literal["exact", "score"]
Side = Literal["upper", "lower"]

#: Largest total whose counts are all whole numbers among doubles.
_LARGEST = 2**53
_NOT_OFFERED = {
    "wald": "its limits leave 0 to 1, and at 0 of n it has no width",
    "normal": "its limits leave 0 to 1, and at 0 of n it has no width",
    "rule of three": "it is a one-sided limit for a large n; exact_bound() gives the same limit exactly at any n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """Events of a total with the exact interval.

    Attributes
    ----------
    events, total : int
        Counts of one unit.
    interval : tuple of float
        Clopper-Pearson limits, proportions from 0 to 1.
    level : float
        Two-sided level of the interval, a proportion.
    unit_of_analysis : str
        What was counted.
    """

    events: int
    total: int
    interval: Interval
    level: float
    unit_of_analysis: str

    @property
    def estimate(self) -> float:
        """Events over total, from 0 to 1."""
        return self.events / self.total

    @property
    def score_interval(self) -> Interval:
        """Wilson's score interval at the same level, proportions from 0 to 1."""
        low, high = proportion_intervals([self.events], [self.total], method="score", level=self.level)
        return float(low[0]), float(high[0])

    @property
    def bound(self) -> str:
        """For no event, or for events in all: how far the exact interval reaches, in words; else empty."""
        if 0 < self.events < self.total:
            return ""
        # At the end of the scale a two-sided interval has one limit of its own, which half of the error lies beyond.
        one_sided = f"limit of the {100 * self.level:g}% interval, one-sided {50 * (1 + self.level):g}%"
        if self.events == 0:
            reach = f"none of {self.total} {self.unit_of_analysis}: a share of up to {100 * self.interval[1]:.1f}%"
            return f"{reach} is compatible with that (upper {one_sided})"
        reach = f"all of {self.total} {self.unit_of_analysis}: a share down to {100 * self.interval[0]:.1f}%"
        return f"{reach} is compatible with that (lower {one_sided})"

    def __str__(self) -> str:
        low, high = (f"{100 * limit:.1f}" for limit in self.interval)
        counts = f"{self.events} of {self.total} {self.unit_of_analysis}"
        return f"{counts} ({100 * self.level:g}% interval {low}% to {high}%)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionBound:
    """Events of a total with an exact one-sided limit.

    Attributes
    ----------
    events, total : int
        Counts of one unit.
    side : {"upper", "lower"}
        Whether the share is at most, or at least, the limit.
    limit : float
        Clopper-Pearson limit with all of 1 - level on its side, a proportion from 0 to 1.
    level : float
        One-sided level, a proportion.
    unit_of_analysis : str
        What was counted.
    """

    events: int
    total: int
    side: Side
    limit: float
    level: float
    unit_of_analysis: str

    def __str__(self) -> str:
        counts = f"{self.events} of {self.total} {self.unit_of_analysis}"
        return f"{counts} (one-sided {100 * self.level:g}% {self.side} bound {100 * self.limit:.1f}%)"


def exact_proportion(
    events: int, total: int, *, level: float, unit_of_analysis: str, conditioned_on_inclusion: bool = False
) -> Proportion:
    """Proportion with its Clopper-Pearson interval.

    The interval is two-sided: each tail holds half of 1 - level. For 0 events the lower limit is 0 and the upper one
    is ``1 - (alpha / 2) ** (1 / total)``, that is the one-sided limit of level 97.5% where `level` is 95%; for events
    in all the reverse. The "rule of three" is the one-sided 95% limit and so is smaller.

    Parameters
    ----------
    events, total : int
        0 <= events <= total, total above 0.
    level : float
        Confidence level, a proportion.
    unit_of_analysis : str
        What was counted: "patients", "hips" or "not stated".
    conditioned_on_inclusion : bool
        True where patients were included because of the event; there is no rate then.

    Raises
    ------
    MethodError
        If the counts are impossible, or the denominator is conditioned on inclusion.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404-413.
    """
    check_level(level)
    _check_count(events, total, unit_of_analysis, conditioned_on_inclusion)
    low, high = _exact(np.array([float(events)]), np.array([float(total)]), (1 - level) / 2)
    return Proportion(
        events=int(events),
        total=int(total),
        interval=(float(low[0]), float(high[0])),
        level=level,
        unit_of_analysis=unit_of_analysis,
    )


def exact_bound(
    events: int,
    total: int,
    *,
    side: Side,
    level: float,
    unit_of_analysis: str,
    conditioned_on_inclusion: bool = False,
) -> ProportionBound:
    """Exact one-sided limit of a proportion: its whole error lies on one side.

    For 0 events the upper limit is ``1 - (1 - level) ** (1 / total)``, which the "rule of three" stands in for.

    Parameters
    ----------
    events, total, unit_of_analysis, conditioned_on_inclusion
        As for `exact_proportion`.
    side : {"upper", "lower"}
        Which limit.
    level : float
        One-sided confidence level, a proportion.

    Raises
    ------
    MethodError
        As for `exact_proportion`, and if the side is neither.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404-413.
    """
    check_level(level)
    if side not in get_args(Side):
        raise MethodError(f"side {side!r}: 'upper' or 'lower' is expected")
    _check_count(events, total, unit_of_analysis, conditioned_on_inclusion)
    low, high = _exact(np.array([float(events)]), np.array([float(total)]), 1 - level)
    return ProportionBound(
        events=int(events),
        total=int(total),
        side=side,
        limit=float((high if side == "upper" else low)[0]),
        level=level,
        unit_of_analysis=unit_of_analysis,
    )


def proportion_intervals(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    method: IntervalMethod = "exact",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Two-sided intervals of many proportions.

    Parameters
    ----------
    events, totals : array_like, shape (k,)
        Whole numbers, 0 <= events <= totals, totals above 0; k = 0 is allowed.
    method : {"exact", "score"}
        Clopper and Pearson's interval, which covers at least at its level, or Wilson's score interval without
        continuity correction, which covers at its level on average.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the studies, for error messages.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Proportions from 0 to 1. At 0 events the lower limit is 0, at events in all the upper one is 1.

    Raises
    ------
    MethodError
        If a count is impossible (the study is named), or the method is unknown or no method for small series.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404-413; Wilson 1927, J Am Stat Assoc 22:209-212; compared by Newcombe
    1998, Stat Med 17:857-872.
    """
    check_level(level)
    if method not in get_args(IntervalMethod):
        why = _NOT_OFFERED.get(str(method).lower())
        reason = f"not offered: {why}; " if why else ""
        raise MethodError(f"interval {method!r}: {reason}'exact' or 'score' is expected")
    x, n = count_arrays(events, totals, labels)
    return _exact(x, n, (1 - level) / 2) if method == "exact" else _score(x, n, critical_value(level))


def count_arrays(
    events: ArrayLike, totals: ArrayLike, labels: Sequence[str] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Events and totals as arrays of whole numbers of one length, checked.

    Parameters
    ----------
    events, totals : array_like, shape (k,)
        0 <= events <= totals, totals above 0.
    labels : sequence of str, optional
        Names of the studies, for error messages; "study 1" and so on where not given.

    Raises
    ------
    MethodError
        If the lengths differ, the names are no sequence, or a count is impossible; the study is named.
    """
    x, n = _column(events, "events"), _column(totals, "totals")
    if x.shape != n.shape:
        raise MethodError(f"{len(x)} counts of events and {len(n)} totals: one total for each count is expected")
    names = check_labels(labels, len(x), "counts")
    good = np.isfinite(x) & np.isfinite(n) & (x >= 0) & (x <= n) & (n > 0) & (n < _LARGEST)
    good &= (np.floor(np.where(good, x, 0)) == np.where(good, x, 0)) & (np.floor(np.where(good, n, 0)) == n)
    if not good.all():
        index = int(np.argmin(good))
        name = f"study {index + 1}" if names is None else names[index]
        raise MethodError(f"{name}: {_impossible(f'{x[index]:.17g} of {n[index]:.17g}')}")
    return x, n


def _column(values: ArrayLike, what: str) -> FloatArray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise MethodError(f"{what}: a column of whole numbers is expected ({error})") from error
    if array.ndim != 1:
        raise MethodError(f"{what}: one column is expected, got an array of shape {array.shape}")
    return array


def _impossible(counts: str) -> str:
    return f"{counts}: whole numbers are expected, events from 0 to the total, the total above 0"


def _check_count(events: int, total: int, unit_of_analysis: str, conditioned_on_inclusion: bool) -> None:
    counts = f"{events} of {total} {unit_of_analysis}"
    numbers = is_number(events) and is_number(total)
    if not (numbers and 0 < total < _LARGEST and 0 <= events <= total and events % 1 == 0 and total % 1 == 0):
        raise MethodError(_impossible(counts))
    if conditioned_on_inclusion:
        raise MethodError(f"{counts}: included because of the event, so the count has no rate and no interval")


def _exact(x: FloatArray, n: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Limits with `tail` beyond each, as quantiles of beta distributions."""
    # The quantile function has no value where a parameter is 0; there the limit is the end of the scale.
    low = np.where(x == 0, 0.0, betaincinv(np.maximum(x, 1), n - x + 1, tail))
    high = np.where(x == n, 1.0, betaincinv(x + 1, np.maximum(n - x, 1), 1 - tail))
    return low, high


def _score(x: FloatArray, n: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    return _score_low(x, n, z), 1 - _score_low(n - x, n, z)


def _score_low(x: FloatArray, n: FloatArray, z: float) -> FloatArray:
    """The smaller root, from the product of both, so that it is exactly 0 for no event."""
    larger = 2 * x + z**2 + z * np.sqrt(z**2 + 4 * x * (n - x) / n)
    low: FloatArray = 2 * x**2 / n / larger
    return low
