"""A Bayesian result in words, tables and HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.effects.intervals import figure
from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.tau2 import estimate_tau2

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.bayes.model import BayesianMetaAnalysis
    from synth.synthesis.bayes.posterior import Posterior

#: Density at the upper end of a uniform prior, as a share of the highest, from which the end decides the result.
_CUT_OFF = 0.05
#: Quantiles of the prior of tau beyond which the posterior median, or the spread of the estimates, contradicts it.
_MEDIAN_BEYOND, _SPREAD_BEYOND = 0.99, 0.999


def marks(model: BayesianMetaAnalysis) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `BayesianMetaAnalysis.marks`)."""
    found = [_few(model), _unfounded(model), *_moments(model), _cut_off(model), _against(model)]
    found += model.prior.cautions
    if model.fitted.nodes.of_mean().several_peaks()[0]:
        found.append("the posterior of mu has several peaks: an interval or a median alone does not describe it")
    unconverged, imprecise = model.fitted.marked()
    if unconverged[0]:
        found.append("the quadrature did not reach its accuracy: the result may be wrong in any digit")
    if imprecise[0]:
        digits = max(0, int(-math.log10(float(model.fitted.accuracy()[0]))))
        found.append(f"the prior and the estimates contradict each other so strongly that {digits} digits are left")
    return tuple(mark for mark in found if mark)


def _few(model: BayesianMetaAnalysis) -> str:
    prior = model.prior.words()
    if model.k == 1:
        return f"one study: nothing is pooled, and what is said of tau is the prior {prior} alone"
    if model.k == 2:
        mostly = "" if _against(model) else f"; tau is mostly the prior {prior}"
        return f"two studies: for sensitivity only, beside both results{mostly}"
    if model.k < PLAIN_FROM:
        return f"only {model.k} studies: the result leans on the prior {prior}; see it halved and doubled"
    return ""


def _unfounded(model: BayesianMetaAnalysis) -> str:
    if model.prior.reason.strip() or model.prior.source:
        return ""
    return (
        f"the prior {model.prior.words()} has neither a reason nor a source: the result rests on it, so that its "
        "reason belongs beside it"
    )


def _against(model: BayesianMetaAnalysis) -> str:
    """Whether the estimates lie further apart than the prior holds possible; one estimate lies apart from nothing."""
    if model.k == 1:
        return ""
    prior = model.prior
    posterior, spread = model.tau.median, math.sqrt(estimate_tau2(model.estimates, model.variances, "DL"))
    beyond = [
        f"{what} is {value:.3g}, beyond the prior's {100 * share:g}% quantile of {float(prior.quantile(share)):.3g}"
        for what, value, share in (
            ("the posterior median of tau", posterior, _MEDIAN_BEYOND),
            ("the DerSimonian-Laird tau of the estimates", spread, _SPREAD_BEYOND),
        )
        if value > float(prior.quantile(share))
    ]
    if not beyond:
        return ""
    return f"the prior {prior.words()} and the estimates contradict each other: {' and '.join(beyond)}"


def _moments(model: BayesianMetaAnalysis) -> list[str]:
    """Which means and standard deviations do not exist: the prior's tail outweighs what the studies say."""
    found = []
    lost = {name: posterior for name, posterior in _posteriors(model).items() if not math.isfinite(posterior.mean)}
    if lost:
        found.append(
            f"no posterior mean of {_listed(lost)} exists with this prior and {_studies(model.k)}: use medians"
        )
    spread = {
        name: posterior
        for name, posterior in _posteriors(model).items()
        if math.isfinite(posterior.mean) and not math.isfinite(posterior.sd)
    }
    if spread:
        found.append(f"the posterior standard deviation of {_listed(spread)} is infinite: use the interval")
    return found


