"""A record written back as PubMed XML, independently of the tables that it was read with.

Only what a record holds is written; where old spellings were read into today's fields, today's are written.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from synth.records.pubmed import Book, Journal, Marked, Name, NameList, PubmedRecord, ReferenceList, Section, When

MATHML = 'xmlns:mml="http://www.w3.org/1998/Math/MathML"'


def add(parent: Any, tag: str, text: Any = None, **attributes: str | None) -> Any:
    """A child with text or markup, and the attributes that are not None."""
    child = etree.SubElement(parent, tag)
    if isinstance(text, Marked):
        content = etree.fromstring(f"<r {MATHML}>{text.markup}</r>")
        child.text = content.text
        child.extend(list(content))
    else:
        child.text = text
    for name, value in attributes.items():
        if value is not None:
            child.set(name, value)
    return child


def add_each(parent: Any, **texts: Any) -> None:
    """A child for each text that is not None, or for each of several."""
    for tag, text in texts.items():
        for item in text if isinstance(text, tuple) else () if text is None else (text,):
            add(parent, tag, item)


def add_when(parent: Any, tag: str, when: When | None, attribute: str = "") -> None:
    if when is None:
        return
    child = add(parent, tag)
    if attribute and when.type is not None:
        child.set(attribute, when.type)
    add_each(child, Year=when.year, Month=when.month, Day=when.day, Season=when.season)
    add_each(child, MedlineDate=when.medline_date, Hour=when.hour, Minute=when.minute, Second=when.second)


def add_linked(parent: Any, tag: str, title: Any) -> None:
    if title is not None:
        add(parent, tag, title.text, book=title.book, part=title.part, sec=title.sec)


def add_identifiers(parent: Any, tag: str, identifiers: Any) -> None:
    for item in identifiers:
        add(parent, tag, item.value, Source=item.source)


def add_name(parent: Any, tag: str, name: Name) -> None:
    person = add(parent, tag, ValidYN=name.valid, EqualContrib=name.equal_contrib)
    add_each(person, LastName=name.last_name, ForeName=name.fore_name, Initials=name.initials, Suffix=name.suffix)
    if name.collective_name is not None:
        add(person, "CollectiveName", name.collective_name, Investigators=name.investigators)
    add_identifiers(person, "Identifier", name.identifiers)
    for item in name.affiliations:
        info = add(person, "AffiliationInfo")
        add_each(info, Affiliation=item.text)
        add_identifiers(info, "Identifier", item.identifiers)


def add_names(parent: Any, authors: tuple[NameList, ...], investigators: tuple[NameList, ...]) -> None:
    for item in authors:
        listed = add(parent, "AuthorList", CompleteYN=item.complete, Type=item.type)
        for name in item.names:
            add_name(listed, "Author", name)
    for item in investigators:
        listed = add(parent, "InvestigatorList", ID=item.id)
        for name in item.names:
            add_name(listed, "Investigator", name)


def add_ids(parent: Any, ids: Any) -> None:
    if ids:
        listed = add(parent, "ArticleIdList")
        for item in ids:
            add(listed, "ArticleId", item.value, IdType=item.type)


def add_abstract(parent: Any, tag: str, abstract: Any) -> None:
    child = add(parent, tag, Type=abstract.type, Language=abstract.language)
    for part in abstract.parts:
        add(child, "AbstractText", part.text, Label=part.label, NlmCategory=part.category)
    add_each(child, CopyrightInformation=abstract.copyright)


def add_references(parent: Any, references: ReferenceList) -> None:
    child = add(parent, "ReferenceList")
    add_each(child, Title=references.title)
    for item in references.references:
        reference = add(child, "Reference")
        add_each(reference, Citation=item.citation)
        add_ids(reference, item.ids)
    for inner in references.lists:
        add_references(child, inner)


def add_section(parent: Any, section: Section) -> None:
    child = add(parent, "Section")
    if section.label is not None:
        add(child, "LocationLabel", section.label.text, Type=section.label.type)
    add_linked(child, "SectionTitle", section.title)
    for inner in section.sections:
        add_section(child, inner)


def add_locations(parent: Any, locations: Any) -> None:
    for item in locations:
        add(parent, "ELocationID", item.value, EIdType=item.type, ValidYN=item.valid)


def add_pages(parent: Any, pages: Any) -> None:
    if pages is not None:
        child = add(parent, "Pagination")
        add_each(child, StartPage=pages.start_page, EndPage=pages.end_page, MedlinePgn=pages.medline_pgn)


def add_journal(article: Any, citation: Any, journal: Journal) -> None:
    issued = (journal.cited_medium, journal.volume, journal.issue, journal.pub_date) != (None,) * 4
    if issued or (journal.issn, journal.title, journal.iso_abbreviation) != (None,) * 3:
        child = add(article, "Journal")
        if journal.issn is not None:
            add(child, "ISSN", journal.issn, IssnType=journal.issn_type)
        if issued:
            issue = add(child, "JournalIssue", CitedMedium=journal.cited_medium)
            add_each(issue, Volume=journal.volume, Issue=journal.issue)
            add_when(issue, "PubDate", journal.pub_date)
        add_each(child, Title=journal.title, ISOAbbreviation=journal.iso_abbreviation)
    if (journal.country, journal.medline_ta, journal.nlm_unique_id, journal.issn_linking) != (None,) * 4:
        info = add(citation, "MedlineJournalInfo")
        add_each(info, Country=journal.country, MedlineTA=journal.medline_ta, NlmUniqueID=journal.nlm_unique_id)
        add_each(info, ISSNLinking=journal.issn_linking)


def add_terms(parent: Any, wrapper: str, tag: str, terms: Any) -> None:
    """Terms with a UI and a type, inside a wrapper where there is one."""
    if terms:
        listed = add(parent, wrapper) if wrapper else parent
        for item in terms:
            add(listed, tag, item.name, UI=item.ui, Type=item.type)


def add_grants(parent: Any, record: PubmedRecord) -> None:
    if not record.grants and record.grants_complete is None:
        return
    grants = add(parent, "GrantList", CompleteYN=record.grants_complete)
    for item in record.grants:
        add_each(add(grants, "Grant"), GrantID=item.id, Acronym=item.acronym, Agency=item.agency, Country=item.country)


def add_data_banks(parent: Any, record: PubmedRecord) -> None:
    if not record.data_banks and record.data_banks_complete is None:
        return
    banks = add(parent, "DataBankList", CompleteYN=record.data_banks_complete)
    for item in record.data_banks:
        bank = add(banks, "DataBank")
        add_each(bank, DataBankName=item.name)
        if item.accession_numbers:
            add_each(add(bank, "AccessionNumberList"), AccessionNumber=item.accession_numbers)


def add_keywords(parent: Any, record: PubmedRecord) -> None:
    for item in record.keyword_lists:
        listed = add(parent, "KeywordList", Owner=item.owner)
        for keyword in item.keywords:
            add(listed, "Keyword", keyword.text, MajorTopicYN=keyword.major)


def add_article(citation: Any, record: PubmedRecord) -> None:
    article = add(citation, "Article", PubModel=record.pub_model)
    if record.journal is not None:
        add_journal(article, citation, record.journal)
    add_linked(article, "ArticleTitle", record.title)
    add_pages(article, record.pagination)
    add_locations(article, record.e_locations)
    if record.abstract is not None:
        add_abstract(article, "Abstract", record.abstract)
    add_names(article, record.author_lists, ())
    add_each(article, Language=record.languages)
    add_data_banks(article, record)
    add_grants(article, record)
    add_terms(article, "PublicationTypeList", "PublicationType", record.publication_types)
    add_each(article, VernacularTitle=record.vernacular_title)
    for when in record.article_dates:
        add_when(article, "ArticleDate", when, "DateType")
    if not len(article) and not article.keys():
        citation.remove(article)


def add_indexing(citation: Any, record: PubmedRecord) -> None:
    if record.chemicals:
        chemicals = add(citation, "ChemicalList")
        for item in record.chemicals:
            chemical = add(chemicals, "Chemical")
            add_each(chemical, RegistryNumber=item.registry_number)
            add(chemical, "NameOfSubstance", item.name, UI=item.ui)
    add_terms(citation, "SupplMeshList", "SupplMeshName", record.supplementary_mesh)
    if record.mesh:
        mesh = add(citation, "MeshHeadingList")
        for item in record.mesh:
            heading = add(mesh, "MeshHeading")
            for tag, term in [("DescriptorName", item.descriptor), *(("QualifierName", q) for q in item.qualifiers)]:
                add(heading, tag, term.name, UI=term.ui, MajorTopicYN=term.major, AutoHM=term.auto, Type=term.type)
    if record.gene_symbols:
        add_each(add(citation, "GeneSymbolList"), GeneSymbol=record.gene_symbols)
    if record.personal_name_subjects:
        people = add(citation, "PersonalNameSubjectList")
        for name in record.personal_name_subjects:
            add_name(people, "PersonalNameSubject", name)


def add_corrections(citation: Any, record: PubmedRecord) -> None:
    if not record.corrections:
        return
    listed = add(citation, "CommentsCorrectionsList")
    for item in record.corrections:
        child = add(listed, "CommentsCorrections", RefType=item.type)
        add_each(child, RefSource=item.source, Note=item.note)
        if item.pmid is not None:
            add(child, "PMID", item.pmid, Version=item.version)


def add_citation(parent: Any, record: PubmedRecord) -> None:
    citation = add(parent, "MedlineCitation", Owner=record.owner, Status=record.medline_status)
    for name, value in {
        "VersionID": record.version_id,
        "VersionDate": record.version_date,
        "IndexingMethod": record.indexing_method,
    }.items():
        if value is not None:
            citation.set(name, value)
    add(citation, "PMID", record.pmid, Version=record.version)
    add_when(citation, "DateCreated", record.date_created)
    add_when(citation, "DateCompleted", record.date_completed)
    add_when(citation, "DateRevised", record.date_revised)
    add_article(citation, record)
    add_indexing(citation, record)
    add_corrections(citation, record)
    add_each(citation, CitationSubset=record.citation_subsets, NumberOfReferences=record.number_of_references)
    add_identifiers(citation, "OtherID", record.other_ids)
    for abstract in record.other_abstracts:
        add_abstract(citation, "OtherAbstract", abstract)
    add_keywords(citation, record)
    add_each(citation, CoiStatement=record.coi_statement, SpaceFlightMission=record.space_flight_missions)
    add_names(citation, (), record.investigator_lists)
    for note in record.general_notes:
        add(citation, "GeneralNote", note.text, Owner=note.owner)


def add_book(document: Any, book: Book) -> None:
    child = add(document, "Book")
    if book.publisher is not None or book.publisher_location is not None:
        publisher = add(child, "Publisher")
        add_each(publisher, PublisherName=book.publisher, PublisherLocation=book.publisher_location)
    add_linked(child, "BookTitle", book.title)
    add_when(child, "PubDate", book.pub_date)
    add_when(child, "BeginningDate", book.beginning_date)
    add_when(child, "EndingDate", book.ending_date)
    add_names(child, book.author_lists, book.investigator_lists)
    add_each(child, Volume=book.volume, VolumeTitle=book.volume_title, Edition=book.edition)
    add_linked(child, "CollectionTitle", book.collection_title)
    add_each(child, Isbn=book.isbns)
    add_locations(child, book.e_locations)
    add_each(child, Medium=book.medium, ReportNumber=book.report_number)


def add_document(parent: Any, record: PubmedRecord) -> None:
    document = add(parent, "BookDocument")
    add(document, "PMID", record.pmid, Version=record.version)
    add_ids(document, record.document_ids)
    if record.book is not None:
        add_book(document, record.book)
    for label in record.location_labels:
        add(document, "LocationLabel", label.text, Type=label.type)
    add_linked(document, "ArticleTitle", record.title)
    add_each(document, VernacularTitle=record.vernacular_title, Language=record.languages)
    add_pages(document, record.pagination)
    add_names(document, record.author_lists, record.investigator_lists)
    add_terms(document, "", "PublicationType", record.publication_types)
    if record.abstract is not None:
        add_abstract(document, "Abstract", record.abstract)
    if record.sections:
        sections = add(document, "Sections")
        for section in record.sections:
            add_section(sections, section)
    add_keywords(document, record)
    add_when(document, "ContributionDate", record.contribution_date)
    add_when(document, "DateRevised", record.date_revised)
    add_grants(document, record)
    for item in record.item_lists:
        add_each(add(document, "ItemList", ListType=item.type), Item=item.items)


def add_data(parent: Any, tag: str, record: PubmedRecord) -> None:
    data = add(parent, tag)
    if record.history:
        history = add(data, "History")
        for when in record.history:
            add_when(history, "PubMedPubDate", when, "PubStatus")
    add_each(data, PublicationStatus=record.publication_status)
    add_ids(data, record.article_ids)
    if record.objects:
        objects = add(data, "ObjectList")
        for item in record.objects:
            child = add(objects, "Object", Type=item.type)
            for param in item.params:
                add(child, "Param", param.text, Name=param.name)


def add_others(top: Any, record: PubmedRecord) -> None:
    """Put what the record keeps as it stands back into its place."""
    for item in record.other:
        *steps, last = item.path.split("/")
        parent = top
        for step in steps:  # an element that holds nothing but unknown ones is not there yet
            found = parent.find(step)
            parent = add(parent, step) if found is None else found
        if last.startswith("@"):
            parent.set(last[1:], item.content)
        else:
            parent.append(etree.fromstring(item.content))


def rebuilt(record: PubmedRecord) -> Any:
    """The record as a PubmedArticle or PubmedBookArticle element."""
    top = etree.Element("PubmedArticle" if record.kind == "article" else "PubmedBookArticle")
    if record.kind == "article":
        add_citation(top, record)
        add_data(top, "PubmedData", record)
    else:
        add_document(top, record)
        add_data(top, "PubmedBookData", record)
    holder = top[1] if record.kind == "article" else top[0]
    for references in record.reference_lists:
        add_references(holder, references)
    if not len(top[1]):
        top.remove(top[1])
    add_others(top, record)
    return top
