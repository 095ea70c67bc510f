"""Imprecision: intervals against no effect and an important one, and how many people stand behind them.

An interval that rests on an assumption is taken over the whole range of assumptions: a threshold lies outside only
where it does under each of them (rule 4 of the methods).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

from synth.certainty.grade.body import Body, Information, Pool, holds
from synth.certainty.grade.making import at_least, level_of, no_effect, settled, span, undecided
from synth.certainty.grade.rules import FEW_PEOPLE, PRECISE
from synth.certainty.grade.types import Fact, Suggestion
from synth.effects.intervals import Interval, figure
from synth.errors import MethodError

DOMAIN = "imprecision"
#: People or events at which, and below which, evidence without a pooled comparison raises concern (Murad et al. 2017).
FEW = 400
#: Risk ratios beyond which a benefit or harm is appreciable, as a rough guide (GRADE guidelines 6).
APPRECIABLE = (0.75, 1.25)


def information_size(control_risk: float, *, relative_change: float, alpha: float, power: float) -> int:
    """People in both arms together of one trial that is large enough: the optimal information size.

    Parameters
    ----------
    control_risk : float
        Proportion, strictly between 0 and 1.
    relative_change : float
        Of the control risk: -0.25 for a quarter less, 0.25 for a quarter more; not 0.
    alpha : float
        Two-sided significance level.
    power : float

    Raises
    ------
    MethodError
        If a number is out of range, or the changed risk is no proportion between 0 and 1.

    Notes
    -----
    Two equal arms, normal approximation with the pooled variance under no difference. GRADE guidelines 6 ask for the
    size of one adequately powered trial; inputs as the KCE process book, section 5.5.4, has them (control risk 0.2,
    a quarter less, alpha 0.05, power 0.8: about 2,000 people).
    """
    changed = control_risk * (1 + relative_change)
    for name, value in (("control risk", control_risk), ("alpha", alpha), ("power", power), ("changed risk", changed)):
        if not 0 < value < 1:
            raise MethodError(f"optimal information size: {name} {value:g}; a proportion between 0 and 1 is expected")
    if relative_change == 0:
        raise MethodError("optimal information size: a relative change of 0 needs endless people; give another")
    middle = (control_risk + changed) / 2
    normal = NormalDist()
    without = normal.inv_cdf(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
    with_change = normal.inv_cdf(power) * math.sqrt(control_risk * (1 - control_risk) + changed * (1 - changed))
    return 2 * math.ceil((without + with_change) ** 2 / (control_risk - changed) ** 2)


def imprecision(body: Body) -> Suggestion:
    """The suggestion for imprecision."""
    if body.kind == "comparison" and body.pool is not None:
        return _comparison(body, body.pool)
    return _by_people(body)


def _comparison(body: Body, pool: Pool) -> Suggestion:
    excluded, size = not holds(pool.interval, 0.0), body.information
    facts = [*_pool_facts(body, pool), *_size_facts(body, size)]
    met = None if size is None or body.people is None else body.people >= size.required
    appreciable = _appreciable(pool)
    where = "excludes no effect" if excluded else "holds no effect"
    if not excluded and appreciable:
        reason = "The interval holds no effect and an appreciable one too."
        return at_least(DOMAIN, -1, -2, reason, facts, PRECISE)
    if met is None:
        reason = f"The interval {where}; whether enough people stand behind it, nobody has planned how to say."
        return undecided(DOMAIN, -1, 0, reason, facts, PRECISE)
    if not met:
        reason = f"The interval {where}, and fewer people stand behind it than one trial of enough size has."
        return at_least(DOMAIN, -1, -2, reason, facts, PRECISE)
    if not excluded and appreciable is None:
        reason = "The interval holds no effect; what size is appreciable is said of risk ratios only."
        return undecided(DOMAIN, -1, 0, reason, facts, PRECISE)
    beside = "" if excluded else " and no appreciable one"
    return settled(DOMAIN, 0, f"The interval {where}{beside}, and enough people stand behind it.", facts, PRECISE)


def _pool_facts(body: Body, pool: Pool) -> Iterator[Fact]:
    none = no_effect(pool)
    inside = "inside" if holds(pool.interval, 0.0) else "outside"
    text = f"{level_of(body)} interval {span(pool.interval, pool)}, no effect ({none:g}) {inside}"
    yield Fact("interval", f"{pool.interval[0]!r} {pool.interval[1]!r}", text)


def _size_facts(body: Body, size: Information | None) -> Iterator[Fact]:
    events = "" if body.events is None else f", {body.events} events"
    yield Fact("people", body.people, f"{body.counted}{events}")
    if size is not None:
        yield Fact("optimal information size", size.required, f"optimal information size {size.required} ({size.text})")


def _appreciable(pool: Pool) -> bool | None:
    """Whether the interval holds an appreciable effect; None for measures of which that is not said."""
    if pool.measure != "RR":
        return None
    low, high = (pool.natural(limit) for limit in pool.interval)
    return low < APPRECIABLE[0] or high > APPRECIABLE[1]


def _by_people(body: Body) -> Suggestion:
    facts = [*_size_facts(body, None), *_interval_facts(body)]
    counted, what = (body.people, "people") if body.events is None else (body.events, "events")
    if counted is None:
        return undecided(DOMAIN, -2, 0, "How many people were studied was not seen.", facts, FEW_PEOPLE)
    if counted <= FEW:
        reason = f"No more than {FEW} {what} stand behind it."
        return at_least(DOMAIN, -1, -2, reason, facts, FEW_PEOPLE)
    if body.at_most:
        reason = f"The {what} may be fewer than counted, so whether there are more than {FEW} cannot be said."
        return undecided(DOMAIN, -2, 0, reason, facts, FEW_PEOPLE)
    interval = _leading(body)
    if interval is None:
        return undecided(DOMAIN, -1, 0, f"More than {FEW} {what}, and no interval.", facts, FEW_PEOPLE)
    if holds(interval, 0.0) and _holds_important(body, interval):
        reason = "The interval of the most people holds no change and an important one too."
        return at_least(DOMAIN, -1, -2, reason, facts, FEW_PEOPLE)
    derived = any(study.widest != study.interval for study in body.studies)
    if holds(interval, 0.0) or (body.pool is not None and derived):
        reason = f"More than {FEW} {what}; the interval holds no change, or rests on assumptions that could."
        return undecided(DOMAIN, -1, 0, reason, facts, FEW_PEOPLE)
    reason = f"More than {FEW} {what}, and the interval excludes no change under every assumption."
    return settled(DOMAIN, 0, reason, facts, FEW_PEOPLE)


def _leading(body: Body) -> Interval | None:
    """The interval of the pool, else that of the largest study over its whole range of assumptions."""
    if body.pool is not None:
        return body.pool.interval
    with_interval = [study for study in body.studies if study.widest is not None]
    return max(with_interval, key=lambda study: study.n or 0).widest if with_interval else None


def _holds_important(body: Body, interval: Interval) -> bool:
    return body.important is not None and (holds(interval, body.important) or holds(interval, -body.important))


def _interval_facts(body: Body) -> Iterator[Fact]:
    if body.pool is not None:
        yield from _pool_facts(body, body.pool)
    for study in body.studies:
        if study.widest is None:
            continue
        assumed = " over all assumptions" if study.widest != study.interval else ""
        text = f"{study.study_id}: {level_of(body)} interval {span(study.widest)}{assumed}"
        yield Fact(f"interval of {study.study_id}", f"{study.widest[0]!r} {study.widest[1]!r}", text)
    if body.important is not None:
        inside = [study.study_id for study in body.studies if study.widest and _holds_important(body, study.widest)]
        where = f"inside that of {' and '.join(inside)}" if inside else "outside each"
        found = f" (found in: {body.important_in})" if body.important_in else ""
        text = f"important difference {figure(body.important)}{found} {where}"
        yield Fact("important difference", body.important, text)
