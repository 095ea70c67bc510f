"""Mantel-Haenszel and Peto: against metafor, against statsmodels, and laws that need no reference."""

from __future__ import annotations

import json
import math
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.contingency_tables import StratifiedTable

from synth.synthesis.stratified import mantel_haenszel, mantel_haenszel_rates, peto

REFERENCE = Path(__file__).parent.parent / "reference" / "metafor_cases.json"
KINDS = {"rma.mh": 14, "rma.peto": 3}

arm = st.integers(1, 60).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
tables = st.lists(st.tuples(arm, arm), min_size=1, max_size=8).map(
    lambda rows: tuple(np.array([[*treated, *control] for treated, control in rows], dtype=float).T)
)
rated = st.tuples(st.integers(0, 40), st.floats(0.1, 1000))
rates = st.lists(st.tuples(rated, rated), min_size=1, max_size=8).map(
    lambda rows: tuple(np.array([[*treated, *control] for treated, control in rows], dtype=float).T)
)
POOLS = {
    "OR": lambda *data, **more: mantel_haenszel(*data, measure="OR", **more),
    "RR": lambda *data, **more: mantel_haenszel(*data, measure="RR", **more),
    "RD": lambda *data, **more: mantel_haenszel(*data, measure="RD", **more),
    "PETO": peto,
}
RATE_POOLS = {
    "IRR": lambda *data, **more: mantel_haenszel_rates(*data, measure="IRR", **more),
    "IRD": lambda *data, **more: mantel_haenszel_rates(*data, measure="IRD", **more),
}
# Invented: a study without events, one with a zero in one arm, two full tables.
SPARSE = ([0, 0, 3, 5], [20, 25, 20, 30], [0, 2, 6, 4], [20, 24, 22, 31])


def informative(data):
    a, n1, c, n2 = data
    return bool(((a + c > 0) & (a + c < n1 + n2)).any())


def same(value, expected, scale=1.0):
    """Both absent, or equal to rounding."""
    return value is expected is None or value == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale)


@cache
def cases():
    return [case for case in json.loads(REFERENCE.read_text(encoding="utf-8")) if case["kind"] in KINDS]


def computed(case):
    inputs, spec = case["inputs"], case["spec"]
    level = spec["level"] / 100
    if case["measure"] in RATE_POOLS:
        data = [inputs[name] for name in ("x1i", "t1i", "x2i", "t2i")]
        return RATE_POOLS[case["measure"]](*data, level=level)
    a, b, c, d = (np.array(inputs[name]) for name in ("ai", "bi", "ci", "di"))
    more = {} if case["kind"] == "rma.peto" else {"continuity_correction": spec["correct"]}
    return POOLS[case["measure"]](a, a + b, c, c + d, level=level, **more)


def by_metafors_names(result):
    low, high = result.interval
    values = {"k": result.k, "beta": result.estimate, "se": result.standard_error, "zval": result.z}
    values |= {"pval": result.p_value, "ci.lb": low, "ci.ub": high, "QE": result.q_e, "QEp": result.q_e_p}
    values |= {"I2": 100 * result.i2, "H2": result.h2, "MH": result.cmh, "MHp": result.cmh_p}
    values |= {"BD": result.breslow_day, "BDp": result.breslow_day_p, "TA": result.tarone, "TAp": result.tarone_p}
    return values


def test_metafor_reference():
    for case in cases():
        ours = by_metafors_names(computed(case))
        for name, expected in case["outputs"].items():
            message = f"{case['name']} {name}"
            assert ours[name] == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=0)), message


def test_reference_holds_all_cases():
    kinds = [case["kind"] for case in cases()]
    assert {kind: kinds.count(kind) for kind in KINDS} == KINDS


