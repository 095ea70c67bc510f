"""Means, new effects and effects of units that a multilevel model predicts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.clusters import label_of
from synth.synthesis.fitting import critical_values
from synth.synthesis.linear import FloatArray, IntArray, as_floats, einsum
from synth.synthesis.multilevel.inference import SPREAD_FROM
from synth.synthesis.multilevel.random import Structure
from synth.synthesis.prediction import Prediction

if TYPE_CHECKING:
    from synth.synthesis.multilevel.analysis import MultilevelAnalysis

_METHOD = "prediction intervals by the distribution of the model's test, for the true effect behind a new estimate"


def predict(
    model: MultilevelAnalysis,
    values: Mapping[str, ArrayLike] | None,
    inner: Mapping[str, Sequence[object]] | None,
    level: float,
) -> Prediction:
    """Means at values of the moderators, with both intervals (see `MultilevelAnalysis.predict`)."""
    check_level(level)
    several = [index for index, item in enumerate(model.random.structures) if item.variances > 1]
    labels: tuple[str, ...] = ()
    picked: dict[int, IntArray] | None
    if values is None and model.has_moderators and inner is None:
        rows, labels = model.moderators.columns, model.labels
        picked = {index: model.random.structures[index].inner.codes for index in several}
    else:
        rows = model.moderators.rows(values or {}) if values is not None or model.has_moderators else np.ones((1, 1))
        rows, picked, labels = _levels(model, rows, several, inner)
    estimates = rows @ model.beta
    variances = np.maximum(einsum("ni,ij,nj->n", rows, model.covariance, rows), 0.0)
    errors = np.sqrt(variances)
    critical = critical_values(_degrees(model, rows), level)
    low = high = None
    if picked is not None and model.k_units >= SPREAD_FROM:
        width = critical * np.sqrt(variances + _spread(model, picked, len(rows)))
        low, high = estimates - width, estimates + width
    return Prediction(
        labels=labels,
        estimates=as_floats(estimates),
        standard_errors=errors,
        low=as_floats(estimates - critical * errors),
        high=as_floats(estimates + critical * errors),
        prediction_low=low,
        prediction_high=high,
        level=level,
        method=_METHOD,
    )


def _levels(
    model: MultilevelAnalysis, rows: FloatArray, several: list[int], inner: Mapping[str, Sequence[object]] | None
) -> tuple[FloatArray, dict[int, IntArray] | None, tuple[str, ...]]:
    """Rows with the level of each structure that has several variances, and names for rows that only differ by it."""
    structures = [model.random.structures[index] for index in several]
    known = [structure.inner.name for structure in structures]
    if inner is not None:
        if sorted(inner) != sorted(known):
            raise MethodError(
                f"inner {', '.join(map(str, inner))}; expected are levels of {', '.join(known) or 'none'}"
            )
        given = {index: _codes(model.random.structures[index], inner) for index in several}
        sizes = {len(codes) for codes in given.values()} | {len(rows)}
        count = max(sizes)
        if sizes - {1, count}:
            raise MethodError(f"inner levels and moderators of {sorted(sizes)} rows: the same number is expected")
        picked = {index: np.resize(codes, count) for index, codes in given.items()}
        return np.resize(rows, (count, rows.shape[1])), picked, ()
    if not several:
        return rows, {}, ()
    if model.has_moderators:
        return rows, None, ()
    every = list(itertools.product(*(range(structure.inner.size) for structure in structures)))
    picked = {index: np.array([row[place] for row in every], dtype=np.intp) for place, index in enumerate(several)}
    names = tuple(", ".join(structures[place].inner.labels[code] for place, code in enumerate(row)) for row in every)
    return np.repeat(rows, len(every), axis=0), picked, names


def _codes(structure: Structure, inner: Mapping[str, Sequence[object]]) -> IntArray:
    name, labels = structure.inner.name, structure.inner.labels
    given = inner[name]
    asked = [given] if isinstance(given, str) else list(given)
    for value in asked:
        if label_of(value) not in labels:
            raise MethodError(f"inner {name}: {value!r} is no level of it; one of {', '.join(labels)} is expected")
    return np.array([labels.index(label_of(value)) for value in asked], dtype=np.intp)


def _spread(model: MultilevelAnalysis, picked: Mapping[int, IntArray], count: int) -> FloatArray:
    """Variance of the true effect behind a new estimate in a new unit, shape (count,)."""
    total = np.full(count, float(model.sigma2.sum()))
    for index, covariance in enumerate(model.effect_covariances):
        variances = np.diag(covariance)
        total += variances[picked[index]] if index in picked else variances[0]
    return total


def _degrees(model: MultilevelAnalysis, rows: FloatArray) -> FloatArray:
    """Of each row: the fewest of the coefficients that take part in it."""
    degrees = model.degrees_of_freedom
    if degrees is None:
        return np.full(len(rows), np.inf)
    taking = np.where(rows != 0, degrees, np.inf).min(axis=1)
    return as_floats(np.where(np.isfinite(taking), taking, degrees.min()))


def blup(model: MultilevelAnalysis) -> dict[str, Prediction]:
    """Effects of every unit (see `MultilevelAnalysis.blup`)."""
    if not (model.random.levels or model.random.structures):
        raise MethodError("a model without random effects has no effects of units to predict")
    found = {}
    for index, level in enumerate(model.random.levels):
        effects = level.codes, level.size, np.eye(1) * model.sigma2[index], np.zeros(model.k, dtype=np.intp)
        found[level.name] = _effects(model, level.labels, *effects)
    for structure, covariance in zip(model.random.structures, model.effect_covariances, strict=True):
        inner, outer = structure.inner, structure.outer
        found[structure.name] = _structured(model, structure, covariance, inner.codes, outer.codes)
    return found


def _structured(
    model: MultilevelAnalysis, structure: Structure, covariance: FloatArray, inner: IntArray, outer: IntArray
) -> Prediction:
    pairs, codes = np.unique(np.stack([outer, inner], axis=1), axis=0, return_inverse=True)
    labels = tuple(f"{structure.inner.labels[b]} | {structure.outer.labels[a]}" for a, b in pairs.tolist())
    return _effects(model, labels, codes.reshape(-1), len(pairs), covariance, inner, of_unit=pairs, outer=outer)


def _effects(
    model: MultilevelAnalysis,
    labels: tuple[str, ...],
    codes: IntArray,
    size: int,
    covariance: FloatArray,
    inner: IntArray,
    *,
    of_unit: IntArray | None = None,
    outer: IntArray | None = None,
) -> Prediction:
    """Predicted effects u = C P y with C the covariance of effects and estimates, and variance G - C P C'."""
    units = np.stack([np.arange(size), np.zeros(size, dtype=np.intp)], axis=1) if of_unit is None else of_unit
    unit_of = codes if outer is None else outer
    estimates, spent = np.zeros(size), np.zeros(size)
    middle = np.zeros((size, model.p))
    solved, data = model.maximum.solved, model.data_set
    for index, batch in enumerate(data.batches):
        for block, rows in enumerate(batch.rows):
            there = np.unique(codes[rows])
            same = units[there, 0][:, None] == unit_of[rows][None, :]
            crossed = covariance[units[there, 1][:, None], inner[rows][None, :]] * same / data.unit**2
            estimates[there] = crossed @ solved.scores[index][block]
            spent[there] = np.sum((crossed @ solved.inverses[index][block]) * crossed, axis=1)
            middle[there] = crossed @ solved.weighted[index][block]
    known = np.diag(covariance)[units[:, 1]] / data.unit**2
    kept = known - spent + np.sum((middle @ solved.covariance) * middle, axis=1)
    errors = as_floats(np.sqrt(np.maximum(kept, 0.0)) * data.unit)
    groups = size if outer is None else int(outer.max()) + 1
    margin = critical_values(np.full(size, _unit_degrees(model, groups)), model.level) * errors
    estimates = estimates * data.unit
    return Prediction(
        labels=labels,
        estimates=estimates,
        standard_errors=errors,
        low=None,
        high=None,
        prediction_low=estimates - margin,
        prediction_high=estimates + margin,
        level=model.level,
        method="best linear unbiased predictions of the units' deviations from the mean",
    )


def _unit_degrees(model: MultilevelAnalysis, groups: int) -> float:
    if model.test == "normal":
        return np.inf
    return float(max((model.k if model.degrees == "residual" else groups) - model.p, 1))
