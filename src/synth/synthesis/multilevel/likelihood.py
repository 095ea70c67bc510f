"""Likelihood and restricted likelihood of a multilevel model, with exact derivatives, block by block.

The restricted likelihood and its derivatives are those of any linear mixed model (Searle, Casella and McCulloch 1992,
Variance Components).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from synth.synthesis.linear import FloatArray, as_floats, einsum
from synth.synthesis.multilevel.blocks import Batch, BlockData
from synth.synthesis.multilevel.structures import Parameters

#: Estimates in a block from which it is inverted by itself.
_LARGE = 48


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Generalised least squares at given covariances, in the data's unit.

    Attributes
    ----------
    inverses : tuple of ndarray, shape (B, m, m)
        Of the marginal covariance of each block.
    weighted : tuple of ndarray, shape (B, m, p)
        Inverses times columns.
    covariance : ndarray, shape (p, p)
        Of the coefficients in the basis.
    gamma : ndarray, shape (p,)
        Coefficients in the basis, less what was taken off.
    scores : tuple of ndarray, shape (B, m)
        Inverses times residuals.
    squares : float
        Weighted sum of squared residuals.
    log_determinant, log_information : float
        Of the marginal covariance, and of the information on the coefficients.
    """

    inverses: tuple[FloatArray, ...]
    weighted: tuple[FloatArray, ...]
    covariance: FloatArray
    gamma: FloatArray
    scores: tuple[FloatArray, ...]
    squares: float
    log_determinant: float
    log_information: float


def marginal(batch: Batch, sigma2: FloatArray, covariances: list[FloatArray]) -> FloatArray:
    """Marginal covariances of the blocks of a batch, shape (B, m, m), in the data's unit."""
    total = batch.v.copy()
    for variance, alike in zip(sigma2.tolist(), batch.alike, strict=True):
        total += variance * alike
    for covariance, inner, shared in zip(covariances, batch.inner, batch.shared, strict=True):
        total += covariance[inner[:, :, None], inner[:, None, :]] * shared
    return total


def solve(data: BlockData, sigma2: FloatArray, covariances: list[FloatArray]) -> Solved | None:
    """Generalised least squares; None where a marginal covariance is not positive definite."""
    inverses, weighted = [], []
    information, target = np.zeros((data.p, data.p)), np.zeros(data.p)
    log_determinant = 0.0
    for batch in data.batches:
        found = _inverted(marginal(batch, sigma2, covariances))
        if found is None:
            return None
        log_determinant += found[1]
        inverses.append(found[0])
        weighted.append(as_floats(inverses[-1] @ batch.design))
        information += einsum("bmp,bmq->pq", batch.design, weighted[-1])
        target += einsum("bmp,bm->p", weighted[-1], batch.y)
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    covariance = np.linalg.inv(information)
    gamma = covariance @ target
    residuals = [batch.y - einsum("bmp,p->bm", batch.design, gamma) for batch in data.batches]
    scores = [einsum("bij,bj->bi", inverse, left) for inverse, left in zip(inverses, residuals, strict=True)]
    return Solved(
        inverses=tuple(inverses),
        weighted=tuple(weighted),
        covariance=as_floats((covariance + covariance.T) / 2),
        gamma=gamma,
        scores=tuple(scores),
        squares=sum(float(np.sum(left * score)) for left, score in zip(residuals, scores, strict=True)),
        log_determinant=log_determinant,
        log_information=2 * float(np.sum(np.log(np.diag(root)))),
    )


def _inverted(total: FloatArray) -> tuple[FloatArray, float] | None:
    """Inverses and the sum of log-determinants; None where one is not positive definite."""
    if total.shape[1] >= _LARGE:
        found = [_inverted_large(block) for block in total]
        whole = [item for item in found if item is not None]
        if len(whole) < len(found):
            return None
        return np.stack([inverse for inverse, _ in whole]), sum(height for _, height in whole)
    try:
        roots = np.linalg.cholesky(total)
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(total)
    return as_floats((inverse + inverse.transpose(0, 2, 1)) / 2), 2 * float(
        np.sum(np.log(einsum("bii->bi", as_floats(roots))))
    )