@given(tables, st.booleans())
def test_odds_ratio_and_tests_against_statsmodels(data, correct):
    a, n1, c, n2 = data
    assume(informative(data))
    ours = mantel_haenszel(*data, continuity_correction=correct)
    assume(ours.estimate is not None)
    stack = np.stack([[a, n1 - a], [c, n2 - c]])
    theirs = StratifiedTable(stack)
    assert same(ours.estimate, theirs.logodds_pooled)
    assert same(ours.standard_error, theirs.logodds_pooled_se)
    assert same(ours.cmh, theirs.test_null_odds(correction=correct).statistic)
    # Only informative tables: statsmodels divides by 0 in the others and counts them as degrees of freedom.
    some = StratifiedTable(stack[:, :, (a + c > 0) & (a + c < n1 + n2)])
    assert ours.homogeneity_df == some.table.shape[2] - 1
    # statsmodels divides by one less the odds ratio, and loses its digits near 1.
    if ours.homogeneity_df and abs(ours.estimate) > 1e-4:
        for adjust, statistic, p in (
            (False, ours.breslow_day, ours.breslow_day_p),
            (True, ours.tarone, ours.tarone_p),
        ):
            found = some.test_equal_odds(adjust=adjust)
            assert statistic == pytest.approx(found.statistic, rel=1e-6, abs=1e-9)
            assert p == pytest.approx(found.pvalue, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("measure", POOLS)
@given(data=tables)
def test_arms_exchanged(measure, data):
    assume(informative(data))
    a, n1, c, n2 = data
    there, back = POOLS[measure](a, n1, c, n2), POOLS[measure](c, n2, a, n1)
    assert same(back.estimate, None if there.estimate is None else -there.estimate)
    for name in ("standard_error", "p_value", "q_e", "q_e_p", "i2", "h2", "cmh", "cmh_p", "breslow_day", "tarone"):
        assert same(getattr(back, name), getattr(there, name), 1e3), name


@pytest.mark.parametrize("measure", RATE_POOLS)
@given(data=rates)
def test_arms_exchanged_of_rates(measure, data):
    x1, t1, x2, t2 = data
    there, back = RATE_POOLS[measure](x1, t1, x2, t2), RATE_POOLS[measure](x2, t2, x1, t1)
    assert same(back.estimate, None if there.estimate is None else -there.estimate)
    for name in ("standard_error", "q_e", "h2", "cmh", "cmh_p"):
        assert same(getattr(back, name), getattr(there, name), 1e3), name


@pytest.mark.parametrize("measure", ["OR", "RD", "PETO"])
@given(data=tables)
def test_events_and_non_events_exchanged(measure, data):
    assume(informative(data))
    a, n1, c, n2 = data
    there, back = POOLS[measure](a, n1, c, n2), POOLS[measure](n1 - a, n1, n2 - c, n2)
    assert same(back.estimate, None if there.estimate is None else -there.estimate)
    for name in ("standard_error", "q_e", "cmh", "breslow_day", "tarone"):
        assert same(getattr(back, name), getattr(there, name), 1e3), name


@pytest.mark.parametrize("measure", POOLS)
@given(data=tables, chance=st.randoms(use_true_random=False))
def test_order_of_studies(measure, data, chance):
    assume(informative(data))
    order = list(range(len(data[0])))
    chance.shuffle(order)
    there, other = POOLS[measure](*data), POOLS[measure](*(column[order] for column in data))
    for name in ("estimate", "standard_error", "q_e", "i2", "cmh", "breslow_day", "tarone"):
        assert same(getattr(other, name), getattr(there, name), 1e3), name
    assert other.studies == there.studies  # numbered by place
    assert [there.study_estimates[i] for i in order] == list(other.study_estimates)


@pytest.mark.parametrize("measure", POOLS)
@given(data=tables)
def test_strata_given_twice_halve_the_variance(measure, data):
    assume(informative(data))
    once = POOLS[measure](*data)
    twice = POOLS[measure](*(np.concatenate([column, column]) for column in data))
    assume(once.estimate is not None)
    assert same(twice.estimate, once.estimate)
    assert same(2 * twice.standard_error**2, once.standard_error**2)
    for name in ("cmh", "breslow_day", "tarone") if measure == "OR" else ():
        value = getattr(POOLS[measure](*data, continuity_correction=False), name)
        doubled = POOLS[measure](*(np.concatenate([column, column]) for column in data), continuity_correction=False)
        assert getattr(doubled, name) == pytest.approx(2 * value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@given(data=tables, factor=st.floats(1, 1e4))
def test_counts_times_a_factor_divide_the_variance_by_it(measure, data, factor):
    assume(informative(data))
    small = POOLS[measure](*data)
    large = POOLS[measure](data[0] * factor, data[1] * factor, data[2] * factor, data[3] * factor)
    assume(small.estimate is not None)
    assert large.estimate == pytest.approx(small.estimate, rel=1e-8, abs=1e-11)
    assert factor * large.standard_error**2 == pytest.approx(small.standard_error**2, rel=1e-8)
    if measure == "OR":
        assert large.breslow_day == pytest.approx(factor * small.breslow_day, rel=1e-6, abs=1e-9 * factor)


@pytest.mark.parametrize("factor", [1e-6, 0.001, 365.25, 1e6])
@given(data=rates)
def test_unit_of_time(factor, data):
    x1, t1, x2, t2 = data
    first, other = (RATE_POOLS["IRR"](x1, t1 * scale, x2, t2 * scale) for scale in (1, factor))
    for name in ("estimate", "standard_error", "q_e", "cmh"):
        assert same(getattr(other, name), getattr(first, name), 1e3), name
    first, other = (RATE_POOLS["IRD"](x1, t1 * scale, x2, t2 * scale) for scale in (1, factor))
    assert other.estimate * factor == pytest.approx(first.estimate, rel=1e-9, abs=1e-12)
    assert other.standard_error * factor == pytest.approx(first.standard_error, rel=1e-9)
    assert same(other.q_e, first.q_e)


def test_one_study_is_its_crude_estimate():
    a, b, c, d = 7.0, 33.0, 12.0, 26.0  # invented
    n1, n2 = a + b, c + d
    crude = {
        "OR": (math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d),
        "RR": (math.log(a * n2 / (c * n1)), 1 / a - 1 / n1 + 1 / c - 1 / n2),
        "RD": (a / n1 - c / n2, None),  # the variance of Sato et al. is the usual one for equal arms only
    }
    for measure, (estimate, variance) in crude.items():
        result = POOLS[measure](a, n1, c, n2)
        assert result.estimate == pytest.approx(estimate, rel=1e-14)
        assert result.study_estimates[0] == pytest.approx(estimate, rel=1e-14)
        assert variance is None or result.standard_error**2 == pytest.approx(variance, rel=1e-13)
        assert (result.q_e, result.q_e_df, result.q_e_p, result.i2, result.h2) == (0.0, 0, 1.0, 0.0, 1.0)
        assert result.weights == (1.0,)
    even = mantel_haenszel(7, 40, 12, 40, measure="RD")
    assert even.standard_error**2 == pytest.approx((7 * 33 + 12 * 28) / 40**3, rel=1e-13)
    ratio, gap = (pool(7, 100.0, 12, 80.0) for pool in RATE_POOLS.values())
    assert (ratio.estimate, ratio.standard_error**2) == pytest.approx((math.log(560 / 1200), 1 / 7 + 1 / 12), rel=1e-13)
    assert (gap.estimate, gap.standard_error**2) == pytest.approx((0.07 - 0.15, 7 / 1e4 + 12 / 6400), rel=1e-13)


@given(tables)
def test_variance_of_the_risk_difference_in_the_form_of_its_authors(data):
    """Sato, Greenland and Robins 1989: the estimate times P, plus Q; summed there with terms of both signs."""
    a, n1, c, n2 = data
    n = n1 + n2
    result = POOLS["RD"](*data)
    P = (c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 * n2 * (n2 - n1) / (2 * n**2)).sum()
    Q = ((a * (n2 - c) + c * (n1 - a)) / (2 * n)).sum()
    weight = (n1 * n2 / n).sum()
    assert result.standard_error**2 == pytest.approx((result.estimate * P + Q) / weight**2, rel=1e-9, abs=1e-14)


@given(tables)
def test_petos_z_is_the_uncorrected_test_of_association(data):
    assume(informative(data))
    found = peto(*data)
    assert found.z**2 == pytest.approx(POOLS["OR"](*data, continuity_correction=False).cmh, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(found.z)), rel=1e-9)


@pytest.mark.parametrize("ratio", [1e-9, 1e-3, 1 - 1e-9, 1 + 1e-9, 1e3, 1e9])
def test_expected_counts_of_breslow_and_day_keep_their_digits(ratio):
    # Invented tables that all have the odds ratio exactly, so that each cell equals its expectation.
    b, c, d = np.array([1.0, 20.0, 30.0]), np.array([40.0, 7.0, 10.0]), np.array([5.0, 30.0, 2.0])
    a = ratio * b * c / d
    scale = np.maximum(1, 1 / a)  # no cell below one event
    a, b, c, d = a * scale, b * scale, c * scale, d * scale
    result = mantel_haenszel(a, a + b, c, c + d)
    assert result.estimate == pytest.approx(math.log(ratio), rel=1e-6)
    assert abs(result.breslow_day) < 1e-9


@pytest.mark.parametrize("measure", [*POOLS, *RATE_POOLS])
def test_weights_are_shares(measure):
    pool = (POOLS | RATE_POOLS)[measure]
    weights = pool(*SPARSE).weights
    assert sum(weights) == pytest.approx(1)
    assert (weights[0] == 0) is (measure not in ("RD", "IRD"))


def test_a_weighted_mean_of_the_studies_is_the_estimate():
    data = [column[2:] for column in SPARSE]  # no zero cell, so that nothing was added
    ratio, gap, score = POOLS["OR"](*data), POOLS["RD"](*data), peto(*data)
    assert math.exp(ratio.estimate) == pytest.approx(np.dot(ratio.weights, np.exp(ratio.study_estimates)))
    assert gap.estimate == pytest.approx(np.dot(gap.weights, gap.study_estimates))
    assert score.estimate == pytest.approx(np.dot(score.weights, score.study_estimates))


def test_many_studies_at_once():
    chance = np.random.default_rng(4)
    n1, n2 = chance.integers(1, 200, (2, 100_000))
    a, c = chance.binomial(n1, 0.10), chance.binomial(n2, 0.12)
    for measure, pool in (POOLS | RATE_POOLS).items():
        started = time.perf_counter()
        result = pool(a, n1, c, n2)
        assert time.perf_counter() - started < 2, measure  # some 0.1 s on an idle machine
        assert result.k == 100_000
        assert result.estimate < 0
