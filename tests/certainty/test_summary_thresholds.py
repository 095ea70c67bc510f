"""Important differences: said only where they hold under every assumption (rule 4), on both sides of each edge."""

from __future__ import annotations

from pathlib import Path

import pytest
from summary_cases import Row, protocol_of, rating_of, synthesised

import synth
from synth.certainty.grade.types import Level
from synth.certainty.summary.statements import statement_of
from synth.certainty.summary.thresholds import against_difference, intervals_of, place_of
from synth.protocol import Instrument
from synth.synthesis.series import Series


def of(*rows: Row, better: str = "higher") -> tuple[tuple[Series, ...], Instrument]:
    protocol = protocol_of(difference=True, better=better)
    synthesis = synthesised(protocol, rows)
    return synthesis.answer("knot", "comfort", "scale").changes, protocol.instrument("scale")


# With n = 10 and an SD of 9 the interval reaches 6.4 to either side; the published difference is 15.
@pytest.mark.parametrize(
    ("after", "better", "place"),
    [
        (40 + 22, "higher", "beyond"),
        (40 + 21, "higher", "open"),
        (40 + 9, "higher", "open"),
        (40 + 8, "higher", "short"),
        (40 - 22, "higher", "short"),
        (40 - 22, "lower", "beyond"),
        (40 - 21, "lower", "open"),
        (40 - 8, "lower", "short"),
        (40 + 22, "lower", "short"),
    ],
)
def test_both_sides_of_each_edge(after: int, better: str, place: str) -> None:
    (item,), _ = of(Row("ash", after=after, change_sd=9), better=better)
    assert place_of(item, 15, better) == place


def test_rule_4_a_correlation_that_breaks_it_keeps_it_unsaid() -> None:
    # At the main correlation of 0.5 the interval excludes 15; at 0 it does not.
    (item,), instrument = of(Row("ash", after=40 + 22.5, sd=9))
    assert item.effect is not None
    assert item.effect.interval is not None
    assert item.effect.interval[0] > 15
    assert min(low for low, _ in intervals_of(item)) < 15
    found = against_difference((item,), instrument)
    assert found is not None
    assert (found.beyond, found.open) == ((), ("ash",))


def test_rule_4_every_reading_of_a_p_value_counts(repository: Path) -> None:
    review = synth.open_review("ifi", root=repository)
    answer = review.synthesis.answer("endoscopic", "hip function", "mHHS")
    hatem = next(item for item in answer.changes if item.study_id == "hatem2015")
    assert hatem.effect is not None
    assert hatem.effect.interval is not None
    assert hatem.effect.interval[0] == pytest.approx(24.4, abs=0.05)
    lowest = min(low for low, _ in intervals_of(hatem))
    assert lowest < 20
    assert place_of(hatem, 20, "higher") == "open"
    # What every reading keeps may be said, and nothing above it.
    assert place_of(hatem, lowest - 0.1, "higher") == "beyond"
    assert place_of(hatem, lowest + 0.1, "higher") == "open"


def said(*rows: Row) -> tuple[str, ...]:
    synthesis = synthesised(protocol_of(difference=True), rows)
    return statement_of(rating_of(synthesis, Level.VERY_LOW), protocol=synthesis.protocol).beside


@pytest.mark.parametrize(
    ("rows", "told", "unsaid"),
    [
        (
            [Row("ash", after=80, change_sd=9), Row("elm", after=80, change_sd=9)],
            "Under every assumption the whole interval of the mean change lies beyond a published important difference "
            "(15 points) in 2 series (ash, elm).",
            "cannot be said",
        ),
        (
            [Row("ash", after=80, change_sd=9), Row("elm", after=42, change_sd=9)],
            "Under every assumption the whole interval of the mean change lies beyond a published important difference "
            "(15 points) in 1 series (ash) and short of it in 1 series (elm).",
            "cannot be said",
        ),
        (
            [Row("ash", after=42, change_sd=9)],
            "Under every assumption the whole interval of the mean change lies short of a published important "
            "difference (15 points) in 1 series (ash).",
            "beyond",
        ),
        (
            [Row("ash", after=80, change_sd=9), Row("elm", after=58, change_sd=9)],
            "Under every assumption the whole interval of the mean change lies beyond a published important difference "
            "(15 points) in 1 series (ash); whether the mean change of elm reaches it cannot be said: under one "
            "assumption or another the interval includes this value.",
            "(ash, elm)",
        ),
        (
            [Row("ash", after=58, change_sd=9)],
            "Whether the mean change of ash reaches a published important difference (15 points) cannot be said: under "
            "one assumption or another the interval includes this value.",
            "every assumption",
        ),
        (
            [Row("ash", after=80)],
            "Whether the mean change reaches a published important difference (15 points) cannot be said: no series "
            "has an interval.",
            "beyond",
        ),
    ],
)
def test_what_is_said_of_the_difference(rows: list[Row], told: str, unsaid: str) -> None:
    beside = said(*rows)
    # One sentence, whatever the places of the intervals; how the difference was found stands in the notes.
    assert [text for text in beside if "15 points" in text] == [told]
    assert unsaid not in " ".join(beside)


def test_a_series_without_an_interval_stands_apart() -> None:
    changes, instrument = of(Row("ash", after=80), Row("elm", after=80, change_sd=9))
    found = against_difference(changes, instrument)
    assert found is not None
    assert (found.beyond, found.without_interval) == (("elm",), ("ash",))


def test_without_a_chosen_difference_nothing_is_said() -> None:
    protocol = protocol_of()
    synthesis = synthesised(protocol, [Row("ash", change_sd=9)])
    assert (
        against_difference(synthesis.answer("knot", "comfort", "scale").changes, protocol.instrument("scale")) is None
    )
    changes, instrument = of(Row("ash", change_sd=9))
    assert against_difference((), instrument) is None
    assert against_difference(changes, instrument) is not None
