"""From what PubMed prints to the record of a review."""

from __future__ import annotations

import re
from datetime import date

from synth.provenance import UNPRINTABLE
from synth.records.pubmed import MeshHeading, Name, PubmedRecord, Term, When, plain
from synth.records.record import ET_AL, Assigned, Link, PubmedFacts, Record

_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_PMCID = re.compile(r"PMC[0-9]+")
_YEAR = re.compile(r"\b(1[5-9]|20|21)[0-9]{2}\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOT_ASSIGNED = Assigned(publication_type=None, design=None, by="pubmed")


def citation_of(found: PubmedRecord, identifier: str, seen_on: date) -> Record:
    """The record of a review that a database search found, as PubMed prints it.

    Parameters
    ----------
    found : PubmedRecord
    identifier : str
        The record's id in the review.
    seen_on : date
        The day of the search.
    """
    journal = found.journal
    return Record(
        id=identifier,
        pmid=found.pmid,
        pmcid=found.pmcid if found.pmcid and _PMCID.fullmatch(found.pmcid) else None,
        doi=found.doi if found.doi and _DOI.fullmatch(found.doi) else None,
        title=title_of(found),
        authors=tuple(authors_of(found)),
        journal=_container(found),
        year=year_of(found),
        volume=_seen(journal.volume if journal else found.book.volume if found.book else None),
        issue=_seen(journal.issue if journal else None),
        pages=_pages(found),
        publication_types=tuple(filter(None, (_seen(item.name) for item in found.publication_types))),
        assigned=_NOT_ASSIGNED,
        status=found.status,
        found_by="database search",
        source=f"PMID:{found.pmid}",
        seen_on=seen_on,
        note=None,
        pubmed=facts_of(found),
    )


def updated(record: Record, found: PubmedRecord, seen_on: date) -> Record:
    """A record that the review held already, with what PubMed prints of it.

    The id, how it was found, a compiler's classification and remark stay; what PubMed does not print stays as it was
    seen elsewhere.
    """
    printed = citation_of(found, record.id, seen_on)
    own = {"id", "assigned", "found_by", "note"}
    changes = {
        name: value
        for name in Record.model_fields
        if name not in own and (value := getattr(printed, name)) not in (None, ())
    }
    return record.model_copy(update=changes)


def title_of(found: PubmedRecord) -> str | None:
    """The title without markup; the one in the paper's own language where PubMed prints no other."""
    for text in (found.title.text if found.title else None, found.vernacular_title):
        if words := _seen(plain(text)):
            return words
    return None


def authors_of(found: PubmedRecord) -> list[str]:
    """Surname and initials of each author in order; `ET_AL` stands last where PubMed holds the first ones only."""
    names = [name for name in map(_name, found.authors) if name]
    short = any(item.complete == "N" and item.type != "editors" for item in found.author_lists)
    return [*names, ET_AL] if names and short else names


def _name(author: Name) -> str | None:
    if author.collective_name is not None:
        return _seen(plain(author.collective_name))
    initials = author.initials or "".join(part[0] for part in (author.fore_name or "").split())
    return _seen(" ".join(filter(None, (author.last_name, initials, plain(author.suffix)))))


def year_of(found: PubmedRecord) -> int | None:
    """The year of the issue; of the electronic version where the issue has none."""
    dates = [found.journal.pub_date if found.journal else None, found.book.pub_date if found.book else None]
    for when in (*dates, *found.article_dates):
        match = _YEAR.search(" ".join(filter(None, (when.year, when.medline_date)))) if when else None
        if match:
            return int(match[0])
    return None


def day_of(when: When | None) -> date | None:
    """A date as a calendar day; None where its year, month or day was not printed or makes no day."""
    if when is None or not (when.year and when.month and when.day):
        return None
    month = when.month[:3].lower()
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(when.month) if when.month.isdecimal() else 0
    try:
        return date(int(when.year), number, int(when.day))
    except ValueError:  # PubMed prints days that the calendar does not have, such as 31 June
        return None


def entered(found: PubmedRecord) -> date | None:
    """The day on which a record came into PubMed."""
    by_status = {when.type: when for when in found.history}
    return day_of(by_status.get("entrez")) or day_of(by_status.get("pubmed"))


def facts_of(found: PubmedRecord) -> PubmedFacts:
    """What PubMed prints of a record beyond its citation."""
    words = (plain(keyword.text) for keywords in found.keyword_lists for keyword in keywords.keywords)
    return PubmedFacts(
        entered=entered(found),
        revised=day_of(found.date_revised),
        languages=tuple(filter(None, map(_seen, found.languages))),
        mesh=tuple(map(heading, found.mesh)),
        keywords=tuple(filter(None, map(_seen, words))),
        links=tuple(
            Link(type=item.type, source=_seen(item.source), pmid=_seen(item.pmid)) for item in found.corrections
        ),
    )


def heading(item: MeshHeading) -> str:
    """A MeSH heading in one line: ``Hip Joint/surgery*``, an asterisk after what is a main topic."""
    return UNPRINTABLE.sub("", "/".join(_starred(term) for term in (item.descriptor, *item.qualifiers)))


def _starred(term: Term) -> str:
    return f"{term.name}{'*' if term.major == 'Y' else ''}"


def _container(found: PubmedRecord) -> str | None:
    if found.journal:
        return _seen(found.journal.iso_abbreviation or found.journal.medline_ta or found.journal.title)
    return _seen(plain(found.book.title.text)) if found.book and found.book.title else None


def _pages(found: PubmedRecord) -> str | None:
    pages = found.pagination
    if pages is None:
        return None
    return _seen(pages.medline_pgn or "-".join(filter(None, (pages.start_page, pages.end_page))))


def _seen(text: str | None) -> str | None:
    """Text with its white space evened and without signs that no page can show; None where there is none."""
    return " ".join(UNPRINTABLE.sub("", text).split()) or None if text else None
