"""What the integral over tau leaves of everything else: mixtures of normal distributions, and moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.synthesis.bayes.mixture import Mixtures
from synth.synthesis.bayes.quadrature import WEIGHTS, Panels, Quadrature, Sets, has_moment
from synth.synthesis.bayes.tau import TauPosteriors, padded
from synth.synthesis.linear import FloatArray, as_floats
from synth.synthesis.priors.distributions import Prior

#: Share of the smallest variance below which a tau2 changes no component.
_NOTHING = 1e-13
#: Probability of a component that is added to the first one.
_NEGLIGIBLE = 1e-16
#: Share of the mean of tau2 from which it is kept all the same.
_FAR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Components of the mixtures, one row a data set; the first column stands for every tau that is as good as 0.

    Attributes
    ----------
    weights, tau2, means, variances : ndarray, shape (B, N)
        Posterior probability, between-study variance, and the normal distribution of the mean.
    tau_moments : ndarray, shape (2, B)
        Mean and variance of tau; infinite where there is none.
    tail : ndarray, shape (B,)
        What the mean of tau2 has beyond the last node, where it exists.
    """

    weights: FloatArray
    tau2: FloatArray
    means: FloatArray
    variances: FloatArray
    tau_moments: FloatArray
    tail: FloatArray

    def of_mean(self) -> Mixtures:
        """The mean of the true effects."""
        return Mixtures(self.weights, self.means, as_floats(np.sqrt(self.variances)))

    def of_new_study(self) -> Mixtures:
        """The true effect of a new study."""
        return Mixtures(self.weights, self.means, as_floats(np.sqrt(self.variances + self.tau2)))

    def of_study(self, estimate: FloatArray, variance: FloatArray) -> Mixtures:
        """The true effect of a study of each data set, from its estimate and sampling variance, shape (B,).

        Given tau and the mean it is normal about the average of the estimate and the mean, weighted by 1 / v and
        1 / tau2; the uncertainty of the mean comes on top.
        """
        v = variance[:, None]
        kept = self.tau2 / (v + self.tau2)
        means = kept * estimate[:, None] + (1 - kept) * self.means
        variances = kept * v + np.square(1 - kept) * self.variances
        return Mixtures(self.weights, as_floats(means), as_floats(np.sqrt(variances)))


def nodes_of(found: Quadrature, taus: TauPosteriors, sets: Sets, prior: Prior) -> Nodes:
    """Components of every mixture, from the panels of a quadrature."""
    panels, count = found.panels, len(found.edge)
    mass = np.exp(panels.log_posterior - taus.log_total[panels.which, None]) * panels.half[:, None] * WEIGHTS
    tau2 = np.exp(2 * panels.z)
    moments, tail = _moments(panels, mass, sets, prior, taus)
    # A far node with next to no probability can still carry a part of the variance.
    far = mass * tau2 > _FAR * (moments[1] + np.square(moments[0]))[panels.which, None]
    as_zero = tau2 <= _NOTHING * sets.smallest[panels.which, None]
    kept = ((mass > _NEGLIGIBLE) | far) & ~as_zero
    which = np.repeat(panels.which, kept.sum(axis=1))
    rows = [padded(values[kept], which, count) for values in (mass, tau2, panels.mean)]
    variances = padded(panels.variance[kept], which, count, fill=1.0)
    # Not what is left of 1, which rounding would move to a component that may lie far from all others.
    first = taus.lump + np.bincount(panels.which, (mass * as_zero).sum(axis=1), minlength=count)
    weights = _with_first(first, rows[0])
    return Nodes(
        weights=as_floats(weights / weights.sum(axis=1, keepdims=True)),
        tau2=_with_first(np.zeros(count), rows[1]),
        means=_with_first(found.at_zero.mean, rows[2]),
        variances=_with_first(found.at_zero.variance, variances),
        tau_moments=moments,
        tail=tail,
    )


def _with_first(first: FloatArray, rest: FloatArray) -> FloatArray:
    return as_floats(np.concatenate([first[:, None], rest], axis=1))


def _moments(
    panels: Panels, mass: FloatArray, sets: Sets, prior: Prior, taus: TauPosteriors
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of tau; below the first panel tau counts as 0, beyond the last it may have a power tail."""
    count = len(taus.lump)
    result = np.full((2, count), np.inf)
    tail = np.zeros(count)
    if not has_moment(sets.k, prior, sets.precision, 1):
        return result, tail
    tau = np.exp(panels.z)
    beyond = _beyond(panels, sets, prior, taus, 1)
    mean = np.bincount(panels.which, (mass * tau).sum(axis=1), minlength=count) + beyond
    result[0] = mean
    if has_moment(sets.k, prior, sets.precision, 2):
        tail = _beyond(panels, sets, prior, taus, 2)
        # About the mean, because a tau that is known well would lose its digits in a difference of squares.
        around = (mass * np.square(tau - mean[panels.which, None])).sum(axis=1)
        around = np.bincount(panels.which, around, minlength=count)
        result[1] = np.maximum(around + taus.lump * np.square(mean) + tail - 2 * mean * beyond, 0.0)
    return result, tail


def _beyond(panels: Panels, sets: Sets, prior: Prior, taus: TauPosteriors, order: int) -> FloatArray:
    """What a moment has beyond the last panel, where prior and likelihood are powers of tau."""
    count = len(taus.lump)
    if not (np.isfinite(prior.tail) and prior.tail > 0) or not len(panels.which):
        return np.zeros(count)
    rate = sets.k - (sets.precision == 0) + prior.tail - order
    last = np.searchsorted(panels.which, np.arange(count), side="right") - 1
    own = (last >= 0) & (panels.which[last] == np.arange(count))
    z = panels.z[last, -1]
    height = np.exp(panels.log_posterior[last, -1] - taus.log_total + order * z)
    # From the last node to the end of its panel is counted already.
    height *= np.exp(-rate * (panels.end[last] - z))
    return as_floats(np.where(own, height / rate, 0.0))
