"""Selection models in words, tables and HTML."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.effects.intervals import figure
from synth.synthesis.model_tables import p_text

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.selection.entries import SelectionModel

#: Studies below which a selection model is flagged: those that tests of small-study effects ask for too.
FEW = 10
#: Studies in an interval below which its weight is flagged: a choice made here.
FEW_IN_AN_INTERVAL = 3

_SIDES = {
    "greater": "one-sided p values, small for large estimates",
    "less": "one-sided p values, small for low estimates",
    "two-sided": "two-sided p values",
}


def marks(model: SelectionModel) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `SelectionModel.marks`)."""
    found = []
    if not model.converged:
        found.append("the search for the highest likelihood did not end where it is flat: no standard errors are given")
    if model.k < FEW:
        found.append(
            f"only {model.k} studies: they hardly tell one selection from another; a what-if, not a correction"
        )
    for name, count, free in zip(model.delta_names, model.counts.tolist(), model.estimated.tolist(), strict=False):
        if free and count < FEW_IN_AN_INTERVAL:
            found.append(f"{name}: {count} stud{'y' if count == 1 else 'ies'} for its weight")
    if model.counts.size and model.counts[0] < FEW_IN_AN_INTERVAL and model.estimated.any():
        found.append(f"{model.delta_names[0]}: {model.counts[0]} of the studies that all others are compared with")
    found += _turned(model)
    found += _numerical(model)
    if not model.estimated.all() and not (model.selection == "step" and model.estimated[1:].all()):
        found.append("weights were given and not estimated: their uncertainty is in no interval")
    return tuple(found)


def _turned(model: SelectionModel) -> list[str]:
    """Weights that mean the opposite of the selection meant: that what is not small in p was seen more often."""
    if model.selection != "step":
        return []
    above = [
        name
        for name, weight, free in zip(model.delta_names, model.delta, model.estimated, strict=True)
        if free and weight > 1
    ]
    return [
        f"{name}: a weight above 1, as if these were seen more often than the smallest p values; that is the opposite "
        "of the selection meant"
        for name in above
    ]


def _numerical(model: SelectionModel) -> list[str]:
    found = []
    p = len(model.beta)
    on_bound = [name for place, name in enumerate(model.delta_names) if _on_bound(model, p + 1 + place)]
    if on_bound:
        found.append(f"on the bound of what is looked for: {', '.join(on_bound)}; the likelihood rises beyond it")
    if model.unselected.method != "common" and model.tau2 == 0:
        found.append("tau2 is 0, on its bound: standard errors take it as known")
    if model.converged and np.isnan(model.standard_errors).any():
        found.append("the likelihood is flat in some direction: no standard errors can be given")
    if model.maximum.several:
        found.append("the likelihood has more than one maximum: the highest that was found is shown")
    return found


def _on_bound(model: SelectionModel, place: int) -> bool:
    return bool(model.estimated[place - len(model.beta) - 1]) and not bool(model.maximum.inner[place])


