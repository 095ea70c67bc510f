"""Laws of every table: what is valid comes back as it was, and one spoilt cell is found at its line and column."""

from __future__ import annotations

import csv
import io
import string

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synth.errors import Fault
from synth.schemas import (
    ARMS,
    CORRECTIONS,
    DECISION_LOG,
    EXTRACTION_TABLES,
    OUTCOMES,
    ColumnSpec,
    Table,
    TableSpec,
    number,
)
from synth.store.tables import empty_table, parse_table

SPECS = (*EXTRACTION_TABLES, CORRECTIONS, DECISION_LOG)
# What a cell may hold: anything that can be printed. The blank ends of a cell are dropped on reading.
PRINTABLE = st.characters(codec="utf-8", exclude_characters="\r\ufffe\uffff", exclude_categories=("Cc", "Cs"))
TEXT = st.text(PRINTABLE | st.just("\n"), max_size=20).map(str.strip)
LETTERS = st.sampled_from(string.ascii_lowercase)


def valid_cell(column: ColumnSpec) -> st.SearchStrategy[str]:
    low = column.minimum or 0
    if column.name == "change_level":
        return st.integers(50, 99).map(str)
    filled = {
        "text": TEXT.filter(bool),
        "number": st.decimals(low, low + 1_000, places=2).map(str),
        "whole": st.integers(int(low), 10**9).map(str),
        "identifier": st.builds(str.__add__, LETTERS, st.text(string.ascii_lowercase + string.digits, max_size=8)),
        "arm": st.text(string.ascii_letters + string.digits, min_size=1, max_size=4),
        "date": st.dates().map(str),
        "choice": st.sampled_from(column.choices or ("",)),
        "yes": st.just("yes"),
    }[column.kind]
    return filled if column.required else st.just("") | filled


def orderly(spec: TableSpec, row: dict[str, str]) -> bool:
    """Whether the row keeps the rules over its cells."""
    return all(holds(pd.DataFrame([row], dtype=str)).all() for _, _, holds in spec.rules)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableSpec, list[dict[str, str]]]:
    """A table and valid rows of it, keys distinct."""
    spec = draw(st.sampled_from(SPECS))
    rows = draw(
        st.lists(
            st.fixed_dictionaries({column.name: valid_cell(column) for column in spec.columns}),
            min_size=1,
            max_size=4,
            unique_by=lambda row: row[spec.key[0]],
        )
    )
    for row in rows:
        if spec is OUTCOMES and not (row["change_low"] and row["change_high"]):
            row.update(change_low="", change_high="", change_level="")
        if not orderly(spec, row):
            row.update({name: "" for name in spec.numbers if name not in ("events", "total")})
            if "total" in row:
                row["events"] = "0"
    return spec, rows


def written(spec: TableSpec, rows: list[dict[str, str]], line_end: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, spec.headings, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def line_of_row(spec: TableSpec, rows: list[dict[str, str]], index: int) -> int:
    return written(spec, rows[:index]).count("\n") + 1


@given(tables(), st.sampled_from(["\n", "\r\n"]))
def test_a_valid_table_comes_back_as_it_was(table: tuple[TableSpec, list[dict[str, str]]], line_end: str):
    spec, rows = table
    read, faults = parse_table(written(spec, rows, line_end), spec, spec.file)
    assert faults == []
    assert read.text.to_dict("records") == rows
    assert read.lines == tuple(line_of_row(spec, rows, index) for index in range(len(rows)))


@given(tables(), st.data())
def test_one_spoilt_cell_is_found_at_its_line_and_column(
    table: tuple[TableSpec, list[dict[str, str]]], data: st.DataObject
):
    spec, rows = table
    index = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from([column for column in spec.columns if column.required or column.kind != "text"]))
    wrong = ["n/a", "1e5", "٣", "-", "1,5", "2026-02-31", "#REF!", "INF"] if column.kind != "text" else [""]
    if column.required:
        wrong.append("")
    rows[index][column.name] = data.draw(st.sampled_from(wrong))
    assume(column.kind != "arm" or rows[index][column.name] not in ("1e5", "INF"))
    _, faults = parse_table(written(spec, rows), spec, spec.file)
    assert {(fault.file, fault.line, fault.column) for fault in faults} == {
        (spec.file, line_of_row(spec, rows, index), column.name)
    }
    assert all("expected" in fault.message for fault in faults)


