"""Who stands behind a figure: enrolled against analysed, how people were chosen, and reports without a number.

Rule 20 of the methods asks for these marks beside the figure. They follow from columns of studies.csv and arms.csv,
never from notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synth.certainty.summary.words import ended
from synth.errors import MethodError
from synth.synthesis.answers import Studied
from synth.synthesis.counts import Count

if TYPE_CHECKING:
    import pandas as pd

#: A denominator: study, total, and what it counts.
Counted = tuple[str, int, str]

_COLUMNS = ("study_id", "enrolled", "analysed", "selection")
# What enrolled and analysed count; a total of hips is not held against them (rule 8 of the methods).
_PATIENTS = "patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """One study.

    Attributes
    ----------
    enrolled, analysed : int or None
        Patients; None where not seen.
    selection : str
        How they were chosen, in the words of studies.csv; empty where not seen.
    """

    enrolled: int | None = None
    analysed: int | None = None
    selection: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Every study of studies.csv by its id; without the table nothing is marked."""

    studies: Mapping[str, Enrolled] = field(default_factory=dict)

    def sentences(self, described: Iterable[str], counted: Iterable[Counted] = ()) -> Iterator[str]:
        """A clause for each study whose figure leaves people out, or counts people who were not analysed.

        Parameters
        ----------
        described : iterable of str
            Studies whose means are shown.
        counted : iterable of (str, int, str)
            Study, total and unit of the counts that are shown.
        """
        left_out, beyond = self._marked(described, counted)
        for study in left_out:
            yield f"{self._of_enrolled(study)} in {study}."
        for study, total in beyond:
            yield (
                f"Counted over {self._total(study, total)} in {study}; {self.studies[study].analysed} were analysed, "
                "so anyone lost counts as without the event."
            )

    def notes(self, described: Iterable[str], counted: Iterable[Counted] = ()) -> Iterator[str]:
        """The same as footnotes, and one for each study that states how it chose its people; parameters as there."""
        described, counted = tuple(described), tuple(counted)
        left_out, beyond = self._marked(described, counted)
        totals = dict(beyond)
        for study in dict.fromkeys((*described, *(study for study, _, _ in counted))):
            found = self.studies.get(study, Enrolled())
            if study in left_out:
                yield f"{study}: {self._of_enrolled(study)}."
            if study in totals:
                yield (
                    f"{study}: counted over {self._total(study, totals[study])}; {found.analysed} were analysed. "
                    "Anyone lost counts as without the event."
                )
            if found.selection:
                yield ended(f"{study}, selected: {found.selection}")

    def _marked(
        self, described: Iterable[str], counted: Iterable[Counted]
    ) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
        """Studies with fewer analysed than enrolled, and those with a total above what was analysed."""
        over: dict[str, int] = {}
        within = list(described)
        for study, total, unit in counted:
            analysed = self.studies.get(study, Enrolled()).analysed
            if analysed is not None and unit == _PATIENTS and total > analysed:
                over[study] = max(total, over.get(study, 0))
            else:
                within.append(study)
        return tuple(study for study in dict.fromkeys(within) if self._leaves_out(study)), tuple(over.items())

    def _leaves_out(self, study: str) -> bool:
        found = self.studies.get(study, Enrolled())
        return found.enrolled is not None and found.analysed is not None and found.analysed < found.enrolled

    def _of_enrolled(self, study: str) -> str:
        found = self.studies[study]
        return f"{found.analysed} of {found.enrolled} enrolled were analysed"

    def _total(self, study: str, total: int) -> str:
        return f"the {total} enrolled" if total == self.studies[study].enrolled else f"{total}"


def enrolment_of(studies: pd.DataFrame | None) -> Enrolment:
    """What studies.csv says of the people of each study; nothing without a table.

    Raises
    ------
    MethodError
        If a column is missing.
    """
    if studies is None:
        return Enrolment()
    missing = [name for name in _COLUMNS if name not in studies.columns]
    if missing:
        raise MethodError(f"studies: no column {', '.join(missing)}; the columns of studies.csv are expected")
    return Enrolment(
        {
            str(row["study_id"]): Enrolled(
                enrolled=_whole(row["enrolled"]), analysed=_whole(row["analysed"]), selection=str(row["selection"])
            )
            for _, row in studies.iterrows()
        }
    )


def _whole(value: float) -> int | None:
    return int(value) if value == value else None


def denominators(counts: Sequence[Count]) -> Iterator[Counted]:
    """Study, total and unit of each count."""
    for item in counts:
        yield item.study_id, item.total, item.unit_of_analysis


def unnumbered_reports(studied: Studied) -> tuple[str, ...]:
    """Eligible studies of a procedure of which no arm gives a number of patients, such as technical notes."""
    arms = studied.arms
    numbered = set(arms.loc[arms["n_patients"].notna(), "study_id"])
    return tuple(study for study in dict.fromkeys(map(str, arms["study_id"])) if study not in numbered)


def giving_no_number(unnumbered: int, reports: int) -> str:
    """How many of some reports give no number of patients, as a clause that opens with a comma; empty for none."""
    if not unnumbered:
        return ""
    if reports == 1:
        return ", which gives no number of patients"
    return f", {unnumbered} of which {'gives' if unnumbered == 1 else 'give'} no number of patients"
