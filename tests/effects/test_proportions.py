"""n of N with its exact interval."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from synth.effects.proportions import exact_proportion
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
