"""How certain the evidence is: suggestions computed from facts, each with its rule, and what people judged instead."""

from synth.certainty.grade import Certainty, Rating, rate

__all__ = ["Certainty", "Rating", "rate"]
