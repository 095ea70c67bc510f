"""Mean changes and what their standard errors rest on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.continuous import (
    ChangeSummary,
    change_over_correlations,
    correlations_allowed,
    mean_change,
    mean_change_effect,
    sd_of_change,
    standard_error_of_change,
)
from synth.errors import MethodError

# docwirelti mHHS as printed in its abstract.
DOCWIRELTI = ChangeSummary(
    study_id="docwirelti",
    arm_id="A1",
    instrument="mHHS",
    unit="points",
    unit_of_analysis="not stated",
    n=24,
    baseline_mean=55.8,
    baseline_sd=14,
    followup_mean=81.3,
    followup_sd=14.3,
    p_value="<0.001",
    rows=("outcomes.csv:13",),
)
HATEM = ChangeSummary(
    study_id="hatem2015",
    arm_id="A1",
    instrument="mHHS",
    unit="points",
    unit_of_analysis="patients",
    n=5,
    baseline_mean=51.3,
    followup_mean=94.2,
    p_value=".003",
)


def test_differences_of_printed_means_keep_their_digits():
    assert mean_change(51.3, 94.2) == 42.9
    assert mean_change(6.6, 1) == -5.6
    with pytest.raises(MethodError, match="finite"):
        mean_change(math.nan, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=3, max_size=20, unique=True))
def test_sd_of_change_is_that_of_the_differences(pairs):
    before, after = np.array(pairs).T
    sds = before.std(ddof=1), after.std(ddof=1)
    if min(sds) < 1e-3:
        return
    correlation = float(np.cov(before, after)[0, 1] / (sds[0] * sds[1]))
    if abs(correlation) > 0.999:
        return
    assert sd_of_change(*sds, correlation) == pytest.approx(float((after - before).std(ddof=1)), rel=1e-6)


def test_cochrane_handbook_example():
    # Handbook 5.1, section 16.4.6.4: SDs 2.38 and 2.21, ten people, correlation 0.68, standard error printed as 0.583.
    assert standard_error_of_change(sd_of_change(2.38, 2.21, 0.68), 10) == pytest.approx(0.583, abs=0.0005)


def test_grid_of_correlations():
    grid = change_over_correlations(25.5, 14, 14.3, 24, correlations=(0, 0.5, 0.9), level=0.95)
    assert [line.correlation for line in grid.lines] == [0, 0.5, 0.9]
    widths = [line.interval[1] - line.interval[0] for line in grid.lines]
    assert widths == sorted(widths, reverse=True)
    middle = grid.lines[1]
    assert middle.sd_of_change == pytest.approx(math.sqrt(14**2 + 14.3**2 - 14 * 14.3))
    margin = stats.t.isf(0.025, 23) * middle.sd_of_change / math.sqrt(24)
    assert middle.interval == (pytest.approx(25.5 - margin), pytest.approx(25.5 + margin))


def test_grid_as_a_table():
    frame = change_over_correlations(25.5, 14, 14.3, 24, correlations=(0, 0.5), level=0.95).to_frame()
    assert list(frame.columns) == ["correlation", "change", "sd_of_change", "standard_error", "low", "high"]
    assert frame["change"].tolist() == [25.5, 25.5]
    assert frame.loc[0, "sd_of_change"] == pytest.approx(math.hypot(14, 14.3))


@pytest.mark.parametrize(
    ("baseline_sd", "n", "correlations", "reason"),
    [
        (14, 24, (), "grid of correlations is empty"),
        (14, 24, (1.0,), "correlation"),
        (-1, 24, (0.5,), "standard deviation -1"),
        (14, 1, (0.5,), "at least 2"),
        (math.nan, 24, (0.5,), "standard deviation nan"),
    ],
)
def test_grids_that_cannot_be_are_refused(baseline_sd, n, correlations, reason):
    with pytest.raises(MethodError, match=reason):
        change_over_correlations(25.5, baseline_sd, 14.3, n, correlations=correlations, level=0.95)


def test_scores_that_all_change_alike_have_no_standard_error():
    with pytest.raises(MethodError, match="above 0"):
        standard_error_of_change(sd_of_change(0, 0, 0.5), 10)


def test_a_printed_sd_of_the_changes_comes_first():
    effect = mean_change_effect(replace(DOCWIRELTI, change_mean=25.0, change_sd=12.0), correlation=0.5, level=0.95)
    assert effect.estimate == 25.0
    assert effect.standard_error == pytest.approx(12 / math.sqrt(24))
    assert effect.derivation is None
    assert effect.marks == ()


def test_an_exact_p_value_comes_before_an_assumed_correlation():
    # lerch2022 foot progression angle: 1.3 (SD 7) to 4.5 (SD 6), p 0.006, 14 patients.
    summary = replace(
        DOCWIRELTI, n=14, baseline_mean=1.3, baseline_sd=7, followup_mean=4.5, followup_sd=6, p_value="0.006"
    )
    effect = mean_change_effect(summary, correlation=0.5, level=0.95)
    assert effect.estimate == 3.2
    assert effect.standard_error == pytest.approx(3.2 / stats.t.isf(0.003, 13))
    assert ("p value", "0.006") in effect.derivation.inputs
    assert effect.marks == ("standard error derived from the printed p value",)


def test_a_bound_leaves_the_sds_with_the_protocols_correlation():
    effect = mean_change_effect(DOCWIRELTI, correlation=0.5, level=0.95)
    assert effect.estimate == 25.5
    assert effect.standard_error == pytest.approx(sd_of_change(14, 14.3, 0.5) / math.sqrt(24))
    assert "correlate with 0.5" in effect.derivation.assumption
    assert effect.interval[0] == pytest.approx(25.5 - stats.t.isf(0.025, 23) * effect.standard_error)
    assert (effect.measure, effect.unit, effect.rows) == ("MC", "points", ("outcomes.csv:13",))


def test_a_bound_alone_gives_no_interval_and_says_so():
    effect = mean_change_effect(DOCWIRELTI, correlation=None, level=0.95)
    assert (effect.standard_error, effect.interval) == (None, None)
    assert effect.derivation.rounding_range[0] == 0
    assert effect.marks == (
        "no interval: the p value is printed as a bound, which says of a paired t test only that the standard error "
        "is below 6.77",
    )
    above = mean_change_effect(replace(DOCWIRELTI, p_value=">0.05"), correlation=None, level=0.95)
    assert "is above" in above.marks[0]


def test_a_p_value_gives_the_paired_reading():
    effect = mean_change_effect(HATEM, correlation=0.5, level=0.95)
    assert round(effect.interval[0], 1) == 24.4
    assert effect.n == 5


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"p_value": ""}, "no standard deviation and no p value was seen"),
        ({"n": None}, "the number analysed was not seen"),
        ({"n": 1}, "a single patient"),
        ({"followup_mean": 51.3}, "no standard deviation"),
    ],
)
def test_raw_changes_have_no_interval_and_a_reason(changes, mark):
    effect = mean_change_effect(replace(HATEM, **changes), correlation=0.5, level=0.95)
    assert (effect.standard_error, effect.interval) == (None, None)
    assert mark in effect.marks[0]


def test_without_any_change_the_arm_is_named():
    with pytest.raises(MethodError, match="hatem2015/A1: no change can be formed"):
        mean_change_effect(replace(HATEM, followup_mean=None), correlation=0.5, level=0.95)


def test_faults_in_the_figures_name_arm_and_instrument():
    with pytest.raises(MethodError, match="hatem2015/A1 mHHS: p value '0,003'"):
        mean_change_effect(replace(HATEM, p_value="0,003"), correlation=0.5, level=0.95)


@settings(deadline=None)
@given(st.floats(1, 20), st.floats(1, 20), st.floats(-0.9, 0.9), st.integers(2, 60))
def test_the_standard_error_gives_its_correlation_back(baseline_sd, followup_sd, correlation, n):
    standard_error = standard_error_of_change(sd_of_change(baseline_sd, followup_sd, correlation), n)
    low, high = correlations_allowed(baseline_sd, followup_sd, n, (standard_error, standard_error))
    assert low == pytest.approx(correlation, abs=1e-9)
    assert high == pytest.approx(correlation, abs=1e-9)


def test_a_bound_on_p_bounds_the_correlation():
    # kim2016: SDs 2.3 and 2.1, change -3.3, p < 0.001, 14 patients; uncorrelated scores would give p = 0.0015.
    largest = 3.3 / stats.t.isf(0.0005, 13)
    low, high = correlations_allowed(2.3, 2.1, 14, (0.0, largest))
    assert 0 < low < 0.2
    assert high == 1
    assert correlations_allowed(2.3, 2.1, 14, (largest, math.inf))[0] == -1


def test_figures_that_contradict_each_other_allow_no_correlation():
    assert correlations_allowed(1.0, 1.0, 10, (5.0, 6.0)) is None
    with pytest.raises(MethodError, match="SDs above 0"):
        correlations_allowed(0.0, 1.0, 10, (5.0, 6.0))
