"""Single patients: every one of them, the change of each beside the published differences, and several together."""

from __future__ import annotations

from synth.synthesis.cases.answer import CaseAnswer
from synth.synthesis.cases.gathering import cases_of
from synth.synthesis.cases.patients import Case
from synth.synthesis.cases.pseudo_series import MARK, PseudoSeries, Spread
from synth.synthesis.cases.reached import Beside, is_half_sd
from synth.synthesis.cases.shown import case_table, pseudo_series_table

__all__ = [
    "MARK",
    "Beside",
    "Case",
    "CaseAnswer",
    "PseudoSeries",
    "Spread",
    "case_table",
    "cases_of",
    "is_half_sd",
    "pseudo_series_table",
]
