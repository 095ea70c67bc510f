"""Processes that share the work on one file: pieces go out in turn, results come back in the order of the pieces.

They are ordinary new processes of this Python, talked to through pipes, so that nothing depends on how the caller was
started or on its threads. Two pieces a process are under way, no more: memory grows with the largest
record of a file, not with the file.
"""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import IO, Generic, TypeVar

import msgspec

from synth.errors import SynthError

UNDER_WAY = 2  # pieces a process
PIPE = 1 << 20  # bytes, where the system lets pipes be that large
_START = "import sys; sys.path[:] = sys.argv[1:]; from synth.records.files import serve_pieces; serve_pieces()"


class Piece(msgspec.Struct, frozen=True):
    """A part of a file that can be read alone: a range of its bytes, or these themselves, between two texts.

    Attributes
    ----------
    number : int
        Which file of the run.
    path : str
    start, end : int
        Bytes of the file; both 0 where the bytes come along.
    size : int
        Bytes that come along.
    before, after : str
        What makes a document of it.
    fails : bool
        The file cannot be shared from here on.
    """

    number: int
    path: str
    start: int = 0
    end: int = 0
    size: int = 0
    before: str = ""
    after: str = ""
    fails: bool = False


class _Reply(msgspec.Struct, frozen=True):
    size: int


#: What comes before a piece or a result: the length of its description.
_PREFIX = 4
_Answer = Callable[[Piece, bytes], bytes | None]
_Message = TypeVar("_Message", Piece, _Reply)


class _Channel(Generic[_Message]):
    """Messages with bytes, over a pair of pipes."""

    def __init__(self, kind: type[_Message], incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self.decode: Callable[[bytes], _Message] = msgspec.json.Decoder(kind).decode
        self.incoming, self.outgoing = incoming, outgoing

    def send(self, message: msgspec.Struct, body: bytes) -> None:
        head = msgspec.json.encode(message)
        self.outgoing.write(len(head).to_bytes(_PREFIX, "big") + head)
        self.outgoing.write(body)
        self.outgoing.flush()

    def receive(self) -> tuple[_Message, bytes] | None:
        """The next message; None where the other side has ended."""
        length = self.incoming.read(_PREFIX)
        if len(length) < _PREFIX:
            return None
        head = self.incoming.read(int.from_bytes(length, "big"))
        try:
            message = self.decode(head)
        except msgspec.DecodeError:  # cut off
            return None
        body = self.incoming.read(message.size) if message.size > 0 else b""
        return (message, body) if len(body) == max(message.size, 0) else None


class Crew:
    """Processes that answer pieces; to be used in a with statement, which ends them.

    This process is one of them: what it reads itself need not come through a pipe.

    Parameters
    ----------
    processes : int
        In all, 2 or more.
    answer : callable
        What this process does with a piece; the others do what `serve` was given.
    """

    def __init__(self, processes: int, answer: _Answer) -> None:
        self.answer = answer
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-c", _START, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pipesize=PIPE,
            )
            for _ in range(processes - 1)
        ]
        self.channels = [_channel(process) for process in self.processes]

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for channel in self.channels:
            channel.incoming.close()
            try:
                channel.outgoing.close()
            except BrokenPipeError:  # what was not sent is not needed any more
                continue

    def answers(self, pieces: Iterable[tuple[Piece, bytes]]) -> Iterator[tuple[Piece, bytes | None]]:
        """Each piece with its result, in order; None where a process could not read it.

        Raises
        ------
        SynthError
            If a process ends before its work does.
        """
        waiting: deque[tuple[Piece, bytes, int]] = deque()
        members = len(self.channels) + 1  # the last one is this process
        for turn, (piece, body) in enumerate(pieces):
            member = turn % members
            if not piece.fails and member < len(self.channels):
                try:
                    self.channels[member].send(piece, body)
                except BrokenPipeError:
                    raise self._ended(piece, member) from None
                body = b""
            waiting.append((piece, body, member))
            if len(waiting) >= UNDER_WAY * members:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def _next(self, waiting: deque[tuple[Piece, bytes, int]]) -> tuple[Piece, bytes | None]:
        piece, body, member = waiting.popleft()
        if piece.fails:
            return piece, None
        if member == len(self.channels):
            return piece, self.answer(piece, body)
        answer = self.channels[member].receive()
        if answer is None:
            raise self._ended(piece, member)
        reply, body = answer
        return piece, None if reply.size < 0 else body

    def _ended(self, piece: Piece, member: int) -> SynthError:
        status = self.processes[member].wait()
        return SynthError(
            f"{piece.path}: a process that was reading this file ended with status {status} before it was done; "
            "try again, with one process if memory is short"
        )


def _channel(process: subprocess.Popen[bytes]) -> _Channel[_Reply]:
    assert process.stdin is not None  # both asked for above
    assert process.stdout is not None
    return _Channel(_Reply, process.stdout, process.stdin)


def serve(answer: _Answer) -> None:
    """Answer pieces from the standard input until it ends; a piece that is answered with None could not be read."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    channel = _Channel(Piece, sys.stdin.buffer, sys.stdout.buffer)
    pieces: queue.Queue[tuple[Piece, bytes] | None] = queue.Queue(UNDER_WAY)

    def take() -> None:  # pieces are taken while one is worked on, so that no side waits for the other to read
        while (received := channel.receive()) is not None:
            pieces.put(received)
        pieces.put(None)

    threading.Thread(target=take, daemon=True).start()
    while (received := pieces.get()) is not None:
        result = answer(*received)
        channel.send(_Reply(-1 if result is None else len(result)), result or b"")
