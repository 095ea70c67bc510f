"""Figures that cannot be as printed, and facts that follow from figures."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.effects.plausibility import (
    attainable_change,
    limits_beyond_attainable,
    mean_impossible_for_whole_scores,
    mean_outside_range,
    ranges_do_not_overlap,
    sd_larger_than_mean,
    subgroups_do_not_add_up,
)
from synth.errors import MethodError

# Words that uncontrolled evidence may not be given.
BANNED = re.compile(r"improv|reduc|reliev|effective|\bsafe|significan|most patients", re.IGNORECASE)

FINDINGS = {
    "grim": mean_impossible_for_whole_scores("2.53", 13),
    "sd": sd_larger_than_mean(21, 22, minimum=0),
    "subgroups": subgroups_do_not_add_up({"women": 5, "man": 1}, 7),
    "range": mean_outside_range(5.0, 6.0, 7.3),
    "attainable": limits_beyond_attainable((24.4, 61.4), 51.3, 0, 100),
    "fall": limits_beyond_attainable((-60.0, -10.0), 51.3, 0, 100),
    "no overlap": ranges_do_not_overlap((34.1, 73.7), (78.1, 100), 5, unit="patients"),
    "no overlap below": ranges_do_not_overlap((6, 7.3), (0, 4), 5, unit="patients"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_are_sentences_in_plain_words(name):
    sentence = FINDINGS[name].sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not BANNED.search(sentence)


def test_a_mean_of_whole_scores_that_cannot_be():
    # aaosvideo2021: VAS 9.3 before and 2.53 after in 13 patients.
    assert FINDINGS["grim"].kind == "doubtful"
    assert FINDINGS["grim"].sentence == (
        "If these are whole scores, 13 of them cannot have a mean of 2.53: the nearest possible ones are 2.46 and 2.54."
    )
    assert mean_impossible_for_whole_scores("9.3", 13) is None


@settings(deadline=None)
@given(st.lists(st.integers(-20, 120), min_size=1, max_size=40), st.integers(0, 4))
def test_means_of_whole_scores_are_never_flagged(scores, decimals):
    assert mean_impossible_for_whole_scores(f"{sum(scores) / len(scores):.{decimals}f}", len(scores)) is None


@settings(deadline=None)
@given(st.integers(100, 500), st.integers(0, 10000))
def test_two_decimals_say_nothing_from_a_hundred_scores_on(n, hundredths):
    assert mean_impossible_for_whole_scores(f"{hundredths / 100:.2f}", n) is None


def test_both_ways_of_rounding_a_half_are_possible():
    # 1 of 8 is 0.125: printed as 0.12 or 0.13.
    assert mean_impossible_for_whole_scores("0.12", 8) is None
    assert mean_impossible_for_whole_scores("0.13", 8) is None
    assert mean_impossible_for_whole_scores("0.14", 8) is not None


def test_trailing_zeros_and_steps_count():
    assert mean_impossible_for_whole_scores("2.5", 13) is None
    assert mean_impossible_for_whole_scores("2.50", 13) is not None
    assert mean_impossible_for_whole_scores("2.5", 4, step=5) is None
    assert "in steps of 5" in mean_impossible_for_whole_scores("3.1", 4, step=5).sentence


@pytest.mark.parametrize(
    ("mean", "n", "step"), [("2,53", 13, 1), ("nan", 13, 1), ("", 13, 1), ("2.5", 0, 1), ("2", 3, 0)]
)
def test_grim_refuses_what_it_cannot_read(mean, n, step):
    with pytest.raises(MethodError, match="expected"):
        mean_impossible_for_whole_scores(mean, n, step=step)


def test_an_sd_larger_than_its_mean():
    # docwirelti ODI after: 21, SD 22, on a scale from 0.
    assert "(22) is larger" in FINDINGS["sd"].sentence
    assert FINDINGS["sd"].kind == "doubtful"
    assert sd_larger_than_mean(48, 15, minimum=0) is None
    assert sd_larger_than_mean(1.3, 7, minimum=None) is None
    assert sd_larger_than_mean(30, 15, minimum=20) is not None


def test_subgroups_that_do_not_add_up():
    # wilson2016: five women and one man of seven.
    sentence = "The source lists 5 women and 1 man, which is 6 and not the 7 that it states."
    assert FINDINGS["subgroups"].sentence == sentence
    assert subgroups_do_not_add_up({"women": 5, "men": 2}, 7) is None


@pytest.mark.parametrize(
    ("mean", "low", "high", "flagged"),
    [
        (51.3, 34.1, 73.7, False),
        (34.1, 34.1, 73.7, False),
        (73.7, 34.1, 73.7, False),
        (33.0, 34.1, 73.7, True),
        (74.0, 34.1, 73.7, True),
        (74.0, 34.1, None, False),
        (33.0, 34.1, None, True),
        (74.0, None, 73.7, True),
        (74.0, None, None, False),
    ],
)
def test_means_outside_their_range(mean, low, high, flagged):
    assert (mean_outside_range(mean, low, high) is not None) is flagged


def test_the_ceiling_bounds_what_can_be_gained():
    assert attainable_change(51.3, 0, 100) == (-51.3, 48.7)
    assert FINDINGS["attainable"].sentence == (
        "From a baseline of 51.3 on a scale of 0 to 100, the upper limit 61.4 lies above 48.7, the most to be gained."
    )
    assert "lower limit -60.0 lies below -51.3" in FINDINGS["fall"].sentence
    assert limits_beyond_attainable((10, 48.7), 51.3, 0, 100) is None
    both = limits_beyond_attainable((-60, 60), 51.3, 0, 100).sentence
    assert "upper limit" in both
    assert "lower limit" in both
    with pytest.raises(MethodError, match="from 0 to 100"):
        attainable_change(101, 0, 100)


def test_ranges_that_do_not_overlap_show_the_direction_of_each():
    # hatem2015: mHHS 34.1 to 73.7 before and 78.1 to 100 after; VAS 6 to 7.3 before and 0 to 4 after.
    assert FINDINGS["no overlap"].kind == "fact"
    assert "each of the 5 patients had a higher score" in FINDINGS["no overlap"].sentence
    assert "each of the 5 patients had a lower score" in FINDINGS["no overlap below"].sentence
    assert ranges_do_not_overlap((34.1, 78.1), (78.1, 100), 5, unit="patients") is None
    with pytest.raises(MethodError, match="smallest"):
        ranges_do_not_overlap((73.7, 34.1), (78.1, 100), 5, unit="patients")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=8))
def test_the_fact_is_true_whenever_it_is_stated(pairs):
    before, after = zip(*pairs, strict=True)
    finding = ranges_do_not_overlap((min(before), max(before)), (min(after), max(after)), len(pairs), unit="patients")
    if finding is not None:
        higher = all(b < a for b, a in pairs)
        assert higher or all(b > a for b, a in pairs)
        assert ("higher" in finding.sentence) is higher
