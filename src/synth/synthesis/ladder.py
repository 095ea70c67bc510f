"""From thin evidence to an honest number: which result the evidence for one outcome allows, and why.

The rungs, lowest first: nothing extracted; no usable figure; single cases; figures without an interval; proportions
only; one series; synthesis without meta-analysis; series side by side; a random-effects pool. A refusal to pool is a
result with its reason. From how many series on a rung stands is data of the protocol, which may only be stricter than
the method rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from synth.effects.estimate import Effect
from synth.extraction.overlap import Overlap
from synth.protocol import Synthesis as Plan
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.results import PooledEffect
from synth.synthesis.series import Series

#: Independent estimates from which a pool is the main result, and from which it stands without a flag (rule 13).
POOL_FROM = 3
PLAIN_FROM = 5


class Rung(StrEnum):
    """What the evidence for one procedure, outcome and instrument allows."""

    NOTHING = "nothing extracted"
    UNUSABLE = "no usable figure"
    CASES = "single cases"
    DESCRIBED = "figures without an interval"
    PROPORTIONS = "proportions only"
    ONE_SERIES = "one series"
    SWIM = "synthesis without meta-analysis"
    SIDE_BY_SIDE = "series side by side"
    POOLED = "random-effects pool"


#: Lowest first.
ORDER = tuple(Rung)

#: Rungs on which nothing is known of what came after a procedure.
WITHOUT_RESULT = (Rung.NOTHING, Rung.UNUSABLE)


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
    def directed(self) -> tuple[Series, ...]:
        """The eligible series of more than one patient whose direction was seen, in figures or in words."""
        return tuple(item for item in self.series if _has_direction(item) and not item.single_patient)

    @property
    def estimates(self) -> tuple[Effect, ...]:
        """The eligible changes that have a standard error."""
        return tuple(item.effect for item in self.changes if item.effect and item.effect.standard_error is not None)

    @property
    def beside(self) -> str:
        """What the estimates leave out, in a sentence; empty where they leave out nothing."""
        silent, cases = len(self.changes) - len(self.estimates), len(self.cases)
        parts = [
            f"{silent} series without a standard error" if silent else "",
            f"{cases} single patient{'' if cases == 1 else 's'}" if cases else "",
        ]
        shown = " and ".join(filter(None, parts))
        return f"Shown apart: {shown}." if shown else ""


def _is_change(item: Series) -> bool:
    return item.role == "synthesis" and item.effect is not None


def _has_direction(item: Series) -> bool:
    return item.role == "synthesis" and item.direction != ""


def climb(
    procedure: str,
    outcome: str,
    instrument: str,
    series: Sequence[Series],
    overlaps: Iterable[Overlap],
    plan: Plan,
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
    plan : Synthesis
        Of the protocol: estimator of tau2, interval and level of the pool.
    """
    answer = Answer(procedure, outcome, instrument, Rung.NOTHING, "", tuple(series))
    estimates = answer.estimates
    studies = {effect.study_id for effect in estimates}
    blocking = tuple(pair for pair in overlaps if pair.first in studies and pair.second in studies)

    def at(rung: Rung, reason: str, pooled: PooledEffect | None = None) -> Answer:
        only = rung is Rung.SIDE_BY_SIDE and pooled is not None
        return Answer(procedure, outcome, instrument, rung, reason, tuple(series), pooled, only, blocking)

    if len({item.study_id for item in answer.directed}) > 1:
        return _several(answer, blocking, plan, at)
    if not answer.changes and not answer.cases:
        return at(*_without_change(answer))
    if not answer.changes:
        return at(Rung.CASES, f"Only single patients ({len(answer.cases)}): no mean, no interval, no rate.")
    if not estimates:
        return at(Rung.DESCRIBED, "No standard error was printed and none follows from the printed figures.")
    return at(Rung.ONE_SERIES, _sentences(_one_study(estimates), answer.beside))


