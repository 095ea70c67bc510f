"""Forest plots of fitted models: the studies with their summary, and studies in subgroups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import critical_value, is_number
from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.forest.checks import texts
from synth.plots.forest.panel import JudgementPanel, RowJudgements
from synth.plots.forest.plot import forest
from synth.plots.forest.pools import kind_of, method_of, pooled
from synth.plots.forest.rows import ForestRow, ForestSummary, ReferenceLine
from synth.plots.forest.scale import ForestScale, forest_scale
from synth.plots.forest.summaries import labelled, notes_of, summaries_under
from synth.plots.marks import sentences
from synth.plots.text import plain
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import p_text
from synth.synthesis.subgroups import Subgroups

#: Texts or numbers of further columns by title: one for each study in the model's order, or by the study's label.
Columns = Mapping[str, Sequence[object] | Mapping[str, object]]


class ForestOptions(TypedDict, total=False):
    """Options that go to `forest` as they are."""

    reference_lines: Sequence[ReferenceLine]
    left_label: str
    right_label: str
    title: str
    label_title: str
    decimals: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What stands beside the estimates of studies."""

    columns: Columns
    marks: Mapping[str, str]
    judgements: Mapping[str, RowJudgements]

    def check(self, labels: Iterable[str]) -> None:
        """Refuse what is said of a study that is not in the plot."""
        given_by_name: dict[str, object] = {"columns": self.columns, "marks": self.marks, "judgements": self.judgements}
        for what, mapping in given_by_name.items():
            if not isinstance(mapping, Mapping):
                raise MethodError(f"forest plot: {what} {mapping!r}; a mapping is expected")
        for title, column in self.columns.items():
            _check_column(title, column)
        known = set(labels)
        by_label = {f"column {title!r}": cells for title, cells in self.columns.items() if isinstance(cells, Mapping)}
        said: dict[str, Mapping[str, object]] = {**by_label, "marks": self.marks, "judgements": self.judgements}
        for what, given in said.items():
            unknown = [label for label in given if label not in known]
            if unknown:
                raise MethodError(f"forest plot: {what} of {unknown[0]!r}, which is no study of the plot")

    def cells(self, label: str, index: int | None, k: int) -> dict[str, str]:
        """Texts of the further columns of one study; `index` is None for one outside the model."""
        found: dict[str, str] = {}
        for title, cells in self.columns.items():
            if isinstance(cells, Mapping):
                found[title] = _cell(cells.get(label))
                continue
            if len(cells) != k:
                raise MethodError(f"forest plot: column {title!r} has {len(cells)} cells for {k} studies")
            found[title] = "" if index is None else _cell(cells[index])
        return found


def forest_of_model(
    model: MetaAnalysis,
    *,
    measure: str = "GEN",
    natural: bool = True,
    sizes: ArrayLike | None = None,
    effect_label: str = "",
    label: str = "",
    summaries: Mapping[str, object] | Iterable[object] = (),
    columns: Columns | None = None,
    order: Sequence[int] | None = None,
    marks: Mapping[str, str] | None = None,
    not_estimated: Mapping[str, str] | None = None,
    panel: JudgementPanel | None = None,
    judgements: Mapping[str, RowJudgements] | None = None,
    notes: Sequence[str] = (),
    **options: Unpack[ForestOptions],
) -> Drawing:
    """The studies of a fitted model with their weights, and its summary.

    Parameters
    ----------
    model : MetaAnalysis
        Of one study nothing is pooled; of a model with moderators the studies are drawn, and `summaries` may hold what
        it predicts.
    measure : str
        Code of the effect measure (see `synth.effects.measures`): the name of the effect, the way back to natural
        values, the kind of axis and no effect.
    natural : bool
        Whether to show natural values (ratios, on a logarithmic axis), or those of the analysis.
    sizes : array_like, shape (k,), optional
        Totals or person-time, for the Freeman-Tukey measures.
    effect_label : str
        Name of the effect in place of the measure's, with its unit.
    label : str
        Name of the model in place of its own.
    summaries : mapping of str to model, or iterable
        Further models of the same studies under the first: common effect, Bayesian, generalised linear; or ready
        `ForestSummary`, on the scale that is shown.
    columns : mapping, optional
        Texts or numbers of further columns by title: one for each study in the model's order, or a mapping by label.
    order : sequence of int, optional
        The studies by number, from 0, from top to bottom; as given without it.
    marks : mapping of str to str, optional
        By study: how its number differs from the others, such as "derived from the p value".
    not_estimated : mapping of str to str, optional
        Studies that give no estimate, with the reason: rows of their own at the end.
    panel, judgements : JudgementPanel and mapping of str to RowJudgements, optional
        Domains in which studies were judged, and the judgements by study.
    notes : sequence of str
        Lines below the plot, after what the model itself says of its footing.
    **options
        As for `forest`: reference_lines, left_label, right_label, title, label_title, decimals.

    Returns
    -------
    Drawing
        Rows have intervals by the normal distribution at the model's level.

    Raises
    ------
    MethodError
        If this is no univariate model, the measure is unknown, or a column, mark or judgement does not fit the studies.
    """
    _check_model(model)
    scale = forest_scale(measure, natural=natural, sizes=sizes, k=model.k)
    beside = _Beside(columns=columns or {}, marks=marks or {}, judgements=judgements or {})
    missing = not_estimated or {}
    beside.check([*model.labels, *missing])
    rows = [_row(model, index, scale, beside) for index in _places(model, order)]
    rows += [_missing_row(name, why, beside, model.k) for name, why in missing.items()]
    own, own_notes = _own(model, label)
    ends, end_notes = summaries_under([*own, *labelled(summaries)], scale, level=model.level)
    return forest(
        rows,
        summaries=ends,
        effect_label=effect_label or scale.label,
        log_scale=scale.log,
        null_value=scale.null_value,
        columns=tuple(beside.columns),
        panel=panel,
        notes=[note for note in (scale.note if ends else "", *own_notes, *end_notes, *texts("notes", notes)) if note],
        level=model.level,
        **options,
    )


