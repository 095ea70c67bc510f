"""The outcomes of one procedure: figures, directions, which report gives what, what the evidence allows, and plots."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from synth.effects.continuous import mean_change
from synth.protocol import Procedure
from synth.provenance import slug
from synth.report.derivations import derivation_blocks
from synth.report.figures import forest_figure, slope_figures
from synth.report.model import Block, Column, Paragraph, Row, Run, Runs, Table, runs
from synth.report.pools import pool_blocks
from synth.report.words import (
    NOT_SEEN,
    anchor,
    change,
    moment,
    number,
    signed,
    size,
    source_runs,
    study_run,
    true_minus,
    with_labels,
)
from synth.review import Review
from synth.synthesis.ladder import WITHOUT_RESULT, Answer, Rung, side_by_side
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
        yield _matrix(review, procedure, [*figures, *directions])
    yield _rung_table(review, procedure, answers)
    yield from _cases_table(review, procedure)
    for answer in answers:
        yield from slope_figures(review, procedure, answer)
        if len(answer.changes) > 1:
            yield forest_figure(review, procedure, answer)
        if answer.pooled is not None:
            name = "-".join(map(slug, (procedure.id, answer.outcome, answer.instrument)))
            yield from pool_blocks(review, review.synthesis.pools.of(answer), name)
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
        runs(f"{review.protocol.outcome(item.outcome).label}, {item.instrument}"),
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


def _matrix(review: Review, procedure: Procedure, shown: Shown) -> Table:
    """Which report gives what of which outcome (rule 25 of the methods)."""
    given: dict[tuple[str, str], str] = {}
    for _, item in shown:
        key = (item.study_id, item.outcome)
        given[key] = "; ".join(filter(None, [given.get(key, ""), f"{_given(item)} ({item.instrument})"]))
    named = {outcome for _, outcome in given}
    outcomes = [item for item in review.protocol.outcomes if item.role == "main" or item.id in named]
    studied = review.synthesis.studied[procedure.id]
    studies = dict.fromkeys([*studied.arms["study_id"], *studied.direction_only["study_id"]])
    rows = tuple(
        Row(
            (
                runs(study_run(str(study), review)),
                *(runs(given.get((str(study), outcome.id), "nothing seen")) for outcome in outcomes),
            )
        )
        for study in studies
    )
    columns = (Column("Report", width=1.2), *(Column(item.label) for item in outcomes))
    note = "Nothing seen: the pages that were read give no figure; whether the outcome was measured is not known."
    caption = f"{procedure.label}: which report gives what"
    return Table(caption, columns, rows, (runs(note),), anchor("matrix", procedure.id))


def _given(item: Series) -> str:
    summary = item.summary
    before = summary.baseline_mean is not None or item.baseline_range is not None
    after = summary.followup_mean is not None or item.followup_range is not None
    if item.role == "direction only":
        return "direction only"
    if summary.change is not None:
        return "one patient" if item.single_patient else "change"
    if item.stated_direction:
        return "direction stated"
    return "after only" if after else "measured before, after not seen" if before else "measured, figures not seen"


def _cases_table(review: Review, procedure: Procedure) -> Iterator[Table]:
    """Single patients that sources describe one by one, each change beside the published important difference."""
    procedures, roles = review.synthesis.arm_procedures, review.synthesis.roles
    rows = tuple(
        _case_row(review, case)
        for _, case in review.extraction.cases.iterrows()
        if procedures[(str(case["study_id"]), str(case["arm_id"]))] == procedure.id
        and roles[str(case["study_id"])].role == "synthesis"
    )
    if rows:
        columns = (
            Column("Report and place", width=1.8),
            Column("Patient", width=1.2),
            Column("Instrument"),
            Column("Months", "right", 0.7),
            Column("Before", "right", 0.7),
            Column("After", "right", 0.7),
            Column("Change", "right", 0.8),
            Column("Published important difference", width=1.4),
        )
        yield Table(f"{procedure.label}: single patients", columns, rows, anchor=anchor("cases", procedure.id))


def _case_row(review: Review, case: pd.Series) -> Row:
    before, after, months, age = (
        None if pd.isna(case[name]) else float(case[name])
        for name in ("baseline", "followup", "timepoint_months", "age")
    )
    who = ", ".join(filter(None, [str(case["sex"]), "" if age is None else f"{number(age)} years"]))
    texts = (
        f"{case['case_id']}{f' ({who})' if who else ''}",
        str(case["instrument"]) or "none",
        *(NOT_SEEN if value is None else number(value) for value in (months, before, after)),
        NOT_SEEN if before is None or after is None else signed(mean_change(before, after)),
        _published(review, str(case["instrument"])),
    )
    place = source_runs(str(case["study_id"]), str(case["locator"]), str(case["seen_in"]), review)
    return Row((place, *(runs(text) for text in texts)))


def _published(review: Review, instrument: str) -> str:
    chosen = review.protocol.instrument(instrument).chosen if instrument else None
    if chosen is None:
        return "none read" if instrument else "-"
    return f"{number(chosen.value)} (in: {review.protocol.instrument(instrument).chosen_population})"


def _rung_table(review: Review, procedure: Procedure, answers: list[Answer]) -> Table:
    columns = (
        Column("Outcome", width=1.4),
        Column("Instrument"),
        Column("What the evidence allows", width=1.5),
        Column("Why", width=4.0),
    )
    rows = tuple(
        Row(
            (
                runs(review.protocol.outcome(item.outcome).label),
                runs(item.instrument or "none"),
                runs(Run(str(item.rung), strong=item.rung not in WITHOUT_RESULT)),
                runs(_reason(review, item)),
            )
        )
        for item in answers
    )
    return Table(f"{procedure.label}: what the evidence allows", columns, rows, anchor=anchor("rungs", procedure.id))


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
