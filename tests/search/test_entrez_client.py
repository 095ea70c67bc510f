"""The client against the loopback E-utilities: what it sends, what it reads, and how fast it asks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import Bio.Entrez
import pytest
from entrez_clients import EMAIL, MARKED, answer, quick_client, scripted

from eutils_server import Corpus, EutilsServer, Fault, synthetic_corpus
from synth.errors import ParameterError, RequestError
from synth.search import entrez
from synth.search.entrez import EUTILS, Account, Client, HistoryExpired, Policy
from synth.search.replies import History
from synth.search.slots import Slots

# Asks in three threads, as the environment says, and prints how many requests it sent.
WORKER = """
import sys, threading
from synth.search.entrez import Client, Policy
client = Client.from_environment(policy=Policy(attempts=1))
def work():
    for _ in range(int(sys.argv[1])):
        client.fetch(sys.argv[2:])
threads = [threading.Thread(target=work) for _ in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(client.requests)
"""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return synthetic_corpus(60, days=30, first_day="2020/01/01")


@pytest.fixture
def server(corpus: Corpus) -> Iterator[EutilsServer]:
    with EutilsServer(corpus, limits={}) as served:
        yield served


@pytest.fixture
def client(server: EutilsServer, tmp_path: Path) -> Client:
    return quick_client(server.url, tmp_path, key=MARKED)


def newest(corpus: Corpus, count: int) -> list[str]:
    return [str(pmid) for pmid in corpus.pmids()[:count]]


def test_a_search_gives_count_ids_translation_and_history(client: Client, corpus: Corpus) -> None:
    reply = client.search("all[sb]", history=True)
    assert reply.count == len(reply.ids) == 60
    assert set(reply.ids) == {str(pmid) for pmid in corpus.pmids()}
    assert reply.history is not None
    assert client.search("all[sb]").history is None
    assert client.requests == 2


def test_a_search_is_limited_by_dates_and_by_its_range(client: Client, server: EutilsServer) -> None:
    whole = client.search("all[sb]")
    inside = client.search("all[sb]", mindate="2020/01/01", maxdate="2020/01/15")
    assert 0 < inside.count < 60
    later = client.search("all[sb]", mindate="2020/01/16", maxdate="2020/01/30")
    assert inside.count + later.count == 60
    assert set(inside.ids) | set(later.ids) == set(whole.ids)
    part = client.search("all[sb]", retstart=50, retmax=20)
    assert (part.count, part.ids) == (60, whole.ids[50:])
    assert client.search("all[sb]", retmax=0).ids == ()
    sent = server.log[1].params
    assert {name: sent[name] for name in ("datetype", "mindate", "maxdate", "retmax")} == {
        "datetype": "edat",
        "mindate": "2020/01/01",
        "maxdate": "2020/01/15",
        "retmax": "9999",
    }


def test_records_come_by_list_and_by_history(client: Client, corpus: Corpus) -> None:
    pmids = newest(corpus, 7)
    assert set(client.fetch(pmids).pmids) == set(pmids)
    history = client.post(pmids)
    assert history.webenv
    parts = [client.fetch_history(history, start, 3).pmids for start in (0, 3, 6)]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert {pmid for part in parts for pmid in part} == set(pmids)


def test_many_ids_go_in_one_request(client: Client, server: EutilsServer) -> None:
    """Their parameters are far longer than any address may be."""
    pmids = [str(number) for number in range(10_000_000, 10_003_000)]
    assert client.fetch(pmids).pmids == ()
    assert server.log[-1].params["id"].count(",") == 2_999


def test_summaries_links_fields_and_spelling(client: Client, corpus: Corpus) -> None:
    pmids = newest(corpus, 3)
    assert [item.id for item in client.summary(pmids).summaries] == pmids
    assert all(item.text("Title") for item in client.summary(pmids).summaries)
    citing = next(entry for entry in corpus if entry.references)
    links = client.links([str(citing.pmid), pmids[0]], name="pubmed_pubmed_refs").sets
    assert [item.ids for item in links] == [(str(citing.pmid),), (pmids[0],)]
    assert set(links[0].links[0].ids) == {str(pmid) for pmid in citing.references}
    info = client.info()
    assert (info.database, info.count) == ("pubmed", 60)
    assert any(field.name == "EDAT" and field.is_date for field in info.fields)
    spelled = client.spell("xyzzy")
    assert spelled.query == "xyzzy"


def test_every_request_is_a_post_without_parameters_in_its_address(client: Client, server: EutilsServer) -> None:
    history = client.post(["1"])
    client.search("a[ti] & b=c", history=True)
    client.search("é" * 2_000)
    client.fetch(["20000001"])
    with pytest.raises(RequestError):
        client.fetch_history(history, 5, 1)
    client.summary(["20000001"])
    client.links(["20000001"])
    client.info()
    client.spell("word")
    assert {seen.utility for seen in server.log} == {
        "epost", "esearch", "efetch", "esummary", "elink", "einfo", "espell"
    }  # fmt: skip
    assert {(seen.method, seen.target) for seen in server.log} == {
        ("POST", f"/entrez/eutils/{seen.utility}.fcgi") for seen in server.log
    }
    sent = {(seen.params["tool"], seen.params["email"], seen.key) for seen in server.log}
    assert sent == {("living-evidence-notebooks", EMAIL, MARKED)}
    assert (server.log[1].params["term"], server.log[2].params["term"]) == ("a[ti] & b=c", "é" * 2_000)


def test_what_goes_over_the_wire(tmp_path: Path) -> None:
    with scripted(answer("200 OK", b"<eSpellResult><Query>a</Query></eSpellResult>")) as server:
        quick_client(server.url, tmp_path, key=MARKED).spell("a")
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert body == (f"db=pubmed&tool=living-evidence-notebooks&email=invented%40example.org&term=a&api_key={MARKED}")
    assert {"User-Agent: living-evidence-notebooks", "Content-Type: application/x-www-form-urlencoded"} <= set(
        head.split("\r\n")
    )


def test_no_key_is_sent_where_there_is_none(server: EutilsServer, tmp_path: Path) -> None:
    quick_client(server.url, tmp_path).info()
    assert "api_key" not in server.log[0].params


def test_the_users_own_bio_entrez_stays_as_it_was(
    client: Client, server: EutilsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"email": "other@example.org", "api_key": "other-key", "tool": "other", "max_tries": 1}.items():
        monkeypatch.setattr(Bio.Entrez, name, value)
    before = dict(vars(Bio.Entrez))
    previous = Bio.Entrez._open.previous
    entrez._biopython.cache_clear()
    client.search("all[sb]")
    client.fetch(["20000001"])
    assert dict(vars(Bio.Entrez)) == before
    assert sys.modules["Bio.Entrez"] is Bio.Entrez
    assert Bio.Entrez._open.previous == previous
    assert {(seen.params["tool"], seen.params["email"], seen.key) for seen in server.log} == {
        ("living-evidence-notebooks", EMAIL, MARKED)
    }


def test_a_biopython_that_builds_requests_otherwise_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = tmp_path / "renamed.py"
    renamed.write_text("def esearch(**parameters): return 'sent'\nurlopen = None\n")
    find = entrez.importlib.util.spec_from_file_location
    monkeypatch.setattr(entrez.importlib.util, "find_spec", lambda _name: find("renamed", renamed))
    entrez._biopython.cache_clear()
    with pytest.raises(
        RequestError, match=r"Biopython .* has no epost, efetch, .*, _open, .*; install biopython 1\.88"
    ):
        entrez._form("esearch", {"db": "pubmed", "term": "a"})
    names = ("epost", "efetch", "esummary", "elink", "einfo", "espell", "_open")
    renamed.write_text(renamed.read_text() + "".join(f"{name} = esearch\n" for name in names))
    with pytest.raises(RequestError, match="built no request for esearch"):
        entrez._form("esearch", {"db": "pubmed", "term": "a"})
    entrez._biopython.cache_clear()


def test_the_address_is_the_one_that_biopython_has() -> None:
    assert entrez._biopython().einfo(email=EMAIL).full_url.startswith(EUTILS + "einfo.fcgi?")


def test_the_instance_of_biopython_that_builds_requests_can_send_none() -> None:
    assert entrez._biopython() is not Bio.Entrez
    assert entrez._biopython().urlopen is None


def test_a_forgotten_history_is_sent_again_once_and_the_rest_follows(tmp_path: Path, corpus: Corpus) -> None:
    faults = [Fault("efetch", 2, "expired"), Fault("efetch", 4, "expired", form="old")]
    heard: list[str] = []
    with EutilsServer(corpus, limits={}, faults=faults) as server:
        client = quick_client(server.url, tmp_path, listen=heard.append)
        pmids = newest(corpus, 10)
        replies = list(client.fetch_posted(pmids, 4))
    assert [len(reply.pmids) for reply in replies] == [4, 4, 2]
    assert {pmid for reply in replies for pmid in reply.pmids} == set(pmids)
    assert (server.count("epost"), server.count("efetch")) == (3, 5)
    assert heard == ["PubMed no longer has the list of ids; it is sent again"] * 2


def test_a_history_that_is_forgotten_each_time_is_an_error(tmp_path: Path, corpus: Corpus) -> None:
    with EutilsServer(corpus, limits={}, faults=[Fault("efetch", range(1, 99), "expired")]) as server:
        client = quick_client(server.url, tmp_path)
        with pytest.raises(HistoryExpired, match=r"Cannot retrieve history data.*; send the ids again"):
            list(client.fetch_posted(newest(corpus, 4)))
        with pytest.raises(HistoryExpired):
            client.fetch_history(History("MCID_unknown", "1"), 0, 5)
    assert (server.count("epost"), server.count("efetch")) == (2, 3)


def test_a_range_outside_a_history_is_not_taken_for_a_lost_one(client: Client) -> None:
    history = client.post(["20000001"])
    with pytest.raises(RequestError, match="OUT OF RANGE") as caught:
        client.fetch_history(history, 5, 1)
    assert not isinstance(caught.value, HistoryExpired)
    assert client.requests == 2


@pytest.mark.parametrize(("key", "limit", "each"), [(None, 3, 2), (MARKED, 10, 5)])
def test_processes_and_threads_together_keep_to_the_rate(
    corpus: Corpus, tmp_path: Path, key: str | None, limit: int, each: int
) -> None:
    with EutilsServer(corpus) as server:
        environ = {**os.environ, "NCBI_EMAIL": EMAIL, "SYNTH_EUTILS_URL": server.url, "SYNTH_SLOTS": str(tmp_path)}
        environ["NCBI_API_KEY"] = key or ""
        command = [sys.executable, "-c", WORKER, str(each), *newest(corpus, 2)]
        workers = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        sent = [int(worker.communicate()[0]) for worker in workers]
    assert sent == [3 * each] * 2
    assert server.busiest_second() <= limit
    assert {seen.status for seen in server.log} == {200}
    # And it is used: no more than a little slower than the rate allows.
    took = server.log[-1].time - server.log[0].time
    assert took < 6 * each / limit * 1.5 + 1


def test_the_environment_gives_account_address_and_slots(tmp_path: Path) -> None:
    environ = {"NCBI_EMAIL": f" {EMAIL} ", "SYNTH_SLOTS": str(tmp_path)}
    client = Client.from_environment(environ)
    assert (client.account, client.address) == (Account(EMAIL), EUTILS)
    environ |= {"NCBI_API_KEY": f"{MARKED}\n", "SYNTH_EUTILS_URL": "http://localhost:9/x"}
    client = Client.from_environment(environ)
    assert (client.account, client.address) == (Account(EMAIL, MARKED), "http://localhost:9/x/")
    assert client._slots.folder.parent == tmp_path
    own = Slots(tmp_path / "own", 1)
    assert Client.from_environment(environ, slots=own, address=EUTILS)._slots is own
    with pytest.raises(ParameterError, match="NCBI_EMAIL is not set"):
        Client.from_environment({})


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.org", "a@b@c"])
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(ParameterError, match="e-mail"):
        Account(email)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/entrez/eutils/",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "https://user@example.org/",
        "https://example.org/?api_key=1",
        "https:///entrez",
        "https://exämple.org/entrez/eutils/",
        "https://example.org/#here",
        "",
    ],
)
def test_no_key_is_sent_where_others_could_read_it(address: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="the address of the E-utilities"):
        quick_client(address, tmp_path)


def test_what_cannot_be_asked_is_refused_before_it_is_sent(client: Client) -> None:
    today = f"{date(2020, 1, 1):%Y/%m/%d}"
    for wrong in ({"mindate": today}, {"maxdate": today}, {"retstart": -1}, {"retmax": -1}):
        with pytest.raises(ParameterError):
            client.search("all[sb]", **wrong)
    for term in ("", "  "):
        with pytest.raises(ParameterError):
            client.search(term)
    for ids in ([], ["1", "2,3"], ["PMC7"], ["-1"], ["١"], "123"):
        for ask in (client.fetch, client.post, client.summary, client.links):
            with pytest.raises(ParameterError, match="written in digits"):
                ask(ids)
    for policy in ({"attempts": 0}, {"first_wait": -1}, {"total_wait": float("inf")}, {"timeout": 0}):
        with pytest.raises(ParameterError, match="a Policy needs"):
            Policy(**policy)
    assert client.requests == 0
