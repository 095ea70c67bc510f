"""Small-study effects: tests of funnel plot asymmetry, and what a result would be without it."""

from synth.synthesis.small_study.count_regression import CountRegressionTest, harbord_test, peters_test
from synth.synthesis.small_study.excess import ExcessSignificance, excess_significance
from synth.synthesis.small_study.fail_safe import FailSafeN, fail_safe_n
from synth.synthesis.small_study.henmi_copas import HenmiCopas, henmi_copas
from synth.synthesis.small_study.rank import RankTest, rank_test
from synth.synthesis.small_study.regression import RegressionTest, egger_test, regression_test
from synth.synthesis.small_study.trim_fill import TrimAndFill, trim_and_fill

__all__ = [
    "CountRegressionTest",
    "ExcessSignificance",
    "FailSafeN",
    "HenmiCopas",
    "RankTest",
    "RegressionTest",
    "TrimAndFill",
    "egger_test",
    "excess_significance",
    "fail_safe_n",
    "harbord_test",
    "henmi_copas",
    "peters_test",
    "rank_test",
    "regression_test",
    "trim_and_fill",
]
