"""Statements and rows of comparisons: every level, direction, measure and number of studies, all invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from statistics import median

import pytest
from summary_cases import comparison_rating, domain, protocol_of, synthesised, two_arms

from synth.certainty.grade import rate
from synth.certainty.grade.types import Level, Rating
from synth.certainty.in_words import levels_in_words
from synth.certainty.summary.build import summary_of_findings
from synth.certainty.summary.comparison_statements import NO_SIZE, main_result
from synth.certainty.summary.statements import statement_of
from synth.certainty.summary.types import ComparisonRow, FindingsTable
from synth.certainty.wording import allowed
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.comparisons import ComparisonAnswer

TOTAL = 400
#: Events in the treated and the control arm of each study.
ARMS = {"less": (20, 100), "more": (100, 20), "open": (60, 62)}
VERBS = {Level.HIGH: "Knot makes", Level.MODERATE: "Knot probably makes", Level.LOW: "Knot may make"}
LABELS = {"RR": "risk ratio", "OR": "odds ratio", "RD": "risk difference"}


class Ratings:
    """What has ratings."""

    def __init__(self, *ratings: object) -> None:
        self.ratings = ratings


@cache
def case(measure: str, k: int, direction: str, shared: bool = False) -> tuple[Protocol, ComparisonAnswer]:
    treated, control = ARMS[direction]
    authors = ("Wood B",) if shared else None
    studies = [two_arms(f"study{n}", treated + n, control + n, TOTAL, authors=authors) for n in range(k)]
    protocol = protocol_of(measures=[measure])
    rows = [row for part, _ in studies for row in part]
    synthesis = synthesised(protocol, rows, [event for _, part in studies for event in part])
    return protocol, synthesis.comparisons[0]


def grid() -> Iterator[tuple[str, int, str, bool]]:
    for measure in LABELS:
        for k in (1, 2, 3, 5):
            for direction in ARMS:
                # Whether people are shared is a matter of the plan and not of the measure.
                for shared in (False, True) if k > 1 and measure == "RR" else (False,):
                    yield measure, k, direction, shared


@pytest.mark.parametrize(("measure", "k", "direction", "shared"), list(grid()))
def test_rule_23_every_statement_keeps_to_the_words_of_its_level(
    measure: str, k: int, direction: str, shared: bool
) -> None:
    protocol, answer = case(measure, k, direction, shared)
    for level in Level:
        statement = statement_of(comparison_rating(answer, level), protocol=protocol)
        found = allowed(statement.text, level, True, statement.quoted)
        assert found == (), [str(item) for item in found]
        assert (statement.level, statement.kind, statement.controlled) == (level, "comparison", True)
        assert NO_SIZE in statement.beside
        if k == 2 or shared:
            _two_or_shared(statement.main, k, shared)
        else:
            _main(statement.main, level, direction, LABELS[measure], k)
        assert ("prediction interval" in statement.text) == (k > 2 and not shared)
        assert ("hardly known" in statement.text) == (k == 3 and not shared)
        # The evidence is called very uncertain at one level only, and never beside a verb.
        assert ("The evidence is very uncertain about the effect of knot" in statement.main) == (
            level is Level.VERY_LOW
        )


def _main(text: str, level: Level, direction: str, label: str, k: int) -> None:
    assert f"({label} " in text
    assert f"; {k} {'study' if k == 1 else 'studies'})" in text
    verb = VERBS.get(level)
    if direction == "open":
        assert "is not settled: the interval includes no difference" in text
        assert verb is None or verb not in text
    elif verb is not None:
        assert text.startswith(f"{verb} tear of a rope {direction} frequent than nothing does")
    else:
        which = "In this study" if k == 1 else "In these studies together"
        assert text.startswith(f"{which}, tear of a rope was {direction} frequent with knot than with nothing")
        assert ("How certain this is was not rated." in text) == (level is Level.NOT_RATED)


def _two_or_shared(text: str, k: int, shared: bool) -> None:
    """Rule 13: two studies have a pool as sensitivity only; rule 12: shared people none at all."""
    assert ("nothing is pooled" in text) == shared
    assert ("their pool is a sensitivity analysis only" in text) == (not shared)
    assert f"in {k} studies" in text
    assert "Whether this holds beyond these studies is not settled." in text


def test_studies_that_differ_in_direction_are_told_so() -> None:
    protocol = protocol_of(measures=["RR"])
    parts = [two_arms("ash", 10, 20), two_arms("elm", 20, 10)]
    rows, events = [row for part, _ in parts for row in part], [event for _, part in parts for event in part]
    answer = synthesised(protocol, rows, events).comparisons[0]
    text = statement_of(comparison_rating(answer, Level.LOW), protocol=protocol).text
    assert "less frequent in 1 study and more frequent in 1 study with knot" in text
    assert "The studies differ in direction." in text


def test_no_study_gives_no_rating() -> None:
    protocol = protocol_of(measures=["RR"])
    answer = synthesised(protocol, two_arms("ash", 1, 2)[0]).comparisons[0]
    statement = statement_of(comparison_rating(answer, Level.NOT_RATED), protocol=protocol)
    assert (statement.kind, statement.level) == ("no evidence", Level.NOT_RATED)
    assert statement.main == (
        "No study that was seen compares knot with nothing on tear of a rope, so nothing is rated."
    )
    assert main_result(answer) is None


def test_what_nobody_has_judged_is_told() -> None:
    protocol, answer = case("RR", 5, "less")
    rating = comparison_rating(answer, Level.MODERATE, domain("risk of bias", least=-2, most=0), lowest=Level.VERY_LOW)
    statement = statement_of(rating, protocol=protocol)
    assert (
        "The certainty is not settled: between very low and moderate, because nobody has judged risk of bias."
        in statement.main
    )
    settled = statement_of(comparison_rating(answer, Level.MODERATE), protocol=protocol)
    assert "not settled" not in settled.text


@pytest.mark.parametrize(
    ("level", "direction", "end"),
    [
        (Level.HIGH, "less", "At high, knot would make tear of a rope less frequent."),
        (Level.MODERATE, "less", "At moderate, knot would probably make tear of a rope less frequent."),
        (Level.LOW, "more", "At low, knot may make tear of a rope more frequent."),
        (Level.LOW, "open", "because nobody has judged risk of bias."),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_an_unsettled_level_leads_with_what_was_seen(level: Level, direction: str, end: str, k: int) -> None:
    protocol, answer = case("RR", k, direction)
    rating = comparison_rating(answer, level, domain("risk of bias", least=-3, most=0), lowest=Level.VERY_LOW)
    statement = statement_of(rating, protocol=protocol)
    first, rest = statement.main.split(". ", 1) if k == 2 else statement.main.split("). ", 1)
    # No hedge of the best case stands before the range.
    assert not any(word in first for word in ("make", "probably", " may "))
    assert (
        f"The certainty is not settled: between very low and {level}, because nobody has judged risk of bias." in rest
    )
    assert rest.endswith("nobody has judged risk of bias." if k == 2 else end)
    assert allowed(statement.alone, level, True, statement.quoted) == ()


def test_a_rating_without_its_comparison_is_refused() -> None:
    protocol = protocol_of(measures=["RR"])
    rating = comparison_rating(None, Level.LOW)
    with pytest.raises(MethodError, match="without its answer"):
        statement_of(rating, protocol=protocol)
    synthesis = synthesised(protocol, two_arms("ash", 1, 2)[0])
    with pytest.raises(MethodError, match="without its answer"):
        summary_of_findings(protocol, synthesis, Ratings(rating))  # type: ignore[arg-type]


def table_of(measure: str, k: int, direction: str = "less", *domains: object) -> FindingsTable:
    protocol, answer = case(measure, k, direction)
    synthesis = synthesised(protocol, two_arms("other", 1, 2)[0])
    rating = comparison_rating(answer, Level.MODERATE, domain("inconsistency", -1))
    return summary_of_findings(protocol, synthesis, Ratings(rating)).of("knot/none")  # type: ignore[arg-type]


def row_of(table: FindingsTable) -> ComparisonRow:
    (row,) = table.rows
    assert isinstance(row, ComparisonRow)
    return row


@pytest.mark.parametrize("measure", list(LABELS))
def test_absolute_effects_follow_from_the_pool_and_the_control_arms(measure: str) -> None:
    row = row_of(table_of(measure, 5))
    _, answer = case(measure, 5, "less")
    risks = [pair.events_control / pair.total_control for pair in answer.counts]
    assert [item.without for item in row.absolute] == [median(risks), min(risks), max(risks)]
    assert [item.basis for item in row.absolute] == ["median", "lowest", "highest"]
    assert answer.pooled is not None
    estimate, interval, _ = answer.pooled.natural()
    assert row.effect == (estimate, interval)
    expected = {
        "RR": lambda risk, value: risk * value,
        "OR": lambda risk, value: 1 / (1 + (1 / risk - 1) / value),
        "RD": lambda risk, value: max(0.0, risk + value),
    }[measure]
    for item in row.absolute:
        assert item.with_treatment == pytest.approx(expected(item.without, estimate))
        assert item.with_interval == pytest.approx([expected(item.without, value) for value in interval])
        assert item.difference == pytest.approx(item.with_treatment - item.without)
    assert (row.participants, row.studies) == (5 * 2 * TOTAL, 5)
    assert row.cells["people"] == "4,000 participants (5 studies)"


def test_layout_of_a_comparison() -> None:
    table = table_of("RR", 5)
    assert [column.heading for column in table.columns] == [
        "Outcome",
        "Risk with nothing, per 1,000",
        "Risk with knot, per 1,000 (95% interval)",
        "Difference, per 1,000 (95% interval)",
        "Relative effect (95% interval)",
        "Participants (studies)",
        "Certainty",
        "What this means",
    ]
    assert dict(table.header)["Comparison"] == "Nothing"
    cells = row_of(table).cells
    assert cells["without"] == "median 255\nlowest 250\nhighest 260"
    assert cells["with"].startswith("median: ")
    assert "fewer" in cells["difference"]
    assert "more" not in cells["difference"]
    assert cells["certainty"] == "Moderate ⊕⊕⊕○"
    notes = " ".join(note.text for note in table.footnotes)
    assert "Risks of the 5 comparison arms: the median, the lowest (study0) and the highest (study4)." in notes
    assert "The uncertainty of this risk is not in the intervals" in notes
    assert "The risk ratio times the risk in the comparison arms; the limits likewise." in notes
    assert "Down one level for inconsistency: Invented reason for inconsistency." in notes


def test_one_study_has_its_own_risk() -> None:
    table = table_of("RR", 1)
    row = row_of(table)
    assert [item.basis for item in row.absolute] == ["one study"]
    assert row.cells["without"] == "250"
    assert "The risk in the comparison arm of the one study." in table.footnotes[0].text
    assert row.absolute[0].with_treatment == pytest.approx(20 / TOTAL)


def test_rule_13_two_studies_give_no_absolute_effect() -> None:
    row = row_of(table_of("RR", 2))
    assert (row.absolute, row.effect) == ((), None)
    assert row.cells["with"] == row.cells["difference"] == "not given"
    lines = row.cells["relative"].splitlines()
    assert [line.split(":")[0] for line in lines] == ["study0", "study1", "pool of two, sensitivity only"]


def test_a_risk_above_all_people_is_stopped_and_said() -> None:
    protocol = protocol_of(measures=["RR"])
    parts = [two_arms(f"s{n}", 300 + n, 100, TOTAL) for n in range(4)] + [two_arms("high", 390, 380, TOTAL)]
    rows, events = [row for part, _ in parts for row in part], [event for _, part in parts for event in part]
    synthesis = synthesised(protocol, rows, events)
    rating = comparison_rating(synthesis.comparisons[0], Level.LOW)
    table = summary_of_findings(protocol, synthesis, Ratings(rating)).of("knot/none")  # type: ignore[arg-type]
    row = row_of(table)
    assert row.absolute[-1].capped
    assert row.absolute[-1].with_treatment == 1
    assert any("the arithmetic was stopped there" in note.text for note in table.footnotes)
    assert not any("stopped there" in note.text for note in table_of("RR", 5).footnotes)


def of_counts(*pairs: tuple[int, int], zero_cells: dict[str, object] | None = None) -> tuple[Rating, FindingsTable]:
    """The rating and the table of invented studies of 50 in each arm, by their events."""
    protocol = protocol_of(measures=["RR"])
    if zero_cells is not None:
        document = json.loads(protocol.model_dump_json())
        document["synthesis"]["comparisons"][0]["zero_cells"] = {**zero_cells, "reason": "Invented."}
        protocol = Protocol.model_validate_json(json.dumps(document))
    parts = [two_arms(f"study{n}", treated, control) for n, (treated, control) in enumerate(pairs)]
    rows, events = [row for part, _ in parts for row in part], [event for _, part in parts for event in part]
    synthesis = synthesised(protocol, rows, events)
    certainty = rate(protocol, synthesis)
    table = summary_of_findings(protocol, synthesis, certainty).of("knot/none")
    return certainty.of("rr", "tear"), table


NO_RULE = "because the protocol has no rule for empty cells"


@pytest.mark.parametrize(
    ("pairs", "risks", "told", "why"),
    [
        (((0, 5), (0, 9), (0, 7)), "median 140\nlowest 100\nhighest 180", "0 of 150 with knot and 21 of 150", NO_RULE),
        (((5, 0), (9, 0), (7, 0)), "median 0\nlowest 0\nhighest 0", "21 of 150 with knot and 0 of 150", NO_RULE),
        (
            ((50, 50), (50, 50)),
            "median 1000\nlowest 1000\nhighest 1000",
            "100 of 100 with knot and 100 of 100",
            NO_RULE,
        ),
        (
            ((0, 0), (0, 0)),
            "median 0\nlowest 0\nhighest 0",
            "0 of 100 with knot and 0 of 100",
            "because nobody had the event in any arm",
        ),
    ],
)
def test_counts_without_an_effect_are_shown_and_never_called_no_evidence(
    pairs: tuple[tuple[int, int], ...], risks: str, told: str, why: str
) -> None:
    rating, table = of_counts(*pairs)
    row, k = row_of(table), len(pairs)
    assert (row.participants, row.studies) == (100 * k, k)
    assert row.cells["people"] == f"{100 * k} participants ({k} studies)"
    assert row.cells["without"] == risks
    assert row.cells["with"] == row.cells["difference"] == "not given"
    assert row.cells["certainty"] == "Not rated: no effect was computed"
    assert row.statement.kind == "counts"
    assert row.statement.main == (
        f"Counts of {k} studies were seen: tear of a rope in {told} with nothing (arms of one side added up). No "
        f"effect was computed, {why}; so nothing is rated."
    )
    assert allowed(row.statement.text, Level.NOT_RATED, True, row.statement.quoted) == ()
    assert rating.level is Level.NOT_RATED
    assert rating.reason.startswith(f"Not rated: no effect was computed, {why}. Counts of {k} studies were seen")
    assert levels_in_words([rating]).startswith("Not rated, because no effect was computed: ")
    notes = " ".join(note.text for note in table.footnotes)
    assert f"Studies that compare the two and give no effect, {why}: study0: " in notes
    everything = " ".join([notes, rating.reason, *row.cells.values(), levels_in_words([rating])])
    assert "no evidence" not in everything
    assert "o study that was seen" not in everything


def test_studies_without_an_effect_stay_among_people_risks_and_rated_studies() -> None:
    rating, table = of_counts((5, 10), (4, 9), (6, 12), (50, 50), (50, 50))
    row = row_of(table)
    assert (row.participants, row.studies) == (500, 5)
    assert row.assumed is not None
    assert (row.assumed.arms, row.assumed.median, row.assumed.highest) == (5, 12 / 50, 1.0)
    assert (
        "in 3 studies with knot; nothing is pooled. 2 further studies give counts and no effect, because the protocol "
        "has no rule for empty cells." in row.statement.main
    )
    (note,) = [item.text for item in table.footnotes if item.letter in row.notes["people"]]
    assert "study3: " in note
    assert "study4: " in note
    assert NO_RULE in note
    facts = rating.domain("risk of bias").suggestion.facts
    assert "0 of 5 studies appraised" in [fact.text for fact in facts]


def test_one_effect_beside_counts_without_one_is_no_main_result() -> None:
    rating, table = of_counts((5, 10), (0, 9))
    assert rating.comparison is not None
    assert len(rating.comparison.effects) == 1
    assert main_result(rating.comparison) is None
    row = row_of(table)
    assert (row.absolute, row.effect, row.cells["with"]) == ((), None, "not given")
    assert "One study is not pooled." not in row.statement.text
    assert "1 further study gives counts and no effect" in row.statement.main


def test_a_study_that_a_rule_leaves_out_has_people_and_no_weight() -> None:
    rule = {"add": 0.5, "to": "only0", "drop00": True}
    rating, table = of_counts((5, 10), (4, 9), (6, 12), (0, 0), zero_cells=rule)
    row = row_of(table)
    assert (row.participants, row.studies) == (400, 4)
    assert row.effect is not None
    assert "because the rule of the protocol for empty cells gives them none: study3" in " ".join(
        note.text for note in table.footnotes
    )
    facts = rating.domain("risk of bias").suggestion.facts
    assert "0 of 4 studies appraised" in [fact.text for fact in facts]
