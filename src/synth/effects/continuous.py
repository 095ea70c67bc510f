"""Mean change from before to after in one group, with a standard error where the paper's figures allow one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.effects.change_summary import (
    ChangeSummary,
    MomentSD,
    mean_change,
    paired_standard_error,
    printed_change,
    sds_before_and_after,
)
from synth.effects.estimate import Effect
from synth.effects.intervals import Interval, confidence_interval, figure
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.p_values import check_correlation
from synth.effects.reported.printed import PrintedNumber, as_figure, over_rounding
from synth.effects.reported.standard_errors import standard_error_from_interval
from synth.errors import MethodError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ChangeAtCorrelation",
    "ChangeSummary",
    "CorrelationGrid",
    "MomentSD",
    "change_over_correlations",
    "correlations_allowed",
    "mean_change",
    "mean_change_effect",
    "printed_change",
    "sd_of_change",
    "sds_before_and_after",
    "standard_error_of_change",
]

_CHANGE_SD_SOURCE = "Cochrane Handbook for Systematic Reviews of Interventions 5.1, section 16.1.3.2"


def sd_of_change(baseline_sd: float, followup_sd: float, correlation: float) -> float:
    """Standard deviation of the change from those before and after.

    Parameters
    ----------
    baseline_sd, followup_sd : float
        Same unit, not negative.
    correlation : float
        Between the scores before and after; above -1 and below 1.

    Returns
    -------
    float
        In the unit of the SDs.

    Raises
    ------
    MethodError
        If an SD is negative or not finite, or the correlation is out of range.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 5.1, section 16.1.3.2.
    """
    check_correlation(correlation)
    for sd in (baseline_sd, followup_sd):
        if not (math.isfinite(sd) and sd >= 0):
            raise MethodError(f"standard deviation {sd}: a finite number of at least 0 is expected")
    # Equal to s1**2 + s2**2 - 2 r s1 s2, written so that rounding cannot make it negative.
    return math.sqrt((baseline_sd - followup_sd) ** 2 + 2 * (1 - correlation) * baseline_sd * followup_sd)


def standard_error_of_change(sd: float, n: int) -> float:
    """Standard error of a mean change from the SD of the changes.

    Raises
    ------
    MethodError
        If n is below 2 or the SD is not a finite number above 0.
    """
    if n < 2:
        raise MethodError(f"n = {n}: a standard error needs at least 2 patients")
    if not (math.isfinite(sd) and sd > 0):
        raise MethodError(f"standard deviation {sd} of the change: a finite number above 0 is expected")
    return sd / math.sqrt(n)


@dataclass(frozen=True, slots=True)
class ChangeAtCorrelation:
    """A mean change with its interval at one assumed correlation; raw points, n - 1 degrees of freedom."""

    correlation: float
    sd_of_change: float
    standard_error: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationGrid:
    """A mean change over a grid of correlations between the scores before and after.

    Attributes
    ----------
    change : float
        Raw points; the same for every correlation.
    n : int
        Analysed units.
    level : float
        Of the intervals, a proportion.
    lines : tuple of ChangeAtCorrelation
        In the order of the grid.
    """

    change: float
    n: int
    level: float
    lines: tuple[ChangeAtCorrelation, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per correlation: correlation, change, sd_of_change, standard_error, low, high."""
        import pandas as pd  # here, so that importing the effects stays cheap

        rows = [
            (line.correlation, self.change, line.sd_of_change, line.standard_error, *line.interval)
            for line in self.lines
        ]
        return pd.DataFrame(rows, columns=["correlation", "change", "sd_of_change", "standard_error", "low", "high"])


