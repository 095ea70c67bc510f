"""Where the points and the arc of a radial plot stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from synth.effects.intervals import critical_value
from synth.plots.axis import ValueAxis
from synth.plots.chart.scale import EffectScale, shown_far
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

RADIUS: Final = 322.0
"""Of the arc, points."""
BAND_END: Final = 1.02
"""The band ends a little behind the most precise study: so many times its precision."""
_HIGHEST: Final = 320.0  # of the axes, points
_STEEPEST: Final = math.radians(50)
_POINTS: Final = 0.93  # share of the radius within which the points stay
_AIR: Final = 12.0
_STEPS: Final = 60  # pieces of an arc


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Points of the page for one unit of each axis, the origin being where precision and z are 0.

    Attributes
    ----------
    across, up : float
        Points for a unit of precision, and for a unit of z.
    above, below : float
        Points of the axes over and under z = 0.
    low, high : float
        Least and greatest estimate on the arc, from the centre.
    """

    across: float
    up: float
    above: float
    below: float
    low: float
    high: float

    @property
    def x(self) -> ValueAxis:
        """Precision, as far as the arc reaches."""
        return ValueAxis(0.0, (RADIUS + 2.0) / self.across, False, RADIUS + 2.0)

    @property
    def y(self) -> ValueAxis:
        """Standardised estimates."""
        return ValueAxis(-self.below / self.up, self.above / self.up, False, self.height)

    @property
    def height(self) -> float:
        """Of the axes, points."""
        return self.above + self.below

    def on_arc(self, slope: float, radius: float = RADIUS) -> tuple[float, float]:
        """Where the ray of an estimate, counted from the centre, meets an arc: precision and z."""
        angle = math.atan(slope * self.up / self.across)
        return radius * math.cos(angle) / self.across, radius * math.sin(angle) / self.up

    def arc(self, low: float, high: float, radius: float = RADIUS) -> tuple[FloatArray, FloatArray]:
        """Points along an arc between two estimates."""
        ratio = self.up / self.across
        angles = np.linspace(math.atan(low * ratio), math.atan(high * ratio), _STEPS + 1)
        return radius * np.cos(angles) / self.across, radius * np.sin(angles) / self.up


def lies_aside(model: MetaAnalysis, scale: EffectScale) -> bool:
    """Whether rays from 0 would crowd: it is not the value of no effect, or further away than the estimates differ."""
    low, high = float(model.estimates.min()), float(model.estimates.max())
    span = max(high - low, 4 * float(np.sqrt(model.variances).max()))
    return scale.null != 0.0 or not low - span <= 0.0 <= high + span


def geometry_of(model: MetaAnalysis, errors: FloatArray, centre: float) -> Geometry:
    """The steepest rays that fit the height of the page, the points inside the arc."""
    low, high = _arc_range(model, errors, centre)
    slopes = model.estimates - centre
    critical = critical_value(model.level)

    def of(ratio: float) -> Geometry:
        """Geometry with so many points of z for a point of precision, each in its unit."""
        angles = np.arctan(np.clip(slopes, low, high) * ratio)
        across = _POINTS * RADIUS * float((np.cos(angles) * errors).min())
        up = ratio * across
        last = (model.estimate - centre) * BAND_END / float(errors.min())  # of the summary's line, under its band
        above = max(RADIUS * math.sin(math.atan(high * ratio)), (critical + max(last, 0.0)) * up) + _AIR
        below = max(RADIUS * math.sin(math.atan(-low * ratio)), (critical + max(-last, 0.0)) * up) + _AIR
        return Geometry(across=across, up=up, above=above, below=below, low=low, high=high)

    largest = math.tan(_STEEPEST) / max(abs(low), abs(high))
    least = 0.0
    for _ in range(60):
        middle = (least + largest) / 2
        found = of(middle)
        if found.height > _HIGHEST:
            largest = middle
        else:
            least = middle
    return of(least)


def _arc_range(model: MetaAnalysis, errors: FloatArray, centre: float) -> tuple[float, float]:
    """Estimates on the arc, counted from the centre: all but far ones, the summary, and the centre."""
    middle = float(np.median(model.estimates))
    reach = shown_far(np.abs(model.estimates - middle), least=4 * float(np.median(errors)))
    shown = model.estimates[np.abs(model.estimates - middle) <= reach] - centre
    span = max(float(np.ptp(np.append(shown, 0.0))), float(errors.min()))
    ends = [end - centre for end in model.interval]
    low = min(0.0, float(shown.min()), max(ends[0], float(shown.min()) - span))
    high = max(0.0, float(shown.max()), min(ends[1], float(shown.max()) + span))
    room = 0.04 * (high - low) or 0.5 * float(errors.min())
    return low - room, high + room
