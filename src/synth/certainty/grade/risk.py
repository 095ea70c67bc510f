"""Risk of bias across studies: which share of the information comes from studies at which risk.

A judgement that is not settled counts as every level that it may still be: an abstract alone cannot settle it.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade.body import Body, Judgement, Risk, Study, holds
from synth.certainty.grade.making import at_least, percent, settled, span, undecided
from synth.certainty.grade.rules import (
    RISK_ACROSS,
    RISK_OF_ALLOCATION,
    RISK_WITHOUT_ALGORITHM,
    RISK_WITHOUT_STEP,
    Rule,
)
from synth.certainty.grade.types import Fact, Suggestion
from synth.effects.intervals import Interval

DOMAIN = "risk of bias"
ALL_RISKS: tuple[Risk, ...] = ("low", "unclear", "high")


def risk_of_bias(body: Body) -> Suggestion:
    """The suggestion for risk of bias."""
    facts = [*_judgement_facts(body), *_allocation_facts(body)]
    judged = [study.judgement for study in body.studies if study.judgement is not None]
    if not any(item.risks for item in judged):
        reason, rule = _without_levels(body, judged)
        return undecided(DOMAIN, -2, 0, reason, facts, rule)
    bounds = [_steps(body, high=high) for high in (False, True)]
    (best_least, best_most), (worst_least, worst_most) = bounds
    least, most = min(best_least, worst_least), max(best_most, worst_most)
    if least == most:
        return settled(DOMAIN, least, _reason(body, most), facts, RISK_ACROSS)
    if most < 0:
        reason = f"{_reason(body, most)} Whether it is one step or two is a judgement."
        return at_least(DOMAIN, most, least, reason, facts, RISK_ACROSS)
    return undecided(DOMAIN, least, most, _open_reason(body, least), facts, RISK_ACROSS)


def _without_levels(body: Body, judged: list[Judgement]) -> tuple[str, Rule]:
    if judged:
        tools = " and ".join(sorted({item.tool for item in judged}))
        if any(item.words for item in judged):
            reason = f"{tools}: levels are shown; no rule that could be cited turns them into a step."
            return reason, RISK_WITHOUT_STEP
        return (
            f"{tools} has no validated overall rule: answers are shown, and a person decides.",
            RISK_WITHOUT_ALGORITHM,
        )
    rule = RISK_OF_ALLOCATION if any(study.random is not None for study in body.studies) else RISK_ACROSS
    return "No study has been appraised.", rule


def _possible(study: Study) -> tuple[Risk, ...]:
    return (study.judgement.risks if study.judgement is not None else ()) or ALL_RISKS


def _share(body: Body, risk: Risk, *, high: bool) -> float:
    """Share of the information at a risk where every open judgement turns out best, or worst."""
    return sum(body.share(study) for study in body.studies if _possible(study)[-1 if high else 0] == risk)


def _steps(body: Body, *, high: bool) -> tuple[int, int]:
    """Least and most step where every open judgement turns out best, or worst."""
    at_high = {study.study_id for study in body.studies if _possible(study)[-1 if high else 0] == "high"}
    if _share(body, "high", high=high) > 0.5:
        return -2, -1
    otherwise = _reads_otherwise(body, at_high) if at_high else False
    if otherwise is None:
        return -2, 0
    if otherwise:
        return -2, -1
    return (0, 0) if _share(body, "low", high=high) > 0.5 else (-1, 0)


def _reads_otherwise(body: Body, left_out: set[str]) -> bool | None:
    """Whether leaving studies out changes on which side of no effect the interval lies; None where that is open.

    All else is held as in the pool, so that only the studies can change it, and not the degrees of freedom that a
    smaller pool has lost. Without a pool, or with fewer than three studies left, it is open.
    """
    if body.pool is None:
        return None
    without = body.pool.held(study.study_id for study in body.studies if study.study_id not in left_out)
    return None if without is None else _side(without) != _side(body.pool.interval)


def _side(interval: Interval) -> int:
    return 0 if holds(interval, 0.0) else 1 if interval[0] > 0 else -1


def _reason(body: Body, most: int) -> str:
    what = body.shared_by
    if most == 0:
        return f"More than half of the {what} is of studies at low risk, and the others do not change how it reads."
    return f"Studies at high risk hold more than half of the {what}, or change how the result reads."


def _open_reason(body: Body, least: int) -> str:
    unsettled = [study for study in body.studies if len(_possible(study)) > 1]
    if not unsettled and least == -2:
        return "Whether the studies at high risk change how the result reads cannot be told: too few are left to pool."
    if not unsettled:
        return f"Most of the {body.shared_by} is of studies at low or unclear risk: none or one step is a judgement."
    return (
        f"{len(unsettled)} of {len(body.studies)} studies have no settled judgement, and what was read of them cannot "
        "settle it."
    )


def _judgement_facts(body: Body) -> Iterator[Fact]:
    appraised = [study for study in body.studies if study.judgement is not None]
    people = sum(study.judgement.by_person for study in appraised if study.judgement is not None)
    by = f", {people or 'none'} of them by a person" if appraised else ""
    yield Fact("appraised", len(appraised), f"{len(appraised)} of {len(body.studies)} studies appraised{by}")
    told = [(item.tool, item.told) for item in (study.judgement for study in body.studies) if item is not None]
    for tool, words in dict.fromkeys(told):
        count = told.count((tool, words))
        text = f"{tool}: {words} ({count} {'study' if count == 1 else 'studies'})"
        yield Fact(f"{tool}: {words}", count, text)
    if any(study.judgement.risks for study in appraised if study.judgement is not None):
        for risk in ALL_RISKS:
            shares = sorted((_share(body, risk, high=False), _share(body, risk, high=True)))
            words = " to ".join(dict.fromkeys(percent(share) for share in shares))
            yield Fact(f"share at {risk} risk", shares[-1], f"{words} of the {body.shared_by} at {risk} risk")


def _allocation_facts(body: Body) -> Iterator[Fact]:
    known = [study for study in body.studies if study.random is not None]
    if not known:
        return
    random = [study for study in known if study.random]
    share = sum(body.share(study) for study in random)
    text = (
        f"{len(random)} of {len(body.studies)} studies allocated at random ({percent(share)} of the {body.shared_by})"
    )
    yield Fact("random allocation", len(random), text)
    if body.pool is not None and len(random) < len(body.studies):
        alone = body.pool.refit(study.study_id for study in random)
        if alone is not None:
            text = f"random allocation alone: interval {span(alone, body.pool)}"
            yield Fact("interval of random allocation", f"{alone[0]!r} {alone[1]!r}", text)
