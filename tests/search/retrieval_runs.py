"""Retrievals over real HTTP, as the tests of this folder run them: in this process, or in one that can be killed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from synth.search.entrez import Account, Client
from synth.search.policy import Clock, Policy
from synth.search.retrieval import Journal, Retrieval, retrieve
from synth.search.slots import Slots
from synth.store.journal import FileJournal

KEY = "invented-key-that-nobody-may-see-4711"
QUERY = "all[sb]"
UNTIL = date(2026, 11, 22)
PATIENT = Policy(attempts=8, first_wait=0.001, longest_wait=0.002, total_wait=60.0, timeout=5.0)


class QuickClock(Clock):
    """Waits pass at once, and count as time."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> float:
        return super().now() + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def client_of(url: str, folder: Path, **options: Any) -> Client:
    """A client with a marked key that may send as fast as it can; `folder` is for the slots of its requests."""
    wanted = {"slots": Slots(folder / "slots", 8, rest=0.0), "policy": PATIENT, "clock": QuickClock(), **options}
    return Client(Account("tests@example.org", KEY), address=url, **wanted)


def run(
    client: Client,
    journal: Journal,
    *,
    batch: int = 20,
    query: str = QUERY,
    listen: Callable[[str], None] | None = None,
) -> Retrieval:
    """Everything the server has for the query."""
    return retrieve(client, query, journal, until=UNTIL, batch=batch, listen=listen, policy=PATIENT, clock=QuickClock())


def certificate(retrieval: Retrieval) -> str:
    """All that a retrieval says, and the hash of all its bodies one after the other."""
    said = {name: getattr(retrieval, name) for name in ("query", "translation", "warnings", "hits", "pmids")}
    bodies = hashlib.sha256(b"".join(retrieval.bodies())).hexdigest()
    slices = [[piece.label, piece.count] for piece in retrieval.slices]
    return json.dumps({**said, "slices": slices, "replies": list(map(asdict, retrieval.replies)), "bodies": bodies})


def in_another_process(url: str, folder: Path, name: str, batch: int, *, limited: bool) -> None:
    """Retrieve with a journal in the folder, and leave the certificate and the number of requests beside it.

    With `limited` the rate is that of the key on this machine, shared through the folder of slots.
    """
    slots = Slots.of_key(KEY, {"SYNTH_SLOTS": str(folder / "slots")}) if limited else Slots(folder / "free", 8, 0.0)
    client = client_of(url, folder, slots=slots)
    retrieval = run(client, FileJournal(folder / name), batch=batch)
    said = {"certificate": certificate(retrieval), "requests": client.requests}
    (folder / f"{name}.json").write_text(json.dumps(said), encoding="utf-8")


def started(*arguments: Any, **options: Any) -> multiprocessing.process.BaseProcess:
    """A process of its own that retrieves; forked from one that has imported everything and holds no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["synth.search.entrez", "synth.search.retrieval", "synth.store.journal", __name__])
    process = context.Process(target=in_another_process, args=arguments, kwargs=options)
    process.start()
    return process
