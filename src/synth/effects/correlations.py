"""Correlations: formulas of estimates and sampling variances. With 3 people or fewer there is no variance."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import hyp2f1

from synth.effects.columns import Choices, Columns, FloatArray, Formula, Pair, PlainFormula

# From this third parameter on the series of Gauss's function needs few terms for full precision, even at z = 1; fewer
# than the most of them in any case.
_SERIES_FROM: Final = 20.0
_MOST_TERMS: Final = 500


def _large_sample(estimate: FloatArray, n: FloatArray, choices: Choices) -> FloatArray:
    if choices.variance == "AV":
        weights = np.where(np.isnan(estimate), np.nan, n)
        estimate = np.full_like(estimate, np.nansum(weights * estimate) / np.nansum(weights))
    return np.where(n > 3, (1 - estimate**2) ** 2 / (n - 1), np.nan)


def _correlation(columns: Columns, choices: Choices) -> Pair:
    r, n = columns["correlation"], columns["n"]
    return r, _large_sample(r, n, choices)


def _hypergeometric(a: float, c: FloatArray, z: FloatArray) -> FloatArray:
    """Gauss's function F(a, a; c; z) for z from 0 to 1; scipy's is NaN for c from about 150 and z near 1."""
    large = c >= _SERIES_FROM
    sums = np.ones_like(c)
    term = np.where(large, 1.0, 0.0)
    for step in range(_MOST_TERMS):
        term = term * (a + step) ** 2 * z / ((c + step) * (step + 1))
        sums = sums + term
        if not (term > np.finfo(np.float64).eps / 4 * sums).any():
            break
    return np.where(large, sums, hyp2f1(a, a, np.where(large, _SERIES_FROM, c), z))


def _unbiased_correlation(columns: Columns, choices: Choices) -> Pair:
    r, n = columns["correlation"], columns["n"]
    enough = np.where(n > 4, n, np.nan)
    rest = 1 - r**2
    estimate = r * _hypergeometric(0.5, (enough - 2) / 2, rest)
    if choices.variance == "UB":
        square = 1 - (enough - 3) / (enough - 2) * rest * _hypergeometric(1, enough / 2, rest)
        return estimate, estimate**2 - square
    return estimate, _large_sample(estimate, n, choices)


def _fisher_z(columns: Columns) -> Pair:
    n = columns["n"]
    return np.arctanh(columns["correlation"]), np.where(n > 3, 1 / np.where(n > 3, n - 3, 1), np.nan)


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "ZCOR": _fisher_z,
}
FORMULAS: Final[dict[str, Formula]] = {
    "COR": _correlation,
    "UCOR": _unbiased_correlation,
}
