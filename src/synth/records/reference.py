"""One bibliographic reference, as the exchange formats hold it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from synth.records.pubmed import Abstract, Book, Journal, Name, PubmedRecord, Text, When, plain

#: Blanks and line ends of ASCII, and Unicode's line separators; other spaces (no-break, thin) are part of the text.
BLANKS = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_BLANKS = re.compile(f"[{BLANKS}]+")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FULL = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
_MONTH_NUMBER = {name.lower(): number for names in (_MONTHS, _FULL) for number, name in enumerate(names, 1)}
_MONTH_NUMBER |= {"sept": 9, "november": 11, "december": 12}
SEASONS = ("Spring", "Summer", "Autumn", "Fall", "Winter")
_SLASHED = re.compile(r"(\d{4})[/-](\d{1,2})(?:[/-](\d{1,2}))?")
_WORDED = re.compile(r"(\d{4})(?: ([A-Za-z]+)\.?(?: (\d{1,2}))?)?")
_YEAR = re.compile(r"(\d{4})(?!\d)")


def one_line(text: str) -> str:
    """The text in one line: each run of blanks and line ends is one space, none stands at the ends."""
    return _BLANKS.sub(" ", text).strip(" ")


def lines(text: str) -> str:
    """The text with its lines, each of them as `one_line` gives it; empty lines are left out."""
    return "\n".join(filter(None, map(one_line, _LINE_ENDS.split(text))))


class _Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all parts: compared by value; what is empty is not written."""


class Date(_Part, frozen=True):
    """A date of publication.

    Attributes
    ----------
    year, month, day : int or None
        A day stands only beside a month, a month only beside a year.
    season : str or None
        One of `SEASONS`; never beside a month.
    literal : str or None
        The date as printed, where the other parts do not say it all: "1998 Dec-1999 Jan".
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    season: str | None = None
    literal: str | None = None


class Person(_Part, frozen=True):
    """An author or editor: a family name with its parts, or a `literal` (a group, or a name nobody can take apart).

    Attributes
    ----------
    particle, dropping_particle : str or None
        CSL's two kinds; other formats hold them as the start of the family name.
    short : str or None
        The short form as printed, where it is not family name, initials and suffix ("Smith JA Jr").
    identifiers : tuple of str
        With who gave them: "ORCID: 0000-0000-0000-0000".
    affiliations : tuple of str
    """

    family: str | None = None
    given: str | None = None
    suffix: str | None = None
    literal: str | None = None
    particle: str | None = None
    dropping_particle: str | None = None
    short: str | None = None
    identifiers: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()


class Related(_Part, frozen=True):
    """Another report of the same work, or about it: a retraction, an erratum, a comment.

    Attributes
    ----------
    type : str
        As PubMed's XML names it: RetractionIn stands in the retracted article, RetractionOf in the notice.
    source : str or None
        Where it is printed: "Invented J. 2020;1(1):1".
    pmid : str or None
    """

    type: str
    source: str | None = None
    pmid: str | None = None


class More(_Part, frozen=True):
    """What a format held and no field takes: its tag and value, written again to the same format only."""

    format: str
    tag: str
    value: str


class Reference(_Part, frozen=True, kw_only=True):
    """One reference.

    Attributes
    ----------
    type : str
        A type of CSL: article-journal, book, chapter, thesis, paper-conference, report, webpage, document and so on.
    id : str or None
        The name that the source gave it: BibTeX's key, CSL's id, RIS's ID.
    container_title, container_abbreviation : str or None
        The journal, or the book of a chapter.
    pages : str or None
        As printed: 471-7.
    article_number : str or None
        What stands in place of pages in an electronic journal.
    doi : str or None
        Without an address before it.
    abstract, notes : str or None, tuple of str
        May have several lines.
    headings : tuple of str
        Controlled vocabulary as MEDLINE prints it: "Hip Joint/*surgery"; the star marks a major topic.
    accession : str or None
        Number of the record in a database other than PubMed.
    registrations : tuple of str
        Entries of trial registers and data banks: "ClinicalTrials.gov/NCT00000000".
    related : tuple of Related
        Retractions, errata, comments and the like.
    grants : tuple of str
        Number, acronym, agency, country: "X01 0000/YY/Invented Agency/Wales".
    substances : tuple of str
        Registry number and name: "0 (Invented Substance)".
    journal_id, medline_status : str or None
        The journal's number in NLM's catalogue; MEDLINE, PubMed-not-MEDLINE and so on.
    electronic_date : Date or None
        The day of electronic publication.
    more : tuple of More
        What the source held and no field takes.
    """

    type: str = "document"
    id: str | None = None
    title: str | None = None
    original_title: str | None = None
    authors: tuple[Person, ...] = ()
    editors: tuple[Person, ...] = ()
    container_title: str | None = None
    container_abbreviation: str | None = None
    date: Date | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    article_number: str | None = None
    publisher: str | None = None
    place: str | None = None
    edition: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    pii: str | None = None
    issns: tuple[str, ...] = ()
    isbns: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    abstract: str | None = None
    keywords: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    accession: str | None = None
    registrations: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    grants: tuple[str, ...] = ()
    substances: tuple[str, ...] = ()
    journal_id: str | None = None
    medline_status: str | None = None
    electronic_date: Date | None = None
    more: tuple[More, ...] = ()


def month_name(month: int) -> str:
    """Three letters of a month (1 to 12)."""
    return _MONTHS[month - 1]


def month_number(name: str) -> int | None:
    """1 to 12 for a month's number, name or short name; None for anything else."""
    if name.isascii() and name.isdigit():
        return int(name) if 1 <= int(name) <= 12 else None
    return _MONTH_NUMBER.get(name.lower().rstrip("."))


