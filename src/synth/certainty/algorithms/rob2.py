"""RoB 2, version of 22 August 2019: the decision tables of its domains and its overall rule.

The tables follow the mapping tables of the guidance document, read as text; the flow of questions and their answers
follow its boxes. Y and PY have the same consequence, as have N and PN. Each level is the one that the tool proposes:
the guidance lets assessors depart from every one, with a reason (`Algorithm.stated`).

The mapping tables leave two gaps, which the criteria beside them fill: a sequence known not to be random, concealed,
without a sign of trouble (domain 1: some concerns), and both failures and lack of adherence (domain 2, adhering: as
either of them alone).

Of the public programs that were read, one agrees on every sheet of answers (`read_in`); three differ in single cells,
where the guidance decides. Stored public file 60964679441 gives "high" for a sequence that was not random but
concealed, and "some concerns" where people knew the groups and nothing deviated. Stored public file 68379708316 and
GitHub AliSalman-et-al/rob2-kit give "some concerns" for no information on the method of measuring; the latter also for
no information on who knew the groups where that could not sway the assessment. Several count domains to reach "high"
for the whole; the tool sets no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from synth.certainty.algorithms.base import (
    ASKED,
    NO,
    SKIPPED,
    UNKNOWN,
    YES,
    Algorithm,
    Answers,
    CitedRule,
    Judged,
    Question,
    Row,
    Table,
    check_domains,
    reachable,
    settle,
    unseen_in,
)

LOW, SOME, HIGH = "low", "some concerns", "high"
LEVELS = (LOW, SOME, HIGH)

_GUIDANCE = "Revised Cochrane risk-of-bias tool for randomized trials (RoB 2), guidance of 22 August 2019"
_FOLDER = "outputs/handover/rob2_method"
_TEXT = f"text of the guidance, GitHub mahmood726-cyber/meta-harness, {_FOLDER}/rob2_full_guidance.pdf.txt"
_SECOND = "second reading agrees: GitHub InfinityBowman/corates, packages/shared/src/checklists/rob2/scoring-domains.ts"
_OVERALL_SECOND = (
    f"second reading agrees: cribsheet of RoB 2, same repository, {_FOLDER}/rob2_cribsheet.pdf.txt, page 24"
)
_NOT_YES, _NOT_NO = (*NO, *UNKNOWN), (*YES, *UNKNOWN)
_MAYBE = (*ASKED, SKIPPED)


def _rule(name: str, tables: str, says: str, *, second: str = _SECOND) -> CitedRule:
    return CitedRule(f"rob2-{name}", says, f"{_GUIDANCE}, {tables}", f"{_TEXT}; {second}")


def _row(name: str, tables: str, says: str, level: str, **when: tuple[str, ...]) -> Row:
    """A row; questions are named q1_2 for 1.2."""
    conditions = {question[1:].replace("_", "."): answers for question, answers in when.items()}
    return Row(conditions, level, _rule(name, tables, f"{says}: {level}."))


_T1 = "tables 3 and 4 (pages 19 and 20)"
_RANDOMISATION = Table(
    "RoB 2, domain 1",
    LEVELS,
    (Question("1.1"), Question("1.2"), Question("1.3")),
    (
        (
            _row("1-a", _T1, "Allocation was not concealed", HIGH, q1_2=NO),
            _row(
                "1-b",
                _T1,
                "Nothing on concealment, and baseline differences point to a problem",
                HIGH,
                q1_2=UNKNOWN,
                q1_3=YES,
            ),
            _row(
                "1-c",
                _T1,
                "Nothing on concealment, and no sign of a problem at baseline",
                SOME,
                q1_2=UNKNOWN,
                q1_3=_NOT_YES,
            ),
            _row("1-d", _T1, "Concealed, but the sequence was not random", SOME, q1_1=NO, q1_2=YES),
            _row(
                "1-e",
                _T1,
                "Concealed, but baseline differences point to a problem (wide room to depart)",
                SOME,
                q1_2=YES,
                q1_3=YES,
            ),
            _row(
                "1-f",
                _T1,
                "Concealed, not known to be other than random, no sign of a problem at baseline",
                LOW,
                q1_1=_NOT_NO,
                q1_2=YES,
                q1_3=_NOT_YES,
            ),
        ),
    ),
)

_T2 = "tables 5 and 6 (pages 30 to 32)"
_ASSIGNMENT = Table(
    "RoB 2, domain 2-assignment",
    LEVELS,
    (
        Question("2.1"),
        Question("2.2"),
        Question("2.3", asked_if=(("2.1", _NOT_NO), ("2.2", _NOT_NO))),
        Question("2.4", asked_if=(("2.3", YES),)),
        Question("2.5", asked_if=(("2.4", _NOT_NO),)),
        Question("2.6"),
        Question("2.7", asked_if=(("2.6", _NOT_YES),)),
    ),
    (
        (
            _row("2-a", _T2, "Neither participants nor carers knew the groups", LOW, q2_3=(SKIPPED,)),
            _row("2-b", _T2, "Groups may have been known, but nothing deviated because of the trial", LOW, q2_3=NO),
            _row("2-c", _T2, "Groups may have been known, and nothing is said on deviations", SOME, q2_3=UNKNOWN),
            _row("2-d", _T2, "Deviations because of the trial that would hardly affect the outcome", SOME,
                 q2_3=YES, q2_4=NO),
            _row("2-e", _T2, "Deviations that may have affected the outcome, alike between groups", SOME,
                 q2_3=YES, q2_4=_NOT_NO, q2_5=YES),
            _row("2-f", _T2, "Deviations that may have affected the outcome, not known to be alike", HIGH,
                 q2_3=YES, q2_4=_NOT_NO, q2_5=_NOT_YES),
        ),
        (
            _row("2-g", _T2, "The analysis fits the effect of assignment", LOW, q2_6=YES),
            _row("2-h", _T2, "The analysis may not fit, with little impact on the result", SOME,
                 q2_6=_NOT_YES, q2_7=NO),
            _row("2-i", _T2, "The analysis may not fit, and the impact may be substantial", HIGH,
                 q2_6=_NOT_YES, q2_7=_NOT_NO),
        ),
    ),
    _rule("2-j", _T2, "Questions 2.1 to 2.5 and questions 2.6 to 2.7 are judged apart; the worse of the two counts."),
)  # fmt: skip

_T3 = "tables 7 and 8 (pages 36 and 37) and box 7 (pages 34 and 35)"
_ADHERING = Table(
    "RoB 2, domain 2-adhering",
    LEVELS,
    (
        Question("2.1"),
        Question("2.2"),
        Question("2.3", _MAYBE, asked_if=(("2.1", _NOT_NO), ("2.2", _NOT_NO))),
        Question("2.4", _MAYBE),
        Question("2.5", _MAYBE),
        Question("2.6", asked_if=(("2.3", _NOT_YES), ("2.4", _NOT_NO), ("2.5", _NOT_NO))),
    ),
    (
        (
            _row(
                "2-k", _T3, "No imbalance, failure or lack of adherence that the review looks for", LOW, q2_6=(SKIPPED,)
            ),
            _row("2-l", _T3, "Such a problem, or nothing said on it, in an analysis that fits", SOME, q2_6=YES),
            _row(
                "2-m",
                _T3,
                "Such a problem, or nothing said on it, in an analysis not known to fit",
                HIGH,
                q2_6=_NOT_YES,
            ),
        ),
    ),
)

_T4 = "tables 9 and 10 (page 47)"
_MISSING = Table(
    "RoB 2, domain 3",
    LEVELS,
    (
        Question("3.1"),
        Question("3.2", (*YES, *NO), asked_if=(("3.1", _NOT_YES),)),
        Question("3.3", asked_if=(("3.2", NO),)),
        Question("3.4", asked_if=(("3.3", _NOT_NO),)),
    ),
    (
        (
            _row("3-a", _T4, "Outcome data of all, or nearly all", LOW, q3_1=YES),
            _row("3-b", _T4, "Data are missing, with evidence that the result was not biased", LOW, q3_2=YES),
            _row("3-c", _T4, "Missingness could not depend on the true value", LOW, q3_3=NO),
            _row("3-d", _T4, "Missingness could depend on the true value, but hardly did", SOME, q3_4=NO),
            _row("3-e", _T4, "Missingness may well have depended on the true value", HIGH, q3_4=_NOT_NO),
        ),
    ),
)

_T5 = "tables 11 and 12 (pages 56 and 57)"
_MEASUREMENT = Table(
    "RoB 2, domain 4",
    LEVELS,
    (
        Question("4.1"),
        Question("4.2"),
        Question("4.3", asked_if=(("4.1", _NOT_YES), ("4.2", _NOT_YES)), every=True),
        Question("4.4", asked_if=(("4.3", _NOT_NO),)),
        Question("4.5", asked_if=(("4.4", _NOT_NO),)),
    ),
    (
        (
            _row("4-a", _T5, "The way of measuring is unfit", HIGH, q4_1=YES),
            _row("4-b", _T5, "Measurement could have differed between groups", HIGH, q4_2=YES),
            _row(
                "4-c",
                _T5,
                "Knowing the group likely swayed the assessment, or nothing rules it out",
                HIGH,
                q4_5=_NOT_NO,
            ),
            _row("4-d", _T5, "Knowing the group could have swayed the assessment, but hardly did", SOME, q4_5=NO),
            _row(
                "4-e",
                _T5,
                "Nothing on differences in measuring; assessors did not know the group",
                SOME,
                q4_2=UNKNOWN,
                q4_3=NO,
            ),
            _row(
                "4-f",
                _T5,
                "Nothing on differences in measuring; knowing the group could not sway it",
                SOME,
                q4_2=UNKNOWN,
                q4_4=NO,
            ),
            _row("4-g", _T5, "Measured alike by assessors who did not know the group", LOW, q4_2=NO, q4_3=NO),
            _row("4-h", _T5, "Measured alike, and knowing the group could not sway it", LOW, q4_2=NO, q4_4=NO),
        ),
    ),
)

_T6 = "tables 13 and 14 (pages 66 and 67)"
_SELECTION = Table(
    "RoB 2, domain 5",
    LEVELS,
    (Question("5.1"), Question("5.2"), Question("5.3")),
    (
        (
            _row("5-a", _T6, "Likely chosen among several measurements", HIGH, q5_2=YES),
            _row("5-b", _T6, "Likely chosen among several analyses", HIGH, q5_3=YES),
            _row(
                "5-c",
                _T6,
                "Nothing on the choice of measurement, and none among analyses known",
                SOME,
                q5_2=UNKNOWN,
                q5_3=_NOT_YES,
            ),
            _row(
                "5-d",
                _T6,
                "Nothing on the choice of analysis, and none among measurements known",
                SOME,
                q5_2=_NOT_YES,
                q5_3=UNKNOWN,
            ),
            _row(
                "5-e",
                _T6,
                "Not chosen, but no plan made beforehand is known to have been followed",
                SOME,
                q5_1=_NOT_YES,
                q5_2=NO,
                q5_3=NO,
            ),
            _row("5-f", _T6, "Not chosen, and analysed by a plan made beforehand", LOW, q5_1=YES, q5_2=NO, q5_3=NO),
        ),
    ),
)

_TABLES: Mapping[str, Table] = {
    "1": _RANDOMISATION,
    "2-assignment": _ASSIGNMENT,
    "2-adhering": _ADHERING,
    "3": _MISSING,
    "4": _MEASUREMENT,
    "5": _SELECTION,
}
_FORMS = (("1",), ("2-assignment", "2-adhering"), ("3",), ("4",), ("5",))

_T0 = "table 1 (page 4)"
_ALL_LOW = _rule("overall-a", _T0, "Every domain is low: low.", second=_OVERALL_SECOND)
_ONE_SOME = _rule(
    "overall-b", _T0, "One domain raises some concerns, and none is high: some concerns.", second=_OVERALL_SECOND
)
_MANY_SOME = _rule(
    "overall-c",
    _T0,
    "Several domains raise some concerns, and none is high: some concerns, or high where people judge that together "
    "they lower confidence in the result substantially. The tool sets no number; a person decides.",
    second=_OVERALL_SECOND,
)
_ANY_HIGH = _rule("overall-d", _T0, "One domain is high: high.", second=_OVERALL_SECOND)
#: By the worst level and whether several domains raise some concerns: the levels and the rule.
_OVERALL: Mapping[tuple[bool, int], tuple[tuple[str, ...], CitedRule]] = {
    (False, 0): ((LOW,), _ALL_LOW),
    (False, 1): ((SOME,), _ONE_SOME),
    (False, 2): ((SOME, HIGH), _MANY_SOME),
}


@lru_cache(maxsize=4096)
def _judged(domain_id: str, answers: tuple[tuple[str, str | None], ...]) -> Judged:
    """Kept, because most studies of a review share their unseen answers."""
    return _TABLES[domain_id].judge(dict(answers))


def _judge(domain_id: str, answers: Answers) -> Judged:
    return _judged(domain_id, tuple(answers.items()))


def _step(state: tuple[bool, int], level: str) -> tuple[bool, int]:
    """Whether a domain is high, and how many raise some concerns (two stands for several)."""
    high, some = state
    return high or level == HIGH, min(2, some + (level == SOME))


def _overall(domains: Mapping[str, Judged], decided: str | None) -> Judged:
    check_domains("RoB 2", _FORMS, LEVELS, domains)
    levels: set[str] = set()
    fired: set[str] = set()
    for high, some in reachable((judged.levels for judged in domains.values()), (False, 0), _step):
        given, rule = ((HIGH,), _ANY_HIGH) if high else _OVERALL[False, some]
        levels.update(given)
        fired.add(rule.id)
    rules = tuple(rule for rule in (_ALL_LOW, _ONE_SOME, _MANY_SOME, _ANY_HIGH) if rule.id in fired)
    judged = Judged(tuple(level for level in LEVELS if level in levels), rules, LEVELS, unseen_in(domains))
    return settle(judged, decided, seen=all(one.settled for one in domains.values()), tool="RoB 2")


ROB2 = Algorithm(
    tool="rob2",
    version="22 August 2019, individually randomized parallel-group trials",
    levels=LEVELS,
    domains=tuple(_TABLES),
    rules=(
        *(rule for table in _TABLES.values() for rule in table.rules),
        *(_ALL_LOW, _ONE_SOME, _MANY_SOME, _ANY_HIGH),
    ),
    _judge=_judge,
    _overall=_overall,
)
