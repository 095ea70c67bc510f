"""RoB 2: from the judgements of five domains to the whole, over every combination."""

from __future__ import annotations

import random
from itertools import product

import pytest

from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.errors import MethodError

ROB2 = ALGORITHMS["rob2"]
LOW, SOME, HIGH = "low", "some concerns", "high"
LEVELS = (LOW, SOME, HIGH)


def of(level: str) -> Judged:
    return ROB2.stated("1", level)


def whole(levels: tuple[str, ...]) -> dict[str, Judged]:
    return dict(zip(("1", "2-assignment", "3", "4", "5"), map(of, levels), strict=True))


def overall_stated(levels: tuple[str, ...]) -> tuple[str, ...]:
    """The table of the guidance for the whole: worst domain, and a choice where several raise some concerns."""
    if HIGH in levels:
        return (HIGH,)
    return {0: (LOW,), 1: (SOME,)}.get(levels.count(SOME), (SOME, HIGH))


def test_overall_over_all_243_combinations() -> None:
    for levels in product(LEVELS, repeat=5):
        assert ROB2.overall(whole(levels)).levels == overall_stated(levels), levels


def test_overall_of_unsettled_domains_is_every_level_that_they_can_give() -> None:
    choices = [(LOW,), (SOME,), (HIGH,), (LOW, SOME), (SOME, HIGH), (LOW, HIGH), LEVELS]
    draw = random.Random(7)
    for _ in range(300):
        sets = [draw.choice(choices) for _ in range(5)]
        domains = {name: Judged(one, (), LEVELS) for name, one in zip(whole((LOW,) * 5), sets, strict=True)}
        expected = {level for levels in product(*sets) for level in overall_stated(levels)}
        assert set(ROB2.overall(domains).levels) == expected, sets


def test_several_domains_with_some_concerns_are_left_to_a_person() -> None:
    several = whole((SOME, SOME, LOW, LOW, LOW))
    assert ROB2.overall(several).words == "some concerns or high"
    assert ROB2.overall(several, decided=HIGH).level == HIGH
    assert ROB2.overall(several, decided=SOME).level == SOME


@pytest.mark.parametrize(
    ("domains", "decided"),
    [
        (whole((SOME, SOME, LOW, LOW, LOW)), LOW),
        (whole((SOME, LOW, LOW, LOW, LOW)), HIGH),
        (whole((HIGH, LOW, LOW, LOW, LOW)), HIGH),
        ({**whole((LOW,) * 5), "3": Judged((LOW, HIGH), (), LEVELS)}, HIGH),
    ],
)
def test_a_decision_that_the_rule_does_not_leave_is_refused(domains: dict[str, Judged], decided: str) -> None:
    with pytest.raises(MethodError, match=rf"{decided!r} was decided, but the rule leaves no such choice"):
        ROB2.overall(domains, decided=decided)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"5": None}, r"of 5 there are 0"),
        ({"2-adhering": of(LOW)}, r"of 2-assignment or 2-adhering there are 2"),
        ({"6": of(LOW)}, r"'6' is none of them"),
        ({"3": Judged(("moderate",), ())}, r"domain 3: level 'moderate' is not one of low, some concerns, high"),
    ],
)
def test_overall_refuses_what_is_not_one_judgement_of_each_domain(
    change: dict[str, Judged | None], message: str
) -> None:
    domains = {name: judged for name, judged in {**whole((LOW,) * 5), **change}.items() if judged is not None}
    with pytest.raises(MethodError, match=message):
        ROB2.overall(domains)
