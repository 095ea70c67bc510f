"""Tables over all answers of single patients, for a notebook."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from synth.display import TextTable
from synth.protocol import Protocol
from synth.synthesis.cases.answer import CaseAnswer
from synth.synthesis.cases.pseudo_series import MARK


def case_table(protocol: Protocol, answers: Iterable[CaseAnswer]) -> TextTable:
    """Every single patient of a review, each change beside every published value of its instrument."""
    frames = []
    for answer in answers:
        frame = answer.show().frame
        frame.columns = ["After" if name == "Time" else name for name in frame.columns]
        outcome = protocol.outcome(answer.outcome).label if answer.outcome else "no outcome of the protocol"
        measured = f"{outcome} ({answer.instrument})" if answer.instrument else "no score seen"
        frame.insert(0, "Outcome", measured)
        frame.insert(0, "Procedure", protocol.procedure(answer.procedure).label)
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return TextTable(whole, "Single patients", "No single patient was described.")


def pseudo_series_table(protocol: Protocol, answers: Iterable[CaseAnswer]) -> TextTable:
    """Every pseudo-series of a review in one row."""
    rows = [
        {
            "Procedure": protocol.procedure(item.procedure).label,
            "Outcome": f"{protocol.outcome(item.outcome).label} ({item.instrument})",
            "Patients": item.size,
            "Before": str(item.before or "not seen"),
            "After": str(item.after or "not seen"),
            "Change": str(item.change or "not seen"),
            "Directions": item.directions or "not seen",
        }
        for answer in answers
        if (item := answer.pseudo_series) is not None
    ]
    return TextTable(pd.DataFrame(rows), f"{MARK[:1].upper()}{MARK[1:]}", "No outcome has two such patients.")
