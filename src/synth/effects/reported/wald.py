"""Estimates with an interval, a z statistic or a p value turned into effects with sampling variances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from synth.errors import MethodError

Floats = NDArray[np.float64]
Transform = Literal["log", "logit", "atanh"] | Callable[[Floats], ArrayLike]

#: Share of the width by which an estimate may miss the middle of its interval before it is pointed out.
OFF_CENTRE = 0.1
#: Squares of larger figures would overflow.
_LARGEST = 1e100


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))


_TRANSFORMS: dict[str, Callable[[Floats], ArrayLike]] = {"log": np.log, "logit": _logit, "atanh": np.arctanh}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldEffects:
    """Effects of k studies with variances that follow from intervals or tests.

    Attributes
    ----------
    yi : array of shape (k,)
        Estimates on the analysis scale; NaN where unseen.
    vi : array of shape (k,)
        Sampling variances; NaN where nothing gives one.
    n : array of shape (k,)
        Sizes as given; NaN where unseen.
    origin : tuple of str
        What gave each variance: "interval", "z", "p", or empty.
    off_centre : array of bool, shape (k,)
        Where the estimate misses the middle of its interval by more than a tenth of the width: the interval may be no
        Wald interval on this scale, or be rounded coarsely.
    """

    yi: Floats
    vi: Floats
    n: Floats
    origin: tuple[str, ...]
    off_centre: NDArray[np.bool_]


def wald(
    estimate: ArrayLike | None = None,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    z: ArrayLike | None = None,
    p: ArrayLike | None = None,
    n: ArrayLike | None = None,
    *,
    level: ArrayLike = 0.95,
    transform: Transform | None = None,
    labels: Sequence[str] | None = None,
) -> WaldEffects:
    """Sampling variances from Wald intervals, z statistics and p values.

    For each study the interval is used where both limits are seen, else the z statistic, else the two-sided p value.

    Parameters
    ----------
    estimate, low, high : array_like of shape (k,), optional
        Estimates and confidence limits as reported; NaN where unseen.
    z, p : array_like of shape (k,), optional
        Statistics and exact two-sided p values of the test against no effect on the analysis scale. A p value that is
        printed as a bound must not be given here.
    n : array_like of shape (k,), optional
        Sizes; passed through.
    level : float or array_like of shape (k,)
        Confidence level of the intervals, a proportion.
    transform : {"log", "logit", "atanh"} or callable, optional
        From the reported to the analysis scale, for estimates and limits: "log" for ratios, "logit" for proportions,
        "atanh" for correlations.
    labels : sequence of str, optional
        Names of the studies for messages.

    Returns
    -------
    WaldEffects

    Raises
    ------
    MethodError
        If lengths differ, nothing is given, a lower limit lies above the upper one, a p value or level is out of
        range, a figure is infinite, or the transformation is not defined for a figure.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, sections 6.3.1 and 6.3.2.
    """
    (yi, lower, upper, statistic, p_value, sizes), names = _read((estimate, low, high, z, p, n), labels)
    levels = _levels(level, len(yi))
    _refuse((p_value < 0) | (p_value > 1), names, "a p value lies outside 0 to 1")
    yi, lower, upper = (_transformed(column, transform, names) for column in (yi, lower, upper))
    _refuse(lower > upper, names, "the lower limit lies above the upper one")
    vi, origin = _variances(yi, lower, upper, statistic, p_value, levels)
    with np.errstate(invalid="ignore"):  # NaN marks what is unseen
        off_centre = np.abs((lower + upper) / 2 - yi) > OFF_CENTRE * (upper - lower)
    return WaldEffects(yi=yi, vi=vi, n=sizes, origin=origin, off_centre=off_centre & ~np.isnan(yi))


def _variances(
    yi: Floats, lower: Floats, upper: Floats, statistic: Floats, p_value: Floats, levels: Floats
) -> tuple[Floats, tuple[str, ...]]:
    """Variances and where each comes from: the interval, else the statistic, else the p value."""
    from_p = np.isnan(statistic)
    statistic = np.where(from_p, -ndtri(p_value / 2), statistic)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a statistic of 0 (p of 1) gives no variance
        by_interval = ((upper - lower) / (2 * -ndtri((1 - levels) / 2))) ** 2
        by_test = (yi / statistic) ** 2
    by_test = np.where(np.isfinite(by_test) & np.isfinite(statistic), by_test, np.nan)
    seen = [~np.isnan(by_interval), ~np.isnan(by_test) & ~from_p, ~np.isnan(by_test)]
    origin = np.select(seen, ["interval", "z", "p"], "")
    return np.where(np.isnan(by_interval), by_test, by_interval), tuple(str(name) for name in origin)


def _read(columns: Sequence[ArrayLike | None], labels: Sequence[str] | None) -> tuple[list[Floats], Sequence[str]]:
    try:
        given = [None if column is None else np.atleast_1d(np.asarray(column, dtype=float)) for column in columns]
    except (TypeError, ValueError) as error:
        raise MethodError(f"wald: numbers are expected, NaN for what is unseen ({error})") from error
    shapes = {column.shape for column in given if column is not None}
    if not shapes or all(column is None for column in given[:5]):
        raise MethodError("wald: at least one of estimate, low, high, z and p is expected")
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        raise MethodError(f"wald: columns of shapes {sorted(shapes)}; one length is expected")
    (k,) = next(iter(shapes))
    names = labels if labels is not None else [f"row {i}" for i in range(1, k + 1)]
    if len(names) != k:
        raise MethodError(f"wald: {len(names)} labels for {k} studies; one for each is expected")
    filled = [np.full(k, np.nan) if column is None else column for column in given]
    _refuse((np.abs(np.array(filled)) > _LARGEST).any(axis=0), names, "a figure is infinite or absurdly large")
    return filled, names


def _levels(level: ArrayLike, k: int) -> Floats:
    levels = np.atleast_1d(np.asarray(level, dtype=float))
    if levels.shape not in ((1,), (k,)) or not ((levels > 0) & (levels < 1)).all():
        raise MethodError(
            f"confidence level {levels.tolist()}: one proportion between 0 and 1, or one for each study, is expected"
        )
    return levels


def _transformed(column: Floats, transform: Transform | None, names: Sequence[str]) -> Floats:
    if transform is None:
        return column
    function = _TRANSFORMS.get(transform) if isinstance(transform, str) else transform
    if function is None:
        raise MethodError(
            f"transform {transform!r}: one of {', '.join(map(repr, _TRANSFORMS))} or a function is expected"
        )
    with np.errstate(all="ignore"):  # what is not defined is found and refused below
        result = np.asarray(function(column), dtype=float)
    if result.shape != column.shape:
        raise MethodError(
            f"transform: a function of arrays is expected; it made shape {result.shape} of {column.shape}"
        )
    _refuse(~np.isnan(column) & ~np.isfinite(result), names, "the transformation is not defined for a figure")
    return result


def _refuse(wrong: NDArray[np.bool_], names: Sequence[str], message: str) -> None:
    if wrong.any():
        raise MethodError(f"wald: {names[int(np.argmax(wrong))]}: {message}")
