"""A fitted generalised linear mixed model: every result by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.synthesis.fitting import Inference, infer_from, wald_p
from synth.synthesis.glmm import prediction as glmm_prediction
from synth.synthesis.glmm import tables as glmm_tables
from synth.synthesis.glmm import words as glmm_words
from synth.synthesis.glmm.fit import highest, maximise
from synth.synthesis.glmm.models import Design, Fit, GlmmMethod, GlmmModel, heterogeneity_p, typical_variance
from synth.synthesis.glmm.prediction import NaturalPrediction
from synth.synthesis.linear import FloatArray
from synth.synthesis.model_tests import Criteria
from synth.synthesis.moderators import Moderators
from synth.synthesis.one_effect import OneEffect, only_intercept
from synth.synthesis.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd

#: Points of the quadrature with which an answer is checked: at least so many, and so many more than it had.
_POINTS, _MORE = (25, 11), (20, 4)
#: Change of a coefficient, in standard errors, and of tau, as a share, from which the points are marked as too few.
MOVED_ESTIMATE, MOVED_TAU = 0.02, 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FinerQuadrature:
    """The same model with more points of the quadrature.

    Attributes
    ----------
    points : int
        For each random effect.
    beta : ndarray, shape (p,)
    tau2, log_likelihood : float
    moved : bool
        Whether a coefficient is off by 2% of its standard error, or tau by 2%.
    """

    points: int
    beta: FloatArray
    tau2: float
    log_likelihood: float
    moved: bool


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GlmmResult(OneEffect):
    """A fitted generalised linear mixed model.

    Attributes
    ----------
    design : Design
        Counts, moderators and the kind of model.
    fit : Fit
        The maxima of the likelihoods.
    method : str
        "ML", or "common" for no variance between the effects of studies.
    test : str
        "normal", or "t" with k - p degrees of freedom.
    level : float
        Of the intervals, a proportion.
    """

    design: Design
    fit: Fit
    method: GlmmMethod
    test: str
    level: float

    @property
    def measure(self) -> str:
        """PLO (log odds), IRLN (log rate), OR (log odds ratio) or IRR (log rate ratio)."""
        return self.design.data.measure

    @property
    def model(self) -> GlmmModel | None:
        """UM.FS, UM.RS, CM.AL or CM.EL; None for one group."""
        return self.design.model

    @property
    def k(self) -> int:
        """Studies that are analysed."""
        return self.design.data.k

    @property
    def p(self) -> int:
        """Coefficients of the effects."""
        return self.design.basis.p

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the studies that are analysed."""
        return self.design.data.labels

    @property
    def missing(self) -> tuple[str, ...]:
        """Studies left out because a figure is missing."""
        return self.design.data.missing

    @property
    def uninformative(self) -> tuple[str, ...]:
        """Studies left out because in both arms nobody, or everybody, has the event."""
        return self.design.data.uninformative

    @property
    def moderators(self) -> Moderators:
        """Columns of the model."""
        return self.design.moderators

    @property
    def has_moderators(self) -> bool:
        """Whether there is anything but an intercept."""
        return bool(self.moderators.codings)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""
        return self.moderators.names

    @cached_property
    def beta(self) -> FloatArray:
        """Coefficients on the log scale, shape (p,)."""
        result: FloatArray = self.design.basis.coefficients(self.fit.maximum.shared[None, : self.p])[0]
        return result

    @cached_property
    def covariance(self) -> FloatArray:
        """Of the coefficients, the uncertainty of the variances allowed for, shape (p, p)."""
        inner = self.fit.maximum.covariance[: self.p, : self.p]
        result: FloatArray = self.design.basis.covariance(inner[None])[0]
        return result

    @property
    def degrees_of_freedom(self) -> int | None:
        """Of t; None means the normal distribution."""
        return self.k - self.p if self.test == "t" and self.k > self.p else None

    @cached_property
    def inference(self) -> Inference:
        """Tests and intervals of the coefficients, arrays of shape (p,)."""
        degrees = np.array(np.inf if self.degrees_of_freedom is None else float(self.degrees_of_freedom))
        errors: FloatArray = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return infer_from(self.beta, errors, degrees, self.level)

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, shape (p,)."""
        return self.inference.standard_errors

    @property
    def statistics(self) -> FloatArray:
        """Z or t of each coefficient against 0, shape (p,)."""
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
    def statistic(self) -> float:
        """Z or t of the mean effect (MethodError with moderators)."""
        only_intercept(self, "statistic")
        return float(self.inference.statistics[0])

    @property
    def tau2(self) -> float:
        """Variance between the effects of studies on the log scale; 0 for a common effect."""
        return self._tau2_of(self.fit.maximum.deviations)

    def _tau2_of(self, deviations: FloatArray) -> float:
        problem = self.fit.maximum.problem
        own = 1 if self.model == "UM.RS" else 0
        return float(deviations[-1] ** 2) if problem.q > own else 0.0

    @property
    def tau(self) -> float:
        """Standard deviation between the effects of studies."""
        return float(np.sqrt(self.tau2))

    @property
    def sigma2(self) -> float | None:
        """Variance between the studies' constants in model UM.RS; None in the others."""
        return float(self.fit.maximum.deviations[0] ** 2) if self.model == "UM.RS" else None

    @cached_property
    def typical_variance(self) -> float | None:
        """Typical sampling variance of the studies' own estimates; None with as many coefficients as studies."""
        return typical_variance(self.design)

    @property
    def i2(self) -> float | None:
        """Share of tau2 in the total with the typical sampling variance, 0 to 1."""
        typical = self.typical_variance
        return None if typical is None else self.tau2 / (self.tau2 + typical)

    @property
    def h2(self) -> float | None:
        """Total over typical sampling variance, from 1."""
        typical = self.typical_variance
        return None if typical is None else self.tau2 / typical + 1

    @property
    def q_df(self) -> int:
        """Degrees of freedom of both tests of heterogeneity."""
        return self.k - self.p

    @property
    def q_wald(self) -> float | None:
        """Wald-type test of heterogeneity, from the saturated model; None where that has no maximum."""
        return self.fit.q_wald

    @property
    def q_wald_p(self) -> float | None:
        """Chi-squared p value of `q_wald`."""
        return heterogeneity_p(self.q_wald, self.q_df)

    @property
    def q_lrt(self) -> float | None:
        """Likelihood-ratio test of heterogeneity: the saturated model against the common effect."""
        return self.fit.q_lrt

    @property
    def q_lrt_p(self) -> float | None:
        """Chi-squared p value of `q_lrt`."""
        return heterogeneity_p(self.q_lrt, self.q_df)

    @cached_property
    def q_m(self) -> float:
        """Omnibus test of the moderators, or of the intercept alone: chi-squared, or F with a t test."""
        tested = list(self.moderators.tested)
        part = self.covariance[np.ix_(tested, tested)]
        # By correlations, which no moderator's unit moves.
        errors = np.sqrt(np.diag(part))
        z = self.beta[tested] / errors
        statistic = float(z @ np.linalg.solve(part / np.outer(errors, errors), z))
        return statistic / self.q_m_df if self.degrees_of_freedom else statistic

    @property
    def q_m_df(self) -> int:
        """Coefficients tested together."""
        return len(self.moderators.tested)

    @property
    def q_m_p(self) -> float:
        """P value of `q_m`."""
        return wald_p(self.q_m, self.q_m_df, float(self.degrees_of_freedom or np.inf))

    @property
    def log_likelihood(self) -> float:
        """Marginal log-likelihood, the random effects integrated out, with every constant."""
        return self.fit.maximum.log_likelihood

    @property
    def saturated_log_likelihood(self) -> float | None:
        """Log-likelihood with an effect of its own for every study."""
        return self.fit.saturated_log_likelihood

    @property
    def conditional_log_likelihood(self) -> float:
        """Log-likelihood of the counts given the most likely random effects; no basis for criteria.

        metafor prints it as the log-likelihood of its models with one random effect (3.8-1 and 5.0-1).
        """
        return self.fit.maximum.problem.given_modes(self.fit.maximum.parameters)

    def fit_statistics(self) -> dict[Literal["ML"], Criteria]:
        """Log-likelihood, deviance against the saturated model, AIC, BIC and AICc; NaN where there is no such model.

        By name of the likelihood, as for `MetaAnalysis`, whose models have a restricted one too.
        """
        estimated = self.fit.maximum.problem.size
        # A variance that was estimated as 0 was estimated all the same.
        observations = self.k if self.design.one_row else 2 * self.k
        height, saturated = self.log_likelihood, self.saturated_log_likelihood
        counted = max(observations, estimated + 2)
        found = Criteria(
            log_likelihood=height,
            deviance=float("nan") if saturated is None else 2 * (saturated - height),
            aic=2 * estimated - 2 * height,
            bic=estimated * float(np.log(observations)) - 2 * height,
            aicc=2 * estimated * counted / (counted - estimated - 1) - 2 * height,
            parameters=estimated,
        )
        return {"ML": found}

    @property
    def points(self) -> int:
        """Of the adaptive Gauss-Hermite quadrature, for each random effect; 1 is Laplace's approximation."""
        return self.design.points

    @property
    def converged(self) -> bool:
        """Whether the maximum was found: the gradient is nothing, and the likelihood falls to all sides."""
        return self.fit.maximum.converged and self.fit.common.converged

    @cached_property
    def finer(self) -> FinerQuadrature | None:
        """The same with more points of the quadrature; None without random effects."""
        maximum = self.fit.maximum
        problem = maximum.problem
        if not problem.q or not maximum.estimated[problem.m : problem.m + problem.q].any():
            return None
        wide = int(problem.q == 2)
        points = max(_POINTS[wide], self.points + _MORE[wide])
        dense = problem.at(points)
        other = maximise(dense, maximum.parameters, ~maximum.estimated)
        if self.tau2 == 0 and self.method == "ML":
            other = highest(dense, maximum.parameters)
        beta = self.design.basis.coefficients(other.shared[None, : self.p])[0]
        tau2 = self._tau2_of(other.deviations)
        off = bool(np.any(np.abs(beta - self.beta) > MOVED_ESTIMATE * self.inference.standard_errors))
        off = off or bool(abs(np.sqrt(tau2) - self.tau) > MOVED_TAU * max(np.sqrt(tau2), self.tau))
        return FinerQuadrature(points=points, beta=beta, tau2=tau2, log_likelihood=other.log_likelihood, moved=off)

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return glmm_words.marks(self)

    def predict(self, moderators: Mapping[str, ArrayLike] | None = None, *, level: float | None = None) -> Prediction:
        """Mean effects on the log scale with confidence and prediction intervals.

        Parameters
        ----------
        moderators : mapping, optional
            Values of each moderator; without them the one mean of a model without moderators, or the fitted value of
            each study.
        level : float, optional
            A proportion; the model's own where not given.

        Raises
        ------
        MethodError
            If a moderator is missing or unknown, or a category was in no study.

        Notes
        -----
        There is no prediction interval for a common effect, nor for one or two studies.
        """
        return glmm_prediction.predict(self, moderators, self.level if level is None else level)

    def natural(
        self, moderators: Mapping[str, ArrayLike] | None = None, *, level: float | None = None
    ) -> NaturalPrediction:
        """The same as proportions, rates, odds ratios or rate ratios: of the median study, not the mean of studies."""
        return glmm_prediction.natural(self.predict(moderators, level=level), self.measure)

    def study_effects(self) -> Prediction:
        """Effect of each study given its counts and the fitted model, with prediction intervals.

        Means and standard deviations of the random effects given the counts; the uncertainty of the coefficients and
        variances is not in them.

        Raises
        ------
        MethodError
            For a common effect, which is the same in every study.
        """
        return glmm_prediction.study_effects(self)

    def summary(self) -> pd.DataFrame:
        """One row for people."""
        return glmm_tables.summary(self)

    def table(self) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, statistic, p value, interval."""
        return glmm_tables.coefficients(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return glmm_tables.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return glmm_words.explain(self)

    def __repr__(self) -> str:
        return glmm_tables.line(self)

    def _repr_html_(self) -> str:
        return glmm_tables.html_of(self)
