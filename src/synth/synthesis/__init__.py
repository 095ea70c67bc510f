"""Meta-analysis: models, diagnostics, small-study effects, resampling, and what they come to for a review.

The names below are the statistics engine; importing them loads numpy and parts of scipy and nothing else.
"""

from synth.synthesis.model_tests import likelihood_ratio_test
from synth.synthesis.models import MetaAnalysis, common_effect, meta_regression, random_effects
from synth.synthesis.subgroups import Subgroups, subgroups

__all__ = [
    "MetaAnalysis",
    "Subgroups",
    "common_effect",
    "likelihood_ratio_test",
    "meta_regression",
    "random_effects",
    "subgroups",
]
