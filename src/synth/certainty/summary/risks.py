"""From a relative effect to people per 1,000: assumed risks of the control arms, and what an effect makes of them.

The risk without treatment is that of the control arms of the same studies, the median as the main line (Cochrane
Handbook 5.1, 11.5.6.3, read at http://handbook-5-1.cochrane.org/chapter_11/
11_5_6_3_illustrative_comparative_risks_1_assumed_risk_with.htm); the risk with treatment follows from it and from the
ratio with its limits (11.5.5 and 11.5.6.4, same chapter).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from synth.effects.binary import TwoArmCounts
from synth.effects.intervals import Interval
from synth.errors import MethodError

Basis = Literal["median", "lowest", "highest", "one study"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRisk:
    """Risks in the control arms.

    Attributes
    ----------
    median, lowest, highest : float
        Shares from 0 to 1.
    arms : int
        Control arms.
    lowest_in, highest_in : str
        The first study that has that risk.
    """

    median: float
    lowest: float
    highest: float
    arms: int
    lowest_in: str
    highest_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsoluteEffect:
    """What an effect makes of one risk without treatment.

    Attributes
    ----------
    basis : {"median", "lowest", "highest", "one study"}
        Which control arms the risk is from.
    without, with_treatment : float
        Risks, shares from 0 to 1.
    with_interval : tuple of float
        Limits of `with_treatment`; they carry the uncertainty of the effect, not that of the risk without treatment.
    difference : float
        `with_treatment` minus `without`.
    difference_interval : tuple of float
        Its limits.
    capped : bool
        Whether the arithmetic left 0 to 1 somewhere, and was stopped there.
    """

    basis: Basis
    without: float
    with_treatment: float
    with_interval: Interval
    difference: float
    difference_interval: Interval
    capped: bool


def assumed_risk(counts: Sequence[TwoArmCounts]) -> AssumedRisk:
    """Median, lowest and highest risk of the control arms.

    Raises
    ------
    MethodError
        If there is no study.
    """
    if not counts:
        raise MethodError("no control arm: a risk without treatment cannot be assumed")
    risks = {pair.study_id: pair.events_control / pair.total_control for pair in counts}
    lowest, highest = min(risks, key=risks.__getitem__), max(risks, key=risks.__getitem__)
    return AssumedRisk(
        median=median(risks.values()),
        lowest=risks[lowest],
        highest=risks[highest],
        arms=len(risks),
        lowest_in=lowest,
        highest_in=highest,
    )


def absolute_effect(
    measure: str, estimate: float, interval: Interval, without: float, *, basis: Basis = "median"
) -> AbsoluteEffect:
    """The risk with treatment and the difference at one risk without treatment.

    Parameters
    ----------
    measure : {"RR", "OR", "RD"}
        With the risk p without treatment, the risk with it is RR p, OR p / (1 - p + OR p), or p + RD.
    estimate : float
        On the natural scale.
    interval : tuple of float
        Limits of `estimate`.
    without : float
        Risk without treatment, from 0 to 1.
    basis : {"median", "lowest", "highest", "one study"}, default "median"
        Where `without` is from.

    Raises
    ------
    MethodError
        If the measure has no such arithmetic, or a number is out of range.
    """
    _check(measure, estimate, interval, without)
    raw = [_with_treatment(measure, value, without) for value in (estimate, *interval)]
    kept = [min(1.0, max(0.0, value)) for value in raw]
    risk, low, high = kept
    return AbsoluteEffect(
        basis=basis,
        without=without,
        with_treatment=risk,
        with_interval=(low, high),
        difference=risk - without,
        difference_interval=(low - without, high - without),
        capped=kept != raw,
    )


def _with_treatment(measure: str, value: float, without: float) -> float:
    if measure == "RD":
        return without + value
    if value == 1:
        return without  # so that no rounding makes a difference of no effect
    if measure == "RR":
        return value * without
    return value * without / (1 - without + value * without)


def _check(measure: str, estimate: float, interval: Interval, without: float) -> None:
    if measure not in ("RR", "OR", "RD"):
        raise MethodError(f"measure {measure!r}: a risk with treatment follows from RR, OR or RD only")
    if not 0 <= without <= 1:
        raise MethodError(f"risk {without} without treatment: a share from 0 to 1 is expected")
    values = (estimate, *interval)
    lowest = -1.0 if measure == "RD" else 0.0
    if not all(math.isfinite(value) and value >= lowest for value in values) or (measure != "RD" and 0 in values):
        expected = "at least -1" if measure == "RD" else "above 0"
        raise MethodError(f"{measure} {estimate} ({interval[0]} to {interval[1]}): finite numbers {expected} expected")
    if not interval[0] <= estimate <= interval[1]:
        raise MethodError(f"{measure} {estimate}: lies outside its interval {interval[0]} to {interval[1]}")
