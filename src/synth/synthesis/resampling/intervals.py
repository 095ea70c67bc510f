"""Bootstrap confidence intervals from resampled values of one quantity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

from synth.effects.intervals import Interval, critical_value
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray

#: Differences below this share of the range of the values are rounding.
_ROUNDING = 1e-12


def percentile(values: FloatArray, level: float) -> Interval:
    """The middle share of the resampled values.

    Parameters
    ----------
    values : ndarray, shape (B,)
    level : float
        A proportion.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    tail = (1 - level) / 2
    return _quantiles(values, tail, 1 - tail)


def basic(values: FloatArray, observed: float, level: float) -> Interval:
    """The percentile interval of the resampling errors, taken off the observed value.

    References
    ----------
    Davison and Hinkley 1997, Bootstrap Methods and their Application, chapter 5.
    """
    low, high = percentile(values, level)
    return 2 * observed - high, 2 * observed - low


def normal(values: FloatArray, observed: float, level: float) -> Interval:
    """Normal interval with the bootstrap's standard error, around the observed value less the bootstrap's bias.

    References
    ----------
    Davison and Hinkley 1997, Bootstrap Methods and their Application, chapter 5.
    """
    centre = 2 * observed - float(values.mean())
    margin = critical_value(level) * standard_error(values)
    return centre - margin, centre + margin


def bias_corrected(values: FloatArray, observed: float, jackknife: FloatArray, level: float) -> Interval:
    """Bias-corrected and accelerated percentile interval (BCa).

    Parameters
    ----------
    values : ndarray, shape (B,)
        Resampled.
    observed : float
    jackknife : ndarray, shape (k,)
        The quantity without each study in turn.
    level : float
        A proportion.

    Raises
    ------
    MethodError
        If every resampled value lies on one side of the observed one, so that there is no bias to correct by.

    References
    ----------
    Efron 1987, J Am Stat Assoc 82:171-185.
    """
    # Values that equal the observed one but for rounding, such as a tau2 of 0 or of the same studies, count half.
    near = _ROUNDING * max(abs(observed), float(values.max() - values.min()))
    below = (np.count_nonzero(values < observed - near) + np.count_nonzero(values <= observed + near)) / 2 / len(values)
    if below in (0, 1):
        side = "above" if below == 0 else "below"
        raise MethodError(f"BCa: every resampled value lies {side} the observed {observed:g}; another kind is expected")
    shift, acceleration = float(ndtri(below)), acceleration_of(jackknife)
    limits = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        moved = shift + float(ndtri(tail))
        scale = 1 - acceleration * moved
        if scale <= 0:
            raise MethodError("BCa: the jackknife's acceleration is too large for this level; another kind is expected")
        limits.append(float(ndtr(shift + moved / scale)))
    return _quantiles(values, *limits)


def acceleration_of(jackknife: FloatArray) -> float:
    """How fast the standard error changes with the quantity, from its values without each study in turn."""
    distances = jackknife.mean() - jackknife
    # The acceleration has no unit, and powers of numbers of size 1 do not overflow.
    distances = distances / (np.abs(distances).max() or 1.0)
    squares = float(np.sum(distances**2))
    return float(np.sum(distances**3)) / (6 * squares**1.5) if squares > 0 else 0.0


def standard_error(values: FloatArray) -> float:
    """Standard deviation of the resampled values."""
    if len(values) < 2:
        return math.nan
    size = float(np.abs(values).max()) or 1.0
    return float((values / size).std(ddof=1)) * size


def _quantiles(values: FloatArray, low: float, high: float) -> Interval:
    """Order statistics number (B + 1) q, interpolated: Davison and Hinkley 1997, chapter 5."""
    needed = _needed(min(low, 1 - high))
    if len(values) < needed:
        raise MethodError(
            f"{len(values)} resampled values: at least {needed:,} are expected, so that each tail "
            "of the interval holds one"
        )
    found = np.quantile(values, [low, high], method="weibull")
    return float(found[0]), float(found[1])


def needed_values(level: float) -> int:
    """Resampled values that a percentile interval of a level takes: one beyond each limit."""
    return int(_needed((1 - level) / 2))


def _needed(tail: float) -> float:
    return math.ceil((1 - 1e-12) / tail) - 1 if tail > 0 else math.inf


def check_values(values: FloatArray, quantity: str, expected: int) -> FloatArray:
    """Values of a quantity, one a fit and finite.

    Raises
    ------
    MethodError
        If a function of the fits gave anything else.
    """
    found = np.asarray(values)
    if found.shape != (expected,) or found.dtype.kind not in "fiub":
        raise MethodError(f"{quantity}: one number for each of {expected} fits is expected, got shape {found.shape}")
    wrong = int(np.count_nonzero(~np.isfinite(found)))
    if wrong:
        raise MethodError(f"{quantity}: not finite in {wrong} of {expected} fits; a number for each is expected")
    return found.astype(float)


def checked(function: Callable[[], FloatArray], quantity: str, expected: int) -> FloatArray:
    """Values of a quantity that divisions by 0 have not passed through unseen (see `check_values`)."""
    with np.errstate(all="ignore"):  # what is not finite is refused right after
        return check_values(function(), quantity, expected)
