"""The maximum of a selection model's likelihood: from several starts, and then to the last digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from synth.synthesis.linear import BoolArray, FloatArray, as_floats
from synth.synthesis.selection.likelihood import Likelihood, Value

#: Differences of log-likelihoods that are none.
_SAME = 1e-6
#: How much higher the likelihood may still be, by its slope and curvature, where it counts as flat: a distance of about
#: one part in 100,000 of a standard error.
_FLAT = 1e-10
#: Share of the largest curvature below which a direction has none.
_STRAIGHT = 1e-10
_NEWTON_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """What is free in a selection model.

    Attributes
    ----------
    likelihood : Likelihood
        In a unit in which sampling variances are about 1.
    free : ndarray of bool, shape (m,)
        Which of the coefficients, tau2 and the deltas are estimated.
    fixed : ndarray, shape (m,)
        Values of the others.
    lowest, highest : ndarray, shape (d,)
        Bounds of the deltas.
    """

    likelihood: Likelihood
    free: BoolArray
    fixed: FloatArray
    lowest: FloatArray
    highest: FloatArray

    @property
    def p(self) -> int:
        """Coefficients."""
        return int(self.likelihood.design.shape[1])

    def value(self, point: FloatArray, *, curved: bool = True) -> Value:
        """The log-likelihood at coefficients, tau2 and deltas."""
        return self.likelihood.at(point[: self.p], float(point[self.p]), point[self.p + 1 :], curved=curved)

    def inside(self, working: FloatArray) -> FloatArray:
        """Coefficients, tau2 and deltas from the working parameters, in which deltas are logarithms."""
        point = working.copy()
        point[self.p + 1 :] = np.exp(working[self.p + 1 :])
        return as_floats(np.where(self.free, point, self.fixed))

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Of the working parameters."""
        far = np.full(self.p, np.inf)
        low, high = np.log(self.lowest), np.log(self.highest)
        return np.concatenate([-far, [0.0], low]), np.concatenate([far, [np.inf], high])

    def working_value(self, working: FloatArray, *, curved: bool = True) -> tuple[Value, FloatArray]:
        """The log-likelihood with derivatives by the working parameters; and the point itself."""
        point = self.inside(working)
        found = self.value(point, curved=curved)
        chain = np.ones(len(point))
        chain[self.p + 1 :] = point[self.p + 1 :]
        curvature = found.curvature * chain[:, None] * chain[None, :]
        bent = np.zeros(len(point))
        bent[self.p + 1 :] = found.gradient[self.p + 1 :] * point[self.p + 1 :]
        return Value(found.height, found.gradient * chain, curvature + np.diag(bent)), point


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where the likelihood is highest.

    Attributes
    ----------
    point : ndarray, shape (m,)
        Coefficients, tau2 and deltas.
    value : Value
        There, by these parameters themselves.
    inner : ndarray of bool, shape (m,)
        Parameters that were estimated and do not lie on a bound.
    converged : bool
        Whether the slope by every inner parameter is 0, and no bound can be left uphill.
    several : bool
        Whether other starts ended on another, lower maximum.
    """

    point: FloatArray
    value: Value
    inner: BoolArray
    converged: bool
    several: bool


def maximise(problem: Problem, starts: Sequence[FloatArray]) -> Maximum:
    """The highest of the maxima that the starts lead to.

    Parameters
    ----------
    problem : Problem
    starts : sequence of ndarray, shape (m,)
        Coefficients, tau2 and deltas.
    """
    ends = [_ended(problem, _climb(problem, start)) for start in starts]
    heights = [end.value.height for end in ends]
    top = max(heights)
    # Of the starts that reach the top, one that stopped where it is flat.
    level = [end for end, height in zip(ends, heights, strict=True) if height > top - _SAME]
    best = next((end for end in level if end.converged), level[0])
    several = any(end.converged and end.value.height < top - _SAME for end in ends)
    return replace(best, several=several)


def _climb(problem: Problem, start: FloatArray) -> FloatArray:
    low, high = problem.bounds
    working = start.copy()
    working[problem.p + 1 :] = np.log(np.maximum(start[problem.p + 1 :], 1e-300))
    free = problem.free
    working = np.where(free, np.clip(working, low, high), 0.0)

    def downhill(values: FloatArray) -> tuple[float, FloatArray]:
        whole = working.copy()
        whole[free] = values
        found, _ = problem.working_value(whole, curved=False)
        if not np.isfinite(found.height):
            return 1e10, np.zeros(len(values))
        return -found.height, -found.gradient[free]

    if not free.any():
        return working
    bounds = list(zip(low[free], high[free], strict=True))
    result = minimize(
        downhill, working[free], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-15}
    )
    working[free] = result.x
    return _polish(problem, working)


def _polish(problem: Problem, working: FloatArray) -> FloatArray:
    """Newton's steps within the bounds, each of them uphill."""
    low, high = problem.bounds
    for _ in range(_NEWTON_STEPS):
        found, _ = problem.working_value(working)
        inner = _inner(problem, working, found.gradient)
        step, rise = newton_step(found.gradient[inner], found.curvature[np.ix_(inner, inner)])
        if rise < _FLAT / 1e4:
            break
        for halving in range(40):
            trial = working.copy()
            trial[inner] += step * 0.5**halving
            trial = np.clip(trial, low, high)
            if problem.working_value(trial, curved=False)[0].height > found.height:
                working = trial
                break
        else:
            break
    return working


def newton_step(gradient: FloatArray, curvature: FloatArray) -> tuple[FloatArray, float]:
    """A step uphill, also where the likelihood is not concave, and how much higher it should lead."""
    if not len(gradient):
        return gradient, 0.0
    values, vectors = np.linalg.eigh(-curvature)
    sizes = np.maximum(np.abs(values), _STRAIGHT * max(float(np.abs(values).max()), 1e-10))
    along = vectors.T @ gradient
    return as_floats(vectors @ (along / sizes)), float(np.sum(along**2 / sizes)) / 2


def _inner(problem: Problem, working: FloatArray, gradient: FloatArray) -> BoolArray:
    """Parameters that are free to move: not fixed, and not on a bound against which the likelihood rises."""
    low, high = problem.bounds
    against = ((working <= low) & (gradient <= 0)) | ((working >= high) & (gradient >= 0))
    result: BoolArray = problem.free & ~against
    return result


def _ended(problem: Problem, working: FloatArray) -> Maximum:
    found, point = problem.working_value(working)
    inner = _inner(problem, working, found.gradient)
    _, rise = newton_step(found.gradient[inner], found.curvature[np.ix_(inner, inner)])
    flat = bool(np.isfinite(found.height)) and rise < _FLAT * max(1.0, abs(found.height) / 1e2)
    return Maximum(point=point, value=problem.value(point), inner=inner, converged=flat, several=False)
