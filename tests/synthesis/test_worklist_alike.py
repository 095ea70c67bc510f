"""Interchangeable studies in the search for a smallest set: the same as trying every set, with few climbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest
from case_patterns import Invented, protocol_with, review_of, single
from evidence_patterns import PROTOCOL, Row
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.extraction.overlap import possible_overlaps
from synth.records import Records
from synth.synthesis.ladder import Answer, Rung, climb
from synth.synthesis.worklist import Kind, Piece, build, worklist, world
from synth.synthesis.worklist.alike import cheapest, classes
from synth.synthesis.worklist.smallest import Search, size
from synth.synthesis.worklist.world import Pieces, Sharing, World, height

NAMES = ("ash", "elm", "fir", "oak", "yew")
KINDS = (
    Row("", change_sd=5),
    Row(""),
    Row("", after=""),
    Row("", n=""),
    Row("", unit="not stated"),
    Row("", unit="hips", hips=9),
    Row("", authors=()),
    Row("", change_sd=5, authors=("Wood B", "et al")),
    Row("", authors=("Common C",)),
    Row("", change_sd=5, authors=("Common C",)),
    Row("", centre="Mill"),
    Row("", level="video abstract"),
    Row("", before="", after="", direction="higher"),
    Row("", overlaps="ash/A1"),
    Row("", instrument="rule", before=2, after=5),
    single(""),
    single("", after=""),
)


def planned(pool_from: int, **changes: object) -> dict[str, object]:
    ladder = {"pool_from": pool_from, "plain_from": max(5, pool_from), "reason": "Invented."}
    return {**PROTOCOL["synthesis"], "ladder": ladder, **changes}  # type: ignore[dict-item]


def reviewed(rows: Sequence[Row], pool_from: int, **changes: object) -> Invented:
    return review_of(*rows, protocol=protocol_with(synthesis=planned(pool_from, **changes)))


def searches(review: Invented) -> list[Search]:
    desk = build.Desk(review.protocol, review.synthesis, review.extraction, review.records)
    return [Search(build._world(desk, answer)) for answer in review.synthesis.answers]


@st.composite
def reviews(draw: st.DrawFn, most: int = 5) -> Invented:
    """Invented reviews of a few kinds of studies, so that many are alike."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique_by=id))
    count = draw(st.integers(2, most))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=count, max_size=count))
    names = draw(st.permutations(NAMES))
    rows = [
        replace(kind, study=name, overlaps="" if name == "ash" or "ash" not in names[:count] else kind.overlaps)
        for kind, name in zip(chosen, names, strict=False)
    ]
    rows += [replace(row, months=24) for row in rows[: draw(st.integers(0, 1))]]
    return reviewed(rows, draw(st.sampled_from([3, 3, 4, 5])))


def climbed(here: World, pieces: Pieces) -> int:
    """The rung without anything that is remembered of other sets."""
    return height(here._climbed(pieces)[0])


def every_set(search: Search, wanted: set[str]) -> list[Pieces]:
    """All sets that bring whole studies in, in their order."""
    start = tuple(dict.fromkeys([*search.present, *sorted(wanted)]))
    free = sorted(name for name in search.own if name not in start and name not in search.world.single)
    most = max(search.world.protocol.synthesis.ladder.pool_from - len(start), 0)
    found: list[tuple[tuple[str, ...], Pieces]] = [
        ((), search.own[name]) for name in sorted(wanted) if name in search.own
    ]
    found += [
        (names, search._needed((*start, *names))) for count in range(most + 1) for names in combinations(free, count)
    ]
    return [pieces for _, pieces in sorted(found, key=lambda item: (size(item[1]), item[0], sorted(item[1])))]


def without_idle(here: World, pieces: Pieces, rung: int) -> Pieces:
    kept = pieces
    for piece in sorted(pieces, key=lambda item: (size(frozenset((item,)))[1] * -1, item)):
        if climbed(here, kept - {piece}) >= rung:
            kept -= {piece}
    return kept


