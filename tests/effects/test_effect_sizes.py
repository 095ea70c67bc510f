"""From figures to estimates: what is refused, what is marked, and what the result can do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from synth.effects.compute import effect_sizes
from synth.effects.measures import MEASURES
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError, ZeroCellError

# Invented.
MEANS = {
    "mean_treated": [10.0, 12.0, 9.0],
    "sd_treated": [2.0, 3.0, 2.5],
    "n_treated": [20, 15, 12],
    "mean_control": [11.0, 10.0, 9.5],
    "sd_control": [2.5, 2.0, 2.0],
    "n_control": [18, 16, 11],
}
CHANGE = {
    "mean_before": [50.0, 40.0],
    "sd_before": [10.0, 9.0],
    "mean_after": [60.0, 55.0],
    "sd_after": [12.0, 8.0],
    "n": [12, 20],
    "correlation": [0.5, 0.3],
}
COUNTS = {"events_treated": [3, 0], "total_treated": [20, 15], "events_control": [8, 4], "total_control": [22, 14]}
PAIRS = {"pairs_both": [5], "pairs_treated_only": [3], "pairs_control_only": [6], "pairs_neither": [10]}
RATES = {"events_treated": [3], "person_time_treated": [40.5], "events_control": [6], "person_time_control": [38.0]}
CORRELATIONS = {"correlation": [0.5, -0.2], "n": [30, 12]}
LABELS = ("ash", "birch", "cedar")


def with_first(columns, name, value):
    return {**columns, name: [value, *columns[name][1:]]}


@pytest.mark.parametrize(
    ("measure", "columns", "name", "value", "reason"),
    [
        ("SMD", MEANS, "n_treated", -3, "ash: n_treated -3; at least 2"),
        ("SMD", MEANS, "n_control", 1, "ash: n_control 1; at least 2"),
        ("MD", MEANS, "sd_treated", 0, "ash: sd_treated 0; a number above 0"),
        ("MD", MEANS, "sd_control", -1, "ash: sd_control -1; a number above 0"),
        ("MD", MEANS, "mean_treated", math.inf, "ash: mean_treated inf; a finite number"),
        ("MD", MEANS, "mean_treated", math.nan, "ash: mean difference: no estimate: mean_treated missing"),
        ("MD", MEANS, "sd_control", None, "ash: mean difference: no variance: sd_control missing"),
        ("ROM", MEANS, "mean_treated", -1, "ash: ratio of means: no estimate: mean_treated -1"),
        ("CVR", MEANS, "mean_control", 0, "ash: ratio of coefficients of variation: no estimate"),
        ("RR", COUNTS, "events_treated", 21, "ash: 21 events of 20 in the treated arm"),
        ("RD", COUNTS, "events_control", -1, "ash: events_control -1; a number from 0"),
        ("OR", COUNTS, "total_control", -22.5, "ash: total_control -22.5; a number from 0"),
        ("OR", COUNTS, "events_control", 22.5, "ash: 22.5 events of 22 in the control arm; events from 0"),
        ("OR", COUNTS, "events_control", 1e-9, "ash: events_control 1e-09; 0 or at least 1e-06"),
        ("OR", COUNTS, "total_treated", 3 + 1e-9, "ash: 1e-09 without events in the treated arm; 0 or at least 1e-06"),
        ("MPRR", PAIRS, "pairs_both", -2.5, "ash: pairs_both -2.5; a number from 0"),
        ("IRR", RATES, "person_time_control", 0, "ash: person_time_control 0; a number above 0"),
        ("IRR", RATES, "events_treated", -1.5, "ash: events_treated -1.5; a number from 0"),
        ("MC", CHANGE, "correlation", 1.2, "ash: correlation 1.2; a number from -1 to 1"),
        ("SMCC", CHANGE, "n", 1, "ash: n 1; at least 2"),
        ("SMCC", CHANGE, "n", 2, "ash: standardised mean change .* no estimate"),
        ("COR", CORRELATIONS, "correlation", -1.01, "ash: correlation -1.01"),
        ("ZCOR", CORRELATIONS, "correlation", 1, "ash: correlation: no estimate: correlation 1, n 30"),
        ("ZCOR", CORRELATIONS, "n", 3, "ash: correlation: no variance: correlation 0.5, n 3"),
        ("COR", CORRELATIONS, "n", 0, "ash: n 0; at least 1"),
        ("GEN", {"estimate": [1.0], "sampling_variance": [0.1]}, "sampling_variance", -1, "ash: sampling_variance -1"),
        ("GEN", {"estimate": [1.0], "standard_error": [0.1]}, "standard_error", 0, "ash: standard_error 0"),
    ],
)
def test_figures_that_cannot_be_name_the_study(measure, columns, name, value, reason):
    used = {column: columns[column] for column in columns if measure == "GEN" or column in MEASURES[measure].columns}
    labels = LABELS[: len(next(iter(columns.values())))]
    with pytest.raises(MethodError, match=reason):
        effect_sizes(measure, labels=labels, **with_first(used, name, value))


def test_pairs_of_nobody_are_refused():
    with pytest.raises(MethodError, match="study 1: 0 pairs"):
        effect_sizes("MPRD", **{name: [0] for name in PAIRS})


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({**MEANS, "n_control": [18, 16]}, "one length"),
        ({**MEANS, "n_control": [[18, 16, 11]]}, "one length"),
        ({**MEANS, "n_control": ["a", "b", "c"]}, "column n_control: numbers are expected"),
        ({**MEANS, "n_control": ["18", "16", "11"]}, "column n_control: numbers are expected"),
        ({**MEANS, "n_control": [18, 16 + 1j, 11]}, "column n_control: numbers are expected"),
        ({**MEANS, "n_control": [18, [16], 11]}, "column n_control: numbers are expected"),
        ({**MEANS, "n_control": [18, 10**400, 11]}, "column n_control: numbers are expected"),
        ({"mean_treated": [1.0]}, "columns mean_treated: mean_treated, sd_treated, .* are expected"),
        ({**MEANS, "events": [1, 2, 3]}, "are expected"),
        ({}, "columns none"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns, reason):
    with pytest.raises(MethodError, match=reason):
        effect_sizes("MD", **columns)


@pytest.mark.parametrize(
    ("measure", "arguments", "reason"),
    [
        ("XX", {}, "measure 'XX'"),
        (["MD"], {}, r"measure \['MD'\]; one of"),
        ("MD", {"variance": "UB"}, "MD: variance 'UB'; one of LS, HO"),
        ("MD", {"correct": True}, "MD has no small-sample correction"),
        ("SMD", {"correct": False, "variance": "UB"}, "correct=True"),
        ("MD", {"zero_cells": ZeroCells()}, "two-group means have none"),
        ("MD", {"unusable": "drop"}, "unusable 'drop'; one of refuse, mark"),
        ("MD", {"labels": ["ash"]}, "1 names for 3 studies"),
        ("MD", {"labels": 5}, "a sequence of names is expected, one for each of 3 studies"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(measure, arguments, reason):
    with pytest.raises(MethodError, match=reason):
        effect_sizes(measure, **arguments, **MEANS)


def test_missing_figures_become_marked_rows_on_request():
    columns = with_first(MEANS, "sd_control", None) | {"mean_treated": [10, 12, math.nan]}
    found = effect_sizes("SMD", labels=LABELS, unusable="mark", **columns)
    assert found.usable.tolist() == [False, True, False]
    assert found.not_usable == {
        "ash": "no estimate: sd_control missing",
        "cedar": "no estimate: mean_treated missing",
    }
    assert np.isnan(found.estimates).tolist() == [True, False, True]
    alone = effect_sizes("SMD", **{name: values[1] for name, values in MEANS.items()})
    assert found.estimates[1] == alone.estimates[0]
    assert [effect.study_id for effect in found.to_effects()] == ["birch"]


def test_counts_that_are_not_whole_are_used_and_marked():
    """A cluster trial divided by its design effect of 1.6."""
    divided = {name: [column[0] / 1.6, column[1]] for name, column in COUNTS.items()}
    found = effect_sizes("RR", labels=LABELS[:2], zero_cells=ZeroCells(), **divided)
    whole = effect_sizes("RR", labels=LABELS[:2], zero_cells=ZeroCells(), **COUNTS)
    assert found.estimates == pytest.approx(whole.estimates, rel=1e-14)
    assert found.variances == pytest.approx(whole.variances * [1.6, 1.0], rel=1e-14)
    assert found.marks == (("counts are not whole numbers",), whole.marks[1])
    assert found.to_effects()[0].n == round(42 / 1.6)


def test_an_effect_that_does_not_need_a_missing_figure_has_no_total():
    """Peto's odds ratio of pairs takes the unequal ones alone."""
    found = effect_sizes("MPPETO", **{**PAIRS, "pairs_neither": [math.nan]})
    assert [effect.n for effect in found.to_effects()] == [None]
    assert [effect.n for effect in effect_sizes("MPPETO", **PAIRS).to_effects()] == [24]


