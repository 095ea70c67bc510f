"""Log-likelihood of a selection model, with its gradient and second derivatives, all of them exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synth.synthesis.linear import FloatArray, IntArray, as_floats, einsum
from synth.synthesis.selection.cells import Cells


class Weighting(Protocol):
    """A selection function of p with parameters delta."""

    @property
    def cells(self) -> Cells:
        """Pieces of the real line, and what p is there."""

    def of_cells(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights of the cells, shape (c,), and their first (c, d) and second derivatives (c, d, d)."""

    def of_studies(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The same at the p values of the studies."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """The log-likelihood at one place.

    Attributes
    ----------
    height : float
        Minus infinity where it cannot be computed.
    gradient : ndarray, shape (m,)
    curvature : ndarray, shape (m, m)
        Second derivatives; parameters are the coefficients, tau2, and the deltas.
    """

    height: float
    gradient: FloatArray
    curvature: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Data and selection function.

    Attributes
    ----------
    y, v : ndarray, shape (k,)
    design : ndarray, shape (k, p)
    weighting : Weighting
    """

    y: FloatArray
    v: FloatArray
    design: FloatArray
    weighting: Weighting

    def at(self, gamma: FloatArray, tau2: float, delta: FloatArray, *, curved: bool = True) -> Value:
        """The log-likelihood at coefficients, a between-study variance and parameters of the selection function.

        Parameters
        ----------
        gamma : ndarray, shape (p,)
        tau2 : float
        delta : ndarray, shape (d,)
        curved : bool
            Whether second derivatives are wanted; zeros stand for them if not.
        """
        mu, s2 = self.design @ gamma, self.v + tau2
        logs, first, second = self.weighting.of_cells(delta)
        top = float(logs.max())
        weights = np.exp(logs - top)
        slopes = weights[:, None] * first
        moments = self.weighting.cells.moments(mu, s2, self.v, 5 if curved else 3)
        seen = moments[0] @ weights
        size = self.design.shape[1] + 1 + len(delta)
        if not (seen > 0).all():
            return Value(-np.inf, np.zeros(size), np.zeros((size, size)))
        one = _first(moments, weights, slopes, s2) / seen[:, None]
        own, own_first, own_second = self.weighting.of_studies(delta)
        rest = self.y - mu
        height = float(np.sum(own - top) - np.sum(np.log(2 * np.pi * s2) + rest**2 / s2) / 2 - np.sum(np.log(seen)))
        gradient = -one
        gradient[:, 0] += rest / s2
        gradient[:, 1] += (rest**2 / s2 - 1) / (2 * s2)
        gradient[:, 2:] += own_first
        whole = np.concatenate([self.design.T @ gradient[:, 0], gradient[:, 1:].sum(axis=0)])
        if not curved:
            return Value(height, whole, np.zeros((size, size)))
        bends = weights[:, None, None] * (second + first[:, :, None] * first[:, None, :])
        curvature = (
            one[:, :, None] * one[:, None, :] - _second(moments, weights, slopes, bends, s2) / seen[:, None, None]
        )
        curvature[:, 0, 0] -= 1 / s2
        curvature[:, 0, 1] -= rest / s2**2
        curvature[:, 1, 0] -= rest / s2**2
        curvature[:, 1, 1] += (0.5 - rest**2 / s2) / s2**2
        curvature[:, 2:, 2:] += own_second
        return Value(height, whole, self._over_studies(curvature))

    def _over_studies(self, curvature: FloatArray) -> FloatArray:
        """From second derivatives by the mean of each study to those by the coefficients."""
        p, rest = self.design.shape[1], curvature.shape[1] - 1
        whole = np.empty((p + rest, p + rest))
        whole[:p, :p] = einsum("ki,k,kj->ij", self.design, curvature[:, 0, 0], self.design)
        whole[:p, p:] = self.design.T @ curvature[:, 0, 1:]
        whole[p:, :p] = whole[:p, p:].T
        whole[p:, p:] = curvature[:, 1:, 1:].sum(axis=0)
        return whole


def _first(moments: FloatArray, weights: FloatArray, slopes: FloatArray, s2: FloatArray) -> FloatArray:
    """First derivatives of each study's integral by its mean, tau2, and the deltas."""
    by_mean, by_tau2 = moments[1] @ weights / np.sqrt(s2), moments[2] @ weights / (2 * s2)
    return np.concatenate([by_mean[:, None], by_tau2[:, None], moments[0] @ slopes], axis=1)


def _second(
    moments: FloatArray, weights: FloatArray, slopes: FloatArray, bends: FloatArray, s2: FloatArray
) -> FloatArray:
    """Second derivatives of each study's integral by its mean, tau2, and the deltas."""
    d = slopes.shape[1]
    # By the mean, and by tau2, a derivative is the next Hermite polynomial, or half of the one after it.
    scales = (1 / np.sqrt(s2), 1 / (2 * s2))
    two = np.empty((len(s2), 2 + d, 2 + d))
    two[:, 0, 0] = moments[2] @ weights / s2
    two[:, 0, 1] = two[:, 1, 0] = moments[3] @ weights / (2 * s2 * np.sqrt(s2))
    two[:, 1, 1] = moments[4] @ weights / (4 * s2**2)
    for place, scale in enumerate(scales):
        two[:, place, 2:] = two[:, 2:, place] = (moments[place + 1] @ slopes) * scale[:, None]
    two[:, 2:, 2:] = (moments[0] @ bends.reshape(len(weights), -1)).reshape(-1, d, d)
    return two


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Weights constant in intervals of p.

    Attributes
    ----------
    cells : Cells
    places : ndarray of int, shape (k,)
        The interval of each study's p value.
    """

    cells: Cells
    places: IntArray

    def of_cells(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights of the cells and their derivatives."""
        return _of_steps(delta, self.cells.steps)

    def of_studies(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights of the studies and their derivatives, each summed where nothing more is needed."""
        return _of_steps(delta, self.places)


def _of_steps(delta: FloatArray, places: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    here = np.eye(len(delta))[places]
    # A weight of 0 that was given has no logarithm, and no derivative is asked for.
    with np.errstate(divide="ignore"):
        logs = np.log(delta)
    first = here * np.where(delta > 0, 1 / np.where(delta > 0, delta, 1.0), 0.0)
    second = -first[:, :, None] * first[:, None, :]
    return as_floats(logs[places]), as_floats(first), as_floats(second)


@dataclass(frozen=True, slots=True, eq=False)
class Beta:
    """p to the power of delta 1 - 1, times 1 - p to the power of delta 2 - 1.

    Attributes
    ----------
    cells : Cells
    logs : ndarray, shape (k, 2)
        Logarithms of p and of 1 - p of each study, within the bounds of p.
    """

    cells: Cells
    logs: FloatArray

    def of_cells(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights of the cells and their derivatives."""
        return _of_beta(delta, np.stack([self.cells.log_p, self.cells.log_rest], axis=1))

    def of_studies(self, delta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights of the studies and their derivatives."""
        return _of_beta(delta, self.logs)


def _of_beta(delta: FloatArray, logs: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    return as_floats(logs @ (delta - 1)), logs, np.zeros((len(logs), 2, 2))
