"""A bibliographic record, and the records of a review."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from synth.display import html_table
from synth.provenance import Source


#: Stands for a year that was not seen.
NO_DATE = "n.d."

#: Stands last among the authors where a source names the first ones only.
ET_AL = "et al"


def surname(author: str) -> str:
    """An author without initials: "Gonzales Farrell S" gives "Gonzales Farrell"; a group's name stays whole."""
    return re.sub(r"\s+[A-Z]{1,3}$", "", author)


class Assigned(BaseModel):
    """Classification by a compiler, where the source itself printed none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    publication_type: str | None
    design: str | None
    by: str = Field(min_length=1)


class Record(BaseModel):
    """One bibliographic record; what was not seen is None or an empty tuple.

    `publication_types` are those that PubMed prints; `status` is "unknown" until PubMed has been asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9]*$")
    pmid: str | None = Field(pattern=r"^[1-9]\d{0,8}$")
    pmcid: str | None = Field(pattern=r"^PMC\d+$")
    doi: str | None = Field(pattern=r"^10\.\d{4,9}/\S+$")
    title: str | None
    authors: tuple[str, ...] = Field(strict=False)
    journal: str | None
    year: int | None = Field(ge=1500, le=2200)
    volume: str | None
    issue: str | None
    pages: str | None
    publication_types: tuple[str, ...] = Field(strict=False)
    assigned: Assigned
    status: Literal["unknown", "current", "corrected", "concern", "retracted", "retraction notice"]
    found_by: Literal["database search", "other methods"]
    source: str = Field(min_length=1)
    seen_on: date = Field(strict=False)
    note: str | None

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
        if not names:
            return self.id
        label = names[0]
        if len(names) == 2 and names[1] != ET_AL:
            label = f"{names[0]} and {names[1]}"
        elif len(names) > 1:
            label = f"{names[0]} et al."
        return f"{label} {self.year or NO_DATE}"

    @property
    def citation(self) -> str:
        """Authors, title, journal, year, volume, pages: whatever was seen, in that order."""
        place = " ".join(filter(None, [self.journal, str(self.year) if self.year else None]))
        volume = f"{self.volume}{f'({self.issue})' if self.issue else ''}" if self.volume else ""
        numbers = ":".join(filter(None, [volume, self.pages]))
        parts = [", ".join(self.authors), self.title, "; ".join(filter(None, [place, numbers]))]
        return (
            ". ".join(part.rstrip(".") for part in parts if part) + "."
            if any(parts)
            else "Bibliographic data not seen."
        )


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
