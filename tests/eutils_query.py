"""The query language of the loopback E-utilities: fields, phrases, ranges and Boolean terms, read left to right.

The translation it prints is made up, but the same query over the same records always gets the same one. A term that no
record holds is left out of the query and named, as the E-utilities do; a query that cannot be read raises QueryError.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from eutils_corpus import Corpus, is_number, words

TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<quoted>"[^"]*")|(?P<tag>\[[^\]]*\])|(?P<colon>:)|(?P<key>#[0-9]{1,9})(?![^\s()])'
    r'|(?P<word>[^\s()"\[\]:]+))'
)
DATE = re.compile(r"([0-9]{4})(?:/([0-9]{1,2})(?:/([0-9]{1,2}))?)?")
OPERATORS = frozenset({"AND", "OR", "NOT"})
EVERY_KIND = (
    "title", "abstract", "keyword", "author", "journal", "type", "mesh", "major", "language", "id", "place", "other",
)  # fmt: skip
LANGUAGES = {"english": "eng", "german": "ger", "french": "fre", "spanish": "spa", "chinese": "chi", "japanese": "jpn"}


class QueryError(ValueError):
    """A query that cannot be read."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be searched: its name in translations, how its value is found, and in what.

    ``way`` is words (of some kinds of phrases), whole (phrases as wholes), author, date or number.
    """

    name: str
    way: str
    kinds: tuple[str, ...] = ()


FIELDS = {
    "all": Field("All Fields", "words", EVERY_KIND),
    "ti": Field("Title", "words", ("title",)),
    "ab": Field("Abstract", "words", ("abstract",)),
    "tiab": Field("Title/Abstract", "words", ("title", "abstract", "keyword")),
    "tw": Field("Text Word", "words", ("title", "abstract", "keyword", "mesh", "type", "other")),
    "ot": Field("Other Term", "words", ("keyword",)),
    "ad": Field("Affiliation", "words", ("place",)),
    "au": Field("Author", "author", ("author",)),
    "ta": Field("Journal", "whole", ("journal",)),
    "pt": Field("Publication Type", "whole", ("type",)),
    "mh": Field("MeSH Terms", "whole", ("mesh",)),
    "majr": Field("MeSH Major Topic", "whole", ("major",)),
    "la": Field("Language", "whole", ("language",)),
    "aid": Field("Article Identifier", "whole", ("id",)),
    "uid": Field("UID", "number", ("pmid",)),
    "dp": Field("Date - Publication", "date", ("published",)),
    "edat": Field("Date - Entry", "date", ("entered",)),
    "crdt": Field("Date - Create", "date", ("created",)),
    "mdat": Field("Date - Modification", "date", ("revised",)),
    "sb": Field("Filter", "filter"),
}
ALIASES = {
    "all fields": "all", "title": "ti", "titl": "ti", "abstract": "ab", "title/abstract": "tiab", "text word": "tw",
    "text": "tw", "word": "tw", "other term": "ot", "affiliation": "ad", "author": "au", "auth": "au", "journal": "ta",
    "jour": "ta", "publication type": "pt", "ptyp": "pt", "mesh": "mh", "mesh terms": "mh", "mesh:noexp": "mh",
    "mh:noexp": "mh", "mesh major topic": "majr", "language": "la", "lang": "la", "doi": "aid",
    "article identifier": "aid", "pmid": "uid", "date - publication": "dp", "pdat": "dp", "publication date": "dp",
    "date - entry": "edat", "edate": "edat", "entry date": "edat", "edat": "edat", "date - entrez": "edat",
    "date - create": "crdt", "create date": "crdt", "date - modification": "mdat", "lr": "mdat",
    "modification date": "mdat", "filter": "sb", "subset": "sb",
}  # fmt: skip


@dataclass(slots=True)
class Found:
    """What a query found, and what is said about it."""

    pmids: set[int] = field(default_factory=set)
    translation: str = ""
    translations: list[tuple[str, str]] = field(default_factory=list)
    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    quoted_not_found: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a query: its records (None where the part is left out) and how it is printed."""

    pmids: set[int] | None
    text: str


def field_of(tag: str) -> Field | None:
    """The field that a tag such as ``[tiab]`` names, or None."""
    name = tag.strip("[] ").lower()
    return FIELDS.get(ALIASES.get(name, name))


