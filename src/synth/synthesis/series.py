"""One outcome of one arm: printed figures, the change and its uncertainty, and what the figures say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from synth.effects.continuous import (
    ChangeSummary,
    CorrelationGrid,
    change_over_correlations,
    mean_change_effect,
    sds_before_and_after,
)
from synth.effects.estimate import Effect
from synth.effects.intervals import Interval
from synth.effects.plausibility import (
    Finding,
    limits_beyond_attainable,
    mean_impossible_for_whole_scores,
    ranges_do_not_overlap,
    sd_larger_than_mean,
)
from synth.effects.reported import ReadingsOfP, parse_printed_p, readings_of_p, sd_small_against_others
from synth.effects.summary_checks import inconsistencies, unusable_interval
from synth.errors import MethodError
from synth.extraction import Extraction
from synth.extraction.eligibility import Role
from synth.protocol import Instrument, Protocol

#: The one test whose p value gives a standard error of a change without a further assumption.
_PAIRED_T = re.compile(r"\bpaired\b.*\bt\b", re.IGNORECASE)

#: Columns of outcomes.csv whose printed digits say how far a figure was rounded.
_FIGURES = (
    *(f"{moment}_{figure}" for moment in ("baseline", "followup") for figure in ("mean", "sd", "min", "max")),
    "change_mean",
    "change_sd",
)

#: Units of an instrument that measures how long something took: such a time has no value before treatment.
TIME_UNITS = ("day", "days", "week", "weeks", "month", "months", "year", "years")

#: What can carry a standard error, each as the fields that are emptied where it cannot be used, in the order of
#: `mean_change_effect`.
_CARRIERS: tuple[dict[str, Any], ...] = (
    {"change_sd": None},
    {"change_interval": None},
    {"p_value": ""},
    dict.fromkeys(("baseline_sd", "followup_sd", "baseline_range", "followup_range")),
)


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
    baseline_range, followup_range : tuple of float, or None
        Lowest and highest value, where both were seen.
    stated_direction : str
        higher, lower or no change as the source says it in words; empty where it does not.
    reported_test : str
        The test behind the p value as the source names it; empty where that was not seen.
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
    baseline_range: Interval | None
    followup_range: Interval | None
    stated_direction: str
    reported_test: str
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
    def is_time(self) -> bool:
        """Whether the instrument measures how long something took."""
        return self.summary.unit in TIME_UNITS

    @property
    def direction(self) -> str:
        """higher, lower or no change at follow-up, from the figures or else as stated; empty where neither was seen."""
        change = self.summary.change
        if change is None:
            return self.stated_direction
        return "higher" if change > 0 else "lower" if change < 0 else "no change"


def _seen(value: object) -> float | None:
    number = float(str(value))
    return None if number != number else number


def _range(row: pd.Series, moment: str, ends: tuple[str, str] = ("min", "max")) -> Interval | None:
    low, high = (_seen(row[f"{moment}_{end}"]) for end in ends)
    return None if low is None or high is None else (low, high)


def _summary(row: pd.Series, extraction: Extraction, instrument: Instrument) -> ChangeSummary:
    """The printed figures of one row of outcomes.csv."""
    size = _seen(row["n"])
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
        baseline_range=_range(row, "baseline"),
        followup_range=_range(row, "followup"),
        printed={name: extraction.printed("outcomes", str(row["row"]), name) for name in _FIGURES},
        rows=(str(row["row"]),),
        overlaps_with=tuple(str(arm["overlaps_with"]).split()),
    )
    return _with_interval(summary, row, extraction)


def _with_interval(summary: ChangeSummary, row: pd.Series, extraction: Extraction) -> ChangeSummary:
    """With the confidence interval of the change, its limits as printed and its level as a proportion."""
    level = _seen(row["change_level"])
    if level is None or _range(row, "change", ("low", "high")) is None:
        return summary
    low, high = (extraction.printed("outcomes", str(row["row"]), f"change_{end}") for end in ("low", "high"))
    return replace(summary, change_interval=(low, high), change_level=float(Decimal(repr(level)) / 100))


def series_of(row: pd.Series, extraction: Extraction, protocol: Protocol, role: Role) -> Series:
    """The series of one row of outcomes.csv, with its effect at the protocol's level and correlation."""
    instrument = protocol.instrument(str(row["instrument"]))
    summary = _summary(row, extraction, instrument)
    correlation = protocol.synthesis.correlation
    level = protocol.synthesis.level
    # A reading for directions only gives no estimate: its figures are shown as printed and enter nothing.
    usable = summary.change is not None and role == "synthesis"
    assumed = correlation.main if correlation else None
    effect, refused = _effect(summary, str(row["reported_test"]), assumed, level) if usable else (None, ())
    return Series(
        study_id=summary.study_id,
        arm_id=summary.arm_id,
        outcome=str(row["outcome"]),
        instrument=instrument.id,
        role=role,
        timepoint_months=_seen(row["timepoint_months"]),
        summary=summary,
        baseline_range=summary.baseline_range,
        followup_range=summary.followup_range,
        stated_direction=str(row["direction"]),
        reported_test=str(row["reported_test"]),
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
    summary: ChangeSummary, reported_test: str, correlation: float | None, level: float
) -> tuple[Effect | None, tuple[Finding, ...]]:
    """The mean change from the figures that can carry it, and a finding for each figure that had to be left aside."""
    found: list[Finding] = []
    if summary.p_value and not _may_be_paired_t(reported_test):
        sentence = f"The p value comes from another test ({reported_test}), so no standard error is derived from it."
        found.append(Finding("p_value_of_another_test", "doubtful", sentence))
        summary = replace(summary, p_value="")
    refused = unusable_interval(summary)
    if refused is not None:
        found.append(refused)
        summary = replace(summary, change_interval=None)
    # A figure that cannot be used must not take the change itself, or the next figure, with it.
    attempts = [summary]
    for carrier in _CARRIERS:
        attempts.append(replace(attempts[-1], **carrier))
    for attempt in attempts:
        try:
            effect = mean_change_effect(attempt, correlation=correlation, level=level)
        except MethodError as error:
            sentence = f"A printed figure gives no standard error: {error.__cause__ or error}."
            finding = Finding("no_standard_error", "doubtful", sentence)
            found.extend([] if finding in found else [finding])
        else:
            if found and effect.standard_error is None:
                effect = replace(effect, marks=("no interval: the printed figures give no standard error",))
            return effect, tuple(found)
    return None, tuple(found)


