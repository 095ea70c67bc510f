"""The API key is sent to PubMed and shown to nobody, whatever PubMed sends back."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from entrez_clients import EMAIL, MARKED, answer, quick_client, scripted

from eutils_server import EutilsServer, invented_record, synthetic_corpus
from synth.errors import ParameterError, RequestError, SearchError
from synth.search.account import HIDDEN
from synth.search.entrez import Account, Client, Policy
from synth.search.slots import Slots

ECHO = json.dumps({"error": f"API rate limit exceeded for api_key={MARKED}", "api-key": MARKED, "count": "11"}).encode()
BEFORE_THE_CUT = b"x" * 490
#: What a server may send that repeats the key.
ECHOES: dict[str, bytes] = {
    "a JSON error with 429": answer("429 Too Many Requests", ECHO),
    "a JSON error with 400": answer("400 Bad Request", ECHO),
    "a JSON error with 200": answer("200 OK", ECHO),
    "JSON without error": answer("200 OK", json.dumps({"api-key": MARKED}).encode()),
    "an HTML page": answer("200 OK", f"<html><body>api_key={MARKED}".encode()),
    "an HTML page with 403": answer("403 Forbidden", f"<html><body>{MARKED}".encode()),
    "small letters": answer("403 Forbidden", MARKED.lower().encode()),
    "text that is cut inside the key": answer("403 Forbidden", BEFORE_THE_CUT + MARKED.encode()),
    "an error element": answer("200 OK", f"<eSpellResult><ERROR>bad key {MARKED}</ERROR></eSpellResult>".encode()),
    "an error element with 400": answer("400 No", f"<eSpellResult><ERROR>{MARKED}</ERROR></eSpellResult>".encode()),
    "another root": answer("200 OK", f"<{MARKED}/>".encode()),
    "broken XML": answer("200 OK", f"<eSpellResult><{MARKED}></eSpellResult>".encode()),
    "the reason": answer(f"403 {MARKED}"),
    "the status line": f"{MARKED} nonsense\r\n\r\n".encode(),
    "an address to go to": answer("302 Found", b"", f"Location: https://example.org/?api_key={MARKED}"),
    "a path to go to": answer("302 Found", b"", f"Location: /{MARKED}/espell.fcgi"),
    "a wait": answer("429 Too Many Requests", b"", f"Retry-After: {MARKED}"),
    "the encoding": answer("200 OK", b"abc", f"Content-Encoding: {MARKED}"),
    "a chunk": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{MARKED}\r\n".encode(),
    "a length": f"HTTP/1.1 200 OK\r\nContent-Length: {MARKED}\r\n\r\n{MARKED}".encode(),
}


def everything_of(error: BaseException | None) -> Iterator[str]:
    """All that an error shows, and those behind it: message, repr, arguments, traceback."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error)))
        yield from map(repr, error.args)
        error = error.__cause__ or error.__context__


def without_key(text: str) -> bool:
    """Whether a text has no half of the key, in capitals or not."""
    half = len(MARKED) // 2
    return not any(part in text.lower() for part in (MARKED[:half].lower(), MARKED[half:].lower()))


@pytest.mark.parametrize("case", ECHOES)
def test_no_reply_brings_the_key_into_a_message(case: str, tmp_path: Path) -> None:
    heard: list[str] = []
    with scripted(*[ECHOES[case]] * 2, spare=True) as server:
        client = quick_client(server.url, tmp_path, key=MARKED, policy=Policy(attempts=2), listen=heard.append)
        with pytest.raises(RequestError) as caught:
            client.spell("a")
    shown = [*everything_of(caught.value), *heard]
    assert [text for text in shown if not without_key(text)] == []
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert MARKED.encode() in server.requests[0]
    assert len(server.requests) == 1 + len(heard)


