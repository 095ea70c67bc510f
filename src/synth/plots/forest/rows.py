"""What a forest plot is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from synth.plots.axis import Interval
from synth.plots.forest.panel import RowJudgements
from synth.plots.text import plain

DATA_COLUMNS: Final = (
    "kind", "group", "label", "estimate", "lower", "upper", "prediction_lower", "prediction_upper", "weight", "mark",
    "beyond_axis", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of a forest plot: a study, an arm or a time point.

    Attributes
    ----------
    label : str
        Name of the line; where it is too long its middle is left out in the picture, never in the data.
    estimate : float or None
        On the scale that the axis shows: a risk ratio, not its logarithm. None where there is none.
    interval : tuple of float or None
        Lower and upper limit on the same scale; an end may be infinite (a ratio's lower end also 0). None shows a
        hollow marker and says so in words.
    weight : float or None
        Share of the pool, 0 to 1; the area of the square.
    mark : str
        Explanation of how this number differs from the others, such as "derived from the p value"; a dagger in the
        picture leads to it. Empty for none.
    columns : mapping of str to str
        Text of further columns by their title; a title that is missing shows a dash.
    group : str
        Sub-heading under which the line stands; groups keep the order in which they first come.
    judgements : mapping of str to Judgement
        What was judged of the row, by heading of the panel's domains.
    """

    label: str
    estimate: float | None
    interval: Interval | None = None
    weight: float | None = None
    mark: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    judgements: RowJudgements = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSummary:
    """A pooled result: a diamond, and below it a line for the prediction interval.

    Several of one group, or several at the end, stand under one another, each diamond with a look of its own.

    Attributes
    ----------
    label : str
        What was pooled and how.
    estimate : float
        On the scale that the axis shows.
    interval, prediction : tuple of float or None
        Confidence (or credible) and prediction interval on the same scale; None where it cannot be given.
    group : str
        Closes that group of rows; empty for the end of the plot.
    details : tuple of str
        What stands in small print below it, such as tau2, I2 and Q.
    """

    label: str
    estimate: float
    interval: Interval | None
    prediction: Interval | None = None
    group: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A dashed vertical line, such as an important difference.

    Attributes
    ----------
    value : float
        On the scale that the axis shows.
    label : str
        What the value is; stands with it in the legend.
    words : str
        The value as it is printed; in as few digits as name it where not given.
    """

    value: float
    label: str
    words: str = ""

    @property
    def legend(self) -> str:
        """Value and label."""
        return f"{self.words or plain(self.value)}: {self.label}"
