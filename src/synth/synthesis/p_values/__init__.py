"""Combining p values of studies that compare: a question of whether, never of how much (rule 16)."""

from synth.synthesis.p_values.combining import combine_p_values
from synth.synthesis.p_values.methods import METHODS, CombiningMethod
from synth.synthesis.p_values.one_sided import OneSidedP, one_sided_p_values, one_sided_printed
from synth.synthesis.p_values.result import CombinedP

__all__ = [
    "METHODS",
    "CombinedP",
    "CombiningMethod",
    "OneSidedP",
    "combine_p_values",
    "one_sided_p_values",
    "one_sided_printed",
]
