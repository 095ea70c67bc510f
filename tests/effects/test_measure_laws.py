"""Laws that hold for every data set: arms swapped, studies reordered, figures scaled, and other ways to a number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from synth.effects.compute import effect_sizes
from synth.effects.conversions import log_odds_ratio_from_smd, smd_from_log_odds_ratio
from synth.effects.measures import MEASURES
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError

RULE = ZeroCells()
COUNT_MEASURES = ("RR", "OR", "RD", "AS", "PETO", "YUQ", "YUY", "OR2DN", "OR2DL")
PAIR_MEASURES = ("MPRR", "MPOR", "MPRD", "MPORC", "MPPETO")
MEAN_MEASURES = ("MD", "SMD", "SMDH", "ROM", "CVR", "VR", "D2ORN", "D2ORL")

counts = st.tuples(*[st.integers(0, 200)] * 4).filter(lambda cells: cells[0] + cells[1] and cells[2] + cells[3])
mean = st.floats(0.5, 50)
spread = st.floats(0.1, 20)
people = st.integers(3, 500)
groups = st.tuples(mean, spread, people, mean, spread, people)
changes = st.tuples(mean, spread, mean, spread, people, st.floats(-0.95, 0.95))


def of_counts(measure, cells, rule=RULE, **more):
    a, b, c, d = np.atleast_2d(cells).T
    columns = {"events_treated": a, "total_treated": a + b, "events_control": c, "total_control": c + d}
    return effect_sizes(measure, zero_cells=rule, unusable="mark", **columns, **more)


def of_pairs(measure, cells, rule=RULE):
    columns = dict(zip(MEASURES[measure].columns, np.atleast_2d(cells).T, strict=True))
    return effect_sizes(measure, zero_cells=rule, unusable="mark", **columns)


def of_means(measure, figures, **more):
    names = ("mean_treated", "sd_treated", "n_treated", "mean_control", "sd_control", "n_control")
    columns = dict(zip(names, np.atleast_2d(figures).T, strict=True))
    return effect_sizes(measure, **{name: columns[name] for name in MEASURES[measure].columns}, **more)


def of_changes(measure, figures, **more):
    names = ("mean_before", "sd_before", "mean_after", "sd_after", "n", "correlation")
    columns = dict(zip(names, np.atleast_2d(figures).T, strict=True))
    return effect_sizes(measure, **{name: columns[name] for name in MEASURES[measure].columns}, **more)


def same(one, other, sign=1):
    np.testing.assert_allclose(one.estimates, sign * other.estimates, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.variances, other.variances, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("measure", COUNT_MEASURES)
@settings(deadline=None, max_examples=40)
@given(cells=counts)
def test_swapped_arms_flip_the_sign_of_effects_of_counts(measure, cells):
    a, b, c, d = cells
    same(of_counts(measure, cells), of_counts(measure, (c, d, a, b)), sign=-1)


@pytest.mark.parametrize("measure", ["OR", "RD", "AS", "PETO", "YUQ", "YUY"])
@settings(deadline=None, max_examples=40)
@given(cells=counts)
def test_events_and_non_events_swapped_flip_the_sign(measure, cells):
    a, b, c, d = cells
    same(of_counts(measure, cells), of_counts(measure, (b, a, d, c)), sign=-1)


@pytest.mark.parametrize("measure", PAIR_MEASURES)
@settings(deadline=None, max_examples=40)
@given(cells=counts)
def test_swapped_treatments_flip_the_sign_of_effects_of_pairs(measure, cells):
    both, treated, control, neither = cells
    same(of_pairs(measure, cells), of_pairs(measure, (both, control, treated, neither)), sign=-1)


@pytest.mark.parametrize("measure", MEAN_MEASURES)
@settings(deadline=None, max_examples=40)
@given(figures=groups)
def test_swapped_groups_flip_the_sign_of_effects_of_means(measure, figures):
    same(of_means(measure, figures), of_means(measure, figures[3:] + figures[:3]), sign=-1)


@settings(deadline=None, max_examples=40)
@given(events=st.tuples(st.integers(1, 99), st.integers(1, 99)), time=st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)))
def test_swapped_groups_flip_the_sign_of_effects_of_rates(events, time):
    names = MEASURES["IRR"].columns
    for measure in ("IRR", "IRD", "IRSD"):
        one = effect_sizes(measure, **dict(zip(names, (events[0], time[0], events[1], time[1]), strict=True)))
        other = effect_sizes(measure, **dict(zip(names, (events[1], time[1], events[0], time[0]), strict=True)))
        same(one, other, sign=-1)


@settings(deadline=None, max_examples=40)
@given(cells=st.lists(counts, min_size=2, max_size=8), data=st.data())
def test_the_order_of_studies_does_not_matter(cells, data):
    order = data.draw(st.permutations(range(len(cells))))
    for arguments in ({"rule": ZeroCells(to="if0all")}, {"variance": "AV"}):
        one = of_counts("RD", cells, **arguments)
        other = of_counts("RD", [cells[row] for row in order], **arguments)
        np.testing.assert_allclose(one.variances[list(order)], other.variances, rtol=1e-12)
        np.testing.assert_allclose(one.estimates[list(order)], other.estimates, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(figures=groups, factor=st.floats(1e-6, 1e6))
def test_units_of_measurement_scale_mean_differences_alone(figures, factor):
    scaled = tuple(value * (1 if place in (2, 5) else factor) for place, value in enumerate(figures))
    plain, large = of_means("MD", figures), of_means("MD", scaled)
    np.testing.assert_allclose(large.estimates, factor * plain.estimates, rtol=1e-9, atol=1e-12 * factor)
    np.testing.assert_allclose(large.variances, factor**2 * plain.variances, rtol=1e-9)
    for measure in ("SMD", "SMDH", "SMD1", "SMD1H", "ROM", "CVR", "VR", "D2ORL"):
        same(of_means(measure, scaled), of_means(measure, figures))


@settings(deadline=None, max_examples=60)
@given(figures=changes, factor=st.floats(1e-3, 1e3))
def test_units_of_measurement_scale_mean_changes_alone(figures, factor):
    scaled = tuple(value * (1 if place > 3 else factor) for place, value in enumerate(figures))
    plain, large = of_changes("MC", figures), of_changes("MC", scaled)
    np.testing.assert_allclose(large.estimates, factor * plain.estimates, rtol=1e-9, atol=1e-12 * factor)
    np.testing.assert_allclose(large.variances, factor**2 * plain.variances, rtol=1e-9)
    for measure in ("SMCC", "SMCR", "SMCRH", "ROMC", "CVRC", "VRC"):
        same(of_changes(measure, scaled), of_changes(measure, figures))


@settings(deadline=None, max_examples=40)
@given(figures=groups, shift=st.floats(-100, 100))
def test_a_shift_of_both_means_changes_no_difference(figures, shift):
    moved = (figures[0] + shift, *figures[1:3], figures[3] + shift, *figures[4:])
    for measure in ("MD", "SMD", "SMDH", "SMD1", "SMD1H"):
        same(of_means(measure, moved), of_means(measure, figures))


@settings(deadline=None, max_examples=40)
@given(cells=st.tuples(*[st.integers(1, 60)] * 4))
def test_matched_risk_difference_is_the_mean_difference_of_zeros_and_ones(cells):
    both, treated, control, neither = cells
    differences = np.repeat([0.0, 1.0, -1.0, 0.0], [both, treated, control, neither])
    found = of_pairs("MPRD", cells)
    assert found.estimates[0] == pytest.approx(differences.mean(), rel=1e-12, abs=1e-15)
    assert found.variances[0] == pytest.approx(differences.var() / len(differences), rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(n=st.integers(2, 400), d=st.floats(-3, 3))
def test_hedges_factor_makes_the_estimate_unbiased(n, d):
    found = of_means("SMD", (d, 1.0, n, 0.0, 1.0, n))
    m = 2 * n - 2
    factor = math.exp(math.lgamma(m / 2) - math.lgamma((m - 1) / 2)) / math.sqrt(m / 2)
    assert found.estimates[0] == pytest.approx(factor * d, rel=1e-10)
    assert found.variances[0] == pytest.approx(2 / n + (factor * d) ** 2 / (4 * n), rel=1e-10)


def test_hedges_factor_keeps_its_digits_for_huge_samples():
    # The usual series of the factor, 1 - 3/(4m) - 7/(32m^2), is exact to 1e-18 here.
    m = 2e6 - 2
    found = of_means("SMD", (1.0, 1.0, 1e6, 0.0, 1.0, 1e6))
    assert found.estimates[0] == pytest.approx(1 - 3 / (4 * m) - 7 / (32 * m**2), rel=1e-14)


@settings(deadline=None, max_examples=40)
@given(r=st.floats(-0.9, 0.9), n=st.sampled_from([5, 8, 21, 41, 42, 326, 5000]))
def test_unbiased_correlation_by_its_integral(r, n):
    # Olkin and Pratt's function as Euler's integral with t = sin(u)^2, by the midpoint rule on a periodic integrand.
    u = (np.arange(20000) + 0.5) * (math.pi / 2) / 20000
    weight = np.cos(u) ** (n - 4)
    ratio = (weight / np.sqrt(1 - (1 - r**2) * np.sin(u) ** 2)).mean() / weight.mean()
    found = effect_sizes("UCOR", correlation=r, n=n)
    assert found.estimates[0] == pytest.approx(r * ratio, rel=1e-6, abs=1e-12)
    assert abs(found.estimates[0]) >= abs(r)


@settings(deadline=None, max_examples=40)
@given(estimate=st.floats(-5, 5), variance=st.floats(0, 5), distribution=st.sampled_from(["logistic", "normal"]))
def test_conversions_undo_each_other(estimate, variance, distribution):
    there = smd_from_log_odds_ratio(estimate, variance, distribution=distribution)
    back = log_odds_ratio_from_smd(*there, distribution=distribution)
    assert (float(back[0]), float(back[1])) == (
        pytest.approx(estimate, rel=1e-14, abs=1e-300),
        pytest.approx(variance, rel=1e-14, abs=1e-300),
    )


def test_conversions_are_those_of_the_measures():
    cells = (12, 30, 8, 41)
    ratio = of_counts("OR", cells)
    for measure, distribution in (("OR2DL", "logistic"), ("OR2DN", "normal")):
        estimate, variance = smd_from_log_odds_ratio(ratio.estimates, ratio.variances, distribution=distribution)
        np.testing.assert_allclose(of_counts(measure, cells).estimates, estimate, rtol=1e-14)
        np.testing.assert_allclose(of_counts(measure, cells).variances, variance, rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"distribution": "cauchy"}, "distribution 'cauchy'; one of logistic, normal"),
        ({"variance": -1.0}, "variance not negative"),
        ({"estimate": math.nan}, "finite numbers"),
        ({"estimate": "a"}, "numbers are expected"),
    ],
)
def test_conversions_refuse_what_is_no_number(arguments, reason):
    with pytest.raises(MethodError, match=reason):
        smd_from_log_odds_ratio(**{"estimate": 0.5, "variance": 0.1, **arguments})


@settings(deadline=None, max_examples=60)
@given(figures=changes)
def test_a_change_with_a_correlation_of_one_and_equal_spread_has_no_variance(figures):
    before, sd, after, _, n, _ = figures
    assume(abs(after - before) > 1e-6)
    found = effect_sizes(
        "MC", mean_before=before, sd_before=sd, mean_after=after, sd_after=sd, n=n, correlation=1, unusable="mark"
    )
    assert (found.variances[0], bool(found.usable[0])) == (0, False)
    assert found.marks[0][0].startswith("the variance is 0")


@settings(deadline=None, max_examples=60)
@given(cells=counts)
def test_only_marked_studies_lack_an_estimate(cells):
    for measure in COUNT_MEASURES:
        for rule in (None, ZeroCells(drop00=True), ZeroCells(to="none")):
            found = of_counts(measure, cells, rule=rule)
            assert bool(found.marks[0]) or bool(found.usable[0])
            assert np.isfinite(found.estimates[0]) or not found.usable[0]


def test_the_unbiased_variance_of_a_risk_difference_divides_by_one_less():
    found = of_counts("RD", (3, 17, 8, 14), variance="UB")
    assert found.variances[0] == pytest.approx(0.15 * 0.85 / 19 + (8 / 22) * (14 / 22) / 21, rel=1e-12)


def test_peto_odds_ratio_of_pairs_is_that_of_strata_of_one_pair():
    # Every pair that disagrees is a stratum with one event in two people: expected 1/2, variance 1/4.
    found = of_pairs("MPPETO", (5, 9, 4, 20))
    assert found.estimates[0] == pytest.approx((9 - 13 / 2) / (13 / 4), rel=1e-12)
    assert found.variances[0] == pytest.approx(4 / 13, rel=1e-12)


@pytest.mark.parametrize("measure", ["YUQ", "YUY"])
def test_yules_measures_have_no_estimate_at_an_infinite_odds_ratio(measure):
    found = of_counts(measure, (5, 0, 3, 4), rule=None)
    assert np.isnan(found.estimates[0])
    assert found.marks == (("no estimate: every participant of the treated arm has the event",),)
