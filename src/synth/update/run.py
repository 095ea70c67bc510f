"""A search of PubMed for a review: run, proved, merged, compared with those before it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import msgspec

from synth.errors import ParameterError, SearchError
from synth.protocol import Strategy
from synth.records import Record, Records
from synth.records.comparison import Comparison, compare
from synth.records.pubmed import PubmedRecord
from synth.records.pubmed_xml import parse_pubmed
from synth.records.record import RecordStatus
from synth.records.snapshot import Snapshot, merged, newest, shareable
from synth.search.entrez import Client
from synth.search.manifest import Manifest, ReplyRun, SliceRun, StrategyRun
from synth.search.retrieval import Journal, Retrieval, retrieve
from synth.store import ReviewFiles, read_review, record_faults
from synth.store.journal import FileJournal
from synth.store.runs import Run, alone, begin, complete, discard
from synth.store.snapshots import digest_of
from synth.update.lookups import LookupRun

PACKAGE = "living-evidence-notebooks"
Listen = Callable[[str], None]


def silent(line: str) -> None:
    """Take a line of progress and say nothing."""
    del line


@dataclass(frozen=True)
class Update:
    """What a search brought.

    Attributes
    ----------
    snapshot : Snapshot
        As it stands in search/.
    comparison : Comparison
        With the searches before it.
    added : tuple of str
        Ids of records that the review did not hold.
    statuses : tuple of (record id, status before or None, status now)
        Records of the review whose standing is another one now: retracted, corrected, an expression of concern.
    requests : int
        Sent by this process; fewer than the certificate names where an interrupted search was continued.
    """

    snapshot: Snapshot
    comparison: Comparison
    added: tuple[str, ...]
    statuses: tuple[tuple[str, RecordStatus | None, RecordStatus], ...]
    requests: int


def run_search(
    root: Path,
    review: str,
    client: Client,
    *,
    today: date,
    since: date | None = None,
    restart: bool = False,
    listen: Listen = silent,
) -> Update:
    """Run the strategies of a review's protocol in PubMed and publish what they give.

    An interrupted search of the same strategies is continued, under the date on which it began; nothing that is on disk
    is asked again. One that was interrupted while it was published is completed, and nothing else is done. Nothing is
    published unless every hit is held.

    Parameters
    ----------
    root, review
        The folder that holds ``evidence``, and the review's name.
    client : Client
    today : date
        The day of the search.
    since : date, optional
        Ask only for what entered PubMed on that day or later.
    restart : bool
        Discard an interrupted search.
    listen : callable
        Called with a line of progress now and then.

    Raises
    ------
    ParameterError
        If the protocol plans no strategy, `since` lies after `today`, or an interrupted search asked something else.
    SearchError
        If PubMed did not answer, or the set could not be proved complete.
    EvidenceError
        If the review's files have a fault.
    """
    with alone(root, review) as folder:
        if restart:
            discard(folder)
        elif name := complete(folder):
            listen("a search that was interrupted while it was published is complete")
            return _published(read_review(root, review), name)
        files = read_review(root, review)
        strategies = planned(files, today, since)
        asks = {
            "strategies": [[item.id, item.query] for item in strategies],
            "since": since.isoformat() if since else None,
            "address": client.address,
        }
        sent = client.requests
        run = begin(folder, asks, today)
        if run.continued:
            listen(f"continuing the search that began on {run.date}")
        snapshot = _Search(files, client, run, since, listen).snapshot(strategies)
        text = records_text(merged((*files.snapshots, snapshot)))
        if faults := record_faults(folder, text):
            raise SearchError(f"the records that PubMed gave do not fit together, nothing was published: {faults[0]}")
        name = run.publish(manifest_text(snapshot.manifest), lines_of(snapshot.found), text)
        return _published(read_review(root, review), name, files.records, client.requests - sent)


def _published(files: ReviewFiles, name: str, before: Records | None = None, requests: int = 0) -> Update:
    """What a snapshot brought that stands in search/."""
    searches = [item for item in files.snapshots if item.manifest.strategies]
    index = [item.name for item in searches].index(name)
    known = before if before is not None else Records(merged(item for item in files.snapshots if item.name != name))
    statuses = tuple(
        (record.id, known[record.id].status if record.id in known else None, record.status) for record in files.records
    )
    return Update(
        snapshot=searches[index],
        comparison=compare(searches[:index], searches[index]),
        added=tuple(record.id for record in files.records if record.id not in known),
        statuses=tuple((name, then, now) for name, then, now in statuses if _worth_telling(then, now)),
        requests=requests,
    )


def _worth_telling(before: str | None, now: str) -> bool:
    """Whether a status is another one and says something against a paper, or no longer says it."""
    quiet = {None, "unknown", "current"}
    return before != now and not {before, now} <= quiet


def planned(files: ReviewFiles, today: date, since: date | None) -> tuple[Strategy, ...]:
    """The strategies of a review.

    Raises
    ------
    ParameterError
        If there are none, or `since` lies after `today`.
    """
    if not files.protocol.strategies:
        raise ParameterError(f"evidence/{files.name}/protocol.yml plans no search; add a strategy under `strategies`")
    if since is not None:
        _check_since(files, today, since)
    return files.protocol.strategies


def _check_since(files: ReviewFiles, today: date, since: date) -> None:
    if since > today:
        raise ParameterError(f"since: {since} is later than today, {today}")
    searches = [item.manifest.date for item in files.snapshots if item.manifest.strategies]
    if searches and since > searches[-1]:
        raise ParameterError(
            f"since: {since} is later than the last search, {searches[-1]}; what entered in between would be missed"
        )


@dataclass(frozen=True)
class _Search:
    files: ReviewFiles
    client: Client
    run: Run
    since: date | None
    listen: Listen

    def snapshot(self, strategies: Sequence[Strategy]) -> Snapshot:
        """Ask PubMed, hold every hit, and look up the records of the review that are no hits."""
        journal = FileJournal(self.run.replies, self.listen)
        runs: list[StrategyRun] = []
        held: dict[str, PubmedRecord] = {}
        for strategy in strategies:
            self.listen(f"strategy {strategy.id}")
            found = retrieve(
                self.client,
                strategy.query,
                journal,
                until=self.run.date,
                since=self.since,
                listen=self.listen,
                policy=self.client.policy,
                clock=self.client.clock,
            )
            held.update({record.pmid: record for record in newest(_records(found))})
            runs.append(_strategy_run(strategy, found))
        lookups = self._looked_up(journal, held)
        hits = {pmid for item in runs for pmid in item.pmids}
        kept = hits | {item.pmid for item in lookups.lookups if item.pmid}
        records = tuple(shareable(held[pmid]) for pmid in sorted(kept, key=int))
        return Snapshot(self.run.name, self._manifest(runs, lookups, records), found=records)

    def _looked_up(self, journal: Journal, held: dict[str, PubmedRecord]) -> LookupRun:
        known = self.files.records
        self.listen(f"the {len(known)} records of the review")
        taken = {record.pmid: record.id for record in known if record.pmid}
        lookups = LookupRun(self.client, journal, self.run.date.isoformat(), held, taken, self.listen)
        lookups.run(tuple(known))
        return lookups

    def _manifest(self, runs: Sequence[StrategyRun], lookups: LookupRun, records: tuple[PubmedRecord, ...]) -> Manifest:
        return Manifest(
            format=2,
            date=self.run.date,
            source="PubMed",
            found_by="database search",
            since=self.since,
            strategies=tuple(runs),
            lookups=tuple(lookups.lookups),
            lookup_replies=tuple(lookups.replies),
            held=len({pmid for item in runs for pmid in item.pmids}),
            records_sha256=digest_of(lines_of(records)),
            tools=(f"{PACKAGE} {version(PACKAGE)}", f"biopython {version('biopython')}"),
        )


def _records(found: Retrieval) -> Iterator[PubmedRecord]:
    for body in found.bodies():
        for item in parse_pubmed(io.BytesIO(body), "a reply of PubMed"):
            if isinstance(item, PubmedRecord):
                yield item


def _strategy_run(strategy: Strategy, found: Retrieval) -> StrategyRun:
    return StrategyRun(
        id=strategy.id,
        query=found.query,
        translation=found.translation,
        warnings=found.warnings,
        hits=found.hits,
        slices=tuple(SliceRun(label=item.label, count=item.count) for item in found.slices),
        pmids=found.pmids,
        replies=tuple(map(ReplyRun.of, found.replies)),
    )


def lines_of(records: Sequence[PubmedRecord]) -> str:
    """The records of a snapshot as the text of its records.jsonl."""
    return "".join(f"{msgspec.json.encode(record).decode()}\n" for record in records)


def manifest_text(manifest: Manifest) -> str:
    """A manifest as the text of its file."""
    return json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def records_text(records: Sequence[Record]) -> str:
    """The records of a review as the text of records.jsonl."""
    return "".join(f"{record.line}\n" for record in records)
