"""The combined p value, with what it asks and what it does not say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synth.display import TextTable, html_list, html_table
from synth.effects.intervals import Interval
from synth.synthesis.p_values.methods import METHODS, CombiningMethod
from synth.synthesis.p_values.one_sided import OneSidedP

if TYPE_CHECKING:
    import pandas as pd

Side = Literal["better", "worse"]

#: Above this a p value is shown as such: its digits would read as 1.
_NEAR_ONE = 0.999

#: What the test asks (rule 16): printed beside every combined p value.
QUESTION = (
    "It asks whether the treated side does {side} in at least one study. It says nothing of how large the difference "
    "is, nor in how many studies there is one; and a large p value does not show that there is none."
)


@dataclass(frozen=True, kw_only=True, repr=False)
class CombinedP:
    """One p value from several, one-sided.

    Attributes
    ----------
    method : {"fisher", "stouffer", "edgington", "pearson"}
    towards : {"better", "worse"}
        The side that small p values speak for.
    studies : tuple of OneSidedP
        Towards that side.
    weights : tuple of float
        Of Stouffer's method; all 1 without weights, and empty for methods that have none.
    statistic : float or None
        Of the method; None where a p value is only a bound.
    p_value : float or None
        None where a p value is only a bound (rule 5): `interval` then holds what is known.
    interval : tuple of float
        Smallest and largest combined p value that the p values allow.
    opposite : float or None
        The same method towards the other side. Where both are small, the studies speak against each other.
    marks : tuple of str
        Short sentences to be shown beside it.
    """

    method: CombiningMethod
    towards: Side
    studies: tuple[OneSidedP, ...]
    weights: tuple[float, ...]
    statistic: float | None
    p_value: float | None
    interval: Interval
    opposite: float | None
    marks: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    @property
    def question(self) -> str:
        """What the combined p value is an answer to."""
        return QUESTION.format(side=self.towards)

    @property
    def words(self) -> str:
        """The number itself, in words."""
        low, high = self.interval
        if self.p_value is None:
            return f"p between {_number(low)} and {_number(high)}" if low > 0 else f"p at most {_number(high)}"
        if low == high:
            return _told(self.p_value)
        return f"{_told(self.p_value)} ({_number(low)} to {_number(high)} over the rounding of what is printed)"

    def explain(self) -> str:
        """A paragraph for a methods section, with its source."""
        weights = ""
        if self.method == "stouffer":
            weights = " Weights were equal." if len(set(self.weights)) == 1 else " Weights were given by study."
        return (
            f"One-sided p values of {self.k} independent studies, towards the treated side being {self.towards}, were "
            f"combined by {METHODS[self.method]}.{weights} {self.question}"
        )

    def table(self) -> pd.DataFrame:
        """One row a study: its one-sided p value with limits, n, weight and origin."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        weights = self.weights or (None,) * self.k
        rows = [
            {
                "study": item.study_id,
                "p": item.p,
                "low": item.low,
                "high": item.high,
                "n": item.n,
                "weight": weight,
                "origin": item.origin,
            }
            for item, weight in zip(self.studies, weights, strict=True)
        ]
        return pd.DataFrame(rows, columns=["study", "p", "low", "high", "n", "weight", "origin"])

    def show(self) -> TextTable:
        """The p values and what they come to as text, for a notebook."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [{"study": item.study_id, "one-sided p": _shown(item), "from": item.origin} for item in self.studies]
        rows.append({"study": f"combined ({self.method})", "one-sided p": self.words, "from": f"{self.k} studies"})
        return TextTable(pd.DataFrame(rows), self._caption)

    @property
    def _caption(self) -> str:
        return f"P values towards the treated side being {self.towards}, combined"

    def _notes(self) -> Iterator[str]:
        yield self.question
        if self.opposite is not None:
            yield f"The same method towards the other side: {_told(self.opposite)}."
        yield from self.marks

    def __repr__(self) -> str:
        return f"CombinedP({self.method}, k = {self.k}, towards {self.towards}: {self.words})"

    def _repr_html_(self) -> str:
        return html_table(self.show().frame, self._caption) + html_list(self._notes())


def _told(value: float) -> str:
    return f"p {_number(value)}" if value > _NEAR_ONE else f"p = {_number(value)}"


def _shown(item: OneSidedP) -> str:
    if item.p is not None:
        return _number(item.p)
    return f"{_number(item.low)} to {_number(item.high)} (a bound)"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}" if value <= _NEAR_ONE else f"above {_NEAR_ONE}"
