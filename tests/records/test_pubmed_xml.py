"""Reading of PubMed XML: what a record says of itself, what is kept aside, and every refusal in plain words."""

from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pubmed_invented import ARTICLE, BOOK, DELETED, HEAD, article, whole
from pubmed_rebuild import rebuilt

from synth.errors import FormatError
from synth.records.pubmed import (
    Correction,
    Deletion,
    Linked,
    Marked,
    Other,
    PubmedRecord,
    plain,
)
from synth.records.pubmed_xml import LARGEST_RECORD, parse_pubmed


def read(data: bytes | str) -> list[PubmedRecord | Deletion]:
    content = data if isinstance(data, bytes) else data.encode()
    return list(parse_pubmed(io.BytesIO(content), "f.xml"))


def one(source: str) -> PubmedRecord:
    (record,) = read(whole(source))
    assert isinstance(record, PubmedRecord)
    return record


def linked(*relations: str) -> str:
    links = "".join(
        f'<CommentsCorrections RefType="{r}"><RefSource>J</RefSource></CommentsCorrections>' for r in relations
    )
    return f"<CommentsCorrectionsList>{links}</CommentsCorrectionsList>"


def typed(*names: str) -> str:
    types = "".join(f'<PublicationType UI="">{name}</PublicationType>' for name in names)
    return f"<Article><PublicationTypeList>{types}</PublicationTypeList></Article>"


@pytest.mark.parametrize(
    ("inside", "status"),
    [
        ("", "current"),
        (linked("RetractionIn"), "retracted"),
        (linked("RetractedandRepublishedIn"), "retracted"),
        (linked("RetractedAndRepublishedIn"), "retracted"),
        (typed("Journal Article", "Retracted Publication"), "retracted"),
        (typed("retracted publication"), "retracted"),
        (linked("RetractionOf"), "retraction notice"),
        (typed("Retraction of Publication"), "retraction notice"),
        (typed("Retraction of Publication") + linked("RetractionOf", "RetractionIn"), "retracted"),
        (linked("ExpressionOfConcernIn"), "concern"),
        (linked("ErratumIn", "ExpressionOfConcernIn"), "concern"),
        (linked("ExpressionOfConcernFor") + typed("Expression of Concern"), "current"),
        (linked("CorrectedandRepublishedIn"), "republished"),
        (linked("RepublishedIn", "ErratumIn"), "republished"),
        (linked("ErratumIn"), "corrected"),
        (linked("UpdateIn"), "corrected"),
        (linked("PartialRetractionIn"), "corrected"),
        (linked("ErratumFor", "UpdateOf", "RepublishedFrom", "CommentIn", "Cites"), "current"),
        (linked("RetractedandRepublishedFrom", "CorrectedandRepublishedFrom"), "current"),
        (
            "<CommentsCorrections><RetractionIn><RefSource>J</RefSource></RetractionIn></CommentsCorrections>",
            "retracted",
        ),
    ],
)
def test_status_is_the_gravest_that_the_record_says(inside: str, status: str) -> None:
    assert one(article(inside)).status == status


def test_links_of_old_files_are_read_like_todays() -> None:
    inside = "<ErratumIn><RefSource>J</RefSource><PMID>2</PMID><Note>n</Note></ErratumIn>"
    inside += "<CommentOn><RefSource>K</RefSource></CommentOn>"
    record = one(article(f"<CommentsCorrections>{inside}<Unheard/></CommentsCorrections>"))
    assert record.corrections == (
        Correction(type="ErratumIn", source="J", pmid="2", note="n"),
        Correction(type="CommentOn", source="K"),
    )
    assert record.other == (Other("MedlineCitation/CommentsCorrections/Unheard", "<Unheard/>"),)


IDS = '<ArticleIdList><ArticleId IdType="{}">{}</ArticleId></ArticleIdList>'
THEIRS = (
    f"<ReferenceList><Reference><Citation>c</Citation>{IDS.format('doi', '10.1/theirs')}</Reference></ReferenceList>"
)
LOCATED = '<Article><ELocationID EIdType="doi" ValidYN="{}">10.1/here</ELocationID></Article>'


