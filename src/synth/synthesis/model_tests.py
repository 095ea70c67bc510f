"""Tests and criteria of a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from synth.errors import MethodError
from synth.synthesis.fitted import check_fitted
from synth.synthesis.fitting import fit_data, two_sided, wald_p
from synth.synthesis.linear import FloatArray, constant_basis, data_of, weighted_by
from synth.synthesis.scores import log_determinant

if TYPE_CHECKING:
    from synth.synthesis.meta_analysis import MetaAnalysis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaldTest:
    """Joint test of coefficients or of linear combinations of them.

    Attributes
    ----------
    statistic : float or None
        Chi-squared, or F where `df2` is given; None where an estimate has no variance, or where the estimates depend on
        each other but for rounding. Infinite beyond the range of numbers.
    df1 : int
        Combinations tested together.
    df2 : int or None
        Denominator's degrees of freedom of F.
    p_value : float or None
    estimates, standard_errors, statistics, p_values : ndarray, shape (df1,)
        Of each combination by itself; statistics are t or z.
    """

    statistic: float | None
    df1: int
    df2: int | None
    p_value: float | None
    estimates: FloatArray
    standard_errors: FloatArray
    statistics: FloatArray
    p_values: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Every result by name."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


def wald_test(model: MetaAnalysis, tested: Sequence[int | str] | None, combinations: ArrayLike | None) -> WaldTest:
    """Joint test (see `MetaAnalysis.wald_test`)."""
    rows = _combinations(model, tested, combinations)
    # A power of two for each row, so that its numbers neither overflow nor vanish; tests do not depend on it.
    scale = np.exp2(np.floor(np.log2(np.abs(rows).max(axis=1))))
    estimates, covariance = _combined(model, rows / scale[:, None])
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    degrees = np.array(np.inf if model.degrees_of_freedom is None else float(model.degrees_of_freedom))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.where(estimates == 0, 0.0, estimates / errors)
    joint, p_value = _joint(estimates, covariance, errors, float(degrees), dependent=combinations is not None)
    return WaldTest(
        statistic=joint,
        df1=len(rows),
        df2=model.degrees_of_freedom,
        p_value=p_value,
        estimates=_finite(estimates, scale),
        standard_errors=_finite(errors, scale),
        statistics=statistics,
        p_values=two_sided(statistics, degrees),
    )


def _combined(model: MetaAnalysis, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimates of linear combinations and their covariance."""
    with np.errstate(over="ignore", invalid="ignore"):
        estimates, covariance = rows @ model.beta, rows @ model.covariance @ rows.T
    if not (np.isfinite(estimates).all() and np.isfinite(covariance).all()):
        raise MethodError("the coefficients or their variances are beyond the range of numbers; another unit may help")
    return estimates, covariance


