"""Tables, dictionaries and HTML of a multilevel model."""

from __future__ import annotations

import html
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synth.effects.intervals import figure
from synth.synthesis.model_tables import html_rows, json_ready, p_text

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.multilevel.analysis import MultilevelAnalysis

_SCALARS = (
    "k k_units p method test degrees level q_e q_e_df q_e_p q_m q_m_df q_m_df2 q_m_p log_likelihood typical_variance"
)
_VECTORS = "estimates fitted residuals beta standard_errors statistics p_values low high covariance sigma2 tau2 rho"


def coefficients(model: MultilevelAnalysis) -> pd.DataFrame:
    """One row a coefficient (see `MultilevelAnalysis.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    degrees = [None] * model.p if model.degrees_of_freedom is None else model.degrees_of_freedom
    return pd.DataFrame(
        {
            "estimate": model.beta,
            "standard_error": model.standard_errors,
            "statistic": model.statistics,
            "degrees_of_freedom": degrees,
            "p_value": model.p_values,
            "low": model.low,
            "high": model.high,
        },
        index=pd.Index(model.names, name="coefficient"),
    )


def components(model: MultilevelAnalysis) -> pd.DataFrame:
    """One row a variance or correlation (see `MultilevelAnalysis.component_table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    rows = [
        {
            "component": component.name,
            "kind": component.kind,
            "value": model.component(component),
            "estimated": _estimated(model, component.kind, component.index, component.name),
        }
        for component in model.components
    ]
    return pd.DataFrame(rows, columns=["component", "kind", "value", "estimated"])


def _estimated(model: MultilevelAnalysis, kind: str, index: int, name: str) -> bool:
    given = not math.isnan(model.held.components[kind][index])
    return not given and not (kind == "sigma2" and name in model.held.explained)


def summary(model: MultilevelAnalysis) -> pd.DataFrame:
    """One row for people (see `MultilevelAnalysis.summary`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    row: dict[str, Any] = {"k": model.k, "k_units": model.k_units, "method": model.method, "test": model.test}
    row |= {f"units of {name}": size for name, size in model.levels.items()}
    if model.has_moderators:
        row |= {"q_m": model.q_m, "q_m_p": model.q_m_p}
    else:
        row |= {"estimate": model.estimate, "low": model.low[0], "high": model.high[0], "p_value": model.p_value}
    row |= {f"{item.kind} of {item.name}": model.component(item) for item in model.components}
    return pd.DataFrame([row | {"q_e": model.q_e, "q_e_p": model.q_e_p}])


def to_dict(model: MultilevelAnalysis) -> dict[str, Any]:
    """Every result by name (see `MultilevelAnalysis.to_dict`)."""
    result: dict[str, Any] = {name: json_ready(getattr(model, name)) for name in _SCALARS.split()}
    result |= {name: json_ready(getattr(model, name).tolist()) for name in _VECTORS.split()}
    degrees = model.degrees_of_freedom
    result["degrees_of_freedom"] = None if degrees is None else degrees.tolist()
    result |= {"labels": list(model.labels), "names": list(model.names), "marks": list(model.marks)}
    result |= {"converged": model.converged, "levels": model.levels, "i2": model.i2}
    result["structures"] = [
        {"name": item.name, "structure": item.kind, "inner": list(item.inner.labels), "units": item.outer.size}
        for item in model.random.structures
    ]
    result["components"] = [
        {"name": item.name, "kind": item.kind, "value": json_ready(model.component(item))} for item in model.components
    ]
    result["fit_statistics"] = {name: json_ready(asdict(item)) for name, item in model.fit_statistics().items()}
    return result


def line(model: MultilevelAnalysis) -> str:
    """The model in one line."""
    parts = [f"{level.name}: {level.size}" for level in model.random.levels]
    parts += [f"{item.name} {item.kind}: {item.outer.size}" for item in model.random.structures]
    random = f"; {', '.join(parts)}" if parts else ""
    if model.has_moderators:
        names = ", ".join(coding.name for coding in model.moderators.codings)
        return f"MultilevelAnalysis({model.method}, k = {model.k}{random}; moderators: {names})"
    low, high = model.interval
    effect = f"{figure(model.estimate)} [{figure(low)}, {figure(high)}]"
    return f"MultilevelAnalysis({model.method}, k = {model.k}{random}; {effect})"


def html_of(model: MultilevelAnalysis) -> str:
    """Coefficients, components and marks, for a notebook."""
    percent = f"{100 * model.level:g}%"
    statistic = "z" if model.degrees_of_freedom is None else "t"
    head = ["", "estimate", "standard error", statistic, "p", f"{percent} interval"]
    columns = (model.beta, model.standard_errors, model.statistics, model.p_values, model.low, model.high)
    rows = [
        [name, figure(beta), figure(error), figure(value), p_text(p), f"{figure(low)} to {figure(high)}"]
        for name, beta, error, value, p, low, high in zip(model.names, *columns, strict=True)
    ]
    parts = [html_rows(line(model), head, rows)]
    if model.components:
        cells = [[item.name, item.kind, _value(model.component(item))] for item in model.components]
        parts.append(html_rows("Variances and correlations of true effects", ["", "", "value"], cells))
    if model.marks:
        parts.append("<ul>" + "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks) + "</ul>")
    return "".join(parts)


def _value(value: float) -> str:
    return "not defined" if math.isnan(value) else f"{value:.4g}"
