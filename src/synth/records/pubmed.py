"""What PubMed prints of one record, with nothing left out.

The names are those of PubMed's XML in small letters; the structure follows its DTD (pubmed_250101). Values are text
as printed, inner white space included: a volume may read "12 Suppl 1", a year "1998-1999".

The JSON form (``msgspec.json.encode``) is one object a record, with the fields below by their names. What a record does
not say is None or an empty tuple and does not stand in it; `pmid`, `kind` and `status` of a record and `kind`, `pmid`
and `element` of a deletion always do, and `version` where PubMed prints it. A text is a string, or an object with
`text` and `markup`. ``msgspec.json.decode(line, type=PubmedRecord)`` gives the same record back; a line is a Deletion
where its `kind` is "deletion".
"""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["retracted", "retraction notice", "concern", "republished", "corrected", "current"]
Kind = Literal["article", "book"]


# Values that a constructor may leave out and that are written all the same: msgspec omits a plain default, never what
# a function gives.
def _article() -> Kind:
    return "article"


def _current() -> Status:
    return "current"


def _delete_citation() -> str:
    return "DeleteCitation"


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Base of all parts: compared by value; what is empty is not written.

    Parts hold text and other parts and never themselves, so the collector of cycles need not follow them.
    """


class Marked(_Part, frozen=True):
    """Text with inline markup or formulas.

    Attributes
    ----------
    text : str
        The words alone.
    markup : str
        The content of the element as an XML fragment: ``CO<sub>2</sub>``; signs with a meaning in XML are escaped.
    """

    text: str
    markup: str


#: Plain where the element holds text alone.
Text = str | Marked


def plain(text: Text | None) -> str:
    """The words of a text without its markup; empty for None."""
    if text is None:
        return ""
    return text.text if isinstance(text, Marked) else text


class Linked(_Part, frozen=True):
    """A title of a book, with the parts of the book that it links to."""

    text: Text
    book: str | None = None
    part: str | None = None
    sec: str | None = None


class When(_Part, frozen=True):
    """A date as printed; `type` is the PubStatus of a history date or the DateType of an article date."""

    year: str | None = None
    month: str | None = None
    day: str | None = None
    season: str | None = None
    medline_date: str | None = None
    hour: str | None = None
    minute: str | None = None
    second: str | None = None
    type: str | None = None


class Identifier(_Part, frozen=True):
    """An identifier with who gave it: ORCID of an author, ROR of an institution, or an OtherID."""

    value: str
    source: str | None = None


class Affiliation(_Part, frozen=True):
    """An institution of an author."""

    text: Text
    identifiers: tuple[Identifier, ...] = ()


class Name(_Part, frozen=True):
    """An author, editor, investigator or person written about; a group has only `collective_name`.

    `investigators` is the id of the list of investigators that a group refers to; `valid` and `equal_contrib` are Y, N
    or None where the attribute was not there.
    """

    last_name: str | None = None
    fore_name: str | None = None
    initials: str | None = None
    suffix: Text | None = None
    collective_name: Text | None = None
    investigators: str | None = None
    valid: str | None = None
    equal_contrib: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()


class NameList(_Part, frozen=True):
    """Names in their order; `complete` is N where PubMed holds the first ones only, `type` authors or editors."""

    names: tuple[Name, ...] = ()
    complete: str | None = None
    type: str | None = None
    id: str | None = None


class Journal(_Part, frozen=True):
    """The journal and the issue."""

    title: str | None = None
    iso_abbreviation: str | None = None
    medline_ta: str | None = None
    issn: str | None = None
    issn_type: str | None = None
    issn_linking: str | None = None
    nlm_unique_id: str | None = None
    country: str | None = None
    cited_medium: str | None = None
    volume: str | None = None
    issue: str | None = None
    pub_date: When | None = None


class Pagination(_Part, frozen=True):
    """Pages as printed; `medline_pgn` is the abbreviated form, such as 471-7."""

    start_page: str | None = None
    end_page: str | None = None
    medline_pgn: str | None = None


class ELocation(_Part, frozen=True):
    """An electronic location (doi or pii) inside the article; `valid` is Y or N."""

    value: str
    type: str | None = None
    valid: str | None = None


class ArticleId(_Part, frozen=True):
    """An identifier of the record or of a reference; `type` is pubmed, doi, pmc, pii, mid, bookaccession and so on."""

    value: str
    type: str | None = None


class AbstractText(_Part, frozen=True):
    """One part of an abstract with its printed label and NLM's category."""

    text: Text
    label: str | None = None
    category: str | None = None


