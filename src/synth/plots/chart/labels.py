"""Names beside marks: each gets a free place near its mark, or none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from synth.plots import text
from synth.plots.canvas import Align
from synth.plots.style import SMALL_SIZE

Spot = tuple[float, float]

_WIDEST: Final = 130.0  # points; a longer name is broken into two lines, and shortened
_NEAR: Final = 2.5
#: Distances between mark and name that are tried, points; from the second on a thin line joins the two.
_DISTANCES: Final = (_NEAR, 13.0, 24.0)
#: Directions, in the order of preference: x to the right, y down.
_DIRECTIONS: Final = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
_AIR: Final = 1.0  # between a name and anything else, points
#: What a far place, a later direction and a curve under the name cost.
_COST_DISTANCE, _COST_DIRECTION, _COST_CROSSED = 6.0, 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the page, in points from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box, air: float = 0.0) -> bool:
        """Whether the two share more than an edge, or are closer than `air`."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > -air and down > -air

    def holds(self, other: Box) -> bool:
        """Whether the other one lies inside."""
        beside = self.left <= other.left and other.right <= self.right
        return beside and self.top <= other.top and other.bottom <= self.bottom

    def contains(self, spot: Spot) -> bool:
        """Whether a point lies inside."""
        return self.left <= spot[0] <= self.right and self.top <= spot[1] <= self.bottom

    def nearest(self, spot: Spot) -> Spot:
        """The point of the rectangle that is nearest to a spot."""
        return min(max(spot[0], self.left), self.right), min(max(spot[1], self.top), self.bottom)


@dataclass(frozen=True, slots=True)
class Name:
    """A name and the mark that it belongs to: the mark's middle and half its side, in points of the page."""

    words: str
    x: float
    y: float
    half: float

    @property
    def mark(self) -> Box:
        """The square around the mark."""
        return Box(self.x - self.half, self.y - self.half, self.x + self.half, self.y + self.half)


@dataclass(frozen=True, slots=True)
class PlacedName:
    """Lines of text with their place, and the line that leads to them where they do not stand at their mark."""

    lines: tuple[str, ...]
    box: Box
    leader: tuple[Spot, Spot] | None

    def anchor(self, name: Name) -> tuple[Align, float]:
        """How the lines are aligned, and at which x, so that they end or begin at their mark."""
        if self.box.right <= name.x:
            return "right", self.box.right
        if self.box.left >= name.x:
            return "left", self.box.left
        return "center", (self.box.left + self.box.right) / 2


def place_names(
    names: Sequence[Name], *, marks: Sequence[Box], curves: Sequence[Spot], frame: Box, size: float = SMALL_SIZE
) -> list[PlacedName | None]:
    """A place for each name where there is one: the first names choose first.

    Parameters
    ----------
    names : sequence of Name
        The most important first.
    marks : sequence of Box
        Nothing may stand on these; the names' own marks may be among them.
    curves : sequence of (x, y)
        Points of curves and rules: names stand on them only where there is no better place.
    frame : Box
        Names stay inside.
    size : float
        Text size, points.

    Returns
    -------
    list of PlacedName or None
        In the order of the names; None where no place is free.
    """
    placed: list[PlacedName | None] = []
    taken: list[Box] = []
    leaders: list[Spot] = []
    for name in names:
        best = _best(name, [*marks, *taken], [*curves, *leaders], frame, size)
        placed.append(best)
        if best is not None:
            taken.append(best.box)
            leaders += _along(best.leader)
    return placed


def _best(name: Name, taken: Sequence[Box], curves: Sequence[Spot], frame: Box, size: float) -> PlacedName | None:
    lines = shortened(name.words, size)
    if not lines:
        return None
    best, least = None, math.inf
    for cost, box in _candidates(name, text.widest(lines, size), text.text_height(len(lines), size)):
        if cost >= least or not frame.holds(box) or any(box.overlaps(other, _AIR) for other in taken):
            continue
        leader = _leader(name, box)
        others = [other for other in taken if not other.contains((name.x, name.y))]
        if any(other.contains(spot) for spot in _along(leader) for other in others):
            continue
        cost += _COST_CROSSED * sum(box.contains(spot) for spot in curves)
        if cost < least:
            best, least = PlacedName(lines, box, leader), cost
    return best


def shortened(words: str, size: float = SMALL_SIZE) -> tuple[str, ...]:
    """A name in at most two lines; of a long one the beginning and the end, which tell studies apart."""
    lines = text.wrap(words, _WIDEST, size)
    if len(lines) <= 2:
        return lines
    parts = text.printable(words).split(" ")
    for start in range(1, len(parts)):
        end = " ".join([text.ELLIPSIS, *parts[start:]])
        if text.text_width(end, size) <= _WIDEST:
            return lines[0], end
    return text.wrap(words, _WIDEST, size, max_lines=2)


def _candidates(name: Name, width: float, height: float) -> Iterator[tuple[float, Box]]:
    for step, distance in enumerate(_DISTANCES):
        for rank, (across, down) in enumerate(_DIRECTIONS):
            # On a diagonal the same distance is shared by both directions.
            reach = name.half + distance if 0 in (across, down) else (name.half + distance) * 0.75
            left = name.x + across * reach - width * (1 - across) / 2
            top = name.y + down * reach - height * (1 - down) / 2
            yield _COST_DISTANCE * step + _COST_DIRECTION * rank, Box(left, top, left + width, top + height)


def _leader(name: Name, box: Box) -> tuple[Spot, Spot] | None:
    """From the edge of the mark to the name, where they are apart."""
    x, y = box.nearest((name.x, name.y))
    length = math.hypot(x - name.x, y - name.y)
    if length <= name.half + 2 * _NEAR:
        return None
    share = name.half / length
    return (name.x + share * (x - name.x), name.y + share * (y - name.y)), (x, y)


def _along(leader: tuple[Spot, Spot] | None) -> list[Spot]:
    """Points along a leading line, its ends not included."""
    if leader is None:
        return []
    (x, y), (to_x, to_y) = leader
    shares = [step / 8 for step in range(1, 8)]
    return [(x + share * (to_x - x), y + share * (to_y - y)) for share in shares]
