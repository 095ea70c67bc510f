"""Profile-likelihood intervals of the variances and correlations of a multilevel model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from synth.effects.intervals import check_level
from synth.synthesis.linear import FloatArray
from synth.synthesis.multilevel.components import Component, ComponentKind, Held, hold
from synth.synthesis.multilevel.fit import highest_near, maximise
from synth.synthesis.multilevel.likelihood import Likelihood

if TYPE_CHECKING:
    from synth.synthesis.multilevel.analysis import MultilevelAnalysis

#: Standard deviation in the data's unit from which a climb starts where it was 0.
_OFF_ZERO = 0.1
#: Standard deviation in the data's unit beyond which no limit is looked for.
_FARTHEST = 1e6
#: How much higher a search of the whole range may find the profile likelihood at a limit than climbs from the fit did.
_HIGHER = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentInterval:
    """Interval of one variance or correlation.

    Attributes
    ----------
    name : str
        The level, or the structure with the levels of its inner column.
    kind : {"sigma2", "tau2", "rho"}
    estimate, low, high : float
        Variances on the squared analysis scale. `high` is infinite where the likelihood sets no limit.
    level : float
        A proportion.
    """

    name: str
    kind: ComponentKind
    estimate: float
    low: float
    high: float
    level: float


def component_intervals(model: MultilevelAnalysis, level: float) -> tuple[ComponentInterval, ...]:
    """Intervals of all components estimated (see `MultilevelAnalysis.component_intervals`)."""
    check_level(level)
    found = []
    for component in model.components:
        explained = component.kind == "sigma2" and component.name in model.held.explained
        if not explained and math.isnan(model.held.components[component.kind][component.index]):
            found.append(interval_of(model, component, level))
    return tuple(found)


def interval_of(model: MultilevelAnalysis, component: Component, level: float) -> ComponentInterval:
    """Interval of one component that was estimated."""
    best = model.component(component)
    profile = _Profile(model, component, float(chdtri(1, 1 - level)) / 2)
    low, high = _limits(profile, model, component, best)
    profile.thorough = True
    inside = [limit for limit in (low, high) if not _is_end(model, component, limit)]
    if any(profile(limit) < -_HIGHER for limit in inside):
        # Climbs from near the fit stayed on a lower maximum: each point is searched anew.
        low, high = _limits(profile, model, component, best)
    return ComponentInterval(name=component.name, kind=component.kind, estimate=best, low=low, high=high, level=level)


def _limits(
    profile: Callable[[float], float], model: MultilevelAnalysis, component: Component, best: float
) -> tuple[float, float]:
    if math.isnan(best):
        return _least(model, component), 1.0
    if component.kind == "rho":
        return _of_correlation(profile, _least(model, component), best)
    return _of_variance(profile, model, best)


def _least(model: MultilevelAnalysis, component: Component) -> float:
    """The lowest value of a component."""
    if component.kind != "rho" or component.structure is None:
        return 0.0
    return model.random.structures[component.structure].least


def _is_end(model: MultilevelAnalysis, component: Component, limit: float) -> bool:
    return limit == _least(model, component) or limit == (1.0 if component.kind == "rho" else math.inf)


class _Profile:
    """How far the profile likelihood of a component lies below its limit; negative inside the interval."""

    def __init__(self, model: MultilevelAnalysis, component: Component, drop: float) -> None:
        self.model, self.component, self.drop = model, component, drop
        self.last: FloatArray | None = None
        self.thorough = False

    def __call__(self, value: float) -> float:
        components = {name: given.copy() for name, given in self.model.held.components.items()}
        components[self.component.kind][self.component.index] = value
        data = self.model.data_set
        restricted = self.model.method == "REML"
        held = hold(data, components, restricted=restricted)
        likelihood = Likelihood(data, restricted, held.structures)
        if self.thorough:
            return self.model.maximum.height - maximise(likelihood, held.values).height - self.drop
        starts = [_start(self.model, likelihood, held)]
        if self.last is not None:
            starts.append(np.where(np.isnan(held.values), self.last, held.values))
        found = highest_near(likelihood, held.values, starts)
        self.last = np.where(np.abs(found.x) < 1e-3, _OFF_ZERO, found.x)
        return self.model.maximum.height - found.height - self.drop


def _start(model: MultilevelAnalysis, likelihood: Likelihood, held: Held) -> FloatArray:
    """The parameters of the fit, off 0 so that a climb can leave it, with those held at their values."""
    sigma2, parts = model.likelihood.parts(model.maximum.x)
    found = [np.maximum(np.sqrt(sigma2), _OFF_ZERO)]
    for old, new, part in zip(model.likelihood.structures, likelihood.structures, parts, strict=True):
        tau2, rho = old.natural(part)
        found.append(new.working(np.maximum(tau2, _OFF_ZERO**2), rho))
    whole = np.concatenate(found)
    return np.where(np.isnan(held.values), whole, held.values)


def _of_variance(profile: Callable[[float], float], model: MultilevelAnalysis, best: float) -> tuple[float, float]:
    unit = model.data_set.unit
    root = math.sqrt(best)

    def below(deviation: float) -> float:
        return profile(deviation**2)

    low = 0.0
    if best > 0 and below(0.0) > 0:
        low = _root(below, 0.0, root, unit) ** 2
    step = max(root, 0.3 * unit)
    high = root + step
    while below(high) < 0:
        step *= 2
        high += step
        if high > _FARTHEST * unit:
            return low, math.inf
    return low, _root(below, root, high, unit) ** 2


def _of_correlation(profile: Callable[[float], float], lowest: float, best: float) -> tuple[float, float]:
    low = lowest if best <= lowest or profile(lowest) < 0 else _root(profile, lowest, best, 1.0)
    high = 1.0 if best >= 1 or profile(1.0) < 0 else _root(profile, best, 1.0, 1.0)
    return low, high


def _root(function: Callable[[float], float], low: float, high: float, unit: float) -> float:
    """Where a function changes its sign between two points."""
    return float(brentq(function, low, high, xtol=1e-11 * unit, rtol=1e-11, maxiter=200))
