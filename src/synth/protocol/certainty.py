"""How the certainty of the evidence is judged: tools for risk of bias by design, and the plan of the GRADE ratings."""

from __future__ import annotations

from pydantic import Field

from synth.protocol.base import Identifier, NonEmpty, Part


class ToolPlan(Part):
    """The tool by which studies of some designs are appraised.

    `tool` is an id of `synth.certainty.tools`, `designs` are values of the column design of studies.csv.
    """

    tool: Identifier
    designs: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)


class GradePlan(Part):
    """What the GRADE ratings need beside the evidence."""


class CertaintyPlan(Part):
    """The whole of `certainty`."""

    tools: tuple[ToolPlan, ...] = Field(default=(), strict=False)
    grade: GradePlan = GradePlan()
