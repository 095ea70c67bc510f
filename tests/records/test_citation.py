"""From what PubMed prints to a record of a review, on invented records."""

from __future__ import annotations

from datetime import date

import pytest

from synth.records import Record
from synth.records.citation import citation_of, day_of, entered, updated, year_of
from synth.records.pubmed import (
    Book,
    Correction,
    Journal,
    Keyword,
    KeywordList,
    Linked,
    Marked,
    MeshHeading,
    Name,
    NameList,
    Pagination,
    PubmedRecord,
    Term,
    When,
)
from synth.records.record import ET_AL

DAY = date(2026, 11, 23)
FULL = PubmedRecord(
    pmid="12",
    version="1",
    status="corrected",
    doi="10.5555/invented",
    pmcid="PMC12",
    title=Linked(Marked("Invented H2O  paper.", "Invented H<sub>2</sub>O  paper.")),
    author_lists=(
        NameList((Name("Doe", "Jane Mary", "JM", "Jr"), Name("Roe", "Ann Lee"), Name(collective_name="A Group"))),
        NameList((Name("Ed", "I", "I"),), type="editors"),
    ),
    journal=Journal(
        title="The invented journal", iso_abbreviation="Inv J", volume="3", issue="4", pub_date=When(year="2020")
    ),
    pagination=Pagination("100", "109", "100-9"),
    languages=("eng", "ger"),
    publication_types=(Term("Case Reports", "D002363"),),
    mesh=(MeshHeading(Term("Hip Joint", "D1", "N"), (Term("surgery", "Q1", "Y"),)),),
    keyword_lists=(KeywordList((Keyword("one"), Keyword(Marked("two", "<i>two</i>")))),),
    corrections=(Correction("ErratumIn", "Inv J. 2021", "13", "1", "a note"),),
    history=(When("2019", "12", "31", type="pubmed"), When("2020", "Jan", "02", type="entrez")),
    date_revised=When("2021", "02", "03"),
)


def test_every_field_of_a_citation():
    record = citation_of(FULL, "doe2020", DAY)
    assert (record.id, record.pmid, record.pmcid, record.doi) == ("doe2020", "12", "PMC12", "10.5555/invented")
    assert record.title == "Invented H2O paper."
    assert record.authors == ("Doe JM Jr", "Roe AL", "A Group")
    assert (record.journal, record.year, record.volume, record.issue, record.pages) == (
        "Inv J",
        2020,
        "3",
        "4",
        "100-9",
    )
    assert (record.publication_types, record.status, record.source) == (("Case Reports",), "corrected", "PMID:12")
    assert (record.found_by, record.seen_on, record.note) == ("database search", DAY, None)
    facts = record.pubmed
    assert facts is not None
    assert (facts.entered, facts.revised) == (date(2020, 1, 2), date(2021, 2, 3))
    assert (facts.languages, facts.mesh, facts.keywords) == (("eng", "ger"), ("Hip Joint/surgery*",), ("one", "two"))
    assert [(link.type, link.pmid) for link in record.links] == [("ErratumIn", "13")]
    assert record.citation == "Doe JM Jr, Roe AL, A Group. Invented H2O paper. Inv J 2020; 3(4):100-9."


def test_a_line_is_read_back():
    record = citation_of(FULL, "doe2020", DAY)
    assert Record.model_validate_json(record.line) == record
    assert "\n" not in record.line


def test_a_record_that_says_nothing():
    record = citation_of(PubmedRecord(pmid="7"), "pmid7", DAY)
    assert (record.title, record.authors, record.year, record.journal, record.pages) == (None, (), None, None, None)
    assert record.citation == "Bibliographic data not seen."
    assert Record.model_validate_json(record.line) == record


def test_what_pubmed_does_not_print_stays_as_it_was_seen():
    held = citation_of(FULL, "doe2020", date(2026, 1, 1)).model_copy(
        update={"note": "a remark", "found_by": "other methods", "pages": "100-109"}
    )
    sparse = PubmedRecord(pmid="12", title=Linked("Another title"), status="retracted")
    record = updated(held, sparse, DAY)
    assert (record.title, record.status, record.seen_on) == ("Another title", "retracted", DAY)
    assert (record.note, record.found_by, record.pages, record.doi) == (
        "a remark",
        "other methods",
        "100-109",
        held.doi,
    )


@pytest.mark.parametrize(
    ("found", "year"),
    [
        (PubmedRecord(pmid="1", journal=Journal(pub_date=When(medline_date="1998 Dec-1999 Jan"))), 1998),
        (PubmedRecord(pmid="1", journal=Journal(pub_date=When(year="2001", season="Spring"))), 2001),
        (PubmedRecord(pmid="1", journal=Journal(), article_dates=(When("2005", "01", "02"),)), 2005),
        (PubmedRecord(pmid="1", kind="book", book=Book(pub_date=When(year="1999"))), 1999),
        (PubmedRecord(pmid="1", journal=Journal(pub_date=When(medline_date="no year"))), None),
    ],
)
def test_the_year(found: PubmedRecord, year: int | None):
    assert year_of(found) == year


@pytest.mark.parametrize(
    ("when", "day"),
    [
        (When("2020", "Feb", "29"), date(2020, 2, 29)),
        (When("2020", "02", "30"), None),
        (When("2020", "02"), None),
        (When("2020", "Winter", "1"), None),
        (None, None),
    ],
)
def test_a_calendar_day(when: When | None, day: date | None):
    assert day_of(when) == day


def test_the_day_of_entry_where_only_the_other_date_is_there():
    assert entered(PubmedRecord(pmid="1", history=(When("2019", "12", "31", type="pubmed"),))) == date(2019, 12, 31)
    assert entered(PubmedRecord(pmid="1")) is None


def test_a_vernacular_title_stands_in_and_a_short_list_of_authors_says_so():
    names = NameList((Name("Doe", "Jane", "J"),), complete="N")
    record = citation_of(PubmedRecord(pmid="1", vernacular_title="Ein Titel", author_lists=(names,)), "pmid1", DAY)
    assert (record.title, record.authors) == ("Ein Titel", ("Doe J", ET_AL))


def test_identifiers_that_cannot_be_are_left_out():
    record = citation_of(PubmedRecord(pmid="1", doi="not a doi", pmcid="mid:9"), "pmid1", DAY)
    assert (record.doi, record.pmcid) == (None, None)
