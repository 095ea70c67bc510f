"""Rearrangements of k studies: drawn at random from a seeded generator, or all of them, numbered.

Random draws take their numbers from the generator row by row, so that the same seed gives the same rearrangements
in blocks of any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, IntArray, as_floats

Integers = NDArray[np.int64]


def generator_of(seed: int | None, why: str) -> np.random.Generator:
    """The random numbers of a seed: PCG64, whose stream is the same on every machine.

    Raises
    ------
    MethodError
        If the seed is not a whole number from 0; a clock as default would give other results each time.
    """
    if not _is_whole(seed, 0):
        raise MethodError(f"{why}: seed = {seed!r}; a whole number from 0 is expected, so that it can be repeated")
    return np.random.Generator(np.random.PCG64(seed))


def check_number(number: object, what: str) -> None:
    """Refuse a number of resamples or permutations that is not a whole number from 1.

    Raises
    ------
    MethodError
        If it is not.
    """
    if not _is_whole(number, 1):
        raise MethodError(f"{what} = {number!r}: a whole number from 1 is expected")


def _is_whole(value: object, lowest: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= lowest)


def drawn_counts(random: np.random.Generator, rows: int, k: int) -> FloatArray:
    """How often each of k studies is in each of `rows` samples of k with replacement, shape (rows, k)."""
    cells = random.integers(0, k, (rows, k))
    cells += np.arange(rows)[:, None] * k
    return np.bincount(cells.ravel(), minlength=rows * k).reshape(rows, k).astype(float)


def drawn_signs(random: np.random.Generator, rows: int, k: int) -> FloatArray:
    """Signs 1 and -1 with equal chance, shape (rows, k)."""
    return as_floats(1.0 - 2.0 * random.integers(0, 2, (rows, k)))


def drawn_orders(random: np.random.Generator, rows: int, k: int) -> IntArray:
    """Orders of k studies, each as likely as any other, shape (rows, k)."""
    return random.permuted(np.broadcast_to(np.arange(k), (rows, k)), axis=1)


def numbered_signs(start: int, stop: int, k: int) -> FloatArray:
    """The sign patterns with these numbers, of the 2**(k - 1) whose first sign is 1, shape (stop - start, k)."""
    numbers = np.arange(start, stop, dtype=np.int64)[:, None]
    signs = np.ones((stop - start, k))
    signs[:, 1:] -= 2.0 * ((numbers >> np.arange(k - 1)) & 1)
    return signs


def distinct_orders(sizes: Sequence[int]) -> int:
    """Ways to share out studies over groups of these sizes: k! / (n1! n2! ...)."""
    return math.factorial(sum(sizes)) // math.prod(math.factorial(size) for size in sizes)


def numbered_orders(start: int, stop: int, sizes: Sequence[int]) -> IntArray:
    """The distinct orders with these numbers, shape (stop - start, k).

    Parameters
    ----------
    start, stop : int
        Of all `distinct_orders(sizes)`, counted as in a dictionary.
    sizes : sequence of int
        Studies in each group; places of one group are not told apart.

    Returns
    -------
    ndarray of int
        The study that stands in each place; the places are those of the first group, then of the second, and so on.
    """
    rank = np.arange(start, stop, dtype=np.int64)
    ways = np.full(len(rank), distinct_orders(sizes), dtype=np.int64)
    left = np.tile(np.array(sizes, dtype=np.int64), (len(rank), 1))
    row, k = np.arange(len(rank)), sum(sizes)
    groups = np.empty((len(rank), k), dtype=np.int16)
    for study in range(k):
        each = ways[:, None] * left // (k - study)
        upto = np.cumsum(each, axis=1)
        group = (rank[:, None] >= upto).sum(axis=1)
        ways = each[row, group]
        rank -= upto[row, group] - ways
        left[row, group] -= 1
        groups[:, study] = group
    return np.argsort(groups, axis=1, kind="stable")
