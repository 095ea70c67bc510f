"""Bayesian random-effects model: the normal-normal hierarchical model by deterministic quadrature, without sampling.

Estimates are normal about the true effects of their studies with known variances, true effects are normal about mu with
standard deviation tau; tau has a proper prior that the analyst gives, mu a uniform or a normal one. The model, and what
can be read from it, are described by Roever 2020, J Stat Softw 93(6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level, is_number
from synth.errors import MethodError
from synth.synthesis.bayes import words as bayes_words
from synth.synthesis.bayes.batch import BayesianBatch, bayesian_many
from synth.synthesis.bayes.fit import Fitted, check_mean_prior, check_prior, fit_sets
from synth.synthesis.bayes.posterior import EffectShape, IntervalKind, Posterior, TauShape, check_kind
from synth.synthesis.bayes.results import Beyond, Sensitivity, SensitivityRow, Shrinkage
from synth.synthesis.linear import FloatArray, as_floats
from synth.synthesis.priors.distributions import Prior
from synth.synthesis.studies import study_arrays, study_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BayesianBatch",
    "BayesianMetaAnalysis",
    "Beyond",
    "Posterior",
    "Sensitivity",
    "Shrinkage",
    "bayesian_many",
    "bayesian_random_effects",
]

#: Factors of the prior's scale that go with every fit.
_FACTORS = (0.5, 1.0, 2.0)

Direction = Literal["above", "below"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BayesianMetaAnalysis:
    """A fitted Bayesian random-effects model.

    Attributes
    ----------
    estimates, variances : ndarray, shape (k,)
        As given, on the analysis scale.
    study_labels : tuple of str or None
        As given; `labels` has a name for every study.
    prior : Prior
        Of tau.
    mean_prior : (float, float) or None
        Mean and standard deviation of the normal prior of mu; None for the uniform one.
    level : float
        Of the intervals, a proportion.
    interval_kind : {"shortest", "central"}
    fitted : Fitted
        The numbers of the fit, a batch of one.
    """

    estimates: FloatArray
    variances: FloatArray
    study_labels: tuple[str, ...] | None
    prior: Prior
    mean_prior: tuple[float, float] | None
    level: float
    interval_kind: IntervalKind
    fitted: Fitted

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.estimates)

    @property
    def shows_new_study(self) -> bool:
        """Whether tables show the effect of a new study, from three studies on; `predictive` is always there."""
        return self.k > 2

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each study."""
        return study_names(self.study_labels, self.k)

    @cached_property
    def mu(self) -> Posterior:
        """Posterior of the mean of the true effects."""
        return self._effect("mu", self.fitted.nodes.of_mean(), *self.fitted.mean_moments())

    @cached_property
    def predictive(self) -> Posterior:
        """Predictive distribution of the true effect of a new study."""
        return self._effect("new study", self.fitted.nodes.of_new_study(), *self.fitted.new_study_moments())

    @cached_property
    def tau(self) -> Posterior:
        """Posterior of the standard deviation between studies."""
        mean, spread = self.fitted.tau_moments()
        shape = TauShape(self.fitted.taus, self.fitted.sets, self.fitted.unit)
        return self._posterior("tau", float(mean[0]), float(spread[0]), shape)

    def _effect(self, name: str, mixture: Any, mean: FloatArray, spread: FloatArray) -> Posterior:
        shape = EffectShape(mixture, float(self.fitted.centres[0]), self.fitted.unit)
        return self._posterior(name, float(mean[0]), float(spread[0]), shape)

    def _posterior(self, name: str, mean: float, spread: float, shape: EffectShape | TauShape) -> Posterior:
        return Posterior(name=name, mean=mean, sd=spread, level=self.level, kind=self.interval_kind, shape=shape)

    def shrinkage(self) -> Shrinkage:
        """Posterior of each study's own true effect: its estimate drawn towards the mean."""
        return self._shrinkage

    @cached_property
    def _shrinkage(self) -> Shrinkage:
        sets = self.fitted.sets
        effects = []
        for index, label in enumerate(self.labels):
            mixture = self.fitted.nodes.of_study(sets.estimates[index], sets.variances[index])
            moments = self.fitted.effect_moments(mixture, tail=0.0, always=True)
            effects.append(self._effect(label, mixture, *moments))
        return Shrinkage(labels=self.labels, estimates=self.estimates, effects=tuple(effects), level=self.level)

    def probability_beyond(self, difference: float, direction: Direction = "above") -> Beyond:
        """Posterior probability that the effect lies beyond a difference.

        Parameters
        ----------
        difference : float
            On the analysis scale, such as an important difference.
        direction : {"above", "below"}
            Which side counts as beyond.

        Returns
        -------
        Beyond
            Of the mean of the true effects, and of the true effect of a new study.

        Raises
        ------
        MethodError
            If the difference is not a number, or the direction unknown.
        """
        if not is_number(difference):
            raise MethodError(f"difference = {difference!r}: a number on the scale of the estimates is expected")
        if direction not in ("above", "below"):
            raise MethodError(f"direction {direction!r}: 'above' or 'below' is expected")
        sides = [
            float(each.survival(difference) if direction == "above" else each.cdf(difference))
            for each in (self.mu, self.predictive)
        ]
        return Beyond(
            difference=float(difference),
            direction=direction,
            mu=sides[0],
            predictive=sides[1],
            shows_new_study=self.shows_new_study,
        )

    def sensitivity(self, difference: float | None = None, direction: Direction = "above") -> Sensitivity:
        """The fit with the prior's scale halved, as it is, and doubled.

        Parameters
        ----------
        difference, direction
            As for `probability_beyond`, whose results are added where a difference is given.

        Raises
        ------
        MethodError
            As `probability_beyond`.
        """
        rows = []
        halved, doubled = self._halved_and_doubled
        for factor, model in zip(_FACTORS, (halved, self, doubled), strict=True):
            beyond = None if difference is None else model.probability_beyond(difference, direction)
            shown = (model.mu, model.tau, model.predictive, beyond, self.shows_new_study)
            rows.append(SensitivityRow(factor, model.prior, *shown))
        return Sensitivity(rows=tuple(rows), level=self.level)

    @cached_property
    def _halved_and_doubled(self) -> tuple[BayesianMetaAnalysis, BayesianMetaAnalysis]:
        """Kept, because the texts, the dictionary and the table of a notebook all show them."""
        half, _, double = _FACTORS
        return self.with_prior(self.prior.scaled(half)), self.with_prior(self.prior.scaled(double))

    def with_prior(self, prior: Prior) -> BayesianMetaAnalysis:
        """The same data with another prior of tau."""
        return bayesian_random_effects(
            self.estimates,
            self.variances,
            prior=prior,
            mean_prior=self.mean_prior,
            level=self.level,
            interval=self.interval_kind,
            labels=self.study_labels,
        )

    def joint_density(self, mu: ArrayLike, tau: ArrayLike) -> FloatArray:
        """Joint posterior density of mu and tau, shape (number of mu, number of tau).

        Raises
        ------
        MethodError
            If a value is no finite number, or a tau is below 0.
        """
        m, t = _finite(mu, "joint density: mu"), _finite(tau, "joint density: tau", least=0.0)
        mean, variance = self.mean_given_tau(t)
        heights = np.exp(-0.5 * np.square(m[:, None] - mean) / variance) / np.sqrt(2 * np.pi * variance)
        return as_floats(heights * self.tau.density(t))

    def mean_given_tau(self, tau: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of mu if tau were known, each of the shape (n,).

        Raises
        ------
        MethodError
            If a tau is no finite number, or below 0.
        """
        return self.fitted.mean_given_tau(_finite(tau, "mean given tau: tau", least=0.0))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return bayes_words.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row for people: how many studies, the prior, mean and tau with their intervals."""
        return bayes_words.summary(self)

    def table(self) -> pd.DataFrame:
        """One row for mu, for tau and for a new study: mean, standard deviation, median, mode, interval."""
        return bayes_words.table(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return bayes_words.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return bayes_words.explain(self)

    def __repr__(self) -> str:
        return bayes_words.line(self)

    def _repr_html_(self) -> str:
        return bayes_words.html_of(self)


def _finite(values: ArrayLike, what: str, *, least: float = -np.inf) -> FloatArray:
    """A number, or one row of them, as a row."""
    bound = "" if least == -np.inf else f" of at least {least:g}"
    try:
        row = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError, OverflowError) as error:
        raise MethodError(f"{what} = {values!r}: finite numbers{bound} are expected") from error
    if row.ndim != 1 or not (np.isfinite(row).all() and (row >= least).all()):
        raise MethodError(f"{what} = {values!r}: finite numbers{bound}, in one row, are expected")
    return as_floats(row)


def bayesian_random_effects(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    prior: Prior | None = None,
    mean_prior: tuple[float, float] | None = None,
    level: float = 0.95,
    interval: IntervalKind = "shortest",
    labels: Sequence[str] | None = None,
) -> BayesianMetaAnalysis:
    """Bayesian random-effects model.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        Independent estimates on one analysis scale, and their sampling variances, all above 0. k = 1 is allowed and
        marked.
    prior : Prior
        Of tau. It has to be given: there is no default (see `synth.synthesis.priors`).
    mean_prior : (float, float), optional
        Mean and standard deviation of a normal prior of mu; a uniform one where not given.
    level : float
        Of the credible intervals, a proportion.
    interval : {"shortest", "central"}
        The shortest interval, or the one with equal tails.
    labels : sequence of str, optional
        Names of the studies.

    Returns
    -------
    BayesianMetaAnalysis

    Raises
    ------
    MethodError
        If no prior is given, a number is out of range (the study is named), or an option is unknown.

    References
    ----------
    Roever 2020, J Stat Softw 93(6).
    """
    check_level(level)
    kind, tau_prior, normal = check_kind(interval), check_prior(prior), check_mean_prior(mean_prior)
    y, v = study_arrays(estimates, variances, labels)
    if not len(y):
        raise MethodError("k = 0: there is no estimate; at least one is expected")
    return BayesianMetaAnalysis(
        estimates=y,
        variances=v,
        study_labels=None if labels is None else tuple(map(str, labels)),
        prior=tau_prior,
        mean_prior=normal,
        level=level,
        interval_kind=kind,
        fitted=fit_sets(y[None, :], v[None, :], tau_prior, normal),
    )
