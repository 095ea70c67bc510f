"""Bodies of evidence from a synthesis: which studies stand behind an outcome or a comparison, with their facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from typing import Protocol as Interface

import pandas as pd

from synth.certainty.grade.body import RISK_OF_JUDGEMENT, Body, Explained, Information, Judgement, Pool, Study
from synth.certainty.grade.imprecision import information_size
from synth.certainty.grade.start import all_randomised
from synth.certainty.single_patients import patients_by_arm
from synth.effects.binary import TwoArmCounts
from synth.effects.estimate import MEASURES, Effect
from synth.effects.intervals import Interval
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.answers import Synthesis
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import ORDER, Answer, Rung
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.outcome_answers import OutcomeAnswer
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.results import PooledEffect
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.series import Series

if TYPE_CHECKING:
    from synth.certainty.risk_of_bias.answers import Appraisal


class Appraised(Interface):
    """What is needed of the risk of bias of a review; `RiskOfBias` has it."""

    def of(self, study_id: str, result: str = "") -> tuple[Appraisal, ...]:
        """The appraisals of a study, those of other results left out."""
        ...


@dataclass(frozen=True)
class Evidence:
    """What bodies are gathered from.

    Attributes
    ----------
    protocol : Protocol
    synthesis : Synthesis
    risk_of_bias : Appraised or None
        None where no study was appraised.
    studies : mapping of str to Series
        Rows of studies.csv by study id; a study that is not there has no design or source level that was seen.
    """

    protocol: Protocol
    synthesis: Synthesis
    risk_of_bias: Appraised | None
    studies: Mapping[str, pd.Series]

    def cell(self, study: str, column: str) -> str:
        """A cell of studies.csv; empty where not seen."""
        return str(self.studies[study][column]) if study in self.studies else ""


def rows_by_study(studies: pd.DataFrame | None) -> dict[str, pd.Series]:
    """Rows of studies.csv by study id; empty without a table."""
    return {} if studies is None else {str(row["study_id"]): row for _, row in studies.iterrows()}


def uncontrolled_body(outcome: OutcomeAnswer, evidence: Evidence) -> Body | None:
    """The body of one outcome after one procedure; None where there is no evidence to rate.

    Notes
    -----
    Rated are changes from before to after, single patients with a change, two and more studies with a direction, and
    shares with a rate. Figures before treatment only, figures after it only, and one direction in words are not: they
    tell nothing of what the procedure did. Sizes come from the one instrument that stands highest on the ladder;
    directions by several instruments are counted together without sizes.
    """
    lead, series = _leading(outcome)
    shares = [count for share in outcome.shares for count in share.studies]
    if not series and not (outcome.rung is Rung.PROPORTIONS and shares):
        return None
    studies = _studies_of(series, lead, outcome, evidence)
    studies += _share_studies(outcome, (study.study_id for study in studies), evidence)
    units = {item.summary.unit_of_analysis for item in series} | {count.unit_of_analysis for count in shares}
    people, at_most, stated = _people(studies, outcome.procedure, evidence, units)
    instrument = evidence.protocol.instrument(lead.instrument) if lead is not None and lead.instrument else None
    return Body(
        kind="uncontrolled",
        single_cases=bool(series) and all(item.single_patient for item in series) and not shares,
        studies=studies,
        people=people,
        at_most=at_most,
        people_from=(stated, len(studies)),
        pool=None if lead is None else _pool_of_answer(lead, evidence),
        important=abs(instrument.chosen.value) if instrument is not None and instrument.chosen is not None else None,
        important_in=instrument.chosen_population if instrument is not None else "",
        surrogate_for=evidence.protocol.outcome(outcome.outcome).surrogate_for,
        searched=evidence.protocol.standing.kind,
        post_hoc=evidence.protocol.standing.post_hoc,
        level=evidence.protocol.synthesis.level,
    )


def _leading(outcome: OutcomeAnswer) -> tuple[Answer | None, tuple[Series, ...]]:
    """The answer that sizes are taken from, and the series that are rated; no answer where instruments are mixed."""
    with_change = [item for item in outcome.answers if item.changes or item.cases]
    directed = tuple(series for item in outcome.answers for series in item.directed)
    several = {series.instrument for series in directed}
    if outcome.rung is Rung.SWIM and (not with_change or _highest(with_change).rung is not Rung.SWIM):
        lead = next((item for item in outcome.answers if item.directed), None) if len(several) == 1 else None
        return lead, directed
    if not with_change:
        return None, ()
    lead = _highest(with_change)
    return lead, (lead.directed if lead.rung is Rung.SWIM else lead.changes) or lead.cases


def _highest(answers: Sequence[Answer]) -> Answer:
    return max(answers, key=lambda item: ORDER.index(item.rung))


def _studies_of(
    series: Sequence[Series], lead: Answer | None, outcome: OutcomeAnswer, evidence: Evidence
) -> tuple[Study, ...]:
    """One entry a study; of several arms or times of one study the largest stands for it."""
    patients = patients_by_arm([item for item in series if item.single_patient])
    largest: dict[str, Series] = {}
    for item in series:
        kept = largest.get(item.study_id)
        if kept is None or (item.summary.n or 0) > (kept.summary.n or 0):
            largest[item.study_id] = item
    weights = _weights(lead.pooled) if lead is not None and lead.rung is Rung.POOLED else {}
    found = []
    for item in largest.values():
        effect = item.effect if lead is not None else None
        study = _study(
            evidence,
            item.study_id,
            outcome.outcome,
            n=_patients(item.study_id, patients) if item.single_patient else item.summary.n,
            weight=weights.get(item.study_id),
            estimate=None if effect is None else effect.estimate,
            interval=None if effect is None else effect.interval,
            widest=None if effect is None else widest(item),
            direction=item.direction if lead is not None else _sense(item, evidence),
        )
        found.append(study)
    return tuple(found)


def _patients(study: str, patients: Mapping[tuple[str, str], int]) -> int:
    """Single patients of a study; of several arms the largest stands for it."""
    return max(count for (own, _), count in patients.items() if own == study)


def _sense(item: Series, evidence: Evidence) -> str:
    """A direction as better or worse, because instruments that run in opposite ways are counted together."""
    better = evidence.protocol.instrument(item.instrument).better
    if item.direction not in ("higher", "lower") or better is None:
        return item.direction if item.direction == "no change" else ""
    return "better" if item.direction == better else "worse"


def widest(item: Series) -> Interval | None:
    """The lowest and the highest limit of a change under any assumption (rule 4); None without an interval.

    The readings of a p value over its rounding, or the correlations of the protocol's grid.
    """
    limits = [] if item.effect is None or item.effect.interval is None else [item.effect.interval]
    if item.readings is not None:
        readings = (item.readings.main, *item.readings.alternatives)
        limits += [reading.widest_interval(item.readings.level) for reading in readings]
    if item.grid is not None:
        limits += [line.interval for line in item.grid.lines]
    return (min(low for low, _ in limits), max(high for _, high in limits)) if limits else None


def _share_studies(outcome: OutcomeAnswer, taken: Iterable[str], evidence: Evidence) -> tuple[Study, ...]:
    """The studies that are known by a share alone, each with its largest count."""
    totals: dict[str, int] = {}
    for share in outcome.shares:
        for count in share.studies:
            totals[count.study_id] = max(count.total, totals.get(count.study_id, 0))
    known = set(taken)
    return tuple(
        _study(evidence, study, outcome.outcome, n=total) for study, total in totals.items() if study not in known
    )


def _study(
    evidence: Evidence,
    study: str,
    result: str,
    *,
    n: int | None = None,
    weight: float | None = None,
    estimate: float | None = None,
    interval: Interval | None = None,
    widest: Interval | None = None,
    direction: str = "",
) -> Study:
    return Study(
        study_id=study,
        design=evidence.cell(study, "design"),
        selection=evidence.cell(study, "selection"),
        source_level=evidence.cell(study, "source_level"),
        funding=evidence.cell(study, "funding"),
        n=n,
        weight=weight,
        estimate=estimate,
        interval=interval,
        widest=widest,
        direction=direction,
        judgement=_judgement(evidence, study, result),
        random=_random(evidence, study),
    )


def _judgement(evidence: Evidence, study: str, result: str) -> Judgement | None:
    """What the first planned tool says of a study; a tool with an algorithm goes before one without."""
    if evidence.risk_of_bias is None:
        return None
    found = evidence.risk_of_bias.of(study, result)
    if not found:
        return None
    first = next((item for item in found if item.overall is not None), found[0])
    risks = RISK_OF_JUDGEMENT.get(first.details.family, {})
    levels = () if first.overall is None else first.overall.levels
    people = {person.id for person in evidence.protocol.people if person.kind == "person"}
    return Judgement(
        tool=first.details.short,
        risks=tuple(risks[level] for level in levels) if risks else (),
        words="" if first.overall is None else first.overall.words,
        tally=tuple(sorted(Counter(item.answer for item in first.answered).items())),
        items=len(first.answers),
        by_person=any(name in people for item in first.answered for name in item.reviewers),
    )


def _random(evidence: Evidence, study: str) -> bool | None:
    """Whether a random sequence allocated the arms of a study; None where the protocol does not say how to tell."""
    plan = evidence.protocol.certainty.grade.allocation
    if plan is None or study not in evidence.studies or plan.column not in evidence.studies[study]:
        return None
    seen = evidence.cell(study, plan.column)
    return seen in plan.random if seen else None


def _people(
    studies: Sequence[Study], procedure: str, evidence: Evidence, units: set[str]
) -> tuple[int | None, bool, int]:
    """People over studies, whether that is an upper bound, and how many studies state them."""
    stated = [study for study in studies if study.n is not None]
    names = {study.study_id for study in stated}
    overlaps = evidence.synthesis.studied[procedure].overlaps
    doubtful = any(pair.first in names and pair.second in names for pair in overlaps) or units != {"patients"}
    return (sum(study.n or 0 for study in stated) if stated else None), doubtful, len(stated)


def _weights(pooled: PooledEffect | None) -> dict[str, float]:
    """Share of each study in a pool; a label is study/arm, or the study alone."""
    if pooled is None:
        return {}
    return {label.split("/")[0]: weight for label, weight in zip(pooled.studies, pooled.weights, strict=True)}


def _pool_of_answer(answer: Answer, evidence: Evidence) -> Pool | None:
    if answer.rung is not Rung.POOLED or answer.pooled is None:
        return None
    return _pool(answer.pooled, evidence.synthesis.pools.of(answer), answer.estimates, evidence.protocol)


def _pool(pooled: PooledEffect, checks: PoolChecks, effects: Sequence[Effect], protocol: Protocol) -> Pool:
    i2 = None if pooled.k < 3 else pooled.model.tau2_interval().i2
    return Pool(
        k=pooled.k,
        measure=pooled.measure,
        estimate=pooled.estimate,
        interval=pooled.interval,
        prediction=pooled.prediction,
        i2=pooled.i2,
        i2_interval=i2,
        tau=pooled.tau2**0.5,
        explained=tuple(_explained(checks)),
        tests=tuple(_tests(checks)),
        natural=MEASURES[pooled.measure].natural,
        refit=_refitted(effects, protocol),
        held=held_interval(pooled, effects),
    )


def _explained(checks: PoolChecks) -> list[Explained]:
    """What each planned number leaves of the spread; groups of a text have no one I2."""
    return [
        Explained(label=item.moderator.label, i2=item.result.i2, r2=item.result.r2)
        for item in checks.moderators
        if isinstance(item.result, MetaAnalysis) and item.result.i2 is not None
    ]


def _tests(checks: PoolChecks) -> list[tuple[str, float]]:
    found = ((name, getattr(test, "p_value", None)) for name, test in checks.small_study.tests.items())
    return [(name, p) for name, p in found if p is not None]


def _refitted(effects: Sequence[Effect], protocol: Protocol) -> Callable[[Iterable[str]], Interval | None]:
    plan = protocol.synthesis

    def interval_of(studies: Iterable[str]) -> Interval | None:
        wanted = set(studies)
        kept = [effect for effect in effects if effect.study_id in wanted]
        if len(kept) < 2:
            return None
        return pool_random_effects(kept, tau2=plan.tau2, interval=plan.interval, level=plan.level).interval

    return interval_of


def held_interval(pooled: PooledEffect, effects: Sequence[Effect]) -> Callable[[Iterable[str]], Interval | None]:
    """The interval of some studies with the tau2 of the whole pool and the width of its interval in standard errors.

    The width holds the reference distribution and, where there is one, the Hartung-Knapp factor. All studies together
    give the interval of the pool.
    """
    width = (pooled.interval[1] - pooled.interval[0]) / 2 / pooled.standard_error

    def interval_of(studies: Iterable[str]) -> Interval | None:
        wanted = set(studies)
        kept = [
            (effect.estimate, 1 / (effect.variance + pooled.tau2))
            for effect in effects
            if effect.study_id in wanted and effect.variance is not None
        ]
        if len(kept) < 3:
            return None
        total = sum(weight for _, weight in kept)
        mean = sum(estimate * weight for estimate, weight in kept) / total
        half = width / total**0.5
        return mean - half, mean + half

    return interval_of


def comparison_body(item: ComparisonAnswer, evidence: Evidence) -> Body | None:
    """The body of a planned comparison; None where no study gives an effect.

    Notes
    -----
    A study whose counts give no effect stays in the body with its people and events: its arms were compared, and only
    the effect, the interval and the direction are missing.
    """
    if not item.effects:
        return None
    pooled = None if item.sensitivity_only else item.pooled
    pool = None if pooled is None else _pool(pooled, evidence.synthesis.pools.of(item), item.effects, evidence.protocol)
    weights = _weights(pooled)
    body = Body(
        kind="comparison",
        studies=tuple(_compared(effect, pair, weights, item, evidence) for pair, effect, _ in item.by_study),
        people=sum(pair.total_treated + pair.total_control for pair in item.counts),
        at_most=bool(item.overlaps) or {pair.unit_of_analysis for pair in item.counts} != {"patients"},
        people_from=(len(item.counts), len(item.counts)),
        events=sum(pair.events_treated + pair.events_control for pair in item.counts),
        pool=pool,
        information=_information(item, evidence),
        searched=evidence.protocol.standing.kind,
        post_hoc=evidence.protocol.standing.post_hoc,
        level=evidence.protocol.synthesis.level,
    )
    return replace(body, randomised=all_randomised(body, evidence.protocol.certainty.grade))


def _compared(
    effect: Effect | None,
    pair: TwoArmCounts,
    weights: Mapping[str, float],
    item: ComparisonAnswer,
    evidence: Evidence,
) -> Study:
    return _study(
        evidence,
        pair.study_id,
        item.comparison.id,
        n=pair.total_treated + pair.total_control,
        # Beside a pool a study without an effect carries none of its weight.
        weight=weights.get(pair.study_id, 0.0) if weights else None,
        estimate=None if effect is None else effect.estimate,
        interval=None if effect is None else effect.interval,
        widest=None if effect is None else effect.interval,
        direction="" if effect is None else _way(effect.estimate),
    )


def _way(estimate: float) -> str:
    return "no change" if estimate == 0 else "higher" if estimate > 0 else "lower"


def _information(item: ComparisonAnswer, evidence: Evidence) -> Information | None:
    """The optimal information size at the control risk of all control arms together; None where none is planned.

    Raises
    ------
    MethodError
        If the planned change takes the control risk out of its range.
    """
    plan = evidence.protocol.certainty.grade.information
    events, total = sum(pair.events_control for pair in item.counts), sum(pair.total_control for pair in item.counts)
    if plan is None or not 0 < events < total:
        return None
    change = -plan.relative_change if item.comparison.fewer_is_better else plan.relative_change
    try:
        required = information_size(events / total, relative_change=change, alpha=plan.alpha, power=plan.power)
    except MethodError as error:
        raise MethodError(f"{item.comparison.id}: {error}") from error
    wanted = f"{100 * plan.relative_change:g}% {'less' if change < 0 else 'more'}"
    text = f"control risk {100 * events / total:.2g}%, {wanted}, alpha {plan.alpha:g}, power {plan.power:g}"
    return Information(required=required, text=text)