def _listed(names: Mapping[str, Any]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _studies(k: int) -> str:
    return "1 study" if k == 1 else f"{k} studies"


def _posteriors(model: BayesianMetaAnalysis) -> dict[str, Any]:
    return {"a new study" if name == "new study" else name: each for name, each in shown_posteriors(model).items()}


def _cut_off(model: BayesianMetaAnalysis) -> str:
    if model.prior.family != "uniform" or model.k == 1:
        return ""
    upper = model.prior.scale
    end = float(model.tau.density(upper))
    highest = float(np.max(model.tau.density(np.append(model.tau.quantile(np.linspace(0.01, 0.99, 50)), upper))))
    if end <= _CUT_OFF * highest:
        return ""
    return f"the posterior of tau reaches the prior's upper end of {upper:g}: that end decides the result"


def table(model: BayesianMetaAnalysis) -> pd.DataFrame:
    """One row a posterior (see `BayesianMetaAnalysis.table`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    rows = shown_posteriors(model)
    return pd.DataFrame([row.to_dict() for row in rows.values()], index=pd.Index(rows, name="posterior"))


def summary(model: BayesianMetaAnalysis) -> pd.DataFrame:
    """One row for people (see `BayesianMetaAnalysis.summary`)."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    row: dict[str, Any] = {"k": model.k, "prior": model.prior.words(), "mean_prior": mean_prior_words(model)}
    for shown, posterior in shown_posteriors(model).items():
        name = "predictive" if shown == "new study" else shown
        low, high = posterior.interval()
        row |= {f"{name}_median": posterior.median, f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame([row])


def shown_posteriors(model: BayesianMetaAnalysis) -> dict[str, Posterior]:
    """The posteriors that a table shows.

    One or two studies say too little of what lies between studies for a prediction to be among them.
    """
    shown = {"mu": model.mu, "tau": model.tau}
    return shown | {"new study": model.predictive} if model.shows_new_study else shown


def mean_prior_words(model: BayesianMetaAnalysis) -> str:
    """The prior of mu in a few characters."""
    if model.mean_prior is None:
        return "uniform"
    return f"normal({model.mean_prior[0]:g}, {model.mean_prior[1]:g})"


def to_dict(model: BayesianMetaAnalysis) -> dict[str, Any]:
    """Every result by name (see `BayesianMetaAnalysis.to_dict`)."""
    result = {
        "k": model.k,
        "labels": list(model.labels),
        "estimates": model.estimates.tolist(),
        "variances": model.variances.tolist(),
        "prior": model.prior.to_dict(),
        "mean_prior": None if model.mean_prior is None else list(model.mean_prior),
        "level": model.level,
        "interval": model.interval_kind,
        "mu": model.mu.to_dict(),
        "tau": model.tau.to_dict(),
        "predictive": model.predictive.to_dict() if model.shows_new_study else None,
        "sensitivity": model.sensitivity().to_dict()["rows"],
        "shrinkage": model.shrinkage().to_dict(),
        "converged": bool(model.fitted.quadrature.converged[0]),
        "marks": list(model.marks),
    }
    ready: dict[str, Any] = _plain(result)
    return ready


def _plain(value: Any) -> Any:
    """JSON has neither NaN nor infinity: the one becomes null, the other a text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("infinity" if value > 0 else "-infinity")
    return value


def explain(model: BayesianMetaAnalysis) -> str:
    """A methods paragraph (see `BayesianMetaAnalysis.explain`)."""
    if model.mean_prior is None:
        mean = "The prior of the mean was uniform."
    else:
        mean = f"The prior of the mean was normal with mean {model.mean_prior[0]:g} and SD {model.mean_prior[1]:g}."
    kind = "the shortest" if model.interval_kind == "shortest" else "those with equal tails"
    parts = [
        f"The effects of {_studies(model.k)} were summarised by the normal-normal hierarchical model (Roever 2020, J "
        f"Stat Softw 93(6)). The prior of the standard deviation between studies, tau, was {model.prior.words()}.",
        f"It was chosen because: {model.prior.reason.rstrip('.')}." if model.prior.reason else "",
        f"Its source: {model.prior.source}." if model.prior.source else "",
        mean,
        "Posteriors were computed by deterministic quadrature over tau (Gauss-Legendre panels in its logarithm, halved "
        "until they were accurate to about ten digits), without sampling.",
        f"Credible intervals are of {100 * model.level:g}% probability, {kind}.",
        f"The fit was repeated with the scale of that prior halved and doubled: {model.sensitivity().words()}.",
    ]
    return " ".join(part for part in parts if part)


def line(model: BayesianMetaAnalysis) -> str:
    """The model in one line."""
    low, high = model.mu.interval()
    return (
        f"BayesianMetaAnalysis(k = {model.k}, prior of tau {model.prior.words()}, "
        f"{figure(model.mu.median)} [{figure(low)}, {figure(high)}])"
    )


def html_of(model: BayesianMetaAnalysis) -> str:
    """Posteriors and marks, for a notebook."""
    head = ["", "median", "mean", "standard deviation", f"{100 * model.level:g}% interval"]
    rows = []
    for name, posterior in shown_posteriors(model).items():
        low, high = posterior.interval()
        mean, spread = (_or_none(value) for value in (posterior.mean, posterior.sd))
        rows.append([name, figure(posterior.median), mean, spread, f"{figure(low)} to {figure(high)}"])
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    caption = html.escape(line(model))
    shown_marks = "".join(f"<li>{html.escape(mark)}</li>" for mark in model.marks)
    made = f"<table><caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    sensitivity = f"<p>Sensitivity to the prior: {html.escape(model.sensitivity().words())}.</p>"
    return made + sensitivity + (f"<ul>{shown_marks}</ul>" if shown_marks else "")


def _or_none(value: float) -> str:
    return figure(value) if math.isfinite(value) else "does not exist"
