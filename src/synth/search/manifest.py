"""The manifest of one gathering of records: the certificate of a search, or of what stood in for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synth.yamltext import Day

if TYPE_CHECKING:
    from synth.search.fetching import ReplyDigest

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Pmid = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SliceRun(_Model):
    """A part of a search that fits into one reply: its entry dates or PMIDs, and how many records it holds."""

    label: str = Field(min_length=1)
    count: int = Field(ge=0)


class ReplyRun(_Model):
    """One reply of PubMed that was kept: which utility, what was asked, and the hash of its bytes."""

    utility: str = Field(min_length=1)
    asked: str = Field(min_length=1)
    sha256: Sha256
    size: int = Field(ge=0)

    @classmethod
    def of(cls, digest: ReplyDigest) -> ReplyRun:
        """The same of a reply that was accepted."""
        return cls.model_validate(asdict(digest))


class StrategyRun(_Model):
    """One strategy as it was run.

    Attributes
    ----------
    id : str
        The strategy of protocol.yml.
    query, translation : str
        As typed, and as PubMed says that it read it.
    warnings : tuple of str
        What PubMed remarked, such as a phrase that it did not find.
    hits : int
        As PubMed counts them; as many PMIDs are held.
    slices : tuple of SliceRun
        Their counts add up to the hits.
    pmids : tuple of str
        Sorted by number.
    """

    id: str = Field(min_length=1)
    query: str = Field(min_length=1)
    translation: str
    warnings: tuple[str, ...] = Field(default=(), strict=False)
    hits: int = Field(ge=0)
    slices: tuple[SliceRun, ...] = Field(strict=False)
    pmids: tuple[Pmid, ...] = Field(strict=False)
    replies: tuple[ReplyRun, ...] = Field(strict=False)

    @model_validator(mode="after")
    def _adds_up(self) -> StrategyRun:
        if len(set(self.pmids)) != len(self.pmids):
            raise ValueError(f"pmids: {_twice(self.pmids)} more than once; each is held once")
        if list(self.pmids) != sorted(self.pmids, key=int):
            raise ValueError("pmids are not sorted by number")
        if self.hits != len(self.pmids):
            raise ValueError(f"hits says {self.hits}, pmids holds {len(self.pmids)}; the two must be equal")
        if (counted := sum(item.count for item in self.slices)) != self.hits:
            raise ValueError(f"the slices hold {counted}, hits says {self.hits}; the two must be equal")
        return self


class Lookup(_Model):
    """What PubMed was asked about a record that no search had brought, and what came of it.

    `pmid` is None where nothing was found, or nothing that is the same paper beyond doubt; `by` says what led to it. A
    hit stands here too if its title is another one than the review's.
    """

    record_id: str = Field(min_length=1)
    pmid: Pmid | None
    by: Literal["pmid", "doi", "pmcid", "title", "none"]
    note: str = ""


class Manifest(_Model):
    """What was asked of which source on which day, and what is held of the answer.

    Records found by other methods (PRISMA 2020's term for everything that is no database search) have no strategies.

    Attributes
    ----------
    since : date or None
        An update search asks only for records that entered PubMed on that day or later.
    held : int
        Records found.
    record_ids : tuple of str
        Of a gathering: the records by their ids. The records of a search are named in its strategies, by PMID.
    lookups : tuple of Lookup
        Records of the review about which PubMed was asked one by one.
    records_sha256 : str
        Of records.jsonl beside the manifest: what was held that day, one record a line.
    """

    format: Literal[2]
    date: Day
    source: str = Field(min_length=1)
    found_by: Literal["database search", "other methods"]
    since: Day | None = None
    strategies: tuple[StrategyRun, ...] = Field(default=(), strict=False)
    lookups: tuple[Lookup, ...] = Field(default=(), strict=False)
    lookup_replies: tuple[ReplyRun, ...] = Field(default=(), strict=False)
    held: int = Field(ge=0)
    record_ids: tuple[str, ...] = Field(default=(), strict=False)
    records_sha256: Sha256
    tools: tuple[str, ...] = Field(default=(), strict=False)
    note: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Manifest:
        if twice := _twice(self.record_ids):
            raise ValueError(f"record_ids: {twice} more than once; each record is held once")
        if self.found_by == "database search":
            self._search_adds_up()
        elif self.strategies or self.lookups:
            raise ValueError("strategies and lookups belong to a database search, and found_by says 'other methods'")
        elif self.held != len(self.record_ids):
            raise ValueError(f"held says {self.held}, record_ids holds {len(self.record_ids)}; the two must be equal")
        if self.since and self.since > self.date:
            raise ValueError(f"since says {self.since}, the search is of {self.date}; since cannot be later")
        return self

    def _search_adds_up(self) -> None:
        if not self.strategies:
            raise ValueError("a database search needs strategies")
        if self.source != "PubMed":
            raise ValueError(f"source says {self.source!r}; the only database that can be searched is PubMed")
        if self.record_ids:
            raise ValueError("record_ids belongs to a gathering; the records of a search are named in its strategies")
        if self.held != len(self.pmids):
            raise ValueError(f"held says {self.held}, the strategies found {len(self.pmids)} different records")

    @property
    def pmids(self) -> tuple[str, ...]:
        """What the strategies found together, each once, sorted by number."""
        return tuple(sorted({pmid for run in self.strategies for pmid in run.pmids}, key=int))

    @property
    def requests(self) -> int:
        """How many replies the certificate rests on."""
        return sum(len(run.replies) for run in self.strategies) + len(self.lookup_replies)


def _twice(names: Iterable[str]) -> str:
    return ", ".join(name for name, count in Counter(names).items() if count > 1)