@given(st.sampled_from(SPECS), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_random_bytes_are_faults_and_never_another_error(spec: TableSpec, content: bytes):
    table, faults = parse_table(content.decode("utf-8", errors="replace"), spec, "file.csv")
    assert isinstance(table, Table)
    assert faults
    assert all(isinstance(fault, Fault) and fault.file == "file.csv" and fault.message for fault in faults)


@given(st.sampled_from(SPECS), st.text(st.sampled_from(',"\n\r;x 1\t\0'), max_size=80))
def test_random_rows_below_a_good_heading_are_faults_or_rows(spec: TableSpec, body: str):
    table, faults = parse_table(f"{','.join(spec.headings)}\n{body}", spec, "file.csv")
    assert faults or len(table) == 0 or all(len(row) == len(spec.headings) for row in table.text.to_numpy())
    assert all(fault.line >= 2 for fault in faults)


NUMBERS = {"+5": 5.0, "-0.5": -0.5, ".5": 0.5, "5.": 5.0, "007": 7.0, "9" * 15: 999_999_999_999_999.0}
NO_NUMBERS = [
    *("", "nan", "NaN", "inf", "-inf", "1e5", "1e400", "0x10", "1_000", "1,5", "1 000", "--5", "+", ".", "None"),
    *("٣", "５", "½", "²", "9" * 16, "9" * 400, "1.2.3", " 5", "True"),
]


@pytest.mark.parametrize("cell", NUMBERS)
def test_what_is_a_number(cell: str):
    assert number(pd.DataFrame({"x": [cell]}, dtype=str), "x").tolist() == [NUMBERS[cell]]


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_what_is_no_number_is_not_read_as_one(cell: str):
    (value,) = number(pd.DataFrame({"x": [cell]}, dtype=str), "x").tolist()
    assert value != value


@pytest.mark.parametrize("cell", [cell for cell in NO_NUMBERS if cell.strip() == cell != ""])
@pytest.mark.parametrize("column", ["n_patients", "age_mean"])
def test_what_is_no_number_is_a_fault_in_a_number_column(column: str, cell: str):
    row = dict.fromkeys(ARMS.headings, "x") | dict.fromkeys(ARMS.numbers, "") | {"seen_in": "primary abstract"}
    _, faults = parse_table(written(ARMS, [row | {column: cell}]), ARMS, ARMS.file)
    assert [(fault.line, fault.column) for fault in faults] == [(2, column)]


def test_text_that_pandas_takes_for_missing_stays_text():
    spec = ARMS
    row = dict.fromkeys(spec.headings, "") | {
        "study_id": "null",
        "arm_id": "NA",
        "procedure": "None",
        "technique": "nan",
        "note": "N/A",
        "source": "PMID:1",
        "locator": "abstract",
        "seen_in": "primary abstract",
        "extracted_by": "NULL",
    }
    table, faults = parse_table(written(spec, [row]), spec, spec.file)
    assert faults == []
    assert table.text.to_dict("records") == [row]
    values = table.values().iloc[0]
    assert (values["technique"], values["arm_id"], values["row"]) == ("nan", "NA", "arms.csv:2")
    assert pd.isna(values["n_patients"])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_heading_alone_is_a_table_without_rows(spec: TableSpec):
    table, faults = parse_table(",".join(spec.headings), spec, spec.file)
    assert (len(table), faults) == (0, [])
    assert list(table.text.columns) == list(empty_table(spec, spec.file).text.columns)
    assert list(table.values().columns) == [*spec.headings, "row"]


def test_a_cell_longer_than_the_reader_takes_is_a_fault():
    spec = SPECS[0]
    _, faults = parse_table(f"{','.join(spec.headings)}\n{'x' * 200_000}\n", spec, "file.csv")
    assert [(fault.line, fault.message.split(";")[0]) for fault in faults] == [
        (2, "not CSV: field larger than field limit (131072)")
    ]
