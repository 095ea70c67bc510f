"""Whole counts and 2x2 tables from percentages."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.effects.reported import counts_from_percentage, percentage_impossible, tables_from_percentages
from synth.errors import MethodError


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 3))
def test_the_true_count_is_always_among_the_candidates(counted, decimals):
    events, total = counted
    found = counts_from_percentage(f"{100 * events / total:.{decimals}f}%", total)
    assert events in found.candidates
    assert found.is_ambiguous == (len(found.candidates) > 1)
    assert percentage_impossible(f"{100 * events / total:.{decimals}f}", total) is None
    low, high = found.derivation.rounding_range
    assert low <= events <= high


@settings(deadline=None)
@given(st.integers(1, 120), st.integers(0, 1000))
def test_candidates_are_all_counts_that_round_to_the_percentage(total, tenths):
    text = f"{tenths / 10:.1f}"
    within = [x for x in range(total + 1) if abs(1000 * x - tenths * total) * 2 <= total]
    assert list(counts_from_percentage(text, total).candidates) == within
    assert (percentage_impossible(text, total) is None) == bool(within)


def test_one_count_several_or_none():
    one = counts_from_percentage("43%", 7)
    assert one.candidates == (3,)
    assert one.derivation.value == 3
    assert one.derivation.cell == "3.00 (derived)"
    assert one.derivation.mark == "count derived from the printed percentage"
    several = counts_from_percentage("43", 300)
    assert several.candidates == (128, 129, 130)
    assert several.derivation.value is None
    assert several.derivation.rounding_range == (128, 130)
    assert several.derivation.mark.endswith("which allows 3 counts")
    none = counts_from_percentage("45", 7)
    assert none.is_impossible
    assert none.derivation is None
    assert [count for count, _ in none.nearest] == [3, 4]


def test_halves_may_be_rounded_either_way_and_digits_count():
    # 1 of 8 is 12.5 %.
    assert counts_from_percentage("12", 8).candidates == (1,)
    assert counts_from_percentage("13", 8).candidates == (1,)
    assert counts_from_percentage("14", 8).is_impossible
    assert counts_from_percentage("12.50", 8).candidates == (1,)
    assert counts_from_percentage("12.51", 8).is_impossible
    assert counts_from_percentage("0", 300).candidates == (0, 1)
    assert counts_from_percentage("100.0", 300).candidates == (300,)
    assert counts_from_percentage("1.2e1", 8).candidates == (1,)


def test_impossible_percentages_are_told_with_the_nearest_counts():
    finding = percentage_impossible("45%", 7)
    assert finding.kind == "impossible"
    assert finding.sentence == ("45% cannot be a share of 7: the nearest whole counts are 3 (42.9%) and 4 (57.1%).")
    assert percentage_impossible("99.9", 7).sentence.endswith("6 (85.7%) and 7 (100.0%).")


def test_tables_from_two_percentages():
    found = tables_from_percentages("43%", 7, "20%", 5)
    assert found.table == (3, 4, 1, 4)
    assert found.log_odds_ratio_range() == pytest.approx((math.log(3), math.log(3)))
    several = tables_from_percentages("43", 300, "20", 5)
    assert several.table is None
    assert several.tables == ((128, 172, 1, 4), (129, 171, 1, 4), (130, 170, 1, 4))
    low, high = several.log_odds_ratio_range()
    assert low == pytest.approx(math.log(128 * 4 / 172))
    assert high == pytest.approx(math.log(130 * 4 / 170))
    assert tables_from_percentages("45", 7, "20", 5).tables == ()
    assert tables_from_percentages("0", 7, "20", 5).log_odds_ratio_range() is None


@pytest.mark.parametrize(
    ("percentage", "total", "reason"),
    [
        ("101", 7, "from 0 to 100"),
        ("-1", 7, "from 0 to 100"),
        ("4,5", 7, "percentage '4,5'"),
        ("<5", 7, "decimal point is expected"),
        ("45", 0, "total = 0"),
        (45.0, 7, "printed text is expected"),
    ],
)
def test_what_is_no_percentage_is_refused(percentage, total, reason):
    with pytest.raises(MethodError, match=reason):
        counts_from_percentage(percentage, total)


def test_the_group_of_a_bad_percentage_is_named():
    with pytest.raises(MethodError, match="group 2: percentage"):
        tables_from_percentages("45", 7, "x", 5)
