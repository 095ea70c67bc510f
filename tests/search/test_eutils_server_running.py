"""The loopback E-utilities as a server: limits by counting, the log, many clients at once, its end, and its script."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eutils_asking import ask, search
from eutils_server import EutilsServer, Fault, busiest, invented_record, synthetic_corpus

SCRIPT = Path(__file__).resolve().parent.parent / "eutils_server.py"


def together(count: int, call) -> list:
    """The results of so many calls at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_requests_without_a_key_are_counted_by_address():
    with EutilsServer(synthetic_corpus(5)) as server:
        answers = together(5, lambda _: ask(server, "esearch", term="invented"))
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 429, 429]
        told = [json.loads(answer.body) for answer in answers if answer.status == 429]
        assert {(body["error"], body["api-key"], body["limit"]) for body in told} == {
            ("API rate limit exceeded", "127.0.0.1", "3")
        }
        assert sorted(body["count"] for body in told) == ["4", "5"]
        assert server.busiest_second() == server.busiest_second("127.0.0.1") == 5
        time.sleep(1.01)
        assert ask(server, "esearch", term="invented").status == 200


def test_requests_with_a_key_are_counted_by_key():
    with EutilsServer(synthetic_corpus(5), retry_after=2) as server:
        answers = together(12, lambda _: ask(server, "esearch", term="invented", api_key="one"))
        refused = [answer for answer in answers if answer.status == 429]
        assert len(refused) == 2
        assert {json.loads(answer.body)["api-key"] for answer in refused} == {"one"}
        assert {answer.headers["Retry-After"] for answer in refused} == {"2"}
        assert refused[0].headers["Content-Type"].startswith("application/json")
        assert ask(server, "esearch", term="invented", api_key="other").status == 200
        assert ask(server, "esearch", term="invented").status == 200
        assert (server.busiest_second("one"), server.busiest_second("other"), server.busiest_second()) == (12, 1, 12)
        assert [seen.fault for seen in server.log].count("limit") == 2


def test_a_steady_pace_at_the_limit_is_not_refused():
    with EutilsServer(synthetic_corpus(5), limits={"none": 5}) as server:
        for _ in range(8):
            assert ask(server, "esearch", term="invented").status == 200
            time.sleep(0.21)
        assert server.busiest_second() in (4, 5)


def test_the_requests_of_a_whole_second_count():
    with EutilsServer(synthetic_corpus(5), limits={"none": 2}) as server:
        statuses = []
        for _ in range(3):
            statuses.append(ask(server, "einfo").status)
            time.sleep(0.3)
        assert statuses == [200, 200, 429]


def test_the_busiest_second_is_a_sliding_one():
    moments = [0.0, 0.875, 0.9375, 1.0, 1.8125, 1.875, 3.0]
    # From 0.875 to just before 1.875: four. A window that began at each whole second would see three.
    assert busiest([("a", moment) for moment in moments]) == 4
    assert busiest([("ab"[number % 2], moment) for number, moment in enumerate(moments)]) == 2
    assert busiest([]) == 0


def test_a_key_that_is_not_valid_is_refused():
    with EutilsServer(synthetic_corpus(5), keys=["good"]) as server:
        answer = ask(server, "esearch", term="invented", api_key="bad")
        assert (answer.status, json.loads(answer.body)) == (400, {"error": "API key invalid", "api-key": "bad"})
        assert ask(server, "esearch", term="invented", api_key="good").status == 200


def test_the_log_holds_every_request_in_order(tmp_path):
    file = tmp_path / "log.jsonl"
    fault = Fault("efetch", 2, "status", code=503)
    with EutilsServer(synthetic_corpus(5), limits=None, faults=[fault], log_file=file) as server:
        ask(server, "esearch", "GET", term="hip", api_key="one", tool="invented")
        for _ in range(2):
            ask(server, "efetch", id=["20000001", "5"])
        logged = [(seen.utility, seen.method, seen.key, seen.status, seen.fault) for seen in server.log]
        assert logged == [
            ("esearch", "GET", "one", 200, ""),
            ("efetch", "POST", "", 200, ""),
            ("efetch", "POST", "", 503, "status"),
        ]
        assert server.log[0].params == {"db": "pubmed", "term": "hip", "api_key": "one", "tool": "invented"}
        assert server.log[1].params["id"] == "20000001,5"
        assert "api_key=one" in server.log[0].target
        assert server.log[1].target == "/entrez/eutils/efetch.fcgi"
        assert [server.log[0].time, server.log[1].time] == sorted(seen.time for seen in server.log)[:2]
        assert (server.count(), server.count("efetch")) == (3, 2)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["utility"], line["status"], line["fault"]) for line in lines] == [
        ("esearch", 200, ""),
        ("efetch", 200, ""),
        ("efetch", 503, "status"),
    ]


