"""What a release holds, and what has changed since the one before."""

from synth.changes.release import Changes, named_quantities

__all__ = ["Changes", "named_quantities"]
