"""Mean and SD from smallest value, quartiles, median and largest value, for many studies at once.

Three sets of printed figures are known by their usual names: S1 (smallest, median, largest), S2 (lower quartile,
median, upper quartile) and S3 (all five).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from synth.effects.reported.standard_deviations import LEAST_N_OF_QUANTILES
from synth.errors import MethodError

Method = Literal["luo-wan-shi", "wan"]
Distribution = Literal["normal", "log-normal"]
Floats = NDArray[np.float64]

#: Fourth powers of larger figures would overflow.
_LARGEST = 1e70

NAMES = ("minimum", "q1", "median", "q3", "maximum")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileMoments:
    """Means and SDs of k studies from their quantiles.

    Attributes
    ----------
    mean, sd : array of shape (k,)
        In the unit of the quantiles (of their logarithms without back-transformation); NaN where `reason` says why.
    scenario : tuple of str
        "S1", "S2", "S3", or empty where the figures make none of them.
    statistic, critical_value : array of shape (k,)
        Of the skewness test of Shi et al. (2023); NaN where the median is unseen.
    skewed : array of bool, shape (k,)
        Where the statistic reaches its critical value.
    reason : tuple of str
        Why a mean or an SD is missing; empty where none is.
    """

    mean: Floats
    sd: Floats
    scenario: tuple[str, ...]
    statistic: Floats
    critical_value: Floats
    skewed: NDArray[np.bool_]
    reason: tuple[str, ...]


def moments_from_quantiles(
    *,
    n: ArrayLike,
    minimum: ArrayLike | None = None,
    q1: ArrayLike | None = None,
    median: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
    method: Method = "luo-wan-shi",
    distribution: Distribution = "normal",
    back_transform: bool = True,
    leave_out_skewed: bool = False,
    labels: Sequence[str] | None = None,
) -> QuantileMoments:
    """Means and SDs from five-number summaries, or parts of them.

    Parameters
    ----------
    n : array_like of shape (k,)
        Sizes. Below 5 nothing is estimated.
    minimum, q1, median, q3, maximum : array_like of shape (k,), optional
        NaN where unseen. Without the median there is an SD and no mean.
    method : {"luo-wan-shi", "wan"}
        "luo-wan-shi": the mean of Luo et al. (2018), the SD of Wan et al. (2014) for S1 and S2 and of Shi et al.
        (2020a) for S3. "wan": mean and SD of Wan et al. (2014).
    distribution : {"normal", "log-normal"}
        What the values are taken to follow. "log-normal" uses the logarithms, with the corrections of Shi et al.
        (2020b), and needs quantiles above 0 and the method "luo-wan-shi".
    back_transform : bool
        With "log-normal": mean and SD of the values (true) or of their logarithms (false).
    leave_out_skewed : bool
        Give nothing for studies that the skewness test of Shi et al. (2023) finds skewed at the 5 % level. Otherwise
        `skewed` only points them out.
    labels : sequence of str, optional
        Names of the studies for messages.

    Returns
    -------
    QuantileMoments

    Raises
    ------
    MethodError
        If lengths differ, the figures of a study are not in rising order, a figure is infinite, n is not above 0, or
        the log-normal distribution meets a figure that is not above 0.

    References
    ----------
    Wan, Wang, Liu and Tong (2014), BMC Medical Research Methodology 14:135. Luo, Wan, Liu and Tong (2018),
    Statistical Methods in Medical Research 27:1785-1805. Shi, Luo, Weng, Zeng, Lin, Chu and Tong (2020a), Research
    Synthesis Methods 11:641-654. Shi, Tong, Wang and Genton (2020b), Statistics and Its Interface 13:519-531. Shi,
    Luo, Wan, Liu, Liu, Bian and Tong (2023), Statistical Methods in Medical Research 32:1338-1360; the rounded critical
    values are the ones that the R package metafor uses.
    """
    _check_choices(method, distribution)
    values, sizes, names = _read((minimum, q1, median, q3, maximum), n, labels)
    if distribution == "log-normal":
        values = _logarithms(values, names)
    return _estimated(values, sizes, method, distribution, back_transform, leave_out_skewed)


def _estimated(
    values: Floats,
    sizes: Floats,
    method: Method,
    distribution: Distribution,
    back_transform: bool,
    leave_out_skewed: bool,
) -> QuantileMoments:
    scenario, reason = _scenarios(values, sizes)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN marks what is unseen, and ties make 0 / 0
        statistic, critical = _skewness(values, sizes, scenario)
        skewed = statistic >= critical
        mean, sd = _moments(values, sizes, scenario, method)
        if distribution == "log-normal":
            mean, sd = _log_normal(sizes, scenario, mean, sd, back_transform)
    left_out = (scenario == 0) | (skewed if leave_out_skewed else False)
    mean, sd = np.where(left_out, np.nan, mean), np.where(left_out, np.nan, sd)
    return QuantileMoments(
        mean=mean,
        sd=sd,
        scenario=tuple(("", "S1", "S2", "S3")[code] for code in scenario),
        statistic=np.where(scenario == 0, np.nan, statistic),
        critical_value=np.where(scenario == 0, np.nan, critical),
        skewed=skewed & (scenario > 0),
        reason=_reasons(reason, skewed & leave_out_skewed, mean, sd),
    )


def _check_choices(method: str, distribution: str) -> None:
    if method not in ("luo-wan-shi", "wan"):
        raise MethodError(f"method {method!r}: 'luo-wan-shi' or 'wan' is expected")
    if distribution not in ("normal", "log-normal"):
        raise MethodError(f"distribution {distribution!r}: 'normal' or 'log-normal' is expected")
    if distribution == "log-normal" and method != "luo-wan-shi":
        raise MethodError("the log-normal distribution is offered with the method 'luo-wan-shi' only")


def _read(
    figures: Sequence[ArrayLike | None], n: ArrayLike, labels: Sequence[str] | None
) -> tuple[Floats, Floats, Sequence[str]]:
    """Five rows of figures (NaN where unseen), the sizes, and the names of the studies."""
    try:
        sizes = np.atleast_1d(np.asarray(n, dtype=float))
        rows = [
            np.full(sizes.shape, np.nan) if row is None else np.atleast_1d(np.asarray(row, dtype=float))
            for row in figures
        ]
    except (TypeError, ValueError) as error:
        raise MethodError(f"quantiles: numbers are expected, NaN for what is unseen ({error})") from error
    lengths = {row.shape for row in (*rows, sizes)}
    if len(lengths) > 1 or sizes.ndim != 1:
        raise MethodError(f"quantiles of shapes {sorted(lengths)}: one length, that of n, is expected")
    names = labels if labels is not None else [f"row {i}" for i in range(1, len(sizes) + 1)]
    if len(names) != len(sizes):
        raise MethodError(f"{len(names)} labels for {len(sizes)} studies: one for each is expected")
    values = np.array(rows)
    _refuse((np.abs(values) > _LARGEST).any(axis=0), names, "a quantile is infinite or absurdly large")
    _refuse(np.isinf(sizes) | (sizes <= 0), names, "n is not a finite number above 0")
    highest = np.fmax.accumulate(values, axis=0)
    _refuse((values < highest).any(axis=0), names, "minimum, q1, median, q3 and maximum are not in rising order")
    return values, sizes, names


def _refuse(wrong: NDArray[np.bool_] | np.bool_, names: Sequence[str], message: str) -> None:
    if wrong.any():
        raise MethodError(f"{names[int(np.argmax(wrong))]}: {message}")


def _logarithms(values: Floats, names: Sequence[str]) -> Floats:
    _refuse((values <= 0).any(axis=0), names, "a log-normal distribution has no values of 0 or below")
    return np.log(values)


def _scenarios(values: Floats, sizes: Floats) -> tuple[NDArray[np.int64], list[str]]:
    seen = ~np.isnan(values)
    ends, quartiles = seen[0] & seen[4], seen[1] & seen[3]
    none_of_ends, none_of_quartiles = ~seen[0] & ~seen[4], ~seen[1] & ~seen[3]
    scenario = np.select([ends & quartiles, ends & none_of_quartiles, quartiles & none_of_ends], [3, 1, 2], 0)
    reason = np.where(scenario == 0, "the figures seen make none of S1, S2 and S3", "")
    reason = np.where((scenario > 0) & ~seen[2], "no mean: the median was not seen", reason)
    small = np.isnan(sizes) | (sizes < LEAST_N_OF_QUANTILES)
    reason = np.where(small, f"n was not seen or is below {LEAST_N_OF_QUANTILES}", reason)
    return np.where(small, 0, scenario).astype(np.int64), [str(text) for text in reason]


def _skewness(values: Floats, n: Floats, scenario: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Statistic and critical value of the tests of Shi et al. (2023)."""
    low, q1, median, q3, high = values
    of_range = np.abs(low + high - 2 * median) / (high - low)
    of_quartiles = np.abs(q1 + q3 - 2 * median) / (q3 - q1)
    both = np.maximum(2.65 * np.log(0.6 * n) / np.sqrt(n) * of_range, of_quartiles)
    which = [scenario == 1, scenario == 2, scenario == 3]
    limits = [1 / np.log(n + 9) + 2.5 / (n + 1), 2.65 / np.sqrt(n) - 6 / n**2, 3 / np.sqrt(n) - 40 / n**3]
    return np.select(which, [of_range, of_quartiles, both], np.nan), np.select(which, limits, np.nan)


