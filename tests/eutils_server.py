"""A loopback server that speaks NCBI's E-utilities over real HTTP, for tests.

It serves records of a corpus (a folder of PubMed XML, or invented ones) on 127.0.0.1, counts requests against limits,
logs them all, and plays faults by schedule. As a script it serves until it is stopped and prints its address first::

    python tests/eutils_server.py --synthetic 25000 --port 0
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import struct
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from eutils_corpus import Corpus, Entry, folder_corpus, is_number
from eutils_faults import BEFORE, Delivery, Fault, before, delivery_of, edit, faults_of, limited
from eutils_history import History
from eutils_replies import JSON, Reply, Utilities
from eutils_synthetic import invented_record, noted, synthetic_corpus
from eutils_texts import ROOTS

__all__ = [
    "Corpus",
    "Entry",
    "EutilsServer",
    "Fault",
    "Seen",
    "folder_corpus",
    "invented_record",
    "noted",
    "synthetic_corpus",
]

FOLDER = "/entrez/eutils/"
LIMITS = {"none": 3, "key": 10}


@dataclass(slots=True)
class Seen:
    """One request.

    Attributes
    ----------
    time : float
        When it arrived, in seconds of the monotonic clock.
    key : str
        Its api_key; empty without one.
    status : int
        HTTP status of the reply; 0 before it is sent, and where the connection ends without one.
    fault : str
        Kinds of the faults played at it, with commas; ``limit`` also where it was over the limit.
    target : str
        The request target as it was sent, with its query string.
    """

    time: float
    utility: str
    params: dict[str, str]
    key: str
    address: str
    status: int = 0
    fault: str = ""
    method: str = "GET"
    target: str = ""

    @property
    def counted(self) -> str:
        """What it counts against: its key, or its address where it has none."""
        return self.key or self.address


class Port(ThreadingHTTPServer):
    """The listening socket and the connections it has accepted."""

    daemon_threads = False
    timeout = 0.05  # seconds between two looks at whether to stop
    request_queue_size = 128

    def __init__(self, owner: EutilsServer, port: int) -> None:
        self.owner = owner
        self.connections: set[socket.socket] = set()
        self.ended, self.closed = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what went wrong in a handler, unless the client only went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.owner.crashes.append(repr(error))

    def serve(self) -> None:
        """Accept connections until the port or the whole server is to end; then end them and wait for their threads."""
        while not (self.ended.is_set() or self.owner.closing.is_set()):
            self.handle_request()
        self.socket.close()
        self.closed.set()
        self.hang_up()
        self.server_close()

    def hang_up(self) -> None:
        """End every connection, so that its thread ends."""
        with self.lock:
            for connection in self.connections:
                # One that has ended by itself cannot be ended.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "LoopbackEutils/1", ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Port

    def setup(self) -> None:
        """Note the connection, so that closing the server ends it."""
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        with self.server.lock:
            self.server.connections.discard(self.connection)
        try:
            super().finish()
        except (ConnectionError, ValueError):
            self.close_connection = True  # it was reset, by the client or by a fault

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a request whose parameters are in its target."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Answer a request whose parameters are in its body."""
        length = self.headers.get("Content-Length", "")
        if not is_number(length):
            self.close_connection = True
            return self._send(Reply(b"length required\n", status=411, kind="text/plain"), [])
        return self._serve(self.rfile.read(int(length)))

    def _serve(self, body: bytes) -> None:
        target = urlsplit(self.path)
        utility = target.path.removeprefix(FOLDER).removesuffix(".fcgi")
        sent = (target.query, body.decode(errors="replace"))
        pairs = [pair for text in sent for pair in parse_qsl(text, keep_blank_values=True)]
        if target.path != f"{FOLDER}{utility}.fcgi" or utility not in ROOTS:
            return self._send(Reply(b"not found\n", status=404, kind="text/plain"), [])
        # Biopython's manual writes webenv, so this name is read in any case of its letters.
        params = {"WebEnv" if name.lower() == "webenv" else name: value for name, value in pairs if name != "id"}
        id_lists = [value for name, value in pairs if name == "id"]
        shown = params | ({"id": ",".join(id_lists)} if id_lists else {})
        seen = Seen(time.monotonic(), utility, shown, params.get("api_key", ""), self.client_address[0])
        seen.method, seen.target = self.command, self.path
        faults, over = self.server.owner.arrive(seen)
        reply = self._reply(seen, faults, over, id_lists)
        seen.status = reply.status
        return self._send(reply, faults, seen)

    def _reply(self, seen: Seen, faults: list[Fault], over: Reply | None, id_lists: list[str]) -> Reply:
        owner = self.server.owner
        for fault in faults:
            if fault.kind == "delay":
                owner.closing.wait(fault.get("seconds", 1.0))
            elif fault.kind in BEFORE:
                before(fault, owner.corpus, owner.history.expire)
        reply = over or owner.utilities.answer(seen.utility, seen.params, id_lists)
        for fault in faults:
            if fault.kind != "expired" or fault.get("form", "new") != "new":
                edit(fault, reply, seen.utility, seen.params)
        return reply

    def _send(self, reply: Reply, faults: list[Fault], seen: Seen | None = None) -> None:
        plan = delivery_of(reply, faults)
        if seen is not None:
            seen.status = 0 if plan.stop == -1 else reply.status
            self.server.owner.write_log(seen)
        if plan.stop is not None:
            self.close_connection = True
        # The port closes first: a client that sees its connection end finds it closed.
        if plan.refuse is not None:
            self.server.owner.refuse(plan.refuse)
        if plan.stop != -1:
            self._write_head(reply, plan)
            self._write_body(plan)
        if plan.reset:
            self._reset()

    def _write_head(self, reply: Reply, plan: Delivery) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        for name, value in {**reply.headers, **plan.headers}.items():
            self.send_header(name, value)
        framing = ("Transfer-Encoding", "chunked") if plan.length is None else ("Content-Length", str(plan.length))
        self.send_header(*framing)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _write_body(self, plan: Delivery) -> None:
        body = plan.body if plan.stop is None else plan.body[: plan.stop]
        if plan.length is None:
            size = plan.chunk
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
            pieces += [b"0\r\n\r\n"] if plan.stop is None else []
        else:
            pieces = [body[at : at + plan.piece] for at in range(0, len(body), plan.piece)]
        for piece in pieces:
            self.wfile.write(piece)
            if plan.pause:
                self.wfile.flush()
                if self.server.owner.closing.wait(plan.pause):
                    break
        self.wfile.flush()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


