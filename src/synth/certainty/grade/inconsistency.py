"""Inconsistency: whether studies tell the same, by their directions, intervals and spread.

The prediction interval is shown and decides nothing: no rule on it could be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from synth.certainty.grade.body import Body, Pool, Study, apart, holds
from synth.certainty.grade.making import at_least, no_effect, percent, settled, span, undecided
from synth.certainty.grade.rules import NOT_POOLED, ONE_STUDY, SPREAD
from synth.certainty.grade.types import Fact, Suggestion
from synth.effects.intervals import figure

DOMAIN = "inconsistency"
#: I2 up to which the spread might not be important, and from which it is considerable (Cochrane Handbook).
UNIMPORTANT = 0.40
CONSIDERABLE = 0.75
#: Studies from which anything is said of spread (rule 13 of the methods).
ASSESSED_FROM = 3


def inconsistency(body: Body) -> Suggestion:
    """The suggestion for inconsistency."""
    if len(body.studies) < 2:
        facts = [Fact("studies", len(body.studies), "one study")]
        return undecided(DOMAIN, -1, 0, "One study: no spread can be seen.", facts, ONE_STUDY)
    if body.pool is not None:
        return _pooled(body, body.pool)
    return _side_by_side(body)


def _pairs_apart(body: Body) -> tuple[tuple[Study, Study], ...]:
    with_interval = [study for study in body.studies if study.interval is not None]
    return tuple(
        (one, other)
        for one, other in combinations(with_interval, 2)
        if one.interval and other.interval and apart(one.interval, other.interval)
    )


def _direction_fact(body: Body) -> Fact:
    seen = [study.direction or "not seen" for study in body.studies]
    counts = {direction: seen.count(direction) for direction in dict.fromkeys(seen)}
    value = ", ".join(f"{count} {direction}" for direction, count in sorted(counts.items()))
    return Fact("directions", value, f"directions of {len(seen)} studies: {value}")


def _apart_fact(body: Body) -> Fact:
    found = _pairs_apart(body)
    with_interval = sum(study.interval is not None for study in body.studies)
    pairs = with_interval * (with_interval - 1) // 2
    text = f"{len(found)} of {pairs} pairs of intervals do not overlap"
    if pairs < 2:
        alone = ("no interval was seen", "one interval was seen", "the two intervals overlap")[with_interval]
        text = "the two intervals do not overlap" if found else alone
    return Fact("intervals apart", len(found), text)


def _side_by_side(body: Body) -> Suggestion:
    facts = [_direction_fact(body), _apart_fact(body)]
    directions = {study.direction for study in body.studies}
    opposite = [pair for pair in _pairs_apart(body) if {item.direction for item in pair} == {"higher", "lower"}]
    if opposite:
        names = " and ".join(item.study_id for item in opposite[0])
        reason = f"Studies point in opposite directions, and their intervals do not overlap ({names})."
        return at_least(DOMAIN, -1, -2, reason, facts, NOT_POOLED)
    same = len(directions) == 1 and "" not in directions
    if len(body.studies) < ASSESSED_FROM:
        told = "in one direction" if same else "not all in one direction"
        reason = f"{len(body.studies)} studies, {told}: below {ASSESSED_FROM} nothing is said of spread."
        return undecided(DOMAIN, -1, 0, reason, facts, NOT_POOLED)
    complete = all(study.interval is not None for study in body.studies)
    if same and complete and not _pairs_apart(body):
        reason = "All studies point in one direction, and all their intervals overlap."
        return settled(DOMAIN, 0, reason, facts, NOT_POOLED)
    reason = "Directions or sizes differ, or not every size was seen; how far that matters is a judgement."
    return undecided(DOMAIN, -1, 0, reason, facts, NOT_POOLED)


def _pooled(body: Body, pool: Pool) -> Suggestion:
    facts = [*_spread_facts(body, pool), _direction_fact(body), _apart_fact(body)]
    if pool.i2 is None or pool.k < ASSESSED_FROM:
        reason = f"{pool.k} studies: below {ASSESSED_FROM} nothing is said of spread."
        return undecided(DOMAIN, -1, 0, reason, facts, SPREAD)
    separate = _pairs_apart(body)
    if pool.i2 >= CONSIDERABLE and separate:
        explained = [item for item in pool.explained if item.i2 <= UNIMPORTANT]
        if explained:
            names = " and ".join(item.label for item in explained)
            reason = f"Inconsistency is large, and {names} may explain it; whether it does is a judgement."
            return undecided(DOMAIN, -1, 0, reason, facts, SPREAD)
        return settled(DOMAIN, -1, _unexplained(pool, body.post_hoc), facts, SPREAD)
    upper = 1.0 if pool.i2_interval is None else pool.i2_interval[1]
    if pool.i2 <= UNIMPORTANT and not separate and upper < CONSIDERABLE:
        reason = "The spread might not be important, all intervals overlap, and a considerable spread is excluded."
        return settled(DOMAIN, 0, reason, facts, SPREAD)
    reason = "The spread lies between, or its interval is too wide to tell; how far it matters is a judgement."
    return undecided(DOMAIN, -1, 0, reason, facts, SPREAD)


def _unexplained(pool: Pool, post_hoc: bool) -> str:
    tried = " and ".join(item.label for item in pool.explained)
    # A protocol that was written after the figures has planned nothing before them.
    how = "was tried after the data were seen" if post_hoc else "was planned to explain it"
    after = f"; what {how} leaves more than {percent(UNIMPORTANT)} ({tried})" if tried else ""
    return f"The spread is considerable, and intervals of studies do not overlap{after}."


def _spread_facts(body: Body, pool: Pool) -> Iterator[Fact]:
    yield Fact("studies", pool.k, f"{pool.k} studies")
    if pool.i2 is not None:
        around = "" if pool.i2_interval is None else f" ({' to '.join(percent(limit) for limit in pool.i2_interval)})"
        yield Fact("I2", pool.i2, f"I2 {percent(pool.i2)}{around}")
    yield Fact("tau", pool.tau, f"tau {figure(pool.tau)}")
    if pool.prediction is not None:
        none = no_effect(pool)
        inside = "inside" if holds(pool.prediction, 0.0) else "outside"
        text = f"prediction interval {span(pool.prediction, pool)}, no effect ({none:g}) {inside}"
        yield Fact("prediction interval", f"{pool.prediction[0]!r} {pool.prediction[1]!r}", text)
        if body.important is not None:
            lies = holds(pool.prediction, body.important) or holds(pool.prediction, -body.important)
            text = f"important difference {figure(body.important)} {'inside' if lies else 'outside'} it"
            yield Fact("important difference predicted", lies, text)
    for item in pool.explained:
        share = "" if item.r2 is None else f" and accounts for {percent(item.r2)} of the variance between studies"
        yield Fact(f"I2 after {item.label}", item.i2, f"{item.label} leaves I2 {percent(item.i2)}{share}")
