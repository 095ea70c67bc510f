"""The fit behind `synth.synthesis.bayes`: data sets in a unit of their own, the integral over tau, and moments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.synthesis.bayes.mixture import Mixtures
from synth.synthesis.bayes.nodes import Nodes, nodes_of
from synth.synthesis.bayes.quadrature import Quadrature, Sets, given_tau, has_moment, quadrature
from synth.synthesis.bayes.tau import TauPosteriors, tau_posteriors
from synth.synthesis.linear import BoolArray, FloatArray, as_floats
from synth.synthesis.priors.distributions import Prior

#: Logarithm of the largest ratio of a prior's scale and the standard errors.
_FARTHEST = 140.0
#: Rounding of the logarithm of the posterior, as a share of its size, and what is still left unmarked.
_ROUNDING, _UNMARKED = 4e-16, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Data sets and what the integral over tau gave, in a unit (a power of 2) and from a centre of each set.

    Attributes
    ----------
    unit : float
    centres : ndarray, shape (B,)
        In the unit of the estimates.
    sets, prior, quadrature, taus, nodes
        In that unit and from that centre.
    """

    unit: float
    centres: FloatArray
    sets: Sets
    prior: Prior
    quadrature: Quadrature
    taus: TauPosteriors
    nodes: Nodes

    def order_exists(self, order: int) -> bool:
        """Whether tau, and a new study's effect, has this moment."""
        return has_moment(self.sets.k, self.prior, self.sets.precision, order)

    def accuracy(self) -> FloatArray:
        """Relative error of the posterior that rounding of its logarithm leaves, shape (B,)."""
        panels, count = self.quadrature.panels, len(self.centres)
        peaks = np.full(count, -np.inf)
        np.maximum.at(peaks, panels.which, panels.log_posterior.max(axis=1))
        # What counts is the size of the logarithm where the posterior lies.
        low = (self.taus.lump > 0.5) | ~np.isfinite(peaks)
        size = np.abs(np.where(low, self.quadrature.at_zero.log_likelihood, peaks))
        return as_floats(_ROUNDING * size)

    def marked(self) -> tuple[BoolArray, BoolArray]:
        """Which data sets did not converge, and which have lost digits."""
        return np.asarray(~self.quadrature.converged), np.asarray(self.accuracy() > _UNMARKED)

    def mean_given_tau(self, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the mean of the first data set, at values of tau, in the unit of the estimates."""
        given = given_tau(self.sets, np.zeros(1, dtype=int), as_floats(tau[None, :] / self.unit))
        return as_floats(given.mean[0] * self.unit + self.centres[0]), as_floats(given.variance[0] * self.unit**2)

    def tau_moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of tau (see `Posterior`)."""
        mean, variance = self.nodes.tau_moments
        spread = np.sqrt(variance) if self.order_exists(1) else np.full_like(mean, np.nan)
        return as_floats(mean * self.unit), as_floats(spread * self.unit)

    def effect_moments(self, mixture: Mixtures, *, tail: float, always: bool) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of an effect (see `Posterior`).

        Parameters
        ----------
        mixture : Mixtures
        tail : float
            The factor of tau2 in the variance given a very large tau.
        always : bool
            Whether the moments exist whatever tau has.
        """
        about = mixture.typical()[0]
        mean = about + (mixture.weights * (mixture.means - about[:, None])).sum(axis=1)
        squares = np.square(mixture.deviations) + np.square(mixture.means - mean[:, None])
        spread = np.sqrt((mixture.weights * squares).sum(axis=1) + tail * self.nodes.tail)
        if not (always or self.order_exists(1)):
            mean, spread = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        elif not (always or self.order_exists(2)):
            spread = np.full_like(mean, np.inf)
        return as_floats(mean * self.unit + self.centres), as_floats(spread * self.unit)

    def mean_moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the mean of the true effects."""
        flat = self.sets.precision == 0
        return self.effect_moments(self.nodes.of_mean(), tail=1 / self.sets.k if flat else 0.0, always=not flat)

    def new_study_moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of a new study's true effect."""
        tail = 1 + (1 / self.sets.k if self.sets.precision == 0 else 0.0)
        return self.effect_moments(self.nodes.of_new_study(), tail=tail, always=False)


def fit_sets(y: FloatArray, v: FloatArray, prior: Prior, mean_prior: tuple[float, float] | None) -> Fitted:
    """Integrate over tau.

    Parameters
    ----------
    y, v : ndarray, shape (B, k)
        Checked estimates and variances, all variances above 0.
    prior : Prior
        In the unit of the estimates.
    mean_prior : (float, float), optional
        Checked mean and standard deviation of the normal prior of the mean.

    Raises
    ------
    MethodError
        If the prior's scale and the standard errors lie too far apart.
    """
    unit = 2.0 ** round(math.log2(math.sqrt(float(np.median(v)))))
    own = prior.in_unit(unit)
    if abs(own.log_centre) > _FARTHEST:
        raise MethodError(
            f"prior {prior.words()} beside standard errors of about {unit:g}: a prior within a factor of 1e60 of them "
            "is expected"
        )
    # The most precise estimate, or the prior's mean, is the centre: distances from it keep their digits.
    centres = y[np.arange(len(y)), v.argmin(axis=1)]
    mean, precision = np.zeros(len(y)), 0.0
    if mean_prior is not None:
        centres = np.where(v.min(axis=1) > mean_prior[1] ** 2, mean_prior[0], centres)
        mean, precision = (mean_prior[0] - centres) / unit, (unit / mean_prior[1]) ** 2
    sets = Sets(
        estimates=as_floats(np.ascontiguousarray((y - centres[:, None]).T) / unit),
        variances=as_floats(np.ascontiguousarray(v.T) / unit**2),
        mean=as_floats(mean),
        precision=float(precision),
    )
    found = quadrature(sets, own)
    taus = tau_posteriors(found, own)
    return Fitted(
        unit=unit,
        centres=as_floats(centres),
        sets=sets,
        prior=own,
        quadrature=found,
        taus=taus,
        nodes=nodes_of(found, taus, sets, own),
    )


def check_prior(prior: object) -> Prior:
    """The prior of tau.

    Raises
    ------
    MethodError
        If it is none: there is no default.
    """
    if isinstance(prior, Prior):
        return prior
    raise MethodError(
        f"prior = {prior!r}: a prior of tau is expected, such as half_normal(0.5); there is no default, because with "
        "few studies the result rests on the prior, and its scale depends on the measure: the protocol gives it, with "
        "a reason (a published one for log odds ratios and standardised differences: empirical_prior)"
    )


def check_mean_prior(mean_prior: object) -> tuple[float, float] | None:
    """Mean and standard deviation of the normal prior of the mean, or None for a uniform one.

    Raises
    ------
    MethodError
        If they are no two numbers, or the standard deviation is not above 0.
    """
    if mean_prior is None:
        return None
    wanted = "the mean and the standard deviation (above 0) of a normal distribution are expected, or None"
    if not isinstance(mean_prior, tuple | list) or len(mean_prior) != 2:
        raise MethodError(f"mean_prior = {mean_prior!r}: {wanted}")
    mean, spread = mean_prior
    if not (is_number(mean) and abs(mean) < 1e100 and is_number(spread) and 1e-75 < spread < 1e75):
        raise MethodError(f"mean_prior = {mean_prior!r}: {wanted}")
    return float(mean), float(spread)
