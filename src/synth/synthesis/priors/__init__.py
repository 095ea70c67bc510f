"""Prior distributions of tau by name, and from a protocol (see `synth.synthesis.priors.distributions`)."""

from __future__ import annotations

from synth.synthesis.priors.distributions import Prior, half_cauchy, half_normal, half_t, log_normal, log_t, uniform
from synth.synthesis.priors.empirical import empirical_prior
from synth.synthesis.priors.planned import prior_from

__all__ = [
    "Prior",
    "empirical_prior",
    "half_cauchy",
    "half_normal",
    "half_t",
    "log_normal",
    "log_t",
    "prior_from",
    "uniform",
]
