"""Files of records that a user names, whatever their format, as lines of JSON or as references in one format."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec

from synth.errors import FormatError, ParameterError
from synth.records.exchange import FORMATS, Format, is_xml, not_held, read_references, write_references
from synth.records.exchange.text import LARGEST, refuse_gzip, whole
from synth.records.files import begun, open_file, pubmed_lines, uncompressed
from synth.records.pubmed import Deletion, PubmedRecord
from synth.records.pubmed_xml import parse_pubmed
from synth.records.reference import Reference, not_taken, reference_of

STDIN = "-"
JSONL = "jsonl"
MOST_PROCESSES = 64
#: Bytes in which the format must show.
_HEAD = 1 << 16
_STDIN_NAME = "standard input"
_BLANK = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def records_as(
    names: Sequence[str],
    format: str,  # noqa: A002
    *,
    processes: int = 1,
    stdin: BinaryIO | None = None,
    tell: Callable[[str], None] = lambda _: None,
    largest: int = LARGEST,
) -> Iterator[bytes]:
    """The records of files in one format, piece by piece.

    Parameters
    ----------
    names : sequence of str
        Files of any format that can be read; ``-`` is `stdin`, at most once. Pipes are read once, too.
    format : str
        ``jsonl`` gives one line a record: all of it for PubMed XML, as `Reference` for other formats. Else one of
        `FORMATS`.
    processes : int
        How many read PubMed XML for ``jsonl`` at the same time, 1 to `MOST_PROCESSES`.
    stdin : BinaryIO or None
        None where standard input is closed.
    tell : callable
        Given a sentence on what is no reference (PMIDs that a PubMed file declares deleted), on a list without any
        reference, and on what the format does not hold.
    largest : int
        Bytes, unpacked, of a file that is not PubMed XML.

    Yields
    ------
    bytes
        UTF-8 with line feeds.

    Raises
    ------
    FormatError
        A file that cannot be opened or read to its end, or is too large; its name, line, and what is expected.
    ParameterError
        No such format, a wrong number of processes, ``-`` more than once.
    """
    if format not in (JSONL, *FORMATS):
        raise ParameterError(f"{format!r} is no format; one of {', '.join((JSONL, *FORMATS))} is expected")
    if not 1 <= processes <= MOST_PROCESSES:
        raise ParameterError(f"processes: {processes}; 1 to {MOST_PROCESSES} are expected")
    if list(names).count(STDIN) > 1:
        raise ParameterError("'-' stands twice; standard input can be read once")
    read = partial(_read, stdin=stdin, tell=tell, largest=largest)
    if format == JSONL:
        return _json_lines(names, read, processes)
    return _in_one_format(names, read, next(found for found in FORMATS if found == format), tell)


Record = PubmedRecord | Deletion | Reference


def _json_lines(names: Sequence[str], read: Callable[[str], Iterator[Record]], processes: int) -> Iterator[bytes]:
    for xml, group in groupby(names, _is_xml_file):
        if xml:
            yield from (line + b"\n" for line in pubmed_lines([Path(name) for name in group], processes))
            continue
        for name in group:
            yield from (msgspec.json.encode(record) + b"\n" for record in read(name))


def _in_one_format(
    names: Sequence[str],
    read: Callable[[str], Iterator[Record]],
    format: Format,  # noqa: A002
    tell: Callable[[str], None],
) -> Iterator[bytes]:
    references: list[Reference] = []
    missing: Counter[str] = Counter()
    for name in names:
        deleted = 0
        for record in read(name):
            if isinstance(record, Deletion):
                deleted += 1
                continue
            if isinstance(record, PubmedRecord):
                missing.update(not_taken(record))
            references.append(record if isinstance(record, Reference) else reference_of(record))
            missing.update(not_held(references[-1], format))
        if deleted:
            tell(f"{name}: {deleted} PMID{'' if deleted == 1 else 's'} declared deleted, not written as references")
    yield write_references(references, format).encode()
    if missing:
        counts = ", ".join(f"{field} {count}" for field, count in sorted(missing.items()))
        tell(f"left out in {format} (field and number of records): {counts}; jsonl holds all of PubMed XML")


def _is_xml_file(name: str) -> bool:
    """Whether a name is that of an ordinary file of XML; what can be read once only is not looked into here."""
    if name == STDIN or not Path(name).is_file():
        return False
    with open_file(Path(name)) as source:
        return is_xml(source.read(_HEAD))


def _opened(name: str, stdin: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    return _standard_input(stdin) if name == STDIN else open_file(Path(name))


@contextmanager
def _standard_input(stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    if stdin is None:
        raise FormatError(_STDIN_NAME, 0, "is closed")
    try:
        yield uncompressed(stdin, _STDIN_NAME)
    except OSError as error:
        raise FormatError(_STDIN_NAME, 0, f"cannot be read: {error.strerror or error}") from None


def _read(name: str, stdin: BinaryIO | None, tell: Callable[[str], None], largest: int) -> Iterator[Record]:
    """PubMed records and deletions of an XML file, references of any other; opened once."""
    shown = _STDIN_NAME if name == STDIN else name
    with _opened(name, stdin) as source:
        head = source.read(_HEAD)
        refuse_gzip(head, shown)
        if len(head) == _HEAD and not head.strip(_BLANK):
            raise FormatError(shown, 0, f"begins with {_HEAD >> 10} KB of blanks; records are expected")
        if is_xml(head):
            yield from parse_pubmed(begun(source, head), shown)
            return
        content = whole(begun(source, head), shown, largest)
    found = read_references(content, shown)
    if not found:
        tell(f"{shown}: 0 references")
    yield from found


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when all is written; after an error `path` is as it was.

    Where `path` is a link, the file behind it is replaced; its mode stays. A device or pipe is written to directly.

    Raises
    ------
    FormatError
        The file cannot be written.
    """
    goal = Path(os.path.realpath(path))
    part = goal.with_name(f".{os.getpid()}.part")
    try:
        mode = path.stat().st_mode if path.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            with path.open("wb") as target:
                yield target
            return
        with part.open("wb") as target:
            if mode is not None:
                os.fchmod(target.fileno(), stat.S_IMODE(mode))
            yield target
            target.flush()
            os.fsync(target.fileno())
        part.replace(goal)
    except OSError as error:
        raise FormatError(str(path), 0, f"cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def write_pieces(pieces: Iterable[bytes], output: Path) -> None:
    """Write pieces to a file, all or nothing."""
    with replaced(output) as target:
        target.writelines(pieces)
