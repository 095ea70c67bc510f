"""How far a result hangs on single studies, and how it came about: leave-one-out, cumulative analysis, Baujat's plot.

The influence of each study on every part of a fit is in `synth.synthesis.influence`; its functions are here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from synth.errors import MethodError
from synth.synthesis.deletion import deletions, fit_checked, nothing_fitted, problem_of
from synth.synthesis.diagnostic_tables import StudyTable, per_coefficient
from synth.synthesis.fitted import check_fitted
from synth.synthesis.fitting import Fits, factor_of, infer
from synth.synthesis.influence import InfluenceSet, Residuals, influence, standardised_residuals
from synth.synthesis.linear import BoolArray, FloatArray, IntArray, constant_basis, data_of
from synth.synthesis.studies import column

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

__all__ = [
    "Baujat",
    "InfluenceSet",
    "Refits",
    "Residuals",
    "baujat",
    "cumulative",
    "influence",
    "leave_one_out",
    "standardised_residuals",
]

#: Estimates that one block of cumulative fits may hold.
_BLOCK = 1 << 17


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Refits(StudyTable):
    """One model fitted again and again, each time to other studies.

    Attributes
    ----------
    kind : {"leave-one-out", "cumulative"}
    labels : tuple of str
        The study left out, or the study added last.
    names : tuple of str
        Coefficients.
    method, test : str
    level : float
        Of the intervals, a proportion.
    order : ndarray, shape (k,)
        Index, from 0, of each row's study in the model.
    k : ndarray, shape (k,)
        Studies in each fit.
    estimate, standard_error, statistic, p_value, low, high : ndarray, shape (k,), or (k, p) with moderators
        On the analysis scale.
    degrees_of_freedom : ndarray, shape (k,)
        Infinite for the normal distribution.
    q_e, q_e_p : ndarray, shape (k,)
        Residual heterogeneity and its chi-squared p value.
    tau2, i2, h2 : ndarray, shape (k,)
        i2 is a share, 0 to 1.
    converged : ndarray of bool, shape (k,)
    row_marks : tuple of str
        A short sentence about each row, or nothing.
    marks : tuple of str
        Short sentences to show beside the result.
    """

    kind: str
    names: tuple[str, ...]
    method: str
    test: str
    level: float
    order: IntArray
    k: IntArray
    estimate: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    low: FloatArray
    high: FloatArray
    degrees_of_freedom: FloatArray
    q_e: FloatArray
    q_e_p: FloatArray
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    converged: BoolArray
    row_marks: tuple[str, ...]

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {"k": self.k}
        for name in ("estimate", "standard_error", "statistic", "p_value", "low", "high"):
            columns |= per_coefficient(name, getattr(self, name), self.names)
        columns |= {name: getattr(self, name) for name in ("q_e", "q_e_p", "tau2", "i2", "h2")}
        return columns | {"mark": self.row_marks}

    def _caption(self) -> str:
        what = "each study left out" if self.kind == "leave-one-out" else "studies added one by one"
        return f"{self.kind} ({what}): {self.method}, {self.test}, {100 * self.level:g}% intervals"


def leave_one_out(model: MetaAnalysis) -> Refits:
    """The model fitted without each study.

    Parameters
    ----------
    model : MetaAnalysis
        With or without moderators; tau2 is estimated again without each study unless it was given.

    Returns
    -------
    Refits
        Row i is the fit without study i. Where the others do not suffice for the coefficients the row is NaN and
        marked.

    Raises
    ------
    MethodError
        If there is one study only.
    """
    found = deletions(problem_of(model))
    return _refits(model, "leave-one-out", np.arange(model.k), found.fits, found.reasons)


def cumulative(model: MetaAnalysis, order: ArrayLike | None = None, *, index: Sequence[int] | None = None) -> Refits:
    """The model fitted to the first study, the first two, and so on.

    Parameters
    ----------
    model : MetaAnalysis
        Without moderators.
    order : array_like, shape (k,), optional
        A value for each study, such as its year; the smallest comes first, and ties keep the given order. Without it
        (and without `index`) the studies come as given.
    index : sequence of int, optional
        In place of `order`: the studies by number, from 0, in their order.

    Returns
    -------
    Refits
        Row i is the fit to the first i + 1 studies; the first row is one study by itself.

    Raises
    ------
    MethodError
        If the model has moderators, or the order is not one of all studies.

    References
    ----------
    Lau et al. 1992, N Engl J Med 327:248-254.
    """
    check_fitted(model, "cumulative analysis")
    if model.has_moderators:
        raise MethodError("a cumulative analysis is of one summary effect; a model without moderators is expected")
    places = _order(model, order, index)
    fits, reasons = _cumulative_fits(model, places)
    return _refits(model, "cumulative", places, fits, reasons)


def _order(model: MetaAnalysis, order: ArrayLike | None, index: Sequence[int] | None) -> IntArray:
    if order is not None and index is not None:
        raise MethodError("order and index are both given; one of them is expected")
    if index is not None:
        values = column(index, "index")
        if not np.array_equal(np.sort(values), np.arange(model.k)):
            raise MethodError(f"index: every number from 0 to {model.k - 1} once is expected")
        return values.astype(np.intp)
    if order is None:
        return np.arange(model.k)
    values = column(order, "order")
    if len(values) != model.k:
        raise MethodError(f"order: {len(values)} values for {model.k} studies; one for each is expected")
    if not np.isfinite(values).all():
        name = model.labels[int(np.argmin(np.isfinite(values)))]
        raise MethodError(f"order: {name} has no finite value; one for each study is expected")
    return np.argsort(values, kind="stable")


def _cumulative_fits(model: MetaAnalysis, places: IntArray) -> tuple[Fits, dict[int, str]]:
    reasons: dict[int, str] = {}
    parts: list[Fits] = []
    start = 0
    while start < model.k:
        stop = min(model.k, start + max(1, _BLOCK // model.k))
        parts.append(_prefixes(model, places, start, stop, reasons))
        start = stop
    return _joined(parts), reasons


def _prefixes(model: MetaAnalysis, places: IntArray, start: int, stop: int, reasons: dict[int, str]) -> Fits:
    """Fits to the first start + 1, ..., stop studies."""
    first = places[:stop]
    counts = (np.arange(stop) <= np.arange(start, stop)[:, None]).astype(float)
    fixed = None if model.fixed_tau2 is None else np.full(stop - start, model.fixed_tau2)
    weights = None if model.own_weights is None else model.own_weights[first]
    try:
        if not (model.variances[first[: start + 1]].any() and (weights is None or weights[: start + 1].any())):
            raise MethodError("every sampling variance or every weight so far is 0")
        data = data_of(model.estimates[first], model.variances[first], constant_basis(stop), counts)
        return fit_checked(data, model.method, weights, fixed)
    except MethodError as error:
        if stop - start == 1:
            reasons[start] = str(error)
            return nothing_fitted(np.array([start + 1.0]), 1)
    # One row that cannot be fitted does not take the others of its block with it.
    middle = (start + stop) // 2
    halves = [_prefixes(model, places, start, middle, reasons), _prefixes(model, places, middle, stop, reasons)]
    return _joined(halves)


def _joined(parts: list[Fits]) -> Fits:
    return Fits(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fits)})


def _refits(model: MetaAnalysis, kind: str, order: IntArray, fits: Fits, reasons: dict[int, str]) -> Refits:
    found = infer(fits, model.test, model.level)
    residual_df = fits.k - fits.p
    with np.errstate(invalid="ignore"):  # rows without a fit hold NaN
        q_e_p = np.where(residual_df > 0, chdtrc(np.maximum(residual_df, 1.0), fits.q_e), fits.q_e + 1.0)
    i2, h2 = _heterogeneity(fits, model.method == "common")

    def shaped(values: FloatArray) -> FloatArray:
        return values if model.has_moderators else values[:, 0]

    return Refits(
        kind=kind,
        labels=tuple(model.labels[place] for place in order.tolist()),
        names=model.names,
        method=model.method,
        test=model.test,
        level=model.level,
        order=order,
        k=fits.k.astype(np.intp),
        estimate=shaped(fits.beta),
        standard_error=shaped(found.standard_errors),
        statistic=shaped(found.statistics),
        p_value=shaped(found.p_values),
        low=shaped(found.low),
        high=shaped(found.high),
        degrees_of_freedom=found.degrees_of_freedom,
        q_e=fits.q_e,
        q_e_p=q_e_p,
        tau2=fits.tau2,
        i2=i2,
        h2=h2,
        converged=fits.converged,
        row_marks=_row_marks(fits, reasons),
        marks=_marks(model, kind, fits, reasons),
    )


def _heterogeneity(fits: Fits, common: bool) -> tuple[FloatArray, FloatArray]:
    """I2 as a share and H2, by the definitions of `MetaAnalysis`."""
    residual_df = fits.k - fits.p
    known = residual_df > 0
    nothing = np.where(np.isnan(fits.typical_variance), np.nan, 0.0)
    if common:
        over = fits.q_e - residual_df
        i2 = np.divide(np.maximum(over, 0.0), fits.q_e, out=nothing.copy(), where=known & (fits.q_e > 0))
        h2 = np.divide(fits.q_e, residual_df, out=nothing + 1, where=known)
        return i2, h2
    i2 = np.divide(fits.tau2, fits.tau2 + fits.typical_variance, out=nothing.copy(), where=known)
    h2 = np.divide(fits.tau2, fits.typical_variance, out=nothing.copy(), where=known) + 1
    return i2, h2


def _row_marks(fits: Fits, reasons: dict[int, str]) -> tuple[str, ...]:
    marks = np.full(len(fits.k), "", dtype=object)
    marks[(fits.k == fits.p) & (fits.p > 1)] = "as many coefficients as studies: the model fits exactly"
    marks[(fits.k == 1) & (fits.p == 1)] = "one study: nothing is pooled, and tau2 is taken as 0"
    marks[_without_i2(fits)] = (
        "I2 and H2 are not defined: one study outweighs all the others, or a sampling variance is 0"
    )
    marks[~fits.converged] = "the iteration for tau2 did not converge"
    for row, reason in reasons.items():
        marks[row] = reason
    return tuple(marks.tolist())


def _without_i2(fits: Fits) -> BoolArray:
    """Rows that have a fit and no typical sampling variance."""
    lost: BoolArray = np.isnan(fits.typical_variance) & np.isfinite(fits.tau2)
    return lost


def _rows(rows: list[int]) -> str:
    return ", ".join(str(row + 1) for row in rows)


def _marks(model: MetaAnalysis, kind: str, fits: Fits, reasons: dict[int, str]) -> tuple[str, ...]:
    marks = []
    if kind == "leave-one-out" and model.k == 2:
        marks.append("k is too small for leave-one-out: with 2 studies each row is the other study by itself")
    if kind == "cumulative" and model.k > 1:
        marks.append("intervals and p values are not adjusted for looking again after each study")
    if kind == "cumulative" and model.method != "common" and model.fixed_tau2 is None:
        marks.append("tau2 is estimated in each row from its own studies: from the first few it is hardly known")
    if reasons:
        marks.append(f"rows without a fit: {_rows(sorted(reasons))}")
    lost = np.flatnonzero(_without_i2(fits))
    if len(lost):
        marks.append(f"rows without I2 and H2: {_rows(lost.tolist())}")
    if not fits.converged.all():
        marks.append("the iteration for tau2 did not converge in every row: the last value is shown")
    return tuple(marks)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Baujat(StudyTable):
    """What each study adds to heterogeneity, and what it does to the result.

    Attributes
    ----------
    labels : tuple of str
    contribution : ndarray, shape (k,)
        Squared Pearson residual, (estimate - fitted)**2 / (v + tau2): in a common-effect model the share of Q.
    influence : ndarray, shape (k,)
        Squared change of the study's fitted value when it is left out, over the variance of that fitted value without
        it.
    method : str
    marks : tuple of str
    """

    contribution: FloatArray
    influence: FloatArray
    method: str

    def _columns(self) -> dict[str, Any]:
        return {"contribution": self.contribution, "influence": self.influence}

    def _caption(self) -> str:
        return f"Baujat: heterogeneity and influence of each study ({self.method})"


def baujat(model: MetaAnalysis) -> Baujat:
    """The two axes of Baujat's plot.

    Parameters
    ----------
    model : MetaAnalysis

    Raises
    ------
    MethodError
        If there is one study only.

    References
    ----------
    Baujat, Mahe, Pignon and Hill 2002, Stat Med 21:2641-2652.
    """
    found = deletions(problem_of(model))
    columns = model.moderators.columns
    covariance = found.fits.covariance * factor_of(found.fits, model.test)[:, None, None]
    change = np.einsum("ki,ki->k", columns, found.fits.beta - model.beta)
    variance = np.einsum("ki,kij,kj->k", columns, covariance, columns)
    with np.errstate(divide="ignore", invalid="ignore"):  # a Hartung-Knapp variance of 0 where the others agree exactly
        moved = change**2 / variance
    return Baujat(
        labels=model.labels,
        contribution=(model.estimates - model.fitted) ** 2 / (model.variances + model.tau2),
        influence=moved,
        method=model.method,
        marks=_marks(model, "leave-one-out", found.fits, found.reasons),
    )
