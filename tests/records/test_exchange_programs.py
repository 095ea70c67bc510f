"""What programs and people write beside the rules of the formats; all data are invented."""

from __future__ import annotations

import gzip
import json

import pytest

from synth.errors import FormatError
from synth.records import pubmed as p
from synth.records.exchange import not_held, read_references, write_references
from synth.records.exchange.latex import to_unicode
from synth.records.exchange.text import unpacked
from synth.records.reference import Date, More, Person, Reference, Related, not_taken, reference_of


def read(text: str) -> tuple[Reference, ...]:
    return read_references(text.encode(), "x")


def told(text: str) -> str:
    with pytest.raises(FormatError) as refused:
        read(text)
    return str(refused.value)


OTHERS = Person(literal="et al.")
DOE = Person(family="Doe", given="John")
NAMES = {
    "Smith J., Doe K., Roe L.": tuple(
        Person(family=f, given=g) for f, g in (("Smith", "J."), ("Doe", "K."), ("Roe", "L."))
    ),
    "Smith JA, van den Berg K": (Person(family="Smith", given="JA"), Person(family="van den Berg", given="K")),
    "A B, C D, E F, G H": tuple(Person(family=f, given=g) for f, g in ("AB", "CD", "EF", "GH")),
    "Smith, J., Doe": (Person(literal="Smith, J., Doe"),),
    "Smith, J., Jr.": (Person(family="Smith", given="J.", suffix="Jr."),),
    "King, Jr, Martin": (Person(family="King", given="Martin", suffix="Jr"),),
    "Ng é, Li é": (Person(family="Ng é", given="Li é"),),
    "李 明, 王 芳": (Person(family="李 明", given="王 芳"),),
    "Smith, Jane": (Person(family="Smith", given="Jane"),),
    "Doe, John and ": (DOE,),
    "and Doe, John and and Doe, John and": (DOE, DOE),
    "and": (),
    "Doe, John and et al.": (DOE, OTHERS),
    "Doe, John et al.": (DOE, OTHERS),
    "Doe, John, et al": (DOE, OTHERS),
    "Doe, John and others": (DOE, OTHERS),
    "Doe, John and {others}": (DOE, Person(literal="others")),
}


@pytest.mark.parametrize("names", NAMES)
def test_names_of_bibtex(names: str):
    (found,) = read(f"@misc{{a, title = {{t}}, author = {{{names}}}}}")
    assert found.authors == NAMES[names]
    assert read(write_references([found], "bibtex")) == (found,)


@pytest.mark.parametrize(
    "person",
    [
        Person(family="Smith J", given="Doe K"),
        Person(family="Smith J", given="Roe L", suffix="Doe K"),
        Person(family="a", given="b", suffix="c"),
        Person(family="a", given="Jr", suffix="c"),
    ],
)
def test_a_strange_name_stays_one_person_in_bibtex(person: Person):
    (found,) = read(write_references([Reference(title="t", authors=(person,))], "bibtex"))
    assert found.authors == (person,)


LATEX = {
    r"H$_{\textrm{2}}$O": "H₂O",
    r"x$^{\textrm{th}}$": "xth",
    r"CO$_\mathrm{2}$": "CO₂",
    r"4$^{th}$": "4th",
    r"V$_{\textrm{max}}$": "Vmax",
    r"10$^{-x}$": "10^(-x)",
    r"x$^a$": "x^a",
    r"10$^{-3}$": "10⁻³",
}


@pytest.mark.parametrize("latex", LATEX)
def test_words_above_and_below_the_line(latex: str):
    assert to_unicode(latex) == LATEX[latex]


DATES = {
    '"10~" # jan': Date(year=2001, month=1, day=10),
    'mar # "~15"': Date(year=2001, month=3, day=15),
    "{5 May}": Date(year=2001, month=5, day=5),
    "{10}": Date(year=2001, month=10),
    "{40~Jan}": Date(year=2001, literal="2001 Jan 40"),
}


@pytest.mark.parametrize("month", DATES)
def test_a_month_with_its_day(month: str):
    (found,) = read(f"@misc{{a, title = {{t}}, year = 2001, month = {month}}}")
    assert found.date == DATES[month]


def test_free_text_between_entries():
    first, second = "From me@x.org, see a@b\n@comment jabref: x\n@misc{a, title = {t}}\n", "@misc{b, title = {u}}\n"
    assert [found.title for found in read(f"{first}\nby me@x.org\n{second}@comment y\n")] == ["t", "u"]
    assert told("@misc{a, title = {t}}\n\n@misc b, title = u\n").startswith("x:3: text between entries that looks like")


RECORD = "TY  - JOUR\nTI  - a\nER  - \n"


@pytest.mark.parametrize("counter", ["{}. ", "Record #{} of 2"])
def test_counters_between_records_of_ris(counter: str):
    first, second = (counter.format(number) for number in (1, 2))
    found = read(f"{first}\n{RECORD}\n\n{second}\n{RECORD}EF  - \n")
    assert [reference.title for reference in found] == ["a", "a"]


def test_what_is_no_counter_is_refused():
    assert told(f"{RECORD}\n2. words\n").startswith("x:5: '2. words' is in no record")
    (found,) = read("TY  - JOUR\nAB  - a\n2. \nER  - \n")
    assert found.abstract == "a\n2."


CSL = {
    '{"error": "no such thing"}': 'x: an error in place of references: "no such thing"',
    '{"status": "ok", "message": {"items": []}}': "x: a reply of Crossref, no CSL-JSON; its message (or message.items)",
    '[{"title": "a"}, {"foo": 1, "id": 3}]': "x: item 2: no variable of CSL among 'foo'; title, author or DOI, say, is",
    '{"name": "a package", "version1": 1}': "x: item 1: no variable of CSL among 'name', 'version1'; ",
    '[{"title": "\\ud800"}]': "x: item 1: half of a character (a lone surrogate) in a text; take it out",
}


