"""Indirectness, publication bias and the reasons to rate up, over invented bodies; and the citations of all rules."""

from __future__ import annotations

import pytest
from grade_bodies import body, comparison, ratio_pool, study

from synth.certainty.grade import rules
from synth.certainty.grade.indirectness import indirectness
from synth.certainty.grade.publication import publication_bias
from synth.certainty.grade.types import UP
from synth.certainty.grade.upgrades import upgrades


def test_a_surrogate_rates_down_and_how_far_is_open() -> None:
    found = indirectness(body(surrogate_for="Walking"))
    assert (found.steps, found.least, found.most) == (-1, -2, -1)
    assert "Walking" in found.reason
    assert indirectness(body("uncontrolled", study(n=10, selection="not selected"))).steps == 0


def test_what_was_not_seen_of_the_selection_is_not_direct() -> None:
    found = indirectness(body())
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert found.reason == "How people were selected was not seen."
    assert found.fact_text == "how people were selected: not seen in 1 of 1 study"


def test_only_where_every_study_says_that_nobody_was_picked_is_directness_settled() -> None:
    told = study("ash", n=30, selection="not selected")
    settled = indirectness(body("uncontrolled", told, study("elm", n=10, selection="not selected")))
    assert (settled.steps, settled.least, settled.most) == (0, 0, 0)
    assert "how people were selected: seen in every one of 2 studies" in settled.fact_text
    one_unseen = indirectness(body("uncontrolled", told, study("elm", n=10)))
    assert (one_unseen.steps, one_unseen.least, one_unseen.most) == (None, -1, 0)
    assert one_unseen.reason == "How people were selected was not seen in 1 of 2 studies."


def test_selected_people_leave_the_step_to_a_person() -> None:
    chosen = study(n=30, selection="only those who sing")
    found = indirectness(body("uncontrolled", chosen, study("elm", n=10)))
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert "only those who sing" in found.fact_text
    assert "75% of the people" in found.fact_text
    assert found.reason.endswith("How people were selected was not seen in 1 of 2 studies.")


def test_people_that_others_tell_of_leave_the_step_to_a_person() -> None:
    known = study(n=30, source_level="secondary report", selection="not selected")
    found = indirectness(body("uncontrolled", known, important_in="dancers"))
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert found.reason == "Known from a secondary report only: 1 of 1 study."
    assert "1 of 1 study known from a secondary report" in found.fact_text
    assert "dancers" in found.fact_text
    shown = study(n=30, source_level="meeting abstract", selection="not selected")
    own = indirectness(body("uncontrolled", shown))
    assert own.steps == 0
    assert "1 of 1 study known from a meeting abstract" in own.fact_text


def test_without_a_search_no_test_of_small_studies_settles_publication_bias() -> None:
    fine = comparison(ratio_pool(0.6, 0.5, 0.7, k=10, tests=(("Egger", 0.6),)))
    assert publication_bias(fine).steps is None
    assert "No search" in publication_bias(fine).reason


@pytest.mark.parametrize(
    ("p", "shown"), [(0.6, "p = 0.60"), (0.04, "p = 0.04"), (0.0099, "p < 0.01"), (1e-9, "p < 0.01"), (1.0, "p > 0.99")]
)
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_after_a_search_the_tests_are_shown_and_no_cut_off_decides(p: float, shown: str, level: float) -> None:
    pool = ratio_pool(0.6, 0.5, 0.7, k=10, tests=(("Egger", p), ("rank correlation", 0.9)))
    found = publication_bias(comparison(pool, searched="systematic review", level=level))
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert "no cut-off" in found.reason
    assert f"Egger {shown}; rank correlation p = 0.90" in found.fact_text


def test_after_a_search_few_studies_leave_it_open() -> None:
    found = publication_bias(comparison(searched="systematic review"))
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert "Too few" in found.reason


def test_uncontrolled_evidence_is_never_rated_up_however_large_the_change() -> None:
    huge = study(n=5000, estimate=90.0, interval=(89.0, 91.0))
    found = list(upgrades(body("uncontrolled", huge), lowered=False))
    assert [(item.domain, item.steps, item.most) for item in found] == [(domain, 0, 0) for domain in UP]
    assert {item.rule for item in found} == {rules.NO_UPGRADE_UNCONTROLLED}


def test_trials_are_not_rated_up() -> None:
    found = list(upgrades(comparison(ratio_pool(0.1, 0.05, 0.2)), lowered=False))
    assert {item.most for item in found} == {0}
    assert {item.rule for item in found} == {rules.NO_UPGRADE_RANDOMISED}


def test_nothing_is_rated_up_after_a_step_down() -> None:
    observed = comparison(ratio_pool(0.1, 0.05, 0.2), randomised=False)
    assert [item.most for item in upgrades(observed, lowered=True)] == [0, 0, 0]
    assert [item.most for item in upgrades(observed, lowered=False)] == [2, 1, 1]


# Risk ratio with its interval, and how far a person may rate up for its size.
SIZES = [
    ((0.50, 0.4, 0.6), 0),
    ((0.49, 0.4, 0.6), 1),
    ((2.00, 1.5, 2.5), 0),
    ((2.01, 1.5, 2.5), 1),
    ((0.20, 0.1, 0.4), 1),
    ((0.19, 0.1, 0.4), 2),
    ((5.01, 3.0, 8.0), 2),
    ((3.00, 0.9, 9.9), 0),
]


@pytest.mark.parametrize(("ratio", "most"), SIZES)
def test_a_large_effect_may_be_rated_up_by_a_person(ratio: tuple[float, float, float], most: int) -> None:
    found = next(upgrades(comparison(ratio_pool(*ratio), randomised=False), lowered=False))
    assert (found.least, found.most) == (0, most)
    assert found.steps == (None if most else 0)


def test_an_odds_ratio_is_not_read_as_a_risk_ratio() -> None:
    found = next(upgrades(comparison(ratio_pool(0.9, 0.8, 0.95, measure="OR"), randomised=False), lowered=False))
    assert found.steps is None


def test_every_rule_has_a_text_and_its_source_with_an_address_or_says_that_there_is_none() -> None:
    found = [item for item in vars(rules).values() if isinstance(item, rules.Rule)]
    assert len(found) > 15
    for rule in found:
        assert rule.text.endswith(".")
        if rule in (rules.RISK_WITHOUT_ALGORITHM, rules.RISK_WITHOUT_STEP):
            assert (rule.source, rule.read_at) == ("", "")
            continue
        assert rule.source
        assert all(place.startswith("http") for place in rule.read_at.split("; "))
        assert rule.citation == f"{rule.source} (read at {rule.read_at})"
