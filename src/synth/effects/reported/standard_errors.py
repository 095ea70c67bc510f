"""From a printed test statistic, p value or confidence interval to a standard error.

Every function takes figures as printed text, which carries its rounding, or as exact numbers, and returns a
`Derivation`. Ratios (risk ratios, odds ratios, hazard ratios) go in as printed; their standard error is that of the
logarithm.
"""

from __future__ import annotations

import math
from typing import Literal

from synth.effects.intervals import Interval, critical_value, critical_value_of_p
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.p_values import PrintedP, parse_printed_p
from synth.effects.reported.printed import (
    Figure,
    PrintedNumber,
    check_count,
    on_log_scale,
    read_figure,
    read_positive,
)
from synth.errors import MethodError

Test = Literal["z", "paired t", "two-group t"]

_HANDBOOK = "Cochrane Handbook for Systematic Reviews of Interventions 6, section"
_FROM_STATISTIC = f"{_HANDBOOK} 6.5.2.3 (from a t statistic or p value to a standard error); for ratios 6.3.2"
_FROM_INTERVAL = f"{_HANDBOOK}s 6.3.1 and 6.5.2.3 (from a confidence interval); for ratios 6.3.2"
#: Share of the interval's width by which an exact estimate may miss the middle before it is called asymmetric.
_ARITHMETIC_NOISE = 1e-6


def standard_error_from_t(estimate: Figure, t: Figure, *, ratio: bool = False) -> Derivation:
    """Standard error of an estimate from its t statistic (the test against no effect).

    Parameters
    ----------
    estimate : str or float
        Mean change, difference, coefficient; or a ratio where `ratio` is set. Not the value of no effect.
    t : str or float
        The statistic; its sign is not used. Not 0.
    ratio : bool
        The estimate is a ratio that was tested on the log scale; the standard error is that of its logarithm.

    Returns
    -------
    Derivation

    Raises
    ------
    MethodError
        If the statistic or the (log) estimate is 0, or a figure cannot be read.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.3.
    """
    return _from_statistic(estimate, t, "t", ratio)


def standard_error_from_z(estimate: Figure, z: Figure, *, ratio: bool = False) -> Derivation:
    """Standard error of an estimate from its z (Wald) statistic; otherwise as `standard_error_from_t`."""
    return _from_statistic(estimate, z, "z", ratio)


def standard_error_from_f(estimate: Figure, f: Figure, *, numerator_df: int = 1, ratio: bool = False) -> Derivation:
    """Standard error of an estimate from an F statistic with 1 numerator degree of freedom, whose root is t.

    Parameters
    ----------
    estimate, ratio
        As for `standard_error_from_t`.
    f : str or float
        Above 0.
    numerator_df : int
        Must be 1: an F test of more degrees of freedom compares several groups and gives no single t.

    Returns
    -------
    Derivation

    Raises
    ------
    MethodError
        If there are other than 1 numerator degrees of freedom, or as for `standard_error_from_t`.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.3 (t is the root of F with 1 degree of
    freedom).
    """
    if numerator_df != 1:
        raise MethodError(f"F with {numerator_df} numerator degrees of freedom: only with 1 is its root a t statistic")
    found = read_positive(f, "F statistic")
    root = PrintedNumber(found.text, math.sqrt(found.value), math.sqrt(found.low), math.sqrt(found.high))
    return _from_root(_estimate(estimate, ratio), root, "F", ratio)


def _from_statistic(estimate: Figure, statistic: Figure, name: str, ratio: bool) -> Derivation:
    found = read_figure(statistic, f"{name} statistic")
    return _from_root(_estimate(estimate, ratio), found, name, ratio)


def _estimate(estimate: Figure, ratio: bool) -> PrintedNumber:
    found = read_figure(estimate, "estimate")
    return on_log_scale(found, "estimate") if ratio else found