def date_of(text: str) -> Date | None:
    """A date from its printed form; what is not understood whole is kept as `literal`, with the year it begins with.

    Understood are 2015, 2015 Mar, 2015 Mar 1, 2015 Spring, 2015-03-01 and 2015/3/1.
    """
    text = one_line(text)
    if not text:
        return None
    slashed, worded = _SLASHED.fullmatch(text), _WORDED.fullmatch(text)
    found = None
    if slashed is not None:
        found = date_from(slashed[1], slashed[2], slashed[3])
    elif worded is not None and worded[2] in SEASONS and worded[3] is None:
        found = Date(year=int(worded[1]), season=worded[2])
    elif worded is not None:
        found = date_from(*worded.groups())
    if found is not None:
        return found
    year = _YEAR.match(text)
    return Date(year=int(year[1]) or None if year else None, literal=text)


def date_from(year: str, month: str | None, day: str | None) -> Date | None:
    """A date from its parts, or None where one of them is not a year (four digits), a month or a day."""
    number = month_number(month) if month else None
    if not re.fullmatch(r"[0-9]{4}", year) or year == "0000" or (month and number is None) or (day and not number):
        return None
    if day and not (day.isascii() and day.isdigit() and 1 <= int(day) <= 31):
        return None
    return Date(year=int(year), month=number, day=int(day) if day else None)


def printed(date: Date) -> str:
    """The date as MEDLINE prints it: 2015 Mar 1."""
    if date.literal is not None:
        return date.literal
    month = month_name(date.month) if date.month else None
    year = f"{date.year:04d}" if date.year else None
    return " ".join(str(part) for part in (year, month or date.season, date.day) if part)


def short_name(person: Person) -> str:
    """Family name, initials, suffix: Smith JA Jr."""
    words = re.split(r"[\s-]+", person.given or "")
    initials = "".join(word[0].upper() for word in words if word and word[0].isalpha())
    return " ".join(filter(None, (whole_family(person), initials, person.suffix)))


def whole_family(person: Person) -> str:
    """The family name with its particles."""
    return " ".join(filter(None, (person.dropping_particle, person.particle, person.family)))


def reference_of(record: PubmedRecord) -> Reference:
    """The reference of a PubMed record, with markup flattened to words and each text in one line.

    What a reference cannot hold (history, investigators, cited references and so on) stays in the record: `not_taken`
    names it. A document inside a book is a chapter, a book itself a book.
    """
    base = _in_journal(record, record.journal or Journal()) if record.book is None else _in_book(record, record.book)
    return msgspec.structs.replace(
        base,
        original_title=_words(record.vernacular_title),
        authors=_people(record, editors=False),
        editors=_people(record, editors=True),
        pages=_pages(record),
        doi=record.doi,
        pmid=record.pmid,
        pmcid=record.pmcid,
        pii=_pii(record),
        abstract=_abstract(record.abstract),
        keywords=_unique(_words(word.text) for found in record.keyword_lists for word in found.keywords),
        headings=tuple(_headings(record)),
        languages=_unique(map(one_line, record.languages)),
        publication_types=_unique(one_line(term.name) for term in record.publication_types),
        registrations=_unique(_registrations(record)),
        related=_related(record),
        grants=_unique(_grants(record)),
        substances=_unique(f"{one_line(item.registry_number)} ({one_line(item.name)})" for item in record.chemicals),
        medline_status=_first(record.medline_status),
        electronic_date=next((_date(when) for when in record.article_dates if when.type == "Electronic"), None),
    )


#: What `reference_of` takes of a record, whole or in the parts that `not_taken` looks at.
_TAKEN = frozenset(
    (
        *("pmid", "version", "kind", "status", "doi", "pmcid", "title", "vernacular_title", "author_lists", "journal"),
        *("book", "pagination", "e_locations", "article_dates", "languages", "publication_types", "abstract"),
        *("keyword_lists", "mesh", "chemicals", "data_banks", "grants", "corrections", "article_ids", "medline_status"),
    )
)


def not_taken(record: PubmedRecord) -> Iterable[str]:
    """Names of what the record says and its reference does not: fields of `PubmedRecord`, or parts of them."""
    yield from (name for name in record.__struct_fields__ if name not in _TAKEN and getattr(record, name))
    if any(found.type not in ("pubmed", "doi", "pmc", "pii") for found in record.article_ids):
        yield "article_ids"
    if any(found.type == _CITES for found in record.corrections):
        yield "cited reports"
    if any(found.note for found in record.corrections):
        yield "notes of corrections"


