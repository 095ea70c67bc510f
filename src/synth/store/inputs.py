"""Files of records that a user names, whatever their format, as lines of JSON or as references in one format."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec

from synth.errors import FormatError, ParameterError
from synth.records.exchange import FORMATS, is_xml, read_references, write_references
from synth.records.exchange.text import unpacked
from synth.records.files import open_file, pubmed_lines
from synth.records.pubmed import Deletion, PubmedRecord
from synth.records.pubmed_xml import parse_pubmed
from synth.records.reference import Reference, reference_of

STDIN = "-"
JSONL = "jsonl"
_HEAD = 200


def records_as(
    names: Sequence[str],
    format: str,  # noqa: A002
    *,
    processes: int = 1,
    stdin: BinaryIO | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[bytes]:
    """The records of files in one format, piece by piece.

    Parameters
    ----------
    names : sequence of str
        Files of any format that can be read; ``-`` is `stdin`, at most once.
    format : str
        ``jsonl`` gives one line a record: all of it for PubMed XML, as `Reference` for other formats. Else one of
        `FORMATS`.
    processes : int
        How many read PubMed XML for ``jsonl`` at the same time.
    tell : callable
        Given a sentence on what is no reference: PMIDs that a PubMed file declares deleted.

    Yields
    ------
    bytes
        UTF-8 with line feeds.

    Raises
    ------
    FormatError
        A file that cannot be opened or read to its end; its name, line, and what is expected.
    ParameterError
        No such format, fewer than one process, ``-`` more than once.
    """
    if format not in (JSONL, *FORMATS):
        raise ParameterError(f"{format!r} is no format; one of {', '.join((JSONL, *FORMATS))} is expected")
    if processes < 1:
        raise ParameterError(f"processes: {processes}; 1 or more is expected")
    if list(names).count(STDIN) > 1:
        raise ParameterError("'-' stands twice; standard input can be read once")
    given = stdin.read() if STDIN in names and stdin is not None else b""
    if format == JSONL:
        return _json_lines(names, given, processes)
    return _in_one_format(names, given, format, tell)


def _json_lines(names: Sequence[str], given: bytes, processes: int) -> Iterator[bytes]:
    for xml, group in groupby(names, lambda name: name != STDIN and _is_xml_file(name)):
        if xml:
            yield from (line + b"\n" for line in pubmed_lines([Path(name) for name in group], processes))
            continue
        for name in group:
            yield from (msgspec.json.encode(record) + b"\n" for record in _read(name, given))


def _in_one_format(names: Sequence[str], given: bytes, format: str, tell: Callable[[str], None]) -> Iterator[bytes]:  # noqa: A002
    references: list[Reference] = []
    for name in names:
        deleted = 0
        for record in _read(name, given):
            if isinstance(record, Reference):
                references.append(record)
            elif isinstance(record, Deletion):
                deleted += 1
            else:
                references.append(reference_of(record))
        if deleted:
            tell(f"{name}: {deleted} PMID{'' if deleted == 1 else 's'} declared deleted, not written as references")
    known = next(found for found in FORMATS if found == format)
    yield write_references(references, known).encode()


def _is_xml_file(name: str) -> bool:
    with open_file(Path(name)) as source:
        return is_xml(source.read(_HEAD))


def _read(name: str, given: bytes) -> Iterator[PubmedRecord | Deletion | Reference]:
    """PubMed records and deletions of an XML file, references of any other."""
    if name == STDIN:
        content = unpacked(given, "standard input")
        yield from _parsed(io.BytesIO(content), content[:_HEAD], "standard input")
        return
    with open_file(Path(name)) as source:
        head = source.read(_HEAD)
    with open_file(Path(name)) as source:
        yield from _parsed(source, head, name)


def _parsed(source: BinaryIO, head: bytes, name: str) -> Iterator[PubmedRecord | Deletion | Reference]:
    if is_xml(head):
        yield from parse_pubmed(source, name)
    else:
        yield from read_references(source.read(), name)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when all is written; after an error `path` is as it was.

    Raises
    ------
    FormatError
        The file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    except OSError as error:
        raise FormatError(str(path), 0, f"cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def write_pieces(pieces: Iterable[bytes], output: Path) -> None:
    """Write pieces to a file, all or nothing."""
    with replaced(output) as target:
        target.writelines(pieces)
