"""Densities of a Bayesian meta-analysis, computed before they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from synth.plots.axis import ValueAxis, value_axis
from synth.plots.reach import within_reach
from synth.synthesis.bayes import BayesianMetaAnalysis, Posterior
from synth.synthesis.linear import FloatArray

#: Points of a curve, evenly over the axis.
_POINTS: Final = 241
#: Distances between the quartiles beyond the median at which the axis ends, if probability lies farther away.
_REACH: Final = 5.0
#: How far below the highest posterior density a prior may be higher before it is cut.
_HIGHEST: Final = 1.6


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """One curve; x as its axis shows it.

    Attributes
    ----------
    name : str
        "mu", "new study", "tau" or "prior of tau", with the factor of the prior's scale where that is not 1.
    factor : float
        Of the prior's scale.
    x, height : ndarray, shape (n,)
        On a logarithmic axis the density is that of the logarithm.
    """

    name: str
    factor: float
    x: FloatArray
    height: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What one panel shows: its axis, its curves, the median and the interval of the first."""

    axis: ValueAxis
    densities: tuple[Density, ...]
    median: float
    interval: tuple[float, float]

    @property
    def highest(self) -> float:
        """Where the upright axis ends: priors that are far higher are cut."""
        posterior = max(
            float(item.height[np.isfinite(item.height)].max())
            for item in self.densities
            if not item.name.startswith("prior")
        )
        every = max(float(item.height[np.isfinite(item.height)].max()) for item in self.densities)
        return 1.08 * min(every, _HIGHEST * posterior)


def curves_of_mean(
    model: BayesianMetaAnalysis,
    others: dict[float, BayesianMetaAnalysis],
    *,
    marked: tuple[float, ...],
    new_study: bool,
    log_scale: bool,
    width: float,
) -> Curves:
    """Posterior of the mean, with others of other priors, and the predictive distribution."""
    shown = [model.mu, model.predictive] if new_study else [model.mu]
    ends = [_reach(each) for each in shown]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    values = [low, high, *within_reach(marked, low, high, log=False)]
    natural = [float(np.exp(value)) if log_scale else value for value in values]
    axis = value_axis(natural, [], log=log_scale, width=width)
    named = [("mu", 1.0, model.mu), *(("mu", factor, other.mu) for factor, other in others.items())]
    named += [("new study", 1.0, model.predictive)] if new_study else []
    low, high = model.mu.interval()
    return Curves(
        axis=axis,
        densities=tuple(_density(name, factor, each, axis) for name, factor, each in named),
        median=float(np.exp(model.mu.median)) if log_scale else model.mu.median,
        interval=(float(np.exp(low)), float(np.exp(high))) if log_scale else (low, high),
    )


def _reach(posterior: Posterior) -> tuple[float, float]:
    """From the lower to the upper hundredth, unless the tails are far longer than the middle."""
    low, first, third, high = (float(value) for value in posterior.quantile([0.01, 0.25, 0.75, 0.99]))
    reach = _REACH * (third - first)
    return max(low, posterior.median - reach), min(high, posterior.median + reach)


def _density(name: str, factor: float, posterior: Posterior, axis: ValueAxis) -> Density:
    x = np.geomspace(axis.lower, axis.upper, _POINTS) if axis.log else np.linspace(axis.lower, axis.upper, _POINTS)
    return Density(name, factor, x, posterior.density(np.log(x) if axis.log else x))


def curves_of_tau(model: BayesianMetaAnalysis, others: dict[float, BayesianMetaAnalysis], *, width: float) -> Curves:
    """Posterior of tau with its prior, and others of other priors."""
    tau = model.tau
    upper = min(float(tau.quantile(0.99)), _REACH * max(float(tau.quantile(0.75)), 1e-300))
    axis = ValueAxis(0.0, upper * 1.02, False, width)
    x = np.linspace(0.0, axis.upper, _POINTS)
    found = list(_of_tau(model, others, x))
    return Curves(axis=axis, densities=tuple(found), median=tau.median, interval=tau.interval())


def _of_tau(model: BayesianMetaAnalysis, others: dict[float, BayesianMetaAnalysis], x: FloatArray) -> Iterator[Density]:
    yield Density("tau", 1.0, x, model.tau.density(x))
    for factor, other in others.items():
        yield Density("tau", factor, x, other.tau.density(x))
    yield Density("prior of tau", 1.0, x, model.prior.density(x))
