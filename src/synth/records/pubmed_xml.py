"""PubMed XML as a stream of records, with every field kept.

Accepted are PubmedArticleSet, PubmedBookArticleSet, BookDocumentSet, MedlineCitationSet (the older files of NLM) and a
single record. The DTD is never fetched, entities are not expanded, and depth and size are bounded. What cannot be read
stops the stream with an error: a file never gives fewer records than it holds.

Memory does not grow with the file, but with its largest record: one of LARGEST_RECORD bytes is held whole, as elements
and as a record. With an invented one of 12.7 MB (250,000 investigators) the process reached 246 MB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from lxml import etree

from synth.errors import FormatError
from synth.records.pubmed import Deletion, PubmedRecord
from synth.records.pubmed_opening import CONTENT, HEAD, opening
from synth.records.pubmed_record import read_record
from synth.records.pubmed_shapes import UnreadableError
from synth.safexml import SAFE

BLOCK = 1 << 15  # bytes; larger ones are slower, because they leave the processor's cache
#: A record with thousands of authors and references has a few million bytes.
LARGEST_RECORD = 1 << 24  # bytes
DELETIONS = frozenset({"DeleteCitation", "DeleteDocument"})

# What libxml2 says, and what is said here; looked for in this order.
_UNDECLARED = "an entity that the file does not declare; the DTD is not fetched, so write the character itself"
_ENCODING = "the text is not in the encoding that the file declares (UTF-8 where it declares none)"
_WORDS = (
    ("Excessive depth", "elements stand too deep in one another; PubMed's files have a depth of about 20"),
    ("Resource limit", "a single text or attribute is longer than 10 million bytes; PubMed's files have none such"),
    ("huge text node", "a single text is longer than 10 million bytes; PubMed's files have none such"),
    ("Extra content at the end", "something follows the end of the set of records; one file holds one XML document"),
    ("Premature end of data", "the file is cut off: it ends before its last element"),
    ("not proper UTF-8", _ENCODING),
    ("Invalid bytes in character encoding", _ENCODING),
    ("nsupported encoding", "the declared encoding is unknown"),
)


def parse_pubmed(source: BinaryIO, name: str) -> Iterator[PubmedRecord | Deletion]:
    """Read PubMed XML record by record.

    Parameters
    ----------
    source : BinaryIO
        Open for reading bytes; not compressed.
    name : str
        Name of the file, for messages.

    Yields
    ------
    PubmedRecord or Deletion
        In file order; a Deletion for each PMID that the file declares deleted. None where a set is empty.

    Raises
    ------
    FormatError
        If the file is no PubMed XML, is damaged or hostile, or holds something that may be a record of an unknown
        kind. Records before that place may have been given.
    """
    head = source.read(HEAD)
    root = opening(head, name).root
    stream = _Stream(root, name)
    block = head
    while block:
        yield from stream.feed(block)
        block = source.read(BLOCK)
    yield from stream.close()


class _Stream:
    """Takes bytes and gives the records that they complete; of what was given, only the last element is kept.

    Each child of the outermost element is looked at, so that none can pass unseen. One is complete when another
    follows it: events for the ends of records would take longer.
    """

    def __init__(self, root: str, name: str) -> None:
        self.expected, self.name, self.content = root, name, frozenset(CONTENT[root])
        self.in_set = root.endswith("Set")
        self.root: Any = None
        self.waiting = 0  # bytes since the end of a record, a block more or less
        self.parser: Any = etree.XMLPullParser(events=("start",), tag=root, **SAFE)

    def feed(self, block: bytes) -> Iterator[PubmedRecord | Deletion]:
        """Read on, and give the records that are complete."""
        fault: FormatError | None = None
        try:
            self.parser.feed(block)
        except etree.XMLSyntaxError as error:
            fault = self._plainly(error)
        self.waiting += len(block)
        self._check_entities()
        if self.root is None:
            self.root = next((element for _, element in self.parser.read_events()), None)
        if self.root is not None and self.in_set:
            complete = self.root[:-1]
            yield from self._records(complete)
            for element in complete:
                self.root.remove(element)
        if fault is not None:
            raise fault
        if self.waiting > LARGEST_RECORD:
            limit = f"{LARGEST_RECORD >> 20} MB"
            raise FormatError(self.name, 0, f"more than {limit} without the end of a record; no record is that large")

    def close(self) -> Iterator[PubmedRecord | Deletion]:
        """The records that the end of the file completes."""
        try:
            root = self.parser.close()
        except etree.XMLSyntaxError as error:
            self._check_entities()
            raise self._plainly(error) from None
        self._check_entities()
        if root is not self.root:
            message = f"the outermost element is <{root.tag}>; expected <{self.expected}> without a name space"
            raise FormatError(self.name, root.sourceline, message)
        document = root.getroottree().docinfo.internalDTD
        if document is not None and any(True for _ in document.iterentities()):
            raise FormatError(self.name, 0, "the document type declares entities, which PubMed's files never do")
        if self.in_set:
            self._check_text(root, root.text)
        yield from self._records(list(root) if self.in_set else [root])

    def _records(self, elements: Sequence[Any]) -> Iterator[PubmedRecord | Deletion]:
        if elements:
            self.waiting = 0
            self._check_text(self.root, self.root.text if self.in_set else None)
        for element in elements:
            if element.tag not in self.content:
                raise self._unknown(element)
            try:
                if element.tag in DELETIONS:
                    yield from _deletions(element)
                else:
                    yield read_record(element)
            except UnreadableError as error:
                raise FormatError(self.name, error.line, str(error)) from None
            self._check_text(element, element.tail)

    def _check_entities(self) -> None:
        """The parser only warns of an unknown entity where a DTD, which it does not load, might declare it."""
        for entry in self.parser.feed_error_log:
            if "UNDECLARED_ENTITY" in entry.type_name:
                raise FormatError(self.name, entry.line, f"{_UNDECLARED} ({_one_line(entry.message)})")

    def _check_text(self, element: Any, text: str | None) -> None:
        if text and text.strip():
            words = _one_line(text[:400])[:80]
            raise FormatError(self.name, element.sourceline, f"text where only records may stand: {words!r}")

    def _unknown(self, element: Any) -> FormatError:
        if not isinstance(element.tag, str):
            return FormatError(self.name, element.sourceline or 0, "an entity where only records may stand")
        words = _one_line("".join(element.itertext())[:400])[:80]
        message = f"<{element.tag}> where only {', '.join(CONTENT[self.expected])} may stand"
        return FormatError(self.name, element.sourceline, f"{message}; it says {words!r}" if words else message)

    def _plainly(self, error: Any) -> FormatError:
        said = _one_line(error.msg or "")
        plain = next((words for part, words in _WORDS if part in said), "not well-formed XML, or cut off")
        return FormatError(self.name, error.lineno or 0, f"{plain} ({said})")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _deletions(element: Any) -> Iterator[Deletion]:
    if element.items():
        raise UnreadableError(element.sourceline, f"<{element.tag}> with attributes; none is known")
    if any(text and text.strip() for text in (element.text, *(child.tail for child in element))):
        raise UnreadableError(element.sourceline, f"<{element.tag}> holds something else than PMIDs")
    for child in element:
        unknown = set(child.keys()) - {"Version"}
        if child.tag != "PMID" or len(child) or unknown or not (child.text or "").strip():
            raise UnreadableError(child.sourceline, f"<{element.tag}> holds something else than PMIDs")
        yield Deletion(child.text, child.get("Version"), element.tag)
