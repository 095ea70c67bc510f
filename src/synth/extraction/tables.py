"""The extracted tables of a review: cells as they stand in the files, numbers beside them, rows that can be named."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from synth.display import TextTable, html_table
from synth.extraction.show import counts_as_printed, figures_as_printed, series_as_described
from synth.schemas import CORRECTIONS, REVIEWS, Table


@dataclass(frozen=True, repr=False)
class Extraction:
    """What was read in the sources: one row a study, arm, outcome, event, case or statement of a published review.

    Each attribute is a DataFrame; numbers are floats with NaN for "not seen", everything else is text with "" for it.
    `corrections` are the declared fixes that were made. `printed` gives the cells as they were written, for figures
    whose printed digits matter.
    """

    studies: pd.DataFrame
    arms: pd.DataFrame
    outcomes: pd.DataFrame
    events: pd.DataFrame
    cases: pd.DataFrame
    tables: dict[str, Table]
    corrections: pd.DataFrame
    reviews: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*REVIEWS.headings, "row"]))

    @classmethod
    def of(cls, tables: dict[str, Table], corrections: Table | None = None) -> Extraction:
        """From checked tables by name (reviews may be missing) and the corrections made in them."""
        frames = {name: table.values() for name, table in tables.items()}
        made = pd.DataFrame(columns=list(CORRECTIONS.headings)) if corrections is None else corrections.text
        return cls(**frames, tables=tables, corrections=made)

    def printed(self, table: str, row: str, column: str) -> str:
        """The text of one cell, the row named as ``file:line``."""
        source = self.tables[table]
        line = int(row.rsplit(":", 1)[1])
        return str(source.text.loc[source.lines.index(line), column])

    def show_series(self, procedure: str) -> TextTable:
        """Who was in each arm of a procedure, by what criteria, with what else done, for a notebook."""
        shown = series_as_described(self._of("arms", procedure), self.tables["studies"].text)
        return TextTable(shown, f"{procedure}: series", f"{procedure}: no arm was extracted.")

    def show_figures(self, procedure: str) -> TextTable:
        """The figures of outcomes after a procedure, as printed, for a notebook."""
        caption, empty = f"{procedure}: figures as printed", f"{procedure}: no figure of an outcome was extracted."
        return TextTable(figures_as_printed(self._of("outcomes", procedure)), caption, empty)

    def show_counts(self, procedure: str) -> TextTable:
        """The counts of events after a procedure, as printed, for a notebook."""
        caption, empty = f"{procedure}: counts as printed", f"{procedure}: no count was extracted."
        return TextTable(counts_as_printed(self._of("events", procedure)), caption, empty)

    def show_corrections(self) -> TextTable:
        """The fixes of errors in sources, for a notebook."""
        return TextTable(self.corrections, "Corrections made", "No figure of a source was corrected.")

    def _of(self, table: str, procedure: str) -> pd.DataFrame:
        """Rows of text cells whose arm had that procedure."""
        arms = self.arms[self.arms["procedure"] == procedure]
        wanted = set(zip(arms["study_id"], arms["arm_id"], strict=True))
        text = self.tables[table].text
        chosen = [pair in wanted for pair in zip(text["study_id"], text["arm_id"], strict=True)]
        return text[chosen]

    def __repr__(self) -> str:
        return f"Extraction({', '.join(f'{len(table)} {name}' for name, table in self.tables.items())})"

    def _repr_html_(self) -> str:
        rows = [(name, len(table)) for name, table in self.tables.items()]
        return html_table(pd.DataFrame(rows, columns=["table", "rows"]), "Extracted tables")
