"""Every text of the report model stands in every format, in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from built_reports import document_of
from read_reports import PdfReport, WordReport, read_html, read_markdown
from sample_document import sample_document

from synth.report.docx import to_docx
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.model import Bullets, Callout, Document, Facts, Figure, Paragraph, Runs, Section, Table
from synth.report.pdf import to_pdf
from synth.report.prepare import clean

DOCUMENTS = ("sample", "ifi", "bcg")
READERS: dict[str, Callable[[Document], str]] = {
    "html": lambda document: read_html(to_html(document)).one("main").text,
    "markdown": lambda document: read_markdown(to_markdown(document)).text,
    "docx": lambda document: WordReport(to_docx(document)).text,
    "pdf": lambda document: PdfReport(to_pdf(document)).text,
}
# Spaces differ by format, and so do the places where a long word may be broken.
SPACES = re.compile(r"[\s\u200b]+")
# pypdf gives letters of right-to-left scripts in the order in which they are drawn, and letters that one glyph of
# Last Resort stands for, or that carry an accent of their own, more than once.
NOT_READ_BACK = re.compile("[\u0300-\u036f\u0590-\u06ff\u2fff-\ufffc\U00010000-\U0010ffff]")


def document_named(name: str) -> Document:
    return sample_document() if name == "sample" else document_of(name)


def content_text(content: Runs, mark: str) -> str:
    return "".join(mark.format(run.text) if run.mark else run.text for run in content)


def texts(document: Document, mark: str) -> Iterator[str]:
    """Titles, captions, headings and contents in reading order; the alternative texts have tests of their own."""
    for block in document.walk():
        match block:
            case Section() | Callout():
                yield block.title
            case Paragraph(content):
                yield content_text(content, mark)
            case Bullets(items):
                yield from (content_text(item, mark) for item in items)
            case Facts(pairs):
                for label, value in pairs:
                    yield label
                    yield content_text(value, mark)
            case Table():
                yield block.caption
                yield from (column.title for column in block.columns)
                yield from (content_text(cell, mark) for row in block.rows for cell in row.cells)
                yield from (content_text(note, mark) for note in block.notes)
            case Figure() if block.table is None:
                yield block.caption


def squeezed(text: str) -> str:
    return SPACES.sub("", clean(text))


def words_missing(page: str, text: str) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z0-9]{2,}", NOT_READ_BACK.sub(" ", clean(text))) if word not in page]


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("kind", READERS)
def test_every_text_stands_in_the_report_in_reading_order(kind: str, name: str) -> None:
    document = document_named(name)
    page = squeezed(READERS[kind](document))
    position, found = 0, 0
    for text in texts(document, "{}" if kind == "pdf" else "({})"):
        if kind == "pdf" and NOT_READ_BACK.search(clean(text)):
            assert not words_missing(page, text), text
            continue
        wanted = squeezed(text)
        there = page.find(wanted, position)
        assert there >= 0, f"not found after {page[max(0, position - 80) : position]!r}: {wanted!r}"
        position, found = there + len(wanted), found + 1
    assert found > 100


@pytest.mark.parametrize("kind", READERS)
def test_title_kind_and_date_stand_in_the_report(kind: str) -> None:
    document = sample_document()
    read = (lambda made: read_html(to_html(made)).one("body").text) if kind == "html" else READERS[kind]
    page = squeezed(read(document))
    for text in (document.title, document.kind, f"Evidence as of {document.as_of}"):
        assert squeezed(text) in page


@pytest.mark.parametrize("kind", READERS)
def test_tables_and_figures_are_numbered_alike(kind: str) -> None:
    document = sample_document()
    page = squeezed(READERS[kind](document))
    figures = document.figures()
    data = {id(figure.table) for figure in figures}
    tables = [block for block in document.walk() if isinstance(block, Table) and id(block) not in data]
    for what, blocks in (("Table", tables), ("Figure", figures)):
        for number, block in enumerate(blocks, 1):
            assert squeezed(f"{what} {number}. {block.caption}") in page
    for number in range(1, len(figures) + 1):
        assert squeezed(f"Data of figure {number}") in page
