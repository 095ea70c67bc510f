"""Two groups and their events: formulas of estimates and sampling variances.

In the formulas a and b are those with and without the event in the treated group, c and d in the control group.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from synth.effects.columns import Choices, Columns, FloatArray, Formula, Pair, PlainFormula


def _cells(columns: Columns) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    a, c = columns["events_treated"], columns["events_control"]
    return a, columns["total_treated"] - a, c, columns["total_control"] - c


def _risk_ratio(columns: Columns) -> Pair:
    a, b, c, d = _cells(columns)
    estimate = np.log(a / (a + b)) - np.log(c / (c + d))
    # 1/a - 1/(a + b), written so that rounding cannot make it negative.
    return estimate, b / (a * (a + b)) + d / (c * (c + d))


def log_odds_ratio(columns: Columns) -> Pair:
    """Log odds ratio of counts and its variance (Woolf 1955)."""
    a, b, c, d = _cells(columns)
    return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d


def _risk_difference(columns: Columns, choices: Choices) -> Pair:
    a, b, c, d = _cells(columns)
    p1, n1, p2, n2 = a / (a + b), a + b, c / (c + d), c + d
    estimate = p1 - p2
    if choices.variance == "AV":
        p1, p2 = (np.nansum(x) / np.nansum(np.where(np.isnan(x), np.nan, n)) for x, n in ((a, n1), (c, n2)))
    less = 1 if choices.variance == "UB" else 0
    return estimate, p1 * (1 - p1) / (n1 - less) + p2 * (1 - p2) / (n2 - less)


def _arcsine_difference(columns: Columns) -> Pair:
    a, b, c, d = _cells(columns)
    estimate = np.arcsin(np.sqrt(a / (a + b))) - np.arcsin(np.sqrt(c / (c + d)))
    return estimate, 1 / (4 * (a + b)) + 1 / (4 * (c + d))


def _peto(columns: Columns) -> Pair:
    a, b, c, d = _cells(columns)
    total = a + b + c + d
    share = (a + b) / total
    information = (a + c) * (b + d) * share * ((c + d) / total) / (total - 1)
    # Observed minus expected events, a - (a + c) n1 / n, in whole numbers as far as possible.
    return (a * d - b * c) / total / information, 1 / information


def _finite_log_odds_ratio(columns: Columns) -> Pair:
    """NaN where the odds ratio is 0 or infinite: Yule's measures would be -1 or 1 there, without a variance."""
    estimate, variance = log_odds_ratio(columns)
    return np.where(np.isinf(variance), np.nan, estimate), variance


def _yule_q(columns: Columns) -> Pair:
    log_ratio, variance = _finite_log_odds_ratio(columns)
    q = np.tanh(log_ratio / 2)  # (OR - 1) / (OR + 1)
    return q, (1 - q**2) ** 2 * variance / 4


def _yule_y(columns: Columns) -> Pair:
    log_ratio, variance = _finite_log_odds_ratio(columns)
    y = np.tanh(log_ratio / 4)  # (sqrt(OR) - 1) / (sqrt(OR) + 1)
    return y, (1 - y**2) ** 2 * variance / 16


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "RR": _risk_ratio,
    "OR": log_odds_ratio,
    "AS": _arcsine_difference,
    "PETO": _peto,
    "YUQ": _yule_q,
    "YUY": _yule_y,
}
FORMULAS: Final[dict[str, Formula]] = {
    "RD": _risk_difference,
}