@pytest.mark.parametrize("text", CSL)
def test_json_that_is_no_reference_is_named(text: str):
    assert told(text).startswith(CSL[text])


def test_an_error_among_variables_is_kept():
    (found,) = read(json.dumps({"title": "a", "error": "b"}))
    assert found.more == (More("csl-json", "error", '"b"'),)


@pytest.mark.parametrize("others", ["et al.", "et al", "Et al.,", "and others"])
@pytest.mark.parametrize("text", ["TY  - JOUR\nAU  - Ng, B\nAU  - {}\nER  - \n", "PMID- 1\nFAU - Ng, B\nFAU - {}\n"])
def test_and_others_is_no_author(others: str, text: str):
    (found,) = read(text.format(others))
    assert found.authors == (Person(family="Ng", given="B"), OTHERS)


@pytest.mark.parametrize(
    ("name", "person"),
    [("World Health Organization,", Person(literal="World Health Organization")), ("Ng,", Person(family="Ng"))],
)
def test_groups_as_endnote_writes_them(name: str, person: Person):
    (found,) = read(f"TY  - JOUR\nAU  - {name}\nER  - \n")
    assert found.authors == (person,)
    assert read(write_references([found], "ris")) == (found,)


def test_gzip_of_a_library_user_is_bounded():
    with pytest.raises(FormatError, match="more than 99 bytes unpacked; split the file"):
        unpacked(gzip.compress(b"x" * 100), "x", largest=99)
    assert unpacked(gzip.compress(b"x" * 100), "x", largest=100) == b"x" * 100
    with pytest.raises(FormatError, match="gzip inside of gzip; unpack it once"):
        read_references(gzip.compress(gzip.compress(b"x")), "x")


LINKED = """PMID- 1
STAT- MEDLINE
TI  - a
GR  - X01 0/YY/Invented Agency/Wales
DEP - 20200301
JID - 0000000
RN  - 0 (Invented
      Substance)
CIN - Inv J. 2019;1:1. PMID: 11
RIN - Inv J. 2020;1:1.
ECI - Inv J. 2021;1:1. PMID: 12
EIN - PMID: 13
SPIN- Inv J. 2022;1:1. PMID: 14
"""


def test_nbib_keeps_related_reports():
    (found,) = read(LINKED)
    assert found.related == (
        Related("CommentIn", "Inv J. 2019;1:1.", "11"),
        Related("RetractionIn", "Inv J. 2020;1:1."),
        Related("ErratumIn", None, "13"),
        Related("SummaryForPatientsIn", "Inv J. 2022;1:1.", "14"),
    )
    assert (found.medline_status, found.journal_id) == ("MEDLINE", "0000000")
    assert (found.grants, found.substances) == (("X01 0/YY/Invented Agency/Wales",), ("0 (Invented Substance)",))
    assert found.electronic_date == Date(2020, 3, 1)
    assert found.more == (More("nbib", "ECI", "Inv J. 2021;1:1. PMID: 12"),)
    written = write_references([found], "nbib")
    assert sorted(written.split("\n")) == sorted([*LINKED.replace("\n      ", " ").split("\n"), ""])
    assert read(written) == (found,)


def test_a_day_that_is_none_stays():
    (found,) = read("PMID- 1\nDEP - 2020\n")
    assert (found.electronic_date, found.more) == (None, (More("nbib", "DEP", "2020"),))


def test_what_a_record_says_of_other_reports_is_taken_or_named():
    record = p.PubmedRecord(
        pmid="1",
        journal=p.Journal(nlm_unique_id="00"),
        corrections=(
            p.Correction("RetractionIn", "Inv J", "2", note="n"),
            p.Correction("ExpressionOfConcernIn", "Inv J", "3"),
            p.Correction("Cites", "Inv J", "4"),
        ),
        grants=(p.Grant("X", None, "Agency", "Wales"),),
        chemicals=(p.Chemical("0", "Substance"),),
        article_dates=(p.When("2020", "03", "01", type="Electronic"),),
        article_ids=(p.ArticleId("1", "pubmed"), p.ArticleId("m", "mid")),
        coi_statement="None.",
        medline_status="MEDLINE",
    )
    found = reference_of(record)
    assert found.related == (Related("RetractionIn", "Inv J", "2"), Related("ExpressionOfConcernIn", "Inv J", "3"))
    assert (found.grants, found.substances) == (("X/Agency/Wales",), ("0 (Substance)",))
    assert (found.journal_id, found.medline_status, found.electronic_date) == ("00", "MEDLINE", Date(2020, 3, 1))
    assert list(not_taken(record)) == ["coi_statement", "article_ids", "cited reports", "notes of corrections"]
    assert list(not_held(found, "nbib")) == ["related"]
    assert list(not_held(found, "csl-json")) == []
    assert read(write_references([found], "csl-json"))[0].related == found.related
    missing = ["related", "grants", "substances", "journal_id", "medline_status", "electronic_date"]
    assert list(not_held(found, "ris")) == list(not_held(found, "bibtex")) == missing


def test_what_is_not_held_is_named():
    found = Reference(
        id="a",
        pmid="1",
        accession="2",
        headings=("Hip",),
        article_number="e1",
        urls=("u",),
        more=(More("ris", "U1", "x"),),
        authors=(Person(family="Ng", affiliations=("p",)),),
    )
    assert list(not_held(found, "nbib")) == ["id", "urls", "accession", "more"]
    assert list(not_held(found, "ris")) == ["accession", "affiliations of authors"]
    assert list(not_held(found, "bibtex")) == ["more", "affiliations of authors"]
