"""The pictures of a pool of a review: its studies and models, what it hangs on, small studies, characteristics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast, get_args

import numpy as np

from synth.effects.binary import TwoArmCounts
from synth.effects.measures import MEASURES
from synth.errors import MethodError
from synth.plots.baujat import baujat
from synth.plots.bubble import bubble
from synth.plots.drawing import Drawing
from synth.plots.forest.of_models import forest_of_model, forest_of_subgroups
from synth.plots.forest.of_refits import cumulative_forest, leave_one_out_forest
from synth.plots.forest.rows import ReferenceLine
from synth.plots.funnel import funnel
from synth.plots.gosh_plot import gosh_plot
from synth.plots.influence_panel import influence_panel
from synth.plots.labbe import LabbeMeasure, labbe
from synth.plots.p_value_plot import p_value_plot
from synth.plots.posterior_plot import posterior_plot
from synth.plots.radial import radial
from synth.synthesis.diagnostics import cumulative, leave_one_out
from synth.synthesis.gosh import gosh
from synth.synthesis.ladder import POOL_FROM
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.p_value_function import p_value_functions
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.small_study import TrimAndFill
from synth.synthesis.small_study.regression import RegressionTest
from synth.synthesis.small_study.sources import ENOUGH_STUDIES
from synth.synthesis.subgroups import Subgroups

Subject = Literal["models", "single studies", "small studies", "characteristics"]

#: Subsets of studies of which a GOSH plot is made, and the seed by which they are drawn where there are more.
_SUBSETS, _SEED = 20_000, 20261123
#: Ratio of two shares from which the axes of L'Abbe's plot are logarithmic.
_APART = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolPictures:
    """Every picture of a pool; each is drawn when it is asked for.

    Attributes
    ----------
    checks : PoolChecks
        The pool.
    names : tuple of str
        What to call each study.
    years : tuple of (int or None)
        Of publication.
    """

    checks: PoolChecks
    names: tuple[str, ...]
    years: tuple[int | None, ...]

    @cached_property
    def model(self) -> MetaAnalysis:
        """The pool with names for people."""
        return replace(self.checks.model, study_labels=self.names)

    @property
    def measure(self) -> str:
        """Code of the effect measure."""
        return self.checks.pooled.measure

    @property
    def effect_label(self) -> str:
        """What an axis of effects shows."""
        unit = f", {self.checks.pooled.unit}" if self.checks.pooled.unit else ""
        name = MEASURES[self.measure].label
        return f"{name[:1].upper()}{name[1:]}{unit}: {self.checks.label}"

    def of(self, subject: Subject) -> list[Drawing]:
        """The pictures of one subject, as far as the number of studies gives them a meaning (rule 13).

        Parameters
        ----------
        subject : {"models", "single studies", "small studies", "characteristics"}

        Raises
        ------
        MethodError
            If there is no such subject.
        """
        if subject not in get_args(Subject):
            raise MethodError(f"pictures of {subject!r}: one of {', '.join(get_args(Subject))} is expected")
        several, many = self.checks.enough, self.checks.pooled.k >= ENOUGH_STUDIES
        plans: dict[str, list[tuple[bool, Callable[[], list[Drawing]]]]] = {
            "models": [(several, self.models), (several, self.p_values), (True, self.posterior)],
            "single studies": [
                # Without one of three studies two are left, whose pool is a sensitivity analysis itself.
                (self.checks.pooled.k > POOL_FROM, self.leave_one_out),
                (several, self.cumulative),
                (many, self.influence),
                (many, self.baujat),
                (many, self.gosh),
            ],
            "small studies": [(many, self.funnel), (several, self.radial), (several, self.labbe)],
            "characteristics": [(True, self.characteristics)],
        }
        return [drawing for wanted, draw in plans[subject] if wanted for drawing in draw()]

    def models(self) -> list[Drawing]:
        """The studies, with the pool under each kind of model."""
        others: dict[str, object] = {
            item.name: item.result
            for item in self.checks.alternatives
            if item.key in ("common_effect", "mantel_haenszel", "peto") and item.interval is not None
        }
        planned = self.checks.bayesian.planned
        if planned is not None:
            others[f"Bayesian, {planned.prior.words()}"] = planned
        return [forest_of_model(self.model, measure=self.measure, effect_label=self.effect_label, summaries=others)]

    def p_values(self) -> list[Drawing]:
        """The p-value function of each study and of the pool."""
        null = MEASURES[self.measure].no_difference
        target = self.checks.target
        lines = []
        if target is not None and target.value != 0:
            lines.append(ReferenceLine(self._natural(target.value), target.words))
        return [
            p_value_plot(
                p_value_functions(self.model),
                effect_label=self.effect_label,
                null_value=null,
                log_scale=self._log,
                reference_lines=lines,
            )
        ]

    def posterior(self) -> list[Drawing]:
        """The posterior with its prior, where one is planned."""
        planned = self.checks.bayesian.planned
        if planned is None:
            return []
        target = self.checks.bayesian.target
        return [
            posterior_plot(
                planned,
                effect_label=self.effect_label,
                # One line where the difference asked about is no effect itself.
                null_value=MEASURES[self.measure].no_difference if target.value else None,
                important_difference=self._natural(target.value),
                direction="above" if target.above else "below",
                difference_label=target.words if target.value else "no effect",
                new_study=self.checks.enough,
                sensitivity=True,
                log_scale=self._log,
            )
        ]

    def leave_one_out(self) -> list[Drawing]:
        """The pool without each study."""
        found = leave_one_out(self.model)
        return [leave_one_out_forest(found, self.model, measure=self.measure, effect_label=self.effect_label)]

    def cumulative(self) -> list[Drawing]:
        """The pool as the studies came out, where the year of each is known."""
        years = [year for year in self.years if year is not None]
        if len(years) < len(self.years):
            return []
        found = cumulative(self.model, np.array(years, dtype=float))
        return [cumulative_forest(found, self.model, measure=self.measure, effect_label=self.effect_label)]

    def influence(self) -> list[Drawing]:
        """What each study does to every part of the fit."""
        return [influence_panel(self.model, about=self.effect_label)]

    def baujat(self) -> list[Drawing]:
        """Heterogeneity against influence."""
        return [baujat(self.model, about=self.effect_label)]

    def gosh(self) -> list[Drawing]:
        """The pool of every subset of the studies, or of many."""
        whole = 2**self.model.k - 1 <= _SUBSETS
        found = gosh(self.model) if whole else gosh(self.model, subsets=_SUBSETS, seed=_SEED)
        return [gosh_plot(found, effect_label=self.effect_label, log_scale=self._log)]

    def funnel(self) -> list[Drawing]:
        """Effects against their standard errors, with what trim and fill adds."""
        tests = self.checks.small_study.tests
        filled, egger = tests.get("trim and fill"), tests.get("Egger")
        return [
            funnel(
                self.model,
                measure=self.measure,
                effect_label=self.effect_label,
                trim_fill=filled if isinstance(filled, TrimAndFill) else None,
                regression=egger if isinstance(egger, RegressionTest) else None,
            )
        ]

    def radial(self) -> list[Drawing]:
        """Each study's z against its precision."""
        return [radial(self.model, measure=self.measure, effect_label=self.effect_label)]

    def labbe(self) -> list[Drawing]:
        """Shares in both arms, where arms are compared."""
        counts = self.checks.counts
        if not counts:
            return []
        return [
            labbe(
                self.model,
                [pair.events_treated for pair in counts],
                [pair.total_treated for pair in counts],
                [pair.events_control for pair in counts],
                [pair.total_control for pair in counts],
                measure=cast(LabbeMeasure, self.measure),
                labels=self.names,
                about=self.effect_label,
                log=_spread_out(counts),
                treated=self.checks.arms[0],
                control=self.checks.arms[1],
            )
        ]

    def characteristics(self) -> list[Drawing]:
        """The pool along each number, and in groups of each text, that the protocol relates it to."""
        drawn = []
        for item in self.checks.moderators:
            label, unit = item.moderator.label, item.moderator.unit
            if isinstance(item.result, MetaAnalysis):
                axis = f"{label}, {unit}" if unit else label
                model = self._named(item.result)
                drawn.append(bubble(model, measure=self.measure, effect_label=self.effect_label, moderator_label=axis))
            elif isinstance(item.result, Subgroups):
                drawn.append(self._groups(item.result, label))
        return drawn

    def _groups(self, found: Subgroups, label: str) -> Drawing:
        groups = {name: self._named(model) for name, model in found.models.items()}
        every = sum(model.k for model in groups.values()) == self.model.k
        return forest_of_subgroups(
            replace(found, models=groups),
            overall=self.model if every else None,
            measure=self.measure,
            effect_label=f"{self.effect_label}, by {label}",
        )

    def _named(self, model: MetaAnalysis) -> MetaAnalysis:
        """A model of some of the studies with names for people."""
        names = dict(zip(self.checks.model.labels, self.names, strict=True))
        return replace(model, study_labels=tuple(names[name] for name in model.labels))

    @property
    def _log(self) -> bool:
        return MEASURES[self.measure].scale == "log"

    def _natural(self, value: float) -> float:
        return float(MEASURES[self.measure].natural(value))


def _spread_out(counts: Sequence[TwoArmCounts]) -> bool:
    """Whether most shares would lie on top of each other near 0; a logarithm needs them above 0."""
    shares = [pair.events_treated / pair.total_treated for pair in counts]
    shares += [pair.events_control / pair.total_control for pair in counts]
    return min(shares) > 0 and max(shares) > _APART * min(shares)


def pictures_of(checks: PoolChecks, names: Mapping[str, str], years: Mapping[str, int | None]) -> PoolPictures:
    """The pictures of a pool.

    Parameters
    ----------
    checks : PoolChecks
    names : mapping of str to str
        What to call each study, by study id.
    years : mapping of str to (int or None)
        Of publication, by study id.
    """
    ids = checks.study_ids
    return PoolPictures(
        checks=checks, names=tuple(names[study] for study in ids), years=tuple(years[study] for study in ids)
    )
