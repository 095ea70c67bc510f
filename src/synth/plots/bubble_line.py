"""The line of a bubble plot: what a meta-regression predicts along one moderator, the others held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from synth.errors import MethodError
from synth.plots.text import plain
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.moderators import Coding

Held = Mapping[str, float | str]

_STEPS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class BubbleLine:
    """Predictions along a moderator, on the scale of analysis.

    Attributes
    ----------
    values : ndarray, shape (k,)
        The moderator of each study; the index of its level for a category.
    levels : tuple of str
        Of a category; empty for a number.
    along, mean, low, high : ndarray, shape (n,)
        Where the predictions are, and the mean with its confidence interval.
    prediction_low, prediction_high : ndarray or None
        Interval for the true effect of a new study; None in a common-effect model and where two studies, or as many as
        there are coefficients, say nothing of it.
    held : mapping of str to (float or str)
        Values at which the other moderators are.
    """

    values: FloatArray
    levels: tuple[str, ...]
    along: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    prediction_low: FloatArray | None
    prediction_high: FloatArray | None
    held: Held

    @property
    def has_prediction(self) -> bool:
        """Whether there is an interval for the true effect of a new study."""
        return self.prediction_low is not None


def moderator_of(model: MetaAnalysis, name: str | None) -> Coding:
    """The moderator of that name, or the only one.

    Raises
    ------
    MethodError
        If the model has none, has several and none is named, or has none of that name.
    """
    codings = model.moderators.codings
    known = ", ".join(coding.name for coding in codings)
    if not codings:
        raise MethodError("the model has no moderator; a meta-regression is expected")
    if name is None:
        if len(codings) > 1:
            raise MethodError(f"the model has several moderators; the name of one is expected: {known}")
        return codings[0]
    for coding in codings:
        if coding.name == name:
            return coding
    raise MethodError(f"moderator {name!r}: one of the model's is expected: {known}")


def line_of(model: MetaAnalysis, coding: Coding, at: Held) -> BubbleLine:
    """Predictions along a moderator, from its least to its greatest value or at each of its levels.

    Parameters
    ----------
    model : MetaAnalysis
    coding : Coding
        One of the model's.
    at : mapping of str to (float or str)
        Values of other moderators; those that are not named are at their mean, categories at the level of most studies.

    Raises
    ------
    MethodError
        If `at` names another moderator than the model's, or a level that no study has.
    """
    others = [other for other in model.moderators.codings if other is not coding]
    strange = [name for name in at if name not in {other.name for other in others}]
    if strange:
        known = ", ".join(other.name for other in others) or "none"
        raise MethodError(f"at: {strange[0]!r} is held; expected are other moderators of the model: {known}")
    held = {other.name: at.get(other.name, _typical(model, other)) for other in others}
    values = values_of(model, coding)
    along = (
        np.arange(float(len(coding.levels))) if coding.levels else np.linspace(values.min(), values.max(), _STEPS + 1)
    )
    given: dict[str, list[float] | list[str] | float | str] = dict(held)
    given[coding.name] = list(coding.levels) if coding.levels else along.tolist()
    found = model.predict(given)
    assert found.low is not None
    assert found.high is not None
    predicted = model.k > max(2, model.p)  # two studies, or as many as coefficients, say nothing of a new one
    return BubbleLine(
        values=values,
        levels=coding.levels,
        along=along,
        mean=found.estimates,
        low=found.low,
        high=found.high,
        prediction_low=found.prediction_low if predicted else None,
        prediction_high=found.prediction_high if predicted else None,
        held=held,
    )


def values_of(model: MetaAnalysis, coding: Coding) -> FloatArray:
    """The moderator of each study: the number itself, or the index of its level."""
    rows = [model.moderators.names.index(name) for name in coding.columns]
    columns = model.moderators.columns[:, rows]
    if not coding.levels:
        result: FloatArray = columns[:, 0]
        return result
    # Without a column of its own the first level is where all the others are 0.
    first = len(coding.levels) - len(coding.columns)
    return np.where(columns.any(axis=1), columns.argmax(axis=1) + first, 0).astype(float)


def _typical(model: MetaAnalysis, coding: Coding) -> float | str:
    values = values_of(model, coding)
    if not coding.levels:
        return float(values.mean())
    counts = Counter(round(value) for value in values.tolist())
    commonest: str = coding.levels[min(counts, key=lambda level: (-counts[level], level))]
    return commonest


def held_words(held: Held) -> str:
    """At what the other moderators are held; empty for none."""
    if not held:
        return ""
    parts = [
        f"{name} at {value if isinstance(value, str) else plain(float(f'{value:.4g}'))}" for name, value in held.items()
    ]
    return f"Other moderators are held: {', '.join(parts)}; the points are the estimates as they are."
