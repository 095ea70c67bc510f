"""Stratified methods at their edges, what they refuse, and how their results are shown."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import MethodError, ZeroCellError
from synth.synthesis.stratified import mantel_haenszel, mantel_haenszel_rates, peto

# Invented: a study without events, one with a zero in one arm, two full tables.
SPARSE = ([0, 0, 3, 5], [20, 25, 20, 30], [0, 2, 6, 4], [20, 24, 22, 31])
NAMES = ("Ash 2001", "Birch 2002", "Cedar 2003", "Date 2004")
# Invented: nobody in the treated arms has the event.
NONE_TREATED = ([0, 0, 0], [20, 20, 30], [1, 6, 4], [20, 22, 31])


def test_studies_without_information_are_named():
    result = mantel_haenszel(*SPARSE, labels=NAMES)
    assert result.k == 4
    assert result.without_information == ("Ash 2001",)
    assert (result.q_e_df, result.homogeneity_df) == (2, 2)
    assert result.study_estimates[0] is result.study_standard_errors[0] is None
    assert result.half_added == (False, True, False, False)
    assert any("Ash 2001" in mark for mark in result.marks)
    assert any("one half was added to the counts of 1 of 4 studies" in mark for mark in result.marks)


def test_a_half_is_added_for_the_study_and_not_for_the_pool():
    result = mantel_haenszel(*SPARSE, labels=NAMES)
    assert result.study_estimates[1] == pytest.approx(math.log((0.5 / 25.5) / (2.5 / 22.5)))
    a, n1, c, n2 = (np.array(column, dtype=float) for column in SPARSE)
    n = n1 + n2
    assert math.exp(result.estimate) == pytest.approx((a * (n2 - c) / n).sum() / ((n1 - a) * c / n).sum())
    # Peto's estimate needs no half.
    score = peto(*SPARSE, labels=NAMES)
    assert not any(score.half_added)
    assert score.study_estimates[1] == pytest.approx((0 - 25 * 2 / 49) / (25 * 24 * 2 * 47 / (49**2 * 48)))


def test_no_events_in_one_arm_of_all_studies():
    odds = mantel_haenszel(*NONE_TREATED)
    assert odds.estimate is odds.standard_error is odds.z is odds.interval is odds.q_e is odds.weights is None
    assert odds.breslow_day is odds.tarone is odds.homogeneity_df is None
    assert odds.cmh == pytest.approx(9.25854114397135, rel=1e-12)  # metafor 3.8-1
    assert any("not defined, because a sum that it divides is 0" in mark for mark in odds.marks)
    assert "It is not defined on these data." in odds.explain()
    risk = mantel_haenszel(*NONE_TREATED, measure="RR")
    assert risk.estimate is risk.cmh is None
    assert peto(*NONE_TREATED).estimate == pytest.approx(-2.118024374394302, rel=1e-12)  # metafor 3.8-1
    assert mantel_haenszel(*NONE_TREATED, measure="RD").q_e == pytest.approx(3.766704064555411, rel=1e-12)
    rate = mantel_haenszel_rates(*NONE_TREATED)
    assert rate.estimate is None
    assert rate.cmh == pytest.approx(8.47473225639546, rel=1e-12)  # metafor 3.8-1


@pytest.mark.parametrize("events", [0, 20])
def test_nobody_or_everybody_has_the_event(events):
    data = ([events] * 2, [20, 20], [events] * 2, [20, 20])
    result = mantel_haenszel(*data)
    assert result.estimate is result.cmh is result.breslow_day is None
    assert (result.q_e, result.q_e_df, result.q_e_p) == (0.0, 0, 1.0)
    assert "the odds ratio is not defined: no study carries information on it" in result.marks
    with pytest.raises(ZeroCellError, match="no study carries information on the odds ratio"):
        peto(*data)
    gap = mantel_haenszel(*data, measure="RD")
    assert (gap.estimate, gap.standard_error) == (0.0, 0.0)
    assert gap.z is gap.p_value is gap.interval is None
    assert any("standard error of 0" in mark for mark in gap.marks)
    assert "The interval" not in gap.explain()


def test_no_events_at_all_in_person_time():
    ratio = mantel_haenszel_rates([0, 0], [10, 20], [0, 0], [12, 18])
    assert ratio.estimate is ratio.cmh is None
    gap = mantel_haenszel_rates([0, 0], [10, 20], [0, 0], [12, 18], measure="IRD")
    assert (gap.estimate, gap.standard_error, gap.interval) == (0.0, 0.0, None)


def test_everybody_against_nobody():
    result = mantel_haenszel([20, 20], [20, 20], [0, 0], [22, 31], measure="RD")
    assert (result.estimate, result.standard_error, result.interval) == (1.0, 0.0, None)


def test_the_correction_may_exceed_the_deviation():
    data = ([5, 5], [20, 20], [5, 5], [20, 20])
    result = mantel_haenszel(*data)
    # metafor applies it all the same: a quarter over the variance
    assert result.cmh == pytest.approx(0.065, rel=1e-12)
    assert any("less than the continuity correction" in mark for mark in result.marks)
    plain = mantel_haenszel(*data, continuity_correction=False)
    assert (plain.cmh, plain.cmh_p, plain.marks) == (0.0, 1.0, ())


def test_one_study_is_marked():
    result = mantel_haenszel(3, 20, 5, 21)
    assert "one study: nothing is pooled, and heterogeneity cannot be seen" in result.marks
    assert (result.breslow_day, result.breslow_day_p, result.tarone, result.tarone_p) == (0.0, None, 0.0, None)


def test_arms_of_one_person_count():
    # Of a table with two participants the hypergeometric variance has a divisor of 1.
    result = mantel_haenszel([1, 3], [1, 10], [0, 2], [1, 10])
    assert result.estimate is not None
    assert result.cmh is not None


@pytest.mark.parametrize("absent", [None, math.nan])
def test_a_missing_count_leaves_the_study_out_by_name(absent):
    full = mantel_haenszel(*([column[0], column[2], column[3]] for column in SPARSE))
    result = mantel_haenszel([0, absent, 3, 5], *SPARSE[1:], labels=NAMES)
    assert result.missing == ("Birch 2002",)
    assert result.studies == ("Ash 2001", "Cedar 2003", "Date 2004")
    assert "left out, because a figure is missing: Birch 2002" in result.marks
    assert (result.estimate, result.q_e, result.tarone) == (full.estimate, full.q_e, full.tarone)
    with pytest.raises(MethodError, match="every study lacks one of events_treated"):
        mantel_haenszel([absent] * 4, *SPARSE[1:])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, -1, "Cedar 2003: -1 events of 20 in the treated arm; events from 0"),
        (0, 21, "Cedar 2003: 21 events of 20 in the treated arm"),
        (0, math.inf, "Cedar 2003: inf events of 20"),
        (1, -math.inf, "Cedar 2003: 3 events of -inf"),
        (1, math.inf, "Cedar 2003: 3 events of inf in the treated arm; counts up to"),
        (2, 1e-9, "Cedar 2003: 1e-09 events of 22 in the control arm; events and non-events"),
        (2, 22 - 1e-9, "Cedar 2003: 22 events of 22 in the control arm; events and non-events"),
        (3, 1e16, r"Cedar 2003: 6 events of 1e\+16 in the control arm; counts up to"),
    ],
)
def test_impossible_counts_are_refused_by_name(column, value, message):
    data = [list(values) for values in SPARSE]
    data[column][2] = value
    for pool in (mantel_haenszel, peto):
        with pytest.raises(MethodError, match=message):
            pool(*data, labels=NAMES)


def test_an_empty_arm_is_refused():
    with pytest.raises(MethodError, match=r"study 2: 0 events of 0 in the control arm; .* at least 1 participant"):
        mantel_haenszel([3, 0], [20, 10], [5, 0], [20, 0])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, -1, "Cedar 2003: -1 events in a person-time of 20 in the treated arm; 0 events or"),
        (0, math.inf, "Cedar 2003: inf events"),
        (1, 0, "Cedar 2003: 3 events in a person-time of 0 in the treated arm; a positive, finite"),
        (3, -5, "Cedar 2003: 6 events in a person-time of -5 in the control arm"),
        (3, math.inf, "Cedar 2003: 6 events in a person-time of inf"),
    ],
)
def test_impossible_rates_are_refused_by_name(column, value, message):
    data = [list(values) for values in SPARSE]
    data[column][2] = value
    with pytest.raises(MethodError, match=message):
        mantel_haenszel_rates(*data, labels=NAMES)


def test_times_at_the_ends_of_their_range():
    for measure in ("IRR", "IRD"):
        check_numbers(mantel_haenszel_rates([3, 1], [1e-30, 1e30], [6, 0], [1e30, 1e-30], measure=measure))
        for time in (1e-31, 1e31):
            with pytest.raises(MethodError, match=r"study 1: .* a positive, finite person-time"):
                mantel_haenszel_rates(3, time, 6, 10, measure=measure)


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        (([1, 2], [10], [1, 2], [10, 10]), {}, r"columns of one length are expected, got \[2, 1, 2, 2\]"),
        (([], [], [], []), {}, "no study; at least one is expected"),
        (([[1]], [10], [1], [10]), {}, "events_treated: a column of numbers is expected"),
        ((["one"], [10], [1], [10]), {}, "events_treated: a column of numbers is expected"),
        (([1 + 2j], [10], [1], [10]), {}, "events_treated: a column of numbers is expected"),
        (([[1, 2], [3]], [10], [1], [10]), {}, "events_treated: a column of numbers is expected"),
        (([1], [10], [10**400], [10]), {}, "events_control: a column of numbers is expected"),
        (([1], [10], [2], [10]), {"labels": ["a", "b"]}, "2 names for 1 studies: one name for each is expected"),
        (([1], [10], [2], [10]), {"labels": "a"}, "a sequence of names is expected, one for each of 1 studies"),
        (([1], [10], [2], [10]), {"level": 95}, "confidence level 95"),
        (([1], [10], [2], [10]), {"level": math.nan}, "confidence level nan"),
    ],
)
def test_input_that_is_no_data(data, more, message):
    for pool in (mantel_haenszel, mantel_haenszel_rates, peto):
        with pytest.raises(MethodError, match=message):
            pool(*data, **more)


def test_unknown_measures():
    with pytest.raises(MethodError, match="measure 'IRR': one of OR, RR, RD is expected"):
        mantel_haenszel(1, 10, 2, 10, measure="IRR")
    with pytest.raises(MethodError, match="measure 'OR': one of IRR, IRD is expected"):
        mantel_haenszel_rates(1, 10, 2, 10, measure="OR")


wild = st.lists(
    st.one_of(st.integers(-2, 30), st.floats(), st.sampled_from([1e-7, 1e-6, 1e15, 1e16, 1e-30, 1e30, 1e300, None])),
    min_size=4,
    max_size=4,
)


def result_or_refusal(pool, columns, **more):
    try:
        return pool(*columns, **more)
    except MethodError:
        return None


@given(st.lists(wild, min_size=1, max_size=4))
def test_a_result_or_a_clear_error(rows):
    columns = list(zip(*rows, strict=True))
    results = [result_or_refusal(peto, columns)]
    results += [result_or_refusal(mantel_haenszel, columns, measure=measure) for measure in ("OR", "RR", "RD")]
    results += [result_or_refusal(mantel_haenszel_rates, columns, measure=measure) for measure in ("IRR", "IRD")]
    for result in filter(None, results):
        check_numbers(result)


def check_numbers(result):
    """No NaN and no infinity, and every share in its range."""
    json.dumps(result.to_dict(), allow_nan=False)
    assert (result.estimate is None) is (result.standard_error is None)
    for name in ("p_value", "q_e_p", "i2", "cmh_p", "breslow_day_p", "tarone_p"):
        value = getattr(result, name)
        assert value is None or 0 <= value <= 1, name
    assert result.estimate is not None or any("not defined" in mark for mark in result.marks)
    assert result.table().shape == (result.k, 6)


def test_summary_and_table_on_the_natural_scale():
    result = mantel_haenszel(*SPARSE, labels=NAMES, level=0.9)
    row = result.summary().iloc[0]
    assert row["measure"] == "odds ratio"
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx(np.exp([result.estimate, *result.interval]))
    assert row["tarone_p"] == result.tarone_p
    table = result.table()
    assert list(table["study"]) == list(NAMES)
    assert table["weight"].sum() == pytest.approx(1)
    assert table.loc[2, "estimate"] == pytest.approx(3 * 16 / (17 * 6))
    margin = 1.6448536269514722 * math.sqrt(1 / 3 + 1 / 17 + 1 / 6 + 1 / 16)
    assert table.loc[2, "low"] == pytest.approx(3 * 16 / (17 * 6) * math.exp(-margin))
    assert pd.isna(table.loc[0, "estimate"])
    gap = mantel_haenszel(*SPARSE, measure="RD")
    assert gap.summary().iloc[0]["estimate"] == gap.estimate
    assert gap.table().loc[2, "estimate"] == pytest.approx(3 / 20 - 6 / 22)


def test_plain_data_survive_json():
    result = peto(*SPARSE, labels=NAMES)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["estimate"] == result.estimate
    assert data["studies"] == list(NAMES)
    assert set(data) == set(type(result).__slots__)


def test_notebooks_see_a_table_with_the_marks():
    text = mantel_haenszel(*SPARSE, labels=["<Ash>", *NAMES[1:]])._repr_html_()
    assert text.startswith("<table>")
    assert "&lt;Ash&gt;" in text
    assert "<Ash>" not in text
    assert "<td>odds ratio</td>" in text
    small = mantel_haenszel_rates([3, 5], [20000, 30000], [60, 40], [22000, 31000], measure="IRD")._repr_html_()
    assert "<td>-0.00172</td>" in small
    assert "<td>&lt; 0.001</td>" in small


@pytest.mark.parametrize(
    ("measure", "sources"),
    [
        ("OR", ["1959;22:719", "1986;42:311", "1954;10:417", "Publications 32", "1985;72:91", "1954;10:101"]),
        ("RR", ["1959;22:719", "1985;41:55"]),
        ("RD", ["1959;22:719", "1989;45:1323"]),
        ("IRR", ["1959;22:719", "1985;41:55", "Publications 82"]),
        ("IRD", ["1959;22:719", "1985;41:55"]),
        ("PETO", ["1985;27:335", "1990;9:247"]),
    ],
)
def test_explanations_cite_their_sources(measure, sources):
    if measure == "PETO":
        result = peto(*SPARSE)
    else:
        pool = mantel_haenszel_rates if measure in ("IRR", "IRD") else mantel_haenszel
        result = pool(*SPARSE, measure=measure)
    paragraph, references = result.explain().split("\n\n")
    assert "\n" not in paragraph
    assert "of 4 studies" in paragraph
    assert "confidence level of 95 %" in paragraph
    assert all(source in references for source in sources)
    years = [source[:4] for source in sources if source[4:5] == ";"]
    assert all(year in paragraph for year in years)
    assert len(set(references.splitlines())) == len(references.splitlines())


def test_explanations_say_what_was_chosen():
    assert "with continuity correction" in mantel_haenszel(*SPARSE).explain()
    assert "without continuity correction" in mantel_haenszel(*SPARSE, continuity_correction=False).explain()
    assert "One half was added" in mantel_haenszel(*SPARSE).explain()
    assert "One half was added" not in peto(*SPARSE).explain()
    assert "(1 of 4)" in peto(*SPARSE).explain()
    assert "Cochran's Q" not in mantel_haenszel(3, 20, 5, 21).explain()


def test_ten_names_are_enough():
    result = mantel_haenszel([0] * 12 + [3], [10] * 13, [0] * 12 + [4], [10] * 13)
    assert any(mark.endswith("study 10 and 2 more") for mark in result.marks)
