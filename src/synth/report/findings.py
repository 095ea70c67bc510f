"""The summary of findings: one table a procedure or comparison, with footnotes for each judgement."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.summary import FindingsTable, harm_statement, unnumbered_reports
from synth.certainty.summary.types import ComparisonRow, SingleArmRow
from synth.report.model import Block, Column, Facts, Paragraph, Row, Run, Runs, Section, Table, runs
from synth.report.words import anchor, inside, listing, true_minus, with_labels
from synth.review import Review

#: Columns that hold sentences are wider than those that hold numbers.
_WIDTHS = {"statement": 3.4, "seen": 2.2, "certainty": 0.9, "outcome": 1.2, "people": 1.1}


def findings_section(review: Review) -> Iterator[Section]:
    """Every table of the summary of findings; nothing where the review has no procedure or comparison to rate."""
    tables = tuple(review.findings)
    if not tables:
        return
    lead = Paragraph(
        runs(
            "What was seen of each outcome, how certain it is, and what can be said of it. Each certainty is computed "
            "from the facts of the footnotes; ",
            Run("where each step comes from", link="#certainty"),
            " stands below.",
        )
    )
    parts = tuple(_part(review, item) for item in tables)
    yield Section("Summary of findings", "findings", (lead, *parts))


def _part(review: Review, item: FindingsTable) -> Section:
    columns = tuple(Column(column.heading, width=_WIDTHS.get(column.key, 1.0)) for column in item.columns)
    rows = (*(_row(review, item, row) for row in item.rows if not _silent(row)), *_not_reported(review, item))
    notes = tuple(runs(Run(note.letter, mark=True), f" {_text(review, note.text)}") for note in item.footnotes)
    name = anchor("findings", item.about_id)
    blocks: tuple[Block, ...] = (
        Facts(tuple((label, runs(value)) for label, value in item.header)),
        Table(item.title, columns, rows, notes, anchor=f"{name}-table"),
    )
    return Section(item.title, name, blocks)


def _silent(row: SingleArmRow | ComparisonRow) -> bool:
    return row.kind == "harm" and isinstance(row, SingleArmRow) and not row.seen


def _not_reported(review: Review, item: FindingsTable) -> Iterator[Row]:
    """The harms that no report speaks of, in one row."""
    silent = [row for row in item.rows if _silent(row)]
    if not silent:
        return
    labels = [inside(row.outcome) for row in silent]
    reports = review.synthesis.studied[item.about_id].arms["study_id"].nunique()
    unnumbered = unnumbered_reports(review.synthesis.studied[item.about_id])
    label = review.protocol.procedure(item.about_id).label
    statement = harm_statement(listing(labels, "or"), (), reports, label, unnumbered=unnumbered)
    texts = {"outcome": f"Harms: {listing(labels)}", "statement": statement.text}
    yield Row(tuple(_cell(review, silent[0], column.key, texts.get(column.key)) for column in item.columns))


def _row(review: Review, item: FindingsTable, row: SingleArmRow | ComparisonRow) -> Row:
    return Row(tuple(_cell(review, row, column.key) for column in item.columns))


def _cell(review: Review, row: SingleArmRow | ComparisonRow, key: str, text: str | None = None) -> Runs:
    letters = row.notes.get(key, ())
    marks = runs(Run(", ".join(letters), mark=True)) if letters else ()
    # A text of the report is one line: figures that stand on lines of their own are parted by semicolons.
    shown = row.cells[key] if text is None else text
    return runs(_text(review, shown.replace("\n", "; ")), marks)


def _text(review: Review, text: str) -> str:
    return true_minus(with_labels(text, review))
