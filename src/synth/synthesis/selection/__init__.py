"""Selection models: what a mean would be if studies were seen by their p values."""

from __future__ import annotations

from synth.synthesis.selection.entries import SelectionModel, beta_selection, step_selection

__all__ = ["SelectionModel", "beta_selection", "step_selection"]
