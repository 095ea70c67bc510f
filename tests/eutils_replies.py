"""What each utility of the loopback E-utilities answers: parameters in, a reply out.

Roots, DOCTYPE lines and error bodies are those of real replies. A reply is kept in parts (before its records or ids,
each of them, after them), so that a fault can repeat or drop one and leave the rest as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from xml.sax.saxutils import escape

import eutils_texts as texts
from eutils_corpus import Corpus, is_number, words
from eutils_history import Held, History, HistoryError
from eutils_query import FIELDS, Found, Query, QueryError, period

LAST_START = 9_998
MOST_IDS = 9_999
MOST_RECORDS = 10_000
XML, JSON, TEXT = "text/xml; charset=UTF-8", "application/json; charset=UTF-8", "text/plain; charset=UTF-8"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DATE_TYPES = {"edat": "edat", "pdat": "dp", "mdat": "mdat", "crdt": "crdt"}
SORT_NAMES = {
    "": "recent", "most recent": "recent", "most+recent": "recent", "date": "recent", "pub_date": "pub_date",
    "pub+date": "pub_date", "pub date": "pub_date", "author": "author", "first_author": "author",
    "journal": "journal", "journalname": "journal", "title": "title", "relevance": "relevance",
}  # fmt: skip


@dataclass(slots=True)
class Reply:
    """A reply as it will be sent; ``parts`` are its records or ids, one element each."""

    head: bytes
    parts: list[bytes] = field(default_factory=list)
    tail: bytes = b""
    status: int = 200
    kind: str = XML
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """All bytes of the reply."""
        return self.head + b"".join(self.parts) + self.tail

    def replace_body(self, body: bytes) -> None:
        """Send these bytes instead."""
        self.head, self.parts, self.tail = body, [], b""


class BadRequestError(ValueError):
    """A request that gets an ERROR element; ``status`` is the HTTP status it comes with."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


