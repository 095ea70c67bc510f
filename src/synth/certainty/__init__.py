"""How certain the evidence is: what has been judged, and the level that it cannot exceed."""

from synth.certainty.ratings import Certainty, Rating, rate

__all__ = ["Certainty", "Rating", "rate"]
