"""The levels of a review in a few sentences, with whose judgement they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from synth.certainty.grade import Level, Rating
from synth.certainty.grade.making import inside

#: Best first; what is not rated comes last.
_ORDER = (Level.HIGH, Level.MODERATE, Level.LOW, Level.VERY_LOW)


def levels_in_words(ratings: Sequence[Rating]) -> str:
    """Which outcome has which level, best first, with the range where it is not settled; then what is not rated."""
    parts = []
    for level in _ORDER:
        for lowest in _ORDER[_ORDER.index(level) :]:
            names = _grouped(item for item in ratings if (item.level, item.lowest) == (level, lowest))
            if names:
                opening = str(level).capitalize() if level is lowest else f"Not settled, between {lowest} and {level}"
                parts.append(f"{opening}: {names}.")
    without = [item for item in ratings if not item.rated]
    # Counts that give no effect are evidence, and only not rated.
    seen = _grouped(item for item in without if item.comparison is not None and item.comparison.counts)
    none = _grouped(item for item in without if item.comparison is None or not item.comparison.counts)
    if seen:
        parts.append(f"Not rated, because no effect was computed: {seen}.")
    if none:
        parts.append(f"Not rated, because there is no evidence to rate: {none}.")
    return " ".join(parts) or "There is nothing to rate."


def judged_by(ratings: Sequence[Rating]) -> str:
    """Whose judgement the levels are, and what is still open."""
    rated = [item for item in ratings if item.rated]
    if not rated:
        return ""
    people = dict.fromkeys(
        domain.override.name for item in rated for domain in item.domains if domain.override is not None
    )
    if all(domain.override is not None for item in rated for domain in item.domains):
        return f"Every reason was judged by {', '.join(people)}."
    who = (
        f"{', '.join(people)} judged some of the reasons; the others are"
        if people
        else "No person has confirmed it: it is"
        if len(rated) == 1
        else "No person has confirmed them: they are"
    )
    return " ".join([f"{who} computed from facts by rules whose sources are named.", *_open(rated)])


def _open(rated: Sequence[Rating]) -> Iterator[str]:
    """What nobody has judged: reasons to rate down, and those to rate up, of which the level heeds none yet."""
    if not all(item.settled for item in rated):
        yield "A level is not settled where reasons that nobody has judged could still lower it."
    up = dict.fromkeys(
        domain.domain
        for item in rated
        for domain in item.domains
        if domain.open and domain.most > domain.steps and domain.least >= domain.steps
    )
    if up:
        yield f"A person may still rate up for {', '.join(up)}."


def _grouped(ratings: Iterable[Rating]) -> str:
    """What ratings are about, each procedure or comparison once with its outcomes."""
    outcomes: dict[str, list[str]] = {}
    for item in ratings:
        outcomes.setdefault(item.about, []).append(inside(item.outcome))
    return "; ".join(f"{about}, {_listed(names)}" for about, names in outcomes.items())


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
