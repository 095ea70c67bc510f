"""Tables, dictionaries and HTML of a generalised linear mixed model."""

from __future__ import annotations

import html
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synth.effects.intervals import figure
from synth.synthesis.model_tables import html_rows, json_ready, p_text

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.glmm.result import GlmmResult

_SCALARS = (
    *("measure", "model", "method", "test", "level", "k", "p", "degrees_of_freedom", "points", "converged"),
    *("tau2", "tau", "sigma2", "typical_variance", "i2", "h2", "q_wald", "q_wald_p", "q_lrt", "q_lrt_p", "q_df"),
    *("q_m", "q_m_df", "q_m_p", "log_likelihood", "saturated_log_likelihood", "conditional_log_likelihood"),
)
_VECTORS = ("standard_errors", "statistics", "p_values", "low", "high")


def coefficients(model: GlmmResult) -> pd.DataFrame:
    """One row a coefficient (see `GlmmResult.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    found = model.inference
    return pd.DataFrame(
        {
            "estimate": model.beta,
            "standard_error": found.standard_errors,
            "statistic": found.statistics,
            "degrees_of_freedom": [model.degrees_of_freedom] * model.p,
            "p_value": found.p_values,
            "low": found.low,
            "high": found.high,
        },
        index=pd.Index(model.names, name="coefficient"),
    )


def summary(model: GlmmResult) -> pd.DataFrame:
    """One row for people (see `GlmmResult.summary`); what two studies cannot say is left empty."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    row: dict[str, Any] = {"k": model.k, "measure": model.measure, "model": model.model, "method": model.method}
    if model.has_moderators:
        row |= {"q_m": model.q_m, "q_m_p": model.q_m_p}
    else:
        low, high = model.interval
        natural = model.natural()
        assert natural.low is not None
        assert natural.high is not None
        row |= {"estimate": model.estimate, "low": low, "high": high, "p_value": model.p_value}
        row |= {natural.scale.replace(" ", "_"): natural.estimates[0]}
        row |= {"natural_low": natural.low[0], "natural_high": natural.high[0]}
        if natural.prediction_low is not None and natural.prediction_high is not None:
            row |= {"prediction_low": natural.prediction_low[0], "prediction_high": natural.prediction_high[0]}
    row |= {"tau2": model.tau2, "i2": model.i2 if model.k > 2 else None}
    row |= {"q_wald": model.q_wald, "q_wald_p": model.q_wald_p, "q_lrt": model.q_lrt, "q_lrt_p": model.q_lrt_p}
    return pd.DataFrame([row])


def to_dict(model: GlmmResult) -> dict[str, Any]:
    """Every result by name (see `GlmmResult.to_dict`)."""
    result: dict[str, Any] = {name: json_ready(getattr(model, name)) for name in _SCALARS}
    result |= {"beta": model.beta.tolist(), "covariance": model.covariance.tolist(), "names": list(model.names)}
    result |= {name: json_ready(getattr(model.inference, name).tolist()) for name in _VECTORS}
    result |= {"labels": list(model.labels), "missing": list(model.missing), "marks": list(model.marks)}
    result["uninformative"] = list(model.uninformative)
    result["fit_statistics"] = {name: json_ready(asdict(item)) for name, item in model.fit_statistics().items()}
    finer = model.finer
    result["finer"] = (
        None
        if finer is None
        else {
            "points": finer.points,
            "beta": finer.beta.tolist(),
            "tau2": finer.tau2,
            "log_likelihood": finer.log_likelihood,
            "moved": finer.moved,
        }
    )
    return result


def line(model: GlmmResult) -> str:
    """The model in one line."""
    kind = f"{model.measure}{f' {model.model}' if model.model else ''}, "
    kind += "common effect" if model.method == "common" else "random effects (ML)"
    if model.has_moderators:
        return f"GlmmResult({kind}, k = {model.k}, moderators: {', '.join(model.names[1:])})"
    low, high = model.interval
    return f"GlmmResult({kind}, k = {model.k}, {figure(model.estimate)} [{figure(low)}, {figure(high)}])"


def html_of(model: GlmmResult) -> str:
    """Coefficients, heterogeneity and marks, for a notebook."""
    head = ["", "estimate", "standard error", "t" if model.degrees_of_freedom else "z", "p"]
    head.append(f"{100 * model.level:g}% interval")
    found = model.inference
    columns = (model.beta, found.standard_errors, found.statistics, found.p_values, found.low, found.high)
    rows = [
        [name, figure(beta), figure(error), figure(statistic), p_text(p), f"{figure(low)} to {figure(high)}"]
        for name, beta, error, statistic, p, low, high in zip(model.names, *columns, strict=True)
    ]
    parts = [html_rows(line(model), head, rows), f"<p>{html.escape(heterogeneity(model))}</p>"]
    if not model.has_moderators:
        parts.append(f"<p>{html.escape(_natural(model))}</p>")
    if model.marks:
        parts.append("<ul>" + "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks) + "</ul>")
    return "".join(parts)


def _natural(model: GlmmResult) -> str:
    found = model.natural()
    assert found.low is not None
    assert found.high is not None
    text = f"{found.scale.capitalize()} of the median study: {figure(found.estimates[0])} "
    text += f"({figure(found.low[0])} to {figure(found.high[0])})"
    if found.prediction_low is not None and found.prediction_high is not None:
        text += f"; prediction interval {figure(found.prediction_low[0])} to {figure(found.prediction_high[0])}"
    return text + "."


def heterogeneity(model: GlmmResult) -> str:
    """Variances and both tests in a sentence."""
    parts = [f"tau2 = {model.tau2:.4g}"] if model.method == "ML" else []
    if model.sigma2 is not None:
        parts.append(f"sigma2 = {model.sigma2:.4g}")
    if model.method == "ML" and model.k > 2 and model.i2 is not None:
        parts.append(f"I2 = {100 * model.i2:.1f}%")
    for name, value, p in (("Wald", model.q_wald, model.q_wald_p), ("LRT", model.q_lrt, model.q_lrt_p)):
        if value is not None and p is not None:
            shown = p_text(p)
            sign = shown if shown.startswith("<") else f"= {shown}"
            parts.append(f"Q-{name}({model.q_df}) = {figure(value)}, p {sign}")
    return "; ".join(parts) + "." if parts else "There is no test of heterogeneity."
