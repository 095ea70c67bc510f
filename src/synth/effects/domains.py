"""What numbers a transformation takes, and the refusal of others."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.columns import FloatArray
from synth.errors import MethodError


def numbers(values: ArrayLike, what: str, low: float = -math.inf, high: float = math.inf) -> FloatArray:
    """The values as an array; anything but numbers from `low` to `high` is a MethodError that says `what` it was."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MethodError(f"{what}: numbers are expected, got {values!r}") from error
    outside = ~((array >= low) & (array <= high))
    if outside.any():
        value = array[outside].flat[0]
        raise MethodError(f"{what}: {value:g} is outside its domain; numbers from {low:g} to {high:g} are expected")
    return array


def finite(result: FloatArray, given: FloatArray, what: str) -> FloatArray:
    """The result; a MethodError where a finite value gave an infinite one."""
    endless = np.isinf(result) & np.isfinite(given)
    if endless.any():
        raise MethodError(f"{what}: the value at {given[endless].flat[0]:g} is infinite")
    return result


def positive(values: ArrayLike, what: str) -> FloatArray:
    """The values as an array; anything but finite numbers above 0 is a MethodError."""
    array = numbers(values, what)
    if not ((array > 0) & np.isfinite(array)).all():
        raise MethodError(f"{what}: finite numbers above 0 are expected")
    return array


def together(values: FloatArray, sizes: FloatArray, what: str) -> tuple[FloatArray, FloatArray]:
    """Both in one shape; a MethodError if they do not fit together."""
    try:
        first, second = np.broadcast_arrays(values, sizes)
    except ValueError as error:
        raise MethodError(f"{what}: {values.shape} values and {sizes.shape} sizes do not fit together") from error
    return first, second
