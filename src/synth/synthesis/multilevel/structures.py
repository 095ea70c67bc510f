"""Covariances of random effects from parameters that may take any value.

A standard deviation stands for itself (its sign means nothing), so that a variance of 0 is a smooth point and not the
end of a range. Where its sign would turn a correlation, its root stands for it. A correlation goes from the lowest to 1
with the sine of an angle. Correlation matrices of the structure UN are products of a triangle with rows of length 1,
each given by angles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.synthesis.linear import FloatArray, IntArray, as_floats
from synth.synthesis.multilevel.random import Structure

#: Structures in which one correlation has a sign, so that standard deviations must not have one.
_SIGNED = frozenset({"HCS", "HAR"})
#: The least correlation of continuous time, below which powers of it have no derivative.
_LEAST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Parameters of one structure: standard deviations, then angles.

    Attributes
    ----------
    structure : Structure
    order : ndarray of int, shape (J,)
        Levels in the order in which UN takes them: the first correlation is an angle of its own, and so can be held.
    """

    structure: Structure
    order: IntArray

    @property
    def deviations(self) -> int:
        """Standard deviations."""
        return self.structure.variances

    @property
    def angles(self) -> int:
        """Angles; none where no unit has two levels."""
        return self.structure.correlations if self.structure.correlated else 0

    @property
    def count(self) -> int:
        """Parameters."""
        return self.deviations + self.angles

    def covariance(self, x: FloatArray) -> FloatArray:
        """Covariance of the effects of one unit, shape (J, J)."""
        spread = self._spread(x)
        result: FloatArray = spread[:, None] * self._correlation(x) * spread
        return result

    def gradient(self, x: FloatArray, slopes: FloatArray) -> FloatArray:
        """Derivatives by the parameters from those by the entries of the covariance, shape (J, J)."""
        spread, correlation = self._spread(x), self._correlation(x)
        by_spread = 2 * (slopes * correlation) @ spread
        own = x[: self.deviations]
        if self.deviations == 1 and self.structure.kind not in ("HCS", "HAR", "UN", "DIAG"):
            by_spread = by_spread.sum(keepdims=True)
        if self.structure.kind in _SIGNED:
            by_spread = by_spread * 2 * own
        inner = slopes * spread[:, None] * spread
        return np.concatenate([by_spread, self._by_angles(x, inner)])

    def natural(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Variances tau2 and correlations rho, those of UN by columns of the lower triangle."""
        spread, correlation = self._spread(x), self._correlation(x)
        tau2 = spread[: self.deviations] ** 2
        if self.structure.kind == "UN":
            sign = np.where(spread < 0, -1.0, 1.0)
            signed = correlation * sign[:, None] * sign
            columns, rows = np.triu_indices(self.structure.inner.size, 1)
            return tau2, as_floats(signed[rows, columns])
        if not self.structure.correlations:
            return tau2, np.zeros(0)
        return tau2, np.array([self._rho(x) if self.angles else 0.0])

    def working(self, tau2: FloatArray, rho: FloatArray) -> FloatArray:
        """The parameters of variances and correlations."""
        deviations = np.sqrt(tau2)
        if self.structure.kind in _SIGNED:
            deviations = np.sqrt(deviations)
        if not self.angles:
            return as_floats(deviations)
        if self.structure.kind == "UN":
            return np.concatenate([deviations, self._angles_of(rho)])
        least = self.structure.least
        sine = (rho - least) * 2 / (1 - least) - 1
        return np.concatenate([deviations, np.arcsin(np.clip(sine, -1.0, 1.0))])

    def _spread(self, x: FloatArray) -> FloatArray:
        own = x[: self.deviations]
        if self.structure.kind in _SIGNED:
            own = own**2
        return np.broadcast_to(own, (self.structure.inner.size,)) if len(own) == 1 else own

    def _rho(self, x: FloatArray) -> float:
        least = self.structure.least
        return least + (1 - least) * (1 + float(np.sin(x[self.deviations]))) / 2

    def _lags(self) -> FloatArray:
        times = self.structure.times
        return np.abs(times[:, None] - times)

    def _correlation(self, x: FloatArray) -> FloatArray:
        size = self.structure.inner.size
        if not self.angles:
            return np.eye(size)
        if self.structure.kind == "UN":
            triangle = np.zeros((size, size))
            for row, angles in enumerate(self._rows(x)):
                triangle[row, : row + 1] = _unit_row(angles)
            back = np.argsort(self.order)
            product: FloatArray = (triangle @ triangle.T)[np.ix_(back, back)]
            return product
        rho = self._rho(x)
        if self.structure.kind in ("CS", "HCS"):
            return np.where(np.eye(size) == 1, 1.0, rho)
        return as_floats(np.power(rho, self._lags()))

    def _by_angles(self, x: FloatArray, slopes: FloatArray) -> FloatArray:
        """Derivatives by the angles from those by the entries of the correlation matrix."""
        if not self.angles:
            return np.zeros(0)
        if self.structure.kind == "UN":
            return self._by_rows(x, slopes[np.ix_(self.order, self.order)])
        rho, cosine = self._rho(x), float(np.cos(x[self.deviations])) * (1 - self.structure.least) / 2
        if self.structure.kind in ("CS", "HCS"):
            return np.array([(slopes.sum() - np.trace(slopes)) * cosine])
        lags = self._lags()
        if self.structure.kind == "CAR":
            rho = max(rho, _LEAST)
        powers = np.where(lags > 0, np.power(rho, np.where(lags > 0, lags - 1, 0.0)), 0.0)
        return np.array([float(np.sum(slopes * lags * powers)) * cosine])

    def _rows(self, x: FloatArray) -> list[FloatArray]:
        """Angles of each row of the triangle."""
        rows, start = [], self.deviations
        for row in range(self.structure.inner.size):
            rows.append(x[start : start + row])
            start += row
        return rows

    def _by_rows(self, x: FloatArray, slopes: FloatArray) -> FloatArray:
        size = self.structure.inner.size
        rows = self._rows(x)
        triangle = np.zeros((size, size))
        for row, angles in enumerate(rows):
            triangle[row, : row + 1] = _unit_row(angles)
        by_triangle = 2 * slopes @ triangle
        parts = [by_triangle[row, : row + 1] @ _row_slopes(angles) for row, angles in enumerate(rows)]
        return np.concatenate(parts)

    def _angles_of(self, rho: FloatArray) -> FloatArray:
        size = self.structure.inner.size
        matrix = np.eye(size)
        columns, rows = np.triu_indices(size, 1)
        matrix[rows, columns] = matrix[columns, rows] = rho
        matrix = matrix[np.ix_(self.order, self.order)]
        values, vectors = np.linalg.eigh(matrix)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        _, upper = np.linalg.qr(root.T)
        triangle: FloatArray = as_floats(upper).T
        triangle = triangle * np.where(np.diag(triangle) < 0, -1.0, 1.0)
        found = []
        for row in range(size):
            tails = np.sqrt(np.cumsum(triangle[row, : row + 1][::-1] ** 2)[::-1])
            found.append(np.arctan2(triangle[row, :row], tails[1:]))
        return np.concatenate(found)


def _unit_row(angles: FloatArray) -> FloatArray:
    """A row of length 1: sines, each times the cosines before it, and the product of all cosines."""
    cosines = np.concatenate([[1.0], np.cumprod(np.cos(angles))])
    return as_floats(cosines * np.concatenate([np.sin(angles), [1.0]]))


def _row_slopes(angles: FloatArray) -> FloatArray:
    """Derivatives of the row by its angles, shape (m + 1, m)."""
    size = len(angles)
    slopes = np.zeros((size + 1, size))
    for index in range(size):
        turned = angles.copy()
        turned[index] += np.pi / 2
        # The row is linear in the sine and the cosine of each angle: a quarter turn is the derivative.
        slopes[index:, index] = _unit_row(turned)[index:]
    return slopes


def parameters_of(structure: Structure, first: tuple[int, int] | None = None) -> Parameters:
    """The parameters of a structure.

    Parameters
    ----------
    structure : Structure
    first : tuple of int, optional
        Two levels of UN whose correlation is to be held.
    """
    levels = list(range(structure.inner.size))
    if first is not None:
        levels = [*first, *(level for level in levels if level not in first)]
    return Parameters(structure, np.array(levels, dtype=np.intp))