def _finite(values: FloatArray, scale: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        product = values * scale
    if not np.isfinite(product).all():
        raise MethodError("linear combinations so large that their values are beyond the range of numbers")
    return product


def _joint(
    estimates: FloatArray, covariance: FloatArray, errors: FloatArray, degrees: float, *, dependent: bool
) -> tuple[float | None, float | None]:
    if not np.all(errors > 0):
        return None, None
    correlation = _correlation(covariance, errors)
    if dependent and np.linalg.matrix_rank(correlation) < len(errors):
        raise MethodError("the linear combinations depend on each other; each must say something of its own")
    try:
        root = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        return None, None
    # Beyond the range of doubles the statistic is infinite; its p value is 0 long before.
    with np.errstate(over="ignore"):
        statistic = float(np.sum(np.linalg.solve(root, estimates / errors) ** 2))
    statistic = statistic / len(errors) if np.isfinite(degrees) else statistic
    return statistic, wald_p(statistic, len(errors), degrees)


def _correlation(covariance: FloatArray, errors: FloatArray) -> FloatArray:
    """Covariance on the scale of the standard errors, so that coefficients of any size have the same digits."""
    correlation: FloatArray = covariance / errors[:, None] / errors
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _combinations(
    model: MetaAnalysis, tested: Sequence[int | str] | None, combinations: ArrayLike | None
) -> FloatArray:
    if (tested is None) == (combinations is None):
        raise MethodError("either the coefficients to be tested or linear combinations of them are expected")
    if combinations is not None:
        try:
            rows = np.atleast_2d(np.asarray(combinations, dtype=float))
        except (TypeError, ValueError, OverflowError) as error:
            raise MethodError(f"linear combinations: rows of {model.p} numbers are expected ({error})") from error
        if rows.ndim != 2 or rows.shape[1] != model.p or not np.isfinite(rows).all() or not rows.any(axis=1).all():
            raise MethodError(
                f"linear combinations of shape {rows.shape}: rows of {model.p} finite numbers, not all 0, are expected"
            )
        return rows
    if not isinstance(tested, Sequence | np.ndarray) or isinstance(tested, str):
        raise MethodError(f"coefficients to be tested: a sequence of indices or names is expected, got {tested!r}")
    indices = [_index(model, item) for item in tested]
    if not indices or len(set(indices)) < len(indices):
        raise MethodError("coefficients to be tested: at least one, and each once, is expected")
    return np.eye(model.p)[indices]


def _index(model: MetaAnalysis, item: int | str) -> int:
    index = model.names.index(item) if isinstance(item, str) and item in model.names else item
    if not isinstance(index, int | np.integer) or not 0 <= index < model.p:
        raise MethodError(
            f"coefficient {item!r}: an index below {model.p} or one of {', '.join(model.names)} is expected"
        )
    return int(index)


#: A variance inflated by this has four digits left.
_LOST = 1e12
_COLLINEAR = "the moderators are so nearly collinear that the covariance of the coefficients has lost its digits"


def variance_inflation(model: MetaAnalysis) -> dict[str, float]:
    """Variance inflation factors (see `MetaAnalysis.vif`)."""
    first = 1 if model.moderators.intercept else 0
    covariance = model.fits.covariance[0][first:, first:]
    if not len(covariance):
        return {}
    variances = np.diag(covariance)
    if not np.all(variances > 0):
        name = model.names[first + int(np.argmin(variances > 0))]
        raise MethodError(f"coefficient {name!r}: no variance above 0, so that nothing can inflate it")
    # Of a positive definite matrix the inverse correlation has a diagonal of at least 1.
    try:
        root = np.linalg.cholesky(_correlation(covariance, np.sqrt(variances)))
    except np.linalg.LinAlgError as error:
        raise MethodError(_COLLINEAR) from error
    factors = np.sum(np.linalg.inv(root) ** 2, axis=0)
    if factors.max() > _LOST:
        raise MethodError(_COLLINEAR)
    return dict(zip(model.names[first:], factors.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """How well a model fits, by one likelihood.

    Attributes
    ----------
    log_likelihood, deviance, aic, bic, aicc : float
        The deviance by the likelihood is against a saturated model; by the restricted one it is -2 times the
        log-likelihood.
    parameters : int
        Coefficients, and one for tau2 where it was estimated.
    """

    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    aicc: float
    parameters: int


def fit_statistics(model: MetaAnalysis) -> dict[Literal["ML", "REML"], Criteria]:
    """Criteria by both likelihoods (see `MetaAnalysis.fit_statistics`)."""
    estimated = model.method != "common" and model.fixed_tau2 is None
    parameters = model.p + int(estimated)
    return {
        "ML": _criteria(*_likelihood(model), parameters, model.k),
        "REML": _criteria(*_restricted_likelihood(model), parameters, model.k - model.p),
    }


def _criteria(height: float, deviance: float, parameters: int, observations: int) -> Criteria:
    counted = max(observations, parameters + 2)
    with np.errstate(divide="ignore"):
        penalty = parameters * float(np.log(observations))
    return Criteria(
        log_likelihood=height,
        deviance=deviance,
        aic=-2 * height + 2 * parameters,
        bic=-2 * height + penalty,
        aicc=-2 * height + 2 * parameters * counted / (counted - parameters - 1),
        parameters=parameters,
    )


def _squares(model: MetaAnalysis) -> tuple[FloatArray, float]:
    totals = model.variances + model.tau2
    return totals, float(np.sum((model.estimates - model.fitted) ** 2 / totals))


def _likelihood(model: MetaAnalysis) -> tuple[float, float]:
    totals, squares = _squares(model)
    height = -0.5 * (model.k * np.log(2 * np.pi) + np.sum(np.log(totals)) + squares)
    # A saturated model has no likelihood beside a sampling variance of 0.
    all_positive = bool((model.variances > 0).all())
    saturated = -0.5 * np.sum(np.log(2 * np.pi * model.variances)) if all_positive else 0.0
    return float(height), float(-2 * (height - saturated))


def _restricted_likelihood(model: MetaAnalysis) -> tuple[float, float]:
    totals, squares = _squares(model)
    basis = model.basis
    products = np.stack([basis.products(np.ones((1, model.k)))[0], basis.products(1 / totals[None, :])[0]])
    of_columns, of_weighted = log_determinant(products)
    residual_df = model.k - model.p
    height = -0.5 * (residual_df * np.log(2 * np.pi) + np.sum(np.log(totals)) + of_weighted - of_columns + squares)
    return float(height), float(-2 * height)


def r_squared(model: MetaAnalysis) -> float | None:
    """Share of the heterogeneity accounted for (see `MetaAnalysis.r2`)."""
    if not model.has_moderators or not model.moderators.intercept or model.k <= model.p:
        return None
    data = data_of(model.estimates, model.variances, constant_basis(model.k))
    if model.method != "common":
        before = float(fit_data(data, model.method, weights=model.own_weights).tau2[0])
        return max(0.0, (before - model.tau2) / before) if before > 0 else 0.0
    weights = model.weights[None, :]
    total = float(weighted_by(data, weights).q[0]) / (model.k - 1)
    left = float(weighted_by(model.data_set, weights).q[0]) / model.q_e_df
    return max(0.0, 1 - left / total) if total > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatioTest:
    """A model against a smaller one within it.

    Attributes
    ----------
    statistic, p_value : float
        Chi-squared.
    df : int
        Coefficients that the smaller model lacks.
    r2 : float or None
        How far tau2 falls from the smaller to the larger model, a share; None where there was none to fall.
    """

    statistic: float
    df: int
    p_value: float
    r2: float | None


def likelihood_ratio_test(full: MetaAnalysis, reduced: MetaAnalysis) -> LikelihoodRatioTest:
    """Likelihood-ratio test of two nested models of the same studies.

    Raises
    ------
    MethodError
        If a model was not fitted by maximum likelihood (restricted likelihoods with other moderators cannot be
        compared), the studies differ, or the smaller model is not within the larger.
    """
    for model in (full, reduced):
        check_fitted(model, "likelihood-ratio test")
    if {full.method, reduced.method} - {"ML", "common"} or full.method != reduced.method:
        raise MethodError("likelihood-ratio test: both models by method 'ML', or both by 'common', are expected")
    same = np.array_equal(full.estimates, reduced.estimates) and np.array_equal(full.variances, reduced.variances)
    if not same:
        raise MethodError("likelihood-ratio test: both models must be of the same studies, in the same order")
    columns = np.column_stack([full.moderators.columns, reduced.moderators.columns])
    df = full.p - reduced.p
    if df < 1 or np.linalg.matrix_rank(columns) > full.p:
        raise MethodError("likelihood-ratio test: the smaller model must lack coefficients and be within the larger")
    heights = [model.fit_statistics()["ML"].log_likelihood for model in (full, reduced)]
    statistic = max(0.0, 2 * (heights[0] - heights[1]))
    before = reduced.tau2
    r2 = max(0.0, (before - full.tau2) / before) if before > 0 else None
    return LikelihoodRatioTest(statistic=statistic, df=df, p_value=float(chdtrc(df, statistic)), r2=r2)
