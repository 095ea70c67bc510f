"""Tables, dictionaries and HTML of a fitted model."""

from __future__ import annotations

import html
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synth.effects.intervals import figure

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.meta_analysis import MetaAnalysis


def coefficients(model: MetaAnalysis) -> pd.DataFrame:
    """One row a coefficient (see `MetaAnalysis.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame(
        {
            "estimate": model.beta,
            "standard_error": model.standard_errors,
            "statistic": model.statistics,
            "degrees_of_freedom": [model.degrees_of_freedom] * model.p,
            "p_value": model.p_values,
            "low": model.low,
            "high": model.high,
        },
        index=pd.Index(model.names, name="coefficient"),
    )


def _summary_row(model: MetaAnalysis) -> dict[str, Any]:
    row: dict[str, Any] = {"k": model.k, "method": model.method, "test": model.test}
    if not model.has_moderators:
        row |= {"estimate": model.estimate, "low": model.low[0], "high": model.high[0], "p_value": model.p_value}
        if model.method != "common" and model.k > 2:
            prediction = model.predict()
            assert prediction.prediction_low is not None
            assert prediction.prediction_high is not None
            row |= {"prediction_low": prediction.prediction_low[0], "prediction_high": prediction.prediction_high[0]}
    else:
        row |= {"q_m": model.q_m, "q_m_p": model.q_m_p, "r2": model.r2}
    # Two studies say too little of what lies between studies for these to be shown.
    i2, h2 = (model.i2, model.h2) if model.k > 2 else (None, None)
    row |= {"tau2": model.tau2, "i2": i2, "h2": h2, "q_e": model.q_e, "q_e_p": model.q_e_p}
    return row


def summary(model: MetaAnalysis) -> pd.DataFrame:
    """One row for people (see `MetaAnalysis.summary`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame([_summary_row(model)])


def one_row(results: dict[str, Any]) -> pd.DataFrame:
    """The single numbers and words of a result as one row; what has several values stands in its other tables."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    single = {name: [value] for name, value in results.items() if not isinstance(value, list | dict)}
    return pd.DataFrame(single)


def to_dict(model: MetaAnalysis) -> dict[str, Any]:
    """Every result by name (see `MetaAnalysis.to_dict`)."""
    scalars = (
        "k p method test level fixed_tau2 degrees_of_freedom tau2 tau tau2_se i2 h2 r2 typical_variance "
        "s2w guard_applied q_e q_e_df q_e_p q_m q_m_df q_m_df2 q_m_p converged"
    )
    vectors = "estimates variances weights fitted beta standard_errors statistics p_values low high covariance"
    result: dict[str, Any] = {name: json_ready(getattr(model, name)) for name in scalars.split()}
    result |= {name: json_ready(getattr(model, name).tolist()) for name in vectors.split()}
    result |= {"labels": list(model.labels), "names": list(model.names), "marks": list(model.marks)}
    result["own_weights"] = None if model.own_weights is None else model.own_weights.tolist()
    result["intercept"] = model.moderators.intercept
    result["levels"] = {coding.name: list(coding.levels) for coding in model.moderators.codings}
    result["fit_statistics"] = {name: json_ready(asdict(item)) for name, item in model.fit_statistics().items()}
    return result


def json_ready(value: Any) -> Any:
    """JSON has neither NaN nor infinity: the one becomes null, the other a text."""
    if isinstance(value, list):
        return [json_ready(item) for item in value]
    if isinstance(value, dict):
        return {name: json_ready(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("infinity" if value > 0 else "-infinity")
    return value


def line(model: MetaAnalysis) -> str:
    """The model in one line."""
    kind = "common effect" if model.method == "common" else f"random effects ({model.method})"
    if model.has_moderators:
        return f"MetaAnalysis({kind}, k = {model.k}, moderators: {', '.join(model.names[1:] or model.names)})"
    low, high = model.interval
    return f"MetaAnalysis({kind}, k = {model.k}, {figure(model.estimate)} [{figure(low)}, {figure(high)}])"


def html_of(model: MetaAnalysis) -> str:
    """Coefficients, heterogeneity and marks, for a notebook."""
    percent = f"{100 * model.level:g}%"
    head = ["", "estimate", "standard error", "t" if model.degrees_of_freedom else "z", "p", f"{percent} interval"]
    columns = (model.beta, model.standard_errors, model.statistics, model.p_values, model.low, model.high)
    rows = [
        [name, figure(beta), figure(error), figure(statistic), p_text(p), f"{figure(low)} to {figure(high)}"]
        for name, beta, error, statistic, p, low, high in zip(model.names, *columns, strict=True)
    ]
    parts = [html_rows(line(model), head, rows), f"<p>{html.escape(heterogeneity(model))}</p>"]
    if model.marks:
        parts.append("<ul>" + "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks) + "</ul>")
    return "".join(parts)


def html_rows(caption: str, head: list[str], rows: list[list[str]]) -> str:
    """A table of texts, the first cell of each row its heading; the caption is escaped too."""
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><caption>{html.escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def p_text(p: float) -> str:
    """A p value for a table: three decimals, or that it is below 0.001."""
    if math.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def heterogeneity(model: MetaAnalysis) -> str:
    """Tau, I2 and Q in a sentence."""
    if model.q_e is None or model.i2 is None or model.q_e_p is None:
        why = "beside a sampling variance of 0" if model.q_e is None else "where one study outweighs all the others"
        return f"tau2 = {model.tau2:.4g}; I2 and Q are not defined {why}."
    q = f"Q({model.q_e_df}) = {figure(model.q_e)}, p {_with_sign(model.q_e_p)}"
    share = f"I2 = {100 * model.i2:.1f}%" if model.k > 2 else "I2 is not shown for two studies or one"
    if model.method == "common":
        return f"{share}; {q}."
    return f"tau2 = {model.tau2:.4g} (tau = {model.tau:.4g}); {share}; {q}."


def _with_sign(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"
