"""Permutation tests: against metafor, against enumeration by hand, and laws that need no reference.

Where no case of the reference is named, data are invented.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.resampling import PERMUTATIONS, blocks, permutation_test
from synth.synthesis.resampling.draws import (
    distinct_orders,
    drawn_orders,
    generator_of,
    numbered_orders,
    numbered_signs,
)

REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "metafor_cases.json").read_text())
CASES = {case["name"]: case for case in REFERENCE if case["kind"] == "permutest_exact"}
TESTS = {"z": "normal", "knha": "hartung-knapp"}
Y = np.array([0.1, 0.9, -0.4, 0.6, 1.3, 0.2, 0.7, -0.1])
V = np.array([0.05, 0.11, 0.07, 0.2, 0.09, 0.04, 0.15, 0.08])
X = np.array([1.0, 4.0, 2.0, 2.0, 5.0, 3.0, 4.0, 1.0])
FAR = 4.0
TIE = 1e-9


def model_of(case):
    inputs, spec = case["inputs"], case["spec"]
    method = "common" if spec["method"] == "FE" else spec["method"]
    options = {"method": method, "test": TESTS[spec["test"]]}
    if "mods" in inputs:
        return meta_regression(inputs["yi"], inputs["vi"], inputs["mods"], **options)
    if method == "common":
        return common_effect(inputs["yi"], inputs["vi"], test=options["test"])
    return random_effects(inputs["yi"], inputs["vi"], **options)


@pytest.mark.parametrize("name", ["bcg8-intercept-DL", "bcg13-intercept-FE", "bcg6-ablat-DL"])
def test_exact_p_values_are_those_of_metafor(name):
    case = CASES[f"permutest-{name}"]
    result = permutation_test(model_of(case), exact=True)
    assert result.p_values == pytest.approx(case["outputs"]["pval"], rel=1e-12)
    assert result.q_m_p == pytest.approx(case["outputs"]["QMp"], rel=1e-12)


def test_metafor_left_one_arrangement_out_where_its_iteration_did_not_end():
    """With 100 iterations, metafor's default, one of 2520 fits fails and is left out; with 300 none does."""
    case = CASES["permutest-bcg7-ablat-REML-knha"]
    result = permutation_test(model_of(case), exact=True)
    counts = [*np.round(result.p_values * 2520).astype(int), round(result.q_m_p * 2520)]
    assert (result.arrangements, result.null.not_converged) == (2520, 0)
    assert counts == [2331, 505, 505]
    printed = [*case["outputs"]["pval"], case["outputs"]["QMp"]]
    assert [(count - 1) / 2519 for count in counts] == pytest.approx(printed, rel=1e-12)


@pytest.mark.parametrize("method", ["common", "DL", "REML"])
@pytest.mark.parametrize("test", ["normal", "hartung-knapp", "hartung-knapp-guarded"])
def test_exact_sign_flips_by_hand(method, test):
    def fitted(y):
        return (
            common_effect(y, V[:6], test=test)
            if method == "common"
            else random_effects(y, V[:6], method=method, test=test)
        )

    y = Y[:6]
    observed = abs(fitted(y).statistics[0])
    every = [abs(fitted(np.array(s) * y).statistics[0]) for s in itertools.product([1.0, -1.0], repeat=6)]
    result = permutation_test(fitted(y))
    assert result.exact
    assert result.arrangements == len(every) == 64
    assert result.p_value == np.mean(np.array(every) >= observed - TIE)
    assert np.sort(np.abs(result.null.statistics[:, 0])) == pytest.approx(np.sort(every)[::2], rel=1e-7)
    assert result.smallest_p[0] == np.mean(np.array(every) >= max(every) - TIE)


@pytest.mark.parametrize(
    ("options", "moderators"),
    [
        ({"method": "DL"}, {"x": X[:6]}),
        ({"method": "REML", "test": "hartung-knapp"}, {"x": X[:6], "z": np.array([0.3, -1.0, 0.2, 2.0, 0.1, 0.7])}),
        ({"method": "common", "test": "normal"}, {"group": ["a", "a", "b", "b", "b", "a"]}),
        ({"method": "DL", "intercept": False}, {"x": X[:6]}),
        ({"method": "DL", "weights": [1.0, 2.0, 3.0, 1.0, 2.0, 5.0]}, {"x": X[:6]}),
        ({"method": "GENQ", "weights": [1.0, 2.0, 3.0, 1.0, 2.0, 5.0]}, {"x": X[:6]}),
        ({"tau2": 0.2}, {"x": X[:6]}),
    ],
)
def test_exact_orders_by_hand(options, moderators):
    def fitted(order):
        columns = {name: [values[i] for i in order] for name, values in moderators.items()}
        return meta_regression(Y[:6], V[:6], columns, **options)

    own = fitted(range(6))
    every = [fitted(order) for order in itertools.permutations(range(6))]
    statistics = np.abs([model.statistics for model in every])
    omnibus = np.array([model.q_m for model in every])
    result = permutation_test(own, exact=True)
    rows = list(zip(*moderators.values(), strict=True))
    assert result.arrangements == len({tuple(rows[i] for i in order) for order in itertools.permutations(range(6))})
    assert result.statistics == pytest.approx(own.statistics, rel=1e-9)
    assert result.q_m == pytest.approx(own.q_m, rel=1e-9)
    assert result.p_values == pytest.approx(np.mean(statistics >= np.abs(own.statistics) - 1e-7, axis=0), rel=1e-12)
    assert result.q_m_p == pytest.approx(np.mean(omnibus >= own.q_m - 1e-7), rel=1e-12)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 2), (3, 1, 2), (4,), (1, 3)])
