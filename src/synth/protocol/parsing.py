"""protocol.yml read and checked, references inside it included."""

from __future__ import annotations

from collections.abc import Iterator

from synth.errors import EvidenceError, Fault
from synth.protocol.whole import Protocol
from synth.schemas import STUDIES
from synth.yamltext import YamlText, typed


def parse_protocol(document: YamlText, review: str) -> Protocol:
    """The checked protocol of a review.

    Raises
    ------
    EvidenceError
        Every unknown, missing or ill-typed key, and every reference inside the protocol that leads nowhere.
    """
    protocol = typed(Protocol, document)
    faults = list(_references(protocol, document, review))
    if faults:
        raise EvidenceError(faults)
    return protocol


def _names(protocol: Protocol) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every name that may stand once in its list, with its key path."""
    for key in ("procedures", "outcomes", "instruments", "events", "strategies", "people"):
        for index, item in enumerate(getattr(protocol, key)):
            yield (key, index, "id"), item.id
    for index, moderator in enumerate(protocol.moderators):
        yield ("moderators", index, "column"), moderator.column
    for index, comparison in enumerate(protocol.synthesis.comparisons):
        yield ("synthesis", "comparisons", index, "id"), comparison.id
    for index, planned in enumerate(protocol.synthesis.bayesian):
        yield ("synthesis", "bayesian", index, "of"), planned.of


def _references(protocol: Protocol, document: YamlText, review: str) -> list[Fault]:
    faults: list[Fault] = []
    names: dict[tuple[str | int, ...], set[str]] = {}

    def fault(path: tuple[str | int, ...], message: str) -> None:
        dotted = ".".join(str(part) for part in path)
        faults.append(Fault(document.file, document.line_of(path), dotted, message))

    def known(path: tuple[str | int, ...], value: str, names: set[str], what: str) -> None:
        if value not in names:
            fault(path, f"{value!r} is no {what} of this protocol; expected one of: {', '.join(sorted(names))}")

    if protocol.review != review:
        fault(("review",), f"names {protocol.review!r}, but the folder is {review!r}; they must be equal")
    for path, name in _names(protocol):
        seen = names.setdefault(path[:-2], set())
        if name in seen:
            fault(path, f"{name!r} stands twice; each stands once")
        seen.add(name)
    procedures = {item.id for item in protocol.procedures}
    instruments = {item.id for item in protocol.instruments}
    events = {item.id for item in protocol.events}
    for index, step in enumerate(protocol.steps):
        for position, name in enumerate(step.procedures):
            known(("steps", index, "procedures", position), name, procedures, "procedure")
    for index, outcome in enumerate(protocol.outcomes):
        for position, name in enumerate(outcome.instruments):
            known(("outcomes", index, "instruments", position), name, instruments, "instrument")
    for index, event in enumerate(protocol.events):
        if event.harm:
            known(("events", index, "harm"), event.harm, set(protocol.harms), "entry of the harms list")
        if event.outcome:
            known(("events", index, "outcome"), event.outcome, {item.id for item in protocol.outcomes}, "outcome")
            if event.kind != "benefit":
                fault(("events", index, "outcome"), f"is for events of kind 'benefit'; this one is {event.kind!r}")
    for index, moderator in enumerate(protocol.moderators):
        if moderator.column in (*STUDIES.headings, "row"):
            message = f"{moderator.column!r} is a column already; give the moderator a name of its own"
            fault(("moderators", index, "column"), message)
    for index, comparison in enumerate(protocol.synthesis.comparisons):
        if comparison.treated == comparison.control:
            fault(("synthesis", "comparisons", index, "control"), "is the treated procedure too; two are compared")
        known(("synthesis", "comparisons", index, "treated"), comparison.treated, procedures, "procedure")
        known(("synthesis", "comparisons", index, "control"), comparison.control, procedures, "procedure")
        known(("synthesis", "comparisons", index, "event"), comparison.event, events, "event")
    allocation = protocol.certainty.grade.allocation
    if allocation is not None:
        path = ("certainty", "grade", "allocation", "column")
        known(path, allocation.column, {item.column for item in protocol.moderators}, "moderator")
    for position, name in enumerate(protocol.certainty.grade.also):
        known(("certainty", "grade", "also", position), name, {item.id for item in protocol.outcomes}, "outcome")
    pooled = instruments | {item.id for item in protocol.synthesis.comparisons}
    for index, planned in enumerate(protocol.synthesis.bayesian):
        known(("synthesis", "bayesian", index, "of"), planned.of, pooled, "comparison or instrument")
        measure = {item.id: item.measure for item in protocol.synthesis.comparisons}.get(planned.of)
        if planned.prior.measure is not None and planned.prior.measure != measure:
            found = "a change of scores" if measure is None else measure
            message = f"is a published prior for {planned.prior.measure}, but {planned.of!r} is {found}; none is lent"
            fault(("synthesis", "bayesian", index, "prior"), message)
    return faults
