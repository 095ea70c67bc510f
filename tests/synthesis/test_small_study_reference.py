"""Small-study effects against metafor's numbers (tests/reference/metafor_cases.json) and against plain definitions."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from synth.synthesis.models import MetaAnalysis, common_effect, random_effects
from synth.synthesis.small_study import (
    excess_significance,
    fail_safe_n,
    henmi_copas,
    rank_test,
    regression_test,
    trim_and_fill,
)

CASES = json.loads((Path(__file__).parents[1] / "reference" / "metafor_cases.json").read_text(encoding="utf-8"))
TESTS: dict[str, Any] = {"z": "normal", "t": "t", "knha": "hartung-knapp", "adhoc": "hartung-knapp-guarded"}
PREDICTORS: dict[str, Any] = {
    "sei": "standard error",
    "vi": "variance",
    "ni": "sample size",
    "ninv": "inverse sample size",
    "sqrtni": "root sample size",
    "sqrtninv": "inverse root sample size",
}


def of_kind(kind: str) -> list[Any]:
    found = [case for case in CASES if case["kind"] == kind and case["status"] == "ok"]
    assert found
    return [pytest.param(case, id=case["name"]) for case in found]


def model_of(case: dict[str, Any]) -> MetaAnalysis:
    spec, inputs = case["spec"], case["inputs"]
    test = TESTS[spec.get("test", "z")]
    if spec.get("method", "FE") == "FE":
        return common_effect(inputs["yi"], inputs["vi"], test=test)
    return random_effects(inputs["yi"], inputs["vi"], method=spec["method"], test=test)


def near(expected: Any, rel: float) -> Any:
    return pytest.approx(expected, rel=rel, abs=1e-300)


@pytest.mark.parametrize("case", of_kind("regtest"))
def test_regression_tests_are_metafors(case: dict[str, Any]) -> None:
    out, rel = case["outputs"], 1e-9 if case["spec"]["method"] in ("FE", "DL") else 1e-7
    kind: Any = {"lm": "classic", "rma": "mixed"}[case["spec"]["model"]]
    found = regression_test(
        model_of(case),
        kind=kind,
        predictor=PREDICTORS[case["spec"]["predictor"]],
        sample_sizes=case["inputs"].get("ni"),
    )
    assert (found.statistic, found.p_value) == near((out["stat"], out["pval"]), rel)
    assert found.degrees_of_freedom == out["dfs"]
    assert found.coefficients == near(tuple(out["coef"]), rel)
    assert found.standard_errors == near(tuple(out["coef_se"]), rel)
    assert found.limit_estimate == (None if out["limit_est"] is None else near(out["limit_est"], rel))
    limits = (out["limit_ci.lb"], out["limit_ci.ub"])
    assert found.limit_interval == (None if out["limit_est"] is None else near(limits, rel))
    assert found.tau2 == (None if out["tau2"] is None else near(out["tau2"], rel))


@pytest.mark.parametrize("case", of_kind("ranktest"))
def test_rank_tests_are_metafors(case: dict[str, Any]) -> None:
    exact = case["spec"]["exact"]
    found = rank_test(model_of(case), exact=None if exact == "default" else exact)
    assert (found.tau, found.p_value) == near((case["outputs"]["tau"], case["outputs"]["pval"]), 1e-9)


@pytest.mark.parametrize("case", of_kind("trimfill"))
def test_missing_studies_are_metafors(case: dict[str, Any]) -> None:
    side: Any = case["spec"]["side"]
    found = trim_and_fill(model_of(case), case["spec"]["estimator"], None if side == "auto" else side)
    out = case["outputs"]
    assert (found.k0, found.side) == (out["k0"], out["side"])
    assert found.k0_se == (None if out["se.k0"] is None else near(out["se.k0"], 1e-9))
    assert found.k0_p == (None if out["p.k0"] is None else near(out["p.k0"], 1e-9))
    rel = 1e-9 if case["spec"]["method"] in ("FE", "DL") else 1e-5
    assert found.filled_estimates == near(tuple(out["yi.filled"]), rel)
    assert found.filled_variances == tuple(out["vi.filled"])
    # metafor refits by an iteration that stops at a step of 1e-5 in tau2, as it does by default.
    assert found.model.estimate == near(out["beta"][0], rel)
    assert found.model.tau2 == near(out["tau2"], rel)


def test_the_filled_model_keeps_test_and_level_of_the_model() -> None:
    case = next(case for case in CASES if case["name"] == "trimfill-bcgRR-REML-knha-L0-auto")
    model = random_effects(case["inputs"]["yi"], case["inputs"]["vi"], test="hartung-knapp", level=0.9)
    found = trim_and_fill(model)
    again = random_effects(found.model.estimates, found.model.variances, test="hartung-knapp", level=0.9)
    assert found.k0 == 1
    assert found.model.interval == near(again.interval, 1e-12)


@pytest.mark.parametrize("case", of_kind("fsn"))
def test_fail_safe_numbers_are_metafors(case: dict[str, Any]) -> None:
    out = case["outputs"]
    found = fail_safe_n(case["inputs"]["yi"], case["inputs"]["vi"], kind=case["spec"]["type"])
    assert found.number == out["fsnum"]
    for ours, expected in ((found.p_value, out["pval"]), (found.average, out["meanes"]), (found.target, out["target"])):
        assert ours == (None if expected is None else near(expected, 1e-9))


@pytest.mark.parametrize("case", of_kind("tes"))
def test_excess_significance_is_metafors(case: dict[str, Any]) -> None:
    out = case["outputs"]
    found = excess_significance(case["inputs"]["yi"], case["inputs"]["vi"])
    assert found.observed == out["O"]
    assert (found.expected, found.theta) == near((out["E"], out["theta"]), 1e-9)
    assert (found.chi_squared, found.chi_squared_p_value) == near((out["chi2_stat"], out["chi2_pval"]), 1e-9)
    assert found.binomial_p_value == near(out["binom_pval"], 1e-9)
    assert found.powers == near(tuple(out["power"]), 1e-9)


@pytest.mark.parametrize("case", of_kind("hc_henmi_copas"))
def test_henmi_copas_is_metafors_up_to_its_root_finders_tolerance(case: dict[str, Any]) -> None:
    out, found = case["outputs"], henmi_copas(model_of(case))
    assert (found.estimate, found.standard_error) == near((out["beta"], out["se"]), 1e-9)
    assert found.tau2 == near(out["tau2"], 1e-9)
    # metafor's root finder stops at a change by the fourth root of the machine's epsilon.
    width = 2 * np.finfo(float).eps ** 0.25 * found.standard_error
    assert found.interval == pytest.approx((out["ci.lb"], out["ci.ub"]), abs=width)


def limits_by_matrices(y: np.ndarray, v: np.ndarray, level: float) -> tuple[float, float]:
    """Henmi and Copas' limits from k x k matrices and an adaptive integral; nothing is simplified."""
    w, k = 1 / v, len(y)
    total, second = w.sum(), (w**2).sum() / w.sum()
    mean = (w * y).sum() / total
    tau2 = max(0.0, ((w * (y - mean) ** 2).sum() - (k - 1)) / (total - second))
    a, covariance = np.diag(w) - np.outer(w, w) / total, (1 + tau2 * w) / math.sqrt(total)
    spread = 1 + tau2 * second
    given = np.diag(v + tau2) - np.outer(covariance, covariance) / spread
    m = covariance / spread
    means = np.trace(a @ given), m @ a @ m
    variances = 2 * np.trace(a @ given @ a @ given), 4 * (m @ a @ given @ a @ m)

    def tail(t: float) -> float:
        def density(r: float) -> float:
            e, s = means[0] + means[1] * r**2, variances[0] + variances[1] * r**2
            bound = (k - 1) + (total - second) / second * ((r / t) ** 2 - 1)
            inside = stats.gamma.cdf(bound, e * e / s, scale=s / e)
            return float(inside * stats.norm.pdf(r, scale=math.sqrt(spread)))

        return float(quad(density, t, t + 12 * math.sqrt(spread), epsabs=0, epsrel=1e-11, limit=500)[0])

    low, high = 1e-3, -stats.norm.ppf((1 - level) / 2) * math.sqrt(spread)
    for _ in range(60):
        low, high = ((low + high) / 2, high) if tail((low + high) / 2) > (1 - level) / 2 else (low, (low + high) / 2)
    half = low * math.sqrt(spread / total)
    return float(mean - half), float(mean + half)


@pytest.mark.parametrize(("k", "spread", "level"), [(2, 1.0, 0.9), (3, 2.0, 0.95), (6, 0.05, 0.99), (15, 1.0, 0.95)])
def test_henmi_copas_is_what_matrices_give(k: int, spread: float, level: float) -> None:
    rng = np.random.default_rng(k)
    y, v = rng.normal(scale=spread, size=k), rng.exponential(size=k) + 0.05
    found = henmi_copas(random_effects(y, v, level=level))
    assert found.interval == pytest.approx(limits_by_matrices(y, v, level), rel=1e-9, abs=1e-9)
