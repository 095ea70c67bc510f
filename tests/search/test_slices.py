"""How a search is cut: every record in exactly one slice, for any dates, and hardly more questions than slices."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import IncompleteError
from synth.search import slices
from synth.search.slices import EARLIEST, HIGHEST, LIMIT, Part, Slice, cover

UNTIL = date(2026, 11, 22)
QUERY = 'asthma[tiab] OR "lung function"'


@dataclass(frozen=True)
class Said:
    count: int
    ids: tuple[str, ...]


class Records:
    """Invented PMIDs with their entry dates; answers as esearch does, newest first."""

    def __init__(self, entered: Mapping[int, date | None]) -> None:
        self.entered, self.asked = entered, []

    def __call__(self, part: Part) -> Said:
        self.asked.append(part)
        found = [pmid for pmid in sorted(self.entered, reverse=True) if self._in(part, pmid)]
        return Said(len(found), tuple(map(str, found[: slices.LIMIT])))

    def _in(self, part: Part, pmid: int) -> bool:
        day = self.entered[pmid]
        inside = part.first is None or (day is not None and part.first <= day <= part.last)
        return inside != part.outside and part.low <= pmid <= part.high

    def cut(self, until: date = UNTIL) -> list[tuple[Slice, tuple[str, ...]]]:
        self.asked.clear()
        return list(cover(self, self(Part()), until))


DAYS = st.one_of(
    st.none(),
    st.dates(date(1790, 1, 1), date(2030, 1, 1)),
    st.sampled_from([date(2001, 5, 5), date(2001, 5, 6), UNTIL, UNTIL + timedelta(days=1), EARLIEST]),
)


@given(entered=st.dictionaries(st.integers(1, HIGHEST), DAYS, max_size=60), limit=st.integers(2, 9))
def test_every_record_is_in_exactly_one_slice_that_fits(entered: dict[int, date | None], limit: int):
    records = Records(entered)
    with mock.patch.object(slices, "LIMIT", limit):
        found = records.cut()
    assert sorted(int(pmid) for _, ids in found for pmid in ids) == sorted(entered)
    for piece, ids in found:
        assert piece.count == len(ids) == sum(records._in(piece.part, pmid) for pmid in entered) <= limit
    assert len(set(records.asked)) == len(records.asked)
    assert len({piece.label for piece, _ in found}) == len(found)


def test_a_search_that_fits_is_asked_once_and_not_cut():
    records = Records(dict.fromkeys(range(1, LIMIT + 1)))
    ((piece, ids),) = records.cut()
    assert (piece, len(ids), records.asked) == (Slice(Part(), LIMIT), LIMIT, [Part()])
    assert piece.label == "all records"


def test_nothing_found_is_one_empty_slice():
    assert Records({}).cut() == [(Slice(Part(), 0), ())]


def spread(count: int, years: float, growth: float) -> Records:
    """So many records over the last years, each year `growth` times as many as the one before."""
    chance = random.Random(3)
    entered = {}
    for pmid in range(30_000_000, 30_000_000 + count):
        share = chance.random()
        before = share if growth == 1 else -math.log(1 - share * (1 - growth**-years)) / math.log(growth) / years
        entered[pmid] = UNTIL - timedelta(days=int(before * years * 365.25))
    return Records(entered)


@pytest.mark.parametrize(
    ("count", "years", "growth"),
    [(25_000, 1, 1), (25_000, 10, 1), (25_000, 30, 1), (25_000, 60, 1.05), (60_000, 80, 1.05), (12_000, 40, 1.1)],
)
def test_questions_are_hardly_more_than_slices(count: int, years: float, growth: float):
    records = spread(count, years, growth)
    found = records.cut()
    assert sum(piece.count for piece, _ in found) == count
    needed = math.ceil(count / 200) + len(found)
    assert len(records.asked) - len(found) <= 0.1 * needed, f"{len(records.asked)} for {len(found)} slices"


def test_a_day_with_too_many_records_is_cut_by_pmid():
    records = Records({pmid: date(2020, 2, 29) for pmid in range(32_000_000, 32_000_000 + 2 * LIMIT + 1)})
    found = records.cut()
    assert [piece.count for piece, _ in found] == [len(ids) for _, ids in found]
    assert 3 <= len(found) <= 5
    assert all(piece.label.startswith("entered 2020/02/29, PMID ") for piece, _ in found)
    assert all(piece.part.dates == ("2020/02/29", "2020/02/29") for piece, _ in found)


def test_records_outside_the_dates_are_a_part_of_their_own():
    entered: dict[int, date | None] = dict.fromkeys(range(1, LIMIT + 1), UNTIL)
    entered |= {20_001: None, 20_002: date(1790, 1, 1), 20_003: UNTIL + timedelta(days=1)}
    *_, (last, ids) = Records(entered).cut()
    assert (last.label, sorted(ids)) == (
        "no entry date from 1800/01/01 to 2026/11/22",
        ["20001", "20002", "20003"],
    )


def test_many_records_outside_the_dates_are_cut_by_pmid():
    found = Records(dict.fromkeys(range(1, LIMIT + 3))).cut()
    assert [piece.count for piece, _ in found] == [5_002, 4_999]
    assert found[0][0].label == "no entry date from 1800/01/01 to 2026/11/22, PMID 1 to 5002"


def test_empty_halves_are_not_asked_for():
    records = Records(dict.fromkeys(range(1, LIMIT + 2), EARLIEST))
    found = records.cut()
    assert len(found) == 2
    later = [part for part in records.asked if part.first and part.first > EARLIEST]
    assert later == []


@pytest.mark.parametrize(
    ("part", "term", "dates"),
    [
        (Part(), QUERY, (None, None)),
        (Part(date(1999, 1, 2), date(2000, 3, 4)), QUERY, ("1999/01/02", "2000/03/04")),
        (Part(UNTIL, UNTIL, low=7), f"({QUERY}) AND 7:99999999[uid]", ("2026/11/22", "2026/11/22")),
        (
            Part(EARLIEST, UNTIL, outside=True, high=9),
            f'(({QUERY}) NOT ("1800/01/01"[edat] : "2026/11/22"[edat])) AND 1:9[uid]',
            (None, None),
        ),
    ],
)
def test_what_is_sent(part: Part, term: str, dates: tuple[str | None, str | None]):
    assert (part.term(QUERY), part.dates) == (term, dates)


class Changing(Records):
    """Answers that are changed from one question on."""

    def __init__(self, entered: Mapping[int, date | None], changes: Mapping[int, object]) -> None:
        super().__init__(entered)
        self.changes = changes

    def __call__(self, part: Part) -> Said:
        said = super().__call__(part)
        change = self.changes.get(len(self.asked))
        return change(said) if change else said


def more(said: Said) -> Said:
    return Said(said.count + 1, (*said.ids, "99999999")[: slices.LIMIT])


def fewer(said: Said) -> Said:
    return Said(said.count - 1, said.ids[: min(said.count - 1, slices.LIMIT)])


# Six days of records that fit three to a slice: these are the questions, in order.
SIX = {pmid: date(2026, 11, 17) + timedelta(days=(pmid - 1) // 2) for pmid in range(1, 13)}


def questions() -> int:
    records = Records(SIX)
    with mock.patch.object(slices, "LIMIT", 3):
        records.cut()
    return len(records.asked)


@pytest.mark.parametrize("change", [more, fewer])
@pytest.mark.parametrize("number", range(1, questions() + 1))
def test_a_count_that_changes_at_any_question_is_seen(number: int, change: object):
    records = Changing(SIX, {number: change})
    with mock.patch.object(slices, "LIMIT", 3), pytest.raises(IncompleteError) as raised:
        records.cut()
    assert "promised" in str(raised.value) or "PubMed gave" in str(raised.value)


def test_more_than_there_was_before_is_named():
    with mock.patch.object(slices, "LIMIT", 3), pytest.raises(IncompleteError) as raised:
        Changing(SIX, {2: more}).cut()
    assert str(raised.value) == "entered 1800/01/01 to 2026/11/22: 13 records promised, in a whole of 12"


def test_a_slice_whose_count_changed_is_named():
    with mock.patch.object(slices, "LIMIT", 3):
        records = Records(SIX)
        (last, ids), *_ = reversed(records.cut())
        with pytest.raises(IncompleteError) as raised:
            Changing(SIX, {len(records.asked): more}).cut()
    assert str(raised.value) == f"{last.label}: {len(ids)} records promised, then {len(ids) + 1}"


def test_a_slice_that_is_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch):
    cut = slices._cut_whole
    monkeypatch.setattr(slices, "LIMIT", 3)
    monkeypatch.setattr(slices, "_cut_whole", lambda *arguments: list(cut(*arguments))[1:])
    with pytest.raises(IncompleteError, match=r"^12 records promised, 1[01] held in slices that promise 1[01]$"):
        Records(SIX).cut()


def test_a_reply_with_fewer_ids_than_promised_is_seen():
    records = Changing(SIX, {1: lambda said: replace(said, ids=said.ids[1:])})
    with pytest.raises(IncompleteError, match=r"^all records: 12 records promised, 11 given$"):
        records.cut()


def test_a_pmid_in_two_slices_is_seen():
    records = Changing({pmid: EARLIEST if pmid < 3 else UNTIL for pmid in range(1, 6)}, {})
    with mock.patch.object(slices, "LIMIT", 3):
        records.cut()
        records.changes = {len(records.asked): lambda said: replace(said, ids=("1", *said.ids[1:]))}
        with pytest.raises(IncompleteError, match=r"^entered .*: PubMed gave PMID 1 in another slice too$"):
            records.cut()


def test_an_id_outside_the_range_asked_for_is_seen():
    entered = dict.fromkeys(range(1, 16), UNTIL)
    stray = Changing(entered, {})
    with mock.patch.object(slices, "LIMIT", 3):
        stray.cut()
        cut = [number for number, part in enumerate(stray.asked, start=1) if part.high != HIGHEST]
        stray.changes = {cut[0]: lambda said: replace(said, ids=(*said.ids[1:], "99"))}
        with pytest.raises(IncompleteError, match=r"^entered 2026/11/22.*: PubMed gave PMIDs [0-9]+ to 99$"):
            stray.cut()
