"""The adapter of rma.mv: multilevel and multivariate models."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from reference_cases import Case, number
from reference_compare import NotOfferedError, Outputs, not_offered
from reference_inputs import FloatArray, known_arguments, level_of, listed, mapping, numbers, studies, tested_by
from reference_likelihood import HIGHER
from reference_models import CRITERIA, predicted

from synth.synthesis.multilevel import Intercept, MultilevelAnalysis, Nested, Structured, multilevel

ARGUMENTS = ("random", "method", "test", "mods", "struct", "dfs", "level", "sigma2", "tau2", "rho", "intercept")
# Arguments of rma.mv() that change the model and may stand among the inputs.
CHANGE_THE_MODEL = frozenset({"W", "R", "Rscale", "subset", "weights"})
FACTOR = re.compile(r"^(?:as\.)?factor\((.+)\)$")
CENTRED = re.compile(r"^(?:I\()?\s*([\w.]+)\s*-\s*mean\(\s*([\w.]+)\s*\)\s*\)?$")
NAME = re.compile(r"^[\w.]+$")
NO_CORRELATION = "a correlation beside a variance of 0, which nothing determines: metafor's is where its search ended"
BELOW_RANGE = "metafor's correlation is below what so many effects of one unit can have: its matrix is no covariance"
REASON = "metafor ends at a lower likelihood: its components are a local maximum"
HOW_RUN = "how metafor was run, no result"
ROUNDING = 1e-6
# A log-likelihood at printed components may differ so much, relative, from the one printed.
PRINTED = 1e-6
Held = dict[str, list[float | None]]
RandomTerm = Intercept | Nested | Structured


def multivariate(case: Case) -> Outputs:
    """rma.mv() and what follows from it."""
    known_arguments(case, *ARGUMENTS)
    strange = CHANGE_THE_MODEL & set(case.inputs)
    if strange:
        raise NotOfferedError(f"input {', '.join(sorted(strange))}")
    fit, terms = _fit(case)
    _refuse_impossible(case, fit)
    _refuse_lower_maximum(case, fit)
    return {
        **_coefficients(fit, terms),
        **_components(fit),
        **_criteria(fit),
        "predict": lambda: predicted(fit.predict()),
        "ranef": lambda: _effects(fit),
        "M": lambda: fit.marginal_covariance,
        "optimizer_rel.tol": lambda: not_offered(HOW_RUN),
    }


def _fit(case: Case, fixed: Held | None = None) -> tuple[MultilevelAnalysis, list[str]]:
    data = studies(case)
    columns = {
        name: data.pick(column)
        for name, column in case.inputs.items()
        if isinstance(column, list) and name not in ("yi", "vi", "V", "mods")
    }
    terms, moderators, intercept = _moderators(case, columns | data.moderators)
    whole = case.inputs.get("V")
    sampling: FloatArray = data.v
    if whole is not None:
        rows = [numbers(row) for row in listed(whole)]
        sampling = np.array(rows)[np.ix_(data.kept, data.kept)]
    fit = multilevel(
        data.y,
        sampling,
        random=_random(case),
        columns=columns,
        moderators=moderators or None,
        intercept=intercept,
        method=_method(case),
        test=_test(case),
        degrees=_degrees(case),
        level=level_of(case),
        fixed=_fixed(case) if fixed is None else fixed,
    )
    return fit, ["intrcpt"] * intercept + terms


def _refuse_impossible(case: Case, fit: MultilevelAnalysis) -> None:
    """Refuse a case in which metafor gives effects of one unit correlations that no effects can have."""
    for structure, name in zip(fit.random.structures, ("rho", "phi"), strict=False):
        values = numbers(case.outputs.get(name))
        if structure.kind in ("CS", "HCS") and structure.correlated and (values < structure.least - ROUNDING).any():
            raise NotOfferedError(BELOW_RANGE)


def _refuse_lower_maximum(case: Case, fit: MultilevelAnalysis) -> None:
    """Refuse a case in which metafor stopped at a lower likelihood than ours.

    Both are computed apart, by dense formulas, ours and metafor's at its own components; where metafor's is not what it
    printed, nothing is proved and the case is compared.
    """
    theirs = number(case.outputs.get("ll"))
    if theirs is None:
        return
    held = _components_of_metafor(case, fit)
    ours = _dense(fit)
    if held is None or ours is None or ours <= theirs + HIGHER:
        return
    there = _dense(_fit(case, held)[0])
    if there is not None and abs(there - theirs) <= PRINTED * max(1.0, abs(theirs)):
        raise NotOfferedError(REASON)


def _components_of_metafor(case: Case, fit: MultilevelAnalysis) -> Held | None:
    """Values of the components that metafor printed, in our order; None where it printed others or none."""
    names = {"sigma2": ("sigma2",), "tau2": ("tau2", "gamma2"), "rho": ("rho", "phi")}
    held: Held = {}
    for kind, outputs in names.items():
        found: list[float | None] = []
        for place, name in enumerate(outputs):
            own = [item for item in fit.components if item.kind == kind and item.structure in (None, place)]
            values = numbers(case.outputs.get(name)) if own else np.empty(0)
            if len(values) != len(own) or not np.isfinite(values).all():
                return None
            found += values.tolist()
        if found:
            held[kind] = found
    return held


def _dense(fit: MultilevelAnalysis) -> float | None:
    sampling = np.diag(fit.sampling) if fit.sampling.ndim == 1 else fit.sampling
    effects = np.linalg.eigvalsh(fit.marginal_covariance - sampling)
    if effects[0] < -ROUNDING * max(effects[-1], 1.0):
        return None
    return log_likelihood(fit.estimates, fit.marginal_covariance, fit.design, restricted=fit.method == "REML")


def log_likelihood(y: FloatArray, total: FloatArray, x: FloatArray, *, restricted: bool) -> float:
    """Log-likelihood of estimates with a covariance, by dense formulas that owe nothing to the package.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Estimates.
    total : ndarray, shape (n, n)
        Their covariance, sampling and random effects.
    x : ndarray, shape (n, p)
        Columns of the model.
    restricted : bool
        Whether it is the restricted likelihood, with the term of x'x as metafor has it.
    """
    inverse = np.linalg.inv(total)
    information = x.T @ inverse @ x
    left = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    value = len(y) * np.log(2 * np.pi) + np.linalg.slogdet(total)[1] + left @ inverse @ left
    if restricted:
        value += np.linalg.slogdet(information)[1] - np.linalg.slogdet(x.T @ x)[1] - x.shape[1] * np.log(2 * np.pi)
    return float(-value / 2)


def _method(case: Case) -> str:
    method = str(case.spec.get("method", "REML"))
    if method not in ("REML", "ML"):
        raise NotOfferedError(f"method {method} of rma.mv")
    return method


def _test(case: Case) -> str:
    """metafor's "contain" goes with the t distribution, whatever the test is said to be."""
    test = "t" if case.spec.get("dfs") == "contain" else tested_by(case)
    if test not in ("normal", "t"):
        raise NotOfferedError(f"test {case.spec.get('test')} of rma.mv")
    return test


