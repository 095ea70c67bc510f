"""The whole of protocol.yml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synth.protocol.analyses import Synthesis
from synth.protocol.base import Identifier, NonEmpty, Part
from synth.protocol.certainty import CertaintyPlan
from synth.protocol.parts import (
    Contributor,
    Eligibility,
    EventKind,
    Instrument,
    Moderator,
    Outcome,
    Procedure,
    Question,
    SearchReporting,
    Standing,
    Step,
    Strategy,
)


class Protocol(Part):
    """The whole of protocol.yml."""

    format: Literal[1]
    review: Identifier
    title: NonEmpty
    question: Question
    standing: Standing
    people: tuple[Contributor, ...] = Field(strict=False)
    procedures: tuple[Procedure, ...] = Field(strict=False)
    steps: tuple[Step, ...] = Field(default=(), strict=False)
    outcomes: tuple[Outcome, ...] = Field(default=(), strict=False)
    ranges_from: str = ""
    instruments: tuple[Instrument, ...] = Field(default=(), strict=False)
    events: tuple[EventKind, ...] = Field(default=(), strict=False)
    harms: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    eligibility: Eligibility
    moderators: tuple[Moderator, ...] = Field(default=(), strict=False)
    strategies: tuple[Strategy, ...] = Field(default=(), strict=False)
    searching: SearchReporting = SearchReporting()
    synthesis: Synthesis
    certainty: CertaintyPlan = CertaintyPlan()

    def procedure(self, identifier: str) -> Procedure:
        """The procedure of that id.

        Raises
        ------
        KeyError
            If the protocol has none; validation makes sure that every arm's procedure is there.
        """
        return {item.id: item for item in self.procedures}[identifier]

    def instrument(self, identifier: str) -> Instrument:
        """The instrument of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.instruments}[identifier]

    def outcome(self, identifier: str) -> Outcome:
        """The outcome of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.outcomes}[identifier]

    def event(self, identifier: str) -> EventKind:
        """The event kind of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.events}[identifier]
