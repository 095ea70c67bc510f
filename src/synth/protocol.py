"""The protocol: question, procedures, outcomes, eligibility and planned analyses, parsed from protocol.yml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from synth.errors import EvidenceError, Fault
from synth.schemas import STUDIES
from synth.yamltext import Day, YamlText, typed

Better = Literal["higher", "lower"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Tau2 = Literal["REML", "DL", "PM", "ML", "EB", "HE", "HS", "HSk", "SJ", "PMM"]
IntervalOf = Literal["hartung-knapp-guarded", "hartung-knapp", "t", "normal"]
NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Part(BaseModel):
    # Against a NaN every comparison fails, so that a range with one would hold everything.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Question(_Part):
    """The question, in the parts of PICO."""

    text: NonEmpty
    population: NonEmpty
    interventions: NonEmpty
    comparators: NonEmpty
    outcomes: NonEmpty


class Standing(_Part):
    """What the review may call itself, and when its plan was made.

    `kind` is "evidence map" until a live search has run (rule 1 of the methods); `post_hoc` says that the plan
    was written with knowledge of the data.
    """

    kind: Literal["evidence map", "systematic review", "worked example"]
    written: Day
    post_hoc: bool
    note: NonEmpty


class Contributor(_Part):
    """Someone or something that extracted, checked or screened."""

    id: Identifier
    name: NonEmpty
    kind: Literal["person", "software"]
    role: NonEmpty


class Procedure(_Part):
    """A procedure that arms are assigned to. `main` ones are the question, `context` ones stand beside it."""

    id: Identifier
    label: NonEmpty
    role: Literal["main", "context", "comparator"]


class Step(_Part):
    """A step of the treatment order in which the audited page arranges the procedures."""

    label: NonEmpty
    procedures: tuple[Identifier, ...] = Field(strict=False)


class Threshold(_Part):
    """A published important difference of an instrument, with how, where and in whom it was found."""

    value: float
    method: NonEmpty
    population: NonEmpty
    source: NonEmpty
    locator: NonEmpty
    note: str = ""


class Chosen(_Part):
    """The published value that this review shows against its results, and why that one."""

    value: float
    source: NonEmpty
    reason: NonEmpty


class Instrument(_Part):
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


class Outcome(_Part):
    """An outcome and the instruments by which it may be measured."""

    id: NonEmpty
    label: NonEmpty
    role: Literal["main", "other"]
    instruments: tuple[NonEmpty, ...] = Field(strict=False)


class EventKind(_Part):
    """An event that is counted. A `harm` may name the entry of the harms list to which it belongs."""

    id: NonEmpty
    kind: Literal["any complication", "harm", "benefit", "course", "baseline", "outcome"]
    harm: str = ""


class Eligibility(_Part):
    """What enters the synthesis, what enters direction tables only, and what stands in the annex.

    An empty list allows everything.
    """

    diseases: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    excluded_hips: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    source_levels: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    direction_only: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    reason: NonEmpty


class Moderator(_Part):
    """A study-level column of studies.csv beyond the usual ones.

    `analyse` says whether pools are related to it; false for a column that only names things.
    """

    column: Identifier
    label: NonEmpty
    kind: Literal["number", "text"]
    unit: str = ""
    analyse: bool = True


class Strategy(_Part):
    """A database search as it will be typed."""

    id: Identifier
    database: Literal["pubmed"]
    query: NonEmpty
    note: str = ""


class SearchReporting(_Part):
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


class Correlation(_Part):
    """Correlation of scores before and after where only their SDs are printed: main value and sensitivity grid."""

    main: float = Field(ge=-1, le=1)
    grid: tuple[Annotated[float, Field(ge=-1, le=1)], ...] = Field(strict=False)
    reason: NonEmpty

    @model_validator(mode="after")
    def _in_grid(self) -> Correlation:
        if self.main not in self.grid:
            raise ValueError(f"main {self.main:g} is not in the grid; add it there")
        return self


class ZeroCellRule(_Part):
    """What is done with empty cells in a comparison: `add` to which cells, who is left out, and why.

    `to`: "only0" the studies with an empty cell, "all" all studies, "if0all" all studies if any has an empty cell,
    "none". `drop00`: studies in which nobody, or everybody, has the event in both arms are left out.
    """

    add: float = Field(ge=0, le=1)
    to: Literal["only0", "all", "if0all", "none"]
    drop00: bool
    reason: NonEmpty

    @model_validator(mode="after")
    def _does_something(self) -> ZeroCellRule:
        if (self.add == 0) != (self.to == "none"):
            raise ValueError('nothing is added with add: 0 and to: "none" together; else give a number above 0')
        if self.add == 0 and not self.drop00:
            raise ValueError("nothing is added and no study is left out, which is no rule; leave zero_cells out")
        return self


class Comparison(_Part):
    """A planned two-arm comparison of an event.

    Without `zero_cells` nothing is added to any count, and a study whose empty cells give no effect blocks the pool.
    """

    id: Identifier
    label: NonEmpty
    event: NonEmpty
    measure: Literal["RR", "OR", "RD"]
    treated: Identifier
    control: Identifier
    fewer_is_better: bool
    zero_cells: ZeroCellRule | None = None


#: What each prior needs; an empirical one may also have `outcome`, `comparators` and `area`.
_NUMBERS_OF = {
    "half-normal": ("scale",),
    "half-cauchy": ("scale",),
    "half-t": ("scale", "df"),
    "uniform": ("upper",),
    "log-normal": ("location", "scale"),
    "empirical": ("measure",),
}


class PriorPlan(_Part):
    """A prior of the between-study standard deviation tau, on the analysis scale (ratios: natural logarithms).

    `scale` is that of the distribution: the standard deviation of the normal that is halved, the scale of Cauchy's or
    Student's t (with `df`), the standard deviation of ln tau (with its mean as `location`). "empirical" is a published
    prior, for the measures OR and SMD only, of the kind of `outcome`, `comparators` and `area`.
    """

    distribution: Literal["half-normal", "half-cauchy", "half-t", "uniform", "log-normal", "empirical"]
    scale: float | None = Field(default=None, gt=0)
    df: float | None = Field(default=None, gt=0)
    upper: float | None = Field(default=None, gt=0)
    location: float | None = None
    measure: Literal["OR", "SMD"] | None = None
    outcome: NonEmpty | None = None
    comparators: tuple[NonEmpty, NonEmpty] | None = Field(default=None, strict=False)
    area: NonEmpty | None = None

    @model_validator(mode="after")
    def _own_parts(self) -> PriorPlan:
        needed = _NUMBERS_OF[self.distribution]
        allowed = (*needed, "outcome", "comparators", "area") if self.distribution == "empirical" else needed
        missing = [name for name in needed if name not in self.parts()]
        unknown = [name for name in self.parts() if name not in allowed]
        if missing or unknown:
            found = [*(f"{name} is missing" for name in missing), *(f"{name} is of no use" for name in unknown)]
            raise ValueError(f"{self.distribution} needs {' and '.join(needed)}: {'; '.join(found)}")
        return self

    def parts(self) -> dict[str, object]:
        """What is given besides the distribution."""
        return self.model_dump(exclude_none=True, exclude={"distribution"})


class BayesianPlan(_Part):
    """A Bayesian analysis beside the pools of a comparison or of an instrument; it is shown with the prior halved and
    doubled too.
    """

    of: NonEmpty
    prior: PriorPlan
    reason: NonEmpty


class Synthesis(_Part):
    """Planned analyses.

    `tau2` names the estimator of the between-study variance of every pool (GENQ needs weights of its own and is not
    offered here), `interval` the test behind its interval. `overlap`: "exclude" blocks pooling wherever shared
    patients cannot be excluded; "declared" trusts the arms' own declarations and needs the reason in `overlap_reason`.
    What `bayesian` does not name has no Bayesian analysis: there is no prior by default (rule 15).
    """

    tau2: Tau2
    interval: IntervalOf
    level: float = Field(gt=0, lt=1)
    overlap: Literal["exclude", "declared"]
    overlap_reason: NonEmpty
    correlation: Correlation | None = None
    comparisons: tuple[Comparison, ...] = Field(default=(), strict=False)
    bayesian: tuple[BayesianPlan, ...] = Field(default=(), strict=False)

    def prior_of(self, identifier: str) -> BayesianPlan | None:
        """The Bayesian analysis of the comparison or instrument of that id; None where none is planned."""
        return next((item for item in self.bayesian if item.of == identifier), None)


class Protocol(_Part):
    """The whole of protocol.yml."""

    format: Literal[1]
    review: Identifier
    title: NonEmpty
    question: Question
    standing: Standing
    people: tuple[Contributor, ...] = Field(strict=False)
    procedures: tuple[Procedure, ...] = Field(strict=False)
    steps: tuple[Step, ...] = Field(default=(), strict=False)
    outcomes: tuple[Outcome, ...] = Field(default=(), strict=False)
    ranges_from: str = ""
    instruments: tuple[Instrument, ...] = Field(default=(), strict=False)
    events: tuple[EventKind, ...] = Field(default=(), strict=False)
    harms: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    eligibility: Eligibility
    moderators: tuple[Moderator, ...] = Field(default=(), strict=False)
    strategies: tuple[Strategy, ...] = Field(default=(), strict=False)
    searching: SearchReporting = SearchReporting()
    synthesis: Synthesis

    def procedure(self, identifier: str) -> Procedure:
        """The procedure of that id.

        Raises
        ------
        KeyError
            If the protocol has none; validation makes sure that every arm's procedure is there.
        """
        return {item.id: item for item in self.procedures}[identifier]

    def instrument(self, identifier: str) -> Instrument:
        """The instrument of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.instruments}[identifier]

    def outcome(self, identifier: str) -> Outcome:
        """The outcome of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.outcomes}[identifier]

    def event(self, identifier: str) -> EventKind:
        """The event kind of that id (KeyError as for `procedure`)."""
        return {item.id: item for item in self.events}[identifier]


def parse_protocol(document: YamlText, review: str) -> Protocol:
    """The checked protocol of a review.

    Raises
    ------
    EvidenceError
        Every unknown, missing or ill-typed key, and every reference inside the protocol that leads nowhere.
    """
    protocol = typed(Protocol, document)
    faults = list(_references(protocol, document, review))
    if faults:
        raise EvidenceError(faults)
    return protocol


def _names(protocol: Protocol) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every name that may stand once in its list, with its key path."""
    for key in ("procedures", "outcomes", "instruments", "events", "strategies", "people"):
        for index, item in enumerate(getattr(protocol, key)):
            yield (key, index, "id"), item.id
    for index, moderator in enumerate(protocol.moderators):
        yield ("moderators", index, "column"), moderator.column
    for index, comparison in enumerate(protocol.synthesis.comparisons):
        yield ("synthesis", "comparisons", index, "id"), comparison.id
    for index, planned in enumerate(protocol.synthesis.bayesian):
        yield ("synthesis", "bayesian", index, "of"), planned.of


