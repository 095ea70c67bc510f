"""How a search that finds more than one reply can give is cut into slices that fit, and how their union is proved.

PubMed gives the first 9,999 ids of a search and no more. A larger search is cut by entry date, which is sent beside the
query so that the query stays as it was typed; a single day that is still too large is cut by PMID. What lies outside
the dates (no entry date, one before `EARLIEST` or after the last day of the search) is a part of its own and belongs to
the result like any other: the proof is against the count of the query as typed, without any dates.

The count of the later half of a part follows by subtraction. A half that must be empty is never asked for, and one
that is too large anyway is cut without being asked for; that no record hides there is what the proof shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from synth.errors import IncompleteError

#: Ids that one reply of esearch holds at most.
LIMIT = 9_999
#: Where the entry dates begin to be cut; what is older is found outside the dates.
EARLIEST = date(1800, 1, 1)
#: Later than any entry date; stands for "or later".
LATEST = date(3000, 12, 31)
#: Above every PMID: they have at most 8 digits.
HIGHEST = 99_999_999

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a search.

    Attributes
    ----------
    first, last : date or None
        Entry dates, both included; None for the whole search.
    outside : bool
        What these dates leave over, instead of what they hold.
    low, high : int
        PMIDs, both included.
    """

    first: date | None = None
    last: date | None = None
    outside: bool = False
    low: int = 1
    high: int = HIGHEST

    def term(self, query: str) -> str:
        """The query to send; dates that can be sent beside it are not in it."""
        term = query
        if self.outside:
            term = f'({term}) NOT ("{_day(self.first)}"[edat] : "{_day(self.last)}"[edat])'
        if (self.low, self.high) != (1, HIGHEST):
            term = f"({term}) AND {self.low}:{self.high}[uid]"
        return term

    @property
    def dates(self) -> tuple[str | None, str | None]:
        """The parameters mindate and maxdate, as YYYY/MM/DD; None where no dates are sent beside the query."""
        if self.first is None or self.outside:
            return None, None
        return _day(self.first), _day(self.last)

    @property
    def several_days(self) -> bool:
        """Whether it can be cut by date."""
        return not self.outside and self.first != self.last

    @property
    def label(self) -> str:
        """What a reader of the certificate is told."""
        if self.first is None:
            dates = "all records"
        elif self.outside:
            dates = f"no entry date from {_day(self.first)} to {_day(self.last)}"
        elif self.last == LATEST:
            dates = f"entered {_day(self.first)} or later"
        elif self.first == self.last:
            dates = f"entered {_day(self.first)}"
        else:
            dates = f"entered {_day(self.first)} to {_day(self.last)}"
        return dates if (self.low, self.high) == (1, HIGHEST) else f"{dates}, PMID {self.low} to {self.high}"

    def cut_by_date(self) -> tuple[Part, Part]:
        """Two parts: the earlier three quarters of the days and the later quarter.

        Later years hold more records, so the first cuts of two centuries are not spent on years that hold next to none.
        """
        assert self.first is not None
        assert self.last is not None
        middle = self.first + timedelta(days=(self.last - self.first).days * 3 // 4)
        return replace(self, last=middle), replace(self, first=middle + timedelta(days=1))

    def cut_by_pmid(self, ids: Sequence[str]) -> tuple[Part, Part]:
        """Two parts that meet at the middle one of some of its PMIDs, so that neither is empty."""
        numbers = sorted(map(int, ids))
        middle = numbers[(len(numbers) - 1) // 2]
        if not self.low <= numbers[0] <= middle < numbers[-1] <= self.high:
            raise IncompleteError(f"{self.label}: PubMed gave PMIDs {numbers[0]} to {numbers[-1]}")
        return replace(self, high=middle), replace(self, low=middle + 1)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a search that fits into one reply, and how many records it holds."""

    part: Part
    count: int

    @property
    def label(self) -> str:
        """Its dates and PMIDs in words."""
        return self.part.label


class Answer(Protocol):
    """What a reply of esearch says: how many records, and the ids of the first 9,999 of them."""

    @property
    def count(self) -> int:
        """Records promised."""

    @property
    def ids(self) -> tuple[str, ...]:
        """As many ids as the reply can hold."""


Ask = Callable[[Part], Answer]


def entire(since: date | None = None) -> Part:
    """The whole of a search: without dates, or what entered on a day or later."""
    return Part() if since is None else Part(since, LATEST)


def cover(ask: Ask, whole: Answer, until: date, since: date | None = None) -> Iterator[tuple[Slice, tuple[str, ...]]]:
    """Cut a search until every slice fits into one reply; gives each slice with its ids, earliest dates first.

    Parameters
    ----------
    ask : callable
        Asks for a part.
    whole : Answer
        To the entire search: the query as typed, without dates unless there is a `since`.
    until : date
        Last entry date that is cut; later ones are found outside the dates.
    since : date, optional
        First entry date of the search.

    Raises
    ------
    IncompleteError
        If counts contradict each other, or two slices give the same PMID, or all together are not what was promised.
    """
    seen: set[str] = set()
    promised = 0
    for found, ids in _cut_whole(ask, whole, until, since):
        if len(set(ids)) != found.count:
            raise IncompleteError(f"{found.label}: {found.count} records promised, {len(set(ids))} given")
        if twice := sorted(seen.intersection(ids), key=int):
            raise IncompleteError(f"{found.label}: PubMed gave {named(twice)} in another slice too", surplus=twice)
        seen.update(ids)
        promised += found.count
        yield found, ids
    if not promised == len(seen) == whole.count:
        raise IncompleteError(f"{whole.count} records promised, {len(seen)} held in slices that promise {promised}")


def _cut_whole(ask: Ask, whole: Answer, until: date, since: date | None) -> Iterator[tuple[Slice, tuple[str, ...]]]:
    if whole.count <= LIMIT:
        yield Slice(entire(since), whole.count), whole.ids
        return
    first = since or EARLIEST
    dated = Part(first, max(until, first))
    beyond = replace(dated, outside=True) if since is None else Part(max(until, first) + timedelta(days=1), LATEST)
    answer = ask(dated)
    rest = _left(dated, answer.count, whole.count)
    yield from _cut(ask, dated, answer.count, answer)
    yield from _cut(ask, beyond, rest)


def _cut(ask: Ask, part: Part, count: int, answer: Answer | None = None) -> Iterator[tuple[Slice, tuple[str, ...]]]:
    """The slices of a part whose count is known, by an answer or by subtraction."""
    if count == 0:
        return
    if answer is None and (count <= LIMIT or not part.several_days):
        answer = ask(part)
        if answer.count != count:
            raise IncompleteError(f"{part.label}: {count} records promised, then {answer.count}")
    if answer is not None and count <= LIMIT:
        yield Slice(part, count), answer.ids
        return
    earlier, later = part.cut_by_date() if answer is None or part.several_days else part.cut_by_pmid(answer.ids)
    first = ask(earlier)
    rest = _left(earlier, first.count, count)
    yield from _cut(ask, earlier, first.count, first)
    yield from _cut(ask, later, rest)


def _left(part: Part, count: int, whole: int) -> int:
    """What is left of a whole without a part of it."""
    if count > whole:
        raise IncompleteError(f"{part.label}: {count} records promised, in a whole of {whole}")
    return whole - count


def named(pmids: Sequence[str]) -> str:
    """PMIDs as a message names them: the first ten, and how many more there are."""
    more = f" and {len(pmids) - _SHOWN} more" if len(pmids) > _SHOWN else ""
    return f"PMID {', '.join(pmids[:_SHOWN])}{more}"


def _day(day: date | None) -> str:
    return day.isoformat().replace("-", "/") if day else ""
