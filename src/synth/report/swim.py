"""Synthesis without meta-analysis: directions by report, how they count, what limits them, and SWiM item by item."""

from __future__ import annotations

from collections.abc import Iterator

from synth.protocol import Procedure
from synth.report.figures import figure_of
from synth.report.model import Block, Bullets, Column, Paragraph, Row, Run, Runs, Section, Table, runs
from synth.report.words import NOT_SEEN, anchor, inside, listing, measured, number, source_runs, study_run, with_labels
from synth.review import Review
from synth.synthesis.swim import SWIM_LINK, SWIM_SOURCE, Reported, SwimAnswer, SwimItem


def swim_section(review: Review) -> Iterator[Section]:
    """Directions of every procedure, and the list; nothing where the protocol names no outcome of a procedure."""
    if not review.swims:
        return
    lead = Paragraph(
        runs(
            "Where results may not be pooled, their directions are told and counted, reported by the items of ",
            Run(SWIM_SOURCE, link=SWIM_LINK),
            ". A direction says nothing of size, and without a comparison it does not tell whether the procedure "
            "caused it.",
        )
    )
    shown = [item for item in review.protocol.procedures if _seen(review, item)]
    silent = [item for item in review.protocol.procedures if item not in shown and item.role != "comparator"]
    nothing: tuple[Block, ...] = ()
    if silent:
        names = listing((inside(item.label) for item in silent), "or")
        nothing = (Paragraph(runs(f"No direction was seen in any report of {names}.")),)
    parts = [_procedure(review, item) for item in shown]
    yield Section("Directions, without a pool", "swim", (lead, *parts, *nothing, _items(review)))


def _seen(review: Review, procedure: Procedure) -> list[SwimAnswer]:
    """The outcomes of a procedure with a direction that was seen."""
    return [item for item in review.swims if item.procedure == procedure.id and item.seen]


def _procedure(review: Review, procedure: Procedure) -> Section:
    seen = _seen(review, procedure)
    blocks: list[Block] = [_directions(review, procedure, seen)]
    blocks.append(Bullets(tuple(_told(review, f"{item.outcome_label}: ", " ".join(item.sentences)) for item in seen)))
    blocks += [Paragraph(runs("Limits:")), Bullets(tuple(_limits(review, seen)))]
    label = inside(procedure.label)
    drawings = (
        ("harvest", f"Directions after {label}, by outcome: harvest plot", review.harvest(procedure.id)),
        ("effect-direction", f"Directions after {label}, by report", review.directions(procedure.id)),
    )
    for kind, caption, drawing in drawings:
        if drawing is not None:
            blocks.append(figure_of(drawing, anchor(kind, procedure.id), caption))
    return Section(procedure.label, f"swim-{procedure.id}", tuple(blocks))


def _limits(review: Review, seen: list[SwimAnswer]) -> Iterator[Runs]:
    """Each limit once, with the outcomes for which it holds where it does not hold for all."""
    for sentence in dict.fromkeys(sentence for item in seen for sentence in item.limits):
        of = [item.outcome_label for item in seen if sentence in item.limits]
        label = "" if len(of) == len(seen) else f"{', '.join(of)}: "
        yield _told(review, label, sentence)


def _told(review: Review, label: str, sentence: str) -> Runs:
    return runs(Run(label, strong=True) if label else "", with_labels(sentence, review))


def _directions(review: Review, procedure: Procedure, seen: list[SwimAnswer]) -> Table:
    columns = (
        Column("Outcome", width=1.2),
        Column("Report and place", width=1.8),
        Column("What was given", width=1.4),
        Column("n", width=0.9),
        Column("Months", "right", 0.6),
        Column("Direction", width=0.9),
        Column("How it counts", width=1.6),
    )
    rows = tuple(_row(review, item, line) for item in seen for line in item.seen)
    caption = f"{procedure.label}: every direction that was seen"
    return Table(caption, columns, rows, anchor=anchor("seen-directions", procedure.id))


def _row(review: Review, item: SwimAnswer, line: Reported) -> Row:
    unit = "(unit not stated)" if line.unit == "not stated" else line.unit
    size = NOT_SEEN if line.n is None else "1 patient" if line.single_patient else f"{line.n} {unit}"
    how = "counted as an eligible series"
    if line.single_patient:
        how = "kept apart: a single patient"
    elif line.role != "synthesis":
        how = f"not counted: {line.mark}"
    return Row(
        (
            runs(measured(item.outcome_label, line.what)),
            source_runs(line.study_id, line.locator, line.seen_in, review),
            runs(line.words),
            runs(size),
            runs(NOT_SEEN if line.months is None else number(line.months)),
            runs(f"{line.direction} ({line.verdict})"),
            runs(how),
        )
    )


def reporting_matrix(review: Review, procedure: Procedure) -> Iterator[Block]:
    """Which report gives what of which outcome: figure, direction only, measured but not seen, not mentioned."""
    answers = [item for item in review.swims if item.procedure == procedure.id]
    roles = {item.id: item.role for item in review.protocol.outcomes}
    shown = [item for item in answers if roles[item.outcome] == "main" or any(line.what for line in item.rows)]
    studied = review.synthesis.studied[procedure.id]
    studies = list(dict.fromkeys([*studied.arms["study_id"], *studied.direction_only["study_id"]]))
    if not studies or not shown:
        return
    columns = (Column("Report", width=1.2), *(Column(item.outcome_label) for item in shown))
    rows = tuple(
        Row((runs(study_run(study, review)), *(runs(_status(item, study)) for item in shown))) for study in studies
    )
    notes = (
        runs(
            "Not mentioned: the pages that were read say nothing of it; whether it was measured is not known. "
            "Measured but not seen: a figure before treatment only, or the outcome is named without a figure."
        ),
    )
    caption = f"{procedure.label}: which report gives what"
    yield Table(caption, columns, rows, notes, anchor("matrix", procedure.id))


def _status(item: SwimAnswer, study: str) -> str:
    """The status of a report with what stands behind it."""
    status = item.statuses[study]
    lines = [
        line for line in item.rows if line.study_id == study and line.status is status and (line.detail or line.what)
    ]
    behind = dict.fromkeys(_behind(line) for line in lines)
    return f"{status} ({', '.join(behind)})" if behind else str(status)


def _behind(line: Reported) -> str:
    detail = "one patient" if line.single_patient else line.detail
    if not line.what:
        return line.detail
    return line.what if detail == "change" else f"{line.what}: {detail}"


def _items(review: Review) -> Section:
    columns = (
        Column("Item", width=1.2),
        Column("Met", width=0.7),
        Column("How", width=4.0),
        Column("Where", width=1.2),
    )
    rows = tuple(_item(review, item) for item in review.swim_items())
    source = Paragraph(runs("Topics in our own words; the guideline: ", Run(SWIM_SOURCE, link=SWIM_LINK), "."))
    return Section(
        "The nine items of SWiM", "swim-items", (source, Table("SWiM, item by item", columns, rows)), folded=True
    )


def _item(review: Review, item: SwimItem) -> Row:
    there = {"methods", "swim", "certainty", *(f"swim-{answer.procedure}" for answer in review.swims if answer.seen)}
    keys = [key for key in item.where if key in there]
    places = [piece for key in keys for piece in (", ", Run(key, link=f"#{key}"))][1:]
    return Row(
        (
            runs(f"{item.number} {item.topic}"),
            runs(item.met),
            runs(with_labels(item.how, review)),
            runs(*places) if places else runs("-"),
        )
    )
