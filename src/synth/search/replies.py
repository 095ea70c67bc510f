"""Replies of PubMed's E-utilities: recognised for what they are, then read into values.

Bytes go in and values come out. A body that is not the promised XML is never read as an empty answer: it raises
BadReplyError, and one in which PubMed reports a fault raises ErrorReplyError with PubMed's words. No DTD is loaded, no
entity replaced and no address opened, so a document type newer than any that is known changes nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from synth.errors import RequestError
from synth.safexml import SAFE

_SHOWN = 500
_BROKEN = "broken or cut XML"
_RECORDS = {"PubmedArticle": "MedlineCitation/PMID", "PubmedBookArticle": "BookDocument/PMID"}
_NUMBER = re.compile(r"[0-9]+\Z", re.ASCII)


class BadReplyError(RequestError):
    """A body that is not the XML which the utility promises."""


class ErrorReplyError(RequestError):
    """A reply in which PubMed reports a fault; the message is PubMed's own."""


@dataclass(frozen=True, slots=True)
class History:
    """A list of ids that PubMed keeps for a while: what `usehistory` of esearch, or epost, leaves there."""

    webenv: str
    query_key: str


@dataclass(frozen=True, slots=True)
class SearchReply:
    """Reply of esearch.

    Attributes
    ----------
    body : bytes
        As it came.
    count : int
        Records that match the query, those beyond the ids given included.
    ids : tuple of str
        PMIDs in PubMed's order.
    translation : str
        The query as PubMed understood it; empty where it gave none.
    warnings : tuple of str
        Phrases and fields not found or left out, each with its kind: ``PhraseNotFound: fleegle[MeSH Terms]``.
    history : History or None
        Where PubMed keeps the whole list, if that was asked for.
    """

    body: bytes = field(repr=False)
    count: int
    ids: tuple[str, ...]
    translation: str
    warnings: tuple[str, ...]
    history: History | None


@dataclass(frozen=True, slots=True)
class FetchReply:
    """Reply of efetch: the body as it came, and the PMID of each article and book in it, once an element."""

    body: bytes = field(repr=False)
    pmids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpellReply:
    """Reply of espell; `corrected` is empty where PubMed has nothing to correct."""

    body: bytes = field(repr=False)
    query: str
    corrected: str


@dataclass(frozen=True, slots=True)
class SearchField:
    """A field that a query may name: ``TITL``, Title."""

    name: str
    full_name: str
    description: str
    terms: int
    is_date: bool


