"""Reading back what a drawing with one or several axes shows."""

from __future__ import annotations

from matplotlib.lines import Line2D

from synth.plots import Drawing


def lines_of(drawing: Drawing) -> dict[str, Line2D]:
    """Every line and marker with a name of its own, by that name."""
    found: dict[str, Line2D] = {}
    for axes in drawing.axes:
        for line in axes.lines:
            name = str(line.get_label())
            if name.startswith(("_", "leader")) or name in ("sample", "end of the bar", ""):
                continue
            assert name not in found, f"two artists are called {name!r}"
            found[name] = line
    return found


def place(line: Line2D) -> tuple[float, float]:
    """Where a marker stands."""
    xs, ys = line.get_data()
    assert len(xs) == len(ys) == 1
    return float(xs[0]), float(ys[0])


def words(drawing: Drawing) -> str:
    """Every text of the picture in one."""
    return "\n".join(text.get_text() for axes in drawing.axes for text in axes.texts)