def test_numbered_orders_are_all_distinct_orders(sizes):
    k, total = sum(sizes), distinct_orders(sizes)
    orders = np.concatenate([numbered_orders(start, min(start + 3, total), sizes) for start in range(0, total, 3)])
    assert np.array_equal(np.sort(orders, axis=1), np.tile(np.arange(k), (total, 1)))
    group = np.repeat(np.arange(len(sizes)), sizes)
    dealt = np.empty_like(orders)
    np.put_along_axis(dealt, orders, np.tile(group, (total, 1)), axis=1)
    assert sorted(map(tuple, dealt.tolist())) == sorted(set(itertools.permutations(group.tolist())))


def test_numbered_signs_are_half_of_all_patterns():
    signs = numbered_signs(0, 16, 5)
    patterns = {tuple(row) for row in signs} | {tuple(-row) for row in signs}
    assert patterns == set(itertools.product([1.0, -1.0], repeat=5))


def test_drawn_orders_have_equal_chances():
    orders = drawn_orders(generator_of(1, "test"), 24_000, 4)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    # Chi-squared with 23 degrees of freedom: mean 23, SD sqrt(46).
    assert np.sum((counts - 1000) ** 2 / 1000) < 23 + FAR * math.sqrt(46)


@pytest.mark.parametrize("moderators", [{}, {"x": X}])
def test_monte_carlo_is_near_exact(moderators):
    model = meta_regression(Y, V, moderators, method="DL") if moderators else random_effects(Y, V, method="DL")
    exact = permutation_test(model, exact=True)
    drawn = permutation_test(model, exact=False, seed=2)
    error = np.sqrt(exact.p_values * (1 - exact.p_values) / PERMUTATIONS)
    assert np.all(np.abs(drawn.p_values - exact.p_values) < FAR * error + 1 / PERMUTATIONS)
    assert drawn.monte_carlo_errors == pytest.approx(error, rel=0.2)
    assert np.all(exact.monte_carlo_errors == 0)
    assert np.all(drawn.smallest_p == 1 / (PERMUTATIONS + 1))


def test_the_observed_arrangement_counts_among_the_random_ones():
    model = random_effects(np.linspace(5, 6, 30), np.full(30, 0.01), method="DL")
    result = permutation_test(model, permutations=99, seed=3)
    assert not result.exact
    assert result.p_value == 0.01


def test_blocks_of_any_size_and_the_same_seed_give_the_same_numbers(monkeypatch):
    for model in (random_effects(Y, V, method="DL"), meta_regression(Y, V, {"x": X})):
        whole = permutation_test(model, exact=False, permutations=300, seed=4)
        for numbers in (8, 56, 1000):
            monkeypatch.setattr(blocks, "BLOCK_NUMBERS", numbers)
            parts = permutation_test(model, exact=False, permutations=300, seed=4)
            assert np.array_equal(parts.p_values, whole.p_values)
            assert parts.null.statistics == pytest.approx(whole.null.statistics, rel=1e-9, abs=1e-10)
        other = permutation_test(model, exact=False, permutations=300, seed=5)
        assert not np.array_equal(other.null.statistics, whole.null.statistics)
        monkeypatch.undo()


@pytest.mark.parametrize("scale", [-1.0, 1e-6, 1e6])
def test_another_unit_changes_nothing(scale):
    for moderators in ({}, {"x": X}):
        models = [
            meta_regression(factor * Y, factor**2 * V, moderators)
            if moderators
            else random_effects(factor * Y, factor**2 * V)
            for factor in (1.0, scale)
        ]
        one, other = (permutation_test(model, exact=False, permutations=500, seed=6) for model in models)
        assert np.array_equal(one.p_values, other.p_values)
        assert one.q_m_p == other.q_m_p


def test_a_calendar_year_has_the_p_value_of_years_since_a_start():
    options = {"method": "REML", "test": "hartung-knapp"}
    year, since = (
        permutation_test(meta_regression(Y[:6], V[:6], {"year": X[:6] + shift}, **options)) for shift in (2000.0, 0.0)
    )
    assert year.p_values[1] == since.p_values[1]


