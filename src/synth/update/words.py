"""A search, a replay and an estimate in words, line by line, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.records.comparison import Changed, Comparison, Moved
from synth.records.record import STATUS_WORDS
from synth.search.manifest import Manifest
from synth.update.estimate import Estimate
from synth.update.replay import Replay
from synth.update.run import Update

#: So many of a list are shown; the rest stands in the notebook and in the files.
SHOWN = 20


def told_update(update: Update) -> Iterator[str]:
    """What a search brought."""
    manifest = update.snapshot.manifest
    since = f", entered since {manifest.since}" if manifest.since else ""
    yield (
        f"PubMed, {manifest.date}{since}: {_count(len(manifest.pmids), 'record')} found and held, "
        f"{_count(manifest.requests, 'reply', 'replies')} kept, {_count(update.requests, 'request')} sent."
    )
    for run in manifest.strategies:
        yield f"  {run.id}: {_count(run.hits, 'hit')}"
        if run.warnings:
            yield f"    PubMed remarks: {'; '.join(run.warnings)}"
        yield f"    read by PubMed as: {run.translation or 'no translation given'}"
    for name, before, now in update.statuses:
        yield f"STATUS {name}: {STATUS_WORDS[now]} (before: {before or 'not held'})"
    yield from told_comparison(update.comparison)
    yield from _told_lookups(manifest)
    added = _count(len(update.added), "record")
    yield f"Written: search/{update.snapshot.name}/ and records/records.jsonl ({added} added)."
    if update.added:
        yield "Next: decide on the added records in screening/decisions/, then run synth report."


def told_comparison(found: Comparison) -> Iterator[str]:
    """What moved, and why."""
    if not found.before:
        yield "No earlier search of PubMed is held, so every hit is new."
        return
    for count in found.counts:
        if count.before is not None and not found.partial:
            yield f"  {count.strategy}: {count.before} before, {count.now} now"
    for reason, number in found.reasons:
        yield f"  {number} {reason}"
    yield from _listed("New", found.new)
    yield from _listed("Gone", found.gone)
    yield from _listed("Changed", found.changed)
    if not (found.new or found.gone or found.changed):
        yield f"Nothing is new{'' if found.partial else ', gone'} or changed since the last search."


def _listed(what: str, items: Sequence[Moved | Changed]) -> Iterator[str]:
    for item in items[:SHOWN]:
        why = item.reason if isinstance(item, Moved) else ", ".join(item.fields)
        yield f"{what} {item.pmid}: {item.title or 'no title'} ({why})"
    if len(items) > SHOWN:
        yield f"{what}: {len(items) - SHOWN} more; notebook 01 lists them all."


def _told_lookups(manifest: Manifest) -> Iterator[str]:
    resolved = [item for item in manifest.lookups if item.pmid and item.by != "pmid"]
    for item in resolved:
        yield f"Resolved {item.record_id}: PMID {item.pmid}, by {item.by}"
    for item in manifest.lookups:
        if item.pmid is None:
            yield f"Not resolved {item.record_id}: {item.note}"
        elif item.note:
            yield f"CHECK {item.record_id}, PMID {item.pmid}: {item.note}"


def told_replay(found: Replay, review: str) -> Iterator[str]:
    """What a replay found."""
    if found.completed:
        yield "An interrupted publication was completed."
    for snapshot in found.snapshots:
        manifest = snapshot.manifest
        runs = ", ".join(f"{run.id} {_count(run.hits, 'hit')}" for run in manifest.strategies)
        hits = f" ({runs})" if runs else ""
        held = _count(manifest.held, "record")
        yield f"  {snapshot.name}: {manifest.source}, {manifest.found_by}, {held} held{hits}; hash right"
    state = "written anew" if found.written else "unchanged"
    counts = f"{_count(len(found.snapshots), 'snapshot')}, {_count(found.records, 'record')}"
    yield f"evidence/{review}: {counts}; records/records.jsonl {state}."
    if not any(item.manifest.strategies for item in found.snapshots):
        yield "PubMed has not been searched: synth search --live does it."


def told_estimate(found: Estimate) -> Iterator[str]:
    """What a search would cost."""
    for strategy, hits in found.hits:
        yield f"  {strategy}: {'hits not known' if hits is None else _count(hits, 'hit')}"
    yield f"  records of the review to look up: at most {_count(found.lookups, 'request')}"
    if found.requests is None or found.seconds is None:
        yield "Nothing was asked. With --live as well, PubMed is asked for the number of hits (one request a strategy)."
    else:
        yield f"About {_count(found.requests, 'request')}, {_duration(found.seconds)}. Nothing was fetched or written."


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
