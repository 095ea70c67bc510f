"""ROBINS-I, first version (2016): the overall rule. Its domains have criteria of degree and no algorithm.

The criteria of a domain ask, for example, whether missing data differ slightly or substantially. No set of answers to
the signalling questions settles that, so `judge` leaves every level open, whatever was answered. Two public programs
that turn the same answers into levels disagree with each other; neither is followed. A person states the level of a
domain (`Algorithm.stated`), and the overall rule then runs.

The levels stand in the order in which the overall rule looks for them, best first: "no information" is not a degree of
bias, and stands where it is taken up, behind "moderate".
"""

from __future__ import annotations

from collections.abc import Mapping

from synth.certainty.algorithms.base import (
    ASKED,
    SKIPPED,
    Algorithm,
    Answers,
    CitedRule,
    Judged,
    check_answers,
    check_domains,
    reachable,
    settle,
    unseen_in,
)

LOW, MODERATE, NOTHING, SERIOUS, CRITICAL = "low", "moderate", "no information", "serious", "critical"
LEVELS = (LOW, MODERATE, NOTHING, SERIOUS, CRITICAL)

_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "1": tuple(f"1.{number}" for number in range(1, 9)),
    "2": tuple(f"2.{number}" for number in range(1, 6)),
    "3": ("3.1", "3.2", "3.3"),
    "4-assignment": ("4.1", "4.2"),
    "4-adhering": ("4.3", "4.4", "4.5", "4.6"),
    "5": tuple(f"5.{number}" for number in range(1, 6)),
    "6": ("6.1", "6.2", "6.3", "6.4"),
    "7": ("7.1", "7.2", "7.3"),
}
_FORMS = (("1",), ("2",), ("3",), ("4-assignment", "4-adhering"), ("5",), ("6",), ("7",))

_SOURCE = "ROBINS-I, template of 1 August 2016 (BMJ 2016;355:i4919)"
_TEXT = "copy of its tables 1 to 3, stored public file 60999454726"
_SECOND = "second reading agrees: copy of the table of the article, stored public file 59567883923"


def _rule(name: str, says: str, table: str = "table 3", second: str = _SECOND) -> CitedRule:
    return CitedRule(f"robins-i-{name}", says, f"{_SOURCE}, {table}", f"{_TEXT}; {second}")


_NO_ALGORITHM = _rule(
    "domain",
    "The criteria of this domain are matters of degree, and the tool gives no rule from answers to a level: a person "
    "states the level.",
    "tables 1 and 2",
    "no second reading: the two public programs read (stored public files 60999454726 and 56196404869) disagree",
)
_ALL_LOW = _rule("overall-a", "Every domain is low: low.")
_MODERATE = _rule("overall-b", "Every domain is low or moderate, and one is moderate: moderate.")
_SERIOUS = _rule("overall-c", "One domain is serious, and none is critical: serious.")
_CRITICAL = _rule("overall-d", "One domain is critical: critical.")
_NOTHING = _rule(
    "overall-e",
    "No domain is serious or critical, and a domain has no information: no information where people judge that the "
    "domain is a key one, else the worst level of the other domains. A person decides.",
)
_NOTHING_AT_ALL = _rule("overall-f", "No domain has any information: no information.")
_OVERALL = (_ALL_LOW, _MODERATE, _NOTHING, _NOTHING_AT_ALL, _SERIOUS, _CRITICAL)

#: State of the fold: the worst level that is not "no information" (-1 for none yet), and whether one has none.
_State = tuple[int, bool]


def _judge(domain_id: str, answers: Answers) -> Judged:
    check_answers(f"ROBINS-I, domain {domain_id}", dict.fromkeys(_QUESTIONS[domain_id], (*ASKED, SKIPPED)), answers)
    unseen = tuple(question for question in _QUESTIONS[domain_id] if answers.get(question) is None)
    return Judged(LEVELS, (_NO_ALGORITHM,), LEVELS, unseen)


def _step(state: _State, level: str) -> _State:
    worst, nothing = state
    return (worst, True) if level == NOTHING else (max(worst, LEVELS.index(level)), nothing)


def _given(worst: int, nothing: bool) -> tuple[tuple[str, ...], CitedRule]:
    if worst == -1:
        return (NOTHING,), _NOTHING_AT_ALL
    level = LEVELS[worst]
    if level == CRITICAL:
        return (CRITICAL,), _CRITICAL
    if level == SERIOUS:
        return (SERIOUS,), _SERIOUS
    if nothing:
        return (level, NOTHING), _NOTHING
    return (level,), _ALL_LOW if level == LOW else _MODERATE


def _overall(domains: Mapping[str, Judged], decided: str | None) -> Judged:
    check_domains("ROBINS-I", _FORMS, LEVELS, domains)
    levels: set[str] = set()
    fired: set[str] = set()
    for worst, nothing in reachable((judged.levels for judged in domains.values()), (-1, False), _step):
        given, rule = _given(worst, nothing)
        levels.update(given)
        fired.add(rule.id)
    rules = tuple(rule for rule in _OVERALL if rule.id in fired)
    judged = Judged(tuple(level for level in LEVELS if level in levels), rules, LEVELS, unseen_in(domains))
    return settle(judged, decided, seen=all(one.settled for one in domains.values()), tool="ROBINS-I")


ROBINS_I = Algorithm(
    tool="robins-i",
    version="first version, 2016",
    levels=LEVELS,
    domains=tuple(_QUESTIONS),
    rules=(_NO_ALGORITHM, *_OVERALL),
    _judge=_judge,
    _overall=_overall,
)
