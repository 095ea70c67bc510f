"""What may be said of one outcome, in plain language: the words follow the certainty, the figures follow the evidence.

Wording by level: GRADE guidelines 26 (Santesso et al. 2020; abstract read at https://pubmed.ncbi.nlm.nih.gov/31711912/)
and doi:10.1186/s13643-023-02199-0, table 5; for evidence without a comparison, rules 22 to 24 of the methods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from synth.certainty.grade.types import Level, Rating
from synth.certainty.single_patients import patients_in
from synth.certainty.summary.comparison_statements import comparison_statement
from synth.certainty.summary.enrolment import Enrolment, denominators, giving_no_number
from synth.certainty.summary.notes import between_levels
from synth.certainty.summary.shares import counted_sentences, share_sentences
from synth.certainty.summary.thresholds import difference_notes, difference_sentences
from synth.certainty.summary.types import Statement
from synth.certainty.summary.words import (
    after_words,
    capital,
    change_unit,
    counted,
    counted_series,
    inside,
    listing,
    number,
    percent,
    signed,
    signed_span,
)
from synth.errors import MethodError
from synth.protocol import Instrument, Protocol
from synth.synthesis.counts import Count
from synth.synthesis.ladder import Answer, Rung
from synth.synthesis.proportions import ProportionAnswer
from synth.synthesis.series import Series

#: Rule 24 of the methods: what else can lie behind a change from before to after.
OTHER_REASONS = (
    "Regression to the mean, the natural course, other care at the same time and entry at the worst point can each "
    "explain a part of a change."
)
#: What a statement says of them; the whole stands in its notes, once below a table.
OTHER_REASONS_POINTER = "Other explanations, such as the natural course, stand in the notes."

# Each direction, in words, and how the time before follows it.
_DIRECTIONS = (("higher", "higher", "than"), ("lower", "lower", "than"), ("no change", "the same", "as"))

#: Up to so many single patients have their scores in the sentence.
_FEW = 3

#: What is said of the cause where nothing was compared, by level (rules 22 and 23).
_CAUSE = {
    Level.VERY_LOW: "Whether the procedure caused this is very uncertain.",
    Level.LOW: "The procedure may have had a part in this; how large a part is not known.",
    Level.NOT_RATED: "Whether the procedure caused this is not known; the certainty was not rated.",
}


#: Certainty of a harm that was counted: nothing is planned for it, and that is not the same as no evidence (rule 22).
_NOT_ASSESSED = "how certain this is was not assessed"


def statement_of(
    rating: Rating,
    *,
    protocol: Protocol,
    shares: Sequence[ProportionAnswer] = (),
    enrolment: Enrolment | None = None,
) -> Statement:
    """The statement of one rating.

    Parameters
    ----------
    rating : Rating
    protocol : Protocol
        For labels, instruments and the level of intervals.
    shares : sequence of ProportionAnswer
        Counts that belong to the outcome, after the procedure; for uncontrolled evidence.
    enrolment : Enrolment, optional
        Who was enrolled, analysed and chosen in each study; None marks nothing. For uncontrolled evidence.

    Raises
    ------
    MethodError
        If evidence without a comparison is rated above low (rule 22), or a comparison comes without its answer.
    """
    if rating.kind == "comparison":
        return comparison_statement(rating, protocol)
    return _uncontrolled(rating, protocol, shares, Enrolment() if enrolment is None else enrolment)


def _uncontrolled(
    rating: Rating, protocol: Protocol, shares: Sequence[ProportionAnswer], enrolment: Enrolment
) -> Statement:
    """What was seen after a procedure, that its cause is uncertain, and what belongs beside it."""
    if rating.level not in _CAUSE:
        raise MethodError(
            f"{rating.about}, {rating.outcome}: evidence without a comparison cannot be of {rating.level} certainty; "
            "low is the most it can have"
        )
    answers = [item for item in rating.answers if item.changes or item.cases]
    figures = [_directions(item, rating, protocol) for item in answers if item.changes]
    figures += [_cases(item, rating, protocol) for item in answers if item.cases]
    figures += [
        _after_only(item, rating, protocol.instrument(item.instrument)) for item in rating.answers if after_only(item)
    ]
    counts = list(share_sentences(shares, rating.about))
    if not figures and not counts:
        return _without_evidence(rating)
    people = enrolment.sentences(described_in(rating.answers), denominators(eligible_counts(shares)))
    main = [*figures, *counts, *people, *_certainty(rating)]
    beside, notes = [OTHER_REASONS_POINTER], [OTHER_REASONS]
    for answer in answers:
        beside.extend(_beside(answer, protocol))
        notes.extend(difference_notes(answer.changes, protocol.instrument(answer.instrument)))
    return Statement(
        main=" ".join(main),
        beside=tuple(dict.fromkeys(beside)),
        notes=tuple(dict.fromkeys(notes)),
        level=rating.level,
        kind="uncontrolled",
        controlled=False,
        quoted=_quoted(rating, protocol, shares),
    )


def described_in(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Studies whose scores are shown."""
    shown = (item for answer in answers for item in (*answer.changes, *answer.cases, *after_only(answer)))
    return tuple(dict.fromkeys(item.study_id for item in shown))


