"""The sections on where everything comes from: methods, reports, decisions, records and quantities."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from synth.certainty.algorithms import NOT_OFFERED
from synth.effects.zero_cells import ZeroCells
from synth.protocol import LadderPlan
from synth.provenance import Source
from synth.records import Record
from synth.records.record import STATUS_WORDS
from synth.report.characteristics import enrolment, without_unseen
from synth.report.model import Bullets, Column, Figure, Paragraph, Row, Run, Section, Table, runs
from synth.report.words import (
    FULL_TEXT,
    NOT_SEEN,
    anchor,
    counted,
    ended,
    listing,
    number,
    record_run,
    rows_in_short,
    study_run,
    true_minus,
)
from synth.review import Review
from synth.synthesis.pooling import INTERVAL_NAMES, tau2_name


def methods_section(review: Review) -> Section:
    """How the page was made, and the flow of records."""
    flow = review.screening.flow
    drawing = review.flow_diagram()
    figure = Figure("flow", "Flow of records", drawing.alt_text(), drawing.svg(), drawing.png(), anchor="flow")
    waiting = f"; {flow.awaiting} await screening" if flow.awaiting else ""
    lead = Paragraph(
        runs(
            f"{counted(len(review.records), 'record')}, {flow.included} of them included{waiting}; "
            f"{counted(flow.searches, 'database search', 'database searches')} run."
        )
    )
    blocks = (lead, Bullets(tuple(runs(item) for item in _methods(review))), figure, _decisions(review))
    return Section("How this page was made", "methods", blocks)


def _methods(review: Review) -> Iterator[str]:
    protocol = review.protocol
    plan, written = protocol.synthesis, f"protocol written {protocol.standing.written}"
    after = ", after the data were seen (post hoc)" if protocol.standing.post_hoc else ""
    yield f"{protocol.standing.kind.capitalize()}; {written}{after}."
    for person in protocol.people:
        yield f"{person.name} ({person.kind}): {person.role}."
    yield f"Eligibility: {protocol.eligibility.reason}"
    yield (
        f"Pool: random effects, {tau2_name(plan.tau2)}, {INTERVAL_NAMES[plan.interval]}; from three independent "
        "estimates, with a prediction interval. Two are shown side by side."
    )
    for item in plan.comparisons:
        if (rule := item.zero_cells) is not None:
            yield ended(f"Empty cells in {item.label}: {ZeroCells(rule.add, rule.to, rule.drop00)}. {rule.reason}")
    yield f"Overlap of patients: {plan.overlap_reason}"
    if protocol.ranges_from:
        yield protocol.ranges_from
    if plan.correlation is not None:
        yield f"Correlation of scores before and after: {number(plan.correlation.main)}. {plan.correlation.reason}"
    for _, fix in review.extraction.corrections.iterrows():
        change = f"{fix['use'] or 'nothing'} for {fix['was'] or 'nothing'}"
        why = f"{fix['reason']} ({fix['source']})"
        yield f"Corrected: {fix['table']} {fix['key']}, {fix['column']}: {change}; {why}."
    yield from _searches(review)
    if protocol.standing.post_hoc:
        yield "Deviations from the protocol cannot be told: it was written after the data were seen."
    yield from _ladder(plan.ladder)
    yield review.findings.explain()
    yield from _not_done(review)


def _ladder(rules: LadderPlan) -> Iterator[str]:
    why = f" {rules.reason}" if rules.reason else ""
    yield (
        f"The ladder: a pool from {rules.pool_from} independent series, without a flag from {rules.plain_from}; a "
        f"share of directions from {rules.vote_from}; pooled shares from {rules.shares_from}; tests of small-study "
        f"effects from {rules.small_study_from}.{why}"
    )


def _not_done(review: Review) -> Iterator[str]:
    """What a reader could expect and was not done, as far as the files tell."""
    missing = []
    if not review.searches.of_pubmed:
        missing.append("a search of a database")
    depths = review.extraction.studies["seen_in"]
    if len(depths) and not (depths == FULL_TEXT).any():
        missing.append("reading of a full text")
    if not any(person.kind == "person" for person in review.protocol.people):
        missing.append("any judgement by a person")
    if missing:
        yield f"Not done: {listing(missing)}."
    tools = {item.tool for item in review.protocol.certainty.tools}
    for name, reason in NOT_OFFERED.items():
        if name.split(":")[0] in tools and ":" in name:
            yield f"Not offered, {name}: {reason}"


def _searches(review: Review) -> Iterator[str]:
    """Each strategy: planned, or run, with PubMed's translation and hits; and what the last search moved."""
    last = review.searches.of_pubmed[-1].manifest if review.searches.of_pubmed else None
    run = {item.id: item for item in last.strategies} if last else {}
    for strategy in review.protocol.strategies:
        if last is None or strategy.id not in run:
            yield f"Search planned for {strategy.database}: {strategy.query}. {strategy.note}"
            continue
        found = run[strategy.id]
        since = f", what entered since {last.since}" if last.since else ""
        yield (
            f"PubMed searched on {last.date}{since}: {found.query}. PubMed read it as: {found.translation}. "
            f"{counted(found.hits, 'hit')}, all held."
        )
    moved = review.searches.comparison
    if moved is not None and moved.before:
        reasons = listing([f"{number} {reason}" for reason, number in moved.reasons], "and") or "nothing came or went"
        yield f"Since the search before: {reasons}; {counted(len(moved.changed), 'record')} changed."


