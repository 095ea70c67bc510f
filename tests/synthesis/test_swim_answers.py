"""SWiM of whole reviews: `ifi` line by line, the nine items, the reporting matrix, plain rows, the words allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evidence_patterns import Event, Row, protocol, synthesis_of

import synth
from synth.errors import MethodError
from synth.extraction.named import outcomes_named
from synth.review import Review
from synth.synthesis.swim import (
    Status,
    SwimAnswer,
    checklist,
    reporting_matrix,
    show_items,
    swim_of,
)
from synth.synthesis.swim.differences import differences_of
from synth.synthesis.swim.items import TOPICS

#: Words that text about uncontrolled evidence never uses (rule 23).
BANNED = re.compile(
    r"\b(improve\w*|reduc\w*|reliev\w*|effective\w*|safe\w*|significant\w*|most patients|proves?|shows? that)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def review(repository: Path) -> Review:
    return synth.open_review("ifi", root=repository)


@pytest.fixture(scope="module")
def swims(review: Review) -> tuple[SwimAnswer, ...]:
    designs = dict(zip(review.extraction.studies["study_id"], review.extraction.studies["design"], strict=True))
    return swim_of(review.synthesis, designs=designs, named=outcomes_named(review.extraction.studies))


def of(swims: tuple[SwimAnswer, ...], procedure: str, outcome: str) -> SwimAnswer:
    return next(item for item in swims if (item.procedure, item.outcome) == (procedure, outcome))


def swim(*rows: Row, events: tuple[Event, ...] = (), **plan: Any) -> SwimAnswer:
    return swim_of(synthesis_of(*rows, events=events, **plan))[0]


# Read off evidence/ifi/extraction/outcomes.csv by hand: figures before and after, figures before only, and the video.
HIP_FUNCTION = {
    "docwirelti": ("figure", "higher", "better"),
    "hatem2015": ("figure", "higher", "better"),
    "aaosvideo2021": ("direction only", "higher", "better"),
    "wilson2016": ("measured but not seen", "", ""),
    "aguilerabohorquez2020": ("measured but not seen", "", ""),
    "rbo2024": ("measured but not seen", "", ""),
    **dict.fromkeys(("zhang2022", "koreamed1050519", "reais2020"), ("measured but not seen", "", "")),
    **dict.fromkeys(
        (
            "jo2015",
            "andersonnd",
            "duke1579476",
            "corrales2017",
            "gonzalesfarrell2022",
            "reaca2016",
        ),
        ("not mentioned", "", ""),
    ),
}


#: Read off titles, notes and events: outcomes that a report names and gives no figure of.
NAMED = {
    ("endoscopic", "zhang2022", "hip function"),
    ("endoscopic", "koreamed1050519", "hip function"),
    ("endoscopic", "reais2020", "hip function"),
    ("endoscopic", "reais2020", "pain"),
    ("endoscopic", "aguilerabohorquez2020", "pain"),
}


def test_ifi_hip_function_after_endoscopic_surgery(swims: tuple[SwimAnswer, ...]) -> None:
    found = of(swims, "endoscopic", "hip function")
    assert {item.study_id: (str(item.status), item.direction, item.verdict) for item in found.rows} == HIP_FUNCTION
    assert len(found.rows) == len(HIP_FUNCTION)
    assert {item.study_id for item in found.rows if item.single_patient} == {"gonzalesfarrell2022", "reaca2016"}
    assert [item.mark for item in found.rows if item.mark] == ["video abstract"]
    assert found.sentences == (
        "Seen direction, 2 eligible series, counted as 1 because some can be of the same people: 1 better, 0 worse.",
        "docwirelti and hatem2015 can share people and count once (better).",
        "With fewer than 5 independent directions towards better or worse, directions are counted, and nothing more: "
        "no share, no interval, no test.",
        "Not counted: 1 source used for directions only (aaosvideo2021: better).",
    )
    assert "the authors of docwirelti were not seen" in found.reason


def test_ifi_pain_reads_a_lower_score_as_better(swims: tuple[SwimAnswer, ...]) -> None:
    found = of(swims, "endoscopic", "pain")
    seen = [(item.study_id, item.direction, item.better) for item in found.seen]
    assert seen == [("hatem2015", "lower", True), ("aaosvideo2021", "lower", True)]


def test_ifi_low_back_disability_keeps_the_single_patient_apart(swims: tuple[SwimAnswer, ...]) -> None:
    found = of(swims, "endoscopic", "low back disability").vote
    assert [group.studies for group in found.groups] == [("docwirelti",)]
    assert [group.studies for group in found.single_patients] == [("gonzalesfarrell2022",)]


def test_ifi_time_to_return_to_sport_is_a_figure_without_a_direction(swims: tuple[SwimAnswer, ...]) -> None:
    found = of(swims, "endoscopic", "time to return to sport")
    assert [(item.study_id, item.words) for item in found.rows if item.what] == [("hatem2015", "figure (after only)")]
    assert not found.seen


def test_ifi_has_every_procedure_and_outcome_once(review: Review, swims: tuple[SwimAnswer, ...]) -> None:
    wanted = [(one.id, other.id) for one in review.protocol.procedures for other in review.protocol.outcomes]
    assert [(item.procedure, item.outcome) for item in swims] == wanted
    # Every eligible report and every source for directions only has a line in each of them; the annex has none.
    for item in swims:
        studied = review.synthesis.studied[item.procedure]
        assert set(item.statuses) == {*studied.arms["study_id"], *studied.direction_only["study_id"]}


def test_ifi_gives_no_interval_and_no_test_anywhere(swims: tuple[SwimAnswer, ...]) -> None:
    assert all(item.vote.proportion is None and item.vote.p_value is None for item in swims)


def test_bcg_without_outcomes_has_no_answer_and_an_empty_list(repository: Path) -> None:
    found = swim_of(synth.open_review("bcg", root=repository).synthesis)
    assert (found, checklist(found)) == ((), ())
    assert repr(show_items(checklist(found))) == "No outcome to report on."
    assert repr(reporting_matrix(found)).startswith("ReportingMatrix(0 reports, 0 outcomes")
    assert reporting_matrix(found)._repr_html_() == "<p>No eligible report, or no outcome in the protocol.</p>"


def test_rule_25_reporting_matrix_of_ifi(swims: tuple[SwimAnswer, ...]) -> None:
    found = reporting_matrix(swims)
    assert {study: str(found.status("endoscopic", study, "hip function")) for study in HIP_FUNCTION} == {
        study: status for study, (status, _, _) in HIP_FUNCTION.items()
    }
    space = found.cells["endoscopic", "aguilerabohorquez2020", "ischiofemoral space"]
    assert (space.status, "17 mm" in space.words) == (Status.FIGURE, True)
    named = {key: cell.words for key, cell in found.cells.items() if "named, no figure" in cell.words}
    assert set(named) == NAMED
    assert set(named.values()) == {"measured but not seen (named, no figure)"}
    assert found.cells["injection", "wilson2016", "pain"].words == (
        "figure (complete but transient pain relief: count without a rate)"
    )
    assert found.status("injection", "wilson2016", "hip function") is Status.NOT_MENTIONED
    # By hand: 2 + 1 + 2 + 1 figures and 2 counts, 2 directions, 3 before only and 5 named; the rest is not mentioned.
    counts = [found.count(status) for status in Status]
    assert counts[:3] == [8, 2, 8]
    assert sum(counts) == len(found.marks) * 6
    assert len(found.marks) == 15 + 1 + 1 + 3 + 2


def test_reporting_matrix_shows_instruments_and_marks(swims: tuple[SwimAnswer, ...]) -> None:
    found = reporting_matrix(swims, procedure="endoscopic")
    shown = found.show({"hatem2015": "Hatem et al."}).frame.set_index("report")
    assert shown.loc["Hatem et al.", "Hip function"] == "figure (mHHS)"
    assert shown.loc["Hatem et al.", "Time to return to sport"] == ("figure (time to return to sport: after only)")
    assert shown.loc["aaosvideo2021 (video abstract)", "Pain"] == "direction only (VAS)"
    assert shown.loc["rbo2024", "Hip function"] == "measured but not seen (HHS: before only)"
    assert shown.loc["jo2015", "Gait"] == "not mentioned"
    # Sources for directions only stand last.
    assert list(shown.index)[-1] == "aaosvideo2021 (video abstract)"
    table = found.table().set_index("study")
    assert table.loc["hatem2015", "pain"] == "figure"
    assert table.loc["aaosvideo2021", "directions only"] == "video abstract"
    assert "<table>" in found._repr_html_()


def test_reporting_matrix_names_what_there_is(swims: tuple[SwimAnswer, ...]) -> None:
    with pytest.raises(MethodError, match="no procedure 'tying' among the answers; there are: endoscopic, open"):
        reporting_matrix(swims, procedure="tying")
    with pytest.raises(
        MethodError, match=r"no report 'nobody' of 'open' with outcome 'pain'; reports: .*gabrielli2022"
    ):
        reporting_matrix(swims).status("open", "nobody", "pain")


def test_matrix_takes_the_most_informative_line_of_a_report() -> None:
    found = swim(Row("one", after=""), Row("one", instrument="rule", before="", after="", direction="higher"))
    matrix = reporting_matrix([found])
    assert matrix.cells["knot", "one", "comfort"].words == "direction only (rule: in words)"
    shared = swim(Row("one", after=""), events=(Event("one", "content", 6, 10),))
    assert reporting_matrix([shared]).cells["knot", "one", "comfort"].words == "figure (content: share)"


def test_plain_rows_for_plots_have_one_row_a_study(swims: tuple[SwimAnswer, ...]) -> None:
    found = of(swims, "endoscopic", "hip function")
    rows = found.direction_rows({"hatem2015": "Hatem et al."})
    assert {item.study_id: (str(item.status), item.direction, item.verdict) for item in rows} == HIP_FUNCTION
    harvest = {item.study_id: item for item in found.harvest_rows({"hatem2015": "Hatem et al."})}
    assert set(harvest) == {"docwirelti", "hatem2015", "aaosvideo2021"}
    hatem, film = harvest["hatem2015"], harvest["aaosvideo2021"]
    assert (hatem.label, hatem.n, hatem.unit, hatem.design) == ("Hatem et al.", 5, "patients", "case series")
    assert (hatem.better, hatem.depth, hatem.single_patient) == (True, "primary abstract", False)
    assert (hatem.outcome_label, hatem.procedure_label) == ("Hip function", "Endoscopic lesser trochanter resection")
    assert (hatem.counts_as, film.counts_as, film.mark) == ("series", "directions only", "video abstract")
    assert (hatem.what, hatem.rows) == (("mHHS",), ("outcomes.csv:2",))


def test_a_plain_row_takes_several_lines_of_a_study_together() -> None:
    rows = swim(
        Row("one", months=3, n=8),
        Row("one", months=12, n=6, after=20),
        Row("two", n=1, patients=1),
        Row("three", instrument="rule", before=5, after=4),
    ).direction_rows()
    found = {item.study_id: item for item in rows}
    one = found["one"]
    assert (one.verdict, one.direction, one.better, one.n) == ("conflicting", "differs", None, 8)
    assert (found["two"].verdict, found["two"].counts_as) == ("better", "single patient")
    assert (found["three"].verdict, found["three"].direction, found["three"].better) == ("unclear", "lower", None)


def test_a_plain_row_has_the_fullest_status_and_keeps_single_patients_of_a_study_apart() -> None:
    found = swim(
        Row("one", after=""),
        Row("one", instrument="rule", before="", after="", direction="higher"),
        Row("one", arm="A2", n=1, patients=1, after=20),
    ).direction_rows()
    assert [(item.study_id, item.single_patient, str(item.status), item.verdict) for item in found] == [
        ("one", False, "direction only", "unclear"),
        ("one", True, "figure", "worse"),
    ]


def test_the_nine_items_of_ifi(swims: tuple[SwimAnswer, ...]) -> None:
    found = {item.number: item for item in checklist(swims)}
    assert list(found) == list(range(1, 10))
    assert {item.number: item.topic for item in found.values()} == TOPICS
    # Post hoc groups; two series differ and nobody looked into it; nobody rated the certainty.
    assert [item.met for item in found.values()] == [
        "in part",
        "met",
        "met",
        "met",
        "in part",
        "not met",
        "met",
        "met",
        "met",
    ]
    assert "mHHS: higher" in found[2].how
    assert "No better end is named for time to return to sport, ischiofemoral space" in found[2].how
    assert "From 5 independent directions towards better or worse" in found[3].how
    assert found[5].how.startswith("Directions do not differ. Endoscopic lesser trochanter resection, hip function: ")
    assert (
        "docwirelti and hatem2015 differ in n (24 and 5), months of follow-up (19 and 27.6) and mean change by mHHS "
        "(+25.5 and +42.9); not investigated, because the series can be of the same people."
    ) in found[5].how
    assert "No direction was seen for 27 of 30 pairs of a procedure and an outcome." in found[8].how
    assert "swim-endoscopic" in found[8].where
    assert checklist(swims, certainty="Rated by GRADE.")[5].met == "met"
    assert list(show_items(checklist(swims)).frame["item"]) == [str(number) for number in range(1, 10)]


def test_items_of_one_outcome_tell_its_reason_and_limits(swims: tuple[SwimAnswer, ...]) -> None:
    answer = of(swims, "endoscopic", "hip function")
    found = {item.number: item for item in answer.items()}
    assert answer.reason in found[3].how
    assert all(sentence in found[8].how for sentence in answer.sentences)
    assert found[9].how == " ".join(answer.limits)
    assert found[9].where == ("swim-endoscopic",)


def test_items_follow_the_protocol_and_the_data() -> None:
    split = [Row(f"study{index}", after=60 if index else 20) for index in range(3)]
    ladder = {"vote_from": 8, "reason": "Invented."}
    found = {item.number: item for item in swim(*split, ladder=ladder, level=0.9).items()}
    told = "From 8 independent directions towards better or worse: the share on the better side with its exact interval"
    assert f"{told} (90%)" in found[3].how
    assert found[5].met == "in part"
    assert found[5].how.startswith("Directions differ for Knot, comfort.")
    assert (
        "mean change by scale (-20, +20 and +20); directions were not related to them by any analysis." in found[5].how
    )
    alike = {item.number: item for item in swim(*split[1:]).items()}
    assert alike[5].how.startswith(
        "Directions do not differ. Knot, comfort: no difference in n, time, instrument or size"
    )
    alone = {item.number: item for item in swim(split[1]).items()}
    assert (alone[5].met, "two series that could differ" in alone[5].how) == ("nothing to report", True)
    nothing = {item.number: item for item in swim(Row("one", after="")).items()}
    assert (nothing[9].met, nothing[8].how) == ("nothing to report", "No direction was seen.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"n": 4}, "study0 and study1 differ in n (10 and 4)"),
        ({"n": ""}, ""),
        ({"months": 30}, "study0 and study1 differ in months of follow-up (12 and 30)"),
        ({"months": ""}, ""),
        ({"after": 70}, "study0 and study1 differ in mean change by scale (+20 and +30)"),
        ({"instrument": "rule", "before": 3, "after": 5}, "instrument (scale and rule)"),
        ({"before": "", "after": "", "direction": "higher"}, ""),
    ],
)
def test_differences_between_series_are_those_that_were_seen(changes: dict[str, Any], told: str) -> None:
    found = differences_of(swim(Row("study0"), Row("study1", **changes)).rows)
    assert found == told if told.startswith("study") or not told else told in found


def test_differences_of_many_series_are_told_as_a_range() -> None:
    rows = [Row(f"study{index}", n=3 + index, patients=20, months="" if index == 1 else 12) for index in range(6)]
    assert "differ in n (3 to 8)" in differences_of(swim(*rows).rows)
    assert "(3 to 7; not seen of 1)" in differences_of(swim(*rows[:5], replace(rows[5], n="")).rows)
    # Single patients and sources used for directions only are no series.
    apart = (Row("alone", n=1, patients=1, months=90), Row("film", level="video abstract", months=70))
    assert differences_of(swim(Row("one"), Row("two"), *apart).rows) == ""


def test_a_plan_made_before_the_data_meets_the_first_item() -> None:
    made_before = protocol().model_copy(update={"standing": protocol().standing.model_copy(update={"post_hoc": False})})
    from synth.synthesis.swim.items import items_of

    assert items_of(made_before, [swim(Row("one"))])[0].met == "met"


def test_limits_name_what_the_data_leave_open() -> None:
    """Rule 24: regression to the mean and its companions stand beside every direction."""
    split = [Row(f"study{index}") for index in range(5)]
    limits = " ".join(swim(*split, Row("silent", after=""), Row("odd", unit="not stated")).limits)
    for words in ("regression to the mean", "the natural course", "other care", "entry at the worst point"):
        assert words in limits
    assert "1 of 7 eligible reports gave no direction that was seen, 1 of which measured it." in limits
    named = swim_of(synthesis_of(*split, Row("silent", after="")), named={"silent": ("comfort",)})[0]
    assert named.statuses["silent"] is Status.NOT_SEEN
    assert "1 of which measured it." in " ".join(named.limits)
    assert "What n counts is not stated in 1 report with a direction." in limits
    assert "The interval takes every study to have the same chance of a direction" in limits
    assert "not read in full" not in limits
    mixed = " ".join(swim(Row("one"), Row("two", instrument="rule", before=4, after=5)).limits)
    assert "Directions of different instruments stand for one outcome (scale, rule)." in mixed


def test_rule_2_depth_of_reading_is_a_limit(swims: tuple[SwimAnswer, ...]) -> None:
    assert "Of 3 reports with a direction, 3 were not read in full." in of(swims, "endoscopic", "hip function").limits


@pytest.mark.parametrize("k", [0, 1, 3, 5, 8])
def test_rule_23_no_banned_word_in_anything_generated(k: int, swims: tuple[SwimAnswer, ...]) -> None:
    rows = [Row(f"study{index}", after=60 if index else 20) for index in range(k)]
    answers = [swim(*rows, Row("film", level="video abstract"), Row("alone", n=1, patients=1)), *swims]
    texts = [
        text
        for answer in answers
        for text in (*answer.sentences, *answer.limits, *(f"{item.topic} {item.how}" for item in answer.items()))
    ]
    assert len(texts) > 20
    assert [text for text in texts if BANNED.search(text)] == []
    assert BANNED.search("the procedure is effective")


def test_table_show_and_html(swims: tuple[SwimAnswer, ...]) -> None:
    answer = of(swims, "endoscopic", "hip function")
    table = answer.table()
    assert len(table) == len(answer.rows)
    assert list(table["verdict"])[:2] == ["better", "better"]
    shown = answer.show({"docwirelti": "Doc <b>"}).frame
    assert shown.loc[0, "report"] == "Doc <b>"
    assert shown.loc[0, "n"] == "24 (unit not stated)"
    assert list(shown["n"])[-1] == "1 patient"
    html = answer._repr_html_()
    assert "<li>Not counted: 1 source used for directions only" in html
    assert "SwimAnswer(endoscopic / hip function: Seen direction" in repr(answer)
    nobody = swim_of(synthesis_of(Row("one")))[1]
    assert repr(nobody.show()) == "No eligible report of bow."
