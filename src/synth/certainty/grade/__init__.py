"""GRADE: certainty of each outcome after each procedure, and of each comparison, suggested from computed facts."""

from synth.certainty.grade.certainty import Certainty, rate
from synth.certainty.grade.overrides import fact_of, grade_faults, overrides_of
from synth.certainty.grade.rules import Rule
from synth.certainty.grade.types import (
    DOMAINS,
    DOWN,
    UNCONFIRMED,
    UP,
    DomainRating,
    Fact,
    Level,
    Override,
    Rating,
    Suggestion,
    level_after,
)

__all__ = [
    "DOMAINS",
    "DOWN",
    "UNCONFIRMED",
    "UP",
    "Certainty",
    "DomainRating",
    "Fact",
    "Level",
    "Override",
    "Rating",
    "Rule",
    "Suggestion",
    "fact_of",
    "grade_faults",
    "level_after",
    "overrides_of",
    "rate",
]
