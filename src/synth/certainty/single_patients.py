"""Single patients as a rating and a summary count them: each once, and none whose figures contradict each other.

Which row of which file means which patient, and which of them may be counted, is settled by `synth.synthesis.cases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from synth.effects.change_summary import ChangeSummary
from synth.effects.continuous import mean_change_effect
from synth.protocol import Protocol
from synth.schemas import CASES
from synth.synthesis.cases import Case, CaseAnswer
from synth.synthesis.cases.pseudo_series import one_line_each
from synth.synthesis.ladder import Answer, Rung, climb
from synth.synthesis.outcome_answers import OutcomeAnswer
from synth.synthesis.series import Series

#: Rungs that single patients decide: below them stands nothing else.
_LOW = (Rung.NOTHING, Rung.UNUSABLE, Rung.CASES)

_LISTED = f"{CASES.name}.csv"


@dataclass(frozen=True)
class SinglePatients:
    """The single patients of a review.

    Attributes
    ----------
    protocol : Protocol
    cases : tuple of CaseAnswer
        As `synth.synthesis.cases.cases_of` gives them; without any, answers stay as they are.
    """

    protocol: Protocol
    cases: tuple[CaseAnswer, ...] = ()

    def outcome(self, item: OutcomeAnswer) -> OutcomeAnswer:
        """An outcome after a procedure, with the single patients that count."""
        answers = self.answers(item.procedure, item.outcome, item.answers)
        if answers == item.answers:
            return item
        rung = item.rung
        if rung in _LOW:
            rung = Rung.CASES if any(answer.cases for answer in answers) else Rung.UNUSABLE
        return replace(item, rung=rung, answers=answers)

    def answers(self, procedure: str, outcome: str, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """Answers without the patients that are not counted, and with those that only cases.csv gives.

        Parameters
        ----------
        procedure, outcome : str
            Ids of the protocol.
        answers : tuple of Answer
            Of that outcome after that procedure, by instrument.
        """
        own = {item.instrument: item for item in self._of(procedure, outcome)}
        if not own:
            return answers
        known = [answer for answer in answers if answer.instrument]
        names = dict.fromkeys([*(answer.instrument for answer in known), *own])
        by_name = {answer.instrument: answer for answer in known}
        found = [
            self._answer(by_name.get(name), own[name]) if name in own else by_name[name]
            for name in names
            if name in by_name or any(case.change is not None for case in own[name].cases)
        ]
        return tuple(found) or answers

    def left_out(self, procedure: str, outcome: str) -> tuple[str, ...]:
        """A sentence for each eligible patient that is not counted."""
        told = (sentence for item in self._of(procedure, outcome) for sentence in _left_out(item.cases))
        return tuple(dict.fromkeys(told))

    def _of(self, procedure: str, outcome: str) -> Iterator[CaseAnswer]:
        return (item for item in self.cases if (item.procedure, item.outcome) == (procedure, outcome))

    def _answer(self, answer: Answer | None, found: CaseAnswer) -> Answer:
        if answer is None:
            answer = Answer(found.procedure, found.outcome, found.instrument, Rung.NOTHING, "", ())
        out = {row for case in found.cases if not case.counted for row in case.rows}
        kept = [item for item in answer.series if not (item.single_patient and item.row in out)]
        series = (*kept, *(self._series(case) for case in _only_listed(found.cases, kept)))
        if series == answer.series:
            return answer
        if answer.rung not in _LOW:
            return replace(answer, series=series)
        again = climb(found.procedure, found.outcome, found.instrument, series, (), self.protocol.synthesis)
        if again.rung is Rung.CASES:
            return again
        return replace(
            again, rung=Rung.UNUSABLE, reason=" ".join(dict.fromkeys(_left_out(found.cases))) or again.reason
        )

    def _series(self, case: Case) -> Series:
        """One patient of cases.csv as a row of outcomes.csv would give it: a change, and no standard error."""
        summary = ChangeSummary(
            study_id=case.study_id,
            arm_id=case.arm_id,
            instrument=case.instrument,
            unit=case.unit,
            unit_of_analysis=case.unit_of_analysis,
            n=1,
            baseline_mean=case.baseline,
            followup_mean=case.followup,
            change_mean=case.stated_change,
            rows=case.rows,
        )
        return Series(
            study_id=case.study_id,
            arm_id=case.arm_id,
            outcome=case.outcome,
            instrument=case.instrument,
            role=case.role,
            timepoint_months=case.timepoint_months,
            summary=summary,
            baseline_range=None,
            followup_range=None,
            stated_direction=case.stated_direction,
            reported_test="",
            effect=mean_change_effect(summary, correlation=None, level=self.protocol.synthesis.level),
            readings=None,
            grid=None,
            findings=case.findings,
            row=case.rows[0],
            source=case.source,
            locator=case.locator,
            seen_in=case.seen_in,
            note=case.note,
        )


def _only_listed(cases: Sequence[Case], shown: Sequence[Series]) -> tuple[Case, ...]:
    """Countable patients with a change that no series shows yet, each once."""
    rows = {item.row for item in shown}
    there = {case.patient for case in cases if rows & set(case.rows)}
    return one_line_each(case for case in cases if case.change is not None and case.patient not in there)


def _left_out(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        if case.counted or case.role != "synthesis":
            continue
        if any(finding.kind == "impossible" for finding in case.findings):
            yield f"{case.study_id}: {_one(case)} is given with two different figures and is not counted."
        else:
            yield (
                f"{case.study_id}: {_one(case)} may be among the patients that are listed one by one, and is not "
                "counted again."
            )


def _one(case: Case) -> str:
    return f"one patient ({case.case_id})" if case.case_id else "one patient"


def patients_in(series: Iterable[Series]) -> int:
    """How many single patients some rows show: a row of outcomes.csv is the one patient of its arm, at any time."""
    rows = ((item.study_id, item.arm_id, item.row if item.row.startswith(_LISTED) else "") for item in series)
    return len(set(rows))


def patients_by_arm(series: Sequence[Series]) -> dict[tuple[str, str], int]:
    """The same for each study and arm."""
    arms = dict.fromkeys((item.study_id, item.arm_id) for item in series)
    return {arm: patients_in(item for item in series if (item.study_id, item.arm_id) == arm) for arm in arms}
