"""Printed figures that cannot all be right, or hardly: each check computes what the rounding allows before it speaks.

"impossible" is said only where no data at all could have given the figures; where another test, another denominator or
another kind of interval could explain them, the finding is "doubtful".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import ndtr, stdtr

from synth.effects.intervals import Interval, figure
from synth.effects.plausibility import Finding
from synth.effects.reported.counts import counts_from_percentage
from synth.effects.reported.p_values import parse_printed_p
from synth.effects.reported.printed import (
    Figure,
    PrintedNumber,
    check_count,
    on_log_scale,
    read_figure,
    read_positive,
)
from synth.effects.reported.standard_deviations import sd_from_mean_interval
from synth.effects.reported.standard_errors import standard_error_from_interval, standard_error_from_p
from synth.errors import MethodError

#: Binary arithmetic may miss the edge of a rounding by this share.
_SLACK = 1e-9


def sd_is_standard_error_by_interval(
    sd: Figure, low: Figure, high: Figure, n: int, *, level: float = 0.95
) -> Finding | None:
    """Whether the interval of a mean shows that the figure given as SD is the standard error, or is wrong otherwise.

    Parameters
    ----------
    sd : str or float
        Printed as the standard deviation of the values; above 0.
    low, high : str or float
        Interval of their mean.
    n : int
        Values; at least 2.
    level : float
        Confidence level of the interval, a proportion.

    Returns
    -------
    Finding or None
        None where an interval by the t or the normal distribution agrees with the SD within the rounding. Doubtful
        otherwise: the interval may have been made in another way.

    Raises
    ------
    MethodError
        If a figure cannot be read or is out of range.
    """
    found, size = read_positive(sd, "standard deviation"), check_count(n, 2)
    allowed = [
        sd_from_mean_interval(low, high, size, level=level, distribution=name).rounding_range
        for name in ("t", "normal")
    ]
    return compare_sd(found, allowed, size, f"the {100 * level:g}% interval {low} to {high} of the mean")


def sd_is_standard_error_by_p(change: Figure, sd: Figure, p: str, n: int) -> Finding | None:
    """Whether the p value of a mean change shows that the figure given as SD of the changes is the standard error.

    Parameters
    ----------
    change : str or float
        Mean change; not 0.
    sd : str or float
        Printed as the SD of the changes; above 0.
    p : str
        Of the change, as printed; read as one of a paired t test.
    n : int
        Pairs; at least 2.

    Returns
    -------
    Finding or None
        Doubtful, because another test may have given the p value.

    Raises
    ------
    MethodError
        If a figure cannot be read or is out of range.
    """
    found, size = read_positive(sd, "standard deviation"), check_count(n, 2)
    low, high = standard_error_from_p(change, p, test="paired t", n=size).rounding_range
    root = math.sqrt(size)
    return compare_sd(
        found, [(low * root, high * root)], size, f"the p value {p.strip()} of the change {change} (paired t test)"
    )


def compare_sd(sd: PrintedNumber, allowed: Sequence[Interval], n: int, witness: str) -> Finding | None:
    """Hold a printed SD, and the same figure as a standard error, against the SDs that another figure allows.

    Parameters
    ----------
    sd : PrintedNumber
        The figure given as SD.
    allowed : sequence of (float, float)
        SDs that the other figure allows, one range for each way to read it.
    n : int
        Values.
    witness : str
        The other figure, for the sentence.

    Returns
    -------
    Finding or None
        None where one way to read it agrees with the SD.
    """
    if any(overlap(sd.interval, limits) for limits in allowed):
        return None
    root = math.sqrt(n)
    low, high = (f(limit[i] for limit in allowed) for i, f in ((0, min), (1, max)))
    expected = f"an SD of {_span(low, high)}"
    if any(overlap(sd.interval, (limits[0] / root, limits[1] / root)) for limits in allowed):
        sentence = (
            f"The figure {sd.text} given as SD is rather the standard error: for n = {n}, {witness} needs {expected}."
        )
        return Finding("sd_is_standard_error", "doubtful", sentence)
    sentence = f"The SD {sd.text} does not agree with {witness}, which for n = {n} needs {expected}."
    return Finding("sd_disagrees", "doubtful", sentence)


def overlap(first: Interval, second: Interval) -> bool:
    """Whether two ranges share a number, give or take binary arithmetic."""
    noise = _SLACK * max(abs(limit) for limit in (*first, *second) if math.isfinite(limit))
    return first[0] <= second[1] + noise and second[0] <= first[1] + noise


def _span(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {figure(low)}"
    if low <= 0:
        return f"at most {figure(high)}"
    return figure(low) if figure(low) == figure(high) else f"{figure(low)} to {figure(high)}"


def sd_small_against_others(sd: float, n: int, others: Sequence[float], *, moment: str = "") -> Finding | None:
    """Whether a figure given as SD would fit the SDs of other groups only as a standard error.

    Parameters
    ----------
    sd : float
        Of this group; above 0.
    n : int
        Its size; at least 2.
    others : sequence of float
        SDs of the same instrument in other groups, each above 0; at least 2, or nothing is said.
    moment : str
        When all of them were measured, for the sentence, such as "at baseline"; empty says nothing of it.

    Returns
    -------
    Finding or None
        Doubtful, where the figure is less than half the smallest of the others and its product with the root of n lies
        between the smallest and the largest of them.

    Raises
    ------
    MethodError
        If an SD is not above 0 or n is below 2.
    """
    size = check_count(n, 2)
    if not all(math.isfinite(value) and value > 0 for value in (sd, *others)):
        raise MethodError(f"SDs {sd:g} and {list(others)}: finite numbers above 0 are expected")
    if len(others) < 2 or sd >= min(others) / 2 or not min(others) <= sd * math.sqrt(size) <= max(others):
        return None
    sentence = (
        f"The SD {sd:g} is less than half of the SD of this instrument in every other group{moment and f' {moment}'} "
        f"({_span(min(others), max(others))}); "
        f"times the root of n = {n} it would be {figure(sd * math.sqrt(size))}: it may be a standard error."
    )
    return Finding("sd_small_against_others", "doubtful", sentence)


def p_and_interval_disagree(
    p: str,
    low: Figure,
    high: Figure,
    *,
    estimate: Figure | None = None,
    level: float = 0.95,
    degrees_of_freedom: int | None = None,
    ratio: bool = False,
) -> Finding | None:
    """Whether a printed p value and confidence interval cannot come from one test, whatever their rounding hides.

    Parameters
    ----------
    p : str
        As printed; two-sided.
    low, high : str or float
        Limits of the interval.
    estimate : str or float, optional
        Without it the middle of the interval is taken.
    level : float
        Confidence level, a proportion.
    degrees_of_freedom : int, optional
        Where given, a t interval with a t test is tried as well as the normal one with a z test.
    ratio : bool
        The figures are ratios, tested on the log scale.

    Returns
    -------
    Finding or None
        Doubtful: p value and interval may come from two different tests.

    Raises
    ------
    MethodError
        If a figure cannot be read or is out of range.
    """
    printed = parse_printed_p(p)
    kinds = (None,) if degrees_of_freedom is None else (None, degrees_of_freedom)
    ranges = [_p_range(low, high, estimate, level, kind, ratio) for kind in kinds]
    if any(overlap((printed.low, printed.high), limits) for limits in ranges):
        return None
    lowest, highest = min(limits[0] for limits in ranges), max(limits[1] for limits in ranges)
    what = f"the interval {low} to {high}" if estimate is None else f"{estimate} with its interval {low} to {high}"
    shown = f"{lowest:.2g}" if f"{lowest:.2g}" == f"{highest:.2g}" else f"from {lowest:.2g} to {highest:.2g}"
    sentence = (
        f"The p value {printed.text} does not agree with {what}, from which it would be {shown}: "
        f"they do not come from one test."
    )
    return Finding("p_and_interval_disagree", "doubtful", sentence)


def _p_range(
    low: Figure, high: Figure, estimate: Figure | None, level: float, degrees_of_freedom: int | None, ratio: bool
) -> Interval:
    error = standard_error_from_interval(
        low, high, level=level, degrees_of_freedom=degrees_of_freedom, estimate=estimate, ratio=ratio
    ).rounding_range
    names = ("lower limit", "upper limit", "estimate")
    figures = [read_figure(value, name) for value, name in zip((low, high, estimate), names) if value is not None]  # noqa: B905
    lower, upper, *rest = (on_log_scale(found, "ratio") for found in figures) if ratio else figures
    centre = rest[0] if rest else _middle(lower, upper)
    nearest, farthest = centre.magnitude
    largest = farthest / error[0] if error[0] > 0 else math.inf
    return _p_of(largest, degrees_of_freedom), _p_of(nearest / error[1], degrees_of_freedom)


def _middle(lower: PrintedNumber, upper: PrintedNumber) -> PrintedNumber:
    value, low, high = ((getattr(lower, key) + getattr(upper, key)) / 2 for key in ("value", "low", "high"))
    return PrintedNumber("middle of the interval", value, low, high)


def _p_of(statistic: float, degrees_of_freedom: int | None) -> float:
    if math.isinf(statistic):
        return 0.0
    return 2 * float(ndtr(-statistic) if degrees_of_freedom is None else stdtr(degrees_of_freedom, -statistic))


def percentage_impossible(percentage: str, total: int) -> Finding | None:
    """Whether no whole count out of n gives a printed percentage.

    Parameters
    ----------
    percentage : str
        As printed, with or without the percent sign.
    total : int
        What it is a percentage of; at least 1.

    Returns
    -------
    Finding or None
        Either way of rounding halves is accepted.

    Raises
    ------
    MethodError
        If the text is no percentage from 0 to 100, or the total is below 1.
    """
    counts = counts_from_percentage(percentage, total)
    if not counts.is_impossible:
        return None
    nearest = " and ".join(f"{count} ({share:.1f}%)" for count, share in counts.nearest)
    sentence = f"{counts.percentage}% cannot be a share of {total}: the nearest whole counts are {nearest}."
    return Finding("percentage_impossible", "impossible", sentence)


def sd_beyond_range(sd: Figure, low: Figure, high: Figure, n: int, *, mean: Figure | None = None) -> Finding | None:
    """Whether n values with the printed smallest and largest one cannot have the printed SD.

    Parameters
    ----------
    sd : str or float
        At least 0; with the divisor n - 1.
    low, high : str or float
        Smallest and largest value that occur.
    n : int
        Values; at least 2.
    mean : str or float, optional
        Their mean; makes the upper bound sharper.

    Returns
    -------
    Finding or None
        Impossible: the SD is largest with half of the values at each end (with a mean: with all values at the ends),
        and smallest with one value at each end and all others midway.

    Raises
    ------
    MethodError
        If the smallest value lies above the largest, the SD is negative, or n is below 2.

    Notes
    -----
    For even n the upper bound is half the range times sqrt(n / (n - 1)).
    """
    found, size = read_figure(sd, "standard deviation"), check_count(n, 2)
    lower, upper = read_figure(low, "smallest value"), read_figure(high, "largest value")
    if found.value < 0 or lower.value > upper.value:
        raise MethodError(
            f"SD {found.text}, range {lower.text} to {upper.text}: an SD of at least 0 and a range expected"
        )
    centre = None if mean is None else read_figure(mean, "mean")
    smallest = max(upper.low - lower.high, 0.0) / math.sqrt(2 * (size - 1))
    largest = _largest_sd(lower, upper, size, centre)
    if found.low > largest * (1 + _SLACK):
        comparison = f"larger than {figure(largest)}, the most"
    elif found.high < smallest * (1 - _SLACK):
        comparison = f"smaller than {figure(smallest)}, the least"
    else:
        return None
    with_mean = "" if centre is None else f" and the mean {centre.text}"
    sentence = (
        f"The SD {found.text} is {comparison} that {n} values from {lower.text} to {upper.text}{with_mean} can have."
    )
    return Finding("sd_beyond_range", "impossible", sentence)


def _largest_sd(lower: PrintedNumber, upper: PrintedNumber, n: int, mean: PrintedNumber | None) -> float:
    half = n // 2
    widest = upper.high - lower.low
    largest = widest * math.sqrt(half * (n - half) / (n * (n - 1)))
    if mean is None:
        return largest
    centre = min(max((upper.high + lower.low) / 2, mean.low), mean.high)
    product = (upper.high - centre) * (centre - lower.low)
    return min(largest, math.sqrt(max(product, 0.0) * n / (n - 1)))
