"""How a model shows itself, and what it refuses to be asked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from laws_of_models import fitted, studies

from synth.effects.intervals import check_alpha, check_level
from synth.errors import MethodError
from synth.synthesis import meta_regression, random_effects, small_study, subgroups

LEVELS_THAT_ARE_NONE = (95, 0.0, 1.0, -0.5, np.nan, np.inf, None, "0.95", [0.95], True, np.array(0.95), 10**400)


def cells(page: str) -> list[list[str]]:
    """Rows of the first table of a page, without its head."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1].split("</tbody>")[0])
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_html_of_one_coefficient():
    model = random_effects([0.1, 0.3, 0.62, 0.8], [0.04, 0.05, 0.02, 0.03], test="normal")
    (row,) = cells(model._repr_html_())
    assert row[0] == "intercept"
    assert row[1] == f"{model.estimate:.3f}"
    assert row[3] == f"{model.statistics[0]:.2f}"
    assert row[5] == f"{model.low[0]:.3f} to {model.high[0]:.3f}"
    assert "95% interval" in model._repr_html_()


def test_html_of_several_coefficients():
    model = fitted(studies(12), moderated=True)
    rows = cells(model._repr_html_())
    assert [row[0] for row in rows] == list(model.names) == ["intercept", "dose", "group: b", "group: c"]
    assert [row[2] for row in rows] == [f"{error:.3f}" for error in model.standard_errors]
    assert {len(row) for row in rows} == {6}
    assert all(mark.split(":")[0] in model._repr_html_() for mark in model.marks)


def test_html_escapes_what_a_caller_named():
    model = meta_regression([0.1, 0.3, 0.6], [0.1, 0.1, 0.1], {"<b>dose</b>": [1.0, 2.0, 4.0]})
    assert "<b>" not in model._repr_html_()
    assert "&lt;b&gt;dose" in model._repr_html_()


@pytest.mark.parametrize("level", LEVELS_THAT_ARE_NONE, ids=lambda level: f"{level!r:.20}")
def test_no_level_but_a_proportion(level):
    with pytest.raises(MethodError, match=r"confidence level .* a proportion between 0 and 1 is expected"):
        check_level(level)
    with pytest.raises(MethodError, match=r"alpha = .* a proportion between 0 and 1 is expected"):
        check_alpha(level)


@pytest.mark.parametrize("level", [0.95, np.float64(0.95), np.float32(0.5)])
def test_a_proportion_is_a_level(level):
    assert check_level(level) is None
    assert random_effects([0.1, 0.4], [0.1, 0.1], level=level).level == level


@pytest.mark.parametrize(
    ("moderators", "reason"),
    [
        ("dose", "moderators of type str: a mapping"),
        (3, "moderators of type int"),
        ([[1.0, 2.0, 3.0]], "moderators of type list"),
        (np.ones(3), "moderators of type ndarray"),
        ({1: [1.0, 2.0, 3.0]}, "moderator 1: a name that is a text"),
        ({"dose": None}, "moderator 'dose': 1 values for 3 studies"),
        ({"dose": 2.0}, "moderator 'dose': 1 values for 3 studies"),
        ({"dose": [[1.0], 2.0, 3.0]}, r"moderator 'dose': study 1 has \[1.0\]; a number or a text is expected"),
        ({"dose": [[1.0], [2.0], [3.0]]}, r"moderator 'dose': one column .* shape \(3, 1\)"),
        ({"dose": [1.0, None, 3.0]}, "moderator 'dose': study 2 has no value"),
        ({"dose": pd.Series(["a", None, "b"], dtype="string")}, "moderator 'dose': study 2 has <NA>"),
        ({"dose": np.array(["2001", "2002", "2003"], dtype="datetime64[ns]")}, "type datetime64"),
        ({"dose": [1.0, b"2", 3.0]}, "study 2 has b'2'; a number or a text is expected"),
        ({"dose": [1.0, 2.0, 1j]}, "study 3 has 1j; a number or a text is expected"),
        ({"dose": np.array([1.0, 2.0, 1j])}, "one column of numbers or texts is expected, got"),
    ],
)
def test_moderators_that_are_none(moderators, reason):
    with pytest.raises(MethodError, match=reason):
        meta_regression([0.1, 0.3, 0.6], [0.1, 0.1, 0.1], moderators)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (3, "moderators of type int"),
        ("dose", "moderators of type str"),
        ({"dose": 1.0}, "moderators dose; expected are those of the model: dose, group"),
        ({"dose": 1.0, 2.5: "a"}, "moderator 2.5: a name that is a text"),
        ({"dose": None, "group": "a"}, "moderator 'dose'"),
        ({"dose": [[1.0]], "group": "a"}, "moderator 'dose': one column"),
        ({"dose": [1.0, 2.0], "group": ["a", "b", "c"]}, "moderator 'dose': 2 values; one, or 3"),
        ({"dose": 1.0, "group": "d"}, "moderator 'group': no study has 'd'"),
    ],
)
def test_values_that_cannot_be_predicted_at(values, reason):
    with pytest.raises(MethodError, match=reason):
        fitted(studies(12), moderated=True).predict(values)


def test_predictions_at_no_values_are_none():
    assert fitted(studies(12), moderated=True).predict({"dose": [], "group": []}).estimates.shape == (0,)


