"""The ladder over invented patterns of evidence: which rung, and why none above."""

from __future__ import annotations

import pytest
from evidence_patterns import Row, answer_of, synthesis_of

from synth.synthesis.ladder import Rung


def series(count: int) -> list[Row]:
    """Independent series with a standard error and different changes."""
    return [Row(f"study{index}", after=60 + 5 * index, change_sd=10) for index in range(count)]


# Pattern, rows, rung, and a part of the reason.
PATTERNS = [
    ("nothing", [], Rung.NOTHING, "No figure was seen"),
    ("before only", [Row("ash", after="")], Rung.UNUSABLE, "Figures before treatment only"),
    (
        "range before only",
        [Row("ash", before="", after="", cells={"baseline_min": 1, "baseline_max": 9})],
        Rung.UNUSABLE,
        "Figures before treatment only",
    ),
    ("direction in words", [Row("ash", before="", after="", direction="higher")], Rung.UNUSABLE, "stated in words"),
    ("direction only", [Row("ash", level="video abstract", change_sd=5)], Rung.UNUSABLE, "used for directions"),
    ("annex by disease", [Row("ash", disease="tightness", change_sd=5)], Rung.UNUSABLE, "do not enter the synthesis"),
    ("annex by hip", [Row("ash", hip="wooden", change_sd=5)], Rung.UNUSABLE, "do not enter the synthesis"),
    ("annex by source", [Row("ash", level="meeting abstract", change_sd=5)], Rung.UNUSABLE, "do not enter"),
    ("single case", [Row("ash", n=1)], Rung.CASES, "Only single patients (1)"),
    ("two single cases", [Row("ash", n=1), Row("elm", n=1)], Rung.CASES, "Only single patients (2)"),
    ("after only", [Row("ash", before="")], Rung.DESCRIBED, "none before it"),
    (
        "range after only",
        [Row("ash", before="", after="", cells={"followup_min": 1, "followup_max": 9})],
        Rung.DESCRIBED,
        "none before it",
    ),
    ("one without standard error", [Row("ash")], Rung.DESCRIBED, "No standard error was printed"),
    ("one without n", [Row("ash", n="", change_sd=5)], Rung.DESCRIBED, "No standard error was printed"),
    (
        "five without standard error",
        [Row(f"study{index}") for index in range(5)],
        Rung.SWIM,
        "of 5 series with a direction none has a standard error",
    ),
    ("one with SD of changes", [Row("ash", change_sd=5)], Rung.ONE_SERIES, "one series is not pooled"),
    ("one with SDs before and after", [Row("ash", sd=5)], Rung.ONE_SERIES, "one series is not pooled"),
    ("one with p value", [Row("ash", p=".03")], Rung.ONE_SERIES, "one series is not pooled"),
    (
        "one with and one without",
        [Row("ash", change_sd=5), Row("elm")],
        Rung.SWIM,
        "Shown apart: 1 series without a standard error",
    ),
    (
        "one series and one case",
        [Row("ash", change_sd=5), Row("elm", n=1)],
        Rung.ONE_SERIES,
        "Shown apart: 1 single patient",
    ),
    ("p value as bound", [Row("ash", p="<.001")], Rung.DESCRIBED, "No standard error was printed"),
    ("p value unreadable", [Row("ash", p="n.s.")], Rung.DESCRIBED, "No standard error was printed"),
    ("p value 1", [Row("ash", p="1")], Rung.DESCRIBED, "No standard error was printed"),
    ("p value of a rank test", [Row("ash", p=".03", test="Wilcoxon")], Rung.DESCRIBED, "No standard error"),
    ("change 0 with p value", [Row("ash", after=40, p="1")], Rung.DESCRIBED, "No standard error was printed"),
    ("change 0 with SDs", [Row("ash", after=40, sd=5)], Rung.ONE_SERIES, "one series is not pooled"),
    ("SD 0", [Row("ash", change_sd=0)], Rung.DESCRIBED, "No standard error was printed"),
    (
        "two arms of one study",
        [Row("ash", change_sd=5), Row("ash", arm="A2", change_sd=6)],
        Rung.ONE_SERIES,
        "arms and times of one study are not independent",
    ),
    (
        "two times of one arm",
        [Row("ash", change_sd=5), Row("ash", months=24, change_sd=6)],
        Rung.ONE_SERIES,
        "arms and times of one study are not independent",
    ),
    (
        "two arms of one study and another",
        [Row("ash", change_sd=5), Row("ash", arm="A2", change_sd=6), Row("elm", sd=5)],
        Rung.SWIM,
        "ash gives several changes",
    ),
    (
        "two of different units",
        [Row("ash", change_sd=5), Row("elm", unit="hips", change_sd=5)],
        Rung.SWIM,
        "hips, patients",
    ),
    (
        "two of unstated unit",
        [Row("ash", unit="", change_sd=5), Row("elm", unit="", change_sd=5)],
        Rung.SWIM,
        "not stated",
    ),
    ("two independent", series(2), Rung.SIDE_BY_SIDE, "sensitivity analysis only"),
    ("three", series(3), Rung.POOLED, "With fewer than five"),
    ("four", series(4), Rung.POOLED, "With fewer than five"),
    ("five", series(5), Rung.POOLED, "5 independent series"),
]


@pytest.mark.parametrize(
    ("rows", "rung", "reason"), [item[1:] for item in PATTERNS], ids=[item[0] for item in PATTERNS]
)
def test_pattern_reaches_rung(rows: list[Row], rung: Rung, reason: str) -> None:
    answer = answer_of(*rows)
    assert (answer.rung, reason in answer.reason) == (rung, True), answer.reason


