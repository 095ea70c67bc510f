"""Several estimates of a study made into one."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import figure, is_number
from synth.errors import MethodError
from synth.synthesis.clusters import Clusters, clusters_of, label_of, texts_of, ties_between
from synth.synthesis.dependence import Column, check_correlation, check_positive_definite
from synth.synthesis.linear import FloatArray, IntArray, as_floats
from synth.synthesis.studies import column, study_arrays

if TYPE_CHECKING:
    import pandas as pd

Structure = Literal["ID", "CS", "CAR", "CS+CAR", "CS*CAR", "covariance"]
#: One correlation, or one for each cluster by its name.
Correlation = float | Mapping[str, float]

_ASSUMED = {
    "ID": "Estimates of one cluster were taken as independent.",
    "CS": "Estimates of one cluster were taken as correlated by {correlation}.",
    "CAR": "Estimates of one cluster were taken as correlated by {autocorrelation} to the power of their distance in "
    "time.",
    "CS+CAR": "Estimates of one cluster at a distance d in time were taken as correlated by r + (1 - r) a^d, with r = "
    "{correlation} and a = {autocorrelation}.",
    "CS*CAR": "Estimates of one cluster at a distance d in time were taken as correlated by a^d, times r where they "
    "are of different observations, with r = {correlation} and a = {autocorrelation}.",
    "covariance": "The covariance of the estimates of one cluster was given.",
}
_NEEDS = {
    "ID": "",
    "CS": "correlation",
    "CAR": "times autocorrelation",
    "CS+CAR": "correlation times autocorrelation",
    "CS*CAR": "correlation times autocorrelation observation",
    "covariance": "",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Aggregated:
    """One estimate for each cluster; what they were made of is no longer in them.

    Attributes
    ----------
    labels : tuple of str
        Clusters, in the order in which they are first met.
    estimates, variances : ndarray, shape (m,)
        On the scale of the estimates given.
    counts : ndarray of int, shape (m,)
        Estimates in each.
    structure : str
        What was assumed of the estimates of one cluster.
    weighted : bool
        Whether each is the best linear unbiased one, else the plain mean.
    assumed : str
        The assumption in a sentence.
    marks : tuple of str
        Short sentences to show beside the estimates.
    """

    labels: tuple[str, ...]
    estimates: FloatArray
    variances: FloatArray
    counts: IntArray
    structure: Structure
    weighted: bool
    assumed: str
    marks: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row a cluster: estimate, variance, and how many estimates are in it."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        columns = {"estimate": self.estimates, "variance": self.variances, "estimates": self.counts}
        return pd.DataFrame(columns, index=pd.Index(self.labels, name="cluster"))

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return {
            "labels": list(self.labels),
            "estimates": self.estimates.tolist(),
            "variances": self.variances.tolist(),
            "counts": self.counts.tolist(),
            "structure": self.structure,
            "weighted": self.weighted,
            "marks": list(self.marks),
        }

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section."""
        n, m = int(self.counts.sum()), len(self.labels)
        how = (
            "by generalised least squares, whose weights are the inverse of their covariance matrix"
            if self.weighted
            else "by their plain mean, whose variance allows for their covariance"
        )
        return f"{n} estimates were made into {m}, one for each cluster, {how}. {self.assumed}"

    def __repr__(self) -> str:
        return f"Aggregated({int(self.counts.sum())} estimates in {len(self.labels)} clusters, {self.structure})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{html.escape(label)}</th><td>{figure(float(y))}</td><td>{figure(float(v))}</td>'
            f"<td>{count}</td></tr>"
            for label, y, v, count in zip(self.labels, self.estimates, self.variances, self.counts, strict=True)
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("cluster", "estimate", "variance", "estimates"))
        notes = "".join(f"<li>{html.escape(mark)}</li>" for mark in self.marks)
        table = f"<table><caption>{html.escape(repr(self))}</caption><thead><tr>{head}</tr></thead>"
        return f"{table}<tbody>{rows}</tbody></table>" + (f"<ul>{notes}</ul>" if notes else "")


