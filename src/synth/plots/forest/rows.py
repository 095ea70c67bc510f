"""What a forest plot is made of, checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from synth.errors import MethodError
from synth.plots.axis import Interval
from synth.plots.forest.panel import JudgementPanel, RowJudgements, check_panel
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
        Name of the line; shortened in the picture where it is too long, never in the data.
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


def check(
    rows: Sequence[ForestRow],
    summaries: Sequence[ForestSummary],
    *,
    columns: Sequence[str],
    marked_values: Mapping[str, float],
    log_scale: bool,
    panel: JudgementPanel | None = None,
) -> None:
    """Refuse what cannot be drawn.

    Parameters
    ----------
    marked_values : mapping of str to float
        Line of no effect and reference lines, by what they are called in a message.

    Raises
    ------
    MethodError
        Nothing to draw; a value that is not a number, or not above 0 on a log scale; limits in the wrong order; a
        weight outside 0 to 1; an unknown or reserved column; a summary of a group without rows; judgements that no
        panel has a place for.
    """
    if not rows and not summaries:
        raise MethodError("a forest plot needs a row or a summary; where there is none, say so in words")
    reserved = {*DATA_COLUMNS, *(panel.columns if panel else ())}
    taken = [title for index, title in enumerate(columns) if title in reserved or title in columns[:index]]
    if taken:
        raise MethodError(f"forest plot: column title {taken[0]!r} is used twice or is a column of the data table")
    for name, value in marked_values.items():
        _check_value(name, value, log_scale)
    for row in rows:
        _check_row(row, columns, log_scale)
    check_panel(panel, ((f"row {row.label!r}", row.judgements) for row in rows))
    groups = {row.group for row in rows} | {""}
    for summary in summaries:
        name = f"summary {summary.label!r}"
        _check_value(name, summary.estimate, log_scale)
        _check_intervals(name, (summary.interval, summary.prediction), log_scale)
        if summary.group not in groups:
            raise MethodError(f"forest plot: {name} closes the group {summary.group!r}, in which no row stands")


def _check_row(row: ForestRow, columns: Sequence[str], log_scale: bool) -> None:
    name = f"row {row.label!r}"
    if not row.label.strip():
        raise MethodError("forest plot: a row has no label")
    if row.estimate is not None:
        _check_value(name, row.estimate, log_scale)
    elif row.interval is not None:
        raise MethodError(f"forest plot: {name} has an interval and no estimate; both or neither are expected")
    _check_intervals(name, (row.interval,), log_scale)
    if row.weight is not None and not 0 <= row.weight <= 1:
        raise MethodError(f"forest plot: {name} has the weight {row.weight}; a share from 0 to 1 is expected")
    unknown = sorted(set(row.columns) - set(columns))
    if unknown:
        raise MethodError(f"forest plot: {name} has a column {unknown[0]!r}; the plot has {list(columns)}")


def _check_value(name: str, value: float, log_scale: bool) -> None:
    if not math.isfinite(value):
        raise MethodError(f"forest plot: {name} is {value}; a finite number is expected")
    if log_scale and value <= 0:
        raise MethodError(f"forest plot: {name} is {value}; a log scale shows values above 0 only")


def _check_intervals(name: str, intervals: Iterable[Interval | None], log_scale: bool) -> None:
    for interval in intervals:
        if interval is None:
            continue
        lower, upper = interval
        if not lower <= upper:
            raise MethodError(f"forest plot: {name} has the limits {lower} and {upper}; lower, then upper is expected")
        if log_scale and (lower < 0 or upper <= 0):
            raise MethodError(f"forest plot: {name} has the limits {lower} and {upper}; a log scale starts above 0")
