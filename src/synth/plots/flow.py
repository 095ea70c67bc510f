"""The flow of a review's records as a diagram."""

from __future__ import annotations

from synth.plots.drawing import Drawing
from synth.plots.prisma import FlowColumn, FlowCounts, FlowStage, prisma_flow
from synth.screening import Flow


def flow_of(flow: Flow) -> Drawing:
    """The PRISMA 2020 flow of records found by other methods, beside the database searches where one was run.

    Decisions are kept per record and not per way by which it was found, so once there are database records the two
    ways are shown as one column that names both sources.
    """
    removed = sum(count for _, count in flow.removed)
    sources = [("database searches", flow.from_databases)] if flow.from_databases else []
    sources += [("other methods", flow.from_other_methods)] if flow.from_other_methods and sources else []
    stages = (
        FlowStage(
            stage="identified", count=flow.identified, sources=tuple(sources), removed=removed, reasons=flow.removed
        ),
        FlowStage(stage="sought", count=flow.identified - removed, removed=flow.not_retrieved),
        FlowStage(
            stage="assessed",
            count=flow.assessed,
            removed=sum(count for _, count in flow.excluded),
            reasons=flow.excluded,
        ),
    )
    if flow.searches:
        columns: tuple[FlowColumn, ...] = (FlowColumn(title="Databases, registers and other methods", stages=stages),)
    else:
        unused = FlowColumn(title="Databases and registers", note="No database search has been run.")
        columns = (unused, FlowColumn(title="Other methods", stages=stages))
    return prisma_flow(FlowCounts(columns=columns, studies_included=flow.included, reports_included=flow.included))
