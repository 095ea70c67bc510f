"""What a forest plot shows, read back from its artists and held against its data."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import Bbox

from synth.plots import Drawing
from synth.plots.style import drawing_settings


def artists(drawing: Drawing) -> dict[str, list[Artist]]:
    """Artists of the plot by their label."""
    found: dict[str, list[Artist]] = {}
    for artist in drawing.axes[0].get_children():
        found.setdefault(str(artist.get_label()), []).append(artist)
    return found


def xs(artist: Artist) -> list[float]:
    if isinstance(artist, Polygon):
        return [float(x) for x, _ in artist.get_xy()]
    assert isinstance(artist, Line2D)
    return [float(x) for x in artist.get_xdata()]


def words_of(drawing: Drawing) -> str:
    """All words of the page in drawing order, line ends as spaces."""
    return " ".join(text.get_text() for text in drawing.axes[-1].texts).replace("\N{NO-BREAK SPACE}", " ")


def cells_of(drawing: Drawing) -> dict[str, Rectangle]:
    """Cells of judgements by their label."""
    patches = {str(patch.get_label()): patch for patch in drawing.axes[-1].patches if isinstance(patch, Rectangle)}
    return {label: patch for label, patch in patches.items() if label.startswith("judgement ")}


def symbol_in(drawing: Drawing, cell: Rectangle) -> str:
    """The one text that stands in a cell."""
    x, y = cell.get_x() + cell.get_width() / 2, cell.get_y() + cell.get_height() / 2
    inside = [
        text.get_text()
        for text in drawing.axes[-1].texts
        if abs(text.get_position()[0] - x) < 0.01 and abs(text.get_position()[1] - y) < cell.get_height() / 2
    ]
    assert len(inside) == 1
    return inside[0]


def look_of(drawing: Drawing, cell: Rectangle) -> tuple[str, str]:
    """Fill and symbol."""
    return to_hex(cell.get_facecolor()), symbol_in(drawing, cell)


def text_boxes(drawing: Drawing) -> list[Bbox]:
    """Rectangles of all words of the page, pixels."""
    canvas = FigureCanvasAgg(drawing.figure)
    with drawing_settings():
        canvas.draw()
        renderer = canvas.get_renderer()
        return [text.get_window_extent(renderer) for text in drawing.axes[-1].texts if text.get_text().strip()]


def page_y(drawing: Drawing, artist: Line2D) -> float:
    """Height of a mark, points from the top of the page."""
    axes, page = drawing.axes[0], drawing.axes[-1]
    x, y = axes.transData.transform((xs(artist)[0], float(artist.get_ydata()[0])))
    return float(page.transData.inverted().transform((x, y))[1])


def assert_forest_shows_its_data(drawing: Drawing) -> None:
    """Every mark of the plot is a line of the data and the other way round."""
    data, drawn = drawing.data(), artists(drawing)
    rows = data[data["kind"] == "row"].to_dict("records")
    summaries = data[data["kind"] == "summary"].to_dict("records")
    expected: set[str] = set()
    for index, row in enumerate(rows):
        expected |= _row(drawing, drawn, row, index)
    for index, summary in enumerate(summaries):
        expected |= _summary(drawing, drawn, summary, index)
    lines = data[data["kind"] == "reference line"]["estimate"].tolist()
    for index, value in enumerate(lines):
        assert xs(drawn[f"reference line {index}"][0]) == [value, value]
        expected.add(f"reference line {index}")
    for value in data[data["kind"] == "line of no effect"]["estimate"]:
        assert xs(drawn["line of no effect"][0]) == [value, value]
        expected.add("line of no effect")
    marks = {label for label in drawn if label.split(" ")[0] in _MARKS}
    assert marks == expected
    words = words_of(drawing)
    for label in data[data["kind"] == "small print"]["label"]:
        assert " ".join(label.replace("\N{NO-BREAK SPACE}", " ").split()) in words


_MARKS = {"interval", "marker", "summary", "prediction", "reference", "line"}


def _row(drawing: Drawing, drawn: dict[str, list[Artist]], row: dict[str, object], index: int) -> set[str]:
    low, high = drawing.axes[0].get_xlim()
    estimate = float(row["estimate"])  # type: ignore[arg-type]
    if math.isnan(estimate):
        return set()
    expected = set()
    ends = (row["lower"], row["upper"])
    assert all(part in words_of(drawing) for part in str(row["text"]).split(" [", maxsplit=1)[:1])
    if low <= estimate <= high:
        assert xs(drawn[f"marker {index}"][0]) == [estimate]
        expected.add(f"marker {index}")
    if not pd.isna(ends[0]):
        shown = [max(float(ends[0]), low), min(float(ends[1]), high)]  # type: ignore[arg-type]
        if shown[0] <= shown[1]:
            assert xs(drawn[f"interval {index}"][0]) == shown
            expected.add(f"interval {index}")
    return expected | _arrows(drawing, drawn, str(row["beyond_axis"]), f"interval {index}")


def _summary(drawing: Drawing, drawn: dict[str, list[Artist]], row: dict[str, object], index: int) -> set[str]:
    low, high = drawing.axes[0].get_xlim()
    expected = {f"summary {index}"}
    diamond = drawn[f"summary {index}"][0]
    if pd.isna(row["lower"]):
        assert isinstance(diamond, Line2D)
        assert xs(diamond) == [row["estimate"]]
    else:
        assert isinstance(diamond, Polygon)
        limits = max(float(row["lower"]), low), min(float(row["upper"]), high)  # type: ignore[arg-type]
        assert sorted(set(xs(diamond))) == sorted({limits[0], float(row["estimate"]), limits[1]})  # type: ignore[arg-type]
        expected |= {f"summary {index} arrow"} & set(drawn)
    if not pd.isna(row["prediction_lower"]):
        limits = max(float(row["prediction_lower"]), low), min(float(row["prediction_upper"]), high)  # type: ignore[arg-type]
        assert xs(drawn[f"prediction {index}"][0]) == list(limits)
        expected.add(f"prediction {index}")
        expected |= {f"prediction {index} arrow", f"prediction {index} cap"} & set(drawn)
    return expected


def _arrows(drawing: Drawing, drawn: dict[str, list[Artist]], beyond: str, name: str) -> set[str]:
    low, high = drawing.axes[0].get_xlim()
    sides = {"": [], "lower": [low], "upper": [high], "both": [low, high]}[beyond]
    assert [xs(arrow)[0] for arrow in drawn.get(f"{name} arrow", [])] == sides
    return {f"{name} arrow"} if sides else set()
