"""Records by their PMIDs: every batch exactly as asked, from the journal where it is there, else from PubMed.

A reply counts when it holds the PMIDs asked for, each once, and no other. A PMID may stand twice only as two different
versions of one record. A reply that lacks records is asked for again as a whole, so that a passing fault leaves no
trace in the certificate; where PubMed goes on leaving some out, the reply is kept and those alone are asked for.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lxml import etree

from synth.errors import IncompleteError, RequestError
from synth.search.policy import Clock, Policy, Trouble, duration
from synth.search.replies import FetchReply, SearchReply, read_fetch
from synth.search.slices import named

#: How often a reply that is not what was asked for is asked for again in all, and how many parts a batch may come in.
TRIES = 3

Listen = Callable[[str], None]
Reply = TypeVar("Reply")


class Journal(Protocol):
    """Replies that have come, by a key made from the request."""

    def read(self, key: str) -> bytes | None:
        """The body as it was written; None where there is none, or where it is damaged."""

    def write(self, key: str, body: bytes) -> None:
        """Keep a body; once this returns, nothing that ends the process loses it. Raises SearchError if it cannot."""


class Source(Protocol):
    """What is needed of the client."""

    def search(self, term: str, *, mindate: str | None = None, maxdate: str | None = None) -> SearchReply:
        """Ids of the records that match a query."""

    def fetch(self, pmids: Sequence[str]) -> FetchReply:
        """The records of some PMIDs."""


@dataclass(frozen=True, slots=True)
class ReplyDigest:
    """A reply that was accepted.

    Attributes
    ----------
    utility : str
        esearch or efetch.
    asked : str
        The slice in words, or the first and last PMID with how many there are.
    sha256 : str
        Of the body as it came.
    size : int
        Bytes of the body.
    """

    utility: str
    asked: str
    sha256: str
    size: int

    @classmethod
    def of(cls, utility: str, asked: str, body: bytes) -> ReplyDigest:
        """The digest of a body."""
        return cls(utility, asked, hashlib.sha256(body).hexdigest(), len(body))


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply of efetch in the journal: its key, its digest and the records in it."""

    key: str
    digest: ReplyDigest
    pmids: frozenset[str]


def key_of(*request: str | int | None) -> str:
    """Name of a reply in the journal: the utility and a hash of everything that was asked, the account apart."""
    return f"{request[0]}-{hashlib.sha256(json.dumps(request).encode()).hexdigest()}"


def stored(journal: Journal, key: str, read: Callable[[bytes], Reply], listen: Listen) -> Reply | None:
    """A reply from the journal; None where there is none that can be read."""
    body = journal.read(key)
    if body is None:
        return None
    try:
        return read(body)
    except RequestError as error:
        listen(f"the journal has {error} in {key}; it is asked for again")
        return None


@dataclass(frozen=True, slots=True)
class Patience:
    """The waits before something is asked for again, and who is told of them."""

    policy: Policy
    clock: Clock
    listen: Listen

    def again(self, attempt: int, why: str) -> bool:
        """Wait after an attempt, counted from 1; False, and no wait, where it was the last one."""
        wait = self.policy.wait(Trouble(why, TRIES), attempt, 0.0, self.clock.chance())
        if isinstance(wait, str):
            return False
        self.listen(f"{why}; asked again in {duration(wait)}")
        self.clock.sleep(wait)
        return True


class Fetcher:
    """Fetches batches of records.

    Parameters
    ----------
    source, journal
        Where replies come from, and where they are kept.
    day : str
        Part of every key: records change, and what was fetched for another day's search is not taken for this one's.
    patience : Patience
        Waits before a reply that is not what was asked for is asked for again.
    """

    def __init__(self, source: Source, journal: Journal, day: str, patience: Patience) -> None:
        self._source, self._journal, self._day, self._patience = source, journal, day, patience

    def batch(self, pmids: tuple[str, ...]) -> Iterator[Kept]:
        """The replies that together hold a batch: one, unless PubMed goes on leaving out records of it.

        Raises
        ------
        IncompleteError
            Records of it did not come, or others did; with their PMIDs.
        """
        left = pmids
        for _ in range(TRIES):
            kept = self._kept(left) or self._asked(left)
            if kept is None:
                break
            yield kept
            left = tuple(pmid for pmid in left if pmid not in kept.pmids)
            if not left:
                return
        raise IncompleteError(
            f"PubMed promised {named(left)} and does not give {'it' if len(left) == 1 else 'them'}", missing=left
        )

    def _kept(self, asked: tuple[str, ...]) -> Kept | None:
        """What the journal has of a request."""
        key = key_of("efetch", self._day, *asked)
        reply = stored(self._journal, key, read_fetch, self._patience.listen)
        return None if reply is None or surplus_of(reply, asked) else self._digest(key, asked, reply)

    def _asked(self, asked: tuple[str, ...]) -> Kept | None:
        """A reply with these records and no other, kept; with some of them if PubMed gives no more, None if none."""
        reply = self._answered(asked)
        if surplus := surplus_of(reply, asked):
            raise IncompleteError(
                f"efetch of {_span(asked)}: PubMed gives {named(surplus)} unasked or more than once", surplus=surplus
            )
        if not reply.pmids:
            return None
        key = key_of("efetch", self._day, *asked)
        self._journal.write(key, reply.body)
        return self._digest(key, asked, reply)

    def _answered(self, asked: tuple[str, ...]) -> FetchReply:
        """The first reply that holds exactly these records, or the last one."""
        for attempt in itertools.count(1):
            reply = self._source.fetch(asked)
            missing = sorted(set(asked).difference(reply.pmids), key=int)
            surplus = surplus_of(reply, asked)
            if not missing and not surplus:
                break
            wrong = " and ".join(
                f"{word} {named(pmids)}" for word, pmids in (("without", missing), ("with surplus", surplus)) if pmids
            )
            if not self._patience.again(attempt, f"efetch of {_span(asked)}: a reply {wrong}"):
                break
        return reply

    @staticmethod
    def _digest(key: str, asked: tuple[str, ...], reply: FetchReply) -> Kept:
        return Kept(key, ReplyDigest.of("efetch", _span(asked), reply.body), frozenset(reply.pmids))


def surplus_of(reply: FetchReply, asked: Sequence[str]) -> list[str]:
    """PMIDs in a reply that nobody asked for, or that stand there twice in the same version; sorted by number."""
    found = set(reply.pmids).difference(asked)
    if len(set(reply.pmids)) != len(reply.pmids):
        found.update(pmid for (pmid, _), count in Counter(_versions(reply.body)).items() if count > 1)
    return sorted(found, key=int)


def _versions(body: bytes) -> list[tuple[str, str]]:
    """PMID and version of each record of a reply."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    root = etree.fromstring(body, parser)
    found = [*root.findall("PubmedArticle/MedlineCitation/PMID"), *root.findall("PubmedBookArticle/BookDocument/PMID")]
    return [((item.text or "").strip(), item.get("Version", "1")) for item in found]


def _span(pmids: Sequence[str]) -> str:
    """Which PMIDs were asked for, as a certificate says it."""
    if len(pmids) == 1:
        return f"PMID {pmids[0]}"
    return f"PMID {pmids[0]} to {pmids[-1]} ({len(pmids)} ids)"