def _moments(values: Floats, n: Floats, scenario: NDArray[np.int64], method: Method) -> tuple[Floats, Floats]:
    low, q1, median, q3, high = values
    which = [scenario == 1, scenario == 2, scenario == 3]
    by_range = (high - low) / (2 * ndtri((n - 0.375) / (n + 0.25)))
    by_quartiles = (q3 - q1) / (2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))
    if method == "wan":
        means = [
            (low + 2 * median + high) / 4,
            (q1 + median + q3) / 3,
            (low + 2 * q1 + 2 * median + 2 * q3 + high) / 8,
        ]
        share: Floats | float = 0.5
    else:
        means = _luo_means(values, n)
        share = 1 / (1 + 0.07 * n**0.6)
    sds = [by_range, by_quartiles, share * by_range + (1 - share) * by_quartiles]
    return np.select(which, means, np.nan), np.select(which, sds, np.nan)


def _luo_means(values: Floats, n: Floats) -> list[Floats]:
    """Weighted means of mid-range, mid-quartile range and median (Luo et al. 2018, equations 7, 11 and 15)."""
    low, q1, median, q3, high = values
    mid_range, mid_quartiles = (low + high) / 2, (q1 + q3) / 2
    of_range, of_quartiles = 4 / (4 + n**0.75), 0.7 + 0.39 / n
    first, second = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    return [
        of_range * mid_range + (1 - of_range) * median,
        of_quartiles * mid_quartiles + (1 - of_quartiles) * median,
        first * mid_range + second * mid_quartiles + (1 - first - second) * median,
    ]


