"""What the protocol may plan is what the engine offers, and a rule for empty cells is a rule."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from synth.effects.binary import TWO_ARM_MEASURES
from synth.effects.zero_cells import Where
from synth.protocol import BayesianPlan, Comparison, IntervalOf, PriorPlan, Tau2, ZeroCellRule
from synth.synthesis.fitting import Test
from synth.synthesis.priors import prior_from
from synth.synthesis.tau2 import Tau2Method

PLAN = {
    "id": "tear",
    "label": "Tear",
    "event": "tear",
    "measure": "RR",
    "treated": "knot",
    "control": "none",
    "fewer_is_better": True,
}
RULE = {"add": 0.5, "to": "only0", "drop00": False, "reason": "invented"}


def test_estimators_intervals_and_measures_are_those_of_the_engine() -> None:
    assert set(get_args(Tau2)) == set(get_args(Tau2Method)) - {"GENQ"}
    assert set(get_args(IntervalOf)) == set(get_args(Test))
    assert get_args(Comparison.model_fields["measure"].annotation) == TWO_ARM_MEASURES
    assert get_args(ZeroCellRule.model_fields["to"].annotation) == get_args(Where)


def test_a_comparison_has_no_rule_unless_the_protocol_gives_one() -> None:
    assert Comparison.model_validate(PLAN).zero_cells is None
    found = Comparison.model_validate(PLAN | {"zero_cells": RULE}).zero_cells
    assert found is not None
    assert (found.add, found.to, found.drop00) == (0.5, "only0", False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": " "}, "at least 1 character"),
        ({"add": -0.5}, "greater than or equal to 0"),
        ({"add": 2}, "less than or equal to 1"),
        ({"add": float("nan")}, "finite"),
        ({"to": "some"}, "only0"),
        ({"add": 0}, "give a number above 0"),
        ({"to": "none"}, "give a number above 0"),
        ({"add": 0, "to": "none"}, "which is no rule"),
        ({"drop00": None}, "valid boolean"),
    ],
)
def test_what_is_no_rule_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ZeroCellRule.model_validate(RULE | change)


@pytest.mark.parametrize("name", list(RULE))
def test_every_part_of_a_rule_is_stated(name: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        ZeroCellRule.model_validate({key: value for key, value in RULE.items() if key != name})


PRIOR = {"distribution": "half-normal", "scale": 0.5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0}, "greater than 0"),
        ({"scale": float("inf")}, "finite"),
        ({"distribution": "normal"}, "half-normal"),
        ({"df": 3}, "half-normal needs scale: df is of no use"),
        ({"distribution": "half-t"}, "half-t needs scale and df: df is missing"),
        ({"distribution": "uniform"}, "uniform needs upper: upper is missing; scale is of no use"),
        ({"distribution": "log-normal"}, "log-normal needs location and scale: location is missing"),
        ({"area": "cancer"}, "area is of no use"),
        ({"distribution": "empirical", "scale": None}, "empirical needs measure: measure is missing"),
        ({"distribution": "empirical", "scale": None, "measure": "RR"}, "OR"),
    ],
)
def test_what_is_no_prior_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PriorPlan.model_validate(PRIOR | change)


@pytest.mark.parametrize("name", ["prior", "reason", "of"])
def test_a_bayesian_analysis_has_a_prior_and_a_reason(name: str) -> None:
    plan = {"of": "tear", "prior": PRIOR, "reason": "invented"}
    assert BayesianPlan.model_validate(plan).prior.scale == 0.5
    with pytest.raises(ValidationError, match="Field required"):
        BayesianPlan.model_validate({key: value for key, value in plan.items() if key != name})


@pytest.mark.parametrize(
    "parts",
    [
        PRIOR,
        {"distribution": "half-cauchy", "scale": 0.3},
        {"distribution": "half-t", "scale": 0.3, "df": 4},
        {"distribution": "uniform", "upper": 2},
        {"distribution": "log-normal", "location": -1.0, "scale": 0.8},
        {"distribution": "empirical", "measure": "OR"},
        {
            "distribution": "empirical",
            "measure": "SMD",
            "outcome": "mental health",
            "comparators": ["pharmacological", "placebo or control"],
            "area": "other",
        },
    ],
)
def test_every_prior_of_a_protocol_is_one_of_the_engine(parts: dict[str, object]) -> None:
    plan = PriorPlan.model_validate(parts)
    prior = prior_from({"distribution": plan.distribution, "reason": "invented", **plan.parts()})
    assert prior.cdf(prior.quantile(0.5)) == pytest.approx(0.5)
