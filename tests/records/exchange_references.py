"""Invented references for the exchange formats: every field that a format says it holds, with awkward text."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from synth.records.exchange import HOLDS
from synth.records.exchange.names import SUFFIXES
from synth.records.exchange.nbib import RELATED as NBIB_RELATED
from synth.records.exchange.types import CSL_TYPES, TO_BIBTEX, TO_RIS
from synth.records.reference import (
    SEASONS,
    Date,
    More,
    Person,
    Reference,
    Related,
    date_of,
    lines,
    one_line,
    short_name,
)

PIECES = (
    *(
        "a",
        "B",
        "Zz",
        "ü",
        "e\u0301",
        "ß",
        "ǅ",
        "Ω",
        "漢字",
        "שלום",
        "\u202bعربى\u202c",
        "\U0001f9ea",
        "\u200d",
        "\u00a0",
    ),
    *("\u2009", "\u3000", "\u0085", "\u2028", " ", "  ", "\t", "\n", "\r\n", "\v", "\f", "{", "}", "{}", "\\", "\\\\"),
    *("\\foo", "\\'e", "%", "#", "$", "$x$", "&", "_", "^", "~", '"', "'", "''", "`", "``", "-", "--", "---", "–"),
    *(
        "@",
        "@article{x,",
        "TY  - ",
        "ER  - ",
        "\nER  - \n",
        "\nAU  - B",
        "PMID- 1",
        "      ",
        ",",
        ",,",
        ";",
        "; ",
        " and ",
    ),
    *("and", "others", "(", ")", "[doi]", "/", ":", "*", "<i>", "=", "?", "!", "1", "2015", "\ufeff", "\ufffd", "\x80"),
)
RAW = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
TEXT = RAW.map(one_line).filter(bool)
WORD = st.text("abcÜé漢0", min_size=1, max_size=6)
LOOKS_LIKE_TAG = re.compile(r"\n.. ? ?-")
BLOCK = RAW.map(lines).filter(lambda text: text and not LOOKS_LIKE_TAG.search(text))
YEAR = st.integers(1, 9999)
TYPES = {
    "ris": sorted(TO_RIS),
    "nbib": ["article-journal", "book", "chapter"],
    "bibtex": sorted(TO_BIBTEX),
    "csl-json": sorted(CSL_TYPES),
}
MORE = {
    "ris": st.builds(More, st.just("ris"), st.sampled_from(["U1", "L1", "RN", "XX"]), BLOCK),
    "nbib": st.builds(More, st.just("nbib"), st.sampled_from(["SO", "OWN", "FIR", "IR", "ECI"]), TEXT),
    "bibtex": st.builds(More, st.just("bibtex"), st.sampled_from(["howpublished", "file", "timestamp"]), WORD),
    "csl-json": st.builds(More, st.just("csl-json"), st.sampled_from(["event", "DOI-agency"]), TEXT.map(json.dumps)),
}


def _literal(year: int | None, text: str) -> Date:
    printed = f"{year:04d} {text}" if year else f"in {text}"
    return Date(year=year, literal=printed)


DATE = st.one_of(
    st.builds(Date, YEAR, st.none() | st.integers(1, 12)),
    st.builds(Date, YEAR, st.integers(1, 12), st.integers(1, 31)),
    st.builds(Date, YEAR, season=st.sampled_from(SEASONS)),
    st.builds(_literal, st.none() | YEAR, TEXT).filter(lambda date: date_of(date.literal) == date),
)


def _person(family: str, given: str | None, suffix: str | None, **others: object) -> Person:
    return Person(family=family, given=given, suffix=suffix if given else None, **others)


def _tidied(person: Person) -> bool:
    """Whether the short name says something of its own, and no word of the given name is taken for a suffix."""
    return person.short != short_name(person) and (person.given or "").split(" ")[-1] not in SUFFIXES


RELATED = st.builds(
    Related, st.sampled_from(sorted(NBIB_RELATED.values())), st.none() | TEXT, st.none() | YEAR.map(str)
)
RELATED = RELATED.filter(lambda item: item.source or item.pmid)


def persons(name: str, *, editors: bool = False) -> st.SearchStrategy[Person]:
    """People that a format holds."""
    part = TEXT.map(lambda text: one_line(text.replace(",", " "))).filter(bool) if name in ("ris", "nbib") else TEXT
    extra: dict[str, st.SearchStrategy[object]] = {}
    if name == "nbib":
        extra["short"] = st.none() | WORD
    if name == "csl-json":
        extra = {"short": st.none() | TEXT, "particle": st.none() | TEXT, "dropping_particle": st.none() | TEXT}
    beside = {}
    if name in ("nbib", "csl-json") and not (editors and name == "nbib"):
        beside = {"affiliations": st.lists(TEXT, max_size=2).map(tuple)}
        beside["identifiers"] = st.lists(TEXT, max_size=2).map(tuple)
    suffix = st.none() | (st.sampled_from(SUFFIXES) if name == "nbib" else part)
    person = st.builds(_person, part, st.none() | part, suffix, **extra, **beside).filter(_tidied)
    if editors and name == "nbib":
        return person
    if name == "ris":
        person = person.filter(lambda found: found.given or " " not in found.family)
    return person | st.builds(Person, literal=TEXT, **beside)


def fields(name: str) -> dict[str, st.SearchStrategy[object]]:
    """A strategy for each field that a format holds."""
    text, texts = st.none() | TEXT, st.lists(TEXT, max_size=3, unique=True).map(tuple)
    block = st.none() | (BLOCK if "abstract" in HOLDS[name].several_lines else TEXT)
    own = {
        "type": st.sampled_from(TYPES[name]),
        "id": st.none() | (st.from_regex(r"[A-Za-z0-9_:./+-]{1,9}", fullmatch=True) if name == "bibtex" else TEXT),
        "authors": st.lists(persons(name), max_size=3).map(tuple),
        "editors": st.lists(persons(name, editors=True), max_size=2).map(tuple),
        "date": st.none() | DATE,
        "doi": st.none() | TEXT.map(lambda value: f"10.1000/{value}"),
        "pmid": st.none() | st.from_regex(r"[1-9][0-9]{0,7}", fullmatch=True),
        "pmcid": st.none() | st.from_regex(r"PMC[1-9][0-9]{0,6}", fullmatch=True),
        "issns": st.lists(st.from_regex(r"[0-9]{4}-[0-9]{3}[0-9X]", fullmatch=True), max_size=2, unique=True).map(
            tuple
        ),
        "isbns": st.lists(st.from_regex(r"97[89][0-9]{9}[0-9X]", fullmatch=True), max_size=2, unique=True).map(tuple),
        "abstract": block,
        "notes": st.lists(BLOCK if "notes" in HOLDS[name].several_lines else TEXT, max_size=2).map(tuple),
        "more": st.lists(MORE[name], max_size=2, unique_by=lambda item: item.tag).map(tuple),
    }
    lists = ("urls", "keywords", "headings", "languages", "publication_types", "registrations", "grants", "substances")
    own["related"] = st.lists(RELATED, max_size=3).map(tuple)
    own["electronic_date"] = st.none() | st.builds(Date, YEAR, st.integers(1, 12), st.integers(1, 28))
    own |= dict.fromkeys(lists, texts)
    return {field: own.get(field, text) for field in sorted(HOLDS[name].fields)}


def fitting(name: str, reference: Reference) -> bool:
    """Whether a reference keeps to what the format says of combinations."""
    if reference == Reference(type=reference.type, id=reference.id):
        return False
    if name == "ris":
        return not (reference.pmid and reference.accession)
    if name == "nbib" and reference.type == "chapter":
        return bool(reference.title and reference.container_title)
    return name != "nbib" or (reference.type == "book") <= bool(reference.title)


def references(name: str) -> st.SearchStrategy[Reference]:
    """References that a format holds whole."""
    return st.builds(Reference, **fields(name)).filter(lambda reference: fitting(name, reference))
