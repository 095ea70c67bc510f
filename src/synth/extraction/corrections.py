"""Declared fixes of errors in a source, kept beside the data with their reasons.

A fix names the value that it replaces and fails loudly once that value is no longer there (the idea is owid/etl's).
"""

from __future__ import annotations

from dataclasses import replace

from synth.errors import Fault
from synth.schemas import Table


def apply_corrections(tables: dict[str, Table], corrections: Table) -> tuple[dict[str, Table], list[Fault]]:
    """The tables with every declared fix made, and a fault for each fix that does not fit.

    A row is named by the values of its table's key columns, joined with ``/``.
    """
    fixed, faults = dict(tables), []
    for (_, fix), line in zip(corrections.text.iterrows(), corrections.lines, strict=True):
        table = fixed.get(fix["table"])
        if table is None:
            continue
        keys = table.text[list(table.spec.key)].agg("/".join, axis=1) if len(table) else None
        found = [] if keys is None else [index for index, key in enumerate(keys) if key == fix["key"]]
        if fix["column"] not in table.text.columns:
            faults.append(Fault(corrections.file, line, "column", f"{table.file} has no column {fix['column']!r}"))
        elif len(found) != 1:
            message = f"{len(found)} rows of {table.file} have the key {fix['key']!r}; one is expected"
            faults.append(Fault(corrections.file, line, "key", message))
        elif table.text.loc[found[0], fix["column"]] != fix["was"]:
            there = str(table.text.loc[found[0], fix["column"]])
            message = f"{table.file} now holds {there!r}; the fix replaces {fix['was']!r}: check the source again"
            faults.append(Fault(corrections.file, line, "was", message))
        else:
            text = table.text.copy()
            text.loc[found[0], fix["column"]] = fix["use"]
            fixed[fix["table"]] = replace(table, text=text)
    return fixed, faults
