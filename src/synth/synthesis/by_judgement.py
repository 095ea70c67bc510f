"""How a pool hangs on judgements of its studies: the pool of those at better levels, and the weight at each level.

Where a judgement is open, because answers could not be seen, it is never guessed: each pool is shown without the open
studies and with them, and each share of weight from its least to its most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from synth.display import TextTable
from synth.effects.intervals import Interval
from synth.effects.measures import measure_of
from synth.errors import MethodError
from synth.synthesis.judgement_weights import (
    UNRANKED,
    Judgements,
    LevelWeight,
    Standing,
    check_scale,
    of_answers,
    share_words,
    standings,
    weight_by_level,
)
from synth.synthesis.ladder import PLAIN_FROM, POOL_FROM
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import p_text
from synth.synthesis.models import common_effect, random_effects
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.sensitivity_fits import ModeratorCheck, ModeratorColumn, moderator_check
from synth.synthesis.sensitivity_tables import ACROSS_STUDIES, natural_text, variance_text
from synth.synthesis.small_study.sources import ENOUGH_STUDIES
from synth.synthesis.subgroups import Subgroups

__all__ = [
    "ByJudgement",
    "LevelWeight",
    "RestrictedPool",
    "by_judgement",
    "of_answers",
    "weight_by_level",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class RestrictedPool:
    """The pool of the studies that are no worse than a level.

    Attributes
    ----------
    level : str
        The worst level that is let in.
    open_kept : bool
        Whether studies are let in whose judgement is open and may be no worse.
    name : str
        In words.
    studies : tuple of str
        Names of the studies let in.
    k : int
        How many they are.
    weight : float
        Share of the whole pool's weight that they carry, 0 to 1.
    model : MetaAnalysis or None
        As the whole pool was fitted; None where nothing is pooled.
    reason : str
        Why nothing is pooled; empty otherwise.
    """

    level: str
    open_kept: bool
    name: str
    studies: tuple[str, ...]
    weight: float
    model: MetaAnalysis | None
    reason: str

    @property
    def k(self) -> int:
        """Studies let in."""
        return len(self.studies)

    @property
    def estimate(self) -> float | None:
        """On the scale of analysis."""
        return None if self.model is None else self.model.estimate

    @property
    def interval(self) -> Interval | None:
        """Confidence interval on the scale of analysis."""
        return None if self.model is None else self.model.interval

    @property
    def prediction(self) -> Interval | None:
        """Interval for the effect in a new study, on the scale of analysis."""
        return None if self.model is None else _prediction(self.model)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ByJudgement:
    """A pool with its sensitivity to judgements of its studies.

    Attributes
    ----------
    label : str
        What was pooled, for people.
    judged : str
        What was judged: "risk of bias".
    measure : str
        Code of the effect measure.
    whole : MetaAnalysis
        The pool of all studies.
    levels : tuple of str
        The scale, best first.
    standings : tuple of Standing
        Of each study, in the order of the pool.
    weights : tuple of LevelWeight
    pools : tuple of RestrictedPool
        For each level but the worst, without the studies that may be worse and, where some are open, with them.
    check : ModeratorCheck
        The pool in groups by settled judgement, or why not.
    """

    label: str
    judged: str
    measure: str
    whole: MetaAnalysis
    levels: tuple[str, ...]
    standings: tuple[Standing, ...]
    weights: tuple[LevelWeight, ...]
    pools: tuple[RestrictedPool, ...]
    check: ModeratorCheck

    @property
    def not_judged(self) -> tuple[str, ...]:
        """Names of the studies without a judgement."""
        return tuple(name for name, item in self._by_name if not item.levels)

    @property
    def open(self) -> tuple[str, ...]:
        """Names of the studies whose judgement is not settled, those without one included."""
        return tuple(name for name, item in self._by_name if not item.settled)

    @property
    def _by_name(self) -> Iterator[tuple[str, Standing]]:
        return zip(self.whole.labels, self.standings, strict=True)

    @property
    def words(self) -> tuple[str, ...]:
        """What came out, in sentences that do not judge it."""
        return tuple(_sentences(self))

    def show(self) -> TextTable:
        """The pools, for a notebook."""
        caption = f"{self.label}: the pool by {self.judged}"
        return TextTable(pd.DataFrame(list(_pool_rows(self))), caption)

    def show_weights(self) -> TextTable:
        """The weight at each level, for a notebook."""
        caption = f"{self.label}: weight by {self.judged}. Ranges: the least and the most that open judgements allow."
        return TextTable(pd.DataFrame([_weight_row(item) for item in self.weights]), caption)

    def __repr__(self) -> str:
        return f"ByJudgement({self.label!r}, {self.judged}, k = {self.whole.k})"

    def _repr_html_(self) -> str:
        return f"{self.show()._repr_html_()}{self.show_weights()._repr_html_()}"


def by_judgement(
    pool: PoolChecks | MetaAnalysis,
    judgements: Judgements,
    *,
    levels: Sequence[str],
    study_ids: Sequence[str] | None = None,
    judged: str = "risk of bias",
    unranked: Sequence[str] = UNRANKED,
    measure: str = "",
    label: str = "",
    pool_from: int = POOL_FROM,
) -> ByJudgement:
    """A pool without the studies at worse levels, with the weight that each level carries.

    Parameters
    ----------
    pool : PoolChecks or MetaAnalysis
        Each study once; the pools of fewer studies are fitted as it was.
    judgements : mapping of str to sequence of str
        Every level that is possible for a study, by study id: ("high",) where settled, ("some concerns", "high") where
        answers could not be seen. A study that is missing may stand anywhere. For one item of a tool that defines no
        overall judgement: `of_answers`.
    levels : sequence of str
        The scale, best first.
    study_ids : sequence of str, shape (k,), optional
        Of the estimates; those of the PoolChecks, or the labels of the model, where not given.
    judged : str
        What was judged, for the words.
    unranked : sequence of str
        Words that are no level of the scale, such as "no information": such a study may stand anywhere.
    measure, label : str
        Code of the effect measure, and what was pooled; those of the PoolChecks where not given.
    pool_from : int
        Studies from which a pool is made; never below three (rule 13 of the methods).

    Returns
    -------
    ByJudgement

    Raises
    ------
    MethodError
        If the model has moderators, a study is in it twice, ids do not fit it, or a level is unknown.

    Notes
    -----
    Restricting a pool to studies at lower risk of bias, and grouping studies by their risk, are the two ways that the
    Cochrane Handbook 5.1 names (section 8.8.3, http://handbook-5-1.cochrane.org/chapter_8/8_8_3_0_introductory_text.htm,
    read as stored). Groups are tested against each other from ten settled studies, as any other characteristic is.
    """
    model, ids, code, name = _pool_parts(pool, study_ids, measure, label)
    if pool_from < POOL_FROM:
        raise MethodError(f"pool_from = {pool_from}: at least {POOL_FROM} is expected")
    ranked, other = check_scale(levels, unranked)
    found = standings(ids, judgements, ranked, other)
    pools = []
    for place, level in enumerate(ranked[:-1]):
        sure = [item.worst <= place for item in found]
        may = [item.best <= place for item in found]
        better = f"only {level}" if place == 0 else f"only {', '.join(ranked[:place])} or {level}"
        differ = sure != may
        pools.append(_restricted(model, sure, level, f"{better}{_OUT if differ else ''}", pool_from))
        if differ:
            pools.append(_restricted(model, may, level, f"{better}{_KEPT}", pool_from, open_kept=True))
    return ByJudgement(
        label=name,
        judged=judged,
        measure=code,
        whole=model,
        levels=ranked,
        standings=found,
        weights=weight_by_level(ids, model.weights.tolist(), judgements, levels=ranked, unranked=other),
        pools=tuple(pools),
        check=_check(model, ids, found, ranked, judged),
    )


_OUT = "; open judgements counted as the worst they can be"
_KEPT = "; open judgements counted as the best they can be"


def _pool_parts(
    pool: PoolChecks | MetaAnalysis, study_ids: Sequence[str] | None, measure: str, label: str
) -> tuple[MetaAnalysis, tuple[str, ...], str, str]:
    if isinstance(pool, PoolChecks):
        model, own = pool.model, pool.study_ids
        measure, label = measure or pool.pooled.measure, label or pool.label
    elif isinstance(pool, MetaAnalysis):
        model, own = pool, pool.labels
        measure, label = measure or "GEN", label or "Pool"
    else:
        raise MethodError(f"a pool (PoolChecks or MetaAnalysis) is expected, not {type(pool).__name__}")
    if model.has_moderators:
        raise MethodError("the model relates effects to moderators; a pool is expected")
    ids = tuple(own if study_ids is None else study_ids)
    if len(ids) != model.k:
        raise MethodError(f"{len(ids)} study ids for {model.k} estimates; one for each is expected")
    twice = sorted({study for study in ids if ids.count(study) > 1})
    if twice:
        raise MethodError(f"{twice[0]} is in the pool more than once; each study once is expected")
    return model, ids, measure_of(measure).code, label


def _restricted(
    model: MetaAnalysis, chosen: Sequence[bool], level: str, name: str, pool_from: int, *, open_kept: bool = False
) -> RestrictedPool:
    rows = [row for row, inside in enumerate(chosen) if inside]
    fitted, reason = None, ""
    if len(rows) == model.k:
        fitted = model
    elif len(rows) < pool_from:
        count = {0: "no study", 1: "one study"}.get(len(rows), f"{len(rows)} studies")
        reason = f"{count}: nothing is pooled below {pool_from}"
    else:
        try:
            fitted = _refit(model, rows)
        except MethodError as error:
            reason = str(error)
    if fitted is not None and model.k < pool_from:
        fitted, reason = None, f"{model.k} studies: nothing is pooled below {pool_from}"
    return RestrictedPool(
        level=level,
        open_kept=open_kept,
        name=name,
        studies=tuple(model.labels[row] for row in rows),
        weight=float(model.weights[rows].sum()),
        model=fitted,
        reason=reason,
    )


def _refit(model: MetaAnalysis, rows: list[int]) -> MetaAnalysis:
    y, v = model.estimates[rows], model.variances[rows]
    labels = [model.labels[row] for row in rows]
    weights = None if model.own_weights is None else model.own_weights[rows]
    if model.method == "common":
        return common_effect(y, v, test=model.test, level=model.level, labels=labels, weights=weights)
    return random_effects(
        y,
        v,
        method=model.method,
        test=model.test,
        level=model.level,
        labels=labels,
        tau2=model.fixed_tau2,
        weights=weights,
    )


def _check(
    model: MetaAnalysis, ids: Sequence[str], found: Sequence[Standing], ranked: Sequence[str], judged: str
) -> ModeratorCheck:
    """The pool in groups of settled judgement, as `moderator_check` groups by any text."""
    values: dict[str, float | str | None] = {
        study: ranked[item.best] if item.settled else None for study, item in zip(ids, found, strict=True)
    }
    column = ModeratorColumn(column="", label=judged, kind="text", unit="", values=values)
    made = moderator_check(model, column, ids)
    settled = sum(item.settled for item in found)
    if settled < ENOUGH_STUDIES:
        said = (
            f"{settled} of {model.k} studies have a settled judgement; below {ENOUGH_STUDIES} groups are not compared"
        )
        return replace(made, reason=said)
    left_out = [name for name, item in zip(model.labels, found, strict=True) if not item.settled]
    if made.result is not None and left_out:
        return replace(made, reason=f"not settled, so left out: {', '.join(left_out)}")
    return made


def _prediction(model: MetaAnalysis) -> Interval | None:
    if model.method == "common" or model.k < POOL_FROM:
        return None
    found = model.predict()
    if found.prediction_low is None or found.prediction_high is None:
        return None
    return float(found.prediction_low[0]), float(found.prediction_high[0])


def _effect(found: ByJudgement, model: MetaAnalysis) -> str:
    return natural_text(found.measure, model.estimate, model.interval)


def _includes_none(measure: str, interval: Interval) -> bool | None:
    """Whether an interval includes no difference; None for measures that compare nothing."""
    kind = measure_of(measure)
    if kind.no_difference is None:
        return None
    low, high = sorted(float(kind.natural(limit)) for limit in interval)
    return low <= kind.no_difference <= high


def _sentences(found: ByJudgement) -> Iterator[str]:
    shares = "; ".join(f"{item.level} {share_words(item.least, item.most)}" for item in found.weights)
    yield f"Share of the weight of {found.whole.k} studies by {found.judged}: {shares}."
    if found.not_judged:
        yield f"Not judged, so that any level is possible: {', '.join(found.not_judged)}."
    all_of_them = _effect(found, found.whole)
    for item in found.pools:
        if item.model is None:
            yield f"{_capital(item.name)} ({item.reason})."
        elif item.k == found.whole.k:
            yield f"{_capital(item.name)}: every study qualifies, so that this is the pool of all."
        else:
            studies = f"{item.k} of {found.whole.k} studies, {100 * item.weight:.1f}% of the weight"
            effect = f"{measure_of(found.measure).label} {_effect(found, item.model)}"
            yield f"{_capital(item.name)} ({studies}): {effect}; all studies: {all_of_them}."
            if item.k < PLAIN_FROM:
                yield f"With {item.k} studies the spread between them is hardly known."
            yield from _turned(found, item.model)
    yield _tested(found.check, found.levels)


def _turned(found: ByJudgement, model: MetaAnalysis) -> Iterator[str]:
    """Where the two intervals differ on whether no difference is among what they hold possible."""
    all_of_them, here = (_includes_none(found.measure, item.interval) for item in (found.whole, model))
    if all_of_them is not None and here != all_of_them:
        includes = "includes" if here else "does not include"
        does = "does" if all_of_them else "does not"
        fewer = " Fewer studies alone widen an interval." if here else ""
        yield f"This interval {includes} no difference; that of all studies {does}.{fewer}"


def _tested(check: ModeratorCheck, levels: Sequence[str]) -> str:
    if not isinstance(check.result, Subgroups):
        return f"Groups by judgement: {check.reason}."
    p = check.result.q_between_p
    said = "no test" if p is None else f"p {p_text(p)}" if p < 0.001 else f"p = {p_text(p)}"
    models = check.result.models
    groups = ", ".join(f"{level} ({models[level].k})" for level in levels if level in models)
    left_out = f"; {check.reason}" if check.reason else ""
    return f"Difference between groups by judgement, {groups}: {said}{left_out}. {ACROSS_STUDIES}"


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _pool_rows(found: ByJudgement) -> Iterator[dict[str, str]]:
    yield _pool_row(found, "all studies", found.whole.k, 1.0, found.whole, "")
    for item in found.pools:
        yield _pool_row(found, item.name, item.k, item.weight, item.model, item.reason)


def _pool_row(
    found: ByJudgement, name: str, k: int, weight: float, model: MetaAnalysis | None, reason: str
) -> dict[str, str]:
    effect = f"{measure_of(found.measure).label} ({100 * found.whole.level:g}% interval)"
    row = {"studies": name, "k": str(k), "weight": f"{100 * weight:.1f}%"}
    if model is None:
        return row | {effect: "not pooled", "prediction interval": "none", "tau2": "-", "remarks": reason}
    return row | {
        effect: _effect(found, model),
        "prediction interval": _range(found.measure, _prediction(model)),
        "tau2": "-" if model.method == "common" else variance_text(model.tau2),
        "remarks": "; ".join(model.marks) or "none",
    }


def _range(measure: str, interval: Interval | None) -> str:
    if interval is None:
        return "none"
    shown = natural_text(measure, interval[0], interval)
    return shown[shown.index("(") + 1 : -1]


def _weight_row(item: LevelWeight) -> dict[str, str]:
    k = str(item.k_least) if item.k_least == item.k_most else f"{item.k_least} to {item.k_most}"
    worse = "-"
    if item.worse_least is not None and item.worse_most is not None:
        worse = share_words(item.worse_least, item.worse_most)
    return {"level": item.level, "studies": k, "weight": share_words(item.least, item.most), "or worse": worse}