class Abstract(_Part, frozen=True):
    """An abstract; `type` and `language` are those of an other abstract (plain language, translations)."""

    parts: tuple[AbstractText, ...] = ()
    copyright: str | None = None
    type: str | None = None
    language: str | None = None


class DataBank(_Part, frozen=True):
    """A data bank with accession numbers: trial registers stand here."""

    name: str
    accession_numbers: tuple[str, ...] | None = None


class Grant(_Part, frozen=True):
    """A grant."""

    id: str | None = None
    acronym: str | None = None
    agency: str | None = None
    country: str | None = None


class Term(_Part, frozen=True):
    """A term of a controlled vocabulary; `major` is Y or N, `auto` is Y where a program assigned it."""

    name: str
    ui: str | None = None
    major: str | None = None
    auto: str | None = None
    type: str | None = None


class MeshHeading(_Part, frozen=True):
    """A MeSH descriptor with its qualifiers."""

    descriptor: Term
    qualifiers: tuple[Term, ...] = ()


class Chemical(_Part, frozen=True):
    """A substance."""

    registry_number: str
    name: str
    ui: str | None = None


class Keyword(_Part, frozen=True):
    """A keyword; `major` is Y or N."""

    text: Text
    major: str | None = None


class KeywordList(_Part, frozen=True):
    """Keywords of one owner."""

    keywords: tuple[Keyword, ...] = ()
    owner: str | None = None


class Correction(_Part, frozen=True):
    """A link to another report: retraction, erratum, expression of concern, comment, update, republication.

    `type` is the RefType: RetractionIn stands in the retracted article, RetractionOf in the notice.
    """

    type: str
    source: str | None = None
    pmid: str | None = None
    version: str | None = None
    note: str | None = None


class GeneralNote(_Part, frozen=True):
    """A note of an indexer."""

    text: str
    owner: str | None = None


class Param(_Part, frozen=True):
    """A named value of an object."""

    text: Text
    name: str | None = None


class LinkedObject(_Part, frozen=True):
    """An object that the record links to."""

    type: str
    params: tuple[Param, ...] = ()


class CitedReference(_Part, frozen=True):
    """An entry of the reference list; its identifiers are never those of the record."""

    citation: Text
    ids: tuple[ArticleId, ...] = ()


class ReferenceList(_Part, frozen=True):
    """A list of references, which may hold further lists."""

    title: str | None = None
    references: tuple[CitedReference, ...] = ()
    lists: tuple[ReferenceList, ...] = ()


class LocationLabel(_Part, frozen=True):
    """Where in a book: a chapter, a section."""

    text: str
    type: str | None = None


class Section(_Part, frozen=True):
    """A section of a book document."""

    title: Linked
    label: LocationLabel | None = None
    sections: tuple[Section, ...] = ()


class ItemList(_Part, frozen=True):
    """A list of items of a book document."""

    type: str
    items: tuple[str, ...] = ()


class Book(_Part, frozen=True):
    """The book that a book document belongs to."""

    title: Linked | None = None
    publisher: Text | None = None
    publisher_location: str | None = None
    pub_date: When | None = None
    beginning_date: When | None = None
    ending_date: When | None = None
    author_lists: tuple[NameList, ...] = ()
    investigator_lists: tuple[NameList, ...] = ()
    volume: str | None = None
    volume_title: Text | None = None
    edition: str | None = None
    collection_title: Linked | None = None
    isbns: tuple[str, ...] = ()
    e_locations: tuple[ELocation, ...] = ()
    medium: str | None = None
    report_number: str | None = None


