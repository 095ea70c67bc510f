"""Widths of columns, and which tables lie on their side."""

from __future__ import annotations

import pytest
from built_reports import document_of

from synth.report.layout import LEAD_LINES, SMALL_TABLE, column_shares, is_wide, pages
from synth.report.model import Column, Document, Paragraph, Row, Section, Table, runs

SHORT = ("Hips", "Women", "Months", "Before", "After", "Change", "Place")


def table_of(rows: int, *, remark: str = "an invented remark that goes on and on " * 6) -> Table:
    columns = (Column("Report"), *map(Column, SHORT), Column("Remarks"))
    cells = (runs("Gecko 2029"), *(runs(str(number)) for number in range(len(SHORT))), runs(remark))
    return Table("Invented", columns, (Row(cells),) * rows)


def document_of_blocks(*blocks: object) -> Document:
    section = Section("Invented", "invented", blocks)  # type: ignore[arg-type]
    return Document("Invented title", "Invented kind", (), "2031-02-28", (section,))


def placed(document: Document) -> list[tuple[bool, list[str]]]:
    return [(sideways, [type(block).__name__ for block, _ in found]) for sideways, found in pages(document)]


def test_a_column_of_long_texts_gets_what_columns_of_numbers_do_not_need() -> None:
    *numbers, remarks = column_shares(table_of(3))[1:]
    assert remarks > 0.35
    assert max(numbers) < 0.12


def test_a_column_is_as_wide_as_its_longest_word() -> None:
    titles = ("Study", "Mm", "Ill", "Remarks")
    cells = (runs("x"), runs("x"), runs("x"), runs("words that go on " * 40))
    _, wide, narrow, _ = column_shares(Table("Invented", tuple(map(Column, titles)), (Row(cells),)))
    # Fewer letters, but broader ones.
    assert wide > narrow


def test_wider_texts_never_make_a_table_wider_than_its_line() -> None:
    for block in document_of("ifi").walk():
        if isinstance(block, Table):
            shares = column_shares(block)
            assert min(shares) > 0
            assert sum(shares) == pytest.approx(1) or sum(shares) < SMALL_TABLE * 1.5


@pytest.mark.parametrize(("rows", "sideways"), [(1, False), (30, True)])
def test_a_table_of_many_columns_lies_on_its_side_where_it_is_tall(rows: int, sideways: bool) -> None:
    assert is_wide(table_of(rows)) is sideways


def test_a_tall_table_of_few_columns_stays_upright() -> None:
    table = Table("Invented", (Column("A"), Column("B")), (Row((runs("x"), runs("long text " * 60))),) * 40)
    assert not is_wide(table)


def test_a_short_text_below_a_heading_goes_with_the_wide_table() -> None:
    short, long = Paragraph(runs("A short text.")), Paragraph(runs("A long text. " * 8 * LEAD_LINES))
    assert placed(document_of_blocks(short, table_of(30))) == [(True, ["Section", "Paragraph", "Table"])]
    assert placed(document_of_blocks(long, table_of(30))) == [(False, ["Section", "Paragraph"]), (True, ["Table"])]


def test_a_table_of_many_columns_stays_with_the_wide_one_before_it() -> None:
    small = table_of(1)
    assert placed(document_of_blocks(table_of(30), small)) == [(True, ["Section", "Table", "Table"])]
    between = Paragraph(runs("A text between."))
    assert [sideways for sideways, _ in placed(document_of_blocks(table_of(30), between, small))] == [True, False]
