"""Printed figures held against each other."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.effects.reported import (
    p_and_interval_disagree,
    percentage_impossible,
    sd_beyond_range,
    sd_is_standard_error_by_interval,
    sd_is_standard_error_by_p,
    sd_small_against_others,
)
from synth.errors import MethodError

# Words that uncontrolled evidence may not be given.
BANNED = re.compile(r"improv|reduc|reliev|effective|\bsafe|significan|most patients", re.IGNORECASE)

FINDINGS = {
    "interval": sd_is_standard_error_by_interval("2.0", "46.1", "53.9", 40),
    "interval, neither": sd_is_standard_error_by_interval("5.0", "46.1", "53.9", 40),
    "p": sd_is_standard_error_by_p("10.0", "2.5", ".001", 16),
    "p, neither": sd_is_standard_error_by_p("10.0", "90", ".001", 16),
    "others": sd_small_against_others(2.9, 24, [14, 14.3, 15]),
    "p and interval": p_and_interval_disagree(".01", "0.2", "5.8", estimate="3.0"),
    "percentage": percentage_impossible("45", 7),
    "range above": sd_beyond_range("9.1", "2", "15", 10),
    "range below": sd_beyond_range("1.1", "2", "15", 10),
    "range and mean": sd_beyond_range("7.0", "0", "15", 10, mean="2.0"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_are_sentences_in_plain_words(name):
    sentence = FINDINGS[name].sentence
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert sentence.endswith(".")
    assert not BANNED.search(sentence)


def test_impossible_is_said_only_where_no_data_could_give_the_figures():
    impossible = {name for name, finding in FINDINGS.items() if finding.kind == "impossible"}
    assert impossible == {"percentage", "range above", "range below", "range and mean"}
    assert {finding.kind for finding in FINDINGS.values()} == {"impossible", "doubtful"}


def test_a_standard_error_given_as_sd():
    assert FINDINGS["interval"].check == "sd_is_standard_error"
    assert FINDINGS["interval"].sentence == (
        "The figure 2.0 given as SD is rather the standard error: for n = 40, the 95% interval 46.1 to 53.9 of the "
        "mean needs an SD of 12.0 to 12.7."
    )
    assert FINDINGS["interval, neither"].check == "sd_disagrees"
    assert sd_is_standard_error_by_interval("12.2", "46.1", "53.9", 40) is None
    assert FINDINGS["p"].check == "sd_is_standard_error"
    assert FINDINGS["p, neither"].check == "sd_disagrees"
    # p < .001 bounds the SD from above only.
    assert sd_is_standard_error_by_p("10.0", "2.5", "<.001", 16) is None
    assert "at most" in sd_is_standard_error_by_p("10.0", "90", "<.001", 16).sentence
    assert "at least" in sd_is_standard_error_by_p("10.0", "2.5", ">.05", 16).sentence


samples = st.tuples(st.integers(0, 10**6), st.integers(3, 40), st.floats(-30, 30), st.floats(0.5, 20))


@settings(deadline=None)
@given(samples, st.integers(0, 3), st.integers(1, 4), st.booleans())
def test_true_figures_are_never_flagged(parameters, decimals, of_p, normal):
    seed, n, mean, sd = parameters
    sample = np.random.default_rng(seed).normal(mean, sd, n)
    mean, sd, error = float(sample.mean()), float(sample.std(ddof=1)), float(stats.sem(sample))
    critical = stats.norm.isf(0.025) if normal else stats.t.isf(0.025, n - 1)
    low, high = mean - critical * error, mean + critical * error
    p = 2 * stats.norm.sf(abs(mean / error)) if normal else float(stats.ttest_1samp(sample, 0).pvalue)
    shown = {
        name: f"{value:.{decimals}f}"
        for name, value in {
            "mean": mean,
            "sd": sd,
            "low": low,
            "high": high,
            "min": sample.min(),
            "max": sample.max(),
        }.items()
    }
    shown_p = f"{p:.{of_p}f}"
    assume(float(shown["low"]) < float(shown["high"]) and float(shown["sd"]) > 0)
    assert sd_is_standard_error_by_interval(shown["sd"], shown["low"], shown["high"], n) is None
    freedom = None if normal else n - 1
    for estimate in (None, shown["mean"]):
        assert (
            p_and_interval_disagree(shown_p, shown["low"], shown["high"], estimate=estimate, degrees_of_freedom=freedom)
            is None
        )
    for centre in (None, shown["mean"]):
        assert sd_beyond_range(shown["sd"], shown["min"], shown["max"], n, mean=centre) is None
    if not normal and float(shown["mean"]) != 0 and float(shown_p) != 1:
        assert sd_is_standard_error_by_p(shown["mean"], shown["sd"], shown_p, n) is None


@settings(deadline=None)
@given(st.floats(5, 20), st.integers(5, 60))
def test_every_standard_error_given_as_sd_is_found(sd, n):
    error = sd / math.sqrt(n)
    margin = stats.t.isf(0.025, n - 1) * error
    finding = sd_is_standard_error_by_interval(f"{error:.2f}", f"{50 - margin:.2f}", f"{50 + margin:.2f}", n)
    assert finding.check == "sd_is_standard_error"


def test_p_value_and_interval():
    finding = FINDINGS["p and interval"]
    assert finding.check == "p_and_interval_disagree"
    assert "3.0 with its interval 0.2 to 5.8, from which it would be from 0.03" in finding.sentence
    assert p_and_interval_disagree(".036", "0.2", "5.8", estimate="3.0") is None
    assert p_and_interval_disagree("<.05", "0.2", "5.8") is None
    assert p_and_interval_disagree("<.01", "0.2", "5.8") is not None
    assert p_and_interval_disagree(">.05", "0.2", "5.8") is not None
    # An interval that holds no effect and a p value below .05, as ratios and as differences.
    assert p_and_interval_disagree(".03", "0.80", "1.90", ratio=True) is not None
    assert p_and_interval_disagree(".17", "0.33", "1.22", estimate="0.64", ratio=True) is None
    # Only a t interval with its t test gives this p value.
    assert p_and_interval_disagree(".003", "24.4", "61.4", estimate="42.9") is not None
    assert p_and_interval_disagree(".003", "24.4", "61.4", estimate="42.9", degrees_of_freedom=4) is None


@pytest.mark.parametrize("n", range(2, 9))
def test_the_bounds_of_an_sd_are_reached_and_not_passed(n):
    ends = np.array([0.0] * (n // 2) + [10.0] * (n - n // 2))
    widest = float(ends.std(ddof=1))
    assert widest == pytest.approx(5 * math.sqrt(n / (n - 1)) if n % 2 == 0 else widest)
    assert sd_beyond_range(widest, 0.0, 10.0, n) is None
    assert "larger" in sd_beyond_range(1.001 * widest, 0.0, 10.0, n).sentence
    middle = np.array([0.0, 10.0] + [5.0] * (n - 2))
    narrowest = float(middle.std(ddof=1))
    assert sd_beyond_range(narrowest, 0.0, 10.0, n) is None
    assert "smaller" in sd_beyond_range(0.999 * narrowest, 0.0, 10.0, n).sentence


def test_a_mean_makes_the_bound_of_an_sd_sharper():
    # Nine values at 0 and one at 10: mean 1, SD 3.16.
    assert sd_beyond_range(3.17, 0.0, 10.0, 10) is None
    assert sd_beyond_range(3.17, 0.0, 10.0, 10, mean=1.0) is not None
    assert sd_beyond_range(3.16, 0.0, 10.0, 10, mean=1.0) is None
    assert sd_beyond_range("3.2", "0", "10", 10, mean="1") is None
    assert "and the mean 2.0" in FINDINGS["range and mean"].sentence


def test_rounding_excuses_what_it_can():
    assert sd_beyond_range(5.3, 0.0, 10.0, 10) is not None
    assert sd_beyond_range("5.3", "0", "10", 10) is None


def test_an_sd_that_only_a_standard_error_would_explain():
    assert FINDINGS["others"].check == "sd_small_against_others"
    assert "14.2" in FINDINGS["others"].sentence
    assert sd_small_against_others(8, 24, [14, 14.3, 15]) is None
    assert sd_small_against_others(8, 3, [13, 14, 15]) is None
    assert sd_small_against_others(2.9, 25, [14.5]) is None
    assert sd_small_against_others(0.5, 24, [14, 15]) is None
    assert sd_small_against_others(2.9, 2, [14, 15]) is None


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: sd_is_standard_error_by_interval("0", "1", "2", 9), "standard deviation 0"),
        (lambda: sd_is_standard_error_by_interval("1", "2", "1", 9), "below the upper"),
        (lambda: sd_is_standard_error_by_p("0", "1", ".03", 9), "estimate of 0"),
        (lambda: sd_is_standard_error_by_p("1", "1", ".03", 1), "at least 2"),
        (lambda: sd_small_against_others(0, 9, [1, 2]), "above 0"),
        (lambda: p_and_interval_disagree("ns", "1", "2"), "p value 'ns'"),
        (lambda: p_and_interval_disagree(".03", "1", "2", estimate="7"), "outside its interval"),
        (lambda: sd_beyond_range("-1", "1", "2", 9), "at least 0"),
        (lambda: sd_beyond_range("1", "3", "2", 9), "range 3 to 2"),
        (lambda: sd_beyond_range("1", "2", "3", 1), "at least 2"),
    ],
)
def test_figures_that_cannot_be_checked_are_refused(call, reason):
    with pytest.raises(MethodError, match=reason):
        call()
