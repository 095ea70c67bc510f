"""Regression tests for funnel plot asymmetry: estimates against a measure of a study's size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import Interval
from synth.errors import MethodError
from synth.synthesis.fitting import Fits, Inference, Test, fit_data, infer
from synth.synthesis.linear import FloatArray, basis_of, data_of
from synth.synthesis.models import MetaAnalysis
from synth.synthesis.small_study.guarded import refusing_lost_digits
from synth.synthesis.small_study.shown import Cell, Shown, number
from synth.synthesis.small_study.sources import how_many, paragraph, too_few
from synth.synthesis.studies import column
from synth.synthesis.tau2 import TAU2_NAMES

Kind = Literal["mixed", "classic"]
Predictor = Literal[
    "standard error",
    "variance",
    "sample size",
    "inverse sample size",
    "root sample size",
    "inverse root sample size",
]

#: Each predictor from variances and sample sizes.
_PREDICTORS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "standard error": lambda v, _: np.sqrt(v),
    "variance": lambda v, _: v,
    "sample size": lambda _, n: n,
    "inverse sample size": lambda _, n: 1 / n,
    "root sample size": lambda _, n: np.sqrt(n),
    "inverse root sample size": lambda _, n: 1 / np.sqrt(n),
}
#: Those that go to 0 as a study grows, so that the intercept is the effect in a study without end.
_SHRINKING = frozenset({"standard error", "variance", "inverse sample size", "inverse root sample size"})


@dataclass(frozen=True, kw_only=True)
class RegressionTest(Shown):
    """A regression test for funnel plot asymmetry.

    Attributes
    ----------
    kind : {"mixed", "classic"}
    predictor : str
    statistic, p_value : float
        Slope of the predictor over its standard error, two-sided.
    degrees_of_freedom : int or None
        Of the t distribution; None means the normal distribution.
    names, coefficients, standard_errors : tuple
        Of the regression; the predictor is the last.
    limit_estimate : float or None
        Effect where the predictor is 0, a study without sampling error; None where the predictor grows with a study
        or the model has moderators of its own.
    limit_interval : tuple of float, or None
        Its confidence interval.
    level : float
        Of that interval, a proportion.
    tau2 : float or None
        Between-study variance beside the predictor; None for the classic test, which has none.
    """

    kind: Kind
    predictor: str
    statistic: float
    p_value: float
    degrees_of_freedom: int | None
    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    limit_estimate: float | None
    limit_interval: Interval | None
    level: float
    tau2: float | None

    @property
    def slope(self) -> float:
        """Change of the effect with one unit of the predictor."""
        return self.coefficients[-1]

    @property
    def slope_standard_error(self) -> float:
        """Of the slope."""
        return self.standard_errors[-1]

    def _row(self) -> dict[str, Cell]:
        low, high = self.limit_interval or (None, None)
        row: dict[str, Cell] = {"predictor": self.predictor, "k": self.k, "slope": self.slope}
        row |= {"standard_error": self.slope_standard_error, "statistic": self.statistic}
        row |= {"degrees_of_freedom": self.degrees_of_freedom, "p_value": self.p_value}
        return row | {"limit_estimate": self.limit_estimate, "limit_low": low, "limit_high": high, "tau2": self.tau2}

    def _columns(self) -> dict[str, list[Cell]]:
        return {
            "coefficient": list(self.names),
            "estimate": list(self.coefficients),
            "standard_error": list(self.standard_errors),
        }

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        size = self.predictor
        sentence = (
            f"Small-study effects in {how_many(self.k)} were tested by regressing the estimates on the {size}, by "
        )
        if self.kind == "classic":
            sentence += "least squares with weights 1 / variance and a dispersion of its own (Egger et al. 1997)."
            keys = ["egger"]
        else:
            sentence += f"a meta-regression: {self.method} (Sterne and Egger 2005)."
            keys = ["egger", "sterne egger"]
        sentences = [sentence]
        if self.limit_estimate is not None:
            sentences.append(f"The limit estimate is the effect at a {size} of 0.")
        sentences.append(
            "Asymmetry has other causes than unpublished studies, and fewer than 10 studies are too few for a test "
            "(Sterne et al. 2011)."
        )
        return paragraph(sentences, *keys, "sterne")


def regression_test(
    model: MetaAnalysis,
    *,
    kind: Kind = "mixed",
    predictor: Predictor = "standard error",
    sample_sizes: ArrayLike | None = None,
) -> RegressionTest:
    """Test whether the estimates depend on the size of the studies.

    Parameters
    ----------
    model : MetaAnalysis
        Its moderators stay in the regression.
    kind : {"mixed", "classic"}
        A meta-regression with the model's own estimator of tau2, test and weights (Sterne and Egger), or Egger's
        least squares with weights 1 / variance, a dispersion estimated from the residuals and a t test.
    predictor : str
        What stands for a study's size.
    sample_sizes : array_like, shape (k,), optional
        Participants of each study; needed for the predictors named after the sample size.

    Returns
    -------
    RegressionTest

    Raises
    ------
    MethodError
        If there are too few studies for the coefficients, the predictor is the same in all studies, or a sample size
        is missing.

    References
    ----------
    Egger et al. 1997, BMJ 315:629-634 (classic). Sterne and Egger 2005, in Rothstein, Sutton and Borenstein (eds),
    Publication Bias in Meta-Analysis, 99-110 (mixed).
    """
    if kind not in get_args(Kind):
        raise MethodError(f"kind {kind!r}: one of {', '.join(get_args(Kind))} is expected")
    values = _predictor(model, predictor, sample_sizes)
    fits, inference = _fit(model, kind, predictor, values)
    return _result(model, kind, predictor, fits, inference)


def egger_test(model: MetaAnalysis, *, kind: Kind = "classic") -> RegressionTest:
    """Egger's test: the estimates against their standard errors.

    Parameters
    ----------
    model : MetaAnalysis
    kind : {"classic", "mixed"}
        As published in 1997, or with a between-study variance (see `regression_test`).

    Raises
    ------
    MethodError
        As `regression_test`.

    References
    ----------
    Egger et al. 1997, BMJ 315:629-634.
    """
    return regression_test(model, kind=kind, predictor="standard error")


def line_through(
    estimates: FloatArray, variances: FloatArray, values: FloatArray, name: str, level: float
) -> tuple[Fits, Inference]:
    """Least squares with weights 1 / variance, an intercept, one predictor and a dispersion of its own.

    Raises
    ------
    MethodError
        If there are fewer than three studies, or the predictor is the same in all.
    """
    columns = np.column_stack([np.ones(len(values)), values])
    return _solve(estimates, variances, columns, ("intercept", name), "classic", level)


def _solve(
    y: FloatArray, v: FloatArray, columns: FloatArray, names: tuple[str, ...], what: str, level: float
) -> tuple[Fits, Inference]:
    k, p = columns.shape
    if k <= p:
        raise MethodError(
            f"{k} studies and {p} coefficients: the {what} regression test needs at least {p + 1} studies"
        )
    with refusing_lost_digits():
        fits = fit_data(data_of(y, v, basis_of(columns, names)), "common")
    # The Hartung-Knapp factor of a common-effect fit is the dispersion of weighted least squares.
    return fits, infer(fits, "hartung-knapp", level)


def _fit(model: MetaAnalysis, kind: Kind, predictor: str, values: FloatArray) -> tuple[Fits, Inference]:
    columns = np.column_stack([model.moderators.columns, values])
    names = (*model.names, predictor)
    if kind == "classic":
        return _solve(model.estimates, model.variances, columns, names, kind, model.level)
    k, p = columns.shape
    exact = k == p and model.method == "common" and model.test == "normal"
    if k <= p and not exact:
        raise MethodError(f"{k} studies and {p} coefficients: the mixed regression test needs at least {p + 1} studies")
    data = data_of(model.estimates, model.variances, basis_of(columns, names))
    known = None if model.fixed_tau2 is None else np.array([model.fixed_tau2])
    with refusing_lost_digits():
        fits = fit_data(data, model.method, weights=model.own_weights, tau2=known)
    return fits, infer(fits, model.test, model.level)


def _result(model: MetaAnalysis, kind: Kind, predictor: str, fits: Fits, inference: Inference) -> RegressionTest:
    limit = not model.has_moderators and model.moderators.intercept and predictor in _SHRINKING
    degrees = float(inference.degrees_of_freedom[0])
    marks = too_few(model.k)
    if kind == "mixed" and not fits.converged[0]:
        marks = (*marks, "the iteration for tau2 did not converge: the last value is shown")
    return RegressionTest(
        k=model.k,
        method=_method(model, kind),
        marks=marks,
        kind=kind,
        predictor=predictor,
        statistic=float(inference.statistics[0, -1]),
        p_value=float(inference.p_values[0, -1]),
        degrees_of_freedom=int(degrees) if np.isfinite(degrees) else None,
        names=(*model.names, predictor),
        coefficients=tuple(fits.beta[0].tolist()),
        standard_errors=tuple(inference.standard_errors[0].tolist()),
        limit_estimate=float(fits.beta[0, 0]) if limit else None,
        limit_interval=(float(inference.low[0, 0]), float(inference.high[0, 0])) if limit else None,
        level=model.level,
        tau2=number(fits.tau2[0]) if kind == "mixed" else None,
    )


def _predictor(model: MetaAnalysis, predictor: str, sample_sizes: ArrayLike | None) -> FloatArray:
    if predictor not in _PREDICTORS:
        raise MethodError(f"predictor {predictor!r}: one of {', '.join(_PREDICTORS)} is expected")
    if not (model.variances > 0).all():
        name = model.labels[int(np.argmin(model.variances > 0))]
        raise MethodError(f"{name}: the variance is 0; a regression test expects variances above 0")
    sizes = np.ones(model.k)
    if "sample size" in predictor:
        sizes = _sample_sizes(model, predictor, sample_sizes)
    values = _PREDICTORS[predictor](model.variances, sizes)
    if model.k > 1 and values.min() == values.max():
        raise MethodError(f"the {predictor} is {values[0]:g} in every study; studies of different size are expected")
    return values


def _sample_sizes(model: MetaAnalysis, predictor: str, sample_sizes: ArrayLike | None) -> FloatArray:
    if sample_sizes is None:
        raise MethodError(f"predictor {predictor!r}: sample_sizes, one for each study, are expected")
    sizes = column(sample_sizes, "sample_sizes")
    if len(sizes) != model.k:
        raise MethodError(f"{len(sizes)} sample sizes for {model.k} studies: one for each is expected")
    good = np.isfinite(sizes) & (sizes > 0)
    if not good.all():
        index = int(np.argmin(good))
        raise MethodError(f"{model.labels[index]}: the sample size is {sizes[index]:g}; a number above 0 is expected")
    return sizes


_TESTS: dict[Test, str] = {
    "normal": "normal test",
    "t": "t test",
    "hartung-knapp": "Hartung-Knapp t test",
    "hartung-knapp-guarded": "Hartung-Knapp t test with guard",
}


def _method(model: MetaAnalysis, kind: Kind) -> str:
    if kind == "classic":
        return "weighted least squares with a free dispersion, t test"
    if model.method == "common":
        return f"common-effect meta-regression, {_TESTS[model.test]}"
    tau2 = "given tau2" if model.fixed_tau2 is not None else f"{TAU2_NAMES[model.method]} tau2"
    return f"mixed-effects meta-regression, {tau2}, {_TESTS[model.test]}"
