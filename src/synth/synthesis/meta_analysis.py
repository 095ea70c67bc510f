"""A fitted univariate model: every result by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.synthesis import explanations, model_tables, model_tests, prediction, tau2_intervals
from synth.synthesis.fitting import Fits, Inference, Method, Test, wald_p
from synth.synthesis.linear import Basis, Data, FloatArray
from synth.synthesis.model_tests import Criteria, WaldTest
from synth.synthesis.moderators import Moderators
from synth.synthesis.one_effect import OneEffect
from synth.synthesis.prediction import Prediction, PredictionMethod
from synth.synthesis.studies import study_names
from synth.synthesis.tau2_intervals import Tau2Interval, Tau2IntervalMethod

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MetaAnalysis(OneEffect):
    """A fitted univariate model.

    Attributes
    ----------
    estimates, variances : ndarray, shape (k,)
        As given, on the analysis scale.
    study_labels : tuple of str or None
        As given; `labels` has a name for every study.
    moderators : Moderators
        Columns of the model.
    method : str
        "common", or the estimator of tau2.
    test : str
        "normal", "t", "hartung-knapp" or "hartung-knapp-guarded".
    level : float
        Of the intervals, a proportion.
    own_weights : ndarray or None
        The analyst's weights of the studies for the coefficients.
    fixed_tau2 : float or None
        A between-study variance that was given and not estimated.
    data_set : Data
        The same in a unit of its own.
    fits : Fits
        The numbers of the fit, a batch of one.
    inference : Inference
        Tests and intervals of the coefficients, a batch of one.
    """

    estimates: FloatArray
    variances: FloatArray
    study_labels: tuple[str, ...] | None
    moderators: Moderators
    method: Method
    test: Test
    level: float
    own_weights: FloatArray | None
    fixed_tau2: float | None
    data_set: Data
    fits: Fits
    inference: Inference

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.estimates)

    @property
    def p(self) -> int:
        """Coefficients."""
        return self.fits.p

    @property
    def basis(self) -> Basis:
        """Columns in an orthonormal basis."""
        return self.data_set.basis

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each study."""
        return study_names(self.study_labels, self.k)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.moderators.names

    @property
    def beta(self) -> FloatArray:
        """Coefficients, shape (p,)."""
        result: FloatArray = self.fits.beta[0]
        return result

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the coefficients, with the Hartung-Knapp factor where the test has one, shape (p, p)."""
        result: FloatArray = self.fits.covariance[0] * self.factor
        return result

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, shape (p,)."""
        result: FloatArray = self.inference.standard_errors[0]
        return result

    @property
    def statistics(self) -> FloatArray:
        """T or z of each coefficient against 0, shape (p,); infinite where the standard error is 0."""
        result: FloatArray = self.inference.statistics[0]
        return result

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, shape (p,)."""
        result: FloatArray = self.inference.p_values[0]
        return result

    @property
    def low(self) -> FloatArray:
        """Lower limits of the coefficients, shape (p,)."""
        result: FloatArray = self.inference.low[0]
        return result

    @property
    def high(self) -> FloatArray:
        """Upper limits of the coefficients, shape (p,)."""
        result: FloatArray = self.inference.high[0]
        return result

    @property
    def degrees_of_freedom(self) -> int | None:
        """Of the t distribution behind tests and intervals; None means the normal distribution."""
        degrees = float(self.inference.degrees_of_freedom[0])
        return int(degrees) if np.isfinite(degrees) else None

    @property
    def has_moderators(self) -> bool:
        """Whether there is anything but an intercept."""
        return bool(self.moderators.codings)

    @property
    def tau2(self) -> float:
        """Between-study variance, left after the moderators; 0 in a common-effect model."""
        return float(self.fits.tau2[0])

    @property
    def tau(self) -> float:
        """Between-study standard deviation."""
        return float(np.sqrt(self.tau2))

    @cached_property
    def tau2_se(self) -> float | None:
        """Standard error of tau2 by the estimator's formula, at a given tau2 too; None in a common-effect model."""
        return tau2_intervals.tau2_standard_error(self)

    @property
    def converged(self) -> bool:
        """Whether the iteration for tau2 ended by its rule."""
        return bool(self.fits.converged[0])

    @property
    def s2w(self) -> float:
        """Hartung-Knapp factor of the test in use: 1 for the normal and the plain t test."""
        return self.factor

    @property
    def factor(self) -> float:
        """What the model-based covariance was multiplied by."""
        if self.test in ("normal", "t"):
            return 1.0
        value = float(self.fits.s2w[0])
        return max(value, 1.0) if self.test == "hartung-knapp-guarded" else value

    @property
    def guard_applied(self) -> bool:
        """Whether the Hartung-Knapp standard error was the smaller one, so that the model-based one was used."""
        # With equal variances, and with Paule-Mandel, the two are equal but for rounding, which is no reason.
        return self.test == "hartung-knapp-guarded" and float(self.fits.s2w[0]) < 1 - 2e-9

    @property
    def q_e(self) -> float | None:
        """Residual heterogeneity: Cochran's Q without moderators; None beside a sampling variance of 0."""
        return _number(self.fits.q_e[0])

    @property
    def q_e_df(self) -> int:
        """Degrees of freedom of `q_e`."""
        return self.k - self.p

    @property
    def q_e_p(self) -> float | None:
        """Chi-squared p value of `q_e`."""
        if self.q_e is None:
            return None
        return wald_p(self.q_e, self.q_e_df, np.inf) if self.q_e_df > 0 else 1.0

    @property
    def typical_variance(self) -> float | None:
        """Typical sampling variance (Higgins and Thompson 2002, Stat Med 21:1539-1558)."""
        return _number(self.fits.typical_variance[0])

    @property
    def i2(self) -> float | None:
        """Share of the variance that lies between studies, 0 to 1."""
        return self._heterogeneity()[0]

    @property
    def h2(self) -> float | None:
        """Total over sampling variance, from 1; for a common-effect model Q over its degrees of freedom."""
        return self._heterogeneity()[1]

    def _heterogeneity(self) -> tuple[float | None, float | None]:
        typical, q = self.typical_variance, self.q_e
        if typical is None or q is None:
            return None, None
        if self.q_e_df == 0:
            return 0.0, 1.0
        if self.method == "common":
            return (max(0.0, (q - self.q_e_df) / q) if q > 0 else 0.0), q / self.q_e_df
        return self.tau2 / (self.tau2 + typical), self.tau2 / typical + 1

    @cached_property
    def r2(self) -> float | None:
        """Share of the heterogeneity that the moderators account for, 0 to 1; None without moderators or intercept.

        Random effects: how far tau2 fell against the model without moderators (Raudenbush 2009); 0, with a mark, where
        there was none to fall. Common effect: the adjusted coefficient of determination of the weighted regression.
        """
        return model_tests.r_squared(self)

    @property
    def q_m(self) -> float | None:
        """Omnibus test of the moderators, or of the intercept where there are none: chi-squared, or F with a t test."""
        return self._omnibus.statistic

    @property
    def q_m_df(self) -> int:
        """Coefficients tested together."""
        return self._omnibus.df1

    @property
    def q_m_df2(self) -> int | None:
        """Denominator's degrees of freedom where `q_m` is F."""
        return self._omnibus.df2

    @property
    def q_m_p(self) -> float | None:
        """P value of `q_m`."""
        return self._omnibus.p_value

    @cached_property
    def _omnibus(self) -> WaldTest:
        return self.wald_test(self.moderators.tested)

    @cached_property
    def weights(self) -> FloatArray:
        """Share of each study in the coefficients, summing to 1, shape (k,)."""
        totals = self.variances + self.tau2
        weights = totals.min() / totals if self.own_weights is None else self.own_weights
        result: FloatArray = weights / weights.sum()
        return result

    @cached_property
    def fitted(self) -> FloatArray:
        """Fitted values, shape (k,)."""
        fitted: FloatArray = self.moderators.columns @ self.beta
        return fitted

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return explanations.marks(self)

    def fit_statistics(self) -> dict[Literal["ML", "REML"], Criteria]:
        """Log-likelihood, deviance, AIC, BIC and AICc, by the likelihood and by the restricted one."""
        return model_tests.fit_statistics(self)

    def tau2_interval(self, method: Tau2IntervalMethod = "q-profile", level: float | None = None) -> Tau2Interval:
        """Confidence interval of tau2, tau, I2 and H2.

        Parameters
        ----------
        method : {"q-profile", "generalised-q", "profile-likelihood"}
            The second goes with DL, HE and GENQ, the third with ML and REML, the first with any estimator.
        level : float, optional
            A proportion; the model's own where not given.

        Raises
        ------
        MethodError
            If tau2 was not estimated, or the method does not go with the estimator.
        """
        return tau2_intervals.tau2_interval(self, method, self.level if level is None else level)

    def predict(
        self,
        moderators: Mapping[str, ArrayLike] | None = None,
        *,
        prediction_method: PredictionMethod = "model",
        level: float | None = None,
    ) -> Prediction:
        """Mean effects with confidence and prediction intervals.

        Parameters
        ----------
        moderators : mapping, optional
            Values of each moderator; without them the one mean of a model without moderators, or the fitted value of
            each study.
        prediction_method : {"model", "riley"}
            Distribution of the prediction interval: that of the model's test, as metafor has it, or t with k - p - 1
            degrees of freedom (Riley, Higgins and Deeks 2011, BMJ 342:d549), k - p where tau2 was given, at least 1.
        level : float, optional
            A proportion; the model's own where not given.

        Raises
        ------
        MethodError
            If a moderator is missing or unknown, or a category was in no study.
        """
        return prediction.predict(self, moderators, prediction_method, self.level if level is None else level)

    def blup(self) -> Prediction:
        """Best linear unbiased prediction of the true effect of each study, with prediction intervals.

        References
        ----------
        Raudenbush and Bryk 1985, J Educ Stat 10:75-98.
        """
        return prediction.blup(self)

    def wald_test(
        self, tested: Sequence[int | str] | None = None, *, combinations: ArrayLike | None = None
    ) -> WaldTest:
        """Test that coefficients, or linear combinations of them, are all 0.

        Parameters
        ----------
        tested : sequence of int or str, optional
            Indices (from 0) or names of coefficients.
        combinations : array_like, shape (m, p), optional
            One linear combination a row; its columns are the coefficients with the intercept first.

        Raises
        ------
        MethodError
            If a coefficient is unknown, or the combinations depend on each other.
        """
        return model_tests.wald_test(self, tested, combinations)

    def vif(self) -> dict[str, float]:
        """Variance inflation factor of each coefficient but the intercept."""
        return model_tests.variance_inflation(self)

    def summary(self) -> pd.DataFrame:
        """One row for people: how many studies, heterogeneity and its tests."""
        return model_tables.summary(self)

    def table(self) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, statistic, p value, interval."""
        return model_tables.coefficients(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, on the analysis scale, in numbers, texts and lists that JSON holds."""
        return model_tables.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return explanations.explain(self)

    def __repr__(self) -> str:
        return model_tables.line(self)

    def _repr_html_(self) -> str:
        return model_tables.html_of(self)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
