"""The audit as tables and as a page in JupyterLab, on an invented article with hostile text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.audit import (
    Article,
    Audit,
    Basis,
    CitationStatus,
    Claim,
    PrintedReference,
    ReferenceKind,
    Section,
    Support,
)

HOSTILE = "<script>alert(1)</script> \"quoted\" 'single' & =1+1 @cmd </td></table>"
TABLE_COLUMNS = ["claim", "section", "restated", "cites", "citation", "support", "finding", "sources"]
REFERENCE_COLUMNS = ["number", "title", "journal", "year", "kind", "status", "record", "claims", "note"]


def invented_audit(text: str = "Invented text.") -> Audit:
    article = Article(
        title=text,
        last_updated="2025-01-02",
        read_on="2025-02-03",
        numbering=text,
        sections=(Section(id="start", title=text, cites=(1, 2)),),
        references=(
            PrintedReference(
                position=1, kind=ReferenceKind.PUBLICATION, title=text, year=2001, record_id="invented2001"
            ),
            PrintedReference(position=2, kind=ReferenceKind.NOT_PRINTED, inferred_record_id="invented2002", note=text),
        ),
    )
    claims = (
        Claim(
            id="1",
            section="start",
            restated=text,
            cites=(1,),
            citation=CitationStatus.RESOLVES,
            support=Support.SUPPORTED,
            finding=text,
            basis=(Basis(record="invented2001", locator=text), Basis(record="invented2002", locator="page 3")),
        ),
        Claim(
            id="2",
            section="start",
            restated=text,
            cites=(),
            citation=CitationStatus.UNCITED,
            support=Support.NOT_CONFIRMED,
            finding=text,
            basis=(),
        ),
    )
    return Audit(article, claims, "2025-02-03")


class _Page(HTMLParser):
    """Tags that were opened and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.opened.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_table_has_one_row_per_claim_as_text():
    table = invented_audit().table()
    assert list(table.columns) == TABLE_COLUMNS
    assert table.to_numpy().tolist() == [
        ["1", "Invented text.", "Invented text.", "[1]", "resolves", "supported", "Invented text.",
         "invented2001, Invented text.; invented2002, page 3"],
        ["2", "Invented text.", "Invented text.", "none", "uncited", "not confirmed", "Invented text.", ""],
    ]  # fmt: skip


def test_references_table_marks_an_inferred_identity():
    table = invented_audit().references_table()
    assert list(table.columns) == REFERENCE_COLUMNS
    assert table["record"].tolist() == ["invented2001", "invented2002 (inferred)"]
    assert table["status"].tolist() == ["resolves", "dangling"]
    assert table["claims"].tolist() == ["1", ""]
    assert table["year"].tolist() == ["2001", ""]


def test_summary_counts_each_claim_once_per_axis():
    summary = invented_audit().summary()
    assert summary.to_numpy().tolist() == [
        ["citation", "resolves", 1, "1"],
        ["citation", "uncited", 1, "2"],
        ["support", "supported", 1, "1"],
        ["support", "not confirmed", 1, "2"],
    ]


def test_rules_are_said_in_words():
    audit = invented_audit()
    assert audit.by_rule() == (
        "Cited in the text and not in the printed list: [2].",
        "Every entry of the printed list is cited in the text.",
    )
    assert audit.article is not None
    section = audit.article.sections[0].model_copy(update={"cites": ()})
    silent = Audit(audit.article.model_copy(update={"sections": (section,)}), (), "2025-02-03")
    assert silent.by_rule() == (
        "Every number in the text has an entry in the printed list.",
        "In the printed list and never cited: [1].",
    )


def test_page_escapes_hostile_text_and_shows_all_of_it():
    page = invented_audit(HOSTILE)._repr_html_()
    assert "<script" not in page
    parsed = _Page(page)
    assert parsed.open == []
    assert parsed.opened.count("table") == 2
    # lead, numbering, 2 x (section, restated, finding), 1 locator, 1 printed title, 1 note
    assert parsed.text.count(HOSTILE) == 11


def test_page_cuts_no_sentence_and_aligns_left():
    long = "An invented sentence that goes on. " * 20
    page = invented_audit(long)._repr_html_()
    assert long.strip() in page
    assert "..." not in page
    cells = re.findall(r"<t[hd]\b[^>]*>", page)
    assert cells
    assert all("text-align: left" in cell and "white-space: normal" in cell for cell in cells)


def test_page_explains_the_words_it_uses_and_no_others():
    text = _Page(invented_audit()._repr_html_()).text
    for status in (CitationStatus.RESOLVES, CitationStatus.UNCITED, Support.SUPPORTED, Support.NOT_CONFIRMED):
        assert status.meaning in text
    assert CitationStatus.OFF_TOPIC.meaning not in text


@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_no_text_adds_a_tag_to_the_page(text):
    plain, other = (_Page(invented_audit(given_text)._repr_html_()) for given_text in ("Invented text.", text))
    assert other.opened == plain.opened
    assert other.open == []


@pytest.mark.parametrize("status", [*CitationStatus, *Support])
def test_every_status_has_a_meaning_of_its_own(status):
    assert status.meaning.endswith(".")
    assert sum(status.meaning == other.meaning for other in (*CitationStatus, *Support)) == 1


def test_absent_audit_has_columns_and_no_rows():
    absent = Audit.absent()
    assert not absent
    assert list(absent.table().columns) == TABLE_COLUMNS
    assert list(absent.references_table().columns) == REFERENCE_COLUMNS
    assert list(absent.summary().columns) == ["axis", "status", "claims", "which"]
    assert len(absent.table()) == len(absent.references_table()) == len(absent.summary()) == 0
    assert absent.by_rule() == ()
    assert absent._repr_html_() == "<p>This review has no article under audit.</p>"
    assert repr(absent) == "Audit(no article)"


def test_repr_is_one_short_line():
    assert repr(invented_audit()) == "Audit('Invented text.', 2 claims, dangling references: [2])"
    assert bool(invented_audit())
