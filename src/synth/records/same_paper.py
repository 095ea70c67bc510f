"""Whether a record of PubMed is the paper that was seen elsewhere."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import Literal

from synth.records.citation import title_of, year_of
from synth.records.pubmed import PubmedRecord, plain
from synth.records.record import ET_AL, Record, surname

Way = Literal["doi", "pmcid", "title"]
#: Share of letters in common, in their order, from which two titles may be those of one paper; a choice, and cautious:
#: what is below is told to a person.
ALIKE = 0.7
#: Letters that a title must have to count as a part of a longer one.
SUBTITLE = 20


def same_paper(way: Way, record: Record, found: PubmedRecord) -> bool:
    """Whether they have the DOI, the PMCID or the whole title in common.

    A title is common to many papers, so it counts only where nothing else speaks against it: no identifier that
    differs, a year that differs by one at most (electronic version and issue), the first author the same. Year or
    author must be known.
    """
    name = sign(way, record)
    if not name or name != sign_of(way, found.doi, found.pmcid, title_of(found)):
        return False
    if way != "title":
        return True
    others = ((record.doi, found.doi), (record.pmcid, found.pmcid))
    if any(one and other and one.lower() != other.lower() for one, other in others):
        return False
    year, author = _year_agrees(record, found), _author_agrees(record, found)
    return year is not False and author is not False and (year or author) is True


def _year_agrees(record: Record, found: PubmedRecord) -> bool | None:
    year = year_of(found)
    return None if record.year is None or year is None else abs(record.year - year) <= 1


def _author_agrees(record: Record, found: PubmedRecord) -> bool | None:
    """None where one of the two names no author."""
    first = next((name for name in record.authors if name != ET_AL), None)
    if first is None or not found.authors:
        return None
    author = found.authors[0]
    return letters(surname(first)) == letters(author.last_name or plain(author.collective_name))


def sign(way: Way, record: Record) -> str:
    """What a record and PubMed's record of the same paper have in common in that way; empty where it has nothing."""
    return sign_of(way, record.doi, record.pmcid, record.title)


def sign_of(way: Way, doi: str | None, pmcid: str | None, title: str | None) -> str:
    """The same of bare values."""
    if way == "title":
        return letters(title or "")
    return (doi or "").lower() if way == "doi" else pmcid or ""


def title_doubt(record: Record, found: PubmedRecord) -> str:
    """Why a record of PubMed may be another paper than the one that was seen: its title; empty where there is no doubt.

    Titles differ in small ways between sources, and are cut or lengthened by a subtitle; PubMed may print a translation
    beside the title of the paper itself.
    """
    seen = letters(record.title or "")
    printed = [letters(text) for text in (title_of(found), plain(found.vernacular_title)) if text]
    if not seen or not printed or any(_alike(seen, text) for text in printed):
        return ""
    return f'PubMed has another title, "{(title_of(found) or "").rstrip(".")}"'


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= SUBTITLE and short in long:
        return True
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def letters(title: str) -> str:
    """A title's letters and digits alone, in small letters and without accents: what makes two titles the same."""
    parted = unicodedata.normalize("NFKD", title).casefold()
    return "".join(sign for sign in parted if sign.isalnum())
