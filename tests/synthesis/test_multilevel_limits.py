"""Multilevel models of data that are few, empty, wrong or at the end of a range: refused in words, or marked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from dense_multilevel import invented

from synth.errors import MethodError
from synth.synthesis.multilevel import Intercept, Nested, Structured, multilevel
from synth.synthesis.multilevel.fit import Climb

DATA = invented()
N = len(DATA.y)
COLUMNS = DATA.columns


def fit(random=(), **options):
    options = {"columns": COLUMNS} | options
    return multilevel(options.pop("y", DATA.y), options.pop("v", DATA.v), random=random, **options)


def broken(matrix, row, other, value):
    changed = matrix.copy()
    changed[row, other] = value
    return changed


def test_no_estimate_is_refused():
    with pytest.raises(MethodError, match="k = 0"):
        multilevel([], [])


def test_one_estimate_has_no_variance_of_effects_to_estimate():
    with pytest.raises(MethodError, match="1 estimates and 1 coefficients"):
        multilevel([0.2, 0.3][:1], [0.1], random=Structured("a", "b", "ID"), columns={"a": [1], "b": [1]})
    model = multilevel([0.2], [0.1])
    assert "one estimate: nothing is pooled" in model.marks
    assert (model.q_e, model.q_e_df, model.q_e_p) == (0.0, 0, 1.0)
    assert model.typical_variance is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"y": [*DATA.y[:-1], np.nan]}, f"study {N}: the estimate is nan"),
        ({"y": DATA.y[:-1]}, rf"covariance of shape \({N}, {N}\) for {N - 1} estimates"),
        ({"y": [*DATA.y[:-1], "much"]}, "a column of numbers"),
        ({"v": "much"}, "a column or a square matrix"),
        ({"v": ["much"] * N}, "a column or a square matrix of numbers"),
        ({"v": np.zeros((2, 2, 2))}, "a column or a square matrix"),
        ({"v": broken(DATA.v, 3, 3, -0.1)}, "study 4: the variance is -0.1"),
        ({"v": broken(DATA.v, 3, 3, 0.0)}, "study 4: the variance is 0.0"),
        ({"v": broken(DATA.v, 0, 1, np.inf)}, "covariance of estimates 1 and 2 is inf"),
        ({"v": broken(DATA.v, 0, 1, 0.001)}, "a symmetric matrix is expected"),
        ({"v": np.where(np.eye(N) == 1, 0.04, 0.05)}, "smallest eigenvalue of -0.01; a positive definite"),
        ({"v": np.full((N, N), 0.04)}, "positive definite"),
        ({"labels": ["a"]}, "1 names for"),
        ({"method": "DL"}, "method 'DL': one of REML, ML"),
        ({"test": "knha"}, "test 'knha': one of t, normal"),
        ({"degrees": "satterthwaite"}, "degrees 'satterthwaite': one of contain, residual"),
        ({"level": 95}, "level"),
        ({"intercept": False}, "no coefficient"),
        ({"moderators": {"dose": [1.0]}}, "moderator 'dose'"),
        ({"random": "study"}, "Intercept, Nested or Structured is expected"),
        ({"random": Intercept("hospital")}, "no such column; study, outcome"),
        ({"random": Nested()}, "at least one column"),
        ({"random": Intercept("a"), "columns": {"a": [1, 2]}}, "one value for each of"),
        ({"random": Intercept("a"), "columns": {"a": [None, *range(N - 1)]}}, "column 'a', estimate 1: None"),
        ({"random": Intercept("a"), "columns": {"a": [*range(N - 1), np.nan]}}, f"column 'a', estimate {N}: nan"),
        ({"random": Structured("outcome", "study", "TOEP")}, "structure 'TOEP' of outcome | study"),
        ({"random": Structured("a", "study", "CAR"), "columns": {**COLUMNS, "a": ["x"] * N}}, "times in numbers"),
        (
            {"random": Structured("a", "study", "CAR"), "columns": {**COLUMNS, "a": [np.inf, *np.arange(N - 1.0)]}},
            "column 'a', estimate 1: inf; a finite number",
        ),
        ({"random": [Intercept("study"), Nested("study", "row")]}, "'study' and 'study' group the estimates alike"),
        ({"random": [Nested("study", "row"), Intercept("row")]}, "'study/row' and 'row' group the estimates alike"),
        ({"random": [Structured("outcome", "study")] * 2}, "stand there twice"),
        ({"random": Structured("row", "row", "UN")}, "'0' and '1' are together in no row"),
        ({"random": Nested("study", "row"), "fixed": {"sigma2": [0.1]}}, "1 values for the 2"),
        ({"random": Intercept("study"), "fixed": {"sigma2": [-0.1]}}, "fixed sigma2 = -0.1: a number from 0"),
        ({"random": Intercept("study"), "fixed": {"gamma2": [0.1]}}, "fixed 'gamma2'"),
        ({"random": Structured("outcome", "study"), "fixed": {"rho": [1.5]}}, "fixed rho = 1.5: a number from -1 to 1"),
        (
            {"random": Structured("outcome", "study", "UN"), "fixed": {"rho": [0.9, 0.9, None, -0.9, 0.1, 0.1]}},
            "all correlations of UN, one, or none",
        ),
        (
            {"random": Structured("outcome", "study", "UN"), "fixed": {"rho": [0.9, 0.9, 0.9, -0.9, 0.1, 0.1]}},
            "no correlation matrix",
        ),
    ],
)
def test_bad_input_is_refused_in_words(options, words):
    with pytest.raises(MethodError, match=words):
        fit(**options)


def test_predictions_of_unknown_levels_are_refused():
    model = fit(Structured("outcome", "study", "DIAG"))
    with pytest.raises(MethodError, match="9 is no level"):
        model.predict(inner={"outcome": [9]})
    with pytest.raises(MethodError, match="expected are levels of outcome"):
        model.predict(inner={"arm": [1]})
    with pytest.raises(MethodError, match="moderators"):
        model.predict({"dose": [1.0]})
    with pytest.raises(MethodError, match="no effects of units"):
        fit().blup()
    with pytest.raises(MethodError, match="has no one estimate"):
        _ = fit(moderators={"dose": COLUMNS["dose"]}).estimate


def test_a_single_group_is_taken_up_by_the_mean():
    model = fit([Intercept("all"), Intercept("row")], columns={**COLUMNS, "all": ["x"] * N})
    assert model.sigma2[0] == 0
    assert any("the effects of 'all' cannot be told from the coefficients" in mark for mark in model.marks)
    alone = fit(Intercept("row"))
    assert model.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-10)
    assert model.fit_statistics()["REML"].parameters == alone.fit_statistics()["REML"].parameters
    assert [item.name for item in model.component_intervals()] == ["row"]


def test_groups_that_moderators_take_up_have_no_variance():
    study = {"which": [f"s{code % 3}" for code in COLUMNS["study"]]}
    columns = {**COLUMNS, "third": study["which"]}
    model = fit([Intercept("third"), Intercept("row")], moderators=study, columns=columns)
    assert model.sigma2[0] == 0
    assert any("'third' cannot be told" in mark for mark in model.marks)


def test_estimates_alike_give_a_variance_of_zero_and_say_so():
    model = fit(Nested("study", "row"), y=np.full(N, 0.3) + 0.01 * DATA.y)
    np.testing.assert_array_equal(model.sigma2, [0.0, 0.0])
    assert any("estimated as 0: that is no proof" in mark for mark in model.marks)
    assert model.converged
    lower = [item.low for item in model.component_intervals()]
    assert lower == [0.0, 0.0]
    correlated = fit(Structured("outcome", "study"), y=np.full(N, 0.3) + 0.01 * DATA.y)
    assert np.isnan(correlated.rho).all()
    assert '"rho": [null]' in json.dumps(correlated.to_dict(), allow_nan=False)
    assert any("not defined beside a variance of 0" in mark for mark in correlated.marks)
    correlations = [item for item in correlated.component_intervals() if item.kind == "rho"]
    assert (correlations[0].low, correlations[0].high) == (-1 / 3, 1.0)


def test_a_correlation_at_the_end_of_its_range_is_marked():
    study, outcome = COLUMNS["study"], COLUMNS["outcome"]
    effects = np.random.default_rng(5).normal(size=8)[study]
    model = fit(Structured("outcome", "study", "HCS"), y=effects * (1.0 + 0.3 * outcome), v=np.full(N, 0.01))
    assert model.rho[0] > 1 - 1e-6
    assert any("estimated as 1, the end of its range" in mark for mark in model.marks)


def test_a_correlation_that_no_four_effects_can_have_is_marked():
    pairs = np.repeat(np.arange(12), 2)
    columns = {"study": pairs, "outcome": np.concatenate([[0, 1], [2, 3], [0, 2], [1, 3], [0, 3], [1, 2]] * 2)}
    draw = np.random.default_rng(2).normal(size=12)
    y = np.where(np.arange(24) % 2, 1.0, -1.0) * draw[pairs]
    model = multilevel(y, np.full(24, 0.02), random=Structured("outcome", "study"), columns=columns)
    assert model.rho[0] < -1 / 3
    assert any("lower than effects of all its levels can have" in mark for mark in model.marks)


def test_a_structure_without_pairs_has_no_correlation():
    model = fit(Structured("outcome", "row", "HCS"))
    assert len(model.rho) == 0
    assert len(model.tau2) == 4
    assert model.fit_statistics()["REML"].parameters == 5
    assert any("no 'row' has two levels of 'outcome'" in mark for mark in model.marks)


def test_few_units_and_the_normal_distribution_are_marked():
    model = fit(Intercept("country"), test="normal")
    assert any("only 3 units of 'country'" in mark for mark in model.marks)
    assert any("normal distribution take the variances as known" in mark for mark in model.marks)
    given = fit(Intercept("study"), fixed={"sigma2": [0.1]})
    assert any("was given and not estimated" in mark for mark in given.marks)
    assert given.component_intervals() == ()
    assert fit(Nested("study", "row")).marks == ()


def test_variances_that_cannot_be_told_apart_are_marked():
    # Two effects of each study, one of them with a level of its own for each estimate and no correlation.
    model = fit([Nested("study", "row"), Structured("row", "study", "ID")])
    assert any("flat along some direction" in mark for mark in model.marks)


def test_a_climb_that_does_not_end_is_marked(monkeypatch):
    polish = Climb.polish
    monkeypatch.setattr(Climb, "polish", lambda climb, part: (polish(climb, part)[0], False, False))
    model = fit(Nested("study", "row"))
    assert not model.converged
    assert any("did not converge" in mark for mark in model.marks)
    assert model.to_dict()["converged"] is False


def test_lower_maxima_are_marked():
    model = fit(Nested("study", "row"))
    several = replace(model, maximum=replace(model.maximum, others=1))
    assert any("more than one maximum" in mark for mark in several.marks)


@pytest.mark.parametrize(("kind", "rho"), [("CS", 0.4), ("CS", -0.2), ("AR", -0.4), ("CAR", 0.3)])
def test_a_fixed_correlation_is_the_one_of_the_model(kind, rho):
    model = fit(Structured("outcome", "study", kind), fixed={"rho": [rho]})
    covariance = model.effect_covariances[0]
    assert covariance[1, 0] == pytest.approx(rho * covariance[0, 0], rel=1e-9)


def test_a_fixed_correlation_must_be_one_that_effects_can_have():
    with pytest.raises(MethodError, match=r"4 effects of one study cannot have correlations below -0\.3333"):
        fit(Structured("outcome", "study"), fixed={"rho": [-0.5]})
    with pytest.raises(MethodError, match="cannot have correlations below 0"):
        fit(Structured("month", "study", "CAR"), fixed={"rho": [-0.1]})
