"""Decisions on records, and the counts of the PRISMA flow that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from synth.display import TextTable, html_table
from synth.errors import Fault
from synth.provenance import shortened
from synth.records import Records
from synth.schemas import DECISIONS, Table
from synth.search import Manifest


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one record, with who made it and where it stands."""

    record_id: str
    decision: str
    reason: str
    date: str
    reviewer: str
    row: str


@dataclass(frozen=True, slots=True)
class Flow:
    """The numbers of the PRISMA 2020 flow.

    Attributes
    ----------
    from_databases, from_other_methods : int
        Records identified; one that was found both ways counts in both.
    duplicates : int
        How many were found both ways.
    awaiting : int
        Records of database searches on which nobody has decided yet.
    not_retrieved : int
        Reports that could not be read.
    assessed : int
        Reports whose eligibility was decided on what could be read.
    excluded : tuple of (reason, count)
        Most frequent first.
    included : int
        Reports included.
    """

    searches: int
    from_databases: int
    from_other_methods: int
    not_retrieved: int
    assessed: int
    excluded: tuple[tuple[str, int], ...]
    included: int
    duplicates: int = 0
    awaiting: int = 0

    @property
    def identified(self) -> int:
        """Records identified, those found both ways counted in both."""
        return self.from_databases + self.from_other_methods

    @property
    def removed(self) -> tuple[tuple[str, int], ...]:
        """What leaves the flow before screening, with the reason; only what there is."""
        reasons = (("found both ways", self.duplicates), ("awaiting screening", self.awaiting))
        return tuple((reason, count) for reason, count in reasons if count)

    def table(self) -> pd.DataFrame:
        """The boxes of the flow, one a row."""
        rows = [
            ("Records from database searches", self.from_databases),
            ("Records found by other methods", self.from_other_methods),
            *((f"Records {reason}", count) for reason, count in self.removed),
            ("Reports that could not be read", self.not_retrieved),
            ("Reports assessed for eligibility", self.assessed),
            *((f"Excluded: {reason}", count) for reason, count in self.excluded),
            ("Reports included", self.included),
        ]
        return pd.DataFrame(rows, columns=["box", "count"])


@dataclass(frozen=True, repr=False)
class Screening:
    """Every decision, by record."""

    decisions: tuple[Decision, ...]
    flow: Flow

    def table(self) -> pd.DataFrame:
        """One row a record: decision, reason, reviewer, date."""
        rows = [
            {
                "record": item.record_id,
                "decision": item.decision,
                "reason": item.reason,
                "reviewer": item.reviewer,
                "date": item.date,
            }
            for item in self.decisions
        ]
        return pd.DataFrame(rows, columns=["record", "decision", "reason", "reviewer", "date"])

    def of(self, record_id: str) -> Decision | None:
        """The decision on a record, or None where there is none."""
        return next((item for item in self.decisions if item.record_id == record_id), None)

    def show_decisions(self) -> TextTable:
        """Every decision, for a notebook."""
        return TextTable(self.table(), "Decisions", "No decision has been made.")

    def __repr__(self) -> str:
        return f"Screening({len(self.decisions)} decisions, {self.flow.included} reports included)"

    def _repr_html_(self) -> str:
        return html_table(self.flow.table(), "Flow of records and reports")


def decisions_of(logs: dict[str, Table]) -> tuple[Decision, ...]:
    """The decisions of all reviewers' files, sorted by record."""
    found = [
        Decision(row["record_id"], row["decision"], row["reason"], row["date"], reviewer, f"{table.file}:{line}")
        for reviewer, table in sorted(logs.items())
        for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True)
    ]
    return tuple(sorted(found, key=lambda item: (item.record_id, item.reviewer)))


def decision_faults(
    logs: dict[str, Table], record_ids: frozenset[str], people: frozenset[str], searched: frozenset[str]
) -> Iterator[Fault]:
    """Unknown records and reviewers, exclusions without reason, records without decision or with two that differ.

    A record that a database search brought (`searched`) may wait for its decision: that is a warning.
    """
    decided: dict[str, dict[str, str]] = {}
    for reviewer, table in sorted(logs.items()):
        if reviewer not in people:
            message = f"the reviewer {reviewer!r} is not among the people of protocol.yml"
            yield Fault(table.file, 0, "", f"{message}; name the file after one of them or add it there")
        for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
            if row["record_id"] not in record_ids:
                message = (
                    f"{shortened(row['record_id'])} is not in records/records.jsonl; correct the id or add the record"
                )
                yield Fault(table.file, line, "record_id", message)
            if row["decision"] in DECISIONS and row["decision"] != "include" and not row["reason"]:
                yield Fault(table.file, line, "reason", f"is empty; {row['decision']!r} needs a reason")
            decided.setdefault(row["record_id"], {}).setdefault(reviewer, row["decision"])
    for record, by_reviewer in sorted(decided.items()):
        decisions = sorted(set(by_reviewer.values()) & set(DECISIONS))
        if len(decisions) > 1:
            message = f"reviewers decided {' and '.join(decisions)}; settle it"
            yield Fault("screening/decisions/", 0, record, message)
    open_records = record_ids - decided.keys()
    for record in sorted(open_records - searched):
        yield Fault("screening/decisions/", 0, record, "no decision on this record; each record needs a fate")
    if waiting := len(open_records & searched):
        message = f"{waiting} of the records that database searches brought await a decision"
        yield Fault("screening/decisions/", 0, "", message, warning=True)


def searched_for(manifests: Iterable[Manifest], records: Records) -> frozenset[str]:
    """The records that a database search found."""
    pmids = {pmid for manifest in manifests for pmid in manifest.pmids}
    return frozenset(record.id for record in records if record.pmid in pmids)


def gathered(manifests: Iterable[Manifest]) -> frozenset[str]:
    """The records that were found by other methods."""
    return frozenset(name for manifest in manifests for name in manifest.record_ids)


def flow_of(manifests: tuple[Manifest, ...], records: Records, decisions: tuple[Decision, ...]) -> Flow:
    """The flow as the records and decisions give it."""
    fate = {item.record_id: item for item in decisions}
    excluded = Counter(item.reason for item in fate.values() if item.decision == "exclude")
    count = Counter(item.decision for item in fate.values())
    searched, others = searched_for(manifests, records), gathered(manifests)
    return Flow(
        searches=sum(manifest.found_by == "database search" for manifest in manifests),
        from_databases=len(searched),
        from_other_methods=len(others),
        duplicates=len(searched & others),
        awaiting=sum(record.id not in fate for record in records),
        not_retrieved=count["not retrieved"],
        assessed=count["include"] + count["exclude"],
        excluded=tuple(sorted(excluded.items(), key=lambda item: (-item[1], item[0]))),
        included=count["include"],
    )
