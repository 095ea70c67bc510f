"""What does not fit in the sources, what published reviews say, and what evidence would change each conclusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.certainty.grade import Level, Rating
from synth.protocol import Procedure
from synth.report.model import Block, Bullets, Column, Paragraph, Row, Runs, Section, Table, runs
from synth.report.words import (
    anchor,
    counted,
    inside,
    listing,
    measured,
    record_run,
    study_run,
    true_minus,
    with_labels,
)
from synth.review import Review
from synth.synthesis.inconsistencies import Inconsistency
from synth.synthesis.published_reviews import UNRECORDED, Agreement
from synth.synthesis.worklist import Task


def inconsistencies_section(review: Review) -> Section:
    """What was found by computation, beside the remarks of those who read the sources."""
    found = review.inconsistencies
    title, name = "Inconsistencies inside the sources", "inconsistencies"
    if not found:
        return Section(title, name, (Paragraph(runs("None was found by the checks that are computed.")),), folded=True)
    impossible = sum(item.kind == "impossible" for item in found)
    lead = (
        f"{counted(len(found), 'place')} where figures of a source do not fit together: {impossible} impossible, "
        f"{len(found) - impossible} doubtful. Each was found by computation; nothing was corrected because of it."
    )
    columns = (Column("Report", width=1.2), Column("About", width=1.6), Column("What does not fit", width=3.6))
    rows = tuple(_inconsistency(review, item) for item in found)
    table = Table("Inconsistencies", columns, rows, anchor="inconsistencies-table")
    return Section(title, name, (Paragraph(runs(lead)), table), folded=True)


def _inconsistency(review: Review, item: Inconsistency) -> Row:
    return Row((runs(study_run(item.study_id, review)), runs(item.about), runs(true_minus(item.sentence))))


def agreement_section(review: Review) -> Iterator[Section]:
    """What the published reviews of the records state, beside what is seen here; nothing where there is none."""
    found = review.agreement
    silent = review.unrecorded_reviews
    if not found and not silent:
        return
    blocks: list[Block] = []
    if found:
        columns = (
            Column("Review", width=1.1),
            Column("States, as far as it was read", width=2.2),
            Column("Seen here", width=2.0),
            Column("Beside one another", width=1.0),
            Column("Why they can differ, or agree without being right", width=2.8),
        )
        rows = tuple(_agreement(review, item) for item in found)
        blocks.append(Table("Published reviews beside this one", columns, rows, anchor="agreement-table"))
    if silent:
        names = [piece for name in silent for piece in (", ", record_run(name, review.records))][1:]
        blocks.append(Paragraph(runs("Other reviews among the records, of which ", f"{UNRECORDED}: ", *names, ".")))
    yield Section("Agreement with published reviews", "agreement", tuple(blocks))


def _agreement(review: Review, item: Agreement) -> Row:
    return Row(
        (
            runs(record_run(item.record_id, review.records)),
            runs(item.they_say),
            runs(with_labels(item.seen_here, review) or "-"),
            runs(item.verdict),
            runs(with_labels(" ".join(item.why), review) or "-"),
        )
    )


def change_section(review: Review) -> Iterator[Section]:
    """What evidence would change each conclusion: a comparison, a judgement, and the pieces that lift an answer."""
    compared = [item for item in review.certainty.ratings if item.kind == "comparison" and item.rated]
    main = [item for item in review.protocol.procedures if item.role == "main"] if review.protocol.outcomes else []
    if not compared and not main:
        return
    blocks: list[Block] = [Bullets(tuple(_conclusions(review, compared)))]
    if main:
        blocks.append(Paragraph(runs(_LIFTING)))
    blocks += [block for item in main for block in _of(review, item)]
    yield Section("What evidence would change each conclusion", "change", tuple(blocks))


_LIFTING = (
    "More of the same kind of series can show more figures, and cannot make it certain whether a procedure caused a "
    "change. What a missing piece would lift is computed by putting the piece in its place and climbing the ladder "
    "again; what it would show is not known."
)


def _conclusions(review: Review, compared: Sequence[Rating]) -> Iterator[Runs]:
    for item in compared:
        opened = [domain.domain for domain in item.domains if domain.open]
        about = f"{item.about}, {inside(item.outcome)}"
        if opened and not item.settled:
            yield runs(
                f"{about}: a judgement of {listing(opened)} from the reports themselves, which can settle the "
                f"certainty anywhere between {item.lowest} and {item.level}."
            )
        else:
            yield runs(f"{about}: new studies, or facts that move a step of its certainty.")
    groups: dict[tuple[str, bool], list[str]] = {}
    for item in review.certainty.ratings:
        if item.kind == "uncontrolled":
            groups.setdefault((item.about, item.rated), []).append(inside(item.outcome))
    for (about, rated), outcomes in groups.items():
        seen = "" if rated else ", which have no rating yet"
        yield runs(
            f"{about}, {listing(outcomes)}{seen}: a study with a comparison group; without one the certainty cannot "
            f"rise above {Level.LOW}."
        )


def _of(review: Review, procedure: Procedure) -> Iterator[Block]:
    """The pieces that together lift each answer furthest, and the whole list, folded."""
    tasks = [item for item in review.worklist.of_procedure(procedure.id) if item.highest >= 0 and item.main]
    if not tasks:
        nothing = "no missing piece of a report that is known here would lift an answer."
        yield Paragraph(runs(f"{procedure.label}: {nothing}"))
        return
    answers = dict.fromkeys((item.outcome, item.instrument) for item in tasks)
    furthest = [
        _furthest(review, [item for item in tasks if (item.outcome, item.instrument) == key]) for key in answers
    ]
    yield Paragraph(runs(f"{procedure.label}: what would lift each answer as far as it can be lifted."))
    yield Bullets(tuple(furthest))
    columns = (
        Column("Outcome", width=1.1),
        Column("Report", width=1.1),
        Column("Missing", width=2.0),
        Column("What it would unlock", width=3.0),
        Column("Where to look", width=2.2),
    )
    rows = tuple(_task(review, item) for item in tasks)
    title = f"{procedure.label}: every piece that would lift an answer"
    name = anchor("change", procedure.id)
    yield Section(title, name, (Table(title, columns, rows),), folded=True)


def _furthest(review: Review, tasks: list[Task]) -> Runs:
    # Of those that lift it as far, the list puts first what is known to have been measured.
    best = max(tasks, key=lambda item: item.highest)
    label = review.protocol.outcome(best.outcome).label
    about = f"{label} ({best.instrument})" if best.instrument else label
    whose = f" of {best.study_id}" if best.study_id else ""
    pieces = [f"{best.missing.removesuffix(f' ({best.instrument})')}{whose}", *best.others]
    count = counted(len(pieces), "piece")
    now = review.synthesis.outcome(best.procedure, best.outcome).rung if not best.instrument else best.rung
    sentence = f"{about}: now {now}; {best.together} with {count}: {'; '.join(pieces)}."
    return runs(with_labels(sentence, review))


def _task(review: Review, item: Task) -> Row:
    report: Runs = runs(study_run(item.study_id, review)) if item.study_id else runs("not found yet")
    label = review.protocol.outcome(item.outcome).label
    return Row(
        (
            runs(measured(label, item.instrument)),
            report,
            runs(with_labels(item.missing, review)),
            runs(with_labels(item.unlocks, review)),
            runs(with_labels(item.where, review)),
        )
    )