def eligible_counts(shares: Sequence[ProportionAnswer]) -> tuple[Count, ...]:
    """Counts that are shown."""
    return tuple(count for item in shares for count in item.counts if count.role == "synthesis")


def harm_statement(
    harm: str,
    counts: Sequence[Count],
    reports: int,
    about: str,
    *,
    unnumbered: Collection[str] = (),
    enrolment: Enrolment | None = None,
) -> Statement:
    """The statement of one entry of the harms list; nothing reported is never none (rule 10).

    Parameters
    ----------
    harm : str
        As the protocol lists it.
    counts : sequence of Count
        The eligible ones.
    reports : int
        Eligible reports of the procedure.
    about : str
        The procedure, for readers.
    unnumbered : collection of str, optional
        Those of the reports that give no number of patients, as `unnumbered_reports` finds them.
    enrolment : Enrolment, optional
        Who was enrolled and analysed in each study; None marks nothing.
    """
    studies = {item.study_id for item in counts}
    quoted = (harm, inside(harm), about, inside(about), *(item.event for item in counts), *sorted(studies))
    silent, without = reports - len(studies), len(set(unnumbered) - studies)
    if not counts:
        read = f"{_reports(reports)}{giving_no_number(without, reports)}"
        main = f"Nothing was reported on {inside(harm)} after {inside(about)} in what was read ({read})."
        beside: tuple[str, ...] = ("Not reported is not the same as none.",) if reports else ()
    else:
        people = [] if enrolment is None else enrolment.sentences((), denominators(counts))
        main = " ".join([*counted_sentences(counts, about), *people, _harm_end(counts)])
        beside = (_silent(silent, without),) if silent else ()
    return Statement(
        main=main,
        beside=beside,
        level=Level.NOT_RATED,
        kind="harm" if counts else "no evidence",
        controlled=False,
        quoted=quoted,
    )


def _silent(reports: int, unnumbered: int) -> str:
    """Reports that do not speak of a harm that others count."""
    given = giving_no_number(unnumbered, reports)
    aside = f"{given}," if given else ""
    verb = "does" if reports == 1 else "do"
    return f"{counted(reports, 'other report')}{aside} {verb} not report on it, which is not the same as none."


def _reports(count: int) -> str:
    return counted(count, "eligible report") if count else "there is no eligible report"


def _harm_end(counts: Sequence[Count]) -> str:
    """What follows a count of a harm: the cause where there are events, and what no event leaves open (rule 10)."""
    if any(item.events for item in counts):
        return f"Whether the procedure caused this is not known; {_NOT_ASSESSED}."
    limits = [item.proportion.interval[1] for item in counts if item.proportion is not None]
    # Where several series have none, the limit of each stands with it.
    rest = f"A share of up to {percent(limits[0])} is compatible with that. " if len(limits) == 1 else ""
    return f"{rest}{capital(_NOT_ASSESSED)}."


def any_row(rating: Rating) -> bool:
    """Whether there is any row of figures, usable or not; patients that are not counted are such rows too."""
    return any(item.series or item.rung is not Rung.NOTHING for item in rating.answers)


def _without_evidence(rating: Rating) -> Statement:
    """No evidence is not rated, never very low (rule 22)."""
    seen = "usable figure" if any_row(rating) else "evidence"
    main = f"No {seen} on {inside(rating.outcome)} after {inside(rating.about)} was seen, so nothing is rated."
    reasons = [
        f"{item.reason.rstrip('.')} ({item.instrument})." if item.instrument else item.reason for item in rating.answers
    ]
    return Statement(
        main=main,
        beside=tuple(filter(None, reasons)),
        level=Level.NOT_RATED,
        kind="no evidence",
        controlled=False,
        quoted=(
            *(rating.outcome, inside(rating.outcome), rating.about, inside(rating.about)),
            *(item.instrument for item in rating.answers if item.instrument),
        ),
    )


def _quoted(rating: Rating, protocol: Protocol, shares: Sequence[ProportionAnswer]) -> tuple[str, ...]:
    """Labels and names that stand in the statement and are not its own words."""
    names = [rating.about, inside(rating.about), rating.outcome, inside(rating.outcome)]
    for answer in rating.answers:
        if answer.instrument:
            instrument = protocol.instrument(answer.instrument)
            names += [instrument.id, instrument.label]
            chosen = instrument.chosen_threshold
            names += [chosen.method, chosen.population] if chosen is not None else []
        names += [item.study_id for item in answer.series]
    names += [share.event for share in shares]
    names += [count.study_id for count in eligible_counts(shares)]
    return tuple(dict.fromkeys(name for name in names if name))


def _certainty(rating: Rating) -> Iterator[str]:
    yield from between_levels(rating)
    said = _CAUSE[rating.level]
    yield said if rating.settled else f"At {rating.level}, {inside(said)}"


