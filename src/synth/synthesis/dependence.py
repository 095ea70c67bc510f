"""Estimates that share participants: the covariance of their sampling errors from assumed correlations.

What a study reports seldom says how its own estimates hang together. The correlation is then an assumption, to be named
and varied; the functions here never choose one.

References
----------
The structure follows the manual of metafor's `vcalc` (Viechtbauer 2010, J Stat Softw 36(3):1-48), with which the
numbers agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.synthesis.clusters import Clusters, clusters_of, texts_of
from synth.synthesis.linear import BoolArray, FloatArray, as_floats
from synth.synthesis.studies import column

Column = Sequence[object] | ArrayLike
#: Smallest eigenvalue of a correlation matrix that is told from 0.
_SMALLEST = 1e-10


def sampling_covariance(
    variances: ArrayLike,
    cluster: Column,
    *,
    correlation: float | tuple[float, float] | None = None,
    observation: Column | None = None,
    construct: Column | None = None,
    subgroup: Column | None = None,
    times: Column | tuple[Column, Column] | None = None,
    autocorrelation: float | None = None,
    groups: tuple[Column, Column] | None = None,
    group_sizes: tuple[ArrayLike, ArrayLike] | None = None,
) -> FloatArray:
    """Covariance matrix of the sampling errors of estimates, some of which share participants.

    Estimates of different clusters are independent. Within a cluster the correlation of two estimates is the product of
    what their measurements share and of what their groups and time points share.

    Parameters
    ----------
    variances : array_like, shape (n,)
        Sampling variances, above 0.
    cluster : column of n names
        The study, or whatever shares participants.
    correlation : float, or two of them, optional
        Between different observations of one construct, or between constructs where only these are told apart; with
        both columns the pair (within a construct, between constructs). Needed unless `times` or `groups` say how the
        estimates of a cluster differ.
    observation, construct : column of n names, optional
        What was observed (an instrument, say) and what it stands for. Without either, and without times and groups,
        each estimate of a cluster is an observation of its own.
    subgroup : column of n names, optional
        Parts of a cluster that share no participant, and so are independent.
    times : column of n numbers, or two of them, optional
        When it was measured; for a contrast of two groups or moments, at the first and at the second.
    autocorrelation : float, optional
        Between measurements one unit of time apart, from 0 to 1; it is needed with `times`, and only there. At a
        distance d it is raised to the power d.
    groups : two columns of n names, optional
        The groups that each estimate compares; a group that two estimates of a cluster share correlates them.
    group_sizes : two columns of n numbers, optional
        Sizes of these groups; equal where not given.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    MethodError
        If a column does not fit, a correlation is missing or out of range, or a cluster's matrix is not positive
        definite; the cluster is named.
    """
    v = _variances(variances)
    n = len(v)
    clusters = _parts(cluster, subgroup, n)
    alone = times is None and groups is None
    shared = _of_measurements(n, observation, construct, correlation, each_its_own=alone)
    shared = shared * _of_contrasts(n, times, autocorrelation, groups, group_sizes)
    correlations = np.where(clusters.codes[:, None] == clusters.codes[None, :], shared, 0.0)
    np.fill_diagonal(correlations, 1.0)
    check_positive_definite(correlations, clusters)
    root = np.sqrt(v)
    return as_floats(correlations * root[:, None] * root[None, :])


def _variances(variances: ArrayLike) -> FloatArray:
    v = column(variances, "variances")
    if not len(v):
        raise MethodError("no variances; at least one is expected")
    good = np.isfinite(v) & (v > 0)
    if not good.all():
        index = int(np.argmin(good))
        raise MethodError(f"estimate {index + 1}: the variance is {v[index]}; a finite number above 0 is expected")
    return v


def _parts(cluster: Column, subgroup: Column | None, n: int) -> Clusters:
    clusters = clusters_of(cluster, n)
    if subgroup is None:
        return clusters
    within = texts_of(subgroup, n, "subgroup")
    # The name is that of the cluster too, so that an error says where.
    return clusters_of(
        [f"{clusters.names[code]}, {part}" for code, part in zip(clusters.codes, within, strict=True)], n
    )


def check_correlation(value: object, what: str, lowest: float = -1.0) -> float:
    """A correlation that was given.

    Raises
    ------
    MethodError
        If it is no number from `lowest` to 1.
    """
    if not is_number(value) or not lowest <= value <= 1:
        raise MethodError(f"{what} = {value!r}: a number from {lowest:g} to 1 is expected")
    return float(value)


def _of_measurements(
    n: int,
    observation: Column | None,
    construct: Column | None,
    correlation: float | tuple[float, float] | None,
    *,
    each_its_own: bool,
) -> FloatArray:
    """Correlations that come from what was measured."""
    if observation is None and construct is None and not each_its_own:
        if correlation is not None:
            raise MethodError(
                f"correlation = {correlation!r} beside times or groups: a column of observations or constructs, to "
                "which it applies, is expected"
            )
        return np.ones((n, n))
    if correlation is None:
        raise MethodError(
            "the correlation of the estimates of a cluster is not given; a number is expected, since none can be "
            "assumed without a reason"
        )
    both = observation is not None and construct is not None
    if both != isinstance(correlation, tuple | list):
        expected = "two (within a construct, between constructs) are" if both else "one number is"
        raise MethodError(f"correlation = {correlation!r}: {expected} expected")
    pair = tuple(correlation) if isinstance(correlation, tuple | list) else (correlation, correlation)
    if len(pair) != 2:
        raise MethodError(f"correlation = {correlation!r}: two numbers are expected")
    within, between = (check_correlation(value, "correlation") for value in pair)
    named = observation if observation is not None else (None if construct is not None else list(range(n)))
    other = _differs(named, n, "observation")
    apart = _differs(construct, n, "construct")
    return np.where(apart, between, np.where(other, within, 1.0))


def _differs(values: Column | None, n: int, what: str) -> BoolArray:
    if values is None:
        return np.zeros((n, n), dtype=bool)
    codes = clusters_of(values, n, what).codes
    result: BoolArray = codes[:, None] != codes[None, :]
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One side of the contrasts: its group, its time, and the root of its share of the variance."""

    group: FloatArray
    time: FloatArray
    root: FloatArray


