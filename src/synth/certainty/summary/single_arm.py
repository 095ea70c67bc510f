"""Rows of a procedure whose evidence has no comparison: what was seen, and no column of effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.certainty.grade.types import Level, Rating
from synth.certainty.single_patients import SinglePatients, patients_by_arm
from synth.certainty.summary.enrolment import Enrolment, denominators, unnumbered_reports
from synth.certainty.summary.notes import Letters, certainty_notes, certainty_text, judged_by
from synth.certainty.summary.people import People, people_of
from synth.certainty.summary.shares import count_words
from synth.certainty.summary.statements import (
    after_only,
    any_row,
    described_in,
    eligible_counts,
    harm_statement,
    statement_of,
)
from synth.certainty.summary.types import SYMBOLS, Column, FindingsTable, Seen, SingleArmRow
from synth.certainty.summary.words import (
    NO_EVIDENCE,
    NO_FIGURE,
    after_words,
    change_unit,
    counted,
    counted_series,
    inside,
    number,
    percent,
    signed,
    signed_span,
    size,
    true_minus,
)
from synth.protocol import Outcome, Procedure, Protocol
from synth.synthesis.answers import Studied, Synthesis
from synth.synthesis.counts import Count
from synth.synthesis.ladder import Answer
from synth.synthesis.proportions import ProportionAnswer
from synth.synthesis.series import Series

COLUMNS = (
    Column("outcome", "Outcome"),
    Column("seen", "What was seen"),
    Column("people", "Patients (series)"),
    Column("certainty", "Certainty"),
    Column("statement", "What this means"),
)

OVERLAP_NOTE = "At most: that some people are counted twice cannot be excluded."
DERIVED_NOTE = (
    "The interval of a change rests on an assumption where its standard error was not printed; each assumption stands "
    "with the series."
)
#: Rule 22: a harm that was counted is evidence, so it is not called "not rated".
NOT_ASSESSED = "Not assessed"
NOT_ASSESSED_NOTE = (
    "Not assessed: ratings are planned for outcomes. Harms of the protocol's list are shown as they were counted, with "
    "exact intervals where a count has a rate, and nobody has judged how certain they are."
)
SILENT_NOTE = "Not rated: no report that was read counts this harm, so there is no evidence to rate."

#: The one row that the protocol's harms list does not hold.
ANY_COMPLICATION = "any complication"


def single_arm_table(
    procedure: Procedure,
    patients: SinglePatients,
    synthesis: Synthesis,
    ratings: Sequence[Rating],
    enrolment: Enrolment | None = None,
) -> FindingsTable:
    """The table of one procedure.

    Parameters
    ----------
    procedure : Procedure
    patients : SinglePatients
        Which single patients are not counted; the ratings hold the others.
    synthesis : Synthesis
    ratings : sequence of Rating
        Those of the procedure, one an outcome; an outcome without one has no row.
    enrolment : Enrolment, optional
        Who was enrolled, analysed and chosen in each study; None marks nothing.
    """
    letters, people = Letters(), Enrolment() if enrolment is None else enrolment
    protocol = patients.protocol
    by_outcome = {item.outcome_id: item for item in ratings}
    outcomes = [item for item in in_order(protocol.outcomes) if item.id in by_outcome]
    rows = [
        _outcome_row(item, by_outcome[item.id], synthesis, people, letters, patients.left_out(procedure.id, item.id))
        for item in outcomes
    ]
    rows.extend(_harm_rows(procedure, synthesis, people, letters))
    return FindingsTable(
        kind="uncontrolled",
        about_id=procedure.id,
        title=f"{procedure.label}: summary of findings",
        header=(
            ("People", protocol.question.population),
            ("Treatment", procedure.label),
            ("Comparison", "none: series without a comparison are described and not compared"),
            *judged_by(ratings),
        ),
        columns=COLUMNS,
        rows=tuple(rows),
        footnotes=letters.footnotes,
    )


_IMPORTANCE = {"critical": 0, "important": 1, "limited": 2}


def in_order(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes by importance, then as the protocol has them; those that nobody rated stand last."""
    return sorted(outcomes, key=lambda item: _IMPORTANCE.get(item.importance or "", len(_IMPORTANCE)))


def _shares_of(rating: Rating, synthesis: Synthesis) -> tuple[ProportionAnswer, ...]:
    """Counts that the protocol assigns to the outcome, after the procedure."""
    events = {item.id for item in synthesis.protocol.events if item.outcome == rating.outcome_id}
    return tuple(item for item in synthesis.proportions if item.procedure == rating.about_id and item.event in events)


