"""People per 1,000 from a relative effect: against an independent statement, and as laws."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.certainty.summary.risks import absolute_effect, assumed_risk
from synth.certainty.summary.words import more_or_fewer, per_thousand
from synth.effects.binary import TwoArmCounts
from synth.effects.readings import log_odds_ratio_to_risk_ratio
from synth.errors import MethodError


def pair(study: str, events: int, total: int) -> TwoArmCounts:
    """Invented counts; only the control arm matters here."""
    return TwoArmCounts(
        study_id=study,
        events_treated=0,
        total_treated=10,
        events_control=events,
        total_control=total,
        unit_of_analysis="patients",
    )


def independent(measure: str, value: Fraction, without: Fraction) -> Fraction:
    """The risk with treatment by way of people and odds, in exact numbers."""
    if measure == "RR":
        return without * value
    if measure == "RD":
        return without + value
    if without == 1:
        return Fraction(1)
    odds = without / (1 - without) * value
    return odds / (1 + odds)


VALUES = [
    (measure, value)
    for measure in ("RR", "OR", "RD")
    for value in ("-1/5", "1/10", "1/2", "1", "3/2", "4")
    if measure == "RD" or not value.startswith("-")
]


@pytest.mark.parametrize(("measure", "value"), VALUES)
@pytest.mark.parametrize("without", ["0", "1/100", "1/4", "1/2", "9/10", "1"])
def test_arithmetic_against_exact_fractions(measure: str, without: str, value: str) -> None:
    estimate, risk = Fraction(value), Fraction(without)
    interval = (estimate * Fraction(1, 2), estimate * 2) if estimate > 0 else (estimate * 2, estimate / 2)
    found = absolute_effect(measure, float(estimate), (float(interval[0]), float(interval[1])), float(risk))
    expected = [min(Fraction(1), max(Fraction(0), independent(measure, item, risk))) for item in (estimate, *interval)]
    assert [found.with_treatment, *found.with_interval] == pytest.approx(list(map(float, expected)), abs=1e-12)
    differences = [float(item - risk) for item in expected]
    assert [found.difference, *found.difference_interval] == pytest.approx(differences, abs=1e-12)
    beyond = any(not 0 <= independent(measure, item, risk) <= 1 for item in (estimate, *interval))
    assert found.capped == beyond


def test_the_odds_ratio_agrees_with_the_package_s_own_risk_ratio() -> None:
    for ratio in (0.2, 0.8, 1.0, 3.0):
        for risk in (0.01, 0.3, 0.9):
            by_ratio = float(log_odds_ratio_to_risk_ratio(math.log(ratio), risk)) * risk
            assert absolute_effect("OR", ratio, (ratio, ratio), risk).with_treatment == pytest.approx(by_ratio)


RATIOS = st.floats(0.001, 1000)
RISKS = st.floats(0, 1)


@given(st.sampled_from(["RR", "OR"]), RATIOS, RATIOS, RATIOS, RISKS)
def test_laws_of_ratios(measure: str, one: float, two: float, three: float, risk: float) -> None:
    low, middle, high = sorted((one, two, three))
    found = absolute_effect(measure, middle, (low, high), risk)
    kept = (*found.with_interval, found.with_treatment)
    assert all(0 <= value <= 1 for value in kept)
    assert found.with_interval[0] <= found.with_treatment <= found.with_interval[1]
    assert found.difference_interval[0] <= found.difference <= found.difference_interval[1]
    # More or fewer people as the ratio says, never the other way round.
    assert (found.difference <= 0) or middle > 1
    assert (found.difference >= 0) or middle < 1


@given(st.sampled_from(["RR", "OR"]), RATIOS, RATIOS, RISKS)
def test_no_effect_makes_no_difference(measure: str, low: float, high: float, risk: float) -> None:
    found = absolute_effect(measure, 1.0, (min(low, 1.0), max(high, 1.0)), risk)
    assert (found.difference, found.with_treatment) == (0, risk)
    assert not absolute_effect(measure, 1.0, (1.0, 1.0), risk).capped


@given(st.floats(-1, 1), RISKS)
def test_a_risk_difference_of_nothing_changes_nothing(value: float, risk: float) -> None:
    found = absolute_effect("RD", value, (value, value), risk)
    assert 0 <= found.with_treatment <= 1
    assert absolute_effect("RD", 0.0, (0.0, 0.0), risk).difference == 0


def test_assumed_risks_of_the_control_arms() -> None:
    found = assumed_risk([pair("ash", 1, 10), pair("elm", 1, 5), pair("fir", 2, 5), pair("oak", 0, 10)])
    assert (found.median, found.lowest, found.highest, found.arms) == (pytest.approx(0.15), 0, 0.4, 4)
    assert (found.lowest_in, found.highest_in) == ("oak", "fir")


def test_assumed_risk_of_one_arm() -> None:
    found = assumed_risk([pair("ash", 3, 12)])
    assert (found.median, found.lowest, found.highest, found.arms) == (0.25, 0.25, 0.25, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("MD", 1.0, (0.5, 2.0), 0.1), "measure 'MD'"),
        (("RR", 1.0, (0.5, 2.0), 1.1), "risk 1.1 without treatment"),
        (("RR", 1.0, (0.5, 2.0), float("nan")), "risk nan without treatment"),
        (("RR", 0.0, (0.0, 2.0), 0.1), "above 0"),
        (("OR", 1.0, (-0.5, 2.0), 0.1), "above 0"),
        (("RR", 1.0, (0.5, float("inf")), 0.1), "finite numbers"),
        (("RD", 0.1, (-1.5, 0.2), 0.1), "at least -1"),
        (("RR", 3.0, (0.5, 2.0), 0.1), "outside its interval"),
    ],
)
def test_what_cannot_be_computed_is_refused(
    arguments: tuple[str, float, tuple[float, float], float], message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        absolute_effect(*arguments)


def test_no_control_arm_gives_no_assumed_risk() -> None:
    with pytest.raises(MethodError, match="no control arm"):
        assumed_risk([])


@pytest.mark.parametrize(
    ("risk", "shown"),
    [(0, "0"), (0.0004, "0.4"), (0.0099, "9.9"), (0.00996, "10"), (0.01, "10"), (0.0155, "16"), (1, "1000")],
)
def test_people_per_thousand(risk: float, shown: str) -> None:
    assert per_thousand(risk) == shown


def test_more_and_fewer() -> None:
    assert [more_or_fewer(value) for value in (-0.011, 0.0007, 0.0)] == ["11 fewer", "0.7 more", "0"]
