"""Reasons to rate up: only for comparisons without random allocation that nothing has rated down."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade.body import Body, Pool, holds
from synth.certainty.grade.making import settled, undecided
from synth.certainty.grade.rules import (
    LARGE_EFFECT,
    NO_UPGRADE_AFTER_DOWN,
    NO_UPGRADE_RANDOMISED,
    NO_UPGRADE_UNCONTROLLED,
    OTHER_UPGRADES,
    Rule,
)
from synth.certainty.grade.types import UP, Fact, Suggestion
from synth.effects.intervals import figure

DOMAIN = "large effect"
#: The highest step up of each reason, whatever the facts are.
MOST = {"large effect": 2, "dose response": 1, "opposing confounding": 1}
#: Risk ratios below or above which an effect is large, and very large (GRADE guidelines 9).
LARGE = (0.5, 2.0)
VERY_LARGE = (0.2, 5.0)


def upgrades(body: Body, *, lowered: bool) -> Iterator[Suggestion]:
    """The suggestions for the reasons to rate up.

    Parameters
    ----------
    body : Body
    lowered : bool
        Whether any reason has rated the body down.
    """
    barred = _barred(body, lowered=lowered)
    if barred is not None:
        reason, rule = barred
        for domain in UP:
            yield settled(domain, 0, reason, (), rule)
        return
    yield _large_effect(body)
    for domain in UP[1:]:
        yield undecided(domain, 0, MOST[domain], "No figure here tells of it.", (), OTHER_UPGRADES)


def _barred(body: Body, *, lowered: bool) -> tuple[str, Rule] | None:
    if body.kind == "uncontrolled":
        return "Uncontrolled evidence is not rated up.", NO_UPGRADE_UNCONTROLLED
    if body.randomised:
        return "Evidence from trials is not rated up.", NO_UPGRADE_RANDOMISED
    if lowered:
        return "The evidence was rated down, so it is not rated up.", NO_UPGRADE_AFTER_DOWN
    return None


def _large_effect(body: Body) -> Suggestion:
    pool = body.pool
    if pool is None:
        return settled(DOMAIN, 0, "No effect of two or more studies together.", (), LARGE_EFFECT)
    ratio = pool.natural(pool.estimate)
    fact = Fact("effect", pool.estimate, f"{pool.measure} {figure(ratio)} from {pool.k} studies")
    if pool.measure != "RR":
        reason = "What is large is said of risk ratios; a person decides."
        return undecided(DOMAIN, 0, MOST[DOMAIN], reason, (fact,), LARGE_EFFECT)
    size = _size(pool, ratio)
    if size == 0:
        return settled(DOMAIN, 0, "The effect is not large, or its interval holds no effect.", (fact,), LARGE_EFFECT)
    words = "large" if size == 1 else "very large"
    reason = f"The effect is {words}; whether plausible confounders are absent is a judgement."
    return undecided(DOMAIN, 0, size, reason, (fact,), LARGE_EFFECT)


def _size(pool: Pool, ratio: float) -> int:
    if holds(pool.interval, 0.0):
        return 0
    if ratio < VERY_LARGE[0] or ratio > VERY_LARGE[1]:
        return 2
    return int(ratio < LARGE[0] or ratio > LARGE[1])
