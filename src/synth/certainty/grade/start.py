"""Where a body of evidence starts, by design, before any step (rule 22 of the methods)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synth.certainty.grade.body import Body
from synth.certainty.grade.rules import START_CASES, START_OTHER, START_RANDOMISED, START_SERIES, Rule
from synth.certainty.grade.types import Level
from synth.protocol.certainty import GradePlan


@dataclass(frozen=True, slots=True)
class Start:
    """The level at which a body starts, why, and by which rule."""

    level: Level
    reason: str
    rule: Rule


def start_of(body: Body, plan: GradePlan) -> Start:
    """The start of a body of evidence.

    Parameters
    ----------
    body : Body
        With at least one study.
    plan : GradePlan
        Says how comparative designs start; uncontrolled evidence does not heed it.

    Notes
    -----
    A comparison starts high only where the protocol calls every design in it randomised, systematic allocation too:
    that is a limitation of the trial and counts once, under risk of bias. One other design lets the whole start low.
    """
    if body.kind == "uncontrolled":
        if body.single_cases:
            return Start(Level.VERY_LOW, "Single patients only; case reports start very low.", START_CASES)
        reason = "Studies without a comparison start low, and the lack of one is in that start."
        return Start(Level.LOW, reason, START_SERIES)
    if all_randomised(body, plan):
        return Start(Level.HIGH, " ".join(_why_high(body, plan)), START_RANDOMISED)
    return Start(Level.LOW, " ".join(_why_low(body, plan)), START_OTHER)


def all_randomised(body: Body, plan: GradePlan) -> bool:
    """Whether the protocol calls every design of a comparison randomised."""
    starts = [plan.start_of(study.design) for study in body.studies]
    return bool(starts) and all(start is not None and start.basis == "randomised" for start in starts)


def _why_high(body: Body, plan: GradePlan) -> Iterator[str]:
    for design in dict.fromkeys(study.design for study in body.studies):
        start = plan.start_of(design)
        if start is not None:
            yield f"{design.capitalize()}: {start.reason}"
    known = [study for study in body.studies if study.random is not None]
    if known and not all(study.random for study in known):
        random = sum(bool(study.random) for study in known)
        yield (
            f"Allocation was random in {random} of {len(known)} and systematic in the others, which counts under risk "
            "of bias and not here."
        )


def _why_low(body: Body, plan: GradePlan) -> Iterator[str]:
    others = [
        study.design or "design not seen"
        for study in body.studies
        if (start := plan.start_of(study.design)) is None or start.basis != "randomised"
    ]
    counted = {design: others.count(design) for design in others}
    listed = ", ".join(f"{design}: {count}" for design, count in counted.items())
    of = f"{len(others)} of {len(body.studies)} studies"
    yield f"{of} are of a design that the protocol does not call randomised ({listed})."
