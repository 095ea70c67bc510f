"""Standard deviations from standard errors, intervals, ranges and quartiles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.continuous import sd_of_change
from synth.effects.reported import (
    correlation_from_change_sd,
    pooled_sd_from_standard_error,
    sd_from_mean_interval,
    sd_from_quartiles,
    sd_from_range,
    sd_from_standard_error,
)
from synth.errors import MethodError

NOISE = 1e-9


@settings(deadline=None)
@given(st.floats(0.2, 50), st.integers(2, 400), st.floats(-50, 50), st.integers(1, 3))
def test_an_sd_comes_back_from_its_standard_error_and_interval(sd, n, mean, decimals):
    error = sd / math.sqrt(n)
    assert sd_from_standard_error(error, n).value == pytest.approx(sd)
    for name, critical in (("t", stats.t.isf(0.025, n - 1)), ("normal", stats.norm.isf(0.025))):
        low, high = mean - critical * error, mean + critical * error
        assert sd_from_mean_interval(low, high, n, distribution=name).value == pytest.approx(sd)
        shown = [f"{end:.{decimals}f}" for end in (low, high)]
        assume(float(shown[0]) < float(shown[1]))
        span = sd_from_mean_interval(*shown, n, distribution=name).rounding_range
        assert span[0] - NOISE <= sd <= span[1] + NOISE
    shown_error = f"{error:.{decimals}f}"
    assume(float(shown_error) > 0)
    span = sd_from_standard_error(shown_error, n).rounding_range
    assert span[0] - NOISE <= sd <= span[1] + NOISE


def test_a_pooled_sd_is_the_one_of_students_test():
    first, second = [3.0, 5.0, 8.0, 4.0], [9.0, 7.0, 12.0, 10.0, 6.0]  # invented
    t = float(stats.ttest_ind(first, second).statistic)
    error = abs((np.mean(first) - np.mean(second)) / t)
    pooled = math.sqrt((3 * np.var(first, ddof=1) + 4 * np.var(second, ddof=1)) / 7)
    assert pooled_sd_from_standard_error(error, 4, 5).value == pytest.approx(pooled)


@pytest.mark.parametrize("n", [5, 9, 25, 49, 101])
def test_range_and_quartile_rules_are_nearly_unbiased_for_normal_values(n):
    values = np.sort(np.random.default_rng(20240607).normal(50, 10, (40_000, n)), axis=1)
    width = float(np.mean(values[:, -1] - values[:, 0]))
    assert sd_from_range(0.0, width, n).value == pytest.approx(10, rel=0.02)
    low, high = np.quantile(values, [0.25, 0.75], axis=1)
    assert sd_from_quartiles(0.0, float(np.mean(high - low)), n).value == pytest.approx(10, rel=0.03)


def test_range_and_quartile_rules_as_published():
    # Wan et al. (2014), equations 9 and 16, worked out here with scipy.
    assert sd_from_range("10", "41", 30).value == pytest.approx(31 / (2 * stats.norm.ppf(29.625 / 30.25)), rel=1e-12)
    expected = 6 / (2 * stats.norm.ppf((0.75 * 60 - 0.125) / 60.25))
    assert sd_from_quartiles("5", "11", 60).value == pytest.approx(expected, rel=1e-12)
    low, high = sd_from_quartiles("5", "11", 60).rounding_range
    assert (low, high) == (pytest.approx(expected * 5 / 6), pytest.approx(expected * 7 / 6))
    assert "normally distributed" in sd_from_quartiles("5", "11", 60).assumption


def test_quartiles_computed_in_another_way_give_another_sd_where_values_are_few():
    for n, excess in ((5, 0.67), (10, 0.28), (25, 0.10)):
        values = np.random.default_rng(20240607).normal(50, 10, (40_000, n))
        low, high = np.quantile(values, [0.25, 0.75], axis=1, method="weibull")
        derivation = sd_from_quartiles(0.0, float(np.mean(high - low)), n)
        assert derivation.value == pytest.approx(10 * (1 + excess), rel=0.02)
        assert len(derivation.cautions) == (n < 25)


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.floats(-100, 100), st.integers(5, 300))
def test_ranges_scale_and_do_not_depend_on_the_place(factor, shift, n):
    assert sd_from_range(0.0, 12.0 * factor, n).value == pytest.approx(factor * sd_from_range(0.0, 12.0, n).value)
    assert sd_from_range(shift, shift + 12.0, n).value == pytest.approx(sd_from_range(0.0, 12.0, n).value)
    assert sd_from_range(0.0, 12.0, n).value > sd_from_range(0.0, 12.0, n + 1).value


@settings(deadline=None)
@given(st.floats(1, 20), st.floats(1, 20), st.floats(-0.95, 0.95), st.integers(0, 2))
def test_the_correlation_comes_back_from_three_sds(before, after, correlation, decimals):
    change = sd_of_change(before, after, correlation)
    assert correlation_from_change_sd(before, after, change).value == pytest.approx(correlation, abs=1e-9)
    shown = [f"{sd:.{decimals}f}" for sd in (before, after, change)]
    assume(float(shown[2]) > 0)
    derivation = correlation_from_change_sd(*shown)
    low, high = derivation.rounding_range
    assert low - NOISE <= correlation <= high + NOISE
    assert -1 <= low <= derivation.value <= high <= 1


def test_the_smallest_correlation_can_lie_within_the_rounding():
    # With 5 after and a change of 3 the correlation is smallest, 0.8, at 4 before; 4.45 and 3.55 give more.
    low, _ = correlation_from_change_sd("4.0", 5.0, 3.0).rounding_range
    assert low == pytest.approx(0.8)
    assert correlation_from_change_sd(3.95, 5.0, 3.0).value > 0.8
    assert correlation_from_change_sd(4.05, 5.0, 3.0).value > 0.8


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: sd_from_standard_error("0", 5), "standard error 0"),
        (lambda: sd_from_standard_error("1.2", 1), "n = 1"),
        (lambda: sd_from_mean_interval("3", "2", 9), "below the upper"),
        (lambda: sd_from_mean_interval("1", "2", 9, distribution="z"), "'t' or 'normal'"),
        (lambda: sd_from_mean_interval("1", "2", 1), "n = 1"),
        (lambda: pooled_sd_from_standard_error("1", 0, 5), "n1 = 0"),
        (lambda: pooled_sd_from_standard_error("1", 1, 1), "at least 3"),
        (lambda: sd_from_range("3", "3", 9), "below the second"),
        (lambda: sd_from_range("3", "9", 4), "at least 5"),
        (lambda: sd_from_quartiles("9", "3", 9), "lower quartile 9"),
        (lambda: correlation_from_change_sd("10", "10", "25"), "no correlation"),
        (lambda: correlation_from_change_sd("10", "2", "3"), "no correlation"),
        (lambda: correlation_from_change_sd("0", "2", "3"), "SD before 0"),
    ],
)
def test_figures_that_give_no_sd_are_refused(call, reason):
    with pytest.raises(MethodError, match=reason):
        call()