def _from_root(estimate: PrintedNumber, statistic: PrintedNumber, name: str, ratio: bool) -> Derivation:
    _check_effect(estimate, ratio)
    if statistic.value == 0:
        raise MethodError(f"{name} statistic {statistic.text}: no standard error follows from a statistic of 0")
    smallest, largest = statistic.magnitude
    return Derivation(
        quantity=_quantity(ratio),
        value=abs(estimate.value) / abs(statistic.value),
        rounding_range=_quotient_range(estimate.magnitude, (smallest, largest)),
        method=f"Estimate divided by its {'root of F' if name == 'F' else f'{name} statistic'}",
        inputs=((_estimate_name(ratio), estimate.text), (name, statistic.text)),
        assumption=f"the {name} statistic tests this estimate against no effect{_on_scale(ratio)}",
        source=_FROM_STATISTIC,
        mark=f"standard error derived from the printed {name} statistic",
    )


def _quotient_range(numerator: Interval, denominator: Interval) -> Interval:
    low = numerator[0] / denominator[1] if denominator[1] > 0 else math.inf
    return low, numerator[1] / denominator[0] if denominator[0] > 0 else math.inf


def _check_effect(estimate: PrintedNumber, ratio: bool) -> None:
    if estimate.value == 0:
        what = "a ratio of 1" if ratio else "an estimate of 0"
        raise MethodError(f"{what} has the statistic 0 for every standard error, so it gives none")


def _quantity(ratio: bool) -> str:
    return "standard error of the logarithm" if ratio else "standard error"


def _estimate_name(ratio: bool) -> str:
    return "ratio" if ratio else "estimate"


def _on_scale(ratio: bool) -> str:
    return ", on the log scale" if ratio else ""


def standard_error_from_p(
    estimate: Figure, p: str | PrintedP, *, test: Test, n: int | tuple[int, int] | None = None, ratio: bool = False
) -> Derivation:
    """Standard error of an estimate from its two-sided p value.

    Parameters
    ----------
    estimate, ratio
        As for `standard_error_from_t`.
    p : str or PrintedP
        As printed. An inequality, or a printed zero, gives a bound and no value.
    test : {"z", "paired t", "two-group t"}
        The test that gave the p value: it decides between the normal and the t distribution and its degrees of
        freedom (pairs less 1; patients of both groups less 2).
    n : int or (int, int), optional
        Pairs for "paired t"; the sizes of both groups for "two-group t"; not used for "z".

    Returns
    -------
    Derivation
        `value` is None where the p value is only a bound; the bound is an end of `rounding_range`.

    Raises
    ------
    MethodError
        If the p value is printed as 1, the (log) estimate is 0, the test is unknown, or n does not fit the test.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.3.
    """
    printed = parse_printed_p(p) if isinstance(p, str) else p
    found = _estimate(estimate, ratio)
    _check_effect(found, ratio)
    if printed.relation == "=" and printed.value == 1:
        raise MethodError(f"p value {printed.text!r}: the statistic is about 0, so no standard error follows from it")
    degrees_of_freedom = _degrees_of_freedom(test, n)
    statistics = (
        critical_value_of_p(printed.high, degrees_of_freedom),
        critical_value_of_p(printed.low, degrees_of_freedom),
    )
    value = None
    if not printed.is_bound:
        statistic = critical_value_of_p(printed.value, degrees_of_freedom)
        if not math.isfinite(statistic):
            raise MethodError(f"p value {printed.text!r}: too small for its t statistic to be computed")
        value = abs(found.value) / statistic
    freedom = "" if degrees_of_freedom is None else f", {degrees_of_freedom} degrees of freedom"
    name = "Wald (z) test" if test == "z" else f"{test} test"
    return Derivation(
        quantity=_quantity(ratio),
        value=value,
        rounding_range=_quotient_range(found.magnitude, statistics),
        method=f"Estimate divided by the statistic of its p value, {name}{freedom}",
        inputs=((_estimate_name(ratio), found.text), ("p value", printed.text), *_sizes(n)),
        assumption=f"the p value is two-sided and comes from a {name}{_on_scale(ratio)}",
        source=_FROM_STATISTIC,
        mark=f"standard error derived from the printed p value, {name} assumed",
    )


def _degrees_of_freedom(test: Test, n: int | tuple[int, int] | None) -> int | None:
    if test == "z":
        return None
    if test == "paired t":
        if n is None or isinstance(n, tuple):
            raise MethodError(f"paired t test with n = {n}: one number of pairs is expected")
        return check_count(n, 2) - 1
    if test != "two-group t":
        raise MethodError(f"test {test!r}: 'z', 'paired t' or 'two-group t' is expected")
    if not isinstance(n, tuple) or len(n) != 2:
        raise MethodError(f"two-group t test with n = {n}: the sizes of both groups are expected, such as (20, 22)")
    total = sum(check_count(size, 1, "group size") for size in n)
    if total < 3:
        raise MethodError(f"two-group t test with n = {n}: at least 3 patients are expected")
    return total - 2


