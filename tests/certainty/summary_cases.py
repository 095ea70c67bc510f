"""Invented evidence and invented ratings for the summary of findings; nothing here comes from a real study."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from synth.certainty.grade.rules import Rule
from synth.certainty.grade.types import DomainRating, Level, Override, Rating, Suggestion
from synth.protocol import Protocol
from synth.synthesis.answers import Synthesis, synthesise
from synth.synthesis.comparisons import ComparisonAnswer

sys.path.append(str(Path(__file__).resolve().parents[1] / "synthesis"))
from evidence_patterns import PROTOCOL, Event, Row, evidence

__all__ = ["Event", "Row", "comparison_rating", "domain", "protocol_of", "rating_of", "synthesised", "two_arms"]

DIFFERENCE = {
    "thresholds": [
        {
            "value": 15,
            "method": "invented anchor",
            "population": "invented people with another complaint",
            "source": "DOI:10.0000/invented",
            "locator": "table 2",
        }
    ],
    "chosen": {"value": 15, "source": "DOI:10.0000/invented", "reason": "Invented."},
}


def protocol_of(
    *,
    difference: bool = False,
    better: str | None = "higher",
    measures: Sequence[str] = (),
    outcomes: Sequence[dict[str, object]] = (),
    **plan: object,
) -> Protocol:
    """The invented protocol: with an important difference, another direction, or comparisons of the event "tear"."""
    document: dict[str, Any] = json.loads(json.dumps(PROTOCOL))
    scale = document["instruments"][0]
    scale["better"] = better
    if difference:
        scale.update(DIFFERENCE)
    for event in document["events"]:
        if event["id"] == "content":
            event["outcome"] = "comfort"
    document["outcomes"].extend(outcomes)
    document["synthesis"].update(plan)
    document["synthesis"]["comparisons"] = [
        {
            "id": measure.lower(),
            "label": "Tear of a rope",
            "event": "tear",
            "measure": measure,
            "treated": "knot",
            "control": "none",
            "fewer_is_better": True,
        }
        for measure in measures
    ]
    return Protocol.model_validate_json(json.dumps(document))


def synthesised(protocol: Protocol, rows: Iterable[Row], events: Sequence[Event] = ()) -> Synthesis:
    """The synthesis of some rows."""
    extraction, records = evidence(*rows, events=events)
    return synthesise(protocol, extraction, records)


def domain(
    name: str,
    steps: int = 0,
    *,
    least: int | None = None,
    most: int | None = None,
    override: tuple[int, str, str] | None = None,
    moved: bool = False,
) -> DomainRating:
    """An invented domain; `override` is steps, reason and name of a person."""
    low, high = steps if least is None else least, steps if most is None else most
    suggestion = Suggestion(
        domain=name,
        steps=steps if low == high else None,
        least=low,
        most=high,
        reason=f"Invented reason for {name}",
        facts=(),
        rule=Rule("invented", "invented source", "https://example.org"),
    )
    if override is None:
        return DomainRating(domain=name, suggestion=suggestion, steps=steps)
    given, reason, person = override
    judged = Override(
        about="knot",
        outcome="comfort",
        domain=name,
        steps=given,
        reason=reason,
        fact="invented fact",
        name=person,
        date="2026-01-02",
    )
    return DomainRating(domain=name, suggestion=suggestion, override=judged, moved=moved, steps=given)


def rating_of(
    synthesis: Synthesis,
    level: Level,
    *domains: DomainRating,
    outcome: str = "comfort",
    procedure: str = "knot",
    lowest: Level | None = None,
    reason: str = "Invented reason.",
) -> Rating:
    """An invented rating of an outcome after a procedure."""
    protocol = synthesis.protocol
    return Rating(
        kind="uncontrolled",
        about_id=procedure,
        about=protocol.procedure(procedure).label,
        outcome_id=outcome,
        outcome=protocol.outcome(outcome).label,
        start=Level.NOT_RATED if level is Level.NOT_RATED else Level.LOW,
        start_reason="Invented start",
        domains=domains,
        level=level,
        lowest=level if lowest is None else lowest,
        reason=reason,
        answers=tuple(item for item in synthesis if (item.procedure, item.outcome) == (procedure, outcome)),
    )


def comparison_rating(
    answer: ComparisonAnswer | None, level: Level, *domains: DomainRating, lowest: Level | None = None
) -> Rating:
    """An invented rating of a comparison."""
    return Rating(
        kind="comparison",
        about_id="rr" if answer is None else answer.comparison.id,
        about="Knot against Nothing",
        outcome_id="tear",
        outcome="Tear of a rope",
        start=Level.NOT_RATED if level is Level.NOT_RATED else Level.HIGH,
        start_reason="Invented start",
        domains=domains,
        level=level,
        lowest=level if lowest is None else lowest,
        reason="Invented reason.",
        comparison=answer,
    )


def two_arms(
    study: str, treated: int, control: int, total: int = 50, *, authors: tuple[str, ...] | None = None
) -> tuple[list[Row], list[Event]]:
    """An invented study of two arms of one size that count the event "tear"."""
    rows = [
        Row(study, arm="T", patients=total, authors=authors),
        Row(study, arm="C", procedure="none", patients=total, authors=authors),
    ]
    return rows, [Event(study, "tear", treated, total, arm="T"), Event(study, "tear", control, total, arm="C")]
