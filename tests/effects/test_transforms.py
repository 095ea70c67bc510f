"""Transformations and their inverses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from synth.effects import transforms
from synth.effects.transforms import TRANSFORMATIONS
from synth.errors import MethodError

REFERENCE = Path(__file__).parent.parent / "reference" / "metafor_cases.json"
PAIRS = {
    "logit": ("ilogit", 0.01, 0.99),
    "arcsin": ("iarcsin", 0, 1),
    "rtoz": ("ztor", -0.99, 0.99),
    "r2toz": ("ztor2", 0, 0.99),
    "abt": ("iabt", 0, 0.99),
    "ahw": ("iahw", 0, 1),
}
share = st.floats(0, 1)
total = st.integers(1, 5000)


def test_reference_values_of_metafor():
    cases = json.loads(REFERENCE.read_text())
    compared = [case for case in cases if case["kind"] == "transform"]
    assert len(compared) == 8
    for case in compared:
        values = TRANSFORMATIONS[case["measure"]](case["inputs"]["x"])
        np.testing.assert_allclose(values, case["outputs"]["y"], rtol=1e-14, err_msg=case["name"])


@pytest.mark.parametrize("name", PAIRS)
@settings(deadline=None, max_examples=50)
@given(share=share)
def test_inverses_return(name, share):
    inverse, low, high = PAIRS[name]
    value = low + share * (high - low)
    there = TRANSFORMATIONS[name](value)
    assert float(TRANSFORMATIONS[inverse](there)) == pytest.approx(value, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(share=share, n=total)
def test_double_arcsine_returns_for_the_same_total(share, n):
    events = round(share * n)
    back = transforms.inverse_freeman_tukey(transforms.freeman_tukey(events / n, n), n)
    assert float(back) == pytest.approx(events / n, abs=1e-7)


@settings(deadline=None, max_examples=50)
@given(share=st.floats(0.001, 0.999), totals=st.lists(total, min_size=1, max_size=6))
def test_pooled_double_arcsine_is_undone_with_the_harmonic_mean(share, totals):
    n = stats.hmean(totals)
    low, high = (float(transforms.freeman_tukey(end, n)) for end in (0, 1))
    value = low + share * (high - low)
    root = optimize.brentq(lambda p: float(transforms.freeman_tukey(p, n)) - value, 0, 1, xtol=1e-15)
    assert float(transforms.inverse_freeman_tukey_harmonic(value, totals)) == pytest.approx(root, abs=1e-8)


def test_double_arcsine_is_bounded_at_its_ends():
    n = 10
    low, high = (float(transforms.freeman_tukey(end, n)) for end in (0, 1))
    np.testing.assert_array_equal(
        transforms.inverse_freeman_tukey([-1, low - 1e-9, high + 1e-9, 3, math.inf], n), [0, 0, 1, 1, 1]
    )
    np.testing.assert_allclose(transforms.inverse_freeman_tukey([low, high], n), [0, 1], atol=1e-15)


@settings(deadline=None, max_examples=50)
@given(rate=st.floats(0, 100), time=st.floats(0.1, 1e4))
def test_square_root_of_rates_returns(rate, time):
    there = transforms.freeman_tukey_rate(rate, time)
    assert float(transforms.inverse_freeman_tukey_rate(there, time)) == pytest.approx(rate, rel=1e-7, abs=1e-7)
    assert float(transforms.inverse_freeman_tukey_rate(0.0, time)) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "value", "bounded"),
    [
        ("iarcsin", [-0.1, 2], [0, 1]),
        ("isqrt", [-2, 3], [0, 9]),
        ("iabt", [-1, math.inf], [0, 1]),
        ("iahw", [-1, 2], [0, 1]),
        ("ilogit", [-math.inf, math.inf], [0, 1]),
        ("ztor", [-math.inf, math.inf], [-1, 1]),
        ("exp", [-math.inf, 800], [0, math.inf]),
    ],
)
def test_inverses_are_bounded(name, value, bounded):
    np.testing.assert_array_equal(TRANSFORMATIONS[name](value), bounded)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("logit", (0,), "log odds: the value at 0 is infinite"),
        ("logit", (1.2,), "proportion: 1.2 is outside its domain; numbers from 0 to 1"),
        ("arcsin", (-0.1,), "proportion: -0.1 is outside"),
        ("rtoz", (1,), "Fisher's z: the value at 1 is infinite"),
        ("rtoz", (-1.5,), "correlation: -1.5 is outside"),
        ("r2toz", (-0.1,), "R2: -0.1 is outside"),
        ("abt", (1,), "the value at 1 is infinite"),
        ("ahw", (1.1,), "reliability: 1.1 is outside"),
        ("exp", (math.nan,), "logarithm: nan is outside"),
        ("ilogit", ("a",), "log odds: numbers are expected"),
        ("pft", (0.5, 0), "total: finite numbers above 0"),
        ("pft", ([0.5, 0.2], [3, 4, 5]), "do not fit together"),
        ("ipft", (0.5, -1), "total: finite numbers above 0"),
        ("ipft.hm", (0.5, []), "at least one study"),
        ("irft", (-1, 1), "rate: -1 is outside"),
        ("iirft", (1, math.inf), "person-time: finite numbers above 0"),
        ("logortorr", (0.3, 0), "control risk: finite numbers above 0"),
        ("logortorr", (0.3, 1.2), "control risk: 1.2 is outside"),
    ],
)
def test_values_outside_the_domain_are_refused(name, arguments, reason):
    with pytest.raises(MethodError, match=reason):
        TRANSFORMATIONS[name](*arguments)


@settings(deadline=None, max_examples=50)
@given(d=st.floats(-4, 4))
def test_what_a_standardised_difference_means(d):
    norm = stats.norm
    u2 = norm.cdf(abs(d) / 2)
    expected = {
        "dtou1": (2 * u2 - 1) / u2,
        "dtou2": norm.cdf(d / 2),
        "dtou3": norm.cdf(d),
        "dtoovl": 2 * norm.cdf(-abs(d) / 2),
        "dtocles": norm.cdf(d / math.sqrt(2)),
        "dtorpb": d / math.sqrt(d**2 + 4),
        "dtobesd": 0.5 + d / math.sqrt(d**2 + 4) / 2,
    }
    for name, value in expected.items():
        assert float(TRANSFORMATIONS[name](d)) == pytest.approx(value, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(treated=st.floats(0.01, 0.99), control=st.floats(0.01, 0.99))
def test_risks_from_an_odds_ratio(treated, control):
    log_ratio = math.log(treated / (1 - treated) / (control / (1 - control)))
    assert float(TRANSFORMATIONS["logortorr"](log_ratio, control)) == pytest.approx(treated / control, rel=1e-9)
    difference = float(TRANSFORMATIONS["logortord"](log_ratio, control))
    assert difference == pytest.approx(treated - control, rel=1e-9, abs=1e-12)


def test_huge_odds_ratios_end_at_certainty():
    np.testing.assert_allclose(TRANSFORMATIONS["logortorr"]([-1000, 1000], 0.2), [0, 5])


def test_shapes_are_kept():
    for name in ("exp", "ilogit", "identity", "dtou1"):
        assert TRANSFORMATIONS[name](np.zeros((2, 3))).shape == (2, 3)