def _several(answer: Answer, blocking: Sequence[Overlap], plan: Plan, at: Callable[..., Answer]) -> Answer:
    """The rung of two and more studies with a direction: a pool where one is allowed, else their directions."""
    estimates, counted = answer.estimates, len({item.study_id for item in answer.directed})
    refused = _too_few(estimates, counted) or _not_poolable(estimates, blocking)
    if refused:
        return at(Rung.SWIM, _sentences(f"Not pooled: {refused}.", side_by_side(answer), answer.beside))
    pooled = pool_random_effects(estimates, tau2=plan.tau2, interval=plan.interval, level=plan.level)
    if len(estimates) < plan.ladder.pool_from:
        number = "Two" if len(estimates) == 2 else str(len(estimates))
        reason = f"{number} independent series: {'both' if number == 'Two' else 'all'} are shown; their pool is a "
        return at(Rung.SIDE_BY_SIDE, _sentences(f"{reason}sensitivity analysis only.", answer.beside), pooled)
    few = len(estimates) < plan.ladder.plain_from
    flag = (
        f"With fewer than {_number(plan.ladder.plain_from)} the spread between series is hardly known." if few else ""
    )
    reason = f"{len(estimates)} independent series with a standard error."
    return at(Rung.POOLED, _sentences(reason, flag, answer.beside), pooled)


def side_by_side(answer: Answer) -> str:
    """What is done with directions that give no pool, in a sentence."""
    counted = len({item.study_id for item in answer.directed})
    return f"The {counted} series are shown side by side, and their directions are counted."


def _number(count: int) -> str:
    return "five" if count == PLAIN_FROM else str(count)


def _sentences(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _too_few(estimates: Sequence[Effect], counted: int) -> str:
    """Why directions of several studies give no pool; empty where two studies have an estimate."""
    studies = len({effect.study_id for effect in estimates})
    if studies > 1:
        return ""
    having = "none has" if not studies else "one has"
    return f"of {counted} series with a direction {having} a standard error, and a pool takes two"


def _one_study(estimates: Sequence[Effect]) -> str:
    if len(estimates) == 1:
        return "One series has a change with a standard error; one series is not pooled."
    return (
        f"One study has {len(estimates)} changes with a standard error; arms and times of one study are not "
        "independent, and one study is not pooled."
    )


def _not_poolable(estimates: Sequence[Effect], blocking: Sequence[Overlap]) -> str:
    """Why estimates of several studies may not be pooled (rules 8 and 12); empty where they may."""
    if blocking:
        return f"that the patients are the same people cannot be excluded ({'; '.join(str(pair) for pair in blocking)})"
    studies = [effect.study_id for effect in estimates]
    repeated = sorted({study for study in studies if studies.count(study) > 1})
    if repeated:
        return f"arms and times of one study are not independent ({', '.join(repeated)} gives several changes)"
    counted = sorted({effect.unit_of_analysis for effect in estimates})
    if len(counted) > 1 or counted == ["not stated"]:
        return f"n must count the same thing in each series ({', '.join(counted)})"
    units = sorted({effect.unit for effect in estimates})
    return f"the scores have different units ({', '.join(units)})" if len(units) > 1 else ""


def _without_change(answer: Answer) -> tuple[Rung, str]:
    usable = [item for item in answer.series if item.role == "synthesis"]
    after = [item for item in usable if item.summary.followup_mean is not None or item.followup_range is not None]
    if after and all(item.is_time for item in after):
        return (
            Rung.DESCRIBED,
            "A time was seen: it has no value before treatment, and no interval.",
        )
    if after:
        return Rung.DESCRIBED, "A figure after treatment was seen, and none before it to compare with."
    if any(item.stated_direction for item in usable):
        return Rung.UNUSABLE, "A direction is stated in words; the figures behind it were not seen."
    if usable:
        return Rung.UNUSABLE, "Figures before treatment only; no mean after it was seen."
    if any(item.role == "direction only" for item in answer.series):
        return Rung.UNUSABLE, "Figures only in sources that are used for directions and give no estimate."
    if answer.series:
        return Rung.UNUSABLE, "Figures only in sources that do not enter the synthesis."
    return Rung.NOTHING, "No figure was seen in any source that could be read."
