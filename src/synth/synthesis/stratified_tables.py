"""The counts and person-times that stratified methods pool: read, checked, and named by study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synth.effects.columns import SMALLEST_COUNT
from synth.effects.labels import check_labels
from synth.errors import MethodError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Beyond this a double no longer holds every whole number.
LARGEST_COUNT = 1e15
# Times outside this range are a slip of units; inside it no product or quotient of two leaves the range of doubles.
SHORTEST_TIME, LONGEST_TIME = 1e-30, 1e30
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountTables:
    """One 2x2 table a study, as four columns of shape (k,).

    Attributes
    ----------
    a, b : ndarray
        Treated, with and without the event.
    c, d : ndarray
        Control, with and without the event.
    studies : tuple of str
        Names, in the order of the columns.
    missing : tuple of str
        Studies left out because a count is missing.
    """

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray
    studies: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def n1(self) -> FloatArray:
        """Treated participants."""
        return self.a + self.b

    @property
    def n2(self) -> FloatArray:
        """Control participants."""
        return self.c + self.d

    @property
    def total(self) -> FloatArray:
        """Participants of both arms."""
        return self.n1 + self.n2

    @property
    def informative(self) -> BoolArray:
        """Some participants have the event and some have not."""
        with_event: BoolArray = self.a + self.c > 0
        without: BoolArray = self.b + self.d > 0
        return with_event & without

    @property
    def zero_cells(self) -> BoolArray:
        """One of the four counts is 0."""
        zero: BoolArray = (self.a == 0) | (self.b == 0) | (self.c == 0) | (self.d == 0)
        return zero

    def halved(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The four columns with one half added to each cell of the tables that have a zero."""
        half = HALF * self.zero_cells
        return self.a + half, self.b + half, self.c + half, self.d + half


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateTables:
    """Events and person-time of two arms, as four columns of shape (k,).

    Attributes
    ----------
    x1, t1 : ndarray
        Treated: events and person-time at risk.
    x2, t2 : ndarray
        Control: events and person-time at risk.
    studies : tuple of str
        Names, in the order of the columns.
    missing : tuple of str
        Studies left out because a figure is missing.
    """

    x1: FloatArray
    t1: FloatArray
    x2: FloatArray
    t2: FloatArray
    studies: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def share1(self) -> FloatArray:
        """Share of the person-time that is the treated arm's; shares cannot leave the range of doubles."""
        return self.t1 / (self.t1 + self.t2)

    @property
    def share2(self) -> FloatArray:
        """Share of the person-time that is the control arm's."""
        return self.t2 / (self.t1 + self.t2)

    @property
    def informative(self) -> BoolArray:
        """At least one arm has events."""
        return self.x1 + self.x2 > 0

    @property
    def zero_cells(self) -> BoolArray:
        """One arm or both have no events."""
        none_treated: BoolArray = self.x1 == 0
        none_control: BoolArray = self.x2 == 0
        return none_treated | none_control

    def halved(self) -> tuple[FloatArray, FloatArray]:
        """The events of both arms with one half added to those of the studies that have a zero."""
        half = HALF * self.zero_cells
        return self.x1 + half, self.x2 + half


def read_counts(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    labels: Sequence[str] | None,
) -> CountTables:
    """Check four columns of counts and make tables of them.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants with the event, and all of them. A study with a missing count (NaN or None) is left out.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Raises
    ------
    MethodError
        If lengths differ, nothing is left, events are negative or exceed the total, an arm has fewer than 1
        participant, or a count is too large or too small to be one.
    """
    given = {
        "events_treated": events_treated,
        "total_treated": total_treated,
        "events_control": events_control,
        "total_control": total_control,
    }
    (a, n1, c, n2), studies, missing = _columns(given, labels)
    for arm, events, total in (("treated", a, n1), ("control", c, n2)):
        _check_arm(arm, events, total, studies)
    return CountTables(a=a, b=n1 - a, c=c, d=n2 - c, studies=studies, missing=missing)


