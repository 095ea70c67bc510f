"""Every link inside a report leads to a place in it, in every format; addresses stay as they were given."""

from __future__ import annotations

from collections import Counter

import pytest
from built_reports import document_of
from read_reports import PdfReport, WordReport, read_html, read_markdown
from sample_document import sample_document

from synth.report.docx import to_docx
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.model import Document
from synth.report.pdf import to_pdf
from synth.report.prepare import prepared, texts

DOCUMENTS = ("sample", "ifi")
ADDRESS = "https://example.org/a(b)c%3Cd%3E%7Ce?x=1&y=%C3%BC"


def document_named(name: str) -> Document:
    return sample_document() if name == "sample" else document_of(name)


def links(document: Document, *, inside: bool) -> list[str]:
    found = [run.link for content in texts(prepared(document)) for run in content if run.link]
    return [link for link in found if link.startswith("#") == inside]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_the_page(name: str) -> None:
    document = document_named(name)
    page = read_html(to_html(document))
    identifiers = Counter(element.attributes["id"] for element in page.walk() if "id" in element.attributes)
    assert set(identifiers.values()) == {1}
    assert set(document.anchors()) <= identifiers.keys()
    targets = [element.attributes["href"] for element in page.all("a")]
    assert {target[1:] for target in targets if target.startswith("#")} <= identifiers.keys()
    assert Counter(target for target in targets if not target.startswith("#")) == Counter(links(document, inside=False))
    main = [element.attributes["href"] for block in page.all("section") for element in block.all("a")]
    assert set(links(document, inside=True)) <= set(targets)
    assert main


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_markdown(name: str) -> None:
    document = document_named(name)
    page = read_markdown(to_markdown(document))
    anchors = Counter(element.attributes["id"] for element in page.all("a") if "id" in element.attributes)
    assert anchors == Counter(document.anchors())
    targets = [element.attributes["href"] for element in page.all("a") if "href" in element.attributes]
    assert {target[1:] for target in targets if target.startswith("#")} <= anchors.keys()
    wanted = Counter(link.replace("(", "%28").replace(")", "%29") for link in links(document, inside=False))
    assert Counter(target for target in targets if not target.startswith("#")) == wanted


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_word(name: str) -> None:
    document = document_named(name)
    report = WordReport(to_docx(document))
    bookmarks = report.values("w:bookmarkStart", "w:name")
    numbers = report.values("w:bookmarkStart", "w:id")
    assert len(set(bookmarks)) == len(bookmarks) == len(document.anchors())
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == sorted(report.values("w:bookmarkEnd", "w:id"))
    targets = report.values("w:hyperlink", "w:anchor")
    assert set(targets) <= set(bookmarks)
    assert len(targets) >= len(links(document, inside=True))
    parts = report.word.part.rels
    outside = [parts[identifier].target_ref for identifier in report.values("w:hyperlink", "r:id")]
    assert Counter(outside) == Counter(links(document, inside=False))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_the_pdf(name: str) -> None:
    document = document_named(name)
    report = PdfReport(to_pdf(document))
    named = report.reader.named_destinations
    pages = {page.indirect_reference for page in report.reader.pages}
    inside = [note["/Dest"] for note in report.links if "/Dest" in note]
    for target in inside:
        assert target in named if isinstance(target, str) else target[0].indirect_reference in pages
    # A link that runs over a page's end is two annotations.
    assert len(inside) >= len(links(document, inside=True))
    outside = {note["/A"]["/URI"] for note in report.links if "/A" in note}
    assert outside == set(links(document, inside=False))


def test_an_address_with_brackets_and_other_letters_is_encoded_once() -> None:
    document = sample_document()
    assert ADDRESS in links(document, inside=False)
    assert ADDRESS in {
        element.attributes["href"] for element in read_html(to_html(document)).all("a") if element.attributes
    }
