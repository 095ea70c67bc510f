"""How much each study moves every part of a fit, and how far it lies from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from scipy.special import chdtr

from synth.errors import MethodError
from synth.synthesis.deletion import Deletions, deletions, problem_of
from synth.synthesis.diagnostic_tables import StudyTable
from synth.synthesis.fitting import factor_of
from synth.synthesis.linear import BoolArray, FloatArray, einsum, inverse_of

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

ResidualKind = Literal["internal", "external"]

#: A hat value this near to 1 is 1 but for rounding: the study has its fitted value to itself.
_ALONE = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Residuals(StudyTable):
    """Distance of each study from its fitted value.

    Attributes
    ----------
    kind : {"internal", "external"}
        From the model with the study, or without it.
    labels : tuple of str
    residual, standard_error, z : ndarray, shape (k,)
        On the analysis scale; z is the one over the other. NaN where they are not defined.
    marks : tuple of str
    """

    kind: ResidualKind
    residual: FloatArray
    standard_error: FloatArray
    z: FloatArray

    def _columns(self) -> dict[str, Any]:
        return {"residual": self.residual, "standard_error": self.standard_error, "z": self.z}

    def _caption(self) -> str:
        which = "internally" if self.kind == "internal" else "externally"
        return f"{which} standardised residuals"


def standardised_residuals(model: MetaAnalysis, kind: ResidualKind = "internal") -> Residuals:
    """Standardised residuals of each study.

    Parameters
    ----------
    model : MetaAnalysis
    kind : {"internal", "external"}
        Internal: from the fit to all studies; the variance is the diagonal of (I - H) M (I - H)' with M the marginal
        variances. External (studentised deleted): from the fit without the study, and the variance allows for that
        fit's own, and for its Hartung-Knapp factor.

    Raises
    ------
    MethodError
        If the kind is unknown; for external ones, if there is one study only.

    References
    ----------
    Viechtbauer and Cheung 2010, Res Synth Methods 1:112-125.
    """
    if kind not in get_args(ResidualKind):
        raise MethodError(f"residuals of kind {kind!r}: 'internal' or 'external' is expected")
    return _internal(model) if kind == "internal" else _external(model, deletions(problem_of(model)))


def hat_values(model: MetaAnalysis) -> FloatArray:
    """Diagonal of the hat matrix, shape (k,): how much of its own fitted value each study determines.

    Parameters
    ----------
    model : MetaAnalysis

    Raises
    ------
    MethodError
        If the analyst's own weights leave the coefficients without a fit.
    """
    weights = 1 / (model.variances + model.tau2) if model.own_weights is None else model.own_weights
    # A scale of their own: the inverse of the products must neither overflow nor vanish.
    weights = (weights / weights.max())[None, :]
    with np.errstate(all="ignore"):
        hat: FloatArray = model.basis.leverages(weights, inverse_of(model.basis.products(weights)))[0]
    if not np.isfinite(hat).all():
        raise MethodError("the weights lie too far apart to tell the coefficients from each other")
    return np.where(hat > 1 - _ALONE, 1.0, hat)


def _internal(model: MetaAnalysis) -> Residuals:
    hat, marginal = hat_values(model), model.variances + model.tau2
    columns, model_based = model.moderators.columns, model.fits.covariance[0]
    if model.own_weights is None:
        variances = marginal * (1 - hat)
    else:
        variances = marginal * (1 - 2 * hat) + einsum("ki,ij,kj->k", columns, model_based, columns)
    alone = hat == 1
    errors = np.where(alone, 0.0, np.sqrt(np.maximum(variances, 0.0)))
    residual = np.where(alone, 0.0, model.estimates - model.fitted)
    marks = []
    if alone.any():
        names = ", ".join(model.labels[row] for row in np.flatnonzero(alone))
        marks.append(f"no standardised residual of {names}: the model fits it exactly whatever it says (hat value 1)")
    return Residuals(
        kind="internal",
        labels=model.labels,
        residual=residual,
        standard_error=errors,
        z=_ratio(residual, errors),
        marks=tuple(marks),
    )


def _external(model: MetaAnalysis, found: Deletions) -> Residuals:
    fits, columns = found.fits, model.moderators.columns
    factor = factor_of(fits, model.test)
    residual = model.estimates - einsum("ki,ki->k", columns, fits.beta)
    of_fit = einsum("ki,kij,kj->k", columns, fits.covariance, columns)
    errors = np.sqrt(factor * np.maximum(model.variances + fits.tau2 + of_fit, 0.0))
    return Residuals(
        kind="external",
        labels=model.labels,
        residual=residual,
        standard_error=errors,
        z=_ratio(residual, errors),
        marks=_marks(model, found),
    )


def _ratio(values: FloatArray, errors: FloatArray) -> FloatArray:
    """Values over errors; 0 / 0 is NaN, and another value over 0 infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return values / errors


