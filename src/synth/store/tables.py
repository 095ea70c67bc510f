"""CSV text to a checked table: every fault of the file with its line, column and expectation."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from synth.errors import Fault
from synth.provenance import shortened, unprintable
from synth.schemas import NUMBER, Table, TableSpec, schema


def empty_table(spec: TableSpec, file: str) -> Table:
    """A table without rows."""
    return Table(spec, file, pd.DataFrame({name: pd.Series(dtype=str) for name in spec.headings}), ())


def parse_table(content: str, spec: TableSpec, file: str) -> tuple[Table, list[Fault]]:
    """The table of some CSV text, and every fault of its heading and cells; see `split_table` and `table_faults`."""
    table, faults = split_table(content, spec, file)
    return table, faults or table_faults(table)


def split_table(content: str, spec: TableSpec, file: str) -> tuple[Table, list[Fault]]:
    """The cells of some CSV text, and what keeps them from being read; after such a fault the table is empty.

    Blank lines are passed over. Lines are counted in the file, so that a quoted cell with line breaks does not
    shift the places of the rows below it.
    """
    if not content.strip():
        message = f"is empty; a heading is expected: {','.join(spec.headings)}"
        return empty_table(spec, file), [Fault(file, 0, "", message)]
    lines, rows, faults = _split(content, file)
    heading = [cell.strip() for cell in rows[0]] if rows else []
    faults = faults or _heading_faults(heading, spec, file, lines[0])
    faults = faults or [
        Fault(file, line, "", f"the row has {len(cells)} of {len(heading)} cells; one for each heading is expected")
        for cells, line in zip(rows[1:], lines[1:], strict=True)
        if len(cells) != len(heading)
    ]
    if faults:
        return empty_table(spec, file), faults
    columns = {name: [cells[index].strip() for cells in rows[1:]] for index, name in enumerate(heading)}
    return Table(spec, file, pd.DataFrame(columns, dtype=str), tuple(lines[1:]), lines[0]), []


def _split(content: str, file: str) -> tuple[list[int], list[list[str]], list[Fault]]:
    """Rows of cells with the line on which each begins."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[Fault] = []
    start = 1
    try:
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(start)
                faults += [Fault(file, start, "", problem) for problem in map(unprintable, cells) if problem]
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            faults.append(Fault(file, start, "", "not CSV: a quotation mark opens in this row and is never closed"))
        else:
            message = f"not CSV: {error}; a cell with a quotation mark is quoted, and the mark written twice"
            faults.append(Fault(file, reader.line_num, "", message))
    return lines, rows, faults


def _heading_faults(heading: list[str], spec: TableSpec, file: str, line: int) -> list[Fault]:
    if len(heading) == 1 and (other := next((mark for mark in ";\t|" if mark in heading[0]), "")):
        return [Fault(file, line, "", f"the cells are parted by {other!r}; commas are expected: save the file as CSV")]
    faults = [
        Fault(file, line, name, "this column is missing from the heading")
        for name in spec.headings
        if name not in heading
    ]
    expected = ",".join(spec.headings)
    faults += [
        Fault(file, line, name or "(no name)", f"unknown column; expected are: {expected}")
        for name in dict.fromkeys(heading)
        if name not in spec.headings and not (name and spec.open_columns)
    ]
    faults += [
        Fault(file, line, name, "this column stands twice in the heading; keep one")
        for name in sorted({name for name in heading if name and heading.count(name) > 1})
    ]
    return faults


def table_faults(table: Table) -> list[Fault]:
    """Every fault of a table's cells, rows and keys, sorted."""
    return sorted([*_cell_faults(table), *_key_faults(table)])


def _cell_faults(table: Table) -> set[Fault]:
    if not len(table):
        return set()
    try:
        schema(table.spec).validate(table.text, lazy=True)
    except SchemaErrors as errors:
        return {place for error in errors.schema_errors for place in _places(error, table)}
    return set()


def _places(error: pa.errors.SchemaError, table: Table) -> list[Fault]:
    column = str(error.check.name if error.schema.name is None and error.check.name else error.schema.name)
    said = str(error.check.error)
    indexes = sorted({int(index) for index in error.failure_cases["index"].dropna()})
    faults = []
    for index in indexes:
        cell, words = shortened(table.text.loc[index, column]), said
        if not words.startswith("is empty"):
            words = f"{cell} {words}" if words.startswith("is ") else f"{cell}: {words}"
        faults.append(Fault(table.file, table.lines[index], column, words))
    return faults


def _same(cell: str) -> str | float:
    """What makes two key cells equal: 12 and 12.0 are one time."""
    return float(cell) if re.fullmatch(NUMBER, cell) else cell


def _key_faults(table: Table) -> list[Fault]:
    required = [column.name for column in table.spec.columns if column.required and column.name in table.spec.key]
    first: dict[tuple[str | float, ...], int] = {}
    faults = []
    for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
        key = tuple(_same(row[name]) if name in table.spec.numbers else str(row[name]) for name in table.spec.key)
        if not all(row[name] for name in required):
            continue  # an empty key cell is a fault of its own
        if key in first:
            named = "/".join(str(row[name]) for name in table.spec.key)
            message = f"{named} stands on line {first[key]} already; each {' + '.join(table.spec.key)} stands once"
            faults.append(Fault(table.file, line, table.spec.key[-1], message))
        first.setdefault(key, line)
    return faults
