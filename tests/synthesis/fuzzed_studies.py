"""Invented inputs for the statistics engine, most of them bad: careless callers, broken files, slips of the unit.

Everything is drawn from one number, so that a failure names what has to be drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

METHODS = ("common", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
TESTS = ("normal", "t", "hartung-knapp", "hartung-knapp-guarded")
LEVELS = (0.95, 0.95, 0.9, 0.99, 0.5, 0.999999, 1e-9)
BAD_NUMBERS = (np.nan, np.inf, -np.inf, None, "", "1.5", "NA", True, 10**400, 1j, [1.0], b"2", object())
BAD_MODERATORS = ("m0", 3, [[1.0]], {1: [1.0]}, {"m": None}, {"": []}, np.ones(3))
BAD_METHODS = ("reml", "FE", "", None, 7, ["DL"], "D-L", np.nan)
BAD_TESTS = ("z", "knha", "", None, 0, ("normal",))
BAD_LEVELS = (95, 0.0, 1.0, -0.5, np.nan, np.inf, None, "0.95", [0.95], 1.0000001, True)

Draw = np.random.Generator


@dataclass(frozen=True)
class Fuzzed:
    """Arguments of one analysis."""

    seed: int
    estimates: Any
    variances: Any
    moderators: Any
    method: Any
    test: Any
    level: Any
    weights: Any


def fuzzed(seed: int) -> Fuzzed:
    """The input of that number."""
    draw = np.random.default_rng(seed)
    k = number_of_studies(draw)
    estimates, variances = pick(draw, ESTIMATES)(draw, k), pick(draw, VARIANCES)(draw, k)
    if draw.random() < 0.2:
        estimates, variances = rescaled(draw, estimates, variances)
    columns = draw.integers(1, 4) if draw.random() < 0.4 else 0
    moderators: Any = {f"m{number}": pick(draw, MODERATORS)(draw, k) for number in range(columns)}
    if draw.random() < 0.25:
        estimates, variances, moderators = spoilt(draw, estimates, variances, moderators)
    method = one_of(draw, METHODS, BAD_METHODS)
    return Fuzzed(
        seed=seed,
        estimates=as_container(draw, estimates),
        variances=as_container(draw, variances),
        moderators=moderators,
        method=method,
        test=one_of(draw, TESTS, BAD_TESTS),
        level=one_of(draw, LEVELS, BAD_LEVELS),
        weights=own_weights(draw, k)
        if (isinstance(method, str) and method == "GENQ") or draw.random() < 0.05
        else None,
    )


def pick(draw: Draw, choices: tuple[Any, ...]) -> Any:
    """One of them."""
    return choices[draw.integers(len(choices))]


def number_of_studies(draw: Draw) -> int:
    """Mostly few; now and then none, or many."""
    kind = draw.random()
    if kind < 0.02:
        return 0
    if kind < 0.2:
        return int(draw.integers(1, 4))
    return int(draw.integers(3, 13)) if kind < 0.97 else int(draw.integers(50, 300))


def one_of(draw: Draw, good: tuple[Any, ...], bad: tuple[Any, ...]) -> Any:
    """A good choice, or in one of 50 a bad one."""
    return pick(draw, bad if draw.random() < 0.02 else good)


def own_weights(draw: Draw, k: int) -> Any:
    """The analyst's weights of the studies."""
    if draw.random() < 0.9:
        return draw.uniform(0.0, 2.0, k)
    return pick(
        draw,
        (
            "equal",
            "other",
            np.zeros(k),
            -np.ones(k),
            np.full(k, np.nan),
            [1.0],
            None,
            10.0 ** draw.uniform(-300, 300, k),
        ),
    )


def ordinary(draw: Draw, k: int) -> np.ndarray:
    return draw.normal(size=k)


def all_equal(draw: Draw, k: int) -> np.ndarray:
    return np.full(k, draw.normal())


def whole_numbers(draw: Draw, k: int) -> np.ndarray:
    return draw.integers(-3, 4, k)


def heavy_tails(draw: Draw, k: int) -> np.ndarray:
    return draw.standard_cauchy(k)


def wild_magnitudes(draw: Draw, k: int) -> np.ndarray:
    return draw.choice([-1.0, 1.0], k) * 10.0 ** draw.uniform(-320, 308, k)


def far_from_zero(draw: Draw, k: int) -> np.ndarray:
    return 10.0 ** draw.uniform(0, 15) + draw.normal(size=k)


def duplicates(draw: Draw, k: int) -> np.ndarray:
    return draw.choice(draw.normal(size=2), k)


def ordinary_variances(draw: Draw, k: int) -> np.ndarray:
    return draw.uniform(0.01, 0.5, k)


