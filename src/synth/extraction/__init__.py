"""What was read in the sources: studies, arms, outcomes, events and cases."""

from synth.extraction.tables import Extraction

__all__ = ["Extraction"]
