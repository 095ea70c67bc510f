"""Scores before and after: lines of series and cases, the important difference, and what is missing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from panel_artists import lines_of, place, words

import synth
from synth.errors import MethodError
from synth.extraction.overlap import Overlap
from synth.plots.slopes import ImportantDifference, SlopeRow, slope_plot
from synth.plots.slopes.of_answer import slopes_of

# Every score here is invented.
DIFFERENCE = ImportantDifference(value=20, label="anchor-based, in: arthroscopy of another joint")
OPTIONS = {"score_label": "Hip score, points", "limits": (0, 100), "better": "higher"}
ROWS = [
    SlopeRow(label="A 2001", before=40, after=75, n=12, months=24, before_range=(30, 52), after_range=(60, 90)),
    SlopeRow(label="B 2002", before=55.5, after=52, n=None, mark="after: mean before plus the printed change"),
    SlopeRow(label="C 2003", before=30, after=66, single=True),
    SlopeRow(label="D 2004", before=44, after=None, n=7),
]


def invented(k, **changes):
    rows = []
    for index in range(k):
        before = 30 + 25 * math.sin(2.3 * index)
        after = min(100.0, before + 20 + 18 * math.cos(1.1 * index))
        name = f"Invented Collaborative Group With a Name That Is Far Too Long {index}" if index == 1 else f"S {index}"
        row = SlopeRow(label=name, before=round(before, 1), after=round(after, 1), n=5 + index, months=index or None)
        row = replace(row, after=None) if index % 7 == 3 else row
        row = replace(row, before=None) if index % 11 == 5 and row.after is not None else row
        rows.append(replace(row, single=True, n=1) if index % 5 == 4 else replace(row, **changes))
    return rows


def panel_of(drawing):
    """The first axes with a slope."""
    return next(axes for axes in drawing.axes if any(str(line.get_label()).startswith("slope") for line in axes.lines))


def test_lines_and_points_stand_where_the_table_says():
    drawing = slope_plot(ROWS, important_difference=DIFFERENCE, **OPTIONS)
    lines, data = lines_of(drawing), drawing.data()
    assert list(data["kind"]) == ["series", "series", "single patient", "series", *["important difference"] * 3]
    for row in data[data["kind"] != "important difference"].itertuples():
        for moment, value, low, high in (
            ("before", row.before, row.before_low, row.before_high),
            ("after", row.after, row.after_low, row.after_high),
        ):
            if math.isnan(value):
                assert f"{row.label} {moment}" not in lines
                continue
            assert place(lines[f"{row.label} {moment}"]) == (float(moment == "after"), value)
            if not math.isnan(low):
                assert lines[f"range {row.label} {moment}"].get_ydata().tolist() == [low, high]
        if not (math.isnan(row.before) or math.isnan(row.after)):
            assert lines[f"slope {row.label}"].get_xydata().tolist() == [[0, row.before], [1, row.after]]
    for row in data[data["kind"] == "important difference"].itertuples():
        assert lines[f"important difference {row.label}"].get_ydata().tolist() == [row.before, row.after]
        assert row.after == row.before + 20
    assert data.set_index("label").loc["B 2002", "mark"].iloc[0].startswith("after: mean before")
    assert sum(name.startswith("slope") for name in lines) == 3


def test_series_are_thick_and_single_patients_thin_and_hollow():
    lines = lines_of(slope_plot(ROWS, **OPTIONS))
    assert lines["slope A 2001"].get_linewidth() > 2 * lines["slope C 2003"].get_linewidth()
    assert lines["C 2003 after"].get_marker() != lines["A 2001 after"].get_marker()
    assert lines["C 2003 after"].get_markerfacecolor() == "#ffffff"


def test_words_say_what_a_line_is_and_what_is_missing():
    drawing = slope_plot(ROWS, important_difference=DIFFERENCE, **OPTIONS)
    shown = words(drawing)
    assert "Lines of series join means; no line of a series is the course of a patient." in shown
    assert "No score after was seen, so a point alone: D 2004." in shown
    assert "scale 0 to 100; higher is better" in shown
    assert "† after: mean before plus the printed change." in shown
    assert "B 2002†" in shown
    assert "n not seen" in shown.replace("\N{NO-BREAK SPACE}", " ")
    alt = drawing.alt_text()
    assert alt.startswith("Scores before and after of 3 series (means) and 1 single patient: Hip score, points")
    assert "D 2004, n = 7 patients: before 44, after not seen." in alt
    assert "Published important difference: 20 (anchor-based" in alt
    assert "course of a patient" not in words(slope_plot([ROWS[2]], **OPTIONS))


def test_where_lower_is_better_the_important_difference_falls():
    data = slope_plot(ROWS[:1], important_difference=DIFFERENCE, **{**OPTIONS, "better": "lower"}).data()
    assert data["after"].tolist() == [75, 20]


def test_what_cannot_be_gained_is_told():
    drawing = slope_plot([replace(ROWS[0], before=92, after=97, before_range=None, after_range=None)],
                         important_difference=DIFFERENCE, **OPTIONS)  # fmt: skip
    assert drawing.data()["beyond_axis"].tolist() == ["", "above"]
    assert "from a score of 92 a change of at most 8 is possible on this scale" in drawing.alt_text()


def test_an_axis_that_is_laid_around_the_scores_is_no_scale_with_an_end():
    for better, end in (("higher", 95), ("lower", 35)):
        row = SlopeRow(label="A", before=65, after=65.5)
        wide = ImportantDifference(value=30, label="invented")
        drawing = slope_plot([row], score_label="Score", better=better, important_difference=wide)
        low, high = panel_of(drawing).get_ylim()
        assert low < end < high
        assert drawing.data()["beyond_axis"].tolist() == ["", ""]
        assert "scale" not in drawing.alt_text()
    many = slope_plot([replace(row, label=f"A {number}") for number in range(5)],
                      score_label="Score", better="higher", important_difference=wide)  # fmt: skip
    bar = many.data().iloc[-1]
    low, high = panel_of(many).get_ylim()
    assert low < bar["before"] < bar["after"] < high
    assert "scale" not in many.alt_text()


def test_a_bar_longer_than_the_scale_is_told_once_and_is_no_series():
    longer = ImportantDifference(value=130, label="invented")
    rows = [SlopeRow(label=f"{group} {n}", before=40, after=50, group=group) for group in "AB" for n in range(5)]
    alt = slope_plot(rows, important_difference=longer, **OPTIONS).alt_text()
    assert alt.count("The important difference is larger than the whole scale.") == 1
    assert "length alone" not in alt


def test_ranges_stand_side_by_side_and_in_words():
    rows = [replace(ROWS[0], label=f"A {number}") for number in range(4)]
    drawing = slope_plot(rows, **OPTIONS)
    lines = lines_of(drawing)
    panel = panel_of(drawing)
    for moment, outwards in (("before", -1), ("after", 1)):
        places = [float(lines[f"range A {number} {moment}"].get_xdata()[0]) for number in range(4)]
        points = panel.transData.transform([(place, 50) for place in places])[:, 0] * 72 / drawing.figure.dpi
        assert (np.diff(points) * outwards).tolist() == pytest.approx([4, 4, 4])
        assert places[0] == float(moment == "after")
        low, high = panel.get_xlim()
        assert low < min(places)
        assert max(places) < high
        joined = lines[f"mean A 2 {moment}"].get_xydata()
        assert joined[:, 0].tolist() == [places[0], places[2]]
        assert set(joined[:, 1]) == {75 if moment == "after" else 40}
    told = "A 1, n = 12 patients, 24 months: before 40 (range 30 to 52), after 75 (range 60 to 90)."
    assert told in drawing.alt_text()


def test_title_and_words_name_procedure_and_instrument():
    drawing = slope_plot(ROWS, title="Operation", **OPTIONS)
    assert drawing.title == "Operation: Hip score, points, before and after"
    assert drawing.alt_text().startswith("Operation: scores before and after of 3 series")
    assert "Operation" in words(drawing).splitlines()


def test_many_lines_share_one_bar_of_the_difference_s_length():
    drawing = slope_plot(invented(12), important_difference=DIFFERENCE, **OPTIONS)
    data = drawing.data()
    bars = data[data["kind"] == "important difference"]
    assert bars["label"].tolist() == ["length alone"]
    ends = lines_of(drawing)["important difference length alone"].get_ydata()
    assert ends[1] - ends[0] == 20 == bars["after"].iloc[0] - bars["before"].iloc[0]


def test_each_procedure_has_a_panel_of_its_own():
    rows = [
        replace(ROWS[0], group="Operation"),
        replace(ROWS[1], group="Injection"),
        replace(ROWS[3], group="Operation"),
    ]
    drawing = slope_plot(rows, **OPTIONS)
    panels = [axes for axes in drawing.axes if any(str(line.get_label()).startswith("slope") for line in axes.lines)]
    assert len(panels) == 2
    assert "lines of different panels are no comparison" in drawing.alt_text()
    shown = words(drawing)
    assert "Operation" in shown
    assert "Injection" in shown
    assert all(axes.get_ylim() == (0, 100) for axes in panels)


def test_without_limits_the_axis_is_laid_around_the_scores():
    drawing = slope_plot(ROWS, score_label="Score")
    low, high = drawing.axes[0].get_ylim()
    assert low < 30
    assert high > 90
    assert "scale" not in drawing.alt_text()


@pytest.mark.parametrize("k", [1, 2, 3, 12, 60])
def test_names_never_overlap_and_bytes_repeat(k, assert_readable):
    rows = invented(k, mark="derived")
    drawing = slope_plot(rows, important_difference=DIFFERENCE, title="Invented", **OPTIONS)
    assert_readable(drawing)
    assert drawing.svg() == slope_plot(rows, important_difference=DIFFERENCE, title="Invented", **OPTIONS).svg()
    if k > 12:
        assert "table of the picture" in words(drawing)


def test_names_at_the_same_height_are_moved_apart(assert_readable):
    rows = [SlopeRow(label=f"Same {index}", before=50, after=100, n=3) for index in range(9)]
    assert_readable(slope_plot(rows, **OPTIONS))
    assert_readable(slope_plot([replace(row, after=None) for row in rows], **OPTIONS))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"before": None, "after": None, "before_range": None, "after_range": None}, "A 2001: neither a score"),
        ({"before": math.nan}, "A 2001: a score is nan"),
        ({"after": 101}, "A 2001: a score of 101 on a scale from 0 to 100"),
        ({"after_range": (60, math.inf)}, "A 2001: a score is inf"),
        ({"before_range": (52, 30)}, "A 2001: a range from 52 to 30"),
        ({"before": None}, "A 2001: a range without its mean"),
        ({"n": 0}, "A 2001: n = 0"),
        ({"n": 5.5}, r"A 2001: n = 5\.5; a whole number"),
        ({"n": "x"}, "A 2001: n = 'x'; a whole number"),
        ({"before": "x"}, "A 2001: before = 'x'; a number"),
        ({"months": "x"}, "A 2001: months = 'x'; a number"),
        ({"after_range": (1, 2, 3)}, r"A 2001: after_range = \(1, 2, 3\); two numbers"),
        ({"label": " "}, "label is a text that is not empty"),
        ({"label": None}, "label is a text that is not empty"),
        ({"months": math.nan}, "A 2001: nan months"),
        ({"months": -1}, "A 2001: -1 months"),
        ({"single": True}, "A 2001: one patient and n = 12"),
    ],
)
def test_rows_that_cannot_be_drawn_are_named(change, message):
    with pytest.raises(MethodError, match=message):
        slope_plot([replace(ROWS[0], **change)], **OPTIONS)


def test_options_are_checked():
    with pytest.raises(MethodError, match="nothing to draw"):
        slope_plot([], **OPTIONS)
    with pytest.raises(MethodError, match="better 'up'"):
        slope_plot(ROWS, **{**OPTIONS, "better": "up"})
    with pytest.raises(MethodError, match=r"limits \(100, 0\)"):
        slope_plot(ROWS, **{**OPTIONS, "limits": (100, 0)})
    with pytest.raises(MethodError, match="a SlopeRow whose label"):
        slope_plot([None], **OPTIONS)
    for limits in ((0, 50, 100), "ab"):
        with pytest.raises(MethodError, match=r"limits .*: two finite numbers"):
            slope_plot(ROWS, **{**OPTIONS, "limits": limits})
    with pytest.raises(MethodError, match=r"important difference 8\.0: an ImportantDifference"):
        slope_plot(ROWS, important_difference=8.0, **OPTIONS)
    with pytest.raises(MethodError, match="has a direction"):
        slope_plot(ROWS, important_difference=DIFFERENCE, **{**OPTIONS, "better": None})
    for value in (0, -3, math.nan, "x"):
        with pytest.raises(MethodError, match="important difference"):
            slope_plot(ROWS, important_difference=ImportantDifference(value=value, label="x"), **OPTIONS)


@pytest.fixture(scope="module")
def ifi():
    return synth.open_review("ifi")


@pytest.fixture(scope="module")
def labels(ifi):
    return {study: study.upper() for study in {item.study_id for answer in ifi.synthesis for item in answer.series}}


def answer_of(review, outcome, instrument):
    return next(
        answer
        for answer in review.synthesis
        if (answer.procedure, answer.outcome, answer.instrument) == ("endoscopic", outcome, instrument)
    )


def test_an_answer_of_the_review_shows_what_was_extracted(ifi, labels, assert_readable):
    answer = answer_of(ifi, "hip function", "mHHS")
    drawing = slopes_of(answer, ifi.protocol, labels)
    assert drawing is not None
    assert_readable(drawing)
    data = drawing.data().set_index(["kind", "label"])
    eligible = [item for item in answer.series if item.role == "synthesis"]
    for item in eligible:
        row = data.loc[("series", labels[item.study_id])]
        for column, value in (("before", item.summary.baseline_mean), ("after", item.summary.followup_mean)):
            assert row[column] == value or (value is None and np.isnan(row[column]))
    assert len(data.loc["series"]) == len(eligible)
    both = sum(item.summary.change is not None for item in eligible)
    steps = data.loc["important difference"]
    assert len(steps) == both
    chosen = ifi.protocol.instrument("mHHS").chosen
    assert (steps["after"] - steps["before"]).tolist() == pytest.approx([chosen.value] * both)
    for item in answer.series:
        if item.role == "direction only":
            assert f"Not drawn, because used for directions only: {labels[item.study_id]}" in drawing.alt_text()
    assert "natural history, regression to the mean" in drawing.alt_text()
    name = ifi.protocol.instrument("mHHS").label
    assert drawing.title == f"Endoscopic lesser trochanter resection: {name}, points, before and after"


def test_single_patients_of_a_review_are_thin(ifi, labels):
    drawing = slopes_of(answer_of(ifi, "low back disability", "ODI"), ifi.protocol, labels)
    assert "single patient" in drawing.data()["kind"].tolist()


def test_an_answer_without_a_score_before_and_after_has_no_slopes(ifi, labels):
    assert slopes_of(answer_of(ifi, "hip function", "HHS"), ifi.protocol, labels) is None
    assert slopes_of(answer_of(ifi, "time to return to sport", "time to return to sport"), ifi.protocol, labels) is None


def test_a_mean_that_follows_from_the_printed_change_is_marked(ifi, labels):
    answer = answer_of(ifi, "pain", "VAS")
    series = next(item for item in answer.series if item.role == "synthesis")
    summary = replace(series.summary, followup_mean=None, change_mean=-5.6)
    moved = replace(answer, series=(replace(series, summary=summary, followup_range=None),))
    row = slopes_of(moved, ifi.protocol, labels).data().iloc[0]
    assert row["after"] == series.summary.followup_mean == 1.0
    assert row["mark"] == "after: mean before plus the printed mean change"
    back = replace(series.summary, baseline_mean=None, change_mean=-5.6)
    row = slopes_of(replace(answer, series=(replace(series, summary=back),)), ifi.protocol, labels).data().iloc[0]
    assert row["before"] == series.summary.baseline_mean == 6.6
    assert row["mark"].startswith("before: mean after minus")


def test_series_that_may_share_patients_are_named(ifi, labels):
    answer = answer_of(ifi, "hip function", "mHHS")
    assert "same people" not in slopes_of(replace(answer, overlaps=()), ifi.protocol, labels).alt_text()
    first, second = (item.study_id for item in answer.series if item.role == "synthesis" and item.summary.change)
    pair = Overlap(first, second, "an invented reason")
    drawing = slopes_of(replace(answer, overlaps=(pair,)), ifi.protocol, labels)
    told = (
        f"patients of {labels[first]} and {labels[second]} are the same people cannot be excluded: an invented reason."
    )
    assert told in drawing.alt_text()


def test_scores_in_another_unit_have_neither_the_range_nor_the_difference_of_the_instrument(ifi, labels):
    answer = answer_of(ifi, "hip function", "mHHS")
    first, last = (item for item in answer.series if item.role == "synthesis" and item.summary.change is not None)
    percent = replace(first, summary=replace(first.summary, unit="% of the normal side"))
    alone = slopes_of(replace(answer, series=(percent,)), ifi.protocol, labels)
    assert alone.data()["kind"].tolist() == ["series"]
    assert "scale" not in alone.alt_text()
    both = slopes_of(replace(answer, series=(percent, last)), ifi.protocol, labels)
    assert both.data()["label"].tolist()[:1] == [labels[last.study_id]]
    assert f"another unit: {labels[first.study_id]}" in both.alt_text()
    outside = replace(first, followup_range=None, summary=replace(first.summary, followup_mean=140.0))
    wide = slopes_of(replace(answer, series=(outside,)), ifi.protocol, labels)
    assert wide.axes[0].get_ylim()[1] > 140
