"""Invented data that all ways of the benchmark of the statistics engine share; it needs numpy alone."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

RESAMPLES = 10_000
SEED = 20_261_123
HOMOGENEOUS = 11  # studies of the data set whose effects vary less than their variances allow for, so that tau2 is 0
SIZES = (10, 1_000, 100_000)  # studies in a single fit
OMITTED = 1_000  # studies of the leave-one-out analyses
RESAMPLED = 20  # studies in the bootstrap
KINDS: tuple[Literal["nonparametric", "parametric"], ...] = ("nonparametric", "parametric")
PERMUTED = (20, 100)  # studies in the permutation tests
EFFECT, TAU2, SLOPE = 0.3, 0.1, 0.15


def effects(k: int) -> tuple[Array, Array]:
    """Effects and sampling variances of `k` studies; tau2 is above 0, so that iterations have work, but in one size."""
    draws = np.random.default_rng(SEED + k)
    variances = draws.uniform(0.01, 0.2, k)
    spread = np.sqrt(variances) / 2 if k == HOMOGENEOUS else np.sqrt(TAU2 + variances)
    return EFFECT + draws.normal(0.0, spread), variances


def moderated(k: int) -> tuple[Array, Array, Array]:
    """Effects, sampling variances and one moderator."""
    y, v = effects(k)
    moderator = np.random.default_rng(SEED - k).normal(size=k)
    return y + SLOPE * moderator, v, moderator


def reml_left(k: int, tau2: float) -> float:
    """What Fisher scoring would still change in the REML estimate of tau2, relative to it and the median variance."""
    y, v = effects(k)
    w = 1 / (v + tau2)
    first, second, third = (float((w**power).sum()) for power in (1, 2, 3))
    residuals = y - (w * y).sum() / first
    score = float(((w * residuals) ** 2).sum()) - first + second / first
    information = second - 2 * third / first + (second / first) ** 2
    stepped = max(0.0, tau2 + score / information)
    return abs(stepped - tau2) / (tau2 + float(np.median(v)))


def outline(estimates: Array, tau2: Array) -> dict[str, float]:
    """Smallest and largest values of a leave-one-out analysis, and a sum that tells the rows apart."""
    place = np.arange(1, len(estimates) + 1)
    facts = {}
    for name, values in {"estimate": estimates, "tau2": tau2}.items():
        facts |= {f"smallest {name}": float(values.min()), f"largest {name}": float(values.max())}
        facts[f"{name} weighted by row"] = float(values @ place / place.sum())
    return facts


def spread(estimates: Array, tau2: Array) -> dict[str, float]:
    """Mean and standard deviation of the resampled estimates, and the mean of their tau2."""
    return {
        "mean estimate": float(estimates.mean()),
        "SD of estimates": float(estimates.std()),
        "mean tau2": float(tau2.mean()),
    }
