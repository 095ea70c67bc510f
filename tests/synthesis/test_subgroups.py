"""Subgroups: each group by itself, and the test between groups by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats
from textbook import GROUP, V, Y

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects, subgroups

NAMES = [f"trial {letter}" for letter in "ABCDEFGHI"]


def test_each_group_is_a_summary_of_its_own():
    found = subgroups(Y, V, GROUP, method="DL", test="hartung-knapp", level=0.9, labels=NAMES)
    assert list(found.models) == ["a", "b", "c"]
    for name, model in found.models.items():
        inside = name == GROUP
        alone = random_effects(Y[inside], V[inside], method="DL", test="hartung-knapp", level=0.9)
        assert model.interval == alone.interval
        assert model.tau2 == alone.tau2
        assert model.labels == tuple(np.array(NAMES)[inside])
    assert (found.tau2, found.joint) == ("separate", None)


@pytest.mark.parametrize("method", ["REML", "DL", "common"])
def test_q_between_groups_by_hand(method):
    found = subgroups(Y, V, GROUP, method=method, test="normal")
    means = np.array([model.estimate for model in found.models.values()])
    w = np.array([model.standard_error**-2 for model in found.models.values()])
    expected = w @ (means - w @ means / w.sum()) ** 2
    assert found.q_between == pytest.approx(expected, rel=1e-10)
    assert (found.q_between_df, found.q_between_df2) == (2, None)
    assert found.q_between_p == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)


def test_common_effects_split_q_into_within_and_between():
    found = subgroups(Y, V, GROUP, method="common", test="normal", labels=NAMES)
    assert found.models["a"].labels == ("trial B", "trial E", "trial H")
    within = sum(model.q_e for model in found.models.values())
    assert found.q_between == pytest.approx(common_effect(Y, V).q_e - within, rel=1e-10)


@pytest.mark.parametrize("test", ["normal", "hartung-knapp"])
def test_a_common_between_study_variance_is_one_meta_regression(test):
    found = subgroups(Y, V, GROUP, tau2="common", method="HE", test=test)
    joint = meta_regression(Y, V, {"group": GROUP}, method="HE", test=test)
    assert joint.tau2 > 0
    assert {model.tau2 for model in found.models.values()} == {joint.tau2}
    assert {model.fixed_tau2 for model in found.models.values()} == {joint.tau2}
    expected = (joint.q_m, joint.q_m_df, joint.q_m_df2, joint.q_m_p)
    assert (found.q_between, found.q_between_df, found.q_between_df2, found.q_between_p) == expected
    assert found.q_between_df2 == (None if test == "normal" else 6)
    if test == "normal":
        differences = [found.models[name].estimate - found.models["a"].estimate for name in "bc"]
        np.testing.assert_allclose(joint.beta[1:], differences, rtol=1e-10)


def test_two_groups_are_a_z_test():
    two = np.where(GROUP == "c", "x", "y")
    found = subgroups(Y, V, two, method="common", test="normal")
    one, other = found.models.values()
    z = (one.estimate - other.estimate) / np.hypot(one.standard_error, other.standard_error)
    assert found.q_between == pytest.approx(z**2, rel=1e-10)


def test_a_group_of_one_study():
    groups = ["alone", *["rest"] * 8]
    found = subgroups(Y, V, groups)
    assert found.models["alone"].interval[0] == pytest.approx(Y[0] - stats.norm.ppf(0.975) * np.sqrt(V[0]), rel=1e-10)
    assert any(mark.startswith("alone: one study") for mark in found.marks)
    assert "an observation across studies" in found.marks[0]


def test_groups_without_uncertainty_are_not_compared():
    found = subgroups([0.1, 0.1, 0.5, 0.9], [0.1, 0.2, 0.1, 0.1], ["a", "a", "b", "b"], test="hartung-knapp")
    assert (found.q_between, found.q_between_p) == (None, None)


@pytest.mark.parametrize(
    ("groups", "options", "said"),
    [
        (["a"] * 9, {}, r"one group \(a\): at least two groups are expected"),
        (["a"] * 8, {}, "8 groups for 9 estimates: one for each is expected"),
        (["a", None, *["b"] * 7], {}, "study 2: no group; a group for each study is expected"),
        (["a", float("nan"), *["b"] * 7], {"labels": NAMES}, "trial B: no group"),
        (["a", "", *["b"] * 7], {}, "study 2: no group"),
        (GROUP, {"tau2": "shared"}, "tau2 of subgroups 'shared': 'separate' or 'common' is expected"),
        (GROUP, {"method": "MAD"}, "method 'MAD'"),
        (GROUP, {"test": "z"}, "test 'z'"),
    ],
)
def test_groups_that_are_refused(groups, options, said):
    with pytest.raises(MethodError, match=said):
        subgroups(Y, V, groups, **options)


@pytest.mark.parametrize("tau2", ["separate", "common"])
def test_everything_is_shown(tau2):
    found = subgroups(Y, V, np.where(GROUP == "c", "<c>", GROUP), tau2=tau2)
    table = found.table()
    assert table.index.tolist() == ["<c>", "a", "b"]
    assert table["estimate"].tolist() == [model.estimate for model in found.models.values()]
    assert table["k"].tolist() == [3, 3, 3]
    assert found.summary()["q_between"].tolist() == [found.q_between]
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["q_between_p"] == found.q_between_p
    assert record["models"]["a"]["beta"] == found.models["a"].beta.tolist()
    assert (record["joint"] is None) is (tau2 == "separate")
    assert "<c>" not in found._repr_html_()
    assert "3 subgroups" in found.explain()
    assert ("one meta-regression" in found.explain()) is (tau2 == "common")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.q_between = 0.0


def test_groups_of_numbers_are_names():
    found = subgroups(Y, V, [2001, 2001, 2001, 1999, 1999, 1999, 2001, 1999, 1999])
    assert list(found.models) == ["1999", "2001"]


def test_a_common_effect_is_tested_as_one_from_every_entry():
    groups = ["a", "b"] * (len(Y) // 2) + ["a"] * (len(Y) % 2)
    regression = meta_regression(Y, V, {"group": groups}, method="common")
    assert regression.test == "normal"
    found = subgroups(Y, V, groups, method="common")
    assert {model.test for model in found.models.values()} == {"normal"}
    assert found.q_between == pytest.approx(regression.q_m, rel=1e-12)


def test_a_tau2_common_to_the_groups_is_not_called_given():
    groups = ["a"] + ["b"] * (len(Y) - 1)
    found = subgroups(Y, V, groups, tau2="common")
    assert "tau2 is common to the groups: REML over all studies" in found.marks
    assert not any("was given" in mark or "taken as 0" in mark for mark in found.marks)
    assert "restricted maximum likelihood" in found.explain()
    assert "was set to" not in found.explain()


def test_groups_that_agree_exactly_have_no_test_and_a_mark():
    found = subgroups([0.1, 0.1, 0.5, 0.5], [0.1] * 4, ["a", "a", "b", "b"], test="hartung-knapp")
    assert found.q_between is None
    assert any(mark.startswith("no test between groups") for mark in found.marks)
