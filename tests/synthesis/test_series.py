"""Series from rows of outcomes.csv: what carries the change, and what the figures say (rules 4 to 8 and 11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_patterns import Row, answer_of
from scipy import stats

import synth
from synth.effects.estimate import Effect
from synth.synthesis.series import Series


def series_of_row(**cells: object) -> Series:
    (found,) = answer_of(Row("ash", **cells)).series  # type: ignore[arg-type]
    return found


@pytest.fixture(scope="module")
def ifi(repository: Path):
    return synth.open_review("ifi", root=repository).synthesis


def effect_of_row(**cells: object) -> Effect:
    effect = series_of_row(**cells).effect
    assert effect is not None
    return effect


def checks_of_row(**cells: object) -> list[str]:
    return [finding.check for finding in series_of_row(**cells).findings]


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


def test_a_printed_interval_of_the_change_carries_it_with_its_mark_and_range() -> None:
    item = series_of_row(interval=("9.1", "30.9", "95"))
    effect, derivation = item.effect, item.effect and item.effect.derivation
    assert effect is not None
    assert derivation is not None
    twice = 2 * stats.t.isf(0.025, 9)
    assert effect.standard_error == pytest.approx(21.8 / twice)
    assert effect.interval == pytest.approx((9.1, 30.9))
    assert effect.marks == ("standard error derived from the printed 95% interval",)
    assert derivation.rounding_range == pytest.approx((21.7 / twice, 21.9 / twice))
    assert derivation.inputs == (("lower limit", "9.1"), ("upper limit", "30.9"), ("level", 0.95))
    assert (item.readings, item.grid, item.findings) == (None, None, ())


@pytest.mark.parametrize(("printed", "level"), [("90", 0.9), ("97.5", 0.975), ("99.9", 0.999)])
def test_the_level_of_a_printed_interval_is_read_as_percent(printed: str, level: float) -> None:
    effect = effect_of_row(interval=("10.00", "30.00", printed))
    assert effect.standard_error == pytest.approx(10 / stats.t.isf((1 - level) / 2, 9))
    assert effect.marks == (f"standard error derived from the printed {printed}% interval",)
    assert effect.level == 0.95


def test_the_interval_comes_after_the_sd_of_the_changes_and_before_the_p_value() -> None:
    interval = ("9.1", "30.9", "95")
    by_sd, by_interval = effect_of_row(interval=interval, change_sd=15), effect_of_row(interval=interval)
    assert by_sd.standard_error == pytest.approx(15 / 10**0.5)
    assert effect_of_row(interval=interval, p=".002", sd=20).standard_error == by_interval.standard_error
    # An SD that cannot be used takes neither the interval nor the p value with it.
    assert effect_of_row(interval=interval, change_sd=0).standard_error == by_interval.standard_error
    assert checks_of_row(interval=interval, change_sd=0) == ["no_standard_error"]
    assert effect_of_row(p=".002", change_sd=0).standard_error == effect_of_row(p=".002").standard_error


def test_an_interval_and_a_p_value_that_disagree_are_flagged() -> None:
    item = series_of_row(interval=("9.1", "30.9", "95"), p=".02")
    assert [(found.check, found.kind) for found in item.findings] == [("p_and_interval_disagree", "doubtful")]
    assert "The p value .02 does not agree with the interval 9.1 to 30.9" in item.findings[0].sentence
    assert checks_of_row(interval=("9.1", "30.9", "95"), p=".0025") == []
    assert checks_of_row(interval=("9.1", "30.9", "95"), p=".02", test="Wilcoxon") == ["p_value_of_another_test"]


@pytest.mark.parametrize(
    ("interval", "check", "words"),
    [
        (("5.0", "30.0", "95"), "interval_not_symmetric", "does not lie evenly around the change 20"),
        (("22.0", "30.0", "95"), "change_outside_its_interval", "does not hold the change 20"),
        (("20", "20", "95"), "interval_without_width", "has no width"),
    ],
)
def test_an_interval_that_cannot_be_used_is_named_and_the_next_figure_tried(interval, check: str, words: str) -> None:
    for others in ({"p": ".03", "sd": 20}, {"sd": 20}, {"change_sd": 15}):
        item, without = series_of_row(interval=interval, **others), series_of_row(**others)
        assert item.effect == without.effect
        assert (item.readings, item.grid) == (without.readings, without.grid)
        assert [found.check for found in item.findings] == [check]
        assert words in item.findings[0].sentence
    alone = effect_of_row(interval=interval)
    assert (alone.standard_error, alone.marks) == (
        None,
        ("no interval: the printed figures give no standard error",),
    )


def test_an_sd_that_fits_those_of_other_arms_only_as_a_standard_error() -> None:
    rows = [Row("ash", sd=4.5), Row("elm", sd=14), Row("oak", sd=15), Row("fir", n="", sd=16)]
    found = {item.study_id: list(item.findings) for item in answer_of(*rows).series}
    assert [finding.check for finding in found.pop("ash")] == ["sd_small_against_others"] * 2
    assert not any(found.values())
    sentences = [finding.sentence for finding in answer_of(*rows).series[0].findings]
    assert (
        "4.5 is less than half of the SD of this instrument in every other group at baseline (14.0 to 16.0)"
        in sentences[0]
    )
    assert "at follow-up (14.0 to 16.0)" in sentences[1]


@pytest.mark.parametrize(
    "others",
    [
        [Row("elm", sd=14)],
        [Row("elm", sd=14), Row("elm", months=24, sd=15)],
        [Row("elm", sd=14), Row("oak", sd=15, cells={"unit": "metres"})],
        [Row("elm", sd=14), Row("ash", months=24, sd=15)],
        [Row("elm", sd=14), Row("oak")],
    ],
)
def test_one_other_arm_with_an_sd_is_too_few_to_compare(others: list[Row]) -> None:
    first = next(item for item in answer_of(Row("ash", sd=4.5), *others).series if item.study_id == "ash")
    assert first.findings == ()


def test_a_study_of_the_annex_gives_no_estimate(ifi) -> None:
    (kim,) = ifi.answer("injection", "pain", "pain score").series
    assert kim.role == "annex"
    assert (kim.effect, kim.readings, kim.grid) == (None, None, None)
    assert kim.direction == "lower"
