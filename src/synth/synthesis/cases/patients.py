"""One patient with one instrument, and when two files speak of the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth.effects.continuous import mean_change
from synth.effects.plausibility import Finding
from synth.extraction.eligibility import Role
from synth.synthesis.series import TIME_UNITS

_FIGURES = ("baseline", "followup", "stated_change")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One patient, by one instrument, at one time.

    Attributes
    ----------
    study_id, arm_id : str
    case_id : str
        The patient's name in cases.csv; empty where the source gives one patient without a name.
    age : float or None
        Years.
    sex : str
        F, M or empty.
    outcome, instrument, unit : str
        Ids of the protocol and the unit of the scores; empty where no score of the patient was seen.
    role : str
        synthesis, direction only or annex.
    baseline, followup : float or None
        Scores as printed.
    stated_change : float or None
        The change where the source prints it.
    stated_direction : str
        higher, lower or no change as the source says it in words.
    timepoint_months : float or None
    better : str or None
        Direction in which the instrument is better.
    unit_of_analysis : str
        patients, hips or not stated.
    findings : tuple of Finding
        What the two files say of this patient that does not fit.
    counted : bool
        Whether the patient may be counted beside others; False where figures contradict each other, and where it may
        be one of the patients that are listed already.
    rows : tuple of str
        Where it stands.
    source, locator, seen_in, note : str
    """

    study_id: str
    arm_id: str
    case_id: str = ""
    age: float | None = None
    sex: str = ""
    outcome: str = ""
    instrument: str = ""
    unit: str = ""
    role: Role = "synthesis"
    baseline: float | None = None
    followup: float | None = None
    stated_change: float | None = None
    stated_direction: str = ""
    timepoint_months: float | None = None
    better: str | None = None
    unit_of_analysis: str = "patients"
    findings: tuple[Finding, ...] = ()
    counted: bool = True
    rows: tuple[str, ...] = ()
    source: str = ""
    locator: str = ""
    seen_in: str = ""
    note: str = ""

    @property
    def patient(self) -> tuple[str, str, str]:
        """What makes two rows one patient: study, arm and name."""
        return self.study_id, self.arm_id, self.case_id

    @property
    def is_time(self) -> bool:
        """Whether the instrument measures a time, so that its value is the time to the outcome."""
        return self.unit in TIME_UNITS

    @property
    def change(self) -> float | None:
        """The printed change, or the score after minus the score before; None for a time, or where one is missing."""
        if self.is_time:
            return None
        if self.stated_change is not None:
            return self.stated_change
        if self.baseline is None or self.followup is None:
            return None
        return mean_change(self.baseline, self.followup)

    @property
    def direction(self) -> str:
        """higher, lower or no change, from the scores or else as stated; empty where neither was seen."""
        change = self.change
        if change is None:
            return self.stated_direction
        return "higher" if change > 0 else "lower" if change < 0 else "no change"

    @property
    def course(self) -> str:
        """better, worse or no change; empty where the direction, or which one is better, was not seen."""
        if self.direction in ("", "no change"):
            return self.direction
        if self.better is None:
            return ""
        return "better" if self.direction == self.better else "worse"

    @property
    def has_figure(self) -> bool:
        """Whether any score, change or direction was seen."""
        return bool(self.stated_direction) or any(getattr(self, name) is not None for name in _FIGURES)

    @property
    def who(self) -> str:
        """The patient as a reader meets it: name, sex and age as far as they were seen."""
        age = "" if self.age is None else f"{self.age:g} years"
        told = ", ".join(filter(None, (self.sex, age)))
        name = self.case_id or ("one hip" if self.unit_of_analysis == "hips" else "one patient")
        return f"{name} ({told})" if told else name


def _times_agree(one: Case, other: Case) -> bool:
    times = (one.timepoint_months, other.timepoint_months)
    return None in times or times[0] == times[1]


def _shared(one: Case, other: Case) -> list[tuple[float, float]]:
    """Figures that both rows give, the change among them."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("baseline", "followup", "change")]
    return [(first, second) for first, second in pairs if first is not None and second is not None]


def _agree(one: Case, other: Case) -> bool:
    return all(first == second for first, second in _shared(one, other))


def _joined(listed: Case, single: Case) -> Case:
    """One patient from its two rows: what one of them leaves open the other may give."""
    filled = {
        name: getattr(listed, name) if getattr(listed, name) not in (None, "") else getattr(single, name)
        for name in ("outcome", "instrument", "unit", "stated_direction", "timepoint_months", "better", *_FIGURES)
    }
    notes = dict.fromkeys(filter(None, (listed.note, single.note)))
    return replace(
        listed,
        **filled,
        unit_of_analysis=single.unit_of_analysis,
        rows=(*listed.rows, *single.rows),
        note="; ".join(notes),
    )


def _figures(case: Case) -> str:
    shown = [("before", case.baseline), ("after", case.followup), ("change", case.stated_change)]
    return ", ".join(f"{value:g} {name}" for name, value in shown if value is not None) or "no figure"


def _flagged(case: Case, finding: Finding) -> Case:
    return replace(case, findings=(*case.findings, finding), counted=False)


def merged(listed: Sequence[Case], single: Case, *, alone: bool) -> list[Case]:
    """The patients of one arm with a row of outcomes.csv for one patient brought to the one whom it means.

    Parameters
    ----------
    listed : sequence of Case
        Patients of that arm from cases.csv, whatever the instrument.
    single : Case
        The row of outcomes.csv.
    alone : bool
        Whether the arm has one patient only, so that rows that differ still mean the same one.

    Returns
    -------
    list of Case
        The same patients; the row is part of one of them, or stands at the end as one more line: of the same patient
        at another time or by another instrument, as contradicting, or as one who may be listed already.
    """
    cases = list(listed)
    names = {case.case_id for case in cases}
    same = [case for case in cases if case.instrument == single.instrument]
    at_time = [case for case in same if _times_agree(case, single)]
    equal = [case for case in at_time if _shared(case, single) and _agree(case, single)]
    if len(equal) == 1:
        return [_joined(case, single) if case is equal[0] else case for case in cases]
    if not names:
        return [single]
    if len(names) > 1 or not alone:
        return [*cases, _perhaps_listed(single, len(names))]
    open_rows = [case for case in at_time if not _shared(case, single)]
    open_rows = open_rows or [case for case in cases if not case.instrument and not same]
    if open_rows:
        return [_joined(case, single) if case is open_rows[0] else case for case in cases]
    known = replace(single, case_id=cases[0].case_id, age=cases[0].age, sex=cases[0].sex)
    if not at_time:
        return [*cases, known]
    return _contradicting(cases, at_time[0], known)


def _perhaps_listed(single: Case, count: int) -> Case:
    listed = "the one patient" if count == 1 else f"one of the {count} patients"
    sentence = (
        f"outcomes.csv gives one patient ({_figures(single)}) whose figures do not tell who it is; it may be {listed} "
        "of this arm in cases.csv, and is not counted again."
    )
    return _flagged(single, Finding("case_not_matched", "doubtful", sentence))


def _contradicting(cases: list[Case], listed: Case, single: Case) -> list[Case]:
    sentence = (
        f"cases.csv gives {_figures(listed)} and outcomes.csv {_figures(single)} for one patient at one time: both are "
        "shown, and neither is counted."
    )
    finding = Finding("case_figures_differ", "impossible", sentence)
    kept = [_flagged(case, finding) if case is listed else case for case in cases]
    return [*kept, _flagged(single, finding)]
