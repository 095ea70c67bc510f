"""What a retrieval asks, keeps and says, over real HTTP, and what it makes of replies that are not what was asked."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from retrieval_runs import KEY, PATIENT, QUERY, UNTIL, QuickClock, certificate, client_of, run

from eutils_server import Corpus, EutilsServer, folder_corpus, synthetic_corpus
from synth.errors import IncompleteError, ParameterError, SearchError
from synth.search.entrez import Account, Client
from synth.search.manifest import StrategyRun
from synth.search.replies import FetchReply, SearchReply, read_fetch, read_search
from synth.search.retrieval import Retrieval, retrieve
from synth.search.slots import Slots
from synth.store.journal import FileJournal


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return synthetic_corpus(130, seed=2)


@pytest.fixture(scope="module")
def server(corpus: Corpus) -> Iterator[EutilsServer]:
    with EutilsServer(corpus, limits=None, synonyms={"hip": "hip joint"}) as server:
        yield server


class Memory(dict[str, bytes]):
    """A journal for tests that need no disk."""

    def read(self, key: str) -> bytes | None:
        return self.get(key)

    def write(self, key: str, body: bytes) -> None:
        self[key] = body


def test_a_search_that_fits_takes_one_search_and_its_batches(server: EutilsServer, corpus: Corpus, tmp_path: Path):
    client = client_of(server.url, tmp_path)
    found = run(client, Memory(), batch=40)
    assert client.requests == 1 + math.ceil(130 / 40)
    assert [int(pmid) for pmid in found.pmids] == corpus.pmids()
    assert (found.query, found.translation, found.hits) == (QUERY, '"all"[Filter]', 130)
    assert [(piece.label, piece.count) for piece in found.slices] == [("all records", 130)]
    first, last = found.pmids[0], found.pmids[-1]
    assert [reply.asked for reply in found.replies][0::4] == [
        "all records",
        f"PMID {found.pmids[120]} to {last} (10 ids)",
    ]
    assert found.replies[1].asked == f"PMID {first} to {found.pmids[39]} (40 ids)"
    assert [reply.utility for reply in found.replies] == ["esearch", *["efetch"] * 4]


def test_the_digests_are_those_of_the_bodies_and_the_bodies_hold_the_records(server: EutilsServer, tmp_path: Path):
    found = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "replies"), batch=40)
    bodies = list(found.bodies())
    said = [(reply.sha256, reply.size) for reply in found.replies if reply.utility == "efetch"]
    assert said == [(hashlib.sha256(body).hexdigest(), len(body)) for body in bodies]
    assert [pmid for body in bodies for pmid in sorted(read_fetch(body).pmids, key=int)] == list(found.pmids)


def test_the_certificate_fits_the_manifest(server: EutilsServer, tmp_path: Path):
    found = run(client_of(server.url, tmp_path), Memory(), query="hip[ti] zzyzx[ti]")
    assert found.warnings
    run_of = StrategyRun.model_validate(
        {
            "id": "one",
            "query": found.query,
            "translation": found.translation,
            "warnings": found.warnings,
            "hits": found.hits,
            "slices": [{"label": piece.label, "count": piece.count} for piece in found.slices],
            "pmids": found.pmids,
            "replies": [
                {name: getattr(reply, name) for name in ("utility", "asked", "sha256", "size")}
                for reply in found.replies
            ],
        }
    )
    assert run_of.hits == len(run_of.pmids)


def test_nothing_found(server: EutilsServer, tmp_path: Path):
    found = run(client_of(server.url, tmp_path), Memory(), query="zzyzx[ti]")
    assert (found.hits, found.pmids, list(found.bodies())) == (0, (), [])
    assert "zzyzx" in found.warnings[0]
    assert [(piece.label, piece.count) for piece in found.slices] == [("all records", 0)]


def test_a_second_run_asks_nothing_and_says_the_same(server: EutilsServer, tmp_path: Path):
    journal = FileJournal(tmp_path / "replies")
    found = run(client_of(server.url, tmp_path), journal)
    client = client_of(server.url, tmp_path)
    again = run(client, FileJournal(tmp_path / "replies"))
    assert client.requests == 0
    assert again == found
    assert certificate(again) == certificate(found)


def test_another_account_takes_what_is_there(server: EutilsServer, tmp_path: Path):
    journal = Memory()
    found = run(client_of(server.url, tmp_path), journal)
    other = Client(Account("other@example.org"), address=server.url, slots=Slots(tmp_path / "slots", 8, rest=0.0))
    assert run(other, journal) == found
    assert other.requests == 0
    assert not any(KEY in key for key in journal)
    assert all(re.fullmatch(r"(esearch|efetch)-[0-9a-f]{64}", key) for key in journal)


def test_another_day_takes_nothing_of_this_one(server: EutilsServer, tmp_path: Path):
    journal = Memory()
    found = run(client_of(server.url, tmp_path), journal)
    client = client_of(server.url, tmp_path)
    tomorrow = retrieve(client, QUERY, journal, until=date(2026, 11, 23), batch=20)
    assert client.requests == len(found.replies)
    assert tomorrow == found  # a search that was not cut names no day


@pytest.mark.parametrize("damage", range(8))
def test_a_damaged_reply_is_asked_for_again_and_no_other(server: EutilsServer, tmp_path: Path, damage: int):
    folder, lines = tmp_path / "replies", []
    found = certificate(run(client_of(server.url, tmp_path), FileJournal(folder)))
    path = sorted(folder.iterdir())[damage]
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    client = client_of(server.url, tmp_path)
    assert certificate(run(client, FileJournal(folder, lines.append))) == found
    assert client.requests == 1
    assert [line for line in lines if path.name in line]


def test_a_reply_that_is_no_longer_one_counts_as_absent(server: EutilsServer, tmp_path: Path):
    journal, lines = Memory(), []
    found = run(client_of(server.url, tmp_path), journal)
    for key in journal:
        journal[key] = b"<html>" + journal[key]
    client = client_of(server.url, tmp_path)
    assert run(client, journal, listen=lines.append) == found
    assert client.requests == len(journal) == len(found.replies)
    assert sum("the journal has" in line for line in lines) == len(journal)


def test_a_reply_that_belongs_to_another_request_counts_as_absent(server: EutilsServer, tmp_path: Path):
    journal = Memory()
    found = run(client_of(server.url, tmp_path), journal)
    first, second, *_ = (key for key in journal if key.startswith("efetch"))
    journal[first], journal[second] = journal[second], journal[first]
    client = client_of(server.url, tmp_path)
    assert run(client, journal) == found
    assert client.requests == 2


def test_a_reply_that_is_lost_later_is_an_error_and_no_gap(server: EutilsServer, tmp_path: Path):
    journal = Memory()
    found = run(client_of(server.url, tmp_path), journal)
    key = [name for name in journal if name.startswith("efetch")][1]
    for change in (lambda: journal.update({key: b"other"}), lambda: journal.pop(key)):
        change()
        with pytest.raises(SearchError, match=r"^efetch of PMID .* is no longer as it was kept; run the search again$"):
            list(found.bodies())


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_full_disk_stops_the_run_which_goes_on_when_there_is_room(
    server: EutilsServer, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "replies"
    expected = certificate(run(client_of(server.url, tmp_path), Memory()))
    journal, written = FileJournal(folder), []

    def fsync(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) >= 2 * number - 1:  # a file and its folder for each reply
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SearchError, match=r"a reply of PubMed cannot be kept: No space left on device") as raised:
        run(client_of(server.url, tmp_path), journal)
    monkeypatch.undo()
    assert KEY not in str(raised.value)
    kept = [path.name for path in folder.iterdir()]
    assert len(kept) == number - 1
    assert all(name.endswith(".gz") for name in kept)
    client = client_of(server.url, tmp_path)
    assert certificate(run(client, FileJournal(folder))) == expected
    assert client.requests == 8 - (number - 1)


@pytest.mark.parametrize(
    ("query", "batch", "says"), [(" ", 200, "query is empty"), ("x", 0, "is 0"), ("x", 10_000, "9999")]
)
def test_what_cannot_be_asked(query: str, batch: int, says: str):
    with pytest.raises(ParameterError, match=says):
        retrieve(Stub(), query, Memory(), until=UNTIL, batch=batch)


@pytest.mark.slow
def test_real_records(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Books, later versions, and entry dates over more than a century."""
    monkeypatch.setattr("synth.search.slices.LIMIT", 500)
    real = folder_corpus(shared / "pubmed-xml")
    assert len(real) > 100
    with EutilsServer(real, limits=None) as server:
        found = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "replies"), batch=100)
    assert [int(pmid) for pmid in found.pmids] == real.pmids()
    assert len(found.slices) > 4
    bodies = b"".join(found.bodies())
    assert all(entry.render() in bodies for entry in real)


