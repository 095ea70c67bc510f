"""Every fault that a server can play, at a search and at a fetch, once and for ever, over real HTTP.

Each ends in the exact set, or in one clear error without the key; then the next run, with the same journal and without
the fault, ends in the exact set. Nothing ends in fewer records.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from retrieval_runs import KEY, PATIENT, certificate, client_of, run

from eutils_server import Corpus, EutilsServer, Fault, Seen, synthetic_corpus
from synth.errors import SynthError
from synth.search.policy import Policy
from synth.search.retrieval import Retrieval
from synth.store.journal import FileJournal

COUNT, BATCH = 50, 20
ONCE, FOR_EVER = 1, 1_000
POLICY = Policy(attempts=4, first_wait=0.001, longest_wait=0.002, total_wait=100.0, timeout=0.5)
EXACT, ERROR = "the exact set", "an error"


@dataclass(frozen=True)
class Case:
    """What is played, and how it ends.

    `once` and `always` are how a run with the fault at one request, or at all from the second on, must end; for
    utilities at which the kind does nothing, `on` leaves them out. `same` says whether the bytes of the replies, and
    so the certificate, are those of a run without the fault.
    """

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    once: str = EXACT
    always: str = ERROR
    on: tuple[str, ...] = ("esearch", "efetch")
    same: bool = True
    says: str = ""


def status(code: int, once: str = EXACT, **parameters: Any) -> Case:
    return Case("status", {"code": code, **parameters}, once, says=f"HTTP {code}")


PASSING = {f"status {code}": status(code) for code in (408, 429, 500, 502, 503, 504)}
WITH_WAIT = {f"status {code} with Retry-After": status(code, retry_after=2) for code in (429, 503)}
REFUSED = {f"status {code}": status(code, ERROR) for code in (400, 403, 404, 413, 414)}
OTHER_STATUSES = {
    "status 429 with a long Retry-After": status(429, ERROR, retry_after=3_600),
    "status 400 with PubMed's own trouble": Case("error_element", {"code": 400}, says="HTTP 400"),
    "over the limit": Case("limit", says="HTTP 429"),
    "JSON with status 500": Case("json_error", {"code": 500}, says="HTTP 500"),
    "an empty body with status 204": Case("empty", {"code": 204}, says="HTTP 204"),
}
CUTS = {
    "ended before the status line": Case("closed"),
    "reset before the status line": Case("closed", {"reset": True}),
    "reset at byte 0": Case("reset", {"byte": 0}),
    "reset in the XML declaration": Case("reset", {"byte": 30}),
    "reset within a record": Case("reset", {"byte": 1_500}, on=("efetch",)),
    "cut at byte 0": Case("truncate", {"bytes": 0}, says="an empty body"),
    "cut within the document type": Case("truncate", {"bytes": 60}, says="cut XML"),
    "cut within a record": Case("truncate", {"share": 0.5}, says="cut XML"),
    "cut before the closing tag": Case("truncate", {"bytes": -22}, says="cut XML"),
    "Content-Length too long": Case("length_too_long", says="broke off|IncompleteRead"),
    "Content-Length too short": Case("length_too_short", says="cut XML"),
    "chunks that stop": Case("chunk_stop", says="IncompleteRead"),
    "chunks that stop at byte 0": Case("chunk_stop", {"share": 0.0}),
    "silence": Case("delay", {"seconds": 0.7}, says="no answer in time"),
}
BODIES = {
    "an HTML page": Case("html", says="an HTML page"),
    "JSON": Case("json_error", says="JSON"),
    "an empty body": Case("empty", says="an empty body"),
    "text": Case("not_xml", says="XML"),
    "a passing ERROR": Case("error_element", says="Search Backend failed"),
    "an ERROR with the key": Case("error_element", {"message": f"Search Backend failed for {KEY}"}, says="API key"),
    "an outright ERROR": Case("error_element", {"message": "Invalid db name specified"}, says="Invalid db name"),
    "another root": Case("wrong_root", says="root <Result>"),
    "the root of another utility": Case("wrong_root", {"name": "eInfoResult"}, says="root <eInfoResult>"),
    "bytes that are no UTF-8": Case("bad_bytes"),
    "two documents in one": Case("doubled"),
    "packed without being packed": Case("gzip_garbage"),
    "packed and cut": Case("gzip_cut"),
}
RECORDS = {
    "a record twice": Case("duplicate", on=("efetch",), says="unasked or more than once"),
    "ten records twice": Case("duplicate", {"count": 10}, on=("efetch",), says="unasked or more than once"),
    "a record missing": Case("missing", on=("efetch",), same=False, says="PubMed promised PMID [0-9]+ and does not"),
    "all records missing": Case("missing", {"count": 20}, on=("efetch",), says=r"PubMed promised PMID .* and 10 more"),
    "a surplus record": Case("surplus", on=("efetch",), says="gives PMID 99000001 unasked"),
    "another record than asked": Case("surplus", {"count": 20}, on=("efetch",), says="PMID 99000001, .* and 10 more"),
    "an id twice": Case("duplicate", on=("esearch",), says="the same id twice"),
    "an id missing": Case("missing", on=("esearch",), says="ids where the count of"),
    "a surplus id": Case("surplus", on=("esearch",), says="ids where the count of"),
    "a count too high": Case("wrong_count", on=("esearch",), says="ids where the count of"),
    "a count too low": Case("wrong_count", {"by": -1}, on=("esearch",), says="ids where the count of"),
}
HARMLESS = {
    "a newer DTD": Case("stale_dtd", same=False, always=EXACT),
    "no document type": Case("no_doctype", same=False, always=EXACT),
    "a byte order mark": Case("bom", same=False, always=EXACT),
    "records in another order": Case("reorder", same=False, always=EXACT),
    "an unknown element": Case("unknown_element", same=False, always=EXACT),
    "two versions of a record": Case("other_version", on=("efetch",), same=False, always=EXACT),
    "chunks": Case("chunked", {"size": 100}, always=EXACT),
    "another content type": Case("content_type", always=EXACT),
    "few bytes at a time": Case("drip", {"bytes": 2_000, "seconds": 0.001}, always=EXACT),
}
CASES = {**PASSING, **WITH_WAIT, **REFUSED, **OTHER_STATUSES, **CUTS, **BODIES, **RECORDS, **HARMLESS}
PLAYED = [
    pytest.param(case, utility, times, id=f"{name}, {utility}, {'once' if times == ONCE else 'for ever'}")
    for name, case in CASES.items()
    for utility in case.on
    for times in (ONCE, FOR_EVER)
]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return synthetic_corpus(COUNT, seed=5)


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty records are too many for one reply, so that a search has several requests."""
    monkeypatch.setattr("synth.search.slices.LIMIT", 20)


