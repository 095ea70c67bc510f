"""The first screen: question, answer, how certain, as of when, and what this page is not."""

from __future__ import annotations

from collections.abc import Iterator

from synth.effects.estimate import MEASURES
from synth.report.model import Bullets, Callout, Facts, Paragraph, Runs, runs
from synth.report.words import counted, inside, listing, record_run, signed, size, span
from synth.review import Review
from synth.synthesis.ladder import Answer
from synth.synthesis.series import Series

#: Rule 23 of the methods: the words for evidence that is uncontrolled.
UNCERTAIN = "Whether the procedure caused this is very uncertain."


def lead(review: Review) -> tuple[Callout, ...]:
    """The boxes of the first screen."""
    question = Callout("note", "Question", (Paragraph(runs(review.protocol.question.text)),))
    answer = Callout("answer", "Answer", (Bullets(tuple(_answers(review))),))
    standing = Callout("caution", "How certain, and what this page is", (Facts(tuple(_standing(review))),))
    return (question, answer, standing)


def _answers(review: Review) -> Iterator[Runs]:
    protocol, synthesis = review.protocol, review.synthesis
    for item in synthesis.comparisons:
        yield from _comparison(review, item.comparison.id)
    if not protocol.synthesis.comparisons:
        names = [inside(item.label) for item in protocol.procedures if item.role == "main"]
        yield runs(
            f"No comparative evidence: no study that was seen compares {listing(names, 'or')} with each other or with "
            "another treatment, so they are not ranked."
        )
        for procedure in protocol.procedures:
            if procedure.role == "main":
                yield _procedure(review, procedure.id, procedure.label)


def _comparison(review: Review, identifier: str) -> Iterator[Runs]:
    item = review.synthesis.comparison(identifier)
    measure, pooled = MEASURES[item.comparison.measure], item.pooled
    if pooled is None:
        yield runs(f"{item.comparison.label}: {item.reason}")
        return
    estimate, interval, prediction = pooled.natural()
    treated = inside(review.protocol.procedure(item.comparison.treated).label)
    control = inside(review.protocol.procedure(item.comparison.control).label)
    text = (
        f"{item.comparison.label}, {treated} against {control}: pooled {measure.label} {estimate:.2f} "
        f"({100 * pooled.level:g}% confidence interval {span(*interval, 2)}) in {pooled.k} trials"
    )
    yield runs(text, " (a sensitivity analysis, two studies)." if item.sensitivity_only else ".")
    if prediction is not None:
        yield runs(
            f"The trials differ: in a new setting the {measure.label} may lie anywhere from {span(*prediction, 2)} "
            f"({100 * pooled.level:g}% prediction interval)."
        )


def _procedure(review: Review, procedure: str, label: str) -> Runs:
    main = {item.id for item in review.protocol.outcomes if item.role == "main"}
    answers = [item for item in review.synthesis if item.procedure == procedure and item.outcome in main]
    shown = [item for item in answers if item.changes]
    opening = runs(f"{label}: ")
    if not shown:
        studied = review.synthesis.studied[procedure]
        seen = counted(studied.arms["study_id"].nunique(), "eligible report")
        return runs(opening, f"{seen}, and no outcome figure was seen for a main outcome.")
    sentences = [part for answer in shown for part in _direction(review, answer)]
    return runs(opening, "; ".join(sentences), f". {UNCERTAIN}")


def _direction(review: Review, answer: Answer) -> Iterator[str]:
    outcome = review.protocol.outcome(answer.outcome).label.lower()
    for direction in ("higher", "lower", "no change"):
        moved = [item for item in answer.changes if item.direction == direction]
        if not moved:
            continue
        words = f"were {direction}" if direction != "no change" else "were the same"
        shown = ", ".join(_figure(review, item) for item in moved)
        yield (
            f"{outcome} scores ({answer.instrument}) {words} after treatment than before in "
            f"{counted(len(moved), 'uncontrolled series', 'uncontrolled series')} ({shown})"
        )


def _figure(review: Review, item: Series) -> str:
    assert item.summary.change is not None
    label = record_run(item.study_id, review.records).text
    return f"{label}: {size(item)} {signed(item.summary.change)} {item.summary.unit}"


def _standing(review: Review) -> Iterator[tuple[str, Runs]]:
    standing = review.protocol.standing
    depths = set(review.extraction.outcomes["seen_in"]) | set(review.extraction.studies["seen_in"])
    read = "Some studies were read in full." if "primary full text" in depths else "No study was read in full."
    ceilings = {item.ceiling for item in review.certainty.ratings if item.ceiling}
    at_most = (
        f" Uncontrolled series start at {', '.join(sorted(ceilings))}, so none can be above that." if ceilings else ""
    )
    yield "Certainty", runs(f"Not rated: nobody has judged risk of bias or the GRADE domains.{at_most}")
    yield "As of", runs(review.as_of)
    yield "What this is", runs(f"{standing.kind.capitalize()}. {standing.note}")
    yield "Reading depth", runs(read)
    software = [person for person in review.protocol.people if person.kind == "software"]
    by = " Extraction and decisions were made by software." if len(software) == len(review.protocol.people) else ""
    yield "Not reviewed", runs(f"No clinician has signed this page. It is not medical advice.{by}")