def change_over_correlations(
    change: float, baseline_sd: float, followup_sd: float, n: int, *, correlations: Sequence[float], level: float
) -> CorrelationGrid:
    """Interval of a mean change from the SDs before and after, for each correlation of a grid.

    Parameters
    ----------
    change : float
        Raw points.
    baseline_sd, followup_sd : float
        Same unit.
    n : int
        Units with both scores; at least 2.
    correlations : sequence of float
        The protocol's grid; at least one.
    level : float
        Confidence level, a proportion.

    Raises
    ------
    MethodError
        If the grid is empty or a number is out of range.
    """
    if not correlations:
        raise MethodError("the grid of correlations is empty; the protocol must give at least one")
    lines = []
    for correlation in correlations:
        sd = sd_of_change(baseline_sd, followup_sd, correlation)
        standard_error = standard_error_of_change(sd, n)
        limits = confidence_interval(change, standard_error, level, n - 1)
        lines.append(ChangeAtCorrelation(correlation, sd, standard_error, limits))
    return CorrelationGrid(change=change, n=n, level=level, lines=tuple(lines))


def correlations_allowed(
    baseline_sd: float, followup_sd: float, n: int, standard_error_range: Interval
) -> Interval | None:
    """Correlations that the printed SDs and a range of standard errors allow together.

    With both SDs and a p value printed, the p value says which correlations are possible if it comes from a paired t
    test; none means that the two cannot both be right under that test.

    Parameters
    ----------
    baseline_sd, followup_sd : float
        Above 0.
    n : int
        Units with both scores; at least 2.
    standard_error_range : tuple of float
        Smallest and largest standard error of the change; the largest may be infinite.

    Returns
    -------
    tuple of float, or None
        Lowest and highest correlation within -1 to 1; None if there is none.

    Raises
    ------
    MethodError
        If an SD is not above 0 or n is below 2.
    """
    if n < 2 or not (baseline_sd > 0 and followup_sd > 0):
        raise MethodError(f"SDs {baseline_sd} and {followup_sd}, n = {n}: SDs above 0 and n of at least 2 are expected")
    smallest, largest = standard_error_range

    def correlation(standard_error: float) -> float:
        return (baseline_sd**2 + followup_sd**2 - n * standard_error**2) / (2 * baseline_sd * followup_sd)

    low, high = max(correlation(largest), -1.0), min(correlation(smallest), 1.0)
    return (low, high) if low <= high else None


def mean_change_effect(summary: ChangeSummary, *, correlation: float | None, level: float) -> Effect:
    """The mean change of one arm, with the standard error that rests on the least.

    In this order: the printed SD of the changes; the printed confidence interval of the change, read as a t interval;
    the printed p value, read as a paired t test; the SDs before and after with an assumed correlation, where an SD that
    is not printed is taken from the range of its scores if these are at least 5; none. A p value printed as a bound
    gives no standard error. The Cochrane Handbook has the same order: analyses of the changes themselves before an
    imputed correlation.

    Parameters
    ----------
    summary : ChangeSummary
        Printed figures.
    correlation : float or None
        The protocol's main assumption; None makes no use of the SDs before and after.
    level : float
        Confidence level, a proportion.

    Returns
    -------
    Effect
        Measure "MC". Without standard error and interval where nothing gives one; `marks` says why.

    Raises
    ------
    MethodError
        If no change can be formed, or the figures cannot be (see the functions above); the arm is named.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 5.1, section 16.1.3.2.
    """
    label = f"{summary.study_id}/{summary.arm_id}"
    if (change := summary.change) is None:
        raise MethodError(f"{label}: no change can be formed; a change, or a mean before and one after, is expected")
    try:
        standard_error, derivation, marks = _standard_error(summary, change, correlation)
    except MethodError as error:
        raise MethodError(f"{label} {summary.instrument}: {error}") from error
    interval = None
    if standard_error is not None and summary.n is not None:
        interval = confidence_interval(change, standard_error, level, summary.n - 1)
    return Effect(
        study_id=summary.study_id,
        arm_id=summary.arm_id,
        measure="MC",
        estimate=change,
        standard_error=standard_error,
        interval=interval,
        level=level,
        n=summary.n,
        unit_of_analysis=summary.unit_of_analysis,
        instrument=summary.instrument,
        unit=summary.unit,
        derivation=derivation,
        marks=marks,
        rows=summary.rows,
        overlaps_with=summary.overlaps_with,
    )


