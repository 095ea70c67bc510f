"""From the scale of analysis to the scale that a forest plot shows, and the words for both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.measures import Measure, measure_of
from synth.errors import MethodError
from synth.plots.axis import Interval
from synth.synthesis.linear import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestScale:
    """What the axis of a forest plot shows.

    Attributes
    ----------
    measure : Measure
        Of the estimates.
    natural : bool
        Whether natural values are shown (risk ratios), or those of the analysis (their logarithms).
    sizes : ndarray, shape (k,), or None
        Totals or person-time behind each estimate, for measures whose way back needs them.
    """

    measure: Measure
    natural: bool
    sizes: FloatArray | None = None

    @property
    def log(self) -> bool:
        """Whether the axis is logarithmic: it is for ratios."""
        return self.natural and self.measure.scale == "log"

    @property
    def transformed(self) -> bool:
        """Whether the axis shows other values than the analysis had."""
        return self.natural and self.measure.scale != "identity"

    @property
    def label(self) -> str:
        """Name of the effect, with the scale where it is not the natural one."""
        name = f"{self.measure.label[:1].upper()}{self.measure.label[1:]}"
        return name if self.natural or self.measure.scale == "identity" else f"{name}, {self.measure.scale} scale"

    @property
    def null_value(self) -> float | None:
        """No difference on the axis; every measure that compares has it at 0 on its scale of analysis."""
        same = self.measure.no_difference
        return same if self.natural or same is None else 0.0

    @property
    def note(self) -> str:
        """Which way the pooled results went, where that needs saying."""
        if not self.transformed:
            return ""
        typical = " Pooled results were brought back with the harmonic mean of the sizes." if self.sizes_needed else ""
        return f"Pooled, and τ² given, on the {self.measure.scale} scale.{typical}"

    @property
    def sizes_needed(self) -> bool:
        """Whether the way back needs sizes (the Freeman-Tukey measures)."""
        return self.measure.scale in ("double arcsine", "double square root")

    def shown(self, value: float, size: float | None = None) -> float:
        """A value of the analysis scale as the axis shows it.

        Parameters
        ----------
        size : float, optional
            Behind a study's value. For a pooled one the harmonic mean of all sizes is used (Miller 1978, The American
            Statistician 32:138, for proportions).
        """
        if not self.transformed:
            return value
        if self.sizes_needed and size is None:
            assert self.sizes is not None
            size = 1 / float(np.mean(1 / self.sizes))
        return self.measure.natural(value, size)

    def interval(self, interval: Interval | None, size: float | None = None) -> Interval | None:
        """An interval as the axis shows it; None where there is none."""
        return None if interval is None else (self.shown(interval[0], size), self.shown(interval[1], size))


def forest_scale(measure: str, *, natural: bool, sizes: ArrayLike | None, k: int | None) -> ForestScale:
    """The scale of a measure by its code.

    Parameters
    ----------
    measure : str
        Code in `synth.effects.measures.MEASURES`; "GEN" for estimates as they are.
    natural : bool
        Whether to bring values back from the scale of analysis.
    sizes : array_like, optional
        Totals or person-time behind each study; only the Freeman-Tukey measures (PFT, IRFT) need them.
    k : int or None
        Studies, for a check of the sizes; None where that is not known.

    Raises
    ------
    MethodError
        If there is no such measure, or sizes are needed and missing, or are not one number above 0 for each study.
    """
    found = measure_of(measure)
    numbers = None if sizes is None else np.asarray(sizes, dtype=float)
    scale = ForestScale(measure=found, natural=natural, sizes=numbers)
    if scale.transformed and scale.sizes_needed:
        if numbers is None:
            raise MethodError(
                f"{found.label} ({found.code}): sizes are needed for the way back; natural=False needs none"
            )
        if numbers.ndim != 1 or not numbers.size or (k is not None and numbers.size != k):
            raise MethodError(f"sizes of shape {numbers.shape} for {k} studies: one for each is expected")
        if not (np.isfinite(numbers).all() and (numbers > 0).all()):
            raise MethodError("sizes: finite numbers above 0 are expected, one for each study")
    return scale
