"""The manifest of one gathering of records: the certificate of a search, or of what stood in for one."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synth.yamltext import Day


class Manifest(BaseModel):
    """What was asked of which source on which day, and what is held of the answer.

    `query`, `translation` and `hits` are empty for records found by other methods (PRISMA 2020's term for
    everything that is no database search).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    date: Day
    source: str = Field(min_length=1)
    found_by: Literal["database search", "other methods"]
    query: str | None
    translation: str | None
    hits: int | None = Field(ge=0)
    held: int = Field(ge=0)
    record_ids: tuple[str, ...] = Field(strict=False)
    note: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Manifest:
        twice = [name for name, count in Counter(self.record_ids).items() if count > 1]
        if twice:
            raise ValueError(f"record_ids: {', '.join(twice)} more than once; each record is held once")
        if self.held != len(self.record_ids):
            raise ValueError(f"held says {self.held}, record_ids holds {len(self.record_ids)}; the two must be equal")
        if self.found_by == "database search" and (self.query is None or self.hits is None):
            raise ValueError("a database search needs query and hits")
        if self.hits is not None and self.held > self.hits:
            raise ValueError(f"held says {self.held}, hits says {self.hits}; no more can be held than was found")
        return self
