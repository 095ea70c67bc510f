"""The optional files certainty/risk_of_bias.csv and certainty/grade.csv: every fault with place and expectation.

All rows, people and answers here are invented.
"""

from __future__ import annotations

import csv
import io

import pytest
from review_copy import ReviewCopy

from synth.certainty.tools import tool_ids
from synth.schemas import GRADE, RISK_OF_BIAS, TableSpec
from synth.store import read_review

ANSWERS, OVERRIDES, PROTOCOL = RISK_OF_BIAS.file, GRADE.file, "protocol.yml"
SERIES, REPORTS = "jbi-case-series", "jbi-case-reports"
GOOD = {
    "study_id": "hatem2015",
    "tool": SERIES,
    "item": "1",
    "answer": "yes",
    "support": "invented words",
    "source": "PMID:1",
    "locator": "table 1",
    "seen_in": "primary abstract",
    "reviewer": "software-a",
    "date": "2026-11-23",
}
TRIAL = GOOD | {"study_id": "aronson1948", "tool": "rob2", "result": "tuberculosis", "item": "1.1", "answer": "Y"}
JUDGED = {
    "about": "endoscopic",
    "outcome": "pain",
    "domain": "imprecision",
    "rating": "-1",
    "reason": "invented",
    "fact": "an invented fact",
    "name": "ann",
    "date": "2026-11-23",
}
PEOPLE = "people:\n  - {id: ann, name: Invented Ann, kind: person, role: invented}\n"
PEOPLE += "  - {id: bob, name: Invented Bob, kind: person, role: invented}\n"
TOOLS = ", ".join(tool_ids())


