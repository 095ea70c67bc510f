"""Maximum likelihood of a generalised linear mixed model: the highest maximum, the boundary among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import linprog, minimize

from synth.errors import MethodError
from synth.synthesis.glmm.likelihood import Problem
from synth.synthesis.linear import BoolArray, FloatArray, as_floats

#: Standard deviations of a random effect, on the log scale, from which maxima are looked for.
_STARTS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
#: The same where there are two random effects, and from how many pairs the search goes on.
_STARTS_OF_TWO, _PAIRS = (0.2, 0.7, 2.0), 3
#: Points of the quadrature for that search, at most.
_COARSE = 9
#: A standard deviation below this is 0: the likelihood is even in it, so that it cannot be told from 0 by more.
_NO_DEVIATION = 1e-5
#: Beyond this standard deviation on the log scale the likelihood is taken to have no maximum.
_LARGEST_DEVIATION = 50.0
#: Gain in log-likelihood that a random effect must bring to be one.
_GAIN = 1e-9
#: Length of Newton's step, in standard errors, at which a maximum is found to the last digits; and found at all.
_LAST, _FOUND = 1e-9, 1e-4
# Its annotations do not let functions of a vector in.
_minimise: Any = minimize
#: When the climb by a trust region ends, and how far it may go in one step.
_CLIMB = {"gtol": 1e-5, "maxiter": 200, "max_trust_radius": 10.0}
#: Gain that shows separation, in columns scaled to a largest value of 1.
_SEPARATED = 1e-7


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """A maximum of a likelihood.

    Attributes
    ----------
    problem : Problem
    parameters : ndarray, shape (P,)
        Standard deviations are not negative.
    log_likelihood : float
    information : ndarray, shape (P, P)
        Negative second derivatives; rows and columns of what was not estimated are those of a unit matrix.
    estimated : ndarray of bool, shape (P,)
        What was estimated; a standard deviation of 0 is on the boundary and counts as fixed.
    converged : bool
        Whether Newton's step from here is nothing, and the information positive definite.
    """

    problem: Problem
    parameters: FloatArray
    log_likelihood: float
    information: FloatArray
    estimated: BoolArray
    converged: bool

    @property
    def shared(self) -> FloatArray:
        """Shared coefficients, shape (m,)."""
        return self.parameters[: self.problem.m]

    @property
    def deviations(self) -> FloatArray:
        """Standard deviations of the random effects, shape (q,)."""
        return self.parameters[self.problem.m : self.problem.m + self.problem.q]

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the shared coefficients, shape (m, m)."""
        m = self.problem.m
        return as_floats(np.linalg.inv(self.information)[:m, :m])


def maximise(problem: Problem, start: FloatArray, held: BoolArray | None = None) -> Maximum:
    """The maximum next to a start.

    Parameters
    ----------
    problem : Problem
    start : ndarray, shape (P,)
    held : ndarray of bool, shape (P,), optional
        Parameters that stay where they are.

    Raises
    ------
    MethodError
        If the parameters run away: the likelihood has no maximum.
    """
    estimated = problem.estimated if held is None else problem.estimated & ~held
    parameters = start.copy()
    if estimated.any():
        parameters = _polish(problem, _climb(problem, parameters, estimated), estimated)
    m, q = problem.m, problem.q
    parameters[m : m + q] = np.abs(parameters[m : m + q])
    information = _information(problem, parameters, estimated)
    step = _newton(problem, parameters, estimated, information)
    return Maximum(
        problem=problem,
        parameters=parameters,
        log_likelihood=problem.value(parameters),
        information=information,
        estimated=estimated,
        converged=step is not None and bool(np.abs(step[1]).max(initial=0.0) < _FOUND),
    )


def _climb(problem: Problem, start: FloatArray, estimated: BoolArray) -> FloatArray:
    """Up by a trust region, which needs no good start."""

    def whole(part: FloatArray) -> FloatArray:
        parameters = start.copy()
        parameters[estimated] = part
        return parameters

    found = _minimise(
        lambda part: -problem.value(whole(part)),
        start[estimated],
        jac=lambda part: -problem.gradient(whole(part))[estimated],
        hess=lambda part: -problem.hessian(whole(part))[np.ix_(estimated, estimated)],
        method="trust-exact",
        options=_CLIMB,
    )
    return whole(as_floats(found.x))


def _information(problem: Problem, parameters: FloatArray, estimated: BoolArray) -> FloatArray:
    information = -problem.hessian(parameters)
    both = np.outer(estimated, estimated)
    return np.where(both, information, np.eye(problem.size))


