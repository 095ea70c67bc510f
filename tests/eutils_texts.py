"""The fixed texts of E-utilities replies (DOCTYPE lines, error bodies), and XML of summaries, links and databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from eutils_corpus import Entry, day_of, quiet_parser, texts_at
from eutils_query import FIELDS

ROOTS = {
    "esearch": "eSearchResult",
    "epost": "ePostResult",
    "efetch": "eFetchResult",
    "esummary": "eSummaryResult",
    "elink": "eLinkResult",
    "einfo": "eInfoResult",
    "espell": "eSpellResult",
}
EUTILS_DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" ?>\n'


def doctype(root: str, public: str, system: str) -> str:
    """XML declaration and DOCTYPE line."""
    return f'{DECLARATION}<!DOCTYPE {root} PUBLIC "-//NLM//DTD {public}//EN" "{system}">'


DOCTYPES = {
    "esearch": doctype("eSearchResult", "esearch 20060628", EUTILS_DTD + "20060628/esearch.dtd"),
    "epost": doctype("ePostResult", "epost 20090526", EUTILS_DTD + "20090526/epost.dtd"),
    # The root of the real error body differs from the name in its DOCTYPE by one letter.
    "efetch": doctype("eEfetchResult", "efetch 20131226", EUTILS_DTD + "20131226/efetch.dtd"),
    "efetch records": '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, '
    '1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">',
    "esummary": doctype("eSummaryResult", "esummary v1 20041029", EUTILS_DTD + "20041029/esummary-v1.dtd"),
    "elink": doctype("eLinkResult", "elink 20101123", EUTILS_DTD + "20101123/elink.dtd"),
    "einfo": doctype("eInfoResult", "einfo 20190110", EUTILS_DTD + "20190110/einfo.dtd"),
    "espell": '<?xml version="1.0"?>\n<!DOCTYPE eSpellResult PUBLIC "-//NLM//DTD eSpellResult, 23 November 2004//EN" '
    '"https://www.ncbi.nlm.nih.gov/entrez/query/DTD/eSpell.dtd">',
}
TOO_FAR = (
    "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first 9,999 records matching the "
    "query. To obtain more than 9,999 PubMed records, consider using EDirect that contains additional logic to batch "
    "PubMed search results automatically so that an arbitrary number can be retrieved."
)
HISTORY_CAUSE = (
    "Can't fetch uids from history because of: NCBI C++ Exception:\n    Error: UNK_MODULE(CException::eInvalid) "
    '"UNK_FILE", line 18446744073709551615: UNK_FUNC ---\n'
)
INVALID_IDS = "Some IDs have invalid value and were omitted. Maximum ID value 18446744073709551615"
SPELL_ERROR = (
    "\t<Database>pubmed</Database>\n\t<Query></Query>\n\t<CorrectedQuery></CorrectedQuery>\n"
    "\t<SpelledQuery></SpelledQuery>\n\t<ERROR>{}</ERROR>"
)
DATABASES = (
    "<eInfoResult>\n<DbList>\n\n\t<DbName>pubmed</DbName>\n\t<DbName>pmc</DbName>\n</DbList>\n\n</eInfoResult>\n"
)
# Links by name: from which database, to which, and what they are called.
LINKS = {
    "pubmed_pubmed_refs": ("pubmed", "pubmed", "References"),
    "pubmed_pubmed_citedin": ("pubmed", "pubmed", "Cited In"),
    "pubmed_pmc": ("pubmed", "pmc", "PMC Links"),
    "pmc_pubmed": ("pmc", "pubmed", "PubMed Links"),
}


def link_set(source: str, ids: Sequence[str], sets: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    """One LinkSet: the ids asked for, and the ids they lead to by database and link name."""
    asked = "".join(f"      <Id>{escape(text)}</Id>\n" for text in ids)
    shown = ""
    for target, name, found in sets:
        links = "".join(f"        <Link>\n\t\t\t\t<Id>{text}</Id>\n\t\t\t</Link>\n" for text in found)
        named = f"      <DbTo>{target}</DbTo>\n      <LinkName>{name}</LinkName>\n"
        shown += f"    <LinkSetDb>\n{named}{links}    </LinkSetDb>\n"
    inside = f"    <DbFrom>{source}</DbFrom>\n    <IdList>\n{asked}    </IdList>\n{shown}"
    return f"\n  <LinkSet>\n{inside}  </LinkSet>\n"


def database_info(count: int, updated: date) -> str:
    """What einfo says of PubMed."""
    fields = "".join(
        f"\t\t<Field>\n\t\t\t<Name>{key.upper()}</Name>\n\t\t\t<FullName>{field.name}</FullName>\n"
        f"\t\t\t<Description>Invented description of {field.name}</Description>\n\t\t\t<TermCount>{count}</TermCount>\n"
        f"\t\t\t<IsDate>{'NY'[field.way == 'date']}</IsDate>\n"
        f"\t\t\t<IsNumerical>{'NY'[field.way == 'number']}</IsNumerical>\n"
        f"\t\t\t<SingleToken>{'NY'[field.way in ('date', 'number')]}</SingleToken>\n"
        "\t\t\t<Hierarchy>N</Hierarchy>\n\t\t\t<IsHidden>N</IsHidden>\n\t\t</Field>\n"
        for key, field in FIELDS.items()
    )
    links = "".join(
        f"\t\t<Link>\n\t\t\t<Name>{name}</Name>\n\t\t\t<Menu>{menu}</Menu>\n"
        f"\t\t\t<Description>{menu}</Description>\n\t\t\t<DbTo>{target}</DbTo>\n\t\t</Link>\n"
        for name, (source, target, menu) in LINKS.items()
        if source == "pubmed"
    )
    named = "\t<DbName>pubmed</DbName>\n\t<MenuName>PubMed</MenuName>\n\t<Description>PubMed bibliographic record"
    build = f"Build{updated:%y%m%d}-0001m.1"
    counted = f"\t<DbBuild>{build}</DbBuild>\n\t<Count>{count}</Count>\n"
    updated_at = f"\t<LastUpdate>{updated:%Y/%m/%d} 04:25</LastUpdate>\n"
    lists = f"\t<FieldList>\n{fields}\t</FieldList>\n\t<LinkList>\n{links}\t</LinkList>\n"
    return (
        f"<eInfoResult>\n\t<DbInfo>\n{named}</Description>\n{counted}{updated_at}{lists}\t</DbInfo>\n</eInfoResult>\n"
    )


def spelling(query: str, better: Mapping[str, str]) -> str:
    """What espell says of a query; ``better`` holds the words that it would replace."""
    corrected, spelled, rest = "", "", query
    for word, near in better.items():
        before, found, rest = rest.partition(word) if word in rest else ("", "", rest)
        corrected += before + (near if found else "")
        spelled += f"<Original>{escape(before)}</Original><Replaced>{escape(near)}</Replaced>" if found else ""
    corrected = corrected + rest if better else ""
    spelled += f"<Original>{escape(rest)}</Original>" if better and rest else ""
    return (
        f"<eSpellResult>\n\t<Database>pubmed</Database>\n\t<Query>{escape(query)}</Query>\n"
        f"\t<CorrectedQuery>{escape(corrected)}</CorrectedQuery>\n\t<SpelledQuery>{spelled}</SpelledQuery>\n"
        "\t<ERROR/>\n</eSpellResult>\n"
    )


def item(name: str, kind: str, value: str | Sequence[str]) -> str:
    """One Item of a summary; a list holds further items, given as XML."""
    inside = escape(value) if isinstance(value, str) else "\n" + "".join(value) + "\t"
    return f"\t<Item Name={quoteattr(name)} Type={quoteattr(kind)}>{inside}</Item>\n"


def document_summary(entry: Entry) -> str:
    """The DocSum of a record, version 1.0."""
    tree = etree.fromstring(entry.render(), quiet_parser(recover=True))
    first = {name: next(iter(texts_at(tree, path)), "") for name, path in SINGLE_ITEMS.items()}
    authors = [
        f"{author.findtext('LastName') or ''} {author.findtext('Initials') or ''}".strip()
        or author.findtext("CollectiveName", "")
        for author in tree.iterfind("MedlineCitation/Article/AuthorList/Author")
    ]
    ids = tree.findall("PubmedData/ArticleIdList/ArticleId")
    dates = [(found.get("PubStatus"), day_of(found)) for found in tree.iterfind("*/History/PubMedPubDate")]
    first["PubDate"] = " ".join(texts_at(tree, ".//PubDate/*")[:3])
    source = f"{first['PubDate']};{first['Volume']}({first['Issue']}):{first['Pages']}"
    items = [
        *(item(name, "Date" if name == "PubDate" else "String", first[name]) for name in SINGLE_ITEMS),
        item("AuthorList", "List", [item("Author", "String", name) for name in authors]),
        item("LastAuthor", "String", authors[-1] if authors else ""),
        item("LangList", "List", [item("Lang", "String", text) for text in texts_at(tree, ".//Language")]),
        item("PubTypeList", "List", [item("PubType", "String", text) for text in texts_at(tree, ".//PublicationType")]),
        item("ArticleIds", "List", [item(found.get("IdType"), "String", found.text or "") for found in ids]),
        item("History", "List", [item(name, "Date", f"{date.fromordinal(day):%Y/%m/%d} 00:00") for name, day in dates]),
        item("HasAbstract", "Integer", str(int("abstract" in entry.phrases))),
        item("SO", "String", source),
    ]
    return f"<DocSum>\n\t<Id>{entry.pmid}</Id>\n{''.join(items)}</DocSum>\n\n"


SINGLE_ITEMS = {
    "PubDate": ".//PubDate",
    "Source": ".//MedlineTA",
    "Title": ".//ArticleTitle",
    "Volume": ".//JournalIssue/Volume",
    "Issue": ".//JournalIssue/Issue",
    "Pages": ".//MedlinePgn",
    "NlmUniqueID": ".//NlmUniqueID",
    "ISSN": ".//Journal/ISSN",
    "FullJournalName": ".//Journal/Title",
    "PubStatus": ".//PublicationStatus",
    "DOI": "PubmedData/ArticleIdList/ArticleId[@IdType='doi']",
}
