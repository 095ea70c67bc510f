"""Bio.Entrez.read on any PubMed XML: helped over what it refuses, each reason named, and without network."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from Bio.Entrez import Parser
from lxml import etree

HEAD = 1 << 16  # bytes in which the document type stands
NEWEST = b"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd"
NEWEST_OF_SETS = b"https://dtd.nlm.nih.gov/ncbi/pubmed/out/nlmmedlinecitationset_150101.dtd"
XML_NAMES = "http://www.w3.org/XML/1998/namespace"
#: What Bio.Entrez.read raises, on its own account or by accident.
REFUSALS = (ValueError, RuntimeError, LookupError, AssertionError, AttributeError, TypeError)
#: What it says of a DTD that it does not find.
NO_DTD = ("Failed to access", "Unexpected URL scheme", "neither a Document Type")


class BioError(Exception):
    """Bio.Entrez.read does not read a file, helped as far as may be."""


@dataclass
class Read:
    """What Bio.Entrez.read gives, why it was helped, and the elements that it leaves out, by name."""

    value: Any = None
    reasons: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


class Handler(Parser.DataHandler):
    """Bio.Entrez's own, which names what it leaves out and writes the attributes of markup as XML."""

    def __init__(self, read: Read) -> None:
        super().__init__(validate="not in the DTD" not in read.reasons, escape=True, ignore_errors=False)
        self.left_out = read.left_out
        self.bypass_url_security = True

    def open_dtd_file(self, filename: str) -> io.BytesIO | None:
        """A DTD in memory: one that is broken would leave its file open."""
        found = super().open_dtd_file(filename)
        if found is None:
            return None
        with found:
            return io.BytesIO(found.read())

    def startElementHandler(self, tag: str, attrs: dict[str, str]) -> None:  # noqa: N802
        known = (self.items, self.errors, self.strings, self.constructors)
        if not self.validating and " " not in tag and not any(tag in names for names in known):
            self.left_out[tag] += 1
        super().startElementHandler(tag, attrs)

    def startRawElementHandler(self, name: str, attrs: dict[str, str]) -> None:  # noqa: N802
        written: dict[str, str] = {}
        for number, (key, value) in enumerate(attrs.items()):
            space, _, local = key.rpartition(" ")
            if space and space != XML_NAMES:
                written[f"xmlns:n{number}"] = space
            prefix = "" if not space else "xml:" if space == XML_NAMES else f"n{number}:"
            signs = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
            written[prefix + local] = escape(value, signs)
        super().startRawElementHandler(name, written)


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and its encoding: from a byte order mark, zero bytes or the declaration, else UTF-8."""
    marks = (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig")
    marks += (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")
    marks += (b"<\0\0\0", "utf-32"), (b"\0\0\0<", "utf-32"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")
    declared = re.match(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", data)
    encoding = next((name for mark, name in marks if data.startswith(mark)), declared[1].decode() if declared else "")
    if encoding == "utf-32":
        raise ValueError("UTF-32, which its parser does not read")
    return data.decode(encoding or "utf-8"), encoding or "utf-8"


def prepared(data: bytes, read: Read) -> bytes:
    """The same document in UTF-8, with declaration and DTD."""
    text, encoding = decoded(data)
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig", "ascii"):
        read.reasons.append("encoding")
        text = re.sub(r"(<\?xml[^>]*?encoding\s*=\s*[\"'])[\w.:-]+", r"\1utf-8", text, count=1)
        data = text.removeprefix("\ufeff").encode()
    if re.search(rb"<!DOCTYPE[^>]*[\"']http://", data[:HEAD]):
        read.reasons.append("address")
    declared = re.match(rb"(\xef\xbb\xbf)?\s*<\?xml", data)
    if declared is None or b"<!DOCTYPE" not in data[:HEAD]:
        read.reasons.append("no DTD")
        data = with_dtd(data)
    return data


def with_dtd(data: bytes) -> bytes:
    data = re.sub(rb"^(\xef\xbb\xbf)?\s*(<\?xml.*?\?>)?\s*(<!DOCTYPE[^>\[]*>)?", b"", data, count=1, flags=re.DOTALL)
    match = re.search(rb"<([A-Za-z]+)", data)
    if match is None:
        raise ValueError("no element in it")
    return b'<?xml version="1.0"?>\n%s\n%s' % (newest(match[1]), data)


def newest(root: bytes) -> bytes:
    """The document type with the newest DTD that Bio.Entrez brings."""
    return b'<!DOCTYPE %s SYSTEM "%s">' % (root, NEWEST_OF_SETS if root == b"MedlineCitationSet" else NEWEST)


def helped(data: bytes, error: ValueError | RuntimeError, read: Read) -> bytes:
    """The document to try again with after a refusal; raises the error where there is no help."""
    if isinstance(error, Parser.ValidationError) and "not in the DTD" not in read.reasons:
        read.reasons.append("not in the DTD")
        return data
    if "Unexpected item" in str(error) and "elsewhere" not in read.reasons:
        read.reasons.append("elsewhere")
        return data
    named = re.search(rb"<!DOCTYPE\s+([^\s>\[]+)[^>\[]*>", data[:HEAD])
    missed = isinstance(error, Parser.NotXMLError) or any(words in str(error) for words in NO_DTD)
    if named is None or "newer DTD" in read.reasons or not missed:
        raise error
    read.reasons.append("newer DTD")
    return data.replace(named[0], newest(named[1]), 1)


def bio_read(data: bytes) -> Read:
    """What Bio.Entrez reads.

    Raises
    ------
    BioError
        If it refuses the file for another reason than those it is helped over.
    """
    Parser.urlopen = _refuse
    read = Read()
    try:
        data = prepared(data, read)
        while read.value is None:
            read.left_out.clear()
            try:
                with taking_all("elsewhere" in read.reasons):
                    read.value = bio_tree(Handler(read).read(io.BytesIO(data)))
            except (ValueError, RuntimeError) as error:
                data = helped(data, error, read)
    except (*REFUSALS, etree.XMLSyntaxError) as error:
        raise BioError(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
    return read


def _refuse(address: str) -> Any:
    raise OSError(f"no network in comparisons: {address}")


@contextmanager
def taking_all(wanted: bool) -> Iterator[None]:
    """Let Bio.Entrez keep elements that stand where the DTD has no place for them."""
    kept = {kind: kind.store for kind in (Parser.DictionaryElement, Parser.ListElement)}

    def lenient(element: Any, value: Any) -> None:
        element.allowed_tags = None
        kept[type(element)](element, value)

    for kind in kept if wanted else ():
        kind.store = lenient
    try:
        yield
    finally:
        for kind, store in kept.items():
            kind.store = store


def bio_tree(value: Any) -> Any:
    """What Bio.Entrez read, as an element again."""
    if isinstance(value, str):
        text = value.replace("\r", "&#13;")
        element = etree.fromstring(f"<{value.tag}>{text}</{value.tag}>", etree.XMLParser(huge_tree=False))
    else:
        element = etree.Element(value.tag)
        for child in bio_children(value):
            element.append(bio_tree(child))
    for name, text in (value.attributes or {}).items():
        space, _, local = name.rpartition(" ")
        element.set(f"{{{space}}}{local}" if space else local, text)
    return element


def bio_children(value: Any) -> Iterator[Any]:
    for item in value.values() if isinstance(value, dict) else value:
        yield from item if type(item) is list else [item]
