"""Searches beyond 9,999 records over real HTTP: two processes with one key, and a day that is too large."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from retrieval_runs import KEY, UNTIL, certificate, client_of, run, started

from eutils_server import EutilsServer, synthetic_corpus
from synth.search.slices import LIMIT
from synth.store.journal import FileJournal

BATCH = 200


def most_requests(count: int, slices: int) -> float:
    """The fetches, one search for each final slice, and a tenth more."""
    return 1.1 * (math.ceil(count / BATCH) + slices)


@pytest.mark.slow
def test_two_processes_that_share_a_key(tmp_path: Path):
    corpus = synthetic_corpus(25_000)
    with EutilsServer(corpus, keys=[KEY]) as server:
        assert server.limits == {"none": 3, "key": 10}
        processes = [started(server.url, tmp_path, name, BATCH, limited=True) for name in ("first", "second")]
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0]
        said = [json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("first", "second")]
        assert server.busiest_second() <= 10
        assert {seen.status for seen in server.log} == {200}
        fetched = Counter(seen.params["id"] for seen in server.log if seen.utility == "efetch")
        assert server.count() == sum(process["requests"] for process in said)
    assert said[0]["certificate"] == said[1]["certificate"]
    proof = json.loads(said[0]["certificate"])
    assert [int(pmid) for pmid in proof["pmids"]] == corpus.pmids()
    assert proof["hits"] == sum(count for _, count in proof["slices"]) == 25_000
    assert max(count for _, count in proof["slices"]) <= LIMIT
    assert Counter(pmid for ids in fetched for pmid in ids.split(",")) == Counter(proof["pmids"])
    assert set(fetched.values()) == {2}
    for process in said:
        assert process["requests"] <= most_requests(25_000, len(proof["slices"]))


@pytest.mark.slow
def test_a_day_with_more_records_than_a_search_gives(tmp_path: Path):
    corpus = synthetic_corpus(13_000, heavy_day=12_000)
    with EutilsServer(corpus, limits=None) as server:
        client = client_of(server.url, tmp_path)
        journal = FileJournal(tmp_path / "replies")
        found = run(client, journal, batch=BATCH)
        assert {seen.status for seen in server.log} == {200}
        day = Counter(entry.entered for entry in corpus).most_common(1)[0][0]
        parts = [piece for piece in found.slices if piece.part.high - piece.part.low < 99_999_998]
        assert all(piece.part.first == piece.part.last for piece in parts)
        assert {piece.part.first.toordinal() for piece in parts} == {day}
        assert sum(piece.count for piece in parts) == sum(entry.entered == day for entry in corpus)
        assert [int(pmid) for pmid in found.pmids] == corpus.pmids()
        assert found.hits == 13_000
        again = client_of(server.url, tmp_path)
        assert certificate(run(again, journal, batch=BATCH)) == certificate(found)
        assert again.requests == 0


@pytest.mark.slow
def test_records_entered_after_the_day_of_the_search_are_held_too(tmp_path: Path):
    corpus = synthetic_corpus(10_100, first_day="2026/01/01", days=365)
    later = sum(entry.entered > UNTIL.toordinal() for entry in corpus)
    assert 0 < later < LIMIT
    with EutilsServer(corpus, limits=None) as server:
        found = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "replies"), batch=2_000)
    assert [int(pmid) for pmid in found.pmids] == corpus.pmids()
    assert (found.slices[-1].label, found.slices[-1].count) == ("no entry date from 1800/01/01 to 2026/11/22", later)
