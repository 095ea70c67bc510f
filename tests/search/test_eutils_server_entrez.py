"""An independent client agrees with the loopback E-utilities: Bio.Entrez reads every kind of reply.

Bio.Entrez checks the names of elements against the DTD that a reply names; whole replies are held against the same DTD
files here too, which also checks what may stand inside what. No DTD is fetched: Biopython brings them.
"""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from Bio import Entrez
from Bio.Entrez import Parser
from lxml import etree

from eutils_asking import ask
from eutils_server import EutilsServer, Fault, folder_corpus, synthetic_corpus

DTDS = Path(Entrez.__file__).parent / "DTDs"
REAL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
DTD_OF = {
    "esearch": "eSearch_020511.dtd",
    "epost": "epost.dtd",
    "efetch": "pubmed_250101.dtd",
    "esummary": "esummary-v1.dtd",
    "elink": "elink.dtd",
    "einfo": "einfo.dtd",
    "espell": "eSpell.dtd",
}


def point_at(server: EutilsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send Bio.Entrez's requests to the server, without its pause between two, and forbid it the network."""

    def redirected(request: urllib.request.Request) -> object:
        assert request.full_url.startswith(REAL)
        address = server.url + request.full_url.removeprefix(REAL)
        sent = urllib.request.Request(address, request.data, method=request.get_method())
        return urllib.request.urlopen(sent)

    def refused(url: str) -> None:
        raise AssertionError(f"{url} was to be fetched")

    monkeypatch.setattr(Entrez, "urlopen", redirected)
    monkeypatch.setattr(Parser, "urlopen", refused)
    monkeypatch.setattr(Entrez, "email", "invented@example.org")
    monkeypatch.setattr(Entrez, "max_tries", 1)
    monkeypatch.setattr(Entrez.time, "sleep", lambda _: None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EutilsServer]:
    """300 invented records, with Bio.Entrez pointed at them."""
    corpus = synthetic_corpus(300, seed=5, days=100, retracted=3, errata=2, concerns=1)
    with EutilsServer(corpus, limits=None) as running:
        point_at(running, monkeypatch)
        yield running


def read(handle: object) -> object:
    """What Bio.Entrez makes of a reply; its handle is closed."""
    with handle:
        return Entrez.read(handle, validate=True)


def test_entrez_searches_posts_and_fetches(server):
    found = read(Entrez.esearch(db="pubmed", term="hip[ti] AND 2015[edat]", retmax=500, usehistory="y"))
    assert (int(found["Count"]), len(found["IdList"])) == (len(found["IdList"]), int(found["RetMax"]))
    assert found["QueryTranslation"] == '"hip"[Title] AND 2015[Date - Entry]'
    history = {"webenv": found["WebEnv"], "query_key": found["QueryKey"]}
    fetched = read(Entrez.efetch(db="pubmed", retmode="xml", retstart=3, retmax=4, **history))
    pmids = [str(article["MedlineCitation"]["PMID"]) for article in fetched["PubmedArticle"]]
    assert pmids == list(found["IdList"])[3:7]
    posted = read(Entrez.epost("pubmed", id=",".join(found["IdList"][:5])))
    again = read(Entrez.efetch(db="pubmed", retmode="xml", webenv=posted["WebEnv"], query_key=posted["QueryKey"]))
    assert [str(article["MedlineCitation"]["PMID"]) for article in again["PubmedArticle"]] == found["IdList"][:5]


def test_entrez_reads_all_fields_of_an_invented_record(server):
    pmids = list(map(str, server.corpus.pmids()))
    fetched = read(Entrez.efetch(db="pubmed", id=pmids, retmode="xml"))
    assert server.log[-1].method == "POST"
    assert len(fetched["PubmedArticle"]) == 300
    first = fetched["PubmedArticle"][0]["MedlineCitation"]
    entry = server.corpus.get(pmids[0])
    assert (first["Article"]["ArticleTitle"],) == entry.phrases["title"]
    assert tuple(map(str, first["Article"]["Abstract"]["AbstractText"])) == entry.phrases["abstract"]
    assert first["CommentsCorrectionsList"][0].attributes["RefType"] == "RetractionIn"
    assert "Retracted Publication" in first["Article"]["PublicationTypeList"]


def test_entrez_reads_every_form_of_a_search(server):
    for term in ("zzzz AND hip", '"zzzz hip"', "hip[nope]", "zzzz"):
        found = read(Entrez.esearch(db="pubmed", term=term))
        assert "ErrorList" in found or "WarningList" in found
    assert read(Entrez.esearch(db="pubmed", term="invented", rettype="count")) == {"Count": "300"}
    dates = {"mindate": "2015/01/01", "maxdate": "2015/01/31", "datetype": "edat"}
    assert 0 < int(read(Entrez.esearch(db="pubmed", term="invented", **dates))["Count"]) < 300


def test_entrez_reads_summaries_links_databases_and_spelling(server):
    pmids = server.corpus.pmids()
    summaries = read(Entrez.esummary(db="pubmed", id=f"{pmids[0]},{pmids[1]}"))
    assert [summary["Id"] for summary in summaries] == [str(pmids[0]), str(pmids[1])]
    assert summaries[0]["ArticleIds"]["doi"] == f"10.55555/invented.{pmids[0]}"
    citing = next(entry for entry in server.corpus if entry.references)
    links = read(Entrez.elink(dbfrom="pubmed", id=str(citing.pmid), linkname="pubmed_pubmed_refs"))
    assert {int(link["Id"]) for link in links[0]["LinkSetDb"][0]["Link"]} == set(citing.references)
    assert read(Entrez.einfo())["DbList"] == ["pubmed", "pmc"]
    info = read(Entrez.einfo(db="pubmed"))["DbInfo"][0]
    assert (info["Count"], info["DbName"]) == ("300", "pubmed")
    assert "edat" in {field["Name"].lower() for field in info["FieldList"]}
    assert read(Entrez.espell(db="pubmed", term="inventd hip"))["CorrectedQuery"] == "invented hip"


def test_entrez_raises_the_message_of_an_error(server):
    with pytest.raises(RuntimeError, match="Invalid db name specified: fleegle"):
        read(Entrez.esearch(db="fleegle", term="hip"))
    with pytest.raises(RuntimeError, match="has no closing one"):
        read(Entrez.esearch(db="pubmed", term="(hip"))
    with pytest.raises(RuntimeError, match="Empty ID list"):
        read(Entrez.epost("pubmed", id=""))
    with pytest.raises(RuntimeError, match="UID=7: cannot get document summary"):
        read(Entrez.esummary(db="pubmed", id="7"))
    with pytest.raises(HTTPError, match="400") as raised:
        Entrez.efetch(db="pubmed", webenv="MCID_unknown", query_key="1", retmode="xml")
    raised.value.close()


def test_entrez_stumbles_where_it_does_over_real_replies(server):
    server.faults += [Fault("efetch", 1, "html"), Fault("efetch", 2, "truncate"), Fault("efetch", 3, "limit")]
    pmid = server.corpus.pmids()[0]
    with pytest.raises(Parser.NotXMLError):
        read(Entrez.efetch(db="pubmed", id=pmid, retmode="xml"))
    with pytest.raises(Parser.CorruptedXMLError):
        read(Entrez.efetch(db="pubmed", id=pmid, retmode="xml"))
    with pytest.raises(HTTPError, match="429") as raised:
        Entrez.efetch(db="pubmed", id=pmid, retmode="xml")
    raised.value.close()


REPLIES = {
    "a search": ("esearch", {"term": "hip", "usehistory": "y"}),
    "a search with warnings": ("esearch", {"term": 'zzzz AND "zzzz hip" AND pain[nope]', "sort": "colour"}),
    "a search without records": ("esearch", {"term": "zzzz"}),
    "a failed search": ("esearch", {"term": "(hip"}),
    "a count": ("esearch", {"term": "hip", "rettype": "count"}),
    "a search far on": ("esearch", {"term": "hip", "retstart": 10_000}),
    "a post": ("epost", {"id": "20000001,x"}),
    "an empty post": ("epost", {"id": ""}),
    "records": ("efetch", {"id": ",".join(str(pmid) for pmid in range(20_000_001, 20_000_100))}),
    "summaries": ("esummary", {"id": "20000001,7"}),
    "failed summaries": ("esummary", {"id": ""}),
    "links": ("elink", {"id": ["20000001,20000002", "20000003"]}),
    "failed links": ("elink", {"id": "1", "cmd": "llinks"}),
    "databases": ("einfo", {"db": ""}),
    "one database": ("einfo", {}),
    "no database": ("einfo", {"db": "fleegle"}),
    "spelling": ("espell", {"term": "inventd hip"}),
    "failed spelling": ("espell", {"term": ""}),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_is_valid_by_the_dtd_that_it_names(server, name):
    utility, params = REPLIES[name]
    answer = ask(server, utility, **params)
    dtd = etree.DTD(str(DTDS / DTD_OF[utility]))
    dtd.validate(answer.root)
    # One of the DTDs is itself ambiguous, which says nothing of the reply.
    assert [error for error in dtd.error_log if error.type_name != "DTD_CONTENT_NOT_DETERMINIST"] == []
    # And the DTD that it names is one of those files, by the name that Bio.Entrez looks for.
    named = re.search(rb'<!DOCTYPE [^>]*"([^"]*/)?([^"/]+\.dtd)">', answer.body)[2].decode()
    assert (DTDS / named).is_file()


@pytest.mark.slow
def test_entrez_reads_the_real_records_that_the_server_hands_on(shared, monkeypatch):
    corpus = folder_corpus(shared / "pubmed-xml")
    dtd = etree.DTD(str(DTDS / DTD_OF["efetch"]))
    sets = {entry.pmid: b"<PubmedArticleSet>%s</PubmedArticleSet>" % entry.render() for entry in corpus}
    # The DTD of 2025, which the server names, has no DateCreated any more; three records more do not follow it either.
    past = {pmid for pmid, body in sets.items() if not dtd.validate(etree.fromstring(body))}
    assert (len(corpus) > 2_000, len(past) < 120) == (True, True)
    assert past - {pmid for pmid, body in sets.items() if b"<DateCreated>" in body} == {1, 2, 33_387_232}
    with EutilsServer(corpus, limits=None) as server:
        point_at(server, monkeypatch)
        pmids = [str(pmid) for pmid in corpus.pmids() if pmid not in past]
        fetched = read(Entrez.efetch(db="pubmed", id=pmids, retmode="xml"))
        assert len(fetched["PubmedArticle"]) + len(fetched["PubmedBookArticle"]) == len(pmids)
        with pytest.raises(Parser.ValidationError, match="DateCreated"):
            read(Entrez.efetch(db="pubmed", id="993", retmode="xml"))