def _outcome_row(
    outcome: Outcome,
    rating: Rating,
    synthesis: Synthesis,
    enrolment: Enrolment,
    letters: Letters,
    left_out: Sequence[str],
) -> SingleArmRow:
    protocol = synthesis.protocol
    shares = _shares_of(rating, synthesis)
    seen = (*_figures_seen(rating.answers), *_counts_seen(shares))
    people = _people(rating.answers, shares, synthesis.studied[rating.about_id])
    statement = statement_of(rating, protocol=protocol, shares=shares, enrolment=enrolment)
    marks = enrolment.notes(described_in(rating.answers), denominators(eligible_counts(shares)))
    shown = "\n".join(item.text for item in seen) or _nothing(rating)
    notes = {
        "outcome": letters.of([_surrogate(outcome, protocol)]),
        "seen": letters.of([*_seen_notes(rating.answers), *left_out, *marks]),
        "people": letters.of([OVERLAP_NOTE] if people.at_most else []),
        "certainty": letters.of(certainty_notes(rating)),
        "statement": letters.of(statement.notes),
    }
    cells = {
        "outcome": outcome.label,
        "seen": shown,
        "people": people.text(),
        "certainty": certainty_text(rating, SYMBOLS[rating.level]),
        "statement": statement.text,
    }
    return SingleArmRow(
        outcome_id=outcome.id,
        outcome=outcome.label,
        kind="outcome",
        importance=outcome.importance or "",
        level=rating.level,
        lowest=rating.lowest,
        statement=statement,
        cells=cells,
        notes=notes,
        seen=seen,
        people=people.by_unit,
        people_at_most=people.at_most,
        series=people.series,
    )


def _nothing(rating: Rating) -> str:
    return NO_FIGURE if any_row(rating) else NO_EVIDENCE


def _surrogate(outcome: Outcome, protocol: Protocol) -> str:
    if not outcome.surrogate_for:
        return ""
    labels = {item.id: item.label for item in protocol.outcomes}
    meant = inside(labels.get(outcome.surrogate_for, outcome.surrogate_for))
    return f"A surrogate: stands in for {meant}, and is not that outcome itself."


def _seen_notes(answers: Sequence[Answer]) -> Iterator[str]:
    """What the figures rest on, and what they say against themselves (rules 7 and 11 of the methods)."""
    if _derived(answers):
        yield DERIVED_NOTE
    for answer in answers:
        for item in (*answer.changes, *answer.cases, *after_only(answer)):
            for finding in item.findings:
                if finding.kind != "fact":
                    yield true_minus(f"{item.study_id}, {item.instrument}: {finding.sentence}")


def _derived(answers: Sequence[Answer]) -> bool:
    return any(
        item.effect is not None and item.effect.interval is not None and item.effect.derivation is not None
        for answer in answers
        for item in answer.changes
    )


def _people(answers: Sequence[Answer], shares: Sequence[ProportionAnswer], studied: Studied) -> People:
    shown = [item for answer in answers for item in (*answer.changes, *answer.cases, *after_only(answer))]
    patients = patients_by_arm([item for item in shown if item.single_patient])
    arms = [
        (
            item.study_id,
            item.arm_id,
            patients[(item.study_id, item.arm_id)] if item.single_patient else item.summary.n,
            item.summary.unit_of_analysis,
        )
        for item in shown
    ]
    several = [(item.study_id, item.arm_id) for item in shown if not item.single_patient]
    several += [(count.study_id, count.arm_id) for count in eligible_counts(shares)]
    arms += [(count.study_id, count.arm_id, count.total, count.unit_of_analysis) for count in eligible_counts(shares)]
    return people_of(arms, studied.arms, studied.overlaps, single=set(patients) - set(several))


def _figures_seen(answers: Sequence[Answer]) -> Iterator[Seen]:
    for answer in answers:
        for item in (*answer.changes, *answer.cases, *after_only(answer)):
            yield _series_seen(item)
        if answer.pooled is not None and not answer.sensitivity_only:
            yield _pool_seen(answer)


def _series_seen(item: Series) -> Seen:
    summary, effect = item.summary, item.effect
    interval = None if effect is None else effect.interval
    moments = [
        f"{name} {number(value)}"
        for name, value in (("before", summary.baseline_mean), ("after", summary.followup_mean))
        if value is not None
    ]
    shown = "no interval" if interval is None else signed_span(interval)
    change = [] if effect is None else [f"change {signed(effect.estimate)} {change_unit(summary.unit)} ({shown})"]
    time = [] if item.timepoint_months is None else [f"{number(item.timepoint_months)} months"]
    place = ", ".join([f"{item.instrument}, {item.study_id}", size(item), *time])
    told = f"{place}: {', '.join([*moments, *change])}"
    return Seen(
        study_id=item.study_id,
        arm_id=item.arm_id,
        instrument=item.instrument,
        unit=summary.unit,
        n=summary.n,
        unit_of_analysis=summary.unit_of_analysis,
        months=item.timepoint_months,
        before=summary.baseline_mean,
        after=summary.followup_mean,
        estimate=None if effect is None else effect.estimate,
        interval=interval,
        level=None if effect is None or interval is None else effect.level,
        text=told if change else f"{item.instrument}, after only: {after_words(item)}",
    )


