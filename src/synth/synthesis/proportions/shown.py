"""The shares of a review as one table for a notebook."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from synth.display import TextTable
from synth.protocol import Protocol
from synth.synthesis.proportions.answer import ProportionAnswer


def proportions_table(protocol: Protocol, answers: Iterable[ProportionAnswer]) -> TextTable:
    """One row an event of a procedure: how many series have a rate, what they come to, and why no more.

    Parameters
    ----------
    protocol : Protocol
        For names.
    answers : iterable of ProportionAnswer
    """
    rows = [
        {
            "procedure": protocol.procedure(item.procedure).label,
            "event": item.event,
            "counted in": item.unit,
            "series": str(item.k),
            "added up": item.added or "nothing",
            "pooled": _pooled(item),
            "reason": item.reason,
            "remarks": "; ".join(item.all_marks) or "none",
        }
        for item in answers
    ]
    return TextTable(pd.DataFrame(rows), "Shares of patients or hips with an event", "No count was extracted.")


def _pooled(item: ProportionAnswer) -> str:
    if item.pooled is None:
        return "no"
    estimate, (low, high) = item.pooled
    return f"median {100 * estimate:.1f}% ({100 * low:.1f}% to {100 * high:.1f}%)"
