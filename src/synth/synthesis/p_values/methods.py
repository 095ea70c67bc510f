"""Four ways in which one-sided p values of independent studies become one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, get_args

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr, ndtri

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray

CombiningMethod = Literal["fisher", "stouffer", "edgington", "pearson"]

#: Each method with what it does, and where its formula was read.
METHODS: Final[Mapping[CombiningMethod, str]] = MappingProxyType(
    {
        "fisher": (
            "Fisher's method: minus twice the sum of the logarithms of p, against the chi-square distribution with 2k "
            "degrees of freedom (documentation of scipy.stats.combine_pvalues and of the R package confMeta)"
        ),
        "stouffer": (
            "Stouffer's method: the weighted sum of the normal deviates of p over the root of the sum of squared "
            "weights (documentation of sumz in the R package metap; on weights, Zaykin 2011, "
            "doi:10.1111/j.1420-9101.2011.02297.x)"
        ),
        "edgington": (
            "Edgington's method: the sum of p, against the distribution of a sum of k uniform numbers (documentation "
            "of sump in the R package metap)"
        ),
        "pearson": (
            "Pearson's method: twice the sum of the logarithms of 1 - p, against the chi-square distribution with 2k "
            "degrees of freedom (documentation of scipy.stats.combine_pvalues)"
        ),
    }
)


def check_method(method: str) -> None:
    """Refuse a method that is not offered.

    Raises
    ------
    MethodError
        With the names of those that are.
    """
    if method not in METHODS:
        raise MethodError(f"method {method!r}; one of {', '.join(get_args(CombiningMethod))} is expected")


def combined(
    p_values: Sequence[float], complements: Sequence[float], method: CombiningMethod, weights: Sequence[float]
) -> tuple[float, float]:
    """Statistic and combined p value.

    Parameters
    ----------
    p_values, complements : sequence of float, length k
        One-sided p towards one side, and 1 - p, each with digits of its own: near 1 a p has none left for what is
        missing. At 0 or 1 the limit of the method is taken.
    method : str
    weights : sequence of float, length k
        Above 0; of Stouffer's method alone.

    Returns
    -------
    statistic, p : float
        Fisher: chi-square; Stouffer: normal deviate; Edgington: the sum of p; Pearson: minus a chi-square.

    Raises
    ------
    MethodError
        If a p of 0 stands beside one of 1 in Stouffer's method, which then has no limit.
    """
    if method == "edgington":
        return _edgington(p_values, complements)
    p, q = (np.asarray(values, dtype=np.float64) for values in (p_values, complements))
    k = len(p)
    # A bound such as "<0.001" allows p = 0, where logarithms and deviates are infinite and the method has a limit.
    with np.errstate(divide="ignore"):
        if method == "stouffer":
            return _stouffer(p, q, np.asarray(weights, dtype=np.float64))
        if method == "fisher":
            half = -float(_log(p, q).sum())
            return 2 * half, float(gammaincc(k, half))
        half = -float(_log(q, p).sum())
        return -2 * half, float(gammainc(k, half))


def _log(p: FloatArray, q: FloatArray) -> FloatArray:
    """Logarithm of p, from whichever of p and 1 - p has the digits."""
    return np.where(p < 0.5, np.log(p), np.log1p(-q))


def _stouffer(p: FloatArray, q: FloatArray, weights: FloatArray) -> tuple[float, float]:
    if (p == 0).any() and (q == 0).any():
        raise MethodError(
            "a p value that may be 0 stands beside one that may be 1: Stouffer's method has no limit there"
        )
    deviates = np.where(p < 0.5, -ndtri(p), ndtri(q))
    statistic = float((weights * deviates).sum() / math.sqrt(float((weights**2).sum())))
    return statistic, float(ndtr(-statistic))


def _edgington(p_values: Sequence[float], complements: Sequence[float]) -> tuple[float, float]:
    """In whole fractions: the alternating terms of this sum cancel one another beyond the digits of doubles."""
    k = len(p_values)
    pairs = zip(p_values, complements, strict=True)
    total = sum((Fraction(float(p)) if p < 0.5 else 1 - Fraction(float(q)) for p, q in pairs), Fraction(0))
    terms = ((-1) ** j * math.comb(k, j) * (total - j) ** k for j in range(math.floor(total) + 1))
    return float(total), float(sum(terms, Fraction(0)) / math.factorial(k))
