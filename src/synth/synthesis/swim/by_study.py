"""A direction table with one plain row a study, for tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from synth.synthesis.swim.rows import Reported, Status, Verdict
from synth.synthesis.swim.votes import together


@dataclass(frozen=True, kw_only=True)
class StudyDirection:
    """What one study gives on one outcome, all its results taken together.

    Attributes
    ----------
    study_id, label : str
        The label is the study's name where one is known.
    procedure, outcome : str
        Ids of the protocol.
    procedure_label, outcome_label : str
    status : str
        The most informative one of the study: figure, direction only, measured but not seen, not mentioned.
    verdict : str
        better, worse, no change, conflicting (its results disagree), unclear (no better end is named); empty without a
        direction.
    direction : str
        higher, lower or no change; "differs" where results of the study have several; empty without a direction.
    better : bool or None
        True for better, False for worse, else None.
    n : int or None
        Largest analysed number behind the directions, or behind the report where it gives none.
    unit : str
        What n counts.
    design, role, mark, depth : str
        Design of the study; synthesis or direction only, and why; how far it was read.
    single_patient : bool
    what : tuple of str
        Instruments and events.
    rows : tuple of str
        Evidence rows.
    """

    study_id: str
    label: str
    procedure: str
    procedure_label: str
    outcome: str
    outcome_label: str
    status: Status
    verdict: Verdict
    direction: str
    better: bool | None
    n: int | None
    unit: str
    design: str
    role: str
    mark: str
    depth: str
    single_patient: bool
    what: tuple[str, ...]
    rows: tuple[str, ...]

    @property
    def counts_as(self) -> str:
        """series, single patient, or directions only: what the study is in the count of directions."""
        if self.role != "synthesis":
            return "directions only"
        return "single patient" if self.single_patient else "series"


def direction_rows(
    rows: Iterable[Reported],
    *,
    procedure_label: str,
    outcome_label: str,
    names: Mapping[str, str] | None = None,
) -> tuple[StudyDirection, ...]:
    """One row a study, series and single patients of one study apart, in the order of the table.

    Parameters
    ----------
    rows : iterable of Reported
        Of one procedure and outcome, in the order of the table.
    procedure_label, outcome_label : str
    names : mapping of str to str, optional
        Name of each study; without it the id stands.
    """
    found: dict[tuple[str, bool], list[Reported]] = {}
    for item in rows:
        found.setdefault((item.study_id, item.single_patient), []).append(item)
    return tuple(_row(items, procedure_label, outcome_label, names or {}) for items in found.values())


def _row(items: list[Reported], procedure_label: str, outcome_label: str, names: Mapping[str, str]) -> StudyDirection:
    first = items[0]
    verdict = together(item.verdict for item in items)
    directions = {item.direction for item in items if item.direction}
    behind = [item for item in items if item.verdict] or items
    largest = max(behind, key=lambda item: -1 if item.n is None else item.n)
    statuses = list(Status)
    return StudyDirection(
        study_id=first.study_id,
        label=names.get(first.study_id, first.study_id),
        procedure=first.procedure,
        procedure_label=procedure_label,
        outcome=first.outcome,
        outcome_label=outcome_label,
        status=min((item.status for item in items), key=statuses.index),
        verdict=verdict,
        direction=directions.pop() if len(directions) == 1 else ("differs" if directions else ""),
        better={"better": True, "worse": False}.get(verdict),
        n=largest.n,
        unit=largest.unit,
        design=first.design,
        role=first.role,
        mark=first.mark,
        depth=largest.seen_in,
        single_patient=first.single_patient,
        what=tuple(dict.fromkeys(item.what for item in items if item.what)),
        rows=tuple(dict.fromkeys(item.row for item in items)),
    )
