"""Figures of one outcome of one arm held against each other, over everything that their rounding allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from synth.effects.change_summary import ChangeSummary, as_printed, paired_standard_error, printed_change
from synth.effects.intervals import Interval, figure
from synth.effects.plausibility import Finding
from synth.effects.reported.checks import compare_sd, overlap, p_and_interval_disagree, sd_beyond_range
from synth.effects.reported.p_values import parse_printed_p
from synth.effects.reported.printed import PrintedNumber, as_figure, read_figure
from synth.effects.reported.standard_errors import standard_error_from_interval
from synth.errors import MethodError


def unusable_interval(summary: ChangeSummary) -> Finding | None:
    """Why the printed confidence interval of the change can give no standard error of it, if so.

    Parameters
    ----------
    summary : ChangeSummary
        Printed figures.

    Returns
    -------
    Finding or None
        Doubtful, where the interval has no width, does not hold the change, or does not lie evenly around it, over all
        that the rounding of limits and change (or of both means) allows. None also where there is no interval, or no
        change to hold it against.

    Raises
    ------
    MethodError
        If a limit is not one number.
    """
    if summary.change_interval is None or summary.change is None:
        return None
    lower, upper = (read_figure(limit, "limit of the change") for limit in summary.change_interval)
    change = printed_change(summary)
    middle = ((lower.low + upper.low) / 2, (lower.high + upper.high) / 2)
    if not lower.value < upper.value:
        check, reason = "interval_without_width", "has no width"
    elif not overlap(change.interval, (lower.low, upper.high)):
        check, reason = "change_outside_its_interval", f"does not hold the change {change.text}"
    elif not overlap(change.interval, middle):
        check, reason = "interval_not_symmetric", f"does not lie evenly around the change {change.text}"
    else:
        return None
    sentence = f"T{_named_interval(summary)[1:]} {reason}, so no standard error is derived from it."
    return Finding(check, "doubtful", sentence)


def inconsistencies(summary: ChangeSummary, *, paired_p: bool) -> tuple[Finding, ...]:
    """SDs against ranges, and SDs, p value and confidence interval of the change against each other.

    Parameters
    ----------
    summary : ChangeSummary
        Printed figures.
    paired_p : bool
        Whether the p value may come from a paired t test; otherwise it is held against nothing.

    Returns
    -------
    tuple of Finding
        Empty where nothing was found, fewer than 2 units were analysed, or a figure cannot be used. An interval that
        `unusable_interval` names is held against nothing.
    """
    if summary.n is None or summary.n < 2:
        return ()
    found: list[Finding | None] = list(_beyond_ranges(summary, summary.n))
    if paired_p and summary.p_value and summary.change:
        found.append(_sds_against_p(summary, summary.change, summary.n))
    try:
        if summary.change_interval is not None and unusable_interval(summary) is None:
            found.append(_sds_against_interval(summary, summary.change_interval, summary.n))
            if paired_p and summary.p_value:
                found.append(_p_against_interval(summary, summary.change_interval, summary.n))
    except MethodError:
        pass  # an interval or a p value that cannot be used is named where the standard error is sought
    return tuple(finding for finding in found if finding is not None)


def _beyond_ranges(summary: ChangeSummary, n: int) -> Iterator[Finding]:
    for moment, sd, mean, limits in (
        ("baseline", summary.baseline_sd, summary.baseline_mean, summary.baseline_range),
        ("followup", summary.followup_sd, summary.followup_mean, summary.followup_range),
    ):
        if sd is None or limits is None or not limits[0] <= limits[1] or sd < 0:
            continue
        low, high = (as_printed(summary, f"{moment}_{end}", at) for end, at in zip(("min", "max"), limits, strict=True))
        printed = as_printed(summary, f"{moment}_sd", sd)
        inside = mean is not None and limits[0] <= mean <= limits[1]
        centre = as_figure(as_printed(summary, f"{moment}_mean", mean)) if mean is not None and inside else None
        finding = sd_beyond_range(as_figure(printed), as_figure(low), as_figure(high), n, mean=centre)
        if finding is not None:
            yield finding


def _sds_against_p(summary: ChangeSummary, change: float, n: int) -> Finding | None:
    try:
        errors = paired_standard_error(summary, change, n).rounding_range
        printed = parse_printed_p(summary.p_value)
    except MethodError:
        return None  # a p value that cannot be used is named where the standard error is sought
    return _sds_against(
        summary, [errors], n, f"the p value {printed.text} of the change {change:g} (paired t test)", "sds_and_p"
    )


def _sds_against_interval(summary: ChangeSummary, limits: tuple[str, str], n: int) -> Finding | None:
    errors = [
        standard_error_from_interval(*limits, level=summary.change_level, degrees_of_freedom=freedom).rounding_range
        for freedom in (n - 1, None)
    ]
    return _sds_against(summary, errors, n, _named_interval(summary), "sds_and_interval")


def _p_against_interval(summary: ChangeSummary, limits: tuple[str, str], n: int) -> Finding | None:
    # Where the change is worked out from two means, the middle of the interval stands nearer to what was tested.
    change = None if summary.change_mean is None else as_figure(printed_change(summary))
    return p_and_interval_disagree(
        summary.p_value, *limits, estimate=change, level=summary.change_level, degrees_of_freedom=n - 1
    )


def _named_interval(summary: ChangeSummary) -> str:
    low, high = summary.change_interval or ("", "")
    return f"the {100 * summary.change_level:g}% interval {low} to {high} of the change"


def _sds_against(summary: ChangeSummary, errors: Sequence[Interval], n: int, witness: str, pair: str) -> Finding | None:
    """Printed SDs against the standard errors of the change that another figure allows, one range for each reading."""
    root = math.sqrt(n)
    needed = [(low * root, high * root) for low, high in errors]
    if summary.change_sd is not None:
        sd = as_printed(summary, "change_sd", summary.change_sd)
        return compare_sd(sd, needed, n, witness) if sd.value > 0 else None
    if not summary.baseline_sd or not summary.followup_sd:
        return None
    before = as_printed(summary, "baseline_sd", summary.baseline_sd)
    after = as_printed(summary, "followup_sd", summary.followup_sd)
    return _no_correlation(before, after, needed, n, witness, pair)


def _no_correlation(
    before: PrintedNumber, after: PrintedNumber, needed: Sequence[Interval], n: int, witness: str, pair: str
) -> Finding | None:
    """Whether no correlation brings both SDs and the other figure together."""
    # Over all correlations the SD of the changes goes from the difference of the SDs to their sum.
    gap = max(before.low - after.high, after.low - before.high, 0.0)
    possible = (gap, before.high + after.high)
    if any(overlap(possible, reading) for reading in needed):
        return None
    root = math.sqrt(n)
    what = f"The SDs {before.text} before and {after.text} after"
    if any(overlap((gap * root, possible[1] * root), reading) for reading in needed):
        sentence = f"{what} are rather standard errors: for n = {n} no correlation makes them agree with {witness}."
        return Finding("sds_are_standard_errors", "doubtful", sentence)
    sentence = (
        f"{what} do not agree with {witness} at any correlation: for n = {n} the SD of the changes lies between "
        f"{figure(possible[0])} and {figure(possible[1])}."
    )
    return Finding(f"{pair}_disagree", "doubtful", sentence)