def test_a_variance_of_zero_stays_as_it_is_and_is_marked():
    counts = {"events_treated": 0, "total_treated": 10, "events_control": 0, "total_control": 12}
    found = effect_sizes("RD", unusable="mark", **counts)
    assert (found.estimates[0], found.variances[0], found.usable[0]) == (0, 0, False)
    assert found.marks == (("the variance is 0: no events in either arm",),)
    assert found.to_effects() == ()


def test_a_study_beyond_the_reach_of_numbers_is_refused_without_a_warning():
    with pytest.raises(MethodError, match="study 1: mean difference: no"):
        effect_sizes("MD", **with_first(MEANS, "sd_treated", 1e200))


def test_inference_is_that_of_the_normal_distribution():
    found = effect_sizes("SMD", **MEANS)
    more = found.inference(0.9)
    errors = np.sqrt(found.variances)
    np.testing.assert_allclose(more.standard_errors, errors)
    np.testing.assert_allclose(more.p, 2 * stats.norm.sf(np.abs(found.estimates / errors)), rtol=1e-12)
    np.testing.assert_allclose(more.low, found.estimates - stats.norm.isf(0.05) * errors)
    np.testing.assert_allclose(more.high, found.estimates + stats.norm.isf(0.05) * errors)
    with pytest.raises(MethodError, match="level 90"):
        found.inference(90)


