"""What a generalised linear mixed model predicts: means, effects of new studies, and effects of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.fitting import critical_values
from synth.synthesis.linear import FloatArray, einsum
from synth.synthesis.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.glmm.result import GlmmResult

SCALES = {"PLO": "proportion", "IRLN": "rate", "OR": "odds ratio", "IRR": "rate ratio"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NaturalPrediction:
    """Predictions on the scale that people read; arrays of shape (n,).

    Attributes
    ----------
    labels : tuple of str
        Of the rows; empty for rows without a name.
    estimates, low, high : ndarray
        Of the median study, with its confidence interval.
    prediction_low, prediction_high : ndarray or None
        For a new study; None for a common effect, and for one or two studies.
    level : float
        Of the intervals, a proportion.
    scale : str
        "proportion", "rate", "odds ratio" or "rate ratio".
    """

    labels: tuple[str, ...]
    estimates: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    prediction_low: FloatArray | None
    prediction_high: FloatArray | None
    level: float
    scale: str

    def to_dict(self) -> dict[str, Any]:
        """Every column as a list."""
        columns = ("estimates", "low", "high", "prediction_low", "prediction_high")
        values = {name: getattr(self, name) for name in columns}
        lists = {name: None if value is None else value.tolist() for name, value in values.items()}
        return {"labels": list(self.labels), **lists, "level": self.level, "scale": self.scale}

    def table(self) -> pd.DataFrame:
        """One row a prediction."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        columns = {name: value for name, value in self.to_dict().items() if isinstance(value, list)}
        labels = columns.pop("labels")
        return pd.DataFrame(columns, index=labels or None)


def predict(model: GlmmResult, values: Mapping[str, ArrayLike] | None, level: float) -> Prediction:
    """Means at values of the moderators, with both intervals (see `GlmmResult.predict`)."""
    check_level(level)
    labels: tuple[str, ...] = ()
    if values is not None:
        rows = model.moderators.rows(values)
    elif model.has_moderators:
        rows, labels = model.moderators.columns, model.labels
    else:
        rows = np.ones((1, 1))
    estimates = rows @ model.beta
    variances = np.maximum(einsum("ni,ij,nj->n", rows, model.covariance, rows), 0.0)
    critical = _critical(model, level)
    margin = critical * np.sqrt(variances)
    low = high = None
    # One study has no spread, and of two nobody can say what a third would show.
    if model.method != "common" and model.k > 2:
        width = critical * np.sqrt(variances + model.tau2)
        low, high = estimates - width, estimates + width
    return Prediction(
        labels=labels,
        estimates=estimates,
        standard_errors=np.sqrt(variances),
        low=estimates - margin,
        high=estimates + margin,
        prediction_low=low,
        prediction_high=high,
        level=level,
        method="prediction intervals by that of the model's test",
    )


def _critical(model: GlmmResult, level: float) -> float:
    degrees = model.degrees_of_freedom
    return float(critical_values(np.array(np.inf if degrees is None else float(degrees)), level))


def natural(prediction: Prediction, measure: str) -> NaturalPrediction:
    """Log odds as proportions, logarithms as ratios or rates (see `GlmmResult.natural`)."""

    def back(column: FloatArray | None) -> FloatArray | None:
        return None if column is None else _back(column, measure)

    return NaturalPrediction(
        labels=prediction.labels,
        estimates=_back(prediction.estimates, measure),
        low=back(prediction.low),
        high=back(prediction.high),
        prediction_low=back(prediction.prediction_low),
        prediction_high=back(prediction.prediction_high),
        level=prediction.level,
        scale=SCALES[measure],
    )


def _back(column: FloatArray, measure: str) -> FloatArray:
    if measure == "PLO":
        return np.asarray(expit(column), dtype=float)
    with np.errstate(over="ignore"):  # beyond the range of doubles a limit is infinite
        return np.asarray(np.exp(column), dtype=float)


def study_effects(model: GlmmResult) -> Prediction:
    """Effects of the studies given their counts (see `GlmmResult.study_effects`)."""
    if model.method == "common":
        raise MethodError("a common effect is the same in every study; random effects are expected")
    fitted = model.moderators.columns @ model.beta
    means, errors = np.zeros(model.k), np.zeros(model.k)
    if model.tau2 > 0:
        maximum = model.fit.maximum
        found = maximum.problem.effects(maximum.parameters)
        means, errors = (model.tau * column[:, -1] for column in found)
    margin = _critical(model, model.level) * errors
    estimates = fitted + means
    return Prediction(
        labels=model.labels,
        estimates=estimates,
        standard_errors=errors,
        low=None,
        high=None,
        prediction_low=estimates - margin,
        prediction_high=estimates + margin,
        level=model.level,
        method="effects of the studies given their counts, the fitted coefficients and variances taken as known",
    )
