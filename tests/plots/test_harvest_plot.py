"""Harvest plots: which bar stands in which column, how high and how full, and the outcomes that were not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from direction_rows import (
    DEPTHS,
    FILLS,
    HOSTILE,
    LONG_NAME,
    invented,
    one,
    page_lines,
    patches,
    words,
)
from matplotlib.colors import to_rgb

from synth.errors import MethodError
from synth.plots.harvest_plot import harvest_plot

# Every study here is invented.
OPTIONS = {"heights": DEPTHS, "height_label": "Read", "fills": FILLS, "fill_label": "Direction from"}


def columns(drawing):
    """Left edge of each column of the first panel, by its head."""
    heads = {
        "worse": ("worse",),
        "no clear": ("no clear", "no clear change"),
        "better": ("better",),
        "measured": ("measured", "measured but", "measured but not seen"),
        "not": ("not", "not mentioned"),
    }
    texts = drawing.figure.axes[0].texts
    return {
        head: next(text.get_position()[0] for text in texts if text.get_text() in known)
        for head, known in heads.items()
    }


def column_of(drawing, name):
    """The head that the bar or stem of a study and outcome stands below."""
    left = patches(drawing, "bar ")
    x = left[name][0].get_x() if name in left else float(page_lines(drawing, "bar ")[name].get_xdata()[0])
    return [head for head, edge in columns(drawing).items() if edge - 1 <= x][-1]


def test_each_status_and_direction_has_its_column():
    rows = [
        one(label="Better"),
        one(label="Worse", direction="lower"),
        one(label="Same", direction="no clear change"),
        one(label="Words", status="direction only", fill="in words only"),
        one(label="Unseen", status="measured but not seen", direction="", fill=""),
        one(label="Silent", status="not mentioned", direction="", fill=""),
    ]
    drawing = harvest_plot(rows, **OPTIONS)
    placed = {row.label: column_of(drawing, f"{row.label} | Pain") for row in rows}
    assert placed == {
        "Better": "better",
        "Worse": "worse",
        "Same": "no clear",
        "Words": "better",
        "Unseen": "measured",
        "Silent": "not",
    }
    assert drawing.data()["column"].tolist() == [
        "better", "worse", "no clear change", "better", "measured but not seen", "not mentioned",
    ]  # fmt: skip


def test_nothing_is_lost_between_the_columns():
    rows = invented(27)
    drawing = harvest_plot(rows, **OPTIONS)
    data = drawing.data()
    drawn = {**patches(drawing, "bar "), **page_lines(drawing, "bar ")}
    named = {f"{row.label} | {row.outcome}" for row in data[data["column"] != ""].itertuples()}
    assert set(drawn) == named
    assert len(data) == 81
    unplaced = data[data["column"] == ""]
    assert len(unplaced) > 0
    assert all(f"{row.label} ({row.outcome})" in drawing.alt_text() for row in unplaced.head(12).itertuples())


def test_heights_are_steps_in_the_given_order():
    rows = [one(label=depth, height=depth) for depth in DEPTHS]
    drawing = harvest_plot(rows, **OPTIONS)
    heights = {name: found[0].get_height() for name, found in patches(drawing, "bar ").items()}
    low = heights["abstract | Pain"]
    assert heights == {"abstract | Pain": low, "first page | Pain": 2 * low, "full text | Pain": 3 * low}
    assert drawing.data()["step"].tolist() == [1, 2, 3]
    turned = harvest_plot(rows, **{**OPTIONS, "heights": DEPTHS[::-1]}).data()
    assert turned["step"].tolist() == [3, 2, 1]


def test_fills_differ_in_lightness_and_not_in_colour_alone():
    rows = [one(label=fill, fill=fill) for fill in FILLS]
    drawn = patches(harvest_plot(rows, **OPTIONS), "bar ")
    tones = [sum(to_rgb(drawn[f"{fill} | Pain"][0].get_facecolor())) for fill in FILLS]
    assert tones[1] - tones[0] > 0.5


def test_what_was_not_seen_is_a_dashed_bar_without_a_fill():
    drawing = harvest_plot([one(status="not mentioned", direction="", fill=""), one(label="B")], **OPTIONS)
    drawn = patches(drawing, "bar ")
    dashed, solid = drawn["A 2001 | Pain"][0], drawn["B | Pain"][0]
    assert to_rgb(dashed.get_facecolor()) == (1.0, 1.0, 1.0)
    assert dashed.get_linestyle() != solid.get_linestyle()
    assert "dashed: no result of the outcome was seen" in words(drawing)


def test_single_patients_are_stems_behind_the_series():
    rows = [one(label="Case", n=1, single_patient=True, height="full text"), one(label="Series of many")]
    drawing = harvest_plot(rows, **OPTIONS)
    assert list(patches(drawing, "bar ")) == ["Series of many | Pain"]
    (stem,) = page_lines(drawing, "bar ").values()
    bar = patches(drawing, "bar ")["Series of many | Pain"][0]
    assert stem.get_linewidth() < bar.get_width() / 3
    assert stem.get_xdata()[0] > bar.get_x() + bar.get_width()
    assert drawing.data().set_index("label")["number"].to_dict() == {"Series of many": 1, "Case": 2}
    assert "1 report, 1 single patient" in words(drawing).replace("\n", " ")


def test_high_bars_come_first_and_numbers_lead_to_names():
    rows = [one(label=f"Low {place}") for place in range(3)] + [one(label="High", height="full text")]
    drawing = harvest_plot(rows, **OPTIONS)
    drawn = patches(drawing, "bar ")
    assert min(drawn, key=lambda name: drawn[name][0].get_x()) == "High | Pain"
    shown = words(drawing).splitlines()
    assert {"Low 0: 12 patients", "High: 12 patients", "1", "4"} <= set(shown)
    assert shown.count("4") == 2  # below the bar and in the key


def test_a_study_keeps_its_number_over_all_outcomes():
    data = harvest_plot(invented(12), **OPTIONS).data()
    assert data.groupby("label")["number"].nunique().eq(1).all()
    assert sorted(data["number"].unique()) == list(range(1, 13))


def test_each_outcome_has_a_panel_with_its_counts():
    rows = [one(label=f"S{place}", outcome=outcome) for place in range(4) for outcome in ("Pain", "Gait")]
    rows.append(one(label="S9", outcome="Gait", direction="lower"))
    drawing = harvest_plot(rows, **OPTIONS)
    assert [len(found) for found in patches(drawing, "strip").values()] == [2]
    alt = drawing.alt_text()
    assert "Pain: worse none; no clear change none; better 4 reports: S0 (12 patients, abstract, figure)" in alt
    assert "Gait: worse 1 report: S9" in alt


def test_instruments_that_differ_stand_in_the_middle_and_are_named():
    rows = [one(instruments=("one",)), one(instruments=("two",), direction="lower"), one(label="B")]
    drawing = harvest_plot(rows, **OPTIONS)
    assert column_of(drawing, "A 2001 | Pain") == "no clear"
    assert "Under no clear change because directions differ: A 2001 (Pain)." in drawing.alt_text()


@pytest.mark.parametrize("row", [one(direction=""), one(better=None), one(better=None, direction="lower")])
def test_a_figure_that_is_neither_better_nor_worse_has_no_bar_and_is_named(row):
    drawing = harvest_plot([row, one(label="B")], **OPTIONS)
    assert list(patches(drawing, "bar ")) == ["B | Pain"]
    assert "it cannot be said whether it is better or worse: A 2001 (Pain)." in words(drawing).replace("\n", " ")
    assert drawing.data()["column"].tolist() == ["", "better"]


def test_bars_beyond_the_width_of_a_column_go_to_the_next_row():
    drawing = harvest_plot([one(label=f"S{place}") for place in range(60)], **OPTIONS)
    feet = {round(found[0].get_y() + found[0].get_height(), 3) for found in patches(drawing, "bar ").values()}
    assert len(feet) > 1
    right = max(found[0].get_x() + found[0].get_width() for found in patches(drawing, "bar ").values())
    assert right < columns(drawing)["measured"]


def test_columns_can_be_called_otherwise():
    drawing = harvest_plot([one()], **OPTIONS, columns=("against", "no change", "in favour"))
    assert drawing.data()["column"].tolist() == ["in favour"]
    assert "in favour 1 report" in drawing.alt_text()


def test_without_fills_all_bars_are_full():
    drawing = harvest_plot([one(fill="")], heights=("abstract",), height_label="Read")
    assert "fill," not in words(drawing)
    assert drawing.data()["fill"].tolist() == [""]


def test_words_say_that_heights_have_an_order_only_and_nothing_was_tested():
    alt = harvest_plot([one()], **OPTIONS, title="Operation").alt_text()
    assert alt.startswith("Harvest plot: Operation. 1 study. Read, from low to high: abstract, first page, full text.")
    assert "Nothing was tested, heights have an order and no size" in alt


def test_marks_stand_above_their_bars():
    drawing = harvest_plot([one(mark="a video abstract")], **OPTIONS)
    bar = patches(drawing, "bar ")["A 2001 | Pain"][0]
    (sign,) = [text for text in drawing.figure.axes[0].texts if text.get_text() == "†"]
    assert sign.get_position()[1] < bar.get_y()
    assert "† a video abstract." in words(drawing)


@pytest.mark.parametrize("k", [1, 3, 12, 60])
def test_it_is_readable(k, assert_readable):
    drawing = harvest_plot(invented(k), **OPTIONS, title="Invented operation", notes=["Invented data."])
    assert_readable(drawing)
    assert (LONG_NAME in drawing.data()["label"].tolist()) is (k > 1)


def test_it_is_the_same_each_time():
    first, second = (harvest_plot(invented(3), **OPTIONS) for _ in range(2))
    assert first.svg() == second.svg()
    assert first.alt_text() == second.alt_text()


def test_hostile_words_are_drawn_as_words(assert_readable):
    rows = [
        replace(one(), label=name, outcome=other, mark=name, unit=name) for name in HOSTILE for other in HOSTILE[:3]
    ]
    drawing = harvest_plot(rows, **OPTIONS, title=HOSTILE[1], notes=HOSTILE)
    assert_readable(drawing)
    assert b"<b>" not in drawing.svg()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heights": ()}, "heights .*1 to 5 different words"),
        ({"heights": "abstract"}, "heights 'abstract'"),
        ({"heights": ("abstract", "abstract")}, "different words"),
        ({"heights": ("full text",)}, "row 'A 2001', outcome 'Pain': height 'abstract'; one of 'full text'"),
        ({"fills": ("other",)}, "fill 'figure'; one of 'other'"),
        ({"fills": tuple("abcdef")}, "fills .*0 to 5"),
        ({"height_label": " "}, "height_label ' '"),
        ({"fill_label": ""}, "fill_label ''"),
        ({"title": 3}, "title 3: a text"),
        ({"columns": ("a", "b")}, "columns .*three heads"),
        ({"columns": ("a", "", "c")}, "columns .*three heads"),
    ],
)
def test_impossible_options_are_refused(changes, message):
    with pytest.raises(MethodError, match=message):
        harvest_plot([one()], **{**OPTIONS, **changes})


def test_instruments_of_one_bar_need_one_height():
    rows = [one(instruments=("one",)), one(instruments=("two",), height="full text")]
    with pytest.raises(MethodError, match="the same for all its instruments"):
        harvest_plot(rows, **OPTIONS)
    with pytest.raises(MethodError, match="nothing to draw"):
        harvest_plot([], **OPTIONS)