@pytest.mark.parametrize(
    ("source", "doi", "pmcid"),
    [
        (article(data=THEIRS), None, None),
        (article(data=IDS.format("doi", " 10.1/own ") + THEIRS), "10.1/own", None),
        (article(data=IDS.format("pmc", "PMC5") + THEIRS), None, "PMC5"),
        (article(LOCATED.format("Y"), data=THEIRS), "10.1/here", None),
        (article(LOCATED.format("N"), data=THEIRS), None, None),
        (article(LOCATED.format("Y"), data=IDS.format("doi", "10.1/own")), "10.1/own", None),
        (ARTICLE, "10.1000/own", "PMC7"),
        (BOOK, "10.1000/own", "PMC7"),
    ],
)
def test_identifiers_are_the_records_own(source: str, doi: str | None, pmcid: str | None) -> None:
    record = one(source)
    assert (record.doi, record.pmcid) == (doi, pmcid)


def test_markup_is_kept_and_the_words_stand_beside_it() -> None:
    record = one(ARTICLE)
    assert isinstance(record.title, Linked)
    assert isinstance(record.title.text, Marked)
    assert plain(record.title.text) == "[On CO2 and x2.]"
    assert record.title.text.markup.startswith("[On CO<sub>2</sub> and <mml:math xmlns:mml=")
    assert record.abstract is not None
    first = record.abstract.parts[0].text
    assert isinstance(first, Marked)
    assert (plain(first), "&lt; 5 &amp; " in first.markup) == ("\nCO2 < 5 & x2 rose.", True)


def test_what_is_there_and_empty_differs_from_what_is_absent() -> None:
    record = one(
        article("<Article><ArticleTitle/><Journal><JournalIssue><PubDate/></JournalIssue></Journal></Article>")
    )
    assert record.title == Linked("")
    assert record.journal is not None
    assert record.journal.pub_date is not None
    assert (record.journal.volume, record.abstract) == (None, None)


