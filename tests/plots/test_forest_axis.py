"""The value axis: round ticks with room for their labels, and limits that show what matters."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.plots.axis import ValueAxis, near_values, value_axis
from synth.plots.style import SMALL_SIZE
from synth.plots.text import plain, text_width


@pytest.mark.parametrize(
    ("lower", "upper", "width", "expected"),
    [
        (0.08, 2.2, 200, (0.1, 0.25, 0.5, 1, 2)),
        (0.2, 5.0, 200, (0.25, 0.5, 1, 2, 4)),
        (0.02, 50.0, 500, (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 20, 40)),
        (0.02, 50.0, 200, (0.03, 0.1, 0.3, 1, 3, 10, 30)),
        (0.0005, 3000.0, 300, (0.001, 0.01, 0.1, 1, 10, 100, 1000)),
        (0.0005, 3000.0, 200, (0.01, 1, 100)),
        (1e-6, 1e6, 200, (1e-6, 1e-3, 1, 1e3, 1e6)),
        (0.85, 1.2, 200, (0.9, 1, 1.1, 1.2)),
        (0.4, 1.1, 200, (0.4, 0.6, 0.8, 1)),
    ],
)
def test_ticks_of_a_log_axis(lower: float, upper: float, width: float, expected: tuple[float, ...]) -> None:
    ticks = ValueAxis(lower, upper, True, width).ticks()
    assert ticks == expected


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (-4.0, 66.0, (0, 10, 20, 30, 40, 50, 60)),
        (-0.31, 0.42, (-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4)),
        (-1.1, 1.1, (-1, -0.5, 0, 0.5, 1)),
        (-1.1, 3.9, (-1, 0, 1, 2, 3)),
    ],
)
def test_ticks_of_a_linear_axis(lower: float, upper: float, expected: tuple[float, ...]) -> None:
    ticks = ValueAxis(lower, upper, False, 260).ticks()
    assert ticks == expected


@given(
    st.floats(1e-8, 1e8),
    st.floats(1.01, 1e8),
    st.floats(140, 400),
    st.booleans(),
)
def test_labels_of_ticks_never_touch(lower: float, factor: float, width: float, log: bool) -> None:
    axis = ValueAxis(lower, lower * factor, log, width)
    ticks = axis.ticks()
    assert ticks
    assert list(ticks) == sorted(set(ticks))
    for left, right in pairwise(ticks):
        room = (axis.fraction(right) - axis.fraction(left)) * width
        assert room > (text_width(plain(left), SMALL_SIZE) + text_width(plain(right), SMALL_SIZE)) / 2
    assert all(axis.lower <= tick <= axis.upper for tick in ticks)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
    st.lists(st.tuples(st.floats(-1e9, 1e6), st.floats(0, 1e9)), max_size=8),
)
def test_every_value_is_on_the_axis(values: list[float], parts: list[tuple[float, float]]) -> None:
    axis = value_axis(values, [(low, low + length) for low, length in parts], log=False, width=200)
    assert axis.lower < min(values) <= max(values) < axis.upper


@given(st.lists(st.floats(1e-6, 1e6), max_size=8))
def test_every_ratio_is_on_the_axis(values: list[float]) -> None:
    axis = value_axis(values, [(0.0, math.inf), (0.5, 2.0)], log=True, width=200)
    assert 0 < axis.lower < min(values, default=1.0) <= max(values, default=1.0) < axis.upper < math.inf
    assert axis.clipped((0.0, math.inf)) == "both"


def test_one_wide_interval_does_not_squeeze_the_others() -> None:
    intervals = [(value - 1.0, value + 1.0) for value in (1.0, 2.0, 3.0)]
    axis = value_axis([1.0, 2.0, 3.0], [*intervals, (-500.0, 2.5)], log=False, width=200)
    assert axis.clipped((-500.0, 2.5)) == "lower"
    assert axis.inside((-500.0, 2.5)) == (axis.lower, 2.5)
    assert axis.lower == pytest.approx(1.0 - 3 * 1.0, abs=0.6)
    assert not any(axis.clipped(interval) for interval in intervals)


def test_an_interval_near_the_limits_of_floating_point_has_no_end() -> None:
    axis = value_axis([1.0], [(1e-305, 1e305)], log=True, width=200)
    assert axis.clipped((1e-305, 1e305)) == "both"
    assert axis.ticks()


def test_a_single_wide_interval_is_shown_whole() -> None:
    axis = value_axis([1.2], [(0.001, 1500.0)], log=True, width=200)
    assert axis.clipped((0.001, 1500.0)) == ""


@pytest.mark.parametrize(("log", "value"), [(True, 1.0), (False, 0.0), (False, 42.0)])
def test_equal_values_get_room_around_them(log: bool, value: float) -> None:
    axis = value_axis([value, value], [], log=log, width=200)
    assert axis.lower < value < axis.upper
    assert axis.fraction(value) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("values", "kept", "log", "far"),
    [
        ([1.0, 1.1, 0.9, 1.2, 300.0], [1.0], True, [300.0]),
        ([1.0, 1.1, 0.9, 1.2, 0.001], [1.0], True, [0.001]),
        ([1.0, 1.1, 0.9, 300.0], [1.0], True, []),  # one in four is too many to leave out
        ([1.0, 1.1, 0.9, 1.2, 300.0], [1.0, 500.0], True, []),  # what is kept is far out too
        ([1.0, 1.1, 0.9, 1.2, 2.5], [1.0], True, []),
        ([1.0, 1.1, 0.9, 1.2, 4.0], [1.0], True, [4.0]),
        ([10.0, 12.0, 9.0, 11.0, 900.0, 13.0, 8.0, 12.0, 11.0, 40.0], [0.0], False, [900.0]),
        ([10.0, 12.0, 9.0, 11.0, 900.0, 13.0, 8.0, 12.0, 11.0, -700.0], [0.0], False, [900.0, -700.0]),
        ([5.0] * 9 + [7.0], [], False, []),  # a span of 0 says nothing of what is far
        ([], [0.0], False, []),
    ],
)
def test_values_far_from_all_others_do_not_squeeze_them(
    values: list[float], kept: list[float], log: bool, far: list[float]
) -> None:
    near = near_values(values, kept, [], log=log)
    assert near == [value for value in values if value not in far]


def test_a_value_within_a_few_typical_intervals_is_not_far() -> None:
    values = [1.0, 1.1, 0.9, 1.2, 4.0]
    intervals = [(value - 0.5, value + 0.5) for value in values]
    assert near_values(values, [], intervals, log=False) == values
    assert near_values(values, [], [], log=False) == values[:4]
