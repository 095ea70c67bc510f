"""Adapters of the kinds that are one or several fits of a univariate model: rma(), confint(), subgroups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from reference_cases import Case, number
from reference_compare import NotOfferedError, Outputs, not_offered
from reference_inputs import (
    Studies,
    known_arguments,
    known_inputs,
    level_of,
    listed,
    mapping,
    method_of,
    numbers,
    studies,
    tested_by,
)

from synth.synthesis import MetaAnalysis, common_effect, meta_regression, random_effects, subgroups

FIT_ARGUMENTS = ("method", "test", "level", "intercept", "weighted", "tau2")
FIT_INPUTS = frozenset({"yi", "vi", "mods", "weights", "ni"})
NAMES_OF_GROUPS = "names of groups as coefficients are each program's own"
# A column of ones that lies in the span of the moderators is met to rounding.
WITHOUT_CONSTANT = 1e-8
CRITERIA = {"ll": "log_likelihood", "dev": "deviance", "AIC": "aic", "BIC": "bic", "AICc": "aicc"}


def fit_of(case: Case, **others: object) -> MetaAnalysis:
    """The model that a case asks for.

    Parameters
    ----------
    case : Case
        With yi and vi, and mods, weights, ... where the model has them.
    **others
        Arguments that take the place of those of the case.
    """
    data = studies(case)
    asked = {"test": tested_by(case), "level": level_of(case), "weights": _weights(case, data)} | others
    method = asked.pop("method", method_of(case))
    tau2 = number(case.spec.get("tau2"))
    if data.moderators or case.spec.get("intercept") is False:
        intercept = case.spec.get("intercept", True) is not False
        _refuse_differences(data, intercept)
        return meta_regression(data.y, data.v, data.moderators, method=method, tau2=tau2, intercept=intercept, **asked)
    if method == "common":
        return common_effect(data.y, data.v, **asked)
    return random_effects(data.y, data.v, method=method, tau2=tau2, **asked)


def _refuse_differences(data: Studies, intercept: bool) -> None:
    """Refuse regressions in which metafor does what ours does not do, on purpose."""
    columns = [np.ones(len(data.y))] * intercept + [
        np.asarray(column) for column in data.moderators.values() if not isinstance(column[0], str)
    ]
    if not columns or len(columns) > len(data.y):
        return
    with np.errstate(all="ignore"):
        design = np.column_stack(columns)
        scaled = design / np.linalg.norm(design, axis=0)
    if not np.isfinite(scaled).all():
        return
    if np.linalg.matrix_rank(scaled) < len(columns):
        raise NotOfferedError("moderators that follow from each other: an error, where metafor leaves one out")
    constant = np.ones(len(data.y))
    if np.abs(constant - scaled @ np.linalg.lstsq(scaled, constant, rcond=None)[0]).max() > WITHOUT_CONSTANT:
        raise NotOfferedError("a regression without a constant: metafor takes the mean off the effects all the same")


def _weights(case: Case, data: Studies) -> object:
    if case.spec.get("weighted") is False:
        return "equal"
    return numbers(data.pick(case.inputs["weights"])) if case.inputs.get("weights") is not None else None


def univariate(case: Case) -> Outputs:
    """rma(): everything of one fit."""
    known_arguments(case, *FIT_ARGUMENTS)
    known_inputs(case, FIT_INPUTS)
    fit = fit_of(case)
    asked = mapping(case.outputs.get("predict_new")).get("newmods")
    others: dict[str, Callable[[], object]] = {}
    if not fit.r2 and fit.has_moderators and _nothing_to_explain(case):
        others["R2"] = lambda: not_offered("R2 where tau2 is 0 without the moderators: metafor gives 0 or rounding")
    new = {"predict_new": partial(predicted_at, fit, studies(case), asked)} if asked else {}
    return {**fitted_model(fit), **others, **new}


def _nothing_to_explain(case: Case) -> bool:
    """Whether tau2 is 0 without the moderators, so that they have nothing to explain."""
    if method_of(case) == "common" or case.spec.get("tau2") is not None or case.spec.get("intercept") is False:
        return False
    kept = {name: studies(case).pick(case.inputs[name]) for name in ("yi", "vi", "weights") if name in case.inputs}
    spec = {name: value for name, value in case.spec.items() if name != "mod_names"}
    return fit_of(replace(case, inputs=kept, spec=spec)).tau2 == 0


def fitted_model(fit: MetaAnalysis) -> dict[str, Callable[[], object]]:
    """metafor's names of everything that a fit holds."""
    return {
        "k": lambda: fit.k,
        "p": lambda: fit.p,
        "coef_names": lambda: _term_names(fit),
        "beta": lambda: fit.beta,
        "se": lambda: fit.standard_errors,
        "stat": lambda: fit.statistics,
        "ddf": lambda: [fit.degrees_of_freedom],
        "pval": lambda: fit.p_values,
        "ci.lb": lambda: fit.low,
        "ci.ub": lambda: fit.high,
        "vb": lambda: fit.covariance,
        "tau2": lambda: fit.tau2,
        "se.tau2": lambda: fit.tau2_se,
        "I2": lambda: percent(fit.i2),
        "H2": lambda: fit.h2,
        "R2": lambda: percent(fit.r2),
        "vt": lambda: fit.typical_variance,
        "s2w": lambda: fit.s2w,
        "fit.stats": lambda: _fit_statistics(fit),
        "confint_tau2": lambda: tau2_interval(fit, "generalised-q" if fit.method == "GENQ" else "q-profile"),
        "predict": lambda: predicted(fit.predict()),
        "predict_riley": lambda: predicted(fit.predict(prediction_method="riley")),
        "weights_pct": lambda: 100 * fit.weights,
        "fitted": lambda: fit.fitted,
        **_tests(fit),
    }


