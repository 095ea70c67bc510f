"""Adapters of small-study effects: regtest(), ranktest(), trimfill(), fsn(), tes(), hc()."""

from __future__ import annotations

from reference_cases import Case, number
from reference_compare import NotOfferedError, Outputs
from reference_inputs import known_arguments, known_inputs, numbers, studies
from reference_models import FIT_ARGUMENTS, fit_of, fitted_model

from synth.synthesis import common_effect
from synth.synthesis.small_study.excess import excess_significance
from synth.synthesis.small_study.fail_safe import fail_safe_n
from synth.synthesis.small_study.henmi_copas import henmi_copas as interval_of
from synth.synthesis.small_study.rank import rank_test
from synth.synthesis.small_study.regression import regression_test
from synth.synthesis.small_study.trim_fill import trim_and_fill

ESTIMATES = frozenset({"yi", "vi"})
PREDICTORS = {
    "sei": "standard error",
    "vi": "variance",
    "ni": "sample size",
    "ninv": "inverse sample size",
    "sqrtni": "root sample size",
    "sqrtninv": "inverse root sample size",
}
KINDS = {"lm": "classic", "rma": "mixed"}


def regtest(case: Case) -> Outputs:
    """regtest()."""
    known_arguments(case, *FIT_ARGUMENTS, "model", "predictor")
    known_inputs(case, {*ESTIMATES, "ni", "mods"})
    kind, predictor = (str(case.spec.get(name, default)) for name, default in (("model", "rma"), ("predictor", "sei")))
    if kind not in KINDS or predictor not in PREDICTORS:
        raise NotOfferedError(f"regtest with model {kind} and predictor {predictor}")
    sizes = case.inputs.get("ni") if predictor.endswith(("ni", "ninv")) else None
    found = regression_test(
        fit_of(case),
        kind=KINDS[kind],
        predictor=PREDICTORS[predictor],
        sample_sizes=None if sizes is None else numbers(studies(case).pick(sizes)),
    )
    low, high = found.limit_interval or (None, None)
    return {
        "stat": lambda: found.statistic,
        "pval": lambda: found.p_value,
        "dfs": lambda: found.degrees_of_freedom,
        "limit_est": lambda: found.limit_estimate,
        "limit_ci.lb": lambda: low,
        "limit_ci.ub": lambda: high,
        "coef": lambda: found.coefficients,
        "coef_se": lambda: found.standard_errors,
        "tau2": lambda: found.tau2,
    }


def ranktest(case: Case) -> Outputs:
    """ranktest()."""
    known_arguments(case, "exact")
    known_inputs(case, ESTIMATES)
    data = studies(case)
    exact = case.spec.get("exact", "default")
    found = rank_test(common_effect(data.y, data.v), exact if isinstance(exact, bool) else None)
    return {"tau": lambda: found.tau, "pval": lambda: found.p_value}


def fsn(case: Case) -> Outputs:
    """fsn()."""
    known_arguments(case, "type", "alpha", "target")
    known_inputs(case, ESTIMATES)
    kind, alpha, target = str(case.spec.get("type")), number(case.spec.get("alpha", 0.05)), case.spec.get("target")
    if kind not in {"Rosenthal", "Orwin", "Rosenberg"} or alpha is None:
        raise NotOfferedError(f"the fail-safe N of {kind}")
    data = studies(case)
    found = fail_safe_n(data.y, data.v, kind=kind, alpha=alpha, target=number(target) if kind == "Orwin" else None)
    return {
        "fsnum": lambda: found.number,
        "pval": lambda: found.p_value,
        "meanes": lambda: found.average,
        "target": lambda: found.target,
    }


def tes(case: Case) -> Outputs:
    """tes()."""
    known_arguments(case, "method", "alpha")
    known_inputs(case, ESTIMATES)
    if case.spec.get("method", "FE") not in {"FE", "EE", "CE"}:
        raise NotOfferedError(f"tes with method {case.spec['method']}: ours takes theta and tau2 as numbers")
    data = studies(case)
    found = excess_significance(data.y, data.v, alpha=number(case.spec.get("alpha", 0.05)) or 0.05)
    return {
        "O": lambda: found.observed,
        "E": lambda: found.expected,
        "chi2_stat": lambda: found.chi_squared,
        "chi2_pval": lambda: found.chi_squared_p_value,
        "binom_pval": lambda: found.binomial_p_value,
        "theta": lambda: found.theta,
        "power": lambda: found.powers,
    }


def trimfill(case: Case) -> Outputs:
    """trimfill() and the model fitted again.

    metafor fits the filled data with normal quantiles whatever the test; ours keeps the model's test, and is asked for
    normal quantiles here.
    """
    known_arguments(case, *FIT_ARGUMENTS, "estimator", "side")
    known_inputs(case, ESTIMATES)
    side = str(case.spec.get("side", "auto"))
    estimator = str(case.spec.get("estimator", "L0"))
    chosen = None if side == "auto" else side
    found = trim_and_fill(fit_of(case), estimator=estimator, side=chosen)
    if found.k0:
        found = trim_and_fill(fit_of(case, test="normal"), estimator=estimator, side=chosen)
    return {
        "k0": lambda: found.k0,
        "se.k0": lambda: found.k0_se,
        "p.k0": lambda: found.k0_p,
        "side": lambda: found.side,
        "yi.filled": lambda: found.filled_estimates,
        "vi.filled": lambda: found.filled_variances,
        **fitted_model(found.model),
    }


def henmi_copas(case: Case) -> Outputs:
    """hc()."""
    known_arguments(case, "method", "test", "level")
    known_inputs(case, ESTIMATES)
    if case.spec.get("method", "DL") != "DL":
        raise NotOfferedError(f"hc of a model by {case.spec['method']}")
    found = interval_of(fit_of(case))
    return {
        "beta": lambda: found.estimate,
        "se": lambda: found.standard_error,
        "ci.lb": lambda: found.interval[0],
        "ci.ub": lambda: found.interval[1],
        "tau2": lambda: found.tau2,
    }