def _degrees(case: Case) -> str:
    degrees = case.spec.get("dfs") or "residual"
    if degrees not in ("residual", "contain"):
        raise NotOfferedError("degrees of freedom of the analyst's own")
    return str(degrees)


def _fixed(case: Case) -> Held:
    asked = {name: case.spec.get(name) for name in ("sigma2", "tau2", "rho")}
    return {name: [number(value) for value in listed(given)] for name, given in asked.items() if given is not None}


def _random(case: Case) -> list[RandomTerm]:
    structs = [str(item) for item in listed(case.spec.get("struct"))] or ["CS"]
    found: list[RandomTerm] = []
    place = 0
    for formula in _formulas(case.spec.get("random")):
        left, _, right = formula.removeprefix("~").partition("|")
        outer = [_column(item) for item in right.split("/")]
        if left == "1":
            found.append(Nested(*outer) if len(outer) > 1 else Intercept(outer[0]))
            continue
        if len(outer) > 1:
            raise NotOfferedError(f"random effects {formula}")
        found.append(Structured(_column(left), outer[0], structs[min(place, len(structs) - 1)]))
        place += 1
    return found


def _formulas(given: object) -> list[str]:
    texts = [str(item) for item in listed(given)]
    whole = [text.strip() for text in texts]
    if len(whole) == 1 and whole[0].startswith("list("):
        whole = whole[0][len("list(") : -1].split(",")
    return [re.sub(r"\s+", "", text) for text in whole]


def _column(text: str) -> str:
    found = FACTOR.match(text)
    name = found.group(1) if found else text
    if not NAME.match(name):
        raise NotOfferedError(f"random effects of {text}")
    return name


