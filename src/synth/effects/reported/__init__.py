"""From what papers print to effects: every derived figure with its method, assumption, source and rounding range."""

from synth.effects.reported.checks import (
    p_and_interval_disagree,
    percentage_impossible,
    sd_beyond_range,
    sd_is_standard_error_by_interval,
    sd_is_standard_error_by_p,
    sd_small_against_others,
)
from synth.effects.reported.combining import CombinedGroup, Group, combine_arms, combine_groups
from synth.effects.reported.counts import (
    CountsFromPercentage,
    TablesFromPercentages,
    counts_from_percentage,
    tables_from_percentages,
)
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.moments import DerivedMoments, mean_and_sd_from_quantiles
from synth.effects.reported.p_values import (
    PrintedP,
    RankTest,
    ReadingsOfP,
    Relation,
    StandardErrorReading,
    ThresholdCheck,
    check_correlation,
    parse_printed_p,
    rank_tests,
    readings_of_p,
    standard_error_from_paired_p,
    standard_error_from_unpaired_p,
)
from synth.effects.reported.printed import Figure, PrintedNumber, parse_printed_number
from synth.effects.reported.quantile_estimation import QuantileFit, fit_quantiles
from synth.effects.reported.quantiles import QuantileMoments, moments_from_quantiles
from synth.effects.reported.standard_deviations import (
    correlation_from_change_sd,
    pooled_sd_from_standard_error,
    sd_from_mean_interval,
    sd_from_quartiles,
    sd_from_range,
    sd_from_standard_error,
)
from synth.effects.reported.standard_errors import (
    standard_error_from_f,
    standard_error_from_interval,
    standard_error_from_p,
    standard_error_from_t,
    standard_error_from_z,
)
from synth.effects.reported.wald import WaldEffects, wald

__all__ = [
    "CombinedGroup",
    "CountsFromPercentage",
    "Derivation",
    "DerivedMoments",
    "Figure",
    "Group",
    "PrintedNumber",
    "PrintedP",
    "QuantileFit",
    "QuantileMoments",
    "RankTest",
    "ReadingsOfP",
    "Relation",
    "StandardErrorReading",
    "TablesFromPercentages",
    "ThresholdCheck",
    "WaldEffects",
    "check_correlation",
    "combine_arms",
    "combine_groups",
    "correlation_from_change_sd",
    "counts_from_percentage",
    "fit_quantiles",
    "mean_and_sd_from_quantiles",
    "moments_from_quantiles",
    "p_and_interval_disagree",
    "parse_printed_number",
    "parse_printed_p",
    "percentage_impossible",
    "pooled_sd_from_standard_error",
    "rank_tests",
    "readings_of_p",
    "sd_beyond_range",
    "sd_from_mean_interval",
    "sd_from_quartiles",
    "sd_from_range",
    "sd_from_standard_error",
    "sd_is_standard_error_by_interval",
    "sd_is_standard_error_by_p",
    "sd_small_against_others",
    "standard_error_from_f",
    "standard_error_from_interval",
    "standard_error_from_p",
    "standard_error_from_paired_p",
    "standard_error_from_t",
    "standard_error_from_unpaired_p",
    "standard_error_from_z",
    "tables_from_percentages",
    "wald",
]
