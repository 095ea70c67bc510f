"""Columns of a model from what a table holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from textbook import DOSE, GROUP, V, Y

from synth.errors import MethodError
from synth.synthesis import meta_regression
from synth.synthesis.moderators import INTERCEPT, moderators_of, no_moderators


def columns(values, k=3, **options):
    return moderators_of(values, k, **{"intercept": True, "labels": None, **options})


def test_numbers_are_one_column_as_given():
    made = columns({"dose": [1, 2.5, -3]})
    assert made.names == (INTERCEPT, "dose")
    assert made.columns.tolist() == [[1, 1], [1, 2.5], [1, -3]]
    assert made.tested == (1,)
    assert made.codings[0].levels == ()


def test_texts_are_a_column_for_each_level_but_the_first():
    made = columns({"group": ["c", "a", "b"]})
    assert made.names == (INTERCEPT, "group: b", "group: c")
    assert made.columns.tolist() == [[1, 0, 1], [1, 0, 0], [1, 1, 0]]
    assert made.codings[0].levels == ("a", "b", "c")
    assert made.tested == (1, 2)


@pytest.mark.parametrize(
    "values",
    [[True, False, True], ["True", "False", "True"], np.array([True, False, True]), [np.True_, np.False_, np.True_]],
)
def test_truth_values_are_categories(values):
    made = columns({"blind": values})
    assert made.names == (INTERCEPT, "blind: True")
    assert made.columns[:, 1].tolist() == [1, 0, 1]


def test_without_intercept_the_first_category_has_every_level():
    made = columns({"dose": [1, 2, 3], "group": ["b", "a", "b"], "site": ["x", "x", "y"]}, intercept=False)
    assert made.names == ("dose", "group: a", "group: b", "site: y")
    assert made.columns.tolist() == [[1, 0, 1, 0], [2, 1, 0, 0], [3, 0, 1, 1]]
    assert made.tested == (0, 1, 2, 3)


def test_group_means_without_intercept():
    model = meta_regression(Y, V, {"group": GROUP}, intercept=False, tau2=0.0, test="normal")
    for index, level in enumerate("abc"):
        inside = level == GROUP
        assert model.beta[index] == pytest.approx(np.sum((Y / V)[inside]) / np.sum(1 / V[inside]), rel=1e-12)
    differences = meta_regression(Y, V, {"group": GROUP}, tau2=0.0, test="normal")
    assert differences.beta[2] == pytest.approx(model.beta[2] - model.beta[0], rel=1e-11)


def test_the_intercept_alone():
    made = no_moderators(2)
    assert (made.names, made.tested, made.codings) == ((INTERCEPT,), (0,), ())
    assert made.columns.tolist() == [[1], [1]]


def test_columns_of_a_data_frame():
    frame = pd.DataFrame({"dose": DOSE, "group": GROUP})
    as_series = meta_regression(Y, V, {"dose": frame["dose"], "group": frame["group"]})
    as_lists = meta_regression(Y, V, {"dose": DOSE.tolist(), "group": GROUP.tolist()})
    np.testing.assert_array_equal(as_series.beta, as_lists.beta)
    assert as_series.names == as_lists.names


@pytest.mark.parametrize("missing", [None, math.nan, "", np.nan])
@pytest.mark.parametrize("others", [[1.0, 2.0], ["a", "b"]])
def test_a_missing_value_names_the_study(missing, others):
    values = [others[0], missing, others[1]]
    with pytest.raises(MethodError, match="moderator 'x': study 2 has no value; a value for each study is expected"):
        columns({"x": values})
    with pytest.raises(MethodError, match="moderator 'x': beta has no value"):
        columns({"x": values}, labels=["alpha", "beta", "gamma"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"x": [1.0, math.inf, 2.0]}, "moderator 'x': study 2 has inf; a finite number is expected"),
        ({"x": [1.0, 2.0]}, "moderator 'x': 2 values for 3 studies; one each is expected"),
        ({"x": ["a", "a", "a"]}, "moderator 'x': every study has the value 'a'; at least two are expected"),
    ],
)
def test_columns_that_are_refused(values, said):
    with pytest.raises(MethodError, match=said):
        columns(values)


@pytest.mark.parametrize(
    ("moderators", "said"),
    [
        ({"one": DOSE, "two": DOSE}, r"moderator 'two' follows from the columns before it \(intercept, one\)"),
        ({"one": DOSE, "two": 3 - 2 * DOSE}, r"moderator 'two' follows from .*\(intercept, one\)"),
        ({"same": np.full(9, 2018.0)}, r"moderator 'same' follows from the columns before it \(intercept\)"),
        ({"nothing": np.zeros(9)}, r"moderator 'nothing' follows from"),
        ({"group": GROUP, "is c": GROUP == "c"}, r"moderator 'is c: True' follows from .*group: b, group: c\)"),
    ],
)
def test_a_column_that_follows_from_others_is_named(moderators, said):
    with pytest.raises(MethodError, match=said):
        meta_regression(Y, V, moderators)


def test_rows_for_further_values():
    made = columns({"dose": [1, 2, 3], "group": ["c", "a", "b"]})
    assert made.rows({"group": ["b", "c"], "dose": [5, 6]}).tolist() == [[1, 5, 1, 0], [1, 6, 0, 1]]
    assert made.rows({"dose": 5, "group": "a"}).tolist() == [[1, 5, 0, 0]]
    assert made.rows({"dose": [5, 6], "group": "c"}).tolist() == [[1, 5, 0, 1], [1, 6, 0, 1]]
    full = columns({"group": ["c", "a", "b"]}, intercept=False)
    assert full.rows({"group": ["a", "c"]}).tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dose": 1}, "moderators dose; expected are those of the model: dose, group"),
        ({"dose": 1, "group": "a", "more": 2}, "moderators dose, group, more; expected are those of the model"),
        ({}, "moderators none; expected are those of the model: dose, group"),
        ({"dose": 1, "group": "d"}, "moderator 'group': no study has 'd'; expected is one of a, b, c"),
        ({"dose": [1, 2], "group": ["a", "b", "c"]}, "moderator 'dose': 2 values; one, or 3 as the others"),
        ({"dose": math.nan, "group": "a"}, "moderator 'dose'.*(no value|finite numbers? )"),
        ({"dose": "much", "group": "a"}, "moderator 'dose'"),
    ],
)
def test_further_values_that_are_refused(values, said):
    made = columns({"dose": [1, 2, 3], "group": ["c", "a", "b"]})
    with pytest.raises(MethodError, match=said):
        made.rows(values)
