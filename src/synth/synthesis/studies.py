"""Estimates and variances of studies, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.labels import check_labels
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray

#: Largest ratio of two variances, of two weights, and of an estimate and the smallest standard error: beyond it,
#: doubles do not hold the sums of an analysis.
_VARIANCES, _WEIGHTS, _ESTIMATES = 1e50, 1e10, 1e50


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
        If the lengths differ, the names are no sequence, a number is not finite, a variance is not above 0, or the
        numbers lie too far apart for any sum of them; the study is named.
    """
    y, v = column(estimates, "estimates"), column(variances, "variances")
    if y.shape != v.shape:
        raise MethodError(f"{len(y)} estimates and {len(v)} variances: one variance for each estimate is expected")
    names = check_labels(labels, len(y), "estimates")
    good = np.isfinite(y) & np.isfinite(v) & ((v >= 0) if zero_variances else (v > 0))
    if not good.all():
        index = int(np.argmin(good))
        name = f"study {index + 1}" if names is None else names[index]
        if not np.isfinite(y[index]):
            raise MethodError(f"{name}: the estimate is {y[index]}; a finite number is expected")
        bound = "of at least 0" if zero_variances else "above 0"
        raise MethodError(f"{name}: the variance is {v[index]}; a finite number {bound} is expected")
    _check_range(y, v)
    return y, v


def study_names(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    """The names given, or "study 1" to "study k".

    Raises
    ------
    MethodError
        If what is given is no sequence of k names.
    """
    names = check_labels(labels, k, "estimates")
    return tuple(f"study {number}" for number in range(1, k + 1)) if names is None else names


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
    farthest = float(np.max(np.abs(y)))
    tiny, huge = 1e-100, 1e100
    within = largest < _VARIANCES * smallest and farthest < _ESTIMATES * math.sqrt(smallest)
    if not (within and smallest > tiny and largest < huge and farthest < huge):
        raise MethodError(
            f"estimates from {y.min():g} to {y.max():g} with variances from {smallest:g} to {largest:g}: variances "
            f"within a factor of {_VARIANCES:g}, and estimates within {_ESTIMATES:g} standard errors of 0, are "
            "expected; another unit may help"
        )


def check_weights(weights: FloatArray) -> None:
    """Refuse weights that are negative, not finite, all 0, or so far apart that one study is all there is.

    Raises
    ------
    MethodError
        If they are.
    """
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise MethodError("weights: finite numbers of at least 0, not all of them 0, are expected")
    positive = weights[weights > 0]
    if not float(positive.max()) < _WEIGHTS * float(positive.min()) or not 1e-100 < float(positive.max()) < 1e100:
        raise MethodError(
            f"weights from {positive.min():g} to {positive.max():g}: a factor below {_WEIGHTS:g} is expected"
        )
