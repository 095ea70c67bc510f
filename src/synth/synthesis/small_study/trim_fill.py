"""Duval and Tweedie's trim and fill: how many studies a symmetric funnel lacks, and the effect with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from synth.errors import MethodError
from synth.synthesis.fitting import fit_data
from synth.synthesis.linear import FloatArray, IntArray, basis_of, constant_basis, data_of
from synth.synthesis.models import MetaAnalysis, common_effect, random_effects
from synth.synthesis.small_study.guarded import refusing_lost_digits
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph, too_few

Estimator = Literal["L0", "R0", "Q0"]
Side = Literal["left", "right"]

#: Share of the largest distance below which two distances differ by rounding only and tie.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class TrimAndFill(Shown):
    """The studies that a symmetric funnel plot lacks.

    Attributes
    ----------
    estimator : {"L0", "R0", "Q0"}
    side : {"left", "right"}
        Where studies are missing: below or above the rest.
    side_given : bool
        Whether the caller chose the side.
    k0 : int
        Missing studies.
    k0_se : float or None
        Standard error; None where the published variance is negative.
    k0_p : float or None
        One-sided p value that none are missing; for R0 only.
    filled_estimates, filled_variances : tuple of float
        The mirror images that were added, by rising distance of their originals.
    model : MetaAnalysis
        The same model on all studies and the added ones.
    original : MetaAnalysis
        As given.
    """

    estimator: Estimator
    side: Side
    side_given: bool
    k0: int
    k0_se: float | None
    k0_p: float | None
    filled_estimates: tuple[float, ...]
    filled_variances: tuple[float, ...]
    model: MetaAnalysis
    original: MetaAnalysis

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"estimator": self.estimator, "k": self.k, "side": self.side, "k0": self.k0}
        row |= {"k0_se": self.k0_se, "k0_p_value": self.k0_p, "estimate": self.original.estimate}
        low, high = self.model.interval
        return row | {"filled_estimate": self.model.estimate, "filled_low": low, "filled_high": high}

    def _columns(self) -> dict[str, list[Cell]]:
        model = self.model
        filled: list[Cell] = [index >= self.k for index in range(model.k)]
        columns: dict[str, list[Cell]] = {"study": list(model.labels), "estimate": model.estimates.tolist()}
        return columns | {"variance": model.variances.tolist(), "filled": filled}

    def to_dict(self) -> dict[str, Any]:
        """Every attribute by name, the models as dictionaries of their own."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"model": self.model.to_dict(), "original": self.original.to_dict()}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        chosen = "was chosen beforehand" if self.side_given else "followed from the slope on the standard error"
        sentences = [
            f"Trim and fill (Duval and Tweedie 2000) with the estimator {self.estimator} was applied to "
            f"{how_many(self.k)}; the side on which studies are missing ({self.side}) {chosen}.",
            "It is a sensitivity analysis: it takes asymmetry for missing studies, which heterogeneity also causes, "
            "and the added studies are no data.",
            "Fewer than 10 studies are too few to judge a funnel plot (Sterne et al. 2011).",
        ]
        return paragraph(sentences, "duval tweedie", "duval tweedie theory", "sterne")


@dataclass(frozen=True, slots=True, eq=False)
class _Sorted:
    """Studies in rising order of estimates, mirrored if need be so that the missing ones lie on the left."""

    y: FloatArray
    v: FloatArray
    weights: FloatArray | None
    order: IntArray
    sign: float


@dataclass(frozen=True, slots=True)
class _Missing:
    k0: int
    se: float | None
    centre: float


