"""The records of the loopback E-utilities: invented ones, and folders of PubMed XML."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from Bio import Entrez
from lxml import etree

from eutils_asking import ask
from eutils_corpus import entry_of
from eutils_query import Query
from eutils_server import Corpus, EutilsServer, folder_corpus, invented_record, noted, synthetic_corpus

NAMES = ("pmid", "version", "entered", "created", "published", "revised", "phrases", "references", "pmcid")


def test_25000_records_are_made_quickly_and_written_when_asked_for():
    started = time.process_time()
    corpus = synthetic_corpus(25_000)
    assert time.process_time() - started < 3
    assert len(corpus) == 25_000
    days = {entry.entered for entry in corpus}
    assert (min(days), max(days)) == (date(2015, 1, 1).toordinal(), date(2024, 12, 28).toordinal())
    assert len(days) > 3_000


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = (synthetic_corpus(60, seed) for seed in (1, 1, 2))
    assert [entry.render() for entry in first] == [entry.render() for entry in again]
    assert [entry.render() for entry in first] != [entry.render() for entry in other]
    assert invented_record(5) == invented_record(5)


def test_what_is_searched_of_an_invented_record_is_what_its_xml_says():
    for entry in synthetic_corpus(200, seed=3, retracted=2, errata=2, concerns=2):
        read = entry_of(entry.render())
        assert {name: getattr(read, name) for name in NAMES} == {name: getattr(entry, name) for name in NAMES}


def test_a_day_can_hold_more_than_a_search_gives():
    corpus = synthetic_corpus(10_500, heavy_day=10_200)
    assert Counter(entry.entered for entry in corpus).most_common(1)[0][1] >= 10_200


def test_notices_point_at_each_other():
    corpus = synthetic_corpus(40, retracted=3, errata=2, concerns=4)
    for kind, count in (("Retraction", 3), ("Erratum", 2), ("ExpressionOfConcern", 4)):
        back = "RetractionOf" if kind == "Retraction" else f"{kind}For"
        found = {"In": set(), "back": set()}
        for entry in corpus:
            for note in etree.fromstring(entry.render()).iter("CommentsCorrections"):
                other = int(note.findtext("PMID"))
                if note.get("RefType") == f"{kind}In":
                    found["In"].add((entry.pmid, other))
                if note.get("RefType") == back:
                    found["back"].add((other, entry.pmid))
        assert len(found["In"]) == count
        assert found["In"] == found["back"]
    assert len(Query(corpus, "Retracted Publication[pt]").run().pmids) == 3


def test_one_invented_record_says_what_it_is_told():
    said = {"title": "A title.", "abstract": ("One.", "Two."), "notes": (("CommentIn", 8),), "references": (1, 2)}
    record = invented_record(9, entered="2021/05/04", **said)
    assert b'RefType="CommentIn"' in record
    entry = entry_of(record)
    assert (entry.pmid, entry.entered, entry.references) == (9, date(2021, 5, 4).toordinal(), (1, 2))
    assert (entry.phrases["title"], entry.phrases["abstract"]) == (("A title.",), ("One.", "Two."))


def test_a_note_is_added_to_a_record():
    corpus = synthetic_corpus(5, errata=1)
    for pmid in corpus.pmids():
        before = corpus.get(pmid)
        corpus.replace(noted(before, "RetractionIn", 9))
        after = etree.fromstring(corpus.get(pmid).render())
        kinds = [note.get("RefType") for note in after.iter("CommentsCorrections")]
        assert kinds[-1] == "RetractionIn"
        assert len(kinds) == 1 + before.render().count(b"<CommentsCorrections ")
        assert corpus.get(pmid).entered == before.entered
    assert len(Query(corpus, "Retracted Publication[pt]").run().pmids) == 5
    dtd = etree.DTD(str(Path(Entrez.__file__).parent / "DTDs" / "pubmed_250101.dtd"))
    assert all(dtd.validate(etree.fromstring(b"<PubmedArticleSet>%s</PubmedArticleSet>" % e.render())) for e in corpus)


def test_a_folder_gives_records_byte_for_byte_and_names_what_it_leaves_out(tmp_path):
    odd = invented_record(3).replace(b"<Article ", b"\r\n\t<!-- kept -->\n<Article ")
    book = (
        b"<PubmedBookArticle><BookDocument><PMID Version='1'>4</PMID><Book><PubDate><Year>2011</Year></PubDate></Book>"
        b"<ArticleTitle>Invented chapter</ArticleTitle></BookDocument></PubmedBookArticle>"
    )
    whole = b"<PubmedArticleSet>%s\n%s</PubmedArticleSet>"
    (tmp_path / "a.xml").write_bytes(whole % (odd, book))
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(whole % (invented_record(5), invented_record(3, version=2))))
    (tmp_path / "c.xml").write_bytes(whole % (invented_record(5, title="Later, same version."), b""))
    (tmp_path / "broken.xml").write_bytes(invented_record(6) + b"<")
    (tmp_path / "readme.txt").write_text("no XML")
    corpus = folder_corpus(tmp_path)
    assert corpus.pmids() == [3, 4, 5]
    assert corpus.skipped.keys() == {"broken.xml", "readme.txt"}
    assert corpus.skipped["readme.txt"] == "holds no PubMed record"
    assert corpus.skipped["broken.xml"].startswith("not well-formed")
    assert corpus.get(3).version == 2
    assert corpus.get(5).phrases["title"] == ("Later, same version.",)
    with EutilsServer(corpus, limits=None) as server:
        assert book in ask(server, "efetch", id="4").body
        server.corpus.replace(odd)
        assert odd in ask(server, "efetch", id="3").body
        assert ask(server, "esearch", term="chapter[ti] AND 2011[dp]").ids == [4]


def test_a_file_in_another_encoding_is_served_as_utf_8(tmp_path):
    record = invented_record(3, title="Überblick")
    text = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<PubmedArticleSet>%s</PubmedArticleSet>'
    (tmp_path / "a.xml").write_bytes((text % record).decode().encode("latin-1", "xmlcharrefreplace"))
    assert "Überblick".encode() in folder_corpus(tmp_path).get(3).render()


ENTRY_DATES = {
    "entrez": ("<History>{pubmed}{entrez}</History>", (2020, 3, 4)),
    "pubmed": ("<History>{pubmed}</History>", (2020, 1, 2)),
    "revised": ("", (2020, 7, 15)),
}


@pytest.mark.parametrize("kind", ENTRY_DATES)
def test_the_entry_date_falls_back(kind):
    history, expected = ENTRY_DATES[kind]
    pubmed = '<PubMedPubDate PubStatus="pubmed"><Year>2020</Year><Month>1</Month><Day>2</Day></PubMedPubDate>'
    entrez = '<PubMedPubDate PubStatus="entrez"><Year>2020</Year><Month>3</Month><Day>4</Day></PubMedPubDate>'
    record = invented_record(1).decode()
    start, end = record.index("<History>"), record.index("</History>") + len("</History>")
    record = record[:start] + history.format(pubmed=pubmed, entrez=entrez) + record[end:]
    assert entry_of(record.encode()).entered == date(*expected).toordinal()


def test_dates_without_parts_and_in_words():
    for written, expected in (
        ("<Year>2020</Year>", (2020, 1, 1)),
        ("<Year>2020</Year><Month>Feb</Month>", (2020, 2, 1)),
        ("<Year>2020</Year><Season>Winter</Season>", (2020, 1, 1)),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", (1998, 1, 1)),
        ("<Year>2020</Year><Month>02</Month><Day>31</Day>", (2020, 1, 1)),
    ):
        record = invented_record(1).decode()
        start, end = record.index("<PubDate>") + len("<PubDate>"), record.index("</PubDate>")
        assert entry_of((record[:start] + written + record[end:]).encode()).published == date(*expected).toordinal()


def test_a_record_without_a_number_is_refused():
    with pytest.raises(ValueError, match="no PMID in the record"):
        Corpus([b"<PubmedArticle><MedlineCitation/></PubmedArticle>"])


def test_real_records_are_found_and_served_as_they_are(shared):
    corpus = folder_corpus(shared / "pubmed-xml")
    assert "not well-formed" in corpus.skipped["bytes_repr_broken_20.xml"]
    data = (shared / "pubmed-xml" / "metapub_35649368_erratumin.xml").read_bytes()
    with EutilsServer(corpus, limits=None) as server:
        answer = ask(server, "esearch", term='"10.1016/j.celrep.2022.110870"[doi] AND 2022/06/01[edat]')
        assert answer.ids == [35_649_368]
        record = ask(server, "efetch", id="35649368").body.split(b"<PubmedArticleSet>\n")[1].split(b"\n</Pubmed")[0]
        assert record in data
        assert record.endswith(b"</PubmedArticle>")
