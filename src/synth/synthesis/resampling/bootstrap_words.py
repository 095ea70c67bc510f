"""What a bootstrap stands on, in words: marks, and a paragraph for a methods section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth.synthesis.resampling.intervals import needed_values

if TYPE_CHECKING:
    from synth.synthesis.resampling.bootstrap import BootstrapResult

#: Studies from which the nonparametric bootstrap stands without a flag: with 4 there are 35 different resamples, so
#: that no quantile beyond 1 in 35 means anything.
PLAIN_FROM = 5
#: Share of resamples that may fail before the rest count as a selection.
_FEW = 0.05


def marks(result: BootstrapResult) -> tuple[str, ...]:
    """Short sentences where the result stands on little."""
    model, found = result.model, []
    if model.k < PLAIN_FROM and result.distinct is not None:
        found.append(
            f"k = {model.k}: there are only {result.distinct} different resamples, so that the quantiles are coarse; "
            "the studies themselves say more"
        )
    elif model.k < PLAIN_FROM:
        found.append(f"k = {model.k}: tau2, which the resamples are drawn with, is hardly known from so few studies")
    if result.kind == "parametric" and model.method != "common" and model.tau2 == 0:
        found.append("tau2 is 0 in the model, so that the resamples are drawn without heterogeneity")
    if result.not_estimable:
        found.append(
            f"{result.not_estimable:,} of {result.resamples:,} resamples are left out: too few different studies to "
            "tell the coefficients apart"
        )
    if result.not_converged:
        found.append(
            f"{result.not_converged:,} of {result.resamples:,} resamples are left out: the iteration for tau2 did "
            "not end"
        )
    if result.not_estimable + result.not_converged > _FEW * result.resamples:
        found.append(f"more than {100 * _FEW:g}% of the resamples are left out: the rest are a selection")
    needed = needed_values(result.level)
    if result.fitted < needed:
        found.append(f"{result.fitted:,} resamples are too few for an interval of this level, which takes {needed:,}")
    return tuple(found)


def explain(result: BootstrapResult) -> str:
    """The methods paragraph (see `BootstrapResult.explain`)."""
    model = result.model
    if result.kind == "parametric":
        scheme = (
            "new estimates were drawn from the fitted model, normal around the fitted values with the sampling "
            "variance "
            + ("of each study" if model.method == "common" else "of each study plus the between-study variance")
        )
    else:
        scheme = "the studies were drawn with replacement, each with its variance" + (
            " and moderators" if model.has_moderators else ""
        )
    parts = [
        model.explain(),
        f"The uncertainty of what was fitted was also described by a {result.kind} bootstrap (Efron and Tibshirani "
        "1993, An Introduction to the Bootstrap, Chapman & Hall; in meta-analysis Van den Noortgate and Onghena 2005, "
        f"Behav Res Methods 37:11-22): in each of {result.resamples:,} resamples {scheme}, and the same model was "
        f"fitted (NumPy generator PCG64, seed {result.seed}).",
    ]
    lost = result.resamples - result.fitted
    if lost:
        parts.append(f"{lost:,} resamples could not be fitted and were left out.")
    parts.append(
        f"Intervals of {100 * result.level:g}% level are percentile intervals where not named otherwise; quantiles are "
        "interpolated order statistics (Davison and Hinkley 1997, Bootstrap Methods and their Application, Cambridge "
        "University Press)"
        + (
            ", and BCa intervals take their acceleration from leaving out each study in turn (Efron 1987, J Am Stat "
            "Assoc 82:171-185)."
            if result.kind == "nonparametric"
            else "."
        )
    )
    return " ".join(parts)
