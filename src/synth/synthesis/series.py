"""One outcome of one arm: printed figures, the change with what is known of its uncertainty, and what the figures say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from synth.effects.continuous import ChangeSummary, CorrelationGrid, change_over_correlations, mean_change_effect
from synth.effects.estimate import Effect
from synth.effects.plausibility import (
    Finding,
    limits_beyond_attainable,
    mean_impossible_for_whole_scores,
    ranges_do_not_overlap,
    sd_larger_than_mean,
)
from synth.effects.reported import ReadingsOfP, parse_printed_p, readings_of_p
from synth.errors import MethodError
from synth.extraction import Extraction
from synth.extraction.eligibility import Role
from synth.protocol import Instrument, Protocol


@dataclass(frozen=True)
class Series:
    """One outcome of one arm by one instrument.

    Attributes
    ----------
    study_id, arm_id, outcome, instrument : str
    role : str
        synthesis, direction only or annex.
    timepoint_months : float or None
    summary : ChangeSummary
        The printed figures.
    effect : Effect or None
        The mean change; None where no change can be formed from what was seen.
    readings : ReadingsOfP or None
        Every reading of the p value, where the standard error rests on one.
    grid : CorrelationGrid or None
        The change over the protocol's correlations, where it rests on the SDs before and after.
    findings : tuple of Finding
        What the figures say of themselves: impossible, doubtful, or following by logic.
    row, source, locator, seen_in, note : str
        Where it was read.
    """

    study_id: str
    arm_id: str
    outcome: str
    instrument: str
    role: Role
    timepoint_months: float | None
    summary: ChangeSummary
    effect: Effect | None
    readings: ReadingsOfP | None
    grid: CorrelationGrid | None
    findings: tuple[Finding, ...]
    row: str
    source: str
    locator: str
    seen_in: str
    note: str

    @property
    def single_patient(self) -> bool:
        """Whether the row is one patient's values and not a mean."""
        return self.summary.n == 1

    @property
    def direction(self) -> str:
        """higher, lower or no change at follow-up; empty where no change was seen."""
        change = self.summary.change
        if change is None:
            return ""
        return "higher" if change > 0 else "lower" if change < 0 else "no change"


def _seen(value: object) -> float | None:
    number = float(str(value))
    return None if number != number else number


def series_of(row: pd.Series, extraction: Extraction, protocol: Protocol, role: Role) -> Series:
    """The series of one row of outcomes.csv, with its effect at the protocol's level and correlation."""
    size, instrument = _seen(row["n"]), protocol.instrument(str(row["instrument"]))
    arm = extraction.arms[
        (extraction.arms["study_id"] == row["study_id"]) & (extraction.arms["arm_id"] == row["arm_id"])
    ].iloc[0]
    summary = ChangeSummary(
        study_id=str(row["study_id"]),
        arm_id=str(row["arm_id"]),
        instrument=instrument.id,
        unit=str(row["unit"]) or instrument.unit,
        unit_of_analysis=str(row["unit_of_analysis"]) or "not stated",
        n=None if size is None else int(size),
        baseline_mean=_seen(row["baseline_mean"]),
        baseline_sd=_seen(row["baseline_sd"]),
        followup_mean=_seen(row["followup_mean"]),
        followup_sd=_seen(row["followup_sd"]),
        change_mean=_seen(row["change_mean"]),
        change_sd=_seen(row["change_sd"]),
        p_value=str(row["p_value"]),
        rows=(str(row["row"]),),
        overlaps_with=tuple(str(arm["overlaps_with"]).split()),
    )
    correlation = protocol.synthesis.correlation
    level = protocol.synthesis.level
    # A reading for directions only gives no estimate: its figures are shown as printed and enter nothing.
    usable = summary.change is not None and role != "direction only"
    effect, refused = _effect(summary, correlation.main if correlation else None, level) if usable else (None, ())
    return Series(
        study_id=summary.study_id,
        arm_id=summary.arm_id,
        outcome=str(row["outcome"]),
        instrument=instrument.id,
        role=role,
        timepoint_months=_seen(row["timepoint_months"]),
        summary=summary,
        effect=effect,
        readings=_readings(summary, effect, protocol),
        grid=_grid(summary, effect, protocol),
        findings=(*refused, *_findings(row, extraction, summary, effect, instrument)),
        row=str(row["row"]),
        source=str(row["source"]),
        locator=str(row["locator"]),
        seen_in=str(row["seen_in"]),
        note=str(row["note"]),
    )