@pytest.fixture(scope="module")
def expected(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The certificate of a run without faults."""
    folder = tmp_path_factory.mktemp("without-faults")
    with pytest.MonkeyPatch.context() as patch, EutilsServer(corpus, limits=None) as server:
        patch.setattr("synth.search.slices.LIMIT", 20)
        return certificate(run(client_of(server.url, folder), FileJournal(folder / "replies"), batch=BATCH))


@dataclass
class Lab:
    """A server with one fault, a journal, and everything that was said."""

    server: EutilsServer
    folder: Path
    before: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> list[Seen]:
        """The requests of this test."""
        return self.server.log[self.before :]

    def play(self, utility: str, first: int, times: int, kind: str, **parameters: Any) -> None:
        """Play a fault at requests to come: from the first of them that is named, counted from 1, so many times."""
        first += self.server.count(utility)
        self.server.faults.append(Fault(utility, range(first, first + times), kind, **parameters))

    def attempt(self) -> Retrieval | SynthError:
        client = client_of(self.server.url, self.folder, policy=POLICY, listen=self.lines.append)
        try:
            return run(client, self.journal, batch=BATCH, listen=self.lines.append)
        except SynthError as error:
            return error

    @property
    def journal(self) -> FileJournal:
        return FileJournal(self.folder / "replies", self.lines.append)

    def bytes_kept(self) -> bytes:
        return b"".join(gzip.decompress(path.read_bytes()) for path in sorted((self.folder / "replies").iterdir()))


@pytest.fixture(scope="module")
def server(corpus: Corpus) -> Iterator[EutilsServer]:
    with EutilsServer(corpus, limits=None) as server:
        yield server


@pytest.fixture
def lab(server: EutilsServer, tmp_path: Path) -> Lab:
    server.faults.clear()
    return Lab(server, tmp_path, before=server.count())


def assert_exact(retrieval: Retrieval | SynthError, corpus: Corpus) -> None:
    assert isinstance(retrieval, Retrieval), retrieval
    assert [int(pmid) for pmid in retrieval.pmids] == corpus.pmids()
    assert retrieval.hits == len(corpus) == sum(piece.count for piece in retrieval.slices)
    held = [
        int(pmid) for body in retrieval.bodies() for pmid in re.findall(rb"<MedlineCitation.*?<PMID[^>]*>(\d+)", body)
    ]
    assert sorted(set(held)) == corpus.pmids()


def assert_clear(error: Retrieval | SynthError, says: str) -> None:
    assert isinstance(error, SynthError), error
    assert re.search(says, str(error)), error
    assert "\n" not in str(error)
    assert 20 < len(str(error)) < 800


def test_there_are_enough_cases():
    assert len(CASES) >= 40
    assert {case.kind for case in CASES.values()} >= {"status", "reset", "truncate", "html", "missing", "surplus"}


@pytest.mark.parametrize(("case", "utility", "times"), PLAYED)
def test_a_fault(case: Case, utility: str, times: int, lab: Lab, corpus: Corpus, expected: str):
    lab.play(utility, 2, times, case.kind, **case.parameters)
    ended = lab.attempt()
    assert any(seen.fault == case.kind for seen in lab.log), "the fault was not played"
    if (case.once if times == ONCE else case.always) == EXACT:
        assert_exact(ended, corpus)
        if case.same:
            assert certificate(ended) == expected
    else:
        assert_clear(ended, case.says)
        lab.server.faults.clear()
        again = lab.attempt()
        assert_exact(again, corpus)
        if case.same:
            assert certificate(again) == expected
    assert KEY not in f"{ended!r}{getattr(ended, '__cause__', '')!r}{getattr(ended, '__context__', '')!r}"
    assert KEY not in "\n".join(lab.lines)
    assert KEY.encode() not in lab.bytes_kept()


def test_one_record_left_out_for_ever_of_a_batch_is_asked_for_alone(lab: Lab, corpus: Corpus):
    lab.play("efetch", 1, 3, "missing", count=2)
    ended = lab.attempt()
    assert_exact(ended, corpus)
    sizes = [reply.asked for reply in ended.replies if reply.utility == "efetch"]
    assert [re.search(r"\((\d+) ids\)", asked)[1] for asked in sizes] == ["20", "2", "20", "10"]
    asked = [seen.params["id"].split(",") for seen in lab.log if seen.utility == "efetch"]
    assert [len(ids) for ids in asked] == [20, 20, 20, 2, 20, 10]
    assert asked[3] == asked[0][-2:]
    assert certificate(lab.attempt()) == certificate(ended)


def test_a_count_that_changes_between_searches_ends_in_the_new_set(tmp_path: Path):
    corpus = synthetic_corpus(COUNT, seed=5)
    with EutilsServer(corpus, limits=None) as server:
        lab = Lab(server, tmp_path)
        server.faults.append(Fault("esearch", 4, "add", pmid=30_000_000, entered="2016/01/01"))
        ended = lab.attempt()
        assert_exact(ended, corpus)
        assert "30000000" in ended.pmids
        assert any(line.startswith("the search failed: ") for line in lab.lines)
        fresh = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "fresh"), batch=BATCH)
        assert certificate(fresh) == certificate(ended)
        requests = server.count()
        assert certificate(lab.attempt()) == certificate(ended)
        assert server.count() == requests


@pytest.mark.parametrize("number", range(1, 4))
def test_a_record_that_vanishes_after_the_search_ends_in_the_new_set(tmp_path: Path, number: int):
    corpus = synthetic_corpus(COUNT, seed=5)
    gone = corpus.pmids()[-1]
    with EutilsServer(corpus, limits=None, faults=[Fault("efetch", number, "remove", pmids=[gone])]) as server:
        ended = Lab(server, tmp_path).attempt()
        assert_exact(ended, corpus)
        assert ended.hits == COUNT - 1


def test_a_record_that_vanishes_after_it_was_fetched_is_still_held(tmp_path: Path):
    corpus = synthetic_corpus(COUNT, seed=5)
    first = corpus.pmids()[0]
    with EutilsServer(corpus, limits=None, faults=[Fault("efetch", 2, "remove", pmids=[first])]) as server:
        ended = Lab(server, tmp_path).attempt()
        assert ended.hits == len(ended.pmids) == COUNT
        assert str(first).encode() in next(ended.bodies())


def test_counts_that_never_stop_changing_are_an_error_that_names_the_slice(tmp_path: Path):
    corpus = synthetic_corpus(COUNT, seed=5)
    added = iter(range(30_000_000, 30_001_000))

    def grow(corpus: Corpus) -> None:
        server.faults[0].parameters["pmid"] = next(added)

    with EutilsServer(corpus, limits=None) as server:
        server.faults += [
            Fault("esearch", range(2, 1_000), "add", entered="2024/12/01"),
            Fault("esearch", range(2, 1_000), "change", call=grow),
        ]
        lab = Lab(server, tmp_path)
        ended = lab.attempt()
        assert_clear(ended, r"^entered .*: [0-9]+ records promised, ")
        assert server.count("efetch") == 0
        server.faults.clear()
        assert_exact(lab.attempt(), corpus)


def test_waits_that_the_server_asks_for_are_kept(lab: Lab, corpus: Corpus):
    lab.play("efetch", 2, ONCE, "status", code=429, retry_after=7)
    client = client_of(lab.server.url, lab.folder, policy=PATIENT)
    assert_exact(run(client, lab.journal, batch=BATCH), corpus)
    assert client.clock.waited >= 7
