"""Random-effects pooling of independent estimates, as far as their number allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from synth.effects.estimate import Effect
from synth.effects.intervals import Interval, confidence_interval
from synth.errors import MethodError
from synth.synthesis.results import PooledEffect, Standing
from synth.synthesis.tau2 import FloatArray, Tau2Method, cochran_q, estimate_tau2, study_arrays, weighted_mean

IntervalMethod = Literal["hartung-knapp-guarded", "hartung-knapp", "normal"]

_TAU2_NAMES = {"REML": "REML", "DL": "DerSimonian-Laird", "PM": "Paule-Mandel"}
_INTERVAL_NAMES = {
    "hartung-knapp-guarded": "Hartung-Knapp interval, never narrower than the model-based one",
    "hartung-knapp": "Hartung-Knapp interval",
    "normal": "normal interval",
}


@dataclass(frozen=True, slots=True)
class _Studies:
    """Checked input of a pool."""

    y: FloatArray
    v: FloatArray
    names: tuple[str, ...]
    measure: str = "GEN"
    instrument: str = ""
    unit: str = ""
    unit_of_analysis: str = ""


def pool_random_effects(
    effects: Sequence[Effect] | tuple[ArrayLike, ArrayLike],
    *,
    tau2: Tau2Method = "REML",
    interval: IntervalMethod = "hartung-knapp-guarded",
    level: float = 0.95,
) -> PooledEffect:
    """Random-effects mean of independent estimates.

    Parameters
    ----------
    effects : sequence of Effect, or (estimates, variances)
        At least two. Effects are of one measure, instrument, unit and unit of analysis, each with a standard error,
        and no two of one arm or of arms that share patients. Two arrays of shape (k,) stand for any other measure.
    tau2 : {"REML", "DL", "PM"}
        Estimator of the between-study variance.
    interval : {"hartung-knapp-guarded", "hartung-knapp", "normal"}
        Interval of the mean. Guarded: the Hartung-Knapp standard error, or the model-based one where that is larger,
        with the t distribution of k - 1 degrees of freedom.
    level : float
        Confidence level, a proportion.

    Returns
    -------
    PooledEffect
        On the analysis scale. At k = 2 without I2 and prediction interval, and for sensitivity only.

    Raises
    ------
    MethodError
        If there are fewer than two effects, a number is out of range, or the effects may not be pooled; the study is
        named.

    Notes
    -----
    The Hartung-Knapp standard error can be smaller than the model-based one where estimates agree closely (Wiksten et
    al. 2016). The guard is the modification that Roever et al. 2015 recommend for few studies; metafor calls it
    ``test="adhoc"`` and refers to section 4.3 of Jackson et al. 2017. The prediction interval takes its standard error
    and distribution from the interval, as metafor's ``predict`` does, so that the two agree where tau2 is 0.

    References
    ----------
    Wiksten, Ruecker and Schwarzer 2016, Stat Med, doi:10.1002/sim.6879.
    Roever, Knapp and Friede 2015, BMC Med Res Methodol 15:99.
    Jackson, Law, Ruecker and Schwarzer 2017, Stat Med 36:3923-3934.
    metafor, help pages of rma.uni (Tests and Confidence Intervals) and predict.rma (Note).
    """
    if interval not in get_args(IntervalMethod):
        raise MethodError(f"interval {interval!r}: one of {', '.join(get_args(IntervalMethod))} is expected")
    studies = _studies_of(effects)
    k = len(studies.y)
    if k < 2:
        found = "no estimate with a variance" if k == 0 else f"only {studies.names[0]} has an estimate with a variance"
        raise MethodError(f"k = {k}: {found}; there is nothing to pool")
    tau2_value = estimate_tau2(studies.y, studies.v, tau2)
    w = 1 / (studies.v + tau2_value)
    estimate = weighted_mean(studies.y, w)
    model_based = float(np.sqrt(1 / np.sum(w)))
    hartung_knapp = model_based * float(np.sqrt(cochran_q(studies.y, studies.v, tau2_value) / (k - 1)))
    # With equal variances, and with Paule-Mandel, the two are equal but for rounding, which is no reason for a mark.
    guard_applied = interval == "hartung-knapp-guarded" and hartung_knapp < model_based * (1 - 1e-9)
    used = model_based if guard_applied or interval == "normal" else hartung_knapp
    degrees_of_freedom = None if interval == "normal" else k - 1
    q = cochran_q(studies.y, studies.v)
    return PooledEffect(
        measure=studies.measure,
        instrument=studies.instrument,
        unit=studies.unit,
        unit_of_analysis=studies.unit_of_analysis,
        estimate=estimate,
        standard_error=model_based,
        standard_error_hartung_knapp=hartung_knapp,
        guard_applied=guard_applied,
        interval=confidence_interval(estimate, used, level, degrees_of_freedom),
        interval_method=interval,
        degrees_of_freedom=degrees_of_freedom,
        level=level,
        prediction=_prediction(estimate, used, tau2_value, level, k, degrees_of_freedom),
        tau2=tau2_value,
        tau2_method=tau2,
        i2=_i2(studies.v, tau2_value),
        q=q,
        q_degrees_of_freedom=k - 1,
        q_p=float(chdtrc(k - 1, q)),
        k=k,
        studies=studies.names,
        weights=tuple((w / np.sum(w)).tolist()),
        standing=standing_of(k),
        marks=_marks(k, guard_applied),
        method=f"random effects, {_TAU2_NAMES[tau2]}, {_INTERVAL_NAMES[interval]}",
    )


def standing_of(k: int) -> Standing:
    """What a pool of k estimates may be used for.

    Raises
    ------
    MethodError
        If k is below 2: there is no pool.
    """
    if k < 2:
        raise MethodError(f"k = {k}: a pool needs at least 2 estimates")
    return "sensitivity only" if k == 2 else "few studies" if k < 5 else "plain"


def _marks(k: int, guard_applied: bool) -> tuple[str, ...]:
    marks = []
    if k == 2:
        marks.append("two studies: for sensitivity only, beside both results; no I2 and no prediction interval")
    elif k < 5:
        marks.append(f"only {k} studies: the between-study variance and both intervals are uncertain")
    if guard_applied:
        marks.append("the Hartung-Knapp standard error was below the model-based one, which was used instead")
    return tuple(marks)


def _prediction(
    estimate: float, standard_error: float, tau2: float, level: float, k: int, degrees_of_freedom: int | None
) -> Interval | None:
    if k == 2:
        return None
    return confidence_interval(estimate, float(np.sqrt(tau2 + standard_error**2)), level, degrees_of_freedom)


def _i2(v: FloatArray, tau2: float) -> float | None:
    """Share of tau2 in the sum of tau2 and the typical sampling variance of Higgins and Thompson."""
    k = len(v)
    if k == 2:
        return None
    w = 1 / v
    typical = (k - 1) * np.sum(w) / (np.sum(w) ** 2 - np.sum(w**2))
    return float(tau2 / (tau2 + typical))


def _studies_of(effects: Sequence[Effect] | tuple[ArrayLike, ArrayLike]) -> _Studies:
    if all(isinstance(effect, Effect) for effect in effects):
        return _from_effects([effect for effect in effects if isinstance(effect, Effect)])
    if len(effects) != 2 or any(isinstance(part, Effect) for part in effects):
        raise MethodError("effects, or a pair of arrays (estimates, variances), are expected")
    # isinstance cannot tell the two forms of the argument apart for a type checker; the lines above did.
    estimates, variances = cast("tuple[ArrayLike, ArrayLike]", effects)
    return _Studies(*study_arrays(estimates, variances))


def _from_effects(effects: list[Effect]) -> _Studies:
    if not effects:
        return _Studies(np.empty(0), np.empty(0), ())
    first = effects[0]
    variances = []
    for effect in effects:
        if (variance := effect.variance) is None:
            raise MethodError(f"{effect.label}: no standard error, so it cannot be pooled")
        variances.append(variance)
        for name in ("measure", "instrument", "unit", "unit_of_analysis"):
            mine, expected = getattr(effect, name), getattr(first, name)
            if mine != expected:
                raise MethodError(f"{effect.label}: {name} {mine!r}, but {first.label} has {expected!r}; never pooled")
    for one, other in combinations(effects, 2):
        _check_independent(one, other)
    y, v, names = study_arrays([effect.estimate for effect in effects], variances, [e.label for e in effects])
    return _Studies(y, v, names, first.measure, first.instrument, first.unit, first.unit_of_analysis)


def _check_independent(one: Effect, other: Effect) -> None:
    if one.label == other.label:
        raise MethodError(f"{one.label}: two effects of the same patients; k counts independent estimates")
    if other.label in one.overlaps_with or one.label in other.overlaps_with:
        raise MethodError(f"{one.label} and {other.label} share patients, or may share them; never pooled")
