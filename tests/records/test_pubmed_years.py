"""Invented records in the forms of each year: today's elements under today's DTDs, older elements under older ones."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from Bio.Entrez import Parser
from lxml import etree
from pubmed_bio import bio_read
from pubmed_compare import Report, compare_file, compare_with, originals
from pubmed_invented import ARTICLE, BOOK, DELETED, article, whole

from synth.records.pubmed import Correction, PubmedRecord
from synth.records.pubmed_xml import parse_pubmed

DTDS = Path(Parser.DataHandler.global_dtd_dir)
#: What a DTD is without: the elements that Bio.Entrez leaves out of the invented records.
YEARS: dict[str, set[str]] = {
    "pubmed_180101": {"ReferenceList"},
    "pubmed_180601": {"ReferenceList"},
    "pubmed_190101": set(),
    "pubmed_230101": set(),
    "pubmed_240101": set(),
    "pubmed_250101": set(),
}
#: In the DTDs as the outermost element, or of books and never inside another element.
UNUSED = {
    "PubmedArticleSet",
    "PubmedBookArticleSet",
    "BookDocumentSet",
    "DeleteDocument",
    "ContractNumber",
    "URL",
    "URL/@Type",
    "URL/@lang",
}


def head(dtd: str, root: str = "PubmedArticleSet") -> str:
    address = f"https://dtd.nlm.nih.gov/ncbi/pubmed/out/{dtd}.dtd"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE {root} PUBLIC "-//NLM//DTD//EN" "{address}">\n'


def inside(source: str, tag: str) -> str:
    found = etree.fromstring(source).find(f".//{tag}")
    return str(etree.tostring(found, encoding="unicode", with_tail=False))


def read(data: bytes) -> PubmedRecord:
    record = next(parse_pubmed(io.BytesIO(data), "invented"))
    assert isinstance(record, PubmedRecord)
    return record


def names_of(dtd: str) -> set[str]:
    """Elements and attributes, formulas aside."""
    found = set()
    for element in etree.DTD(str(DTDS / f"{dtd}.dtd")).iterelements():
        if element.prefix != "mml":
            attributes = [item for item in element.iterattributes() if item.prefix != "xmlns"]
            found |= {element.name, *(f"{element.name}/@{item.name}" for item in attributes)}
    return found


def test_the_invented_records_use_all_that_the_newest_dtd_names() -> None:
    used = set()
    for element in etree.fromstring(whole(ARTICLE, BOOK, DELETED)).iter():
        used |= {element.tag, *(f"{element.tag}/@{name}" for name in element.attrib)}
    assert names_of("pubmed_250101") - used == UNUSED - {"PubmedArticleSet"}
    added = names_of("pubmed_250101") - names_of("pubmed_180101")
    assert {"DescriptorName/@AutoHM", "InvestigatorList/@ID", "CollectiveName/@Investigators", "Reference"} <= added
    assert added <= used


@pytest.mark.parametrize("dtd", YEARS)
def test_todays_records_are_equal_under_the_dtds_since_2018(dtd: str) -> None:
    report = compare_file(whole(ARTICLE, BOOK, DELETED, head=head(dtd)), dtd)
    assert report.differences == []
    assert set(report.left_out) == YEARS[dtd]
    assert set(report.allowed) == {"default"} | ({"not in the DTD"} if YEARS[dtd] else set())
    assert report.leaves > 700


SETS = {
    "MedlineCitationSet": inside(ARTICLE, "MedlineCitation") + DELETED,
    "BookDocumentSet": inside(BOOK, "BookDocument") + "<DeleteDocument><PMID>4</PMID></DeleteDocument>",
    "PubmedBookArticleSet": BOOK,
    "MedlineCitation": inside(ARTICLE, "MedlineCitation"),
    "BookDocument": inside(BOOK, "BookDocument"),
}
DTD_OF_SETS = {"MedlineCitationSet": "nlmmedlinecitationset_150101", "BookDocumentSet": "bookdoc_150101"}


@pytest.mark.parametrize("headless", [False, True])
@pytest.mark.parametrize("root", SETS)
def test_other_sets_are_compared_with_both(root: str, headless: bool) -> None:
    content = f"<{root}>{SETS[root]}</{root}>" if root.endswith("Set") else SETS[root]
    start = "" if headless else head(DTD_OF_SETS.get(root, "pubmed_250101"), root)
    report = compare_file((start + content).encode(), "invented")
    assert report.differences == []
    assert report.records == 1
    assert not report.refusal
    assert ("no DTD" in report.allowed) is headless
    assert set(report.left_out) == ({"CoiStatement"} if root == "MedlineCitationSet" else set())


def link(kind: str, number: int) -> str:
    return f"<{kind}><RefSource>J Inv {number}</RefSource><PMID>{number}</PMID></{kind}>"


#: In the form of 2008: several links, types in turn; a book inside an article, without a journal.
KINDS = ("CommentIn", "ErratumIn", "CommentIn", "RetractionIn", "ErratumIn")
OLD_AUTHOR = "<AuthorList><Author><LastName>Old</LastName><Affiliation>There</Affiliation></Author></AuthorList>"
OLD = article(
    f"<Article><Book><PubDate><Year>1999</Year></PubDate><Publisher>A house</Publisher><Title>Book</Title>{OLD_AUTHOR}"
    f"<CollectionTitle>Volumes</CollectionTitle></Book><ArticleTitle>A chapter</ArticleTitle>{OLD_AUTHOR}"
    "<Language>eng</Language></Article><MedlineJournalInfo><MedlineTA>J Inv</MedlineTA></MedlineJournalInfo>"
    f"<CommentsCorrections>{''.join(link(kind, number) for number, kind in enumerate(KINDS))}</CommentsCorrections>"
)


@pytest.mark.parametrize("dtd", ["pubmed_080101", "pubmed_090101"])
def test_the_form_of_2008_is_equal(dtd: str) -> None:
    data = whole(OLD, head=head(dtd))
    report = compare_file(data, "invented")
    assert report.differences == []
    assert report.allowed["relation"] == 2 * len(KINDS)
    assert report.allowed["affiliation"] == 2  # not those inside the book, which is kept as it stands
    record = read(data)
    assert [(item.type, item.pmid) for item in record.corrections] == [
        (kind, str(number)) for number, kind in enumerate(KINDS)
    ]
    assert [item.path for item in record.other] == ["MedlineCitation/Article/Book"]
    assert (record.journal.medline_ta, record.journal.title) == ("J Inv", None)  # type: ignore[union-attr]


def test_a_change_in_the_form_of_2008_is_seen() -> None:
    data = whole(OLD, head=head("pubmed_080101"))
    theirs, record = originals(data, Report()), read(data)
    links, other = record.corrections, record.other[0]
    wrong = (Correction(type="CommentIn", source="J Inv 0", pmid="99"), *links[1:])
    swapped = (links[2], links[1], links[0], *links[3:])
    changes = {
        "a PMID": {"corrections": wrong},
        "the order within a type": {"corrections": swapped},
        "one fewer": {"corrections": links[:-1]},
        "the book": {"other": (type(other)(other.path, other.content.replace("There", "Where")),)},
    }
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    for name, change in changes.items():
        report = Report()
        report.allow("relation")
        compare_with(theirs, [PubmedRecord(**(fields | change))], report)
        assert {line.split(":")[0] for line in report.differences} == {"XML", "Bio"}, name


ODD_LINKS = {
    "an unknown child": f"<CommentsCorrections>{link('ErratumIn', 1)}<Unheard>x</Unheard></CommentsCorrections>",
    "an attribute": f"<CommentsCorrections new='1'>{link('ErratumIn', 1)}</CommentsCorrections>",
    "nothing": "<CommentsCorrections/>",
    "two of them": f"<CommentsCorrections>{link('ErratumIn', 1)}</CommentsCorrections>"
    f"<CommentsCorrections>{link('CommentIn', 2)}</CommentsCorrections>",
}


@pytest.mark.parametrize("name", ODD_LINKS)
def test_odd_links_of_old_files_are_kept(name: str) -> None:
    report = compare_file(whole(article(ODD_LINKS[name]), head=head("pubmed_080101")), "invented")
    assert report.differences == []


#: Markup that no DTD names, attributes that need escaping, and line ends written as references.
STRANGE = {
    "unknown markup": "<ArticleTitle>The <em>big</em> <q>one</q> of <i>x<em>y</em>z</i></ArticleTitle>",
    "unknown markup alone": "<ArticleTitle><em>a</em> <q>b</q> <em>c</em></ArticleTitle>",
    "signs in attributes": '<ArticleTitle>x <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">'
    '<mml:mfenced open="&lt;" close="&quot;&amp;"><mml:mi>y</mml:mi></mml:mfenced></mml:math></ArticleTitle>',
    "links in formulas": '<ArticleTitle>x <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML" '
    'xmlns:xlink="http://www.w3.org/1999/xlink"><mml:mi xlink:href="u" xml:lang="en">y</mml:mi></mml:math>'
    "</ArticleTitle>",
    "line ends": "<ArticleTitle>a&#13;b&#10;c&#9;d</ArticleTitle>",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_texts_are_equal_in_all_three(name: str) -> None:
    report = compare_file(whole(article(f"<Article>{STRANGE[name]}</Article>")), "invented")
    assert report.differences == []
    assert not report.refusal


@pytest.mark.parametrize(
    ("title", "changed"),
    [
        ("The <em>big</em> one", "A <em>big</em> one"),
        ("The <em>big</em> one", "The <em>big</em> two"),
        ("The <em>big</em> one", "The <em>bad</em> one"),
        ("<em>a</em> <q>b</q>", "<em>a</em><q>b</q>"),
        ("<em>a</em> <q>b</q>", "<q>b</q> <em>a</em>"),
        ('<em>a</em> <q lang="x">b</q>', '<em>a</em> <q lang="y">b</q>'),
    ],
)
def test_words_around_unknown_markup_are_compared(title: str, changed: str) -> None:
    theirs, ours = (
        whole(article(f"<Article><ArticleTitle>{words}</ArticleTitle></Article>")) for words in (title, changed)
    )
    report = compare_file(theirs, "invented", [read(ours)])
    assert {line.split(":")[0] for line in report.differences} == {"XML", "Bio"}


def test_words_between_the_parts_of_a_record_are_compared() -> None:
    data = whole(
        article("<Article><Journal>stray<Title>J</Title></Journal><ArticleTitle>T</ArticleTitle>tail</Article>")
    )
    without = data.replace(b"stray", b"").replace(b"tail", b"")
    places = [line.split(": ")[1] for line in compare_file(data, "invented", [read(without)]).differences]
    assert places == ["PubmedArticle 1 (1)/MedlineCitation[1]/Article[1]"]
    assert compare_file(without, "invented").differences == []


def test_each_element_that_bio_entrez_leaves_out_is_named() -> None:
    data = whole(
        article("<Article><New>1</New><ArticleTitle>T</ArticleTitle></Article><Invented/><Invented><Deep/></Invented>")
    )
    report = compare_file(data, "invented")
    assert report.differences == []
    assert report.left_out == Counter({"Invented": 2, "New": 1})
    fewer = compare_file(data, "invented", [read(data.replace(b"<ArticleTitle>T</ArticleTitle>", b""))])
    assert {line.split(":")[0] for line in fewer.differences} == {"XML", "Bio"}  # left out by us, not by Bio.Entrez
    more = compare_file(data, "invented", [read(data.replace(b"</Article>", b"<Language>eng</Language></Article>"))])
    assert {line.split(":")[0] for line in more.differences} == {"XML", "Bio"}  # in ours only


def test_a_record_of_a_kind_that_the_dtd_lacks_is_named() -> None:
    report = compare_file(whole(ARTICLE, BOOK, head=head("pubmed_090101")), "invented")
    assert report.differences == []
    assert report.left_out["PubmedBookArticle"] == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "iso-8859-1", "cp1252", "utf-8-sig"])
def test_other_encodings_are_compared_with_both(encoding: str) -> None:
    declared = encoding.removesuffix("-sig").replace("-le", "")
    text = whole(article("<CoiStatement>é \u00df</CoiStatement>")).decode().replace("utf-8", declared)
    report = compare_file(text.encode(encoding), "invented")
    assert report.differences == []
    assert not report.refusal
    assert ("encoding" in report.allowed) is (encoding != "utf-8-sig")
    read_there = bio_read(text.encode(encoding)).value
    assert read_there.findtext(".//CoiStatement") == "é \u00df"
