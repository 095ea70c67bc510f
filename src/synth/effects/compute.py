"""From the figures of many studies to their estimates and sampling variances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects import conversions, correlations, matched, means, one_group, paired_change, rates, two_by_two
from synth.effects.columns import (
    BoolArray,
    Choices,
    Columns,
    FloatArray,
    Formula,
    Pair,
    PlainFormula,
    check_columns,
    figures_of,
    missing_rows,
    not_whole_rows,
    read_columns,
    study_labels,
)
from synth.effects.measures import Measure, measure_of
from synth.effects.sizes import EffectSizes
from synth.effects.zero_cells import Corrected, ZeroCells, apply_rule, empty_cell
from synth.errors import MethodError, ZeroCellError

Unusable = Literal["refuse", "mark"]


def _as_given(columns: Columns) -> Pair:
    if "standard_error" in columns:
        return columns["estimate"], columns["standard_error"] ** 2
    return columns["estimate"], columns["sampling_variance"]


_FORMULAS: Final[dict[str, Formula]] = {
    **two_by_two.FORMULAS,
    **means.FORMULAS,
    **one_group.FORMULAS,
    **paired_change.FORMULAS,
    **correlations.FORMULAS,
}
# Those that leave nothing to choose.
_PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    **two_by_two.PLAIN_FORMULAS,
    **matched.PLAIN_FORMULAS,
    **one_group.PLAIN_FORMULAS,
    **paired_change.PLAIN_FORMULAS,
    **rates.PLAIN_FORMULAS,
    **correlations.PLAIN_FORMULAS,
    **conversions.PLAIN_FORMULAS,
    "GEN": _as_given,
}
_SIZES: Final = ("n", "total", "n_treated", "n_control", "total_treated", "total_control")


def effect_sizes(
    measure: str,
    *,
    labels: Sequence[str] | None = None,
    zero_cells: ZeroCells | None = None,
    correct: bool | None = None,
    variance: str | None = None,
    unusable: Unusable = "refuse",
    **columns: ArrayLike,
) -> EffectSizes:
    """Estimates and sampling variances of a measure from the figures of k studies.

    Parameters
    ----------
    measure : str
        Code in `MEASURES`; ``MEASURES[code].columns`` names the columns that it needs.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.
    zero_cells : ZeroCells, optional
        What is done with cells without events. Without a rule nothing is added.
    correct : bool, optional
        Whether the estimate gets its small-sample correction; True where the measure has one.
    variance : str, optional
        Formula of the variance, one of the measure's `variances`; the first where not given.
    unusable : {"refuse", "mark"}
        What happens to a study whose figures give no estimate or no variance above 0 (a figure is missing, an empty
        cell, too few people): an error, or a mark. Figures that cannot be are an error always. A study that a rule
        for empty cells leaves out is marked, since the caller asked for that.
    **columns : array_like, shape (k,)
        The figures; None or NaN where missing. Counts that are not whole, such as those divided by a design effect,
        are marked. Changes, ratios and differences are treated against control, or after against before. GEN takes
        `standard_error` in the place of `sampling_variance` too.

    Returns
    -------
    EffectSizes

    Raises
    ------
    ZeroCellError
        If empty cells leave a study without an estimate or a variance and `unusable` is "refuse".
    MethodError
        If an argument is unknown, a figure cannot be, or a study gives nothing and `unusable` is "refuse".

    References
    ----------
    ``MEASURES[code].source``.
    """
    if unusable not in get_args(Unusable):
        raise MethodError(f"unusable {unusable!r}; one of {', '.join(get_args(Unusable))} is expected")
    described = measure_of(measure)
    choices = _choices(described, correct, variance)
    given = _read(described, columns)
    studies = study_labels(labels, len(next(iter(given.values()))))
    check_columns(given, studies)
    corrected = apply_rule(described.kind, given, zero_cells)
    found = _found(measure, corrected.columns, choices)
    if unusable == "refuse":
        _refuse(described, studies, given, corrected, found)
    marks = _marks(described, studies, given, corrected, found)
    method = _in_words(described, choices, zero_cells)
    return EffectSizes(measure, studies, found.estimates, found.variances, _sizes(given), marks, found.usable, method)


def _choices(measure: Measure, correct: bool | None, variance: str | None) -> Choices:
    if variance is None:
        variance = measure.variances[0]
    if variance not in measure.variances:
        raise MethodError(f"{measure.code}: variance {variance!r}; one of {', '.join(measure.variances)} is expected")
    if correct and not measure.corrected:
        raise MethodError(f"{measure.code} has no small-sample correction")
    return Choices(variance, measure.corrected if correct is None else correct)


def _read(measure: Measure, columns: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
    names = measure.columns
    if measure.code == "GEN" and "standard_error" in columns:
        names = ("estimate", "standard_error")
    return read_columns(columns, names)


class _Found(NamedTuple):
    estimates: FloatArray
    variances: FloatArray
    usable: BoolArray


def _found(measure: str, columns: Columns, choices: Choices) -> _Found:
    """What the formulas give, with NaN for none: infinite numbers, and a variance without its estimate, are none."""
    plain = _PLAIN_FORMULAS.get(measure)
    with np.errstate(all="ignore"):  # what comes out infinite or undefined is refused or marked
        pair = plain(columns) if plain is not None else _FORMULAS[measure](columns, choices)
    estimates, variances = np.array(pair[0]), np.array(pair[1])
    none = ~np.isfinite(estimates) | np.isinf(variances)
    estimates[none] = variances[none] = np.nan
    variances[variances < 0] = np.nan
    return _Found(estimates, variances, np.isfinite(estimates) & (variances > 0))


def _marks(
    measure: Measure, labels: tuple[str, ...], columns: Columns, corrected: Corrected, found: _Found
) -> tuple[tuple[str, ...], ...]:
    marks: list[tuple[str, ...]] = [()] * len(labels)
    for row in np.flatnonzero(corrected.added | ~found.usable).tolist():
        empty = empty_cell(measure.kind, columns, row)
        if corrected.dropped[row]:
            marks[row] = (f"left out: {empty}",)
        elif not corrected.added[row]:
            marks[row] = (_lack(measure, columns, row, found),)
        else:
            added = f"{empty}: {corrected.mark}" if empty else corrected.mark
            marks[row] = (added,) if found.usable[row] else (added, _lack(measure, columns, row, found))
    for row in np.flatnonzero(not_whole_rows(columns)).tolist():
        marks[row] = (*marks[row], "counts are not whole numbers")
    return tuple(marks)


def _lack(measure: Measure, columns: Columns, row: int, found: _Found) -> str:
    """What a study does not give, and why."""
    what = "the variance is 0"
    if np.isnan(found.estimates[row]):
        what = "no estimate"
    elif np.isnan(found.variances[row]):
        what = "no variance"
    missing = [name for name, column in columns.items() if np.isnan(column[row])]
    if missing:
        return f"{what}: {', '.join(missing)} missing"
    return f"{what}: {empty_cell(measure.kind, columns, row) or figures_of(columns, row)}"


def _refuse(measure: Measure, labels: tuple[str, ...], columns: Columns, corrected: Corrected, found: _Found) -> None:
    """Raise for the first study that gives nothing and was not left out by the caller's rule."""
    wrong = np.flatnonzero(~(found.usable | corrected.dropped))
    if not wrong.size:
        return
    row = int(wrong[0])
    lack = _lack(measure, columns, row, found)
    empty = empty_cell(measure.kind, columns, row)
    if not empty or missing_rows(columns)[row]:
        raise MethodError(f"{labels[row]}: {measure.label}: {lack}; figures that give one are expected")
    lack = lack.split(":")[0]
    raise ZeroCellError(f"{labels[row]}: {empty}, {lack} of the {measure.label}; the protocol must say what to do")


def _sizes(columns: Columns) -> FloatArray | None:
    """Participants, pairs or person-time of each study."""
    if "pairs_both" in columns:
        return np.asarray(sum(columns.values()))
    behind = [column for name, column in columns.items() if name in _SIZES or name.startswith("person_time")]
    return np.sum(behind, axis=0) if behind else None


def _in_words(measure: Measure, choices: Choices, rule: ZeroCells | None) -> str:
    scale = "" if measure.scale == "identity" else f" on the {measure.scale} scale"
    parts = [f"{measure.label} ({measure.code}){scale}, {measure.source}"]
    if len(measure.variances) > 1:
        parts.append(f"variance {choices.variance}")
    if measure.corrected:
        parts.append("small-sample correction" if choices.correct else "no small-sample correction")
    if rule is not None:
        parts.append(f"empty cells: {rule}")
    return "; ".join(parts)
