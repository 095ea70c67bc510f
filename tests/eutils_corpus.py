"""The records that the loopback E-utilities serve, and the indexes they are searched by.

A record is served as the bytes it was given as. What is searched (words, phrases, dates, numbers) is read from it once,
when it is added. Records can be added, replaced and removed while the server answers.
"""

from __future__ import annotations

import gzip
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from threading import RLock

from lxml import etree

WORD = re.compile(r"[^\W_]+")
RECORD = re.compile(rb"<(PubmedArticle|PubmedBookArticle)(?:\s[^>]*)?>.*?</\1>", re.DOTALL)
ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["']""")
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name.lower(): number for number, name in enumerate(MONTH_NAMES, start=1)}
# Kinds of phrases whose whole is searched, and not only the words in it.
WHOLE = frozenset({"author", "journal", "type", "mesh", "major", "language", "id"})


def is_number(text: str) -> bool:
    """Whether a text is a whole number of a size that an identifier can have."""
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


@lru_cache(maxsize=200_000)
def words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case; everything that is no letter or digit parts them."""
    return tuple(WORD.findall(text.lower()))


@lru_cache(maxsize=200_000)
def flat(text: str) -> str:
    """A text as its words with one space between them."""
    return " ".join(words(text))


@lru_cache(maxsize=200_000)
def words_in(texts: tuple[str, ...]) -> frozenset[str]:
    """The words of several texts."""
    return frozenset(word for text in texts for word in words(text))


@lru_cache(maxsize=200_000)
def wholes_in(kind: str, texts: tuple[str, ...]) -> frozenset[str]:
    """Several texts as they are compared as wholes."""
    return frozenset(plain(text) if kind == "id" else flat(text) for text in texts)


def plain(text: str) -> str:
    """An identifier as it is compared: trimmed, lower case."""
    return text.strip().lower()


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One record.

    Attributes
    ----------
    entered, created, published, revised : int
        Days, as ``date.toordinal`` counts them. A publication date without month or day is its first day.
    phrases : mapping of kind to texts
        What can be searched: title, abstract, keyword, author, journal, type, mesh, major, language, id, place, other.
    references : tuple of int
        PMIDs of the works it cites.
    render : callable
        Gives the bytes of the record's element.
    """

    pmid: int
    version: int
    entered: int
    created: int
    published: int
    revised: int
    phrases: Mapping[str, tuple[str, ...]]
    references: tuple[int, ...]
    pmcid: str
    render: Callable[[], bytes]