_PER_STUDY = (
    "rstudent",
    "dffits",
    "cooks_distance",
    "covariance_ratio",
    "tau2_deleted",
    "q_e_deleted",
    "hat",
    "weight",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InfluenceSet(StudyTable):
    """Influence of each study; NaN in the rows of studies without which the model cannot be fitted.

    Attributes
    ----------
    labels, names : tuple of str
        Of studies and coefficients.
    rstudent : ndarray, shape (k,)
        Externally standardised residual.
    dffits : ndarray, shape (k,)
        Change of the study's fitted value when it is left out, in standard errors.
    cooks_distance : ndarray, shape (k,)
        Squared change of all coefficients together, in the metric of their covariance.
    covariance_ratio : ndarray, shape (k,)
        Determinant of the covariance of the coefficients without the study, over that with it.
    tau2_deleted, q_e_deleted : ndarray, shape (k,)
        Between-study variance and residual heterogeneity without the study.
    hat : ndarray, shape (k,)
        Diagonal of the hat matrix.
    weight : ndarray, shape (k,)
        Share of the weights, summing to 1.
    dfbetas : ndarray, shape (k, p)
        Change of each coefficient when the study is left out, in standard errors.
    influential : ndarray of bool, shape (k,)
        Whether any of `criteria` is met.
    criteria : tuple of str
        Cut-offs, in words.
    dffits_limit, hat_limit : float
        The two that depend on k and p.
    marks : tuple of str
    """

    names: tuple[str, ...]
    rstudent: FloatArray
    dffits: FloatArray
    cooks_distance: FloatArray
    covariance_ratio: FloatArray
    tau2_deleted: FloatArray
    q_e_deleted: FloatArray
    hat: FloatArray
    weight: FloatArray
    dfbetas: FloatArray
    influential: BoolArray
    criteria: tuple[str, ...]
    dffits_limit: float
    hat_limit: float

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {name: getattr(self, name) for name in _PER_STUDY}
        columns |= {f"dfbetas[{name}]": self.dfbetas[:, index] for index, name in enumerate(self.names)}
        return columns | {"influential": self.influential}

    def _caption(self) -> str:
        return f"influence of each study; influential where {'; or '.join(self.criteria)}"


def influence(model: MetaAnalysis) -> InfluenceSet:
    """The influence of each study on the fit.

    A study counts as influential where DFFITS is beyond 3 sqrt(p / (k - p)), Cook's distance beyond the median of the
    chi-squared distribution with p degrees of freedom, the hat value above 3 p / k, or any DFBETAS beyond 1.

    Parameters
    ----------
    model : MetaAnalysis

    Raises
    ------
    MethodError
        If there is one study only.

    References
    ----------
    Viechtbauer and Cheung 2010, Res Synth Methods 1:112-125.
    """
    found = deletions(problem_of(model))
    k, p, hat = model.k, model.p, hat_values(model)
    cooks, ratio = _together(model, found)
    dffits, dfbetas = _dffits(model, found, hat), _dfbetas(model, found)
    dffits_limit = 3 * float(np.sqrt(p / (k - p))) if k > p else np.inf
    hat_limit = 3 * p / k
    influential = (np.abs(dffits) > dffits_limit) | (hat > hat_limit) | (np.abs(dfbetas) > 1).any(axis=1)
    return InfluenceSet(
        labels=model.labels,
        names=model.names,
        rstudent=_external(model, found).z,
        dffits=dffits,
        cooks_distance=cooks,
        covariance_ratio=ratio,
        tau2_deleted=found.fits.tau2,
        q_e_deleted=found.fits.q_e,
        hat=hat,
        weight=model.weights,
        dfbetas=dfbetas,
        influential=influential | (chdtr(p, cooks) > 0.5),
        criteria=_criteria(dffits_limit, hat_limit, p),
        dffits_limit=dffits_limit,
        hat_limit=hat_limit,
        marks=_marks(model, found) + _blunt(k, p),
    )


def _dffits(model: MetaAnalysis, found: Deletions, hat: FloatArray) -> FloatArray:
    fits, columns = found.fits, model.moderators.columns
    change = einsum("ki,ki->k", columns, model.beta - fits.beta)
    if model.own_weights is None:
        variance = hat * (fits.tau2 + model.variances)
    else:
        variance = einsum("ki,kij,kj->k", columns, found.covariance_of_all, columns)
    return _ratio(change, np.sqrt(factor_of(fits, model.test) * np.maximum(variance, 0.0)))


def _dfbetas(model: MetaAnalysis, found: Deletions) -> FloatArray:
    variances = einsum("kii->ki", found.covariance_of_all) * factor_of(found.fits, model.test)[:, None]
    return _ratio(model.beta - found.fits.beta, np.sqrt(np.maximum(variances, 0.0)))


def _together(model: MetaAnalysis, found: Deletions) -> tuple[FloatArray, FloatArray]:
    """Cook's distances and covariance ratios, in the orthonormal basis, where no digits are lost."""
    triangle, fits = model.basis.triangle, found.fits
    cooks, ratio = np.full(model.k, np.nan), np.full(model.k, np.nan)
    rows = np.flatnonzero(np.isfinite(fits.tau2))
    # What is not a number here has no value: a Hartung-Knapp factor of 0, or weights too far apart.
    with np.errstate(all="ignore"):
        # Each basis coefficient's own standard deviation is its unit, so that no determinant overflows.
        unit = np.sqrt(np.diagonal(triangle @ model.fits.covariance[0] @ triangle.T))
        scaled = triangle / unit[:, None]
        whole = scaled @ model.fits.covariance[0] @ scaled.T
        change = (model.beta - fits.beta[rows]) @ scaled.T
        without = scaled @ fits.covariance[rows] @ scaled.T
        factors = factor_of(fits, model.test)[rows] / model.factor
        cooks[rows] = einsum("ki,ij,kj->k", change, inverse_of(whole[None])[0], change) / model.factor
        ratio[rows] = np.linalg.det(without) / np.linalg.det(whole) * factors**model.p
    return cooks, ratio


def _criteria(dffits_limit: float, hat_limit: float, p: int) -> tuple[str, ...]:
    return (
        f"DFFITS beyond 3 sqrt(p / (k - p)) = {dffits_limit:.4g}",
        f"Cook's distance beyond the median of chi-squared with {p} degree{'' if p == 1 else 's'} of freedom",
        f"hat value above 3 p / k = {hat_limit:.4g}",
        "any DFBETAS beyond 1",
    )


def _marks(model: MetaAnalysis, found: Deletions) -> tuple[str, ...]:
    marks = []
    if model.k - 1 == model.p:
        marks.append("k is too small for influence: without a study as many coefficients are left as studies")
    for row, reason in sorted(found.reasons.items()):
        marks.append(f"no values for {model.labels[row]}: {reason}")
    if not found.fits.converged.all():
        names = ", ".join(model.labels[row] for row in np.flatnonzero(~found.fits.converged))
        marks.append(f"the iteration for tau2 did not converge without {names}: the last value is used")
    return tuple(marks)


def _blunt(k: int, p: int) -> tuple[str, ...]:
    """Whether a cut-off can be met at all: hat values are at most 1."""
    if k > 3 * p:
        return ()
    return (f"k is too small for the cut-off of hat values: 3 p / k is {3 * p / k:.3g} and none is above 1",)
