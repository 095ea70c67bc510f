"""Tables, dictionaries and HTML of bootstrap and permutation results."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from synth.effects.intervals import figure
from synth.synthesis.model_tables import json_ready
from synth.synthesis.resampling.intervals import needed_values

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.resampling.bootstrap import BootstrapResult
    from synth.synthesis.resampling.permutation import PermutationResult

Row = dict[str, Any]
#: Row of all moderators together.
OMNIBUS = "all moderators"


def bootstrap_rows(result: BootstrapResult) -> list[Row]:
    """One row a quantity; a limit is NaN where there are too few resamples for the level, which the marks say."""
    enough = result.fitted >= needed_values(result.level)
    rows = []
    for name in result.quantities:
        low, high = result.interval(name) if enough else (math.nan, math.nan)
        row: Row = {"quantity": name, "observed": result.observed(name), "bias": result.bias(name)}
        rows.append(row | {"standard_error": result.standard_error(name), "low": low, "high": high})
    return rows


def bootstrap_summary(result: BootstrapResult) -> pd.DataFrame:
    """One row a quantity (see `BootstrapResult.summary`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame(bootstrap_rows(result)).set_index("quantity")


def bootstrap_table(result: BootstrapResult) -> pd.DataFrame:
    """One row a resample (see `BootstrapResult.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame({name: result.values(name) for name in result.quantities})


def bootstrap_dict(result: BootstrapResult) -> Row:
    """Everything by name (see `BootstrapResult.to_dict`)."""
    names = "kind resamples seed level fitted distinct not_estimable not_converged"
    found: Row = {name: getattr(result, name) for name in names.split()}
    rows = {row.pop("quantity"): row for row in bootstrap_rows(result)}
    return found | {"quantities": json_ready(rows), "marks": list(result.marks)}


def bootstrap_html(result: BootstrapResult) -> str:
    """Summary and marks, for a notebook."""
    head = ["", "observed", "bias", "standard error", f"{100 * result.level:g}% percentile interval"]
    rows = []
    for row in bootstrap_rows(result):
        limits = "" if math.isnan(row["low"]) else f"{figure(row['low'])} to {figure(row['high'])}"
        error = "" if math.isnan(row["standard_error"]) else figure(row["standard_error"])
        rows.append([row["quantity"], figure(row["observed"]), figure(row["bias"]), error, limits])
    return _page(repr(result), head, rows, result.marks)


def permutation_rows(result: PermutationResult) -> list[Row]:
    """One row a coefficient, and one for all moderators where there is more than one coefficient to test."""
    model = result.model
    columns = zip(
        model.names,
        model.beta,
        result.statistics,
        model.p_values,
        result.p_values,
        result.monte_carlo_errors,
        result.smallest_p,
        strict=True,
    )
    keys = ("coefficient", "estimate", "statistic", "model_p", "p_value", "monte_carlo_error", "smallest_p")
    rows: list[Row] = [
        {key: value if isinstance(value, str) else float(value) for key, value in zip(keys, row, strict=True)}
        for row in columns
    ]
    if model.has_moderators:
        p = result.q_m_p
        error = 0.0 if result.exact else math.sqrt(p * (1 - p) / result.permutations)
        values = (OMNIBUS, math.nan, result.q_m, _number(model.q_m_p), p, error, result.null.smallest_omnibus_p)
        rows.append(dict(zip(keys, values, strict=True)))
    return rows


def permutation_summary(result: PermutationResult) -> pd.DataFrame:
    """One row a coefficient (see `PermutationResult.summary`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    return pd.DataFrame(permutation_rows(result)).set_index("coefficient")


def permutation_table(result: PermutationResult) -> pd.DataFrame:
    """One row an arrangement (see `PermutationResult.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    columns = dict(zip(result.model.names, result.null.statistics.T, strict=True))
    return pd.DataFrame(columns | {"omnibus": result.null.omnibus})


def permutation_dict(result: PermutationResult) -> Row:
    """Everything by name (see `PermutationResult.to_dict`)."""
    names = "exact arrangements permutations seed"
    found: Row = {name: getattr(result, name) for name in names.split()}
    found["not_converged"] = result.null.not_converged
    rows = {row.pop("coefficient"): row for row in permutation_rows(result)}
    return found | {"tests": json_ready(rows), "marks": list(result.marks)}


def permutation_html(result: PermutationResult) -> str:
    """P values and marks, for a notebook."""
    head = ["", "estimate", "statistic", "p of the model", "p by permutation", "Monte Carlo error"]
    rows = [
        [
            row["coefficient"],
            "" if math.isnan(row["estimate"]) else figure(row["estimate"]),
            figure(row["statistic"]),
            _p_text(row["model_p"]),
            _p_text(row["p_value"]),
            f"{row['monte_carlo_error']:.2g}",
        ]
        for row in permutation_rows(result)
    ]
    return _page(repr(result), head, rows, result.marks)


def _p_text(p: float) -> str:
    if math.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _page(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str]) -> str:
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    title = f"<caption>{html.escape(caption)}</caption>"
    table = f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    if not marks:
        return table
    return table + "<ul>" + "".join(f"<li>{html.escape(mark)}</li>" for mark in marks) + "</ul>"
