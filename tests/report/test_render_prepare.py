"""What every renderer does first: links, names, numbers and texts of a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sample_document import sample_document

from synth.errors import ReportError
from synth.report.layout import column_shares, is_wide, line_pieces, pages
from synth.report.model import (
    Callout,
    Column,
    Document,
    Facts,
    Figure,
    Paragraph,
    Row,
    Run,
    Section,
    Table,
    plain,
    runs,
)
from synth.report.prepare import check_links, clean, numbered, prepared, texts


def one_section(*blocks: object, anchor: str = "start") -> Document:
    return Document("Invented", "Test", (), "2031-01-31", (Section("Start", anchor, blocks),))  # type: ignore[arg-type]


def figure(name: str, anchor: str = "") -> Figure:
    return Figure(name, "caption", "alt", b"<svg/>", b"", anchor=anchor)


def table(*titles: str, cell: str = "x") -> Table:
    return Table("caption", tuple(map(Column, titles)), (Row(tuple(runs(cell) for _ in titles)),))


def test_the_sample_has_no_fault() -> None:
    document = sample_document()
    check_links(document)
    assert len(document.anchors()) > 60


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (one_section(Paragraph(runs(Run("there", link="#nowhere")))), "link of 'there': no section.*anchor 'nowhere'"),
        (one_section(Paragraph(runs(Run("run", link="javascript:alert(1)")))), "neither #anchor nor an http"),
        (one_section(Paragraph(runs(Run("file", link="file:///x")))), "neither #anchor nor an http"),
        (one_section(Paragraph(runs(Run("space", link="https://a b")))), "neither #anchor nor an http"),
        (one_section(Section("Again", "start", ())), "anchor 'start' is used twice"),
        (one_section(anchor='x" onclick="y'), "cannot be one; letters, digits"),
        (one_section(figure("one"), figure("one")), "figure name 'one' is used twice"),
        (one_section(figure("../one")), r"figure name '\.\./one' cannot be one"),
        (one_section(figure("a", anchor="start")), "anchor 'start' is used twice"),
    ],
)
def test_a_document_that_does_not_hold_together_is_refused(document: Document, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        check_links(document)


def test_every_fault_is_named_at_once() -> None:
    document = one_section(Paragraph(runs(Run("a", link="#x"), Run("b", link="#y"))), figure("/"))
    with pytest.raises(ReportError) as caught:
        check_links(document)
    assert len(str(caught.value).splitlines()) == 3


def test_an_evidence_date_must_be_a_date() -> None:
    with pytest.raises(ReportError, match="as_of is 'soon'; a date written as YYYY-MM-DD is expected"):
        prepared(replace(one_section(), as_of="soon"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain é ½ −0.71 שלום 🦎", "plain é ½ −0.71 שלום 🦎"),
        ("a\x00b\x1bc\x07d\x9fe\ud800f\uffffg", "a�b�c�d�e�f�g"),
        ("12\u202e34\u202d", "12�34�"),
        ("one\ntwo\r\nthree\tfour\u2028five", "one two three four five"),
    ],
)
def test_clean_replaces_what_no_format_may_hold(given: str, expected: str) -> None:
    assert clean(given) == expected


def test_prepared_joins_runs_of_one_look_and_keeps_marks_apart() -> None:
    content = runs("a", "b", Run("c", strong=True), Run("d", strong=True), Run("e", mark=True), Run("f", mark=True), "")
    (paragraph,) = prepared(one_section(Paragraph(content))).sections[0].blocks
    assert paragraph == Paragraph((Run("ab"), Run("cd", strong=True), Run("e", mark=True), Run("f", mark=True)))


def test_prepared_cleans_the_labels_of_facts_and_the_titles_of_boxes() -> None:
    blocks = (Facts((("la\x00bel", runs("value")),)), Callout("note", "bo\x07x", ()))
    facts, box = prepared(one_section(*blocks)).sections[0].blocks
    assert facts == Facts((("la�bel", runs("value")),))
    assert box == Callout("note", "bo�x", ())


def test_prepared_encodes_addresses_once() -> None:
    content = runs(Run("a", link='https://example.org/<x>"%3C ü'.replace(" ", "")))
    (found,) = texts(prepared(one_section(Paragraph(content))))
    assert found[0].link == "https://example.org/%3Cx%3E%22%3C%C3%BC"


def test_tables_and_figures_are_numbered_in_reading_order() -> None:
    document = prepared(sample_document())
    labels = numbered(document)
    found = [labels[id(block)] for block in document.walk() if id(block) in labels]
    assert found[:5] == ["Table 1", "Figure 1", "Data of figure 1", "Table 2", "Table 3"]
    assert len(found) == len(set(found)) == len(labels)


def test_a_table_used_twice_gets_two_numbers() -> None:
    same = table("one")
    labels = numbered(prepared(one_section(same, same)))
    assert list(labels.values()) == ["Table 1", "Table 2"]


@pytest.mark.parametrize("titles", [("a",), ("a", "b"), tuple("abcdefghi"), ("wordwordwordword",) * 12])
def test_column_shares_are_positive_and_fit_the_line(titles: tuple[str, ...]) -> None:
    shares = column_shares(table(*titles, cell="some longer text " * 9))
    assert len(shares) == len(titles)
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1)


def test_a_small_table_is_not_stretched_and_a_wide_column_gets_more() -> None:
    assert sum(column_shares(table("one", "two"))) < 0.5
    columns = (Column("a"), Column("b", width=3))
    long = Table("caption", columns, (Row((runs("text " * 30), runs("text " * 30))),))
    narrow, wide = column_shares(long)
    assert wide > 1.5 * narrow


def test_a_wide_table_takes_the_headings_before_it_to_its_own_pages() -> None:
    wide = table(*("wordwordwordword",) * 12)
    assert is_wide(wide)
    document = one_section(Paragraph(runs("before")), Section("Inner", "inner", (wide, wide, Paragraph(runs("after")))))
    found = [(sideways, [type(block).__name__ for block, _ in placed]) for sideways, placed in pages(document)]
    assert found == [(False, ["Section", "Paragraph"]), (True, ["Section", "Table", "Table"]), (False, ["Paragraph"])]


def test_pages_hold_every_block_once_with_its_depth() -> None:
    document = sample_document()
    placed = [item for _, stretch in pages(document) for item in stretch]
    expected = [block for section in document.sections for block in walk(section)]
    assert [id(block) for block, _ in placed] == [id(block) for block in expected]
    depths = {block.title: depth for block, depth in placed if isinstance(block, Section)}
    assert (depths["Summary"], depths["Second level"], depths["Third level, with a list"]) == (1, 2, 3)


def walk(section: Section) -> list[object]:
    found: list[object] = [section]
    for block in section.blocks:
        found.extend(walk(block) if isinstance(block, Section) else [block])
        if isinstance(block, Figure) and block.table is not None:
            found.append(block.table)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short words stay", ["short words stay"]),
        ("", [""]),
        ("see doi:10.0000/example.massage now", ["see doi:", "10.", "0000/", "example.", "massage now"]),
        ("x" * 30, ["x" * 12, "x" * 12, "x" * 6]),
    ],
)
def test_line_pieces_cut_only_long_words(text: str, expected: list[str]) -> None:
    assert line_pieces(text) == expected


def test_line_pieces_lose_nothing() -> None:
    for content in texts(prepared(sample_document())):
        assert "".join(line_pieces(plain(content))) == plain(content)


def test_every_text_of_the_sample_is_prepared() -> None:
    words: list[str] = []
    collect(prepared(sample_document()), words.append)
    assert len(words) > 500
    assert [word for word in words if clean(word) != word] == []


def collect(value: object, found: Callable[[str], None]) -> None:
    if isinstance(value, str):
        found(value)
    elif isinstance(value, tuple):
        for item in value:
            collect(item, found)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            collect(getattr(value, name), found)