def test_every_rung_of_scores_is_reached_by_some_pattern() -> None:
    assert {item[2] for item in PATTERNS} == set(Rung) - {Rung.PROPORTIONS}


@pytest.mark.parametrize(
    ("rows", "rung", "reason"), [item[1:] for item in PATTERNS], ids=[item[0] for item in PATTERNS]
)
def test_order_of_rows_does_not_matter(rows: list[Row], rung: Rung, reason: str) -> None:
    answer, turned = answer_of(*rows), answer_of(*reversed(rows))
    assert (turned.rung, turned.reason) == (answer.rung, answer.reason)
    if answer.pooled is not None and turned.pooled is not None:
        assert turned.pooled.estimate == pytest.approx(answer.pooled.estimate, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "pooled", "sensitivity", "prediction"),
    [
        (0, False, False, False),
        (1, False, False, False),
        (2, True, True, False),
        (3, True, False, True),
        (4, True, False, True),
        (5, True, False, True),
    ],
)
def test_rule_13_by_number_of_series(k: int, pooled: bool, sensitivity: bool, prediction: bool) -> None:
    answer = answer_of(*series(k))
    assert (answer.pooled is not None, answer.sensitivity_only) == (pooled, sensitivity)
    if answer.pooled is not None:
        assert answer.pooled.k == k
        assert (answer.pooled.prediction is not None) == prediction
        assert (answer.pooled.i2 is not None) == prediction
        assert answer.pooled.degrees_of_freedom == k - 1


OVERLAPS = [
    ("declared", [Row("ash", change_sd=5, overlaps="elm/A1"), Row("elm", sd=5, overlaps="ash/A1")], "declared"),
    (
        "shared author",
        [Row("ash", sd=5, authors=("Wood B", "Stone C")), Row("elm", sd=5, authors=("Stone CD",))],
        "a shared author name (Stone)",
    ),
    ("no author seen", [Row("ash", sd=5, authors=()), Row("elm", sd=5)], "the authors of ash were not seen"),
    (
        "some authors seen",
        [Row("ash", sd=5, authors=("Wood B", "et al")), Row("elm", sd=5)],
        "only some authors of ash were seen",
    ),
    ("same centre", [Row("ash", sd=5, centre="Mill"), Row("elm", sd=5, centre="mill ")], "the same centre (Mill)"),
    (
        "same centre, touching periods",
        [
            Row("ash", sd=5, centre="Mill", period=("2001", "2005")),
            Row("elm", sd=5, centre="Mill", period=("2005", "2009")),
        ],
        "the same centre (Mill)",
    ),
]


@pytest.mark.parametrize(("rows", "reason"), [item[1:] for item in OVERLAPS], ids=[item[0] for item in OVERLAPS])
@pytest.mark.parametrize("further", [0, 3])
def test_rule_12_overlap_blocks_every_pool(rows: list[Row], reason: str, further: int) -> None:
    answer = answer_of(*rows, *series(further))
    assert answer.rung is Rung.SWIM
    assert answer.pooled is None
    assert not answer.sensitivity_only
    assert reason in answer.reason


INDEPENDENT = [
    ("other centre", [Row("ash", sd=5, centre="Mill"), Row("elm", sd=5, centre="Weir")]),
    ("centre of one", [Row("ash", sd=5, centre="Mill"), Row("elm", sd=5)]),
    (
        "same centre, periods apart",
        [
            Row("ash", sd=5, centre="Mill", period=("2001", "2004")),
            Row("elm", sd=5, centre="Mill", period=("2005", "2009")),
        ],
    ),
    (
        "overlap with a study that has no estimate",
        [Row("ash", sd=5), Row("elm", sd=5), Row("oak", authors=("Ash A",), after="")],
    ),
]


@pytest.mark.parametrize("rows", [item[1] for item in INDEPENDENT], ids=[item[0] for item in INDEPENDENT])
def test_rule_12_what_does_not_block(rows: list[Row]) -> None:
    assert answer_of(*rows).pooled is not None


def test_declared_overlaps_are_trusted_where_the_protocol_says_so() -> None:
    rows = [Row("ash", sd=5, authors=("Wood B",)), Row("elm", sd=5, authors=("Wood B",))]
    assert answer_of(*rows).pooled is None
    assert answer_of(*rows, overlap="declared").pooled is not None


def test_rule_17_series_of_two_procedures_are_never_pooled() -> None:
    rows = [Row("ash", sd=5), Row("elm", sd=5), Row("oak", sd=5), Row("fir", procedure="bow", sd=5)]
    synthesis = synthesis_of(*rows)
    knot, bow = synthesis.answer("knot", "comfort"), synthesis.answer("bow", "comfort")
    assert knot.pooled is not None
    assert knot.pooled.studies == ("ash/A1", "elm/A1", "oak/A1")
    assert (bow.rung, bow.pooled) == (Rung.ONE_SERIES, None)
    assert synthesis.comparisons == ()


def test_rule_18_instruments_are_kept_apart() -> None:
    synthesis = synthesis_of(Row("ash", sd=5), Row("elm", instrument="rule", before=8, after=2, sd=1))
    assert [(item.instrument, item.rung) for item in synthesis if item.procedure == "knot"] == [
        ("scale", Rung.ONE_SERIES),
        ("rule", Rung.ONE_SERIES),
    ]


def test_pool_is_at_the_level_of_the_protocol() -> None:
    wide, narrow = answer_of(*series(3), level=0.95).pooled, answer_of(*series(3), level=0.8).pooled
    assert wide is not None
    assert narrow is not None
    assert (wide.level, narrow.level) == (0.95, 0.8)
    assert narrow.interval[1] - narrow.interval[0] < wide.interval[1] - wide.interval[0]
