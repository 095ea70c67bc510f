"""Effect direction plots: which arrow stands where, what was not shown, and how instruments become one arrow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from direction_rows import HOSTILE, LONG_NAME, OUTCOMES, STATUSES, invented, one, patches, words
from matplotlib.colors import to_hex

from synth.errors import MethodError
from synth.plots.effect_direction_arrows import SIDES, size_class
from synth.plots.effect_direction_plot import effect_direction_plot
from synth.plots.effect_direction_rows import cells_of
from synth.plots.style import BLUE, VERMILLION

# Every study here is invented.


def corners(patch):
    """Points of an arrow around its middle, y upwards."""
    points = patch.get_xy()[:-1]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return [(round(float(x - middle[0]), 6), round(float(middle[1] - y), 6)) for x, y in points]


def arrow(row, **options):
    """The patches of the one arrow of a row, and its words."""
    ((name, found),) = patches(effect_direction_plot([row], **options), "arrow ").items()
    return name, found


@pytest.mark.parametrize(
    ("direction", "better", "shown"),
    [
        ("higher", "higher", "better"),
        ("lower", "lower", "better"),
        ("lower", "higher", "worse"),
        ("higher", "lower", "worse"),
    ],
)
def test_up_is_better_whatever_the_scale(direction, better, shown):
    name, (patch,) = arrow(one(direction=direction, better=better))
    assert name == f"{shown} A 2001 | Pain"
    ends = [point for point in corners(patch) if point[0] == 0.0]
    assert ends == [(0.0, (SIDES[1] / 2) * (1 if shown == "better" else -1))]
    assert to_hex(patch.get_facecolor()) == (BLUE if shown == "better" else VERMILLION)


def test_no_clear_change_points_to_both_sides_and_mixed_up_and_down():
    name, (sideways,) = arrow(one(direction="no clear change"))
    assert name.startswith("no clear change")
    points = corners(sideways)
    heads = sorted(point for point in points if point[1] == 0.0)
    assert len(heads) == 2
    assert heads[0][0] == -heads[1][0] == min(x for x, _ in points)
    name, two = arrow(one(direction="mixed"))
    assert name.startswith("mixed")
    assert len(two) == 2
    assert max(y for _, y in corners(two[0])) == -min(y for _, y in corners(two[1]))


def test_shape_alone_tells_the_directions_apart():
    found = {}
    for direction in ("higher", "lower", "no clear change", "mixed"):
        _, drawn = arrow(one(direction=direction))
        found[direction] = tuple(tuple(sorted(corners(patch))) for patch in drawn)
    assert len(set(found.values())) == 4


@pytest.mark.parametrize(
    ("n", "single", "expected"),
    [(None, False, 1), (2, False, 1), (49, False, 1), (50, False, 2), (300, False, 2), (301, False, 3), (1, True, 0)],
)
def test_size_is_the_class_of_n_with_the_published_bounds(n, single, expected):
    assert size_class(n, single, (50, 300)) == expected
    _, (patch,) = arrow(one(n=n, single_patient=single))
    ys = [y for _, y in corners(patch)]
    assert max(ys) - min(ys) == pytest.approx(SIDES[expected])


def test_other_bounds_move_the_classes_and_their_words():
    drawing = effect_direction_plot([one(n=12)], sizes=(10, 20))
    assert drawing.data()["size"].tolist() == ["n 10 to 20"]
    assert "n 10 to 20" in words(drawing)


def test_each_status_has_a_sign_of_its_own():
    rows = [
        one(label=f"S {place}", status=status, direction="higher" if place < 2 else "")
        for place, status in enumerate(STATUSES)
    ]
    drawing = effect_direction_plot(rows)
    arrows = patches(drawing, "arrow better ")
    assert list(arrows) == ["S 0 | Pain", "S 1 | Pain"]
    filled, hollow = (to_hex(found[0].get_facecolor()) for found in arrows.values())
    assert (filled, hollow) == (BLUE, "#ffffff")
    assert list(patches(drawing, "unseen ")) == ["S 2 | Pain"]
    assert drawing.data()["sign"].tolist() == ["filled arrow", "hollow arrow", "measured but not seen", "not mentioned"]
    shown = words(drawing).splitlines()
    assert shown.count("?") == 2  # the cell and its sample in the legend
    assert shown.count("–") == 2
    for sample in ("filled: figure seen", "hollow: direction only", "measured but not seen", "not mentioned"):
        assert sample in shown


def test_a_figure_without_a_direction_is_a_word_and_no_arrow():
    drawing = effect_direction_plot([one(direction=""), one(label="B", better=None, direction="lower")])
    assert not patches(drawing, "arrow ")
    assert drawing.data()["sign"].tolist() == ["word: figure", "word: lower"]
    assert {"figure", "lower"} <= set(words(drawing).splitlines())
    assert "what is better is not known" in drawing.alt_text()


def test_instruments_that_agree_are_one_arrow_with_their_number():
    rows = [one(instruments=(name,)) for name in ("one", "two", "three")]
    drawing = effect_direction_plot(rows)
    assert list(patches(drawing, "arrow ")) == ["better A 2001 | Pain"]
    assert drawing.data()[["instruments", "instruments_shown"]].values.tolist() == [["one; two; three", 3]]
    assert "3" in words(drawing).splitlines()


def test_instruments_that_differ_are_mixed_and_never_a_majority():
    rows = [one(instruments=("one",)), one(instruments=("two",)), one(instruments=("three",), direction="lower")]
    assert cells_of(rows)[0].verdict == "mixed"
    assert list(patches(effect_direction_plot(rows), "arrow ")) == ["mixed A 2001 | Pain"]


def test_an_instrument_of_unknown_side_says_nothing_against_a_known_one():
    rows = [one(instruments=("one",)), one(instruments=("two",), better=None, direction="lower")]
    assert cells_of(rows)[0].verdict == "better"
    unknown = [replace(row, better=None) for row in rows]
    assert cells_of(unknown)[0].verdict == "unclear"
    assert effect_direction_plot(unknown).data()["sign"].tolist() == ["word: unclear"]


def test_a_direction_in_words_is_hollow_beside_a_figure_without_one():
    (cell,) = cells_of([one(direction=""), one(status="direction only", n=7)])
    assert (cell.status, cell.n, cell.count) == ("direction only", 7, 1)


def test_single_patients_stand_below_the_series_under_their_own_heading():
    rows = [one(label="Case", n=1, single_patient=True), one(label="Series of many")]
    drawing = effect_direction_plot(rows)
    placed = {text.get_text(): text.get_position()[1] for text in drawing.figure.axes[0].texts}
    assert placed["Reports"] < placed["Series of many"] < placed["Single patients"] < placed["Case"]
    assert "Single patients" not in words(effect_direction_plot(rows[1:]))


def test_design_reading_and_number_are_columns_where_there_is_room_and_stand_below_the_name_where_not():
    rows = [one(outcome=outcome, design="case series", depth="abstract") for outcome in OUTCOMES]
    shown = words(effect_direction_plot(rows)).splitlines()
    assert {"Design", "Read", "n", "case series", "abstract", "12 patients"} <= set(shown)
    many = [replace(rows[0], outcome=f"Outcome {place}") for place in range(6)]
    shown = words(effect_direction_plot(many)).splitlines()
    assert "Design" not in shown
    assert any(line.startswith("case series; abstract; n = 12") for line in shown)


def test_outcomes_whose_names_are_too_long_have_letters_and_a_key_above():
    names = [f"Ischiofemoral something {place}" for place in range(6)]
    drawing = effect_direction_plot([one(outcome=name) for name in names])
    shown = words(drawing)
    assert {"A", "F"} <= set(shown.splitlines())
    key = shown.replace("\n", " ")
    assert f"A {names[0]}; B {names[1]}" in key


def test_more_outcomes_than_fit_stand_in_a_second_table():
    rows = [one(outcome=f"O{place}", label=label) for place in range(14) for label in ("A", "B")]
    drawing = effect_direction_plot(rows)
    assert words(drawing).splitlines().count("Study") == 2
    assert len(patches(drawing, "arrow ")) == 28


def test_heads_come_again_in_a_long_table():
    rows = [one(label=f"S {place}") for place in range(45)]
    assert words(effect_direction_plot(rows)).splitlines().count("Study") == 3


def test_the_order_of_outcomes_can_be_given_and_must_be_whole():
    rows = [one(outcome="B"), one(outcome="A")]
    assert effect_direction_plot(rows, outcomes=["A", "B"]).alt_text().index("A:") < 50
    for wrong in (["A"], ["A", "B", "C"], "AB", ["A", "A"]):
        with pytest.raises(MethodError, match="outcomes"):
            effect_direction_plot(rows, outcomes=wrong)


def test_what_was_not_recorded_is_told_apart_from_what_was_not_mentioned():
    rows = [one(), one(label="B", outcome="Gait")]
    assert "An empty place" in effect_direction_plot(rows).alt_text()
    assert "An empty place" not in effect_direction_plot(rows[:1]).alt_text()


def test_words_give_every_number():
    rows = [
        one(instruments=("Score",)),
        one(label="B 2002", n=None, status="direction only", direction="lower"),
        one(label="C 2003", n=1, single_patient=True),
        one(label="D 2004", status="not mentioned", direction=""),
    ]
    alt = effect_direction_plot(rows, title="Operation").alt_text()
    assert alt.startswith("Effect direction plot: Operation. 4 studies, 1 outcome.")
    assert "better 1 report, 1 single patient: A 2001 (12 patients, score), C 2003 (one patient)" in alt
    assert "worse (direction only) 1 report: B 2002 (n not seen)" in alt
    assert "not mentioned 1 report: D 2004 (12 patients)" in alt
    assert "Nothing was tested" in alt


def test_many_studies_are_counted_in_words_and_listed_in_the_table():
    rows = invented(20)
    drawing = effect_direction_plot(rows)
    cells = cells_of(rows)
    data = drawing.data()
    assert len(data) == len(cells) == 60
    assert "The table of the figure gives each study." in drawing.alt_text()
    pain = data[(data["outcome"] == "Pain") & (data["shows"] == "better") & (data["status"] == "figure")]
    reports = int((pain["kind"] == "report").sum())
    told = drawing.alt_text().split("Pain: ")[1].split(".")[0].split("; ")
    cases = len(pain) - reports
    assert cases == 1
    assert f"better {reports} reports, 1 single patient" in told


def test_marks_lead_to_their_words():
    shown = words(effect_direction_plot([one(mark="a video abstract"), one(label="B", mark="another thing.")]))
    assert {"A 2001†", "B‡", "† a video abstract.", "‡ another thing."} <= set(shown.splitlines())


@pytest.mark.parametrize("k", [1, 3, 12, 60])
def test_it_is_readable(k, assert_readable):
    drawing = effect_direction_plot(invented(k), title="Invented operation", notes=["Invented data."])
    assert_readable(drawing)
    assert (LONG_NAME in drawing.data()["label"].tolist()) is (k > 1)


def test_it_is_the_same_each_time():
    first, second = (effect_direction_plot(invented(3), title="Invented operation") for _ in range(2))
    assert first.svg() == second.svg()
    assert first.alt_text() == second.alt_text()


def test_hostile_words_are_drawn_as_words(assert_readable):
    rows = [
        one(label=words_, outcome=other, design=words_, depth=words_, unit=words_, mark=words_, instruments=(words_,))
        for words_ in HOSTILE
        for other in HOSTILE
    ]
    drawing = effect_direction_plot(rows, title=HOSTILE[0], notes=HOSTILE)
    assert_readable(drawing)
    assert b"<b>" not in drawing.svg()
    assert len(drawing.data()) == 36


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": " "}, "label is empty"),
        ({"outcome": 3}, "outcome 3; a text"),
        ({"status": "seen"}, "status 'seen'; one of figure"),
        ({"direction": "up"}, "direction 'up'; one of higher"),
        ({"better": "more"}, "better 'more'"),
        ({"status": "not mentioned"}, "not mentioned, and a direction"),
        ({"status": "direction only", "direction": ""}, "direction only, and no direction"),
        ({"n": 0}, "n = 0; a whole number"),
        ({"n": 2.5}, "n = 2.5; a whole number"),
        ({"n": True}, "n = True"),
        ({"n": 2, "single_patient": True}, "one patient and n = 2"),
        ({"single_patient": "no"}, "single_patient 'no'"),
        ({"instruments": "VAS"}, "instruments 'VAS'; a tuple"),
        ({"mark": None}, "mark None; a text"),
    ],
)
def test_an_impossible_row_is_refused_with_its_name(changes, message):
    with pytest.raises(MethodError, match=f"row .*{message}"):
        one(**changes)


def test_impossible_pictures_are_refused():
    with pytest.raises(MethodError, match="nothing to draw"):
        effect_direction_plot([])
    with pytest.raises(MethodError, match="a DirectionRow is expected"):
        effect_direction_plot(["A 2001"])
    with pytest.raises(MethodError, match="a series and a single patient"):
        effect_direction_plot([one(), one(outcome="Gait", n=1, single_patient=True)])
    with pytest.raises(MethodError, match="title 3: a text"):
        effect_direction_plot([one()], title=3)
    for sizes in ((1, 5), (20, 10), (5,), [5, 10], (5.0, 10.0)):
        with pytest.raises(MethodError, match="sizes"):
            effect_direction_plot([one()], sizes=sizes)
