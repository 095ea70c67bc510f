"""Every single patient of a review, from cases.csv and from the rows of outcomes.csv that hold one patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.extraction import Extraction
from synth.extraction.eligibility import Standing
from synth.extraction.overlap import DECLARED, Overlap
from synth.protocol import Instrument, Protocol
from synth.synthesis.cases.answer import CaseAnswer
from synth.synthesis.cases.patients import Case, merged
from synth.synthesis.cases.pseudo_series import FROM, PseudoSeries, one_line_each, reached_counts
from synth.synthesis.cases.reached import beside
from synth.synthesis.series import Series

if TYPE_CHECKING:
    from synth.synthesis.answers import Synthesis

Arm = tuple[str, str]


def cases_of(protocol: Protocol, extraction: Extraction, synthesis: Synthesis) -> tuple[CaseAnswer, ...]:
    """What single patients show, one answer for each procedure, outcome and instrument that has any.

    Parameters
    ----------
    protocol : Protocol
        For instruments with their published differences, and the order of the answers.
    extraction : Extraction
        Its cases.
    synthesis : Synthesis
        Its roles, arms, series and possible overlaps.

    Returns
    -------
    tuple of CaseAnswer
        In the order of the protocol; patients without any score come last in each procedure.

    Notes
    -----
    A patient in both files is shown once: the rows are of one study, arm and instrument and their figures are equal.
    An instrument of several outcomes counts for the one under which its arm has a row in outcomes.csv, else for the
    first of the protocol, and an instrument of no outcome stands without one. Procedures that are only comparators have
    no answer.
    """
    singles = [item for answer in synthesis.answers for item in answer.series if item.single_patient]
    by_arm = _by_arm(protocol, extraction, synthesis.roles, singles)
    answers = []
    for procedure in protocol.procedures:
        if procedure.role == "comparator":
            continue
        own = [case for arm, cases in by_arm.items() if synthesis.arm_procedures[arm] == procedure.id for case in cases]
        declared = _declared(extraction, {(case.study_id, case.arm_id) for case in own})
        overlaps = (*synthesis.studied[procedure.id].overlaps, *declared)
        answers += list(_answers(protocol, procedure.id, own, overlaps))
    return tuple(answers)


def _by_arm(
    protocol: Protocol, extraction: Extraction, roles: Mapping[str, Standing], singles: Sequence[Series]
) -> dict[Arm, list[Case]]:
    measured = {(item.study_id, item.arm_id, item.instrument): item.outcome for item in singles}
    for _, row in extraction.outcomes.iterrows():
        key = (str(row["study_id"]), str(row["arm_id"]), str(row["instrument"]))
        measured.setdefault(key, str(row["outcome"]))
    one = extraction.arms[extraction.arms["n_patients"] == 1]
    alone = set(zip(one["study_id"], one["arm_id"], strict=True))
    found: dict[Arm, list[Case]] = {}
    for _, row in extraction.cases.iterrows():
        case = _of_row(row, protocol, roles, measured)
        found.setdefault((case.study_id, case.arm_id), []).append(case)
    for item in singles:
        arm = (item.study_id, item.arm_id)
        found[arm] = merged(found.get(arm, []), _of_series(item, protocol), alone=arm in alone)
    return found


def _number(value: Any) -> float | None:
    return None if value != value else float(value)


def _of_row(
    row: Any, protocol: Protocol, roles: Mapping[str, Standing], measured: Mapping[tuple[str, str, str], str]
) -> Case:
    """One row of cases.csv."""
    study, arm, name = (str(row[key]) for key in ("study_id", "arm_id", "instrument"))
    instrument = protocol.instrument(name) if name else None
    first = next((item.id for item in protocol.outcomes if name in item.instruments), "")
    return Case(
        study_id=study,
        arm_id=arm,
        case_id=str(row["case_id"]),
        age=_number(row["age"]),
        sex=str(row["sex"]),
        outcome=measured.get((study, arm, name), first) if name else "",
        instrument=name,
        unit=instrument.unit if instrument else "",
        role=roles[study].role,
        baseline=_number(row["baseline"]),
        followup=_number(row["followup"]),
        timepoint_months=_number(row["timepoint_months"]),
        better=instrument.better if instrument else None,
        rows=(str(row["row"]),),
        source=str(row["source"]),
        locator=str(row["locator"]),
        seen_in=str(row["seen_in"]),
    )


def _of_series(item: Series, protocol: Protocol) -> Case:
    """One row of outcomes.csv that holds one patient."""
    summary = item.summary
    return Case(
        study_id=item.study_id,
        arm_id=item.arm_id,
        outcome=item.outcome,
        instrument=item.instrument,
        unit=summary.unit,
        role=item.role,
        baseline=summary.baseline_mean,
        followup=summary.followup_mean,
        stated_change=summary.change_mean,
        stated_direction=item.stated_direction,
        timepoint_months=item.timepoint_months,
        better=protocol.instrument(item.instrument).better,
        unit_of_analysis=summary.unit_of_analysis,
        rows=(item.row,),
        source=item.source,
        locator=item.locator,
        seen_in=item.seen_in,
        note=item.note,
    )


def _declared(extraction: Extraction, arms: set[Arm]) -> Iterator[Overlap]:
    """Arms of one study that share patients by its own declaration: between studies the synthesis knows them."""
    for _, row in extraction.arms.iterrows():
        own = (str(row["study_id"]), str(row["arm_id"]))
        for other in str(row["overlaps_with"]).split():
            study, _, arm = other.partition("/")
            if study == own[0] and own < (study, arm) and {own, (study, arm)} <= arms:
                yield Overlap(f"{study}/{own[1]}", f"{study}/{arm}", DECLARED)


def _answers(
    protocol: Protocol, procedure: str, cases: Sequence[Case], overlaps: Iterable[Overlap]
) -> Iterator[CaseAnswer]:
    pairs = tuple(overlaps)
    for outcome in protocol.outcomes:
        for name in outcome.instruments:
            own = [case for case in cases if (case.outcome, case.instrument) == (outcome.id, name)]
            if own:
                yield _answer(procedure, own, protocol.instrument(name), pairs)
    # An instrument of no outcome still has its patients shown.
    for name in dict.fromkeys(case.instrument for case in cases if case.instrument and not case.outcome):
        own = [case for case in cases if (case.outcome, case.instrument) == ("", name)]
        yield _answer(procedure, own, protocol.instrument(name), pairs)
    if silent := tuple(case for case in cases if not case.instrument):
        reason = "No score of these patients was seen in what was read."
        yield CaseAnswer(
            procedure=procedure,
            outcome="",
            instrument="",
            unit="",
            cases=silent,
            beside=((),) * len(silent),
            pseudo_series=None,
            reason=reason,
        )


def _answer(procedure: str, cases: Sequence[Case], instrument: Instrument, overlaps: Sequence[Overlap]) -> CaseAnswer:
    pseudo, reason = _together(procedure, cases, instrument, overlaps)
    return CaseAnswer(
        procedure=procedure,
        outcome=cases[0].outcome,
        instrument=instrument.id,
        unit=cases[0].unit,
        cases=tuple(cases),
        beside=tuple(beside(case, instrument) for case in cases),
        pseudo_series=pseudo,
        reason=reason,
    )


def _together(
    procedure: str, cases: Sequence[Case], instrument: Instrument, overlaps: Sequence[Overlap]
) -> tuple[PseudoSeries | None, str]:
    patients = one_line_each(cases)
    after = [case for case in patients if case.followup is not None or case.direction]
    units = sorted({case.unit for case in after})
    if len(after) < FROM:
        found = "only one patient" if after else "no patient"
        return None, f"No pseudo-series: {found} that can be counted has a figure after treatment."
    if len(units) > 1:
        return None, f"No pseudo-series: the scores have different units ({', '.join(units)})."
    reports = {case.study_id for case in after}
    arms = {f"{case.study_id}/{case.arm_id}" for case in after}
    shared = tuple(pair for pair in overlaps if {pair.first, pair.second} <= reports | arms)
    pseudo = PseudoSeries(
        procedure=procedure,
        outcome=after[0].outcome,
        instrument=instrument.id,
        unit=units[0],
        patients=tuple(after),
        overlaps=shared,
        thresholds=reached_counts([beside(case, instrument) for case in after]),
        better=instrument.better,
        is_time=after[0].is_time,
    )
    return pseudo, f"Side by side as a pseudo-series: {pseudo.size}."
