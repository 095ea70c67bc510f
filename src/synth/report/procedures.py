"""One section a procedure: what was studied, outcomes, plots, counts, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from synth.effects.plausibility import subgroups_do_not_add_up
from synth.protocol import Procedure
from synth.report.derivations import derivation_blocks
from synth.report.model import Block, Bullets, Column, Facts, Figure, Paragraph, Row, Run, Runs, Section, Table, runs
from synth.report.words import (
    NOT_SEEN,
    anchor,
    change,
    counted,
    inside,
    moment,
    number,
    percent,
    place,
    record_run,
    size,
    source_runs,
    true_minus,
)
from synth.review import Review
from synth.synthesis.counts import Count
from synth.synthesis.ladder import Answer, Rung
from synth.synthesis.series import Series


def procedure_section(review: Review, procedure: Procedure) -> Section:
    """The section of one procedure."""
    parts = (
        Section("What was studied", anchor("studied", procedure.id), tuple(_studied(review, procedure))),
        Section("Outcomes", anchor("outcomes", procedure.id), tuple(_outcomes(review, procedure))),
        Section("Complications and other counts", anchor("counts", procedure.id), tuple(_counts(review, procedure))),
        Section("What is missing", anchor("missing", procedure.id), (_missing(review, procedure),)),
    )
    return Section(procedure.label, anchor("procedure", procedure.id), parts)


def _studied(review: Review, procedure: Procedure) -> Iterator[Block]:
    studied = review.synthesis.studied[procedure.id]
    shown = pd.concat([studied.arms, studied.direction_only])
    if shown.empty:
        yield Paragraph(runs("No eligible report was found."))
        return
    yield Facts(
        (
            ("Eligible reports", runs(str(studied.arms["study_id"].nunique()))),
            ("Patients", runs(str(studied.patients))),
            ("Hips, where hips are counted", runs(str(studied.hips))),
        )
    )
    if studied.overlaps and studied.patients.arms_stating > 1:
        pairs = counted(len(studied.overlaps), "pair")
        yield Paragraph(
            runs(
                f"Sums are upper bounds: for {pairs} of reports shared patients cannot be excluded (the authors, or some "
                "of them, are the same or were not seen)."
            )
        )
    rows = tuple(_arm_row(review, arm) for _, arm in shown.iterrows())
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
    yield Table(f"{procedure.label}: reports that were eligible", columns, rows, anchor=anchor("arms", procedure.id))


def _arm_row(review: Review, arm: pd.Series) -> Row:
    study = review.extraction.studies.set_index("study_id").loc[arm["study_id"]]
    return Row(
        (
            runs(record_run(str(arm["study_id"]), review.records)),
            runs(str(arm["technique"]) or NOT_SEEN),
            runs(_count(arm["n_patients"])),
            runs(_count(arm["n_hips"])),
            runs(_count(arm["n_female"])),
            runs(moment(_seen(arm["age_mean"]), _seen(arm["age_sd"]), arm["age_min"], arm["age_max"])),
            runs(_followup(arm)),
            runs(place(str(arm["locator"]), str(arm["seen_in"]))),
            runs("; ".join(_caveats(review, arm, study)) or "none noted"),
        )
    )


def _caveats(review: Review, arm: pd.Series, study: pd.Series) -> Iterator[str]:
    role = review.synthesis.roles[str(arm["study_id"])]
    if role.role == "direction only":
        yield f"{role.reason}: used for directions only"
    if study["analysed"] == study["analysed"] and study["enrolled"] == study["enrolled"]:
        yield f"{number(study['analysed'])} of {number(study['enrolled'])} enrolled were analysed"
    if study["selection"]:
        yield f"selected: {study['selection']}"
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


def _outcomes(review: Review, procedure: Procedure) -> Iterator[Block]:
    answers = [item for item in review.synthesis if item.procedure == procedure.id]
    roles = {outcome.id: outcome.role for outcome in review.protocol.outcomes}
    shown = [item for item in answers if item.series or roles[item.outcome] == "main"]
    eligible = [(answer, item) for answer in shown for item in answer.series if item.role != "annex"]
    if eligible:
        yield _series_table(review, procedure, eligible)
        yield Paragraph(
            runs(
                "A change from before to after has no comparison: regression to the mean, the natural course, other care "
                "given at the same time and entry at the worst point may each explain a part of it. "
                "Values after treatment and changes are as long after it as the follow-up column says."
            )
        )
    yield _rung_table(review, procedure, shown)
    for answer in shown:
        if len(answer.changes) > 1:
            yield _forest(review, procedure, answer)
    for _, item in eligible:
        yield from derivation_blocks(review, item)


def _series_table(review: Review, procedure: Procedure, shown: list[tuple[Answer, Series]]) -> Table:
    columns = (
        Column("Outcome", width=1.4),
        Column("Report and place", width=1.7),
        Column("n", width=0.9),
        Column("Months", "right", 0.6),
        Column("Before", width=1.5),
        Column("After", width=1.4),
        Column("Change (95% CI)".replace("95", f"{100 * review.protocol.synthesis.level:g}"), width=1.4),
        Column("p, as printed", width=0.7),
        Column("Remarks", width=2.1),
    )
    rows = tuple(_series_row(review, item) for _, item in shown)
    notes = (
        runs(
            Run("derived", mark=True),
            " The standard error is not printed; how it follows from printed figures, and what that assumes, is shown below.",
        ),
    )
    any_derived = any(item.effect and item.effect.interval and item.effect.derivation for _, item in shown)
    caption = f"{procedure.label}: outcome figures as seen"
    return Table(caption, columns, rows, notes if any_derived else (), anchor("figures", procedure.id))


def _series_row(review: Review, item: Series) -> Row:
    source = review.extraction.outcomes.set_index("row").loc[item.row]
    summary = item.summary
    remarks = [true_minus(finding.sentence) for finding in item.findings]
    if item.note:
        remarks.append(item.note[:1].upper() + item.note[1:] + ".")
    if item.role == "direction only":
        remarks.insert(0, f"{review.synthesis.roles[item.study_id].reason.capitalize()}: direction only.")
    return Row(
        (
            runs(f"{review.protocol.outcome(item.outcome).label}, {item.instrument}"),
            source_runs(item.study_id, item.locator, item.seen_in, review.records),
            runs(size(item)),
            runs(NOT_SEEN if item.timepoint_months is None else number(item.timepoint_months)),
            runs(moment(summary.baseline_mean, summary.baseline_sd, source["baseline_min"], source["baseline_max"])),
            runs(moment(summary.followup_mean, summary.followup_sd, source["followup_min"], source["followup_max"])),
            _change_cell(item),
            runs(summary.p_value or NOT_SEEN),
            runs(" ".join(remarks) or "none"),
        )
    )


def _change_cell(item: Series) -> Runs:
    if item.effect is not None:
        return change(item.effect)
    return runs(f"{item.direction} (no estimate)") if item.direction else runs(NOT_SEEN)


def _rung_table(review: Review, procedure: Procedure, answers: list[Answer]) -> Table:
    columns = (
        Column("Outcome", width=1.4),
        Column("Instrument"),
        Column("What the evidence allows", width=1.5),
        Column("Why", width=4.0),
    )
    rows = tuple(
        Row(
            (
                runs(review.protocol.outcome(item.outcome).label),
                runs(item.instrument or "none"),
                runs(Run(str(item.rung), strong=item.rung is not Rung.NOTHING)),
                runs(_reason(review, item)),
            )
        )
        for item in answers
    )
    return Table(f"{procedure.label}: what the evidence allows", columns, rows, anchor=anchor("rungs", procedure.id))


def _reason(review: Review, answer: Answer) -> str:
    if answer.overlaps:
        pairs = "; ".join(
            f"{record_run(pair.first, review.records).text} and {record_run(pair.second, review.records).text}, "
            f"{_with_labels(pair.reason, review)}"
            for pair in answer.overlaps
        )
        return f"Not pooled: that the patients are the same people cannot be excluded ({pairs}). Both are shown."
    return answer.reason


def _with_labels(reason: str, review: Review) -> str:
    for record in review.records:
        reason = reason.replace(f"of {record.id} ", f"of {record.short} ")
    return reason


def _forest(review: Review, procedure: Procedure, answer: Answer) -> Figure:
    drawing = review.forest(answer)
    outcome = review.protocol.outcome(answer.outcome).label
    return Figure(
        name=f"{anchor('forest', procedure.id)}-{anchor(answer.outcome, answer.instrument)}".replace(" ", "_"),
        caption=f"{outcome} ({answer.instrument}): change from before to after {inside(procedure.label)}, by series",
        alt=drawing.alt_text(),
        svg=drawing.svg(),
        png=drawing.png(),
        anchor=f"{anchor('forest', procedure.id)}-{anchor('by', answer.instrument)}",
    )


def _counts(review: Review, procedure: Procedure) -> Iterator[Block]:
    counts = [item for item in review.synthesis.counts_of(procedure.id) if item.role != "annex"]
    if counts:
        columns = (
            Column("Event", width=2.2),
            Column("n of N", width=1.2),
            Column("Proportion (exact interval)", width=1.6),
            Column("Report and place", width=1.8),
            Column("Remarks", width=2.0),
        )
        rows = tuple(_count_row(review, item) for item in counts)
        yield Table(f"{procedure.label}: counts as printed", columns, rows, anchor=anchor("events", procedure.id))
    yield from _harms(review, procedure, counts)


def _count_row(review: Review, item: Count) -> Row:
    if item.proportion is None:
        rate = item.reason
    else:
        low, high = item.proportion.interval
        rate = f"{percent(item.proportion.estimate)} ({percent(low)} to {percent(high)})"
    role = "video abstract; " if item.role == "direction only" else ""
    return Row(
        (
            runs(item.event),
            runs(f"{item.events} of {item.total} {item.unit_of_analysis}"),
            runs(rate),
            source_runs(item.study_id, item.locator, item.seen_in, review.records),
            runs(f"{role}{item.note}" or "none"),
        )
    )


def _harms(review: Review, procedure: Procedure, counts: list[Count]) -> Iterator[Block]:
    if not review.protocol.harms:
        return
    studied = review.synthesis.studied[procedure.id]
    studies = list(dict.fromkeys(str(study) for study in studied.arms["study_id"]))
    if not studies:
        return
    asked: list[tuple[str, list[Count]]] = [
        ("any complication", [item for item in counts if item.kind == "any complication"]),
        *((harm, [item for item in counts if item.harm == harm]) for harm in review.protocol.harms),
    ]
    columns = (
        Column("Harm, from the list set beforehand", width=1.6),
        Column("Reported", width=2),
        Column("Not reported by", width=4),
    )
    rows = []
    for harm, found in asked:
        reporting = {item.study_id for item in found}
        silent = [record_run(study, review.records).text for study in studies if study not in reporting]
        said = "; ".join(
            f"{item.events} of {item.total} {item.unit_of_analysis} ({record_run(item.study_id, review.records).text})"
            for item in found
        )
        who = "every eligible report" if not reporting else ", ".join(silent) or "nobody"
        rows.append(Row((runs(harm), runs(said or "not reported"), runs(who))))
    yield Table(f"{procedure.label}: harms", columns, tuple(rows), anchor=anchor("harms", procedure.id))
    yield Paragraph(
        runs(
            "Not reported means that the pages that were read do not say whether anyone looked. It does not mean that there were none."
        )
    )


def _missing(review: Review, procedure: Procedure) -> Bullets:
    return Bullets(tuple(_missing_items(review, procedure)))


def _missing_items(review: Review, procedure: Procedure) -> Iterator[Runs]:
    yield runs("A comparison with another treatment, or with none.")
    studied = review.synthesis.studied[procedure.id]
    roles = {outcome.id: outcome.role for outcome in review.protocol.outcomes}
    answers = [item for item in review.synthesis if item.procedure == procedure.id and roles[item.outcome] == "main"]
    for answer in answers:
        label = review.protocol.outcome(answer.outcome).label
        if not answer.instrument:
            yield runs(f"{label}: any figure, before or after treatment.")
        before_only = [
            item
            for item in answer.series
            if item.role == "synthesis" and item.summary.change is None and not item.single_patient
        ]
        if before_only:
            names = ", ".join(record_run(item.study_id, review.records).text for item in before_only)
            yield runs(f"{label} ({answer.instrument}): the figures after treatment of {names}.")
        derived = [item for item in answer.changes if item.effect and item.effect.derivation]
        if derived:
            names = ", ".join(record_run(item.study_id, review.records).text for item in derived)
            yield runs(f"{label} ({answer.instrument}): the standard deviation of the changes in {names}.")
    silent = [arm for _, arm in studied.arms.iterrows() if arm["n_patients"] != arm["n_patients"]]
    if silent:
        names = ", ".join(record_run(str(arm["study_id"]), review.records).text for arm in silent)
        yield runs(f"The number of patients in {names}.")
