"""The lines of a forest plot from top to bottom, and the words that stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from synth.plots import text
from synth.plots.axis import Interval
from synth.plots.forest.numbers import NumberFormat
from synth.plots.forest.rows import ForestRow, ForestSummary

MARKS: Final = "†‡§¶"
NO_INTERVAL: Final = "no interval"

Kind = Literal["heading", "row", "summary", "prediction", "detail"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plot before it is laid out: what it shows and the words beside it."""

    kind: Kind
    label: str
    source: ForestRow | ForestSummary | None = None
    estimate: tuple[str, str] = ("", "")
    cells: tuple[str, ...] = ()
    weight: str = ""
    mark: str = ""
    place: int = 0
    """Of a summary: its place, from 0, among those of its group."""

    @property
    def bold(self) -> bool:
        """Headings and pooled results stand out."""
        return self.kind in ("heading", "summary")

    @property
    def words(self) -> str:
        """Estimate and interval as one text."""
        return " ".join(part for part in self.estimate if part)


def lines_of(
    rows: Sequence[ForestRow],
    summaries: Sequence[ForestSummary],
    *,
    columns: Sequence[str],
    number: NumberFormat,
    level: str,
    closing: Sequence[str] = (),
) -> tuple[Line, ...]:
    """Headings, rows, pooled results, prediction intervals and small print from top to bottom."""
    marks = mark_symbols(rows)
    lines: list[Line] = []
    for group in dict.fromkeys(row.group for row in rows):
        lines += [Line("heading", group)] if group else []
        lines += [_row_line(row, columns, number, marks) for row in rows if row.group == group]
        if group:
            lines += _group_lines(group, summaries, number, level)
    lines += _group_lines("", summaries, number, level)
    return (*lines, *(Line("detail", words) for words in closing if words.strip()))


def _group_lines(group: str, summaries: Sequence[ForestSummary], number: NumberFormat, level: str) -> list[Line]:
    own = [summary for summary in summaries if summary.group == group]
    return [line for place, summary in enumerate(own) for line in _summary_lines(summary, number, level, place)]


def mark_symbols(rows: Sequence[ForestRow]) -> dict[str, str]:
    """A symbol for each explanation, in the order in which they first come: †, ‡, §, ¶, ††, and so on."""
    explanations = list(dict.fromkeys(row.mark for row in rows if row.mark))
    return {
        explanation: MARKS[index % len(MARKS)] * (1 + index // len(MARKS))
        for index, explanation in enumerate(explanations)
    }


def _row_line(row: ForestRow, columns: Sequence[str], number: NumberFormat, marks: dict[str, str]) -> Line:
    if row.estimate is None:
        estimate = ("no estimate", "")
    elif row.interval is None:
        estimate = (f"{number(row.estimate)},", NO_INTERVAL)
    else:
        own = number.of(row.estimate, row.interval)
        estimate = (own(row.estimate), bracketed(row.interval, own))
    weight = "" if row.weight is None else f"{100 * row.weight:.1f}%"
    cells = tuple(text.printable(row.columns.get(title, "")) for title in columns)
    return Line("row", row.label, row, estimate, cells, weight, marks.get(row.mark, ""))


def _summary_lines(summary: ForestSummary, number: NumberFormat, level: str, place: int) -> list[Line]:
    own = number.of(summary.estimate, summary.interval)
    interval = bracketed(summary.interval, own) if summary.interval else NO_INTERVAL
    comma = "" if summary.interval else ","
    estimate = (own(summary.estimate) + comma, interval)
    lines = [Line("summary", summary.label, summary, estimate, place=place)]
    if summary.prediction:
        words = ("", bracketed(summary.prediction, number))
        lines.append(Line("prediction", f"{level} prediction interval", summary, words, place=place))
    return [*lines, *(Line("detail", detail, summary, place=place) for detail in summary.details if detail.strip())]


def bracketed(interval: Interval, number: NumberFormat) -> str:
    """The limits as printed: [0.34, 0.70]."""
    return f"[{number(interval[0])}, {number(interval[1])}]"
