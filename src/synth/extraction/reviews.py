"""Published reviews of the same question: what they say of themselves, and which way they saw each outcome go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from synth.errors import Fault
from synth.protocol import Protocol
from synth.provenance import shortened
from synth.schemas import Table

#: Facts of a review as a whole: they may stand in any of its rows and must not contradict each other.
OF_THE_WHOLE = ("scope", "searched_to", "n_studies", "n_patients", "designs", "comparative", "appraisal")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a review states of one outcome after one procedure or group of procedures.

    Attributes
    ----------
    about : str
        Id of a procedure or label of a treatment step of the protocol; empty where that was not seen.
    outcome : str
        Id of the protocol; empty where the review names none.
    horizon : str
        short term, long term or empty.
    finding : str
        better, limited benefit, no change, worse, mixed or no conclusion; empty where nothing was seen.
    source, locator, seen_in, note, row : str
        Where it was read.
    """

    about: str
    outcome: str
    horizon: str
    finding: str
    source: str
    locator: str
    seen_in: str
    note: str
    row: str


@dataclass(frozen=True, slots=True)
class PublishedReview:
    """One published review, as far as it could be read. Empty or None means not seen.

    Attributes
    ----------
    record_id : str
    scope : str
        What it is about, in the words of this project.
    searched_to : str
        Until when it searched.
    n_studies, n_patients : int or None
    designs : str
        Of the studies that it includes.
    comparative : str
        yes or no: whether any of them compares treatments.
    appraisal : str
        How it judged their risk of bias.
    statements : tuple of Statement
        Those rows that state a finding.
    places : tuple of (str, str)
        Locator and reading depth of every row.
    designs_at : str
        Locator of the row that gives `designs`.
    """

    record_id: str
    scope: str
    searched_to: str
    n_studies: int | None
    n_patients: int | None
    designs: str
    comparative: str
    appraisal: str
    statements: tuple[Statement, ...]
    places: tuple[tuple[str, str], ...]
    designs_at: str = ""


def published_reviews(rows: pd.DataFrame) -> tuple[PublishedReview, ...]:
    """The reviews of the table, in the order in which each first stands there.

    Parameters
    ----------
    rows : DataFrame
        `Extraction.reviews`.
    """
    return tuple(_review(str(name), own) for name, own in rows.groupby("record_id", sort=False))


def _review(name: str, rows: pd.DataFrame) -> PublishedReview:
    def number(column: str) -> int | None:
        seen = rows[column].dropna()
        return None if seen.empty else int(seen.iloc[0])

    def text(column: str) -> str:
        return next((str(cell) for cell in rows[column] if cell), "")

    of_designs = rows.loc[rows["designs"] != "", "locator"]
    statements = tuple(_statement(row) for _, row in rows.iterrows() if row["finding"])
    return PublishedReview(
        record_id=name,
        scope=text("scope"),
        searched_to=text("searched_to"),
        n_studies=number("n_studies"),
        n_patients=number("n_patients"),
        designs=text("designs"),
        comparative=text("comparative"),
        appraisal=text("appraisal"),
        statements=statements,
        places=tuple(zip(map(str, rows["locator"]), map(str, rows["seen_in"]), strict=True)),
        designs_at="" if of_designs.empty else str(of_designs.iloc[0]),
    )


def _statement(row: pd.Series) -> Statement:
    names = ("about", "outcome", "horizon", "finding", "source", "locator", "seen_in", "note", "row")
    return Statement(**{name: str(row[name]) for name in names})


def procedures_of(about: str, protocol: Protocol) -> tuple[str, ...]:
    """Ids of the procedures that a statement is about: one, those of a step, or none where that was not seen."""
    if about in {item.id for item in protocol.procedures}:
        return (about,)
    return next((step.procedures for step in protocol.steps if step.label == about), ())


def review_faults(table: Table, protocol: Protocol, record_ids: frozenset[str]) -> Iterator[Fault]:
    """Every fault of reviews.csv that shows only beside the records, the protocol and its own other rows."""
    procedures = [*(item.id for item in protocol.procedures), *(step.label for step in protocol.steps)]
    known: Mapping[str, tuple[list[str], str]] = {
        "record_id": (sorted(record_ids), "records/records.jsonl"),
        "about": (procedures, "the procedures and steps of protocol.yml"),
        "outcome": ([item.id for item in protocol.outcomes], "the outcomes of protocol.yml"),
    }
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
        for column, (names, where) in known.items():
            if row[column] and row[column] not in names:
                listed = f" ({', '.join(names)})" if column != "record_id" else ""
                message = f"{shortened(row[column])} is not in {where}; use one of its names{listed} or add it there"
                yield Fault(table.file, line, column, message)
        if row["horizon"] and not row["finding"]:
            yield Fault(table.file, line, "horizon", "is given without a finding; a finding is expected beside it")
        for column in OF_THE_WHOLE:
            cell = str(row[column])
            other, place = first.setdefault((row["record_id"], column), (cell, line)) if cell else (cell, line)
            if cell != other:
                message = f"{shortened(cell)} here and {shortened(other)} on line {place}; a review has one {column}"
                yield Fault(table.file, line, column, message)
