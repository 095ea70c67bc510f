"""What a reference takes from a PubMed record; all records are invented."""

from __future__ import annotations

import pytest

from synth.records import pubmed as p
from synth.records.exchange import FORMATS, read_references, write_references
from synth.records.reference import Date, Person, Reference, reference_of

NAMES = p.NameList(
    names=(
        p.Name(
            last_name="da Cruz",
            fore_name="Ana B",
            initials="AB",
            suffix="Jr",
            identifiers=(p.Identifier("0000-0001", "ORCID"),),
            affiliations=(p.Affiliation(p.Marked("Place 1", "Place <sup>1</sup>")), p.Affiliation("Place 2")),
        ),
        p.Name(last_name="Ng", initials="X"),
        p.Name(last_name="Abe", fore_name="Ken", initials="KQ"),
        p.Name(collective_name="Invented Group"),
        p.Name(valid="Y"),
    )
)
ARTICLE = p.PubmedRecord(
    pmid="1",
    doi="10.1000/x",
    pmcid="PMC1",
    title=p.Linked(p.Marked("CO2 in\n hips", "CO<sub>2</sub> in\n hips")),
    vernacular_title="Titel",
    author_lists=(NAMES,),
    journal=p.Journal(
        title="Journal",
        iso_abbreviation="J",
        issn="1234-5678",
        issn_linking="8765-4321",
        volume="1",
        issue="2 Pt 1",
        country="Wales",
        pub_date=p.When(medline_date="1998 Dec-1999 Jan"),
    ),
    pagination=p.Pagination(medline_pgn="471-7", start_page="471", end_page="477"),
    e_locations=(p.ELocation("S1", "pii", "Y"),),
    abstract=p.Abstract((p.AbstractText("one", "AIM"), p.AbstractText(p.Marked("two", "<b>two</b>")))),
    keyword_lists=(p.KeywordList((p.Keyword("hip, left"), p.Keyword("pain"))),),
    mesh=(p.MeshHeading(p.Term("Hip Joint", major="N"), (p.Term("surgery", major="Y"),)),),
    languages=("eng", "wel"),
    publication_types=(p.Term("Journal Article"),),
    data_banks=(p.DataBank("ClinicalTrials.gov", ("NCT1", "NCT2")), p.DataBank("Bank")),
)


def test_an_article():
    assert reference_of(ARTICLE) == Reference(
        type="article-journal",
        title="CO2 in hips",
        original_title="Titel",
        authors=(
            Person(
                family="da Cruz",
                given="Ana B",
                suffix="Jr",
                identifiers=("ORCID: 0000-0001",),
                affiliations=("Place 1", "Place 2"),
            ),
            Person(family="Ng", given="X"),
            Person(family="Abe", given="Ken", short="Abe KQ"),
            Person(literal="Invented Group"),
        ),
        container_title="Journal",
        container_abbreviation="J",
        date=Date(year=1998, literal="1998 Dec-1999 Jan"),
        volume="1",
        issue="2 Pt 1",
        pages="471-7",
        place="Wales",
        doi="10.1000/x",
        pmid="1",
        pmcid="PMC1",
        pii="S1",
        issns=("1234-5678", "8765-4321"),
        abstract="AIM: one\ntwo",
        keywords=("hip, left", "pain"),
        headings=("Hip Joint/*surgery",),
        languages=("eng", "wel"),
        publication_types=("Journal Article",),
        registrations=("ClinicalTrials.gov/NCT1", "ClinicalTrials.gov/NCT2", "Bank"),
    )


BOOK = p.Book(
    title=p.Linked("The book"),
    publisher="Press",
    publisher_location="Cardiff",
    pub_date=p.When(year="2015", month="Mar", day="1"),
    author_lists=(
        p.NameList((p.Name(last_name="Ed", fore_name="E"),), type="editors"),
        p.NameList((p.Name(last_name="Au", fore_name="A"),), type="authors"),
    ),
    edition="2nd",
    isbns=("9780000000000",),
)


def test_a_book_and_a_chapter_of_it():
    whole = reference_of(p.PubmedRecord(pmid="2", kind="book", book=BOOK))
    assert (whole.type, whole.title, whole.container_title) == ("book", "The book", None)
    assert whole.authors == (Person(family="Au", given="A"),)
    assert whole.editors == (Person(family="Ed", given="E"),)
    assert (whole.publisher, whole.place, whole.edition) == ("Press", "Cardiff", "2nd")
    assert (whole.isbns, whole.date) == (("9780000000000",), Date(year=2015, month=3, day=1))
    own = p.NameList((p.Name(last_name="Own"),), type="authors")
    chapter = reference_of(
        p.PubmedRecord(pmid="3", kind="book", book=BOOK, title=p.Linked("A chapter"), author_lists=(own,))
    )
    assert (chapter.type, chapter.title, chapter.container_title) == ("chapter", "A chapter", "The book")
    assert (chapter.authors, chapter.editors) == ((Person(family="Own"),), whole.editors)


DATES = {
    p.When(year="2015", season="Spring"): Date(year=2015, season="Spring"),
    p.When(year="2015", month="03"): Date(year=2015, month=3),
    p.When(year="1998-1999"): Date(year=1998, literal="1998-1999"),
    p.When(year="2015", month="Mar-Apr"): Date(year=2015, literal="2015 Mar-Apr"),
    p.When(): None,
}


@pytest.mark.parametrize("when", DATES, ids=str)
def test_dates_of_journals(when: p.When):
    record = p.PubmedRecord(pmid="1", journal=p.Journal(pub_date=when))
    assert reference_of(record).date == DATES[when]


@pytest.mark.parametrize("name", FORMATS)
def test_a_record_with_a_pmid_alone_is_held(name: str):
    found = read_references(write_references([reference_of(p.PubmedRecord(pmid="9"))], name).encode(), "x")
    assert [(reference.pmid, reference.type) for reference in found] == [("9", "article-journal")]


def test_a_line_that_looks_like_a_tag_stays_text():
    abstract = "first\nER  - \nT2 - weighted\nAU  - B\nlast"
    (found,) = read_references(write_references([Reference(title="t", abstract=abstract)], "ris").encode(), "x")
    assert found.abstract == "first ER - T2 - weighted AU - B\nlast"
    assert found.authors == ()