UNKNOWN = {
    "an element": ("<New a='1'>x<b>y</b></New>", [Other("MedlineCitation/New", '<New a="1">x<b>y</b></New>')]),
    "an element deep inside": (
        "<Article><AuthorList><Author/><Author><Shoe>9</Shoe></Author></AuthorList></Article>",
        [Other("MedlineCitation/Article/AuthorList/Author[2]/Shoe", "<Shoe>9</Shoe>")],
    ),
    "an attribute": ("<DateRevised Zone='Z'/>", [Other("MedlineCitation/DateRevised/@Zone", "Z")]),
    "an attribute of a text": (
        "<CitationSubset s='1'>IM</CitationSubset>",
        [Other("MedlineCitation/CitationSubset/@s", "1")],
    ),
    "markup where none is expected": (
        "<NumberOfReferences>1<b>2</b></NumberOfReferences>",
        [Other("MedlineCitation/NumberOfReferences", "<NumberOfReferences>1<b>2</b></NumberOfReferences>")],
    ),
    "a second one": (
        "<CoiStatement>a</CoiStatement><CoiStatement>b</CoiStatement>",
        [Other("MedlineCitation/CoiStatement[2]", "<CoiStatement>b</CoiStatement>")],
    ),
    "a second citation": (
        "</MedlineCitation><MedlineCitation><PMID>2</PMID>",
        [Other("MedlineCitation", "<MedlineCitation><PMID>2</PMID></MedlineCitation>")],
    ),
    "an empty list": ("<ChemicalList/>", [Other("MedlineCitation/ChemicalList", "<ChemicalList/>")]),
    "a part without what it needs": (
        "<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber></Chemical></ChemicalList>",
        [Other("MedlineCitation/ChemicalList/Chemical", "<Chemical><RegistryNumber>0</RegistryNumber></Chemical>")],
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_table_names_is_kept_as_it_stands(name: str) -> None:
    inside, others = UNKNOWN[name]
    assert list(one(article(inside)).other) == others


def test_other_kinds_of_sets_and_single_records() -> None:
    citation = "<MedlineCitation><PMID>1</PMID></MedlineCitation>"
    document = '<BookDocument><PMID>2</PMID><New x="1"/></BookDocument>'
    deleted = "<PMID Version='2'>3</PMID>"
    kinds = {
        f"<MedlineCitationSet>{citation}<DeleteCitation>{deleted}</DeleteCitation></MedlineCitationSet>": ["1", "3"],
        f"<BookDocumentSet>{document}<DeleteDocument>{deleted}</DeleteDocument></BookDocumentSet>": ["2", "3"],
        f"<PubmedBookArticleSet><PubmedBookArticle>{document}</PubmedBookArticle></PubmedBookArticleSet>": ["2"],
        f"<PubmedArticle>{citation}</PubmedArticle>": ["1"],
        f"<PubmedBookArticle>{document}</PubmedBookArticle>": ["2"],
        citation: ["1"],
        document: ["2"],
        f"<!-- a --><?b c?>\n<!DOCTYPE PubmedArticleSet><!-- d --><PubmedArticleSet>{article()}</PubmedArticleSet>": [
            "1"
        ],
        "<PubmedArticleSet>\n</PubmedArticleSet>": [],
        "<BookDocumentSet/>": [],
    }
    for source, pmids in kinds.items():
        found = read(source)
        assert [item.pmid for item in found] == pmids, source
        assert all(item == Deletion("3", "2", item.element) for item in found if isinstance(item, Deletion))
    (book,) = read(document)
    assert book.other == (Other("BookDocument/New", '<New x="1"/>'),)  # type: ignore[union-attr]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_declared_encodings_are_followed(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    record = article("<CoiStatement>é</CoiStatement>")
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<PubmedArticleSet>{record}</PubmedArticleSet>'
    (found,) = read(text.encode(encoding))
    assert isinstance(found, PubmedRecord)
    assert found.coi_statement == "é"


def test_comments_cdata_and_instructions_do_not_break_a_text() -> None:
    record = one(article("<CoiStatement>a<!-- x -->b<?pi y?><![CDATA[<c>]]></CoiStatement>"))
    assert record.coi_statement == "ab<c>"


DTD = '<!DOCTYPE PubmedArticleSet SYSTEM "https://dtd.nlm.nih.gov/none.dtd">'
SET = "<PubmedArticleSet>{}</PubmedArticleSet>"
LAUGHS = '<!DOCTYPE PubmedArticleSet [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE PubmedArticleSet [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
PARAMETER = '<!DOCTYPE PubmedArticleSet SYSTEM "x.dtd" [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;]>'
UNDECLARED = "an entity that the file does not declare"
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "f.xml: is empty"),
    "blanks": (" \n", "f.xml: is empty"),
    "a word": ("records", "f.xml:1: is no XML: starts with 'records'"),
    "JSON": ('{"header": {}}', "f.xml:1: is JSON;"),
    "a JSON error": ('{"error":"API rate limit exceeded"}', "is JSON with an error: API rate limit exceeded"),
    "cut JSON": ('{"error":', "starts like JSON"),
    "a MEDLINE file": ("\nPMID- 1\nOWN - NLM", "looks like the MEDLINE format (NBIB)"),
    "an HTML page": ("<!doctype html><html></html>", "an HTML page"),
    "an HTML page without type": ("<HTML><body/></HTML>", "an HTML page"),
    "an error reply": (
        "<eFetchResult><ERROR>Empty id list</ERROR></eFetchResult>",
        "(eFetchResult) that says 'Empty id",
    ),
    "another set": ("<ArticleSet/>", "f.xml:1: <ArticleSet>, not records; expected PubMed XML"),
    "an error inside": (SET.format("<ERROR>gone</ERROR>"), "<ERROR> where only PubmedArticle,"),
    "an unknown record": (SET.format(article() + "<New>it</New>" + article()), "<New> where only"),
    "an unknown record at the end": (SET.format(article() + "<New>it</New>"), "may stand; it says 'it'"),
    "a record inside another element": (SET.format(f"<Batch>{article()}</Batch>"), "<Batch> where only"),
    "text before": (SET.format(f"oops{article()}"), "text where only records may stand: 'oops'"),
    "text between": (SET.format(f"{article()}oops{article()}"), "text where only records may stand: 'oops'"),
    "text after": (SET.format(f"{article()}oops"), "text where only records may stand: 'oops'"),
    "nothing but text": (SET.format("oops"), "text where only records may stand: 'oops'"),
    "two documents": (SET.format(article()) * 2, "something follows the end of the set of records"),
    "a name space": (
        f'<PubmedArticleSet xmlns="u">{article()}</PubmedArticleSet>',
        "the outermost element is <{u}Pubmed",
    ),
    "only a declaration": ('<?xml version="1.0"?>', "f.xml:1: ends before any record"),
    "cut between records": (f"<PubmedArticleSet>{article()}", "the file is cut off"),
    "cut inside a record": (f"<PubmedArticleSet>{article()}\n{article()[:50]}", "f.xml:2: "),
    "a wrong end tag": (SET.format("\n<PubmedArticle></b>"), "f.xml:2: not well-formed XML"),
    "no PMID": (SET.format("\n<PubmedArticle/>"), "f.xml:2: a PubmedArticle without PMID"),
    "an empty PMID": (
        SET.format("<PubmedArticle><MedlineCitation><PMID> </PMID></MedlineCitation></PubmedArticle>"),
        "without",
    ),
    "a strange deletion": (SET.format("<DeleteCitation><Id>1</Id></DeleteCitation>"), "something else than PMIDs"),
    "words in a deletion": (
        SET.format("<DeleteCitation>4<PMID>5</PMID></DeleteCitation>"),
        "something else than PMIDs",
    ),
    "words after a deletion": (SET.format("<DeleteCitation><PMID>5</PMID>6</DeleteCitation>"), "something else than"),
    "a deletion with attributes": (SET.format("<DeleteCitation a='1'/>"), "with attributes; none is known"),
    "entity expansion": (
        LAUGHS + SET.format(article("<CoiStatement>&b;</CoiStatement>")),
        "f.xml:1: the document type holds",
    ),
    "an external entity": (
        OUTSIDE + SET.format(article("<CoiStatement>&a;</CoiStatement>")),
        "the document type holds",
    ),
    "a parameter entity": (PARAMETER + SET.format(article()), "the document type holds"),
    "an undeclared entity": (SET.format(article("<CoiStatement>&a;</CoiStatement>")), UNDECLARED),
    "an entity of the DTD": (DTD + SET.format(article("<CoiStatement>&alpha;</CoiStatement>")), UNDECLARED),
    "an entity in an attribute": (DTD + SET.format(article("<OtherID Source='&alpha;'/>")), UNDECLARED),
    "an entity between records": (DTD + SET.format(f"{article()}&alpha;{article()}"), "entit"),
    "depth": (SET.format(article(f"<New>{'<a>' * 400}{'</a>' * 400}</New>")), "elements stand too deep"),
    "a huge text": (
        SET.format(article(f"<CoiStatement>{'x' * 11_000_000}</CoiStatement>")),
        "longer than 10 million bytes",
    ),
    "a huge attribute": (
        SET.format(article(f"<OtherID Source='{'x' * 11_000_000}'/>")),
        "longer than 10 million bytes",
    ),
    "a huge record": (SET.format(article("<New>x</New>" * (LARGEST_RECORD // 8))), "without the end of a record"),
    "too much unknown": (SET.format(article("<New/>" * 11_000)), "more than 10,000 unknown elements"),
    "another encoding": (
        SET.format(article("<CoiStatement>é</CoiStatement>")).encode("latin-1"),
        "not in the encoding",
    ),
    "an unknown encoding": ('<?xml version="1.0" encoding="x-none"?>' + SET.format(article()), "encoding is unknown"),
    "a wrong encoding": (
        '<?xml version="1.0" encoding="UTF-16"?>' + SET.format(article()),
        "declares the encoding UTF-16",
    ),
    "a zero byte": (SET.format(article()) + "\0", "f.xml:1: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_it_is(name: str) -> None:
    content, message = REFUSED[name]
    with pytest.raises(FormatError) as caught:
        read(content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_record_is_given_without_the_entity_of_an_attribute() -> None:
    data = DTD + SET.format(article("<OtherID Source='&alpha;'>1</OtherID>") + article() * 3)
    found = parse_pubmed(io.BytesIO(data.encode()), "f.xml")
    with pytest.raises(FormatError, match=UNDECLARED):
        next(found)


def test_no_dtd_is_opened(tmp_path: Path) -> None:
    dtd = tmp_path / "x.dtd"
    dtd.write_text('<!ATTLIST PMID Owner CDATA "from the DTD">\n<!ENTITY alpha "from the DTD">', encoding="utf-8")
    head = f'<!DOCTYPE PubmedArticleSet SYSTEM "{dtd}">'
    (record,) = read(head + SET.format(article()))
    assert isinstance(record, PubmedRecord)
    assert record.other == ()
    with pytest.raises(FormatError, match=UNDECLARED):
        read(head + SET.format(article("<CoiStatement>&alpha;</CoiStatement>")))


@given(st.integers(0, 5), st.binary(max_size=3))
def test_a_cut_or_damaged_file_never_gives_all_records_or_an_unknown_error(cut: int, damage: bytes) -> None:
    data = whole(*(article(pmid=number + 1) for number in range(4)), DELETED)
    place = len(HEAD) + (len(data) - len(HEAD)) * (cut + 1) // 7
    with pytest.raises(FormatError):
        read(data[:place])
    try:
        found = read(data[:place] + damage + data[place:])
    except FormatError:
        return
    assert len(found) == 6


TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), min_size=1)


@given(TEXT, TEXT, st.lists(TEXT, max_size=3))
def test_what_is_written_is_read_back(words: str, label: str, keywords: list[str]) -> None:
    (record,) = read(whole(ARTICLE))
    assert isinstance(record, PubmedRecord)
    assert record.abstract is not None
    part = msgspec.structs.replace(record.abstract.parts[0], text=words, label=label)
    lists = tuple(
        msgspec.structs.replace(
            item,
            keywords=tuple(msgspec.structs.replace(k, text=w) for k, w in zip(item.keywords, keywords, strict=False)),
        )
        for item in record.keyword_lists
    )
    changed = msgspec.structs.replace(
        record, abstract=msgspec.structs.replace(record.abstract, parts=(part,)), keyword_lists=lists
    )
    data = b"<PubmedArticleSet>%s</PubmedArticleSet>" % etree.tostring(rebuilt(changed))
    assert read(data) == [changed]


def test_records_are_json_and_back() -> None:
    for source in (ARTICLE, BOOK):
        record = one(source)
        assert msgspec.json.decode(msgspec.json.encode(record), type=PubmedRecord) == record


def test_what_a_record_is_always_stands_in_its_line() -> None:
    (record, deletion) = read(whole(article(), "<DeleteCitation><PMID>5</PMID></DeleteCitation>"))
    assert (
        msgspec.json.encode(record)
        == msgspec.json.encode(PubmedRecord(pmid="1", version="1"))
        == b'{"pmid":"1","version":"1","kind":"article","status":"current"}'
    )
    assert (
        msgspec.json.encode(deletion)
        == msgspec.json.encode(Deletion("5"))
        == b'{"kind":"deletion","pmid":"5","element":"DeleteCitation"}'
    )
    assert msgspec.json.encode(PubmedRecord(pmid="1")) == b'{"pmid":"1","kind":"article","status":"current"}'
    assert json.loads(msgspec.json.encode(one(BOOK)))["kind"] == "book"
    for line in (b'{"pmid":"1"}', msgspec.json.encode(PubmedRecord(pmid="1"))):
        assert msgspec.json.decode(line, type=PubmedRecord) == PubmedRecord(pmid="1")
