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
    shows_new_study : bool
        Whether texts and dictionaries show that of a new study: from three studies on.
    """

    difference: float
    direction: Literal["above", "below"]
    mu: float
    predictive: float
    shows_new_study: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Every result by name; None for a new study where it is not shown."""
        return {
            "difference": self.difference,
            "direction": self.direction,
            "mu": self.mu,
            "predictive": self.predictive if self.shows_new_study else None,
        }

    def words(self) -> str:
        """The probabilities in a sentence."""
        where = f"{self.direction} {self.difference:g}"
        mean = f"P(mean effect {where}) = {self.mu:.3f}"
        return f"{mean}; P(effect of a new study {where}) = {self.predictive:.3f}" if self.shows_new_study else mean


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityRow:
    """A fit with the prior's scale times a factor; whether a new study is shown as for `Beyond`."""

    factor: float
    prior: Prior
    mu: Posterior
    tau: Posterior
    predictive: Posterior
    beyond: Beyond | None
    shows_new_study: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Every result by name; None for a new study where it is not shown."""
        row: dict[str, Any] = {"factor": self.factor, "prior": self.prior.words()}
        for name, posterior in (("mu", self.mu), ("tau", self.tau), ("predictive", self.predictive)):
            hidden = name == "predictive" and not self.shows_new_study
            low, high = (None, None) if hidden else posterior.interval()
            row |= {f"{name}_median": None if hidden else posterior.median, f"{name}_low": low, f"{name}_high": high}
        if self.beyond is not None:
            found = self.beyond.to_dict()
            row |= {"p_beyond_mu": found["mu"], "p_beyond_predictive": found["predictive"]}
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
        """One row a prior: medians and intervals of mu, tau and a new study; probabilities where asked for.

        The columns of a new study are left out where there are fewer than three studies.
        """
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [row.to_dict() for row in self.rows]
        shown = [name for name in rows[0] if "predictive" not in name or self.rows[0].shows_new_study]
        return pd.DataFrame(rows, columns=shown)

    def words(self) -> str:
        """How far the median and both limits of mu, and its probability, go over the three priors, in a sentence."""
        names = ", ".join(row.prior.words() for row in self.rows)
        limits = [row.mu.interval() for row in self.rows]
        ranges = {
            "the median of mu": [row.mu.median for row in self.rows],
            "its lower limit": [low for low, _ in limits],
            "its upper limit": [high for _, high in limits],
        }
        parts = [f"{what} goes from {min(values):.4g} to {max(values):.4g}" for what, values in ranges.items()]
        asked = [row.beyond for row in self.rows if row.beyond is not None]
        if asked:
            values = [beyond.mu for beyond in asked]
            where = f"{asked[0].direction} {asked[0].difference:g}"
            parts.append(f"P(mean effect {where}) goes from {min(values):.3f} to {max(values):.3f}")
        return f"with {names} {', '.join(parts[:-1])} and {parts[-1]}"

    def _repr_html_(self) -> str:
        return f"{self.table().to_html(index=False)}<p>{html.escape(self.words())}</p>"