class Corpus:
    """Records by PMID, with indexes of words, phrases, days and numbers. All methods may be called from any thread."""

    def __init__(self, entries: Iterable[Entry | bytes] = ()) -> None:
        self.lock = RLock()
        self.skipped: dict[str, str] = {}
        self._entries: dict[int, Entry] = {}
        self._words: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._wholes: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._sorted: dict[str, tuple[list[int], list[int]]] = {}
        self._ranks: dict[str, dict[int, int]] = {}
        self.add(*entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, pmid: int) -> bool:
        return pmid in self._entries

    def __iter__(self) -> Iterator[Entry]:
        with self.lock:
            return iter(list(self._entries.values()))

    def add(self, *entries: Entry | bytes) -> None:
        """Add records; one whose PMID is held already takes the place of the one before it."""
        with self.lock:
            for given in entries:
                entry = given if isinstance(given, Entry) else entry_of(given)
                self._drop(entry.pmid)
                self._entries[entry.pmid] = entry
                for index, keys in self._keys(entry):
                    for key in keys:
                        index[key].add(entry.pmid)
            self._forget_order()

    replace = add

    def remove(self, *pmids: int | str) -> None:
        """Remove records; a PMID that is not held is an error."""
        with self.lock:
            for pmid in map(int, pmids):
                if pmid not in self._entries:
                    raise KeyError(f"PMID {pmid} is not in the corpus")
                self._drop(pmid)
            self._forget_order()

    def get(self, pmid: int | str) -> Entry | None:
        """The record with that PMID, or None."""
        with self.lock:
            return self._entries.get(int(pmid))

    def pmids(self) -> list[int]:
        """All PMIDs, ascending."""
        with self.lock:
            return sorted(self._entries)

    def everything(self) -> set[int]:
        """All PMIDs as a set of its own."""
        with self.lock:
            return set(self._entries)

    def between(self, kind: str, low: int, high: int) -> set[int]:
        """PMIDs of the records whose date of that kind (or ``pmid``) lies between two numbers, both included."""
        with self.lock:
            if kind not in self._sorted:
                pairs = sorted((getattr(entry, kind), entry.pmid) for entry in self._entries.values())
                self._sorted[kind] = ([value for value, _ in pairs], [pmid for _, pmid in pairs])
            values, pmids = self._sorted[kind]
            return set(pmids[bisect_left(values, low) : bisect_right(values, high)])

    def with_word(self, kinds: Iterable[str], word: str, *, truncated: bool = False) -> set[int]:
        """PMIDs of the records that hold a word, or a word that begins with it, in phrases of those kinds."""
        found: set[int] = set()
        with self.lock:
            for index in (self._words[kind] for kind in kinds):
                if truncated:
                    found.update(*(held for key, held in index.items() if key.startswith(word)))
                elif word in index:
                    found |= index[word]
        return found

    def with_words(self, kinds: tuple[str, ...], text: str) -> set[int]:
        """PMIDs of the records that hold every word of a text somewhere in phrases of those kinds."""
        sets = [self.with_word(kinds, word) for word in words(text)]
        return set.intersection(*sets) if sets else set()

    def with_phrase(self, kinds: tuple[str, ...], text: str) -> set[int]:
        """PMIDs of the records that hold the words of a text next to each other in one phrase of those kinds."""
        candidates = self.with_words(kinds, text)
        if len(words(text)) < 2:
            return candidates
        wanted = f" {flat(text)} "
        with self.lock:
            return {
                pmid
                for pmid in candidates
                if any(
                    wanted in f" {flat(phrase)} "
                    for kind in kinds
                    for phrase in self._entries[pmid].phrases.get(kind, ())
                )
            }

    def with_whole(self, kind: str, text: str, *, truncated: bool = False, more: str = "") -> set[int]:
        """PMIDs of the records one of whose phrases of that kind is that text (or begins with it and ``more``)."""
        key = (plain(text) if kind == "id" else flat(text)) + more
        with self.lock:
            index = self._wholes[kind]
            if not truncated:
                return set(index.get(key, ()))
            return set().union(*(held for name, held in index.items() if name.startswith(key)))

    def vocabulary(self) -> list[str]:
        """Every word of titles and abstracts, in alphabetical order."""
        with self.lock:
            return sorted({word for kind in ("title", "abstract") for word in self._words[kind]})

    def in_order(self, pmids: Iterable[int], sort: str) -> list[int]:
        """PMIDs in one of the orders of ``SORTS``."""
        with self.lock:
            if sort not in self._ranks:
                key, newest_first = SORTS[sort]
                order = sorted(self._entries.values(), key=key, reverse=newest_first)
                self._ranks[sort] = {entry.pmid: rank for rank, entry in enumerate(order)}
            return sorted(pmids, key=self._ranks[sort].__getitem__)

    def _drop(self, pmid: int) -> None:
        entry = self._entries.pop(pmid, None)
        for index, keys in self._keys(entry) if entry else ():
            for key in keys:
                index[key].discard(pmid)
                if not index[key]:
                    del index[key]

    def _keys(self, entry: Entry) -> Iterator[tuple[dict[str, set[int]], frozenset[str]]]:
        for kind, texts in entry.phrases.items():
            yield self._words[kind], words_in(texts)
            if kind in WHOLE:
                yield self._wholes[kind], wholes_in(kind, texts)

    def _forget_order(self) -> None:
        self._sorted.clear()
        self._ranks.clear()


def first_phrase(entry: Entry, kind: str) -> str:
    """The first phrase of a kind as it is sorted by, or nothing."""
    return flat(next(iter(entry.phrases.get(kind, ())), ""))


# Orders of a search: by what, and whether the largest comes first.
SORTS: dict[str, tuple[Callable[[Entry], tuple[object, ...]], bool]] = {
    "recent": (lambda entry: (entry.entered, entry.pmid), True),
    "pub_date": (lambda entry: (entry.published, entry.pmid), True),
    "author": (lambda entry: (first_phrase(entry, "author"), entry.pmid), False),
    "journal": (lambda entry: (first_phrase(entry, "journal"), entry.pmid), False),
    "title": (lambda entry: (first_phrase(entry, "title"), entry.pmid), False),
    "relevance": (lambda entry: (entry.pmid % 97, entry.pmid), False),
}


def folder_corpus(path: Path | str) -> Corpus:
    """A corpus of every PubMed record in the files of a folder, packed with gzip or not.

    A record's bytes are those of its element in the file. Of several versions of one PMID the highest is kept, of equal
    ones the last. A file that is not well-formed is left out; ``Corpus.skipped`` says why.
    """
    chosen: dict[int, Entry] = {}
    skipped: dict[str, str] = {}
    for file in sorted(Path(path).iterdir()):
        data = file.read_bytes() if file.is_file() else b""
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        if not RECORD.search(data):
            skipped[file.name] = "holds no PubMed record"
            continue
        try:
            etree.fromstring(data, quiet_parser(recover=False))
        except etree.XMLSyntaxError as error:
            skipped[file.name] = f"not well-formed: {error.msg}"
            continue
        for entry in map(entry_of, records_of(data)):
            held = chosen.get(entry.pmid)
            if held is None or held.version <= entry.version:
                chosen[entry.pmid] = entry
    corpus = Corpus(chosen.values())
    corpus.skipped = skipped
    return corpus


def records_of(data: bytes) -> Iterator[bytes]:
    """The elements of the records in a file's bytes, as UTF-8."""
    named = ENCODING.match(data)
    encoding = named[1].decode("ascii").lower() if named else "utf-8"
    if encoding not in {"utf-8", "us-ascii", "ascii"}:
        data = data.decode(encoding).encode()
    return (match[0] for match in RECORD.finditer(data))


