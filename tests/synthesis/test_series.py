"""Series from rows of outcomes.csv: what carries the change, and what the figures say (rules 4 to 8 and 11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_patterns import Row, answer_of

import synth
from synth.synthesis.series import Series


def series_of_row(**cells: object) -> Series:
    (found,) = answer_of(Row("ash", **cells)).series  # type: ignore[arg-type]
    return found


@pytest.fixture(scope="module")
def ifi(repository: Path):
    return synth.open_review("ifi", root=repository).synthesis


def of(synthesis, outcome: str, instrument: str, study: str) -> Series:
    answer = synthesis.answer("endoscopic", outcome, instrument)
    return next(item for item in answer.series if item.study_id == study)


def test_rule_4_standard_error_from_t_with_all_readings(ifi) -> None:
    item = of(ifi, "hip function", "mHHS", "hatem2015")
    assert item.effect is not None
    assert item.effect.interval is not None
    assert round(item.effect.interval[0], 1) == 24.4
    assert item.readings is not None
    assert item.readings.main.test == "paired t test"
    lower = {reading.test: round(reading.interval(0.95)[0], 1) for reading in item.readings.alternatives}
    assert lower["unpaired t test"] == 19.3
    assert lower["unpaired t test on paired scores, correlation 0.3"] == 19.2
    assert not item.readings.excludes(20).holds
    assert item.readings.excludes(20).holds_as_printed
    assert [test.excluded for test in item.readings.rank_tests] == [True, True]


def test_rule_5_a_bound_is_no_value(ifi) -> None:
    bound = series_of_row(p="<.001")
    assert bound.effect is not None
    assert bound.effect.standard_error is None
    assert bound.readings is None
    assert "bound" in bound.effect.marks[0]
    # Where SDs before and after are printed as well, those carry it and not the bound.
    item = of(ifi, "hip function", "mHHS", "docwirelti")
    assert item.effect is not None
    assert item.effect.derivation is not None
    assert [name for name, _ in item.effect.derivation.inputs] == [
        "SD before",
        "SD after",
        "n",
        "correlation (assumed)",
    ]
    assert item.readings is None


def test_rule_6_grid_of_the_protocol_with_its_main_line(ifi) -> None:
    item = of(ifi, "hip function", "mHHS", "docwirelti")
    assert item.grid is not None
    assert [line.correlation for line in item.grid.lines] == [0, 0.3, 0.5, 0.7, 0.9]
    main = next(line for line in item.grid.lines if line.correlation == 0.5)
    assert item.effect is not None
    assert item.effect.interval == main.interval


def test_rule_7_attainable_bound_and_ranges(ifi) -> None:
    checks = {item.check: item.sentence for item in of(ifi, "hip function", "mHHS", "hatem2015").findings}
    assert "48.7, the most to be gained" in checks["limits_beyond_attainable"]
    assert "each of the 5 patients had a higher score" in checks["ranges_do_not_overlap"]


@pytest.mark.parametrize(("highest", "found"), [(55, True), (60, False)])
def test_rule_7_ranges_that_touch_say_nothing(highest: float, found: bool) -> None:
    item = series_of_row(cells={"baseline_min": 30, "baseline_max": highest, "followup_min": 60, "followup_max": 90})
    assert ("ranges_do_not_overlap" in {finding.check for finding in item.findings}) == found


def test_rule_8_the_unit_is_kept_and_an_empty_one_is_not_stated() -> None:
    assert series_of_row(unit="hips").summary.unit_of_analysis == "hips"
    assert series_of_row(unit="").summary.unit_of_analysis == "not stated"


def test_rule_11_impossible_and_doubtful_figures_are_flagged(ifi) -> None:
    video = of(ifi, "pain", "VAS", "aaosvideo2021")
    assert ["13 of them cannot have a mean of 2.53" in item.sentence for item in video.findings] == [True]
    skewed = of(ifi, "low back disability", "ODI", "docwirelti")
    assert "sd_larger_than_mean" in {item.check for item in skewed.findings}


def test_directions_only_sources_give_no_estimate(ifi) -> None:
    video = of(ifi, "hip function", "mHHS", "aaosvideo2021")
    assert (video.role, video.effect, video.direction) == ("direction only", None, "higher")
    assert (video.summary.baseline_mean, video.summary.followup_mean) == (48.6, 82.8)


@pytest.mark.parametrize(
    ("before", "after", "stated", "direction"),
    [
        (40, 60, "", "higher"),
        (60, 40, "", "lower"),
        (40, 40, "", "no change"),
        (40, 60, "lower", "higher"),
        ("", "", "lower", "lower"),
        (40, "", "", ""),
    ],
)
def test_direction_comes_from_figures_and_else_from_words(before, after, stated: str, direction: str) -> None:
    assert series_of_row(before=before, after=after, direction=stated).direction == direction


@pytest.mark.parametrize(
    ("cells", "mark", "finding"),
    [
        ({"p": "n.s."}, "no interval: the printed figures give no standard error", "expected a number"),
        ({"p": "1"}, "no interval: the printed figures give no standard error", "t is about 0"),
        ({"change_sd": 0}, "no interval: the printed figures give no standard error", "above 0 is expected"),
        (
            {"p": ".03", "test": "Wilcoxon"},
            "no interval: the printed figures give no standard error",
            "another test (Wilcoxon)",
        ),
        (
            {"p": ".03", "test": "unpaired t test"},
            "no interval: the printed figures give no standard error",
            "another test",
        ),
    ],
)
def test_a_figure_that_gives_nothing_leaves_the_change_standing(cells, mark: str, finding: str) -> None:
    item = series_of_row(**cells)
    assert item.effect is not None
    assert (item.effect.estimate, item.effect.interval) == (20, None)
    assert item.effect.marks == (mark,)
    assert any(finding in found.sentence for found in item.findings)
    assert not any("ash/A1" in found.sentence for found in item.findings)


@pytest.mark.parametrize("p", ["n.s.", "1"])
def test_sds_carry_the_change_where_the_p_value_cannot(p: str) -> None:
    item, plain = series_of_row(p=p, sd=8), series_of_row(sd=8)
    assert item.effect is not None
    assert plain.effect is not None
    assert item.effect.standard_error == plain.effect.standard_error
    assert item.grid is not None
    assert item.summary.p_value == p


@pytest.mark.parametrize("test", ["", "paired t test", "Student's paired t-test"])
def test_a_paired_t_test_carries_its_p_value(test: str) -> None:
    item = series_of_row(p=".03", test=test)
    assert item.readings is not None
    assert item.effect is not None
    assert item.effect.standard_error is not None


def test_ranges_carry_the_change_last_with_their_own_sds_in_the_grid() -> None:
    ranges = {"baseline_min": 22, "baseline_max": 58, "followup_min": 41, "followup_max": 83}
    item = series_of_row(n=12, cells=ranges)
    assert item.effect is not None
    assert item.effect.standard_error is not None
    assert "from the range, normal distribution assumed" in item.effect.marks[0]
    assert item.grid is not None
    main = next(line for line in item.grid.lines if line.correlation == 0.5)
    assert item.effect.interval == main.interval
    assert series_of_row(n=12, p=".03", cells=ranges).grid is None
    assert series_of_row(n=4, cells=ranges).effect.standard_error is None  # type: ignore[union-attr]


def test_printed_digits_of_the_means_widen_the_range_of_the_standard_error() -> None:
    whole, exact = (
        series_of_row(before="40", after="60", p=".03"),
        series_of_row(before="40.00", after="60.00", p=".03"),
    )
    ranges = []
    for item in (whole, exact):
        assert item.effect is not None
        assert item.effect.derivation is not None
        ranges.append(item.effect.derivation.rounding_range)
    assert ranges[0][0] < ranges[1][0] < ranges[1][1] < ranges[0][1]


@pytest.mark.parametrize(
    ("cells", "check"),
    [
        ({"p": ".002", "change_sd": 5, "n": 12}, "sd_is_standard_error"),
        ({"sd": 25, "cells": {"baseline_min": 22, "baseline_max": 58}, "n": 12}, "sd_beyond_range"),
        ({"p": ".002", "sd": 2.9, "n": 12}, "sds_are_standard_errors"),
    ],
)
def test_figures_that_disagree_are_flagged_beside_the_series(cells, check: str) -> None:
    assert check in {finding.check for finding in series_of_row(**cells).findings}
    other = series_of_row(**cells, test="Wilcoxon")
    assert (check in {finding.check for finding in other.findings}) == (check == "sd_beyond_range")


def test_a_study_of_the_annex_gives_no_estimate(ifi) -> None:
    (kim,) = ifi.answer("injection", "pain", "pain score").series
    assert kim.role == "annex"
    assert (kim.effect, kim.readings, kim.grid) == (None, None, None)
    assert kim.direction == "lower"
