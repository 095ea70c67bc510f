"""The question, who and what it is about, what is eligible, and how records are searched for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from synth.protocol.base import Identifier, NonEmpty, Part
from synth.yamltext import Day

Better = Literal["higher", "lower"]


class Question(Part):
    """The question, in the parts of PICO."""

    text: NonEmpty
    population: NonEmpty
    interventions: NonEmpty
    comparators: NonEmpty
    outcomes: NonEmpty


class Standing(Part):
    """What the review may call itself, and when its plan was made.

    `kind` is "evidence map" until a live search has run (rule 1 of the methods); `post_hoc` says that the plan
    was written with knowledge of the data.
    """

    kind: Literal["evidence map", "systematic review", "worked example"]
    written: Day
    post_hoc: bool
    note: NonEmpty


class Contributor(Part):
    """Someone or something that extracted, checked or screened."""

    id: Identifier
    name: NonEmpty
    kind: Literal["person", "software"]
    role: NonEmpty


class Procedure(Part):
    """A procedure that arms are assigned to. `main` ones are the question, `context` ones stand beside it."""

    id: Identifier
    label: NonEmpty
    role: Literal["main", "context", "comparator"]


class Step(Part):
    """A step of the treatment order in which the audited page arranges the procedures."""

    label: NonEmpty
    procedures: tuple[Identifier, ...] = Field(strict=False)


class Threshold(Part):
    """A published important difference of an instrument, with how, where and in whom it was found."""

    value: float
    method: NonEmpty
    population: NonEmpty
    source: NonEmpty
    locator: NonEmpty
    note: str = ""


class Chosen(Part):
    """The published value that this review shows against its results, and why that one."""

    value: float
    source: NonEmpty
    reason: NonEmpty


class Instrument(Part):
    """A scale or measurement: its range, the direction in which it is better, and its important differences."""

    id: NonEmpty
    label: NonEmpty
    unit: str
    minimum: float | None = None
    maximum: float | None = None
    better: Better | None = None
    whole_scores: bool = False
    note: str = ""
    thresholds: tuple[Threshold, ...] = Field(default=(), strict=False)
    chosen: Chosen | None = None
    not_chosen: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Instrument:
        if (self.minimum is None) != (self.maximum is None):
            raise ValueError("give both minimum and maximum, or neither")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is not below maximum {self.maximum:g}")
        if self.thresholds and (self.chosen is None) == (not self.not_chosen):
            raise ValueError(
                "of several published values one is chosen, or not_chosen says why none is: give one of the two"
            )
        if self.chosen is not None:
            published = {(item.value, item.source) for item in self.thresholds}
            if (self.chosen.value, self.chosen.source) not in published:
                raise ValueError("chosen is not one of the thresholds; give the value and source of one of them")
        return self

    @property
    def chosen_threshold(self) -> Threshold | None:
        """The chosen important difference as it was published; None where none is chosen."""
        wanted = None if self.chosen is None else (self.chosen.value, self.chosen.source)
        return next((item for item in self.thresholds if (item.value, item.source) == wanted), None)

    @property
    def chosen_population(self) -> str:
        """In whom the chosen important difference was found; empty where none is chosen."""
        return "" if self.chosen_threshold is None else self.chosen_threshold.population


class Outcome(Part):
    """An outcome and the instruments by which it may be measured.

    `importance` is that of the outcome to those who decide, in GRADE's three classes; empty where nobody rated it.
    `surrogate_for` names the outcome that matters where this one only stands in for it.
    """

    id: NonEmpty
    label: NonEmpty
    role: Literal["main", "other"]
    instruments: tuple[NonEmpty, ...] = Field(strict=False)
    importance: Literal["critical", "important", "limited"] | None = None
    surrogate_for: str = ""


class EventKind(Part):
    """An event that is counted.

    A `harm` may name the entry of the harms list to which it belongs, a `benefit` the `outcome` that it is a share of.
    """

    id: NonEmpty
    kind: Literal["any complication", "harm", "benefit", "course", "baseline", "outcome"]
    harm: str = ""
    outcome: str = ""


class Eligibility(Part):
    """What enters the synthesis, what enters direction tables only, and what stands in the annex.

    An empty list allows everything.
    """

    diseases: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    excluded_hips: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    source_levels: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    direction_only: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    reason: NonEmpty


class Moderator(Part):
    """A study-level column of studies.csv beyond the usual ones.

    `analyse` says whether pools are related to it; false for a column that only names things.
    """

    column: Identifier
    label: NonEmpty
    kind: Literal["number", "text"]
    unit: str = ""
    analyse: bool = True


class Strategy(Part):
    """A database search as it will be typed."""

    id: Identifier
    database: Literal["pubmed"]
    query: NonEmpty
    note: str = ""


class SearchReporting(Part):
    """What only people can tell of a search (PRISMA-S, doi:10.1186/s13643-020-01542-z); None where nobody said."""

    registries: NonEmpty | None = None
    citation_searching: NonEmpty | None = None
    contacts: NonEmpty | None = None
    other_methods: NonEmpty | None = None
    limits: NonEmpty | None = None
    filters: NonEmpty | None = None
    prior_work: NonEmpty | None = None
    updates: NonEmpty | None = None
    peer_review: NonEmpty | None = None
