"""Pools by risk of bias: levels of a tool with a rule, each item alone of one without. Answers and figures invented."""

from __future__ import annotations

import numpy as np
import pytest

from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.certainty.pool_judgements import pool_by_risk_of_bias
from synth.certainty.risk_of_bias import Answered, Appraisal, RiskOfBias
from synth.certainty.tools import ABSTRACT_ONLY, tool
from synth.errors import MethodError
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.sensitivity import PoolChecks

STUDIES = ("invented0", "invented1", "invented2", "invented3", "invented4")


def pool(studies: tuple[str, ...] = STUDIES) -> PoolChecks:
    random = np.random.default_rng(5)
    pooled = pool_random_effects((random.normal(0, 1, len(studies)), random.uniform(0.1, 0.3, len(studies))))
    return PoolChecks(label="Invented pool", pooled=pooled, study_ids=studies)


def by_level(study: str, levels: tuple[str, ...], *, tool_id: str = "rob2", result: str = "tear") -> Appraisal:
    scale = ALGORITHMS[tool_id].levels
    domains = {domain.id: Judged(levels, (), scale) for domain in tool(tool_id).domains}
    return Appraisal(study, tool_id, result, {}, domains, Judged(levels, (), scale))


def by_item(study: str, answers: dict[str, str], tool_id: str = "jbi-case-series") -> Appraisal:
    given = {item.id: Answered(item.id, answers.get(item.id, ABSTRACT_ONLY)) for item in tool(tool_id).items}
    return Appraisal(study, tool_id, "", given)


def test_a_tool_with_a_rule_is_taken_by_its_overall_level() -> None:
    sets = [("low",), ("low",), ("low",), ("some concerns", "high"), ("high",)]
    risk = RiskOfBias(tuple(by_level(study, levels) for study, levels in zip(STUDIES, sets, strict=True)), ())
    (found,) = pool_by_risk_of_bias(pool(), risk, "tear")
    assert found.judged == "RoB 2, overall"
    assert found.levels == ("low", "some concerns", "high")
    assert [item.k for item in found.pools] == [3, 3, 4]
    assert [(item.k_least, item.k_most) for item in found.weights] == [(3, 3), (0, 1), (1, 2)]
    domains = pool_by_risk_of_bias(pool(), risk, "tear", domains=True)
    assert [item.judged for item in domains][1] == "RoB 2, D1 Randomisation process"
    assert len(domains) == 6
    (stricter,) = pool_by_risk_of_bias(pool(), risk, "tear", pool_from=4)
    assert stricter.pools[0].model is None


def test_other_results_do_not_count_and_several_need_a_name() -> None:
    both = [by_level(study, ("low",), result=result) for study in STUDIES for result in ("tear", "pain")]
    risk = RiskOfBias(tuple(both), ())
    assert len(pool_by_risk_of_bias(pool(), risk, "pain")) == 1
    with pytest.raises(MethodError, match="invented0 has several results appraised with RoB 2; name the one"):
        pool_by_risk_of_bias(pool(), risk)
    assert pool_by_risk_of_bias(pool(("a", "b", "c")), risk, "tear") == ()


def test_no_information_has_no_rank_in_robins_i() -> None:
    levels = [("low",), ("moderate",), ("no information",), ("critical",), ("serious",)]
    risk = RiskOfBias(
        tuple(by_level(study, given, tool_id="robins-i") for study, given in zip(STUDIES, levels, strict=True)), ()
    )
    (found,) = pool_by_risk_of_bias(pool(), risk, "tear")
    assert found.levels == ("low", "moderate", "serious", "critical")
    assert [item.level for item in found.weights][-1] == "no information"


def test_rule_21_a_tool_without_a_rule_is_taken_item_by_item() -> None:
    answers = ["yes", "yes", "no", "unclear", "not applicable"]
    risk = RiskOfBias(tuple(by_item(study, {"4": answer}) for study, answer in zip(STUDIES, answers, strict=True)), ())
    found = pool_by_risk_of_bias(pool(), risk)
    assert len(found) == 10
    fourth = found[3]
    assert fourth.judged == "JBI case series, item 4 (Consecutive patients)"
    assert fourth.levels == ("yes", "no")
    assert [item.k for item in fourth.pools] == [2, 4]
    assert [item.level for item in fourth.weights] == ["yes", "no", "not applicable"]
    assert all(len(item.open) == 5 for place, item in enumerate(found) if place != 3)


def test_the_answers_of_minors_go_from_adequate_to_silent() -> None:
    risk = RiskOfBias(tuple(by_item(study, {"1": "2"}, "minors") for study in STUDIES[:4]), ())
    found = pool_by_risk_of_bias(pool(), risk)
    assert found[0].levels == ("2", "1", "0")
    assert found[0].not_judged == ("study 5",)
