"""Where a figure comes from: sources with their links, places in files, and hashes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["pmid", "pmcid", "doi", "address", "citation"]

_PATTERNS: tuple[tuple[SourceKind, re.Pattern[str]], ...] = (
    ("pmid", re.compile(r"PMID:\s*(?P<id>[1-9]\d{0,8})\Z", re.IGNORECASE)),
    ("pmcid", re.compile(r"(?:PMCID:\s*)?(?P<id>PMC\d+)\Z", re.IGNORECASE)),
    ("doi", re.compile(r"DOI:\s*(?P<id>10\.\d{4,9}/\S+)\Z", re.IGNORECASE)),
    ("address", re.compile(r"(?P<id>https?://[^\s/]+\S*)\Z", re.IGNORECASE)),
)
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
        return _LINKS[self.kind].format(self.identifier) if self.kind in _LINKS else ""


@dataclass(frozen=True, slots=True, order=True)
class RowRef:
    """A row of an evidence file: file name relative to the review, 1-based line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def slug(text: str) -> str:
    """Lower-case letters, digits and underscores: a name that is safe in paths, anchors and quantity names."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"