def _newton(
    problem: Problem, parameters: FloatArray, estimated: BoolArray, information: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Newton's step, as it is and in standard errors; None where the information is not positive definite."""
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    step = np.linalg.solve(information, problem.gradient(parameters) * estimated)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return as_floats(step), as_floats(step / errors)


def _polish(problem: Problem, parameters: FloatArray, estimated: BoolArray) -> FloatArray:
    """Newton's steps to the last digits."""
    for _ in range(8):
        found = _newton(problem, parameters, estimated, _information(problem, parameters, estimated))
        if found is None:
            break
        step, length = found
        if np.abs(length).max() > 1:
            break
        parameters = parameters + step
        if np.abs(length).max() < _LAST:
            break
    return parameters


def highest(problem: Problem, start: FloatArray) -> Maximum:
    """The highest maximum over all random effects, those at a standard deviation of 0 among them.

    Parameters
    ----------
    problem : Problem
    start : ndarray, shape (P,)
        Its standard deviations are not used.

    Raises
    ------
    MethodError
        If the likelihood has no maximum at a finite standard deviation.
    """
    if not problem.q:
        return maximise(problem, start)
    found = [_without(problem, start, range(problem.q))]
    if problem.q == 2:
        # One of the two alone: its own maximum is where the other has nothing to add.
        found += [_best_of(problem, found[0].parameters, (one,)) for one in range(2)]
    found.append(_best_of(problem, found[-1].parameters, tuple(range(problem.q))))
    best = found[0]
    for other in found[1:]:
        if other.log_likelihood > best.log_likelihood + _GAIN:
            best = other
    if best.deviations.max() > _LARGEST_DEVIATION:
        raise MethodError(
            "the likelihood rises for ever with the standard deviation between studies: there is no estimate of it; "
            "studies with events and non-events are expected"
        )
    return best


def _without(problem: Problem, start: FloatArray, effects: Iterable[int]) -> Maximum:
    """The maximum with standard deviations of 0."""
    held = _held(problem, effects)
    parameters = np.where(held, 0.0, start)
    return maximise(problem, parameters, held)


def _held(problem: Problem, effects: Iterable[int]) -> BoolArray:
    held = np.zeros(problem.size, dtype=bool)
    for effect in effects:
        held[problem.m + effect] = True
    return held


def _best_of(problem: Problem, start: FloatArray, effects: tuple[int, ...]) -> Maximum:
    """The highest maximum with some random effects, from several starts; what is nearly 0 is put to 0."""
    places = [problem.m + effect for effect in effects]
    others = [effect for effect in range(problem.q) if effect not in effects]
    base = np.where(_held(problem, others), 0.0, start)
    held = _held(problem, range(problem.q))
    grid = _STARTS if len(effects) == 1 else _STARTS_OF_TWO
    coarse = problem.at(min(problem.points, _COARSE))
    profile: list[tuple[float, FloatArray]] = []
    for deviations in product(grid, repeat=len(effects)):
        base = base.copy()
        base[places] = deviations
        # Each point of the profile starts from the one before it.
        base = _climb(coarse, base, problem.estimated & ~held)
        profile.append((coarse.value(base), base))
    found = [maximise(problem, point, _held(problem, others)) for point in _peaks(profile, len(effects))]
    best = max(found, key=lambda fit: fit.log_likelihood)
    vanished = [effect for effect in effects if best.deviations[effect] < _NO_DEVIATION]
    return _boundary(problem, best, [*others, *vanished]) if vanished else best


def _boundary(problem: Problem, near: Maximum, effects: list[int]) -> Maximum:
    held = _held(problem, effects)
    return maximise(problem, np.where(held, 0.0, near.parameters), held)


def _peaks(profile: list[tuple[float, FloatArray]], effects: int) -> list[FloatArray]:
    """Where a profile is higher than beside it; for two random effects its highest points."""
    if effects == 2:
        ordered = sorted(profile, key=lambda item: -item[0])
        return [point for _, point in ordered[:_PAIRS]]
    values = [-np.inf, *(value for value, _ in profile), -np.inf]
    return [
        point
        for place, (value, point) in enumerate(profile, start=1)
        if value >= values[place - 1] and value >= values[place + 1]
    ]


def separating(columns: FloatArray, signs: FloatArray) -> FloatArray | None:
    """A direction of the coefficients in which the likelihood never falls and somewhere rises; None if there is none.

    Parameters
    ----------
    columns : ndarray, shape (n, m)
    signs : ndarray, shape (n,)
        1 where a row has all the events that it can have, -1 where it has none, 0 where it is in between, NaN where it
        says nothing.
    """
    said = ~np.isnan(signs)
    columns, signs = columns[said], signs[said]
    scaled = columns / np.maximum(np.abs(columns).max(axis=0, initial=0.0), 1e-300)
    edge = signs != 0
    if not edge.any():
        return None
    rising = scaled[edge] * signs[edge, None]
    found = linprog(
        -rising.sum(axis=0),
        A_ub=-rising,
        b_ub=np.zeros(len(rising)),
        A_eq=None if edge.all() else scaled[~edge],
        b_eq=None if edge.all() else np.zeros(int((~edge).sum())),
        bounds=(-1, 1),
        method="highs",
    )
    if found.status != 0 or found.x is None or found.fun is None:
        raise MethodError(f"whether the moderators separate the studies could not be told ({found.message})")
    return as_floats(found.x) if -found.fun > _SEPARATED else None
