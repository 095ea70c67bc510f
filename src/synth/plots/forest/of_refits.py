"""Forest plots of one model fitted again and again: without each study, and with studies added one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, Unpack, get_args

import numpy as np

from synth.errors import MethodError
from synth.plots import text
from synth.plots.drawing import Drawing
from synth.plots.forest.checks import texts
from synth.plots.forest.numbers import estimates_of, intervals_of, number_format
from synth.plots.forest.of_models import ForestOptions
from synth.plots.forest.plot import forest
from synth.plots.forest.pools import kind_of, pooled
from synth.plots.forest.rows import ForestRow, ReferenceLine
from synth.plots.forest.scale import ForestScale, forest_scale
from synth.plots.forest.summaries import notes_of
from synth.plots.marks import sentences
from synth.synthesis.diagnostics import Refits
from synth.synthesis.meta_analysis import MetaAnalysis

Shown = Literal["k", "tau2", "i2", "p"]

_TITLES: Final[dict[Shown, str]] = {"k": "k", "tau2": "τ²", "i2": "I²", "p": "p"}
_KINDS: Final = {"leave-one-out": "Leave-one-out", "cumulative": "Cumulative"}
_LEFT_OUT: Final = "Each line is the summary of all the studies but the one that it names."
_TWO: Final = "two studies: for sensitivity only"
_ADDED: Final = "Each line is the summary of the studies down to the one that it names."


def leave_one_out_forest(
    refits: Refits,
    model: MetaAnalysis,
    *,
    measure: str = "GEN",
    natural: bool = True,
    effect_label: str = "",
    show: Sequence[Shown] = (),
    notes: Sequence[str] = (),
    **options: Unpack[ForestOptions],
) -> Drawing:
    """The summary without each study, and a line for that of all.

    Parameters
    ----------
    refits : Refits
        Of `synth.synthesis.diagnostics.leave_one_out`.
    model : MetaAnalysis
        That was fitted again; its summary closes the plot, and a dashed line leads up from it.
    measure, natural, effect_label, notes, options
        As for `synth.plots.forest.of_models.forest_of_model`; the Freeman-Tukey measures are drawn with natural=False.
    show : sequence of {"k", "tau2", "i2", "p"}
        Further columns.

    Returns
    -------
    Drawing

    Raises
    ------
    MethodError
        If the refits are of another kind, of a model with moderators, or not of this model, or a column is unknown.
    """
    return _forest(refits, model, "leave-one-out", _LEFT_OUT, measure, natural, effect_label, show, notes, options)


def cumulative_forest(
    refits: Refits,
    model: MetaAnalysis,
    *,
    measure: str = "GEN",
    natural: bool = True,
    effect_label: str = "",
    show: Sequence[Shown] = (),
    notes: Sequence[str] = (),
    **options: Unpack[ForestOptions],
) -> Drawing:
    """The summary of the first study, the first two, and so on, and a line for that of all.

    Parameters
    ----------
    refits : Refits
        Of `synth.synthesis.diagnostics.cumulative`.
    model, measure, natural, effect_label, show, notes, options
        As for `leave_one_out_forest`.

    Returns
    -------
    Drawing

    Raises
    ------
    MethodError
        As for `leave_one_out_forest`.

    References
    ----------
    Lau et al. 1992, N Engl J Med 327:248-254, for the analysis.
    """
    return _forest(refits, model, "cumulative", _ADDED, measure, natural, effect_label, show, notes, options)


def _forest(
    refits: Refits,
    model: MetaAnalysis,
    kind: str,
    reading: str,
    measure: str,
    natural: bool,
    effect_label: str,
    show: Sequence[Shown],
    notes: Sequence[str],
    options: ForestOptions,
) -> Drawing:
    _check(refits, model, kind, show)
    scale = forest_scale(measure, natural=natural, sizes=None, k=None)
    rows = [_row(refits, index, scale, show) for index in range(len(refits.labels))]
    # Of one study there is no summary; its own estimate is the line.
    whole = () if model.k < 2 else (pooled(model).on(scale),)
    middle = scale.shown(model.estimate)
    shown = [middle, *estimates_of(rows, whole)], intervals_of(rows, whole)
    number = number_format(*shown, log=scale.log, decimals=options.get("decimals"))
    line = ReferenceLine(middle, f"summary of all {model.k} studies", number(middle))
    given: ForestOptions = {"label_title": "Study left out" if kind == "leave-one-out" else "Study added", **options}
    given["reference_lines"] = (line, *options.get("reference_lines", ()))
    said = [reading, scale.note, *sentences(refits.marks), *notes_of(kind_of(model), model.marks)]
    return forest(
        rows,
        summaries=whole,
        effect_label=effect_label or scale.label,
        log_scale=scale.log,
        null_value=scale.null_value,
        columns=tuple(_TITLES[name] for name in show),
        notes=[note for note in (*said, *texts("notes", notes)) if note],
        level=refits.level,
        kind=_KINDS[kind],
        **given,
    )


def _check(refits: object, model: object, kind: str, show: Sequence[Shown]) -> None:
    what = f"{kind} forest plot"
    if not isinstance(refits, Refits) or refits.kind != kind:
        found = f"refits of the kind {refits.kind!r}" if isinstance(refits, Refits) else type(refits).__name__
        raise MethodError(f"{what}: {kind} refits are expected, not {found}")
    if not isinstance(model, MetaAnalysis):
        raise MethodError(f"{what}: the model that was refitted is expected (MetaAnalysis), not {type(model).__name__}")
    if refits.estimate.ndim != 1 or model.has_moderators:
        raise MethodError(f"{what}: a model with moderators has several coefficients and no one summary to draw")
    names = tuple(model.labels[place] for place in refits.order.tolist() if place < model.k)
    same = (model.method, model.test, model.level) == (refits.method, refits.test, refits.level)
    last = float(refits.estimate[-1]) if kind == "cumulative" else model.estimate  # the last row holds every study
    least = 1e-9 * float(np.abs(model.estimates).max())
    if names != refits.labels or not (same and math.isclose(last, model.estimate, rel_tol=1e-6, abs_tol=least)):
        raise MethodError(f"{what}: the refits are not of this model; those of the same model are expected")
    unknown = [name for name in show if name not in get_args(Shown)]
    if unknown:
        raise MethodError(f"{what}: column {unknown[0]!r}; one of {', '.join(get_args(Shown))} is expected")


def _row(refits: Refits, index: int, scale: ForestScale, show: Sequence[Shown]) -> ForestRow:
    estimate = float(refits.estimate[index])
    there = bool(np.isfinite(estimate))
    limits = float(refits.low[index]), float(refits.high[index])
    return ForestRow(
        label=refits.labels[index],
        estimate=scale.shown(estimate) if there else None,
        interval=scale.interval(limits) if there and np.isfinite(limits).all() else None,
        mark=_mark(refits, index),
        columns={_TITLES[name]: _cell(refits, index, name) for name in show},
    )


def _mark(refits: Refits, index: int) -> str:
    """What one refit stands on; the pool of two studies is for sensitivity only, as it is in every other plot."""
    two = int(refits.k[index]) == 2 and bool(np.isfinite(refits.estimate[index]))
    return "; ".join(mark for mark in (_TWO if two else "", refits.row_marks[index]) if mark)


def _cell(refits: Refits, index: int, name: Shown) -> str:
    """A cell; tau2 of one study and I2 of two are not shown, because they mean nothing."""
    k = int(refits.k[index])
    if name == "k":
        return str(k)
    values = {"tau2": refits.tau2, "i2": refits.i2, "p": refits.p_value}[name]
    value = float(values[index])
    if not np.isfinite(value) or (name == "tau2" and k < 2) or (name == "i2" and k < 3):
        return ""
    if name == "i2":
        return f"{100 * value:.1f}%"
    if name == "p":
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    decimals = text.decimals_for([number for number in refits.tau2.tolist() if math.isfinite(number)])
    return text.fixed(value, min(decimals + 1, 6))