def tried(search: Search, piece: Piece) -> Pieces:
    """The smallest set, found by trying every set in turn."""
    best, found = climbed(search.world, frozenset()), frozenset((piece,))
    for pieces in every_set(search, {piece.study_id, piece.other} - {""}):
        if piece in pieces and (rung := climbed(search.world, pieces)) > best:
            kept = without_idle(search.world, pieces, rung)
            if piece in kept:
                best, found = rung, kept
    return found


def asked(search: Search) -> list[Piece]:
    return sorted({piece for name in search.own for piece in search.of_study(name)} | set(build._shared(search)))


@settings(max_examples=20, deadline=None)
@given(reviews())
def test_the_set_is_the_one_that_trying_every_set_finds(review: Invented) -> None:
    for search in searches(review):
        for piece in asked(search):
            rung, found = search.smallest(piece)
            assert found == tried(search, piece)
            assert height(rung) == climbed(search.world, found)


@settings(max_examples=15, deadline=None)
@given(reviews(4), st.data())
def test_no_subset_of_what_is_missing_is_smaller_or_lifts_higher(review: Invented, data: st.DataObject) -> None:
    for search in searches(review):
        pieces = asked(search)
        if not pieces or len(pieces) > 8 or len({item.row for item in search.world.answer.series}) > len(search.own):
            continue
        subsets = [frozenset(some) for count in range(len(pieces) + 1) for some in combinations(pieces, count)]
        high = {subset: climbed(search.world, subset) for subset in subsets}
        piece = data.draw(st.sampled_from(pieces))
        needed = [item for item in subsets if piece in item and high[item] > high[item - {piece}]]
        needed = [item for item in needed if high[item] > high[frozenset()]]
        rung, found = search.smallest(piece)
        if not needed:
            assert found == {piece}
            continue
        best = max(high[item] for item in needed)
        assert (height(rung), size(found)) == (best, min(size(item) for item in needed if high[item] == best))


@settings(max_examples=20, deadline=None)
@given(reviews(), st.data())
def test_what_is_remembered_is_what_would_be_climbed(review: Invented, data: st.DataObject) -> None:
    for search in searches(review):
        pieces = asked(search)
        for _ in range(8 if pieces else 0):
            some = frozenset(data.draw(st.sets(st.sampled_from(pieces))))
            assert search.world._stand(some) == search.world._climbed(some)


@settings(max_examples=15, deadline=None)
@given(reviews(), st.sets(st.sampled_from(NAMES)))
def test_overlaps_are_those_of_records_with_the_authors_that_were_seen(review: Invented, seen: set[str]) -> None:
    arms = review.synthesis.studied["knot"].arms
    sharing = Sharing(arms, review.extraction.studies, review.records, trust_declared=False)
    filled = Records(
        tuple(world._with_authors(item) if item.id in seen & sharing.unseen else item for item in review.records)
    )
    expected = possible_overlaps(arms, review.extraction.studies, filled, trust_declared=False)
    found = sharing.overlaps(frozenset(Piece(name, Kind.AUTHORS) for name in seen))
    assert [(item.first, item.second) for item in found] == [(item.first, item.second) for item in expected]
    between = [item for item in found if {item.first, item.second} <= seen]
    assert sharing.overlaps(frozenset(Piece(name, Kind.AUTHORS) for name in seen), seen) == between