def test_a_reply_that_repeats_the_key_is_handed_on_without_it(tmp_path: Path) -> None:
    body = f"<eSpellResult><!-- {MARKED} --><Query>{MARKED} a</Query></eSpellResult>".encode()
    with scripted(answer("200 OK", body)) as server:
        reply = quick_client(server.url, tmp_path, key=MARKED).spell("a")
    assert reply.query == f"{HIDDEN} a"
    assert MARKED.encode() not in reply.body
    assert MARKED not in repr(reply)


def test_a_key_in_the_query_is_not_told_either(tmp_path: Path) -> None:
    with scripted(answer("403 Forbidden")) as server, pytest.raises(RequestError) as caught:
        quick_client(server.url, tmp_path, key=MARKED).spell(f"a {MARKED}")
    assert f"espell for 'a {HIDDEN}'" in str(caught.value)


def test_a_key_that_pubmed_does_not_know_is_named_as_the_fault(tmp_path: Path) -> None:
    corpus = synthetic_corpus(0)
    corpus.add(invented_record(1))
    with EutilsServer(corpus, limits={}, keys=["another"]) as server:
        client = quick_client(server.url, tmp_path, key=MARKED)
        with pytest.raises(RequestError, match=r"API key invalid; .*; check NCBI_API_KEY") as caught:
            client.info()
    assert client.requests == 1
    assert all(without_key(text) for text in everything_of(caught.value))


def test_a_run_over_the_limit_is_told_without_the_key(tmp_path: Path) -> None:
    """The real server counts, and repeats the key in its refusals."""
    heard: list[str] = []
    corpus = synthetic_corpus(0)
    corpus.add(invented_record(1))
    with EutilsServer(corpus, limits={"key": 2}, retry_after=1) as server:
        client = quick_client(server.url, tmp_path, key=MARKED, listen=heard.append, policy=Policy(attempts=2))
        with pytest.raises(RequestError, match="HTTP 429 Too Many Requests: API rate limit exceeded") as caught:
            [client.info() for _ in range(5)]
    assert len(heard) == 1
    assert all(without_key(text) for text in (*everything_of(caught.value), *heard))


def test_a_folder_of_slots_that_cannot_be_used_does_not_tell_the_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    slots = Slots.of_key(MARKED, {"SYNTH_SLOTS": str(tmp_path / "file")})
    with pytest.raises(SearchError) as caught:
        quick_client("http://127.0.0.1:9/", tmp_path, key=MARKED, slots=slots).info()
    assert all(without_key(text) for text in everything_of(caught.value))


def test_an_account_does_not_show_its_key() -> None:
    account = Account(EMAIL, MARKED)
    assert repr(account) == f"Account('{EMAIL}', with a key, tool='living-evidence-notebooks')"
    assert repr(Account(EMAIL)) == f"Account('{EMAIL}', no key, tool='living-evidence-notebooks')"
    shown = (str(account), f"{account}", repr([account]), repr({"account": account}))
    assert all(without_key(text) for text in shown)
    assert without_key(repr(Client(account)) + repr(vars(Client(account))))


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_account_is_not_pickled(write: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="an Account is not pickled, as its key would be written") as caught:
        write(Account(EMAIL, MARKED))
    assert without_key(str(caught.value))
    assert dataclasses.replace(Account(EMAIL, MARKED), tool="other").key == MARKED


@pytest.mark.parametrize("key", ["short", "with a space in it", "line\nbreak-line", "", "schlüssel-schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Account(EMAIL, key)
    assert "the API key of NCBI must be" in str(caught.value)
    assert not key or key not in str(caught.value)


def test_a_key_is_hidden_in_the_forms_of_addresses_too() -> None:
    account = Account(EMAIL, "abc+/=%&def")
    for form in ("abc+/=%&def", "abc%2B%2F%3D%25%26def", "abc%2b%2f%3d%25%26def", "ABC+/=%&DEF"):
        assert account.scrubbed(f"<{form}>") == f"<{HIDDEN}>"
        assert account.scrubbed_body(f"<{form}>".encode()) == f"<{HIDDEN}>".encode()
    assert Account(EMAIL).scrubbed("abc") == "abc"