def _tests(fit: MetaAnalysis) -> dict[str, Callable[[], object]]:
    return {
        "QE": lambda: fit.q_e,
        "QE.df": lambda: fit.q_e_df,
        "QEp": lambda: fit.q_e_p,
        "QM": lambda: fit.q_m,
        "QM.df1": lambda: fit.q_m_df,
        "QM.df2": lambda: fit.q_m_df2,
        "QMp": lambda: fit.q_m_p,
    }


def percent(share: float | None) -> float | None:
    """A share in percent, as metafor gives it."""
    return None if share is None else 100 * share


def _term_names(fit: MetaAnalysis) -> list[str]:
    return ["intrcpt" if name == "intercept" else name for name in fit.names]


def _fit_statistics(fit: MetaAnalysis) -> dict[str, dict[str, object]]:
    found = fit.fit_statistics()
    return {kind: {theirs: getattr(found[kind], ours) for theirs, ours in CRITERIA.items()} for kind in ("ML", "REML")}


def tau2_interval(fit: MetaAnalysis, method: str) -> dict[str, list[object]]:
    """[estimate, lower, upper] of tau2 and of what follows from it, as confint() gives them."""
    found = fit.tau2_interval(method=method)
    tau2 = float(fit.tau2)
    return {
        "tau2": [tau2, *found.tau2],
        "tau": [tau2**0.5, *found.tau],
        "I2": [percent(fit.i2), *(percent(bound) for bound in found.i2)],
        "H2": [fit.h2, *found.h2],
    }


def predicted(found: object) -> dict[str, object]:
    """A prediction by metafor's names."""
    names = {
        "pred": "estimates",
        "se": "standard_errors",
        "ci.lb": "low",
        "ci.ub": "high",
        "pi.lb": "prediction_low",
        "pi.ub": "prediction_high",
    }
    return {theirs: np.atleast_1d(np.asarray(getattr(found, ours), dtype=float)) for theirs, ours in names.items()}


def predicted_at(fit: MetaAnalysis, data: Studies, newmods: object) -> dict[str, object]:
    """Predictions at rows of moderator values."""
    rows = [numbers(row) for row in listed(newmods)]
    columns = {name: np.array([row[position] for row in rows]) for position, name in enumerate(data.moderators)}
    return {"newmods": lambda: not_offered("an input of the prediction"), **predicted(fit.predict(columns))}


def profile_likelihood(case: Case) -> Outputs:
    """confint(type="PL")."""
    known_arguments(case, *FIT_ARGUMENTS, "type")
    known_inputs(case, FIT_INPUTS)
    if case.spec.get("type", "PL") != "PL":
        raise NotOfferedError(f"the interval {case.spec['type']}")
    fit = fit_of(case)
    return {"confint_tau2_PL": lambda: tau2_interval(fit, "profile-likelihood")}


def subgroup(case: Case) -> Outputs:
    """A fit for each group, the test between them, and one fit with a common tau2."""
    known_arguments(case, "method", "test", "level")
    known_inputs(case, {"yi", "vi", "group"})
    data = studies(case)
    groups = [str(group) for group in data.pick(case.inputs["group"])]
    asked = {"method": method_of(case), "test": tested_by(case), "level": level_of(case)}
    separate = subgroups(data.y, data.v, groups, **asked)
    common = meta_regression(data.y, data.v, {"group": groups}, **asked)
    return {
        "groups": lambda: {name: fitted_model(fit) for name, fit in separate.models.items()},
        "Q_between_separate_tau2": lambda: {
            "QM": separate.q_between,
            "df": separate.q_between_df,
            "QMp": separate.q_between_p,
        },
        "common_tau2": lambda: fitted_model(common) | {"coef_names": lambda: not_offered(NAMES_OF_GROUPS)},
    }
