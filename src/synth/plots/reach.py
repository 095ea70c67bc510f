"""Marked values, such as no effect or an important difference, that an axis reaches without squeezing the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from synth.plots.axis import ValueAxis

#: Lengths of what is shown in any case that a marked value may lie beside it.
_LENGTHS: Final = 3.0


def within_reach(values: Sequence[float], low: float, high: float, *, log: bool) -> list[float]:
    """The marked values that lie no farther beside what is shown than three times its length.

    Parameters
    ----------
    values : sequence of float
        As the axis shows them.
    low, high : float
        What is shown in any case, from end to end.
    log : bool
        Whether distances are those of logarithms.
    """
    start, stop = (math.log(low), math.log(high)) if log else (low, high)
    room = _LENGTHS * (stop - start)
    places = [(value, math.log(value) if log else value) for value in values]
    return [value for value, place in places if start - room <= place <= stop + room]


def told_beyond(marked: Sequence[tuple[float, str]], axis: ValueAxis) -> Iterator[str]:
    """A sentence for each marked value that the axis does not show."""
    for value, words in marked:
        if not axis.lower <= value <= axis.upper:
            side = "left" if value < axis.lower else "right"
            yield f"Beyond the axis, to the {side}: {words}."
