"""Directions counted: who counts once, when a share is given, and that nothing is tested without a comparison."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from evidence_patterns import Event, Row, synthesis_of
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import MethodError
from synth.extraction.overlap import Overlap
from synth.synthesis.swim import SwimAnswer, Vote, sign_test, swim_of
from synth.synthesis.swim.votes import Group, together, vote_of

BETTER, WORSE, SAME = 60, 20, 40


def swim(*rows: Row, events: tuple[Event, ...] = (), **plan: Any) -> SwimAnswer:
    """The answer for the procedure knot of an invented pattern."""
    return swim_of(synthesis_of(*rows, events=events, **plan))[0]


def vote(*rows: Row, **plan: Any) -> Vote:
    return swim(*rows, **plan).vote


def series(*after: int) -> list[Row]:
    """Independent invented series, one for each score after treatment (40 before)."""
    return [Row(f"study{index}", after=score) for index, score in enumerate(after)]


def split(better: int, worse: int) -> list[Row]:
    return series(*[BETTER] * better, *[WORSE] * worse)


#: One line for each way in which an invented series can go.
TEMPLATE = {str(item.verdict): item for item in swim(*series(BETTER, WORSE, SAME)).rows}


@pytest.mark.parametrize(
    ("better", "worse", "given"),
    [(0, 0, False), (1, 0, False), (4, 0, False), (3, 1, False), (5, 0, True), (3, 2, True), (0, 5, True)],
)
def test_rule_16_counts_below_five_and_a_share_with_interval_from_five(better: int, worse: int, given: bool) -> None:
    found = vote(*split(better, worse))
    assert (found.better, found.worse, found.k) == (better, worse, better + worse)
    assert (found.proportion is not None) is given
    told = " ".join(swim(*split(better, worse)).sentences)
    assert ("interval)" not in told and "exact" not in told) or given
    if better + worse and not given:
        assert (
            "With fewer than 5 independent directions towards better or worse, directions are counted, and nothing more"
            in told
        )


def test_the_interval_is_the_exact_one() -> None:
    """Clopper and Pearson: at 5 of 5 the lower limit is the fifth root of half of alpha."""
    found = vote(*split(5, 0)).proportion
    assert found is not None
    assert (found.events, found.total, found.unit_of_analysis) == (5, 5, "independent series")
    assert found.interval == pytest.approx((0.025**0.2, 1.0), rel=1e-12)
    told = " ".join(swim(*split(5, 0)).sentences)
    assert "On the better side: 5 of 5 independent series, 100.0% (exact 95% interval 47.8% to 100.0%)." in told


@pytest.mark.parametrize("others", [[SAME], [SAME, SAME]])
def test_no_change_is_counted_and_makes_no_share(others: list[int]) -> None:
    found = vote(*series(*[BETTER] * 4, *others))
    assert (found.better, found.worse, found.no_change, found.k) == (4, 0, len(others), 4)
    assert found.proportion is None
    assert f"4 better, 0 worse, {len(others)} no change" in " ".join(swim(*series(*[BETTER] * 4, *others)).sentences)


@pytest.mark.parametrize("k", [5, 12, 40])
def test_rule_16_no_test_from_before_to_after_however_many_series(k: int) -> None:
    answer = swim(*split(k, 0))
    assert answer.vote.p_value is None
    told = " ".join(answer.sentences)
    assert "No test is made: without a comparison group regression to the mean alone can push directions" in told
    assert "p =" not in told
    assert "sign test" not in told


def test_rule_16_significance_is_never_a_vote() -> None:
    """The printed p value changes neither the direction nor the count."""
    plain, small, large = (vote(*[Row(f"study{index}", p=p) for index in range(6)]) for p in ("", "<.001", ".9"))
    assert plain.groups == small.groups == large.groups
    assert (plain.better, plain.proportion) == (small.better, small.proportion) == (large.better, large.proportion)


def test_a_protocol_may_ask_for_more_series() -> None:
    ladder = {"vote_from": 7, "reason": "Invented."}
    assert vote(*split(6, 0), ladder=ladder).proportion is None
    assert vote(*split(7, 0), ladder=ladder).proportion is not None
    assert "With fewer than 7 independent directions" in " ".join(swim(*split(6, 0), ladder=ladder).sentences)


def test_a_vote_of_fewer_than_five_cannot_be_asked_for() -> None:
    with pytest.raises(MethodError, match=r"vote_from = 4: at least 5 is expected \(rule 16\)"):
        vote_of((), (), vote_from=4)
    with pytest.raises(MethodError, match="confidence level 95"):
        vote_of((), (), level=95)


def test_times_arms_and_instruments_of_one_study_count_once() -> None:
    found = vote(
        Row("one", months=3),
        Row("one", months=12),
        Row("one", arm="A2", months=12),
        Row("one", instrument="rule", before=4, after=6),
    )
    assert [(group.studies, group.verdict) for group in found.groups] == [(("one",), "better")]
    assert found.studies == 1


@pytest.mark.parametrize("second", [WORSE, SAME])
def test_times_of_one_study_that_disagree_are_conflicting_and_count_for_neither_side(second: int) -> None:
    answer = swim(Row("one", months=3), Row("one", months=12, after=second), *split(5, 0))
    found = answer.vote
    assert (found.better, found.worse, found.conflicting, found.k, len(found.groups)) == (5, 0, 1, 5, 6)
    assert found.proportion is not None
    assert found.proportion.total == 5
    assert "5 better, 0 worse, 1 conflicting within" in answer.sentences[0]


def test_three_of_four_times_are_no_majority_here() -> None:
    """Stricter than a share of results within a study: all must agree."""
    found = vote(*(Row("one", months=month, after=after) for month, after in ((1, 60), (3, 60), (6, 60), (12, 20))))
    assert found.conflicting == 1


def test_studies_that_may_share_people_count_once() -> None:
    """Rule 12: an author whom two reports share."""
    first, second = (Row(name, authors=("Same A", f"{name.title()} B")) for name in ("one", "two"))
    answer = swim(first, second, Row("three"))
    found = answer.vote
    assert [group.studies for group in found.groups] == [("one", "two"), ("three",)]
    assert (found.studies, found.better, found.k) == (3, 2, 2)
    assert found.groups[0].overlaps[0].reason == "a shared author name (Same)"
    assert answer.sentences[0] == (
        "Seen direction, 3 eligible series, counted as 2 because some can be of the same people: 2 better, 0 worse."
    )
    assert "one and two can share people and count once (better)." in answer.sentences
    assert "Reports that can be of the same people count once; whether they are was not settled." in answer.limits


def test_studies_that_may_share_people_and_disagree_are_conflicting() -> None:
    first, second = (Row(name, authors=("Same A",), after=after) for name, after in (("one", BETTER), ("two", WORSE)))
    found = vote(first, second)
    assert [(group.verdict, group.by_study) for group in found.groups] == [
        ("conflicting", (("one", "better"), ("two", "worse")))
    ]


def test_several_studies_that_may_share_people_are_named_together() -> None:
    told = swim(*[Row(f"study{index}", authors=("Same A",)) for index in range(3)]).sentences
    assert "study0, study1 and study2 can share people and count once (better)." in told


def test_studies_are_joined_through_a_third_one_with_a_direction() -> None:
    left, right = Row("left", authors=("Alpha A",)), Row("right", authors=("Beta B",))
    middle = Row("middle", authors=("Alpha A", "Beta B"))
    silent = Row("middle", authors=("Alpha A", "Beta B"), after="")
    assert [group.studies for group in vote(left, middle, right).groups] == [("left", "middle", "right")]
    # Without a direction it counts for nothing, so it links nothing.
    assert [group.studies for group in vote(left, silent, right).groups] == [("left",), ("right",)]


def test_five_reports_that_may_be_of_the_same_people_give_no_share() -> None:
    found = vote(*[Row(f"study{index}", authors=("Same A",)) for index in range(5)])
    assert (found.studies, found.k, found.proportion) == (5, 1, None)


def test_declared_plan_keeps_reports_apart() -> None:
    rows = [Row(f"study{index}", authors=("Same A",)) for index in range(5)]
    found = vote(*rows, overlap="declared")
    assert (found.k, found.proportion is not None) == (5, True)


def test_single_patients_are_kept_apart() -> None:
    answer = swim(*split(4, 0), Row("alone", n=1, patients=1), Row("lonely", n=1, patients=1, after=WORSE))
    found = answer.vote
    assert (found.better, found.k, found.proportion) == (4, 4, None)
    assert [(group.studies, group.verdict) for group in found.single_patients] == [
        (("alone",), "better"),
        (("lonely",), "worse"),
    ]
    assert "Kept apart: 2 reports of single patients (alone: better; lonely: worse)." in answer.sentences


def test_sources_for_directions_only_are_not_counted() -> None:
    """Rule 19: a video abstract stands in direction tables only, marked."""
    answer = swim(*split(4, 0), Row("film", level="video abstract"))
    assert (answer.vote.k, answer.vote.proportion) == (4, None)
    assert [group.studies for group in answer.vote.beside] == [("film",)]
    assert "Not counted: 1 source used for directions only (film: better)." in answer.sentences


def test_words_of_an_eligible_report_count_like_figures() -> None:
    assert vote(Row("one", before="", after="", direction="lower")).worse == 1


def test_a_direction_without_a_better_end_is_told_and_not_counted_for_a_side() -> None:
    answer = swim(Row("one", instrument="rule", before=4, after=6))
    assert (answer.vote.unclear, answer.vote.k) == (1, 0)
    assert answer.sentences[0] == "Seen direction, 1 eligible series: 0 better, 0 worse, 1 with no better end named."
    assert "The protocol names no better end of rule." in answer.limits


def test_no_direction_is_said_to_be_unseen() -> None:
    answer = swim(Row("one", after=""))
    assert answer.sentences == ("No direction was seen in an eligible series.",)
    assert (answer.limits, answer.seen, answer.harvest_rows()) == ((), (), ())


def test_without_a_look_for_shared_people_directions_are_counted_and_nothing_more() -> None:
    rows = swim(*split(9, 0)).rows
    found = vote_of(rows, (), kind="comparison", independence_known=False)
    assert (found.better, found.k, found.proportion, found.p_value) == (9, 9, None, None)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], ""),
        ([""], ""),
        (["better"], "better"),
        (["better", ""], "better"),
        (["better", "better"], "better"),
        (["better", "worse"], "conflicting"),
        (["better", "no change"], "conflicting"),
        (["better", "conflicting"], "conflicting"),
        (["unclear"], "unclear"),
        (["unclear", "worse"], "worse"),
        (["conflicting"], "conflicting"),
        (["no change", "no change"], "no change"),
    ],
)
def test_several_results_of_the_same_people_give_one(verdicts: list[str], expected: str) -> None:
    assert together(verdicts) == expected  # type: ignore[arg-type]


def test_sign_test_gives_the_published_p_values() -> None:
    """Hilton Boon and Thomson: 0.0039 and 0.2188 (abstract at researchonline.gcu.ac.uk), of 9 to 0 and 5 to 1."""
    assert round(sign_test(9, 9), 4) == 0.0039
    assert round(sign_test(5, 6), 4) == 0.2188


@given(st.integers(1, 9).flatmap(lambda k: st.tuples(st.integers(0, k), st.just(k))))
def test_sign_test_is_a_count_of_outcomes(counts: tuple[int, int]) -> None:
    """Independent statement: of all 2^k outcomes, those at least as far from half and half."""
    better, k = counts
    far = abs(2 * better - k)
    as_far = sum(abs(2 * sum(outcome) - k) >= far for outcome in product((0, 1), repeat=k))
    assert sign_test(better, k) == pytest.approx(as_far / 2**k, rel=1e-12)
    assert sign_test(better, k) == sign_test(k - better, k)


def test_sign_test_of_very_many_studies_is_finite() -> None:
    assert 0 < sign_test(900, 2000) < 1e-4
    assert sign_test(1000, 2000) == 1.0
    assert math.isclose(sign_test(0, 1000), 2.0**-999)


@pytest.mark.parametrize(
    ("better", "k", "message"),
    [
        (6, 5, "sign test of 6 of 5: at most 5 studies can have one direction"),
        (-1, 5, "better = -1: a whole number of at least 0"),
        (0, 0, "k, studies in either direction = 0: a whole number of at least 1"),
        (True, 3, "better = True"),
    ],
)
def test_sign_test_refuses_impossible_counts(better: int, k: int, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        sign_test(better, k)


@given(
    st.lists(st.sampled_from(["better", "worse", "no change"]), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=6),
)
def test_every_study_is_in_one_group(verdicts: list[str], pairs: list[tuple[int, int]]) -> None:
    rows = [replace(TEMPLATE[item], study_id=f"study{index}") for index, item in enumerate(verdicts)]
    overlaps = [Overlap(f"study{one}", f"study{two}", "invented") for one, two in pairs if one != two]
    found = vote_of(rows, overlaps)
    members = [study for group in found.groups for study in group.studies]
    assert sorted(members) == sorted(f"study{index}" for index in range(len(verdicts)))
    for pair in overlaps:
        homes = [group for group in found.groups if pair.first in group.studies]
        assert all(pair.second in home.studies for home in homes if pair.second in members)
    counted = [found.better, found.worse, found.no_change, found.conflicting, found.unclear]
    assert sum(counted) == len(found.groups)


def test_a_group_names_its_studies() -> None:
    assert str(Group(("one", "two"), "better", (("one", "better"), ("two", "better")))) == "one with two: better"
