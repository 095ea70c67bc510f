"""One patient's change held against a published important difference, in words.

A published difference is one of single patients, so it may stand beside the change of one patient and never beside a
mean (rule 18 of the methods).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synth.protocol import Instrument, Threshold
from synth.synthesis.cases.patients import Case

_HALF_SD = re.compile(r"\b(half|0[.,]5|1/2|½)\s*(of\s+)?(an?\s+|the\s+)?(SDs?\b|standard\s+deviation)", re.IGNORECASE)

NOT_READ = "No important difference of this instrument was read."
_SPREAD = "half a standard deviation, a measure of spread and not a minimal important difference"


def is_half_sd(threshold: Threshold) -> bool:
    """Whether a published value is half a standard deviation by the words of its method."""
    return _HALF_SD.search(threshold.method) is not None


def named(threshold: Threshold, unit: str) -> str:
    """A published value with its method and time, the population in which it was found, and what it is not."""
    spread = f"; {_SPREAD}" if is_half_sd(threshold) else ""
    return f"{_with_unit(threshold.value, unit)} ({threshold.method}{spread}; in: {threshold.population})"


@dataclass(frozen=True, slots=True)
class Beside:
    """One patient's change beside one published value.

    Attributes
    ----------
    threshold : Threshold
        As published.
    reached : bool or None
        Whether the change is at least the value, in the direction in which the instrument is better; None where that
        direction was not seen.
    sentence : str
        The same in words, with method, time and population of the value.
    """

    threshold: Threshold
    reached: bool | None
    sentence: str


def beside(case: Case, instrument: Instrument) -> tuple[Beside, ...]:
    """The change of one patient beside each published value of its instrument; empty where there is no change."""
    change = case.change
    if change is None:
        return ()
    return tuple(_one(change, case, threshold) for threshold in instrument.thresholds)


def _one(change: float, case: Case, threshold: Threshold) -> Beside:
    value = named(threshold, case.unit)
    moved = f"The change, {signed(change)}{_unit(case.unit)},"
    if case.better is None:
        return Beside(threshold, None, f"{moved} is not held against {value}: which direction is better was not seen.")
    gained = change if case.better == "higher" else -change
    if gained < 0:
        return Beside(threshold, False, f"{moved} goes in the worse direction, so it is not at least {value}.")
    said = "is" if gained >= threshold.value else "is not"
    return Beside(threshold, gained >= threshold.value, f"{moved} {said} at least {value}.")


def sentences(found: Sequence[Beside], case: Case) -> tuple[str, ...]:
    """What may be said of a patient's change beside published values, or why nothing may."""
    if case.change is None:
        return ()
    return tuple(item.sentence for item in found) or (NOT_READ,)


def signed(value: float) -> str:
    """A change with its sign, as short as it is."""
    return "0" if value == 0 else f"{value:+g}"


def _unit(unit: str) -> str:
    return "" if not unit else unit if unit == "%" else f" {unit}"


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g}{_unit(unit)}"
