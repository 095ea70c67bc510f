"""The counts of one event as a forest plot: exact intervals of the series, and the pool where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.forest import ForestRow, ForestSummary, forest
from synth.synthesis.counts import Count
from synth.synthesis.proportions import ProportionAnswer

_COUNTED = "n of N"


def forest_of_proportions(
    answer: ProportionAnswer, labels: Mapping[str, str] | None = None, *, title: str = ""
) -> Drawing:
    """The forest plot of the proportions of one event, in percent.

    Parameters
    ----------
    answer : ProportionAnswer
        With at least one eligible count that has a rate. The counts that have none stand below the plot with the
        reason.
    labels : mapping of str to str, optional
        What to call each study, by study id; its id where not given.
    title : str
        Heading inside the picture.

    Raises
    ------
    MethodError
        If no count has a rate, the counts are in different units, or a study has no label.
    """
    units = {item.unit_of_analysis for item in answer.studies}
    if not units:
        raise MethodError(f"{answer.procedure} / {answer.event}: there is nothing to draw. {answer.reason}")
    if len(units) > 1:
        raise MethodError(f"{answer.procedure} / {answer.event}: {answer.reason} One unit is drawn at a time")
    assert answer.level is not None
    named = {item.study_id: item.study_id for item in answer.counts} | dict(labels or {})
    return forest(
        [_row(item, named[item.study_id]) for item in answer.studies],
        summaries=list(_summaries(answer)),
        effect_label=f"{answer.event}, % of {answer.unit}",
        null_value=None,
        columns=(_COUNTED,),
        title=title,
        notes=list(_notes(answer, named)),
        label_title="Series",
        level=answer.level,
        decimals=1,
        whole_intervals=True,  # 0 to 100% has room for every limit
    )


def _row(item: Count, label: str) -> ForestRow:
    assert item.proportion is not None
    low, high = item.proportion.interval
    behind = f" ({item.patients} patients)" if item.patients else ""
    return ForestRow(
        label=label,
        estimate=100 * item.proportion.estimate,
        interval=(100 * low, 100 * high),
        columns={_COUNTED: f"{item.events} of {item.total}{behind}"},
    )


def _summaries(answer: ProportionAnswer) -> Iterator[ForestSummary]:
    for line in answer.summary().to_dict("records"):
        new = line["prediction_low"], line["prediction_high"]
        known = all(limit is not None and limit == limit for limit in new)
        yield ForestSummary(
            label=str(line["line"]),
            estimate=100 * line["estimate"],
            interval=(100 * line["low"], 100 * line["high"]),
            prediction=(100 * new[0], 100 * new[1]) if known else None,
        )


def _notes(answer: ProportionAnswer, named: Mapping[str, str]) -> Iterator[str]:
    yield "Intervals of the series are exact (Clopper-Pearson)."
    yield answer.reason
    for item in answer.counts:
        if item not in answer.studies:
            why = item.reason or f"not eligible ({item.role})"
            yield f"Not drawn: {named[item.study_id]}, {item.events} of {item.total} {item.unit_of_analysis}; {why}."
    if answer.not_reported:
        count = len(answer.not_reported)
        yield f"{count} eligible {'study does' if count == 1 else 'studies do'} not report it."
    yield from (f"{mark[:1].upper()}{mark[1:]}." for mark in answer.marks)
