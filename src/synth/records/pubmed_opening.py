"""What a file is, from its first bytes: an ordinary set of PubMed records, or something else that is named."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass

from synth.errors import FormatError

#: The elements whose ends are records or deletions, by the name of a file's outermost element.
CONTENT: dict[str, tuple[str, ...]] = {
    "PubmedArticleSet": ("PubmedArticle", "PubmedBookArticle", "DeleteCitation"),
    "PubmedBookArticleSet": ("PubmedBookArticle",),
    "BookDocumentSet": ("BookDocument", "DeleteDocument"),
    "MedlineCitationSet": ("MedlineCitation", "DeleteCitation"),
    "PubmedArticle": ("PubmedArticle",),
    "PubmedBookArticle": ("PubmedBookArticle",),
    "MedlineCitation": ("MedlineCitation",),
    "BookDocument": ("BookDocument",),
}
EXPECTED = "expected PubMed XML: a PubmedArticleSet, PubmedBookArticleSet, BookDocumentSet or a single record"
#: Bytes that are looked at; in PubMed's files the outermost element stands within the first few hundred.
HEAD = 1 << 16

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
# Comments, processing instructions and the document type, up to where declarations inside it begin.
_SKIPPED = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!(?i:DOCTYPE)\s+([^\s>\[]+)(?:\s+|\"[^\"]*\"|'[^']*'|[A-Za-z]+)*", re.DOTALL)
_ELEMENT = re.compile(r"<([^\s/>!?]+)")
_ERROR = re.compile(r"<(ERROR|error)\b[^>]*>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opening:
    """The outermost element, and whether the file is plain UTF-8, so that pieces of it can be read alone."""

    root: str
    plain: bool


def opening(head: bytes, name: str) -> Opening:
    """Recognise a file by its first bytes.

    Parameters
    ----------
    head : bytes
        The first HEAD bytes, or the whole file where it is shorter.
    name : str
        The file's name, for messages.

    Raises
    ------
    FormatError
        If the file is anything but PubMed XML, or declares entities.
    """
    text = _text_of(head)
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise FormatError(name, 0, f"is empty; {EXPECTED}")
    if not start.startswith("<"):
        raise FormatError(name, 1, f"{_kind_of(start)}; {EXPECTED}")
    declared = _DECLARED.match(start)
    if declared and declared[1].lower().startswith(("utf-16", "utf-32", "ucs-", "iso-10646")) and b"\0" not in head:
        raise FormatError(name, 1, f"declares the encoding {declared[1]} and is not in it; correct the declaration")
    index = len(text) - len(text.lstrip("\ufeff"))
    while match := _SKIPPED.match(text, index):
        index = match.end()
    if match := _DOCTYPE.match(text, index):
        index = match.end()
        line = text.count("\n", 0, index) + 1
        if match[1].lower() == "html":
            raise FormatError(name, line, f"an HTML page; {EXPECTED}")
        if text.startswith("[", index):
            message = "the document type holds declarations of its own ([...]), which PubMed's files never do"
            raise FormatError(name, line, f"{message}; entities declared there are not accepted")
        index += text.startswith(">", index)
    while match := _SKIPPED.match(text, index):
        index = match.end()
    plain = b"\0" not in head and (declared is None or declared[1].lower() in ("utf-8", "utf8", "us-ascii", "ascii"))
    return Opening(_root(text, index, name), plain)


def _text_of(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, "replace")
    if head.startswith((b"<\0", b"\0<")):
        return head.decode("utf-16-le" if head.startswith(b"<\0") else "utf-16-be", "replace")
    return head.decode("utf-8", "replace")


def _kind_of(start: str) -> str:
    """What a text that is no XML looks like."""
    if start.startswith(("{", "[")):
        try:
            reply = json.loads(start)
        except ValueError:
            return "starts like JSON"
        error = reply.get("error") if isinstance(reply, dict) else None
        return f"is JSON with an error: {_short(str(error))}" if error else "is JSON"
    if re.match(r"b?[\"']\s*<\?xml", start):
        return "is a text in quotation marks, as Python prints bytes; write the bytes themselves to the file"
    if re.match(r"PMID\s*- ", start):
        return "looks like the MEDLINE format (NBIB); name it .nbib"
    return f"is no XML: starts with {_short(start)!r}"


def _root(text: str, index: int, name: str) -> str:
    line = text.count("\n", 0, index) + 1
    match = _ELEMENT.match(text, index)
    if match is None:
        found = (
            "ends before any record" if index >= len(text) else f"no element where one is due: {_short(text[index:])!r}"
        )
        raise FormatError(name, line, f"{found}; {EXPECTED}")
    root = match[1]
    if root in CONTENT:
        return root
    if root.lower() == "html":
        raise FormatError(name, line, f"an HTML page; {EXPECTED}")
    error = _ERROR.search(text, index)
    what = f"a reply of the E-utilities ({root})" if re.fullmatch(r"e[A-Z]\w+Result", root) else f"<{root}>"
    says = f" that says {_short(error[2])!r}" if error else ""
    raise FormatError(name, line, f"{what}{says}, not records; {EXPECTED}")


def _short(text: str, most: int = 80) -> str:
    words = " ".join(text[: 4 * most].split())
    return words if len(words) <= most else f"{words[: most - 3]}..."