def test_effects_carry_label_total_interval_and_marks():
    found = effect_sizes("OR", labels=("ash", "birch"), zero_cells=ZeroCells(), **COUNTS)
    first, second = found.to_effects(0.95, unit_of_analysis="hips")
    assert (first.study_id, first.measure, first.n, first.unit_of_analysis) == ("ash", "OR", 42, "hips")
    assert second.marks == ("no events in the treated arm: 0.5 was added to each cell",)
    assert second.interval == (found.inference().low[1], found.inference().high[1])
    estimates, low, high = found.naturals()
    assert (estimates[0], low[0]) == pytest.approx((math.exp(first.estimate), math.exp(first.interval[0])))
    assert (high > estimates).all()


def test_totals_of_each_kind_of_data():
    assert effect_sizes("SMD", **MEANS).sizes.tolist() == [38, 31, 23]
    assert effect_sizes("MPRR", **PAIRS).sizes.tolist() == [24]
    assert effect_sizes("IRR", **RATES).sizes.tolist() == [78.5]
    assert effect_sizes("IRR", **RATES).to_effects()[0].n is None
    assert effect_sizes("GEN", estimate=[0.1], sampling_variance=[0.2]).sizes is None


def test_ready_estimates_take_a_standard_error_too():
    by_error = effect_sizes("GEN", estimate=[0.3, 0.1], standard_error=[0.5, 0.2])
    by_variance = effect_sizes("GEN", estimate=[0.3, 0.1], sampling_variance=[0.25, 0.04])
    np.testing.assert_allclose(by_error.variances, by_variance.variances)
    assert by_error.estimates.tolist() == [0.3, 0.1]


def test_the_result_shows_itself():
    counts = {**COUNTS, "events_treated": [3, None]}
    found = effect_sizes("RR", labels=("ash", "<birch>"), unusable="mark", **counts)
    table = found.table()
    assert list(table.columns) == ["study", "estimate", "variance", "standard_error", "z", "p", "low", "high", "marks"]
    assert table.loc[1, "marks"] == "no estimate: events_treated missing"
    assert found.to_dict()["estimates"] == [pytest.approx(math.log(3 / 20 / (8 / 22))), None]
    shown = found._repr_html_()
    assert "&lt;birch&gt;" in shown
    assert "no estimate: events_treated missing" in shown
    assert "nan" not in shown
    assert "Katz" in found.method
    with pytest.raises(ValueError, match="read-only"):
        found.estimates[0] = 0


def test_the_method_names_the_choices():
    words = effect_sizes("SMD", variance="LS2", correct=False, **MEANS).method
    for part in ("variance LS2", "no small-sample correction", "Hedges 1981"):
        assert part in words


def test_no_studies_give_an_empty_result():
    found = effect_sizes("RR", zero_cells=ZeroCells(), **{name: [] for name in COUNTS})
    assert (found.k, found.to_effects(), found.not_usable) == (0, (), {})


@pytest.mark.parametrize(
    ("measure", "columns", "reason"),
    [
        ("PLO", {"events": [0], "total": [9]}, "study 1: no events, no estimate of the proportion"),
        ("PLN", {"events": [9], "total": [9]}, "study 1: every participant has the event, the variance is 0"),
        ("PR", {"events": [0], "total": [9]}, "study 1: no events, the variance is 0"),
        ("IRLN", {"events": [0], "person_time": [9]}, "study 1: no events, no estimate"),
        ("IRR", {**RATES, "events_control": [0]}, "study 1: no events in the control group, no estimate"),
        ("MPORC", {**PAIRS, "pairs_treated_only": [0]}, r"study 1: no pairs of a kind \(treated only\), no estimate"),
        (
            "PETO",
            {**COUNTS, "events_treated": [3, 15], "events_control": [8, 14]},
            "study 2: every participant of both",
        ),
        ("OR", {**COUNTS, "events_treated": [20, 1]}, "study 1: every participant of the treated arm has the event"),
    ],
)
def test_empty_cells_are_refused_without_a_rule(measure, columns, reason):
    with pytest.raises(ZeroCellError, match=reason):
        effect_sizes(measure, **columns)


@pytest.mark.parametrize("measure", ["AS", "PAS", "PFT", "IRSD", "IRS", "IRFT"])
def test_some_measures_need_no_rule(measure):
    columns = {
        "events_treated": [0],
        "total_treated": [9],
        "person_time_treated": [9.5],
        "events_control": [0],
        "total_control": [8],
        "person_time_control": [8.5],
        "events": [0],
        "total": [9],
        "person_time": [4.5],
    }
    used = {name: columns[name] for name in MEASURES[measure].columns}
    assert effect_sizes(measure, **used).usable.all()
