"""What a forest plot shows, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from synth.plots.axis import ValueAxis
from synth.plots.forest.lines import Line
from synth.plots.forest.panel import JudgementPanel
from synth.plots.forest.rows import DATA_COLUMNS, ForestRow, ForestSummary, ReferenceLine


def data_of(
    lines: Sequence[Line],
    axis: ValueAxis,
    columns: Sequence[str],
    null_value: float | None,
    reference_lines: Sequence[ReferenceLine],
    panel: JudgementPanel | None,
) -> pd.DataFrame:
    """One line for each row, summary and piece of small print from top to bottom, then the vertical lines.

    Numbers are in full, on the scale of the axis; `beyond_axis` says at which end an interval was cut; a panel has one
    column for each of its domains.
    """
    records: list[dict[str, object]] = []
    for line in lines:
        if isinstance(line.source, ForestRow):
            judged = panel.record(line.source.judgements) if panel else {}
            records.append({**_row_record(line, line.source, axis), **judged})
        elif isinstance(line.source, ForestSummary) and line.kind == "summary":
            records.append(_summary_record(line, line.source, axis))
        elif line.kind == "detail":
            group = line.source.group if line.source else ""
            records.append({"kind": "small print", "group": group, "label": line.label})
    if null_value is not None:
        records.append({"kind": "line of no effect", "label": "line of no effect", "estimate": null_value})
    records += [{"kind": "reference line", "label": line.label, "estimate": line.value} for line in reference_lines]
    names = [*DATA_COLUMNS[:3], *columns, *DATA_COLUMNS[3:], *(panel.columns if panel else ())]
    numbers = DATA_COLUMNS[3:9]
    empty: dict[str, object] = {name: None if name in numbers else "" for name in names}
    table = pd.DataFrame.from_records([{**empty, **record} for record in records], columns=names)
    return table.astype({name: float if name in numbers else str for name in names})


def _row_record(line: Line, row: ForestRow, axis: ValueAxis) -> dict[str, object]:
    lower, upper = row.interval or (None, None)
    span = row.interval or (None if row.estimate is None else (row.estimate, row.estimate))
    return {
        "kind": "row",
        "group": row.group,
        "label": row.label,
        **row.columns,
        "estimate": row.estimate,
        "lower": lower,
        "upper": upper,
        "weight": row.weight,
        "mark": row.mark,
        "beyond_axis": axis.clipped(span) if span else "",
        "text": line.words,
    }


def _summary_record(line: Line, summary: ForestSummary, axis: ValueAxis) -> dict[str, object]:
    lower, upper = summary.interval or (None, None)
    prediction_lower, prediction_upper = summary.prediction or (None, None)
    shown = [axis.clipped(interval) for interval in (summary.interval, summary.prediction) if interval]
    ends = {end for clipped in shown for end in (("lower", "upper") if clipped == "both" else (clipped,)) if end}
    return {
        "kind": "summary",
        "group": summary.group,
        "label": summary.label,
        "estimate": summary.estimate,
        "lower": lower,
        "upper": upper,
        "prediction_lower": prediction_lower,
        "prediction_upper": prediction_upper,
        "beyond_axis": "both" if len(ends) == 2 else "".join(ends),
        "text": line.words,
    }
