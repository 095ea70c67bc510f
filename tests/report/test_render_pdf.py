"""The PDF is A4, tagged, and tells title, language and the words of its figures."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from built_reports import document_of
from read_reports import PdfReport
from sample_document import sample_document

from synth.errors import ReportError
from synth.report import pdf
from synth.report.model import Document, Section, Table
from synth.report.pdf import to_pdf
from synth.report.prepare import clean

A4_POINTS = (595, 842)


@pytest.fixture(scope="module", params=("sample", "ifi"))
def document(request: pytest.FixtureRequest) -> Document:
    return sample_document() if request.param == "sample" else document_of(request.param)


@pytest.fixture(scope="module")
def report(document: Document) -> PdfReport:
    return PdfReport(to_pdf(document))


def test_pages_are_a4_and_counted(report: PdfReport) -> None:
    count = len(report.reader.pages)
    for number, page in enumerate(report.reader.pages, 1):
        sides = sorted((float(page.mediabox.width), float(page.mediabox.height)))
        assert sides == pytest.approx(A4_POINTS, abs=1)
        assert re.search(rf"Page {number} of {count}\s*\Z", page.extract_text())


def test_no_page_is_empty(report: PdfReport) -> None:
    # Only the last one may end early.
    assert all(len(page.split()) > 40 for page in report.pages[:-1])


def test_no_caption_of_a_table_is_left_alone_at_the_end_of_a_page(report: PdfReport) -> None:
    for page in report.pages:
        assert not re.match(r"(Table|Data of figure) \d+\. ", page.strip().splitlines()[-1])


def test_it_is_tagged_and_tells_title_and_language(document: Document, report: PdfReport) -> None:
    root = report.reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == document.language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = report.reader.metadata
    assert metadata is not None
    assert (metadata.title, metadata.author) == (document.title, pdf.AUTHOR)
    assert metadata.creation_date_raw == f"D:{document.as_of.replace('-', '')}000000Z"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_tables_headings_and_figures_are_tagged(document: Document, report: PdfReport) -> None:
    tags = Counter(str(node.get("/S")) for node in report.structure())
    blocks = list(document.walk())
    assert tags["/Table"] == sum(isinstance(block, Table) for block in blocks)
    headings = sum(count for tag, count in tags.items() if re.fullmatch(r"/H\d+", tag))
    # One more for the list of contents.
    assert headings == sum(isinstance(block, Section) for block in blocks) + 1
    rows = sum(len(block.rows) + 1 for block in blocks if isinstance(block, Table))
    assert tags["/TR"] == rows
    described = [str(node["/Alt"]) for node in report.structure() if "/Alt" in node and node.get("/S") == "/Figure"]
    assert described == [clean(figure.alt) for figure in document.figures()]


def test_bookmarks_are_the_sections(document: Document, report: PdfReport) -> None:
    def titles(outline: list[object]) -> list[str]:
        found: list[str] = []
        for entry in outline:
            found += titles(entry) if isinstance(entry, list) else [str(entry.title)]  # type: ignore[attr-defined]
        return found

    sections = [clean(block.title) for block in document.walk() if isinstance(block, Section)]
    found = [title.replace("\u200b", "") for title in titles(list(report.reader.outline))]
    assert [title for title in found if title != "Contents"] == sections


def test_what_typst_cannot_set_is_a_report_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_as_data", lambda _: {"title": "invented"})
    with pytest.raises(ReportError, match="the PDF could not be set"):
        to_pdf(sample_document())
