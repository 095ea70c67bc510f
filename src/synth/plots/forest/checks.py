"""What a forest plot is asked to draw, checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.plots.axis import Interval
from synth.plots.forest.panel import Judgement, JudgementPanel, check_panel
from synth.plots.forest.rows import DATA_COLUMNS, ForestRow, ForestSummary, ReferenceLine

_ROUNDING = 1e-9  # share of its size by which an estimate may lie outside its interval


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
        Nothing to draw; a value of another type, or that is not a number, or not above 0 on a log scale; limits in the
        wrong order, or an estimate that is not between them; a weight outside 0 to 1, or without an estimate; an
        unknown or reserved column; a summary of a group without rows; judgements that no panel has a place for.
    """
    _check_all("rows", rows, ForestRow)
    _check_all("summaries", summaries, ForestSummary)
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
        _check_summary(summary, groups, log_scale)


def check_options(
    *, words: Mapping[str, object], lists: Mapping[str, object], level: object, decimals: object, panel: object
) -> None:
    """Refuse options of another type or outside their range.

    Parameters
    ----------
    words, lists : mapping of str to object
        Options that are a text, and those that are several texts, by name.

    Raises
    ------
    MethodError
        If an option is not what is expected.
    """
    for name, given in words.items():
        if not isinstance(given, str):
            raise MethodError(f"forest plot: {name} is {given!r}; a text is expected")
    for name, several in lists.items():
        texts(name, several)
    if not is_number(level) or not 0 < level < 1:
        raise MethodError(f"forest plot: level {level!r}; a number between 0 and 1 is expected, such as 0.95")
    if decimals is not None and not _is_decimals(decimals):
        raise MethodError(f"forest plot: decimals {decimals!r}; a whole number from 0 to 15, or None, is expected")
    if panel is not None and not isinstance(panel, JudgementPanel):
        raise MethodError(f"forest plot: the panel is {panel!r}; a JudgementPanel is expected")


