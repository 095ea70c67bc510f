"""NBIB, the MEDLINE format of PubMed: read with nothing lost, and written.

The reader is our own. Bio.Medline 1.88 joins the values of LID, IS and SB into one text, parts a long keyword,
publication type or name at its line break, no longer knows which affiliation is whose, and takes two records without
an empty line between them for one. It reads what is written here, which the tests check.
"""

from __future__ import annotations

import re

import msgspec

from synth.errors import FormatError
from synth.records.exchange.names import from_medline_name, from_short_name, medline_name
from synth.records.exchange.tagged import Field, Fields
from synth.records.reference import (
    Date,
    More,
    Person,
    Reference,
    Related,
    date_from,
    date_of,
    one_line,
    printed,
    short_name,
)

FORMAT = "nbib"
START = re.compile(r"(?m)^(?=.{4}- )[A-Z][A-Z0-9]{1,3} *- ")
_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) *$")
_PLACED = re.compile(r"(.+) \[(doi|pii)\]")
_ISSN = re.compile(r"\d{4}-?\d{3}[\dXx]")
_RELATED = re.compile(r"(.*?)(?:(?:^| )PMID: ([0-9]+))?")
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
#: Tags that the documentation of Bio.Medline names, with PubMed's words for the kinds of related reports.
RELATED = {
    "CON": "CommentOn",
    "CIN": "CommentIn",
    "EIN": "ErratumIn",
    "EFR": "ErratumFor",
    "CRI": "CorrectedandRepublishedIn",
    "CRF": "CorrectedandRepublishedFrom",
    "PRIN": "PartialRetractionIn",
    "PROF": "PartialRetractionOf",
    "RPI": "RepublishedIn",
    "RPF": "RepublishedFrom",
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "UIN": "UpdateIn",
    "UOF": "UpdateOf",
    "SPIN": "SummaryForPatientsIn",
    "ORI": "OriginalReportIn",
}
_TAG_OF = {kind: tag for tag, kind in RELATED.items()}


def read_nbib(text: str, file: str) -> tuple[Reference, ...]:
    """The references of a file in MEDLINE format.

    Raises
    ------
    FormatError
        A line that is neither a tag with its value nor the continuation of one, or a record without any content.
    """
    return tuple(_reference(fields, file) for fields in _records(text, file))


def _records(text: str, file: str) -> list[list[Field]]:
    records: list[list[Field]] = [[]]
    for number, line in enumerate(text.split("\n"), 1):
        tag = _TAG.match(line[:4]) if line[4:6].rstrip() == "-" else None
        if line.startswith("      "):
            if not records[-1] and one_line(line):
                raise FormatError(file, number, f"{one_line(line)[:60]!r} continues nothing; a tag is expected first")
            if one_line(line):
                records[-1][-1].lines.append(line)
        elif tag is not None:
            if tag[1] == "PMID" and any(field.tag == "PMID" for field in records[-1]):
                records.append([])
            records[-1].append(Field(tag[1], number, [line[6:]]))
        elif one_line(line):
            message = f"{one_line(line)[:60]!r} is no tag ('TI  - ') and continues none (six blanks before it)"
            raise FormatError(file, number, message)
        elif records[-1]:
            records.append([])
    return [fields for fields in records if fields]


