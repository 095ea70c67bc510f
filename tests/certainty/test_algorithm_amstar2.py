"""AMSTAR 2: confidence from its sixteen items, against a second statement that counts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import product

import pytest

from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.errors import MethodError

AMSTAR2 = ALGORITHMS["amstar-2"]
LEVELS = ("high", "moderate", "low", "critically low")
ITEMS = tuple(str(number) for number in range(1, 17))
CRITICAL = {"2", "4", "7", "9", "11", "13", "15"}
OPTIONS = {
    item: ["yes", "no"]
    + ["partial yes"] * (item in {"2", "4", "7", "8", "9"})
    + ["no meta-analysis"] * (item in {"11", "12", "15"})
    for item in ITEMS
}


def stated(answers: Mapping[str, str]) -> set[str]:
    """The ratings by counting; a partial yes is counted once as a weakness and once as none."""
    partial = [item for item in ITEMS if answers[item] == "partial yes"]
    levels = set()
    for counted in product((False, True), repeat=len(partial)):
        weak = {item for item in ITEMS if answers[item] == "no"} | {
            item for item, counts in zip(partial, counted, strict=True) if counts
        }
        flaws = len(weak & CRITICAL)
        if flaws >= 2:
            levels.add("critically low")
        elif flaws:
            levels.add("low")
        elif len(weak) >= 2:
            levels |= {"moderate", "low"}
        else:
            levels.add("high")
    return levels


def test_every_number_of_flaws_and_weaknesses() -> None:
    """80 counts, each with items drawn at random: yes and no only."""
    draw = random.Random(1)
    others = sorted(set(ITEMS) - CRITICAL)
    for flaws, weaknesses in product(range(8), range(10)):
        weak = {*draw.sample(sorted(CRITICAL), flaws), *draw.sample(others, weaknesses)}
        answers = {item: "no" if item in weak else "yes" for item in ITEMS}
        judged = AMSTAR2.judge("", answers)
        expected = (
            ("critically low",) if flaws > 1
            else ("low",) if flaws
            else ("moderate", "low") if weaknesses > 1
            else ("high",)
        )  # fmt: skip
        assert judged.levels == expected, weak
        assert judged.unseen == ()


def test_each_critical_item_alone_makes_a_critical_flaw() -> None:
    alone = {item: AMSTAR2.judge("", {**dict.fromkeys(ITEMS, "yes"), item: "no"}).level for item in ITEMS}
    assert {item for item, level in alone.items() if level == "low"} == CRITICAL
    assert {level for item, level in alone.items() if item not in CRITICAL} == {"high"}


def test_whole_sheets_drawn_at_random() -> None:
    draw = random.Random(2)
    outcomes = set()
    for _ in range(2_000):
        leaning = draw.choice((0.05, 0.2, 0.5))
        answers = {
            item: draw.choice(OPTIONS[item]) if draw.random() < leaning * 2 else "yes" for item in ITEMS
        }  # fmt: skip
        expected = stated(answers)
        outcomes.add(frozenset(expected))
        assert set(AMSTAR2.judge("", answers).levels) == expected, answers
    assert len(outcomes) >= 6


def test_unseen_items_leave_exactly_the_levels_that_some_answer_would_give() -> None:
    draw = random.Random(3)
    outcomes = set()
    for _ in range(150):
        answers: dict[str, str | None] = {
            item: draw.choice(OPTIONS[item]) if draw.random() < 0.15 else "yes" for item in ITEMS
        }
        hidden = draw.sample(ITEMS, draw.randint(1, 4))
        answers |= dict.fromkeys(hidden)
        seen = {item: answer for item, answer in answers.items() if answer is not None}
        expected: set[str] = set()
        for filled in product(*(OPTIONS[item] for item in hidden)):
            expected |= stated({**seen, **dict(zip(hidden, filled, strict=True))})
        judged = AMSTAR2.judge("", answers if draw.random() < 0.5 else seen)
        outcomes.add(judged.levels)
        assert set(judged.levels) == expected, answers
        assert set(judged.unseen) == set(hidden)
    assert len(outcomes) >= 4


def test_nothing_seen_leaves_any_level() -> None:
    assert AMSTAR2.judge("", {}).words == "any level"
    assert AMSTAR2.judge("", {}).unseen == ITEMS


def test_one_answer_more_to_no_never_improves_the_rating() -> None:
    draw = random.Random(4)
    for _ in range(300):
        answers: dict[str, str] = {item: draw.choice(OPTIONS[item]) for item in ITEMS}
        item = draw.choice(ITEMS)
        before, after = AMSTAR2.judge("", answers), AMSTAR2.judge("", {**answers, item: "no"})
        assert LEVELS.index(after.levels[0]) >= LEVELS.index(before.levels[0])
        assert LEVELS.index(after.levels[-1]) >= LEVELS.index(before.levels[-1])


def test_a_partial_yes_is_named_as_what_the_texts_leave_open() -> None:
    judged = AMSTAR2.judge("", {**dict.fromkeys(ITEMS, "yes"), "7": "partial yes"})
    assert judged.words == "high or low"
    assert "amstar-2-partial" in {rule.id for rule in judged.rules}
    assert "amstar-2-partial" not in {rule.id for rule in AMSTAR2.judge("", dict.fromkeys(ITEMS, "yes")).rules}


def test_a_review_without_a_pool_is_not_held_against_it() -> None:
    answers = dict.fromkeys(ITEMS, "yes") | dict.fromkeys(("11", "12", "15"), "no meta-analysis")
    assert AMSTAR2.judge("", answers).level == "high"


def test_a_person_may_take_several_weaknesses_for_low() -> None:
    items = AMSTAR2.judge("", {**dict.fromkeys(ITEMS, "yes"), "1": "no", "3": "no"})
    assert AMSTAR2.overall({"": items}) == items
    assert AMSTAR2.overall({"": items}, decided="low").level == "low"
    with pytest.raises(MethodError, match="'high' was decided, but the rule leaves no such choice"):
        AMSTAR2.overall({"": items}, decided="high")
    partly = AMSTAR2.judge("", {**dict.fromkeys(ITEMS[:-1], "yes"), "1": "no", "3": "no"})
    with pytest.raises(MethodError, match="some judgements it rests on are not settled"):
        AMSTAR2.overall({"": partly}, decided="low")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"17": "yes"}, r"AMSTAR 2 has no question '17'"),
        ({"1": "partial yes"}, r"question 1 is answered 'partial yes'; expected yes, no, or None"),
        ({"2": "no meta-analysis"}, r"expected yes, partial yes, no, or None"),
        ({"11": "NI"}, r"expected yes, no, no meta-analysis, or None"),
    ],
)
def test_what_the_tool_does_not_have_is_refused(answers: dict[str, str], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        AMSTAR2.judge("", answers)


def test_overall_takes_one_judgement_of_all_items() -> None:
    with pytest.raises(MethodError, match=r"expected one judgement under the empty id, not \['1'\]"):
        AMSTAR2.overall({"1": Judged(("high",), ())})
    with pytest.raises(MethodError, match=r"level 'some concerns' is not one of high, moderate"):
        AMSTAR2.overall({"": Judged(("some concerns",), ())})
