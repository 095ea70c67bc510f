"""What a chart has drawn, read back from its artists, and invented studies to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from synth.plots import Drawing
from synth.synthesis import random_effects
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

#: Numbers of studies that every plot is looked at with.
SIZES = (1, 2, 3, 12, 60)


@dataclass(frozen=True)
class Studies:
    """Invented estimates, sampling variances and names."""

    estimates: FloatArray
    variances: FloatArray
    labels: list[str]

    def model(self) -> MetaAnalysis:
        return random_effects(self.estimates, self.variances, labels=self.labels)


def invented(k: int, *, long_names: bool = False) -> Studies:
    """So many invented studies; the same each time."""
    random = np.random.default_rng(k)
    errors = np.exp(random.normal(-1.2, 0.6, k))
    estimates = random.normal(-0.4, np.sqrt(0.09 + errors**2))
    name = "Invented trial with a very long name, several authors and places, number" if long_names else "Invented"
    return Studies(estimates, errors**2, [f"{name} {number + 1}" for number in range(k)])


def lines(drawing: Drawing) -> dict[str, Line2D]:
    """The lines and points on the axes, by their labels."""
    drawn = [line for line in drawing.axes[0].lines if not str(line.get_label()).startswith("_")]
    found = {str(line.get_label()): line for line in drawn}
    assert len(found) == len(drawn), "two artists have one label"
    return found


def points(drawing: Drawing) -> dict[str, tuple[float, float]]:
    """Where each study's point stands, arrows included, by its name."""
    found = {}
    for label, line in lines(drawing).items():
        if label.startswith("study "):
            (x,), (y,) = line.get_xdata(), line.get_ydata()
            found[label.removeprefix("study ")] = (float(x), float(y))
    return found


def vertices(drawing: Drawing, label: str) -> FloatArray:
    """Points of one line, shape (n, 2)."""
    line = lines(drawing)[label]
    return np.column_stack([line.get_xdata(), line.get_ydata()])


def table_points(data: pd.DataFrame, kind: str, label: str | None = None) -> FloatArray:
    """The same points in the table of what is drawn, shape (n, 2)."""
    rows = data[data["kind"] == kind]
    rows = rows if label is None else rows[rows["label"] == label]
    return rows[["x", "y"]].to_numpy(dtype=float)


def names_drawn(drawing: Drawing) -> str:
    """All words of the page in one text."""
    return "\n".join(text.get_text() for text in drawing.figure.axes[0].texts)