def read_rates(
    events_treated: ArrayLike,
    time_treated: ArrayLike,
    events_control: ArrayLike,
    time_control: ArrayLike,
    labels: Sequence[str] | None,
) -> RateTables:
    """Check events and person-times of two arms.

    Parameters
    ----------
    events_treated, events_control : array_like, shape (k,)
        Events. A study with a missing figure (NaN or None) is left out.
    time_treated, time_control : array_like, shape (k,)
        Person-time at risk, in one unit for all studies.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Raises
    ------
    MethodError
        If lengths differ, nothing is left, events are negative, or a person-time is not positive.
    """
    given = {
        "events_treated": events_treated,
        "time_treated": time_treated,
        "events_control": events_control,
        "time_control": time_control,
    }
    (x1, t1, x2, t2), studies, missing = _columns(given, labels)
    for arm, events, time in (("treated", x1, t1), ("control", x2, t2)):
        _check_rate(arm, events, time, studies)
    return RateTables(x1=x1, t1=t1, x2=x2, t2=t2, studies=studies, missing=missing)


def _columns(
    given: dict[str, ArrayLike], labels: Sequence[str] | None
) -> tuple[list[FloatArray], tuple[str, ...], tuple[str, ...]]:
    columns = [_column(name, values) for name, values in given.items()]
    sizes = [len(column) for column in columns]
    if len(set(sizes)) > 1:
        raise MethodError(f"{', '.join(given)}: columns of one length are expected, got {sizes}")
    if sizes[0] == 0:
        raise MethodError(f"{', '.join(given)}: no study; at least one is expected")
    names = _names(labels, sizes[0])
    absent = np.zeros(sizes[0], dtype=np.bool_)
    for column in columns:
        absent |= np.isnan(column)
    if absent.all():
        raise MethodError(f"every study lacks one of {', '.join(given)}; at least one complete study is expected")
    if not absent.any():
        return columns, names, ()
    missing = tuple(name for name, gone in zip(names, absent.tolist(), strict=True) if gone)
    studies = tuple(name for name, gone in zip(names, absent.tolist(), strict=True) if not gone)
    return [column[~absent] for column in columns], studies, missing


def _column(name: str, values: ArrayLike) -> FloatArray:
    try:
        column = np.atleast_1d(np.asarray(values))
        if column.ndim == 1 and column.dtype.kind in "biufO":
            return column.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        pass  # ragged lists, or objects that are no numbers: the sentence below says what is expected
    raise MethodError(f"{name}: a column of numbers is expected, one a study, got {values!r:.80}")


def _names(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    names = check_labels(labels, k, "studies")
    return tuple(f"study {number}" for number in range(1, k + 1)) if names is None else names


def _check_arm(arm: str, events: FloatArray, total: FloatArray, studies: tuple[str, ...]) -> None:
    def found(i: int) -> str:
        return f"{events[i]:g} events of {total[i]:g} in the {arm} arm"

    proper = (events >= 0) & (events <= total) & (total >= 1)
    _refuse(~proper, studies, found, "events from 0 to the total, and at least 1 participant, are expected")
    _refuse(total > LARGEST_COUNT, studies, found, f"counts up to {LARGEST_COUNT:g} are expected")
    # Infinite totals have been refused, so that the difference is a number.
    tiny = _tiny(events) | _tiny(total - events)
    _refuse(tiny, studies, found, f"events and non-events are expected to be 0 or at least {SMALLEST_COUNT:g}")


def _check_rate(arm: str, events: FloatArray, time: FloatArray, studies: tuple[str, ...]) -> None:
    def found(i: int) -> str:
        return f"{events[i]:g} events in a person-time of {time[i]:g} in the {arm} arm"

    proper = (events >= 0) & (events <= LARGEST_COUNT) & ~_tiny(events)
    _refuse(~proper, studies, found, "0 events or a positive number of them is expected")
    proper = (time >= SHORTEST_TIME) & (time <= LONGEST_TIME)
    _refuse(~proper, studies, found, "a positive, finite person-time is expected")


def _tiny(counts: FloatArray) -> BoolArray:
    return (counts > 0) & (counts < SMALLEST_COUNT)


def _refuse(bad: BoolArray, studies: tuple[str, ...], found: Callable[[int], str], expected: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        others = int(np.count_nonzero(bad)) - 1
        more = f" (and in {others} more)" if others else ""
        raise MethodError(f"{studies[first]}: {found(first)}{more}; {expected}")
