"""What a GRADE rating is made of: facts, suggestions with the rule behind each, overrides by people, and the level.

Steps are whole levels: -1 and -2 rate down, +1 and +2 rate up, 0 leaves the level. None means that no rule that could
be cited decides, so that a person must; until then it counts as 0, and `least` says how low it could go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from synth.certainty.grade.kept_facts import record_of
from synth.certainty.grade.rules import Rule

if TYPE_CHECKING:
    from synth.synthesis.comparisons import ComparisonAnswer
    from synth.synthesis.ladder import Answer

Kind = Literal["uncontrolled", "comparison"]
Value = float | int | str | bool | None

#: Reasons to rate down and up, in the order in which they are shown.
DOWN = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
UP = ("large effect", "dose response", "opposing confounding")
DOMAINS = (*DOWN, *UP)

#: Whose judgement a rating is where no person has overridden anything.
UNCONFIRMED = "computed; nobody has confirmed it"


class Level(StrEnum):
    """Certainty of the evidence."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"
    NOT_RATED = "not rated"


_ORDER = (Level.VERY_LOW, Level.LOW, Level.MODERATE, Level.HIGH)


def level_after(start: Level, steps: Iterable[int]) -> Level:
    """The level that steps lead to from a start: never below very low, never above high.

    Steps down are taken before steps up, so that rating up from the floor starts at the floor.
    """
    if start is Level.NOT_RATED:
        return start
    given = tuple(steps)
    place = max(0, _ORDER.index(start) + sum(step for step in given if step < 0))
    return _ORDER[min(len(_ORDER) - 1, place + sum(step for step in given if step > 0))]


@dataclass(frozen=True, slots=True)
class Fact:
    """One computed fact behind a suggestion.

    Attributes
    ----------
    name : str
        The same on every run, for machines.
    value : float, int, str, bool or None
        What machines compare; numbers at full precision, None where nothing is known.
    text : str
        For people, with the number as it is shown.
    """

    name: str
    value: Value
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the facts suggest for one domain.

    Attributes
    ----------
    domain : str
        One of `DOMAINS`.
    steps : int or None
        Levels down (below 0) or up; None where no rule that could be cited decides.
    least, most : int
        The lowest and the highest step that the facts leave open; both equal `steps` where the rule settles it.
    reason : str
        In a sentence or two.
    facts : tuple of Fact
    rule : Rule
        What was applied, and where it was read.
    """

    domain: str
    steps: int | None
    least: int
    most: int
    reason: str
    facts: tuple[Fact, ...]
    rule: Rule

    @property
    def settled(self) -> bool:
        """Whether the rule leaves one step and no choice."""
        return self.steps is not None and self.least == self.most == self.steps

    @property
    def fact_text(self) -> str:
        """All facts as one text for people."""
        return "; ".join(fact.text for fact in self.facts) or "no fact"

    @property
    def record(self) -> str:
        """All facts as name=value: what an override keeps of the day on which it was made."""
        return record_of(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's judgement of one domain, instead of the suggestion.

    Attributes
    ----------
    about, outcome, domain : str
        Ids of the protocol, and one of `DOMAINS`.
    steps : int
        -2 to 0 for a reason to rate down, 0 to 2 for one to rate up.
    reason : str
    fact : str
        `Suggestion.record` of the day of the judgement, or its `fact_text`; empty where it was not kept.
    name : str
        Of the person.
    date : str
        ISO 8601.
    line : int
        Of the file in which it stands; 0 where there is none.
    """

    about: str
    outcome: str
    domain: str
    steps: int
    reason: str
    fact: str
    name: str
    date: str
    line: int = 0

    @property
    def nothing_to_rest_on(self) -> str:
        """The sentence for a judgement of what is not rated."""
        return f"The judgement of {self.domain} by {self.name} ({self.date}) has nothing to rest on."


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRating:
    """One domain as it counts: the suggestion, or the override in its place.

    Attributes
    ----------
    domain : str
    suggestion : Suggestion
        Of this run.
    override : Override or None
    moved : bool
        Whether the facts differ from those on which the override rested.
    steps : int
        What counts: the override's, else the suggestion's, else 0.
    changes : tuple of str
        What has moved, such as "I2 was 80%, is 92.21%"; empty where the override kept no values by name.
    barred : Override or None
        A judgement that does not count, because the rule does not allow its step for this body of evidence.
    """

    domain: str
    suggestion: Suggestion
    override: Override | None = None
    moved: bool = False
    steps: int = 0
    changes: tuple[str, ...] = ()
    barred: Override | None = None

    @property
    def open(self) -> bool:
        """Whether neither a rule nor a person has settled it."""
        return self.override is None and not self.suggestion.settled

    @property
    def least(self) -> int:
        """The lowest step that is left open."""
        return self.steps if self.override is not None else self.suggestion.least

    @property
    def most(self) -> int:
        """The highest step that is left open."""
        return self.steps if self.override is not None else self.suggestion.most

    @property
    def moved_sentence(self) -> str:
        """What has moved under an override; empty where nothing has."""
        if not self.moved or self.override is None:
            return ""
        kept = self.override
        now = f"the facts are now “{self.suggestion.fact_text}”. The judgement stands until it is looked at again."
        judged = f"{kept.name} judged {self.domain} on {kept.date}"
        if self.changes:
            return f"{judged}; since then {'; '.join(self.changes)}; {now}"
        return f"{judged} from {f'“{kept.fact}”' if kept.fact else 'no fact that was kept'}; {now}"

    @property
    def not_counted(self) -> str:
        """Why a judgement does not count; empty where each does."""
        if self.barred is None:
            return ""
        kept, rule = self.barred, self.suggestion.rule
        allowed = f"at most {self.suggestion.most:+d} is allowed" if self.suggestion.most else "no step up is allowed"
        return (
            f"Not counted: {kept.name} rated {self.domain} {kept.steps:+d} on {kept.date}, and {allowed} here. "
            f"{self.suggestion.reason} The rule: {rule.text} ({rule.source})"
        )


