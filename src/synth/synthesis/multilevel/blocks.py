"""Data of a multilevel model in blocks that are independent of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from synth.synthesis.linear import Basis, FloatArray, IntArray, as_floats
from synth.synthesis.multilevel.random import RandomPart


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """All blocks of one size m.

    Attributes
    ----------
    rows : ndarray of int, shape (B, m)
        Estimates of each block.
    y : ndarray, shape (B, m)
        In the data's unit, less what the columns of the model explain.
    design : ndarray, shape (B, m, p)
        Orthonormal columns.
    v : ndarray, shape (B, m, m)
        Sampling covariance in the data's unit.
    alike : tuple of ndarray, shape (B, m, m)
        For each level 1 where two estimates share its effect.
    inner : tuple of ndarray of int, shape (B, m)
        For each structure the inner level of each estimate.
    shared : tuple of ndarray, shape (B, m, m)
        For each structure 1 where two estimates share the outer unit.
    """

    rows: IntArray
    y: FloatArray
    design: FloatArray
    v: FloatArray
    alike: tuple[FloatArray, ...]
    inner: tuple[IntArray, ...]
    shared: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BlockData:
    """A data set in independent blocks, in a unit of its own.

    Attributes
    ----------
    batches : tuple of Batch
    basis : Basis
        Columns of the model.
    unit : float
        Root of the median sampling variance.
    removed : ndarray, shape (p,)
        Coefficients in the basis of what was taken off, over `unit`.
    n, p : int
        Estimates and coefficients.
    random : RandomPart
    """

    batches: tuple[Batch, ...]
    basis: Basis
    unit: float
    removed: FloatArray
    n: int
    random: RandomPart

    @property
    def p(self) -> int:
        """Coefficients."""
        return self.basis.p


def block_data(y: FloatArray, v: FloatArray, basis: Basis, random: RandomPart) -> BlockData:
    """The data in blocks.

    Parameters
    ----------
    y : ndarray, shape (n,)
    v : ndarray, shape (n,) or (n, n)
        Sampling variances, or their covariance.
    basis : Basis
    random : RandomPart
    """
    n = len(y)
    unit = float(np.sqrt(np.median(v if v.ndim == 1 else np.diag(v))))
    lengths = np.linalg.norm(basis.rows, axis=0)
    rows = basis.rows / lengths
    removed = (y / unit) @ rows
    left = y / unit - rows @ removed
    whole = Basis(rows, basis.triangle * lengths[:, None])
    batches = []
    for members in _blocks(v, random):
        square = members[:, :, None], members[:, None, :]
        alike = tuple(_same(level.codes[members]) for level in random.levels)
        inner = tuple(structure.inner.codes[members] for structure in random.structures)
        shared = tuple(_same(structure.outer.codes[members]) for structure in random.structures)
        sampling = v[members][:, :, None] * np.eye(members.shape[1]) if v.ndim == 1 else v[square]
        batches.append(Batch(members, left[members], rows[members], sampling / unit**2, alike, inner, shared))
    return BlockData(tuple(batches), whole, unit, removed, n, random)


def _same(codes: IntArray) -> FloatArray:
    return as_floats(codes[:, :, None] == codes[:, None, :])


def _blocks(v: FloatArray, random: RandomPart) -> list[IntArray]:
    """Members of the blocks of each size, shape (B, m): what shares an effect or a sampling error hangs together."""
    n = len(v)
    # Each group is a node of its own beside the estimates, so that n estimates of one group need n edges and no more.
    pairs = np.nonzero(np.triu(v, 1)) if v.ndim == 2 else (np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    first, second = (part.tolist() for part in pairs)
    nodes = n
    groupings = [level.codes for level in random.levels] + [item.outer.codes for item in random.structures]
    for codes in groupings:
        first.extend(range(n))
        second.extend((codes + nodes).tolist())
        nodes += int(codes.max()) + 1
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(nodes, nodes))
    _, component = connected_components(graph, directed=False)
    members: dict[int, list[int]] = {}
    for row, label in enumerate(component[:n].tolist()):
        members.setdefault(label, []).append(row)
    by_size: dict[int, list[list[int]]] = {}
    for block in members.values():
        by_size.setdefault(len(block), []).append(block)
    return [np.array(blocks, dtype=np.intp) for _, blocks in sorted(by_size.items())]
