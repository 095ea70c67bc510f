"""Decisions and the flow that follows from them, on invented records."""

from __future__ import annotations

from synth.records import Records
from synth.schemas import DECISION_LOG, Table
from synth.screening import Screening, decision_faults, decisions_of, flow_of
from synth.store.tables import parse_table


def log(*rows: str, reviewer: str = "first") -> dict[str, Table]:
    file = f"screening/decisions/{reviewer}.csv"
    table, faults = parse_table("\n".join([",".join(DECISION_LOG.headings), *rows]), DECISION_LOG, file)
    assert faults == []
    return {reviewer: table}


ONE = "one2001,eligibility,include,,2026-11-22"
TWO = "two2002,eligibility,exclude,another disease,2026-11-22"
THREE = "three2003,eligibility,exclude,another disease,2026-11-22"
FOUR = "four2004,eligibility,not retrieved,no copy,2026-11-22"
IDS = frozenset({"one2001", "two2002", "three2003", "four2004"})
PEOPLE = frozenset({"first", "second"})
NONE: frozenset[str] = frozenset()


def test_a_full_log_has_no_fault_and_gives_the_flow():
    logs = log(ONE, TWO, THREE, FOUR)
    assert list(decision_faults(logs, IDS, PEOPLE, NONE)) == []
    decisions = decisions_of(logs)
    flow = flow_of((), Records(()), decisions)
    assert (flow.included, flow.assessed, flow.not_retrieved) == (1, 3, 1)
    assert flow.excluded == (("another disease", 2),)
    assert flow.table()["count"].tolist() == [0, 0, 1, 3, 2, 1]
    screening = Screening(decisions, flow)
    assert screening.of("two2002").row == "screening/decisions/first.csv:3"
    assert screening.of("nobody") is None


def test_reviewers_who_agree_count_once():
    logs = log(ONE, TWO, THREE, FOUR) | log(ONE, reviewer="second")
    assert list(decision_faults(logs, IDS, PEOPLE, NONE)) == []
    assert flow_of((), Records(()), decisions_of(logs)).included == 1


def test_reviewers_who_disagree_are_one_fault():
    other = "one2001,eligibility,exclude,another disease,2026-11-22"
    logs = log(ONE, TWO, THREE, FOUR) | log(other, reviewer="second")
    (fault,) = decision_faults(logs, IDS, PEOPLE, NONE)
    assert str(fault) == "screening/decisions/: one2001: reviewers decided exclude and include; settle it"


def test_a_record_without_a_fate_and_a_decision_without_a_record():
    (lost, fateless) = decision_faults(log(ONE, TWO, THREE, FOUR), IDS - {"four2004"} | {"five2005"}, PEOPLE, NONE)
    assert (lost.file, lost.line, lost.column) == ("screening/decisions/first.csv", 5, "record_id")
    assert (fateless.line, fateless.column) == (0, "five2005")


def test_an_exclusion_needs_a_reason_and_a_reviewer_a_name():
    logs = log(ONE, "two2002,eligibility,exclude,,2026-11-22", THREE, FOUR, reviewer="third")
    (unknown, reasonless) = decision_faults(logs, IDS, PEOPLE, NONE)
    assert unknown.message.startswith("the reviewer 'third' is not among the people of protocol.yml")
    assert str(reasonless) == "screening/decisions/third.csv:3: reason: is empty; 'exclude' needs a reason"


def test_a_record_of_a_search_may_wait_for_its_decision():
    logs = log(ONE, TWO, THREE)
    (waiting,) = decision_faults(logs, IDS, PEOPLE, frozenset({"three2003", "four2004"}))
    assert (waiting.warning, waiting.file) == (True, "screening/decisions/")
    assert waiting.message == "1 of the records that database searches brought await a decision"
    (fateless,) = decision_faults(logs, IDS, PEOPLE, frozenset({"three2003"}))
    assert (fateless.warning, fateless.column) == (False, "four2004")
