"""The loopback E-utilities: what each utility answers, the rule of 9,999, and the history server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from eutils_asking import ask, search
from eutils_corpus import SORTS
from eutils_replies import SORT_NAMES
from eutils_server import Corpus, EutilsServer, invented_record, synthetic_corpus

HEAVY = 11_000


@pytest.fixture(scope="module")
def large() -> Iterator[EutilsServer]:
    """12,000 invented records, 11,000 of them entered on one day."""
    with EutilsServer(synthetic_corpus(12_000, seed=1, heavy_day=HEAVY), limits=None) as server:
        yield server


@pytest.fixture
def small() -> Iterator[EutilsServer]:
    """Fifty invented records."""
    with EutilsServer(synthetic_corpus(50, seed=2, days=50), limits=None) as server:
        yield server


def test_a_search_gives_the_newest_twenty_by_get_and_by_post(small):
    newest = sorted(small.corpus, key=lambda entry: (entry.entered, entry.pmid), reverse=True)
    posted = ask(small, "esearch", term="invented")
    got = ask(small, "esearch", "GET", term="invented")
    assert posted.body == got.body
    assert posted.ids == [entry.pmid for entry in newest[:20]]
    assert (posted.count, posted.text("RetMax"), posted.text("RetStart")) == (50, "20", "0")
    assert posted.headers["Content-Type"] == "text/xml; charset=UTF-8"


def test_pages_of_a_search_join_to_the_whole(small):
    whole = search(small, "invented").ids
    pages = [search(small, "invented", retstart=start, retmax=7).ids for start in range(0, 56, 7)]
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 7, 7, 1]
    assert [pmid for page in pages for pmid in page] == whole


@pytest.mark.parametrize("sort", sorted(SORTS))
def test_every_order_gives_the_same_records(small, sort):
    assert sorted(search(small, "invented", sort=sort).ids) == small.corpus.pmids()
    assert set(SORT_NAMES.values()) == set(SORTS)


def test_an_order_by_publication_date_and_an_unknown_one(small):
    ids = search(small, "invented", sort="pub_date").ids
    published = [small.corpus.get(pmid).published for pmid in ids]
    assert published == sorted(published, reverse=True)
    odd = search(small, "invented", sort="colour")
    assert odd.ids == search(small, "invented").ids
    assert odd.all("WarningList/OutputMessage") == ["Unknown sort schema 'colour' ignored"]


def test_the_count_alone(small):
    answer = ask(small, "esearch", term="invented", rettype="count")
    assert [child.tag for child in answer.root] == ["Count"]
    assert answer.count == 50
    as_json = ask(small, "esearch", term="invented", rettype="count", retmode="json")
    assert json.loads(as_json.body)["esearchresult"] == {"count": "50"}


def test_json_says_the_same_as_xml(small):
    query = {"term": "hip AND zzzz", "retmax": 5, "retstart": 1}
    told = json.loads(ask(small, "esearch", retmode="json", **query).body)["esearchresult"]
    answer = ask(small, "esearch", **query)
    assert answer.count > 6
    assert told["idlist"] == [str(pmid) for pmid in answer.ids]
    assert (int(told["count"]), told["retstart"], told["retmax"]) == (answer.count, "1", "5")
    assert told["querytranslation"] == answer.text("QueryTranslation") == '"hip"[All Fields]'
    assert told["errorlist"]["phrasesnotfound"] == answer.all("ErrorList/PhraseNotFound") == ["zzzz"]


def test_a_search_gives_no_more_than_the_first_9999_ids(large):
    answer = search(large, "all[sb]", retmax=20_000)
    assert (answer.count, len(answer.ids), answer.text("RetMax")) == (12_000, 9_999, "9999")
    assert answer.all("WarningList/OutputMessage") == ["Restrictions achieved. start and count adjusted to 0, 9999"]
    last = search(large, "all[sb]", retstart=9_998, retmax=1_000)
    assert last.ids == answer.ids[-1:]
    beyond = search(large, "all[sb]", retstart=9_999, retmax=1)
    assert (beyond.status, [child.tag for child in beyond.root]) == (200, ["ERROR"])
    assert "'retstart' cannot be larger than 9998" in beyond.text("ERROR")


def test_a_start_beyond_a_small_result_is_an_empty_page(large):
    day = large.corpus.get(large.corpus.pmids()[0]).entered
    answer = search(large, f"{date.fromordinal(day):%Y/%m/%d}[edat]", retstart=9_999)
    assert (answer.count > 0, answer.ids, answer.root.find("ERROR")) == (True, [], None)


def test_the_heavy_day_needs_a_cut_by_pmid(large):
    by_day: dict[int, list[int]] = {}
    for entry in large.corpus:
        by_day.setdefault(entry.entered, []).append(entry.pmid)
    day = max(by_day, key=lambda ordinal: len(by_day[ordinal]))
    held, written = sorted(by_day[day]), f"{date.fromordinal(day):%Y/%m/%d}"
    whole = search(large, "all[sb]", mindate=written, maxdate=written, datetype="edat")
    assert (whole.count, len(whole.ids)) == (len(held), 9_999)
    assert whole.count >= HEAVY
    middle = held[len(held) // 2]
    halves = [
        search(large, f"all[sb] AND {span}[uid]", mindate=written, maxdate=written, datetype="edat").ids
        for span in (f"1:{middle}", f"{middle + 1}:99999999")
    ]
    assert sorted(halves[0] + halves[1]) == held


def test_records_of_a_search_end_at_9999_too(large):
    kept = search(large, "all[sb]", usehistory="y", retmax=0)
    history = {"WebEnv": kept.text("WebEnv"), "query_key": kept.text("QueryKey")}
    across = ask(large, "efetch", **history, retstart=9_950, retmax=100)
    assert (across.status, len(across.pmids)) == (200, 49)
    beyond = ask(large, "efetch", **history, retstart=9_999, retmax=1)
    assert (beyond.status, beyond.root.tag) == (400, "eFetchResult")
    assert "'retstart' cannot be larger than 9998" in beyond.text("ERROR")


def test_posted_ids_have_no_such_end(large):
    posted = ask(large, "epost", id=",".join(map(str, large.corpus.pmids())))
    history = {"WebEnv": posted.text("WebEnv"), "query_key": posted.text("QueryKey")}
    assert ask(large, "efetch", **history, retstart=11_990, retmax=100).pmids == large.corpus.pmids()[11_990:]


def test_dates_as_parameters_and_as_terms_agree(large):
    for kind, tag in (("edat", "edat"), ("pdat", "dp"), ("mdat", "mdat")):
        dates = {"mindate": "2016/03", "maxdate": "2017/06/30", "datetype": kind}
        by_parameters = search(large, "all[sb]", **dates)
        assert by_parameters.ids == search(large, f"2016/03/01:2017/06[{tag}]").ids
        assert 0 < by_parameters.count < 1_000
    assert by_parameters.text("QueryTranslation") == '("all"[Filter]) AND 2016/03:2017/06/30[Date - Modification]'


def test_relative_dates_count_back_from_the_last_entry_day(small):
    last = date.fromordinal(max(entry.entered for entry in small.corpus))
    first = last - timedelta(days=10)
    expected = [entry.pmid for entry in small.corpus if entry.entered >= first.toordinal()]
    answer = search(small, "all[sb]", reldate=10, datetype="edat")
    assert sorted(answer.ids) == sorted(expected)
    assert 0 < answer.count < 50


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"term": "invented", "mindate": "2016"}, "mindate and maxdate go together"),
        ({"term": "invented", "mindate": "2016", "maxdate": "soon"}, "'soon' is no date"),
        ({"term": "invented", "mindate": "2016", "maxdate": "2017", "datetype": "xdat"}, "unknown datetype 'xdat'"),
        ({"term": ""}, "Empty term and query_key"),
        ({"term": "invented", "retmax": "many"}, "Invalid value of retmax"),
        ({"term": "invented", "db": "fleegle"}, "Invalid db name specified: fleegle"),
    ],
)
def test_a_request_that_makes_no_sense_gets_an_error_element(small, params, message):
    answer = ask(small, "esearch", **params)
    assert (answer.status, [child.tag for child in answer.root]) == (200, ["ERROR"])
    assert message in answer.text("ERROR")
    told = json.loads(ask(small, "esearch", retmode="json", **params).body)
    assert message in told["esearchresult"]["ERROR"]


def test_a_history_holds_searches_and_posts(small):
    first = search(small, "hip", usehistory="y")
    webenv = first.text("WebEnv")
    second = search(small, "pain", usehistory="y", WebEnv=webenv)
    third = ask(small, "epost", id="20000001,77", WebEnv=webenv)
    assert [answer.text("QueryKey") for answer in (first, second, third)] == ["1", "2", "3"]
    assert {answer.text("WebEnv") for answer in (first, second, third)} == {webenv}
    fetched = ask(small, "efetch", WebEnv=webenv, query_key=1, retstart=2, retmax=3)
    assert fetched.pmids == first.ids[2:5]
    assert ask(small, "efetch", WebEnv=webenv, query_key=3).pmids == [20_000_001]
    both = set(first.ids) & set(second.ids)
    assert set(search(small, "#1 AND #2", WebEnv=webenv).ids) == both
    assert set(search(small, "pain", WebEnv=webenv, query_key=1).ids) == both
    assert search(small, "", WebEnv=webenv, query_key=1).ids == first.ids


def test_a_window_beyond_a_history_set_is_an_error(small):
    kept = search(small, "invented", usehistory="y")
    answer = ask(small, "efetch", WebEnv=kept.text("WebEnv"), query_key=1, retstart=50, retmax=5)
    assert answer.status == 400
    assert "OUT OF RANGE. Parameter retstart=50 + 1 is greater" in answer.text("ERROR")


def test_a_search_that_is_held_does_not_change_with_the_records(small):
    kept = search(small, "invented", usehistory="y")
    small.corpus.add(invented_record(30_000_001))
    small.corpus.remove(kept.ids[0])
    assert search(small, "invented").count == 50
    assert ask(small, "efetch", WebEnv=kept.text("WebEnv"), query_key=1).pmids == kept.ids[1:]


@pytest.mark.parametrize("limit", [{"history_seconds": 100}, {"history_uses": 2}])
def test_a_history_expires(limit):
    with EutilsServer(synthetic_corpus(5), limits=None, **limit) as server:
        now = 7.0
        server.history.clock = lambda: now
        kept = search(server, "invented", usehistory="y")
        history = {"WebEnv": kept.text("WebEnv"), "query_key": "1"}
        assert ask(server, "efetch", **history, retmax=1).pmids == kept.ids[:1]
        assert ask(server, "esummary", **history, retmax=1).all("DocSum/Id") == [str(kept.ids[0])]
        now += 101
        gone = ask(server, "efetch", **history, retmax=1)
        assert (gone.status, gone.root.tag) == (400, "eFetchResult")
        assert gone.text("ERROR").startswith(f"Cannot retrieve history data. query_key: 1, WebEnv: {history['WebEnv']}")
        for utility in ("esummary", "esearch"):
            assert ask(server, utility, **history).text("ERROR") == "Unable to obtain query #1"


def test_unknown_keys_and_environments_are_told(small):
    kept = search(small, "invented", usehistory="y")
    for webenv, key in (
        (kept.text("WebEnv"), "2"),
        (kept.text("WebEnv"), "0"),
        ("MCID_unknown", "1"),
        (kept.text("WebEnv"), "x"),
    ):
        answer = ask(small, "efetch", WebEnv=webenv, query_key=key)
        assert answer.status == 400
        assert "Cannot retrieve history data" in answer.text("ERROR")
    assert ask(small, "epost", id="1", WebEnv="MCID_unknown").text("ERROR") == "Unable to obtain query #1"


def test_posting_nothing_and_nonsense(small):
    assert ask(small, "epost", id="").all("ERROR") == ["Empty ID list; Nothing to store"]
    wrong = ask(small, "epost", id="a,b").all("ERROR")
    assert wrong[0] == "Empty ID list; Nothing to store"
    assert wrong[1].startswith("Some IDs have invalid value")
    assert ask(small, "epost", id="a,20000001").all("InvalidIdList/Id") == ["a"]


def test_records_come_as_they_are_and_unknown_ids_are_left_out(small):
    one, other = small.corpus.pmids()[3], small.corpus.pmids()[1]
    answer = ask(small, "efetch", id=f"{one},99999999,{other},{one}", retmode="xml")
    records = [small.corpus.get(pmid).render() for pmid in (one, other)]
    assert answer.body.split(b"<PubmedArticleSet>\n")[1] == b"\n".join([*records, b"</PubmedArticleSet>"])
    assert answer.body.startswith(b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD')
    nothing = ask(small, "efetch", id="99999999")
    assert (nothing.status, nothing.root.tag, len(nothing.root)) == (200, "PubmedArticleSet", 0)
    nonsense = ask(small, "efetch", id="nonsense")
    assert (nonsense.status, nonsense.text("ERROR")) == (400, "ID list is empty! Possibly it has no correct IDs.")
    assert ask(small, "efetch", id=f"{one},{other}", rettype="uilist").body == f"{one}\n{other}\n".encode()


def test_a_summary_says_what_the_record_says():
    record = invented_record(7, title="Invented & <odd> title.", entered="2019/02/28")
    with EutilsServer(Corpus([record]), limits=None) as server:
        answer = ask(server, "esummary", id="7,8")
        items = {item.get("Name"): item for item in answer.root.iterfind("DocSum/Item")}
        assert items["Title"].text == "Invented & <odd> title."
        assert items["PubDate"].text == "2019 Feb 8"
        assert [item.get("Name") for item in items["ArticleIds"]] == ["pubmed", "doi"]
        assert {item.text for item in items["History"]} == {"2019/02/28 00:00"}
        assert answer.all("ERROR") == ["UID=8: cannot get document summary"]
        assert ask(server, "esummary", id="").text("ERROR") == "Empty id list - nothing todo"


def test_links_lead_to_references_and_back(small):
    citing = next(entry for entry in small.corpus if len(entry.references) == 2)
    cited = citing.references[0]
    forward = ask(small, "elink", dbfrom="pubmed", id=citing.pmid, linkname="pubmed_pubmed_refs")
    assert forward.all("LinkSet/LinkSetDb/Link/Id") == [str(pmid) for pmid in citing.references]
    back = ask(small, "elink", dbfrom="pubmed", id=cited)
    sets = {found.findtext("LinkName"): found for found in back.root.iterfind("LinkSet/LinkSetDb")}
    assert str(citing.pmid) in [link.text for link in sets["pubmed_pubmed_citedin"].iterfind("Link/Id")]


def test_each_id_parameter_is_a_link_set_of_its_own(small):
    with_pmc = [entry for entry in small.corpus if entry.pmcid][:2]
    numbers = [entry.pmcid.removeprefix("PMC") for entry in with_pmc]
    apart = ask(small, "elink", dbfrom="pmc", linkname="pmc_pubmed", id=[*numbers, "1"])
    assert apart.all("LinkSet/LinkSetDb/Link/Id") == [str(entry.pmid) for entry in with_pmc]
    assert apart.all("LinkSet/IdList/Id") == [*numbers, "1"]
    assert [len(found.findall("LinkSetDb")) for found in apart.root] == [1, 1, 0]
    joined = ask(small, "elink", dbfrom="pmc", linkname="pmc_pubmed", id=",".join(numbers))
    assert [len(found.findall("LinkSetDb/Link")) for found in joined.root] == [2]
    back = ask(small, "elink", dbfrom="pubmed", db="pmc", id=with_pmc[0].pmid)
    assert back.all("LinkSet/LinkSetDb/Link/Id") == numbers[:1]


def test_databases_are_described(small):
    assert ask(small, "einfo", db="").all("DbList/DbName") == ["pubmed", "pmc"]
    told = ask(small, "einfo")
    assert told.text("DbInfo/Count") == "50"
    last = date.fromordinal(max(entry.revised for entry in small.corpus))
    assert told.text("DbInfo/LastUpdate") == f"{last:%Y/%m/%d} 04:25"
    assert "EDAT" in told.all("DbInfo/FieldList/Field/Name")
    assert "pubmed_pubmed_refs" in told.all("DbInfo/LinkList/Link/Name")
    assert ask(small, "einfo", db="fleegle").text("ERROR") == "Can not retrieve DbInfo for db=fleegle"


def test_spelling_is_corrected_to_words_of_the_records(small):
    told = ask(small, "espell", term="inventd AND imaging NOT bakground")
    assert told.text("CorrectedQuery") == "invented AND imaging NOT background"
    assert told.all("SpelledQuery/Replaced") == ["invented", "background"]
    assert ask(small, "espell", term="invented").text("CorrectedQuery") == ""
