"""The extracted tables of a review: cells as they stand in the files, numbers beside them, rows that can be named."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from synth.display import TextTable, html_table
from synth.schemas import Table

_PLACE = ("locator", "seen_in", "note")
_OUTCOME_COLUMNS = (
    *("study_id", "arm_id", "outcome", "instrument", "timepoint_months", "n", "unit_of_analysis"),
    *("baseline_mean", "baseline_sd", "baseline_min", "baseline_max"),
    *("followup_mean", "followup_sd", "followup_min", "followup_max", "p_value", "unit", *_PLACE),
)
_EVENT_COLUMNS = (
    "study_id",
    "arm_id",
    "event",
    "events",
    "total",
    "unit_of_analysis",
    "conditioned_on_inclusion",
    *_PLACE,
)


@dataclass(frozen=True, repr=False)
class Extraction:
    """What was read in the sources: one row a study, arm, outcome, event or case.

    Each attribute is a DataFrame; numbers are floats with NaN for "not seen", everything else is text with "" for it.
    `printed` gives the cells as they were written, for figures whose printed digits matter.
    """

    studies: pd.DataFrame
    arms: pd.DataFrame
    outcomes: pd.DataFrame
    events: pd.DataFrame
    cases: pd.DataFrame
    tables: dict[str, Table]

    @classmethod
    def of(cls, tables: dict[str, Table]) -> Extraction:
        """From checked tables by name: studies, arms, outcomes, events, cases."""
        frames = {name: table.values() for name, table in tables.items()}
        return cls(**frames, tables=tables)

    def printed(self, table: str, row: str, column: str) -> str:
        """The text of one cell, the row named as ``file:line``."""
        source = self.tables[table]
        line = int(row.rsplit(":", 1)[1])
        return str(source.text.loc[source.lines.index(line), column])

    def show_outcomes(self) -> TextTable:
        """The figures of the outcomes as printed, for a notebook."""
        caption, empty = "Figures of outcomes, as printed", "No figure of an outcome was extracted."
        return TextTable(self.tables["outcomes"].text[list(_OUTCOME_COLUMNS)], caption, empty)

    def show_events(self) -> TextTable:
        """The counts of events as printed, for a notebook."""
        caption, empty = "Counts of events, as printed", "No count was extracted."
        return TextTable(self.tables["events"].text[list(_EVENT_COLUMNS)], caption, empty)

    def __repr__(self) -> str:
        return f"Extraction({', '.join(f'{len(table)} {name}' for name, table in self.tables.items())})"

    def _repr_html_(self) -> str:
        rows = [(name, len(table)) for name, table in self.tables.items()]
        return html_table(pd.DataFrame(rows, columns=["table", "rows"]), "Extracted tables")
