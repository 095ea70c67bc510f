"""The likelihood of tau2 in models with nothing but an intercept, from a few sums of powers of the weights.

With w = 1 / (v + tau2), everything follows from the sums of w**m and w**m * y and w**m * y**2. On a grid that all
data sets share, these are products of matrices; for one data set they are a dozen calls.
"""

from __future__ import annotations

import numpy as np

from synth.synthesis.linear import DOMINANT, Data, FloatArray, as_floats, dominated, sums_of_others
from synth.synthesis.scores import traces_beside_a_dominant_study

#: Numbers that the weights of one block of grid points may hold: small enough for a processor's cache.
_BLOCK = 1 << 15


def shared(data: Data) -> bool:
    """Whether the sums apply: an intercept alone, and the same variances in all data sets."""
    return data.basis.constant and len(data.v) == 1


def scan(data: Data, grid: FloatArray, *, restricted: bool) -> FloatArray:
    """Twice the derivative of the (restricted) log-likelihood on a grid, to a few digits: enough for its sign.

    Parameters
    ----------
    data : Data
        For which `shared` holds.
    grid : ndarray, shape (G,)
    restricted : bool

    Returns
    -------
    ndarray, shape (B, G)
    """
    points = max(1, _BLOCK // data.y.shape[-1])
    blocks = [grid[start : start + points] for start in range(0, len(grid), points)]
    return np.concatenate([_scan(data, block, restricted) for block in blocks], axis=1)


def _scan(data: Data, grid: FloatArray, restricted: bool) -> FloatArray:
    w = 1 / (data.v + grid[:, None])
    w2 = w * w
    y, counts = data.y, data.counts
    if counts is None:
        s1, s2 = w.sum(axis=-1), np.einsum("gk,gk->g", w, w)
    if counts is None and len(y) == 1:
        s1y, s2y, s2yy = (np.einsum("k,gk->g", part, of)[None] for part, of in ((y[0], w), (y[0], w2), (y[0] ** 2, w2)))
    elif counts is None:
        s1y, s2y, s2yy = y @ w.T, y @ w2.T, (y * y) @ w2.T
    elif len(y) == 1:
        s1, s2, s1y, s2y, s2yy = (counts @ part.T for part in (w, w2, w * y, w2 * y, w2 * (y * y)))
    else:
        counted = counts * y
        s1, s2, s1y, s2y, s2yy = counts @ w.T, counts @ w2.T, counted @ w.T, counted @ w2.T, (counted * y) @ w2.T
    mean = s1y / s1
    squares = s2yy - mean * (2 * s2y - mean * s2)
    if restricted and counts is None and dominated(w):
        return as_floats(squares - (w * sums_of_others(w)).sum(axis=-1) / s1)
    scores: FloatArray = squares - s1 + (s2 / s1 if restricted else 0.0)
    return scores


def _dot(one: FloatArray, other: FloatArray) -> float:
    """Sum of products. Long ones without the threads of a linear algebra library, which wait on a busy machine."""
    return float(one @ other) if len(one) < _BLOCK else float(np.einsum("k,k->", one, other))


class OneDataSet:
    """Score and likelihood of one data set without counts, as plain numbers."""

    def __init__(self, data: Data, *, restricted: bool) -> None:
        self._y, self._v = data.y[0], data.v[0]
        self._restricted = restricted

    def score(self, tau2: float) -> tuple[float, float]:
        """Twice the derivative of the (restricted) log-likelihood, and its own derivative."""
        w = 1 / (self._v + tau2)
        s1, s2 = float(w.sum()), _dot(w, w)
        residuals = self._y - _dot(w, self._y) / s1
        u = w * residuals
        wu = w * u
        crossed = float(wu.sum())
        second, third = _dot(u, u), _dot(wu, u) - crossed * crossed / s1
        if not self._restricted:
            return second - s1, s2 - 2 * third
        if float(w.max()) > DOMINANT * s1:
            trace_p, trace_pp = (float(part[0]) for part in traces_beside_a_dominant_study(w[None]))
            return second - trace_p, trace_pp - 2 * third
        s3 = _dot(w * w, w)
        return second - s1 + s2 / s1, s2 - 2 * s3 / s1 + (s2 / s1) ** 2 - 2 * third

    def height(self, tau2: float) -> float:
        """(Restricted) log-likelihood, less its constant."""
        w = 1 / (self._v + tau2)
        s1 = float(w.sum())
        residuals = self._y - _dot(w, self._y) / s1
        height = float(np.log(w).sum()) - _dot(w * residuals, residuals)
        return 0.5 * (height - float(np.log(s1)) if self._restricted else height)