def forest_of_subgroups(
    result: Subgroups,
    *,
    overall: MetaAnalysis | None = None,
    measure: str = "GEN",
    natural: bool = True,
    effect_label: str = "",
    summaries: Mapping[str, object] | Iterable[object] = (),
    columns: Mapping[str, Mapping[str, object]] | None = None,
    marks: Mapping[str, str] | None = None,
    panel: JudgementPanel | None = None,
    judgements: Mapping[str, RowJudgements] | None = None,
    notes: Sequence[str] = (),
    **options: Unpack[ForestOptions],
) -> Drawing:
    """Studies under their subgroups, the summary of each, and the test between them.

    Parameters
    ----------
    result : Subgroups
        Of `synth.synthesis.subgroups.subgroups`.
    overall : MetaAnalysis, optional
        A model of all the studies, for the end of the plot; weights are then shares in it, else in each subgroup.
    measure, natural, effect_label, summaries, marks, panel, judgements, notes, options
        As for `forest_of_model`; measures whose way back needs sizes are drawn with natural=False.
    columns : mapping of str to mapping, optional
        Texts or numbers of further columns by title, then by study.

    Raises
    ------
    MethodError
        If this is no result of subgroups, or the overall model is not of the same studies; as for `forest_of_model`.
    """
    if not isinstance(result, Subgroups):
        raise MethodError(f"forest plot of subgroups: a result of subgroups() is expected, not {type(result).__name__}")
    scale = forest_scale(measure, natural=natural, sizes=None, k=None)
    beside = _Beside(columns=columns or {}, marks=marks or {}, judgements=judgements or {})
    if any(not isinstance(cells, Mapping) for cells in beside.columns.values()):
        raise MethodError("forest plot of subgroups: columns by study are expected (a mapping), as groups reorder them")
    beside.check([name for model in result.models.values() for name in model.labels])
    weights = None if overall is None else _weights_of(overall, result)
    rows = [row for group in result.models for row in _group_rows(result, group, scale, beside, weights)]
    first = next(iter(result.models.values()))
    own = [item for group in result.models for item in _group_summary(result, group, scale)]
    whole = [] if overall is None else _own(overall, f"All studies, {kind_of(overall).lower()}")[0]
    ends, end_notes = summaries_under([*whole, *labelled(summaries)], scale, level=first.level)
    weighted = "Weights are shares within each subgroup." if overall is None else "Weights are shares of all studies."
    joint = result.joint or first
    method = method_of(joint)
    one = "" if result.joint is None else "; one model of all studies with the groups as moderator"
    said = [f"In the subgroups: {kind_of(joint).lower()}{f', {method}' if method else ''}{one}.", weighted, scale.note]
    said += [*sentences(_marks_of(result)), *end_notes, *texts("notes", notes)]
    return forest(
        rows,
        summaries=(*own, *ends),
        effect_label=effect_label or scale.label,
        log_scale=scale.log,
        null_value=scale.null_value,
        columns=tuple(beside.columns),
        panel=panel,
        closing=(_between(result),),
        notes=[note for note in said if note],
        level=first.level,
        **options,
    )


def _check_column(title: str, column: object) -> None:
    if isinstance(column, str) or not isinstance(column, Mapping | Sequence | np.ndarray):
        raise MethodError(f"forest plot: column {title!r} is {column!r}; a cell for each study is expected")


def _check_model(model: object) -> None:
    if not isinstance(model, MetaAnalysis):
        raise MethodError(f"forest plot: a fitted model (MetaAnalysis) is expected, not {type(model).__name__}")