def _sizes(n: int | tuple[int, int] | None) -> tuple[tuple[str, float | str], ...]:
    if isinstance(n, tuple):
        return (("n of group 1", n[0]), ("n of group 2", n[1]))
    return () if n is None else (("n", n),)


def standard_error_from_interval(
    low: Figure,
    high: Figure,
    *,
    level: float = 0.95,
    degrees_of_freedom: int | None = None,
    estimate: Figure | None = None,
    ratio: bool = False,
) -> Derivation:
    """Standard error of an estimate from its confidence interval.

    Parameters
    ----------
    low, high : str or float
        Limits as printed.
    level : float
        Confidence level as a proportion.
    degrees_of_freedom : int, optional
        Of the t distribution behind the interval; None means the normal one.
    estimate : str or float, optional
        Used only to see whether the interval is symmetric around it, within the rounding.
    ratio : bool
        The limits are those of a ratio; their logarithms are used.

    Returns
    -------
    Derivation
        `cautions` holds a sentence where the estimate cannot lie midway between the limits.

    Raises
    ------
    MethodError
        If the lower limit is not below the upper one, a ratio's limit is not above 0, the level is no proportion, or
        the estimate lies outside the interval.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, sections 6.3.1, 6.3.2 and 6.5.2.3.
    """
    limits = read_figure(low, "lower limit"), read_figure(high, "upper limit")
    if ratio:
        limits = on_log_scale(limits[0], "lower limit"), on_log_scale(limits[1], "upper limit")
    lower, upper = limits
    if not lower.value < upper.value:
        raise MethodError(f"interval {lower.text} to {upper.text}: the lower limit must lie below the upper one")
    width = 2 * critical_value(level, degrees_of_freedom)
    shape = "normal" if degrees_of_freedom is None else f"t with {degrees_of_freedom} degrees of freedom"
    centre = None if estimate is None else _estimate(estimate, ratio)
    limits_used = (("lower limit", lower.text), ("upper limit", upper.text), ("level", level))
    return Derivation(
        quantity=_quantity(ratio),
        value=(upper.value - lower.value) / width,
        rounding_range=(max(upper.low - lower.high, 0.0) / width, (upper.high - lower.low) / width),
        method=f"Width of the interval{_on_scale(ratio)} divided by twice its critical value ({shape})",
        inputs=limits_used if centre is None else (*limits_used, (_estimate_name(ratio), centre.text)),
        assumption=f"the interval is the estimate plus and minus a multiple ({shape}) of its error{_on_scale(ratio)}",
        source=_FROM_INTERVAL,
        mark=f"standard error derived from the printed {100 * level:g}% interval",
        cautions=() if centre is None else _asymmetry(centre, lower, upper, ratio),
    )


def _asymmetry(centre: PrintedNumber, lower: PrintedNumber, upper: PrintedNumber, ratio: bool) -> tuple[str, ...]:
    if centre.high < lower.low or centre.low > upper.high:
        raise MethodError(f"the estimate {centre.text} lies outside its interval {lower.text} to {upper.text}")
    if _can_be_midway(centre, lower, upper):
        return ()
    sentence = f"The estimate {centre.text} does not lie midway between {lower.text} and {upper.text}{_on_scale(ratio)}"
    if not ratio and min(centre.value, lower.value) > 0:
        logs = [on_log_scale(found, "limit") for found in (centre, lower, upper)]
        if _can_be_midway(logs[0], logs[1], logs[2]):
            return (f"{sentence}; it does on the log scale, so this is perhaps a ratio.",)
    return (f"{sentence}, so the interval is not of this form.",)


def _can_be_midway(centre: PrintedNumber, lower: PrintedNumber, upper: PrintedNumber) -> bool:
    noise = _ARITHMETIC_NOISE * (upper.value - lower.value)
    return (lower.low + upper.low) / 2 - noise <= centre.high and centre.low <= (lower.high + upper.high) / 2 + noise
