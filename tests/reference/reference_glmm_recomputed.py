"""Where metafor's generalised linear mixed model stops early: a difference that a second computation explains.

The README gives tolerances for estimates (1e-3) and tau2 (1e-2), "lme4's and nlminb's own". What follows from them - a
bound near 0, a p value far out - and lme4's standard errors can be further off. A value outside its tolerance is left
out only if the same likelihood, in the code of `reference_glmm_proof`, which owes the package nothing, has its maximum
at our value and is not higher at metafor's, nor at any maximum that other starts lead to. A standard error, limit or
statistic further than `FARTHEST` from metafor's is excused by nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from reference_cases import Case, number
from reference_compare import Compared, Outputs, compare, not_offered
from reference_glmm_proof import (
    Counts,
    Found,
    Likelihood,
    informative,
    likelihood,
    maximum,
    starts,
    wald_between,
    wald_closed,
    wald_exact,
)
from reference_inputs import FloatArray, numbers
from reference_rules import rules_of
from scipy import optimize, stats

from synth.synthesis.glmm import GlmmResult

REASON = "metafor stops early, or its second derivatives fail: by independent code our value is at the maximum"
# How closely ours and the independent values must agree, relative to the larger one or to the standard error.
AGREED = 2e-5
# A likelihood is higher from this on.
HIGHER = 1e-7
# What may be excused at all, as a share of metafor's value, and of which outputs: p values far out know no bounds.
FARTHEST = 0.25
CAPPED = {"se", "stat", "ci.lb", "ci.ub", "pi.lb", "pi.ub", "vb", "QE.Wld", "QM"}
# A standard deviation of random effects to start from, beside those of the fit.
FURTHER_START = 0.3
# A sum of squares that is 0 but for rounding.
ROUNDING = 1e-18


def with_proof(case: Case, fit: GlmmResult, columns: list[FloatArray], outputs: Outputs) -> Outputs:
    """The outputs, each of which says that it is not compared where the second computation proves metafor's wrong."""
    if case.status != "ok":
        return outputs
    again = cache(lambda: _again(case, fit, columns))
    return {name: _guarded(case, name, value, again) for name, value in outputs.items()}


def _guarded(
    case: Case, name: str, value: Callable[[], object], again: Callable[[], Mapping[str, object]]
) -> Callable[[], object]:
    def guarded() -> object:
        ours = value()
        theirs = case.outputs[name]
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return {
                key: _judged(case, f"{name}/{key}", item, theirs.get(key), again)
                if key in theirs and not callable(item)
                else item
                for key, item in ours.items()
            }
        judged = _judged(case, name, ours, theirs, again)
        return judged()

    return guarded


def _judged(
    case: Case, path: str, ours: object, theirs: object, again: Callable[[], Mapping[str, object]]
) -> Callable[[], object]:
    def judged() -> object:
        found = [item for item in compare(path, lambda: ours, theirs, rules_of(case)) if isinstance(item, Compared)]
        if all(item.agrees for item in found):
            return ours
        expected = again().get(path) if _near(path, ours, theirs) else None
        return not_offered(REASON) if expected is not None and _same(ours, expected) else ours

    return judged


def _near(path: str, ours: object, theirs: object) -> bool:
    """Whether a difference from metafor's value is small enough for the excuse of an early stop."""
    name = path.rsplit("/", 1)[-1]
    if name not in CAPPED:
        return True
    one, other = np.ravel(np.array(ours, dtype=float)), np.ravel(np.array(theirs, dtype=float))
    if one.shape != other.shape:
        return False
    # A limit near 0 is a difference of larger numbers.
    least = 0.1 if name[:2] in {"ci", "pi"} else 0.0
    return bool((np.abs(one - other) <= FARTHEST * np.maximum(np.abs(other), least)).all())


def _same(ours: object, expected: object) -> bool:
    one, other = np.atleast_1d(np.asarray(ours, float)), np.atleast_1d(np.asarray(expected, float))
    if one.shape != other.shape or not np.isfinite(one).all():
        return False
    size = np.maximum(np.abs(one), np.abs(other))
    # A bound near 0 has the digits of the numbers that it is a difference of, which are of the size of 1.
    return bool((np.abs(one - other) <= AGREED * np.maximum(size, 0.1 * (size > 1e-6))).all())


