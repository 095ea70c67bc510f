"""Reading a file of references in any format, told by its content, and writing references in one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal, get_args

from synth.errors import FormatError, ParameterError
from synth.records.exchange.bibtex import START as BIBTEX_START
from synth.records.exchange.bibtex import read_bibtex
from synth.records.exchange.bibtex_writing import KEY, write_bibtex
from synth.records.exchange.csl import ID, read_csl, write_csl
from synth.records.exchange.keys import keys_of
from synth.records.exchange.nbib import START as NBIB_START
from synth.records.exchange.nbib import read_nbib, write_nbib
from synth.records.exchange.ris import MARK as RIS_MARK
from synth.records.exchange.ris import START as RIS_START
from synth.records.exchange.ris import read_ris, write_ris
from synth.records.exchange.text import decoded, refuse_control, unpacked
from synth.records.pubmed import PubmedRecord
from synth.records.reference import Reference, one_line, reference_of

Format = Literal["ris", "nbib", "bibtex", "csl-json"]
FORMATS: tuple[Format, ...] = get_args(Format)
PUBMED = "pubmed"
_STARTS = {"ris": RIS_START, "nbib": NBIB_START, "bibtex": BIBTEX_START}
# Line ends of a record that holds nothing.
_EMPTY = {"ris": 3, "nbib": 1, "bibtex": 3}
_EXPECTED = "RIS, NBIB (MEDLINE), BibTeX, CSL-JSON or PubMed XML is expected, plain or in gzip"


def read_references(data: bytes, name: str) -> tuple[Reference, ...]:
    """The references of a file, whose format is told by its content.

    Parameters
    ----------
    data : bytes
        The whole file, plain or in gzip.
    name : str
        The file as messages call it.

    Returns
    -------
    tuple of Reference
        All of them, in the order of the file; PMIDs that a PubMed file declares deleted are none.

    Raises
    ------
    FormatError
        No known format, or a file that cannot be read to its end. Nothing is left out instead.
    """
    content = unpacked(data, name)
    if is_xml(content):
        return _from_pubmed(content, name)
    text = decoded(content, name)
    kind = _format_of(text, name)
    if kind == "csl-json":
        return read_csl(text, name)
    refuse_control(text, name)
    readers = {"ris": read_ris, "nbib": read_nbib, "bibtex": read_bibtex}
    return readers[kind](text, name)


def is_xml(content: bytes) -> bool:
    """Whether a file out of gzip is XML, by its first sign; in UTF-16 too."""
    return content[: 1 << 16].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _from_pubmed(content: bytes, name: str) -> tuple[Reference, ...]:
    from synth.records.pubmed_xml import parse_pubmed

    found = parse_pubmed(io.BytesIO(content), name)
    return tuple(reference_of(record) for record in found if isinstance(record, PubmedRecord))


def _format_of(text: str, name: str) -> Format:
    """The format whose first sign comes first."""
    start = text.lstrip()[:1]
    if not start:
        raise FormatError(name, 0, f"the file is empty; {_EXPECTED}")
    if start in "{[":
        return "csl-json"
    places = {kind: found.start() for kind, pattern in _STARTS.items() if (found := pattern.search(text))}
    if not places:
        line = one_line(text[:200])[:60]
        raise FormatError(name, 0, f"the format is not known (it begins with {line!r}); {_EXPECTED}")
    kind = min(places, key=lambda kind: places[kind])
    if kind == "nbib" and RIS_MARK.search(text):
        # Tags of MEDLINE look like those of RIS; only RIS has TY and ER, and its reader says what is wrong with them.
        kind = "ris"
    return next(known for known in FORMATS if known == kind)


def write_references(references: Sequence[Reference], format: Format) -> str:  # noqa: A002
    """References in one of `FORMATS`, the same bytes each time.

    What the format cannot hold is left out (`HOLDS` says what each holds); CSL-JSON holds all.

    Raises
    ------
    FormatError
        A text that no file of this format can hold: control characters; a reference of which it holds nothing.
    ParameterError
        No such format.
    """
    if format not in FORMATS:
        raise ParameterError(f"{format!r} is no format; one of {', '.join(FORMATS)} is expected")
    if format == "csl-json":
        text = write_csl(references, keys_of(references, ID))
        _refuse_surrogates(text)
        return text
    if format == "bibtex":
        keys = keys_of(references, KEY)
        records = [write_bibtex(reference, key) for reference, key in zip(references, keys, strict=True)]
    else:
        write = write_ris if format == "ris" else write_nbib
        records = [write(reference) for reference in references]
    for number, record in enumerate(records, 1):
        place = f"reference {number} as {format}"
        if record.count("\n") <= _EMPTY[format]:
            raise FormatError(place, 0, "nothing of it can be held by this format; at least a title is expected")
        refuse_control(record, place)
    return "".join(records)


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end + 20]
        raise FormatError("references as csl-json", 0, f"half of a character in {around!r}; take it out") from error
