"""A record from its element: what it says of itself is gathered from the parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synth.records.pubmed import ArticleId, Correction, ELocation, Journal, Other, PubmedRecord, Status, Term
from synth.records.pubmed_parts import RECORD, RECORD_JOURNAL, TABLES
from synth.records.pubmed_shapes import UnreadableError, fill

#: Gravest first: what a link to another report (RefType, in small letters) says of the record that holds it.
#: A retraction of a part (DTDs until 2012) counts as a correction, because the rest of the report stands.
BY_RELATION: tuple[tuple[Status, frozenset[str]], ...] = (
    ("retracted", frozenset({"retractionin", "retractedandrepublishedin"})),
    ("retraction notice", frozenset({"retractionof"})),
    ("concern", frozenset({"expressionofconcernin"})),
    ("republished", frozenset({"correctedandrepublishedin", "republishedin"})),
    ("corrected", frozenset({"erratumin", "updatein", "partialretractionin"})),
)
#: The publication type "Expression of Concern" is that of the notice; the report it is about has the link.
BY_TYPE: dict[str, Status] = {
    "retracted publication": "retracted",
    "retraction of publication": "retraction notice",
}
PLACES = RECORD.places
TYPES, CORRECTIONS, STATUS = PLACES["publication_types"], PLACES["corrections"], PLACES["status"]
ARTICLE_IDS, DOCUMENT_IDS, LOCATIONS = PLACES["article_ids"], PLACES["document_ids"], PLACES["e_locations"]
PMID, KIND, DOI, PMCID, OTHER = (PLACES[name] for name in ("pmid", "kind", "doi", "pmcid", "other"))


def status_of(types: Sequence[Term], corrections: Sequence[Correction]) -> Status:
    """The gravest that publication types and links say."""
    found: set[str] = set()
    for item in types:
        name = item.name.lower()
        if name.startswith("retract"):
            found.add(BY_TYPE.get(" ".join(name.split()), ""))
    relations = {item.type.strip().lower() for item in corrections}
    for status, names in BY_RELATION:
        if status in found or not names.isdisjoint(relations):
            return status
    return "current"


def own_id(ids: Sequence[ArticleId], kind: str) -> str | None:
    """The record's first identifier of that kind that is not empty."""
    for item in ids:
        if item.type is not None and item.type.lower() == kind and item.value.strip():
            return item.value.strip()
    return None


def own_doi(ids: Sequence[ArticleId], locations: Sequence[ELocation]) -> str | None:
    """The DOI among the record's identifiers, or else among its electronic locations that are valid."""
    given = own_id(ids, "doi")
    if given is not None:
        return given
    return own_id([ArticleId(item.value, item.type) for item in locations if item.valid != "N"], "doi")


def read_record(element: Any) -> PubmedRecord:
    """The record of a PubmedArticle, PubmedBookArticle, MedlineCitation or BookDocument.

    Raises
    ------
    UnreadableError
        If it has no PMID, or holds what cannot be kept.
    """
    rest: list[Other] = []
    values = RECORD.blank.copy()
    fill(element, values, TABLES[element.tag], rest)
    if values[PMID] is None or not values[PMID].strip():
        raise UnreadableError(element.sourceline, f"a {element.tag} without PMID; each record has one")
    if values[RECORD_JOURNAL] is not None:
        values[RECORD_JOURNAL] = Journal(*values[RECORD_JOURNAL])
    values[OTHER] = rest
    for index in RECORD.many:
        found = values[index]
        values[index] = () if found is None else tuple(found)
    values[KIND] = "book" if element.tag in ("PubmedBookArticle", "BookDocument") else "article"
    values[STATUS] = status_of(values[TYPES], values[CORRECTIONS])
    ids = values[ARTICLE_IDS] + values[DOCUMENT_IDS]
    values[DOI] = own_doi(ids, values[LOCATIONS])
    values[PMCID] = own_id(ids, "pmc")
    return PubmedRecord(*values)
