"""Flow of records and reports through a review, in the stages of PRISMA 2020."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.plots.drawing import Drawing
from synth.plots.prisma_page import Box, Lane, Row, draw_flow
from synth.plots.style import drawing_settings

__all__ = ["FlowColumn", "FlowCounts", "FlowStage", "prisma_flow"]

StageName = Literal["identified", "screened", "sought", "assessed"]
STAGES: Final[Mapping[StageName, tuple[str, str]]] = {
    "identified": ("Records identified", "Records removed before screening"),
    "screened": ("Records screened", "Records excluded"),
    "sought": ("Reports sought for retrieval", "Reports not retrieved"),
    "assessed": ("Reports assessed for eligibility", "Reports excluded"),
}
"""Stages from top to bottom: what is counted in them, and what leaves the flow there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStage:
    """One stage of one column.

    Attributes
    ----------
    stage : {"identified", "screened", "sought", "assessed"}
        Stages of a column keep this order; one that a review did not have is left out.
    count : int
        Records or reports that entered the stage.
    sources : tuple of (str, int)
        Where they came from (database, website, reference list); adds up to `count`. Empty where it is not told apart.
    removed : int
        How many left the flow here.
    reasons : tuple of (str, int)
        Why they left, one reason each; adds up to `removed`. Empty where no reason was kept.
    """

    stage: StageName
    count: int
    sources: tuple[tuple[str, int], ...] = ()
    removed: int = 0
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowColumn:
    """One way by which records were found.

    Attributes
    ----------
    title : str
        Such as "Databases and registers" or "Other methods".
    stages : tuple of FlowStage
        From top to bottom; empty where this way was not taken.
    note : str
        What is said in place of the stages, such as "No database search has been run".
    """

    title: str
    stages: tuple[FlowStage, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCounts:
    """All counts of a flow diagram.

    Attributes
    ----------
    columns : tuple of FlowColumn
        One or two, from left to right.
    studies_included : int
        Studies in the review.
    reports_included : int
        Reports of these studies: what is left of the last stages of all columns.
    """

    columns: tuple[FlowColumn, ...]
    studies_included: int
    reports_included: int


def prisma_flow(counts: FlowCounts, *, title: str = "", notes: Sequence[str] = ()) -> Drawing:
    """A flow diagram whose numbers add up.

    Parameters
    ----------
    counts : FlowCounts
        Every number that is shown.
    title : str
        Heading inside the picture; leave it out where the page gives a caption.
    notes : sequence of str
        Lines below the diagram.

    Returns
    -------
    Drawing
        Its data have a line for each number: column, stage, item ("entered", "source", "removed", "reason",
        "included"), label and count.

    Raises
    ------
    MethodError
        If a count is negative, stages are out of order, or numbers do not add up; the message gives both sides.

    References
    ----------
    Page et al. 2021, BMJ 372:n71, figure 1: stages and their order.
    """
    _check(counts)
    lanes = tuple(_lane(column) for column in counts.columns)
    included = Box(
        "Included in the review",
        (
            ("Studies", counts.studies_included),
            ("Reports of these studies", counts.reports_included),
        ),
    )
    with drawing_settings():
        figure = draw_flow(lanes, included, rows=_rows(counts), title=title, notes=notes)
    name = text.printable(title or "Flow of records and reports")
    return Drawing(figure, title=name, alt_text=_alt_text(counts, title, notes), data=_data(counts))


def _check(counts: FlowCounts) -> None:
    if not 1 <= len(counts.columns) <= 2:
        raise MethodError(f"flow diagram: {len(counts.columns)} columns; one or two are expected")
    left = sum(_check_column(column) for column in counts.columns)
    if min(counts.studies_included, counts.reports_included) < 0:
        raise MethodError("flow diagram: studies and reports included are counts of 0 or more")
    if left != counts.reports_included:
        raise MethodError(f"flow diagram: {left} reports are left at the end, {counts.reports_included} are included")
    if counts.studies_included > counts.reports_included:
        raise MethodError(
            f"flow diagram: {counts.studies_included} studies have {counts.reports_included} reports;"
            " a study has at least one"
        )


def _check_column(column: FlowColumn) -> int:
    """Refuse a column that does not add up; returns what is left at its end."""
    place = f"flow diagram: {column.title}"
    if not column.stages:
        if not column.note:
            raise MethodError(f"{place} has no stages; a note that says why is expected")
        return 0
    order = list(STAGES)
    positions = [order.index(stage.stage) for stage in column.stages]
    if positions != sorted(set(positions)):
        raise MethodError(f"{place} has the stages {[stage.stage for stage in column.stages]}; expected order: {order}")
    entering = column.stages[0].count
    for stage in column.stages:
        numbers = [stage.count, stage.removed, *(number for _, number in (*stage.sources, *stage.reasons))]
        if min(numbers) < 0:
            raise MethodError(f"{place}, {stage.stage}: a count is negative")
        if stage.count != entering:
            raise MethodError(f"{place}, {stage.stage}: {stage.count} entered, {entering} were left before")
        if stage.removed > stage.count:
            raise MethodError(f"{place}, {stage.stage}: {stage.removed} removed of {stage.count}")
        _check_parts(place, stage.stage, "sources", stage.sources, stage.count)
        _check_parts(place, stage.stage, "reasons", stage.reasons, stage.removed)
        entering = stage.count - stage.removed
    return entering


def _check_parts(place: str, stage: str, name: str, parts: Sequence[tuple[str, int]], whole: int) -> None:
    total = sum(number for _, number in parts)
    if parts and total != whole:
        raise MethodError(f"{place}, {stage}: the {name} add up to {total}, the whole is {whole}")


def _rows(counts: FlowCounts) -> tuple[Row, ...]:
    used = {stage.stage for column in counts.columns for stage in column.stages}
    phases = {"identified": "Identification"}
    return tuple(Row(stage, phases.get(stage, "Screening")) for stage in STAGES if stage in used)


def _lane(column: FlowColumn) -> Lane:
    main: dict[str, Box] = {}
    side: dict[str, Box] = {}
    for stage in column.stages:
        entered, removed = STAGES[stage.stage]
        main[stage.stage] = Box(entered, stage.sources, stage.count)
        if stage.removed:
            side[stage.stage] = Box(removed, stage.reasons, stage.removed)
    return Lane(column.title, main, side, column.note if not column.stages else "")


def _data(counts: FlowCounts) -> pd.DataFrame:
    records: list[tuple[str, str, str, str, int]] = []
    for column in counts.columns:
        for stage in column.stages:
            entered, removed = STAGES[stage.stage]
            place = (column.title, stage.stage)
            records.append((*place, "entered", entered, stage.count))
            records += [(*place, "source", label, number) for label, number in stage.sources]
            records += [(*place, "removed", removed, stage.removed)] if stage.removed else []
            records += [(*place, "reason", label, number) for label, number in stage.reasons if stage.removed]
    records.append(("", "included", "included", "Studies", counts.studies_included))
    records.append(("", "included", "included", "Reports of these studies", counts.reports_included))
    return pd.DataFrame.from_records(records, columns=["column", "stage", "item", "label", "count"])


def _alt_text(counts: FlowCounts, title: str, notes: Sequence[str]) -> str:
    parts = [f"Flow diagram: {title}." if title else "Flow diagram of records and reports."]
    for column in counts.columns:
        sentences = [_in_words(stage) for stage in column.stages] or [f"{column.note.rstrip('.')}."]
        parts.append(f"{column.title}: {' '.join(sentences)}")
    parts.append(f"Included: {counts.studies_included} studies in {counts.reports_included} reports.")
    return text.printable(" ".join([*parts, *notes]))


def _in_words(stage: FlowStage) -> str:
    entered, removed = STAGES[stage.stage]
    sources = f" ({_listed(stage.sources)})" if stage.sources else ""
    if not stage.removed:
        return f"{entered} {stage.count}{sources}."
    reasons = f" ({_listed(stage.reasons)})" if stage.reasons else ""
    return f"{entered} {stage.count}{sources}; {removed[0].lower()}{removed[1:]} {stage.removed}{reasons}."


def _listed(parts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{label} {number}" for label, number in parts)
