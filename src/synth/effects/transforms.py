"""Transformations of effects and their inverses, elementwise on arrays.

Every function takes numbers of any shape and returns an array of that shape. A value outside the domain is refused; a
value beyond what an inverse can reach is bounded where its docstring says so, because limits of intervals get there.
`TRANSFORMATIONS` holds them by metafor's names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.special import logit as log_odds

from synth.effects.columns import FloatArray
from synth.effects.domains import finite, numbers, positive, together
from synth.effects.readings import (
    log_odds_ratio_to_risk_difference,
    log_odds_ratio_to_risk_ratio,
    smd_to_binomial_effect,
    smd_to_overlap,
    smd_to_point_biserial,
    smd_to_superiority,
    smd_to_u1,
    smd_to_u2,
    smd_to_u3,
)
from synth.errors import MethodError


def identity(values: ArrayLike) -> FloatArray:
    """The values as they are.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return numbers(values, "value")


def exponential(values: ArrayLike) -> FloatArray:
    """A ratio from its natural logarithm; infinity from about 709.8 on, the largest number of this machine.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    array = numbers(values, "logarithm")
    with np.errstate(over="ignore"):  # the docstring says what comes out
        return np.asarray(np.exp(array))


def logit(proportions: ArrayLike) -> FloatArray:
    """Log odds of proportions.

    Raises
    ------
    MethodError
        If a proportion is not between 0 and 1; 0 and 1 have infinite log odds and are refused too.
    """
    array = numbers(proportions, "proportion", 0, 1)
    return finite(np.asarray(log_odds(array)), array, "log odds")


def inverse_logit(values: ArrayLike) -> FloatArray:
    """Proportions from log odds.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(expit(numbers(values, "log odds")))


def arcsine(proportions: ArrayLike) -> FloatArray:
    """Arcsine of the square root of proportions, in radians from 0 to pi / 2.

    Raises
    ------
    MethodError
        If a proportion is not from 0 to 1.
    """
    return np.asarray(np.arcsin(np.sqrt(numbers(proportions, "proportion", 0, 1))))


def inverse_arcsine(values: ArrayLike) -> FloatArray:
    """Proportions from arcsines of square roots; 0 below 0, and 1 above pi / 2.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(np.sin(np.clip(numbers(values, "arcsine"), 0, math.pi / 2)) ** 2)


def freeman_tukey(proportions: ArrayLike, totals: ArrayLike) -> FloatArray:
    """Freeman-Tukey double arcsine of proportions, in radians, as the mean of the two arcsines.

    Parameters
    ----------
    proportions : array_like
        From 0 to 1.
    totals : array_like
        Participants behind each, above 0; one number serves for all.

    Raises
    ------
    MethodError
        If a proportion or a total is out of range.

    References
    ----------
    Freeman and Tukey 1950, Annals of Mathematical Statistics 21:607-611.
    """
    events, n = together(
        numbers(proportions, "proportion", 0, 1), positive(totals, "total"), "Freeman-Tukey double arcsine"
    )
    return _double_arcsine(events * n, n)


def _double_arcsine(events: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray((np.arcsin(np.sqrt(events / (n + 1))) + np.arcsin(np.sqrt((events + 1) / (n + 1)))) / 2)


def inverse_freeman_tukey(values: ArrayLike, totals: ArrayLike) -> FloatArray:
    """Proportions from Freeman-Tukey double arcsines.

    Values below that of no events give 0, and values above that of events in all give 1.

    Parameters
    ----------
    values : array_like
        Double arcsines, as from `freeman_tukey`.
    totals : array_like
        Participants behind each, above 0; one number serves for all.

    Raises
    ------
    MethodError
        If a value is not a number or a total is not above 0.

    References
    ----------
    Miller 1978, The American Statistician 32:138.
    """
    x, n = together(numbers(values, "double arcsine"), positive(totals, "total"), "Freeman-Tukey double arcsine")
    lowest, highest = _double_arcsine(np.zeros_like(n), n), _double_arcsine(n, n)
    inside = np.clip(x, lowest, highest)
    sine = np.sin(2 * inside)
    root = np.sqrt(np.maximum(1 - (sine + (sine - 1 / sine) / n) ** 2, 0))  # rounding may take 1 - 1 below 0
    proportions = (1 - np.sign(np.cos(2 * inside)) * root) / 2
    return np.where(x < lowest, 0.0, np.where(x > highest, 1.0, proportions))


def inverse_freeman_tukey_harmonic(values: ArrayLike, totals: ArrayLike) -> FloatArray:
    """Proportions from pooled double arcsines, with the harmonic mean of the studies' totals.

    Parameters
    ----------
    values : array_like
        Pooled double arcsine and its limits, of any shape.
    totals : array_like, shape (k,)
        Participants of the k studies that were pooled.

    Raises
    ------
    MethodError
        If a value is not a number or a total is not above 0.

    References
    ----------
    Miller 1978, The American Statistician 32:138.
    """
    n = positive(totals, "total")
    if n.size == 0:
        raise MethodError("total: at least one study is expected")
    return inverse_freeman_tukey(values, 1 / np.mean(1 / n))


def r_to_z(correlations: ArrayLike) -> FloatArray:
    """Fisher's z of correlations.

    Raises
    ------
    MethodError
        If a correlation is not between -1 and 1; at -1 and 1 z is infinite and refused too.
    """
    array = numbers(correlations, "correlation", -1, 1)
    with np.errstate(divide="ignore"):  # refused below, with a message
        return finite(np.asarray(np.arctanh(array)), array, "Fisher's z")


def z_to_r(values: ArrayLike) -> FloatArray:
    """Correlations from Fisher's z.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(np.tanh(numbers(values, "Fisher's z")))


