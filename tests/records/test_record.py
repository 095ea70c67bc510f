"""Bibliographic records and sources, on invented and odd data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from synth.provenance import Source, calendar_day, slug, unprintable
from synth.records import Record, Records
from synth.records.record import surname

INVENTED: dict[str, Any] = {
    "id": "example2001",
    "pmid": None,
    "pmcid": None,
    "doi": None,
    "title": None,
    "authors": [],
    "journal": None,
    "year": None,
    "volume": None,
    "issue": None,
    "pages": None,
    "publication_types": [],
    "assigned": {"publication_type": None, "design": None, "by": "nobody"},
    "status": "unknown",
    "found_by": "other methods",
    "source": "an invented source",
    "seen_on": "2026-11-22",
    "note": None,
}


def record(**changes: Any) -> Record:
    return Record.model_validate(INVENTED | changes)


LABELS = [
    ([], 2001, "example2001"),
    (["et al"], 2001, "example2001"),
    (["Example AB"], 2001, "Example 2001"),
    (["Example AB"], None, "Example n.d."),
    (["Example A", "Other B"], 2001, "Example and Other 2001"),
    (["Example A", "et al"], 2001, "Example et al. 2001"),
    (["Example A", "Other B", "Third C"], 2001, "Example et al. 2001"),
    (["Example Study Group"], 2001, "Example Study Group 2001"),
    (["WHO"], 2001, "WHO 2001"),
]


@pytest.mark.parametrize(("authors", "year", "label"), LABELS)
def test_the_label_of_a_record(authors: list[str], year: int | None, label: str):
    assert record(authors=authors, year=year).short == label


SURNAMES = {
    "Gonzales Farrell S": "Gonzales Farrell",
    "de Sa D": "de Sa",
    "Özçakar L": "Özçakar",
    "Example ÖÇ": "Example",
    "Example J-P": "Example",
    "O'Donnell JM": "O'Donnell",
    "Tung TH ": "Tung",
    "WHO": "WHO",
    "TPT Madras": "TPT Madras",
    "Example": "Example",
}


@pytest.mark.parametrize("author", SURNAMES)
def test_a_surname_has_no_initials(author: str):
    assert surname(author) == SURNAMES[author]


CITATIONS = [
    ({}, "Bibliographic data not seen."),
    ({"title": "Is it so?"}, "Is it so?"),
    ({"title": "A title.", "journal": "J Example"}, "A title. J Example."),
    ({"authors": ["Example A"], "title": "Is it so?", "journal": "J Example"}, "Example A. Is it so? J Example."),
    ({"journal": "J Example", "year": 2001, "volume": "3", "issue": "2", "pages": "1-9"}, "J Example 2001; 3(2):1-9."),
    ({"journal": "J Example", "year": 2001, "issue": "2", "pages": "1-9"}, "J Example 2001; (2):1-9."),
    ({"year": 2001}, "2001."),
    ({"pages": "e43"}, "e43."),
]


@pytest.mark.parametrize(("cells", "citation"), CITATIONS)
def test_a_citation_gives_what_was_seen(cells: dict[str, Any], citation: str):
    assert record(**cells).citation == citation


SOME_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text.strip() != "")


@given(
    st.lists(SOME_TEXT, max_size=4), st.none() | SOME_TEXT, st.none() | SOME_TEXT, st.none() | st.integers(1500, 2200)
)
def test_odd_authors_and_titles_still_give_a_label_and_a_citation(authors, title, journal, year):
    item = record(authors=authors, title=title, journal=journal, year=year)
    assert item.short.strip()
    assert item.citation[-1] in ".?!"
    assert Records((item,))._repr_html_().startswith("<table>")


WRONG = [
    ("id", "Example 2001"),
    ("id", "éxample"),
    ("pmid", "٣٤"),
    ("pmid", "012"),
    ("pmid", "12\n"),
    ("pmid", 12),
    ("pmcid", "12"),
    ("doi", "DOI:10.1000/x"),
    ("title", " "),
    ("authors", [""]),
    ("authors", "Example A"),
    ("year", True),
    ("year", "2001"),
    ("year", 20001),
    ("source", ""),
    ("seen_on", 0),
    ("seen_on", "2026-11-22T00:00:00"),
    ("seen_on", "2026-02-31"),
    ("status", "fine"),
    ("extra", 1),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_value_of_another_form_is_refused(key: str, value: object):
    with pytest.raises(ValidationError) as caught:
        record(**{key: value})
    assert {error["loc"][0] for error in caught.value.errors()} == {key}


def test_the_link_prefers_pubmed_then_doi_then_pmc_then_the_page():
    every = {"pmid": "12", "doi": "10.1000/x", "pmcid": "PMC3", "source": "https://example.org/page"}
    links = []
    for name in ("pmid", "doi", "pmcid", "source"):
        links.append(record(**every).link)
        every[name] = "words" if name == "source" else None
    assert links == [
        "https://pubmed.ncbi.nlm.nih.gov/12/",
        "https://doi.org/10.1000/x",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3/",
        "https://example.org/page",
    ]
    assert record(**every).link == ""


def test_records_are_found_by_their_id():
    records = Records((record(), record(id="other2002")))
    assert records["other2002"].id == "other2002"
    assert "example2001" in records
    assert "nobody" not in records
    with pytest.raises(KeyError, match="no record 'nobody'"):
        records["nobody"]


SOURCES = {
    "PMID:27583151": ("pmid", "27583151", "https://pubmed.ncbi.nlm.nih.gov/27583151/"),
    "pmid: 1 ": ("pmid", "1", "https://pubmed.ncbi.nlm.nih.gov/1/"),
    "PMC4078463": ("pmcid", "PMC4078463", "https://pmc.ncbi.nlm.nih.gov/articles/PMC4078463/"),
    "DOI:10.1000/x#y": ("doi", "10.1000/x#y", "https://doi.org/10.1000/x%23y"),
    "doi:10.1002/(SICI)1<1::AID>3.0": (
        "doi",
        "10.1002/(SICI)1<1::AID>3.0",
        "https://doi.org/10.1002/(SICI)1%3C1::AID%3E3.0",
    ),
    "https://example.org/a?b=c": ("address", "https://example.org/a?b=c", "https://example.org/a?b=c"),
    "javascript:alert(1)": ("citation", "javascript:alert(1)", ""),
    "https://": ("citation", "https://", ""),
    "Example A. An invented report. 2001": ("citation", "Example A. An invented report. 2001", ""),
}


@pytest.mark.parametrize("text", SOURCES)
def test_what_a_source_is(text: str):
    source = Source.parse(text)
    assert (source.kind, source.identifier, source.link) == SOURCES[text]


@pytest.mark.parametrize(
    "text",
    [
        "PMID:27583151x",
        "PMID 27583151",
        "PMID:٣",
        "PMID:012",
        "DOI:11.1/x",
        "27583151",
        "10.1000/x",
        "https://",
        "www.example.org",
    ],
)
def test_an_identifier_that_was_not_written_as_one_is_noticed(text: str):
    assert Source.parse(text).misspelt


@given(st.text(max_size=40))
def test_any_text_is_a_source_and_its_link_is_safe(text: str):
    source = Source.parse(text)
    assert source.text == text.strip()
    assert source.link.lower().startswith(("https://", "http://")) or (source.link, source.kind) == ("", "citation")
    assert not any(space in source.link for space in " \t\n")


@given(st.text(max_size=40))
def test_a_slug_is_safe_in_paths_and_anchors(text: str):
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert slug(text)
    assert slug(slug(text)) == slug(text)


@pytest.mark.parametrize("text", ["2026-02-31", "20261122", "2026-W47-7", "2026-1-2", "٢٠٢٦-١١-٢٢", "", "2026-11-22\n"])
def test_what_is_no_day(text: str):
    with pytest.raises(ValueError, match="a date such as 2026-11-22 is expected"):
        calendar_day(text)


@given(st.dates())
def test_every_day_is_read_as_it_is_written(day):
    assert calendar_day(str(day)) == day


def test_what_cannot_be_printed_is_named():
    assert unprintable("tab\t, line\n, ö, \U0001f9b4") == ""
    assert unprintable("a\x00b") == "holds the character U+0000, which cannot be printed; remove it"
    assert "U+DCFF" in unprintable("\udcff")
