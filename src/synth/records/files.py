"""Files of records that a user names: opened whatever they are called, and PubMed XML read from them.

Gzip is recognised by its first bytes. With several processes a file is cut between records and its pieces are read at
the same time; the result is that of one process, byte for byte, and so is the error. Nothing has to be known of a file
for that: a piece that was cut at the wrong place (inside a comment, say) is not well-formed, and then the file is read
again as a whole.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from synth.errors import FormatError
from synth.records.pubmed_crew import Crew, Piece, serve
from synth.records.pubmed_opening import HEAD, opening
from synth.records.pubmed_xml import LARGEST_RECORD, parse_pubmed

GZIP = b"\x1f\x8b"
#: Bytes. The lines of a piece fit into a pipe (PIPE), so that no process waits for another's lines to be taken.
PIECE = 1 << 19
CUT = b"</PubmedArticle>"
SHARED_ROOT = "PubmedArticleSet"

_encode = msgspec.json.Encoder().encode


class _Unpacked(io.RawIOBase):
    """Bytes of a gzip file; damage is told as a fault of the file."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self.source, self.name = gzip.GzipFile(fileobj=source, mode="rb"), name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            return self.source.readinto(buffer)
        except EOFError:
            raise FormatError(self.name, 0, "the gzip file is cut off; fetch or copy it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FormatError(self.name, 0, f"the gzip file is damaged ({error}); fetch or copy it again") from None


class _Begun(io.RawIOBase):
    """A stream that cannot go back, with what was read of it already."""

    def __init__(self, head: bytes, source: BinaryIO) -> None:
        self.head, self.source = head, source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self.head:
            return self.source.readinto(buffer)  # type: ignore[attr-defined, no-any-return]
        size = min(len(self.head), len(buffer))
        buffer[:size], self.head = self.head[:size], self.head[size:]
        return size


def begun(source: BinaryIO, head: bytes) -> BinaryIO:
    """The stream as it was before `head` was read of it; standard input and pipes cannot go back by themselves."""
    if source.seekable():
        source.seek(-len(head), io.SEEK_CUR)
        return source
    return cast(BinaryIO, io.BufferedReader(_Begun(head, source), PIECE))


def uncompressed(source: BinaryIO, name: str) -> BinaryIO:
    """The stream, out of gzip where it is in it; nothing but its first bytes is read before they are asked for."""
    head = source.read(len(GZIP))
    whole = begun(source, head)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(whole, name), PIECE)) if head == GZIP else whole


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, uncompressed if it is gzip.

    Raises
    ------
    FormatError
        If it cannot be opened or read, or its gzip data are damaged.
    """
    try:
        with path.open("rb") as source:
            yield uncompressed(source, str(path))
    except OSError as error:
        raise FormatError(str(path), 0, f"cannot be read: {error.strerror or error}") from None


def pubmed_lines(paths: Sequence[Path], processes: int = 1) -> Iterator[bytes]:
    """Records of PubMed XML files as JSON, one line each.

    Parameters
    ----------
    paths : sequence of Path
        XML or gzip files, in the order wished for.
    processes : int
        How many read at the same time, 1 or more.

    Yields
    ------
    bytes
        The JSON of one record or deletion, without a line break; in file order.

    Raises
    ------
    FormatError
        If a file cannot be read to its end; records before that place may have been given.
    SynthError
        If a process ends before its work does.
    """
    if processes < 1:
        raise ValueError(f"processes: {processes}; expected 1 or more")
    if processes == 1:
        for path in paths:
            yield from _lines(path)
        return
    with Crew(processes, answer) as crew:
        yield from _shared_lines(paths, crew)


def _lines(path: Path) -> Iterator[bytes]:
    with open_file(path) as source:
        for record in parse_pubmed(source, str(path)):
            yield _encode(record)


def _shared_lines(paths: Sequence[Path], crew: Crew) -> Iterator[bytes]:
    """The same lines, each piece read by one of the crew; where that fails, the rest of the file is read here."""
    given = dict.fromkeys(range(len(paths)), 0)
    whole: set[int] = set()

    def pieces() -> Generator[tuple[Piece, bytes], None, None]:
        for number, path in enumerate(paths):
            with closing(_pieces(number, path)) as cut:
                for piece in cut:
                    yield piece
                    if number in whole:
                        break

    with closing(pieces()) as all_pieces:
        for piece, result in crew.answers(all_pieces):
            if piece.number in whole:
                continue
            if result is None:
                whole.add(piece.number)
                yield from islice(_lines(paths[piece.number]), given[piece.number], None)
                continue
            for line in result.split(b"\n") if result else ():
                given[piece.number] += 1
                yield line


def _pieces(number: int, path: Path) -> Generator[tuple[Piece, bytes], None, None]:
    """The pieces of a file, ending with one that fails where it has no place to cut."""
    name = str(path)
    try:
        with open_file(path) as source:
            head = source.read(HEAD)
            found = opening(head, name)
            if found.root != SHARED_ROOT or not found.plain:
                yield Piece(number, name, fails=True), b""
                return
            if _is_packed(source):
                yield from _cut_packed(number, name, _cut_bytes(source, head))
            else:
                yield from _cut_range(number, path, source)
    except FormatError:  # the file's own error comes when it is read as a whole, after what stands before the fault
        yield Piece(number, name, fails=True), b""


def _is_packed(source: BinaryIO) -> bool:
    return isinstance(getattr(source, "raw", None), _Unpacked)


def _texts(first: bool, last: bool) -> tuple[str, str]:
    return "" if first else f"<{SHARED_ROOT}>", "" if last else f"</{SHARED_ROOT}>"


def _cut_range(number: int, path: Path, source: BinaryIO) -> Iterator[tuple[Piece, bytes]]:
    size = source.seek(0, io.SEEK_END)
    start = 0
    while start < size:
        end = _next_cut(source, start + PIECE, size)
        if end - start > LARGEST_RECORD:
            yield Piece(number, str(path), fails=True), b""
            return
        before, after = _texts(start == 0, end == size)
        yield Piece(number, str(path), start, end, before=before, after=after), b""
        start = end


def _next_cut(source: BinaryIO, position: int, size: int) -> int:
    """Where the first record that ends after a position ends; the end of the file where none does."""
    searched = b""
    while position < size and len(searched) < LARGEST_RECORD:
        source.seek(position)
        searched = source.read(max(HEAD, 2 * len(searched)))
        place = searched.find(CUT)
        if place >= 0:
            return position + place + len(CUT)
        if position + len(searched) >= size:
            break
    return size


def _cut_bytes(source: BinaryIO, head: bytes) -> Iterator[tuple[bytes, bool]]:
    """Runs of whole records, and whether each is the last; what is longer than any record ends them."""
    held = head
    while block := source.read(PIECE):
        held += block
        place = held.rfind(CUT) + len(CUT)
        if place >= len(CUT):
            yield held[:place], False
            held = held[place:]
        elif len(held) > LARGEST_RECORD:
            raise FormatError("", 0, "no place to cut")
    yield held, True


def _cut_packed(number: int, name: str, cuts: Iterator[tuple[bytes, bool]]) -> Iterator[tuple[Piece, bytes]]:
    first = True
    for body, last in cuts:
        before, after = _texts(first, last)
        yield Piece(number, name, size=len(body), before=before, after=after), body
        first = False


def serve_pieces() -> None:
    """What a process of a crew does."""
    serve(answer)


def answer(piece: Piece, body: bytes) -> bytes | None:
    """The lines of a piece; None where it cannot be read."""
    if not piece.size:
        with Path(piece.path).open("rb") as source:
            source.seek(piece.start)
            body = source.read(piece.end - piece.start)
    document = io.BytesIO(b"".join((piece.before.encode(), body, piece.after.encode())))
    try:
        return b"\n".join([_encode(record) for record in parse_pubmed(document, piece.path)])
    except FormatError:
        return None
