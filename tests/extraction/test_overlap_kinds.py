"""Reasons for a possible overlap, without names. All names are invented."""

from __future__ import annotations

import pytest

from synth.extraction.overlap import Overlap


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("declared", "declared"),
        ("a shared author name (Smith)", "a shared author"),
        ("the same centre (Invented Hospital), at times that were not seen to be apart", "one centre"),
        ("the authors of one were not seen", "authors not all seen"),
        ("only some authors of one were seen", "authors not all seen"),
    ],
)
def test_a_reason_has_a_kind(reason: str, kind: str) -> None:
    assert Overlap("one", "other", reason).kind == kind


def test_the_kinds_of_ifi_are_those_of_its_reasons(repository) -> None:
    from synth.review import Review

    studied = Review("ifi", repository).synthesis.studied["endoscopic"]
    assert {pair.kind for pair in studied.overlaps} == {"a shared author", "authors not all seen"}
