"""Variances from Wald intervals and tests, for many studies at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.reported import wald
from synth.errors import MethodError

NAN = math.nan


def test_the_examples_of_metafors_documentation():
    by_interval = wald([0.64], [0.33], [1.22], transform="log")
    assert by_interval.yi[0] == pytest.approx(-0.4463, abs=5e-5)
    assert by_interval.vi[0] == pytest.approx(0.1113, abs=5e-5)
    by_p = wald([0.64], p=[0.17], transform="log")
    assert by_p.vi[0] == pytest.approx(0.1058, abs=5e-5)


def test_interval_before_z_before_p():
    found = wald(
        [2.0, 2.0, 2.0, 2.0, NAN],
        [1.0, NAN, 1.0, NAN, 1.0],
        [3.0, 3.0, NAN, NAN, 3.0],
        z=[9.0, 4.0, NAN, NAN, NAN],
        p=[0.5, 0.5, 0.04, NAN, 0.04],
        n=[10, 20, 30, 40, NAN],
    )
    z = stats.norm.isf(0.025)
    expected = [(1 / z) ** 2, 0.25, (2 / stats.norm.isf(0.02)) ** 2]
    assert found.vi[:3] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(found.vi[3])
    assert found.vi[4] == pytest.approx(expected[0])
    assert found.origin == ("interval", "z", "p", "", "interval")
    assert np.isnan(found.yi[4])
    assert found.n[:4].tolist() == [10, 20, 30, 40]


def test_a_statistic_of_nothing_gives_no_variance_and_no_warning():
    found = wald([2.0, 2.0, 0.0], z=[0.0, NAN, NAN], p=[NAN, 1.0, 0.0])
    assert np.isnan(found.vi).all()
    assert found.origin == ("", "", "")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 9), st.floats(0.05, 2), st.floats(0.5, 0.99)), min_size=1, max_size=6),
    st.floats(0.01, 100),
)
def test_what_went_in_comes_back_in_any_unit(studies, factor):
    estimate, error, level = (np.array(column) for column in zip(*studies, strict=True))
    critical = stats.norm.isf((1 - level) / 2)
    limits = estimate - critical * error, estimate + critical * error
    found = wald(factor * estimate, factor * limits[0], factor * limits[1], level=level)
    assert found.vi == pytest.approx((factor * error) ** 2, rel=1e-9)
    assert not found.off_centre.any()
    ratios = wald(np.exp(estimate), np.exp(limits[0]), np.exp(limits[1]), level=level, transform="log")
    assert ratios.yi == pytest.approx(estimate, rel=1e-9)
    assert ratios.vi == pytest.approx(error**2, rel=1e-6)
    by_z = wald(estimate, z=-estimate / error)
    assert by_z.vi == pytest.approx(error**2, rel=1e-12)
    p = 2 * stats.norm.sf(estimate / error)
    assert wald(estimate, p=p).vi[p > 1e-300] == pytest.approx(error[p > 1e-300] ** 2, rel=1e-6)


def test_transformations_by_name_and_by_function():
    assert wald([0.3], [0.1], [0.5], transform="atanh").yi[0] == pytest.approx(math.atanh(0.3))
    assert wald([0.3], [0.1], [0.5], transform="logit").yi[0] == pytest.approx(math.log(0.3 / 0.7))
    assert wald([4.0], [1.0], [9.0], transform=np.sqrt).yi[0] == pytest.approx(2.0)


def test_an_estimate_off_the_middle_is_pointed_out():
    found = wald([1.0, 1.9, 2.0], [0.0, 0.0, 0.0], [4.0, 4.0, NAN])
    assert found.off_centre.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "at least one of estimate"),
        ({"n": [3]}, "at least one of estimate"),
        ({"estimate": [1.0], "low": [1.0, 2.0]}, "one length"),
        ({"estimate": [1.0], "p": ["<.001"]}, "numbers are expected"),
        ({"estimate": [1.0], "p": [1.2]}, "ash: a p value"),
        ({"estimate": [1.0], "p": [-0.1]}, "ash: a p value"),
        ({"estimate": [1.0], "low": [3.0], "high": [2.0]}, "ash: the lower limit"),
        ({"estimate": [0.0], "low": [1.0], "high": [2.0], "transform": "log"}, "ash: the transformation"),
        ({"estimate": [1.0], "transform": "cube"}, "transform 'cube'"),
        ({"estimate": [1.0], "transform": np.sum}, "function of arrays"),
        ({"estimate": [1.0], "level": 95}, "proportion"),
        ({"estimate": [1.0], "level": [0.9, 0.95]}, "one for each study"),
        ({"estimate": [math.inf]}, "ash: a figure is infinite"),
    ],
)
def test_bad_columns_are_refused_and_the_study_is_named(arguments, reason):
    with pytest.raises(MethodError, match=reason):
        wald(**arguments, labels=["ash"])


def test_labels_must_fit():
    with pytest.raises(MethodError, match="2 labels for 1"):
        wald([1.0], labels=["ash", "elm"])
