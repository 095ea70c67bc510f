"""Pools by judgements: the fits are those of the studies named, bounds are those of every completion. Data invented."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.certainty.risk_of_bias import CONFLICT
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED
from synth.errors import MethodError
from synth.synthesis import common_effect, random_effects, subgroups
from synth.synthesis.by_judgement import ByJudgement, by_judgement
from synth.synthesis.judgement_weights import OPEN_ANSWERS, of_answers, share_words, standings, weight_by_level
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.models import meta_regression
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.subgroups import Subgroups

LEVELS = ("low", "some concerns", "high")
SETS = [("low",), ("some concerns",), ("high",), ("low", "some concerns"), ("some concerns", "high"), LEVELS]


def studies(k: int) -> list[str]:
    return [f"invented{index}" for index in range(k)]


def model_of(k: int, **options: Any) -> MetaAnalysis:
    random = np.random.default_rng(11)
    y, v = random.normal(-0.5, 0.5, k), random.uniform(0.05, 0.4, k)
    return random_effects(y, v, labels=studies(k), **options)


def by_name(found: ByJudgement) -> dict[str, Any]:
    return {item.name: item for item in found.pools}


def judged(levels: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {study: tuple(given) for study, given in zip(studies(len(levels)), levels, strict=True)}


def test_settled_judgements_give_one_pool_for_each_level_but_the_worst() -> None:
    model = model_of(9)
    found = by_judgement(model, judged([(LEVELS[index % 3],) for index in range(9)]), levels=LEVELS, measure="RR")
    assert list(by_name(found)) == ["only low", "only low or some concerns"]
    for item, rows in zip(found.pools, ([0, 3, 6], [0, 1, 3, 4, 6, 7]), strict=True):
        alone = random_effects(model.estimates[rows], model.variances[rows])
        assert item.estimate == alone.estimate
        assert item.interval == alone.interval
        assert item.prediction == (alone.predict().prediction_low[0], alone.predict().prediction_high[0])  # type: ignore[index]
        assert item.weight == pytest.approx(float(model.weights[rows].sum()))
        assert item.studies == tuple(f"invented{row}" for row in rows)
        assert (item.k, item.reason, item.open_kept) == (len(rows), "", False)
    assert found.open == found.not_judged == ()


def completions(given: Mapping[str, Sequence[str]], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Every way in which open judgements can be settled; a study without one may stand anywhere."""
    return list(product(*(given.get(study, LEVELS) for study in ids)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*SETS, None]), min_size=1, max_size=6), st.data())
def test_bounds_are_the_least_and_the_most_over_every_completion(
    sets: list[tuple[str, ...] | None], data: st.DataObject
) -> None:
    ids = studies(len(sets))
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(ids), max_size=len(ids)))
    given_levels = {study: levels for study, levels in zip(ids, sets, strict=True) if levels is not None}
    found = {item.level: item for item in weight_by_level(ids, weights, given_levels, levels=LEVELS)}
    every = completions(given_levels, ids)
    for place, level in enumerate(LEVELS):
        at = [[w for w, said in zip(weights, one, strict=True) if said == level] for one in every]
        worse = [[w for w, said in zip(weights, one, strict=True) if said in LEVELS[place:]] for one in every]
        item, total = found[level], sum(weights)
        assert (item.k_least, item.k_most) == (min(map(len, at)), max(map(len, at)))
        assert item.least == pytest.approx(min(map(sum, at)) / total)
        assert item.most == pytest.approx(max(map(sum, at)) / total)
        assert item.worse_least == pytest.approx(min(map(sum, worse)) / total)
        assert item.worse_most == pytest.approx(max(map(sum, worse)) / total)


def test_a_pool_without_open_studies_and_one_with_them() -> None:
    sets = [*SETS, *SETS]
    found = by_judgement(model_of(12), judged(sets), levels=LEVELS)
    ids, every = studies(12), completions(judged(sets), studies(12))
    for place, level in enumerate(LEVELS[:-1]):
        kept = [{study for study, said in zip(ids, one, strict=True) if said in LEVELS[: place + 1]} for one in every]
        strict, lenient = (item for item in found.pools if item.level == level)
        assert (strict.open_kept, lenient.open_kept) == (False, True)
        assert set(strict.studies) == set.intersection(*kept)
        assert set(lenient.studies) == set.union(*kept)
        assert strict.name.endswith("; open judgements counted as the worst they can be")
        assert lenient.name.endswith("; open judgements counted as the best they can be")
    assert set(found.open) == {study for study, levels in zip(ids, sets, strict=True) if len(levels) > 1}


