"""From printed percentages to whole counts, and to the 2x2 tables that they allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from synth.effects.intervals import Interval
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.printed import check_count, parse_printed_number
from synth.errors import MethodError

_SOURCE = "arithmetic: the whole counts whose percentage of n rounds to the printed one, either way of rounding halves"

Table = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsFromPercentage:
    """The whole counts that a printed percentage of n allows.

    Attributes
    ----------
    percentage : str
        As printed, without the sign.
    total : int
        What it is a percentage of.
    candidates : tuple of int
        All whole counts that round to it, rising. Empty where none does: then the percentage is impossible for n.
    derivation : Derivation or None
        Value only where there is one candidate; None where there is none.
    """

    percentage: str
    total: int
    candidates: tuple[int, ...]
    derivation: Derivation | None

    @property
    def is_ambiguous(self) -> bool:
        """True where several counts round to the printed percentage."""
        return len(self.candidates) > 1

    @property
    def is_impossible(self) -> bool:
        """True where no count does."""
        return not self.candidates

    @property
    def nearest(self) -> tuple[tuple[int, float], ...]:
        """The possible counts next to the printed percentage, each with its own percentage."""
        exact = _exact(self.percentage) * self.total / 100
        around = {max(math.floor(exact), 0), min(math.floor(exact) + 1, self.total)}
        return tuple((count, 100 * count / self.total) for count in sorted(around))


def counts_from_percentage(percentage: str, total: int) -> CountsFromPercentage:
    """Which whole counts out of n give a printed percentage.

    Parameters
    ----------
    percentage : str
        As printed, with or without the percent sign: its digits decide. "43%" of 7 can only be 3.
    total : int
        Number of patients (or hips) that it is a percentage of; at least 1.

    Returns
    -------
    CountsFromPercentage
        With all candidates; none where no count fits.

    Raises
    ------
    MethodError
        If the text is no percentage from 0 to 100, or the total is below 1.
    """
    size = check_count(total, 1, "total")
    if not isinstance(percentage, str):
        raise MethodError(f"percentage {percentage!r}: the printed text is expected, because its digits count")
    text = percentage.strip().removesuffix("%").strip()
    printed = parse_printed_number(text, "percentage")
    if not 0 <= printed.value <= 100:
        raise MethodError(f"percentage {percentage!r}: a number from 0 to 100 is expected")
    # Half a unit of the last digit, as an exact fraction: binary numbers would miss the counts at the very edge.
    half_unit = _half_unit(text)
    low = math.ceil((_exact(text) - half_unit) * size / 100)
    high = math.floor((_exact(text) + half_unit) * size / 100)
    candidates = tuple(range(max(low, 0), min(high, size) + 1))
    return CountsFromPercentage(
        percentage=text, total=size, candidates=candidates, derivation=_derivation(text, size, candidates)
    )


def _exact(text: str) -> Fraction:
    return Fraction(text.replace("\N{MINUS SIGN}", "-"))


def _half_unit(text: str) -> Fraction:
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return Fraction(1, 2) / Fraction(10) ** decimals


def _derivation(text: str, total: int, candidates: tuple[int, ...]) -> Derivation | None:
    if not candidates:
        return None
    single = len(candidates) == 1
    mark = "count derived from the printed percentage"
    return Derivation(
        quantity="count",
        value=float(candidates[0]) if single else None,
        rounding_range=(float(candidates[0]), float(candidates[-1])),
        method="Whole counts whose percentage rounds to the printed one",
        inputs=(("percentage", text), ("n", total)),
        assumption=f"the percentage is of all {total}",
        source=_SOURCE,
        mark=mark if single else f"{mark}, which allows {len(candidates)} counts",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesFromPercentages:
    """The 2x2 tables that the printed percentages of two groups allow.

    Attributes
    ----------
    first, second : CountsFromPercentage
        Events of each group.
    """

    first: CountsFromPercentage
    second: CountsFromPercentage

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table (events and non-events of group 1, then of group 2); empty where a percentage is impossible."""
        return tuple(
            (a, self.first.total - a, c, self.second.total - c)
            for a in self.first.candidates
            for c in self.second.candidates
        )

    @property
    def table(self) -> Table | None:
        """The table, where there is only one."""
        tables = self.tables
        return tables[0] if len(tables) == 1 else None

    def log_odds_ratio_range(self) -> Interval | None:
        """Lowest and highest log odds ratio over the tables without an empty cell; None if there is no such table."""
        found = [math.log(a * d / (b * c)) for a, b, c, d in self.tables if min(a, b, c, d) > 0]
        return (min(found), max(found)) if found else None


def tables_from_percentages(percentage1: str, n1: int, percentage2: str, n2: int) -> TablesFromPercentages:
    """All 2x2 tables that two printed percentages allow.

    Parameters
    ----------
    percentage1, percentage2 : str
        Share with the event in each group, as printed.
    n1, n2 : int
        Sizes of the groups.

    Returns
    -------
    TablesFromPercentages

    Raises
    ------
    MethodError
        As for `counts_from_percentage`; the group is named.
    """
    found = []
    for group, percentage, total in ((1, percentage1, n1), (2, percentage2, n2)):
        try:
            found.append(counts_from_percentage(percentage, total))
        except MethodError as error:
            raise MethodError(f"group {group}: {error}") from error
    return TablesFromPercentages(first=found[0], second=found[1])
