"""What does not fit inside the sources: every computed finding in one place, with the place in the source.

Nothing here rests on a note that somebody wrote: each sentence follows from figures of the tables, computed anew. It
stands with the synthesis because its findings come from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from synth.display import TextTable
from synth.effects.plausibility import Finding, mean_outside_range, subgroups_do_not_add_up
from synth.extraction import Extraction
from synth.synthesis.cases import CaseAnswer
from synth.synthesis.series import Series

Kind = Literal["impossible", "doubtful"]

#: Findings that speak of what was computed here, and not of what a source printed.
OWN_COMPUTATION = ("limits_beyond_attainable", "p_value_of_another_test")


@dataclass(frozen=True)
class Inconsistency:
    """One thing that does not fit.

    Attributes
    ----------
    study_id : str
    about : str
        What the figures are of.
    sentence : str
        For readers.
    kind : {"impossible", "doubtful"}
        "impossible": cannot be as printed; "doubtful": can be, but misleads or needs an explanation.
    check : str
        Name of the check.
    rows : tuple of str
        Every row that it rests on, as ``file:line``.
    source, locator : str
        Where the first of them was read.
    """

    study_id: str
    about: str
    sentence: str
    kind: Kind
    check: str
    rows: tuple[str, ...]
    source: str
    locator: str

    @property
    def row(self) -> str:
        """The first row."""
        return self.rows[0]


def inconsistencies(
    extraction: Extraction, series: Iterable[Series], cases: Iterable[CaseAnswer] = ()
) -> tuple[Inconsistency, ...]:
    """Everything that does not fit inside the sources of a review.

    Parameters
    ----------
    extraction : Extraction
        For sizes, subgroups, times and single patients.
    series : iterable of Series
        Of every answer, whatever the role, with their findings.
    cases : iterable of CaseAnswer
        With what does not fit between the files.

    Returns
    -------
    tuple of Inconsistency
        In the order of studies.csv, what is impossible before what is doubtful. The same sentence about one study
        stands once, with every row.
    """
    arms = [_Arm(row, extraction) for _, row in extraction.arms.iterrows()]
    found = [*_of_series(series), *_of_cases(cases)]
    for arm in arms:
        for check in (_subgroups, _more_than_enrolled, _sizes, _times, _listed_patients):
            found += [item for item in check(arm) if item is not None]
    order = {str(study): index for index, study in enumerate(extraction.studies["study_id"])}
    place = {"impossible": 0, "doubtful": 1}
    return tuple(sorted(_joined(found), key=lambda item: (order[item.study_id], place[item.kind], item.rows)))


def _of_series(series: Iterable[Series]) -> Iterator[Inconsistency]:
    for item in series:
        for finding in item.findings:
            if finding.kind != "fact" and finding.check not in OWN_COMPUTATION:
                about = f"{item.outcome} ({item.instrument}), arm {item.arm_id}"
                yield _inconsistency(item.study_id, about, finding, (item.row,), item.source, item.locator)


def _of_cases(cases: Iterable[CaseAnswer]) -> Iterator[Inconsistency]:
    for answer in cases:
        for case in answer.cases:
            for finding in case.findings:
                about = f"{case.who} of arm {case.arm_id} ({case.instrument})"
                yield _inconsistency(case.study_id, about, finding, case.rows, case.source, case.locator)


def _inconsistency(
    study: str, about: str, finding: Finding, rows: tuple[str, ...], source: str, locator: str
) -> Inconsistency:
    kind: Kind = "impossible" if finding.kind == "impossible" else "doubtful"
    return Inconsistency(study, about, finding.sentence, kind, finding.check, rows, source, locator)


def _joined(found: Iterable[Inconsistency]) -> list[Inconsistency]:
    """One line for each sentence about a study, with every row on which it stands."""
    kept: dict[tuple[str, str, str], Inconsistency] = {}
    for item in found:
        key = (item.study_id, item.check, item.sentence)
        first = kept.get(key)
        rows = item.rows if first is None else tuple(dict.fromkeys((*first.rows, *item.rows)))
        kept[key] = replace(first or item, rows=rows)
    return list(kept.values())


class _Arm:
    """One row of arms.csv with the rows of the other tables that belong to it."""

    def __init__(self, row: Any, extraction: Extraction) -> None:
        self.row = row
        self.study, self.name = str(row["study_id"]), str(row["arm_id"])
        studies = extraction.studies
        self.of_study = studies[studies["study_id"] == self.study].iloc[0]
        self.alone = int((extraction.arms["study_id"] == self.study).sum()) == 1
        self.outcomes, self.events, self.cases = (
            table[(table["study_id"] == self.study) & (table["arm_id"] == self.name)]
            for table in (extraction.outcomes, extraction.events, extraction.cases)
        )

    def number(self, column: str) -> float | None:
        """A figure of the arm; None where it was not seen."""
        return _seen(self.row[column])

    @property
    def enrolled(self) -> float | None:
        """Patients enrolled in the study."""
        return _seen(self.of_study["enrolled"])

    @property
    def analysed(self) -> float | None:
        """Patients analysed in the study."""
        return _seen(self.of_study["analysed"])

    def found(self, about: str, finding: Finding | None, rows: Sequence[str] = ()) -> Inconsistency | None:
        """The finding as one about this arm."""
        if finding is None:
            return None
        every = (str(self.row["row"]), *rows)
        about = f"{about}, arm {self.name}"
        return _inconsistency(self.study, about, finding, every, str(self.row["source"]), str(self.row["locator"]))


def _seen(value: Any) -> float | None:
    return None if value != value else float(value)


def _subgroups(arm: _Arm) -> Iterator[Inconsistency | None]:
    women, men, patients = (arm.number(name) for name in ("n_female", "n_male", "n_patients"))
    if women is not None and men is not None and patients is not None:
        yield arm.found("sex", subgroups_do_not_add_up({"female": int(women), "male": int(men)}, int(patients)))


def _more_than_enrolled(arm: _Arm) -> Iterator[Inconsistency | None]:
    patients, hips = arm.number("n_patients"), arm.number("n_hips")
    if patients is not None and arm.enrolled is not None and patients > arm.enrolled:
        sentence = f"The arm has {patients:g} patients, and only {arm.enrolled:g} were enrolled in the study."
        yield arm.found("patients", Finding("more_than_enrolled", "impossible", sentence), (arm.of_study["row"],))
    elif (
        patients is not None and arm.alone and arm.analysed is not None and patients not in (arm.enrolled, arm.analysed)
    ):
        told = "" if arm.enrolled is None else f"{arm.enrolled:g} enrolled and "
        sentence = f"The only arm has {patients:g} patients, and the study {told}{arm.analysed:g} analysed."
        yield arm.found("patients", Finding("arm_and_study_differ", "doubtful", sentence), (arm.of_study["row"],))
    if patients is not None and hips is not None and not patients <= hips <= 2 * patients:
        sentence = (
            f"{hips:g} hips cannot belong to {patients:g} patients who were each treated on one or on both sides."
        )
        yield arm.found("hips", Finding("hips_and_patients", "impossible", sentence))


def _sizes(arm: _Arm) -> Iterator[Inconsistency | None]:
    """Sizes in the other tables that are none of the arm's, nor the enrolled or analysed number of the study."""
    patients, hips = arm.number("n_patients"), arm.number("n_hips")
    people = {"in the arm": patients, "enrolled": arm.enrolled, "analysed": arm.analysed}
    for table, column, what in ((arm.outcomes, "n", "outcome"), (arm.events, "total", "event")):
        for _, row in table.iterrows():
            size, unit = _seen(row[column]), str(row["unit_of_analysis"]) or "not stated"
            known = {**(people if unit != "hips" else {}), **({"hips": hips} if unit != "patients" else {})}
            stated = {name: value for name, value in known.items() if value is not None}
            # One patient of a larger arm is described by name; such a row is a case and no size.
            if size is None or size == 1 or not stated or size in stated.values():
                continue
            counted = "patients or hips" if unit == "not stated" else unit
            told = ", ".join(f"{value:g} {name}" for name, value in stated.items())
            sentence = f"{size:g} {counted} for {row[what]}, while the source gives {told}; why was not seen."
            yield arm.found(str(row[what]), Finding("sizes_differ", "doubtful", sentence), (str(row["row"]),))


