"""Quantiles and intervals of the normal and the t distribution.

`scipy.special` is used instead of `scipy.stats`: the same functions, imported in half the time.
"""

from __future__ import annotations

import math
import sys
from typing import TypeGuard

import numpy as np
from scipy.special import ndtri, stdtrit

from synth.errors import MethodError

Interval = tuple[float, float]


def check_level(level: float) -> None:
    """Refuse a confidence level that is not a proportion strictly between 0 and 1.

    Parameters
    ----------
    level : float

    Raises
    ------
    MethodError
        If it is not, or is no number; 95 in place of 0.95 is the usual slip.
    """
    if not is_number(level) or not 0 < level < 1:
        raise MethodError(f"confidence level {level!r}: a proportion between 0 and 1 is expected, such as 0.95")


def check_alpha(alpha: float) -> None:
    """Refuse a significance level that is not a proportion strictly between 0 and 1.

    Parameters
    ----------
    alpha : float

    Raises
    ------
    MethodError
        If it is not, or is no number.
    """
    if not is_number(alpha) or not 0 < alpha < 1:
        raise MethodError(f"alpha = {alpha!r}: a proportion between 0 and 1 is expected, such as 0.05")


def is_number(value: object) -> TypeGuard[float]:
    """Whether the value is a finite real number, and neither a truth value nor a text.

    Parameters
    ----------
    value : object
        What a caller gave.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    # Beyond the range of doubles an integer is no number that can be computed with.
    return math.isfinite(value) if not isinstance(value, int) else abs(value) <= sys.float_info.max


def critical_value(level: float, degrees_of_freedom: int | None = None) -> float:
    """Two-sided critical value of the t distribution, or of the normal one without degrees of freedom.

    Parameters
    ----------
    level : float
        Confidence level as a proportion, such as 0.95.
    degrees_of_freedom : int, optional
        At least 1. None means the standard normal distribution.

    Returns
    -------
    float
        Positive.

    Raises
    ------
    MethodError
        If the level is not a proportion or there is less than 1 degree of freedom.
    """
    check_level(level)
    return critical_value_of_p(1 - level, degrees_of_freedom)


def critical_value_of_p(p: float, degrees_of_freedom: int | None = None) -> float:
    """Absolute t (or normal) statistic that has the two-sided p value `p`.

    Parameters
    ----------
    p : float
        Between 0 and 1. 0 gives infinity, 1 gives 0.
    degrees_of_freedom : int, optional
        At least 1. None means the standard normal distribution.

    Raises
    ------
    MethodError
        If `p` is no probability or there is less than 1 degree of freedom.
    """
    if not 0 <= p <= 1:
        raise MethodError(f"p value {p}: a number from 0 to 1 is expected")
    if degrees_of_freedom is not None and degrees_of_freedom < 1:
        raise MethodError(f"{degrees_of_freedom} degrees of freedom: at least 1 is expected")
    if p in (0, 1):
        return math.inf if p == 0 else 0.0
    # The lower tail keeps its digits for small p, where 1 - p / 2 would lose them.
    return -float(ndtri(p / 2) if degrees_of_freedom is None else stdtrit(degrees_of_freedom, p / 2))


def confidence_interval(
    estimate: float, standard_error: float, level: float, degrees_of_freedom: int | None = None
) -> Interval:
    """Symmetric interval around an estimate, on the scale of the estimate.

    Parameters
    ----------
    estimate, standard_error : float
        On one scale; a standard error of 0 gives a point and an infinite one the whole line.
    level : float
        Confidence level as a proportion.
    degrees_of_freedom : int, optional
        Of the t distribution. None means the normal distribution.

    Raises
    ------
    MethodError
        If the level or the degrees of freedom are out of range.
    """
    margin = critical_value(level, degrees_of_freedom) * standard_error
    return estimate - margin, estimate + margin


def figure(value: float) -> str:
    """A number for a sentence: 42.9, 4.25, 0.038; fewer decimals the larger it is."""
    if math.isinf(value):
        return "no limit"
    decimals = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:.{decimals}f}"
    return text[1:] if float(text) == 0 and text.startswith("-") else text
