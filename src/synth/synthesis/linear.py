"""Weighted least squares of many data sets at once.

Every array has the data sets in front and the studies behind: y is (B, k), weights are (B, k), and one data set is
B = 1. Moderators are held in a basis of orthonormal columns, so that a calendar year beside an intercept costs no
digits. `counts` says how often a study stands in a data set: 0 leaves it out, 2 takes it twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.errors import MethodError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]


def as_floats(values: NDArray[np.floating[Any]]) -> FloatArray:
    """The same array of doubles, where numpy's annotations leave its type open."""
    return np.asarray(values, dtype=float)


def einsum(subscripts: str, *operands: FloatArray) -> FloatArray:
    """`numpy.einsum` of numbers that are all doubles."""
    result: FloatArray = np.einsum(subscripts, *operands)
    return result


#: Size of a moderator's values below which, and above whose inverse, their squares leave the range of doubles.
_SMALLEST = 1e-100
#: Share of the largest column that a column must keep after weighting, or one study outweighs all the others.
_OUTWEIGHED = 1e-8
#: The same for the squares of a batch, where it is told by NaN and not by an error.
_LOST = 1e-13
#: Share of the sum of weights below which what is left of it after the regression has lost its digits.
_CANCELLED = 1e-7
#: Share of all weight that one study may have before sums over the others are taken by themselves.
DOMINANT = 0.999
#: tau2 in units of the median variance that cannot be told from 0 beside a sampling variance of 0.
NOTHING = 1e-15
#: Share of its length that a column must keep beside the columns before it, or it says nothing of its own.
_DEPENDENT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Columns of a linear model as orthonormal columns times a triangle.

    Attributes
    ----------
    rows : ndarray, shape (k, p) or (B, k, p)
        The orthonormal columns, a row for each study; three axes where each data set has its own.
    triangle : ndarray, shape (p, p)
        `rows @ triangle` are the columns as given.
    constant : bool
        Whether the one column is an intercept, for which sums are shorter.
    """

    rows: FloatArray
    triangle: FloatArray
    constant: bool = False

    @property
    def p(self) -> int:
        """Columns."""
        return int(self.rows.shape[-1])

    def products(self, weights: FloatArray) -> FloatArray:
        """The sums of weighted products of columns, shape (B, p, p), of weights of shape (B, k)."""
        if self.rows.ndim == 3:
            return einsum("bki,bk,bkj->bij", self.rows, weights, self.rows)
        if self.constant:
            return einsum("bk->b", weights)[:, None, None]
        outer = self.rows[:, :, None] * self.rows[:, None, :]
        return (weights @ outer.reshape(len(outer), -1)).reshape(-1, self.p, self.p)

    def project(self, values: FloatArray) -> FloatArray:
        """Sums of values times columns, shape (B, p), of values of shape (B, k)."""
        if self.rows.ndim == 3:
            return einsum("bk,bkp->bp", values, self.rows)
        if self.constant:
            return einsum("bk->b", values)[:, None]
        result: FloatArray = values @ self.rows
        return result

    def expand(self, coefficients: FloatArray) -> FloatArray:
        """Fitted values, shape (B, k), of coefficients of shape (B, p)."""
        if self.rows.ndim == 3:
            return einsum("bp,bkp->bk", coefficients, self.rows)
        result: FloatArray = coefficients @ self.rows.T
        return result

    def leverages(self, weights: FloatArray, inverse: FloatArray) -> FloatArray:
        """Diagonal of the hat matrix, shape (B, k)."""
        if self.rows.ndim == 3:
            return weights * einsum("bki,bij,bkj->bk", self.rows, inverse, self.rows)
        if self.p == 1:
            return as_floats(weights * (self.rows[:, 0] ** 2 * inverse[:, 0]))
        return weights * einsum("ki,bki->bk", self.rows, self.rows @ inverse)

    def pick(self, which: IntArray | slice) -> Basis:
        """The basis of some of the data sets."""
        return self if self.rows.ndim == 2 else Basis(self.rows[which], self.triangle)

    def coefficients(self, gamma: FloatArray) -> FloatArray:
        """Coefficients of the columns as given, shape (B, p), from those of the basis."""
        if self.p == 1:
            return as_floats(gamma / self.triangle[0, 0])
        return as_floats(np.linalg.solve(self.triangle, gamma[..., None])[..., 0])

    def covariance(self, covariance: FloatArray) -> FloatArray:
        """Covariance of the coefficients of the columns as given, shape (B, p, p), from that in the basis."""
        if self.p == 1:
            return as_floats(covariance / self.triangle[0, 0] ** 2)
        inverse = np.linalg.inv(self.triangle)
        result: FloatArray = inverse @ covariance @ inverse.T
        return result


def constant_basis(k: int) -> Basis:
    """The basis of a model with nothing but an intercept."""
    return Basis(np.ones((k, 1)), np.ones((1, 1)), constant=True)


def basis_of(columns: FloatArray, names: Sequence[str]) -> Basis:
    """The orthonormal basis of the columns of a model.

    Parameters
    ----------
    columns : ndarray, shape (k, p)
        The intercept, if the model has one, is a column of ones.
    names : sequence of str
        Of the columns, for error messages.

    Raises
    ------
    MethodError
        If there are more columns than studies, or a column is a sum of multiples of those before it; it is named.
    """
    k, p = columns.shape
    if p == 1 and np.all(columns == 1):
        return constant_basis(k)
    if p > k:
        raise MethodError(
            f"{k} studies and {p} coefficients ({', '.join(names)}): at least as many studies are expected"
        )
    # Powers of two, so that scaling a column is exact and a column of large numbers is no longer than the others.
    largest = np.max(np.abs(columns), axis=0)
    for name, size in zip(names, largest.tolist(), strict=True):
        if size and not _SMALLEST < size < 1 / _SMALLEST:
            raise MethodError(f"moderator {name!r}: values of size {size:g}; another unit is expected")
    scale = np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0))))
    rows, triangle = np.linalg.qr(columns / scale)
    lengths = np.linalg.norm(columns / scale, axis=0)
    for index, name in enumerate(names):
        if not abs(triangle[index, index]) > _DEPENDENT * lengths[index]:
            raise MethodError(
                f"moderator {name!r} follows from the columns before it ({', '.join(names[:index]) or 'none'}); "
                "columns that each say something of their own are expected"
            )
    return Basis(rows, triangle * scale)


def inverse_of(matrices: FloatArray) -> FloatArray:
    """Inverses of symmetric matrices, shape (B, p, p); NaN where one of many has none.

    Raises
    ------
    MethodError
        If one of them has none.
    """
    p = matrices.shape[-1]
    if p == 1:
        return 1 / matrices
    if p == 2:
        a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
        # By the Schur complement: a * d - b * b would cancel where one study outweighs the others.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            rest = d - b * (b / a)
            rest = np.where(rest > _LOST * d, rest, np.nan)
            cross = -b / (a * rest)
            first, last = 1 / a - cross * (b / a), 1 / rest
        return np.stack([np.stack([first, cross], -1), np.stack([cross, last], -1)], -2)
    try:
        return as_floats(np.linalg.inv(matrices))
    except np.linalg.LinAlgError as error:
        raise MethodError("the coefficients cannot be told apart: one study outweighs all the others") from error


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """B data sets of k studies, in units of their own: nothing that is computed on them depends on the unit.

    Attributes
    ----------
    y : ndarray, shape (B, k) or (1, k)
        Over `unit`, less the least-squares fit of the first data set; less its most precise estimate in a model with an
        intercept alone.
    v : ndarray, shape (B, k) or (1, k)
        Sampling variances over `unit` squared.
    counts : ndarray, shape (B, k), or None
        How often each study stands in each data set; None means once.
    basis : Basis
    k : ndarray, shape (B,)
        Studies of each data set.
    unit : float
        Square root of the median variance.
    removed : ndarray, shape (p,)
        Coefficients in the basis of what was taken off, over `unit`.
    """

    y: FloatArray
    v: FloatArray
    counts: FloatArray | None
    basis: Basis
    k: FloatArray
    unit: float
    removed: FloatArray

    @property
    def size(self) -> int:
        """Data sets."""
        return len(self.k)

    def pick(self, which: IntArray | slice) -> Data:
        """Some of the data sets."""
        y = self.y if len(self.y) == 1 else self.y[which]
        v = self.v if len(self.v) == 1 else self.v[which]
        counts = None if self.counts is None else self.counts[which]
        return Data(y, v, counts, self.basis.pick(which), self.k[which], self.unit, self.removed)


def data_of(y: FloatArray, v: FloatArray, basis: Basis, counts: FloatArray | None = None) -> Data:
    """Data sets in units of their own.

    Parameters
    ----------
    y, v : ndarray, shape (B, k) or (k,)
        Finite; variances above 0. An array without data sets stands for all of them.
    basis : Basis
    counts : ndarray, shape (B, k), optional
        Whole numbers from 0.
    """
    y, v = np.atleast_2d(y), np.atleast_2d(v)
    own = len(basis.rows) if basis.rows.ndim == 3 else 1
    size = max(len(y), len(v), 1 if counts is None else len(counts), own)
    unit = math.sqrt(_middle(v[0]) or float(np.min(v[0][v[0] > 0])))
    studies = np.full(size, float(y.shape[-1])) if counts is None else counts.sum(axis=-1)
    y = y / unit
    removed = np.zeros(basis.p)
    if basis.constant:
        # Around the most precise study its residual keeps its digits however much it outweighs the others.
        removed = np.array([float(y[0, np.argmin(v[0])])])
        y = y - removed
    elif basis.rows.ndim == 2:
        removed = y[0] @ basis.rows
        y = y - basis.rows @ removed
    return Data(y, v / unit**2, counts, basis, studies, unit, removed)


def _middle(values: FloatArray) -> float:
    """The upper median."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Weighted least squares of each data set: weights 1 / (v + tau2).

    Attributes
    ----------
    base : ndarray, shape (B, k)
        1 / (v + tau2) of each study, whether or not it is in the data set.
    weights : ndarray, shape (B, k)
        Base times counts.
    inverse : ndarray, shape (B, p, p)
        Of the weighted products of columns: the model-based covariance in the basis.
    gamma : ndarray, shape (B, p)
        Coefficients in the basis.
    residuals : ndarray, shape (B, k)
    """

    data: Data
    base: FloatArray
    weights: FloatArray
    inverse: FloatArray
    gamma: FloatArray
    residuals: FloatArray

    @property
    def q(self) -> FloatArray:
        """Weighted sum of squared residuals, shape (B,)."""
        return einsum("bk,bk,bk->b", self.weights, self.residuals, self.residuals)


def weighted(data: Data, tau2: FloatArray) -> Weighted:
    """Weighted least squares at a between-study variance for each data set, shape (B,)."""
    return weighted_by(data, 1 / (data.v + tau2[:, None]))


def weighted_by(data: Data, base: FloatArray) -> Weighted:
    """Weighted least squares with any weights, shape (B, k).

    Raises
    ------
    MethodError
        If one study of a single data set outweighs all the others, so that the coefficients cannot be told apart.
    """
    weights = base if data.counts is None else base * data.counts
    single = data.size == 1 and data.basis.p > 1
    inverse = _inverse_by_rotation(data.basis, weights[0]) if single else inverse_of(data.basis.products(weights))
    gamma = (inverse @ data.basis.project(weights * data.y)[..., None])[..., 0]
    residuals = data.y - data.basis.expand(gamma)
    if data.basis.p > 1:
        # One step of refinement gives back the digits that the normal equations lose.
        step = (inverse @ data.basis.project(weights * residuals)[..., None])[..., 0]
        gamma = gamma + step
        residuals = data.y - data.basis.expand(gamma)
    return Weighted(data, base, weights, inverse, gamma, residuals)


def _inverse_by_rotation(basis: Basis, weights: FloatArray) -> FloatArray:
    """The inverse of the weighted products of one data set, by rotations of its heaviest rows first."""
    rows = basis.rows[0] if basis.rows.ndim == 3 else basis.rows
    order = np.argsort(-weights)
    triangle = np.linalg.qr(np.sqrt(weights[order])[:, None] * rows[order], mode="r")
    sizes = np.abs(np.diag(triangle))
    if not sizes.min() > _OUTWEIGHED * sizes.max():
        raise MethodError("the coefficients cannot be told apart: one study outweighs all the others")
    inverse = np.linalg.inv(triangle)
    result: FloatArray = (inverse @ inverse.T)[None]
    return result


def sums_of_others(values: FloatArray) -> FloatArray:
    """For each value the sum of the others in its row; that of the largest without the largest ever taking part."""
    rest = values.sum(axis=-1, keepdims=True) - values
    largest = np.argmax(values, axis=-1)[:, None]
    others = values.copy()
    np.put_along_axis(others, largest, 0.0, axis=-1)
    np.put_along_axis(rest, largest, others.sum(axis=-1, keepdims=True), axis=-1)
    return as_floats(rest)


def dominated(weights: FloatArray) -> bool:
    """Whether in some row one weight is nearly all of the sum."""
    return bool(np.any(weights.max(axis=-1) > DOMINANT * weights.sum(axis=-1)))


def kept(left: FloatArray, whole: FloatArray) -> FloatArray:
    """What is left of a sum, NaN where the subtraction took its digits."""
    return as_floats(np.where(left > _CANCELLED * whole, left, np.nan))


def trace(one: FloatArray, other: FloatArray) -> FloatArray:
    """Trace of the product of symmetric matrices, shape (B,)."""
    if one.shape[-1] == 1:
        return one[:, 0, 0] * other[:, 0, 0]
    return einsum("bij,bij->b", one, other)
