"""Means and true effects that a model predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.fitting import critical_values
from synth.synthesis.linear import FloatArray, einsum

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.meta_analysis import MetaAnalysis

PredictionMethod = Literal["model", "riley"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """Predicted means, or true effects of studies; arrays of shape (n,) on the analysis scale.

    Attributes
    ----------
    labels : tuple of str
        Of the rows; empty for rows without a name.
    estimates, standard_errors, low, high : ndarray
        Mean with its standard error and confidence interval; the interval is None for true effects of studies (`blup`).
    prediction_low, prediction_high : ndarray or None
        Interval for the true effect of a new study with these moderators, or of the study itself (`blup`); None in a
        common-effect model.
    level : float
        Of the intervals, a proportion.
    method : str
        In words.
    """

    labels: tuple[str, ...]
    estimates: FloatArray
    standard_errors: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    prediction_low: FloatArray | None
    prediction_high: FloatArray | None
    level: float
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Every column as a list."""
        columns = ("estimates", "standard_errors", "low", "high", "prediction_low", "prediction_high")
        values = {name: getattr(self, name) for name in columns}
        lists = {name: None if value is None else value.tolist() for name, value in values.items()}
        return {"labels": list(self.labels), **lists, "level": self.level, "method": self.method}

    def table(self) -> pd.DataFrame:
        """One row a prediction."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        columns = {name: value for name, value in self.to_dict().items() if isinstance(value, list)}
        labels = columns.pop("labels")
        return pd.DataFrame(columns, index=labels or None)

    def _repr_html_(self) -> str:
        return str(self.table().to_html())


def predict(
    model: MetaAnalysis, values: Mapping[str, ArrayLike] | None, method: PredictionMethod, level: float
) -> Prediction:
    """Means at values of the moderators, with both intervals (see `MetaAnalysis.predict`)."""
    check_level(level)
    if method not in ("model", "riley"):
        raise MethodError(f"prediction interval {method!r}: 'model' or 'riley' is expected")
    labels: tuple[str, ...] = ()
    if values is not None:
        rows = model.moderators.rows(values)
    elif model.has_moderators:
        rows, labels = model.moderators.columns, model.labels
    else:
        rows = np.ones((1, 1))
    estimates = rows @ model.beta
    variances = einsum("ni,ij,nj->n", rows, model.covariance, rows)
    errors = np.sqrt(np.maximum(variances, 0.0))
    margin = _critical(model.degrees_of_freedom, level) * errors
    low = high = None
    if model.method != "common":
        critical = _critical(model.degrees_of_freedom if method == "model" else _riley_degrees(model), level)
        width = critical * np.sqrt(np.maximum(variances, 0.0) + model.tau2)
        low, high = estimates - width, estimates + width
    distribution = "that of the model's test"
    if method == "riley":
        riley = _riley_degrees(model)
        distribution = f"t with {riley} degree{'' if riley == 1 else 's'} of freedom"
    return Prediction(
        labels=labels,
        estimates=estimates,
        standard_errors=errors,
        low=estimates - margin,
        high=estimates + margin,
        prediction_low=low,
        prediction_high=high,
        level=level,
        method=f"prediction intervals by {distribution}",
    )


def _riley_degrees(model: MetaAnalysis) -> int:
    """Studies less coefficients, less one for the estimate of tau2 where it was estimated; at least 1."""
    return max(model.k - model.p - int(model.fixed_tau2 is None), 1)


def _critical(degrees: int | None, level: float) -> float:
    return float(critical_values(np.array(np.inf if degrees is None else float(degrees)), level))


def blup(model: MetaAnalysis) -> Prediction:
    """True effects of the studies (see `MetaAnalysis.blup`)."""
    if model.method == "common":
        raise MethodError("a common-effect model has one true effect and predicts none; random effects are expected")
    total = model.tau2 + model.variances
    share = model.tau2 / total
    rows = model.moderators.columns
    fitted = model.fitted
    estimates = share * model.estimates + (1 - share) * fitted
    variances = einsum("ni,ij,nj->n", rows, model.covariance, rows)
    errors = np.sqrt(np.maximum(share * model.variances + (1 - share) ** 2 * variances, 0.0))
    margin = _critical(model.degrees_of_freedom, model.level) * errors
    return Prediction(
        labels=model.labels,
        estimates=estimates,
        standard_errors=errors,
        low=None,
        high=None,
        prediction_low=estimates - margin,
        prediction_high=estimates + margin,
        level=model.level,
        method="best linear unbiased predictions of the studies' true effects",
    )