def _reference(found: list[Field], file: str) -> Reference:
    fields = Fields(found)
    if not fields:
        message = "a record without any content; at least one tag with a value is expected"
        raise FormatError(file, found[0].line, message)
    people = _people(fields, ("FAU", "AU", "CN", "AD", "AUID"))
    editors = _people(fields, ("FED", "ED"))
    title, book = fields.one("TI"), fields.one("BTI")
    kind = "article-journal" if book is None else "chapter" if title else "book"
    printed_date = fields.one("DP")
    container = book if kind == "chapter" else None
    reference = Reference(
        type=kind,
        title=title or book,
        original_title=fields.one("TT"),
        authors=people,
        editors=editors,
        container_title=container or fields.one("JT"),
        container_abbreviation=fields.one("TA"),
        date=date_of(printed_date) if printed_date else None,
        volume=fields.one("VI"),
        issue=fields.one("IP"),
        pages=fields.one("PG"),
        publisher=fields.one("PB"),
        place=fields.one("PL"),
        edition=fields.one("EN"),
        pmid=fields.one("PMID"),
        pmcid=fields.one("PMC"),
        abstract=fields.one("AB"),
        keywords=_texts(fields, "OT"),
        headings=_texts(fields, "MH"),
        languages=_texts(fields, "LA"),
        publication_types=_texts(fields, "PT"),
        registrations=_texts(fields, "SI"),
        isbns=_texts(fields, "ISBN"),
        notes=_texts(fields, "GN"),
        related=_related(fields),
        grants=_texts(fields, "GR"),
        substances=_texts(fields, "RN"),
        journal_id=fields.one("JID"),
        medline_status=fields.one("STAT"),
        electronic_date=_day(fields),
    )
    return _with_places(reference, fields)


def _texts(fields: Fields, tag: str) -> tuple[str, ...]:
    return tuple(item.text for item in fields.all(tag))


def _related(fields: Fields) -> tuple[Related, ...]:
    found = ((item.tag, _RELATED.fullmatch(item.text)) for item in fields.all(*RELATED))
    return tuple(Related(RELATED[tag], parts[1] or None, parts[2]) for tag, parts in found if parts)


def _day(fields: Fields) -> Date | None:
    """The day of electronic publication; whatever else stands there is left."""
    for item in fields.all("DEP"):
        parts = _DAY.fullmatch(item.text)
        if parts and (date := date_from(*parts.groups())):
            return date
        fields.give_back(item)
    return None


def _with_places(reference: Reference, fields: Fields) -> Reference:
    places: dict[str, str] = {}
    for item in fields.all("LID", "AID"):
        found = _PLACED.fullmatch(item.text)
        if found is None or places.setdefault(found[2], found[1]) != found[1]:
            fields.give_back(item)
    issns: list[str] = []
    for item in fields.all("IS"):
        issns += _ISSN.findall(item.text)
        if not _ISSN.fullmatch(item.text):
            fields.give_back(item)
    return msgspec.structs.replace(
        reference,
        doi=places.get("doi"),
        pii=places.get("pii"),
        issns=tuple(dict.fromkeys(issns)),
        more=fields.rest(FORMAT),
    )


def _people(fields: Fields, tags: tuple[str, ...]) -> tuple[Person, ...]:
    """People in the order of the file; a short name, affiliation or identifier goes to the person before it.

    An affiliation before all of them is the first one's, as old files have it.
    """
    people: list[Person] = []
    early: list[Field] = []
    awaits_short = False
    for item in fields.all(*tags):
        if item.tag in ("AD", "AUID"):
            early += [] if people else [item]
            people[-1:] = [_with(person, item) for person in people[-1:]]
        elif item.tag in ("AU", "ED") and awaits_short:
            people[-1] = _with_short(people[-1], item.text)
            awaits_short = False
        else:
            people.append(_named(item.tag, item.text))
            awaits_short = item.tag in ("FAU", "FED")
    for item in early:
        people[:1] = [_with(person, item) for person in people[:1]]
        if not people:
            fields.give_back(item)
    return tuple(people)


def _with_short(person: Person, short: str) -> Person:
    """The person with the short name, which also tells a suffix from the last given name."""
    if not person.family or short == short_name(person):
        return person
    given, _, last = (person.given or "").rpartition(" ")
    parted = msgspec.structs.replace(person, given=given, suffix=last)
    if given and person.suffix is None and short == short_name(parted):
        return parted
    return msgspec.structs.replace(person, short=short)