def test_rule_13_nothing_is_pooled_below_three() -> None:
    levels = [("low",)] * 2 + [("some concerns",)] + [("high",)] * 9
    found = by_judgement(model_of(12), judged(levels), levels=LEVELS, label="Invented")
    low, better = found.pools
    assert (low.model, low.estimate, low.interval, low.prediction) == (None, None, None, None)
    assert low.reason == "2 studies: nothing is pooled below 3"
    assert better.k == 3
    assert better.model is not None
    assert "Only low (2 studies: nothing is pooled below 3)." in found.words
    assert "not pooled" in found.show().frame.iloc[1].tolist()
    stricter = by_judgement(model_of(12), judged(levels), levels=LEVELS, pool_from=4)
    assert stricter.pools[1].reason == "3 studies: nothing is pooled below 4"
    none = by_judgement(model_of(4), judged([("high",)] * 4), levels=LEVELS)
    assert [item.reason for item in none.pools] == ["no study: nothing is pooled below 3"] * 2
    two = by_judgement(model_of(2), judged([("low",)] * 2), levels=LEVELS)
    assert all(item.model is None and item.k == 2 for item in two.pools)
    one = by_judgement(model_of(3), judged([("low",), ("high",), ("high",)]), levels=("low", "high"))
    assert one.pools[0].reason == "one study: nothing is pooled below 3"


def test_a_pool_of_every_study_is_the_pool_as_it_is() -> None:
    model = model_of(5)
    found = by_judgement(model, judged([("low",)] * 5), levels=LEVELS)
    assert all(item.model is model for item in found.pools)
    assert "Only low: every study qualifies, so that this is the pool of all." in found.words


@pytest.mark.parametrize(("settled", "tested"), [(9, False), (10, True), (12, True)])
def test_groups_are_compared_from_ten_settled_studies(settled: int, tested: bool) -> None:
    sets: list[tuple[str, ...]] = [("low",), ("high",)] * 6
    sets[settled:] = [("low", "high")] * (12 - settled)
    model = model_of(12)
    found = by_judgement(model, judged(sets), levels=("low", "high"))
    said = found.words[-1]
    if not tested:
        assert found.check.result is None
        assert said == (
            "Groups by judgement: 9 of 12 studies have a settled judgement; below 10 groups are not compared."
        )
        return
    rows = list(range(settled))
    alone = subgroups(model.estimates[rows], model.variances[rows], [sets[row][0] for row in rows], tau2="common")
    assert isinstance(found.check.result, Subgroups)
    assert found.check.result.q_between_p == alone.q_between_p
    assert f"low ({settled // 2}), high ({settled // 2}): p = {alone.q_between_p:.3f}" in said
    assert ("not settled, so left out: invented10, invented11" in said) is (settled == 10)
    assert said.endswith("A relation across studies is an observation and no comparison within them.")


def test_groups_of_one_level_or_one_study_are_not_compared_and_the_reason_is_told() -> None:
    alike = by_judgement(model_of(10), judged([("low",)] * 10), levels=LEVELS)
    assert "at least two groups are expected" in alike.words[-1]
    single = by_judgement(model_of(10), judged([("low",)] * 9 + [("high",)]), levels=LEVELS)
    assert single.words[-1] == "Groups by judgement: one study only: high; each group needs at least 2."


def test_studies_that_nobody_judged_may_stand_anywhere_and_are_named() -> None:
    found = by_judgement(model_of(6), judged([("low",)] * 4), levels=LEVELS)
    assert found.not_judged == found.open == ("invented4", "invented5")
    assert "Not judged, so that any level is possible: invented4, invented5." in found.words
    assert [item.k for item in found.pools if item.level == "low"] == [4, 6]