def spread_variances(draw: Draw, k: int) -> np.ndarray:
    return 10.0 ** (draw.uniform(0, 12) * draw.normal(size=k))


def equal_variances(draw: Draw, k: int) -> np.ndarray:
    return np.full(k, 10.0 ** draw.uniform(-3, 3))


def one_extreme_variance(draw: Draw, k: int) -> np.ndarray:
    variances = draw.uniform(0.01, 0.5, k)
    variances[: min(k, 1)] = 10.0 ** draw.uniform(-18, 18)
    return variances


def some_zero_variances(draw: Draw, k: int) -> np.ndarray:
    return draw.uniform(0.01, 0.5, k) * (draw.random(k) > 0.2)


def any_variances(draw: Draw, k: int) -> np.ndarray:
    return 10.0 ** draw.uniform(-320, 308, k)


def years(draw: Draw, k: int) -> np.ndarray:
    return draw.integers(1990, 2026, k)


def nearly_collinear(draw: Draw, k: int) -> np.ndarray:
    return np.arange(k) + draw.choice([0.0, 1e-14, 1e-10, 1e-5]) * draw.normal(size=k)


def categories(draw: Draw, k: int) -> list[str]:
    return [str(item) for item in draw.choice(["a", "b", "c", "Ä"], k)]


def yes_or_no(draw: Draw, k: int) -> list[bool]:
    return [bool(item) for item in draw.integers(0, 2, k)]


Column = Callable[[Draw, int], Any]
ESTIMATES: tuple[Column, ...] = (
    *(ordinary,) * 8,
    *(heavy_tails, whole_numbers, all_equal, duplicates, far_from_zero, wild_magnitudes),
)
VARIANCES: tuple[Column, ...] = (
    *(ordinary_variances,) * 8,
    *(spread_variances, spread_variances, equal_variances, equal_variances),
    *(one_extreme_variance, one_extreme_variance, some_zero_variances, any_variances),
)
MODERATORS: tuple[Column, ...] = (
    *(ordinary,) * 4,
    *(years, years, categories, yes_or_no, nearly_collinear, all_equal, duplicates, wild_magnitudes),
)


def rescaled(draw: Draw, estimates: Any, variances: Any) -> tuple[Any, Any]:
    """Another unit of measurement; far out, squares overflow or vanish."""
    scale = 10.0 ** (draw.uniform(-8, 8) if draw.random() < 0.7 else draw.uniform(-300, 300))
    with np.errstate(over="ignore", under="ignore"):
        return estimates * scale, variances * scale * scale


def as_container(draw: Draw, values: Any) -> Any:
    """An array as it is, or a list, a tuple, a column of objects."""
    kind = draw.integers(6)
    if not isinstance(values, np.ndarray) or values.ndim != 1 or kind > 3:
        return values
    return (list(values), tuple(values.tolist()), values.astype(object), values[::-1][::-1])[kind]


def spoilt(draw: Draw, estimates: Any, variances: Any, moderators: Any) -> tuple[Any, Any, Any]:
    """One thing made wrong."""
    damage = pick(draw, DAMAGES)
    part = draw.integers(3 if moderators else 2)
    if part == 2:
        name = next(iter(moderators))
        return estimates, variances, moderators | {name: damage(draw, moderators[name])}
    if draw.random() < 0.05:
        return estimates, variances, pick(draw, BAD_MODERATORS)
    return (
        (damage(draw, estimates), variances, moderators) if part else (estimates, damage(draw, variances), moderators)
    )


def one_bad(draw: Draw, values: Any) -> Any:
    items = list(values)
    if items:
        items[draw.integers(len(items))] = pick(draw, BAD_NUMBERS)
    return items


def negated(draw: Draw, values: Any) -> Any:
    return -np.asarray(values, dtype=float) if np.asarray(values).dtype.kind in "if" else values


def wrong_shape(draw: Draw, values: Any) -> Any:
    items = list(values)
    shapes = (items[:-1], [*items, 1.0], [items], [[item] for item in items], 1.0, [], [items, items[:-1]])
    return pick(draw, shapes)


def no_column(draw: Draw, values: Any) -> Any:
    others: tuple[Any, ...] = (None, "text", b"text", {"a": 1}, {1.0, 2.0}, iter(()), object(), np.nan, 1.0, len)
    return pick(draw, others)


def zeros(draw: Draw, values: Any) -> Any:
    return [0.0] * len(values)


DAMAGES: tuple[Callable[[Draw, Any], Any], ...] = (one_bad, one_bad, one_bad, negated, wrong_shape, no_column, zeros)
