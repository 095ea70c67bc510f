"""Invented records that have every element and attribute of PubMed's DTD, and pieces of such XML."""

from __future__ import annotations

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
DATE = "<Year>2024</Year><Month>02</Month><Day>03</Day>"
PERSON = "<LastName>Invented</LastName><ForeName>Ann B</ForeName><Initials>AB</Initials><Suffix>2<sup>nd</sup></Suffix>"
ORCID = '<Identifier Source="ORCID">0000-0000-0000-0001</Identifier>'
AFFILIATION = (
    "<AffiliationInfo><Affiliation>Institute of <i>Invention</i></Affiliation>"
    '<Identifier Source="ROR">https://ror.org/000000000</Identifier></AffiliationInfo>'
)
AUTHORS = f"""<AuthorList CompleteYN="N" Type="authors">
<Author ValidYN="Y" EqualContrib="Y">{PERSON}{ORCID}{AFFILIATION}
<AffiliationInfo><Affiliation>Second</Affiliation></AffiliationInfo></Author>
<Author ValidYN="N"><CollectiveName Investigators="g1">The <b>Group</b></CollectiveName></Author>
</AuthorList>"""
INVESTIGATORS = f"""<InvestigatorList ID="g1"><Investigator ValidYN="Y">{PERSON}{ORCID}{AFFILIATION}</Investigator>
<Investigator ValidYN="N"><LastName>Other</LastName></Investigator></InvestigatorList>"""
FORMULA = (
    '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn>'
    "</mml:msup></mml:math>"
)
ABSTRACT = f"""<AbstractText Label="AIM" NlmCategory="OBJECTIVE">
CO<sub>2</sub> &lt; 5 &amp; {FORMULA} rose.</AbstractText>
<AbstractText Label="RESULT" NlmCategory="RESULTS">It <i>did <b>not</b></i> <u>fall</u>.
<DispFormula>{FORMULA}</DispFormula></AbstractText>
<CopyrightInformation>None</CopyrightInformation>"""
KEYWORDS = """<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="Y">one <i>two</i></Keyword>
<Keyword MajorTopicYN="N">three</Keyword></KeywordList>"""
GRANTS = """<GrantList CompleteYN="N"><Grant><GrantID>G1</GrantID><Acronym>AC</Acronym><Agency>An agency</Agency>
<Country>Nowhere</Country></Grant><Grant><Agency>Another</Agency></Grant></GrantList>"""
IDS = (
    '<ArticleIdList><ArticleId IdType="pubmed">7</ArticleId><ArticleId IdType="doi">10.1000/own</ArticleId>'
    '<ArticleId IdType="pmc">PMC7</ArticleId></ArticleIdList>'
)
REFERENCES = """<ReferenceList><Title>References</Title>
<Reference><Citation>First <i>cited</i></Citation>
<ArticleIdList><ArticleId IdType="doi">10.1000/theirs</ArticleId></ArticleIdList></Reference>
<Reference><Citation>Second</Citation></Reference>
<ReferenceList><Title>More</Title><Reference><Citation>Third</Citation></Reference></ReferenceList></ReferenceList>"""
HISTORY = f"""<History><PubMedPubDate PubStatus="received">{DATE}</PubMedPubDate>
<PubMedPubDate PubStatus="pubmed">{DATE}<Hour>6</Hour><Minute>5</Minute><Second>4</Second></PubMedPubDate></History>"""
OBJECTS = """<ObjectList><Object Type="keyword"><Param Name="value">a <b>b</b></Param><Param Name="n">2</Param></Object>
<Object Type="grant"/></ObjectList>"""
LOCATIONS = """<ELocationID EIdType="pii" ValidYN="Y">S1</ELocationID>
<ELocationID EIdType="doi" ValidYN="N">10.1000/invalid</ELocationID>"""
PAGES = "<Pagination><StartPage>1</StartPage><EndPage>9</EndPage><MedlinePgn>1-9</MedlinePgn></Pagination>"
LINK = 'book="b" part="p" sec="s"'

