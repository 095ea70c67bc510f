"""Risk ratios from the counts of two arms."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.effects.binary import TwoArmCounts, log_risk_ratio, risk_ratio_effect
from synth.errors import MethodError, ZeroCellError

REFERENCE = Path(__file__).parent.parent / "reference" / "metafor_log_risk_ratio.json"

arm = st.integers(1, 400).flatmap(lambda total: st.tuples(st.integers(1, total), st.just(total)))


def test_bcg_trials_match_metafor():
    reference = json.loads(REFERENCE.read_text())
    a, b, c, d = (np.array(reference["inputs"][name]) for name in ("ai", "bi", "ci", "di"))
    estimate, variance = log_risk_ratio(a, a + b, c, c + d)
    assert estimate == pytest.approx(reference["expected"]["yi"], rel=1e-12)
    assert variance == pytest.approx(reference["expected"]["vi"], rel=1e-12)


def test_shared_bcg_counts_are_those_of_the_reference(shared):
    with (shared / "bcg" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    treated, control = ([int(row[f"{arm}pos"]) + int(row[f"{arm}neg"]) for row in rows] for arm in "tc")
    estimate, _ = log_risk_ratio([int(r["tpos"]) for r in rows], treated, [int(r["cpos"]) for r in rows], control)
    assert estimate == pytest.approx(json.loads(REFERENCE.read_text())["expected"]["yi"], rel=1e-12)


def test_effect_of_one_trial_matches_metafor():
    expected = json.loads(REFERENCE.read_text())["expected"]
    # Aronson 1948, the first trial of the reference.
    counts = TwoArmCounts(
        study_id="aronson1948",
        events_treated=4,
        total_treated=123,
        events_control=11,
        total_control=139,
        unit_of_analysis="patients",
        rows=("events.csv:2",),
    )
    effect = risk_ratio_effect(counts, level=0.95)
    assert effect.estimate == pytest.approx(expected["yi"][0], rel=1e-12)
    assert effect.interval == (
        pytest.approx(expected["ci.lb"][0], rel=1e-12),
        pytest.approx(expected["ci.ub"][0], rel=1e-12),
    )
    assert (effect.measure, effect.scale, effect.n, effect.rows) == ("RR", "log", 262, ("events.csv:2",))
    assert effect.natural()[0] == pytest.approx((4 / 123) / (11 / 139))


@settings(deadline=None)
@given(arm, arm)
def test_swapping_the_arms_flips_the_sign(treated, control):
    if treated[0] == treated[1] and control[0] == control[1]:
        return
    estimate, variance = log_risk_ratio(*treated, *control)
    swapped, swapped_variance = log_risk_ratio(*control, *treated)
    assert swapped == pytest.approx(-estimate, abs=1e-12)
    assert swapped_variance == pytest.approx(variance, rel=1e-12)


@settings(deadline=None)
@given(arm, arm, st.integers(2, 20))
def test_more_of_the_same_people_only_divides_the_variance(treated, control, times):
    if treated[0] == treated[1] and control[0] == control[1]:
        return
    estimate, variance = log_risk_ratio(*treated, *control)
    larger, larger_variance = log_risk_ratio(*(times * count for count in (*treated, *control)))
    assert larger == pytest.approx(estimate, abs=1e-12)
    assert larger_variance == pytest.approx(variance / times, rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (([0], [20], [2], [20]), "invented2001: no events in the treated arm"),
        (([3], [20], [0], [20]), "invented2001: no events in the control arm"),
        (([20], [20], [9], [9]), "invented2001: every participant of both arms"),
    ],
)
def test_cells_that_make_no_ratio_name_study_and_arm(counts, reason):
    with pytest.raises(ZeroCellError, match=reason):
        log_risk_ratio(*counts, labels=["invented2001"])


def test_one_full_arm_still_has_a_ratio():
    estimate, variance = log_risk_ratio(20, 20, 10, 20)
    assert estimate[0] == pytest.approx(math.log(2))
    assert variance[0] == pytest.approx(1 / 10 - 1 / 20)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (([5], [4], [1], [4]), "study 1: 5 events of 4 in the treated arm"),
        (([1.5], [4], [1], [4]), "whole numbers"),
        (([-1], [4], [1], [4]), "whole numbers"),
        (([1], [4], [0], [0]), "0 events of 0 in the control arm"),
        (([math.nan], [4], [1], [4]), "whole numbers"),
        (([1, 2], [4, 4], [1], [4]), "one length"),
    ],
)
def test_impossible_counts_are_refused(counts, reason):
    with pytest.raises(MethodError, match=reason):
        log_risk_ratio(*counts)