def test_no_information_is_no_rank() -> None:
    scale = ("low", "moderate", "serious", "critical")
    sets = [("low",)] * 3 + [("no information",), ("moderate", "no information"), ("critical",)]
    found = by_judgement(model_of(6), judged(sets), levels=scale)
    weights = {item.level: item for item in found.weights}
    assert (weights["no information"].k_least, weights["no information"].k_most) == (1, 2)
    assert weights["no information"].worse_least is None
    assert (weights["critical"].k_least, weights["critical"].k_most) == (1, 3)
    assert [item.k for item in found.pools if item.level == "low"] == [3, 5]
    assert standings(["a"], {"a": ("no information",)}, scale)[0].settled is False


def test_the_words_name_measure_shares_and_a_turn_of_the_interval() -> None:
    y = np.array([-1.0, -0.9, -1.1, -1.0, 0.1, -0.1, 0.0])
    model = random_effects(y, np.full(7, 0.05), labels=studies(7))
    found = by_judgement(model, judged([("high",)] * 4 + [("low",)] * 3), levels=("low", "high"), measure="RR")
    (low,) = found.pools
    assert low.model is not None
    assert found.words[0] == "Share of the weight of 7 studies by risk of bias: low 42.9%; high 57.1%."
    assert found.words[1].startswith("Only low (3 of 7 studies, 42.9% of the weight): risk ratio 1.00 (0.57 to 1.74)")
    assert f"{math.exp(low.model.estimate):.2f} (" in found.words[1]
    assert f"all studies: {math.exp(model.estimate):.2f} (" in found.words[1]
    assert found.words[2] == "With 3 studies the spread between them is hardly known."
    assert found.words[3].startswith(
        "This interval includes no difference; that of all studies does not. Fewer studies"
    )
    banned = ("significant", "effective", "improves", "reduces", "relieves", "safe")
    assert not [word for word in banned if any(word in sentence for sentence in found.words)]


def test_the_tables_hold_what_the_parts_hold() -> None:
    found = by_judgement(model_of(12), judged([*SETS, *SETS]), levels=LEVELS, measure="RR", label="Invented pool")
    shown, weights = found.show(), found.show_weights()
    assert shown.caption == "Invented pool: the pool by risk of bias"
    assert shown.frame["k"].tolist() == ["12", *(str(item.k) for item in found.pools)]
    assert shown.frame["studies"].tolist() == ["all studies", *(item.name for item in found.pools)]
    assert weights.frame["level"].tolist() == list(LEVELS)
    assert weights.frame["weight"].tolist() == [share_words(item.least, item.most) for item in found.weights]
    assert weights.frame["studies"].tolist() == ["2 to 6", "2 to 8", "2 to 6"]
    assert "Invented pool" in found._repr_html_()
    assert repr(found) == "ByJudgement('Invented pool', risk of bias, k = 12)"


@pytest.mark.parametrize("k", [3, 12, 60])
def test_any_number_of_studies_has_sentences_and_tables(k: int) -> None:
    found = by_judgement(model_of(k), judged([SETS[index % 6] for index in range(k)]), levels=LEVELS, measure="OR")
    assert len(found.words) >= 4
    assert len(found.show().frame) == 1 + len(found.pools)
    for item in found.pools:
        assert (item.model is None) is (item.k < 3)
        assert f"{item.k} of {k} studies" in " ".join(found.words) or item.model is None or item.k == k


def test_a_pool_of_a_review_brings_its_own_names() -> None:
    model = model_of(4)
    pooled = pool_random_effects((model.estimates, model.variances), interval="t", tau2="DL")
    checks = PoolChecks(label="Invented pool", pooled=pooled, study_ids=tuple(studies(4)))
    found = by_judgement(checks, judged([("low",)] * 3 + [("high",)]), levels=LEVELS)
    assert (found.label, found.measure) == ("Invented pool", "GEN")
    low = found.pools[0]
    assert low.model is not None
    assert (low.model.method, low.model.test, low.k) == ("DL", "t", 3)


