"""What every judgement algorithm shares: cited rules, what follows from answers, and how unseen answers are handled.

An answer that nobody could see is None. It is not the answer "no information": that one is said of a report that was
read. A judgement is therefore a set of levels: every level that the rule can give over all values that the unseen
answers could take. The rule of the tool is never guessed past that set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from synth.errors import MethodError

YES, NO, UNKNOWN = ("Y", "PY"), ("PN", "N"), ("NI",)
#: Answers of a signalling question that is asked: yes, probably yes, probably no, no, no information.
ASKED = (*YES, *NO, *UNKNOWN)
#: The answer of a question that the flow of the tool skips.
SKIPPED = "NA"
#: One answer for each kind: both tools give "probably" the same consequence as the plain answer.
_KINDS = ("Y", "N", "NI", SKIPPED)

Answers = Mapping[str, str | None]
_State = TypeVar("_State")


@dataclass(frozen=True, slots=True)
class CitedRule:
    """One rule of a tool, in our own words, with where it was read.

    Attributes
    ----------
    id : str
        Unique over all tools, such as "rob2-1-a".
    says : str
        What the rule gives, and when.
    source : str
        The document that defines it, with table and page.
    read_in : str
        Where that document or a copy of it was read, and which second reading agrees or differs.
    """

    id: str
    says: str
    source: str
    read_in: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule gives for some answers.

    Attributes
    ----------
    levels : tuple of str
        Every level that the rule can give over all values of the unseen answers, best first; never empty.
    rules : tuple of CitedRule
        The rules that fire for at least one of those values.
    scale : tuple of str
        All levels of the tool, best first; empty where the caller does not know them.
    unseen : tuple of str
        Questions whose answer nobody could see and that the answers given may lead to: what there is to find out.

    Raises
    ------
    MethodError
        If there is no level, a level twice, or a level that is not on the scale.
    """

    levels: tuple[str, ...]
    rules: tuple[CitedRule, ...]
    scale: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        strange = [level for level in self.levels if self.scale and level not in self.scale]
        if not self.levels or len(set(self.levels)) != len(self.levels) or strange:
            raise MethodError(f"a judgement has levels {self.levels}; expected different levels of {self.scale}")

    @property
    def settled(self) -> bool:
        """Whether the answers that were seen leave one level only."""
        return len(self.levels) == 1

    @property
    def level(self) -> str | None:
        """The level where it is settled, else None."""
        return self.levels[0] if self.settled else None

    @property
    def words(self) -> str:
        """The levels for readers: "low", "some concerns or high", "any level"."""
        if not self.settled and set(self.levels) == set(self.scale):
            return "any level"
        *first, last = self.levels
        return f"{', '.join(first)} or {last}" if first else last


