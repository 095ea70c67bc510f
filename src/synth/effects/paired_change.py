"""Before and after in one group: formulas of estimates and sampling variances. The change is after minus before."""

from __future__ import annotations

from typing import Final

import numpy as np

from synth.effects.columns import Choices, Columns, FloatArray, Formula, Pair, PlainFormula
from synth.effects.means import small_sample_factor


def _change(columns: Columns) -> FloatArray:
    return columns["mean_after"] - columns["mean_before"]


def _variance_of_changes(columns: Columns) -> FloatArray:
    before, after = columns["sd_before"], columns["sd_after"]
    # Equal to s1**2 + s2**2 - 2 r s1 s2, written so that rounding cannot make it negative.
    return (after - before) ** 2 + 2 * (1 - columns["correlation"]) * before * after


def _mean_change(columns: Columns) -> Pair:
    return _change(columns), _variance_of_changes(columns) / columns["n"]


def _standardised_by_changes(columns: Columns, choices: Choices) -> Pair:
    n = columns["n"]
    factor = small_sample_factor(n - 1, choices)
    d = _change(columns) / np.sqrt(_variance_of_changes(columns))
    g = factor * d
    if choices.variance == "LS2":
        return g, factor**2 * (1 / n + d**2 / (2 * n))
    if choices.variance == "UB":
        return g, 1 / n + (1 - (n - 3) / ((n - 1) * factor**2)) * g**2
    return g, 1 / n + g**2 / (2 * n)


def _standardised_by_before(columns: Columns, choices: Choices) -> Pair:
    n, apart = columns["n"], 2 * (1 - columns["correlation"])
    factor = small_sample_factor(n - 1, choices)
    d = _change(columns) / columns["sd_before"]
    g = factor * d
    if choices.variance == "LS2":
        return g, factor**2 * (apart / n + d**2 / (2 * n))
    return g, apart / n + g**2 / (2 * n)


def _standardised_by_before_unequal(columns: Columns, choices: Choices) -> Pair:
    freedom = columns["n"] - 1
    g = small_sample_factor(freedom, choices) * _change(columns) / columns["sd_before"]
    return g, _variance_of_changes(columns) / (columns["sd_before"] ** 2 * freedom) + g**2 / (2 * freedom)


def _cvs(columns: Columns) -> Pair:
    return columns["sd_after"] / columns["mean_after"], columns["sd_before"] / columns["mean_before"]


def _variance_of_log_means(columns: Columns) -> FloatArray:
    after, before = _cvs(columns)
    return ((after - before) ** 2 + 2 * (1 - columns["correlation"]) * after * before) / columns["n"]


def _ratio_of_means(columns: Columns, choices: Choices) -> Pair:
    after, before = _cvs(columns)
    estimate = np.log(columns["mean_after"] / columns["mean_before"])
    if choices.correct:
        estimate = estimate + (after**2 - before**2) / (2 * columns["n"])
    return estimate, _variance_of_log_means(columns)


def _variance_of_log_sds(columns: Columns) -> FloatArray:
    return (1 - columns["correlation"] ** 2) / (columns["n"] - 1)


def _ratio_of_cvs(columns: Columns, choices: Choices) -> Pair:
    after, before = _cvs(columns)
    # One logarithm each: below 0 a mean has no coefficient of variation, even if both are.
    estimate = np.log(after) - np.log(before)
    if choices.correct:
        estimate = estimate - (after**2 - before**2) / (2 * columns["n"])
    return estimate, _variance_of_log_sds(columns) + _variance_of_log_means(columns)


def _ratio_of_sds(columns: Columns) -> Pair:
    return np.log(columns["sd_after"] / columns["sd_before"]), _variance_of_log_sds(columns)


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "MC": _mean_change,
    "VRC": _ratio_of_sds,
}
FORMULAS: Final[dict[str, Formula]] = {
    "SMCC": _standardised_by_changes,
    "SMCR": _standardised_by_before,
    "SMCRH": _standardised_by_before_unequal,
    "ROMC": _ratio_of_means,
    "CVRC": _ratio_of_cvs,
}
