"""What a plot of scores before and after is made of, checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from numbers import Integral, Real
from typing import Final, Literal

from synth.errors import MethodError
from synth.plots.axis import Interval
from synth.plots.text import plain, printable

Better = Literal["higher", "lower"]

_SYMBOLS: Final = "†‡§¶"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeRow:
    """One line: the mean scores of a series before and after, or the scores of one patient.

    Attributes
    ----------
    label : str
        Name of the series or case.
    before, after : float or None
        On the instrument's scale; None where it was not seen. One of the two is there.
    n : int or None
        How many the means are of; None where that was not seen.
    unit : str
        What `n` counts: "patients", "hips" and so on.
    single : bool
        One patient's own scores, and no means.
    months : float or None
        Mean follow-up.
    before_range, after_range : tuple of float, or None
        Lowest and highest score.
    mark : str
        How a number differs from the others, such as "after: mean before plus the printed change"; a dagger leads to
        it. Empty for none.
    group : str
        What was done; each group has a panel of its own.
    """

    label: str
    before: float | None
    after: float | None
    n: int | None = None
    unit: str = "patients"
    single: bool = False
    months: float | None = None
    before_range: Interval | None = None
    after_range: Interval | None = None
    mark: str = ""
    group: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """Every number that is drawn."""
        means = [value for value in (self.before, self.after) if value is not None]
        return (*means, *(self.before_range or ()), *(self.after_range or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportantDifference:
    """A published important difference: its size in points of the instrument, and where it comes from.

    Attributes
    ----------
    value : float
        Above 0.
    label : str
        How, when and in whom it was found.
    """

    value: float
    label: str


def check_rows(
    rows: Sequence[SlopeRow],
    limits: Interval | None,
    better: Better | None,
    difference: ImportantDifference | None,
) -> None:
    """Refuse what cannot be drawn.

    Raises
    ------
    MethodError
        If there is no row, a row has neither score, a number is not finite or outside the instrument's range, or an
        option is out of range; the row is named.
    """
    if not rows:
        raise MethodError("no series and no case: there is nothing to draw")
    if better not in ("higher", "lower", None):
        raise MethodError(f"better {better!r}: 'higher', 'lower' or None is expected")
    if limits is not None and not (_is_pair(limits) and all(map(math.isfinite, limits)) and limits[0] < limits[1]):
        raise MethodError(f"limits {limits}: two finite numbers, the lower one first, are expected")
    for row in rows:
        if not _is_named(row):
            raise MethodError(f"{row!r}: a SlopeRow whose label is a text that is not empty is expected")
        for problem in chain(_wrong_types(row), _problems(row, limits)):
            raise MethodError(f"{row.label}: {problem}")
    if difference is None:
        return
    if not isinstance(difference, ImportantDifference):
        raise MethodError(f"important difference {difference!r}: an ImportantDifference is expected")
    if not (_is_number(difference.value) and math.isfinite(difference.value) and difference.value > 0):
        raise MethodError(f"important difference {difference.value}: a finite number above 0 is expected")
    if better is None:
        raise MethodError("an important difference has a direction: 'higher' or 'lower' is expected for better")


def _is_named(row: object) -> bool:
    label: object = getattr(row, "label", None)
    return isinstance(row, SlopeRow) and isinstance(label, str) and printable(label) != ""


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_pair(value: object) -> bool:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(_is_number, value))


def _wrong_types(row: SlopeRow) -> Iterator[str]:
    """What is no number where one is expected; the checks of its size come after."""
    for name, number in (("before", row.before), ("after", row.after), ("months", row.months)):
        if number is not None and not _is_number(number):
            yield f"{name} = {number!r}; a number is expected"
    for name, ends in (("before_range", row.before_range), ("after_range", row.after_range)):
        if ends is not None and not _is_pair(ends):
            yield f"{name} = {ends!r}; two numbers are expected"
    if row.n is not None and not _is_whole(row.n):
        yield f"n = {row.n!r}; a whole number from 1 is expected"


def _problems(row: SlopeRow, limits: Interval | None) -> Iterator[str]:
    if row.before is None and row.after is None:
        yield "neither a score before nor one after; at least one is expected"
    for value in row.values:
        if not math.isfinite(value):
            yield f"a score is {value}; finite numbers are expected"
        elif limits is not None and not limits[0] <= value <= limits[1]:
            yield f"a score of {plain(value)} on a scale from {plain(limits[0])} to {plain(limits[1])}"
    for moment, ends in ((row.before, row.before_range), (row.after, row.after_range)):
        if ends is not None and not ends[0] <= ends[1]:
            yield f"a range from {plain(ends[0])} to {plain(ends[1])}; the lower end first is expected"
        if ends is not None and moment is None:
            yield "a range without its mean; both are expected"
    if row.n is not None and row.n < 1:
        yield f"n = {row.n}; a whole number from 1 is expected"
    if row.months is not None and not (math.isfinite(row.months) and row.months >= 0):
        yield f"{row.months} months; a finite number from 0 is expected"
    if row.single and row.n not in (None, 1):
        yield f"one patient and n = {row.n}; n = 1 is expected"


def symbols_of(rows: Sequence[SlopeRow]) -> dict[str, str]:
    """The sign of each explanation: daggers, and numbers where these run out."""
    marks = dict.fromkeys(row.mark for row in rows if row.mark)
    return {mark: _SYMBOLS[place] if place < len(_SYMBOLS) else f"({place + 1})" for place, mark in enumerate(marks)}


def size_words(row: SlopeRow) -> str:
    """How many the means are of, in words."""
    if row.single:
        return "one patient"
    return "n not seen" if row.n is None else f"n = {row.n} {row.unit}".strip()
