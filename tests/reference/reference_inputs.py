"""From a case's inputs and arguments to those of the package, shared by the adapters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reference_cases import Case, number
from reference_compare import NotOfferedError

FloatArray = NDArray[np.float64]
Column = list[float] | list[str]

METHODS = dict.fromkeys(("FE", "EE", "CE"), "common") | {
    name: name for name in ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
}
TESTS = {"z": "normal", "t": "t", "knha": "hartung-knapp", "hksj": "hartung-knapp", "adhoc": "hartung-knapp-guarded"}
# Arguments that say how the case was made and change nothing in the method.
ABOUT = frozenset({"scaled_by", "mod_names"})


@dataclass(frozen=True, slots=True)
class Studies:
    """The studies of a case that have an estimate, a variance and every moderator, as metafor keeps them.

    Attributes
    ----------
    y, v : ndarray, shape (k,)
        Estimates and sampling variances.
    moderators : dict of str to list
        A column of length k for each moderator.
    kept : ndarray of int, shape (k,)
        0-based rows of the case's inputs.
    """

    y: FloatArray
    v: FloatArray
    moderators: dict[str, Column]
    kept: NDArray[np.intp]

    def pick(self, column: object) -> list[object]:
        """The kept rows of another column of the inputs."""
        values = listed(column)
        return [values[row] for row in self.kept]


def listed(values: object) -> list[object]:
    """A JSON list as it is; a single value as a list of one; nothing as an empty list."""
    if values is None:
        return []
    return list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]


def numbers(values: object) -> FloatArray:
    """A JSON list of numbers, null as NaN."""
    found = [number(value) for value in listed(values)]
    return np.array([np.nan if value is None else value for value in found], dtype=np.float64)


def studies(case: Case) -> Studies:
    """The studies of a case, those without a value dropped as metafor drops them."""
    y, v = numbers(case.inputs.get("yi")), numbers(case.inputs.get("vi"))
    if y.size == 0 or y.size != v.size:
        raise NotOfferedError("inputs without yi and vi")
    moderators = {name: listed(column) for name, column in mapping(case.inputs.get("mods")).items()}
    names = [str(name) for name in listed(case.spec.get("mod_names"))] or list(moderators)
    known = np.isfinite(y) & np.isfinite(v)
    for name in names:
        known &= np.array([value is not None for value in moderators[name]])
    kept = np.flatnonzero(known)
    columns = {name: _column([moderators[name][row] for row in kept]) for name in names}
    return Studies(y[kept], v[kept], columns, kept)


def _column(values: list[object]) -> Column:
    found = [number(value) for value in values]
    if any(value is None for value in found):
        return [str(value) for value in values]
    return [value for value in found if value is not None]


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def method_of(case: Case) -> str:
    """The package's name of the estimator of tau2."""
    asked = str(case.spec.get("method", "REML"))
    if asked not in METHODS:
        raise NotOfferedError(f"estimator {asked}")
    return METHODS[asked]


def tested_by(case: Case) -> str:
    """The package's name of the test."""
    asked = str(case.spec.get("test", "z"))
    if asked not in TESTS:
        raise NotOfferedError(f"test {asked}")
    return TESTS[asked]


def level_of(case: Case) -> float:
    """The confidence level as a proportion."""
    level = number(case.spec.get("level", 95))
    if level is None:
        raise NotOfferedError(f"level {case.spec.get('level')!r}")
    return level / 100 if level > 1 else level


def known_arguments(case: Case, *names: str) -> None:
    """Refuse a case with an argument that its adapter does not know: what it changes would be missed."""
    _known("argument", case.spec, {*names, *ABOUT})


def known_inputs(case: Case, names: Collection[str]) -> None:
    """Refuse a case with inputs that its adapter does not know."""
    _known("input", case.inputs, names)


def _known(what: str, given: Mapping[str, object], names: Collection[str]) -> None:
    unknown = [f"{key}={value!r}" if not isinstance(value, list) else key for key, value in given.items()]
    strange = [text for text, key in zip(unknown, given, strict=True) if key not in names]
    if strange:
        raise NotOfferedError(f"{what} {', '.join(strange)}")
