"""A printed p value: what it allows, what follows from it, what does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.reported import (
    parse_printed_p,
    rank_tests,
    readings_of_p,
    standard_error_from_paired_p,
    standard_error_from_unpaired_p,
)
from synth.errors import MethodError

GRID = (0.0, 0.3, 0.5, 0.7, 0.9)

# hatem2015 as printed in its abstract: mHHS 51.3 before and 94.2 after, p .003, five patients.
MHHS = {"change": 42.9, "p": parse_printed_p(".003"), "n": 5}


@pytest.mark.parametrize(
    ("text", "relation", "value", "low", "high"),
    [
        (".003", "=", 0.003, 0.0025, 0.0035),
        ("0.003", "=", 0.003, 0.0025, 0.0035),
        ("0.0030", "=", 0.003, 0.00295, 0.00305),
        ("=0.04", "=", 0.04, 0.035, 0.045),
        ("P = .04", "=", 0.04, 0.035, 0.045),
        ("p=1.2e-4", "=", 0.00012, 0.000115, 0.000125),
        (" 0.006 ", "=", 0.006, 0.0055, 0.0065),
        ("0.000", "=", 0.0, 0.0, 0.0005),
        ("1.00", "=", 1.0, 0.995, 1.0),
        ("<0.001", "<", 0.001, 0.0, 0.001),
        ("< .001", "<", 0.001, 0.0, 0.001),
        ("p<.05", "<", 0.05, 0.0, 0.05),
        (">0.05", ">", 0.05, 0.05, 1.0),
    ],
)
def test_printed_p_values_are_read_with_what_their_digits_allow(text, relation, value, low, high):
    p = parse_printed_p(text)
    assert (p.relation, p.value, p.low, p.high) == (relation, value, low, high)
    assert p.text == text.strip()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0,03", "comma"),
        ("", "expected a number"),
        ("NS", "expected a number"),
        ("-0.01", "expected a number"),
        ("<=0.05", "expected a number"),
        ("0.01 to 0.05", "expected a number"),
        ("nan", "expected a number"),
        ("٠.٠٣", "expected a number"),
        ("1.01", "from 0 to 1"),
        ("3%", "expected a number"),
    ],
)
def test_anything_else_is_refused_with_the_text_and_the_reason(text, reason):
    with pytest.raises(MethodError, match=reason) as raised:
        parse_printed_p(text)
    assert repr(text) in str(raised.value)


def test_only_an_equality_is_more_than_a_bound():
    assert [parse_printed_p(text).is_bound for text in (".003", "<.001", ">.05", "0.000", "1.00")] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_hatem_hip_score_read_as_a_paired_t_test():
    reading = standard_error_from_paired_p(**MHHS)
    assert reading.degrees_of_freedom == 4
    low, high = reading.interval(0.95)
    assert (round(low, 1), round(high, 1)) == (24.4, 61.4)
    assert round(reading.widest_interval(0.95)[0], 1) == 23.6
    assert round(reading.narrowest_interval(0.95)[0], 1) == 25.3


def test_hatem_hip_score_read_otherwise():
    unpaired = standard_error_from_unpaired_p(**MHHS)
    assert unpaired.degrees_of_freedom == 8
    assert round(unpaired.interval(0.95)[0], 1) == 19.3
    assert round(unpaired.widest_interval(0.95)[0], 1) == 18.7
    assert round(unpaired.narrowest_interval(0.95)[0], 1) == 20.1
    correlated = standard_error_from_unpaired_p(**MHHS, correlation=0.3)
    assert correlated.degrees_of_freedom == 4
    assert correlated.interval(0.95)[0] == pytest.approx(19.17, abs=0.005)


def test_nothing_may_be_said_that_only_one_reading_bears():
    readings = readings_of_p(**MHHS, correlations=GRID, level=0.95)
    twenty = readings.excludes(20)
    assert twenty.holds_as_printed
    assert not twenty.holds
    assert twenty.failing[0][0] == "unpaired t test"
    assert twenty.sentence == (
        "It may not be said that the interval excludes 20: under the unpaired t test, it can reach from 18.7 to 67.1."
    )
    ten = readings.excludes(10)
    assert ten.holds
    assert ten.failing == ()
    assert "excludes 10" in ten.sentence


def test_a_threshold_met_only_by_rounding_fails_too():
    # 24 lies under the lower limit as printed (24.4) and above the one at p = .0035 (23.6).
    paired_only = readings_of_p(**MHHS, correlations=(), level=0.95).excludes(24)
    assert paired_only.holds_as_printed
    assert "paired t test" in [test for test, _ in paired_only.failing]


def test_thresholds_of_a_fall_carry_their_sign():
    # hatem2015 VAS: 6.6 before and 1 after, p .001.
    readings = readings_of_p(-5.6, parse_printed_p(".001"), 5, correlations=GRID, level=0.95)
    assert readings.interval[1] < 0
    assert readings.excludes(-0.5).holds
    assert not readings.excludes(-5).holds


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=3, max_size=12, unique=True),
    st.floats(0.5, 30),
)
def test_the_exact_p_of_a_paired_t_test_gives_its_standard_error_back(differences, shift):
    sample = np.array(differences) + shift
    mean, standard_error = float(sample.mean()), float(stats.sem(sample))
    assume(abs(mean) > 1e-3 and standard_error > 1e-3)
    p = float(stats.ttest_1samp(sample, 0).pvalue)
    assume(1e-12 < p < 0.99)
    reading = standard_error_from_paired_p(mean, parse_printed_p(f"{p:.15e}"), len(sample))
    assert reading.standard_error == pytest.approx(standard_error, rel=1e-9)
    assert reading.derivation.rounding_range == (pytest.approx(standard_error), pytest.approx(standard_error))


def test_the_exact_p_of_an_unpaired_t_test_gives_its_standard_error_back():
    before, after = [41.0, 52.0, 58.0, 47.0], [61.0, 80.0, 75.0, 66.0]  # invented
    test = stats.ttest_ind(after, before)
    change = float(np.mean(after) - np.mean(before))
    reading = standard_error_from_unpaired_p(change, parse_printed_p(f"{test.pvalue:.15e}"), 4)
    assert reading.standard_error == pytest.approx(change / test.statistic, rel=1e-9)


def test_correlation_factor_is_exact_for_equal_sds():
    before, after = np.array([1.0, 2.0, 3.0, 6.0]), np.array([12.0, 11.0, 16.0, 13.0])  # invented; SDs equal
    assert before.std() == pytest.approx(after.std())
    p = stats.ttest_ind(after, before).pvalue
    change, correlation = float((after - before).mean()), float(np.corrcoef(before, after)[0, 1])
    reading = standard_error_from_unpaired_p(change, parse_printed_p(f"{p:.15e}"), 4, correlation)
    assert reading.standard_error == pytest.approx(stats.sem(after - before), rel=1e-9)


def test_the_t_and_never_the_normal_distribution_is_inverted():
    normal = 42.9 / stats.norm.isf(0.0015)
    assert standard_error_from_paired_p(**MHHS).standard_error < 0.5 * normal


def test_a_bound_gives_a_range_and_no_standard_error():
    # kim2016: 6.7 before and 3.4 after, p < 0.001, 14 patients.
    below = standard_error_from_paired_p(-3.3, parse_printed_p("<0.001"), 14)
    assert below.is_bound
    assert below.standard_error is None
    assert below.interval(0.95) is None
    assert below.derivation.rounding_range == (0.0, pytest.approx(3.3 / stats.t.isf(0.0005, 13)))
    above = standard_error_from_paired_p(-3.3, parse_printed_p(">0.05"), 14)
    low, high = above.derivation.rounding_range
    assert low == pytest.approx(3.3 / stats.t.isf(0.025, 13))
    assert math.isinf(high)
    assert above.widest_interval(0.95) == (-math.inf, math.inf)


def test_a_bound_can_bear_a_statement_and_an_open_one_never():
    below = readings_of_p(-3.3, parse_printed_p("<0.001"), 14, correlations=(0.5,), level=0.95)
    assert below.interval is None
    assert below.excludes(0).holds
    assert not below.excludes(0).holds_as_printed
    above = readings_of_p(-3.3, parse_printed_p(">0.05"), 14, correlations=(), level=0.95).excludes(0)
    assert not above.holds
    assert "without limits" in above.sentence


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(3, 30), st.floats(0.1, 100))
def test_intervals_grow_with_the_p_value(thousandths, n, change):
    reading = standard_error_from_paired_p(change, parse_printed_p(f"{thousandths / 1000:.3f}"), n)
    widest, printed, narrowest = reading.widest_interval(0.95), reading.interval(0.95), reading.narrowest_interval(0.95)
    assert widest[0] < printed[0] < narrowest[0] < change < narrowest[1] < printed[1] < widest[1]


def test_derivations_name_inputs_assumption_and_source():
    derivation = standard_error_from_paired_p(**MHHS).derivation
    assert derivation.inputs == (("mean change", 42.9), ("p value", ".003"), ("n", 5))
    assert "paired t test" in derivation.assumption
    assert "Cochrane" in derivation.source


@pytest.mark.parametrize(
    ("change", "text", "n", "reason"),
    [
        (0.0, ".003", 5, "change of 0"),
        (math.nan, ".003", 5, "finite"),
        (math.inf, ".003", 5, "finite"),
        (5.0, ".003", 1, "at least 2"),
        (5.0, "1.00", 5, "t is about 0"),
    ],
)
def test_figures_that_give_no_standard_error_are_refused(change, text, n, reason):
    with pytest.raises(MethodError, match=reason):
        standard_error_from_paired_p(change, parse_printed_p(text), n)


@pytest.mark.parametrize("correlation", [-1.0, 1.0, 1.2, math.nan])
def test_impossible_correlations_are_refused(correlation):
    with pytest.raises(MethodError, match="correlation"):
        standard_error_from_unpaired_p(**MHHS, correlation=correlation)


@pytest.mark.parametrize("n", range(2, 9))
def test_smallest_rank_p_values_are_those_of_the_most_extreme_data(n):
    signed, unpaired = rank_tests(parse_printed_p("0.5"), n)
    gains, before = np.arange(1.0, n + 1), np.arange(float(n))
    assert signed.smallest_p == pytest.approx(stats.wilcoxon(gains, method="exact").pvalue)
    assert unpaired.smallest_p == pytest.approx(stats.mannwhitneyu(before + 100, before, method="exact").pvalue)


def test_rank_tests_that_cannot_give_the_printed_p_are_named():
    signed, unpaired = rank_tests(**{key: MHHS[key] for key in ("p", "n")})
    assert (signed.name, signed.smallest_p, signed.excluded) == ("Wilcoxon signed-rank test", 0.0625, True)
    assert unpaired.smallest_p == pytest.approx(2 / 252)
    assert unpaired.excluded
    assert unpaired.sentence == (
        "An exact Mann-Whitney test cannot have given the printed p value .003: at n = 5 its smallest is 0.00794."
    )


def test_smallest_rank_p_values_of_large_groups_are_counted_by_logarithms():
    signed, unpaired = rank_tests(parse_printed_p("0.5"), 501)
    assert signed.smallest_p == 2.0**-500
    assert unpaired.smallest_p == pytest.approx(2 / math.comb(1002, 501), rel=1e-10)
    assert [test.smallest_p for test in rank_tests(parse_printed_p("0.5"), 10**9)] == [0.0, 0.0]


def test_rank_tests_that_could_have_given_it_are_not_excluded():
    assert not any(test.excluded for test in rank_tests(parse_printed_p("<0.001"), 14))
    assert not any(test.excluded for test in rank_tests(parse_printed_p(">0.05"), 2))
    assert not rank_tests(parse_printed_p("0.06"), 5)[0].excluded  # 0.0625 prints as 0.06
    assert rank_tests(parse_printed_p("<0.0625"), 5)[0].excluded  # reaches 0.0625 and nothing below
    with pytest.raises(MethodError, match="at least 1"):
        rank_tests(parse_printed_p("0.06"), 0)