def test_other_models_are_fitted_again_as_they_were() -> None:
    model = model_of(6)
    levels = judged([("low",)] * 4 + [("high",)] * 2)
    common = common_effect(model.estimates, model.variances, labels=studies(6))
    low = by_judgement(common, levels, levels=LEVELS).pools[0]
    assert low.estimate == common_effect(model.estimates[:4], model.variances[:4]).estimate
    assert low.prediction is None
    own = model_of(6, weights=[1, 2, 3, 4, 5, 6], tau2=0.2)
    low = by_judgement(own, levels, levels=LEVELS).pools[0]
    assert low.estimate == pytest.approx(float(np.average(model.estimates[:4], weights=[1, 2, 3, 4])))
    assert low.model is not None
    assert low.model.tau2 == 0.2


def test_a_fit_that_fails_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*parts: object, **more: object) -> MetaAnalysis:
        raise MethodError("invented: no answer")

    model = model_of(6)
    monkeypatch.setattr("synth.synthesis.by_judgement.random_effects", fails)
    found = by_judgement(model, judged([("low",)] * 4 + [("high",)] * 2), levels=LEVELS)
    assert (found.pools[0].model, found.pools[0].reason) == (None, "invented: no answer")


def test_answers_to_one_item_are_judgements_and_open_ones_stay_open() -> None:
    assert {ABSTRACT_ONLY, NOT_ANSWERED, CONFLICT, "unclear"} == set(OPEN_ANSWERS)
    answers = dict(zip(studies(6), ["yes", "no", "unclear", ABSTRACT_ONLY, "not applicable", "yes"], strict=True))
    found = of_answers(answers)
    assert list(found.values()) == [("yes",), ("no",), ("yes", "no"), ("yes", "no"), ("not applicable",), ("yes",)]
    pool = by_judgement(model_of(6), found, levels=("yes", "no"), unranked=("not applicable",), judged="item 4")
    assert [item.k for item in pool.pools] == [2, 5]
    assert pool.pools[1].name == "only yes; open judgements counted as the best they can be"
    with pytest.raises(MethodError, match="invented0: answer 'perhaps'; one of yes, no, not applicable, unclear"):
        of_answers({"invented0": "perhaps"})


@pytest.mark.parametrize(
    ("judgements", "options", "message"),
    [
        ({"invented0": ("grave",)}, {}, "invented0: level 'grave'; one of low, some concerns, high, no information"),
        ({"invented0": "low"}, {}, r"invented0: judgement 'low'; its possible levels are expected, such as \('low',\)"),
        ({"invented0": ()}, {}, r"invented0: judgement \(\)"),
        ([("low",)], {}, "the possible levels by study id are expected"),
        ({}, {"levels": ("low",)}, "two or more different levels are expected, the best first"),
        ({}, {"levels": ("low", "low")}, "two or more different levels"),
        ({}, {"levels": "low"}, "levels 'low': several texts are expected"),
        ({}, {"levels": ("low", " ")}, "several texts are expected"),
        ({}, {"study_ids": ["a"]}, "1 study ids for 4 estimates"),
        ({}, {"study_ids": ["a", "b", "c", "a"]}, "a is in the pool more than once"),
        ({}, {"pool_from": 2}, "pool_from = 2: at least 3 is expected"),
        ({}, {"measure": "nothing"}, "nothing"),
    ],
)
def test_what_does_not_fit_is_refused(judgements: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        by_judgement(model_of(4), judgements, **{"levels": LEVELS, **options})


def test_what_is_no_pool_is_refused() -> None:
    with pytest.raises(MethodError, match=r"a pool \(PoolChecks or MetaAnalysis\) is expected, not str"):
        by_judgement("pool", {}, levels=LEVELS)  # type: ignore[arg-type]
    model = model_of(5)
    related = meta_regression(model.estimates, model.variances, {"x": [1.0, 2, 3, 4, 6]})
    with pytest.raises(MethodError, match="relates effects to moderators"):
        by_judgement(related, {}, levels=LEVELS)


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1.0], "1 weights for 2 studies"), ([1.0, -1.0], "b: weight -1.0"), ([0.0, 0.0], "all are 0")],
)
def test_weights_that_are_none_are_refused(weights: list[float], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        weight_by_level(["a", "b"], weights, {}, levels=LEVELS)
