"""What the summary of each pool hangs on: other methods, single studies, small studies, characteristics of studies.

Everything is computed when it is asked for, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import numpy as np

from synth.display import TextTable
from synth.effects.binary import TwoArmCounts
from synth.errors import MethodError
from synth.protocol import BayesianPlan, Instrument, LadderPlan, Protocol
from synth.synthesis import sensitivity_tables
from synth.synthesis.bayesian_checks import (
    BayesianCheck,
    Target,
    as_alternatives,
    bayesian_check,
    bayesian_table,
    target_of,
)
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.diagnostics import Refits, leave_one_out
from synth.synthesis.influence import InfluenceSet, influence
from synth.synthesis.ladder import Answer
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.results import PooledEffect
from synth.synthesis.sensitivity_fits import (
    Alternative,
    ModeratorCheck,
    ModeratorColumn,
    SmallStudyChecks,
    WithoutStudy,
    alternatives,
    moderator_check,
    pooled_counts,
    small_study_checks,
    without,
)
from synth.synthesis.stratified_result import StratifiedEffect


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PoolChecks:
    """A pool with what its summary hangs on. Numbers are on the analysis scale; the tables are on the natural one.

    Attributes
    ----------
    label : str
        What was pooled, for people.
    pooled : PooledEffect
    study_ids : tuple of str
        Of the estimates.
    counts : tuple of TwoArmCounts
        Of a comparison of counts, one a study pooled; else empty.
    arms : (str, str)
        What a comparison calls the treated and the control arm; empty for a pool of single arms.
    columns : tuple of ModeratorColumn
    plan : BayesianPlan or None
        The Bayesian analysis that the protocol gives for it.
    target : Target or None
        What its probability is of; the side of no difference that the estimate has where not given.
    rules : LadderPlan
        From how many studies there is anything to check, and small-study effects are tested.
    """

    label: str
    pooled: PooledEffect
    study_ids: tuple[str, ...]
    counts: tuple[TwoArmCounts, ...] = ()
    arms: tuple[str, str] = ("", "")
    columns: tuple[ModeratorColumn, ...] = ()
    plan: BayesianPlan | None = None
    target: Target | None = None
    rules: LadderPlan = field(default_factory=LadderPlan)

    @property
    def model(self) -> MetaAnalysis:
        """The model as planned."""
        return self.pooled.model

    @property
    def enough(self) -> bool:
        """Whether there is anything to check: two studies are shown, and their pool is a check itself (rule 13)."""
        return self.pooled.k >= self.rules.pool_from

    @cached_property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The summary as planned, then under other estimators, intervals and models; empty for two studies."""
        if not self.enough:
            return ()
        return (*alternatives(self.model, self.stratified), *as_alternatives(self.bayesian, self.pooled.k))

    @cached_property
    def stratified(self) -> tuple[StratifiedEffect, ...]:
        """Counts pooled without a correction: Mantel-Haenszel, and Peto for odds ratios; empty for two studies."""
        pooled = self.pooled
        return tuple(pooled_counts(pooled.measure, self.counts, pooled.level)) if self.enough else ()

    @cached_property
    def leave_one_out(self) -> Refits | None:
        """The summary without each study; None for two studies."""
        return leave_one_out(self.model) if self.enough else None

    @cached_property
    def extremes(self) -> tuple[WithoutStudy, WithoutStudy] | None:
        """The lowest and the highest summary without one study; None for two studies."""
        found = self.leave_one_out
        if found is None:
            return None
        low, high = int(np.nanargmin(found.estimate)), int(np.nanargmax(found.estimate))
        return without(found, low), without(found, high)

    @cached_property
    def influence(self) -> InfluenceSet | None:
        """Influence of each study, by stated criteria; None for two studies."""
        return influence(self.model) if self.enough else None

    @cached_property
    def bayesian(self) -> BayesianCheck:
        """The Bayesian analysis that the protocol plans, for two studies too (rules 13 and 15)."""
        side = "higher" if self.pooled.estimate > 0 else "lower"
        target = self.target or target_of(self.pooled.measure, None, side)
        return bayesian_check(self.model, self.plan, target)

    @property
    def influential(self) -> tuple[str, ...]:
        """Names of the studies that meet a criterion of `influence`."""
        found = self.influence
        if found is None:
            return ()
        return tuple(name for name, flag in zip(found.labels, found.influential.tolist(), strict=True) if flag)

    @cached_property
    def small_study(self) -> SmallStudyChecks:
        """Tests for small-study effects, from ten studies (rule 13)."""
        return small_study_checks(self.model, self.pooled.measure, self.counts, least=self.rules.small_study_from)

    @cached_property
    def moderators(self) -> tuple[ModeratorCheck, ...]:
        """The pool related to each characteristic that the protocol declares, from ten studies."""
        return tuple(moderator_check(self.model, item, self.study_ids) for item in self.columns)

    def show_alternatives(self) -> TextTable:
        """The summary under each method, and its range without single studies, for a notebook."""
        return sensitivity_tables.alternatives(self)

    def show_bayesian(self) -> TextTable:
        """The Bayesian analysis, or why there is none, for a notebook."""
        return bayesian_table(self)

    def show_studies(self) -> TextTable:
        """The summary without each study, and which are influential, for a notebook."""
        return sensitivity_tables.studies(self)

    def show_small_study(self) -> TextTable:
        """The tests for small-study effects, or why there are none, for a notebook."""
        return sensitivity_tables.small_study(self)

    def show_moderators(self) -> TextTable:
        """The pool by characteristics of its studies, or why not, for a notebook."""
        return sensitivity_tables.moderators(self)

    def show_methods(self) -> TextTable:
        """How the pool and each check were computed, with references, for a notebook."""
        return sensitivity_tables.methods(self)

    def __repr__(self) -> str:
        return f"PoolChecks({self.label!r}, k = {self.pooled.k})"

    def _repr_html_(self) -> str:
        return f"{self.model._repr_html_()}{self.show_alternatives()._repr_html_()}"


