"""Columns that say which estimates belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, IntArray
from synth.synthesis.moderators import lack_of


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Which estimates belong together.

    Attributes
    ----------
    names : tuple of str
        Of the clusters, in the order in which they are first met.
    codes : ndarray of int, shape (n,)
        For each estimate the index of its cluster.
    """

    names: tuple[str, ...]
    codes: IntArray

    @property
    def size(self) -> int:
        """Clusters."""
        return len(self.names)

    @property
    def members(self) -> tuple[IntArray, ...]:
        """The rows of each cluster, in the order of the clusters."""
        order = np.argsort(self.codes, kind="stable")
        edges = np.searchsorted(self.codes[order], np.arange(1, self.size))
        return tuple(np.split(order, edges))


def clusters_of(values: Sequence[object] | ArrayLike, n: int, what: str = "cluster") -> Clusters:
    """The clusters that a column of names or numbers makes.

    Parameters
    ----------
    values : sequence
        One name or number for each estimate; 11, 11.0 and "11" are one cluster.
    n : int
        Estimates.
    what : str
        Name of the column, for error messages.

    Raises
    ------
    MethodError
        If the column has another length, or an estimate has no name.
    """
    texts = texts_of(values, n, what)
    names = tuple(dict.fromkeys(texts))
    places = {name: index for index, name in enumerate(names)}
    return Clusters(names, np.array([places[text] for text in texts], dtype=np.intp))


def texts_of(values: Sequence[object] | ArrayLike, n: int, what: str) -> list[str]:
    """A column of names as texts, each of them there (MethodError as for `clusters_of`)."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise MethodError(f"{what}: a column with one name for each of {n} estimates is expected, got {values!r:.40}")
    given: Any = values
    listed = given.tolist() if hasattr(given, "tolist") else list(given)
    if len(listed) != n:
        raise MethodError(f"{what}: {len(listed)} values for {n} estimates; one for each is expected")
    texts = []
    for index, value in enumerate(listed):
        if lack := lack_of(value):
            raise MethodError(f"{what}: estimate {index + 1} has {lack} is expected")
        texts.append(label_of(value))
    return texts


def label_of(value: object) -> str:
    """The name of a group: a whole number without a point, whether it came as 6 or as 6.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def ties_between(covariance: FloatArray, clusters: Clusters) -> tuple[int, int] | None:
    """Two estimates of different clusters that a covariance matrix ties together; None if there are none.

    A correlation of at most 1e-12 is none: that much is left by rounding.
    """
    size = np.sqrt(np.diag(covariance))
    apart = clusters.codes[:, None] != clusters.codes[None, :]
    tied = apart & (np.abs(covariance) > 1e-12 * size[:, None] * size[None, :])
    if not tied.any():
        return None
    first, second = np.argwhere(tied)[0].tolist()
    return first, second
