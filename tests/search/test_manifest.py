"""Manifests of searches, invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from synth.search import Manifest

INVENTED: dict[str, Any] = {
    "format": 1,
    "date": "2026-11-22",
    "source": "an invented source",
    "found_by": "database search",
    "query": "example[tiab]",
    "translation": None,
    "hits": 3,
    "held": 2,
    "record_ids": ["example2001", "other2002"],
}


def test_a_manifest_that_adds_up():
    manifest = Manifest.model_validate(INVENTED)
    assert (manifest.date, manifest.held, manifest.note) == (date(2026, 11, 22), 2, "")


WRONG: dict[str, dict[str, Any]] = {
    "held says 3, record_ids holds 2": {"held": 3},
    "held says 2, hits says 1": {"hits": 1},
    "example2001 more than once": {"record_ids": ["example2001", "example2001"]},
    "a database search needs query and hits": {"query": None},
    "a date such as 2026-11-22 is expected": {"date": 1_700_000_000},
    "Extra inputs are not permitted": {"raw": "x"},
    "Input should be a valid integer": {"held": True},
    "Field required": {},
}


@pytest.mark.parametrize("words", WRONG)
def test_a_manifest_that_does_not(words: str):
    given = INVENTED | WRONG[words]
    if not WRONG[words]:
        del given["record_ids"]
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(given)
