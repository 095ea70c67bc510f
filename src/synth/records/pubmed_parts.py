"""Which element of PubMed's XML becomes which part of a record: the tables of the DTD, of its older forms too."""

from __future__ import annotations

from typing import Any

from synth.records import pubmed
from synth.records.pubmed import Other
from synth.records.pubmed_shapes import (
    Children,
    Filler,
    Gather,
    Layout,
    Reader,
    Table,
    fill,
    leaf,
    leave_attribute,
    leave_element,
    lift,
    marked,
    own_markup,
    shape,
    spread,
    valued,
)

DATE = {"Year": "year", "Month": "month", "Day": "day"}
TIME = {"Hour": "hour", "Minute": "minute", "Second": "second"}
PRINTED = {"Season": "season", "MedlineDate": "medline_date"}

date = shape(pubmed.When, {**DATE, **TIME})
printed_date = shape(pubmed.When, {**DATE, **PRINTED})
article_date = shape(pubmed.When, {**DATE, **TIME}, {"DateType": "type"})
history_date = shape(pubmed.When, {**DATE, **TIME}, {"PubStatus": "type"})

linked = valued(pubmed.Linked, {"book": "book", "part": "part", "sec": "sec"}, own_markup)
identifier = valued(pubmed.Identifier, {"Source": "source"})
article_ids = Gather("ArticleId", valued(pubmed.ArticleId, {"IdType": "type"}))
e_location = valued(pubmed.ELocation, {"EIdType": "type", "ValidYN": "valid"})
location_label = valued(pubmed.LocationLabel, {"Type": "type"})
general_note = valued(pubmed.GeneralNote, {"Owner": "owner"})
term = valued(pubmed.Term, {"UI": "ui", "MajorTopicYN": "major", "AutoHM": "auto", "Type": "type"})
publication_type = valued(pubmed.Term, {"UI": "ui"})
supplementary = valued(pubmed.Term, {"UI": "ui", "Type": "type"})
keyword = valued(pubmed.Keyword, {"MajorTopicYN": "major"}, own_markup)
pages = shape(pubmed.Pagination, {"StartPage": "start_page", "EndPage": "end_page", "MedlinePgn": "medline_pgn"})

affiliation = shape(pubmed.Affiliation, {"Affiliation": ("text", marked), "Identifier": ("identifiers", identifier)})
PERSON: Children = {
    "LastName": "last_name",
    "ForeName": "fore_name",
    "Initials": "initials",
    "Suffix": ("suffix", marked),
    "AffiliationInfo": ("affiliations", affiliation),
    "Identifier": ("identifiers", identifier),
    "CollectiveName": lift(Layout(pubmed.Name), "collective_name", {"Investigators": "investigators"}, own_markup),
    # until 2014 and 2015
    "Affiliation": ("affiliations", valued(pubmed.Affiliation, {}, own_markup)),
    "NameID": ("identifiers", identifier),
}
person = shape(pubmed.Name, PERSON, {"ValidYN": "valid", "EqualContrib": "equal_contrib"})
authors = shape(pubmed.NameList, {"Author": ("names", person)}, {"CompleteYN": "complete", "Type": "type"})
investigators = shape(pubmed.NameList, {"Investigator": ("names", person)}, {"ID": "id"})

abstract_text = valued(pubmed.AbstractText, {"Label": "label", "NlmCategory": "category"}, own_markup)
ABSTRACT: Children = {"AbstractText": ("parts", abstract_text), "CopyrightInformation": "copyright"}
abstract = shape(pubmed.Abstract, ABSTRACT)
other_abstract = shape(pubmed.Abstract, ABSTRACT, {"Type": "type", "Language": "language"})
keywords = shape(pubmed.KeywordList, {"Keyword": ("keywords", keyword)}, {"Owner": "owner"})

accession_numbers = Gather("AccessionNumber", leaf)
data_bank = shape(
    pubmed.DataBank, {"DataBankName": "name", "AccessionNumberList": ("accession_numbers", accession_numbers)}
)
grant = shape(pubmed.Grant, {"GrantID": "id", "Acronym": "acronym", "Agency": "agency", "Country": "country"})
heading = shape(pubmed.MeshHeading, {"DescriptorName": ("descriptor", term), "QualifierName": ("qualifiers", term)})
substance = lift(Layout(pubmed.Chemical), "name", {"UI": "ui"})
chemical = shape(pubmed.Chemical, {"RegistryNumber": "registry_number", "NameOfSubstance": substance})