def period(text: str) -> tuple[int, int]:
    """First and last day, as ordinals, of YYYY, YYYY/MM or YYYY/MM/DD."""
    match = DATE.fullmatch(text.strip())
    if not match:
        raise QueryError(f"{text!r} is no date; expected YYYY/MM/DD, YYYY/MM or YYYY")
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year, month or 1, day or 1)
        last = date(year, month or 12, day or monthrange(year, month or 12)[1])
    except ValueError as error:
        raise QueryError(f"{text!r} is no date: {error}") from error
    return first.toordinal(), last.toordinal()


class Query:
    """One query over a corpus.

    Parameters
    ----------
    text : str
        The term as it was sent.
    synonyms : mapping of word to phrase
        Words without a field that also find another phrase; they show in the translation.
    earlier : callable
        Gives the PMIDs of an earlier search of the same history by its number, for ``#1``.
    """

    def __init__(
        self,
        corpus: Corpus,
        text: str,
        synonyms: Mapping[str, str] | None = None,
        earlier: Callable[[int], set[int]] | None = None,
    ) -> None:
        self.corpus, self.synonyms, self.earlier = corpus, synonyms or {}, earlier
        self.tokens = self._split(text)
        self.at = 0
        self.found = Found()

    def run(self) -> Found:
        """Find the records."""
        if not self.tokens:
            raise QueryError("nothing to search for")
        part = self._expression(0)
        if self.at < len(self.tokens):
            raise QueryError("a closing parenthesis has no opening one")
        self.found.pmids = part.pmids or set()
        self.found.translation = part.text
        return self.found

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise QueryError(f"cannot read the query from {text[at : at + 20]!r} on")
            kind = match.lastgroup
            tokens.append(("operator" if match[kind] in OPERATORS else kind, match[kind]))
            at = match.end()
        return tokens

    def _next(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _expression(self, depth: int) -> Part:
        if depth > 100:
            raise QueryError("parentheses nest more than 100 deep")
        left = self._term(depth)
        while self._next() not in ("", "close"):
            operator = self._take() if self._next() == "operator" else "AND"
            left = combine(operator, left, self._term(depth))
        return left

    def _term(self, depth: int) -> Part:
        kind = self._next()
        if kind == "open":
            self._take()
            inside = self._expression(depth + 1)
            if self._next() != "close":
                raise QueryError("an opening parenthesis has no closing one")
            self._take()
            return Part(inside.pmids, f"({inside.text})" if inside.text else "")
        if kind == "key":
            return self._earlier(self._take())
        if kind not in {"quoted", "word"}:
            raise QueryError(f"expected a term, found {self._take()!r}" if kind else "the query ends with an operator")
        return self._words(kind)

    def _earlier(self, key: str) -> Part:
        if self.earlier is None:
            raise QueryError(f"{key} needs a WebEnv")
        return Part(self.earlier(int(key[1:])), key)

    def _words(self, kind: str) -> Part:
        value = self._take()
        if self._next() == "colon" or (self._next() == "tag" and self._after(1) == "colon"):
            return self._range(value)
        while kind == "word" and self._next() == "word":
            if self._after(1) == "colon":
                break
            value += " " + self._take()
        tag = self._take() if self._next() == "tag" else ""
        chosen = field_of(tag) if tag else FIELDS["all"]
        if chosen is None:
            self.found.fields_not_found.append(tag.strip("[]"))
            chosen, tag = FIELDS["all"], ""
        return self._value(value, chosen, tagged=bool(tag), shown=value + tag)

    def _after(self, distance: int) -> str:
        return self.tokens[self.at + distance][0] if self.at + distance < len(self.tokens) else ""

    def _range(self, low: str) -> Part:
        first_tag = self._take() if self._next() == "tag" else ""
        self._take()
        if self._next() not in {"quoted", "word"}:
            raise QueryError("a range has no end")
        high = self._take()
        tag = self._take() if self._next() == "tag" else first_tag
        chosen = field_of(tag)
        if chosen is None or chosen.way not in {"date", "number"}:
            raise QueryError(f"a range needs a field of dates or numbers, found {tag or 'none'}")
        low, high = low.strip('"'), high.strip('"')
        text = f"{low}:{high}[{chosen.name}]"
        if chosen.way == "date":
            return Part(self.corpus.between(chosen.kinds[0], period(low)[0], period(high)[1]), text)
        if not (is_number(low) and is_number(high)):
            raise QueryError(f"{low}:{high} is no range of numbers")
        return Part(self.corpus.between("pmid", int(low), int(high)), text)

    def _value(self, value: str, chosen: Field, *, tagged: bool, shown: str) -> Part:
        quoted = value.startswith('"')
        bare = value.strip('"').strip()
        if chosen.way == "date":
            return Part(self.corpus.between(chosen.kinds[0], *period(bare)), f"{bare}[{chosen.name}]")
        if chosen.way == "number":
            return Part({int(bare)} & self.corpus.everything() if is_number(bare) else set(), f"{bare}[UID]")
        if chosen.way == "filter":
            return self._filter(bare)
        if not tagged and bare.lower() == "hasabstract":
            return self._filter(bare)
        if not tagged and bare.lower() in self.synonyms:
            return self._synonym(bare.lower())
        if chosen.way == "words":
            return self._text(bare, chosen, quoted=quoted, tagged=tagged)
        pmids = self._author(bare, quoted) if chosen.way == "author" else self._whole(bare, chosen)
        if not pmids:
            self.found.phrases_not_found.append(shown)
            return Part(None, "")
        # A quoted author is that author alone, so the translation has quotes only where the query had them.
        mark = "" if chosen.way == "author" and not quoted else '"'
        return Part(pmids, f"{mark}{bare.lower()}{mark}[{chosen.name}]")

    def _filter(self, name: str) -> Part:
        pmids = self.corpus.everything() if name.lower() == "all" else None
        if name.lower() in {"hasabstract", "has abstract"}:
            pmids = {entry.pmid for entry in self.corpus if entry.phrases.get("abstract")}
        if pmids is None:
            self.found.phrases_not_found.append(f"{name}[Filter]")
            return Part(None, "")
        return Part(pmids, f'"{name.lower()}"[Filter]')

    def _synonym(self, word: str) -> Part:
        phrase, every = self.synonyms[word].lower(), FIELDS["all"]
        text = f'"{phrase}"[All Fields] OR "{word}"[All Fields]'
        self.found.translations.append((word, text))
        pmids = self.corpus.with_phrase(every.kinds, phrase) | self.corpus.with_words(every.kinds, word)
        return Part(pmids, f"({text})")

    def _author(self, name: str, quoted: bool) -> set[int]:
        if name.endswith("*"):
            return self.corpus.with_whole("author", name[:-1], truncated=True)
        found = self.corpus.with_whole("author", name)
        if quoted:
            return found
        # A last name alone finds every initial; initials find all that begin with them.
        more = "" if len(words(name)) > 1 else " "
        return found | self.corpus.with_whole("author", name, truncated=True, more=more)

    def _whole(self, value: str, chosen: Field) -> set[int]:
        kind = chosen.kinds[0]
        value = LANGUAGES.get(value.lower(), value) if kind == "language" else value
        if value.endswith("*"):
            return self.corpus.with_whole(kind, value[:-1], truncated=True)
        return self.corpus.with_whole(kind, value)

    def _text(self, value: str, chosen: Field, *, quoted: bool, tagged: bool) -> Part:
        if quoted and "*" not in value:
            pmids = self.corpus.with_phrase(chosen.kinds, value)
            if pmids:
                return Part(pmids, f'"{value.lower()}"[{chosen.name}]')
            if len(words(value)) > 1:
                self.found.quoted_not_found.append(f'"{value}"')
        parts = [self._word(word, chosen) for word in value.split()]
        left = parts[0] if parts else Part(None, "")
        for part in parts[1:]:
            left = combine("AND", left, part)
        if not tagged and left.text:
            self.found.translations.append((value, left.text))
        several = " AND " in left.text
        return Part(left.pmids, f"({left.text})" if several else left.text)

    def _word(self, word: str, chosen: Field) -> Part:
        if word.endswith("*") and words(word):
            stem = words(word)[-1]
            pmids = self.corpus.with_word(chosen.kinds, stem, truncated=True)
        else:
            pmids = self.corpus.with_phrase(chosen.kinds, word)
        if pmids:
            shown = word.lower()
            return Part(pmids, f"{shown}[{chosen.name}]" if word.endswith("*") else f'"{shown}"[{chosen.name}]')
        self.found.phrases_not_found.append(word if chosen.name == "All Fields" else f"{word}[{chosen.name}]")
        return Part(None, "")


def combine(operator: str, left: Part, right: Part) -> Part:
    """Two parts joined by an operator; a part that was left out does not count."""
    if left.pmids is None or right.pmids is None:
        kept = left if right.pmids is None else right
        return Part(set(), "") if operator == "NOT" and left.pmids is None and right.pmids is not None else kept
    join = {"AND": set.intersection, "OR": set.union, "NOT": set.difference}[operator]
    return Part(join(left.pmids, right.pmids), f"{left.text} {operator} {right.text}")
