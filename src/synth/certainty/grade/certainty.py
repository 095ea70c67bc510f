"""The ratings of a review: computed suggestions, judgements of people in their place, and the level of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from synth.certainty.grade.body import Body
from synth.certainty.grade.counts_alone import counts_seen, no_effect_computed
from synth.certainty.grade.gather import Appraised, Evidence, comparison_body, rows_by_study, uncontrolled_body
from synth.certainty.grade.making import inside
from synth.certainty.grade.overrides import overrides_of
from synth.certainty.grade.rating import domains_of, levels_of, reason_of
from synth.certainty.grade.start import start_of
from synth.certainty.grade.types import DomainRating, Kind, Level, Override, Rating
from synth.certainty.single_patients import SinglePatients
from synth.display import TextTable, html_table
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.schemas import Table
from synth.synthesis.answers import Synthesis
from synth.synthesis.cases import CaseAnswer
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer
from synth.synthesis.outcome_answers import OutcomeAnswer

_COLUMNS = ("about", "outcome", "certainty", "could fall to", "starts", "judged by", "reason")
_DOMAIN_COLUMNS = ("about", "outcome", "domain", "steps", "suggestion", "facts", "rule", "judgement")


@dataclass(frozen=True, repr=False)
class Certainty:
    """The ratings of a review."""

    ratings: tuple[Rating, ...]

    def of(self, about: str, outcome: str) -> Rating:
        """The rating of an outcome after a procedure, or of a comparison (its outcome is the event that it counts).

        Parameters
        ----------
        about, outcome : str
            Ids of the protocol.

        Raises
        ------
        MethodError
            If that is not rated.
        """
        for item in self.ratings:
            if (item.about_id, item.outcome_id) == (about, outcome):
                return item
        known = ", ".join(f"{item.about_id} / {item.outcome_id}" for item in self.ratings) or "none"
        raise MethodError(f"no rating of {about} / {outcome}; there are: {known}")

    @property
    def moved(self) -> tuple[str, ...]:
        """A sentence for each judgement to be looked at again; see `Rating.to_look_at`."""
        return tuple(sentence for rating in self.ratings for sentence in rating.to_look_at)

    def table(self) -> pd.DataFrame:
        """One row a rating."""
        rows = [
            (
                *(item.about, item.outcome, str(item.level)),
                str(item.lowest) if item.rated and not item.settled else "-",
                str(item.start) if item.rated else "-",
                *(item.judged_by or "-", item.reason),
            )
            for item in self.ratings
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=str)

    def show_domains(self) -> TextTable:
        """One row a domain: what counts, what was suggested from which facts by which rule, and who judged it."""
        rows = [
            (
                *(rating.about, rating.outcome, item.domain, _signed(item.steps), _suggested(item)),
                *(item.suggestion.fact_text, item.suggestion.rule.citation, _judgement(item)),
            )
            for rating in self.ratings
            for item in rating.domains
        ]
        frame = pd.DataFrame(rows, columns=list(_DOMAIN_COLUMNS), dtype=str)
        return TextTable(frame, "Certainty by domain", "Nothing is rated.")

    def __repr__(self) -> str:
        return f"Certainty({len(self.ratings)} outcomes, {sum(item.rated for item in self.ratings)} rated)"

    def _repr_html_(self) -> str:
        return html_table(self.table(), "Certainty of the evidence")


def _signed(steps: int) -> str:
    return f"{steps:+d}" if steps else "0"


def _suggested(item: DomainRating) -> str:
    suggestion = item.suggestion
    if suggestion.settled:
        return f"{_signed(suggestion.least)}: {suggestion.reason}"
    between = f"{_signed(suggestion.least)} to {_signed(suggestion.most)}"
    given = "a person decides" if suggestion.steps is None else f"{_signed(suggestion.steps)} for now"
    return f"{given}, {between}: {suggestion.reason}"


def _judgement(item: DomainRating) -> str:
    kept = item.override
    if kept is None:
        return item.not_counted or "-"
    said = f"{_signed(kept.steps)} by {kept.name}, {kept.date}: {kept.reason}"
    return f"{said} {item.moved_sentence}".strip()


def rate(
    protocol: Protocol,
    synthesis: Synthesis,
    risk_of_bias: Appraised | None = None,
    overrides: Table | Iterable[Override] = (),
    *,
    studies: pd.DataFrame | None = None,
    cases: tuple[CaseAnswer, ...] = (),
) -> Certainty:
    """Ratings of the outcomes after the procedures that the protocol has rated, and of the planned comparisons.

    Parameters
    ----------
    protocol : Protocol
    synthesis : Synthesis
    risk_of_bias : RiskOfBias, optional
        None where no study was appraised.
    overrides : Table or iterable of Override
        certainty/grade.csv, or its judgements.
    studies : DataFrame, optional
        Rows of studies.csv. Without them no design was seen, and every comparison starts low.
    cases : tuple of CaseAnswer, optional
        What single patients show: those whose figures contradict each other are not rated, and those of cases.csv are.

    Raises
    ------
    MethodError
        If the table has a fault, two judgements are of one domain, or a planned information size cannot be computed.
    """
    kept = overrides_of(overrides, protocol) if isinstance(overrides, Table) else tuple(overrides)
    allocation = protocol.certainty.grade.allocation
    if allocation is not None and studies is not None and allocation.column not in studies.columns:
        known = ", ".join(item.column for item in protocol.moderators) or "none is declared"
        raise MethodError(f"allocation: {allocation.column!r} is no column of studies.csv; moderators: {known}")
    evidence = Evidence(protocol, synthesis, risk_of_bias, rows_by_study(studies))
    return Certainty((*_uncontrolled(evidence, kept, SinglePatients(protocol, cases)), *_comparisons(evidence, kept)))


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """What is rated."""

    kind: Kind
    about_id: str
    about: str
    outcome_id: str
    outcome: str
    answers: tuple[Answer, ...] = ()
    comparison: ComparisonAnswer | None = None

    def rating(
        self,
        start: Level,
        start_reason: str,
        domains: tuple[DomainRating, ...],
        levels: tuple[Level, Level],
        reason: str,
    ) -> Rating:
        level, lowest = levels
        return Rating(
            kind=self.kind,
            about_id=self.about_id,
            about=self.about,
            outcome_id=self.outcome_id,
            outcome=self.outcome,
            start=start,
            start_reason=start_reason,
            domains=domains,
            level=level,
            lowest=lowest,
            reason=reason,
            answers=self.answers,
            comparison=self.comparison,
        )


def _uncontrolled(evidence: Evidence, overrides: tuple[Override, ...], patients: SinglePatients) -> Iterator[Rating]:
    protocol = evidence.protocol
    plan = protocol.certainty.grade
    for item in map(patients.outcome, evidence.synthesis.outcomes):
        procedure, outcome = protocol.procedure(item.procedure), protocol.outcome(item.outcome)
        if procedure.role in plan.procedures and plan.rates(outcome.id, outcome.role):
            subject = _Subject(
                kind="uncontrolled",
                about_id=procedure.id,
                about=procedure.label,
                outcome_id=outcome.id,
                outcome=outcome.label,
                answers=item.answers,
            )
            without = " ".join([_no_evidence(item), *patients.left_out(item.procedure, item.outcome)])
            yield _rating(subject, uncontrolled_body(item, evidence), without, overrides, protocol)


def _comparisons(evidence: Evidence, overrides: tuple[Override, ...]) -> Iterator[Rating]:
    protocol = evidence.protocol
    for item in evidence.synthesis.comparisons:
        plan = item.comparison
        treated, control = protocol.procedure(plan.treated), protocol.procedure(plan.control)
        subject = _Subject(
            kind="comparison",
            about_id=plan.id,
            about=f"{treated.label} against {inside(control.label)}",
            outcome_id=plan.event,
            outcome=plan.label,
            comparison=item,
        )
        reason = "There is no evidence to rate: no study compares the two."
        if item.counts:
            reason = f"Not rated: {no_effect_computed(item)}. {counts_seen(item, treated.label, control.label)}"
        yield _rating(subject, comparison_body(item, evidence), reason, overrides, protocol)


def _rating(
    subject: _Subject, body: Body | None, no_evidence: str, overrides: Iterable[Override], protocol: Protocol
) -> Rating:
    """The rating of a body; "not rated" without one, never "very low" (rule 22 of the methods)."""
    own = tuple(item for item in overrides if (item.about, item.outcome) == (subject.about_id, subject.outcome_id))
    none = Level.NOT_RATED
    if body is None:
        unused = [item.nothing_to_rest_on for item in own]
        rating = subject.rating(none, no_evidence, (), (none, none), " ".join([no_evidence, *unused]))
        return replace(rating, unused=own)
    start = start_of(body, protocol.certainty.grade)
    domains = domains_of(body, own)
    reason = f"{start.reason} ({start.rule.source})"
    return subject.rating(start.level, reason, domains, levels_of(start.level, domains), reason_of(start, domains))


def _no_evidence(item: OutcomeAnswer) -> str:
    """Why there is nothing to rate, in the words of what was and was not seen."""
    series = [series for answer in item.answers for series in answer.series if series.role == "synthesis"]
    if any(one.stated_direction for one in series):
        why = "a direction is stated in words in one report, and no figure stands behind it."
    elif any(one.summary.followup_mean is not None or one.followup_range is not None for one in series):
        why = "figures after treatment were seen, and none before it to compare with."
    elif series:
        why = "figures before treatment only were seen."
    else:
        why = "no usable figure was seen."
    return f"There is no evidence to rate: {why}"
