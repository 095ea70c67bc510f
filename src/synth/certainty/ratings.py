"""GRADE ratings as far as they exist: nobody has judged the domains yet, so only the ceiling of a design is stated.

Uncontrolled series start at low (rule 22 of the methods: a rating of the effect of the procedure; no upgrade for a
change from before to after). The Cochrane Handbook 5.1, table 12.2.a, puts observational studies at low and case series
and case reports at very low. No evidence is "not rated", never "very low".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from synth.display import html_table
from synth.protocol import Protocol
from synth.synthesis.answers import Synthesis
from synth.synthesis.ladder import WITHOUT_RESULT

#: Where the levels of designs were read.
SOURCE = "Cochrane Handbook for Systematic Reviews of Interventions 5.1, table 12.2.a (archived)"
SOURCE_LINK = (
    "http://handbook-5-1.cochrane.org/chapter_12/table_12_2_a_levels_of_quality_of_a_body_of_evidence_in_the.htm"
)


@dataclass(frozen=True, slots=True)
class Rating:
    """Certainty of one outcome after one procedure, or of one comparison.

    Attributes
    ----------
    about : str
        Procedure or comparison, for readers.
    outcome : str
        Outcome, for readers.
    level : str
        "not rated" until the domains have been judged by named people.
    ceiling : str
        The highest level that the design allows before any judgement; empty where there is none to state.
    reason : str
        Why.
    """

    about: str
    outcome: str
    level: str
    ceiling: str
    reason: str


@dataclass(frozen=True, repr=False)
class Certainty:
    """The ratings of a review."""

    ratings: tuple[Rating, ...]

    def table(self) -> pd.DataFrame:
        """One row a rating."""
        rows = [
            {
                "about": item.about,
                "outcome": item.outcome,
                "certainty": item.level,
                "at most": item.ceiling or "-",
                "reason": item.reason,
            }
            for item in self.ratings
        ]
        return pd.DataFrame(rows, columns=["about", "outcome", "certainty", "at most", "reason"])

    def __repr__(self) -> str:
        return (
            f"Certainty({len(self.ratings)} outcomes, {sum(item.level != 'not rated' for item in self.ratings)} rated)"
        )

    def _repr_html_(self) -> str:
        return html_table(self.table(), "Certainty of the evidence")


def rate(protocol: Protocol, synthesis: Synthesis) -> Certainty:
    """Ratings of the main outcomes after the main procedures, and of the planned comparisons."""
    return Certainty((*_single_arm(protocol, synthesis), *_comparisons(synthesis)))


def _single_arm(protocol: Protocol, synthesis: Synthesis) -> Iterator[Rating]:
    for procedure in protocol.procedures:
        for outcome in protocol.outcomes:
            if procedure.role != "main" or outcome.role != "main":
                continue
            answers = [item for item in synthesis if (item.procedure, item.outcome) == (procedure.id, outcome.id)]
            if all(item.rung in WITHOUT_RESULT for item in answers):
                reason = "There is no evidence to rate: no usable figure was seen."
                yield Rating(procedure.label, outcome.label, "not rated", "", reason)
            else:
                reason = (
                    "Uncontrolled evidence starts at low. Risk of bias and the GRADE domains have not been judged "
                    "by anyone, so no level is given."
                )
                yield Rating(procedure.label, outcome.label, "not rated", "low", reason)


def _comparisons(synthesis: Synthesis) -> Iterator[Rating]:
    for item in synthesis.comparisons:
        reason = "Risk of bias and the GRADE domains have not been judged by anyone, so no level is given."
        if not item.counts:
            reason = "There is no evidence to rate: no study compares the two."
        elif not item.effects:
            reason = "There is no estimate to rate: the counts of the studies that compare the two give no effect."
        procedure = synthesis.protocol.procedure(item.comparison.treated)
        control = synthesis.protocol.procedure(item.comparison.control)
        yield Rating(f"{procedure.label} against {control.label}", item.comparison.label, "not rated", "", reason)
