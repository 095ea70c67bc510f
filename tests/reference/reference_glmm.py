"""Adapter of the generalised linear mixed models: rma.glmm()."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from reference_cases import Case
from reference_compare import NotOfferedError, Outputs, not_offered
from reference_glmm_recomputed import with_proof
from reference_inputs import FloatArray, known_arguments, known_inputs, level_of, listed, mapping, numbers, tested_by
from reference_models import percent, predicted

from synth.synthesis.glmm import GlmmResult, odds_ratio_glmm, proportion_glmm, rate_glmm, rate_ratio_glmm

FEW = "a prediction interval from one or two studies"
METHODS = {"ML": "ML", "FE": "common", "EE": "common", "CE": "common"}
# Two arms by all four cells, or by events and participants.
CELLS, TOTALS = ("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")
INPUTS = {"PLO": ("xi", "ni"), "IRLN": ("xi", "ti"), "OR": TOTALS, "IRR": ("x1i", "t1i", "x2i", "t2i")}
FITS = {"PLO": proportion_glmm, "IRLN": rate_glmm, "OR": odds_ratio_glmm, "IRR": rate_ratio_glmm}


def mixed_model(case: Case) -> Outputs:
    """rma.glmm()."""
    known_arguments(case, "model", "method", "level", "test")
    if case.measure not in FITS:
        raise NotOfferedError(f"measure {case.measure}")
    asked: dict[str, object] = {"level": level_of(case), "test": tested_by(case)}
    method = str(case.spec.get("method", "ML"))
    if method not in METHODS:
        raise NotOfferedError(f"method {method}")
    asked["method"] = METHODS[method]
    if case.measure in {"OR", "IRR"}:
        asked["model"] = str(case.spec.get("model") or "UM.FS")
    columns, moderators = _complete(_columns(case), _moderators(case))
    if moderators:
        asked["moderators"] = moderators
    fit = FITS[case.measure](*columns, **asked)
    return with_proof(case, fit, columns, _outputs(fit))


def _columns(case: Case) -> list[FloatArray]:
    if case.measure == "OR" and "bi" in case.inputs:
        known_inputs(case, {*CELLS, "mods"})
        a, b, c, d = (numbers(case.inputs[name]) for name in CELLS)
        return [a, a + b, c, c + d]
    if case.measure == "PLO" and "mi" in case.inputs:
        known_inputs(case, {"xi", "mi", "mods"})
        x, rest = (numbers(case.inputs[name]) for name in ("xi", "mi"))
        return [x, x + rest]
    known_inputs(case, {*INPUTS[case.measure], "mods"})
    return [numbers(case.inputs[name]) for name in INPUTS[case.measure]]


def _moderators(case: Case) -> dict[str, list[object]]:
    given = mapping(case.inputs.get("mods"))
    names = [str(name) for name in listed(case.spec.get("mod_names"))] or list(given)
    return {name: listed(given[name]) for name in names}


def _complete(
    columns: list[FloatArray], moderators: dict[str, list[object]]
) -> tuple[list[FloatArray], dict[str, list[object]]]:
    """The studies that have every moderator, as metafor keeps them."""
    known = np.ones(len(columns[0]), dtype=bool)
    for column in moderators.values():
        known &= np.array([value is not None for value in column])
    kept = np.flatnonzero(known)
    return [column[kept] for column in columns], {
        name: [column[row] for row in kept] for name, column in moderators.items()
    }


def _outputs(fit: GlmmResult) -> dict[str, Callable[[], object]]:
    found = fit.inference
    several = fit.k > 1
    return {
        "k": lambda: fit.k,
        "p": lambda: fit.p,
        "beta": lambda: fit.beta,
        "se": lambda: found.standard_errors,
        "stat": lambda: found.statistics,
        "ddf": lambda: fit.degrees_of_freedom,
        "pval": lambda: found.p_values,
        "ci.lb": lambda: found.low,
        "ci.ub": lambda: found.high,
        "vb": lambda: fit.covariance,
        "tau2": lambda: fit.tau2,
        "sigma2": lambda: fit.sigma2,
        "I2": lambda: percent(fit.i2),
        "H2": lambda: fit.h2,
        "QE.Wld": lambda: fit.q_wald if several else None,
        "QEp.Wld": lambda: fit.q_wald_p if several else None,
        "QE.LRT": lambda: fit.q_lrt if several else None,
        "QEp.LRT": lambda: fit.q_lrt_p if several else None,
        "QE.df": lambda: fit.q_df if several else None,
        "QM": lambda: fit.q_m,
        "QMp": lambda: fit.q_m_p,
        "ll": lambda: log_likelihood_of_metafor(fit),
        "predict": lambda: _predicted(fit),
    }


def _predicted(fit: GlmmResult) -> dict[str, object]:
    found = predicted(fit.predict())
    if fit.method == "ML" and fit.k <= 2:
        return found | {name: partial(not_offered, FEW) for name in ("pi.lb", "pi.ub")}
    return found


def log_likelihood_of_metafor(fit: GlmmResult) -> float:
    """What metafor prints as the log-likelihood, of which ours is only the exact and the Laplace ones.

    With one random effect it takes half of lme4's deviance() from the log-likelihood of the saturated model; lme4's
    deviance of a mixed model is that of the counts given the modes of the random effects. Model UM.RS by more than one
    point of the quadrature has lme4's logLik(), which then lacks the constants of the saturated model of the counts.
    """
    if fit.method == "common" and fit.model != "UM.RS":
        return fit.log_likelihood
    if fit.model == "UM.RS":
        constants = float(fit.design.rows().saturated()[2].sum())
        return fit.log_likelihood - (constants if fit.points > 1 else 0.0)
    exact = fit.model == "CM.EL" and fit.measure == "OR"
    return fit.log_likelihood if exact else fit.conditional_log_likelihood
