"""Likelihood of a location-scale model and its maximum, with exact first and second derivatives.

Estimates have variances v + tau2, and tau2 of each study follows from its scale columns Z: tau2 = exp(Z a), or Z a. P
is the matrix that takes generalised residuals P y = W (y - X b); it carries all derivatives of the restricted
likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.optimize import LinearConstraint, minimize

from synth.synthesis.linear import BoolArray, FloatArray, as_floats

Link = Literal["log", "identity"]

#: Differences of log-likelihoods that are none.
_SAME = 1e-6
#: How much higher the likelihood may still be, by its slope and curvature, where it counts as flat: a distance of about
#: one part in 100,000 of a standard error.
_FLAT = 1e-10
#: Share of the largest curvature below which a direction has none.
_STRAIGHT = 1e-10
#: Logarithm of tau2 over the median sampling variance beyond which no tau2 is looked for.
_FARTHEST = 40.0
#: Share of the median sampling variance below which a tau2 on the identity scale is 0.
_NOTHING = 1e-9
_NEWTON_STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Data and columns.

    Attributes
    ----------
    y, v : ndarray, shape (k,)
        In a unit in which sampling variances are about 1 (`unit_of`), so that no tolerance depends on that of the data.
    design : ndarray, shape (k, p)
        Orthogonal columns of the location.
    scale : ndarray, shape (k, q)
        Orthogonal columns of the scale.
    link : {"log", "identity"}
    restricted : bool
    unit : float
        Of `y`, in the unit of the data, in which a logarithm of tau2 is meant.
    """

    y: FloatArray
    v: FloatArray
    design: FloatArray
    scale: FloatArray
    link: Link
    restricted: bool
    unit: float = 1.0

    @property
    def shift(self) -> float:
        """What is added to the logarithm of a tau2 in the unit of the data."""
        return -2 * math.log(self.unit)

    def tau2(self, omega: FloatArray) -> FloatArray:
        """Between-study variance of each study, shape (k,)."""
        predictor = self.scale @ omega
        if self.link == "identity":
            return as_floats(predictor)
        centre = float(np.log(np.median(self.v)))
        return as_floats(np.exp(np.clip(predictor + self.shift, centre - _FARTHEST, centre + _FARTHEST)))

    def height(self, omega: FloatArray) -> float:
        """Log-likelihood, profiled over the coefficients; minus infinity where a variance is below 0."""
        tau2 = self.tau2(omega)
        if not (tau2 >= -_NOTHING * float(np.median(self.v))).all() or not (self.v + tau2 > 0).all():
            return -np.inf
        weights = 1 / (self.v + tau2)
        triangle, residuals = self._solved(weights)
        k, p = len(self.y), int(self.design.shape[1])
        value = float(np.log(weights).sum() - residuals @ (weights * residuals)) / 2
        if not self.restricted:
            return value - k * math.log(2 * math.pi) / 2
        # The determinant of the columns' own products makes the value one of the model, whatever its columns' unit.
        own = float(np.linalg.slogdet(self.design.T @ self.design)[1]) / 2
        within = float(np.log(np.abs(np.diag(triangle))).sum())
        return value + own - within - (k - p) * math.log(2 * math.pi) / 2

    def _solved(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        root = np.sqrt(weights)
        rows, triangle = np.linalg.qr(root[:, None] * self.design)
        residuals = root * self.y - rows @ (rows.T @ (root * self.y))
        return as_floats(triangle), as_floats(residuals / root)

    def coefficients(self, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Location coefficients of the orthonormal columns, and their covariance."""
        weights = 1 / (self.v + self.tau2(omega))
        root = np.sqrt(weights)
        rows, triangle = np.linalg.qr(root[:, None] * self.design)
        inverse = np.linalg.inv(triangle)
        return as_floats(inverse @ (rows.T @ (root * self.y))), as_floats(inverse @ inverse.T)

    def derivatives(self, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivatives by the scale coefficients, shapes (q,) and (q, q)."""
        # A search may ask beyond the bounds of an identity link: there the slope half a variance down stands for it.
        tau2 = np.maximum(self.tau2(omega), -self.v / 2)
        weights = 1 / (self.v + tau2)
        root = np.sqrt(weights)
        rows, _ = np.linalg.qr(root[:, None] * self.design)
        projection = np.diag(weights) - (rows @ rows.T) * np.outer(root, root)
        residuals = projection @ self.y
        slope = self.scale * tau2[:, None] if self.link == "log" else self.scale
        trace = np.diag(projection) if self.restricted else weights
        squared = projection**2 if self.restricted else np.diag(weights**2)
        pull = (residuals**2 - trace) / 2
        moved = slope * residuals[:, None]
        second = slope.T @ squared @ slope / 2 - moved.T @ projection @ moved
        if self.link == "log":
            second = second + self.scale.T @ ((pull * tau2)[:, None] * self.scale)
        return as_floats(slope.T @ pull), as_floats(second)


def unit_of(v: FloatArray) -> float:
    """The power of 2 next to the median standard error: dividing by it costs no digit."""
    return 2.0 ** round(math.log2(float(np.median(np.sqrt(v)))))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where the likelihood is highest.

    Attributes
    ----------
    omega : ndarray, shape (q,)
        Coefficients of the orthonormal scale columns, in the unit of the fit.
    height : float
        Log-likelihood.
    curvature : ndarray, shape (q, q)
        Second derivatives.
    bound : ndarray of bool, shape (k,)
        Studies whose tau2 is 0 under the identity link.
    converged : bool
        Whether the slope is 0 in every direction that is not barred.
    several : bool
        Whether other starts ended on another, lower maximum.
    """

    omega: FloatArray
    height: float
    curvature: FloatArray
    bound: BoolArray
    converged: bool
    several: bool


def maximise(likelihood: Likelihood, tau2: float) -> Maximum:
    """The highest of the maxima that several starts lead to.

    Parameters
    ----------
    likelihood : Likelihood
    tau2 : float
        Between-study variance that all studies have in common, from a model without scale columns.
    """
    climb = _climb if likelihood.link == "log" else _climb_within
    ends = [_ended(likelihood, climb(likelihood, start)) for start in _starts(likelihood, tau2)]
    top = max(end.height for end in ends)
    level = [end for end in ends if end.height > top - _SAME]
    best = next((end for end in level if end.converged), level[0])
    return replace(best, several=any(end.converged and end.height < top - _SAME for end in ends))


def _starts(likelihood: Likelihood, tau2: float) -> Sequence[FloatArray]:
    median = float(np.median(likelihood.v))
    fitted = likelihood.design @ (likelihood.design.T @ likelihood.y)
    excess = np.maximum((likelihood.y - fitted) ** 2 - likelihood.v, 0.05 * median)
    wanted = [np.full(len(excess), max(tau2, 0.05 * median)), excess, np.full(len(excess), median)]
    wanted.append(np.full(len(excess), 0.01 * median))
    if likelihood.link == "log":
        wanted = [np.log(values) - likelihood.shift for values in wanted]
    found, *_ = np.linalg.lstsq(likelihood.scale, np.stack(wanted, axis=1))
    return list(found.T)


def _climb(likelihood: Likelihood, start: FloatArray) -> FloatArray:
    def height(omega: FloatArray) -> float:
        return -likelihood.height(omega)

    def slope(omega: FloatArray) -> FloatArray:
        return -likelihood.derivatives(omega)[0]

    def bend(omega: FloatArray) -> FloatArray:
        return -likelihood.derivatives(omega)[1]

    options: Any = {"gtol": 1e-7, "maxiter": 500, "max_trust_radius": 20.0}
    result = minimize(height, start, jac=slope, hess=bend, method="trust-exact", options=options)
    return _polish(likelihood, as_floats(result.x), np.eye(len(start)))


def _climb_within(likelihood: Likelihood, start: FloatArray) -> FloatArray:
    """Climb where every tau2 is at least 0."""
    floor = LinearConstraint(likelihood.scale, 0.0, np.inf)
    # Where the start itself breaks the bounds, halfway to equal variances does not, if the columns span a constant.
    for _ in range(60):
        if (likelihood.scale @ start >= 0).all():
            break
        level = np.full(len(likelihood.y), np.abs(likelihood.scale @ start).max())
        start = (start + np.linalg.lstsq(likelihood.scale, level)[0]) / 2

    def height(omega: FloatArray) -> float:
        inside = np.isfinite(omega).all() and (likelihood.v + likelihood.scale @ omega > 0).all()
        value = likelihood.height(omega) if inside else -np.inf
        return -value if np.isfinite(value) else 1e10

    def slope(omega: FloatArray) -> FloatArray:
        return -likelihood.derivatives(omega)[0]

    options: Any = {"maxiter": 500, "ftol": 1e-14}
    result = minimize(height, start, jac=slope, method="SLSQP", constraints=[floor], options=options)
    free = _free(likelihood, as_floats(result.x))
    # Onto the bounds exactly: the search meets them to rounding of its own.
    return _polish(likelihood, as_floats(free @ (free.T @ result.x)), free)


def _bound(likelihood: Likelihood, omega: FloatArray) -> BoolArray:
    if likelihood.link == "log":
        return np.zeros(len(likelihood.y), dtype=bool)
    result: BoolArray = likelihood.scale @ omega <= _NOTHING * float(np.median(likelihood.v))
    return result


def _free(likelihood: Likelihood, omega: FloatArray) -> FloatArray:
    """An orthonormal basis of the directions in which no tau2 on its bound of 0 moves."""
    rows = likelihood.scale[_bound(likelihood, omega)]
    if not len(rows):
        return np.eye(len(omega))
    _, sizes, right = np.linalg.svd(rows)
    return as_floats(right[int(np.count_nonzero(sizes > 1e-10)) :].T)


def _polish(likelihood: Likelihood, omega: FloatArray, free: FloatArray) -> FloatArray:
    """Newton's steps in the free directions, each of them uphill."""
    height = likelihood.height(omega)
    for _ in range(_NEWTON_STEPS):
        step, rise = _newton_step(likelihood, omega, free)
        if rise < _FLAT / 1e4:
            break
        for halving in range(40):
            trial = omega + step * 0.5**halving
            reached = likelihood.height(trial)
            if reached > height:
                omega, height = trial, reached
                break
        else:
            break
    return omega


def _newton_step(likelihood: Likelihood, omega: FloatArray, free: FloatArray) -> tuple[FloatArray, float]:
    """A step uphill in the free directions, and how much higher it should lead."""
    gradient, curvature = likelihood.derivatives(omega)
    if not free.shape[1]:
        return np.zeros(len(omega)), 0.0
    values, vectors = np.linalg.eigh(-free.T @ curvature @ free)
    sizes = np.maximum(np.abs(values), _STRAIGHT * max(float(np.abs(values).max()), _STRAIGHT))
    along = vectors.T @ (free.T @ gradient)
    return as_floats(free @ (vectors @ (along / sizes))), float(np.sum(along**2 / sizes)) / 2


def _ended(likelihood: Likelihood, omega: FloatArray) -> Maximum:
    free = _free(likelihood, omega)
    height = likelihood.height(omega)
    _, rise = _newton_step(likelihood, omega, free)
    return Maximum(
        omega=omega,
        height=height,
        curvature=likelihood.derivatives(omega)[1],
        bound=_bound(likelihood, omega),
        converged=bool(np.isfinite(height)) and rise < _FLAT * max(1.0, abs(height) / 1e2),
        several=False,
    )


def covariance_of(maximum: Maximum, likelihood: Likelihood) -> FloatArray | None:
    """Covariance of the scale coefficients: minus the inverse second derivatives, in directions that are not barred.

    Returns
    -------
    ndarray, shape (q, q), or None
        None where the likelihood is not curved downwards in some direction.
    """
    free = _free(likelihood, maximum.omega)
    if not maximum.converged or not free.shape[1]:
        return None
    information = -free.T @ maximum.curvature @ free
    diagonal = np.diag(information)
    if not (np.isfinite(information).all() and (diagonal > 1e-10).all()):
        return None
    size = np.sqrt(diagonal)
    scaled = information / np.outer(size, size)
    if not np.linalg.eigvalsh(scaled)[0] > 1e-9:
        return None
    return as_floats(free @ (np.linalg.inv(scaled) / np.outer(size, size)) @ free.T)
