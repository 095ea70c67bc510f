"""Cluster-robust tests and intervals: right for many clusters whatever the estimates of a cluster share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.clusters import Clusters, clusters_of, ties_between
from synth.synthesis.dependence import Column
from synth.synthesis.fitting import critical_values, two_sided, wald_p
from synth.synthesis.linear import FloatArray, as_floats, basis_of
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import one_row
from synth.synthesis.moderators import INTERCEPT
from synth.synthesis.one_effect import OneEffect
from synth.synthesis.robust import shown as robust_shown
from synth.synthesis.robust.sandwich import Kind, Sandwich, Working, hotelling_degrees, satterthwaite

if TYPE_CHECKING:
    import pandas as pd

#: Share of the model's variance of a coefficient below which what is expected of the robust one is rounding.
_NO_RESIDUAL = 1e-8
#: Units in the last place by which a residual may be off.
_PLACES = 16


@runtime_checkable
class WorkingModel(Protocol):
    """A fitted model of dependent estimates: what a robust variance needs of it."""

    @property
    def design(self) -> FloatArray:
        """Columns of the model, shape (n, p)."""

    @property
    def beta(self) -> FloatArray:
        """Coefficients, shape (p,), by generalised least squares with the inverse of `marginal_covariance`."""

    @property
    def residuals(self) -> FloatArray:
        """Estimates less fitted values, shape (n,)."""

    @property
    def marginal_covariance(self) -> FloatArray:
        """Covariance of the estimates in the model, random effects included, shape (n, n)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""

    @property
    def level(self) -> float:
        """Level of the intervals."""