def _is_decimals(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= int(value) <= 15


def texts(name: str, given: object) -> tuple[str, ...]:
    """Several texts as they are.

    Raises
    ------
    MethodError
        If one text is given by itself, or a part is no text.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise MethodError(f"forest plot: {name} {given!r}; several texts are expected, such as ['one', 'another']")
    found = tuple(given)
    other = [part for part in found if not isinstance(part, str)]
    if other:
        raise MethodError(f"forest plot: {name} with {other[0]!r}; texts are expected")
    return found


def marked_values(null_value: object, reference_lines: object) -> dict[str, float]:
    """Line of no effect and reference lines, by what they are called in a message.

    Raises
    ------
    MethodError
        If no effect is no number, or a reference line is not a ReferenceLine with a text and a number.
    """
    marked: dict[str, float] = {}
    if null_value is not None:
        if not _is_real(null_value):
            raise MethodError(f"forest plot: the line of no effect is {null_value!r}; a number or None is expected")
        marked["the line of no effect"] = null_value
    for line in _check_all("reference_lines", reference_lines, ReferenceLine):
        _check_text(f"the reference line at {line.value!r}", {"label": line.label, "words": line.words})
        if not _is_real(line.value):
            raise MethodError(f"forest plot: reference line {line.label!r} is {line.value!r}; a number is expected")
        marked[f"reference line {line.label!r}"] = line.value
    return marked


def _check_all(name: str, given: object, kind: type) -> Sequence[Any]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise MethodError(f"forest plot: {name} {given!r}; a list of {kind.__name__} is expected")
    for place, item in enumerate(given, start=1):
        if not isinstance(item, kind):
            raise MethodError(f"forest plot: {name}, number {place} is {item!r}; a {kind.__name__} is expected")
    return given


def _check_text(name: str, parts: Mapping[str, object]) -> None:
    for part, given in parts.items():
        if not isinstance(given, str):
            raise MethodError(f"forest plot: {name} has the {part} {given!r}; a text is expected")


def _check_row(row: ForestRow, columns: Sequence[str], log_scale: bool) -> None:
    name = f"row {row.label!r}"
    _check_text(name, {"label": row.label, "mark": row.mark, "group": row.group})
    if not row.label.strip():
        raise MethodError("forest plot: a row has no label")
    _check_beside(name, row, columns)
    if row.estimate is not None:
        _check_value(name, row.estimate, log_scale)
    elif row.interval is not None:
        raise MethodError(f"forest plot: {name} has an interval and no estimate; both or neither are expected")
    elif row.weight is not None:
        raise MethodError(f"forest plot: {name} has a weight and no estimate; only an estimate has a weight")
    _check_interval(name, row.interval, log_scale)
    _check_between(name, row.estimate, row.interval)
    if row.weight is not None and not (is_number(row.weight) and 0 <= row.weight <= 1):
        raise MethodError(f"forest plot: {name} has the weight {row.weight!r}; a share from 0 to 1 is expected")


def _check_beside(name: str, row: ForestRow, columns: Sequence[str]) -> None:
    """What stands beside the estimate: further columns and judgements."""
    cells: object = row.columns
    if not isinstance(cells, Mapping):
        raise MethodError(f"forest plot: {name} has the columns {cells!r}; texts by column title are expected")
    unknown = sorted(str(title) for title in cells if title not in columns)
    if unknown:
        raise MethodError(f"forest plot: {name} has a column {unknown[0]!r}; the plot has {list(columns)}")
    for title, cell in cells.items():
        if not isinstance(cell, str):
            raise MethodError(f"forest plot: {name} has {cell!r} in the column {title!r}; a text is expected")
    judged: object = row.judgements
    if not isinstance(judged, Mapping) or not all(isinstance(found, Judgement) for found in judged.values()):
        raise MethodError(f"forest plot: {name} has the judgements {judged!r}; a Judgement by domain is expected")


def _check_summary(summary: ForestSummary, groups: set[str], log_scale: bool) -> None:
    name = f"summary {summary.label!r}"
    _check_text(name, {"label": summary.label, "group": summary.group})
    if not summary.label.strip():
        raise MethodError("forest plot: a summary has no label")
    texts(f"{name}, details", summary.details)
    _check_value(name, summary.estimate, log_scale)
    for interval in (summary.interval, summary.prediction):
        _check_interval(name, interval, log_scale)
    _check_between(name, summary.estimate, summary.interval)
    if summary.group not in groups:
        raise MethodError(f"forest plot: {name} closes the group {summary.group!r}, in which no row stands")


def _is_real(value: object) -> TypeGuard[float]:
    """Whether this is a number, which may be infinite or NaN."""
    return is_number(value) or (isinstance(value, float | np.floating) and not math.isfinite(value))


def _check_value(name: str, value: float, log_scale: bool) -> None:
    if not is_number(value):
        shown = value if _is_real(value) else repr(value)
        raise MethodError(f"forest plot: {name} is {shown}; a finite number is expected")
    if log_scale and value <= 0:
        raise MethodError(f"forest plot: {name} is {value}; a log scale shows values above 0 only")


def _check_interval(name: str, interval: object, log_scale: bool) -> None:
    if interval is None:
        return
    limits = tuple(interval) if isinstance(interval, Sequence | np.ndarray) and np.ndim(interval) == 1 else ()
    if len(limits) != 2 or not all(_is_real(limit) for limit in limits):
        raise MethodError(f"forest plot: {name} has the interval {interval!r}; a lower and an upper limit are expected")
    lower, upper = limits
    if not lower <= upper:
        raise MethodError(f"forest plot: {name} has the limits {lower} and {upper}; lower, then upper is expected")
    if log_scale and (lower < 0 or upper <= 0):
        raise MethodError(f"forest plot: {name} has the limits {lower} and {upper}; a log scale starts above 0")


def _check_between(name: str, estimate: float | None, interval: Interval | None) -> None:
    if estimate is None or interval is None:
        return
    lower, upper = interval
    slack = _ROUNDING * max(abs(estimate), *(abs(limit) for limit in interval if math.isfinite(limit)), 0.0)
    if not lower - slack <= estimate <= upper + slack:
        raise MethodError(
            f"forest plot: {name} has the estimate {estimate} and the limits {lower} and {upper}; an estimate between "
            "its limits is expected"
        )
