"""The ground of plots on two value axes: a page with labelled axes on which points, curves and bands are drawn."""

from __future__ import annotations

from synth.plots.chart.base import Chart, beyond
from synth.plots.chart.page import LegendEntry, Tick

__all__ = ["Chart", "LegendEntry", "Tick", "beyond"]