def _pool_seen(answer: Answer) -> Seen:
    pooled = answer.pooled
    assert pooled is not None  # the caller asks where there is one
    (estimate, interval, prediction), unit = pooled.natural(), change_unit(pooled.unit)
    beyond = "" if prediction is None else f"; prediction {signed_span(prediction)}"
    return Seen(
        study_id="",
        arm_id="",
        instrument=answer.instrument,
        unit=pooled.unit,
        n=None,
        unit_of_analysis=pooled.unit_of_analysis,
        estimate=estimate,
        interval=interval,
        level=pooled.level,
        text=(
            f"{answer.instrument}, pool of {counted_series(pooled.k)}: change {signed(estimate)} {unit} "
            f"({signed_span(interval)}{beyond})"
        ),
    )


def _counts_seen(shares: Sequence[ProportionAnswer]) -> Iterator[Seen]:
    for item in shares:
        for count in item.counts:
            if count.role == "synthesis":
                yield _count_seen(count)
        if item.pooled is not None:
            estimate, interval = item.pooled
            low, high = interval
            shown = f"{percent(estimate)} ({percent(low)} to {percent(high)})"
            yield Seen(
                study_id="",
                arm_id="",
                instrument=item.event,
                unit="share",
                n=None,
                unit_of_analysis=item.unit,
                estimate=estimate,
                interval=interval,
                level=item.level,
                text=f"“{item.event}”, pool of {counted_series(item.k)}: {shown}",
            )


def _count_seen(item: Count) -> Seen:
    rate = item.proportion
    return Seen(
        study_id=item.study_id,
        arm_id=item.arm_id,
        instrument=item.event,
        unit="share",
        n=item.total,
        unit_of_analysis=item.unit_of_analysis,
        events=item.events,
        estimate=None if rate is None else rate.estimate,
        interval=None if rate is None else rate.interval,
        level=None if rate is None else rate.level,
        text=f"“{item.event}”: {count_words(item)}",
    )


def _harm_rows(
    procedure: Procedure, synthesis: Synthesis, enrolment: Enrolment, letters: Letters
) -> Iterator[SingleArmRow]:
    """Any complication where the protocol counts it, then each harm of its list, reported or not."""
    protocol = synthesis.protocol
    counts = [item for item in synthesis.counts_of(procedure.id) if item.role == "synthesis"]
    asked = [(harm, [item for item in counts if item.harm == harm]) for harm in protocol.harms]
    if any(item.kind == "any complication" for item in protocol.events):
        asked.insert(0, (ANY_COMPLICATION, [item for item in counts if item.kind == "any complication"]))
    for harm, found in asked:
        yield _harm_row(harm, found, procedure, synthesis.studied[procedure.id], enrolment, letters)


def _harm_row(
    harm: str, found: Sequence[Count], procedure: Procedure, studied: Studied, enrolment: Enrolment, letters: Letters
) -> SingleArmRow:
    reports = studied.arms["study_id"].nunique()
    statement = harm_statement(
        harm, found, reports, procedure.label, unnumbered=unnumbered_reports(studied), enrolment=enrolment
    )
    arms = [(item.study_id, item.arm_id, item.total, item.unit_of_analysis) for item in found]
    people = people_of(arms, studied.arms, studied.overlaps)
    seen = tuple(map(_count_seen, found))
    cells = {
        "outcome": harm[:1].upper() + harm[1:],
        "seen": "\n".join(item.text for item in seen) or "not reported",
        "people": people.text() if found else f"none (0 of {counted(reports, 'report')})",
        "certainty": NOT_ASSESSED if found else certainty_text(None, ""),
        "statement": statement.text,
    }
    notes = {
        "seen": letters.of(enrolment.notes((), denominators(found))),
        "people": letters.of([OVERLAP_NOTE] if people.at_most else []),
        "certainty": letters.of([NOT_ASSESSED_NOTE if found else SILENT_NOTE]),
    }
    return SingleArmRow(
        outcome_id=harm,
        outcome=cells["outcome"],
        kind="harm",
        importance="",
        level=Level.NOT_RATED,
        lowest=Level.NOT_RATED,
        statement=statement,
        cells=cells,
        notes=notes,
        seen=seen,
        people=people.by_unit,
        people_at_most=people.at_most,
        series=people.series,
    )