def _times(arm: _Arm) -> Iterator[Inconsistency | None]:
    """Results from after the longest follow-up."""
    longest = arm.number("followup_max_months")
    for _, row in arm.outcomes.iterrows():
        months = _seen(row["timepoint_months"])
        if months is not None and longest is not None and months > longest:
            sentence = f"A result at {months:g} months, and the longest follow-up of the arm is {longest:g} months."
            finding = Finding("after_the_last_follow_up", "impossible", sentence)
            yield arm.found(f"{row['outcome']} ({row['instrument']})", finding, (str(row["row"]),))


def _listed_patients(arm: _Arm) -> Iterator[Inconsistency | None]:
    """Patients described one by one against what is said of the arm as a whole."""
    patients = arm.cases.drop_duplicates("case_id")
    rows = tuple(map(str, patients["row"]))
    total = arm.number("n_patients")
    if total is not None and len(patients) > total:
        sentence = f"{len(patients)} patients are described one by one, and the arm has {total:g}."
        yield arm.found("patients", Finding("more_cases_than_patients", "impossible", sentence), rows)
    for column, sex, word in (("n_female", "F", "female"), ("n_male", "M", "male")):
        stated, listed = arm.number(column), int((patients["sex"] == sex).sum())
        if stated is not None and listed > stated:
            sentence = f"{listed} {word} patients are described one by one, and the arm has {stated:g}."
            yield arm.found("sex", Finding("more_cases_of_a_sex", "impossible", sentence), rows)
    low, high = arm.number("age_min"), arm.number("age_max")
    for _, row in patients.iterrows():
        age = _seen(row["age"])
        if age is not None and ((low is not None and age < low) or (high is not None and age > high)):
            sentence = f"{row['case_id']} is {age:g} years old, outside the arm's range of {_range(low, high)}."
            yield arm.found("age", Finding("age_outside_range", "impossible", sentence), (str(row["row"]),))
    yield from _mean_of_listed(arm, patients, total)


