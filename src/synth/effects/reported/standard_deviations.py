"""From a printed standard error, interval, range or quartiles to a standard deviation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from scipy.special import ndtri

from synth.effects.intervals import Interval, critical_value
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.printed import (
    Figure,
    PrintedNumber,
    check_count,
    over_rounding,
    read_figure,
    read_positive,
)
from synth.errors import MethodError

_HANDBOOK = "Cochrane Handbook for Systematic Reviews of Interventions 6, section"
_WAN = "Wan, Wang, Liu and Tong (2014), BMC Medical Research Methodology 14:135"
#: The rules for ranges and quartiles were worked out for, and are offered from, this many values on.
LEAST_N_OF_QUANTILES = 5
#: Below this many values the way in which quartiles were computed changes an SD by more than a tenth.
_FEW_FOR_QUARTILES = 25
_FEW_QUARTILES = (
    "Programs compute quartiles of so few values in different ways, which alone can change this SD by a tenth or more."
)


def sd_from_standard_error(standard_error: Figure, n: int) -> Derivation:
    """Standard deviation of values from the standard error of their mean.

    Parameters
    ----------
    standard_error : str or float
        Of the mean; above 0.
    n : int
        Values behind the mean; at least 2.

    Returns
    -------
    Derivation
        In the unit of the standard error.

    Raises
    ------
    MethodError
        If the standard error is not above 0 or n is below 2.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.2.
    """
    found, size = read_positive(standard_error, "standard error"), check_count(n, 2)
    root = math.sqrt(size)
    return _sd(
        found.value * root,
        (found.low * root, found.high * root),
        method="Standard error of the mean times the root of n",
        inputs=(("standard error", found.text), ("n", size)),
        assumption="the figure is the standard error of the mean of n values",
        source=f"{_HANDBOOK} 6.5.2.2",
        origin="the printed standard error",
    )


def sd_from_mean_interval(
    low: Figure, high: Figure, n: int, *, level: float = 0.95, distribution: Literal["t", "normal"] = "t"
) -> Derivation:
    """Standard deviation of values from the confidence interval of their mean.

    Parameters
    ----------
    low, high : str or float
        Limits of the interval of one group's mean.
    n : int
        Values behind the mean; at least 2.
    level : float
        Confidence level as a proportion.
    distribution : {"t", "normal"}
        Behind the interval; t has n - 1 degrees of freedom.

    Returns
    -------
    Derivation

    Raises
    ------
    MethodError
        If the lower limit is not below the upper one, n is below 2, or the level or the distribution is unknown.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.2.
    """
    lower, upper = read_figure(low, "lower limit"), read_figure(high, "upper limit")
    size = check_count(n, 2)
    if not lower.value < upper.value:
        raise MethodError(f"interval {lower.text} to {upper.text}: the lower limit must lie below the upper one")
    if distribution not in ("t", "normal"):
        raise MethodError(f"distribution {distribution!r}: 't' or 'normal' is expected")
    factor = math.sqrt(size) / (2 * critical_value(level, size - 1 if distribution == "t" else None))
    return _sd(
        factor * (upper.value - lower.value),
        (factor * max(upper.low - lower.high, 0.0), factor * (upper.high - lower.low)),
        method=f"Width of the interval of the mean, root of n and critical value ({distribution})",
        inputs=(("lower limit", lower.text), ("upper limit", upper.text), ("level", level), ("n", size)),
        assumption=f"the interval is that of the mean of n values, made with the {distribution} distribution",
        source=f"{_HANDBOOK} 6.5.2.2",
        origin=f"the printed {100 * level:g}% interval of the mean",
    )


def pooled_sd_from_standard_error(standard_error: Figure, n1: int, n2: int) -> Derivation:
    """Standard deviation within two groups from the standard error of the difference of their means.

    Parameters
    ----------
    standard_error : str or float
        Of the difference of means; above 0. One derived from a p value, t or interval goes in as its number.
    n1, n2 : int
        Sizes of the groups; together at least 3.

    Returns
    -------
    Derivation
        The mean SD of both groups.

    Raises
    ------
    MethodError
        If the standard error is not above 0 or a size is out of range.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.3.
    """
    found = read_positive(standard_error, "standard error")
    sizes = check_count(n1, 1, "n1"), check_count(n2, 1, "n2")
    if sum(sizes) < 3:
        raise MethodError(f"groups of {n1} and {n2}: at least 3 patients are expected")
    root = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    return _sd(
        found.value / root,
        (found.low / root, found.high / root),
        method="Standard error of the difference divided by the root of 1/n1 + 1/n2",
        inputs=(("standard error", found.text), ("n1", sizes[0]), ("n2", sizes[1])),
        assumption="both groups have one SD, as Student's unpaired t test takes it",
        source=f"{_HANDBOOK} 6.5.2.3",
        origin="the standard error of the difference",
    )


def sd_from_range(minimum: Figure, maximum: Figure, n: int) -> Derivation:
    """Standard deviation from the smallest and largest of n values, if these are normally distributed.

    Parameters
    ----------
    minimum, maximum : str or float
        Smallest and largest value.
    n : int
        Values; at least 5.

    Returns
    -------
    Derivation

    Raises
    ------
    MethodError
        If the smallest value is not below the largest, or n is below 5.

    References
    ----------
    Wan, Wang, Liu and Tong (2014), BMC Medical Research Methodology 14:135, equation 9.
    """
    size = check_count(n, LEAST_N_OF_QUANTILES)
    return _from_span(
        ("smallest value", minimum), ("largest value", maximum), size, range_divisor(size), "range", "equation 9"
    )


def sd_from_quartiles(q1: Figure, q3: Figure, n: int) -> Derivation:
    """Standard deviation from the lower and upper quartile of n values, if these are normally distributed.

    Parameters
    ----------
    q1, q3 : str or float
        Lower and upper quartile. Where only the width of the interquartile range is printed: 0.0 and the width.
    n : int
        Values; at least 5.

    Returns
    -------
    Derivation

    Raises
    ------
    MethodError
        If the lower quartile is not below the upper one, or n is below 5.

    Notes
    -----
    Programs compute the quartiles of few values in different ways. The rule was made for the quartiles of 4q + 1 values
    that are the values of rank q + 1 and 3q + 1; for quartiles at (n + 1) / 4 and 3 (n + 1) / 4, another usual way, it
    is too large by 67 % at n = 5, 28 % at n = 10 and 10 % at n = 25 (normal values, simulated here). Below 25 values
    the derivation carries a caution.

    References
    ----------
    Wan, Wang, Liu and Tong (2014), BMC Medical Research Methodology 14:135, equation 16.
    """
    size = check_count(n, LEAST_N_OF_QUANTILES)
    found = _from_span(
        ("lower quartile", q1), ("upper quartile", q3), size, quartile_divisor(size), "quartiles", "equation 16"
    )
    return replace(found, cautions=few_quartiles(size))


def few_quartiles(n: int) -> tuple[str, ...]:
    """The caution against quartiles of few values; empty from 25 values on."""
    return (_FEW_QUARTILES,) if n < _FEW_FOR_QUARTILES else ()


def range_divisor(n: float) -> float:
    """Expected range of n standard normal values, as Wan et al. (2014) approximate it."""
    return 2 * float(ndtri((n - 0.375) / (n + 0.25)))


def quartile_divisor(n: float) -> float:
    """Expected interquartile range of n standard normal values, as Wan et al. (2014) approximate it."""
    return 2 * float(ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _from_span(
    low: tuple[str, Figure], high: tuple[str, Figure], n: int, divisor: float, what: str, equation: str
) -> Derivation:
    lower, upper = read_figure(low[1], low[0]), read_figure(high[1], high[0])
    if not lower.value < upper.value:
        raise MethodError(f"{low[0]} {lower.text}, {high[0]} {upper.text}: the first must lie below the second")
    return _sd(
        (upper.value - lower.value) / divisor,
        (max(upper.low - lower.high, 0.0) / divisor, (upper.high - lower.low) / divisor),
        method=f"Width of the {what} divided by its expected width in n standard normal values",
        inputs=((low[0], lower.text), (high[0], upper.text), ("n", n)),
        assumption="the values are normally distributed",
        source=f"{_WAN}, {equation}",
        origin=f"the {what}, normal distribution assumed",
    )


def correlation_from_change_sd(baseline_sd: Figure, followup_sd: Figure, change_sd: Figure) -> Derivation:
    """Correlation between the scores before and after, where all three standard deviations are printed.

    Parameters
    ----------
    baseline_sd, followup_sd, change_sd : str or float
        Above 0; of the same patients.

    Returns
    -------
    Derivation
        The range is cut at -1 and 1.

    Raises
    ------
    MethodError
        If an SD is not above 0, or no correlation within the rounding makes the three agree.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.8.
    """
    names = ("SD before", "SD after", "SD of the changes")
    found = [read_positive(sd, name) for sd, name in zip((baseline_sd, followup_sd, change_sd), names, strict=True)]
    value = _correlation(*(item.value for item in found))
    low, high = _correlation_range(*found)
    if low > 1 or high < -1:
        raise MethodError(
            f"SDs {found[0].text} before, {found[1].text} after and {found[2].text} of the changes: no correlation "
            f"between -1 and 1 makes the three agree"
        )
    return Derivation(
        quantity="correlation",
        value=min(max(value, -1.0), 1.0),
        rounding_range=(max(low, -1.0), min(high, 1.0)),
        method="Correlation that makes the SDs before, after and of the changes agree",
        inputs=tuple((name, item.text) for name, item in zip(names, found, strict=True)),
        assumption="the three SDs are of the same patients",
        source=f"{_HANDBOOK} 6.5.2.8",
        mark="correlation derived from the three printed SDs",
    )


def _correlation(before: float, after: float, change: float) -> float:
    return (before**2 + after**2 - change**2) / (2 * before * after)


def _correlation_range(before: PrintedNumber, after: PrintedNumber, change: PrintedNumber) -> Interval:
    """Extremes over the rounding; in each SD of a moment the correlation can turn where its square is the rest's."""
    if before.low <= 0 or after.low <= 0:
        return -1.0, 1.0
    low, high = over_rounding(_correlation, before, after, change)
    # For a fixed second SD b and change c the smallest correlation lies at a = sqrt(b**2 - c**2).
    turns = []
    for first, second in ((before, after), (after, before)):
        for b in (second.low, second.high):
            for c in (change.low, change.high):
                turn = math.sqrt(b * b - c * c) if b > c else 0.0
                if first.low < turn < first.high:
                    turns.append(_correlation(turn, b, c))
    return min([low, *turns]), high


def _sd(
    value: float,
    rounding_range: Interval,
    *,
    method: str,
    inputs: tuple[tuple[str, float | str], ...],
    assumption: str,
    source: str,
    origin: str,
) -> Derivation:
    return Derivation(
        quantity="standard deviation",
        value=value,
        rounding_range=rounding_range,
        method=method,
        inputs=inputs,
        assumption=assumption,
        source=source,
        mark=f"SD derived from {origin}",
    )
