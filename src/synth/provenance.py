"""Where a figure comes from: sources with their links, places in files, and hashes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import quote

SourceKind = Literal["pmid", "pmcid", "doi", "address", "citation"]

_PATTERNS: tuple[tuple[SourceKind, re.Pattern[str]], ...] = (
    ("pmid", re.compile(r"PMID:\s*(?P<id>[1-9][0-9]{0,8})\Z", re.IGNORECASE)),
    ("pmcid", re.compile(r"(?:PMCID:\s*)?(?P<id>PMC[0-9]+)\Z", re.IGNORECASE)),
    ("doi", re.compile(r"DOI:\s*(?P<id>10\.[0-9]{4,9}/\S+)\Z", re.IGNORECASE)),
    ("address", re.compile(r"(?P<id>https?://[^\s/]+\S*)\Z", re.IGNORECASE)),
)
# What begins like an identifier or an address; where none of the patterns fits, a digit or a colon went astray.
_MEANT_AS_IDENTIFIER = re.compile(r"(pmid|pmcid|doi)\b|pmc ?[0-9]|https?:|www\.|10\.[0-9]{4}|[0-9]+\Z", re.IGNORECASE)
_LINKS: dict[SourceKind, str] = {
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "doi": "https://doi.org/{}",
    "address": "{}",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a figure was read in: a PMID, PMCID, DOI, address, or a citation in words.

    Attributes
    ----------
    text : str
        As written in the evidence file.
    kind : str
        One of pmid, pmcid, doi, address, citation.
    identifier : str
        The bare identifier or address; the whole text for a citation.
    """

    text: str
    kind: SourceKind
    identifier: str

    @classmethod
    def parse(cls, text: str) -> Source:
        """The source named by a cell; what is no identifier and no address is a citation."""
        stripped = text.strip()
        for kind, pattern in _PATTERNS:
            match = pattern.match(stripped)
            if match:
                return cls(stripped, kind, match["id"])
        return cls(stripped, "citation", stripped)

    @property
    def link(self) -> str:
        """Address that leads a reader there; empty for a citation."""
        if self.kind == "doi":
            # A DOI may hold characters that end an address (10.1002/(SICI)...<1::AID>3.0.CO;2-A#).
            return _LINKS[self.kind].format(quote(self.identifier, safe="/:;()._-~!$&'*+,=@"))
        return _LINKS[self.kind].format(self.identifier) if self.kind in _LINKS else ""

    @property
    def misspelt(self) -> bool:
        """Whether this is a citation in words only because an identifier or address was not written as one."""
        return self.kind == "citation" and _MEANT_AS_IDENTIFIER.match(self.text) is not None


@dataclass(frozen=True, slots=True, order=True)
class RowRef:
    """A row of an evidence file: file name relative to the review, 1-based line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


#: Control characters, halves of surrogate pairs and non-characters: no page, JSON or DOCX can hold them as text.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def unprintable(text: str) -> str:
    """What is wrong with a text that holds a character which no report can show; empty where it holds none."""
    found = UNPRINTABLE.search(text)
    return f"holds the character U+{ord(found[0]):04X}, which cannot be printed; remove it" if found else ""


def calendar_day(text: str) -> date:
    """The day that a text such as 2026-11-22 names.

    Raises
    ------
    ValueError
        If the text is written otherwise (ISO 8601 has more forms), or the calendar has no such day.
    """
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("a date such as 2026-11-22 is expected")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"a date such as 2026-11-22 is expected ({error})") from None


def shortened(value: object, longest: int = 80) -> str:
    """A value as a message shows it: text in quotes, and cut where it is long."""
    shown = repr(value)
    return shown if len(shown) <= longest else f"{shown[:longest]}... ({len(shown)} characters)"


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def slug(text: str) -> str:
    """Lower-case letters, digits and underscores: a name that is safe in paths, anchors and quantity names."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"
