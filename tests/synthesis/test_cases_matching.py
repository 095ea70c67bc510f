"""One patient in two files is shown once; figures that contradict each other are named. All patients are invented."""

from __future__ import annotations

import pytest
from case_patterns import Listed, nothing_seen, protocol_with, review_of, single
from evidence_patterns import Row

from synth.synthesis.cases import CaseAnswer, case_table


def lines(answer: CaseAnswer) -> list[tuple[object, ...]]:
    return [(case.case_id, case.baseline, case.followup, case.counted) for case in answer.cases]


def test_a_patient_in_both_files_stands_once_with_both_rows() -> None:
    answer = review_of(single("ash"), cases=[Listed("ash")]).answer()
    assert lines(answer) == [("patient 1", 40, 60, True)]
    assert answer.cases[0].rows == ("cases.csv:2", "outcomes.csv:2")
    assert answer.cases[0].who == "patient 1 (F, 30 years)"
    assert answer.findings == ()


@pytest.mark.parametrize(
    ("listed", "row"),
    [
        (Listed("ash", months=""), single("ash")),
        (Listed("ash"), single("ash", months="")),
        (Listed("ash", after=""), single("ash")),
        (Listed("ash", before="", after="", months=""), single("ash")),
        (Listed("ash", before="", after="", months="", instrument=""), single("ash")),
    ],
)
def test_what_one_file_leaves_open_the_other_fills(listed: Listed, row: Row) -> None:
    review = review_of(row, cases=[listed])
    answer = review.answer()
    assert lines(answer) == [("patient 1", 40, 60, True)]
    assert answer.cases[0].timepoint_months == 12
    assert [item.instrument for item in review.cases] == ["scale"]


def test_figures_that_contradict_each_other_are_named_and_neither_is_counted() -> None:
    answer = review_of(single("ash", after=61), cases=[Listed("ash")]).answer()
    assert lines(answer) == [("patient 1", 40, 60, False), ("patient 1", 40, 61, False)]
    (finding,) = answer.findings
    assert (finding.check, finding.kind) == ("case_figures_differ", "impossible")
    assert "cases.csv gives 40 before, 60 after and outcomes.csv 40 before, 61 after" in finding.sentence


def test_the_same_patient_at_another_time_is_one_patient_with_two_lines() -> None:
    answer = review_of(single("ash", months=24, after=70), cases=[Listed("ash")]).answer()
    assert lines(answer) == [("patient 1", 40, 60, True), ("patient 1", 40, 70, True)]
    assert {case.patient for case in answer.cases} == {("ash", "A1", "patient 1")}
    assert answer.findings == ()


def test_the_same_patient_by_another_instrument_keeps_its_name() -> None:
    review = review_of(single("ash", instrument="rule", before=4, after=6), cases=[Listed("ash")])
    (case,) = review.answer("rule").cases
    assert case.who == "patient 1 (F, 30 years)"


def test_among_several_patients_equal_figures_tell_which_one_is_meant() -> None:
    two = [Listed("ash"), Listed("ash", case="patient 2", before=30, after=50)]
    answer = review_of(single("ash", before=30, after=50, patients=2), cases=two).answer()
    assert lines(answer) == [("patient 1", 40, 60, True), ("patient 2", 30, 50, True)]
    assert answer.cases[1].rows == ("cases.csv:3", "outcomes.csv:2")


@pytest.mark.parametrize("after", [60, 77], ids=["fits two", "fits none"])
def test_where_figures_do_not_tell_who_it_is_the_patient_is_not_counted_again(after: int) -> None:
    two = [Listed("ash"), Listed("ash", case="patient 2")]
    answer = review_of(single("ash", after=after, patients=2), cases=two).answer()
    assert lines(answer)[2] == ("", 40, after, False)
    (finding,) = answer.findings
    assert (finding.check, finding.kind) == ("case_not_matched", "doubtful")
    assert "may be one of the 2 patients of this arm" in finding.sentence


def test_one_listed_patient_of_a_larger_arm_need_not_be_the_one_of_outcomes() -> None:
    answer = review_of(single("ash", after=77, patients=4), cases=[Listed("ash")]).answer()
    assert lines(answer) == [("patient 1", 40, 60, True), ("", 40, 77, False)]
    assert "may be the one patient of this arm" in answer.findings[0].sentence


def test_a_patient_of_outcomes_alone_has_no_name() -> None:
    answer = review_of(single("ash")).answer()
    assert answer.cases[0].who == "one patient"
    assert review_of(single("ash", unit="hips")).answer().cases[0].who == "one hip"


def test_patients_without_a_score_stand_apart_and_last() -> None:
    review = review_of(nothing_seen("ash"), cases=[Listed("ash", instrument="", before="", after="", months="")])
    (answer,) = review.cases
    assert (answer.outcome, answer.instrument) == ("", "")
    assert answer.reason == "No score of these patients was seen in what was read."
    assert answer.said_of(answer.cases[0]) == ()


def test_a_case_counts_for_the_outcome_under_which_its_arm_has_a_row() -> None:
    outcomes = [
        {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
        {"id": "grip", "label": "Grip", "role": "other", "instruments": ["scale"]},
    ]
    plan = protocol_with(outcomes=outcomes)
    listed = [Listed("ash"), Listed("elm")]
    review = review_of(nothing_seen("ash"), nothing_seen("elm"), cases=listed, protocol=plan)
    assert {case.study_id: answer.outcome for answer in review.cases for case in answer.cases} == {
        "ash": "comfort",
        "elm": "comfort",
    }


def test_a_patient_by_an_instrument_of_no_outcome_is_shown_all_the_same() -> None:
    plan = protocol_with(outcomes=[{"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["rule"]}])
    row = nothing_seen("ash", instrument="rule")
    review = review_of(row, cases=[Listed("ash")], protocol=plan)
    (answer,) = review.cases
    assert (answer.outcome, answer.instrument, answer.cases[0].change) == ("", "scale", 20)
    assert case_table(review.protocol, review.cases).frame.loc[0, "Outcome"] == "no outcome of the protocol (scale)"


def test_comparators_and_means_have_no_cases() -> None:
    listed = [Listed("oak", before="", after="")]
    rows = (single("ash", procedure="none"), Row("elm"), nothing_seen("oak", procedure="none"))
    assert review_of(*rows, cases=listed).cases == ()
