"""Location-scale models in words, tables and HTML."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.effects.intervals import figure
from synth.synthesis.explanations import STUDIES_A_MODERATOR
from synth.synthesis.model_tables import p_text

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.location_scale.entries import LocationScale

#: tau2 over the smallest sampling variance below which it is 0 for every purpose, and the logarithm runs away.
_NOTHING = 1e-6


def marks(model: LocationScale) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `LocationScale.marks`)."""
    found = []
    if not model.converged:
        found.append("the search for the highest likelihood did not end where it is flat: the last values are shown")
    moderators = len(model.names) + len(model.scale_names) - 2
    if model.k < STUDIES_A_MODERATOR * max(moderators, 1):
        found.append(
            f"{model.k} studies for {model.q} scale and {model.p} location coefficients: differences in spread take "
            "many more studies than differences in mean"
        )
    if model.link == "log" and not _spans_constant(model):
        found.append(
            "the scale has no intercept: tau2 is 1, in the unit of the estimates squared, where its columns are 0"
        )
    if model.link == "log" and (model.tau2 < _NOTHING * model.variances.min()).any():
        found.append(
            "tau2 is next to 0 for some studies: the logarithm runs away there, and its coefficient means little"
        )
    if model.maximum.bound.any():
        count = int(model.maximum.bound.sum())
        found.append(
            f"tau2 is 0, on its bound, for {count} of {model.k} studies: standard errors of the scale take that as "
            "known"
        )
    if np.isnan(model.alpha_covariance).all():
        found.append("the likelihood is flat in some direction of the scale: its coefficients have no standard errors")
    if model.maximum.several:
        found.append("the likelihood has more than one maximum: the highest that was found is shown")
    return tuple(found)


def _spans_constant(model: LocationScale) -> bool:
    columns = model.scale.columns
    constant = np.ones(model.k)
    fitted = columns @ np.linalg.lstsq(columns, constant, rcond=None)[0]
    return bool(np.abs(fitted - constant).max() < 1e-8)


def table(model: LocationScale) -> pd.DataFrame:
    """One row a coefficient (see `LocationScale.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    parts = []
    for part, names, values, found in (
        ("location", model.names, model.beta, model.inference),
        ("scale", model.scale_names, model.alpha, model.alpha_inference),
    ):
        columns = {
            "estimate": values,
            "standard_error": found.standard_errors,
            "statistic": found.statistics,
            "p_value": found.p_values,
            "low": found.low,
            "high": found.high,
        }
        index = pd.MultiIndex.from_product([[part], names], names=["part", "coefficient"])
        parts.append(pd.DataFrame(columns, index=index))
    return pd.concat(parts)


def to_dict(model: LocationScale) -> dict[str, Any]:
    """Every result by name (see `LocationScale.to_dict`)."""
    scalars = "k p q link method test level q_e q_e_df q_e_p log_likelihood aic bic converged"
    vectors = "beta standard_errors statistics p_values low high covariance alpha alpha_standard_errors tau2"
    result: dict[str, Any] = {name: getattr(model, name) for name in scalars.split()}
    result |= {name: _plain(getattr(model, name)) for name in vectors.split()}
    for name, test in (("location_test", model.location_test), ("scale_test", model.scale_test)):
        result[name] = {part: getattr(test, part) for part in ("statistic", "df1", "df2", "p_value")}
    found = model.alpha_inference
    for name in ("statistics", "p_values", "low", "high"):
        result[f"alpha_{name}"] = _plain(getattr(found, name))
    names = {"names": list(model.names), "scale_names": list(model.scale_names), "labels": list(model.labels)}
    return result | names | {"marks": list(model.marks)}


def _plain(values: Any) -> list[Any]:
    """JSON has no NaN: it becomes null."""
    return [_plain(row) if np.ndim(row) else (float(row) if np.isfinite(row) else None) for row in values]


def explain(model: LocationScale) -> str:
    """A methods paragraph (see `LocationScale.explain`)."""
    means = ", ".join(coding.name for coding in model.location.codings) or "nothing but an intercept"
    spreads = ", ".join(coding.name for coding in model.scale.codings) or "nothing but an intercept"
    what = "the logarithm of the between-study variance" if model.link == "log" else "the between-study variance"
    kind = "restricted maximum likelihood" if model.method == "REML" else "maximum likelihood"
    if model.test == "t":
        test = "the t distribution with k - p degrees of freedom for the mean and k - q for the variance"
    else:
        test = "the normal distribution"
    return (
        f"The effects of {model.k} studies were summarised by a location-scale model (Viechtbauer and Lopez-Lopez, Res "
        f"Synth Methods, doi 10.1002/jrsm.1562): the mean with {means}, and {what} with {spreads}, by {kind} from four "
        f"starts. Standard errors of the variance's coefficients are from the second derivatives. Tests and intervals "
        f"use {test}. Intervals are of {100 * model.level:g}% level."
    )


def line(model: LocationScale) -> str:
    """The model in one line."""
    parts = f"location: {', '.join(model.names)}; scale: {', '.join(model.scale_names)}"
    return f"LocationScale({model.method}, {model.link} link, k = {model.k}, {parts})"


def html_of(model: LocationScale) -> str:
    """Coefficients of both parts, their tests and marks, for a notebook."""
    heads = ("", "estimate", "standard error", "p", f"{100 * model.level:g}% interval")
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    rows = []
    where: Any
    for where, row in model.table().iterrows():
        gone = math.isnan(row["standard_error"])
        interval = "" if gone else f"{figure(float(row['low']))} to {figure(float(row['high']))}"
        error = "" if gone else figure(float(row["standard_error"]))
        cells = (figure(float(row["estimate"])), error, p_text(float(row["p_value"])), interval)
        body = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{html.escape(": ".join(where))}</th>{body}</tr>')
    low, high = float(model.tau2.min()), float(model.tau2.max())
    spread = f"<p>tau2 from {low:.4g} to {high:.4g}.</p>"
    notes = "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks)
    top = f"<table><caption>{html.escape(line(model))}</caption><thead><tr>{head}</tr></thead>"
    return f"{top}<tbody>{''.join(rows)}</tbody></table>{spread}" + (f"<ul>{notes}</ul>" if notes else "")
