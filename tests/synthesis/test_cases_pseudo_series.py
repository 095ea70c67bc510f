"""Single patients side by side: counted, marked, and without any rate. All patients are invented."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pytest
from case_patterns import Listed, nothing_seen, protocol_with, real, review_of, single
from evidence_patterns import Row
from hypothesis import given
from hypothesis import strategies as st

from synth.synthesis.cases import MARK, Beside, Spread, case_table, cases_of, pseudo_series_table
from synth.synthesis.cases.pseudo_series import reached_counts
from synth.synthesis.ladder import Rung

BANNED = ("improve", "reduce", "relie", "effective", "safe", "significan", "most patients", "interval of", "%")


def three() -> tuple[Row, ...]:
    """Three reports of one patient each: better, worse, unchanged."""
    return single("ash", after=70), single("elm", after=30), single("oak", after=40)


def test_counts_and_spreads_of_several_patients() -> None:
    pseudo = review_of(*three()).answer().pseudo_series
    assert pseudo is not None
    assert pseudo.size == "3 patients of 3 reports"
    assert str(pseudo.after) == "median 40 (range 30 to 70; 3 patients)"
    assert str(pseudo.change) == "median 0 (range -10 to 30; 3 patients)"
    assert pseudo.directions == "of 3 with a direction: 1 higher, 1 lower, 1 no change; 1 better and 1 worse"
    assert [(item.value, n, total) for item, n, total in pseudo.thresholds] == [(20, 1, 3), (8, 1, 3)]
    assert (
        "1 of 3 patients had a change for the better of at least 20 points (anchor-based (12 months); in: sailors)."
        in (pseudo.sentences())
    )


def test_it_is_marked_with_its_selection_and_claims_nothing() -> None:
    pseudo = review_of(*three()).answer().pseudo_series
    assert pseudo is not None
    first, *_, selection, comparison, not_added = pseudo.sentences()
    assert first.lower().startswith(MARK)
    assert "more likely to be seen" in selection
    for cause in ("regression to the mean", "natural course", "other care", "worst point"):
        assert cause in comparison
    assert not_added == "It enters no pool, and has no standard error, no interval, no rate and no test."
    told = " ".join(pseudo.sentences()).lower()
    assert not [word for word in BANNED if word in told]
    assert not re.search(r"\bp [=<]|±|\bCI\b", told)


def test_patients_never_enter_a_pool_nor_lift_the_ladder() -> None:
    review = review_of(*three())
    (answer,) = (item for item in review.synthesis.answers if item.instrument == "scale")
    assert (answer.rung, answer.pooled) == (Rung.CASES, None)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((single("ash"),), "only one patient that can be counted"),
        ((single("ash", after=""), single("elm", after="")), "no patient that can be counted"),
        ((single("ash"), single("elm", disease="tightness")), "only one patient"),
        ((single("ash"), single("elm", level="video abstract")), "only one patient"),
        ((single("ash"), single("elm", cells={"unit": "mm"})), "the scores have different units (mm, points)"),
    ],
)
def test_there_is_none_below_two_patients_of_one_unit(rows: tuple[Row, ...], reason: str) -> None:
    answer = review_of(*rows).answer()
    assert answer.pseudo_series is None
    assert reason in answer.reason


def test_two_patients_are_enough() -> None:
    assert review_of(single("ash"), single("elm")).answer().pseudo_series is not None


def test_reports_that_may_share_patients_make_it_at_most() -> None:
    pseudo = review_of(single("ash", authors=("Oak B",)), single("elm", authors=("Oak B",))).answer().pseudo_series
    assert pseudo is not None
    assert pseudo.size == "at most 2 patients of 2 reports"
    assert any("That a patient stands here twice cannot be excluded (ash and elm: a shared author" in s
               for s in pseudo.sentences())  # fmt: skip


def test_overlap_with_a_report_that_gives_no_patient_does_not_bound_it() -> None:
    rows = (single("ash"), single("elm", authors=("Oak B",)), Row("oak", authors=("Oak B",)))
    pseudo = review_of(*rows).answer().pseudo_series
    assert pseudo is not None
    assert not pseudo.at_most


def test_arms_of_one_study_that_declare_shared_patients_make_it_at_most() -> None:
    rows = (single("ash", overlaps="ash/A2"), single("ash", arm="A2", overlaps="ash/A1"))
    pseudo = review_of(*rows).answer().pseudo_series
    assert pseudo is not None
    assert pseudo.at_most
    assert "ash/A1 and ash/A2: declared" in " ".join(pseudo.sentences())


def test_a_patient_at_two_times_counts_once_with_the_later_change() -> None:
    rows = (single("ash", months=6, after=50), single("ash", months=24, after=70), single("elm"))
    pseudo = review_of(*rows).answer().pseudo_series
    assert pseudo is not None
    assert [(case.study_id, case.followup) for case in pseudo.patients] == [("ash", 70), ("elm", 60)]


def test_a_change_counts_before_a_later_score_without_one() -> None:
    rows = (single("ash", months=6, after=50), single("ash", months=24, before="", after=70), single("elm"))
    pseudo = review_of(*rows).answer().pseudo_series
    assert pseudo is not None
    assert [case.followup for case in pseudo.patients] == [50, 60]


def test_contradicting_figures_are_left_out() -> None:
    rows = (single("ash", after=61), single("elm"), single("oak"))
    pseudo = review_of(*rows, cases=[Listed("ash")]).answer().pseudo_series
    assert pseudo is not None
    assert pseudo.reports == ("elm", "oak")


def test_times_to_an_outcome_have_a_spread_and_no_change() -> None:
    rows = [single(name, instrument="delay", before="", after=after) for name, after in (("ash", 3), ("elm", 7))]
    pseudo = review_of(*rows).answer("delay").pseudo_series
    assert pseudo is not None
    assert (pseudo.before, pseudo.change, pseudo.directions) == (None, None, "")
    assert "Time: median 5 (range 3 to 7; 2 patients)." in pseudo.sentences()


def test_without_a_better_direction_only_directions_are_counted() -> None:
    rows = [single(name, instrument="rule", before=2, after=5) for name in ("ash", "elm")]
    pseudo = review_of(*rows).answer("rule").pseudo_series
    assert pseudo is not None
    assert pseudo.directions.endswith("2 higher, 0 lower, 0 no change; which direction is better was not seen")


def test_times_of_follow_up_that_were_not_seen_are_not_named() -> None:
    seen, unseen = (
        review_of(*(single(name, months=months) for name in ("ash", "elm"))).answer().pseudo_series
        for months in (6, "")
    )
    assert seen is not None
    assert unseen is not None
    assert "Follow-up in months: median 6 (range 6 to 6; 2 patients)." in seen.sentences()
    assert not [sentence for sentence in unseen.sentences() if "months: median" in sentence]


def test_what_cannot_be_said_of_a_patient_is_not_counted() -> None:
    threshold = protocol_with().instrument("scale").thresholds[0]
    said, unsaid = Beside(threshold, True, ""), Beside(threshold, None, "")
    assert reached_counts([(said,), (unsaid,), (Beside(threshold, False, ""),)]) == ((threshold, 1, 2),)
    assert reached_counts([(unsaid,)]) == ()


def test_tables_and_page() -> None:
    review = review_of(*three())
    answer = review.answer()
    assert answer.pseudo_series is not None
    table = answer.pseudo_series.table().set_index("figure")
    assert table.loc["change"].tolist() == [3, 0, -10, 30]
    assert MARK in answer.pseudo_series._repr_html_()
    assert MARK in answer._repr_html_()
    assert repr(answer.pseudo_series).startswith("Pseudo-series of single cases")
    shown = case_table(review.protocol, review.cases).frame
    assert list(shown["Report"]) == ["ash/A1", "elm/A1", "oak/A1"]
    assert set(shown["Procedure"]) == {"Knot"}
    assert pseudo_series_table(review.protocol, review.cases).frame.loc[0, "Patients"] == "3 patients of 3 reports"


def test_tables_of_nothing_say_so() -> None:
    review = review_of(nothing_seen("ash"))
    assert repr(case_table(review.protocol, review.cases)) == "No single patient was described."
    assert repr(pseudo_series_table(review.protocol, review.cases)) == "No outcome has two such patients."


def test_a_time_stands_in_the_common_table_under_one_heading() -> None:
    review = review_of(single("ash"), single("elm", instrument="delay", before="", after=7))
    frame = case_table(review.protocol, review.cases).frame
    assert list(frame["After"]) == ["60", "7"]


@given(st.lists(st.integers(-1000, 1000), min_size=1))
def test_a_spread_is_median_and_range_in_any_order(tenths: list[int]) -> None:
    values = [number / 10 for number in tenths]
    found = Spread.of([*values, None])
    assert found == Spread.of([None, *reversed(values)])
    assert found is not None
    assert (found.n, found.low, found.high) == (len(values), min(values), max(values))
    assert found.median == pytest.approx(median(values))
    assert Spread.of([None]) is None


def test_the_real_reviews(repository: Path) -> None:
    ifi = real("ifi", repository)
    found = cases_of(ifi.protocol, ifi.extraction, ifi.synthesis)
    back = [item for item in found if item.instrument == "ODI"]
    assert [(item.procedure, [case.who for case in item.cases]) for item in back] == [
        ("endoscopic", ["patient 1 (F, 66 years)"])
    ]
    (case,) = back[0].cases
    assert (case.change, case.timepoint_months, len(case.rows)) == (-42, 17, 2)
    assert back[0].said_of(case) == ("No important difference of this instrument was read.",)
    assert all(item.pseudo_series is None for item in found)
    assert sum(len(item.cases) for item in found) == len(ifi.extraction.cases)
    bcg = real("bcg", repository)
    assert cases_of(bcg.protocol, bcg.extraction, bcg.synthesis) == ()


def test_thresholds_need_a_choice_in_the_protocol() -> None:
    # Guards the helper: its protocol passes the same checks as a real one.
    assert [item.value for item in protocol_with().instrument("scale").thresholds] == [20, 8]
