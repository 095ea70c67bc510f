"""What a server can do wrong: each fault ends in the right reply or in one clear error, never in less."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from entrez_clients import MARKED, Skipping, answer, quick_client, scripted

from eutils_server import Corpus, EutilsServer, Fault, invented_record, synthetic_corpus
from synth.errors import RequestError
from synth.search.entrez import Client, HistoryExpired, Policy

PMIDS = ("20000001", "20000002", "20000003")
ALWAYS = range(1, 1_000)
VIEWER = "Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
SPELLED = b"<eSpellResult><Query>a</Query></eSpellResult>"

# Faults after which the same request is sent again, each with what the message says of it.
PASSING: dict[str, tuple[str, dict[str, Any], str]] = {
    **{f"status {code}": ("status", {"code": code}, f"HTTP {code} ") for code in (408, 429, 500, 502, 503, 504)},
    "over the limit": ("limit", {}, "HTTP 429 Too Many Requests: API rate limit exceeded"),
    "no content": ("empty", {"code": 204}, "HTTP 204 No Content"),
    "an HTML page": ("html", {}, "an HTML page instead of XML: Service unavailable Server Error Invented page"),
    "a JSON error": ("json_error", {}, "JSON instead of XML: error forwarding request"),
    "an empty body": ("empty", {}, "an empty body"),
    "text": ("not_xml", {}, "text instead of XML: PMID- 1 TI - Invented text"),
    "another root": ("wrong_root", {}, "XML with the root <Result> instead of <PubmedArticleSet>"),
    "trouble in words": ("error_element", {}, "PubMed answered: Search Backend failed: invented failure"),
    "a timeout with 400": ("error_element", {"message": VIEWER, "code": 400}, f"PubMed answered (HTTP 400): {VIEWER}"),
    "unknown words": ("error_element", {"message": "Invented words"}, "PubMed answered: Invented words"),
    "a body sent twice": ("doubled", {}, "broken or cut XML"),
    "bytes that are no UTF-8": ("bad_bytes", {}, "broken or cut XML"),
    **{f"cut at {share}": ("truncate", {"share": share}, "XML") for share in (0.01, 0.2, 0.5, 0.9, 0.999)},
    "cut to nothing": ("truncate", {"bytes": 0}, "an empty body"),
    "reset at once": ("reset", {"byte": 0}, "ConnectionResetError"),
    "reset in the body": ("reset", {"byte": 1_000}, "ConnectionResetError"),
    "closed without answer": ("closed", {}, "RemoteDisconnected"),
    "reset without answer": ("closed", {"reset": True}, "ConnectionResetError"),
    "refused": ("refuse", {"seconds": 0.04}, "RemoteDisconnected"),
    "fewer bytes than announced": ("length_too_long", {}, "the reply broke off after"),
    "more bytes than announced": ("length_too_short", {}, "broken or cut XML"),
    "chunks without end": ("chunk_stop", {}, "IncompleteRead"),
    "packed, it says": ("gzip_garbage", {}, "the reply is packed (gzip)"),
    "packed and cut": ("gzip_cut", {}, "the reply is packed (gzip)"),
}
# What is unusual and no fault.
HARMLESS: dict[str, dict[str, Any]] = {
    "chunked": {"size": 100},
    "bom": {},
    "stale_dtd": {},
    "no_doctype": {},
    "content_type": {},
    "unknown_element": {},
    "drip": {"bytes": 500, "seconds": 0.001},
    "delay": {"seconds": 0.05},
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    corpus = synthetic_corpus(0)
    corpus.add(*(invented_record(int(pmid)) for pmid in PMIDS))
    return corpus


def fault_of(at: int | range, kind: str, parameters: dict[str, Any]) -> Fault:
    """A fault of efetch; its parameters may have the names of its own arguments."""
    fault = Fault("efetch", at, kind)
    fault.parameters.update(parameters)
    return fault


@contextmanager
def served(corpus: Corpus, tmp_path: Path, *faults: Fault, **options: Any) -> Iterator[tuple[Client, EutilsServer]]:
    """A client and the server that it asks."""
    with EutilsServer(corpus, limits={}, faults=faults) as server:
        yield quick_client(server.url, tmp_path, **options), server


def given_up(client: Client, pmids: Sequence[str] = PMIDS) -> str:
    """The message of a fetch that fails."""
    with pytest.raises(RequestError) as caught:
        client.fetch(pmids)
    assert not isinstance(caught.value, HistoryExpired)
    return str(caught.value)


@pytest.mark.parametrize("case", PASSING)
def test_a_fault_that_passes_is_got_over(corpus: Corpus, tmp_path: Path, case: str) -> None:
    kind, parameters, words = PASSING[case]
    heard: list[str] = []
    with served(corpus, tmp_path, fault_of(1, kind, parameters), listen=heard.append) as (client, server):
        assert sorted(client.fetch(PMIDS).pmids) == list(PMIDS)
        assert server.count() >= 2
    assert heard[0].startswith("efetch of 3 ids (20000001, 20000002, 20000003): ")
    assert words in heard[0]
    assert heard[0].endswith("; attempt 2 in 0.5 s")


@pytest.mark.parametrize("case", [case for case in PASSING if case not in ("refused", "unknown words")])
def test_a_fault_that_stays_is_told_after_all_attempts(corpus: Corpus, tmp_path: Path, case: str) -> None:
    kind, parameters, words = PASSING[case]
    with served(corpus, tmp_path, fault_of(ALWAYS, kind, parameters)) as (client, server):
        message = given_up(client)
        assert (client.requests, server.count()) == (8, 8)
    assert message.startswith("efetch of 3 ids (20000001, 20000002, 20000003): ")
    assert words in message
    assert "; given up after 8 attempts in " in message


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_unusual_is_taken_as_it_is(corpus: Corpus, tmp_path: Path, kind: str) -> None:
    with served(corpus, tmp_path, Fault("efetch", 1, kind, **HARMLESS[kind])) as (client, _):
        assert sorted(client.fetch(PMIDS).pmids) == list(PMIDS)
        assert client.requests == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 410, 413, 414, 422, 501])
def test_a_refusal_is_told_at_once_with_its_words(corpus: Corpus, tmp_path: Path, code: int) -> None:
    body = "<html><body>Not like <b>this</b></body></html>"
    with served(corpus, tmp_path, Fault("efetch", 1, "status", code=code, body=body)) as (client, _):
        message = given_up(client)
        assert client.requests == 1
    assert f"HTTP {code} " in message
    assert ": Not like this; given up after 1 attempt in 0.0 s; correct the request" in message


def test_a_fault_in_words_with_status_400_is_told_at_once(corpus: Corpus, tmp_path: Path) -> None:
    fault = Fault("efetch", 1, "error_element", message="Invented refusal", code=400)
    with served(corpus, tmp_path, fault) as (client, _):
        message = given_up(client)
        assert client.requests == 1
    assert "PubMed answered (HTTP 400): Invented refusal; given up after 1 attempt" in message


def test_a_fault_in_words_is_asked_three_times(corpus: Corpus, tmp_path: Path) -> None:
    fault = Fault("*", ALWAYS, "error_element", message="Invented refusal")
    with served(corpus, tmp_path, fault) as (client, _):
        for ask in (lambda: client.search("a"), lambda: client.fetch(PMIDS), lambda: client.post(PMIDS), client.info):
            with pytest.raises(RequestError, match="PubMed answered: Invented refusal; given up after 3 attempts"):
                ask()
        assert client.requests == 12


def test_the_limit_of_a_search_is_no_trouble_of_the_server(corpus: Corpus, tmp_path: Path) -> None:
    words = "Search Backend failed: Exception: 'retstart' cannot be larger than 9998."
    with served(corpus, tmp_path, Fault("esearch", ALWAYS, "error_element", message=words)) as (client, _):
        with pytest.raises(RequestError, match="cannot be larger than 9998"):
            client.search("a")
        assert client.requests == 1


@pytest.mark.parametrize(("kind", "words"), [("missing", "2 ids where the count of 3 entails 3"),
                                             ("surplus", "4 ids where the count of 3 entails 3"),
                                             ("duplicate", "gives the same id twice"),
                                             ("wrong_count", "3 ids where the count of 4 entails 4")])  # fmt: skip
def test_a_search_must_give_as_many_ids_as_it_counts(corpus: Corpus, tmp_path: Path, kind: str, words: str) -> None:
    heard: list[str] = []
    with served(corpus, tmp_path, Fault("esearch", 1, kind), listen=heard.append) as (client, _):
        assert len(client.search("all[sb]").ids) == 3
    assert words in heard[0]
    always = Fault("esearch", ALWAYS, kind)
    with served(corpus, tmp_path, always) as (client, _), pytest.raises(RequestError, match=words):
        client.search("all[sb]")


def test_a_message_names_the_query(corpus: Corpus, tmp_path: Path) -> None:
    with served(corpus, tmp_path, Fault("*", ALWAYS, "html")) as (client, _), pytest.raises(RequestError) as caught:
        client.search("hip[ti] AND 'pain'", mindate="2020/01/01", maxdate="2020/01/31")
    assert str(caught.value).startswith(
        """esearch for "hip[ti] AND 'pain'" from 2020/01/01 to 2020/01/31: PubMed sent"""
    )
    assert str(caught.value).endswith("; try again later")


def test_waits_double_up_to_the_longest_and_are_drawn_by_chance(corpus: Corpus, tmp_path: Path) -> None:
    fault = Fault("efetch", ALWAYS, "status", code=503)
    for chance in (1.0, 0.5, 0.0):
        clock = Skipping(chance)
        with served(corpus, tmp_path, fault, clock=clock) as (client, _):
            given_up(client)
        assert clock.waits == [chance * wait for wait in (1, 2, 4, 8, 16, 32, 60)]


def test_attempts_end_with_the_total_wait(corpus: Corpus, tmp_path: Path) -> None:
    clock, policy = Skipping(1.0), Policy(attempts=1_000, total_wait=100)
    fault = Fault("efetch", ALWAYS, "status", code=503)
    with served(corpus, tmp_path, fault, clock=clock, policy=policy) as (client, _):
        message = given_up(client)
    assert clock.waits == [1, 2, 4, 8, 16, 32]
    assert "; another attempt would pass the 100 s allowed; given up after 7 attempts in 63 s" in message


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", 7),
        (email.utils.formatdate(1_800_000_042, usegmt=True), 42),
        (email.utils.formatdate(1_700_000_000, usegmt=True), 0.5),
        ("0", 0.5),
        ("soon", 0.5),
        ("-5", 0.5),
    ],
)
def test_the_wait_that_pubmed_asks_for_is_kept(
    corpus: Corpus, tmp_path: Path, status: int, asked: str, wait: float
) -> None:
    clock = Skipping()
    fault = Fault("efetch", 1, "status", code=status, retry_after=asked)
    with served(corpus, tmp_path, fault, clock=clock) as (client, _):
        client.fetch(PMIDS)
    assert clock.waits == [wait]


@pytest.mark.parametrize("asked", ["3600", "9" * 400, email.utils.formatdate(1_800_003_600, usegmt=True)])
def test_a_wait_longer_than_allowed_is_told_at_once(corpus: Corpus, tmp_path: Path, asked: str) -> None:
    clock = Skipping()
    fault = Fault("efetch", ALWAYS, "status", code=429, retry_after=asked)
    with served(corpus, tmp_path, fault, clock=clock) as (client, _):
        message = given_up(client)
        assert (client.requests, clock.waits) == (1, [])
    assert ", more than the 600 s allowed; given up after 1 attempt" in message
    assert message.endswith("; other programs may use the same key or address")


def test_a_silent_server_is_given_up_in_time(corpus: Corpus, tmp_path: Path) -> None:
    policy = Policy(attempts=2, timeout=0.2)
    start = time.monotonic()
    with served(corpus, tmp_path, Fault("efetch", 1, "delay", seconds=0.6), policy=policy) as (client, _):
        assert len(client.fetch(PMIDS).pmids) == 3
    with served(corpus, tmp_path, Fault("efetch", ALWAYS, "delay", seconds=0.6), policy=policy) as (client, _):
        assert "no answer in time (TimeoutError" in given_up(client)
    assert time.monotonic() - start < 3


def test_a_server_that_never_ends_is_given_up_in_time(corpus: Corpus, tmp_path: Path) -> None:
    fault = Fault("efetch", ALWAYS, "drip", bytes=1, seconds=0.02)
    start = time.monotonic()
    with served(corpus, tmp_path, fault, policy=Policy(total_wait=0.5)) as (client, _):
        message = given_up(client)
    assert "the reply had not ended after 0.5 s" in message
    assert time.monotonic() - start < 3


def test_nobody_there(tmp_path: Path) -> None:
    with scripted() as server:
        address = server.url
    message = given_up(quick_client(address, tmp_path))
    assert "ConnectionRefusedError" in message
    assert message.endswith("check the connection to PubMed, and try again")


def test_a_redirect_within_the_server_is_followed_with_the_whole_request(tmp_path: Path) -> None:
    heard: list[str] = []
    moved = answer("308 Permanent Redirect", b"", "Location: /new/espell.fcgi")
    again = answer("302 Found", b"", "Location: $URLespell2.fcgi")
    with scripted(moved, again, answer("200 OK", SPELLED)) as server:
        assert quick_client(server.url, tmp_path, key=MARKED, listen=heard.append).spell("a").query == "a"
    assert heard[0] == "espell for 'a': HTTP 308 Permanent Redirect to /new/espell.fcgi; attempt 2 at once"
    assert server.targets == ["/entrez/eutils/espell.fcgi", "/new/espell.fcgi", "/entrez/eutils/espell2.fcgi"]
    bodies = {request.partition(b"\r\n\r\n")[2] for request in server.requests}
    assert len(bodies) == 1
    assert MARKED.encode() in bodies.pop()


@pytest.mark.parametrize(
    "target", ["https://example.org/espell.fcgi", "http://127.0.0.1:9/espell.fcgi", "//example.org/", "/x?a=b", ""]
)
def test_a_redirect_elsewhere_is_not_followed(tmp_path: Path, target: str) -> None:
    with scripted(answer("301 Moved Permanently", b"", f"Location: {target}")) as server:
        client = quick_client(server.url, tmp_path)
        with pytest.raises(RequestError, match=r"HTTP 301 Moved Permanently to .*, which is not followed; given up"):
            client.spell("a")


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    again = [answer("307 Temporary Redirect", b"", "Location: $URLespell.fcgi")] * 5
    with scripted(*again) as server, pytest.raises(RequestError, match="given up after 5 attempts"):
        quick_client(server.url, tmp_path).spell("a")
