"""Outcomes that a report names without a figure: in its title, or in what was read of it."""

from __future__ import annotations

import pandas as pd


def outcomes_in(cell: str) -> tuple[str, ...]:
    """Ids in one cell of the column outcomes_named of studies.csv, several with ; between."""
    return tuple(part.strip() for part in cell.split(";")) if cell.strip() else ()


def outcomes_named(studies: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Ids of the outcomes that each study names without a figure, by study id; a study that names none is not there.

    Parameters
    ----------
    studies : DataFrame
        `Extraction.studies`.
    """
    pairs = zip(map(str, studies["study_id"]), map(str, studies["outcomes_named"]), strict=True)
    return {study: names for study, cell in pairs if (names := outcomes_in(cell))}
