"""Rules across files: ids resolve, figures fit the instruments, overlaps are declared from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from synth.errors import Fault
from synth.extraction.eligibility import standing
from synth.extraction.ids import id_faults
from synth.extraction.named import outcomes_in
from synth.extraction.reviews import review_faults
from synth.protocol import Protocol
from synth.provenance import Source, shortened
from synth.schemas import Table, number

_SCORES = ("baseline_mean", "baseline_min", "baseline_max", "followup_mean", "followup_min", "followup_max")
# A list of more names than this is looked up where it stands; a shorter one fits into a message.
_FEW = 12


@dataclass(frozen=True)
class Context:
    """All that the rules look at: tables by name, protocol, record ids, decision by record."""

    tables: dict[str, Table]
    protocol: Protocol
    record_ids: frozenset[str]
    decisions: dict[str, str]


def cross_faults(context: Context) -> list[Fault]:
    """Every fault and warning that shows only when the files are read together."""
    rules = (
        _links,
        _procedures,
        _outcomes,
        _named,
        _ranges,
        _events,
        _sizes,
        _overlaps,
        _people,
        _sources,
        _columns,
        _roles,
        _reviews,
    )
    words = id_faults(context.tables["studies"], context.record_ids)
    return [*words, *(fault for rule in rules for fault in rule(context))]


def _rows(table: Table) -> Iterator[tuple[int, pd.Series]]:
    for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
        yield line, row


def _unknown(table: Table, column: str, names: Iterable[str], where: str) -> Iterator[Fault]:
    known = set(names)
    listed = f" ({', '.join(sorted(known))})" if len(known) <= _FEW else ""
    for line, row in _rows(table):
        if row[column] and row[column] not in known:
            message = f"{shortened(row[column])} is not in {where}; use one of its names{listed} or add it there"
            yield Fault(table.file, line, column, message)


def _links(context: Context) -> Iterator[Fault]:
    studies, arms = context.tables["studies"], context.tables["arms"]
    yield from _unknown(studies, "record_id", context.record_ids, "records/records.jsonl")
    for name in ("arms", "outcomes", "events", "cases"):
        yield from _unknown(context.tables[name], "study_id", studies.text["study_id"], studies.file)
    known = set(zip(arms.text["study_id"], arms.text["arm_id"], strict=True))
    named = set(studies.text["study_id"])
    for name in ("outcomes", "events", "cases"):
        table = context.tables[name]
        for line, row in _rows(table):
            if row["study_id"] in named and (row["study_id"], row["arm_id"]) not in known:
                arm = f"study {row['study_id']!r} has no arm {shortened(row['arm_id'])} in {arms.file}"
                message = f"{arm}; add the arm or correct the id"
                yield Fault(table.file, line, "arm_id", message)


def _procedures(context: Context) -> Iterator[Fault]:
    names = (item.id for item in context.protocol.procedures)
    yield from _unknown(context.tables["arms"], "procedure", names, "the procedures of protocol.yml")


def _outcomes(context: Context) -> Iterator[Fault]:
    protocol, table = context.protocol, context.tables["outcomes"]
    instruments = [item.id for item in protocol.instruments]
    yield from _unknown(table, "outcome", (item.id for item in protocol.outcomes), "the outcomes of protocol.yml")
    yield from _unknown(table, "instrument", instruments, "the instruments of protocol.yml")
    yield from _unknown(context.tables["cases"], "instrument", instruments, "the instruments of protocol.yml")
    measured = {item.id: item.instruments for item in protocol.outcomes}
    for line, row in _rows(table):
        allowed = measured.get(row["outcome"])
        if allowed is not None and row["instrument"] in instruments and row["instrument"] not in allowed:
            mismatch = f"{row['instrument']!r} does not measure {row['outcome']!r} in protocol.yml"
            message = f"{mismatch}; expected: {', '.join(allowed)}"
            yield Fault(table.file, line, "instrument", message)


def _named(context: Context) -> Iterator[Fault]:
    """Outcomes that a report names without a figure are outcomes of the protocol, each once."""
    known = [item.id for item in context.protocol.outcomes]
    table = context.tables["studies"]
    listed = f" ({', '.join(known)})" if len(known) <= _FEW else ""
    for line, row in _rows(table):
        names = outcomes_in(row["outcomes_named"])
        for name in dict.fromkeys(names):
            wrong = f"{shortened(name)} is not in the outcomes of protocol.yml" if name not in known else ""
            if names.count(name) > 1 and not wrong:
                wrong = f"{shortened(name)} stands there {names.count(name)} times"
            if wrong:
                message = f"{wrong}; ids of its outcomes{listed}, each once, several with ; between, are expected"
                yield Fault(table.file, line, "outcomes_named", message)


def _ranges(context: Context) -> Iterator[Fault]:
    ranges = {
        item.id: (item.minimum, item.maximum) for item in context.protocol.instruments if item.minimum is not None
    }
    for name, columns in (("outcomes", _SCORES), ("cases", ("baseline", "followup"))):
        table = context.tables[name]
        for column in columns:
            values = number(table.text, column)
            for line, instrument, value in zip(table.lines, table.text["instrument"], values, strict=True):
                low, high = ranges.get(instrument, (None, None))
                if low is not None and high is not None and (value < low or value > high):
                    message = f"{value:g} is outside the range of {instrument}; {low:g} to {high:g} is expected"
                    yield Fault(table.file, line, column, message)
    table = context.tables["outcomes"]
    for line, instrument, change in zip(
        table.lines, table.text["instrument"], number(table.text, "change_mean"), strict=True
    ):
        low, high = ranges.get(instrument, (None, None))
        if low is not None and high is not None and abs(change) > high - low:
            message = f"a change of {change:g} does not fit into the range of {instrument}, {low:g} to {high:g}"
            yield Fault(table.file, line, "change_mean", message)


def _events(context: Context) -> Iterator[Fault]:
    names = (item.id for item in context.protocol.events)
    yield from _unknown(context.tables["events"], "event", names, "the events of protocol.yml")


def _sizes(context: Context) -> Iterator[Fault]:
    """A denominator is at most what the arm holds, or what the study enrolled."""
    arms, studies = context.tables["arms"].text, context.tables["studies"].text
    enrolled = dict(zip(studies["study_id"], number(studies, "enrolled"), strict=True))
    most: dict[tuple[str, str], tuple[float, float]] = {}
    sizes = zip(number(arms, "n_patients"), number(arms, "n_hips"), strict=True)
    for study, arm, (patients, hips) in zip(arms["study_id"], arms["arm_id"], sizes, strict=True):
        most[(study, arm)] = _most(patients, hips, enrolled.get(study, float("nan")))
    for name, column in (("outcomes", "n"), ("events", "total")):
        table = context.tables[name]
        for (line, row), size in zip(_rows(table), number(table.text, column), strict=True):
            patients, hips = most.get((row["study_id"], row["arm_id"]), (float("inf"), float("inf")))
            unit = row["unit_of_analysis"]
            limit = patients if unit == "patients" else hips if unit == "hips" else max(patients, hips)
            if size > limit:
                counted = unit if unit in ("patients", "hips") else "patients or hips"
                message = f"{size:g} is more than the {counted} of the arm, or enrolled; at most {limit:g} is expected"
                yield Fault(table.file, line, column, message)


def _most(patients: float, hips: float, enrolled: float) -> tuple[float, float]:
    """The most patients and the most hips that an arm can have; infinite where neither number was seen."""
    seen_hips = hips == hips
    people = [size for size in (patients, enrolled) if size == size]
    sides = [size for size in (hips if seen_hips else 2 * patients, 2 * enrolled) if size == size]
    return max(people, default=hips if seen_hips else float("inf")), max(sides, default=float("inf"))


def _overlaps(context: Context) -> Iterator[Fault]:
    arms = context.tables["arms"]
    declared = {
        f"{row['study_id']}/{row['arm_id']}": set(row["overlaps_with"].split()) for _, row in arms.text.iterrows()
    }
    for line, row in _rows(arms):
        own = f"{row['study_id']}/{row['arm_id']}"
        for other in sorted(declared[own]):
            if other == own or other not in declared:
                message = f"{other!r} is no other arm of this file; write study_id/arm_id, several with spaces between"
                yield Fault(arms.file, line, "overlaps_with", message)
            elif own not in declared[other]:
                message = f"{other} does not name {own} in return; an overlap is declared from both sides"
                yield Fault(arms.file, line, "overlaps_with", message)


def _reviews(context: Context) -> Iterator[Fault]:
    if "reviews" in context.tables:
        yield from review_faults(context.tables["reviews"], context.protocol, context.record_ids)


def _people(context: Context) -> Iterator[Fault]:
    names = [person.id for person in context.protocol.people]
    for table in context.tables.values():
        for column in ("extracted_by", "checked_by"):
            yield from _unknown(table, column, names, "the people of protocol.yml")


def _sources(context: Context) -> Iterator[Fault]:
    for table in context.tables.values():
        for line, row in _rows(table):
            yield from source_faults(row["source"], table.file, line, "source")


def source_faults(text: str, file: str, line: int, column: str) -> Iterator[Fault]:
    """A fault where a source looks like an identifier and is none, a warning where it cannot be followed."""
    source = Source.parse(text)
    if source.misspelt:
        shown = shortened(source.text)
        message = f"{shown} is no identifier or address; write PMID:12345678, DOI:10.1000/x or https://..."
        yield Fault(file, line, column, message)
    elif text and source.kind == "citation":
        message = "no PMID, DOI or address; readers cannot follow a citation in words"
        yield Fault(file, line, column, message, warning=True)


def _columns(context: Context) -> Iterator[Fault]:
    studies = context.tables["studies"]
    usual, moderators = set(studies.spec.headings), {item.column: item for item in context.protocol.moderators}
    for name in studies.text.columns:
        if name not in usual and name not in moderators:
            message = "unknown column; declare it under moderators in protocol.yml or remove it"
            yield Fault(studies.file, studies.heading_line, name, message)
    for name, moderator in moderators.items():
        if name not in studies.text.columns:
            message = "this column is missing; protocol.yml declares it under moderators"
            yield Fault(studies.file, studies.heading_line, name, message)
        elif moderator.kind == "number":
            values = number(studies.text, name)
            for line, cell, value in zip(studies.lines, studies.text[name], values, strict=True):
                if cell and value != value:
                    yield Fault(studies.file, line, name, f"{shortened(cell)}: a number such as 12 or 0.5 is expected")


def _roles(context: Context) -> Iterator[Fault]:
    """A study in the annex was not included, one in the synthesis was: decision and eligibility must agree."""
    studies = context.tables["studies"]
    for line, row in _rows(studies):
        decision = context.decisions.get(row["record_id"])
        role = standing(row, context.protocol.eligibility).role
        # A record without decision, and one that is not there, are reported where they are missing.
        if decision is not None and (decision == "include") != (role != "annex"):
            message = (
                f"by its cells this study belongs to: {role}; but the decision on {row['record_id']!r} is {decision!r}"
            )
            yield Fault(studies.file, line, "study_id", message)
    extracted = set(studies.text["record_id"])
    for record, decision in sorted(context.decisions.items()):
        if decision == "include" and record in context.record_ids - extracted:
            message = f"{record!r} was included, but no study of it is here yet"
            yield Fault(studies.file, 0, "record_id", message, warning=True)
