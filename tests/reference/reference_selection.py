"""Adapter of selection models: selmodel() with step functions and the beta function.

metafor integrates the beta function over the whole line, where it has kinks at the bounds of p, and stops at a relative
error of eps^(1/4) = 1.2e-4 for each study. What follows from that is not quite the maximum of the likelihood, and its
second derivatives, by differences of such integrals, may be off in the third digit. (With finite limits and a tighter
rule its numbers are ours.) Where a value does not agree, the log-likelihood is therefore computed here by adaptive
quadrature between the kinks, by a formula that owes nothing to the package: if metafor's log-likelihood is not that of
its own parameters, while ours is, and ours is not lower, the value is rough and is not compared. `ROUGHEST` is the
largest difference of an estimate or a standard error for which that counts as a reason.

metafor's search has one start, and ends at the maximum next to it. Where the log-likelihood at its parameters, computed
here in the same way, is lower than at ours by more than `HIGHER`, nothing of the case is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from reference_cases import Case
from reference_compare import NotOfferedError, Outputs, difference, not_offered
from reference_inputs import Studies, known_arguments, known_inputs, level_of, listed, numbers, studies
from reference_rules import rules_of
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from synth.errors import MethodError
from synth.synthesis.selection import SelectionModel, beta_selection, step_selection

FloatArray = NDArray[np.float64]
ALTERNATIVES = {"greater": "greater", "less": "less", "two.sided": "two-sided"}
ROUGHEST, SMALLEST_P = 5e-2, 1e-5
ROUGH = "metafor's integrals are rough: its log-likelihood is not that of its own parameters, and lower than ours"
# What follows from an estimate and its standard error.
FOLLOW = frozenset({"zval", "pval", "ci.lb", "ci.ub"})
LOWER_MAXIMUM = "metafor ends at a lower likelihood: another maximum, or short of it"
HIGHER = 1e-3
SHORT_OF = "on a bound, which metafor's search by logarithms comes near: the likelihood there is no higher than ours"
SHORT = 1e-4
# Largest error of a log-likelihood that sums of doubles explain.
EXACT = 1e-9


def selmodel(case: Case) -> Outputs:
    """selmodel()."""
    known_arguments(case, "method", "type", "alternative", "steps", "delta", "level", "test")
    known_inputs(case, {"yi", "vi", "mods"})
    kind, alternative = str(case.spec.get("type")), str(case.spec.get("alternative", "greater"))
    if kind not in {"stepfun", "beta"} or alternative not in ALTERNATIVES:
        raise NotOfferedError(f"selmodel with type {kind} and alternative {alternative}")
    common = str(case.spec.get("method", "ML")) in {"FE", "EE", "CE"}
    data = studies(case)
    asked: dict[str, object] = {
        "alternative": ALTERNATIVES[alternative],
        "moderators": data.moderators or None,
        "method": "common" if common else "ML",
        "level": level_of(case),
    }
    if case.spec.get("delta") is not None:
        asked["fixed"] = [None if np.isnan(value) else value for value in numbers(case.spec["delta"])]
    if kind == "beta":
        found = beta_selection(data.y, data.v, **asked)
    else:
        found = _steps(data, numbers(case.spec.get("steps")).tolist(), asked)
    outputs = dict(_outputs(found))
    near, rough, lower = partial(_near, case, outputs), partial(_is_rough, case, found), partial(_is_lower, case, found)
    reasons = cache(lower), cache(rough) if kind == "beta" else (lambda: False)
    for name in ("tau2", "delta"):
        outputs[name] = partial(_on_bound, case, found, name, outputs[name])
    return {name: partial(_compared, name, value, near, *reasons) for name, value in outputs.items()}


def _steps(data: Studies, steps: list[float], asked: dict[str, object]) -> SelectionModel:
    try:
        return step_selection(data.y, data.v, steps=steps, **asked)
    except MethodError as refusal:
        if "no study has a p value" in str(refusal):
            raise NotOfferedError(
                "an interval of p without a study: its weight is not known, and ours refuses"
            ) from None
        raise


def _outputs(found: SelectionModel) -> dict[str, Callable[[], object]]:
    return {
        "beta": lambda: found.beta,
        "se": lambda: found.standard_errors,
        "zval": lambda: found.statistics,
        "pval": lambda: found.p_values,
        "ci.lb": lambda: found.low,
        "ci.ub": lambda: found.high,
        "vb": lambda: found.covariance,
        "tau2": lambda: found.tau2,
        "se.tau2": lambda: found.tau2_se,
        "delta": lambda: found.delta,
        "se.delta": lambda: found.delta_se,
        "LRT": lambda: found.lr_statistic,
        "LRTdf": lambda: found.lr_df,
        "LRTp": lambda: found.lr_p,
        "ll": lambda: found.log_likelihood,
    }


def _compared(
    name: str,
    value: Callable[[], object],
    near: Callable[..., bool],
    lower: Callable[[], bool],
    rough: Callable[[], bool],
) -> object:
    """Our value of an output, but where metafor's is rough, or that of a lower maximum, by its own criterion."""
    if near(name):
        return value()
    if lower():
        not_offered(LOWER_MAXIMUM)
    sources = ("beta", "se") if name in FOLLOW else (name,)
    if all(near(source, ROUGHEST) for source in sources) and rough():
        not_offered(ROUGH)
    return value()