CORRECTION = Layout(pubmed.Correction)
RELATED: dict[str, str | tuple[str, Reader] | Filler] = {
    "RefSource": "source",
    "PMID": lift(CORRECTION, "pmid", {"Version": "version"}),
    "Note": "note",
}
correction = shape(pubmed.Correction, RELATED, {"RefType": "type"})
UNTYPED = CORRECTION.table({}, RELATED)

param = valued(pubmed.Param, {"Name": "name"}, own_markup)
linked_object = shape(pubmed.LinkedObject, {"Param": ("params", param)}, {"Type": "type"})
reference = shape(pubmed.CitedReference, {"Citation": ("citation", marked), "ArticleIdList": ("ids", article_ids)})
references = shape(
    pubmed.ReferenceList,
    {"Title": "title", "Reference": ("references", reference)},
    inner=("ReferenceList", "lists"),
)
section = shape(
    pubmed.Section,
    {"LocationLabel": ("label", location_label), "SectionTitle": ("title", linked)},
    inner=("Section", "sections"),
)
items = shape(pubmed.ItemList, {"Item": ("items", leaf)}, {"ListType": "type"})

BOOK = Layout(pubmed.Book)
book = shape(
    pubmed.Book,
    {
        "Publisher": spread(
            BOOK.table({}, {"PublisherName": ("publisher", marked), "PublisherLocation": "publisher_location"})
        ),
        "BookTitle": ("title", linked),
        "PubDate": ("pub_date", printed_date),
        "BeginningDate": ("beginning_date", printed_date),
        "EndingDate": ("ending_date", printed_date),
        "AuthorList": ("author_lists", authors),
        "InvestigatorList": ("investigator_lists", investigators),
        "Volume": "volume",
        "VolumeTitle": ("volume_title", marked),
        "Edition": "edition",
        "CollectionTitle": ("collection_title", linked),
        "Isbn": ("isbns", leaf),
        "ELocationID": ("e_locations", e_location),
        "Medium": "medium",
        "ReportNumber": "report_number",
    },
)

JOURNAL = Layout(pubmed.Journal)
ISSUE = JOURNAL.table(
    {"CitedMedium": "cited_medium"},
    {"Volume": "volume", "Issue": "issue", "PubDate": ("pub_date", printed_date)},
)
IN_ARTICLE = JOURNAL.table(
    {},
    {
        "ISSN": lift(JOURNAL, "issn", {"IssnType": "issn_type"}),
        "JournalIssue": spread(ISSUE),
        "Title": "title",
        "ISOAbbreviation": "iso_abbreviation",
    },
)
IN_CITATION = JOURNAL.table(
    {},
    {
        "Country": "country",
        "MedlineTA": "medline_ta",
        "NlmUniqueID": "nlm_unique_id",
        "ISSNLinking": "issn_linking",
    },
)

RECORD = Layout(pubmed.PubmedRecord)
RECORD_JOURNAL = RECORD.places["journal"]
RECORD_CORRECTIONS = RECORD.places["corrections"]
RELATIONS = frozenset(
    {"CommentOn", "CommentIn", "ErratumIn", "ErratumFor", "PartialRetractionIn", "PartialRetractionOf"}
    | {"RepublishedFrom", "RepublishedIn", "RetractionOf", "RetractionIn", "UpdateIn", "UpdateOf"}
    | {"SummaryForPatientsIn", "OriginalReportIn", "ReprintOf", "ReprintIn"}
)


def of_journal(table: Table) -> Filler:
    """A filler for one of the two places where a record tells of its journal."""
    into = spread(table)

    def read(element: Any, values: list[Any], rest: list[Other]) -> None:
        if values[RECORD_JOURNAL] is None:
            values[RECORD_JOURNAL] = JOURNAL.blank.copy()
        into(element, values[RECORD_JOURNAL], rest)

    return read


def older_corrections(element: Any, values: list[Any], rest: list[Other]) -> None:
    """Links as they were written until 2009: one element, whose children are named as RefType says now."""
    if not len(element):
        leave_element(element, rest)
        return
    for name, value in element.items():
        leave_attribute(element, name, value, rest)
    found = list(values[RECORD_CORRECTIONS] or ())
    for child in element[:]:
        if child.tag in RELATIONS:
            inner = CORRECTION.blank.copy()
            inner[0] = child.tag
            fill(child, inner, UNTYPED, rest)
            found.append(pubmed.Correction(*inner))
        else:
            leave_element(child, rest)
    values[RECORD_CORRECTIONS] = found


