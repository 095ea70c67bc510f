"""What a multilevel model stands on, in words: marks beside the result, and a paragraph for a methods section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth.synthesis.explanations import PLAIN_FROM

if TYPE_CHECKING:
    from synth.synthesis.multilevel.analysis import MultilevelAnalysis
    from synth.synthesis.multilevel.components import Component

_STRUCTURES = {
    "CS": "one variance and one correlation",
    "HCS": "a variance for each level and one correlation",
    "UN": "a variance for each level and a correlation for each pair",
    "ID": "one variance and no correlation",
    "DIAG": "a variance for each level and no correlation",
    "AR": "one variance and a correlation that falls with the order of the time points",
    "HAR": "a variance for each time point and a correlation that falls with their order",
    "CAR": "one variance and a correlation that falls with the time between",
}
_END = 1e-6
#: Weight of all other estimates, over that of the most precise one, below which a likelihood loses its digits.
_APART = 1e-8


def marks(model: MultilevelAnalysis) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `MultilevelAnalysis.marks`)."""
    found = [*_few(model), *_fit(model), *_units(model), *_boundary(model)]
    if model.estimated and _outweighs(model):
        found.append(
            "one estimate outweighs all the others by so much that variances of true effects may have few digits"
        )
    if model.typical_variance is None and model.k > model.p:
        found.append("one estimate outweighs all the others by so much that I2 is not defined to any digits")
    if any(not np.isnan(values).all() for values in model.held.components.values()):
        found.append("a variance or correlation was given and not estimated: its uncertainty is in no interval")
    if model.test == "normal" and model.k > model.p:
        found.append("tests by the normal distribution take the variances as known: with few units they are too sharp")
    return tuple(found)


def _outweighs(model: MultilevelAnalysis) -> bool:
    variances = np.sort(model.sampling if model.sampling.ndim == 1 else np.diag(model.sampling))
    return bool((1 / variances[1:]).sum() * variances[0] < _APART)


def _few(model: MultilevelAnalysis) -> list[str]:
    """What fewer than three independent units cannot say."""
    if model.k == 1:
        return ["one estimate: nothing is pooled"]
    if model.k_units == 1:
        return ["one study: nothing is pooled"]
    if model.k_units == 2:
        beside = "for sensitivity only, beside both results"
        return [f"two studies: {beside}; I2 and a prediction interval would mean nothing"]
    return []


def _fit(model: MultilevelAnalysis) -> list[str]:
    found = []
    if not model.converged:
        found.append("the climb to the highest likelihood did not converge: the last values are shown")
    if model.maximum.flat and not _at_boundary(model):
        found.append("the likelihood is flat along some direction: variances or correlations cannot be told apart")
    if model.maximum.others:
        found.append("the likelihood has more than one maximum: the highest that was found is shown")
    return found


def _at_boundary(model: MultilevelAnalysis) -> bool:
    ends = [
        not _least(model, item) + _END < model.component(item) < 1 - _END
        for item in model.components
        if item.kind == "rho"
    ]
    return bool((model.tau2 == 0).any()) or any(ends)


def _units(model: MultilevelAnalysis) -> list[str]:
    found = [
        f"the effects of {name!r} cannot be told from the coefficients: their variance is taken as 0"
        for name in model.held.explained
    ]
    named = {level.name: level.size for level in model.random.levels}
    named |= {structure.outer.name: structure.outer.size for structure in model.random.structures}
    found += [
        f"only {size} units of {name!r}: the variance between them and the intervals are uncertain"
        for name, size in named.items()
        if size < PLAIN_FROM and name not in model.held.explained
    ]
    for structure in model.random.structures:
        if structure.correlations and not structure.correlated:
            found.append(
                f"no {structure.outer.name!r} has two levels of {structure.inner.name!r}: the correlation cannot be "
                "estimated and is taken as 0"
            )
    return found


