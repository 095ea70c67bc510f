"""Synthesis without meta-analysis of one outcome after one procedure: the table, the count, the limits.

Reported by the items of SWiM (Campbell et al. 2020, BMJ 368:l6890); see `synth.synthesis.swim.items`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from synth.display import TextTable, html_list, html_table
from synth.synthesis.swim.by_study import StudyDirection, direction_rows
from synth.synthesis.swim.items import SwimItem, items_of
from synth.synthesis.swim.rows import Reported, Status, rows_of
from synth.synthesis.swim.votes import Vote, vote_of
from synth.synthesis.swim.words import limits_of, vote_sentences

if TYPE_CHECKING:
    import pandas as pd

    from synth.protocol import Protocol
    from synth.synthesis.answers import Synthesis
    from synth.synthesis.outcome_answers import OutcomeAnswer


@dataclass(frozen=True, kw_only=True, repr=False)
class SwimAnswer:
    """What the directions of one outcome after one procedure come to, over all instruments.

    Attributes
    ----------
    protocol : Protocol
        For names and plans.
    procedure, outcome : str
        Ids of the protocol.
    rung : str
        What the evidence allows, as the ladder has it.
    reason : str
        Why there is no more than that: why directions are counted.
    rows : tuple of Reported
        Every eligible report and every source used for directions only, with what it gives.
    vote : Vote
    """

    protocol: Protocol
    procedure: str
    outcome: str
    rung: str
    reason: str
    rows: tuple[Reported, ...]
    vote: Vote

    @property
    def procedure_label(self) -> str:
        """Name of the procedure."""
        return self.protocol.procedure(self.procedure).label

    @property
    def outcome_label(self) -> str:
        """Name of the outcome."""
        return self.protocol.outcome(self.outcome).label

    @property
    def seen(self) -> tuple[Reported, ...]:
        """The lines with a direction."""
        return tuple(item for item in self.rows if item.verdict)

    @cached_property
    def statuses(self) -> dict[str, Status]:
        """The most informative status of each study, in the order of the table."""
        order = list(Status)
        found: dict[str, Status] = {}
        for item in self.rows:
            found[item.study_id] = min(item.status, found.get(item.study_id, item.status), key=order.index)
        return found

    def with_status(self, status: Status) -> tuple[str, ...]:
        """Studies of that status."""
        return tuple(study for study, own in self.statuses.items() if own is status)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the count of directions says."""
        return tuple(vote_sentences(self.vote))

    @property
    def limits(self) -> tuple[str, ...]:
        """What limits it, as far as the data say; without a direction there is nothing to limit."""
        return tuple(limits_of(self)) if self.seen else ()

    def items(self, *, certainty: str = "") -> tuple[SwimItem, ...]:
        """The nine items of SWiM for this outcome alone; see `checklist` for a whole review."""
        return items_of(self.protocol, (self,), certainty=certainty)

    def direction_rows(self, names: Mapping[str, str] | None = None) -> tuple[StudyDirection, ...]:
        """One plain row a study, whether or not it gives a direction; `names` by study id."""
        labels = {"procedure_label": self.procedure_label, "outcome_label": self.outcome_label}
        return direction_rows(self.rows, **labels, names=names)

    def harvest_rows(self, names: Mapping[str, str] | None = None) -> tuple[StudyDirection, ...]:
        """One plain row for each study that gives a direction."""
        return tuple(item for item in self.direction_rows(names) if item.verdict)

    def table(self) -> pd.DataFrame:
        """One row a line of `rows`, every attribute a column, with the verdict."""
        return rows_table(self.rows)

    def show(self, names: Mapping[str, str] | None = None) -> TextTable:
        """The direction table as text, for a notebook; `names` by study id."""
        empty = f"No eligible report of {self.procedure_label.lower()}."
        return TextTable(shown(self.rows, names), self._caption, empty)

    @property
    def _caption(self) -> str:
        return f"{self.outcome_label} after {self.procedure_label.lower()}: directions as seen"

    def __repr__(self) -> str:
        return f"SwimAnswer({self.procedure} / {self.outcome}: {' '.join(self.sentences)})"

    def _repr_html_(self) -> str:
        notes = (self.reason, *self.sentences, *self.limits)
        return html_table(self.show().frame, self._caption) + html_list(notes)


def rows_table(rows: Iterable[Reported]) -> pd.DataFrame:
    """Lines of a direction table as a frame, every attribute a column, with the verdict."""
    from dataclasses import asdict, fields

    import pandas as pd  # here, so that importing the synthesis stays cheap

    columns = [*(item.name for item in fields(Reported)), "verdict"]
    return pd.DataFrame([asdict(item) | {"verdict": item.verdict} for item in rows], columns=columns)


def shown(rows: Iterable[Reported], names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Lines of a direction table as text."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    labels = names or {}
    return pd.DataFrame([_cells(item, labels.get(item.study_id, item.study_id)) for item in rows])


def _cells(item: Reported, label: str) -> dict[str, str]:
    size = "not seen" if item.n is None else f"{item.n} {_unit(item)}"
    remarks = filter(None, (item.mark, "single patient" if item.single_patient else "", item.note))
    return {
        "report": label,
        "status": item.words,
        "measured by": item.what or "-",
        "n": size,
        "months": "not seen" if item.months is None else f"{item.months:g}",
        "direction": item.direction or "-",
        "reads as": item.verdict or "-",
        "design": item.design or "not given",
        "read in": item.seen_in,
        "remarks": "; ".join(remarks) or "none",
    }


def _unit(item: Reported) -> str:
    if item.unit == "not stated":
        return "(unit not stated)"
    return item.unit.removesuffix("s") if item.n == 1 else item.unit


def swim_of(
    synthesis: Synthesis,
    *,
    designs: Mapping[str, str] | None = None,
    named: Mapping[str, Collection[str]] | None = None,
) -> tuple[SwimAnswer, ...]:
    """Directions of every outcome after every procedure, comparators left out, in the order of the protocol.

    Parameters
    ----------
    synthesis : Synthesis
    designs : mapping of str to str, optional
        Design of each study, by study id (column design of studies.csv).
    named : mapping of str to collection of str, optional
        Outcomes that each study names without a figure, by study id (`synth.extraction.named.outcomes_named`).

    Returns
    -------
    tuple of SwimAnswer
        One for each procedure and outcome, also where nothing was seen.
    """
    return tuple(
        _one(synthesis, item, rows_of(synthesis, item.procedure, item.outcome, designs, named))
        for item in synthesis.outcomes
    )


def _one(synthesis: Synthesis, item: OutcomeAnswer, rows: tuple[Reported, ...]) -> SwimAnswer:
    plan = synthesis.protocol.synthesis
    overlaps = synthesis.studied[item.procedure].overlaps
    vote = vote_of(rows, overlaps, vote_from=plan.ladder.vote_from, level=plan.level)
    return SwimAnswer(
        protocol=synthesis.protocol,
        procedure=item.procedure,
        outcome=item.outcome,
        rung=str(item.rung),
        reason=item.reason,
        rows=rows,
        vote=vote,
    )
