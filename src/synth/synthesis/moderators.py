"""Moderators of a meta-regression: columns of numbers from what a table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray
from synth.synthesis.studies import column

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Coding:
    """How one moderator becomes columns.

    Attributes
    ----------
    name : str
    levels : tuple of str
        Categories, in order; the first is the reference where there is an intercept. Empty for a number.
    columns : tuple of str
        Names of its columns.
    """

    name: str
    levels: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Moderators:
    """The columns of a model.

    Attributes
    ----------
    columns : ndarray, shape (k, p)
        With a column of ones first where there is an intercept.
    names : tuple of str
        Of the columns.
    intercept : bool
    codings : tuple of Coding
        In the order given.
    """

    columns: FloatArray
    names: tuple[str, ...]
    intercept: bool
    codings: tuple[Coding, ...]

    @property
    def tested(self) -> tuple[int, ...]:
        """Columns of the omnibus test: all but the intercept, or the intercept where there is nothing else."""
        indices = tuple(range(len(self.names)))
        return indices[1:] if self.intercept and len(indices) > 1 else indices

    def rows(self, values: Mapping[str, ArrayLike]) -> FloatArray:
        """Columns for further values of the same moderators.

        Parameters
        ----------
        values : mapping
            A column, or one value, for each moderator.

        Returns
        -------
        ndarray, shape (n, p)

        Raises
        ------
        MethodError
            If a moderator is missing or unknown, a category was in no study, or the lengths differ.
        """
        expected = [coding.name for coding in self.codings]
        given = _listed(values)
        if sorted(given) != sorted(expected):
            known = ", ".join(expected) or "none"
            raise MethodError(f"moderators {', '.join(given) or 'none'}; expected are those of the model: {known}")
        n = max((len(item) for item in given.values()), default=1)
        for name, item in given.items():
            if len(item) not in (1, n):
                raise MethodError(f"moderator {name!r}: {len(item)} values; one, or {n} as the others, are expected")
        parts = [np.ones((n, 1))] if self.intercept else []
        for coding in self.codings:
            item = given[coding.name]
            parts.append(_coded(coding, item if len(item) == n else item * n))
        return np.concatenate(parts, axis=1)


def no_moderators(k: int) -> Moderators:
    """Nothing but an intercept."""
    return Moderators(np.ones((k, 1)), (INTERCEPT,), True, ())


def moderators_of(
    values: Mapping[str, Sequence[object] | ArrayLike], k: int, *, intercept: bool, labels: Sequence[str] | None
) -> Moderators:
    """The columns of a model from a column for each moderator.

    Parameters
    ----------
    values : mapping of str to column
        Numbers, or texts (booleans too) for categories. A category has a column for each level but the first in sorted
        order, or for every level where it is the first category of a model without intercept.
    k : int
        Studies.
    intercept : bool
    labels : sequence of str, optional
        Names of the studies, for error messages.

    Raises
    ------
    MethodError
        If there is no mapping of names to columns, a column has another length, or a value is missing, not finite or
        neither number nor text; the study is named.
    """
    codings, parts = [], [np.ones((k, 1))] if intercept else []
    full = not intercept
    for name, given in _listed(values).items():
        if len(given) != k:
            raise MethodError(f"moderator {name!r}: {len(given)} values for {k} studies; one each is expected")
        coding, part = _coding(name, given, full=full, labels=labels)
        full = full and not coding.levels
        codings.append(coding)
        parts.append(part)
    names = ([INTERCEPT] if intercept else []) + [item for coding in codings for item in coding.columns]
    if not names:
        raise MethodError("a model without intercept and moderators has no coefficient; at least one is expected")
    return Moderators(np.concatenate(parts, axis=1), tuple(names), intercept, tuple(codings))


def _listed(values: object) -> dict[str, list[Any]]:
    """The values of each moderator in a list; a single value is a list of one.

    Raises
    ------
    MethodError
        If this is no mapping of names to columns.
    """
    if not isinstance(values, Mapping):
        raise MethodError(f"moderators of type {type(values).__name__}: a mapping of names to columns is expected")
    listed = {}
    for name, given in values.items():
        if not isinstance(name, str):
            raise MethodError(f"moderator {name!r}: a name that is a text is expected")
        try:
            # A list of mixed values stays one: as an array of texts, a gap would become the text "nan".
            plain = isinstance(given, list | tuple)
            array = np.atleast_1d(np.asarray(given, dtype=object) if plain else np.asarray(given))
        except (TypeError, ValueError) as error:
            raise MethodError(f"moderator {name!r}: one column of numbers or texts is expected ({error})") from error
        # Dates would become nanoseconds, and bytes numbers, without a word.
        if array.ndim != 1 or array.dtype.kind not in "biufUTO":
            given = f"an array of shape {array.shape} and type {array.dtype}"
            raise MethodError(f"moderator {name!r}: one column of numbers or texts is expected, got {given}")
        listed[name] = array.tolist()
    return listed


def _coding(name: str, values: Sequence[Any], *, full: bool, labels: Sequence[str] | None) -> tuple[Coding, FloatArray]:
    for index, value in enumerate(values):
        if lack := lack_of(value):
            study = f"study {index + 1}" if labels is None else labels[index]
            raise MethodError(f"moderator {name!r}: {study} has {lack} is expected")
    if any(isinstance(value, str | bool | np.bool_) for value in values):
        texts = [str(value) for value in values]
        levels = tuple(sorted(set(texts)))
        used = levels if full else levels[1:]
        if not used:
            raise MethodError(f"moderator {name!r}: every study has the value {levels[0]!r}; at least two are expected")
        coding = Coding(name, levels, tuple(f"{name}: {level}" for level in used))
        return coding, _dummies(texts, used)
    numbers = column(values, f"moderator {name!r}")
    if not np.isfinite(numbers).all():
        index = int(np.argmin(np.isfinite(numbers)))
        study = f"study {index + 1}" if labels is None else labels[index]
        raise MethodError(f"moderator {name!r}: {study} has {numbers[index]}; a finite number is expected")
    return Coding(name, (), (name,)), numbers[:, None]


def lack_of(value: Any) -> str:
    """What a study has in the place of a number or a text, and what is expected; empty if it has one.

    Parameters
    ----------
    value : object
        None, NaN and an empty text are missing.
    """
    if isinstance(value, bytes | complex | list | tuple | dict):
        return f"{value!r:.40}; a number or a text"
    try:
        missing = value is None or bool(value != value) or bool(value == "")
    except (TypeError, ValueError):  # an array, or the NA of pandas
        return f"{value!r:.40}; a number or a text"
    return "no value; a value for each study" if missing else ""


def _dummies(texts: Sequence[str], levels: Sequence[str]) -> FloatArray:
    values = [float(text == level) for text in texts for level in levels]
    return np.array(values).reshape(len(texts), len(levels))


def _coded(coding: Coding, values: Sequence[Any]) -> FloatArray:
    if not coding.levels:
        numbers = column(values, f"moderator {coding.name!r}")
        if not np.isfinite(numbers).all():
            raise MethodError(f"moderator {coding.name!r}: finite numbers are expected")
        return numbers[:, None]
    texts = [str(value) for value in values]
    unknown = sorted(set(texts) - set(coding.levels))
    if unknown:
        raise MethodError(
            f"moderator {coding.name!r}: no study has {unknown[0]!r}; expected is one of {', '.join(coding.levels)}"
        )
    return _dummies(texts, coding.levels[len(coding.levels) - len(coding.columns) :])
