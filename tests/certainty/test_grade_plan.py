"""The plan of the ratings in protocol.yml: what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from synth.errors import EvidenceError
from synth.protocol import parse_protocol
from synth.protocol.certainty import GradePlan, InformationPlan
from synth.yamltext import parse_yaml


def test_a_plan_without_anything_rates_main_outcomes_after_main_procedures() -> None:
    plan = GradePlan()
    assert (plan.procedures, plan.outcomes, plan.starts) == (("main",), ("main",), ())
    assert plan.start_of("trial") is None


def test_a_design_starts_at_one_level_only() -> None:
    start = {"designs": ["trial"], "basis": "randomised", "reason": "Invented."}
    assert GradePlan.model_validate({"starts": [start]}).start_of("trial") is not None
    with pytest.raises(ValidationError, match="stand twice in starts: trial"):
        GradePlan.model_validate({"starts": [start, {**start, "basis": "other"}]})


def test_outcomes_are_named_beside_those_of_a_role() -> None:
    plan = GradePlan.model_validate({"also": ["low back disability"]})
    assert plan.rates("hip function", "main")
    assert plan.rates("low back disability", "other")
    assert not plan.rates("gait", "other")
    with pytest.raises(ValidationError, match="stand twice in also: gait"):
        GradePlan.model_validate({"also": ["gait", "gait"]})


def test_an_outcome_that_is_named_must_be_one_of_the_protocol(repository: Path) -> None:
    text = (repository / "evidence" / "ifi" / "protocol.yml").read_text(encoding="utf-8")
    right = "also: [low back disability]"
    assert text.count(right) == 1
    with pytest.raises(EvidenceError, match=r"certainty\.grade\.also\.1.*'mood' is no outcome of this protocol"):
        parse_protocol(parse_yaml(text.replace(right, "also: [low back disability, mood]"), "protocol.yml"), "ifi")


@pytest.mark.parametrize("basis", ["robins-i", "high", ""])
def test_a_basis_that_could_not_be_read_of_is_not_offered(basis: str) -> None:
    with pytest.raises(ValidationError, match="randomised"):
        GradePlan.model_validate({"starts": [{"designs": ["cohort"], "basis": basis, "reason": "Invented."}]})


@pytest.mark.parametrize("name", ["alpha", "power", "relative_change"])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.2])
def test_numbers_of_the_information_size_are_proportions(name: str, value: float) -> None:
    right = {"alpha": 0.05, "power": 0.8, "relative_change": 0.25, "reason": "Invented."}
    assert InformationPlan.model_validate(right).alpha == 0.05
    with pytest.raises(ValidationError, match=name):
        InformationPlan.model_validate({**right, name: value})
