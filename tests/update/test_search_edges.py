"""What must not happen after a search: a review that cannot be opened, a false word, a lost or doubled search."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from invented_pubmed import (
    AOTT,
    BARROS,
    MATCHES,
    MOHOREA,
    MOHOREA_DOI,
    NEW,
    SECOND,
    TODAY,
    WILSON,
    WILSON_TITLE,
    Searching,
    by_author,
    project,
)

from eutils_faults import Fault
from eutils_synthetic import invented_record
from synth.errors import ParameterError, SearchError
from synth.review import Review
from synth.store import check, runs
from synth.store.snapshots import digest_of
from synth.update import words
from synth.update.replay import replay

NAME = "2026-11-23-pubmed"


def faults(searching: Searching) -> list[str]:
    return [str(fault) for fault in check(searching.root, "ifi") if not fault.warning]


def with_doi(pmid: int, doi: bytes, **more: str) -> bytes:
    return invented_record(pmid, **more).replace(b"10.55555/invented.%d" % pmid, doi)  # type: ignore[arg-type]


def test_two_papers_of_pubmed_with_one_doi_are_worth_a_look_and_no_fault(searching: Searching):
    doi = b"10.55555/one.for.two"
    searching.server.corpus.add(
        with_doi(NEW, doi, title=f"{MATCHES} seen"), with_doi(SECOND, doi, title=f"{MATCHES} two")
    )
    searching.search()
    assert faults(searching) == []
    message = f"10.55555/one.for.two is the doi of 'pmid{NEW}' already; are they one report?"
    assert [fault.message for fault in check(searching.root, "ifi") if "one report" in fault.message] == [message]


def test_a_pmid_that_is_gone_and_whose_paper_has_another_is_for_a_person(searching: Searching):
    searching.server.corpus.remove(AOTT)
    searching.server.corpus.add(with_doi(NEW, b"10.1016/j.aott.2017.11.006", title=f"{MATCHES} seen"))
    found = searching.search()
    notes = {item.record_id: item.note for item in found.snapshot.manifest.lookups}
    assert notes["aott2018"] == (
        f"PubMed has no record of PMID {AOTT}; its doi is that of PMID {NEW}: "
        "if that is the paper, give the record that PMID"
    )
    assert faults(searching) == []
    assert Review("ifi", searching.root).records["aott2018"].pmid == str(AOTT)


def test_a_control_sign_in_a_title_is_left_out(searching: Searching):
    xml = invented_record(NEW, title=f"{MATCHES} SIGN seen").replace(b"SIGN", "\x96".encode())
    searching.server.corpus.add(xml)
    searching.search()
    assert faults(searching) == []
    assert Review("ifi", searching.root).records[f"pmid{NEW}"].title == f"{MATCHES} seen"


def gather(searching: Searching, name: str, day: date, **changes: object) -> None:
    """A gathering by hand: one record, like hatem2015 but for some fields."""
    text = (searching.folder / "records" / "records.jsonl").read_text(encoding="utf-8")
    line = next(json.loads(line) for line in text.splitlines() if json.loads(line)["id"] == "hatem2015")
    record = json.dumps({**line, "doi": None, **changes}, ensure_ascii=False) + "\n"
    folder = searching.folder / "search" / name
    folder.mkdir()
    (folder / "records.jsonl").write_text(record, encoding="utf-8")
    manifest = {
        "format": 2,
        "date": str(day),
        "source": "invented",
        "found_by": "other methods",
        "held": 1,
        "record_ids": [changes["id"]],
        "records_sha256": digest_of(record),
        "note": "Invented.",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with (searching.folder / "screening" / "decisions" / "software-a.csv").open("a", encoding="utf-8") as log:
        log.write(f"{changes['id']},eligibility,exclude,another disease,2026-11-23\n")
    replay(searching.root, "ifi")


@pytest.mark.parametrize("name", ["2026-11-23-aaa", "2026-11-23-web"])
def test_a_gathering_of_the_day_of_the_search_fits_whatever_its_name(searching: Searching, name: str):
    gather(searching, name, TODAY, id="gathered1", pmid=str(NEW), title=f"{MATCHES} seen")
    found = searching.search()
    assert faults(searching) == []
    assert found.added == (f"pmid{SECOND}",)
    assert Review("ifi", searching.root).records["gathered1"].status == "current"
    assert not replay(searching.root, "ifi").written


def test_a_gathering_made_while_a_search_is_unfinished_fits_too(searching: Searching):
    searching.server.faults.append(Fault(on="efetch", at=range(1, 100), kind="status", code=500))
    with pytest.raises(SearchError):
        searching.search()
    searching.server.faults.clear()
    day = TODAY + timedelta(days=1)
    gather(searching, f"{day}-web", day, id="gathered1", pmid=str(NEW), title=f"{MATCHES} seen")
    assert searching.search(day).snapshot.manifest.date == TODAY
    assert faults(searching) == []


def test_the_tenth_search_of_a_day_is_later_than_the_second(searching: Searching):
    for _ in range(10):
        searching.search()
    notes = (("RetractionIn", 30000060),)
    searching.server.corpus.add(invented_record(NEW, title=f"{MATCHES} seen", notes=notes))
    assert searching.search().snapshot.name == f"{NAME}-11"
    assert faults(searching) == []
    assert not replay(searching.root, "ifi").written
    assert Review("ifi", searching.root).records[f"pmid{NEW}"].status == "retracted"


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (invented_record(BARROS, title="Impacto extra-articular do quadril", entered="2018/03/01"), "another author"),
        (
            by_author(
                invented_record(BARROS, title="Impacto extra-articular do quadril", entered="2001/03/01"), b"Barros"
            ),
            "year",
        ),
    ],
)
def test_a_title_alone_does_not_make_it_the_paper(searching: Searching, record: bytes, why: str):
    searching.server.corpus.add(record)
    notes = {item.record_id: item.note for item in searching.search().snapshot.manifest.lookups}
    assert notes["barros2018"] == "nothing found by title", why


def test_a_wrong_lookup_is_corrected_by_giving_the_record_its_pmid(searching: Searching):
    """mohorea2026 was resolved to one paper; a person says that it is another one."""
    searching.search()
    snapshot = searching.folder / "search" / "2026-11-22-public-pages"
    text = (snapshot / "records.jsonl").read_text(encoding="utf-8")
    new = text.replace('{"id": "mohorea2026", "pmid": null', '{"id": "mohorea2026", "pmid": "39999999"')
    assert new != text
    (snapshot / "records.jsonl").write_text(new, encoding="utf-8")
    manifest = (snapshot / "manifest.json").read_text(encoding="utf-8")
    (snapshot / "manifest.json").write_text(manifest.replace(digest_of(text), digest_of(new)), encoding="utf-8")
    replay(searching.root, "ifi")
    records = Review("ifi", searching.root).records
    assert (records["mohorea2026"].pmid, records["mohorea2026"].status) == ("39999999", "unknown")
    assert records[f"pmid{MOHOREA}"].doi == MOHOREA_DOI.decode()


def test_several_papers_that_fit_are_named_and_too_many_counted(searching: Searching):
    corpus = searching.server.corpus
    corpus.add(
        by_author(
            invented_record(31000001, title="Impacto extra-articular do quadril", entered="2018/03/01"), b"Barros"
        )
    )
    notes = {item.record_id: item.note for item in searching.search().snapshot.manifest.lookups}
    assert notes["barros2018"] == f"PMIDs {BARROS} and 31000001 both fit by title"
    corpus.add(
        *(invented_record(32000000 + number, title="Impacto extra-articular do quadril") for number in range(210))
    )
    # A gathering that no earlier search has resolved.
    notes = {item.record_id: item.note for item in searching.search().snapshot.manifest.lookups}
    assert notes["barros2018"] == "more than 200 papers have these words in their titles"


def test_a_record_that_a_fetch_leaves_out_is_not_said_to_be_gone(searching: Searching):
    searching.search()
    searching.server.corpus.add(
        invented_record(WILSON, title="An invented title without that word", entered="2016/08/01")
    )
    searching.server.faults.append(Fault(on="efetch", at=range(4, 8), kind="missing"))
    found = searching.search(TODAY + timedelta(days=1))
    assert "no longer in PubMed" not in "\n".join(words.told_update(found))
    assert [(item.pmid, item.reason) for item in found.comparison.gone] == [(str(WILSON), "changed")]


def test_a_lookup_that_is_refused_does_not_stop_the_search(searching: Searching):
    searching.server.faults.append(Fault(on="elink", at=range(1, 100), kind="status", code=400))
    notes = {item.record_id: item.note for item in searching.search().snapshot.manifest.lookups}
    assert notes["pmc4078463"] == "PubMed refused elink of PMC4078463"


def test_a_retracted_study_is_told_on_the_first_search_and_a_retracted_newcomer_later(searching: Searching):
    notes = (("RetractionIn", 30000060),)
    searching.server.corpus.add(invented_record(WILSON, title=WILSON_TITLE, entered="2016/08/01", notes=notes))
    assert "STATUS wilson2016: retracted (before: unknown)" in list(words.told_update(searching.search()))
    searching.server.corpus.add(invented_record(30000091, title=f"{MATCHES} late", entered="2026/11/24", notes=notes))
    said = list(words.told_update(searching.search(TODAY + timedelta(days=3))))
    assert "STATUS pmid30000091: retracted (before: not held)" in said
    assert not [line for line in said if line.startswith("STATUS wilson2016")]


def test_update_searches_give_no_false_reasons(searching: Searching):
    searching.search()
    corpus = searching.server.corpus
    corpus.add(invented_record(30000050, title=f"{MATCHES} later", entered="2026/11/24"))
    searching.search(TODAY + timedelta(days=5), since=TODAY)
    corpus.add(invented_record(30000051, title=f"{MATCHES} last", entered="2026/11/30"))
    found = searching.search(TODAY + timedelta(days=9))
    assert [(item.pmid, item.reason) for item in found.comparison.new] == [
        ("30000051", "entered PubMed since the last search")
    ]
    assert [(item.before, item.now) for item in found.comparison.counts] == [(4, 6)]
    with pytest.raises(
        ParameterError, match="since: 2026-12-03 is later than the last search, 2026-12-02; what entered in"
    ):
        searching.search(TODAY + timedelta(days=20), since=TODAY + timedelta(days=10))


def test_a_full_search_after_an_update_search_alone(searching: Searching):
    searching.search(since=date(2025, 1, 1))
    found = searching.search(TODAY + timedelta(days=1))
    assert {item.reason for item in found.comparison.new} == {"not asked for before"}


def test_no_hits_are_no_bars(searching: Searching):
    protocol = searching.folder / "protocol.yml"
    text = protocol.read_text(encoding="utf-8")
    start = text.index('      ("ischiofemoral impingement"[tiab]')
    end = text.index("    note:", start)
    protocol.write_text(text[:start] + "      zzzz[tiab]\n" + text[end:], encoding="utf-8")
    assert searching.search().snapshot.manifest.held == 0
    assert repr(Review("ifi", searching.root).years()) == "No records."


def test_a_search_that_was_interrupted_while_it_was_published_is_not_made_twice(searching: Searching, monkeypatch):
    def stop(folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "complete", stop)
        with pytest.raises(KeyboardInterrupt):
            searching.search()
    asked = len(searching.server.log)
    lines: list[str] = []
    found = searching.search(TODAY + timedelta(days=1), listen=lines.append)
    assert lines == ["a search that was interrupted while it was published is complete"]
    assert (found.snapshot.name, found.requests, len(searching.server.log)) == (NAME, 0, asked)
    assert found.added == (f"pmid{NEW}", f"pmid{SECOND}")
    assert sorted(path.name for path in (searching.folder / "search").iterdir()) == ["2026-11-22-public-pages", NAME]


def test_a_name_that_is_taken_meanwhile_is_not_taken_twice(searching: Searching):
    searching.server.faults.append(Fault(on="elink", at=range(1, 100), kind="status", code=503))
    with pytest.raises(SearchError):
        searching.search()
    searching.server.faults.clear()
    other = Searching(project(searching.root.parent / "other", searching.root), searching.server, searching.slots)
    other.search()
    (other.folder / "search" / NAME).rename(searching.folder / "search" / NAME)
    replay(searching.root, "ifi")
    assert searching.search().snapshot.name == f"{NAME}-2"
    assert faults(searching) == []


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"date": 1}', '{"date": "2026-11-23"}', "\x00"])
def test_a_state_that_cannot_be_read_is_told_and_can_be_discarded(searching: Searching, content: str):
    unfinished = searching.folder / ".cache" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(SearchError, match=r"\.cache/unfinished/run\.json cannot be read .*; --restart discards"):
        searching.search()
    assert searching.search(restart=True).snapshot.name == NAME


def test_a_cache_that_is_no_folder_is_told(searching: Searching):
    (searching.folder / ".cache").write_text("", encoding="utf-8")
    with pytest.raises(SearchError, match=r"ifi: \.cache.* cannot be written"):
        searching.search()


@pytest.mark.parametrize("moment", range(4))
def test_a_full_disk_while_publishing_leaves_everything_as_it_was(searching: Searching, monkeypatch, moment: int):
    before = searching.files()

    written = runs.write_whole

    def full(path: Path, content: bytes) -> None:
        if path.parent.name == "publish" or path.parent.parent.name == "publish":
            if len(paths) == moment:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            paths.append(path)
        written(path, content)

    paths: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_whole", full)
        with pytest.raises(SearchError, match=r"publish/.* cannot be written .No space left on device"):
            searching.search()
    assert len(paths) == moment
    assert searching.files() == before
    assert searching.search().snapshot.name == NAME


@pytest.mark.slow
def test_a_search_killed_at_any_moment_ends_with_the_same_bytes(searching: Searching, tmp_path: Path, repository: Path):
    whole = Searching(project(tmp_path / "whole", repository), searching.server, searching.slots)
    # The command takes the machine's day.
    whole.search(date.today())
    environment = {
        **os.environ,
        "NCBI_EMAIL": "nobody@example.org",
        "SYNTH_EUTILS_URL": searching.server.url,
        "SYNTH_SLOTS": str(tmp_path / "free"),
        "NCBI_API_KEY": "invented-key",
    }
    command = [sys.executable, "-c", "from synth.cli import main; main()", "search", "--live"]
    killed = 0
    published = searching.folder / "search" / whole_name(whole)
    for moment in range(12):
        if published.is_dir() and not (searching.folder / ".cache" / "unfinished").exists():
            break
        process = subprocess.Popen(
            command, cwd=searching.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(0.6 + 0.3 * moment)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        said = faults(searching)
        assert not said or "run synth search" in said[0]
    if not published.is_dir() or faults(searching):
        subprocess.run(command, cwd=searching.root, env=environment, check=True, capture_output=True)
    assert killed
    assert searching.files() == whole.files()


def whole_name(searching: Searching) -> str:
    return next(path.name for path in (searching.folder / "search").iterdir() if path.name.endswith("-pubmed"))