def trim_and_fill(model: MetaAnalysis, estimator: Estimator = "L0", side: Side | None = None) -> TrimAndFill:
    """Estimate the number of missing studies and the effect with their mirror images added.

    Parameters
    ----------
    model : MetaAnalysis
        Without moderators. Its estimator of tau2, test, level, own weights and given tau2 are used throughout.
    estimator : {"L0", "R0", "Q0"}
        Of the number of missing studies: from the sum of ranks (L0 and Q0), or from the longest run of the largest
        distances on one side (R0).
    side : {"left", "right"}, optional
        Where studies are missing. Where not given: the right if the slope of the estimates on their standard errors
        is below 0, else the left.

    Returns
    -------
    TrimAndFill

    Raises
    ------
    MethodError
        If there are moderators or fewer than two studies, the side cannot be found because all variances are equal,
        the estimator is not defined on these data, or the search goes round in a circle.

    References
    ----------
    Duval and Tweedie 2000, Biometrics 56:455-463, and J Am Stat Assoc 95:89-98 for the variances.
    """
    if model.has_moderators:
        raise MethodError("trim and fill is for a model without moderators; fit one")
    if estimator not in get_args(Estimator):
        raise MethodError(f"estimator {estimator!r}: one of {', '.join(get_args(Estimator))} is expected")
    if side is not None and side not in get_args(Side):
        raise MethodError(f"side {side!r}: 'left' or 'right' is expected")
    if model.k < 2:
        raise MethodError("1 study: trim and fill needs at least 2 studies")
    where: Side = side if side is not None else _side(model)
    studies = _sorted(model, where)
    missing = _search(model, studies, estimator)
    largest = slice(model.k - missing.k0, None)
    filled = studies.sign * (2 * missing.centre - studies.y[largest])
    return TrimAndFill(
        k=model.k,
        method=f"trim and fill, estimator {estimator}",
        marks=_marks(model, studies, missing),
        estimator=estimator,
        side=where,
        side_given=side is not None,
        k0=missing.k0,
        k0_se=missing.se,
        k0_p=0.5 ** (missing.k0 + 1) if estimator == "R0" else None,
        filled_estimates=tuple(filled.tolist()),
        filled_variances=tuple(studies.v[largest].tolist()),
        model=_refitted(model, filled, studies.order[largest]),
        original=model,
    )


def _side(model: MetaAnalysis) -> Side:
    """The right where the slope of the estimates on their standard errors is below 0."""
    errors = np.sqrt(model.variances)
    if errors.min() == errors.max():
        raise MethodError("all variances are equal, so that the side of missing studies cannot be found; give a side")
    columns = np.column_stack([np.ones(model.k), errors])
    data = data_of(model.estimates, model.variances, basis_of(columns, ("intercept", "standard error")))
    with refusing_lost_digits():
        fits = fit_data(data, model.method, weights=model.own_weights, tau2=_known(model))
    return "right" if fits.beta[0, 1] < 0 else "left"


def _known(model: MetaAnalysis) -> FloatArray | None:
    return None if model.fixed_tau2 is None else np.array([model.fixed_tau2])


def _sorted(model: MetaAnalysis, side: Side) -> _Sorted:
    sign = -1.0 if side == "right" else 1.0
    order: IntArray = np.argsort(sign * model.estimates, kind="stable")
    weights = None if model.own_weights is None else model.own_weights[order]
    return _Sorted(sign * model.estimates[order], model.variances[order], weights, order, sign)


def _search(model: MetaAnalysis, studies: _Sorted, estimator: Estimator) -> _Missing:
    """Trim, find the centre, count again, until the count stays."""
    k0, seen = 0, list[int]()
    while k0 not in seen:
        seen.append(k0)
        centre = _centre(model, studies, k0)
        raw, se = _count(_signed_ranks(studies.y - centre), estimator)
        # Half to even, as R rounds; no estimator can give a half but by rounding.
        count = max(0, round(raw))
        if count == k0:
            return _Missing(k0, se, centre)
        k0 = count
    circle = ", ".join(str(count) for count in seen[seen.index(k0) :])
    raise MethodError(
        f"trim and fill with {estimator} goes round in a circle of {circle} missing studies; another estimator may help"
    )


def _centre(model: MetaAnalysis, studies: _Sorted, k0: int) -> float:
    """The summary effect without the k0 largest estimates."""
    rest = len(studies.y) - k0
    if rest < 1:
        raise MethodError("trim and fill counts as many missing studies as there are: it is not defined on these data")
    weights = None if studies.weights is None else studies.weights[:rest]
    if weights is not None and not weights.any():
        raise MethodError("the studies left by trimming all have a weight of 0; weights above 0 are expected")
    if not (studies.v[:rest] > 0).any():
        raise MethodError("the studies left by trimming all have a variance of 0; variances above 0 are expected")
    data = data_of(studies.y[:rest], studies.v[:rest], constant_basis(rest))
    with refusing_lost_digits():
        return float(fit_data(data, model.method, weights=weights, tau2=_known(model)).beta[0, 0])


