"""The Word document uses Word's own headings, captions, table headings and alternative texts."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm
from read_reports import WordReport
from sample_document import sample_document

from synth.report.docx import to_docx
from synth.report.layout import WIDE_COLUMNS, is_wide
from synth.report.model import Section, Table
from synth.report.prepare import clean


@pytest.fixture(scope="module")
def report() -> WordReport:
    return WordReport(to_docx(sample_document()))


def depths(sections: tuple[object, ...], depth: int = 1) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for block in sections:
        if isinstance(block, Section):
            found += [(clean(block.title), depth), *depths(block.blocks, depth + 1)]
    return found


def test_headings_are_headings_of_their_level(report: WordReport) -> None:
    paragraphs = report.word.paragraphs
    headings = [
        (paragraph.text, int(paragraph.style.name.removeprefix("Heading ")))
        for paragraph in paragraphs
        if paragraph.style is not None and str(paragraph.style.name).startswith("Heading ")
    ]
    assert headings == depths(sample_document().sections)
    titles = [
        paragraph.text for paragraph in paragraphs if paragraph.style is not None and paragraph.style.name == "Title"
    ]
    assert titles == [sample_document().title]


def test_a_heading_or_caption_stays_with_what_follows(report: WordReport) -> None:
    headings = [f"Heading {level}" for level in range(1, 5)]
    assert all(report.word.styles[name].paragraph_format.keep_with_next for name in headings)
    body = list(report.word.element.body)
    tables = [position for position, element in enumerate(body) if element.tag == qn("w:tbl")]
    for position in tables:
        assert body[position - 1].find(f"{qn('w:pPr')}/{qn('w:keepNext')}") is not None


def test_every_table_repeats_its_headings_and_has_a_caption(report: WordReport) -> None:
    tables = [block for block in sample_document().walk() if isinstance(block, Table)]
    assert len(report.word.tables) == len(tables)
    for table, found in zip(tables, report.word.tables, strict=True):
        first = found.rows[0]._tr.trPr
        assert first is not None
        assert first.find(qn("w:tblHeader")) is not None
        caption = found._tbl.tblPr.find(qn("w:tblCaption"))
        assert caption is not None
        assert caption.get(qn("w:val")) == clean(table.caption)


def test_wide_tables_lie_on_their_side_and_all_fit_their_page(report: WordReport) -> None:
    tables = [block for block in sample_document().walk() if isinstance(block, Table)]
    body = report.word.element.body
    sections = iter(report.word.sections)
    section, position = next(sections), 0
    turned = []
    for element in body:
        if element.tag == qn("w:tbl"):
            sideways = section.orientation == WD_ORIENT.LANDSCAPE
            turned.append(sideways)
            assert sideways or not is_wide(tables[position])
            assert not sideways or len(tables[position].columns) >= WIDE_COLUMNS
            room = section.page_width - section.left_margin - section.right_margin
            used = sum(column.width for column in report.word.tables[position].columns)
            assert used <= room + Mm(0.1)
            position += 1
        if element.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None:
            section = next(sections)
    assert set(turned) == {True, False}
    for part in report.word.sections:
        assert sorted((part.page_width, part.page_height)) == pytest.approx([Mm(210), Mm(297)], abs=Mm(0.1))


def test_no_empty_paragraph_of_full_height_ends_a_section(report: WordReport) -> None:
    ends = [node.getparent().getparent() for node in report.word.element.body.iter(qn("w:sectPr"))][:-1]
    assert ends
    for paragraph in ends:
        spacing = paragraph.find(f"{qn('w:pPr')}/{qn('w:spacing')}")
        empty = not "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
        assert not empty or (spacing is not None and spacing.get(qn("w:lineRule")) == "exact")


def test_figures_carry_their_words_and_fit_the_page(report: WordReport) -> None:
    figures = sample_document().figures()
    properties = [shape._inline.docPr for shape in report.word.inline_shapes]
    assert [found.get("descr") for found in properties] == [figure.alt for figure in figures]
    assert [found.get("title") for found in properties] == [figure.caption for figure in figures]
    for shape in report.word.inline_shapes:
        assert shape.width <= Mm(170)
        assert shape.height <= Mm(250)


def test_numbered_lists_start_at_one_again(report: WordReport) -> None:
    numbers = [
        paragraph._p.pPr.numPr.numId.val
        for paragraph in report.word.paragraphs
        if paragraph.style is not None and paragraph.style.name == "List Number"
    ]
    assert len(numbers) == 4
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_properties_are_those_of_the_document(report: WordReport) -> None:
    document, properties = sample_document(), report.word.core_properties
    assert (properties.title, properties.subject, properties.language) == (
        document.title,
        document.kind,
        document.language,
    )
    for moment in (properties.created, properties.modified):
        assert moment is not None
        assert moment.date() == date.fromisoformat(document.as_of)
    language = report.word.styles.element.find(f".//{qn('w:docDefaults')}//{qn('w:lang')}")
    assert language is not None
    assert language.get(qn("w:val")) == "en"


def test_the_package_holds_no_time_of_its_making(report: WordReport) -> None:
    with zipfile.ZipFile(io.BytesIO(report.content)) as package:
        assert package.testzip() is None
        assert package.namelist()[0] == "[Content_Types].xml"
        assert {part.date_time for part in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
