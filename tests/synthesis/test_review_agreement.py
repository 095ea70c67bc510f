"""Published reviews beside what is seen here. All reviews and figures are invented but those of ifi."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from case_patterns import protocol_with, real, review_of, single
from evidence_patterns import Event, Row

from synth.extraction.reviews import PublishedReview, Statement, published_reviews
from synth.synthesis.published_reviews import UNRECORDED, Agreement, agreement, agreement_table, unrecorded

BANNED = ("improve", "reduce", "relie", "effective", "safe", "significan", "most patients")
STATEMENT = Statement(
    "knot", "comfort", "", "better", "DOI:10.0000/old", "abstract", "primary abstract", "", "reviews.csv:2"
)
OLD = PublishedReview("old", "", "", None, None, "", "", "", (STATEMENT,), (("abstract", "primary abstract"),))
STEPS = [{"label": "Tying", "procedures": ["knot", "bow"]}]


def beside(*rows: Row, review: PublishedReview = OLD, **statement: str) -> Agreement:
    whole = replace(review, statements=tuple(replace(item, **statement) for item in review.statements))
    (found,) = agreement((whole,), review_of(*rows, protocol=protocol_with(steps=STEPS)).synthesis)
    return found


UP, DOWN, SAME = Row("ash"), Row("elm", after=30), Row("oak", after=40)


@pytest.mark.parametrize(
    ("finding", "rows", "verdict"),
    [
        ("better", (UP,), "same direction"),
        ("better", (DOWN,), "other direction"),
        ("better", (SAME,), "other direction"),
        ("better", (UP, DOWN), "mixed here"),
        ("better", (UP, SAME), "mixed here"),
        ("better", (), "nothing seen here"),
        ("better", (single("ash"),), "nothing seen here"),
        ("better", (Row("ash", level="video abstract"),), "nothing seen here"),
        ("better", (Row("ash", instrument="rule", before=2, after=5),), "not comparable"),
        ("worse", (DOWN,), "same direction"),
        ("worse", (UP,), "other direction"),
        ("no change", (SAME,), "same direction"),
        ("no change", (UP,), "other direction"),
        ("limited benefit", (UP,), "not comparable"),
        ("mixed", (UP, DOWN), "not comparable"),
        ("no conclusion", (UP,), "not comparable"),
    ],
)
def test_directions_beside_each_other(finding: str, rows: tuple[Row, ...], verdict: str) -> None:
    assert beside(*rows, finding=finding).verdict == verdict


@pytest.mark.parametrize("missing", [{"about": ""}, {"outcome": ""}, {"about": "", "outcome": ""}])
@pytest.mark.parametrize("rows", [(), (UP,), (UP, DOWN)])
def test_what_a_statement_does_not_name_is_never_held_beside_anything(
    missing: dict[str, str], rows: tuple[Row, ...]
) -> None:
    found = beside(*rows, **missing)
    assert (found.verdict, found.seen_here) == ("not comparable", "")
    assert "a direction of this outcome was seen" not in " ".join(found.why)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("ash", "content", 3, 10, conditioned="yes"), "Comfort, counted without a rate: 3 of 10 patients in ash"),
        (Event("ash", "content", 3, 10, unit="not stated"), "counted without a rate: 3 of 10 (unit not stated) in ash"),
        (Event("ash", "content", 3, 10), "Comfort, counted: 3 of 10 patients in ash; no direction."),
        (Event("ash", "tear", 3, 10), "No direction of comfort was seen"),
        (Event("ash", "rested", 3, 10), "No direction of comfort was seen"),
    ],
)
def test_counts_are_not_nothing_where_no_series_gives_a_direction(event: Event, said: str) -> None:
    review = review_of(Row("ash", after=""), events=(event,), protocol=protocol_with(steps=STEPS))
    (found,) = agreement((OLD,), review.synthesis)
    assert said in found.seen_here
    assert found.verdict == "nothing seen here"
    film = review_of(Row("ash", after="", level="video abstract"), events=(event,), protocol=protocol_with(steps=STEPS))
    assert agreement((OLD,), film.synthesis)[0].seen_here.startswith("No direction")


@pytest.mark.parametrize(
    ("rows", "locator", "said"),
    [
        ((UP,), "abstract", "1 series of 10 patients here."),
        ((UP,), "title", "Title only; 1 series of 10 patients here."),
        ((UP, DOWN), "title", "Title only; 2 series of 10 patients and 10 patients here."),
        ((Row("ash", n=""),), "abstract", "1 series of an unseen number here."),
        ((Row("ash", n=4, unit="not stated"),), "abstract", "1 series of 4 (unit not stated) here."),
        ((Row("ash", n=4, months=3), Row("ash", n=9)), "abstract", "1 series of 9 patients here."),
    ],
)
def test_on_how_little_two_directions_rest_is_said_first(rows: tuple[Row, ...], locator: str, said: str) -> None:
    assert beside(*rows, locator=locator).why[0] == said


def test_a_fact_from_another_place_of_the_review_carries_that_place() -> None:
    review = replace(OLD, designs="series", designs_at="table 1")
    assert beside(UP, review=review).they_say.endswith("(abstract). Its studies: series (table 1).")
    assert beside(UP, review=review, locator="table 1").they_say.endswith("(table 1). Its studies: series.")


def test_what_is_seen_here_is_counted_with_its_times() -> None:
    found = beside(UP, DOWN, Row("ash", months=24, after=70))
    assert found.seen_here == "3 results of 2 reports, at 12 and 24 months: 2 better, 1 worse; comfort (scale)."
    assert beside().seen_here == "No direction of comfort was seen in any eligible series."
    unclear = beside(Row("ash", instrument="rule", before=2, after=5, months=""))
    assert unclear.seen_here == (
        "1 result of 1 report: 1 in a direction of which nobody said whether it is better; comfort (rule)."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "It states of comfort: better, after knot (abstract)."),
        ({"horizon": "long term"}, "It states of comfort: better, after knot, in the long term (abstract)."),
        ({"about": "Tying"}, "It states of comfort: better, after tying (abstract)."),
        ({"about": "", "outcome": ""}, "It states: better (abstract)."),
        ({"finding": "no conclusion"}, "It states of comfort: no conclusion can be drawn, after knot (abstract)."),
    ],
)
def test_what_the_review_says_is_restated_with_its_place(changes: dict[str, Any], said: str) -> None:
    assert beside(UP, **changes).they_say == said


def why(review: PublishedReview = OLD, *rows: Row, **statement: str) -> str:
    return " ".join(beside(*(rows or (UP,)), review=review, **statement).why)


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({}, "How many studies it includes was not seen", "The number of"),
        (
            {"n_studies": 7},
            "The number of studies it includes is 7; here there is 1 eligible report.",
            "not seen, and so not",
        ),
        ({"n_patients": 70}, "The number of patients it counts is 70", "xxx"),
        ({}, "Until when it searched was not seen.", "xxx"),
        ({"searched_to": "2020"}, "Where it read the same reports", "Until when it searched"),
        ({}, "Whether its studies compare treatments was not seen.", "share one bias"),
        ({"comparative": "no"}, "both can share one bias", "compare treatments was not seen"),
        ({"comparative": "yes"}, "Some of its studies compare treatments; none here does.", "share one bias"),
        (
            {"places": (("title", "article opening"),)},
            "Of the review only the opening was read (title).",
            "abstract was",
        ),
        (
            {"places": (("title", "primary abstract"), ("table 1", "primary full text"))},
            "Of the review the full text was read (title, table 1).",
            "only",
        ),
    ],
)
def test_why_they_may_differ_follows_from_what_was_seen(changes: dict[str, Any], present: str, absent: str) -> None:
    told = why(replace(OLD, **changes))
    assert present in told
    assert absent not in told


@pytest.mark.parametrize(
    ("statement", "present"),
    [
        ({"about": ""}, "Which treatment it means was not recorded, so nothing here can be held beside it."),
        ({"about": "Tying"}, "It speaks of tying as a whole; which procedures that covers was not seen."),
        ({"outcome": ""}, "Which outcome it means was not recorded, so nothing here can be held beside it."),
        ({"about": "", "outcome": ""}, "Which treatment and outcome it means was not recorded, so nothing"),
        ({"horizon": "long term"}, "What it counts as long term was not seen."),
    ],
)
def test_what_a_statement_leaves_open_is_named(statement: dict[str, Any], present: str) -> None:
    assert present in why(**statement)
    assert present not in why()


def test_how_many_reports_give_a_direction() -> None:
    rows = (UP, Row("elm", after=""), Row("fir", procedure="bow"))
    assert "a direction of this outcome was seen in 1 of 2 eligible reports." in why(OLD, *rows)
    assert "a direction of this outcome was seen in 2 of 3 eligible reports." in why(OLD, *rows, about="Tying")


def test_where_treatments_are_compared_here_it_says_so() -> None:
    plan = {
        "id": "tears",
        "label": "Tears",
        "event": "tear",
        "measure": "RR",
        "treated": "knot",
        "control": "none",
        "fewer_is_better": True,
    }
    protocol = protocol_with()
    synthesis = {
        **protocol.synthesis.model_dump(mode="json", exclude_none=True, exclude={"ladder"}),
        "comparisons": [plan],
    }
    rows = (UP, Row("ash", arm="A2", procedure="none"))
    events = (Event("ash", "tear", 2, 10), Event("ash", "tear", 4, 10, arm="A2"))
    review = review_of(*rows, events=events, protocol=protocol_with(synthesis=synthesis))
    without, both = agreement((replace(OLD, comparative="no"), replace(OLD, comparative="yes")), review.synthesis)
    assert "Its studies have no comparison group; some here do." in without.why
    assert not [sentence for sentence in both.why if "compar" in sentence]


def test_a_review_of_which_no_statement_was_seen_has_one_line() -> None:
    silent = replace(OLD, statements=(), scope="ropes")
    (found,) = agreement((silent,), review_of(UP).synthesis)
    assert (found.statement, found.verdict, found.seen_here) == (None, "not seen", "")
    assert found.they_say == "No statement of it on an outcome was seen. It is about: ropes."


def test_the_real_reviews(repository: Path) -> None:
    ifi = real("ifi", repository)
    reviews = published_reviews(ifi.extraction.reviews)
    found = agreement(reviews, ifi.synthesis)
    assert [(item.record_id, item.verdict) for item in found] == [
        ("mohorea2026", "same direction"),
        ("mohorea2026", "nothing seen here"),
        ("mohorea2026", "not comparable"),
        ("nakano2020", "not comparable"),
        ("desa2014", "not seen"),
        ("ferreira2023", "not seen"),
    ]
    assert found[0].they_say.startswith("It states of pain: better, after surgery, in the long term (title).")
    assert found[0].they_say.endswith("Its studies: level IV series (abstract).")
    assert found[1].they_say.endswith("(abstract). Its studies: level IV series.")
    assert found[0].why[0] == "Title only; 1 series of 5 patients here."
    assert found[1].seen_here == "Pain, counted without a rate: 7 of 7 patients in wilson2016; no direction."
    assert found[3].why[0].startswith("Which treatment and outcome it means was not recorded")
    assert found[3].seen_here == ""
    assert "both can share one bias" in " ".join(found[0].why)
    told = agreement_table(found, ifi.records).frame.to_string().lower()
    assert not [word for word in BANNED if word in told]
    silent = unrecorded(ifi.records, reviews)
    assert "wu2022" in silent
    assert UNRECORDED == "no statement on the outcome of a treatment was recorded"
    assert not set(silent) & {item.record_id for item in reviews}
    bcg = real("bcg", repository)
    assert agreement(published_reviews(bcg.extraction.reviews), bcg.synthesis) == ()
    assert repr(agreement_table((), bcg.records)) == "No published review was recorded."
