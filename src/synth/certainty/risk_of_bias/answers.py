"""What was answered of each study with each tool, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Tool, tool

if TYPE_CHECKING:
    from synth.certainty.algorithms import Judged
    from synth.extraction.eligibility import Role

#: Who the reviewer of a row is that settles a disagreement of two.
CONSENSUS = "consensus"
#: What stands for an item on which reviewers differ and no consensus was written.
CONFLICT = "conflict"
#: What the column item holds where a person decides the judgement of the whole; a domain's is under its heading.
OVERALL = "overall"

#: What a study is used for, in a reader's words, in the order in which appraisals are shown.
USED_FOR: Mapping[Role, str] = {"synthesis": "eligible", "direction only": "directions only", "annex": "annex"}

Standing = Literal["automatic", "one reviewer", "agreed", "conflict", "consensus"]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one item.

    Attributes
    ----------
    item_id : str
    answer : str
        One of the item's answers, `ABSTRACT_ONLY`, `NOT_ANSWERED`, or `CONFLICT`.
    support : str
        Why, in the reviewer's own words; empty for an automatic answer.
    source, locator, seen_in : str
        Where that stands; empty for an automatic answer.
    reviewers : tuple of str
        Ids of those who answered; empty for an automatic answer.
    standing : str
        "automatic" where nobody answered, "one reviewer", "agreed" (all who answered gave this answer), "conflict", or
        "consensus".
    """

    item_id: str
    answer: str
    support: str = ""
    source: str = ""
    locator: str = ""
    seen_in: str = ""
    reviewers: tuple[str, ...] = ()
    standing: Standing = "automatic"

    @property
    def given(self) -> str | None:
        """The answer as an algorithm takes it: None where the item is open, so that every answer stays possible."""
        return None if self.answer in (ABSTRACT_ONLY, NOT_ANSWERED, CONFLICT) else self.answer


@dataclass(frozen=True)
class Appraisal:
    """The answers for one study, or one of its results, with one tool.

    Attributes
    ----------
    study_id : str
    tool : str
        Id of the tool, or of the form of a tool.
    result : str
        Id of the comparison or outcome that was appraised; empty for a tool that appraises a study as a whole.
    answers : mapping of str to Answered
        Every item of the tool, by its number.
    domains : mapping of str to Judged
        The judgement of each domain by the tool's own algorithm; empty for a tool without one (rule 21).
    overall : Judged or None
        The same of the whole.
    stated : mapping of str to Answered
        Levels that people stated instead of the rule, or where it leaves them a choice, by domain id or "overall".
    full_text : bool
        Whether any part of the study was read in full text.
    role : str
        What the study is used for, by the protocol's eligibility: "synthesis", "direction only" or "annex".
    """

    study_id: str
    tool: str
    result: str
    answers: Mapping[str, Answered]
    domains: Mapping[str, Judged] = field(default_factory=dict)
    overall: Judged | None = None
    stated: Mapping[str, Answered] = field(default_factory=dict)
    full_text: bool = False
    role: Role = "synthesis"

    @property
    def eligible(self) -> bool:
        """Whether the study enters the synthesis; answers are counted over such studies only."""
        return self.role == "synthesis"

    @property
    def details(self) -> Tool:
        """The tool with its items, domains and links."""
        return tool(self.tool)

    @property
    def answered(self) -> tuple[Answered, ...]:
        """The items with an answer of the tool's own."""
        return tuple(item for item in self.answers.values() if item.given is not None)

    @property
    def conflicts(self) -> tuple[Answered, ...]:
        """The items, then the stated levels, on which reviewers differ."""
        every = (*self.answers.values(), *self.stated.values())
        return tuple(item for item in every if item.standing == "conflict")

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Ids of all who answered an item or stated a level."""
        every = (*self.answers.values(), *self.stated.values())
        return tuple(dict.fromkeys(name for item in every for name in item.reviewers))

    def __repr__(self) -> str:
        about = self.study_id if not self.result else f"{self.study_id}, {self.result}"
        return f"Appraisal({about}: {self.details.short}, {len(self.answered)} of {len(self.answers)} items answered)"
