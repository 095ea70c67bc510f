"""The first screen: question, answer, how certain, as of when, and what this page is not."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.in_words import judged_by, levels_in_words
from synth.effects.estimate import MEASURES
from synth.records.record import STATUS_WORDS
from synth.report.count_tables import count_text, harms_of
from synth.report.model import Bullets, Callout, Facts, Paragraph, Run, Runs, runs
from synth.report.words import (
    DEPTHS,
    FULL_TEXT,
    counted,
    inside,
    listing,
    number,
    percent,
    proportion,
    signed,
    size,
    source_runs,
    span,
    true_minus,
    with_labels,
)
from synth.review import Review
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.counts import Count
from synth.synthesis.ladder import Answer, Rung
from synth.synthesis.outcome_answers import OutcomeAnswer
from synth.synthesis.sensitivity_tables import decimals_of
from synth.synthesis.series import Series

#: Rule 23 of the methods: the words for evidence that is uncontrolled.
UNCERTAIN = "Whether the procedure caused this is very uncertain."

#: Rule 24: what else can lie behind a change from before to after.
WITHOUT_COMPARISON = (
    "None of these changes has a comparison: regression to the mean, the natural course, other care and entry at the "
    "worst point can each explain a part of it."
)


def kind_and_certainty(review: Review) -> str:
    """What the page is and how certain, in the words that stand above its title."""
    rated = [item for item in review.certainty.ratings if item.rated]
    if not rated:
        return f"{review.protocol.standing.kind.capitalize()}: certainty not rated"
    levels = [str(item.level) if item.settled else f"between {item.lowest} and {item.level}" for item in rated]
    shown = listing(dict.fromkeys(levels), "to")
    by_people = any(domain.override for item in review.certainty.ratings for domain in item.domains)
    whose = "judged in part by people" if by_people else "computed and confirmed by nobody"
    return f"{review.protocol.standing.kind.capitalize()}: certainty {shown}, {whose}"


def lead(review: Review) -> tuple[Callout, ...]:
    """The boxes of the first screen."""
    question = Callout("note", "Question", (Paragraph(runs(review.protocol.question.text)),))
    answer = Callout("answer", "Answer", (Bullets(tuple(_answers(review))),))
    standing = Callout("caution", "How certain, and what this page is", (Facts(tuple(_standing(review))),))
    return (question, answer, standing)


def _answers(review: Review) -> Iterator[Runs]:
    protocol = review.protocol
    if doubtful := list(_doubtful(review)):
        yield runs(f"Attention: what follows rests on {listing(doubtful, 'and')}.")
    for item in review.synthesis.comparisons:
        yield from _comparison(review, item)
    main = [item for item in protocol.procedures if item.role == "main"]
    if protocol.synthesis.comparisons:
        return
    if not main:
        yield runs("The protocol names no main procedure, so there is no answer.")
        return
    yield runs(_no_comparison([inside(item.label) for item in main]))
    for procedure in main:
        opening = f"{procedure.label}: "
        yield runs(opening, _outcomes(review, procedure.id), " ", _harms(review, procedure.id))
    if any(item.changes for item in review.synthesis):
        yield runs(WITHOUT_COMPARISON)


def _no_comparison(names: list[str]) -> str:
    if len(names) == 1:
        return f"No comparative evidence: no study that was seen compares {names[0]} with another treatment."
    return (
        f"No comparative evidence: no study that was seen compares {listing(names, 'or')} with each other or with "
        "another treatment, so they are not ranked."
    )


def _comparison(review: Review, item: ComparisonAnswer) -> Iterator[Runs]:
    measure, pooled = MEASURES[item.comparison.measure], item.pooled
    if pooled is None:
        yield runs(f"{item.comparison.label}: {with_labels(item.reason, review)}")
        return
    (estimate, interval, prediction), digits = pooled.natural(), decimals_of(pooled.measure)
    treated = inside(review.protocol.procedure(item.comparison.treated).label)
    control = inside(review.protocol.procedure(item.comparison.control).label)
    text = (
        f"{item.comparison.label}, {treated} against {control}: pooled {measure.label} "
        f"{number(estimate, digits)} ({100 * pooled.level:g}% confidence interval {span(*interval, digits)}) "
        f"in {pooled.k} studies"
    )
    yield runs(_statement(review, item))
    yield runs(text, " (a sensitivity analysis, two studies)." if item.sensitivity_only else ".")
    if prediction is not None:
        yield runs(
            f"In a new setting the {measure.label} can lie anywhere from {span(*prediction, digits)} "
            f"({100 * pooled.level:g}% prediction interval)."
        )


def _statement(review: Review, item: ComparisonAnswer) -> str:
    """What the certainty of a comparison allows to be said of it."""
    table = review.findings.of(f"{item.comparison.treated}/{item.comparison.control}")
    row = next(row for row in table.rows if row.outcome_id == item.comparison.event)
    return true_minus(row.statement.main)


def _outcomes(review: Review, procedure: str) -> Runs:
    """What was seen of the main outcomes after a procedure, in words that claim no cause."""
    plan = review.protocol.certainty.grade
    main = {item.id for item in review.protocol.outcomes if item.role == "main" or plan.rates(item.id, item.role)}
    answers = [item for item in review.synthesis if item.procedure == procedure and item.outcome in main]
    sentences = [part for answer in answers for part in _directions(review, answer)]
    sentences += [part for item in review.synthesis.outcomes for part in _shares(review, item, procedure, main)]
    if sentences:
        return runs(_joined(sentences, "; "), f". {UNCERTAIN}")
    seen = counted(review.synthesis.studied[procedure].arms["study_id"].nunique(), "eligible report")
    cases = sum(len(answer.cases) for answer in answers)
    if cases:
        return runs(f"{seen}, and for the main outcomes only {counted(cases, 'single patient')}.")
    return runs(f"{seen}, and no outcome figure was seen for a main outcome.")


def _shares(review: Review, item: OutcomeAnswer, procedure: str, main: set[str]) -> Iterator[Runs]:
    """The shares of a main outcome of which no score of a series was seen."""
    if item.procedure != procedure or item.outcome not in main or item.rung is not Rung.PROPORTIONS:
        return
    label = inside(review.protocol.outcome(item.outcome).label)
    for share in item.shares:
        if share.pooled is not None:
            estimate, interval = share.pooled
            yield runs(
                f"{label}, share with “{share.event}” pooled over {share.k} series: {percent(estimate)} "
                f"({percent(interval[0])} to {percent(interval[1])})"
            )
        else:
            counts = _joined([_count(review, count) for count in share.studies], ", ")
            yield runs(
                f"{label}, counted in {counted(share.k, 'uncontrolled series', 'uncontrolled series')}: ", counts
            )


def _joined(parts: list[Runs], between: str) -> Runs:
    return runs(*(piece for index, part in enumerate(parts) for piece in (between if index else "", part)))


def _directions(review: Review, answer: Answer) -> Iterator[Runs]:
    outcome = inside(review.protocol.outcome(answer.outcome).label)
    better = review.protocol.instrument(answer.instrument).better if answer.instrument else None
    name = f"{answer.instrument}, {better} is better" if better else answer.instrument
    for direction in ("higher", "lower", "no change"):
        moved = [item for item in answer.changes if item.direction == direction]
        if not moved:
            continue
        words = f"were {direction} after treatment than before"
        if direction == "no change":
            words = "were the same after treatment as before"
        series = counted(
            len({(item.study_id, item.arm_id) for item in moved}), "uncontrolled series", "uncontrolled series"
        )
        yield runs(f"{outcome} scores ({name}) {words} in {series} (", _moved(review, answer, moved), ")")


#: More series than this are told by their range, and their pool where there is one.
_NAMED = 4


def _moved(review: Review, answer: Answer, moved: list[Series]) -> Runs:
    """The change of each series with its source; of many the range, with their pool."""
    pooled = answer.pooled
    told = ""
    if pooled is not None and not answer.sensitivity_only:
        estimate, interval, _ = pooled.natural()
        told = f"pooled change over {pooled.k} series {signed(estimate)} {pooled.unit} ({span(*interval)})"
    if len(moved) <= _NAMED:
        return runs(f"{told}; " if told else "", _joined([_figure(review, item) for item in moved], ", "))
    changes = [item.summary.change for item in moved if item.summary.change is not None]
    each = f"changes from {signed(min(changes))} to {signed(max(changes))} {moved[0].summary.unit}"
    return runs("; ".join(filter(None, [told, each])))


def _figure(review: Review, item: Series) -> Runs:
    assert item.summary.change is not None
    source = source_runs(item.study_id, item.locator, item.seen_in, review)
    return runs(source, f": {size(item)} {signed(item.summary.change)} {item.summary.unit}")


def _count(review: Review, item: Count) -> Runs:
    rate = f", {proportion(item.proportion)}" if item.proportion is not None else ""
    return runs(f"{count_text(item)}{rate}, ", source_runs(item.study_id, item.locator, item.seen_in, review))


def _harms(review: Review, procedure: str) -> Runs:
    """What was reported of each harm of the list, and how many reports are silent."""
    reports = review.synthesis.studied[procedure].arms["study_id"].nunique()
    if not reports:
        return runs("No report, so nothing on harms.")
    asked = harms_of(review, procedure)
    told = []
    for harm, found in asked:
        if found:
            of = f"; {len({item.study_id for item in found})} of {counted(reports, 'report')}"
            told.append(runs(f"{harm} ", _joined([_count(review, item) for item in found], ", "), of))
    silent = [harm for harm, found in asked if not found]
    if not told:
        return runs(f"On harms nothing was seen in what was read ({listing(silent, 'or')}).")
    unseen = f". In what was read nothing was seen on {listing(silent, 'or')}" if silent else ""
    return runs("Harms reported: ", _joined(told, "; "), f"{unseen}.")


def _standing(review: Review) -> Iterator[tuple[str, Runs]]:
    standing = review.protocol.standing
    ratings = review.certainty.ratings
    yield "Certainty", runs(f"{levels_in_words(ratings)} {judged_by(ratings)}".strip())
    if moved := review.certainty.moved:
        text = f"{counted(len(moved), 'judgement')} by people, because facts have moved or a rule does not allow it"
        yield "To be looked at again", runs(f"{text}: ", Run("see Certainty", link="#certainty"), ".")
    yield "As of", runs(review.as_of)
    yield "What this is", runs(f"{standing.kind.capitalize()}. {_searched(review)} {standing.note}")
    if standing.post_hoc:
        yield "Plan", runs(f"Post hoc: the protocol was written on {standing.written}, after the data were seen.")
    yield "Reading depth", runs(_depth(review))
    software = [person for person in review.protocol.people if person.kind == "software"]
    by = " Extraction and decisions were made by software." if len(software) == len(review.protocol.people) else ""
    yield "Not reviewed", runs(f"No clinician has signed this page. It is not medical advice.{by}")


def _searched(review: Review) -> str:
    searches = review.searches.of_pubmed
    return (
        f"PubMed was last searched on {searches[-1].manifest.date}." if searches else "No database search has been run."
    )


def _doubtful(review: Review) -> Iterator[str]:
    """Extracted reports that PubMed calls retracted or the object of a concern."""
    for study in review.extraction.studies["study_id"]:
        record = review.record_of(study)
        if record.status in ("retracted", "concern", "retraction notice"):
            yield f"{record.short} ({STATUS_WORDS[record.status]})"


def _depth(review: Review) -> str:
    depths = review.extraction.studies["seen_in"]
    if depths.empty:
        return "No study was extracted."
    full = int((depths == FULL_TEXT).sum())
    by_depth = [(label, int((depths == name).sum())) for name, label in DEPTHS.items() if name != FULL_TEXT]
    others = ", ".join(f"{label} {count}" for label, count in by_depth if count)
    opening = (
        f"{full} of {counted(len(depths), 'study', 'studies')} read in full" if full else "No study was read in full"
    )
    return f"{opening} ({others})." if others else f"{opening}."