def _decisions(review: Review) -> Section:
    rows = tuple(
        Row(
            (
                runs(record_run(item.record_id, review.records)),
                runs(item.decision),
                runs(item.reason or "-"),
                runs(item.reviewer),
            )
        )
        for item in review.screening.decisions
    )
    columns = (Column("Record", width=1.6), Column("Decision"), Column("Reason", width=2.6), Column("By"))
    return Section("Every decision on a record", "decisions", (Table("Decisions", columns, rows),), folded=True)


def studies_section(review: Review) -> Section:
    """Disease, hip, source level, selection, funding and conflicts of every study, each as far as it was seen."""
    studies = review.extraction.studies
    title, name = "Reports: who was studied, and who paid", "studies"
    if studies.empty:
        return Section(title, name, (Paragraph(runs("No report was extracted.")),), folded=True)
    columns: tuple[Column, ...] = (
        Column("Report", width=1.3),
        Column("Design"),
        Column("Disease", width=1.4),
        Column("Hip", width=1.2),
        Column("Source", width=1.1),
        Column("Used for", width=1.1),
        Column("Analysed of enrolled", width=0.9),
        Column("Selection", width=1.2),
        Column("Centre and period", width=1.1),
        Column("Funding and conflicts", width=1.2),
    )
    rows = tuple(_study_row(review, study) for _, study in studies.iterrows())
    columns, rows, unseen = without_unseen(columns, rows)
    if not review.protocol.eligibility.excluded_hips:
        unseen = [name for name in unseen if name != "hip"]  # a question that is not about hips does not miss them
    seen = {column: int((studies[column] != "").sum()) for column in ("selection", "funding", "conflicts")}
    lead = Paragraph(
        runs(
            f"On the pages that were read, of {counted(len(studies), 'report')}, {seen['selection']} told how patients "
            f"were selected, {seen['funding']} told who paid, and {seen['conflicts']} told of conflicts of interest."
            + (f" Not seen for any of them: {listing(unseen)}." if unseen else "")
        )
    )
    return Section(title, name, (lead, Table("Reports extracted", columns, rows)), folded=True)


def _study_row(review: Review, study: pd.Series) -> Row:
    name = str(study["study_id"])
    period = " to ".join(filter(None, [str(study["recruited_from"]), str(study["recruited_to"])]))
    texts = (
        str(study["design"]) or NOT_SEEN,
        str(study["disease"]) or NOT_SEEN,
        str(study["hip"]) or NOT_SEEN,
        str(study["source_level"]),
        review.synthesis.roles[name].role,
        enrolment(study),
        str(study["selection"]) or NOT_SEEN,
        ", ".join(filter(None, [str(study["centre"]), period])) or NOT_SEEN,
        f"{study['funding'] or NOT_SEEN}; {study['conflicts'] or NOT_SEEN}",
    )
    return Row((runs(study_run(name, review)), *(runs(text) for text in texts)))


def records_section(review: Review) -> Section:
    """Every record, with where it was read."""
    rows = []
    for record in review.records:
        source = Source.parse(record.source)
        identifiers = [
            f"PMID {record.pmid}" if record.pmid else "",
            f"DOI {record.doi}" if record.doi else "",
            record.pmcid or "",
        ]
        decision = review.screening.of(record.id)
        rows.append(
            Row(
                (
                    runs(record.short),
                    runs(record.citation),
                    runs(Run(", ".join(filter(None, identifiers)) or "no identifier seen", link=record.link)),
                    runs(Run(_host(source.text), link=source.link), f", {record.seen_on}"),
                    runs(decision.decision if decision else "-"),
                    runs("; ".join([*_standing_of(record), *filter(None, [record.note])]) or "none"),
                ),
                anchor=anchor("record", record.id),
            )
        )
    columns = (
        Column("Record", width=1.1),
        Column("Citation, as far as it was seen", width=3),
        Column("Identifiers", width=1.4),
        Column("Read at", width=1.3),
        Column("Decision", width=0.8),
        Column("Remarks", width=1.4),
    )
    unknown = sum(record.status == "unknown" for record in review.records)
    why = "were not found there" if review.searches.of_pubmed else "PubMed has not been asked"
    asked = f"unknown for {unknown} of {len(rows)}: {why}." if unknown else "known for all."
    lead = Paragraph(runs(f"Whether a record has been retracted or corrected is {asked}"))
    return Section("Records", "records", (lead, Table("Records", columns, tuple(rows))), folded=True)


def _standing_of(record: Record) -> Iterator[str]:
    """What PubMed says against relying on a record, with the reports that say so."""
    if record.status in ("unknown", "current"):
        return
    links = listing([f"{link.type} {link.pmid or link.source or ''}".strip() for link in record.links], "and")
    yield f"{STATUS_WORDS[record.status].capitalize()}{f' ({links})' if links else ''}"


def _host(address: str) -> str:
    return address.split("//", 1)[1].split("/", 1)[0].removeprefix("www.") if "//" in address else address


def quantities_section(review: Review) -> Section:
    """Every number under its name, with the rows that it came from."""
    columns = (
        Column("Name", width=3),
        Column("Value", "right"),
        Column("Interval", width=1.2),
        Column("Unit"),
        Column("How", width=2.6),
        Column("Rows", width=1.4),
    )
    table = review.changes.table()
    for name in ("value", "interval"):
        table[name] = table[name].map(true_minus)
    table["rows"] = [rows_in_short(item.rows) for item in review.quantities]
    rows = tuple(Row(tuple(runs(str(cell) or "-") for cell in row)) for row in table.itertuples(index=False))
    lead = Paragraph(
        runs(review.changes.summary(), " Rows are named by file and line in the folder extraction of the review.")
    )
    return Section(
        "Where each number comes from", "quantities", (lead, Table("Quantities", columns, rows)), folded=True
    )
