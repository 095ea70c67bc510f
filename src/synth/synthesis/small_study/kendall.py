"""Kendall's rank correlation: the statistic in O(k log2 k), its exact distribution, and its variance with ties."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from synth.synthesis.linear import FloatArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kendall:
    """Pairs of k points.

    Attributes
    ----------
    k : int
    difference : int
        Concordant less discordant pairs: Kendall's S.
    ties_x, ties_y : tuple of int
        Sizes of the groups of equal values, those of one value left out.
    """

    k: int
    difference: int
    ties_x: tuple[int, ...]
    ties_y: tuple[int, ...]

    @property
    def tied(self) -> bool:
        """Whether any value occurs twice."""
        return bool(self.ties_x or self.ties_y)

    @property
    def tau(self) -> float:
        """Kendall's tau-b, from -1 to 1; tau-a where nothing is tied."""
        pairs = self.k * (self.k - 1) // 2
        untied = [pairs - sum(t * (t - 1) // 2 for t in ties) for ties in (self.ties_x, self.ties_y)]
        return self.difference / (math.sqrt(untied[0]) * math.sqrt(untied[1]))

    def asymptotic_p(self) -> float:
        """Two-sided normal p value with the variance for ties and without a continuity correction; k from 3."""
        deviate = self.difference / math.sqrt(self._variance())
        return min(1.0, 2 * float(ndtr(-abs(deviate))))

    def _variance(self) -> float:
        k = self.k
        spread = k * (k - 1) * (2 * k + 5)
        spread -= sum(t * (t - 1) * (2 * t + 5) for ties in (self.ties_x, self.ties_y) for t in ties)
        twos = [sum(t * (t - 1) for t in ties) for ties in (self.ties_x, self.ties_y)]
        threes = [sum(t * (t - 1) * (t - 2) for t in ties) for ties in (self.ties_x, self.ties_y)]
        joint = twos[0] * twos[1] / (2 * k * (k - 1)) + threes[0] * threes[1] / (9 * k * (k - 1) * (k - 2))
        return spread / 18 + joint

    def exact_p(self) -> float:
        """Two-sided exact p value of values without ties."""
        pairs = self.k * (self.k - 1) // 2
        concordant = (pairs + self.difference) // 2
        return min(1.0, 2 * lower_tail(self.k, min(concordant, pairs - concordant)))


def kendall(x: FloatArray, y: FloatArray) -> Kendall:
    """Kendall's statistic of two columns (Knight 1966, J Am Stat Assoc 61:436-439, for the way of counting)."""
    k = len(x)
    order = np.lexsort((y, x))
    ranks = np.unique(y, return_inverse=True)[1].astype(np.int64)[order]
    ties_x, ties_y = _tie_sizes(x), _tie_sizes(y)
    both = _tie_sizes(np.unique(x, return_inverse=True)[1] * np.int64(k) + np.unique(y, return_inverse=True)[1])
    comparable = k * (k - 1) // 2 - _pairs(ties_x) - _pairs(ties_y) + _pairs(both)
    return Kendall(k=k, difference=comparable - 2 * inversions(ranks), ties_x=ties_x, ties_y=ties_y)


def _tie_sizes(values: FloatArray | Counts) -> tuple[int, ...]:
    counts = np.unique(values, return_counts=True)[1]
    return tuple(counts[counts > 1].tolist())


def _pairs(sizes: tuple[int, ...]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def inversions(ranks: Counts) -> int:
    """Pairs of which the earlier is the larger.

    Parameters
    ----------
    ranks : ndarray of int, shape (k,)
        From 0 to k - 1; ties are allowed and no inversions.
    """
    total = 0
    for bit in range(int(ranks.max(initial=0)).bit_length()):
        # Pairs that agree in all higher bits and differ in this one: a 1 before a 0 is an inversion.
        groups = ranks >> (bit + 1)
        order = np.argsort(groups, kind="stable")
        ones = (ranks[order] >> bit) & 1
        before = np.cumsum(ones) - ones
        starts = np.searchsorted(groups[order], groups[order])
        total += int(((1 - ones) * (before - before[starts])).sum())
    return total


def lower_tail(k: int, most: int) -> float:
    """Probability that k values in random order have at most this many concordant pairs.

    The number of concordant pairs is a sum of independent uniform numbers 0 to i - 1, i = 1 to k (Kendall 1970, Rank
    Correlation Methods, chapter 5); their distribution is the product of the single ones.

    Parameters
    ----------
    k : int
    most : int
        At most half of the pairs, so that nothing is lost by subtraction.
    """
    probabilities = np.zeros(most + 1)
    probabilities[0] = 1.0
    for i in range(2, k + 1):
        sums = np.cumsum(probabilities)
        sums[i:] -= sums[:-i].copy()
        probabilities = sums / i
    return float(probabilities.sum())
