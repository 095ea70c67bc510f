"""The page needs nothing from outside, and its headings, tables and figures say what they are."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from built_reports import document_of
from read_reports import Element, read_html
from sample_document import sample_document

from synth.report.html import CARD_COLUMNS, CARD_LETTERS, to_html
from synth.report.model import Column, Document, Row, Section, Table, runs

DOCUMENTS = ("sample", "ifi", "bcg")
LOADING = ("src", "srcset", "poster", "action", "formaction", "background", "ping", "manifest", "xlink:href")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def document_named(name: str) -> Document:
    return sample_document() if name == "sample" else document_of(name)


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    return document_named(request.param)


@pytest.fixture(scope="module")
def page(document: Document) -> Element:
    return read_html(to_html(document))


def test_nothing_is_loaded_from_elsewhere(page: Element) -> None:
    for element in page.walk():
        assert not set(LOADING) & element.attributes.keys()
        href = element.attributes.get("href", "")
        assert element.tag == "a" or not href or href.startswith("#") or href == "data:,"
        assert element.tag != "a" or re.match(r"#|https?://", element.attributes["href"])
    assert page.all("script", "iframe", "object", "embed", "img", "base", "form") == []
    for style in page.all("style"):
        assert "@import" not in style.text
        assert "url(http" not in style.text.replace(" ", "")


def test_the_page_forbids_itself_to_load_anything(page: Element) -> None:
    (policy,) = (meta for meta in page.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(maxsplit=1) for rule in policy.attributes["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert not any("http" in rule or "*" in rule for rule in rules.values())


def test_language_and_title(document: Document, page: Element) -> None:
    assert page.one("html").attributes["lang"] == document.language
    assert page.one("head").one("title").text == document.title
    assert page.one("h1").text == document.title


def test_headings_leave_out_no_level(page: Element) -> None:
    levels = [int(heading.tag[1]) for heading in page.one("body").all(*HEADINGS)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert max(levels) > 2


def test_a_folded_section_has_its_heading_in_its_summary(document: Document, page: Element) -> None:
    folded = {block.anchor: block.title for block in document.walk() if getattr(block, "folded", False)}
    found = {part.attributes["id"]: part for part in page.all("details") if part.attributes.get("class") == "folded"}
    assert folded
    assert found.keys() == folded.keys()
    for anchor, part in found.items():
        summary = part.children[1] if isinstance(part.children[0], str) else part.children[0]
        assert isinstance(summary, Element)
        (heading,) = summary.all(*HEADINGS)
        assert heading.text == folded[anchor].replace("\n", " ")


def test_tables_have_captions_and_say_what_their_headings_are_of(document: Document, page: Element) -> None:
    tables = [block for block in document.walk() if isinstance(block, Table)]
    found = page.all("table")
    assert len(found) == len(tables) > 1
    for table, element in zip(tables, found, strict=True):
        assert element.one("caption").text.strip()
        heads = element.all("th")
        assert {head.attributes["scope"] for head in heads} <= {"col", "row", "rowgroup"}
        assert sum(head.attributes["scope"] == "col" for head in heads) == len(table.columns)
        assert sum(head.attributes["scope"] == "row" for head in heads) == sum(not row.group for row in table.rows)


def test_tables_that_turn_into_cards_keep_their_roles_and_labels(document: Document, page: Element) -> None:
    tables = [block for block in document.walk() if isinstance(block, Table)]
    for table, element in zip(tables, page.all("table"), strict=True):
        cards = "cards" in element.attributes.get("class", "").split()
        longest = max(len("".join(run.text for run in cell)) for row in table.rows for cell in row.cells)
        assert cards == (len(table.columns) >= CARD_COLUMNS or (len(table.columns) >= 3 and longest > CARD_LETTERS))
        if cards:
            assert element.attributes["role"] == "table"
            assert all(cell.attributes["role"] == "cell" for cell in element.all("td"))
            labels = [cell.attributes["data-label"] for cell in element.all("td")]
            assert set(labels) == {column.title for column in table.columns[1:]}


@pytest.mark.parametrize(
    ("columns", "letters", "cards"),
    [
        (5, 1, True),
        (4, 1, False),
        (4, CARD_LETTERS, False),
        (4, CARD_LETTERS + 1, True),
        (3, 999, True),
        (2, 999, False),
    ],
)
def test_sentences_in_a_few_columns_make_cards_too(columns: int, letters: int, cards: bool) -> None:
    cells = tuple(runs("x" * letters) for _ in range(columns))
    table = Table("Invented", tuple(Column(f"Column {index}") for index in range(columns)), (Row(cells),))
    document = Document("Invented", "Invented", (), "2026-01-01", (Section("One", "one", (table,)),))
    assert ('class="cards' in to_html(document).decode()) is cards


def test_figures_are_named_and_described(document: Document, page: Element) -> None:
    figures = document.figures()
    drawings = page.all("svg")
    assert len(drawings) == len(figures) > 0
    for figure, drawing in zip(figures, drawings, strict=True):
        texts = {element.attributes["id"]: element.text for element in drawing.all("title", "desc")}
        assert drawing.attributes["role"] == "img"
        assert texts[drawing.attributes["aria-labelledby"]] == figure.caption
        assert texts[drawing.attributes["aria-describedby"]] == figure.alt


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(page: Element) -> None:
    regions = [element for element in page.walk() if element.attributes.get("role") == "region"]
    assert regions
    names = [region.attributes["aria-label"] for region in regions]
    assert len(set(names)) == len(names)
    assert all(region.attributes["tabindex"] == "0" for region in regions)
