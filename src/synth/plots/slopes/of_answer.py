"""Scores before and after of one answer of a review, as slopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synth.effects.change_summary import ChangeSummary
from synth.plots.drawing import Drawing
from synth.plots.slopes.plot import ImportantDifference, SlopeRow, slope_plot
from synth.protocol import Instrument, Protocol
from synth.synthesis.ladder import Answer
from synth.synthesis.series import Series

_FROM_CHANGE = "after: mean before plus the printed mean change"
_BACK_FROM_CHANGE = "before: mean after minus the printed mean change"


def slopes_of(answer: Answer, protocol: Protocol, labels: Mapping[str, str]) -> Drawing | None:
    """The scores before and after of every series and case of an answer.

    Parameters
    ----------
    answer : Answer
        One procedure, outcome and instrument.
    protocol : Protocol
        For names, units, ranges and important differences.
    labels : mapping of str to str
        What to call each study, by study id.

    Returns
    -------
    Drawing or None
        None where no eligible series has a score both before and after: points alone show no change.
    """
    eligible = [item for item in answer.series if item.role == "synthesis"]
    rows = [(item, _row(item, eligible, labels)) for item in eligible if _scores(item.summary) != (None, None)]
    units = {item.summary.unit for item, row in rows if row.before is not None and row.after is not None}
    if not units:
        return None
    instrument = protocol.instrument(answer.instrument)
    unit = instrument.unit if instrument.unit in units else min(units)
    shown = [row for item, row in rows if item.summary.unit == unit]
    # Range and important difference are in the instrument's own unit.
    own = unit == instrument.unit
    limits = _limits(instrument, shown) if own else None
    return slope_plot(
        shown,
        score_label=f"{instrument.label}, {unit}",
        limits=limits,
        better=instrument.better,
        important_difference=_difference(instrument) if own else None,
        title=protocol.procedure(answer.procedure).label,
        notes=tuple(_notes(answer, rows, unit, labels)),
    )


def _scores(summary: ChangeSummary) -> tuple[float | None, float | None]:
    """Means before and after; the one that is missing from the other and the change, where both were printed."""
    before, after, change = summary.baseline_mean, summary.followup_mean, summary.change_mean
    if after is None and before is not None and change is not None:
        return before, _rounded(before + change)
    if before is None and after is not None and change is not None:
        return _rounded(after - change), after
    return before, after


def _rounded(value: float) -> float:
    """A sum of printed decimals without the last bits of its binary form."""
    return float(f"{value:.10g}")


def _row(item: Series, eligible: list[Series], labels: Mapping[str, str]) -> SlopeRow:
    summary = item.summary
    before, after = _scores(summary)
    derived = "" if summary.followup_mean is not None or after is None else _FROM_CHANGE
    derived = _BACK_FROM_CHANGE if summary.baseline_mean is None and before is not None else derived
    arms = {other.arm_id for other in eligible if other.study_id == item.study_id}
    name = labels[item.study_id]
    return SlopeRow(
        label=f"{name} ({item.arm_id})" if len(arms) > 1 else name,
        before=before,
        after=after,
        n=summary.n,
        unit=summary.unit_of_analysis if summary.unit_of_analysis != "not stated" else "(unit not stated)",
        single=item.single_patient,
        months=item.timepoint_months,
        before_range=None if before is None or item.single_patient else item.baseline_range,
        after_range=None if after is None or item.single_patient else item.followup_range,
        mark=derived,
    )


def _limits(instrument: Instrument, rows: list[SlopeRow]) -> tuple[float, float] | None:
    """The instrument's range, unless a printed figure lies outside it: then the axis shows what was printed."""
    low, high = instrument.minimum, instrument.maximum
    if low is None or high is None:
        return None
    inside = all(low <= value <= high for row in rows for value in row.values)
    return (low, high) if inside else None


def _difference(instrument: Instrument) -> ImportantDifference | None:
    if instrument.chosen is None or instrument.better is None or not instrument.chosen.value > 0:
        return None
    wanted = (instrument.chosen.value, instrument.chosen.source)
    found = next(item for item in instrument.thresholds if (item.value, item.source) == wanted)
    return ImportantDifference(value=found.value, label=f"{found.method}; in: {found.population}")


def _notes(answer: Answer, rows: list[tuple[Series, SlopeRow]], unit: str, labels: Mapping[str, str]) -> Iterator[str]:
    other = [row.label for item, row in rows if item.summary.unit != unit]
    if other:
        yield f"Not drawn, because the scores have another unit: {', '.join(dict.fromkeys(other))}."
    for role, why in (("direction only", "used for directions only"), ("annex", "outside the synthesis")):
        studies = [labels[item.study_id] for item in answer.series if item.role == role]
        if studies:
            yield f"Not drawn, because {why}: {', '.join(dict.fromkeys(studies))}."
    drawn = {item.study_id for item, _ in rows}
    for pair in answer.overlaps:
        if {pair.first, pair.second} <= drawn:
            names = f"{labels[pair.first]} and {labels[pair.second]}"
            yield f"That patients of {names} are the same people cannot be excluded: {pair.reason}."
    yield (
        "Without a comparison group a change holds natural history, regression to the mean and everything else that "
        "was done."
    )
