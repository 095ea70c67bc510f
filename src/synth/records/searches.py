"""How the records of a review were found, as a notebook shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from synth.display import TextTable, html_list, html_table
from synth.protocol import Protocol, Strategy
from synth.records.comparison import Comparison, compare
from synth.records.prisma_s import prisma_s
from synth.records.record import NO_DATE, Record, Records
from synth.records.snapshot import Snapshot
from synth.search import Manifest


@dataclass(frozen=True, repr=False)
class Searches:
    """Searches and gatherings of a review, oldest first, with the strategies that its protocol plans."""

    snapshots: tuple[Snapshot, ...]
    protocol: Protocol
    records: Records

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """One a search or gathering."""
        return tuple(item.manifest for item in self.snapshots)

    @property
    def of_pubmed(self) -> tuple[Snapshot, ...]:
        """The searches of PubMed."""
        return tuple(item for item in self.snapshots if item.manifest.strategies)

    @cached_property
    def comparison(self) -> Comparison | None:
        """The last search against those before it; None where PubMed has not been searched."""
        searches = self.of_pubmed
        return compare(searches[:-1], searches[-1]) if searches else None

    def show_strategies(self) -> TextTable:
        """Each strategy as typed, with PubMed's translation and hits where it was run."""
        last = self.of_pubmed[-1].manifest if self.of_pubmed else None
        run = {item.id: item for item in last.strategies} if last else {}
        rows = [
            {
                "strategy": item.id,
                "database": item.database,
                "query as typed": item.query,
                "PubMed's translation": run[item.id].translation if item.id in run else "not run",
                "hits": str(run[item.id].hits) if item.id in run else "not run",
                "run on": str(last.date) if last and item.id in run else "not run",
                "note": item.note,
            }
            for item in self.protocol.strategies
        ]
        return TextTable(pd.DataFrame(rows), "Strategies", "The protocol plans no search.")

    def show_prisma_s(self) -> TextTable:
        """The items of PRISMA-S with what is reported of each."""
        items = prisma_s(self.snapshots, self.protocol, self.records)
        rows = [{"item": str(item.number), "topic": item.topic, "reported": item.told} for item in items]
        met = sum(item.met for item in items)
        return TextTable(pd.DataFrame(rows), f"PRISMA-S: {met} of {len(items)} items reported")

    def per_year(self) -> pd.DataFrame:
        """Records by year of publication: columns year and records; `NO_DATE` where no year was seen."""
        hits = {pmid for item in self.of_pubmed for pmid in item.manifest.pmids}
        counted: Iterable[Record] = self.records
        if self.of_pubmed:
            counted = (item for item in self.records if item.pmid in hits)
        years = Counter(str(item.year) if item.year else NO_DATE for item in counted)
        rows = [{"year": year, "records": count} for year, count in sorted(years.items())]
        return pd.DataFrame(rows, columns=["year", "records"])

    def show_new(self) -> TextTable:
        """What moved with the last search: new, gone and changed records, each with its reason."""
        found = self.comparison
        if found is None:
            return TextTable(
                pd.DataFrame(), empty="PubMed has not been searched, so nothing can be new since last time."
            )
        rows = [{"what": "new", "PMID": item.pmid, "title": item.title, "why": item.reason} for item in found.new]
        rows += [{"what": "gone", "PMID": item.pmid, "title": item.title, "why": item.reason} for item in found.gone]
        rows += [
            {
                "what": item.now if item.before != item.now else "changed",
                "PMID": item.pmid,
                "title": item.title,
                "why": ", ".join(item.fields),
            }
            for item in found.changed
        ]
        return TextTable(pd.DataFrame(rows), "What moved with the last search", "Nothing moved with the last search.")

    def __repr__(self) -> str:
        return f"Searches({len(self.snapshots)} gatherings, {len(self.protocol.strategies)} strategies planned)"

    def _repr_html_(self) -> str:
        rows = [
            {
                "date": str(item.date),
                "source": item.source,
                "found by": item.found_by,
                "hits": ", ".join(f"{run.id} {run.hits}" for run in item.strategies),
                "records held": str(item.held),
                "note": item.note,
            }
            for item in self.manifests
        ]
        planned = [
            f"Strategy {item.id} is planned for {item.database} and has not been run." for item in self._not_run()
        ]
        return html_table(pd.DataFrame(rows), "Where the records come from") + (html_list(planned) if planned else "")

    def _not_run(self) -> list[Strategy]:
        run = {item.id for manifest in self.manifests for item in manifest.strategies}
        return [item for item in self.protocol.strategies if item.id not in run]