def _data() -> Table:
    return RECORD.table(
        {},
        {
            "History": spread(RECORD.table({}, {"PubMedPubDate": ("history", history_date)})),
            "PublicationStatus": "publication_status",
            "ArticleIdList": ("article_ids", article_ids),
            "ObjectList": ("objects", Gather("Object", linked_object)),
            "ReferenceList": ("reference_lists", references),
        },
    )


GRANTS = spread(RECORD.table({"CompleteYN": "grants_complete"}, {"Grant": ("grants", grant)}))
DATA_BANKS = spread(RECORD.table({"CompleteYN": "data_banks_complete"}, {"DataBank": ("data_banks", data_bank)}))
PMID = lift(RECORD, "pmid", {"Version": "version"})

ARTICLE = RECORD.table(
    {"PubModel": "pub_model"},
    {
        "Journal": of_journal(IN_ARTICLE),
        "ArticleTitle": ("title", linked),
        "Pagination": ("pagination", pages),
        "ELocationID": ("e_locations", e_location),
        "Abstract": ("abstract", abstract),
        "AuthorList": ("author_lists", authors),
        "Language": ("languages", leaf),
        "DataBankList": DATA_BANKS,
        "GrantList": GRANTS,
        "PublicationTypeList": ("publication_types", Gather("PublicationType", publication_type)),
        "VernacularTitle": ("vernacular_title", marked),
        "ArticleDate": ("article_dates", article_date),
    },
)
CITATION = RECORD.table(
    {
        "Owner": "owner",
        "Status": "medline_status",
        "VersionID": "version_id",
        "VersionDate": "version_date",
        "IndexingMethod": "indexing_method",
    },
    {
        "PMID": PMID,
        "DateCreated": ("date_created", date),
        "DateCompleted": ("date_completed", date),
        "DateRevised": ("date_revised", date),
        "Article": spread(ARTICLE),
        "MedlineJournalInfo": of_journal(IN_CITATION),
        "ChemicalList": ("chemicals", Gather("Chemical", chemical)),
        "SupplMeshList": ("supplementary_mesh", Gather("SupplMeshName", supplementary)),
        "CitationSubset": ("citation_subsets", leaf),
        "CommentsCorrectionsList": ("corrections", Gather("CommentsCorrections", correction)),
        "CommentsCorrections": older_corrections,
        "GeneSymbolList": ("gene_symbols", Gather("GeneSymbol", leaf)),
        "MeshHeadingList": ("mesh", Gather("MeshHeading", heading)),
        "NumberOfReferences": "number_of_references",
        "PersonalNameSubjectList": ("personal_name_subjects", Gather("PersonalNameSubject", person)),
        "OtherID": ("other_ids", identifier),
        "OtherAbstract": ("other_abstracts", other_abstract),
        "KeywordList": ("keyword_lists", keywords),
        "CoiStatement": ("coi_statement", marked),
        "SpaceFlightMission": ("space_flight_missions", leaf),
        "InvestigatorList": ("investigator_lists", investigators),
        "GeneralNote": ("general_notes", general_note),
    },
)
DOCUMENT = RECORD.table(
    {},
    {
        "PMID": PMID,
        "ArticleIdList": ("document_ids", article_ids),
        "Book": ("book", book),
        "LocationLabel": ("location_labels", location_label),
        "ArticleTitle": ("title", linked),
        "VernacularTitle": ("vernacular_title", marked),
        "Pagination": ("pagination", pages),
        "Language": ("languages", leaf),
        "AuthorList": ("author_lists", authors),
        "InvestigatorList": ("investigator_lists", investigators),
        "PublicationType": ("publication_types", publication_type),
        "Abstract": ("abstract", abstract),
        "Sections": ("sections", Gather("Section", section)),
        "KeywordList": ("keyword_lists", keywords),
        "ContributionDate": ("contribution_date", printed_date),
        "DateRevised": ("date_revised", date),
        "GrantList": GRANTS,
        "ItemList": ("item_lists", items),
        "ReferenceList": ("reference_lists", references),
    },
)
#: By the name of a record's element.
TABLES: dict[str, Table] = {
    "PubmedArticle": RECORD.table({}, {"MedlineCitation": spread(CITATION), "PubmedData": spread(_data())}),
    "PubmedBookArticle": RECORD.table({}, {"BookDocument": spread(DOCUMENT), "PubmedBookData": spread(_data())}),
    "MedlineCitation": CITATION,
    "BookDocument": DOCUMENT,
}
