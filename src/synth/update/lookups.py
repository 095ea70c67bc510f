"""Records that no search brought, looked up in PubMed one by one: by PMID, DOI, PMCID, then exact title."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from synth.errors import IncompleteError, RefusedError
from synth.records import Record
from synth.records.citation import title_of
from synth.records.pubmed import PubmedRecord
from synth.records.pubmed_xml import parse_pubmed
from synth.records.same_paper import Way, same_paper, sign, sign_of, title_doubt
from synth.records.snapshot import newest
from synth.search.entrez import Client
from synth.search.fetching import Fetcher, Journal, Patience, ReplyDigest, key_of
from synth.search.manifest import Lookup, ReplyRun
from synth.search.replies import read_links, read_search

WAYS: tuple[Way, ...] = ("doi", "pmcid", "title")
#: More hits than this and a title is no title but a phrase.
MOST_CANDIDATES = 200
#: Records in one fetch.
BATCH = 200
#: DOIs in one query.
DOIS = 50


@dataclass
class LookupRun:
    """Asks PubMed about single records; every reply is kept in the journal, so that nothing is asked twice.

    Attributes
    ----------
    day : str
        Of the search; part of every key of the journal.
    held : dict
        Records of PubMed by PMID: the hits of the search first, then what was looked up.
    taken : dict
        The record of the review that each PMID belongs to.
    lookups, replies
        What came of it.
    """

    client: Client
    journal: Journal
    day: str
    held: dict[str, PubmedRecord]
    taken: dict[str, str]
    listen: Callable[[str], None]
    lookups: list[Lookup] = field(default_factory=list)
    replies: list[ReplyRun] = field(default_factory=list)
    why_not: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def run(self, records: Sequence[Record]) -> None:
        """Look up every record that is not among the hits."""
        known = [record for record in records if record.pmid]
        self._doubt([record for record in known if record.pmid in self.held])
        self._by_pmid([record for record in known if record.pmid not in self.held])
        open_records = [record for record in records if not record.pmid]
        for way in WAYS:
            open_records = self._by(way, open_records)
        for record in open_records:
            self._note(record, None, "none", "; ".join(self.why_not[record.id]) or _nothing(record))
        self.lookups.sort(key=lambda item: item.record_id)

    def _note(self, record: Record, pmid: str | None, by: str, note: str = "") -> None:
        self.lookups.append(Lookup.model_validate({"record_id": record.id, "pmid": pmid, "by": by, "note": note}))

    def _doubt(self, records: Sequence[Record]) -> None:
        """Note hits that have another title than the review's record of that PMID."""
        for record in records:
            if record.pmid and (note := title_doubt(record, self.held[record.pmid])):
                self._note(record, record.pmid, "pmid", note)

    def _by_pmid(self, records: Sequence[Record]) -> None:
        absent = self._fetch(record.pmid for record in records if record.pmid)
        for record in records:
            found = self.held.get(record.pmid or "")
            if found is not None:
                self._note(record, record.pmid, "pmid", title_doubt(record, found))
            elif record.pmid in absent:
                self._note(record, None, "pmid", f"PubMed has no record of PMID {record.pmid}{self._moved(record)}")
            else:
                self._note(record, None, "pmid", f"PubMed did not give the record of PMID {record.pmid}")

    def _moved(self, record: Record) -> str:
        """Where else the paper of a PMID that is gone may be."""
        for way in ("doi", "pmcid"):
            same = [pmid for pmid, found in self.held.items() if same_paper(way, record, found)]
            if same:
                return f"; its {way} is that of PMID {same[0]}: if that is the paper, give the record that PMID"
        return ""

    def _by(self, way: Way, records: Sequence[Record]) -> list[Record]:
        """Settle those that this way leads to; the others come back."""
        asked = self._candidates(way, records)
        self._fetch(pmid for pmids in asked.values() for pmid in pmids)
        left = []
        for record in records:
            near = [pmid for pmid in dict.fromkeys(asked[record.id]) if pmid in self.held]
            same = [pmid for pmid in near if same_paper(way, record, self.held[pmid])]
            if len(same) != 1:
                if len(same) > 1:
                    fitting = " and ".join(sorted(same, key=int))
                    self.why_not[record.id].append(f"PMIDs {fitting} both fit by {way}")
                left.append(record)
            else:
                self._settle(way, record, same[0])
        return left

    def _settle(self, way: Way, record: Record, pmid: str) -> None:
        doubt = title_doubt(record, self.held[pmid])
        if doubt:
            note = f"its {way} leads to PMID {pmid}, but {doubt}; if it is the paper, give the record that PMID"
            self._note(record, None, way, note)
        elif pmid in self.taken:
            self._note(
                record, None, way, f"PMID {pmid} is the same paper by {way}, and {self.taken[pmid]} has it already"
            )
        else:
            self.taken[pmid] = record.id
            self._note(record, pmid, way)

    def _candidates(self, way: Way, records: Sequence[Record]) -> dict[str, list[str]]:
        """PMIDs that may be the paper, by record: among what is held, else as PubMed answers."""
        held = defaultdict(list)
        for pmid, paper in self.held.items():
            if name := sign_of(way, paper.doi, paper.pmcid, title_of(paper)):
                held[name].append(pmid)
        near = {
            record.id: [pmid for pmid in held.get(sign(way, record), ()) if same_paper(way, record, self.held[pmid])]
            for record in records
        }
        open_records = [record for record in records if not near[record.id]]
        if way == "doi":
            found = self._by_dois([record for record in open_records if record.doi])
            return near | {record.id: found for record in open_records if record.doi}
        if way == "pmcid":
            return near | {record.id: self._linked(record, record.pmcid) for record in open_records if record.pmcid}
        return near | {record.id: self._titled(record, record.title) for record in open_records if record.title}

    def _by_dois(self, records: Sequence[Record]) -> list[str]:
        """What PubMed has of these DOIs; which is whose shows when the records are held."""
        found: list[str] = []
        for start in range(0, len(records), DOIS):
            batch = records[start : start + DOIS]
            together = self._searched(batch, " OR ".join(f'"{record.doi}"[doi]' for record in batch))
            if together is not None:
                found += together
                continue
            for record in batch:
                found += self._searched([record], f'"{record.doi}"[doi]') or []
        return found

    def _titled(self, record: Record, title: str) -> list[str]:
        words = re.sub(r'["\[\]*]', " ", title).strip().rstrip(".")
        if not words:
            return []
        found = self._searched([record], f'"{" ".join(words.split())}"[ti]')
        if found is None:
            self.why_not[record.id].append(f"more than {MOST_CANDIDATES} papers have these words in their titles")
        return found or []

    def _searched(self, records: Sequence[Record], term: str) -> list[str] | None:
        """What PubMed finds; None where that is too much to be one paper's."""
        body = self._kept(records, "esearch", term, lambda: self.client.search(term, retmax=MOST_CANDIDATES).body)
        if body is None:
            return []
        reply = read_search(body)
        return list(reply.ids) if reply.count <= MOST_CANDIDATES else None

    def _linked(self, record: Record, pmcid: str) -> list[str]:
        number = pmcid.removeprefix("PMC")

        def ask() -> bytes:
            return self.client.links([number], source_db="pmc", target_db="pubmed", name="pmc_pubmed").body

        body = self._kept([record], "elink", pmcid, ask)
        sets = read_links(body).sets if body is not None else ()
        links = (link for linked in sets for link in linked.links if link.target_db == "pubmed")
        return sorted({pmid for link in links for pmid in link.ids}, key=int)

    def _fetch(self, pmids: Iterable[str]) -> frozenset[str]:
        """Hold the records of these PMIDs; those come back of which PubMed itself says that there is none."""
        wanted = sorted({pmid for pmid in pmids if pmid not in self.held}, key=int)
        absent: set[str] = set()
        patience = Patience(self.client.policy, self.client.clock, self.listen)
        fetcher = Fetcher(self.client, self.journal, self.day, patience)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            # Which of them there are is a search of its own: a record that a fetch leaves out need not be gone.
            term = " OR ".join(f"{pmid}[uid]" for pmid in batch)
            body = self._kept((), "esearch", term, lambda term=term: self.client.search(term, retmax=BATCH).body)  # type: ignore[misc]
            there = set(read_search(body).ids) if body is not None else set(batch)
            absent.update(set(batch) - there)
            self._fetch_batch(fetcher, tuple(pmid for pmid in batch if pmid in there))
        return frozenset(absent)

    def _fetch_batch(self, fetcher: Fetcher, batch: tuple[str, ...]) -> None:
        if not batch:
            return
        try:
            for kept in fetcher.batch(batch):
                self.replies.append(ReplyRun.of(kept.digest))
                body = self.journal.read(kept.key) or b""
                given = parse_pubmed(io.BytesIO(body), "a reply of PubMed")
                records = newest(item for item in given if isinstance(item, PubmedRecord))
                self.held.update({record.pmid: record for record in records if record.pmid in batch})
        except IncompleteError as error:  # no hit of a search: what is missing is told, record by record
            self.listen(f"looking up records: {error}")

    def _kept(self, records: Sequence[Record], utility: str, asked: str, ask: Callable[[], bytes]) -> bytes | None:
        """The reply, from the journal or from PubMed; None, and a reason for these records, where PubMed refuses."""
        key = key_of("lookup", self.day, utility, asked)
        body = self.journal.read(key)
        if body is None:
            try:
                body = ask()
            except RefusedError as error:
                self.listen(str(error))
                for record in records:
                    self.why_not[record.id].append(f"PubMed refused {utility} of {asked[:80]}")
                return None
            self.journal.write(key, body)
        self.replies.append(ReplyRun.of(ReplyDigest.of(utility, asked, body)))
        return body


def _nothing(record: Record) -> str:
    ways = [name for name in WAYS if getattr(record, name)]
    return f"nothing found by {', '.join(ways)}" if ways else "no DOI, PMCID or title to ask with"
