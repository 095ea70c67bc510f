"""Subgroups combined into one group: the mean and SD that all values together have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from synth.effects.intervals import Interval
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.printed import Figure, PrintedNumber, check_count, read_figure
from synth.errors import MethodError

_SOURCE = "Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.10 (combining groups)"
#: The largest SD over the rounding is sought at all corners of the means, 2**k of them.
_MOST_ROUNDED_GROUPS = 14
_HALVINGS = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Size, mean and SD of a group as printed; text carries its rounding."""

    n: int
    mean: Figure
    sd: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinedGroup:
    """The group that subgroups make up.

    Attributes
    ----------
    n : int
        Sum of the sizes.
    mean, sd : Derivation
        Of all values together.
    """

    n: int
    mean: Derivation
    sd: Derivation


def combine_groups(groups: Sequence[Group]) -> CombinedGroup:
    """Size, mean and SD of all values of several groups together.

    Parameters
    ----------
    groups : sequence of Group
        At least one; no value may be in two of them.

    Returns
    -------
    CombinedGroup
        Exactly what the pooled raw values would have, up to rounding.

    Raises
    ------
    MethodError
        If there is no group, a size is below 1, an SD is negative, all groups together have a single value, or more
        than 14 groups have rounded means.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 6, section 6.5.2.10. Its formula for two groups follows
    from the sums of squares within and between groups, which serve for any number here.
    """
    if not groups:
        raise MethodError("no group to combine; at least one is expected")
    sizes = np.array([check_count(group.n, 1, f"n of group {i}") for i, group in enumerate(groups, 1)], dtype=float)
    means = [read_figure(group.mean, f"mean of group {i}") for i, group in enumerate(groups, 1)]
    sds = [_sd(group, i) for i, group in enumerate(groups, 1)]
    total = int(sizes.sum())
    if total < 2:
        raise MethodError("the groups have a single value together: it has no SD")
    mean = [float(sizes @ column) / total for column in np.array([(m.value, m.low, m.high) for m in means]).T]
    inputs = tuple(
        (f"group {i}", f"n {group.n}, mean {m.text}, SD {s.text}")
        for i, (group, m, s) in enumerate(zip(groups, means, sds, strict=True), 1)
    )
    return CombinedGroup(
        n=total,
        mean=_derivation("mean", mean[0], (mean[1], mean[2]), "Mean of the subgroups weighted by size", inputs),
        sd=_derivation(
            "standard deviation",
            _combined_sd(sizes, np.array([m.value for m in means]), np.array([s.value for s in sds])),
            _sd_range(sizes, means, sds),
            "Sums of squares within and between the subgroups",
            inputs,
        ),
    )


def combine_arms(treated: Sequence[Group], control: Sequence[Group]) -> tuple[CombinedGroup, CombinedGroup]:
    """The subgroups of two arms combined, each arm by itself.

    Parameters
    ----------
    treated, control : sequence of Group
        Subgroups of each arm.

    Returns
    -------
    tuple of CombinedGroup
        Treated, control.

    Raises
    ------
    MethodError
        As for `combine_groups`; the arm is named.
    """
    combined = []
    for name, groups in (("treated", treated), ("control", control)):
        try:
            combined.append(combine_groups(groups))
        except MethodError as error:
            raise MethodError(f"{name} arm: {error}") from error
    return combined[0], combined[1]


def _sd(group: Group, number: int) -> PrintedNumber:
    found = read_figure(group.sd, f"SD of group {number}")
    if found.value < 0:
        raise MethodError(f"SD of group {number} {found.text}: a number of at least 0 is expected")
    return PrintedNumber(found.text, found.value, max(found.low, 0.0), found.high)


def _combined_sd(sizes: NDArray[np.float64], means: NDArray[np.float64], sds: NDArray[np.float64]) -> float:
    centre = float(sizes @ means) / float(sizes.sum())
    squares = (sizes - 1) @ sds**2 + sizes @ (means - centre) ** 2
    return math.sqrt(float(squares) / (float(sizes.sum()) - 1))


def _sd_range(sizes: NDArray[np.float64], means: list[PrintedNumber], sds: list[PrintedNumber]) -> Interval:
    """Smallest and largest SD. It rises with every subgroup's SD and is convex in the means."""
    low, high = (np.array([getattr(m, end) for m in means]) for end in ("low", "high"))
    value = _combined_sd(sizes, np.array([m.value for m in means]), np.array([s.value for s in sds]))
    lowest = _combined_sd(sizes, _closest_means(sizes, low, high), np.array([s.low for s in sds]))
    rounded = int(np.sum(low < high))
    if rounded > _MOST_ROUNDED_GROUPS:
        raise MethodError(f"{rounded} groups with rounded means: at most {_MOST_ROUNDED_GROUPS} are expected")
    largest_sds = np.array([s.high for s in sds])
    corners = product(*(sorted({a, b}) for a, b in zip(low.tolist(), high.tolist(), strict=True)))
    # Binary arithmetic may put the value a hair outside.
    return min(lowest, value), max(value, *(_combined_sd(sizes, np.array(corner), largest_sds) for corner in corners))


def _closest_means(
    sizes: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The means within their rounding that vary least: each the nearest it can be to their common mean.

    The common mean solves sum of n (clip(c) - c) = 0, which falls in c, so that halving finds it.
    """
    left, right = float(low.min()), float(high.max())
    for _ in range(_HALVINGS):
        centre = (left + right) / 2
        if float(sizes @ (np.clip(centre, low, high) - centre)) > 0:
            left = centre
        else:
            right = centre
    closest: NDArray[np.float64] = np.clip((left + right) / 2, low, high)
    return closest


def _derivation(
    quantity: str, value: float, rounding_range: Interval, method: str, inputs: tuple[tuple[str, str], ...]
) -> Derivation:
    return Derivation(
        quantity=quantity,
        value=value,
        rounding_range=rounding_range,
        method=method,
        inputs=inputs,
        assumption="no patient is counted in two subgroups, and the subgroups are all of the group",
        source=_SOURCE,
        mark=f"{'SD' if quantity != 'mean' else quantity} combined from subgroups",
    )
