"""What may be missing of a study: the kinds of it, in words, and which of them a series lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from synth.synthesis.series import TIME_UNITS, Series


class Kind(StrEnum):
    """What is missing, as a reader is told it."""

    SOURCE = "a primary report of these patients"
    OUTCOME = "whether the outcome was measured; if so, its scores before and after, with the SD of the change"
    CASE = "whether the outcome was measured; if so, the patient's scores before and after"
    BARE = (
        "whether patients were followed and the outcome was measured; if so, their number and their scores before and "
        "after, with the SD of the change"
    )
    NAMED = "scores before and after, with the SD of the change, of an outcome that the report names"
    NAMED_CASE = "the patient's scores before and after, of an outcome that the report names"
    NAMED_BARE = (
        "the number of patients and their scores before and after, with the SD of the change, of an outcome that the "
        "report names"
    )
    SCORES = "scores before and after treatment"
    AFTER = "scores after treatment"
    BEFORE = "scores before treatment"
    SPREAD = "the SD or standard error of the change, or each patient's scores"
    NUMBER = "the number analysed"
    UNIT = "whether n counts patients or hips"
    PER_PATIENT = "the same figures by patient"
    AUTHORS = "all authors, the centre and the period"
    SHARED = "whether the two reports share patients"
    SERIES = "another independent series with an SD or standard error of the change"
    COMPARISON = "a study with a comparison group"
    TEST = "the test behind the p value, or the SD of the change"
    CORRELATION = "the SD of the change, or each patient's scores"
    PATIENTS = "the number of patients"
    ENROLLED = "how many were enrolled, and how many of them were analysed"
    HARMS = "whether anyone looked for harms, and how many were found"
    DENOMINATOR = "what the total of the count counts"
    FACTS = "facts of the study"
    FULL_TEXT = "the full text, for the items of risk of bias"


#: Why each matters.
WHY: dict[Kind, str] = {
    Kind.SOURCE: "This kind of source is used for directions only, or stands in the annex.",
    Kind.OUTCOME: "Nothing of this outcome was seen in the report; whether it was measured is not known.",
    Kind.CASE: "Nothing of this outcome was seen in the report; whether it was measured is not known.",
    Kind.BARE: "Neither a number of patients nor any figure was seen in the report.",
    Kind.NAMED: "The report names the outcome, and no score of it was seen.",
    Kind.NAMED_CASE: "The report names the outcome, and no score of it was seen.",
    Kind.NAMED_BARE: "The report names the outcome, and neither a number of patients nor any figure was seen.",
    Kind.SCORES: "No score was seen, so no change can be formed.",
    Kind.AFTER: "Scores were seen before treatment only, so no change can be formed.",
    Kind.BEFORE: "Scores were seen after treatment only, so no change can be formed.",
    Kind.SPREAD: "Without it the change has no interval, and takes part in no pool.",
    Kind.NUMBER: "Without it no standard error follows from any SD.",
    Kind.UNIT: "Figures of patients and of hips are never mixed, and two hips of one patient are not independent.",
    Kind.PER_PATIENT: "Figures of hips are never pooled with figures of patients.",
    Kind.AUTHORS: "While they are not all seen, it cannot be excluded that another report has the same patients.",
    Kind.SHARED: "While it is open, their patients are not added up and their results not pooled.",
    Kind.SERIES: "One study is never pooled, and a pool of two is a sensitivity analysis only.",
    Kind.COMPARISON: "Without one, nobody can tell what the procedure adds to the natural course and to other care.",
    Kind.TEST: "The interval assumes that the p value comes from a paired t test.",
    Kind.CORRELATION: "The interval assumes a correlation of the scores before and after.",
    Kind.PATIENTS: "Without it the patients cannot be added up, and no count of them has a total.",
    Kind.ENROLLED: "Without it nobody can tell how many are missing from the results.",
    Kind.HARMS: "The report counts as not reported, which is never none; only those who looked give a total.",
    Kind.DENOMINATOR: "A count of an unknown unit has no rate and no interval.",
    Kind.FACTS: "They tell to whom the results apply, and how patients came to be in the report.",
    Kind.FULL_TEXT: "What only a full text can tell stays unclear until it is read.",
}

#: What may not exist at all: nobody knows whether it was printed or measured, or whether anyone will find it; by how
#: far that is from what was seen.
UNSURE = {
    Kind.SOURCE: 1,
    Kind.NAMED: 1,
    Kind.NAMED_CASE: 1,
    Kind.OUTCOME: 2,
    Kind.CASE: 2,
    Kind.NAMED_BARE: 3,
    Kind.BARE: 4,
    Kind.SERIES: 4,
}
#: What is asked of a report without any row of an outcome.
OF_SILENT = (Kind.OUTCOME, Kind.CASE, Kind.BARE, Kind.NAMED, Kind.NAMED_CASE, Kind.NAMED_BARE)


@dataclass(frozen=True, order=True, slots=True)
class Piece:
    """One thing that is missing.

    Attributes
    ----------
    study_id : str
        Whose it is; empty for a study that nobody has found yet.
    kind : Kind
    other : str
        The second study, where two are meant.
    """

    study_id: str
    kind: Kind
    other: str = ""

    def __str__(self) -> str:
        whose = f"{self.study_id} and {self.other}" if self.other else self.study_id
        return f"{self.kind} ({whose})" if whose else str(self.kind)


def lacks_scores(item: Series) -> Kind | None:
    """Which scores a series lacks for a change; None where it has one, and for a time, which has no before."""
    summary = item.summary
    if summary.change is not None or summary.unit in TIME_UNITS:
        return None
    before = summary.baseline_mean is not None or item.baseline_range is not None
    after = summary.followup_mean is not None or item.followup_range is not None
    if before:
        # Ranges at both moments still leave the means open.
        return Kind.SCORES if after else Kind.AFTER
    return Kind.BEFORE if after else Kind.SCORES


def missing_of(item: Series, *, by_patient: bool, carried: bool) -> Iterator[Kind]:
    """What one series lacks on its way into a pool, figures only.

    Parameters
    ----------
    item : Series
        Eligible, or as it would stand if it were.
    by_patient : bool
        Whether other series of the answer count patients.
    carried : bool
        Whether its printed figures would give a standard error, were the number analysed known.
    """
    if item.summary.unit in TIME_UNITS:
        return
    scores = lacks_scores(item)
    if scores is not None:
        yield scores
    if item.single_patient:
        return
    if item.summary.n is None:
        yield Kind.NUMBER
    if not carried and (item.effect is None or item.effect.standard_error is None):
        yield Kind.SPREAD
    if item.summary.unit_of_analysis == "not stated":
        yield Kind.UNIT
    elif item.summary.unit_of_analysis == "hips" and by_patient:
        yield Kind.PER_PATIENT


def doubts_of(item: Series) -> Iterator[Kind]:
    """What the interval of a series assumes because it was not seen."""
    if item.readings is not None and not item.reported_test:
        yield Kind.TEST
    if item.grid is not None:
        yield Kind.CORRELATION