def test_exact_is_chosen_where_it_takes_no_more_fits():
    flips = random_effects(np.tile(Y, 2)[:14], np.tile(V, 2)[:14], method="DL")
    assert not permutation_test(flips, seed=7).exact
    assert permutation_test(flips, permutations=2**14, seed=7).exact
    fewer = random_effects(np.tile(Y, 2)[:13], np.tile(V, 2)[:13], method="DL")
    result = permutation_test(fewer, seed=7)
    assert result.exact
    assert result.seed is None
    assert result.permutations == 2**13


def test_interval_holds_what_the_test_does_not_reject():
    model = random_effects(Y, V, method="DL", test="normal")
    result = permutation_test(model)
    low, high = result.interval()
    step = 1e-3 * model.standard_error
    assert low < model.estimate < high
    for limit, outwards in ((low, -step), (high, step)):
        inside, outside = (
            permutation_test(random_effects(Y - value, V, method="DL", test="normal")).p_value
            for value in (limit - outwards, limit + outwards)
        )
        assert inside > 0.05
        assert outside <= 0.05


def test_interval_of_a_slope_holds_what_the_test_does_not_reject():
    options = {"method": "DL", "test": "normal"}
    model = meta_regression(Y[:6], V[:6], {"x": X[:6]}, **options)
    low, high = permutation_test(model).interval("x", level=0.8)
    step = 1e-3 * model.standard_errors[1]
    for limit, outwards in ((low, -step), (high, step)):
        inside, outside = (
            permutation_test(meta_regression(Y[:6] - value * X[:6], V[:6], {"x": X[:6]}, **options)).p_values[1]
            for value in (limit - outwards, limit + outwards)
        )
        assert inside > 0.2
        assert outside <= 0.2 + 1e-12


def test_too_few_studies_are_said():
    result = permutation_test(random_effects(Y[:4], V[:4]))
    assert result.smallest_p[0] == 2 / 16
    assert any("0.125" in mark for mark in result.marks)
    with pytest.raises(MethodError, match=r"smallest p value that 4 studies can give is 0\.125"):
        result.interval()
    assert permutation_test(random_effects(Y[:1], V[:1])).p_value == 1.0


def test_equal_estimates_have_infinite_statistics_and_a_p_value():
    model = random_effects(np.full(6, 0.5), np.full(6, 0.1), test="hartung-knapp")
    result = permutation_test(model)
    assert result.p_value == 2 / 64
    json.dumps(result.to_dict(), allow_nan=False)
    with pytest.raises(MethodError, match="standard error is 0"):
        result.interval()


def test_bad_input_is_refused():
    many = random_effects(np.tile(Y, 3), np.tile(V, 3), method="DL")
    with pytest.raises(MethodError, match="seed = None"):
        permutation_test(many)
    for seed in (-1, 1.5, True):
        with pytest.raises(MethodError, match="seed"):
            permutation_test(many, seed=seed)
    for permutations in (0, -1, 2.5, True):
        with pytest.raises(MethodError, match="permutations"):
            permutation_test(many, seed=1, permutations=permutations)
    with pytest.raises(MethodError, match="16,777,216 arrangements"):
        permutation_test(many, exact=True)
    with pytest.raises(MethodError, match=r"more than 10\^23"):
        permutation_test(meta_regression(np.tile(Y, 3), np.tile(V, 3), {"x": np.arange(24.0)}), exact=True)
    with pytest.raises(MethodError, match="more studies than coefficients"):
        permutation_test(meta_regression(Y[:2], V[:2], {"x": X[:2]}))
    result = permutation_test(meta_regression(Y[:5], V[:5], {"x": X[:5]}))
    with pytest.raises(MethodError, match="no one p value"):
        _ = result.p_value
    with pytest.raises(MethodError, match="one of intercept, x"):
        result.interval()


def test_results_are_shown_and_written():
    model = meta_regression(Y, V, {"<x>": X}, method="DL")
    exact, drawn = permutation_test(model, exact=True), permutation_test(model, exact=False, permutations=200, seed=8)
    for result in (exact, drawn):
        written = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        assert written["tests"]["<x>"]["p_value"] == result.p_values[1]
        assert written["tests"]["all moderators"]["p_value"] == result.q_m_p
        assert written["exact"] == result.exact
        page = result._repr_html_()
        assert "&lt;x&gt;" in page
        assert "<x>" not in page
        assert len(result.table()) == result.permutations
        assert list(result.summary().index) == ["intercept", "<x>", "all moderators"]
        assert "Higgins and Thompson 2004" in result.explain()
    assert "The test is exact: all 5,040" in exact.explain()
    assert "200 arrangements were drawn" in drawn.explain()
    assert "seed 8" in drawn.explain()
    flips = permutation_test(random_effects(Y, V))
    assert "all 2^8 sign patterns" in flips.explain()
    assert "Follmann and Proschan 1999" in flips.explain()


def test_a_choice_that_is_none_is_refused():
    with pytest.raises(MethodError, match="exact: 'no' is no choice; True, False or None is expected"):
        permutation_test(random_effects(Y, V), exact="no")