ARTICLE = f"""<PubmedArticle>
<MedlineCitation Owner="NASA" Status="MEDLINE" VersionID="2" VersionDate="2024/02/03" IndexingMethod="Automated">
<PMID Version="3">7</PMID><DateCompleted>{DATE}</DateCompleted><DateRevised>{DATE}</DateRevised>
<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Print">0000-0000</ISSN>
<JournalIssue CitedMedium="Print"><Volume>12 Suppl 1</Volume><Issue>3</Issue>
<PubDate><MedlineDate>2023 Dec-2024 Jan</MedlineDate></PubDate></JournalIssue>
<Title>Journal of Inventions</Title><ISOAbbreviation>J Inv</ISOAbbreviation></Journal>
<ArticleTitle {LINK}>[On CO<sub>2</sub> and {FORMULA}.]</ArticleTitle>{PAGES}{LOCATIONS}
<Abstract>{ABSTRACT}</Abstract>{AUTHORS}<Language>eng</Language><Language>ger</Language>
<DataBankList CompleteYN="N"><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>
<AccessionNumber>NCT00000001</AccessionNumber><AccessionNumber>NCT00000002</AccessionNumber></AccessionNumberList>
</DataBank><DataBank><DataBankName>Bank</DataBankName></DataBank></DataBankList>{GRANTS}
<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
<PublicationType UI="D000001">Invented Type</PublicationType></PublicationTypeList>
<VernacularTitle>Über <i>CO</i></VernacularTitle><ArticleDate DateType="Electronic">{DATE}</ArticleDate></Article>
<MedlineJournalInfo><Country>Nowhere</Country><MedlineTA>J Inv</MedlineTA><NlmUniqueID>1</NlmUniqueID>
<ISSNLinking>0000-0001</ISSNLinking></MedlineJournalInfo>
<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI="D1">Stuff</NameOfSubstance></Chemical>
<Chemical><RegistryNumber>1</RegistryNumber><NameOfSubstance UI="D2">More</NameOfSubstance></Chemical></ChemicalList>
<SupplMeshList><SupplMeshName Type="Disease" UI="C1">An illness</SupplMeshName>
<SupplMeshName Type="Protocol" UI="C2">A scheme</SupplMeshName></SupplMeshList>
<CitationSubset>IM</CitationSubset><CitationSubset>AIM</CitationSubset>
<CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn"><RefSource>J Inv. 2024</RefSource>
<PMID Version="1">8</PMID><Note>a note</Note></CommentsCorrections>
<CommentsCorrections RefType="Cites"><RefSource>J Inv. 2020</RefSource></CommentsCorrections></CommentsCorrectionsList>
<GeneSymbolList><GeneSymbol>g-1</GeneSymbol><GeneSymbol>g-2</GeneSymbol></GeneSymbolList>
<MeshHeadingList><MeshHeading>
<DescriptorName UI="D3" MajorTopicYN="Y" AutoHM="Y" Type="Geographic">Place</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y" AutoHM="Y">history</QualifierName>
<QualifierName UI="Q2" MajorTopicYN="N">trends</QualifierName></MeshHeading>
<MeshHeading><DescriptorName UI="D4" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>
<NumberOfReferences>12</NumberOfReferences>
<PersonalNameSubjectList><PersonalNameSubject>{PERSON}</PersonalNameSubject>
<PersonalNameSubject><LastName>Alone</LastName></PersonalNameSubject></PersonalNameSubjectList>
<OtherID Source="NLM">PMC1</OtherID><OtherID Source="NASA">2</OtherID>
<OtherAbstract Type="Publisher" Language="ger">{ABSTRACT}</OtherAbstract>
<OtherAbstract Type="plain-language-summary"><AbstractText>Plain.</AbstractText></OtherAbstract>
{KEYWORDS}<KeywordList Owner="NASA"><Keyword>space</Keyword></KeywordList>
<CoiStatement>None <b>at all</b></CoiStatement><SpaceFlightMission>Mission 1</SpaceFlightMission>
<SpaceFlightMission>Mission 2</SpaceFlightMission>{INVESTIGATORS}
<GeneralNote Owner="NASA">note one</GeneralNote><GeneralNote Owner="KIE">note two</GeneralNote></MedlineCitation>
<PubmedData>{HISTORY}<PublicationStatus>ppublish</PublicationStatus>{IDS}{OBJECTS}{REFERENCES}
<ReferenceList><Title>Others</Title></ReferenceList></PubmedData></PubmedArticle>"""

