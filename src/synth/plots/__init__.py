"""The only drawing code: a function of a result returns a `Drawing`."""

from synth.plots.drawing import Drawing
from synth.plots.forest import ForestRow, ForestSummary, ReferenceLine, forest
from synth.plots.prisma import FlowColumn, FlowCounts, FlowStage, prisma_flow

__all__ = [
    "Drawing",
    "FlowColumn",
    "FlowCounts",
    "FlowStage",
    "ForestRow",
    "ForestSummary",
    "ReferenceLine",
    "forest",
    "prisma_flow",
]