@dataclass(frozen=True, slots=True)
class InfoReply:
    """Reply of einfo.

    Attributes
    ----------
    databases : tuple of str
        Where no database was named: those that exist. Then all else is empty.
    database : str
        The database described.
    count : int
        Records in it.
    updated : str
        When it was updated last, as printed.
    fields : tuple of SearchField
        What a query can name.
    links : tuple of str
        Names of its links to other databases.
    """

    body: bytes = field(repr=False)
    databases: tuple[str, ...]
    database: str
    count: int
    updated: str
    fields: tuple[SearchField, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A named value of a summary: text, or a list of further items."""

    name: str
    text: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of one record."""

    id: str
    items: tuple[Item, ...]

    def text(self, name: str) -> str:
        """Text of the first item of that name at any depth; empty where there is none."""
        found = next(self._named(self.items, name), None)
        return found.text if found else ""

    def _named(self, items: tuple[Item, ...], name: str) -> Any:
        for item in items:
            if item.name == name:
                yield item
            yield from self._named(item.items, name)


@dataclass(frozen=True, slots=True)
class SummaryReply:
    """Reply of esummary; `errors` are PubMed's words on single ids of which it has no summary."""

    body: bytes = field(repr=False)
    summaries: tuple[Summary, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Links of one name into one database; without ids where only the existence of links was asked."""

    target_db: str
    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkSet:
    """The links of one id, or of several that were asked together."""

    source_db: str
    ids: tuple[str, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class LinkReply:
    """Reply of elink."""

    body: bytes = field(repr=False)
    sets: tuple[LinkSet, ...]


def read_search(body: bytes) -> SearchReply:
    """Read a reply of esearch; raises BadReplyError and ErrorReplyError, as all readers of this module."""
    root = _root(body, "eSearchResult")
    ids = _ids(root, "IdList/Id")
    if len(set(ids)) != len(ids):
        raise BadReplyError("an esearch reply that gives the same id twice")
    warnings = [
        f"{item.tag}: {_text(item)}"
        for group in root.findall("ErrorList") + root.findall("WarningList")
        for item in group
    ]
    webenv, key = _at(root, "WebEnv"), _at(root, "QueryKey")
    return SearchReply(
        body,
        count=_whole(root, "Count"),
        ids=ids,
        translation=_at(root, "QueryTranslation"),
        warnings=tuple(warnings),
        history=History(webenv, key) if webenv and key else None,
    )


def read_fetch(body: bytes) -> FetchReply:
    """Read which records a reply of efetch holds.

    Only the PMID of a record itself counts, never one that it cites, corrects or is corrected by.
    """
    root = _root(body, "PubmedArticleSet", errors="eFetchResult")
    pmids = []
    for record in root:
        if record.tag not in _RECORDS:
            raise BadReplyError(f"an efetch reply with <{record.tag}>, which is neither an article nor a book")
        pmid = _at(record, _RECORDS[record.tag])
        if not _NUMBER.match(pmid):
            raise BadReplyError(f"an efetch reply with a <{record.tag}> without PMID")
        pmids.append(pmid)
    return FetchReply(body, tuple(pmids))


def read_post(body: bytes) -> History:
    """Read where epost has put the ids."""
    root = _root(body, "ePostResult")
    webenv, key = _at(root, "WebEnv"), _at(root, "QueryKey")
    if not webenv or not key:
        raise BadReplyError("an epost reply without WebEnv and QueryKey")
    return History(webenv, key)


def read_spell(body: bytes) -> SpellReply:
    """Read a reply of espell."""
    root = _root(body, "eSpellResult")
    if root.find("Query") is None:
        raise BadReplyError("an espell reply without Query")
    return SpellReply(body, query=_at(root, "Query"), corrected=_at(root, "CorrectedQuery"))


def read_info(body: bytes) -> InfoReply:
    """Read a reply of einfo, on one database or on which there are."""
    root = _root(body, "eInfoResult")
    databases = tuple(_text(item) for item in root.findall("DbList/DbName"))
    about = root.find("DbInfo")
    if about is None:
        if not databases:
            raise BadReplyError("an einfo reply that names no database")
        return InfoReply(body, databases, "", 0, "", (), ())
    fields = tuple(
        SearchField(
            name=_at(item, "Name"),
            full_name=_at(item, "FullName"),
            description=_at(item, "Description"),
            terms=_whole(item, "TermCount"),
            is_date=_at(item, "IsDate") == "Y",
        )
        for item in about.findall("FieldList/Field")
    )
    links = tuple(_text(item) for item in about.findall("LinkList/Link/Name"))
    return InfoReply(
        body, databases, _at(about, "DbName"), _whole(about, "Count"), _at(about, "LastUpdate"), fields, links
    )


def read_summary(body: bytes) -> SummaryReply:
    """Read a reply of esummary, in the first form (DocSum) or the second (DocumentSummary)."""
    root = _root(body, "eSummaryResult", refuse=False)
    summaries = [Summary(_at(item, "Id"), _items(item)) for item in root.findall("DocSum")]
    summaries += [Summary(item.get("uid", ""), _items(item)) for item in root.iter("DocumentSummary")]
    errors = _errors(root)
    if not summaries:
        raise ErrorReplyError("; ".join(errors)) if errors else BadReplyError("an esummary reply without any summary")
    return SummaryReply(body, tuple(summaries), errors)


def read_links(body: bytes) -> LinkReply:
    """Read a reply of elink, with linked ids or with which links exist."""
    root = _root(body, "eLinkResult")
    sets = []
    for group in root.findall("LinkSet"):
        source = _at(group, "DbFrom")
        if not source:
            raise BadReplyError("an elink reply with a LinkSet without DbFrom")
        checked = group.findall("IdCheckList/IdLinkSet")
        for item in checked:
            links = tuple(Link(_at(info, "DbTo"), _at(info, "LinkName"), ()) for info in item.findall("LinkInfo"))
            sets.append(LinkSet(source, _ids(item, "Id"), links))
        if not checked:
            links = tuple(
                Link(_at(part, "DbTo"), _at(part, "LinkName"), _ids(part, "Link/Id"))
                for part in group.findall("LinkSetDb")
            )
            sets.append(LinkSet(source, _ids(group, "IdList/Id"), links))
    if not sets:
        raise BadReplyError("an elink reply without any LinkSet")
    return LinkReply(body, tuple(sets))


def error_of(body: bytes) -> str | None:
    """PubMed's words where a body is XML with an ERROR element; None for any other body."""
    try:
        root = _parsed(body)
    except BadReplyError:
        return None
    return "; ".join(_errors(root)) or None


def gist(body: bytes) -> str:
    """What a body that was not promised says, on one line and shortened: for messages."""
    return error_of(body) or _words(body)


def _words(body: bytes) -> str:
    """The text of a body that is no reply: of its JSON error, or of a page without its markup."""
    words = _json_error(body)
    if words is None:
        text = body[:10_000].decode("utf-8", "replace")
        words = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^<>]*>", " ", text)
    return _line(words)


def _line(text: str) -> str:
    """A text on one line, shortened, without signs that a terminal would obey."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _json_error(body: bytes) -> str | None:
    """The field `error` of a JSON object."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, str) else None


def _root(body: bytes, promised: str, *, errors: str | None = None, refuse: bool = True) -> Any:
    """Root element of a body if it is the promised one and reports no fault."""
    root = _parsed(body)
    if root.tag == "html":
        raise BadReplyError(f"{_kind(body)}: {_words(body)}")
    if root.tag not in (promised, errors):
        raise BadReplyError(f"XML with the root <{root.tag}> instead of <{promised}>")
    reported = _errors(root)
    if reported and refuse:
        raise ErrorReplyError("; ".join(reported))
    if root.tag != promised:
        raise BadReplyError(f"XML with the root <{root.tag}> and no error in it, instead of <{promised}>")
    return root


def _parsed(body: bytes) -> Any:
    """Root element of well-formed XML that declares no entities of its own."""
    if not body.strip():
        raise BadReplyError("an empty body")
    try:
        root = etree.fromstring(body, etree.XMLParser(**SAFE))
    except etree.XMLSyntaxError as error:
        kind = _kind(body)
        said = error.msg if kind == _BROKEN else _words(body)
        raise BadReplyError(f"{kind}: {said}") from None
    internal = root.getroottree().docinfo.internalDTD
    if internal is not None and next(internal.iterentities(), None) is not None:
        raise BadReplyError("XML that declares entities, which no reply of PubMed does")
    return root


def _kind(body: bytes) -> str:
    """What a body that is no XML looks like."""
    start = body.lstrip()[:1_000].lower()
    if start.startswith((b"{", b"[")):
        return "JSON instead of XML"
    if b"<html" in start or start.startswith(b"<!doctype html"):
        return "an HTML page instead of XML"
    return _BROKEN if start.startswith(b"<") else "text instead of XML"


def _errors(root: Any) -> tuple[str, ...]:
    """Texts of the ERROR elements of a reply, those of its link sets included."""
    found = [_line(_text(item)) for item in root.findall("ERROR") + root.findall("LinkSet/ERROR")]
    return tuple(text for text in found if text)


def _items(parent: Any) -> tuple[Item, ...]:
    """The values of a summary: ``<Item Name="Title">`` or ``<Title>``."""
    return tuple(
        Item(item.get("Name", item.tag), "" if len(item) else _text(item), _items(item))
        for item in parent
        if isinstance(item.tag, str) and item.tag != "Id"
    )


def _ids(parent: Any, path: str) -> tuple[str, ...]:
    """Ids at a path; each must be a number."""
    ids = tuple(_text(item) for item in parent.findall(path))
    for value in ids:
        if not _NUMBER.match(value):
            raise BadReplyError(f"a reply with the id {value[:40]!r}, which is no number")
    return ids


def _whole(parent: Any, path: str) -> int:
    """The whole number that must stand at a path."""
    text = _at(parent, path)
    if not _NUMBER.match(text) or len(text) > 18:
        raise BadReplyError(f"a reply with no number in <{path}>")
    return int(text)


def _at(parent: Any, path: str) -> str:
    """Text at a path without white space around it; empty where there is nothing."""
    item = parent.find(path)
    return "" if item is None else _text(item)


def _text(item: Any) -> str:
    return "".join(item.itertext()).strip()
