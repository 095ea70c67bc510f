"""What is offered: every rule is cited, can fire, and fits the items of its tool; what is not offered says why."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import product

import pytest

from synth.certainty.algorithms import ALGORITHMS, NOT_OFFERED, Algorithm, CitedRule, Judged, rules_table
from synth.certainty.tools import tool, tools
from synth.errors import MethodError

RULE = CitedRule("invented-a", "An invented rule.", "invented", "invented")
SCALE = ("low", "some concerns", "high")


@pytest.mark.parametrize(
    ("levels", "words", "settled"),
    [
        (("high",), "high", True),
        (("some concerns", "high"), "some concerns or high", False),
        (("low", "high"), "low or high", False),
        (SCALE, "any level", False),
    ],
)
def test_a_judgement_in_words(levels: tuple[str, ...], words: str, settled: bool) -> None:
    judged = Judged(levels, (RULE,), SCALE)
    assert (judged.words, judged.settled) == (words, settled)
    assert judged.level == (levels[0] if settled else None)


def test_three_levels_of_a_longer_scale_are_listed() -> None:
    assert Judged(("low", "moderate", "serious"), (), (*SCALE, "moderate", "serious")).words == (
        "low, moderate or serious"
    )
    assert Judged(SCALE, ()).words == "low, some concerns or high"


@pytest.mark.parametrize("levels", [(), ("low", "low"), ("moderate",)])
def test_a_judgement_has_different_levels_of_its_scale(levels: tuple[str, ...]) -> None:
    with pytest.raises(MethodError, match="expected different levels of"):
        Judged(levels, (), SCALE)


def test_rule_21_a_level_is_offered_only_for_tools_that_define_one() -> None:
    """Rule 21: item answers only for the others, and a sentence that says so."""
    with_rule = {one.family for one in tools() if one.algorithm}
    without = {one.id for one in tools() if not one.algorithm}
    assert with_rule == set(ALGORITHMS)
    assert without == {"jbi-case-reports", "jbi-case-series", "murad-2018", "minors"}
    assert without <= set(NOT_OFFERED)
    assert all(sentence.endswith(".") and len(sentence) > 40 for sentence in NOT_OFFERED.values())


def test_rule_21_every_rule_says_where_it_was_read() -> None:
    rows = rules_table()
    assert len({rule for _, rule, *_ in rows}) == len(rows) == sum(len(one.rules) for one in ALGORITHMS.values())
    for name, rule, says, source, read_in in rows:
        assert rule.startswith(f"{name}-")
        assert says.endswith(".")
        assert source
        assert "GitHub " in read_in or "stored public file " in read_in
        assert "second reading" in read_in or rule == "amstar-2-partial"


def test_every_rule_can_fire() -> None:
    """Nothing seen fires each rule of a domain; domains of two levels fire each overall rule."""
    fired = {rule.id for rule in ALGORITHMS["amstar-2"].judge("", {"2": "partial yes"}).rules}
    for algorithm in ALGORITHMS.values():
        fired |= {rule.id for domain in algorithm.domains for rule in algorithm.judge(domain, {}).rules}
    for name, odd_one, *others in (
        ("rob2", "1", "2-assignment", "3", "4", "5"),
        ("robins-i", "1", "2", "3", "4-adhering", "5", "6", "7"),
    ):
        algorithm = ALGORITHMS[name]
        for first, rest in product(algorithm.levels, repeat=2):
            domains = {other: algorithm.stated(other, rest) for other in others}
            fired |= {
                rule.id for rule in algorithm.overall({odd_one: algorithm.stated(odd_one, first), **domains}).rules
            }
    assert fired == {rule for _, rule, *_ in rules_table()}


def refused(algorithm: Algorithm, domain: str, answers: Mapping[str, str]) -> bool:
    try:
        algorithm.judge(domain, answers)
    except MethodError:
        return True
    return False


@pytest.mark.parametrize("name", sorted({one.id for one in tools() if one.algorithm} | {"rob2-adhering"}))
def test_items_and_answers_of_the_tool_are_those_of_its_algorithm(name: str) -> None:
    """Each answer that the tool's data offers is known to the rule, and the domains are the same."""
    chosen = tool(name)
    algorithm = ALGORITHMS[chosen.family]
    domains = [domain.id for domain in chosen.domains] or [""]
    assert set(domains) <= set(algorithm.domains)
    for domain in domains:
        items = chosen.items_of(domain)
        assert algorithm.judge(domain, dict.fromkeys(item.id for item in items)).words == "any level"
        assert algorithm.judge(domain, {}).unseen == tuple(item.id for item in items)
        for item in items:
            unknown = {answer for answer in item.answers if refused(algorithm, domain, {item.id: answer})}
            assert unknown <= {"NA"}, item.id


def test_seeing_more_never_opens_a_judgement() -> None:
    """The levels left by more answers are among those left by fewer."""
    draw = random.Random(11)
    narrowed = 0
    for name, algorithm in ALGORITHMS.items():
        chosen = tool(name)
        for domain in [domain.id for domain in chosen.domains] or [""]:
            items = chosen.items_of(domain)
            for _ in range(40):
                answers: dict[str, str | None] = {}
                before = algorithm.judge(domain, answers)
                for item in draw.sample(items, len(items)):
                    try:
                        after = algorithm.judge(domain, {**answers, item.id: draw.choice(item.answers)})
                    except MethodError:
                        continue
                    assert set(after.levels) <= set(before.levels)
                    narrowed += len(after.levels) < len(before.levels)
    assert narrowed > 100
