"""Estimates and variances of studies, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray

#: Largest ratio of two variances, and of a squared distance between estimates and a variance: beyond it, doubles do
#: not hold the sums of an analysis.
_RANGE = 1e100


def study_arrays(
    estimates: ArrayLike,
    variances: ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    zero_variances: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Estimates and variances as arrays of one length, checked.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        On one scale.
    labels : sequence of str, optional
        Names of the studies, for error messages; "study 1" and so on where not given.
    zero_variances : bool
        Whether a sampling variance of 0 is allowed.

    Raises
    ------
    MethodError
        If the lengths differ, a number is not finite, a variance is not above 0, or the numbers lie too far apart for
        any sum of them; the study is named.
    """
    y, v = column(estimates, "estimates"), column(variances, "variances")
    if y.shape != v.shape:
        raise MethodError(f"{len(y)} estimates and {len(v)} variances: one variance for each estimate is expected")
    if labels is not None and len(labels) != len(y):
        raise MethodError(f"{len(labels)} names for {len(y)} estimates: one name for each is expected")
    good = np.isfinite(y) & np.isfinite(v) & ((v >= 0) if zero_variances else (v > 0))
    if not good.all():
        index = int(np.argmin(good))
        name = f"study {index + 1}" if labels is None else labels[index]
        if not np.isfinite(y[index]):
            raise MethodError(f"{name}: the estimate is {y[index]}; a finite number is expected")
        bound = "of at least 0" if zero_variances else "above 0"
        raise MethodError(f"{name}: the variance is {v[index]}; a finite number {bound} is expected")
    _check_range(y, v)
    return y, v


def study_names(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    """The names given, or "study 1" to "study k"."""
    return tuple(map(str, labels)) if labels is not None else tuple(f"study {number}" for number in range(1, k + 1))


def column(values: ArrayLike, what: str) -> FloatArray:
    """One column of numbers.

    Raises
    ------
    MethodError
        If the values are no numbers, or no single column.
    """
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise MethodError(f"{what}: a column of numbers is expected ({error})") from error
    if array.ndim != 1:
        raise MethodError(f"{what}: one column is expected, got an array of shape {array.shape}")
    return array


def _check_range(y: FloatArray, v: FloatArray) -> None:
    if not len(y):
        return
    positive = v[v > 0]
    if not positive.size:
        return
    smallest, largest = float(positive.min()), float(v.max())
    with np.errstate(over="ignore"):
        spread = (float(y.max()) - float(y.min())) / np.sqrt(smallest)
        too_far = not (largest / smallest < _RANGE and spread**2 < _RANGE)
    tiny = np.finfo(float).tiny / np.finfo(float).eps
    if too_far or smallest < tiny or largest > 1 / tiny or float(np.max(np.abs(y))) > 1 / tiny:
        raise MethodError(
            f"estimates from {y.min():g} to {y.max():g} with variances from {smallest:g} to {largest:g}: "
            f"numbers within a factor of {_RANGE:g} are expected; another unit may help"
        )
