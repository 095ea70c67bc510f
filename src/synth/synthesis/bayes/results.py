"""Parts of a Bayesian result: shrinkage of studies, probabilities beyond a difference, sensitivity to the prior."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synth.synthesis.bayes.posterior import Posterior
from synth.synthesis.linear import FloatArray
from synth.synthesis.priors.distributions import Prior

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Shrinkage:
    """Posteriors of the studies' own true effects.

    Attributes
    ----------
    labels : tuple of str
    estimates : ndarray, shape (k,)
        As given.
    effects : tuple of Posterior
        In the order of the studies.
    level : float
        Of the intervals, a proportion.
    """

    labels: tuple[str, ...]
    estimates: FloatArray
    effects: tuple[Posterior, ...]
    level: float

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list."""
        columns: dict[str, list[Any]] = {"labels": list(self.labels), "estimates": self.estimates.tolist()}
        rows = [effect.to_dict() for effect in self.effects]
        return columns | {name: [row[name] for row in rows] for name in rows[0]}

    def table(self) -> pd.DataFrame:
        """One row a study: its estimate, and the posterior of its own true effect."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [
            {"estimate": float(estimate), **effect.to_dict()}
            for estimate, effect in zip(self.estimates, self.effects, strict=True)
        ]
        return pd.DataFrame(rows, index=pd.Index(self.labels, name="study"))

    def _repr_html_(self) -> str:
        return str(self.table().to_html())


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Posterior probabilities that an effect lies beyond a difference.

    Attributes
    ----------
    difference : float
    direction : {"above", "below"}
    mu, predictive : float
        Of the mean of the true effects, and of the true effect of a new study.
    """

    difference: float
    direction: Literal["above", "below"]
    mu: float
    predictive: float

    def to_dict(self) -> dict[str, Any]:
        """Every field by name."""
        return {
            "difference": self.difference,
            "direction": self.direction,
            "mu": self.mu,
            "predictive": self.predictive,
        }

    def words(self) -> str:
        """The probabilities in a sentence."""
        return (
            f"P(mean effect {self.direction} {self.difference:g}) = {self.mu:.3f}; "
            f"P(effect of a new study {self.direction} {self.difference:g}) = {self.predictive:.3f}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityRow:
    """A fit with the prior's scale times a factor."""

    factor: float
    prior: Prior
    mu: Posterior
    tau: Posterior
    predictive: Posterior
    beyond: Beyond | None

    def to_dict(self) -> dict[str, Any]:
        """One row of the table."""
        row: dict[str, Any] = {"factor": self.factor, "prior": self.prior.words()}
        for name, posterior in (("mu", self.mu), ("tau", self.tau), ("predictive", self.predictive)):
            low, high = posterior.interval()
            row |= {f"{name}_median": posterior.median, f"{name}_low": low, f"{name}_high": high}
        if self.beyond is not None:
            row |= {"p_beyond_mu": self.beyond.mu, "p_beyond_predictive": self.beyond.predictive}
        return row


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensitivity:
    """Fits with the prior's scale halved, as it is, and doubled.

    Attributes
    ----------
    rows : tuple of SensitivityRow
    level : float
        Of the intervals, a proportion.
    """

    rows: tuple[SensitivityRow, ...]
    level: float

    def to_dict(self) -> dict[str, Any]:
        """The level, and one dictionary a row."""
        return {"level": self.level, "rows": [row.to_dict() for row in self.rows]}

    def table(self) -> pd.DataFrame:
        """One row a prior: medians and intervals of mu, tau and a new study; probabilities where asked for."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([row.to_dict() for row in self.rows])

    def words(self) -> str:
        """The range of the median of mu over the three priors, in a sentence."""
        medians = [row.mu.median for row in self.rows]
        names = ", ".join(row.prior.words() for row in self.rows)
        return f"with {names} the median of mu goes from {min(medians):.4g} to {max(medians):.4g}"

    def _repr_html_(self) -> str:
        return f"{self.table().to_html(index=False)}<p>{html.escape(self.words())}</p>"
