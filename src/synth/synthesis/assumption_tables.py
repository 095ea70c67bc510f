"""The interval of each change whose standard error was derived, under every assumption of the grid, for a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from synth.display import TextTable
from synth.effects.intervals import Interval
from synth.effects.reported import StandardErrorReading
from synth.protocol import Protocol
from synth.synthesis.ladder import Answer
from synth.synthesis.series import Series


def assumptions(protocol: Protocol, answers: Sequence[Answer]) -> TextTable:
    """One row an assumption: the correlation of the scores before and after, or the reading of a printed p value.

    Parameters
    ----------
    protocol : Protocol
        For names, the main correlation and the level.
    answers : sequence of Answer
        Their eligible series are shown.
    """
    rows = [
        {
            "procedure": protocol.procedure(answer.procedure).label,
            "outcome": f"{protocol.outcome(item.outcome).label} ({item.instrument})",
            "study": f"{item.study_id}/{item.arm_id}",
            **row,
        }
        for answer in answers
        for item in answer.changes
        for row in _rows(protocol, item)
    ]
    excluded = [
        f"{item.study_id}, {item.instrument}: {test.sentence}"
        for answer in answers
        for item in answer.changes
        if item.readings is not None
        for test in item.readings.rank_tests
        if test.excluded
    ]
    caption = "Changes whose interval was derived, under each assumption (the main line is marked)."
    empty = "No interval of a change was derived."
    return TextTable(pd.DataFrame(rows), " ".join([caption, *excluded]), empty)


def _rows(protocol: Protocol, item: Series) -> Iterator[dict[str, str]]:
    level = f"{100 * protocol.synthesis.level:g}% interval"
    if item.grid is not None:
        planned = protocol.synthesis.correlation
        for line in item.grid.lines:
            main = planned is not None and line.correlation == planned.main
            yield {
                "assumption": f"correlation {line.correlation:g}{' (main line)' if main else ''}",
                "standard error": f"{line.standard_error:.2f}",
                "change": f"{item.grid.change:+.1f} {item.summary.unit}",
                level: _span(line.interval),
                "over the rounding of p": "-",
            }
    if item.readings is not None:
        readings = item.readings
        for reading in (readings.main, *readings.alternatives):
            interval = reading.interval(readings.level)
            error = reading.standard_error
            yield {
                "assumption": f"{reading.test}{' (main line)' if reading is readings.main else ''}",
                "standard error": "none" if error is None else f"{error:.2f}",
                "change": f"{reading.change:+.1f} {item.summary.unit}",
                level: "none" if interval is None else _span(interval),
                "over the rounding of p": _rounding(reading, readings.level),
            }


def _rounding(reading: StandardErrorReading, level: float) -> str:
    narrow, wide = reading.narrowest_interval(level), reading.widest_interval(level)
    if not all(map(math.isfinite, (*narrow, *wide))):
        return "without limit"
    return f"{_span(narrow)} at the narrowest, {_span(wide)} at the widest"


def _span(interval: Interval) -> str:
    return f"{interval[0]:.1f} to {interval[1]:.1f}"
