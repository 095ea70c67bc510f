"""Single patients of a procedure, and several of them side by side."""

from __future__ import annotations

from collections.abc import Iterator

from synth.protocol import Procedure
from synth.report.model import Block, Bullets, Column, Paragraph, Row, Table, runs
from synth.report.words import NOT_SEEN, anchor, inside, measured, number, signed, source_runs, true_minus, with_labels
from synth.review import Review
from synth.synthesis.cases import CaseAnswer
from synth.synthesis.cases.patients import Case


def case_blocks(review: Review, procedure: Procedure) -> Iterator[Block]:
    """Every eligible patient that a source describes alone, each change beside the published differences."""
    answers = [item for item in review.cases if item.procedure == procedure.id]
    shown = [(answer, case) for answer in answers for case in answer.cases if case.role == "synthesis"]
    if not shown:
        return
    columns = (
        Column("Report and place", width=1.8),
        Column("Patient", width=1.2),
        Column("Outcome, instrument", width=1.3),
        Column("Months", "right", 0.6),
        Column("Before", "right", 0.7),
        Column("After, or time", "right", 0.8),
        Column("Change", "right", 0.8),
        Column("Beside each published important difference", width=2.4),
    )
    rows = tuple(_row(review, answer, case) for answer, case in shown)
    yield Table(f"{procedure.label}: single patients", columns, rows, anchor=anchor("cases", procedure.id))
    for answer in answers:
        yield from _together(review, answer)


def _row(review: Review, answer: CaseAnswer, case: Case) -> Row:
    label = review.protocol.outcome(answer.outcome).label if answer.outcome else "no score seen"
    figures = (case.timepoint_months, case.baseline, case.followup)
    texts = (
        _who(case),
        measured(label, answer.instrument),
        *(NOT_SEEN if value is None else number(value) for value in figures),
        "a time" if case.is_time else NOT_SEEN if case.change is None else signed(case.change),
        true_minus(" ".join(answer.said_of(case))) or "no change to compare",
    )
    place = source_runs(case.study_id, case.locator, case.seen_in, review)
    return Row((place, *map(runs, texts)))


def _who(case: Case) -> str:
    told = ", ".join(filter(None, [case.sex, "" if case.age is None else f"{number(case.age)} years"]))
    name = case.case_id or "one patient"
    return f"{name} ({told})" if told else name


def _together(review: Review, answer: CaseAnswer) -> Iterator[Block]:
    """The pseudo-series of an outcome, where there is one, with what it is not."""
    if answer.pseudo_series is None:
        return
    label = inside(review.protocol.outcome(answer.outcome).label)
    yield Paragraph(runs(f"Single patients side by side, {label} ({answer.instrument}):"))
    told = (with_labels(true_minus(sentence), review) for sentence in answer.pseudo_series.sentences())
    yield Bullets(tuple(runs(sentence) for sentence in told))
