"""From one body of evidence to its rating."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synth.certainty.grade.body import Body
from synth.certainty.grade.imprecision import imprecision
from synth.certainty.grade.inconsistency import inconsistency
from synth.certainty.grade.indirectness import indirectness
from synth.certainty.grade.overrides import domain_rating
from synth.certainty.grade.publication import publication_bias
from synth.certainty.grade.risk import risk_of_bias
from synth.certainty.grade.start import Start
from synth.certainty.grade.types import UNCONFIRMED, DomainRating, Level, Override, level_after
from synth.certainty.grade.upgrades import upgrades

_DOWN = (risk_of_bias, inconsistency, indirectness, imprecision, publication_bias)


def domains_of(body: Body, overrides: Iterable[Override]) -> tuple[DomainRating, ...]:
    """Every domain of a body as it counts, in the order of `DOMAINS`.

    Parameters
    ----------
    body : Body
        With at least one study.
    overrides : iterable of Override
        Of this subject.

    Raises
    ------
    MethodError
        If two judgements of one domain stand beside each other.
    """
    kept = tuple(overrides)
    down = tuple(domain_rating(suggest(body), kept) for suggest in _DOWN)
    lowered = any(item.steps < 0 for item in down)
    return (*down, *(domain_rating(item, kept) for item in upgrades(body, lowered=lowered)))


def levels_of(start: Level, domains: Iterable[DomainRating]) -> tuple[Level, Level]:
    """The level with open domains counted as no step, and the lowest to which they could still lead."""
    items = tuple(domains)
    return level_after(start, (item.steps for item in items)), level_after(start, (item.least for item in items))


def reason_of(start: Start, domains: tuple[DomainRating, ...]) -> str:
    """The way to the level in a few sentences."""
    return " ".join(_sentences(start, domains))


def _sentences(start: Start, domains: tuple[DomainRating, ...]) -> Iterator[str]:
    level, lowest = levels_of(start.level, domains)
    yield f"Starts {start.level}. {start.reason}"
    for item in domains:
        if item.steps:
            yield f"{_step(item.steps)} for {item.domain}: {_why(item)}"
        elif item.override is not None:
            yield f"No step for {item.domain}: {_why(item)}"
    still = [item.domain for item in domains if item.open and item.least < item.steps]
    if still and level is not lowest:
        yield f"Open, and counted as nothing more: {', '.join(still)}. With them the level could fall to {lowest}."
    elif still:
        yield f"Open, though the level cannot fall further: {', '.join(still)}."
    up = [item.domain for item in domains if item.open and item.most > item.steps and item.least >= item.steps]
    if up:
        yield f"A person may rate up for {', '.join(up)}."
    yield from (item.moved_sentence for item in domains if item.moved)
    yield from (item.not_counted for item in domains if item.barred is not None)
    if all(item.override is None for item in domains):
        yield f"{UNCONFIRMED.capitalize()}."


def _step(steps: int) -> str:
    return f"{'Down' if steps < 0 else 'Up'} {abs(steps)}"


def _why(item: DomainRating) -> str:
    kept = item.override
    if kept is None:
        return item.suggestion.reason
    end = "" if kept.reason.endswith((".", "!", "?")) else "."
    return f"{kept.reason}{end} ({kept.name}, {kept.date})"
