"""The outcomes of one procedure: figures, directions, which report gives what, what the evidence allows, and plots."""

from __future__ import annotations

from collections.abc import Iterator

from synth.protocol import Procedure
from synth.provenance import slug
from synth.report.cases import case_blocks
from synth.report.derivations import derivation_blocks
from synth.report.figures import forest_figure, slope_figures
from synth.report.model import Block, Column, Paragraph, Row, Run, Runs, Table, runs
from synth.report.pools import judgement_blocks, pool_blocks
from synth.report.swim import reporting_matrix
from synth.report.words import (
    NOT_SEEN,
    anchor,
    change,
    measured,
    moment,
    number,
    size,
    source_runs,
    study_run,
    true_minus,
    with_labels,
)
from synth.review import Review
from synth.synthesis.ladder import WITHOUT_RESULT, Answer, Rung, side_by_side
from synth.synthesis.outcome_answers import OutcomeAnswer
from synth.synthesis.series import Series

Shown = list[tuple[Answer, Series]]


def outcome_blocks(review: Review, procedure: Procedure) -> Iterator[Block]:
    """Everything that is shown of the outcomes of a procedure."""
    roles = {outcome.id: outcome.role for outcome in review.protocol.outcomes}
    answers = [
        item
        for item in review.synthesis
        if item.procedure == procedure.id and (item.series or roles[item.outcome] == "main")
    ]
    if not answers:
        yield Paragraph(runs("The protocol names no main outcome, and no figure was extracted."))
        return
    figures = [(answer, item) for answer in answers for item in answer.series if item.role == "synthesis"]
    directions = [(answer, item) for answer in answers for item in answer.series if item.role == "direction only"]
    if figures:
        yield _figures_table(review, procedure, figures)
    if directions:
        yield _directions_table(review, procedure, directions)
    if figures or directions:
        yield Paragraph(
            runs(
                "A change from before to after has no comparison: regression to the mean, the natural course, other "
                "care given at the same time and entry at the worst point can each explain a part of it. "
                "Values after treatment, and changes, belong to the time in the column of months."
            )
        )
    yield from reporting_matrix(review, procedure)
    yield _rung_table(review, procedure, answers)
    yield from case_blocks(review, procedure)
    for answer in answers:
        yield from slope_figures(review, procedure, answer)
        if len(answer.changes) > 1:
            yield forest_figure(review, procedure, answer)
        if answer.pooled is not None:
            name = "-".join(map(slug, (procedure.id, answer.outcome, answer.instrument)))
            yield from pool_blocks(review, review.synthesis.pools.of(answer), name)
            yield from judgement_blocks(review, answer, name)
    for _, item in figures:
        yield from derivation_blocks(review, item)


def _figures_table(review: Review, procedure: Procedure, shown: Shown) -> Table:
    columns = (
        Column("Outcome", width=1.4),
        Column("Report and place", width=1.7),
        Column("n", width=0.9),
        Column("Months", "right", 0.6),
        Column("Before", width=1.5),
        Column("After", width=1.4),
        Column(f"Change ({100 * review.protocol.synthesis.level:g}% CI)", width=1.4),
        Column("p, as printed", width=0.7),
        Column("Remarks", width=2.1),
    )
    rows = tuple(
        Row(
            (
                *_measured(review, item),
                change(item.effect) if item.effect is not None else runs(_stated(item) or NOT_SEEN),
                runs(item.summary.p_value or NOT_SEEN),
                _remarks(item),
            )
        )
        for _, item in shown
    )
    note = " The standard error is not printed; how it follows from printed figures, with what assumption, is below."
    derived = any(item.effect and item.effect.interval and item.effect.derivation for _, item in shown)
    notes = (runs(Run("derived", mark=True), note),) if derived else ()
    return Table(f"{procedure.label}: outcome figures as seen", columns, rows, notes, anchor("figures", procedure.id))


def _directions_table(review: Review, procedure: Procedure, shown: Shown) -> Table:
    columns = (
        Column("Outcome", width=1.4),
        Column("Report and place", width=1.7),
        Column("n", width=0.9),
        Column("Months", "right", 0.6),
        Column("Before", width=1.5),
        Column("After", width=1.4),
        Column("Direction", width=1.4),
        Column("Remarks", width=2.8),
    )
    rows = tuple(
        Row((*_measured(review, item), runs(_stated(item) or item.direction or NOT_SEEN), _remarks(item)))
        for _, item in shown
    )
    reasons = sorted({review.synthesis.roles[item.study_id].reason for _, item in shown})
    note = f"Used for directions only ({', '.join(reasons)}): these figures enter no estimate."
    caption = f"{procedure.label}: directions only"
    return Table(caption, columns, rows, (runs(note),), anchor("directions", procedure.id))


def _measured(review: Review, item: Series) -> tuple[Runs, ...]:
    """Outcome, place, size, time, and the values before and after."""
    summary = item.summary
    return (
        runs(measured(review.protocol.outcome(item.outcome).label, item.instrument)),
        source_runs(item.study_id, item.locator, item.seen_in, review),
        runs(size(item)),
        runs(NOT_SEEN if item.timepoint_months is None else number(item.timepoint_months)),
        runs(moment(summary.baseline_mean, summary.baseline_sd, item.baseline_range)),
        runs(moment(summary.followup_mean, summary.followup_sd, item.followup_range)),
    )


def _stated(item: Series) -> str:
    return f"{item.stated_direction}, as stated" if item.stated_direction and item.summary.change is None else ""


def _remarks(item: Series) -> Runs:
    remarks = [true_minus(finding.sentence) for finding in item.findings]
    if item.note:
        remarks.append(item.note[:1].upper() + item.note[1:] + ".")
    return runs(" ".join(remarks) or "none")


def _rung_table(review: Review, procedure: Procedure, answers: list[Answer]) -> Table:
    """One row an instrument, and one for the whole outcome where shares or several instruments lift it."""
    columns = (
        Column("Outcome", width=1.4),
        Column("Instrument"),
        Column("What the evidence allows", width=1.5),
        Column("Why", width=4.0),
    )
    rows: list[Row] = []
    for whole in review.synthesis.outcomes:
        own = [item for item in answers if (item.procedure, item.outcome) == (whole.procedure, whole.outcome)]
        rows += [_rung_row(review, item, item.instrument or "none", _reason(review, item)) for item in own]
        if own and all(whole.rung is not item.rung or whole.reason.startswith("Counted") for item in own):
            rows.append(_rung_row(review, whole, "all together", with_labels(whole.reason, review)))
    caption = f"{procedure.label}: what the evidence allows"
    return Table(caption, columns, tuple(rows), anchor=anchor("rungs", procedure.id))


def _rung_row(review: Review, item: Answer | OutcomeAnswer, instrument: str, reason: str) -> Row:
    return Row(
        (
            runs(review.protocol.outcome(item.outcome).label),
            runs(instrument),
            runs(Run(str(item.rung), strong=item.rung not in WITHOUT_RESULT)),
            runs(reason),
        )
    )


def _reason(review: Review, answer: Answer) -> str:
    if answer.rung is not Rung.SWIM or not answer.overlaps:
        return with_labels(answer.reason, review)
    pairs = "; ".join(
        f"{study_run(pair.first, review).text} and {study_run(pair.second, review).text}: "
        f"{with_labels(pair.reason, review)}"
        for pair in answer.overlaps
    )
    sentence = f"Not pooled: that the patients are the same people cannot be excluded ({pairs})."
    return " ".join(filter(None, [sentence, side_by_side(answer), answer.beside]))
