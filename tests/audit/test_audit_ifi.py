"""The audit files of the default review: every claim, what is recorded for it, and that nothing is copied."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from synth.audit import Audit, CitationStatus, Support, open_audit
from synth.yamltext import parse_yaml

# Claim, numbers at it, citation, support: as the sources that could be read allow.
RECORDED = [
    ("1", (1,), "resolves", "not confirmed"),
    ("2", (2,), "not a publication", "no source found"),
    ("3", (2, 3), "supported elsewhere than cited", "supported"),
    ("4", (1,), "resolves", "not confirmed"),
    ("5", (4,), "resolves", "partly supported"),
    ("6", (2,), "not a publication", "partly supported"),
    ("7", (), "uncited", "no source found"),
    ("8", (5,), "supported elsewhere than cited", "partly supported"),
    ("9", (6,), "dangling", "not confirmed"),
    ("10a", (4,), "resolves", "supported"),
    ("10b", (4,), "resolves", "narrower than its source"),
    ("11a", (7,), "dangling", "supported"),
    ("11b", (7,), "dangling", "not confirmed"),
    ("11c", (7,), "dangling", "not confirmed"),
    ("12", (1,), "resolves", "not confirmed"),
    ("13", (), "uncited", "partly supported"),
]


def read_audit(folder: Path, record_ids: set[str]) -> Audit:
    texts = (parse_yaml((folder / name).read_text("utf-8"), f"audit/{name}") for name in ("article.yml", "claims.yml"))
    return open_audit(*texts, record_ids)


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "evidence" / "ifi" / "audit"


@pytest.fixture(scope="module")
def audit(folder: Path) -> Audit:
    text = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.yml")))
    return read_audit(folder, set(re.findall(r"record(?:_id)?: (\w+)", text)))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def test_every_claim_is_there_with_what_was_recorded(audit):
    assert [(claim.id, claim.cites, str(claim.citation), str(claim.support)) for claim in audit.claims] == RECORDED
    assert len(audit.table()) == 16


def test_dangling_numbers_follow_from_the_printed_list(audit):
    assert audit.article.dangling_numbers == (6, 7)
    assert audit.article.never_cited == ()
    assert audit.article.status_of(2) is CitationStatus.NOT_A_PUBLICATION
    assert audit.article.status_of(3) is CitationStatus.OFF_TOPIC


def test_the_identity_of_seven_is_an_inference_and_never_a_record(audit):
    entry = audit.article.entry(7)
    assert (entry.record_id, entry.inferred_record_id) == (None, "suren2018")
    assert "inference" in entry.note


def test_every_number_in_the_text_is_at_a_claim(audit):
    at_claims = {number for claim in audit.claims for number in claim.cites}
    assert at_claims == set(audit.article.cited_numbers)


def test_nothing_says_that_an_unread_source_speaks_against_a_claim(audit):
    banned = re.compile(r"\b(false|wrong|untrue|incorrect|refuted?|contradict\w*|disprove\w*)\b", re.IGNORECASE)
    texts = [claim.finding for claim in audit.claims] + [entry.note or "" for entry in audit.article.references]
    assert not [text for text in texts if banned.search(text)]
    assert not [status for status in (*Support, *CitationStatus) if banned.search(f"{status} {status.meaning}")]


def test_files_say_what_they_are_and_when_their_content_was_read(folder, audit):
    for path in sorted(folder.glob("*.yml")):
        comment = "".join(line for line in path.read_text("utf-8").splitlines() if line.startswith("#"))
        assert "2026-11-22" in comment
    assert (audit.article.last_updated, audit.article.read_on, audit.checked_on) == (
        "2025-08-06",
        "2026-11-22",
        "2026-11-22",
    )


def test_files_name_no_folder_outside_the_repository(folder):
    for path in sorted(folder.glob("*.yml")):
        assert not re.search(r"\.\./|shared|/work|/root", path.read_text("utf-8"))


def test_records_exist_among_the_gathered_references(folder, shared):
    with (shared / "ifi-evidence" / "references.csv").open(encoding="utf-8", newline="") as file:
        record_ids = {row["study_id"] for row in csv.DictReader(file)}
    assert len(read_audit(folder, record_ids).claims) == len(RECORDED)


# Six words in a row is where a restatement starts to be a copy; printed headings and titles are identifiers.
def test_no_run_of_six_words_is_taken_from_the_article(audit, shared):
    article_words = words((shared / "article" / "article.txt").read_text("utf-8"))
    printed = {tuple(article_words[start : start + 6]) for start in range(len(article_words) - 5)}
    texts = [text for claim in audit.claims for text in (claim.restated, claim.finding)]
    texts += [entry.note or "" for entry in audit.article.references]
    copied = [
        run for text in texts for start in range(len(words(text)) - 5)
        if (run := tuple(words(text)[start : start + 6])) in printed
    ]  # fmt: skip
    assert len(printed) > 100
    assert not copied
