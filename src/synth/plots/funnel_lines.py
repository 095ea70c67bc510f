"""The lines of a funnel plot: what stands for a study's size, the region of sampling error, contours, regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level, critical_value
from synth.errors import MethodError
from synth.plots.axis import ValueAxis
from synth.plots.chart.page import LegendEntry
from synth.plots.chart.scale import shown_far
from synth.plots.style import BACKGROUND, RULE, TEXT, VERMILLION
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.small_study import RegressionTest, TrimAndFill
from synth.synthesis.studies import column

SizeName = Literal["standard error", "variance", "precision", "inverse variance", "sample size"]

_STEPS: Final = 60  # a curved line has so many pieces
_ROOM: Final = 1.06  # the axis of sizes goes on a little behind the last study
#: Even steps of grey, so that print without colour tells them apart; small print on the darkest is still readable.
_SHADES: Final = ("#e6ebef", "#ccd5dc", "#b3bec8", "#9aa8b5")
_MOST_CONTOURS: Final = 4
_REGION_DASHES: Final = (4.0, 2.0)
_ADJUSTED_DASHES: Final = (1.5, 1.5)
_REGRESSION_DASHES: Final = (7.0, 2.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Size:
    """What the upright axis shows.

    Attributes
    ----------
    label : str
    downwards : bool
        Whether it grows as studies get smaller; the largest studies are at the top either way.
    of : callable
        From sampling variances.
    error : callable or None
        Standard error from a place on the axis; None for sample sizes, which do not tell it.
    """

    label: str
    downwards: bool
    of: Callable[[FloatArray], FloatArray]
    error: Callable[[FloatArray], FloatArray] | None

    def axis(self, sizes: FloatArray, height: float) -> ValueAxis:
        """From a study without error to a little behind the smallest one, or from the smallest to the largest."""
        least, most = float(sizes.min()), float(sizes.max())
        if self.downwards:
            return ValueAxis(0.0, (shown_far(sizes) or 1.0) * _ROOM, False, height)
        room = (most - least or most) * (_ROOM - 1)
        return ValueAxis(max(least - room, least / 2), most + room, False, height)


_SIZES: Final[dict[str, Size]] = {
    "standard error": Size("Standard error", True, np.sqrt, lambda y: y),
    "variance": Size("Sampling variance", True, lambda v: v, np.sqrt),
    "precision": Size("Precision (1 / standard error)", False, lambda v: 1 / np.sqrt(v), lambda y: 1 / y),
    "inverse variance": Size("1 / sampling variance", False, lambda v: 1 / v, lambda y: 1 / np.sqrt(y)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLine:
    """A line of the plot, in units of its axes.

    Attributes
    ----------
    kind, label : str
        As in the table of marks.
    xs, ys : ndarray, shape (n,)
    look : LegendEntry
        Colour, dashes and words of the legend; no words where another line speaks for it.
    """

    kind: str
    label: str
    xs: FloatArray
    ys: FloatArray
    look: LegendEntry


@dataclass(frozen=True, slots=True)
class Contour:
    """The region in which a study's own p value is above 1 - level."""

    level: float
    low: FloatArray
    high: FloatArray
    ys: FloatArray


def size_of(name: str, sample_sizes: ArrayLike | None, model: MetaAnalysis) -> Size:
    """The size of that name.

    Raises
    ------
    MethodError
        If there is none, sample sizes are missing or impossible, or were given for another size.
    """
    if name not in get_args(SizeName):
        raise MethodError(f"y = {name!r}: one of {', '.join(get_args(SizeName))} is expected")
    if name != "sample size":
        if sample_sizes is not None:
            raise MethodError(f"sample_sizes are given and y is the {name}; y='sample size' is expected with them")
        return _SIZES[name]
    if sample_sizes is None:
        raise MethodError("y = 'sample size': sample_sizes, one for each study, are expected")
    sizes = column(sample_sizes, "sample_sizes")
    if len(sizes) != model.k:
        raise MethodError(f"{len(sizes)} sample sizes for {model.k} studies: one for each is expected")
    good = np.isfinite(sizes) & (sizes > 0)
    if not good.all():
        index = int(np.argmin(good))
        raise MethodError(f"{model.labels[index]}: the sample size is {sizes[index]:g}; a number above 0 is expected")
    return Size("Sample size", False, lambda _: sizes, None)


def places(size: Size, axis: ValueAxis) -> FloatArray:
    """Places on the upright axis between which lines are straight enough."""
    count = 2 if size is _SIZES["standard error"] else _STEPS + 1
    result: FloatArray = np.linspace(axis.lower, axis.upper, count)
    return result


def contours_around(null: float, levels: Sequence[float], size: Size, axis: ValueAxis) -> list[Contour]:
    """The contours, the widest first; none where the axis does not tell the standard error."""
    if size.error is None:
        return []
    ys = places(size, axis)
    errors = size.error(ys)
    found = []
    for level in sorted(levels, reverse=True):
        margin = critical_value(level) * errors
        found.append(Contour(level, null - margin, null + margin, ys))
    return found


