"""Multilevel and multivariate meta-analysis: several estimates from one study, one patient, one centre."""

from __future__ import annotations

from synth.synthesis.multilevel.analysis import MultilevelAnalysis
from synth.synthesis.multilevel.entries import multilevel
from synth.synthesis.multilevel.random import Intercept, Nested, RandomTerm, Structured

__all__ = ["Intercept", "MultilevelAnalysis", "Nested", "RandomTerm", "Structured", "multilevel"]
