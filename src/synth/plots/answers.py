"""Answers and comparisons of a review as forest plots, the flow as a diagram."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synth.effects.estimate import MEASURES
from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.forest import ForestRow, ForestSummary, JudgementPanel, ReferenceLine, forest
from synth.plots.forest.panel import RowJudgements
from synth.protocol import Instrument, Protocol
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer
from synth.synthesis.results import PooledEffect
from synth.synthesis.series import Series


def forest_of(
    answer: Answer | ComparisonAnswer,
    protocol: Protocol,
    labels: Mapping[str, str],
    *,
    panel: JudgementPanel | None = None,
    judgements: Mapping[str, RowJudgements] | None = None,
) -> Drawing:
    """The forest plot of an answer or of a comparison.

    Parameters
    ----------
    answer : Answer or ComparisonAnswer
        With at least one estimate.
    protocol : Protocol
        For names, units and directions.
    labels : mapping of str to str
        What to call each study, by study id.
    panel : JudgementPanel, optional
        Domains in which studies were judged (`synth.plots.risk_of_bias.panel_of`).
    judgements : mapping of str to RowJudgements, optional
        What was judged of each study, by study id; those of studies that are not drawn are not used.

    Raises
    ------
    MethodError
        If it has no estimate to draw, or there are judgements and no panel for them.
    """
    beside = _Beside(labels, panel, judgements or {})
    if isinstance(answer, ComparisonAnswer):
        return _comparison(answer, protocol, beside)
    return _changes(answer, protocol, beside)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside the estimates: names of the studies, and what was judged of them."""

    labels: Mapping[str, str]
    panel: JudgementPanel | None
    judgements: Mapping[str, RowJudgements]

    def of(self, study: str) -> RowJudgements:
        return self.judgements.get(study, {})


def _changes(answer: Answer, protocol: Protocol, beside: _Beside) -> Drawing:
    labels = beside.labels
    shown = [item for item in answer.changes if item.effect is not None]
    if not shown:
        raise MethodError(f"{answer.procedure} / {answer.outcome}: no series has a change; there is nothing to draw")
    instrument = protocol.instrument(answer.instrument)
    units = [item.summary.unit for item in shown]
    # One axis has one unit: the instrument's own where a series has it, as its important difference does.
    unit = instrument.unit if instrument.unit in units else units[0]
    other = [item for item in shown if item.summary.unit != unit]
    shown = [item for item in shown if item.summary.unit == unit]
    arms = Counter(item.study_id for item in shown)
    rows = [_series_row(item, beside, several=arms[item.study_id] > 1) for item in shown]
    sides = {"higher": ("worse", "better"), "lower": ("better", "worse"), None: ("", "")}[instrument.better]
    return forest(
        rows,
        summaries=_pool(answer.pooled, "Sensitivity only: pool" if answer.sensitivity_only else "Pool"),
        effect_label=f"Change in {instrument.label}, {unit}",
        null_value=0.0,
        reference_lines=_difference(instrument) if unit == instrument.unit else [],
        columns=("n", "months"),
        left_label=sides[0],
        right_label=sides[1],
        notes=tuple(_notes(answer, instrument, other, labels)),
        label_title="Series",
        level=protocol.synthesis.level,
        panel=beside.panel,
    )


def _series_row(item: Series, beside: _Beside, *, several: bool) -> ForestRow:
    assert item.effect is not None
    unit = item.summary.unit_of_analysis
    counted = {"patients": "", "not stated": " (unit not stated)"}.get(unit, f" ({unit})")
    size = "not seen" if item.summary.n is None else f"{item.summary.n}{counted}"
    return ForestRow(
        label=f"{beside.labels[item.study_id]} ({item.arm_id})" if several else beside.labels[item.study_id],
        estimate=item.effect.estimate,
        interval=item.effect.interval,
        mark="; ".join(item.effect.marks),
        columns={"n": size, "months": "not seen" if item.timepoint_months is None else f"{item.timepoint_months:g}"},
        judgements=beside.of(item.study_id),
    )


def _notes(answer: Answer, instrument: Instrument, other: Sequence[Series], labels: Mapping[str, str]) -> Iterator[str]:
    if other:
        names = ", ".join(f"{labels[item.study_id]} ({item.summary.unit})" for item in other)
        yield f"Not drawn, in another unit: {names}."
    if answer.pooled is None:
        yield re.sub(r"[\w-]+", lambda word: labels.get(word[0], word[0]), answer.reason)
    if instrument.chosen is not None and any(effect.derivation for effect in answer.estimates):
        yield "Derived intervals rest on assumptions: that one lies clear of the dashed line shows nothing by itself."


def _difference(instrument: Instrument) -> list[ReferenceLine]:
    found = instrument.chosen_threshold
    if found is None or instrument.better is None:
        return []
    value = found.value if instrument.better == "higher" else -found.value
    return [ReferenceLine(value, f"published important difference ({found.method}; in: {found.population})")]


def _comparison(answer: ComparisonAnswer, protocol: Protocol, beside: _Beside) -> Drawing:
    labels = beside.labels
    if not answer.effects:
        raise MethodError(f"{answer.comparison.id}: no study compares the two; there is nothing to draw")
    measure = MEASURES[answer.comparison.measure]
    weights = dict(zip(answer.pooled.studies, answer.pooled.weights, strict=True)) if answer.pooled else {}
    treated = _inside(protocol.procedure(answer.comparison.treated).label)
    control = _inside(protocol.procedure(answer.comparison.control).label)
    rows = []
    for counts, effect, _ in answer.by_study:
        if effect is None:
            continue
        estimate, interval = effect.natural()
        columns = {
            "Treated": f"{counts.events_treated}/{counts.total_treated}",
            "Control": f"{counts.events_control}/{counts.total_control}",
        }
        rows.append(
            ForestRow(
                label=labels[effect.study_id],
                estimate=estimate,
                interval=interval,
                weight=weights.get(effect.label),
                mark="; ".join(effect.marks),
                columns=columns,
                judgements=beside.of(effect.study_id),
            )
        )
    fewer = answer.comparison.fewer_is_better
    return forest(
        rows,
        summaries=_pool(answer.pooled, "Sensitivity only: pool" if answer.sensitivity_only else "Random effects"),
        effect_label=f"{measure.label.capitalize()} ({answer.comparison.label.lower()})",
        log_scale=measure.scale == "log",
        null_value=measure.no_difference,
        columns=("Treated", "Control"),
        left_label=f"favours {treated if fewer else control}",
        right_label=f"favours {control if fewer else treated}",
        notes=[f"No effect, so not drawn: {labels[study]} ({why})." for study, why in answer.without_effect],
        level=protocol.synthesis.level,
        panel=beside.panel,
    )


def _inside(label: str) -> str:
    """A label inside a sentence: a small first letter, unless the first word is an abbreviation."""
    first = label.split(" ")[0]
    return label if first.isupper() else label[:1].lower() + label[1:]


def _pool(pooled: PooledEffect | None, label: str) -> list[ForestSummary]:
    if pooled is None:
        return []
    estimate, interval, prediction = pooled.natural()
    return [
        ForestSummary(label=f"{label} (k = {pooled.k})", estimate=estimate, interval=interval, prediction=prediction)
    ]
