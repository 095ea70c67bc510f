"""One line of a direction table: what one report gives on one outcome after one procedure, and in which direction.

Four statuses, those of an outcome-reporting matrix (rule 25 of the methods): a figure of the result, a direction only,
measured or named but the result was not seen, not mentioned. The common metric is the direction of the change from
before to after, read as better or worse by the side of the scale that the protocol calls better; never by a p value
(rule 16).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from synth.extraction.eligibility import Role
    from synth.synthesis.answers import Synthesis
    from synth.synthesis.counts import Count
    from synth.synthesis.series import Series


class Status(StrEnum):
    """What a report gives on an outcome, the most informative first."""

    FIGURE = "figure"
    DIRECTION = "direction only"
    NOT_SEEN = "measured but not seen"
    NOT_MENTIONED = "not mentioned"


#: How a direction reads: towards the better or the worse end, neither, or an end that the protocol does not name.
Verdict = Literal["better", "worse", "no change", "unclear", "conflicting", ""]
Direction = Literal["higher", "lower", "no change", ""]

#: What stands behind a status.
Detail = Literal[
    "change",
    "after only",
    "share",
    "count without a rate",
    "in words",
    "before only",
    "no figure",
    "named, no figure",
    "two arms",
    "",
]


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What one arm of one report gives on one outcome, by one instrument at one time.

    Attributes
    ----------
    study_id, arm_id : str
    procedure, outcome : str
        Ids of the protocol (of a comparison: the treated procedure and the event).
    status : Status
    detail : str
        "change" (before and after, or the change itself), "after only" (a figure after treatment and none before it),
        "share" (people who reached something, of all), "count without a rate" (the same where it has none), "in words",
        "before only", "no figure" (an instrument, and nothing seen), "named, no figure" (the title, or what was read,
        names the outcome), "two arms"; empty where the outcome is not mentioned.
    what : str
        Instrument or event; empty where the outcome is not mentioned, or named without either.
    n : int or None
        Analysed people or hips; of an outcome that is not mentioned, those of the arm.
    unit : str
        "patients", "hips" or "not stated".
    months : float or None
        Time after treatment.
    direction : str
        higher, lower or no change; empty where none was seen. A share has none: how many reached something says
        nothing of the mean, nor the mean of them (rule 18).
    change : float or None
        Mean change from before to after, in the unit of the instrument; None where there is none.
    better : bool or None
        Whether that is the better end of the instrument; None for no change, for no direction, and where the protocol
        names no better end.
    design : str
        Of the study, as extracted; empty where it was not given.
    single_patient : bool
    role : str
        synthesis or direction only.
    mark : str
        Why a source is used for directions only, such as "video abstract"; empty for eligible reports.
    seen_in, source, locator, row, note : str
        Where it was read; of an outcome that is not mentioned, where the arm was.
    """

    study_id: str
    arm_id: str
    procedure: str
    outcome: str
    status: Status
    detail: Detail
    what: str
    n: int | None
    unit: str
    months: float | None
    direction: Direction
    change: float | None
    better: bool | None
    design: str
    single_patient: bool
    role: Role
    mark: str
    seen_in: str
    source: str
    locator: str
    row: str
    note: str

    @property
    def verdict(self) -> Verdict:
        """better, worse, no change; unclear where the protocol names no better end; empty without a direction."""
        if self.direction in ("", "no change"):
            return "no change" if self.direction else ""
        return "unclear" if self.better is None else "better" if self.better else "worse"

    @property
    def words(self) -> str:
        """Status, with what stands behind it."""
        if not self.detail or self.detail == "change":
            return str(self.status)
        return f"{self.status} ({self.detail})"


def is_better(direction: str, better: str | None) -> bool | None:
    """Whether a direction is the better end of a scale; None where there is none, or no better end is named."""
    return None if direction not in ("higher", "lower") or better is None else direction == better


def rows_of(
    synthesis: Synthesis,
    procedure: str,
    outcome: str,
    designs: Mapping[str, str] | None = None,
    named: Mapping[str, Collection[str]] | None = None,
) -> tuple[Reported, ...]:
    """Every line of one outcome after one procedure: series before single patients, then by status, largest n first.

    Every eligible report of the procedure, and every source used for directions only, has at least one line.

    Parameters
    ----------
    synthesis : Synthesis
    procedure, outcome : str
        Ids of the protocol.
    designs : mapping of str to str, optional
        Design of each study, by study id.
    named : mapping of str to collection of str, optional
        Outcomes that each study names without a figure, by study id.
    """
    facts = _Facts(synthesis, procedure, outcome, designs or {})
    found = [
        _of_series(item, facts)
        for answer in synthesis.answers
        if (answer.procedure, answer.outcome) == (procedure, outcome)
        for item in answer.series
        if item.role != "annex"
    ]
    for count in synthesis.counts_of(procedure):
        event = synthesis.protocol.event(count.event)
        if event.kind == "benefit" and event.outcome == outcome and count.role != "annex":
            found.append(_of_share(count, facts))
    given = {item.study_id for item in found}
    naming = {study for study, names in (named or {}).items() if outcome in names}
    return ordered([*found, *_without_figure(facts, given, naming)])


