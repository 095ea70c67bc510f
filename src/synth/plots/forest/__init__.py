"""Forest plots: one line for each estimate, its interval as a line and as text, pooled results as diamonds."""

from synth.plots.forest.of_models import forest_of_model, forest_of_subgroups
from synth.plots.forest.of_refits import cumulative_forest, leave_one_out_forest
from synth.plots.forest.panel import Judgement, JudgementPanel
from synth.plots.forest.plot import forest
from synth.plots.forest.rows import ForestRow, ForestSummary, ReferenceLine
from synth.plots.forest.summaries import summaries_predicted, summary_of

__all__ = [
    "ForestRow",
    "ForestSummary",
    "Judgement",
    "JudgementPanel",
    "ReferenceLine",
    "cumulative_forest",
    "forest",
    "forest_of_model",
    "forest_of_subgroups",
    "leave_one_out_forest",
    "summaries_predicted",
    "summary_of",
]
