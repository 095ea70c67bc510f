"""What is known of one outcome after one procedure, over all instruments and shares: the rung and its reason.

Scores of different instruments are never pooled: a value of one is not lent to another (rule 18 of the methods), and no
standardised change is formed, because its divisor differs from series to series. Their directions can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.synthesis.ladder import ORDER, WITHOUT_RESULT, Answer, Rung
from synth.synthesis.proportions import ProportionAnswer

if TYPE_CHECKING:
    from synth.synthesis.answers import Synthesis


@dataclass(frozen=True)
class OutcomeAnswer:
    """One outcome after one procedure.

    Attributes
    ----------
    procedure, outcome : str
        Ids of the protocol.
    rung : Rung
        The highest that the figures of any instrument, all directions together, or the shares reach.
    reason : str
        Why this rung and none above, in a sentence or more.
    answers : tuple of Answer
        By instrument; one without instrument where there is no figure.
    shares : tuple of ProportionAnswer
        Events that the protocol counts towards this outcome.
    """

    procedure: str
    outcome: str
    rung: Rung
    reason: str
    answers: tuple[Answer, ...]
    shares: tuple[ProportionAnswer, ...] = ()


def outcome_answers(synthesis: Synthesis) -> Iterator[OutcomeAnswer]:
    """Every procedure and outcome of the protocol, comparators left out, in its order."""
    protocol = synthesis.protocol
    towards = {event.id: event.outcome for event in protocol.events}
    for procedure in protocol.procedures:
        if procedure.role == "comparator":
            continue
        for outcome in protocol.outcomes:
            answers = tuple(
                item for item in synthesis.answers if (item.procedure, item.outcome) == (procedure.id, outcome.id)
            )
            shares = tuple(
                item
                for item in synthesis.proportions
                if item.procedure == procedure.id and towards[item.event] == outcome.id
            )
            rung, reason = _rung(answers, shares)
            yield OutcomeAnswer(procedure.id, outcome.id, rung, reason, answers, shares)


def _rung(answers: tuple[Answer, ...], shares: tuple[ProportionAnswer, ...]) -> tuple[Rung, str]:
    best = max(answers, key=lambda item: ORDER.index(item.rung))
    apart = _by_several_instruments(answers)
    if apart and ORDER.index(best.rung) < ORDER.index(Rung.SWIM):
        return Rung.SWIM, apart
    counted = [item for item in shares if item.standing != "no rate"]
    if counted and ORDER.index(best.rung) < ORDER.index(Rung.PROPORTIONS):
        events = ", ".join(dict.fromkeys(item.event for item in counted))
        return Rung.PROPORTIONS, f"Shares only ({events}), each with its exact interval. Scores: {best.reason}"
    told = _without_rate(shares)
    if told and best.rung in WITHOUT_RESULT:
        return Rung.UNUSABLE, f"Counted, and without a rate ({told}). Scores: {best.reason}"
    if len(answers) == 1:
        return best.rung, best.reason
    others = [f"{item.instrument}: {item.rung}" for item in answers if item is not best]
    return best.rung, f"{best.instrument}: {best.reason} Shown apart, {', '.join(others)}."


def _without_rate(shares: tuple[ProportionAnswer, ...]) -> str:
    """Eligible counts that have no rate, each with its reason; empty where there is none."""
    found = [
        f"{item.event}: {item.reason.removeprefix('No rate: ').rstrip('.')}"
        for item in shares
        if item.standing == "no rate" and any(count.role == "synthesis" for count in item.counts)
    ]
    return "; ".join(found)


def _by_several_instruments(answers: tuple[Answer, ...]) -> str:
    """Why directions of several studies, each by another instrument, are counted and not pooled; else empty."""
    with_direction = [item for item in answers if item.directed]
    studies = {series.study_id for item in with_direction for series in item.directed}
    if len(with_direction) == 1 or len(studies) == 1 or not with_direction:
        return ""
    names = ", ".join(item.instrument for item in with_direction)
    return (
        f"Not pooled: {len(studies)} series by different instruments ({names}), whose scores are not pooled. "
        f"The {len(studies)} series are shown side by side, and their directions are counted."
    )
