"""A bibliographic record, and the records of a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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


class Record(BaseModel):
    """One bibliographic record; what was not seen is None or an empty tuple.

    `publication_types` are those that PubMed prints; `status` is "unknown" until PubMed has been asked.
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
    status: Literal["unknown", "current", "corrected", "concern", "retracted", "retraction notice"]
    found_by: Literal["database search", "other methods"]
    source: Seen
    seen_on: Day
    note: Seen | None

    @property
    def link(self) -> str:
        """The best address for a reader: PubMed, DOI, PMC, then the page that was read."""
        for text in (self.pmid and f"PMID:{self.pmid}", self.doi and f"DOI:{self.doi}", self.pmcid, self.source):
            if text:
                return Source.parse(text).link
        return ""

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


@dataclass(frozen=True, slots=True, repr=False)
class Records:
    """The records of a review, sorted by id."""

    items: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, identifier: str) -> Record:
        for item in self.items:
            if item.id == identifier:
                return item
        raise KeyError(f"no record {identifier!r}")

    def __contains__(self, identifier: object) -> bool:
        return any(item.id == identifier for item in self.items)

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