def _moderators(case: Case, columns: Mapping[str, list[object]]) -> tuple[list[str], dict[str, list[object]], bool]:
    """metafor's names of the coefficients, the columns, and whether there is an intercept."""
    asked = case.spec.get("mods")
    intercept = case.spec.get("intercept") is not False
    if asked is None:
        names = list(mapping(case.inputs.get("mods")))
        return names, {name: columns[name] for name in names}, intercept
    texts = [str(item).strip().removeprefix("~").strip() for item in listed(asked)]
    pieces = [piece.strip() for text in texts for piece in text.split("+")]
    if pieces and pieces[-1].replace(" ", "").endswith("-1") and not pieces[-1].startswith("I("):
        pieces[-1] = re.sub(r"\s*-\s*1$", "", pieces[-1])
        intercept = False
    terms: list[str] = []
    found: dict[str, list[object]] = {}
    for piece in pieces:
        centred = CENTRED.match(piece)
        if centred and centred.group(1) == centred.group(2):
            values = numbers(columns[centred.group(1)])
            name = f"I({centred.group(1)} - mean({centred.group(1)}))"
            found[name] = list(values - values.mean())
        elif NAME.match(piece) and piece in columns and not isinstance(columns[piece][0], str):
            name = piece
            found[name] = columns[piece]
        else:
            raise NotOfferedError(f"moderators {piece}")
        terms.append(name)
    return terms, found, intercept


def _coefficients(fit: MultilevelAnalysis, terms: list[str]) -> dict[str, Callable[[], object]]:
    degrees = fit.degrees_of_freedom
    return {
        "k": lambda: fit.k,
        "p": lambda: fit.p,
        "coef_names": lambda: terms,
        "beta": lambda: fit.beta,
        "se": lambda: fit.standard_errors,
        "stat": lambda: fit.statistics,
        "ddf": lambda: [None] * fit.p if degrees is None else degrees,
        "pval": lambda: fit.p_values,
        "ci.lb": lambda: fit.low,
        "ci.ub": lambda: fit.high,
        "vb": lambda: fit.covariance,
        "QE": lambda: fit.q_e,
        "QE.df": lambda: fit.q_e_df,
        "QEp": lambda: fit.q_e_p,
        "QM": lambda: fit.q_m,
        "QM.df1": lambda: fit.q_m_df,
        "QM.df2": lambda: fit.q_m_df2,
        "QMp": lambda: fit.q_m_p,
    }


def _components(fit: MultilevelAnalysis) -> dict[str, Callable[[], object]]:
    """Components and their intervals; metafor has a 0 where a model has none, and gamma2 and phi for a second term."""
    names = (("tau2", "rho"), ("gamma2", "phi"))
    found: dict[str, Callable[[], object]] = {
        "sigma2": lambda: fit.sigma2 if len(fit.sigma2) else [0.0],
        "confint_sigma2": partial(_intervals, fit, "sigma2", None),
    }
    for place, (variances, correlations) in enumerate(names):
        found[variances] = partial(_values, fit, "tau2", place)
        found[correlations] = partial(_values, fit, "rho", place)
        found[f"confint_{variances}"] = partial(_intervals, fit, "tau2", place)
        found[f"confint_{correlations}"] = partial(_intervals, fit, "rho", place)
    return found


def _values(fit: MultilevelAnalysis, kind: str, structure: int) -> list[object]:
    own = [item for item in fit.components if item.kind == kind and item.structure == structure]
    found = [fit.component(item) for item in own]
    return [partial(not_offered, NO_CORRELATION) if np.isnan(value) else value for value in found] or [0.0]


def _intervals(fit: MultilevelAnalysis, kind: str, structure: int | None) -> list[list[float]]:
    own = [item.name for item in fit.components if item.kind == kind and item.structure == structure]
    found = [item for item in fit.component_intervals() if item.kind == kind and item.name in own]
    return [[item.estimate, item.low, item.high] for item in found]


def _criteria(fit: MultilevelAnalysis) -> dict[str, Callable[[], object]]:
    own = fit.fit_statistics()
    both = {kind: {theirs: getattr(own[kind], ours) for theirs, ours in CRITERIA.items()} for kind in ("ML", "REML")}
    found: dict[str, Callable[[], object]] = {"fit.stats": lambda: both}
    for theirs in ("ll", "AIC", "BIC", "AICc"):
        found[theirs] = partial(both[fit.method].__getitem__, theirs)
    return found


def _effects(fit: MultilevelAnalysis) -> dict[str, dict[str, object]]:
    names = {"intrcpt": "estimates", "se": "standard_errors", "pi.lb": "prediction_low", "pi.ub": "prediction_high"}
    return {
        unit: {theirs: getattr(found, ours) for theirs, ours in names.items()} for unit, found in fit.blup().items()
    }
