"""Invented bodies of evidence for tests of GRADE: each says only what the test is about; no study here is real."""

from __future__ import annotations

import math
from typing import Any

from synth.certainty.grade.body import Body, Information, Judgement, Pool, Risk, Study
from synth.certainty.grade.rating import levels_of
from synth.certainty.grade.types import DomainRating, Kind, Level, Override, Rating


def study(name: str = "ash", **facts: Any) -> Study:
    """An invented study."""
    facts.setdefault("widest", facts.get("interval"))
    return Study(study_id=name, **facts)


def judged(*risks: Risk) -> Judgement:
    """An invented judgement by a tool with an algorithm."""
    return Judgement(tool="Invented tool", risks=risks, words=" or ".join(risks), items=3)


def ratio_pool(estimate: float, low: float, high: float, **facts: Any) -> Pool:
    """An invented pool of risk ratios, given as ratios."""
    facts.setdefault("k", 5)
    facts.setdefault("measure", "RR")
    interval = math.log(low), math.log(high)
    return Pool(estimate=math.log(estimate), interval=interval, natural=math.exp, **facts)


def score_pool(estimate: float, low: float, high: float, **facts: Any) -> Pool:
    """An invented pool of mean changes."""
    facts.setdefault("k", 5)
    return Pool(measure="MC", estimate=estimate, interval=(low, high), **facts)


def body(kind: Kind = "uncontrolled", *studies: Study, **facts: Any) -> Body:
    """An invented body; without studies of its own it has one."""
    found = studies or (study(n=10, interval=(5.0, 15.0), estimate=10.0, direction="higher"),)
    facts.setdefault("people", sum(item.n or 0 for item in found) or None)
    facts.setdefault("people_from", (len(found), len(found)))
    return Body(kind=kind, studies=found, **facts)


def comparison(pool: Pool | None = None, *studies: Study, **facts: Any) -> Body:
    """An invented comparison of trials with a large, precise pool."""
    facts.setdefault("randomised", True)
    facts.setdefault("people", 5000)
    facts.setdefault("events", 900)
    facts.setdefault("information", Information(required=2000, text="invented"))
    own = studies or tuple(
        study(f"elm{place}", n=1000, weight=0.2, estimate=-0.5, interval=(-0.8, -0.2), direction="lower")
        for place in range(5)
    )
    return body("comparison", *own, pool=pool or ratio_pool(0.6, 0.5, 0.7), **facts)


def rating_of(start: Level, domains: tuple[DomainRating, ...]) -> Rating:
    """An invented rating of a comparison."""
    level, lowest = levels_of(start, domains)
    return Rating(
        kind="comparison",
        about_id="knot",
        about="Knot",
        outcome_id="tear",
        outcome="Tear",
        start=start,
        start_reason="Invented.",
        domains=domains,
        level=level,
        lowest=lowest,
        reason="Invented.",
    )


def judgement(domain: str, steps: int, name: str = "A. Person") -> Override:
    """An invented judgement."""
    return Override(
        about="knot",
        outcome="tear",
        domain=domain,
        steps=steps,
        reason="Invented reason.",
        fact="an invented fact",
        name=name,
        date="2026-01-02",
    )
