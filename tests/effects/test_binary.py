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

from synth.effects.binary import (
    TwoArmCounts,
    log_risk_ratio,
    risk_ratio_effect,
    two_arm_effect,
    two_arm_effects,
)
from synth.effects.zero_cells import ZeroCells
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
        (([-1.5], [4], [1], [4]), "study 1: events_treated -1.5; a number from 0"),
        (([4.5], [4], [1], [4]), "study 1: 4.5 events of 4 in the treated arm"),
        (([1], [4], [0], [0]), "0 events of 0 in the control arm"),
        (([math.nan], [4], [1], [4]), "study 1: risk ratio: no estimate: events_treated missing"),
        (([1, 2], [4, 4], [1], [4]), "one length"),
    ],
)
def test_impossible_counts_are_refused(counts, reason):
    with pytest.raises(MethodError, match=reason):
        log_risk_ratio(*counts)


def counts_of(study, *counts):
    treated, all_treated, control, all_control = counts
    return TwoArmCounts(
        study_id=study,
        events_treated=treated,
        total_treated=all_treated,
        events_control=control,
        total_control=all_control,
        unit_of_analysis="hips",
        rows=(f"{study}:1",),
    )


INVENTED = (counts_of("ash", 3, 20, 8, 22), counts_of("birch", 0, 15, 4, 14), counts_of("cedar", 0, 9, 0, 10))


@pytest.mark.parametrize(
    ("measure", "estimate", "variance"),
    [
        ("RR", math.log((3 / 20) / (8 / 22)), 1 / 3 - 1 / 20 + 1 / 8 - 1 / 22),
        ("OR", math.log(3 * 14 / (17 * 8)), 1 / 3 + 1 / 17 + 1 / 8 + 1 / 14),
        ("RD", 3 / 20 - 8 / 22, 3 * 17 / 20**3 + 8 * 14 / 22**3),
    ],
)
def test_a_planned_comparison_in_each_measure(measure, estimate, variance):
    effect = two_arm_effect(INVENTED[0], measure=measure, level=0.9)
    assert effect.estimate == pytest.approx(estimate, rel=1e-12)
    assert effect.variance == pytest.approx(variance, rel=1e-12)
    margin = 1.6448536269514722 * math.sqrt(variance)
    assert effect.interval == (pytest.approx(estimate - margin), pytest.approx(estimate + margin))
    assert (effect.measure, effect.n, effect.unit_of_analysis, effect.rows) == (measure, 42, "hips", ("ash:1",))


def test_a_rule_marks_what_it_corrects_and_names_what_it_leaves_out():
    found = two_arm_effects(INVENTED, measure="OR", level=0.95, zero_cells=ZeroCells(drop00=True))
    assert [effect.study_id for effect in found.effects] == ["ash", "birch"]
    assert [effect.marks for effect in found.effects] == [
        (),
        ("no events in the treated arm: 0.5 was added to each cell",),
    ]
    assert found.effects[1].estimate == pytest.approx(math.log(0.5 * 10.5 / (15.5 * 4.5)))
    assert found.effects[1].n == 29
    assert found.left_out == (("cedar", "left out: no events in either arm"),)
    assert "odds ratio (OR) on the log scale" in found.method
    assert "0.5 added to the cells of studies with an empty cell" in found.method


def test_no_studies_have_no_effects():
    assert two_arm_effects([], level=0.95).effects == ()


@pytest.mark.parametrize("measure", ["RR", "OR"])
def test_without_a_rule_an_empty_arm_is_refused(measure):
    with pytest.raises(ZeroCellError, match=r"birch: no events in the treated arm.*the protocol must say"):
        two_arm_effects(INVENTED, measure=measure, level=0.95)


def test_a_risk_difference_needs_no_rule_until_its_variance_is_zero():
    assert two_arm_effect(INVENTED[1], measure="RD", level=0.95).estimate == pytest.approx(-4 / 14)
    with pytest.raises(ZeroCellError, match="cedar: no events in either arm, the variance is 0 of the risk difference"):
        two_arm_effect(INVENTED[2], measure="RD", level=0.95)


def test_one_study_that_the_rule_leaves_out_has_no_effect():
    with pytest.raises(ZeroCellError, match="cedar: left out: no events in either arm"):
        two_arm_effect(INVENTED[2], level=0.95, zero_cells=ZeroCells(drop00=True))


def test_other_measures_are_not_for_two_arms_of_a_protocol():
    with pytest.raises(MethodError, match="measure 'SMD'; one of RR, OR, RD"):
        two_arm_effects(INVENTED, measure="SMD", level=0.95)
