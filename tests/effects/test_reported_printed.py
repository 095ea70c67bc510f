"""Printed numbers with their rounding, and how a derived figure shows that it is one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.effects.reported import (
    Derivation,
    parse_printed_number,
    sd_from_range,
    standard_error_from_interval,
    standard_error_from_p,
    standard_error_from_t,
)
from synth.effects.reported.printed import check_count, over_rounding, read_figure, read_positive
from synth.errors import MethodError


@pytest.mark.parametrize(
    ("text", "value", "low", "high"),
    [
        ("4.2", 4.2, 4.15, 4.25),
        ("4.20", 4.2, 4.195, 4.205),
        ("4", 4.0, 3.5, 4.5),
        ("4.", 4.0, 3.5, 4.5),
        (".5", 0.5, 0.45, 0.55),
        ("-3.1", -3.1, -3.15, -3.05),
        ("\N{MINUS SIGN}3.1", -3.1, -3.15, -3.05),
        ("+2", 2.0, 1.5, 2.5),
        (" 0.0 ", 0.0, -0.05, 0.05),
        ("1.2e3", 1200.0, 1150.0, 1250.0),
    ],
)
def test_printed_digits_say_how_far_a_number_was_rounded(text, value, low, high):
    found = parse_printed_number(text)
    assert (found.value, found.low, found.high) == (value, low, high)
    assert found.text == text.strip()


@pytest.mark.parametrize("text", ["4,2", "", "<3", "3 to 4", "nan", "inf", "4.2.1", "٤", "1e9999", "5%"])
def test_other_texts_are_refused_with_their_name(text):
    with pytest.raises(MethodError, match="mean change") as raised:
        parse_printed_number(text, "mean change")
    assert "expected" in str(raised.value)


def test_numbers_too_large_for_the_machine_are_refused():
    for text in ("1e999", "1e101", "1e-101"):
        with pytest.raises(MethodError, match="too large or too near 0"):
            parse_printed_number(text)
    with pytest.raises(MethodError, match="too large or too near 0"):
        read_figure(1e101)
    assert read_figure("0.0").value == read_figure(1e-120).value == 0


def test_a_number_is_exact_and_a_text_is_not():
    assert read_figure(4.2).interval == (4.2, 4.2)
    assert read_figure("4.2").interval == (4.15, 4.25)
    for number in (math.nan, math.inf):
        with pytest.raises(MethodError, match="finite"):
            read_figure(number)


def test_magnitudes_reach_to_zero_where_the_rounding_does():
    assert parse_printed_number("0.0").magnitude == (0.0, 0.05)
    assert parse_printed_number("-3.1").magnitude == (3.05, 3.15)


def test_positive_figures_are_cut_at_zero():
    assert read_positive("0.4", "SD").low == pytest.approx(0.35)
    assert read_positive("1", "SD").low == 0.5
    assert read_positive("2e2", "SD").low == 150
    with pytest.raises(MethodError, match="SD 0: a number above 0"):
        read_positive("0", "SD")


@pytest.mark.parametrize("n", [1, 0, -3, 2.5])
def test_counts_are_whole_and_large_enough(n):
    with pytest.raises(MethodError, match="whole number of at least 2"):
        check_count(n, 2)
    with pytest.raises(MethodError, match="whole number"):
        check_count(True, 0)


@settings(deadline=None)
@given(st.floats(-1000, 1000), st.integers(0, 4))
def test_every_number_lies_within_the_rounding_of_its_own_text(number, decimals):
    found = parse_printed_number(f"{number:.{decimals}f}")
    assert found.low - 1e-9 <= number <= found.high + 1e-9
    assert found.high - found.low == pytest.approx(10.0**-decimals)


def test_extremes_over_the_rounding_lie_at_the_corners():
    assert over_rounding(lambda a, b: a - b, parse_printed_number("5"), parse_printed_number("2")) == (2.0, 4.0)
    assert over_rounding(lambda a, b: a - b, read_figure(5.0), read_figure(2.0)) == (3.0, 3.0)


DERIVATIONS: dict[str, Derivation] = {
    "t": standard_error_from_t("4.2", "2.1"),
    "p": standard_error_from_p("4.2", ".03", test="paired t", n=12),
    "interval": standard_error_from_interval("1.1", "7.3", estimate="4.2"),
    "range": sd_from_range("3", "17", 20),
    "bound": standard_error_from_p("4.2", "<.001", test="z"),
}


@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_derived_figure_never_looks_like_a_printed_one(name):
    derivation = DERIVATIONS[name]
    assert derivation.cell.endswith("(derived)")
    assert "derived" in derivation.mark
    for field in (derivation.method, derivation.assumption, derivation.source, derivation.quantity):
        assert field
    assert derivation.inputs
    assert derivation.to_dict()["rounding_range"] == list(derivation.rounding_range)


def test_a_derivation_explains_itself():
    told = DERIVATIONS["t"].explain()
    assert told.startswith("Standard error: 2.00 (1.93 to 2.07 over the rounding of the printed figures). ")
    assert "from estimate 4.2, t 2.1." in told
    assert "tests this estimate against no effect" in told
    assert "6.5.2.3" in told
    assert "only a bound" in DERIVATIONS["bound"].explain()
    assert "normally distributed" in DERIVATIONS["range"].assumption
    assert "normal distribution assumed" in DERIVATIONS["range"].mark


def test_a_bound_is_shown_as_one():
    assert DERIVATIONS["bound"].is_bound
    assert DERIVATIONS["bound"].cell == "below 1.29 (derived)"
    above = standard_error_from_p(4.2, ">.05", test="z")
    assert above.cell == "above 2.14 (derived)"
    assert DERIVATIONS["t"].cell == "2.00 (derived)"
