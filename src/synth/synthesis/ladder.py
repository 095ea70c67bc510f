"""From thin evidence to an honest number: which result the evidence for one outcome allows, and why.

The rungs, lowest first: nothing extracted; single cases; figures without an interval; one series; series side by side;
a random-effects pool. A refusal to pool is a result with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from synth.effects.estimate import Effect
from synth.extraction.overlap import Overlap
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.results import PooledEffect
from synth.synthesis.series import Series

#: Independent estimates from which a pool is the main result, and from which it stands without a flag (rule 13).
POOL_FROM = 3
PLAIN_FROM = 5


class Rung(StrEnum):
    """What the evidence for one procedure, outcome and instrument allows."""

    NOTHING = "nothing extracted"
    CASES = "single cases"
    DESCRIBED = "figures without an interval"
    ONE_SERIES = "one series"
    SIDE_BY_SIDE = "series side by side"
    POOLED = "random-effects pool"


@dataclass(frozen=True)
class Answer:
    """What is known of one outcome, by one instrument, after one procedure.

    Attributes
    ----------
    procedure, outcome : str
        Ids of the protocol.
    instrument : str
        Id of the protocol; empty where no instrument gave a figure.
    rung : Rung
    reason : str
        Why this rung and none above, in a sentence or two.
    series : tuple of Series
        Every row of this procedure, outcome and instrument, whatever its role.
    pooled : PooledEffect or None
        The pool where there is one.
    sensitivity_only : bool
        Whether the pool is a sensitivity analysis beside the series and not the main result.
    overlaps : tuple of Overlap
        Pairs whose patients may be the same.
    """

    procedure: str
    outcome: str
    instrument: str
    rung: Rung
    reason: str
    series: tuple[Series, ...]
    pooled: PooledEffect | None = None
    sensitivity_only: bool = False
    overlaps: tuple[Overlap, ...] = ()

    @property
    def changes(self) -> tuple[Series, ...]:
        """The eligible series that show a change in more than one patient."""
        return tuple(item for item in self.series if _is_change(item) and not item.single_patient)

    @property
    def cases(self) -> tuple[Series, ...]:
        """The eligible single patients that show a change."""
        return tuple(item for item in self.series if _is_change(item) and item.single_patient)

    @property
    def estimates(self) -> tuple[Effect, ...]:
        """The eligible changes that have a standard error."""
        return tuple(item.effect for item in self.changes if item.effect and item.effect.standard_error is not None)


def _is_change(item: Series) -> bool:
    return item.role == "synthesis" and item.effect is not None


def climb(
    procedure: str, outcome: str, instrument: str, series: Sequence[Series], overlaps: Iterable[Overlap]
) -> Answer:
    """The highest rung that the series of one procedure, outcome and instrument reach.

    Parameters
    ----------
    procedure, outcome, instrument : str
        What the series have in common.
    series : sequence of Series
        May be empty.
    overlaps : iterable of Overlap
        Between studies of this procedure; those between studies with an estimate block a pool (rule 12).
    """
    answer = Answer(procedure, outcome, instrument, Rung.NOTHING, "", tuple(series))
    estimates = answer.estimates
    studies = {effect.study_id for effect in estimates}
    blocking = tuple(pair for pair in overlaps if pair.first in studies and pair.second in studies)

    def at(rung: Rung, reason: str, pooled: PooledEffect | None = None, *, sensitivity_only: bool = False) -> Answer:
        return Answer(procedure, outcome, instrument, rung, reason, tuple(series), pooled, sensitivity_only, blocking)

    if not answer.changes and not answer.cases:
        return at(*_without_change(answer))
    if not answer.changes:
        return at(Rung.CASES, f"Only single patients ({len(answer.cases)}): no mean, no interval, no rate.")
    if not estimates:
        return at(Rung.DESCRIBED, "No standard error was printed and none follows from the printed figures.")
    if len(estimates) == 1:
        return at(Rung.ONE_SERIES, "One series has a change with a standard error; one series is not pooled.")
    if blocking:
        reason = "; ".join(str(pair) for pair in blocking)
        return at(Rung.SIDE_BY_SIDE, f"Not pooled: the patients may be the same people ({reason}).")
    if len(estimates) < POOL_FROM:
        reason = "Two independent series: both are shown; their pool is a sensitivity analysis only."
        return at(Rung.SIDE_BY_SIDE, reason, pool_random_effects(estimates), sensitivity_only=True)
    flag = "" if len(estimates) >= PLAIN_FROM else " With fewer than five the spread between series is hardly known."
    reason = f"{len(estimates)} independent series with a standard error.{flag}"
    return at(Rung.POOLED, reason, pool_random_effects(estimates))


def _without_change(answer: Answer) -> tuple[Rung, str]:
    usable = [item for item in answer.series if item.role == "synthesis"]
    if any(item.summary.followup_mean is not None for item in usable):
        return Rung.DESCRIBED, "A figure after treatment was seen, and none before it to compare with."
    if usable:
        return Rung.NOTHING, "Figures before treatment only; the figures after it were not seen."
    if answer.series:
        return Rung.NOTHING, "Figures only in sources that do not enter the synthesis."
    return Rung.NOTHING, "No figure was seen in any source that could be read."
