"""One event after one procedure: each series with its exact interval, and what they come to together, if anything."""

from __future__ import annotations

from synth.synthesis.proportions.answer import ProportionAnswer
from synth.synthesis.proportions.pooling import pool_proportions, proportion_answers, proportions_of

__all__ = ["ProportionAnswer", "pool_proportions", "proportion_answers", "proportions_of"]
