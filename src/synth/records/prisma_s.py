"""The items of PRISMA-S, answered from the manifests, the protocol and the records.

PRISMA-S: Rethlefsen ML, Kirtley S, et al. Syst Rev 2021;10:39, doi:10.1186/s13643-020-01542-z, table 1.
Numbers are those of its checklist; the topics are named in our own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth.protocol import Protocol
from synth.records.record import Records
from synth.records.snapshot import Snapshot

NOT_REPORTED = "not reported"

TOPICS = (
    "Databases and platforms",
    "Several databases on one platform",
    "Study registries",
    "Web sites and print browsed",
    "Cited and citing references",
    "People asked",
    "Other ways",
    "Strategies exactly as run",
    "Limits",
    "Published filters",
    "Strategies taken over from others",
    "How the search is kept up to date",
    "Dates of the searches",
    "Peer review of the search",
    "Records from each source",
    "Removing duplicates",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist: its number, topic, what is reported, and whether that is what the item asks for."""

    number: int
    topic: str
    told: str
    met: bool


def prisma_s(snapshots: Sequence[Snapshot], protocol: Protocol, records: Records) -> tuple[Item, ...]:
    """The sixteen items with what is known of each; `NOT_REPORTED` where nothing is."""
    searches = [item for item in snapshots if item.manifest.found_by == "database search"]
    gatherings = [item for item in snapshots if item.manifest.found_by == "other methods"]
    people = protocol.searching
    told = (
        "PubMed, through NCBI's E-utilities" if searches else "No database has been searched.",
        "No: each database was searched by itself." if searches else None,
        people.registries,
        _browsed(gatherings),
        people.citation_searching,
        people.contacts,
        people.other_methods,
        _strategies(searches, protocol),
        people.limits or _limits(searches),
        people.filters,
        people.prior_work,
        people.updates or _updates(searches),
        _dates(searches, gatherings),
        people.peer_review,
        _totals(snapshots),
        _duplicates(searches, gatherings, records),
    )
    # A plan is worth reading, but these items ask for what was done.
    unmet = () if searches else (1, 8)
    return tuple(
        Item(number, topic, text or NOT_REPORTED, text is not None and number not in unmet)
        for number, (topic, text) in enumerate(zip(TOPICS, told, strict=True), start=1)
    )


def _browsed(gatherings: Sequence[Snapshot]) -> str | None:
    return (
        " ".join(f"{item.manifest.source} ({item.manifest.date}): {item.manifest.note}" for item in gatherings) or None
    )


def _strategies(searches: Sequence[Snapshot], protocol: Protocol) -> str | None:
    if searches:
        run = [f"{one.id}: {one.query}" for item in searches for one in item.manifest.strategies]
        return "; ".join(dict.fromkeys(run))
    planned = [f"{item.id}: {item.query}" for item in protocol.strategies]
    return f"Planned, not run: {'; '.join(planned)}" if planned else None


def _limits(searches: Sequence[Snapshot]) -> str | None:
    if not searches:
        return None
    updates = [
        f"in the search of {item.manifest.date} only what entered PubMed on {item.manifest.since} or later"
        for item in searches
        if item.manifest.since
    ]
    full = any(item.manifest.since is None for item in searches)
    opening = "None beyond what the strategies say" if full else "By date of entry"
    return f"{opening}; {'; '.join(updates)}." if updates else f"{opening}."


def _updates(searches: Sequence[Snapshot]) -> str | None:
    return "The strategies are run again, and what is new, gone or changed is told." if len(searches) > 1 else None


def _dates(searches: Sequence[Snapshot], gatherings: Sequence[Snapshot]) -> str | None:
    if searches:
        dates: dict[str, list[str]] = {}
        for item in searches:
            for one in item.manifest.strategies:
                dates.setdefault(one.id, []).append(str(item.manifest.date))
        return "; ".join(f"{name}: {', '.join(days)}" for name, days in dates.items())
    return "; ".join(f"{item.manifest.source}: gathered {item.manifest.date}" for item in gatherings) or None


def _totals(snapshots: Sequence[Snapshot]) -> str | None:
    return "; ".join(f"{item.manifest.source} {item.manifest.date}: {item.manifest.held}" for item in snapshots) or None


def _duplicates(searches: Sequence[Snapshot], gatherings: Sequence[Snapshot], records: Records) -> str | None:
    if not searches:
        return None
    searched = {pmid for item in searches for pmid in item.manifest.pmids}
    gathered = {name for item in gatherings for name in item.manifest.record_ids}
    both = sum(record.pmid in searched and record.id in gathered for record in records)
    return f"By PMID, DOI, PMCID or exact title; records found in both ways: {both}."
