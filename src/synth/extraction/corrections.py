"""Declared fixes of errors in a source, kept beside the data with their reasons.

A fix names the value that it replaces and fails loudly once that value is no longer there (the idea is owid/etl's).
The tables are checked after the fixes: a file may hold what a source misprints, and a fix may not bring in a new fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from synth.errors import Fault
from synth.provenance import shortened
from synth.schemas import Table

Place = tuple[str, int, str]


@dataclass(frozen=True)
class Corrected:
    """Tables with their fixes made.

    Attributes
    ----------
    tables : dict of str to Table
        By name.
    faults : tuple of Fault
        One for each fix that does not fit.
    places : dict
        Line of corrections.csv by file, line and column of the cell that it changed.
    corrections : Table
        The fixes.
    """

    tables: dict[str, Table]
    faults: tuple[Fault, ...]
    places: dict[Place, int]
    corrections: Table

    def placed(self, faults: Iterable[Fault], file: str) -> list[Fault]:
        """Faults of the tables, those of a corrected cell moved to the fix, in the corrections file of that name."""
        moved = []
        for fault in faults:
            line = self.places.get((fault.file, fault.line, fault.column))
            moved.append(fault if line is None else replace(fault, file=file, line=line, column="use"))
        return moved


def apply_corrections(tables: dict[str, Table], corrections: Table) -> Corrected:
    """The tables with every declared fix made, and a fault for each fix that does not fit.

    A row is named by the values of its table's key columns, joined with ``/``. A fix of a table that is not among
    those given is passed over.
    """
    fixed, faults, places = dict(tables), [], {}
    for (_, fix), line in zip(corrections.text.iterrows(), corrections.lines, strict=True):
        table, column = fixed.get(fix["table"]), str(fix["column"])
        if table is None:
            continue
        rows = table.text[list(table.spec.key)].itertuples(index=False)
        found = [index for index, cells in enumerate(rows) if "/".join(cells) == fix["key"]]
        misfit = _misfit(table, fix, found)
        if misfit is not None:
            faults.append(Fault(corrections.file, line, *misfit))
            continue
        text = table.text.copy()
        text.loc[found[0], column] = fix["use"]
        fixed[fix["table"]] = replace(table, text=text)
        places[(table.file, table.lines[found[0]], column)] = line
    return Corrected(fixed, tuple(faults), places, corrections)


def _misfit(table: Table, fix: pd.Series, found: list[int]) -> tuple[str, str] | None:
    """Column and message where a fix does not fit the table, given the rows that have its key."""
    if fix["column"] not in table.text.columns:
        return "column", f"{table.file} has no column {shortened(fix['column'])}"
    if len(found) != 1:
        return "key", f"{len(found)} rows of {table.file} have the key {shortened(fix['key'])}; one is expected"
    there = str(table.text.loc[found[0], fix["column"]])
    if there != fix["was"]:
        replaced = shortened(fix["was"])
        return "was", f"{table.file} now holds {shortened(there)}; the fix replaces {replaced}: check the source again"
    if there == fix["use"]:
        return "use", "is what the cell holds already; a fix changes it"
    return None
