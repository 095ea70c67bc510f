"""What a pool hangs on: the right numbers beside it, and none where evidence is too thin for them. Data invented."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evidence_patterns import Event, Row, synthesis_of

import synth
from synth.effects.binary import TwoArmCounts
from synth.errors import MethodError
from synth.synthesis import sensitivity_fits
from synth.synthesis.answers import Synthesis
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.sensitivity_fits import ModeratorColumn
from synth.synthesis.subgroups import Subgroups

COUNTS = [(4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 1359, 248, 1286), (33, 506, 47, 580)]


def checks_of(k: int, **more: object) -> PoolChecks:
    """A pool of invented estimates."""
    random = np.random.default_rng(7)
    y, v = random.normal(1, 1.5, k), random.uniform(0.05, 0.3, k)
    names = tuple(f"study{index}" for index in range(k))
    return PoolChecks(label="Comfort", pooled=pool_random_effects((y, v)), study_ids=names, **more)  # type: ignore[arg-type]


def synthesis_of_counts(measure: str, k: int = 5) -> Synthesis:
    rows, events = [], []
    for index, (a, n1, c, n2) in enumerate(COUNTS[:k]):
        name = f"study{index}"
        rows += [Row(name, arm="T", patients=n1), Row(name, arm="C", procedure="none", patients=n2)]
        events += [Event(name, "tear", a, n1, arm="T"), Event(name, "tear", c, n2, arm="C")]
    plan = {"id": "tear", "label": "Tear", "event": "tear", "measure": measure, "treated": "knot", "control": "none"}
    return synthesis_of(*rows, events=events, comparisons=[{**plan, "fewer_is_better": True}])


def test_rule_13_nothing_stands_beside_the_pool_of_two() -> None:
    checks = checks_of(2, columns=(column([1.0, 2.0]),))
    assert not checks.enough
    assert (checks.alternatives, checks.stratified, checks.influential) == ((), (), ())
    assert (checks.leave_one_out, checks.extremes, checks.influence) == (None, None, None)
    assert not checks.small_study.tests
    assert checks.moderators[0].result is None
    for shown in (checks.show_alternatives(), checks.show_studies()):
        assert repr(shown) == "Two estimates: their pool is a check beside the two, and nothing is checked further."
    assert "not made" in repr(checks.show_small_study())


@pytest.mark.parametrize(("k", "made"), [(3, False), (9, False), (10, True)])
def test_rule_13_tests_for_small_study_effects_from_ten(k: int, made: bool) -> None:
    found = checks_of(k).small_study
    assert (list(found.tests) == ["Egger", "rank correlation", "trim and fill"]) is made
    assert bool(found.tests) is made
    assert (f"with {k} estimates, fewer than 10" in found.reason) is not made


def test_alternatives_are_the_fits_that_they_name() -> None:
    checks = checks_of(6)
    found = {item.key: item for item in checks.alternatives}
    assert list(found) == [
        "planned",
        "tau2_pm",
        "tau2_dl",
        "tau2_sj",
        "interval_hartung_knapp",
        "interval_normal",
        "common_effect",
    ]
    y, v = checks.model.estimates, checks.model.variances
    w = 1 / v
    common = float((w * y).sum() / w.sum())
    assert found["common_effect"].estimate == pytest.approx(common, rel=1e-12)
    assert found["common_effect"].tau2 is None
    # DerSimonian and Laird's formula, written out.
    q = float((w * (y - common) ** 2).sum())
    tau2 = max(0.0, (q - 5) / float(w.sum() - (w**2).sum() / w.sum()))
    assert tau2 > 0
    assert found["tau2_dl"].tau2 == pytest.approx(tau2, rel=1e-10)
    assert found["planned"].interval == checks.pooled.interval


def test_an_estimator_as_planned_is_not_shown_twice() -> None:
    random = np.random.default_rng(7)
    pooled = pool_random_effects((random.normal(1, 0.5, 6), random.uniform(0.1, 0.3, 6)), tau2="DL", interval="normal")
    names = [item.key for item in PoolChecks(label="x", pooled=pooled, study_ids=("a",) * 6).alternatives]
    assert {"tau2_reml", "interval_hartung_knapp_guarded"} <= set(names)
    assert not {"tau2_dl", "interval_normal"} & set(names)


def test_a_method_without_an_answer_is_a_row_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sensitivity_fits.random_effects

    def fails(*parts: object, method: str, **more: object) -> MetaAnalysis:
        if method == "SJ":
            raise MethodError("invented: no answer")
        return whole(*parts, method=method, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sensitivity_fits, "random_effects", fails)
    checks = checks_of(6)
    (found,) = (item for item in checks.alternatives if item.key == "tau2_sj")
    assert (found.estimate, found.note) == (None, "invented: no answer")
    assert "tau2 by Sidik-Jonkman (invented: no answer)" in repr(checks.show_alternatives())


def test_extremes_are_the_outermost_of_all_refits() -> None:
    checks = checks_of(6)
    y, v = checks.model.estimates, checks.model.variances
    refits = {
        index: pool_random_effects((np.delete(y, index), np.delete(v, index))).estimate for index in range(len(y))
    }
    lowest, highest = min(refits, key=refits.__getitem__), max(refits, key=refits.__getitem__)
    assert checks.extremes is not None
    assert [out.study for out in checks.extremes] == [checks.model.labels[lowest], checks.model.labels[highest]]
    assert checks.extremes[0].estimate == pytest.approx(refits[lowest], rel=1e-7)
    assert checks.extremes[1].estimate == pytest.approx(refits[highest], rel=1e-7)


def test_one_far_study_is_named_as_influential() -> None:
    y, v = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 1.0, 9.0]), np.full(7, 0.04)
    names = tuple("abcdefg")
    pooled = pool_random_effects((y, v), tau2="DL")
    checks = PoolChecks(label="x", pooled=pooled, study_ids=names)
    assert checks.influential == ("study 7",)
    assert repr(checks.show_studies()).count(" yes ") == 1


def test_counts_are_pooled_by_mantel_and_haenszel_and_odds_ratios_by_peto() -> None:
    (risk,) = synthesis_of_counts("RR").pools
    above = sum(a * n2 / (n1 + n2) for a, n1, c, n2 in COUNTS)
    below = sum(c * n1 / (n1 + n2) for a, n1, c, n2 in COUNTS)
    (found,) = risk.stratified
    assert found.estimate == pytest.approx(math.log(above / below), rel=1e-12)
    assert [item.key for item in risk.alternatives][-1] == "mantel_haenszel"
    (odds,) = synthesis_of_counts("OR").pools
    assert [item.key for item in odds.alternatives][-2:] == ["mantel_haenszel", "peto"]
    deviation = sum(a - n1 * (a + c) / (n1 + n2) for a, n1, c, n2 in COUNTS)
    information = sum(
        n1 * n2 * (a + c) * (n1 + n2 - a - c) / ((n1 + n2) ** 2 * (n1 + n2 - 1)) for a, n1, c, n2 in COUNTS
    )
    assert odds.alternatives[-1].estimate == pytest.approx(deviation / information, rel=1e-12)
    assert synthesis_of_counts("OR", 2).pools[0].stratified == ()


def test_tests_made_for_odds_ratios_come_with_them_alone() -> None:
    counts = tuple(
        TwoArmCounts(
            study_id=f"study{index}",
            events_treated=4 + index,
            total_treated=60 + 9 * index,
            events_control=9 + index % 3,
            total_control=55 + 7 * index,
            unit_of_analysis="patients",
        )
        for index in range(10)
    )
    checks = checks_of(10, counts=counts)
    odds = replace(checks, pooled=replace(checks.pooled, measure="OR"))
    ratio = replace(checks, pooled=replace(checks.pooled, measure="RR"))
    assert list(odds.small_study.tests)[-2:] == ["Peters", "Harbord"]
    assert list(ratio.small_study.tests) == ["Egger", "rank correlation", "trim and fill"]


def test_a_test_that_the_studies_do_not_allow_is_named_with_its_reason() -> None:
    random = np.random.default_rng(3)
    pooled = pool_random_effects((random.normal(1, 0.5, 10), np.full(10, 0.2)))
    found = PoolChecks(label="x", pooled=pooled, study_ids=tuple("abcdefghij")).small_study
    assert "Egger" in dict(found.not_made)
    assert "in every study" in dict(found.not_made)["Egger"]


def column(values: list[float | str | None], kind: str = "number") -> ModeratorColumn:
    by_study = {f"study{index}": value for index, value in enumerate(values)}
    return ModeratorColumn("weight", "Weight", kind, "kg", by_study)  # type: ignore[arg-type]


def test_a_number_is_a_meta_regression_from_ten_values() -> None:
    checks = checks_of(11, columns=(column([*map(float, range(10)), None]),))
    (found,) = checks.moderators
    assert isinstance(found.result, MetaAnalysis)
    assert (found.result.k, found.reason) == (10, "not seen, so left out: study 11")
    assert found.result.names == ("intercept", "Weight")
    (few,) = checks_of(11, columns=(column([*map(float, range(9)), None, None]),)).moderators
    assert few.result is None
    assert few.reason == "9 of 11 estimates have a value; below 10 the pool is not related to it"


def test_a_number_that_is_the_same_everywhere_has_a_reason_and_no_result() -> None:
    (found,) = checks_of(10, columns=(column([5.0] * 10),)).moderators
    assert found.result is None
    assert "Weight" in found.reason


def test_a_text_makes_groups_of_two_or_more() -> None:
    texts: list[float | str | None] = ["pine"] * 6 + ["fir"] * 4
    checks = checks_of(10, columns=(column(texts, "text"),))
    (found,) = checks.moderators
    assert isinstance(found.result, Subgroups)
    assert found.result.tau2 == "common"
    shown = checks.show_moderators().frame
    assert list(shown["part"]) == ["between groups", "fir", "pine"]
    (alone,) = checks_of(10, columns=(column([*texts[:9], "oak"], "text"),)).moderators
    assert (alone.result, alone.reason) == (None, "one study only: oak; each group needs at least 2")


def test_checks_are_computed_when_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    synthesis = synthesis_of_counts("RR")
    (checks,) = synthesis.pools
    assert set(vars(checks)) == {"label", "pooled", "study_ids", "counts", "arms", "columns", "plan", "target", "rules"}
    assert checks.alternatives is checks.alternatives
    assert synthesis.pools is synthesis.pools
    assert synthesis.pools.of(synthesis.comparison("tear")) is checks


def test_pools_of_answers_and_none() -> None:
    rows = [Row(f"study{index}", after=60 + 5 * index, change_sd=10) for index in range(3)]
    synthesis = synthesis_of(*rows)
    (checks,) = synthesis.pools
    assert checks.label == "Knot: Comfort (scale)"
    assert checks.study_ids == ("study0", "study1", "study2")
    assert synthesis.pools.of(synthesis.answer("knot", "comfort")) is checks
    none = synthesis_of(rows[0])
    assert len(none.pools) == 0
    assert repr(none.pools) == "Nothing is pooled; the ladder says why."
    with pytest.raises(MethodError, match="has no pool"):
        none.pools.of(none.answer("knot", "comfort"))


def test_the_protocol_sets_the_pool_of_an_answer() -> None:
    rows = [Row(f"study{index}", after=60 + 5 * index, change_sd=10) for index in range(4)]
    pooled = synthesis_of(*rows, tau2="DL", interval="t").answer("knot", "comfort").pooled
    assert pooled is not None
    assert (pooled.tau2_method, pooled.interval_method) == ("DL", "t")


def test_moderators_of_the_worked_example(repository: Path) -> None:
    """Absolute latitude against log risk ratio: metafor prints -0.0291 (REML)."""
    (checks,) = synth.open_review("bcg", root=repository).synthesis.pools
    latitude, allocation = checks.moderators
    assert isinstance(latitude.result, MetaAnalysis)
    assert f"{latitude.result.beta[-1]:.4f}" == "-0.0291"
    assert isinstance(allocation.result, Subgroups)
    assert {name: model.k for name, model in allocation.result.models.items()} == {
        "alternate": 2,
        "random": 7,
        "systematic": 4,
    }
