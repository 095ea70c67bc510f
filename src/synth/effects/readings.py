"""What a standardised mean difference or an odds ratio means in other words: overlap, superiority, risks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from synth.effects.columns import FloatArray
from synth.effects.domains import numbers, positive, together


def smd_to_u1(values: ArrayLike) -> FloatArray:
    """Cohen's U1, the share of the two normal distributions together that does not overlap.

    Raises
    ------
    MethodError
        If a value is not a number.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences.
    """
    u2 = ndtr(np.abs(numbers(values, "standardised mean difference")) / 2)
    return np.asarray((2 * u2 - 1) / u2)


def smd_to_u2(values: ArrayLike) -> FloatArray:
    """Cohen's U2, the share of one group that exceeds the same share of the other (Cohen 1988).

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(ndtr(numbers(values, "standardised mean difference") / 2))


def smd_to_u3(values: ArrayLike) -> FloatArray:
    """Cohen's U3, the share of the second group below the mean of the first (Cohen 1988).

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(ndtr(numbers(values, "standardised mean difference")))


def smd_to_overlap(values: ArrayLike) -> FloatArray:
    """Share of the area that two normal curves of equal spread have in common.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(2 * ndtr(-np.abs(numbers(values, "standardised mean difference")) / 2))


def smd_to_superiority(values: ArrayLike) -> FloatArray:
    """Probability that one of the first group scores above one of the second (McGraw and Wong 1992).

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(ndtr(numbers(values, "standardised mean difference") / math.sqrt(2)))


def smd_to_point_biserial(values: ArrayLike) -> FloatArray:
    """Point-biserial correlation of a standardised mean difference between groups of equal size.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    d = numbers(values, "standardised mean difference")
    return np.asarray(d / np.hypot(d, 2))


def smd_to_binomial_effect(values: ArrayLike) -> FloatArray:
    """Success in the first group as the binomial effect size display has it (Rosenthal and Rubin 1982).

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return 0.5 + smd_to_point_biserial(values) / 2


def log_odds_ratio_to_risk_ratio(values: ArrayLike, control_risk: ArrayLike) -> FloatArray:
    """Risk ratio that a log odds ratio means at a risk in the control group.

    Parameters
    ----------
    values : array_like
        Log odds ratios.
    control_risk : array_like
        Above 0, at most 1.

    Raises
    ------
    MethodError
        If a number is out of range.
    """
    x, risk = together(
        numbers(values, "log odds ratio"),
        positive(numbers(control_risk, "control risk", 0, 1), "control risk"),
        "risk ratio",
    )
    # exp(x) / (1 + p (exp(x) - 1)) with exp(x) divided out, so that a large x does not overflow.
    with np.errstate(over="ignore"):  # an endless exp(-x) gives the right ratio, 0
        return np.asarray(1 / (risk + (1 - risk) * np.exp(-x)))


def log_odds_ratio_to_risk_difference(values: ArrayLike, control_risk: ArrayLike) -> FloatArray:
    """Risk difference that a log odds ratio means at a risk in the control group.

    Parameters
    ----------
    values : array_like
        Log odds ratios.
    control_risk : array_like
        Above 0, at most 1.

    Raises
    ------
    MethodError
        If a number is out of range.
    """
    ratio = log_odds_ratio_to_risk_ratio(values, control_risk)
    return (ratio - 1) * np.asarray(control_risk, dtype=np.float64)
