"""Directions of a planned comparison of two arms, counted; here, and only here, with a sign test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.display import TextTable, html_list, html_table
from synth.synthesis.swim.answer import rows_table, shown
from synth.synthesis.swim.by_study import StudyDirection, direction_rows
from synth.synthesis.swim.rows import Direction, Reported, Status, is_better, ordered
from synth.synthesis.swim.votes import Vote, vote_of
from synth.synthesis.swim.words import shared_limits, vote_sentences

if TYPE_CHECKING:
    import pandas as pd

    from synth.effects.binary import TwoArmCounts
    from synth.protocol import Synthesis as Plan
    from synth.synthesis.comparisons import ComparisonAnswer


@dataclass(frozen=True, kw_only=True, repr=False)
class SwimComparison:
    """What the directions of a planned comparison come to.

    Attributes
    ----------
    comparison : ComparisonAnswer
    rows : tuple of Reported
        One a study; the direction is that of the risk in the treated arm against the control arm.
    vote : Vote
    """

    comparison: ComparisonAnswer
    rows: tuple[Reported, ...]
    vote: Vote

    @property
    def reason(self) -> str:
        """Why there is a pool beside it, or none."""
        return self.comparison.reason

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the count of directions says."""
        return tuple(vote_sentences(self.vote))

    @property
    def limits(self) -> tuple[str, ...]:
        """What limits it, as far as the data say; without a direction there is nothing to limit."""
        return tuple(self._limits()) if self.vote.groups else ()

    def _limits(self) -> Iterator[str]:
        yield "A direction says nothing of size or precision: a small study counts as much as a large one."
        yield from shared_limits(self.vote)
        silent = [item.study_id for item in self.rows if not item.verdict]
        if silent:
            yield f"No direction, since everybody or nobody had the event: {', '.join(silent)}."

    def direction_rows(self, names: Mapping[str, str] | None = None) -> tuple[StudyDirection, ...]:
        """One plain row a study; `names` by study id."""
        plan = self.comparison.comparison
        against = f"{plan.treated} against {plan.control}"
        return direction_rows(self.rows, procedure_label=against, outcome_label=plan.label, names=names)

    def harvest_rows(self, names: Mapping[str, str] | None = None) -> tuple[StudyDirection, ...]:
        """One plain row for each study that gives a direction."""
        return tuple(item for item in self.direction_rows(names) if item.verdict)

    def table(self) -> pd.DataFrame:
        """One row a study, every attribute a column, with the verdict."""
        return rows_table(self.rows)

    def show(self, names: Mapping[str, str] | None = None) -> TextTable:
        """As text, for a notebook; `names` by study id."""
        return TextTable(shown(self.rows, names), self._caption, "No study compares the two.")

    @property
    def _caption(self) -> str:
        return f"{self.comparison.comparison.label}: direction of the risk in the treated arm"

    def __repr__(self) -> str:
        return f"SwimComparison({self.comparison.comparison.id}: {' '.join(self.sentences)})"

    def _repr_html_(self) -> str:
        return html_table(self.show().frame, self._caption) + html_list((self.reason, *self.sentences, *self.limits))


def swim_of_comparison(
    comparison: ComparisonAnswer, plan: Plan, *, designs: Mapping[str, str] | None = None
) -> SwimComparison:
    """Count the directions of a planned comparison.

    The direction comes from the counts themselves, so that a study with an empty cell has one too.

    Parameters
    ----------
    comparison : ComparisonAnswer
    plan : Synthesis
        Of the protocol: from how many studies there is a share, and the level of its interval.
    designs : mapping of str to str, optional
        Design of each study, by study id.
    """
    rows = ordered(_row(pair, comparison, designs or {}) for pair in comparison.counts)
    # Shared people are looked for on the way to a pool only; where that way ended before, nobody looked.
    examined = comparison.pooled is not None or bool(comparison.overlaps) or len(rows) < 2
    vote = vote_of(
        rows,
        comparison.overlaps,
        kind="comparison",
        vote_from=plan.ladder.vote_from,
        level=plan.level,
        independence_known=examined,
    )
    return SwimComparison(comparison=comparison, rows=rows, vote=vote)


def _row(pair: TwoArmCounts, comparison: ComparisonAnswer, designs: Mapping[str, str]) -> Reported:
    plan = comparison.comparison
    direction = _direction(pair)
    counts = f"{pair.events_treated} of {pair.total_treated} against {pair.events_control} of {pair.total_control}"
    return Reported(
        study_id=pair.study_id,
        arm_id="",
        procedure=plan.treated,
        outcome=plan.event,
        status=Status.FIGURE,
        detail="two arms",
        what=plan.event,
        n=pair.total_treated + pair.total_control,
        unit=pair.unit_of_analysis,
        months=None,
        direction=direction,
        change=None,
        better=is_better(direction, "lower" if plan.fewer_is_better else "higher"),
        design=designs.get(pair.study_id, ""),
        single_patient=False,
        role="synthesis",
        mark="",
        seen_in="",
        source="",
        locator="",
        row=" and ".join(pair.rows),
        note=counts,
    )


def _direction(pair: TwoArmCounts) -> Direction:
    """Of the risk under treatment, in whole numbers; none where nobody, or everybody, had the event in both arms."""
    if pair.events_treated + pair.events_control in (0, pair.total_treated + pair.total_control):
        return ""
    treated = pair.events_treated * pair.total_control
    control = pair.events_control * pair.total_treated
    return "higher" if treated > control else "lower" if treated < control else "no change"
