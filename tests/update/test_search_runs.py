"""A search for a review, from the protocol's strategies to the files that git sees, over real HTTP."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from invented_pubmed import (
    AOTT,
    BARROS,
    BOSCHUNG,
    MATCHES,
    MOHOREA,
    NEW,
    REAIS,
    SECOND,
    SUREN,
    TODAY,
    WILSON,
    WILSON_TITLE,
    Searching,
)

from eutils_faults import Fault
from eutils_synthetic import invented_record
from synth.errors import EvidenceError, ParameterError, SearchError
from synth.review import Review
from synth.store import check, read_review
from synth.update import words
from synth.update.replay import replay

NAME = "2026-11-23-pubmed"


def new_faults(searching: Searching) -> list[str]:
    """Faults and warnings that the committed review does not have."""
    return [str(fault) for fault in check(searching.root, "ifi") if not fault.file.startswith("protocol.yml")]


def test_the_first_search(searching: Searching):
    found = searching.search()
    manifest = found.snapshot.manifest
    (run,) = manifest.strategies
    assert manifest.pmids == tuple(map(str, (WILSON, NEW, SECOND, MOHOREA)))
    assert (run.hits, run.slices[0].count) == (4, 4)
    assert (manifest.held, manifest.record_ids) == (4, ())
    assert found.added == (f"pmid{NEW}", f"pmid{SECOND}")
    assert manifest.requests == found.requests == len(searching.server.log)
    assert new_faults(searching) == [
        "screening/decisions/: 2 of the records that database searches brought await a decision"
    ]


def test_records_of_the_review_keep_their_ids_and_get_their_status(searching: Searching):
    searching.search()
    records = Review("ifi", searching.root).records
    by = {
        "mohorea2026": MOHOREA,
        "wilson2016": WILSON,
        "aott2018": AOTT,
        "boschung2023": BOSCHUNG,
        "barros2018": BARROS,
    }
    for name, pmid in by.items():
        assert (records[name].pmid, records[name].status, records[name].seen_on) == (str(pmid), "current", TODAY)
        assert records[name].found_by == "other methods"
        assert records[name].pubmed is not None
    assert records["wilson2016"].assigned.design == "case series"
    assert records["hatem2015"].status == "unknown"


def test_what_could_not_be_resolved_is_listed_with_its_reason(searching: Searching):
    found = searching.search()
    notes = {item.record_id: item.note for item in found.snapshot.manifest.lookups if item.pmid is None}
    assert notes["johnson1977"] == "no DOI, PMCID or title to ask with"
    assert notes["hatem2015"] == "nothing found by doi, title"
    assert notes["gabrielli2022"] == "PubMed has no record of PMID 35936857"
    said = "\n".join(words.told_update(found))
    assert "Not resolved hatem2015: nothing found by doi, title" in said
    assert f"Resolved boschung2023: PMID {BOSCHUNG}, by doi" in said


def test_an_identifier_that_leads_to_another_title_is_for_a_person_to_judge(searching: Searching):
    found = searching.search()
    said = list(words.told_update(found))
    assert Review("ifi", searching.root).records["reais2020"].pmid is None
    assert (
        f"Not resolved reais2020: its doi leads to PMID {REAIS}, but PubMed has another title, "
        '"An invented study of something else"; if it is the paper, give the record that PMID'
    ) in said
    assert f'CHECK suren2018, PMID {SUREN}: PubMed has another title, "An invented osteotomy"' in said
    suren = Review("ifi", searching.root).records["suren2018"]
    assert (suren.status, suren.seen_on) == ("unknown", date(2026, 11, 22))
    assert suren.title.startswith("[Surgical Therapy")
    assert not [line for line in said if "boschung2023" in line and line.startswith(("CHECK", "Not"))]


def test_no_abstract_is_published(searching: Searching):
    searching.server.corpus.add(invented_record(NEW, title=MATCHES, abstract=("An invented sentence of an abstract.",)))
    searching.search()
    cached = searching.folder / ".cache" / NAME / "replies"
    assert any(cached.iterdir())
    assert not [file for file, content in searching.files().items() if b"invented sentence" in content]


def test_the_flow_counts_what_was_found_both_ways_and_what_waits(searching: Searching):
    searching.search()
    flow = Review("ifi", searching.root).screening.flow
    assert (flow.from_databases, flow.from_other_methods, flow.duplicates, flow.awaiting) == (4, 47, 2, 2)
    drawing = Review("ifi", searching.root).flow_diagram()
    data = drawing.data()
    removed = data[(data["stage"] == "identified") & (data["item"] == "reason")]
    assert dict(zip(removed["label"], removed["count"], strict=True)) == {"found both ways": 2, "awaiting screening": 2}


def test_a_second_search_tells_what_moved_and_why(searching: Searching):
    searching.search()
    corpus = searching.server.corpus
    corpus.remove(SECOND)
    corpus.add(
        invented_record(30000050, title=f"{MATCHES} later", entered="2026/11/24"),
        invented_record(30000051, title=f"{MATCHES} indexed late", entered="2019/01/05"),
        invented_record(NEW, title=f"{MATCHES} seen", notes=(("RetractionIn", 30000060),)),
        invented_record(WILSON, title=f"{WILSON_TITLE}, revised", entered="2016/08/01"),
    )
    found = searching.search(TODAY + timedelta(days=7))
    moved = found.comparison
    assert found.snapshot.name == "2026-11-30-pubmed"
    assert [(item.pmid, item.reason) for item in moved.new] == [
        ("30000050", "entered PubMed since the last search"),
        ("30000051", "re-indexed or changed, not held before"),
    ]
    assert [(item.pmid, item.reason) for item in moved.gone] == [(str(SECOND), "no longer in PubMed")]
    assert [(item.pmid, item.fields) for item in moved.changed if item.before == item.now] == [
        (str(WILSON), ("title",))
    ]
    (retracted,) = (item for item in moved.changed if item.before != item.now)
    assert (retracted.pmid, retracted.before, retracted.now) == (str(NEW), "current", "retracted")
    said = "\n".join(words.told_update(found))
    assert f"STATUS pmid{NEW}: retracted (before: current)" in said
    assert "main: 4 before, 5 now" in said
    review = Review("ifi", searching.root)
    assert review.records[f"pmid{NEW}"].status == "retracted"
    assert review.records[f"pmid{NEW}"].links[0].type == "RetractionIn"
    assert review.searches.comparison == moved


def test_nothing_moved_is_said(searching: Searching):
    searching.search()
    found = searching.search(TODAY + timedelta(days=1))
    assert "Nothing is new, gone or changed since the last search." in list(words.told_update(found))


def test_a_second_search_of_one_day_has_a_name_of_its_own(searching: Searching):
    searching.search()
    assert searching.search().snapshot.name == f"{NAME}-2"
    assert [item.name for item in read_review(searching.root, "ifi").snapshots][1:] == [NAME, f"{NAME}-2"]


def test_another_query_is_the_reason_for_what_came_by_it(searching: Searching):
    searching.search()
    protocol = searching.folder / "protocol.yml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(
        text.replace('("ischiofemoral impingement"[tiab] OR', '("osteotomy"[tiab] OR "x"[tiab] OR'), "utf-8"
    )
    found = searching.search(TODAY + timedelta(days=1)).comparison
    assert (str(SUREN), "the query is another one") in [(item.pmid, item.reason) for item in found.new]


def test_nothing_is_published_of_a_search_that_fails_and_the_next_one_goes_on(searching: Searching):
    before = searching.files()
    searching.server.faults.append(Fault(on="efetch", at=range(2, 100), kind="status", code=500))
    with pytest.raises(SearchError, match="500"):
        searching.search()
    assert searching.files() == before
    asked = len(searching.server.log)
    searching.server.faults.clear()
    lines: list[str] = []
    found = searching.search(TODAY + timedelta(days=2), listen=lines.append)
    assert "continuing the search that began on 2026-11-23" in lines
    assert found.snapshot.manifest.date == TODAY
    again = searching.server.log[asked:]
    assert "esearch" not in [seen.utility for seen in again if "tiab" in seen.params.get("term", "")]
    assert found.requests == len(again)
    assert found.requests < found.snapshot.manifest.requests


def test_an_interrupted_search_ends_with_the_same_bytes(searching: Searching, tmp_path: Path, repository: Path):
    from invented_pubmed import project

    whole = Searching(project(tmp_path / "whole", repository), searching.server, searching.slots)
    whole.search()
    searching.server.faults.append(Fault(on="elink", at=range(4, 100), kind="status", code=503))
    with pytest.raises(SearchError):
        searching.search()
    searching.server.faults.clear()
    searching.search()
    assert searching.files() == whole.files()


def test_an_interrupted_search_of_something_else_is_not_continued(searching: Searching):
    searching.server.faults.append(Fault(on="efetch", at=range(1, 100), kind="status", code=500))
    with pytest.raises(SearchError):
        searching.search()
    searching.server.faults.clear()
    protocol = searching.folder / "protocol.yml"
    protocol.write_text(
        protocol.read_text(encoding="utf-8").replace('("ischiofemoral impingement"', '("other"', 1), "utf-8"
    )
    with pytest.raises(ParameterError, match="an interrupted search of 2026-11-23 asked something else"):
        searching.search()
    assert searching.search(restart=True).snapshot.manifest.strategies[0].query.startswith('("other"')


@pytest.mark.parametrize("moment", range(4))
def test_a_publication_that_stops_midway_is_completed(searching: Searching, monkeypatch, moment: int):
    """Renaming stops at the first, second ... step, as if the process were killed there."""
    from synth.store import runs

    steps = 0
    kept = {name: getattr(Path, name) for name in ("rename", "replace")}

    def stopping(name: str):
        def step(self: Path, target: Path) -> Path:
            nonlocal steps
            if self.name in {"snapshot", "unfinished"} or (
                self.name == "records.jsonl" and self.parent.name == "publish"
            ):
                if steps == moment:
                    raise KeyboardInterrupt
                steps += 1
            return kept[name](self, target)

        return step

    with monkeypatch.context() as patch:
        for name in kept:
            patch.setattr(Path, name, stopping(name))
        if moment < 3:
            with pytest.raises(KeyboardInterrupt):
                searching.search()
        else:
            searching.search()
    found = replay(searching.root, "ifi")
    assert found.completed is (moment < 3)
    assert not runs.complete(searching.folder)
    assert len(new_faults(searching)) == 1
    assert sorted(path.name for path in (searching.folder / ".cache").iterdir()) == [NAME, "lock"]


def test_two_searches_at_once_are_one_too_many(searching: Searching):
    from synth.store.runs import alone

    with alone(searching.root, "ifi"), pytest.raises(SearchError, match="another process is searching"):
        searching.search()


def test_a_replay_changes_nothing(searching: Searching):
    searching.search()
    before = searching.files()
    found = replay(searching.root, "ifi")
    assert (found.written, found.completed, len(found.snapshots)) == (False, False, 2)
    assert searching.files() == before
    assert any("hash right" in line for line in words.told_replay(found, "ifi"))


def test_a_replay_writes_records_that_are_lost_anew(searching: Searching):
    searching.search()
    before = searching.files()
    (searching.folder / "records" / "records.jsonl").unlink()
    assert replay(searching.root, "ifi").written
    assert searching.files() == before


def test_a_replay_refuses_a_snapshot_that_was_changed(searching: Searching):
    searching.search()
    path = searching.folder / "search" / NAME / "records.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("seen", "unseen"), encoding="utf-8")
    before = searching.files()
    with pytest.raises(EvidenceError, match="its sha256 is"):
        replay(searching.root, "ifi")
    assert searching.files() == before


def test_a_snapshot_that_lost_a_record_is_a_fault(searching: Searching):
    searching.search()
    path = searching.folder / "search" / NAME / "records.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    lost = json.loads(lines[-1])["pmid"]
    assert (
        f"search/{NAME}/manifest.json: promises {lost}, which search/{NAME}/records.jsonl does not hold"
        in new_faults(searching)
    )


def test_a_review_without_strategies_cannot_be_searched(searching: Searching):
    from synth.update.run import run_search

    with pytest.raises(ParameterError, match="plans no search"):
        run_search(searching.root, "bcg", searching.client(), today=date(2026, 11, 23))


def test_an_update_search_asks_for_what_entered_since(searching: Searching):
    searching.search()
    searching.server.corpus.add(invented_record(30000050, title=f"{MATCHES} later", entered="2026/11/24"))
    searching.server.corpus.remove(SECOND)
    found = searching.search(TODAY + timedelta(days=7), since=TODAY)
    manifest = found.snapshot.manifest
    assert (manifest.since, manifest.pmids) == (TODAY, ("30000050",))
    assert manifest.strategies[0].slices[0].label == "entered 2026/11/23 or later"
    assert (found.comparison.partial, found.comparison.gone) == (True, ())
    assert found.added == ("pmid30000050",)
    notes = {item.record_id: item.note for item in manifest.lookups}
    assert notes[f"pmid{SECOND}"] == f"PubMed has no record of PMID {SECOND}"
    assert len(new_faults(searching)) == 1
    said = list(words.told_update(found))
    assert said[0].startswith("PubMed, 2026-11-30, entered since 2026-11-23: 1 record found and held")
