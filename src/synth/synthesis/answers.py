"""All answers of a review: one for each procedure, outcome and instrument, the counts, and the planned comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from synth.display import TextTable, html_table
from synth.errors import MethodError
from synth.extraction import Extraction
from synth.extraction.eligibility import Standing, standings
from synth.extraction.overlap import Overlap, Total, add_up, possible_overlaps
from synth.protocol import Protocol
from synth.records import Records
from synth.schemas import number
from synth.synthesis.assumption_tables import assumptions
from synth.synthesis.comparisons import ComparisonAnswer, compare
from synth.synthesis.counts import Count, count_of
from synth.synthesis.ladder import Answer, climb
from synth.synthesis.outcome_answers import OutcomeAnswer, outcome_answers
from synth.synthesis.proportions import ProportionAnswer, proportions_of
from synth.synthesis.proportions.shown import proportions_table
from synth.synthesis.sensitivity import Pools, pools_of
from synth.synthesis.sensitivity_fits import ModeratorColumn
from synth.synthesis.series import Series, series_of


@dataclass(frozen=True)
class Studied:
    """What was studied of one procedure: eligible arms, how many patients and hips, and who may be counted twice.

    Attributes
    ----------
    procedure : str
    arms : DataFrame
        Arms whose study enters the synthesis.
    direction_only, annex : DataFrame
        Arms that do not.
    patients, hips : Total
        Over `arms`.
    overlaps : tuple of Overlap
        Between studies of `arms`.
    """

    procedure: str
    arms: pd.DataFrame
    direction_only: pd.DataFrame
    annex: pd.DataFrame
    patients: Total
    hips: Total
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, repr=False)
class Synthesis:
    """Results of a review.

    Attributes
    ----------
    roles : dict of Standing
        Role of each study, by study id.
    studied : dict of Studied
        By procedure id.
    answers : tuple of Answer
        In the order of the protocol: procedure, outcome, instrument.
    counts : tuple of Count
        In the order of events.csv.
    comparisons : tuple of ComparisonAnswer
    moderators : tuple of ModeratorColumn
        Those of the protocol that are analysed.
    """

    protocol: Protocol
    roles: dict[str, Standing]
    studied: dict[str, Studied]
    answers: tuple[Answer, ...]
    counts: tuple[Count, ...]
    arm_procedures: dict[tuple[str, str], str]
    comparisons: tuple[ComparisonAnswer, ...]
    moderators: tuple[ModeratorColumn, ...] = ()

    @cached_property
    def pools(self) -> Pools:
        """Every pool with what it hangs on; each check is computed when it is asked for."""
        return pools_of(self.protocol, self.answers, self.comparisons, self.moderators)

    @cached_property
    def proportions(self) -> tuple[ProportionAnswer, ...]:
        """What is known of each event after each procedure, by what was counted."""
        return proportions_of(self)

    @cached_property
    def outcomes(self) -> tuple[OutcomeAnswer, ...]:
        """What is known of each outcome after each procedure, over all instruments and shares."""
        return tuple(outcome_answers(self))

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def answer(self, procedure: str, outcome: str, instrument: str = "") -> Answer:
        """The answer for a procedure and outcome; the instrument may be left out where one has figures.

        Raises
        ------
        MethodError
            If there is none, or several instruments have figures.
        """
        found = [
            item
            for item in self.answers
            if (item.procedure, item.outcome) == (procedure, outcome) and instrument in ("", item.instrument)
        ]
        with_series = [item for item in found if item.series] or found
        if len(with_series) > 1:
            # An instrument with estimates is meant rather than one with baseline figures alone.
            with_series = [item for item in with_series if item.estimates] or with_series
        if len(with_series) != 1:
            known = ", ".join(f"{item.procedure} / {item.outcome} / {item.instrument or '-'}" for item in self.answers)
            asked = f"{procedure} / {outcome} / {instrument or 'any instrument'}"
            raise MethodError(f"{len(with_series)} answers for {asked}; there are: {known}")
        return with_series[0]

    def outcome(self, procedure: str, outcome: str) -> OutcomeAnswer:
        """What is known of one outcome after one procedure, over all instruments and shares.

        Raises
        ------
        MethodError
            If the protocol has no such procedure or outcome, or the procedure is a comparator.
        """
        for item in self.outcomes:
            if (item.procedure, item.outcome) == (procedure, outcome):
                return item
        known = ", ".join(f"{item.procedure} / {item.outcome}" for item in self.outcomes) or "none"
        raise MethodError(f"no outcome {outcome!r} after {procedure!r}; there are: {known}")

    def comparison(self, identifier: str) -> ComparisonAnswer:
        """A planned comparison by its id.

        Raises
        ------
        MethodError
            If the protocol plans none of that id.
        """
        for item in self.comparisons:
            if item.comparison.id == identifier:
                return item
        known = ", ".join(item.comparison.id for item in self.comparisons) or "none"
        raise MethodError(f"no comparison {identifier!r} is planned; there are: {known}")

    def counts_of(self, procedure: str) -> tuple[Count, ...]:
        """The counts in arms of a procedure."""
        return tuple(item for item in self.counts if self.arm_procedures[(item.study_id, item.arm_id)] == procedure)

    def table(self) -> pd.DataFrame:
        """One row an answer: procedure, outcome, instrument, rung and reason."""
        rows = [
            {
                "procedure": self.protocol.procedure(item.procedure).label,
                "outcome": self.protocol.outcome(item.outcome).label,
                "instrument": item.instrument or "none",
                "series": len(item.changes),
                "with interval": len(item.estimates),
                "rung": str(item.rung),
                "reason": item.reason,
            }
            for item in self.answers
        ]
        columns = ["procedure", "outcome", "instrument", "series", "with interval", "rung", "reason"]
        return pd.DataFrame(rows, columns=columns)

    def show_changes(self) -> TextTable:
        """Every change from before to after, eligible or not, for a notebook."""
        rows = [
            _change_row(self.protocol, answer, item) for answer in self.answers for item in answer.series if item.effect
        ]
        empty = "No change from before to after was extracted."
        return TextTable(pd.DataFrame(rows), "Changes from before to after", empty)

    def show_assumptions(self) -> TextTable:
        """The eligible changes whose interval was derived, under each assumption of the grid, for a notebook."""
        return assumptions(self.protocol, self.answers)

    def show_proportions(self) -> TextTable:
        """What is known of each event after each procedure, for a notebook."""
        return proportions_table(self.protocol, self.proportions)

    def show_counts(self) -> TextTable:
        """Every count with its exact interval or the reason why it has none, for a notebook."""
        rows = [
            {
                "study": f"{item.study_id}/{item.arm_id}",
                "role": item.role,
                "event": item.event,
                "count": f"{item.events} of {item.total} {item.unit_of_analysis}",
                "proportion": item.reason or str(item.proportion),
            }
            for item in self.counts
        ]
        return TextTable(pd.DataFrame(rows), "Counts", "No count was extracted.")

    def __repr__(self) -> str:
        return f"Synthesis({len(self.answers)} answers, {len(self.counts)} counts, {len(self.comparisons)} comparisons)"

    def _repr_html_(self) -> str:
        parts = [html_table(self.table(), "What the evidence allows, by procedure and outcome")] if self.answers else []
        for item in self.comparisons:
            shown = f"{item.comparison.label}: {item.reason}"
            parts.append(item.pooled._repr_html_() if item.pooled is not None else shown)
        return "".join(parts)


def synthesise(protocol: Protocol, extraction: Extraction, records: Records) -> Synthesis:
    """Every answer that the evidence of a review allows.

    Raises
    ------
    MethodError
        If a planned comparison cannot be made on the counts (for instance, arms that count different things).
    """
    roles = standings(extraction.studies, protocol.eligibility)
    arms = extraction.arms
    procedures = {(str(arm["study_id"]), str(arm["arm_id"])): str(arm["procedure"]) for _, arm in arms.iterrows()}
    studied = {item.id: _studied(item.id, protocol, extraction, records, roles) for item in protocol.procedures}
    all_series = [
        series_of(row, extraction, protocol, roles[str(row["study_id"])].role)
        for _, row in extraction.outcomes.iterrows()
    ]
    arm_rows = {(str(arm["study_id"]), str(arm["arm_id"])): arm for _, arm in arms.iterrows()}
    counts = tuple(
        count_of(row, arm_rows[(str(row["study_id"]), str(row["arm_id"]))], protocol, roles[str(row["study_id"])].role)
        for _, row in extraction.events.iterrows()
    )
    answers = [
        answer
        for procedure in protocol.procedures
        if procedure.role != "comparator"
        for answer in _answers(procedure.id, protocol, all_series, procedures, studied[procedure.id].overlaps)
    ]
    comparisons = tuple(compare(item, extraction, records, protocol, roles) for item in protocol.synthesis.comparisons)
    moderators = tuple(_moderators(protocol, extraction))
    return Synthesis(protocol, roles, studied, tuple(answers), counts, procedures, comparisons, moderators)


def _moderators(protocol: Protocol, extraction: Extraction) -> Iterator[ModeratorColumn]:
    names = [str(study) for study in extraction.studies["study_id"]]
    for item in protocol.moderators:
        if item.analyse:
            texts = extraction.studies[item.column]
            numbers = number(extraction.studies, item.column) if item.kind == "number" else texts
            values = {
                name: None if text == "" else value for name, text, value in zip(names, texts, numbers, strict=True)
            }
            yield ModeratorColumn(item.column, item.label, item.kind, item.unit, values)


def _studied(
    procedure: str, protocol: Protocol, extraction: Extraction, records: Records, roles: dict[str, Standing]
) -> Studied:
    arms = extraction.arms[extraction.arms["procedure"] == procedure]
    role = arms["study_id"].map(lambda study: roles[study].role)
    eligible = arms[role == "synthesis"]
    trust = protocol.synthesis.overlap == "declared"
    overlaps = tuple(possible_overlaps(eligible, extraction.studies, records, trust_declared=trust))
    return Studied(
        procedure,
        eligible,
        arms[role == "direction only"],
        arms[role == "annex"],
        add_up(eligible, "n_patients", overlaps),
        add_up(eligible, "n_hips", overlaps),
        overlaps,
    )


def _change_row(protocol: Protocol, answer: Answer, item: Series) -> dict[str, str]:
    assert item.effect is not None
    interval = item.effect.interval
    return {
        "procedure": protocol.procedure(answer.procedure).label,
        "outcome": f"{protocol.outcome(item.outcome).label} ({item.instrument})",
        "study": f"{item.study_id}/{item.arm_id}",
        "role": item.role,
        "n": "not seen" if item.summary.n is None else f"{item.summary.n} ({item.summary.unit_of_analysis})",
        "change": f"{item.effect.estimate:+.1f} {item.summary.unit}",
        f"{100 * item.effect.level:g}% interval": "none"
        if interval is None
        else f"{interval[0]:.1f} to {interval[1]:.1f}",
        "remarks": "; ".join(item.effect.marks) or "none",
    }


def _answers(
    procedure: str,
    protocol: Protocol,
    all_series: list[Series],
    procedures: dict[tuple[str, str], str],
    overlaps: tuple[Overlap, ...],
) -> Iterator[Answer]:
    own = [item for item in all_series if procedures[(item.study_id, item.arm_id)] == procedure]
    for outcome in protocol.outcomes:
        here = [item for item in own if item.outcome == outcome.id]
        instruments = [name for name in outcome.instruments if any(item.instrument == name for item in here)]
        if not instruments:
            yield climb(procedure, outcome.id, "", (), overlaps, protocol.synthesis)
        for name in instruments:
            series = [item for item in here if item.instrument == name]
            yield climb(procedure, outcome.id, name, series, overlaps, protocol.synthesis)
