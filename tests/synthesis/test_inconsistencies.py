"""What does not fit inside sources, each check on both sides of its edge. All figures are invented but those of ifi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_patterns import Invented, Listed, nothing_seen, real, review_of, single
from evidence_patterns import Event, Row

from synth.synthesis.cases import cases_of
from synth.synthesis.inconsistencies import Inconsistency, inconsistencies, inconsistency_table


def found_in(review: Invented) -> tuple[Inconsistency, ...]:
    series = [item for answer in review.synthesis.answers for item in answer.series]
    return inconsistencies(review.extraction, series, review.cases)


def in_arm(row: Row, *, events: tuple[Event, ...] = (), cases: tuple[Listed, ...] = (), **cells: Any) -> list[str]:
    """Checks that find something, with other cells of arms.csv and studies.csv."""
    return [item.check for item in _with_cells(row, events, cases, cells)]


def _with_cells(
    row: Row, events: tuple[Event, ...], cases: tuple[Listed, ...], cells: dict[str, Any]
) -> tuple[Inconsistency, ...]:
    review = review_of(row, events=events, cases=cases)
    for name, value in cells.items():
        frame = review.extraction.studies if name in ("enrolled", "analysed") else review.extraction.arms
        frame[name] = float(str(value))
    return found_in(review)


FULL = Row("ash", change_sd=5)


@pytest.mark.parametrize(
    ("cells", "checks"),
    [
        ({"n_female": 5, "n_male": 5}, []),
        ({"n_female": 5, "n_male": 4}, ["subgroups_do_not_add_up"]),
        ({"n_female": 5}, []),
        ({"enrolled": 10}, []),
        ({"enrolled": 9}, ["more_than_enrolled"]),
        ({"enrolled": 12, "analysed": 10}, []),
        ({"enrolled": 10, "analysed": 8}, []),
        ({"enrolled": 12, "analysed": 11}, ["arm_and_study_differ"]),
        ({"analysed": 11}, ["arm_and_study_differ"]),
        ({"n_hips": 20}, []),
        ({"n_hips": 21}, ["hips_and_patients"]),
        ({"n_hips": 9}, ["hips_and_patients"]),
        ({"followup_max_months": 12}, []),
        ({"followup_max_months": 11}, ["after_the_last_follow_up"]),
    ],
)
def test_sizes_and_times_of_an_arm(cells: dict[str, Any], checks: list[str]) -> None:
    assert in_arm(FULL, **cells) == checks


@pytest.mark.parametrize(
    ("row", "cells", "checks"),
    [
        (Row("ash", n=9, change_sd=5), {}, ["sizes_differ"]),
        (Row("ash", n=9, change_sd=5), {"enrolled": 10, "analysed": 9}, []),
        (Row("ash", n=12, unit="not stated", change_sd=5), {"n_hips": 12}, []),
        (Row("ash", n=11, unit="not stated", change_sd=5), {"n_hips": 12}, ["sizes_differ"]),
        (Row("ash", n=12, unit="hips", change_sd=5), {"n_hips": 12}, []),
        (Row("ash", n=10, unit="hips", change_sd=5), {"n_hips": 12}, ["sizes_differ"]),
        (Row("ash", n=10, unit="hips", change_sd=5), {}, []),
        (Row("ash", n="", change_sd=5), {}, []),
        (Row("ash", n=1), {}, []),
    ],
)
def test_n_of_an_outcome_is_a_size_that_the_source_gives(row: Row, cells: dict[str, Any], checks: list[str]) -> None:
    assert in_arm(row, **cells) == checks


@pytest.mark.parametrize(("total", "checks"), [(10, []), (12, []), (9, ["sizes_differ"])])
def test_the_total_of_a_count_is_too(total: int, checks: list[str]) -> None:
    assert in_arm(FULL, events=(Event("ash", "content", 3, total),), enrolled=12, analysed=10) == checks


def test_the_sentence_says_what_differs_and_where_it_stands() -> None:
    (item,) = _with_cells(Row("ash", n=9, change_sd=5), (), (), {"enrolled": 12})
    assert (
        item.sentence == "9 patients for comfort, while the source gives 10 in the arm, 12 enrolled; why was not seen."
    )
    assert (item.kind, item.rows, item.row) == ("doubtful", ("arms.csv:2", "outcomes.csv:2"), "arms.csv:2")
    assert (item.source, item.locator) == ("DOI:10.0000/invented", "table 1")


@pytest.mark.parametrize(
    ("cases", "cells", "checks"),
    [
        ((Listed("ash", before="", after=""),), {}, []),
        ((Listed("ash", before="", after=""), Listed("ash", case="patient 2", before="", after="")), {"n_patients": 1},
         ["more_cases_than_patients"]),
        ((Listed("ash", before="", after=""),), {"n_female": 1}, []),
        ((Listed("ash", before="", after=""),), {"n_female": 0}, ["more_cases_of_a_sex"]),
        ((Listed("ash", before="", after="", sex="M"),), {"n_male": 0}, ["more_cases_of_a_sex"]),
        ((Listed("ash", before="", after=""),), {"age_min": 30, "age_max": 30}, []),
        ((Listed("ash", before="", after=""),), {"age_min": 31}, ["age_outside_range"]),
        ((Listed("ash", before="", after=""),), {"age_max": 29}, ["age_outside_range"]),
        ((Listed("ash", before="", after=""),), {"n_patients": 1, "age_mean": 30}, []),
        ((Listed("ash", before="", after=""),), {"n_patients": 1, "age_mean": 31}, ["mean_age_of_listed"]),
        ((Listed("ash", before="", after=""),), {"age_mean": 31}, []),
        ((Listed("ash", before="", after="", age=""),), {"n_patients": 1, "age_mean": 31}, []),
    ],
)  # fmt: skip
def test_patients_described_one_by_one_against_their_arm(
    cases: tuple[Listed, ...], cells: dict[str, Any], checks: list[str]
) -> None:
    assert in_arm(nothing_seen("ash"), cases=cases, **cells) == checks


def test_one_patient_by_two_instruments_counts_once() -> None:
    cases = (Listed("ash", before="", after=""), Listed("ash", instrument="rule", before="", after=""))
    assert in_arm(nothing_seen("ash"), cases=cases, n_patients=1, n_female=1) == []


def test_findings_of_a_series_stand_here_but_no_facts_and_nothing_of_our_own() -> None:
    skewed = Row("ash", sd="", cells={"baseline_sd": 41, "followup_sd": 9})
    assert [item.check for item in found_in(review_of(skewed))] == ["sd_larger_than_mean"]
    apart = Row(
        "ash", change_sd=5, cells={"baseline_min": 30, "baseline_max": 45, "followup_min": 50, "followup_max": 70}
    )
    assert found_in(review_of(apart)) == ()
    # The interval is ours: that it leaves the scale says nothing of the source.
    wide = Row("ash", before=90, after=95, change_sd=40, n=4, patients=4)
    assert found_in(review_of(wide)) == ()


def test_figures_of_one_patient_that_contradict_each_other_stand_once_with_both_rows() -> None:
    (item,) = found_in(review_of(single("ash", after=61), cases=[Listed("ash")]))
    assert (item.check, item.rows) == ("case_figures_differ", ("cases.csv:2", "outcomes.csv:2"))
    assert item.about == "patient 1 (F, 30 years) of arm A1 (scale)"


def test_impossible_stands_before_doubtful_in_the_order_of_the_studies() -> None:
    review = review_of(Row("elm", n=9, change_sd=5), Row("ash", n=9, change_sd=5))
    review.extraction.arms["n_female"], review.extraction.arms["n_male"] = 5.0, 4.0
    assert [(item.study_id, item.kind) for item in found_in(review)] == [
        ("elm", "impossible"),
        ("elm", "doubtful"),
        ("ash", "impossible"),
        ("ash", "doubtful"),
    ]


def test_impossible_stands_first_also_where_its_rows_come_later() -> None:
    review = review_of(single("ash", after=61), cases=[Listed("ash")], events=(Event("ash", "content", 3, 9),))
    assert [(item.check, item.row) for item in found_in(review)] == [
        ("case_figures_differ", "cases.csv:2"),
        ("sizes_differ", "arms.csv:2"),
    ]


def test_the_table() -> None:
    assert repr(inconsistency_table(())) == "Nothing was found that does not fit."
    frame = inconsistency_table(_with_cells(FULL, (), (), {"n_female": 5, "n_male": 4})).frame
    assert frame.loc[0, "About"] == "sex, arm A1"
    assert frame.loc[0, "Rows"] == "arms.csv:2"


def test_the_real_reviews(repository: Path) -> None:
    ifi = real("ifi", repository)
    series = [item for answer in ifi.synthesis.answers for item in answer.series]
    cases = cases_of(ifi.protocol, ifi.extraction, ifi.synthesis)
    found = inconsistencies(ifi.extraction, series, cases)
    assert [(item.study_id, item.check, len(item.rows)) for item in found] == [
        ("docwirelti", "sd_larger_than_mean", 1),
        ("wilson2016", "subgroups_do_not_add_up", 2),
        ("aaosvideo2021", "mean_impossible_for_whole_scores", 1),
        ("ganz2013", "sizes_differ", 2),
    ]
    assert "5 female and 1 male, which is 6 and not the 7" in found[1].sentence
    assert "13 of them cannot have a mean of 2.53" in found[2].sentence
    # No note of the tables is a finding.
    notes = {str(note) for note in ifi.extraction.studies["note"] if note}
    assert not notes & {item.sentence for item in found}
    bcg = real("bcg", repository)
    assert inconsistencies(bcg.extraction, ()) == ()