def _named(tag: str, text: str) -> Person:
    if tag == "CN":
        return Person(literal=text)
    if tag in ("FAU", "FED"):
        return from_medline_name(text)
    person = from_short_name(text)
    return msgspec.structs.replace(person, short=text) if person.family and short_name(person) != text else person


def _with(person: Person, item: Field) -> Person:
    if item.tag == "AD":
        return msgspec.structs.replace(person, affiliations=(*person.affiliations, item.text))
    return msgspec.structs.replace(person, identifiers=(*person.identifiers, item.text))


def write_nbib(reference: Reference) -> str:
    """One record in MEDLINE format, and an empty line. Lines are not wrapped: readers part lists at line breaks."""
    own = [item for item in reference.more if item.format == FORMAT]
    kept = [(item.tag, item.value) for item in own]
    pairs = ((tag, one_line(value or "")) for tag, value in (*_pairs(reference, own), *kept))
    return "".join(f"{tag:<4}- {value}\n" for tag, value in pairs if value) + "\n"


def _pairs(reference: Reference, own: list[More]) -> list[tuple[str, str | None]]:
    printed_numbers = " ".join(item.value for item in own if item.tag == "IS")
    doi, pii = (f"{one_line(text)} [{kind}]" if text else None for text, kind in _places(reference))
    date = printed(reference.date) if reference.date else None
    whole = reference.type == "book"
    book = reference.title if whole else reference.container_title if reference.type == "chapter" else None
    return [
        *(("PMID", reference.pmid), ("STAT", reference.medline_status)),
        *(("IS", number) for number in reference.issns if number not in printed_numbers),
        *(("ISBN", number) for number in reference.isbns),
        *(("VI", reference.volume), ("IP", reference.issue), ("DP", date)),
        *(("TI", None if whole else reference.title), ("BTI", book)),
        *(("PG", reference.pages or reference.article_number), ("LID", doi or pii), ("AB", reference.abstract)),
        *(pair for person in reference.authors for pair in _person(person, "AU")),
        *(pair for person in reference.editors for pair in _person(person, "ED")),
        *(("EN", reference.edition), ("PB", reference.publisher)),
        *(("LA", language) for language in reference.languages),
        *(("SI", number) for number in reference.registrations),
        *(("GR", grant) for grant in reference.grants),
        *(("PT", kind) for kind in reference.publication_types),
        ("DEP", _written_day(reference.electronic_date)),
        *(("TT", reference.original_title), ("PL", reference.place), ("TA", reference.container_abbreviation)),
        ("JT", reference.container_title if reference.type != "chapter" else None),
        *(("JID", reference.journal_id), *(("RN", substance) for substance in reference.substances)),
        *((_TAG_OF[item.type], _printed(item)) for item in reference.related if item.type in _TAG_OF),
        *(("MH", heading) for heading in reference.headings),
        *(("OT", word) for word in reference.keywords),
        *(("GN", note) for note in reference.notes),
        *(("PMC", reference.pmcid), ("AID", pii if doi else None), ("AID", doi)),
    ]


def _written_day(date: Date | None) -> str | None:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}" if date and date.year and date.month and date.day else None


def _printed(item: Related) -> str:
    return " ".join(filter(None, (item.source, f"PMID: {item.pmid}" if item.pmid else None)))


def _places(reference: Reference) -> tuple[tuple[str | None, str], tuple[str | None, str]]:
    return (reference.doi, "doi"), (reference.pii, "pii")


def _person(person: Person, tag: str) -> list[tuple[str, str]]:
    """Full name, short name, affiliations and identifier; a group among editors has only the full name."""
    beside = [("AD", text) for text in person.affiliations] + [("AUID", text) for text in person.identifiers]
    beside = beside if tag == "AU" else []
    if person.literal is not None:
        return [("CN" if tag == "AU" else "FED", person.literal), *beside]
    return [(f"F{tag}", medline_name(person)), (tag, person.short or short_name(person)), *beside]
