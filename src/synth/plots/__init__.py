"""The only drawing code: a function of a result returns a `Drawing`."""

from synth.plots.albatross import AlbatrossPoint, albatross
from synth.plots.baujat import baujat
from synth.plots.bubble import bubble
from synth.plots.drawing import Drawing
from synth.plots.effect_direction_plot import effect_direction_plot
from synth.plots.effect_direction_rows import DirectionRow
from synth.plots.forest import (
    ForestRow,
    ForestSummary,
    Judgement,
    JudgementPanel,
    ReferenceLine,
    cumulative_forest,
    forest,
    forest_of_model,
    forest_of_subgroups,
    leave_one_out_forest,
)
from synth.plots.funnel import funnel
from synth.plots.gosh_plot import gosh_plot
from synth.plots.harvest_plot import harvest_plot
from synth.plots.influence_panel import influence_panel
from synth.plots.judged_rows import JudgedRow
from synth.plots.judgement_summary import judgement_summary
from synth.plots.labbe import labbe
from synth.plots.p_value_plot import p_value_plot
from synth.plots.posterior_plot import posterior_plot
from synth.plots.prisma import FlowColumn, FlowCounts, FlowStage, prisma_flow
from synth.plots.radial import radial
from synth.plots.slopes import ImportantDifference, SlopeRow, slope_plot
from synth.plots.traffic_light import traffic_light

__all__ = [
    "AlbatrossPoint",
    "DirectionRow",
    "Drawing",
    "FlowColumn",
    "FlowCounts",
    "FlowStage",
    "ForestRow",
    "ForestSummary",
    "ImportantDifference",
    "JudgedRow",
    "Judgement",
    "JudgementPanel",
    "ReferenceLine",
    "SlopeRow",
    "albatross",
    "baujat",
    "bubble",
    "cumulative_forest",
    "effect_direction_plot",
    "forest",
    "forest_of_model",
    "forest_of_subgroups",
    "funnel",
    "gosh_plot",
    "harvest_plot",
    "influence_panel",
    "judgement_summary",
    "labbe",
    "leave_one_out_forest",
    "p_value_plot",
    "posterior_plot",
    "prisma_flow",
    "radial",
    "slope_plot",
    "traffic_light",
]
