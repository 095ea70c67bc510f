"""Generalised linear mixed models: the counts themselves are modelled, and no half is added to a zero."""

from __future__ import annotations

from synth.synthesis.glmm.entries import odds_ratio_glmm, proportion_glmm, rate_glmm, rate_ratio_glmm
from synth.synthesis.glmm.result import GlmmResult

__all__ = ["GlmmResult", "odds_ratio_glmm", "proportion_glmm", "rate_glmm", "rate_ratio_glmm"]
