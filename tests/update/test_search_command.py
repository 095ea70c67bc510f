"""`synth search` as a user runs it: in a process of its own, against the invented PubMed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from invented_pubmed import KEY, Searching

from eutils_faults import Fault

COMMAND = [sys.executable, "-c", "from synth.cli import main; main()", "search"]


def run(searching: Searching, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the project's folder, with an account and the address of the invented PubMed."""
    known = {
        "NCBI_EMAIL": "nobody@example.org",
        "NCBI_API_KEY": KEY,
        "SYNTH_EUTILS_URL": searching.server.url,
        "SYNTH_SLOTS": str(searching.slots),
    }
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=searching.root,
        env={**os.environ, **known, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_live_the_snapshots_are_replayed_and_nobody_is_asked(searching: Searching):
    done = run(searching)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "  2026-11-22-public-pages: public pages, other methods, 47 records held; hash right",
        "evidence/ifi: 1 snapshot, 47 records; records/records.jsonl unchanged.",
        "PubMed has not been searched: synth search --live does it.",
    ]
    assert searching.server.log == []


def test_a_live_search_and_its_key_in_no_output(searching: Searching):
    # A reply that echoes the key, as NCBI's own does when too much is asked, and a page of errors.
    searching.server.faults.append(Fault(on="esearch", at=2, kind="json_error"))
    searching.server.faults.append(Fault(on="efetch", at=1, kind="html"))
    searching.server.faults.append(Fault(on="elink", at=range(2, 100), kind="status", code=503))
    failed = run(searching, "--live")
    assert failed.returncode == 1
    assert "elink" in failed.stderr
    searching.server.faults.clear()
    done = run(searching, "--live")
    assert done.returncode == 0, done.stderr
    assert "continuing the search" in done.stderr
    assert "4 records found and held" in done.stdout
    assert {seen.key for seen in searching.server.log} == {KEY}
    for text in (failed.stdout, failed.stderr, done.stdout, done.stderr):
        assert KEY not in text
    everything = [path for folder in (searching.root, searching.slots) for path in folder.rglob("*") if path.is_file()]
    assert len(everything) > 40
    for path in everything:
        assert KEY not in path.name
        assert KEY.encode() not in unpacked(path)


def unpacked(path: Path) -> bytes:
    """What a file holds, gzip opened."""
    import gzip

    content = path.read_bytes()
    if b"\x1f\x8b" in content:
        # The replies are kept behind a line of their own hash or as plain gzip; both forms are searched.
        start = content.find(b"\x1f\x8b")
        return content + gzip.decompress(content[start:])
    return content


def test_a_dry_run_counts_and_fetches_nothing(searching: Searching):
    before = searching.files()
    done = run(searching, "--live", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "  main: 4 hits" in done.stdout
    assert "Nothing was fetched or written." in done.stdout
    assert searching.asked() == ["esearch"]
    assert searching.files() == before


def test_a_dry_run_without_live_asks_nobody(searching: Searching):
    done = run(searching, "--dry-run", NCBI_EMAIL="")
    assert done.returncode == 0, done.stderr
    assert "hits not known" in done.stdout
    assert searching.server.log == []


def test_the_estimate_of_a_dry_run_is_not_exceeded(searching: Searching):
    said = next(line for line in run(searching, "--live", "--dry-run").stdout.splitlines() if line.startswith("About "))
    before = len(searching.server.log)
    assert run(searching, "--live").returncode == 0
    assert len(searching.server.log) - before <= int(said.split()[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--live", "--since", "22.11.2026"), "--since: '22.11.2026' is no date"),
        (("--live", "--since", "2999-01-01"), "since: 2999-01-01 is later than today"),
        (("--since", "2026-01-01"), "--since and --restart belong to a search of PubMed: add --live"),
        (("bcg", "--live"), "evidence/bcg/protocol.yml plans no search"),
        (("nobody", "--live"), "no review 'nobody'"),
    ],
)
def test_options_that_cannot_be(searching: Searching, arguments: tuple[str, ...], message: str):
    done = run(searching, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_live_needs_an_address(searching: Searching):
    done = run(searching, "--live", NCBI_EMAIL="")
    assert done.returncode == 1
    assert done.stderr.startswith("NCBI_EMAIL is not set")
