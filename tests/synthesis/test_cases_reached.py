"""The change of one patient beside each published difference, in words. All figures are invented."""

from __future__ import annotations

import pytest
from case_patterns import Listed, nothing_seen, protocol_with, review_of, single
from evidence_patterns import Row
from hypothesis import given
from hypothesis import strategies as st

from synth.protocol import Threshold
from synth.synthesis.cases import Case, is_half_sd
from synth.synthesis.cases.reached import beside


def said(before: object, after: object, **changes: object) -> tuple[str, ...]:
    answer = review_of(single("ash", before=before, after=after, **changes)).answer()
    return answer.said_of(answer.cases[0])


@pytest.mark.parametrize(("after", "reached"), [(60, True), (59.9, False), (60.1, True)])
def test_a_change_is_or_is_not_at_least_the_value(after: float, reached: bool) -> None:
    first, second = review_of(single("ash", after=after)).answer().beside[0]
    assert (first.reached, second.reached) == (reached, True)
    words = "is at least" if reached else "is not at least"
    assert f"{words} 20 points (anchor-based (12 months); in: sailors)" in first.sentence


def test_the_difference_of_decimals_is_exact() -> None:
    # 0.3 - 0.1 is below 0.2 in binary; subtracted in decimals it is not.
    plan = protocol_with([{"value": 0.2, "method": "anchor-based", "population": "sailors"}])
    answer = review_of(single("ash", before=0.1, after=0.3), protocol=plan).answer()
    assert answer.beside[0][0].reached is True


def test_half_a_standard_deviation_is_named_and_never_called_an_important_difference() -> None:
    sentence = said(40, 60)[1]
    assert "8 points (distribution-based (half SD, 1 year); half a standard deviation, a measure of spread" in sentence
    assert "and not a minimal important difference; in: young sailors)" in sentence
    assert "half a standard deviation" not in said(40, 60)[0]


@pytest.mark.parametrize(
    ("method", "half"),
    [
        ("distribution-based (half SD, 1 year)", True),
        ("half an SD", True),
        ("0.5 SD of baseline scores", True),
        ("0,5 standard deviation", True),
        ("½ SD", True),
        ("half of the standard deviation", True),
        ("distribution-based", False),
        ("1.5 SD", False),
        ("anchor-based, half a year", False),
    ],
)
def test_half_an_sd_is_known_by_the_words_of_its_method(method: str, half: bool) -> None:
    threshold = Threshold(value=1, method=method, population="sailors", source="x", locator="x")
    assert is_half_sd(threshold) is half


def test_a_change_for_the_worse_is_never_at_least_a_value() -> None:
    assert "The change, -30 points, goes in the worse direction, so it is not at least 20 points" in said(60, 30)[0]


def test_no_change_is_not_at_least_a_value() -> None:
    assert said(40, 40)[0].startswith("The change, 0 points, is not at least 20 points")


def test_without_a_better_direction_nothing_is_held_against_a_value() -> None:
    plan = protocol_with([])
    published = Threshold(value=2.0, method="anchor", population="sailors", source="x", locator="x")
    rule = plan.instrument("rule").model_copy(update={"thresholds": (published,)})
    case = Case(study_id="ash", arm_id="A1", instrument="rule", unit="points", baseline=1, followup=9)
    (found,) = beside(case, rule)
    assert found.reached is None
    assert found.sentence.endswith("(anchor; in: sailors): which direction is better was not seen.")


def test_an_instrument_without_published_value_says_so() -> None:
    answer = review_of(single("ash"), protocol=protocol_with([])).answer()
    assert answer.said_of(answer.cases[0]) == ("No important difference of this instrument was read.",)


@pytest.mark.parametrize("row", [single("ash", after=""), single("ash", before="")])
def test_without_a_change_nothing_is_said(row: Row) -> None:
    answer = review_of(row).answer()
    assert answer.said_of(answer.cases[0]) == ()


def test_nothing_is_said_of_a_mean() -> None:
    assert review_of(Row("ash", change_sd=5)).cases == ()


def test_a_printed_change_stands_before_the_difference_of_the_scores() -> None:
    answer = review_of(single("ash", cells={"change_mean": 21})).answer()
    assert answer.cases[0].change == 21


def test_a_time_is_no_change_and_is_held_against_nothing() -> None:
    answer = review_of(single("ash", instrument="delay", before="", after=7)).answer("delay")
    assert (answer.cases[0].is_time, answer.cases[0].change, answer.beside) == (True, None, ((),))
    frame = answer.show().frame
    assert (frame.loc[0, "Time"], frame.loc[0, "Change"]) == ("7", "a time")


def test_two_times_of_one_patient_are_no_change_either() -> None:
    answer = review_of(single("ash", instrument="delay", before=9, after=7)).answer("delay")
    assert (answer.cases[0].change, answer.cases[0].direction) == (None, "")


def test_a_direction_in_words_is_shown_as_stated() -> None:
    answer = review_of(single("ash", before="", after="", direction="higher")).answer()
    assert answer.show().frame.loc[0, "Change"] == "higher, as stated"
    assert answer.cases[0].course == "better"


def test_who_is_asked_about_must_be_one_of_the_patients() -> None:
    answer = review_of(single("ash")).answer()
    with pytest.raises(ValueError, match="not in tuple"):
        answer.said_of(Case(study_id="elm", arm_id="A1"))


def test_roles_and_notes_stand_in_the_remarks() -> None:
    rows = (
        single("ash", level="video abstract"),
        single("elm", disease="tightness"),
        single("oak", cells={"note": "invented note"}),
    )
    frame = review_of(*rows).answer().show().frame
    assert list(frame["Remarks"]) == ["Used for directions only.", "Annex.", "Invented note."]


def test_table_and_page_hold_the_figures() -> None:
    answer = review_of(nothing_seen("ash"), cases=[Listed("ash")]).answer()
    row = answer.table().iloc[0]
    assert (row["before"], row["after"], row["change"], row["course"]) == (40, 60, 20, "better")
    page = answer._repr_html_()
    assert "patient 1 (F, 30 years)" in page
    assert "There is no comparison" in page
    assert "1 line." in repr(answer)


@given(before=st.integers(0, 100), after=st.integers(0, 100), value=st.integers(1, 100))
def test_reached_is_the_change_in_the_better_direction_against_the_value(before: int, after: int, value: int) -> None:
    threshold = Threshold(value=float(value), method="anchor", population="sailors", source="x", locator="x")
    for better, sign in (("higher", 1), ("lower", -1)):
        scale = protocol_with([]).instrument("scale").model_copy(update={"thresholds": (threshold,)})
        case = Case(
            study_id="ash",
            arm_id="A1",
            instrument="scale",
            baseline=float(before),
            followup=float(after),
            better=better,
        )
        (found,) = beside(case, scale)
        assert found.reached is (sign * (after - before) >= value)
        assert (" is at least " in found.sentence) is found.reached
