"""Synthesis without meta-analysis: directions told, counted and shown where a pool is refused (rules 16 and 25)."""

from synth.synthesis.swim.answer import SwimAnswer, swim_of
from synth.synthesis.swim.by_study import StudyDirection
from synth.synthesis.swim.comparison import SwimComparison, swim_of_comparison
from synth.synthesis.swim.items import SWIM_LINK, SWIM_SOURCE, SwimItem, checklist, show_items
from synth.synthesis.swim.matrix import ReportingMatrix, reporting_matrix
from synth.synthesis.swim.rows import Reported, Status
from synth.synthesis.swim.votes import Group, Vote, sign_test

__all__ = [
    "SWIM_LINK",
    "SWIM_SOURCE",
    "Group",
    "Reported",
    "ReportingMatrix",
    "Status",
    "StudyDirection",
    "SwimAnswer",
    "SwimComparison",
    "SwimItem",
    "Vote",
    "checklist",
    "reporting_matrix",
    "show_items",
    "sign_test",
    "swim_of",
    "swim_of_comparison",
]