class Stub:
    """A client whose every answer can be changed: `said` for searches, `given` for fetches."""

    def __init__(
        self,
        ids: Sequence[str] = ("3", "1", "2"),
        given: Callable[[int, Sequence[str]], Sequence[tuple[str, int]]] | None = None,
    ) -> None:
        self.ids, self.asked = ids, []
        self.given = given or (lambda _number, pmids: [(pmid, 1) for pmid in pmids])

    def search(self, term: str, **_: Any) -> SearchReply:
        ids = "".join(f"<Id>{pmid}</Id>" for pmid in self.ids)
        body = f"<eSearchResult><Count>{len(self.ids)}</Count><IdList>{ids}</IdList></eSearchResult>"
        return read_search(body.encode())

    def fetch(self, pmids: Sequence[str]) -> FetchReply:
        self.asked.append(tuple(pmids))
        records = "".join(
            f'<PubmedArticle><MedlineCitation><PMID Version="{version}">{pmid}</PMID></MedlineCitation></PubmedArticle>'
            for pmid, version in self.given(len(self.asked), pmids)
        )
        return read_fetch(f"<PubmedArticleSet>{records}</PubmedArticleSet>".encode())

    def run(self, **options: Any) -> Retrieval:
        return retrieve(self, "query", Memory(), until=UNTIL, policy=PATIENT, clock=QuickClock(), **options)


