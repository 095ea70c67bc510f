"""Records that no search brought, looked up in PubMed one by one: by PMID, DOI, PMCID, then exact title."""

from __future__ import annotations

import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from synth.records import Record
from synth.records.citation import title_of, year_of
from synth.records.pubmed import PubmedRecord, plain
from synth.records.pubmed_xml import parse_pubmed
from synth.records.snapshot import newest
from synth.search.entrez import Client
from synth.search.fetching import Journal, ReplyDigest, key_of
from synth.search.manifest import Lookup, ReplyRun
from synth.search.replies import read_fetch, read_links, read_search

Way = Literal["doi", "pmcid", "title"]
#: More hits than this and a title is no title but a phrase.
MOST_CANDIDATES = 20
BATCH = 200
#: Share of letters in common, in their order, from which two titles may be those of one paper; a choice, and cautious:
#: what is below is told to a person.
ALIKE = 0.7
#: Letters that a title must have to count as a part of a longer one.
SUBTITLE = 20
#: DOIs in one query.
DOIS = 50
#: How often a record is asked for before PubMed is taken to have none.
TRIES = 2


@dataclass
class LookupRun:
    """Asks PubMed about single records; every reply is kept in the journal, so that nothing is asked twice.

    Attributes
    ----------
    held : dict
        Records of PubMed by PMID: the hits of the search first, then what was looked up.
    taken : dict
        The record of the review that each PMID belongs to.
    """

    client: Client
    journal: Journal
    held: dict[str, PubmedRecord]
    taken: dict[str, str]
    lookups: list[Lookup] = field(default_factory=list)
    replies: list[ReplyRun] = field(default_factory=list)

    def run(self, records: Sequence[Record]) -> None:
        """Look up every record that is not among the hits."""
        known = [record for record in records if record.pmid]
        self._doubt([record for record in known if record.pmid in self.held])
        self._by_pmid([record for record in known if record.pmid not in self.held])
        open_records = [record for record in records if not record.pmid]
        for way in ("doi", "pmcid", "title"):
            open_records = self._by(way, open_records)
        for record in open_records:
            self.lookups.append(Lookup(record_id=record.id, pmid=None, by="none", note=_why_not(record)))
        self.lookups.sort(key=lambda item: item.record_id)

    def _doubt(self, records: Sequence[Record]) -> None:
        """Note hits that have another title than the review's record of that PMID."""
        for record in records:
            if record.pmid and (note := title_doubt(record, self.held[record.pmid])):
                self.lookups.append(Lookup(record_id=record.id, pmid=record.pmid, by="pmid", note=note))

    def _by_pmid(self, records: Sequence[Record]) -> None:
        self._fetch(record.pmid for record in records if record.pmid)
        for record in records:
            found = self.held.get(record.pmid or "")
            note = title_doubt(record, found) if found else f"PubMed gives no record of PMID {record.pmid}"
            self.lookups.append(Lookup(record_id=record.id, pmid=record.pmid if found else None, by="pmid", note=note))

    def _by(self, way: Way, records: Sequence[Record]) -> list[Record]:
        """Settle those that this way leads to; the others come back."""
        asked = self._candidates(way, records)
        self._fetch(pmid for pmids in asked.values() for pmid in pmids)
        left = []
        for record in records:
            same = [pmid for pmid in asked[record.id] if pmid in self.held and same_paper(way, record, self.held[pmid])]
            doubt = title_doubt(record, self.held[same[0]]) if len(same) == 1 else ""
            if doubt:
                note = f"its {way} leads to PMID {same[0]}, but {doubt}; if it is the paper, give the record that PMID"
                self.lookups.append(Lookup(record_id=record.id, pmid=None, by=way, note=note))
            elif len(same) == 1 and same[0] not in self.taken:
                self.taken[same[0]] = record.id
                self.lookups.append(Lookup(record_id=record.id, pmid=same[0], by=way))
            elif len(same) == 1:
                note = f"PMID {same[0]} is the same paper by {way}, and {self.taken[same[0]]} has it already"
                self.lookups.append(Lookup(record_id=record.id, pmid=None, by=way, note=note))
            else:
                left.append(record)
        return left

    def _candidates(self, way: Way, records: Sequence[Record]) -> dict[str, list[str]]:
        """PMIDs that may be the paper, by record: among what is held, else as PubMed answers."""
        held = defaultdict(list)
        for pmid, paper in self.held.items():
            if name := sign_of(way, paper.doi, paper.pmcid, title_of(paper)):
                held[name].append(pmid)
        near = {record.id: list(held.get(_sign(way, record), ())) for record in records}
        open_records = [record for record in records if not near[record.id]]
        if way == "doi":
            found = self._by_dois([record.doi for record in open_records if record.doi])
            return near | {record.id: found for record in open_records if record.doi}
        if way == "pmcid":
            return near | {record.id: self._linked(record.pmcid) for record in open_records if record.pmcid}
        return near | {record.id: self._titled(record.title) for record in open_records if record.title}

    def _by_dois(self, dois: Sequence[str]) -> list[str]:
        """What PubMed has of these DOIs; which is whose shows when the records are held."""
        found: list[str] = []
        for start in range(0, len(dois), DOIS):
            term = " OR ".join(f'"{doi}"[doi]' for doi in dois[start : start + DOIS])
            found += self._searched(term, DOIS + MOST_CANDIDATES)
        return found

    def _titled(self, title: str) -> list[str]:
        words = re.sub(r'["\[\]*]', " ", title).strip().rstrip(".")
        return self._searched(f'"{" ".join(words.split())}"[ti]', MOST_CANDIDATES) if words else []

    def _searched(self, term: str, most: int) -> list[str]:
        reply = read_search(self._kept("esearch", term, lambda: self.client.search(term, retmax=most).body))
        return list(reply.ids) if reply.count <= most else []

    def _linked(self, pmcid: str) -> list[str]:
        number = pmcid.removeprefix("PMC")

        def ask() -> bytes:
            return self.client.links([number], source_db="pmc", target_db="pubmed", name="pmc_pubmed").body

        sets = read_links(self._kept("elink", pmcid, ask)).sets
        links = (link for linked in sets for link in linked.links if link.target_db == "pubmed")
        return sorted({pmid for link in links for pmid in link.ids}, key=int)

    def _fetch(self, pmids: Iterable[str]) -> None:
        """Hold the records of these PMIDs, as far as PubMed gives them; what is missing is asked again."""
        wanted = sorted({pmid for pmid in pmids if pmid not in self.held}, key=int)
        for attempt in range(1, TRIES + 1):
            for start in range(0, len(wanted), BATCH):
                self._fetch_batch(wanted[start : start + BATCH], attempt)
            wanted = [pmid for pmid in wanted if pmid not in self.held]

    def _fetch_batch(self, batch: list[str], attempt: int) -> None:
        asked = f"{','.join(batch)}{f', attempt {attempt}' if attempt > 1 else ''}"
        body = self._kept("efetch", asked, lambda: self.client.fetch(batch).body)
        if not read_fetch(body).pmids:
            return
        given = parse_pubmed(io.BytesIO(body), "a reply of PubMed")
        for found in newest(item for item in given if isinstance(item, PubmedRecord)):
            if found.pmid in batch:
                self.held[found.pmid] = found

    def _kept(self, utility: str, asked: str, ask: Callable[[], bytes]) -> bytes:
        key = key_of("lookup", utility, asked)
        body = self.journal.read(key)
        if body is None:
            body = ask()
            self.journal.write(key, body)
        kept = ReplyDigest.of(utility, asked, body)
        self.replies.append(ReplyRun(utility=kept.utility, asked=kept.asked, sha256=kept.sha256, size=kept.size))
        return body


def same_paper(way: Way, record: Record, found: PubmedRecord) -> bool:
    """Whether a record of PubMed is beyond doubt the paper: same DOI or PMCID, or same title and a year that fits.

    A paper's year may differ by one between its electronic version and its issue.
    """
    name = _sign(way, record)
    same = bool(name) and name == sign_of(way, found.doi, found.pmcid, title_of(found))
    year = year_of(found)
    return same and (way != "title" or record.year is None or year is None or abs(record.year - year) <= 1)


def sign_of(way: Way, doi: str | None, pmcid: str | None, title: str | None) -> str:
    """What two records of one paper have in common in that way; empty where there is nothing."""
    if way == "title":
        return letters(title or "")
    return (doi or "").lower() if way == "doi" else pmcid or ""


def _sign(way: Way, record: Record) -> str:
    return sign_of(way, record.doi, record.pmcid, record.title)


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


def _why_not(record: Record) -> str:
    ways = [name for name in ("doi", "pmcid", "title") if getattr(record, name)]
    return f"nothing found by {', '.join(ways)}" if ways else "no DOI, PMCID or title to ask with"
