"""RoB 2: the decision tables against a second statement of the rules, over every sheet of answers that there can be.

The second statement asks the questions one after the other, as a person with the guidance of 22 August 2019 would, and
knows nothing of the tables in the package. `MAPPING` is a third: the rows of the guidance's mapping tables, in codes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from itertools import product

import pytest

from synth.certainty.algorithms import ALGORITHMS
from synth.errors import MethodError

ROB2 = ALGORITHMS["rob2"]
LOW, SOME, HIGH = "low", "some concerns", "high"
LEVELS = (LOW, SOME, HIGH)
ANSWERS = ("Y", "PY", "PN", "N", "NI", "NA")
Sheet = Mapping[str, str]

QUESTIONS = {
    "1": ("1.1", "1.2", "1.3"),
    "2-assignment": ("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"),
    "2-adhering": ("2.1", "2.2", "2.3", "2.4", "2.5", "2.6"),
    "3": ("3.1", "3.2", "3.3", "3.4"),
    "4": ("4.1", "4.2", "4.3", "4.4", "4.5"),
    "5": ("5.1", "5.2", "5.3"),
}


def yes(sheet: Sheet, question: str) -> bool:
    return sheet[question] in {"Y", "PY"}


def no(sheet: Sheet, question: str) -> bool:
    return sheet[question] in {"N", "PN"}


def known(sheet: Sheet) -> bool:
    """Whether participants or carers may have known the groups."""
    return not (no(sheet, "2.1") and no(sheet, "2.2"))


def randomisation(sheet: Sheet) -> str:
    if no(sheet, "1.2"):
        return HIGH
    trouble = yes(sheet, "1.3")
    if not yes(sheet, "1.2"):
        return HIGH if trouble else SOME
    return SOME if trouble or no(sheet, "1.1") else LOW


def assignment(sheet: Sheet) -> str:
    if not known(sheet) or no(sheet, "2.3"):
        first = LOW
    elif yes(sheet, "2.3") and not no(sheet, "2.4") and not yes(sheet, "2.5"):
        first = HIGH
    else:
        first = SOME
    second = LOW if yes(sheet, "2.6") else SOME if no(sheet, "2.7") else HIGH
    return HIGH if HIGH in (first, second) else SOME if SOME in (first, second) else LOW


def adhering(sheet: Sheet) -> str:
    imbalance = known(sheet) and sheet["2.3"] != "NA" and not yes(sheet, "2.3")
    failure, strayed = (sheet[question] in {"Y", "PY", "NI"} for question in ("2.4", "2.5"))
    if not (imbalance or failure or strayed):
        return LOW
    return SOME if yes(sheet, "2.6") else HIGH


def missing(sheet: Sheet) -> str:
    if yes(sheet, "3.1") or yes(sheet, "3.2") or no(sheet, "3.3"):
        return LOW
    return SOME if no(sheet, "3.4") else HIGH


def measurement(sheet: Sheet) -> str:
    if yes(sheet, "4.1") or yes(sheet, "4.2"):
        return HIGH
    best = LOW if no(sheet, "4.2") else SOME
    if no(sheet, "4.3") or no(sheet, "4.4"):
        return best
    return SOME if no(sheet, "4.5") else HIGH


def selection(sheet: Sheet) -> str:
    if yes(sheet, "5.2") or yes(sheet, "5.3"):
        return HIGH
    return LOW if yes(sheet, "5.1") and no(sheet, "5.2") and no(sheet, "5.3") else SOME


STATED: Mapping[str, Callable[[Sheet], str]] = {
    "1": randomisation,
    "2-assignment": assignment,
    "2-adhering": adhering,
    "3": missing,
    "4": measurement,
    "5": selection,
}


def asked(domain: str, sheet: Sheet) -> set[str]:
    """The questions that the flow of the guidance asks, given the answers to those before."""
    flow: Mapping[str, Mapping[str, Callable[[], object]]] = {
        "2-assignment": {
            "2.3": lambda: known(sheet),
            "2.4": lambda: yes(sheet, "2.3"),
            "2.5": lambda: sheet["2.4"] in {"Y", "PY", "NI"},
            "2.7": lambda: not yes(sheet, "2.6"),
        },
        "2-adhering": {
            "2.3": lambda: known(sheet),
            "2.6": lambda: sheet["2.3"] in {"N", "PN", "NI"} or {sheet["2.4"], sheet["2.5"]} & {"Y", "PY", "NI"},
        },
        "3": {
            "3.2": lambda: not yes(sheet, "3.1"),
            "3.3": lambda: no(sheet, "3.2"),
            "3.4": lambda: sheet["3.3"] in {"Y", "PY", "NI"},
        },
        "4": {
            "4.3": lambda: not yes(sheet, "4.1") and not yes(sheet, "4.2"),
            "4.4": lambda: sheet["4.3"] in {"Y", "PY", "NI"},
            "4.5": lambda: sheet["4.4"] in {"Y", "PY", "NI"},
        },
    }
    conditions = flow.get(domain, {})
    return {question for question in QUESTIONS[domain] if question not in conditions or conditions[question]()}


def stands(domain: str, sheet: Sheet) -> bool:
    """Whether the answers keep to the flow and to the options of the boxes."""
    if domain == "3" and sheet["3.2"] == "NI":
        return False
    reached = asked(domain, sheet)
    if_applicable = {"2.3", "2.4", "2.5"} if domain == "2-adhering" else set()
    return all(
        (sheet[question] == "NA") <= (question in if_applicable)
        if question in reached
        else sheet[question] == "NA"
        for question in QUESTIONS[domain]
    )  # fmt: skip


def every_sheet(domain: str) -> list[Sheet]:
    """All 6^n ways to answer, sensible or not."""
    names = QUESTIONS[domain]
    return [dict(zip(names, answers, strict=True)) for answers in product(ANSWERS, repeat=len(names))]


@cache
def whole_sheets(domain: str) -> tuple[tuple[Sheet, str], ...]:
    """Every sheet that can be, with its level by the second statement."""
    return tuple((sheet, STATED[domain](sheet)) for sheet in every_sheet(domain) if stands(domain, sheet))


@pytest.mark.parametrize("domain", QUESTIONS)
def test_every_sheet_of_answers_gives_the_level_of_the_second_statement(domain: str) -> None:
    sheets = whole_sheets(domain)
    assert {level for _, level in sheets} == set(LEVELS)
    for sheet, level in sheets:
        assert ROB2.judge(domain, sheet).levels == (level,), sheet


def accepted(domain: str) -> int:
    """How many of all 6^n sheets the package takes."""
    count = 0
    for sheet in every_sheet(domain):
        with suppress(MethodError):
            count += ROB2.judge(domain, sheet).settled
    return count


def test_how_many_sheets_there_are_counted_by_hand() -> None:
    assert accepted("1") == accepted("5") == 5**3
    assert accepted("3") == 2 + 3 * (2 + 2 * (2 + 3 * 5))
    assert accepted("4") == 25 - 9 + 9 * (2 + 3 * (2 + 3 * 5))
    # 4 first parts with nobody aware, 21 with 2.3 asked; 17 second parts. The package is held to these sheets above.
    assert len(whole_sheets("2-assignment")) == (4 + 21 * (2 + 1 + 2 * (2 + 3 * 5))) * 17


@pytest.mark.parametrize("domain", ["1", "2-adhering", "3", "4", "5"])
def test_every_other_sheet_is_refused(domain: str) -> None:
    refused = [sheet for sheet in every_sheet(domain) if not stands(domain, sheet)]
    assert refused
    for sheet in refused:
        with pytest.raises(MethodError, match=r"question .* is answered"):
            ROB2.judge(domain, sheet)


@pytest.mark.parametrize("rest", [{"2.6": "Y", "2.7": "NA"}, {"2.6": "NI", "2.7": "N"}])
def test_every_other_sheet_of_the_longest_domain_is_refused(rest: Sheet) -> None:
    """6^7 sheets: all first parts beside two second ones, then all second parts beside two first ones."""
    first = QUESTIONS["2-assignment"][:5]
    unaware: Sheet = {"2.1": "N", "2.2": "PN", "2.3": "NA", "2.4": "NA", "2.5": "NA"}
    apart = {"2.1": "Y", "2.2": "PN", "2.3": "Y", "2.4": "NI", "2.5": "N"}
    sheets = [dict(zip(first, answers, strict=True)) | dict(rest) for answers in product(ANSWERS, repeat=5)]
    sheets += [{**one, "2.6": a, "2.7": b} for one in (unaware, apart) for a, b in product(ANSWERS, repeat=2)]
    refused = [sheet for sheet in sheets if not stands("2-assignment", sheet)]
    assert len(refused) > 7_000
    for sheet in refused:
        with pytest.raises(MethodError, match=r"question .* is answered"):
            ROB2.judge("2-assignment", sheet)


# The rows of the mapping tables of the guidance (4, 6, 8, 10, 12 and 14), answer codes only. "both" and "either" stand
# for 2.1 and 2.2: both no, or either not. "-" is any response.
MAPPING = {
    "1": """
        Y/PY/NI Y/PY NI/N/PN low
        Y/PY Y/PY Y/PY some concerns
        N/PN/NI Y/PY Y/PY some concerns
        - NI N/PN/NI some concerns
        - NI Y/PY high
        - N/PN - high""",
    "2-assignment": """
        both NA NA NA low
        either N/PN NA NA low
        either NI NA NA some concerns
        either Y/PY N/PN NA some concerns
        either Y/PY Y/PY/NI Y/PY some concerns
        either Y/PY Y/PY/NI N/PN/NI high""",
    "2-adhering": """
        both NA N/PN/NA N/PN/NA NA low
        either Y/PY/NA N/PN/NA N/PN/NA NA low
        both NA Y/PY/NI N/PN/NA Y/PY some concerns
        both NA N/PN/NA Y/PY/NI Y/PY some concerns
        either Y/PY/NA Y/PY/NI N/PN/NA Y/PY some concerns
        either Y/PY/NA N/PN/NA Y/PY/NI Y/PY some concerns
        either N/PN/NI - - Y/PY some concerns
        both NA Y/PY/NI N/PN/NA N/PN/NI high
        both NA N/PN/NA Y/PY/NI N/PN/NI high
        either Y/PY/NA Y/PY/NI N/PN/NA N/PN/NI high
        either Y/PY/NA N/PN/NA Y/PY/NI N/PN/NI high
        either N/PN/NI - - N/PN/NI high""",
    "3": """
        Y/PY NA NA NA low
        N/PN/NI Y/PY NA NA low
        N/PN/NI N/PN N/PN NA low
        N/PN/NI N/PN Y/PY/NI N/PN some concerns
        N/PN/NI N/PN Y/PY/NI Y/PY/NI high""",
    "4": """
        N/PN/NI N/PN N/PN NA NA low
        N/PN/NI N/PN Y/PY/NI N/PN NA low
        N/PN/NI N/PN Y/PY/NI Y/PY/NI N/PN some concerns
        N/PN/NI N/PN Y/PY/NI Y/PY/NI Y/PY/NI high
        N/PN/NI NI N/PN NA NA some concerns
        N/PN/NI NI Y/PY/NI N/PN NA some concerns
        N/PN/NI NI Y/PY/NI Y/PY/NI N/PN some concerns
        N/PN/NI NI Y/PY/NI Y/PY/NI Y/PY/NI high
        Y/PY - - - - high
        - Y/PY - - - high""",
    "5": """
        Y/PY N/PN N/PN low
        N/PN/NI N/PN N/PN some concerns
        - N/PN NI some concerns
        - NI N/PN some concerns
        - NI NI some concerns
        - Y/PY - high
        - - Y/PY high""",
}


def mapped(domain: str, sheet: Sheet) -> set[str]:
    """The levels of the rows of the mapping table that fit; of 2-assignment, of its part 1."""
    cells = [sheet[question] for question in QUESTIONS[domain]]
    if domain.startswith("2"):
        cells = ["either" if known(sheet) else "both", *cells[2 : 5 if domain == "2-assignment" else 6]]
    levels = set()
    for line in MAPPING[domain].split("\n")[1:]:
        *first, last = line.split(maxsplit=len(cells))
        if all(pattern == "-" or cell in pattern.split("/") for pattern, cell in zip(first, cells, strict=True)):
            levels.add(last)
    return levels


@pytest.mark.parametrize("domain", QUESTIONS)
def test_the_mapping_tables_of_the_guidance_give_the_same_levels(domain: str) -> None:
    """Two gaps are left by the mapping tables and filled by the criteria beside them (tables 3 and 7)."""
    unmapped = []
    for sheet, _ in whole_sheets(domain):
        if domain == "2-assignment" and not yes(sheet, "2.6"):
            continue  # part 2 has three rows, which the second statement repeats
        expected = mapped(domain, sheet)
        if expected:
            assert set(ROB2.judge(domain, sheet).levels) == expected, sheet
        else:
            unmapped.append(sheet)
    if domain == "1":
        assert {(sheet["1.1"], sheet["1.2"]) for sheet in unmapped} == set(product(("N", "PN"), ("Y", "PY")))
        assert {ROB2.judge(domain, sheet).words for sheet in unmapped} == {SOME}
    elif domain == "2-adhering":
        assert unmapped
        assert all({sheet["2.4"], sheet["2.5"]} <= {"Y", "PY", "NI"} for sheet in unmapped)
    else:
        assert unmapped == []


def completions(domain: str, answers: Mapping[str, str | None]) -> set[str]:
    """Levels of every whole sheet that agrees with what was seen: brute force by the second statement."""
    seen = {question: answer for question, answer in answers.items() if answer is not None}
    return {level for sheet, level in whole_sheets(domain) if seen.items() <= sheet.items()}


def partial_answers(domain: str, count: int) -> list[dict[str, str | None]]:
    """Invented partial sheets: parts of sheets that can be, and answers thrown together."""
    draw = random.Random(f"rob2 {domain}")
    sheets = whole_sheets(domain)
    found: list[dict[str, str | None]] = []
    for _ in range(count):
        sheet: Mapping[str, str | None] = draw.choice(sheets)[0]
        if draw.random() < 0.3:
            sheet = {question: draw.choice([*ANSWERS, None]) for question in sheet}
        found.append({question: answer if draw.random() < 0.5 else None for question, answer in sheet.items()})
    return found


@pytest.mark.parametrize("domain", QUESTIONS)
def test_unseen_answers_leave_exactly_the_levels_that_some_answer_would_give(domain: str) -> None:
    outcomes = set()
    for answers in partial_answers(domain, 150):
        expected = completions(domain, answers)
        outcomes.add(frozenset(expected))
        if expected:
            judged = ROB2.judge(domain, answers)
            assert judged.levels == tuple(level for level in LEVELS if level in expected), answers
        else:
            with pytest.raises(MethodError):
                ROB2.judge(domain, answers)
    assert frozenset(LEVELS) in outcomes
    assert len(outcomes) > 4


@pytest.mark.parametrize("domain", QUESTIONS)
def test_an_unseen_answer_is_named_where_it_can_be_asked(domain: str) -> None:
    for answers in partial_answers(domain, 40):
        seen = {question: answer for question, answer in answers.items() if answer is not None}
        fitting = [sheet for sheet, _ in whole_sheets(domain) if seen.items() <= sheet.items()]
        if fitting:
            wanted = [
                question
                for question in QUESTIONS[domain]
                if question not in seen and any(sheet[question] != "NA" for sheet in fitting)
            ]
            assert ROB2.judge(domain, answers).unseen == tuple(wanted)


# Answers from good to bad; those in one step have the same consequence. Read off the criteria, not off the tables.
WORSE = {
    "1.1": ("Y/PY/NI", "N/PN"),
    "1.2": ("Y/PY", "NI", "N/PN"),
    "1.3": ("N/PN/NI", "Y/PY"),
    "2.1": ("N/PN", "Y/PY/NI"),
    "2.2": ("N/PN", "Y/PY/NI"),
    "2.3": ("N/PN", "NI", "Y/PY"),
    "2.4": ("N/PN", "Y/PY/NI"),
    "2.5": ("Y/PY", "N/PN/NI"),
    "2.6": ("Y/PY", "N/PN/NI"),
    "2.7": ("N/PN", "Y/PY/NI"),
    "3.1": ("Y/PY", "N/PN/NI"),
    "3.2": ("Y/PY", "N/PN"),
    "3.3": ("N/PN", "Y/PY/NI"),
    "3.4": ("N/PN", "Y/PY/NI"),
    "4.1": ("N/PN/NI", "Y/PY"),
    "4.2": ("N/PN", "NI", "Y/PY"),
    "4.3": ("N/PN", "Y/PY/NI"),
    "4.4": ("N/PN", "Y/PY/NI"),
    "4.5": ("N/PN", "Y/PY/NI"),
    "5.1": ("Y/PY", "N/PN/NI"),
    "5.2": ("N/PN", "NI", "Y/PY"),
    "5.3": ("N/PN", "NI", "Y/PY"),
}
ADHERING_WORSE = {
    "2.1": ("N/PN", "Y/PY/NI"),
    "2.2": ("N/PN", "Y/PY/NI"),
    "2.3": ("Y/PY/NA", "N/PN/NI"),
    "2.4": ("N/PN/NA", "Y/PY/NI"),
    "2.5": ("N/PN/NA", "Y/PY/NI"),
    "2.6": ("Y/PY", "N/PN/NI"),
}


@pytest.mark.parametrize("domain", QUESTIONS)
def test_a_worse_answer_never_improves_the_level(domain: str) -> None:
    """Later questions are left unseen, as a worse answer may ask other ones: best and worst level may only rise."""
    compared = 0
    order = ADHERING_WORSE if domain == "2-adhering" else WORSE
    names = QUESTIONS[domain]
    for sheet, _ in random.Random(5).sample(whole_sheets(domain), 60):
        for place, question in enumerate(names):
            if question not in order or sheet[question] == "NA":
                continue
            later = set() if domain in {"1", "5"} else set(names[place + 1 :])
            if domain == "2-assignment":
                later -= {"2.6", "2.7"} if place < 5 else set()
            kept = {other: answer for other, answer in sheet.items() if other not in later}
            ranks = [
                [LEVELS.index(level) for level in ROB2.judge(domain, {**kept, question: answer}).levels]
                for step in order[question]
                for answer in step.split("/")[:1]
            ]
            assert ranks == sorted(ranks, key=min), (sheet, question)
            assert ranks == sorted(ranks, key=max), (sheet, question)
            compared += 1
    assert compared >= 60


@pytest.mark.parametrize(
    ("domain", "answers", "message"),
    [
        ("2", {}, r"rob2 has no domain '2'; expected one of 1, 2-assignment, 2-adhering, 3, 4, 5"),
        ("1", {"2.1": "Y"}, r"domain 1 has no question '2.1'; expected some of 1.1, 1.2, 1.3"),
        ("1", {"1.1": "yes"}, r"question 1.1 is answered 'yes'; expected Y, PY, PN, N, NI"),
        ("1", {"1.1": "unclear: abstract only"}, r"or None where nobody could see it"),
        ("1", {"1.1": "NA"}, r"question 1.1 is answered 'NA', which cannot stand .* expected N, NI, PN, PY, Y"),
        ("3", {"3.2": "NI"}, r"question 3.2 is answered 'NI'; expected Y, PY, PN, N, NA"),
        ("3", {"3.1": "Y", "3.4": "N"}, r"question 3.4 is answered 'N', which cannot stand .* expected NA"),
        ("4", {"4.1": "N", "4.2": "N", "4.3": "NA"}, r"question 4.3 is answered 'NA', which cannot stand"),
    ],
)
def test_what_the_tool_does_not_have_is_refused_with_what_is_expected(
    domain: str, answers: dict[str, str], message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        ROB2.judge(domain, answers)


def test_an_answer_says_that_its_question_was_asked() -> None:
    """3.4 is only asked where data are missing without evidence against bias, so low is ruled out."""
    assert ROB2.judge("3", {"3.4": "N"}).words == "some concerns"
    assert ROB2.judge("3", {"3.4": "N"}).unseen == ("3.1", "3.2", "3.3")
