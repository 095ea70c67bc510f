"""Subgroups combined into one group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.effects.reported import Group, combine_arms, combine_groups
from synth.errors import MethodError

parts = st.lists(st.tuples(st.integers(2, 30), st.floats(-50, 50), st.floats(0.5, 20)), min_size=1, max_size=4)


def samples_of(sizes, seed):
    generator = np.random.default_rng(seed)
    return [generator.normal(mean, sd, n) for n, mean, sd in sizes]


def group_of(sample, decimals=None):
    mean, sd = float(np.mean(sample)), float(np.std(sample, ddof=1))
    if decimals is None:
        return Group(len(sample), mean, sd)
    return Group(len(sample), f"{mean:.{decimals}f}", f"{sd:.{decimals}f}")


@settings(deadline=None)
@given(parts, st.integers(0, 10**6), st.integers(0, 2))
def test_subgroups_give_what_all_values_together_have(sizes, seed, decimals):
    samples = samples_of(sizes, seed)
    together = np.concatenate(samples)
    found = combine_groups([group_of(sample) for sample in samples])
    assert found.n == len(together)
    assert found.mean.value == pytest.approx(together.mean(), rel=1e-9, abs=1e-9)
    assert found.sd.value == pytest.approx(together.std(ddof=1), rel=1e-9)
    rounded = combine_groups([group_of(sample, decimals) for sample in samples])
    for derivation, truth in ((rounded.mean, together.mean()), (rounded.sd, together.std(ddof=1))):
        low, high = derivation.rounding_range
        assert low - 1e-9 <= truth <= high + 1e-9
        assert low <= derivation.value <= high


def test_two_groups_as_the_handbook_combines_them():
    # Its formula: N1 s1^2, N2 s2^2 and the difference of the means, with invented figures.
    n1, m1, s1, n2, m2, s2 = 12, 5.1, 2.2, 20, 7.4, 3.1
    squares = (n1 - 1) * s1**2 + (n2 - 1) * s2**2 + n1 * n2 / (n1 + n2) * (m1**2 + m2**2 - 2 * m1 * m2)
    found = combine_groups([Group(n1, m1, s1), Group(n2, m2, s2)])
    assert found.sd.value == pytest.approx((squares / (n1 + n2 - 1)) ** 0.5)
    assert found.mean.value == pytest.approx((n1 * m1 + n2 * m2) / (n1 + n2))
    assert found.mean.mark == "mean combined from subgroups"
    assert found.sd.mark == "SD combined from subgroups"


def test_the_least_spread_can_lie_within_the_rounding():
    # Both means may be 5.45: then only the SDs within the groups count.
    low, high = combine_groups([Group(10, "5", 2.0), Group(10, "6", 2.0)]).sd.rounding_range
    assert low == pytest.approx((18 * 4 / 19) ** 0.5)
    assert high == pytest.approx(((18 * 4 + 20 * 1.0) / 19) ** 0.5)


@settings(deadline=None)
@given(parts, st.randoms(use_true_random=False), st.floats(0.01, 100))
def test_order_and_unit_change_nothing_else(sizes, random, factor):
    groups = [Group(n, mean, sd) for n, mean, sd in sizes]
    shuffled = random.sample(groups, len(groups))
    plain, other = combine_groups(groups), combine_groups(shuffled)
    assert other.sd.value == pytest.approx(plain.sd.value)
    assert other.mean.value == pytest.approx(plain.mean.value, abs=1e-9)
    scaled = combine_groups([Group(n, factor * mean, factor * sd) for n, mean, sd in sizes])
    assert scaled.sd.value == pytest.approx(factor * plain.sd.value)


def test_arms_are_combined_each_by_itself():
    treated, control = combine_arms([Group(5, 1.0, 1.0), Group(5, 1.0, 1.0)], [Group(7, 3.0, 2.0)])
    assert (treated.n, control.n) == (10, 7)
    assert control.sd.value == pytest.approx(2.0)
    with pytest.raises(MethodError, match="control arm: no group"):
        combine_arms([Group(5, 1.0, 1.0)], [])


def test_single_patients_count_without_an_sd():
    found = combine_groups([Group(1, 2.0, 0.0), Group(1, 4.0, 0.0)])
    assert found.sd.value == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([], "no group"),
        ([Group(1, 2.0, 0.0)], "single value"),
        ([Group(0, 2.0, 1.0)], "n of group 1 = 0"),
        ([Group(5, 2.0, 1.0), Group(5, 2.0, -1.0)], "SD of group 2"),
        ([Group(5, "x", 1.0)], "mean of group 1 'x'"),
        ([Group(5, "2.0", 1.0)] * 15, "15 groups with rounded means"),
    ],
)
def test_groups_that_cannot_be_combined_are_refused(groups, reason):
    with pytest.raises(MethodError, match=reason):
        combine_groups(groups)
