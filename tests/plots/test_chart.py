"""The ground of all charts: places, arrows, names without overlap, natural ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from chart_reading import names_drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, LegendEntry, beyond
from synth.plots.chart.labels import Box, Name, place_names, shortened
from synth.plots.chart.points import (
    arrows_note,
    check_named,
    marks_table,
    not_drawn_note,
    sentences,
    sizes_by_weight,
)
from synth.plots.chart.scale import effect_axis, scale_of, shown_far
from synth.plots.style import PAGE_WIDTH, drawing_settings
from synth.plots.text import text_width


def _chart(*, log: bool = False, y_reversed: bool = False, **options: object) -> Chart:
    x = ValueAxis(0.1, 10.0, True, 400) if log else ValueAxis(-2.0, 2.0, False, 400)
    with drawing_settings():
        return Chart(
            height=200,
            x=x,
            y=ValueAxis(0.0, 1.0, False, 200),
            x_label="Invented effect",
            y_label="Invented size",
            y_reversed=y_reversed,
            **options,  # type: ignore[arg-type]
        )


def _finished(chart: Chart) -> Drawing:
    return chart.finish(title="Invented", alt_text="Invented", data=pd.DataFrame())


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("y_reversed", [False, True])
@pytest.mark.parametrize("spot", [(0.5, 0.25), (1.7, 0.9), (0.2, 0.0)])
def test_place_is_where_matplotlib_draws(log: bool, y_reversed: bool, spot: tuple[float, float]) -> None:
    chart = _chart(log=log, y_reversed=y_reversed)
    across, down = chart.place(*spot)
    pixels = chart.axes.transData.transform(spot) * 72 / chart.canvas.figure.dpi
    assert across == pytest.approx(pixels[0], abs=1e-6)
    assert chart.canvas.height - down == pytest.approx(pixels[1], abs=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.5, ""),
        (-2.0, 1.0, ""),
        (-3.0, 0.5, "left"),
        (3.0, 0.5, "right"),
        (0.0, 1.5, "above"),
        (0.0, -0.5, "below"),
        (3.0, 1.5, "above, right"),
        (-3.0, -0.5, "below, left"),
    ],
)
def test_sides_beyond_the_axes(x: float, y: float, expected: str) -> None:
    axes = ValueAxis(-2.0, 2.0, False, 400), ValueAxis(0.0, 1.0, False, 200)
    assert beyond(x, y, *axes) == expected
    turned = {"above": "below", "below": "above"}
    mirrored = ", ".join(turned.get(word, word) for word in expected.split(", "))
    assert beyond(x, y, *axes, y_reversed=True) == mirrored


def test_a_point_beyond_the_axes_is_an_arrow_at_their_edge() -> None:
    chart = _chart()
    chart.point(5.0, 0.5, label="far")
    chart.point(1.0, 0.5, label="near")
    far, near = chart.axes.lines
    assert (far.get_label(), near.get_label()) == ("far arrow", "near")
    assert (list(far.get_xdata()), list(far.get_ydata())) == ([2.0], [0.5])
    assert (list(near.get_xdata()), list(near.get_ydata())) == ([1.0], [0.5])
    assert far.get_marker() != near.get_marker()


@pytest.mark.parametrize("y_reversed", [False, True])
def test_an_arrow_points_to_what_it_stands_for(y_reversed: bool) -> None:
    chart = _chart(y_reversed=y_reversed)
    for x, y, direction in ((5.0, 0.5, (1, 0)), (-5.0, 0.5, (-1, 0)), (0.0, 7.0, (0, -1 if y_reversed else 1))):
        chart.point(x, y, label="far")
        marker = chart.axes.lines[-1]._marker  # get_marker() does not tell how it is turned
        shape = marker.get_transform().transform_path(marker.get_path())
        tip = max(shape.vertices, key=lambda corner: corner @ direction)
        assert tip / np.abs(tip).max() == pytest.approx(np.array(direction, dtype=float), abs=1e-9)


def test_a_hollow_point_shows_the_page() -> None:
    chart = _chart()
    chart.point(0.0, 0.5, hollow=True, label="hollow")
    assert chart.axes.lines[0].get_markerfacecolor() == "#ffffff"


@pytest.mark.parametrize("spot", [(math.nan, 0.5), (0.5, math.inf)])
def test_a_point_without_place_is_refused(spot: tuple[float, float]) -> None:
    with pytest.raises(MethodError, match=r"study A.*finite coordinates"):
        _chart().point(*spot, label="study A")


def test_a_rule_goes_from_edge_to_edge() -> None:
    chart = _chart()
    chart.rule(x=1.0, label="upright")
    chart.rule(y=0.5, label="lying")
    chart.rule(y=1.5, label="not shown")
    upright, lying = chart.axes.lines
    assert (list(upright.get_xdata()), list(upright.get_ydata())) == ([1.0, 1.0], [0.0, 1.0])
    assert (list(lying.get_xdata()), list(lying.get_ydata())) == ([-2.0, 2.0], [0.5, 0.5])


@pytest.mark.parametrize("where", [{}, {"x": 1.0, "y": 0.5}])
def test_a_rule_has_one_place(where: dict[str, float]) -> None:
    with pytest.raises(MethodError, match="one of the two"):
        _chart().rule(**where)


@pytest.mark.parametrize("upright", [False, True])
def test_a_band_ends_at_the_edge(upright: bool) -> None:
    chart = _chart()
    chart.band([0.2, 0.8], [-math.inf, 0.1], [0.3, math.inf], upright=upright)
    (area,) = [artist for artist in chart.axes.collections if isinstance(artist, PolyCollection)]
    corners = area.get_paths()[0].vertices
    along, across = (corners[:, 1], corners[:, 0]) if upright else (corners[:, 0], corners[:, 1])
    limits = (-2.0, 2.0) if upright else (0.0, 1.0)
    assert (across.min(), across.max()) == limits
    assert (along.min(), along.max()) == (0.2, 0.8)
    assert chart.axes.get_xlim() == (-2.0, 2.0)
    assert chart.axes.get_ylim() == (0.0, 1.0)


def test_a_curve_is_cut_at_the_axes_unless_told() -> None:
    chart = _chart()
    chart.curve([-9, 9], [0.5, 0.5], label="cut")
    chart.curve([-9, 9], [0.5, 0.5], label="whole", clipped=False)
    cut, whole = chart.axes.lines
    assert cut.get_clip_path() is not None or cut.get_clip_box() is not None
    assert whole.get_clip_path() is None
    assert list(cut.get_xdata()) == [-9, 9]


def test_ticks_are_those_given(assert_readable: Callable[[Drawing], None]) -> None:
    chart = _chart(x_ticks=[(-1.0, "less"), (1.0, "more")], y_ticks=[(0.5, "a category with a long name")])
    assert [label.get_text() for label in chart.axes.get_xticklabels()] == ["less", "more"]
    assert [label.get_text() for label in chart.axes.get_yticklabels()] == ["a category with a long name"]
    assert_readable(_finished(chart))


def test_a_long_page_of_words_has_room_for_all(assert_readable: Callable[[Drawing], None]) -> None:
    words = "words that go on and on until they have to be broken " * 4
    legend = [
        LegendEntry(words=f"entry {number} {words if number == 3 else ''}", kind=kind)
        for number, kind in enumerate(("point", "line", "band", "point", "words"))
    ]
    chart = _chart(title=words, legend=legend, notes=[words, "", words])
    drawing = _finished(chart)
    assert_readable(drawing)
    shown = names_drawn(drawing).replace("\n", " ")
    assert all(f"entry {number}" in shown for number in range(5))


def test_an_entry_that_breaks_begins_a_line() -> None:
    legend = [LegendEntry(words="one"), LegendEntry(words="two"), LegendEntry(words="three", breaks=True)]
    chart = _chart(legend=legend)
    places = {text.get_text(): text.get_position() for text in chart.canvas.page.texts}
    assert places["one"][1] == places["two"][1] < places["three"][1]
    assert places["three"][0] == places["one"][0] < places["two"][0]


def test_names_stand_on_top_of_bands() -> None:
    chart = _chart()
    assert chart.axes.get_zorder() < chart.canvas.page.get_zorder()


def test_crowded_names_do_not_overlap(assert_readable: Callable[[Drawing], None]) -> None:
    random = np.random.default_rng(3)
    chart = _chart()
    spots = [(float(x), float(y), f"Invented {n}") for n, (x, y) in enumerate(random.uniform([-2, 0], [2, 1], (60, 2)))]
    for x, y, name in spots:
        chart.point(x, y, label=name)
    left_out = chart.name_points(spots, most=40)
    drawing = _finished(chart)
    assert_readable(drawing)
    shown = names_drawn(drawing).split("\n")
    assert all((name in shown) != (name in left_out) for _, _, name in spots)
    assert {name for _, _, name in spots[40:]} <= set(left_out)
    assert len(left_out) < 45


def test_a_name_of_a_far_point_stands_at_its_arrow() -> None:
    chart = _chart()
    chart.point(50.0, 0.5, label="far")
    assert chart.name_points([(50.0, 0.5, "Invented")]) == ()
    (text,) = [text for text in chart.canvas.page.texts if text.get_text() == "Invented"]
    assert chart.right - 20 < text.get_position()[0] < chart.right


def test_names_of_a_second_call_keep_clear_of_the_first(assert_readable: Callable[[Drawing], None]) -> None:
    chart = _chart()
    chart.point(0.0, 0.5, label="point")
    assert chart.name_points([(0.0, 0.5, "Invented one")]) == ()
    assert chart.name_points([(0.0, 0.5, "Invented two")]) == ()
    assert_readable(_finished(chart))


def test_reserved_room_stays_free() -> None:
    chart = _chart()
    chart.point(0.0, 0.5, label="point")
    chart.reserve(Box(0, 0, PAGE_WIDTH, 1000))
    assert chart.name_points([(0.0, 0.5, "Invented")]) == ("Invented",)


_FRAME = Box(0, 0, 300, 200)
_SPOTS = st.lists(st.tuples(st.floats(0, 300), st.floats(0, 200)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(_SPOTS, st.lists(st.text("abc ", min_size=1, max_size=40), min_size=25, max_size=25))
def test_placed_names_are_apart_and_inside(spots: list[tuple[float, float]], words: list[str]) -> None:
    names = [Name(word, x, y, 4.0) for word, (x, y) in zip(words, spots, strict=False)]
    marks = [name.mark for name in names]
    placed = [found for found in place_names(names, marks=marks, curves=[], frame=_FRAME) if found is not None]
    assert all(_FRAME.holds(found.box) for found in placed)
    assert not any(one.box.overlaps(two.box) for one, two in combinations(placed, 2))
    assert not any(found.box.overlaps(mark) for found in placed for mark in marks)


def test_a_name_avoids_a_curve_where_it_can() -> None:
    name = Name("Invented", 150, 100, 3.0)
    (free,) = place_names([name], marks=[name.mark], curves=[], frame=_FRAME)
    assert free is not None
    assert free.box.left > 150
    curve = [(x, 100.0) for x in range(150, 300, 4)]
    (moved,) = place_names([name], marks=[name.mark], curves=curve, frame=_FRAME)
    assert moved is not None
    assert not any(moved.box.contains(spot) for spot in curve)


def test_a_name_away_from_its_mark_has_a_line_to_it() -> None:
    name = Name("Invented", 150, 100, 3.0)
    # All directions but the right are closed; there, a bit above the middle, something stands in the nearest place.
    closed = [
        Box(0, 0, 147, 200),
        Box(153, 0, 300, 92),
        Box(153, 110, 300, 200),
        Box(147, 0, 153, 96),
        Box(147, 104, 153, 200),
    ]
    (near,) = place_names([name], marks=closed, curves=[], frame=_FRAME)
    (away,) = place_names([name], marks=[*closed, Box(158, 94, 162, 97)], curves=[], frame=_FRAME)
    (nowhere,) = place_names([name], marks=[*closed, Box(158, 94, 300, 97)], curves=[], frame=_FRAME)
    assert near is not None
    assert near.leader is None
    assert away is not None
    assert away.leader is not None
    assert away.leader[0] == pytest.approx((153, 100), abs=0.5)
    assert away.box.contains(away.leader[1])
    assert nowhere is None


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    words = "Invented collaborators of many countries and hospitals, second report on the long follow-up (1987)"
    first, last = shortened(words)
    assert words.startswith(first)
    assert last.startswith("… ")
    assert words.endswith(last.removeprefix("… "))
    assert text_width(last, 9.0) <= 130
    assert shortened("Short 1987") == ("Short 1987",)
    assert len(shortened("x" * 300)) == 2


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([0.1, 0.2, 0.3], 0.3),
        ([0.3, 0.3, 0.3, 0.95], 0.3),
        ([0.3, 0.3, 0.3, 0.85], 0.85),
        ([0.3, 5.0], 5.0),
        ([5.0], 5.0),
        ([0.2, 0.25, 0.3, 0.3, 0.3, 0.35, 0.4, 0.4, 2.5, 5.0], 0.4),
        ([1.0, 1.0, 9.0, 30.0], 9.0),
        ([0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 1.3], 0.5),
        ([0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 1.1], 1.1),
        ([0.0, 0.0, 0.0, 1.0], 1.0),
    ],
)
def test_far_values_are_not_waited_for(distances: list[float], expected: float) -> None:
    assert shown_far(distances) == pytest.approx(expected)
    assert shown_far(distances, least=100.0) == max(distances)


def test_an_estimate_is_far_only_against_its_errors() -> None:
    estimates = np.array([0.1, 0.12, 0.11, 0.9])
    precise = effect_axis(estimates, np.full(4, 0.01), [], 400)
    vague = effect_axis(estimates, np.full(4, 0.3), [], 400)
    assert precise.upper < 0.9 < vague.upper
    assert precise.lower < 0.1
    assert effect_axis(estimates, np.full(4, 0.01), [3.0], 400).upper > 3.0


@pytest.mark.parametrize(
    ("measure", "null", "label"),
    [
        ("RR", 0.0, "Risk ratio (log scale)"),
        ("MD", 0.0, "Mean difference"),
        ("ZCOR", 0.0, "Correlation (Fisher z scale)"),
        ("PLO", None, "Proportion (logit scale)"),
        ("PFT", None, "Proportion, as its double arcsine"),
    ],
)
def test_scales_know_no_effect_and_their_names(measure: str, null: float | None, label: str) -> None:
    scale = scale_of(measure)
    assert scale.null == null
    assert scale.axis_label == label
    assert (scale.natural(0.3) is None) == (measure == "PFT")


@pytest.mark.parametrize("measure", ["RR", "PLO", "PAS", "IRS", "ZCOR", "MD"])
@pytest.mark.parametrize(("lower", "upper"), [(0.05, 1.2), (0.2, 0.5)])
def test_ticks_stand_where_their_natural_values_lie(measure: str, lower: float, upper: float) -> None:
    scale = scale_of(measure)
    ticks = scale.ticks(ValueAxis(lower, upper, False, 400))
    assert len(ticks) > 1
    assert all(lower <= at <= upper for at, _ in ticks)
    assert [scale.shown(at) for at, _ in ticks] == pytest.approx([float(words) for _, words in ticks])


def test_ticks_of_rare_proportions_go_by_factors() -> None:
    scale = scale_of("PLO")
    words = [label for _, label in scale.ticks(ValueAxis(-7.0, -1.5, False, 400))]
    assert words == ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1"]


def test_labels_of_bent_ticks_do_not_touch() -> None:
    axis = ValueAxis(-6.0, 6.0, False, 300)
    ticks = scale_of("PLO").ticks(axis)
    ends = [(axis.fraction(at) * 300, text_width(words, 9.0) / 2) for at, words in ticks]
    assert len(ticks) > 1
    assert all(b - half_b > a + half_a for (a, half_a), (b, half_b) in pairwise(ends))


def test_estimates_that_are_no_logarithms_are_refused() -> None:
    with pytest.raises(MethodError, match=r"Risk ratio.*log scale are expected"):
        scale_of("RR").ticks(ValueAxis(0.0, 900.0, False, 400))


@pytest.mark.parametrize(("measure", "label"), [("XX", ""), ("RR", 3)])
def test_an_unknown_measure_is_refused(measure: str, label: object) -> None:
    with pytest.raises(MethodError, match="expected"):
        scale_of(measure, label)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("RR", [0.0], "1.00"),
        ("RR", [math.log(0.0123)], "0.01"),
        ("MD", [12.345], "12.3"),
        ("MD", [2e-9], "2×10⁻⁹"),
        ("PLO", [0.0], "0.50"),
    ],
)
def test_numbers_are_written_naturally(measure: str, values: list[float], expected: str) -> None:
    assert scale_of(measure).words(values)(values[0]) == expected


def test_areas_show_weights() -> None:
    sides = sizes_by_weight(np.array([0.4, 0.2, 0.1, 0.0]), 16.0)
    assert sides[0] == 16.0
    assert (sides[0] / sides[1]) ** 2 == pytest.approx(2.0)
    assert (sides[1] / sides[2]) ** 2 == pytest.approx(2.0)
    assert sides[3] == 5.0


def test_notes_name_what_is_not_there() -> None:
    assert not_drawn_note({}) == ""
    assert not_drawn_note({"A": "no SD", "B": ""}) == "Not drawn: A (no SD); B."
    assert not_drawn_note({f"S{n}": "" for n in range(14)}).endswith("S11 and 2 more.")
    assert arrows_note([]) == ""
    assert arrows_note(["A"]) == "Arrow: the point lies beyond the axis (A)."
    assert sentences(["two studies: few", "k is small", "done."]) == ["Two studies: few.", "k is small.", "Done."]


@pytest.mark.parametrize("named", [-1, 2.0, True, "all", None])
def test_a_number_of_names_is_a_whole_number(named: object) -> None:
    with pytest.raises(MethodError, match="named"):
        check_named(named)  # type: ignore[arg-type]


def test_the_table_of_marks_has_numbers_and_texts() -> None:
    table = marks_table([{"kind": "study", "x": 1}, {"kind": "line", "label": "b", "beyond_axis": "left"}], ("x",))
    assert table.columns.tolist() == ["kind", "label", "x", "beyond_axis"]
    assert table["x"].tolist()[0] == 1.0
    assert np.isnan(table["x"].tolist()[1])
    assert table["label"].tolist() == ["", "b"]
    assert marks_table([{"kind": "study"}], ("x",))["x"].dtype == float


def test_the_same_chart_has_the_same_bytes() -> None:
    def made() -> bytes:
        chart = _chart(legend=[LegendEntry(words="Study")])
        with drawing_settings():
            chart.band([0, 1], [0, 0], [1, 1])
            chart.point(0.0, 0.5, label="a")
            chart.point(9.0, 0.5, label="b")
            chart.name_points([(0.0, 0.5, "Invented")])
        return _finished(chart).svg()

    assert made() == made()


def test_a_name_that_stands_on_a_curve_has_a_pale_ground_and_others_have_none() -> None:
    with drawing_settings():
        chart = _chart()
        for y in np.linspace(0.3, 0.7, 40):
            chart.curve([-2.0, 0.0], [y, y])
        chart.point(-1.0, 0.5)
        chart.point(1.4, 0.8)
        assert chart.name_points([(-1.0, 0.5, "Upon curves"), (1.4, 0.8, "Free")]) == ()
    grounds = {str(patch.get_label()): patch for patch in chart.canvas.page.patches}
    assert set(grounds) == {"ground Upon curves"}
    ground, text = grounds["ground Upon curves"], next(t for t in chart.canvas.page.texts if "Upon" in t.get_text())
    assert 0 < ground.get_alpha() < 1
    assert ground.get_zorder() < text.get_zorder()
    left, _ = text.get_position()
    assert ground.get_x() - 0.1 <= left <= ground.get_x() + ground.get_width() + 0.1
    assert _finished(chart).svg().count(b"Upon curves") == 1


def test_a_band_that_leaves_the_axes_between_two_places_is_cut_where_it_leaves_them() -> None:
    with drawing_settings():
        chart = _chart()
        chart.band([0.0, 1.0], [0.0, -8.0], [0.0, 8.0], upright=True, label="wide")
    (area,) = chart.axes.collections
    path = area.get_paths()[0]
    # At a quarter of the height the sides are at 2, the ends of the axis; above it they are beyond.
    assert path.contains_points([(1.9, 0.25), (1.9, 0.6), (-1.9, 0.25)]).all()
    assert not path.contains_points([(1.9, 0.2), (0.9, 0.1)]).any()
    assert area.get_clip_on()