class EutilsServer:
    """E-utilities on 127.0.0.1, from ``with`` until its end.

    Parameters
    ----------
    corpus : Corpus
        What it serves; may be changed while it serves.
    faults : sequence of Fault
        What goes wrong, and at which request. A fault also plays where the request is over a limit.
    limits : mapping, optional
        Requests in a second for each address without a key (``none``) and for each ``key``; one that is missing is no
        limit.
    history_seconds, history_uses : float, int, optional
        Age, and number of reads, after which a WebEnv has expired.
    retry_after : float, optional
        Seconds that a refused request is told to wait; it is told nothing without it.
    keys : sequence of str, optional
        API keys that are valid; all are without it.
    synonyms : mapping, optional
        Words that a search maps to another phrase too; they show in its translation.
    log_file : path, optional
        Gets each request as a line of JSON before its reply is sent.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        faults: Sequence[Fault] = (),
        limits: Mapping[str, int] | None = LIMITS,
        history_seconds: float | None = None,
        history_uses: int | None = None,
        retry_after: float | None = None,
        keys: Sequence[str] | None = None,
        synonyms: Mapping[str, str] | None = None,
        port: int = 0,
        log_file: Path | str | None = None,
    ) -> None:
        self.corpus, self.faults, self.limits = corpus, list(faults), dict(limits or {})
        self.history = History(history_seconds, history_uses)
        self.utilities = Utilities(corpus, self.history, synonyms)
        self.retry_after, self.keys = retry_after, keys
        self.log: list[Seen] = []
        self.crashes: list[str] = []
        self.closing = threading.Event()
        self._log_path, self._log_file = log_file, None
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._pause = 0.0
        self._number = port
        self._port: Port | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of the folder of the utilities, with a slash at its end."""
        return f"http://127.0.0.1:{self._number}{FOLDER}"

    def __enter__(self) -> EutilsServer:
        if self._log_path is not None:
            self._log_file = Path(self._log_path).open("a", encoding="utf-8")
        self._port = Port(self, self._number)
        self._number = self._port.server_address[1]
        self._thread = threading.Thread(target=self._run, name="loopback E-utilities")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._thread.join()
        if self._log_file is not None:
            self._log_file.close()
        if self.crashes:
            raise AssertionError(f"the loopback server itself failed: {self.crashes}")

    def _run(self) -> None:
        """Serve; where the port is to be closed for a while, close it and open it again."""
        while True:
            self._port.serve()
            if self.closing.wait(self._pause):
                return
            self._port = Port(self, self._number)

    def refuse(self, seconds: float) -> None:
        """Close the port for so many seconds: connections that are open end, new ones are refused."""
        self._pause = seconds
        port = self._port
        port.ended.set()
        port.closed.wait()

    def arrive(self, seen: Seen) -> tuple[list[Fault], Reply | None]:
        """Log a request; gives the faults to play at it, and the refusal where it is over the limit."""
        with self._lock:
            seen.time = time.monotonic()
            self.log.append(seen)
            self._numbers[seen.utility] += 1
            number, total = self._numbers[seen.utility], len(self.log)
            recent = self._recent[seen.counted]
            recent.append(seen.time)
            while recent[0] <= seen.time - 1.0:
                recent.popleft()
            count = len(recent)
        faults = [fault for fault in self.faults if fault.plays(seen.utility, number, total)]
        seen.fault = ",".join(fault.kind for fault in faults)
        if self.keys is not None and seen.key and seen.key not in self.keys:
            body = json.dumps({"error": "API key invalid", "api-key": seen.key}, separators=(",", ":"))
            return faults, Reply(body.encode(), status=400, kind=JSON)
        limit = self.limits.get("key" if seen.key else "none")
        if limit is None or count <= limit or any(fault.kind not in BEFORE for fault in faults):
            return faults, None
        seen.fault = ",".join(filter(None, (seen.fault, "limit")))
        return faults, limited(seen.counted, count, limit, self.retry_after)

    def write_log(self, seen: Seen) -> None:
        """Write a request to the log file, if there is one."""
        if self._log_file is not None:
            with self._lock:
                self._log_file.write(json.dumps(asdict(seen)) + "\n")
                self._log_file.flush()

    def busiest_second(self, counted: str | None = None) -> int:
        """Largest number of requests of one key or address in any second, of that one or of all."""
        with self._lock:
            seen = [(entry.counted, entry.time) for entry in self.log]
        return busiest([pair for pair in seen if counted in (None, pair[0])])

    def count(self, utility: str | None = None) -> int:
        """How many requests there were, of one utility or of all."""
        with self._lock:
            return sum(utility in (None, entry.utility) for entry in self.log)


