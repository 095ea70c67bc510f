"""The extracted tables of a review: cells as they stand in the files, numbers beside them, rows that can be named."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from synth.schemas import Table


@dataclass(frozen=True)
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

    def _repr_html_(self) -> str:
        counts = pd.DataFrame(
            {"table": list(self.tables), "rows": [len(table) for table in self.tables.values()]},
        )
        return str(counts.to_html(index=False, border=0))