SECTIONS = f"""<Sections><Section><LocationLabel Type="chapter">1</LocationLabel>
<SectionTitle {LINK}>One <i>x</i></SectionTitle>
<Section><SectionTitle {LINK}>Inner</SectionTitle></Section></Section>
<Section><SectionTitle>Two</SectionTitle></Section></Sections>"""
BOOK = f"""<PubmedBookArticle><BookDocument><PMID Version="1">9</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId><ArticleId IdType="doi">10.1000/book</ArticleId>
</ArticleIdList>
<Book><Publisher><PublisherName>A <i>house</i></PublisherName><PublisherLocation>Town</PublisherLocation></Publisher>
<BookTitle {LINK}>Book of <i>x</i></BookTitle><PubDate>{DATE}</PubDate>
<BeginningDate><Year>2020</Year><Season>Spring</Season></BeginningDate><EndingDate><Year>2021</Year></EndingDate>
<AuthorList CompleteYN="Y" Type="editors"><Author>{PERSON}</Author></AuthorList>{INVESTIGATORS}<Volume>1</Volume>
<VolumeTitle>Volume <b>one</b></VolumeTitle><Edition>2nd</Edition>
<CollectionTitle {LINK}>Collection</CollectionTitle><Isbn>1</Isbn><Isbn>2</Isbn>{LOCATIONS}<Medium>Internet</Medium>
<ReportNumber>R1</ReportNumber></Book>
<LocationLabel Type="part">II</LocationLabel><LocationLabel>III</LocationLabel>
<ArticleTitle {LINK}>Chapter</ArticleTitle><VernacularTitle>Kapitel</VernacularTitle>{PAGES}<Language>eng</Language>
{AUTHORS}{INVESTIGATORS}<PublicationType UI="D016454">Review</PublicationType><Abstract>{ABSTRACT}</Abstract>{SECTIONS}
{KEYWORDS}<ContributionDate><Year>2020</Year><Month>1</Month></ContributionDate><DateRevised>{DATE}</DateRevised>{GRANTS}
<ItemList ListType="Synonyms"><Item>one</Item><Item>two</Item></ItemList>
<ItemList ListType="Other"><Item>x</Item></ItemList>
{REFERENCES}</BookDocument>
<PubmedBookData>{HISTORY}<PublicationStatus>ppublish</PublicationStatus>{IDS}{OBJECTS}</PubmedBookData>
</PubmedBookArticle>"""

DELETED = '<DeleteCitation><PMID Version="1">5</PMID><PMID Version="2">6</PMID></DeleteCitation>'


def article(inside: str = "", *, pmid: int = 1, data: str = "") -> str:
    """A small article with further content of MedlineCitation and PubmedData."""
    citation = f'<MedlineCitation><PMID Version="1">{pmid}</PMID>{inside}</MedlineCitation>'
    return f"<PubmedArticle>{citation}{f'<PubmedData>{data}</PubmedData>' if data else ''}</PubmedArticle>"


def whole(*records: str, head: str = HEAD) -> bytes:
    """A file of those records."""
    return f"{head}<PubmedArticleSet>\n{''.join(records)}\n</PubmedArticleSet>\n".encode()
