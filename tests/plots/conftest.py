"""Where the words of a drawing stand, and invented rows to draw."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from synth.plots import Drawing, ForestRow
from synth.plots.style import drawing_settings

TOLERANCE = 0.5  # pixels at 100 to the inch


class PlacedText:
    """The words of one text element and its rectangle, pixels."""

    def __init__(self, text: Text, renderer: Any) -> None:
        box = text.get_window_extent(renderer)
        self.words = text.get_text()
        self.left, self.bottom, self.right, self.top = box.x0, box.y0, box.x1, box.y1

    def __repr__(self) -> str:
        return self.words

    def overlaps(self, other: PlacedText) -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > TOLERANCE
            and min(self.top, other.top) - max(self.bottom, other.bottom) > TOLERANCE
        )


def placed_texts(drawing: Drawing) -> list[PlacedText]:
    """Every text that the drawing shows, with its place when drawn by Agg at 100 dpi."""
    figure = drawing.figure
    with drawing_settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        return [PlacedText(text, renderer) for text in shown]


@pytest.fixture
def assert_readable() -> Callable[[Drawing], None]:
    """A check: no two texts overlap and none leaves the picture."""

    def check(drawing: Drawing) -> None:
        texts = placed_texts(drawing)
        width, height = drawing.figure.get_size_inches() * 100
        outside = [t for t in texts if t.left < 0 or t.bottom < 0 or t.right > width or t.top > height]
        assert not outside
        assert not [(a, b) for a, b in combinations(texts, 2) if a.overlaps(b)]
        assert texts

    return check


@pytest.fixture
def invented_rows() -> Callable[[int], list[ForestRow]]:
    """So many rows of invented risk ratios, each with an interval and a weight."""

    def make(k: int) -> list[ForestRow]:
        rows = []
        for index in range(k):
            log_ratio = -0.7 + 0.5 * math.sin(1.7 * index)
            half = 0.3 + 0.6 * (7 * index % 5) / 5
            interval = (math.exp(log_ratio - half), math.exp(log_ratio + half))
            label = f"Invented trial {index + 1} ({1950 + index})"
            rows.append(ForestRow(label=label, estimate=math.exp(log_ratio), interval=interval, weight=1 / k))
        return rows

    return make
