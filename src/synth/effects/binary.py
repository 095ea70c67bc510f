"""Ratios from the counts of two arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synth.effects.estimate import Effect
from synth.effects.intervals import confidence_interval
from synth.errors import MethodError, ZeroCellError

FloatArray = NDArray[np.float64]


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


def log_risk_ratio(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Log risk ratio, treated over control, and its sampling variance.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like of int, shape (k,)
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
        If counts are not whole, events exceed the total, an arm is empty, or the lengths differ.

    References
    ----------
    Katz et al. 1978, Biometrics 34:469-474, for the variance.
    """
    given = (events_treated, total_treated, events_control, total_control)
    columns = [np.atleast_1d(np.asarray(column, dtype=float)) for column in given]
    shapes = [column.shape for column in columns]
    if len(set(shapes)) > 1 or columns[0].ndim != 1:
        raise MethodError(f"events and totals of two arms: four columns of one length are expected, got {shapes}")
    if labels is None:
        labels = [f"study {number}" for number in range(1, len(columns[0]) + 1)]
    for label, *counts in zip(labels, *columns, strict=True):
        _check_counts(label, "treated", counts[0], counts[1])
        _check_counts(label, "control", counts[2], counts[3])
        if counts[0] == counts[1] and counts[2] == counts[3]:
            raise ZeroCellError(f"{label}: every participant of both arms has the event, the variance of log RR is 0")
    a, n1, c, n2 = columns
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


def _check_counts(label: str, arm: str, events: float, total: float) -> None:
    if not (float(events).is_integer() and float(total).is_integer() and 0 <= events <= total and total > 0):
        counts = f"{events:g} events of {total:g} in the {arm} arm"
        raise MethodError(f"{label}: {counts}; whole numbers are expected, events from 0 to the total")
    if events == 0:
        raise ZeroCellError(
            f"{label}: no events in the {arm} arm, log RR is not finite; the protocol must say what to do"
        )


def risk_ratio_effect(counts: TwoArmCounts, *, level: float) -> Effect:
    """The log risk ratio of one study with its normal-theory interval.

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
    estimates, variances = log_risk_ratio(
        [counts.events_treated],
        [counts.total_treated],
        [counts.events_control],
        [counts.total_control],
        labels=[counts.study_id],
    )
    estimate, standard_error = float(estimates[0]), float(np.sqrt(variances[0]))
    return Effect(
        study_id=counts.study_id,
        arm_id="",
        measure="RR",
        estimate=estimate,
        standard_error=standard_error,
        interval=confidence_interval(estimate, standard_error, level),
        level=level,
        n=counts.total_treated + counts.total_control,
        unit_of_analysis=counts.unit_of_analysis,
        rows=counts.rows,
    )