def _of_contrasts(
    n: int,
    times: Column | tuple[Column, Column] | None,
    autocorrelation: float | None,
    groups: tuple[Column, Column] | None,
    group_sizes: tuple[ArrayLike, ArrayLike] | None,
) -> FloatArray:
    """Correlations that come from shared groups and from time."""
    if (times is None) != (autocorrelation is None):
        raise MethodError("times and autocorrelation: both are expected, or neither")
    phi = 1.0 if autocorrelation is None else check_correlation(autocorrelation, "autocorrelation", 0.0)
    paired = isinstance(times, tuple) and len(times) == 2 and not is_number(times[0])
    if groups is None:
        if paired or group_sizes is not None:
            raise MethodError("two columns of times, or group sizes, go with the two columns of groups they belong to")
        return np.ones((n, n)) if times is None else _over_time(phi, *(_times(times, n),) * 2)
    first, second = _two(groups, "groups")
    codes = clusters_of([*texts_of(first, n, "groups"), *texts_of(second, n, "groups")], 2 * n).codes.astype(float)
    moments = np.zeros(2 * n)
    if times is not None:
        pair = _two(times, "times") if paired else (times, times)
        moments = np.concatenate([_times(part, n) for part in pair])
    sizes = np.ones(2 * n)
    if group_sizes is not None:
        sizes = np.concatenate([_sizes(part, n) for part in _two(group_sizes, "group_sizes")])
    one, other = (_Side(codes[part], moments[part], 1 / np.sqrt(sizes[part])) for part in (slice(n), slice(n, None)))
    return _normalised(one, other, phi)


def _normalised(one: _Side, other: _Side, phi: float) -> FloatArray:
    def part(left: _Side, right: _Side) -> FloatArray:
        same = left.group[:, None] == right.group[None, :]
        over_time = _over_time(phi, left.time, right.time)
        return as_floats(np.where(same, over_time, 0.0) * left.root[:, None] * right.root[None, :])

    covariance = part(one, one) - part(one, other) - part(other, one) + part(other, other)
    variance = np.diag(covariance)
    if not (variance > 0).all():
        index = int(np.argmin(variance))
        raise MethodError(f"estimate {index + 1} compares a group with itself at one time; a difference is expected")
    root = np.sqrt(variance)
    return as_floats(covariance / (root[:, None] * root[None, :]))


def _over_time(phi: float, one: FloatArray, other: FloatArray) -> FloatArray:
    return as_floats(phi ** np.abs(one[:, None] - other[None, :]))


def _two(columns: object, what: str) -> tuple[Column, Column]:
    if not isinstance(columns, tuple | list) or len(columns) != 2:
        raise MethodError(f"{what}: two columns, of the first and of the second side of the contrast, are expected")
    return columns[0], columns[1]


def _times(values: object, n: int) -> FloatArray:
    found = column(np.asarray(values), "times")
    if len(found) != n or not np.isfinite(found).all():
        raise MethodError(f"times: {n} finite numbers are expected")
    return found


def _sizes(values: object, n: int) -> FloatArray:
    found = column(np.asarray(values), "group_sizes")
    if len(found) != n or not (np.isfinite(found) & (found > 0)).all():
        raise MethodError(f"group_sizes: {n} finite numbers above 0 are expected")
    return found


def check_positive_definite(correlations: FloatArray, clusters: Clusters) -> None:
    """Refuse correlations that no estimates can have together.

    Parameters
    ----------
    correlations : ndarray, shape (n, n)
    clusters : Clusters
        Outside which there is no correlation.

    Raises
    ------
    MethodError
        If the matrix of a cluster is not positive definite; it is named, with its size.
    """
    for name, rows in zip(clusters.names, clusters.members, strict=True):
        block = correlations[np.ix_(rows, rows)]
        smallest = float(np.linalg.eigvalsh(block)[0])
        if smallest > _SMALLEST:
            continue
        same = np.argwhere(np.triu(block > 1 - _SMALLEST, k=1))
        if len(same):
            one, other = (int(rows[place]) + 1 for place in same[0])
            raise MethodError(
                f"cluster {name}: estimates {one} and {other} are correlated by 1, as the same observation twice is; "
                "different observations are expected"
            )
        raise MethodError(
            f"cluster {name}: correlations among its {len(rows)} estimates that cannot hold together (smallest "
            f"eigenvalue {smallest:.3g}); a positive definite matrix is expected"
        )
