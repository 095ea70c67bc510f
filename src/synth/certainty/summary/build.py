"""Every table of a review: one for each procedure without a comparison, one for each pair that is compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Protocol as Shape

from synth.certainty.grade.types import Rating
from synth.certainty.single_patients import SinglePatients
from synth.certainty.summary.comparison import comparison_table
from synth.certainty.summary.enrolment import Enrolment, enrolment_of
from synth.certainty.summary.single_arm import single_arm_table
from synth.certainty.summary.types import FindingsTable, SummaryOfFindings
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.answers import Synthesis
from synth.synthesis.cases import CaseAnswer

if TYPE_CHECKING:
    import pandas as pd


class Rated(Shape):
    """What has ratings."""

    @property
    def ratings(self) -> Iterable[Rating]:
        """One an outcome and procedure, or comparison."""


def summary_of_findings(
    protocol: Protocol,
    synthesis: Synthesis,
    certainty: Rated,
    *,
    studies: pd.DataFrame | None = None,
    cases: tuple[CaseAnswer, ...] = (),
) -> SummaryOfFindings:
    """The summary of findings of a review.

    Parameters
    ----------
    protocol : Protocol
    synthesis : Synthesis
    certainty : Certainty
        Its ratings decide which procedures and outcomes have a row; the harms of the protocol have one everywhere.
    studies : DataFrame, optional
        Rows of studies.csv. Without them nothing is said of who was enrolled, analysed or chosen.
    cases : tuple of CaseAnswer, optional
        What single patients show. Those whose figures contradict each other are left out and said to be.

    Raises
    ------
    MethodError
        If an outcome is rated twice, a rating of a comparison has no answer, evidence without a comparison is rated
        above low, or `studies` lacks a column.
    """
    ratings, people = tuple(certainty.ratings), enrolment_of(studies)
    _once(ratings)
    single = _single_arms(SinglePatients(protocol, cases), synthesis, ratings, people)
    return SummaryOfFindings((*single, *_comparisons(protocol, ratings, people)))


def _single_arms(
    patients: SinglePatients, synthesis: Synthesis, ratings: tuple[Rating, ...], people: Enrolment
) -> Iterator[FindingsTable]:
    for procedure in patients.protocol.procedures:
        own = [
            replace(item, answers=patients.answers(item.about_id, item.outcome_id, item.answers))
            for item in ratings
            if item.kind == "uncontrolled" and item.about_id == procedure.id
        ]
        if own:
            yield single_arm_table(procedure, patients, synthesis, own, people)


def _comparisons(protocol: Protocol, ratings: tuple[Rating, ...], people: Enrolment) -> Iterator[FindingsTable]:
    pairs: dict[tuple[str, str], list[Rating]] = {}
    for item in ratings:
        if item.kind == "comparison":
            if item.comparison is None:
                raise MethodError(f"{item.about}, {item.outcome}: a rating of a comparison without its answer")
            plan = item.comparison.comparison
            pairs.setdefault((plan.treated, plan.control), []).append(item)
    for (treated, control), own in pairs.items():
        yield comparison_table(treated, control, protocol, own, people)


def _once(ratings: tuple[Rating, ...]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for item in ratings:
        key = (item.kind, item.about_id, item.outcome_id)
        if key in seen:
            raise MethodError(f"{item.about}, {item.outcome}: rated twice; one rating is expected")
        seen.add(key)
