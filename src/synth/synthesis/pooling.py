"""Random-effects pooling of independent estimates, as far as their number allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray
from synth.synthesis.models import MetaAnalysis, random_effects
from synth.synthesis.results import PooledEffect, Standing
from synth.synthesis.studies import study_arrays, study_names
from synth.synthesis.tau2 import TAU2_NAMES, Tau2Method

IntervalMethod = Literal["hartung-knapp-guarded", "hartung-knapp", "t", "normal"]

#: The intervals in words.
INTERVAL_NAMES = {
    "hartung-knapp-guarded": "Hartung-Knapp interval, never narrower than the model-based one",
    "hartung-knapp": "Hartung-Knapp interval",
    "t": "t interval",
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
    tau2 : Tau2Method
        Estimator of the between-study variance.
    interval : {"hartung-knapp-guarded", "hartung-knapp", "t", "normal"}
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
    model = random_effects(studies.y, studies.v, method=tau2, test=interval, level=level, labels=studies.names)
    return _result(studies, model)


def _result(studies: _Studies, model: MetaAnalysis) -> PooledEffect:
    k, prediction = model.k, model.predict()
    assert prediction.prediction_low is not None
    assert prediction.prediction_high is not None
    assert model.q_e is not None
    assert model.q_e_p is not None
    model_based = float(np.sqrt(model.fits.covariance[0, 0, 0]))
    few = k == 2
    return PooledEffect(
        measure=studies.measure,
        instrument=studies.instrument,
        unit=studies.unit,
        unit_of_analysis=studies.unit_of_analysis,
        estimate=model.estimate,
        standard_error=model_based,
        standard_error_hartung_knapp=model_based * float(np.sqrt(model.fits.s2w[0])),
        guard_applied=model.guard_applied,
        interval=model.interval,
        interval_method=model.test,
        degrees_of_freedom=model.degrees_of_freedom,
        level=model.level,
        prediction=None if few else (float(prediction.prediction_low[0]), float(prediction.prediction_high[0])),
        tau2=model.tau2,
        tau2_method=model.method,
        tau2_interval=None if few else model.tau2_interval().tau2,
        i2=None if few else model.i2,
        q=model.q_e,
        q_degrees_of_freedom=model.q_e_df,
        q_p=model.q_e_p,
        k=k,
        studies=studies.names,
        weights=tuple(model.weights.tolist()),
        standing=standing_of(k),
        marks=model.marks,
        method=f"random effects, {tau2_name(model.method)}, {INTERVAL_NAMES[model.test]}",
        model=model,
    )


def tau2_name(method: str) -> str:
    """An estimator of tau2 in words; REML and ML by the letters that everyone knows them by."""
    return method if method in ("REML", "ML") else TAU2_NAMES[method]


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


def _studies_of(effects: Sequence[Effect] | tuple[ArrayLike, ArrayLike]) -> _Studies:
    if all(isinstance(effect, Effect) for effect in effects):
        return _from_effects([effect for effect in effects if isinstance(effect, Effect)])
    if len(effects) != 2 or any(isinstance(part, Effect) for part in effects):
        raise MethodError("effects, or a pair of arrays (estimates, variances), are expected")
    # isinstance cannot tell the two forms of the argument apart for a type checker; the lines above did.
    estimates, variances = cast("tuple[ArrayLike, ArrayLike]", effects)
    y, v = study_arrays(estimates, variances)
    return _Studies(y, v, study_names(None, len(y)))


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
    names = tuple(effect.label for effect in effects)
    y, v = study_arrays([effect.estimate for effect in effects], variances, names)
    return _Studies(y, v, names, first.measure, first.instrument, first.unit, first.unit_of_analysis)


def _check_independent(one: Effect, other: Effect) -> None:
    if one.label == other.label:
        raise MethodError(f"{one.label}: two effects of the same patients; k counts independent estimates")
    if other.label in one.overlaps_with or one.label in other.overlaps_with:
        raise MethodError(f"{one.label} and {other.label} share patients, or may share them; never pooled")
