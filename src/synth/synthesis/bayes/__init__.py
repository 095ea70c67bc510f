"""Bayesian random-effects model: the normal-normal hierarchical model, integrated numerically and not sampled."""

from __future__ import annotations

from synth.synthesis.bayes.batch import bayesian_many
from synth.synthesis.bayes.model import BayesianMetaAnalysis, Direction, bayesian_random_effects
from synth.synthesis.bayes.posterior import Posterior
from synth.synthesis.bayes.results import Beyond

__all__ = [
    "BayesianMetaAnalysis",
    "Beyond",
    "Direction",
    "Posterior",
    "bayesian_many",
    "bayesian_random_effects",
]
