"""Traffic-light plots: each cell is a line of the data, can be read, and what cannot be shown is refused."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from judged_artists import (
    ANY,
    HIGH,
    HOSTILE,
    LOW,
    boxes,
    fill_of,
    judged,
    page_words,
    panel,
    strip_of,
    texts_in,
)

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.forest.panel import LOOKS, Judgement, JudgementPanel
from synth.plots.judged_rows import JudgedRow
from synth.plots.traffic_light import traffic_light

Check = Callable[[Drawing], None]


def assert_cells_stand_clear(drawing: Drawing) -> None:
    """No cell touches another or leaves the page."""
    places = {name: box.get_bbox() for name, box in boxes(drawing).items()}
    width, height = drawing.figure.get_size_inches() * 72
    for box in places.values():
        assert box.x0 > 0
        assert box.x1 < width
        assert box.y1 < height
    for one, other in combinations(places.values(), 2):
        assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0


@pytest.mark.parametrize(
    ("k", "columns", "overall"), [(1, 5, True), (3, 7, False), (12, 16, True), (25, 3, False), (60, 5, True)]
)
def test_each_cell_is_a_line_of_the_data(k: int, columns: int, overall: bool, assert_readable: Check) -> None:
    drawing = traffic_light(judged(k, columns, overall=overall), panel(columns), title="Invented tool")
    assert_readable(drawing)
    assert_cells_stand_clear(drawing)
    data, drawn = drawing.data(), boxes(drawing)
    each = columns + (1 if overall else 0)
    assert len(data) == len(drawn) == k * each
    for place, line in enumerate(data.to_dict("records")):
        row = place // each
        name = f"overall {row}" if line["kind"] == "overall" else f"judgement {row} {line['heading']}"
        assert fill_of(drawn[name]) == LOOKS[line["tone"]][0]
        assert texts_in(drawing, drawn[name]) == [line["symbol"]]
        possible = [tone for tone in line["possible"].split(", ") if tone]
        assert strip_of(drawing, name) == [LOOKS[tone][0] for tone in possible]
    assert ("Overall" in page_words(drawing)) is overall


def test_the_overall_judgement_stands_apart_and_in_words() -> None:
    drawing = traffic_light(judged(6), panel())
    drawn = boxes(drawing)
    gap = drawn["judgement 0 D2"].get_x() - drawn["judgement 0 D1"].get_x() - drawn["judgement 0 D1"].get_width()
    end = drawn["judgement 0 D5"].get_x() + drawn["judgement 0 D5"].get_width()
    assert drawn["overall 0"].get_x() - end > 2 * gap
    beside = [text for text in drawing.axes[-1].texts if text.get_position()[0] > drawn["overall 0"].get_x() + 10]
    said = " ".join(text.get_text() for text in beside)
    assert all(words in said for words in ("low", "high", "any level"))


def test_cells_of_a_column_stand_under_its_heading() -> None:
    drawing = traffic_light(judged(30), panel())
    for heading in panel().domains:
        xs = {round(box.get_x(), 3) for name, box in boxes(drawing).items() if name.endswith(f" {heading}")}
        assert len(xs) == 1
        places = [text.get_position() for text in drawing.axes[-1].texts if text.get_text() == heading]
        box = boxes(drawing)[f"judgement 0 {heading}"]
        above_below_and_key = [x for x, _ in places]
        assert above_below_and_key[:2] == [pytest.approx(box.get_x() + box.get_width() / 2)] * 2
        assert len(places) == 3


def test_every_look_has_its_words_and_every_heading_its_topic() -> None:
    drawing = traffic_light(judged(12), panel(), notes=["An invented note."])
    words = page_words(drawing)
    for judgement in set(drawing.data()["judgement"]):
        assert judgement in words
    for heading, topic in panel().domains.items():
        assert f"{heading} {topic}" in words
    assert "An invented note." in words
    assert "not judged" not in page_words(traffic_light([JudgedRow(label="x", judgements={"D1": LOW})], panel(1)))


def test_the_alternative_text_holds_every_count_and_every_cell() -> None:
    rows = judged(12)
    drawing = traffic_light(rows, panel(), title="Invented tool", notes=["An invented note."])
    said, data = drawing.alt_text(), drawing.data()
    assert said.startswith("Traffic-light plot: Invented tool. 12 rows, 5 columns. D1 (invented topic 1): ")
    for heading in (*panel().domains, "Overall"):
        lines = data[data["heading"] == heading]
        for judgement, count in lines["judgement"].value_counts().items():
            name = heading if heading == "Overall" else f"{heading} (invented topic {heading[1:]})"
            sentence = said.split(f"{name}: ", 1)[1].split(".", 1)[0]
            assert f"{count} {judgement}" in sentence.split(", ")
    for row in rows:
        cells = data[data["label"] == row.label]
        parts = [f"{line.heading} {line.judgement}" for line in cells.itertuples() if line.kind == "judgement"]
        assert f"{row.label}: {'; '.join(parts)}; overall " in said
    many = traffic_light(judged(60), panel()).alt_text()
    assert "The table of the figure gives each row." in many
    assert "Invented 60" not in many


def test_rows_of_a_group_stand_together_under_its_name(assert_readable: Check) -> None:
    drawing = traffic_light(judged(9, groups=3), panel())
    assert_readable(drawing)
    labels = list(dict.fromkeys(drawing.data()["label"]))
    assert [label.split(" ")[1] for label in labels] == ["1", "4", "7", "2", "5", "8", "3", "6", "9"]
    words = page_words(drawing)
    order = [words.index(part) for part in ("Invented design 1", "Invented 7 (", "Invented design 2", "Invented 2 (")]
    assert order == sorted(order)
    assert "Invented 4 (1963) (Invented design 1): D1" in drawing.alt_text()


def test_the_page_grows_for_more_columns_than_fit(assert_readable: Check) -> None:
    usual, wide = traffic_light(judged(4, 10), panel(10)), traffic_light(judged(4, 30), panel(30))
    assert usual.figure.get_size_inches()[0] * 72 == 460
    assert wide.figure.get_size_inches()[0] * 72 > 460
    assert_readable(wide)
    assert_cells_stand_clear(wide)


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_drawn_as_text(label: str, assert_readable: Check) -> None:
    odd = Judgement(label.replace("\n", " "), "<", "fair")
    domains = JudgementPanel(title="Invented", domains={"<&>": label, "D2": "topic"})
    rows = [JudgedRow(label=label, judgements={"<&>": odd}, overall=odd, group=label)]
    drawing = traffic_light(rows, domains, title=label, notes=[label])
    assert_readable(drawing)
    root = ET.fromstring(drawing.svg())
    assert root.tag.endswith("svg")
    assert drawing.data()["label"][0] == label
    assert drawing.png(40).startswith(b"\x89PNG")


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = (traffic_light(judged(12, groups=2), panel(), title="Invented") for _ in range(2))
    assert first.svg() == second.svg()
    assert first.data().equals(second.data())


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "traffic-light plot: no row; at least one study"),
        ("rows", {}, "rows 'rows'; a list of JudgedRow is expected"),
        (["Invented"], {}, "row number 1 is 'Invented'; a JudgedRow is expected"),
        ([JudgedRow(label=" ", judgements={})], {}, "row number 1 has no label"),
        ([JudgedRow(label="a", judgements={"D9": LOW})], {}, "row 'a' is judged in 'D9'; the panel has D1, D2"),
        ([JudgedRow(label="a", judgements={"D1": "low"})], {}, r"\(a\) has the judgements .*; a Judgement by heading"),  # type: ignore[dict-item]
        ([JudgedRow(label="a", judgements=["low"])], {}, "a Judgement by heading is expected"),  # type: ignore[arg-type]
        ([JudgedRow(label="a", judgements={}, overall="low")], {}, "the overall judgement 'low'; a Judgement"),  # type: ignore[arg-type]
        ([JudgedRow(label="a", judgements={}, group=3)], {}, "has the group 3; a text is expected"),  # type: ignore[arg-type]
        (
            [JudgedRow(label="a", judgements={"D1": LOW}, overall=Judgement("yes", "+", "good"))],
            {},
            "'yes' by the symbol '\\+', which stands for 'low'",
        ),
        ([JudgedRow(label="a", judgements={})], {"title": None}, "title is None; a text is expected"),
        ([JudgedRow(label="a", judgements={})], {"notes": "one"}, "notes 'one'; several texts"),
    ],
)
def test_what_cannot_be_shown_is_refused(rows: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        traffic_light(rows, panel(2), **options)


def test_a_panel_is_needed_and_no_domain_may_be_called_as_the_whole() -> None:
    with pytest.raises(MethodError, match="the panel is None; a JudgementPanel is expected"):
        traffic_light(judged(1), None)  # type: ignore[arg-type]
    called = JudgementPanel(title="Invented", domains={"D1": "Overall"})
    with pytest.raises(MethodError, match="a domain is called 'Overall'"):
        traffic_light([JudgedRow(label="a", judgements={"D1": HIGH})], called)


@pytest.mark.parametrize(
    ("tone", "possible", "message"),
    [
        ("open", ("good",), "only an open judgement has possible tones, and then two or more"),
        ("good", ("good", "fair"), "only an open judgement has possible tones"),
        ("open", ("good", "green"), "tone 'green'; one of good"),
    ],
)
def test_only_an_open_judgement_says_what_is_possible(tone: Any, possible: Any, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        dataclasses.replace(ANY, tone=tone, possible=possible)


def test_two_open_judgements_of_one_symbol_differ_by_what_is_possible() -> None:
    one = Judgement("low, some concerns or critical", "3!", "open", ("good", "fair", "very poor"))
    other = Judgement("low, high or critical", "3!", "open", ("good", "poor", "very poor"))
    drawing = traffic_light([JudgedRow(label="a", judgements={"D1": one, "D2": other})], panel(2))
    assert strip_of(drawing, "judgement 0 D1") != strip_of(drawing, "judgement 0 D2")
    assert one.words in page_words(drawing)
    assert other.words in page_words(drawing)
    alike = dataclasses.replace(one, words="other words")
    with pytest.raises(MethodError, match="one look for each judgement is expected"):
        traffic_light([JudgedRow(label="a", judgements={"D1": one, "D2": alike})], panel(2))


def test_the_legend_says_what_words_mean_that_are_not_plain() -> None:
    drawing = traffic_light(judged(6), panel(), meanings={"low": "an invented meaning", "never shown": "nothing"})
    assert "low (an invented meaning)" in page_words(drawing)
    assert "“low” means: an invented meaning." in drawing.alt_text()
    assert "nothing" not in drawing.alt_text() + page_words(drawing)
    assert "low" in drawing.data()["judgement"].tolist()
    with pytest.raises(
        MethodError, match=r"traffic-light plot: meanings .*; a text by the words of a judgement is expected"
    ):
        traffic_light(judged(1), panel(), meanings={"low": 3})  # type: ignore[dict-item]
    with pytest.raises(MethodError, match=r"traffic-light plot: meanings 'low'"):
        traffic_light(judged(1), panel(), meanings="low")  # type: ignore[arg-type]
