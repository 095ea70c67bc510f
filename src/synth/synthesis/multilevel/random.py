"""Random effects of a multilevel model: how they are asked for, and what they are in the data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.clusters import label_of
from synth.synthesis.linear import FloatArray, IntArray

StructureKind = Literal["CS", "HCS", "UN", "ID", "DIAG", "AR", "HAR", "CAR"]

#: Structures with a variance for each level of the inner column; the others have one variance.
HETEROSCEDASTIC = frozenset({"HCS", "UN", "DIAG", "HAR"})
#: Structures whose inner column stands for points in time.
OF_TIME = frozenset({"AR", "HAR", "CAR"})


@dataclass(frozen=True, slots=True)
class Intercept:
    """A random effect for each value of a column: studies, centres, surgeons; metafor's `~ 1 | column`.

    Attributes
    ----------
    column : str
        Estimates with the same value share one effect.
    """

    column: str


@dataclass(frozen=True, slots=True, init=False)
class Nested:
    """Effects of units within units, the outer first; metafor's `~ 1 | outer/inner`.

    `Nested("district", "school")` has an effect for each district and one for each school within its district; the
    school "1" of one district is another than the school "1" of the next.

    Attributes
    ----------
    columns : tuple of str
    """

    columns: tuple[str, ...]

    def __init__(self, *columns: str) -> None:
        object.__setattr__(self, "columns", tuple(columns))


@dataclass(frozen=True, slots=True)
class Structured:
    """Correlated effects within a unit, one for each outcome, arm or time point; metafor's `~ inner | outer`.

    Attributes
    ----------
    inner : str
        What differs within a unit: the outcome, the time point.
    outer : str
        The unit, mostly the study. Effects of different units are independent.
    structure : StructureKind
        "CS": one variance and one correlation. "HCS": a variance for each level of `inner`, one correlation. "UN": a
        variance for each level and a correlation for each pair. "ID" and "DIAG": "CS" and "HCS" without correlation.
        "AR" and "HAR": levels in order are time points at one distance, and the correlation falls with it; one
        variance, or one for each. "CAR": the same for the times themselves, which must be numbers.
    """

    inner: str
    outer: str
    structure: StructureKind = "CS"


RandomTerm = Intercept | Nested | Structured
Columns = Mapping[str, Sequence[object] | ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A column as groups.

    Attributes
    ----------
    name : str
    labels : tuple of str
        Of the groups: numbers in their order, texts in the alphabet's.
    codes : ndarray of int, shape (n,)
        Group of each estimate.
    values : tuple
        Of the groups, as given.
    """

    name: str
    labels: tuple[str, ...]
    codes: IntArray
    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Groups."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Correlated effects of the levels of `inner` within each group of `outer`.

    Attributes
    ----------
    kind : StructureKind
    inner, outer : Grouping
    times : ndarray, shape (J,)
        Of the levels: their ranks, or for "CAR" the times themselves.
    together : int
        Most levels that one unit has. With one each, a correlation cannot be estimated and is taken as 0.
    """

    kind: StructureKind
    inner: Grouping
    outer: Grouping
    times: FloatArray
    together: int

    @property
    def correlated(self) -> bool:
        """Whether some unit has two levels."""
        return self.together > 1

    @property
    def least(self) -> float:
        """The lowest correlation: m effects of one unit cannot all have one below -1 / (m - 1) with each other."""
        if self.kind in ("CS", "HCS"):
            return -1 / max(self.together - 1, 1)
        return 0.0 if self.kind == "CAR" else -1.0

    @property
    def name(self) -> str:
        """As in metafor's formula."""
        return f"{self.inner.name} | {self.outer.name}"

    @property
    def variances(self) -> int:
        """Variances in the model."""
        return self.inner.size if self.kind in HETEROSCEDASTIC else 1

    @property
    def correlations(self) -> int:
        """Correlations in the model."""
        if self.kind in ("ID", "DIAG"):
            return 0
        return self.inner.size * (self.inner.size - 1) // 2 if self.kind == "UN" else 1


@dataclass(frozen=True, slots=True, eq=False)
class RandomPart:
    """All random effects of a model.

    Attributes
    ----------
    levels : tuple of Grouping
        Each with one variance, sigma2.
    structures : tuple of Structure
        Each with variances tau2 and correlations rho.
    """

    levels: tuple[Grouping, ...]
    structures: tuple[Structure, ...]


