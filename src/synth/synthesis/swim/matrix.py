"""Which report gives what on which outcome: a figure, a direction only, measured but not seen, not mentioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.display import TextTable, html_table
from synth.errors import MethodError
from synth.synthesis.swim.rows import Reported, Status

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.swim.answer import SwimAnswer


@dataclass(frozen=True)
class Cell:
    """One report and one outcome.

    Attributes
    ----------
    status : Status
        The most informative one of the report.
    lines : tuple of Reported
        Everything that the report gives on it, or the one line that says that it gives nothing.
    """

    status: Status
    lines: tuple[Reported, ...]

    @property
    def words(self) -> str:
        """Status with instrument or event, and what stands behind it."""
        behind = [_behind(item) for item in self.lines if item.status is self.status and item.detail]
        told = ", ".join(dict.fromkeys(behind))
        return f"{self.status} ({told})" if told else str(self.status)


def _behind(item: Reported) -> str:
    if item.detail == "change":
        return item.what
    return f"{item.what}: {item.detail}" if item.what else item.detail


@dataclass(frozen=True, repr=False)
class ReportingMatrix:
    """Reports by outcomes, for one procedure or several.

    Attributes
    ----------
    outcomes : tuple of (str, str)
        Id and name of each column.
    cells : mapping
        By procedure, study and outcome, in the order of the table.
    procedures : mapping of str to str
        Name of each procedure, by id.
    marks : mapping
        By procedure and study: why a source is used for directions only; empty for eligible reports.
    """

    outcomes: tuple[tuple[str, str], ...]
    cells: Mapping[tuple[str, str, str], Cell]
    procedures: Mapping[str, str]
    marks: Mapping[tuple[str, str], str]

    def status(self, procedure: str, study: str, outcome: str) -> Status:
        """Status of one cell.

        Raises
        ------
        MethodError
            If there is no such cell.
        """
        try:
            return self.cells[procedure, study, outcome].status
        except KeyError:
            known = ", ".join(f"{first} / {second}" for first, second in self.marks) or "none"
            raise MethodError(
                f"no report {study!r} of {procedure!r} with outcome {outcome!r}; reports: {known}; outcomes: "
                f"{', '.join(name for name, _ in self.outcomes) or 'none'}"
            ) from None

    def count(self, status: Status) -> int:
        """Cells of that status."""
        return sum(item.status is status for item in self.cells.values())

    def table(self) -> pd.DataFrame:
        """One row a report of a procedure: ids, why it gives directions only, and the status of each outcome by id."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [
            {"procedure": procedure, "study": study, "directions only": mark}
            | {name: str(self.cells[procedure, study, name].status) for name, _ in self.outcomes}
            for (procedure, study), mark in self.marks.items()
        ]
        return pd.DataFrame(
            rows, columns=["procedure", "study", "directions only", *(name for name, _ in self.outcomes)]
        )

    def show(self, names: Mapping[str, str] | None = None) -> TextTable:
        """As text, with instruments, for a notebook; `names` by study id."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        labels = names or {}
        rows = []
        for (procedure, study), mark in self.marks.items():
            name = labels.get(study, study)
            row = {"procedure": self.procedures[procedure], "report": f"{name} ({mark})" if mark else name}
            rows.append(row | {label: self.cells[procedure, study, key].words for key, label in self.outcomes})
        return TextTable(pd.DataFrame(rows), _CAPTION, "No eligible report, or no outcome in the protocol.")

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(status)} {status}" for status in Status)
        return f"ReportingMatrix({len(self.marks)} reports, {len(self.outcomes)} outcomes: {counts})"

    def _repr_html_(self) -> str:
        shown = self.show()
        return html_table(shown.frame, _CAPTION) if len(shown.frame) else f"<p>{shown.empty}</p>"


_CAPTION = "Which report gives what, as far as it was read"


def reporting_matrix(swims: Sequence[SwimAnswer], *, procedure: str = "") -> ReportingMatrix:
    """Every report of each procedure by every outcome of the protocol.

    Parameters
    ----------
    swims : sequence of SwimAnswer
        All of one review.
    procedure : str, optional
        Id of the one procedure that is wanted; all by default.

    Raises
    ------
    MethodError
        If none of the answers is of that procedure.
    """
    wanted = [item for item in swims if procedure in ("", item.procedure)]
    if procedure and not wanted:
        known = ", ".join(dict.fromkeys(item.procedure for item in swims)) or "none"
        raise MethodError(f"no procedure {procedure!r} among the answers; there are: {known}")
    cells: dict[tuple[str, str, str], Cell] = {}
    marks: dict[tuple[str, str], str] = {}
    for answer in wanted:
        for study, status in answer.statuses.items():
            lines = tuple(item for item in answer.rows if item.study_id == study)
            cells[answer.procedure, study, answer.outcome] = Cell(status, lines)
            marks.setdefault((answer.procedure, study), lines[0].mark)
    places = {name: index for index, name in enumerate(dict.fromkeys(item.procedure for item in wanted))}
    order = sorted(marks, key=lambda key: (places[key[0]], bool(marks[key]), key[1]))
    return ReportingMatrix(
        tuple(dict.fromkeys((item.outcome, item.outcome_label) for item in wanted)),
        cells,
        {item.procedure: item.procedure_label for item in wanted},
        {key: marks[key] for key in order},
    )
