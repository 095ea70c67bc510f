"""Columns of figures, one value a study, and what is possible in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synth.effects.labels import check_labels
from synth.errors import MethodError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Columns = Mapping[str, FloatArray]

Kind = Literal[
    "two-group counts",
    "matched pairs",
    "two-group means",
    "one-group means",
    "one-group counts",
    "one-group rates",
    "change in one group",
    "two-group rates",
    "correlations",
    "estimates",
]


@dataclass(frozen=True, slots=True)
class Choices:
    """How a measure is computed.

    Attributes
    ----------
    variance : str
        Which formula of the sampling variance; one of the measure's `variances`.
    correct : bool
        Whether a small-sample correction of the estimate is applied, where the measure has one.
    """

    variance: str
    correct: bool


Pair = tuple[FloatArray, FloatArray]
Formula = Callable[[Columns, Choices], Pair]
PlainFormula = Callable[[Columns], Pair]

# Column of events to the column that holds all of whom they are part.
_PARTS: Final = {
    "events_treated": "total_treated",
    "events_control": "total_control",
    "events": "total",
}
_COUNTS: Final = frozenset(
    (*_PARTS, *_PARTS.values(), "pairs_both", "pairs_treated_only", "pairs_control_only", "pairs_neither")
)
#: Counts need not be whole (those of a cluster trial are divided by its design effect), but what a subtraction of
#: rounded numbers leaves over is no count.
SMALLEST_COUNT: Final = 1e-6
_ABOVE_ZERO: Final = (
    *("sd", "sd_treated", "sd_control", "sd_before", "sd_after", "standard_error"),
    *("person_time", "person_time_treated", "person_time_control"),
)
_SAMPLE_SIZES: Final = frozenset(("n", "n_treated", "n_control"))


def read_columns(given: Mapping[str, ArrayLike], names: Sequence[str]) -> dict[str, FloatArray]:
    """The named columns as arrays of one length; None and NaN mean that a figure is missing.

    Parameters
    ----------
    given : mapping of str to array_like
        One number or a sequence of numbers, one a study.
    names : sequence of str
        The columns that are needed, no more and no fewer.

    Returns
    -------
    dict of str to ndarray, shape (k,)

    Raises
    ------
    MethodError
        If a column is absent or unknown, holds something else than numbers, or is of another length.
    """
    if set(given) != set(names):
        raise MethodError(f"columns {', '.join(given) or 'none'}: {', '.join(names)} are expected")
    columns = {}
    for name in names:
        columns[name] = _column(name, given[name])
    shapes = {name: column.shape for name, column in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        sizes = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise MethodError(f"columns of one length are expected, one value a study; got {sizes}")
    return columns


def _column(name: str, values: ArrayLike) -> FloatArray:
    try:
        raw = np.asarray(values)
        # Texts and complex numbers would be converted without a word.
        if raw.dtype.kind in "biufO":
            return np.atleast_1d(raw.astype(np.float64))
    except (TypeError, ValueError, OverflowError) as error:
        raise MethodError(f"column {name}: numbers are expected, one a study ({error})") from error
    raise MethodError(f"column {name}: numbers are expected, one a study")


def study_labels(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    """The labels, or "study 1" and so on without them.

    Raises
    ------
    MethodError
        If there are not k of them, or they are no sequence of names.
    """
    names = check_labels(labels, k, "studies")
    return tuple(f"study {number}" for number in range(1, k + 1)) if names is None else names


def check_columns(columns: Columns, labels: Sequence[str]) -> None:
    """Refuse figures that cannot be, by the name of their column; missing ones (NaN) pass.

    Raises
    ------
    MethodError
        Naming the first study at fault: infinite figures, counts that are negative or exceed their total, an SD or a
        person-time that is not above 0, fewer than 2 participants behind an SD, a correlation beyond -1 to 1.
    """
    for name, column in columns.items():
        _refuse(np.isinf(column), labels, column, f"{name} {{:g}}; a finite number is expected")
        if name in _COUNTS:
            _refuse(column < 0, labels, column, f"{name} {{:g}}; a number from 0 is expected")
            _refuse(_tiny(column), labels, column, f"{name} {{:g}}; 0 or at least {SMALLEST_COUNT:g} is expected")
        elif name in _ABOVE_ZERO:
            _refuse(column <= 0, labels, column, f"{name} {{:g}}; a number above 0 is expected")
        elif name == "sampling_variance":
            _refuse(column < 0, labels, column, "sampling_variance {:g}; a number from 0 is expected")
        elif name == "correlation":
            _refuse(np.abs(column) > 1, labels, column, "correlation {:g}; a number from -1 to 1 is expected")
        elif name in _SAMPLE_SIZES:
            least = 1 if "correlation" in columns and len(columns) == 2 else 2
            _refuse(column < least, labels, column, f"{name} {{:g}}; at least {least} participants are expected")
    _check_parts(columns, labels)


def _check_parts(columns: Columns, labels: Sequence[str]) -> None:
    for part, whole in _PARTS.items():
        if part in columns and whole in columns:
            arm = whole.removeprefix("total").replace("_", " ").strip()
            where = f" in the {arm} arm" if arm else ""
            others = columns[whole] - columns[part]
            _refuse(
                _tiny(others),
                labels,
                others,
                f"{{:g}} without events{where}; 0 or at least {SMALLEST_COUNT:g} is expected",
            )
            wrong = np.flatnonzero((others < 0) | (columns[whole] == 0))
            if wrong.size:
                counts = f"{columns[part][wrong[0]]:g} events of {columns[whole][wrong[0]]:g}{where}"
                raise MethodError(f"{labels[wrong[0]]}: {counts}; events from 0 to the total are expected")
    if "pairs_both" in columns:
        total = sum(columns.values())
        _refuse(np.asarray(total == 0), labels, np.asarray(total), "{:g} pairs; at least one is expected")


def _refuse(wrong: BoolArray, labels: Sequence[str], column: FloatArray, message: str) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise MethodError(f"{labels[first]}: {message.format(column[first])}")


def _tiny(counts: FloatArray) -> BoolArray:
    return np.asarray((counts > 0) & (counts < SMALLEST_COUNT))


def not_whole_rows(columns: Columns) -> BoolArray:
    """Which studies have a count that is no whole number, shape (k,); a missing one is none."""
    counts = [column for name, column in columns.items() if name in _COUNTS]
    k = len(next(iter(columns.values())))
    return np.asarray(np.any([column % 1 > 0 for column in counts], axis=0)) if counts else np.zeros(k, dtype=np.bool_)


def missing_rows(columns: Columns) -> BoolArray:
    """Which studies lack a figure, shape (k,)."""
    return np.asarray(np.isnan(np.array(list(columns.values()))).any(axis=0))


def figures_of(columns: Columns, row: int) -> str:
    """The figures of one study for a message: "events 3, total 9"."""
    return ", ".join(
        f"{name} {'missing' if np.isnan(column[row]) else format(column[row], 'g')}" for name, column in columns.items()
    )