class _Facts:
    """What every line of one outcome after one procedure has to look up."""

    def __init__(self, synthesis: Synthesis, procedure: str, outcome: str, designs: Mapping[str, str]) -> None:
        self.procedure, self.outcome, self.designs = procedure, outcome, designs
        self.protocol, self.roles = synthesis.protocol, synthesis.roles
        studied = synthesis.studied[procedure]
        self.arms = (studied.arms, studied.direction_only)
        self.single_arms = {
            (str(arm["study_id"]), str(arm["arm_id"]))
            for arms in self.arms
            for _, arm in arms.iterrows()
            if arm["n_patients"] == 1
        }

    def mark(self, study: str) -> str:
        """Why a source is used for directions only; empty for an eligible report."""
        standing = self.roles[study]
        return standing.reason if standing.role == "direction only" else ""

    def single(self, study: str, arm: str, n: int | None) -> bool:
        """Whether n is one, or the arm has one patient, whose two hips are no series either."""
        return n == 1 or (study, arm) in self.single_arms


def ordered(rows: Iterable[Reported]) -> tuple[Reported, ...]:
    """Eligible series, sources for directions only, single patients; in each by status, largest n first, then by id."""

    def place(item: Reported) -> tuple[bool, bool, int, int, str, str, str]:
        status = list(Status).index(item.status)
        size = -1 if item.n is None else item.n
        apart = item.role != "synthesis"
        return item.single_patient, apart, status, -size, item.study_id, item.arm_id, item.row

    return tuple(sorted(rows, key=place))


def _of_series(item: Series, facts: _Facts) -> Reported:
    status, detail = _status(item)
    direction: Direction = _DIRECTIONS[item.direction]
    said = item.stated_direction
    contradicted = said and said != direction
    return Reported(
        study_id=item.study_id,
        arm_id=item.arm_id,
        procedure=facts.procedure,
        outcome=facts.outcome,
        status=status,
        detail=detail,
        what=item.instrument,
        n=item.summary.n,
        unit=item.summary.unit_of_analysis,
        months=item.timepoint_months,
        direction=direction,
        change=item.summary.change,
        better=is_better(direction, facts.protocol.instrument(item.instrument).better),
        design=facts.designs.get(item.study_id, ""),
        single_patient=facts.single(item.study_id, item.arm_id, item.summary.n),
        role=item.role,
        mark=facts.mark(item.study_id),
        seen_in=item.seen_in,
        source=item.source,
        locator=item.locator,
        row=item.row,
        note="; ".join(filter(None, (f"in words: {said}, against its figures" if contradicted else "", item.note))),
    )


_DIRECTIONS: dict[str, Direction] = {"higher": "higher", "lower": "lower", "no change": "no change", "": ""}


def _status(item: Series) -> tuple[Status, Detail]:
    """Status of one row of outcomes.csv."""
    summary = item.summary
    eligible = item.role == "synthesis"
    if summary.change is not None:
        return (Status.FIGURE if eligible else Status.DIRECTION), "change"
    if item.stated_direction:
        return Status.DIRECTION, "in words"
    if summary.followup_mean is not None or item.followup_range is not None:
        # A figure after treatment is a result that was seen, though nothing says in which direction it changed.
        return (Status.FIGURE if eligible else Status.NOT_SEEN), "after only"
    if summary.baseline_mean is not None or item.baseline_range is not None:
        return Status.NOT_SEEN, "before only"
    return Status.NOT_SEEN, "no figure"


def _of_share(count: Count, facts: _Facts) -> Reported:
    """A share of people who reached something that the protocol counts towards the outcome."""
    # A count that is conditioned on inclusion, or of an unstated unit, has no rate; the report gives it all the same.
    remarks = "; ".join(filter(None, (f"{count.events} of {count.total}", count.reason, count.note)))
    return Reported(
        study_id=count.study_id,
        arm_id=count.arm_id,
        procedure=facts.procedure,
        outcome=facts.outcome,
        status=Status.FIGURE if count.role == "synthesis" else Status.NOT_SEEN,
        detail="count without a rate" if count.proportion is None else "share",
        what=count.event,
        n=count.total,
        unit=count.unit_of_analysis,
        months=None,
        direction="",
        change=None,
        better=None,
        design=facts.designs.get(count.study_id, ""),
        single_patient=facts.single(count.study_id, count.arm_id, count.total),
        role=count.role,
        mark=facts.mark(count.study_id),
        seen_in=count.seen_in,
        source=count.source,
        locator=count.locator,
        row=count.row,
        note=remarks,
    )


def _without_figure(facts: _Facts, given: set[str], naming: set[str]) -> Iterator[Reported]:
    """One line for each report of the procedure without a row on the outcome, by its largest arm: named or not."""
    for arms in facts.arms:
        largest = arms.sort_values("n_patients", ascending=False, kind="stable").drop_duplicates("study_id")
        for _, arm in largest.iterrows():
            if str(arm["study_id"]) not in given:
                yield _silent(arm, facts, named=str(arm["study_id"]) in naming)


def _silent(arm: pd.Series, facts: _Facts, *, named: bool) -> Reported:
    study, size = str(arm["study_id"]), float(arm["n_patients"])
    n = None if size != size else int(size)
    return Reported(
        study_id=study,
        arm_id=str(arm["arm_id"]),
        procedure=facts.procedure,
        outcome=facts.outcome,
        status=Status.NOT_SEEN if named else Status.NOT_MENTIONED,
        detail="named, no figure" if named else "",
        what="",
        n=n,
        unit="not stated" if n is None else "patients",
        months=None,
        direction="",
        change=None,
        better=None,
        design=facts.designs.get(study, ""),
        single_patient=n == 1,
        role=facts.roles[study].role,
        mark=facts.mark(study),
        seen_in=str(arm["seen_in"]),
        source=str(arm["source"]),
        locator=str(arm["locator"]),
        row=str(arm["row"]),
        note="",
    )
