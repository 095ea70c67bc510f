"""The sections that are about the evidence as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.ratings import SOURCE, SOURCE_LINK
from synth.effects.estimate import MEASURES
from synth.protocol import Instrument
from synth.provenance import Source
from synth.report.model import Block, Bullets, Column, Figure, Paragraph, Row, Run, Section, Table, runs
from synth.report.words import anchor, counted, inside, listing, number, percent, record_run, source_runs, span
from synth.review import Review
from synth.synthesis.comparisons import ComparisonAnswer


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
        Column("Patients", width=1.6),
        Column("Outcomes with a change from before to after", width=2.4),
    )
    lead = Paragraph(
        runs(
            "The steps stand in the order of the audited page. The order itself is a claim of that page; no evidence on it was seen."
        )
    )
    yield Section(
        "Treatment steps", "steps", (lead, Table("Treatment steps and what was studied", columns, tuple(rows)))
    )


def comparison_section(review: Review, item: ComparisonAnswer) -> Section:
    """A planned two-arm comparison: studies, pool, plot."""
    blocks: list[Block] = [_comparison_table(review, item)]
    if item.effects:
        drawing = review.forest(item)
        blocks.append(
            Figure(
                name=anchor("forest", item.comparison.id),
                caption=f"{item.comparison.label}: {MEASURES[item.comparison.measure].label} by study",
                alt=drawing.alt_text(),
                svg=drawing.svg(),
                png=drawing.png(),
                anchor=anchor("forest", item.comparison.id),
            )
        )
    if item.pooled is not None:
        blocks.insert(0, _pool_table(item))
    return Section(item.comparison.label, anchor("comparison", item.comparison.id), tuple(blocks))


def _pool_table(item: ComparisonAnswer) -> Table:
    pooled, measure = item.pooled, MEASURES[item.comparison.measure]
    assert pooled is not None
    estimate, interval, prediction = pooled.natural()
    level = f"{100 * pooled.level:g}%"
    rows = [
        ("Studies", str(pooled.k)),
        (f"Pooled {measure.label} ({level} confidence interval)", f"{estimate:.2f} ({span(*interval, 2)})"),
        (f"{level} prediction interval", "not given for two studies" if prediction is None else span(*prediction, 2)),
        (f"Pooled log {measure.label} (standard error)", f"{number(pooled.estimate, 4)} ({pooled.standard_error:.4f})"),
        ("Hartung-Knapp standard error", f"{pooled.standard_error_hartung_knapp:.4f}"),
        ("Between-study variance, tau2", f"{pooled.tau2:.4f}"),
        (
            "Share of variation between studies, I2",
            "not given for two studies" if pooled.i2 is None else percent(pooled.i2),
        ),
        ("Method", pooled.method),
    ]
    notes = (
        runs(
            "The log scale is the natural logarithm; its standard error is the model's, before the Hartung-Knapp adjustment."
        ),
    )
    columns = (Column("Result", width=1.6), Column("Value", width=2.4))
    cells = tuple(Row((runs(name), runs(value))) for name, value in rows)
    return Table(f"{item.comparison.label}: pooled result", columns, cells, notes, anchor("pool", item.comparison.id))


def _comparison_table(review: Review, item: ComparisonAnswer) -> Table:
    measure = MEASURES[item.comparison.measure]
    events = review.extraction.events.set_index("row")
    rows = []
    for effect, counts in zip(item.effects, item.counts, strict=True):
        estimate, interval = effect.natural()
        origin = events.loc[counts.rows[0]]
        shown = f"{estimate:.2f}" if interval is None else f"{estimate:.2f} ({span(*interval, 2)})"
        rows.append(
            Row(
                (
                    runs(record_run(effect.study_id, review.records)),
                    runs(f"{counts.events_treated} of {counts.total_treated}"),
                    runs(f"{counts.events_control} of {counts.total_control}"),
                    runs(shown),
                    runs(str(origin["locator"])),
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
    return Table(f"{item.comparison.label}: counts and effects by study", columns, tuple(rows))


def no_comparison_section(review: Review) -> Section:
    """Why nothing is ranked."""
    names = [inside(item.label) for item in review.protocol.procedures if item.role == "main"]
    text = (
        f"No comparative evidence was seen for {listing(names)}. Differences between their series may come from who was "
        "operated on, where and when; they are not set against one another here."
    )
    return Section("No comparison between procedures", "no-comparison", (Paragraph(runs(text)),))


def annex_section(review: Review) -> Iterator[Section]:
    """Studies that were extracted and do not enter the synthesis, with the reason and their figures."""
    rows = []
    outcomes, events = review.extraction.outcomes, review.extraction.events
    for _, study in review.extraction.studies.iterrows():
        name = str(study["study_id"])
        role = review.synthesis.roles[name]
        if role.role != "annex":
            continue
        figures = [
            f"{row['instrument']} {row['baseline_mean']:g} before, {row['followup_mean']:g} after (n {row['n']:g})"
            for _, row in outcomes[outcomes["study_id"] == name].iterrows()
        ]
        figures += [
            f"{row['event']}: {row['events']:g} of {row['total']:g} {row['unit_of_analysis']}"
            for _, row in events[events["study_id"] == name].iterrows()
        ]
        place = source_runs(name, str(study["locator"]), str(study["seen_in"]), review.records)
        rows.append(
            Row(
                (
                    place,
                    runs(role.reason),
                    runs("; ".join(figures) or "none seen"),
                    runs(str(study["note"]) or "none noted"),
                )
            )
        )
    if not rows:
        return
    columns = (
        Column("Report and place", width=1.6),
        Column("Why it stands apart", width=1.6),
        Column("Figures seen", width=2.4),
        Column("Caveats", width=1.8),
    )
    lead = Paragraph(runs("These were extracted and enter no result above. ", review.protocol.eligibility.reason))
    yield Section(
        "Annex: related and other sources", "annex", (lead, Table("Annex", columns, tuple(rows))), folded=True
    )


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
                "Two questions are asked of each claim: what its citation leads to, and what the sources that could be read "
                "say. Not confirmed means that the source could not be read here; it does not mean that the claim is wrong."
            )
        ),
        Bullets(tuple(runs(sentence) for sentence in review.audit.by_rule())),
        Table("Claims of the article", columns, rows, anchor="claims-table"),
        Table("Printed references of the article", ref_columns, ref_rows, anchor="references-table"),
    )
    yield Section("The article, claim by claim", "claims", blocks)


def certainty_section(review: Review) -> Section:
    """What has been rated, and what the design allows at most."""
    columns = (
        Column("About", width=1.8),
        Column("Outcome", width=1.2),
        Column("Certainty"),
        Column("At most", width=0.7),
        Column("Why", width=3),
    )
    rows = tuple(
        Row((runs(item.about), runs(item.outcome), runs(item.level), runs(item.ceiling or "-"), runs(item.reason)))
        for item in review.certainty.ratings
    )
    notes = (
        runs(
            "Levels of designs: ",
            Run(SOURCE, link=SOURCE_LINK),
            ", where case series and case reports stand at very low.",
        ),
    )
    return Section("Certainty", "certainty", (Table("Certainty by outcome", columns, rows, notes),))


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
                "Values published for single patients, in other diseases. The mean change of a group beyond such a value does not "
                f"say how many patients passed it. None was read for {listing(without)}."
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


def methods_section(review: Review) -> Section:
    """How the page was made, and the flow of records."""
    protocol, flow = review.protocol, review.screening.flow
    drawing = review.flow_diagram()
    correlation = protocol.synthesis.correlation
    items = [
        runs(
            f"{protocol.standing.kind.capitalize()}; protocol written {protocol.standing.written}{', after the data were seen' if protocol.standing.post_hoc else ''}."
        ),
        *(runs(f"{person.name} ({person.kind}): {person.role}.") for person in protocol.people),
        runs(f"Eligibility: {protocol.eligibility.reason}"),
        runs(
            f"Pool: random effects, {protocol.synthesis.tau2}, Hartung-Knapp interval, never narrower than the model-based one; "
            "from three independent estimates, with a prediction interval. Two are shown side by side."
        ),
        runs(f"Overlap of patients: {protocol.synthesis.overlap_reason}"),
        *(
            [runs(f"Correlation of scores before and after: {number(correlation.main)}. {correlation.reason}")]
            if correlation
            else []
        ),
        *(runs(f"Search planned for {item.database}: {item.query}. {item.note}") for item in protocol.strategies),
    ]
    figure = Figure("flow", "Flow of records", drawing.alt_text(), drawing.svg(), drawing.png(), anchor="flow")
    reasons = tuple(
        Row(
            (
                runs(record_run(item.record_id, review.records)),
                runs(item.decision),
                runs(item.reason or "-"),
                runs(item.reviewer),
            )
        )
        for item in review.screening.decisions
    )
    columns = (Column("Record", width=1.6), Column("Decision"), Column("Reason", width=2.6), Column("By"))
    decisions = Section("Every decision on a record", "decisions", (Table("Decisions", columns, reasons),), folded=True)
    lead = Paragraph(
        runs(
            f"{counted(flow.from_databases + flow.from_other_methods, 'record')}, {flow.included} of them included; "
            f"{counted(flow.searches, 'database search', 'database searches')} run."
        )
    )
    return Section("How this page was made", "methods", (lead, Bullets(tuple(items)), figure, decisions))


def records_section(review: Review) -> Section:
    """Every record, with where it was read."""
    rows = []
    for record in review.records:
        source = Source.parse(record.source)
        identifiers = [
            f"PMID {record.pmid}" if record.pmid else "",
            f"DOI {record.doi}" if record.doi else "",
            record.pmcid or "",
        ]
        decision = review.screening.of(record.id)
        rows.append(
            Row(
                (
                    runs(record.short),
                    runs(record.citation),
                    runs(Run(", ".join(filter(None, identifiers)) or "no identifier seen", link=record.link)),
                    runs(Run(_host(source.text), link=source.link), f", {record.seen_on}"),
                    runs(decision.decision if decision else "-"),
                    runs("; ".join(filter(None, [record.note])) or "none"),
                ),
                anchor=anchor("record", record.id),
            )
        )
    columns = (
        Column("Record", width=1.1),
        Column("Citation, as far as it was seen", width=3),
        Column("Identifiers", width=1.4),
        Column("Read at", width=1.3),
        Column("Decision", width=0.8),
        Column("Remarks", width=1.4),
    )
    lead = Paragraph(runs("Whether a record has been retracted or corrected is unknown: PubMed has not been asked."))
    return Section("Records", "records", (lead, Table("Records", columns, tuple(rows))), folded=True)


def _host(address: str) -> str:
    return address.split("//", 1)[1].split("/", 1)[0].removeprefix("www.") if "//" in address else address


def quantities_section(review: Review) -> Section:
    """Every number under its name, with the rows that it came from."""
    columns = (
        Column("Name", width=3),
        Column("Value", "right"),
        Column("Interval", width=1.2),
        Column("Unit"),
        Column("How", width=2),
        Column("Rows", width=1.4),
    )
    table = review.changes.table()
    rows = tuple(
        Row(
            tuple(
                runs(str(cell).replace("-", "\N{MINUS SIGN}") if index in (1, 2) else str(cell) or "-")
                for index, cell in enumerate(row)
            )
        )
        for row in table.itertuples(index=False)
    )
    lead = Paragraph(
        runs(review.changes.summary(), " Rows are named by file and line in the folder extraction of the review.")
    )
    return Section(
        "Where each number comes from", "quantities", (lead, Table("Quantities", columns, rows)), folded=True
    )
