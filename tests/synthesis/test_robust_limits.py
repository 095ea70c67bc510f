"""Cluster-robust variances where units, zeros and other models decide. All data are invented."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis import MetaAnalysis, common_effect, meta_regression, random_effects
from synth.synthesis.glmm import proportion_glmm
from synth.synthesis.location_scale import location_scale
from synth.synthesis.multilevel import Nested, multilevel
from synth.synthesis.robust import RobustResult, cluster_robust
from synth.synthesis.robust.sandwich import hotelling_degrees
from synth.synthesis.selection import step_selection

Y = np.array([0.1, 0.5, 0.3, -0.2, 0.8, 0.4, 0.6, 0.0, 0.2, 0.7, -0.1, 0.35])
V = np.array([0.02, 0.05, 0.11, 0.04, 0.2, 0.03, 0.08, 0.06, 0.01, 0.07, 0.05, 0.09])
DOSE = np.array([1.2, 3.4, 0.6, 8.1, 2.2, 5.0, 7.3, 0.9, 4.4, 6.1, 2.9, 3.8])
ARM = np.array([0.0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1])
GROUPS = list("aabbccddeeff")
EQUAL = {"columns": {"study": list("aabbccdd"), "row": range(8)}, "random": Nested("study", "row")}


def two_moderators(unit: float) -> MetaAnalysis:
    return meta_regression(Y, V, {"dose": DOSE * unit, "arm": ARM})


def robust(unit: float = 1.0, kind: str = "CR2") -> RobustResult:
    return cluster_robust(two_moderators(unit), GROUPS, kind=kind)


@pytest.mark.parametrize("kind", ["CR2", "CR1"])
@pytest.mark.parametrize("unit", [1e-12, 1e-5, 1e5, 1e12])
def test_the_unit_of_a_moderator_changes_no_joint_test(unit: float, kind: str) -> None:
    plain, other = robust(kind=kind).omnibus, robust(unit, kind).omnibus
    assert other.df1 == plain.df1 == 2
    assert other.df2 == pytest.approx(plain.df2, rel=1e-8)
    assert other.statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert other.p_value == pytest.approx(plain.p_value, rel=1e-8)


def test_the_length_of_a_combination_changes_no_joint_test() -> None:
    plain = robust().wald_test(combinations=[[0, 1, 0], [0, 1, 1]])
    other = robust().wald_test(combinations=[[0, 1e-20, 0], [0, 1e20, 1e20]])
    assert other.df2 == pytest.approx(plain.df2, rel=1e-8)
    assert other.p_value == pytest.approx(plain.p_value, rel=1e-8)
    assert plain.p_value == pytest.approx(robust().omnibus.p_value, rel=1e-8)


def test_hotellings_degrees_of_freedom_have_no_unit() -> None:
    cross = robust().sandwich.cross_products(np.eye(3))
    unit = np.array([1e-7, 1.0, 1e7])
    scaled = cross * (unit[:, None] * unit)[:, :, None, None]
    assert hotelling_degrees(scaled) == pytest.approx(hotelling_degrees(cross), rel=1e-8)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2"])
@pytest.mark.parametrize("value", [0.0, 0.3, 1e6 + 0.1])
def test_a_standard_error_of_0_has_no_test_and_no_interval(value: float, kind: str) -> None:
    model = multilevel([value] * 8, np.linspace(0.1, 0.3, 8), **EQUAL)
    found = cluster_robust(model, EQUAL["columns"]["study"], kind=kind)
    assert found.standard_errors.tolist() == [0.0]
    for values in (found.statistics, found.p_values, found.low, found.high):
        assert np.isnan(values).all()
    assert found.omnibus.p_value is None
    assert any("a standard error is 0" in mark for mark in found.marks)
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["p_values"] == stored["low"] == stored["statistics"] == [None]
    assert "not defined to not defined" in found._repr_html_()
    assert "nan" not in repr(found)


def test_residuals_that_balance_within_each_cluster_leave_no_standard_error() -> None:
    found = cluster_robust(common_effect([0.1, 0.3] * 4, [0.05] * 8), list("aabbccdd"))
    assert found.standard_errors.tolist() == [0.0]
    assert np.isnan(found.p_values).all()


def test_a_small_standard_error_is_no_rounding() -> None:
    small = cluster_robust(common_effect(1000 + 1e-9 * Y, V), GROUPS)
    plain = cluster_robust(common_effect(Y, V), GROUPS)
    assert small.standard_errors[0] == pytest.approx(1e-9 * plain.standard_errors[0], rel=1e-3)


@pytest.mark.parametrize(
    "model",
    [
        proportion_glmm([1, 2, 3, 4, 5, 6], [10] * 6),
        step_selection(Y, V),
        location_scale(Y, V, scale={"dose": DOSE}),
        None,
        "model",
    ],
)
def test_models_that_are_no_least_squares_are_refused(model: object) -> None:
    with pytest.raises(MethodError, match=f"multilevel model is expected, got {type(model).__name__}"):
        cluster_robust(model, GROUPS)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"tested": 0}, "tested = 0: a list"),
        ({"tested": "dose"}, "tested = 'dose': a list"),
        ({"tested": np.array([[0, 1]])}, r"coefficient array\(\[0, 1\]\)"),
        ({"tested": [1, 1]}, "stands there twice"),
        ({"tested": ["dose", 1]}, "stands there twice"),
        ({"combinations": "x"}, "rows of 3 finite numbers"),
        ({"combinations": [[1, 0], [1]]}, "rows of 3 finite numbers"),
        ({"combinations": [[[1.0, 0, 0]]]}, "rows of 3 finite numbers"),
        ({"combinations": [0.0, 0, 0]}, "depend on each other"),
        ({"combinations": [[0, 1e-9, 0], [0, 1e9, 0]]}, "depend on each other"),
    ],
)
def test_what_cannot_be_tested_is_refused(asked: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        robust().wald_test(**asked)


def test_a_result_without_moderators_has_one_effect() -> None:
    found = cluster_robust(random_effects(Y, V), GROUPS)
    assert found.estimate == found.beta[0]
    assert found.standard_error == found.standard_errors[0]
    assert found.interval == (found.low[0], found.high[0])
    assert found.p_value == found.p_values[0]


@pytest.mark.parametrize("name", ["estimate", "standard_error", "interval", "p_value"])
def test_a_result_with_moderators_has_no_one_effect(name: str) -> None:
    with pytest.raises(MethodError, match=f"no one {name.replace('_', ' ')}"):
        getattr(robust(), name)
