"""The likelihood of a generalised linear mixed model of k independent studies, by adaptive Gauss-Hermite quadrature.

Each study has one row or two, and no random effect, one, or two. The nodes of the quadrature stand around the mode of
the study's random effects, at the scale of the curvature there; one node is Laplace's approximation. Derivatives are
those of the approximation itself, by complex steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from synth.errors import MethodError
from synth.synthesis.glmm.rows import Rows
from synth.synthesis.linear import BoolArray, FloatArray

#: Step along the imaginary axis: its square is nothing beside 1, so that the derivative has no error of truncation.
_IMAGINARY = 1e-30
#: Step of the central differences of exact first derivatives that give the second ones.
_STEP = 1e-5
#: Most steps towards the modes of the random effects, the largest change of a predictor in one, and when to stop.
_MODE_STEPS, _LARGEST_CHANGE, _MODE_FOUND = 200, 2.0, 1e-9


@lru_cache(maxsize=64)
def _rule(points: int, dimensions: int) -> tuple[FloatArray, FloatArray]:
    """Nodes, shape (q, Q), of the normal distribution, and logarithms of their weights, shape (Q,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    logs = np.log(weights / weights.sum())
    if dimensions == 1:
        return nodes[None], logs
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    return np.stack([first.ravel(), second.ravel()]), np.add.outer(logs, logs).ravel()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """A likelihood to be maximised.

    The parameters are one vector: coefficients that the studies share (m), standard deviations of the random effects
    (q, of either sign), and one coefficient of each study's own (k, or none).

    Attributes
    ----------
    rows : Rows
        The counts, R rows a study.
    offset : ndarray, shape (k, R)
        Of the predictors.
    shared : ndarray, shape (k, R, m)
        Columns of the shared coefficients.
    loadings : ndarray, shape (R, q)
        What each random effect, of variance 1, is multiplied by beside its standard deviation; q is 0, 1 or 2.
    own : ndarray, shape (R,), or None
        Column of the studies' own coefficients.
    free : ndarray of bool, shape (k,)
        Whether the study's own coefficient is estimated.
    points : int
        Of the quadrature, for each random effect.
    """

    rows: Rows
    offset: FloatArray
    shared: FloatArray
    loadings: FloatArray
    own: FloatArray | None
    free: BoolArray
    points: int

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.offset)

    @property
    def m(self) -> int:
        """Shared coefficients."""
        return int(self.shared.shape[-1])

    @property
    def q(self) -> int:
        """Random effects."""
        return int(self.loadings.shape[-1])

    @property
    def size(self) -> int:
        """Parameters."""
        return self.m + self.q + (0 if self.own is None else self.k)

    @property
    def estimated(self) -> BoolArray:
        """Which parameters are estimated: all but the own coefficients that are not free."""
        shared = np.ones(self.m + self.q, dtype=bool)
        return shared if self.own is None else np.concatenate([shared, self.free])

    def at(self, points: int) -> Problem:
        """The same with another number of points."""
        return replace(self, points=points)

    def value(self, parameters: FloatArray) -> float:
        """Log-likelihood."""
        return float(self.per_study(parameters[None]).sum())

    def per_study(self, parameters: Any) -> Any:
        """Log-likelihood of each study, shape (B, k), at B vectors of parameters, which may be complex."""
        eta, loadings = self._predictors(parameters)
        constant = self.rows.constant.sum(axis=-1)
        if not self.q:
            return (self.rows.x * eta - self.rows.cumulants(eta)[0]).sum(axis=-1) + constant
        mode, scale, log_volume = self._centre(eta, loadings)
        nodes, log_weights = _rule(self.points, self.q)
        effects = mode[..., None] + scale @ nodes
        at_nodes = eta[..., None] + loadings[:, None] @ effects
        values = (self.rows.x[..., None] * at_nodes - self.rows.cumulants(at_nodes)[0]).sum(axis=2)
        values = values - (effects**2).sum(axis=2) / 2 + (nodes**2).sum(axis=0) / 2 + log_weights
        largest = values.real.max(axis=-1, keepdims=True)
        return np.log(np.exp(values - largest).sum(axis=-1)) + largest[..., 0] + log_volume + constant

    def _predictors(self, parameters: Any) -> tuple[Any, Any]:
        """Predictors without random effects, shape (B, k, R), and loadings times deviations, shape (B, R, q)."""
        m, q = self.m, self.q
        eta = self.offset + np.einsum("krm,bm->bkr", self.shared, parameters[:, :m])
        if self.own is not None:
            eta = eta + parameters[:, m + q :, None] * self.own
        return eta, self.loadings * parameters[:, None, m : m + q]

    def _centre(self, eta: Any, loadings: Any) -> tuple[Any, Any, Any]:
        """Modes of the random effects, (B, k, q); a root of the inverse curvature, (B, k, q, q); its log size."""
        mode = self._modes(eta.real, loadings.real)
        if np.iscomplexobj(eta) or np.iscomplexobj(loadings):
            # From the mode of the real part one step of Newton's moves the imaginary part to where it belongs.
            mode = mode + self._step(eta, loadings, mode)
        root = self._root(self._curvature(eta, loadings, mode))
        return mode, root, np.log(np.einsum("bkii->bki", root)).sum(axis=-1)

    def _modes(self, eta: FloatArray, loadings: FloatArray) -> FloatArray:
        mode: FloatArray = np.zeros((*eta.shape[:2], self.q))
        if len(eta) > 1:
            mode = mode + self._modes(eta[:1], loadings[:1])
        for _ in range(_MODE_STEPS):
            step = self._step(eta, loadings, mode)
            change = np.abs(loadings[:, None] @ step[..., None]).max(axis=(2, 3))
            mode = mode + step * (_LARGEST_CHANGE / np.maximum(change, _LARGEST_CHANGE))[..., None]
            if np.abs(step).max() < _MODE_FOUND:
                # The last step leaves its square.
                return mode
        raise MethodError("the modes of the random effects were not found: the counts lie too far apart for doubles")

    def _step(self, eta: Any, loadings: Any, mode: Any) -> Any:
        """Newton's step towards the modes."""
        at_mode = eta + (loadings[:, None] @ mode[..., None])[..., 0]
        _, mean, variance = self.rows.cumulants(at_mode)
        slope = np.einsum("brq,bkr->bkq", loadings, self.rows.x - mean) - mode
        return self._solve(self._identity_plus(loadings, variance), slope)

    def _curvature(self, eta: Any, loadings: Any, mode: Any) -> Any:
        at_mode = eta + (loadings[:, None] @ mode[..., None])[..., 0]
        return self._identity_plus(loadings, self.rows.cumulants(at_mode)[2])

    def _identity_plus(self, loadings: Any, variance: Any) -> Any:
        return np.eye(self.q) + np.einsum("brq,bkr,brs->bkqs", loadings, variance, loadings)

    @staticmethod
    def _solve(matrix: Any, vector: Any) -> Any:
        if matrix.shape[-1] == 1:
            return vector / matrix[..., 0]
        return np.linalg.solve(matrix, vector[..., None])[..., 0]

    @staticmethod
    def _root(curvature: Any) -> Any:
        """The upper triangle T with T T' the inverse: written out, because a complex one must not be conjugated."""
        if curvature.shape[-1] == 1:
            return 1 / np.sqrt(curvature)
        a, b, d = curvature[..., 0, 0], curvature[..., 0, 1], curvature[..., 1, 1]
        first = np.sqrt(a)
        second = np.sqrt(d - b * b / a)
        zero = np.zeros_like(a)
        return np.stack([np.stack([1 / first, -b / (a * second)], -1), np.stack([zero, 1 / second], -1)], -2)

    def _directions(self) -> FloatArray:
        """Directions of the derivatives, shape (D, P): each shared parameter, then all own ones at once."""
        common = self.m + self.q
        directions = np.eye(common, self.size)
        if self.own is None:
            return directions
        together = np.concatenate([np.zeros(common), self.free.astype(float)])
        return np.concatenate([directions, together[None]])

    def derivatives(self, parameters: FloatArray) -> FloatArray:
        """First derivatives of each study's log-likelihood in every direction, shape (N, k, D), at N vectors."""
        directions = self._directions()
        steps = parameters[:, None, :] + 1j * _IMAGINARY * directions
        found = self.per_study(steps.reshape(-1, self.size)).imag / _IMAGINARY
        result: FloatArray = np.moveaxis(found.reshape(len(parameters), len(directions), self.k), 1, 2)
        return result

    def gradient(self, parameters: FloatArray) -> FloatArray:
        """Of the log-likelihood, shape (P,)."""
        found, common = self.derivatives(parameters[None])[0], self.m + self.q
        shared: FloatArray = found[:, :common].sum(axis=0)
        return shared if self.own is None else np.concatenate([shared, found[:, -1] * self.free])

    def hessian(self, parameters: FloatArray) -> FloatArray:
        """Of the log-likelihood, shape (P, P): an arrow, because own coefficients meet only the shared ones."""
        directions, common = self._directions(), self.m + self.q
        steps = np.concatenate([parameters + _STEP * directions, parameters - _STEP * directions])
        found = self.derivatives(steps)
        half = len(directions)
        second = (found[:half] - found[half:]) / (2 * _STEP)
        result = np.zeros((self.size, self.size))
        among = second[:common, :, :common].sum(axis=1)
        result[:common, :common] = (among + among.T) / 2
        if self.own is not None:
            across = (second[:common, :, -1] + second[-1, :, :common].T) / 2 * self.free
            result[:common, common:], result[common:, :common] = across, across.T
            result[common:, common:] = np.diag(np.where(self.free, second[-1, :, -1], -1.0))
        return result

    def effects(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of the random effects given the counts, each of shape (k, q)."""
        eta, loadings = self._predictors(parameters[None])
        mode, scale, _ = self._centre(eta, loadings)
        nodes, log_weights = _rule(self.points, self.q)
        effects = mode[..., None] + scale @ nodes
        at_nodes = eta[..., None] + loadings[:, None] @ effects
        values = (self.rows.x[..., None] * at_nodes - self.rows.cumulants(at_nodes)[0]).sum(axis=2)
        values = values - (effects**2).sum(axis=2) / 2 + (nodes**2).sum(axis=0) / 2 + log_weights
        weights = np.exp(values - values.max(axis=-1, keepdims=True))
        weights = (weights / weights.sum(axis=-1, keepdims=True))[:, :, None]
        means = (weights * effects).sum(axis=-1)
        spread = (weights * (effects - means[..., None]) ** 2).sum(axis=-1)
        return means[0], np.sqrt(spread[0])

    def given_modes(self, parameters: FloatArray) -> float:
        """Log-likelihood of the counts given the modes of the random effects."""
        eta, loadings = self._predictors(parameters[None])
        if self.q:
            eta = eta + (loadings[:, None] @ self._modes(eta, loadings)[..., None])[..., 0]
        values = self.rows.x * eta - self.rows.cumulants(eta)[0] + self.rows.constant
        return float(values.sum())
