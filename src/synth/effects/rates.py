"""Events over person-time, in one group or two: formulas of estimates and sampling variances."""

from __future__ import annotations

from typing import Final

import numpy as np

from synth.effects.columns import Columns, FloatArray, Pair, PlainFormula


def _two(columns: Columns) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return (
        columns["events_treated"],
        columns["person_time_treated"],
        columns["events_control"],
        columns["person_time_control"],
    )


def _rate_ratio(columns: Columns) -> Pair:
    x1, t1, x2, t2 = _two(columns)
    return np.log(x1 / t1) - np.log(x2 / t2), 1 / x1 + 1 / x2


def _rate_difference(columns: Columns) -> Pair:
    x1, t1, x2, t2 = _two(columns)
    return x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2


def _square_root_difference(columns: Columns) -> Pair:
    x1, t1, x2, t2 = _two(columns)
    return np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 1 / (4 * t1) + 1 / (4 * t2)


def _rate(columns: Columns) -> Pair:
    x, t = columns["events"], columns["person_time"]
    return x / t, x / t**2


def _log_rate(columns: Columns) -> Pair:
    x, t = columns["events"], columns["person_time"]
    return np.log(x / t), 1 / x


def _square_root_rate(columns: Columns) -> Pair:
    x, t = columns["events"], columns["person_time"]
    return np.sqrt(x / t), 1 / (4 * t)


def _freeman_tukey_rate(columns: Columns) -> Pair:
    x, t = columns["events"], columns["person_time"]
    return (np.sqrt(x / t) + np.sqrt((x + 1) / t)) / 2, 1 / (4 * t)


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "IRR": _rate_ratio,
    "IRD": _rate_difference,
    "IRSD": _square_root_difference,
    "IR": _rate,
    "IRLN": _log_rate,
    "IRS": _square_root_rate,
    "IRFT": _freeman_tukey_rate,
}
