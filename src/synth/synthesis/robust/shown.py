"""Cluster-robust results in words, tables and HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.effects.intervals import figure
from synth.synthesis.model_tables import p_text

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.robust.entries import RobustResult

#: Clusters from which a sandwich without Satterthwaite's degrees of freedom stands without a flag: "as few as 20-40
#: studies" is what the simulations of Hedges, Tipton and Johnson (2010) suggest.
ENOUGH_CLUSTERS = 40
#: Degrees of freedom below which a t distribution is flagged: a choice made here, as tails of t change fast there.
FEW_DEGREES = 4.0

_KINDS = {
    "CR0": "without a correction for few clusters (CR0)",
    "CR1": "multiplied by m / (m - p) for m clusters and p coefficients (CR1)",
    "CR1S": "multiplied by m (n - 1) / ((m - 1) (n - p)) for m clusters, n estimates and p coefficients (CR1S)",
    "CR2": (
        "with the bias-reduced linearisation (CR2) of Bell and McCaffrey (2002, Surv Methodol 28:169-181; Pustejovsky "
        "and Tipton 2018, J Bus Econ Stat 36:672-683)"
    ),
}


def marks(result: RobustResult) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `RobustResult.marks`)."""
    found = []
    m = result.n_clusters
    if result.kind != "CR2" and m < ENOUGH_CLUSTERS:
        found.append(f"{result.kind} with {m} clusters: tests are too liberal below about 40; CR2 allows for that")
    few = [name for name, df in zip(result.names, result.degrees_of_freedom, strict=True) if df < FEW_DEGREES]
    if few:
        found.append(
            f"fewer than {FEW_DEGREES:g} degrees of freedom for {', '.join(few)}: little is known of its spread"
        )
    if not result.sandwich.working.nested:
        found.append("the model ties estimates of different clusters together, while this variance takes them as apart")
    carriers = result.sandwich.carriers
    if carriers:
        who = (
            f"clusters {', '.join(carriers)} alone carry"
            if len(carriers) > 1
            else f"cluster {carriers[0]} alone carries"
        )
        found.append(f"{who} a coefficient: residuals there cannot show how it varies, and variances are too small")
    if not (result.standard_errors > 0).all():
        found.append("a standard error is 0: no residual bears on that coefficient, and nothing is known of its spread")
    return tuple(found)


def table(result: RobustResult) -> pd.DataFrame:
    """One row a coefficient (see `RobustResult.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame(
        {
            "estimate": result.beta,
            "standard_error": result.standard_errors,
            "statistic": result.statistics,
            "degrees_of_freedom": result.degrees_of_freedom,
            "p_value": result.p_values,
            "low": result.low,
            "high": result.high,
        },
        index=pd.Index(result.names, name="coefficient"),
    )


def to_dict(result: RobustResult) -> dict[str, Any]:
    """Every result by name (see `RobustResult.to_dict`)."""
    vectors = "beta standard_errors statistics degrees_of_freedom p_values low high covariance"
    omnibus = result.omnibus
    return {
        "kind": result.kind,
        "level": result.level,
        "n": result.n,
        "n_clusters": result.n_clusters,
        "names": list(result.names),
        "clusters": list(result.clusters.names),
        **{name: _finite(getattr(result, name)) for name in vectors.split()},
        "omnibus": {
            "statistic": omnibus.statistic,
            "df1": omnibus.df1,
            "df2": omnibus.df2,
            "p_value": omnibus.p_value,
        },
        "marks": list(result.marks),
    }


def _finite(values: Any) -> list[Any]:
    """JSON has no NaN: a statistic with a standard error of 0 becomes null."""
    return [_finite(row) if np.ndim(row) else (float(row) if np.isfinite(row) else None) for row in values]


def explain(result: RobustResult) -> str:
    """A methods paragraph (see `RobustResult.explain`)."""
    parts = [
        f"Standard errors are cluster-robust (Hedges, Tipton and Johnson 2010, Res Synth Methods 1:39-65): {result.n} "
        f"estimates in {result.n_clusters} clusters, {_KINDS[result.kind]}."
    ]
    if result.kind == "CR2":
        parts.append(
            "Tests and intervals use the t distribution with Satterthwaite's degrees of freedom (Tipton 2015, Psychol "
            "Methods 20:375-393), joint tests the approximate Hotelling's T-squared distribution (Tipton and "
            "Pustejovsky 2015, J Educ Behav Stat 40:604-634)."
        )
    else:
        parts.append("Tests and intervals use the t distribution with m - p degrees of freedom, joint tests F.")
    return " ".join([*parts, f"Intervals are of {100 * result.level:g}% level."])


def line(result: RobustResult) -> str:
    """The result in one line."""
    head = f"RobustResult({result.kind}, {result.n} estimates in {result.n_clusters} clusters"
    if len(result.names) > 1:
        return f"{head}, coefficients: {', '.join(result.names)})"
    low, high = result.low[0], result.high[0]
    return f"{head}, {_figure(result.beta[0])} [{_figure(low)}, {_figure(high)}])"


def _figure(value: float) -> str:
    """A number in a table; what a standard error of 0 leaves without meaning is said to have none."""
    return "not defined" if np.isnan(value) else figure(float(value))


def html_of(result: RobustResult) -> str:
    """Coefficients and marks, for a notebook."""
    heads = ("", "estimate", "robust standard error", "t", "df", "p", f"{100 * result.level:g}% interval")
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    rows = []
    for place, name in enumerate(result.names):
        cells = [
            _figure(result.beta[place]),
            _figure(result.standard_errors[place]),
            _figure(result.statistics[place]),
            f"{result.degrees_of_freedom[place]:.1f}",
            p_text(float(result.p_values[place])),
            f"{_figure(result.low[place])} to {_figure(result.high[place])}",
        ]
        body = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{html.escape(name)}</th>{body}</tr>')
    notes = "".join(f"<li>{html.escape(mark)}</li>" for mark in result.marks)
    caption = html.escape(line(result))
    whole = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return whole + (f"<ul>{notes}</ul>" if notes else "")