def quiet_parser(*, recover: bool) -> etree.XMLParser:
    """A parser that fetches nothing."""
    return etree.XMLParser(recover=recover, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def entry_of(xml: bytes) -> Entry:
    """What is searched of a record, read from its element."""
    tree = etree.fromstring(xml, quiet_parser(recover=True))
    pmid = tree.find("MedlineCitation/PMID") if tree.tag == "PubmedArticle" else tree.find("BookDocument/PMID")
    if pmid is None or not is_number((pmid.text or "").strip()):
        raise ValueError(f"no PMID in the record that begins {xml[:80]!r}")
    revised = day_of(tree.find("MedlineCitation/DateRevised")) or day_of(tree.find("BookDocument/DateRevised"))
    history = {
        found.get("PubStatus"): day_of(found) for found in tree.iterfind("*/History/PubMedPubDate") if day_of(found)
    }
    published = publication_day(tree) or history.get("pubmed") or revised or date(1900, 1, 1).toordinal()
    entered = history.get("entrez") or history.get("pubmed") or revised or published
    pmcids = texts_at(tree, "PubmedData/ArticleIdList/ArticleId[@IdType='pmc']")
    return Entry(
        pmid=int(pmid.text),
        version=int(pmid.get("Version") or 1),
        entered=entered,
        created=history.get("pubmed") or entered,
        published=published,
        revised=revised or entered,
        phrases=phrases_of(tree),
        references=cited_by(tree),
        pmcid=pmcids[0].strip() if pmcids else "",
        render=lambda: xml,
    )


def texts_at(tree: etree._Element, *paths: str) -> tuple[str, ...]:
    """The texts, without markup, of the elements at those paths."""
    found = ("".join(element.itertext()) for path in paths for element in tree.iterfind(path))
    return tuple(text for text in found if text.strip())


def phrases_of(tree: etree._Element) -> dict[str, tuple[str, ...]]:
    """What can be searched in a record, by kind."""
    authors = []
    for author in tree.iter("Author", "Investigator"):
        name, initials = author.findtext("LastName") or "", author.findtext("Initials") or ""
        authors.append(f"{name} {initials}".strip() or "".join(texts_at(author, "CollectiveName")))
    headings = []
    for heading in tree.iter("MeshHeading"):
        name = heading.findtext("DescriptorName") or ""
        headings += [name, *(f"{name}/{qualifier.text}" for qualifier in heading.iterfind("QualifierName"))]
    found = {
        "title": texts_at(tree, ".//ArticleTitle", ".//VernacularTitle", ".//BookTitle"),
        "abstract": texts_at(tree, ".//AbstractText"),
        "keyword": texts_at(tree, ".//Keyword"),
        "author": tuple(authors),
        "journal": texts_at(tree, ".//MedlineTA", ".//ISOAbbreviation", ".//Journal/Title", ".//Journal/ISSN"),
        "type": texts_at(tree, ".//PublicationType"),
        "mesh": tuple(headings),
        "major": texts_at(tree, ".//DescriptorName[@MajorTopicYN='Y']"),
        "language": texts_at(tree, ".//Language"),
        "id": texts_at(tree, "PubmedData/ArticleIdList/ArticleId", "*//ELocationID", "BookDocument/ArticleIdList/*"),
        "place": texts_at(tree, ".//Affiliation"),
        "other": texts_at(tree, ".//NameOfSubstance", ".//AccessionNumber", ".//GrantID", ".//Agency"),
    }
    return {kind: tuple(dict.fromkeys(texts)) for kind, texts in found.items() if texts}


def cited_by(tree: etree._Element) -> tuple[int, ...]:
    """PMIDs of the works that a record cites, once each."""
    found = texts_at(
        tree,
        ".//Reference/ArticleIdList/ArticleId[@IdType='pubmed']",
        ".//CommentsCorrections[@RefType='Cites']/PMID",
    )
    return tuple(dict.fromkeys(int(text) for text in found if is_number(text.strip())))


def publication_day(tree: etree._Element) -> int | None:
    """First day of a record's publication date."""
    found = tree.find(".//JournalIssue/PubDate")
    found = tree.find(".//Book/PubDate") if found is None else found
    if found is None:
        return None
    if found.findtext("MedlineDate"):
        year = re.search(r"[1-9][0-9]{3}", found.findtext("MedlineDate"))
        return date(int(year[0]), 1, 1).toordinal() if year else None
    return day_of(found)


def day_of(element: etree._Element | None) -> int | None:
    """The day that Year, Month and Day name, as an ordinal; a part that is missing counts as the first."""
    year = (element.findtext("Year") or "").strip() if element is not None else ""
    if not re.fullmatch(r"[1-9][0-9]{3}", year):
        return None
    month = (element.findtext("Month") or "1").strip()
    number = int(month) if month.isdigit() else MONTHS.get(month[:3].lower(), 1)
    try:
        return date(int(year), number, int(element.findtext("Day") or 1)).toordinal()
    except ValueError:
        return date(int(year), 1, 1).toordinal()
