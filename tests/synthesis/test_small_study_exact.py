"""Exact distributions and published formulas of small-study tests, against enumeration and plain definitions."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from synth.errors import MethodError
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.small_study import (
    egger_test,
    excess_significance,
    fail_safe_n,
    harbord_test,
    peters_test,
    rank_test,
    regression_test,
)
from synth.synthesis.small_study.excess import at_least, power
from synth.synthesis.small_study.kendall import inversions, kendall, lower_tail

# Invented counts: events and participants, treated and control; the last but one has no events.
COUNTS = (
    [4, 6, 3, 62, 33, 0, 8, 505, 0, 17],
    [123, 306, 231, 1361, 508, 90, 250, 8839, 40, 171],
    [11, 29, 11, 248, 47, 5, 10, 499, 0, 65],
    [139, 303, 220, 1290, 629, 88, 240, 7391, 45, 165],
)


@pytest.mark.parametrize("k", range(2, 8))
def test_exact_p_values_are_those_of_all_permutations(k: int) -> None:
    x = np.arange(k, dtype=float)
    scores = {order: kendall(x, np.array(order, dtype=float)) for order in permutations(range(k))}
    differences = np.array([score.difference for score in scores.values()])
    for score in scores.values():
        lower, upper = (differences <= score.difference).mean(), (differences >= score.difference).mean()
        assert score.exact_p() == pytest.approx(min(1.0, 2 * min(lower, upper)), rel=1e-12)


def test_the_exact_distribution_keeps_small_tails() -> None:
    assert lower_tail(40, 0) == pytest.approx(1 / math.factorial(40), rel=1e-12)
    assert lower_tail(40, 1) == pytest.approx(40 / math.factorial(40), rel=1e-12)


@pytest.mark.parametrize("k", [2, 3, 17, 64, 200])
def test_kendalls_statistic_is_the_count_over_all_pairs(k: int) -> None:
    rng = np.random.default_rng(k)
    x, y = rng.integers(0, 2 + k // 2, k).astype(float), rng.integers(0, 2 + k // 3, k).astype(float)
    signs = np.sign(np.subtract.outer(x, x)) * np.sign(np.subtract.outer(y, y))
    found = kendall(x, y)
    assert found.difference == signs.sum() / 2
    assert inversions(np.arange(k)[::-1].astype(np.int64)) == k * (k - 1) // 2
    if k > 3:
        assert found.tau == pytest.approx(stats.kendalltau(x, y).statistic, rel=1e-12)
        expected = stats.kendalltau(x, y, method="asymptotic").pvalue
        assert found.asymptotic_p() == pytest.approx(expected, rel=1e-12)


def test_rank_tests_of_many_studies_take_no_square_of_memory() -> None:
    rng = np.random.default_rng(1)
    found = rank_test(common_effect(rng.normal(size=100_000), rng.exponential(size=100_000) + 0.1))
    assert not found.exact
    assert 0 < found.p_value <= 1


def test_the_sum_of_unequal_trials_is_the_sum_over_all_outcomes() -> None:
    powers = np.array([0.05, 0.3, 0.9, 0.62, 0.11, 0.5])
    for observed in range(7):
        total = 0.0
        for outcome in product((0, 1), repeat=6):
            if sum(outcome) >= observed:
                total += math.prod(p if hit else 1 - p for p, hit in zip(powers, outcome, strict=True))
        assert at_least(observed, powers) == pytest.approx(total, rel=1e-12)


def test_power_under_heterogeneity_is_the_mean_power_over_true_effects() -> None:
    effects = np.random.default_rng(5).normal(0.3, math.sqrt(0.04), 400_000)
    critical = stats.norm.ppf(0.95) * math.sqrt(0.09)
    simulated = (stats.norm.sf((critical - effects) / 0.3) + stats.norm.cdf((-critical - effects) / 0.3)).mean()
    assert power(np.array([0.09]), 0.3, 0.04, 0.1)[0] == pytest.approx(simulated, abs=2e-3)


def test_excess_significance_without_significant_studies() -> None:
    found = excess_significance([0.1, -0.1], [1.0, 1.0])
    assert (found.observed, found.binomial_p_value, found.exact_p_value) == (0, 1.0, 1.0)
    certain = excess_significance([60.0, 61.0], [1.0, 1.0])
    assert (certain.expected, certain.chi_squared, certain.exact_p_value) == (2.0, None, 1.0)


def line(y: np.ndarray, w: np.ndarray, x: np.ndarray) -> tuple[float, float, float]:
    """Slope, its standard error and p value of weighted least squares, by scipy on the rows times root weights."""
    root = np.sqrt(w)
    rows = np.column_stack([np.ones(len(y)), x]) * root[:, None]
    beta, residual = np.linalg.lstsq(rows, y * root, rcond=None)[:2]
    error = math.sqrt(residual[0] / (len(y) - 2) * np.linalg.inv(rows.T @ rows)[1, 1])
    return beta[1], error, 2 * stats.t.sf(abs(beta[1] / error), len(y) - 2)


def test_peters_test_is_its_weighted_regression() -> None:
    found = peters_test(*COUNTS, labels=[f"s{i}" for i in range(10)])
    a, n1, c, n2 = (np.delete(np.array(column, dtype=float), 8) for column in COUNTS)
    half = np.where((a == 0) | (c == 0), 0.5, 0.0)
    estimates = np.log((a + half) * (n2 - c + half) / ((c + half) * (n1 - a + half)))
    weights = 1 / (1 / (a + c) + 1 / (n1 + n2 - a - c))
    expected = line(estimates, weights, 1 / (n1 + n2))
    assert (found.bias, found.standard_error, found.p_value) == pytest.approx(expected, rel=1e-8)
    assert (found.k, found.degrees_of_freedom, found.left_out) == (9, 7, ("s8",))
    assert any("one half" in mark for mark in found.marks)


def test_harbords_test_is_its_weighted_regression() -> None:
    found = harbord_test(*COUNTS)
    a, n1, c, n2 = (np.delete(np.array(column, dtype=float), 8) for column in COUNTS)
    n, events = n1 + n2, a + c
    score = a - n1 * events / n
    information = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    expected = line(score / information, information, 1 / np.sqrt(information))
    assert (found.bias, found.standard_error, found.p_value) == pytest.approx(expected, rel=1e-8)
    assert "study 9" in " ".join(found.marks)


def test_eggers_test_is_the_intercept_of_standardised_estimates_on_precision() -> None:
    rng = np.random.default_rng(2)
    y, v = rng.normal(size=12), rng.exponential(size=12) + 0.1
    expected = stats.linregress(1 / np.sqrt(v), y / np.sqrt(v))
    found = egger_test(random_effects(y, v))
    assert (found.slope, found.slope_standard_error) == pytest.approx(
        (expected.intercept, expected.intercept_stderr), rel=1e-10
    )
    assert found.limit_estimate == pytest.approx(expected.slope, rel=1e-10)


@pytest.mark.parametrize(("target", "number"), [(0.2, 12), (-0.2, 12), (0.3, 6), (0.7, 0), (None, 6), (0.0, None)])
def test_orwins_number_brings_the_average_to_the_target(target: float | None, number: int | None) -> None:
    found = fail_safe_n([0.6] * 6, [0.1] * 6, kind="Orwin", target=target)
    assert found.number == number


@pytest.mark.parametrize("parts", range(2, 60))
def test_orwins_number_is_whole_where_the_target_divides_the_average(parts: int) -> None:
    assert fail_safe_n([0.9] * 6, [0.1] * 6, kind="Orwin", target=0.9 / parts).number == 6 * (parts - 1)


def test_fail_safe_numbers_are_the_smallest_that_overturn_the_result() -> None:
    y, v = np.array([0.5, 0.8, 0.2, 0.6]), np.array([0.05, 0.1, 0.04, 0.2])
    deviates = y / np.sqrt(v)
    number = fail_safe_n(y, v, kind="Rosenthal", alpha=0.01).number
    assert number is not None
    combined = [deviates.sum() / math.sqrt(4 + n) for n in (number - 1, number)]
    assert stats.norm.sf(combined[0]) < 0.01 <= stats.norm.sf(combined[1])
    number = fail_safe_n(y, v, kind="Rosenberg").number
    assert number is not None
    weights = [(1 / v).sum() + n * (1 / v).mean() for n in (number - 1, number)]
    p_values = [2 * stats.norm.sf((y / v).sum() / math.sqrt(weight)) for weight in weights]
    assert p_values[0] < 0.05 <= p_values[1]


def test_moderators_stay_in_a_regression_test() -> None:
    rng = np.random.default_rng(4)
    y, v, dose = rng.normal(size=9), rng.exponential(size=9) + 0.1, rng.normal(size=9)
    found = regression_test(meta_regression(y, v, {"dose": dose}, test="normal"), predictor="variance")
    plain = meta_regression(y, v, {"dose": dose, "variance": v}, test="normal")
    assert found.coefficients == pytest.approx(plain.beta, rel=1e-9)
    assert found.p_value == pytest.approx(plain.p_values[-1], rel=1e-9)
    assert found.limit_estimate is None


def test_an_exact_p_value_beside_ties_is_refused() -> None:
    model = common_effect([0.1, 0.4, 0.2, 0.9], [0.1, 0.1, 0.2, 0.3])
    with pytest.raises(MethodError, match="without ties"):
        rank_test(model, exact=True)
    assert rank_test(model).tied
