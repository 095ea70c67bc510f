"""Replies cut where a server's faults cannot cut them: in the head, in a character, and a port that is closed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from retrieval_runs import PATIENT, certificate, client_of, run

from eutils_server import Corpus, EutilsServer, Fault, synthetic_corpus
from synth.errors import RequestError
from synth.search.policy import Clock, Policy
from synth.store.journal import FileJournal

COUNT = 50


class Relay:
    """Passes connections on to a server, except some (counted from 1): those get a few bytes, and then the end."""

    def __init__(self, url: str, cut: range, given: bytes) -> None:
        self._port, self._cut, self._given = urlsplit(url).port, cut, given
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{self._port}/", f":{self._socket.getsockname()[1]}/")
        self.connections = 0

    def __enter__(self) -> Relay:
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        # Accepting fails once the socket is shut down.
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with connection:
                    (self._end if self.connections in self._cut else self._pass)(connection)

    def _end(self, connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(self._given)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):  # the rest of the request, until the client has seen the end
            pass

    def _pass(self, connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            forward = threading.Thread(target=self._pump, args=(connection, server))
            forward.start()
            self._pump(server, connection)
            forward.join()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        # Either side may have gone away.
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return synthetic_corpus(COUNT, seed=5)


@pytest.fixture(scope="module")
def server(corpus: Corpus) -> Iterator[EutilsServer]:
    with EutilsServer(corpus, limits=None) as server:
        yield server


@pytest.fixture(scope="module")
def expected(server: EutilsServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("without-faults")
    return certificate(run(client_of(server.url, folder), FileJournal(folder / "replies")))


HEADS = {
    "within the status line": b"HTTP/1.",
    "within the reason": b"HTTP/1.1 200 O",
    "after the status line": b"HTTP/1.1 200 OK\r\n",
    "within a header": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Le",
    "after the head": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
    "after a head without length": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n",
}


@pytest.mark.parametrize("given", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("number", [1, 3], ids=["esearch", "efetch"])
def test_a_head_that_is_cut_once_is_asked_for_again(
    server: EutilsServer, expected: str, tmp_path: Path, given: bytes, number: int
):
    with Relay(server.url, range(number, number + 1), given) as relay:
        client = client_of(relay.url, tmp_path)
        assert certificate(run(client, FileJournal(tmp_path / "replies"))) == expected
        assert (client.requests, relay.connections) == (5, 5)


@pytest.mark.parametrize("given", HEADS.values(), ids=HEADS)
def test_a_head_that_is_cut_for_ever_is_an_error(server: EutilsServer, expected: str, tmp_path: Path, given: bytes):
    with Relay(server.url, range(3, 1_000), given) as relay, pytest.raises(RequestError, match="given up after 8 att"):
        run(client_of(relay.url, tmp_path), FileJournal(tmp_path / "replies"))
    before = server.count()
    assert certificate(run(client_of(server.url, tmp_path), FileJournal(tmp_path / "replies"))) == expected
    assert server.count() - before == 2


@pytest.mark.parametrize(("kind", "parameter"), [("truncate", "bytes"), ("reset", "byte")])
def test_a_cut_inside_a_character(corpus: Corpus, expected: str, tmp_path: Path, kind: str, parameter: str):
    with EutilsServer(corpus, limits=None) as server:
        whole = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "whole"))
        place = next(whole.bodies()).index("ü".encode()) + 1
        server.faults.append(Fault("efetch", server.count("efetch") + 1, kind, **{parameter: place}))
        again = run(client_of(server.url, tmp_path), FileJournal(tmp_path / "again"))
        assert [seen.fault for seen in server.log[4:]] == ["", kind, "", "", ""]
        assert certificate(again) == certificate(whole) == expected


def test_a_port_that_is_closed_for_a_while(corpus: Corpus, expected: str, tmp_path: Path):
    policy = Policy(attempts=20, first_wait=0.05, longest_wait=0.2, total_wait=60.0)
    with EutilsServer(corpus, limits=None, faults=[Fault("efetch", 2, "refuse", seconds=0.3)]) as server:
        client = client_of(server.url, tmp_path, clock=Clock(), policy=policy)
        assert certificate(run(client, FileJournal(tmp_path / "replies"))) == expected
        assert client.requests > server.count() == 5


def test_a_port_that_stays_closed_is_an_error(corpus: Corpus, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/entrez/eutils/"
    client = client_of(url, tmp_path, policy=PATIENT)
    with pytest.raises(RequestError, match="Connection refused; given up after 8 attempts"):
        run(client, FileJournal(tmp_path / "replies"))
