"""Summaries of judgements: bars are as long as the shares in the data, and every count is in words. Data invented."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from judged_artists import (
    ANY,
    HIGH,
    HOSTILE,
    LOW,
    SOME,
    SOME_OR_HIGH,
    boxes,
    fill_of,
    judged,
    page_words,
    panel,
    strip_of,
    texts_in,
)
from matplotlib.patches import Rectangle

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.forest.panel import LOOKS, Judgement, JudgementPanel
from synth.plots.judged_rows import JudgedRow
from synth.plots.judgement_summary import judgement_summary

Check = Callable[[Drawing], None]


def weights(k: int) -> list[float]:
    return [0.5 + (7 * row % 5) ** 2 for row in range(k)]


def said_of(row: JudgedRow, heading: str) -> str:
    found = row.overall if heading == "Overall" else row.judgements.get(heading)
    return found.words if found else "not judged"


@pytest.mark.parametrize(
    ("k", "columns", "weighted"), [(1, 5, False), (3, 16, False), (12, 5, True), (60, 5, False), (60, 7, True)]
)
def test_each_part_of_a_bar_is_a_line_of_the_data(k: int, columns: int, weighted: bool, assert_readable: Check) -> None:
    rows, given = judged(k, columns), weights(k)
    drawing = judgement_summary(rows, panel(columns), title="Invented tool", weights=given if weighted else None)
    assert_readable(drawing)
    data, drawn = drawing.data(), boxes(drawing)
    assert len(data) == len(drawn)
    whole = max(box.get_x() + box.get_width() for box in drawn.values())
    left = min(box.get_x() for box in drawn.values())
    for line in data.to_dict("records"):
        name = f"bar {line['heading']}: {line['judgement']}"
        box = drawn[name]
        assert (box.get_x() - left) / (whole - left) == pytest.approx(line["from"], abs=1e-9)
        assert box.get_width() / (whole - left) == pytest.approx(line["to"] - line["from"], abs=1e-9)
        assert fill_of(box) == LOOKS[line["tone"]][0]
        assert len(strip_of(drawing, name)) in (0, 2, 3)
        assert bool(strip_of(drawing, name)) is (line["tone"] == "open")
        assert texts_in(drawing, box) in ([], [line["symbol"]], [f"{line['symbol']} {line['count']}"])
    ends = data.groupby("heading")["to"].max()
    assert ends.tolist() == pytest.approx([1.0] * (columns + 1))


def test_shares_are_those_of_the_rows_and_of_their_weight() -> None:
    rows, given = judged(12), weights(12)
    data = judgement_summary(rows, panel(), weights=given).data()
    for line in data.to_dict("records"):
        have = [row for row in rows if said_of(row, str(line["heading"])) == line["judgement"]]
        assert line["count"] == len(have) > 0
        assert line["share_of_rows"] == pytest.approx(len(have) / 12)
        assert line["share_of_weight"] == pytest.approx(sum(given[rows.index(row)] for row in have) / sum(given))
    counts = data.groupby("heading")["count"].sum()
    assert set(counts) == {12}
    plain = judgement_summary(rows, panel()).data()
    assert plain["share_of_weight"].isna().all()
    assert plain["to"].max() == pytest.approx(1.0)


def test_the_title_says_what_the_bars_show() -> None:
    rows = judged(12)
    assert "Invented tool: share of 12 studies" in page_words(judgement_summary(rows, panel(), title="Invented tool"))
    weighted = judgement_summary(rows, panel(), weights=weights(12))
    assert weighted.title == "Summary of judgements: Invented appraisal: share of weight (12 studies)"
    assert "Invented appraisal: share of weight (12 studies)" in page_words(weighted)
    one = judgement_summary(rows[:1], panel(), counts=("result", "results"))
    assert "share of 1 result" in page_words(one)


@pytest.mark.parametrize("weighted", [True, False])
def test_every_count_and_share_is_in_words(weighted: bool) -> None:
    drawing = judgement_summary(judged(60), panel(), weights=weights(60) if weighted else None, notes=["A note."])
    words, said = page_words(drawing), drawing.alt_text()
    for line in drawing.data().to_dict("records"):
        shown = f"{line['count']} {line['judgement']}"
        if weighted:
            shown = f"{line['judgement']} {100 * line['share_of_weight']:.1f}% ({line['count']})"
        assert shown in words
        of_rows = f"{line['count']} of 60, {100 * line['share_of_rows']:.1f}%"
        weight = f"{100 * line['share_of_weight']:.1f}% of the weight, " if weighted else ""
        name = f"{line['heading']} ({line['domain']}): " if line["domain"] else "Overall: "
        sentence = said.split(name, 1)[1].split(". ", 1)[0]
        assert f"{line['judgement']} {weight}{of_rows}" in sentence
    assert said.endswith("A note.")


def test_a_narrow_part_has_no_symbol_and_one_without_weight_no_box() -> None:
    rows = [JudgedRow(label=f"Invented {i}", judgements={"D1": (LOW, SOME, HIGH)[min(i, 2)]}) for i in range(3)]
    drawing = judgement_summary(rows, panel(1), weights=[99.5, 0.5, 0.0])
    drawn = boxes(drawing)
    assert set(drawn) == {"bar D1: low", "bar D1: some concerns"}
    assert texts_in(drawing, drawn["bar D1: some concerns"]) == []
    assert "low 99.5% (1), some concerns 0.5% (1), high 0.0% (1)" in page_words(drawing)


def test_the_strip_of_what_is_possible_is_no_share_of_its_bar() -> None:
    rows = [JudgedRow(label=str(i), judgements={"D1": found}) for i, found in enumerate([ANY, ANY, ANY, SOME_OR_HIGH])]
    drawing = judgement_summary(rows, panel(1))
    for name, box in boxes(drawing).items():
        parts = [patch for patch in drawing.axes[-1].patches if patch.get_label() == f"possible {name}"]
        widths = [patch.get_bbox().width for patch in parts if isinstance(patch, Rectangle)]
        assert len(widths) == len(parts) > 1
        assert sum(widths) == pytest.approx(24)
        assert box.get_width() > 3 * sum(widths)


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_words_are_drawn_as_text(label: str, assert_readable: Check) -> None:
    odd = Judgement(label, "<", "fair")
    domains = JudgementPanel(title="Invented", domains={"<&>": label})
    rows = [JudgedRow(label=label, judgements={"<&>": found}) for found in (odd, LOW)]
    drawing = judgement_summary(rows, domains, title=label, notes=[label], weights=[1, 3])
    assert_readable(drawing)
    assert ET.fromstring(drawing.svg()).tag.endswith("svg")
    assert drawing.data()["judgement"].tolist() == ["low", label]


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = (judgement_summary(judged(12), panel(), weights=weights(12)) for _ in range(2))
    assert first.svg() == second.svg()
    assert first.alt_text() == second.alt_text()


def test_rows_of_groups_keep_their_own_weights() -> None:
    groups = ("b", "a", "b")
    rows = [
        JudgedRow(label=str(i), judgements={"D1": (LOW, SOME, HIGH)[i]}, group=group) for i, group in enumerate(groups)
    ]
    data = judgement_summary(rows, panel(1), weights=[1, 2, 5]).data()
    assert dict(zip(data["judgement"], data["share_of_weight"], strict=True)) == {
        "low": 0.125,
        "some concerns": 0.25,
        "high": 0.625,
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0], "weights .*; 2 are expected, one a row"),
        ("ab", "weights .ab.; 2 are expected, one a row"),
        ([1.0, -1.0], "'Invented 2 .*' has the weight -1.0; a number of at least 0"),
        ([1.0, math.nan], ".* has the weight nan"),
        ([1.0, True], ".* has the weight True"),
        ([0.0, 0.0], "every weight is 0"),
    ],
)
def test_weights_that_are_none_are_refused(given: Any, message: str) -> None:
    with pytest.raises(MethodError, match=f"summary of judgements: {message}"):
        judgement_summary(judged(2), panel(), weights=given)


def test_no_rows_and_odd_options_are_refused() -> None:
    with pytest.raises(MethodError, match="summary of judgements: no row"):
        judgement_summary([], panel())
    with pytest.raises(MethodError, match="title is 3; a text is expected"):
        judgement_summary(judged(1), panel(), title=3)  # type: ignore[arg-type]


def test_the_legend_says_what_words_mean_that_are_not_plain() -> None:
    drawing = judgement_summary(judged(6), panel(), meanings={"low": "an invented meaning", "never shown": "nothing"})
    assert "low (an invented meaning)" in page_words(drawing)
    assert "“low” means: an invented meaning." in drawing.alt_text()
    assert "nothing" not in drawing.alt_text() + page_words(drawing)
    assert "low" in drawing.data()["judgement"].tolist()
    with pytest.raises(
        MethodError, match=r"summary of judgements: meanings .*; a text by the words of a judgement is expected"
    ):
        judgement_summary(judged(1), panel(), meanings={"low": 3})  # type: ignore[dict-item]
    with pytest.raises(MethodError, match=r"summary of judgements: meanings 'low'"):
        judgement_summary(judged(1), panel(), meanings="low")  # type: ignore[arg-type]