def r2_to_z(shares: ArrayLike) -> FloatArray:
    """Fisher's z of the square root of R2, a share from 0 to below 1.

    Raises
    ------
    MethodError
        If a share is below 0, or 1 or more.
    """
    return r_to_z(np.sqrt(numbers(shares, "R2", 0, 1)))


def z_to_r2(values: ArrayLike) -> FloatArray:
    """R2, a share, from Fisher's z of its square root.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return z_to_r(values) ** 2


def inverse_square_root(values: ArrayLike) -> FloatArray:
    """Rates from their square roots; 0 below 0.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.maximum(numbers(values, "square root"), 0) ** 2


def freeman_tukey_rate(rates: ArrayLike, person_time: ArrayLike) -> FloatArray:
    """Freeman-Tukey square root of rates: the mean of the roots of rate and rate + 1 / person-time.

    Parameters
    ----------
    rates : array_like
        Events per unit of person-time, 0 or more.
    person_time : array_like
        Above 0, in the unit of the rates.

    Raises
    ------
    MethodError
        If a number is out of range.

    References
    ----------
    Freeman and Tukey 1950, Annals of Mathematical Statistics 21:607-611.
    """
    rate, time = together(numbers(rates, "rate", 0), positive(person_time, "person-time"), "Freeman-Tukey square root")
    return np.asarray((np.sqrt(rate) + np.sqrt(rate + 1 / time)) / 2)


def inverse_freeman_tukey_rate(values: ArrayLike, person_time: ArrayLike) -> FloatArray:
    """Rates from Freeman-Tukey square roots; 0 below the value of no events.

    Parameters
    ----------
    values : array_like
        As from `freeman_tukey_rate`.
    person_time : array_like
        Above 0.

    Raises
    ------
    MethodError
        If a value is not a number or a person-time is not above 0.
    """
    x, time = together(numbers(values, "value"), positive(person_time, "person-time"), "Freeman-Tukey square root")
    inside = np.maximum(x, 1 / (2 * np.sqrt(time)))
    # From 2x = sqrt(r) + sqrt(r + 1/t), and 1/(2x) = t (sqrt(r + 1/t) - sqrt(r)).
    return np.asarray((inside - 1 / (4 * time * inside)) ** 2)


def alpha_log(alphas: ArrayLike) -> FloatArray:
    """Minus the logarithm of 1 - alpha, for reliabilities (Bonett 2002).

    Raises
    ------
    MethodError
        If a reliability is 1 or more.
    """
    array = numbers(alphas, "reliability", high=1)
    with np.errstate(divide="ignore"):  # refused below, with a message
        return finite(np.asarray(-np.log1p(-array)), array, "logarithm of 1 - alpha")


def inverse_alpha_log(values: ArrayLike) -> FloatArray:
    """Reliabilities from minus the logarithm of 1 - alpha; 0 below 0.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(-np.expm1(-np.maximum(numbers(values, "value"), 0)))


def alpha_cube_root(alphas: ArrayLike) -> FloatArray:
    """1 minus the cube root of 1 - alpha, for reliabilities (Hakstian and Whalen 1976).

    Raises
    ------
    MethodError
        If a reliability is above 1.
    """
    return np.asarray(1 - np.cbrt(1 - numbers(alphas, "reliability", high=1)))


def inverse_alpha_cube_root(values: ArrayLike) -> FloatArray:
    """Reliabilities from 1 minus the cube root of 1 - alpha; 0 below 0, and 1 above 1.

    Raises
    ------
    MethodError
        If a value is not a number.
    """
    return np.asarray(1 - (1 - np.clip(numbers(values, "value"), 0, 1)) ** 3)


TRANSFORMATIONS: Final[dict[str, Callable[..., FloatArray]]] = {
    "identity": identity,
    "exp": exponential,
    "logit": logit,
    "ilogit": inverse_logit,
    "arcsin": arcsine,
    "iarcsin": inverse_arcsine,
    "pft": freeman_tukey,
    "ipft": inverse_freeman_tukey,
    "ipft.hm": inverse_freeman_tukey_harmonic,
    "rtoz": r_to_z,
    "ztor": z_to_r,
    "r2toz": r2_to_z,
    "ztor2": z_to_r2,
    "isqrt": inverse_square_root,
    "irft": freeman_tukey_rate,
    "iirft": inverse_freeman_tukey_rate,
    "abt": alpha_log,
    "iabt": inverse_alpha_log,
    "ahw": alpha_cube_root,
    "iahw": inverse_alpha_cube_root,
    "dtou1": smd_to_u1,
    "dtou2": smd_to_u2,
    "dtou3": smd_to_u3,
    "dtoovl": smd_to_overlap,
    "dtocles": smd_to_superiority,
    "dtorpb": smd_to_point_biserial,
    "dtobesd": smd_to_binomial_effect,
    "logortorr": log_odds_ratio_to_risk_ratio,
    "logortord": log_odds_ratio_to_risk_difference,
}