def _boundary(model: MultilevelAnalysis) -> list[str]:
    found = []
    for component in model.components:
        value = model.component(component)
        given = not np.isnan(model.held.components[component.kind][component.index])
        if given or (component.kind == "sigma2" and component.name in model.held.explained):
            continue
        if component.kind == "rho" and np.isnan(value):
            found.append(f"the correlation of {component.name} is not defined beside a variance of 0")
        elif component.kind == "rho" and not _least(model, component) + _END < value < 1 - _END:
            found.append(f"the correlation of {component.name} is estimated as {value:.3g}, the end of its range")
        elif component.kind != "rho" and value == 0:
            found.append(f"the variance of {component.name} is estimated as 0: that is no proof that there is none")
        if component.kind == "rho" and value < _least_of_all(model, component) - _END:
            found.append(
                f"the correlation of {component.name} is lower than effects of all its levels can have with each "
                "other: it describes those that are seen together"
            )
    return found


def _least(model: MultilevelAnalysis, component: Component) -> float:
    return -1.0 if component.structure is None else model.random.structures[component.structure].least


def _least_of_all(model: MultilevelAnalysis, component: Component) -> float:
    """The lowest correlation that effects of all levels of a structure can have with each other."""
    if component.structure is None or model.random.structures[component.structure].kind not in ("CS", "HCS"):
        return -1.0
    return -1 / (model.random.structures[component.structure].inner.size - 1)


def explain(model: MultilevelAnalysis) -> str:
    """A methods paragraph (see `MultilevelAnalysis.explain`)."""
    parts = [_model(model), _random(model), _sampling(model), _components(model), _test(model)]
    parts.append(f"Intervals are of {100 * model.level:g}% level.")
    if model.k > model.p:
        parts.append("Heterogeneity is described by these variances and by Cochran's Q with the sampling covariance.")
    return " ".join(part for part in parts if part)


def _model(model: MultilevelAnalysis) -> str:
    estimates = "1 estimate" if model.k == 1 else f"{model.k} estimates"
    kind = "multilevel" if model.random.levels or model.random.structures else "common-effect"
    if not model.has_moderators:
        return f"The effects behind {estimates} were summarised by a {kind} model."
    names = ", ".join(coding.name for coding in model.moderators.codings)
    intercept = "" if model.moderators.intercept else ", without an intercept"
    return f"The effects behind {estimates} were related to {names} by a {kind} meta-regression{intercept}."


def _random(model: MultilevelAnalysis) -> str:
    found = []
    if model.random.levels:
        listed = ", ".join(f"{level.name} ({level.size})" for level in model.random.levels)
        found.append(f"True effects differ between the units of each level: {listed} (Konstantopoulos 2011, Res Synth ")
        found[-1] += "Methods 2:61-76)."
    for structure in model.random.structures:
        source = (
            "Ishak et al. 2007, Clin Trials 4:525-539"
            if structure.kind in ("AR", "HAR", "CAR")
            else "Berkey et al. 1998, Stat Med 17:2537-2550"
        )
        found.append(
            f"Within each {structure.outer.name} ({structure.outer.size}) the true effects of the "
            f"{structure.inner.size} levels of {structure.inner.name} are correlated: structure {structure.kind}, "
            f"{_STRUCTURES[structure.kind]} ({source})."
        )
    return " ".join(found)


def _sampling(model: MultilevelAnalysis) -> str:
    if model.sampling.ndim == 1:
        return "Sampling errors are taken as independent of each other."
    return "The covariance of the sampling errors was given."


def _components(model: MultilevelAnalysis) -> str:
    if not model.estimated:
        return ""
    name = "restricted maximum likelihood" if model.method == "REML" else "maximum likelihood"
    return (
        f"Variances and correlations were estimated by {name}, from several starts and to the last digits; their "
        "intervals are by profile likelihood."
    )


def _test(model: MultilevelAnalysis) -> str:
    if model.test == "normal":
        return "Tests and intervals of the coefficients use the normal distribution."
    if model.degrees == "residual":
        return "Tests and intervals of the coefficients use the t distribution with k - p degrees of freedom."
    return (
        "Tests and intervals of the coefficients use the t distribution; degrees of freedom are the units of the level "
        "at which a coefficient is decided, less the coefficients."
    )