@dataclass(frozen=True, slots=True)
class Algorithm:
    """The rules that a tool itself defines, ready to run.

    Attributes
    ----------
    tool : str
        Id of the tool, as in `synth.certainty.tools`.
    version : str
        Version of the tool that the rules are of.
    levels : tuple of str
        Levels of the overall judgement, best first.
    domains : tuple of str
        Ids of the domains that `judge` knows; one empty id where the tool has no domains.
    rules : tuple of CitedRule
        Every rule that can fire.
    """

    tool: str
    version: str
    levels: tuple[str, ...]
    domains: tuple[str, ...]
    rules: tuple[CitedRule, ...]
    _judge: Callable[[str, Answers], Judged]
    _overall: Callable[[Mapping[str, Judged], str | None], Judged]

    def judge(self, domain_id: str, answers: Answers) -> Judged:
        """What the tool's rule gives for the answers of one domain.

        Parameters
        ----------
        domain_id : str
            One of `domains`.
        answers : mapping of str to str or None
            Answer of each question by its id. None, or no entry, is an answer that nobody could see.

        Returns
        -------
        Judged
            All levels that the answers leave possible. It is the judgement that the tool proposes: people may depart
            from it and say why (`stated`).

        Raises
        ------
        MethodError
            For a domain, question or answer that the tool does not have, and for answers that cannot stand together
            (an answer to a question that the flow skips, or "NA" to one that it asks).
        """
        if domain_id not in self.domains:
            raise MethodError(f"{self.tool} has no domain {domain_id!r}; expected one of {_listed(self.domains)}")
        return self._judge(domain_id, answers)

    def overall(self, domains: Mapping[str, Judged], *, decided: str | None = None) -> Judged:
        """What the tool's overall rule gives for the judgements of its domains.

        Parameters
        ----------
        domains : mapping of str to Judged
            One judgement for each domain of the tool (of domains with two forms: one of them).
        decided : str, optional
            A person's choice where the tool leaves the last step to people. Only taken where every domain is settled
            and the rule leaves more than one level.

        Raises
        ------
        MethodError
            For a missing, doubled or unknown domain, a level that the domain does not have, and for a decision that
            the rule does not leave to people.
        """
        return self._overall(domains, decided)

    def stated(self, domain_id: str, level: str) -> Judged:
        """The judgement that a person gave for a domain, where it departs from the rule or the tool has none.

        Raises
        ------
        MethodError
            For a domain or level that the tool does not have.
        """
        if domain_id not in self.domains:
            raise MethodError(f"{self.tool} has no domain {domain_id!r}; expected one of {_listed(self.domains)}")
        if level not in self.levels:
            raise MethodError(f"{self.tool} has no level {level!r}; expected one of {_listed(self.levels)}")
        return Judged((level,), (), self.levels)