def _again(case: Case, fit: GlmmResult, columns: list[FloatArray]) -> Mapping[str, object]:
    """Everything that follows from the maximum of the second computation, by metafor's names."""
    counts = _counts(fit, columns)
    random = fit.method == "ML" and fit.k > fit.p
    ours = starts(counts, fit.model, random, fit.beta, fit.sigma2 or 0.0, fit.tau2)
    theirs = starts(
        counts,
        fit.model,
        random,
        numbers(case.outputs.get("beta")),
        number(case.outputs.get("sigma2")) or 0.0,
        number(case.outputs.get("tau2")) or 0.0,
    )
    found = _proven(counts, fit.model, random, ours, theirs)
    result: dict[str, object] = {}
    if found is not None:
        result |= _derived(case, fit, found)
    if fit.model == "UM.RS":
        wald = wald_between(counts, 1 if random else 7)
    elif fit.model == "CM.EL" and counts.binomial:
        wald = wald_exact(counts)
    else:
        wald = wald_closed(counts, fit.model in {"CM.AL", "CM.EL"})
    # One informative study more than coefficients, or fewer, leaves nothing but rounding.
    wald = wald if wald > ROUNDING else 0.0
    return result | {"QE.Wld": wald, "QEp.Wld": float(stats.chi2.sf(wald, fit.k - fit.p))}


def _counts(fit: GlmmResult, columns: list[FloatArray]) -> Counts:
    arms = len(columns) // 2
    x = np.column_stack(columns[0 : 2 * arms : 2])
    size = np.column_stack(columns[1 : 2 * arms : 2])
    moderators = np.full((len(x), fit.p), np.nan)
    moderators[fit.design.data.kept] = fit.moderators.columns
    return informative(Counts(x, size, fit.measure in {"PLO", "OR"}, moderators))


def _proven(counts: Counts, model: str | None, random: bool, ours: FloatArray, theirs: FloatArray) -> Found | None:
    """The maximum next to our estimates; None where ours are none, or the likelihood is higher anywhere else known."""
    found = _maximum(counts, model, random, ours)
    if found is None:
        return None
    p = counts.columns.shape[1]
    others = [theirs]
    for place in range(p + (model == "UM.RS"), len(ours)):
        others.append(ours.copy())
        others[-1][place] = FURTHER_START
    ends = [_maximum(counts, model, random, start) for start in others]
    tops = [end.log_likelihood for end in ends if end is not None]
    value = likelihood(counts, model, random)
    own, other = (value(_constant_out(value, point, p) if model == "UM.RS" else point) for point in (ours, theirs))
    return found if own >= max([found.log_likelihood, other, *tops]) - HIGHER else None


def _constant_out(value: Likelihood, point: FloatArray, place: int) -> FloatArray:
    """The point with the constant of UM.RS, which metafor does not put out, where it makes the likelihood largest."""

    def moved(constant: float) -> FloatArray:
        result = point.copy()
        result[place] = constant
        return result

    here = float(point[place])
    best = optimize.minimize_scalar(lambda at: -value(moved(float(at))), bracket=(here - 0.1, here + 0.1), tol=1e-8)
    return moved(float(best.x))


def _maximum(counts: Counts, model: str | None, random: bool, start: FloatArray) -> Found | None:
    """None where a start leads nowhere: then there is no proof."""
    try:
        with np.errstate(all="ignore"):
            found = maximum(counts, model, random, start)
    except np.linalg.LinAlgError:
        return None
    return found if np.isfinite(found.errors).all() and np.isfinite(found.log_likelihood) else None


def _derived(case: Case, fit: GlmmResult, found: Found) -> dict[str, object]:
    degrees = fit.k - fit.p
    distribution = stats.t(degrees) if case.spec.get("test") == "t" else stats.norm()
    critical = distribution.isf((1 - fit.level) / 2)
    z = found.beta / found.errors
    result: dict[str, object] = {
        "beta": found.beta,
        "se": found.errors,
        "stat": z,
        "pval": 2 * distribution.sf(np.abs(z)),
        "ci.lb": found.beta - critical * found.errors,
        "ci.ub": found.beta + critical * found.errors,
        "tau2": found.tau2,
        "sigma2": found.sigma2,
    }
    tested = list(fit.moderators.tested)
    squares = float(found.beta[tested] @ np.linalg.solve(found.covariance[np.ix_(tested, tested)], found.beta[tested]))
    if case.spec.get("test") == "t":
        result |= {"QM": squares / len(tested), "QMp": stats.f.sf(squares / len(tested), len(tested), degrees)}
    else:
        result |= {"QM": squares, "QMp": stats.chi2.sf(squares, len(tested))}
    rows = fit.moderators.columns if fit.has_moderators else np.ones((1, 1))
    fitted, variances = rows @ found.beta, ((rows @ found.covariance) * rows).sum(axis=1)
    margin, width = critical * np.sqrt(variances), critical * np.sqrt(variances + found.tau2)
    result |= {"predict/pred": fitted, "predict/se": np.sqrt(variances)}
    result |= {"predict/ci.lb": fitted - margin, "predict/ci.ub": fitted + margin}
    result |= {"predict/pi.lb": fitted - width, "predict/pi.ub": fitted + width}
    theirs, share = number(case.outputs.get("tau2")), number(case.outputs.get("I2"))
    if theirs and share:
        # metafor's own typical variance, which its tau2 and I2 give.
        typical = theirs * (100 - share) / share
        result |= {"I2": 100 * found.tau2 / (found.tau2 + typical), "H2": 1 + found.tau2 / typical}
    return result
