"""Judgements of people from certainty/grade.csv: checked, and set in place of suggestions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from synth.certainty.grade.kept_facts import changes, plain, read_record
from synth.certainty.grade.rules import NO_UPGRADE_RANDOMISED, NO_UPGRADE_UNCONTROLLED, OTHER_UPGRADES
from synth.certainty.grade.types import DOMAINS, DOWN, UP, DomainRating, Override, Rating, Suggestion
from synth.certainty.grade.upgrades import MOST
from synth.errors import Fault, MethodError
from synth.protocol import Protocol
from synth.schemas import Table

#: A rating as a cell writes it; a spreadsheet drops the plus.
_STEPS = re.compile(r"0|[+-]?[12]")


def rated_subjects(protocol: Protocol) -> dict[str, tuple[str, ...]]:
    """Outcomes that are rated, by the id of each rated procedure and planned comparison.

    For a comparison the outcome is its event.
    """
    plan = protocol.certainty.grade
    outcomes = tuple(item.id for item in protocol.outcomes if plan.rates(item.id, item.role))
    found = {item.id: outcomes for item in protocol.procedures if item.role in plan.procedures}
    for item in protocol.synthesis.comparisons:
        found[item.id] = tuple(dict.fromkeys((*found.get(item.id, ()), item.event)))
    return found


def grade_faults(table: Table, protocol: Protocol) -> Iterator[Fault]:
    """What is wrong in certainty/grade.csv beyond its columns: names that lead nowhere, and steps that cannot be.

    Parameters
    ----------
    table : Table
        Text cells with the line of each row.
    protocol : Protocol

    Yields
    ------
    Fault
        With file, line and column, in the order of the file.
    """
    for line, row in zip(table.lines, _rows(table), strict=True):
        for column, message in _faults_of(row, protocol):
            yield Fault(table.file, line, column, message)


def _rows(table: Table) -> list[dict[str, str]]:
    return [{str(name): str(cell) for name, cell in row.items()} for _, row in table.text.iterrows()]


def _faults_of(row: dict[str, str], protocol: Protocol) -> Iterator[tuple[str, str]]:
    subjects = rated_subjects(protocol)
    if row["about"] not in subjects:
        known = ", ".join(subjects) or "none"
        yield "about", f"{row['about']!r} is no procedure or comparison that is rated; expected one of: {known}"
    elif row["outcome"] not in subjects[row["about"]]:
        known = ", ".join(subjects[row["about"]]) or "none"
        yield "outcome", f"{row['outcome']!r} is not rated for {row['about']!r}; expected one of: {known}"
    if row["domain"] not in DOMAINS:
        yield "domain", f"{row['domain']!r} is no domain; expected one of: {', '.join(DOMAINS)}"
    elif wrong := _wrong_steps(row, protocol):
        yield "rating", wrong
    yield from _nobody(row["name"], protocol)
    for column, words in (("reason", "why the person rates so"), ("fact", "what fact_of prints")):
        if not row[column].strip():
            yield column, f"is empty; {words} is expected"


def _wrong_steps(row: dict[str, str], protocol: Protocol) -> str:
    """Why the cell of steps cannot be; empty where it can."""
    down = row["domain"] in DOWN
    expected = "0, -1 or -2" if down else "0, +1 or +2"
    if not _STEPS.fullmatch(row["rating"]) or (int(row["rating"]) > 0 if down else int(row["rating"]) < 0):
        return f"{row['rating']!r}: for {row['domain']} {expected} is expected"
    return "" if down or int(row["rating"]) == 0 else _wrong_step_up(row, protocol)


def _wrong_step_up(row: dict[str, str], protocol: Protocol) -> str:
    """Why a step up can never count, as far as the protocol alone can tell; the rest only the studies can tell."""
    compared = {item.id for item in protocol.synthesis.comparisons}
    if row["about"] not in compared:
        source = NO_UPGRADE_UNCONTROLLED.source
        return f"rates uncontrolled evidence up, which nothing allows (rule 22 of the methods; {source}); 0 is expected"
    if _only_trials(protocol):
        return (
            "rates trials up: every design that the protocol names is called randomised, and rating up is for other "
            f"studies ({NO_UPGRADE_RANDOMISED.source}); 0 is expected, or the design that is not randomised under "
            "certainty: grade: starts"
        )
    most = MOST[row["domain"]]
    if int(row["rating"]) > most:
        return f"{row['rating']!r}: for {row['domain']} at most +{most} is allowed ({OTHER_UPGRADES.source})"
    return ""


def _only_trials(protocol: Protocol) -> bool:
    """Whether the protocol calls every design that it names randomised."""
    plan = protocol.certainty
    randomised = {design for start in plan.grade.starts if start.basis == "randomised" for design in start.designs}
    named = {design for start in plan.grade.starts for design in start.designs}
    named |= {design for tool in plan.tools for design in tool.designs}
    return bool(named) and named <= randomised


def _nobody(name: str, protocol: Protocol) -> Iterator[tuple[str, str]]:
    kinds = {person.id: person.kind for person in protocol.people}
    if kinds.get(name) == "person":
        return
    people = ", ".join(person for person, kind in kinds.items() if kind == "person") or "none is listed in protocol.yml"
    found = "is software" if name in kinds else "is nobody of protocol.yml"
    yield "name", f"{name!r} {found}; only people may override a suggestion: {people}"


def overrides_of(table: Table, protocol: Protocol) -> tuple[Override, ...]:
    """The judgements of a checked table.

    Raises
    ------
    MethodError
        If the table has a fault; the message lists them all.
    """
    faults = list(grade_faults(table, protocol))
    if faults:
        raise MethodError("\n".join(map(str, faults)))
    names = {person.id: person.name for person in protocol.people}
    return tuple(
        Override(
            about=row["about"],
            outcome=row["outcome"],
            domain=row["domain"],
            steps=int(row["rating"]),
            reason=row["reason"].strip(),
            fact=plain(row["fact"]),
            name=names[row["name"]],
            date=row["date"],
            line=line,
        )
        for line, row in zip(table.lines, _rows(table), strict=True)
    )


def domain_rating(suggestion: Suggestion, overrides: Iterable[Override]) -> DomainRating:
    """A domain as it counts.

    A judgement of a person stands in place of what was computed. A step up that the rule does not allow for this body
    of evidence does not count (`DomainRating.not_counted`).

    Parameters
    ----------
    suggestion : Suggestion
    overrides : iterable of Override
        Of the same subject; at most one for each domain.

    Raises
    ------
    MethodError
        If two judgements of one domain stand beside each other.
    """
    own = [item for item in overrides if item.domain == suggestion.domain]
    if len(own) > 1:
        lines = " and ".join(str(item.line) for item in own)
        raise MethodError(f"{own[0].about}, {own[0].outcome}, {own[0].domain}: judged twice (lines {lines})")
    if not own:
        return DomainRating(domain=suggestion.domain, suggestion=suggestion, steps=suggestion.steps or 0)
    (kept,) = own
    if suggestion.domain in UP and kept.steps > suggestion.most:
        return DomainRating(domain=suggestion.domain, suggestion=suggestion, steps=suggestion.steps or 0, barred=kept)
    moved, told = _moved(kept.fact, suggestion)
    return DomainRating(
        domain=suggestion.domain, suggestion=suggestion, override=kept, moved=moved, steps=kept.steps, changes=told
    )


def _moved(kept: str, suggestion: Suggestion) -> tuple[bool, tuple[str, ...]]:
    """Whether facts differ from those that were kept, and in what; a text without values by name is compared whole."""
    before, now = read_record(kept), read_record(suggestion.record)
    if before is None:
        return plain(kept).casefold() != plain(suggestion.fact_text).casefold(), ()
    told = changes(before, now or {})
    return bool(told), told


def fact_of(rating: Rating, domain: str) -> str:
    """What to write into the cell `fact` of certainty/grade.csv when judging a domain today.

    Raises
    ------
    MethodError
        If nothing is rated, or there is no such domain.
    """
    for item in rating.domains:
        if item.domain == domain:
            return item.suggestion.record
    known = ", ".join(item.domain for item in rating.domains) or "nothing: it is not rated"
    raise MethodError(f"{rating.about}, {rating.outcome}: no domain {domain!r}; there is {known}")
