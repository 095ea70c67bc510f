"""Text in figures: lines that fit, cuts that show, numbers as they are printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.plots import text


@given(st.text(max_size=80), st.floats(30, 200), st.booleans())
def test_every_line_fits_and_no_letter_is_lost(words: str, width: float, bold: bool) -> None:
    lines = text.wrap(words, width, 10, bold=bold)
    assert all(text.text_width(line, 10, bold=bold) <= width for line in lines if len(line) > 1)
    assert "".join(lines).replace(" ", "") == text.printable(words).replace(" ", "")


@given(st.text(min_size=1, max_size=200), st.integers(1, 3))
def test_a_cut_shows_an_ellipsis_and_fits(words: str, most: int) -> None:
    whole, cut = text.wrap(words, 60, 10), text.wrap(words, 60, 10, max_lines=most)
    assert len(cut) <= most
    assert (cut == whole) or (cut[-1].endswith("…") and text.text_width(cut[-1], 10) <= 60)


@given(st.text(min_size=1, max_size=200), st.integers(1, 3), st.booleans())
def test_a_shortened_name_fits_and_is_whole_where_it_can_be(words: str, most: int, bold: bool) -> None:
    whole, short = text.wrap(words, 60, 10, bold=bold), text.shortened(words, 60, 10, bold=bold, max_lines=most)
    if len(whole) <= most:
        assert short == whole
        return
    assert len(short) == most
    assert all(text.text_width(line, 10, bold=bold) <= 60 for line in short)
    assert short[: most - 1] == whole[: most - 1]
    if most > 1:
        assert short[-1].startswith("…")
        assert text.printable(words).endswith(short[-1].lstrip("…").lstrip(" "))
        assert sum(map(len, short)) < len(text.printable(words)) + most + 1  # nothing stands twice


def test_long_names_that_differ_at_the_end_look_different() -> None:
    start = "An invented name of a study that is too long to be shown, with its registration and report "
    lines = {text.shortened(start + end, 100, 10, max_lines=3) for end in ("2001", "2002", "a" * 60 + "b", "a" * 60)}
    assert len(lines) == 4
    assert all(line[0].startswith("An invented") for line in lines)
    assert text.shortened(start + "2001", 100, 10, max_lines=3)[-1] == "… and report 2001"
    accents = text.shortened("e\N{COMBINING ACUTE ACCENT}" * 60, 50, 10, max_lines=2)
    assert accents[-1].startswith("…e")


def test_words_are_kept_whole_where_they_fit() -> None:
    assert text.wrap("Invented trial of vaccines", 80, 10) == ("Invented trial", "of vaccines")
    assert text.wrap("  ", 80, 10) == ()


def test_an_accent_stays_with_its_letter() -> None:
    lines = text.wrap("e\N{COMBINING ACUTE ACCENT}" * 40, 50, 10)
    assert len(lines) > 1
    assert all(not line.startswith("\N{COMBINING ACUTE ACCENT}") for line in lines)


def test_together_keeps_words_on_one_line_where_they_fit() -> None:
    joined = text.together("[95% CI]", 80, 10)
    assert text.wrap(f"Estimate {joined}", 80, 10) == ("Estimate", joined)
    assert text.together("far too long for this", 20, 10) == "far too long for this"


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert text.printable(" a\x00b\n\tc\ud800\ufffe ") == "a\ufffdb c\ufffd\ufffd"


def test_letters_that_the_face_lacks_count_as_one_em() -> None:
    assert text.text_width("李明", 10) == pytest.approx(text.text_width("——", 10))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(120.4, "120"), (99.96, "100"), (12.34, "12.3"), (9.996, "10.0"), (1.234, "1.23"), (0.1234, "0.12"),
     (0.00123, "0.0012"), (0.0000123, "1.23×10⁻⁵"), (2e8, "2×10⁸"), (0.0, "0"), (math.inf, "∞")],
)  # fmt: skip
def test_ratios(value: float, shown: str) -> None:
    assert text.ratio(value) == shown


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(-1.25, 1, "−1.2"), (-0.04, 1, "0.0"), (42.94, 1, "42.9"), (1e9, 1, "10⁹"), (-math.inf, 1, "−∞")],
)
def test_fixed_decimals(value: float, decimals: int, shown: str) -> None:
    assert text.fixed(value, decimals) == shown.replace("−", text.MINUS)


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([42.9, 1.0], 1), ([4.29], 2), ([429.0], 0), ([0.49], 2), ([0.049], 3), ([], 1), ([0.0], 1), ([math.inf, 4.2], 2)],
)
def test_decimals_follow_the_largest_value(values: list[float], decimals: int) -> None:
    assert text.decimals_for(values) == decimals


@pytest.mark.parametrize(
    ("value", "shown"), [(0.25, "0.25"), (2.0, "2"), (1500.0, "1500"), (1e7, "10⁷"), (-2.5e-5, "−2.5×10⁻⁵"), (0.0, "0")]
)
def test_ticks_are_short(value: float, shown: str) -> None:
    assert text.plain(value) == shown.replace("−", text.MINUS)