def _standard_error(
    summary: ChangeSummary, change: float, correlation: float | None
) -> tuple[float | None, Derivation | None, tuple[str, ...]]:
    """Standard error, its derivation and the marks to show, by the order that `mean_change_effect` states."""
    if summary.n is None:
        return None, None, ("no interval: the number analysed was not seen",)
    if summary.n < 2:
        return None, None, ("no interval: a single patient",)
    if summary.change_sd is not None:
        return standard_error_of_change(summary.change_sd, summary.n), None, ()
    if summary.change_interval is not None:
        return _carried_by(_from_interval(summary, summary.change_interval, summary.n))
    bound: Derivation | None = None
    if summary.p_value and change != 0:
        found = paired_standard_error(summary, change, summary.n)
        if found.value is not None:
            return _carried_by(found)
        bound = found
    sds = None if correlation is None else sds_before_and_after(summary)
    if correlation is not None and sds is not None:
        return _carried_by(_from_sds(sds, correlation, summary.n))
    reason = "no standard deviation and no p value was seen"
    if bound is not None:
        reason = f"the p value is printed as a bound, {_bound_in_words(bound.rounding_range)}"
    return None, bound, (f"no interval: {reason}",)


def _carried_by(derivation: Derivation) -> tuple[float | None, Derivation, tuple[str, ...]]:
    return derivation.value, derivation, (derivation.mark, *derivation.cautions)


def _bound_in_words(standard_error_range: Interval) -> str:
    low, high = standard_error_range
    if math.isinf(high):
        return f"which says of a paired t test only that the standard error is above {figure(low)}"
    return f"which says of a paired t test only that the standard error is below {figure(high)}"


def _from_interval(summary: ChangeSummary, limits: tuple[str, str], n: int) -> Derivation:
    # The symmetry is judged with a printed change only: one worked out from two means is rounded twice.
    estimate = None if summary.change_mean is None else as_figure(printed_change(summary))
    return standard_error_from_interval(
        *limits, level=summary.change_level, degrees_of_freedom=n - 1, estimate=estimate
    )


def _from_sds(sds: tuple[MomentSD, MomentSD], correlation: float, n: int) -> Derivation:
    before, after = sds
    from_range = [moment for moment, sd in (("before", before), ("after", after)) if sd.derivation is not None]
    assumption = f"the scores before and after correlate with {correlation:g}, which no paper prints"
    mark = f"standard error derived, correlation {correlation:g} assumed"
    if from_range:
        moments = " and ".join(from_range)
        assumption += f", and the scores {moments} are normally distributed"
        mark += f", SD {moments} from the range, normal distribution assumed"
    low, high = _change_sd_range(before.value, after.value, correlation)
    return Derivation(
        quantity="standard error",
        value=standard_error_of_change(sd_of_change(before.value.value, after.value.value, correlation), n),
        rounding_range=(low / math.sqrt(n), high / math.sqrt(n)),
        method="standard error of the change from the SDs before and after",
        inputs=(
            ("SD before", before.value.value),
            ("SD after", after.value.value),
            ("n", n),
            ("correlation (assumed)", correlation),
        ),
        assumption=assumption,
        source=_CHANGE_SD_SOURCE if not from_range else f"{_CHANGE_SD_SOURCE}; Wan et al. (2014) for SDs from ranges",
        mark=mark,
    )


def _change_sd_range(before: PrintedNumber, after: PrintedNumber, correlation: float) -> Interval:
    """Extremes over the rounding: largest at a corner; smallest there or where one SD is r times the other."""
    before, after = (
        PrintedNumber(found.text, found.value, max(found.low, 0.0), found.high) for found in (before, after)
    )
    low, high = over_rounding(lambda first, second: sd_of_change(first, second, correlation), before, after)
    turns = [
        sd_of_change(correlation * end, end, correlation)
        for first, second in ((before, after), (after, before))
        for end in (second.low, second.high)
        if first.low < correlation * end < first.high
    ]
    return min([low, *turns]), high
