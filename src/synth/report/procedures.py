"""One section a procedure: what was studied, outcomes, plots, counts, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pandas as pd

from synth.effects.intervals import Interval
from synth.effects.plausibility import subgroups_do_not_add_up
from synth.extraction.overlap import Overlap
from synth.protocol import Procedure
from synth.report.characteristics import series_blocks
from synth.report.count_tables import count_blocks, harms_of
from synth.report.model import Block, Bullets, Column, Facts, Paragraph, Row, Section, Table, runs
from synth.report.outcome_tables import outcome_blocks
from synth.report.words import (
    NOT_SEEN,
    anchor,
    counted,
    ended,
    listing,
    moment,
    number,
    place,
    study_run,
)
from synth.review import Review
from synth.synthesis.ladder import Answer, Rung


def procedure_section(review: Review, procedure: Procedure) -> Section:
    """The section of one procedure."""
    parts = (
        Section("What was studied", anchor("studied", procedure.id), tuple(_studied(review, procedure))),
        Section("Outcomes", anchor("outcomes", procedure.id), tuple(outcome_blocks(review, procedure))),
        Section(
            "Complications and other counts", anchor("counts", procedure.id), tuple(count_blocks(review, procedure))
        ),
        Section("What is missing", anchor("missing", procedure.id), (_missing(review, procedure),)),
    )
    return Section(procedure.label, anchor("procedure", procedure.id), parts)


def _studied(review: Review, procedure: Procedure) -> Iterator[Block]:
    studied = review.synthesis.studied[procedure.id]
    if studied.arms.empty and studied.direction_only.empty:
        yield Paragraph(runs("No eligible report was found."))
        return
    facts = [
        ("Eligible reports", runs(str(studied.arms["study_id"].nunique()))),
        ("Patients analysed", runs(str(studied.patients))),
        ("Hips, where hips are counted", runs(str(studied.hips))),
    ]
    enrolled = "; ".join(_enrolled(review, studied.arms))
    yield Facts((*facts, ("More were enrolled", runs(enrolled))) if enrolled else tuple(facts))
    if studied.overlaps and studied.patients.arms_stating > 1:
        pairs = counted(len(studied.overlaps), "pair")
        yield Paragraph(
            runs(
                f"Sums are upper bounds: for {pairs} of reports shared patients cannot be excluded "
                f"({listing(_why_shared(studied.overlaps))})."
            )
        )
    rows = [_arm_row(review, arm) for _, arm in studied.arms.iterrows()]
    if not studied.direction_only.empty:
        rows.append(Row((runs("Used for directions only, and not counted above"),), group=True))
        rows += [_arm_row(review, arm) for _, arm in studied.direction_only.iterrows()]
    columns = (
        Column("Report", width=1.5),
        Column("Technique", width=2.2),
        Column("Patients", "right", 0.8),
        Column("Hips", "right", 0.6),
        Column("Women", "right", 0.7),
        Column("Age, years", width=1.1),
        Column("Follow-up, months", width=1.1),
        Column("Place", width=1.1),
        Column("Caveats", width=2.0),
    )
    yield Table(f"{procedure.label}: reports", columns, tuple(rows), anchor=anchor("arms", procedure.id))
    yield from series_blocks(review, procedure)


def _enrolled(review: Review, arms: pd.DataFrame) -> Iterator[str]:
    """Studies of these arms that enrolled more than they analysed."""
    studies = review.extraction.studies
    for _, study in studies[studies["study_id"].isin(arms["study_id"])].iterrows():
        if study["enrolled"] > study["analysed"]:
            label = study_run(str(study["study_id"]), review).text
            yield f"{label}, {number(study['enrolled'])} enrolled and {number(study['analysed'])} analysed"


def _why_shared(overlaps: Iterable[Overlap]) -> list[str]:
    """Each reason for a possible overlap with the number of pairs that it holds for, most frequent first."""
    found = Counter(overlap.kind for overlap in overlaps)
    return [f"{kind}: {count}" for kind, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def _arm_row(review: Review, arm: pd.Series) -> Row:
    study = review.extraction.studies.set_index("study_id").loc[arm["study_id"]]
    return Row(
        (
            runs(study_run(str(arm["study_id"]), review)),
            runs(str(arm["technique"]) or NOT_SEEN),
            runs(_count(arm["n_patients"])),
            runs(_count(arm["n_hips"])),
            runs(_count(arm["n_female"])),
            runs(moment(_seen(arm["age_mean"]), _seen(arm["age_sd"]), _ages(arm))),
            runs(_followup(arm)),
            runs(place(str(arm["locator"]), str(arm["seen_in"]))),
            runs("; ".join(_caveats(review, arm, study)) or "none noted"),
        )
    )


def _caveats(review: Review, arm: pd.Series, study: pd.Series) -> Iterator[str]:
    role = review.synthesis.roles[str(arm["study_id"])]
    if role.role == "direction only":
        yield f"{role.reason}: used for directions only"
    for note in (study["note"], arm["note"]):
        if note:
            yield str(note)
    women, men, patients = (_seen(arm[name]) for name in ("n_female", "n_male", "n_patients"))
    if women is not None and men is not None and patients is not None:
        finding = subgroups_do_not_add_up({"female": int(women), "male": int(men)}, int(patients))
        if finding is not None:
            yield finding.sentence.rstrip(".")


def _seen(value: object) -> float | None:
    number_ = float(str(value))
    return None if number_ != number_ else number_


def _ages(arm: pd.Series) -> Interval | None:
    low, high = _seen(arm["age_min"]), _seen(arm["age_max"])
    return None if low is None or high is None else (low, high)


def _count(value: float) -> str:
    return NOT_SEEN if value != value else number(value)


def _followup(arm: pd.Series) -> str:
    mean, low, high = (_seen(arm[f"followup_{name}_months"]) for name in ("mean", "min", "max"))
    if low is not None and high is not None and low != high:
        limits = f"{number(low)} to {number(high)}"
        return limits if mean is None else f"{number(mean)} ({limits})"
    if mean is None and low is not None:
        return number(low)
    return NOT_SEEN if mean is None else number(mean)


def _missing(review: Review, procedure: Procedure) -> Bullets:
    return Bullets(tuple(runs(item) for item in missing_items(review, procedure)))


def missing_items(review: Review, procedure: Procedure) -> Iterator[str]:
    """What was not seen of a procedure and would be needed for more, a sentence each."""
    yield "A comparison with another treatment, or with none."
    roles = {outcome.id: outcome.role for outcome in review.protocol.outcomes}
    for answer in review.synthesis:
        if answer.procedure == procedure.id and roles[answer.outcome] == "main":
            yield from _missing_of(review, answer)
    studied = review.synthesis.studied[procedure.id]
    silent = [str(arm["study_id"]) for _, arm in studied.arms.iterrows() if _seen(arm["n_patients"]) is None]
    if silent:
        yield ended(f"The number of patients in {_names(review, silent)}")
    unreported = [harm for harm, found in harms_of(review, procedure.id) if not found]
    if unreported and len(studied.arms):
        yield f"Whether anyone looked for {listing(unreported, 'or')}: no eligible report says so."


def _missing_of(review: Review, answer: Answer) -> Iterator[str]:
    label = review.protocol.outcome(answer.outcome).label
    if not answer.instrument:
        counted_ = review.synthesis.outcome(answer.procedure, answer.outcome).rung is Rung.PROPORTIONS
        what = (
            "scores before and after treatment; only shares were counted"
            if counted_
            else "any figure, before or after treatment"
        )
        yield f"{label}: {what}."
    name = f"{label} ({answer.instrument})"
    eligible = [item for item in answer.series if item.role == "synthesis" and not item.single_patient]
    before_only = [item.study_id for item in eligible if item.summary.change is None]
    if before_only:
        yield ended(f"{name}: figures before and after treatment, both, of {_names(review, before_only)}")
    derived = [item.study_id for item in answer.changes if item.effect and item.effect.derivation]
    if derived:
        yield ended(f"{name}: the standard deviation of the changes in {_names(review, derived)}")
    unstated = [item.study_id for item in answer.changes if item.summary.unit_of_analysis == "not stated"]
    if unstated:
        yield ended(f"{name}: whether n counts patients or hips in {_names(review, unstated)}")


def _names(review: Review, studies: list[str]) -> str:
    return listing(study_run(study, review).text for study in dict.fromkeys(studies))
