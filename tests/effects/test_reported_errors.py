"""Standard errors from t, z, F, p values and intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.reported import (
    standard_error_from_f,
    standard_error_from_interval,
    standard_error_from_p,
    standard_error_from_t,
    standard_error_from_z,
)
from synth.errors import MethodError

NOISE = 1e-9


def holds(derivation, truth):
    low, high = derivation.rounding_range
    return low - NOISE <= truth <= high + NOISE


samples = st.tuples(st.integers(0, 10**6), st.integers(4, 40), st.floats(-30, 30), st.floats(0.5, 20))


def sample_of(seed, n, mean, sd):
    return np.random.default_rng(seed).normal(mean, sd, n)


@settings(deadline=None)
@given(samples, st.integers(1, 3), st.integers(1, 3))
def test_the_rounding_range_of_t_and_f_holds_the_truth(parameters, decimals, of_statistic):
    sample = sample_of(*parameters)
    mean, truth = float(sample.mean()), float(stats.sem(sample))
    t = mean / truth
    shown_mean, shown_t, shown_f = f"{mean:.{decimals}f}", f"{t:.{of_statistic}f}", f"{t * t:.{of_statistic}f}"
    assume(float(shown_mean) != 0 and float(shown_t) != 0 and float(shown_f) > 0)
    assert holds(standard_error_from_t(shown_mean, shown_t), truth)
    assert holds(standard_error_from_z(shown_mean, shown_t), truth)
    assert holds(standard_error_from_f(shown_mean, shown_f), truth)
    assert standard_error_from_t(mean, t).value == pytest.approx(truth)
    assert standard_error_from_f(mean, t * t).value == pytest.approx(truth)


@settings(deadline=None)
@given(samples, st.integers(1, 3), st.integers(2, 4))
def test_the_rounding_range_of_a_paired_p_value_holds_the_truth(parameters, decimals, of_p):
    sample = sample_of(*parameters)
    mean, truth, p = float(sample.mean()), float(stats.sem(sample)), float(stats.ttest_1samp(sample, 0).pvalue)
    shown = f"{mean:.{decimals}f}"
    assume(float(shown) != 0 and f"{p:.{of_p}f}" != f"{1:.{of_p}f}")
    derivation = standard_error_from_p(shown, f"{p:.{of_p}f}", test="paired t", n=len(sample))
    assert holds(derivation, truth)
    below = standard_error_from_p(shown, f"<{math.ceil(p * 100) / 100 + 0.01:.2f}", test="paired t", n=len(sample))
    assert below.value is None
    assert holds(below, truth)


@settings(deadline=None)
@given(samples, st.integers(3, 30), st.floats(-10, 10))
def test_a_two_group_p_value_gives_the_standard_error_of_the_difference(parameters, n2, shift):
    first = sample_of(*parameters)
    second = np.random.default_rng(parameters[0] + 1).normal(shift, parameters[3], n2)
    test = stats.ttest_ind(first, second)
    difference = float(first.mean() - second.mean())
    assume(1e-12 < test.pvalue < 0.99)
    truth = abs(difference / float(test.statistic))
    derivation = standard_error_from_p(difference, f"{test.pvalue:.15e}", test="two-group t", n=(len(first), n2))
    assert derivation.value == pytest.approx(truth, rel=1e-8)
    assert ("n of group 2", n2) in derivation.inputs


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(0.1, 20), st.integers(2, 60), st.integers(1, 3), st.booleans())
def test_a_standard_error_comes_back_from_its_own_interval(estimate, error, n, decimals, normal):
    critical = stats.norm.isf(0.025) if normal else stats.t.isf(0.025, n - 1)
    low, high = estimate - critical * error, estimate + critical * error
    freedom = None if normal else n - 1
    exact = standard_error_from_interval(low, high, degrees_of_freedom=freedom, estimate=estimate)
    assert exact.value == pytest.approx(error)
    assert exact.cautions == ()
    shown = [f"{number:.{decimals}f}" for number in (low, high, estimate)]
    assume(float(shown[0]) < float(shown[1]))
    rounded = standard_error_from_interval(*shown[:2], degrees_of_freedom=freedom, estimate=shown[2])
    assert holds(rounded, error)
    assert rounded.cautions == ()


@settings(deadline=None)
@given(st.floats(0.05, 20), st.floats(0.05, 1.0), st.integers(2, 4))
def test_ratios_are_taken_on_the_log_scale(ratio, error, decimals):
    z = stats.norm.isf(0.025)
    limits = [ratio * math.exp(sign * z * error) for sign in (-1, 1)]
    assert standard_error_from_interval(*limits, ratio=True, estimate=ratio).value == pytest.approx(error)
    shown = [f"{number:.{decimals}f}" for number in (*limits, ratio)]
    assume(float(shown[0]) > 0 and float(shown[0]) < float(shown[1]))
    derivation = standard_error_from_interval(*shown[:2], ratio=True, estimate=shown[2])
    assert holds(derivation, error)
    assert derivation.quantity == "standard error of the logarithm"
    assert derivation.cautions == ()


def test_published_examples_of_a_ratio():
    # The worked example of metafor's documentation of conv.wald: odds ratio 0.64 (0.33 to 1.22), p 0.17.
    interval = standard_error_from_interval("0.33", "1.22", ratio=True, estimate="0.64")
    assert interval.value**2 == pytest.approx(0.1113, abs=5e-5)
    by_p = standard_error_from_p("0.64", "0.17", test="z", ratio=True)
    assert by_p.value**2 == pytest.approx(0.1058, abs=5e-5)
    # Both figures come from one analysis, so that the ranges of their rounding share a value.
    assert interval.rounding_range[0] <= by_p.rounding_range[1]
    assert by_p.rounding_range[0] <= interval.rounding_range[1]


def test_an_asymmetric_interval_is_pointed_out():
    skewed = standard_error_from_interval("0.33", "1.22", estimate="0.64")
    assert len(skewed.cautions) == 1
    assert "on the log scale, so this is perhaps a ratio" in skewed.cautions[0]
    neither = standard_error_from_interval("-2.0", "9.0", estimate="1.0")
    assert "does not lie midway between -2.0 and 9.0" in neither.cautions[0]
    assert neither.cautions[0] in neither.explain()
    # 3.4 against the middle 3.5: hidden by whole limits, shown by two decimals.
    assert standard_error_from_interval("2", "5", estimate="3.4").cautions == ()
    assert standard_error_from_interval("2.00", "5.00", estimate="3.40").cautions != ()


@settings(deadline=None)
@given(st.floats(0.01, 100), st.integers(2, 50))
def test_the_unit_scales_the_standard_error(factor, n):
    plain = standard_error_from_p(4.2, ".03", test="paired t", n=n)
    scaled = standard_error_from_p(4.2 * factor, ".03", test="paired t", n=n)
    assert scaled.value == pytest.approx(factor * plain.value)
    assert scaled.rounding_range == pytest.approx([factor * end for end in plain.rounding_range])
    intervals = [standard_error_from_interval(1.0 * c, 3.0 * c).value for c in (1, factor)]
    assert intervals[1] == pytest.approx(factor * intervals[0])


def test_t_degrees_of_freedom_follow_the_test():
    by_t = standard_error_from_p(42.9, ".003", test="paired t", n=5)
    assert by_t.value == pytest.approx(42.9 / stats.t.isf(0.0015, 4))
    assert standard_error_from_p(42.9, ".003", test="z").value == pytest.approx(42.9 / stats.norm.isf(0.0015))
    two = standard_error_from_p(42.9, ".003", test="two-group t", n=(5, 7))
    assert two.value == pytest.approx(42.9 / stats.t.isf(0.0015, 10))
    assert "paired t test" in by_t.mark
    assert "Wald (z) test" in standard_error_from_p(42.9, ".003", test="z").assumption


def test_an_inequality_and_a_printed_zero_are_bounds():
    below = standard_error_from_p("4.2", "<.001", test="z")
    assert below.value is None
    assert below.rounding_range == (0.0, pytest.approx(4.25 / stats.norm.isf(0.0005)))
    zero = standard_error_from_p("4.2", "0.000", test="z")
    assert zero.value is None
    assert zero.rounding_range[0] == 0
    above = standard_error_from_p("4.2", ">.05", test="z")
    assert above.rounding_range == (pytest.approx(4.15 / stats.norm.isf(0.025)), math.inf)


def test_an_estimate_that_may_round_to_nothing_has_no_lower_limit():
    assert standard_error_from_t("0.1", "0.5").rounding_range[0] == pytest.approx(0.05 / 0.55)
    assert standard_error_from_t("1", "0.4").rounding_range == (pytest.approx(0.5 / 0.45), pytest.approx(1.5 / 0.35))
    assert standard_error_from_t("1.0", "1").rounding_range[1] == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: standard_error_from_t("4.2", "0.0"), "statistic of 0"),
        (lambda: standard_error_from_t("0", "2"), "estimate of 0"),
        (lambda: standard_error_from_z("1.0", "2", ratio=True), "ratio of 1"),
        (lambda: standard_error_from_z("-1.0", "2", ratio=True), "ratio above 0"),
        (lambda: standard_error_from_t("4,2", "2"), "estimate '4,2'"),
        (lambda: standard_error_from_t(math.nan, "2"), "finite"),
        (lambda: standard_error_from_f("4.2", "5.1", numerator_df=2), "2 numerator degrees"),
        (lambda: standard_error_from_f("4.2", "-1"), "above 0"),
        (lambda: standard_error_from_p("4.2", "1.0", test="z"), "statistic is about 0"),
        (lambda: standard_error_from_p("4.2", "1e-300", test="paired t", n=10), "too small"),
        (lambda: standard_error_from_p("4.2", "ns", test="z"), "p value 'ns'"),
        (lambda: standard_error_from_p("4.2", ".03", test="paired t"), "one number of pairs"),
        (lambda: standard_error_from_p("4.2", ".03", test="paired t", n=(3, 4)), "one number of pairs"),
        (lambda: standard_error_from_p("4.2", ".03", test="paired t", n=1), "at least 2"),
        (lambda: standard_error_from_p("4.2", ".03", test="two-group t", n=20), "both groups"),
        (lambda: standard_error_from_p("4.2", ".03", test="two-group t", n=(1, 1)), "at least 3"),
        (lambda: standard_error_from_p("4.2", ".03", test="welch"), "'two-group t' is expected"),
        (lambda: standard_error_from_interval("3", "3"), "below the upper"),
        (lambda: standard_error_from_interval("5", "3"), "below the upper"),
        (lambda: standard_error_from_interval("1", "3", level=95), "confidence level"),
        (lambda: standard_error_from_interval("1", "3", estimate="9"), "outside its interval"),
        (lambda: standard_error_from_interval("0", "3", ratio=True), "ratio above 0"),
        (lambda: standard_error_from_interval("1", "3", degrees_of_freedom=0), "degrees of freedom"),
    ],
)
def test_figures_that_give_nothing_are_refused_with_the_reason(call, reason):
    with pytest.raises(MethodError, match=reason):
        call()
