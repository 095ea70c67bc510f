"""Tests on stratified tables: of association (Cochran-Mantel-Haenszel) and of a common odds ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from synth.synthesis.stratified_tables import CountTables, FloatArray, RateTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Chi-squared test with 1 degree of freedom that no stratum has an association.

    Attributes
    ----------
    statistic, p_value : float
        Of the test.
    deviation : float
        Sum over studies of observed minus expected treated events.
    """

    statistic: float
    p_value: float
    deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """Cochran's Q around a pooled estimate, and what is derived from it.

    Attributes
    ----------
    q, p : float
        Statistic and its chi-squared p value.
    df : int
        Study estimates less one.
    i2 : float
        Share of Q beyond its degrees of freedom, 0 to 1.
    h2 : float
        Q over its degrees of freedom; 1 where there are none.
    """

    q: float
    df: int
    p: float
    i2: float
    h2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOdds:
    """Breslow-Day test of a common odds ratio, without and with Tarone's correction.

    Attributes
    ----------
    breslow_day, tarone : float
        Statistics.
    breslow_day_p, tarone_p : float or None
        Chi-squared p values. None where there are no degrees of freedom.
    df : int
        Informative tables less one.
    """

    breslow_day: float
    breslow_day_p: float | None
    tarone: float
    tarone_p: float | None
    df: int


def chi_squared_p(statistic: float, df: int) -> float:
    """Upper tail of the chi-squared distribution."""
    if df == 1:
        return float(2 * ndtr(-math.sqrt(statistic)))
    return float(chdtrc(df, statistic))


def count_association(tables: CountTables, correct: bool) -> Association | None:
    """Cochran-Mantel-Haenszel test on 2x2 tables; None where no table is informative.

    Parameters
    ----------
    tables : CountTables
        Of k studies.
    correct : bool
        Take one half off the absolute deviation.

    References
    ----------
    Cochran 1954, Biometrics 10:417-451; Mantel and Haenszel 1959, J Natl Cancer Inst 22:719-748.
    """
    deviation, variance = deviations(tables.a, tables.b, tables.c, tables.d)
    return _association(float(deviation.sum()), float(variance.sum()), correct)


def rate_association(tables: RateTables, correct: bool) -> Association | None:
    """Mantel-Haenszel test on person-time data; None where there are no events.

    Parameters
    ----------
    tables : RateTables
        Of k studies.
    correct : bool
        Take one half off the absolute deviation.

    References
    ----------
    Breslow and Day 1987, Statistical Methods in Cancer Research vol. II, IARC Scientific Publications 82.
    """
    deviation = tables.x1 * tables.share2 - tables.x2 * tables.share1
    variance = (tables.x1 + tables.x2) * tables.share1 * tables.share2
    return _association(float(deviation.sum()), float(variance.sum()), correct)


def deviations(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Treated events minus their expectation given the margins, and the hypergeometric variance.

    Parameters
    ----------
    a, b, c, d : ndarray, shape (k,)
        Cells; both arms hold at least 1 participant.
    """
    n1, n2, with_event, without = a + b, c + d, a + c, b + d
    total = n1 + n2
    # a - n1 (a + c) / N, written so that near-equal numbers are subtracted once and while they are exact.
    return (a * d - b * c) / total, (n1 / total) * (n2 / total) * with_event * (without / (total - 1))


def _association(deviation: float, variance: float, correct: bool) -> Association | None:
    if variance == 0:
        return None
    statistic = (abs(deviation) - (0.5 if correct else 0.0)) ** 2 / variance
    return Association(statistic=statistic, p_value=chi_squared_p(statistic, 1), deviation=deviation)


def heterogeneity(pooled: float | None, estimates: FloatArray, variances: FloatArray) -> Heterogeneity | None:
    """Cochran's Q of study estimates around a pooled one; None where two or more have none to be around.

    Parameters
    ----------
    pooled : float or None
        On the analysis scale.
    estimates, variances : ndarray, shape (j,)
        Of the studies that have their own estimate.

    References
    ----------
    Cochran 1954, Biometrics 10:101-129; Higgins and Thompson 2002, Stat Med 21:1539-1558, for I2 and H2.
    """
    df = len(estimates) - 1
    if df < 1:
        return Heterogeneity(q=0.0, df=0, p=1.0, i2=0.0, h2=1.0)
    if pooled is None:
        return None
    q = float(((estimates - pooled) ** 2 / variances).sum())
    i2 = max(0.0, (q - df) / q) if q > 0 else 0.0
    return Heterogeneity(q=q, df=df, p=chi_squared_p(q, df), i2=i2, h2=q / df)


def common_odds(tables: CountTables, log_odds_ratio: float) -> CommonOdds:
    """Breslow-Day test that all informative tables share one odds ratio, without and with Tarone's correction.

    Parameters
    ----------
    tables : CountTables
        Of k studies, at least one of them informative.
    log_odds_ratio : float
        The Mantel-Haenszel estimate.

    References
    ----------
    Breslow and Day 1980, Statistical Methods in Cancer Research vol. I, IARC Scientific Publications 32;
    Tarone 1985, Biometrika 72:91-95, for the correction.
    """
    use = tables.informative
    a, n1, n2 = tables.a[use], tables.n1[use], tables.n2[use]
    with_event, without = (tables.a + tables.c)[use], (tables.b + tables.d)[use]
    df = len(a) - 1
    if df < 1:
        # One table fits its own odds ratio exactly, so that nothing is left to test.
        return CommonOdds(breslow_day=0.0, breslow_day_p=None, tarone=0.0, tarone_p=None, df=0)
    odds, inverse = math.exp(log_odds_ratio), math.exp(-log_odds_ratio)
    expected = _expected(odds, n1, with_event, n2, without)
    # Each cell by its own formula: the differences from the margins would lose the digits of the small ones.
    precision = 1 / expected + 1 / _expected(inverse, n1, without, n2, with_event)
    precision += 1 / _expected(inverse, n2, with_event, n1, without) + 1 / _expected(odds, n2, without, n1, with_event)
    off, variance = a - expected, 1 / precision
    statistic = float((off**2 / variance).sum())
    tarone = max(0.0, statistic - float(off.sum()) ** 2 / float(variance.sum()))
    return CommonOdds(
        breslow_day=statistic,
        breslow_day_p=chi_squared_p(statistic, df),
        tarone=tarone,
        tarone_p=chi_squared_p(tarone, df),
        df=df,
    )


def _expected(odds: float, row: FloatArray, column: FloatArray, other_row: FloatArray, other: FloatArray) -> FloatArray:
    """Cell of `row` and `column` that gives the table with these margins the odds ratio `odds`.

    It solves (1 - odds) e^2 + B e - odds * row * column = 0. The discriminant is summed from terms that are never
    negative, and the root is taken in the form without cancellation, so that nothing is lost near an odds ratio of 1.
    """
    B = (other_row - column) + odds * (row + column)
    root = np.sqrt(
        (other_row - column) ** 2 + (odds * (row - column)) ** 2 + 2 * odds * (row * other_row + column * other)
    )
    # B below 0 needs an odds ratio below 1, so that the divisor is positive there.
    lower = B < 0
    divisor = np.where(lower, 2 * (1 - odds), B + root)
    return np.where(lower, root - B, 2 * odds * row * column) / divisor
