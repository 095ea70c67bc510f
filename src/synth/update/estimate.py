"""What a search would cost: how many requests, and about how long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from synth.records import Records
from synth.search.entrez import Client
from synth.search.slices import LIMIT, entire
from synth.search.slots import WITH_KEY, WITHOUT_KEY
from synth.store import read_review
from synth.update.lookups import BATCH, DOIS
from synth.update.run import planned


@dataclass(frozen=True)
class Estimate:
    """What a search would ask.

    Attributes
    ----------
    hits : tuple of (strategy, hits or None)
        None where PubMed was not asked for the count.
    lookups : int
        Requests for records of the review, at most.
    requests : int or None
        In all, at most about so many; None where the hits are not known.
    seconds : float or None
        About, at the pace of the counting requests and of what PubMed allows.
    """

    hits: tuple[tuple[str, int | None], ...]
    lookups: int
    requests: int | None
    seconds: float | None


def estimate(
    root: Path,
    review: str,
    client: Client | None,
    *,
    today: date,
    since: date | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Estimate:
    """What a search of a review would ask; with a client, PubMed is asked for the hits of each strategy.

    Raises
    ------
    ParameterError
        If the protocol plans no strategy.
    RequestError
        If PubMed does not answer.
    """
    files = read_review(root, review)
    strategies = planned(files, today, since)
    lookups = lookups_of(files.records)
    if client is None:
        return Estimate(tuple((item.id, None) for item in strategies), lookups, None, None)
    began = clock()
    first, last = entire(since).dates
    counted = [(item.id, client.search(item.query, mindate=first, maxdate=last, retmax=0).count) for item in strategies]
    each = max((clock() - began) / len(counted), 1 / (WITH_KEY if client.account.key else WITHOUT_KEY))
    requests = lookups + sum(requests_of(hits) for _, hits in counted)
    return Estimate(tuple(counted), lookups, requests, requests * each)


def lookups_of(records: Records) -> int:
    """Requests for records that are no hits, at most: one for each way to each record, and the fetches."""
    open_records = [item for item in records if not item.pmid]
    ways = sum(bool(item.pmcid) + bool(item.title) for item in open_records)
    dois = math.ceil(sum(bool(item.doi) for item in open_records) / DOIS)
    # For what has a PMID, and for what each of the three ways leads to: which there are, and the records themselves.
    fetches = 2 * math.ceil((len(records) - len(open_records)) / BATCH) + (6 if open_records else 0)
    return ways + dois + fetches


def requests_of(hits: int) -> int:
    """Requests for so many hits: searches of the slices that they must be cut into, and fetches."""
    slices = 1 if hits <= LIMIT else 2 * math.ceil(hits / LIMIT) + math.ceil(math.log2(hits / LIMIT)) + 4
    return slices + math.ceil(hits / BATCH)
