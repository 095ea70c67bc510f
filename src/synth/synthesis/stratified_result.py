"""What a stratified method comes to, as an object for tables, notebooks and the methods section."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth.effects.intervals import Interval, critical_value, figure
from synth.synthesis.stratified_words import explanation, label_of, on_log_scale

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedEffect:
    """A common effect pooled from the tables of k studies by Mantel-Haenszel's or Peto's method.

    Attributes
    ----------
    measure : str
        "OR", "RR", "RD", "IRR", "IRD" or "PETO" (Peto's odds ratio). Ratios are natural logarithms here.
    estimate, standard_error : float or None
        Treated against control. None where a ratio is not defined.
    z, p_value, interval
        Normal test of no effect, two-sided, and confidence interval; None where there is no estimate or its
        standard error is 0.
    level : float
        Of the intervals, a proportion.
    q_e, q_e_df, q_e_p
        Cochran's Q of the studies' own estimates around the pooled one, its degrees of freedom and p value.
    i2, h2 : float or None
        Share of Q beyond its degrees of freedom, 0 to 1; Q over its degrees of freedom.
    cmh, cmh_p : float or None
        Cochran-Mantel-Haenszel chi-squared test (1 degree of freedom) of no association; measures OR and IRR.
    continuity_correction : bool or None
        Whether one half was taken off in that test; None where there is none.
    breslow_day, breslow_day_p, tarone, tarone_p : float or None
        Tests of a common odds ratio on `homogeneity_df` degrees of freedom, Tarone's with his correction; measure OR.
    homogeneity_df : int or None
        Informative tables less one. At 0 both statistics are 0 and have no p value.
    k : int
        Studies with complete figures.
    studies : tuple of str
        Their names, in the order given.
    without_information : tuple of str
        Those in which nobody or everybody has the event. They have no own estimate and are not in Q; a difference
        (and, where everybody has the event, a risk ratio) still counts them.
    missing : tuple of str
        Studies left out because a figure is missing.
    study_estimates, study_standard_errors : tuple of float or None
        Each study by itself, on the scale of `estimate`; None for those without information.
    half_added : tuple of bool
        Where one half was added to the counts for the study's own estimate.
    weights : tuple of float, or None
        Share of each study in the pooled estimate, summing to 1.
    marks : tuple of str
        Short sentences to show beside the result.
    method : str
        In words.
    """

    measure: str
    estimate: float | None
    standard_error: float | None
    z: float | None
    p_value: float | None
    interval: Interval | None
    level: float
    q_e: float | None
    q_e_df: int
    q_e_p: float | None
    i2: float | None
    h2: float | None
    cmh: float | None
    cmh_p: float | None
    continuity_correction: bool | None
    breslow_day: float | None
    breslow_day_p: float | None
    tarone: float | None
    tarone_p: float | None
    homogeneity_df: int | None
    k: int
    studies: tuple[str, ...]
    without_information: tuple[str, ...]
    missing: tuple[str, ...]
    study_estimates: tuple[float | None, ...]
    study_standard_errors: tuple[float | None, ...]
    half_added: tuple[bool, ...]
    weights: tuple[float, ...] | None
    marks: tuple[str, ...]
    method: str

    def natural(self) -> tuple[float | None, Interval | None]:
        """Estimate and interval on the natural scale: a ratio itself, not its logarithm."""
        if not on_log_scale(self.measure):
            return self.estimate, self.interval
        estimate = None if self.estimate is None else float(np.exp(self.estimate))
        interval = None if self.interval is None else (_exp(self.interval[0]), _exp(self.interval[1]))
        return estimate, interval

    def _summary_row(self) -> dict[str, Cell]:
        estimate, interval = self.natural()
        low, high = interval or (None, None)
        row: dict[str, Cell] = {"measure": label_of(self.measure), "k": self.k, "estimate": estimate, "low": low}
        row |= {"high": high, "p_value": self.p_value, "q_e": self.q_e, "q_e_df": self.q_e_df, "q_e_p": self.q_e_p}
        row |= {"i2": self.i2, "cmh": self.cmh, "cmh_p": self.cmh_p, "breslow_day": self.breslow_day}
        row |= {"breslow_day_p": self.breslow_day_p, "tarone": self.tarone, "tarone_p": self.tarone_p}
        return row | {"method": self.method}

    def summary(self) -> pd.DataFrame:
        """One row for people: estimate and limits on the natural scale; what does not exist is an empty cell."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([self._summary_row()])

    def table(self) -> pd.DataFrame:
        """One row a study: its own estimate and limits on the natural scale, its weight, and whether 1/2 was added."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        estimates = np.array(self.study_estimates, dtype=float)
        margins = critical_value(self.level) * np.array(self.study_standard_errors, dtype=float)
        columns = {"estimate": estimates, "low": estimates - margins, "high": estimates + margins}
        if on_log_scale(self.measure):
            with np.errstate(over="ignore"):  # the upper limit of a hopelessly wide ratio is infinite
                columns = {name: np.exp(column) for name, column in columns.items()}
        weights = np.full(self.k, np.nan) if self.weights is None else np.array(self.weights)
        return pd.DataFrame({"study": self.studies, **columns, "weight": weights, "half_added": self.half_added})

    def to_dict(self) -> dict[str, object]:
        """Every attribute by name, on the analysis scale."""
        return asdict(self)

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        return explanation(
            self.measure,
            k=self.k,
            level=self.level,
            continuity_correction=self.continuity_correction,
            halves=any(self.half_added),
            left_out=len(self.without_information),
            defined=self.estimate is not None,
            interval=self.interval is not None,
            heterogeneity=self.q_e is not None and self.q_e_df > 0,
        )

    def _repr_html_(self) -> str:
        row = {name: value for name, value in self._summary_row().items() if value is not None}
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in row)
        cells = "".join(f"<td>{html.escape(_cell(name, value))}</td>" for name, value in row.items())
        marks = "".join(f"<li>{html.escape(mark)}</li>" for mark in self.marks)
        table = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
        return f"{table}<ul>{marks}</ul>" if marks else table


def _exp(value: float) -> float:
    with np.errstate(over="ignore"):  # the limit of a hopelessly wide ratio is infinite
        return float(np.exp(value))


def _cell(name: str, value: Cell) -> str:
    if not isinstance(value, float):
        return str(value)
    if name.endswith(("_p", "p_value")) and value < 0.001:
        return "< 0.001"
    # Three decimals would make a difference of rates, often some thousandths, a zero.
    return f"{value:.3g}" if 0 < abs(value) < 0.1 else figure(value)
