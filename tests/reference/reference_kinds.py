"""The adapter of each kind of case. A kind that stands here is compared; any other is not offered.

A new kind takes one line here and one function, which turns a case into functions that give our values.
"""

from __future__ import annotations

from reference_run import adapters

ADAPTERS = adapters(
    {
        "escalc": "reference_effects:escalc",
        "transform": "reference_effects:transform",
        "backtransform": "reference_effects:backtransform",
        "conv.fivenum": "reference_effects:five_numbers",
        "conv.wald": "reference_effects:wald",
        "rma.uni": "reference_models:univariate",
        "meta_regression": "reference_models:univariate",
        "confint_PL": "reference_models:profile_likelihood",
        "subgroup": "reference_models:subgroup",
        "regression_tests": "reference_regression:regression_tests",
        "lrt": "reference_regression:likelihood_ratio",
        "rma.mh": "reference_counts:mantel_haenszel",
        "rma.peto": "reference_counts:peto",
        "rma.glmm": "reference_glmm:mixed_model",
        "leave1out": "reference_diagnostics:leave1out",
        "cumul": "reference_diagnostics:cumul",
        "influence": "reference_diagnostics:influence",
        "baujat": "reference_diagnostics:baujat",
        "trimfill": "reference_small_study:trimfill",
        "regtest": "reference_small_study:regtest",
        "ranktest": "reference_small_study:ranktest",
        "fsn": "reference_small_study:fsn",
        "tes": "reference_small_study:tes",
        "hc_henmi_copas": "reference_small_study:henmi_copas",
        "permutest_exact": "reference_diagnostics:permutation",
        "rma.mv": "reference_multilevel:multivariate",
        "vcalc": "reference_dependence:vcalc",
        "aggregate": "reference_dependence:aggregate",
        "robust": "reference_dependence:robust",
        "selmodel": "reference_selection:selmodel",
        "location_scale": "reference_location_scale:location_scale",
    }
)
