"""Matched pairs, or the same people under both treatments: formulas of estimates and sampling variances.

Pairs are counted by who of them has the event: both, the treated one only, the control only, neither.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from synth.effects.columns import Columns, FloatArray, Pair, PlainFormula


def _pairs(columns: Columns) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return (
        columns["pairs_both"],
        columns["pairs_treated_only"],
        columns["pairs_control_only"],
        columns["pairs_neither"],
    )


def _risk_ratio(columns: Columns) -> Pair:
    both, treated, control, _ = _pairs(columns)
    return np.log((both + treated) / (both + control)), (treated + control) / ((both + treated) * (both + control))


def _odds_ratio(columns: Columns) -> Pair:
    both, treated, control, neither = _pairs(columns)
    n = both + treated + control + neither
    events1, events2 = both + treated, both + control
    estimate = np.log(events1 / (n - events1)) - np.log(events2 / (n - events2))
    discordance = n * (treated + control) - (treated - control) ** 2
    return estimate, n * discordance / (events1 * (n - events1) * events2 * (n - events2))


def _conditional_odds_ratio(columns: Columns) -> Pair:
    _, treated, control, _ = _pairs(columns)
    return np.log(treated / control), 1 / treated + 1 / control


def _peto(columns: Columns) -> Pair:
    _, treated, control, _ = _pairs(columns)
    return 2 * (treated - control) / (treated + control), 4 / (treated + control)


def _risk_difference(columns: Columns) -> Pair:
    _, treated, control, _ = _pairs(columns)
    n = sum(_pairs(columns))
    difference = (treated - control) / n
    return difference, (treated + control - (treated - control) ** 2 / n) / n**2


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "MPRR": _risk_ratio,
    "MPOR": _odds_ratio,
    "MPRD": _risk_difference,
    "MPORC": _conditional_odds_ratio,
    "MPPETO": _peto,
}
