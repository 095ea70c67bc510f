"""What moved between searches and why, on invented snapshots."""

from __future__ import annotations

from datetime import date

import pytest
from test_snapshots import search

from synth.records.comparison import compare
from synth.records.pubmed import Linked, MeshHeading, PubmedRecord, Term, When


def paper(pmid: str, title: str = "Invented", *, day: int = 1, month: int = 1, **more: object) -> PubmedRecord:
    entry = When("2025" if month == 12 else "2026", str(month), str(day), type="entrez")
    return PubmedRecord(pmid=pmid, title=Linked(title), history=(entry,), **more)  # type: ignore[arg-type]


OLD = paper("1", month=12)
INDEXED = (MeshHeading(Term("Hip")),)


def test_the_first_search():
    found = compare([], search(2, OLD))
    assert [item.reason for item in found.new] == ["first search"]
    assert (found.before, found.gone, found.changed, found.counts[0].before) == ((), (), (), None)


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (search(5, OLD), search(9, OLD, paper("2", day=5)), "entered PubMed since the last search"),
        (search(5, OLD), search(9, OLD, paper("2", day=4)), "re-indexed or changed, not held before"),
        (search(5, OLD), search(9, OLD, paper("2", day=4), query="other"), "the query is another one"),
        (search(5, OLD), search(9, OLD, paper("2", day=4), translation="o"), "PubMed translates the query otherwise"),
        (search(5, OLD, paper("2"), hits=("1",)), search(9, OLD, paper("2", mesh=INDEXED)), "re-indexed"),
        (search(5, OLD, paper("2"), hits=("1",)), search(9, OLD, paper("2", "Other")), "changed"),
    ],
)
def test_why_a_hit_is_new(before, now, reason):
    found = compare([before], now)
    assert [(item.pmid, item.reason) for item in found.new] == [("2", reason)]
    assert found.gone == ()
    assert (found.counts[0].before, found.counts[0].now) == (1, 2)
    assert found.reasons == ((f"new: {reason}", 1),)


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (search(5, OLD, paper("2")), search(9, OLD), "no longer in PubMed"),
        (search(5, OLD, paper("2")), search(9, OLD, paper("2"), hits=("1",), query="o"), "the query is another one"),
        (search(5, OLD, paper("2")), search(9, OLD, paper("2", mesh=INDEXED), hits=("1",)), "re-indexed"),
        (search(5, OLD, paper("2")), search(9, OLD, paper("2"), hits=("1",)), "changed"),
    ],
)
def test_why_a_hit_is_gone(before, now, reason):
    found = compare([before], now)
    assert [(item.pmid, item.reason) for item in found.gone] == [("2", reason)]
    assert found.new == ()


def test_housekeeping_is_no_change():
    now = paper("1", month=12, date_revised=When("2026", "1", "8"), medline_status="MEDLINE")
    assert compare([search(5, OLD)], search(9, now)).changed == ()


def test_a_status_that_is_another_one():
    now = paper("1", month=12, status="retracted")
    (change,) = compare([search(5, OLD)], search(9, now)).changed
    assert (change.pmid, change.before, change.now, change.fields) == ("1", "current", "retracted", ("status",))


def test_an_update_search_says_nothing_of_what_is_gone_and_adds_to_what_was_found():
    first = search(5, OLD, paper("2"))
    update = search(9, paper("3", day=7), since=date(2026, 1, 5))
    found = compare([first], update)
    assert (found.partial, found.gone, [item.pmid for item in found.new]) == (True, (), ["3"])
    third = compare([first, update], search(12, OLD, paper("3", day=7)))
    assert ([item.pmid for item in third.new], [item.pmid for item in third.gone]) == ([], ["2"])
    assert third.before == (first.name, update.name)
