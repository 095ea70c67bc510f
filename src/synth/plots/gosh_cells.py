"""What a GOSH plot shows, counted before it is drawn: points or cells of the cloud, and bars of both histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from synth.plots.axis import ValueAxis, value_axis
from synth.synthesis.gosh import Gosh, Heterogeneity
from synth.synthesis.linear import BoolArray, FloatArray, as_floats

#: Subsets up to which each has a point of its own: those of nine studies.
POINTS_UP_TO: Final = 511
#: Cells of the cloud, and bars of the histograms.
ACROSS, UPRIGHT = 52, 33
BARS_ACROSS, BARS_UPRIGHT = 40, 24
#: Interquartile ranges beyond the quartiles at which the axis ends, if there are estimates farther away.
_REACH: Final = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """Places of the subsets on both axes.

    Attributes
    ----------
    across, upright : ndarray, shape (B,)
        As the axes show them: ratios on a logarithmic axis, I2 in percent.
    inside : ndarray of bool, shape (B,)
        Subsets with the study of interest.
    groups : tuple of str
        Names of the subsets without and with it; one name where no study is of interest.
    x, y : ValueAxis
    whole : tuple of float
        All studies together; the second is NaN where it has no digits left.
    """

    across: FloatArray
    upright: FloatArray
    inside: BoolArray
    groups: tuple[str, ...]
    x: ValueAxis
    y: ValueAxis
    whole: tuple[float, float]

    @property
    def beyond(self) -> FloatArray:
        """-1 left of the axis, 1 right of it, 0 on it, shape (B,)."""
        right, left = self.across > self.x.upper, self.across < self.x.lower
        return as_floats(right.astype(float) - left.astype(float))

    def members(self, group: int) -> BoolArray:
        """Subsets of one of the groups, shape (B,)."""
        if len(self.groups) == 1:
            return np.ones(len(self.across), dtype=np.bool_)
        return np.asarray(self.inside if group else ~self.inside)


@dataclass(frozen=True, slots=True)
class Mark:
    """Some subsets at one place; `beyond` is -1 or 1 for those left or right of the axis, counted at its edge."""

    group: int
    x: float
    y: float
    subsets: int
    beyond: int = 0

    @property
    def size_class(self) -> int:
        """0 for one subset, 1 for 2 to 9, 2 for 10 to 99 and so on."""
        return 0 if self.subsets == 1 else len(str(self.subsets))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram: from `low` to `high` of its axis, on top of `below` subsets of the other group."""

    upright: bool
    group: int
    low: float
    high: float
    subsets: int
    below: int


def spread_of(
    result: Gosh, heterogeneity: Heterogeneity, study: str | None, coefficient: str | None, log_scale: bool
) -> Spread:
    """The subsets on axes that most of them fill.

    Raises
    ------
    MethodError
        If the heterogeneity, the coefficient or the study is unknown.
    """
    values, percent = result.coefficient(coefficient), 100.0 if heterogeneity == "i2" else 1.0
    upright = result.heterogeneity(heterogeneity) * percent
    model = result.model
    place = 0 if coefficient is None else model.names.index(coefficient)
    of_all = getattr(model, heterogeneity)
    whole = float(model.beta[place])
    # H2 of a common-effect model is Q over its degrees of freedom and may be below 1.
    lowest = math.floor(float(upright.min())) if heterogeneity == "h2" else 0.0
    highest = 100.0 if heterogeneity == "i2" else max(float(upright.max()), np.nextafter(lowest, np.inf) * 1.001)
    return Spread(
        across=np.exp(values) if log_scale else values,
        upright=upright,
        inside=np.zeros(result.subsets, dtype=np.bool_) if study is None else result.has(study),
        groups=("all subsets",) if study is None else (f"subsets without {study}", f"subsets with {study}"),
        x=_axis(values, whole, log_scale),
        y=ValueAxis(lowest, highest if highest > lowest + 1e-12 else lowest + 1.0, False, 1.0),
        whole=(float(np.exp(whole)) if log_scale else whole, np.nan if of_all is None else float(of_all) * percent),
    )


def _axis(values: FloatArray, whole: float, log_scale: bool) -> ValueAxis:
    first, third = (float(quartile) for quartile in np.quantile(values, (0.25, 0.75)))
    reach = _REACH * (third - first)
    low, high = max(float(values.min()), first - reach), min(float(values.max()), third + reach)
    ends = np.array([min(low, whole), max(high, whole)])
    return value_axis([float(end) for end in (np.exp(ends) if log_scale else ends)], [], log=log_scale, width=340.0)


