"""What carries the interval of a mean change, in which order, and figures of one arm held against each other."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.continuous import (
    ChangeSummary,
    mean_change_effect,
    printed_change,
    sd_of_change,
    sds_before_and_after,
)
from synth.effects.reported import sd_from_range
from synth.effects.summary_checks import inconsistencies, unusable_interval
from synth.errors import MethodError

# Invented: twelve patients.
ASH = ChangeSummary(
    study_id="ash",
    arm_id="A1",
    instrument="scale",
    unit="points",
    unit_of_analysis="patients",
    n=12,
    baseline_mean=40.0,
    baseline_sd=10.0,
    followup_mean=60.0,
    followup_sd=12.0,
    baseline_range=(22.0, 58.0),
    followup_range=(41.0, 83.0),
    p_value=".002",
    change_interval=("9.1", "30.9"),
    change_sd=15.0,
    printed={"baseline_mean": "40.0", "followup_mean": "60.0", "baseline_sd": "10", "followup_sd": "12.0"},
)


def effect_of(summary, correlation=0.5):
    return mean_change_effect(summary, correlation=correlation, level=0.95)


def test_each_rung_carries_the_change_only_where_those_before_are_missing():
    steps = [
        ({}, 15 / math.sqrt(12)),
        ({"change_sd": None}, 21.8 / (2 * stats.t.isf(0.025, 11))),
        ({"change_interval": None}, 20 / stats.t.isf(0.001, 11)),
        ({"p_value": ""}, sd_of_change(10, 12, 0.5) / math.sqrt(12)),
        (
            {"baseline_sd": None, "followup_sd": None},
            sd_of_change(sd_from_range(22.0, 58.0, 12).value, sd_from_range(41.0, 83.0, 12).value, 0.5) / math.sqrt(12),
        ),
        ({"followup_range": None}, None),
    ]
    summary = ASH
    for changes, expected in steps:
        summary = replace(summary, **changes)
        assert effect_of(summary).standard_error == (None if expected is None else pytest.approx(expected))


def test_each_rung_shows_a_mark_of_its_own():
    interval = effect_of(replace(ASH, change_sd=None))
    assert interval.marks == ("standard error derived from the printed 95% interval",)
    assert interval.interval == pytest.approx((9.1, 30.9))
    p_value = effect_of(replace(ASH, change_sd=None, change_interval=None))
    assert p_value.marks == ("standard error derived from the printed p value",)
    mixed = effect_of(replace(ASH, change_sd=None, change_interval=None, p_value="", followup_sd=None))
    assert mixed.marks == (
        "standard error derived, correlation 0.5 assumed, SD after from the range, normal distribution assumed",
    )
    assert "the scores after are normally distributed" in mixed.derivation.assumption
    assert "Wan" in mixed.derivation.source


def test_a_range_serves_from_five_scores_on_and_only_with_a_correlation():
    ranges = replace(ASH, change_sd=None, change_interval=None, p_value="", baseline_sd=None, followup_sd=None)
    assert effect_of(replace(ranges, n=5)).standard_error is not None
    assert effect_of(replace(ranges, n=4)).standard_error is None
    assert effect_of(ranges, correlation=None).standard_error is None
    assert sds_before_and_after(replace(ranges, n=4)) is None
    assert sds_before_and_after(replace(ranges, baseline_range=None)) is None


def test_an_interval_that_is_not_around_the_printed_change_carries_a_caution():
    lopsided = replace(ASH, change_sd=None, change_mean=14.0, printed={"change_mean": "14.0"})
    marks = effect_of(lopsided).marks
    assert marks[0] == "standard error derived from the printed 95% interval"
    assert "does not lie midway" in marks[1]
    with pytest.raises(MethodError, match="ash/A1 scale: the estimate 50"):
        effect_of(replace(ASH, change_sd=None, change_mean=50.0))


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(0, 2))
def test_the_change_of_rounded_means_holds_the_change_of_the_true_ones(before, after, decimals):
    texts = {"baseline_mean": f"{before:.{decimals}f}", "followup_mean": f"{after:.{decimals}f}"}
    values = {name: float(text) for name, text in texts.items()}
    found = printed_change(replace(ASH, **values, printed=texts))
    assert found.low - 1e-9 <= after - before <= found.high + 1e-9
    assert found.value == pytest.approx(values["followup_mean"] - values["baseline_mean"])
    exact = printed_change(replace(ASH, **values, printed={}))
    assert exact.low == exact.high == exact.value


def test_a_text_that_is_another_number_or_none_counts_for_nothing():
    for text in ("41.0", "about 40"):
        found = printed_change(replace(ASH, printed={"baseline_mean": text}))
        assert found.low == found.high == 20.0
    printed = printed_change(replace(ASH, change_mean=20.0, printed={"change_mean": "20"}))
    assert printed.interval == (19.5, 20.5)
    with pytest.raises(MethodError, match="no change can be formed"):
        printed_change(replace(ASH, followup_mean=None))


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 40), st.floats(-0.9, 0.95), st.integers(1, 2))
def test_rounding_ranges_hold_the_standard_error_of_the_raw_scores(seed, n, correlation, decimals):
    generator = np.random.default_rng(seed)
    before = generator.normal(50, 10, n)
    after = 10 + correlation * before + generator.normal(0, 8, n)
    truth = float(stats.sem(after - before))
    figures = {
        "baseline_mean": before.mean(),
        "followup_mean": after.mean(),
        "baseline_sd": before.std(ddof=1),
        "followup_sd": after.std(ddof=1),
    }
    ends = {
        f"{moment}_{end.__name__}": end(scores.tolist())
        for moment, scores in (("baseline", before), ("followup", after))
        for end in (min, max)
    }
    texts = {name: f"{value:.{decimals}f}" for name, value in (figures | ends).items()}
    values = {name: float(texts[name]) for name in figures}
    for moment in ("baseline", "followup"):
        values[f"{moment}_range"] = (float(texts[f"{moment}_min"]), float(texts[f"{moment}_max"]))
    assume(values["followup_mean"] != values["baseline_mean"])
    p = float(stats.ttest_rel(after, before).pvalue)
    bare = replace(ASH, **values, n=n, printed=texts, change_sd=None, change_interval=None, p_value="")
    by_sds = effect_of(bare, float(np.corrcoef(before, after)[0, 1])).derivation
    summaries = [by_sds]
    if f"{p:.4f}" != "1.0000":
        by_p = replace(bare, p_value=f"{p:.4f}", baseline_sd=None, followup_sd=None)
        summaries.append(effect_of(by_p, None).derivation)
        assert inconsistencies(replace(bare, p_value=f"{p:.4f}"), paired_p=True) == ()
    for derivation in summaries:
        low, high = derivation.rounding_range
        assert low - 1e-9 <= truth <= high + 1e-9


def test_the_least_sd_of_change_can_lie_within_the_rounding():
    # With r 0.5 and 10 after, the SD of the changes is least where the SD before is 5.
    bare = replace(ASH, change_sd=None, change_interval=None, p_value="")
    rounded = replace(bare, baseline_sd=5.0, followup_sd=10.0, printed={"baseline_sd": "5"})
    low, _ = effect_of(rounded).derivation.rounding_range
    assert low == pytest.approx(sd_of_change(5, 10, 0.5) / math.sqrt(12))


# The same without the interval, where p value, SDs and ranges are held against each other.
BARE = replace(ASH, change_interval=None)


def checks_of(**changes):
    return [finding.check for finding in inconsistencies(replace(BARE, **changes), paired_p=True)]


def test_figures_of_one_arm_that_disagree():
    plain = {"change_sd": None, "baseline_range": None, "followup_range": None}
    assert checks_of(**plain) == []
    # p .002 for a change of 20 in 12 patients needs an SD of the changes of about 17.
    assert checks_of(**plain | {"change_sd": 17.3}) == []
    assert checks_of(**plain | {"change_sd": 5.0}) == ["sd_is_standard_error"]
    assert checks_of(**plain | {"change_sd": 60.0}) == ["sd_disagrees"]
    assert checks_of(**plain | {"baseline_sd": 2.9, "followup_sd": 3.5, "printed": {}}) == ["sds_are_standard_errors"]
    assert checks_of(**plain | {"baseline_sd": 90.0, "followup_sd": 12.0, "printed": {}}) == ["sds_and_p_disagree"]
    assert checks_of(**plain | {"baseline_sd": None}) == []


def test_ranges_are_held_against_sds_and_means():
    assert checks_of(p_value="", baseline_sd=25.0) == ["sd_beyond_range"]
    assert checks_of(p_value="", followup_sd=6.0) == ["sd_beyond_range"]
    assert checks_of(p_value="") == []
    # A mean near the lowest score leaves less room: 18 is possible in 22 to 58, not with a mean of 24.
    assert checks_of(p_value="", baseline_sd=18.0) == []
    assert checks_of(p_value="", baseline_sd=18.0, baseline_mean=24.0) == ["sd_beyond_range"]


def test_figures_that_cannot_be_used_are_held_against_nothing():
    assert checks_of(n=1) == []
    assert checks_of(n=None) == []
    assert checks_of(p_value="ns", baseline_range=(58.0, 22.0), baseline_sd=25.0) == []
    assert checks_of(followup_mean=40.0, change_sd=5.0) == []
    assert inconsistencies(replace(BARE, change_sd=5.0), paired_p=False) == ()


def test_what_is_said_of_sds_and_p_values():
    (finding,) = inconsistencies(
        replace(BARE, change_sd=None, baseline_sd=2.9, followup_sd=3.5, baseline_range=None, followup_range=None),
        paired_p=True,
    )
    assert finding.kind == "doubtful"
    assert finding.sentence == (
        "The SDs 2.9 before and 3.5 after are rather standard errors: for n = 12 no correlation makes them agree with "
        "the p value .002 of the change 20 (paired t test)."
    )


# Invented: the interval of ASH alone, which allows an SD of the changes of 17.0 to 19.4 in its two readings.
INTERVAL = replace(ASH, change_sd=None, p_value="", baseline_range=None, followup_range=None)


@pytest.mark.parametrize(
    ("changes", "paired_p", "checks"),
    [
        ({}, True, []),
        ({"p_value": ".002"}, True, []),
        ({"p_value": ".008"}, True, ["p_and_interval_disagree"]),
        ({"p_value": ".008"}, False, []),
        ({"p_value": "<.0001"}, True, ["p_and_interval_disagree"]),
        ({"p_value": "<.01"}, True, []),
        ({"p_value": "n.s."}, True, []),
        ({"change_sd": 17.2}, False, []),
        ({"change_sd": 19.2}, False, []),
        ({"change_sd": 5.0, "printed": {"change_sd": "5.0"}}, False, ["sd_is_standard_error"]),
        ({"change_sd": 60.0}, False, ["sd_disagrees"]),
        ({"baseline_sd": 2.9, "followup_sd": 3.5, "printed": {}}, False, ["sds_are_standard_errors"]),
        ({"baseline_sd": 90.0, "printed": {}}, False, ["sds_and_interval_disagree"]),
        ({"change_level": 0.8}, False, ["sds_are_standard_errors"]),
    ],
)
def test_the_interval_of_the_change_is_held_against_the_other_figures(changes, paired_p, checks):
    found = inconsistencies(replace(INTERVAL, **changes), paired_p=paired_p)
    assert [finding.check for finding in found] == checks


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({}, None, ""),
        ({"change_interval": ("9", "30")}, None, ""),  # 8.5 to 30.5: its middle may be 20, the change 19.9 to 20.1
        ({"change_interval": ("9.0", "30.0")}, "interval_not_symmetric", "does not lie evenly around the change 20,"),
        ({"change_interval": ("21", "30")}, "change_outside_its_interval", "does not hold the change 20,"),
        ({"change_interval": ("20", "20")}, "interval_without_width", "The 95% interval 20 to 20 of the change has no"),
        ({"followup_mean": None, "change_interval": ("21", "30")}, None, ""),
        (
            {"change_mean": 14.0, "printed": {"change_mean": "14.0"}, "change_level": 0.9},
            "interval_not_symmetric",
            "The 90% interval 9.1 to 30.9 of the change does not lie evenly around the change 14.0, so no standard",
        ),
    ],
)
def test_an_interval_that_cannot_be_that_of_the_change(changes, check, words):
    summary = replace(INTERVAL, p_value=".04", **changes)
    found = unusable_interval(summary)
    assert (None if found is None else found.check) == check
    assert found is None or (words in found.sentence and found.kind == "doubtful")
    if check is not None:
        assert inconsistencies(summary, paired_p=True) == inconsistencies(
            replace(summary, change_interval=None), paired_p=True
        )


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(0, 2), st.sampled_from([0.9, 0.95, 0.99]))
def test_an_interval_of_raw_scores_is_usable_and_agrees_with_their_p_value(seed, n, decimals, level):
    generator = np.random.default_rng(seed)
    before = generator.normal(50, 10, n)
    changes = generator.normal(8, 9, n)
    error, mean = float(stats.sem(changes)), float(changes.mean())
    half = error * float(stats.t.isf((1 - level) / 2, n - 1))
    limits = (f"{mean - half:.{decimals}f}", f"{mean + half:.{decimals}f}")
    assume(float(limits[0]) < float(limits[1]))
    means = {"baseline_mean": before.mean(), "followup_mean": before.mean() + mean}
    texts = {name: f"{value:.{decimals}f}" for name, value in means.items()}
    p = f"{float(stats.ttest_1samp(changes, 0).pvalue):.3f}"
    summary = replace(
        INTERVAL,
        n=n,
        change_interval=limits,
        change_level=level,
        p_value="<.001" if p == "0.000" else p,
        baseline_sd=None,
        printed=texts,
        **{name: float(text) for name, text in texts.items()},
    )
    assert unusable_interval(summary) is None
    assert [item for item in inconsistencies(summary, paired_p=True) if "interval" in item.check] == []
    low, high = effect_of(summary).derivation.rounding_range
    assert low - 1e-9 <= error <= high + 1e-9
