"""Scores before and after: a line for each series or case, and the published important difference beside them."""

from __future__ import annotations

from synth.plots.slopes.plot import slope_plot
from synth.plots.slopes.rows import ImportantDifference, SlopeRow

__all__ = ["ImportantDifference", "SlopeRow", "slope_plot"]
