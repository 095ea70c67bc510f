"""The checks of a pool, one function each: other methods, tests for small-study effects, characteristics of studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

from synth.effects.binary import TwoArmCounts
from synth.effects.intervals import Interval
from synth.errors import MethodError
from synth.synthesis.diagnostics import Refits
from synth.synthesis.fitting import Test
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.pooling import tau2_name
from synth.synthesis.small_study import (
    CountRegressionTest,
    RankTest,
    RegressionTest,
    TrimAndFill,
    egger_test,
    harbord_test,
    peters_test,
    rank_test,
    trim_and_fill,
)
from synth.synthesis.small_study.sources import ENOUGH_STUDIES
from synth.synthesis.stratified import CountMeasure, mantel_haenszel, peto
from synth.synthesis.stratified_result import StratifiedEffect
from synth.synthesis.subgroups import Subgroups, subgroups
from synth.synthesis.tau2 import Tau2Method

#: Estimators that the planned one is set beside: REML and Paule-Mandel are those that comparisons favour, one by
#: likelihood and one by moments (Langan et al. 2019, Res Synth Methods 10:83-98); DerSimonian-Laird is the one of most
#: published pools; Sidik-Jonkman is seldom 0 and shows what more spread would do.
OTHER_TAU2: tuple[Tau2Method, ...] = ("REML", "PM", "DL", "SJ")
#: Intervals that the planned one is set beside: with the guard, without it, and as most published pools have it.
OTHER_INTERVALS: tuple[Test, ...] = ("hartung-knapp-guarded", "hartung-knapp", "normal")
_INTERVALS: dict[Test, str] = {
    "hartung-knapp-guarded": "Hartung-Knapp interval, never narrower than the model-based one",
    "hartung-knapp": "Hartung-Knapp interval, without the guard",
    "t": "t interval",
    "normal": "Normal interval",
}
#: Studies that a group needs for a summary of its own.
GROUP_FROM = 2

SmallStudyTest = RegressionTest | RankTest | TrimAndFill | CountRegressionTest


@dataclass(frozen=True, slots=True)
class ModeratorColumn:
    """A characteristic of studies.

    Attributes
    ----------
    column, label, unit : str
        As in the protocol.
    kind : {"number", "text"}
    values : mapping of str to (float, str or None)
        By study; None where it was not seen.
    """

    column: str
    label: str
    kind: Literal["number", "text"]
    unit: str
    values: Mapping[str, float | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """The summary under another method, on the analysis scale.

    Attributes
    ----------
    key : str
        Short name.
    name : str
        In words.
    estimate, interval
        None where the method gives none; `note` says why.
    tau2 : float or None
        None for methods that assume one common effect.
    k : int
        Studies.
    note : str
    result : MetaAnalysis, StratifiedEffect or None
        All that the engine has to say.
    """

    key: str
    name: str
    estimate: float | None
    interval: Interval | None
    tau2: float | None
    k: int
    note: str = ""
    result: MetaAnalysis | StratifiedEffect | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutStudy:
    """The summary without one study, on the analysis scale."""

    study: str
    estimate: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyChecks:
    """Tests for small-study effects.

    Attributes
    ----------
    tests : dict of results of `synth.synthesis.small_study`
        By name; empty below ten studies.
    not_made : tuple of (str, str)
        Name and reason of those that these studies do not allow.
    reason : str
        Why none was made; empty otherwise.
    """

    tests: dict[str, SmallStudyTest]
    not_made: tuple[tuple[str, str], ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorCheck:
    """A pool related to one characteristic of its studies.

    Attributes
    ----------
    moderator : ModeratorColumn
    result : MetaAnalysis, Subgroups or None
        A meta-regression on a number; summaries in groups of a text, with one between-study variance for all.
    reason : str
        Why there is no result, or which studies it leaves out.
    """

    moderator: ModeratorColumn
    result: MetaAnalysis | Subgroups | None
    reason: str


def alternatives(model: MetaAnalysis, of_counts: Sequence[StratifiedEffect]) -> Iterator[Alternative]:
    """The summary as planned, then under other estimators, intervals and models.

    Parameters
    ----------
    model : MetaAnalysis
        As planned.
    of_counts : sequence of StratifiedEffect
        From `pooled_counts`.
    """
    yield _of_model("planned", "As planned", model)
    y, v, level, labels = model.estimates, model.variances, model.level, model.labels
    for method in OTHER_TAU2:
        if method != model.method:
            fit = partial(random_effects, y, v, method=method, test=model.test, level=level, labels=labels)
            yield _tried(f"tau2_{method.lower()}", f"tau2 by {tau2_name(method)}", fit, model.k)
    for test in OTHER_INTERVALS:
        if test != model.test:
            other = random_effects(y, v, method=cast(Tau2Method, model.method), test=test, level=level, labels=labels)
            yield _of_model(f"interval_{test.replace('-', '_')}", _INTERVALS[test], other)
    yield _of_model("common_effect", "Common effect, normal interval", common_effect(y, v, level=level, labels=labels))
    yield from map(_of_counts, of_counts)


def _tried(key: str, name: str, fit: Callable[[], MetaAnalysis], k: int) -> Alternative:
    try:
        return _of_model(key, name, fit())
    except MethodError as error:
        return Alternative(key=key, name=name, estimate=None, interval=None, tau2=None, k=k, note=str(error))


def _of_model(key: str, name: str, model: MetaAnalysis) -> Alternative:
    tau2 = None if model.method == "common" else model.tau2
    return Alternative(
        key=key, name=name, estimate=model.estimate, interval=model.interval, tau2=tau2, k=model.k, result=model
    )


def _of_counts(found: StratifiedEffect) -> Alternative:
    peto_method = found.measure == "PETO"
    return Alternative(
        key="peto" if peto_method else "mantel_haenszel",
        name="Peto, common effect" if peto_method else "Mantel-Haenszel, common effect, nothing added to counts",
        estimate=found.estimate,
        interval=found.interval,
        tau2=None,
        k=found.k,
        # Its other marks are about Q, which is not shown here.
        note="" if found.interval is not None else "; ".join(found.marks),
        result=found,
    )


def _columns_of(counts: Sequence[TwoArmCounts]) -> tuple[list[int], list[int], list[int], list[int]]:
    return (
        [pair.events_treated for pair in counts],
        [pair.total_treated for pair in counts],
        [pair.events_control for pair in counts],
        [pair.total_control for pair in counts],
    )


def pooled_counts(measure: str, counts: Sequence[TwoArmCounts], level: float) -> Iterator[StratifiedEffect]:
    """Counts pooled without a correction: Mantel-Haenszel, and Peto for odds ratios; nothing without counts."""
    if not counts:
        return
    table, names = _columns_of(counts), [pair.study_id for pair in counts]
    # A comparison of counts is planned in one of the measures that the method has.
    yield mantel_haenszel(*table, measure=cast(CountMeasure, measure), level=level, labels=names)
    if measure == "OR":
        yield peto(*table, level=level, labels=names)


def without(found: Refits, row: int) -> WithoutStudy:
    """One row of a leave-one-out analysis."""
    interval = float(found.low[row]), float(found.high[row])
    return WithoutStudy(study=found.labels[row], estimate=float(found.estimate[row]), interval=interval)


def small_study_checks(
    model: MetaAnalysis, measure: str, counts: Sequence[TwoArmCounts], *, least: int = ENOUGH_STUDIES
) -> SmallStudyChecks:
    """Tests for small-study effects, from `least` studies; for odds ratios those too that were made for them."""
    k = model.k
    if k < least:
        reason = (
            f"Tests for small-study effects were not made: with {k} estimates, fewer than {least}, they "
            "cannot tell chance from asymmetry."
        )
        return SmallStudyChecks(tests={}, not_made=(), reason=reason)
    planned: dict[str, Callable[[], SmallStudyTest]] = {
        "Egger": partial(egger_test, model),
        "rank correlation": partial(rank_test, model),
        "trim and fill": partial(trim_and_fill, model),
    }
    if counts and measure == "OR":
        table, names = _columns_of(counts), [pair.study_id for pair in counts]
        planned["Peters"] = partial(peters_test, *table, labels=names)
        planned["Harbord"] = partial(harbord_test, *table, labels=names)
    tests, not_made = {}, []
    for name, test in planned.items():
        try:
            tests[name] = test()
        except MethodError as error:
            not_made.append((name, str(error)))
    return SmallStudyChecks(tests=tests, not_made=tuple(not_made), reason="")


def moderator_check(model: MetaAnalysis, column: ModeratorColumn, study_ids: Sequence[str]) -> ModeratorCheck:
    """A pool related to one characteristic of its studies, from ten studies that have a value.

    Parameters
    ----------
    model : MetaAnalysis
        As planned.
    column : ModeratorColumn
    study_ids : sequence of str, shape (k,)
        Studies of the estimates.
    """
    values = [column.values.get(study) for study in study_ids]
    rows = [row for row, value in enumerate(values) if value is not None]
    if len(rows) < ENOUGH_STUDIES:
        reason = (
            f"{len(rows)} of {len(values)} estimates have a value; below {ENOUGH_STUDIES} the pool is not related to it"
        )
        return ModeratorCheck(moderator=column, result=None, reason=reason)
    missing = [name for name, value in zip(model.labels, values, strict=True) if value is None]
    said = f"not seen, so left out: {', '.join(missing)}" if missing else ""
    try:
        return ModeratorCheck(moderator=column, result=_related(model, column, values, rows), reason=said)
    except MethodError as error:
        return ModeratorCheck(moderator=column, result=None, reason=str(error))


def _related(
    model: MetaAnalysis, column: ModeratorColumn, values: list[float | str | None], rows: list[int]
) -> MetaAnalysis | Subgroups:
    y, v, labels = model.estimates[rows], model.variances[rows], [model.labels[row] for row in rows]
    used = [values[row] for row in rows]
    if column.kind == "number":
        return meta_regression(
            y, v, {column.label: used}, method=model.method, test=model.test, level=model.level, labels=labels
        )
    small = sorted({str(value) for value in used if used.count(value) < GROUP_FROM})
    if small:
        raise MethodError(f"one study only: {', '.join(small)}; each group needs at least {GROUP_FROM}")
    return subgroups(y, v, used, tau2="common", method=model.method, test=model.test, level=model.level, labels=labels)