@dataclass(frozen=True, kw_only=True)
class Rating:
    """Certainty of one outcome after one procedure ("uncontrolled"), or of one planned comparison.

    Attributes
    ----------
    kind : {"uncontrolled", "comparison"}
    about_id, about : str
        Procedure or comparison: id, and in words.
    outcome_id, outcome : str
        Outcome of the protocol; for a comparison its event and its label.
    start : Level
        By design, before any step; "not rated" where there is no evidence.
    start_reason : str
        Why, with its source.
    domains : tuple of DomainRating
        In the order of `DOMAINS`; empty where nothing is rated.
    level : Level
        After all steps, open domains counted as no step.
    lowest : Level
        Where the open domains could still lead; equals `level` where nothing is open.
    reason : str
        In a few sentences.
    answers : tuple of Answer
        Every answer of the procedure and outcome; empty for a comparison.
    comparison : ComparisonAnswer or None
    unused : tuple of Override
        Judgements of what is not rated; they have nothing to rest on.
    """

    kind: Kind
    about_id: str
    about: str
    outcome_id: str
    outcome: str
    start: Level
    start_reason: str
    domains: tuple[DomainRating, ...]
    level: Level
    lowest: Level
    reason: str
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    comparison: ComparisonAnswer | None = field(default=None, repr=False)
    unused: tuple[Override, ...] = ()

    @property
    def rated(self) -> bool:
        """Whether there is a level."""
        return self.level is not Level.NOT_RATED

    @property
    def settled(self) -> bool:
        """Whether no open domain could lower the level further."""
        return self.level is self.lowest

    @property
    def judged_by(self) -> str:
        """Who judged which domain, and whether the rest was computed; empty where nothing is rated."""
        if not self.rated:
            return ""
        own: dict[str, list[str]] = {}
        for item in self.domains:
            if item.override is not None:
                own.setdefault(item.override.name, []).append(item.domain)
        if not own:
            return UNCONFIRMED
        rest = "" if all(item.override is not None for item in self.domains) else "; all else computed"
        return ", ".join(f"{name} ({', '.join(domains)})" for name, domains in own.items()) + rest

    @property
    def moved(self) -> tuple[DomainRating, ...]:
        """Domains whose override rests on facts that have changed."""
        return tuple(item for item in self.domains if item.moved)

    @property
    def to_look_at(self) -> tuple[str, ...]:
        """A sentence for each judgement that somebody has to look at again.

        Its facts have moved, its step is not allowed, or what it judges is not rated any more.
        """
        told = (sentence for item in self.domains for sentence in (item.moved_sentence, item.not_counted))
        return (*filter(None, told), *(item.nothing_to_rest_on for item in self.unused))

    def domain(self, name: str) -> DomainRating:
        """One domain.

        Raises
        ------
        KeyError
            If nothing is rated, or there is no such domain.
        """
        return {item.domain: item for item in self.domains}[name]
