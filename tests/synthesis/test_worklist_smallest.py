"""The smallest set that lifts an answer, against every subset of what is missing; and that it is minimal."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from case_patterns import Invented, protocol_with, review_of, single
from evidence_patterns import Row
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ladder import PATTERNS

from synth.provenance import Source
from synth.records import Record
from synth.synthesis.worklist import Kind, Piece, build
from synth.synthesis.worklist.smallest import Search, size
from synth.synthesis.worklist.where import depth, identifiers, where
from synth.synthesis.worklist.world import height

NOTHING: frozenset[Piece] = frozenset()
NUMBER = {Kind.NUMBER}


def searches(review: Invented) -> list[Search]:
    """The search behind each answer with a row."""
    desk = build.Desk(review.protocol, review.synthesis, review.extraction, review.records)
    return [Search(build._world(desk, answer)) for answer in review.synthesis.answers]


def every_piece(search: Search) -> list[Piece]:
    own = chain.from_iterable(search.of_study(study) for study in search.own)
    return sorted({*own, *build._shared(search)})


def subsets(pieces: list[Piece]) -> list[frozenset[Piece]]:
    found = [frozenset(chosen) for count in range(len(pieces) + 1) for chosen in combinations(pieces, count)]
    return sorted(found, key=size)


@pytest.mark.parametrize("rows", [item[1] for item in PATTERNS], ids=[item[0] for item in PATTERNS])
def test_without_any_piece_the_ladder_stands_where_it_stood(rows: list[Row]) -> None:
    for search in searches(review_of(*rows)):
        assert search.world.reach(NOTHING) is search.world.answer.rung


FULL = Row("ash", change_sd=5)
KINDS = (
    FULL,
    Row("ash", after=""),
    Row("ash", after="", unit="not stated"),
    Row("ash"),
    Row("ash", change_sd=5, unit="not stated"),
    Row("ash", change_sd=5, authors=()),
    Row("ash", change_sd=5, authors=("Common C",)),
    Row("ash", n="", change_sd=5),
    Row("ash", change_sd=5, level="video abstract"),
    single("ash"),
)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(range(len(KINDS))), min_size=1, max_size=3))
def test_the_set_is_a_smallest_one_and_lifts_as_high_as_any(chosen: list[int]) -> None:
    from dataclasses import replace

    rows = [replace(KINDS[index], study=name) for index, name in zip(chosen, ("ash", "elm", "oak"), strict=False)]
    for search in searches(review_of(*rows)):
        pieces = every_piece(search)
        if not pieces or len(pieces) > 8:
            continue
        reached = {subset: height(search.world.reach(subset)) for subset in subsets(pieces)}
        for piece in pieces:
            rung, found = search.smallest(piece)
            assert height(rung) == height(search.world.reach(found))
            # A set in which the piece is needed: without it the rung is lower.
            needed = [
                subset
                for subset, high in reached.items()
                if piece in subset and high > reached[NOTHING] and reached[subset - {piece}] < high
            ]
            if not needed:
                assert found == frozenset((piece,))
                continue
            best = max(reached[subset] for subset in needed)
            assert height(rung) == best
            assert size(found) == min(size(subset) for subset in needed if reached[subset] == best)


def test_a_set_holds_nothing_that_it_does_not_need() -> None:
    rows = (
        FULL,
        Row("elm", after="", authors=()),
        Row("oak", n="", unit="not stated"),
        Row("fir", before="", after=""),
    )
    checked = 0
    for search in searches(review_of(*rows)):
        for piece in every_piece(search):
            rung, found = search.smallest(piece)
            if height(rung) > height(search.world.answer.rung):
                checked += 1
                assert all(height(search.world.reach(found - {item})) < height(rung) for item in found)
    assert checked >= 5


def test_what_surely_exists_is_asked_for_before_what_may_not() -> None:
    plan = protocol_with(
        outcomes=[
            {"id": "grip", "label": "Grip", "role": "main", "instruments": ["rule"]},
            {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
        ]
    )
    # Elm measured comfort and lacks two pieces; fir lacks one, but may never have measured it.
    rows = (FULL, Row("oak", change_sd=7, authors=()), Row("elm", after=""))
    grip = Row("fir", instrument="rule", before=2, after=5, cells={"outcome": "grip"})
    review = review_of(*rows, grip, protocol=plan)
    wanted = ("knot", "comfort")
    (search,) = (
        item for item in searches(review) if (item.world.answer.procedure, item.world.answer.outcome) == wanted
    )
    assert search.own["fir"] == {Piece("fir", Kind.OUTCOME)}
    _, found = search.smallest(Piece("oak", Kind.AUTHORS))
    assert found == {Piece("oak", Kind.AUTHORS), Piece("elm", Kind.AFTER), Piece("elm", Kind.SPREAD)}


@pytest.mark.parametrize(
    ("row", "kind", "needed"),
    [
        (Row("ash", after="", unit="not stated"), Kind.AFTER, {Kind.AFTER, Kind.SPREAD}),
        # With the number analysed the printed interval gives a standard error: no SD is asked for.
        (Row("ash", n="", before="", after="", interval=(10, 30, 95), cells={"change_mean": 20}), Kind.NUMBER, NUMBER),
        (Row("ash", n="", sd=9), Kind.NUMBER, NUMBER),
        (Row("ash", n=""), Kind.NUMBER, {Kind.NUMBER, Kind.SPREAD}),
        (Row("ash", n="", p=".01"), Kind.NUMBER, NUMBER),
        (Row("ash", n="", p=".01", test="Wilcoxon"), Kind.NUMBER, {Kind.NUMBER, Kind.SPREAD}),
        (Row("ash", n="", p="0"), Kind.NUMBER, {Kind.NUMBER, Kind.SPREAD}),
    ],
)
def test_what_the_rung_does_not_need_is_left_out(row: Row, kind: Kind, needed: set[Kind]) -> None:
    (search, _) = searches(review_of(row))
    _, found = search.smallest(Piece("ash", kind))
    assert {piece.kind for piece in found} == needed


def test_a_piece_that_helps_nothing_stands_alone() -> None:
    (search, *_) = searches(review_of(Row("ash", after=""), Row("elm", after="", authors=())))
    rung, found = search.smallest(Piece("nobody", Kind.UNIT))
    assert (rung, found) == (search.world.answer.rung, frozenset((Piece("nobody", Kind.UNIT),)))


def test_a_piece_in_words_names_whose_it_is() -> None:
    assert str(Piece("ash", Kind.SHARED, "elm")) == "whether the two reports share patients (ash and elm)"
    assert str(Piece("", Kind.SERIES)) == str(Kind.SERIES)


def record(**identifiers_: str) -> Record:
    names = ("pmid", "pmcid", "doi", "title", "journal", "volume", "issue", "pages", "note")
    return Record.model_validate(
        {
            **dict.fromkeys(names),
            "id": "ash",
            "year": 2001,
            "authors": (),
            "publication_types": (),
            "assigned": {"publication_type": None, "design": None, "by": "somebody"},
            "status": "unknown",
            "found_by": "other methods",
            "source": "https://example.org/ash",
            "seen_on": "2026-01-01",
            **identifiers_,
        }
    )


def test_identifiers_lead_somewhere() -> None:
    found = identifiers(record(doi="10.0000/invented", pmid="1234", pmcid="PMC99"))
    assert len(found) == 3
    assert [text.split(" ")[0] for text in found] == ["DOI:10.0000/invented", "PMID:1234", "PMCID:PMC99"]
    assert all(Source.parse(text.split(" (")[1].rstrip(")")).kind == "address" for text in found)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.AUTHORS, "Title page or database record: PMCID:PMC99"),
        (Kind.AFTER, "PubMed Central holds the text."),
        (Kind.UNIT, "If it is not printed: the authors."),
    ],
)
def test_where_depends_on_what_is_missing(kind: Kind, words: str) -> None:
    told = where(kind, record(pmcid="PMC99"), ["primary abstract", "secondary review"], cut=True)
    assert words in told
    assert "So far only the abstract was read, and what was read was cut short: https://example.org/ash." in told
    assert ("PubMed Central" in told) is (kind is not Kind.AUTHORS)


def test_a_report_of_which_nothing_was_read_has_no_depth() -> None:
    assert depth([]) == ""
    assert "So far" not in where(Kind.AFTER, record(), [], cut=False)