def busiest(seen: Sequence[tuple[str, float]]) -> int:
    """Largest number of times that lie less than a second apart, of one name; pairs of name and seconds."""
    largest, windows = 0, defaultdict(deque)
    for name, moment in sorted(seen, key=lambda pair: pair[1]):
        window = windows[name]
        window.append(moment)
        while window[0] <= moment - 1.0:
            window.popleft()
        largest = max(largest, len(window))
    return largest


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="E-utilities on 127.0.0.1, for tests")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--folder", type=Path, help="folder of PubMed XML files")
    source.add_argument("--synthetic", type=int, metavar="N", help="so many invented records")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--heavy-day", type=int, default=0, help="so many of the invented records on one day")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limit-none", type=int, default=3, help="requests a second without a key; 0 for no limit")
    parser.add_argument("--limit-key", type=int, default=10, help="requests a second with a key; 0 for no limit")
    parser.add_argument("--history-seconds", type=float, help="age at which a WebEnv expires")
    parser.add_argument("--retry-after", type=float, help="seconds that a refused request is told to wait")
    parser.add_argument("--faults", type=Path, help="JSON file of faults")
    parser.add_argument("--log", type=Path, help="file that gets each request as a line of JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    corpus: Corpus
    if given.folder:
        corpus = folder_corpus(given.folder)
    else:
        corpus = synthetic_corpus(given.synthetic, given.seed, heavy_day=given.heavy_day)
    limits = {"none": given.limit_none, "key": given.limit_key}
    server = EutilsServer(
        corpus,
        faults=faults_of(given.faults) if given.faults else (),
        limits={name: limit for name, limit in limits.items() if limit},
        history_seconds=given.history_seconds,
        retry_after=given.retry_after,
        port=given.port,
        log_file=given.log,
    )
    with server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
