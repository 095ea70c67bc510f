"""n of N with its exact interval."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from synth.effects.proportions import exact_bound, exact_proportion, proportion_intervals
from synth.errors import MethodError

counts = st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_matches_statsmodels_and_scipy(count, level):
    events, total = count
    interval = exact_proportion(events, total, level=level, unit_of_analysis="patients").interval
    assert interval == pytest.approx(proportion_confint(events, total, alpha=1 - level, method="beta"), abs=1e-12)
    assert interval == pytest.approx(stats.binomtest(events, total).proportion_ci(level, method="exact"), abs=1e-9)


@settings(deadline=None)
@given(counts)
def test_limits_are_where_each_tail_holds_a_fortieth(count):
    events, total = count
    low, high = exact_proportion(events, total, level=0.95, unit_of_analysis="patients").interval
    if events > 0:
        assert stats.binom.sf(events - 1, total, low) == pytest.approx(0.025)
    if events < total:
        assert stats.binom.cdf(events, total, high) == pytest.approx(0.025)


@pytest.mark.parametrize("total", [1, 5, 8, 14, 30])
def test_zero_events_have_zero_below_and_half_alpha_above(total):
    none = exact_proportion(0, total, level=0.95, unit_of_analysis="patients")
    every = exact_proportion(total, total, level=0.95, unit_of_analysis="patients")
    assert none.interval == (0.0, pytest.approx(1 - 0.025 ** (1 / total)))
    assert every.interval == (pytest.approx(0.025 ** (1 / total)), 1.0)
    assert none.interval[1] > 1 - 0.05 ** (1 / total)  # wider than the one-sided limit behind the rule of three


def test_a_proportion_reads_as_n_of_n():
    # hatem2015: complications in 0 of 5 patients.
    proportion = exact_proportion(0, 5, level=0.95, unit_of_analysis="patients")
    assert str(proportion) == "0 of 5 patients (95% interval 0.0% to 52.2%)"
    assert proportion.estimate == 0


def test_denominators_conditioned_on_inclusion_get_no_rate():
    # wilson2016: all 7 had relief from injection and all 7 were operated, because that was how they came in.
    with pytest.raises(MethodError, match="7 of 7 patients: included because of the event"):
        exact_proportion(7, 7, level=0.95, unit_of_analysis="patients", conditioned_on_inclusion=True)


@pytest.mark.parametrize(("events", "total"), [(3, 2), (-1, 5), (0, 0), (1.5, 5)])
def test_impossible_counts_are_refused(events, total):
    with pytest.raises(MethodError, match="whole numbers"):
        exact_proportion(events, total, level=0.95, unit_of_analysis="patients")


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan")])
def test_levels_are_proportions(level):
    with pytest.raises(MethodError, match=r"such as 0\.95"):
        exact_proportion(1, 5, level=level, unit_of_analysis="patients")


# Newcombe 1998, Stat Med 17:857-872, Table I, score interval without continuity correction, as two public test suites
# quote it; the paper itself was not read.
NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]


@pytest.mark.parametrize(("events", "total", "low", "high"), NEWCOMBE)
def test_score_interval_has_the_published_values(events, total, low, high):
    found = proportion_intervals([events], [total], method="score")
    assert [round(float(limit[0]), 4) for limit in found] == [low, high]


def test_exact_interval_has_the_value_of_the_scipy_manual():
    # scipy.stats.BinomTestResult.proportion_ci, example: 7 of 50.
    low, high = proportion_intervals([7], [50])
    assert (low[0], high[0]) == pytest.approx((0.05819170033997342, 0.26739600249700846), abs=1e-12)


many = st.lists(counts, min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(many, st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_columns_match_statsmodels_and_single_proportions(pairs, level):
    events, totals = (list(column) for column in zip(*pairs, strict=True))
    for method, theirs in (("exact", "beta"), ("score", "wilson")):
        low, high = proportion_intervals(events, totals, method=method, level=level)
        expected = [proportion_confint(x, n, alpha=1 - level, method=theirs) for x, n in pairs]
        assert np.stack([low, high], axis=1) == pytest.approx(np.array(expected), abs=1e-11)
    singles = [exact_proportion(x, n, level=level, unit_of_analysis="patients") for x, n in pairs]
    exact_low, exact_high = proportion_intervals(events, totals, level=level)
    assert [item.interval for item in singles] == list(zip(exact_low.tolist(), exact_high.tolist(), strict=True))
    assert [item.score_interval for item in singles] == list(zip(low.tolist(), high.tolist(), strict=True))


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_score_limits_are_where_the_score_test_is_at_its_level(count, level):
    events, total = count
    z = stats.norm.ppf((1 + level) / 2)
    low, high = (float(limit[0]) for limit in proportion_intervals([events], [total], method="score", level=level))
    for limit, open_side in ((low, events > 0), (high, events < total)):
        if open_side:
            statistic = (events - total * limit) / np.sqrt(total * limit * (1 - limit))
            assert abs(statistic) == pytest.approx(z, rel=1e-7)
    assert (low == 0) == (events == 0)
    assert (high == 1) == (events == total)


def test_intervals_of_rare_events_in_many_keep_their_digits():
    # Times the total the limits are those of a Poisson count of 3: 3 + z**2 / 2 -+ z sqrt(3 + z**2 / 4).
    low, high = proportion_intervals([3], [10**12], method="score")
    z = stats.norm.ppf(0.975)
    ends = [3 + z**2 / 2 + sign * z * np.sqrt(3 + z**2 / 4) for sign in (-1, 1)]
    assert [float(low[0]) * 1e12, float(high[0]) * 1e12] == pytest.approx(ends, rel=1e-4)
    # The upper limit is one less a number near 1; the lower one keeps every digit.
    assert float(low[0]) * 1e12 == pytest.approx(ends[0], rel=1e-10)


def test_a_column_may_be_empty():
    low, high = proportion_intervals([], [])
    assert (low.shape, high.shape) == ((0,), (0,))


@pytest.mark.parametrize(
    ("events", "totals", "labels", "message"),
    [
        ([1, 6], [5, 5], ["ash", "elm"], "elm: 6 of 5: whole numbers"),
        ([1, -1], [5, 5], None, "study 2: -1 of 5"),
        ([1.5], [5], None, "study 1: 1.5 of 5"),
        ([1], [5.5], None, "study 1: 1 of 5.5"),
        ([float("nan")], [5], None, "study 1: nan of 5"),
        ([1], [float("inf")], None, "study 1: 1 of inf"),
        ([0], [0], None, "study 1: 0 of 0"),
        ([1], [2**53], None, "study 1: 1 of 9007199254740992"),
        ([1, 2], [5], None, "2 counts of events and 1 totals"),
        ([1], [5], ["ash", "elm"], "2 names for 1 counts"),
        ([[1]], [[5]], None, "one column is expected"),
        (["many"], [5], None, "events: a column of whole numbers"),
    ],
)
def test_impossible_columns_are_refused_by_study(events, totals, labels, message):
    with pytest.raises(MethodError, match=re.escape(message)):
        proportion_intervals(events, totals, labels=labels)


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("wald", "its limits leave 0 to 1"),
        ("normal", "its limits leave 0 to 1"),
        ("rule of three", "exact_bound"),
        ("jeffreys", "'exact' or 'score' is expected"),
    ],
)
def test_rule_10_neither_wald_nor_rule_of_three_is_offered(method, why):
    with pytest.raises(MethodError, match=why):
        proportion_intervals([0], [5], method=method)


@pytest.mark.parametrize("total", [1, 5, 14, 29, 30, 300])
def test_one_sided_bounds_are_exact_and_the_rule_of_three_is_not_used(total):
    bound = exact_bound(0, total, side="upper", level=0.95, unit_of_analysis="patients")
    assert bound.limit == pytest.approx(1 - 0.05 ** (1 / total), abs=1e-12)
    if total < 30:
        assert abs(bound.limit - min(3 / total, 1)) > 2e-3
    mirrored = exact_bound(total, total, side="lower", level=0.95, unit_of_analysis="patients")
    assert mirrored.limit == pytest.approx(1 - bound.limit)
    assert exact_bound(0, total, side="lower", level=0.95, unit_of_analysis="patients").limit == 0


def test_a_one_sided_bound_says_that_it_is_one():
    bound = exact_bound(0, 5, side="upper", level=0.95, unit_of_analysis="hips")
    assert str(bound) == "0 of 5 hips (one-sided 95% upper bound 45.1%)"
    within = exact_bound(2, 9, side="lower", level=0.9, unit_of_analysis="hips")
    assert stats.binom.sf(1, 9, within.limit) == pytest.approx(0.1)


def test_bounds_are_refused_as_intervals_are():
    with pytest.raises(MethodError, match="'upper' or 'lower'"):
        exact_bound(0, 5, side="both", level=0.95, unit_of_analysis="hips")
    with pytest.raises(MethodError, match="included because of the event"):
        exact_bound(7, 7, side="lower", level=0.95, unit_of_analysis="patients", conditioned_on_inclusion=True)
    with pytest.raises(MethodError, match="whole numbers"):
        exact_bound(6, 5, side="upper", level=0.95, unit_of_analysis="hips")


def test_none_and_all_reach_as_far_as_their_interval_in_words():
    none = exact_proportion(0, 5, level=0.95, unit_of_analysis="patients")
    every = exact_proportion(5, 5, level=0.9, unit_of_analysis="hips")
    assert none.bound == (
        "none of 5 patients: a share of up to 52.2% is compatible with that (upper limit of the 95% interval, "
        "one-sided 97.5%)"
    )
    assert every.bound == (
        "all of 5 hips: a share down to 54.9% is compatible with that (lower limit of the 90% interval, one-sided 95%)"
    )
    assert exact_proportion(1, 5, level=0.95, unit_of_analysis="hips").bound == ""


@pytest.mark.parametrize(("events", "total"), [("1", 5), (None, 5), (1, float("nan")), (True, 5), (1, float("inf"))])
def test_what_is_no_number_is_no_count(events, total):
    with pytest.raises(MethodError, match="whole numbers"):
        exact_proportion(events, total, level=0.95, unit_of_analysis="patients")
