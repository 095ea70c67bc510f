"""Each fault that the loopback E-utilities can play, seen from a plain client."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import time
import zlib
from collections.abc import Callable

import pytest
from lxml import etree

from eutils_asking import Answer, ask, search
from eutils_faults import KINDS, faults_of
from eutils_server import EutilsServer, Fault, synthetic_corpus

FIRST = 20_000_001
ALL = {"term": "invented", "retmax": 9_999}


def played(kind: str, utility: str = "efetch", **parameters: object) -> tuple[Answer, Answer, EutilsServer]:
    """The answer to the same request without a fault, with it as the second one, and the server."""
    fault = Fault(utility, 2, kind, **parameters)
    with EutilsServer(synthetic_corpus(6, days=6), limits=None, faults=[fault]) as server:
        params = ALL if utility == "esearch" else {"id": ",".join(map(str, server.corpus.pmids()))}
        whole = ask(server, utility, **params)
        answer = ask(server, utility, **params)
        after = ask(server, utility, **params)
    assert [seen.fault for seen in server.log] == ["", kind, ""]
    if kind not in {"add", "remove", "change"}:
        assert (after.status, after.body) == (whole.status, whole.body)
    return whole, answer, server


def broken(kind: str, error: type[Exception], **parameters: object) -> Exception:
    """The error that a client gets at the second request; the third is answered again."""
    fault = Fault("efetch", 2, kind, **parameters)
    with EutilsServer(synthetic_corpus(6, days=6), limits=None, faults=[fault]) as server:
        assert ask(server, "efetch", id=FIRST).status == 200
        with pytest.raises(error) as raised:
            ask(server, "efetch", id=FIRST)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                assert ask(server, "efetch", id=FIRST).pmids == [FIRST]
                return raised.value
            except ConnectionRefusedError:
                time.sleep(0.01)
    pytest.fail("the server did not answer again")


def add_and_remove() -> None:
    _, answer, _ = played("add", "esearch", pmid=90_000_001, entered="2021/01/01", records=2)
    assert (answer.count, answer.ids[:2]) == (8, [90_000_002, 90_000_001])
    whole, answer, server = played("remove", "esearch", pmids=[FIRST])
    assert sorted(answer.ids) == [pmid for pmid in sorted(whole.ids) if pmid != FIRST] == server.corpus.pmids()
    _, answer, _ = played("remove", "esearch", count=4)
    assert answer.count == 2


def change() -> None:
    _, answer, _ = played("change", "esearch", call=lambda corpus: corpus.remove(FIRST))
    assert FIRST not in answer.ids


def delay() -> None:
    started = time.monotonic()
    played("delay", seconds=0.3)
    assert 0.3 <= time.monotonic() - started < 10


def expired() -> None:
    faults = [Fault("efetch", 2, "expired"), Fault("efetch", 4, "expired", form="old")]
    with EutilsServer(synthetic_corpus(6), limits=None, faults=faults) as server:
        for status, message in ((400, "Cannot retrieve history data. "), (200, "Unable to obtain query #1")):
            kept = search(server, "invented", usehistory="y").text("WebEnv")
            assert ask(server, "efetch", WebEnv=kept, query_key=1).pmids
            answer = ask(server, "efetch", WebEnv=kept, query_key=1)
            assert (answer.status, answer.root.tag) == (status, "eFetchResult")
            assert answer.text("ERROR").startswith(message)
        assert ask(server, "efetch", WebEnv=kept, query_key=1).pmids, "the old form does not expire the history itself"


def status() -> None:
    _, answer, _ = played("status", code=503, retry_after=7, body="<p>invented</p>")
    assert (answer.status, answer.headers["Retry-After"], answer.body) == (503, "7", b"<p>invented</p>")
    _, answer, _ = played("status")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/html; charset=UTF-8")
    assert "Retry-After" not in answer.headers


def limit() -> None:
    _, answer, _ = played("limit", retry_after=1)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert json.loads(answer.body)["error"] == "API rate limit exceeded"


def pages() -> None:
    _, answer, _ = played("html")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    _, answer, _ = played("json_error")
    assert json.loads(answer.body)["error"] == "error forwarding request"
    _, answer, _ = played("empty")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")
    _, answer, _ = played("not_xml")
    assert answer.body == b"PMID- 1\nTI  - Invented text\n"
    _, answer, _ = played("wrong_root", name="Bundle")
    assert answer.root.tag == "Bundle"
    _, answer, _ = played("content_type")
    assert (answer.headers["Content-Type"], len(answer.pmids)) == ("text/plain; charset=UTF-8", 6)


def error_element() -> None:
    _, answer, _ = played("error_element", "esearch", message="Search Backend failed: read failed")
    assert (answer.root.tag, answer.text("ERROR")) == ("eSearchResult", "Search Backend failed: read failed")
    _, answer, _ = played("error_element", code=400)
    assert (answer.status, answer.root.tag) == (400, "eFetchResult")


def counts() -> None:
    whole, answer, _ = played("wrong_count", "esearch", by=-2)
    assert (answer.count, answer.ids) == (4, whole.ids)


def records() -> None:
    whole, answer, _ = played("duplicate", count=2)
    assert answer.pmids == whole.pmids + whole.pmids[:2]
    whole, answer, _ = played("missing", count=2)
    assert answer.pmids == whole.pmids[:-2]
    whole, answer, _ = played("surplus", count=2, pmid=91_000_000)
    assert answer.pmids == [*whole.pmids, 91_000_000, 91_000_001]
    whole, answer, _ = played("reorder")
    assert answer.pmids == whole.pmids[::-1]
    whole, answer, _ = played("other_version", version=3)
    versions = [(int(found.text), found.get("Version")) for found in answer.root.iterfind("*/MedlineCitation/PMID")]
    assert versions == [*((pmid, "1") for pmid in whole.pmids), (whole.pmids[0], "3")]
    _, answer, _ = played("unknown_element")
    assert len(answer.all("*/MedlineCitation/InventedElement")) == 6


def ids_of_a_search() -> None:
    whole, answer, _ = played("duplicate", "esearch")
    assert answer.ids == whole.ids + whole.ids[:1]
    whole, answer, _ = played("missing", "esearch")
    assert (answer.ids, answer.count) == (whole.ids[:-1], 6)
    whole, answer, _ = played("surplus", "esearch")
    assert answer.ids == [*whole.ids, 99_000_001]


def doctypes() -> None:
    whole, answer, _ = played("stale_dtd")
    assert re.findall(rb'out/(\w+\.dtd)"', whole.body + answer.body) == [b"pubmed_250101.dtd", b"pubmed_310101.dtd"]
    assert b"1st January 2031" in answer.body
    for utility in ("esearch", "esummary"):
        _, answer, _ = played("stale_dtd", utility)
        assert b"/dtd/310101/" in answer.body
    _, answer, _ = played("no_doctype")
    assert b"DOCTYPE" not in answer.body
    assert len(answer.pmids) == 6


def odd_bytes() -> None:
    whole, answer, _ = played("bom")
    assert answer.body == b"\xef\xbb\xbf" + whole.body
    whole, answer, _ = played("doubled")
    assert answer.body == whole.body * 2
    _, answer, _ = played("bad_bytes")
    with pytest.raises(etree.XMLSyntaxError):
        _ = answer.root


def packed() -> None:
    whole, answer, _ = played("gzip_garbage")
    assert (answer.headers["Content-Encoding"], answer.body) == ("gzip", whole.body)
    whole, answer, _ = played("gzip_cut", share=0.9)
    with pytest.raises(EOFError):
        gzip.decompress(answer.body)
    assert whole.body.startswith(zlib.decompressobj(31).decompress(answer.body))


def truncate() -> None:
    whole, answer, _ = played("truncate", share=0.25)
    assert answer.body == whole.body[: len(whole.body) // 4]
    assert answer.headers["Content-Length"] == str(len(answer.body))
    whole, answer, _ = played("truncate", bytes=-1)
    assert answer.body == whole.body[:-1]


def endings() -> None:
    for byte in (0, 1, 500):
        assert type(broken("reset", ConnectionResetError, byte=byte)) is ConnectionResetError
    assert type(broken("closed", http.client.RemoteDisconnected)) is http.client.RemoteDisconnected
    assert type(broken("closed", ConnectionResetError, reset=True)) is ConnectionResetError
    missing = broken("length_too_long", http.client.IncompleteRead, by=10)
    assert missing.expected == 10
    stopped = broken("chunk_stop", http.client.IncompleteRead, share=0.5)
    assert stopped.partial.startswith(b"<?xml")


def refuse() -> None:
    with EutilsServer(synthetic_corpus(3), faults=[Fault("*", 1, "refuse", seconds=0.4)], limits=None) as server:
        with pytest.raises(ConnectionError):
            ask(server, "einfo")
        started, refused = time.monotonic(), 0
        while True:
            try:
                assert ask(server, "einfo").status == 200
                break
            except (ConnectionRefusedError, ConnectionResetError):
                refused += 1
                time.sleep(0.02)
                assert time.monotonic() - started < 5
        assert refused >= 5
        assert time.monotonic() - started > 0.3
        assert [seen.status for seen in server.log] == [0, 200]


def lengths() -> None:
    whole, answer, _ = played("length_too_short", by=30)
    assert answer.body == whole.body[:-30]
    whole, answer, _ = played("chunked", size=100)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.body == whole.body


def drip() -> None:
    started = time.monotonic()
    whole, answer, _ = played("drip", "esearch", bytes=50, seconds=0.02)
    assert answer.body == whole.body
    assert time.monotonic() - started > 0.02 * (len(whole.body) // 50)


CASES: dict[Callable[[], None], set[str]] = {
    add_and_remove: {"add", "remove"},
    change: {"change"},
    delay: {"delay"},
    expired: {"expired"},
    status: {"status"},
    limit: {"limit"},
    pages: {"html", "json_error", "empty", "not_xml", "wrong_root", "content_type"},
    error_element: {"error_element"},
    counts: {"wrong_count"},
    records: {"duplicate", "missing", "surplus", "reorder", "other_version", "unknown_element"},
    ids_of_a_search: {"duplicate", "missing", "surplus"},
    doctypes: {"stale_dtd", "no_doctype"},
    odd_bytes: {"bom", "doubled", "bad_bytes"},
    packed: {"gzip_garbage", "gzip_cut"},
    truncate: {"truncate"},
    endings: {"reset", "closed", "length_too_long", "chunk_stop"},
    refuse: {"refuse"},
    lengths: {"length_too_short", "chunked"},
    drip: {"drip"},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_fault_is_played(case):
    case()


def test_every_kind_is_played_here():
    assert set().union(*CASES.values()) == set(KINDS)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (("efetsh", 1, "html"), "no utility 'efetsh'"),
        (("efetch", 1, "htm"), "no fault 'htm'"),
    ],
)
def test_a_fault_that_cannot_be_played_is_refused(fault, message):
    with pytest.raises(ValueError, match=message):
        Fault(*fault)


def test_a_parameter_that_a_fault_does_not_take_is_refused():
    with pytest.raises(ValueError, match="truncate does not take code; it takes"):
        Fault("efetch", 1, "truncate", code=500)


def test_faults_play_by_utility_and_over_all_requests():
    faults = [Fault("esearch", range(2, 4), "status", code=500), Fault("*", 4, "status", code=502)]
    with EutilsServer(synthetic_corpus(3), limits=None, faults=faults) as server:
        asked = ["esearch", "einfo", "esearch", "einfo", "esearch", "esearch"]
        assert [ask(server, utility, term="hip").status for utility in asked] == [200, 200, 500, 502, 500, 200]


def test_several_faults_play_at_one_request():
    faults = [
        Fault("efetch", 1, "missing"),
        Fault("efetch", 1, "bom"),
        Fault("efetch", 1, "drip", bytes=400, seconds=0.001),
        Fault("efetch", 1, "delay", seconds=0.1),
    ]
    with EutilsServer(synthetic_corpus(3), limits=None, faults=faults) as server:
        started = time.monotonic()
        answer = ask(server, "efetch", id=",".join(map(str, server.corpus.pmids())))
        assert time.monotonic() - started > 0.1
        assert answer.body.startswith(b"\xef\xbb\xbf")
        assert len(answer.pmids) == 2
        assert server.log[0].fault == "missing,bom,drip,delay"


def test_a_fault_is_played_at_a_request_over_the_limit():
    faults = [Fault("einfo", 2, "bom")]
    with EutilsServer(synthetic_corpus(3), limits={"none": 1}, faults=faults) as server:
        answers = [ask(server, "einfo") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[1].body == b"\xef\xbb\xbf" + answers[0].body


def test_faults_from_a_file(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text('[{"on": "efetch", "at": [2, 4], "kind": "reset", "bytes": 1}]')
    with pytest.raises(ValueError, match="reset does not take bytes"):
        faults_of(file)
    file.write_text('[{"on": "*", "at": 3, "kind": "bom"}, {"on": "efetch", "at": [2, 4], "kind": "drip", "bytes": 1}]')
    assert list(map(repr, faults_of(file))) == [
        "Fault('*', 3, 'bom')",
        "Fault('efetch', range(2, 5), 'drip', bytes=1)",
    ]
