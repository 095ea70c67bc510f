"""The panel of judgements: what its cells show is in the data, it can be read, and what it cannot show is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from forest_artists import assert_forest_shows_its_data, cells_of, look_of, page_y, text_boxes, words_of
from matplotlib.lines import Line2D

from synth.errors import MethodError
from synth.plots import Drawing, ForestRow, ForestSummary, forest
from synth.plots.forest.panel import NOT_JUDGED, Judgement, JudgementPanel
from synth.plots.style import BACKGROUND, SKY, TEXT, VERMILLION

Rows = Callable[[int], list[ForestRow]]
Check = Callable[[Drawing], None]
LOW = Judgement("low risk", "+", "good")
SOME = Judgement("some concerns", "?", "fair")
HIGH = Judgement("high risk", "x", "poor")
CRITICAL = Judgement("critical risk", "!", "very poor")
LEVELS = (LOW, SOME, HIGH, CRITICAL)
PANEL = JudgementPanel(title="Risk of bias", domains={"D1": "randomisation", "D2": "missing data", "D3": "measurement"})
POOL = ForestSummary(label="Random effects", estimate=0.49, interval=(0.33, 0.73), prediction=(0.14, 1.7))


def judged(rows: list[ForestRow], panel: JudgementPanel = PANEL) -> list[ForestRow]:
    """Rows with invented judgements; one in seven is missing."""
    out = []
    for index, row in enumerate(rows):
        given = {
            heading: LEVELS[(index * place + index) % 4]
            for place, heading in enumerate(panel.domains)
            if (index + place) % 7 != 6
        }
        out.append(dataclasses.replace(row, judgements=given))
    return out


def draw(rows: list[ForestRow], panel: JudgementPanel | None = PANEL, **options: Any) -> Drawing:
    shown = {"effect_label": "Risk ratio", "log_scale": True, "null_value": 1.0, "panel": panel, **options}
    return forest(rows, **shown)


def assert_cells_stand_clear(drawing: Drawing) -> None:
    """No cell touches another, or a text other than its symbol, or the plot's area, or leaves the page."""
    texts = text_boxes(drawing)
    boxes = {label: cell.get_window_extent() for label, cell in cells_of(drawing).items()}
    plot = drawing.axes[0].get_window_extent()
    for label, box in boxes.items():
        assert box.x0 > 0
        assert box.x1 < drawing.figure.bbox.x1
        assert box.x1 <= plot.x0 or box.x0 >= plot.x1
        for other, rival in boxes.items():
            apart = box.x1 <= rival.x0 or rival.x1 <= box.x0 or box.y1 <= rival.y0 or rival.y1 <= box.y0
            assert other == label or apart
        touching = [
            text
            for text in texts
            if min(text.x1, box.x1) - max(text.x0, box.x0) > 0.5 and min(text.y1, box.y1) - max(text.y0, box.y0) > 1.5
        ]
        assert len(touching) == 1


@pytest.mark.parametrize(("k", "weighted"), [(1, True), (2, False), (3, True), (12, False), (60, True)])
def test_cells_show_the_data_and_can_be_read(
    k: int, weighted: bool, invented_rows: Rows, assert_readable: Check
) -> None:
    rows = judged([row if weighted else dataclasses.replace(row, weight=None) for row in invented_rows(k)])
    drawing = draw(rows, summaries=[POOL])
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    data, cells = drawing.data(), cells_of(drawing)
    fills = {"low risk": SKY, "high risk": VERMILLION, "critical risk": TEXT, "not judged": BACKGROUND}
    symbols = {level.words: level.symbol for level in (*LEVELS, NOT_JUDGED)}
    for index, row in data[data["kind"] == "row"].iterrows():
        for heading in PANEL.domains:
            words = row[f"Risk of bias: {heading}"]
            assert words == rows[index].judgements.get(heading, NOT_JUDGED).words
            fill, symbol = look_of(drawing, cells[f"judgement {index} {heading}"])
            assert symbol == symbols[words]
            assert fill == fills.get(words, fill)
    assert len(cells) == 3 * k


@pytest.mark.parametrize(
    ("k", "columns", "domains"),
    [(2, (), 3), (2, ("Treated", "Control"), 1), (2, ("Treated", "Control"), 10), (25, ("Treated", "Control"), 4)],
)
def test_cells_touch_nothing_and_stand_beside_their_row(
    k: int, columns: tuple[str, ...], domains: int, invented_rows: Rows, assert_readable: Check
) -> None:
    panel = JudgementPanel(title="Appraisal", domains={str(i + 1): f"item {i + 1}" for i in range(domains)})
    cells = dict.fromkeys(columns, "12/1234")
    rows = judged([dataclasses.replace(row, columns=cells) for row in invented_rows(k)], panel)
    drawing = draw(rows, panel, columns=columns, summaries=[POOL])
    assert_readable(drawing)
    assert_cells_stand_clear(drawing)
    for index in range(k):
        marker = next(line for line in drawing.axes[0].lines if line.get_label() == f"marker {index}")
        assert isinstance(marker, Line2D)
        cell = cells_of(drawing)[f"judgement {index} 1"]
        assert abs(cell.get_y() + cell.get_height() / 2 - page_y(drawing, marker)) < 16