def test_addresses_that_do_not_exist():
    with EutilsServer(synthetic_corpus(1), limits=None) as server:
        for target in ("nothing.fcgi", "esearch", "../esearch.fcgi"):
            with pytest.raises(urllib.error.HTTPError, match="404") as raised:
                urllib.request.urlopen(server.url + target)
            raised.value.close()
        assert server.log == []


def test_one_connection_takes_many_requests():
    with EutilsServer(synthetic_corpus(5), limits=None) as server:
        address = urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname, address.port)
        for _ in range(3):
            connection.request("GET", "/entrez/eutils/esearch.fcgi?db=pubmed&term=invented")
            assert b"<Count>5</Count>" in connection.getresponse().read()
        connection.close()
        assert server.count() == 3


def test_searches_go_on_while_records_change():
    with EutilsServer(synthetic_corpus(300, days=30), limits=None) as server:
        added = range(30_000_001, 30_000_041)

        def change(number: int) -> None:
            server.corpus.add(invented_record(added[number]))
            server.corpus.remove(added[number])

        def look(number: int) -> tuple[int, int]:
            answer = search(server, "invented AND 1:99999999[uid]", sort=["", "pub_date", "title"][number % 3])
            return answer.count, len(set(answer.ids))

        with ThreadPoolExecutor(4) as pool:
            changes, looks = pool.map(change, range(40)), pool.map(look, range(40))
            assert len(list(changes)) == 40
            assert all(300 <= count <= 304 and count == ids for count, ids in looks)
        assert len(server.corpus) == 300


def test_the_end_leaves_no_thread_and_no_port():
    before = set(threading.enumerate())
    with EutilsServer(synthetic_corpus(5), limits=None, faults=[Fault("*", 2, "delay", seconds=60)]) as server:
        address = urlsplit(server.url)
        idle = http.client.HTTPConnection(address.hostname, address.port)
        idle.request("GET", "/entrez/eutils/einfo.fcgi")
        idle.getresponse().read()
        waiting = http.client.HTTPConnection(address.hostname, address.port)
        waiting.request("GET", "/entrez/eutils/einfo.fcgi")
        while server.count() < 2:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))
    idle.close()
    waiting.close()


def test_a_failure_of_the_server_itself_does_not_pass_unseen():
    def fail(corpus: object) -> None:
        raise RuntimeError("invented")

    server = EutilsServer(synthetic_corpus(1), faults=[Fault("*", 1, "change", call=fail)])
    server.__enter__()
    with pytest.raises(http.client.RemoteDisconnected):
        ask(server, "einfo")
    with pytest.raises(AssertionError, match=r"the loopback server itself failed: .*RuntimeError\('invented'\)"):
        server.__exit__()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_script_serves_until_it_is_stopped(tmp_path, stop):
    faults, log = tmp_path / "faults.json", tmp_path / "log.jsonl"
    faults.write_text(json.dumps([{"on": "efetch", "at": [2, 3], "kind": "status", "code": 502}]))
    options = ["--synthetic", "30", "--seed", "4", "--limit-none", "0", "--faults", str(faults), "--log", str(log)]
    process = subprocess.Popen([sys.executable, str(SCRIPT), *options], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}esearch.fcgi?db=pubmed&term=invented") as reply:
            assert b"<Count>30</Count>" in reply.read()
        statuses = []
        for _ in range(4):
            try:
                with urllib.request.urlopen(f"{url}efetch.fcgi?db=pubmed&id=20000001") as reply:
                    statuses.append(reply.status)
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
                error.close()
        assert statuses == [200, 502, 502, 200]
        assert [json.loads(line)["status"] for line in log.read_text().splitlines()] == [200, 200, 502, 502, 200]
    finally:
        process.send_signal(stop)
        assert process.wait(10) == 0
        process.stdout.close()


def test_the_script_serves_a_folder(tmp_path):
    records = b"\n".join(invented_record(pmid) for pmid in (11, 12))
    (tmp_path / "two.xml").write_bytes(b"<PubmedArticleSet>" + records + b"</PubmedArticleSet>")
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--folder", str(tmp_path), "--limit-key", "1"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}efetch.fcgi?db=pubmed&id=11,12&api_key=k") as reply:
            assert records in reply.read()
        with pytest.raises(urllib.error.HTTPError, match="429") as raised:
            urllib.request.urlopen(f"{url}efetch.fcgi?db=pubmed&id=11,12&api_key=k")
        raised.value.close()
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()
