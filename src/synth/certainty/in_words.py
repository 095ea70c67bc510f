"""The levels of a review in a few sentences, with whose judgement they are."""

from __future__ import annotations

from collections.abc import Sequence

from synth.certainty.grade import Level, Rating

#: Best first; what is not rated comes last.
_ORDER = (Level.HIGH, Level.MODERATE, Level.LOW, Level.VERY_LOW)


def levels_in_words(ratings: Sequence[Rating]) -> str:
    """Which outcome has which level, best first, then what is not rated."""
    parts = []
    for level in _ORDER:
        for settled, opening in ((True, str(level).capitalize()), (False, f"At most {level}")):
            names = [_named(item) for item in ratings if item.level is level and item.settled is settled]
            if names:
                parts.append(f"{opening}: {'; '.join(names)}.")
    without = [_named(item) for item in ratings if not item.rated]
    if without:
        parts.append(f"Not rated, because there is no evidence to rate: {'; '.join(without)}.")
    return " ".join(parts) or "There is nothing to rate."


def judged_by(ratings: Sequence[Rating]) -> str:
    """Whose judgement the levels are, and what is still open."""
    rated = [item for item in ratings if item.rated]
    if not rated:
        return ""
    people = dict.fromkeys(
        domain.override.name for item in rated for domain in item.domains if domain.override is not None
    )
    who = (
        f"{', '.join(people)} judged some of the reasons; the others are"
        if people
        else "No person has confirmed them: they are"
    )
    open_ones = [item for item in rated if not item.settled]
    more = ""
    if open_ones:
        lowest = min((item.lowest for item in open_ones), key=lambda level: -_ORDER.index(level))
        more = f" At most: reasons that nobody has judged leave open a level as low as {lowest}."
    return f"{who} computed from facts by rules whose sources are named.{more}"


def _named(item: Rating) -> str:
    return f"{item.about}, {item.outcome[:1].lower()}{item.outcome[1:]}"
