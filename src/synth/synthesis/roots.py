"""Roots of many functions at once, by Newton's method kept inside a bracket."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synth.synthesis.linear import BoolArray, FloatArray, IntArray

#: Values and derivatives at points, shape (B,), of the functions of the data sets named by an index of shape (B,).
Functions = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]

#: A Newton step this small beside the point itself doubles the digits it leaves, so that no digit is left to gain.
STEP = 1e-9
#: Steps before a root counts as not found; halving alone needs fewer than this for every double.
MOST_STEPS = 200


def falling_root(
    function: Callable[[float], tuple[float, float]], low: float, high: float, unit: float
) -> tuple[float, bool]:
    """The same as `falling_roots` for one function, in plain numbers."""
    x = (low + high) / 2
    for _ in range(MOST_STEPS):
        value, slope = function(x)
        if value > 0:
            low = x
        else:
            high = x
        step = x - value / slope if slope < 0 else math.nan
        following = step if low <= step <= high else math.sqrt(low) * math.sqrt(high) if low > 0 else (low + high) / 2
        moved = abs(following - x)
        x = following
        if value == 0 or moved <= STEP * (x + unit):
            return x, True
    return x, False


def falling_roots(
    functions: Functions, start: FloatArray, low: FloatArray, high: FloatArray, unit: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """The point where each function falls through 0.

    Parameters
    ----------
    functions : callable
        Values and derivatives.
    start, low, high : ndarray, shape (B,)
        Each function is above 0 at `low` and at most 0 at `high`; `start` lies between.
    unit : ndarray, shape (B,)
        The smallest length over which a function bends; a step is measured against the point plus this.

    Returns
    -------
    roots : ndarray, shape (B,)
    converged : ndarray of bool, shape (B,)
        False where the last step was not small against the point. The rule has no unit: data times a thousand stop
        after the same number of steps.
    """
    x, low, high = start.copy(), low.copy(), high.copy()
    active = np.arange(len(x))
    for _ in range(MOST_STEPS):
        value, slope = functions(x[active], active)
        here, lower, upper = x[active], low[active], high[active]
        lower, upper = np.where(value > 0, here, lower), np.where(value > 0, upper, here)
        low[active], high[active] = lower, upper
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = here - value / slope
        # Far from the root on a scale of its own, the geometric middle is nearer than the arithmetic one.
        middle = np.where(lower > 0, np.sqrt(lower) * np.sqrt(upper), (lower + upper) / 2)
        newton = (slope < 0) & (step >= lower) & (step <= upper)
        following = np.where(newton, step, middle)
        x[active] = following
        moved = np.abs(following - here) > STEP * (np.abs(following) + unit[active])
        active = active[moved & (value != 0)]
        if not active.size:
            break
    converged = np.ones(len(x), dtype=bool)
    converged[active] = False
    return x, converged