@dataclass(frozen=True, slots=True)
class Question:
    """One signalling question: its answers where it is asked, and when it is asked.

    Attributes
    ----------
    id : str
        Number in the tool.
    options : tuple of str
        Answers where it is asked.
    asked_if : tuple of (str, tuple of str)
        Earlier questions and the answers to them that lead here; empty where it is always asked.
    every : bool
        Whether all of `asked_if` must hold; otherwise one is enough.
    """

    id: str
    options: tuple[str, ...] = ASKED
    asked_if: tuple[tuple[str, tuple[str, ...]], ...] = ()
    every: bool = False

    def allowed(self, sheet: Mapping[str, str]) -> tuple[str, ...]:
        """Answers that can stand beside the earlier answers in `sheet`."""
        led_here = [sheet[earlier] in answers for earlier, answers in self.asked_if]
        asked = not led_here or (all(led_here) if self.every else any(led_here))
        return self.options if asked else (SKIPPED,)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a decision table: when all of `when` hold, the rule gives `level`."""

    when: Mapping[str, tuple[str, ...]]
    level: str
    rule: CitedRule

    def fits(self, sheet: Mapping[str, str]) -> bool:
        """Whether the row speaks of this sheet."""
        return all(sheet[question] in answers for question, answers in self.when.items())


@dataclass(frozen=True, slots=True)
class Table:
    """The decision table of one domain; of several parts, the worst level is the domain's.

    Attributes
    ----------
    name : str
        Tool and domain, for messages.
    scale : tuple of str
        Levels, best first.
    questions : tuple of Question
        In the order in which they are asked.
    parts : tuple of tuple of Row
        For every sheet of answers that can be, each part has at least one row that fits, and all that fit agree.
    joined : CitedRule or None
        How the parts are put together.
    """

    name: str
    scale: tuple[str, ...]
    questions: tuple[Question, ...]
    parts: tuple[tuple[Row, ...], ...]
    joined: CitedRule | None = None

    @property
    def rules(self) -> tuple[CitedRule, ...]:
        """Every rule of the table."""
        return (*(row.rule for part in self.parts for row in part), *((self.joined,) if self.joined else ()))

    def judge(self, answers: Answers) -> Judged:
        """All levels that the answers leave possible; see `Algorithm.judge`."""
        check_answers(self.name, {question.id: (*question.options, SKIPPED) for question in self.questions}, answers)
        sheets = self._whole_sheets(answers)
        levels: set[str] = set()
        fired: set[str] = set()
        for sheet in sheets:
            fitting = [[row for row in part if row.fits(sheet)] for part in self.parts]
            levels.add(max((part[0].level for part in fitting), key=self.scale.index))
            fired |= {row.rule.id for part in fitting for row in part}
        return Judged(
            tuple(level for level in self.scale if level in levels),
            tuple(rule for rule in self.rules if rule.id in fired or rule is self.joined),
            self.scale,
            tuple(
                question.id
                for question in self.questions
                if answers.get(question.id) is None and any(sheet[question.id] != SKIPPED for sheet in sheets)
            ),
        )

    def _whole_sheets(self, answers: Answers) -> list[dict[str, str]]:
        """Every way to fill the unseen answers that keeps to the flow; an error if there is none."""
        sheets: list[dict[str, str]] = [{}]
        for question in self.questions:
            filled = [
                {**sheet, question.id: answer} for sheet in sheets for answer in _values(question, sheet, answers)
            ]
            if not filled:
                allowed = sorted({answer for sheet in sheets for answer in question.allowed(sheet)})
                raise MethodError(
                    f"{self.name}: question {question.id} is answered {answers[question.id]!r}, which cannot stand "
                    f"beside the answers before it; expected {_listed(allowed)}, or None where nobody could see it"
                )
            sheets = filled
        return sheets


def _values(question: Question, sheet: Mapping[str, str], answers: Answers) -> tuple[str, ...]:
    """Answers to try: the one that was given, if it can stand, else one of each kind that can."""
    allowed, given = question.allowed(sheet), answers.get(question.id)
    return tuple(answer for answer in ((given,) if given is not None else _KINDS) if answer in allowed)


def check_answers(name: str, options: Mapping[str, Sequence[str]], answers: Answers) -> None:
    """Refuse a question or an answer that the tool does not have, naming what is expected."""
    for question, answer in answers.items():
        if question not in options:
            raise MethodError(f"{name} has no question {question!r}; expected some of {_listed(options)}")
        if answer is not None and answer not in options[question]:
            expected = _listed(dict.fromkeys(options[question]))
            raise MethodError(
                f"{name}: question {question} is answered {answer!r}; "
                f"expected {expected}, or None where nobody could see it"
            )


def check_domains(
    tool: str, expected: Sequence[Sequence[str]], scale: Sequence[str], domains: Mapping[str, Judged]
) -> None:
    """Refuse judgements that are not one of each domain; a domain with several forms counts once."""
    forms = [form for one in expected for form in one]
    wanted = f"{tool}: expected one judgement of each of {_listed(' or '.join(one) for one in expected)}"
    for form, judged in domains.items():
        if form not in forms:
            raise MethodError(f"{wanted}; {form!r} is none of them")
        if strange := [level for level in judged.levels if level not in scale]:
            raise MethodError(f"{tool}, domain {form}: level {strange[0]!r} is not one of {_listed(scale)}")
    for one in expected:
        if (found := sum(form in domains for form in one)) != 1:
            raise MethodError(f"{wanted}; of {' or '.join(one)} there are {found}")


def reachable(steps: Iterable[Iterable[str]], start: _State, step: Callable[[_State, str], _State]) -> set[_State]:
    """All states that a rule can end in when each step takes one of several levels."""
    states = {start}
    for choices in steps:
        taken = tuple(choices)
        states = {step(state, choice) for state in states for choice in taken}
    return states


def unseen_in(domains: Mapping[str, Judged]) -> tuple[str, ...]:
    """The unseen questions of all domains that are not settled without them."""
    return tuple(question for judged in domains.values() if not judged.settled for question in judged.unseen)


def settle(judged: Judged, decided: str | None, *, seen: bool, tool: str) -> Judged:
    """Take a person's decision where the rule leaves one, and refuse it where it does not."""
    if decided is None:
        return judged
    if judged.settled or not seen or decided not in judged.levels:
        raise MethodError(
            f"{tool}: the overall level {decided!r} was decided, but the rule leaves no such choice: it gives "
            f"{judged.words}{'' if seen else ' while some judgements it rests on are not settled'}"
        )
    return Judged((decided,), judged.rules, judged.scale, judged.unseen)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name or repr(name) for name in names)