def _words(text: Text | None) -> str | None:
    return one_line(plain(text)) or None


def _first(*texts: str | None) -> str | None:
    return next((one_line(text) for text in texts if text and one_line(text)), None)


def _unique(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _in_journal(record: PubmedRecord, journal: Journal) -> Reference:
    return Reference(
        type="article-journal",
        title=_words(record.title.text) if record.title else None,
        container_title=_first(journal.title),
        container_abbreviation=_first(journal.iso_abbreviation, journal.medline_ta),
        date=_date(journal.pub_date),
        volume=_first(journal.volume),
        issue=_first(journal.issue),
        issns=_unique((_first(journal.issn), _first(journal.issn_linking))),
        place=_first(journal.country),
        journal_id=_first(journal.nlm_unique_id),
    )


def _in_book(record: PubmedRecord, book: Book) -> Reference:
    title = _words(record.title.text) if record.title else None
    whole = _words(book.title.text) if book.title else None
    inside = title is not None and title != whole
    return Reference(
        type="chapter" if inside else "book",
        title=title or whole,
        container_title=whole if inside else None,
        date=_date(book.pub_date),
        volume=_first(book.volume),
        publisher=_words(book.publisher),
        place=_first(book.publisher_location),
        edition=_first(book.edition),
        isbns=_unique(map(one_line, book.isbns)),
    )


def _date(when: When | None) -> Date | None:
    if when is None:
        return None
    if when.medline_date:
        return date_of(when.medline_date)
    parts = (when.year, when.month or when.season, when.day)
    found = date_from(one_line(when.year or ""), when.month, when.day) if not when.season else None
    return found or date_of(" ".join(filter(None, parts)))


def _people(record: PubmedRecord, *, editors: bool) -> tuple[Person, ...]:
    own = [names for names in record.author_lists if (names.type == "editors") == editors]
    # Editors of a book stand with the book; its authors are the record's where the record names none.
    of_book = record.book.author_lists if record.book else ()
    beside = [names for names in of_book if (names.type == "editors") == editors]
    chosen = own or beside
    people = (_person(name) for names in chosen for name in names.names)
    return tuple(person for person in people if person.family or person.literal)


def _person(name: Name) -> Person:
    affiliations = tuple(filter(None, (_words(found.text) for found in name.affiliations)))
    identifiers = tuple(": ".join(filter(None, (found.source, one_line(found.value)))) for found in name.identifiers)
    if not name.last_name:
        literal = _words(name.collective_name) or _first(name.fore_name)
        return Person(literal=literal, identifiers=identifiers, affiliations=affiliations)
    person = Person(
        family=one_line(name.last_name),
        given=_first(name.fore_name, name.initials),
        suffix=_words(name.suffix),
        identifiers=identifiers,
        affiliations=affiliations,
    )
    short = " ".join(filter(None, (person.family, _first(name.initials), person.suffix)))
    return msgspec.structs.replace(person, short=short) if name.initials and short != short_name(person) else person


def _pages(record: PubmedRecord) -> str | None:
    pages = record.pagination
    if pages is None:
        return None
    ends = "-".join(filter(None, (pages.start_page, pages.end_page)))
    return _first(pages.medline_pgn, ends)


def _pii(record: PubmedRecord) -> str | None:
    places = [place.value for place in record.e_locations if place.type == "pii"]
    return _first(*places, *(found.value for found in record.article_ids if found.type == "pii"))


def _abstract(abstract: Abstract | None) -> str | None:
    parts = abstract.parts if abstract else ()
    texts = ((one_line(part.label or ""), _words(part.text)) for part in parts)
    return "\n".join(f"{label}: {text}" if label else text for label, text in texts if text) or None


def _headings(record: PubmedRecord) -> Iterable[str]:
    for heading in record.mesh:
        terms = (heading.descriptor, *heading.qualifiers)
        yield "/".join(f"{'*' if term.major == 'Y' else ''}{one_line(term.name)}" for term in terms)


#: Reports that the article cites stand among the corrections of some records.
_CITES = "Cites"


def _related(record: PubmedRecord) -> tuple[Related, ...]:
    found = [
        Related(item.type, _first(item.source), _first(item.pmid)) for item in record.corrections if item.type != _CITES
    ]
    return tuple(dict.fromkeys(item for item in found if item.source or item.pmid))


def _grants(record: PubmedRecord) -> Iterable[str]:
    for grant in record.grants:
        yield "/".join(filter(None, map(_first, (grant.id, grant.acronym, grant.agency, grant.country))))


def _registrations(record: PubmedRecord) -> Iterable[str]:
    for bank in record.data_banks:
        numbers = bank.accession_numbers or ()
        yield from (f"{one_line(bank.name)}/{one_line(number)}" for number in numbers)
        if not numbers:
            yield one_line(bank.name)