def test_two_versions_of_a_record_are_two_records_and_one_pmid():
    found = Stub(given=lambda _, pmids: [*((pmid, 1) for pmid in pmids), ("2", 2)]).run()
    assert (found.pmids, found.hits) == (("1", "2", "3"), 3)
    assert next(found.bodies()).count(b"<PubmedArticle>") == 4


def test_one_version_of_a_record_twice_is_not_accepted():
    stub = Stub(given=lambda _, pmids: [*((pmid, 1) for pmid in pmids), ("2", 1)])
    with pytest.raises(IncompleteError, match=r"PubMed gives PMID 2 unasked or more than once") as raised:
        stub.run()
    assert raised.value.surplus == ("2",)
    assert len(stub.asked) == 9  # three searches, each reply asked for three times


def test_a_record_that_never_comes_is_named():
    stub = Stub(given=lambda _, pmids: [(pmid, 1) for pmid in pmids if pmid != "2"])
    with pytest.raises(IncompleteError, match=r"^PubMed promised PMID 2 and does not give it$") as raised:
        stub.run()
    assert raised.value.missing == ("2",)
    assert ("2",) in stub.asked


def test_records_that_come_one_by_one_are_not_waited_for_without_end():
    stub = Stub(tuple(map(str, range(1, 21))), given=lambda _, pmids: [(pmids[0], 1)])
    with pytest.raises(IncompleteError, match=r"^PubMed promised PMID 4, 5, .* and 7 more and does not give them$"):
        stub.run()
    assert len(stub.asked) < 60


def test_an_error_is_not_repeated_from_the_journal():
    broken = [True]
    stub = Stub(given=lambda _, pmids: [] if broken[0] else [(pmid, 1) for pmid in pmids])
    journal = Memory()
    with pytest.raises(IncompleteError):
        retrieve(stub, "query", journal, until=UNTIL, policy=PATIENT, clock=QuickClock())
    broken[0], stub.ids = False, ("1", "3")
    found = retrieve(stub, "query", journal, until=UNTIL, policy=PATIENT, clock=QuickClock())
    assert found.pmids == ("1", "3")


def test_a_search_of_many_hours_is_asked_afresh_all_the_same():
    clock = QuickClock()
    journal = Memory()

    def given(number: int, pmids: Sequence[str]) -> list[tuple[str, int]]:
        clock.waited += 10 * PATIENT.total_wait
        stub.ids = ("1", "3")
        return [(pmid, 1) for pmid in pmids if pmid != "2"]

    stub = Stub(given=given)
    found = retrieve(stub, "query", journal, until=UNTIL, policy=PATIENT, clock=clock)
    assert found.pmids == ("1", "3")


def test_progress_is_told(server: EutilsServer, tmp_path: Path):
    lines: list[str] = []
    run(client_of(server.url, tmp_path), Memory(), batch=65, listen=lines.append)
    assert lines == [
        "130 records promised, in 1 slice that holds them all",
        "65 of 130 records",
        "130 of 130 records",
    ]
