"""Effects from the counts of two arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.columns import FloatArray
from synth.effects.compute import effect_sizes
from synth.effects.estimate import Effect
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError, ZeroCellError

# What a planned comparison of two arms can be made in.
TWO_ARM_MEASURES: Final = ("RR", "OR", "RD")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoArmCounts:
    """Participants with the event, and all of them, in two arms of one study.

    Attributes
    ----------
    study_id : str
        The study.
    events_treated, total_treated, events_control, total_control : int
        Participants.
    unit_of_analysis : str
        What was counted.
    rows : tuple of str
        Where the counts stand.
    """

    study_id: str
    events_treated: int
    total_treated: int
    events_control: int
    total_control: int
    unit_of_analysis: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TwoArmEffects:
    """Effects of several studies, and the studies that the rule for empty cells left out.

    Attributes
    ----------
    effects : tuple of Effect
        In the order of the counts; a corrected study carries a mark that says what was added.
    left_out : tuple of (str, str)
        Study and reason.
    method : str
        In words.
    """

    effects: tuple[Effect, ...]
    left_out: tuple[tuple[str, str], ...]
    method: str


def log_risk_ratio(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Log risk ratio, treated over control, and its sampling variance, without any correction.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants per study: with the event, and all of them.
    labels : sequence of str, optional
        Names of the studies for error messages; "study 1" and so on where not given.

    Returns
    -------
    estimate, variance : ndarray, shape (k,)
        Natural logarithm. Below 0 means fewer events under treatment.

    Raises
    ------
    ZeroCellError
        If an arm has no events, or both arms have nothing but events (the variance would be 0). The rule for that is
        chosen in the protocol, not here.
    MethodError
        If counts are negative, events exceed the total, an arm is empty, or the lengths differ.

    References
    ----------
    Katz et al. 1978, Biometrics 34:469-474, for the variance.
    """
    found = effect_sizes(
        "RR",
        labels=labels,
        events_treated=events_treated,
        total_treated=total_treated,
        events_control=events_control,
        total_control=total_control,
    )
    return found.estimates, found.variances


def two_arm_effects(
    counts: Sequence[TwoArmCounts], *, measure: str = "RR", level: float, zero_cells: ZeroCells | None = None
) -> TwoArmEffects:
    """Effects of studies with two arms, treated against control, with normal-theory intervals.

    Parameters
    ----------
    counts : sequence of TwoArmCounts
        One a study; all together, since a rule for empty cells may look at all of them.
    measure : {"RR", "OR", "RD"}
        Risk ratio and odds ratio as natural logarithm, risk difference as it is.
    level : float
        Confidence level, a proportion.
    zero_cells : ZeroCells, optional
        What is done with empty cells. Without a rule nothing is added, and an arm that gives no effect is an error.

    Returns
    -------
    TwoArmEffects

    Raises
    ------
    ZeroCellError
        If empty cells leave a study without an effect and no rule covers it.
    MethodError
        If the measure is none of these, or the counts cannot be.
    """
    if measure not in TWO_ARM_MEASURES:
        raise MethodError(f"measure {measure!r}; one of {', '.join(TWO_ARM_MEASURES)} is expected for two arms")
    found = effect_sizes(
        measure,
        labels=[pair.study_id for pair in counts],
        zero_cells=zero_cells,
        events_treated=[pair.events_treated for pair in counts],
        total_treated=[pair.total_treated for pair in counts],
        events_control=[pair.events_control for pair in counts],
        total_control=[pair.total_control for pair in counts],
    )
    used = [pair for pair, usable in zip(counts, found.usable, strict=True) if usable]
    effects = tuple(
        replace(effect, unit_of_analysis=pair.unit_of_analysis, rows=pair.rows)
        for effect, pair in zip(found.to_effects(level), used, strict=True)
    )
    out = tuple((found.labels[row], "; ".join(found.marks[row])) for row in np.flatnonzero(~found.usable))
    return TwoArmEffects(effects, out, found.method)


def two_arm_effect(
    counts: TwoArmCounts, *, measure: str = "RR", level: float, zero_cells: ZeroCells | None = None
) -> Effect:
    """The effect of one study; as `two_arm_effects`.

    Parameters
    ----------
    counts : TwoArmCounts
        Of one study.
    measure : {"RR", "OR", "RD"}
        Risk ratio and odds ratio as natural logarithm, risk difference as it is.
    level : float
        Confidence level, a proportion.
    zero_cells : ZeroCells, optional
        What is done with empty cells.

    Returns
    -------
    Effect
        Treated against control; n counts both arms.

    Raises
    ------
    ZeroCellError
        If empty cells leave the study without an effect, or the rule leaves it out.
    MethodError
        If the measure is none of these, or the counts cannot be.
    """
    found = two_arm_effects([counts], measure=measure, level=level, zero_cells=zero_cells)
    if found.left_out:
        raise ZeroCellError(f"{counts.study_id}: {found.left_out[0][1]}; it has no effect")
    return found.effects[0]


def risk_ratio_effect(counts: TwoArmCounts, *, level: float) -> Effect:
    """The log risk ratio of one study with its normal-theory interval; `two_arm_effect` without a rule.

    Parameters
    ----------
    counts : TwoArmCounts
        Of one study.
    level : float
        Confidence level, a proportion.

    Returns
    -------
    Effect
        Measure "RR", natural logarithm, treated over control; n counts both arms.

    Raises
    ------
    ZeroCellError, MethodError
        As `log_risk_ratio`.
    """
    return two_arm_effect(counts, measure="RR", level=level)
