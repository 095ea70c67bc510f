"""The distribution of test statistics over the arrangements of a permutation test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth.errors import MethodError
from synth.synthesis.fitting import Fits, degrees_of, factor_of
from synth.synthesis.linear import Data, FloatArray
from synth.synthesis.resampling.arrangements import Arrangements
from synth.synthesis.resampling.blocks import blocks_of, refit
from synth.synthesis.resampling.draws import generator_of

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

#: Statistics closer than this (or, above 1, than this share of them) are the same: rounding alone tells them apart.
#: It is the square root of the spacing of doubles at 1, as in metafor.
TIE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Null:
    """Statistics of the arrangements, and the p values that follow.

    Attributes
    ----------
    observed : ndarray, shape (p,)
        T or z of each coefficient.
    observed_omnibus : float
    statistics : ndarray, shape (N, p)
        Of the arrangements compared with the observed one.
    omnibus : ndarray, shape (N,)
    p_values : ndarray, shape (p,)
    omnibus_p : float
    smallest_p : ndarray, shape (p,)
        Where all arrangements are compared, the share of them at the largest statistic; else 1 over the number.
    smallest_omnibus_p : float
    not_converged : int
        Arrangements in which the iteration for tau2 did not end, or the fit has no digits; they count as at least as
        far from 0.
    """

    observed: FloatArray
    observed_omnibus: float
    statistics: FloatArray
    omnibus: FloatArray
    p_values: FloatArray
    omnibus_p: float
    smallest_p: FloatArray
    smallest_omnibus_p: float
    not_converged: int


def null_of(model: MetaAnalysis, arranged: Arrangements, *, exact: bool, permutations: int, seed: int | None) -> Null:
    """Fit the model to the arrangements and compare.

    Parameters
    ----------
    model : MetaAnalysis
    arranged : Arrangements
    exact : bool
        All arrangements, or random ones.
    permutations : int
        Random ones.
    seed : int or None
        Of the random ones.

    Raises
    ------
    MethodError
        If a seed is expected and none is given, or the model could be fitted to no arrangement.
    """
    parts = [_statistics(model, refit(model, data)) for data in _data_sets(model, arranged, exact, permutations, seed)]
    statistics, omnibus = (np.concatenate([part[item] for part in parts]) for item in (0, 1))
    lost = int(sum(np.count_nonzero(np.isnan(part[1])) for part in parts))
    first, first_omnibus = _statistics(model, refit(model, arranged.observed()))
    if lost == len(omnibus):
        raise MethodError(f"permutation test: none of {lost:,} arrangements has a fit that ended with all its digits")
    if np.isnan(first_omnibus[0]):
        raise MethodError("permutation test: one study outweighs the others so far that the statistics have no digits")
    everything = np.column_stack([statistics, omnibus])
    observed = np.append(first[0], first_omnibus[0])
    reached = at_least(everything, observed).sum(axis=0)
    count = len(everything)
    if exact:
        smallest = at_least(everything, np.nanmax(np.abs(everything), axis=0)).sum(axis=0) / count
        # The observed arrangement is one of them, even where rounding moves a huge statistic.
        p_values = np.maximum(reached / count, smallest)
    else:
        # The observed arrangement is one of those that might have been drawn.
        p_values = (reached + 1) / (count + 1)
        smallest = np.full(len(observed), 1 / (count + 1))
    return Null(
        observed=observed[:-1],
        observed_omnibus=float(observed[-1]),
        statistics=statistics,
        omnibus=omnibus,
        p_values=p_values[:-1],
        omnibus_p=float(p_values[-1]),
        smallest_p=smallest[:-1],
        smallest_omnibus_p=float(smallest[-1]),
        not_converged=lost,
    )


def at_least(statistics: FloatArray, bound: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether statistics are as far from 0 as the bound, or unknown; what rounding alone tells apart is the same."""
    size = np.abs(bound)
    return ~(np.abs(statistics) < np.where(size > 1, size * (1 - TIE), size - TIE))


def _data_sets(
    model: MetaAnalysis, arranged: Arrangements, exact: bool, permutations: int, seed: int | None
) -> Iterator[Data]:
    if exact:
        for start, stop in blocks_of(model, arranged.numbered):
            yield arranged.with_numbers(start, stop)
        return
    random = generator_of(seed, "Monte Carlo permutation test")
    for start, stop in blocks_of(model, permutations):
        yield arranged.drawn(random, stop - start)


def _statistics(model: MetaAnalysis, fits: Fits) -> tuple[FloatArray, FloatArray]:
    """T or z of each coefficient, shape (B, p), and the omnibus statistic, shape (B,); NaN where not converged."""
    covariance = fits.covariance * factor_of(fits, model.test)[:, None, None]
    errors = np.sqrt(np.maximum(np.einsum("bii->bi", covariance), 0.0))
    # A standard error of 0 makes the statistic infinite; a fit without digits has none.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        statistics = np.where(fits.beta == 0, 0.0, fits.beta / errors)
        omnibus = _omnibus(model, fits, covariance, errors, statistics)
    lost = ~fits.converged | np.isnan(statistics).any(axis=1)
    if lost.any():
        statistics[lost] = np.nan
        omnibus[lost] = np.nan
    return statistics, omnibus


def _omnibus(
    model: MetaAnalysis, fits: Fits, covariance: FloatArray, errors: FloatArray, statistics: FloatArray
) -> FloatArray:
    tested = list(model.moderators.tested)
    if len(tested) == 1:
        return statistics[:, tested[0]] ** 2
    known = (errors > 0).all(axis=1)
    found = np.full(len(errors), np.inf)
    some = errors[known][:, tested]
    correlations = covariance[known][:, tested][:, :, tested] / some[:, :, None] / some[:, None, :]
    scaled = statistics[known][:, tested]
    try:
        solved = np.linalg.solve(correlations, scaled[..., None])[..., 0]
    except np.linalg.LinAlgError as error:
        raise MethodError("permutation test: the coefficients follow from each other but for rounding") from error
    found[known] = np.einsum("bi,bi->b", scaled, solved)
    if np.isfinite(degrees_of(fits, model.test)).all():
        found /= len(tested)
    return found
