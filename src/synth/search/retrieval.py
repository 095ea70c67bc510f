"""Everything that PubMed finds for a query, each record once, with the proof; or an error that says what is missing.

First the ids: the query is asked for as it was typed, without dates, and its count is the promise. Where one reply
cannot hold that many ids, the search is cut into slices (see synth.search.slices), and the slices must hold together as
many different PMIDs as were promised. Counts that change in between are PubMed's own: it adds and withdraws records
while one asks. The ids are then asked for afresh, a few times. Records that entered PubMed after the last day of the
search belong to the result if the query finds them; the day keeps a search apart from that of another day.

Then the records, in batches of PMIDs, each batch exactly as asked (see synth.search.fetching). Every accepted reply is
in the journal before the next request is sent, and nothing that is there is asked for again. What results depends on
PubMed's replies alone: not on the time, the account, faults that passed, or how often the run was interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from synth.errors import IncompleteError, ParameterError, SearchError
from synth.search.fetching import Fetcher, Journal, Listen, Patience, ReplyDigest, Source, key_of, stored
from synth.search.policy import Clock, Policy
from synth.search.replies import SearchReply, read_search
from synth.search.slices import LIMIT, Part, Slice, cover, entire

__all__ = ["Journal", "ReplyDigest", "Retrieval", "Slice", "Source", "retrieve"]


@dataclass(frozen=True)
class Retrieval:
    """The records of a query, with the certificate.

    Attributes
    ----------
    query : str
        As typed.
    translation, warnings
        How PubMed says that it read the whole query, and what it remarked.
    hits : int
        Records that PubMed promised for the query as typed; as many PMIDs are held.
    slices : tuple of Slice
        Their counts add up to the hits.
    pmids : tuple of str
        Ascending by number.
    replies : tuple of ReplyDigest
        Every reply that the result rests on, in the order in which they were asked for.
    """

    query: str
    translation: str
    warnings: tuple[str, ...]
    hits: int
    slices: tuple[Slice, ...]
    pmids: tuple[str, ...] = field(repr=False)
    replies: tuple[ReplyDigest, ...] = field(repr=False)
    _journal: Journal = field(repr=False, compare=False)
    _kept: tuple[tuple[str, ReplyDigest], ...] = field(repr=False, compare=False)

    def bodies(self) -> Iterator[bytes]:
        """Replies of efetch as they came, one after the other from the journal; PMIDs ascend from reply to reply.

        Raises
        ------
        SearchError
            A reply has been lost since it was accepted.
        """
        for key, digest in self._kept:
            body = self._journal.read(key)
            if body is None or hashlib.sha256(body).hexdigest() != digest.sha256:
                raise SearchError(
                    f"{digest.utility} of {digest.asked}: the reply is no longer as it was kept; run the search again"
                )
            yield body


def retrieve(
    client: Source,
    query: str,
    journal: Journal,
    *,
    until: date,
    since: date | None = None,
    batch: int = 200,
    listen: Listen | None = None,
    policy: Policy | None = None,
    clock: Clock | None = None,
) -> Retrieval:
    """Everything that PubMed finds for a query.

    Parameters
    ----------
    client : Client
        Sends the requests.
    query : str
        As PubMed's own search box takes it.
    journal : Journal
        Where replies are kept; a run that was interrupted goes on from there if `until` and `batch` are the same.
    until : date
        The day of the search; entry dates are cut up to it.
    since : date, optional
        Only what entered PubMed on that day or later.
    batch : int
        Records in one request, 1 to 9,999.
    listen : callable, optional
        Told in a line of text how far it is, and what is asked for again.
    policy, clock : optional
        The waits before something is asked for again because a whole, sound reply was not what was asked for; those of
        the client are for replies that are not sound.

    Raises
    ------
    IncompleteError
        What PubMed gives is not what it promised, also when asked again. The next run asks for the ids afresh.
    SearchError
        PubMed does not answer as promised, or the journal cannot keep a reply. The next run goes on from there.
    """
    if not query.strip():
        raise ParameterError("the query is empty")
    if not 1 <= batch <= LIMIT:
        raise ParameterError(f"batch is {batch}; 1 to {LIMIT} records can be asked for at once")
    patience = Patience(policy or Policy(), clock or Clock(), listen or _silent)
    return _Run(client, query, journal, until, since, batch, patience).result()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search for the ids came to: the reply to the query as typed, the slices, and all replies in order."""

    whole: SearchReply
    slices: tuple[Slice, ...]
    pmids: tuple[str, ...]
    replies: tuple[ReplyDigest, ...]


@dataclass(slots=True)
class _Run:
    """One retrieval. A turn is one search for the ids; its replies have keys of their own in the journal."""

    client: Source
    query: str
    journal: Journal
    until: date
    since: date | None
    batch: int
    patience: Patience

    def result(self) -> Retrieval:
        """Search and fetch, afresh where PubMed changed in between."""
        since = self.since.isoformat() if self.since else None
        key = key_of("turn", self.until.isoformat(), since, self.query)
        turn, attempt = int(self.journal.read(key) or b"0"), 0
        while True:
            try:
                return self._fetched(self._found(turn))
            except IncompleteError as error:
                turn, attempt = turn + 1, attempt + 1
                # Also where this was the last attempt: the next run is to ask afresh, and not to fail from the journal.
                self.journal.write(key, str(turn).encode())
                if not self.patience.again(attempt, f"the search failed: {error}"):
                    raise

    def _found(self, turn: int) -> _Found:
        """The ids, proved."""
        replies: list[ReplyDigest] = []

        def ask(part: Part) -> SearchReply:
            reply = self._searched(part, turn)
            replies.append(ReplyDigest.of("esearch", part.label, reply.body))
            return reply

        whole = ask(entire(self.since))
        slices: list[Slice] = []
        pmids: list[str] = []
        for found, ids in cover(ask, whole, self.until, self.since):
            slices.append(found)
            pmids += ids
        held = "1 slice that holds them all" if len(slices) == 1 else f"{len(slices)} slices that hold them all"
        self.patience.listen(f"{whole.count} records promised, in {held}")
        return _Found(whole, tuple(slices), tuple(sorted(pmids, key=int)), tuple(replies))

    def _searched(self, part: Part, turn: int) -> SearchReply:
        term, (mindate, maxdate) = part.term(self.query), part.dates
        key = key_of("esearch", self.until.isoformat(), turn, term, mindate, maxdate)
        reply = stored(self.journal, key, read_search, self.patience.listen)
        if reply is None:
            reply = self.client.search(term, mindate=mindate, maxdate=maxdate)
            self.journal.write(key, reply.body)
        return reply

    def _fetched(self, found: _Found) -> Retrieval:
        """The records of these ids."""
        fetcher = Fetcher(self.client, self.journal, self.until.isoformat(), self.patience)
        kept: list[tuple[str, ReplyDigest]] = []
        held = 0
        for start in range(0, len(found.pmids), self.batch):
            for reply in fetcher.batch(found.pmids[start : start + self.batch]):
                kept.append((reply.key, reply.digest))
                held += len(reply.pmids)
            self.patience.listen(f"{held} of {len(found.pmids)} records")
        return Retrieval(
            query=self.query,
            translation=found.whole.translation,
            warnings=found.whole.warnings,
            hits=found.whole.count,
            slices=found.slices,
            pmids=found.pmids,
            replies=(*found.replies, *(digest for _, digest in kept)),
            _journal=self.journal,
            _kept=tuple(kept),
        )


def _silent(_line: str) -> None:
    """Nobody listens."""
