"""n of N with its exact interval."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

from synth.effects.intervals import Interval, check_level
from synth.errors import MethodError


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """Events of a total with the exact interval.

    Attributes
    ----------
    events, total : int
        Counts of one unit.
    interval : tuple of float
        Clopper-Pearson limits, proportions from 0 to 1.
    level : float
        Two-sided level of the interval, a proportion.
    unit_of_analysis : str
        What was counted.
    """

    events: int
    total: int
    interval: Interval
    level: float
    unit_of_analysis: str

    @property
    def estimate(self) -> float:
        """Events over total, from 0 to 1."""
        return self.events / self.total

    def __str__(self) -> str:
        low, high = (f"{100 * limit:.1f}" for limit in self.interval)
        counts = f"{self.events} of {self.total} {self.unit_of_analysis}"
        return f"{counts} ({100 * self.level:g}% interval {low}% to {high}%)"


def exact_proportion(
    events: int, total: int, *, level: float, unit_of_analysis: str, conditioned_on_inclusion: bool = False
) -> Proportion:
    """Proportion with its Clopper-Pearson interval.

    The interval is two-sided: each tail holds half of 1 - level. For 0 events the lower limit is 0 and the upper one
    is ``1 - (alpha / 2) ** (1 / total)``, that is the one-sided limit of level 97.5% where `level` is 95%; for events
    in all the reverse. The "rule of three" is the one-sided 95% limit and so is smaller.

    Parameters
    ----------
    events, total : int
        0 <= events <= total, total above 0.
    level : float
        Confidence level, a proportion.
    unit_of_analysis : str
        What was counted: "patients", "hips" or "not stated".
    conditioned_on_inclusion : bool
        True where patients were included because of the event; there is no rate then.

    Raises
    ------
    MethodError
        If the counts are impossible, or the denominator is conditioned on inclusion.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404-413.
    """
    check_level(level)
    counts = f"{events} of {total} {unit_of_analysis}"
    if not (total > 0 and 0 <= events <= total and int(events) == events and int(total) == total):
        raise MethodError(f"{counts}: whole numbers are expected, events from 0 to the total, the total above 0")
    if conditioned_on_inclusion:
        raise MethodError(f"{counts}: included because of the event, so the count has no rate and no interval")
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(betaincinv(events, total - events + 1, tail))
    high = 1.0 if events == total else float(betaincinv(events + 1, total - events, 1 - tail))
    return Proportion(
        events=int(events), total=int(total), interval=(low, high), level=level, unit_of_analysis=unit_of_analysis
    )