def test_the_panel_stands_at_the_right_where_there_is_room_and_below_the_label_otherwise(invented_rows: Rows) -> None:
    narrow = [dataclasses.replace(row, weight=None, label=f"T{i}") for i, row in enumerate(invented_rows(3))]
    beside, below = draw(judged(narrow)), draw(judged(invented_rows(3)))
    for drawing, left in ((beside, False), (below, True)):
        plot = drawing.axes[0].get_window_extent()
        cell = cells_of(drawing)["judgement 0 D1"].get_window_extent()
        assert (cell.x1 < plot.x0) == left
        assert drawing.figure.get_size_inches()[0] * 72 == 460
    assert [words_of(drawing).count("Risk of bias") for drawing in (beside, below)] == [2, 1]


def test_the_page_grows_for_more_domains_than_fit(invented_rows: Rows, assert_readable: Check) -> None:
    panel = JudgementPanel(title="Risk of bias", domains={f"D{i}": f"domain {i}" for i in range(1, 16)})
    drawing = draw(judged(invented_rows(4), panel), panel)
    assert drawing.figure.get_size_inches()[0] * 72 > 460
    assert_readable(drawing)
    assert_cells_stand_clear(drawing)


def test_headings_stand_above_their_cells(invented_rows: Rows) -> None:
    for rows in (judged(invented_rows(3)), judged([dataclasses.replace(r, weight=None) for r in invented_rows(3)])):
        drawing = draw(rows)
        for heading in PANEL.domains:
            cell = cells_of(drawing)[f"judgement 0 {heading}"]
            words = next(text for text in drawing.axes[-1].texts if text.get_text() == heading)
            assert words.get_position()[0] == pytest.approx(cell.get_x() + cell.get_width() / 2)
            assert words.get_position()[1] < cell.get_y()


def test_the_legend_and_the_alternative_text_are_in_words(invented_rows: Rows) -> None:
    drawing = draw(judged(invented_rows(4)))
    words = words_of(drawing)
    assert "+ low risk ? some concerns x high risk ! critical risk" in words
    assert "Risk of bias, by domain: D1 randomisation; D2 missing data; D3 measurement." in words
    counted = "Risk of bias: D1 (randomisation): 1 low risk, 1 some concerns, 1 high risk, 1 critical risk; D2 ("
    assert counted in drawing.alt_text()
    assert "not judged" not in words
    assert "not judged" in words_of(draw(invented_rows(2)))


def test_a_legend_that_is_wider_than_the_page_takes_more_lines(invented_rows: Rows, assert_readable: Check) -> None:
    levels = [Judgement(f"judged with many words {i} " * (9 if i == 2 else 2), str(i), "fair") for i in range(6)]
    rows = [dataclasses.replace(row, judgements={"D1": levels[i]}) for i, row in enumerate(invented_rows(6))]
    drawing = draw(rows)
    assert_readable(drawing)
    samples = [patch for patch in drawing.axes[-1].patches if patch.get_label() == "sample cell"]
    assert len({round(float(sample.get_y())) for sample in samples}) > 2  # type: ignore[attr-defined]
    assert drawing.data()["Risk of bias: D1"][2] == levels[2].words


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Judgement(" ", "+", "good"), "has no words"),
        (lambda: Judgement("low", "", "good"), "one or two characters are expected"),
        (lambda: Judgement("low", "+++", "good"), "one or two characters are expected"),
        (lambda: Judgement("low", "+", "green"), "tone 'green'; one of good, fair"),  # type: ignore[arg-type]
        (lambda: JudgementPanel(title="", domains={"1": "a"}), "a title and at least one domain"),
        (lambda: JudgementPanel(title="Bias", domains={}), "a title and at least one domain"),
        (lambda: JudgementPanel(title="Bias", domains={"Domain": "a"}), "at most 4 characters"),
        (lambda: JudgementPanel(title="Bias", domains={"1": " "}), "a name in words"),
    ],
)
def test_what_says_nothing_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        make()


@pytest.mark.parametrize(
    ("judgements", "options", "message"),
    [
        ({"D1": LOW}, {"panel": None}, "row 'Invented' has judgements; a panel"),
        ({"D9": LOW}, {}, "judged in 'D9'; the panel has D1, D2, D3"),
        (
            {"D1": LOW, "D2": Judgement("yes", "+", "good")},
            {},
            "'yes' by the symbol '\\+', which stands for 'low risk'",
        ),
        ({"D1": Judgement("unclear", "\N{EN DASH}", "none")}, {}, "which stands for 'not judged'"),
        ({}, {"columns": ("Risk of bias: D1",)}, "column title 'Risk of bias: D1'"),
    ],
)
def test_judgements_without_a_place_are_refused(
    judgements: dict[str, Judgement], options: dict[str, Any], message: str
) -> None:
    row = ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0), judgements=judgements)
    with pytest.raises(MethodError, match=message):
        draw([row], **options)
