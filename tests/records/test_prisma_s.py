"""The items of PRISMA-S as an invented review answers them."""

from __future__ import annotations

from datetime import date

from test_snapshots import gathering, record, search

import synth
from synth.protocol import SearchReporting
from synth.records import Records
from synth.records.prisma_s import NOT_REPORTED, TOPICS, prisma_s
from synth.records.pubmed import PubmedRecord
from synth.records.snapshot import merged


def test_a_review_that_was_not_searched_for(repository):
    review = synth.open_review("ifi", root=repository)
    items = prisma_s(review.searches.snapshots, review.protocol, review.records)
    assert [item.number for item in items] == list(range(1, 17))
    assert {item.number for item in items if item.met} == {4, 13, 15}
    assert items[0].told == "No database has been searched."
    assert items[7].told.startswith("Planned, not run: main: (")
    assert items[2].told == NOT_REPORTED


def test_a_review_that_was_searched_for(repository):
    protocol = synth.open_review("ifi", root=repository).protocol
    told = SearchReporting(registries="None.", contacts="Nobody.", peer_review="By an invented librarian.")
    protocol = protocol.model_copy(update={"searching": told})
    snapshots = [
        gathering(1, record("roe2019", pmid="5"), record("doe2020")),
        search(2, PubmedRecord(pmid="5")),
        search(9, PubmedRecord(pmid="5"), PubmedRecord(pmid="6"), query="example[tiab]"),
    ]
    items = {item.number: item for item in prisma_s(snapshots, protocol, Records(merged(snapshots)))}
    assert {number for number, item in items.items() if not item.met} == {5, 7, 10, 11}
    assert items[1].told == "PubMed, through NCBI's E-utilities"
    assert items[8].told == "main: q; main: example[tiab]"
    assert items[9].told == "None beyond what the strategies say."
    assert items[13].told == "main: 2026-01-02, 2026-01-09"
    assert items[14].told == "By an invented librarian."
    assert items[15].told == "invented 2026-01-01: 2; PubMed 2026-01-02: 1; PubMed 2026-01-09: 2"
    assert items[16].told == "By PMID, DOI, PMCID or exact title; records found in both ways: 1."
    assert len(TOPICS) == 16


def test_an_update_search_is_told_as_a_limit_of_itself(repository):
    protocol = synth.open_review("ifi", root=repository).protocol
    snapshots = [search(2, PubmedRecord(pmid="5")), search(9, PubmedRecord(pmid="6"), since=date(2026, 1, 2))]
    told = {item.number: item.told for item in prisma_s(snapshots, protocol, Records(merged(snapshots)))}
    limit = "in the search of 2026-01-09 only what entered PubMed on 2026-01-02 or later"
    assert told[9] == f"None beyond what the strategies say; {limit}."
    alone = {item.number: item.told for item in prisma_s(snapshots[1:], protocol, Records(()))}
    assert alone[9] == f"By date of entry; {limit}."
