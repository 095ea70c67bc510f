"""Adapters of what follows a meta-regression: tests of coefficients, residuals, influence, BLUPs, likelihood ratios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from reference_cases import Case
from reference_compare import NotOfferedError, Outputs, not_offered
from reference_inputs import known_arguments, known_inputs, listed, numbers
from reference_models import FIT_ARGUMENTS, FIT_INPUTS, fit_of, percent

from synth.synthesis import MetaAnalysis, likelihood_ratio_test
from synth.synthesis.influence import Residuals, hat_values, influence, standardised_residuals


def regression_tests(case: Case) -> Outputs:
    """anova(), vif(), rstandard(), rstudent(), cooks.distance(), hatvalues(), dfbetas() and blup() of one model."""
    known_arguments(case, *FIT_ARGUMENTS, "btt")
    known_inputs(case, {*FIT_INPUTS, "L"})
    fit = fit_of(case)
    columns = [int(column) - 1 for column in numbers(case.spec.get("btt"))]
    return {
        "anova_btt": lambda: _omnibus(fit, columns),
        "anova_L": lambda: _combinations(fit, case.inputs["L"]),
        "vif": lambda: list(fit.vif().values()),
        "rstandard": lambda: _residuals(standardised_residuals(fit, "internal")),
        "rstudent": lambda: _residuals(standardised_residuals(fit, "external")),
        "cooks.distance": lambda: influence(fit).cooks_distance,
        "hatvalues": lambda: hat_values(fit),
        "dfbetas": lambda: _dfbetas(fit),
        "blup": lambda: _blups(fit) if fit.method != "common" else not_offered("BLUPs without random effects"),
    }


def _omnibus(fit: MetaAnalysis, columns: list[int]) -> dict[str, object]:
    found = fit.wald_test(columns)
    return {"QM": found.statistic, "QMp": found.p_value, "df1": found.df1, "df2": found.df2}


def _combinations(fit: MetaAnalysis, rows: object) -> dict[str, object]:
    found = fit.wald_test(combinations=np.array([numbers(row) for row in listed(rows)]))
    return {"est": found.estimates, "se": found.standard_errors, "stat": found.statistics, "pval": found.p_values}


def _residuals(found: Residuals) -> dict[str, object]:
    return {"resid": found.residual, "se": found.standard_error, "z": found.z}


def _dfbetas(fit: MetaAnalysis) -> dict[str, object]:
    found = influence(fit).dfbetas
    names = ["intrcpt" if name == "intercept" else name for name in fit.names]
    return dict.fromkeys(("slab", "digits"), lambda: not_offered("a column that R adds to the table")) | {
        name: found[:, position] for position, name in enumerate(names)
    }


def _blups(fit: MetaAnalysis) -> dict[str, object]:
    found = fit.blup()
    return {
        "pred": found.estimates,
        "se": found.standard_errors,
        "pi.lb": found.prediction_low,
        "pi.ub": found.prediction_high,
    }


def likelihood_ratio(case: Case) -> Outputs:
    """anova(full, reduced): the likelihood-ratio test of all moderators."""
    known_arguments(case, "method", "test", "level")
    known_inputs(case, FIT_INPUTS)
    if case.spec.get("method", "ML") != "ML":
        raise NotOfferedError(f"a likelihood-ratio test with {case.spec['method']}")
    normal = replace(case, spec={**case.spec, "test": "z"})
    full = fit_of(normal)
    found = likelihood_ratio_test(
        full, fit_of(replace(normal, inputs={key: value for key, value in case.inputs.items() if key != "mods"}))
    )
    return {
        "LRT": lambda: found.statistic,
        "df": lambda: found.df,
        "pval": lambda: found.p_value,
        "R2": lambda: percent(found.r2),
    }
