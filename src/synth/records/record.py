"""A bibliographic record, and the records of a review."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from synth.display import html_table
from synth.provenance import Source
from synth.yamltext import Day

# An empty text would say neither what was seen nor, as null does, that nothing was.
Seen = Annotated[str, Field(pattern=r"\S")]


#: Stands for a year that was not seen.
NO_DATE = "n.d."

#: Stands last among the authors where a source names the first ones only.
ET_AL = "et al"


def surname(author: str) -> str:
    """An author without initials: "Gonzales Farrell S" gives "Gonzales Farrell"; a group's name stays whole."""
    *name, last = author.split()
    letters = last.replace("-", "")
    initials = bool(name) and letters.isalpha() and letters.isupper() and len(letters) <= 3
    return " ".join(name) if initials else author.strip()


def _sentence(part: str) -> str:
    return part if part.endswith(("?", "!")) else f"{part.rstrip('.')}."


class Assigned(BaseModel):
    """Classification by a compiler, where the source itself printed none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    publication_type: Seen | None
    design: Seen | None
    by: Seen


class Link(BaseModel):
    """A link that PubMed prints to another report: an erratum, a retraction, a comment, an update.

    `type` is PubMed's RefType: RetractionIn stands in the retracted article, RetractionOf in the notice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Seen
    source: Seen | None = None
    pmid: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,8}$")


class PubmedFacts(BaseModel):
    """What PubMed prints beyond the citation: `entered` is the day it came into PubMed, `revised` its last change.

    A MeSH term reads as in a citation manager: qualifiers after a slash, an asterisk on what is a main topic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    entered: Day | None = None
    revised: Day | None = None
    languages: tuple[Seen, ...] = Field(default=(), strict=False)
    mesh: tuple[Seen, ...] = Field(default=(), strict=False)
    keywords: tuple[Seen, ...] = Field(default=(), strict=False)
    links: tuple[Link, ...] = Field(default=(), strict=False)


#: What PubMed says of a paper; "unknown" until it has been asked.
RecordStatus = Literal["unknown", "current", "corrected", "republished", "concern", "retracted", "retraction notice"]


#: The statuses as a reader is told them.
STATUS_WORDS: dict[RecordStatus, str] = {
    "unknown": "unknown: PubMed has not been asked",
    "current": "fine: no retraction, concern or correction in PubMed",
    "corrected": "corrected",
    "republished": "corrected and published again",
    "concern": "an expression of concern was published",
    "retracted": "retracted",
    "retraction notice": "is itself the notice of a retraction",
}


class Record(BaseModel):
    """One bibliographic record; what was not seen is None or an empty tuple.

    `publication_types` are those that PubMed prints; `status` is "unknown" and `pubmed` None until PubMed was asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9]*$")
    pmid: str | None = Field(pattern=r"^[1-9][0-9]{0,8}$")
    pmcid: str | None = Field(pattern=r"^PMC[0-9]+$")
    doi: str | None = Field(pattern=r"^10\.[0-9]{4,9}/\S+$")
    title: Seen | None
    authors: tuple[Seen, ...] = Field(strict=False)
    journal: Seen | None
    year: int | None = Field(ge=1500, le=2200)
    volume: Seen | None
    issue: Seen | None
    pages: Seen | None
    publication_types: tuple[Seen, ...] = Field(strict=False)
    assigned: Assigned
    status: RecordStatus
    found_by: Literal["database search", "other methods"]
    source: Seen
    seen_on: Day
    note: Seen | None
    pubmed: PubmedFacts | None = None

    @property
    def line(self) -> str:
        """The record as its line of records.jsonl, without the line's end."""
        data = self.model_dump(mode="json", exclude_none=False)
        if data["pubmed"] is None:
            del data["pubmed"]
        return json.dumps(data, ensure_ascii=False)

    @property
    def link(self) -> str:
        """The best address for a reader: PubMed, DOI, PMC, then the page that was read."""
        for text in (self.pmid and f"PMID:{self.pmid}", self.doi and f"DOI:{self.doi}", self.pmcid, self.source):
            if text:
                return Source.parse(text).link
        return ""

    @property
    def links(self) -> tuple[Link, ...]:
        """What PubMed links to that bears on whether the record may be relied on; comments and the like left out."""
        links = self.pubmed.links if self.pubmed else ()
        return tuple(link for link in links if not link.type.startswith(("Comment", "Cites", "Associated", "Summary")))

    @property
    def short(self) -> str:
        """First author and year as a label; the id stands in where no author was seen, `NO_DATE` for the year."""
        names = [surname(author) for author in self.authors]
        if not names or names[0] == ET_AL:
            return self.id
        label = names[0]
        if len(names) == 2 and names[1] != ET_AL:
            label = f"{names[0]} and {names[1]}"
        elif len(names) > 1:
            label = f"{names[0]} et al."
        return f"{label} {self.year or NO_DATE}"

    @property
    def citation(self) -> str:
        """Authors, title, journal, year, volume, issue, pages: whatever was seen, in that order."""
        place = " ".join(filter(None, [self.journal, str(self.year) if self.year else None]))
        volume = f"{self.volume or ''}{f'({self.issue})' if self.issue else ''}"
        numbers = ":".join(filter(None, [volume, self.pages]))
        parts = [", ".join(self.authors), self.title, "; ".join(filter(None, [place, numbers]))]
        return " ".join(_sentence(part) for part in parts if part) or "Bibliographic data not seen."


@dataclass(frozen=True, repr=False)
class Records:
    """The records of a review, sorted by id."""

    items: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, identifier: str) -> Record:
        try:
            return self._by_id[identifier]
        except KeyError:
            raise KeyError(f"no record {identifier!r}") from None

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, Record]:
        # The first of two records with one id stands, as in the order of the file.
        return {item.id: item for item in reversed(self.items)}

    def table(self) -> pd.DataFrame:
        """One row a record: id, label, title, journal, year, PMID, DOI, status."""
        rows = [
            {
                "record": item.id,
                "authors and year": item.short,
                "title": item.title or "not seen",
                "journal": item.journal or "not seen",
                "PMID": item.pmid or "",
                "DOI": item.doi or "",
                "status": item.status,
            }
            for item in self.items
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"Records({len(self)} records)"

    def _repr_html_(self) -> str:
        return html_table(self.table(), f"{len(self)} records")