def _may_be_paired_t(reported_test: str) -> bool:
    return not reported_test or _PAIRED_T.search(reported_test) is not None


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
    sds = sds_before_and_after(summary)
    if sds is None or summary.n is None:
        raise MethodError(f"{effect.label}: a correlation is assumed and an SD is missing")
    return change_over_correlations(
        effect.estimate,
        sds[0].value.value,
        sds[1].value.value,
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
    found.extend(_small_sds(row, extraction, summary, instrument))
    found.extend(inconsistencies(summary, paired_p=_may_be_paired_t(str(row["reported_test"]))))
    before, after = summary.baseline_range, summary.followup_range
    if before is not None and after is not None and summary.n is not None and summary.n > 1:
        unit = summary.unit_of_analysis if summary.unit_of_analysis != "not stated" else "measured"
        found.append(ranges_do_not_overlap(before, after, summary.n, unit=unit))
    interval = None if effect is None else effect.interval
    if interval is not None and summary.baseline_mean is not None and low is not None and high is not None:
        found.append(limits_beyond_attainable(interval, summary.baseline_mean, low, high))
    return tuple(finding for finding in found if finding is not None)


def _small_sds(
    row: pd.Series, extraction: Extraction, summary: ChangeSummary, instrument: Instrument
) -> Iterator[Finding | None]:
    """Each SD against those of the same instrument, unit and moment in all other arms."""
    outcomes = extraction.outcomes
    same = outcomes[
        (outcomes["instrument"] == row["instrument"])
        & (outcomes["unit"].replace("", instrument.unit) == summary.unit)
        & ((outcomes["study_id"] != row["study_id"]) | (outcomes["arm_id"] != row["arm_id"]))
    ]
    for column, sd, moment in (
        ("baseline_sd", summary.baseline_sd, "at baseline"),
        ("followup_sd", summary.followup_sd, "at follow-up"),
    ):
        others = same[same[column] > 0]
        # Several times of one arm are one witness.
        if sd and summary.n is not None and summary.n > 1 and len(others.groupby(["study_id", "arm_id"])) > 1:
            yield sd_small_against_others(sd, summary.n, others[column].tolist(), moment=moment)
