"""Texts that try to break out of a format stay texts, and what cannot be written is refused."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest
from read_reports import WordReport, read_html, read_markdown
from sample_document import HOSTILE, sample_document

from synth.errors import ReportError
from synth.report.docx import to_docx
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.model import Column, Document, Figure, Paragraph, Row, Run, Section, Table, runs
from synth.report.pdf import to_pdf
from synth.report.prepare import clean

FORMATS = {"html": to_html, "markdown": to_markdown, "pdf": to_pdf, "docx": to_docx}
OF_THE_PAGE = frozenset(
    re.findall(
        r"\w+",
        """
        html head meta title link style body a header p h1 h2 h3 h4 h5 h6 time nav main div details
        summary footer section ul ol li dl dt dd strong em sup span wbr table caption thead tbody tr th
        td figure figcaption svg g path text tspan defs use rect clippath desc
        """,
    )
)
OF_MARKDOWN = frozenset(
    re.findall(
        r"\w+",
        """
        h1 h2 h3 h4 h5 h6 p a strong em ul ol li blockquote details summary span sup table thead tbody
        tr th td img
        """,
    )
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def document_of_blocks(*blocks: object) -> Document:
    section = Section("Invented", "invented", blocks)  # type: ignore[arg-type]
    return Document("Invented title", "Invented kind", (), "2031-02-28", (section,))


def figure_of(inside: str) -> Figure:
    return Figure("invented", "An invented figure", "Nothing is seen.", SVG.format(inside).encode(), b"")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("a\x00b\x1b[31mc\x07", "a\ufffdb\ufffd[31mc\ufffd"),
        ("a\ud800b\ufffec", "a\ufffdb\ufffdc"),
        ("\u202e123\u202c", "\ufffd123\ufffd"),
        ("one\r\ntwo\nthree\tfour\u2028five", "one two three four five"),
        ("naïve −0.71 漢字 🦎", "naïve −0.71 漢字 🦎"),
    ],
    ids=range(5),
)
def test_a_text_is_one_line_without_control_characters(given: str, wanted: str) -> None:
    assert clean(given) == wanted


def test_the_page_holds_only_its_own_elements() -> None:
    page = read_html(to_html(sample_document()))
    assert {element.tag for element in page.walk()} - {""} <= OF_THE_PAGE
    handlers = [name for element in page.walk() for name in element.attributes if name.startswith("on")]
    assert handlers == []


def test_markdown_holds_only_what_the_model_has() -> None:
    page = read_markdown(to_markdown(sample_document()))
    assert {element.tag for element in page.walk()} - {""} <= OF_MARKDOWN
    images = [element.attributes["src"] for element in page.all("img")]
    assert images == [f"figures/{figure.name}.svg" for figure in sample_document().figures()]
    addresses = [element.attributes.get("href", "#") for element in page.all("a")]
    assert "https://example.org/not-a-link" not in addresses


def test_markdown_splits_what_github_would_act_upon() -> None:
    text = to_markdown(document_of_blocks(Paragraph(runs("@someone #123 :tada: $x$ https://e.org www.e.org")))).decode()
    for acted_upon in ("@someone", "#123", ":tada:", "$x$", "https://e", "www.e"):
        assert acted_upon not in text


@pytest.mark.parametrize(
    "text", ["- a", "+ a", "1. a", "12) a", "# a", "> a", "---", "===", "***", "    a", "```", "|a|"]
)
def test_no_paragraph_of_markdown_starts_something_else(text: str) -> None:
    page = read_markdown(to_markdown(document_of_blocks(Paragraph(runs("Before.")), Paragraph(runs(text)))))
    assert [element.text.strip() for element in page.all("p")][-2:] == ["Before.", text.strip()]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_cell_of_markdown_stays_one_cell(text: str) -> None:
    table = Table("Invented", (Column("A"), Column("B"), Column("C")), (Row((runs("x"), runs(text), runs("y"))),))
    page = read_markdown(to_markdown(document_of_blocks(table)))
    assert [cell.text for cell in page.all("td")] == ["x", clean(text).strip(), "y"]


def test_word_has_no_field_but_the_page_numbers_of_its_footer() -> None:
    content = to_docx(sample_document())
    assert WordReport(content).values("w:fldSimple", "w:instr") == []
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        fields = [package.read(name).count(b"instrText") for name in package.namelist() if "footer" not in name]
        relations = package.read("word/_rels/document.xml.rels").decode()
    assert sum(fields) == 0
    assert relations.count('TargetMode="External"') == relations.count("/hyperlink")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "link",
    [
        "#nowhere",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
        "mailto:a@b",
    ],
)
def test_a_link_to_nowhere_or_to_something_that_runs_is_refused(kind: str, link: str) -> None:
    document = document_of_blocks(Paragraph(runs(Run("an invented link", link=link))))
    with pytest.raises(ReportError, match="link of 'an invented link'"):
        FORMATS[kind](document)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_anchor_used_twice_is_refused(kind: str) -> None:
    with pytest.raises(ReportError, match="'invented' is used twice"):
        FORMATS[kind](document_of_blocks(Section("Again", "invented", ())))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_name_that_is_no_name_is_refused(kind: str) -> None:
    with pytest.raises(ReportError, match="cannot be one"):
        FORMATS[kind](document_of_blocks(Section("Other", 'x" onclick="y', ())))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_date_that_is_no_date_is_refused(kind: str) -> None:
    with pytest.raises(ReportError, match="YYYY-MM-DD"):
        FORMATS[kind](replace(document_of_blocks(), as_of="last spring"))


def test_all_faults_are_told_at_once() -> None:
    block = Paragraph(runs(Run("one", link="#a"), Run("two", link="ftp://b")))
    with pytest.raises(ReportError) as told:
        to_html(document_of_blocks(block, Section("Again", "invented", ())))
    assert len(str(told.value).splitlines()) == 3


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onclick="alert(1)" />',
        "<foreignObject />",
        '<image href="https://example.org/x.png" />',
        '<use xlink:href="other.svg#a" />',
        '<rect style="fill: url(https://example.org/x)" />',
        "<style>@import 'https://example.org/x.css';</style>",
        "<style>rect { fill: url(//example.org) }</style>",
        "<set attributeName='href' to='javascript:x' />",
    ],
)
def test_a_figure_that_runs_or_loads_something_is_refused(inside: str) -> None:
    with pytest.raises(ReportError, match="figure 'invented'"):
        to_html(document_of_blocks(figure_of(inside)))


@pytest.mark.parametrize("svg", [b"<svg", b"<p>text</p>", b'<svg xmlns="http://www.w3.org/2000/svg" />'])
def test_a_figure_that_is_no_drawing_is_refused(svg: bytes) -> None:
    with pytest.raises(ReportError, match="figure 'invented'"):
        to_html(document_of_blocks(replace(figure_of(""), svg=svg)))


def test_a_figure_keeps_its_names_and_style_to_itself() -> None:
    inside = "<style>* { fill: red } .a, .b { x: url(#c) }</style><clipPath id='c' /><g clip-path='url(#c)' />"
    page = read_html(to_html(document_of_blocks(figure_of(inside))))
    (drawing,) = page.all("svg")
    style = drawing.one("style").text
    assert [rule.split("{")[0].strip() for rule in style.splitlines()] == [
        "#_invented-svg *",
        "#_invented-svg .a, #_invented-svg .b",
    ]
    assert drawing.one("clippath").attributes["id"] == "_invented-c"
    assert drawing.one("g").attributes["clip-path"] == "url(#_invented-c)"


def test_a_table_without_rows_or_with_a_short_row_is_refused_by_the_model() -> None:
    with pytest.raises(ValueError, match="'Invented' has no rows"):
        Table("Invented", (Column("A"),), ())
    with pytest.raises(ValueError, match="1 cells, 2 expected"):
        Table("Invented", (Column("A"), Column("B")), (Row((runs("x"),)),))
