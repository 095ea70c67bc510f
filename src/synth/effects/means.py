"""Two groups and their means: formulas of estimates and sampling variances; 1 is the treated group, 2 the control."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from scipy.special import poch

from synth.effects.columns import Choices, Columns, FloatArray, Formula, Pair
from synth.errors import MethodError


def hedges_factor(degrees_of_freedom: FloatArray) -> FloatArray:
    """Exact small-sample factor of a standardised mean difference, below 1 and rising to it.

    Parameters
    ----------
    degrees_of_freedom : ndarray
        Of the standard deviation that standardises; above 1. At 1 or below there is no factor (NaN).

    Returns
    -------
    ndarray
        The difference divided by the standard deviation, times this, is unbiased.

    References
    ----------
    Hedges 1981, Journal of Educational Statistics 6:107-128.
    """
    # Gamma(m/2) / Gamma((m-1)/2) as one function: the difference of their logarithms loses digits for large m.
    half = (degrees_of_freedom - 1) / 2
    return np.where(half > 0, poch(np.where(half > 0, half, 1), 0.5) / np.sqrt(half + 0.5), np.nan)


def small_sample_factor(degrees_of_freedom: FloatArray, choices: Choices) -> FloatArray:
    """`hedges_factor`, or 1 if no correction is wanted.

    Raises
    ------
    MethodError
        If the unbiased variance ("UB") is asked for without the correction that it belongs to.
    """
    if choices.correct:
        return hedges_factor(degrees_of_freedom)
    if choices.variance == "UB":
        raise MethodError('variance "UB" is that of the corrected estimate; correct=True is expected with it')
    return np.ones_like(degrees_of_freedom)


def pooled_sd(columns: Columns) -> FloatArray:
    """Standard deviation within both groups, weighted by degrees of freedom."""
    n1, n2 = columns["n_treated"], columns["n_control"]
    squares = (n1 - 1) * columns["sd_treated"] ** 2 + (n2 - 1) * columns["sd_control"] ** 2
    return np.asarray(np.sqrt(squares / (n1 + n2 - 2)))


def _difference(columns: Columns) -> FloatArray:
    return columns["mean_treated"] - columns["mean_control"]


def _per_n(columns: Columns) -> FloatArray:
    return 1 / columns["n_treated"] + 1 / columns["n_control"]


def _mean_difference(columns: Columns, choices: Choices) -> Pair:
    if choices.variance == "HO":
        return _difference(columns), pooled_sd(columns) ** 2 * _per_n(columns)
    variance = columns["sd_treated"] ** 2 / columns["n_treated"] + columns["sd_control"] ** 2 / columns["n_control"]
    return _difference(columns), variance


def standardised_difference(columns: Columns, choices: Choices, *, by_control: bool = False) -> Pair:
    """Mean difference over the SD pooled from both groups, or over that of the control group.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (k,)
        Means, SDs and participants of both groups.
    choices : Choices
        Variance "LS", "LS2", "UB" or "AV"; small-sample correction or none.
    by_control : bool
        Which SD.

    Returns
    -------
    estimate, variance : ndarray, shape (k,)

    References
    ----------
    Hedges 1981, Journal of Educational Statistics 6:107-128; Hedges and Olkin 1985, Statistical Methods for
    Meta-Analysis, chapter 5.
    """
    n = columns["n_treated"] + columns["n_control"]
    base = columns["n_control"] if by_control else n
    freedom = base - (1 if by_control else 2)
    d = _difference(columns) / (columns["sd_control"] if by_control else pooled_sd(columns))
    factor = small_sample_factor(freedom, choices)
    g = factor * d
    if choices.variance == "LS2":
        return g, factor**2 * (_per_n(columns) + d**2 / (2 * base))
    if choices.variance == "UB":
        return g, _per_n(columns) + (1 - (freedom - 2) / (freedom * factor**2)) * g**2
    if choices.variance == "AV":
        weights = np.where(np.isnan(g), np.nan, n)
        return g, _per_n(columns) + (np.nansum(weights * g) / np.nansum(weights)) ** 2 / (2 * base)
    return g, _per_n(columns) + g**2 / (2 * base)


def _standardised_by_both(columns: Columns, choices: Choices) -> Pair:
    n1, n2 = columns["n_treated"], columns["n_control"]
    variance1, variance2 = columns["sd_treated"] ** 2, columns["sd_control"] ** 2
    average = (variance1 + variance2) / 2
    g = small_sample_factor(n1 + n2 - 2, choices) * _difference(columns) / np.sqrt(average)
    of_sd = g**2 * (variance1**2 / (n1 - 1) + variance2**2 / (n2 - 1)) / (8 * average**2)
    return g, of_sd + (variance1 / (n1 - 1) + variance2 / (n2 - 1)) / average


def _standardised_by_control_unequal(columns: Columns, choices: Choices) -> Pair:
    n1, n2 = columns["n_treated"], columns["n_control"]
    g = small_sample_factor(n2 - 1, choices) * _difference(columns) / columns["sd_control"]
    ratio = (columns["sd_treated"] / columns["sd_control"]) ** 2
    return g, ratio / (n1 - 1) + 1 / (n2 - 1) + g**2 / (2 * (n2 - 1))


def _squared_cv(columns: Columns, group: str) -> FloatArray:
    return (columns[f"sd_{group}"] / columns[f"mean_{group}"]) ** 2 / columns[f"n_{group}"]


def _ratio_of_means(columns: Columns, choices: Choices) -> Pair:
    cv1, cv2 = _squared_cv(columns, "treated"), _squared_cv(columns, "control")
    estimate = np.log(columns["mean_treated"] / columns["mean_control"])
    if choices.correct:
        estimate = estimate + (cv1 - cv2) / 2
    if choices.variance == "HO":
        squared = pooled_sd(columns) ** 2
        cv1 = squared / (columns["n_treated"] * columns["mean_treated"] ** 2)
        cv2 = squared / (columns["n_control"] * columns["mean_control"] ** 2)
    return estimate, cv1 + cv2


def _half_per_freedom(columns: Columns) -> Pair:
    return 1 / (2 * (columns["n_treated"] - 1)), 1 / (2 * (columns["n_control"] - 1))


def _ratio_of_cvs(columns: Columns, choices: Choices) -> Pair:
    cv1, cv2 = _squared_cv(columns, "treated"), _squared_cv(columns, "control")
    half1, half2 = _half_per_freedom(columns)
    # One logarithm each: below 0 a mean has no coefficient of variation, even if both are.
    estimate = np.log(columns["sd_treated"] / columns["mean_treated"])
    estimate = estimate - np.log(columns["sd_control"] / columns["mean_control"])
    if choices.correct:
        estimate = estimate + half1 - half2 - (cv1 - cv2) / 2
    return estimate, half1 + half2 + cv1 + cv2


def _ratio_of_sds(columns: Columns, choices: Choices) -> Pair:
    half1, half2 = _half_per_freedom(columns)
    estimate = np.log(columns["sd_treated"] / columns["sd_control"])
    return estimate + half1 - half2 if choices.correct else estimate, half1 + half2


FORMULAS: Final[dict[str, Formula]] = {
    "MD": _mean_difference,
    "SMD": standardised_difference,
    "SMDH": _standardised_by_both,
    "SMD1": partial(standardised_difference, by_control=True),
    "SMD1H": _standardised_by_control_unequal,
    "ROM": _ratio_of_means,
    "CVR": _ratio_of_cvs,
    "VR": _ratio_of_sds,
}
