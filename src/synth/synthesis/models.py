"""Common-effect and random-effects models, with and without moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.fitting import Method, Test, fit_data, infer
from synth.synthesis.linear import FloatArray, basis_of, data_of
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.moderators import Moderators, moderators_of, no_moderators
from synth.synthesis.studies import check_weights, column, study_arrays
from synth.synthesis.tau2 import Tau2Method

__all__ = [
    "DEFAULT_LEVEL",
    "DEFAULT_TAU2",
    "DEFAULT_TEST",
    "MetaAnalysis",
    "common_effect",
    "meta_regression",
    "random_effects",
]

#: Restricted maximum likelihood: the estimator of tau2 with little bias and high efficiency in comparisons of the
#: common ones (Viechtbauer 2005, J Educ Behav Stat 30:261-293; Langan et al. 2019, Res Synth Methods 10:83-98).
DEFAULT_TAU2: Tau2Method = "REML"
#: The t distribution with the Hartung-Knapp standard error, which allows for tau2 being an estimate, but never a
#: narrower interval than the model-based standard error gives (Roever, Knapp and Friede 2015, BMC Med Res Methodol
#: 15:99).
DEFAULT_TEST: Test = "hartung-knapp-guarded"
#: The level that clinical journals print.
DEFAULT_LEVEL = 0.95


def random_effects(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    method: Tau2Method = DEFAULT_TAU2,
    test: Test = DEFAULT_TEST,
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
    tau2: float | None = None,
    weights: ArrayLike | Literal["equal"] | None = None,
) -> MetaAnalysis:
    """Random-effects model: the mean of a distribution of true effects.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        Independent estimates on one analysis scale, and their sampling variances. k = 1 is allowed and marked.
    method : Tau2Method
        Estimator of the between-study variance.
    test : {"hartung-knapp-guarded", "hartung-knapp", "t", "normal"}
        Standard error and distribution behind tests and intervals.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the studies.
    tau2 : float, optional
        A known between-study variance, which is then not estimated.
    weights : array_like, shape (k,), or "equal", optional
        The analyst's own weights in place of 1 / (v + tau2).

    Returns
    -------
    MetaAnalysis

    Raises
    ------
    MethodError
        If a number is out of range (the study is named), or an option is unknown.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261-293 (estimators); Hartung and Knapp 2001, Stat Med 20:3875-3889.
    """
    y, v = _studies(estimates, variances, labels)
    return _fit(y, v, no_moderators(len(y)), method, test, level, labels, tau2, weights)


def common_effect(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    moderators: Mapping[str, Sequence[object] | ArrayLike] | None = None,
    test: Test = "normal",
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
    weights: ArrayLike | Literal["equal"] | None = None,
    intercept: bool = True,
) -> MetaAnalysis:
    """Common-effect (fixed-effect) model: one true effect, or one regression line, for all studies.

    Parameters and errors are those of `random_effects` and `meta_regression`; there is no between-study variance.
    """
    y, v = _studies(estimates, variances, labels)
    columns = moderators_of(moderators or {}, len(y), intercept=intercept, labels=labels) if moderators else None
    return _fit(y, v, columns or no_moderators(len(y)), "common", test, level, labels, None, weights)


def meta_regression(
    estimates: ArrayLike,
    variances: ArrayLike,
    moderators: Mapping[str, Sequence[object] | ArrayLike],
    *,
    intercept: bool = True,
    method: Method = DEFAULT_TAU2,
    test: Test | None = None,
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
    tau2: float | None = None,
    weights: ArrayLike | Literal["equal"] | None = None,
) -> MetaAnalysis:
    """Mixed-effects meta-regression.

    Parameters
    ----------
    estimates, variances, level, labels, tau2, weights
        As for `random_effects`.
    moderators : mapping of str to column
        Numbers, or texts for categories (a column for each level but the first in sorted order).
    intercept : bool
        Whether the model has one.
    method : Method
        Estimator of the residual between-study variance, or "common" for none.
    test : Test, optional
        As for `random_effects`; where not given the normal one for "common", else the guarded Hartung-Knapp one.

    Returns
    -------
    MetaAnalysis

    Raises
    ------
    MethodError
        As for `random_effects`; if a value of a moderator is missing, a column follows from others, or there are fewer
        studies than coefficients.

    References
    ----------
    Thompson and Higgins 2002, Stat Med 21:1559-1573; Knapp and Hartung 2003, Stat Med 22:2693-2710.
    """
    y, v = _studies(estimates, variances, labels)
    columns = moderators_of(moderators, len(y), intercept=intercept, labels=labels)
    return _fit(y, v, columns, method, test or default_test(method), level, labels, tau2, weights)


def default_test(method: Method) -> Test:
    """The test that goes with a method where none is asked for: a common effect has no tau2 to allow for."""
    return "normal" if method == "common" else DEFAULT_TEST


def _studies(estimates: ArrayLike, variances: ArrayLike, labels: Sequence[str] | None) -> tuple[FloatArray, FloatArray]:
    y, v = study_arrays(estimates, variances, labels, zero_variances=True)
    if not len(y):
        raise MethodError("k = 0: there is no estimate; at least one is expected")
    if not np.any(v > 0):
        raise MethodError("every sampling variance is 0; at least one above 0 is expected")
    return y, v


def _fit(
    y: FloatArray,
    v: FloatArray,
    moderators: Moderators,
    method: Method,
    test: Test,
    level: float,
    labels: Sequence[str] | None,
    tau2: float | None,
    weights: ArrayLike | Literal["equal"] | None,
) -> MetaAnalysis:
    check_level(level)
    if test not in get_args(Test):
        raise MethodError(f"test {test!r}: one of {', '.join(get_args(Test))} is expected")
    if method != "common" and method not in get_args(Tau2Method):
        raise MethodError(f"method {method!r}: 'common' or one of {', '.join(get_args(Tau2Method))} is expected")
    known = None if tau2 is None else _known_tau2(tau2, method)
    own = _own_weights(weights, len(y))
    basis = basis_of(moderators.columns, moderators.names)
    data = data_of(y, v, basis)
    fits = fit_data(data, method, weights=own, tau2=known)
    return MetaAnalysis(
        estimates=y,
        variances=v,
        study_labels=None if labels is None else tuple(map(str, labels)),
        moderators=moderators,
        method=method,
        test=test,
        level=level,
        own_weights=own,
        fixed_tau2=None if known is None else float(known[0]),
        data_set=data,
        fits=fits,
        inference=infer(fits, test, level),
    )


def _known_tau2(tau2: float, method: Method) -> FloatArray:
    if method == "common":
        raise MethodError(f"tau2 = {tau2} in a common-effect model, which has none; a random-effects model is expected")
    value = column([tau2], "tau2")
    if not (np.isfinite(value[0]) and value[0] >= 0):
        raise MethodError(f"tau2 = {tau2}: a finite number of at least 0 is expected")
    return value


def _own_weights(weights: ArrayLike | Literal["equal"] | None, k: int) -> FloatArray | None:
    if weights is None:
        return None
    if isinstance(weights, str):
        if weights != "equal":
            raise MethodError(f"weights {weights!r}: a column of numbers or 'equal' is expected")
        return np.ones(k)
    values = column(weights, "weights")
    if len(values) != k:
        raise MethodError(f"{len(values)} weights for {k} estimates: one weight for each is expected")
    check_weights(values)
    return values
