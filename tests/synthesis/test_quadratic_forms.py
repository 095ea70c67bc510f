"""Distribution of weighted sums of chi-squared variables: closed forms, simulation, and each way by the other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import quadratic_forms
from synth.synthesis.quadratic_forms import distribution_function

SPREAD = np.array([0.2, 0.5, 0.9, 1.3, 2.4, 4.0])


@pytest.mark.parametrize("m", [1, 2, 7, 40])
@pytest.mark.parametrize("chance", [1e-6, 0.025, 0.5, 0.975, 1 - 1e-6])
def test_equal_weights_are_a_chi_squared_variable(m, chance):
    value = stats.chi2.ppf(chance, m)
    for weight in (1e-5, 1.0, 3e4):
        assert distribution_function(np.full(m, weight), weight * value) == pytest.approx(chance, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (0.3, 0.31), (0.01, 5.0)])
@pytest.mark.parametrize("value", [0.05, 1.0, 6.0, 30.0])
def test_pairs_of_weights_are_a_sum_of_exponential_variables(a, b, value):
    expected = 1 - (b * np.exp(-value / (2 * b)) - a * np.exp(-value / (2 * a))) / (b - a)
    assert distribution_function(np.array([a, b, a, b]), value) == pytest.approx(expected, rel=1e-8, abs=1e-11)


@pytest.mark.parametrize("value", [1.0, 6.0, 12.0, 30.0])
def test_by_simulation(value):
    draws = np.random.default_rng(7).chisquare(1, (500_000, 6)) @ SPREAD
    share = float(np.mean(draws <= value))
    assert distribution_function(SPREAD, value) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 5e5))


@pytest.mark.parametrize("value", [0.5, 2.0, 9.0, 25.0, 60.0])
def test_the_series_and_the_integral_agree(value):
    by_series = quadratic_forms._series(SPREAD, value)
    assert by_series is not None
    assert quadratic_forms._integral(SPREAD, value) == pytest.approx(by_series, abs=1e-9)


def test_weights_far_apart_take_the_integral():
    weights = np.array([1e-4, 1e-4, 1.0, 1.0, 1.0, 1.0])
    assert quadratic_forms._series(weights, 3.0) is None
    # The small ones add next to nothing.
    assert distribution_function(weights, 3.0) == pytest.approx(stats.chi2.cdf(3.0, 4), abs=1e-3)


def test_a_series_that_starts_too_small_takes_the_integral():
    weights = np.concatenate([[1e-3], np.full(300, 1.0)])
    assert quadratic_forms._series(weights, 300.0) is None
    assert distribution_function(weights, 300.0) == pytest.approx(stats.chi2.cdf(300.0, 300), abs=1e-4)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_nothing_lies_below_zero(value):
    assert distribution_function(SPREAD, value) == 0.0


def test_it_rises_from_0_to_1_and_has_no_unit():
    values = np.geomspace(1e-3, 500, 40)
    chances = np.array([distribution_function(SPREAD, value) for value in values])
    assert (np.diff(chances) >= -1e-12).all()
    assert chances[0] < 1e-6
    assert chances[-1] == pytest.approx(1.0, abs=1e-10)
    scaled = [distribution_function(1e6 * SPREAD, 1e6 * value) for value in values]
    np.testing.assert_allclose(scaled, chances, rtol=1e-9, atol=1e-12)


def test_an_integral_without_digits_is_an_error(monkeypatch):
    monkeypatch.setattr(quadratic_forms, "quad", lambda *_, **__: (0.1, 1e-3))
    with pytest.raises(MethodError, match="the distribution of the weighted Q statistic could not be computed to 1e-8"):
        quadratic_forms._integral(SPREAD, 3.0)


@pytest.mark.parametrize("small", [1e-9, 1e-5, 1e-2, 0.3])
@pytest.mark.parametrize("value", [1e-3, 0.1, 1.0, 4.0, 20.0])
def test_pairs_of_weights_far_apart_have_a_closed_form(small, value):
    # Two chi-squared variables of one weight are an exponential variable; two of those have this distribution.
    exact = 1 - (np.exp(-value / 2) - small * np.exp(-value / (2 * small))) / (1 - small)
    assert distribution_function(np.array([small, small, 1.0, 1.0]), value) == pytest.approx(exact, abs=1e-9)