def random_part(random: RandomTerm | Sequence[RandomTerm], columns: Columns, labels: Sequence[str]) -> RandomPart:
    """The random effects that are asked for, in the data.

    Parameters
    ----------
    random : RandomTerm or sequence of them
        None at all is a model without random effects.
    columns : mapping of str to sequence
        Every column that a term names, a value for each estimate; 11, 11.0 and "11" are one group.
    labels : sequence of str
        Names of the estimates, for error messages.

    Raises
    ------
    MethodError
        If a term is of no known kind, a column is not there, has another length or a missing value, a structure is
        unknown, or two terms say the same, so that their variances cannot be told apart.
    """
    if not isinstance(random, RandomTerm | Sequence):
        raise MethodError(f"random {random!r:.40}: Intercept, Nested or Structured is expected, or () for no effects")
    if not all(hasattr(columns, part) for part in ("keys", "__getitem__")):
        raise MethodError(f"columns {columns!r:.40}: a mapping of names to columns, or a DataFrame, is expected")
    terms: Sequence[RandomTerm] = [random] if isinstance(random, RandomTerm) else random
    levels: list[Grouping] = []
    structures: list[Structure] = []
    for term in terms:
        if isinstance(term, Structured):
            structures.append(_structure(term, columns, labels))
        elif isinstance(term, Intercept | Nested):
            names = (term.column,) if isinstance(term, Intercept) else term.columns
            levels.extend(_nested(names, columns, labels))
        else:
            raise MethodError(f"random {term!r}: Intercept, Nested or Structured is expected")
    _refuse_alike(levels, structures)
    return RandomPart(tuple(levels), tuple(structures))


def _nested(names: tuple[str, ...], columns: Columns, labels: Sequence[str]) -> list[Grouping]:
    if not names:
        raise MethodError("Nested(): at least one column is expected, the outermost first")
    found = [_grouping(names[0], columns, labels)]
    for name in names[1:]:
        found.append(_crossed(found[-1], _grouping(name, columns, labels)))
    return found


def _crossed(outer: Grouping, inner: Grouping) -> Grouping:
    pairs = np.stack([outer.codes, inner.codes], axis=1)
    unique, codes = np.unique(pairs, axis=0, return_inverse=True)
    names = tuple(f"{outer.labels[a]}/{inner.labels[b]}" for a, b in unique.tolist())
    return Grouping(f"{outer.name}/{inner.name}", names, codes.reshape(-1).astype(np.intp), names)


def _grouping(name: str, columns: Columns, labels: Sequence[str]) -> Grouping:
    if name not in columns:
        known = ", ".join(map(str, columns)) or "none"
        raise MethodError(f"random effects of {name!r}: there is no such column; {known} given")
    given = np.asarray(columns[name], dtype=object)
    if given.shape != (len(labels),):
        raise MethodError(f"column {name!r}: shape {given.shape}; one value for each of {len(labels)} estimates")
    values = [value.item() if isinstance(value, np.generic) else value for value in given.tolist()]
    for value, label in zip(values, labels, strict=True):
        if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise MethodError(f"column {name!r}, {label}: {value!r}; a finite number or a text is expected")
    numeric = all(not isinstance(value, str) for value in values)
    keys = values if numeric else [label_of(value) for value in values]
    order = sorted(set(keys))
    position = {key: index for index, key in enumerate(order)}
    codes = np.array([position[key] for key in keys], dtype=np.intp)
    return Grouping(name, tuple(map(label_of, order)), codes, tuple(order))


def _structure(term: Structured, columns: Columns, labels: Sequence[str]) -> Structure:
    if term.structure not in get_args(StructureKind):
        known = ", ".join(get_args(StructureKind))
        raise MethodError(f"structure {term.structure!r} of {term.inner} | {term.outer}: one of {known} is expected")
    inner, outer = _grouping(term.inner, columns, labels), _grouping(term.outer, columns, labels)
    times = np.arange(inner.size, dtype=float)
    if term.structure == "CAR":
        if any(isinstance(value, str) for value in inner.values):
            raise MethodError(f"structure CAR: column {inner.name!r} holds texts; times in numbers are expected")
        times = np.asarray(inner.values, dtype=float)
    present = np.zeros((outer.size, inner.size), dtype=bool)
    present[outer.codes, inner.codes] = True
    if term.structure == "UN":
        _refuse_apart(inner, outer, present.astype(float))
    return Structure(term.structure, inner, outer, times, int(present.sum(axis=1).max()))


def _refuse_apart(inner: Grouping, outer: Grouping, present: FloatArray) -> None:
    """Refuse correlations of levels that are never in one unit; `present` is of shape (units, levels)."""
    apart = np.argwhere(present.T @ present == 0)
    if len(apart):
        first, second = apart[0].tolist()
        raise MethodError(
            f"structure UN of {inner.name} | {outer.name}: {inner.labels[first]!r} and {inner.labels[second]!r} are "
            f"together in no {outer.name}, so that their correlation cannot be estimated; a structure with fewer "
            "correlations (HCS, CS, DIAG) is expected"
        )


def _refuse_alike(levels: Sequence[Grouping], structures: Sequence[Structure]) -> None:
    """Refuse two terms that group the estimates in the same way."""
    seen: dict[bytes, str] = {}
    for level in levels:
        key = _pattern(level.codes)
        if key in seen:
            raise MethodError(
                f"random effects {seen[key]!r} and {level.name!r} group the estimates alike, so that their variances "
                "cannot be told apart; one of them is expected"
            )
        seen[key] = level.name
    pairs: set[tuple[bytes, bytes]] = set()
    for structure in structures:
        pair = (_pattern(structure.inner.codes), _pattern(structure.outer.codes))
        if pair in pairs:
            raise MethodError(f"random effects {structure.name!r} stand there twice; once is expected")
        pairs.add(pair)


def _pattern(codes: IntArray) -> bytes:
    """The same bytes for the same partition, whatever its groups are called."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64).tobytes()
