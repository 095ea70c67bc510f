"""Studies that stand for one another: which are interchangeable, and the cheapest few of many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import chain, repeat

#: What a study costs; the first number counts most.
Cost = tuple[int, ...]


def classes(shapes: Mapping[str, Hashable], near: Mapping[str, Mapping[str, Hashable]]) -> dict[str, str]:
    """Which studies are interchangeable.

    Two studies are where they look alike and stand alike to every third study: to swap them changes nothing.

    Parameters
    ----------
    shapes : mapping of str to hashable
        How each study looks.
    near : mapping of str to mapping of str to hashable
        How it stands to others, both ways; those that are not there are all the same to it.

    Returns
    -------
    dict of str to str
        The first study, by name, of the class of each.
    """
    around = {
        name: frozenset((other, how) for other, how in near.get(name, {}).items() if other in shapes) for name in shapes
    }
    found = {name: name for name in shapes}
    # Members of a class stand to one another in one way. With itself in that place each has the same neighbours.
    for among in (None, *{how for pairs in around.values() for _, how in pairs}):
        groups: dict[tuple[Hashable, ...], str] = {}
        for name in sorted(shapes):
            own = around[name] if among is None else around[name] | {(name, among)}
            first = groups.setdefault((shapes[name], own), name)
            if first != name:
                found[name] = first
    return found


def cheapest(
    groups: Sequence[Sequence[str]],
    count: int,
    *,
    cost: Callable[[tuple[str, ...], str], Cost],
    allowed: Callable[[tuple[str, ...]], bool],
) -> Iterator[tuple[str, ...]]:
    """Choices of so many studies, the cheapest first, then by name; one for all that differ by interchangeable studies.

    The search goes by rounds of one total each, and leaves a branch that cannot keep to it: no list of all choices is
    ever made.

    Parameters
    ----------
    groups : sequence of sequences of str
        Interchangeable studies, each by name.
    count : int
        How many are chosen.
    cost : callable
        What a study adds to those chosen before. It must not become less when more are chosen.
    allowed : callable
        Whether a choice can still lead anywhere. What it refuses is left with everything that holds it.
    """
    beyond: list[Cost] = []

    def visit(chosen: tuple[str, ...], spent: Cost | None, limit: Cost | None) -> Iterator[tuple[str, ...]]:
        left = count - len(chosen)
        if not left:
            if spent == limit:
                yield chosen
            return
        rests = [rest for group in groups if (rest := [name for name in group[: count + 1] if name not in chosen])]
        prices = {rest[0]: cost(chosen, rest[0]) for rest in rests}
        dear = sorted(chain.from_iterable(repeat(prices[rest[0]], min(left, len(rest))) for rest in rests))
        if len(dear) < left:
            return
        for name in sorted(prices):
            if chosen and name < chosen[-1]:
                continue
            now = _sum(spent, prices[name])
            least = _sum(now, *dear[: left - 1])
            if limit is None or least > limit:
                beyond.append(least)
            elif allowed((*chosen, name)):
                yield from visit((*chosen, name), now, limit)

    limit: Cost | None = None
    yield from visit((), None, limit)
    while beyond:
        limit = min(beyond)
        beyond.clear()
        yield from visit((), None, limit)


def _sum(*costs: Cost | None) -> Cost:
    return tuple(map(sum, zip(*(item for item in costs if item is not None), strict=True)))
