"""Fail-safe N: how many studies of no effect would overturn a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from synth.effects.intervals import check_alpha, figure, is_number
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph, too_few
from synth.synthesis.studies import study_arrays

FailSafeKind = Literal["Rosenthal", "Orwin", "Rosenberg"]

#: Rounding of a count that is whole in exact arithmetic, such as k where the target is half the average.
_ROUNDING = 1e-10
#: From here on nobody counts studies.
_MOST = 1e18


@dataclass(frozen=True, kw_only=True)
class FailSafeN(Shown):
    """A fail-safe N.

    Attributes
    ----------
    kind : {"Rosenthal", "Orwin", "Rosenberg"}
    number : int or None
        Studies of no effect on average that would have to be added; None where no number is enough (Orwin's target 0).
    p_value : float or None
        Of the studies at hand: one-sided by Stouffer's method (Rosenthal), two-sided of the common-effect mean
        (Rosenberg), None for Orwin's.
    average : float or None
        Inverse-variance weighted; None for Rosenthal's, which has none.
    target : float or None
        Orwin's: the average that would no longer matter, with the sign of `average`.
    alpha : float or None
        Significance level; None for Orwin's.
    """

    kind: FailSafeKind
    number: int | None
    p_value: float | None
    average: float | None
    target: float | None
    alpha: float | None

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"kind": self.kind, "k": self.k, "number": self.number, "p_value": self.p_value}
        return row | {"average": self.average, "target": self.target, "alpha": self.alpha}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        sentences = [f"{self.method[0].upper()}{self.method[1:]} was computed from {how_many(self.k)}."]
        if self.kind == "Orwin":
            sentences.append("Averages are weighted by inverse variances; added studies have the average weight.")
        sentences.append(
            "The number says how robust a result is to studies of no effect, not how many are missing, and it takes "
            "no account of heterogeneity."
        )
        return paragraph(sentences, self.kind.lower())


def fail_safe_n(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    kind: FailSafeKind = "Rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
) -> FailSafeN:
    """How many studies of no effect would have to be added to overturn a result.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        On the analysis scale, where no effect is 0.
    kind : {"Rosenthal", "Orwin", "Rosenberg"}
        Until Stouffer's one-sided combined p value is above alpha; until the weighted average is at most the target;
        until the two-sided p value of the common-effect mean is above alpha (by the normal distribution).
    alpha : float
        Significance level of the first and the third.
    target : float, optional
        Orwin's smallest average that matters; half of the observed average where not given, which always gives k. Its
        sign is taken from the average.

    Returns
    -------
    FailSafeN

    Raises
    ------
    MethodError
        If there is no study, a figure is impossible, alpha is no probability, or a target is given to another kind.

    References
    ----------
    Rosenthal 1979, Psychol Bull 86:638-641. Orwin 1983, J Educ Stat 8:157-159. Rosenberg 2005, Evolution 59:464-468.
    """
    if kind not in get_args(FailSafeKind):
        raise MethodError(f"kind {kind!r}: one of {', '.join(get_args(FailSafeKind))} is expected")
    check_alpha(alpha)
    if target is not None and (kind != "Orwin" or not is_number(target)):
        raise MethodError(f"target = {target!r} with kind {kind!r}: a finite number, and kind 'Orwin', are expected")
    y, v = study_arrays(estimates, variances)
    if not len(y):
        raise MethodError("no study: at least 1 is expected")
    if kind == "Orwin":
        return _orwin(y, v, target)
    return _rosenthal(y, v, alpha) if kind == "Rosenthal" else _rosenberg(y, v, alpha)


def _average(y: FloatArray, v: FloatArray) -> tuple[float, float]:
    """The inverse-variance weighted average and its deviate."""
    unit = float(v.min())
    weights = unit / v
    centre = float(y[np.argmin(v)])
    average = centre + float((weights * (y - centre)).sum() / weights.sum())
    return average, abs(average) * float(np.sqrt(weights.sum() / unit))


def _whole(value: float) -> int:
    """The next whole number.

    Raises
    ------
    MethodError
        If there is none in the range of numbers.
    """
    if not value < _MOST:
        raise MethodError(f"more than {_MOST:g} studies would have to be added: the effect is too far from 0 to count")
    return max(0, math.ceil(value - _ROUNDING * max(1.0, abs(value))))


def _beyond(deviate: float, critical: float, k: int) -> int:
    if not math.isfinite(deviate):
        raise MethodError("estimates so large beside their variances that their sum is beyond the range of numbers")
    return _whole(k * ((deviate / critical) * (deviate / critical) - 1)) if deviate > critical else 0


def _marks(k: int, *, significant: bool = True) -> tuple[str, ...]:
    caution = "a fail-safe N says nothing on how many studies are missing, and nothing on heterogeneity"
    return (*too_few(k), caution) if significant else (*too_few(k), caution, "not significant as it stands: 0 studies")


def _rosenthal(y: FloatArray, v: FloatArray, alpha: float) -> FailSafeN:
    k = len(y)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
        deviate = abs(float((y / np.sqrt(v)).sum())) / math.sqrt(k)
    if alpha >= 0.5:
        raise MethodError(f"alpha = {alpha}: a one-sided level below 0.5 is expected")
    critical = -float(ndtri(alpha))
    return FailSafeN(
        k=k,
        method=f"Rosenthal's fail-safe N at a one-sided level of {alpha:g}",
        marks=_marks(k, significant=deviate > critical),
        kind="Rosenthal",
        number=_beyond(deviate, critical, k),
        p_value=float(ndtr(-deviate)),
        average=None,
        target=None,
        alpha=alpha,
    )


def _rosenberg(y: FloatArray, v: FloatArray, alpha: float) -> FailSafeN:
    k = len(y)
    average, deviate = _average(y, v)
    critical = -float(ndtri(alpha / 2))
    return FailSafeN(
        k=k,
        method=f"Rosenberg's fail-safe N at a two-sided level of {alpha:g} of the common-effect mean",
        marks=_marks(k, significant=deviate > critical),
        kind="Rosenberg",
        number=_beyond(deviate, critical, k),
        p_value=2 * float(ndtr(-deviate)),
        average=average,
        target=None,
        alpha=alpha,
    )


def _orwin(y: FloatArray, v: FloatArray, target: float | None) -> FailSafeN:
    k = len(y)
    average, _ = _average(y, v)
    size = abs(average) / 2 if target is None else abs(target)
    marks = _marks(k)
    if target is None:
        marks = (*marks, "the target is half of the average, which always gives as many studies as there are")
    number = None if size == 0 and average != 0 else _whole(k * (abs(average) / size - 1)) if average else 0
    if number is None:
        marks = (*marks, "no number of studies of no effect brings an average down to 0")
    return FailSafeN(
        k=k,
        method=f"Orwin's fail-safe N for a target of {figure(math.copysign(size, average))}",
        marks=marks,
        kind="Orwin",
        number=number,
        p_value=None,
        average=average,
        target=math.copysign(size, average) if average else size,
        alpha=None,
    )
