"""Forest plots with many rows, several summaries under one another, small print and outliers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from forest_artists import artists, assert_forest_shows_its_data, text_boxes, words_of, xs
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from synth.errors import MethodError
from synth.plots import Drawing, ForestRow, ForestSummary, ReferenceLine, forest

Rows = Callable[[int], list[ForestRow]]
Check = Callable[[Drawing], None]
HETEROGENEITY = "REML; k = 12; τ² = 0.313; I² = 92.2%; Q(11) = 152.2, p < 0.001"
MODELS = [
    ForestSummary(
        label="Random effects",
        estimate=0.49,
        interval=(0.33, 0.73),
        prediction=(0.14, 1.7),
        details=(HETEROGENEITY,),
    ),
    ForestSummary(label="Common effect", estimate=0.6, interval=(0.5, 0.7), details=("I² = 92.2%",)),
    ForestSummary(label="Bayesian", estimate=0.5, interval=(0.31, 0.81), prediction=(0.1, 2.0)),
    ForestSummary(label="Generalised linear mixed model (UM.RS)", estimate=0.47, interval=(0.3, 0.76)),
    ForestSummary(label="Without interval", estimate=0.52, interval=None),
]


def draw(rows: list[ForestRow], **options: Any) -> Drawing:
    return forest(rows, **{"effect_label": "Risk ratio", "log_scale": True, "null_value": 1.0, **options})


def assert_plot_is_free_of_words(drawing: Drawing) -> None:
    """No word of the table stands in the area of the marks."""
    boxes = text_boxes(drawing)
    plot = drawing.axes[0].get_window_extent()
    inside = [
        box
        for box in boxes
        if min(box.x1, plot.x1) - max(box.x0, plot.x0) > 0.5 and min(box.y1, plot.y1) - max(box.y0, plot.y0) > 0.5
    ]
    assert not inside


@pytest.mark.parametrize(("k", "log"), [(1, False), (2, True), (3, False), (12, True), (12, False), (60, True)])
def test_every_kind_of_mark_is_in_the_data(k: int, log: bool, invented_rows: Rows, assert_readable: Check) -> None:
    rows = [dataclasses.replace(row, group="ab"[i % 2]) for i, row in enumerate(invented_rows(k))]
    rows.append(ForestRow(label="Without interval", estimate=0.7, group="a", mark="read off"))
    rows.append(ForestRow(label="Without estimate", estimate=None, group="a"))
    rows.append(ForestRow(label="Very wide", estimate=0.9, interval=(1e-7, 1e7), group="a"))
    closing = ["Difference between subgroups: Q(1) = 2.34, p = 0.126"]
    drawing = draw(
        rows,
        log_scale=log,
        summaries=[*MODELS, dataclasses.replace(MODELS[0], label="Pool of a", group="a")],
        reference_lines=[ReferenceLine(0.8, "invented threshold")],
        closing=closing,
    )
    assert_readable(drawing)
    assert_plot_is_free_of_words(drawing)
    assert_forest_shows_its_data(drawing)
    data = drawing.data()
    assert data["kind"].tolist().count("summary") == 6
    assert data[data["kind"] == "small print"]["label"].tolist() == [
        HETEROGENEITY,
        HETEROGENEITY,
        "I² = 92.2%",
        *closing,
    ]


def test_diamonds_under_one_another_look_different_and_those_of_groups_alike(invented_rows: Rows) -> None:
    rows = [dataclasses.replace(row, group="ab"[i % 2]) for i, row in enumerate(invented_rows(4))]
    pools = [dataclasses.replace(MODELS[0], label=f"Pool of {group}", group=group) for group in "ab"]
    drawn = artists(draw(rows, summaries=[*MODELS[:4], *pools]))
    looks = []
    for index in range(6):
        diamond = drawn[f"summary {index}"][0]
        assert isinstance(diamond, Polygon)
        looks.append((to_hex(diamond.get_facecolor()), str(diamond.get_linestyle())))
    assert len(set(looks[2:])) == 4  # those at the end come last
    assert looks[0] == looks[1] == looks[2]


def test_small_print_follows_its_summary_and_is_told_in_words(invented_rows: Rows) -> None:
    drawing = draw(invented_rows(3), summaries=MODELS[:2], closing=["A closing line.", " "])
    words = words_of(drawing)
    assert words.index("95% prediction interval") < words.index("REML; k = 12") < words.index("Common effect")
    assert (
        f"95% prediction interval: [0.14, 1.70]. {HETEROGENEITY}. Common effect: 0.60 [0.50, 0.70]. I² = 92.2%. "
        "A closing line. Invented trial 1"
    ) in drawing.alt_text()


def test_a_sign_stays_with_its_numbers(invented_rows: Rows) -> None:
    closing = [f"{'word ' * count}Q(2) = 1.85 and p < 0.001" for count in range(1, 14)]
    drawing = draw(invented_rows(3), summaries=MODELS[:1], closing=closing)
    lines = [text.get_text().strip("\N{NO-BREAK SPACE} ") for text in drawing.axes[-1].texts]
    assert not [line for line in lines if line[-1:] in ("=", "<") or line[:1] in ("=", "<")]
    assert_forest_shows_its_data(drawing)


def test_a_rule_parts_the_last_subgroup_from_the_summaries_of_all(invented_rows: Rows) -> None:
    rows = [dataclasses.replace(row, group="a") for row in invented_rows(3)]
    of_group = dataclasses.replace(MODELS[1], group="a")

    def rules(summaries: list[ForestSummary]) -> int:
        return sum(line.get_label() == "rule" for line in draw(rows, summaries=summaries).axes[-1].lines)

    assert [rules([of_group]), rules([of_group, MODELS[0]]), rules([of_group, *MODELS[:2]])] == [1, 2, 2]


def test_a_tall_plot_has_its_axis_above_the_rows_too_and_lines_between(invented_rows: Rows) -> None:
    for k, tall in ((24, False), (25, True)):
        axes = draw(invented_rows(k)).axes[0]
        ticks = axes.xaxis.get_major_ticks()
        assert [tick.label2.get_visible() for tick in ticks] == [tall] * len(ticks)
        assert [tick.gridline.get_visible() for tick in ticks] == [tall] * len(ticks)
        assert [tick.label1.get_text() for tick in ticks] == [tick.label2.get_text() for tick in ticks]


def test_columns_below_the_label_are_named_once_where_rows_stand_close(invented_rows: Rows) -> None:
    cells = {"Vaccinated": "12/1234", "Control": "119/12345"}
    rows = [dataclasses.replace(row, columns=cells) for row in invented_rows(30)]
    rows[3] = dataclasses.replace(rows[3], columns={"Control": "1/2"})
    drawing = draw(rows, columns=("Vaccinated", "Control"))
    words = words_of(drawing)
    assert words.count("Vaccinated") == 1
    assert words.count("12/1234; 119/12345") == 29
    assert "\N{EN DASH}; 1/2" in words


def test_squares_of_a_tall_plot_do_not_touch(invented_rows: Rows) -> None:
    drawing = draw([dataclasses.replace(row, label=f"T{i}") for i, row in enumerate(invented_rows(60))])
    markers = [line for line in drawing.axes[0].lines if str(line.get_label()).startswith("marker")]
    ys = [float(line.get_ydata()[0]) for line in markers]
    sides = [line.get_markersize() for line in markers]
    assert min(below - above for above, below in pairwise(ys)) > max(sides)


@pytest.mark.parametrize("interval", [(5e5, 2e6), (0.01, 1e9), None])
def test_an_estimate_far_from_all_others_becomes_an_arrow(
    interval: tuple[float, float] | None, invented_rows: Rows, assert_readable: Check
) -> None:
    rows = [*invented_rows(8), ForestRow(label="Outlier", estimate=1e6, interval=interval)]
    drawing = draw(rows, summaries=MODELS[:1])
    low, high = drawing.axes[0].get_xlim()
    assert high < 100
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    drawn, data = artists(drawing), drawing.data()
    assert "marker 8" not in drawn
    assert [xs(arrow)[-1] for arrow in drawn["interval 8 arrow"]][-1] == high
    assert data["estimate"][8] == 1e6
    assert data["beyond_axis"][8] == ("both" if interval and interval[0] < low else "upper")
    assert "Arrow without a marker: the estimate itself lies beyond it." in words_of(drawing)
    assert "Arrow without a marker" not in words_of(draw(invented_rows(8)))


def test_a_pooled_estimate_is_never_beyond_the_axis(invented_rows: Rows) -> None:
    far = ForestSummary(label="Far", estimate=1e5, interval=(1e4, 1e6))
    drawing = draw(invented_rows(8), summaries=[far])
    assert drawing.axes[0].get_xlim()[1] > 1e5


def test_an_interval_without_length_is_still_drawn() -> None:
    drawing = draw([ForestRow(label="Invented", estimate=1.5, interval=(1.5, 1.5)), ForestRow(label="B", estimate=1.0)])
    line = artists(drawing)["interval 0"][0]
    assert isinstance(line, Line2D)
    assert xs(line) == [1.5, 1.5]
    assert "interval 1" not in artists(drawing)


def test_words_of_a_reference_line_may_be_given() -> None:
    line = ReferenceLine(0.48942, "summary of all studies", "0.49")
    drawing = draw([ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0))], reference_lines=[line])
    assert "0.49: summary of all studies" in words_of(drawing)
    assert "Reference line at 0.49: summary of all studies." in drawing.alt_text()
    assert drawing.data()["estimate"].tolist()[-1] == 0.48942


def test_summaries_alone_can_be_drawn(assert_readable: Check) -> None:
    drawing = draw([], summaries=MODELS)
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    with pytest.raises(MethodError, match="needs a row or a summary"):
        draw([], closing=["words"])


def test_infinite_ends_are_arrows(assert_readable: Check) -> None:
    rows = [ForestRow(label=f"Row {i}", estimate=1.0 + i, interval=(0.0, math.inf)) for i in range(3)]
    drawing = draw(rows, summaries=[ForestSummary(label="Pool", estimate=2.0, interval=(0.0, math.inf))])
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    assert drawing.data()["beyond_axis"].tolist()[:4] == ["both"] * 4