def _effect(
    summary: ChangeSummary, correlation: float | None, level: float
) -> tuple[Effect | None, tuple[Finding, ...]]:
    """The mean change; where its figures give none (a p value that cannot be read), a finding says why."""
    try:
        return mean_change_effect(summary, correlation=correlation, level=level), ()
    except MethodError as error:
        return None, (Finding("no_effect", "doubtful", f"The figures are shown and give no estimate: {error}."),)


def _rests_on(effect: Effect | None, name: str) -> bool:
    derivation = None if effect is None or effect.standard_error is None else effect.derivation
    return derivation is not None and any(name in key for key, _ in derivation.inputs)


def _readings(summary: ChangeSummary, effect: Effect | None, protocol: Protocol) -> ReadingsOfP | None:
    if effect is None or summary.n is None or not _rests_on(effect, "p value"):
        return None
    correlation = protocol.synthesis.correlation
    return readings_of_p(
        effect.estimate,
        parse_printed_p(summary.p_value),
        summary.n,
        correlations=correlation.grid if correlation else (),
        level=protocol.synthesis.level,
    )


def _grid(summary: ChangeSummary, effect: Effect | None, protocol: Protocol) -> CorrelationGrid | None:
    correlation = protocol.synthesis.correlation
    if effect is None or correlation is None or not _rests_on(effect, "correlation"):
        return None
    if summary.baseline_sd is None or summary.followup_sd is None or summary.n is None:
        raise MethodError(f"{effect.label}: a correlation is assumed and an SD is missing")
    return change_over_correlations(
        effect.estimate,
        summary.baseline_sd,
        summary.followup_sd,
        summary.n,
        correlations=correlation.grid,
        level=protocol.synthesis.level,
    )


def _findings(
    row: pd.Series, extraction: Extraction, summary: ChangeSummary, effect: Effect | None, instrument: Instrument
) -> tuple[Finding, ...]:
    found: list[Finding | None] = []
    low, high = instrument.minimum, instrument.maximum
    for moment, mean, sd in (
        ("baseline_mean", summary.baseline_mean, summary.baseline_sd),
        ("followup_mean", summary.followup_mean, summary.followup_sd),
    ):
        if mean is not None and instrument.whole_scores and summary.n is not None and summary.n > 1:
            printed = extraction.printed("outcomes", str(row["row"]), moment)
            found.append(mean_impossible_for_whole_scores(printed, summary.n))
        if mean is not None and sd is not None:
            found.append(sd_larger_than_mean(mean, sd, minimum=low))
    ranges = [_seen(row[name]) for name in ("baseline_min", "baseline_max", "followup_min", "followup_max")]
    before_low, before_high, after_low, after_high = ranges
    if None not in ranges and summary.n is not None and summary.n > 1:
        assert before_low is not None and before_high is not None and after_low is not None and after_high is not None
        unit = summary.unit_of_analysis if summary.unit_of_analysis != "not stated" else "measured"
        found.append(ranges_do_not_overlap((before_low, before_high), (after_low, after_high), summary.n, unit=unit))
    if effect is not None and effect.interval is not None and summary.baseline_mean is not None:
        if low is not None and high is not None:
            found.append(limits_beyond_attainable(effect.interval, summary.baseline_mean, low, high))
    return tuple(finding for finding in found if finding is not None)
