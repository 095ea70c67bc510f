"""Sums over arms: nobody is counted twice, and nobody is dropped who is not. All numbers are invented."""

from __future__ import annotations

import pandas as pd
import pytest

from synth.extraction.overlap import Overlap, add_up


def arms(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["study_id", "arm_id", "n_patients", "overlaps_with"])
    return frame.assign(row=[f"arms.csv:{line}" for line in range(2, len(rows) + 2)])


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([("one", "A1", 10.0, ""), ("one", "A2", 20.0, "")], 30),
        ([("one", "A1", 10.0, "one/A2"), ("one", "A2", 20.0, "one/A1")], 20),
        ([("one", "A1", 10.0, "other/A1"), ("one", "A2", 20.0, "")], 30),
        ([("one", "A1", 10.0, "one/A2"), ("one", "A2", 8.0, "one/A1"), ("one", "A3", 50.0, "")], 60),
        ([("one", "A1", 7.0, "one/A2"), ("one", "A2", 7.0, "one/A1")], 7),
        ([("one", "A1", float("nan"), "one/A2"), ("one", "A2", 7.0, "one/A1")], 7),
    ],
)
def test_only_arms_that_overlap_within_a_study_are_dropped(rows: list[tuple[str, str, float, str]], total: int) -> None:
    assert add_up(arms(*rows), "n_patients", []).stated == total


def test_the_sum_is_an_upper_bound_where_two_studies_may_share_patients() -> None:
    two = arms(("one", "A1", 10.0, ""), ("other", "A1", 5.0, ""))
    assert str(add_up(two, "n_patients", [])) == "15"
    assert str(add_up(two, "n_patients", [Overlap("one", "other", "invented")])) == "at most 15"


def test_an_arm_without_number_is_told() -> None:
    two = arms(("one", "A1", 10.0, ""), ("other", "A1", float("nan"), ""))
    assert str(add_up(two, "n_patients", [])) == "10 in the 1 of 2 groups that state it"
