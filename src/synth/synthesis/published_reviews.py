"""Whether the published reviews in the records saw the same, and why they may differ (rule 25 of the methods).

Directions are held beside each other and nothing else: no review's number enters a result, and agreement is no second
witness where a review and this one read the same reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from synth.display import TextTable
from synth.extraction.reviews import PublishedReview, Statement, procedures_of
from synth.protocol import Protocol
from synth.records import Records
from synth.schemas import SEEN_IN
from synth.synthesis.answers import Synthesis
from synth.synthesis.series import Series

Verdict = Literal["same direction", "other direction", "mixed here", "not comparable", "nothing seen here", "not seen"]

_FINDINGS = {
    "better": "better",
    "limited benefit": "a limited benefit",
    "no change": "no change",
    "worse": "worse",
    "mixed": "mixed results",
    "no conclusion": "no conclusion can be drawn",
}
#: Findings that a count of directions can agree or disagree with.
_DIRECTED = ("better", "worse", "no change")
_READ = (
    "the full text",
    "only the opening",
    "only the abstract",
    "only another paper's account",
    "only a published data set",
)
_DEPTHS = dict(zip(SEEN_IN, _READ, strict=True))
#: What is to be said of records that are reviews and of which nothing stands in reviews.csv (`unrecorded`).
UNRECORDED = "no statement on the outcome of a treatment was recorded"


@dataclass(frozen=True)
class Agreement:
    """One statement of one published review beside what is seen here.

    Attributes
    ----------
    record_id : str
    statement : Statement or None
        None where no statement of the review was seen.
    they_say : str
        What it states, in the words of this project, with the place.
    seen_here : str
        What the eligible series show, counted; empty where nothing can be held beside the statement.
    verdict : str
        same direction; other direction; mixed here; not comparable; nothing seen here; not seen.
    why : tuple of str
        Why the two may differ, or may agree without being right: from what was and was not seen.
    """

    record_id: str
    statement: Statement | None
    they_say: str
    seen_here: str
    verdict: Verdict
    why: tuple[str, ...]


def agreement(reviews: Iterable[PublishedReview], synthesis: Synthesis) -> tuple[Agreement, ...]:
    """Each statement of each published review beside the eligible series of the same procedures and outcome.

    Parameters
    ----------
    reviews : iterable of PublishedReview
    synthesis : Synthesis

    Returns
    -------
    tuple of Agreement
        In the order of the table; a review without a seen statement has one line that says so.
    """
    found = []
    for review in reviews:
        if not review.statements:
            found.append(_silent(review))
        found += [_of_statement(review, statement, synthesis) for statement in review.statements]
    return tuple(found)


def unrecorded(records: Records, reviews: Iterable[PublishedReview]) -> tuple[str, ...]:
    """Records that are reviews by the design that a compiler gave them, and of which nothing was recorded.

    What may be said of them is `UNRECORDED`: not that they state nothing.
    """
    known = {review.record_id for review in reviews}
    return tuple(item.id for item in records if "review" in (item.assigned.design or "") and item.id not in known)


def _silent(review: PublishedReview) -> Agreement:
    about = f" It is about: {review.scope}." if review.scope else ""
    return Agreement(
        record_id=review.record_id,
        statement=None,
        they_say=f"No statement of it on an outcome was seen.{about}",
        seen_here="",
        verdict="not seen",
        why=(_depth(review),),
    )


def _of_statement(review: PublishedReview, statement: Statement, synthesis: Synthesis) -> Agreement:
    protocol = synthesis.protocol
    unknown = _unknown(statement)
    procedures = procedures_of(statement.about, protocol)
    series = [
        item
        for answer in synthesis.answers
        if not unknown and answer.procedure in procedures and answer.outcome == statement.outcome
        for item in answer.directed
    ]
    courses = Counter(_course(item, protocol) for item in series)
    return Agreement(
        record_id=review.record_id,
        statement=statement,
        they_say=_they_say(review, statement, protocol),
        seen_here="" if unknown else _seen_here(series, courses, procedures, statement.outcome, synthesis),
        verdict="not comparable" if unknown else _verdict(statement.finding, courses),
        why=tuple(_why(review, statement, procedures, series, synthesis)),
    )


def _unknown(statement: Statement) -> str:
    """What was not recorded of a statement, so that nothing can be held beside it; empty where that is nothing."""
    given = (("treatment", statement.about), ("outcome", statement.outcome))
    return " and ".join(name for name, value in given if not value)


def _main_procedures(protocol: Protocol) -> tuple[str, ...]:
    return tuple(item.id for item in protocol.procedures if item.role == "main")


def _course(item: Series, protocol: Protocol) -> str:
    better = protocol.instrument(item.instrument).better
    if item.direction == "no change":
        return item.direction
    return "unknown" if better is None else "better" if item.direction == better else "worse"


def _they_say(review: PublishedReview, statement: Statement, protocol: Protocol) -> str:
    labels = {item.id: item.label for item in protocol.procedures}
    outcome = f" of {_inside(protocol.outcome(statement.outcome).label)}" if statement.outcome else ""
    about = f", after {_inside(labels.get(statement.about, statement.about))}" if statement.about else ""
    horizon = f", in the {statement.horizon}" if statement.horizon else ""
    elsewhere = f" ({review.designs_at})" if review.designs_at not in ("", statement.locator) else ""
    designs = f" Its studies: {review.designs}{elsewhere}." if review.designs else ""
    return f"It states{outcome}: {_FINDINGS[statement.finding]}{about}{horizon} ({statement.locator}).{designs}"


def _inside(label: str) -> str:
    first = label.split(" ")[0]
    return label if first.isupper() else label[:1].lower() + label[1:]


def _seen_here(
    series: Sequence[Series], courses: Counter[str], procedures: Sequence[str], outcome: str, synthesis: Synthesis
) -> str:
    named = _inside(synthesis.protocol.outcome(outcome).label)
    if not series:
        counted = " ".join(_counted(procedures, outcome, named, synthesis))
        return counted or f"No direction of {named} was seen in any eligible series."
    words = {"unknown": "in a direction of which nobody said whether it is better", "no change": "unchanged"}
    told = ", ".join(f"{courses[name]} {words.get(name, name)}" for name in _ORDER if courses[name])
    by = ", ".join(dict.fromkeys(f"{named} ({item.instrument})" for item in series))
    months = sorted({item.timepoint_months for item in series if item.timepoint_months is not None})
    times = f", at {' and '.join(f'{value:g}' for value in months)} months" if months else ""
    reports = len({item.study_id for item in series})
    many = "1 result" if len(series) == 1 else f"{len(series)} results"
    return f"{many} of {reports} report{'' if reports == 1 else 's'}{times}: {told}; {by}."


def _counted(procedures: Sequence[str], outcome: str, named: str, synthesis: Synthesis) -> Iterator[str]:
    """Counts of people who reached something, where no series gives a direction: a count has none either."""
    about = f"{named[:1].upper()}{named[1:]}"
    for item in (count for name in procedures for count in synthesis.counts_of(name)):
        counts = item.kind == "benefit" and synthesis.protocol.event(item.event).outcome == outcome
        if counts and item.role == "synthesis":
            rate = "counted without a rate" if item.proportion is None else "counted"
            unit = _unit(item.unit_of_analysis, item.total)
            yield f"{about}, {rate}: {item.events} of {item.total} {unit} in {item.study_id}; no direction."


def _unit(unit: str, number: int) -> str:
    return "(unit not stated)" if unit == "not stated" else unit.removesuffix("s") if number == 1 else unit


_ORDER = ("better", "no change", "worse", "unknown")


def _verdict(finding: str, courses: Counter[str]) -> Verdict:
    if not courses:
        return "nothing seen here"
    seen = [name for name in _DIRECTED if courses[name]]
    if finding not in _DIRECTED or not seen or courses["unknown"]:
        return "not comparable"
    if len(seen) > 1:
        return "mixed here"
    return "same direction" if seen == [finding] else "other direction"


def _depth(review: PublishedReview) -> str:
    deepest = min((SEEN_IN.index(seen_in) for _, seen_in in review.places), default=len(SEEN_IN) - 1)
    places = ", ".join(dict.fromkeys(locator for locator, _ in review.places))
    return f"Of the review {_DEPTHS[SEEN_IN[deepest]]} was read ({places})."


def _why(
    review: PublishedReview,
    statement: Statement,
    procedures: Sequence[str],
    series: Sequence[Series],
    synthesis: Synthesis,
) -> Iterator[str]:
    unknown = _unknown(statement)
    if unknown:
        yield f"Which {unknown} it means was not recorded, so nothing here can be held beside it."
    elif series:
        yield _weight(statement, series)
    yield _depth(review)
    if not unknown:
        eligible = {str(study) for name in procedures for study in synthesis.studied[name].arms["study_id"]}
        giving = len({item.study_id for item in series})
        yield f"Here a direction of this outcome was seen in {giving} of {_reports(len(eligible))}."
        yield from _its_studies(review, len(eligible))
    if not review.searched_to:
        yield "Until when it searched was not seen."
    if len(procedures) > 1:
        yield f"It speaks of {_inside(statement.about)} as a whole; which procedures that covers was not seen."
    if statement.horizon:
        yield f"What it counts as {statement.horizon} was not seen."
    yield from _comparison(review, procedures or _main_procedures(synthesis.protocol), synthesis)


def _weight(statement: Statement, series: Sequence[Series]) -> str:
    """On how little two directions side by side can rest: a title alone, and the people behind them here."""
    largest: dict[str, int | None] = {}
    units: dict[str, str] = {}
    for item in series:
        known, number = largest.get(item.study_id), item.summary.n
        if item.study_id not in largest or (number or 0) > (known or 0):
            largest[item.study_id], units[item.study_id] = number, item.summary.unit_of_analysis
    sizes = " and ".join(
        "an unseen number" if number is None else f"{number} {_unit(units[study], number)}"
        for study, number in largest.items()
    )
    here = f"{len(largest)} series of {sizes} here."
    return f"Title only; {here}" if statement.locator.strip().casefold() == "title" else here


def _reports(count: int) -> str:
    return f"{count} eligible report{'' if count == 1 else 's'}"


def _its_studies(review: PublishedReview, eligible: int) -> Iterator[str]:
    if review.n_studies is None:
        yield "How many studies it includes was not seen, and so not whether they are the reports that stand here."
    else:
        there = "there is" if eligible == 1 else "there are"
        yield f"The number of studies it includes is {review.n_studies}; here {there} {_reports(eligible)}."
    if review.n_patients is not None:
        yield f"The number of patients it counts is {review.n_patients}; whether any is counted twice was not seen."
    yield "Where it read the same reports, agreement is no second witness."


def _comparison(review: PublishedReview, procedures: Sequence[str], synthesis: Synthesis) -> Iterator[str]:
    ours = any(
        item.effects and {item.comparison.treated, item.comparison.control} & set(procedures)
        for item in synthesis.comparisons
    )
    if review.comparative == "no" and not ours:
        yield "Neither its studies nor the series here have a comparison group: both can share one bias."
    elif review.comparative == "no":
        yield "Its studies have no comparison group; some here do."
    elif review.comparative == "yes" and not ours:
        yield "Some of its studies compare treatments; none here does."
    elif not review.comparative:
        yield "Whether its studies compare treatments was not seen."


def agreement_table(found: Iterable[Agreement], records: Records) -> TextTable:
    """The same for a notebook."""
    rows = [
        {
            "Review": records[item.record_id].short,
            "What it says": item.they_say,
            "What is seen here": item.seen_here or "nothing to hold beside it",
            "Beside each other": item.verdict,
            "Why they may differ": " ".join(item.why),
        }
        for item in found
    ]
    return TextTable(pd.DataFrame(rows), "Agreement with published reviews", "No published review was recorded.")
