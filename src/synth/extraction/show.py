"""Extracted tables as a person reads them: a few columns, the figures of one moment in one cell."""

from __future__ import annotations

import pandas as pd


def figures_as_printed(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The figures of outcomes.csv in few columns, the text of each cell as it was printed.

    Parameters
    ----------
    outcomes : DataFrame of str
        Rows of the table of text cells.
    """
    rows = [
        {
            "study": f"{row['study_id']}/{row['arm_id']}",
            "outcome": f"{row['outcome']} ({row['instrument']})",
            "months": row["timepoint_months"] or "not seen",
            "n": f"{row['n'] or 'not seen'} ({row['unit_of_analysis'] or 'unit not seen'})",
            "before": _moment(row, "baseline"),
            "after": _moment(row, "followup"),
            "p": row["p_value"] or "not seen",
            "place": f"{row['locator']} ({row['seen_in']})",
            "note": row["note"],
        }
        for _, row in outcomes.iterrows()
    ]
    return pd.DataFrame(rows)


def counts_as_printed(events: pd.DataFrame) -> pd.DataFrame:
    """The counts of events.csv in few columns.

    Parameters
    ----------
    events : DataFrame of str
        Rows of the table of text cells.
    """
    rows = [
        {
            "study": f"{row['study_id']}/{row['arm_id']}",
            "event": row["event"],
            "count": f"{row['events']} of {row['total']} {row['unit_of_analysis']}",
            "conditioned on inclusion": row["conditioned_on_inclusion"] or "no",
            "place": f"{row['locator']} ({row['seen_in']})",
            "note": row["note"],
        }
        for _, row in events.iterrows()
    ]
    return pd.DataFrame(rows)


def _moment(row: pd.Series, name: str) -> str:
    mean, sd, low, high = (str(row[f"{name}_{part}"]) for part in ("mean", "sd", "min", "max"))
    spread = [f"SD {sd}" if sd else "", f"{low} to {high}" if low or high else ""]
    shown = [part for part in spread if part]
    if not mean and not shown:
        return "not seen"
    return f"{mean or 'mean not seen'} ({', '.join(shown)})" if shown else mean
