"""How the numbers of a forest plot are printed, so that none reads as zero that is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from synth.plots import text
from synth.plots.axis import Interval
from synth.plots.forest.rows import ForestRow, ForestSummary

_MOST_DECIMALS: Final = 6
_MOST_MORE: Final = 3  # decimals that a narrow interval may add to those of the largest estimate


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Numbers of one plot as they are printed.

    Attributes
    ----------
    decimals : int or None
        Decimal places; None prints each number by its own size.
    powers : bool
        Whether numbers are so small that powers of ten are printed.
    own_size : bool
        Whether a line that would read as nothing but zeros is printed in powers of ten.
    """

    decimals: int | None
    powers: bool = False
    own_size: bool = True

    def __call__(self, value: float) -> str:
        """One number."""
        if self.decimals is None:
            return text.ratio(value)
        if self.powers and math.isfinite(value) and value != 0:
            return text.powered(value)
        return text.fixed(value, 0 if self.powers else self.decimals)

    def of(self, estimate: float, interval: Interval | None) -> NumberFormat:
        """The format for an estimate and its interval: powers of ten if all of them would read as zero."""
        if self.decimals is None or self.powers or not self.own_size or interval is None:
            return self
        largest = max(abs(value) for value in (estimate, *interval))
        hidden = _half(interval) > 0 and float(f"{largest:.{self.decimals}f}") == 0
        return NumberFormat(self.decimals, powers=True) if hidden else self


def number_format(
    estimates: Sequence[float], intervals: Sequence[Interval], *, log: bool, decimals: int | None = None
) -> NumberFormat:
    """The format for all numbers of a plot.

    Parameters
    ----------
    estimates : sequence of float
        As shown; the largest has three figures at least.
    intervals : sequence of (lower, upper)
        As shown. If half the length of the narrowest is less than one of the last place, it gets two figures, with at
        most three decimals more than the estimates have, and six in all.
    log : bool
        Whether the axis is logarithmic: ratios are then printed each by its own size.
    decimals : int, optional
        Decimal places that the caller wants; nothing else counts then.
    """
    if decimals is not None:
        return NumberFormat(decimals, own_size=False)
    if log:
        return NumberFormat(None)
    halves = [_half(interval) for interval in intervals]
    narrowest = min((half for half in halves if 0 < half < math.inf), default=0.0)
    largest = max((abs(value) for value in estimates), default=0.0)
    size = max(largest, narrowest)
    if 0 < size < _smallest():
        return NumberFormat(_MOST_DECIMALS, powers=True)
    # Estimates as good as zero beside their intervals say nothing about the decimals.
    fitting = text.decimals_for([size] if largest < _smallest() and size > 0 else list(estimates))
    most = min(fitting + _MOST_MORE, _MOST_DECIMALS)
    wanted = (1 - math.floor(math.log10(half)) for half in halves if 0 < half < 10.0**-fitting)
    # An interval that needs still more decimals is printed in powers of ten, and asks nothing of the other lines.
    return NumberFormat(max([fitting, *(more for more in wanted if more <= most)]))


def estimates_of(rows: Sequence[ForestRow], summaries: Sequence[ForestSummary]) -> list[float]:
    """All estimates of a plot."""
    return [row.estimate for row in rows if row.estimate is not None] + [item.estimate for item in summaries]


def intervals_of(rows: Sequence[ForestRow], summaries: Sequence[ForestSummary]) -> list[Interval]:
    """All confidence intervals of a plot."""
    given = [*(row.interval for row in rows), *(summary.interval for summary in summaries)]
    return [interval for interval in given if interval is not None]


def _smallest() -> float:
    """Least size that the most decimals show with two figures."""
    return 10.0 ** (1 - _MOST_DECIMALS)


def _half(interval: Interval) -> float:
    return (interval[1] - interval[0]) / 2