class Other(_Part, frozen=True):
    """An element or attribute that this version does not know, kept as it stands.

    `path` names its place, such as MedlineCitation/Article/NewElement or MedlineCitation/@NewAttribute.
    """

    path: str
    content: str


class PubmedRecord(_Part, frozen=True):
    """One article or book document of PubMed.

    Attributes
    ----------
    pmid, version : str
        A PMID may stand in one file in several versions.
    status : str
        The gravest that the record says of itself: retracted, retraction notice, concern (an expression of concern was
        published), republished (corrected and published again elsewhere), corrected (an erratum, an update, or a
        retraction of a part), current. A notice that expresses concern about another report is itself current.
    doi, pmcid : str or None
        Of this record, never of a reference.
    title : Linked or None
        With inline markup where it has any; a translated title stands in square brackets.
    author_lists, investigator_lists : tuple of NameList
    medline_status, owner, indexing_method, version_id, version_date : str or None
        Attributes of MedlineCitation.
    date_created : When or None
        Printed until 2017.
    other : tuple of Other
        What the DTD named above does not hold.
    """

    pmid: str
    version: str | None = None
    kind: Kind = msgspec.field(default_factory=_article)
    status: Status = msgspec.field(default_factory=_current)
    doi: str | None = None
    pmcid: str | None = None
    title: Linked | None = None
    vernacular_title: Text | None = None
    author_lists: tuple[NameList, ...] = ()
    investigator_lists: tuple[NameList, ...] = ()
    journal: Journal | None = None
    book: Book | None = None
    pagination: Pagination | None = None
    e_locations: tuple[ELocation, ...] = ()
    article_dates: tuple[When, ...] = ()
    contribution_date: When | None = None
    languages: tuple[str, ...] = ()
    publication_types: tuple[Term, ...] = ()
    abstract: Abstract | None = None
    other_abstracts: tuple[Abstract, ...] = ()
    keyword_lists: tuple[KeywordList, ...] = ()
    mesh: tuple[MeshHeading, ...] = ()
    supplementary_mesh: tuple[Term, ...] = ()
    chemicals: tuple[Chemical, ...] = ()
    gene_symbols: tuple[str, ...] = ()
    personal_name_subjects: tuple[Name, ...] = ()
    data_banks: tuple[DataBank, ...] = ()
    data_banks_complete: str | None = None
    grants: tuple[Grant, ...] = ()
    grants_complete: str | None = None
    corrections: tuple[Correction, ...] = ()
    coi_statement: Text | None = None
    number_of_references: str | None = None
    reference_lists: tuple[ReferenceList, ...] = ()
    article_ids: tuple[ArticleId, ...] = ()
    document_ids: tuple[ArticleId, ...] = ()
    other_ids: tuple[Identifier, ...] = ()
    citation_subsets: tuple[str, ...] = ()
    space_flight_missions: tuple[str, ...] = ()
    general_notes: tuple[GeneralNote, ...] = ()
    objects: tuple[LinkedObject, ...] = ()
    location_labels: tuple[LocationLabel, ...] = ()
    sections: tuple[Section, ...] = ()
    item_lists: tuple[ItemList, ...] = ()
    history: tuple[When, ...] = ()
    publication_status: str | None = None
    date_created: When | None = None
    date_completed: When | None = None
    date_revised: When | None = None
    pub_model: str | None = None
    medline_status: str | None = None
    owner: str | None = None
    indexing_method: str | None = None
    version_id: str | None = None
    version_date: str | None = None
    other: tuple[Other, ...] = ()

    @property
    def authors(self) -> tuple[Name, ...]:
        """Everyone in a list of authors, in order; editors are not among them."""
        return tuple(name for names in self.author_lists if names.type != "editors" for name in names.names)


class Deletion(_Part, frozen=True, tag="deletion", tag_field="kind"):
    """A PMID that a file declares deleted (DeleteCitation, or DeleteDocument of books)."""

    pmid: str
    version: str | None = None
    element: str = msgspec.field(default_factory=_delete_citation)
