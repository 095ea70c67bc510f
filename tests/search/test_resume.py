"""A retrieval that is killed at any moment goes on where it was, asks nothing twice, and ends with the same bytes."""

from __future__ import annotations

import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from retrieval_runs import QUERY, UNTIL, certificate, client_of, run, started

from eutils_server import EutilsServer, Fault, Seen, synthetic_corpus
from synth.search.fetching import key_of
from synth.store.journal import FileJournal

COUNT, BATCH, KILLS = 2_000, 50, 30
REQUESTS = 1 + COUNT // BATCH


def key_for(seen: Seen) -> str:
    """Under which key the reply to a request is kept."""
    if seen.utility == "esearch":
        return key_of("esearch", UNTIL.isoformat(), 0, QUERY, None, None)
    return key_of("efetch", UNTIL.isoformat(), *seen.params["id"].split(","))


def kill_when(process: BaseProcess, server: EutilsServer, requests: int, wait: float) -> None:
    """Kill a process so many seconds after the server has seen so many requests of it."""
    before = server.count()
    while server.count() < before + requests and process.is_alive():
        time.sleep(0.001)
    time.sleep(wait)
    process.kill()
    process.join()


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path: Path):
    chance = random.Random(20_261_122)
    slow = Fault("*", range(1, 1_000_000), "delay", seconds=0.004)
    with EutilsServer(synthetic_corpus(COUNT, seed=9), limits=None, faults=[slow]) as server:
        started(server.url, tmp_path, "warm", BATCH, limited=False).join()
        began = time.monotonic()
        started(server.url, tmp_path, "whole", BATCH, limited=False).join()
        lasted = time.monotonic() - began
        journal = FileJournal(tmp_path / "whole")
        expected = certificate(run(client_of(server.url, tmp_path), journal, batch=BATCH))
        whole = {path.name: path.read_bytes() for path in journal.folder.iterdir()}
        assert len(whole) == REQUESTS
        held = []
        for number in range(KILLS):
            process = started(server.url, tmp_path, f"run-{number}", BATCH, limited=False)
            kill_when(process, server, chance.randint(0, REQUESTS), chance.random() * 2 * lasted / REQUESTS)
            before = server.count()
            folder = tmp_path / f"run-{number}"
            kept = {path.stem for path in folder.glob("*.gz")}
            client = client_of(server.url, tmp_path)
            assert certificate(run(client, FileJournal(folder), batch=BATCH)) == expected
            assert client.requests == REQUESTS - len(kept)
            asked = [key_for(seen) for seen in server.log[before:]]
            assert kept.isdisjoint(asked)
            assert {f"{name}.gz" for name in kept.union(asked)} == set(whole)
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
            held.append(len(kept))
    # The moments lie all over the run.
    assert len(set(held)) >= KILLS // 3
    assert min(held) < REQUESTS // 4
    assert max(held) > REQUESTS * 3 // 4
