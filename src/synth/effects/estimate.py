"""An effect of one study, on the scale on which it is analysed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from synth.effects.intervals import Interval, check_level
from synth.effects.measures import MEASURES, Measure, Scale
from synth.effects.reported import Derivation
from synth.errors import MethodError

__all__ = ["MEASURES", "Effect", "Measure", "Scale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One effect of one arm, or of one comparison.

    Attributes
    ----------
    study_id, arm_id : str
        Whose effect it is; `arm_id` is empty for a comparison of two arms.
    measure : str
        Code in `MEASURES`, which holds the scale: "MC" in raw points (after minus before), "RR" as natural logarithm.
        Every number below is on that scale.
    estimate : float
        Finite.
    standard_error : float or None
        None where no paper gives or implies one.
    interval : tuple of float, or None
        Lower and upper limit; None without a standard error.
    level : float
        Confidence level of the interval, a proportion.
    n : int or None
        Analysed units; None where unseen.
    unit_of_analysis : str
        "patients", "hips" or "not stated".
    instrument, unit : str
        What was measured and in which unit; empty where the measure has none.
    derivation : Derivation or None
        How the standard error was worked out. None where it is printed, or follows from printed counts or SDs alone.
    marks : tuple of str
        Short sentences to be shown beside the number.
    rows : tuple of str
        Where the figures stand, such as "outcomes.csv:2".
    overlaps_with : tuple of str
        "study_id/arm_id" of arms that hold, or may hold, the same patients.

    Raises
    ------
    MethodError
        If the measure is unknown, a number is not finite, the standard error is not above 0, or the interval does not
        hold the estimate.
    """

    study_id: str
    arm_id: str
    measure: str
    estimate: float
    standard_error: float | None
    interval: Interval | None
    level: float
    n: int | None
    unit_of_analysis: str
    instrument: str = ""
    unit: str = ""
    derivation: Derivation | None = None
    marks: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    overlaps_with: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise MethodError(f"{self.label}: measure {self.measure!r}; one of {', '.join(MEASURES)} is expected")
        check_level(self.level)
        if not math.isfinite(self.estimate):
            raise MethodError(f"{self.label}: the estimate is {self.estimate}; a finite number is expected")
        error = self.standard_error
        if error is not None and not (math.isfinite(error) and error > 0):
            raise MethodError(f"{self.label}: the standard error is {error}; a finite number above 0 is expected")
        if self.interval is not None and not self.interval[0] <= self.estimate <= self.interval[1]:
            raise MethodError(f"{self.label}: the estimate {self.estimate} lies outside its interval {self.interval}")

    @property
    def label(self) -> str:
        """The name "study_id/arm_id", or the study alone for a comparison."""
        return f"{self.study_id}/{self.arm_id}" if self.arm_id else self.study_id

    @property
    def scale(self) -> Scale:
        """Scale of every number of this effect."""
        return MEASURES[self.measure].scale

    @property
    def variance(self) -> float | None:
        """Square of the standard error; None without one."""
        return None if self.standard_error is None else self.standard_error**2

    def natural(self) -> tuple[float, Interval | None]:
        """Estimate and interval on the natural scale: a risk ratio instead of its logarithm."""
        measure = MEASURES[self.measure]
        limits = None
        if self.interval is not None:
            limits = measure.natural(self.interval[0], self.n), measure.natural(self.interval[1], self.n)
        return measure.natural(self.estimate, self.n), limits