@dataclass(frozen=True, eq=False)
class RobustTest:
    """Joint test of coefficients or of linear combinations of them.

    Attributes
    ----------
    statistic : float or None
        F; None where there is no test.
    df1 : int
        Combinations tested together.
    df2 : float or None
        Denominator's degrees of freedom, which need not be whole.
    p_value : float or None
    """

    statistic: float | None
    df1: int
    df2: float | None
    p_value: float | None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RobustResult(OneEffect):
    """Coefficients of a model with cluster-robust standard errors.

    Attributes
    ----------
    kind : str
        "CR0", "CR1", "CR1S" or "CR2".
    level : float
        Of the intervals, a proportion.
    names : tuple of str
        Of the coefficients.
    beta : ndarray, shape (p,)
        Coefficients of the model, as they were.
    covariance : ndarray, shape (p, p)
        Robust.
    degrees_of_freedom : ndarray, shape (p,)
        Of t for each coefficient: clusters less coefficients, or Satterthwaite's for CR2.
    clusters : Clusters
    sandwich : Sandwich
        What it was computed from.
    """

    _instead: ClassVar[str] = "use beta, or table()"

    kind: Kind
    level: float
    names: tuple[str, ...]
    beta: FloatArray
    covariance: FloatArray
    degrees_of_freedom: FloatArray
    clusters: Clusters
    sandwich: Sandwich

    @property
    def n(self) -> int:
        """Estimates."""
        return len(self.clusters.codes)

    @property
    def n_clusters(self) -> int:
        """Clusters."""
        return self.clusters.size

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, shape (p,); 0 where nothing but rounding is left of one."""
        return self._errors(np.eye(len(self.names)))

    def _errors(self, rows: FloatArray) -> FloatArray:
        """Standard errors of linear combinations, shape (q,); 0 where nothing but rounding is left of one."""
        errors = np.sqrt(np.maximum(np.diag(rows @ self.covariance @ rows.T), 0.0))
        return as_floats(np.where(errors > self.sandwich.rounding(_in_basis(self.sandwich, rows)), errors, 0.0))

    @property
    def statistics(self) -> FloatArray:
        """T of each coefficient against 0, shape (p,); NaN where the standard error is 0, as p value and limits are."""
        return as_floats(self.beta / self._told)

    @property
    def _told(self) -> FloatArray:
        """Standard errors, NaN where one is 0: no residual bears on it, and its spread is not known."""
        errors = self.standard_errors
        return as_floats(np.where(errors > 0, errors, np.nan))

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, shape (p,)."""
        return two_sided(self.statistics, self.degrees_of_freedom)

    @property
    def low(self) -> FloatArray:
        """Lower limits of the coefficients, shape (p,)."""
        return as_floats(self.beta - critical_values(self.degrees_of_freedom, self.level) * self._told)

    @property
    def high(self) -> FloatArray:
        """Upper limits of the coefficients, shape (p,)."""
        return as_floats(self.beta + critical_values(self.degrees_of_freedom, self.level) * self._told)

    @property
    def has_moderators(self) -> bool:
        """Whether there is anything but an intercept."""
        return self.names != (INTERCEPT,)

    @cached_property
    def omnibus(self) -> RobustTest:
        """Test of all coefficients but the intercept, or of the intercept where there is nothing else."""
        others = [name for name in self.names if name != INTERCEPT]
        return self.wald_test(others or list(self.names))

    def wald_test(
        self, tested: Sequence[int | str] | None = None, *, combinations: ArrayLike | None = None
    ) -> RobustTest:
        """F test that coefficients, or linear combinations of them, are all 0.

        With CR2 the approximate Hotelling's T-squared test with Zhang's degrees of freedom, else clusters less
        coefficients.

        Parameters
        ----------
        tested : sequence of int or str, optional
            Indices (from 0) or names of coefficients.
        combinations : array_like, shape (q, p), optional
            One linear combination a row.

        Raises
        ------
        MethodError
            If a coefficient is unknown or stands there twice, or the combinations are no numbers or depend on each
            other.

        References
        ----------
        Tipton and Pustejovsky 2015, J Educ Behav Stat 40:604-634.
        """
        rows = self._rows(tested, combinations)
        q = len(rows)
        errors = self._errors(rows)
        if not (errors > 0).all():
            return RobustTest(None, q, None, None)
        # In units of their standard errors, so that the unit of a moderator decides nothing.
        rows = rows / errors[:, None]
        covariance = rows @ self.covariance @ rows.T
        if np.linalg.matrix_rank(covariance) < q:
            return RobustTest(None, q, None, None)
        estimates = rows @ self.beta
        square = float(estimates @ np.linalg.solve(covariance, estimates))
        if self.kind != "CR2":
            degrees = float(self.n_clusters - len(self.names))
            return RobustTest(square / q, q, degrees, wald_p(square / q, q, degrees))
        eta = hotelling_degrees(self.sandwich.cross_products(_in_basis(self.sandwich, rows)))
        degrees = eta - q + 1
        if not degrees > 0:
            return RobustTest(None, q, None, None)
        statistic = degrees / (eta * q) * square
        return RobustTest(statistic, q, degrees, wald_p(statistic, q, degrees))

    def _rows(self, tested: Sequence[int | str] | None, combinations: ArrayLike | None) -> FloatArray:
        if (tested is None) == (combinations is None):
            raise MethodError("coefficients or combinations to test: one of the two is expected")
        if tested is None:
            return _combinations_of(combinations, len(self.names))
        if isinstance(tested, str) or not np.iterable(tested):
            raise MethodError(f"tested = {tested!r:.40}: a list of coefficients is expected")
        places = [self._place(item) for item in tested]
        if not places:
            raise MethodError("no coefficient to test; at least one is expected")
        if len(set(places)) < len(places):
            raise MethodError("a coefficient stands there twice; each must be tested once")
        return np.eye(len(self.names))[places]

    def _place(self, item: int | str) -> int:
        if isinstance(item, str) and item in self.names:
            return self.names.index(item)
        if isinstance(item, int | np.integer) and not isinstance(item, bool) and 0 <= item < len(self.names):
            return int(item)
        raise MethodError(f"coefficient {item!r}: one of {', '.join(self.names)}, or its index from 0, is expected")

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return robust_shown.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row: what was fitted, and every single number of it."""
        return one_row(self.to_dict())

    def table(self) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, statistic, degrees of freedom, p value, interval."""
        return robust_shown.table(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return robust_shown.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return robust_shown.explain(self)

    def __repr__(self) -> str:
        return robust_shown.line(self)

    def _repr_html_(self) -> str:
        return robust_shown.html_of(self)


def cluster_robust(
    model: MetaAnalysis | WorkingModel, cluster: Column, *, kind: Kind = "CR2", level: float | None = None
) -> RobustResult:
    """Cluster-robust tests and intervals of the coefficients of a model.

    The coefficients stay what they are; their standard errors no longer rest on the model's covariance being right,
    but on clusters being independent and not too few.

    Parameters
    ----------
    model : MetaAnalysis or WorkingModel
        A fitted univariate model, or one of dependent estimates.
    cluster : column of n names
        What each estimate belongs to: the study, mostly.
    kind : {"CR2", "CR1", "CR1S", "CR0"}
        Correction for few clusters: bias-reduced linearisation with Satterthwaite's degrees of freedom; the factor
        m / (m - p), for m clusters and p coefficients; the factor m (n - 1) / ((m - 1) (n - p)); none.
    level : float, optional
        Confidence level, a proportion; the model's own where not given.

    Returns
    -------
    RobustResult

    Raises
    ------
    MethodError
        If the model is of another kind, the column does not fit, there are no more clusters than coefficients, or, for
        CR2, the model ties estimates of different clusters together; two of them are named.

    References
    ----------
    Hedges, Tipton and Johnson 2010, Res Synth Methods 1:39-65; Bell and McCaffrey 2002, Surv Methodol 28:169-181;
    Tipton 2015, Psychol Methods 20:375-393; Pustejovsky and Tipton 2018, J Bus Econ Stat 36:672-683.
    """
    if kind not in get_args(Kind):
        raise MethodError(f"kind {kind!r}: one of {', '.join(get_args(Kind))} is expected")
    # Whatever is called so: other results that have coefficients are fitted by other likelihoods.
    if not isinstance(model, MetaAnalysis | WorkingModel):
        raise MethodError(
            f"a pool, a meta-regression or a multilevel model is expected, got {type(model).__name__}; a sandwich "
            "needs a model linear in the estimates and its covariance"
        )
    chosen = model.level if level is None else level
    check_level(chosen)
    p = len(model.beta)
    clusters = clusters_of(cluster, len(_design(model)))
    if clusters.size <= p:
        raise MethodError(
            f"{clusters.size} clusters for {p} coefficient{'s' if p > 1 else ''}: more clusters than coefficients are "
            "expected, or there is nothing to judge the spread between them by"
        )
    working = _working(model, clusters)
    if kind == "CR2" and not working.nested:
        one, other = ties_between(working.covariance, clusters) or (0, 0)
        raise MethodError(
            f"estimates {one + 1} and {other + 1} are of different clusters, {clusters.names[clusters.codes[one]]} and "
            f"{clusters.names[clusters.codes[other]]}, and the model ties them together; clusters within which every "
            "group of the model lies are expected, since clusters must be independent"
        )
    sandwich = Sandwich(working, kind)
    return RobustResult(
        kind=kind,
        level=chosen,
        names=tuple(model.names),
        beta=np.array(model.beta, dtype=float),
        covariance=working.basis.covariance(sandwich.covariance[None])[0],
        degrees_of_freedom=_degrees(sandwich, model.names),
        clusters=clusters,
        sandwich=sandwich,
    )


def _design(model: MetaAnalysis | WorkingModel) -> FloatArray:
    return model.moderators.columns if isinstance(model, MetaAnalysis) else model.design


def _working(model: MetaAnalysis | WorkingModel, clusters: Clusters) -> Working:
    if isinstance(model, MetaAnalysis):
        residuals = as_floats(model.estimates - model.fitted)
        return Working(
            basis=model.basis,
            residuals=residuals,
            rounding=_rounding(model.moderators.columns, model.beta, residuals),
            covariance=np.diag(model.variances + model.tau2),
            weights=model.own_weights,
            clusters=clusters,
            nested=True,
        )
    covariance = np.asarray(model.marginal_covariance, dtype=float)
    return Working(
        basis=basis_of(np.asarray(model.design, dtype=float), model.names),
        residuals=np.asarray(model.residuals, dtype=float),
        rounding=_rounding(model.design, model.beta, model.residuals),
        covariance=covariance,
        weights=None,
        clusters=clusters,
        nested=ties_between(covariance, clusters) is None,
    )


def _rounding(design: FloatArray, beta: FloatArray, residuals: FloatArray) -> FloatArray:
    """How far each residual may be off: some units in the last place of the terms that it is the difference of."""
    return as_floats(_PLACES * np.finfo(float).eps * (np.abs(design) @ np.abs(beta) + np.abs(residuals)))


def _degrees(sandwich: Sandwich, names: Sequence[str]) -> FloatArray:
    """Degrees of freedom of t for each coefficient.

    Raises
    ------
    MethodError
        If the residuals of no cluster bear on a coefficient, as where one cluster alone carries it.
    """
    p = len(names)
    found = np.full(p, float(sandwich.working.clusters.size - p))
    if not sandwich.working.nested:
        return found
    # Without a correction: a generalised inverse makes something of residuals that say nothing.
    plain = Sandwich(sandwich.working, "CR0")
    for place, (name, row) in enumerate(zip(names, _in_basis(sandwich, np.eye(p)), strict=True)):
        if not np.trace(plain.cross_products(row[None])[0, 0]) > _NO_RESIDUAL * (row @ sandwich.spread @ row):
            raise MethodError(
                f"coefficient {name!r}: one cluster alone carries it, and its residuals cannot show how it varies; "
                "a coefficient that several clusters bear on is expected"
            )
        if sandwich.kind == "CR2":
            found[place] = satterthwaite(sandwich.cross_products(row[None])[0, 0])
    return found


def _in_basis(sandwich: Sandwich, rows: FloatArray) -> FloatArray:
    """Combinations of the coefficients of the columns as given, as combinations of those of the basis."""
    return as_floats(np.linalg.solve(sandwich.working.basis.triangle.T, rows.T).T)


def _combinations_of(given: object, p: int) -> FloatArray:
    try:
        rows = np.atleast_2d(np.asarray(given, dtype=float))
    except (TypeError, ValueError) as error:
        raise MethodError(f"combinations: rows of {p} finite numbers are expected ({error})") from error
    if rows.ndim != 2 or rows.shape[1] != p or not len(rows) or not np.isfinite(rows).all():
        raise MethodError(f"combinations: rows of {p} finite numbers are expected")
    largest = np.abs(rows).max(axis=1)
    if not largest.all() or np.linalg.matrix_rank(rows / largest[:, None]) < len(rows):
        raise MethodError("the linear combinations depend on each other; each must say something of its own")
    return as_floats(rows)
