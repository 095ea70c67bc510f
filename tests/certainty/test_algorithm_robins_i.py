"""ROBINS-I (2016): the overall rule over all combinations, and no level of a domain without a person."""

from __future__ import annotations

import random
from itertools import combinations_with_replacement, product

import pytest

from synth.certainty.algorithms import ALGORITHMS, NOT_OFFERED, Judged
from synth.errors import MethodError

ROBINS_I = ALGORITHMS["robins-i"]
LOW, MODERATE, NOTHING, SERIOUS, CRITICAL = "low", "moderate", "no information", "serious", "critical"
LEVELS = (LOW, MODERATE, NOTHING, SERIOUS, CRITICAL)
DOMAINS = ("1", "2", "3", "4-assignment", "5", "6", "7")
QUESTIONS = {"1": 8, "2": 5, "3": 3, "5": 5, "6": 4, "7": 3}


def of(*levels: str) -> Judged:
    return Judged(levels, (), LEVELS)


def whole(levels: tuple[str, ...]) -> dict[str, Judged]:
    return {domain: of(level) for domain, level in zip(DOMAINS, levels, strict=True)}


def stated(levels: tuple[str, ...]) -> set[str]:
    """Table 3 of the template by counting: each row a sentence on how many domains have which level."""
    count = {level: levels.count(level) for level in LEVELS}
    if count[CRITICAL]:
        return {CRITICAL}
    if count[SERIOUS]:
        return {SERIOUS}
    if count[LOW] == len(levels):
        return {LOW}
    if count[NOTHING] == len(levels):
        return {NOTHING}
    others = MODERATE if count[MODERATE] else LOW
    return {others, NOTHING} if count[NOTHING] else {others}


def test_overall_over_every_combination_of_levels() -> None:
    """330 combinations, each in an order drawn at random."""
    draw = random.Random(3)
    combinations = list(combinations_with_replacement(LEVELS, 7))
    assert len(combinations) == 330
    for combination in combinations:
        levels = tuple(draw.sample(combination, 7))
        assert set(ROBINS_I.overall(whole(levels)).levels) == stated(levels), levels


def test_the_order_of_domains_does_not_matter() -> None:
    draw = random.Random(4)
    for _ in range(300):
        levels = tuple(draw.choices(LEVELS, k=7))
        assert ROBINS_I.overall(whole(levels)).levels == ROBINS_I.overall(whole(levels[::-1])).levels


def test_unsettled_domains_leave_every_level_that_they_can_give() -> None:
    draw = random.Random(5)
    for _ in range(150):
        sets = [tuple(draw.sample(LEVELS, draw.choice((1, 1, 2, 3)))) for _ in DOMAINS]
        domains = {domain: of(*levels) for domain, levels in zip(DOMAINS, sets, strict=True)}
        expected = set().union(*(stated(levels) for levels in product(*sets)))
        assert set(ROBINS_I.overall(domains).levels) == expected, sets


def test_a_worse_domain_never_improves_the_whole() -> None:
    draw = random.Random(6)
    for _ in range(300):
        levels = [draw.choice((LOW, MODERATE, SERIOUS, CRITICAL)) for _ in DOMAINS]
        place = draw.randrange(7)
        before = ROBINS_I.overall(whole(tuple(levels)))
        levels[place] = draw.choice([level for level in LEVELS if LEVELS.index(level) >= LEVELS.index(levels[place])])
        after = ROBINS_I.overall(whole(tuple(levels)))
        assert LEVELS.index(after.levels[-1]) >= LEVELS.index(before.levels[-1])


def test_seven_serious_domains_stay_serious_and_the_reader_is_told_why() -> None:
    assert ROBINS_I.overall(whole((SERIOUS,) * 7)).level == SERIOUS
    assert "never worse than that of the worst domain" in NOT_OFFERED["robins-i: adding up domains"]


def test_whether_a_domain_without_information_is_a_key_one_is_left_to_a_person() -> None:
    judged = ROBINS_I.overall(whole((LOW, MODERATE, NOTHING, LOW, LOW, LOW, LOW)))
    assert judged.words == "moderate or no information"
    assert [rule.id for rule in judged.rules] == ["robins-i-overall-e"]
    decided = ROBINS_I.overall(whole((LOW, MODERATE, NOTHING, LOW, LOW, LOW, LOW)), decided=NOTHING)
    assert decided.level == NOTHING
    with pytest.raises(MethodError, match="'serious' was decided, but the rule leaves no such choice"):
        ROBINS_I.overall(whole((LOW, MODERATE, NOTHING, LOW, LOW, LOW, LOW)), decided=SERIOUS)


@pytest.mark.parametrize("answer", ["Y", "PY", "PN", "N", "NI", "NA", None])
@pytest.mark.parametrize("domain", ROBINS_I.domains)
def test_no_answers_settle_a_domain(domain: str, answer: str | None) -> None:
    """The criteria are of degree: only a person can state the level."""
    numbers = {"4-assignment": (1, 2), "4-adhering": (3, 4, 5, 6)}.get(domain) or range(1, QUESTIONS[domain] + 1)
    answers = {f"{domain[0]}.{number}": answer for number in numbers}
    judged = ROBINS_I.judge(domain, answers)
    assert judged.words == "any level"
    assert judged.unseen == (tuple(answers) if answer is None else ())
    assert [rule.id for rule in judged.rules] == ["robins-i-domain"]
    assert "no second reading" in judged.rules[0].read_in
    with pytest.raises(MethodError, match=r"robins-i has no level 'high'; expected one of low, moderate"):
        ROBINS_I.stated(domain, "high")
    assert ROBINS_I.stated(domain, SERIOUS).level == SERIOUS


@pytest.mark.parametrize(
    ("domain", "answers", "message"),
    [
        ("4", {}, r"robins-i has no domain '4'"),
        ("4-adhering", {"4.1": "Y"}, r"no question '4.1'; expected some of 4.3, 4.4, 4.5, 4.6"),
        ("1", {"1.9": "Y"}, r"no question '1.9'"),
        ("7", {"7.1": "serious"}, r"question 7.1 is answered 'serious'; expected Y, PY, PN, N, NI, NA"),
    ],
)
def test_what_the_tool_does_not_have_is_refused(domain: str, answers: dict[str, str], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        ROBINS_I.judge(domain, answers)


def test_overall_needs_one_form_of_the_fourth_domain() -> None:
    adhering = {("4-adhering" if domain == "4-assignment" else domain): of(LOW) for domain in DOMAINS}
    assert ROBINS_I.overall(adhering).level == LOW
    with pytest.raises(MethodError, match=r"of 4-assignment or 4-adhering there are 2"):
        ROBINS_I.overall({**adhering, "4-assignment": of(LOW)})
