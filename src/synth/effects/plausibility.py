"""Figures that cannot be, or can hardly be, as printed; and what follows from figures by logic alone.

Each check returns a `Finding` with a sentence to print beside the figure, or None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

from synth.effects.intervals import Interval, figure
from synth.errors import MethodError


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    check : str
        Name of the check.
    kind : {"impossible", "doubtful", "fact"}
        "impossible": cannot be as printed; "doubtful": can be, but misleads; "fact": follows from the figures.
    sentence : str
        For readers.
    """

    check: str
    kind: Literal["impossible", "doubtful", "fact"]
    sentence: str


def mean_impossible_for_whole_scores(mean: str, n: int, *, step: int = 1) -> Finding | None:
    """Whether no n whole scores have a mean that rounds to the printed one (the GRIM test).

    Parameters
    ----------
    mean : str
        As printed: trailing zeros count.
    n : int
        Scores; at least 1.
    step : int
        Distance between possible scores; 1 for whole numbers.

    Returns
    -------
    Finding or None
        Either way of rounding halves is accepted.

    Raises
    ------
    MethodError
        If the text is not a number with a decimal point, n is below 1, or the step is below 1.

    Notes
    -----
    It has power only where n is small against the printed decimals: two decimals catch nothing from n = 100 on.

    References
    ----------
    The granularity-related inconsistency of means of Brown and Heathers (2017), as described in the documentation of
    the R package scrutiny.
    """
    if n < 1 or step < 1:
        raise MethodError(f"n = {n}, step = {step}: whole numbers of at least 1 are expected")
    try:
        number = Decimal(mean.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise MethodError(f"mean {mean!r}: a number with a decimal point is expected")
    half_unit = Fraction(Decimal(5).scaleb(min(exponent, 0) - 1))
    grain = Fraction(step, n)
    below = math.floor(Fraction(number) / grain)
    nearest = (below * grain, (below + 1) * grain)
    if any(abs(candidate - Fraction(number)) <= half_unit for candidate in nearest):
        return None
    decimals = max(-exponent, 0)
    low, high = (f"{float(candidate):.{decimals}f}" for candidate in nearest)
    scores = "whole scores" if step == 1 else f"scores in steps of {step}"
    sentence = (
        f"If these are {scores}, {n} of them cannot have a mean of {mean.strip()}: "
        f"the nearest possible ones are {low} and {high}."
    )
    return Finding("mean_impossible_for_whole_scores", "doubtful", sentence)


def sd_larger_than_mean(mean: float, sd: float, *, minimum: float | None) -> Finding | None:
    """Whether an SD exceeds the distance of its mean from the lowest possible score.

    Parameters
    ----------
    mean, sd : float
        Same unit.
    minimum : float or None
        Lowest score of the instrument; None where the scale is unbounded or its range was not seen.

    Returns
    -------
    Finding or None
        Not impossible, but such scores are skewed: mean and interval describe them poorly.
    """
    if minimum is None or sd <= mean - minimum:
        return None
    sentence = (
        f"The standard deviation ({sd:g}) is larger than the distance of its mean ({mean:g}) from the lowest possible "
        f"score ({minimum:g}): the scores are skewed, so that mean and interval describe them poorly."
    )
    return Finding("sd_larger_than_mean", "doubtful", sentence)


def subgroups_do_not_add_up(subgroups: Mapping[str, int], total: int) -> Finding | None:
    """Whether the parts that a source lists give another sum than the whole.

    Parameters
    ----------
    subgroups : mapping of str to int
        All parts by name, such as ``{"women": 5, "men": 2}``.
    total : int
        The whole that the source states.
    """
    if sum(subgroups.values()) == total:
        return None
    parts = " and ".join(f"{count} {name}" for name, count in subgroups.items())
    sentence = f"The source lists {parts}, which is {sum(subgroups.values())} and not the {total} that it states."
    return Finding("subgroups_do_not_add_up", "impossible", sentence)


def mean_outside_range(mean: float, low: float | None, high: float | None) -> Finding | None:
    """Whether a mean lies outside the smallest and largest value printed with it.

    Parameters
    ----------
    mean : float
        Mean of the values.
    low, high : float or None
        Smallest and largest value; None where unseen.
    """
    if (low is None or low <= mean) and (high is None or mean <= high):
        return None
    limits = f"from {'(not seen)' if low is None else f'{low:g}'} to {'(not seen)' if high is None else f'{high:g}'}"
    return Finding("mean_outside_range", "impossible", f"A mean of {mean:g} cannot come from values {limits}.")


def attainable_change(baseline_mean: float, minimum: float, maximum: float) -> Interval:
    """Largest fall and largest rise of a mean that the instrument's range allows from a baseline.

    Parameters
    ----------
    baseline_mean, minimum, maximum : float
        Mean before, lowest and highest score of the instrument.

    Returns
    -------
    tuple of float
        Raw points, the fall as a negative number. From 51.3 on a scale of 0 to 100: -51.3 and 48.7.

    Raises
    ------
    MethodError
        If the baseline lies outside the instrument's range.
    """
    if not minimum <= baseline_mean <= maximum:
        raise MethodError(f"baseline mean {baseline_mean:g}: a value from {minimum:g} to {maximum:g} is expected")
    baseline = Decimal(repr(float(baseline_mean)))
    return float(Decimal(repr(float(minimum))) - baseline), float(Decimal(repr(float(maximum))) - baseline)


def limits_beyond_attainable(
    interval: Interval, baseline_mean: float, minimum: float, maximum: float
) -> Finding | None:
    """Whether the interval of a mean change reaches beyond what the instrument allows.

    Parameters
    ----------
    interval : tuple of float
        Of the mean change, raw points.
    baseline_mean, minimum, maximum : float
        Mean before, lowest and highest score of the instrument.

    Raises
    ------
    MethodError
        If the baseline lies outside the instrument's range.
    """
    largest_fall, largest_rise = attainable_change(baseline_mean, minimum, maximum)
    parts = []
    if interval[1] > largest_rise:
        parts.append(f"the upper limit {figure(interval[1])} lies above {figure(largest_rise)}, the most to be gained")
    if interval[0] < largest_fall:
        parts.append(f"the lower limit {figure(interval[0])} lies below {figure(largest_fall)}, the most to be lost")
    if not parts:
        return None
    sentence = f"From a baseline of {baseline_mean:g} on a scale of {minimum:g} to {maximum:g}, {' and '.join(parts)}."
    return Finding("limits_beyond_attainable", "impossible", sentence)


def ranges_do_not_overlap(baseline: Interval, followup: Interval, n: int, *, unit: str) -> Finding | None:
    """Whether the lowest and highest scores before and after show that all scores moved the same way.

    Parameters
    ----------
    baseline, followup : tuple of float
        Smallest and largest score of the same patients before and after.
    n : int
        Patients (or hips) with both scores.
    unit : str
        What n counts, in the plural.

    Returns
    -------
    Finding or None
        A fact that needs no test: every one moved in that direction.

    Raises
    ------
    MethodError
        If a smallest score lies above the largest one.
    """
    for low, high in (baseline, followup):
        if low > high:
            raise MethodError(f"range {low:g} to {high:g}: the smallest score must not lie above the largest")
    if followup[0] > baseline[1]:
        direction = "higher"
    elif followup[1] < baseline[0]:
        direction = "lower"
    else:
        return None
    sentence = (
        f"The scores after ({followup[0]:g} to {followup[1]:g}) and before ({baseline[0]:g} to {baseline[1]:g}) do not "
        f"overlap, so each of the {n} {unit} had a {direction} score after than before."
    )
    return Finding("ranges_do_not_overlap", "fact", sentence)
