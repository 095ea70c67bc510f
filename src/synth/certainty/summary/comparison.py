"""Rows of a comparison: risks per 1,000 without and with treatment, difference, relative effect, and the statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.certainty.grade.counts_alone import without_effect_notes
from synth.certainty.grade.types import Rating
from synth.certainty.summary.comparison_statements import MainResult, main_result
from synth.certainty.summary.enrolment import Enrolment
from synth.certainty.summary.notes import Letters, certainty_notes, certainty_text, judged_by
from synth.certainty.summary.risks import AbsoluteEffect, AssumedRisk, Basis, absolute_effect, assumed_risk
from synth.certainty.summary.statements import statement_of
from synth.certainty.summary.types import SYMBOLS, Column, ComparisonRow, FindingsTable
from synth.certainty.summary.words import counted, inside, more_or_fewer, number, per_thousand, span
from synth.effects.binary import TwoArmCounts
from synth.effects.measures import MEASURES
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.sensitivity_tables import decimals_of

NOT_GIVEN = "not given"

_ARITHMETIC = {
    "RR": "The risk ratio times the risk in the comparison arms",
    "OR": "The odds ratio times the odds in the comparison arms, turned back into a risk",
    "RD": "The risk difference added to the risk in the comparison arms",
}


def comparison_table(
    treated: str, control: str, protocol: Protocol, ratings: Sequence[Rating], enrolment: Enrolment | None = None
) -> FindingsTable:
    """The table of two procedures that are compared, a row for each planned outcome.

    Parameters
    ----------
    treated, control : str
        Ids of the protocol.
    protocol : Protocol
    ratings : sequence of Rating
        Of the comparisons of these two.
    enrolment : Enrolment, optional
        Who was enrolled, analysed and chosen in each study; None marks nothing.
    """
    letters, people = Letters(), Enrolment() if enrolment is None else enrolment
    names = protocol.procedure(treated).label, protocol.procedure(control).label
    rows = tuple(_row(item, protocol, people, letters) for item in ratings)
    return FindingsTable(
        kind="comparison",
        about_id=f"{treated}/{control}",
        title=f"{names[0]} compared with {inside(names[1])}: summary of findings",
        header=(
            ("People", protocol.question.population),
            ("Treatment", names[0]),
            ("Comparison", names[1]),
            *judged_by(ratings),
        ),
        columns=_columns(protocol.synthesis.level, *map(inside, names)),
        rows=rows,
        footnotes=letters.footnotes,
    )


def _columns(level: float, treated: str, control: str) -> tuple[Column, ...]:
    interval = f"({100 * level:g}% interval)"
    return (
        Column("outcome", "Outcome"),
        Column("without", f"Risk with {control}, per 1,000"),
        Column("with", f"Risk with {treated}, per 1,000 {interval}"),
        Column("difference", f"Difference, per 1,000 {interval}"),
        Column("relative", f"Relative effect {interval}"),
        Column("people", "Participants (studies)"),
        Column("certainty", "Certainty"),
        Column("statement", "What this means"),
    )


def _row(rating: Rating, protocol: Protocol, enrolment: Enrolment, letters: Letters) -> ComparisonRow:
    answer = rating.comparison
    if answer is None:
        raise MethodError(f"{rating.about}, {rating.outcome}: a rating of a comparison without its answer")
    counts = answer.counts
    result = main_result(answer)
    assumed = assumed_risk(counts) if counts else None
    absolute = () if result is None or assumed is None else tuple(_absolute(result, assumed))
    statement = statement_of(rating, protocol=protocol)
    participants = sum(pair.total_treated + pair.total_control for pair in counts)
    cells = {
        "outcome": answer.comparison.label,
        "without": _without(assumed),
        "with": "\n".join(_with(item, absolute) for item in absolute) or NOT_GIVEN,
        "difference": "\n".join(_difference(item, absolute) for item in absolute) or NOT_GIVEN,
        "relative": _relative(answer, result),
        "people": f"{participants:,} {_unit(counts)} ({counted(len(counts), 'study', 'studies')})",
        "certainty": certainty_text(rating, SYMBOLS[rating.level]),
        "statement": statement.text,
    }
    return ComparisonRow(
        outcome_id=rating.outcome_id,
        outcome=answer.comparison.label,
        kind="outcome",
        importance=_importance(answer, protocol),
        level=rating.level,
        lowest=rating.lowest,
        statement=statement,
        cells=cells,
        notes=_notes(rating, answer, result, assumed, absolute, _people_notes(answer, counts, enrolment), letters),
        measure=answer.comparison.measure,
        effect=None if result is None else (result.estimate, result.interval),
        assumed=assumed,
        absolute=absolute,
        participants=participants,
        studies=len(counts),
    )


def _importance(answer: ComparisonAnswer, protocol: Protocol) -> str:
    """Of the outcome towards which the event counts; empty where the protocol does not say."""
    importance = {item.id: item.importance or "" for item in protocol.outcomes}
    return importance.get(protocol.event(answer.comparison.event).outcome, "")


def _unit(counts: Sequence[TwoArmCounts]) -> str:
    """What was counted; patients are participants here, for people in a trial need not be ill."""
    units = {"participants" if pair.unit_of_analysis == "patients" else pair.unit_of_analysis for pair in counts}
    return " and ".join(sorted(units)) or "participants"


def _absolute(result: MainResult, assumed: AssumedRisk) -> Iterator[AbsoluteEffect]:
    bases: tuple[tuple[Basis, float], ...] = (
        ("median", assumed.median),
        ("lowest", assumed.lowest),
        ("highest", assumed.highest),
    )
    if assumed.arms == 1:
        bases = (("one study", assumed.median),)
    for basis, risk in bases:
        yield absolute_effect(result.measure, result.estimate, result.interval, risk, basis=basis)


def _without(assumed: AssumedRisk | None) -> str:
    if assumed is None:
        return NOT_GIVEN
    if assumed.arms == 1:
        return per_thousand(assumed.median)
    return (
        f"median {per_thousand(assumed.median)}\nlowest {per_thousand(assumed.lowest)}\n"
        f"highest {per_thousand(assumed.highest)}"
    )


def _of_basis(item: AbsoluteEffect, among: Sequence[AbsoluteEffect]) -> str:
    return f"{item.basis}: " if len(among) > 1 else ""


def _with(item: AbsoluteEffect, among: Sequence[AbsoluteEffect]) -> str:
    low, high = item.with_interval
    limits = f"{per_thousand(low)} to {per_thousand(high)}"
    return f"{_of_basis(item, among)}{per_thousand(item.with_treatment)} ({limits})"


def _difference(item: AbsoluteEffect, among: Sequence[AbsoluteEffect]) -> str:
    low, high = item.difference_interval
    limits = f"{more_or_fewer(low)} to {more_or_fewer(high)}"
    return f"{_of_basis(item, among)}{more_or_fewer(item.difference)} ({limits})"


def _relative(answer: ComparisonAnswer, result: MainResult | None) -> str:
    measure, digits = MEASURES[answer.comparison.measure], decimals_of(answer.comparison.measure)
    if result is not None:
        return f"{measure.label} {number(result.estimate, digits)} ({span(result.interval, digits)})"
    shown = []
    for effect in answer.effects:
        limits = effect.interval
        interval = (
            "no interval" if limits is None else span((measure.natural(limits[0]), measure.natural(limits[1])), digits)
        )
        shown.append(
            f"{effect.study_id}: {measure.label} {number(measure.natural(effect.estimate), digits)} ({interval})"
        )
    if answer.pooled is not None:
        estimate, interval_, _ = answer.pooled.natural()
        shown.append(f"pool of two, sensitivity only: {number(estimate, digits)} ({span(interval_, digits)})")
    return "\n".join(shown) or ("no effect was computed" if answer.counts else "no effect can be given")


def _notes(
    rating: Rating,
    answer: ComparisonAnswer,
    result: MainResult | None,
    assumed: AssumedRisk | None,
    absolute: Sequence[AbsoluteEffect],
    people: Sequence[str],
    letters: Letters,
) -> dict[str, tuple[str, ...]]:
    """Letters by column, each asked for in the order in which a reader meets it."""
    derivation = f"{_ARITHMETIC[answer.comparison.measure]}; the limits likewise."
    capped = "No risk lies outside 0 to 1,000 per 1,000: the arithmetic was stopped there."
    not_given = "Not given: no pool of three or more studies, and not one study alone, gives an effect to apply."
    return {
        "without": letters.of([] if assumed is None else [_assumed_note(assumed)]),
        "with": letters.of(
            [derivation, *([capped] if any(item.capped for item in absolute) else [])] if absolute else [not_given]
        ),
        "difference": letters.of([] if absolute else [not_given]),
        "relative": letters.of([] if result is not None or not answer.effects else [answer.reason]),
        "people": letters.of(people),
        "certainty": letters.of(certainty_notes(rating)),
    }


def _people_notes(answer: ComparisonAnswer, counts: Sequence[TwoArmCounts], enrolment: Enrolment) -> list[str]:
    """Who stands behind no effect, and who of those enrolled was analysed and how they were chosen."""
    totals = [(pair.study_id, pair.total_treated + pair.total_control, pair.unit_of_analysis) for pair in counts]
    return [*without_effect_notes(answer), *enrolment.notes((), totals)]


def _assumed_note(assumed: AssumedRisk) -> str:
    unsaid = "The uncertainty of this risk is not in the intervals of the columns beside it."
    if assumed.arms == 1:
        return f"The risk in the comparison arm of the one study. {unsaid}"
    return (
        f"Risks of the {assumed.arms} comparison arms: the median, the lowest ({assumed.lowest_in}) and the highest "
        f"({assumed.highest_in}). {unsaid}"
    )
