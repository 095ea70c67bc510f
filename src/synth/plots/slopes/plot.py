"""Scores before and after: a line for each series or case, and the published important difference beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from synth.plots import text
from synth.plots.axis import Interval, ValueAxis
from synth.plots.chart.page import LegendEntry
from synth.plots.chart.panels import Panel
from synth.plots.drawing import Drawing
from synth.plots.slopes.page import DETAILS_UP_TO, Group, draw_names, groups_of, panels_of, score_axis
from synth.plots.slopes.rows import Better, ImportantDifference, SlopeRow, check_rows, size_words, symbols_of
from synth.plots.style import BLUE, MUTED, RULE, SKY, VERMILLION, drawing_settings

__all__ = ["ImportantDifference", "SlopeRow", "slope_plot"]

_DASHES: Final = (4.0, 2.0)
#: Lines in a panel up to which each has the important difference drawn from its own baseline.
_EACH_UP_TO: Final = 3
_ROWS_IN_WORDS: Final = 15
_RANGE_STEP, _RANGE_ROOM = 4.0, 16.0  # between two ranges, and of all of them beside their means, points
_BAR: Final = "length alone"  # the label of a difference that starts at no line


def slope_plot(
    rows: Sequence[SlopeRow],
    *,
    score_label: str,
    limits: Interval | None = None,
    better: Better | None = None,
    important_difference: ImportantDifference | None = None,
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """Mean scores of series, and scores of single patients, before and after.

    Groups (what was done) have a panel each, so that no line of one is read against a line of another.

    Parameters
    ----------
    rows : sequence of SlopeRow
        In any order; a row with one score alone is a point, and is named in a note.
    score_label : str
        The instrument and its unit.
    limits : tuple of float, optional
        Lowest and highest score that the instrument has: the ends of the axis.
    better : {"higher", "lower"}, optional
        Which scores are better.
    important_difference : ImportantDifference, optional
        Dashed from each score before, in the better direction; as a bar of its length where a panel has many lines.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below it.

    Returns
    -------
    Drawing
        Its data have a line for each row and for each important difference.

    Raises
    ------
    MethodError
        If there is nothing to draw, or a score or option is out of range.
    """
    check_rows(rows, limits, better, important_difference)
    symbols = symbols_of(rows)
    groups = groups_of(rows, symbols)
    step = 0.0 if important_difference is None else important_difference.value * (1 if better == "higher" else -1)
    axis, references = _axis_and_references(rows, groups, step, limits)
    y_label = f"{score_label}{_in_words(limits, better)}"
    told = [*_marks(symbols), *_notes(rows, axis, references, len(groups)), *notes]
    with drawing_settings():
        canvas, panels = panels_of(
            groups, axis, y_label=y_label, title=title, legend=list(_legend(rows, important_difference)), notes=told
        )
        for panel, group in zip(panels, groups, strict=True):
            _draw(panel, group.rows, [item for item in references if item["group"] == group.rows[0].group])
            draw_names(panel, group)
    data = pd.DataFrame([*map(_data_row, rows), *references])
    return Drawing(
        canvas.figure,
        title=text.printable(
            f"{title}: {score_label}, before and after" if title else f"Before and after: {score_label}"
        ),
        alt_text=text.printable(_alt_text(rows, title, y_label, important_difference, told)),
        data=data.reindex(columns=_COLUMNS),
    )


_COLUMNS: Final = [
    "kind", "group", "label", "n", "unit", "months", "before", "after", "before_low", "before_high", "after_low",
    "after_high", "mark", "beyond_axis",
]  # fmt: skip


def _data_row(row: SlopeRow) -> dict[str, object]:
    before, after = row.before_range or (math.nan, math.nan), row.after_range or (math.nan, math.nan)
    return {
        "kind": "single patient" if row.single else "series",
        "group": row.group,
        "label": row.label,
        "n": 1 if row.single else row.n,
        "unit": row.unit,
        "months": row.months,
        "before": row.before,
        "after": row.after,
        "before_low": before[0],
        "before_high": before[1],
        "after_low": after[0],
        "after_high": after[1],
        "mark": row.mark,
        "beyond_axis": "",
    }


def _axis_and_references(
    rows: Sequence[SlopeRow], groups: Sequence[Group], step: float, limits: Interval | None
) -> tuple[ValueAxis, list[dict[str, object]]]:
    """The axis, and the important differences on it.

    Only a scale whose ends are known can be too short for a difference: any other axis goes on to where it ends.
    """
    axis = score_axis(rows, limits)
    references = [item for group in groups for item in _references(group.rows, step, axis)]
    if limits is not None or not references:
        return axis, references
    ends = [float(str(item[moment])) for item in references for moment in ("before", "after")]
    return score_axis(rows, limits, ends), [{**item, "beyond_axis": ""} for item in references]


def _references(rows: Sequence[SlopeRow], step: float, axis: ValueAxis) -> list[dict[str, object]]:
    """The important difference from the score before each slope, or once as a bar in the middle of the axis."""
    starts = [(row.label, row.before) for row in rows if row.before is not None and row.after is not None]
    if not step or not starts:
        return []
    if len(starts) > _EACH_UP_TO:
        middle = (axis.lower + axis.upper) / 2 - step / 2
        starts = [(_BAR, min(max(middle, axis.lower), axis.upper))]
    found: list[dict[str, object]] = []
    for label, before in starts:
        after = before + step
        beyond = "above" if after > axis.upper else "below" if after < axis.lower else ""
        row = {"kind": "important difference", "group": rows[0].group, "label": label, "before": before, "after": after}
        found.append({**row, "beyond_axis": beyond})
    return found


def _in_words(limits: Interval | None, better: Better | None) -> str:
    parts = [] if limits is None else [f"scale {text.plain(limits[0])} to {text.plain(limits[1])}"]
    parts += [] if better is None else [f"{better} is better"]
    return f" ({'; '.join(parts)})" if parts else ""


def _legend(rows: Sequence[SlopeRow], difference: ImportantDifference | None) -> Iterator[LegendEntry]:
    if not all(row.single for row in rows):
        yield LegendEntry(words="series: line between two means", kind="line", colour=BLUE, size=2.0)
    if any(row.single for row in rows):
        yield LegendEntry(words="single patient", kind="line", colour=MUTED, size=0.8)
    if any(row.before_range or row.after_range for row in rows):
        yield LegendEntry(words="lowest to highest score", marker="|", colour=RULE, size=9.0)
    if difference is not None:
        words = f"published important difference, {text.plain(difference.value)} ({difference.label})"
        yield LegendEntry(words=words, kind="line", colour=VERMILLION, dashes=_DASHES, size=1.0)


def _draw(panel: Panel, rows: Sequence[SlopeRow], references: Sequence[dict[str, object]]) -> None:
    for reference in references:
        xs = (0.5, 0.5) if reference["label"] == _BAR else (0.0, 1.0)
        ys = (float(str(reference["before"])), float(str(reference["after"])))
        label = f"important difference {reference['label']}"
        panel.curve(xs, ys, colour=VERMILLION, dashes=_DASHES, width=1.0, label=label, order=1.8)
        if xs[0] == xs[1]:
            for y in ys:
                panel.curve((0.47, 0.53), (y, y), colour=VERMILLION, width=1.0, label="end of the bar", order=1.8)
    _draw_ranges(panel, rows)
    for row in rows:
        colour, width = (MUTED, 0.8) if row.single else (BLUE, 2.2)
        marker, size = ("D", 4.0) if row.single else ("o", 6.5)
        for moment, value in ((0.0, row.before), (1.0, row.after)):
            name = f"{row.label} {'after' if moment else 'before'}"
            if value is not None:
                panel.point(
                    moment, value, marker=marker, size=size, fill=SKY, edge=colour, hollow=row.single, label=name
                )
        if row.before is not None and row.after is not None:
            panel.curve((0.0, 1.0), (row.before, row.after), colour=colour, width=width, label=f"slope {row.label}")


def _draw_ranges(panel: Panel, rows: Sequence[SlopeRow]) -> None:
    """Ranges side by side, outwards, each joined to its mean: on one another they would be one line."""
    before = [(f"{row.label} before", row.before, row.before_range) for row in rows if row.before_range]
    after = [(f"{row.label} after", row.after, row.after_range) for row in rows if row.after_range]
    for moment, outwards, found in ((0.0, -1, before), (1.0, 1, after)):
        step = min(_RANGE_STEP, _RANGE_ROOM / max(len(found) - 1, 1)) * (panel.x.upper - panel.x.lower) / panel.x.width
        for place, (name, value, ends) in enumerate(found):
            x = moment + outwards * place * step
            panel.curve((x, x), ends, colour=RULE, width=1.0, label=f"range {name}", order=1.9)
            if place and value is not None:
                panel.curve((moment, x), (value, value), colour=RULE, width=0.5, label=f"mean {name}", order=1.85)


def _marks(symbols: dict[str, str]) -> Iterator[str]:
    for mark, symbol in symbols.items():
        yield f"{symbol} {mark}{'' if mark.endswith('.') else '.'}"


def _notes(
    rows: Sequence[SlopeRow], axis: ValueAxis, references: Sequence[dict[str, object]], groups: int
) -> Iterator[str]:
    if any(not row.single for row in rows):
        yield "Lines of series join means; no line of a series is the course of a patient."
        if references:
            yield "A mean change beyond the important difference says nothing of how many patients reached it."
    for moment, missing in (
        ("after", [row for row in rows if row.after is None]),
        ("before", [row for row in rows if row.before is None]),
    ):
        if missing:
            yield f"No score {moment} was seen, so a point alone: {', '.join(row.label for row in missing)}."
    yield from _too_short(axis, [item for item in references if item["beyond_axis"]])
    if any(sum(row.group == group for row in rows) > DETAILS_UP_TO for group in {row.group for row in rows}):
        yield "Scores and sizes of so many lines stand in the table of the picture."
    if groups > 1:
        yield "Panels stand for themselves: lines of different panels are no comparison."


def _too_short(axis: ValueAxis, references: Sequence[dict[str, object]]) -> Iterator[str]:
    """Where the scale ends before the important difference does."""
    if any(reference["label"] == _BAR for reference in references):
        yield "The important difference is larger than the whole scale."
    for reference in references:
        if reference["label"] != _BAR:
            best = axis.upper if reference["beyond_axis"] == "above" else axis.lower
            before = float(str(reference["before"]))
            yield (
                f"{reference['label']}: from a score of {text.plain(before)} a change of at most "
                f"{text.plain(float(f'{abs(best - before):.6g}'))} is possible on this scale, less than the important "
                "difference."
            )


def _alt_text(
    rows: Sequence[SlopeRow], title: str, y_label: str, difference: ImportantDifference | None, notes: Sequence[str]
) -> str:
    series = sum(not row.single for row in rows)
    cases = len(rows) - series
    what = " and ".join(
        filter(
            None,
            [
                f"{series} series (means)" if series else "",
                f"{cases} single patient{'' if cases == 1 else 's'}" if cases else "",
            ],
        )
    )
    parts = [f"{f'{title}: s' if title else 'S'}cores before and after of {what}: {y_label}."]
    if difference is not None:
        parts.append(f"Published important difference: {text.plain(difference.value)} ({difference.label}).")
    both = [row.after - row.before for row in rows if row.before is not None and row.after is not None]
    if len(rows) <= _ROWS_IN_WORDS:
        parts += [_row_in_words(row) for row in rows]
    elif both:
        higher, lower = sum(change > 0 for change in both), sum(change < 0 for change in both)
        parts.append(f"Higher after in {higher} of {len(both)} lines, lower in {lower}; the table has each.")
    return " ".join([*parts, *notes])


def _row_in_words(row: SlopeRow) -> str:
    group = f" ({row.group})" if row.group else ""
    months = "" if row.months is None else f", {text.plain(row.months)} months"
    before, after = _score_in_words(row.before, row.before_range), _score_in_words(row.after, row.after_range)
    return f"{row.label}{group}, {size_words(row)}{months}: before {before}, after {after}."


def _score_in_words(value: float | None, ends: Interval | None) -> str:
    if value is None:
        return "not seen"
    return f"{text.plain(value)}{'' if ends is None else f' (range {text.plain(ends[0])} to {text.plain(ends[1])})'}"
