"""Reports that were left out, each with its reason, and those that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from synth.report.model import Block, Column, Paragraph, Row, Section, Table, runs
from synth.report.words import counted, record_run
from synth.review import Review
from synth.screening import Decision

_REST = {"exclude": "Excluded", "not retrieved": "Could not be read"}


def excluded_section(review: Review) -> Iterator[Section]:
    """Every record that was decided on and not included, by reason; nothing where all were included."""
    left = [item for item in review.screening.decisions if item.decision in _REST]
    if not left:
        return
    ordered = sorted(left, key=lambda item: (list(_REST).index(item.decision), item.reason, item.record_id))
    rows: list[Row] = []
    for (decision, reason), group in groupby(ordered, key=lambda item: (item.decision, item.reason)):
        members = list(group)
        rows.append(Row((runs(f"{_REST[decision]}: {reason or 'no reason given'} ({len(members)})"),), group=True))
        rows.extend(_row(review, item) for item in members)
    columns = (Column("Report", width=1.2), Column("Title", width=3.2), Column("On", width=0.8), Column("Decided by"))
    excluded = sum(item.decision == "exclude" for item in left)
    unread = len(left) - excluded
    lead = f"{counted(excluded, 'report')} excluded, each for the first reason that applied."
    if unread:
        lead += f" {counted(unread, 'report')} could not be read: what they would add is not known."
    blocks: tuple[Block, ...] = (
        Paragraph(runs(lead)),
        Table("Reports left out, by reason", columns, tuple(rows), anchor="excluded-table"),
    )
    yield Section("Reports left out, and why", "excluded", blocks, folded=True)


def _row(review: Review, item: Decision) -> Row:
    record = review.records[item.record_id]
    return Row(
        (
            runs(record_run(item.record_id, review.records)),
            runs(record.title or "title not seen"),
            runs(item.date),
            runs(item.reviewer),
        )
    )
