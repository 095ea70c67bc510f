"""Footnotes: one for each step up or down and for each assumption, the same letter for the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_lowercase

from synth.certainty.grade.types import DomainRating, Level, Rating
from synth.certainty.summary.types import Footnote
from synth.certainty.summary.words import capital, counted, ended, inside, listing

_LEVELS = {1: "one level", 2: "two levels"}


class Letters:
    """The footnotes of one table, lettered in the order in which they are asked for."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The letters of some texts, each text once."""
        return tuple(self._letter(text) for text in dict.fromkeys(filter(None, texts)))

    def _letter(self, text: str) -> str:
        if text not in self._letters:
            self._letters[text] = _name(len(self._letters))
        return self._letters[text]

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """All of them, in the order of their letters."""
        return tuple(Footnote(letter, text) for text, letter in self._letters.items())


def _name(place: int) -> str:
    """A, b, ... z, aa, ab and so on, as columns of a spreadsheet are named, in small letters."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, len(ascii_lowercase))
        name = ascii_lowercase[letter] + name
    return name


def certainty_notes(rating: Rating) -> Iterator[str]:
    """Why a rating is what it is: its start, each step, each judgement of a person, and what is still open."""
    if not rating.rated:
        if rating.reason:
            yield ended(rating.reason)
        return
    yield ended(f"Starts at {rating.start}: {inside(rating.start_reason)}")
    # Nothing stands below very low, so a reason to rate down takes nothing away there.
    lowest = rating.start is Level.VERY_LOW and not any(item.steps > 0 for item in rating.domains)
    for item in rating.domains:
        text = _step(item, at_lowest=lowest)
        if text:
            yield text
    yield from _undecided(rating)


def _step(item: DomainRating, *, at_lowest: bool) -> str:
    """A step, or a person's judgement that there is none; empty where nothing happened."""
    computed = item.suggestion.steps or 0
    moved = f"No lower level for {item.domain}" if at_lowest and item.steps < 0 else _moved(item.steps, item.domain)
    if item.override is None:
        return ended(f"{moved}: {item.suggestion.reason}") if item.steps else ""
    person = item.override
    text = f"{moved} ({person.name}, {person.date}): {person.reason}"
    other = "" if computed == item.steps else f" Computed: {_moved(computed, item.domain).lower()}."
    return " ".join(filter(None, [ended(text) + other, item.moved_sentence]))


def _moved(steps: int, domain: str) -> str:
    if not steps:
        return f"No step for {domain}"
    return f"{'Down' if steps < 0 else 'Up'} {_LEVELS.get(abs(steps), counted(abs(steps), 'level'))} for {domain}"


def _undecided(rating: Rating) -> Iterator[str]:
    """What nobody has judged, and where it could lead."""
    if lowering := lowering_domains(rating):
        told = f"Nobody has judged {listing(lowering)}, which the facts leave open."
        yield told if rating.settled else f"{told} The level can still fall to {rating.lowest}."
    raising = [item.domain for item in rating.domains if item.open and item.most > item.steps]
    raising = [name for name in raising if name not in lowering]
    if raising:
        yield f"Nobody has judged {listing(raising)}, for which a person can rate up."


def lowering_domains(rating: Rating) -> list[str]:
    """Domains that neither a rule nor a person has settled, and that could lower the level."""
    return [item.domain for item in rating.domains if item.open and item.least < item.steps]


def between_levels(rating: Rating) -> Iterator[str]:
    """Between which levels the certainty lies, and what nobody has judged; nothing where it is settled."""
    if rating.rated and not rating.settled:
        yield (
            f"The certainty is not settled: between {rating.lowest} and {rating.level}, because nobody has judged "
            f"{listing(lowering_domains(rating))}."
        )


def judged_by(ratings: Iterable[Rating]) -> Iterator[tuple[str, str]]:
    """Who stands behind the levels, as a line of a header; nothing where nothing is rated."""
    names = dict.fromkeys(item.judged_by for item in ratings if item.rated)
    if names:
        yield "Certainty", "; ".join(names)


def certainty_text(rating: Rating | None, symbols: str) -> str:
    """The cell of the certainty."""
    if rating is None or rating.level is Level.NOT_RATED:
        answer = None if rating is None else rating.comparison
        without_effect = answer is not None and answer.counts and not answer.effects
        return "Not rated: no effect was computed" if without_effect else "Not rated"
    if rating.settled:
        return f"{capital(rating.level)} {symbols}"
    return f"At most {rating.level} {symbols}; {rating.lowest} is still open"
