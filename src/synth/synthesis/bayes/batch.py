"""Many Bayesian random-effects models at once, for simulations."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.bayes.fit import Fitted, check_mean_prior, check_prior, fit_sets
from synth.synthesis.bayes.mixture import Mixtures
from synth.synthesis.bayes.posterior import IntervalKind, check_kind
from synth.synthesis.linear import BoolArray, FloatArray, as_floats
from synth.synthesis.priors.distributions import Prior
from synth.synthesis.studies import study_arrays

#: Data sets in one piece: what the arrays of a piece need fits a cache of some megabytes.
_PIECE = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class BayesianBatch:
    """Results of `bayesian_many`, one number a data set; arrays of shape (B,).

    Attributes
    ----------
    mu_mean, mu_median, mu_low, mu_high : ndarray
        Of the mean of the true effects; `mu_mean` is NaN where there is none.
    tau_median, tau_low, tau_high : ndarray
        Of the standard deviation between studies.
    predictive_low, predictive_high : ndarray
        Interval for the true effect of a new study.
    converged : ndarray of bool
        Whether the quadrature reached its accuracy, and rounding left at least nine digits.
    """

    mu_mean: FloatArray
    mu_median: FloatArray
    mu_low: FloatArray
    mu_high: FloatArray
    tau_median: FloatArray
    tau_low: FloatArray
    tau_high: FloatArray
    predictive_low: FloatArray
    predictive_high: FloatArray
    converged: BoolArray


def bayesian_many(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    prior: Prior,
    mean_prior: tuple[float, float] | None = None,
    level: float = 0.95,
    interval: IntervalKind = "shortest",
    predictive: bool = False,
) -> BayesianBatch:
    """Bayesian random-effects models of many data sets with the same number of studies.

    Parameters
    ----------
    estimates, variances : array_like, shape (B, k)
        One data set a row; variances of shape (k,) serve every row.
    prior, mean_prior, level, interval
        As for `bayesian_random_effects`, the same for all.
    predictive : bool
        Whether to compute the intervals for a new study too; NaN otherwise.

    Returns
    -------
    BayesianBatch

    Raises
    ------
    MethodError
        As `bayesian_random_effects`; a data set and a study in it are named by their numbers.
    """
    check_level(level)
    kind, tau_prior, normal = check_kind(interval), check_prior(prior), check_mean_prior(mean_prior)
    y, v = _checked(estimates, variances)
    pieces = []
    for start in range(0, len(y), _PIECE):
        fitted = fit_sets(y[start : start + _PIECE], v[start : start + _PIECE], tau_prior, normal)
        pieces.append(_results(fitted, level, kind, predictive))
    names = [field.name for field in fields(BayesianBatch)]
    return BayesianBatch(**{name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in names})


def _checked(estimates: ArrayLike, variances: ArrayLike) -> tuple[FloatArray, FloatArray]:
    try:
        y, v = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    except (TypeError, ValueError) as error:
        raise MethodError(f"estimates and variances: arrays of numbers are expected ({error})") from error
    if y.ndim != 2 or not y.size:
        raise MethodError(f"estimates: at least one data set a row, and one study, are expected, got shape {y.shape}")
    if v.shape not in (y.shape, y.shape[1:]):
        raise MethodError(f"variances of shape {v.shape} for estimates of shape {y.shape}: one for each is expected")
    v = np.broadcast_to(v, y.shape)
    names = [f"data set {row + 1}, study {study + 1}" for row, study in np.argwhere(_bad(y, v))[:1]]
    if names:
        row, study = np.argwhere(_bad(y, v))[0]
        study_arrays([y[row, study]], [v[row, study]], names)
    # Every row has to fit into doubles by itself; the whole is the stricter check.
    study_arrays(y.ravel(), v.ravel())
    return as_floats(y), as_floats(v)


def _bad(y: FloatArray, v: FloatArray) -> BoolArray:
    return np.asarray(~(np.isfinite(y) & np.isfinite(v) & (v > 0)))


def _results(fitted: Fitted, level: float, kind: IntervalKind, predictive: bool) -> BayesianBatch:
    count, unit, centres = len(fitted.centres), fitted.unit, fitted.centres
    everyone = np.arange(count)
    mean = fitted.nodes.of_mean()
    low, high = _effect_interval(mean, level, kind)
    tau_low, tau_high = _tau_interval(fitted, level, kind)
    new_low = new_high = np.full(count, np.nan)
    if predictive:
        new_low, new_high = _effect_interval(fitted.nodes.of_new_study(), level, kind)
    return BayesianBatch(
        mu_mean=fitted.mean_moments()[0],
        mu_median=as_floats(mean.quantile(np.full(count, 0.5)) * unit + centres),
        mu_low=as_floats(low * unit + centres),
        mu_high=as_floats(high * unit + centres),
        tau_median=as_floats(fitted.taus.quantile(everyone, np.full(count, 0.5)) * unit),
        tau_low=as_floats(tau_low * unit),
        tau_high=as_floats(tau_high * unit),
        predictive_low=as_floats(new_low * unit + centres),
        predictive_high=as_floats(new_high * unit + centres),
        converged=~np.logical_or(*fitted.marked()),
    )


def _effect_interval(mixture: Mixtures, level: float, kind: IntervalKind) -> tuple[FloatArray, FloatArray]:
    if kind == "shortest":
        return mixture.shortest(level)
    count = len(mixture.weights)
    return mixture.quantile(np.full(count, (1 - level) / 2)), mixture.quantile(np.full(count, (1 + level) / 2))


def _tau_interval(fitted: Fitted, level: float, kind: IntervalKind) -> tuple[FloatArray, FloatArray]:
    if kind == "shortest":
        return fitted.taus.shortest(level)
    count = len(fitted.centres)
    everyone = np.arange(count)
    low = fitted.taus.quantile(everyone, np.full(count, (1 - level) / 2))
    return low, fitted.taus.quantile(everyone, np.full(count, (1 + level) / 2))
