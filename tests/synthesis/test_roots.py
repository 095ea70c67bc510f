"""Roots of falling functions, and what happens where an iteration does not end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from textbook import DOSE, V, Y

from synth.errors import MethodError
from synth.synthesis import meta_regression, random_effects, roots
from synth.synthesis.roots import falling_root, falling_roots
from synth.synthesis.tau2 import estimate_tau2

# Functions that fall through 0, with their derivatives, brackets and roots.
FALLING = {
    "hyperbola": (lambda x: (1 / (x + 1) - 0.25, -1 / (x + 1) ** 2), 0.0, 50.0, 3.0),
    "exponential": (lambda x: (math.exp(-x) - 1e-6, -math.exp(-x)), 0.0, 100.0, math.log(1e6)),
    "line": (lambda x: (2 - x, -1.0), 0.0, 10.0, 2.0),
    "step without slope": (lambda x: (1.0 if x < 0.7 else -1.0, 0.0), 0.0, 1.0, 0.7),
    "wrong slope": (lambda x: (0.7 - x, 1.0), 0.0, 1.0, 0.7),
    "far away": (lambda x: (1e8 / x - 1, -1e8 / x**2), 1e-3, 1e12, 1e8),
}


@pytest.mark.parametrize("name", FALLING)
def test_one_function(name):
    function, low, high, root = FALLING[name]
    found, converged = falling_root(function, low, high, 1e-3)
    assert converged
    assert found == pytest.approx(root, rel=1e-8)


def test_many_functions_at_once():
    levels = np.array([0.5, 0.25, 0.01, 1e-6])

    def functions(x, which):
        return 1 / (x + 1) - levels[which], -1 / (x + 1) ** 2

    low, high = np.zeros(4), np.full(4, 1e7)
    found, converged = falling_roots(functions, (low + high) / 2, low, high, np.full(4, 1e-3))
    assert converged.all()
    np.testing.assert_allclose(found, 1 / levels - 1, rtol=1e-12)
    np.testing.assert_array_equal((low, high), (np.zeros(4), np.full(4, 1e7)))  # the caller's brackets are left alone


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_the_number_of_steps_has_no_unit(unit):
    calls = []

    def function(x):
        calls.append(x / unit)
        return 1 / (x / unit + 1) - 0.01, -1 / unit / (x / unit + 1) ** 2

    found, converged = falling_root(function, 0.0, 1e4 * unit, 1e-3 * unit)
    assert converged
    assert found == pytest.approx(99 * unit, rel=1e-13)
    assert len(calls) == 12


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_the_number_of_steps_of_many_has_no_unit(unit):
    asked = []

    def functions(x, which):
        asked.append(len(which))
        return 1 / (x / unit + 1) - np.array([0.01, 0.2])[which], -1 / unit / (x / unit + 1) ** 2

    low, high = np.zeros(2), np.full(2, 1e4 * unit)
    found, converged = falling_roots(functions, high / 2, low, high, np.full(2, 1e-3 * unit))
    assert converged.all()
    np.testing.assert_allclose(found, [99 * unit, 4 * unit], rtol=1e-12)
    assert sum(asked) == 27


def steps_needed(monkeypatch, fit):
    """The fewest steps with which a model converges."""
    for most in range(1, 100):
        monkeypatch.setattr(roots, "MOST_STEPS", most)
        if fit().converged:
            return most
    raise AssertionError("never")


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "PMM", "EB"])
@pytest.mark.parametrize("moderators", [{}, {"dose": DOSE}], ids=["mean", "dose"])
def test_models_need_as_many_steps_in_any_unit(monkeypatch, method, moderators):
    needed = {
        steps_needed(
            monkeypatch, lambda unit=unit: meta_regression(3 * Y * unit, V * unit**2, moderators, method=method)
        )
        for unit in (2.0**-20, 1.0, 2.0**20)
    }
    assert len(needed) == 1
    assert needed.pop() > 1


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "EB", "PMM"])
@pytest.mark.parametrize("moderators", [{}, {"dose": DOSE}], ids=["mean", "dose"])
def test_not_converged_is_a_mark_and_never_silent(monkeypatch, method, moderators):
    model = meta_regression(3 * Y, V, moderators, method=method)
    assert model.converged
    assert not any("did not converge" in mark for mark in model.marks)
    monkeypatch.setattr(roots, "MOST_STEPS", 1)
    model = meta_regression(3 * Y, V, moderators, method=method)
    assert not model.converged
    assert model.to_dict()["converged"] is False
    assert "the iteration for tau2 did not converge: the last value is shown" in model.marks
    assert "did not converge" in model._repr_html_()
    assert np.isfinite(model.tau2)


def test_an_estimate_by_itself_is_refused_where_it_did_not_converge(monkeypatch):
    monkeypatch.setattr(roots, "MOST_STEPS", 1)
    with pytest.raises(MethodError, match="tau2 method 'REML' did not converge"):
        estimate_tau2(3 * Y, V)
    with pytest.raises(MethodError, match="tau2 method 'PM' did not converge"):
        estimate_tau2(3 * Y, V, "PM")
    assert random_effects(3 * Y, V, method="DL").converged  # closed forms need no steps


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize(
    ("y", "v"),
    [
        # Invented: a precise study and others far off it, whose likelihood has two maxima (see test_tau2.py).
        ([0.4, 0.3, -5.1, 4.7], [0.18, 0.02, 2.61, 28.65]),
        ([-2.1, -1.4, -6.1, 1.9], [0.24, 0.47, 3.59, 6.53]),
        ([-2.2, 5.9, -2.1], [0.11, 10.59, 0.3]),
    ],
)
def test_the_highest_of_two_maxima_in_any_unit_and_by_both_paths(y, v, method):
    y, v = np.array(y), np.array(v)
    by_one = random_effects(y, v, method=method).tau2
    # The same model as a regression on a column of twos goes by the path for many data sets.
    by_many = meta_regression(y, v, {"two": np.full(len(y), 2.0)}, intercept=False, method=method).tau2
    assert by_many == pytest.approx(by_one, rel=1e-9, abs=1e-12)
    for unit in (1e-6, 1e6):
        scaled = random_effects(y * unit, v * unit**2, method=method).tau2
        assert scaled == pytest.approx(by_one * unit**2, rel=1e-10, abs=1e-14 * unit**2)
