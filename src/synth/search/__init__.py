"""Searches: what was asked, of whom, when, and what came back."""

from synth.search.manifest import Manifest

__all__ = ["Manifest"]
