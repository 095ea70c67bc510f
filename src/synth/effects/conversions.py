"""Between odds ratios and standardised mean differences, for a review that has both of one outcome.

Both ways assume that the event is a continuous outcome cut at a value, with the same spread in both groups.
"""

from __future__ import annotations

import math
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.columns import Choices, Columns, Pair, PlainFormula
from synth.effects.means import standardised_difference
from synth.effects.two_by_two import log_odds_ratio
from synth.errors import MethodError

Distribution = Literal["logistic", "normal"]

# Log odds per standard deviation. Logistic: the SD of that distribution is pi / sqrt(3), exactly. Normal: the constant
# of Cox, by which the logistic curve comes closest to the normal one.
LOG_ODDS_PER_SD: Final[dict[str, float]] = {"logistic": math.pi / math.sqrt(3), "normal": 1.65}


def _log_odds_per_sd(distribution: str) -> float:
    if distribution not in LOG_ODDS_PER_SD:
        raise MethodError(f"distribution {distribution!r}; one of {', '.join(get_args(Distribution))} is expected")
    return LOG_ODDS_PER_SD[distribution]


def smd_from_log_odds_ratio(
    estimate: ArrayLike, variance: ArrayLike, *, distribution: Distribution = "logistic"
) -> Pair:
    """Standardised mean difference, and its variance, that a log odds ratio means.

    Parameters
    ----------
    estimate, variance : array_like
        Log odds ratio and its sampling variance.
    distribution : {"logistic", "normal"}
        Of the outcome behind the event.

    Returns
    -------
    estimate, variance : ndarray

    Raises
    ------
    MethodError
        If the distribution is unknown or a value is no number.

    References
    ----------
    Hasselblad and Hedges 1995, Psychological Bulletin 117:167-178, and Chinn 2000, Statistics in Medicine
    19:3127-3131, for the logistic one; Cox and Snell 1989, Analysis of Binary Data, for the normal one, compared by
    Sanchez-Meca, Marin-Martinez and Chacon-Moscoso 2003, Psychological Methods 8:448-467.
    """
    return _scaled(estimate, variance, 1 / _log_odds_per_sd(distribution))


def log_odds_ratio_from_smd(
    estimate: ArrayLike, variance: ArrayLike, *, distribution: Distribution = "logistic"
) -> Pair:
    """Log odds ratio, and its variance, that a standardised mean difference means; as `smd_from_log_odds_ratio`.

    Parameters
    ----------
    estimate, variance : array_like
        Standardised mean difference and its sampling variance.
    distribution : {"logistic", "normal"}
        Of the outcome behind the event.

    Returns
    -------
    estimate, variance : ndarray

    Raises
    ------
    MethodError
        If the distribution is unknown or a value is no number.
    """
    return _scaled(estimate, variance, _log_odds_per_sd(distribution))


def _scaled(estimate: ArrayLike, variance: ArrayLike, factor: float) -> Pair:
    try:
        first, second = np.asarray(estimate, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MethodError("estimate and variance: numbers are expected") from error
    if not (np.isfinite(first).all() and np.isfinite(second).all() and (second >= 0).all()):
        raise MethodError("estimate and variance: finite numbers are expected, the variance not negative")
    return first * factor, second * factor**2


def _smd_of_counts(distribution: Distribution) -> PlainFormula:
    factor = 1 / LOG_ODDS_PER_SD[distribution]

    def formula(columns: Columns) -> Pair:
        estimate, variance = log_odds_ratio(columns)
        return estimate * factor, variance * factor**2

    return formula


def _odds_ratio_of_means(distribution: Distribution) -> PlainFormula:
    factor = LOG_ODDS_PER_SD[distribution]

    def formula(columns: Columns) -> Pair:
        # The difference goes in without the small-sample correction, which belongs to the other scale.
        estimate, variance = standardised_difference(columns, Choices("LS", correct=False))
        return estimate * factor, variance * factor**2

    return formula


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "OR2DN": _smd_of_counts("normal"),
    "OR2DL": _smd_of_counts("logistic"),
    "D2ORN": _odds_ratio_of_means("normal"),
    "D2ORL": _odds_ratio_of_means("logistic"),
}