def _references(protocol: Protocol, document: YamlText, review: str) -> list[Fault]:
    faults: list[Fault] = []
    names: dict[tuple[str | int, ...], set[str]] = {}

    def fault(path: tuple[str | int, ...], message: str) -> None:
        dotted = ".".join(str(part) for part in path)
        faults.append(Fault(document.file, document.line_of(path), dotted, message))

    def known(path: tuple[str | int, ...], value: str, names: set[str], what: str) -> None:
        if value not in names:
            fault(path, f"{value!r} is no {what} of this protocol; expected one of: {', '.join(sorted(names))}")

    if protocol.review != review:
        fault(("review",), f"names {protocol.review!r}, but the folder is {review!r}; they must be equal")
    for path, name in _names(protocol):
        seen = names.setdefault(path[:-2], set())
        if name in seen:
            fault(path, f"{name!r} stands twice; each stands once")
        seen.add(name)
    procedures = {item.id for item in protocol.procedures}
    instruments = {item.id for item in protocol.instruments}
    events = {item.id for item in protocol.events}
    for index, step in enumerate(protocol.steps):
        for position, name in enumerate(step.procedures):
            known(("steps", index, "procedures", position), name, procedures, "procedure")
    for index, outcome in enumerate(protocol.outcomes):
        for position, name in enumerate(outcome.instruments):
            known(("outcomes", index, "instruments", position), name, instruments, "instrument")
    for index, event in enumerate(protocol.events):
        if event.harm:
            known(("events", index, "harm"), event.harm, set(protocol.harms), "entry of the harms list")
    for index, moderator in enumerate(protocol.moderators):
        if moderator.column in (*STUDIES.headings, "row"):
            message = f"{moderator.column!r} is a column already; give the moderator a name of its own"
            fault(("moderators", index, "column"), message)
    for index, comparison in enumerate(protocol.synthesis.comparisons):
        if comparison.treated == comparison.control:
            fault(("synthesis", "comparisons", index, "control"), "is the treated procedure too; two are compared")
        known(("synthesis", "comparisons", index, "treated"), comparison.treated, procedures, "procedure")
        known(("synthesis", "comparisons", index, "control"), comparison.control, procedures, "procedure")
        known(("synthesis", "comparisons", index, "event"), comparison.event, events, "event")
    pooled = instruments | {item.id for item in protocol.synthesis.comparisons}
    for index, planned in enumerate(protocol.synthesis.bayesian):
        known(("synthesis", "bayesian", index, "of"), planned.of, pooled, "comparison or instrument")
        measure = {item.id: item.measure for item in protocol.synthesis.comparisons}.get(planned.of)
        if planned.prior.measure is not None and planned.prior.measure != measure:
            found = "a change of scores" if measure is None else measure
            message = f"is a published prior for {planned.prior.measure}, but {planned.of!r} is {found}; none is lent"
            fault(("synthesis", "bayesian", index, "prior"), message)
    return faults
