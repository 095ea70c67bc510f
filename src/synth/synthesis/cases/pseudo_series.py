"""Single patients of several reports side by side, as what they are: a series that nobody planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from synth.display import TextTable, html_list, html_table
from synth.extraction.overlap import Overlap
from synth.protocol import Threshold
from synth.synthesis.cases.patients import Case
from synth.synthesis.cases.reached import Beside, named

#: Stands beside everything that is said of several single patients together.
MARK = "pseudo-series of single cases: patients were chosen to be reported"
#: Why such patients stand for nobody else.
SELECTION = (
    "Authors choose which patients they describe and journals which descriptions they print, so a course that went "
    "well is more likely to be seen here than one that did not."
)
#: What a change in them can hold (rule 24 of the methods).
NO_COMPARISON = (
    "There is no comparison: regression to the mean, the natural course, other care given at the same time and entry "
    "at the worst point can each explain a part of any change."
)
NOT_ADDED = "It enters no pool, and has no standard error, no interval, no rate and no test."
#: Patients with a figure after treatment from which they are shown together.
FROM = 2


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of the figures of several patients.

    Attributes
    ----------
    n : int
        Patients with the figure.
    median, low, high : float
        In the unit of the instrument.
    """

    n: int
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """Of the values that were seen; None where there is none."""
        seen = [Decimal(repr(float(value))) for value in values if value is not None]
        if not seen:
            return None
        return cls(len(seen), float(median(seen)), float(min(seen)), float(max(seen)))

    def __str__(self) -> str:
        who = "1 patient" if self.n == 1 else f"{self.n} patients"
        return f"median {self.median:g} (range {self.low:g} to {self.high:g}; {who})"


@dataclass(frozen=True, kw_only=True, repr=False)
class PseudoSeries:
    """Single patients of one procedure, outcome and instrument side by side.

    Attributes
    ----------
    procedure, outcome, instrument, unit : str
    patients : tuple of Case
        One line a patient: of several times the last one that shows a change.
    overlaps : tuple of Overlap
        Pairs of their reports that may describe the same patient.
    thresholds : tuple of (Threshold, int, int)
        Each published value, how many patients reached it, and of how many it can be said.
    better : str or None
        Direction in which the instrument is better.
    is_time : bool
        Whether the figures after treatment are times to the outcome.
    """

    procedure: str
    outcome: str
    instrument: str
    unit: str
    patients: tuple[Case, ...]
    overlaps: tuple[Overlap, ...] = ()
    thresholds: tuple[tuple[Threshold, int, int], ...] = ()
    better: str | None = None
    is_time: bool = False

    @property
    def reports(self) -> tuple[str, ...]:
        """The reports that describe them, by study id."""
        return tuple(dict.fromkeys(case.study_id for case in self.patients))

    @property
    def at_most(self) -> bool:
        """Whether a patient may stand here twice, so that every number of patients is an upper bound."""
        return bool(self.overlaps)

    @property
    def size(self) -> str:
        """Patients and reports in words."""
        bound = "at most " if self.at_most else ""
        reports = f"{len(self.reports)} report{'' if len(self.reports) == 1 else 's'}"
        return f"{bound}{len(self.patients)} patients of {reports}"

    @property
    def before(self) -> Spread | None:
        """Scores before treatment."""
        return None if self.is_time else Spread.of(case.baseline for case in self.patients)

    @property
    def after(self) -> Spread | None:
        """Scores after treatment, or times to the outcome."""
        return Spread.of(case.followup for case in self.patients)

    @property
    def change(self) -> Spread | None:
        """Changes of single patients."""
        return Spread.of(case.change for case in self.patients)

    @property
    def months(self) -> Spread | None:
        """Times of follow-up, months."""
        return Spread.of(case.timepoint_months for case in self.patients)

    def count(self, word: str) -> int:
        """Patients with that direction (higher, lower) or course (better, worse, no change)."""
        return sum(word in (case.direction, case.course) for case in self.patients)

    @property
    def directions(self) -> str:
        """Patients by direction and, where one direction is better, by course; empty where none was seen."""
        seen = sum(bool(case.direction) for case in self.patients)
        if not seen:
            return ""
        words = [f"{self.count(word)} {word}" for word in ("higher", "lower", "no change")]
        told = f"of {seen} with a direction: {', '.join(words)}"
        if self.better is None:
            return f"{told}; which direction is better was not seen"
        return f"{told}; {self.count('better')} better and {self.count('worse')} worse"

    def sentences(self) -> tuple[str, ...]:
        """Everything that is said of them together, the mark first and its reasons last."""
        told = [f"{MARK[:1].upper()}{MARK[1:]}. {self.size[:1].upper()}{self.size[1:]}."]
        parts = (("Before", self.before), ("Time" if self.is_time else "After", self.after), ("Change", self.change))
        told += [f"{name}: {spread}." for name, spread in parts if spread is not None]
        if self.months is not None:
            told.append(f"Follow-up in months: {self.months}.")
        if self.directions:
            told.append(f"Direction, {self.directions}.")
        for item, count, total in self.thresholds:
            value = named(item, self.unit)
            told.append(f"{count} of {total} patients had a change for the better of at least {value}.")
        if self.at_most:
            pairs = "; ".join(map(str, self.overlaps))
            told.append(f"That a patient stands here twice cannot be excluded ({pairs}).")
        return (*told, SELECTION, NO_COMPARISON, NOT_ADDED)

    def table(self) -> Any:
        """One row a figure: patients who have it, median, lowest and highest, as numbers (a DataFrame)."""
        import pandas as pd

        names = ("before", "after", "change", "months")
        rows = [
            {"figure": name, "patients": item.n, "median": item.median, "low": item.low, "high": item.high}
            for name in names
            if (item := getattr(self, name)) is not None
        ]
        return pd.DataFrame(rows, columns=["figure", "patients", "median", "low", "high"])

    def show(self) -> TextTable:
        """The same for a notebook, under its mark."""
        caption = f"{self.procedure}, {self.outcome} ({self.instrument}): {MARK}; {self.size}"
        return TextTable(self.table(), caption, "No figure of these patients was seen.")

    def __repr__(self) -> str:
        return "\n".join(self.sentences())

    def _repr_html_(self) -> str:
        shown = self.show()
        return html_table(shown.frame, shown.caption) + html_list(self.sentences())


def one_line_each(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The countable, eligible patients with a figure, each once: the last time that shows most."""
    best: dict[tuple[str, str, str], Case] = {}
    for case in cases:
        if case.role != "synthesis" or not case.counted or not case.has_figure:
            continue
        kept = best.get(case.patient)
        if kept is None or _rank(case) > _rank(kept):
            best[case.patient] = case
    return tuple(best.values())


def _rank(case: Case) -> tuple[bool, bool, float]:
    months = -1.0 if case.timepoint_months is None else case.timepoint_months
    return case.change is not None, case.followup is not None or bool(case.direction), months


def reached_counts(found: Sequence[Sequence[Beside]]) -> tuple[tuple[Threshold, int, int], ...]:
    """Of each published value: how many patients reached it, and of how many it can be said."""
    counts: dict[int, tuple[Threshold, int, int]] = {}
    for patient in found:
        for index, item in enumerate(patient):
            if item.reached is not None:
                threshold, reached, total = counts.get(index, (item.threshold, 0, 0))
                counts[index] = (threshold, reached + item.reached, total + 1)
    return tuple(counts[index] for index in sorted(counts))