def check_contours(levels: object) -> tuple[float, ...]:
    """The levels in rising order.

    Raises
    ------
    MethodError
        If they are no sequence, one is no proportion or occurs twice, or there are more than four.
    """
    if not isinstance(levels, Sequence | np.ndarray):
        raise MethodError(f"contours = {levels!r}: a sequence of levels such as (0.9, 0.95, 0.99) is expected")
    for level in levels:
        check_level(level)
    if len(set(levels)) != len(levels) or len(levels) > _MOST_CONTOURS:
        raise MethodError(f"contours {tuple(levels)!r}: at most {_MOST_CONTOURS} different levels are expected")
    return tuple(sorted(levels))


def contour_legend(levels: Sequence[float]) -> list[LegendEntry]:
    """Shades and the p values that they stand for, from the middle outwards."""
    limits = [f"{round(1 - level, 12):g}" for level in levels]
    entries = [LegendEntry(words=f"p ≥ {limits[0]}", kind="band", colour=RULE, fill=BACKGROUND, breaks=True)]
    for index, fill in enumerate(shades(len(levels))):
        lower = f"{limits[index + 1]} ≤ " if index + 1 < len(limits) else ""
        entries.append(LegendEntry(words=f"{lower}p < {limits[index]}", kind="band", colour=RULE, fill=fill))
    return entries


def shades(count: int) -> tuple[str, ...]:
    """Fills around the white middle, from the inside out: the darkest, then lighter ones."""
    return _SHADES[:count][::-1]


def centre_lines(centre: float, centre_label: str, null: tuple[float, str] | None, axis: ValueAxis) -> list[FunnelLine]:
    """Upright lines at the summary and, where it is another value, at no effect."""
    ys = np.array([axis.lower, axis.upper])
    look = LegendEntry(words=centre_label, kind="line", colour=TEXT, size=1.2)
    lines = [FunnelLine(kind="summary", label=centre_label, xs=np.full(2, centre), ys=ys, look=look)]
    if null is not None:
        value, words = null
        look = LegendEntry(words=words, kind="line", colour=RULE, size=0.9)
        lines.append(FunnelLine(kind="line of no effect", label=words, xs=np.full(2, value), ys=ys, look=look))
    return lines


def region_lines(centre: float, level: float, tau2: float, size: Size, axis: ValueAxis, words: str) -> list[FunnelLine]:
    """Both sides of the region around the summary; none where the axis does not tell the standard error."""
    if size.error is None:
        return []
    ys = places(size, axis) if not tau2 else np.linspace(axis.lower, axis.upper, _STEPS + 1)
    margin = critical_value(level) * np.sqrt(size.error(ys) ** 2 + tau2)
    look = LegendEntry(words=words, kind="line", colour=TEXT, dashes=_REGION_DASHES, size=1.0)
    silent = LegendEntry(words="", kind="line", colour=TEXT, dashes=_REGION_DASHES, size=1.0)
    return [
        FunnelLine(kind="pseudo region", label="lower side", xs=centre - margin, ys=ys, look=look),
        FunnelLine(kind="pseudo region", label="upper side", xs=centre + margin, ys=ys, look=silent),
    ]


def regression_line(test: RegressionTest, model: MetaAnalysis, size: Size, axis: ValueAxis, words: str) -> FunnelLine:
    """The line of a regression test.

    Raises
    ------
    MethodError
        If the test is of other studies, or of a size that this axis does not show.
    """
    if test.k != model.k or model.has_moderators:
        raise MethodError(
            f"a regression test of {test.k} studies, a funnel of {model.k}: one model, without moderators, is expected"
        )
    if size.error is None or test.limit_estimate is None or test.predictor not in ("standard error", "variance"):
        raise MethodError(
            f"a regression on the {test.predictor} has no line against the {size.label.lower()}; a test with the "
            "standard error or the variance, and an axis that tells it, are expected"
        )
    ys = np.linspace(axis.lower, axis.upper, _STEPS + 1)
    errors = size.error(ys)
    xs = test.limit_estimate + test.slope * (errors if test.predictor == "standard error" else errors**2)
    look = LegendEntry(words=words, kind="line", colour=VERMILLION, dashes=_REGRESSION_DASHES, size=1.2)
    return FunnelLine(kind="regression", label=words, xs=xs, ys=ys, look=look)


def adjusted_line(filled: TrimAndFill, axis: ValueAxis, words: str) -> FunnelLine:
    """The summary with the filled studies."""
    look = LegendEntry(words=words, kind="line", colour=TEXT, dashes=_ADJUSTED_DASHES, size=1.4)
    xs, ys = np.full(2, filled.model.estimate), np.array([axis.lower, axis.upper])
    return FunnelLine(kind="summary with filled studies", label=words, xs=xs, ys=ys, look=look)


def inside(xs: FloatArray, errors: FloatArray, centre: float, level: float, tau2: float) -> FloatArray:
    """Distance of each study from the summary in half-widths of the region: at most 1 inside."""
    result: FloatArray = np.abs(xs - centre) / (critical_value(level) * np.sqrt(errors**2 + tau2))
    return result