def aggregate(
    estimates: ArrayLike,
    covariance_or_variances: ArrayLike,
    cluster: Column,
    *,
    structure: Structure | None = None,
    correlation: Correlation | None = None,
    autocorrelation: Correlation | None = None,
    times: ArrayLike | None = None,
    observation: Column | None = None,
    weighted: bool = True,
    labels: Sequence[str] | None = None,
) -> Aggregated:
    """Make the estimates of each cluster into one.

    A multilevel model of all estimates is the better analysis where there are enough clusters; with two or three
    estimates of a study this is what can be had.

    Parameters
    ----------
    estimates : array_like, shape (n,)
        On one analysis scale.
    covariance_or_variances : array_like, shape (n,) or (n, n)
        Sampling variances, or their covariance matrix as `sampling_covariance` gives it.
    cluster : column of n names
        What each estimate belongs to.
    structure : {"CS", "ID", "CAR", "CS+CAR", "CS*CAR", "covariance"}, optional
        What is assumed of the estimates of a cluster: one correlation; independence; a correlation that falls with
        time; both added; both multiplied. "CS" for variances and "covariance" for a matrix where not given.
    correlation, autocorrelation : float, or mapping of cluster to float, optional
        As the structure needs them; the second is between estimates one unit of time apart.
    times : array_like, shape (n,), optional
        For the structures with CAR.
    observation : column of n names, optional
        For "CS*CAR": what was observed.
    weighted : bool
        Generalised least squares, else the plain mean.
    labels : sequence of str, optional
        Names of the estimates, for error messages.

    Returns
    -------
    Aggregated

    Raises
    ------
    MethodError
        If a column or an option does not fit, the structure lacks what it needs, estimates of different clusters are
        correlated, or a cluster's covariance is not positive definite.

    References
    ----------
    The structures are those of the manual of metafor's `aggregate` (Viechtbauer 2010, J Stat Softw 36(3):1-48).
    """
    given = _numbers(covariance_or_variances)
    y, v = study_arrays(estimates, np.diag(given) if given.ndim == 2 else given, labels)
    if not len(y):
        raise MethodError("n = 0: there is no estimate; at least one is expected")
    if not isinstance(weighted, bool):
        raise MethodError(f"weighted = {weighted!r}: True or False is expected")
    clusters = clusters_of(cluster, len(y))
    kind = _structure(structure, matrix=given.ndim == 2)
    parts: dict[str, Any] = {
        "correlation": correlation,
        "autocorrelation": autocorrelation,
        "times": times,
        "observation": observation,
    }
    _check_needs(kind, parts)
    if kind == "covariance":
        correlations = _correlations_of(given, clusters)
    else:
        correlations = _assumed(kind, clusters, len(y), parts)
    check_positive_definite(correlations, clusters)
    root = np.sqrt(v)
    found = _combined(y, correlations * root[:, None] * root[None, :], clusters, weighted=weighted)
    words = {"correlation": _in_words(correlation), "autocorrelation": _in_words(autocorrelation)}
    assumed = _ASSUMED[kind].format(**words)
    return replace(found, structure=kind, assumed=assumed, marks=(*_assumption_marks(kind, found, words), *found.marks))


def _numbers(values: ArrayLike) -> FloatArray:
    try:
        given = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise MethodError(f"variances or a covariance matrix are expected ({error})") from error
    if given.ndim == 2 and given.shape[0] == given.shape[1]:
        return given
    return column(given, "variances")


def _structure(structure: Structure | None, *, matrix: bool) -> Structure:
    if structure is None:
        return "covariance" if matrix else "CS"
    if structure not in get_args(Structure):
        raise MethodError(f"structure {structure!r}: one of {', '.join(get_args(Structure))} is expected")
    if matrix != (structure == "covariance"):
        have = "a covariance matrix" if matrix else "variances"
        raise MethodError(f"structure {structure!r} with {have}: 'covariance' goes with a matrix, and only with one")
    return structure


def _check_needs(kind: Structure, parts: Mapping[str, object]) -> None:
    needed = _NEEDS[kind].split()
    for name, value in parts.items():
        if (value is not None) == (name in needed):
            continue
        if value is None:
            raise MethodError(f"structure {kind!r} needs {name}; nothing is assumed in its place")
        raise MethodError(f"structure {kind!r} has no place for {name}; without it, or with another structure, please")


