"""Clients for tests: a clock that skips the waits, slots without rest, a key that can be found anywhere, and a server
that sends what it is told, byte for byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from synth.search.entrez import Account, Client
from synth.search.policy import Clock
from synth.search.slots import Slots

MARKED = "MARKED-KEY-0123456789abcdef"
EMAIL = "invented@example.org"


class Skipping(Clock):
    """Time goes on as ever, but waits are skipped, all but a fiftieth of a second, and chance is one half."""

    def __init__(self, chance: float = 0.5) -> None:
        self.waits: list[float] = []
        self._chance, self._skipped = chance, 0.0

    def now(self) -> float:
        return super().now() + self._skipped

    def date(self) -> float:
        return 1_800_000_000.0  # 15 January 2027, 08:00 UTC

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        time.sleep(min(seconds, 0.02))
        self._skipped += seconds - min(seconds, 0.02)

    def chance(self) -> float:
        return self._chance


def quick_client(address: str, folder: Path, *, key: str | None = None, **options: Any) -> Client:
    """A client that skips its waits, with slots that need no rest."""
    options = {"clock": Skipping(), "slots": Slots(folder / "slots", 50, rest=0.0), **options}
    return Client(Account(EMAIL, key), address=address, **options)


class Scripted:
    """A server on 127.0.0.1 that answers each connection with the next of some texts, whatever was asked.

    ``$URL`` in a text becomes its address. When all answers are given, nobody is there any more.
    """

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/entrez/eutils/"
        self._answers = [answer.replace(b"$URL", self.url.encode()) for answer in answers]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with self._socket:
            for answer in self._answers:
                try:
                    connection, _ = self._socket.accept()
                except OSError:
                    return  # the test is over, and this answer was not asked for
                with connection, connection.makefile("rb") as source:
                    self.requests.append(read_request(source))
                    connection.sendall(answer)

    def end(self) -> None:
        """Wait no longer for somebody to ask."""
        with suppress(OSError):  # it has ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    @property
    def targets(self) -> list[str]:
        """Request targets, in order."""
        return [request.split()[1].decode() for request in self.requests]


@contextmanager
def scripted(*answers: bytes, spare: bool = False) -> Iterator[Scripted]:
    """A scripted server; each of its answers must be asked for, unless they may be spare."""
    server = Scripted(answers)
    server._thread.start()
    try:
        yield server
        if not spare:
            server._thread.join(5)
            assert len(server.requests) == len(answers)
    finally:
        server.end()


def read_request(source: Any) -> bytes:
    """Head and body of a request."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = source.readline()
        if not line:
            return head
        head += line
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + source.read(length)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """The bytes of an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
