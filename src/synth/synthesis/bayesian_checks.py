"""The Bayesian analysis that a protocol plans beside a pool: with its prior, and with the prior halved and doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from synth.display import TextTable
from synth.effects.intervals import Interval
from synth.effects.measures import MEASURES
from synth.errors import MethodError
from synth.protocol import BayesianPlan
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.priors import Prior, prior_from
from synth.synthesis.sensitivity_fits import Alternative
from synth.synthesis.sensitivity_tables import decimals_of, effect_name, fixed, natural_text

if TYPE_CHECKING:
    from synth.synthesis.bayes import BayesianMetaAnalysis
    from synth.synthesis.bayes.posterior import Posterior
    from synth.synthesis.sensitivity import PoolChecks

#: Scales of the prior beside the planned one (rule 15 of the methods).
FACTORS = (("planned", "as planned", 1.0), ("halved", "halved", 0.5), ("doubled", "doubled", 2.0))
NO_PRIOR = "No Bayesian analysis: the protocol gives no prior for it, and there is none by default."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an effect is compared with, on the analysis scale.

    Attributes
    ----------
    value : float
    above : bool
        Whether the effect is asked to lie above it.
    words : str
        What the value is.
    """

    value: float
    above: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianFit:
    """One fit.

    Attributes
    ----------
    key : {"planned", "halved", "doubled"}
    name : str
        The prior in words.
    result : BayesianMetaAnalysis
    """

    key: str
    name: str
    result: BayesianMetaAnalysis


@dataclass(frozen=True, kw_only=True)
class BayesianCheck:
    """The Bayesian analysis of a pool.

    Attributes
    ----------
    fits : tuple of BayesianFit
        With the planned prior, halved and doubled; empty where there is none.
    target : Target
        What the probability in the table is of.
    reason : str
        Why this prior, or why there is no fit.
    """

    fits: tuple[BayesianFit, ...]
    target: Target
    reason: str

    @property
    def planned(self) -> BayesianMetaAnalysis | None:
        """The fit with the prior of the protocol."""
        return self.fits[0].result if self.fits else None


def bayesian_check(model: MetaAnalysis, plan: BayesianPlan | None, target: Target) -> BayesianCheck:
    """The Bayesian analysis of a pool.

    Parameters
    ----------
    model : MetaAnalysis
        The pool as planned.
    plan : BayesianPlan or None
        What the protocol gives for it.
    target : Target
        The important difference, or no difference.
    """
    if plan is None:
        return BayesianCheck(fits=(), target=target, reason=NO_PRIOR)
    try:
        prior = prior_from({"distribution": plan.prior.distribution, "reason": plan.reason, **plan.prior.parts()})
        fits = tuple(_fit(model, prior.scaled(factor), key, words) for key, words, factor in FACTORS)
    except MethodError as error:
        return BayesianCheck(fits=(), target=target, reason=f"The planned Bayesian analysis cannot be made: {error}")
    source = f" ({prior.source})" if prior.source else ""
    return BayesianCheck(fits=fits, target=target, reason=f"{plan.reason.strip()}{source}")


def _fit(model: MetaAnalysis, prior: Prior, key: str, words: str) -> BayesianFit:
    from synth.synthesis.bayes import bayesian_random_effects  # here: most reviews have no Bayesian analysis

    result = bayesian_random_effects(
        model.estimates, model.variances, prior=prior, level=model.level, labels=model.labels
    )
    return BayesianFit(key=key, name=f"{prior.words()}, {words}", result=result)


def bayesian_table(checks: PoolChecks) -> TextTable:
    """The fits of a pool, for a notebook; a sentence where there is none."""
    found = checks.bayesian
    caption = f"{checks.label}: Bayesian random effects, credible intervals. {found.reason}"
    return TextTable(pd.DataFrame(list(bayesian_rows(checks))), caption, f"{checks.label}: {found.reason}")


def bayesian_rows(checks: PoolChecks) -> Iterator[dict[str, str]]:
    """Rows of the table: prior, effect, effect in a new study (from three studies), tau, probability."""
    measure, target = checks.pooled.measure, checks.bayesian.target
    for fit in checks.bayesian.fits:
        result = fit.result
        row = {"prior of tau": fit.name, effect_name(checks): natural_text(measure, *_middle(result.mu))}
        if checks.enough:
            row["in a new study"] = natural_text(measure, *_middle(result.predictive))
        low, high = result.tau.interval()
        row["tau"] = f"{fixed(result.tau.median, 2)} ({fixed(low, 2)} to {fixed(high, 2)})"
        probability = result.probability_beyond(target.value, "above" if target.above else "below")
        row[f"probability of {target.words}"] = share_text(probability.mu)
        yield row


def as_alternatives(check: BayesianCheck, k: int) -> Iterator[Alternative]:
    """The fits as rows beside the other methods; tau2 is the square of the median of tau."""
    for fit in check.fits:
        yield Alternative(
            key=f"bayesian_{fit.key}",
            name=f"Bayesian, prior {fit.name} (median, credible interval)",
            estimate=fit.result.mu.median,
            interval=fit.result.mu.interval(),
            tau2=fit.result.tau.median**2,
            k=k,
        )


def _middle(posterior: Posterior) -> tuple[float, Interval]:
    return posterior.median, posterior.interval()


def share_text(probability: float) -> str:
    """A probability in whole percent, never rounded to certainty."""
    if probability < 0.01:
        return "below 1%"
    return "above 99%" if probability > 0.99 else f"{100 * probability:.0f}%"


def target_of(measure: str, difference: float | None, better: str | None, whose: str = "") -> Target:
    """What the probability is of: an effect beyond the important difference, or on the better side of no difference.

    Parameters
    ----------
    measure : str
        Of the pool.
    difference : float or None
        The published important difference, above 0.
    better : {"higher", "lower"} or None
        Which effects are better.
    whose : str
        In whom it was found.
    """
    above = better != "lower"
    if difference is None:
        side = "above" if above else "below"
        natural = MEASURES[measure].no_difference
        return Target(value=0.0, above=above, words=f"an effect {side} {natural:g}")
    value = difference if above else -difference
    found_in = f" in {whose}" if whose else ""
    words = f"an effect beyond {fixed(value, decimals_of(measure))} (important difference{found_in})"
    return Target(value=value, above=above, words=words)