def _places(model: MetaAnalysis, order: Sequence[int] | None) -> list[int]:
    if order is None:
        return list(range(model.k))
    places = [int(place) for place in order if is_number(place) and int(place) == place]
    if sorted(places) != list(range(model.k)) or len(places) != len(order):
        raise MethodError(f"forest plot: order {list(order)!r}; every number from 0 to {model.k - 1} once is expected")
    return places


def _row(
    model: MetaAnalysis,
    index: int,
    scale: ForestScale,
    beside: _Beside,
    *,
    group: str = "",
    weight: float | None = None,
) -> ForestRow:
    label = model.labels[index]
    estimate, margin = float(model.estimates[index]), critical_value(model.level) * float(model.variances[index]) ** 0.5
    size = None if scale.sizes is None else float(scale.sizes[index])
    own = float(model.weights[index]) if weight is None and model.k > 1 else weight
    return ForestRow(
        label=label,
        estimate=scale.shown(estimate, size),
        interval=scale.interval((estimate - margin, estimate + margin), size),
        weight=None if model.has_moderators else own,
        mark=beside.marks.get(label, ""),
        columns=beside.cells(label, index, model.k),
        group=group,
        judgements=beside.judgements.get(label, {}),
    )


def _missing_row(label: str, why: str, beside: _Beside, k: int) -> ForestRow:
    return ForestRow(
        label=label,
        estimate=None,
        mark=why,
        columns=beside.cells(label, None, k),
        judgements=beside.judgements.get(label, {}),
    )


def _own(model: MetaAnalysis, label: str) -> tuple[list[tuple[str, object]], tuple[str, ...]]:
    """The model itself as a summary, if it has one, and otherwise its marks."""
    if model.has_moderators:
        names = ", ".join(coding.name for coding in model.moderators.codings)
        note = f"The model relates effects to {names}: there is no one summary."
        return [], (note, *notes_of(label or "The model", model.marks))
    if model.k < 2:
        return [], notes_of(label or kind_of(model), model.marks)
    return [(label, model)], ()


def _weights_of(overall: MetaAnalysis, result: Subgroups) -> dict[str, float]:
    _check_model(overall)
    names = [name for model in result.models.values() for name in model.labels]
    if sorted(names) != sorted(overall.labels) or len(set(names)) != len(names):
        raise MethodError("forest plot of subgroups: the overall model is of other studies, or two share a name")
    return dict(zip(overall.labels, overall.weights.tolist(), strict=True))


def _group_rows(
    result: Subgroups, group: str, scale: ForestScale, beside: _Beside, weights: Mapping[str, float] | None
) -> Iterator[ForestRow]:
    model = result.models[group]
    for index, label in enumerate(model.labels):
        weight = None if weights is None else weights[label]
        yield _row(model, index, scale, beside, group=group, weight=weight)


def _group_summary(result: Subgroups, group: str, scale: ForestScale) -> Iterator[ForestSummary]:
    model = result.models[group]
    if model.k < 2:
        return
    found = replace(pooled(model), method="")
    if result.joint is not None:
        # The joint model's standard error and degrees of freedom rest on all studies, as its tau2 does.
        fitted = result.joint.predict({result.joint.moderators.codings[0].name: [group]})
        assert fitted.low is not None
        assert fitted.high is not None
        limits, prediction = (float(fitted.low[0]), float(fitted.high[0])), None
        if found.prediction is not None and fitted.prediction_low is not None and fitted.prediction_high is not None:
            prediction = float(fitted.prediction_low[0]), float(fitted.prediction_high[0])
        found = replace(found, estimate=float(fitted.estimates[0]), interval=limits, prediction=prediction)
    yield found.on(scale, group=group)


def _marks_of(result: Subgroups) -> tuple[str, ...]:
    """Of the subgroups; with a joint model the intervals drawn are its own, and so are the marks on its test."""
    if result.joint is None:
        return result.marks
    groups = [mark for mark in result.marks if not mark.endswith("was used instead")]
    return (*groups, *(mark for mark in result.joint.marks if mark.endswith("was used instead")))


def _between(result: Subgroups) -> str:
    """The test between subgroups in words."""
    if result.q_between is None or result.q_between_p is None:
        return "No test between subgroups: a mean has a standard error of 0"
    p = p_text(result.q_between_p)
    degrees = str(result.q_between_df)
    name = "Q"
    if result.q_between_df2 is not None:
        name, degrees = "F", f"{degrees},\N{NO-BREAK SPACE}{result.q_between_df2}"
    sign = p if p.startswith("<") else f"= {p}"
    return f"Difference between subgroups: {name}({degrees}) = {result.q_between:.2f}, p {sign}"


def _cell(value: object) -> str:
    """A cell's text; nothing for None and NaN."""
    if isinstance(value, float | np.floating) and np.isnan(value):
        return ""
    if is_number(value):
        return plain(float(value))
    return "" if value is None else str(value)
