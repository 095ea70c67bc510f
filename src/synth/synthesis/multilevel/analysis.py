"""A fitted multilevel model: every result by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.synthesis.fitting import Inference, infer_from, wald_p
from synth.synthesis.linear import FloatArray, as_floats
from synth.synthesis.model_tests import Criteria
from synth.synthesis.moderators import Moderators
from synth.synthesis.multilevel import inference as multilevel_inference
from synth.synthesis.multilevel import intervals as multilevel_intervals
from synth.synthesis.multilevel import prediction as multilevel_prediction
from synth.synthesis.multilevel import tables as multilevel_tables
from synth.synthesis.multilevel import words as multilevel_words
from synth.synthesis.multilevel.blocks import BlockData
from synth.synthesis.multilevel.components import Component, Held, components_of
from synth.synthesis.multilevel.fit import NOTHING, Maximum
from synth.synthesis.multilevel.intervals import ComponentInterval
from synth.synthesis.multilevel.likelihood import Likelihood, Solved, marginal
from synth.synthesis.multilevel.random import RandomPart
from synth.synthesis.one_effect import OneEffect
from synth.synthesis.prediction import Prediction
from synth.synthesis.studies import study_names

if TYPE_CHECKING:
    import pandas as pd

MultilevelMethod = Literal["REML", "ML"]
MultilevelTest = Literal["t", "normal"]
Degrees = Literal["contain", "residual"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MultilevelAnalysis(OneEffect):
    """A fitted multilevel or multivariate model.

    Attributes
    ----------
    estimates : ndarray, shape (n,)
        As given, on the analysis scale.
    sampling : ndarray, shape (n,) or (n, n)
        Sampling variances or their covariance, as given.
    study_labels : tuple of str or None
        As given; `labels` has a name for every estimate.
    moderators : Moderators
        Columns of the model.
    method : {"REML", "ML"}
    test : {"t", "normal"}
    degrees : {"contain", "residual"}
        Of the t distribution.
    level : float
        Of the intervals, a proportion.
    data_set : BlockData
        The same in independent blocks, in a unit of its own.
    held : Held
        Parameters that are held, and components that were given.
    likelihood : Likelihood
    maximum : Maximum
        Where the likelihood is highest.
    alone : Solved
        Generalised least squares without random effects.
    """

    estimates: FloatArray
    sampling: FloatArray
    study_labels: tuple[str, ...] | None
    moderators: Moderators
    method: MultilevelMethod
    test: MultilevelTest
    degrees: Degrees
    level: float
    data_set: BlockData
    held: Held
    likelihood: Likelihood
    maximum: Maximum
    alone: Solved

    @property
    def k(self) -> int:
        """Estimates."""
        return len(self.estimates)

    @cached_property
    def k_units(self) -> int:
        """Independent units, mostly studies: what shares an effect or a sampling error is one.

        Where crossed effects or sampling errors tie more together, the groups of the coarsest random effect.
        """
        sizes = [level.size for level in self.random.levels] + [item.outer.size for item in self.random.structures]
        return max(sum(len(batch.rows) for batch in self.data_set.batches), min(sizes, default=1))

    @property
    def p(self) -> int:
        """Coefficients."""
        return self.data_set.p

    @property
    def random(self) -> RandomPart:
        """Random effects: `levels` with one variance each, and `structures`."""
        return self.data_set.random

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each estimate."""
        return self.study_labels or tuple(name.replace("study", "estimate") for name in study_names(None, self.k))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.moderators.names

    @property
    def design(self) -> FloatArray:
        """Columns of the model, shape (n, p)."""
        return self.moderators.columns

    @cached_property
    def beta(self) -> FloatArray:
        """Coefficients, shape (p,)."""
        whole = self.maximum.solved.gamma + self.data_set.removed
        return as_floats(self.data_set.basis.coefficients(whole[None])[0] * self.data_set.unit)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of the coefficients, shape (p, p)."""
        return as_floats(
            self.data_set.basis.covariance(self.maximum.solved.covariance[None])[0] * self.data_set.unit**2
        )

    @cached_property
    def degrees_of_freedom(self) -> FloatArray | None:
        """Of the t distribution of each coefficient, shape (p,); None means the normal distribution."""
        if self.test == "normal":
            return None
        if self.degrees == "residual":
            return np.full(self.p, float(max(self.k - self.p, 1)))
        groupings = [level.codes for level in self.random.levels]
        groupings += [structure.outer.codes for structure in self.random.structures]
        return multilevel_inference.contained_degrees(self.design, groupings)

    @cached_property
    def inference(self) -> Inference:
        """Tests and intervals of the coefficients."""
        degrees = np.full(self.p, np.inf) if self.degrees_of_freedom is None else self.degrees_of_freedom
        return infer_from(self.beta, as_floats(np.sqrt(np.diag(self.covariance))), degrees, self.level)

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, shape (p,)."""
        return self.inference.standard_errors

    @property
    def statistics(self) -> FloatArray:
        """T or z of each coefficient against 0, shape (p,)."""
        return self.inference.statistics

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, shape (p,)."""
        return self.inference.p_values

    @property
    def low(self) -> FloatArray:
        """Lower limits of the coefficients, shape (p,)."""
        return self.inference.low

    @property
    def high(self) -> FloatArray:
        """Upper limits of the coefficients, shape (p,)."""
        return self.inference.high

    @property
    def has_moderators(self) -> bool:
        """Whether there is anything but an intercept."""
        return bool(self.moderators.codings)

    @cached_property
    def sigma2(self) -> FloatArray:
        """Variance of the effects of each level, the outer first; their names and sizes are in `levels`."""
        sigma2, _ = self.likelihood.parts(self.maximum.x)
        known = self.held.components["sigma2"]
        return as_floats(np.where(np.isnan(known), sigma2 * self.data_set.unit**2, known))

    @property
    def levels(self) -> dict[str, int]:
        """Groups of each level, the outer first, by name."""
        return {level.name: level.size for level in self.random.levels}

    @cached_property
    def tau2(self) -> FloatArray:
        """Variances of the structures, one after the other; `components` names them."""
        found = [item.natural(part)[0] for item, part in self._parts()]
        values = np.concatenate(found) * self.data_set.unit**2 if found else np.zeros(0)
        known = self.held.components["tau2"]
        return as_floats(np.where(np.isnan(known), values, known))

    @cached_property
    def rho(self) -> FloatArray:
        """Correlations of the structures, UN's by columns; NaN where a variance of 0 leaves none to estimate."""
        found = []
        for item, part in self._parts():
            tau2, rho = item.natural(part)
            if not item.angles:
                continue
            if item.structure.kind == "UN":
                columns, rows = np.triu_indices(item.structure.inner.size, 1)
                there = np.minimum(tau2[columns], tau2[rows]) > NOTHING
            else:
                there = np.full(len(rho), (tau2 > NOTHING).sum() > (1 if item.structure.variances > 1 else 0))
            found.append(np.where(there, rho, np.nan))
        values = np.concatenate(found) if found else np.zeros(0)
        known = self.held.components["rho"]
        return as_floats(np.where(np.isnan(known), values, known))

    def _parts(self) -> list[tuple[Any, FloatArray]]:
        _, parts = self.likelihood.parts(self.maximum.x)
        return list(zip(self.likelihood.structures, parts, strict=True))

    @cached_property
    def effect_covariances(self) -> tuple[FloatArray, ...]:
        """For each structure the covariance of the effects of one unit, shape (J, J)."""
        return tuple(item.covariance(part) * self.data_set.unit**2 for item, part in self._parts())

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Every variance and correlation, with its name."""
        return components_of(self.likelihood)

    def component(self, component: Component) -> float:
        """The value of one of `components`."""
        return float(getattr(self, component.kind)[component.index])

    @property
    def estimated(self) -> int:
        """Variances and correlations that were estimated."""
        return int(np.isnan(self.held.values).sum())

    @property
    def q_e(self) -> float:
        """Residual heterogeneity: Cochran's Q, with the covariance of the sampling errors."""
        return self.alone.squares if self.q_e_df else 0.0

    @property
    def q_e_df(self) -> int:
        """Degrees of freedom of `q_e`."""
        return self.k - self.p

    @property
    def q_e_p(self) -> float:
        """Chi-squared p value of `q_e`."""
        return wald_p(self.q_e, self.q_e_df, np.inf) if self.q_e_df else 1.0

    @cached_property
    def _omnibus(self) -> tuple[float, int | None, float]:
        return multilevel_inference.joint_test(
            self.beta, self.covariance, self.degrees_of_freedom, self.moderators.tested
        )

    @property
    def q_m(self) -> float:
        """Omnibus test of the moderators, or of the intercept where there are none: chi-squared, or F with a t test."""
        return self._omnibus[0]

    @property
    def q_m_df(self) -> int:
        """Coefficients tested together."""
        return len(self.moderators.tested)

    @property
    def q_m_df2(self) -> int | None:
        """Denominator's degrees of freedom where `q_m` is F: the fewest of the coefficients tested."""
        return self._omnibus[1]

    @property
    def q_m_p(self) -> float:
        """P value of `q_m`."""
        return self._omnibus[2]

    @property
    def log_likelihood(self) -> float:
        """By the method of the model."""
        return self.fit_statistics()[self.method].log_likelihood

    def fit_statistics(self) -> dict[Literal["ML", "REML"], Criteria]:
        """Log-likelihood, deviance, AIC, BIC and AICc, by the likelihood and by the restricted one."""
        return multilevel_inference.fit_statistics(self)

    @cached_property
    def typical_variance(self) -> float | None:
        """Sampling variance of a typical estimate; None with as many coefficients as estimates, or without digits."""
        return multilevel_inference.typical_variance(self)

    @cached_property
    def i2(self) -> dict[str, float] | None:
        """Share of each level, and of all ("total"), in the total variance, 0 to 1.

        None where a structure has several variances, since then no one total is there, and with fewer than three
        independent units, from which no spread can be told.

        References
        ----------
        Nakagawa and Santos 2012, Evol Ecol 26:1253-1274; Viechtbauer, metafor-project.org, tips: I2 for multilevel and
        multivariate models.
        """
        return multilevel_inference.shares(self)

    @cached_property
    def marginal_covariance(self) -> FloatArray:
        """Covariance of the estimates that the model implies: sampling and random effects, shape (n, n)."""
        total = np.zeros((self.k, self.k))
        sigma2, _ = self.likelihood.parts(self.maximum.x)
        covariances = [item.covariance(part) for item, part in self._parts()]
        for batch in self.data_set.batches:
            total[batch.rows[:, :, None], batch.rows[:, None, :]] = marginal(batch, sigma2, covariances)
        return as_floats(total * self.data_set.unit**2)

    @cached_property
    def fitted(self) -> FloatArray:
        """Fitted values by the coefficients alone, shape (n,)."""
        return as_floats(self.design @ self.beta)

    @cached_property
    def residuals(self) -> FloatArray:
        """Estimates less fitted values, shape (n,)."""
        return as_floats(self.estimates - self.fitted)

    @property
    def converged(self) -> bool:
        """Whether the components lie at a maximum of the likelihood."""
        return self.maximum.converged

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return multilevel_words.marks(self)

    def predict(
        self,
        moderators: Mapping[str, ArrayLike] | None = None,
        *,
        inner: Mapping[str, Sequence[object]] | None = None,
        level: float | None = None,
    ) -> Prediction:
        """Mean effects with confidence and prediction intervals; the latter None with fewer than three units.

        Parameters
        ----------
        moderators : mapping, optional
            Values of each moderator. Without them the mean of a model without moderators, for each level of `inner`
            where they have variances of their own; or the fitted value of each estimate.
        inner : mapping of str to sequence, optional
            For structures with several variances the level of each row, by the name of the inner column; without it
            rows of new moderators have no prediction interval.
        level : float, optional
            A proportion; the model's own where not given.

        Raises
        ------
        MethodError
            If a moderator or level is missing or unknown.
        """
        return multilevel_prediction.predict(self, moderators, inner, self.level if level is None else level)

    def component_intervals(self, level: float | None = None) -> tuple[ComponentInterval, ...]:
        """Profile-likelihood intervals of every variance and correlation that was estimated.

        Parameters
        ----------
        level : float, optional
            A proportion; the model's own where not given.
        """
        return multilevel_intervals.component_intervals(self, self.level if level is None else level)

    def blup(self) -> dict[str, Prediction]:
        """Best linear unbiased predictions of the effects of every unit, by level and structure.

        They are deviations from the mean, with standard errors that allow for the coefficients being estimated.

        References
        ----------
        Searle, Casella and McCulloch 1992, Variance Components; Robinson 1991, Stat Sci 6:15-32.
        """
        return multilevel_prediction.blup(self)

    def summary(self) -> pd.DataFrame:
        """One row for people: how many estimates and units, the effect, heterogeneity and its test."""
        return multilevel_tables.summary(self)

    def table(self) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, statistic, degrees of freedom, p value, interval."""
        return multilevel_tables.coefficients(self)

    def component_table(self) -> pd.DataFrame:
        """One row a variance or correlation."""
        return multilevel_tables.components(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, on the analysis scale, in numbers, texts and lists that JSON holds."""
        return multilevel_tables.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return multilevel_words.explain(self)

    def __repr__(self) -> str:
        return multilevel_tables.line(self)

    def _repr_html_(self) -> str:
        return multilevel_tables.html_of(self)
