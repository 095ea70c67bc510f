"""What one paper prints of one outcome in one arm, and what follows from it without any test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from synth.effects.intervals import Interval, figure
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.p_values import parse_printed_p, standard_error_from_paired_p
from synth.effects.reported.printed import PrintedNumber, as_figure, read_figure
from synth.effects.reported.standard_deviations import LEAST_N_OF_QUANTILES, sd_from_range
from synth.errors import MethodError


def mean_change(baseline_mean: float, followup_mean: float) -> float:
    """Follow-up minus baseline, subtracted in decimals so that 94.2 - 51.3 is 42.9.

    Raises
    ------
    MethodError
        If a mean is not finite.
    """
    if not (math.isfinite(baseline_mean) and math.isfinite(followup_mean)):
        raise MethodError(f"means {baseline_mean} and {followup_mean}: finite numbers are expected")
    return float(Decimal(repr(float(followup_mean))) - Decimal(repr(float(baseline_mean))))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSummary:
    """What one paper prints of one outcome in one arm, before and after. None or empty means unseen.

    Attributes
    ----------
    study_id, arm_id, instrument, unit, unit_of_analysis : str
        As in the outcomes table.
    n : int or None
        Units with both scores.
    baseline_mean, baseline_sd, followup_mean, followup_sd, change_mean, change_sd : float or None
        Raw points; the change is after minus before.
    p_value : str
        Of the change, as printed.
    baseline_range, followup_range : tuple of float, or None
        Smallest and largest score.
    change_interval : tuple of str, or None
        Limits of the confidence interval of the change, as printed.
    change_level : float
        Confidence level of that interval, a proportion.
    printed : mapping of str to str
        The text of figures above, by the name of their field, where it is known: its digits say how far a figure was
        rounded. A figure without text counts as exact.
    rows : tuple of str
        Where the figures stand.
    overlaps_with : tuple of str
        "study_id/arm_id" of arms with, or perhaps with, the same patients.
    """

    study_id: str
    arm_id: str
    instrument: str
    unit: str
    unit_of_analysis: str
    n: int | None = None
    baseline_mean: float | None = None
    baseline_sd: float | None = None
    followup_mean: float | None = None
    followup_sd: float | None = None
    change_mean: float | None = None
    change_sd: float | None = None
    p_value: str = ""
    baseline_range: Interval | None = None
    followup_range: Interval | None = None
    change_interval: tuple[str, str] | None = None
    change_level: float = 0.95
    printed: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    overlaps_with: tuple[str, ...] = ()

    @property
    def change(self) -> float | None:
        """The printed change, or follow-up minus baseline, or None."""
        if self.change_mean is not None:
            return self.change_mean
        if self.baseline_mean is None or self.followup_mean is None:
            return None
        return mean_change(self.baseline_mean, self.followup_mean)


def as_printed(summary: ChangeSummary, name: str, value: float) -> PrintedNumber:
    """A figure of the summary with its rounding; the text is used only where it is that number."""
    exact = read_figure(value, name)
    text = summary.printed.get(name, "")
    if not text:
        return exact
    try:
        found = read_figure(text, name)
    except MethodError:
        return exact
    return found if found.value == exact.value else exact


def printed_change(summary: ChangeSummary) -> PrintedNumber:
    """The change with what the rounding of the printed change, or of both means, allows.

    Raises
    ------
    MethodError
        If no change can be formed.
    """
    if summary.change_mean is not None:
        return as_printed(summary, "change_mean", summary.change_mean)
    if summary.baseline_mean is None or summary.followup_mean is None:
        raise MethodError("no change can be formed; a change, or a mean before and one after, is expected")
    before = as_printed(summary, "baseline_mean", summary.baseline_mean)
    after = as_printed(summary, "followup_mean", summary.followup_mean)
    change = mean_change(before.value, after.value)
    return PrintedNumber(
        f"{change:g}", change, mean_change(before.high, after.low), mean_change(before.low, after.high)
    )


def paired_standard_error(summary: ChangeSummary, change: float, n: int) -> Derivation:
    """Standard error of the change from its p value as a paired t test, over the rounding of p value and change.

    Parameters
    ----------
    summary : ChangeSummary
        With a p value.
    change : float
        Its change; not 0.
    n : int
        Its size; at least 2.

    Raises
    ------
    MethodError
        As for `standard_error_from_paired_p`.
    """
    derivation = standard_error_from_paired_p(change, parse_printed_p(summary.p_value), n).derivation
    smallest, largest = (end / abs(change) for end in printed_change(summary).magnitude)
    low, high = derivation.rounding_range
    return replace(derivation, rounding_range=(low * smallest, high * largest))


@dataclass(frozen=True, slots=True)
class MomentSD:
    """SD of the scores at one moment: as printed, or derived from their range."""

    value: PrintedNumber
    derivation: Derivation | None = None


def sds_before_and_after(summary: ChangeSummary) -> tuple[MomentSD, MomentSD] | None:
    """The SDs before and after, one that is not printed from the range of its scores.

    Parameters
    ----------
    summary : ChangeSummary
        Printed figures.

    Returns
    -------
    tuple of MomentSD, or None
        None where an SD is neither printed nor can be derived; fewer than 5 scores give none.

    Raises
    ------
    MethodError
        If a range has no width.
    """
    before = _moment_sd(summary, "baseline_sd", summary.baseline_sd, summary.baseline_range)
    after = _moment_sd(summary, "followup_sd", summary.followup_sd, summary.followup_range)
    return None if before is None or after is None else (before, after)


def _moment_sd(summary: ChangeSummary, name: str, sd: float | None, limits: Interval | None) -> MomentSD | None:
    if sd is not None:
        return MomentSD(as_printed(summary, name, sd))
    if limits is None or summary.n is None or summary.n < LEAST_N_OF_QUANTILES:
        return None
    moment = name.removesuffix("_sd")
    ends = [as_printed(summary, f"{moment}_{end}", value) for end, value in zip(("min", "max"), limits, strict=True)]
    derivation = sd_from_range(as_figure(ends[0]), as_figure(ends[1]), summary.n)
    assert derivation.value is not None  # a range always gives a value
    return MomentSD(PrintedNumber(figure(derivation.value), derivation.value, *derivation.rounding_range), derivation)
