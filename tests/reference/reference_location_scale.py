"""Adapter of location-scale models: rma() with scale.

metafor's search stops where the likelihood changes little, and its second derivatives are by differences. Where a value
does not agree, the likelihood is therefore computed here, by a formula that owes nothing to the package and in extended
precision: if ours is higher, a value that moves with the scale coefficients is rough and is not compared; if a standard
error by differences here is ours and not metafor's, those that rest on it are not. `ROUGHEST` is the largest difference
of a value for which that counts as a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from reference_cases import Case
from reference_compare import NotOfferedError, Outputs, difference, not_offered
from reference_inputs import known_arguments, known_inputs, level_of, listed, mapping, numbers, studies
from reference_rules import rules_of

from synth.synthesis.location_scale import LocationScale
from synth.synthesis.location_scale import location_scale as fitted

FloatArray = NDArray[np.float64]
ROUGHEST, LOWER, DIFFERENCES = 2e-3, 1e-13, 1e-5
LOW = "metafor's search stopped early: the likelihood at its own scale coefficients is lower than at ours"
BENT = "metafor's second derivatives are rough: differences of the likelihood give our standard errors"
# What moves with the scale coefficients, and what rests on their second derivatives too.
CURVED = ("se.alpha", "QS", "QSp")
MOVED = ("alpha", "tau2", "beta", "se", "stat", "pval", "ci.lb", "ci.ub", "vb", "QM", "QMp")
TESTS = {"z": "normal", "t": "t"}


def location_scale(case: Case) -> Outputs:
    """rma(scale=).

    Where the scale is given as a matrix metafor adds no intercept to it, and the case does not say how it was given:
    the number of its coefficients tells.
    """
    known_arguments(case, "method", "test", "link", "level", "intercept")
    known_inputs(case, {"yi", "vi", "mods", "scale"})
    test = str(case.spec.get("test", "z"))
    if test not in TESTS or case.spec.get("method", "REML") not in {"ML", "REML"}:
        raise NotOfferedError(f"a location-scale model with test {test} and method {case.spec.get('method')}")
    data = studies(case)
    columns = {name: numbers(data.pick(column)) for name, column in mapping(case.inputs.get("scale")).items()}
    alone = len(listed(case.outputs.get("alpha"))) == len(columns)
    found = fitted(
        data.y,
        data.v,
        location=data.moderators or None,
        scale=columns or None,
        intercept=case.spec.get("intercept", True) is not False,
        scale_intercept=not (columns and alone),
        link=str(case.spec.get("link", "log")),
        method=str(case.spec.get("method", "REML")),
        test=TESTS[test],
        level=level_of(case),
    )
    outputs = _outputs(found)
    by_name = {name: partial(_compared, case, found, name, value) for name, value in outputs.items()}
    return {**outputs, **{name: by_name[name] for name in (*MOVED, *CURVED)}}


def _outputs(found: LocationScale) -> dict[str, Callable[[], object]]:
    return {
        "beta": lambda: found.beta,
        "se": lambda: found.standard_errors,
        "stat": lambda: found.statistics,
        "pval": lambda: found.p_values,
        "ci.lb": lambda: found.low,
        "ci.ub": lambda: found.high,
        "vb": lambda: found.covariance,
        "alpha": lambda: found.alpha,
        "se.alpha": lambda: found.alpha_standard_errors,
        "tau2": lambda: found.tau2,
        "QE": lambda: found.q_e,
        "QE.df": lambda: found.q_e_df,
        "QEp": lambda: found.q_e_p,
        "QM": lambda: found.location_test.statistic,
        "QMp": lambda: found.location_test.p_value,
        "QS": lambda: found.scale_test.statistic,
        "QSp": lambda: found.scale_test.p_value,
        "ll": lambda: found.log_likelihood,
    }


def _compared(case: Case, found: LocationScale, name: str, value: Callable[[], object]) -> object:
    """Our value of an output, but where metafor's is rough by its own criterion."""
    ours, metafor = np.ravel(np.array(value(), dtype=float)), numbers(listed(case.outputs.get(name)))
    if len(ours) != len(metafor):
        return value()
    known = ~np.isnan(metafor)
    apart = max((difference(*pair) for pair in zip(ours[known], metafor[known], strict=True)), default=0.0)
    # A tau2 of 0 has no relative difference: the largest of all studies stands for the scale.
    size = float(np.abs(metafor[known]).max(initial=0.0))
    near = float(np.abs(ours[known] - metafor[known]).max(initial=0.0)) <= ROUGHEST * size
    if apart <= rules_of(case).relative or not near:
        return value()
    alpha = np.asarray(found.alpha, dtype=np.longdouble)
    theirs = np.asarray(numbers(listed(case.outputs.get("alpha"))), dtype=np.longdouble)
    if len(theirs) == len(alpha) and height(found, alpha) > height(found, theirs) + LOWER:
        not_offered(LOW)
    errors = numbers(listed(case.outputs.get("se.alpha")))
    known_curvature = not np.isnan(found.alpha_covariance).any()
    if name in CURVED and known_curvature and len(errors) == len(alpha) and _differences_are_ours(found, errors):
        not_offered(BENT)
    return value()


def _differences_are_ours(found: LocationScale, errors: FloatArray) -> bool:
    """Whether standard errors by differences of the likelihood are ours, and nearer to ours than to metafor's."""
    steps = np.diag(found.alpha_standard_errors * 3e-4)
    alpha = np.asarray(found.alpha, dtype=np.longdouble)
    size = len(alpha)
    second = np.empty((size, size))
    for i, j in np.ndindex(size, size):
        corners = [height(found, alpha + a * steps[i] + b * steps[j]) * a * b for a in (1, -1) for b in (1, -1)]
        second[i, j] = float(sum(corners)) / (4 * steps[i, i] * steps[j, j])
    plain = np.sqrt(np.diag(np.linalg.inv(-second)))
    ours, theirs = (float(np.max(np.abs(plain / values - 1))) for values in (found.alpha_standard_errors, errors))
    return ours < DIFFERENCES and theirs > 2 * ours


def height(found: LocationScale, alpha: NDArray[np.longdouble]) -> float:
    """Log-likelihood, but for a constant, at scale coefficients, profiled over the others, in extended precision."""
    X, y = found.location.columns.astype(np.longdouble), found.estimates.astype(np.longdouble)
    predictor = found.scale.columns.astype(np.longdouble) @ alpha
    tau2 = np.exp(predictor) if found.link == "log" else predictor
    if (tau2 < -1e-9 * found.variances.min()).any():
        return -np.inf
    weights = 1 / (found.variances.astype(np.longdouble) + np.maximum(tau2, 0))
    # By Gram and Schmidt, since no library has a decomposition in extended precision.
    root, squares, rest = np.sqrt(weights), np.longdouble(0), np.sqrt(weights) * y
    rows: list[NDArray[np.longdouble]] = []
    for column in X.T:
        row = root * column
        for other in rows * 2:
            row = row - (row @ other) * other
        squares += np.log(row @ row)
        rows.append(row / np.sqrt(row @ row))
        rest = rest - (rest @ rows[-1]) * rows[-1]
    value = np.log(weights).sum() - rest @ rest - (squares if found.method == "REML" else 0)
    return value / 2
