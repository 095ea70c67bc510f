"""Judgements of people: read from text cells, faults by file, line and column, and facts that have moved since."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from grade_bodies import body, comparison, judgement, rating_of, ratio_pool, study
from hypothesis import given
from hypothesis import strategies as st

from synth.certainty.grade import fact_of, grade_faults, overrides_of
from synth.certainty.grade.imprecision import imprecision
from synth.certainty.grade.making import undecided
from synth.certainty.grade.overrides import domain_rating
from synth.certainty.grade.rating import domains_of, reason_of
from synth.certainty.grade.rules import (
    LARGE_EFFECT,
    NO_UPGRADE_AFTER_DOWN,
    NO_UPGRADE_RANDOMISED,
    NO_UPGRADE_UNCONTROLLED,
    OTHER_UPGRADES,
    START_RANDOMISED,
)
from synth.certainty.grade.start import Start
from synth.certainty.grade.types import UNCONFIRMED, UP, DomainRating, Fact, Level, Suggestion
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.protocol.certainty import CertaintyPlan, GradePlan, StartPlan, ToolPlan
from synth.schemas import GRADE, Table

PROTOCOL = Protocol.model_validate_json(
    """{"format": 1, "review": "invented", "title": "An invented question",
    "question": {"text": "i", "population": "i", "interventions": "i", "comparators": "i", "outcomes": "i"},
    "standing": {"kind": "evidence map", "written": "2026-01-01", "post_hoc": true, "note": "Invented."},
    "people": [{"id": "anna", "name": "Anna Person", "kind": "person", "role": "invented"},
               {"id": "robot", "name": "Robot", "kind": "software", "role": "invented"}],
    "procedures": [{"id": "knot", "label": "Knot", "role": "main"}, {"id": "bow", "label": "Bow", "role": "context"},
                   {"id": "none", "label": "Nothing", "role": "comparator"}],
    "outcomes": [{"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
                 {"id": "colour", "label": "Colour", "role": "other", "instruments": ["scale"]}],
    "instruments": [{"id": "scale", "label": "Scale", "unit": "points", "better": "higher"}],
    "events": [{"id": "tear", "kind": "outcome"}],
    "eligibility": {"reason": "Invented."},
    "synthesis": {"tau2": "REML", "interval": "normal", "level": 0.95, "overlap": "exclude", "overlap_reason": "i",
      "comparisons": [{"id": "tears", "label": "Tears", "event": "tear", "measure": "RR", "treated": "knot",
                       "control": "none", "fewer_is_better": true}]}}"""
)
RIGHT = {
    "about": "tears",
    "outcome": "tear",
    "domain": "risk of bias",
    "rating": "-1",
    "reason": "No trial hid its allocation.",
    "fact": "0 of 5 studies appraised",
    "name": "anna",
    "date": "2026-01-02",
}


def table(*rows: dict[str, str]) -> Table:
    frame = pd.DataFrame([{**RIGHT, **row} for row in rows], columns=list(GRADE.headings), dtype=str)
    return Table(GRADE, GRADE.file, frame, tuple(range(2, len(rows) + 2)))


def test_a_right_row_is_a_judgement_by_the_person_of_that_id() -> None:
    assert list(grade_faults(table({}), PROTOCOL)) == []
    (found,) = overrides_of(table({}), PROTOCOL)
    assert (found.about, found.outcome, found.domain, found.steps) == ("tears", "tear", "risk of bias", -1)
    assert (found.name, found.date, found.line) == ("Anna Person", "2026-01-02", 2)


# Changed cells, column of the fault, and a part of the message.
FAULTS = [
    ({"about": "hat"}, "about", "expected one of: knot, tears"),
    ({"about": "bow", "outcome": "comfort"}, "about", "'bow' is no procedure or comparison that is rated"),
    ({"outcome": "comfort"}, "outcome", "expected one of: tear"),
    ({"about": "knot", "outcome": "colour"}, "outcome", "expected one of: comfort"),
    ({"domain": "taste"}, "domain", "expected one of: risk of bias, inconsistency"),
    ({"rating": "-3"}, "rating", "0, -1 or -2 is expected"),
    ({"rating": "1"}, "rating", "0, -1 or -2 is expected"),
    ({"rating": "+1"}, "rating", "0, -1 or -2 is expected"),
    ({"rating": "low"}, "rating", "0, -1 or -2 is expected"),
    ({"rating": ""}, "rating", "0, -1 or -2 is expected"),
    ({"domain": "large effect", "rating": "-1"}, "rating", "0, +1 or +2 is expected"),
    ({"domain": "large effect", "rating": "+3"}, "rating", "0, +1 or +2 is expected"),
    ({"about": "knot", "outcome": "comfort", "domain": "large effect", "rating": "+1"}, "rating", "uncontrolled"),
    ({"domain": "dose response", "rating": "2"}, "rating", "at most +1 is allowed (GRADE guidelines 9"),
    ({"domain": "opposing confounding", "rating": "+2"}, "rating", "at most +1 is allowed (GRADE guidelines 9"),
    ({"name": "robot"}, "name", "is software; only people may override a suggestion: anna"),
    ({"name": "berta"}, "name", "is nobody of protocol.yml"),
    ({"name": "Anna Person"}, "name", "is nobody of protocol.yml"),
    ({"reason": " "}, "reason", "is empty"),
    ({"fact": ""}, "fact", "what fact_of prints is expected"),
]


@pytest.mark.parametrize(("cells", "column", "words"), FAULTS)
def test_a_wrong_cell_is_a_fault_with_file_line_and_column(cells: dict[str, str], column: str, words: str) -> None:
    (fault,) = grade_faults(table({}, cells), PROTOCOL)
    assert (fault.file, fault.line, fault.column) == ("certainty/grade.csv", 3, column)
    assert words in fault.message
    with pytest.raises(MethodError, match=f"grade.csv:3: {column}"):
        overrides_of(table({}, cells), PROTOCOL)


@pytest.mark.parametrize(("rating", "steps"), [("0", 0), ("+1", 1), ("2", 2)])
def test_a_person_may_rate_a_comparison_up_and_a_spreadsheet_may_drop_the_plus(rating: str, steps: int) -> None:
    (found,) = overrides_of(table({"domain": "large effect", "rating": rating}), PROTOCOL)
    assert found.steps == steps


TRIALS = StartPlan(designs=("trial",), basis="randomised", reason="Invented.")
COHORTS = StartPlan(designs=("cohort",), basis="other", reason="Invented.")


def with_starts(*starts: StartPlan, tools: tuple[ToolPlan, ...] = ()) -> Protocol:
    certainty = CertaintyPlan(tools=tools, grade=GradePlan(starts=starts))
    return PROTOCOL.model_copy(update={"certainty": certainty})


@pytest.mark.parametrize("domain", UP)
def test_where_every_named_design_is_randomised_a_step_up_is_a_fault_that_names_the_rule(domain: str) -> None:
    up = table({"domain": domain, "rating": "+1"})
    (fault,) = grade_faults(up, with_starts(TRIALS))
    assert (fault.column, fault.line) == ("rating", 2)
    assert NO_UPGRADE_RANDOMISED.source in fault.message
    assert list(grade_faults(table({"domain": domain, "rating": "0"}), with_starts(TRIALS))) == []
    # Cohorts are in the protocol too, so only the studies can tell what the comparison rests on.
    cohort_tool = ToolPlan(tool="robins-i", designs=("cohort",))
    for protocol in (PROTOCOL, with_starts(TRIALS, COHORTS), with_starts(TRIALS, tools=(cohort_tool,))):
        assert list(grade_faults(up, protocol)) == []


def test_a_step_up_that_the_rule_or_the_facts_do_not_allow_does_not_count_and_the_rating_says_so() -> None:
    observed = comparison(ratio_pool(0.3, 0.2, 0.4), randomised=False)
    cases = (
        (comparison(), judgement("large effect", 1), "no step up is allowed", NO_UPGRADE_RANDOMISED),
        (observed, judgement("opposing confounding", 2), "at most +1 is allowed", OTHER_UPGRADES),
        (observed, judgement("large effect", 2), "at most +1 is allowed", LARGE_EFFECT),
        (body(), judgement("large effect", 1), "no step up is allowed", NO_UPGRADE_UNCONTROLLED),
    )
    for evidence, kept, words, rule in cases:
        domains = domains_of(evidence, (kept,))
        (item,) = [one for one in domains if one.domain == kept.domain]
        assert (item.steps, item.override, item.barred, item.moved) == (0, None, kept, False)
        assert item.not_counted.startswith(f"Not counted: A. Person rated {kept.domain} +{kept.steps} on 2026-01-02")
        assert words in item.not_counted
        assert rule.source in item.not_counted
        rating = rating_of(Level.LOW, domains)
        assert (rating.judged_by, rating.to_look_at) == (UNCONFIRMED, (item.not_counted,))
        assert item.not_counted in reason_of(Start(Level.LOW, "Invented start.", START_RANDOMISED), domains)


def test_a_step_up_that_is_allowed_counts_and_another_reason_bars_it() -> None:
    observed = comparison(ratio_pool(0.3, 0.2, 0.4), randomised=False)
    allowed = domains_of(observed, (judgement("large effect", 1),))
    assert (allowed[5].steps, allowed[5].not_counted) == (1, "")
    barred = domains_of(observed, (judgement("large effect", 1), judgement("indirectness", -1)))
    assert barred[5].steps == 0
    assert NO_UPGRADE_AFTER_DOWN.source in barred[5].not_counted


def test_without_people_the_fault_says_so() -> None:
    alone = PROTOCOL.model_copy(update={"people": PROTOCOL.people[1:]})
    (fault,) = grade_faults(table({}), alone)
    assert "none is listed in protocol.yml" in fault.message


def test_the_fact_of_today_does_not_move_and_another_does() -> None:
    thin = body("uncontrolled", study(n=10))
    kept = replace(judgement("imprecision", -2), fact=imprecision(thin).fact_text)
    still = domain_rating(imprecision(thin), (kept,))
    assert (still.moved, still.moved_sentence, still.steps) == (False, "", -2)
    moved = domain_rating(imprecision(body("uncontrolled", study(n=11))), (kept,))
    assert (moved.moved, moved.steps) == (True, -2)
    assert "“10 people”" in moved.moved_sentence
    assert "“11 people”" in moved.moved_sentence
    assert "A. Person judged imprecision on 2026-01-02" in moved.moved_sentence


SPREAD = (
    Fact("studies", 13, "13 studies"),
    Fact("I2", 0.9221, "I2 92% (interval 80% to 99%)"),
    Fact("tau", 0.5597, "tau 0.56"),
    Fact("prediction interval", "-1.8671234 0.4393999", "prediction 0.15 to 1.55"),
    Fact("searched", "evidence map; none = 0", "kind of review: evidence map"),
)
RECORD = "studies=13; I2=92.21%; tau=0.5597; prediction interval=-1.867 to 0.4394; searched=evidence map, none : 0"


def spread(*facts: Fact, **wording: str) -> Suggestion:
    """An invented suggestion on inconsistency."""
    text = wording.get("reason", "Invented.")
    return undecided("inconsistency", -1, 0, text, facts or SPREAD, START_RANDOMISED)


def rated_with(fact: str, suggestion: Suggestion) -> DomainRating:
    return domain_rating(suggestion, (replace(judgement("inconsistency", -1), fact=fact),))


def test_facts_are_kept_by_name_with_four_digits_and_read_back() -> None:
    assert spread().record == RECORD
    assert not rated_with(RECORD, spread()).moved


@pytest.mark.parametrize(
    "typed",
    [
        RECORD.replace("-", "\N{MINUS SIGN}"),
        RECORD.replace("=", " = ").replace("; ", ";"),
        RECORD.upper(),
        RECORD.replace("92.21%", "0.9221"),
        "; ".join(reversed(RECORD.split("; "))) + ";",
    ],
)
def test_how_a_record_was_typed_moves_nothing(typed: str) -> None:
    assert not rated_with(typed, spread()).moved


def test_other_words_for_the_same_facts_move_nothing() -> None:
    reworded = [replace(fact, text=f"In other words: {fact.text}") for fact in SPREAD]
    assert not rated_with(RECORD, spread(*reworded, reason="Otherwise.")).moved


# A changed fact, and what the sentence says of it.
MOVED = [
    (Fact("I2", 0.9241, "I2 92%"), "I2 was 92.21%, is 92.41%"),
    (Fact("I2", None, "no I2"), "I2 was 92.21%, is not seen"),
    (Fact("studies", 14, "14 studies"), "studies was 13, is 14"),
    (Fact("prediction interval", "-1.87 0.5", "other"), "prediction interval was -1.867 to 0.4394, is -1.87 to 0.5"),
    (Fact("searched", "systematic review", "other"), "is systematic review"),
    (Fact("Q", 3.0, "Q 3"), "Q was not there, is 3.0"),
]


@pytest.mark.parametrize(("changed", "words"), MOVED)
def test_a_value_that_differs_has_moved_and_the_sentence_names_it(changed: Fact, words: str) -> None:
    facts = {fact.name: fact for fact in SPREAD} | {changed.name: changed}
    item = rated_with(RECORD, spread(*facts.values()))
    assert item.moved
    assert len(item.changes) == 1
    assert words in item.moved_sentence
    assert f"the facts are now “{item.suggestion.fact_text}”" in item.moved_sentence


def test_a_fact_that_is_gone_has_moved() -> None:
    item = rated_with(RECORD, spread(*SPREAD[1:]))
    assert item.changes == ("studies was 13, is no longer there",)
    assert rated_with("no fact", spread()).moved


@pytest.mark.parametrize(("factor", "moved"), [(1.0, False), (1 + 4e-4, False), (1 + 2.5e-3, True)])
@given(value=st.floats(min_value=1e-6, max_value=1e6))
def test_rounding_moves_no_number_and_two_in_a_thousand_does(factor: float, moved: bool, value: float) -> None:
    kept = spread(Fact("tau", value, "invented")).record
    assert rated_with(kept, spread(Fact("tau", value * factor, "invented"))).moved == moved


def test_a_count_moves_by_one_however_large_it_is() -> None:
    kept = spread(Fact("people", 357347, "357347 people")).record
    assert rated_with(kept, spread(Fact("people", 357348, "357348 people"))).moved


def test_a_text_of_before_the_names_is_compared_whole() -> None:
    old = "1 study; tau −0.5;  Egger p = 0.19"
    facts = Fact("studies", 1, "1 study"), Fact("tau", -0.5, "tau -0.5"), Fact("p", 0.19, "Egger p = 0.19")
    assert not rated_with(old, spread(*facts)).moved
    item = rated_with(old, spread(Fact("studies", 2, "2 studies"), *facts[1:]))
    assert (item.moved, item.changes) == (True, ())
    assert f"“{old}”" in item.moved_sentence


def test_spaces_that_a_spreadsheet_changed_move_nothing() -> None:
    thin = body("uncontrolled", study(n=10))
    kept = replace(judgement("imprecision", -2), fact=f"  {imprecision(thin).fact_text.replace(' ', '  ')}\n")
    assert not domain_rating(imprecision(thin), (kept,)).moved


def test_a_moved_fact_is_told_in_the_reason_of_the_rating() -> None:
    domains = domains_of(comparison(), (judgement("imprecision", -1),))
    told = reason_of(Start(Level.HIGH, "Invented start.", START_RANDOMISED), domains)
    assert "“an invented fact”; the facts are now" in told
    assert [item.domain for item in rating_of(Level.HIGH, domains).moved] == ["imprecision"]


def test_what_fact_of_prints_is_what_a_judgement_keeps() -> None:
    rating = rating_of(Level.HIGH, domains_of(comparison(), ()))
    kept = replace(judgement("imprecision", -1), fact=fact_of(rating, "imprecision"))
    assert not domains_of(comparison(), (kept,))[3].moved
    with pytest.raises(MethodError, match="no domain 'taste'"):
        fact_of(rating, "taste")
    with pytest.raises(MethodError, match="it is not rated"):
        fact_of(replace(rating, domains=()), "imprecision")


def test_two_judgements_of_one_domain_are_refused() -> None:
    with pytest.raises(MethodError, match="judged twice"):
        domains_of(comparison(), (judgement("imprecision", -1), judgement("imprecision", 0)))
