"""What moved between searches of PubMed, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synth.records.citation import entered, title_of
from synth.records.pubmed import PubmedRecord
from synth.records.snapshot import Snapshot
from synth.search.manifest import StrategyRun

#: Moved by every handling of a record at NLM; nothing that a reader would call a change.
HOUSEKEEPING = frozenset(
    {"date_revised", "date_completed", "history", "medline_status", "indexing_method", "publication_status", "owner"}
)
#: What indexers assign; a change of these alone is a re-indexing.
INDEXING = frozenset(
    {
        "mesh",
        "supplementary_mesh",
        "chemicals",
        "citation_subsets",
        "gene_symbols",
        "keyword_lists",
        "publication_types",
    }
)

Reason = Literal[
    "first search",
    "not asked for before",
    "entered PubMed since the last search",
    "the query is another one",
    "PubMed translates the query otherwise",
    "re-indexed",
    "changed",
    "re-indexed or changed, not held before",
    "no longer in PubMed",
]


@dataclass(frozen=True, slots=True)
class Moved:
    """A hit that is new or gone, with the reason as far as the snapshots tell it."""

    pmid: str
    title: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that reads otherwise than before: which fields, and its status before and now."""

    pmid: str
    title: str
    fields: tuple[str, ...]
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Count:
    """The hits of a strategy, before (None where it was not run) and now."""

    strategy: str
    before: int | None
    now: int


@dataclass(frozen=True)
class Comparison:
    """A search, compared with those before it.

    Attributes
    ----------
    before : tuple of str
        Names of the earlier snapshots; empty for the first search, in which every hit is new.
    partial : bool
        An update search does not hold what entered PubMed earlier, so nothing is said of what is gone.
    changed : tuple of Changed
        Records held before and now; housekeeping apart.
    """

    before: tuple[str, ...]
    partial: bool
    counts: tuple[Count, ...]
    new: tuple[Moved, ...]
    gone: tuple[Moved, ...]
    changed: tuple[Changed, ...]

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """How many hits came or went for each reason, such as ("new: re-indexed", 3)."""
        found = Counter([f"new: {item.reason}" for item in self.new] + [f"gone: {item.reason}" for item in self.gone])
        return tuple(sorted(found.items()))


@dataclass(frozen=True)
class _Earlier:
    """Everything that was known before a search.

    `runs` are the strategies of the last full search: an update search asks for other dates, and PubMed may put these
    into its translation. `full` says whether there was one.
    """

    snapshots: Sequence[Snapshot]
    records: dict[str, PubmedRecord]
    runs: dict[str, StrategyRun]
    hits: frozenset[str]
    full: bool

    @classmethod
    def of(cls, snapshots: Sequence[Snapshot]) -> _Earlier:
        """An update search adds to the hits of the full search before it; a full search replaces them."""
        records: dict[str, PubmedRecord] = {}
        runs: dict[str, StrategyRun] = {}
        hits: frozenset[str] = frozenset()
        for snapshot in snapshots:
            records.update({record.pmid: record for record in snapshot.found})
            own = frozenset(snapshot.manifest.pmids)
            if snapshot.manifest.since is None:
                runs = {run.id: run for run in snapshot.manifest.strategies}
            hits = hits | own if snapshot.manifest.since else own
        return cls(snapshots, records, runs, hits, any(item.manifest.since is None for item in snapshots))


def compare(earlier: Sequence[Snapshot], now: Snapshot) -> Comparison:
    """What moved with a search.

    Parameters
    ----------
    earlier : sequence of Snapshot
        The searches of PubMed before it, oldest first.
    now : Snapshot
    """
    then = _Earlier.of(earlier)
    held = {record.pmid: record for record in now.found}
    hits = frozenset(now.manifest.pmids)
    partial = now.manifest.since is not None
    return Comparison(
        before=tuple(snapshot.name for snapshot in earlier),
        partial=partial,
        counts=tuple(
            Count(run.id, then.runs[run.id].hits if run.id in then.runs and not partial else None, run.hits)
            for run in now.manifest.strategies
        ),
        new=tuple(_came(held[pmid], then, now) for pmid in _sorted(hits - then.hits)),
        gone=() if partial else tuple(_went(pmid, then, now, held) for pmid in _sorted(then.hits - hits)),
        changed=tuple(
            change
            for pmid in _sorted(held.keys() & then.records.keys())
            if (change := _change(then.records[pmid], held[pmid]))
        ),
    )


def _sorted(pmids: frozenset[str] | set[str]) -> list[str]:
    return sorted(pmids, key=int)


def _came(found: PubmedRecord, then: _Earlier, now: Snapshot) -> Moved:
    day = entered(found)
    if not then.snapshots:
        return _moved(found, "first search")
    if day is not None and day >= then.snapshots[-1].manifest.date:
        return _moved(found, "entered PubMed since the last search")
    if not then.full:
        return _moved(found, "not asked for before")
    held = then.records.get(found.pmid)
    by_record = _record_reason(held, found) if held else None
    return _moved(found, by_record or _query_reason(then, now) or "re-indexed or changed, not held before")


def _went(pmid: str, then: _Earlier, now: Snapshot, held: dict[str, PubmedRecord]) -> Moved:
    before = then.records[pmid]
    found = held.get(pmid)
    if found is None:
        return _moved(before, "no longer in PubMed")
    return _moved(before, _query_reason(then, now) or _record_reason(before, found) or "changed")


def _moved(record: PubmedRecord, reason: Reason) -> Moved:
    return Moved(record.pmid, title_of(record) or "", reason)


def _query_reason(then: _Earlier, now: Snapshot) -> Reason | None:
    runs, partial = now.manifest.strategies, now.manifest.since is not None
    if any(run.id not in then.runs or then.runs[run.id].query != run.query for run in runs) or len(runs) != len(
        then.runs
    ):
        return "the query is another one"
    if not partial and any(then.runs[run.id].translation != run.translation for run in runs):
        return "PubMed translates the query otherwise"
    return None


def _record_reason(before: PubmedRecord, now: PubmedRecord) -> Reason | None:
    fields = frozenset(_other_fields(before, now))
    if not fields:
        return None
    return "re-indexed" if fields <= INDEXING else "changed"


def _change(before: PubmedRecord, now: PubmedRecord) -> Changed | None:
    fields = tuple(_other_fields(before, now))
    return Changed(now.pmid, title_of(now) or "", fields, before.status, now.status) if fields else None


def _other_fields(before: PubmedRecord, now: PubmedRecord) -> list[str]:
    names = (name for name in PubmedRecord.__struct_fields__ if name not in HOUSEKEEPING)
    return [name for name in names if getattr(before, name) != getattr(now, name)]
