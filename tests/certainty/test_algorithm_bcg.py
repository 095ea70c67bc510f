"""What can be judged of the thirteen trials of `bcg`, of which nobody read a report: one question of RoB 2."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from synth.certainty.algorithms import ALGORITHMS

ROB2 = ALGORITHMS["rob2"]
ABSTRACT_ONLY = "unclear: abstract only"
BCG = Path(__file__).resolve().parents[2] / "evidence" / "bcg"
DOMAINS = ("1", "2-assignment", "3", "4", "5")


def rows(file: str) -> list[dict[str, str]]:
    with (BCG / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_each_answer_follows_from_the_allocation_that_was_seen() -> None:
    """Alternation and systematic allocation are not random in the tool's guidance; a bare "random" names no method."""
    allocation = {row["study_id"]: row["allocation"] for row in rows("extraction/studies.csv")}
    answers = {row["study_id"]: row["answer"] for row in rows("certainty/risk_of_bias.csv")}
    expected = {"alternate": "N", "systematic": "N", "random": ABSTRACT_ONLY}
    assert answers == {study: expected[how] for study, how in allocation.items()}
    assert len(answers) == 13


def test_nothing_but_the_sequence_was_answered_and_by_software() -> None:
    found = {(row["tool"], row["item"], row["reviewer"], row["seen_in"]) for row in rows("certainty/risk_of_bias.csv")}
    assert found == {("rob2", "1.1", "software-a", "secondary data set")}


@pytest.mark.parametrize(
    ("answer", "first", "whole"),
    [("N", "some concerns or high", "some concerns or high"), (ABSTRACT_ONLY, "any level", "any level")],
)
def test_what_follows_for_each_allocation(answer: str, first: str, whole: str) -> None:
    """No trial is rated: of six trials, low is ruled out; of seven, nothing is."""
    answers = {"1.1": None if answer == ABSTRACT_ONLY else answer}
    domains = {domain: ROB2.judge(domain, answers if domain == "1" else {}) for domain in DOMAINS}
    assert domains["1"].words == first
    assert {domains[domain].words for domain in DOMAINS[1:]} == {"any level"}
    assert ROB2.overall(domains).words == whole
    count = sum(row["answer"] == answer for row in rows("certainty/risk_of_bias.csv"))
    assert count == {"N": 6, ABSTRACT_ONLY: 7}[answer]


def test_a_random_trial_would_be_judged_alike_whether_its_method_is_named() -> None:
    """Y, PY and NI to 1.1 have one consequence, so leaving it open hides no low or high."""
    for concealed in ("Y", "NI", "N"):
        for differences in ("Y", "N", "NI"):
            rest = {"1.2": concealed, "1.3": differences}
            assert len({ROB2.judge("1", {"1.1": answer, **rest}).levels for answer in ("Y", "PY", "NI")}) == 1
