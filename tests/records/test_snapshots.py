"""What may be shared of a record, and how the snapshots of a review merge; all invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from synth.records import Record
from synth.records.pubmed import (
    Abstract,
    AbstractText,
    Affiliation,
    CitedReference,
    Correction,
    GeneralNote,
    Linked,
    Name,
    NameList,
    Other,
    PubmedRecord,
    ReferenceList,
)
from synth.records.snapshot import Snapshot, merged, newest, shareable
from synth.search import Manifest

DIGEST = "0" * 64


def record(name: str, **more: Any) -> Record:
    empty = dict.fromkeys(("pmid", "pmcid", "doi", "title", "journal", "year", "volume", "issue", "pages", "note"))
    return Record.model_validate(
        {
            **empty,
            "id": name,
            "authors": [],
            "publication_types": [],
            "assigned": {"publication_type": None, "design": None, "by": "somebody"},
            "status": "unknown",
            "found_by": "other methods",
            "source": "invented",
            "seen_on": date(2026, 1, 1),
            **more,
        }
    )


def gathering(day: int, *records: Record) -> Snapshot:
    names = [item.id for item in records]
    manifest = Manifest.model_validate(
        {
            "format": 2,
            "date": date(2026, 1, day),
            "source": "invented",
            "found_by": "other methods",
            "held": len(names),
            "record_ids": names,
            "records_sha256": DIGEST,
        }
    )
    return Snapshot(f"2026-01-{day:02d}-invented", manifest, gathered=records)


def search(
    day: int,
    *found: PubmedRecord,
    hits: tuple[str, ...] | None = None,
    lookups: tuple[tuple[str, str], ...] = (),
    query: str = "q",
    translation: str = "t",
    since: date | None = None,
) -> Snapshot:
    pmids = sorted(hits if hits is not None else [item.pmid for item in found], key=int)
    run = {
        "id": "main",
        "query": query,
        "translation": translation,
        "hits": len(pmids),
        "pmids": pmids,
        "replies": [],
        "slices": [{"label": "all", "count": len(pmids)}],
    }
    manifest = Manifest.model_validate(
        {
            "format": 2,
            "date": date(2026, 1, day),
            "source": "PubMed",
            "found_by": "database search",
            "held": len(pmids),
            "records_sha256": DIGEST,
            "strategies": [run],
            "since": since,
            "lookups": [{"record_id": name, "pmid": pmid, "by": "doi"} for name, pmid in lookups],
        }
    )
    return Snapshot(f"2026-01-{day:02d}-pubmed", manifest, found=found)


def test_nobodys_sentences_are_shared():
    full = PubmedRecord(
        pmid="1",
        title=Linked("Invented"),
        abstract=Abstract((AbstractText("SENTENCE"),)),
        other_abstracts=(Abstract((AbstractText("SENTENCE"),)),),
        coi_statement="SENTENCE",
        general_notes=(GeneralNote("SENTENCE"),),
        reference_lists=(ReferenceList(references=(CitedReference("SENTENCE"),)),),
        corrections=(Correction("CommentIn", "Inv J", "2", note="SENTENCE"),),
        other=(Other("path", "SENTENCE"),),
        author_lists=(
            NameList(
                (
                    Name("Doe", affiliations=(Affiliation("A clinic. Electronic address: doe@example.org."),)),
                    Name("Roe", affiliations=(Affiliation("roe@example.org"), Affiliation("Another clinic"))),
                )
            ),
        ),
    )
    shared = shareable(full)
    text = msgspec.json.encode(shared).decode()
    assert "SENTENCE" not in text
    assert "@" not in text
    assert [place.text for name in shared.author_lists[0].names for place in name.affiliations] == [
        "A clinic.",
        "Another clinic",
    ]
    assert (shared.title, shared.corrections[0].pmid) == (full.title, "2")


def test_the_latest_version_of_a_pmid_stands():
    first, second, other = (
        PubmedRecord(pmid="10", version="2"),
        PubmedRecord(pmid="10", version="1"),
        PubmedRecord(pmid="9"),
    )
    assert newest([first, second, other]) == (other, first)


def test_records_follow_from_the_snapshots():
    held = record("doe2020", pmid="5", note="a remark")
    first = gathering(1, held, record("roe2021", doi="10.5555/roe"))
    second = search(
        2,
        PubmedRecord(pmid="5", title=Linked("Five")),
        PubmedRecord(pmid="6", title=Linked("Six")),
        PubmedRecord(pmid="7", title=Linked("Seven")),
        hits=("5", "6"),
        lookups=(("roe2021", "7"),),
    )
    found = {item.id: item for item in merged([first, second])}
    assert list(found) == ["doe2020", "pmid6", "roe2021"]
    assert (found["doe2020"].title, found["doe2020"].note, found["doe2020"].found_by) == (
        "Five",
        "a remark",
        "other methods",
    )
    assert (found["roe2021"].title, found["roe2021"].pmid, found["roe2021"].doi) == ("Seven", "7", "10.5555/roe")
    assert (found["pmid6"].title, found["pmid6"].found_by, found["pmid6"].seen_on) == (
        "Six",
        "database search",
        date(2026, 1, 2),
    )


def test_a_later_snapshot_speaks_last_and_what_is_gone_stays():
    first = search(1, PubmedRecord(pmid="5", title=Linked("Five")), PubmedRecord(pmid="6"))
    second = search(2, PubmedRecord(pmid="5", title=Linked("Five, corrected"), status="corrected"))
    found = {item.id: item for item in merged([first, second])}
    assert (found["pmid5"].title, found["pmid5"].status) == ("Five, corrected", "corrected")
    assert "pmid6" in found
    again = gathering(3, record("pmid5", pmid="5", title="Gathered anew"))
    assert {item.id: item.title for item in merged([first, second, again])}["pmid5"] == "Gathered anew"
