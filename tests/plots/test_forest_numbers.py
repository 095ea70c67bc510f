"""Numbers of forest plots: as many decimals as they need, and no zero that is none. Data are invented."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.plots import ForestRow, ForestSummary, forest
from synth.plots.forest.numbers import number_format
from synth.plots.text import MINUS

Line = tuple[float, tuple[float, float] | None]


def texts(*lines: Line, summary: Line | None = None, **options: int) -> list[str]:
    rows = [ForestRow(label=f"Row {i}", estimate=value, interval=limits) for i, (value, limits) in enumerate(lines)]
    pools = [ForestSummary(label="Pool", estimate=summary[0], interval=summary[1])] if summary else []
    drawing = forest(rows, summaries=pools, effect_label="Change", null_value=None, **options)
    return [words.replace(MINUS, "-") for words in drawing.data()["text"]]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([(120.0, (100.0, 140.0)), (0.3, (0.1, 0.45))], ["120.00 [100.00, 140.00]", "0.30 [0.10, 0.45]"]),
        ([(42.94, (40.0, 45.0)), (31.0, (30.2, 31.8))], ["42.9 [40.0, 45.0]", "31.0 [30.2, 31.8]"]),
        ([(1.2e-7, (-1e-7, 3e-7)), (0.0, (-2e-7, 2e-7))], ["1.2×10⁻⁷ [-1×10⁻⁷, 3×10⁻⁷]", "0 [-2×10⁻⁷, 2×10⁻⁷]"]),
        ([(1.2e-7, (-math.inf, 3e-7))], ["1.2×10⁻⁷ [-∞, 3×10⁻⁷]"]),
        ([(3e-7, None)], ["3×10⁻⁷, no interval"]),
        ([(1.2e-7, (-1.0, 1.0))], ["0.00 [-1.00, 1.00]"]),
        ([(120.0, (100.0, 140.0)), (1e-7, (5e-8, 2e-7))], ["120 [100, 140]", "10⁻⁷ [5×10⁻⁸, 2×10⁻⁷]"]),
        ([(42.9, (42.9, 42.9)), (31.0, (30.0, 32.0))], ["42.9 [42.9, 42.9]", "31.0 [30.0, 32.0]"]),
        ([(0.0, (0.0, 0.0))], ["0.0 [0.0, 0.0]"]),
        ([(2e-5, (1e-5, 3e-5))], ["0.000020 [0.000010, 0.000030]"]),
    ],
)
def test_no_line_reads_as_zero_that_is_not(lines: list[Line], shown: list[str]) -> None:
    assert texts(*lines) == shown


def test_a_narrow_pool_counts_too() -> None:
    assert texts((120.0, (100.0, 140.0)), summary=(0.3, (0.1, 0.45)))[-1] == "0.30 [0.10, 0.45]"
    assert texts((120.0, (100.0, 140.0)), summary=(1e-7, (5e-8, 2e-7)))[-1] == "10⁻⁷ [5×10⁻⁸, 2×10⁻⁷]"


def test_decimals_that_were_asked_for_are_kept() -> None:
    assert texts((120.0, (100.0, 140.0)), (0.3, (0.1, 0.45)), decimals=0) == ["120 [100, 140]", "0 [0, 0]"]


def test_ratios_keep_a_size_of_their_own() -> None:
    number = number_format([0.5, 120.0], [(0.1, 0.2)], log=True)
    assert [number(value) for value in (0.0032, 0.5, 120.0)] == ["0.0032", "0.50", "120"]
    assert number.of(0.5, (0.1, 0.9)) is number


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6)), min_size=1, max_size=6))
def test_an_interval_around_a_number_never_reads_as_three_zeros(pairs: list[tuple[float, float]]) -> None:
    intervals = [(value - half, value + half) for value, half in pairs]
    number = number_format([value for value, _ in pairs], intervals, log=False)
    for (value, _), interval in zip(pairs, intervals, strict=True):
        own = number.of(value, interval)
        words = {own(number) for number in (value, *interval)}
        if interval[0] < interval[1]:
            assert any(set(text) - set("0.") for text in words)
