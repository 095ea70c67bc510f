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
    spread = [f"SD {sd}" if sd else "", _ends(low, high)]
    shown = [part for part in spread if part]
    if not mean and not shown:
        return "not seen"
    return f"{mean or 'mean not seen'} ({', '.join(shown)})" if shown else mean


def _ends(low: str, high: str) -> str:
    """Both ends of a range, or the one that was seen."""
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"to {high}" if high else ""


def series_as_described(arms: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Who was in each arm and what was done, as far as it was told.

    Parameters
    ----------
    arms, studies : DataFrame of str
        Rows of the tables of text cells.
    """
    by_study = studies.set_index("study_id")
    rows = []
    for _, arm in arms.iterrows():
        study = by_study.loc[arm["study_id"]]
        rows.append(
            {
                "study": f"{arm['study_id']}/{arm['arm_id']}",
                "design": _or_not_seen(study["design"]),
                "technique": _or_not_seen(arm["technique"]),
                "patients, hips": _pair(arm["n_patients"], arm["n_hips"]),
                "women, men": _pair(*_sexes(arm)),
                "age": _spread(arm, "age_mean", "age_sd", "age_min", "age_max"),
                "follow-up, months": _spread(
                    arm, "followup_mean_months", "", "followup_min_months", "followup_max_months"
                ),
                "analysed, enrolled": _pair(study["analysed"], study["enrolled"]),
                "selection": _or_not_seen(study["selection"]),
                "diagnostic criteria": _or_not_seen(arm["diagnostic_criteria"]),
                "co-procedures": _or_not_seen(arm["co_procedures"]),
                "earlier surgery": _or_not_seen(arm["earlier_surgery"]),
                "funding, conflicts": _pair(study["funding"], study["conflicts"]),
                "place": f"{arm['locator']} ({arm['seen_in']})",
            }
        )
    return pd.DataFrame(rows)


def _pair(first: object, second: object) -> str:
    """Two cells, or that neither was seen."""
    return f"{_or_not_seen(first)}, {_or_not_seen(second)}" if first or second else "not seen"


def _sexes(arm: pd.Series) -> tuple[str, str]:
    """Women and men; of one patient each follows from the other."""
    women, men = str(arm["n_female"]), str(arm["n_male"])
    if str(arm["n_patients"]) != "1":
        return women, men
    other = {"0": "1", "1": "0"}
    return women or other.get(men, ""), men or other.get(women, "")


def _or_not_seen(cell: object) -> str:
    return str(cell) or "not seen"


def _spread(row: pd.Series, mean: str, sd: str, low: str, high: str) -> str:
    parts = [f"SD {row[sd]}" if sd and row[sd] else "", _ends(str(row[low]), str(row[high]))]
    shown = ", ".join(filter(None, parts))
    if not row[mean]:
        return shown or "not seen"
    return f"{row[mean]} ({shown})" if shown else str(row[mean])
