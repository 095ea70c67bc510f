"""Multilevel and multivariate meta-analysis: several estimates from one study, one patient, one centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level, is_number
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, basis_of
from synth.synthesis.models import DEFAULT_LEVEL
from synth.synthesis.moderators import Moderators, moderators_of, no_moderators
from synth.synthesis.multilevel.analysis import Degrees, MultilevelAnalysis, MultilevelMethod, MultilevelTest
from synth.synthesis.multilevel.blocks import block_data
from synth.synthesis.multilevel.components import hold
from synth.synthesis.multilevel.fit import maximise
from synth.synthesis.multilevel.likelihood import Likelihood, solve
from synth.synthesis.multilevel.random import (
    Columns,
    Intercept,
    Nested,
    RandomPart,
    RandomTerm,
    Structured,
    random_part,
)
from synth.synthesis.multilevel.structures import parameters_of
from synth.synthesis.studies import column, study_arrays, study_names

__all__ = ["Intercept", "MultilevelAnalysis", "Nested", "Structured", "multilevel"]

#: Largest difference of two entries of a covariance that stand for the same number, over the root of their variances.
_SYMMETRIC = 1e-8
_FIXED = ("sigma2", "tau2", "rho")


def multilevel(
    estimates: ArrayLike,
    covariance: ArrayLike,
    *,
    random: RandomTerm | Sequence[RandomTerm] = (),
    columns: Columns | None = None,
    moderators: Mapping[str, Sequence[object] | ArrayLike] | None = None,
    intercept: bool = True,
    method: MultilevelMethod = "REML",
    test: MultilevelTest = "t",
    degrees: Degrees = "contain",
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
    fixed: Mapping[Literal["sigma2", "tau2", "rho"], Sequence[float | None]] | None = None,
) -> MultilevelAnalysis:
    """Model of estimates that depend on each other, through sampling, or through true effects that are alike.

    Parameters
    ----------
    estimates : array_like, shape (n,)
        On one analysis scale.
    covariance : array_like, shape (n,) or (n, n)
        Sampling variances, or the covariance of the sampling errors where estimates share patients.
    random : Intercept, Nested or Structured, or a sequence of them
        Where true effects differ. `Nested("study", "estimate")` is the three-level model: studies differ, and so do
        estimates of one study. `Structured("outcome", "study", "UN")` is the multivariate model of several outcomes,
        `Structured("month", "study", "CAR")` one of time points. Without any, one true effect for all.
    columns : mapping of str to sequence, or DataFrame, optional
        The columns that `random` names, a value for each estimate.
    moderators : mapping of str to column, optional
        As for `meta_regression`.
    intercept : bool
        Whether the model has one.
    method : {"REML", "ML"}
        Restricted or full maximum likelihood.
    test : {"t", "normal"}
        Distribution behind tests and intervals of the coefficients.
    degrees : {"contain", "residual"}
        Degrees of freedom of t: units of the level at which a coefficient is decided, less coefficients, at least 1; or
        n - p for all. Where few studies give many estimates, only the first are near the truth.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the estimates.
    fixed : mapping, optional
        Known components, which are then not estimated: for "sigma2", "tau2" and "rho" a list as long as the model has
        of them, None for those to estimate.

    Returns
    -------
    MultilevelAnalysis

    Raises
    ------
    MethodError
        If a number is out of range (the estimate is named), the covariance is not symmetric or not positive definite, a
        column is missing, an option is unknown, or components cannot be told apart.

    References
    ----------
    Konstantopoulos 2011, Res Synth Methods 2:61-76 (three levels); Berkey, Hoaglin, Antczak-Bouckoms, Mosteller and
    Colditz 1998, Stat Med 17:2537-2550 (outcomes); Ishak, Platt, Joseph, Hanley and Caro 2007, Clin Trials 4:525-539
    (time points); Viechtbauer 2010, J Stat Softw 36(3):1-48 (the software whose conventions it follows).
    """
    check_level(level)
    _check_options(method, test, degrees)
    y, v = _data(estimates, covariance, labels)
    n = len(y)
    names = study_names(labels, n) if labels is not None else tuple(f"estimate {number}" for number in range(1, n + 1))
    part = random_part(random, {} if columns is None else columns, names)
    found = moderators_of(moderators, n, intercept=intercept, labels=names) if moderators else _constant(n, intercept)
    basis = basis_of(found.columns, found.names)
    data = block_data(y, v, basis, part)
    alone = solve(data, np.zeros(len(part.levels)), [np.zeros((item.inner.size,) * 2) for item in part.structures])
    if alone is None:
        raise _not_positive(v)
    held = hold(data, _fixed(fixed, part), restricted=method == "REML")
    if n <= basis.p and np.isnan(held.values).any():
        raise MethodError(
            f"{n} estimates and {basis.p} coefficients: variances of random effects need more estimates than that"
        )
    likelihood = Likelihood(data, method == "REML", held.structures)
    return MultilevelAnalysis(
        estimates=y,
        sampling=v,
        study_labels=None if labels is None else names,
        moderators=found,
        method=method,
        test=test,
        degrees=degrees,
        level=level,
        data_set=data,
        held=held,
        likelihood=likelihood,
        maximum=maximise(likelihood, held.values),
        alone=alone,
    )


def _constant(n: int, intercept: bool) -> Moderators:
    if not intercept:
        raise MethodError("a model without intercept and moderators has no coefficient; at least one is expected")
    return no_moderators(n)


def _check_options(method: str, test: str, degrees: str) -> None:
    options = {"method": (method, ("REML", "ML")), "test": (test, ("t", "normal"))}
    options["degrees"] = (degrees, ("contain", "residual"))
    for name, (value, known) in options.items():
        if value not in known:
            raise MethodError(f"{name} {value!r}: one of {', '.join(known)} is expected")


def _data(estimates: ArrayLike, covariance: ArrayLike, labels: Sequence[str] | None) -> tuple[FloatArray, FloatArray]:
    try:
        v = np.asarray(covariance, dtype=float)
    except (TypeError, ValueError) as error:
        raise MethodError(f"covariance: a column or a square matrix of numbers is expected ({error})") from error
    if v.ndim == 2:
        n = len(column(estimates, "estimates"))
        if v.shape != (n, n):
            raise MethodError(f"covariance of shape {v.shape} for {n} estimates: ({n}, {n}) is expected")
    elif v.ndim != 1:
        raise MethodError(f"covariance of shape {v.shape}: a column or a square matrix is expected")
    y, variances = study_arrays(estimates, v if v.ndim == 1 else np.diag(v), labels)
    if not len(y):
        raise MethodError("k = 0: there is no estimate; at least one is expected")
    return (y, variances) if v.ndim == 1 else (y, _symmetric(v, variances))


def _symmetric(v: FloatArray, variances: FloatArray) -> FloatArray:
    if not np.isfinite(v).all():
        row, other = np.argwhere(~np.isfinite(v))[0].tolist()
        raise MethodError(f"covariance of estimates {row + 1} and {other + 1} is {v[row, other]}; a number is expected")
    scale = np.sqrt(variances)
    apart = np.abs(v - v.T) / scale[:, None] / scale
    if apart.max() > _SYMMETRIC:
        row, other = np.unravel_index(int(apart.argmax()), apart.shape)
        raise MethodError(
            f"covariance of estimates {row + 1} and {other + 1} is {v[row, other]:g} one way and {v[other, row]:g} the "
            "other; a symmetric matrix is expected"
        )
    result: FloatArray = (v + v.T) / 2
    return result


def _not_positive(v: FloatArray) -> MethodError:
    if v.ndim == 1:
        return MethodError(
            "the variances lie so far apart that sums over them have no digits; nearer ones are expected"
        )
    smallest = float(np.linalg.eigvalsh(v)[0])
    return MethodError(
        f"the covariance of the sampling errors has a smallest eigenvalue of {smallest:.3g}; a positive definite "
        "matrix is expected (correlations assumed too high, or two estimates from the same figures, make it otherwise)"
    )


def _fixed(
    fixed: Mapping[Literal["sigma2", "tau2", "rho"], Sequence[float | None]] | None, part: RandomPart
) -> dict[str, FloatArray]:
    """Known components, NaN for those to estimate."""
    counts = {
        "sigma2": len(part.levels),
        "tau2": sum(item.variances for item in part.structures),
        "rho": sum(parameters_of(item).angles for item in part.structures),
    }
    if fixed is not None and not isinstance(fixed, Mapping):
        raise MethodError(f"fixed {fixed!r:.40}: a mapping of {', '.join(_FIXED)} to lists is expected")
    given: Mapping[Any, Any] = fixed or {}
    unknown = sorted(set(map(str, given)) - set(_FIXED))
    if unknown:
        raise MethodError(f"fixed {unknown[0]!r}: one of {', '.join(_FIXED)} is expected")
    found = {name: np.full(count, np.nan) for name, count in counts.items()}
    for name, values in given.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise MethodError(f"fixed {name} = {values!r:.40}: a list is expected, with None for those to estimate")
        if len(values) != counts[name]:
            raise MethodError(f"fixed {name}: {len(values)} values for the {counts[name]} of the model")
        for index, value in enumerate(values):
            least, most = (-1.0, 1.0) if name == "rho" else (0.0, np.inf)
            if value is not None and not (is_number(value) and least <= value <= most):
                raise MethodError(f"fixed {name} = {value!r}: a number from {least:g} to {most:g} is expected")
            found[name][index] = np.nan if value is None else float(value)
    return found