class Pools(Sequence[PoolChecks]):
    """Every pool of a review, in the order of answers and then of comparisons."""

    def __init__(self, pools: Iterable[tuple[Answer | ComparisonAnswer, PoolChecks]]) -> None:
        self._items = tuple(pools)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> PoolChecks: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PoolChecks, ...]: ...
    def __getitem__(self, index: int | slice) -> PoolChecks | tuple[PoolChecks, ...]:
        checks = tuple(checks for _, checks in self._items)
        return checks[index]

    def of(self, answer: Answer | ComparisonAnswer) -> PoolChecks:
        """The pool of an answer or comparison.

        Raises
        ------
        MethodError
            If it has none.
        """
        for item, checks in self._items:
            if item is answer:
                return checks
        raise MethodError("this answer has no pool")

    def show(self) -> TextTable:
        """One row a pool, for a notebook."""
        return sensitivity_tables.pools(self)

    def __repr__(self) -> str:
        return repr(self.show())

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()


def pools_of(
    protocol: Protocol,
    answers: Iterable[Answer],
    comparisons: Iterable[ComparisonAnswer],
    columns: tuple[ModeratorColumn, ...] = (),
) -> Pools:
    """The pools among answers and comparisons.

    Parameters
    ----------
    protocol : Protocol
        For names.
    answers : iterable of Answer
    comparisons : iterable of ComparisonAnswer
    columns : tuple of ModeratorColumn
        Characteristics of studies that pools are related to.
    """
    found: list[tuple[Answer | ComparisonAnswer, PoolChecks]] = []
    for answer in answers:
        if answer.pooled is not None:
            procedure, outcome = protocol.procedure(answer.procedure), protocol.outcome(answer.outcome)
            label = f"{procedure.label}: {outcome.label} ({answer.instrument})"
            ids = tuple(effect.study_id for effect in answer.estimates)
            checks = PoolChecks(
                label=label,
                pooled=answer.pooled,
                study_ids=ids,
                columns=columns,
                plan=protocol.synthesis.prior_of(answer.instrument),
                target=_important_target(protocol.instrument(answer.instrument), answer.pooled.measure),
                rules=protocol.synthesis.ladder,
            )
            found.append((answer, checks))
    for item in comparisons:
        if item.pooled is not None:
            ids = tuple(effect.study_id for effect in item.effects)
            counts = tuple(pair for pair, effect, _ in item.by_study if effect is not None)
            label = item.comparison.label
            side = "lower" if item.comparison.fewer_is_better else "higher"
            checks = PoolChecks(
                label=label,
                pooled=item.pooled,
                study_ids=ids,
                counts=counts,
                arms=(
                    protocol.procedure(item.comparison.treated).label,
                    protocol.procedure(item.comparison.control).label,
                ),
                columns=columns,
                plan=protocol.synthesis.prior_of(item.comparison.id),
                target=target_of(item.pooled.measure, None, side),
                rules=protocol.synthesis.ladder,
            )
            found.append((item, checks))
    return Pools(found)


def _important_target(instrument: Instrument, measure: str) -> Target | None:
    if instrument.better is None:
        return None
    difference = None if instrument.chosen is None else instrument.chosen.value
    return target_of(measure, difference, instrument.better, instrument.chosen_population)
