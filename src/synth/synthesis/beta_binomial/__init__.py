"""Beta-binomial model of proportions: the mean of a beta distribution of true proportions, by maximum likelihood."""

from __future__ import annotations

from synth.synthesis.beta_binomial.model import BetaBinomial, beta_binomial

__all__ = ["BetaBinomial", "beta_binomial"]
