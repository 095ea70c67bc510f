"""CSV text to a checked table: every fault of the file with its line, column and expectation."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from synth.errors import Fault
from synth.schemas import Table, TableSpec, schema


def empty_table(spec: TableSpec, file: str) -> Table:
    """A table without rows."""
    return Table(spec, file, pd.DataFrame({name: pd.Series(dtype=str) for name in spec.headings}), ())


def parse_table(content: str, spec: TableSpec, file: str) -> tuple[Table, list[Fault]]:
    """The table of some CSV text and its faults; after a fault of the heading the table is empty.

    Blank lines are passed over. Lines are counted in the file, so that a quoted cell with line breaks does not
    shift the places of the rows below it.
    """
    if not content.strip():
        message = f"is empty; a heading is expected: {','.join(spec.headings)}"
        return empty_table(spec, file), [Fault(file, 0, "", message)]
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        return empty_table(spec, file), [Fault(file, reader.line_num, "", f"not CSV: {error}")]
    heading = [cell.strip() for cell in rows[0]]
    faults = _heading_faults(heading, spec, file, lines[0])
    if faults:
        return empty_table(spec, file), faults
    faults = [
        Fault(file, line, "", f"{len(cells)} cells; {len(heading)} are expected, as in the heading")
        for cells, line in zip(rows[1:], lines[1:], strict=True)
        if len(cells) != len(heading)
    ]
    if faults:
        return empty_table(spec, file), faults
    columns = {name: [cells[index].strip() for cells in rows[1:]] for index, name in enumerate(heading)}
    table = Table(spec, file, pd.DataFrame(columns, dtype=str), tuple(lines[1:]))
    return table, [*_cell_faults(table), *_key_faults(table)]


def _heading_faults(heading: list[str], spec: TableSpec, file: str, line: int) -> list[Fault]:
    faults = [
        Fault(file, line, name, "this column is missing from the heading")
        for name in spec.headings
        if name not in heading
    ]
    if not spec.open_columns:
        expected = ",".join(spec.headings)
        faults += [
            Fault(file, line, name or "(no name)", f"unknown column; expected are: {expected}")
            for name in heading
            if name not in spec.headings
        ]
    faults += [
        Fault(file, line, name, "this column stands twice in the heading")
        for name in sorted({name for name in heading if heading.count(name) > 1})
    ]
    return faults


def _cell_faults(table: Table) -> list[Fault]:
    if not len(table):
        return []
    try:
        schema(table.spec).validate(table.text, lazy=True)
    except SchemaErrors as errors:
        found = {place for error in errors.schema_errors for place in _places(error, table)}
        return sorted(found)
    return []


def _places(error: pa.errors.SchemaError, table: Table) -> list[Fault]:
    column = str(error.check.name if error.schema.name is None and error.check.name else error.schema.name)
    words = str(error.check.error)
    indexes = sorted({int(index) for index in error.failure_cases["index"].dropna()})
    faults = []
    for index in indexes:
        cell = str(table.text.loc[index, column])
        shown = (
            words
            if words.startswith("is empty")
            else f"{cell!r} {words}"
            if words.startswith("is ")
            else f"{cell!r}: {words}"
        )
        faults.append(Fault(table.file, table.lines[index], column, shown))
    return faults


def _key_faults(table: Table) -> list[Fault]:
    first: dict[tuple[str, ...], int] = {}
    faults = []
    for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
        key = tuple(row[name] for name in table.spec.key)
        if key in first:
            message = (
                f"{'/'.join(key)} stands on line {first[key]} already; each {' + '.join(table.spec.key)} stands once"
            )
            faults.append(Fault(table.file, line, table.spec.key[-1], message))
        first.setdefault(key, line)
    return faults
