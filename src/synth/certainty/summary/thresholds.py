"""Published important differences beside mean changes: said only where it holds under every assumption (rule 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from synth.certainty.summary.words import capital, change_unit, counted_series, listing, number
from synth.effects.intervals import Interval
from synth.protocol import Instrument
from synth.synthesis.series import Series

Place = Literal["beyond", "short", "open"]


@dataclass(frozen=True, slots=True)
class AgainstDifference:
    """Where the mean changes of some series lie against the chosen important difference of their instrument.

    Attributes
    ----------
    difference : float
        As published, without a sign; in points of the instrument.
    beyond, short, open : tuple of str
        Studies whose whole interval lies beyond it, or short of it, under every assumption; and the others.
    without_interval : tuple of str
        Studies with a change and no interval.
    """

    difference: float
    beyond: tuple[str, ...]
    short: tuple[str, ...]
    open: tuple[str, ...]
    without_interval: tuple[str, ...]


def intervals_of(item: Series) -> tuple[Interval, ...]:
    """The interval of a change under every assumption that it rests on; empty where there is none."""
    if item.effect is None or item.effect.interval is None:
        return ()
    found = [item.effect.interval]
    if item.grid is not None:
        found.extend(line.interval for line in item.grid.lines)
    if item.readings is not None:
        readings = item.readings
        found.extend(reading.widest_interval(readings.level) for reading in (readings.main, *readings.alternatives))
    return tuple(found)


def place_of(item: Series, difference: float, better: str) -> Place | None:
    """Where a change lies against a difference in the better direction; None without an interval.

    Parameters
    ----------
    item : Series
    difference : float
        Without a sign.
    better : {"higher", "lower"}
    """
    intervals = intervals_of(item)
    if not intervals:
        return None
    # In the better direction every change counts as a gain.
    gains = [(low, high) if better == "higher" else (-high, -low) for low, high in intervals]
    if all(low > difference for low, _ in gains):
        return "beyond"
    return "short" if all(high < difference for _, high in gains) else "open"


def against_difference(changes: Sequence[Series], instrument: Instrument) -> AgainstDifference | None:
    """Where changes lie against the chosen difference; None where none is chosen or no direction is better."""
    chosen = instrument.chosen_threshold
    if chosen is None or instrument.better is None or not changes:
        return None
    difference = abs(chosen.value)
    placed = [(item.study_id, place_of(item, difference, instrument.better)) for item in changes]

    def at(place: Place | None) -> tuple[str, ...]:
        return tuple(study for study, found in placed if found == place)

    return AgainstDifference(difference, at("beyond"), at("short"), at("open"), at(None))


def difference_sentences(changes: Sequence[Series], instrument: Instrument) -> Iterator[str]:
    """What may be said of the chosen important difference, in one sentence; nothing where none is chosen."""
    found = against_difference(changes, instrument)
    if found is None:
        return
    full = f"a published important difference ({_points(found, instrument)})"
    clauses = list(_clauses(found))
    # Named in full where it comes first, and as "it" from then on.
    told = "; ".join(clause.replace("{}", full if place == 0 else "it") for place, clause in enumerate(clauses))
    yield f"{capital(told)}."


def _points(found: AgainstDifference, instrument: Instrument) -> str:
    return f"{number(found.difference)} {change_unit(instrument.unit)}".strip()


def _clauses(found: AgainstDifference) -> Iterator[str]:
    """Where the intervals lie; the first pair of braces stands for the difference."""
    sides = [
        f"{words} in {counted_series(len(studies))} ({', '.join(studies)})"
        for studies, words in ((found.beyond, "beyond {}"), (found.short, "short of {}"))
        if studies
    ]
    if sides:
        told = [sides[0], *(side.replace("{}", "it") for side in sides[1:])]
        yield f"under every assumption the whole interval of the mean change lies {' and '.join(told)}"
    if found.open:
        yield (
            f"whether the mean change of {listing(dict.fromkeys(found.open))} reaches {{}} cannot be said: under one "
            "assumption or another the interval includes this value"
        )
    if not sides and not found.open:
        yield "whether the mean change reaches {} cannot be said: no series has an interval"


def difference_notes(changes: Sequence[Series], instrument: Instrument) -> Iterator[str]:
    """How the difference was found, in whom, and what a mean does not tell (rule 18); nothing where none is chosen."""
    found, chosen = against_difference(changes, instrument), instrument.chosen_threshold
    if found is None or chosen is None:
        return
    yield (
        f"{_points(found, instrument)} is a published important difference of {instrument.id} ({chosen.method}; found "
        f"in: {chosen.population}). A group mean does not tell how many patients reached it."
    )
