"""The sections that are about the evidence as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from synth.effects.estimate import MEASURES, Effect
from synth.protocol import Instrument
from synth.provenance import Source, slug
from synth.report.figures import figure_of, pool_figures
from synth.report.model import Block, Bullets, Column, Paragraph, Row, Run, Runs, Section, Table, runs
from synth.report.pools import judgement_blocks, pool_blocks
from synth.report.words import (
    anchor,
    inside,
    listing,
    moment,
    number,
    place,
    size,
    source_runs,
    span,
    study_run,
    with_labels,
)
from synth.review import Review
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.sensitivity_tables import decimals_of


def steps_section(review: Review) -> Iterator[Section]:
    """The treatment steps of the audited page, with what was studied at each."""
    if not review.protocol.steps:
        return
    rows = []
    for step in review.protocol.steps:
        for procedure in step.procedures:
            label = review.protocol.procedure(procedure).label
            studied = review.synthesis.studied[procedure]
            answers = [item for item in review.synthesis if item.procedure == procedure and item.changes]
            figures = listing(
                f"{inside(review.protocol.outcome(item.outcome).label)} ({item.instrument})" for item in answers
            )
            rows.append(
                Row(
                    (
                        runs(step.label),
                        runs(Run(label, link=f"#{anchor('procedure', procedure)}")),
                        runs(str(studied.arms["study_id"].nunique())),
                        runs(str(studied.patients)),
                        runs(figures or "none seen"),
                    )
                )
            )
    columns = (
        Column("Step"),
        Column("Treatment", width=1.8),
        Column("Eligible reports", "right", 0.7),
        Column("Patients analysed", width=1.6),
        Column("Outcomes with a change from before to after", width=2.4),
    )
    lead = Paragraph(
        runs(
            "The steps stand in the order of the audited page. The order itself is a claim of that page; "
            "no evidence on it was seen."
        )
    )
    yield Section(
        "Treatment steps", "steps", (lead, Table("Treatment steps and what was studied", columns, tuple(rows)))
    )


def comparison_section(review: Review, item: ComparisonAnswer) -> Section:
    """A planned two-arm comparison: studies, pool, plot."""
    blocks: list[Block] = [Paragraph(runs(with_labels(item.reason, review)))]
    if item.pooled is not None:
        blocks += pool_blocks(review, review.synthesis.pools.of(item), slug(item.comparison.id))
        blocks += judgement_blocks(review, item, slug(item.comparison.id))
    if item.counts:
        blocks.append(_comparison_table(review, item))
    if item.effects:
        caption = f"{item.comparison.label}: {MEASURES[item.comparison.measure].label} by study"
        blocks.append(figure_of(review.forest(item), anchor("forest", item.comparison.id), caption))
    if item.pooled is not None:
        blocks += pool_figures(review, review.synthesis.pools.of(item), item.comparison.id)
    return Section(item.comparison.label, anchor("comparison", item.comparison.id), tuple(blocks))


def _comparison_table(review: Review, item: ComparisonAnswer) -> Table:
    measure = MEASURES[item.comparison.measure]
    events = review.extraction.events.set_index("row")
    rows = []
    for counts, effect, why in item.by_study:
        origin = events.loc[counts.rows[0]]
        rows.append(
            Row(
                (
                    runs(study_run(counts.study_id, review)),
                    runs(f"{counts.events_treated} of {counts.total_treated}"),
                    runs(f"{counts.events_control} of {counts.total_control}"),
                    runs(f"none: {why}") if effect is None else _effect(effect),
                    runs(place(str(origin["locator"]), str(origin["seen_in"]))),
                )
            )
        )
    columns = (
        Column("Study", width=1.5),
        Column(review.protocol.procedure(item.comparison.treated).label, "right"),
        Column(review.protocol.procedure(item.comparison.control).label, "right"),
        Column(f"{measure.label.capitalize()} ({100 * review.protocol.synthesis.level:g}% interval)", width=1.4),
        Column("Read in", width=1.8),
    )
    corrected = sorted({mark for effect in item.effects for mark in effect.marks})
    notes = (runs(_CORRECTED, f" {'; '.join(corrected)}."),) if corrected else ()
    return Table(f"{item.comparison.label}: counts and effects by study", columns, tuple(rows), notes)


_CORRECTED = Run("corrected", mark=True)


def _effect(effect: Effect) -> Runs:
    """An effect with its interval, and a mark where something was added to its counts."""
    (estimate, interval), digits = effect.natural(), decimals_of(effect.measure)
    shown = number(estimate, digits) if interval is None else f"{number(estimate, digits)} ({span(*interval, digits)})"
    return runs(shown, _CORRECTED) if effect.marks else runs(shown)


def no_comparison_section(review: Review) -> Iterator[Section]:
    """Why nothing is ranked; nothing where the protocol names no main procedure."""
    names = [inside(item.label) for item in review.protocol.procedures if item.role == "main"]
    if not names:
        return
    text = f"No comparative evidence was seen for {listing(names)}."
    if len(names) > 1:
        text += (
            " Differences between their series can come from who was operated on, where and when; they are not set "
            "against one another here."
        )
    title = "No comparison between procedures" if len(names) > 1 else "No comparison"
    yield Section(title, "no-comparison", (Paragraph(runs(text)),))


def annex_section(review: Review) -> Iterator[Section]:
    """Studies that were extracted and do not enter the synthesis, with the reason and their figures."""
    apart = [study for study, role in review.synthesis.roles.items() if role.role == "annex"]
    if not apart:
        return
    studies = review.extraction.studies.set_index("study_id")
    rows = []
    for name in apart:
        study, figures = studies.loc[name], list(_annex_figures(review, name))
        rows.append(
            Row(
                (
                    source_runs(name, str(study["locator"]), str(study["seen_in"]), review),
                    runs(review.synthesis.roles[name].reason),
                    runs("; ".join(figures) or "none seen"),
                    runs(str(study["note"]) or "none noted"),
                )
            )
        )
    columns = (
        Column("Report and place", width=1.6),
        Column("Why it stands apart", width=1.6),
        Column("Figures seen, and where", width=2.4),
        Column("Caveats", width=1.8),
    )
    lead = Paragraph(runs("These were extracted and enter no result above. ", review.protocol.eligibility.reason))
    yield Section(
        "Annex: related and other sources", "annex", (lead, Table("Annex", columns, tuple(rows))), folded=True
    )


def _annex_figures(review: Review, study: str) -> Iterator[str]:
    for item in (item for answer in review.synthesis for item in answer.series):
        if item.study_id == study:
            summary = item.summary
            before = moment(summary.baseline_mean, summary.baseline_sd, item.baseline_range)
            after = moment(summary.followup_mean, summary.followup_sd, item.followup_range)
            where = place(item.locator, item.seen_in)
            yield f"{item.instrument} {before} before, {after} after (n {size(item)}; {where})"
    for count in review.synthesis.counts:
        if count.study_id == study:
            shown = f"{count.events} of {count.total} {count.unit_of_analysis}"
            yield f"{count.event}: {shown} ({place(count.locator, count.seen_in)})"


def claims_section(review: Review) -> Iterator[Section]:
    """The audited article, claim by claim."""
    if not review.audit:
        return
    table, references = review.audit.table(), review.audit.references_table()
    columns = (
        Column("No.", width=0.4),
        Column("Section", width=1.2),
        Column("The article claims (restated)", width=2.2),
        Column("Cites", width=0.6),
        Column("Citation", width=1.1),
        Column("Support", width=1.1),
        Column("What was found", width=2.8),
        Column("Read in", width=1.2),
    )
    rows = tuple(Row(tuple(runs(str(cell) or "-") for cell in row)) for row in table.itertuples(index=False))
    ref_columns = tuple(
        Column(str(name).capitalize(), width=width)
        for name, width in zip(references.columns, (0.6, 2.4, 1.4, 0.5, 1.0, 1.0, 1.2, 0.8, 2.2), strict=True)
    )
    ref_rows = tuple(Row(tuple(runs(str(cell) or "-") for cell in row)) for row in references.itertuples(index=False))
    blocks: tuple[Block, ...] = (
        Paragraph(
            runs(
                "Two questions are asked of each claim: what its citation leads to, and what the sources that could "
                "be read say. Not confirmed means that the source could not be read here; it does not mean that the "
                "claim is wrong."
            )
        ),
        Bullets(tuple(runs(sentence) for sentence in review.audit.by_rule())),
        Table("Claims of the article", columns, rows, anchor="claims-table"),
        Table("Printed references of the article", ref_columns, ref_rows, anchor="references-table"),
    )
    yield Section("The article, claim by claim", "claims", blocks)


def differences_section(review: Review) -> Iterator[Section]:
    """Every published important difference, with method, time and population."""
    rows = [row for instrument in review.protocol.instruments for row in _difference_rows(instrument)]
    if not rows:
        return
    columns = (
        Column("Instrument", width=0.9),
        Column("Value", "right", 0.6),
        Column("How it was found", width=1.6),
        Column("In whom", width=2.4),
        Column("Source", width=1.6),
        Column("Remarks", width=2.4),
    )
    without = [item.id for item in review.protocol.instruments if not item.thresholds]
    reasons = [
        Paragraph(runs(f"{item.id}: {number(item.chosen.value)} is shown beside the results. {item.chosen.reason}"))
        for item in review.protocol.instruments
        if item.chosen is not None
    ]
    blocks: tuple[Block, ...] = (
        Paragraph(
            runs(
                "Values published for single patients, in the populations named. The mean change of a group beyond "
                "such a value does not say how many patients passed it, and the value of one instrument is not lent "
                "to another. A distribution-based value, such as half a standard deviation, comes from the spread of "
                "the scores and is no minimal important difference."
            )
        ),
        Paragraph(
            runs(
                f"None was read for {listing(without)}."
                if without
                else "One was read for each instrument of this review."
            )
        ),
        *reasons,
        Table("Published important differences", columns, tuple(rows)),
    )
    yield Section("Important differences", "important-differences", blocks, folded=True)


def _difference_rows(instrument: Instrument) -> Iterator[Row]:
    for item in instrument.thresholds:
        source = Source.parse(item.source)
        place = runs(Run(source.text, link=source.link), f", {item.locator}")
        chosen = instrument.chosen is not None and (item.value, item.source) == (
            instrument.chosen.value,
            instrument.chosen.source,
        )
        value = runs(Run(number(item.value), strong=chosen))
        cells = (runs(instrument.id), value, runs(item.method), runs(item.population), place, runs(item.note or "none"))
        yield Row(cells)
