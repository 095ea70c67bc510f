"""What a generalised linear mixed model stands on, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.stratified_words import listed

if TYPE_CHECKING:
    from synth.synthesis.glmm.result import GlmmResult

#: Share of participants with the event above which the approximation of CM.AL is marked. That it stands on cases being
#: few beside the size of the groups is metafor's manual (rma.glmm); the figure is a choice made here.
_RARE = 0.1
#: Studies below which a normal test is marked: those that tests of small-study effects ask for too.
_NORMAL_FROM = 10
_EFFECTS = {"PLO": "log odds", "IRLN": "log rates", "OR": "log odds ratios", "IRR": "log rate ratios"}
_CITED = "Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046-3067"
_MODELS = {
    "UM.FS": "a constant of its own for every study (Turner et al. 2000, Stat Med 19:3417-3432)",
    "UM.RS": "normally distributed constants of the studies (Turner et al. 2000, Stat Med 19:3417-3432)",
    "CM.AL": f"the events of both arms taken as given, by the binomial approximation for rare events ({_CITED})",
    "CM.EL": f"the events of both arms taken as given, by their exact distribution ({_CITED})",
}


def marks(model: GlmmResult) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `GlmmResult.marks`)."""
    found = [_few(model), _series(model), _normal(model), *_left_out(model), _boundary(model), _rare(model)]
    found.append(_points(model))
    if not model.converged:
        found.append("the maximum of the likelihood was not found for certain: the last value is shown")
    if model.q_lrt is None:
        found.append("the saturated model has no maximum: there is no test of heterogeneity")
    elif model.q_wald is None:
        found.append("the saturated model is too flat for a Wald-type test of heterogeneity")
    if model.test == "t" and model.degrees_of_freedom is None:
        found.append("no degrees of freedom are left for t: the normal distribution is used")
    if model.has_moderators and model.k == model.p:
        found.append("as many coefficients as studies: the model fits exactly, and nothing is left to judge it by")
    return tuple(mark for mark in found if mark)


def _few(model: GlmmResult) -> str:
    if model.k == 1:
        return "one study: nothing is pooled" + (", and tau2 is taken as 0" if model.method == "ML" else "")
    if model.method == "common":
        return ""
    if model.k == 2:
        return "two studies: for sensitivity only, beside both results; I2 and a prediction interval would mean nothing"
    if model.k < PLAIN_FROM:
        return f"only {model.k} studies: the between-study variance and both intervals are uncertain"
    return ""


def _series(model: GlmmResult) -> str:
    """The rule of `pool_proportions`, which pools none of fewer."""
    return "proportions are pooled from three series on" if model.measure == "PLO" and model.k < 3 else ""


def _normal(model: GlmmResult) -> str:
    if model.test != "normal" or model.method == "common" or not model.p < model.k < _NORMAL_FROM:
        return ""
    return (
        f"tests by the normal distribution take the variances as known: with {model.k} studies they are too sharp; "
        "test 't' allows for their number"
    )


def _left_out(model: GlmmResult) -> list[str]:
    found = []
    if model.missing:
        found.append(f"left out because a figure is missing: {listed(model.missing)}")
    if model.uninformative:
        # Only where everybody in a study can have the event is that a reason.
        all_or_none = "nobody, or everybody, has the event" if model.measure == "OR" else "there is no event"
        found.append(f"left out because in both arms {all_or_none}: {listed(model.uninformative)}")
    return found


def _boundary(model: GlmmResult) -> str:
    if model.method == "ML" and model.k > model.p and model.tau2 == 0:
        return "tau2 is estimated as 0, which does not show that the effects agree"
    return ""


def _rare(model: GlmmResult) -> str:
    if model.model != "CM.AL":
        return ""
    data = model.design.data
    share = float((data.x / data.size).max())
    if share <= _RARE:
        return ""
    return (
        f"model CM.AL stands on events being rare, and in one arm {100 * share:.0f}% have it: the exact model CM.EL is "
        "expected"
    )


def _points(model: GlmmResult) -> str:
    finer = model.finer
    if finer is None or not finer.moved:
        return ""
    coefficient = int(np.argmax(np.abs(finer.beta - model.beta) / model.inference.standard_errors))
    number = "1 point" if model.points == 1 else f"{model.points} points"
    return (
        f"{number} of the quadrature {'is' if model.points == 1 else 'are'} few: with {finer.points} "
        f"{model.names[coefficient]} is {finer.beta[coefficient]:.4g} and not {model.beta[coefficient]:.4g}, and tau2 "
        f"{finer.tau2:.4g} and not {model.tau2:.4g}"
    )


def explain(model: GlmmResult) -> str:
    """A methods paragraph (see `GlmmResult.explain`)."""
    parts = [_model_sentence(model), _likelihood_sentence(model), _test_sentence(model)]
    parts.append(f"Intervals are of {100 * model.level:g}% level.")
    if model.k > model.p:
        parts.append(
            "Heterogeneity was tested by the saturated model, with an effect of its own for every study: a Wald-type "
            "test and a likelihood-ratio test."
        )
    if model.method != "common" and not model.has_moderators and model.k > 2:
        parts.append("A prediction interval adds tau2 to the squared standard error, with the same distribution.")
    parts.append("No count was changed and no half added; halves are added to zeros only for the variances in I2.")
    return " ".join(parts)


def _model_sentence(model: GlmmResult) -> str:
    data = model.design.data
    family = "binomial" if data.binomial else "Poisson"
    studies = "1 study" if model.k == 1 else f"{model.k} studies"
    spread = "one common effect" if model.method == "common" else "normally distributed effects"
    sentence = f"The {_EFFECTS[model.measure]} of {studies} were summarised by a {family} model with {spread}"
    if model.model is not None:
        sentence = (
            f"The {_EFFECTS[model.measure]} of {studies} were summarised by a generalised linear mixed model "
            f"({model.model}) with {spread} and {_MODELS[model.model]}"
        )
    else:
        sentence += f" ({_CITED})"
    if model.has_moderators:
        sentence += ", related to " + ", ".join(coding.name for coding in model.moderators.codings)
    return sentence + "."


def _likelihood_sentence(model: GlmmResult) -> str:
    if not model.fit.maximum.problem.q:
        return "The likelihood of the counts was maximised."
    how = (
        "Laplace's approximation"
        if model.points == 1
        else f"adaptive Gauss-Hermite quadrature with {model.points} points for each random effect"
    )
    return (
        f"The likelihood of the counts was integrated over the random effects by {how} and maximised, the boundary of "
        "no variance included."
    )


def _test_sentence(model: GlmmResult) -> str:
    if model.degrees_of_freedom is None:
        return "Tests and intervals use the normal distribution."
    return "Tests and intervals use the t distribution with k - p degrees of freedom."
