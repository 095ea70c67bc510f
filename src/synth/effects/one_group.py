"""One group: means and proportions. Formulas of estimates and sampling variances."""

from __future__ import annotations

from typing import Final

import numpy as np

from synth.effects.columns import Choices, Columns, FloatArray, Formula, Pair, PlainFormula
from synth.effects.means import small_sample_factor


def _mean(columns: Columns) -> Pair:
    return columns["mean"], columns["sd"] ** 2 / columns["n"]


def _log_mean(columns: Columns) -> Pair:
    return np.log(columns["mean"]), (columns["sd"] / columns["mean"]) ** 2 / columns["n"]


def _log_cv(columns: Columns, choices: Choices) -> Pair:
    half = 1 / (2 * (columns["n"] - 1))
    cv = columns["sd"] / columns["mean"]
    return np.log(cv) + (half if choices.correct else 0), half + cv**2 / columns["n"]


def _log_sd(columns: Columns, choices: Choices) -> Pair:
    half = 1 / (2 * (columns["n"] - 1))
    return np.log(columns["sd"]) + (half if choices.correct else 0), half


def _standardised_mean(columns: Columns, choices: Choices) -> Pair:
    n = columns["n"]
    g = small_sample_factor(n - 1, choices) * columns["mean"] / columns["sd"]
    return g, 1 / n + g**2 / (2 * n)


def _proportions(columns: Columns, choices: Choices) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Total, own proportion, and the proportion that goes into the variance."""
    events, total = columns["events"], columns["total"]
    own = events / total
    if choices.variance != "AV":
        return total, own, own
    average = np.nansum(events) / np.nansum(np.where(np.isnan(events), np.nan, total))
    return total, own, np.full_like(own, average)


def _proportion(columns: Columns, choices: Choices) -> Pair:
    n, own, p = _proportions(columns, choices)
    return own, p * (1 - p) / (n - 1 if choices.variance == "UB" else n)


def _log_proportion(columns: Columns, choices: Choices) -> Pair:
    n, own, p = _proportions(columns, choices)
    return np.log(own), (1 - p) / (p * n)


def _log_odds(columns: Columns, choices: Choices) -> Pair:
    n, _, p = _proportions(columns, choices)
    estimate = np.log(columns["events"] / (n - columns["events"]))
    return estimate, 1 / (p * n) + 1 / ((1 - p) * n)


def _arcsine(columns: Columns) -> Pair:
    return np.arcsin(np.sqrt(columns["events"] / columns["total"])), 1 / (4 * columns["total"])


def _freeman_tukey(columns: Columns) -> Pair:
    events, n = columns["events"], columns["total"]
    estimate = (np.arcsin(np.sqrt(events / (n + 1))) + np.arcsin(np.sqrt((events + 1) / (n + 1)))) / 2
    return estimate, 1 / (4 * n + 2)


PLAIN_FORMULAS: Final[dict[str, PlainFormula]] = {
    "MN": _mean,
    "MNLN": _log_mean,
    "PAS": _arcsine,
    "PFT": _freeman_tukey,
}
FORMULAS: Final[dict[str, Formula]] = {
    "CVLN": _log_cv,
    "SDLN": _log_sd,
    "SMN": _standardised_mean,
    "PR": _proportion,
    "PLN": _log_proportion,
    "PLO": _log_odds,
}