def table(spec: TableSpec, *rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, spec.headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def faults_of(review: ReviewCopy, *rows: dict[str, str]) -> list[str]:
    """The faults of a file with these rows, which begin on line 2; two invented people are among the reviewers."""
    review.replace(PROTOCOL, "people:\n", PEOPLE)
    review.write(ANSWERS, table(RISK_OF_BIAS, *rows))
    return review.validate().faults


def test_both_files_may_be_missing_and_are_then_without_rows(ifi: ReviewCopy) -> None:
    ifi.path(ANSWERS).unlink()
    assert ifi.validate().faults == []
    files = read_review(ifi.root, "ifi")
    assert (len(files.risk_of_bias), len(files.grade)) == (0, 0)
    assert list(files.risk_of_bias.text.columns) == list(RISK_OF_BIAS.headings)
    assert list(files.grade.text.columns) == list(GRADE.headings)


def test_both_files_are_read_with_their_lines(ifi: ReviewCopy) -> None:
    assert faults_of(ifi, GOOD, GOOD | {"item": "2", "reviewer": "ann"}) == []
    ifi.write(OVERRIDES, table(GRADE, JUDGED))
    assert ifi.validate().faults == []
    files = read_review(ifi.root, "ifi")
    assert (list(files.risk_of_bias.text["item"]), files.risk_of_bias.lines) == (["1", "2"], (2, 3))
    assert (list(files.grade.text["name"]), files.grade.lines, files.grade.file) == (["ann"], (2,), OVERRIDES)


def test_a_misnamed_file_is_seen(ifi: ReviewCopy) -> None:
    ifi.write("certainty/risk-of-bias.csv", table(RISK_OF_BIAS, GOOD))
    assert ifi.validate().faults == [
        "certainty/risk-of-bias.csv: nothing reads this file; correct its name (docs/evidence-files.md) or remove it"
    ]


@pytest.mark.parametrize("spec", [RISK_OF_BIAS, GRADE], ids=lambda spec: spec.name)
def test_a_heading_must_be_that_of_the_file(ifi: ReviewCopy, spec: TableSpec) -> None:
    ifi.write(spec.file, ",".join(spec.headings[1:]) + ",score\n")
    expected = ",".join(spec.headings)
    assert sorted(ifi.validate().faults) == sorted(
        [
            f"{spec.file}:1: {spec.headings[0]}: this column is missing from the heading",
            f"{spec.file}:1: score: unknown column; expected are: {expected}",
        ]
    )


#: A changed cell, the column that is blamed, and what is said. Each stands in a row of its own.
CELLS: dict[str, tuple[dict[str, str], str, str]] = {
    "a study that is not there": (
        {"study_id": "hatem2016"},
        "study_id",
        "'hatem2016' is not in extraction/studies.csv; use one of its names or add it there",
    ),
    "an unknown tool": ({"tool": "jbi"}, "tool", f"no tool 'jbi'; expected one of: {TOOLS}"),
    "an item that the tool has not": (
        {"item": "11"},
        "item",
        f"{SERIES} has no item '11'; expected one of: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    ),
    "an answer that the tool does not offer": (
        {"item": "2", "answer": "partly"},
        "answer",
        f"'partly' is no answer to item 2 of {SERIES}; expected one of: yes, no, unclear, not applicable, "
        "unclear: abstract only",
    ),
    "a result for a tool of whole studies": (
        {"item": "3", "result": "pain"},
        "result",
        f"'pain': {SERIES} appraises a study as a whole; an empty cell is expected",
    ),
    "no words in support": (
        {"item": "4", "support": ""},
        "support",
        "is empty; why, in the reviewer's own words, is expected with every answer but 'unclear: abstract only'",
    ),
    "no source": (
        {"item": "5", "source": ""},
        "source",
        "is empty; PMID:..., DOI:..., an address or a full citation is expected with every answer but "
        "'unclear: abstract only'",
    ),
    "no locator": (
        {"item": "6", "locator": ""},
        "locator",
        "is empty; the place in the source is expected with every answer but 'unclear: abstract only'",
    ),
    "a misspelt source": (
        {"item": "7", "source": "PMID:x"},
        "source",
        "'PMID:x' is no identifier or address; write PMID:12345678, DOI:10.1000/x or https://...",
    ),
    "unclear although the full text was read": (
        {"item": "8", "answer": "unclear: abstract only", "seen_in": "primary full text"},
        "answer",
        "'unclear: abstract only' is for what an abstract cannot tell; seen in primary full text, an answer of the "
        "tool is expected",
    ),
    "an unknown reviewer": (
        {"item": "9", "reviewer": "somebody"},
        "reviewer",
        "'somebody' is not in the people of protocol.yml; ann, bob, software-a, software-b or consensus is expected",
    ),
    "no day": ({"item": "10", "date": "23.11.2026"}, "date", "'23.11.2026': a date such as 2026-11-22 is expected"),
    "an unknown depth of reading": (
        {"study_id": "zhang2022", "seen_in": "hearsay"},
        "seen_in",
        "'hearsay': one of: primary full text, article opening, primary abstract, secondary review, secondary data set "
        "is expected",
    ),
    "an empty answer": (
        {"study_id": "kim2016", "answer": ""},
        "answer",
        "is empty; an answer that the tool offers is expected",
    ),
}


def test_every_faulty_cell_is_told_with_line_column_and_expectation(ifi: ReviewCopy) -> None:
    found = faults_of(ifi, *(GOOD | cells for cells, _, _ in CELLS.values()))
    assert found == [
        f"{ANSWERS}:{line}: {column}: {message}" for line, (_, column, message) in enumerate(CELLS.values(), start=2)
    ]


def test_the_universal_answer_needs_no_support_source_or_locator(ifi: ReviewCopy) -> None:
    bare = {"answer": "unclear: abstract only", "support": "", "source": "", "locator": ""}
    assert faults_of(ifi, GOOD | bare) == []


def test_each_reviewer_answers_an_item_once(ifi: ReviewCopy) -> None:
    assert faults_of(ifi, GOOD, GOOD | {"reviewer": "ann"}, GOOD | {"answer": "no"}) == [
        f"{ANSWERS}:4: reviewer: hatem2015/{SERIES}//1/software-a stands on line 2 already; "
        "each study_id + tool + result + item + reviewer stands once"
    ]


def test_a_consensus_needs_two_reviewers(ifi: ReviewCopy) -> None:
    settled = GOOD | {"reviewer": "consensus"}
    rows = [
        *(GOOD | {"reviewer": "ann"}, GOOD | {"reviewer": "bob", "answer": "no"}, settled),
        *(GOOD | {"item": "2", "reviewer": "ann"}, settled | {"item": "2"}, settled | {"item": "3"}),
    ]
    needed = "a consensus needs the answers of two reviewers, in rows of their own"
    assert faults_of(ifi, *rows) == [
        f"{ANSWERS}:6: reviewer: only ann answered this item; {needed}",
        f"{ANSWERS}:7: reviewer: nobody answered this item; {needed}",
    ]


def test_a_consensus_against_what_all_answered_is_worth_a_look(ifi: ReviewCopy) -> None:
    ifi.replace(PROTOCOL, "people:\n", PEOPLE)
    both = [GOOD | {"reviewer": "ann"}, GOOD | {"reviewer": "bob"}]
    said = "a consensus settles a disagreement, and here is none"
    for answers, told in (
        (
            ["yes", "yes", "no"],
            [f"{ANSWERS}:4: answer: both reviewers answered 'yes', and the consensus says 'no'; {said}"],
        ),
        (["yes", "yes", "yes"], []),
        (["yes", "no", "unclear"], []),
    ):
        rows = [
            row | {"answer": answer}
            for row, answer in zip([*both, GOOD | {"reviewer": "consensus"}], answers, strict=True)
        ]
        ifi.write(ANSWERS, table(RISK_OF_BIAS, *rows))
        assert ifi.validate().faults == []
        assert [line for line in ifi.validate().warnings if line.startswith(ANSWERS)] == told
    rows = [GOOD | {"reviewer": who} for who in ("ann", "bob", "software-a")]
    ifi.write(ANSWERS, table(RISK_OF_BIAS, *rows, GOOD | {"reviewer": "consensus", "answer": "no"}))
    (line,) = [line for line in ifi.validate().warnings if line.startswith(ANSWERS)]
    assert line == f"{ANSWERS}:5: answer: all 3 reviewers answered 'yes', and the consensus says 'no'; {said}"


def test_a_tool_that_does_not_fit_the_design_is_worth_a_look(ifi: ReviewCopy) -> None:
    assert faults_of(ifi, GOOD | {"tool": REPORTS}, GOOD | {"tool": "minors", "answer": "2"}) == []
    said = "hatem2015 is of the design 'case series', and protocol.yml plans"
    found = [line for line in ifi.validate().warnings if line.startswith(ANSWERS)]
    assert found == [
        f"{ANSWERS}:2: tool: {said} {REPORTS} for: case report; the row is not used",
        f"{ANSWERS}:3: tool: {said} minors for no design; the row is not used",
    ]


def test_a_tool_of_results_names_a_result_of_the_protocol(bcg: ReviewCopy) -> None:
    rows = [TRIAL, TRIAL | {"item": "1.2", "result": ""}, TRIAL | {"item": "1.3", "answer": "N", "result": "deaths"}]
    assert faults_of(bcg, *rows) == [
        f"{ANSWERS}:3: result: is empty; rob2 appraises one result of a study: one of tuberculosis is expected",
        f"{ANSWERS}:4: result: 'deaths' is no comparison or outcome of protocol.yml; rob2 appraises one result of a "
        "study: one of tuberculosis is expected",
    ]


def test_answers_that_cannot_stand_together_are_told_at_the_first_that_clashes(bcg: ReviewCopy) -> None:
    blind = [TRIAL | {"item": item, "answer": "N"} for item in ("2.1", "2.2", "2.3")]
    (fault,) = faults_of(bcg, *blind)
    assert fault.startswith(
        f"{ANSWERS}:4: answer: RoB 2, domain 2-assignment: question 2.3 is answered 'N', which cannot"
    )
    assert fault.endswith("expected NA, or None where nobody could see it")


def test_a_consensus_that_clashes_with_agreed_answers_is_seen(bcg: ReviewCopy) -> None:
    """Each reviewer's sheet holds; the consensus on 2.1 makes 2.3, on which neither was settled, impossible."""
    sheet = {"2.1": ("Y", "N"), "2.2": ("N", "N"), "2.3": ("N", "NA")}
    rows = [
        TRIAL | {"item": item, "answer": answer, "reviewer": who}
        for item, pair in sheet.items()
        for who, answer in zip(("ann", "bob"), pair, strict=True)
    ]
    settled = [TRIAL | {"item": "2.1", "answer": "N", "reviewer": "consensus"}]
    settled += [TRIAL | {"item": "2.3", "answer": "N", "reviewer": "consensus"}]
    (fault,) = faults_of(bcg, *rows, *settled)
    assert fault.startswith(f"{ANSWERS}:9: answer: RoB 2, domain 2-assignment: question 2.3 is answered 'N'")


def test_only_a_person_states_a_level_and_only_one_of_the_tool(bcg: ReviewCopy) -> None:
    stated = TRIAL | {"item": "D1", "answer": "high"}
    rows = [stated, stated | {"reviewer": "ann"}, stated | {"item": "D3", "answer": "serious", "reviewer": "ann"}]
    assert faults_of(bcg, *rows) == [
        f"{ANSWERS}:2: reviewer: software-a is software; a level instead of the tool's own rule is stated by a person",
        f"{ANSWERS}:4: answer: 'serious' is no answer to item D3 of rob2; expected one of: low, some concerns, high",
    ]


def test_a_decision_that_the_rule_does_not_leave_is_a_fault(bcg: ReviewCopy) -> None:
    high = [TRIAL | {"item": f"D{number}", "answer": "high", "reviewer": "ann"} for number in range(1, 6)]
    (fault,) = faults_of(bcg, *high, TRIAL | {"item": "overall", "answer": "low", "reviewer": "ann"})
    assert fault.startswith(
        f"{ANSWERS}:7: answer: RoB 2: the overall level 'low' was decided, but the rule leaves no such"
    )


def answered(reviewer: str, answers: dict[str, str]) -> list[dict[str, str]]:
    return [TRIAL | {"item": item, "answer": answer, "reviewer": reviewer} for item, answer in answers.items()]


#: Answers that give low in every domain, and the same with some concerns in two, so that people decide on the whole.
LOW = {"1.1": "Y", "1.2": "Y", "1.3": "N", "2.1": "N", "2.2": "N", "2.6": "Y", "3.1": "Y"}
LOW |= {"4.1": "N", "4.2": "N", "4.3": "N", "5.1": "Y", "5.2": "N", "5.3": "N"}
TWO_CONCERNS = LOW | {"1.2": "NI", "5.1": "NI"}


def test_a_decision_on_the_whole_needs_answers_of_the_same_person(bcg: ReviewCopy) -> None:
    """Nobody is told that answers are missing where they were given by another person."""
    rows = answered("ann", TWO_CONCERNS | {"overall": "high"}) + answered("bob", {"overall": "some concerns"})
    assert faults_of(bcg, *rows) == [
        f"{ANSWERS}:16: answer: RoB 2: bob decided 'some concerns' for the whole (the levels differ: bob "
        "'some concerns', ann 'high'), but answered no item and stated no level of a domain; expected with a decision "
        "on the whole: what it rests on, in rows of bob"
    ]


def test_a_decision_on_the_whole_without_any_answer_is_a_fault(bcg: ReviewCopy) -> None:
    assert faults_of(bcg, *answered("ann", {"overall": "high"})) == [
        f"{ANSWERS}:2: answer: RoB 2: ann decided 'high' for the whole, but answered no item and stated no level of a "
        "domain; expected with a decision on the whole: what it rests on, in rows of ann"
    ]


def test_two_whole_sheets_that_differ_are_no_fault(bcg: ReviewCopy) -> None:
    """Each decision rests on its own answers; that both together leave no choice is no mistake of either."""
    rows = answered("ann", TWO_CONCERNS | {"overall": "some concerns"}) + answered("bob", TWO_CONCERNS | {"1.2": "N"})
    assert faults_of(bcg, *rows) == []
    assert not [line for line in bcg.validate().warnings if line.startswith(ANSWERS)]


def test_a_decision_that_a_consensus_overtakes_is_worth_a_look(bcg: ReviewCopy) -> None:
    rows = answered("ann", TWO_CONCERNS | {"overall": "some concerns"}) + answered("bob", TWO_CONCERNS | {"1.2": "N"})
    assert faults_of(bcg, *rows, *answered("consensus", {"1.2": "N"})) == []
    assert [line for line in bcg.validate().warnings if line.startswith(ANSWERS)] == [
        f"{ANSWERS}:15: answer: RoB 2: ann decided 'some concerns' for the whole, but from what all reviewers came to "
        "the rule gives 'high'; the decision is not used"
    ]


@pytest.mark.parametrize("settled", ["some concerns", "high"])
def test_a_consensus_on_two_decisions_overtakes_neither(bcg: ReviewCopy, settled: str) -> None:
    rows = answered("ann", TWO_CONCERNS | {"overall": "some concerns"})
    rows += answered("bob", TWO_CONCERNS | {"overall": "high"})
    assert faults_of(bcg, *rows, *answered("consensus", {"overall": settled})) == []
    assert not [line for line in bcg.validate().warnings if line.startswith(ANSWERS)]


def test_the_planned_tools_are_checked(ifi: ReviewCopy) -> None:
    ifi.replace(PROTOCOL, "tool: jbi-case-reports,", "tool: jbi-reports,")
    line = ifi.text(PROTOCOL).split("tool: jbi-reports,")[0].count("\n") + 1
    assert ifi.validate().faults == [
        f"{PROTOCOL}:{line}: certainty.tools.1.tool: no tool 'jbi-reports'; expected one of: {TOOLS}"
    ]
    ifi.replace(PROTOCOL, "tool: jbi-reports,", "tool: jbi-case-series,")
    assert ifi.validate().faults == [
        f"{PROTOCOL}:{line}: certainty.tools.1.tool: 'jbi-case-series' stands twice; name all its designs in one entry"
    ]


def test_nobody_may_be_called_consensus(ifi: ReviewCopy) -> None:
    """The id is the fault; nothing that follows from it is told, and what does not follow from it is."""
    ifi.replace(PROTOCOL, "people:\n", PEOPLE.replace("id: ann", "id: consensus"))
    rows = [GOOD | {"reviewer": "consensus"}, GOOD | {"item": "2", "reviewer": "ann"}, GOOD | {"item": "11"}]
    ifi.write(ANSWERS, table(RISK_OF_BIAS, *rows))
    other, taken = ifi.validate().faults
    assert taken.endswith(
        "people.0.id: 'consensus' is kept for rows that settle a disagreement; give the person another id"
    )
    assert other.startswith(f"{ANSWERS}:4: item: {SERIES} has no item '11'")


OVERRIDDEN: dict[str, tuple[dict[str, str], str, str]] = {
    "an unknown procedure": ({"about": "laser"}, "about", "'laser' is no procedure or comparison that is rated"),
    "an unknown outcome": ({"outcome": "mood"}, "outcome", "'mood' is not rated for 'endoscopic'"),
    "an unknown domain": ({"domain": "taste"}, "domain", "'taste' is no domain; expected one of: risk of bias, "),
    "software that judges": (
        {"domain": "indirectness", "name": "software-a"},
        "name",
        "'software-a' is software; only ",
    ),
    "nobody": ({"domain": "inconsistency", "name": "eve"}, "name", "'eve' is nobody of protocol.yml; only people may "),
    "no reason": ({"domain": "risk of bias", "reason": ""}, "reason", "is empty; why the person rates otherwise than "),
    "no fact": ({"domain": "publication bias", "fact": ""}, "fact", "is empty; the computed fact on which the rating "),
    "no such step": ({"outcome": "hip function", "rating": "-3"}, "rating", "'-3': for imprecision 0, -1 or -2 is "),
    "no day": (
        {"outcome": "hip function", "domain": "indirectness", "date": "today"},
        "date",
        "'today': a date such as ",
    ),
}


def test_every_fault_of_an_override_is_told(ifi: ReviewCopy) -> None:
    ifi.replace(PROTOCOL, "people:\n", PEOPLE)
    ifi.write(OVERRIDES, table(GRADE, *(JUDGED | cells for cells, _, _ in OVERRIDDEN.values())))
    found = ifi.validate().faults
    expected = [
        f"{OVERRIDES}:{line}: {column}: {said}" for line, (_, column, said) in enumerate(OVERRIDDEN.values(), 2)
    ]
    assert len(found) == len(expected)
    assert [line for line, start in zip(found, expected, strict=True) if not line.startswith(start)] == []


def test_an_override_stands_once(ifi: ReviewCopy) -> None:
    ifi.replace(PROTOCOL, "people:\n", PEOPLE)
    ifi.write(OVERRIDES, table(GRADE, JUDGED, JUDGED | {"rating": "0"}))
    assert ifi.validate().faults == [
        f"{OVERRIDES}:3: domain: endoscopic/pain/imprecision stands on line 2 already; "
        "each about + outcome + domain stands once"
    ]