def _mean_of_listed(arm: _Arm, patients: pd.DataFrame, total: float | None) -> Iterator[Inconsistency | None]:
    """The mean age of the arm, where every patient is listed."""
    mean, ages = arm.number("age_mean"), patients["age"].dropna()
    if mean is None or total is None or len(ages) != total or not len(ages):
        return
    if finding := mean_outside_range(mean, float(ages.min()), float(ages.max())):
        sentence = f"{finding.sentence.removesuffix('.')}, the ages of the patients described one by one."
        found = Finding("mean_age_of_listed", "impossible", sentence)
        yield arm.found("age", found, tuple(map(str, patients["row"])))


def _range(low: float | None, high: float | None) -> str:
    ends = ["not seen" if end is None else f"{end:g}" for end in (low, high)]
    return " to ".join(ends)


def inconsistency_table(found: Iterable[Inconsistency]) -> TextTable:
    """The same for a notebook."""
    rows = [
        {
            "Study": item.study_id,
            "About": item.about,
            "What does not fit": item.sentence,
            "Kind": item.kind,
            "Rows": ", ".join(item.rows),
            "Place": item.locator,
        }
        for item in found
    ]
    return TextTable(pd.DataFrame(rows), "What does not fit inside the sources", "Nothing was found that does not fit.")
