"""The counts of one procedure: n of N with exact intervals, and the harms list with who did not report on it."""

from __future__ import annotations

from collections.abc import Iterator

from synth.protocol import Procedure
from synth.report.model import Block, Column, Paragraph, Row, Run, Runs, Table, runs
from synth.report.words import anchor, proportion, source_runs, study_run
from synth.review import Review
from synth.synthesis.counts import Count


def count_blocks(review: Review, procedure: Procedure) -> Iterator[Block]:
    """Every count in the arms of a procedure, then the harms list."""
    counts = [item for item in review.synthesis.counts_of(procedure.id) if item.role != "annex"]
    if counts:
        columns = (
            Column("Event", width=2.2),
            Column("n of N", width=1.2),
            Column("Proportion (exact interval)", width=1.8),
            Column("Report and place", width=1.8),
            Column("Remarks", width=2.0),
        )
        rows = tuple(_row(review, item) for item in counts)
        yield Table(f"{procedure.label}: counts as printed", columns, rows, anchor=anchor("events", procedure.id))
    else:
        yield Paragraph(runs("No count of a complication or of anything else was seen."))
    yield from _harms(review, procedure)


def harms_of(review: Review, procedure: str) -> list[tuple[str, list[Count]]]:
    """Any complication and each entry of the harms list, with the eligible counts of it."""
    counts = [item for item in review.synthesis.counts_of(procedure) if item.role == "synthesis"]
    return [
        ("any complication", [item for item in counts if item.kind == "any complication"]),
        *((harm, [item for item in counts if item.harm == harm]) for harm in review.protocol.harms),
    ]


def count_text(item: Count) -> str:
    """Events of a total with the unit; a count of hips carries the number of patients."""
    behind = f" ({item.patients} patients)" if item.patients else ""
    return f"{item.events} of {item.total} {item.unit_of_analysis}{behind}"


def _rate(item: Count) -> str:
    if item.proportion is None:
        return item.reason
    if item.by_patient is None:
        return proportion(item.proportion)
    least = "at least" if item.kind == "benefit" else "at most"
    every = "in every hip" if item.kind == "benefit" else "in one hip or both"
    by_patient = f"{least} {item.by_patient.events} of {item.by_patient.total}, {proportion(item.by_patient)}"
    return f"{proportion(item.proportion)}; by patient, {every}: {by_patient}"


def _row(review: Review, item: Count) -> Row:
    role = review.synthesis.roles[item.study_id].reason if item.role == "direction only" else ""
    return Row(
        (
            runs(item.event),
            runs(count_text(item)),
            runs(_rate(item)),
            source_runs(item.study_id, item.locator, item.seen_in, review),
            runs("; ".join(filter(None, [role, item.note])) or "none"),
        )
    )


def _harms(review: Review, procedure: Procedure) -> Iterator[Block]:
    studied = review.synthesis.studied[procedure.id]
    studies = list(dict.fromkeys(str(study) for study in studied.arms["study_id"]))
    if not studies or not review.protocol.harms:
        return
    listed = "the protocol's list" + (", post hoc" if review.protocol.standing.post_hoc else "")
    columns = (
        Column(f"Harm, from {listed}", width=1.6),
        Column("Reported", width=2.4),
        Column("Not reported by", width=4),
    )
    rows = []
    for harm, found in harms_of(review, procedure.id):
        reporting = {item.study_id for item in found}
        silent = [study_run(study, review).text for study in studies if study not in reporting]
        who = "every eligible report" if not reporting else ", ".join(silent) or "nobody"
        rows.append(Row((runs(harm), _reported(review, found), runs(who))))
    yield Table(f"{procedure.label}: harms", columns, tuple(rows), anchor=anchor("harms", procedure.id))
    yield Paragraph(
        runs(
            "Not reported means that the pages that were read do not say whether anyone looked. "
            "It does not mean that there were none."
        )
    )


def _reported(review: Review, found: list[Count]) -> Runs:
    if not found:
        return runs("not reported")
    parts: list[Run] = []
    for item in found:
        rate = f": {proportion(item.proportion)}" if item.proportion is not None else f", {item.reason}"
        parts += runs("; " if parts else "", f"{count_text(item)}{rate}, ")
        parts += source_runs(item.study_id, item.locator, item.seen_in, review)
    return tuple(parts)
