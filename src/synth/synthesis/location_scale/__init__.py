"""Location-scale models: moderators of the mean effect, and of how much true effects differ."""

from __future__ import annotations

from synth.synthesis.location_scale.entries import LocationScale, location_scale

__all__ = ["LocationScale", "location_scale"]
