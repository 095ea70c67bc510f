"""How suggestions are put together, and numbers in their sentences."""

from __future__ import annotations

from collections.abc import Iterable

from synth.certainty.grade.body import Body, Pool
from synth.certainty.grade.rules import Rule
from synth.certainty.grade.types import Fact, Suggestion
from synth.effects.estimate import MEASURES
from synth.effects.intervals import Interval, figure


def settled(domain: str, steps: int, reason: str, facts: Iterable[Fact], rule: Rule) -> Suggestion:
    """A suggestion that the rule leaves no choice about."""
    return Suggestion(domain=domain, steps=steps, least=steps, most=steps, reason=reason, facts=tuple(facts), rule=rule)


def at_least(domain: str, steps: int, least: int, reason: str, facts: Iterable[Fact], rule: Rule) -> Suggestion:
    """Steps down that the rule asks for, where it leaves to a person whether there are more."""
    return Suggestion(domain=domain, steps=steps, least=least, most=steps, reason=reason, facts=tuple(facts), rule=rule)


def undecided(domain: str, least: int, most: int, reason: str, facts: Iterable[Fact], rule: Rule) -> Suggestion:
    """A suggestion that leaves the step to a person, between two bounds."""
    return Suggestion(domain=domain, steps=None, least=least, most=most, reason=reason, facts=tuple(facts), rule=rule)


def percent(share: float) -> str:
    """A proportion in percent with as many decimals as a reader needs."""
    return f"{100 * share:.0f}%"


def span(limits: Interval, pool: Pool | None = None) -> str:
    """Two limits in words, on the natural scale of a pool."""
    low, high = limits if pool is None else (pool.natural(limits[0]), pool.natural(limits[1]))
    return f"{figure(low)} to {figure(high)}"


def counted(count: int, one: str, many: str) -> str:
    """1 study, 2 studies."""
    return f"{count} {one if count == 1 else many}"


def inside(label: str) -> str:
    """A label inside a sentence: a small first letter, unless the first word is an abbreviation."""
    first = label.split(" ")[0]
    return label if first.isupper() else label[:1].lower() + label[1:]


def level_of(body: Body) -> str:
    """The confidence level in words, such as 95%."""
    return f"{100 * body.level:g}%"


def no_effect(pool: Pool) -> float:
    """The value of no difference as people read it."""
    value = MEASURES[pool.measure].no_difference
    return 0.0 if value is None else value