def _correlations_of(covariance: FloatArray, clusters: Clusters) -> FloatArray:
    if not np.isfinite(covariance).all():
        raise MethodError("the covariance matrix has entries that are not finite; finite numbers are expected")
    root = np.sqrt(np.diag(covariance))
    correlations = covariance / (root[:, None] * root[None, :])
    if np.abs(correlations - correlations.T).max() > 1e-10:
        raise MethodError("the covariance matrix is not symmetric")
    tied = ties_between(covariance, clusters)
    if tied is not None:
        one, other = tied[0] + 1, tied[1] + 1
        raise MethodError(
            f"estimates {one} and {other} are of different clusters and correlated: one cluster for both is expected"
        )
    result = (correlations + correlations.T) / 2
    np.fill_diagonal(result, 1.0)
    return as_floats(result)


def _assumed(kind: Structure, clusters: Clusters, n: int, parts: Mapping[str, Any]) -> FloatArray:
    """Correlations that the structure stands for."""
    rho, phi = (_by_row(parts[name], clusters, name) for name in ("correlation", "autocorrelation"))
    over_time = np.ones((n, n))
    if parts["times"] is not None:
        times = column(parts["times"], "times")
        if len(times) != n or not np.isfinite(times).all():
            raise MethodError(f"times: {n} finite numbers are expected")
        over_time = phi[:, None] ** np.abs(times[:, None] - times[None, :])
    level = np.broadcast_to(rho[:, None], (n, n))
    if kind == "ID":
        shared = np.zeros((n, n))
    elif kind == "CS":
        shared = level.copy()
    elif kind == "CAR":
        shared = over_time
    elif kind == "CS+CAR":
        shared = level + (1 - level) * over_time
    else:
        seen = clusters_of(texts_of(parts["observation"], n, "observation"), n, "observation").codes
        shared = np.where(seen[:, None] == seen[None, :], 1.0, level) * over_time
    result = np.where(clusters.codes[:, None] == clusters.codes[None, :], shared, 0.0)
    np.fill_diagonal(result, 1.0)
    return as_floats(result)


def _by_row(value: Correlation | None, clusters: Clusters, what: str) -> FloatArray:
    """The correlation of the cluster of each estimate."""
    lowest = -1.0 if what == "correlation" else 0.0
    if not isinstance(value, Mapping):
        alike = 1.0 if value is None else check_correlation(value, what, lowest)
        return np.full(len(clusters.codes), alike)
    named = {label_of(name): item for name, item in value.items()}
    lacking = sorted(set(clusters.names) ^ set(named))
    if lacking:
        raise MethodError(f"{what}: a number for each cluster, and for no other, is expected; see {lacking[0]!r}")
    each = [check_correlation(named[name], f"{what} of cluster {name}", lowest) for name in clusters.names]
    return np.array(each)[clusters.codes]


def _combined(y: FloatArray, covariance: FloatArray, clusters: Clusters, *, weighted: bool) -> Aggregated:
    estimates, variances, outside = np.empty(clusters.size), np.empty(clusters.size), []
    members = clusters.members
    for index, rows in enumerate(members):
        block = covariance[np.ix_(rows, rows)]
        ones = np.ones(len(rows))
        weights = np.linalg.solve(block, ones) if weighted else ones
        weights = weights / weights.sum()
        # Around the first estimate, so that equal estimates give exactly themselves.
        estimates[index] = y[rows[0]] + weights @ (y[rows] - y[rows[0]])
        variances[index] = weights @ block @ weights
        if weights.min() < -1e-12:
            outside.append(clusters.names[index])
    marks = []
    if outside:
        marks.append(
            f"{_listed(outside)}: an estimate has a negative weight, as a high correlation beside unequal variances "
            "makes it; the aggregate may lie outside the estimates, and the plain mean (weighted=False) does not"
        )
    return Aggregated(
        labels=clusters.names,
        estimates=estimates,
        variances=variances,
        counts=np.array([len(rows) for rows in members], dtype=np.intp),
        structure="covariance",
        weighted=weighted,
        assumed="",
        marks=tuple(marks),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"cluster{'s' if len(names) > 1 else ''} {shown}"


def _assumption_marks(kind: Structure, found: Aggregated, words: Mapping[str, str]) -> tuple[str, ...]:
    if kind == "covariance" or found.counts.max() == 1:
        return ()
    if kind == "ID":
        return ("the estimates of a cluster are taken as independent: right only where they share no participant",)
    given = [f"{name} {words[name]}" for name in _NEEDS[kind].split() if name in words]
    return (f"the {' and '.join(given)} within clusters is assumed: other values belong beside this one",)


def _in_words(value: Correlation | None) -> str:
    return f"{value:g}" if is_number(value) else "a number of each cluster"