@pytest.mark.parametrize(
    ("row", "count", "pool_from", "most"),
    [
        (Row("", change_sd=""), 120, 3, 20),
        (Row("", change_sd=""), 120, 6, 40),
        (Row("", change_sd=5, unit="not stated"), 60, 3, 20),
        (Row("", change_sd=5, authors=()), 60, 3, 20),
        (Row("", after="", authors=()), 60, 5, 60),
        (Row("", authors=("Common C",)), 60, 4, 40),
    ],
)
def test_few_climbs_for_many_studies_that_are_alike(
    row: Row, count: int, pool_from: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _climbs(_many(row, count), pool_from, most, monkeypatch)


def test_few_climbs_for_five_hundred_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    _climbs(_many(Row(""), 500), 5, 30, monkeypatch, overlap="declared")


def test_few_climbs_for_many_groups_of_authors_and_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [replace(row, authors=(f"Of{index // 2} A",)) for index, row in enumerate(_many(Row(""), 60))]
    rows = [replace(row, after="" if index % 3 else row.after) for index, row in enumerate(rows)]
    _climbs(rows, 5, 40 * len(rows), monkeypatch)


def _many(row: Row, count: int) -> list[Row]:
    letters = ["".join(some) for some in product("abcdefgh", repeat=3)][:count]
    # Figures that differ make no other kind of study.
    return [replace(row, study=f"s{name}", after=row.after and 55 + at % 9) for at, name in enumerate(letters)]


def _climbs(rows: list[Row], pool_from: int, most: int, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    review = reviewed(rows, pool_from, **changes)
    counted: list[Rung] = []

    def counting(*given: object) -> Answer:
        answer = climb(*given)  # type: ignore[arg-type]
        counted.append(answer.rung)
        return answer

    monkeypatch.setattr("synth.synthesis.worklist.world.climb", counting)
    found = worklist(review.protocol, review.synthesis, review.extraction, review.records)
    lifting = {task.study_id for task in found if task.together is Rung.POOLED}
    assert lifting >= {row.study for row in rows}
    assert 0 < len(counted) <= most


def test_studies_are_alike_that_look_and_stand_alike() -> None:
    shapes = dict.fromkeys("abcdefg", "same") | {"g": "other"}
    near = {"a": {"b": True}, "b": {"a": True}, "c": {"d": True, "e": False}, "d": {"c": True}, "e": {"c": False}}
    assert classes(shapes, near) == {**{name: name for name in "abcdefg"}, "b": "a"}
    assert classes(dict.fromkeys("abc", 0), {"c": {"z": True}}) == dict.fromkeys("abc", "a")


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), min_size=4, max_size=4),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3))),
)
def test_the_cheapest_come_first_and_none_is_left_out(
    sizes: list[int], count: int, prices: list[tuple[int, int]], banned: set[tuple[int, int]]
) -> None:
    names = iter("abcdefghijkl")
    groups = [[next(names) for _ in range(number)] for number in sizes]
    of = {name: index for index, group in enumerate(groups) for name in group}

    def allowed(chosen: tuple[str, ...]) -> bool:
        return not any((of[one], of[two]) in banned for one, two in combinations(chosen, 2))

    def price(chosen: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(sum(prices[of[name]][place] for name in chosen) for place in range(2))

    found = list(cheapest(groups, count, cost=lambda _, name: prices[of[name]], allowed=allowed))
    firsts = {tuple(sorted(of[name] for name in some)) for some in combinations(of, count) if allowed(some)}
    assert [price(some) for some in found] == sorted(price(some) for some in found)
    assert sorted(tuple(sorted(of[name] for name in some)) for some in found) == sorted(firsts)


def test_a_study_that_may_share_patients_is_passed_over() -> None:
    common = ("Common C",)
    rows = [Row("ash", authors=common), Row("elm", authors=common), Row("fir"), Row("oak")]
    (search, *_) = searches(reviewed(rows, 3))
    assert search.smallest(Piece("fir", Kind.SPREAD))[1] == {Piece(name, Kind.SPREAD) for name in ("ash", "fir", "oak")}


def test_what_the_printed_figures_carry_makes_another_kind_of_study() -> None:
    (search, *_) = searches(reviewed([Row("ash", n="", sd=9), Row("elm", n=""), Row("fir", n="", sd=7)], 3))
    assert search.world.alike == {"ash": "ash", "elm": "elm", "fir": "ash"}


def test_authors_of_both_are_needed_where_neither_were_seen() -> None:
    (search, *_) = searches(reviewed([Row("ash", authors=()), Row("elm", authors=())], 3))
    both = [Piece(name, Kind.AUTHORS) for name in ("ash", "elm")]
    overlaps = search.world.sharing.overlaps
    assert [len(overlaps(frozenset(both[:count]))) for count in range(3)] == [1, 1, 0]
