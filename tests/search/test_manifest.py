"""Manifests of searches and gatherings, invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from synth.search import Manifest

DIGEST = "0" * 64
GATHERED: dict[str, Any] = {
    "format": 2,
    "date": "2026-11-22",
    "source": "an invented source",
    "found_by": "other methods",
    "held": 2,
    "record_ids": ["example2001", "other2002"],
    "records_sha256": DIGEST,
}
RUN: dict[str, Any] = {
    "id": "main",
    "query": "example[tiab]",
    "translation": "example[Title/Abstract]",
    "hits": 2,
    "slices": [{"label": "all", "count": 2}],
    "pmids": ["9", "10"],
    "replies": [{"utility": "esearch", "asked": "all", "sha256": DIGEST, "size": 3}],
}
SEARCHED: dict[str, Any] = {
    **{name: value for name, value in GATHERED.items() if name != "record_ids"},
    "source": "PubMed",
    "found_by": "database search",
    "strategies": [RUN],
}


def test_a_gathering_that_adds_up():
    manifest = Manifest.model_validate(GATHERED)
    assert (manifest.date, manifest.held, manifest.note, manifest.pmids) == (date(2026, 11, 22), 2, "", ())


def test_a_search_that_adds_up():
    second = {**RUN, "id": "second", "pmids": ["10"], "hits": 1, "slices": [{"label": "all", "count": 1}]}
    manifest = Manifest.model_validate({**SEARCHED, "strategies": [RUN, second]})
    assert manifest.pmids == ("9", "10")
    assert manifest.requests == 2


WRONG_GATHERINGS: dict[str, dict[str, Any]] = {
    "held says 3, record_ids holds 2": {"held": 3},
    "example2001 more than once": {"record_ids": ["example2001", "example2001"]},
    "a database search needs strategies": {"found_by": "database search"},
    "a date such as 2026-11-22 is expected": {"date": 1_700_000_000},
    "Extra inputs are not permitted": {"raw": "x"},
    "Input should be a valid integer": {"held": True},
    "String should match pattern": {"records_sha256": "abc"},
    "strategies and lookups belong to a database search": {"strategies": [RUN]},
    "held says 2, record_ids holds 0": {"record_ids": []},
    "Field required": {},
}


@pytest.mark.parametrize("words", WRONG_GATHERINGS)
def test_a_gathering_that_does_not(words: str):
    given = GATHERED | WRONG_GATHERINGS[words]
    if not WRONG_GATHERINGS[words]:
        del given["held"]
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(given)


WRONG_RUNS: dict[str, dict[str, Any]] = {
    "hits says 3, pmids holds 2": {"hits": 3},
    "the slices hold 1, hits says 2": {"slices": [{"label": "all", "count": 1}]},
    "pmids are not sorted by number": {"pmids": ["10", "9"]},
    "9 more than once": {"pmids": ["9", "9"]},
    "String should match pattern": {"pmids": ["9", "010"]},
    "String should have at least 1 character": {"query": ""},
}


@pytest.mark.parametrize("words", WRONG_RUNS)
def test_a_search_that_does_not(words: str):
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate({**SEARCHED, "strategies": [RUN | WRONG_RUNS[words]]})


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("held says 1, the strategies found 2", {"held": 1}),
        ("record_ids belongs to a gathering", {"record_ids": ["example2001", "other2002"]}),
        ("source says 'Embase'; the only database that can be searched is PubMed", {"source": "Embase"}),
        ("since cannot be later", {"since": "2026-11-23"}),
    ],
)
def test_a_search_whose_parts_do_not_fit(words: str, change: dict[str, Any]):
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(SEARCHED | change)
