"""Figures of one outcome of one arm held against each other, over everything that their rounding allows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from synth.effects.change_summary import ChangeSummary, as_printed, paired_standard_error
from synth.effects.intervals import Interval, figure
from synth.effects.plausibility import Finding
from synth.effects.reported.checks import compare_sd, overlap, sd_beyond_range
from synth.effects.reported.p_values import parse_printed_p
from synth.effects.reported.printed import PrintedNumber, as_figure
from synth.errors import MethodError


def inconsistencies(summary: ChangeSummary, *, paired_p: bool) -> tuple[Finding, ...]:
    """SDs against ranges, and SDs against the p value of the change.

    Parameters
    ----------
    summary : ChangeSummary
        Printed figures.
    paired_p : bool
        Whether the p value may come from a paired t test; otherwise it is held against nothing.

    Returns
    -------
    tuple of Finding
        Empty where nothing was found, fewer than 2 units were analysed, or a figure cannot be used.
    """
    if summary.n is None or summary.n < 2:
        return ()
    found = list(_beyond_ranges(summary, summary.n))
    if paired_p and summary.p_value and summary.change:
        finding = _sds_against_p(summary, summary.change, summary.n)
        found.extend([] if finding is None else [finding])
    return tuple(found)


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
        low, high = paired_standard_error(summary, change, n).rounding_range
        printed = parse_printed_p(summary.p_value)
    except MethodError:
        return None  # a p value that cannot be used is named where the standard error is sought
    needed = (low * math.sqrt(n), high * math.sqrt(n))
    witness = f"the p value {printed.text} of the change {change:g} (paired t test)"
    if summary.change_sd is not None:
        sd = as_printed(summary, "change_sd", summary.change_sd)
        return compare_sd(sd, [needed], n, witness) if sd.value > 0 else None
    if not summary.baseline_sd or not summary.followup_sd:
        return None
    before = as_printed(summary, "baseline_sd", summary.baseline_sd)
    after = as_printed(summary, "followup_sd", summary.followup_sd)
    return _no_correlation(before, after, needed, n, witness)


def _no_correlation(
    before: PrintedNumber, after: PrintedNumber, needed: Interval, n: int, witness: str
) -> Finding | None:
    """Whether no correlation brings both SDs and the p value together."""
    # Over all correlations the SD of the changes goes from the difference of the SDs to their sum.
    gap = max(before.low - after.high, after.low - before.high, 0.0)
    possible = (gap, before.high + after.high)
    if overlap(possible, needed):
        return None
    root = math.sqrt(n)
    what = f"The SDs {before.text} before and {after.text} after"
    if overlap((gap * root, possible[1] * root), needed):
        sentence = f"{what} are rather standard errors: for n = {n} no correlation makes them agree with {witness}."
        return Finding("sds_are_standard_errors", "doubtful", sentence)
    sentence = (
        f"{what} do not agree with {witness} at any correlation: for n = {n} the SD of the changes lies between "
        f"{figure(possible[0])} and {figure(possible[1])}."
    )
    return Finding("sds_and_p_disagree", "doubtful", sentence)
