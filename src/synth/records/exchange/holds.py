"""What each format holds of a reference: written and read again, these fields are the same as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synth.records.exchange.nbib import RELATED
from synth.records.reference import Reference

_ALL = frozenset(Reference.__struct_fields__)
_PUBMED_ALONE = frozenset(
    ("related", "grants", "substances", "journal_id", "medline_status", "electronic_date"),
)
_RIS_MISSES = frozenset(("original_title", "pii", "headings", "registrations")) | _PUBMED_ALONE
_NBIB_MISSES = frozenset(("id", "article_number", "urls", "accession"))
_NAMES = frozenset(("family", "given", "suffix", "literal"))


@dataclass(frozen=True, slots=True)
class Holding:
    """What one format holds.

    Attributes
    ----------
    fields : frozenset of str
        Fields of `Reference` that come back as they were, where their text is in one line without blanks at its ends.
    persons : frozenset of str
        Fields of `Person`, likewise.
    several_lines : frozenset of str
        Fields whose lines stay.
    limits : tuple of str
        What of these fields it cannot hold, and what becomes of it.
    """

    fields: frozenset[str]
    persons: frozenset[str]
    several_lines: frozenset[str]
    limits: tuple[str, ...]


HOLDS: dict[str, Holding] = {
    "ris": Holding(
        fields=_ALL - _RIS_MISSES,
        persons=_NAMES,
        several_lines=frozenset(("abstract", "notes")),
        limits=(
            "Types of CSL that RIS does not have become GEN.",
            "A comma inside a part of a name becomes a space; particles join the family name.",
            "A family name of several words without a given name becomes the name of a group.",
            "One number of a database: the PMID where there is one, else the accession number.",
            "MeSH headings are written as keywords.",
            "A line of an abstract or note that looks like a tag joins the line before it.",
            "Only `more` that came from RIS is written.",
        ),
    ),
    "nbib": Holding(
        fields=_ALL - _NBIB_MISSES,
        persons=_NAMES | {"short", "identifiers", "affiliations"},
        several_lines=frozenset(),
        limits=(
            "Articles in journals, books, and chapters with a title and a book; other types become articles.",
            "A comma inside a family name becomes a space; particles join it.",
            "A suffix of several words, or without a given name, becomes part of that.",
            "Editors have neither affiliations nor identifiers, and a group among them becomes a family name.",
            "An article number is written as pages where there are none.",
            "A chapter has no journal; a book is not part of another.",
            "Of related reports those for which MEDLINE documents a tag: not expressions of concern, for one.",
            "A day of electronic publication is written where it is whole.",
            "Only `more` that came from NBIB is written.",
        ),
    ),
    "bibtex": Holding(
        fields=_ALL - _PUBMED_ALONE,
        persons=_NAMES,
        several_lines=frozenset(),
        limits=(
            "Types of CSL that BibTeX does not have become misc.",
            "An id with signs other than letters, digits and _:./+- becomes surname and year.",
            "Particles join the family name.",
            "Only `more` that came from BibTeX is written.",
        ),
    ),
    "csl-json": Holding(
        fields=_ALL,
        persons=frozenset(("family", "given", "suffix", "literal", "particle", "dropping_particle", "short"))
        | {"identifiers", "affiliations"},
        several_lines=frozenset(("title", "abstract", "notes")),
        limits=("A reference without id gets surname and year.",),
    ),
}


def not_held(reference: Reference, format: str) -> Iterator[str]:  # noqa: A002
    """Names of the fields that have a value which the format does not hold in any form."""
    holding = HOLDS[format]
    elsewhere = {"headings"} if format == "ris" else set() if reference.pages else {"article_number"}
    for field in Reference.__struct_fields__:
        if field not in holding.fields | elsewhere and getattr(reference, field):
            yield field
    if any(item.format != format for item in reference.more):
        yield "more"
    if format == "nbib" and any(item.type not in RELATED.values() for item in reference.related):
        yield "related"
    if format == "ris" and reference.pmid and reference.accession:
        yield "accession"
    for part in ("affiliations", "identifiers"):
        if part not in holding.persons and any(getattr(person, part) for person in reference.authors):
            yield f"{part} of authors"
