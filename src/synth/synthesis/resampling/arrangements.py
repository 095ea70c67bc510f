"""Data sets that a permutation test compares the observed one with.

Without moderators the signs of the estimates are flipped; with moderators their rows are dealt out to the studies
anew. Dealing out rows is the same as dealing out studies, each with its variance, to fixed rows, and in that form the
sums over all data sets are products of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth.synthesis.linear import Basis, Data, FloatArray, IntArray
from synth.synthesis.resampling.draws import (
    distinct_orders,
    drawn_orders,
    drawn_signs,
    numbered_orders,
    numbered_signs,
)

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis


@dataclass(frozen=True, slots=True, eq=False)
class Arrangements:
    """The arrangements of one model's data.

    Attributes
    ----------
    flips : bool
        Signs of the estimates are flipped, or else rows of moderators permuted.
    data : Data
        The observed data set, of which nothing is taken off but a constant that the model has.
    places : ndarray of int, shape (k,)
        Studies sorted so that those with the same moderators stand together.
    sizes : tuple of int
        How many stand together.
    tied : bool
        Weights of the analyst's own belong to the studies.
    """

    flips: bool
    data: Data
    places: IntArray
    sizes: tuple[int, ...]
    tied: bool

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.places)

    @property
    def total(self) -> int:
        """Different arrangements that there are, the observed one among them."""
        return int(2**self.k) if self.flips else distinct_orders(self.sizes)

    @property
    def numbered(self) -> int:
        """Arrangements that have a number: of two sign patterns that are each other's mirror image, one."""
        return self.total // 2 if self.flips else self.total

    def observed(self) -> Data:
        """The data set as it is, computed as the others are."""
        return self._flipped(np.ones((1, self.k))) if self.flips else self._ordered(self.places[None, :])

    def with_numbers(self, start: int, stop: int) -> Data:
        """The arrangements with these numbers."""
        if self.flips:
            return self._flipped(numbered_signs(start, stop, self.k))
        return self._ordered(numbered_orders(start, stop, self.sizes))

    def drawn(self, random: np.random.Generator, rows: int) -> Data:
        """Arrangements at random, each as likely as any other."""
        if self.flips:
            return self._flipped(drawn_signs(random, rows, self.k))
        return self._ordered(drawn_orders(random, rows, self.k))

    def _flipped(self, signs: FloatArray) -> Data:
        signs *= self.data.y
        return self._data(signs, self.data.v, self.data.basis)

    def _ordered(self, orders: IntArray) -> Data:
        """Study `orders[b, j]` gets the moderators of study `places[j]`."""
        rows, triangle = self.data.basis.rows, self.data.basis.triangle
        if self.tied:
            dealt = rows[self.places[np.argsort(orders, axis=1)]]
            return Data(
                y=self.data.y,
                v=self.data.v,
                counts=None,
                basis=Basis(dealt, triangle),
                k=np.full(len(orders), float(self.k)),
                unit=self.data.unit,
                removed=self.data.removed,
            )
        basis = Basis(rows[self.places], triangle)
        return self._data(self.data.y[0, orders], self.data.v[0, orders], basis)

    def _data(self, y: FloatArray, v: FloatArray, basis: Basis) -> Data:
        k = np.full(len(y), float(self.k))
        return Data(y=y, v=v, counts=None, basis=basis, k=k, unit=self.data.unit, removed=self.data.removed)


def arrangements_of(model: MetaAnalysis, estimates: FloatArray) -> Arrangements:
    """The arrangements for a test of a model.

    Parameters
    ----------
    model : MetaAnalysis
    estimates : ndarray, shape (k,)
        The model's own, or those less what a null hypothesis says of them.
    """
    data, flips = model.data_set, not model.has_moderators
    y = estimates / data.unit
    removed = np.zeros(model.p)
    tied = model.own_weights is not None and not flips
    if model.moderators.intercept and not flips and not tied:
        # A constant that the intercept takes up changes no slope, and small numbers keep their digits.
        constant = float(np.median(y))
        y = y - constant
        removed = constant * data.basis.rows.sum(axis=0)
    _, groups, sizes = np.unique(model.moderators.columns, axis=0, return_inverse=True, return_counts=True)
    return Arrangements(
        flips=flips,
        data=Data(y[None, :], data.v, None, data.basis, data.k, data.unit, removed),
        places=np.argsort(groups.ravel(), kind="stable"),
        sizes=tuple(sizes.tolist()),
        tied=tied,
    )
