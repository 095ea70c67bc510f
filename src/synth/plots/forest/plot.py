"""Forest plots: one line for each estimate, its interval as a line and as text, pooled results as diamonds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synth.plots import text
from synth.plots.axis import ValueAxis, near_values, value_axis
from synth.plots.drawing import Drawing
from synth.plots.forest.checks import check, check_options, marked_values
from synth.plots.forest.data import data_of
from synth.plots.forest.lines import Line, lines_of, mark_symbols
from synth.plots.forest.marks import draw_marks
from synth.plots.forest.numbers import estimates_of, intervals_of, number_format
from synth.plots.forest.page import Page, draw_page
from synth.plots.forest.panel import Judgement, JudgementPanel
from synth.plots.forest.rows import ForestRow, ForestSummary, ReferenceLine
from synth.plots.forest.table import Table, table_of
from synth.plots.style import drawing_settings

__all__ = ["ForestRow", "ForestSummary", "Judgement", "JudgementPanel", "ReferenceLine", "forest"]

_ROWS_IN_WORDS = 15  # more than these, and the alternative text gives the extremes and leaves the rest to the table


def forest(
    rows: Sequence[ForestRow],
    *,
    summaries: Sequence[ForestSummary] = (),
    effect_label: str,
    log_scale: bool = False,
    null_value: float | None,
    reference_lines: Sequence[ReferenceLine] = (),
    columns: Sequence[str] = (),
    left_label: str = "",
    right_label: str = "",
    title: str = "",
    notes: Sequence[str] = (),
    label_title: str = "Study",
    level: float = 0.95,
    decimals: int | None = None,
    panel: JudgementPanel | None = None,
    closing: Sequence[str] = (),
    kind: str = "",
    whole_intervals: bool = False,
) -> Drawing:
    """A forest plot as tall as its lines need.

    From 25 rows on the lines stand closer, and the axis is above the rows too, with light lines between the two.

    Parameters
    ----------
    rows : sequence of ForestRow
        In drawing order; rows of one group are brought together.
    summaries : sequence of ForestSummary
        Pooled results, each below its group or at the end.
    effect_label : str
        What the axis shows, with its unit: "Risk ratio", "Change in modified Harris Hip Score, points".
    log_scale : bool
        Logarithmic axis. Values are given and printed as they are (ratios), not as logarithms.
    null_value : float or None
        Where the line of no effect stands (1 for ratios, 0 for differences); None where there is no such value.
    reference_lines : sequence of ReferenceLine
        Dashed lines with a legend, such as published important differences.
    columns : sequence of str
        Titles of further columns. Where they do not fit beside the label, their texts stand below it.
    left_label, right_label : str
        What values on either side of `null_value` mean.
    title : str
        Heading inside the picture; leave it out where the page gives a caption.
    notes : sequence of str
        Lines below the plot.
    label_title : str
        Heading of the first column.
    level : float
        Level of the intervals, 0 to 1; used in words only.
    decimals : int, optional
        Decimal places in the text column. By default the largest estimate is shown with three figures, with more
        decimals where a narrow interval would be lost, and very small numbers as powers of ten; on a log scale each
        number by its own size.
    panel : JudgementPanel, optional
        Domains in which the rows were judged; each row then shows its `judgements` as cells, beside the numbers, or
        below the label where the page has no room.
    closing : sequence of str
        Small print below the last summary, such as a test between subgroups.
    kind : str
        What the rows are where they are not studies, for title and alternative text: "Leave-one-out".
    whole_intervals : bool
        Whether the axis reaches to every finite limit, so that no interval is cut: for scales that have ends.

    Returns
    -------
    Drawing
        Its data have a line for each row, pooled result, reference line and line of no effect, on the axis' scale.

    Raises
    ------
    MethodError
        If there is nothing to draw, a value cannot be drawn on this axis, an estimate is not within its interval, or an
        argument is of another type than expected.

    References
    ----------
    Lewis & Clarke 2001, BMJ 322:1479, for the form of the plot.
    """
    words: dict[str, object] = {"effect_label": effect_label, "title": title, "label_title": label_title, "kind": kind}
    words |= {"left_label": left_label, "right_label": right_label}
    lists: dict[str, object] = {"columns": columns, "notes": notes, "closing": closing}
    check_options(words=words, lists=lists, level=level, decimals=decimals, panel=panel)
    level_words = f"{100 * level:g}%"
    marked = marked_values(null_value, reference_lines)
    check(rows, summaries, columns=columns, marked_values=marked, log_scale=log_scale, panel=panel)
    estimates, intervals = estimates_of(rows, summaries), intervals_of(rows, summaries)
    number = number_format(estimates, intervals, log=log_scale, decimals=decimals)
    lines = lines_of(rows, summaries, columns=columns, number=number, level=level_words, closing=closing)
    estimate_title = f"Estimate [{level_words}\N{NO-BREAK SPACE}CI]"
    table = table_of(lines, columns=columns, label_title=label_title, estimate_title=estimate_title, panel=panel)
    shown = [*marked.values(), *(_limits(rows, summaries) if whole_intervals else ())]
    axis = _axis(rows, summaries, shown, log_scale, table)
    data = data_of(lines, axis, columns, null_value, reference_lines, panel)
    beyond = int((data["beyond_axis"] != "").sum())
    page = Page(
        table=table,
        axis=axis,
        title=title,
        effect_label=text.printable(effect_label),
        directions=(left_label, right_label),
        null_value=null_value,
        reference_lines=tuple(reference_lines),
        marks=mark_symbols(rows),
        remarks=_remarks(rows, summaries, axis, beyond=beyond > 0),
        notes=tuple(notes),
        panel=panel,
    )
    with drawing_settings():
        figure, axes = draw_page(page)
        draw_marks(axes, table, axis)
    alt_text = _alt_text(page, rows, level=level_words, beyond=beyond, kind=kind)
    heading = f"{kind}: {title or effect_label}" if kind else title or f"Forest plot: {effect_label}"
    return Drawing(figure, title=text.printable(heading), alt_text=alt_text, data=data)


def _limits(rows: Sequence[ForestRow], summaries: Sequence[ForestSummary]) -> list[float]:
    """Every limit that an axis can reach."""
    given = [*intervals_of(rows, summaries), *(item.prediction for item in summaries if item.prediction)]
    return [limit for interval in given for limit in interval if math.isfinite(limit)]


def _axis(
    rows: Sequence[ForestRow],
    summaries: Sequence[ForestSummary],
    marked: list[float],
    log_scale: bool,
    table: Table,
) -> ValueAxis:
    kept = [*marked, *(summary.estimate for summary in summaries)]
    of_rows = [row.interval for row in rows if row.interval is not None]
    values = near_values([row.estimate for row in rows if row.estimate is not None], kept, of_rows, log=log_scale)
    given = [*of_rows, *(summary.interval for summary in summaries), *(summary.prediction for summary in summaries)]
    intervals = [interval for interval in given if interval is not None]
    return value_axis([*values, *kept], intervals, log=log_scale, width=table.plot.width)


def _remarks(rows: Sequence[ForestRow], summaries: Sequence[ForestSummary], axis: ValueAxis, *, beyond: bool) -> str:
    """How to read the marks that this plot has."""
    far = any(row.estimate is not None and axis.clipped((row.estimate, row.estimate)) for row in rows)
    remarks = {
        "Squares: the area shows the weight.": any(row.weight is not None for row in rows),
        "Diamond: pooled estimate and its interval.": bool(summaries),
        "Hollow marker: no interval.": any(row.estimate is not None and row.interval is None for row in rows)
        or any(summary.interval is None for summary in summaries),
        "Arrow: the interval goes on beyond the axis.": beyond,
        "Arrow without a marker: the estimate itself lies beyond it.": far,
    }
    return " ".join(remark for remark, applies in remarks.items() if applies)


def _alt_text(page: Page, rows: Sequence[ForestRow], *, level: str, beyond: int, kind: str) -> str:
    """What is seen, from the whole to the parts: subject, number of rows, pooled results, rows, lines."""
    plot = f"{kind}: forest plot" if kind else "Forest plot"
    heading = f"{plot}: {page.title}. " if page.title else f"{plot}. "
    scale = " (log scale)" if page.axis.log else ""
    with_interval = sum(row.interval is not None for row in rows)
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    parts = [f"{heading}{page.effect_label}{scale}, {count}, {with_interval} with a {level} interval."]
    lines = [placed.line for placed in page.table.lines]
    parts += _summaries_in_words(lines)
    parts += _rows_in_words(lines)
    parts += [page.panel.in_words([row.judgements for row in rows])] if page.panel and rows else []
    parts += [f"Lines whose interval goes on beyond the axis: {beyond}."] if beyond else []
    parts += [] if page.null_value is None else [f"Line of no effect at {text.plain(page.null_value)}."]
    parts += [f"Reference line at {line.legend}." for line in page.reference_lines]
    sides = zip(("left", "right"), page.directions, strict=True)
    parts += [f"To the {side}: {label}." for side, label in sides if label]
    return text.printable(" ".join([*parts, *page.notes]))


def _summaries_in_words(lines: Sequence[Line]) -> list[str]:
    """Pooled results with their prediction intervals and small print, as they follow each other."""
    words = []
    for line in lines:
        group = f"{line.source.group}, " if isinstance(line.source, ForestSummary) and line.source.group else ""
        if line.kind == "summary":
            words.append(f"{group}{line.label}: {line.words}.")
        elif line.kind == "prediction":
            words.append(f"{line.label}: {line.words}.")
        elif line.kind == "detail":
            words.append(f"{line.label.rstrip('.')}.")
    return words


def _rows_in_words(lines: Sequence[Line]) -> list[str]:
    rows = [(line, line.source) for line in lines if isinstance(line.source, ForestRow)]
    if len(rows) <= _ROWS_IN_WORDS:
        return [f"{line.label}: {line.words}{f' ({row.mark})' if row.mark else ''}." for line, row in rows]
    seen = sorted((row.estimate, index) for index, (_, row) in enumerate(rows) if row.estimate is not None)
    if not seen:
        return ["No row has an estimate."]
    (least, _), (most, _) = rows[seen[0][1]], rows[seen[-1][1]]
    return [
        f"Lowest estimate: {least.label}, {least.words}. Highest: {most.label}, {most.words}."
        " The table of the figure gives each."
    ]
