"""Paler versions of the colours of the style."""

from __future__ import annotations

from matplotlib.colors import to_hex, to_rgb


def tint(colour: str, share: float) -> str:
    """A colour mixed with white: so much of it, from 0 (white) to 1 (the colour itself)."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))