class Utilities:
    """The seven utilities over one corpus and one history.

    Parameters
    ----------
    synonyms : mapping of word to phrase
        Words that a search maps to another phrase too; they show in its translation.
    today : date, optional
        The day that ``reldate`` counts back from; the last entry day of the corpus without it.
    """

    def __init__(
        self, corpus: Corpus, history: History, synonyms: Mapping[str, str] | None = None, today: date | None = None
    ) -> None:
        self.corpus, self.history, self.today = corpus, history, today
        self.synonyms = dict(synonyms or {})

    def answer(self, utility: str, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """The reply of a utility; ``id_lists`` are the values of ``id`` in the order they were sent."""
        params = {name: NOT_IN_XML.sub(" ", value) for name, value in params.items()}
        try:
            self._check_database(utility, params)
            return getattr(self, utility)(params, id_lists)
        except BadRequestError as error:
            return self.error(utility, [str(error)], error.status, json_wanted=params.get("retmode") == "json")
        except HistoryError:
            return self._history_error(utility, params)

    @staticmethod
    def error(utility: str, messages: Sequence[str], status: int = 200, *, json_wanted: bool = False) -> Reply:
        """The error body of a utility."""
        if json_wanted and utility == "esearch":
            header = {"type": "esearch", "version": "0.3"}
            found = {"header": header, "esearchresult": {"ERROR": messages[0]}}
            return Reply(json.dumps(found).encode(), kind=JSON, status=status)
        root = texts.ROOTS[utility]
        lines = "\n".join(f"\t<ERROR>{escape(message)}</ERROR>" for message in messages)
        if utility == "espell":
            lines = texts.SPELL_ERROR.format(escape(messages[0]))
        return Reply(f"{texts.DOCTYPES[utility]}\n<{root}>\n{lines}\n</{root}>\n".encode(), status=status)

    def _history_error(self, utility: str, params: Mapping[str, str]) -> Reply:
        key = params.get("query_key", "")
        if utility != "efetch":
            return self.error(utility, [f"Unable to obtain query #{key or 1}"])
        asked = f"query_key: {key}, WebEnv: {params.get('WebEnv', '')}"
        window = f"retstart: {params.get('retstart', 0)}, retmax: {params.get('retmax', MOST_RECORDS)}"
        first = f"Cannot retrieve history data. {asked}, {window}"
        return self.error("efetch", [first, texts.HISTORY_CAUSE], 400)

    @staticmethod
    def _check_database(utility: str, params: Mapping[str, str]) -> None:
        name = params.get("dbfrom" if utility == "elink" else "db", "pubmed")
        if utility == "einfo" and not name:
            return
        known = {"pubmed", "pmc"} if utility == "elink" else {"pubmed"}
        if name not in known:
            unknown = f"Can not retrieve DbInfo for db={name}" if utility == "einfo" else None
            raise BadRequestError(unknown or f"Invalid db name specified: {name}")

    def esearch(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """A search."""
        found = self._found(params)
        start, most = number(params, "retstart", 0), number(params, "retmax", 20)
        sort = SORT_NAMES.get(params.get("sort", "").lower())
        if sort is None:
            found.messages.append(f"Unknown sort schema '{params['sort']}' ignored")
        ordered = self.corpus.in_order(found.pmids, sort or "recent")
        if params.get("rettype") == "count":
            return count_reply(len(ordered), params)
        kept = None
        if params.get("usehistory", "").lower() in {"y", "yes", "1"}:
            kept = self.history.keep(ordered, params.get("WebEnv", ""), searched=True)
        if start > LAST_START and len(ordered) > LAST_START:
            raise BadRequestError("Search Backend failed: Exception:\n" + texts.TOO_FAR)
        if start + most > MOST_IDS:
            most = max(0, MOST_IDS - start)
            found.messages.append(f"Restrictions achieved. start and count adjusted to {start}, {most}")
        if not ordered:
            found.messages.append("No items found.")
        ids = ordered[start : start + most]
        if params.get("retmode") == "json":
            return search_json(found, len(ordered), ids, start, kept)
        return search_xml(found, len(ordered), ids, start, kept)

    def _found(self, params: Mapping[str, str]) -> Found:
        webenv, key, term = params.get("WebEnv", ""), params.get("query_key", ""), params.get("term", "").strip()
        if not term and not key:
            raise BadRequestError("Empty term and query_key - nothing todo")
        earlier = (lambda number: set(self.history.read(webenv, str(number)).pmids)) if webenv else None
        try:
            found = Query(self.corpus, term, self.synonyms, earlier).run() if term else Found()
            if key:
                held = set(self.history.read(webenv, key).pmids) & self.corpus.everything()
                found.pmids = found.pmids & held if term else held
                found.translation = f"({found.translation}) AND #{key}" if term else f"#{key}"
            return self._dated(found, params)
        except QueryError as error:
            raise BadRequestError(f"Search Backend failed: {error}") from error

    def _dated(self, found: Found, params: Mapping[str, str]) -> Found:
        low, high, back = params.get("mindate", ""), params.get("maxdate", ""), params.get("reldate", "")
        if not (low or high or back):
            return found
        kind = DATE_TYPES.get(params.get("datetype", "pdat").lower())
        if kind is None:
            raise QueryError(f"unknown datetype {params['datetype']!r}")
        if back:
            last = self.today or date.fromordinal(max((entry.entered for entry in self.corpus), default=1))
            first = date.fromordinal(max(1, last.toordinal() - number(params, "reldate", 0)))
            low, high = (day.isoformat().replace("-", "/") for day in (first, last))
        if not (low and high):
            raise QueryError("mindate and maxdate go together")
        chosen = FIELDS[kind]
        found.pmids = found.pmids & self.corpus.between(chosen.kinds[0], period(low)[0], period(high)[1])
        inside = f"({found.translation}) AND " if found.translation else ""
        found.translation = f"{inside}{low}:{high}[{chosen.name}]"
        return found

    def epost(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """A list of ids kept in the history."""
        given = split_ids(id_lists)
        pmids = [int(text) for text in given if is_number(text) and int(text) > 0]
        if not pmids:
            wrong = [texts.INVALID_IDS] if given else []
            return self.error("epost", ["Empty ID list; Nothing to store", *wrong])
        webenv, key = self.history.keep(dict.fromkeys(pmids), params.get("WebEnv", ""), searched=False)
        invalid = [text for text in given if not is_number(text)]
        lists = "".join(f"\t\t<Id>{escape(text)}</Id>\n" for text in invalid)
        lists = f"\t<InvalidIdList>\n{lists}\t</InvalidIdList>\n" if invalid else ""
        body = f"<ePostResult>\n{lists}\t<QueryKey>{key}</QueryKey>\n\t<WebEnv>{webenv}</WebEnv>\n</ePostResult>\n"
        return Reply((texts.DOCTYPES["epost"] + body).encode())

    def _asked(self, params: Mapping[str, str], id_lists: Sequence[str], most: int) -> list[int]:
        """The PMIDs that a request names, by list or by history."""
        if "WebEnv" in params and not id_lists:
            held = self.history.read(params["WebEnv"], params.get("query_key", ""))
            return self._window(held, number(params, "retstart", 0), min(number(params, "retmax", most), most))
        given = split_ids(id_lists)
        start = number(params, "retstart", 0)
        pmids = list(dict.fromkeys(int(text) for text in given if is_number(text) and int(text) > 0))
        return pmids[start : start + min(number(params, "retmax", most), most)]

    @staticmethod
    def _window(held: Held, start: int, most: int) -> list[int]:
        if held.searched and start > LAST_START:
            raise BadRequestError(
                f"Search backend cannot retrieve history data. Reason: Exception: {texts.TOO_FAR}", 400
            )
        if start >= len(held.pmids):
            window = f"Parameter retstart={start} + 1 is greater than number of records available in history."
            held_ids = f"History includes {len(held.pmids)} IDs."
            raise BadRequestError(f"Cannot retrieve history data: OUT OF RANGE. {window} {held_ids}", 400)
        end = start + most
        return list(held.pmids[start : min(end, MOST_IDS) if held.searched else end])

    def efetch(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """Records; a PMID that is not there is left out."""
        pmids = self._asked(params, id_lists, MOST_RECORDS)
        if not pmids:
            raise BadRequestError("ID list is empty! Possibly it has no correct IDs.", 400)
        entries = [entry for entry in map(self.corpus.get, pmids) if entry]
        if params.get("rettype") == "uilist":
            return Reply(b"", [f"{entry.pmid}\n".encode() for entry in entries], kind=TEXT)
        if params.get("retmode", "xml") != "xml":
            raise BadRequestError(f"this server gives records as xml only, not as {params['retmode']}", 400)
        head = f"{texts.DOCTYPES['efetch records']}\n<PubmedArticleSet>\n".encode()
        return Reply(head, [entry.render() + b"\n" for entry in entries], b"</PubmedArticleSet>")

    def esummary(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """Summaries, version 1.0."""
        pmids = self._asked(params, id_lists, MOST_RECORDS)
        if not pmids:
            raise BadRequestError("Empty id list - nothing todo")
        parts = []
        for pmid in pmids:
            entry = self.corpus.get(pmid)
            missing = f"\t<ERROR>UID={pmid}: cannot get document summary</ERROR>\n"
            parts.append((texts.document_summary(entry) if entry else missing).encode())
        return Reply(f"{texts.DOCTYPES['esummary']}\n<eSummaryResult>\n".encode(), parts, b"</eSummaryResult>\n")

    def elink(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """Links between records: one set for each ``id`` parameter."""
        if params.get("cmd", "neighbor") != "neighbor":
            raise BadRequestError(f"this server knows cmd=neighbor only, not {params['cmd']}")
        source, target = params.get("dbfrom", "pubmed"), params.get("db", "pubmed")
        name = params.get("linkname", "")
        if not split_ids(id_lists):
            raise BadRequestError("empty id list")
        parts = []
        for id_list in id_lists:
            ids = [text.removeprefix("PMC") for text in split_ids([id_list])]
            names = [name] if name else [key for key in texts.LINKS if texts.LINKS[key][:2] == (source, target)]
            sets = [(target, link, self._linked(link, ids)) for link in names]
            parts.append(texts.link_set(source, ids, [found for found in sets if found[2]]).encode())
        return Reply(f"{texts.DOCTYPES['elink']}\n<eLinkResult>\n".encode(), parts, b"</eLinkResult>\n")

    def _linked(self, name: str, ids: Sequence[str]) -> list[str]:
        numbers = {int(text) for text in ids if is_number(text)}
        held = self.corpus.everything()
        if name == "pubmed_pubmed_refs":
            cited = [self.corpus.get(pmid).references for pmid in sorted(numbers & held)]
            return [str(pmid) for pmid in sorted({pmid for some in cited for pmid in some} & held)]
        if name == "pubmed_pubmed_citedin":
            return [str(entry.pmid) for entry in self.corpus if numbers.intersection(entry.references)]
        wanted = {f"PMC{number}" for number in numbers}
        if name == "pmc_pubmed":
            return [str(entry.pmid) for entry in self.corpus if entry.pmcid in wanted]
        if name == "pubmed_pmc":
            found = (self.corpus.get(pmid).pmcid for pmid in sorted(numbers & held))
            return [pmcid.removeprefix("PMC") for pmcid in found if pmcid]
        return []

    def einfo(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """The databases, or the fields and links of one."""
        if not params.get("db"):
            return Reply(f"{texts.DOCTYPES['einfo']}\n{texts.DATABASES}".encode())
        last = max((entry.revised for entry in self.corpus), default=date(2020, 1, 1).toordinal())
        body = texts.database_info(len(self.corpus), date.fromordinal(last))
        return Reply(f"{texts.DOCTYPES['einfo']}\n{body}".encode())

    def espell(self, params: Mapping[str, str], id_lists: Sequence[str]) -> Reply:
        """A query with each unknown word replaced by the nearest that a record holds."""
        query, known = params.get("term", ""), self.corpus.vocabulary()
        if not query:
            raise BadRequestError("Empty query")
        better = {}
        for word in words(query):
            if word not in known and word.upper() not in {"AND", "OR", "NOT"}:
                better.update((word, near) for near in get_close_matches(word, known, 1, 0.75))
        return Reply(f"{texts.DOCTYPES['espell']}\n{texts.spelling(query, better)}".encode())


def number(params: Mapping[str, str], name: str, default: int) -> int:
    """A whole number among the parameters."""
    text = params.get(name) or str(default)
    if not is_number(text):
        raise BadRequestError(f"Invalid value of {name}: {text!r}")
    return int(text)


def split_ids(id_lists: Sequence[str]) -> list[str]:
    """The ids of all lists, in order."""
    return [text.strip() for id_list in id_lists for text in id_list.split(",") if text.strip()]


def count_reply(count: int, params: Mapping[str, str]) -> Reply:
    """The reply of a search that asks for the count alone."""
    if params.get("retmode") == "json":
        header = {"type": "esearch", "version": "0.3"}
        return Reply(json.dumps({"header": header, "esearchresult": {"count": str(count)}}).encode(), kind=JSON)
    body = f"<eSearchResult>\n\t<Count>{count}</Count>\n</eSearchResult>\n"
    return Reply(f"{texts.DOCTYPES['esearch']}\n{body}".encode())


def search_json(found: Found, count: int, ids: list[int], start: int, kept: tuple[str, str] | None) -> Reply:
    """The reply of a search as JSON."""
    result: dict[str, object] = {"count": str(count), "retmax": str(len(ids)), "retstart": str(start)}
    if kept:
        result |= {"querykey": kept[1], "webenv": kept[0]}
    result["idlist"] = list(map(str, ids))
    result["translationset"] = [{"from": one, "to": other} for one, other in found.translations]
    result["querytranslation"] = found.translation
    if found.phrases_not_found or found.fields_not_found:
        result["errorlist"] = {"phrasesnotfound": found.phrases_not_found, "fieldsnotfound": found.fields_not_found}
    if found.quoted_not_found or found.messages:
        result["warninglist"] = {
            "phrasesignored": [],
            "quotedphrasesnotfound": found.quoted_not_found,
            "outputmessages": found.messages,
        }
    body = {"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}
    return Reply(json.dumps(body).encode(), kind=JSON)


def search_xml(found: Found, count: int, ids: list[int], start: int, kept: tuple[str, str] | None) -> Reply:
    """The reply of a search as XML."""
    head = f"<eSearchResult><Count>{count}</Count><RetMax>{len(ids)}</RetMax><RetStart>{start}</RetStart>"
    if kept:
        head += f"<QueryKey>{kept[1]}</QueryKey><WebEnv>{kept[0]}</WebEnv>"
    head += "<IdList>\n"
    pairs = (f"<From>{escape(one)}</From>     <To>{escape(other)}</To>" for one, other in found.translations)
    shown = "".join(f"<Translation>     {pair}    </Translation>" for pair in pairs)
    tail = f"</IdList><TranslationSet>{shown}</TranslationSet>" if shown else "</IdList><TranslationSet/>"
    tail += f"<QueryTranslation>{escape(found.translation)}</QueryTranslation>"
    tail += element_list("ErrorList", PhraseNotFound=found.phrases_not_found, FieldNotFound=found.fields_not_found)
    tail += element_list("WarningList", QuotedPhraseNotFound=found.quoted_not_found, OutputMessage=found.messages)
    parts = [f"<Id>{pmid}</Id>\n".encode() for pmid in ids]
    return Reply(f"{texts.DOCTYPES['esearch']}\n{head}".encode(), parts, f"{tail}</eSearchResult>\n".encode())


def element_list(name: str, **lists: list[str]) -> str:
    """An element with one child for each text, or nothing where there is none."""
    children = (f"<{tag}>{escape(text)}</{tag}>" for tag, some in lists.items() for text in some)
    inside = "".join(children)
    return f"<{name}>{inside}</{name}>" if inside else ""
