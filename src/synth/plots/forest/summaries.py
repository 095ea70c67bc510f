"""Fitted models as the summaries of a forest plot: common effect, random effects, Bayesian, generalised linear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.plots.forest.pools import Pool, PooledResult, pooled
from synth.plots.forest.rows import ForestSummary
from synth.plots.forest.scale import ForestScale, forest_scale
from synth.synthesis.prediction import Prediction


def summary_of(
    model: Pool,
    *,
    label: str = "",
    measure: str = "GEN",
    natural: bool = True,
    sizes: ArrayLike | None = None,
    group: str = "",
) -> ForestSummary:
    """The pooled result of a fitted model, as a summary of `forest`.

    Parameters
    ----------
    model : MetaAnalysis, or a Bayesian or generalised linear model
        Of a Bayesian one the posterior median and the credible interval are shown.
    label : str
        In place of the model's own name.
    measure : str
        Code of the effect measure, by which values go back to the natural scale.
    natural : bool
        Whether to show natural values (ratios), or those of the analysis (logarithms).
    sizes : array_like, shape (k,), optional
        Totals or person-time, for the Freeman-Tukey measures.
    group : str
        The group of rows that it closes.

    Returns
    -------
    ForestSummary
        With the method, tau2, I2 and Q in small print; for two studies it is named a sensitivity analysis, without
        tau2, I2, Q and a prediction interval.

    Raises
    ------
    MethodError
        If the model pools nothing (one study), has moderators, or is no model.
    """
    found = pooled(model)
    return found.on(forest_scale(measure, natural=natural, sizes=sizes, k=found.k), label=label, group=group)


def summaries_predicted(
    prediction: Prediction,
    labels: Sequence[str] = (),
    *,
    measure: str = "GEN",
    natural: bool = True,
    intervals_for_new_studies: bool = True,
) -> tuple[ForestSummary, ...]:
    """What a meta-regression predicts at chosen values of its moderators, as summaries under one another.

    Parameters
    ----------
    prediction : Prediction
        From `MetaAnalysis.predict`.
    labels : sequence of str
        One for each row: "latitude 44 degrees". The labels of the prediction itself where not given.
    measure, natural
        As for `summary_of`; measures whose way back needs sizes are not offered.
    intervals_for_new_studies : bool
        Whether prediction intervals are shown too.

    Raises
    ------
    MethodError
        If labels are missing, or not one for each row, or the prediction is of studies' own effects (`blup`).
    """
    names = tuple(labels) or prediction.labels
    if len(names) != len(prediction.estimates):
        raise MethodError(f"{len(names)} labels for {len(prediction.estimates)} predictions: one for each is expected")
    if prediction.low is None or prediction.high is None:
        raise MethodError("predictions of the studies' own effects have no confidence interval; predict() is expected")
    scale = forest_scale(measure, natural=natural, sizes=None, k=None)
    summaries = []
    for row, name in enumerate(names):
        new = None
        if (
            intervals_for_new_studies
            and prediction.prediction_low is not None
            and prediction.prediction_high is not None
        ):
            new = float(prediction.prediction_low[row]), float(prediction.prediction_high[row])
        summaries.append(
            ForestSummary(
                label=name,
                estimate=scale.shown(float(prediction.estimates[row])),
                interval=scale.interval((float(prediction.low[row]), float(prediction.high[row]))),
                prediction=scale.interval(new),
            )
        )
    return tuple(summaries)


def summaries_under(
    models: Iterable[tuple[str, object]], scale: ForestScale, *, level: float
) -> tuple[tuple[ForestSummary, ...], tuple[str, ...]]:
    """Models, or ready summaries, for the end of a plot, and their marks as notes.

    Parameters
    ----------
    models : iterable of (label, model or ForestSummary)
        An empty label stands for the model's own name; where two have one name the method is added.
    scale : ForestScale
        Of the plot.
    level : float
        Of the plot's intervals.

    Raises
    ------
    MethodError
        If a model pools nothing, is no model, or its intervals have another level.
    """
    found = [(label, model if isinstance(model, ForestSummary) else pooled(model)) for label, model in models]
    names = [label or (item.label if isinstance(item, ForestSummary) else item.name) for label, item in found]
    summaries: list[ForestSummary] = []
    notes: list[str] = []
    for name, (label, item) in zip(names, found, strict=True):
        if isinstance(item, ForestSummary):
            summaries.append(replace(item, label=name))
            continue
        _check_level(item, level)
        shown = item.full_name if not label and names.count(name) > 1 else name
        summaries.append(item.on(scale, label=shown))
        notes += notes_of(shown, item.marks)
    return tuple(summaries), tuple(notes)


def labelled(models: Mapping[str, object] | Iterable[object]) -> list[tuple[str, object]]:
    """Models with their labels, empty ones where none are given."""
    return list(models.items()) if isinstance(models, Mapping) else [("", model) for model in models]


def _check_level(found: PooledResult, level: float) -> None:
    if found.level is not None and abs(found.level - level) > 1e-12:
        raise MethodError(
            f"forest plot: {found.name} has intervals of {100 * found.level:g}%, the plot shows {100 * level:g}%; one "
            "level is expected"
        )


def notes_of(name: str, marks: Iterable[str]) -> tuple[str, ...]:
    """Marks of a result as sentences that name it."""
    return tuple(f"{name}: {mark.rstrip('.')}." for mark in marks)