def table(model: SelectionModel) -> pd.DataFrame:
    """One row a parameter (see `SelectionModel.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    nothing = [math.nan] * (1 + len(model.delta))
    tau2_se = math.nan if model.tau2_se is None else model.tau2_se
    return pd.DataFrame(
        {
            "estimate": [*model.beta, model.tau2, *model.delta],
            "standard_error": [*model.standard_errors, tau2_se, *model.delta_se],
            "statistic": [*model.statistics, *nothing],
            "p_value": [*model.p_values, *nothing],
            "low": [*model.low, *nothing],
            "high": [*model.high, *nothing],
        },
        index=pd.Index([*model.names, "tau2", *model.delta_names], name="parameter"),
    )


def to_dict(model: SelectionModel) -> dict[str, Any]:
    """Every result by name (see `SelectionModel.to_dict`)."""
    scalars = "k selection alternative level tau2 tau2_se log_likelihood lr_statistic lr_df lr_p converged"
    vectors = "beta standard_errors statistics p_values low high covariance delta delta_se p_of_studies"
    result: dict[str, Any] = {name: getattr(model, name) for name in scalars.split()}
    result |= {name: _plain(getattr(model, name)) for name in vectors.split()}
    return result | {
        "names": list(model.names),
        "delta_names": list(model.delta_names),
        "steps": list(model.steps),
        "counts": model.counts.tolist(),
        "estimated": model.estimated.tolist(),
        "marks": list(model.marks),
    }


def _plain(values: Any) -> list[Any]:
    """JSON has no NaN: it becomes null."""
    return [_plain(row) if np.ndim(row) else (float(row) if np.isfinite(row) else None) for row in values]


def explain(model: SelectionModel) -> str:
    """A methods paragraph (see `SelectionModel.explain`)."""
    kind = "common-effect" if model.unselected.method == "common" else "random-effects"
    if model.selection == "step":
        ends = ", ".join(f"{end:g}" for end in model.steps)
        what = (
            f"a step-function selection model (Hedges 1992, Stat Sci 7:246-255; Vevea and Hedges 1995, Psychometrika "
            f"60:419-435) with intervals of p that end at {ends}, each with a weight relative to the first"
        )
    else:
        what = "a beta selection model (Citkowicz and Vevea 2017, Psychol Methods 22:28-41)"
    tests = "Tests and intervals use the normal distribution and the inverse of the second derivatives."
    parts = [
        f"The effects of {model.k} studies were summarised by {what}, in which the chance that a study is seen depends "
        f"on {_SIDES[model.alternative]}.",
        f"It was fitted with a {kind} model by maximum likelihood, from four starts. {tests}",
    ]
    if model.lr_df:
        parts.append(
            f"No selection was tested by the likelihood ratio, chi-squared with {model.lr_df} degree"
            f"{'s' if model.lr_df > 1 else ''} of freedom."
        )
    if model.estimated[1:].sum() < len(model.delta) - 1:
        parts.append("Weights were assumed beforehand (Vevea and Woods 2005, Psychol Methods 10:428-443).")
    return " ".join([*parts, f"Intervals are of {100 * model.level:g}% level."])


def line(model: SelectionModel) -> str:
    """The model in one line."""
    head = f"SelectionModel({model.selection}, {model.alternative}, k = {model.k}"
    if len(model.names) > 1:
        return f"{head}, coefficients: {', '.join(model.names)})"
    return f"{head}, {figure(float(model.beta[0]))} {_interval(float(model.low[0]), float(model.high[0]))})"


def _interval(low: float, high: float) -> str:
    return "[no interval]" if math.isnan(low) else f"[{figure(low)}, {figure(high)}]"


def html_of(model: SelectionModel) -> str:
    """Parameters, the test of no selection and marks, for a notebook."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in ("", "estimate", "standard error", "interval"))
    rows = []
    for name, row in model.table().iterrows():
        error = "" if math.isnan(row["standard_error"]) else figure(float(row["standard_error"]))
        limits = "" if math.isnan(row["low"]) else f"{figure(float(row['low']))} to {figure(float(row['high']))}"
        cells = "".join(f"<td>{cell}</td>" for cell in (figure(float(row["estimate"])), error, limits))
        rows.append(f'<tr><th scope="row">{html.escape(str(name))}</th>{cells}</tr>')
    test = ""
    if model.lr_p is not None:
        p = p_text(model.lr_p)
        sign = "" if p.startswith("<") else "= "
        text = f"No selection: chi-squared({model.lr_df}) = {figure(model.lr_statistic)}, p {sign}{p}."
        test = f"<p>{html.escape(text)}</p>"
    notes = "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks)
    top = f"<table><caption>{html.escape(line(model))}</caption><thead><tr>{head}</tr></thead>"
    return f"{top}<tbody>{''.join(rows)}</tbody></table>{test}" + (f"<ul>{notes}</ul>" if notes else "")
