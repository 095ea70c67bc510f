"""Rows and numbers in the words of the report. All names are invented."""

from __future__ import annotations

import pytest

from synth.report.words import rows_in_short, true_minus


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((), ""),
        (("a.csv:2",), "a.csv:2"),
        (("a.csv:2", "a.csv:3", "a.csv:4", "a.csv:7"), "a.csv:2 to 4, 7"),
        (("b.csv:9", "a.csv:2", "b.csv:3", "b.csv:10"), "b.csv:3, 9 to 10; a.csv:2"),
    ],
)
def test_rows_are_brought_together_by_file(rows: tuple[str, ...], words: str) -> None:
    assert rows_in_short(rows) == words


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("-5.6 to -3.8", "\N{MINUS SIGN}5.6 to \N{MINUS SIGN}3.8"),
        ("iHOT-12 at 2026-11-22", "iHOT-12 at 2026-11-22"),
    ],
)
def test_only_signs_of_numbers_become_minus_signs(sentence: str, words: str) -> None:
    assert true_minus(sentence) == words
