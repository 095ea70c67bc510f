"""One posterior distribution, of the mean, of tau, of a new study's effect or of a study's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.bayes.mixture import Mixtures
from synth.synthesis.bayes.quadrature import Sets, given_tau
from synth.synthesis.bayes.tau import TauPosteriors
from synth.synthesis.linear import FloatArray, as_floats
from synth.synthesis.priors.distributions import probabilities

IntervalKind = Literal["shortest", "central"]

#: Rows of a mixture that are evaluated at once.
_CHUNK = 1000


class Shape(Protocol):
    """What a posterior is computed from; arrays of shape (n,) in the unit of the estimates."""

    def density(self, x: FloatArray) -> FloatArray:
        """Density at x."""

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of at most x."""

    def survival(self, x: FloatArray) -> FloatArray:
        """Probability of more than x."""

    def quantile(self, p: FloatArray) -> FloatArray:
        """The x with this probability below it, for probabilities between 0 and 1."""

    def limits(self) -> tuple[float, float]:
        """Ends of the support."""

    def mode(self) -> float:
        """Where the density is highest."""

    def shortest(self, level: float) -> tuple[float, float]:
        """The shortest interval with this probability."""


@dataclass(frozen=True, slots=True, eq=False)
class EffectShape:
    """An effect: a mixture of normal distributions, in a unit and from a centre."""

    mixture: Mixtures
    centre: float
    unit: float

    def _rows(self, x: FloatArray) -> list[tuple[Mixtures, FloatArray]]:
        starts = range(0, len(x), _CHUNK)
        parts = [x[start : start + _CHUNK] for start in starts]
        return [(self.mixture.pick(np.zeros(len(part), dtype=int)), part) for part in parts]

    def _inner(self, x: FloatArray) -> FloatArray:
        return as_floats((x - self.centre) / self.unit)

    def density(self, x: FloatArray) -> FloatArray:
        """Density at x."""
        parts = [rows.density(part) for rows, part in self._rows(self._inner(x))]
        return as_floats(np.concatenate([np.empty(0), *parts]) / self.unit)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of at most x."""
        parts = [rows.cdf(part) for rows, part in self._rows(self._inner(x))]
        return as_floats(np.concatenate([np.empty(0), *parts]))

    def survival(self, x: FloatArray) -> FloatArray:
        """Probability of more than x."""
        parts = [rows.survival(part) for rows, part in self._rows(self._inner(x))]
        return as_floats(np.concatenate([np.empty(0), *parts]))

    def quantile(self, p: FloatArray) -> FloatArray:
        """The x with this probability below it."""
        parts = [rows.quantile(part) for rows, part in self._rows(p)]
        return as_floats(np.concatenate([np.empty(0), *parts]) * self.unit + self.centre)

    def limits(self) -> tuple[float, float]:
        """Ends of the support."""
        return -np.inf, np.inf

    def mode(self) -> float:
        """Where the density is highest."""
        return float(self.mixture.mode()[0] * self.unit + self.centre)

    def shortest(self, level: float) -> tuple[float, float]:
        """The shortest interval with this probability."""
        low, high = self.mixture.shortest(level)
        return float(low[0] * self.unit + self.centre), float(high[0] * self.unit + self.centre)


@dataclass(frozen=True, slots=True, eq=False)
class TauShape:
    """Tau: panels of polynomials, in a unit; the density is prior times likelihood itself."""

    posterior: TauPosteriors
    sets: Sets
    unit: float

    def density(self, x: FloatArray) -> FloatArray:
        """Density at x."""
        tau = as_floats(x / self.unit)
        inside = np.where((tau >= 0) & np.isfinite(tau), tau, 0.0)
        given = given_tau(self.sets, np.zeros(1, dtype=int), inside[None, :])
        logarithm = self.posterior.prior.log_density(tau) + given.log_likelihood[0] - self.posterior.log_total[0]
        return as_floats(np.exp(logarithm) / self.unit)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of at most x."""
        tau = np.maximum(x / self.unit, 0.0)
        found = self.posterior.cdf(np.zeros(len(x), dtype=int), as_floats(tau))
        return as_floats(np.where(x == np.inf, 1.0, found))

    def survival(self, x: FloatArray) -> FloatArray:
        """Probability of more than x."""
        return as_floats(1.0 - self.cdf(x))

    def quantile(self, p: FloatArray) -> FloatArray:
        """The x with this probability below it."""
        return as_floats(self.posterior.quantile(np.zeros(len(p), dtype=int), p) * self.unit)

    def limits(self) -> tuple[float, float]:
        """Ends of the support."""
        prior = self.posterior.prior
        return 0.0, prior.scale * self.unit if prior.family == "uniform" else np.inf

    def mode(self) -> float:
        """Where the density is highest."""
        return float(self.posterior.mode()[0] * self.unit)

    def shortest(self, level: float) -> tuple[float, float]:
        """The shortest interval with this probability."""
        low, high = self.posterior.shortest(level)
        return float(low[0] * self.unit), float(high[0] * self.unit)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Posterior:
    """A posterior distribution on the scale of the estimates.

    Attributes
    ----------
    name : str
        What is distributed so.
    mean, sd : float
        Where the distribution has none, the mean of tau is infinite and that of an effect NaN; the standard deviation
        is infinite where only it does not exist, and NaN beside a mean that does not.
    level : float
        Of the interval where no other is asked for.
    kind : {"shortest", "central"}
        Of that interval.
    shape : Shape
        What the functions are computed from.
    """

    name: str
    mean: float
    sd: float
    level: float
    kind: IntervalKind
    shape: Shape

    def density(self, x: ArrayLike) -> FloatArray:
        """Density at x, of the shape of x (MethodError if an x is no number)."""
        return self._at(x, self.shape.density)

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Probability of at most x, of the shape of x (MethodError if an x is no number)."""
        return self._at(x, self.shape.cdf)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Probability of more than x, of the shape of x (MethodError if an x is no number)."""
        return self._at(x, self.shape.survival)

    def _at(self, x: ArrayLike, function: Any) -> FloatArray:
        try:
            values = np.asarray(x, dtype=float)
        except (TypeError, ValueError) as error:
            raise MethodError(f"{self.name}: x = {x!r}: numbers are expected") from error
        if np.isnan(values).any():
            raise MethodError(f"{self.name}: x is NaN; numbers are expected")
        result: FloatArray = function(values.ravel()).reshape(values.shape)[()]
        return result

    def quantile(self, p: ArrayLike) -> FloatArray:
        """The value with this probability below it, of the shape of p.

        Raises
        ------
        MethodError
            If a probability is outside 0 to 1.
        """
        share = probabilities(p)
        low, high = self.shape.limits()
        inside = (share > 0) & (share < 1)
        result = np.where(share == 0, low, high)
        result[inside] = self.shape.quantile(share[inside])
        return as_floats(result)[()]

    @cached_property
    def median(self) -> float:
        """The value that half of the probability lies below."""
        return float(self.quantile(0.5))

    @cached_property
    def mode(self) -> float:
        """Where the density is highest; 0 for a tau whose density falls from there on."""
        return self.shape.mode()

    @cached_property
    def _own_interval(self) -> tuple[float, float]:
        return self._interval(self.level, self.kind)

    def interval(self, level: float | None = None, kind: IntervalKind | None = None) -> tuple[float, float]:
        """Credible interval.

        Parameters
        ----------
        level : float, optional
            A proportion; that of the fit where not given.
        kind : {"shortest", "central"}, optional
            The shortest one, or the one with equal tails; that of the fit where not given.

        Raises
        ------
        MethodError
            If the level is no proportion or the kind unknown.
        """
        if level is None and kind is None:
            return self._own_interval
        chosen = self.level if level is None else level
        check_level(chosen)
        return self._interval(chosen, check_kind(self.kind if kind is None else kind))

    def _interval(self, level: float, kind: IntervalKind) -> tuple[float, float]:
        if kind == "shortest":
            return self.shape.shortest(level)
        low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def to_dict(self) -> dict[str, float]:
        """Mean, standard deviation, median, mode and interval."""
        low, high = self.interval()
        return {
            "mean": self.mean,
            "sd": self.sd,
            "median": self.median,
            "mode": self.mode,
            "low": low,
            "high": high,
        }

    def __repr__(self) -> str:
        low, high = self.interval()
        return f"Posterior({self.name}: median {self.median:.4g} [{low:.4g}, {high:.4g}])"


def check_kind(kind: object) -> IntervalKind:
    """The kind of interval.

    Raises
    ------
    MethodError
        If there is none of that name.
    """
    if kind == "shortest":
        return "shortest"
    if kind == "central":
        return "central"
    raise MethodError(f"interval {kind!r}: one of {', '.join(get_args(IntervalKind))} is expected")
