"""Tests, criteria and shares of variance of a multilevel model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from synth.errors import MethodError
from synth.synthesis.fitting import wald_p
from synth.synthesis.linear import FloatArray, IntArray, as_floats, einsum, kept, sums_of_others
from synth.synthesis.model_tests import Criteria
from synth.synthesis.multilevel.likelihood import Solved

if TYPE_CHECKING:
    from synth.synthesis.multilevel.analysis import MultilevelAnalysis

#: Largest spread of a column within a group, over its largest value, that counts as none.
_SAME = 1e-12
#: Units from which shares of variance and prediction intervals mean something.
SPREAD_FROM = 3


def contained_degrees(design: FloatArray, groupings: Sequence[IntArray]) -> FloatArray:
    """Degrees of freedom of each coefficient by the level at which it is decided, shape (p,).

    A coefficient whose column is the same within every group of a random effect has the groups less p; the fewest where
    there are several such effects; n - p where there is none. At least 1.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    groupings : sequence of ndarray, shape (n,)
        Group of each estimate, for each random effect.
    """
    n, p = design.shape
    found = np.full(p, float(n - p))
    for codes in groupings:
        groups = int(codes.max()) + 1
        high, low = np.full((groups, p), -np.inf), np.full((groups, p), np.inf)
        np.maximum.at(high, codes, design)
        np.minimum.at(low, codes, design)
        scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
        constant = ((high - low) <= _SAME * scale).all(axis=0)
        found = np.where(constant, np.minimum(found, groups - p), found)
    return as_floats(np.maximum(found, 1.0))


def joint_test(
    beta: FloatArray, covariance: FloatArray, degrees: FloatArray | None, tested: Sequence[int]
) -> tuple[float, int | None, float]:
    """Wald test that coefficients are all 0: statistic, denominator's degrees of freedom, p value."""
    which = list(tested)
    errors = np.sqrt(np.diag(covariance))[which]
    correlation = covariance[np.ix_(which, which)] / errors[:, None] / errors
    try:
        root = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError as error:
        raise MethodError("the coefficients follow from each other but for rounding: there is no joint test") from error
    statistic = float(np.sum(np.linalg.solve(root, beta[which] / errors) ** 2))
    if degrees is None:
        return statistic, None, wald_p(statistic, len(which), np.inf)
    least = int(degrees[which].min())
    return statistic / len(which), least, wald_p(statistic / len(which), len(which), least)


def fit_statistics(model: MultilevelAnalysis) -> dict[Literal["ML", "REML"], Criteria]:
    """Criteria by both likelihoods (see `MultilevelAnalysis.fit_statistics`)."""
    solved, n, p, unit = model.maximum.solved, model.k, model.p, model.data_set.unit
    parameters = p + model.estimated
    full = -0.5 * (n * math.log(2 * math.pi * unit**2) + solved.log_determinant + solved.squares)
    saturated = -0.5 * (n * math.log(2 * math.pi * unit**2) + model.alone.log_determinant)
    restricted = (n - p) * math.log(2 * math.pi * unit**2) + solved.log_determinant + solved.squares
    restricted = -0.5 * (restricted + solved.log_information)
    return {
        "ML": _criteria(full, -2 * (full - saturated), parameters, n),
        "REML": _criteria(restricted, -2 * restricted, parameters, n - p),
    }


def _criteria(height: float, deviance: float, parameters: int, observations: int) -> Criteria:
    counted = max(observations, parameters + 2)
    penalty = parameters * math.log(observations) if observations > 0 else -math.inf
    return Criteria(
        log_likelihood=height,
        deviance=deviance,
        aic=-2 * height + 2 * parameters,
        bic=-2 * height + penalty,
        aicc=-2 * height + 2 * parameters * counted / (counted - parameters - 1),
        parameters=parameters,
    )


def typical_variance(model: MultilevelAnalysis) -> float | None:
    """The sampling variance of a typical estimate; None with as many coefficients as estimates, or without digits.

    Estimates less coefficients, over the trace of W - W X (X'W X)^-1 X'W with W the inverse sampling covariance: the
    typical variance of Higgins and Thompson (2002, Stat Med 21:1539-1558) for any model, as Viechtbauer has it
    (metafor-project.org, tips: I2 for multilevel and multivariate models).
    """
    if model.k <= model.p:
        return None
    if model.sampling.ndim == 1 and not model.has_moderators:
        # Sums over the others keep their digits however much one estimate outweighs them.
        weights = model.data_set.unit**2 / model.sampling
        trace = float(np.sum(weights * sums_of_others(weights[None])[0]) / weights.sum())
    else:
        trace = _trace(model.alone)
    return None if math.isnan(trace) else (model.k - model.p) / trace * model.data_set.unit**2


def _trace(alone: Solved) -> float:
    """Of W - W X (X'W X)^-1 X'W; NaN where the subtraction takes its digits."""
    whole = sum(float(einsum("bii->b", inverse).sum()) for inverse in alone.inverses)
    taken = sum(float(np.sum((weighted @ alone.covariance) * weighted)) for weighted in alone.weighted)
    return float(kept(np.array(whole - taken), np.array(whole)))


def shares(model: MultilevelAnalysis) -> dict[str, float] | None:
    """I2 of each level and of all (see `MultilevelAnalysis.i2`)."""
    typical = model.typical_variance if model.k_units >= SPREAD_FROM else None
    single = all(item.variances == 1 for item in model.random.structures)
    parts = dict(zip((level.name for level in model.random.levels), model.sigma2.tolist(), strict=True))
    if typical is None or not single:
        return None
    parts |= dict(zip((item.name for item in model.random.structures), model.tau2.tolist(), strict=True))
    total = sum(parts.values())
    return {name: value / (total + typical) for name, value in parts.items()} | {"total": total / (total + typical)}