def _opening(rating: Rating, instrument: Instrument) -> str:
    """What was measured, by which instrument, and which way is better."""
    if instrument.better:
        return f"{rating.outcome} scores ({instrument.id}, {instrument.better} is better)"
    named = "" if instrument.id.lower() == rating.outcome.lower() else f" ({instrument.id})"
    return f"{rating.outcome} values{named}"


def _arms(series: Sequence[Series]) -> int:
    return len({(item.study_id, item.arm_id) for item in series})


def _directions(answer: Answer, rating: Rating, protocol: Protocol) -> str:
    """In how many series the scores were higher, lower or the same, with their figures."""
    instrument = protocol.instrument(answer.instrument)
    told: list[str] = []
    for direction, words, than in _DIRECTIONS:
        moved = [item for item in answer.changes if item.direction == direction]
        if moved:
            when = f" after {inside(rating.about)} {than} before" if not told else ""
            told.append(f"{words}{when} in {_arms(moved)} uncontrolled series ({_figures(moved, protocol)})")
    conflict = " The series differ in direction." if len(told) > 1 else ""
    return f"{_opening(rating, instrument)} were {listing(told)}.{conflict}"


def _figures(series: Sequence[Series], protocol: Protocol) -> str:
    """The change of one series with its interval, or the range over several."""
    changes = [item.summary.change for item in series if item.summary.change is not None]
    unit = change_unit(series[0].summary.unit)
    if len(changes) == 1:
        effect = series[0].effect
        interval = None if effect is None else effect.interval
        level = f"{100 * protocol.synthesis.level:g}% interval "
        shown = "no interval" if interval is None else f"{level}{signed_span(interval)}"
        return f"mean change {signed(changes[0])} {unit}, {shown}"
    return f"mean changes from {signed(min(changes))} to {signed(max(changes))} {unit}"


def _cases(answer: Answer, rating: Rating, protocol: Protocol) -> str:
    """Single patients: direction, and the scores of a few, with no mean and no interval."""
    instrument = protocol.instrument(answer.instrument)
    pairs = [
        f"{number(item.summary.baseline_mean)} before and {number(item.summary.followup_mean)} after"
        for item in answer.cases
        if item.summary.baseline_mean is not None and item.summary.followup_mean is not None
    ]
    directions: list[str] = []
    # After a sentence on the series of the same instrument, what was measured and when need no second telling.
    told = bool(answer.changes)
    for direction, words, than in _DIRECTIONS:
        found = [item for item in answer.cases if item.direction == direction]
        if found:
            when = "" if told or directions else f" after {inside(rating.about)} {than} before"
            directions.append(f"{words}{when} in {counted(patients_in(found), 'single patient')}")
    unit = f", in {instrument.unit}" if instrument.unit else ""
    shown = f" ({'; '.join(pairs)}{unit})" if 0 < len(pairs) <= _FEW else ""
    opening = "The scores" if told else _opening(rating, instrument)
    return f"{opening} were {listing(directions)}{shown}."


def after_only(answer: Answer) -> tuple[Series, ...]:
    """Eligible series with a figure after treatment and none before it."""
    return tuple(
        item
        for item in answer.series
        if item.role == "synthesis"
        and item.effect is None
        and (item.summary.followup_mean is not None or item.followup_range is not None)
    )


def _after_only(answer: Answer, rating: Rating, instrument: Instrument) -> str:
    found = after_only(answer)
    return (
        f"{_opening(rating, instrument)} after {inside(rating.about)} were seen in "
        f"{counted_series(len(found), 'uncontrolled ')} with no figure before to compare with "
        f"({'; '.join(after_words(item) for item in found)})."
    )


def _beside(answer: Answer, protocol: Protocol) -> Iterator[str]:
    """Pool, important difference, and what else the series of one instrument ask for."""
    instrument = protocol.instrument(answer.instrument)
    pooled = answer.pooled
    if pooled is not None and not answer.sensitivity_only:
        (estimate, interval, prediction), unit = pooled.natural(), change_unit(pooled.unit)
        level = f"{100 * pooled.level:g}%"
        beyond = f"; {level} prediction interval {signed_span(prediction)}" if prediction is not None else ""
        yield (
            f"The pooled mean change ({instrument.id}) is {signed(estimate)} {unit} ({level} interval "
            f"{signed_span(interval)}{beyond}; {counted_series(pooled.k)})."
        )
        if pooled.k < protocol.synthesis.ladder.plain_from:
            yield f"With {counted_series(pooled.k)} the spread between them is hardly known."
    elif pooled is not None:
        yield f"A pool of two series ({instrument.id}) is a sensitivity analysis only."
    elif len(answer.changes) > 1:
        yield f"These series ({instrument.id}) are not pooled."
    stated = sum(
        item.role == "synthesis" and item.effect is None and bool(item.stated_direction) for item in answer.series
    )
    if stated:
        yield f"{counted_series(stated, 'further ')} {'states' if stated == 1 else 'state'} a direction in words only."
    if answer.cases:
        yield "From single patients follow no mean, no interval and no rate."
    yield from difference_sentences(answer.changes, instrument)