def _on_bound(case: Case, found: SelectionModel, name: str, value: Callable[[], object]) -> object:
    """tau2 or deltas; on a bound, which metafor's search by logarithms only comes near, they are not compared."""
    metafor = numbers(listed(case.outputs.get(name)))
    ours = np.atleast_1d(np.asarray(value(), dtype=float))
    place = len(found.beta) + np.arange(len(ours)) + (name == "delta")
    unit = float(np.median(found.unselected.variances)) if name == "tau2" else 1.0
    if len(ours) == len(metafor) and np.abs(ours - metafor).max() <= SHORT * unit:
        held = ~found.maximum.inner[place] & (ours != metafor)
        if held.any() and _height_at(case, found) < log_likelihood(found, found.beta, found.tau2, found.delta) + EXACT:
            not_offered(SHORT_OF)
    return value()


def _height_at(case: Case, found: SelectionModel) -> float:
    """Log-likelihood at metafor's parameters."""
    beta, tau2, delta = (numbers(listed(case.outputs.get(name))) for name in ("beta", "tau2", "delta"))
    if (len(beta), len(tau2), len(delta)) != (len(found.beta), 1, len(found.delta)):
        return np.nan
    return log_likelihood(found, beta, tau2[0], delta)


def _is_lower(case: Case, found: SelectionModel) -> bool:
    stated, theirs = numbers(listed(case.outputs.get("ll"))), _height_at(case, found)
    # A likelihood that is not that of the parameters is no maximum of another kind, but a wrong number.
    if not len(stated) or not abs(stated[0] - theirs) < HIGHER:
        return False
    return log_likelihood(found, found.beta, found.tau2, found.delta) > theirs + HIGHER


def _near(case: Case, outputs: Outputs, name: str, allowed: float | None = None) -> bool:
    """Whether an output agrees, to the tolerance of the case or to the one given."""
    ours, metafor = np.ravel(np.array(outputs[name](), dtype=float)), numbers(listed(case.outputs.get(name)))
    if len(ours) != len(metafor):
        return False
    pairs = [pair for pair in zip(ours, metafor, strict=True) if not np.isnan(pair[1])]
    limit = rules_of(case).relative if allowed is None else allowed
    return all(difference(*pair) <= limit for pair in pairs)


def _is_rough(case: Case, found: SelectionModel) -> bool:
    stated, theirs = numbers(listed(case.outputs.get("ll"))), _height_at(case, found)
    if not len(stated) or not EXACT < abs(stated[0] - theirs) < HIGHER:
        return False
    ours = log_likelihood(found, found.beta, found.tau2, found.delta)
    return abs(found.log_likelihood - ours) < EXACT and ours > theirs - EXACT


def log_likelihood(found: SelectionModel, beta: FloatArray, tau2: float, delta: FloatArray) -> float:
    """Log-likelihood of a selection model, its integrals by adaptive quadrature between the kinks of the function."""
    model = found.unselected
    beyond = -float(ndtri(SMALLEST_P))
    kinks = [beyond, -float(ndtri(SMALLEST_P / 2)), float(ndtri(0.5 + SMALLEST_P / 2)), 9.0, 2.5, 1.0, 0.1, 1e-2, 1e-3]
    kinks += [abs(float(ndtri(step / 2 if found.alternative == "two-sided" else step))) for step in found.steps[:-1]]
    edges = sorted({sign * kink for kink in [0.0, *kinks] for sign in (1, -1)})
    total = 0.0
    for y, v, mu in zip(model.estimates, model.variances, model.moderators.columns @ beta, strict=True):
        root, s = np.sqrt(v), np.sqrt(v + tau2)
        density = partial(_density, delta, found, root / s, mu / s)
        parts = [quad(density, low, high, epsabs=0, epsrel=1e-12)[0] for low, high in pairwise(edges)]
        parts += [_weight(delta, found, z) * ndtr(z * (mu - z * root) / 9.0 / s) for z in (-9.0, 9.0)]
        own = np.log(_weight(delta, found, y / root)) - ((y - mu) / s) ** 2 / 2 - np.log(2 * np.pi * s**2) / 2
        total += own - np.log(sum(parts))
    return float(total)


def _density(delta: FloatArray, found: SelectionModel, scale: float, centre: float, z: float) -> float:
    return _weight(delta, found, z) * math.exp(-((z * scale - centre) ** 2) / 2) / math.sqrt(2 * math.pi) * scale


def _weight(delta: FloatArray, found: SelectionModel, z: float) -> float:
    p = float({"greater": ndtr(-z), "less": ndtr(z), "two-sided": 2 * ndtr(-abs(z))}[found.alternative])
    if found.steps:
        return float(delta[sum(p > step for step in found.steps[:-1])])
    p = min(max(p, SMALLEST_P), 1 - SMALLEST_P)
    return p ** float(delta[0] - 1) * (1 - p) ** float(delta[1] - 1)
