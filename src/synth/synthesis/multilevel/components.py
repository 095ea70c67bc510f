"""Variances and correlations of random effects: which are estimated, which are held, and at what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray
from synth.synthesis.multilevel.blocks import BlockData
from synth.synthesis.multilevel.likelihood import Likelihood
from synth.synthesis.multilevel.random import Grouping
from synth.synthesis.multilevel.structures import Parameters, parameters_of

#: Share of a column that the coefficients must leave of a level's groups for its variance to be estimated.
_LEFT = 1e-8
#: How far a correlation may lie beyond its range by rounding.
_ROUNDING = 1e-12
ComponentKind = Literal["sigma2", "tau2", "rho"]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Parameters of the likelihood that are held.

    Attributes
    ----------
    values : ndarray
        In the data's unit; NaN for those to estimate.
    structures : tuple of Parameters
    explained : tuple of str
        Levels whose effects the coefficients take up, with their variance held at 0.
    components : mapping of str to ndarray
        Known components as given, NaN for those to estimate.
    """

    values: FloatArray
    structures: tuple[Parameters, ...]
    explained: tuple[str, ...]
    components: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Component:
    """One variance or correlation of a model.

    Attributes
    ----------
    kind : {"sigma2", "tau2", "rho"}
    index : int
        Among those of its kind.
    name : str
        The level, or the structure with the levels of its inner column.
    structure : int or None
        Which structure it belongs to.
    place : int
        Which variance or correlation of that structure.
    """

    kind: ComponentKind
    index: int
    name: str
    structure: int | None = None
    place: int = 0


def hold(data: BlockData, fixed: Mapping[str, FloatArray], *, restricted: bool) -> Held:
    """Parameters that are held, from components that are known.

    Parameters
    ----------
    data : BlockData
    fixed : mapping of str to ndarray
        For "sigma2", "tau2" and "rho" the known values, NaN for those to estimate.
    restricted : bool
        Under the restricted likelihood a level's variance is not there where coefficients take up its effects.

    Raises
    ------
    MethodError
        If some of the correlations of a structure UN are known and others not.
    """
    values = np.sqrt(fixed["sigma2"]) / data.unit
    explained = []
    for index, level in enumerate(data.random.levels):
        if np.isnan(values[index]) and (level.size == 1 or (restricted and _explained(data, level))):
            values[index] = 0.0
            explained.append(level.name)
    parts, structures = [values], []
    tau, angle = 0, 0
    for structure in data.random.structures:
        plain = parameters_of(structure)
        tau2 = fixed["tau2"][tau : tau + plain.deviations] / data.unit**2
        rho = fixed["rho"][angle : angle + plain.angles]
        item, part = _held_part(plain, tau2, rho)
        parts.append(part)
        structures.append(item)
        tau, angle = tau + plain.deviations, angle + plain.angles
    return Held(np.concatenate(parts), tuple(structures), tuple(explained), fixed)


def _held_part(plain: Parameters, tau2: FloatArray, rho: FloatArray) -> tuple[Parameters, FloatArray]:
    known = ~np.isnan(rho)
    item, structure = plain, plain.structure
    if structure.kind == "UN" and known.any() and not known.all():
        if known.sum() > 1:
            raise MethodError(f"fixed rho of {structure.name}: all correlations of UN, one, or none are expected")
        columns, rows = np.triu_indices(structure.inner.size, 1)
        place = int(np.argmax(known))
        item = parameters_of(structure, (int(columns[place]), int(rows[place])))
        part = item.working(np.where(np.isnan(tau2), 1.0, tau2), np.zeros(len(rho)))
        part[item.deviations :] = np.nan
        part[item.deviations] = np.arcsin(rho[place])
    else:
        if structure.kind == "UN" and known.any():
            _check_correlations(structure.name, rho, structure.inner.size)
        elif known.any() and rho[0] < structure.least - _ROUNDING:
            raise MethodError(
                f"fixed rho of {structure.name} = {rho[0]:g}: {structure.together} effects of one "
                f"{structure.outer.name} cannot have correlations below {structure.least:.4g}; a higher one is expected"
            )
        whole = np.where(known, rho, 0.5) if structure.correlations else rho
        full = whole if len(whole) else np.zeros(structure.correlations)
        part = item.working(np.where(np.isnan(tau2), 1.0, tau2), full)
        part[item.deviations :] = np.where(known, part[item.deviations :], np.nan)
    part[: item.deviations] = np.where(np.isnan(tau2), np.nan, part[: item.deviations])
    return item, part


def _check_correlations(name: str, rho: FloatArray, size: int) -> None:
    matrix = np.eye(size)
    columns, rows = np.triu_indices(size, 1)
    matrix[rows, columns] = matrix[columns, rows] = rho
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -1e-10:
        raise MethodError(f"fixed rho of {name}: no correlation matrix (smallest eigenvalue {smallest:.3g})")


def _explained(data: BlockData, level: Grouping) -> bool:
    """Whether the columns of the model span those of a level's groups."""
    if level.size > data.p:
        return False
    groups = np.zeros((data.n, level.size))
    groups[np.arange(data.n), level.codes] = 1.0
    left = groups - data.basis.rows @ (data.basis.rows.T @ groups)
    return bool(np.abs(left).max() < _LEFT)


def components_of(likelihood: Likelihood) -> tuple[Component, ...]:
    """Every component of a model, in metafor's order."""
    found = [Component("sigma2", index, level.name) for index, level in enumerate(likelihood.data.random.levels)]
    tau, angle = 0, 0
    for number, item in enumerate(likelihood.structures):
        structure, labels = item.structure, item.structure.inner.labels
        for place in range(item.deviations):
            name = f"{structure.name}: {labels[place]}" if structure.variances > 1 else structure.name
            found.append(Component("tau2", tau + place, name, number, place))
        pairs = list(zip(*np.triu_indices(structure.inner.size, 1), strict=True))
        for place in range(item.angles):
            first, second = pairs[place] if structure.kind == "UN" else (0, 0)
            name = f"{structure.name}: {labels[first]}, {labels[second]}" if structure.kind == "UN" else structure.name
            found.append(Component("rho", angle + place, name, number, place))
        tau, angle = tau + item.deviations, angle + item.angles
    return tuple(found)
