"""P-value functions: the model's own p value and limits lie on the curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.p_value_function import PValueFunction, p_value_functions

# Invented.
ESTIMATES, VARIANCES, NAMES = [0.2, 0.8, 0.5, 0.1], [0.04, 0.09, 0.02, 0.05], ["A", "B", "C", "D"]


@pytest.mark.parametrize("test", ["normal", "t", "hartung-knapp", "hartung-knapp-guarded"])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_the_curve_of_the_pool_holds_the_model_s_p_value_and_limits(test, level):
    model = random_effects(ESTIMATES, VARIANCES, test=test, level=level)
    pool = p_value_functions(model).pool
    assert pool.p([0.0])[0] == pytest.approx(model.p_value, rel=1e-12)
    assert pool.p([model.estimate])[0] == 1
    assert pool.p(model.interval) == pytest.approx([1 - level, 1 - level], rel=1e-10)
    assert pool.interval(level) == pytest.approx(model.interval, rel=1e-12)


def test_the_p_value_at_any_effect_is_that_of_a_fit_to_estimates_moved_there():
    for effect in (-0.3, 0.25, 1.1):
        moved = random_effects(np.array(ESTIMATES) - effect, VARIANCES)
        here = p_value_functions(random_effects(ESTIMATES, VARIANCES)).pool.p([effect])[0]
        assert here == pytest.approx(moved.p_value, rel=1e-9)


def test_studies_have_the_normal_distribution_and_the_pool_that_of_its_test():
    model = random_effects(ESTIMATES, VARIANCES, labels=NAMES)
    curves = p_value_functions(model)
    assert [curve.label for curve in curves.studies] == NAMES
    for curve, y, v in zip(curves.studies, ESTIMATES, VARIANCES, strict=True):
        assert curve.p([0.35])[0] == pytest.approx(2 * stats.norm.sf(abs(y - 0.35) / v**0.5), rel=1e-12)
        assert curve.interval(0.9) == pytest.approx(stats.norm.interval(0.9, y, v**0.5), rel=1e-12)
    assert curves.pool.degrees_of_freedom == 3
    expected = 2 * stats.t.sf(abs(model.estimate - 0.9) / model.standard_error, 3)
    assert curves.pool.p([0.9])[0] == pytest.approx(expected, rel=1e-10)
    assert p_value_functions(common_effect(ESTIMATES, VARIANCES)).pool.degrees_of_freedom is None


def test_tables_have_every_curve():
    curves = p_value_functions(random_effects(ESTIMATES, VARIANCES, labels=NAMES))
    table = curves.table([0.0, 0.5])
    assert list(table.columns) == [*NAMES, "pool"]
    assert table.loc[0.5, "C"] == 1
    intervals = curves.intervals()
    assert len(intervals) == 5 * 3
    inner, outer = intervals.iloc[0], intervals.iloc[2]
    assert outer["low"] < inner["low"] < inner["high"] < outer["high"]


def test_one_study_has_its_own_curve_and_no_pool():
    curves = p_value_functions(random_effects([0.4], [0.04], labels=["Invented 2001"]))
    assert (curves.one_study, curves.studies, curves.pool.label) == (True, (), "Invented 2001")
    assert curves.pool.degrees_of_freedom is None
    assert curves.pool.p([0.0, 0.4]) == pytest.approx([2 * stats.norm.sf(2), 1])
    assert curves.table([0.0]).columns.tolist() == ["Invented 2001"]
    assert not p_value_functions(random_effects([0.4, 0.5], [0.04, 0.04])).one_study
    assert any("one study" in mark for mark in curves.marks)


def test_a_model_with_moderators_has_the_curve_of_a_named_coefficient():
    model = meta_regression(ESTIMATES, VARIANCES, {"year": [1990, 2000, 2005, 2010]})
    curves = p_value_functions(model, "year")
    assert curves.studies == ()
    assert curves.pool.p([0.0])[0] == pytest.approx(model.p_values[1])
    with pytest.raises(MethodError, match="no one effect"):
        p_value_functions(model)
    with pytest.raises(MethodError, match="coefficient 'age'"):
        p_value_functions(model, "age")


def test_what_has_no_uncertainty_has_no_curve():
    with pytest.raises(MethodError, match="standard error is 0"):
        p_value_functions(random_effects([0.5, 0.5], [0.1, 0.2], test="hartung-knapp"))
    curves = p_value_functions(random_effects([0.1, 0.5, 0.9], [0.1, 0, 0.1], labels=["A", "B", "C"], method="HE"))
    assert [curve.label for curve in curves.studies] == ["A", "C"]
    assert "no curve of B: the sampling variance is 0" in curves.marks


@pytest.mark.parametrize("effects", [[np.nan], [np.inf], [[0.1, 0.2]], ["x"], 0.1])
def test_effects_that_are_no_column_of_numbers_are_refused(effects):
    curve = PValueFunction(label="A", estimate=0.0, standard_error=1.0, degrees_of_freedom=None)
    with pytest.raises(MethodError, match="effects"):
        curve.p(effects)


@pytest.mark.parametrize("level", [0, 1, -0.1, 95, np.nan])
def test_levels_are_proportions(level):
    curve = PValueFunction(label="A", estimate=0.0, standard_error=1.0, degrees_of_freedom=4)
    with pytest.raises(MethodError):
        curve.interval(level)


def test_the_far_tail_keeps_its_digits_and_what_is_beyond_is_0():
    curve = PValueFunction(label="A", estimate=0.0, standard_error=1.0, degrees_of_freedom=None)
    assert curve.p([20.0])[0] == pytest.approx(2 * stats.norm.sf(20), rel=1e-10)
    assert curve.p([1e300, -1e308])[0] == 0
