"""The edges of the ladder over invented evidence: the least that lifts an outcome to a rung."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from evidence_patterns import Event, Row, protocol, synthesis_of
from test_ladder import PATTERNS

from synth.synthesis.ladder import ORDER, Rung
from synth.synthesis.outcome_answers import OutcomeAnswer


def outcome_of(*rows: Row, events: tuple[Event, ...] = (), **plan: object) -> OutcomeAnswer:
    """The answer for the one outcome of an invented pattern, over both instruments and the shares."""
    found = synthesis_of(*rows, events=events, **plan).outcomes
    return next(item for item in found if (item.procedure, item.outcome) == ("knot", "comfort"))


@dataclass(frozen=True)
class Edge:
    """Invented evidence one piece short of a rung, and with that piece."""

    name: str
    below: tuple[Row, ...]
    above: tuple[Row, ...]
    rungs: tuple[Rung, Rung]
    reasons: tuple[str, str]
    events: tuple[tuple[Event, ...], tuple[Event, ...]] = ((), ())


BEFORE = Row("ash", after="")
UNKNOWN = Row("ash", before="", after="")
CASE = Row("ash", n=1)
BARE = Row("ash")
FULL = Row("ash", change_sd=5)
OTHER = Row("elm", change_sd=6, after=65)
SHARE = Event("ash", "content", 4, 10)


def independent(count: int) -> tuple[Row, ...]:
    """Independent series with a standard error."""
    return tuple(Row(f"study{index}", after=60 + 3 * index, change_sd=9) for index in range(count))


EDGES = (
    Edge("first figure", (), (BEFORE,), (Rung.NOTHING, Rung.UNUSABLE), ("No figure was seen", "before treatment only")),
    Edge(
        "first direction in words",
        (),
        (Row("ash", before="", after="", direction="lower"),),
        (Rung.NOTHING, Rung.UNUSABLE),
        ("No figure was seen", "stated in words"),
    ),
    Edge(
        "first share",
        (Row("ash", before="", after=""),),
        (Row("ash", before="", after=""),),
        (Rung.UNUSABLE, Rung.PROPORTIONS),
        ("before treatment only", "Shares only (content)"),
        ((), (SHARE,)),
    ),
    Edge(
        "a patient's figure after",
        (Row("ash", n=1, after=""),),
        (CASE,),
        (Rung.UNUSABLE, Rung.CASES),
        ("before treatment only", "Only single patients (1)"),
    ),
    Edge(
        "a series' figure after",
        (BEFORE,),
        (BARE,),
        (Rung.UNUSABLE, Rung.DESCRIBED),
        ("before treatment only", "No standard error was printed"),
    ),
    Edge(
        "a source that may give estimates",
        (Row("ash", level="video abstract", change_sd=5),),
        (FULL,),
        (Rung.UNUSABLE, Rung.ONE_SERIES),
        ("used for directions", "one series is not pooled"),
    ),
    Edge(
        "a confirmed disease",
        (Row("ash", disease="tightness", change_sd=5),),
        (FULL,),
        (Rung.UNUSABLE, Rung.ONE_SERIES),
        ("do not enter the synthesis", "one series is not pooled"),
    ),
    Edge(
        "a second patient in the report",
        (CASE,),
        (Row("ash", n=2),),
        (Rung.CASES, Rung.DESCRIBED),
        ("Only single patients (1)", "No standard error was printed"),
    ),
    Edge(
        "a series beside patients",
        (CASE, Row("elm", n=1)),
        (CASE, Row("elm", n=1), Row("oak")),
        (Rung.CASES, Rung.DESCRIBED),
        ("Only single patients (2)", "No standard error was printed"),
    ),
    Edge(
        "a share beside patients",
        (CASE,),
        (CASE,),
        (Rung.CASES, Rung.PROPORTIONS),
        ("Only single patients (1)", "Scores: Only single patients (1)"),
        ((), (SHARE,)),
    ),
    Edge(
        "a share beside means",
        (BARE,),
        (BARE,),
        (Rung.DESCRIBED, Rung.PROPORTIONS),
        ("No standard error was printed", "Scores: No standard error was printed"),
        ((), (SHARE,)),
    ),
    Edge(
        "a standard deviation",
        (BARE,),
        (FULL,),
        (Rung.DESCRIBED, Rung.ONE_SERIES),
        ("No standard error was printed", "one series is not pooled"),
    ),
    Edge(
        "a number of patients",
        (Row("ash", n="", change_sd=5),),
        (FULL,),
        (Rung.DESCRIBED, Rung.ONE_SERIES),
        ("No standard error was printed", "one series is not pooled"),
    ),
    Edge(
        "a p value that is no bound",
        (Row("ash", p="<.001"),),
        (Row("ash", p=".001"),),
        (Rung.DESCRIBED, Rung.ONE_SERIES),
        ("No standard error was printed", "one series is not pooled"),
    ),
    Edge(
        "an estimate beside a share",
        (BARE,),
        (FULL,),
        (Rung.PROPORTIONS, Rung.ONE_SERIES),
        ("Shares only (content)", "one series is not pooled"),
        ((SHARE,), (SHARE,)),
    ),
    Edge(
        "a second series without a standard error",
        (BARE,),
        (BARE, Row("elm")),
        (Rung.DESCRIBED, Rung.SWIM),
        ("No standard error was printed", "of 2 series with a direction none has a standard error"),
    ),
    Edge(
        "a second direction in words",
        (Row("ash", before="", after="", direction="higher"),),
        (Row("ash", before="", after="", direction="higher"), Row("elm", before="", after="", direction="lower")),
        (Rung.UNUSABLE, Rung.SWIM),
        ("stated in words", "of 2 series with a direction none has a standard error"),
    ),
    Edge(
        "a direction beside one series",
        (FULL,),
        (FULL, Row("elm", before="", after="", direction="lower")),
        (Rung.ONE_SERIES, Rung.SWIM),
        ("one series is not pooled", "of 2 series with a direction one has a standard error"),
    ),
    Edge(
        "a patient beside one series changes nothing, a series does",
        (FULL, Row("elm", n=1)),
        (FULL, Row("elm", n=2)),
        (Rung.ONE_SERIES, Rung.SWIM),
        ("Shown apart: 1 single patient", "Shown apart: 1 series without a standard error"),
    ),
    Edge(
        "a second arm of the study changes nothing, a second study does",
        (FULL, Row("ash", arm="A2", change_sd=6)),
        (FULL, Row("elm")),
        (Rung.ONE_SERIES, Rung.SWIM),
        ("arms and times of one study are not independent", "one has a standard error"),
    ),
    Edge(
        "another instrument in another study",
        (FULL,),
        (FULL, Row("elm", instrument="rule", before=2, after=6, change_sd=2)),
        (Rung.ONE_SERIES, Rung.SWIM),
        ("one series is not pooled", "2 series by different instruments (scale, rule)"),
    ),
    Edge(
        "another instrument in the same study changes nothing",
        (FULL, Row("ash", instrument="rule", before=2, after=6, change_sd=2)),
        (FULL, Row("ash", instrument="rule", before=2, after=6, change_sd=2), Row("elm")),
        (Rung.ONE_SERIES, Rung.SWIM),
        ("Shown apart, rule: one series", "one has a standard error"),
    ),
    Edge(
        "a second standard error",
        (FULL, Row("elm")),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("one has a standard error", "sensitivity analysis only"),
    ),
    Edge(
        "seen authors",
        (FULL, Row("elm", change_sd=6, authors=())),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("the authors of elm were not seen", "sensitivity analysis only"),
    ),
    Edge(
        "other authors",
        (Row("ash", change_sd=5, authors=("Root A",)), Row("elm", change_sd=6, authors=("Root B",))),
        (Row("ash", change_sd=5, authors=("Root A",)), Row("elm", change_sd=6, authors=("Leaf B",))),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("a shared author name (Root)", "sensitivity analysis only"),
    ),
    Edge(
        "another centre",
        (Row("ash", change_sd=5, centre="Mill"), Row("elm", change_sd=6, centre="Mill")),
        (Row("ash", change_sd=5, centre="Mill"), Row("elm", change_sd=6, centre="Barn")),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("the same centre (Mill)", "sensitivity analysis only"),
    ),
    Edge(
        "times apart at one centre",
        (
            Row("ash", change_sd=5, centre="Mill", period=("2001", "2005")),
            Row("elm", change_sd=6, centre="Mill", period=("2005", "2009")),
        ),
        (
            Row("ash", change_sd=5, centre="Mill", period=("2001", "2005")),
            Row("elm", change_sd=6, centre="Mill", period=("2006", "2009")),
        ),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("the same centre (Mill)", "sensitivity analysis only"),
    ),
    Edge(
        "no declared overlap",
        (Row("ash", change_sd=5, overlaps="elm/A1"), Row("elm", change_sd=6, overlaps="ash/A1")),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("declared", "sensitivity analysis only"),
    ),
    Edge(
        "one unit",
        (FULL, Row("elm", unit="hips", change_sd=6)),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("hips, patients", "sensitivity analysis only"),
    ),
    Edge(
        "a stated unit",
        (Row("ash", unit="", change_sd=5), Row("elm", unit="", change_sd=6)),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("n must count the same thing", "sensitivity analysis only"),
    ),
    Edge(
        "one change a study",
        (FULL, OTHER, Row("elm", arm="A2", change_sd=6)),
        (FULL, OTHER),
        (Rung.SWIM, Rung.SIDE_BY_SIDE),
        ("elm gives several changes", "sensitivity analysis only"),
    ),
    Edge(
        "a third series",
        independent(2),
        independent(3),
        (Rung.SIDE_BY_SIDE, Rung.POOLED),
        ("sensitivity analysis only", "3 independent series with a standard error. With fewer than five"),
    ),
    Edge(
        "a third series that may share patients takes the pool away",
        (*independent(3), Row("oak", change_sd=5, authors=())),
        independent(3),
        (Rung.SWIM, Rung.POOLED),
        ("the authors of oak were not seen", "3 independent series"),
    ),
)


@pytest.mark.parametrize("edge", EDGES, ids=[edge.name for edge in EDGES])
def test_edge_between_two_rungs(edge: Edge) -> None:
    below = outcome_of(*edge.below, events=edge.events[0])
    above = outcome_of(*edge.above, events=edge.events[1])
    assert (below.rung, above.rung) == edge.rungs
    assert edge.reasons[0] in below.reason
    assert edge.reasons[1] in above.reason


def test_every_rung_stands_on_both_sides_of_some_edge() -> None:
    """All but the lowest and the highest, which have one side only."""
    assert {edge.rungs[0] for edge in EDGES} == set(ORDER) - {Rung.POOLED}
    assert {edge.rungs[1] for edge in EDGES} == set(ORDER) - {Rung.NOTHING}


def test_an_edge_never_leads_down() -> None:
    assert all(ORDER.index(edge.rungs[0]) < ORDER.index(edge.rungs[1]) for edge in EDGES)


@pytest.mark.parametrize(
    ("events", "rung"),
    [
        ((SHARE,), Rung.PROPORTIONS),
        ((Event("ash", "content", 4, 10, conditioned="yes"),), Rung.UNUSABLE),
        ((Event("ash", "tear", 4, 10),), Rung.UNUSABLE),
        ((Event("ash", "rested", 4, 10),), Rung.UNUSABLE),
        ((Event("ash", "loose before", 4, 10),), Rung.UNUSABLE),
    ],
    ids=["a share", "conditioned on inclusion", "a harm", "a step of care", "a state before"],
)
def test_only_a_share_with_a_rate_of_this_outcome_counts(events: tuple[Event, ...], rung: Rung) -> None:
    assert outcome_of(BEFORE, events=events).rung is rung


@pytest.mark.parametrize(
    ("count", "plan", "rung"),
    [
        (3, {"pool_from": 4, "reason": "Invented."}, Rung.SIDE_BY_SIDE),
        (4, {"pool_from": 4, "reason": "Invented."}, Rung.POOLED),
        (2, {}, Rung.SIDE_BY_SIDE),
        (3, {}, Rung.POOLED),
    ],
)
def test_a_protocol_may_ask_for_more_series(count: int, plan: dict[str, object], rung: Rung) -> None:
    assert outcome_of(*independent(count), ladder=plan).rung is rung


def test_a_time_is_not_blamed_for_having_no_value_before() -> None:
    months = Row("ash", before="", cells={"unit": "months"})
    assert outcome_of(months).reason.startswith("A time was seen")
    assert outcome_of(Row("ash", before="")).reason.startswith("A figure after treatment was seen")


@pytest.mark.parametrize("conditioned", ["yes", ""])
def test_a_count_without_a_rate_is_named(conditioned: str) -> None:
    share = Event("ash", "content", 4, 4, conditioned=conditioned)
    found = outcome_of(Row("ash", before="", after=""), events=(share,))
    assert ("without a rate (content: who was included depended on it)" in found.reason) == (conditioned == "yes")


@pytest.mark.parametrize(("shares_from", "pooled"), [(3, True), (4, False)])
def test_shares_are_pooled_from_the_planned_number(shares_from: int, pooled: bool) -> None:
    rows = [Row(f"study{index}", before="", after="") for index in range(3)]
    events = tuple(Event(row.study, "content", 4 + index, 10) for index, row in enumerate(rows))
    plan = {"shares_from": shares_from, "reason": "Invented."} if shares_from > 3 else {}
    (share,) = outcome_of(*rows, events=events, ladder=plan).shares
    assert (share.pooled is not None) is pooled
    if not pooled:
        assert share.reason == "3 independent series: all are shown; proportions are pooled from 4 series on."


@pytest.mark.parametrize(("small_study_from", "made"), [(10, True), (11, False)])
def test_small_study_effects_are_tested_from_the_planned_number(small_study_from: int, made: bool) -> None:
    plan = {"small_study_from": small_study_from, "reason": "Invented."} if small_study_from > 10 else {}
    rows = [Row(f"study{index}", after=60 + index, change_sd=5 + index) for index in range(10)]
    (checks,) = synthesis_of(*rows, ladder=plan).pools
    assert bool(checks.small_study.tests) is made
    if not made:
        assert "with 10 estimates, fewer than 11" in checks.small_study.reason


def test_what_hangs_on_a_pool_is_shown_from_the_planned_number() -> None:
    plan = {"pool_from": 4, "reason": "Invented."}
    (few,) = synthesis_of(*independent(3), ladder=plan).pools
    (enough,) = synthesis_of(*independent(4), ladder=plan).pools
    assert (few.enough, enough.enough) == (False, True)


def test_flag_below_the_planned_number() -> None:
    plan = {"plain_from": 7, "reason": "Invented."}
    assert "With fewer than 7" in outcome_of(*independent(6), ladder=plan).reason
    assert "With fewer" not in outcome_of(*independent(7), ladder=plan).reason


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"pool_from": 2, "reason": "Invented."}, "greater than or equal to 3"),
        ({"vote_from": 4, "reason": "Invented."}, "greater than or equal to 5"),
        ({"shares_from": 2, "reason": "Invented."}, "greater than or equal to 3"),
        ({"small_study_from": 9, "reason": "Invented."}, "greater than or equal to 10"),
        ({"plain_from": 4, "reason": "Invented."}, "greater than or equal to 5"),
        ({"pool_from": 6, "reason": "Invented."}, "plain_from 5 is below pool_from 6"),
        ({"vote_from": 8}, "vote_from differ from the method rules; reason must say why"),
    ],
)
def test_no_protocol_may_be_laxer_than_the_rules(plan: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        protocol(ladder=plan)


def test_there_are_enough_patterns() -> None:
    """Sixty and more, no two alike: those of the edges and those of the ladder's own table."""
    sides = [(edge.below, edge.events[0]) for edge in EDGES] + [(edge.above, edge.events[1]) for edge in EDGES]
    assert len({repr(side) for side in sides} | {repr((tuple(item[1]), ())) for item in PATTERNS}) >= 60