@pytest.mark.parametrize(
    ("combinations", "reason"),
    [
        ("x", "rows of 4 numbers"),
        ([], "rows of 4 finite numbers"),
        ([[1.0, 0.0], [1.0]], "rows of 4 numbers"),
        ([[np.nan, 0, 0, 0]], "rows of 4 finite numbers"),
        ([0.0, 0.0, 0.0, 0.0], "not all 0"),
        ([[0, 1, 0, 0], [0, 2, 0, 0]], "depend on each other"),
        ([1e308, 1e308, 1e308, 1e308], "beyond the range of numbers"),
    ],
)
def test_combinations_that_say_nothing(combinations, reason):
    scale = np.array([1.0, 1.0, 1.0, 1.0])
    model = fitted(studies(12).changed(y=studies(12).y * 100), moderated=True)
    with pytest.raises(MethodError, match=reason):
        model.wald_test(combinations=combinations if isinstance(combinations, str) else combinations or scale[:0])


@pytest.mark.parametrize("tested", [3.5, "dose", None, [], [99], [-1], ["weight"], [None], [0, 0]])
def test_coefficients_that_are_none(tested):
    with pytest.raises(MethodError, match="coefficient"):
        fitted(studies(12), moderated=True).wald_test(tested)


@pytest.mark.parametrize("tested", [3.5, "dose"])
def test_coefficients_come_in_a_sequence(tested):
    with pytest.raises(MethodError, match="a sequence of indices or names is expected"):
        fitted(studies(12), moderated=True).wald_test(tested)


def test_a_test_does_not_depend_on_the_size_of_a_combination():
    model = fitted(studies(12), moderated=True)
    rows = np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, -1.0, 2.0]])
    plain = model.wald_test(combinations=rows)
    large = model.wald_test(combinations=rows * [[2.0**-600], [2.0**600]])
    assert large.statistic == plain.statistic
    assert large.p_value == plain.p_value
    assert large.estimates.tolist() == (plain.estimates * [2.0**-600, 2.0**600]).tolist()
    by_matrices = plain.estimates @ np.linalg.solve(rows @ model.covariance @ rows.T, plain.estimates)
    assert plain.statistic == pytest.approx(by_matrices, rel=1e-9)


def test_variance_inflation_by_its_definition():
    """1 / (1 - R2) of each column on the others, by weights 1 / (v + tau2)."""
    model = fitted(studies(12), moderated=True)
    root = 1 / np.sqrt(model.variances + model.tau2)
    columns = model.moderators.columns * root[:, None]
    for index, (name, factor) in enumerate(model.vif().items(), 1):
        own, others = columns[:, index], np.delete(columns, index, axis=1)
        left = own - others @ np.linalg.lstsq(others, own)[0]
        centred = own - root * (root @ own) / (root @ root)
        assert factor == pytest.approx(centred @ centred / (left @ left), rel=1e-9), name


def nearly_collinear(share):
    data = studies(12)
    return meta_regression(
        data.y, data.v, {"dose": data.dose, "other": data.dose + share * np.sin(np.arange(12.0) * 2)}
    )


@pytest.mark.parametrize("share", [1e-7, 1e-8, 1e-9])
def test_variance_inflation_without_digits_is_refused(share):
    assert max(nearly_collinear(1e-4).vif().values()) == pytest.approx(3.0552e8, rel=1e-3)
    with pytest.raises(MethodError, match="nearly collinear"):
        nearly_collinear(share).vif()


def test_a_joint_test_without_digits_is_none_and_marked():
    model = nearly_collinear(1e-9)
    assert (model.q_m, model.q_m_p) == (None, None)
    assert "the coefficients follow from each other but for rounding: there is no joint test of them" in model.marks
    assert model.to_dict()["q_m"] is None


@pytest.mark.parametrize(
    "options",
    [
        {"theta": "x"},
        {"theta": np.nan},
        {"tau2": None},
        {"tau2": -1.0},
        {"tau2": "0"},
        {"theta": True},
        {"theta": 10**400},
        {"alpha": None},
        {"alpha": 1},
    ],
    ids=str,
)
def test_an_excess_that_cannot_be_tested(options):
    with pytest.raises(MethodError, match="expected"):
        small_study.excess_significance([0.1, 0.5], [0.1, 0.1], **options)


@pytest.mark.parametrize("groups", [None, 3, "aab", {"a": 1, "b": 2, "c": 3}], ids=str)
def test_groups_that_are_no_sequence(groups):
    with pytest.raises(MethodError, match="a sequence with the group of each study is expected"):
        subgroups([0.1, 0.3, 0.6], [0.1, 0.1, 0.1], groups)


def test_groups_that_cannot_be_compared_are_marked():
    found = subgroups([0.1, 0.1, 0.5, 0.9], [0.1, 0.2, 0.1, 0.1], ["a", "a", "b", "b"], test="hartung-knapp")
    assert found.q_between is None
    assert found.marks[1].startswith("no test between groups")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"alpha": None}, "alpha = None"),
        ({"alpha": "0.05"}, "alpha = '0.05'"),
        ({"kind": "Orwin", "target": "x"}, "target = 'x'"),
        ({"kind": "Orwin", "target": np.inf}, "target = inf"),
        ({"kind": "Orwin", "target": 1e-300}, r"more than 1e\+18 studies"),
    ],
)
def test_a_fail_safe_number_that_cannot_be_counted(options, reason):
    with pytest.raises(MethodError, match=reason):
        small_study.fail_safe_n([0.1, 0.5], [0.1, 0.1], **options)


def test_henmi_and_copas_interval_without_digits_is_refused():
    assert small_study.henmi_copas(random_effects([-1e3, 0.0], [0.07, 0.32])).tau2 > 1e5
    with pytest.raises(MethodError, match="so far apart beside their variances"):
        small_study.henmi_copas(random_effects([-1.6e46, 0.0], [0.07, 0.32]))