def _log_normal(
    n: Floats, scenario: NDArray[np.int64], mean: Floats, sd: Floats, back_transform: bool
) -> tuple[Floats, Floats]:
    """Corrections for the log-normal distribution (Shi et al. 2020b); NaN where the variance would be negative."""
    which = [scenario == 1, scenario == 2, scenario == 3]
    log_n = np.log(n)
    bias = np.select(which, [1.01 + 0.25 / log_n**2, 1 + 1.58 / n, 1 + 0.28 / log_n**2], np.nan)
    bias_of_fourth = np.select(which, [1 + 2.23 / log_n**2, 1 + 19.2 / n**1.2, 1 + 3.93 / n], np.nan)
    variance, fourth = sd**2 / bias, sd**4 / bias_of_fourth
    if not back_transform:
        return mean, np.sqrt(variance)
    a = np.select(which, [0.565, 0.57, 0.405], np.nan) * variance / n
    b = np.select(which, [0.37, 0.75, 0.315], np.nan) * fourth / n
    with np.errstate(over="ignore"):  # an infinite moment is turned into NaN with its reason below
        raw_mean = np.exp(mean + variance / 2) / (1 + a + b)
        square = np.exp(2 * mean + 2 * variance) / (1 + 4 * a + 16 * b)
        raw_variance = square - np.exp(2 * mean + variance) / (1 + 4 * a + 4 * b)
    finite = np.isfinite(raw_mean) & np.isfinite(raw_variance) & (raw_variance >= 0)
    no_median = np.isnan(mean)
    return (
        np.where(finite & ~no_median, raw_mean, np.nan),
        np.where(finite & ~no_median, np.sqrt(np.abs(raw_variance)), np.nan),
    )


def _reasons(reason: list[str], skewed: NDArray[np.bool_], mean: Floats, sd: Floats) -> tuple[str, ...]:
    found = []
    for text, is_skewed, missing in zip(reason, skewed.tolist(), (np.isnan(mean) | np.isnan(sd)).tolist(), strict=True):
        if not text and is_skewed:
            text = "the skewness test of Shi et al. (2023) finds the values skewed"
        if not text and missing:
            text = "the log-normal distribution gives no finite mean and SD"
        found.append(text)
    return tuple(found)
