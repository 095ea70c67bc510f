"""Stratified methods for sparse counts: Mantel-Haenszel for ratios and differences, and Peto's one-step odds ratio.

They pool the tables, not the studies' own estimates, so that a study without events in one arm needs no correction.
All assume one common effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from synth.effects.intervals import Interval, check_level, confidence_interval
from synth.errors import MethodError, ZeroCellError
from synth.synthesis.stratified_result import StratifiedEffect
from synth.synthesis.stratified_tables import (
    HALF,
    BoolArray,
    CountTables,
    FloatArray,
    RateTables,
    read_counts,
    read_rates,
)
from synth.synthesis.stratified_tests import (
    Association,
    CommonOdds,
    common_odds,
    count_association,
    deviations,
    heterogeneity,
    rate_association,
)
from synth.synthesis.stratified_words import marks_of, method_of

CountMeasure = Literal["OR", "RR", "RD"]
RateMeasure = Literal["IRR", "IRD"]
# What journals expect unless they say otherwise.
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pool:
    """Pooled estimate and variance on the analysis scale, None where not defined; and unnormalised weights."""

    estimate: float | None
    variance: float | None
    weights: FloatArray

    @property
    def standard_error(self) -> float | None:
        return None if self.variance is None else math.sqrt(self.variance)


def mantel_haenszel(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    measure: CountMeasure = "OR",
    level: float = LEVEL,
    continuity_correction: bool = True,
    labels: Sequence[str] | None = None,
) -> StratifiedEffect:
    """Mantel-Haenszel odds ratio, risk ratio or risk difference of k studies with two arms.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants with the event, and all of them. A study with a missing count is left out and named.
    measure : {"OR", "RR", "RD"}
        Treated over, or minus, control; ratios are pooled as natural logarithms.
    level : float
        Confidence level, a proportion.
    continuity_correction : bool
        Of the Cochran-Mantel-Haenszel test only.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Returns
    -------
    StratifiedEffect
        The estimate is None, with a mark, where a sum that the ratio divides is 0. The Cochran-Mantel-Haenszel,
        Breslow-Day and Tarone tests come with the odds ratio.

    Raises
    ------
    MethodError
        If counts are impossible, lengths differ, or the measure or level is unknown.

    References
    ----------
    Mantel and Haenszel 1959, J Natl Cancer Inst 22:719-748. Variances: Robins, Breslow and Greenland 1986, Biometrics
    42:311-323 (OR); Greenland and Robins 1985, Biometrics 41:55-68 (RR); Sato, Greenland and Robins 1989, Biometrics
    45:1323-1324 (RD).
    """
    pools = {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}
    _check(measure, tuple(pools), level)
    tables = read_counts(events_treated, total_treated, events_control, total_control, labels)
    pool = pools[measure](tables)
    association = count_association(tables, continuity_correction) if measure == "OR" else None
    odds = common_odds(tables, pool.estimate) if measure == "OR" and pool.estimate is not None else None
    return _result(measure, tables, pool, level, association, continuity_correction, odds)


def mantel_haenszel_rates(
    events_treated: ArrayLike,
    time_treated: ArrayLike,
    events_control: ArrayLike,
    time_control: ArrayLike,
    *,
    measure: RateMeasure = "IRR",
    level: float = LEVEL,
    continuity_correction: bool = True,
    labels: Sequence[str] | None = None,
) -> StratifiedEffect:
    """Mantel-Haenszel incidence rate ratio or difference of k studies with two arms.

    Parameters
    ----------
    events_treated, events_control : array_like, shape (k,)
        Events. A study with a missing figure is left out and named.
    time_treated, time_control : array_like, shape (k,)
        Person-time at risk, in one unit for all studies; a difference is per that unit.
    measure : {"IRR", "IRD"}
        Treated over, or minus, control; the ratio is pooled as natural logarithm.
    level : float
        Confidence level, a proportion.
    continuity_correction : bool
        Of the Mantel-Haenszel test only, which comes with the ratio.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Returns
    -------
    StratifiedEffect
        The estimate is None, with a mark, where one arm has no events in any study and a ratio is asked for.

    Raises
    ------
    MethodError
        If events or times are impossible, lengths differ, or the measure or level is unknown.

    References
    ----------
    Greenland and Robins 1985, Biometrics 41:55-68; Breslow and Day 1987, IARC Scientific Publications 82, for the test.
    """
    pools = {"IRR": _rate_ratio, "IRD": _rate_difference}
    _check(measure, tuple(pools), level)
    tables = read_rates(events_treated, time_treated, events_control, time_control, labels)
    pool = pools[measure](tables)
    association = rate_association(tables, continuity_correction) if measure == "IRR" else None
    return _result(measure, tables, pool, level, association, continuity_correction)


def peto(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    level: float = LEVEL,
    labels: Sequence[str] | None = None,
) -> StratifiedEffect:
    """Peto's one-step odds ratio of k studies with two arms.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants with the event, and all of them. A study with a missing count is left out and named.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Returns
    -------
    StratifiedEffect
        Measure "PETO", natural logarithm, treated over control. It exists even where one arm has no events at all.

    Raises
    ------
    ZeroCellError
        If in each study nobody or everybody has the event.
    MethodError
        If counts are impossible, lengths differ or the level is no proportion.

    References
    ----------
    Yusuf, Peto, Lewis, Collins and Sleight 1985, Prog Cardiovasc Dis 27:335-371.
    """
    check_level(level)
    tables = read_counts(events_treated, total_treated, events_control, total_control, labels)
    deviation, variance = deviations(tables.a, tables.b, tables.c, tables.d)
    information = float(variance.sum())
    if information == 0:
        raise ZeroCellError(
            "no study carries information on the odds ratio: in each, nobody or everybody has the event"
        )
    pool = _Pool(estimate=float(deviation.sum()) / information, variance=1 / information, weights=variance)
    return _result("PETO", tables, pool, level)


def _check(measure: str, known: tuple[str, ...], level: float) -> None:
    if measure not in known:
        raise MethodError(f"measure {measure!r}: one of {', '.join(known)} is expected")
    check_level(level)


def _odds_ratio(tables: CountTables) -> _Pool:
    n = tables.total
    R, S = tables.a * tables.d / n, tables.b * tables.c / n
    P, Q = (tables.a + tables.d) / n, (tables.b + tables.c) / n
    r, s = float(R.sum()), float(S.sum())
    if r == 0 or s == 0:
        return _Pool(estimate=None, variance=None, weights=S)
    variance = (P @ R) / r**2 + (P @ S + Q @ R) / (r * s) + (Q @ S) / s**2
    return _Pool(estimate=math.log(r / s), variance=float(variance) / 2, weights=S)


def _risk_ratio(tables: CountTables) -> _Pool:
    a, b, c, d, n1, n2, n = tables.a, tables.b, tables.c, tables.d, tables.n1, tables.n2, tables.total
    R, S = a * n2 / n, c * n1 / n
    r, s = float(R.sum()), float(S.sum())
    if r == 0 or s == 0:
        return _Pool(estimate=None, variance=None, weights=S)
    # n1 n2 (a + c) - a c N, written without a subtraction.
    numerator = float(((a / n) * (n1 / n) * d + (c / n) * (n2 / n) * b).sum())
    return _Pool(estimate=math.log(r / s), variance=numerator / (r * s), weights=S)


def _risk_difference(tables: CountTables) -> _Pool:
    a, b, c, d, n1, n2, n = tables.a, tables.b, tables.c, tables.d, tables.n1, tables.n2, tables.total
    weights = n1 * n2 / n
    w = float(weights.sum())
    estimate = float(((a * d - b * c) / n).sum()) / w
    # The variance of Sato et al., with its negative terms cancelled by hand: 0 comes out as 0, and never below it.
    share1, share2 = n1 / n, n2 / n
    if estimate >= 0:
        numerator = b * c / n + estimate * (c * share1**2 + b * share2**2)
    else:
        numerator = a * d / n - estimate * (a * share2**2 + d * share1**2)
    return _Pool(estimate=estimate, variance=float(numerator.sum()) / w**2, weights=weights)


def _rate_ratio(tables: RateTables) -> _Pool:
    share1, share2 = tables.share1, tables.share2
    R, S = tables.x1 * share2, tables.x2 * share1
    r, s = float(R.sum()), float(S.sum())
    if r == 0 or s == 0:
        return _Pool(estimate=None, variance=None, weights=S)
    numerator = float(((tables.x1 + tables.x2) * share1 * share2).sum())
    return _Pool(estimate=math.log(r / s), variance=numerator / r / s, weights=S)


def _rate_difference(tables: RateTables) -> _Pool:
    share1, share2 = tables.share1, tables.share2
    weights = tables.t1 * share2
    w = float(weights.sum())
    estimate = float((tables.x1 * share2 - tables.x2 * share1).sum()) / w
    numerator = float((tables.x1 * share2**2 + tables.x2 * share1**2).sum())
    return _Pool(estimate=estimate, variance=numerator / w / w, weights=weights)


def _own_estimates(measure: str, tables: CountTables | RateTables) -> tuple[FloatArray, FloatArray]:
    """Estimate and variance of each study by itself, with one half added where there is a zero (never for Peto's)."""
    if isinstance(tables, RateTables):
        x1, x2 = tables.halved()
        if measure == "IRR":
            return np.log((x1 / tables.t1) / (x2 / tables.t2)), 1 / x1 + 1 / x2
        return x1 / tables.t1 - x2 / tables.t2, x1 / tables.t1**2 + x2 / tables.t2**2
    if measure == "PETO":
        return _peto_estimates(tables)
    a, b, c, d = tables.halved()
    n1, n2 = a + b, c + d
    if measure == "OR":
        return np.log((a / b) * (d / c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return np.log((a / n1) / (c / n2)), b / (a * n1) + d / (c * n2)
    return a / n1 - c / n2, (a / n1) * (b / n1) / n1 + (c / n2) * (d / n2) / n2


def _peto_estimates(tables: CountTables) -> tuple[FloatArray, FloatArray]:
    deviation, variance = deviations(tables.a, tables.b, tables.c, tables.d)
    # Tables without information have a variance of 0; what stands in their place is never used.
    variance[variance == 0] = 1.0
    return deviation / variance, 1 / variance


def _result(
    measure: str,
    tables: CountTables | RateTables,
    pool: _Pool,
    level: float,
    association: Association | None = None,
    corrected: bool = False,
    odds: CommonOdds | None = None,
) -> StratifiedEffect:
    use = tables.informative
    estimates, variances = _own_estimates(measure, tables)
    spread = heterogeneity(pool.estimate, estimates[use], variances[use])
    z, interval = _wald(pool, level)
    without = tuple(name for name, used in zip(tables.studies, use.tolist(), strict=True) if not used)
    # Peto's estimate exists with a zero cell, so that nothing is added to it.
    halves = tables.zero_cells & use & (measure != "PETO")
    return StratifiedEffect(
        measure=measure,
        estimate=pool.estimate,
        standard_error=pool.standard_error,
        z=z,
        p_value=None if z is None else float(2 * ndtr(-abs(z))),
        interval=interval,
        level=float(level),
        q_e=spread.q if spread else None,
        q_e_df=max(0, int(np.count_nonzero(use)) - 1),
        q_e_p=spread.p if spread else None,
        i2=spread.i2 if spread else None,
        h2=spread.h2 if spread else None,
        cmh=association.statistic if association else None,
        cmh_p=association.p_value if association else None,
        continuity_correction=corrected if association else None,
        breslow_day=odds.breslow_day if odds else None,
        breslow_day_p=odds.breslow_day_p if odds else None,
        tarone=odds.tarone if odds else None,
        tarone_p=odds.tarone_p if odds else None,
        homogeneity_df=odds.df if odds else None,
        k=len(tables.studies),
        studies=tables.studies,
        without_information=without,
        missing=tables.missing,
        study_estimates=_optional(estimates, use),
        study_standard_errors=_optional(np.sqrt(variances), use),
        half_added=tuple(halves.tolist()),
        weights=None if pool.estimate is None else tuple((pool.weights / pool.weights.sum()).tolist()),
        marks=marks_of(
            measure,
            studies=tables.studies,
            missing=tables.missing,
            without_information=without,
            halves=int(np.count_nonzero(halves)),
            estimate=pool.estimate,
            standard_error=pool.standard_error,
            overcorrected=corrected and association is not None and abs(association.deviation) < HALF,
        ),
        method=method_of(measure),
    )


def _wald(pool: _Pool, level: float) -> tuple[float | None, Interval | None]:
    # A standard error of 0 is what no sample supports: no test and no interval are made of it.
    if pool.estimate is None or not pool.standard_error:
        return None, None
    return pool.estimate / pool.standard_error, confidence_interval(pool.estimate, pool.standard_error, level)


def _optional(values: FloatArray, use: BoolArray) -> tuple[float | None, ...]:
    return tuple(value if used else None for value, used in zip(values.tolist(), use.tolist(), strict=True))
