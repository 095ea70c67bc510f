"""Baujat plots: what each study adds to heterogeneity against what it does to the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from synth.errors import MethodError
from synth.plots.axis import ValueAxis
from synth.plots.chart import Chart, beyond
from synth.plots.chart.points import (
    STUDIES_IN_WORDS,
    arrows_note,
    check_named,
    fitted_model,
    headline,
    joined,
    marks_table,
    not_drawn_note,
    sentences,
)
from synth.plots.drawing import Drawing
from synth.plots.style import drawing_settings
from synth.plots.text import decimals_for, fixed
from synth.synthesis.diagnostics import Baujat
from synth.synthesis.diagnostics import baujat as baujat_of
from synth.synthesis.linear import BoolArray, FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

__all__ = ["baujat"]

_HEIGHT: Final = 280.0
_ROOM: Final = 1.08  # the axes go on a little behind the last study
_CUT: Final = 25.0  # times the next value, from which on the greatest one is beyond the axis
_IN_WORDS: Final = 3


def baujat(
    model: MetaAnalysis,
    *,
    named: int = 12,
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
    not_drawn: Mapping[str, str] | None = None,
) -> Drawing:
    """A Baujat plot of the studies of a model.

    Parameters
    ----------
    model : MetaAnalysis
        Of at least two studies, with or without moderators.
    named : int
        At most so many studies are named, those furthest from the corner first.
    title, notes, not_drawn
        As for `funnel`.
    about : str
        What was pooled, for the title and the words of the drawing; it is not drawn.

    Returns
    -------
    Drawing
        Its data have a line for each study: contribution to heterogeneity (x) and influence on the result (y), as
        `synth.synthesis.diagnostics.baujat` has them.

    Raises
    ------
    MethodError
        If there is one study only, or none has both numbers.

    References
    ----------
    Baujat, Mahe, Pignon and Hill 2002, Stat Med 21:2641-2652.
    """
    fitted = fitted_model(model, "Baujat plot")
    heading, opening = headline("Baujat plot", title, about)
    check_named(named)
    found = baujat_of(fitted)
    there = np.isfinite(found.contribution) & np.isfinite(found.influence)
    if not there.any():
        raise MethodError("no study has both a contribution and an influence; at least one is expected")
    x, y = _axis(found.contribution[there]), _axis(found.influence[there], _HEIGHT)
    data = _data(found, there, x, y)
    missing = dict.fromkeys(
        (found.labels[row] for row in np.flatnonzero(~there)), "contribution or influence is not defined"
    )
    remarks = [*sentences(found.marks), not_drawn_note({**missing, **(not_drawn or {})})]
    remarks += [arrows_note(data.loc[data["beyond_axis"] != "", "label"].tolist()), *notes]
    with drawing_settings():
        chart = Chart(
            height=_HEIGHT,
            x=x,
            y=y,
            x_label=f"Contribution to heterogeneity: {_contribution(fitted)}",
            y_label=f"Influence: {_influence(fitted)}",
            title=title,
            notes=remarks,
        )
        spots = list(zip(data["x"].tolist(), data["y"].tolist(), data["label"].tolist(), strict=True))
        for across, up, label in spots:
            chart.point(across, up, label=f"study {label}")
        corner = [(across / x.upper) ** 2 + (up / y.upper) ** 2 for across, up, _ in spots]
        chart.name_points([spots[index] for index in np.argsort(-np.array(corner), kind="stable")], most=named)
    return chart.finish(title=heading, alt_text=_alt_text(found, data, opening, remarks), data=data)


def _contribution(model: MetaAnalysis) -> str:
    return "share of Q" if model.method == "common" and not model.has_moderators else "squared Pearson residual"


def _influence(model: MetaAnalysis) -> str:
    which = "its fitted value" if model.has_moderators else "the summary"
    return f"squared standardised change of {which} without the study"


def _axis(values: FloatArray, length: float = 400.0) -> ValueAxis:
    """From 0 to a little behind the greatest value; of five values and more one far greater than the next is beyond."""
    ordered = np.sort(values)
    last = float(ordered[-1])
    if len(ordered) > 4 and ordered[-2] > 0 and last > _CUT * ordered[-2]:
        last = float(ordered[-2])
    return ValueAxis(0.0, (last or 1.0) * _ROOM, False, length)


def _data(found: Baujat, there: BoolArray, x: ValueAxis, y: ValueAxis) -> pd.DataFrame:
    spots = zip(found.labels, found.contribution.tolist(), found.influence.tolist(), there, strict=True)
    records = [
        {"kind": "study", "label": label, "x": across, "y": up, "beyond_axis": beyond(across, up, x, y)}
        for label, across, up, shown in spots
        if shown
    ]
    return marks_table(records, ("x", "y"))


def _alt_text(found: Baujat, data: pd.DataFrame, opening: str, notes: Sequence[str]) -> str:
    """The studies that stand out, then each."""
    said = [opening]
    said.append(
        f"Contribution to heterogeneity against influence on the result, {found.method}, k = {len(found.labels)}."
    )
    across, up = decimals_for(data["x"].tolist()), decimals_for(data["y"].tolist())
    for column, what, decimals in (("x", "contributions", across), ("y", "influences", up)):
        top = data.sort_values(column, ascending=False, kind="stable").head(_IN_WORDS)
        listed = [f"{label} {fixed(value, decimals)}" for label, value in zip(top["label"], top[column], strict=True)]
        said.append(f"Greatest {what}: {', '.join(listed)}.")
    if len(data) <= STUDIES_IN_WORDS:
        rows = zip(data["label"], data["x"], data["y"], strict=True)
        each = [f"{label}: {fixed(x, across)} and {fixed(y, up)}" for label, x, y in rows]
        said.append(f"Studies: {'; '.join(each)}.")
    else:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])
