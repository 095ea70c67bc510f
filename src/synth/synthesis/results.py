"""What a synthesis comes to, as objects that tables, quantities and plots are made from."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal

from synth.effects.estimate import MEASURES
from synth.effects.intervals import Interval, figure

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.meta_analysis import MetaAnalysis

Standing = Literal["sensitivity only", "few studies", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEffect:
    """A random-effects summary of k independent estimates.

    Attributes
    ----------
    measure : str
        Code in `synth.effects.estimate.MEASURES`; every number below is on its analysis scale.
    instrument, unit, unit_of_analysis : str
        Of the effects; empty where they have none.
    estimate : float
        Inverse-variance weighted mean with weights 1 / (variance + tau2).
    standard_error : float
        Model-based (Wald) standard error.
    standard_error_hartung_knapp : float
        Hartung-Knapp standard error, not guarded.
    guard_applied : bool
        True where the Hartung-Knapp standard error was the smaller one, so that the model-based one was used.
    interval : tuple of float
        Confidence interval of the mean effect, by `interval_method`.
    interval_method : str
        "hartung-knapp-guarded", "hartung-knapp", "t" or "normal".
    degrees_of_freedom : int or None
        Of the t distribution behind `interval` and `prediction`; None means the normal distribution.
    level : float
        Of both intervals, a proportion.
    prediction : tuple of float, or None
        Interval for the true effect of a new study. None at k = 2.
    tau2 : float
        Between-study variance.
    tau2_method : str
        Estimator, such as "REML".
    tau2_interval : tuple of float, or None
        Q-profile interval of tau2 at `level`. None at k = 2.
    i2 : float or None
        Share of the total variance that is between studies, 0 to 1, from tau2 and the typical sampling variance.
        None at k = 2.
    q, q_degrees_of_freedom, q_p
        Cochran's Q, k - 1, and its chi-squared p value.
    k : int
        Estimates pooled.
    studies : tuple of str
        Their names, in the order given.
    weights : tuple of float
        Share of each, summing to 1.
    standing : {"sensitivity only", "few studies", "plain"}
        k = 2; k = 3 and 4; k from 5.
    marks : tuple of str
        Short sentences to show beside the result.
    method : str
        In words.
    model : MetaAnalysis
        The fitted model, for everything else that can be asked of it.
    """

    measure: str
    instrument: str
    unit: str
    unit_of_analysis: str
    estimate: float
    standard_error: float
    standard_error_hartung_knapp: float
    guard_applied: bool
    interval: Interval
    interval_method: str
    degrees_of_freedom: int | None
    level: float
    prediction: Interval | None
    tau2: float
    tau2_method: str
    tau2_interval: Interval | None
    i2: float | None
    q: float
    q_degrees_of_freedom: int
    q_p: float
    k: int
    studies: tuple[str, ...]
    weights: tuple[float, ...]
    standing: Standing
    marks: tuple[str, ...]
    method: str
    model: MetaAnalysis = field(compare=False, repr=False)

    def natural(self) -> tuple[float, Interval, Interval | None]:
        """Estimate, interval and prediction interval on the natural scale (a risk ratio, not its logarithm)."""
        convert = MEASURES[self.measure].natural
        prediction = None if self.prediction is None else (convert(self.prediction[0]), convert(self.prediction[1]))
        return convert(self.estimate), (convert(self.interval[0]), convert(self.interval[1])), prediction

    def _summary_row(self) -> dict[str, str | float | int | None]:
        estimate, (low, high), prediction = self.natural()
        prediction_low, prediction_high = prediction or (None, None)
        return {
            "measure": MEASURES[self.measure].label,
            "k": self.k,
            "estimate": estimate,
            "low": low,
            "high": high,
            "prediction_low": prediction_low,
            "prediction_high": prediction_high,
            "tau2": self.tau2,
            "i2": self.i2,
            "standing": self.standing,
            "method": self.method,
        }

    def summary(self) -> pd.DataFrame:
        """One row for people: estimate and limits on the natural scale, tau2 on the analysis scale."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([self._summary_row()])

    def to_dict(self) -> dict[str, object]:
        """Every attribute by name but the model, on the analysis scale."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "model"}

    def _repr_html_(self) -> str:
        row = self._summary_row()
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in row)
        cells = "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row.values())
        marks = "".join(f"<li>{html.escape(mark)}</li>" for mark in self.marks)
        table = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
        return f"{table}<ul>{marks}</ul>" if marks else table


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return figure(value) if isinstance(value, float) else str(value)