def marks_of(spread: Spread) -> list[Mark]:
    """Points of few subsets, cells of many; those that hold most first, so that none hides a smaller one."""
    if len(spread.across) <= POINTS_UP_TO:
        found = list(_points(spread))
    else:
        found = [mark for group in range(len(spread.groups)) for mark in _cells(spread, group)]
    return sorted(found, key=lambda mark: (-mark.size_class, mark.group, mark.beyond, mark.x, mark.y))


def _points(spread: Spread) -> Iterator[Mark]:
    beyond = spread.beyond
    ends = {-1: spread.x.lower, 1: spread.x.upper}
    for row in range(len(spread.across)):
        side = int(beyond[row])
        group = int(spread.inside[row]) if len(spread.groups) > 1 else 0
        yield Mark(group, ends.get(side, float(spread.across[row])), float(spread.upright[row]), 1, side)


def _cells(spread: Spread, group: int) -> Iterator[Mark]:
    """The cells of a group; those of the second group lie half a cell aside, so that no mark covers another."""
    which, shift = spread.members(group), 0.5 * group
    beyond = spread.beyond[which].astype(np.int64)
    shares = _shares(spread.across[which], spread.x), _shares(spread.upright[which], spread.y)
    across = np.floor(np.clip(shares[0], 0, 1) * ACROSS + shift)
    upright = np.minimum(np.floor(shares[1] * UPRIGHT + shift), UPRIGHT - 1 + (shift > 0))
    places, counts = np.unique(np.column_stack([beyond, across * (beyond == 0), upright]), axis=0, return_counts=True)
    for (side, column, row), subsets in zip(places.tolist(), counts.tolist(), strict=True):
        x = {-1: 0.0, 1: 1.0}.get(int(side), min(max((column + 0.5 - shift) / ACROSS, 0.0), 1.0))
        y = min(max((row + 0.5 - shift) / UPRIGHT, 0.0), 1.0)
        yield Mark(group, _value(x, spread.x), _value(y, spread.y), subsets, int(side))


def bars_of(spread: Spread, *, upright: bool) -> list[Bar]:
    """The histogram of one axis, without what lies beyond it; the second group stands on the first."""
    axis, number = (spread.y, BARS_UPRIGHT) if upright else (spread.x, BARS_ACROSS)
    values = spread.upright if upright else spread.across
    below = np.zeros(number, dtype=np.int64)
    bars: list[Bar] = []
    for group in range(len(spread.groups)):
        which = spread.members(group) & (spread.beyond == 0)
        place = np.minimum(np.floor(_shares(values[which], axis) * number), number - 1).astype(np.int64)
        counts = np.bincount(place, minlength=number)
        for index in np.flatnonzero(counts).tolist():
            ends = (_value(index / number, axis), _value((index + 1) / number, axis))
            bars.append(Bar(upright, group, *ends, int(counts[index]), int(below[index])))
        below += counts
    return bars


def _shares(values: FloatArray, axis: ValueAxis) -> FloatArray:
    """Where values stand on an axis, 0 to 1."""
    if axis.log:
        low, high = np.log10(axis.lower), np.log10(axis.upper)
        return np.asarray((np.log10(values) - low) / (high - low), dtype=float)
    return np.asarray((values - axis.lower) / (axis.upper - axis.lower), dtype=float)


def _value(share: float, axis: ValueAxis) -> float:
    if axis.log:
        return float(axis.lower * (axis.upper / axis.lower) ** share)
    return axis.lower + share * (axis.upper - axis.lower)


def columns_of(item: Mark | Bar, groups: tuple[str, ...]) -> dict[str, Any]:
    """A line of the data of the drawing."""
    if isinstance(item, Mark):
        beyond = {-1: "left", 0: "", 1: "right"}[item.beyond]
        place = {"x": item.x, "y": item.y, "x_high": np.nan, "y_high": np.nan}
        return {"part": "subsets", **place, "subsets": item.subsets, "group": groups[item.group], "beyond_axis": beyond}
    ends = {"y": item.low, "y_high": item.high} if item.upright else {"x": item.low, "x_high": item.high}
    part = "histogram of heterogeneity" if item.upright else "histogram of estimates"
    return {"part": part, **ends, "subsets": item.subsets, "group": groups[item.group], "beyond_axis": ""}
