"""Reviewers who differ on a level, and what stands until a consensus. All people, answers and levels are invented."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.risk_of_bias import CONFLICT, CONSENSUS, Appraisal, RiskOfBias, appraise
from synth.certainty.risk_of_bias.combine import DisputedLevel
from synth.errors import MethodError
from synth.protocol.certainty import CertaintyPlan, ToolPlan
from synth.protocol.parts import Contributor
from synth.schemas import RISK_OF_BIAS
from synth.store import read_review
from synth.store.read import ReviewFiles
from synth.store.tables import parse_table

STUDY, RESULT = "aronson1948", "tuberculosis"
#: Answers to all questions that are asked, which give low in every domain.
LOW = {"1.1": "Y", "1.2": "Y", "1.3": "N", "2.1": "N", "2.2": "N", "2.6": "Y", "3.1": "Y"}
LOW |= {"4.1": "N", "4.2": "N", "4.3": "N", "5.1": "Y", "5.2": "N", "5.3": "N"}
#: Two changed answers: some concerns in domains 1 and 5, so that the rule leaves the whole to people.
TWO_CONCERNS = LOW | {"1.2": "NI", "5.1": "NI"}
#: A person's answers and levels: reviewer, item, answer.
Given = tuple[str, str, str]


@pytest.fixture(scope="module")
def bcg(repository: Path) -> ReviewFiles:
    return read_review(repository, "bcg")


def all_of(reviewer: str, answers: dict[str, str]) -> list[Given]:
    return [(reviewer, item, answer) for item, answer in answers.items()]


def judged(files: ReviewFiles, *given: Given, tool: str = "rob2") -> RiskOfBias:
    people = tuple(Contributor(id=name, name=f"Invented {name}", kind="person", role="x") for name in ("ann", "bo"))
    plan = CertaintyPlan(tools=(ToolPlan(tool=tool, designs=("controlled trial",)),))
    protocol = files.protocol.model_copy(update={"people": people, "certainty": plan})
    place = {"source": "PMID:1", "locator": "table 1", "seen_in": "primary full text", "date": "2026-11-23"}
    out = io.StringIO()
    writer = csv.DictWriter(out, RISK_OF_BIAS.headings, restval="")
    writer.writeheader()
    for reviewer, item, answer in given:
        cells = {"item": item, "answer": answer, "reviewer": reviewer, "support": f"why {reviewer} says so"}
        writer.writerow({"study_id": STUDY, "tool": tool, "result": RESULT, **place, **cells})
    table, faults = parse_table(out.getvalue(), RISK_OF_BIAS, RISK_OF_BIAS.file)
    assert faults == []
    return appraise(protocol, files.extraction, table)


def only(found: RiskOfBias) -> Appraisal:
    (appraisal,) = found.of(STUDY)
    return appraisal


def whole(found: RiskOfBias) -> tuple[str, ...]:
    overall = only(found).overall
    assert overall is not None
    return overall.levels


def test_a_domain_stays_open_over_the_levels_that_people_state(bcg: ReviewFiles) -> None:
    """The better level of the rule must not stand in for two worse ones that people could not agree on."""
    assert whole(judged(bcg, *all_of("ann", LOW))) == ("low",)
    found = judged(bcg, *all_of("ann", LOW), ("ann", "D1", "high"), ("bo", "D1", "some concerns"))
    assert only(found).domains["1"].levels == ("some concerns", "high")
    assert whole(found) == ("some concerns", "high")


def test_the_conflict_is_kept_with_both_names_and_both_reasons(bcg: ReviewFiles) -> None:
    found = judged(bcg, *all_of("ann", LOW), ("ann", "D1", "high"), ("bo", "D1", "some concerns"))
    stated = only(found).stated["1"]
    assert isinstance(stated, DisputedLevel)
    assert (stated.item_id, stated.answer, stated.standing, stated.given) == ("D1", CONFLICT, "conflict", None)
    assert (stated.reviewers, stated.levels) == (("ann", "bo"), ("high", "some concerns"))
    (line,) = found.table().query("item == 'D1'").to_dict("records")
    assert (line["topic"], line["answer"]) == ("level: Randomisation process", CONFLICT)
    assert line["support"] == "ann: high (why ann says so); bo: some concerns (why bo says so)"
    assert (line["reviewers"], line["standing"]) == ("ann, bo", "conflict")


@pytest.mark.parametrize("settled", ["low", "some concerns", "high"])
def test_a_consensus_settles_the_level_of_a_domain(bcg: ReviewFiles, settled: str) -> None:
    both = [("ann", "D1", "high"), ("bo", "D1", "some concerns")]
    found = judged(bcg, *all_of("ann", LOW), *both, (CONSENSUS, "D1", settled))
    assert only(found).domains["1"].levels == (settled,)
    assert whole(found) == (settled,)
    assert only(found).stated["1"].standing == "consensus"


def test_the_same_level_of_two_people_stands(bcg: ReviewFiles) -> None:
    found = judged(bcg, *all_of("ann", LOW), ("ann", "D1", "high"), ("bo", "D1", "high"))
    assert (only(found).stated["1"].answer, only(found).stated["1"].standing) == ("high", "agreed")
    assert whole(found) == ("high",)


def test_levels_that_differ_stay_open_where_a_tool_has_no_rule_for_domains(bcg: ReviewFiles) -> None:
    levels: list[Given] = [(who, f"D{number}", "moderate") for number in range(1, 8) for who in ("ann", "bo")]
    levels[1] = ("bo", "D1", "critical")
    found = judged(bcg, *levels, tool="robins-i")
    assert only(found).domains["1"].levels == ("moderate", "critical")
    assert whole(found) == ("moderate", "critical")
    assert whole(judged(bcg, *levels, (CONSENSUS, "D1", "critical"), tool="robins-i")) == ("critical",)


def test_two_decisions_on_the_whole_leave_both_open(bcg: ReviewFiles) -> None:
    answers = [*all_of("ann", TWO_CONCERNS), *all_of("bo", TWO_CONCERNS)]
    assert whole(judged(bcg, *answers)) == ("some concerns", "high")
    assert whole(judged(bcg, *answers, ("ann", "overall", "high"), ("bo", "overall", "high"))) == ("high",)
    differ: list[Given] = [("ann", "overall", "high"), ("bo", "overall", "some concerns")]
    found = judged(bcg, *answers, *differ)
    assert whole(found) == ("some concerns", "high")
    assert only(found).stated["overall"].standing == "conflict"
    settled = judged(bcg, *answers, *differ, (CONSENSUS, "overall", "some concerns"))
    assert whole(settled) == ("some concerns",)


def test_a_decision_waits_while_reviewers_differ_on_what_it_rests_on(bcg: ReviewFiles) -> None:
    """Ann's sheet leaves her the choice; beside Bo's it is open whether there is one."""
    answers = [*all_of("ann", TWO_CONCERNS), *all_of("bo", TWO_CONCERNS | {"1.2": "N"})]
    decided: Given = ("ann", "overall", "some concerns")
    open_still = judged(bcg, *answers, decided)
    assert only(open_still).domains["1"] == ALGORITHMS["rob2"].judge("1", {"1.1": "Y", "1.2": None, "1.3": "N"})
    assert whole(open_still) == ("some concerns", "high")
    assert whole(judged(bcg, *answers, decided, (CONSENSUS, "1.2", "NI"))) == ("some concerns",)
    assert whole(judged(bcg, *answers, decided, (CONSENSUS, "1.2", "N"))) == ("high",)


def test_a_decision_that_one_persons_answers_do_not_leave_is_refused(bcg: ReviewFiles) -> None:
    with pytest.raises(MethodError, match="leaves no such choice: it gives low"):
        judged(bcg, *all_of("ann", LOW), ("ann", "overall", "high"))


def test_a_consensus_that_the_rule_does_not_leave_is_refused(bcg: ReviewFiles) -> None:
    answers = [*all_of("ann", TWO_CONCERNS), *all_of("bo", TWO_CONCERNS), (CONSENSUS, "5.1", "Y")]
    decided: list[Given] = [("ann", "overall", "high"), ("bo", "overall", "some concerns")]
    with pytest.raises(MethodError, match="'high' was decided, but the rule leaves no such choice"):
        judged(bcg, *answers, *decided, (CONSENSUS, "overall", "high"))


def test_levels_that_differ_are_listed_and_told_with_both_names(bcg: ReviewFiles) -> None:
    found = judged(bcg, *all_of("ann", LOW), ("ann", "D1", "high"), ("bo", "D1", "some concerns"))
    assert [item.item_id for item in only(found).conflicts] == ["D1"]
    assert only(found).reviewers == ("ann", "bo")
    differ = "the reviewers differ, and no consensus was written."
    assert f"On 1 stated level ({STUDY}) {differ}" in found.sentences
    assert "Answers were given by Invented ann, Invented bo." in found.sentences
    more = judged(bcg, *all_of("ann", LOW), ("bo", "1.2", "N"), ("ann", "D1", "high"), ("bo", "D1", "some concerns"))
    assert [item.item_id for item in only(more).conflicts] == ["1.2", "D1"]
    assert f"On 1 item and 1 stated level ({STUDY}) {differ}" in more.sentences
    settled = judged(bcg, *all_of("ann", LOW), ("ann", "D1", "high"), ("bo", "D1", "low"), (CONSENSUS, "D1", "low"))
    assert only(settled).conflicts == ()
    assert not [sentence for sentence in settled.sentences if differ in sentence]