def _signed_ranks(distances: FloatArray) -> FloatArray:
    """Ranks of the absolute distances with the distances' signs; ties by order, a distance of 0 without a sign."""
    sizes = np.abs(distances)
    least = _ROUNDING * sizes.max()
    by_size = np.argsort(sizes, kind="stable")
    # Distances apart by no more than rounding are one distance, or their order would be an accident.
    groups = np.concatenate([[0], np.cumsum(np.diff(sizes[by_size]) > least)])
    ranks = np.empty(len(sizes))
    ranks[by_size[np.lexsort((by_size, groups))]] = np.arange(1, len(sizes) + 1)
    result: FloatArray = np.where(sizes <= least, 0.0, np.sign(distances)) * ranks
    return result


def _count(signed: FloatArray, estimator: Estimator) -> tuple[float, float | None]:
    """The number of missing studies, not rounded, and its standard error."""
    k = len(signed)
    if estimator == "R0":
        if not (signed < 0).any():
            raise MethodError("R0: no study lies on the side of the missing ones; another estimator may help")
        count = k + float(signed.min()) - 1
        return count, math.sqrt(2 * max(0.0, count) + 2)
    total = float(signed[signed > 0].sum())
    if estimator == "L0":
        count = (4 * total - k * (k + 1)) / (2 * k - 1)
        return count, _root(_rank_sum_variance(k, count), (2 * k - 1) / 4)
    inside = 2 * k**2 - 4 * total + 0.25
    if inside < 0:
        raise MethodError(
            f"Q0 is not defined on these data: ranks of {total:g} on one side of {k} studies are too many; use L0 or R0"
        )
    count = k - 0.5 - math.sqrt(inside)
    slope = (k - 0.5) ** 2 - count * (2 * k - count - 1)
    return count, _root(_rank_sum_variance(k, count), math.sqrt(slope) / 2) if slope > 0 else None


def _rank_sum_variance(k: int, k0: float) -> float:
    """Variance of the sum of positive ranks with k0 of k + k0 studies missing."""
    cubic = 10 * k0**3 + 27 * k0**2 + 17 * k0
    return (k * (k + 1) * (2 * k + 1) + cubic - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0) / 24


def _root(variance: float, slope: float) -> float | None:
    return math.sqrt(variance) / slope if variance >= 0 else None


def _refitted(model: MetaAnalysis, filled: FloatArray, originals: IntArray) -> MetaAnalysis:
    estimates = np.concatenate([model.estimates, filled])
    variances = np.concatenate([model.variances, model.variances[originals]])
    labels = [*model.labels, *(f"filled {number}" for number in range(1, len(filled) + 1))]
    own = model.own_weights
    weights = None if own is None else np.concatenate([own, own[originals]])
    test, level = model.test, model.level
    with refusing_lost_digits():
        if model.method == "common":
            return common_effect(estimates, variances, test=test, level=level, labels=labels, weights=weights)
        return random_effects(
            estimates,
            variances,
            method=model.method,
            test=test,
            level=level,
            labels=labels,
            tau2=model.fixed_tau2,
            weights=weights,
        )


def _marks(model: MetaAnalysis, studies: _Sorted, missing: _Missing) -> tuple[str, ...]:
    marks = list(too_few(model.k))
    if missing.k0:
        marks.append(f"{missing.k0} of the {model.k + missing.k0} studies are mirror images and no data")
        edge = model.k - missing.k0
        if studies.y[edge] == studies.y[edge - 1]:
            marks.append("the last trimmed estimate occurs twice: which study is mirrored depends on their order")
    if missing.se is None:
        marks.append("the published variance of the number of missing studies is negative here: no standard error")
    return tuple(marks)
