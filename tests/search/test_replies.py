"""Replies of the E-utilities: real ones are read in full, and nothing else is taken for one."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from synth.errors import RequestError
from synth.search.replies import (
    BadReplyError,
    ErrorReplyError,
    History,
    error_of,
    gist,
    read_fetch,
    read_info,
    read_links,
    read_post,
    read_search,
    read_spell,
    read_summary,
)

READERS: dict[str, Callable[[bytes], object]] = {
    "esearch": read_search,
    "epost": read_post,
    "efetch": read_fetch,
    "esummary": read_summary,
    "elink": read_links,
    "einfo": read_info,
    "espell": read_spell,
}
ERRORS = {
    "biopython_epost2.xml": "Invalid db name specified: nothing",
    "biopython_epost3.xml": "Empty ID list; Nothing to store; Some IDs have invalid value and were omitted. "
    "Maximum ID value 18446744073709551615",
    "eutils_einfo.error.xml": "Can not retrieve DbInfo for db=fleegle",
    "eutils_esearch.baderror.xml": "Invalid db name specified: fleegle",
    "eutils_esummary.error.xml": "Invalid db name specified: fleegle",
}
NO_RECORDS = {"update22n1115_eoc_deletecitation.xml", "bytes_repr_broken_20.xml", "biopython_journals.xml"}


def utility(name: str) -> str:
    """Utility that a file of the data folder comes from."""
    return next(each for each in READERS if f"_{each}" in name)


def replies_of(shared: Path) -> list[Path]:
    """Real replies of all utilities but efetch."""
    folder = shared / "pubmed-xml"
    return sorted((*folder.glob("biopython_e*.xml"), *folder.glob("eutils_*.xml")))


def article(pmid: str, inside: str = "") -> str:
    return f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID>{inside}</MedlineCitation></PubmedArticle>"


def fetched(*records: str) -> bytes:
    return f"<?xml version='1.0'?><PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode()


def searched(inside: str) -> bytes:
    return f"<eSearchResult>{inside}</eSearchResult>".encode()


def test_every_real_reply_is_read_or_gives_its_error(shared: Path) -> None:
    files = replies_of(shared)
    errors = {}
    for file in files:
        try:
            READERS[utility(file.name)](file.read_bytes())
        except ErrorReplyError as error:
            errors[file.name] = str(error)
    assert (errors, len(files)) == (ERRORS, 20)


def test_no_real_reply_passes_for_one_of_another_utility(shared: Path) -> None:
    taken = []
    for file in replies_of(shared):
        for name, read in READERS.items():
            if f"_{name}" not in file.name:
                try:
                    read(file.read_bytes())
                except BadReplyError:
                    continue
                taken.append((file.name, name))
    assert taken == []


def test_real_search(shared: Path) -> None:
    reply = read_search((shared / "pubmed-xml/biopython_esearch2.xml").read_bytes())
    assert (reply.count, len(reply.ids), reply.ids[0]) == (42_249, 100, "41297076")
    assert reply.history == History("MCID_6927d6e7fee3e90f880ec190", "1")
    reply = read_search((shared / "pubmed-xml/eutils_esearch.error.xml").read_bytes())
    assert (reply.count, reply.translation) == (5_163, '"obstetrics"[MeSH Terms]')
    assert (reply.warnings, reply.history) == (("PhraseNotFound: fleegle[MeSH Terms]",), None)


def test_real_post_spell_and_info(shared: Path) -> None:
    folder = shared / "pubmed-xml"
    assert read_post((folder / "biopython_epost1.xml").read_bytes()) == History("MCID_692851c130aec64bed0a8c2a", "1")
    spell = read_spell((folder / "biopython_espell.xml").read_bytes())
    assert (spell.query, spell.corrected) == ("biopythooon", "biopython")
    info = read_info((folder / "eutils_einfo.pubmed.xml").read_bytes())
    assert (info.database, info.count, info.updated) == ("pubmed", 22_284_197, "2012/11/22 04:25")
    assert [(field.name, field.is_date) for field in info.fields if field.name in ("TITL", "EDAT")] == [
        ("TITL", False),
        ("EDAT", True),
    ]
    assert "pubmed_pubmed" in info.links
    assert len(read_info((folder / "biopython_einfo1.xml").read_bytes()).databases) == 39


def test_real_summaries_of_both_forms(shared: Path) -> None:
    folder = shared / "pubmed-xml"
    first = read_summary((folder / "biopython_esummary1.xml").read_bytes())
    assert [item.id for item in first.summaries] == ["11850928", "11482001"]
    assert first.summaries[0].text("Title") == "Zirconium granuloma following treatment of rhus dermatitis."
    assert first.summaries[0].text("doi") == ""
    second = read_summary((folder / "eutils_esummary.pubmed.xml").read_bytes())
    assert second.summaries[0].id == "5683731"
    assert second.summaries[0].text("Title") == "An assistive device for smoking."
    assert second.summaries[0].text("NoSuchItem") == ""


def test_real_links(shared: Path) -> None:
    folder = shared / "pubmed-xml"
    (links,) = read_links((folder / "biopython_elink1.xml").read_bytes()).sets
    assert (links.source_db, links.ids) == ("pubmed", ("9298984",))
    assert links.links[0].name == "pubmed_pubmed"
    assert links.links[0].ids[:2] == ("9298984", "8794856")
    (asked_together,) = read_links((folder / "biopython_elink2.xml").read_bytes()).sets
    assert (asked_together.ids, asked_together.links[0].ids) == (("48819", "7140345"), ("48820",))
    which = read_links((folder / "biopython_elink7.xml").read_bytes()).sets
    assert {(item.ids, item.links[0].name) for item in which} >= {(("12169658",), "pubmed_books_refs")}


def test_pmids_of_all_real_records(shared: Path) -> None:
    """Against a count of the same elements by another way through the tree."""
    checked = 0
    for file in (shared / "pubmed-xml").iterdir():
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        if b"<PubmedArticleSet" not in body or file.name in NO_RECORDS:
            continue
        expected = etree.fromstring(body).xpath("/*/*/*[self::MedlineCitation or self::BookDocument]/PMID/text()")
        assert list(read_fetch(body).pmids) == expected, file.name
        checked += len(expected)
    assert checked == 2_046


@pytest.mark.parametrize("name", sorted(NO_RECORDS))
def test_real_files_that_are_no_reply_of_efetch(shared: Path, name: str) -> None:
    with pytest.raises(BadReplyError):
        read_fetch((shared / "pubmed-xml" / name).read_bytes())


def test_only_the_pmid_of_a_record_itself_counts() -> None:
    corrections = (
        "<CommentsCorrectionsList><CommentsCorrections><PMID>9</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    book = "<PubmedBookArticle><BookDocument><PMID Version='1'> 3 </PMID></BookDocument></PubmedBookArticle>"
    body = fetched(article("2", corrections), book, article("2"))
    assert read_fetch(body).pmids == ("2", "3", "2")
    assert read_fetch(body).body == body


def test_a_set_without_records_is_read_as_what_it_is() -> None:
    assert read_fetch(fetched()).pmids == ()


def test_a_large_reply_is_read() -> None:
    """Far beyond what 500 records take; each text node is small."""
    filling = "<Abstract>" + "<AbstractText>" + "x" * 20_000 + "</AbstractText>" + "</Abstract>"
    body = fetched(*(article(str(number), filling) for number in range(1, 1_501)))
    assert len(body) > 30_000_000
    assert len(read_fetch(body).pmids) == 1_500


BAD_FETCHES = {
    "nothing": (b"", "an empty body"),
    "white space": (b" \n", "an empty body"),
    "text": (b"Service unavailable\n", "text instead of XML: Service unavailable"),
    "JSON": (b'{"error":"API rate limit exceeded","count":"4"}', "JSON instead of XML: API rate limit exceeded"),
    "JSON without error": (b"[1, 2]", "JSON instead of XML: [1, 2]"),
    "HTML": (
        b"<!DOCTYPE html><html><head><style>p {}</style></head><body><p>Down<br>for now</body></html>",
        "an HTML page instead of XML: Down for now",
    ),
    "XHTML": (b"<html><body><p>Down for now</p></body></html>", "an HTML page instead of XML: Down for now"),
    "an error without words": (b"<eFetchResult><ERROR/></eFetchResult>", "<eFetchResult> and no error in it"),
    "another root": (b"<eSearchResult/>", "the root <eSearchResult> instead of <PubmedArticleSet>"),
    "no record": (fetched("<Surprise/>"), "<Surprise>, which is neither an article nor a book"),
    "a record without PMID": (
        fetched("<PubmedArticle><MedlineCitation/></PubmedArticle>"),
        "a <PubmedArticle> without PMID",
    ),
    "a PMID in words": (fetched(article("many")), "a <PubmedArticle> without PMID"),
    "entities": (
        b"<!DOCTYPE PubmedArticleSet [<!ENTITY x 'y'>]><PubmedArticleSet/>",
        "XML that declares entities",
    ),
}


@pytest.mark.parametrize("case", BAD_FETCHES)
def test_what_is_not_the_promised_xml_is_refused(case: str) -> None:
    body, message = BAD_FETCHES[case]
    with pytest.raises(BadReplyError) as caught:
        read_fetch(body)
    assert message in str(caught.value)
    assert isinstance(caught.value, RequestError)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_cut_reply_is_refused_wherever_it_is_cut(share: float) -> None:
    body = fetched(*(article(str(number)) for number in range(1, 50)))
    with pytest.raises(BadReplyError, match="broken or cut XML"):
        read_fetch(body[: int(len(body) * share)])


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    declared = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    bomb = f"<!DOCTYPE r [<!ENTITY e0 'ha'>{declared}]><eSpellResult><Query>&e11;</Query></eSpellResult>"
    outside = f"<!DOCTYPE r [<!ENTITY e SYSTEM '{secret.as_uri()}'>]><eSpellResult><Query>&e;</Query></eSpellResult>"
    for body in (bomb, outside):
        with pytest.raises(BadReplyError) as caught:
            read_spell(body.encode())
        assert "secret" not in str(caught.value)


def test_a_document_type_that_nobody_knows_changes_nothing() -> None:
    doctype = b'<!DOCTYPE PubmedArticleSet SYSTEM "https://example.org/pubmed_991231.dtd">'
    assert read_fetch(doctype + fetched(article("7"))[21:]).pmids == ("7",)


SEARCH = "<Count>2</Count><RetMax>2</RetMax><RetStart>0</RetStart><IdList><Id>5</Id><Id>4</Id></IdList>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Count>2</Count>", ""),
        ("<Count>2</Count>", "<Count>many</Count>"),
        ("<Count>2</Count>", "<Count>-1</Count>"),
        ("<Id>4</Id>", "<Id>5</Id>"),
        ("<Id>4</Id>", "<Id></Id>"),
        ("<Id>4</Id>", "<Id>PMC4</Id>"),
    ],
)
def test_a_search_reply_that_cannot_be(old: str, new: str) -> None:
    assert read_search(searched(SEARCH)).ids == ("5", "4")
    with pytest.raises(BadReplyError):
        read_search(searched(SEARCH.replace(old, new)))


def test_warnings_of_a_search_are_no_errors() -> None:
    more = (
        "<ErrorList><PhraseNotFound>abc</PhraseNotFound><FieldNotFound>[xyz]</FieldNotFound></ErrorList>"
        "<WarningList><PhraseIgnored>of</PhraseIgnored><OutputMessage>No items found.</OutputMessage></WarningList>"
    )
    assert read_search(searched(SEARCH + more)).warnings == (
        "PhraseNotFound: abc",
        "FieldNotFound: [xyz]",
        "PhraseIgnored: of",
        "OutputMessage: No items found.",
    )


def test_an_error_beside_hits_is_an_error() -> None:
    with pytest.raises(ErrorReplyError, match="Search Backend failed: invented"):
        read_search(searched(SEARCH + "<ERROR>Search Backend failed: invented</ERROR>"))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_post, b"<ePostResult><WebEnv>M</WebEnv></ePostResult>"),
        (read_post, b"<ePostResult><QueryKey>1</QueryKey></ePostResult>"),
        (read_spell, b"<eSpellResult/>"),
        (read_info, b"<eInfoResult/>"),
        (read_info, b"<eInfoResult><DbInfo><DbName>pubmed</DbName></DbInfo></eInfoResult>"),
        (read_summary, b"<eSummaryResult/>"),
        (read_links, b"<eLinkResult/>"),
        (read_links, b"<eLinkResult><LinkSet/></eLinkResult>"),
    ],
)
def test_a_root_without_its_content_is_refused(read: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(BadReplyError):
        read(body)


def test_summaries_beside_an_error_are_kept_with_it() -> None:
    body = b"<eSummaryResult><DocSum><Id>1</Id></DocSum><ERROR>Invalid uid x at position=1</ERROR></eSummaryResult>"
    reply = read_summary(body)
    assert ([item.id for item in reply.summaries], reply.errors) == (["1"], ("Invalid uid x at position=1",))


def test_an_error_inside_a_link_set_is_an_error() -> None:
    body = b"<eLinkResult><LinkSet><DbFrom>pubmed</DbFrom><ERROR>No such id</ERROR></LinkSet></eLinkResult>"
    with pytest.raises(ErrorReplyError, match="No such id"):
        read_links(body)


def test_error_and_gist_of_a_body() -> None:
    body = b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>"
    assert (error_of(body), gist(body)) == ("Unable to obtain query #1",) * 2
    assert (error_of(b"<html/>"), error_of(b"no XML")) == (None, None)
    long = gist(b"<p>" + b"word " * 1_000)
    assert (long[:9], long[-3:], len(long)) == ("word word", "...", 503)
    assert gist(b"one\x1b[31m\r\n two") == "one [31m two"
    assert gist(b"") == ""
    assert error_of(b"<eFetchResult><ERROR>one\n\ttwo</ERROR><ERROR> </ERROR><ERROR>three</ERROR></eFetchResult>") == (
        "one two; three"
    )
