"""Update searches: only what entered PubMed on a day or later, proved like any other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from retrieval_runs import PATIENT, QUERY, UNTIL, QuickClock, client_of

from eutils_server import EutilsServer, synthetic_corpus
from synth.search.retrieval import Retrieval, retrieve
from synth.store.journal import FileJournal

SINCE = date(2020, 1, 1)


def update(server: EutilsServer, folder: Path, since: date | None, until: date = UNTIL) -> Retrieval:
    clock = QuickClock()
    journal = FileJournal(folder / f"journal-{since}")
    return retrieve(
        client_of(server.url, folder), QUERY, journal, until=until, since=since, policy=PATIENT, clock=clock
    )


def entered_since(server: EutilsServer, since: date) -> set[str]:
    return {str(entry.pmid) for entry in server.corpus if entry.entered >= since.toordinal()}


def test_what_entered_since_is_found_and_no_more(tmp_path: Path):
    with EutilsServer(synthetic_corpus(300, days=3_650), limits=None) as server:
        found = update(server, tmp_path, SINCE)
        expected = entered_since(server, SINCE)
    assert set(found.pmids) == expected
    assert 0 < len(expected) < 300
    assert [(item.label, item.count) for item in found.slices] == [("entered 2020/01/01 or later", len(expected))]


@pytest.mark.slow
def test_an_update_search_of_more_than_one_reply_is_cut_and_proved(tmp_path: Path):
    # The last day that is cut lies before the last record, so that what is later is a slice of its own.
    until = SINCE + timedelta(days=1_000)
    with EutilsServer(synthetic_corpus(21_000, days=3_650), limits=None) as server:
        found = update(server, tmp_path, SINCE, until)
        expected = entered_since(server, SINCE)
        searches = server.count("esearch")
    assert len(expected) > 9_999
    assert set(found.pmids) == expected
    assert found.slices[-1].label == f"entered {until + timedelta(days=1):%Y/%m/%d} or later"
    assert sum(item.count for item in found.slices) == found.hits == len(expected)
    assert searches <= 2 * len(found.slices) + 1


def test_a_search_of_all_and_an_update_do_not_share_replies(tmp_path: Path):
    with EutilsServer(synthetic_corpus(50, days=3_650), limits=None) as server:
        journal = FileJournal(tmp_path / "journal")
        client = client_of(server.url, tmp_path)
        everything = retrieve(client, QUERY, journal, until=UNTIL)
        part = retrieve(client, QUERY, journal, until=UNTIL, since=SINCE)
    assert set(part.pmids) < set(everything.pmids)
