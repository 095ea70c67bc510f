"""How the certainty of the evidence is judged: tools for risk of bias by design, and the plan of the GRADE ratings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from synth.protocol.base import Identifier, NonEmpty, Part


class ToolPlan(Part):
    """The tool by which studies of some designs are appraised.

    `tool` is an id of `synth.certainty.tools`, `designs` are values of the column design of studies.csv.
    """

    tool: Identifier
    designs: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)


class StartPlan(Part):
    """How comparative studies of some designs start.

    `designs` are values of the column design of studies.csv. `basis` says what stands behind the comparison, and the
    level follows from it: trials, whose arms were allocated at random or meant to be ("randomised"), start high;
    "other" starts low, and so do designs that are not named. That ROBINS-I lets others start high could not be read, so
    it is not offered. Uncontrolled evidence starts low or very low, whatever is written here (rule 22 of the methods).
    """

    designs: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)
    basis: Literal["randomised", "other"]
    reason: NonEmpty


class AllocationPlan(Part):
    """The moderator that says how each study allocated its arms, and the values that mean a random sequence."""

    column: Identifier
    random: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)
    reason: NonEmpty


class InformationPlan(Part):
    """The trial whose size is the optimal information size of a comparison of counts.

    `relative_change` is the change of the control risk that it should detect, `alpha` is two-sided.
    """

    alpha: float = Field(gt=0, lt=1)
    power: float = Field(gt=0, lt=1)
    relative_change: float = Field(gt=0, lt=1)
    reason: NonEmpty


class GradePlan(Part):
    """What the GRADE ratings need beside the evidence.

    `procedures` and `outcomes` are the roles that are rated; `also` names outcomes that are rated whatever their role;
    planned comparisons always are. Without `information` no
    optimal information size stands against a comparison, and a person judges its precision.
    """

    procedures: tuple[Literal["main", "context"], ...] = Field(default=("main",), strict=False, min_length=1)
    outcomes: tuple[Literal["main", "other"], ...] = Field(default=("main",), strict=False, min_length=1)
    also: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    starts: tuple[StartPlan, ...] = Field(default=(), strict=False)
    allocation: AllocationPlan | None = None
    information: InformationPlan | None = None

    @model_validator(mode="after")
    def _each_design_once(self) -> GradePlan:
        named = [design for start in self.starts for design in start.designs]
        twice = sorted({design for design in named if named.count(design) > 1})
        if twice:
            raise ValueError(f"designs stand twice in starts: {', '.join(twice)}; each starts at one level")
        return self

    @model_validator(mode="after")
    def _each_outcome_once(self) -> GradePlan:
        twice = sorted({name for name in self.also if self.also.count(name) > 1})
        if twice:
            raise ValueError(f"outcomes stand twice in also: {', '.join(twice)}; each stands once")
        return self

    def rates(self, outcome: str, role: str) -> bool:
        """Whether an outcome is rated: its role is, or it is named."""
        return role in self.outcomes or outcome in self.also

    def start_of(self, design: str) -> StartPlan | None:
        """How comparative studies of a design start; None where the protocol does not say."""
        return next((start for start in self.starts if design in start.designs), None)


class CertaintyPlan(Part):
    """The whole of `certainty`."""

    tools: tuple[ToolPlan, ...] = Field(default=(), strict=False)
    grade: GradePlan = GradePlan()
