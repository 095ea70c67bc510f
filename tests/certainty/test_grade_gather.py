"""Ratings of invented patterns of evidence: what is rated, with which start, people, studies and facts."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "synthesis"))
from evidence_patterns import Event, Row, answer_of, synthesis_of
from summary_cases import protocol_of, synthesised, two_arms

from synth.certainty.algorithms import Judged
from synth.certainty.grade import Certainty, rate
from synth.certainty.grade.gather import Evidence, comparison_body, rows_by_study, uncontrolled_body, widest
from synth.certainty.grade.types import Level, Rating
from synth.certainty.risk_of_bias import Answered, Appraisal
from synth.certainty.tools import ABSTRACT_ONLY
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.answers import Synthesis


def rating_of(*rows: Row, events: tuple[Event, ...] = (), **plan: object) -> Rating:
    """The rating of the one outcome after the one procedure of an invented pattern."""
    synthesis = synthesis_of(*rows, events=events, **plan)
    return rate(synthesis.protocol, synthesis).of("knot", "comfort")


def evidence_of(synthesis: Synthesis, **columns: str) -> Evidence:
    studies = {series.study_id for answer in synthesis for series in answer.series}
    rows = [
        {"study_id": name, "design": "", "selection": "", "source_level": "", "funding": "", **columns}
        for name in studies
    ]
    return Evidence(synthesis.protocol, synthesis, None, rows_by_study(pd.DataFrame(rows)))


# Pattern, rows, level, and a part of the reason.
PATTERNS = [
    ("nothing", (), Level.NOT_RATED, "no usable figure was seen"),
    ("before only", (Row("ash", after=""),), Level.NOT_RATED, "figures before treatment only"),
    ("after only", (Row("ash", before=""),), Level.NOT_RATED, "none before it to compare with"),
    (
        "one direction in words",
        (Row("ash", before="", after="", direction="higher"),),
        Level.NOT_RATED,
        "stated in words",
    ),
    ("video", (Row("ash", level="video abstract", change_sd=5),), Level.NOT_RATED, "no usable figure"),
    ("annex", (Row("ash", disease="tightness", change_sd=5),), Level.NOT_RATED, "no usable figure"),
    ("one case", (Row("ash", n=1),), Level.VERY_LOW, "Single patients only"),
    ("one series", (Row("ash", change_sd=5),), Level.VERY_LOW, "Starts low"),
    ("a change without interval", (Row("ash"),), Level.VERY_LOW, "Starts low"),
    ("a large series", (Row("ash", n=500, change_sd=5),), Level.LOW, "Starts low"),
    ("a series and a case", (Row("ash", change_sd=5), Row("elm", n=1)), Level.VERY_LOW, "Starts low"),
    (
        "two directions in words",
        (Row("ash", before="", after="", direction="higher"), Row("elm", before="", after="", direction="higher")),
        Level.VERY_LOW,
        "No more than 400 people",
    ),
]


@pytest.mark.parametrize(
    ("rows", "level", "words"), [item[1:] for item in PATTERNS], ids=[item[0] for item in PATTERNS]
)
def test_what_is_rated(rows: tuple[Row, ...], level: Level, words: str) -> None:
    found = rating_of(*rows)
    assert found.level is level
    assert words in found.reason
    assert bool(found.domains) == (level is not Level.NOT_RATED)


def test_no_evidence_has_no_level_to_start_from_and_nobody_who_judged() -> None:
    found = rating_of()
    assert (found.start, found.lowest, found.judged_by, found.settled) == (Level.NOT_RATED, Level.NOT_RATED, "", True)


def test_shares_alone_are_rated_by_their_people() -> None:
    rows = (Row("ash", before="", after="", cells={"baseline_min": 1, "baseline_max": 9}),)
    found = rating_of(*rows, events=(Event("ash", "content", 6, 12),))
    assert found.level is Level.VERY_LOW
    assert found.domain("imprecision").suggestion.facts[0].value == 12


def test_people_are_counted_once_a_study_and_at_most_where_they_may_be_the_same() -> None:
    two_times = rating_of(Row("ash", n=20, change_sd=5), Row("ash", n=18, months=24, change_sd=5))
    assert two_times.domain("imprecision").suggestion.facts[0].text == "20 people"
    apart = rating_of(Row("ash", n=20, change_sd=5), Row("elm", n=30, change_sd=5))
    assert apart.domain("imprecision").suggestion.facts[0].text == "50 people"
    shared = rating_of(Row("ash", n=20, change_sd=5, authors=()), Row("elm", n=30, change_sd=5, authors=()))
    assert shared.domain("imprecision").suggestion.facts[0].text == "at most 50 people"


def test_hips_are_no_people_so_their_number_is_an_upper_bound() -> None:
    assert rating_of(Row("ash", n=20, unit="hips", change_sd=5)).domain("imprecision").suggestion.facts[0].text == (
        "at most 20 people"
    )


def test_a_number_that_was_not_seen_is_said() -> None:
    found = rating_of(Row("ash", n=20, change_sd=5), Row("elm", n=""))
    assert found.domain("imprecision").suggestion.facts[0].text == "20 people in the 1 of 2 studies that state it"


def test_the_widest_interval_takes_in_every_correlation_and_every_reading_of_p() -> None:
    by_sd = answer_of(Row("ash", sd=10)).changes[0]
    assert by_sd.grid is not None
    assert by_sd.effect is not None
    assert by_sd.effect.interval is not None
    # Correlation 0 is the widest of the invented grid: SD of the changes 10 times the root of 2, ten patients.
    half = 2.262157 * 10 * math.sqrt(2 / 10)
    assert widest(by_sd) == pytest.approx((20 - half, 20 + half), abs=1e-4)
    by_p = answer_of(Row("ash", p=".03")).changes[0]
    limits = widest(by_p)
    assert by_p.readings is not None
    assert limits is not None
    for reading in (by_p.readings.main, *by_p.readings.alternatives):
        low, high = reading.widest_interval(0.95)
        assert limits[0] <= low
        assert high <= limits[1]
    printed = answer_of(Row("ash", change_sd=5)).changes[0]
    assert printed.effect is not None
    assert widest(printed) == printed.effect.interval
    assert widest(answer_of(Row("ash")).changes[0]) is None


def test_a_pool_of_three_is_the_main_result_and_one_of_two_is_not() -> None:
    rows = [Row(f"study{place}", n=200, after=60 + place, change_sd=5) for place in range(3)]
    three, two = synthesis_of(*rows), synthesis_of(*rows[:2])
    pooled = uncontrolled_body(three.outcomes[0], evidence_of(three))
    beside = uncontrolled_body(two.outcomes[0], evidence_of(two))
    assert pooled is not None
    assert beside is not None
    assert pooled.pool is not None
    assert beside.pool is None
    assert pooled.pool.k == 3
    assert sum(study.weight or 0 for study in pooled.studies) == pytest.approx(1)
    refitted = pooled.pool.refit(["study0", "study1"])
    assert refitted is not None
    assert two.answers[0].pooled is not None
    assert refitted == pytest.approx(two.answers[0].pooled.interval)
    assert pooled.pool.refit(["study0"]) is None
    assert pooled.pool.held(["study0", "study1", "study2"]) == pytest.approx(pooled.pool.interval)
    assert pooled.pool.held(["study0", "study1"]) is None


def test_instruments_that_run_in_opposite_ways_are_counted_as_better_and_worse() -> None:
    rows = (Row("ash", change_sd=5), Row("elm", instrument="rule", before=5, after=7, change_sd=1))
    synthesis = synthesis_of(*rows)
    found = uncontrolled_body(synthesis.outcomes[0], evidence_of(synthesis))
    assert found is not None
    assert [(study.direction, study.interval) for study in found.studies] == [("better", None), ("", None)]


def test_what_studies_csv_says_of_a_study_reaches_the_facts() -> None:
    synthesis = synthesis_of(Row("ash", n=500, change_sd=5))
    rows = {
        "study_id": ["ash"],
        "design": ["case series"],
        "selection": ["singers"],
        "source_level": ["journal article"],
    }
    studies = pd.DataFrame({**rows, "funding": ["a maker of knots"]})
    found = rate(synthesis.protocol, synthesis, studies=studies).of("knot", "comfort")
    assert "singers" in found.domain("indirectness").suggestion.fact_text
    assert "funding seen of 1 of 1" in found.domain("publication bias").suggestion.fact_text


class Invented:
    """Invented appraisals of one study."""

    def __init__(self, *appraisals: Appraisal) -> None:
        self.appraisals = appraisals

    def of(self, study_id: str, result: str = "") -> tuple[Appraisal, ...]:
        return tuple(item for item in self.appraisals if item.study_id == study_id and item.result in ("", result))


@pytest.mark.parametrize(("reviewer", "by"), [("somebody", "1 of them"), ("robot", "none of them")])
def test_answers_of_a_tool_without_a_rule_are_counted_with_who_gave_them(reviewer: str, by: str) -> None:
    answers = {
        "1": Answered("1", "yes", reviewers=(reviewer,)),
        "2": Answered("2", "no", reviewers=(reviewer,)),
        "3": Answered("3", ABSTRACT_ONLY),
    }
    synthesis = synthesis_of(Row("ash", change_sd=5))
    risk = Invented(Appraisal("ash", "jbi-case-series", "", answers))
    found = rate(synthesis.protocol, synthesis, risk).of("knot", "comfort").domain("risk of bias").suggestion
    assert "JBI case series: 1 no, 1 yes, 1 open (1 study)" in found.fact_text
    assert f"{by} by a person" in found.fact_text


def test_a_judgement_by_an_algorithm_goes_before_answers_and_is_of_this_outcome() -> None:
    synthesis = synthesis_of(Row("ash", change_sd=5))
    answers = {"1": Answered("1", "yes", reviewers=("somebody",))}
    risk = Invented(
        Appraisal("ash", "jbi-case-series", "", answers),
        Appraisal("ash", "rob2", "colour", {}, overall=Judged(("low",), ())),
        Appraisal("ash", "rob2", "comfort", {}, overall=Judged(("some concerns", "high"), ())),
    )
    found = rate(synthesis.protocol, synthesis, risk).of("knot", "comfort").domain("risk of bias").suggestion
    assert "RoB 2: some concerns or high (1 study)" in found.fact_text
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert "0% of the people at low risk" in found.fact_text


def test_a_column_of_allocation_that_is_not_there_is_refused() -> None:
    synthesis = synthesis_of(Row("ash", change_sd=5))
    plan = {"grade": {"allocation": {"column": "lot", "random": ["yes"], "reason": "Invented."}}}
    certainty = type(synthesis.protocol.certainty).model_validate(plan)
    protocol = synthesis.protocol.model_copy(update={"certainty": certainty})
    with pytest.raises(MethodError, match=r"'lot' is no column of studies\.csv"):
        rate(protocol, synthesis, studies=pd.DataFrame({"study_id": ["ash"]}))


def test_tables_show_every_rating_and_domain_as_text() -> None:
    synthesis = synthesis_of(Row("ash", change_sd=5))
    certainty = rate(synthesis.protocol, synthesis)
    assert isinstance(certainty, Certainty)
    table = certainty.table()
    assert list(table["certainty"]) == ["very low", "not rated"]
    assert list(table["judged by"]) == ["computed; nobody has confirmed it", "-"]
    shown = certainty.show_domains()
    assert list(shown.frame["domain"])[:2] == ["risk of bias", "inconsistency"]
    assert len(shown.frame) == 8
    assert "-1 for now, -2 to -1: No more than 400 people" in shown.frame["suggestion"][3]
    assert "read at https://" in shown.frame["rule"][3]
    assert "Certainty of the evidence" in certainty._repr_html_()
    assert repr(certainty) == "Certainty(2 outcomes, 1 rated)"
    with pytest.raises(MethodError, match="there are: knot / comfort, bow / comfort"):
        certainty.of("knot", "colour")


def test_a_comparison_holds_every_study_with_counts_and_gives_no_weight_to_one_without_an_effect() -> None:
    document = json.loads(protocol_of(measures=["RR"]).model_dump_json())
    rule = {"add": 0.5, "to": "only0", "drop00": True, "reason": "Invented."}
    document["synthesis"]["comparisons"][0]["zero_cells"] = rule
    events = ((5, 10), (4, 9), (6, 12), (0, 0))
    parts = [two_arms(f"study{n}", treated, control) for n, (treated, control) in enumerate(events)]
    rows, counts = [row for part, _ in parts for row in part], [event for _, part in parts for event in part]
    synthesis = synthesised(Protocol.model_validate_json(json.dumps(document)), rows, counts)
    body = comparison_body(synthesis.comparisons[0], Evidence(synthesis.protocol, synthesis, None, {}))
    assert body is not None
    assert [(study.study_id, study.n) for study in body.studies] == [(f"study{n}", 100) for n in range(4)]
    assert (body.people, body.people_from, body.events) == (400, (4, 4), 46)
    silent = body.studies[3]
    assert (silent.weight, silent.estimate, silent.interval, silent.direction) == (0.0, None, None, "")
    assert sum(body.share(study) for study in body.studies) == pytest.approx(1)
    assert [study.direction for study in body.studies[:3]] == ["lower"] * 3


def test_counts_without_any_effect_give_no_body() -> None:
    rows, events = two_arms("ash", 0, 4)
    synthesis = synthesised(protocol_of(measures=["RR"]), rows, events)
    assert comparison_body(synthesis.comparisons[0], Evidence(synthesis.protocol, synthesis, None, {})) is None
    found = rate(synthesis.protocol, synthesis).of("rr", "tear")
    assert found.level is Level.NOT_RATED
    assert found.reason == (
        "Not rated: no effect was computed, because the protocol has no rule for empty cells. Counts of 1 study were "
        "seen: tear of a rope in 0 of 50 with knot and 4 of 50 with nothing."
    )
