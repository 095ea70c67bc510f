"""Inference by resampling: bootstrap and permutation tests, vectorised over resamples."""

from synth.synthesis.resampling.bootstrap import RESAMPLES, BootstrapResult, bootstrap
from synth.synthesis.resampling.permutation import PERMUTATIONS, PermutationResult, permutation_test

__all__ = [
    "PERMUTATIONS",
    "RESAMPLES",
    "BootstrapResult",
    "PermutationResult",
    "bootstrap",
    "permutation_test",
]
