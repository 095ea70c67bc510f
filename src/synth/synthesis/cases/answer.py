"""What single patients show of one outcome, by one instrument, after one procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synth.display import TextTable, html_list, html_table
from synth.effects.plausibility import Finding
from synth.synthesis.cases.patients import Case
from synth.synthesis.cases.pseudo_series import NO_COMPARISON, PseudoSeries
from synth.synthesis.cases.reached import Beside, sentences

NOT_SEEN = "not seen"


@dataclass(frozen=True, kw_only=True, repr=False)
class CaseAnswer:
    """Every single patient of one procedure, outcome and instrument.

    Attributes
    ----------
    procedure, outcome, instrument, unit : str
        Ids of the protocol; outcome and instrument are empty for patients of whom no score was seen.
    cases : tuple of Case
        One line a patient and time, whatever the role; in the order of the files.
    beside : tuple of tuple of Beside
        For each line, the change beside each published value of the instrument; empty without a change.
    pseudo_series : PseudoSeries or None
        Eligible patients side by side, where at least two have a figure after treatment.
    reason : str
        Why there is a pseudo-series, or none.
    """

    procedure: str
    outcome: str
    instrument: str
    unit: str
    cases: tuple[Case, ...]
    beside: tuple[tuple[Beside, ...], ...]
    pseudo_series: PseudoSeries | None
    reason: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What does not fit between the files, each once."""
        return tuple(dict.fromkeys(finding for case in self.cases for finding in case.findings))

    def said_of(self, case: Case) -> tuple[str, ...]:
        """What may be said of one patient's change beside the published values, in sentences.

        Raises
        ------
        ValueError
            If the patient is not one of `cases`.
        """
        return sentences(self.beside[self.cases.index(case)], case)

    def table(self) -> Any:
        """One row a line (a DataFrame): numbers as numbers, None where not seen, and the words beside them."""
        import pandas as pd

        rows = [
            {
                "study": case.study_id,
                "arm": case.arm_id,
                "patient": case.who,
                "role": case.role,
                "months": case.timepoint_months,
                "before": case.baseline,
                "after": case.followup,
                "change": case.change,
                "direction": case.direction,
                "course": case.course,
                "published differences": " ".join(sentences(found, case)),
                "counted": case.counted and case.role == "synthesis",
                "rows": " ".join(case.rows),
            }
            for case, found in zip(self.cases, self.beside, strict=True)
        ]
        return pd.DataFrame(rows)

    def show(self) -> TextTable:
        """The same as text, with places and remarks, for a notebook."""
        import pandas as pd

        value = "Time" if any(case.is_time for case in self.cases) else "After"
        rows = [
            {
                "Report": f"{case.study_id}/{case.arm_id}",
                "Patient": case.who,
                "Months": _seen(case.timepoint_months),
                "Before": _seen(case.baseline),
                value: _seen(case.followup),
                "Change": _change(case),
                "Published important differences": " ".join(sentences(found, case)) or "no change to compare",
                "Place": f"{case.locator} ({case.seen_in})",
                "Remarks": remarks(case) or "none",
            }
            for case, found in zip(self.cases, self.beside, strict=True)
        ]
        return TextTable(pd.DataFrame(rows), self._caption)

    @property
    def _caption(self) -> str:
        measured = f"{self.outcome} ({self.instrument})" if self.instrument else "no score seen"
        return f"{self.procedure}: single patients, {measured}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table: why there is a pseudo-series or none, and what a change can hold."""
        changed = any(case.change is not None for case in self.cases)
        return (self.reason, *((NO_COMPARISON,) if changed and self.pseudo_series is None else ()))

    def __repr__(self) -> str:
        return (
            f"CaseAnswer({self._caption}: {len(self.cases)} line{'' if len(self.cases) == 1 else 's'}. {self.reason})"
        )

    def _repr_html_(self) -> str:
        parts = [html_table(self.show().frame, self._caption), html_list(self.notes)]
        return "".join([*parts, self.pseudo_series._repr_html_() if self.pseudo_series else ""])


def _seen(value: float | None) -> str:
    return NOT_SEEN if value is None else f"{value:g}"


def _change(case: Case) -> str:
    if case.is_time:
        return "a time"
    if case.change is not None:
        return f"{case.change:+g}" if case.change else "0"
    return f"{case.stated_direction}, as stated" if case.stated_direction else NOT_SEEN


def remarks(case: Case) -> str:
    """What is to be known of one line: its role, what does not fit, and the note of its row."""
    role = {"synthesis": "", "direction only": "Used for directions only.", "annex": "Annex."}[case.role]
    note = f"{case.note[:1].upper()}{case.note[1:]}." if case.note else ""
    return " ".join(filter(None, [role, *(finding.sentence for finding in case.findings), note]))
