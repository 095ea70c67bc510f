"""AMSTAR 2 (2017): confidence in the results of a review, from its sixteen items.

The tool has no domains, so the items are judged together, under the empty domain id. "No" is a weakness; in one of the
seven critical items it is a critical flaw. The texts that could be read do not say whether "partial yes" is a weakness,
and public programs differ, so it may be one or none: both levels that follow stand. "No meta-analysis" is no weakness.
"""

from __future__ import annotations

from collections.abc import Mapping

from synth.certainty.algorithms.base import (
    Algorithm,
    Answers,
    CitedRule,
    Judged,
    check_answers,
    check_domains,
    settle,
)
from synth.errors import MethodError

LEVELS = ("high", "moderate", "low", "critically low")
WHOLE = ""
CRITICAL = ("2", "4", "7", "9", "11", "13", "15")
YES, PARTLY, NO, NO_POOL = "yes", "partial yes", "no", "no meta-analysis"

_PARTIAL = ("2", "4", "7", "8", "9")
_POOLED = ("11", "12", "15")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    str(item): (
        YES,
        *((PARTLY,) if str(item) in _PARTIAL else ()),
        NO,
        *((NO_POOL,) if str(item) in _POOLED else ()),
    )
    for item in range(1, 17)
}
#: Whether an answer is a weakness: what it can come to.
_WEAK: Mapping[str | None, tuple[int, ...]] = {YES: (0,), NO_POOL: (0,), NO: (1,), PARTLY: (0, 1), None: (0, 1)}

_SOURCE = "AMSTAR 2 (Shea et al., BMJ 2017;358:j4008)"
_ITEMS = "the article, box 1, as retold from PMC5833365 in the stored public file 57585777667"
_RATING = "the article, box 2, as retold from PMC5833365 in the stored public file 57585777667"
_CODE = "second reading agrees: GitHub InfinityBowman/corates, packages/shared/src/checklists/amstar2/score.ts"


def _rule(name: str, says: str, box: str, read_in: str) -> CitedRule:
    return CitedRule(f"amstar-2-{name}", says, f"{_SOURCE}, {box}", read_in)


_CRITICAL_ITEMS = _rule(
    "critical",
    "The critical items are 2, 4, 7, 9, 11, 13 and 15.",
    "box 1",
    f"{_ITEMS}; second reading agrees: table 1 at sit.bmj.com/highwire/markup/89/expansion",
)
_PARTLY = _rule(
    "partial",
    "An item answered partial yes may count as a weakness or not: the texts read do not say.",
    "not found",
    "GitHub InfinityBowman/corates, packages/shared/src/checklists/amstar2/score.ts, counts none; stored public file "
    "29838984389 counts each",
)
_HIGH = _rule("a", "No critical flaw and at most one other weakness: high.", "box 2", f"{_RATING}; {_CODE}")
_MODERATE = _rule(
    "b",
    "No critical flaw and more than one other weakness: moderate, or low where people judge that the weaknesses "
    "together call for it. A person decides.",
    "box 2 and its note",
    f"{_RATING}; second reading agrees: page of the tool in CoRATES, stored public file 52293009324",
)
_LOW = _rule("c", "One critical flaw, whatever else: low.", "box 2", f"{_RATING}; {_CODE}")
_LOWEST = _rule("d", "More than one critical flaw: critically low.", "box 2", f"{_RATING}; {_CODE}")


def _given(flaws: int, weaknesses: int) -> tuple[tuple[str, ...], CitedRule]:
    if flaws > 1:
        return ("critically low",), _LOWEST
    if flaws == 1:
        return ("low",), _LOW
    return (("moderate", "low"), _MODERATE) if weaknesses > 1 else (("high",), _HIGH)


def _range(answers: Answers, *, critical: bool) -> range:
    """How many weaknesses there can be among the critical items, or among the others."""
    counts = [_WEAK[answers.get(item)] for item in _OPTIONS if (item in CRITICAL) == critical]
    return range(sum(map(min, counts)), sum(map(max, counts)) + 1)


def _judge(_: str, answers: Answers) -> Judged:
    check_answers("AMSTAR 2", _OPTIONS, answers)
    levels: set[str] = set()
    fired = {_CRITICAL_ITEMS.id} | ({_PARTLY.id} if PARTLY in answers.values() else set())
    for flaws in _range(answers, critical=True):
        for weaknesses in _range(answers, critical=False):
            given, rule = _given(flaws, weaknesses)
            levels.update(given)
            fired.add(rule.id)
    rules = tuple(rule for rule in AMSTAR2_RULES if rule.id in fired)
    unseen = tuple(item for item in _OPTIONS if answers.get(item) is None)
    return Judged(tuple(level for level in LEVELS if level in levels), rules, LEVELS, unseen)


def _overall(domains: Mapping[str, Judged], decided: str | None) -> Judged:
    """The judgement of the items is the overall one; a person's decision is taken where every item was seen."""
    if set(domains) != {WHOLE}:
        raise MethodError(
            f"AMSTAR 2 judges its items together: expected one judgement under the empty id, not {sorted(domains)}"
        )
    check_domains("AMSTAR 2", ((WHOLE,),), LEVELS, domains)
    return settle(domains[WHOLE], decided, seen=not domains[WHOLE].unseen, tool="AMSTAR 2")


AMSTAR2_RULES = (_CRITICAL_ITEMS, _PARTLY, _HIGH, _MODERATE, _LOW, _LOWEST)
AMSTAR2 = Algorithm(
    tool="amstar-2",
    version="2017",
    levels=LEVELS,
    domains=(WHOLE,),
    rules=AMSTAR2_RULES,
    _judge=_judge,
    _overall=_overall,
)
