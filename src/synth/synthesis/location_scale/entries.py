"""Location-scale models: moderators of the mean effect, and of how much true effects differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.fitting import Inference, infer_from, wald_p
from synth.synthesis.linear import Basis, FloatArray, as_floats, basis_of
from synth.synthesis.location_scale import shown as location_scale_shown
from synth.synthesis.location_scale.fit import Likelihood, Link, Maximum, covariance_of, maximise, unit_of
from synth.synthesis.model_tables import one_row
from synth.synthesis.models import DEFAULT_LEVEL, common_effect, random_effects
from synth.synthesis.moderators import Moderators, moderators_of, no_moderators
from synth.synthesis.one_effect import OneEffect
from synth.synthesis.studies import study_arrays, study_names

if TYPE_CHECKING:
    import pandas as pd

LocationScaleMethod = Literal["REML", "ML"]
LocationScaleTest = Literal["t", "normal"]
#: Logarithm whose exponential still is a number.
_LARGEST_LOG = 700.0
Columns = Mapping[str, Sequence[object] | ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class Omnibus:
    """Joint test of coefficients.

    Attributes
    ----------
    statistic : float or None
        Chi-squared, or F where `df2` is given; None where a coefficient has no standard error.
    df1 : int
    df2 : int or None
    p_value : float or None
    """

    statistic: float | None
    df1: int
    df2: int | None
    p_value: float | None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LocationScale(OneEffect):
    """A fitted location-scale model.

    Attributes
    ----------
    estimates, variances : ndarray, shape (k,)
    study_labels : tuple of str or None
    location, scale : Moderators
        Columns of the mean, and of tau2.
    link : {"log", "identity"}
        Whether the scale columns give the logarithm of tau2, or tau2 itself.
    method : {"REML", "ML"}
    test : {"t", "normal"}
        t has k - p degrees of freedom for the location and k - q for the scale.
    level : float
        Of the intervals, a proportion.
    beta, alpha : ndarray, shapes (p,) and (q,)
        Coefficients of the location and of the scale.
    covariance, alpha_covariance : ndarray, shapes (p, p) and (q, q)
        The second NaN where there is none.
    tau2 : ndarray, shape (k,)
        Between-study variance at each study's scale columns.
    log_likelihood : float
        Of the method.
    maximum : Maximum
        How it was found.
    """

    _instead: ClassVar[str] = "use beta"
    _moderated: ClassVar[str] = "moderators of the mean"

    estimates: FloatArray
    variances: FloatArray
    study_labels: tuple[str, ...] | None
    location: Moderators
    scale: Moderators
    link: Link
    method: LocationScaleMethod
    test: LocationScaleTest
    level: float
    beta: FloatArray
    covariance: FloatArray
    alpha: FloatArray
    alpha_covariance: FloatArray
    tau2: FloatArray
    log_likelihood: float
    maximum: Maximum

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.estimates)

    @property
    def p(self) -> int:
        """Location coefficients."""
        return len(self.beta)

    @property
    def q(self) -> int:
        """Scale coefficients."""
        return len(self.alpha)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the location coefficients."""
        return self.location.names

    @property
    def scale_names(self) -> tuple[str, ...]:
        """Names of the scale coefficients."""
        return self.scale.names

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each study."""
        return study_names(self.study_labels, self.k)

    @cached_property
    def inference(self) -> Inference:
        """Tests and intervals of the location coefficients."""
        return self._inference(self.beta, self.covariance)

    @cached_property
    def alpha_inference(self) -> Inference:
        """Tests and intervals of the scale coefficients."""
        return self._inference(self.alpha, self.alpha_covariance)

    def _inference(self, values: FloatArray, covariance: FloatArray) -> Inference:
        degrees = np.full(len(values), self._degrees(len(values)))
        return infer_from(values, as_floats(np.sqrt(np.diag(covariance))), degrees, self.level)

    def _degrees(self, size: int) -> float:
        return float(self.k - size) if self.test == "t" and self.k > size else float("inf")

    @property
    def standard_errors(self) -> FloatArray:
        """Of the location coefficients, shape (p,)."""
        return self.inference.standard_errors

    @property
    def statistics(self) -> FloatArray:
        """T or z of the location coefficients, shape (p,)."""
        return self.inference.statistics

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, of the location coefficients, shape (p,)."""
        return self.inference.p_values

    @property
    def low(self) -> FloatArray:
        """Lower limits of the location coefficients, shape (p,)."""
        return self.inference.low

    @property
    def high(self) -> FloatArray:
        """Upper limits of the location coefficients, shape (p,)."""
        return self.inference.high

    @property
    def has_moderators(self) -> bool:
        """Whether the mean has anything but an intercept; the scale may have coefficients of its own."""
        return bool(self.location.codings)

    @property
    def alpha_standard_errors(self) -> FloatArray:
        """Of the scale coefficients, shape (q,); NaN where there are none."""
        return self.alpha_inference.standard_errors

    @cached_property
    def _at_sampling_variances(self) -> tuple[float, int, float]:
        columns = self.location.columns
        root = 1 / np.sqrt(self.variances)
        rows = np.linalg.qr(columns * root[:, None])[0]
        residuals = root * self.estimates - rows @ (rows.T @ (root * self.estimates))
        df = self.k - self.p
        q = float(residuals @ residuals)
        return q, df, wald_p(q, df, np.inf) if df else 1.0

    @property
    def q_e(self) -> float:
        """Residual heterogeneity: the weighted sum of squares at weights 1 / v."""
        return self._at_sampling_variances[0]

    @property
    def q_e_df(self) -> int:
        """Degrees of freedom of `q_e`."""
        return self._at_sampling_variances[1]

    @property
    def q_e_p(self) -> float:
        """Chi-squared p value of `q_e`."""
        return self._at_sampling_variances[2]

    @cached_property
    def location_test(self) -> Omnibus:
        """Joint test of the location's moderators, or of its intercept where there is nothing else."""
        return self._omnibus(self.beta, self.covariance, self.location)

    @cached_property
    def scale_test(self) -> Omnibus:
        """Joint test of the scale's moderators, or of its intercept where there is nothing else."""
        return self._omnibus(self.alpha, self.alpha_covariance, self.scale)

    def _omnibus(self, values: FloatArray, covariance: FloatArray, columns: Moderators) -> Omnibus:
        tested = list(columns.tested)
        degrees = self._degrees(len(values))
        df2 = int(degrees) if np.isfinite(degrees) else None
        part = covariance[np.ix_(tested, tested)]
        errors = np.sqrt(np.diag(part))
        if np.isnan(part).any() or not (errors > 0).all():
            return Omnibus(None, len(tested), df2, None)
        # By correlations, which no moderator's unit moves.
        correlations, z = part / np.outer(errors, errors), values[tested] / errors
        if np.linalg.matrix_rank(correlations) < len(tested):
            return Omnibus(None, len(tested), df2, None)
        square = float(z @ np.linalg.solve(correlations, z))
        statistic = square if df2 is None else square / len(tested)
        return Omnibus(statistic, len(tested), df2, wald_p(statistic, len(tested), degrees))

    @property
    def converged(self) -> bool:
        """Whether the likelihood is flat where the search ended."""
        return self.maximum.converged

    @property
    def aic(self) -> float:
        """Akaike's criterion by the method's likelihood, with p + q parameters."""
        return -2 * self.log_likelihood + 2 * (self.p + self.q)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with k studies for ML and k - p for REML."""
        observations = self.k if self.method == "ML" else self.k - self.p
        return -2 * self.log_likelihood + (self.p + self.q) * float(np.log(observations))

    def tau2_at(self, scale: Mapping[str, ArrayLike]) -> FloatArray:
        """Between-study variance at chosen values of the scale's moderators, shape (n,).

        Raises
        ------
        MethodError
            If a moderator is missing or unknown, an identity link gives a variance below 0 there, or the line of a
            logarithm leaves the range of numbers.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            predictor = self.scale.rows(scale) @ self.alpha
        if self.link == "log":
            if not (np.abs(predictor) < _LARGEST_LOG).all():
                raise MethodError(
                    f"logarithms of tau2 up to {np.abs(predictor).max():.3g} at these values of the scale: no number "
                    "has them; values nearer to those of the studies are expected"
                )
            return as_floats(np.exp(predictor))
        if not (predictor >= -1e-9 * float(np.median(self.variances))).all():
            raise MethodError("tau2 below 0 at these values of the scale: the line of an identity link goes no further")
        # On its bound it is 0 but for rounding.
        return as_floats(np.maximum(predictor, 0.0))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return location_scale_shown.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row: what was fitted, and every single number of it."""
        return one_row(self.to_dict())

    def table(self) -> pd.DataFrame:
        """One row a coefficient of the location and of the scale."""
        return location_scale_shown.table(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return location_scale_shown.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return location_scale_shown.explain(self)

    def __repr__(self) -> str:
        return location_scale_shown.line(self)

    def _repr_html_(self) -> str:
        return location_scale_shown.html_of(self)


def location_scale(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    location: Columns | None = None,
    scale: Columns | None = None,
    intercept: bool = True,
    scale_intercept: bool = True,
    link: Link = "log",
    method: LocationScaleMethod = "REML",
    test: LocationScaleTest = "t",
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
) -> LocationScale:
    """Random-effects model in which the mean and the between-study variance each have moderators.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        Independent estimates on one analysis scale, and their sampling variances, above 0.
    location, scale : mapping of str to column, optional
        Moderators of the mean, and of the variance: numbers, or texts for categories.
    intercept, scale_intercept : bool
        Whether each part has one.
    link : {"log", "identity"}
        The scale columns give the logarithm of tau2, or tau2 itself, which then is bounded by 0.
    method : {"REML", "ML"}
        Restricted or full maximum likelihood.
    test : {"t", "normal"}
        Distribution behind tests and intervals.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the studies.

    Returns
    -------
    LocationScale

    Raises
    ------
    MethodError
        If a number is out of range (the study is named), an option is unknown, columns depend on each other, or there
        are fewer studies than coefficients of both parts.

    References
    ----------
    Viechtbauer and Lopez-Lopez, Location-scale models for meta-analysis, Res Synth Methods, doi 10.1002/jrsm.1562.
    """
    check_level(level)
    _check_option("link", link, get_args(Link))
    _check_option("method", method, get_args(LocationScaleMethod))
    _check_option("test", test, get_args(LocationScaleTest))
    y, v = study_arrays(estimates, variances, labels)
    if not len(y):
        raise MethodError("k = 0: there is no estimate; at least one is expected")
    means = _columns(location, len(y), intercept, labels, "location")
    spreads = _columns(scale, len(y), scale_intercept, labels, "scale")
    p, q = len(means.names), len(spreads.names)
    if len(y) < p + q:
        raise MethodError(
            f"{len(y)} studies for {p} location and {q} scale coefficients: at least {p + q} are expected"
        )
    bases = basis_of(means.columns, means.names), basis_of(spreads.columns, spreads.names)
    unit = unit_of(v)
    own = y / unit, v / unit**2
    likelihood = Likelihood(*own, bases[0].rows, bases[1].rows, link, method == "REML", unit)
    found = maximise(likelihood, _plain_tau2(*own))
    gamma, spread = likelihood.coefficients(found.omega)
    # The logarithm of tau2 is that of the unit of the data already.
    squared = unit**2 if link == "identity" else 1.0
    seen = len(y) - (p if method == "REML" else 0)
    return LocationScale(
        estimates=y,
        variances=v,
        study_labels=None if labels is None else tuple(map(str, labels)),
        location=means,
        scale=spreads,
        link=link,
        method=method,
        test=test,
        level=level,
        beta=_as_given(bases[0], gamma * unit),
        covariance=bases[0].covariance(spread[None])[0] * unit**2,
        alpha=_as_given(bases[1], found.omega * squared),
        alpha_covariance=_scale_covariance(bases[1], covariance_of(found, likelihood)) * squared**2,
        tau2=np.maximum(likelihood.tau2(found.omega), 0.0) * unit**2,
        log_likelihood=found.height - seen * float(np.log(unit)),
        maximum=found,
    )


def _check_option(name: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise MethodError(f"{name} {value!r}: one of {', '.join(known)} is expected")


def _columns(given: Columns | None, k: int, intercept: bool, labels: Sequence[str] | None, part: str) -> Moderators:
    if given:
        return moderators_of(given, k, intercept=intercept, labels=labels)
    if not intercept:
        raise MethodError(f"{part}: neither intercept nor moderators; at least one is expected")
    return no_moderators(k)


def _plain_tau2(y: FloatArray, v: FloatArray) -> float:
    """A between-study variance to start from."""
    return random_effects(y, v, method="DL").tau2 if len(y) > 1 else common_effect(y, v).tau2


def _as_given(basis: Basis, values: FloatArray) -> FloatArray:
    return as_floats(basis.coefficients(values[None])[0])


def _scale_covariance(basis: Basis, covariance: FloatArray | None) -> FloatArray:
    if covariance is None:
        return np.full((basis.p, basis.p), np.nan)
    result: FloatArray = basis.covariance(covariance[None])[0]
    # A coefficient that the bounds hold has no spread by this matrix: nothing is known of its own. The most that each
    # could have is in its own unit.
    most = np.diag(basis.covariance(np.eye(basis.p)[None])[0]) * np.diag(covariance).max()
    held = ~(np.diag(result) > 1e-12 * most)
    result[held, :], result[:, held] = np.nan, np.nan
    return result
