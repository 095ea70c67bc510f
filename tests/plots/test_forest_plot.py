"""Forest plots: what is drawn is what is in the data, every word can be read, and what cannot be drawn is refused."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from synth.errors import MethodError
from synth.plots import Drawing, ForestRow, ForestSummary, ReferenceLine, forest

Rows = Callable[[int], list[ForestRow]]
Check = Callable[[Drawing], None]
POOL = ForestSummary(
    label="Random effects (REML, Hartung-Knapp)", estimate=0.49, interval=(0.33, 0.73), prediction=(0.14, 1.7)
)
LONG = "Zażółć-Gęślą & Überström-Łukasiewicz with a long list of further invented authors, and a subtitle, 2019"


def draw(rows: list[ForestRow], **options: Any) -> Drawing:
    return forest(rows, **{"effect_label": "Risk ratio", "log_scale": True, "null_value": 1.0, **options})


def draw_changes(rows: list[ForestRow], **options: Any) -> Drawing:
    return forest(rows, **{"effect_label": "Change, points", "null_value": 0.0, **options})


def artists(drawing: Drawing) -> dict[str, Artist]:
    """Artists of the plot by their label."""
    return {str(artist.get_label()): artist for artist in drawing.axes[0].get_children()}


def xs(artist: Artist) -> list[float]:
    if isinstance(artist, Polygon):
        return [float(x) for x, _ in artist.get_xy()]
    assert isinstance(artist, Line2D)
    return [float(x) for x in artist.get_xdata()]


@pytest.mark.parametrize("k", [1, 2, 3, 12, 60])
def test_no_words_overlap_or_leave_the_picture(k: int, invented_rows: Rows, assert_readable: Check) -> None:
    columns = {"Vaccinated": "12/1234", "Control": "119/12345"}
    rows = [dataclasses.replace(row, columns=columns) for row in invented_rows(k)]
    drawing = draw(
        rows,
        summaries=[POOL],
        columns=("Vaccinated", "Control"),
        left_label="fewer events with vaccine",
        right_label="more events with vaccine",
        title="An invented title that is longer than the page is wide, so that it needs more than one line of it",
        notes=["Invented data."],
    )
    assert_readable(drawing)
    assert_readable(draw(invented_rows(k), left_label="fewer", right_label="more"))


@pytest.mark.parametrize("k", [1, 4])
def test_long_names_missing_values_and_wide_intervals_can_be_read(k: int, assert_readable: Check) -> None:
    unlike = [
        ForestRow(label=LONG, estimate=42.9, interval=(24.4, 61.4), mark="derived: " + LONG, group=LONG),
        ForestRow(label="a" * 300, estimate=-1234567.891, interval=(-45678901.234, 98765432.1), columns={"n": LONG}),
        ForestRow(label="李明 وليد 2021", estimate=None, mark="other", columns={"n": "", "Follow-up": "27.6"}),
        ForestRow(label="W", estimate=31.0, group=LONG, mark="a third mark"),
    ]
    drawing = draw_changes(
        unlike[:k],
        summaries=[
            ForestSummary(label=LONG, estimate=3.0, interval=(-math.inf, 9e9), prediction=(-math.inf, math.inf))
        ],
        reference_lines=[ReferenceLine(20.0, LONG), ReferenceLine(20.5, LONG), ReferenceLine(21.0, "short")],
        columns=("n", "Follow-up"),
        left_label=LONG,
        right_label=LONG,
        title=LONG * 2,
        notes=[LONG * 3, ""],
        effect_label=LONG * 2,
        label_title=LONG,
        decimals=3,
    )
    assert_readable(drawing)
    assert drawing.data()["label"][0] in (LONG, "a" * 300)


@pytest.mark.parametrize("null_value", [0.001, 1.0, 1000.0])
def test_direction_words_fit_wherever_the_line_of_no_effect_is(null_value: float, assert_readable: Check) -> None:
    row = ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0))
    drawing = draw([row], null_value=null_value, left_label="fewer " * 12, right_label="more " * 12)
    assert_readable(drawing)
    assert "To the left: fewer fewer" in drawing.alt_text()


def test_height_follows_the_number_of_rows(invented_rows: Rows) -> None:
    def sized(k: int) -> tuple[float, float]:
        rows = [dataclasses.replace(row, label=f"Trial {i}") for i, row in enumerate(invented_rows(k))]
        width, height = draw(rows).figure.get_size_inches()
        return float(width), float(height)

    heights = {k: sized(k)[1] for k in (1, 2, 12, 24, 30, 60)}
    roomy, close = (heights[24] - heights[12]) / 12, (heights[60] - heights[30]) / 30
    assert roomy == pytest.approx((heights[12] - heights[2]) / 10, rel=0.1)
    assert 0.2 < roomy < 0.3
    assert 0.17 < close < 0.8 * roomy
    assert {sized(k)[0] * 72 for k in (1, 60)} == {460}


def test_what_is_drawn_is_what_the_data_say(invented_rows: Rows) -> None:
    rows = invented_rows(5)
    drawing = draw(rows, summaries=[POOL], reference_lines=[ReferenceLine(0.8, "invented threshold")])
    drawn, data = artists(drawing), drawing.data()
    for index, row in data[data["kind"] == "row"].reset_index().iterrows():
        assert xs(drawn[f"interval {index}"]) == [row["lower"], row["upper"]]
        assert xs(drawn[f"marker {index}"]) == [row["estimate"]]
        assert (rows[index].estimate, rows[index].interval) == (row["estimate"], (row["lower"], row["upper"]))
        assert row["beyond_axis"] == ""
    pool = data[data["kind"] == "summary"].iloc[0]
    assert sorted(set(xs(drawn["summary 0"]))) == [pool["lower"], pool["estimate"], pool["upper"]]
    assert xs(drawn["prediction 0"]) == [pool["prediction_lower"], pool["prediction_upper"]]
    assert xs(drawn["line of no effect"]) == [1.0, 1.0]
    assert xs(drawn["reference line 0"]) == [0.8, 0.8]
    assert data["kind"].tolist() == ["row"] * 5 + ["summary", "line of no effect", "reference line"]
    low, high = drawing.axes[0].get_xlim()
    assert low < data["prediction_lower"].min()
    assert high > data["prediction_upper"].max()


def test_marks_stand_beside_their_words(invented_rows: Rows) -> None:
    drawing = draw([dataclasses.replace(row, label=f"Row {i}") for i, row in enumerate(invented_rows(4))])
    axes, page = drawing.axes
    drawing.figure.draw_without_rendering()
    words = {text.get_text(): text.get_window_extent().y0 for text in page.texts}
    for index in range(4):
        marker = artists(drawing)[f"marker {index}"]
        assert isinstance(marker, Line2D)
        y = axes.transData.transform((1.0, marker.get_ydata()[0]))[1]
        assert 0 < y - words[f"Row {index}"] < 10


def test_area_of_squares_shows_the_weight() -> None:
    weights = (0.1, 0.2, 0.4)
    rows = [ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0), weight=weight) for weight in weights]
    drawn = artists(draw(rows))
    areas = [drawn[f"marker {index}"].get_markersize() ** 2 for index in range(3)]  # type: ignore[attr-defined]
    assert [area / areas[2] for area in areas] == pytest.approx([0.25, 0.5, 1.0])


def test_very_wide_intervals_are_cut_with_arrows(invented_rows: Rows) -> None:
    rows = invented_rows(6)
    rows[1] = ForestRow(label="Wide", estimate=0.9, interval=(0.0001, 9999.0))
    rows[4] = ForestRow(label="Without end", estimate=0.2, interval=(0.1, math.inf))
    pool = ForestSummary(label="Pool", estimate=0.5, interval=(0.0, 0.9), prediction=(0.0, 3.0))
    drawing = draw(rows, summaries=[pool])
    drawn, data = artists(drawing), drawing.data()
    low, high = drawing.axes[0].get_xlim()
    assert data["beyond_axis"].tolist() == ["", "both", "", "", "upper", "", "lower", ""]
    assert xs(drawn["interval 1"]) == [low, high]
    assert xs(drawn["interval 4"]) == [0.1, high]
    assert (data["lower"][1], data["upper"][1]) == (0.0001, 9999.0)
    arrows = [(a.get_marker(), xs(a)[0]) for a in drawing.axes[0].lines if str(a.get_label()).endswith("arrow")]
    assert arrows == [("<", low), (">", high), (">", high), ("<", low), ("<", low)]
    assert min(xs(drawn["summary 0"])) == low
    assert "Lines whose interval goes on beyond the axis: 3." in drawing.alt_text()
    assert data["text"][4] == "0.20 [0.10, ∞]"


def test_a_cut_diamond_is_as_high_at_the_axis_as_the_whole_one_would_be() -> None:
    rows = [ForestRow(label="Invented", estimate=float(e), interval=(e - 1.0, e + 1.0)) for e in range(5)]
    drawing = draw_changes(rows, summaries=[ForestSummary(label="Pool", estimate=2.0, interval=(-38.0, 42.0))])
    low, high = drawing.axes[0].get_xlim()
    diamond = artists(drawing)["summary 0"]
    assert isinstance(diamond, Polygon)
    corners = [(float(x), float(y)) for x, y in diamond.get_xy()]
    assert {x for x, _ in corners} == {low, high, 2.0}
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    for limit, whole in ((low, -38.0), (high, 42.0)):
        cut = sorted({y for x, y in corners if x == limit})
        assert (cut[1] - cut[0]) / (bottom - top) == pytest.approx(1 - (limit - 2.0) / (whole - 2.0))


def test_without_an_interval_the_marker_is_hollow_and_the_words_say_so() -> None:
    drawing = draw_changes([ForestRow(label="Invented", estimate=31.0), ForestRow(label="Other", estimate=None)])
    drawn = artists(drawing)
    marker = drawn["marker 0"]
    assert isinstance(marker, Line2D)
    assert (marker.get_marker(), marker.get_markerfacecolor()) == ("o", "#ffffff")
    assert not {"interval 0", "marker 1", "interval 1"} & set(drawn)
    assert drawing.data()["text"].tolist()[:2] == ["31.0, no interval", "no estimate"]
    assert "Hollow marker: no interval." in drawing.svg().decode()


def test_every_explanation_has_a_symbol_and_a_legend_line() -> None:
    marks = ["derived", "imputed", "derived", "", "read off", "rounded", "other"]
    rows = [ForestRow(label=f"Row {i}", estimate=1.0, interval=(0.5, 2.0), mark=m) for i, m in enumerate(marks)]
    drawing = draw(rows)
    words = [text.get_text() for text in drawing.axes[-1].texts]
    assert [words.count(symbol) for symbol in ("†", "‡", "§", "¶", "††")] == [3, 2, 2, 2, 2]
    assert words.index("derived") == len(words) - 1 - words[::-1].index("†") + 1
    assert "Row 1: 1.00 [0.50, 2.00] (imputed)." in drawing.alt_text()


def test_columns_stand_beside_the_label_or_below_it(invented_rows: Rows) -> None:
    rows = [dataclasses.replace(row, columns={"n": "17"}, weight=None) for row in invented_rows(2)]
    beside = [text.get_text() for text in draw(rows, columns=("n",)).axes[-1].texts]
    assert (beside.count("n"), beside.count("17")) == (1, 2)
    rows = [
        dataclasses.replace(row, columns={"Events, vaccinated": "17/1234", "Events, control": "3/1"}) for row in rows
    ]
    below = draw(rows, columns=("Events, vaccinated", "Events, control"))
    assert "Events, vaccinated 17/1234;" in [
        t.get_text().replace("\N{NO-BREAK SPACE}", " ") for t in below.axes[-1].texts
    ]
    assert below.data()["Events, control"].tolist() == ["3/1", "3/1", ""]


def test_groups_are_brought_together_and_closed_by_their_summary(invented_rows: Rows) -> None:
    rows = [dataclasses.replace(row, group="ab"[i % 2]) for i, row in enumerate(invented_rows(4))]
    pools = [dataclasses.replace(POOL, label=f"Pool {g or 'all'}", group=g, prediction=None) for g in ("b", "", "a")]
    data = draw(rows, summaries=pools).data()
    assert data["group"].tolist() == ["a", "a", "a", "b", "b", "b", "", ""]
    assert data["label"][data["kind"] == "summary"].to_dict() == {2: "Pool a", 5: "Pool b", 6: "Pool all"}
    estimates = data["estimate"][data["kind"] == "row"].tolist()
    assert estimates == [rows[index].estimate for index in (0, 2, 1, 3)]


def test_alt_text_names_the_rows_the_pool_and_each_row(invented_rows: Rows) -> None:
    rows = [*invented_rows(2), ForestRow(label="Without", estimate=0.4)]
    words = draw(rows, summaries=[POOL], title="Invented", left_label="fewer", notes=["A note."]).alt_text()
    assert words == (
        "Forest plot: Invented. Risk ratio (log scale), 3 rows, 2 with a 95% interval. "
        "Random effects (REML, Hartung-Knapp): 0.49 [0.33, 0.73]. 95% prediction interval: [0.14, 1.70]. "
        "Invented trial 1 (1950): 0.50 [0.37, 0.67]. Invented trial 2 (1951): 0.82 [0.48, 1.40]. "
        "Without: 0.40, no interval. Line of no effect at 1. To the left: fewer. A note."
    )


def test_alt_text_of_many_rows_names_the_extremes(invented_rows: Rows) -> None:
    rows = [
        dataclasses.replace(row, estimate=0.5 + i / 100, interval=(0.3, 1.2), label=f"Row {i}")
        for i, row in enumerate(invented_rows(30))
    ]
    words = draw(rows).alt_text()
    assert "30 rows, 30 with" in words
    assert "Lowest estimate: Row 0, 0.50 [" in words
    assert "Highest: Row 29, 0.79 [" in words
    assert "Row 14" not in words


def test_level_and_decimals_are_shown() -> None:
    row = ForestRow(label="Invented", estimate=12.3456, interval=(-1.0, 30.0))
    drawing = draw_changes([row], level=0.9, decimals=3)
    assert drawing.data()["text"][0] == "12.346 [\N{MINUS SIGN}1.000, 30.000]"
    assert "1 with a 90% interval" in drawing.alt_text()


def test_all_estimates_missing_can_still_be_drawn(assert_readable: Check) -> None:
    drawing = draw([ForestRow(label="Invented", estimate=None)], null_value=None)
    assert_readable(drawing)
    assert "0 with a 95% interval" in drawing.alt_text()


def test_one_row_is_one_row() -> None:
    words = draw([ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0))]).alt_text()
    assert "(log scale), 1 row, 1 with a 95% interval." in words


def test_long_names_that_differ_at_the_end_look_different() -> None:
    names = [f"{LONG}, report {part}" for part in ("one", "two")]
    page = draw([ForestRow(label=name, estimate=1.0, interval=(0.5, 2.0)) for name in names]).axes[-1]
    shown = [text.get_text() for text in page.texts]
    assert sum(words.startswith("…") and words.endswith("report one") for words in shown) == 1
    assert sum(words.startswith("…") and words.endswith("report two") for words in shown) == 1


def test_a_kind_stands_in_title_and_alternative_text() -> None:
    row = ForestRow(label="Invented", estimate=1.0, interval=(0.5, 2.0))
    drawing, titled = draw([row], kind="Cumulative"), draw([row], kind="Cumulative", title="Own")
    assert (drawing.title, titled.title) == ("Cumulative: Risk ratio", "Cumulative: Own")
    assert drawing.alt_text().startswith("Cumulative: forest plot. Risk ratio")
    assert titled.alt_text().startswith("Cumulative: forest plot: Own. Risk ratio")


def test_whole_intervals_are_not_cut() -> None:
    rows = [ForestRow(label=f"Row {i}", estimate=50.0, interval=(49.0, 51.0)) for i in range(5)]
    rows.append(ForestRow(label="Wide", estimate=50.0, interval=(0.0, 100.0)))
    pool = ForestSummary(label="Pool", estimate=50.0, interval=(49.5, 50.5), prediction=(-20.0, math.inf))
    cut, whole = (draw_changes(rows, summaries=[pool], null_value=None, whole_intervals=w) for w in (False, True))
    assert cut.data()["beyond_axis"].tolist()[5:] == ["both", "both"]
    assert whole.data()["beyond_axis"].tolist()[5:] == ["", "upper"]
    assert whole.axes[0].get_xlim()[0] < -20


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "needs a row or a summary"),
        ([{"label": " "}], {}, "a row has no label"),
        ([{"estimate": math.nan}], {}, "row 'Invented' is nan"),
        ([{"estimate": 0.0, "interval": None}], {}, "a log scale shows values above 0 only"),
        ([{"interval": (2.0, 0.5)}], {}, "the limits 2.0 and 0.5; lower, then upper"),
        ([{"interval": (math.nan, 1.0)}], {}, "the limits nan and 1.0"),
        ([{"interval": (-1.0, 2.0)}], {}, "a log scale starts above 0"),
        ([{"estimate": None}], {}, "an interval and no estimate"),
        ([{"weight": 1.5}], {}, "weight 1.5; a share from 0 to 1"),
        ([{"columns": {"m": "1"}}], {"columns": ("n",)}, "a column 'm'; the plot has"),
        ([{}], {"columns": ("weight",)}, "column title 'weight'"),
        ([{}], {"columns": ("n", "n")}, "column title 'n'"),
        ([{}], {"null_value": 0.0}, "the line of no effect is 0.0"),
        ([{}], {"reference_lines": [ReferenceLine(math.inf, "x")]}, "reference line 'x' is inf"),
        ([{}], {"summaries": [dataclasses.replace(POOL, group="b")]}, "closes the group 'b'"),
        ([{}], {"summaries": [dataclasses.replace(POOL, prediction=(2.0, 1.0))]}, "the limits 2.0 and 1.0"),
        (
            [{"estimate": 5.0}],
            {},
            "row 'Invented' has the estimate 5.0 and the limits 0.5 and 2.0; an est",
        ),
        ([{}], {"summaries": [dataclasses.replace(POOL, estimate=0.9)]}, "summary .* has the estimate 0.9"),
        ([{"estimate": None, "interval": None, "weight": 0.1}], {}, "row 'Invented' has a weight and no estimate"),
        ([{}], {"level": 95}, "level 95; a number between 0 and 1"),
        ([{}], {"level": math.nan}, "level nan; a number between 0 and 1"),
        ([{}], {"level": "0.95"}, "level '0.95'; a number between 0 and 1"),
        ([{}], {"decimals": -1}, "decimals -1; a whole number from 0"),
        ([{}], {"decimals": 1.5}, "decimals 1.5; a whole number from 0"),
        ([{}], {"decimals": True}, "decimals True; a whole number from 0"),
        ([{}], {"notes": "hello"}, "notes 'hello'; several texts are expected"),
        ([{}], {"notes": None}, "notes None; several texts are expected"),
        ([{}], {"notes": [3]}, "notes with 3; texts are expected"),
        ([{}], {"columns": "n"}, "columns 'n'; several texts are expected"),
        ([{}], {"closing": "test"}, "closing 'test'; several texts are expected"),
        ([{}], {"title": None}, "title is None; a text is expected"),
        ([{}], {"effect_label": None}, "effect_label is None; a text is expected"),
        ([{}], {"null_value": "0"}, "the line of no effect is '0'; a number or None"),
        ([{}], {"reference_lines": None}, "reference_lines None; a list of ReferenceLine"),
        ([{}], {"reference_lines": [ReferenceLine("2", "x")]}, "reference line 'x' is '2'; a number"),  # type: ignore[arg-type]
        ([{}], {"reference_lines": [ReferenceLine(2.0, None)]}, "has the label None; a text"),  # type: ignore[arg-type]
        ([{}], {"panel": 3}, "the panel is 3; a JudgementPanel"),
        ([{}], {"summaries": POOL}, "summaries .*; a list of ForestSummary"),
        ([{}], {"summaries": [3]}, "summaries, number 1 is 3; a ForestSummary"),
        ([{}], {"summaries": [dataclasses.replace(POOL, label=" ")]}, "a summary has no label"),
        ([{}], {"summaries": [dataclasses.replace(POOL, details="k = 3")]}, "details 'k = 3'; several texts"),
        (
            [{"interval": (0.0, 1.0, 2.0)}],
            {},
            r"the interval \(0.0, 1.0, 2.0\); a lower and an upper",
        ),
        ([{"interval": 1.0}], {}, "the interval 1.0; a lower and an upper"),
        ([{"interval": ("0", 2.0)}], {}, "a lower and an upper limit are expected"),
        ([{"estimate": "1"}], {}, "row 'Invented' is '1'; a finite number"),
        ([{"estimate": True}], {}, "row 'Invented' is True; a finite number"),
        ([{"weight": "x"}], {}, "has the weight 'x'; a share"),
        ([{"weight": True}], {}, "has the weight True; a share"),
        ([{"label": None}], {}, "row None has the label None; a text"),
        ([{"mark": None}], {}, "row 'Invented' has the mark None; a text"),
        ([{"group": 3}], {}, "row 'Invented' has the group 3; a text"),
        ([{"columns": {"n": 5}}], {"columns": ("n",)}, "row 'Invented' has 5 in the column 'n'; a text"),
        ([{"columns": ["n"]}], {"columns": ("n",)}, "has the columns .*; texts by column title"),
        ([{"judgements": {"D1": "low"}}], {}, "has the judgements .*; a Judgement by domain"),
        ([{"judgements": ["low"]}], {}, "has the judgements .*; a Judgement by domain"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows: list[dict[str, Any]], options: dict[str, Any], message: str) -> None:
    valid = {"label": "Invented", "estimate": 1.0, "interval": (0.5, 2.0)}
    with pytest.raises(MethodError, match=message):
        draw([ForestRow(**{**valid, **row}) for row in rows], **options)


@pytest.mark.parametrize("rows", [None, "rows", [{}], {"a": 1}])
def test_rows_of_another_type_are_refused(rows: Any) -> None:
    with pytest.raises(MethodError, match=r"forest plot: rows.*ForestRow is expected"):
        draw(rows)


def test_rounding_puts_no_estimate_outside_its_interval() -> None:
    row = ForestRow(label="Invented", estimate=0.1 + 0.2, interval=(0.1, 0.3))
    assert draw([row]).data()["text"][0] == "0.30 [0.10, 0.30]"


def test_the_bcg_trials_can_be_read(shared: Path, assert_readable: Check) -> None:
    with (shared / "bcg" / "trials.csv").open(encoding="utf-8", newline="") as file:
        trials = list(csv.DictReader(file))
    rows = []
    for trial in trials:
        a, b, c, d = (int(trial[name]) for name in ("tpos", "tneg", "cpos", "cneg"))
        log_ratio = math.log((a / (a + b)) / (c / (c + d)))
        half = 1.96 * math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
        columns = {"Vaccinated": f"{a}/{a + b}", "Control": f"{c}/{c + d}"}
        interval = (math.exp(log_ratio - half), math.exp(log_ratio + half))
        label = f"{trial['author']} {trial['year']}"
        rows.append(ForestRow(label=label, estimate=math.exp(log_ratio), interval=interval, columns=columns))
    drawing = draw(rows, columns=("Vaccinated", "Control"), left_label="fewer cases", right_label="more cases")
    assert_readable(drawing)
    assert "13 rows, 13 with" in drawing.alt_text()
    assert "Aronson 1948: 0.41 [0.13, 1.26]." in drawing.alt_text()
