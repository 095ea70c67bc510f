"""Rules for cells without events."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synth.effects.compute import effect_sizes
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError

# Invented: an ordinary study, an empty cell, no events at all, nothing but events.
CELLS = np.array([(3, 17, 8, 14), (0, 15, 4, 10), (0, 9, 0, 10), (7, 0, 9, 0)])
A, B, C, D = CELLS.T
COLUMNS = {"events_treated": A, "total_treated": A + B, "events_control": C, "total_control": C + D}


def odds_ratios(add):
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b, c, d = (column + np.asarray(add) for column in (A, B, C, D))
        return np.log(a * d / (b * c))


def found(rule, measure="OR"):
    return effect_sizes(measure, zero_cells=rule, unusable="mark", **COLUMNS)


@pytest.mark.parametrize(
    ("rule", "added"),
    [
        (ZeroCells(), [0, 0.5, 0.5, 0.5]),
        (ZeroCells(add=0.25), [0, 0.25, 0.25, 0.25]),
        (ZeroCells(to="all"), [0.5, 0.5, 0.5, 0.5]),
        (ZeroCells(to="if0all"), [0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_what_is_added_where(rule, added):
    result = found(rule)
    np.testing.assert_allclose(result.estimates, odds_ratios(added), rtol=1e-12, atol=1e-15)
    assert result.usable.all()
    assert [bool(marks) for marks in result.marks] == [value > 0 for value in added]


def test_if0all_adds_nothing_where_no_cell_is_empty():
    columns = {name: column[:1] for name, column in COLUMNS.items()}
    result = effect_sizes("OR", zero_cells=ZeroCells(to="if0all"), **columns)
    assert result.estimates[0] == pytest.approx(math.log(3 * 14 / (17 * 8)))
    assert result.marks == ((),)


def test_studies_that_say_nothing_are_left_out_and_named():
    result = found(ZeroCells(drop00=True))
    assert np.isnan(result.estimates).tolist() == [False, False, True, True]
    assert result.not_usable == {
        "study 3": "left out: no events in either arm",
        "study 4": "left out: every participant of both arms has the event",
    }
    refusing = effect_sizes("OR", zero_cells=ZeroCells(drop00=True), **COLUMNS)
    np.testing.assert_array_equal(refusing.estimates, result.estimates)


def test_a_study_left_out_does_not_make_others_corrected():
    columns = {name: column[[0, 2]] for name, column in COLUMNS.items()}
    result = effect_sizes("OR", zero_cells=ZeroCells(to="if0all", drop00=True), **columns)
    assert result.estimates[0] == pytest.approx(math.log(3 * 14 / (17 * 8)))
    assert result.marks[0] == ()


def test_to_none_marks_what_has_no_estimate():
    result = found(ZeroCells(to="none"))
    assert result.usable.tolist() == [True, False, False, False]
    assert result.marks[1] == ("no estimate: no events in the treated arm",)


def test_nothing_added_is_not_marked_as_a_correction():
    assert found(ZeroCells(add=0), measure="AS").marks[1] == ()


def test_a_mark_says_why_and_what():
    marks = found(ZeroCells(to="all")).marks
    assert marks[0] == ("0.5 was added to each cell",)
    assert marks[2] == ("no events in either arm: 0.5 was added to each cell",)


def test_rates_get_events_and_no_time():
    columns = {"events_treated": [0, 3], "person_time_treated": [10.0, 11.0]}
    columns |= {"events_control": [2, 4], "person_time_control": [12.0, 13.0]}
    result = effect_sizes("IRR", zero_cells=ZeroCells(), **columns)
    assert result.estimates[0] == pytest.approx(math.log((0.5 / 10) / (2.5 / 12)))
    assert result.marks == (("no events in the treated group: 0.5 was added to the events of each group",), ())
    both = effect_sizes("IRR", zero_cells=ZeroCells(drop00=True), **{**columns, "events_control": [0, 4]})
    assert both.not_usable == {"study 1": "left out: no events in either group"}


def test_one_group():
    result = effect_sizes("PLO", zero_cells=ZeroCells(), events=[0, 9, 4], total=[9, 9, 9])
    np.testing.assert_allclose(result.estimates, [math.log(0.5 / 9.5), math.log(9.5 / 0.5), math.log(4 / 5)])
    assert result.marks[1] == (
        "every participant has the event: 0.5 was added to those with and to those without the event",
    )
    rate = effect_sizes("IRLN", zero_cells=ZeroCells(), events=[0], person_time=[8.0])
    assert rate.estimates[0] == pytest.approx(math.log(0.5 / 8))
    assert rate.marks == (("no events: 0.5 was added to the events",),)


def test_pairs():
    cells = {"pairs_both": [0, 2], "pairs_treated_only": [0, 0], "pairs_control_only": [0, 3], "pairs_neither": [9, 5]}
    result = effect_sizes("MPORC", zero_cells=ZeroCells(drop00=True), **cells)
    assert result.not_usable == {
        "study 1": "left out: no pairs of a kind (both, treated only, control only)",
    }
    assert result.estimates[1] == pytest.approx(math.log(0.5 / 3.5))
    full = effect_sizes(
        "MPRD", zero_cells=ZeroCells(drop00=True), **{**cells, "pairs_both": [9, 2]} | {"pairs_neither": [0, 5]}
    )
    assert full.not_usable == {
        "study 1": "left out: no pairs of a kind (treated only, control only, neither)",
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"add": -0.5}, "-0.5 cannot be added"),
        ({"add": math.inf}, "inf cannot be added"),
        ({"to": "some"}, "to 'some'; one of only0, all, if0all, none"),
    ],
)
def test_rules_that_cannot_be_are_refused(arguments, reason):
    with pytest.raises(MethodError, match=reason):
        ZeroCells(**arguments)


def test_a_rule_reads_as_a_sentence():
    assert str(ZeroCells(to="if0all")) == "0.5 added to the cells of all studies if any study has an empty cell"
    assert str(ZeroCells(add=0, drop00=True)) == (
        "nothing added; studies without, or with nothing but, events in both groups left out"
    )
