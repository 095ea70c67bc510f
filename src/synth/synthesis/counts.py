"""Events counted in one arm: n of N with its exact interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from synth.effects.proportions import Proportion, exact_proportion
from synth.extraction.eligibility import Role
from synth.protocol import Protocol


@dataclass(frozen=True)
class Count:
    """One event in one arm.

    Attributes
    ----------
    study_id, arm_id, event, kind, harm : str
        `kind` and `harm` as the protocol has them.
    role : str
        synthesis, direction only or annex.
    events, total : int
    unit_of_analysis : str
    proportion : Proportion or None
        None where the count has no rate.
    reason : str
        Why there is no rate; empty where there is one.
    patients : int or None
        Patients behind a count of hips, where the arm states them.
    by_patient : Proportion or None
        The least favourable count of patients that a count of hips allows (rule 8); None for a count of patients, and
        where the arm's patients or hips are not those of the count.
    one_each : bool
        Whether it is a count of hips in which every patient has one.
    row, source, locator, seen_in, note : str
        Where it was read.
    """

    study_id: str
    arm_id: str
    event: str
    kind: str
    harm: str
    role: Role
    events: int
    total: int
    unit_of_analysis: str
    proportion: Proportion | None
    reason: str
    patients: int | None
    by_patient: Proportion | None
    one_each: bool
    row: str
    source: str
    locator: str
    seen_in: str
    note: str


def _no_rate(row: pd.Series, kind: str, role: Role) -> str:
    if role == "direction only":
        return "no rate: the source is used for directions only"
    if row["conditioned_on_inclusion"] == "yes":
        return "no rate: who was included depended on it"
    if not row["unit_of_analysis"] or row["unit_of_analysis"] == "not stated":
        return "no rate: what was counted is not stated"
    if kind == "baseline":
        return "no rate: a state before treatment"
    if kind == "course":
        return "no rate: a step of care, not an outcome"
    if int(row["total"]) == 1:
        return "no rate: a single patient"
    return ""


def _least_favourable(events: int, total: int, patients: int, kind: str) -> int:
    """Patients with the event, if both hips of a patient count against the treatment wherever they can."""
    return patients - min(total - events, patients) if kind == "benefit" else min(events, patients)


def count_of(row: pd.Series, arm: pd.Series, protocol: Protocol, role: Role) -> Count:
    """The count of one row of events.csv and its arm, with its exact interval where it may have one (rules 8 to 10)."""
    event = protocol.event(str(row["event"]))
    reason = _no_rate(row, event.kind, role)
    events, total, unit = int(row["events"]), int(row["total"]), str(row["unit_of_analysis"])
    level = protocol.synthesis.level
    proportion = None if reason else exact_proportion(events, total, level=level, unit_of_analysis=unit)
    patients = int(arm["n_patients"]) if unit == "hips" and arm["n_patients"] == arm["n_patients"] else None
    by_patient = None
    counted = bool(patients and arm["n_hips"] == total)
    if proportion is not None and patients and counted and patients < total:
        fewest = _least_favourable(events, total, patients, event.kind)
        by_patient = exact_proportion(fewest, patients, level=level, unit_of_analysis="patients")
    return Count(
        study_id=str(row["study_id"]),
        arm_id=str(row["arm_id"]),
        event=event.id,
        kind=event.kind,
        harm=event.harm,
        role=role,
        events=events,
        total=total,
        unit_of_analysis=unit or "not stated",
        proportion=proportion,
        reason=reason,
        patients=patients,
        by_patient=by_patient,
        one_each=counted and patients == total,
        row=str(row["row"]),
        source=str(row["source"]),
        locator=str(row["locator"]),
        seen_in=str(row["seen_in"]),
        note=str(row["note"]),
    )