def _inverted_large(block: FloatArray) -> tuple[FloatArray, float] | None:
    """The same for one large block, by its Cholesky root alone."""
    root, failed = dpotrf(block, lower=1)
    if failed:
        return None
    lower, _ = dpotri(root, lower=1)
    inverse = np.tril(lower, -1)
    inverse += inverse.T
    inverse[np.diag_indices(len(block))] = np.diag(lower)
    return inverse, 2 * float(np.sum(np.log(np.diag(root))))


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Derivatives of the likelihood.

    Attributes
    ----------
    sigma2 : ndarray, shape (q,)
        By the variance of each level.
    covariances : list of ndarray, shape (J, J)
        By the entries of the covariance of each structure: changes dG raise the likelihood by the sum of products.
    """

    sigma2: FloatArray
    covariances: list[FloatArray]


class Likelihood:
    """The likelihood of a data set as a function of parameters that may take any value.

    Parameters
    ----------
    data : BlockData
    restricted : bool
        Whether it is the restricted one.
    structures : tuple of Parameters
        Of each structure of the data.
    """

    def __init__(self, data: BlockData, restricted: bool, structures: tuple[Parameters, ...]) -> None:
        self.data, self.restricted, self.structures = data, restricted, structures
        self.levels = len(data.random.levels)
        self.count = self.levels + sum(item.count for item in structures)

    def parts(self, x: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Variances of the levels and parameters of each structure."""
        found, start = [], self.levels
        for item in self.structures:
            found.append(x[start : start + item.count])
            start += item.count
        return x[: self.levels] ** 2, found

    def at(self, x: FloatArray) -> Solved | None:
        """Generalised least squares at the parameters."""
        sigma2, parts = self.parts(x)
        covariances = [item.covariance(part) for item, part in zip(self.structures, parts, strict=True)]
        return solve(self.data, sigma2, covariances)

    def height(self, solved: Solved) -> float:
        """Log-likelihood but for a constant, in the data's unit; the restricted one with orthonormal columns."""
        height = solved.log_determinant + solved.squares
        return -0.5 * (height + (solved.log_information if self.restricted else 0.0))

    def slopes(self, solved: Solved) -> Slopes:
        """Derivatives by the covariances."""
        sigma2 = np.zeros(self.levels)
        sizes = [item.structure.inner.size for item in self.structures]
        covariances = [np.zeros((size, size)) for size in sizes]
        for index, batch in enumerate(self.data.batches):
            weighted, score = solved.weighted[index], solved.scores[index]
            inner = score[:, :, None] * score[:, None, :] - solved.inverses[index]
            if self.restricted:
                inner += (weighted @ solved.covariance) @ weighted.transpose(0, 2, 1)
            inner *= 0.5
            for level, alike in enumerate(batch.alike):
                sigma2[level] += float(np.sum(inner * alike))
            for place, (codes, shared) in enumerate(zip(batch.inner, batch.shared, strict=True)):
                size = sizes[place]
                pairs = (codes[:, :, None] * size + codes[:, None, :]).ravel()
                sums = np.bincount(pairs, weights=(inner * shared).ravel(), minlength=size * size)
                covariances[place] += sums.reshape(size, size)
        return Slopes(sigma2, covariances)

    def gradient(self, x: FloatArray, slopes: Slopes) -> FloatArray:
        """Derivatives by the parameters."""
        _, parts = self.parts(x)
        own = [2 * x[: self.levels] * slopes.sigma2]
        for item, part, slope in zip(self.structures, parts, slopes.covariances, strict=True):
            own.append(item.gradient(part, slope))
        return np.concatenate(own)

    def value(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Log-likelihood but for a constant, and its gradient; minus infinity where nothing is positive definite."""
        solved = self.at(x)
        if solved is None:
            return -math.inf, np.zeros(self.count)
        return self.height(solved), self.gradient(x, self.slopes(solved))
