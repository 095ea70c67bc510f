"""Estimates of one measure in many studies, as a result object."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from synth.effects.columns import BoolArray, FloatArray
from synth.effects.estimate import Effect
from synth.effects.intervals import critical_value, figure
from synth.effects.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Inference:
    """Normal-theory inference for each study; all arrays of shape (k,), NaN for studies without a variance.

    Attributes
    ----------
    level : float
        Of the intervals, a proportion.
    standard_errors, z, p, low, high : ndarray
        On the analysis scale; p is two-sided and tests a true value of 0 there.
    """

    level: float
    standard_errors: FloatArray
    z: FloatArray
    p: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class EffectSizes:
    """Estimates of one measure in k studies, on its analysis scale.

    Attributes
    ----------
    measure : str
        Code in `MEASURES`.
    labels : tuple of str
        The studies.
    estimates, variances : ndarray, shape (k,)
        Read-only. A study that gives no estimate or no variance has NaN there and a mark that says why.
    sizes : ndarray, shape (k,), or None
        Participants, pairs or person-time behind each estimate, before any correction; None for ready estimates.
    marks : tuple of tuple of str
        Short sentences to show beside each number.
    usable : ndarray of bool, shape (k,)
        Whether a study has a finite estimate and a variance above 0.
    method : str
        In words: measure, formula of the variance, correction, rule for empty cells.
    """

    measure: str
    labels: tuple[str, ...]
    estimates: FloatArray
    variances: FloatArray
    sizes: FloatArray | None
    marks: tuple[tuple[str, ...], ...]
    usable: BoolArray
    method: str

    def __post_init__(self) -> None:
        for array in (self.estimates, self.variances, self.usable, self.sizes):
            if array is not None:
                array.flags.writeable = False

    @property
    def k(self) -> int:
        """Number of studies, usable or not."""
        return len(self.labels)

    @property
    def not_usable(self) -> dict[str, str]:
        """Studies that cannot be pooled, with the reason."""
        return {self.labels[row]: "; ".join(self.marks[row]) for row in np.flatnonzero(~self.usable)}

    def inference(self, level: float = 0.95) -> Inference:
        """Standard error, z, two-sided p and interval of each study from the normal distribution.

        Parameters
        ----------
        level : float
            Confidence level, a proportion.

        Raises
        ------
        MethodError
            If the level is no proportion.
        """
        critical = critical_value(level)
        errors = np.sqrt(self.variances)
        with np.errstate(divide="ignore", invalid="ignore"):  # a variance of 0 is marked
            z = self.estimates / errors
        margin = critical * errors
        return Inference(level, errors, z, 2 * ndtr(-np.abs(z)), self.estimates - margin, self.estimates + margin)

    def to_effects(
        self, level: float = 0.95, *, unit_of_analysis: str = "not stated", instrument: str = "", unit: str = ""
    ) -> tuple[Effect, ...]:
        """The usable studies as effects with their normal-theory intervals; `not_usable` names the others.

        Parameters
        ----------
        level : float
            Confidence level, a proportion.
        unit_of_analysis, instrument, unit : str
            The same for all of them; see `Effect`.

        Raises
        ------
        MethodError
            If the level is no proportion.
        """
        found = self.inference(level)
        counted = not MEASURES[self.measure].kind.endswith("rates")
        return tuple(
            Effect(
                study_id=self.labels[row],
                arm_id="",
                measure=self.measure,
                estimate=float(self.estimates[row]),
                standard_error=float(found.standard_errors[row]),
                interval=(float(found.low[row]), float(found.high[row])),
                level=level,
                n=_people(self.sizes, row) if counted else None,
                unit_of_analysis=unit_of_analysis,
                instrument=instrument,
                unit=unit,
                marks=self.marks[row],
            )
            for row in np.flatnonzero(self.usable).tolist()
        )

    def naturals(self, level: float = 0.95) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Estimates and limits on the natural scale (ratios, not their logarithms); NaN for studies not usable.

        Parameters
        ----------
        level : float
            Confidence level, a proportion.

        Returns
        -------
        estimates, low, high : ndarray, shape (k,)

        Raises
        ------
        MethodError
            If the level is no proportion.
        """
        found = self.inference(level)
        rows = self.usable
        behind = None if self.sizes is None else self.sizes[rows]
        out = []
        for values in (self.estimates, found.low, found.high):
            natural = np.full(self.k, np.nan)
            natural[rows] = MEASURES[self.measure].naturals(values[rows], behind)
            out.append(natural)
        return out[0], out[1], out[2]

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a study: estimate, variance, standard error, z, p and limits on the analysis scale, and marks."""
        import pandas as pd  # here, so that importing the effects stays cheap

        found = self.inference(level)
        columns = {
            "study": self.labels,
            "estimate": self.estimates,
            "variance": self.variances,
            "standard_error": found.standard_errors,
            "z": found.z,
            "p": found.p,
            "low": found.low,
            "high": found.high,
            "marks": ["; ".join(marks) for marks in self.marks],
        }
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, object]:
        """Every attribute by name, with lists for arrays and None for what is not there."""
        return {
            "measure": self.measure,
            "labels": list(self.labels),
            "estimates": _listed(self.estimates),
            "variances": _listed(self.variances),
            "sizes": None if self.sizes is None else _listed(self.sizes),
            "marks": [list(marks) for marks in self.marks],
            "usable": self.usable.tolist(),
            "method": self.method,
        }

    def _repr_html_(self) -> str:
        found = self.inference()
        head = "".join(f'<th scope="col">{name}</th>' for name in ("Study", "Estimate", "95% interval", "Marks"))
        rows = []
        for row, label in enumerate(self.labels):
            there = np.isfinite(self.estimates[row])
            estimate = figure(float(self.estimates[row])) if there else "none"
            limits = f"{figure(float(found.low[row]))} to {figure(float(found.high[row]))}" if self.usable[row] else ""
            cells = (label, estimate, limits, "; ".join(self.marks[row]))
            rows.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
        return f"<p>{html.escape(self.method)}</p><table><tr>{head}</tr>{''.join(rows)}</table>"


def _people(sizes: FloatArray | None, row: int) -> int | None:
    """Participants of a study as a whole number; None where a part of them is missing."""
    return None if sizes is None or np.isnan(sizes[row]) else round(float(sizes[row]))


def _listed(values: FloatArray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
