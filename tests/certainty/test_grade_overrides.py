"""Judgements of people: read from text cells, faults by file, line and column, and facts that have moved since."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from grade_bodies import body, comparison, judgement, rating_of, study

from synth.certainty.grade import fact_of, grade_faults, overrides_of
from synth.certainty.grade.imprecision import imprecision
from synth.certainty.grade.overrides import domain_rating
from synth.certainty.grade.rating import domains_of, reason_of
from synth.certainty.grade.rules import START_RANDOMISED
from synth.certainty.grade.start import Start
from synth.certainty.grade.types import Level
from synth.errors import MethodError
from synth.protocol import Protocol
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
    (found,) = overrides_of(table({"domain": "dose response", "rating": rating}), PROTOCOL)
    assert found.steps == steps


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
